//! What the team maintains about a patient.

use std::sync::Arc;

use homeround::app::ChartHandle;
use homeround::model::{self, FieldPath};

use crate::conflict::{Conflict, parse, show};
use crate::correction::{Correction, Corrections};
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::medication::{Dosing, ours, theirs};
use crate::names::{By, Names};
use crate::reconcile::Reconciliation;
use crate::root::Phone;
use crate::types::{AllergyStatus, Coding, EntryId, PatientId, Saved, Severity, Spo2Scale};

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Contact {
    /// The person's name.
    pub name: String,
    /// What they are to the patient, as in `daughter`.
    #[uniffi(default = None)]
    pub relationship: Option<String>,
    /// How to reach them.
    #[uniffi(default = None)]
    pub phone: Option<String>,
    /// How they like to be reached.
    #[uniffi(default = None)]
    pub preference: Option<String>,
}

/// An allergy or intolerance.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Allergy {
    /// To what.
    pub code: Coding,
    /// Whether it stands.
    pub status: AllergyStatus,
    /// How bad a reaction is.
    #[uniffi(default = None)]
    pub severity: Option<Severity>,
    /// What happens.
    #[uniffi(default = None)]
    pub reaction: Option<String>,
    /// Further codes of the same substance or class.
    #[uniffi(default = [])]
    pub ingredients: Vec<Coding>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Condition {
    /// Which.
    pub code: Coding,
    /// FHIR clinical status, as in `active` or `resolved`.
    pub clinical_status: String,
    /// FHIR verification status, as in `confirmed`.
    #[uniffi(default = None)]
    pub verification: Option<String>,
    /// Since when, as FHIR writes a date.
    #[uniffi(default = None)]
    pub onset: Option<String>,
}

/// A line of the medication list.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Medication {
    /// Which.
    pub code: Coding,
    /// FHIR status, as in `active`, `on-hold`, `stopped`.
    pub status: String,
    /// How much, as in `20 mg`.
    #[uniffi(default = None)]
    pub dose: Option<String>,
    /// How often, as in `twice a day`.
    #[uniffi(default = None)]
    pub frequency: Option<String>,
    /// Taken when needed only.
    pub as_needed: bool,
    /// The same in figures: what warnings go by.
    #[uniffi(default = None)]
    pub dosing: Option<Dosing>,
    /// Codes of its ingredients, and of its class where the source gives one.
    #[uniffi(default = [])]
    pub ingredients: Vec<Coding>,
}

/// A warning to everyone who enters the home.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Alert {
    /// What to know.
    pub text: String,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it stands.
    pub active: bool,
}

/// How to get into the home.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HomeAccess {
    /// `door_code`, `parking`, `directions`, `pets` or `hazards`.
    pub name: String,
    /// What to know.
    pub text: String,
}

/// "Looked at, nothing to change."
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Review {
    /// What was looked at, as in `medications`.
    pub section: String,
    /// Who.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// In the person's own words.
    pub comment: Option<String>,
    /// What was found in the home of the medication list, where that was looked at.
    pub reconciliation: Option<Reconciliation>,
}

macro_rules! listed {
    ($($(#[$doc:meta])* $name:ident: $inner:ident = $field:ident),*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, uniffi::Record)]
        pub struct $name {
            /// Which.
            pub id: EntryId,
            /// What it says.
            pub $field: $inner,
            /// Set once somebody said that it was wrong: show it struck out.
            pub corrected: Option<Correction>,
        }
    )*};
}

listed! {
    /// Somebody to call, in the chart.
    ChartContact: Contact = contact,
    /// An allergy in the chart.
    ChartAllergy: Allergy = allergy,
    /// A condition in the chart.
    ChartCondition: Condition = condition,
    /// A line of the chart's medication list.
    ChartMedication: Medication = medication,
    /// A warning in the chart.
    ChartAlert: Alert = alert
}

/// A chart as it stands on this phone.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ChartView {
    /// Whose.
    pub patient: PatientId,
    /// The scale by which NEWS2 judges the oxygen saturation; none: nobody decided,
    /// and scale 1 holds.
    pub spo2_scale: Option<Spo2Scale>,
    /// Warnings to everyone who enters.
    pub alerts: Vec<ChartAlert>,
    /// Allergies and intolerances.
    pub allergies: Vec<ChartAllergy>,
    /// Conditions.
    pub conditions: Vec<ChartCondition>,
    /// The medication list.
    pub medications: Vec<ChartMedication>,
    /// People to call.
    pub contacts: Vec<ChartContact>,
    /// How to get into the home.
    pub home_access: Vec<HomeAccess>,
    /// "Looked at, nothing to change."
    pub reviews: Vec<Review>,
    /// Fields on which people disagree.
    pub conflicts: Vec<Conflict>,
}

/// A patient's chart, for reading and for work. Each edit is one durable commit.
#[derive(uniffi::Object)]
pub struct Chart {
    phone: Arc<Phone>,
    patient: PatientId,
}

impl Chart {
    pub(crate) const fn new(phone: Arc<Phone>, patient: PatientId) -> Self {
        Self { phone, patient }
    }

    pub(crate) fn handle(&self) -> ChartHandle {
        self.phone.app.chart(self.patient)
    }

    pub(crate) fn phone(&self) -> &Phone {
        &self.phone
    }

    pub(crate) fn save(
        &self,
        edit: impl FnOnce(&ChartHandle) -> Result<homeround::app::Saved, homeround::app::AppError>,
    ) -> Result<Saved, HomeroundError> {
        guard(|| self.phone.saved(edit(&self.handle())))
    }
}

#[uniffi::export]
impl Chart {
    /// The chart as it stands on this phone. Fails with `NotFound`, `Locked`,
    /// `LeaseEnded`, `NotAllowed`.
    pub fn read(&self) -> Result<ChartView, HomeroundError> {
        guard(|| {
            let handle = self.handle();
            let names = Names::new(&self.phone.app);
            let (chart, open) = (handle.read()?, handle.conflicts()?);
            let conflicts = open.into_iter().map(|one| show(one, &names)).collect();
            Ok::<_, HomeroundError>(view(chart, conflicts, &names))
        })
    }

    /// Sets how to get into the home: `door_code`, `parking`, `directions`, `pets`,
    /// `hazards`. Fails with `Refused` on another `name`.
    pub fn set_home_access(&self, name: String, text: String) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.set_home_access(&name, &text))
    }

    /// Adds somebody to call.
    pub fn add_contact(&self, contact: Contact) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.add_contact(&contact.into()))
    }

    /// Adds an allergy.
    pub fn add_allergy(&self, allergy: Allergy) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.add_allergy(&allergy.into()))
    }

    /// Says whether an allergy stands, and how bad it is.
    #[uniffi::method(default(severity = None))]
    pub fn set_allergy(
        &self,
        allergy: EntryId,
        status: AllergyStatus,
        severity: Option<Severity>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.set_allergy(allergy, status, severity))
    }

    /// Adds a condition.
    pub fn add_condition(&self, condition: Condition) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.add_condition(&condition.into()))
    }

    /// Sets a condition's FHIR clinical status.
    pub fn set_condition(
        &self,
        condition: EntryId,
        status: String,
    ) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.set_condition(condition, &status))
    }

    /// Adds a line to the medication list.
    pub fn add_medication(&self, medication: Medication) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.add_medication(&medication.into()))
    }

    /// Changes a medication's dose; two people's different values open a conflict.
    pub fn set_dose(&self, medication: EntryId, dose: String) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.set_dose(medication, &dose))
    }

    /// Sets the figures of a medication's order; two people's different ones open a
    /// conflict. Fails with `Refused` naming the figure.
    pub fn set_dosing(&self, medication: EntryId, dosing: Dosing) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.set_dosing(medication, &dosing.into()))
    }

    /// Decides by which scale NEWS2 judges the patient's oxygen saturation; two
    /// people's different decisions open a conflict. Earlier scores stay.
    pub fn set_spo2_scale(&self, scale: Spo2Scale) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.set_spo2_scale(scale))
    }

    /// Sets a medication's FHIR status.
    pub fn set_medication_status(
        &self,
        medication: EntryId,
        status: String,
    ) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.set_medication_status(medication, &status))
    }

    /// Adds a warning.
    pub fn add_alert(&self, alert: Alert) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.add_alert(&alert.into()))
    }

    /// Says that `medications`, `allergies` or `conditions` were looked at and are right.
    #[uniffi::method(default(comment = None))]
    pub fn review(
        &self,
        section: String,
        comment: Option<String>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.review(&section, comment))
    }

    /// Settles a conflict; see `Visit.settle`.
    pub fn settle(&self, field: String, chosen_json: String) -> Result<Saved, HomeroundError> {
        guard(|| {
            let chosen = parse(&chosen_json, "chosen")?;
            self.phone
                .saved(self.handle().settle(&FieldPath(field), &chosen))
        })
    }
}

fn view(chart: model::Chart, conflicts: Vec<Conflict>, names: &Names<'_>) -> ChartView {
    let wrong = Corrections::of(&chart.corrections, names);
    let alerts = chart.alerts.into_iter().map(|(id, one)| ChartAlert {
        id,
        alert: one.into(),
        corrected: wrong.get("alerts", id),
    });
    let allergies = chart.allergies.into_iter().map(|(id, one)| ChartAllergy {
        id,
        allergy: one.into(),
        corrected: wrong.get("allergies", id),
    });
    let conditions = chart
        .conditions
        .into_iter()
        .map(|(id, one)| ChartCondition {
            id,
            condition: one.into(),
            corrected: wrong.get("conditions", id),
        });
    let medications = chart
        .medications
        .into_iter()
        .map(|(id, one)| ChartMedication {
            id,
            medication: one.into(),
            corrected: wrong.get("medications", id),
        });
    let contacts = chart.contacts.into_iter().map(|(id, one)| ChartContact {
        id,
        contact: one.into(),
        corrected: wrong.get("contacts", id),
    });
    let home_access = chart.home_access.into_iter();
    let reviews = chart.reviews.into_values().map(|one| Review {
        section: one.section,
        by: names.by(one.by),
        at_ms: one.at_ms.0,
        comment: one.comment,
        reconciliation: one.reconciliation.map(Into::into),
    });
    ChartView {
        patient: chart.patient,
        spo2_scale: chart.spo2_scale,
        alerts: alerts.collect(),
        allergies: allergies.collect(),
        conditions: conditions.collect(),
        medications: medications.collect(),
        contacts: contacts.collect(),
        home_access: home_access
            .map(|(name, text)| HomeAccess { name, text })
            .collect(),
        reviews: reviews.collect(),
        conflicts,
    }
}

/// Both ways, field by field.
macro_rules! same_fields {
    ($ours:ident = $theirs:path { $($field:ident),* }) => {
        impl From<$ours> for $theirs {
            fn from(one: $ours) -> Self {
                Self { $($field: one.$field.into()),* }
            }
        }
        impl From<$theirs> for $ours {
            fn from(one: $theirs) -> Self {
                Self { $($field: one.$field.into()),* }
            }
        }
    };
}

same_fields!(
    Contact = model::Contact {
        name,
        relationship,
        phone,
        preference
    }
);
impl From<Allergy> for model::Allergy {
    fn from(one: Allergy) -> Self {
        Self {
            code: one.code.into(),
            status: one.status,
            severity: one.severity,
            reaction: one.reaction,
            ingredients: theirs(one.ingredients),
        }
    }
}

impl From<model::Allergy> for Allergy {
    fn from(one: model::Allergy) -> Self {
        Self {
            code: one.code.into(),
            status: one.status,
            severity: one.severity,
            reaction: one.reaction,
            ingredients: ours(one.ingredients),
        }
    }
}

same_fields!(
    Condition = model::Condition {
        code,
        clinical_status,
        verification,
        onset
    }
);
impl From<Medication> for model::Medication {
    fn from(one: Medication) -> Self {
        Self {
            code: one.code.into(),
            status: one.status,
            dose: one.dose,
            frequency: one.frequency,
            as_needed: one.as_needed,
            dosing: one.dosing.map(Into::into),
            ingredients: theirs(one.ingredients),
        }
    }
}

impl From<model::Medication> for Medication {
    fn from(one: model::Medication) -> Self {
        Self {
            code: one.code.into(),
            status: one.status,
            dose: one.dose,
            frequency: one.frequency,
            as_needed: one.as_needed,
            dosing: one.dosing.map(Into::into),
            ingredients: ours(one.ingredients),
        }
    }
}

same_fields!(
    Alert = model::Alert {
        text,
        severity,
        active
    }
);
