//! The visit's own: its steps, what was measured and done, its note.

use homeround::app::{Dose, Homeround, MeasureValue, NoteEdit, TaskOutcome, VitalsEntry};
use homeround::model::{
    BreakReason, EntryId, FieldPath, Finding, Fix, NewMark, NotDoneReason, Signer, TaskStatus,
    Visit, VisitId, VisitStatus,
};
use homeround::vault::Unlock;
use serde_json::json;

use super::super::model::Fact;
use super::super::parts::START;
use super::{Done, coding, entry, put, words};
use crate::disk::Dice;

pub(super) fn on_visit(
    app: &Homeround,
    id: VisitId,
    seen: &Visit,
    number: u64,
    dice: &mut Dice,
) -> Done {
    let visit = app.visit(id);
    if let Some(done) = settle(app, id, dice) {
        return done;
    }
    match dice.below(100) {
        0..=25 => step(app, id, seen, number, dice),
        26..=37 => vitals(app, id, number),
        38..=47 => task(app, id, seen, number, dice),
        48..=64 => note(app, id, number, dice),
        65..=74 => {
            let kilos = 40.0 + (number % 20_000) as f64 / 100.0;
            let saved = visit.set_measure(MeasureValue::WeightKg(kilos));
            (
                "weight",
                saved,
                vec![put("measures/weight_kg", json!(kilos))],
            )
        }
        75..=84 => {
            let dose = Dose {
                value: 1.0 + number as f64 / 4.0,
                unit: "mg".into(),
            };
            let facts = entry("medications", "/comment", json!(words(number)));
            let code = coding("Furosemide");
            let saved = visit.medication_given(None, code, Some(dose), Some(words(number)));
            ("medication", saved, facts)
        }
        85..=89 => {
            let text = words(number);
            let saved = visit.set_outcome(&text);
            ("outcome", saved, vec![put("outcome", json!(text))])
        }
        90..=91 => {
            let mark = NewMark::Typed(words(number));
            let facts = entry("sign_offs", "/text", json!(words(number)));
            ("sign-off", visit.sign_off(Signer::Patient, mark), facts)
        }
        92..=94 => {
            let finding = Finding::Text {
                code: coding("Wound"),
                text: words(number),
            };
            let facts = entry("observations", "/text", json!(words(number)));
            ("finding", visit.observe(START, finding), facts)
        }
        _ => match seen.observations.keys().next() {
            Some(target) => {
                let saved = visit.correct("observations", *target, None, &words(number));
                let facts = entry("corrections", "/reason", json!(words(number)));
                ("correction", saved, facts)
            }
            None => note(app, id, number, dice),
        },
    }
}

fn vitals(app: &Homeround, id: VisitId, number: u64) -> Done {
    let pulse = 50 + u16::try_from(number % 120).unwrap_or(0);
    let vitals = VitalsEntry {
        measured_at: START.plus(i64::try_from(number).unwrap_or(0)),
        pulse_bpm: Some(pulse),
        ..VitalsEntry::default()
    };
    let facts = entry("observations", "/pulse_bpm", json!(pulse));
    ("vitals", app.visit(id).record_vitals(&vitals), facts)
}

/// Settles a disagreement, where there is one and the nurse sees to it.
fn settle(app: &Homeround, id: VisitId, dice: &mut Dice) -> Option<Done> {
    let visit = app.visit(id);
    let conflicts = visit.conflicts().unwrap_or_default();
    let conflict = conflicts.first().filter(|_| dice.chance(40))?;
    let at = usize::try_from(dice.below(conflict.values.len() as u64)).unwrap_or(0);
    let chosen = &conflict.values[at].value;
    let saved = visit.settle(&conflict.path, chosen);
    Some(("settle", saved, vec![put(&conflict.path.0, chosen.clone())]))
}

fn step(app: &Homeround, id: VisitId, seen: &Visit, number: u64, dice: &mut Dice) -> Done {
    let visit = app.visit(id);
    let fix = Some(Fix {
        latitude_deg: 42.0 + number as f64 / 1.0e6,
        longitude_deg: -71.0,
        accuracy_m: 12.0,
    });
    let comment = Some(words(number));
    let to = |to: &str| entry("steps", "/to", json!(to));
    match seen.status {
        VisitStatus::Scheduled if dice.chance(4) => {
            let saved = visit.miss(NotDoneReason::NotAtHome, comment, None);
            ("missed", saved, to("missed"))
        }
        VisitStatus::Scheduled => ("travel", visit.start_travel(fix), to("traveling")),
        VisitStatus::Traveling => ("check in", visit.check_in(fix), to("in_progress")),
        VisitStatus::OnBreak => ("resume", visit.resume(None), to("in_progress")),
        VisitStatus::InProgress if dice.chance(20) => {
            let reason = Some(BreakReason::Waiting);
            (
                "break",
                visit.take_break(reason, None, None),
                to("on_break"),
            )
        }
        VisitStatus::InProgress => ("complete", visit.complete(fix), to("completed")),
        VisitStatus::Completed => {
            let facts = entry("signatures", "/role", json!("nurse"));
            ("sign", visit.sign(&Unlock::Biometric), facts)
        }
        _ => {
            let saved = visit.amend(&words(number), None);
            let facts = entry("amendments", "/reason", json!(words(number)));
            ("amend", saved, facts)
        }
    }
}

fn task(app: &Homeround, id: VisitId, seen: &Visit, number: u64, dice: &mut Dice) -> Done {
    let visit = app.visit(id);
    let tasks: Vec<&EntryId> = seen.tasks.keys().collect();
    if tasks.is_empty() || dice.chance(15) {
        let saved = visit.add_task(&words(number), false);
        return (
            "new task",
            saved,
            entry("tasks", "/title", json!(words(number))),
        );
    }
    let task = **dice.pick(&tasks);
    let mut outcome = TaskOutcome::done();
    if dice.chance(30) {
        outcome.status = TaskStatus::NotDone;
        outcome.result = None;
        outcome.reason = Some(NotDoneReason::Refused);
    }
    outcome.comment = Some(words(number));
    let saved = visit.set_task(task, &outcome);
    let facts = vec![put(&format!("tasks/{task}/comment"), json!(words(number)))];
    ("task", saved, facts)
}

fn note(app: &Homeround, id: VisitId, number: u64, dice: &mut Dice) -> Done {
    let text = format!("{}. ", words(number));
    let edit = NoteEdit {
        at: dice.chance(25).then_some(0),
        delete: 0,
        insert: text.clone(),
    };
    let path = FieldPath("note".into());
    let saved = app.visit(id).edit_note(&edit);
    ("note", saved, vec![Fact::Typed { path, text }])
}
