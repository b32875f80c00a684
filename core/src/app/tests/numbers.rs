//! One's own numbers, of visits that were done through the public face.

use chrono::Days;
use serde_json::json;

use super::*;
use crate::app::{AppError, MyNumbers, NUMBERS_DAYS_MAX, TaskOutcome};
use crate::model::*;
use crate::sync::SyncStore;
use crate::vault::{Pin, Unlock};
use crate::wire::RecordRow;

const DOOR: Fix = Fix {
    latitude_deg: 42.360_15,
    longitude_deg: -71.058_9,
    accuracy_m: 8.0,
};
/// Two kilometres north of the door, by latitude alone.
const AWAY: Fix = Fix {
    latitude_deg: DOOR.latitude_deg + 0.017_986,
    ..DOOR
};

/// Books the hub's visit for somebody, as a later page of the backend does.
fn book(hub: &Hub, phone: &mut Phone, assignees: &[PersonId], version: u64) {
    let booking = json!({
        "visit": hub.visit, "patient": hub.patient, "assignees": assignees, "start_ms": START,
        "end_ms": START + HOUR_MS, "service": { "text": "Skilled nursing" }, "time_zone": "UTC",
    });
    let mut page = hub.empty_page();
    page.records.push(RecordRow {
        kind: RecordKind::Booking.code(),
        id: (*hub.visit.bytes()).into(),
        patient: Some((*hub.patient.bytes()).into()),
        version,
        body: Some(booking.to_string()),
    });
    phone.store.apply_page(page).unwrap();
}

#[test]
fn a_visit_done_and_signed_is_in_the_numbers_of_its_day() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let me = nurse.person;
    book(&hub, &mut nurse, &[me], 2);
    let visit = nurse.app.visit(hub.visit);
    visit.start_travel(Some(AWAY)).unwrap();
    nurse.hands.pass(12 * MINUTE_MS);
    visit.check_in(Some(DOOR)).unwrap();
    visit.set_task(task_id(), &TaskOutcome::done()).unwrap();
    nurse.hands.pass(40 * MINUTE_MS);
    visit.complete(Some(DOOR)).unwrap();
    let today = nurse.app.today().unwrap();
    let unsigned = nurse.app.my_numbers(today, today).unwrap();
    assert_eq!((unsigned.done, unsigned.unsigned), (1, 1));
    nurse.hands.pass(3 * MINUTE_MS);
    visit.sign(&Unlock::Pin(Pin::new(PIN).unwrap())).unwrap();
    let numbers = nurse.app.my_numbers(today, today).unwrap();
    let expected = MyNumbers {
        visits: 1,
        done: 1,
        begun: 1,
        on_time: 1,
        travel_s: 12 * 60,
        trips: 1,
        travel_m: 2_000,
        measured_trips: 1,
        in_home_s: 40 * 60,
        stays: 1,
        signed: 1,
        documentation_s: Some(3 * 60),
        revision: numbers.revision,
        ..MyNumbers::default()
    };
    assert_eq!(numbers, expected);
    let yesterday = today - Days::new(1);
    let none = nurse.app.my_numbers(yesterday, yesterday).unwrap();
    assert_eq!(none.visits, 0, "a day has its own visits alone");
    let month = nurse.app.my_numbers(today - Days::new(27), today).unwrap();
    assert_eq!(month, numbers, "both ends are included");
    book(&hub, &mut nurse, &[PersonId(id(0x200))], 3);
    let given = nurse.app.my_numbers(today, today).unwrap();
    assert_eq!(given.visits, 0, "booked for somebody else");
}

#[test]
fn days_in_no_order_or_too_many_are_refused_by_name() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let today = nurse.app.today().unwrap();
    let most = u64::try_from(NUMBERS_DAYS_MAX).unwrap();
    assert!(
        nurse
            .app
            .my_numbers(today - Days::new(most - 1), today)
            .is_ok()
    );
    for from in [today + Days::new(1), today - Days::new(most)] {
        let refused = nurse.app.my_numbers(from, today).unwrap_err();
        assert!(
            matches!(refused, AppError::Refused { ref field, .. } if field == "until"),
            "{refused}"
        );
    }
    nurse.app.lock();
    assert!(matches!(
        nurse.app.my_numbers(today, today),
        Err(AppError::Locked)
    ));
}
