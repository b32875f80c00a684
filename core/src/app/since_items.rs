//! What is told of a document's items when they change: one row a section.

use serde_json::Value;

use super::look::Item;
use crate::merge::{Touch, TouchAction};
use crate::model::DocumentKind::{self, Chart, Plan, Visit};

/// Characters of a value that is told, at most; the rest is read where it stands.
pub const CHANGE_CHARS_MAX: usize = 500;

/// What sort of thing changed, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// A warning to everyone who enters.
    Alert,
    /// An allergy.
    Allergy,
    /// A line of the medication list.
    Medication,
    /// A condition.
    Condition,
    /// A finding, or the scale that judges one.
    Observation,
    /// A medication given or not given.
    Dose,
    /// A care plan.
    Plan,
    /// A goal.
    Goal,
    /// An activity of a plan.
    Activity,
    /// How a goal or an activity went.
    Progress,
    /// A task of a visit.
    Task,
    /// A form that was completed.
    Form,
    /// A visit that took place, or did not.
    Visit,
    /// A visit's note.
    Note,
    /// A photo, a recording or a file.
    Attachment,
    /// What the patient said of a visit.
    Survey,
    /// "Looked at, nothing to change".
    Review,
    /// How to get into the home.
    HomeAccess,
    /// Somebody to call.
    Contact,
}

impl ChangeKind {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Allergy => "allergy",
            Self::Medication => "medication",
            Self::Condition => "condition",
            Self::Observation => "observation",
            Self::Dose => "dose",
            Self::Plan => "plan",
            Self::Goal => "goal",
            Self::Activity => "activity",
            Self::Progress => "progress",
            Self::Task => "task",
            Self::Form => "form",
            Self::Visit => "visit",
            Self::Note => "note",
            Self::Attachment => "attachment",
            Self::Survey => "survey",
            Self::Review => "review",
            Self::HomeAccess => "home_access",
            Self::Contact => "contact",
        }
    }
}

/// One field of what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedField {
    /// The field's name, as in `dose`.
    pub name: String,
    /// What stood there; none: nothing.
    pub before: Option<String>,
    /// What stands there now; none: nothing.
    pub now: Option<String>,
}

/// What is told of a section.
#[derive(Debug)]
pub(super) struct Row {
    document: DocumentKind,
    section: &'static str,
    pub(super) kind: ChangeKind,
    /// Where the item's name stands; empty: it has none.
    title: &'static str,
    /// Its other fields; `dosing.dose_value` is a part of one. Empty: the section is a
    /// single value, or single values by name.
    fields: &'static [&'static str],
}

const fn row(
    document: DocumentKind,
    section: &'static str,
    kind: ChangeKind,
    title: &'static str,
    fields: &'static [&'static str],
) -> Row {
    Row {
        document,
        section,
        kind,
        title,
        fields,
    }
}

const TASK: &[&str] = &["status", "result", "reason", "comment"];
const FINDING: &[&str] = &[
    "pulse_bpm",
    "systolic_mmhg",
    "diastolic_mmhg",
    "temperature_c",
    "spo2_percent",
    "respirations_per_min",
    "weight_kg",
    "glucose_mg_dl",
    "pain_score",
    "consciousness",
    "on_oxygen",
    "oxygen_flow_l_min",
    "value",
    "unit",
    "text",
];
const MEDICATION: &[&str] = &[
    "status",
    "dose",
    "frequency",
    "as_needed",
    "dosing.dose_value",
    "dosing.dose_unit",
    "dosing.min_interval_min",
    "dosing.max_per_day",
];
const DOSE: &[&str] = &["given", "dose_value", "dose_unit", "reason", "comment"];
const GOAL: &[&str] = &["lifecycle", "achievement", "due"];
const ACTIVITY: &[&str] = &[
    "status",
    "progress",
    "lifecycle",
    "instructions",
    "schedule.start",
    "schedule.rule",
    "schedule.text",
];
const PROGRESS: &[&str] = &[
    "achievement",
    "status",
    "percent",
    "value",
    "unit",
    "comment",
];

/// What is told. Left out: what has its own place (messages, presence, signatures), who
/// plans what (bookings, hand-overs, assignees), and how a conflict was settled, since the
/// value that stands is told.
const TABLE: &[Row] = &[
    row(
        Chart,
        "alerts",
        ChangeKind::Alert,
        "text",
        &["severity", "active"],
    ),
    row(
        Chart,
        "allergies",
        ChangeKind::Allergy,
        "code",
        &["status", "severity", "reaction"],
    ),
    row(
        Chart,
        "medications",
        ChangeKind::Medication,
        "code",
        MEDICATION,
    ),
    row(
        Chart,
        "conditions",
        ChangeKind::Condition,
        "code",
        &["clinical_status", "verification", "onset"],
    ),
    row(Chart, "spo2_scale", ChangeKind::Observation, "", &[]),
    row(
        Chart,
        "reviews",
        ChangeKind::Review,
        "",
        &["section", "comment"],
    ),
    row(Chart, "home_access", ChangeKind::HomeAccess, "", &[]),
    row(
        Chart,
        "contacts",
        ChangeKind::Contact,
        "name",
        &["relationship", "phone", "preference"],
    ),
    row(
        Visit,
        "observations",
        ChangeKind::Observation,
        "code",
        FINDING,
    ),
    row(Visit, "measures", ChangeKind::Observation, "", &[]),
    row(Visit, "medications", ChangeKind::Dose, "code", DOSE),
    row(Visit, "tasks", ChangeKind::Task, "title", TASK),
    row(Visit, "planned", ChangeKind::Task, "title", TASK),
    row(
        Visit,
        "forms",
        ChangeKind::Form,
        "questionnaire",
        &["completed_at_ms", "answers"],
    ),
    row(Visit, "status", ChangeKind::Visit, "", &[]),
    row(Visit, "note", ChangeKind::Note, "", &[]),
    row(Visit, "outcome", ChangeKind::Note, "", &[]),
    row(Visit, "amendments", ChangeKind::Note, "", &["reason"]),
    row(
        Visit,
        "attachments",
        ChangeKind::Attachment,
        "caption",
        &["media_type"],
    ),
    row(
        Visit,
        "survey",
        ChangeKind::Survey,
        "",
        &["answered_by", "answers.overall", "answers.comment"],
    ),
    row(Plan, "title", ChangeKind::Plan, "", &[]),
    row(Plan, "status", ChangeKind::Plan, "", &[]),
    row(Plan, "narrative", ChangeKind::Plan, "", &[]),
    row(
        Plan,
        "pauses",
        ChangeKind::Plan,
        "activity",
        &["resting", "reason"],
    ),
    row(Plan, "goals", ChangeKind::Goal, "text", GOAL),
    row(Plan, "activities", ChangeKind::Activity, "code", ACTIVITY),
    row(Plan, "progress", ChangeKind::Progress, "of", PROGRESS),
    row(
        Plan,
        "adherence",
        ChangeKind::Progress,
        "activity",
        &["kept", "reason", "comment"],
    ),
];

/// The row of an item; none: nothing is told of it.
pub(super) fn told(document: DocumentKind, item: &Item) -> Option<&'static Row> {
    TABLE
        .iter()
        .find(|row| row.document == document && row.section == item.section)
}

/// Whether a touch only says what is to be done: the booking and the visit tell it.
pub(super) fn is_planned(document: DocumentKind, touch: &Touch) -> bool {
    let Some(value) = touch.value.as_ref().filter(|_| document == Visit) else {
        return false;
    };
    let made = touch.action == TouchAction::Add && touch.path.matches("tasks/*");
    (made && value["status"] == "open") || (touch.path.matches("status") && value == "scheduled")
}

impl Row {
    /// What the item is called; empty: it has no name of its own.
    pub(super) fn title(&self, view: &Value, value: &Value) -> String {
        let named = text_of(&value[self.title]);
        match self.title {
            // The goal or the activity that it is about.
            "of" | "activity" => {
                let id = named.unwrap_or_default();
                let activity = text_of(&view["activities"][&id]["code"]);
                activity
                    .or_else(|| text_of(&view["goals"][&id]["text"]))
                    .or_else(|| text_of(&view["title"]))
            }
            _ => named,
        }
        .unwrap_or_default()
    }

    /// What differs, in the fields that are among `touched`, if not in all.
    pub(super) fn differences(
        &self,
        item: &Item,
        (before, now): (&Value, &Value),
        touched: impl Fn(&str) -> bool,
    ) -> Vec<ChangedField> {
        if self.fields.is_empty() {
            let name = match item.id.as_str() {
                "" => self.section.to_owned(),
                id => id.to_owned(),
            };
            let (before, now) = (text_of(before), text_of(now));
            let differs = before != now;
            let field = ChangedField { name, before, now };
            return differs.then_some(field).into_iter().collect();
        }
        // The name of what came or went stands in its title.
        let renamed = !self.title.is_empty() && !before.is_null() && !now.is_null();
        let title = renamed.then_some(self.title);
        let all = title.iter().chain(self.fields).copied();
        let whole = |path: &'static str| path.split('.').next().unwrap_or(path);
        all.filter(|path| touched(whole(path)))
            .filter_map(|path| difference(path, part(before, path), part(now, path)))
            .collect()
    }

    /// Whether the item is told of when it stands like this, and stood like that.
    pub(super) fn is_told(&self, before: &Value, now: &Value) -> bool {
        const ENDED: [&str; 5] = ["completed", "signed", "amended", "missed", "canceled"];
        const DONE: [&str; 3] = ["completed", "signed", "amended"];
        let among = |words: &[&str], value: &Value| {
            value.as_str().is_some_and(|word| words.contains(&word))
        };
        match (self.document, self.section) {
            // A signature under what is known is no news.
            (Visit, "status") => among(&ENDED, now) && !(among(&DONE, now) && among(&DONE, before)),
            (Visit, "survey") => now["kind"] == "answered",
            (Visit, "forms") => !now["completed_at_ms"].is_null(),
            _ => true,
        }
    }

    /// Whether an item says of itself that it is an error.
    pub(super) fn is_error(&self, value: &Value) -> bool {
        ["status", "verification"].iter().any(|name| {
            let word = value[name].as_str().unwrap_or_default();
            matches!(word, "entered_in_error" | "entered-in-error")
        })
    }
}

/// What differs in one field; none: nothing that a person reads.
fn difference(path: &str, before: &Value, now: &Value) -> Option<ChangedField> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let field = |name: &str, before, now| ChangedField {
        name: name.to_owned(),
        before,
        now,
    };
    match path {
        // When a form was completed says that it is.
        "completed_at_ms" => {
            let word = |value: &Value| (!value.is_null()).then(|| "completed".to_owned());
            let (before, now) = (word(before), word(now));
            (before != now).then(|| field("status", before, now))
        }
        // Answers are read in the form; here, that they changed after it was completed.
        "answers" => (!before.is_null() && before != now).then(|| field(name, None, None)),
        _ => {
            let (before, now) = (text_of(before), text_of(now));
            (before != now).then(|| field(name, before, now))
        }
    }
}

fn part<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(value, |value, name| &value[name])
}

/// A value as a person reads it; none: there is nothing to read.
fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null | Value::Array(_) => return None,
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Object(fields) => fields.get("text")?.as_str()?.to_owned(),
    };
    let text = text.trim();
    let cut: String = text.chars().take(CHANGE_CHARS_MAX).collect();
    (!cut.is_empty()).then_some(cut)
}
