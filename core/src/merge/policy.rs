//! The one table that says what concurrent edits of a field mean.

use serde::Deserialize;
use serde_json::Value;

use crate::model::DocumentKind::{self, Chart, Plan, Visit};
use crate::model::{
    AllergyStatus, ConsentDecision, FieldPath, PlannedStatus, Severity, TaskStatus, VisitStatus,
};

/// What concurrent edits of one field mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// One value wins by automerge's order; the other stays in the history.
    Latest,
    /// Different values open a conflict that shows all of them.
    KeepBoth,
    /// Keyed by id, added once, never overwritten.
    Append,
    /// The furthest step wins; a contradicting pair opens a conflict.
    Forward,
    /// The safer value wins and a difference that matters opens a conflict.
    Safer,
    /// Characters merge.
    Text,
    /// Written at creation, never again.
    Fixed,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 7] = [
        Self::Latest,
        Self::KeepBoth,
        Self::Append,
        Self::Forward,
        Self::Safer,
        Self::Text,
        Self::Fixed,
    ];

    /// The stable name, as conflicts are stored with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::KeepBoth => "keep_both",
            Self::Append => "append",
            Self::Forward => "forward",
            Self::Safer => "safer",
            Self::Text => "text",
            Self::Fixed => "fixed",
        }
    }
}

/// What the table says about one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldPolicy {
    /// What concurrent edits mean.
    pub rule: Rule,
    /// Part of the clinical record: superseded or corrected, never deleted.
    pub clinical: bool,
}

/// The order in which a ranked field's values stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ladder {
    None,
    VisitStatus,
    TaskStatus,
    AllergyStatus,
    Severity,
    Flag,
    /// What became of a planned task: a status with what belongs to it.
    Planned,
    /// A consent: a decision with what belongs to it.
    Consent,
}

/// One row: a kind of document, a pattern of [`FieldPath::matches`], its rule.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) kind: DocumentKind,
    pub(super) pattern: &'static str,
    pub(super) policy: FieldPolicy,
    pub(super) ladder: Ladder,
}

const fn row(kind: DocumentKind, pattern: &'static str, rule: Rule, clinical: bool) -> Row {
    ranked(kind, pattern, rule, clinical, Ladder::None)
}

const fn ranked(
    kind: DocumentKind,
    pattern: &'static str,
    rule: Rule,
    clinical: bool,
    ladder: Ladder,
) -> Row {
    Row {
        kind,
        pattern,
        policy: FieldPolicy { rule, clinical },
        ladder,
    }
}

const CLINICAL: bool = true;
const PLAIN: bool = false;

/// The table. No two patterns of one kind match the same path.
pub(super) const TABLE: &[Row] = &[
    row(Visit, "schema", Rule::Fixed, CLINICAL),
    row(Visit, "kind", Rule::Fixed, CLINICAL),
    row(Visit, "patient", Rule::Fixed, CLINICAL),
    ranked(
        Visit,
        "status",
        Rule::Forward,
        CLINICAL,
        Ladder::VisitStatus,
    ),
    row(Visit, "unplanned", Rule::Fixed, CLINICAL),
    // Two people who gave one visit to two others: somebody says who goes.
    row(Visit, "handover", Rule::KeepBoth, CLINICAL),
    // Given on one phone and declined on another: nobody goes on until somebody has asked.
    ranked(Visit, "consent", Rule::Safer, CLINICAL, Ladder::Consent),
    row(Visit, "outcome", Rule::KeepBoth, CLINICAL),
    row(Visit, "note", Rule::Text, CLINICAL),
    row(Visit, "tasks/*", Rule::Append, CLINICAL),
    row(Visit, "tasks/*/title", Rule::KeepBoth, CLINICAL),
    row(Visit, "tasks/*/code", Rule::KeepBoth, CLINICAL),
    ranked(
        Visit,
        "tasks/*/required",
        Rule::Safer,
        CLINICAL,
        Ladder::Flag,
    ),
    ranked(
        Visit,
        "tasks/*/status",
        Rule::Forward,
        CLINICAL,
        Ladder::TaskStatus,
    ),
    row(Visit, "tasks/*/result", Rule::KeepBoth, CLINICAL),
    row(Visit, "tasks/*/reason", Rule::KeepBoth, CLINICAL),
    row(Visit, "tasks/*/comment", Rule::KeepBoth, CLINICAL),
    ranked(Visit, "planned/*", Rule::Forward, CLINICAL, Ladder::Planned),
    row(Visit, "steps/*", Rule::Append, CLINICAL),
    row(Visit, "presence/*", Rule::Append, CLINICAL),
    row(Visit, "lobby/*", Rule::Append, CLINICAL),
    row(Visit, "observations/*", Rule::Append, CLINICAL),
    row(Visit, "measures/*", Rule::KeepBoth, CLINICAL),
    row(Visit, "medications/*", Rule::Append, CLINICAL),
    row(Visit, "forms/*", Rule::Append, CLINICAL),
    row(Visit, "forms/*/questionnaire", Rule::Fixed, CLINICAL),
    row(Visit, "forms/*/answers/*", Rule::KeepBoth, CLINICAL),
    // Two people who both say "complete" do not disagree.
    row(Visit, "forms/*/completed_at_ms", Rule::Latest, CLINICAL),
    row(Visit, "attachments/*", Rule::Append, CLINICAL),
    row(Visit, "survey/*", Rule::Append, CLINICAL),
    row(Visit, "corrections/*", Rule::Append, CLINICAL),
    row(Visit, "signatures/*", Rule::Append, CLINICAL),
    row(Visit, "sign_offs/*", Rule::Append, CLINICAL),
    row(Visit, "amendments/*", Rule::Append, CLINICAL),
    row(Visit, "settlements/*", Rule::Append, CLINICAL),
    row(Visit, "duplicates/*", Rule::Append, CLINICAL),
    row(Visit, "notices/*", Rule::Append, CLINICAL),
    row(Chart, "schema", Rule::Fixed, CLINICAL),
    row(Chart, "kind", Rule::Fixed, CLINICAL),
    row(Chart, "patient", Rule::Fixed, CLINICAL),
    row(Chart, "spo2_scale", Rule::KeepBoth, CLINICAL),
    // Two people who heard two wishes: until somebody settles it, nobody is written to.
    row(Chart, "notice_wishes", Rule::KeepBoth, CLINICAL),
    row(Chart, "contacts/*", Rule::Append, PLAIN),
    row(Chart, "contacts/*/name", Rule::Latest, PLAIN),
    row(Chart, "contacts/*/relationship", Rule::Latest, PLAIN),
    row(Chart, "contacts/*/phone", Rule::Latest, PLAIN),
    row(Chart, "contacts/*/preference", Rule::Latest, PLAIN),
    row(Chart, "home_access/*", Rule::Latest, PLAIN),
    row(Chart, "allergies/*", Rule::Append, CLINICAL),
    row(Chart, "allergies/*/code", Rule::KeepBoth, CLINICAL),
    ranked(
        Chart,
        "allergies/*/status",
        Rule::Safer,
        CLINICAL,
        Ladder::AllergyStatus,
    ),
    ranked(
        Chart,
        "allergies/*/severity",
        Rule::Safer,
        CLINICAL,
        Ladder::Severity,
    ),
    row(Chart, "allergies/*/reaction", Rule::KeepBoth, CLINICAL),
    row(Chart, "allergies/*/ingredients", Rule::KeepBoth, CLINICAL),
    row(Chart, "conditions/*", Rule::Append, CLINICAL),
    row(Chart, "conditions/*/code", Rule::KeepBoth, CLINICAL),
    row(
        Chart,
        "conditions/*/clinical_status",
        Rule::KeepBoth,
        CLINICAL,
    ),
    row(Chart, "conditions/*/verification", Rule::KeepBoth, CLINICAL),
    row(Chart, "conditions/*/onset", Rule::KeepBoth, CLINICAL),
    row(Chart, "medications/*", Rule::Append, CLINICAL),
    row(Chart, "medications/*/code", Rule::KeepBoth, CLINICAL),
    row(Chart, "medications/*/status", Rule::KeepBoth, CLINICAL),
    row(Chart, "medications/*/dose", Rule::KeepBoth, CLINICAL),
    row(Chart, "medications/*/frequency", Rule::KeepBoth, CLINICAL),
    row(Chart, "medications/*/as_needed", Rule::KeepBoth, CLINICAL),
    row(Chart, "medications/*/dosing", Rule::KeepBoth, CLINICAL),
    row(Chart, "medications/*/ingredients", Rule::KeepBoth, CLINICAL),
    row(Chart, "alerts/*", Rule::Append, CLINICAL),
    row(Chart, "alerts/*/text", Rule::KeepBoth, CLINICAL),
    ranked(
        Chart,
        "alerts/*/severity",
        Rule::Safer,
        CLINICAL,
        Ladder::Severity,
    ),
    ranked(
        Chart,
        "alerts/*/active",
        Rule::Safer,
        CLINICAL,
        Ladder::Flag,
    ),
    row(Chart, "reviews/*", Rule::Append, CLINICAL),
    row(Chart, "messages/*", Rule::Append, CLINICAL),
    row(Chart, "message_reads/*", Rule::Append, CLINICAL),
    row(Chart, "looks/*", Rule::Append, CLINICAL),
    row(Chart, "corrections/*", Rule::Append, CLINICAL),
    row(Chart, "settlements/*", Rule::Append, CLINICAL),
    row(Plan, "schema", Rule::Fixed, CLINICAL),
    row(Plan, "kind", Rule::Fixed, CLINICAL),
    row(Plan, "patient", Rule::Fixed, CLINICAL),
    row(Plan, "title", Rule::Latest, PLAIN),
    row(Plan, "status", Rule::KeepBoth, CLINICAL),
    row(Plan, "time_zone", Rule::KeepBoth, CLINICAL),
    // A template's later version is another template: it never reaches the plan.
    row(Plan, "template", Rule::Fixed, CLINICAL),
    row(Plan, "assignee", Rule::KeepBoth, CLINICAL),
    row(Plan, "narrative", Rule::Text, CLINICAL),
    row(Plan, "goals/*", Rule::Append, CLINICAL),
    row(Plan, "goals/*/text", Rule::KeepBoth, CLINICAL),
    row(Plan, "goals/*/lifecycle", Rule::KeepBoth, CLINICAL),
    row(Plan, "goals/*/achievement", Rule::KeepBoth, CLINICAL),
    row(Plan, "goals/*/due", Rule::KeepBoth, CLINICAL),
    row(Plan, "activities/*", Rule::Append, CLINICAL),
    row(Plan, "activities/*/code", Rule::KeepBoth, CLINICAL),
    ranked(
        Plan,
        "activities/*/status",
        Rule::Forward,
        CLINICAL,
        Ladder::TaskStatus,
    ),
    row(Plan, "activities/*/progress", Rule::KeepBoth, CLINICAL),
    row(Plan, "activities/*/schedule", Rule::KeepBoth, CLINICAL),
    row(Plan, "activities/*/lifecycle", Rule::KeepBoth, CLINICAL),
    row(Plan, "activities/*/assignee", Rule::KeepBoth, CLINICAL),
    row(Plan, "activities/*/instructions", Rule::KeepBoth, CLINICAL),
    row(Plan, "progress/*", Rule::Append, CLINICAL),
    row(Plan, "pauses/*", Rule::Append, CLINICAL),
    row(Plan, "adherence/*", Rule::Append, CLINICAL),
    row(Plan, "settlements/*", Rule::Append, CLINICAL),
];

/// The policy of a field; none for what this version does not know.
#[must_use]
pub fn rule_of(kind: DocumentKind, path: &FieldPath) -> Option<FieldPolicy> {
    find(kind, path).map(|row| row.policy)
}

fn find(kind: DocumentKind, path: &FieldPath) -> Option<&'static Row> {
    TABLE
        .iter()
        .find(|row| row.kind == kind && path.matches(row.pattern))
}

/// What to show of concurrent values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resolved {
    /// Index of the value that is shown.
    pub(super) winner: usize,
    /// The rule, when the difference must be settled by a person.
    pub(super) open: Option<Rule>,
}

/// Judges the concurrent values of one field. `values` are distinct, at least
/// one, and in automerge's order, its winner last: the same on every replica.
pub(super) fn resolve(kind: DocumentKind, path: &FieldPath, values: &[Value]) -> Resolved {
    let last = values.len().saturating_sub(1);
    let shown = |winner, open| Resolved { winner, open };
    let Some(row) = find(kind, path).filter(|_| values.len() > 1) else {
        return shown(last, None);
    };
    let rule = row.policy.rule;
    match rule {
        Rule::KeepBoth => shown(last, Some(rule)),
        Rule::Forward | Rule::Safer => {
            let open = any_pair(values, |one, other| contradict(row.ladder, one, other));
            shown(highest(row.ladder, values), open.then_some(rule))
        }
        Rule::Latest | Rule::Append | Rule::Text | Rule::Fixed => shown(last, None),
    }
}

fn any_pair(values: &[Value], test: impl Fn(&Value, &Value) -> bool) -> bool {
    values.iter().enumerate().any(|(index, one)| {
        let rest = values.get(index + 1..).unwrap_or_default();
        rest.iter().any(|other| test(one, other))
    })
}

/// The highest rank; among equal ranks automerge's winner.
fn highest(ladder: Ladder, values: &[Value]) -> usize {
    let ranks = values.iter().enumerate();
    ranks
        .max_by_key(|(index, value)| (rank(ladder, value), *index))
        .map_or(0, |(index, _)| index)
}

/// Statuses that this version does not know stand below those that it does, so
/// that a newer phone's word never hides a known danger; see [`contradict`].
fn rank(ladder: Ladder, value: &Value) -> Option<u8> {
    let text = value.as_str();
    match ladder {
        Ladder::None => None,
        Ladder::VisitStatus => text?.parse::<VisitStatus>().ok().map(VisitStatus::progress),
        Ladder::TaskStatus => text?.parse::<TaskStatus>().ok().map(TaskStatus::progress),
        Ladder::AllergyStatus => AllergyStatus::deserialize(value).ok().map(|it| it as u8),
        Ladder::Severity => Severity::deserialize(value).ok().map(|it| it as u8),
        Ladder::Flag => value.as_bool().map(u8::from),
        Ladder::Planned => PlannedStatus::deserialize(value.get("status")?)
            .ok()?
            .progress(),
        Ladder::Consent => match decision_of(value)? {
            ConsentDecision::Unknown => None,
            ConsentDecision::Given => Some(0),
            ConsentDecision::Declined => Some(1),
        },
    }
}

/// Whether two concurrent steps exclude each other. A step that this version
/// does not know may mean anything: a person looks at it.
fn contradict(ladder: Ladder, one: &Value, other: &Value) -> bool {
    if ladder == Ladder::Planned {
        return said(one) != said(other);
    }
    if ladder == Ladder::Consent {
        let known = |decision: &ConsentDecision| *decision != ConsentDecision::Unknown;
        let one = decision_of(one).filter(known);
        return one.is_none() || one != decision_of(other);
    }
    let (Some(one), Some(other)) = (one.as_str(), other.as_str()) else {
        return true;
    };
    match ladder {
        Ladder::VisitStatus => match (one.parse::<VisitStatus>(), other.parse()) {
            (Ok(one), Ok(other)) => one.contradicts(other),
            _ => true,
        },
        Ladder::TaskStatus => match (one.parse::<TaskStatus>(), other.parse()) {
            (Ok(one), Ok(other)) => one.contradicts(other),
            _ => true,
        },
        Ladder::None
        | Ladder::AllergyStatus
        | Ladder::Severity
        | Ladder::Flag
        | Ladder::Planned
        | Ladder::Consent => true,
    }
}

/// What a consent decides; none where it says nothing.
fn decision_of(consent: &Value) -> Option<ConsentDecision> {
    ConsentDecision::deserialize(consent.get("decision")?).ok()
}

/// What an outcome says beside who says it and when: two people who both saw to a task
/// do not disagree.
fn said(outcome: &Value) -> Value {
    let mut said = outcome.clone();
    if let Some(fields) = said.as_object_mut() {
        fields.retain(|name, _| !matches!(name.as_str(), "by" | "at_ms"));
    }
    said
}
