//! A visit by video, tried without a signal the day before: consent, a call that fails, and
//! figures that the patient told.

use homeround::app::{Clocks as _, System};
use homeround::model::{DAY_MS, HOUR_MS};
use serde_json::json;

use super::phones::Carrier;
use super::play::{NURSE, Play, THERAPIST, rows};
use super::trouble::Trouble;

const LINK: &str = "https://video.example.org/room/7";

/// The office books it for the day after tomorrow, with a link and a number.
pub(super) fn book(play: &mut Play, carriers: &[Carrier]) -> Result<(), Trouble> {
    let start = System.now().wall_ms.plus(2 * DAY_MS);
    play.story.call = play.office.book(&json!({
        "patient": play.story.shared.patient,
        "assignees": [carriers[NURSE].person, carriers[THERAPIST].person],
        "start_ms": start,
        "end_ms": start.plus(HOUR_MS),
        "service": { "text": "Nursing visit by video" },
        "time_zone": play.args.time_zone,
        "virtual_visit": { "join_link": LINK, "phone": "+1 617 555 0123" },
    }))?;
    Ok(())
}

/// The nurse makes the call, and it fails.
pub(super) fn apart(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("A visit by video: consent, no sound, and on by phone");
    let visit = play.story.call.clone();
    let phone = &mut play.phones[NURSE];
    let too_early = json!({ "do": "check_in", "visit": visit });
    let early = phone.try_ask(&too_early)?.is_err();
    for said in [
        json!({ "do": "call", "what": "waiting" }),
        json!({ "do": "call", "what": "in_lobby" }),
        json!({ "do": "call", "what": "consent", "decision": "given" }),
        json!({ "do": "call", "what": "joined" }),
        json!({ "do": "call", "what": "phone_call", "reason": "no_sound" }),
        json!({ "do": "vitals", "pulse_bpm": 84, "reported_by": "patient" }),
    ] {
        phone.edit(&visit, said)?;
    }
    play.promise(
        early,
        "a virtual visit does not begin before the patient agreed to it",
    );
    Ok(())
}

/// A colleague sees how it went.
pub(super) fn together(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("The therapist sees how the call went");
    let visit = play.story.call.clone();
    let phone = &mut play.phones[THERAPIST];
    let call = phone.ask(&json!({ "do": "virtual_visit", "visit": visit }))?;
    let seen = phone.ask(&json!({ "do": "visit", "visit": visit }))?;
    let found = seen["observations"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let told = found
        .values()
        .any(|it| it["measured"]["reported_by"] == "patient");
    let bundle = play.office.fhir(&visit)?;
    let resources = || rows(&bundle["entry"]).map(|entry| &entry["resource"]);
    let virtual_class = resources().any(|it| it["class"]["code"] == "VR");
    let consent = resources().any(|it| it["resourceType"] == "Consent");
    play.promise(
        call["state"] == "by_phone" && call["consent"] == "given" && call["noted"] == 4,
        "consent, lobby and the fall-back to a phone call are there in order, noted offline",
    );
    play.promise(
        told && virtual_class && consent,
        "what the patient told is marked as told, and FHIR says that the visit was virtual",
    );
    Ok(())
}
