use serde_json::json;

use super::*;
use crate::app::{AppError, Dose, GivenDose};
use crate::clinical::MedicationWarning;
use crate::model::*;

const LINE: u128 = 0x11;

fn line() -> EntryId {
    EntryId(id(LINE))
}

fn code() -> Coding {
    Coding::new(RXNORM, "198440", "Paracetamol 500 mg")
}

/// A hub whose patient takes paracetamol as needed, every four hours, and is
/// allergic to penicillin.
fn hub() -> Hub {
    let mut hub = Hub::new();
    let tree = json!({ "schema": 1, "kind": "chart", "patient": hub.patient,
        "medications": { line().to_string(): { "code": code(), "status": "active",
            "as_needed": true,
            "dosing": { "dose_value": 500, "dose_unit": "mg", "min_interval_min": 240 } } },
        "allergies": { EntryId(id(0x12)).to_string(): { "status": "active",
            "code": Coding::new(RXNORM, "70618", "Penicillins") } } });
    hub.add_document(DocumentId::chart(hub.patient), &tree);
    hub
}

fn dose(overrides: Vec<WarningOverride>) -> GivenDose {
    GivenDose {
        medication: Some(line()),
        code: code(),
        dose: Some(Dose {
            value: 500.0,
            unit: "mg".into(),
        }),
        comment: None,
        overrides,
    }
}

fn because(warning: &str, reason: &str) -> WarningOverride {
    WarningOverride {
        warning: warning.into(),
        about: None,
        reason: reason.into(),
    }
}

#[test]
fn a_second_dose_too_soon_is_stored_only_with_a_reason_which_is_kept() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit.give_medication(dose(Vec::new())).unwrap();
    phone.hands.pass(HOUR_MS);
    let warned = visit.give_medication(dose(Vec::new())).unwrap_err();
    let AppError::Warned { warnings } = warned else {
        panic!("{warned:?}");
    };
    assert!(matches!(warnings[..], [MedicationWarning::TooSoon { .. }]));
    assert_eq!(
        visit.read().unwrap().medications.len(),
        1,
        "nothing was stored"
    );
    let reason = because("too_soon", "Prescriber on the phone agreed");
    let unneeded = because("allergy", "none");
    let saved = visit
        .give_medication(dose(vec![reason.clone(), unneeded]))
        .unwrap();
    let entry = &visit.read().unwrap().medications[&saved.entry.unwrap()];
    assert_eq!(entry.overrides, vec![reason]);
    phone.hands.pass(4 * HOUR_MS);
    visit.give_medication(dose(Vec::new())).unwrap();
}

#[test]
fn an_override_without_a_reason_is_refused_and_nothing_is_stored() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    for reason in ["  ".to_owned(), "x".repeat(501)] {
        let given = dose(vec![because("too_soon", &reason)]);
        let refused = visit.give_medication(given).unwrap_err();
        assert!(matches!(refused, AppError::Refused { field, .. } if field == "reason"));
    }
    assert!(visit.read().unwrap().medications.is_empty());
}

#[test]
fn a_dose_of_another_visit_counts_and_a_corrected_one_does_not() {
    let mut hub = hub();
    let other = VisitId(id(0x52));
    let tree =
        json!({ "schema": 1, "kind": "visit", "patient": hub.patient, "status": "in_progress" });
    hub.add_document(DocumentId::visit(other), &tree);
    let phone = hub.phone(0x100, Role::Nurse);
    let (here, there) = (phone.app.visit(hub.visit), phone.app.visit(other));
    let given = there.give_medication(dose(Vec::new())).unwrap();
    phone.hands.pass(HOUR_MS);
    let check = here.check_medication(&dose(Vec::new())).unwrap();
    assert_eq!(check.warnings.len(), 1);
    there
        .correct(
            "medications",
            given.entry.unwrap(),
            None,
            "Another patient's",
        )
        .unwrap();
    let check = here.check_medication(&dose(Vec::new())).unwrap();
    assert!(check.warnings.is_empty());
}

#[test]
fn an_allergy_is_overridden_one_by_one() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let penicillin = |overrides| GivenDose {
        medication: None,
        code: Coding::new(RXNORM, "70618", "Penicillin"),
        dose: None,
        comment: None,
        overrides,
    };
    let of_no_allergy = vec![because("allergy", "Tolerated last year")];
    let warned = visit
        .give_medication(penicillin(of_no_allergy))
        .unwrap_err();
    assert!(matches!(warned, AppError::Warned { .. }), "{warned:?}");
    let of_this_one = vec![WarningOverride {
        about: Some(EntryId(id(0x12))),
        ..because("allergy", "Tolerated last year")
    }];
    visit.give_medication(penicillin(of_this_one)).unwrap();
}

#[test]
fn the_figures_of_an_order_are_set_as_one_and_what_a_later_version_wrote_stays() {
    let mut hub = Hub::new();
    let tree = json!({ "schema": 1, "kind": "chart", "patient": hub.patient,
        "medications": { line().to_string(): { "code": code(), "status": "active",
            "dosing": { "dose_value": 1, "dose_unit": "g", "with_food": true } } } });
    hub.add_document(DocumentId::chart(hub.patient), &tree);
    let phone = hub.phone(0x100, Role::Nurse);
    let chart = phone.app.chart(hub.patient);
    let order = Dosing {
        min_interval_min: Some(360),
        max_per_day: Some(4),
        ..Dosing::default()
    };
    chart.set_dosing(line(), &order).unwrap();
    assert_eq!(
        chart.read().unwrap().medications[&line()].dosing,
        Some(order)
    );
    let path = FieldPath(format!("medications/{}/dosing", line()));
    let state = phone.app.document_state(DocumentId::chart(hub.patient));
    let kept = state.unwrap().view["medications"][line().to_string()]["dosing"].clone();
    assert_eq!(kept["with_food"], json!(true), "{path}: {kept}");
    assert_eq!(kept.get("dose_value"), None);
    let wrong = Dosing {
        dose_value: Some(5.0),
        ..Dosing::default()
    };
    let refused = chart.set_dosing(line(), &wrong).unwrap_err();
    assert!(matches!(refused, AppError::Refused { field, .. } if field == "dose_unit"));
}
