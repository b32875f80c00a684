//! A visit as it is read: the projection of its document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    AmendmentEntry, AttachmentEntry, Coding, CorrectionEntry, DuplicateEntry, EntryId, Handover,
    LobbyEntry, MedicationEntry, Millis, NotDoneReason, NoticeEntry, ObservationEntry, PatientId,
    PlannedOutcome, Presence, SettlementEntry, SignOffEntry, SignatureEntry, StepEntry,
    SurveyEntry, TaskResult, TaskStatus, Unplanned, VisitConsent, VisitStatus,
};

/// One visit, at home or virtual. Field for field the shape of its document; a field on which
/// two people disagree shows the winner of its policy row, and the conflict
/// says the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Version of the document's shape.
    pub schema: u32,
    /// Whom it is for.
    pub patient: PatientId,
    /// Where it stands.
    pub status: VisitStatus,
    /// Why and by whom it was made without a booking; none: it was booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unplanned: Option<Unplanned>,
    /// To whom it was handed over last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<Handover>,
    /// What the patient says to a virtual visit; none: nobody has asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<VisitConsent>,
    /// What came of it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The note that the team types together.
    #[serde(default)]
    pub note: String,
    /// What is to be done.
    #[serde(default)]
    pub tasks: BTreeMap<EntryId, Task>,
    /// What became of tasks that care plans asked for, by the task's id.
    #[serde(default, deserialize_with = "super::plan::known")]
    pub planned: BTreeMap<EntryId, PlannedOutcome>,
    /// Steps of the status.
    #[serde(default)]
    pub steps: BTreeMap<EntryId, StepEntry>,
    /// Stamps of who was in the home.
    #[serde(default)]
    pub presence: Presence,
    /// Who waited and who was there, of a virtual visit; what this version can't read is
    /// left out.
    #[serde(
        default,
        deserialize_with = "super::plan::known",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub lobby: BTreeMap<EntryId, LobbyEntry>,
    /// Findings.
    #[serde(default)]
    pub observations: BTreeMap<EntryId, ObservationEntry>,
    /// Single-valued measurements of this visit by name, as in `weight_kg`.
    #[serde(default)]
    pub measures: BTreeMap<String, serde_json::Value>,
    /// Medications given and not given.
    #[serde(default)]
    pub medications: BTreeMap<EntryId, MedicationEntry>,
    /// Answered forms.
    #[serde(default)]
    pub forms: BTreeMap<EntryId, Form>,
    /// Photos, recordings, files.
    #[serde(default)]
    pub attachments: BTreeMap<EntryId, AttachmentEntry>,
    /// Invitations to the survey, and what was answered. What a later version wrote is not
    /// among it.
    #[serde(default, deserialize_with = "super::plan::known")]
    pub survey: BTreeMap<EntryId, SurveyEntry>,
    /// Corrections of entries.
    #[serde(default)]
    pub corrections: BTreeMap<EntryId, CorrectionEntry>,
    /// Signatures with their seals.
    #[serde(default)]
    pub signatures: BTreeMap<EntryId, SignatureEntry>,
    /// Signatures by hand, and why there is none.
    #[serde(default)]
    pub sign_offs: BTreeMap<EntryId, SignOffEntry>,
    /// What came after a signature.
    #[serde(default)]
    pub amendments: BTreeMap<EntryId, AmendmentEntry>,
    /// How conflicts were settled.
    #[serde(default)]
    pub settlements: BTreeMap<EntryId, SettlementEntry>,
    /// What was decided about this visit and others like it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub duplicates: BTreeMap<EntryId, DuplicateEntry>,
    /// What the patient was to be told. What a later version wrote is not among it.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "super::plan::known"
    )]
    pub notices: BTreeMap<EntryId, NoticeEntry>,
}

/// Something to be done during a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// What to do.
    pub title: String,
    /// Its code, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Coding>,
    /// The visit should not be completed without a status for it.
    #[serde(default)]
    pub required: bool,
    /// Where it stands.
    pub status: TaskStatus,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<TaskResult>,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NotDoneReason>,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// An answered form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// Canonical address of the questionnaire, with its version.
    pub questionnaire: String,
    /// Answers by link id, with the repetition where the question repeats; null:
    /// taken back. Calculated values follow from them and are not kept.
    #[serde(default)]
    pub answers: BTreeMap<String, serde_json::Value>,
    /// When somebody said that the form is complete; none: it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at_ms: Option<Millis>,
}
