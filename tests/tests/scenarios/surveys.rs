//! What a patient says of a visit: from the nurse who asks, over the letter and its page, to
//! the team's phones; and back from them, when the backend was put back to a backup.

use homeround::app::{AppError, NewNoticeWishes, TaskOutcome};
use homeround::model::{NoticeChannel, NoticeState, QuietHours, SurveyVia, VisitId, WishedBy};
use homeround_tests::stage::{PATIENTS_ADDRESS, Phone, Stage, raw};
use tempfile::TempDir;

/// The visit is made, and the patient wants to be written to at any hour.
fn make(nina: &Phone, stage: &Stage, visit: VisitId) {
    let wishes = NewNoticeWishes {
        agreed: true,
        wished_by: WishedBy::Patient,
        channel: NoticeChannel::Email,
        address: "patient@example.org".into(),
        language: Some("es".into()),
        quiet: Some(QuietHours {
            from_minute: 0,
            until_minute: 0,
        }),
    };
    let chart = nina.app().chart(stage.patients[0]);
    chart.set_notice_wishes(&wishes).unwrap();
    let visit = nina.app().visit(visit);
    visit.check_in(None).unwrap();
    for task in visit.read().unwrap().tasks.keys() {
        visit.set_task(*task, &TaskOutcome::done()).unwrap();
    }
    visit.complete(None).unwrap();
    visit.invite_to_survey().unwrap();
}

/// The path of the page that the letter leads to.
fn page(stage: &Stage) -> String {
    let letter = stage.backend.mailbox.letter();
    assert_eq!(
        (&*letter.to, letter.language),
        ("patient@example.org", "es")
    );
    let (_, rest) = letter.text.body.split_once(PATIENTS_ADDRESS).unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

fn answer(stage: &Stage, page: &str, overall: &str) -> u16 {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("lang=es&answered_by=patient&overall={overall}");
    let address = stage.backend.address();
    raw::send(address, "POST", page, &form, body.as_bytes()).status
}

fn said(phone: &Phone, visit: VisitId) -> Vec<i64> {
    let shown = phone.app().visit(visit).survey("en").unwrap();
    let overall = |it: &homeround::app::SurveyAnswered| {
        assert_eq!(it.response.via, SurveyVia::Link);
        it.response.answers["overall"].as_i64()
    };
    shown.responses.iter().filter_map(overall).collect()
}

#[test]
fn what_a_patient_answers_by_a_link_reaches_the_team_and_comes_back_after_a_restore() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    make(&nina, &stage, visit);
    stage.converge(&[&nina, &theo]);
    let page = page(&stage);
    stage.backend.stop();
    let folder = TempDir::new().unwrap();
    let backup = folder.path().join("backup.sqlite");
    stage.backend.back_up(&backup);
    stage.backend.serve();

    assert_eq!(answer(&stage, &page, "9"), 303);
    stage.converge(&[&nina, &theo]);
    for phone in [&nina, &theo] {
        assert_eq!(said(phone, visit), [9]);
    }
    let shown = nina.app().visit(visit).survey("en").unwrap();
    let asked = &shown.invitations[0];
    assert!(asked.answered);
    let sent = asked.delivery.as_ref().map(|it| it.state);
    assert_eq!(sent, Some(NoticeState::Sent));

    // The backend forgets; the phones do not.
    stage.backend.stop();
    stage.backend.put_back(&backup);
    stage.backend.serve();
    assert!(stage.supervisor().visit(visit).survey.len() == 1);
    let _ = theo.try_sync(&stage.backend);
    let _ = theo.try_sync(&stage.backend);
    stage.converge(&[&nina, &theo]);
    assert_eq!(stage.supervisor().visit(visit).survey.len(), 2);
    // And the link, which is kept nowhere, still knows that it was used.
    assert_eq!(answer(&stage, &page, "1"), 303);
    stage.converge(&[&nina, &theo]);
    for phone in [&nina, &theo] {
        assert_eq!(said(phone, visit), [9]);
    }
    stage.same_everywhere(visit, &[&nina, &theo]);
    assert!(stage.office().rejected().is_empty());
}

#[test]
fn a_lent_phone_sends_nothing() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    nina.app().visit(visit).check_in(None).unwrap();
    // Whatever is sent finds nobody.
    stage.backend.stop();
    nina.app().visit(visit).lend_for_survey().unwrap();
    let enrolled = nina.try_enrol(&stage.backend, "nina");
    assert_eq!(enrolled.unwrap_err(), AppError::Locked);
    let report = nina.try_sync(&stage.backend);
    assert_eq!(report.requests, 0, "{report:?}");
}
