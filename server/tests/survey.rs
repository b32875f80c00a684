//! The survey by a link: from the visit that asks for it to the answers in the visit.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use std::collections::BTreeMap;

use homeround::forms::Answer;
use homeround::model::{EntryId, NotSent, NoticeState, ReportedBy, Role};
use homeround_server::notify::NotTaken;
use homeround_server::service::{SurveyFound, SurveyTaken};
use homeround_server::store::Storage as _;
use serde_json::json;
use support::asked::{Asked, hours};
use support::*;
use uuid::Uuid;

fn overall(figure: i64) -> BTreeMap<String, Answer> {
    BTreeMap::from([
        ("overall".to_owned(), Answer::Integer(figure)),
        ("comment".to_owned(), Answer::Text("Muy amable.".into())),
    ])
}

async fn answer(asked: &Asked, link: &str, figure: i64) -> SurveyTaken {
    answer_at(asked, link, &overall(figure), 1).await
}

async fn answer_at(
    asked: &Asked,
    link: &str,
    answers: &BTreeMap<String, Answer>,
    at: i64,
) -> SurveyTaken {
    let who = (ReportedBy::Patient, "es");
    let backend = &asked.world.backend;
    let taken = backend.answer_survey(link, who, answers, hours(at)).await;
    taken.unwrap()
}

async fn found(asked: &Asked, link: &str, at: i64) -> &'static str {
    match asked.world.backend.survey(link, hours(at)).await.unwrap() {
        SurveyFound::Open(_) => "open",
        SurveyFound::Answered => "answered",
        SurveyFound::Over => "over",
        SurveyFound::Unknown => "unknown",
    }
}

#[tokio::test]
async fn a_patient_is_asked_once_and_what_they_say_is_in_the_visit_beside_its_seal() {
    let mut asked = Asked::new().await;
    let id = asked.invite(0).await;
    asked.turn(0).await;
    asked.turn(1).await;
    let letters = asked.carrier.given.lock().unwrap().clone();
    assert_eq!(letters.len(), 1, "once");
    assert_eq!(
        (&*letters[0].to, letters[0].language),
        ("ana@example.org", "es")
    );
    let body = &letters[0].text.body;
    assert!(
        body.starts_with("Tuvo una visita con Person nina el 2 de marzo."),
        "{body}"
    );
    assert!(!body.contains("Family1"), "nobody is named but who came");
    assert_eq!(asked.stands(id).await.state, NoticeState::Sent);

    let link = asked.link();
    let seen = asked.world.backend.survey(&link, hours(1)).await.unwrap();
    let SurveyFound::Open(seen) = seen else {
        panic!("{seen:?}")
    };
    assert_eq!((&*seen.who, seen.language), ("Person nina", "es"));
    assert_eq!(
        found(&asked, &link, 1).await,
        "open",
        "looking answers nothing"
    );
    assert_eq!(answer(&asked, &link, 9).await, SurveyTaken::Kept);
    assert_eq!(
        answer(&asked, &link, 1).await,
        SurveyTaken::Answered,
        "once"
    );
    assert_eq!(found(&asked, &link, 1).await, "answered");

    let said = asked.answered().await;
    assert_eq!(said.len(), 1);
    assert_eq!(
        said[0]["answers"],
        json!({ "overall": 9, "comment": "Muy amable." })
    );
    assert_eq!(said[0]["via"], "link");
    assert_eq!(said[0]["invitation"], json!(id));
    assert_eq!(said[0]["by"], json!(null));
    let audit = asked.world.backend.audit(&asked.world.office, 0).await;
    let lines = audit.unwrap();
    assert!(lines.iter().any(|it| it.action == "survey_answered"));
    let rung = asked.world.bells.0.lock().unwrap();
    let last = rung.last().unwrap();
    assert_eq!(last.patients, [asked.patient]);
    assert!(
        last.people.contains(&asked.nurse.caller.person),
        "the team hears of it"
    );
}

#[tokio::test]
async fn what_is_answered_merges_with_what_the_nurse_writes_meanwhile() {
    let mut asked = Asked::new().await;
    asked.invite(0).await;
    asked.turn(0).await;
    let link = asked.link();
    asked.put(asked.visit, "outcome", json!("well"));
    assert_eq!(answer(&asked, &link, 8).await, SurveyTaken::Kept);
    asked.push().await;
    assert_eq!(asked.answered().await.len(), 1);
    assert_eq!(asked.nurse.view(asked.visit)["outcome"], "well");
}

#[tokio::test]
async fn a_link_that_was_changed_or_is_somebody_elses_or_too_old_leads_nowhere() {
    let mut asked = Asked::new().await;
    asked.invite(0).await;
    asked.turn(0).await;
    let link = asked.link();
    for at in 0..link.len() {
        let mut bent = link.clone().into_bytes();
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        let bent = String::from_utf8(bent).unwrap();
        let found = found(&asked, &bent, 1).await;
        assert!(found == "unknown" || bent == link, "{at}: {found}");
    }
    let short = &link[..link.len() - 4];
    for odd in ["", "x", short, "../../v1/admin/people"] {
        assert_eq!(found(&asked, odd, 1).await, "unknown", "{odd}");
    }
    // Of a backend with another key.
    let other = Asked::new().await;
    assert_eq!(found(&other, &link, 1).await, "unknown");

    assert_eq!(found(&asked, &link, 20 * 24).await, "open");
    assert_eq!(found(&asked, &link, 22 * 24).await, "over");
    let late = answer_at(&asked, &link, &overall(1), 22 * 24).await;
    assert_eq!(late, SurveyTaken::Over);
    assert_eq!(asked.answered().await.len(), 0);
}

#[tokio::test]
async fn answers_that_do_not_fit_are_named_and_the_link_can_be_used_again() {
    let mut asked = Asked::new().await;
    asked.invite(0).await;
    asked.turn(0).await;
    let link = asked.link();
    let SurveyTaken::Wrong(wrong) = answer(&asked, &link, 11).await else {
        panic!("11 of 10")
    };
    assert_eq!(wrong.item, "overall");
    let nothing = answer_at(&asked, &link, &BTreeMap::new(), 1).await;
    assert!(matches!(nothing, SurveyTaken::Wrong(_)));
    assert_eq!(answer(&asked, &link, 10).await, SurveyTaken::Kept);
}

#[tokio::test]
async fn a_letter_that_is_tried_again_carries_the_same_link() {
    let mut asked = Asked::new().await;
    let refuse = |with| asked.carrier.refuses.lock().unwrap().push(with);
    refuse(NotTaken::Later("421".into()));
    asked.invite(0).await;
    asked.turn(0).await;
    assert!(asked.carrier.given.lock().unwrap().is_empty());
    asked.turn(1).await;
    let link = asked.link();
    assert_eq!(found(&asked, &link, 2).await, "open");
    // A crash before the delivery was written down sends it again.
    let row = homeround_server::store::NoticeRow {
        notice: EntryId(Uuid::from_u128(0x700)),
        visit: homeround::model::VisitId(asked.visit.id),
        due: NOW,
        attempts: 0,
    };
    let mut tx = asked.world.storage.write(asked.world.tenant).await.unwrap();
    tx.put_notice(&row).await.unwrap();
    tx.commit().await.unwrap();
    asked.turn(2).await;
    assert_eq!(asked.carrier.given.lock().unwrap().len(), 2);
    assert_eq!(asked.link(), link);
}

#[tokio::test]
async fn nobody_is_asked_twice_or_about_a_visit_that_is_not_over_or_was_answered() {
    let mut asked = Asked::new().await;
    let first = asked.invite(0).await;
    let second = asked.invite(1).await;
    asked.turn(0).await;
    assert_eq!(asked.carrier.given.lock().unwrap().len(), 1);
    assert_eq!(asked.stands(first).await.reason, Some(NotSent::Superseded));
    assert_eq!(asked.stands(second).await.state, NoticeState::Sent);
    assert_eq!(answer(&asked, &asked.link(), 9).await, SurveyTaken::Kept);
    let third = asked.invite(2).await;
    asked.turn(0).await;
    assert_eq!(asked.stands(third).await.reason, Some(NotSent::TooLate));
    let fourth = asked.invite(3).await;
    assert_eq!(asked.stands(fourth).await.reason, Some(NotSent::TooMany));

    // One too many stands in nobody's way.
    let mut asked = Asked::new().await;
    for nth in 0..4 {
        asked.invite(nth).await;
    }
    asked.turn(0).await;
    let third = EntryId(Uuid::from_u128(0x702));
    assert_eq!(asked.stands(third).await.state, NoticeState::Sent);

    let mut asked = Asked::new().await;
    let id = asked.invite(0).await;
    asked.turn(15 * 24).await;
    assert_eq!(asked.stands(id).await.reason, Some(NotSent::TooLate));

    let mut asked = Asked::new().await;
    asked.put(asked.visit, "status", json!("canceled"));
    let id = asked.invite(0).await;
    asked.turn(0).await;
    assert_ne!(asked.stands(id).await.state, NoticeState::Sent);
}

#[tokio::test]
async fn a_backend_without_a_page_sends_no_link_and_says_why() {
    let mut asked = Asked::new().await;
    let plain = homeround_server::service::Backend::new(
        asked.world.storage.clone(),
        std::sync::Arc::new(homeround_server::http::SystemEntropy),
        asked.world.bells.clone(),
    );
    asked.world.backend = plain.unwrap().with_provider(asked.carrier.clone());
    let id = asked.invite(0).await;
    asked.turn(0).await;
    assert_eq!(asked.stands(id).await.reason, Some(NotSent::NoPage));
}

#[tokio::test]
async fn no_phone_writes_what_only_a_link_brings_and_none_says_nonsense() {
    let mut asked = Asked::new().await;
    let by = asked.nurse.caller.person;
    let good = json!({
        "kind": "answered", "by": by, "via": "lent_phone", "answered_by": "patient",
        "questionnaire": homeround::forms::SURVEY, "language": "es", "answers": { "overall": 9 },
        "at_ms": NOW,
    });
    let mut linked = good.clone();
    linked["via"] = json!("link");
    linked["invitation"] = json!(EntryId(Uuid::from_u128(0x700)));
    linked.as_object_mut().unwrap().remove("by");
    let mut empty = good.clone();
    empty["answers"] = json!({});
    let mut drawn = good.clone();
    drawn["kind"] = json!("drawn");
    let mut forged = good.clone();
    forged["by"] = json!(asked.world.office.person);
    for (nth, (entry, code)) in [
        (linked, "author_mismatch"),
        (empty, "survey_unreadable"),
        (drawn, "survey_unreadable"),
        (forged, "author_mismatch"),
        (good, "accepted"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut phone = Asked::new().await;
        std::mem::swap(&mut phone, &mut asked);
        let id = EntryId(Uuid::from_u128(0x900 + nth as u128));
        let mut entry = entry;
        if entry["by"] == json!(by) {
            entry["by"] = json!(phone.nurse.caller.person);
        }
        phone.append(id, entry);
        let verdicts = phone.nurse.push(&phone.world).await;
        assert_eq!(codes(&verdicts), [code], "{nth}");
    }
}

#[tokio::test]
async fn an_edit_that_stands_on_the_answers_reaches_who_comes_later() {
    let mut asked = Asked::new().await;
    let aide = asked.world.person("abe", Role::Aide).await;
    asked.world.grant(aide.person, asked.patient).await;
    asked.invite(0).await;
    asked.turn(0).await;
    let link = asked.link();
    assert_eq!(answer(&asked, &link, 9).await, SurveyTaken::Kept);
    asked.nurse.sync(&asked.world).await;
    asked.put(asked.visit, "outcome", json!("well"));
    asked.push().await;
    let mut other = Phone::enrol(&asked.world, aide, 22).await;
    other.sync(&asked.world).await;
    assert_eq!(other.view(asked.visit)["outcome"], "well");
    let survey = &other.view(asked.visit)["survey"];
    assert_eq!(survey.as_object().unwrap().len(), 2);
}
