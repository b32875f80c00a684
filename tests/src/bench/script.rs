//! What a person does in a visit, twenty edits, and the same as JSON patches.

use homeround::app::{
    AppError, Dose, Homeround, MeasureValue, NoteEdit, Saved, TaskOutcome, VitalsEntry,
};
use homeround::model::{Coding, EntryId, Finding, Fix, Millis, NotDoneReason, TaskStatus};
use serde_json::{Value, json};

use super::Outcome;
use super::world::{Dice, Seed, drug, wound_size};

/// One edit with its values.
pub(crate) enum Edit {
    Travel,
    CheckIn(Fix),
    Vitals(VitalsEntry),
    Weight(f64),
    Pain(u8),
    Done(EntryId),
    NotDone(EntryId, String),
    Note(String),
    Given(Coding, f64),
    NotGiven(Coding, String),
    Wound(f64, i64),
    AddTask(String),
    Outcome(String),
    Complete(Fix),
}

/// One person's edits of a visit, in order.
pub(crate) fn edits(seed: &Seed, dice: &mut Dice, at_ms: i64) -> Vec<Edit> {
    let task = |place: usize| seed.tasks[place];
    vec![
        Edit::Travel,
        Edit::CheckIn(fix(dice)),
        Edit::Vitals(vitals(dice, at_ms)),
        Edit::Weight(f64::from(dice.within(500, 1100)) / 10.0),
        Edit::Done(task(0)),
        Edit::Done(task(1)),
        Edit::Note(dice.sentence(9)),
        Edit::Given(drug(dice), f64::from(dice.within(1, 4))),
        Edit::Wound(f64::from(dice.within(5, 80)) / 10.0, at_ms),
        Edit::NotDone(task(2), dice.sentence(6)),
        Edit::Note(dice.sentence(9)),
        Edit::Vitals(vitals(dice, at_ms)),
        Edit::NotGiven(drug(dice), dice.sentence(6)),
        Edit::Done(task(3)),
        Edit::Pain(u8::try_from(dice.below(11)).unwrap_or(0)),
        Edit::Note(dice.sentence(9)),
        Edit::AddTask(dice.sentence(4)),
        Edit::Done(task(5)),
        Edit::Outcome(dice.sentence(6)),
        Edit::Complete(fix(dice)),
    ]
}

fn fix(dice: &mut Dice) -> Fix {
    Fix {
        latitude_deg: 42.0 + f64::from(dice.within(0, 50_000)) / 100_000.0,
        longitude_deg: -71.0 - f64::from(dice.within(0, 50_000)) / 100_000.0,
        accuracy_m: f64::from(dice.within(3, 40)),
    }
}

fn vitals(dice: &mut Dice, at_ms: i64) -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(at_ms),
        pulse_bpm: Some(dice.within(55, 110)),
        systolic_mmhg: Some(dice.within(100, 170)),
        diastolic_mmhg: Some(dice.within(55, 95)),
        temperature_c: Some(f64::from(dice.within(360, 385)) / 10.0),
        spo2_percent: u8::try_from(dice.within(90, 99)).ok(),
        ..VitalsEntry::default()
    }
}

/// Makes the edit through the public face.
pub(crate) fn make(app: &Homeround, seed: &Seed, edit: &Edit) -> Result<Saved, AppError> {
    let visit = app.visit(seed.visit);
    let not_done = |comment: &String| TaskOutcome {
        status: TaskStatus::NotDone,
        result: None,
        reason: Some(NotDoneReason::Refused),
        comment: Some(comment.clone()),
    };
    match edit {
        Edit::Travel => visit.start_travel(None),
        Edit::CheckIn(fix) => visit.check_in(Some(*fix)),
        Edit::Vitals(entry) => visit.record_vitals(entry),
        Edit::Weight(kg) => visit.set_measure(MeasureValue::WeightKg(*kg)),
        Edit::Pain(score) => visit.set_measure(MeasureValue::PainScore(*score)),
        Edit::Done(task) => visit.set_task(*task, &TaskOutcome::done()),
        Edit::NotDone(task, comment) => visit.set_task(*task, &not_done(comment)),
        Edit::Note(text) => visit.edit_note(&NoteEdit {
            insert: text.clone(),
            ..NoteEdit::default()
        }),
        Edit::Given(code, dose) => {
            let dose = Dose {
                value: *dose,
                unit: "1".into(),
            };
            visit.medication_given(None, code.clone(), Some(dose), None)
        }
        Edit::NotGiven(code, comment) => visit.medication_not_given(
            None,
            code.clone(),
            NotDoneReason::Refused,
            Some(comment.clone()),
        ),
        Edit::Wound(cm, at) => visit.observe(
            Millis(*at),
            Finding::Quantity {
                code: wound_size(),
                value: *cm,
                unit: "cm".into(),
            },
        ),
        Edit::AddTask(title) => visit.add_task(title, false),
        Edit::Outcome(words) => visit.set_outcome(words),
        Edit::Complete(fix) => visit.complete(Some(*fix)),
    }
}

/// The same as a JSON patch. Entries are those that the product wrote, read
/// from `view`, under the same ids.
pub(crate) fn patch(edit: &Edit, entry: Option<EntryId>, view: &Value) -> Outcome<Value> {
    let add = |path: String, value: Value| json!({ "op": "add", "path": path, "value": value });
    let appended = |section: &str| -> Outcome<Value> {
        let id = entry.ok_or("an edit without its entry")?.to_string();
        let value = view[section][&id].clone();
        Ok(add(format!("/{section}/{id}"), value))
    };
    let put = |path: &str, value: Value| add(format!("/{path}"), value);
    Ok(Value::Array(match edit {
        Edit::Travel => vec![put("status", json!("traveling")), appended("steps")?],
        Edit::CheckIn(_) => vec![put("status", json!("in_progress")), appended("steps")?],
        Edit::Complete(_) => vec![put("status", json!("completed")), appended("steps")?],
        Edit::Vitals(_) | Edit::Wound(..) => vec![appended("observations")?],
        Edit::Given(..) | Edit::NotGiven(..) => vec![appended("medications")?],
        Edit::AddTask(_) => vec![appended("tasks")?],
        Edit::Weight(kg) => vec![put("measures/weight_kg", json!(kg))],
        Edit::Pain(score) => vec![put("measures/pain_score", json!(score))],
        Edit::Outcome(words) => vec![put("outcome", json!(words))],
        Edit::Note(text) => vec![json!({ "op": "append", "path": "/note", "value": text })],
        Edit::Done(task) => vec![
            put(&format!("tasks/{task}/status"), json!("done")),
            put(&format!("tasks/{task}/result"), json!("pass")),
        ],
        Edit::NotDone(task, comment) => vec![
            put(&format!("tasks/{task}/status"), json!("not_done")),
            put(&format!("tasks/{task}/reason"), json!("refused")),
            put(&format!("tasks/{task}/comment"), json!(comment)),
        ],
    }))
}

/// Applies a patch to a tree, as a plain app does.
pub(crate) fn apply(tree: &mut Value, patch: &Value) {
    for step in patch.as_array().into_iter().flatten() {
        let path = step["path"].as_str().unwrap_or_default();
        let mut place = &mut *tree;
        for part in path.split('/').skip(1) {
            place = &mut place[part];
        }
        match (step["op"].as_str(), place.as_str(), step["value"].as_str()) {
            (Some("append"), Some(text), Some(more)) => *place = json!(format!("{text}{more}")),
            _ => *place = step["value"].clone(),
        }
    }
}
