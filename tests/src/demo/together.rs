//! Back in reach: syncing to convergence, the merged visit, the conflicts,
//! what could not stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::apart::{SENTENCES, short};
use super::morning::TASKS;
use super::play::{AIDE, NURSE, Play, THERAPIST, rows, text};
use super::screen::grouped;
use super::trouble::Trouble;

/// Rounds in which everybody must have become equal.
const ROUNDS_MAX: u64 = 4;

/// What comparing the stores found.
pub(super) struct Compared {
    /// Documents of the phones that were compared with the server's.
    pub(super) documents: u64,
    /// Those with other heads, another view or other open conflicts.
    pub(super) different: Vec<String>,
    /// Open conflicts of the server's documents.
    pub(super) conflicts_open: u64,
    /// Settlements in the server's documents.
    pub(super) conflicts_settled: u64,
}

/// Syncs everybody in turn until all stores are equal.
pub(super) fn converge(play: &mut Play, title: &str) -> Result<Compared, Trouble> {
    play.screen.step(title);
    let mut shown = Vec::new();
    let mut compared = None;
    let mut rounds = 0;
    while rounds < ROUNDS_MAX {
        rounds += 1;
        let reports = play.sync_all()?;
        for (phone, report) in play.phones.iter().zip(&reports) {
            let cell = |field: &str| text(&report[field]);
            shown.push(vec![
                rounds.to_string(),
                phone.carrier.name.to_owned(),
                cell("accepted"),
                cell("rejected"),
                cell("purged"),
                grouped(report["bytes_up"].as_u64().unwrap_or(0)),
                grouped(report["bytes_down"].as_u64().unwrap_or(0)),
            ]);
        }
        let found = compare(play)?;
        let equal = found.different.is_empty();
        compared = Some(found);
        if equal {
            break;
        }
    }
    let head = [
        "round",
        "who",
        "accepted",
        "rejected",
        "purged",
        "bytes up",
        "bytes down",
    ];
    play.screen.table(&head, &shown);
    play.figures.rounds = play.figures.rounds.max(rounds);
    let compared = compared.ok_or_else(|| Trouble::new(title, "nothing was compared"))?;
    for name in &compared.different {
        play.screen.aside(&format!("differs: {name}"));
    }
    let text = format!(
        "{} documents on phones equal the server's after {rounds} rounds: same heads, same views",
        compared.documents
    );
    play.promise(
        compared.different.is_empty() && compared.documents > 0,
        &text,
    );
    Ok(compared)
}

/// Compares every document of every phone with the server's.
pub(super) fn compare(play: &mut Play) -> Result<Compared, Trouble> {
    let mut on_phones: Vec<(String, Value)> = Vec::new();
    for phone in &mut play.phones {
        let documents = phone.ask(&json!({ "do": "documents" }))?;
        for document in rows(&documents) {
            on_phones.push((phone.carrier.name.to_owned(), document.clone()));
        }
    }
    let names: BTreeSet<String> = on_phones
        .iter()
        .map(|(_, it)| text(&it["document"]))
        .collect();
    let mut at_server = BTreeMap::new();
    let (mut open, mut settled) = (0, 0);
    for name in names {
        let document = play.office.document(&name)?;
        open += rows(&document["conflicts"]).count() as u64;
        settled += document["view"]["settlements"]
            .as_object()
            .map_or(0, serde_json::Map::len) as u64;
        at_server.insert(name, document);
    }
    let mut different = Vec::new();
    for (who, document) in &on_phones {
        let name = text(&document["document"]);
        let server = at_server.get(&name).unwrap_or(&Value::Null);
        let conflicts = rows(&server["conflicts"]).count();
        let equal = document["heads"] == server["heads"]
            && document["view"] == server["view"]
            && document["conflicts"] == json!(conflicts);
        if !equal {
            different.push(format!("{name} on {who}'s phone"));
        }
    }
    Ok(Compared {
        documents: on_phones.len() as u64,
        different,
        conflicts_open: open,
        conflicts_settled: settled,
    })
}

/// The nurse's set is complete and has a NEWS2; the others' name what is missing.
fn scores(play: &mut Play, visit: &str) -> Result<(), Trouble> {
    let ask = json!({ "do": "scores", "visit": visit });
    let hers = play.phones[NURSE].ask(&ask)?;
    let his = play.phones[THERAPIST].ask(&ask)?;
    let sets: Vec<&Value> = hers
        .as_object()
        .into_iter()
        .flatten()
        .map(|it| it.1)
        .collect();
    let total = |it: &&&Value| it["total"].as_u64().is_some();
    let complete: Vec<&&Value> = sets.iter().filter(total).collect();
    let incomplete = sets.len() - complete.len();
    let named = sets
        .iter()
        .filter(|it| rows(&it["missing"]).count() > 0)
        .count();
    let right = complete.len() == 1
        && complete
            .iter()
            .all(|it| it["total"] == 2 && it["risk"] == "low")
        && complete
            .iter()
            .all(|it| it["parts"]["respirations_per_min"] == 2);
    play.promise(
        right && named == incomplete && hers == his,
        &format!(
            "NEWS2 is 2 for the complete set (22 breaths), the {incomplete} others name what is missing, on both phones",
        ),
    );
    Ok(())
}

/// The visit as everybody sees it now, and who wrote what.
pub(super) fn merged_visit(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("The merged visit, and who wrote what");
    let visit = play.story.shared.visit.clone();
    let nurse = &mut play.phones[NURSE];
    let view = nurse.ask(&json!({ "do": "visit", "visit": visit }))?;
    let id = json!({ "kind": "visit", "id": visit });
    let authored = nurse.ask(&json!({ "do": "authorship", "document": id }))?;
    play.screen.line(&format!(
        "{}, {}",
        play.story.shared.patient_name,
        text(&view["status"])
    ));
    let mut shown = Vec::new();
    let mut authored: Vec<&Value> = rows(&authored).collect();
    authored.sort_by_key(|write| write["at_ms"].as_i64());
    for write in authored {
        if write["person"].is_null() || write["name"].is_null() {
            continue;
        }
        let field = text(&write["field"]);
        let Some(what) = said(&field, &write["value"], &view) else {
            continue;
        };
        let who = play.name_of(&write["person"]);
        if who != "the backend" {
            shown.push(vec![who, label(&field, &view), what]);
        }
    }
    play.screen.table(&["who", "field", "what"], &shown);
    play.screen
        .line(&format!("note: {}", text(&view["note"]).trim()));
    let note = text(&view["note"]);
    let kept = SENTENCES
        .iter()
        .filter(|(_, sentence)| note.contains(sentence.trim()))
        .count();
    play.promise(
        kept == SENTENCES.len(),
        &format!("{kept} of 3 sentences of the same note stayed whole"),
    );
    let vitals = view["observations"]
        .as_object()
        .map_or(0, serde_json::Map::len);
    play.promise(
        vitals == 3,
        &format!("{vitals} of 3 sets of vital signs stand side by side"),
    );
    scores(play, &visit)?;
    let tasks = view["tasks"].as_object().into_iter().flatten();
    let mut dressing = tasks
        .map(|(_, task)| task)
        .filter(|task| task["title"] == TASKS[0].0);
    let task = dressing.next().cloned().unwrap_or_default();
    let both = task["status"] == "done" && task["result"] == "pass" && !task["comment"].is_null();
    play.promise(
        both,
        "different fields of the same task both stand, and the further status",
    );
    let refused = view["medications"].as_object().into_iter().flatten();
    let refused = refused.filter(|(_, it)| it["given"] == "not_given" && it["reason"] == "refused");
    play.promise(
        refused.count() == 1,
        "the medication is not given, and the reason is there",
    );
    Ok(())
}

/// A field as a person calls it.
fn label(field: &str, view: &Value) -> String {
    let mut parts = field.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("tasks"), Some(id), Some(what)) => {
            format!("{}: {what}", text(&view["tasks"][id]["title"]))
        }
        (Some("steps"), ..) => "step".into(),
        (Some("observations"), ..) => "vital signs".into(),
        (Some("medications"), ..) => "medication".into(),
        (Some("measures"), Some(name), _) => name.replace('_', " "),
        _ => field.to_owned(),
    }
}

/// What was written, in short; none for what another row says already.
fn said(field: &str, value: &Value, view: &Value) -> Option<String> {
    let entry = |section: &str, id: &str| view[section][id].clone();
    let mut parts = field.split('/');
    match (parts.next()?, parts.next()) {
        ("status", _) => None,
        ("steps", Some(id)) => Some(text(&entry("steps", id)["to"])),
        ("observations", Some(id)) => {
            let found = entry("observations", id);
            let figures = found
                .as_object()?
                .iter()
                .filter(|(_, value)| value.is_number());
            let figures = figures.filter(|(name, _)| *name != "measured_at_ms");
            let figures = figures
                .map(|(name, value)| format!("{} {value}", name.split('_').next().unwrap_or(name)));
            Some(figures.collect::<Vec<String>>().join(", "))
        }
        ("medications", Some(id)) => {
            let given = entry("medications", id);
            let name = text(&given["code"]["text"]);
            Some(format!(
                "{name}: {}, {}",
                text(&given["given"]),
                text(&given["reason"])
            ))
        }
        ("note", _) => Some(format!("typed: {}", text(value).trim())),
        _ => Some(text(value)),
    }
}

/// Shows what people disagree about and settles one of the disagreements.
pub(super) fn conflicts(play: &mut Play) -> Result<(), Trouble> {
    play.screen.step("What two people disagree about");
    let shared = play.story.shared.visit.clone();
    let disputed = play.story.disputed.visit.clone();
    let of_shared = open_conflicts(play, NURSE, &shared)?;
    let of_disputed = open_conflicts(play, THERAPIST, &disputed)?;
    let mut shown = Vec::new();
    for conflict in of_shared.iter().chain(&of_disputed) {
        for value in rows(&conflict["values"]) {
            let who = play.name_of(&value["person"]);
            shown.push(vec![text(&conflict["field"]), text(&value["value"]), who]);
        }
    }
    play.screen.table(&["field", "value", "who"], &shown);
    let count = of_shared.len() + of_disputed.len();
    play.figures.conflicts_shown += count as u64;
    let fields: Vec<String> = of_shared
        .iter()
        .chain(&of_disputed)
        .map(|it| text(&it["field"]))
        .collect();
    play.promise(
        fields == ["outcome", "measures/pain_score"] && shown.len() == 4,
        "both disagreements are open, with both values and who wrote each",
    );
    let therapist = play.phones[THERAPIST].carrier.person.clone();
    let chosen = of_shared.iter().flat_map(|it| rows(&it["values"]));
    let chosen = chosen
        .filter(|value| value["person"] == json!(therapist))
        .map(|it| it["value"].clone())
        .next();
    let chosen = chosen.unwrap_or_default();
    let settle = json!({ "do": "settle", "field": "outcome", "value": chosen });
    play.phones[NURSE].edit(&shared, settle)?;
    let name = play.phones[NURSE].carrier.name;
    play.screen
        .line(&format!("{name} settles the outcome: {}", text(&chosen)));
    let left = open_conflicts(play, NURSE, &shared)?;
    let view = play.phones[NURSE].ask(&json!({ "do": "visit", "visit": shared }))?;
    let settlements = view["settlements"].as_object();
    let replaced = settlements
        .into_iter()
        .flatten()
        .any(|(_, it)| rows(&it["replaced"]).count() == 1);
    play.promise(
        left.is_empty() && view["outcome"] == chosen && replaced,
        "the chosen value stands, the other is kept, and it says who settled it",
    );
    Ok(())
}

fn open_conflicts(play: &mut Play, who: usize, visit: &str) -> Result<Vec<Value>, Trouble> {
    let open = play.phones[who].ask(&json!({ "do": "conflicts", "visit": visit }))?;
    Ok(rows(&open).cloned().collect())
}

/// What the aide wrote for a patient who is not theirs any more.
pub(super) fn rejected_and_purged(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("The edits that could not stand, and the purge");
    rejected(play)?;
    let patient = json!(play.story.revoked.patient);
    let aide = &mut play.phones[AIDE];
    let documents = aide.ask(&json!({ "do": "documents" }))?;
    let left = rows(&documents).filter(|it| it["view"]["patient"] == patient);
    let left = left.count();
    let seen = aide.try_ask(&json!({ "do": "patient", "patient": patient }))?;
    play.promise(
        left == 0 && seen.is_err(),
        "nothing of the patient is left on the aide's phone",
    );
    let receipts = play.office.list("receipts")?;
    let receipt = receipts.iter().find(|it| it["patient"] == patient);
    let receipt = receipt.cloned().unwrap_or_default();
    play.screen.line(&format!(
        "receipt at the server: {} documents and {} records purged, reason {}",
        text(&receipt["documents"]),
        text(&receipt["records"]),
        text(&receipt["reason"])
    ));
    play.promise(
        receipt["documents"].as_u64().unwrap_or(0) > 0,
        "the purge's receipt lies at the server, signed by the device",
    );
    Ok(())
}

fn rejected(play: &mut Play) -> Result<(), Trouble> {
    let visit = format!("visit/{}", play.story.revoked.visit);
    let aide = &mut play.phones[AIDE];
    let mut written: BTreeSet<String> = BTreeSet::new();
    for ack in aide.acks.iter().filter(|ack| ack.document == visit) {
        written.insert(ack.hash.clone());
    }
    let quarantine = aide.ask(&json!({ "do": "quarantine" }))?;
    let sealed = play.office.list("rejected")?;
    let mut shown = Vec::new();
    let mut both = 0;
    for row in rows(&quarantine) {
        let hash = text(&row["hash"]);
        let at_server = sealed.iter().find(|it| it["hash"] == row["hash"]);
        let bytes = at_server.and_then(|it| it["bytes"].as_u64()).unwrap_or(0);
        let code = text(&row["code"]);
        both += usize::from(bytes > 0 && written.contains(&hash) && !code.is_empty());
        shown.push(vec![
            short(&hash),
            code,
            text(&row["state"]).replace('_', " "),
            bytes.to_string(),
        ]);
    }
    let head = [
        "change",
        "reason",
        "on the phone",
        "bytes sealed at the server",
    ];
    play.screen.table(&head, &shown);
    play.promise(
        both == written.len() && both == 3,
        &format!(
            "{both} of {} edits are in quarantine with their reason, and sealed at the server",
            written.len()
        ),
    );
    Ok(())
}
