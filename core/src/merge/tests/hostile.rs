//! Changes that nobody honest would send. None is taken, none kills.

use std::io::Write;
use std::num::NonZeroU64;

use automerge::legacy::{Key, ObjectId, Op as RawOp, OpId, OpType};
use automerge::{Automerge, Change, ExpandedChange, ObjType, ReadDoc, ScalarValue};
use flate2::{Compression, write::DeflateEncoder};
use proptest::test_runner::{RngAlgorithm, TestRng};
use sha2::{Digest, Sha256};

use super::*;

/// A visit and one sound change on it, taken apart.
fn sound() -> (Document, ExpandedChange) {
    let (doc, _) = visit();
    let mut other = doc.clone();
    let edit = other
        .edit(actor(7), Millis(2), &[put("outcome", "x")])
        .unwrap();
    (doc, expand(&edit.bytes))
}

fn expand(bytes: &[u8]) -> ExpandedChange {
    Change::try_from(bytes).unwrap().decode()
}

fn bytes(change: &ExpandedChange) -> Vec<u8> {
    Change::from(change.clone()).raw_bytes().to_vec()
}

fn verdict(doc: &Document, bytes: &[u8]) -> VetError {
    let before = doc.clone();
    let mut trial = doc.trial();
    let error = trial.inspect(bytes).unwrap_err();
    assert_eq!(trial.accept(bytes), Err(error.clone()));
    assert_same(doc, &before);
    error
}

/// A chunk of this type and body, its checksum as it should be.
fn chunk(kind: u8, body: &[u8], hashed: &[u8]) -> Vec<u8> {
    let mut head = vec![1];
    leb(&mut head, hashed.len() as u64);
    let hash = Sha256::new()
        .chain_update(&head)
        .chain_update(hashed)
        .finalize();
    let mut out = vec![0x85, 0x6f, 0x4a, 0x83];
    out.extend(&hash[..4]);
    out.push(kind);
    leb(&mut out, body.len() as u64);
    out.extend(body);
    out
}

fn leb(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

fn body(bytes: &[u8]) -> &[u8] {
    let length = bytes[9..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    &bytes[9 + length..]
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_oversized_change_is_refused_unread() {
    let (doc, change) = sound();
    assert_eq!(
        verdict(&doc, &vec![0; CHANGE_BYTES_MAX + 1]),
        VetError::TooLarge
    );
    let mut change = change;
    change.operations[0].action = OpType::Put("x".repeat(CHANGE_BYTES_MAX).as_str().into());
    assert_eq!(verdict(&doc, &bytes(&change)), VetError::TooLarge);
}

#[test]
fn malformed_bytes_are_refused() {
    let (doc, change) = sound();
    let good = bytes(&change);
    for cut in 0..good.len() {
        assert_eq!(
            verdict(&doc, &good[..cut]),
            VetError::Malformed,
            "cut at {cut}"
        );
    }
    let mut longer = good.clone();
    longer.push(0);
    assert_eq!(verdict(&doc, &longer), VetError::Malformed);
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 0x10;
        assert_eq!(verdict(&doc, &bad), VetError::Malformed, "flipped {index}");
    }
    let snapshot = doc.save();
    assert_eq!(verdict(&doc, &snapshot), VetError::Malformed);
}

#[test]
fn metadata_that_nobody_judges_is_refused() {
    let (doc, change) = sound();
    let mut said = change.clone();
    said.message = Some("hidden".into());
    assert_eq!(verdict(&doc, &bytes(&said)), VetError::Malformed);
    let mut extra = change.clone();
    extra.extra_bytes = vec![1, 2, 3];
    assert_eq!(verdict(&doc, &bytes(&extra)), VetError::Malformed);
    let mut late = change.clone();
    late.time = i64::MAX;
    assert_eq!(verdict(&doc, &bytes(&late)), VetError::Malformed);
    let mut author = change;
    author.actor_id = automerge::ActorId::from(vec![1, 2, 3]);
    assert_eq!(verdict(&doc, &bytes(&author)), VetError::Malformed);
}

#[test]
fn an_absurd_start_op_is_refused() {
    let (doc, change) = sound();
    let right = change.start_op.get();
    for start in [
        1,
        right - 1,
        right + 1,
        u64::from(u32::MAX) - 1,
        1 << 32,
        u64::MAX >> 1,
    ] {
        let mut change = change.clone();
        change.start_op = NonZeroU64::new(start).unwrap();
        assert_eq!(verdict(&doc, &bytes(&change)), VetError::StartOp, "{start}");
    }
}

#[test]
fn a_reused_sequence_number_is_refused_and_a_skipped_one_too() {
    let (doc, change) = sound();
    let mut known = receive(&doc, &[&bytes(&change)]).unwrap();
    let mut reused = change.clone();
    reused.time = 99;
    assert_eq!(verdict(&known, &bytes(&reused)), VetError::SequenceReused);
    let mut skipped = change.clone();
    skipped.seq = 2;
    assert_eq!(verdict(&doc, &bytes(&skipped)), VetError::SequenceGap);
    // The next number, but made without the author's own change before it.
    let next = known
        .edit(actor(7), Millis(3), &[put("outcome", "y")])
        .unwrap();
    let mut forked = expand(&next.bytes);
    forked.deps.clone_from(&change.deps);
    forked.start_op = change.start_op;
    forked.operations.clone_from(&change.operations);
    let known = receive(&doc, &[&bytes(&change)]).unwrap();
    assert_eq!(verdict(&known, &bytes(&forked)), VetError::SequenceGap);
}

#[test]
fn a_decompression_bomb_is_refused_at_the_limit() {
    let (doc, change) = sound();
    let bomb = vec![0; 64 * 1024 * 1024];
    let bomb = chunk(2, &deflate(&bomb), b"");
    assert!(bomb.len() < CHANGE_BYTES_MAX);
    assert_eq!(verdict(&doc, &bomb), VetError::Inflates);
    // An honest deflated change is the same change.
    let plain = bytes(&change);
    let small = chunk(2, &deflate(body(&plain)), body(&plain));
    let inspected = doc.trial().inspect(&small).unwrap();
    assert_eq!(inspected, doc.trial().inspect(&plain).unwrap());
    assert_same(
        &receive(&doc, &[&small]).unwrap(),
        &receive(&doc, &[&plain]).unwrap(),
    );
}

#[test]
fn a_run_that_claims_more_operations_than_a_change_may_hold_is_refused_uncounted() {
    let (doc, change) = sound();
    let plain = bytes(&change);
    let body = body(&plain);
    // The action column of one put is a literal run of one: 0x7f 0x01.
    let action = body.windows(2).rposition(|pair| pair == [0x7f, 1]).unwrap();
    let mut claims = 0;
    for at in 0..=action {
        if body[at..at + 2] != [0x7f, 1] {
            continue;
        }
        let mut run = Vec::new();
        leb(&mut run, 1 << 60);
        let longer = [&body[..at], &run, &[1], &body[at + 2..]].concat();
        // The column's length in the list of columns grows with the run.
        for index in 0..at {
            if longer[index] == 2 {
                let mut body = longer.clone();
                body[index] += u8::try_from(run.len()).unwrap() - 1;
                let error = verdict(&doc, &chunk(1, &body, &body));
                claims += usize::from(error == VetError::TooManyOps);
            }
        }
    }
    assert!(claims > 0);
}

#[test]
fn too_many_operations_and_too_many_dependencies_are_refused() {
    let (doc, change) = sound();
    let mut many = change.clone();
    let op = many.operations[0].clone();
    many.operations = vec![op; 10_001];
    assert_eq!(verdict(&doc, &bytes(&many)), VetError::TooManyOps);
    let mut wide = change;
    wide.deps = (0..65).map(|n| automerge::ChangeHash([n; 32])).collect();
    assert_eq!(verdict(&doc, &bytes(&wide)), VetError::TooManyDeps);
}

#[test]
fn a_change_whose_dependencies_are_missing_waits_and_is_taken_when_they_come() {
    let (doc, _) = visit();
    let mut away = doc.clone();
    let first = away
        .edit(actor(7), Millis(2), &[put("outcome", "x")])
        .unwrap();
    let second = away
        .edit(actor(7), Millis(3), &[put("outcome", "y")])
        .unwrap();
    let waiting = verdict(&doc, &second.bytes);
    let missing = vec![first.hash];
    assert_eq!(waiting, VetError::Waiting { missing });
    let both = receive(&doc, &[&first.bytes, &second.bytes, &first.bytes]).unwrap();
    assert_same(&both, &away);
    assert!(both.trial().inspect(&first.bytes).unwrap().duplicate);
}

#[test]
fn a_second_creation_and_a_creation_of_another_kind_are_refused() {
    let (doc, made) = visit();
    let tree = visit_tree();
    let (_, again) = Document::create(visit_id(), &tree, actor(9), Millis(9)).unwrap();
    assert_eq!(verdict(&doc, &again.bytes), VetError::WrongDocument);
    let mut chart = visit_id();
    chart.kind = crate::model::DocumentKind::Chart;
    let trial = Document::empty_trial(chart);
    assert!(trial.inspect(&made.bytes).is_err());
    assert_eq!(trial.finish().unwrap_err(), VetError::WrongDocument);
}

#[test]
fn a_creation_that_lacks_a_section_is_refused() {
    let (_, made) = visit();
    let mut change = expand(&made.bytes);
    let last = change
        .operations
        .iter()
        .rposition(|op| op.obj == ObjectId::Root);
    let lacking = change.operations[last.unwrap()].key.clone();
    change.operations[last.unwrap()].key = Key::Map("zzz".into());
    let trial = Document::empty_trial(visit_id());
    let refused = trial.inspect(&bytes(&change)).unwrap_err();
    assert_eq!(refused.code(), "policy_shape", "without {lacking:?}");
}

/// A change by [`actor`] 8 of raw operations on an automerge of the document.
fn craft(
    doc: &Document,
    make: impl FnOnce(&mut automerge::transaction::Transaction<'_>),
) -> Vec<u8> {
    let mut raw = Automerge::load(&doc.save()).unwrap();
    raw.set_actor(actor(8).0.into());
    let mut tx = raw.transaction();
    make(&mut tx);
    tx.commit_with(automerge::transaction::CommitOptions::default().with_time(1));
    raw.get_last_local_change().unwrap().raw_bytes().to_vec()
}

fn shape(path: impl Into<String>) -> VetError {
    VetError::PolicyShape {
        path: FieldPath(path.into()),
    }
}

/// A visit with an entry, and the ids of two of its sections.
fn with_entry() -> (Document, String) {
    let (mut doc, _) = visit();
    let append = Op::Append {
        section: "observations".into(),
        id: entry(70),
        entry: json!({"by": "x", "value": 1}),
    };
    doc.edit(actor(2), Millis(2), &[append]).unwrap();
    (doc, entry(70).0.to_string())
}

fn section(doc: &impl ReadDoc, name: &str) -> automerge::ObjId {
    doc.get(automerge::ROOT, name).unwrap().unwrap().1
}

#[test]
fn overwriting_an_entry_is_refused_even_by_one_who_never_saw_it() {
    use automerge::transaction::Transactable;
    let (doc, id) = with_entry();
    let path = format!("observations/{id}");
    let seen = craft(&doc, |tx| {
        let observations = section(tx, "observations");
        tx.put(observations, &id, "{\"by\":\"y\"}").unwrap();
    });
    assert_eq!(verdict(&doc, &seen), shape(&path));
    let (before, _) = visit();
    let unseen = craft(&before, |tx| {
        let observations = section(tx, "observations");
        tx.put(observations, &id, "{\"by\":\"y\"}").unwrap();
    });
    assert_eq!(verdict(&doc, &unseen), shape(&path));
    let same = craft(&before, |tx| {
        let observations = section(tx, "observations");
        tx.put(observations, &id, "{\"by\":\"x\",\"value\":1}")
            .unwrap();
    });
    let merged = receive(&doc, &[&same]).unwrap();
    assert_eq!(merged.view(), doc.view());
    assert!(merged.conflicts().is_empty());
}

#[test]
fn deleting_is_refused_but_for_plain_fields() {
    use automerge::transaction::Transactable;
    let (doc, id) = with_entry();
    let entry = craft(&doc, |tx| {
        let observations = section(tx, "observations");
        tx.delete(observations, &id).unwrap();
    });
    assert_eq!(verdict(&doc, &entry), shape(format!("observations/{id}")));
    let status = craft(&doc, |tx| tx.delete(automerge::ROOT, "status").unwrap());
    assert_eq!(verdict(&doc, &status), shape("status"));
    let whole = craft(&doc, |tx| tx.delete(automerge::ROOT, "tasks").unwrap());
    assert_eq!(verdict(&doc, &whole), shape("tasks"));
    let tree = json!({"patient": "p", "home_access": {"door_code": "1"}});
    let mut id = visit_id();
    id.kind = crate::model::DocumentKind::Chart;
    let (chart, _) = Document::create(id, &tree, actor(1), Millis(1)).unwrap();
    let code = craft(&chart, |tx| {
        let access = section(tx, "home_access");
        tx.delete(access, "door_code").unwrap();
    });
    let after = receive(&chart, &[&code]).unwrap();
    assert_eq!(after.view()["home_access"], json!({}));
}

#[test]
fn values_and_objects_that_do_not_fit_the_schema_are_refused() {
    use automerge::ROOT;
    use automerge::transaction::Transactable;
    let (doc, _) = with_entry();
    let task = format!("tasks/{TASK}");
    type Make = fn(&mut automerge::transaction::Transaction<'_>);
    let root: [(&str, Make); 9] = [
        ("status", |tx| tx.put(ROOT, "status", 4).unwrap()),
        ("status", |tx| tx.put(ROOT, "status", ()).unwrap()),
        ("patient", |tx| tx.put(ROOT, "patient", "other").unwrap()),
        ("note", |tx| tx.put(ROOT, "note", "gone").unwrap()),
        ("tasks", |tx| {
            drop(tx.put_object(ROOT, "tasks", ObjType::Map).unwrap());
        }),
        ("list", |tx| {
            drop(tx.put_object(ROOT, "list", ObjType::List).unwrap());
        }),
        ("n", |tx| {
            tx.put(ROOT, "n", ScalarValue::counter(1)).unwrap();
        }),
        ("n", |tx| {
            tx.put(ROOT, "n", ScalarValue::Timestamp(1)).unwrap();
        }),
        ("n", |tx| tx.put(ROOT, "n", f64::NAN).unwrap()),
    ];
    for (path, make) in root {
        assert_eq!(verdict(&doc, &craft(&doc, make)), shape(path), "{path}");
    }
    let inside: [(&str, Make); 5] = [
        ("tasks/not-an-id", |tx| {
            let tasks = section(tx, "tasks");
            drop(tx.put_object(tasks, "not-an-id", ObjType::Map).unwrap());
        }),
        ("tasks/01920000-0000-7000-8000-00000000000A", |tx| {
            let tasks = section(tx, "tasks");
            let id = "01920000-0000-7000-8000-00000000000A";
            drop(tx.put_object(tasks, id, ObjType::Map).unwrap());
        }),
        ("tasks/01920000-0000-7000-8000-00000000000a", |tx| {
            let tasks = section(tx, "tasks");
            let id = "01920000-0000-7000-8000-00000000000a";
            let task = tx.put_object(tasks, id, ObjType::Map).unwrap();
            tx.put(task, "title", "has no status").unwrap();
        }),
        ("steps/01920000-0000-7000-8000-00000000000a", |tx| {
            let steps = section(tx, "steps");
            let id = "01920000-0000-7000-8000-00000000000a";
            tx.put(steps, id, "not json").unwrap();
        }),
        ("measures/a/b", |tx| {
            let measures = section(tx, "measures");
            tx.put(measures, "a/b", 1).unwrap();
        }),
    ];
    for (path, make) in inside {
        assert_eq!(verdict(&doc, &craft(&doc, make)), shape(path), "{path}");
    }
    let replaced = craft(&doc, |tx| {
        let tasks = section(tx, "tasks");
        drop(tx.put_object(tasks, TASK, ObjType::Map).unwrap());
    });
    assert_eq!(verdict(&doc, &replaced), shape(task));
}

#[test]
fn marks_and_blocks_in_a_text_are_refused() {
    use automerge::marks::{ExpandMark, Mark};
    use automerge::transaction::Transactable;
    let (doc, _) = visit();
    let marked = craft(&doc, |tx| {
        let note = section(tx, "note");
        let mark = Mark::new("bold".into(), true, 0, 3);
        tx.mark(note, mark, ExpandMark::None).unwrap();
    });
    assert_eq!(verdict(&doc, &marked), VetError::Malformed);
    let block = craft(&doc, |tx| {
        let note = section(tx, "note");
        drop(tx.split_block(note, 1).unwrap());
    });
    assert_eq!(verdict(&doc, &block), shape("note"));
}

#[test]
fn what_newer_versions_add_is_taken_and_shown() {
    use automerge::transaction::Transactable;
    let (doc, _) = visit();
    let newer = craft(&doc, |tx| {
        tx.put(automerge::ROOT, "mood", 3).unwrap();
        let extra = tx
            .put_object(automerge::ROOT, "extra", ObjType::Map)
            .unwrap();
        tx.put(extra, "a", "b").unwrap();
        let tasks = section(tx, "tasks");
        let (_, task) = tx.get(tasks, TASK).unwrap().unwrap();
        tx.put(task, "colour", "red").unwrap();
    });
    let after = receive(&doc, &[&newer]).unwrap();
    assert_eq!(after.view()["mood"], 3);
    assert_eq!(after.view()["extra"]["a"], "b");
    assert_eq!(after.view()["tasks"][TASK]["colour"], "red");
}

#[test]
fn replacing_a_value_that_the_author_did_not_see_is_refused() {
    let (doc, change) = sound();
    let mut other = doc.clone();
    let unseen = other
        .edit(actor(6), Millis(2), &[put("outcome", "y")])
        .unwrap();
    let known = receive(&doc, &[&unseen.bytes]).unwrap();
    let hidden = expand(&unseen.bytes);
    let mut blind = change.clone();
    let id = OpId::new(hidden.start_op.get(), &hidden.actor_id);
    blind.operations[0].pred = vec![id].into();
    assert_eq!(verdict(&known, &bytes(&blind)), shape("outcome"));
    let mut wrong = change;
    let first = OpId::new(1, &actor(1).0.into());
    wrong.operations[0].pred = vec![first].into();
    assert_eq!(verdict(&known, &bytes(&wrong)), shape("outcome"));
}

#[test]
fn operations_on_objects_that_are_not_there_are_refused() {
    let (doc, change) = sound();
    for (counter, by) in [(9_999, 1), (5, 99)] {
        let mut lost = change.clone();
        let op: &mut RawOp = &mut lost.operations[0];
        op.obj = ObjectId::Id(OpId::new(counter, &actor(by).0.into()));
        assert_eq!(verdict(&doc, &bytes(&lost)), VetError::Malformed);
    }
}

/// Thousands of changes with a byte or two changed and the checksum mended.
#[test]
fn mutants_with_a_mended_checksum_neither_kill_nor_poison() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (mut doc, _) = visit();
    let mut away = doc.clone();
    let ops = [
        put("status", "in_progress"),
        put(&format!("tasks/{TASK}/result"), "pass"),
        Op::Append {
            section: "observations".into(),
            id: entry(71),
            entry: json!({"by": "x"}),
        },
        Op::Splice {
            path: FieldPath("note".into()),
            at: 2,
            delete: 2,
            insert: "abc".into(),
        },
    ];
    doc.edit(actor(4), Millis(2), &[put("outcome", "y")])
        .unwrap();
    let edit = away.edit(actor(3), Millis(2), &ops).unwrap();
    let original = body(&edit.bytes);
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut taken = 0;
    for _ in 0..6_000 {
        let mut mutant = original.to_vec();
        for _ in 0..=(random(&mut rng) % 2) {
            let at = random(&mut rng) % mutant.len();
            mutant[at] = u8::try_from(random(&mut rng) % 256).unwrap();
        }
        let bytes = chunk(1, &mutant, &mutant);
        if let Ok(after) = receive(&doc, &[&bytes]) {
            taken += 1;
            let mut after = after;
            after
                .edit(actor(5), Millis(9), &[put("outcome", "z")])
                .unwrap();
            let again = Document::load(after.id(), Some(&after.save()), []).unwrap();
            assert_same(&after, &again);
        }
    }
    std::panic::set_hook(hook);
    assert!(taken > 0, "some only say something else");
    assert!(receive(&doc, &[&edit.bytes]).is_ok());
}

fn random(rng: &mut TestRng) -> usize {
    use proptest::prelude::Rng;
    usize::try_from(rng.next_u32()).unwrap()
}

#[test]
fn a_document_whose_columns_claim_more_rows_than_one_may_hold_is_refused_uncounted() {
    // Found by `cargo xtask fuzz`: 473 bytes that took 24 GiB and 45 seconds.
    let claims = include_bytes!("claims_many_rows.bin");
    for kind in [
        crate::model::DocumentKind::Visit,
        crate::model::DocumentKind::Chart,
        crate::model::DocumentKind::Plan,
    ] {
        let mut id = visit_id();
        id.kind = kind;
        let refused = Document::arrived(id, claims).unwrap_err();
        assert_eq!(refused, VetError::TooManyOps);
    }
}

#[test]
fn a_document_whose_changes_hash_otherwise_than_its_heads_is_refused() {
    // Found by `cargo xtask fuzz`: it loads, is saved and edited, and panics
    // when its changes are asked for.
    let renamed = include_bytes!("renamed_heads.bin");
    let mut chart = visit_id();
    chart.kind = crate::model::DocumentKind::Chart;
    for id in [visit_id(), chart] {
        assert!(Document::arrived(id, renamed).is_err());
    }
}

#[test]
fn a_whole_document_arrives_as_it_was_saved_and_an_altered_one_does_not() {
    let (doc, _) = with_entry();
    let saved = doc.save();
    assert_same(&Document::arrived(visit_id(), &saved).unwrap(), &doc);
    for index in 0..saved.len() {
        let mut bad = saved.clone();
        bad[index] ^= 0x10;
        assert!(
            Document::arrived(visit_id(), &bad).is_err(),
            "flipped {index}"
        );
        assert!(Document::arrived(visit_id(), &saved[..index]).is_err());
    }
    let twice = [saved.as_slice(), &saved].concat();
    assert_eq!(
        Document::arrived(visit_id(), &twice).unwrap_err(),
        VetError::Malformed
    );
    let huge = vec![0; DOCUMENT_BYTES_MAX + 1];
    assert_eq!(
        Document::arrived(visit_id(), &huge).unwrap_err(),
        VetError::TooLarge
    );
    let change = doc.changes().swap_remove(0).1;
    assert!(Document::arrived(visit_id(), &change).is_err());
}
