use serde_json::{Value, json};

use super::*;
use crate::model::RXNORM;

const LINE: &str = "01920000-0000-7000-8000-000000000001";
const ALLERGY: &str = "01920000-0000-7000-8000-000000000002";
const NOW: Millis = Millis(1_795_341_600_000);

fn rx(code: &str, text: &str) -> Value {
    json!({ "system": RXNORM, "code": code, "text": text })
}

/// A chart with one line, paracetamol 500 mg as needed, and what is put over it.
fn chart(line: &Value, allergy: &Value) -> Chart {
    let mut medication = json!({ "code": rx("198440", "Paracetamol 500 mg"), "status": "active",
        "as_needed": true, "ingredients": [rx("161", "Paracetamol")],
        "dosing": { "dose_value": 500, "dose_unit": "mg", "min_interval_min": 240, "max_per_day": 4 } });
    merge(&mut medication, line);
    let mut allergic = json!({ "code": rx("733", "Ampicillin"), "status": "active" });
    merge(&mut allergic, allergy);
    serde_json::from_value(json!({ "schema": 1, "patient": LINE,
        "medications": { LINE: medication }, "allergies": { ALLERGY: allergic } }))
    .unwrap()
}

fn merge(into: &mut Value, with: &Value) {
    for (key, value) in with.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}

fn id(text: &str) -> EntryId {
    text.parse().unwrap()
}

fn coding() -> Coding {
    Coding::new(RXNORM, "198440", "Paracetamol 500 mg")
}

fn planned<'a>(code: &'a Coding, dose: Option<(f64, &'a str)>) -> PlannedDose<'a> {
    PlannedDose {
        medication: Some(id(LINE)),
        code,
        dose,
        at: NOW,
    }
}

fn given(minutes_ago: i64) -> PastDose {
    PastDose {
        medication: Some(id(LINE)),
        code: coding(),
        at: NOW.plus(-minutes_ago * MINUTE_MS),
    }
}

fn codes(chart: &Chart, dose: Option<(f64, &str)>, past: &[PastDose]) -> Vec<&'static str> {
    let code = coding();
    let check = check_dose(&planned(&code, dose), chart, past);
    check.warnings.iter().map(MedicationWarning::code).collect()
}

#[test]
fn a_dose_as_ordered_and_in_time_is_not_warned_of() {
    let chart = chart(&json!({}), &json!({}));
    assert!(codes(&chart, Some((500.0, "mg")), &[given(240)]).is_empty());
    assert!(codes(&chart, None, &[]).is_empty());
}

#[test]
fn a_dose_inside_the_interval_is_too_soon_and_says_until_when() {
    let chart = chart(&json!({}), &json!({}));
    let code = coding();
    let check = check_dose(&planned(&code, None), &chart, &[given(600), given(239)]);
    let wanted = MedicationWarning::TooSoon {
        last: NOW.plus(-239 * MINUTE_MS),
        until: NOW.plus(MINUTE_MS),
    };
    assert_eq!(check.warnings, vec![wanted]);
    assert!(codes(&chart, None, &[given(240)]).is_empty());
    assert_eq!(
        codes(&chart, None, &[given(-30)]),
        ["too_soon"],
        "a clock ahead"
    );
}

#[test]
fn the_fifth_dose_of_four_in_24_hours_is_warned_of() {
    let chart = chart(&json!({}), &json!({}));
    let four = [given(300), given(600), given(900), given(24 * 60 - 1)];
    assert_eq!(codes(&chart, None, &four), ["max_per_day"]);
    let three_and_old = [given(300), given(600), given(900), given(24 * 60)];
    assert!(codes(&chart, None, &three_and_old).is_empty());
}

#[test]
fn another_medications_doses_do_not_count_and_an_unlisted_dose_of_the_same_code_does() {
    let chart = chart(&json!({}), &json!({}));
    let other = PastDose {
        medication: Some(id(ALLERGY)),
        ..given(10)
    };
    assert!(codes(&chart, None, &[other]).is_empty());
    let unlisted = PastDose {
        medication: None,
        ..given(10)
    };
    assert_eq!(codes(&chart, None, &[unlisted]), ["too_soon"]);
    let text_alone = PastDose {
        medication: None,
        code: Coding::text("Paracetamol 500 mg"),
        ..given(10)
    };
    assert!(codes(&chart, None, &[text_alone]).is_empty());
}

#[test]
fn another_dose_differs_and_the_same_dose_in_another_unit_does_not() {
    let chart = chart(&json!({}), &json!({}));
    for (dose, wanted) in [
        ((500.0, "mg"), &[][..]),
        ((0.5, "g"), &[]),
        ((500_000.0, "ug"), &[]),
        ((1_000.0, "mg"), &["dose_differs"]),
        ((500.0, "g"), &["dose_differs"]),
        ((500.0, "mL"), &["unit_differs"]),
        ((1.0, "{tablet}"), &["unit_differs"]),
        ((500.0, "MG"), &["unit_differs"]),
    ] {
        assert_eq!(codes(&chart, Some(dose), &[]), wanted, "{dose:?}");
    }
}

#[test]
fn a_line_that_is_on_hold_or_stopped_is_warned_of() {
    for status in ["on-hold", "stopped"] {
        let chart = chart(&json!({ "status": status }), &json!({}));
        assert_eq!(codes(&chart, None, &[]), ["not_active"]);
    }
}

#[test]
fn an_allergy_to_an_ingredient_is_found_by_its_code_whichever_side_names_it() {
    let by_ingredient = chart(
        &json!({}),
        &json!({ "code": rx("161", "Acetaminophen"), "severity": "severe" }),
    );
    let code = coding();
    let check = check_dose(&planned(&code, None), &by_ingredient, &[]);
    assert_eq!(
        check.warnings,
        vec![MedicationWarning::Allergy {
            allergy: id(ALLERGY),
            text: "Acetaminophen".into(),
            severity: Some(Severity::Severe),
            code: Coding::new(RXNORM, "161", "Acetaminophen"),
        }]
    );
    assert_eq!(check.warnings[0].about(), Some(id(ALLERGY)));
    let of_allergy = chart(
        &json!({ "ingredients": [] }),
        &json!({ "ingredients": [rx("198440", "x")] }),
    );
    assert_eq!(codes(&of_allergy, None, &[]), ["allergy"]);
}

#[test]
fn an_allergy_to_a_class_is_found_only_where_the_codes_say_so() {
    let penicillins = rx("70618", "Penicillins");
    let class = json!({ "code": penicillins });
    let silent = chart(
        &json!({ "ingredients": [rx("723", "Amoxicillin")] }),
        &class,
    );
    assert!(codes(&silent, None, &[]).is_empty());
    let said = chart(
        &json!({ "ingredients": [rx("723", "Amoxicillin"), penicillins] }),
        &class,
    );
    assert_eq!(codes(&said, None, &[]), ["allergy"]);
}

#[test]
fn an_allergy_that_does_not_stand_warns_of_nothing() {
    let same = rx("161", "Acetaminophen");
    for status in ["resolved", "refuted", "entered_in_error"] {
        let chart = chart(&json!({}), &json!({ "code": same, "status": status }));
        assert!(codes(&chart, None, &[]).is_empty(), "{status}");
    }
    let chart = chart(
        &json!({}),
        &json!({ "code": same, "status": "unconfirmed" }),
    );
    assert_eq!(codes(&chart, None, &[]), ["allergy"]);
}

#[test]
fn an_allergy_without_a_comparable_code_is_named_as_not_looked_at() {
    let unchecked = |allergy: Value| {
        let chart = chart(&json!({}), &allergy);
        let code = coding();
        check_dose(&planned(&code, None), &chart, &[]).unchecked_allergies
    };
    assert_eq!(
        unchecked(json!({ "code": { "text": "Penicillin" } })),
        vec![id(ALLERGY)]
    );
    let elsewhere =
        json!({ "system": "http://snomed.info/sct", "code": "91936005", "text": "Penicillin" });
    assert_eq!(unchecked(json!({ "code": elsewhere })), vec![id(ALLERGY)]);
    assert!(unchecked(json!({})).is_empty());
}

#[test]
fn a_dose_that_is_not_on_the_list_is_still_compared_with_the_allergies() {
    let chart = chart(&json!({}), &json!({ "code": rx("161", "Acetaminophen") }));
    let code = Coding::new(RXNORM, "161", "Paracetamol");
    let dose = PlannedDose {
        medication: None,
        ..planned(&code, None)
    };
    let check = check_dose(&dose, &chart, &[given(1)]);
    assert_eq!(check.warnings.len(), 1);
    assert_eq!(check.warnings[0].code(), "allergy");
}
