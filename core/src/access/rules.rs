//! The table: one row says which roles may do what to which fields.
//!
//! What no row allows is denied. Read a row as: *these roles, in this kind of
//! document, at paths of this pattern, may do this (with these values)*.

use serde_json::Value;

use super::{Actor, Change, Denied, Policy, code};
use crate::model::DocumentKind::{self, Chart, Plan, Visit};
use crate::model::FieldPath;
use crate::model::Role::{self, Aide, Auditor, Coordinator, Nurse, Supervisor, Therapist};

/// What a row allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Being shown the field.
    See,
    /// Creating the document. What it holds at birth beyond its empty skeleton
    /// needs its own right.
    Create,
    /// The same for a visit that says in `unplanned` why nobody had booked it.
    CreateUnplanned,
    /// Writing a field, adding an item, typing into a text.
    Write,
    /// Writing a field whose value names its author (`by`): oneself, unless a conflict
    /// on it is settled in the same change.
    WriteOwn,
    /// Appending an entry by oneself.
    Append,
    /// Appending an entry by oneself about a section (`section` in the entry)
    /// that one may change too: corrections, reviews.
    AboutSection,
    /// Appending an entry by oneself about a field (`field` and `chosen` in the
    /// entry) that one may write too: settlements.
    AboutField,
    /// Appending a signature by oneself, in one's own role.
    Sign,
}

/// Which values a row allows: the value of a scalar, or `to` of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// All of them.
    Any,
    /// None but these.
    Only(&'static [&'static str]),
    /// All but these.
    Except(&'static [&'static str]),
    /// Entries whose `source` is this.
    From(&'static str),
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Who.
    pub roles: &'static [Role],
    /// In which documents.
    pub kind: DocumentKind,
    /// Where, as [`FieldPath::matches`] reads it; `**` stands for at least one
    /// segment here: a section as a whole is nobody's to write.
    pub pattern: &'static str,
    /// What.
    pub right: Right,
    /// With which values.
    pub values: Values,
}

const fn row(
    roles: &'static [Role],
    kind: DocumentKind,
    pattern: &'static str,
    right: Right,
) -> Row {
    Row {
        roles,
        kind,
        pattern,
        right,
        values: Values::Any,
    }
}

const fn row_of(
    roles: &'static [Role],
    kind: DocumentKind,
    pattern: &'static str,
    right: Right,
    values: Values,
) -> Row {
    Row {
        roles,
        kind,
        pattern,
        right,
        values,
    }
}

/// Those who prescribe nothing and answer for medication and diagnoses.
const NURSING: &[Role] = &[Nurse, Supervisor];
/// Those who sign.
const CLINICAL: &[Role] = &[Nurse, Therapist, Supervisor];
/// Those who work in the home, and their lead.
const CARE: &[Role] = &[Nurse, Therapist, Aide, Supervisor];
/// Those who care, and those who plan.
const CARE_AND_PLANNING: &[Role] = &[Nurse, Therapist, Aide, Supervisor, Coordinator];
/// Those who sign, and those who plan.
const CLINICAL_AND_PLANNING: &[Role] = &[Nurse, Therapist, Supervisor, Coordinator];
/// Those who are shown everything.
const READERS: &[Role] = &[Nurse, Therapist, Aide, Supervisor, Auditor];
const AIDES: &[Role] = &[Aide];
/// Those who work in the home.
const HANDS: &[Role] = &[Nurse, Therapist, Aide];
const COORDINATORS: &[Role] = &[Coordinator];

/// Statuses that only a signer may reach.
const NOT_SEALED: Values = Values::Except(&["signed", "amended"]);
/// Statuses that calling a visit off leads to.
const CALLED_OFF: Values = Values::Only(&["canceled", "missed"]);

/// What people note themselves.
const FROM_MEMBERS: Values = Values::From("member");

/// The table.
pub const TABLE: &[Row] = &[
    // Visits: what happens in the home.
    row(&[Coordinator, Supervisor], Visit, "", Right::Create),
    row(HANDS, Visit, "", Right::CreateUnplanned),
    row(CARE, Visit, "unplanned", Right::Append),
    row(CARE_AND_PLANNING, Visit, "handover", Right::WriteOwn),
    row(CARE_AND_PLANNING, Visit, "duplicates/*", Right::Append),
    row(CARE_AND_PLANNING, Visit, "notices/*", Right::Append),
    row(CLINICAL, Visit, "status", Right::Write),
    row_of(AIDES, Visit, "status", Right::Write, NOT_SEALED),
    row_of(COORDINATORS, Visit, "status", Right::Write, CALLED_OFF),
    row(CLINICAL, Visit, "steps/*", Right::Append),
    row_of(AIDES, Visit, "steps/*", Right::Append, NOT_SEALED),
    row_of(COORDINATORS, Visit, "steps/*", Right::Append, CALLED_OFF),
    // Everybody who works in the home stamps for themselves, and for nobody else.
    row(CARE, Visit, "presence/*", Right::Append),
    row(CARE, Visit, "consent", Right::WriteOwn),
    // What a video service reports is the backend's to write, and no device's.
    row_of(CARE, Visit, "lobby/*", Right::Append, FROM_MEMBERS),
    row(CLINICAL, Visit, "outcome", Right::Write),
    row(CARE, Visit, "note", Right::Write),
    row(CARE_AND_PLANNING, Visit, "tasks/**", Right::Write),
    row(CARE_AND_PLANNING, Visit, "planned/*", Right::Write),
    row(CARE, Visit, "observations/*", Right::Append),
    row(CARE, Visit, "measures/*", Right::Write),
    row(NURSING, Visit, "medications/*", Right::Append),
    row(CARE, Visit, "forms/**", Right::Write),
    row(CARE, Visit, "attachments/*", Right::Append),
    // By a link it is the backend that writes, and no device.
    row(CARE_AND_PLANNING, Visit, "survey/*", Right::Append),
    row(CARE, Visit, "corrections/*", Right::AboutSection),
    row(CLINICAL, Visit, "signatures/*", Right::Sign),
    // Whoever is in the home takes what a person there puts their hand to.
    row(CARE, Visit, "sign_offs/*", Right::Sign),
    row(CLINICAL, Visit, "amendments/*", Right::Append),
    row(CARE_AND_PLANNING, Visit, "settlements/*", Right::AboutField),
    // Charts: what the team maintains about a patient.
    row(&[Nurse, Coordinator, Supervisor], Chart, "", Right::Create),
    row(CLINICAL_AND_PLANNING, Chart, "contacts/**", Right::Write),
    row(CARE_AND_PLANNING, Chart, "home_access/*", Right::Write),
    row(CLINICAL_AND_PLANNING, Chart, "alerts/**", Right::Write),
    row(CARE_AND_PLANNING, Chart, "notice_wishes", Right::WriteOwn),
    row(NURSING, Chart, "spo2_scale", Right::Write),
    row(NURSING, Chart, "allergies/**", Right::Write),
    row(NURSING, Chart, "conditions/**", Right::Write),
    row(NURSING, Chart, "medications/**", Right::Write),
    row(
        CLINICAL_AND_PLANNING,
        Chart,
        "reviews/*",
        Right::AboutSection,
    ),
    // Within the team: those who plan write none and are shown none.
    row(CARE, Chart, "messages/*", Right::Append),
    row(CARE, Chart, "message_reads/*", Right::Append),
    // Whoever works in the home says what their phone knew as they left.
    row(CARE, Chart, "looks/*", Right::Append),
    row(
        CARE_AND_PLANNING,
        Chart,
        "corrections/*",
        Right::AboutSection,
    ),
    row(CARE_AND_PLANNING, Chart, "settlements/*", Right::AboutField),
    // Care plans.
    row(CLINICAL, Plan, "", Right::Create),
    row(CLINICAL, Plan, "title", Right::Write),
    row(NURSING, Plan, "status", Right::Write),
    row(CLINICAL, Plan, "time_zone", Right::Write),
    // Written once, as the plan is made.
    row(CLINICAL, Plan, "template", Right::Write),
    row(CLINICAL, Plan, "assignee", Right::Write),
    row(CLINICAL, Plan, "narrative", Right::Write),
    row(CLINICAL, Plan, "goals/**", Right::Write),
    row(CLINICAL, Plan, "activities/**", Right::Write),
    row(CARE, Plan, "adherence/*", Right::Append),
    row(CARE, Plan, "progress/*", Right::Append),
    row(CLINICAL, Plan, "pauses/*", Right::Append),
    row(CLINICAL, Plan, "settlements/*", Right::AboutField),
    // What is shown: everything to those who care and those who audit; to
    // those who plan, what planning needs.
    row(READERS, Visit, "**", Right::See),
    row(READERS, Chart, "**", Right::See),
    row(READERS, Plan, "**", Right::See),
    row(COORDINATORS, Visit, "status", Right::See),
    row(COORDINATORS, Visit, "steps/**", Right::See),
    row(COORDINATORS, Visit, "presence/**", Right::See),
    row(COORDINATORS, Visit, "tasks/**", Right::See),
    row(COORDINATORS, Visit, "unplanned", Right::See),
    row(COORDINATORS, Visit, "handover", Right::See),
    row(COORDINATORS, Visit, "duplicates/**", Right::See),
    row(COORDINATORS, Visit, "notices/**", Right::See),
    row(COORDINATORS, Visit, "survey/**", Right::See),
    row(COORDINATORS, Visit, "planned/**", Right::See),
    row(COORDINATORS, Chart, "contacts/**", Right::See),
    row(COORDINATORS, Chart, "home_access/**", Right::See),
    row(COORDINATORS, Chart, "alerts/**", Right::See),
    row(COORDINATORS, Chart, "notice_wishes", Right::See),
];

impl Row {
    /// Whether the row speaks about this role and this path.
    #[must_use]
    pub fn covers(&self, role: Role, kind: DocumentKind, path: &FieldPath) -> bool {
        self.kind == kind && self.roles.contains(&role) && matches_strictly(path, self.pattern)
    }
}

/// As [`FieldPath::matches`], with `**` standing for one segment or more and
/// with no empty segments in the path.
fn matches_strictly(path: &FieldPath, pattern: &str) -> bool {
    let whole_section = pattern
        .strip_suffix("/**")
        .is_some_and(|section| path.matches(section));
    let has_gap = !pattern.is_empty() && path.segments().any(str::is_empty);
    path.matches(pattern) && !whole_section && !has_gap
}

/// Whether a denial's pattern speaks about a path, or about something inside
/// it: a whole item may not be added where one of its fields is denied.
pub(super) fn denial_touches(path: &FieldPath, pattern: &str) -> bool {
    let mut segments = path.segments();
    for part in pattern.split('/') {
        match segments.next() {
            _ if part == "**" => return true,
            None => return true,
            Some(segment) if part == "*" || part == segment => {}
            Some(_) => return false,
        }
    }
    segments.next().is_none()
}

/// Judges one change by the table and the policy's denials; `whole`: everything that is
/// changed together with it.
pub(super) fn judge(
    table: &[Row],
    policy: &Policy,
    actor: &Actor,
    kind: DocumentKind,
    change: &Change<'_>,
    whole: &[Change<'_>],
) -> Result<(), Denied> {
    let denied = |rule| Denied::new(rule, &change.path.0);
    if change.creates {
        let root = FieldPath(String::new());
        let unplanned = whole.iter().any(|one| one.path.matches("unplanned"));
        find(table, actor.role, kind, &root, |row| match row.right {
            Right::Create => true,
            Right::CreateUnplanned => unplanned,
            _ => false,
        })
        .ok_or_else(|| denied(code::NOT_PERMITTED))?;
        if is_skeleton(kind, change) {
            return Ok(());
        }
    }
    let row = find(table, actor.role, kind, change.path, writes)
        .ok_or_else(|| denied(code::NOT_PERMITTED))?;
    if !allows_value(row.values, change) {
        return Err(denied(code::VALUE));
    }
    if policy.denies(actor.role, kind, change.path) {
        return Err(denied(code::POLICY));
    }
    let settled = |one: &Change<'_>| {
        one.path.matches("settlements/*") && text_of(one.value, "field") == Some(&change.path.0)
    };
    if row.right == Right::WriteOwn && whole.iter().any(settled) {
        return Ok(());
    }
    judge_entry(table, policy, actor, kind, row.right, change)
}

/// Judges what an appended entry says.
fn judge_entry(
    table: &[Row],
    policy: &Policy,
    actor: &Actor,
    kind: DocumentKind,
    right: Right,
    change: &Change<'_>,
) -> Result<(), Denied> {
    let denied = |rule| Err(Denied::new(rule, &change.path.0));
    if matches!(
        right,
        Right::See | Right::Create | Right::CreateUnplanned | Right::Write
    ) {
        return Ok(());
    }
    if change.by != Some(actor.person) {
        return denied(code::AUTHOR_MISMATCH);
    }
    let permitted = match right {
        Right::Sign if text_of(change.value, "role") != Some(actor.role.name()) => {
            return denied(code::ROLE_MISMATCH);
        }
        Right::AboutSection => may_change_section(table, policy, actor.role, kind, change.value),
        Right::AboutField => may_settle(table, policy, actor.role, kind, change.value),
        _ => true,
    };
    if permitted {
        Ok(())
    } else {
        denied(code::SUBJECT_NOT_PERMITTED)
    }
}

fn may_change_section(
    table: &[Row],
    policy: &Policy,
    role: Role,
    kind: DocumentKind,
    entry: Option<&Value>,
) -> bool {
    let Some(section) = text_of(entry, "section") else {
        return false;
    };
    // Any item of the section stands for all: rows with values are left out,
    // as an entry about the section names no value.
    let path = FieldPath::of(&[section, "any"]);
    let unconditional = |row: &Row| writes(row) && row.values == Values::Any;
    !section.contains('/')
        && find(table, role, kind, &path, unconditional).is_some()
        && !policy.denies(role, kind, &path)
}

fn may_settle(
    table: &[Row],
    policy: &Policy,
    role: Role,
    kind: DocumentKind,
    entry: Option<&Value>,
) -> bool {
    let Some(field) = text_of(entry, "field") else {
        return false;
    };
    let path = FieldPath(field.into());
    let chosen = Change {
        path: &path,
        by: None,
        value: entry.and_then(|entry| entry.get("chosen")),
        creates: false,
    };
    find(table, role, kind, &path, may_be_settled)
        .is_some_and(|row| allows_value(row.values, &chosen))
        && !policy.denies(role, kind, &path)
}

fn find<'t>(
    table: &'t [Row],
    role: Role,
    kind: DocumentKind,
    path: &FieldPath,
    wanted: impl Fn(&Row) -> bool,
) -> Option<&'t Row> {
    table
        .iter()
        .find(|row| wanted(row) && row.covers(role, kind, path))
}

fn writes(row: &Row) -> bool {
    !matches!(
        row.right,
        Right::See | Right::Create | Right::CreateUnplanned
    )
}

const fn may_be_settled(row: &Row) -> bool {
    matches!(row.right, Right::Write | Right::WriteOwn)
}

fn allows_value(values: Values, change: &Change<'_>) -> bool {
    match values {
        Values::Any => true,
        Values::Only(list) => says(change, |word| list.contains(&word)),
        Values::Except(list) => says(change, |word| !list.contains(&word)),
        Values::From(source) => text_of(change.value, "source") == Some(source),
    }
}

/// Whether the change's word (a scalar's text, or `to` of a step) is there and
/// is as wanted.
pub(super) fn says(change: &Change<'_>, wanted: impl Fn(&str) -> bool) -> bool {
    let word = match change.value {
        Some(Value::String(word)) => Some(word.as_str()),
        entry => text_of(entry, "to"),
    };
    word.is_some_and(wanted)
}

pub(super) fn text_of<'v>(entry: Option<&'v Value>, name: &str) -> Option<&'v str> {
    entry?.get(name)?.as_str()
}

/// What every document is born with: its own name, and empty sections.
fn is_skeleton(kind: DocumentKind, change: &Change<'_>) -> bool {
    let path = change.path.0.as_str();
    let empty = match change.value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => false,
    };
    let born_scheduled =
        kind == Visit && path == "status" && says(change, |word| word == "scheduled");
    matches!(path, "" | "schema" | "kind" | "patient")
        || (empty && !path.contains('/'))
        || born_scheduled
}
