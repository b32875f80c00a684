use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::app::{AppError, MeasuredHow, VitalsEntry};
use crate::clinical::{News2Parameter, News2Risk};
use crate::model::*;

/// A hub whose patient has a chart.
fn hub() -> Hub {
    let mut hub = Hub::new();
    let tree = json!({ "schema": 1, "kind": "chart", "patient": hub.patient });
    hub.add_document(DocumentId::chart(hub.patient), &tree);
    hub
}

/// Everything that NEWS2 asks for, of a patient who breathes 90 % on oxygen.
fn complete() -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(START),
        pulse_bpm: Some(88),
        systolic_mmhg: Some(128),
        diastolic_mmhg: Some(74),
        temperature_c: Some(37.2),
        spo2_percent: Some(90),
        respirations_per_min: Some(18),
        consciousness: Some(Consciousness::Alert),
        oxygen_flow_l_min: Some(2.0),
        ..VitalsEntry::default()
    }
}

#[test]
fn a_score_follows_the_scale_that_stood_when_it_was_measured_and_no_later_one() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let before = visit.record_vitals(&complete()).unwrap().entry.unwrap();
    let chart = phone.app.chart(hub.patient);
    chart.set_spo2_scale(Spo2Scale::Scale2).unwrap();
    let after = visit.record_vitals(&complete()).unwrap().entry.unwrap();
    let scores = visit.assessments().unwrap();
    let total = |id: &EntryId| scores[id].news2.as_ref().unwrap().total();
    assert_eq!(
        total(&before),
        Some(5),
        "90 % is 3 points on scale 1, oxygen 2"
    );
    assert_eq!(total(&after), Some(2), "90 % is the target on scale 2");
    assert_eq!(chart.read().unwrap().spo2_scale, Some(Spo2Scale::Scale2));
}

#[test]
fn a_set_is_judged_before_it_is_recorded_and_what_is_missing_is_named() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let says = visit
        .assess(&VitalsEntry {
            consciousness: None,
            pulse_bpm: Some(140),
            ..complete()
        })
        .unwrap();
    let score = says.news2.unwrap();
    assert_eq!(score.missing, vec![News2Parameter::Consciousness]);
    assert_eq!((score.total(), score.risk()), (None, Some(News2Risk::High)));
    let fields: Vec<_> = says.unusual.iter().map(|it| it.field).collect();
    assert_eq!(fields, ["pulse_bpm", "spo2_percent"]);
    assert_eq!(says.age_months.map(|it| it / 12), Some(85));
    assert!(visit.read().unwrap().observations.is_empty());
}

#[test]
fn two_peoples_different_scales_open_a_conflict_that_shows_both() {
    let mut hub = hub();
    let mut one = hub.phone(0x100, Role::Nurse);
    let mut two = hub.phone(0x200, Role::Supervisor);
    let scale = |phone: &Phone, scale| phone.app.chart(hub.patient).set_spo2_scale(scale);
    scale(&one, Spo2Scale::Scale1).unwrap();
    scale(&two, Spo2Scale::Scale2).unwrap();
    for _ in 0..2 {
        for phone in [&mut one, &mut two] {
            phone.push(&mut hub);
            phone.pull(&hub);
        }
    }
    let conflicts = one.app.chart(hub.patient).conflicts().unwrap();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].path.0, "spo2_scale");
    assert_eq!(conflicts[0].values.len(), 2);
}

#[test]
fn a_therapist_may_not_choose_the_scale_and_nobody_an_unknown_one() {
    let mut hub = hub();
    let phone = hub.phone(0x200, Role::Therapist);
    let chart = phone.app.chart(hub.patient);
    let denied = chart.set_spo2_scale(Spo2Scale::Scale2).unwrap_err();
    assert!(matches!(denied, AppError::NotAllowed { .. }), "{denied:?}");
    let refused = chart.set_spo2_scale(Spo2Scale::Unknown).unwrap_err();
    assert!(matches!(refused, AppError::Refused { field, .. } if field == "spo2_scale"));
}

#[test]
fn where_and_with_what_a_figure_was_measured_is_kept_and_only_of_figures_of_the_set() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let arm = Measured {
        body_site: Some(Coding::new(SNOMED, "368208006", "Left upper arm")),
        ..Measured::default()
    };
    let how = |figure: &str| MeasuredHow {
        whole: Measured {
            device: Some(Coding::text("The patient's own monitor")),
            ..Measured::default()
        },
        figures: BTreeMap::from([(figure.to_owned(), arm.clone())]),
    };
    let saved = visit
        .record_vitals_measured(&complete(), how("systolic_mmhg"))
        .unwrap();
    let entry = &visit.read().unwrap().observations[&saved.entry.unwrap()];
    assert_eq!(entry.measured("systolic_mmhg").body_site, arm.body_site);
    let pulse = entry.measured("pulse_bpm");
    assert_eq!(pulse.body_site, None);
    assert_eq!(
        pulse.device,
        Some(Coding::text("The patient's own monitor"))
    );
    let refused = visit
        .record_vitals_measured(&complete(), how("weight_kg"))
        .unwrap_err();
    assert!(matches!(refused, AppError::Refused { field, .. } if field == "figures"));
}

#[test]
fn without_a_chart_on_the_phone_scale_1_holds() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let says = phone.app.visit(hub.visit).assess(&complete()).unwrap();
    assert_eq!(says.news2.unwrap().scale, Spo2Scale::Scale1);
}
