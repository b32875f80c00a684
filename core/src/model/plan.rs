//! A care plan as it is read: the projection of its document.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{
    Coding, EntryId, Millis, NotDoneReason, PatientId, PersonId, Role, SettlementEntry, TaskResult,
    TaskStatus,
};

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
    /// IANA time zone that its activities are due in; none: they are not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Canonical address with version of the template that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Assignee>,
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
    /// How goals and activities went, over time.
    #[serde(default, deserialize_with = "known")]
    pub progress: BTreeMap<EntryId, ProgressEntry>,
    /// When the plan, or one activity of it, rested and went on.
    #[serde(default, deserialize_with = "known")]
    pub pauses: BTreeMap<EntryId, PauseEntry>,
    /// How conflicts were settled.
    #[serde(default)]
    pub settlements: BTreeMap<EntryId, SettlementEntry>,
}

/// Who answers for a plan or an activity: a person, or whoever works in a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// One person.
    Person(PersonId),
    /// Everybody of a role.
    Role(Role),
    /// Something that this version does not know.
    #[serde(untagged)]
    Unknown(Value),
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
    /// By when it is to be reached: `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
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
    /// When it is due; none: at no set time that this version can read.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "known_one"
    )]
    pub schedule: Option<Schedule>,
    /// FHIR status of the request: `active` (as when it is absent), `stopped` once
    /// somebody dropped it, or another that somebody wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Assignee>,
    /// How it is done, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
}

impl Activity {
    /// Whether somebody dropped it, or it came to its end.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(
            self.lifecycle.as_deref(),
            Some("stopped" | "cancelled" | "completed" | "entered-in-error")
        )
    }
}

/// When an activity is due. One statement: two people's different ones are a
/// conflict as a whole, for the rule of one and the start of the other is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schedule {
    /// When it begins, in the plan's time zone: `YYYY-MM-DDTHH:MM`.
    pub start: String,
    /// RFC 5545 recurrence rule, as in `FREQ=WEEKLY;BYDAY=MO,TH`; none: once, at the
    /// start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Occurrences that are left out, as `start` is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// How long before the time it may be done, minutes, `0..=`[`TOLERANCE_MINUTES_MAX`].
    #[serde(default)]
    pub early_minutes: u32,
    /// How long after the time it is still on time, minutes, `0..=`[`TOLERANCE_MINUTES_MAX`].
    #[serde(default)]
    pub late_minutes: u32,
    /// What the order said, where no rule says it: shown, and not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Longest tolerance around a time, in minutes: two weeks.
pub const TOLERANCE_MINUTES_MAX: u32 = 14 * 24 * 60;

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
    /// The occurrence it is about, by its time in the plan's zone; none: the one
    /// whose turn it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<String>,
    /// Why it was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NotDoneReason>,
}

/// How a goal or an activity went: section `progress`. Written once; what it says
/// also stands on the goal or activity until the next one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgressEntry {
    /// The goal or the activity.
    pub of: EntryId,
    /// FHIR achievement status of a goal, as in `improving`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achievement: Option<String>,
    /// Where an activity stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// How much of it is reached, percent, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// A figure that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// UCUM unit of the figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who says so.
    pub by: PersonId,
    /// When.
    pub at_ms: Millis,
}

/// A plan, or one activity, begins to rest or goes on: section `pauses`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseEntry {
    /// The activity; none: the whole plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<EntryId>,
    /// True: it rests from then on. False: it goes on.
    pub resting: bool,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: PersonId,
    /// From when.
    pub at_ms: Millis,
}

/// What became of a task that a plan asks for at a visit: section `planned` of the
/// visit, under the task's id. One statement, as a status without its reason is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedOutcome {
    /// The plan.
    pub plan: super::PlanId,
    /// The activity.
    pub activity: EntryId,
    /// The occurrence, by its time in the plan's zone: `YYYY-MM-DDTHH:MM`.
    pub occurrence: String,
    /// What was to be done, as the person read it.
    pub title: String,
    /// What became of it.
    pub status: PlannedStatus,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<TaskResult>,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NotDoneReason>,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who says so.
    pub by: PersonId,
    /// When.
    pub at_ms: Millis,
}

/// What became of a planned task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedStatus {
    /// Taken off this visit; the occurrence is due all the same.
    Removed,
    /// Not done, with a reason.
    NotDone,
    /// Done.
    Done,
    /// A status that this version does not know.
    #[serde(other)]
    Unknown,
}

impl PlannedStatus {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Removed => "removed",
            Self::NotDone => "not_done",
            Self::Done => "done",
        }
    }

    /// How far along a task is; none for a status that this version does not know.
    #[must_use]
    pub const fn progress(self) -> Option<u8> {
        match self {
            Self::Unknown => None,
            known => Some(known as u8),
        }
    }
}

/// Reads those of a section that this version can read. What a later one wrote stays in
/// the document, and hides nothing else.
pub(crate) fn known<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<BTreeMap<EntryId, T>, D::Error> {
    let all = BTreeMap::<String, Value>::deserialize(from)?;
    let read = |(id, value): (String, Value)| Some((id.parse().ok()?, read_one(value)?));
    Ok(all.into_iter().filter_map(read).collect())
}

fn known_one<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Value::deserialize(from).map(read_one)
}

fn read_one<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}
