//! The care plan.

use homeround::app::{Homeround, ProgressNote};
use homeround::model::{DocumentId, PatientId, Schedule, TaskStatus};
use serde_json::json;

use super::{Tried, entry, put, words};
use crate::disk::Dice;

pub(super) fn on_plan(
    app: &Homeround,
    patient: PatientId,
    number: u64,
    dice: &mut Dice,
) -> Option<Tried> {
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
    Some(Tried::on(DocumentId::plan(plan), (what, saved, facts)))
}
