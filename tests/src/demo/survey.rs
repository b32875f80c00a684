//! What the patient says of the visit: on the nurse's phone, which does nothing else meanwhile.

use serde_json::json;

use super::play::{AIDE, NURSE, Play, rows};
use super::trouble::Trouble;

/// The visit is signed: the nurse hands the phone to the patient, and asks for a link too.
pub(super) fn act(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("The patient says how it was, on the nurse's phone");
    let visit = play.story.shared.visit.clone();
    let nurse = &mut play.phones[NURSE];
    nurse.ask(&json!({ "do": "lend_for_survey", "visit": visit }))?;
    let looks = nurse.try_ask(&json!({ "do": "today" }))?;
    let sends = nurse.try_ask(&json!({ "do": "sync", "budget_ms": 500 }))?;
    let writes = nurse.try_ask(&json!({ "do": "note", "visit": visit, "insert": "?" }))?;
    let wrong = nurse.try_ask(&json!({ "do": "unlock", "pin": "918273" }))?;
    let closed = looks.is_err() && writes.is_err() && !sends.is_ok_and(|it| it["ended"] == "idle");
    let said = json!({ "overall": "9", "respect": "yes", "comment": "She took her time." });
    let finish = json!({ "do": "finish_survey", "visit": visit, "answers": said });
    nurse.edit(&visit, finish.clone())?;
    let twice = nurse.try_ask(&finish)?;
    nurse.unlock()?;
    let name = nurse.carrier.name;
    play.screen.line(&format!(
        "the patient answers and gives the phone back; {name} unlocks it"
    ));
    play.promise(
        closed && wrong.is_err(),
        "a phone that is lent asks the survey and does nothing else until the PIN",
    );
    play.promise(twice.is_err(), "and takes one answered survey each time");
    let nurse = &mut play.phones[NURSE];
    nurse.edit(&visit, json!({ "do": "invite_to_survey" }))?;
    nurse.sync()?;
    play.phones[AIDE].sync()?;
    let shown = play.phones[AIDE].ask(&json!({ "do": "survey", "visit": visit }))?;
    let mut told = rows(&shown["responses"]);
    let kind = told
        .any(|it| it["said"]["comment"] == "She took her time." && it["said"]["respect"] == "Yes");
    play.promise(kind, "what the patient said is in the visit, for the team");
    Ok(())
}

/// The backend has nobody who sends letters, and the patient had answered: it says so.
pub(super) fn asked(play: &mut Play) -> Result<(), Trouble> {
    let visit = play.story.shared.visit.clone();
    let ask = json!({ "do": "survey", "visit": visit });
    let shown = play.until(NURSE, &ask, |shown| {
        rows(&shown["invitations"]).all(|it| it["state"] == "not_sent")
    })?;
    play.promise(
        rows(&shown["invitations"]).any(|it| it["reason"] == "too_late"),
        "nobody is sent a link who has answered already, and the nurse is told so",
    );
    Ok(())
}
