//! Without a signal: everybody works on, one phone dies, one access ends.

use serde_json::{Value, json};

use super::morning::TASKS;
use super::play::{AIDE, NURSE, Play, THERAPIST, rows};
use super::screen::grouped;
use super::trouble::Trouble;

/// The sentences of the shared note, each typed on another phone.
pub(super) const SENTENCES: [(usize, &str); 3] = [
    (NURSE, "Wound clean and dry, edges closing. "),
    (THERAPIST, "Walks 20 m with the walker, one rest. "),
    (AIDE, "Ate half of breakfast, drank 400 ml. "),
];
/// Acknowledged edits after which the phone is killed.
const KILL_AFTER: usize = 60;
/// The medication that is not given.
const MEDICATION: &str = "Metoprolol tartrate 25 mg";

/// Everybody edits the same visit, and nobody hears of the others.
pub(super) fn offline_edits(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("No signal: everybody works on, in the same visit");
    let shared = play.story.shared.visit.clone();
    let disputed = play.story.disputed.visit.clone();
    let tasks = tasks_of(play, &shared)?;
    let task = |at: usize| tasks.get(at).cloned().unwrap_or_default();
    let coding = json!({ "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "code": "866924", "text": MEDICATION });
    let fix = json!({ "latitude_deg": 42.3601, "longitude_deg": -71.0589, "accuracy_m": 12.0 });
    let edits: Vec<(usize, &str, &str, Value)> = vec![
        (
            NURSE,
            &shared,
            "on the way",
            json!({ "do": "travel", "fix": fix }),
        ),
        (
            NURSE,
            &shared,
            "in the home",
            json!({ "do": "check_in", "fix": fix }),
        ),
        (
            NURSE,
            &shared,
            "vital signs",
            json!({ "do": "vitals", "pulse_bpm": 78,
            "systolic_mmhg": 142, "diastolic_mmhg": 88, "temperature_c": 36.8, "spo2_percent": 97 }),
        ),
        (
            NURSE,
            &shared,
            "task: done, passed",
            json!({ "do": "task", "task": task(0),
            "status": "done", "result": "pass" }),
        ),
        (
            NURSE,
            &shared,
            "medication not given: refused",
            json!({ "do": "medication_not_given",
            "code": coding, "reason": "refused", "comment": "nausea since this morning" }),
        ),
        (
            NURSE,
            &shared,
            "note",
            json!({ "do": "note", "at": 0, "insert": SENTENCES[0].1 }),
        ),
        (
            NURSE,
            &shared,
            "outcome: one opinion",
            json!({ "do": "outcome",
            "text": "Stable, plan goes on" }),
        ),
        (
            THERAPIST,
            &shared,
            "vital signs",
            json!({ "do": "vitals", "pulse_bpm": 96,
            "respirations_per_min": 20 }),
        ),
        (
            THERAPIST,
            &shared,
            "same task: started, a comment",
            json!({ "do": "task", "task": task(0),
            "status": "started", "comment": "dressing was loose on arrival" }),
        ),
        (
            THERAPIST,
            &shared,
            "another task: done",
            json!({ "do": "task", "task": task(1),
            "status": "done", "result": "partial_success" }),
        ),
        (
            THERAPIST,
            &shared,
            "same note",
            json!({ "do": "note", "insert": SENTENCES[1].1 }),
        ),
        (
            THERAPIST,
            &shared,
            "outcome: another opinion",
            json!({ "do": "outcome",
            "text": "Improving, two visits a week will do" }),
        ),
        (
            THERAPIST,
            &disputed,
            "pain score 3",
            json!({ "do": "measure", "name": "pain_score",
            "value": 3 }),
        ),
        (
            AIDE,
            &shared,
            "vital signs",
            json!({ "do": "vitals", "temperature_c": 37.1 }),
        ),
        (
            AIDE,
            &shared,
            "a third task: done",
            json!({ "do": "task", "task": task(2),
            "status": "done", "result": "pass" }),
        ),
        (
            AIDE,
            &shared,
            "same note",
            json!({ "do": "note", "insert": SENTENCES[2].1 }),
        ),
        (
            AIDE,
            &disputed,
            "pain score 6",
            json!({ "do": "measure", "name": "pain_score",
            "value": 6 }),
        ),
    ];
    let mut shown = Vec::new();
    for (who, visit, what, command) in edits {
        let phone = &mut play.phones[who];
        let saved = phone.edit(visit, command)?;
        let hash: String = saved["hash"]
            .as_str()
            .unwrap_or("")
            .chars()
            .take(12)
            .collect();
        let carrier = &phone.carrier;
        shown.push(vec![carrier.name.to_owned(), what.to_owned(), hash]);
    }
    play.screen.table(&["who", "what", "change"], &shown);
    let mut unsent = 0;
    for phone in &mut play.phones {
        let stats = phone.ask(&json!({ "do": "stats" }))?;
        unsent += stats["unsent"].as_u64().unwrap_or(0);
    }
    let held = unsent == shown.len() as u64;
    play.promise(
        held,
        &format!("{unsent} edits are durable on their phones and known nowhere else"),
    );
    Ok(())
}

/// The ids of a visit's tasks in the order in which they were booked.
fn tasks_of(play: &mut Play, visit: &str) -> Result<Vec<String>, Trouble> {
    let view = play.phones[NURSE].ask(&json!({ "do": "visit", "visit": visit }))?;
    let tasks = view["tasks"].as_object();
    let id_of = |title: &str| {
        let mut found = tasks.into_iter().flatten();
        let (id, _) = found.find(|(_, task)| task["title"] == title)?;
        Some(id.clone())
    };
    let ids: Option<Vec<String>> = TASKS.iter().map(|(title, _)| id_of(title)).collect();
    ids.ok_or_else(|| Trouble::new("reading the visit's tasks", "one is missing"))
}

/// Kills a phone while it writes as fast as it can, and looks for every edit
/// that it had acknowledged.
pub(super) fn kill(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("SIGKILL in the middle of a write");
    let visit = play.story.killed.visit.clone();
    let token = play.office.token(play.phones[THERAPIST].carrier.login)?;
    let phone = &mut play.phones[THERAPIST];
    let before = phone.acks.len();
    let acknowledged = phone.burst_and_kill(&visit, KILL_AFTER)?;
    phone.switch_on()?;
    phone.unlock()?;
    phone.ask(&json!({ "do": "token", "token": token }))?;
    let hashes: Vec<String> = phone.acks[before..]
        .iter()
        .map(|ack| ack.hash.clone())
        .collect();
    let places = phone.ask(&json!({
        "do": "whereabouts",
        "document": { "kind": "visit", "id": visit },
        "hashes": hashes,
    }))?;
    let there = places.as_object().into_iter().flatten();
    let there = there.filter(|(_, place)| **place == "outbox").count();
    let audit = phone.ask(&json!({ "do": "audit" }))?;
    let name = phone.carrier.name;
    play.screen.line(&format!(
        "{name}'s phone was killed after {acknowledged} acknowledged edits, and opened again"
    ));
    play.promise(
        there == acknowledged && acknowledged >= KILL_AFTER,
        &format!("{there} of {acknowledged} acknowledged edits are there after the kill"),
    );
    play.promise(
        audit["sound"] == true,
        "its audit trail is whole after the kill",
    );
    Ok(())
}

/// Ends the aide's access to one patient while the aide is offline with
/// unsent work for that patient, and goes on working.
pub(super) fn revoke(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("The office ends the aide's access to one patient");
    let visit = play.story.revoked.visit.clone();
    let patient = play.story.revoked.patient.clone();
    let aide = &mut play.phones[AIDE];
    aide.edit(&visit, json!({ "do": "vitals", "pulse_bpm": 70 }))?;
    aide.edit(
        &visit,
        json!({ "do": "note", "insert": "Slept badly, asks for the night lamp. " }),
    )?;
    let person = aide.carrier.person.clone();
    let ended = play.office.end_access(&person, &patient)?;
    let aide = &mut play.phones[AIDE];
    aide.edit(
        &visit,
        json!({ "do": "measure", "name": "pain_score", "value": 2 }),
    )?;
    let documents = aide.ask(&json!({ "do": "documents" }))?;
    let held = rows(&documents)
        .filter(|it| it["view"]["patient"] == json!(patient))
        .count();
    let name = play.phones[AIDE].carrier.name;
    play.screen.line(&format!(
        "{} grants ended; {name} is offline with 3 unsent edits and {} documents of that patient",
        grouped(ended),
        grouped(held as u64),
    ));
    play.promise(
        ended > 0 && held > 0,
        "the phone knows nothing of it yet, and works on",
    );
    Ok(())
}
