//! What the team maintains about a patient.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Inner;
use super::edit::{Desk, Saved};
use super::error::AppError;
use super::visit::{put, settle};
use crate::merge::{Conflict, Op};
use crate::model::{
    Alert, Allergy, AllergyStatus, Chart, Condition, Contact, DocumentId, Dosing, EntryId,
    FieldPath, Medication, PatientId, Refused, ReviewEntry, Severity, Spo2Scale,
};

/// Names under which the way into a home is noted.
pub const HOME_ACCESS_NAMES: [&str; 5] = ["door_code", "parking", "directions", "pets", "hazards"];

/// One patient's chart, open for work.
#[derive(Clone)]
pub struct ChartHandle {
    pub(super) inner: Arc<Inner>,
    pub(super) id: PatientId,
}

impl ChartHandle {
    /// The chart as it stands on this phone.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not on this phone, [`AppError::Locked`],
    /// [`AppError::LeaseEnded`].
    pub fn read(&self) -> Result<Chart, AppError> {
        self.inner.read_view(self.document())
    }

    /// The open conflicts.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn conflicts(&self) -> Result<Vec<Conflict>, AppError> {
        self.inner.conflicts(self.document())
    }

    /// Settles a conflict.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when no conflict is open on the field.
    pub fn settle(&self, field: &FieldPath, chosen: &Value) -> Result<Saved, AppError> {
        settle(&self.inner, self.document(), field, chosen)
    }

    /// Notes how to get into the home; `name` is one of [`HOME_ACCESS_NAMES`].
    ///
    /// # Errors
    /// [`AppError::Refused`] on `name`; [`AppError::NotAllowed`].
    pub fn set_home_access(&self, name: &str, text: &str) -> Result<Saved, AppError> {
        if !HOME_ACCESS_NAMES.contains(&name) {
            return Err(AppError::Refused {
                field: "name".into(),
                limit: HOME_ACCESS_NAMES.join(", "),
            });
        }
        self.edit("home_access", |_| {
            Ok(vec![put(&format!("home_access/{name}"), json!(text))])
        })
    }

    /// Adds somebody to call.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`].
    pub fn add_contact(&self, contact: &Contact) -> Result<Saved, AppError> {
        self.add("contacts", contact)
    }

    /// Adds an allergy.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`].
    pub fn add_allergy(&self, allergy: &Allergy) -> Result<Saved, AppError> {
        self.add("allergies", allergy)
    }

    /// Verifies, resolves or refutes an allergy; what a colleague says at the
    /// same time goes towards safety and is shown.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`].
    pub fn set_allergy(
        &self,
        allergy: EntryId,
        status: AllergyStatus,
        severity: Option<Severity>,
    ) -> Result<Saved, AppError> {
        self.edit("allergy", |desk| {
            desk.must_exist("allergies", allergy)?;
            let mut ops = vec![put(&format!("allergies/{allergy}/status"), json!(status))];
            if let Some(severity) = severity {
                ops.push(put(
                    &format!("allergies/{allergy}/severity"),
                    json!(severity),
                ));
            }
            Ok(ops)
        })
    }

    /// Adds a condition.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`].
    pub fn add_condition(&self, condition: &Condition) -> Result<Saved, AppError> {
        self.add("conditions", condition)
    }

    /// Says where a condition stands, as FHIR's clinical status has it.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`].
    pub fn set_condition(&self, condition: EntryId, status: &str) -> Result<Saved, AppError> {
        self.edit("condition", |desk| {
            desk.must_exist("conditions", condition)?;
            let path = format!("conditions/{condition}/clinical_status");
            Ok(vec![put(&path, json!(status))])
        })
    }

    /// Adds a line to the medication list.
    ///
    /// # Errors
    /// [`AppError::Refused`] names a figure of `dosing`; [`AppError::NotAllowed`].
    pub fn add_medication(&self, medication: &Medication) -> Result<Saved, AppError> {
        if let Some(dosing) = &medication.dosing {
            dosing.check()?;
        }
        self.add("medications", medication)
    }

    /// Changes a line's dose; two people's different doses open a conflict.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`].
    pub fn set_dose(&self, medication: EntryId, dose: &str) -> Result<Saved, AppError> {
        self.edit("medication", |desk| {
            desk.must_exist("medications", medication)?;
            let path = format!("medications/{medication}/dose");
            Ok(vec![put(&path, json!(dose))])
        })
    }

    /// Sets the figures of a line's order, which warnings go by; two people's
    /// different ones open a conflict. What a later version wrote beside them stays.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the figure; [`AppError::NotFound`],
    /// [`AppError::NotAllowed`].
    pub fn set_dosing(&self, medication: EntryId, dosing: &Dosing) -> Result<Saved, AppError> {
        dosing.check()?;
        self.edit("medication", |desk| {
            desk.must_exist("medications", medication)?;
            let before = &desk.view["medications"][medication.to_string()]["dosing"];
            let path = format!("medications/{medication}/dosing");
            Ok(vec![put(&path, over(before, &json!(dosing)))])
        })
    }

    /// Decides by which scale NEWS2 judges the patient's oxygen saturation; two
    /// people's different decisions open a conflict. Earlier scores stay.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `spo2_scale` when it is unknown;
    /// [`AppError::NotAllowed`].
    pub fn set_spo2_scale(&self, scale: Spo2Scale) -> Result<Saved, AppError> {
        if scale == Spo2Scale::Unknown {
            return Err(Refused::new("spo2_scale", "scale_1 or scale_2").into());
        }
        self.edit("spo2_scale", |_| Ok(vec![put("spo2_scale", json!(scale))]))
    }

    /// Changes a line's FHIR status, as in `active`, `on-hold`, `stopped`.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`].
    pub fn set_medication_status(
        &self,
        medication: EntryId,
        status: &str,
    ) -> Result<Saved, AppError> {
        self.edit("medication", |desk| {
            desk.must_exist("medications", medication)?;
            let path = format!("medications/{medication}/status");
            Ok(vec![put(&path, json!(status))])
        })
    }

    /// Adds a warning to everyone who enters.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`].
    pub fn add_alert(&self, alert: &Alert) -> Result<Saved, AppError> {
        self.add("alerts", alert)
    }

    /// Says "looked at, nothing to change" of a section, the reconciliation of
    /// the medication list among them.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a section that a chart does not have.
    pub fn review(&self, section: &str, comment: Option<String>) -> Result<Saved, AppError> {
        self.edit("review", |desk| {
            if !matches!(section, "medications" | "allergies" | "conditions") {
                return Err(AppError::NotFound { what: "section" });
            }
            let entry = ReviewEntry {
                section: section.into(),
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
                comment,
                reconciliation: None,
            };
            Ok(vec![desk.append("reviews", &entry)?])
        })
    }

    fn add(&self, section: &'static str, item: &impl serde::Serialize) -> Result<Saved, AppError> {
        self.edit(section, |desk| {
            let fields = match serde_json::to_value(item) {
                Ok(Value::Object(fields)) => fields,
                _ => return Err(AppError::Failed { code: "encode" }),
            };
            Ok(vec![desk.add_item(section, fields)?])
        })
    }

    pub(super) const fn document(&self) -> DocumentId {
        DocumentId::chart(self.id)
    }

    pub(super) fn edit(
        &self,
        action: &'static str,
        make: impl FnOnce(&mut Desk<'_>) -> Result<Vec<Op>, AppError>,
    ) -> Result<Saved, AppError> {
        self.inner.edit(self.document(), action, make)
    }
}

/// The fields of `new` over those of `before`: of the known ones those that `new`
/// leaves out go, the unknown ones stay.
fn over(before: &Value, new: &Value) -> Value {
    const KNOWN: [&str; 4] = ["dose_value", "dose_unit", "min_interval_min", "max_per_day"];
    let mut fields = before.as_object().cloned().unwrap_or_default();
    fields.retain(|name, _| !KNOWN.contains(&name.as_str()));
    fields.extend(new.as_object().cloned().unwrap_or_default());
    Value::Object(fields)
}
