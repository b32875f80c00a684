//! Doses: looked at against the chart and the doses before, and recorded with the
//! reasons of whoever goes on against a warning.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::Inner;
use super::edit::Saved;
use super::error::AppError;
use super::input::Dose;
use super::visit::VisitHandle;
use crate::clinical::{MedicationCheck, MedicationWarning, PastDose, PlannedDose, check_dose};
use crate::model::{
    Chart, Coding, CorrectionEntry, DocumentId, DocumentKind, EntryId, Given, MedicationEntry,
    NotDoneReason, PatientId, Refused, WarningOverride,
};
use crate::store::Rows;

/// A dose that is given.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenDose {
    /// The line of the chart's list, if it is on it.
    pub medication: Option<EntryId>,
    /// What it is.
    pub code: Coding,
    /// How much, if it is noted.
    pub dose: Option<Dose>,
    /// In the person's own words.
    pub comment: Option<String>,
    /// A reason for each warning that the person goes on against.
    pub overrides: Vec<WarningOverride>,
}

/// Characters of a reason at most.
pub const OVERRIDE_REASON_CHARS_MAX: usize = 500;

/// What a visit says of doses: the rest of it is skipped unread. An entry of a
/// later version that can't be read here says nothing, and keeps nobody from
/// recording a dose.
#[derive(Deserialize)]
struct Doses {
    #[serde(default)]
    medications: BTreeMap<EntryId, Value>,
    #[serde(default)]
    corrections: BTreeMap<EntryId, Value>,
}

impl Doses {
    /// Doses that were given and not taken back.
    fn standing(self) -> impl Iterator<Item = PastDose> {
        let Self {
            medications,
            corrections,
        } = self;
        let corrections = corrections.into_values();
        let wrong: BTreeSet<EntryId> = corrections
            .filter_map(|it| serde_json::from_value::<CorrectionEntry>(it).ok())
            .filter(|it| it.section == "medications")
            .map(|it| it.target)
            .collect();
        let stands = medications
            .into_iter()
            .filter(move |(id, _)| !wrong.contains(id));
        let read = stands.filter_map(|(_, it)| serde_json::from_value::<MedicationEntry>(it).ok());
        read.filter_map(|entry| match entry.given {
            Given::Given { .. } => Some(PastDose {
                medication: entry.medication,
                code: entry.code,
                at: entry.at_ms,
            }),
            Given::NotGiven { .. } => None,
        })
    }
}

/// The chart, and the doses given in every visit of the patient on this phone.
struct Around {
    chart: Option<Chart>,
    past: Vec<PastDose>,
}

impl Around {
    fn read(rows: &Rows, patient: PatientId) -> Result<Self, AppError> {
        let chart = DocumentId::chart(patient);
        let mut around = Self {
            chart: match rows.has_document(chart)? {
                true => Some(super::project::read(rows, chart)?),
                false => None,
            },
            past: Vec::new(),
        };
        for document in rows.documents_of(patient)? {
            if document.kind == DocumentKind::Visit {
                let doses: Doses = super::project::read(rows, document)?;
                around.past.extend(doses.standing());
            }
        }
        Ok(around)
    }
}

impl Inner {
    fn check_given(
        &self,
        visit: DocumentId,
        given: &GivenDose,
    ) -> Result<MedicationCheck, AppError> {
        let clock = self.clocks.now();
        let reads = self.reads()?;
        let reader = reads.store.reader()?;
        let patient = reader
            .patient_of(visit)?
            .ok_or(AppError::NotFound { what: "document" })?;
        reads.may_read(&reader, patient, clock)?;
        let around = Around::read(&reader, patient)?;
        let planned = PlannedDose {
            medication: given.medication,
            code: &given.code,
            dose: given.dose.as_ref().map(|it| (it.value, it.unit.as_str())),
            at: clock.wall_ms,
        };
        Ok(around.chart.map_or_else(MedicationCheck::default, |chart| {
            check_dose(&planned, &chart, &around.past)
        }))
    }
}

impl VisitHandle {
    /// What there is to think about before giving a dose now. It supports a
    /// clinician's judgement and never replaces it.
    ///
    /// Doses count that this phone knows of: of every visit of the patient on it,
    /// unless they were corrected.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `dose_value` or `dose_unit`; as
    /// [`read`](Self::read).
    pub fn check_medication(&self, given: &GivenDose) -> Result<MedicationCheck, AppError> {
        if let Some(dose) = &given.dose {
            dose.check()?;
        }
        self.inner.check_given(self.document(), given)
    }

    /// Records that a dose was given. Each warning needs an override with a reason,
    /// and both are kept in the entry; an override of what is not warned of is left
    /// out.
    ///
    /// # Errors
    /// [`AppError::Warned`] lists the warnings that have no override yet: nothing was
    /// stored; ask, and call again. [`AppError::Refused`] on `dose_value`,
    /// `dose_unit` or `reason`.
    pub fn give_medication(&self, given: GivenDose) -> Result<Saved, AppError> {
        for override_ in &given.overrides {
            let reason = override_.reason.trim();
            if reason.is_empty() || reason.chars().count() > OVERRIDE_REASON_CHARS_MAX {
                return Err(Refused::new("reason", "1..=500 characters").into());
            }
        }
        let warnings = self.check_medication(&given)?.warnings;
        let answers = |warning: &MedicationWarning, it: &WarningOverride| {
            it.warning == warning.code() && it.about == warning.about()
        };
        let open: Vec<MedicationWarning> = warnings
            .iter()
            .filter(|warning| !given.overrides.iter().any(|it| answers(warning, it)))
            .cloned()
            .collect();
        if !open.is_empty() {
            return Err(AppError::Warned { warnings: open });
        }
        let overrides = given.overrides.into_iter();
        let overrides = overrides
            .filter(|it| warnings.iter().any(|warning| answers(warning, it)))
            .collect();
        let (dose_value, dose_unit) = given
            .dose
            .map_or((None, None), |dose| (Some(dose.value), Some(dose.unit)));
        let how = Given::Given {
            dose_value,
            dose_unit,
        };
        self.medication(given.medication, given.code, how, given.comment, overrides)
    }

    /// Records that a medication was given; as
    /// [`give_medication`](Self::give_medication) without overrides.
    ///
    /// # Errors
    /// As [`give_medication`](Self::give_medication).
    pub fn medication_given(
        &self,
        medication: Option<EntryId>,
        code: Coding,
        dose: Option<Dose>,
        comment: Option<String>,
    ) -> Result<Saved, AppError> {
        self.give_medication(GivenDose {
            medication,
            code,
            dose,
            comment,
            overrides: Vec::new(),
        })
    }

    /// Records that a medication was not given, and why.
    ///
    /// # Errors
    /// [`AppError::Signed`] once the visit is signed; [`AppError::NotAllowed`].
    pub fn medication_not_given(
        &self,
        medication: Option<EntryId>,
        code: Coding,
        reason: NotDoneReason,
        comment: Option<String>,
    ) -> Result<Saved, AppError> {
        let given = Given::NotGiven { reason };
        self.medication(medication, code, given, comment, Vec::new())
    }

    fn medication(
        &self,
        medication: Option<EntryId>,
        code: Coding,
        given: Given,
        comment: Option<String>,
        overrides: Vec<WarningOverride>,
    ) -> Result<Saved, AppError> {
        self.edit("medication", |desk| {
            let entry = MedicationEntry {
                medication,
                code,
                given,
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
                comment,
                overrides,
            };
            Ok(vec![desk.append("medications", &entry)?])
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dose_that_a_later_version_wrote_is_read_past_and_the_others_count() {
        let id = |number: u128| EntryId(uuid::Uuid::from_u128(number)).to_string();
        let dose = |given: &str, at_ms: i64| json!({ "code": { "text": "Paracetamol" }, "given": given, "by": id(9), "at_ms": at_ms });
        let view = json!({
            "medications": {
                (id(1)): dose("given", 1),
                (id(2)): dose("given_in_part", 2),
                (id(3)): dose("given", 3),
            },
            "corrections": {
                (id(4)): { "section": "medications", "target": id(3), "reason": "wrong patient", "by": id(9), "at_ms": 4 },
                (id(5)): { "section": "medications", "taken_over_by": id(9) },
            },
        });
        let doses: Doses = serde_json::from_value(view).unwrap();
        let standing: Vec<i64> = doses.standing().map(|dose| dose.at.0).collect();
        assert_eq!(standing, [1]);
    }
}
