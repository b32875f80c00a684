//! Claims about documents, each over real changes.

use serde_json::{Value, json};

use super::*;
use crate::model::{ActorId, DocumentId, EntryId, FieldPath, Millis, VisitId};

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
