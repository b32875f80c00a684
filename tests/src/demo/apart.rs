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

/// One edit of the script: who, in which visit, in words, and as a command.
struct Edit<'a> {
    who: usize,
    visit: &'a str,
    what: &'static str,
    command: Value,
}

/// Everybody edits the same visit, and nobody hears of the others.
pub(super) fn offline_edits(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("No signal: everybody works on, in the same visit");
    let shared = play.story.shared.visit.clone();
    let disputed = play.story.disputed.visit.clone();
    let tasks = tasks_of(play, &shared)?;
    let before = unsent(play)?;
    let mut edits = nurses_edits(&shared, &tasks);
    edits.extend(therapists_edits(&shared, &disputed, &tasks));
    edits.extend(aides_edits(&shared, &disputed, &tasks));
    let mut shown = Vec::new();
    for edit in edits {
        let phone = &mut play.phones[edit.who];
        let saved = phone.edit(edit.visit, edit.command)?;
        let hash = saved["hash"].as_str().unwrap_or("");
        let name = phone.carrier.name.to_owned();
        shown.push(vec![name, edit.what.to_owned(), short(hash)]);
    }
    play.screen.table(&["who", "what", "change"], &shown);
    let unsent = unsent(play)?;
    let held = unsent == before + shown.len() as u64;
    play.promise(
        held,
        &format!("{unsent} edits are durable on their phones and known nowhere else"),
    );
    Ok(())
}

fn nurses_edits<'a>(visit: &'a str, tasks: &[String]) -> Vec<Edit<'a>> {
    let fix = json!({ "latitude_deg": 42.3601, "longitude_deg": -71.0589, "accuracy_m": 12.0 });
    let medication = json!({
        "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "code": "866924",
        "text": MEDICATION,
    });
    let vitals = json!({
        "do": "vitals",
        "pulse_bpm": 78,
        "systolic_mmhg": 142,
        "diastolic_mmhg": 88,
        "temperature_c": 36.8,
        "spo2_percent": 97,
        "respirations_per_min": 22,
        "consciousness": "alert",
        "on_oxygen": false,
    });
    let done = json!({ "do": "task", "task": tasks[0], "status": "done", "result": "pass" });
    let not_given = json!({
        "do": "medication_not_given",
        "code": medication,
        "reason": "refused",
        "comment": "nausea since this morning",
    });
    let outcome = json!({ "do": "outcome", "text": "Stable, plan goes on" });
    let edit = |what, command| Edit {
        who: NURSE,
        visit,
        what,
        command,
    };
    vec![
        edit("on the way", json!({ "do": "travel", "fix": fix })),
        edit("in the home", json!({ "do": "check_in", "fix": fix })),
        edit("vital signs", vitals),
        edit("task: done, passed", done),
        edit("medication not given: refused", not_given),
        edit("note", note(NURSE, Some(0))),
        edit("outcome: one opinion", outcome),
    ]
}

fn therapists_edits<'a>(visit: &'a str, disputed: &'a str, tasks: &[String]) -> Vec<Edit<'a>> {
    let vitals = json!({ "do": "vitals", "pulse_bpm": 96, "respirations_per_min": 20 });
    let started = json!({
        "do": "task",
        "task": tasks[0],
        "status": "started",
        "comment": "dressing was loose on arrival",
    });
    let walked = json!({
        "do": "task",
        "task": tasks[1],
        "status": "done",
        "result": "partial_success",
    });
    let outcome = json!({ "do": "outcome", "text": "Improving, two visits a week will do" });
    let pain = json!({ "do": "measure", "name": "pain_score", "value": 3 });
    let edit = |visit, what, command| Edit {
        who: THERAPIST,
        visit,
        what,
        command,
    };
    vec![
        edit(visit, "vital signs", vitals),
        edit(visit, "same task: started, a comment", started),
        edit(visit, "another task: done", walked),
        edit(visit, "same note", note(THERAPIST, None)),
        edit(visit, "same outcome: another opinion", outcome),
        edit(disputed, "pain score 3", pain),
    ]
}

fn aides_edits<'a>(visit: &'a str, disputed: &'a str, tasks: &[String]) -> Vec<Edit<'a>> {
    let washed = json!({ "do": "task", "task": tasks[2], "status": "done", "result": "pass" });
    let pain = json!({ "do": "measure", "name": "pain_score", "value": 6 });
    let edit = |visit, what, command| Edit {
        who: AIDE,
        visit,
        what,
        command,
    };
    vec![
        edit(
            visit,
            "vital signs",
            json!({ "do": "vitals", "temperature_c": 37.1 }),
        ),
        edit(visit, "a third task: done", washed),
        edit(visit, "same note", note(AIDE, None)),
        edit(disputed, "same pain score: 6", pain),
    ]
}

/// The sentence of one of them, at a place or at the note's end.
fn note(who: usize, at: Option<usize>) -> Value {
    let sentence = SENTENCES.iter().find(|(writer, _)| *writer == who);
    let insert = sentence.map_or("", |(_, sentence)| sentence);
    json!({ "do": "note", "at": at, "insert": insert })
}

/// The beginning of a hash, as people compare them.
pub(super) fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
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

/// Edits that no backend has, on all phones.
fn unsent(play: &mut Play) -> Result<u64, Trouble> {
    let mut unsent = 0;
    for phone in &mut play.phones {
        let stats = phone.ask(&json!({ "do": "stats" }))?;
        unsent += stats["unsent"].as_u64().unwrap_or(0);
    }
    Ok(unsent)
}
