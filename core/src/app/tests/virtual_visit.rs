//! A virtual visit without signal: consent, lobby, the phone, and what has no place.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::app::{AppError, MeasuredHow, NewConsent, NoteEdit, PhoneFallback, VitalsEntry};
use crate::clinical::NEWS2_CODE;
use crate::model::*;

const LINK: &str = "https://video.example.org/room/7?pwd=geheim";

fn hub() -> Hub {
    let mut hub = Hub::new();
    hub.virtual_visit = Some(json!({ "join_link": LINK, "phone": "+1 617 555 0123" }));
    hub
}

fn consent(decision: ConsentDecision) -> NewConsent {
    NewConsent {
        decision,
        party: ConsentParty::Patient,
        name: None,
        form: ConsentForm::Spoken,
    }
}

fn fallback(reason: FallbackReason) -> PhoneFallback {
    PhoneFallback {
        reason,
        comment: None,
        phone: None,
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, AppError>, field: &str) {
    match answer {
        Err(AppError::Refused { field: named, .. }) => assert_eq!(named, field),
        other => panic!("{other:?} instead of a refusal of {field}"),
    }
}

#[test]
fn a_virtual_visit_begins_once_its_consent_was_given_and_no_way_leads_to_it() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let view = visit.virtual_visit().unwrap().unwrap();
    assert_eq!(view.join_url.as_deref(), Some(LINK));
    assert_eq!(view.phone.as_deref(), Some("+1 617 555 0123"));
    assert_eq!((view.state, view.consent), (LobbyState::NotBegun, None));
    refused(visit.start_travel(None), "virtual_visit");
    refused(visit.check_in(None), "consent");
    visit
        .record_consent(&consent(ConsentDecision::Declined))
        .unwrap();
    refused(visit.check_in(None), "consent");
    visit
        .record_consent(&consent(ConsentDecision::Given))
        .unwrap();
    visit.check_in(None).unwrap();
    assert_eq!(visit.read().unwrap().status, VisitStatus::InProgress);
}

#[test]
fn a_declined_visit_is_documented_and_ended_with_a_reason() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit
        .record_consent(&consent(ConsentDecision::Declined))
        .unwrap();
    let words = NoteEdit {
        insert: "Wants somebody to come.".into(),
        ..NoteEdit::default()
    };
    visit.edit_note(&words).unwrap();
    visit.cancel(NotDoneReason::Refused, None, None).unwrap();
    let read = visit.read().unwrap();
    assert_eq!(read.status, VisitStatus::Canceled);
    assert!(read.note.contains("somebody to come"));
    assert_eq!(read.consent.unwrap().decision, ConsentDecision::Declined);
    let view = visit.virtual_visit().unwrap().unwrap();
    assert_eq!(view.join_url, None, "there is nothing to join any more");
}

#[test]
fn stamps_and_steps_of_a_virtual_visit_have_no_place_and_ask_no_reason() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit
        .record_consent(&consent(ConsentDecision::Given))
        .unwrap();
    let far = Fix {
        latitude_deg: 10.0,
        longitude_deg: 10.0,
        accuracy_m: 5.0,
    };
    visit.check_in(Some(far)).unwrap();
    let read = visit.read().unwrap();
    let stamp = read.presence.values().next().unwrap();
    let seen = stamp.what.sighting().unwrap();
    assert_eq!((seen.fix, seen.distance_m), (None, None));
    assert_eq!(seen.no_fix, Some(NoFix::Virtual));
    assert!(!seen.causes.contains(&PresenceCause::NoFix));
    assert!(!seen.causes.contains(&PresenceCause::OutOfRange));
    assert!(read.steps.values().all(|step| step.fix.is_none()));
    assert!(attendances(&read.presence)[0].is_virtual(&read.presence));

    let mut home = Hub::new();
    let phone = home.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(home.visit);
    refused(visit.check_in(Place::Unknown(NoFix::Virtual)), "no_fix");
    refused(visit.join(Place::Unknown(NoFix::Virtual)), "no_fix");
}

#[test]
fn the_lobby_is_noted_without_signal_and_merges_in_the_order_of_time() {
    let mut hub = hub();
    let mut one = hub.phone(0x100, Role::Nurse);
    let mut two = hub.phone(0x200, Role::Aide);
    let (hers, his) = (one.app.visit(hub.visit), two.app.visit(hub.visit));
    hers.note_lobby(LobbyWhat::Waiting).unwrap();
    two.hands.pass(MINUTE_MS);
    his.note_lobby(LobbyWhat::InLobby).unwrap();
    one.hands.pass(2 * MINUTE_MS);
    hers.note_lobby(LobbyWhat::Joined).unwrap();
    for _ in 0..2 {
        for phone in [&mut one, &mut two] {
            phone.push(&mut hub);
            phone.pull(&hub);
        }
    }
    for phone in [&one, &two] {
        let view = phone.app.visit(hub.visit).virtual_visit().unwrap().unwrap();
        let whats: Vec<_> = view.lobby.iter().map(|(_, it)| it.what.clone()).collect();
        assert_eq!(
            whats,
            [LobbyWhat::Waiting, LobbyWhat::InLobby, LobbyWhat::Joined]
        );
        assert_eq!(view.state, LobbyState::Joined);
    }
    let known = hers.note_lobby(LobbyWhat::Unknown);
    refused(known, "what");
}

#[test]
fn a_call_that_fails_goes_on_by_phone_and_the_visit_goes_on() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit
        .record_consent(&consent(ConsentDecision::Given))
        .unwrap();
    visit.check_in(None).unwrap();
    let (_, called) = visit
        .fall_back_to_phone(&fallback(FallbackReason::NoVideo))
        .unwrap();
    assert_eq!(called, "+1 617 555 0123");
    let view = visit.virtual_visit().unwrap().unwrap();
    assert_eq!(view.state, LobbyState::ByPhone);
    assert_eq!(view.phone_call.unwrap().reason, FallbackReason::NoVideo);
    assert_eq!(visit.read().unwrap().status, VisitStatus::InProgress);
    refused(
        visit.fall_back_to_phone(&fallback(FallbackReason::Other)),
        "comment",
    );
    let nowhere = PhoneFallback {
        phone: Some("at home".into()),
        ..fallback(FallbackReason::NoSound)
    };
    refused(visit.fall_back_to_phone(&nowhere), "phone");
}

#[test]
fn without_a_number_of_the_booking_the_patients_first_is_called() {
    let mut hub = Hub::new();
    hub.virtual_visit = Some(json!({}));
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    assert_eq!(visit.virtual_visit().unwrap().unwrap().join_url, None);
    let (_, called) = visit
        .fall_back_to_phone(&fallback(FallbackReason::Connection))
        .unwrap();
    assert_eq!(phone_url(&called).as_deref(), Some("tel:6175550101"));
}

#[test]
fn a_visit_at_home_has_no_consent_no_lobby_and_no_call() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    assert_eq!(visit.virtual_visit().unwrap(), None);
    let given = consent(ConsentDecision::Given);
    refused(visit.record_consent(&given), "virtual_visit");
    refused(visit.note_lobby(LobbyWhat::Waiting), "virtual_visit");
    let fall = visit.fall_back_to_phone(&fallback(FallbackReason::NoSound));
    refused(fall, "virtual_visit");
}

#[test]
fn a_visit_that_an_earlier_backend_made_has_no_room_for_a_lobby_and_says_so() {
    let mut hub = hub();
    hub.without(&["lobby"]);
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let noted = visit.note_lobby(LobbyWhat::Waiting).unwrap_err();
    assert_eq!(noted, AppError::NotFound { what: "lobby" });
    visit
        .record_consent(&consent(ConsentDecision::Given))
        .unwrap();
    visit.check_in(None).unwrap();
    assert!(visit.virtual_visit().unwrap().unwrap().lobby.is_empty());
}

#[test]
fn who_consents_is_named_and_what_is_unknown_is_refused() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let by_whom = |party, name: Option<&str>| NewConsent {
        party,
        name: name.map(str::to_owned),
        ..consent(ConsentDecision::Given)
    };
    refused(
        visit.record_consent(&by_whom(ConsentParty::Representative, None)),
        "name",
    );
    refused(
        visit.record_consent(&by_whom(ConsentParty::Patient, Some("A"))),
        "name",
    );
    refused(
        visit.record_consent(&consent(ConsentDecision::Unknown)),
        "decision",
    );
    let daughter = by_whom(ConsentParty::Representative, Some(" Dora "));
    visit.record_consent(&daughter).unwrap();
    let said = visit.read().unwrap().consent.unwrap();
    assert_eq!(
        (said.name.as_deref(), said.by),
        (Some("Dora"), phone.person)
    );
}

#[test]
fn given_here_and_declined_there_is_a_conflict_that_somebody_settles() {
    let mut hub = hub();
    let mut one = hub.phone(0x100, Role::Nurse);
    let mut two = hub.phone(0x200, Role::Aide);
    let say = |phone: &Phone, decision| {
        let visit = phone.app.visit(hub.visit);
        visit.record_consent(&consent(decision)).unwrap();
    };
    say(&one, ConsentDecision::Given);
    say(&two, ConsentDecision::Declined);
    for _ in 0..2 {
        for phone in [&mut one, &mut two] {
            phone.push(&mut hub);
            phone.pull(&hub);
        }
    }
    let visit = one.app.visit(hub.visit);
    let open = visit.conflicts().unwrap();
    assert_eq!((open.len(), open[0].path.0.as_str()), (1, "consent"));
    let stands = visit.read().unwrap().consent.unwrap().decision;
    assert_eq!(
        stands,
        ConsentDecision::Declined,
        "nobody goes on meanwhile"
    );
    refused(visit.check_in(None), "consent");
    let given = open[0]
        .values
        .iter()
        .find(|it| it.value["decision"] == "given");
    visit.settle(&open[0].path, &given.unwrap().value).unwrap();
    assert!(visit.conflicts().unwrap().is_empty());
    visit.check_in(None).unwrap();
}

/// Everything that NEWS2 asks for.
fn complete() -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(START),
        pulse_bpm: Some(88),
        systolic_mmhg: Some(128),
        temperature_c: Some(37.2),
        spo2_percent: Some(97),
        respirations_per_min: Some(18),
        weight_kg: Some(71.0),
        consciousness: Some(Consciousness::Alert),
        on_oxygen: Some(false),
        ..VitalsEntry::default()
    }
}

fn told(by: ReportedBy) -> Measured {
    Measured {
        device: Some(Coding::text("Her own cuff")),
        reported_by: Some(by),
        ..Measured::default()
    }
}

#[test]
fn what_a_patient_told_is_marked_in_the_set_the_score_and_the_trend() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let measured = visit.record_vitals(&complete()).unwrap().entry.unwrap();
    let how = MeasuredHow {
        whole: told(ReportedBy::Patient),
        figures: BTreeMap::new(),
    };
    let says = visit.assess_measured(&complete(), &how).unwrap();
    assert_eq!(says.reported_by, Some(ReportedBy::Patient));
    assert_eq!(
        says.news2.unwrap().total(),
        Some(0),
        "it is scored all the same"
    );
    let all = visit.record_vitals_measured(&complete(), how);
    let all = all.unwrap().entry.unwrap();
    let of = |figure: &str, by| MeasuredHow {
        whole: Measured::default(),
        figures: BTreeMap::from([(figure.to_owned(), told(by))]),
    };
    let weight = visit.record_vitals_measured(&complete(), of("weight_kg", ReportedBy::Patient));
    let weight = weight.unwrap().entry.unwrap();
    let says = visit.assessments().unwrap();
    assert_eq!(says[&measured].reported_by, None);
    assert_eq!(says[&all].reported_by, Some(ReportedBy::Patient));
    assert_eq!(
        says[&weight].reported_by, None,
        "no score has the weight in it"
    );
    let points = |code: &str| phone.app.trend(hub.patient, code, None, 50).unwrap().points;
    let reported = |code: &str| -> usize {
        let points = points(code);
        points.iter().filter(|it| it.reported_by.is_some()).count()
    };
    assert_eq!(points("8867-4").len(), 3);
    assert_eq!((reported("8867-4"), reported(NEWS2_CODE)), (1, 1));
    assert_eq!(reported("29463-7"), 2);
    refused(
        visit.record_vitals_measured(&complete(), of("pulse_bpm", ReportedBy::Unknown)),
        "reported_by",
    );
    let finding = Finding::Text {
        code: Coding::text("Wound"),
        text: "dry".into(),
    };
    let unknown = told(ReportedBy::Unknown);
    let by_whom = visit.observe_measured(Millis(START), finding, unknown);
    refused(by_whom, "reported_by");
}
