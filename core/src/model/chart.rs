//! A patient's chart as it is read: the projection of its document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::medication::lenient;
use super::{
    Coding, CorrectionEntry, Dosing, EntryId, MessageEntry, MessageReadEntry, NoticeWishes,
    PatientId, ReviewEntry, SettlementEntry, Spo2Scale,
};

/// What the team maintains about one patient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Version of the document's shape.
    pub schema: u32,
    /// Whose chart.
    pub patient: PatientId,
    /// People to call.
    #[serde(default)]
    pub contacts: BTreeMap<EntryId, Contact>,
    /// How to get into the home, by name: `door_code`, `parking`, `directions`, `pets`.
    #[serde(default)]
    pub home_access: BTreeMap<String, String>,
    /// Allergies and intolerances.
    #[serde(default)]
    pub allergies: BTreeMap<EntryId, Allergy>,
    /// Conditions.
    #[serde(default)]
    pub conditions: BTreeMap<EntryId, Condition>,
    /// The medication list.
    #[serde(default)]
    pub medications: BTreeMap<EntryId, Medication>,
    /// The scale by which NEWS2 judges the oxygen saturation, as a clinician
    /// decided; none: nobody did, and scale 1 holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spo2_scale: Option<Spo2Scale>,
    /// Whether and how the patient wants notices; none: nobody has asked, or a later
    /// version wrote it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient"
    )]
    pub notice_wishes: Option<NoticeWishes>,
    /// Warnings to everyone who enters.
    #[serde(default)]
    pub alerts: BTreeMap<EntryId, Alert>,
    /// "Looked at, nothing to change", the medication list's reconciliation among them.
    #[serde(default)]
    pub reviews: BTreeMap<EntryId, ReviewEntry>,
    /// Messages within the team. What a later version wrote is not among them.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "super::plan::known"
    )]
    pub messages: BTreeMap<EntryId, MessageEntry>,
    /// Who was shown which of them.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "super::plan::known"
    )]
    pub message_reads: BTreeMap<EntryId, MessageReadEntry>,
    /// Corrections of entries.
    #[serde(default)]
    pub corrections: BTreeMap<EntryId, CorrectionEntry>,
    /// How conflicts were settled.
    #[serde(default)]
    pub settlements: BTreeMap<EntryId, SettlementEntry>,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The person's name.
    pub name: String,
    /// What they are to the patient, as in `daughter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relationship: Option<String>,
    /// How to reach them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// How they like to be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preference: Option<String>,
}

/// An allergy or intolerance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allergy {
    /// To what.
    pub code: Coding,
    /// Whether it stands.
    pub status: AllergyStatus,
    /// How bad a reaction is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<String>,
    /// Further codes of the same substance or class: what medications are
    /// compared with.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "lenient"
    )]
    pub ingredients: Vec<Coding>,
}

/// Whether an allergy stands; a later variant is the safer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllergyStatus {
    /// Recorded by mistake.
    EnteredInError,
    /// Looked into and ruled out.
    Refuted,
    /// No longer active.
    Resolved,
    /// Reported, not verified.
    Unconfirmed,
    /// Stands.
    Active,
}

/// How bad; a later variant is the safer one to believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A nuisance.
    Mild,
    /// Needs care.
    Moderate,
    /// Threatens life.
    Severe,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Which.
    pub code: Coding,
    /// FHIR clinical status, as in `active` or `resolved`.
    pub clinical_status: String,
    /// FHIR verification status, as in `confirmed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<String>,
    /// Since when, as FHIR writes a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<String>,
}

/// A line of the medication list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Medication {
    /// Which.
    pub code: Coding,
    /// FHIR status, as in `active`, `on-hold`, `stopped`.
    pub status: String,
    /// How much, as in `20 mg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<String>,
    /// How often, as in `twice a day`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// Taken when needed only.
    #[serde(default)]
    pub as_needed: bool,
    /// The same in figures, where the order has them: what warnings go by.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient"
    )]
    pub dosing: Option<Dosing>,
    /// Codes of its ingredients, as in RxNorm, and of its class where the source
    /// gives one: what allergies are compared with.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "lenient"
    )]
    pub ingredients: Vec<Coding>,
}

/// A warning to everyone who enters the home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What to know.
    pub text: String,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it stands.
    pub active: bool,
}
