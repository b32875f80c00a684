//! What vital signs say: NEWS2 and what is unusual at the patient's age. Nothing here
//! writes; what a person does about it is theirs.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Inner;
use super::error::AppError;
use super::input::{MeasuredHow, VitalsEntry};
use super::patient::demographics;
use super::visit::VisitHandle;
use crate::clinical::{
    NEWS2_AGE_MONTHS_MIN, NEWS2_FIGURES, News2, Unusual, age_months, news2,
    unusual as unusual_figures,
};
use crate::model::{
    DocumentId, EntryId, Finding, Millis, PatientId, ReportedBy, Spo2Scale, Visit, Vitals,
};
use crate::store::Rows;

/// What a set of vital signs says. It supports a clinician's judgement and never
/// replaces it.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The score with its parts; none for a patient under
    /// [`NEWS2_AGE_MONTHS_MIN`], for whom it is not made.
    pub news2: Option<News2>,
    /// The patient's age when it was measured, in months; none: no birth date is
    /// known, and the score assumes an adult.
    pub age_months: Option<u32>,
    /// Figures that are worth a second look.
    pub unusual: Vec<Unusual>,
    /// Who told a figure that the score is made of; none: a clinician measured them all.
    pub reported_by: Option<ReportedBy>,
}

/// What is needed of the patient to judge a figure.
pub(super) struct Bedside {
    birth_date: Option<String>,
    pub(super) scale: Spo2Scale,
}

/// The one field of a chart that a score needs: the rest is skipped unread.
#[derive(Deserialize)]
struct ScaleOfChart {
    #[serde(default)]
    spo2_scale: Option<Spo2Scale>,
}

impl Bedside {
    pub(super) fn of(rows: &Rows, patient: PatientId) -> Result<Self, AppError> {
        let chart = DocumentId::chart(patient);
        let scale = match rows.has_document(chart)? {
            true => super::project::read::<ScaleOfChart>(rows, chart)?.spo2_scale,
            false => None,
        };
        Ok(Self {
            birth_date: demographics(rows, patient)?.and_then(|it| it.birth_date),
            scale: scale.unwrap_or_default(),
        })
    }

    pub(super) fn assess(
        &self,
        vitals: &Vitals,
        at: Millis,
        reported_by: Option<ReportedBy>,
    ) -> Assessment {
        let age = self.birth_date.as_deref();
        let age = age.and_then(|birth_date| age_months(birth_date, at));
        let scored = age.is_none_or(|age| age >= NEWS2_AGE_MONTHS_MIN);
        Assessment {
            news2: scored.then(|| news2(vitals, self.scale)),
            age_months: age,
            unusual: unusual_figures(vitals, age, self.scale),
            reported_by,
        }
    }
}

impl Inner {
    /// The scale by which a patient's saturation is judged now.
    pub(super) fn spo2_scale(&self, visit: DocumentId) -> Result<Spo2Scale, AppError> {
        self.at_bedside(visit, |bedside| bedside.scale)
    }

    fn at_bedside<T>(
        &self,
        visit: DocumentId,
        look: impl FnOnce(&Bedside) -> T,
    ) -> Result<T, AppError> {
        let reads = self.reads()?;
        let reader = reads.store.reader()?;
        let patient = reader
            .patient_of(visit)?
            .ok_or(AppError::NotFound { what: "document" })?;
        reads.may_read(&reader, patient, self.clocks.now())?;
        Ok(look(&Bedside::of(&reader, patient)?))
    }
}

impl VisitHandle {
    /// What a set of vital signs would say, before it is recorded.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the figure that is out of range; as
    /// [`read`](Self::read).
    pub fn assess(&self, entry: &VitalsEntry) -> Result<Assessment, AppError> {
        self.assess_measured(entry, &MeasuredHow::default())
    }

    /// As [`assess`](Self::assess), of a set that says how its figures came.
    ///
    /// # Errors
    /// As [`assess`](Self::assess), and on `figures` or `reported_by`.
    pub fn assess_measured(
        &self,
        entry: &VitalsEntry,
        how: &MeasuredHow,
    ) -> Result<Assessment, AppError> {
        let vitals = entry.parse()?;
        how.check(&vitals)?;
        let told = how.reported_by(&NEWS2_FIGURES);
        self.inner.at_bedside(self.document(), |bedside| {
            bedside.assess(&vitals, entry.measured_at, told)
        })
    }

    /// What each recorded set of vital signs of the visit says, a corrected one
    /// among them.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn assessments(&self) -> Result<BTreeMap<EntryId, Assessment>, AppError> {
        self.assessments_of(&self.read()?)
    }

    /// As [`assessments`](Self::assessments), of a visit that was read already.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn assessments_of(&self, visit: &Visit) -> Result<BTreeMap<EntryId, Assessment>, AppError> {
        self.inner.at_bedside(self.document(), |bedside| {
            let sets = visit.observations.iter().filter_map(|(id, entry)| {
                let Finding::Vitals(vitals) = &entry.finding else {
                    return None;
                };
                let told = entry.reported_by(&NEWS2_FIGURES);
                Some((*id, bedside.assess(vitals, entry.measured_at_ms, told)))
            });
            sets.collect()
        })
    }
}
