//! What a day's sync costs: 200 visits, two phones at each, 20 edits a phone.
//!
//! `cargo run --release -p homeround --example pack_cost`
//!
//! Compares the changes as they are, packed, and the same edits as the JSON
//! patches that a plain app would send (operation, path and value, with
//! author, stamp and, in the second figure, an id for the edit itself).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a developer's measurement: it prints, reads the clock and may fail"
)]

use std::time::Instant;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use homeround::merge::pack::{PackLimits, pack, unpack};
use homeround::model::{DocumentId, Millis, PersonId, VisitId, uuid_v7};
use serde_json::{Value, json};
use uuid::Uuid;

const VISITS: usize = 200;
const EDITS: usize = 20;
const DAY_START_MS: i64 = 1_789_020_000_000;

/// xorshift64*: figures that are the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    fn uuid(&mut self, at: i64) -> Uuid {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_be_bytes());
        random[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        uuid_v7(Millis(at), random)
    }
}

const SUBJECTS: [&str; 8] = [
    "Patient",
    "The wound on the left heel",
    "Her daughter",
    "The dressing",
    "Blood pressure",
    "He",
    "The right ankle",
    "Appetite",
];
const VERBS: [&str; 8] = [
    "seems better than",
    "looks much the same as",
    "was checked again after",
    "felt dizzy since",
    "has improved compared with",
    "needed help with",
    "reports pain during",
    "is unchanged from",
];
const OBJECTS: [&str; 10] = [
    "yesterday evening",
    "the last visit",
    "breakfast",
    "getting out of bed",
    "the new tablets",
    "the walk to the bathroom",
    "a quiet night",
    "the physiotherapist's exercises",
    "the change of dressing on Monday",
    "two hours of rest",
];

fn sentence(random: &mut Random) -> String {
    format!(
        "{} {} {}{} ",
        random.pick(&SUBJECTS),
        random.pick(&VERBS),
        random.pick(&OBJECTS),
        random.pick(&[
            ".",
            ", no redness.",
            "; call the GP.",
            ", will look again tomorrow."
        ]),
    )
}

/// Medications, tasks: (system, code, display).
const DRUGS: [(&str, &str); 8] = [
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("860975", "metformin hydrochloride 500 MG Oral Tablet"),
    ("197361", "amlodipine 5 MG Oral Tablet"),
    ("312961", "simvastatin 20 MG Oral Tablet"),
    ("313782", "acetaminophen 325 MG Oral Tablet"),
    ("855332", "warfarin sodium 5 MG Oral Tablet"),
    ("310429", "furosemide 20 MG Oral Tablet"),
    ("866924", "metoprolol tartrate 25 MG Oral Tablet"),
];
const TASKS: [&str; 10] = [
    "Change the dressing on the left heel",
    "Measure blood pressure, sitting and standing",
    "Give the morning medication from the dosette box",
    "Help with washing and dressing",
    "Prepare breakfast and offer a drink",
    "Check the skin over sacrum and heels",
    "Walk to the kitchen and back with the frame",
    "Weigh, before breakfast",
    "Look through the medication stock",
    "Ask about sleep, pain and appetite",
];

struct VisitDoc {
    id: DocumentId,
    base: Automerge,
    tasks: Vec<(Uuid, ObjId)>,
    sections: Vec<(&'static str, ObjId)>,
}

impl VisitDoc {
    fn section(&self, name: &str) -> &ObjId {
        &self.sections.iter().find(|(n, _)| *n == name).unwrap().1
    }
}

const SECTIONS: [&str; 11] = [
    "amendments",
    "attachments",
    "corrections",
    "forms",
    "measures",
    "medications",
    "observations",
    "settlements",
    "signatures",
    "steps",
    "survey",
];

/// A visit as the backend makes it the night before; some 5 KB as JSON with
/// what the day adds.
fn visit(random: &mut Random, backend: &ActorId) -> VisitDoc {
    let made = DAY_START_MS - 40_000_000 + random.below(1_000_000) as i64;
    let id = DocumentId::visit(VisitId(random.uuid(made)));
    let mut base = Automerge::new().with_actor(backend.clone());
    let mut tx = base.transaction();
    let patient = random.uuid(made - 9_000_000_000).to_string();
    tx.put(ROOT, "kind", "visit").unwrap();
    tx.put(ROOT, "patient", patient).unwrap();
    tx.put(ROOT, "schema", 1_i64).unwrap();
    tx.put(ROOT, "status", "planned").unwrap();
    let sections = SECTIONS.map(|name| (name, tx.put_object(ROOT, name, ObjType::Map).unwrap()));
    let note = tx.put_object(ROOT, "note", ObjType::Text).unwrap();
    tx.splice_text(&note, 0, 0, &sentence(random)).unwrap();
    let all = tx.put_object(ROOT, "tasks", ObjType::Map).unwrap();
    let mut tasks = Vec::new();
    for title in TASKS.iter().take(6 + random.below(5) as usize) {
        let id = random.uuid(made);
        let task = tx.put_object(&all, id.to_string(), ObjType::Map).unwrap();
        let code =
            json!({"system": "http://snomed.info/sct", "code": "18949003", "display": title});
        tx.put(&task, "code", code.to_string()).unwrap();
        tx.put(&task, "required", random.below(2) == 0).unwrap();
        tx.put(&task, "status", "planned").unwrap();
        tx.put(&task, "title", *title).unwrap();
        tasks.push((id, task));
    }
    let _ = tx.commit_with(CommitOptions::default().with_time(made));
    let mut sections = sections.to_vec();
    sections.push(("note", note));
    VisitDoc {
        id,
        base,
        tasks,
        sections,
    }
}

struct Phone {
    actor: ActorId,
    person: PersonId,
    now: i64,
    boot_id: u64,
    booted: i64,
    anchor: i64,
}

/// One edit, both ways.
struct Edit {
    id: DocumentId,
    change: Vec<u8>,
    patch: Value,
}

enum Step {
    Entry(&'static str, Value),
    Status(&'static str, Value),
    Task(usize, Vec<(&'static str, &'static str, Option<String>)>),
    Note(usize, String),
    Measure(&'static str, f64),
}

fn vitals(random: &mut Random, phone: &Phone, at: i64) -> Step {
    let mut entry = json!({
        "by": phone.person, "finding": "vitals", "measured_at_ms": at,
        "pulse_bpm": 58 + random.below(50), "systolic_mmhg": 105 + random.below(60),
        "diastolic_mmhg": 60 + random.below(35),
    });
    if random.below(2) == 0 {
        entry["temperature_c"] = json!((360 + random.below(24)) as f64 / 10.0);
    }
    if random.below(2) == 0 {
        entry["spo2_percent"] = json!(90 + random.below(10));
    }
    Step::Entry("observations", entry)
}

fn medication(random: &mut Random, phone: &Phone, at: i64) -> Step {
    let (code, display) = DRUGS[random.below(8) as usize];
    let code = json!({"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": code, "display": display});
    let mut entry = json!({"code": code, "by": phone.person, "at_ms": at});
    if random.below(5) == 0 {
        entry["given"] = json!("not_given");
        entry["reason"] = json!(random.pick(&["refused", "asleep", "out_of_stock"]));
    } else {
        entry["given"] = json!("given");
        entry["dose_value"] = json!((1 + random.below(4)) as f64 / 2.0);
        entry["dose_unit"] = json!("{tablet}");
    }
    if random.below(2) == 0 {
        entry["comment"] = json!(sentence(random).trim());
    }
    Step::Entry("medications", entry)
}

fn step(random: &mut Random, phone: &Phone, doc: &VisitDoc, at: usize, length: usize) -> Step {
    let now = phone.now;
    match at {
        0 | 1 | 19 => {
            let to = match at {
                0 => "en_route",
                1 => "in_progress",
                _ => "completed",
            };
            let anchor = json!({"server_ms": phone.anchor, "monotonic_ms": phone.anchor - phone.booted, "boot_id": phone.boot_id});
            let stamp = json!({"wall_ms": now, "monotonic_ms": now - phone.booted, "boot_id": phone.boot_id, "anchor": anchor});
            let fix = json!({"latitude_deg": 59.2 + random.below(100_000) as f64 / 1e6,
                "longitude_deg": 18.0 + random.below(100_000) as f64 / 1e6, "accuracy_m": (4 + random.below(30)) as f64});
            let entry = json!({"to": to, "by": phone.person, "stamp": stamp, "fix": fix});
            Step::Status(to, entry)
        }
        2 | 9 | 14 => {
            let measured = now - random.below(20_000) as i64;
            vitals(random, phone, measured)
        }
        3 | 6 | 10 | 12 => medication(random, phone, now),
        4 | 8 | 16 => {
            let at = if random.below(3) == 0 {
                random.below(length as u64 + 1) as usize
            } else {
                length
            };
            Step::Note(at, sentence(random))
        }
        5 => Step::Measure("weight_kg", (480 + random.below(500)) as f64 / 10.0),
        _ => {
            let task = random.below(doc.tasks.len() as u64) as usize;
            let result = random.pick(&["pass", "pass", "pass", "partial_success", "fail"]);
            let mut fields = vec![("status", "completed", None), ("result", result, None)];
            if random.below(4) == 0 {
                fields.push(("comment", "", Some(sentence(random))));
            }
            Step::Task(task, fields)
        }
    }
}

fn perform(
    random: &mut Random,
    phone: &Phone,
    doc: &mut Automerge,
    visit: &VisitDoc,
    step: &Step,
) -> Edit {
    let mut patch = Vec::new();
    let mut tx = doc.transaction();
    let mut entry =
        |tx: &mut automerge::transaction::Transaction<'_>, section: &str, value: &Value| {
            let id = random.uuid(phone.now).to_string();
            tx.put(visit.section(section), &id, value.to_string())
                .unwrap();
            json!({"op": "add", "path": format!("/{section}/{id}"), "value": value})
        };
    match step {
        Step::Entry(section, value) => patch.push(entry(&mut tx, section, value)),
        Step::Status(to, value) => {
            patch.push(entry(&mut tx, "steps", value));
            tx.put(ROOT, "status", *to).unwrap();
            patch.push(json!({"op": "replace", "path": "/status", "value": to}));
        }
        Step::Task(task, fields) => {
            let (id, object) = &visit.tasks[*task];
            for (field, value, comment) in fields {
                let value = comment.as_deref().unwrap_or(value);
                tx.put(object, *field, value).unwrap();
                patch.push(
                    json!({"op": "add", "path": format!("/tasks/{id}/{field}"), "value": value}),
                );
            }
        }
        Step::Note(at, text) => {
            tx.splice_text(visit.section("note"), *at, 0, text).unwrap();
            patch.push(json!({"op": "splice", "path": "/note", "at": at, "value": text}));
        }
        Step::Measure(name, value) => {
            let value_scalar = ScalarValue::F64(*value);
            tx.put(visit.section("measures"), *name, value_scalar)
                .unwrap();
            patch.push(json!({"op": "add", "path": format!("/measures/{name}"), "value": value}));
        }
    }
    let _ = tx.commit_with(CommitOptions::default().with_time(phone.now));
    let edit_id = random.uuid(phone.now);
    Edit {
        id: visit.id,
        change: doc.get_last_local_change().unwrap().raw_bytes().to_vec(),
        patch: json!({"id": edit_id, "by": phone.person, "at": phone.now, "patch": patch}),
    }
}

fn day(pairs: usize) -> Vec<Edit> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let backend = ActorId::from(&random.uuid(0).as_bytes()[..]);
    let mut edits = Vec::new();
    for pair in 0..pairs {
        let mut phones: Vec<Phone> = (0..2)
            .map(|_| Phone {
                actor: ActorId::from(random.uuid(random_time(pair)).as_bytes().as_slice()),
                person: PersonId(random.uuid(DAY_START_MS - 50_000_000_000)),
                now: DAY_START_MS + (pair as i64) * 61_000,
                boot_id: random.next() >> 1,
                booted: DAY_START_MS - 3_456_789,
                anchor: DAY_START_MS - 12_345,
            })
            .collect();
        for _ in 0..VISITS / pairs {
            let doc = visit(&mut random, &backend);
            for phone in &mut phones {
                let mut open = doc.base.fork().with_actor(phone.actor.clone());
                for at in 0..EDITS {
                    phone.now += 5_000 + random.below(90_000) as i64;
                    let length = open.length(doc.section("note"));
                    let step = step(&mut random, phone, &doc, at, length);
                    edits.push(perform(&mut random, phone, &mut open, &doc, &step));
                }
                phone.now += 600_000 + random.below(600_000) as i64;
            }
        }
    }
    edits
}

const fn random_time(pair: usize) -> i64 {
    DAY_START_MS - 100_000 - pair as i64
}

/// The patches, by document as a plain app would send them.
fn patches(edits: &[Edit], with_ids: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for edits in edits.chunk_by(|a, b| a.id == b.id) {
        let list: Vec<Value> = edits
            .iter()
            .map(|edit| {
                let mut patch = edit.patch.clone();
                if !with_ids {
                    patch.as_object_mut().unwrap().remove("id");
                }
                patch
            })
            .collect();
        let body = json!({"doc": edits[0].id.id, "edits": list});
        serde_json::to_writer(&mut out, &body).unwrap();
        out.push(b'\n');
    }
    out
}

fn zstd_len(bytes: &[u8], level: i32) -> usize {
    zstd::bulk::compress(bytes, level).unwrap().len()
}

fn report(title: &str, edits: &[Edit]) {
    let changes: Vec<(DocumentId, &[u8])> = edits
        .iter()
        .map(|edit| (edit.id, edit.change.as_slice()))
        .collect();
    let start = Instant::now();
    let packed = pack(&changes).unwrap();
    let pack_us = start.elapsed().as_secs_f64() * 1e6 / changes.len() as f64;
    let limits = PackLimits {
        changes_max: changes.len(),
        change_bytes_max: 256 * 1024,
        total_bytes_max: 64 * 1024 * 1024,
    };
    let start = Instant::now();
    let again = unpack(&packed, &limits).unwrap();
    let unpack_us = start.elapsed().as_secs_f64() * 1e6 / changes.len() as f64;
    assert!(
        again
            .iter()
            .zip(&changes)
            .all(|(a, b)| a.0 == b.0 && a.1 == b.1)
    );

    let raw: Vec<u8> = edits.iter().flat_map(|edit| edit.change.clone()).collect();
    let json = patches(edits, false);
    let json_ids = patches(edits, true);
    println!("{title}: {} changes", changes.len());
    println!(
        "  raw {} B, packed {} B, JSON {} B, JSON with edit ids {} B",
        raw.len(),
        packed.len(),
        json.len(),
        json_ids.len()
    );
    for level in [3, 9] {
        let (r, p) = (zstd_len(&raw, level), zstd_len(&packed, level));
        let (j, i) = (zstd_len(&json, level), zstd_len(&json_ids, level));
        println!(
            "  zstd {level}: raw {r} B, packed {p} B, JSON {j} B (ratio {:.2}), JSON with edit ids {i} B (ratio {:.2})",
            p as f64 / j as f64,
            p as f64 / i as f64
        );
    }
    println!("  pack {pack_us:.2} us a change, unpack {unpack_us:.2} us a change");
}

fn main() {
    report("one pair of phones, by visit", &day(1));
    let mut edits = day(20);
    report("twenty pairs, by visit", &edits);
    edits.sort_by_key(|edit| edit.patch["at"].as_i64());
    report("twenty pairs, by time", &edits);
    let page: Vec<Edit> = edits.into_iter().take(60).collect();
    report("a small page of sixty", &page);
}
