//! A care plan as it is read: the projection of its document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Coding, EntryId, Millis, PatientId, PersonId, SettlementEntry, TaskStatus};

/// A care plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the document's shape.
    pub schema: u32,
    /// Whose plan.
    pub patient: PatientId,
    /// What it is called.
    pub title: String,
    /// FHIR status, as in `active`.
    pub status: String,
    /// What it says, typed together.
    #[serde(default)]
    pub narrative: String,
    /// What is to be reached.
    #[serde(default)]
    pub goals: BTreeMap<EntryId, Goal>,
    /// What is done for it.
    #[serde(default)]
    pub activities: BTreeMap<EntryId, Activity>,
    /// What was kept and what was not.
    #[serde(default)]
    pub adherence: BTreeMap<EntryId, AdherenceEntry>,
    /// How conflicts were settled.
    #[serde(default)]
    pub settlements: BTreeMap<EntryId, SettlementEntry>,
}

/// A goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// What is to be reached.
    pub text: String,
    /// FHIR lifecycle status, as in `active`.
    pub lifecycle: String,
    /// FHIR achievement status, as in `improving`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achievement: Option<String>,
}

/// An activity of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// What is done.
    pub code: Coding,
    /// Where it stands.
    pub status: TaskStatus,
    /// How it goes, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
}

/// One observation of adherence: section `adherence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdherenceEntry {
    /// The activity it is about.
    pub activity: EntryId,
    /// Kept or not.
    pub kept: bool,
    /// Who saw it.
    pub by: PersonId,
    /// When.
    pub at_ms: Millis,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}
