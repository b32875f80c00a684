//! Claims about documents, each over real changes.

mod hostile;
mod policy;
mod replicas;

use serde_json::{Value, json};

use super::*;
use crate::model::{ActorId, ChangeHash, DocumentId, EntryId, FieldPath, Millis, VisitId};

pub(super) const TASK: &str = "01920000-0000-7000-8000-000000000001";

pub(super) fn visit_id() -> DocumentId {
    DocumentId::visit(VisitId(uuid::Uuid::from_u128(77)))
}

pub(super) fn actor(n: u8) -> ActorId {
    ActorId([n; 16])
}

pub(super) fn entry(n: u128) -> EntryId {
    EntryId(uuid::Uuid::from_u128(n))
}

pub(super) fn visit_tree() -> Value {
    json!({
        "schema": 1,
        "patient": "01920000-0000-7000-8000-0000000000aa",
        "status": "scheduled",
        "note": "Hello",
        "tasks": { TASK: { "title": "Wound care", "status": "open", "required": true,
            "code": { "system": "http://snomed.info/sct", "code": "1", "text": "care" } } },
        "measures": { "weight_kg": 71.5 },
    })
}

pub(super) fn put(path: &str, value: impl Into<Value>) -> Op {
    Op::Put {
        path: FieldPath(path.into()),
        value: value.into(),
    }
}

pub(super) fn visit() -> (Document, Edit) {
    Document::create(visit_id(), &visit_tree(), actor(1), Millis(5)).unwrap()
}

/// What the other side does with changes that come in.
pub(super) fn receive(document: &Document, changes: &[&[u8]]) -> Result<Document, VetError> {
    let mut trial = document.trial();
    for bytes in changes {
        trial.inspect(bytes)?;
        trial.accept(bytes)?;
    }
    trial.finish()
}

pub(super) fn assert_same(one: &Document, two: &Document) {
    assert_eq!(one.heads(), two.heads());
    assert_eq!(one.view(), two.view());
    assert_eq!(one.conflicts(), two.conflicts());
}

#[test]
fn an_edit_is_seen_at_once_and_again_after_loading() {
    let (mut doc, made) = visit();
    let task = format!("tasks/{TASK}");
    let ops = [
        put("status", "in_progress"),
        put(&format!("{task}/result"), "pass"),
        put("measures/weight_kg", 72),
        put("measures/other", json!({"a": [1, 2.5]})),
        put("future", "kept"),
        Op::AddItem {
            section: "forms".into(),
            id: entry(3),
            fields: json!({"questionnaire": "q|1"}).as_object().unwrap().clone(),
        },
        put(&format!("forms/{}/answers/one", entry(3).0), 4),
        Op::Append {
            section: "observations".into(),
            id: entry(4),
            entry: json!({"by": "x", "value": 36.6}),
        },
        Op::Splice {
            path: FieldPath("note".into()),
            at: 5,
            delete: 0,
            insert: " wörld".into(),
        },
    ];
    let edit = doc.edit(actor(2), Millis(9), &ops).unwrap();
    assert_eq!(edit.seq, 1);
    assert_eq!(doc.view()["note"], "Hello wörld");
    assert_eq!(doc.view()["measures"]["other"], json!({"a": [1, 2.5]}));
    assert_eq!(doc.view()["tasks"][TASK]["code"]["text"], "care");
    let again = Document::load(visit_id(), None, [&edit.bytes[..], &made.bytes[..]]).unwrap();
    assert_eq!(again.view(), doc.view());
    assert_eq!(again.heads(), vec![edit.hash]);
    let saved = Document::load(visit_id(), Some(&doc.save()), []).unwrap();
    assert_eq!(saved.view(), doc.view());
    let _: crate::model::Visit = serde_json::from_value(visit().0.view().clone()).unwrap();
}

#[test]
fn a_change_touches_for_its_reader_what_it_touched_for_its_author() {
    let (mut doc, made) = visit();
    let mut trial = Document::empty_trial(visit_id());
    assert_eq!(trial.inspect(&made.bytes).unwrap().touched, made.touched);
    trial.accept(&made.bytes).unwrap();
    let here = trial.finish().unwrap();
    assert_same(&here, &doc);
    let task = entry(50);
    let ops = [
        put("outcome", "well"),
        Op::AddItem {
            section: "tasks".into(),
            id: task,
            fields: json!({"title": "t", "status": "open"})
                .as_object()
                .unwrap()
                .clone(),
        },
        put(&format!("tasks/{}/status", task.0), "done"),
        Op::Append {
            section: "steps".into(),
            id: entry(51),
            entry: json!({"to": "in_progress", "f": 0.1}),
        },
        Op::Splice {
            path: FieldPath("note".into()),
            at: 1,
            delete: 2,
            insert: "xy".into(),
        },
    ];
    let edit = doc.edit(actor(3), Millis(7), &ops).unwrap();
    let seen = here.trial().inspect(&edit.bytes).unwrap();
    assert_eq!(seen.touched, edit.touched);
    assert_eq!((seen.actor, seen.seq, seen.at), (actor(3), 1, Millis(7)));
    assert_eq!(seen.touched.len(), 4);
    assert_eq!(seen.touched[1].action, TouchAction::Add);
    assert_eq!(seen.touched[1].value.as_ref().unwrap()["status"], "done");
}

#[test]
fn an_edit_that_changes_nothing_says_so_and_moves_no_heads() {
    let (mut doc, _) = visit();
    let before = doc.clone();
    let same = doc.edit(actor(2), Millis(2), &[put("status", "scheduled")]);
    assert_eq!(same, Err(MergeError::Unchanged));
    assert_same(&doc, &before);
    let edit = doc.edit(actor(2), Millis(3), &[put("status", "traveling")]);
    assert_eq!(edit.unwrap().seq, 1);
}

#[test]
fn a_refused_operation_leaves_the_earlier_ones_of_its_edit_undone() {
    let (mut doc, _) = visit();
    let before = doc.clone();
    let path = |path: &str| FieldPath(path.into());
    let refused = [
        (
            put("patient", "x"),
            MergeError::Place {
                path: path("patient"),
            },
        ),
        (
            put("tasks", "x"),
            MergeError::Place {
                path: path("tasks"),
            },
        ),
        (put("note", "x"), MergeError::Place { path: path("note") }),
        (
            put("status", 4),
            MergeError::Value {
                path: path("status"),
            },
        ),
        (
            put("status", Value::Null),
            MergeError::Value {
                path: path("status"),
            },
        ),
        (
            put("tasks/x/status", "done"),
            MergeError::Place {
                path: path("tasks/x/status"),
            },
        ),
        (
            put("measures/", 1),
            MergeError::Place {
                path: path("measures/"),
            },
        ),
        (
            Op::Splice {
                path: path("note"),
                at: 4,
                delete: 2,
                insert: String::new(),
            },
            MergeError::Place { path: path("note") },
        ),
    ];
    for (op, error) in refused {
        let ops = [put("outcome", "well"), op];
        assert_eq!(doc.edit(actor(2), Millis(2), &ops), Err(error));
        assert_same(&doc, &before);
        assert!(!doc.is_poisoned());
    }
}

#[test]
fn an_edit_too_large_for_one_change_is_refused_before_it_is_made() {
    let (mut doc, _) = visit();
    let before = doc.clone();
    let big = put("outcome", "x".repeat(CHANGE_BYTES_MAX));
    assert_eq!(
        doc.edit(actor(2), Millis(2), &[big]),
        Err(MergeError::TooLarge)
    );
    let long = Op::Splice {
        path: FieldPath("note".into()),
        at: 0,
        delete: 0,
        insert: "y".repeat(10_001),
    };
    assert_eq!(
        doc.edit(actor(2), Millis(2), &[long]),
        Err(MergeError::TooLarge)
    );
    assert_same(&doc, &before);
}

#[test]
fn an_earlier_state_is_read_as_it_stood_conflict_and_all() {
    let (doc, _) = visit();
    let created = doc.heads();
    let (mut one, mut two) = (doc.clone(), doc);
    one.edit(actor(2), Millis(2), &[put("outcome", "better")])
        .unwrap();
    let other = two
        .edit(actor(3), Millis(3), &[put("outcome", "worse")])
        .unwrap();
    let alone = one.heads();
    let mut both = receive(&one, &[&other.bytes]).unwrap();
    let (conflicted, shown) = (both.heads(), both.view().clone());
    both.edit(actor(2), Millis(4), &[put("outcome", "settled")])
        .unwrap();
    assert_eq!(both.view_as_of(&conflicted).unwrap(), shown);
    assert_eq!(both.view_as_of(&alone).unwrap()["outcome"], "better");
    assert_eq!(both.view_as_of(&created).unwrap().get("outcome"), None);
    assert_eq!(both.view_as_of(&both.heads()).unwrap(), *both.view());
    let unknown = both.view_as_of(&[ChangeHash([9; 32])]);
    assert_eq!(unknown, Err(MergeError::UnknownHeads));
}

#[test]
fn late_changes_tell_who_knew_of_the_seal_and_who_did_not() {
    let (doc, _) = visit();
    let (mut signer, mut away) = (doc.clone(), doc);
    signer
        .edit(actor(2), Millis(2), &[put("status", "completed")])
        .unwrap();
    let sealed = signer.heads();
    let heads: Vec<String> = sealed.iter().map(ToString::to_string).collect();
    let signature = Op::Append {
        section: "signatures".into(),
        id: entry(60),
        entry: json!({"by": "x", "heads": heads}),
    };
    signer
        .edit(actor(2), Millis(3), &[signature, put("status", "signed")])
        .unwrap();
    let unaware = away
        .edit(actor(3), Millis(4), &[put("outcome", "late")])
        .unwrap();
    let mut both = receive(&signer, &[&unaware.bytes]).unwrap();
    let aware = both
        .edit(actor(3), Millis(5), &[put("outcome", "amended")])
        .unwrap();
    let late = both.late_changes(&sealed);
    assert_eq!(late.len(), 3);
    let find = |hash| late.iter().find(|change| change.hash == hash).unwrap();
    assert!(!find(unaware.hash).knew_of_seal);
    assert!(find(aware.hash).knew_of_seal);
    assert_eq!(find(unaware.hash).touched, unaware.touched);
    assert_eq!(find(aware.hash).touched, aware.touched);
}

#[test]
fn missing_changes_are_named_when_a_document_is_loaded() {
    let (mut doc, made) = visit();
    let edit = doc
        .edit(actor(2), Millis(2), &[put("outcome", "x")])
        .unwrap();
    let lacking = Document::load(visit_id(), None, [&edit.bytes[..]]).unwrap_err();
    let missing = vec![made.hash];
    assert_eq!(lacking, MergeError::MissingDeps { missing });
    let corrupt = Document::load(visit_id(), Some(&[1, 2, 3]), []).unwrap_err();
    assert_eq!(corrupt, MergeError::Corrupt);
    let mut bytes = edit.bytes;
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let changes = [&made.bytes[..], &bytes[..]];
    assert!(Document::load(visit_id(), None, changes).is_err());
}

#[test]
fn two_people_who_settle_a_conflict_differently_open_it_again() {
    let (doc, _) = visit();
    let (mut one, mut two) = (doc.clone(), doc);
    one.edit(actor(2), Millis(2), &[put("outcome", "better")])
        .unwrap();
    let other = two
        .edit(actor(3), Millis(2), &[put("outcome", "worse")])
        .unwrap();
    let mut one = receive(&one, &[&other.bytes]).unwrap();
    let mut two = one.clone();
    let first = one
        .edit(actor(4), Millis(3), &[put("outcome", "better")])
        .unwrap();
    let second = two
        .edit(actor(5), Millis(3), &[put("outcome", "worse")])
        .unwrap();
    assert!(one.conflicts().is_empty() && two.conflicts().is_empty());
    let one = receive(&one, &[&second.bytes]).unwrap();
    let two = receive(&two, &[&first.bytes]).unwrap();
    assert_same(&one, &two);
    let open = one.conflicts();
    let mut who: Vec<_> = open[0].values.iter().map(|value| value.actor).collect();
    who.sort();
    assert_eq!(who, [actor(4), actor(5)]);
}
