//! A photo of the wound, taken without a signal: its record goes with the other edits, its
//! bytes when there is a network for them, and a colleague's phone checks them.

use std::path::PathBuf;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::play::{NURSE, Play, THERAPIST, text};
use super::screen::grouped;
use super::trouble::{During, Trouble};

const CAPTION: &str = "Left heel, edges closing";

/// Which picture serves as the photo: one of the project's own.
fn file() -> PathBuf {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/pictures/phone.png");
    PathBuf::from(own)
}

/// What is known of an attachment with this caption in a visit as a phone shows it.
fn seen(visit: &Value) -> Option<(String, Value)> {
    let all = visit["attachments"].as_object()?;
    let found = all.iter().find(|it| it.1["caption"] == CAPTION)?;
    Some((found.0.clone(), found.1.clone()))
}

/// The nurse takes a photo, offline.
pub(super) fn take(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("A photo of the wound, without a signal");
    let visit = play.story.shared.visit.clone();
    let left_heel = json!({
        "system": "http://snomed.info/sct", "code": "76853006", "text": "Structure of heel of left foot",
    });
    let command =
        json!({ "do": "attach", "file": file(), "caption": CAPTION, "body_site": left_heel });
    let nurse = &mut play.phones[NURSE];
    nurse.edit(&visit, command)?;
    let shown = nurse.ask(&json!({ "do": "visit", "visit": visit }))?;
    let (_, entry) = seen(&shown).unwrap_or_default();
    let name = nurse.carrier.name;
    let bytes = entry["size_bytes"].as_u64().unwrap_or(0);
    play.screen.line(&format!(
        "{name} photographs the heel: {} bytes, sealed into a file of their own on her phone",
        grouped(bytes)
    ));
    play.promise(bytes > 0, "the visit names the photo by its SHA-256");
    Ok(())
}

/// The record has gone around; now the bytes follow.
pub(super) fn arrive(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("The photo's bytes follow when there is a network for them");
    let visit = play.story.shared.visit.clone();
    let shown = play.phones[THERAPIST].ask(&json!({ "do": "visit", "visit": visit }))?;
    let (id, entry) =
        seen(&shown).ok_or_else(|| Trouble::new("the photo", "its record did not arrive"))?;
    let fetch = json!({ "do": "fetch_attachment", "visit": visit, "entry": id });
    let early = play.phones[THERAPIST].try_ask(&fetch)?;
    play.promise(
        early.is_err_and(|refusal| refusal["error"] == "not_found"),
        "the therapist sees that there is a photo before its bytes were sent",
    );
    let sent = play.phones[NURSE].ask(&json!({ "do": "send_attachments" }))?;
    let fetched = play.phones[THERAPIST].ask(&fetch)?;
    let original = std::fs::read(file()).during("reading the photo")?;
    let digest: String = (Sha256::digest(&original).iter())
        .map(|byte| format!("{byte:02x}"))
        .collect();
    play.screen.line(&format!(
        "{} bytes up, {} down to the therapist's phone, SHA-256 {}",
        grouped(sent["bytes"].as_u64().unwrap_or(0)),
        grouped(fetched["bytes"].as_u64().unwrap_or(0)),
        digest.get(..12).unwrap_or_default()
    ));
    let same = text(&fetched["sha256"]) == digest && text(&entry["sha256"]) == digest;
    play.promise(
        same && sent["left"] == 0,
        "what the therapist's phone holds is what the nurse photographed, to the last bit",
    );
    Ok(())
}
