//! The card of a patient in the context of a visit.

use serde_json::{Value, json};

use super::*;
use crate::app::{AppError, NewMessage, PatientCard, VitalsEntry};
use crate::model::*;

fn allergy(text: &str, status: &str, severity: Option<&str>) -> Value {
    json!({ "code": { "text": text }, "status": status, "severity": severity })
}

fn medication(text: &str, status: &str) -> Value {
    json!({ "code": { "text": text }, "status": status, "as_needed": false })
}

/// A chart with something of everything, and a plan that asks for weighing every day.
fn hub() -> Hub {
    let mut hub = Hub::new();
    let key = |number: u128| id(number).to_string();
    let chart = json!({ "schema": 1, "kind": "chart", "patient": hub.patient,
        "allergies": {
            key(1): allergy("Latex", "active", Some("mild")),
            key(2): allergy("Penicillin", "active", Some("severe")),
            key(3): allergy("Pollen", "refuted", Some("severe")),
            key(4): allergy("Iodine", "unconfirmed", None),
        },
        "conditions": {
            key(5): { "code": { "text": "Heart failure" }, "clinical_status": "active" },
            key(6): { "code": { "text": "Pneumonia" }, "clinical_status": "resolved" },
        },
        "medications": {
            key(7): medication("Furosemide", "active"),
            key(8): medication("Ibuprofen", "stopped"),
        },
        "alerts": {
            key(9): { "text": "Oxygen in the bedroom", "severity": "moderate", "active": true },
            key(10): { "text": "Dog bites", "severity": "severe", "active": true },
            key(11): { "text": "Wet floor", "severity": "severe", "active": false },
        },
        "home_access": { "door_code": "4711", "parking": "" },
        "contacts": { key(12): { "name": "Ana Saavedra", "relationship": "daughter",
            "phone": "+1 555 0100" } },
    });
    hub.add_document(DocumentId::chart(hub.patient), &chart);
    let plan = json!({ "schema": 1, "kind": "plan", "patient": hub.patient,
        "title": "Heart failure at home", "status": "active", "time_zone": "UTC",
        "activities": { key(20): { "code": { "text": "Weigh" }, "status": "open",
            "schedule": { "start": "2026-11-01T08:00", "rule": "FREQ=DAILY",
                "early_minutes": 60, "late_minutes": 600 } },
            key(21): { "code": { "text": "Call the doctor" }, "status": "open",
            "schedule": { "start": "2026-11-20T08:00", "early_minutes": 0, "late_minutes": 60 } } },
    });
    hub.add_document(DocumentId::plan(PlanId(id(0x91a))), &plan);
    hub
}

fn card(phone: &Phone, hub: &Hub) -> PatientCard {
    let card = phone.app.patient_card(hub.patient, Some(hub.visit));
    card.unwrap()
}

fn set(at: i64, pulse: u16) -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(at),
        pulse_bpm: Some(pulse),
        systolic_mmhg: Some(128),
        diastolic_mmhg: Some(80),
        temperature_c: Some(36.8),
        spo2_percent: Some(97),
        respirations_per_min: Some(16),
        consciousness: Some(Consciousness::Alert),
        on_oxygen: Some(false),
        ..VitalsEntry::default()
    }
}

#[test]
fn a_card_has_what_matters_first_and_leaves_out_what_does_not_stand() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    let card = card(&nurse, &hub);
    assert_eq!(card.patient.display_name(), "José Saavedra");
    assert_eq!(card.age_months, Some(85 * 12 + 9));
    let alerts: Vec<&str> = card.alerts.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(alerts, ["Dog bites", "Oxygen in the bedroom"]);
    let allergies = card.allergies.unwrap().items;
    let allergies: Vec<&str> = allergies.iter().map(|it| it.1.code.text.as_str()).collect();
    assert_eq!(allergies, ["Penicillin", "Iodine", "Latex"]);
    assert_eq!(card.conditions.unwrap().items.len(), 1);
    let taken = card.medications.unwrap();
    assert_eq!(taken.items[0].1.code.text, "Furosemide");
    assert_eq!((taken.items.len(), taken.reviewed), (1, None));
    let ways: Vec<&String> = card.home_access.keys().collect();
    assert_eq!(ways, ["door_code"]);
    assert_eq!(card.contacts[0].relationship.as_deref(), Some("daughter"));
    let asked: Vec<&str> = card.asked.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(asked, ["Weigh"]);
    let overdue: Vec<String> = card
        .overdue
        .unwrap()
        .into_iter()
        .map(|it| it.title)
        .collect();
    assert_eq!(overdue, ["Call the doctor"]);
    assert_eq!(card.since.last, None, "a first visit");
    assert!(card.score.is_none());
}

#[test]
fn the_last_figures_come_with_the_ones_before_and_the_score_with_its_parts() {
    let mut hub = hub();
    hub.add_history(
        0x1000,
        &json!({ "patient": hub.patient, "resource": "Observation", "at_ms": START - DAY_MS,
            "status": "final", "code": { "system": LOINC, "code": "29463-7", "text": "Weight" },
            "value": "70.5", "unit": "kg" }),
    );
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    visit.record_vitals(&set(START, 78)).unwrap();
    visit.record_vitals(&set(START + 1, 112)).unwrap();
    let partial = VitalsEntry {
        measured_at: Millis(START + 2),
        weight_kg: Some(71.0),
        ..VitalsEntry::default()
    };
    let score = card(&nurse, &hub).score.unwrap();
    assert_eq!(score.assessment.news2.unwrap().total(), Some(2));
    assert_eq!(score.before, Some((0.0, Millis(START))));
    visit.record_vitals(&partial).unwrap();
    let card = card(&nurse, &hub);
    let figures = card.figures.unwrap();
    let of = |field: &str| {
        let figure = figures.iter().find(|it| it.field == field).unwrap();
        (figure.last.value, figure.before.as_ref().map(|it| it.value))
    };
    assert_eq!(of("pulse_bpm"), (112.0, Some(78.0)));
    assert_eq!(of("weight_kg"), (71.0, Some(70.5)), "out of the history");
    let score = card.score.unwrap();
    let news2 = score.assessment.news2.unwrap();
    assert_eq!(
        (news2.total(), score.before),
        (None, Some((2.0, Millis(START + 1))))
    );
}

#[test]
fn messages_that_press_come_first_and_the_rest_is_counted() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let theirs = aide.app.chart(hub.patient);
    for number in 0..4 {
        let message = NewMessage {
            text: format!("message {number}"),
            priority: match number {
                0 => MessagePriority::Urgent,
                _ => MessagePriority::Routine,
            },
            ..NewMessage::default()
        };
        theirs.send_message(&message).unwrap();
    }
    aide.push(&mut hub);
    nurse.pull(&hub);
    let waiting = card(&nurse, &hub).messages.unwrap();
    assert_eq!((waiting.unread, waiting.pressing), (4, 1));
    let texts: Vec<&str> = waiting
        .first
        .iter()
        .map(|it| it.entry.text.as_str())
        .collect();
    assert_eq!(texts, ["message 0", "message 3", "message 2"]);
}

#[test]
fn what_a_role_is_not_shown_is_not_in_its_card() {
    let mut hub = hub();
    let office = hub.phone(0x400, Role::Coordinator);
    let card = card(&office, &hub);
    assert!(card.allergies.is_none() && card.conditions.is_none());
    assert!(card.medications.is_none() && card.figures.is_none());
    assert!(card.overdue.is_none() && card.messages.is_none());
    assert_eq!((card.alerts.len(), card.contacts.len()), (2, 1));
    assert_eq!(card.home_access.len(), 1);
}

#[test]
fn a_visit_of_somebody_elses_is_no_context_and_a_patient_without_a_chart_has_a_card() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let stranger = nurse.app.patient_card(hub.patient, Some(VisitId(id(0x77))));
    assert!(matches!(
        stranger,
        Err(AppError::NotFound { what: "visit" })
    ));
    let card = nurse.app.patient_card(hub.patient, None).unwrap();
    assert!(card.allergies.unwrap().items.is_empty());
    assert!(card.asked.is_empty());
}
