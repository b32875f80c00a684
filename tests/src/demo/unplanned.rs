//! A visit that nobody booked, made without a signal, at the time of one that is booked; it
//! goes to a colleague in the end.

use serde_json::{Value, json};

use super::apart::short;
use super::play::{NURSE, Play, THERAPIST, rows, text};
use super::trouble::Trouble;

/// The therapist makes a visit at the door of a patient who is booked at that time.
pub(super) fn make(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("No signal: a visit that nobody booked, on the therapist's phone");
    let phone = &mut play.phones[THERAPIST];
    let day = phone.ask(&json!({ "do": "today" }))?;
    let last = rows(&day["visits"]).last().cloned();
    let booked = last.ok_or_else(|| Trouble::new("making a visit", "nothing is booked"))?;
    let made = phone.make(&json!({
        "do": "new_visit",
        "patient": booked["patient"],
        "service": "Check after a fall",
        "reason": "requested",
        "minutes": 30,
        "start_ms": booked["start_ms"],
    }))?;
    let visit = text(&made["visit"]);
    phone.edit(
        &visit,
        json!({ "do": "note", "insert": "Fell at noon, no pain. " }),
    )?;
    let list = json!({ "do": "duplicates", "visit": visit });
    let found = phone.ask(&list)?;
    let other = text(&booked["visit"]);
    let named = |found: &Value| {
        let mut twins = rows(found);
        twins.any(|twin| text(&twin["visit"]) == other && twin["why"] == "same_time")
    };
    let flagged = named(&found);
    play.screen.line(&format!(
        "visit {} can be worked on at once; it may be {} entered twice",
        short(&visit),
        short(&other)
    ));
    play.promise(
        flagged,
        "a visit made offline is flagged beside the booked one of that time, and nothing is blocked",
    );
    play.story.unplanned = visit;
    play.story.beside = other;
    Ok(())
}

/// The office sees the pair, and the nurse decides.
pub(super) fn decide(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("Is it there twice? The office sees both, the nurse decides");
    let (visit, other) = (play.story.unplanned.clone(), play.story.beside.clone());
    let pair = |found: &[Value]| {
        let mut found = found.iter();
        found.any(|one| {
            let visits: Vec<String> = rows(&one["visits"]).map(|it| text(&it["visit"])).collect();
            visits.contains(&visit) && visits.contains(&other)
        })
    };
    let seen = pair(&play.office.list("duplicates")?);
    play.promise(
        seen,
        "the office has the visit booked, and sees that it may be there twice",
    );
    let phone = &mut play.phones[NURSE];
    phone.edit(&visit, json!({ "do": "two_visits", "other": other }))?;
    play.sync_all()?;
    let settled = !pair(&play.office.list("duplicates")?);
    let list = json!({ "do": "duplicates", "visit": visit });
    let left = play.phones[THERAPIST].ask(&list)?;
    // Another visit of that hour may be asked about as well.
    let still = rows(&left).any(|twin| text(&twin["visit"]) == other);
    play.promise(
        settled && !still,
        "decided once on one phone, it is settled for the office and on the others",
    );
    Ok(())
}

/// The therapist can't go any more: the nurse takes the visit, with what is unsent.
pub(super) fn hand_over(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("No signal again: the therapist hands the visit over");
    let visit = play.story.unplanned.clone();
    let (from, to) = (
        play.phones[THERAPIST].carrier.name,
        play.phones[NURSE].carrier.name,
    );
    let taker = play.phones[NURSE].carrier.person.clone();
    let phone = &mut play.phones[THERAPIST];
    let told = "Walks with a stick since noon. ";
    phone.edit(&visit, json!({ "do": "note", "insert": told }))?;
    let given = json!({ "do": "hand_over", "to": taker, "reason": "end_of_shift" });
    phone.edit(&visit, given)?;
    let asked = json!({ "do": "handover", "visit": visit });
    let waits = phone.ask(&asked)?["state"] == "waiting";
    play.screen.line(&format!(
        "{from} gives visit {} to {to}, with a sentence that is unsent",
        short(&visit)
    ));
    play.sync_all()?;
    play.sync_all()?;
    let nurse = &mut play.phones[NURSE];
    let done = nurse.ask(&asked)?["state"] == "done";
    let day = nurse.ask(&json!({ "do": "today" }))?;
    let own = rows(&day["visits"]).any(|row| text(&row["visit"]) == visit);
    let read = nurse.ask(&json!({ "do": "visit", "visit": visit }))?;
    let arrived = text(&read["note"]).contains(told.trim());
    play.promise(
        waits && done && own && arrived,
        "the backend books the colleague, and everything that was unsent is on her phone",
    );
    Ok(())
}
