//! Messages within the team: written without a signal, read by a colleague, answered.

use serde_json::{Value, json};

use super::play::{NURSE, Play, THERAPIST, rows, text};
use super::trouble::Trouble;

const ASKED: &str = "Left leg swollen and warm. Please look before you train.";
const ANSWERED: &str = "No training today, I called Dr. Lund.";

/// The nurse writes while nobody has a signal.
pub(super) fn apart(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("No signal: a message to the team");
    let patient = play.story.shared.patient.clone();
    let nurse = &mut play.phones[NURSE];
    nurse.edit_chart(
        &patient,
        json!({ "do": "message", "text": ASKED, "urgent": true }),
    )?;
    let own = thread(play, NURSE)?;
    play.promise(
        own["last"] == ASKED && own["unread"] == 0,
        "an urgent message is durable on the nurse's phone, and goes out with the other edits",
    );
    Ok(())
}

/// It has gone around: the therapist reads it and answers.
pub(super) fn together(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("The therapist reads the message, and answers");
    let patient = play.story.shared.patient.clone();
    let waiting = thread(play, THERAPIST)?;
    let therapist = &mut play.phones[THERAPIST];
    let said = therapist.ask(&json!({ "do": "messages", "patient": patient }))?;
    let asked = rows(&said).find(|it| it["text"] == ASKED).cloned();
    let asked = asked.unwrap_or_default();
    therapist.edit_chart(&patient, json!({ "do": "messages_read" }))?;
    let answer = json!({ "do": "message", "text": ANSWERED, "reply_to": asked["id"] });
    therapist.edit_chart(&patient, answer)?;
    play.promise(
        waiting["pressing"] == 1 && asked["unread"] == true,
        "it presses on the therapist's phone until it is read",
    );
    Ok(())
}

/// The answer has come back, with who has read what.
pub(super) fn answered(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("The nurse sees who has read her message");
    let patient = play.story.shared.patient.clone();
    let reader = play.phones[THERAPIST].carrier.person.clone();
    let said = play.phones[NURSE].ask(&json!({ "do": "messages", "patient": patient }))?;
    let texts: Vec<String> = rows(&said).map(|it| text(&it["text"])).collect();
    let read = rows(&said).any(|it| it["text"] == ASKED && it["read_by"] == json!([reader]));
    play.promise(
        read && texts == [ASKED, ANSWERED],
        "the answer stands after what it answers, and the author sees who has read",
    );
    Ok(())
}

fn thread(play: &mut Play, who: usize) -> Result<Value, Trouble> {
    let patient = json!(play.story.shared.patient);
    let threads = play.phones[who].ask(&json!({ "do": "message_threads" }))?;
    let found = rows(&threads).find(|it| it["patient"] == patient).cloned();
    Ok(found.unwrap_or_default())
}
