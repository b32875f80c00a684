//! Which visits may be there twice.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::model::MINUTE_MS;

const NINE: i64 = 1_795_341_600_000;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn visit(extra: &Value) -> Visit {
    let mut tree = json!({ "schema": 1, "patient": id(0x9a7), "status": "scheduled" });
    for (name, value) in extra.as_object().unwrap() {
        tree[name] = value.clone();
    }
    serde_json::from_value(tree).unwrap()
}

fn clock(at: i64) -> Value {
    json!({ "wall_ms": at, "monotonic_ms": 0, "boot_id": 1 })
}

fn unplanned() -> Value {
    json!({ "unplanned": {
        "by": id(1), "stamp": clock(NINE), "reason": "requested",
        "service": { "text": "Wound care" }, "start_ms": NINE, "minutes": 30,
        "time_zone": "America/New_York",
    } })
}

fn with(number: u128, from_minutes: i64, visit: &Visit) -> Windowed<'_> {
    let start = Millis(NINE + from_minutes * MINUTE_MS);
    Windowed {
        id: VisitId(id(number)),
        window: (start, start.plus(30 * MINUTE_MS)),
        visit,
    }
}

#[test]
fn an_unplanned_visit_at_the_time_of_another_or_near_it_may_be_the_same() {
    let (made, booked) = (visit(&unplanned()), visit(&json!({})));
    let why = |minutes| likely_duplicate(&with(1, 0, &made), &with(2, minutes, &booked));
    assert_eq!(why(0), Some(DuplicateWhy::SameTime));
    assert_eq!(why(29), Some(DuplicateWhy::SameTime));
    assert_eq!(why(30), Some(DuplicateWhy::NearTime));
    assert_eq!(why(-89), Some(DuplicateWhy::NearTime));
    assert_eq!(why(89), Some(DuplicateWhy::NearTime));
    assert_eq!(why(90), None);
    assert_eq!(why(-90), None);
    let both = likely_duplicate(&with(1, 0, &made), &with(2, 10, &made));
    assert_eq!(
        both,
        Some(DuplicateWhy::SameTime),
        "two phones made one each"
    );
}

#[test]
fn booked_visits_another_patients_and_those_called_off_are_no_duplicates() {
    let (made, booked) = (visit(&unplanned()), visit(&json!({})));
    let none = |one: &Visit, other: &Visit| {
        assert_eq!(likely_duplicate(&with(1, 0, one), &with(2, 0, other)), None);
    };
    none(&booked, &booked);
    none(&made, &visit(&json!({ "patient": id(0x9a8) })));
    none(&made, &visit(&json!({ "status": "canceled" })));
    none(&made, &visit(&json!({ "status": "missed" })));
    assert_eq!(
        likely_duplicate(&with(1, 0, &made), &with(1, 0, &made)),
        None
    );
}

#[test]
fn what_happened_counts_before_what_was_booked() {
    let made = visit(&unplanned());
    let at = |to: &str, minutes: i64| json!({ "to": to, "by": id(1), "stamp": clock(NINE + minutes * MINUTE_MS) });
    let late = visit(&json!({ "status": "completed", "steps": {
        id(11).to_string(): at("in_progress", 300), id(12).to_string(): at("completed", 330),
    } }));
    assert_eq!(
        likely_duplicate(&with(1, 0, &made), &with(2, 0, &late)),
        None
    );
}

#[test]
fn a_decision_of_either_visit_settles_the_flag_and_names_the_one_that_stands() {
    let (made, booked) = (visit(&unplanned()), visit(&json!({})));
    for verdict in ["same_visit", "two_visits", "of a later version"] {
        let entry = |other: u128| {
            json!({ "duplicates": { id(21).to_string(): {
                "other": id(other), "verdict": verdict, "by": id(1), "stamp": clock(NINE),
            } } })
        };
        let decided = visit(&entry(1));
        let found = likely_duplicate(&with(1, 0, &made), &with(2, 0, &decided));
        assert_eq!(found, None, "{verdict}");
        let about_another = visit(&entry(3));
        let found = likely_duplicate(&with(1, 0, &made), &with(2, 0, &about_another));
        assert_eq!(found, Some(DuplicateWhy::SameTime));
        let stands = (verdict == "same_visit").then_some(VisitId(id(1)));
        assert_eq!(duplicate_of(&decided), stands);
    }
    assert_eq!(duplicate_of(&booked), None);
}
