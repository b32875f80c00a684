use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, Change, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{Millis, PatientId, VisitId, uuid_v7};

const WIDE: PackLimits = PackLimits {
    changes_max: 100_000,
    change_bytes_max: 1 << 20,
    total_bytes_max: 1 << 26,
};

type Changes = Vec<(DocumentId, Vec<u8>)>;

fn packed(changes: &Changes) -> Vec<u8> {
    let borrowed: Vec<(DocumentId, &[u8])> = changes
        .iter()
        .map(|(id, bytes)| (*id, bytes.as_slice()))
        .collect();
    pack(&borrowed).unwrap()
}

/// Whether the columns alone, without the fallback, give everything back.
fn columns_hold(changes: &Changes) -> bool {
    let borrowed: Vec<(DocumentId, &[u8])> = changes
        .iter()
        .map(|(id, bytes)| (*id, bytes.as_slice()))
        .collect();
    let bytes = encode(&borrowed, WhatTravels::Columns);
    unpack(&bytes, &WIDE).as_ref() == Ok(changes)
}

fn visit(number: u128) -> DocumentId {
    DocumentId::visit(VisitId(Uuid::from_u128(number)))
}

fn actor(number: u8) -> ActorId {
    ActorId::from(&[number; 16][..])
}

/// What a visit's document looks like, and twelve edits of it by two people.
fn small_day() -> Changes {
    let at = 1_789_000_000_000;
    let id = |n: u8| uuid_v7(Millis(at + i64::from(n)), [n; 10]);
    let mut base = Automerge::new().with_actor(actor(9));
    let mut tx = base.transaction();
    tx.put(ROOT, "status", "planned").unwrap();
    let observations = tx.put_object(ROOT, "observations", ObjType::Map).unwrap();
    let note = tx.put_object(ROOT, "note", ObjType::Text).unwrap();
    let _ = tx.commit_with(CommitOptions::default().with_time(at));
    let mut changes = all_of(visit(7), &mut base, &[]);
    let heads = base.get_heads();
    for phone in 1..=2_u8 {
        let mut doc = base.fork().with_actor(actor(phone));
        for edit in 0..6_u8 {
            let mut tx = doc.transaction();
            let time = at + i64::from(edit) * 60_123;
            match edit % 3 {
                0 => {
                    let entry = format!(
                        r#"{{"by":"{}","finding":"vitals","measured_at_ms":{time},"pulse_bpm":{},"temperature_c":36.{edit}}}"#,
                        id(200 + phone),
                        70 + edit
                    );
                    let key = id(phone * 16 + edit).to_string();
                    tx.put(&observations, key, entry).unwrap();
                }
                1 => tx.splice_text(&note, 0, 0, "Slept well. ").unwrap(),
                _ => tx.put(ROOT, "status", "in_progress").unwrap(),
            }
            let _ = tx.commit_with(CommitOptions::default().with_time(time));
        }
        changes.extend(all_of(visit(7), &mut doc, &heads));
    }
    changes
}

fn all_of(id: DocumentId, doc: &mut Automerge, since: &[automerge::ChangeHash]) -> Changes {
    let changes = doc.get_changes(since);
    changes
        .iter()
        .map(|change| (id, change.raw_bytes().to_vec()))
        .collect()
}

#[test]
fn edits_of_two_phones_come_back_to_the_byte_and_small() {
    let changes = small_day();
    let raw: usize = changes.iter().map(|(_, bytes)| bytes.len()).sum();
    let bytes = packed(&changes);
    assert!(bytes.len() * 2 < raw, "{} of {raw}", bytes.len());
    assert_eq!(unpack(&bytes, &WIDE), Ok(changes));
}

#[test]
fn nothing_packs_to_nothing() {
    let bytes = pack(&[]).unwrap();
    assert_eq!(unpack(&bytes, &WIDE), Ok(Vec::new()));
}

/// The bytes of version 1. They never change: a phone two releases old reads
/// them, and so does every later build.
#[test]
fn the_golden_pack_of_version_1_is_still_written_and_read() {
    let golden: &[u8] = include_bytes!("golden/v1_small_day.bin");
    assert_eq!(golden.first(), Some(&VERSION));
    assert_eq!(unpack(golden, &WIDE), Ok(small_day()));
    assert_eq!(packed(&small_day()), golden);
}

#[test]
fn another_version_is_told_apart_from_a_broken_pack() {
    let mut bytes = packed(&small_day());
    bytes[0] = VERSION + 1;
    assert_eq!(unpack(&bytes, &WIDE), Err(PackError::Version));
    assert_eq!(unpack(&[], &WIDE), Err(PackError::Malformed));
    assert_eq!(unpack(&[VERSION], &WIDE), Err(PackError::Malformed));
}

#[test]
fn each_limit_holds() {
    let changes = small_day();
    let bytes = packed(&changes);
    let exact = PackLimits {
        changes_max: changes.len(),
        change_bytes_max: changes.iter().map(|(_, b)| b.len()).max().unwrap(),
        total_bytes_max: changes.iter().map(|(_, b)| b.len()).sum(),
    };
    assert_eq!(unpack(&bytes, &exact), Ok(changes));
    for tight in [
        PackLimits {
            changes_max: exact.changes_max - 1,
            ..exact
        },
        PackLimits {
            change_bytes_max: exact.change_bytes_max - 1,
            ..exact
        },
        PackLimits {
            total_bytes_max: exact.total_bytes_max - 1,
            ..exact
        },
    ] {
        assert_eq!(unpack(&bytes, &tight), Err(PackError::TooLarge));
    }
}

#[test]
fn a_deflated_chunk_and_bytes_that_are_no_chunk_travel_as_they_are() {
    let mut doc = Automerge::new().with_actor(actor(1));
    let mut tx = doc.transaction();
    tx.put(ROOT, "long", "again and again ".repeat(100))
        .unwrap();
    tx.commit();
    let mut change = doc.get_last_local_change().unwrap();
    let plain = change.raw_bytes().to_vec();
    let deflated = change.bytes().into_owned();
    assert!(deflated.len() < plain.len());
    let mut forged = plain.clone();
    forged[5] ^= 1;
    let mut longer = plain.clone();
    longer.push(0);
    let changes: Changes = [deflated, forged, longer, vec![], vec![0x85], plain]
        .into_iter()
        .map(|bytes| (visit(1), bytes))
        .collect();
    assert!(columns_hold(&changes));
}

#[test]
fn a_change_of_more_operations_than_bytes_travels_as_it_is() {
    let mut doc = Automerge::new().with_actor(actor(1));
    let mut tx = doc.transaction();
    let note = tx.put_object(ROOT, "note", ObjType::Text).unwrap();
    tx.splice_text(&note, 0, 0, &"a".repeat(5_000)).unwrap();
    tx.commit();
    let mut tx = doc.transaction();
    tx.splice_text(&note, 0, 5_000, "").unwrap();
    tx.commit();
    let change = doc.get_last_local_change().unwrap();
    assert!(change.len() > change.raw_bytes().len());
    let changes = all_of(visit(1), &mut doc, &[]);
    assert!(columns_hold(&changes));
    // The decoder's side of the same rule: no pack makes it build such a change.
    let bytes = packed(&changes);
    let tight = PackLimits {
        change_bytes_max: 300,
        ..WIDE
    };
    assert!(unpack(&bytes, &tight).is_err());
}

#[test]
fn a_pack_of_endless_classes_stays_within_its_columns() {
    let mut doc = Automerge::new().with_actor(actor(1));
    for at in 0..9_000_u32 {
        let mut tx = doc.transaction();
        tx.put(ROOT, format!("key {at}"), "x").unwrap();
        tx.commit();
    }
    assert!(columns_hold(&all_of(visit(1), &mut doc, &[])));
}

/// One thing that somebody does to a document.
#[derive(Debug, Clone)]
struct Deed {
    document: u8,
    who: u8,
    what: u8,
    at: u16,
    number: i64,
    words: String,
    message: bool,
}

fn words() -> impl Strategy<Value = String> {
    let uuid = any::<[u8; 10]>().prop_map(|r| uuid_v7(Millis(1_789_000_000_000), r).to_string());
    let entry = ("[a-c]{1,3}", any::<i64>(), any::<f64>(), uuid.clone(), "\\PC{0,12}").prop_map(
        |(key, int, float, id, text)| {
            serde_json::json!({key: int, "f": float, "d": int as f64 / 10.0, "id": id, "t": text, "n": [null, -0.5, 1e300]})
                .to_string()
        },
    );
    prop_oneof![
        "\\PC{0,20}",
        "[{\\[][\\x00-\\x7f]{0,40}",
        "[{\\[][\"\\\\:,0-9.eE+-]{0,20}",
        "[0-9a-f]{32}([0-9a-f]{2}){0,20}",
        "[é漢🙂a-c ]{0,20}",
        uuid,
        entry,
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let number = prop_oneof![any::<i64>(), -200_i64..200, Just(1_789_000_000_000)];
    let who = (0..2_u8, 0..3_u8, 0..18_u8, any::<u16>());
    (who, number, words(), prop::bool::weighted(0.1)).prop_map(
        |((document, who, what, at), number, words, message)| Deed {
            document,
            who,
            what,
            at,
            number,
            words,
            message,
        },
    )
}

struct Room {
    id: DocumentId,
    copies: Vec<Automerge>,
    list: ObjId,
    text: ObjId,
    map: ObjId,
}

impl Room {
    fn new(id: DocumentId) -> Self {
        let mut doc = Automerge::new().with_actor(actor(9));
        let mut tx = doc.transaction();
        let list = tx.put_object(ROOT, "list", ObjType::List).unwrap();
        let text = tx.put_object(ROOT, "text", ObjType::Text).unwrap();
        let map = tx.put_object(ROOT, "map", ObjType::Map).unwrap();
        tx.put(&map, "counter", ScalarValue::counter(3)).unwrap();
        tx.commit();
        let copies = (1..=3).map(|n| doc.fork().with_actor(actor(n))).collect();
        Self {
            id,
            copies,
            list,
            text,
            map,
        }
    }

    fn perform(&mut self, deed: &Deed) {
        let (who, other) = (usize::from(deed.who), usize::from(deed.at % 3));
        if deed.what == 0 {
            let mut theirs = self.copies[other].clone();
            self.copies[who].merge(&mut theirs).unwrap();
            return;
        }
        let (list, text, map) = (&self.list, &self.text, &self.map);
        let mut tx = self.copies[who].transaction();
        let place = |length: usize| usize::from(deed.at) % (length + 1);
        let key = format!("k{}", deed.at % 4);
        let words = deed.words.as_str();
        match deed.what {
            1 => tx.put(map, key, deed.number).unwrap(),
            2 => tx.put(map, key, deed.number as u64).unwrap(),
            3 => tx.put(map, key, deed.number as f64 / 7.0).unwrap(),
            4 => tx.put(map, key, ScalarValue::counter(deed.number)).unwrap(),
            5 => tx
                .put(map, key, ScalarValue::Timestamp(deed.number))
                .unwrap(),
            6 => tx.put(map, key, words.as_bytes().to_vec()).unwrap(),
            7 => tx.put(map, key, deed.number % 2 == 0).unwrap(),
            8 => tx.put(map, key, ()).unwrap(),
            9 if !words.is_empty() => tx.put(map, words, words).unwrap(),
            10 => tx.delete(map, key).unwrap(),
            11 => drop(tx.increment(map, "counter", deed.number % 100)),
            12 => {
                let made = tx.put_object(map, key, ObjType::Map).unwrap();
                tx.put(&made, "a", words).unwrap();
                tx.put(&made, "b", deed.number).unwrap();
                tx.put_object(&made, "c", ObjType::List).unwrap();
            }
            13 => tx.insert(list, place(tx.length(list)), words).unwrap(),
            14 if tx.length(list) > 0 => tx.delete(list, place(tx.length(list) - 1)).unwrap(),
            15 | 16 => {
                let at = place(tx.length(text));
                let deleted = (deed.number % 5).unsigned_abs() as usize;
                let deleted = deleted.min(tx.length(text) - at);
                tx.splice_text(text, at, deleted as isize, words).unwrap();
            }
            17 if tx.length(text) > 0 => {
                let mark = Mark::new("bold".into(), words, 0, tx.length(text));
                tx.mark(text, mark, ExpandMark::Both).unwrap();
            }
            _ => tx.put(map, key, words).unwrap(),
        }
        // Times further apart than i64 reaches overflow inside automerge.
        let mut options = CommitOptions::default().with_time(deed.number / 4);
        if deed.message {
            options = options.with_message(words);
        }
        let _ = tx.commit_with(options);
    }

    fn changes(&mut self) -> Changes {
        let (first, rest) = self.copies.split_at_mut(1);
        for other in rest {
            first[0].merge(other).unwrap();
        }
        all_of(self.id, &mut first[0], &[])
    }
}

fn history(deeds: &[Deed]) -> Changes {
    let chart = DocumentId::chart(PatientId(Uuid::from_u128(5)));
    let mut rooms = [Room::new(visit(1)), Room::new(chart)];
    for deed in deeds {
        rooms[usize::from(deed.document)].perform(deed);
    }
    rooms.iter_mut().flat_map(Room::changes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_history_comes_back_to_the_byte(
        deeds in prop::collection::vec(deed(), 1..60),
        order in any::<u64>(),
        since in 0..20_usize,
    ) {
        let mut changes = history(&deeds);
        changes.drain(..since.min(changes.len() - 1));
        prop_assert!(columns_hold(&changes));
        // Out of causal order nothing is implied, and nothing is lost.
        changes.sort_by_key(|(_, bytes)| u64::from(bytes[4]).wrapping_mul(order | 1));
        prop_assert!(columns_hold(&changes));
        prop_assert_eq!(unpack(&packed(&changes), &WIDE), Ok(changes));
    }

    #[test]
    fn any_bytes_at_all_come_back(chunks in prop::collection::vec(any::<Vec<u8>>(), 0..8)) {
        let changes: Changes = chunks.into_iter().map(|bytes| (visit(3), bytes)).collect();
        prop_assert_eq!(unpack(&packed(&changes), &WIDE), Ok(changes));
    }

    #[test]
    fn noise_after_the_version_never_panics(mut noise in any::<Vec<u8>>()) {
        noise.insert(0, VERSION);
        let _ = unpack(&noise, &WIDE);
    }
}

/// A change for each deed, with a text in each.
fn one_of_each(words: &str) -> Changes {
    let deed = |what: u8| Deed {
        document: what % 2,
        who: what % 3,
        what,
        at: u16::from(what) * 7,
        number: i64::from(what) * 1_000,
        words: words.to_owned(),
        message: what.is_multiple_of(5),
    };
    let deeds: Vec<Deed> = (0..18).chain(12..18).map(deed).collect();
    history(&deeds)
}

#[test]
fn changes_of_every_kind_are_read_and_written_like_automerge_does() {
    let mut changes = small_day();
    changes.extend(one_of_each("é漢🙂 abc"));
    for (_, bytes) in &changes {
        let mut rows = Rows::default();
        let mut actors = chunk_read::Actors::default();
        chunk_read::read(bytes, &mut actors, &mut rows).unwrap();
        assert!(rows.is_bounded(bytes.len()));
        let mut writer = chunk_write::ChunkWriter::default();
        let (again, hash) = writer.write(&rows, bytes, &actors.names);
        assert_eq!(again, *bytes);
        let change = Change::from_bytes(bytes.clone()).unwrap();
        assert_eq!(change.hash().0, hash);
    }
}

#[test]
fn the_outermost_times_and_counters_come_back() {
    let mut changes = Vec::new();
    for (id, bytes) in small_day() {
        for (time, seq, start_op) in [
            (i64::MIN, u64::MAX, 1),
            (i64::MAX, 0, rows::COUNTER_MAX),
            (0, 1, rows::COUNTER_MAX + 1),
            (i64::MIN, 2, u64::MAX),
        ] {
            let mut rows = Rows::default();
            let mut actors = chunk_read::Actors::default();
            chunk_read::read(&bytes, &mut actors, &mut rows).unwrap();
            (rows.time, rows.seq, rows.start_op) = (time, seq, start_op);
            let mut writer = chunk_write::ChunkWriter::default();
            changes.push((id, writer.write(&rows, &bytes, &actors.names).0));
        }
    }
    assert!(columns_hold(&changes));
}

/// Flips, cuts and doubles pieces of valid packs.
#[test]
fn no_mutant_of_a_pack_panics_or_outgrows_its_limits() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |bound: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as usize % bound
    };
    let limits = PackLimits {
        changes_max: 100,
        change_bytes_max: 4_096,
        total_bytes_max: 16_384,
    };
    let entry = r#"{"at":1789,"by":"01900000-0000-7000-8000-000000000001","t":"é","v":3.25}"#;
    let packs = [packed(&small_day()), packed(&one_of_each(entry))];
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..20_000 {
        let mut bytes = packs[round % 2].clone();
        for _ in 0..=random(4) {
            let at = random(bytes.len() - 1) + 1;
            match random(6) {
                0 => bytes[at] ^= 1 << random(8),
                1 => bytes[at] = random(256) as u8,
                2 => bytes[at] = 0xff,
                3 => bytes.insert(at, random(256) as u8),
                4 if bytes.len() > 2 => drop(bytes.remove(at)),
                _ => {
                    let end = (at + random(20)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    let to = random(bytes.len() - 1) + 1;
                    let room = piece.len().min(bytes.len() - to);
                    bytes[to..to + room].copy_from_slice(&piece[..room]);
                }
            }
        }
        match unpack(&bytes, &limits) {
            Ok(changes) => {
                let total: usize = changes.iter().map(|(_, bytes)| bytes.len()).sum();
                assert!(total <= limits.total_bytes_max);
                accepted += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 500 && refused > 500, "{accepted} {refused}");
}
