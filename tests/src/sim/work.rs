//! What nurses do on their phones: one edit at a time, as a person would.

use homeround::app::{
    AppError, ChartHandle, Dose, Homeround, MeasureValue, NewMessage, NewNoticeWishes, NoteEdit,
    ProgressNote, Saved, TaskOutcome, VitalsEntry,
};
use homeround::model::{
    Alert, Allergy, AllergyStatus, BreakReason, Coding, Contact, DocumentId, EntryId, FieldPath,
    Finding, Fix, Medication, MessagePriority, NewMark, NotDoneReason, NoticeChannel, PatientId,
    Schedule, Severity, Signer, TaskStatus, Visit, VisitId, VisitStatus, WishedBy,
};
use homeround::vault::Unlock;
use serde_json::{Value, json};

use super::model::Fact;
use super::parts::START;
use crate::disk::Dice;

/// Stands in everything that is typed, so that a log that holds it gives itself away.
pub(super) const CANARY: &str = "zaunkoenig";

/// An edit that was tried.
pub(super) struct Tried {
    pub(super) what: &'static str,
    pub(super) document: DocumentId,
    pub(super) saved: Result<Saved, AppError>,
    pub(super) facts: Vec<Fact>,
}

type Done = (&'static str, Result<Saved, AppError>, Vec<Fact>);

fn entry(section: &'static str, pointer: &'static str, value: Value) -> Vec<Fact> {
    vec![Fact::Entry {
        section,
        pointer,
        value,
    }]
}

fn put(path: &str, value: Value) -> Fact {
    Fact::Put {
        path: FieldPath(path.into()),
        value,
    }
}

fn coding(text: &str) -> Coding {
    Coding {
        text: text.into(),
        ..Coding::default()
    }
}

fn words(number: u64) -> String {
    format!("{CANARY} {number}")
}

/// One edit of somebody who stands in this patient's home. `number` is in every value, so
/// that no two edits say the same.
pub(super) fn edit(
    app: &Homeround,
    (visit, patient): (VisitId, PatientId),
    number: u64,
    dice: &mut Dice,
) -> Tried {
    if dice.chance(22) {
        let (what, saved, facts) = on_chart(app, patient, number, dice);
        return Tried {
            what,
            document: DocumentId::chart(patient),
            saved,
            facts,
        };
    }
    if dice.chance(8)
        && let Some(tried) = on_plan(app, patient, number, dice)
    {
        return tried;
    }
    let (what, saved, facts) = match app.visit(visit).read() {
        Ok(seen) => on_visit(app, visit, &seen, number, dice),
        Err(error) => ("look at a visit", Err(error), Vec::new()),
    };
    Tried {
        what,
        document: DocumentId::visit(visit),
        saved,
        facts,
    }
}

fn on_visit(app: &Homeround, id: VisitId, seen: &Visit, number: u64, dice: &mut Dice) -> Done {
    let visit = app.visit(id);
    let conflicts = visit.conflicts().unwrap_or_default();
    if let Some(conflict) = conflicts.first()
        && dice.chance(40)
    {
        let at = usize::try_from(dice.below(conflict.values.len() as u64)).unwrap_or(0);
        let chosen = &conflict.values[at].value;
        let saved = visit.settle(&conflict.path, chosen);
        return ("settle", saved, vec![put(&conflict.path.0, chosen.clone())]);
    }
    match dice.below(100) {
        0..=17 => step(app, id, seen, number, dice),
        18..=35 => {
            let pulse = 50 + u16::try_from(number % 120).unwrap_or(0);
            let vitals = VitalsEntry {
                measured_at: START.plus(i64::try_from(number).unwrap_or(0)),
                pulse_bpm: Some(pulse),
                ..VitalsEntry::default()
            };
            let facts = entry("observations", "/pulse_bpm", json!(pulse));
            ("vitals", visit.record_vitals(&vitals), facts)
        }
        36..=47 => task(app, id, seen, number, dice),
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

fn on_chart(app: &Homeround, patient: PatientId, number: u64, dice: &mut Dice) -> Done {
    let chart = app.chart(patient);
    let text = words(number);
    let seen = match chart.read() {
        Ok(seen) => seen,
        Err(error) => return ("look at a chart", Err(error), Vec::new()),
    };
    let conflicts = chart.conflicts().unwrap_or_default();
    if let Some(conflict) = conflicts.first()
        && dice.chance(50)
    {
        let chosen = &conflict.values[0].value;
        let saved = chart.settle(&conflict.path, chosen);
        return ("settle", saved, vec![put(&conflict.path.0, chosen.clone())]);
    }
    let medication = seen.medications.keys().next().copied();
    match (dice.below(100), medication) {
        (0..=24, _) => {
            let saved = chart.set_home_access("door_code", &text);
            let facts = vec![put("home_access/door_code", json!(text))];
            ("door code", saved, facts)
        }
        (25..=54, Some(id)) => {
            let saved = chart.set_dose(id, &text);
            let facts = vec![put(&format!("medications/{id}/dose"), json!(text))];
            ("dose", saved, facts)
        }
        (25..=54, None) => {
            let new = Medication {
                code: coding(&text),
                status: "active".into(),
                dose: Some("5 mg".into()),
                frequency: None,
                as_needed: false,
                dosing: None,
                ingredients: Vec::new(),
            };
            let facts = entry("medications", "/code/text", json!(text));
            ("new medication", chart.add_medication(&new), facts)
        }
        (55..=57, _) => wishes(&chart, number),
        (58..=64, _) => allergy(&chart, &text),
        (65..=74, _) => {
            let new = Alert {
                text: text.clone(),
                severity: Severity::Moderate,
                active: true,
            };
            let facts = entry("alerts", "/text", json!(text));
            ("alert", chart.add_alert(&new), facts)
        }
        (75..=84, _) => contact(&chart, &text),
        (85..=91, _) => message(&chart, &text),
        (92..=94, _) => match chart.mark_messages_read() {
            Ok(Some(saved)) => ("messages read", Ok(saved), Vec::new()),
            Ok(None) => message(&chart, &text),
            Err(error) => ("messages read", Err(error), Vec::new()),
        },
        _ => {
            let saved = chart.review("medications", Some(text.clone()));
            ("review", saved, entry("reviews", "/comment", json!(text)))
        }
    }
}

fn allergy(chart: &ChartHandle, text: &str) -> Done {
    let new = Allergy {
        code: coding(text),
        status: AllergyStatus::Active,
        severity: Some(Severity::Mild),
        reaction: None,
        ingredients: Vec::new(),
    };
    let facts = entry("allergies", "/code/text", json!(text));
    ("allergy", chart.add_allergy(&new), facts)
}

/// An urgent word to the team.
fn message(chart: &ChartHandle, text: &str) -> Done {
    let new = NewMessage {
        text: text.into(),
        priority: MessagePriority::Urgent,
        ..NewMessage::default()
    };
    let facts = entry("messages", "/text", json!(text));
    ("message", chart.send_message(&new), facts)
}

/// The patient says anew how they are to be reached.
fn wishes(chart: &ChartHandle, number: u64) -> Done {
    let saved = chart.set_notice_wishes(&NewNoticeWishes {
        agreed: true,
        wished_by: WishedBy::Patient,
        channel: NoticeChannel::Email,
        address: format!("{CANARY}.{number}@example.org"),
        language: None,
        quiet: None,
    });
    let stands = chart.notice_wishes().ok().flatten();
    let facts = stands.map(|it| put("notice_wishes", json!(it)));
    ("wishes", saved, facts.into_iter().collect())
}

fn contact(chart: &ChartHandle, text: &str) -> Done {
    let new = Contact {
        name: text.into(),
        relationship: None,
        phone: None,
        preference: None,
    };
    let facts = entry("contacts", "/name", json!(text));
    ("contact", chart.add_contact(&new), facts)
}

fn on_plan(app: &Homeround, patient: PatientId, number: u64, dice: &mut Dice) -> Option<Tried> {
    let (plans, _) = app.documents_of(patient).ok()?;
    let plan = *plans.first()?;
    let seen = app.plan(plan).read().ok()?;
    let activity = *seen.activities.keys().next()?;
    let text = words(number);
    let handle = app.plan(plan);
    let (what, saved, facts) = match dice.below(4) {
        0 => {
            let saved = handle.record_adherence(activity, true, Some(text.clone()));
            let facts = entry("adherence", "/comment", json!(text));
            ("adherence", saved, facts)
        }
        1 => {
            let note = ProgressNote {
                comment: Some(text.clone()),
                ..ProgressNote::default()
            };
            let facts = entry("progress", "/comment", json!(text));
            ("progress", handle.record_progress(activity, &note), facts)
        }
        2 if seen.time_zone.is_some() => {
            let schedule = Schedule {
                start: "2026-03-01T09:00".to_owned(),
                rule: Some(format!("FREQ=DAILY;INTERVAL={}", 1 + number % 1_000)),
                late_minutes: u32::try_from(number % 20_000).unwrap_or(0),
                ..Schedule::default()
            };
            let saved = handle.set_schedule(activity, Some(&schedule));
            let path = format!("activities/{activity}/schedule");
            ("schedule", saved, vec![put(&path, json!(schedule))])
        }
        _ => {
            let saved = handle.set_activity(activity, TaskStatus::Started, Some(&text));
            let facts = vec![put(&format!("activities/{activity}/progress"), json!(text))];
            ("activity", saved, facts)
        }
    };
    Some(Tried {
        what,
        document: DocumentId::plan(plan),
        saved,
        facts,
    })
}

/// What a phone does that asks nobody: the first of the values stands.
pub(super) fn settle_everything(app: &Homeround) {
    for id in app.documents().unwrap_or_default() {
        if id.kind != homeround::model::DocumentKind::Visit {
            continue;
        }
        let visit = app.visit(VisitId(id.id));
        for conflict in visit.conflicts().unwrap_or_default() {
            let _ = visit.settle(&conflict.path, &conflict.values[0].value);
        }
    }
}
