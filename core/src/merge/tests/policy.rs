//! Each row of the policy table, on two real forks.

use serde_json::{Value, json};

use super::*;
use crate::merge::policy::{Ladder, Row, TABLE, rule_of};
use crate::model::{DocumentKind, PatientId, PlanId, TaskStatus, VisitStatus};

const ITEM: &str = "01920000-0000-7000-8000-000000000009";

fn tree(kind: DocumentKind) -> (DocumentId, Value) {
    let patient = "01920000-0000-7000-8000-0000000000aa";
    let code = json!({"text": "c"});
    match kind {
        DocumentKind::Visit => (
            visit_id(),
            json!({"patient": patient, "status": "scheduled",
                "tasks": {ITEM: {"title": "t", "status": "open"}},
                "forms": {ITEM: {"questionnaire": "q"}}}),
        ),
        DocumentKind::Chart => (
            DocumentId::chart(PatientId(uuid::Uuid::from_u128(5))),
            json!({"patient": patient,
                "contacts": {ITEM: {"name": "n"}},
                "allergies": {ITEM: {"code": code, "status": "resolved"}},
                "conditions": {ITEM: {"code": code, "clinical_status": "active"}},
                "medications": {ITEM: {"code": code, "status": "active"}},
                "alerts": {ITEM: {"text": "t", "severity": "moderate", "active": false}}}),
        ),
        DocumentKind::Plan => (
            DocumentId::plan(PlanId(uuid::Uuid::from_u128(6))),
            json!({"patient": patient, "title": "t", "status": "active",
                "goals": {ITEM: {"text": "t", "lifecycle": "active"}},
                "activities": {ITEM: {"code": code, "status": "open"}}}),
        ),
    }
}

/// A path that the row's pattern matches: fields of the item that is there,
/// names for what has none.
fn path_of(row: &Row) -> FieldPath {
    let mut stars = 0;
    let segments: Vec<&str> = row
        .pattern
        .split('/')
        .map(|part| {
            stars += usize::from(part == "*");
            match (part, stars) {
                ("*", 1) if row.pattern.ends_with("measures/*") => "weight_kg",
                ("*", 1) if row.pattern.ends_with("home_access/*") => "door_code",
                ("*", 1) => ITEM,
                ("*", _) => "one",
                (part, _) => part,
            }
        })
        .collect();
    FieldPath::of(&segments)
}

/// Forks the row's document, edits each side, and brings both together in both
/// orders.
fn fork(row: &Row, left: &[Op], right: &[Op]) -> Document {
    let (id, tree) = tree(row.kind);
    let (document, _) = Document::create(id, &tree, actor(1), Millis(1)).unwrap();
    let (mut one, mut two) = (document.clone(), document);
    let first = one.edit(actor(2), Millis(2), left).unwrap();
    let second = two.edit(actor(3), Millis(3), right).unwrap();
    let one = receive(&one, &[&second.bytes]).unwrap();
    let two = receive(&two, &[&first.bytes]).unwrap();
    assert_same(&one, &two);
    one
}

fn put_at(path: &FieldPath, value: &Value) -> Vec<Op> {
    vec![Op::Put {
        path: path.clone(),
        value: value.clone(),
    }]
}

/// Two values that the field takes and that differ from what it has.
fn samples(row: &Row) -> (Value, Value) {
    match (row.ladder, row.pattern) {
        (Ladder::VisitStatus, _) => (json!("completed"), json!("traveling")),
        (Ladder::TaskStatus, _) => (json!("done"), json!("started")),
        (Ladder::AllergyStatus, _) => (json!("active"), json!("refuted")),
        (Ladder::Severity, _) => (json!("severe"), json!("mild")),
        (Ladder::Flag, _) => (json!(true), json!(false)),
        (_, pattern) if pattern.ends_with("as_needed") => (json!(true), json!(false)),
        (_, pattern) if pattern.ends_with("code") => (json!({"text": "a"}), json!({"text": "b"})),
        (_, pattern) if pattern.ends_with("_at_ms") => (json!(1), json!(2)),
        _ => (json!("aaa"), json!("bbb")),
    }
}

#[test]
fn every_row_does_on_two_forks_what_its_rule_says() {
    for row in TABLE {
        match row.policy.rule {
            Rule::Latest => latest(row),
            Rule::KeepBoth => keeps_both(row),
            Rule::Append => appends(row),
            Rule::Forward if row.ladder == Ladder::Planned => keeps_outcomes(row),
            Rule::Forward => goes_forward(row),
            Rule::Safer if row.ladder == Ladder::Consent => asks_of_consent(row),
            Rule::Safer => is_safer(row),
            Rule::Text => merges_text(row),
            Rule::Fixed => is_fixed(row),
        }
    }
}

fn latest(row: &Row) {
    let (path, (a, b)) = (path_of(row), samples(row));
    let merged = fork(row, &put_at(&path, &a), &put_at(&path, &b));
    assert!(merged.conflicts().is_empty(), "{}", row.pattern);
    let shown = project::look(merged.view(), &path).unwrap();
    assert!(*shown == a || *shown == b);
}

fn keeps_both(row: &Row) {
    let (path, (a, b)) = (path_of(row), samples(row));
    let mut merged = fork(row, &put_at(&path, &a), &put_at(&path, &b));
    let conflicts = merged.conflicts();
    assert_eq!(conflicts.len(), 1, "{}", row.pattern);
    let conflict = &conflicts[0];
    assert_eq!((&conflict.path, conflict.rule), (&path, Rule::KeepBoth));
    let mut authors: Vec<_> = conflict.values.iter().map(|v| (v.actor, v.at)).collect();
    authors.sort();
    assert_eq!(authors, [(actor(2), Millis(2)), (actor(3), Millis(3))]);
    let shown = project::look(merged.view(), &path).unwrap();
    assert_eq!(*shown, conflict.values[conflict.winner].value);
    assert!(conflict.values.iter().any(|v| v.value == a));
    assert!(conflict.values.iter().any(|v| v.value == b));
    assert!(conflict.values.iter().all(|v| merged.has(&v.hash)));
    settles(&mut merged, &path, &a);
    let same = fork(row, &put_at(&path, &a), &put_at(&path, &a));
    assert!(same.conflicts().is_empty(), "equal values are no conflict");
}

fn settles(merged: &mut Document, path: &FieldPath, value: &Value) {
    merged
        .edit(actor(4), Millis(9), &put_at(path, value))
        .unwrap();
    assert!(merged.conflicts().is_empty());
    let again = Document::load(merged.id(), Some(&merged.save()), []).unwrap();
    assert_same(merged, &again);
}

fn appends(row: &Row) {
    let section = row.pattern.trim_end_matches("/*").to_owned();
    let add = |n: u128| {
        let (_, tree) = tree(row.kind);
        match tree[&section].get(ITEM) {
            Some(item) => vec![Op::AddItem {
                section: section.clone(),
                id: entry(n),
                fields: item.as_object().unwrap().clone(),
            }],
            None => vec![Op::Append {
                section: section.clone(),
                id: entry(n),
                entry: json!({"n": n as u64, "by": "x"}),
            }],
        }
    };
    let merged = fork(row, &add(20), &add(21));
    assert!(merged.conflicts().is_empty());
    for n in [20, 21] {
        let path = FieldPath(format!("{section}/{}", entry(n).0));
        assert!(project::look(merged.view(), &path).is_some(), "{path}");
        let mut merged = merged.clone();
        let again = merged.edit(actor(5), Millis(9), &add(n)).unwrap_err();
        assert_eq!(again, MergeError::Exists { path });
    }
}

fn goes_forward(row: &Row) {
    let (path, (far, near)) = (path_of(row), samples(row));
    for (a, b) in [(&far, &near), (&near, &far)] {
        let merged = fork(row, &put_at(&path, a), &put_at(&path, b));
        assert_eq!(project::look(merged.view(), &path), Some(&far));
        assert!(merged.conflicts().is_empty(), "{}", row.pattern);
    }
    let (yes, no) = match row.ladder {
        Ladder::VisitStatus => (VisitStatus::InProgress.name(), VisitStatus::Canceled.name()),
        _ => (TaskStatus::Done.name(), TaskStatus::NotDone.name()),
    };
    let (yes, no) = (json!(yes), json!(no));
    let mut merged = fork(row, &put_at(&path, &yes), &put_at(&path, &no));
    assert_eq!(merged.conflicts()[0].rule, Rule::Forward);
    settles(&mut merged, &path, &yes);
    let unheard = fork(
        row,
        &put_at(&path, &yes),
        &put_at(&path, &json!("teleported")),
    );
    assert_eq!(project::look(unheard.view(), &path), Some(&yes));
    assert_eq!(unheard.conflicts().len(), 1);
}

/// Done by two people is done; done by one and not by the other is a question.
fn keeps_outcomes(row: &Row) {
    let path = path_of(row);
    let said = |status: &str, by: &str, at: u32| json!({"status": status, "by": by, "at_ms": at});
    let (one, two) = (said("done", "a", 1), said("done", "b", 2));
    let merged = fork(row, &put_at(&path, &one), &put_at(&path, &two));
    assert!(merged.conflicts().is_empty());
    assert_eq!(
        project::look(merged.view(), &path).unwrap()["status"],
        "done"
    );
    for not in [
        said("not_done", "b", 2),
        said("removed", "b", 2),
        json!(null),
    ] {
        let mut merged = fork(row, &put_at(&path, &not), &put_at(&path, &one));
        assert_eq!(project::look(merged.view(), &path), Some(&one));
        assert_eq!(merged.conflicts()[0].rule, Rule::Forward);
        settles(&mut merged, &path, &not);
    }
    let unheard = fork(
        row,
        &put_at(&path, &one),
        &put_at(&path, &json!({"status": "delegated"})),
    );
    assert_eq!(project::look(unheard.view(), &path), Some(&one));
    assert_eq!(unheard.conflicts().len(), 1);
}

/// Two who heard the same do not disagree; of yes and no, no stands until somebody asks.
fn asks_of_consent(row: &Row) {
    let path = path_of(row);
    let said = |decision: &str, by: &str| json!({"decision": decision, "by": by});
    let given = said("given", "a");
    let merged = fork(
        row,
        &put_at(&path, &given),
        &put_at(&path, &said("given", "b")),
    );
    assert!(merged.conflicts().is_empty());
    let declined = said("declined", "b");
    for (a, b) in [(&given, &declined), (&declined, &given)] {
        let mut merged = fork(row, &put_at(&path, a), &put_at(&path, b));
        assert_eq!(project::look(merged.view(), &path), Some(&declined));
        assert_eq!(merged.conflicts()[0].rule, Rule::Safer);
        settles(&mut merged, &path, &given);
    }
    for unheard in [said("postponed", "b"), json!(null)] {
        let merged = fork(row, &put_at(&path, &given), &put_at(&path, &unheard));
        assert_eq!(project::look(merged.view(), &path), Some(&given));
        assert_eq!(merged.conflicts().len(), 1, "{unheard}");
    }
}

fn is_safer(row: &Row) {
    let (path, (safe, risky)) = (path_of(row), samples(row));
    // The two sides differ from what stands there, so that both leave a trace.
    let other = match row.ladder {
        Ladder::Flag => json!(null),
        _ => risky,
    };
    if row.ladder == Ladder::Flag {
        flag_is_safer(row, &path);
        return;
    }
    for (a, b) in [(&safe, &other), (&other, &safe)] {
        let mut merged = fork(row, &put_at(&path, a), &put_at(&path, b));
        assert_eq!(project::look(merged.view(), &path), Some(&safe));
        assert_eq!(merged.conflicts()[0].rule, Rule::Safer);
        settles(&mut merged, &path, &other);
        assert_eq!(project::look(merged.view(), &path), Some(&other));
    }
}

/// A flag has two values, so the forks toggle: true and back on one side,
/// true on the other.
fn flag_is_safer(row: &Row, path: &FieldPath) {
    let (yes, no) = (json!(true), json!(false));
    let toggled = [put_at(path, &yes), put_at(path, &no)].concat();
    let mut merged = fork(row, &put_at(path, &yes), &toggled);
    assert_eq!(project::look(merged.view(), path), Some(&yes));
    assert_eq!(merged.conflicts()[0].rule, Rule::Safer);
    settles(&mut merged, path, &no);
}

fn merges_text(row: &Row) {
    let path = path_of(row);
    let typed = |insert: &str| {
        vec![Op::Splice {
            path: path.clone(),
            at: 0,
            delete: 0,
            insert: insert.into(),
        }]
    };
    let merged = fork(row, &typed("She slept well. "), &typed("Wound is dry. "));
    let text = project::look(merged.view(), &path)
        .unwrap()
        .as_str()
        .unwrap();
    assert!(text.contains("She slept well. ") && text.contains("Wound is dry. "));
    assert!(merged.conflicts().is_empty());
}

fn is_fixed(row: &Row) {
    let path = path_of(row);
    let (id, tree) = tree(row.kind);
    let (mut document, _) = Document::create(id, &tree, actor(1), Millis(1)).unwrap();
    let refused = document.edit(actor(1), Millis(2), &put_at(&path, &json!("other")));
    assert_eq!(refused, Err(MergeError::Place { path }));
}

#[test]
fn adding_an_allergy_beats_removing_it() {
    let row = TABLE
        .iter()
        .find(|row| row.pattern == "allergies/*/status")
        .unwrap();
    let path = path_of(row);
    let added = put_at(&path, &json!("active"));
    let removed = put_at(&path, &json!("entered_in_error"));
    let merged = fork(row, &removed, &added);
    assert_eq!(project::look(merged.view(), &path), Some(&json!("active")));
}

#[test]
fn no_path_has_two_rows() {
    for row in TABLE {
        let path = path_of(row);
        let rows = TABLE
            .iter()
            .filter(|other| other.kind == row.kind && path.matches(other.pattern));
        assert_eq!(rows.count(), 1, "{}", row.pattern);
        assert_eq!(rule_of(row.kind, &path), Some(row.policy));
    }
}

#[test]
fn every_field_of_the_schema_has_its_row_and_every_row_its_field() {
    use crate::merge::schema::{self, Node};
    for kind in [DocumentKind::Visit, DocumentKind::Chart, DocumentKind::Plan] {
        for field in schema::root_fields(kind) {
            let mut paths = Vec::new();
            match field.node {
                Node::Items(fields) => {
                    paths.push(format!("{}/{ITEM}", field.name));
                    for inner in fields {
                        let deep = if inner.node.is_scalar() { "" } else { "/x" };
                        paths.push(format!("{}/{ITEM}/{}{deep}", field.name, inner.name));
                    }
                }
                Node::Entries | Node::Cells(_) => paths.push(format!("{}/{ITEM}", field.name)),
                _ => paths.push(field.name.to_owned()),
            }
            for path in paths {
                let path = FieldPath(path);
                assert!(rule_of(kind, &path).is_some(), "{path}");
            }
        }
    }
    for row in TABLE {
        let node = Node::locate(row.kind, &path_of(row));
        assert!(!matches!(node, Node::Unknown), "{}", row.pattern);
    }
}
