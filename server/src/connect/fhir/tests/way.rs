//! How a visit came about, out and back: made by a nurse, given to another, perhaps twice.

use std::collections::BTreeMap;

use homeround::model::*;
use serde_json::{Value, json};

use super::export::of_type;
use super::import;
use super::sample::{Sample, entry, id, sample};

/// An appointment's extension by its name, as its parts by name.
fn way<'b>(appointment: &'b Value, name: &str) -> BTreeMap<&'b str, &'b Value> {
    let said = appointment["extension"].as_array().unwrap().iter();
    let mut said = said.filter(|it| it["url"].as_str().unwrap().ends_with(&format!("/{name}")));
    let parts = said.next().unwrap()["extension"].as_array().unwrap();
    let named = |part: &'b Value| {
        let mut fields = part.as_object().unwrap().iter();
        let value = fields.find(|(key, _)| key.starts_with("value")).unwrap().1;
        (part["url"].as_str().unwrap(), value)
    };
    parts.iter().map(named).collect()
}

#[test]
fn an_unplanned_visit_a_hand_over_and_a_decision_travel_with_the_appointment() {
    let bundle = sample().export();
    let appointment = of_type(&bundle, "Appointment")[0];
    let made = way(appointment, "unplanned");
    assert_eq!(made["reason"], "condition_changed");
    assert_eq!(made["comment"], "The daughter called.");
    let given = way(appointment, "handover");
    assert_eq!(given["reason"], "end_of_shift");
    assert_eq!(given["to"], made["by"]);
    let decided = way(appointment, "duplicate");
    assert_eq!(decided["verdict"], "two_visits");
    assert_eq!(decided["other"]["value"], format!("urn:uuid:{}", id(0x0ad)));
}

#[test]
fn how_a_visit_that_is_still_to_come_came_about_is_read_back() {
    let sample = sample();
    let visit = Visit {
        status: VisitStatus::Scheduled,
        ..sample.visit.clone()
    };
    let mut bundle = Sample { visit, ..sample }.export();
    // The visit that was decided about, as the same source would send it.
    let mut twin = of_type(&bundle, "Appointment")[0].clone();
    twin["id"] = json!(id(0x0ad));
    twin.as_object_mut().unwrap().remove("extension");
    let entry = json!({ "fullUrl": format!("urn:uuid:{}", id(0x0ad)), "resource": twin });
    bundle["entry"].as_array_mut().unwrap().push(entry);
    let taken = import(&serde_json::to_vec(&bundle).unwrap()).unwrap();
    let bookings = taken.records.iter();
    let bookings = bookings.filter(|record| record.kind == RecordKind::Booking);
    let bookings: Vec<Booking> = bookings
        .map(|record| serde_json::from_str(&record.body).unwrap())
        .collect();
    assert_eq!(bookings.len(), 2);
    let booking = bookings.iter().find(|one| one.unplanned).unwrap();
    let twin = bookings.iter().find(|one| !one.unplanned).unwrap();
    let document = taken
        .documents
        .iter()
        .find(|one| one.id == DocumentId::visit(booking.visit));
    let read: Visit = serde_json::from_value(document.unwrap().tree.clone()).unwrap();
    let made = read.unplanned.unwrap();
    assert_eq!(made.reason, UnplannedReason::ConditionChanged);
    assert_eq!(made.comment.as_deref(), Some("The daughter called."));
    assert_eq!(made.minutes, 60);
    let given = read.handover.unwrap();
    assert_eq!(
        (given.reason, given.to),
        (HandoverReason::EndOfShift, made.by)
    );
    assert_eq!(
        given.state(Some(booking)),
        HandoverState::Overruled,
        "the source says who is booked, whatever was given before"
    );
    let decided: Vec<_> = read.duplicates.into_values().collect();
    assert_eq!(decided.len(), 1);
    assert_eq!(
        (decided[0].other, decided[0].verdict, decided[0].by),
        (twin.visit, DuplicateVerdict::TwoVisits, made.by)
    );
}

#[test]
fn where_a_visit_was_called_off_is_said_with_the_step() {
    let sample = sample();
    let mut visit = sample.visit.clone();
    let door = Fix {
        latitude_deg: 42.5,
        longitude_deg: -70.9,
        accuracy_m: 12.0,
    };
    let reason = Some(NotDoneReason::NotAtHome);
    let missed = StepEntry {
        reason,
        ..super::sample::step(VisitStatus::Missed, 10, Some(door))
    };
    visit.status = VisitStatus::Missed;
    visit.steps = BTreeMap::from([(entry(0x99), missed)]);
    let bundle = Sample { visit, ..sample }.export();
    let encounter = of_type(&bundle, "Encounter")[0];
    let place = way(&encounter["statusHistory"][0], "place");
    assert_eq!(
        (place["latitude"], place["longitude"]),
        (&json!(42.5), &json!(-70.9))
    );
    assert_eq!(place["accuracy-m"], &json!(12.0));
    let paused = self::sample().export();
    let history = of_type(&paused, "Encounter")[0]["statusHistory"].to_string();
    assert!(
        history.contains("break-reason\",\"valueCode\":\"call"),
        "{history}"
    );
}
