use serde_json::{Value, json};

use super::*;
use crate::app::{TrendCursor, TrendSource, VitalsEntry};
use crate::clinical::NEWS2_CODE;
use crate::model::*;

const WEIGHT: &str = "29463-7";

fn line(at: i64, code: &str, value: &str, unit: &str) -> Value {
    json!({ "patient": PatientId(id(0x9a7)), "resource": "Observation", "at_ms": at, "status": "final",
        "code": { "system": LOINC, "code": code, "text": "x" }, "value": value, "unit": unit })
}

/// Five weights of the history, a day apart, one in pounds, and a blood pressure.
fn hub() -> Hub {
    let mut hub = Hub::new();
    for day in 1..=5 {
        let at = START - day * DAY_MS;
        let body = match day {
            3 => line(at, WEIGHT, "154", "[lb_av]"),
            _ => line(at, WEIGHT, &format!("{}.5", 70 - day), "kg"),
        };
        hub.add_history(0x1000 + u128::from(day.unsigned_abs()), &body);
    }
    let mut pressure = line(START - DAY_MS, "85354-9", "", "");
    pressure["components"] = json!([
        { "code": { "system": LOINC, "code": "8480-6", "text": "Systolic" }, "value": "141", "unit": "mm[Hg]" },
        { "code": { "system": LOINC, "code": "8462-4", "text": "Diastolic" }, "value": "83", "unit": "mm[Hg]" } ]);
    hub.add_history(0x2000, &pressure);
    hub.add_history(0x2001, &line(START - DAY_MS, WEIGHT, "not weighed", "kg"));
    hub
}

fn weighed(kg: f64, at: i64) -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(at),
        weight_kg: Some(kg),
        ..VitalsEntry::default()
    }
}

fn values(phone: &Phone, hub: &Hub, code: &str) -> Vec<f64> {
    let trend = phone.app.trend(hub.patient, code, None, 200).unwrap();
    assert_eq!(trend.next, None);
    trend.points.iter().map(|it| it.value).collect()
}

#[test]
fn a_trend_holds_visits_and_history_newest_first_in_one_unit() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit.record_vitals(&weighed(71.0, START)).unwrap();
    let trend = phone.app.trend(hub.patient, WEIGHT, None, 200).unwrap();
    let values: Vec<f64> = trend.points.iter().map(|it| it.value).collect();
    assert_eq!(values, [71.0, 69.5, 68.5, 69.9, 66.5, 65.5]);
    assert!(trend.points.iter().all(|it| it.unit == "kg"));
    let TrendSource::Visit { visit, by, .. } = trend.points[0].source else {
        panic!("{:?}", trend.points[0]);
    };
    assert_eq!((visit, by), (hub.visit, phone.person));
    assert_eq!(values_of_part(&phone, &hub), [141.0]);
}

fn values_of_part(phone: &Phone, hub: &Hub) -> Vec<f64> {
    values(phone, hub, "8480-6")
}

#[test]
fn pages_follow_each_other_without_a_gap_or_a_repeat_even_at_one_instant() {
    let mut hub = hub();
    for number in 0..7 {
        let at = START - 2 * DAY_MS;
        hub.add_history(
            0x3000 + number,
            &line(at, WEIGHT, &number.to_string(), "kg"),
        );
    }
    let phone = hub.phone(0x100, Role::Nurse);
    phone
        .app
        .visit(hub.visit)
        .record_vitals(&weighed(9.0, START - 2 * DAY_MS))
        .unwrap();
    let whole = phone
        .app
        .trend(hub.patient, WEIGHT, None, 200)
        .unwrap()
        .points;
    assert_eq!(whole.len(), 13);
    for limit in [1, 2, 3, 5, 12, 13] {
        let (mut from, mut paged): (Option<TrendCursor>, Vec<_>) = (None, Vec::new());
        loop {
            let page = phone.app.trend(hub.patient, WEIGHT, from, limit).unwrap();
            assert!(page.points.len() <= usize::try_from(limit).unwrap());
            paged.extend(page.points);
            let Some(next) = page.next else { break };
            from = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(paged, whole, "{limit} a page");
    }
    assert!("soon".parse::<TrendCursor>().is_err());
}

#[test]
fn a_corrected_entry_is_left_out_and_what_stands_in_its_place_is_there() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let wrong = visit
        .record_vitals(&weighed(17.0, START))
        .unwrap()
        .entry
        .unwrap();
    let right = visit.record_vitals(&weighed(71.0, START)).unwrap().entry;
    visit
        .correct("observations", wrong, right, "digits swapped")
        .unwrap();
    assert_eq!(values(&phone, &hub, WEIGHT)[..2], [71.0, 69.5]);
    let other = visit
        .record_vitals(&weighed(50.0, START + 1))
        .unwrap()
        .entry
        .unwrap();
    visit
        .correct("observations", other, None, "another patient")
        .unwrap();
    assert_eq!(values(&phone, &hub, WEIGHT)[..2], [71.0, 69.5]);
}

#[test]
fn a_score_is_a_trend_of_its_complete_sets_and_a_quantity_of_its_code() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit.record_vitals(&weighed(71.0, START)).unwrap();
    let complete = VitalsEntry {
        measured_at: Millis(START),
        pulse_bpm: Some(95),
        systolic_mmhg: Some(128),
        temperature_c: Some(37.0),
        spo2_percent: Some(97),
        respirations_per_min: Some(16),
        consciousness: Some(Consciousness::Alert),
        on_oxygen: Some(false),
        ..VitalsEntry::default()
    };
    visit.record_vitals(&complete).unwrap();
    assert_eq!(values(&phone, &hub, NEWS2_CODE), [1.0]);
    let girth = Finding::Quantity {
        code: Coding::new(LOINC, "8280-0", "Waist circumference"),
        value: 96.0,
        unit: "cm".into(),
    };
    visit.observe(Millis(START), girth).unwrap();
    assert_eq!(values(&phone, &hub, "8280-0"), [96.0]);
}

#[test]
fn a_long_history_is_read_to_its_end_for_a_rare_code() {
    let mut hub = Hub::new();
    for number in 0..450_i64 {
        let at = START - number * HOUR_MS;
        let code = if number == 449 { WEIGHT } else { "8867-4" };
        hub.add_history(
            0x5000 + u128::from(number.unsigned_abs()),
            &line(at, code, "60", "kg"),
        );
    }
    let phone = hub.phone(0x100, Role::Nurse);
    assert_eq!(values(&phone, &hub, WEIGHT), [60.0]);
    let first = phone.app.trend(hub.patient, "8867-4", None, 200).unwrap();
    assert_eq!(first.points.len(), 200);
    assert!(first.next.is_some());
}
