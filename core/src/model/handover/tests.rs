//! Where a hand-over stands.

use serde_json::json;
use uuid::Uuid;

use super::*;

const NINE: i64 = 1_795_341_600_000;

fn person(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(number))
}

fn given(by: u128, to: u128, at: i64) -> Handover {
    let stamp = json!({ "wall_ms": NINE + at, "monotonic_ms": 0, "boot_id": 1 });
    let tree = json!({ "by": person(by), "to": person(to), "reason": "illness", "stamp": stamp });
    serde_json::from_value(tree).unwrap()
}

fn booking(people: &[u128]) -> Booking {
    let people: Vec<PersonId> = people.iter().copied().map(person).collect();
    let tree = json!({
        "visit": Uuid::from_u128(7), "patient": Uuid::from_u128(8), "assignees": people,
        "start_ms": NINE, "end_ms": NINE, "service": { "text": "Skilled nursing" },
        "time_zone": "America/New_York",
    });
    serde_json::from_value(tree).unwrap()
}

#[test]
fn the_colleague_is_booked_in_the_givers_place_once_and_the_others_stay() {
    let handover = given(1, 2, 0);
    let before = booking(&[3, 1]);
    assert_eq!(handover.state(Some(&before)), HandoverState::Waiting);
    let after = handover.booked(&before);
    assert_eq!(after.assignees, [person(3), person(2)]);
    assert_eq!(handover.state(Some(&after)), HandoverState::Done);
    assert_eq!(handover.booked(&after), after, "again is no more");
    let both = handover.booked(&booking(&[1, 2]));
    assert_eq!(both.assignees, [person(2)]);
    assert_eq!(
        handover.state(None),
        HandoverState::Waiting,
        "a visit that waits for its booking"
    );
}

#[test]
fn what_the_office_books_afterwards_stands_also_where_it_is_the_giver_again() {
    let handover = given(1, 2, 0);
    let mut back = handover.booked(&booking(&[1]));
    back.assignees = vec![person(1)];
    assert_eq!(handover.state(Some(&back)), HandoverState::Overruled);
    assert_eq!(handover.booked(&back), back);
    back.assignees = vec![person(3)];
    assert_eq!(handover.state(Some(&back)), HandoverState::Overruled);
    let unheard = handover.booked(&booking(&[3]));
    assert_eq!(unheard.assignees, [person(3)]);
    assert_eq!(handover.state(Some(&unheard)), HandoverState::Overruled);
    // A later hand-over is another one.
    back.assignees = vec![person(1)];
    let again = given(1, 2, 1);
    assert_eq!(again.state(Some(&back)), HandoverState::Waiting);
    assert_eq!(again.booked(&back).assignees, [person(2)]);
}
