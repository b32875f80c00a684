//! What a patient says of a visit: asked by a link, and on a phone that is lent.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::json;

use super::*;
use crate::app::{
    AppError, ChangeKind, MeasureValue, NewNoticeWishes, SessionState, SurveyDesk, TaskOutcome,
};
use crate::forms::{Answer, SURVEY, survey};
use crate::model::*;
use crate::vault::{Pin, Unlock};

fn hub() -> Hub {
    let mut hub = Hub::new();
    hub.booked = vec![PersonId(id(0x100))];
    let tree = json!({ "schema": 1, "kind": "chart", "patient": hub.patient });
    hub.add_document(DocumentId::chart(hub.patient), &tree);
    hub
}

fn begin(phone: &Phone, visit: VisitId) {
    phone.app.visit(visit).check_in(None).unwrap();
}

/// Does what has to be done there, and leaves.
fn end(phone: &Phone, visit: VisitId) {
    let visit = phone.app.visit(visit);
    let done = TaskOutcome {
        status: TaskStatus::Done,
        result: None,
        reason: None,
        comment: None,
    };
    visit.set_task(task_id(), &done).unwrap();
    visit.complete(None).unwrap();
}

fn pin(digits: &str) -> Unlock {
    Unlock::Pin(Pin::new(digits).unwrap())
}

fn answers(overall: i64) -> BTreeMap<String, Answer> {
    let asked = survey().unwrap();
    let respect = asked.item("respect").unwrap().options[1].answer.clone();
    BTreeMap::from([
        ("respect".to_owned(), respect),
        ("overall".to_owned(), Answer::Integer(overall)),
        ("comment".to_owned(), Answer::Text(" Thank you. ".into())),
    ])
}

fn finish(desk: &SurveyDesk, overall: i64) -> Result<(), AppError> {
    let done = desk.finish(ReportedBy::Patient, "en", &answers(overall));
    done.map(drop)
}

fn field<T: std::fmt::Debug>(result: Result<T, AppError>) -> String {
    match result {
        Err(AppError::Refused { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

fn everything_is_locked(phone: &Phone, visit: VisitId, patient: PatientId) {
    let app = &phone.app;
    let visit = app.visit(visit);
    let locked = |result: Result<(), AppError>| assert_eq!(result, Err(AppError::Locked));
    locked(visit.read().map(drop));
    locked(visit.conflicts().map(drop));
    locked(visit.set_measure(MeasureValue::WeightKg(60.0)).map(drop));
    locked(visit.lend_for_survey().map(drop));
    locked(
        app.day(NaiveDate::from_ymd_opt(2026, 3, 1).unwrap())
            .map(drop),
    );
    locked(app.patient(patient).map(drop));
    locked(app.search("a", 5).map(drop));
    locked(app.me().map(drop));
    locked(app.forms().map(drop));
    locked(app.my_numbers(app_day(), app_day()).map(drop));
    locked(app.survey_results(app_day(), app_day(), "en").map(drop));
    locked(app.quarantine().map(drop));
    locked(app.sync_health().map(drop));
    locked(app.figures().map(drop));
    locked(app.documents().map(drop));
    locked(app.escrow().map(drop));
    locked(app.sign_out(None));
    locked(app.idle_slice().map(drop));
    locked(app.settle_down());
    locked(app.rebuild_projections().map(drop));
    locked(app.change_pin(&pin(PIN), "593 174"));
    locked(app.set_biometric(true, PIN));
    locked(app.recover(&pin(PIN)).map(drop));
}

#[test]
fn a_lent_phone_asks_the_survey_and_does_nothing_else_until_the_pin() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    let app = &nurse.app;
    let visit = app.visit(hub.visit);
    assert_eq!(field(visit.lend_for_survey()), "status");
    assert_eq!(app.session(), SessionState::Ready);
    begin(&nurse, hub.visit);
    let desk = visit.lend_for_survey().unwrap();
    assert_eq!(app.session(), SessionState::Lent);

    everything_is_locked(&nurse, hub.visit, hub.patient);
    let half = desk.finish(ReportedBy::Patient, "en", &BTreeMap::new());
    assert_eq!(field(half), "answers");
    assert_eq!(field(finish(&desk, 11)), "overall");
    finish(&desk, 9).unwrap();
    assert_eq!(field(finish(&desk, 8)), "survey", "once for each loan");
    assert_eq!(app.session(), SessionState::Lent);
    let wrong = app.unlock(&pin("915 273"));
    assert!(matches!(wrong, Err(AppError::WrongPin { .. })));
    assert_eq!(app.session(), SessionState::Lent);
    assert_eq!(visit.read().map(drop), Err(AppError::Locked));

    app.unlock(&pin(PIN)).unwrap();
    assert_eq!(app.session(), SessionState::Ready);
    assert_eq!(finish(&desk, 7), Err(AppError::Locked));
    let shown = visit.survey("es").unwrap();
    assert_eq!(shown.responses.len(), 1);
    let said = &shown.responses[0];
    assert_eq!(said.response.by, Some(nurse.person));
    assert_eq!(said.response.via, SurveyVia::LentPhone);
    let lines: Vec<(&str, &str)> = said
        .lines
        .iter()
        .map(|line| (line.link_id.as_str(), line.text.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            ("respect", "En parte"),
            ("overall", "9"),
            ("comment", "Thank you.")
        ]
    );
    assert!(said.lines[0].question.starts_with("¿Le trataron"));
}

#[test]
fn a_phone_that_is_killed_or_locked_while_it_is_lent_opens_by_the_pin_alone() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    begin(&nurse, hub.visit);
    let desk = nurse.app.visit(hub.visit).lend_for_survey().unwrap();
    finish(&desk, 10).unwrap();
    nurse.app.lock();
    assert_eq!(nurse.app.session(), SessionState::Locked);
    assert_eq!(finish(&desk, 3), Err(AppError::Locked));
    nurse.app.unlock(&pin(PIN)).unwrap();
    let kept = nurse.app.visit(hub.visit).survey("en").unwrap();
    assert_eq!(kept.responses[0].response.answers["overall"], 10);

    let desk = nurse.app.visit(hub.visit).lend_for_survey().unwrap();
    finish(&desk, 4).unwrap();
    drop(desk);
    // Restarting unlocks by the PIN.
    let nurse = nurse.restart();
    assert_eq!(nurse.app.session(), SessionState::Ready);
    let kept = nurse.app.visit(hub.visit).survey("en").unwrap();
    assert_eq!(kept.responses.len(), 2);
}

#[test]
fn a_link_is_asked_for_once_the_visit_is_over_by_somebody_who_agreed_and_three_times_at_most() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    assert_eq!(field(visit.invite_to_survey()), "notice_wishes");
    let shown = visit.survey("en").unwrap();
    assert_eq!(shown.hindrance, Some(NotSent::NotAsked));
    let wishes = NewNoticeWishes {
        agreed: true,
        wished_by: WishedBy::Patient,
        channel: NoticeChannel::Email,
        address: "ana@example.org".into(),
        language: None,
        quiet: None,
    };
    nurse
        .app
        .chart(hub.patient)
        .set_notice_wishes(&wishes)
        .unwrap();
    assert_eq!(field(visit.invite_to_survey()), "status");
    begin(&nurse, hub.visit);
    end(&nurse, hub.visit);
    visit.sign(&pin(PIN)).unwrap();
    for _ in 0..3 {
        visit.invite_to_survey().unwrap();
    }
    assert_eq!(field(visit.invite_to_survey()), "survey");
    let shown = visit.survey("en").unwrap();
    assert_eq!(shown.invitations.len(), 3);
    assert!(!shown.invitations[0].answered);
    assert!(shown.invitations[0].delivery.is_none());
    // What comes after the seal is beside it.
    assert!(visit.awaiting().unwrap().is_empty());
}

#[test]
fn what_patients_said_is_counted_by_question_and_by_visit() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    begin(&nurse, hub.visit);
    for overall in [10, 7] {
        let desk = visit.lend_for_survey().unwrap();
        finish(&desk, overall).unwrap();
        nurse.app.unlock(&pin(PIN)).unwrap();
    }
    end(&nurse, hub.visit);
    let today = nurse.app.today().unwrap();
    let results = nurse.app.survey_results(today, today, "en").unwrap();
    assert_eq!((results.visits, results.asked, results.answered), (1, 1, 1));
    assert_eq!(results.responses.len(), 2);
    let of = |link_id: &str| {
        let tally = results.questions.iter().find(|it| it.link_id == link_id);
        tally.unwrap().clone()
    };
    assert_eq!((of("overall").answered, of("overall").mean), (2, Some(8.5)));
    let respect: Vec<u32> = of("respect").options.iter().map(|it| it.1).collect();
    assert_eq!(respect, [0, 2, 0]);
    assert_eq!(of("heard").answered, 0);
    let before = today.pred_opt().unwrap();
    assert_eq!(
        field(nurse.app.survey_results(today, before, "en")),
        "until"
    );
}

#[test]
fn what_was_answered_is_news_to_the_team_and_a_later_question_is_told_as_it_lies() {
    let mut hub = hub();
    let other = VisitId(id(0x53));
    let said = SurveyResponse {
        by: None,
        via: SurveyVia::Link,
        invitation: Some(EntryId(id(0x77))),
        answered_by: ReportedBy::Representative,
        questionnaire: SURVEY.into(),
        language: "en".into(),
        answers: BTreeMap::from([("gone".into(), json!(true)), ("overall".into(), json!(2))]),
        at_ms: Millis(START),
    };
    let tree = json!({ "schema": 1, "kind": "visit", "patient": hub.patient,
        "status": "completed", "note": "",
        "survey": { id(0x78).to_string(): SurveyEntry::Answered(said) } });
    hub.add_document(DocumentId::visit(other), &tree);
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let aide = hub.phone(0x101, Role::Aide);
    let shown = aide.app.visit(other).survey("en").unwrap();
    let lines = &shown.responses[0].lines;
    assert_eq!(
        (lines[0].text.as_str(), lines[1].text.as_str()),
        ("2", "true")
    );
    assert_eq!(lines[1].answer, None, "no question of this version");

    let mut aide = aide;
    begin(&nurse, hub.visit);
    let desk = nurse.app.visit(hub.visit).lend_for_survey().unwrap();
    finish(&desk, 9).unwrap();
    nurse.app.unlock(&pin(PIN)).unwrap();
    nurse.push(&mut hub);
    aide.pull(&hub);
    let told = aide.app.since_last_here(hub.patient, 0, 200).unwrap();
    let survey = told.changes.iter().find(|it| it.kind == ChangeKind::Survey);
    let names: Vec<&str> = survey
        .unwrap()
        .fields
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["answered_by", "overall", "comment"]);
}

fn app_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1).unwrap()
}
