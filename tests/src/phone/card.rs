//! Commands about a patient in the context of a visit.

use homeround::app::{ChangeHow, Changed, Homeround};
use homeround::model::{PatientId, VisitId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Refusal;

/// What a phone process can be told of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum CardCommand {
    /// The card of a patient.
    Card {
        /// Of whom.
        patient: PatientId,
        /// In the context of which visit.
        #[serde(default)]
        visit: Option<VisitId>,
    },
    /// What changed about a patient since this phone's person was there last.
    Since {
        /// About whom.
        patient: PatientId,
    },
}

/// Answers what asks.
pub(super) fn read(app: &Homeround, command: &CardCommand) -> Result<Value, Refusal> {
    match command {
        CardCommand::Card { patient, visit } => card(app, *patient, *visit),
        CardCommand::Since { patient } => since(app, *patient),
    }
}

/// Changes that one answer has, at most.
const CHANGES_MAX: u32 = 200;

/// The card, in brief.
pub(super) fn card(
    app: &Homeround,
    patient: PatientId,
    visit: Option<VisitId>,
) -> Result<Value, Refusal> {
    let card = app.patient_card(patient, visit)?;
    let allergies = card.allergies.map(|list| {
        let texts = list.items.into_iter().map(|(_, one)| one.code.text);
        texts.collect::<Vec<String>>()
    });
    let figures = card.figures.map(|all| {
        let told = all.into_iter().map(|one| {
            json!({ "field": one.field, "value": one.last.value,
                "before": one.before.map(|before| before.value) })
        });
        told.collect::<Vec<Value>>()
    });
    let asked: Vec<String> = card.asked.into_iter().map(|it| it.title).collect();
    Ok(json!({
        "name": card.patient.display_name(), "age_months": card.age_months, "allergies": allergies,
        "conditions": card.conditions.map(|list| list.items.len()),
        "medications": card.medications.map(|list| list.items.len()),
        "figures": figures, "home_access": card.home_access, "asked": asked,
        "unread": card.messages.map(|waiting| waiting.unread), "changes": card.since.count,
    }))
}

/// What changed since one was there last.
fn since(app: &Homeround, patient: PatientId) -> Result<Value, Refusal> {
    let told = app.since_last_here(patient, 0, CHANGES_MAX)?;
    let changes: Vec<Value> = told.changes.iter().map(change).collect();
    Ok(json!({
        "last_visit": told.last.and_then(|last| last.visit), "first": told.last.is_none(),
        "count": told.count, "changes": changes,
    }))
}

fn change(change: &Changed) -> Value {
    let fields: Vec<Value> = change
        .fields
        .iter()
        .map(|it| json!({ "name": it.name, "before": it.before, "now": it.now }))
        .collect();
    json!({
        "kind": change.kind.name(), "title": change.title, "by": change.by, "late": change.late,
        "how": match change.how {
            ChangeHow::Added => "added",
            ChangeHow::Changed => "changed",
            ChangeHow::TakenBack => "taken_back",
        },
        "fields": fields,
    })
}
