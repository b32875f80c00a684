//! In front of the door: who the patient is, and what changed since the nurse was there.

use serde_json::{Value, json};

use super::play::{NURSE, Play, THERAPIST, rows, text};
use super::trouble::Trouble;

/// The card of the day's shared visit, without a signal.
pub(super) fn card(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("In front of the door: the patient's card, from the phone alone");
    let shared = play.story.shared.clone();
    let ask = json!({ "do": "card", "patient": shared.patient, "visit": shared.visit });
    let card = play.phones[NURSE].ask(&ask)?;
    let allergies: Vec<String> = rows(&card["allergies"])
        .map(|it| it.as_str().unwrap_or_default().to_owned())
        .collect();
    play.screen.line(&format!(
        "{} years, allergies: {}; {} medications taken, {} conditions",
        card["age_months"].as_u64().unwrap_or(0) / 12,
        if allergies.is_empty() {
            "none known".to_owned()
        } else {
            allergies.join(", ")
        },
        text(&card["medications"]),
        text(&card["conditions"]),
    ));
    let since = since(play, NURSE)?;
    play.promise(
        card["name"] == json!(shared.patient_name) && since["first"] == true,
        "the card says who it is, and that the nurse was never here",
    );
    Ok(())
}

/// The nurse has left; what a colleague wrote before and what arrived after is told.
pub(super) fn late(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("What changed since the nurse left, whatever the clocks say");
    let told = since(play, NURSE)?;
    let of = |wanted: &str| {
        rows(&told["changes"])
            .find(|it| it["kind"] == wanted)
            .cloned()
    };
    for change in rows(&told["changes"]).take(4) {
        play.screen.line(&format!(
            "{} {}: {} by {}",
            text(&change["how"]),
            text(&change["kind"]),
            text(&change["title"]),
            play.name_of(&change["by"])
        ));
    }
    let note = of("note").unwrap_or_default();
    let own = json!(play.phones[NURSE].carrier.person);
    play.promise(
        note["late"] == true && told["last_visit"] == json!(play.story.shared.visit),
        "the aide's sentence, typed before she left and arrived after, is news to her",
    );
    play.promise(
        rows(&told["changes"]).all(|it| it["by"] != own),
        "and nothing that she wrote herself is",
    );
    let never = since(play, THERAPIST)?;
    play.promise(
        never["first"] == true,
        "who did not leave a visit of this patient's is told that",
    );
    Ok(())
}

fn since(play: &mut Play, who: usize) -> Result<Value, Trouble> {
    let patient = json!(play.story.shared.patient);
    play.phones[who].ask(&json!({ "do": "since", "patient": patient }))
}
