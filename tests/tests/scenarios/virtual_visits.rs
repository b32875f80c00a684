//! A virtual visit over the real backend: booked by the office, made without signal, by
//! video and then by phone, and seen by a colleague.

use homeround::app::{AppError, MeasuredHow, NewConsent, NoteEdit, PhoneFallback};
use homeround::model::{
    ConsentDecision, ConsentForm, ConsentParty, FallbackReason, LobbyState, LobbyWhat, Measured,
    ReportedBy, Role, VisitId, VisitStatus,
};
use homeround_tests::stage::{Booking, Stage, logs, vitals};
use serde_json::{Value, json};

const LINK: &str = "https://video.example.org/room/kanarienvogel-42?pwd=geheim";

fn booking(stage: &Stage, call: Option<Value>) -> Booking {
    Booking {
        virtual_visit: call,
        ..Booking::of(stage.patients[0], &[stage.nurse, stage.therapist])
    }
}

/// A virtual visit, whose link no log line may hold.
fn booked(stage: &Stage) -> VisitId {
    logs::forbid("kanarienvogel-42");
    let call = json!({ "join_link": LINK, "phone": "+1 617 555 0123" });
    stage.office().book(&booking(stage, Some(call)))
}

fn consent(decision: ConsentDecision) -> NewConsent {
    NewConsent {
        decision,
        party: ConsentParty::Patient,
        name: None,
        form: ConsentForm::Spoken,
    }
}

fn fallback(reason: FallbackReason, comment: Option<&str>) -> PhoneFallback {
    PhoneFallback {
        reason,
        comment: comment.map(str::to_owned),
        phone: None,
    }
}

fn field<T: std::fmt::Debug>(answer: Result<T, AppError>) -> String {
    match answer {
        Err(AppError::Refused { field, .. }) => field,
        other => panic!("{other:?} is no refusal"),
    }
}

#[test]
fn a_virtual_visit_is_made_without_signal_and_a_colleague_sees_how() {
    let stage = Stage::set();
    let visit = booked(&stage);
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    stage.converge(&[&nina, &theo]);
    let today = nina.app().today().unwrap();
    let day = nina.app().day(today).unwrap();
    assert!(day.virtual_visits.contains(&visit));

    // From here on without signal.
    let hers = nina.app().visit(visit);
    let view = hers.virtual_visit().unwrap().unwrap();
    assert_eq!(view.join_url.as_deref(), Some(LINK));
    assert_eq!(field(hers.start_travel(None)), "virtual_visit");
    hers.note_lobby(LobbyWhat::Waiting).unwrap();
    hers.note_lobby(LobbyWhat::InLobby).unwrap();
    assert_eq!(field(hers.check_in(None)), "consent");
    hers.record_consent(&consent(ConsentDecision::Given))
        .unwrap();
    hers.check_in(None).unwrap();
    hers.note_lobby(LobbyWhat::Joined).unwrap();
    let silent = fallback(FallbackReason::Other, Some("  "));
    assert_eq!(field(hers.fall_back_to_phone(&silent)), "comment");
    let no_sound = fallback(FallbackReason::NoSound, None);
    let (_, called) = hers.fall_back_to_phone(&no_sound).unwrap();
    assert_eq!(called, "+1 617 555 0123");
    let told = MeasuredHow {
        whole: Measured {
            reported_by: Some(ReportedBy::Patient),
            ..Measured::default()
        },
        ..MeasuredHow::default()
    };
    hers.record_vitals_measured(&vitals(88), told).unwrap();
    let words = NoteEdit {
        insert: "By phone from the middle on.".into(),
        ..NoteEdit::default()
    };
    hers.edit_note(&words).unwrap();
    hers.note_lobby(LobbyWhat::Left).unwrap();
    hers.complete(None).unwrap();

    stage.converge(&[&nina, &theo]);
    let his = theo.app().visit(visit);
    let seen = his.read().unwrap();
    assert_eq!(seen.status, VisitStatus::Completed);
    assert_eq!(seen.consent.as_ref().unwrap().by, stage.nurse);
    let pulse = seen.observations.values().next().unwrap();
    assert_eq!(pulse.measured.reported_by, Some(ReportedBy::Patient));
    let view = his.virtual_visit().unwrap().unwrap();
    assert_eq!((view.state, view.lobby.len()), (LobbyState::Left, 5));
    assert_eq!(view.phone_call.unwrap().reason, FallbackReason::NoSound);
    assert_eq!(view.join_url, None, "the visit is over");
    let bundle = stage
        .supervisor()
        .read(&format!("/v1/admin/visits/{visit}/fhir"));
    let kinds = bundle["entry"].as_array().unwrap().iter();
    let class = kinds.map(|it| &it["resource"]["class"]["code"]);
    assert_eq!(class.filter(|class| *class == "VR").count(), 1);
}

#[test]
fn agreed_to_here_and_declined_there_is_shown_until_somebody_has_asked() {
    let stage = Stage::set();
    let visit = booked(&stage);
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    stage.converge(&[&nina, &theo]);
    let (hers, his) = (nina.app().visit(visit), theo.app().visit(visit));
    hers.record_consent(&consent(ConsentDecision::Given))
        .unwrap();
    his.record_consent(&consent(ConsentDecision::Declined))
        .unwrap();
    stage.converge(&[&nina, &theo]);
    for visit in [&hers, &his] {
        let open = visit.conflicts().unwrap();
        assert_eq!((open.len(), open[0].path.0.as_str()), (1, "consent"));
        let stands = visit.read().unwrap().consent.unwrap().decision;
        assert_eq!(stands, ConsentDecision::Declined);
    }
    let open = hers.conflicts().unwrap();
    let given = open[0]
        .values
        .iter()
        .find(|it| it.value["decision"] == "given");
    // The nurse settles on her own word; a settled one of his would name him all the same.
    hers.settle(&open[0].path, &given.unwrap().value).unwrap();
    stage.converge(&[&nina, &theo]);
    assert!(his.conflicts().unwrap().is_empty());
    assert_eq!(stage.supervisor().rejected().len(), 0);
    his.check_in(None).unwrap();
}

#[test]
fn the_office_turns_a_visit_to_virtual_and_back_and_is_refused_a_bad_link() {
    let stage = Stage::set();
    let visit = stage.office().book(&booking(&stage, None));
    let nina = stage.phone("nina");
    nina.sync(&stage.backend);
    let hers = nina.app().visit(visit);
    assert_eq!(hers.virtual_visit().unwrap(), None);
    for (call, wrong) in [
        (
            json!({ "join_link": "http://video.example.org/7" }),
            "join_link",
        ),
        (
            json!({ "join_link": format!("https://{}@video.example.org/7", "a:b") }),
            "join_link",
        ),
        (json!({ "phone": "617 555 0123" }), "join_link"),
        (
            json!({ "join_link": LINK, "phone": "call the daughter" }),
            "phone",
        ),
    ] {
        let again = booking(&stage, Some(call));
        let answer = stage.office().try_book(Some(visit), &again);
        assert_eq!(answer.status, 400, "{}", answer.json());
        assert_eq!(answer.json()["field"], wrong);
    }
    logs::forbid("kanarienvogel-42");
    let call = json!({ "join_link": LINK });
    stage.office().rebook(visit, &booking(&stage, Some(call)));
    nina.sync(&stage.backend);
    assert!(hers.virtual_visit().unwrap().is_some());
    stage.office().rebook(visit, &booking(&stage, None));
    nina.sync(&stage.backend);
    assert_eq!(hers.virtual_visit().unwrap(), None);
    hers.start_travel(None).unwrap();
}

#[test]
fn who_may_not_see_the_visit_is_given_no_link() {
    let stage = Stage::set();
    let visit = booked(&stage);
    let _ = stage.office().person("olga", Role::Nurse);
    let olga = stage.phone("olga");
    olga.sync(&stage.backend);
    let hers = olga.app().visit(visit).virtual_visit();
    assert!(matches!(hers, Err(AppError::NotFound { .. })), "{hers:?}");
    let nina = stage.phone("nina");
    nina.sync(&stage.backend);
    assert!(nina.app().visit(visit).virtual_visit().unwrap().is_some());
    stage.office().end_grants(stage.nurse, stage.patients[0]);
    nina.sync(&stage.backend);
    let gone = nina.app().visit(visit).virtual_visit();
    assert!(gone.is_err(), "the patient has left the phone");
}
