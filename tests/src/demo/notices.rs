//! Telling a patient that somebody is on the way: asked for without a signal.

use serde_json::json;

use super::play::{NURSE, Play, rows};
use super::trouble::Trouble;

/// The nurse writes down what the patient wishes, and tells them, while nobody has a signal.
pub(super) fn apart(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("No signal: the patient is to be told who comes");
    let (patient, visit) = (
        play.story.shared.patient.clone(),
        play.story.shared.visit.clone(),
    );
    let nurse = &mut play.phones[NURSE];
    let early = json!({ "do": "notify", "visit": visit, "kind": "on_my_way" });
    let refused = nurse.try_ask(&early)?.err().unwrap_or_default();
    nurse.edit_chart(
        &patient,
        json!({
            "do": "notice_wishes", "agreed": true, "address": "patient@example.org", "language": "es",
        }),
    )?;
    let draft = json!({ "do": "notice_draft", "visit": visit, "kind": "on_my_way" });
    let shown = nurse.ask(&draft)?;
    nurse.edit(&visit, json!({ "do": "notify", "kind": "on_my_way" }))?;
    play.promise(
        refused["field"] == "notice_wishes",
        "nobody is told anything before they agreed",
    );
    play.promise(
        shown["language"] == "es"
            && shown["body"]
                .as_str()
                .is_some_and(|it| it.contains("en camino")),
        "the nurse sees what the patient will read, in the patient's language",
    );
    Ok(())
}

/// It has gone around: the nurse was there before it could go out.
pub(super) fn together(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("What became of the notice comes back");
    let visit = play.story.shared.visit.clone();
    let asked = json!({ "do": "notices", "visit": visit });
    let shown = play.until(NURSE, &asked, |shown| {
        rows(shown).all(|it| it["state"] == "not_sent")
    })?;
    play.promise(
        rows(&shown).any(|it| it["reason"] == "too_late"),
        "nobody is told that somebody is on the way who is there already, and the nurse is told so",
    );
    Ok(())
}
