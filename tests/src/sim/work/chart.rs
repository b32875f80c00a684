//! The patient's chart.

use homeround::app::{ChartHandle, Homeround, NewMessage, NewNoticeWishes};
use homeround::model::{
    Alert, Allergy, AllergyStatus, Contact, Medication, MessagePriority, NoticeChannel, PatientId,
    QuietHours, Severity, WishedBy,
};
use serde_json::json;

use super::{CANARY, Done, coding, entry, put, words};
use crate::disk::Dice;

pub(super) fn on_chart(app: &Homeround, patient: PatientId, number: u64, dice: &mut Dice) -> Done {
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
        (55..=58, _) => wishes(&chart, number, dice),
        (59..=64, _) => allergy(&chart, &text),
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

/// The patient, or who speaks for them, says anew whether and how they are to be reached;
/// some say no, and some only by day.
pub(super) fn wishes(chart: &ChartHandle, number: u64, dice: &mut Dice) -> Done {
    let never = QuietHours {
        from_minute: 0,
        until_minute: 0,
    };
    let saved = chart.set_notice_wishes(&NewNoticeWishes {
        agreed: dice.chance(85),
        wished_by: WishedBy::Patient,
        channel: NoticeChannel::Email,
        address: format!("{CANARY}.{number}@example.org"),
        language: None,
        quiet: dice.chance(80).then_some(never),
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
