//! Several phones, random edits, random delivery: all end equal, nothing lost.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::ChangeHash;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A phone edits.
    Edit { phone: usize, what: u8, value: u8 },
    /// A phone hears some of what another has, in any order, perhaps twice.
    Hear {
        phone: usize,
        from: usize,
        order: Vec<prop::sample::Index>,
    },
}

fn steps(phones: usize) -> impl Strategy<Value = Vec<Step>> {
    let edit = (0..phones, 0..12_u8, 0..4_u8).prop_map(|(phone, what, value)| Step::Edit {
        phone,
        what,
        value,
    });
    let order = vec(any::<prop::sample::Index>(), 0..12);
    let hear = (0..phones, 0..phones, order).prop_map(|(phone, from, order)| Step::Hear {
        phone,
        from,
        order,
    });
    vec(prop_oneof![3 => edit, 1 => hear], 1..40)
}

fn ops(doc: &Document, what: u8, value: u8, n: u128) -> Vec<Op> {
    let pick = |from: [&str; 4]| Value::from(from[usize::from(value)]);
    let task = format!("tasks/{TASK}");
    let length = doc.view()["note"].as_str().unwrap().chars().count();
    let item = || Op::AddItem {
        section: "tasks".into(),
        id: entry(1_000 + n),
        fields: json!({"title": "t", "status": "open"})
            .as_object()
            .unwrap()
            .clone(),
    };
    let append = |section: &str| Op::Append {
        section: section.into(),
        id: entry(2_000 + n),
        entry: json!({"by": "x", "n": u64::from(value), "f": 0.1 * f64::from(value)}),
    };
    match what {
        0 => vec![put(
            "status",
            pick(["traveling", "in_progress", "canceled", "completed"]),
        )],
        1 => vec![put("outcome", pick(["a", "b", "c", "d"]))],
        2 => vec![put(
            &format!("{task}/status"),
            pick(["started", "done", "not_done", "open"]),
        )],
        3 => vec![put(&format!("{task}/required"), value.is_multiple_of(2))],
        4 => vec![put("measures/weight_kg", f64::from(value) + 70.5)],
        5 => vec![append("observations"), put("measures/count", value)],
        6 => vec![append("steps"), append("medications")],
        7 => vec![
            item(),
            put(&format!("tasks/{}/comment", entry(1_000 + n).0), "new"),
        ],
        8 => vec![Op::Splice {
            path: FieldPath("note".into()),
            at: length * usize::from(value) / 4,
            delete: 0,
            insert: format!("<é{n}>"),
        }],
        9 => vec![Op::Splice {
            path: FieldPath("note".into()),
            at: length / 2,
            delete: (length - length / 2).min(usize::from(value)),
            insert: String::new(),
        }],
        10 => vec![put(
            &format!("{task}/code"),
            json!({"text": "t", "code": value}),
        )],
        _ => vec![put("future", json!([value, {"k": value}]))],
    }
}

/// Takes in what it can, holds what waits, until nothing moves.
fn hear(doc: &Document, mut arrived: Vec<Vec<u8>>) -> Document {
    let mut trial = doc.trial();
    loop {
        let before = arrived.len();
        arrived.retain(|bytes| match trial.inspect(bytes) {
            Ok(_) => {
                trial.accept(bytes).unwrap();
                false
            }
            Err(VetError::Waiting { .. }) => true,
            Err(other) => panic!("an honest change was refused: {other:?}"),
        });
        if arrived.len() == before {
            break;
        }
    }
    trial.finish().unwrap()
}

fn run(phones: usize, steps: &[Step]) {
    let (first, made) = visit();
    let mut docs = vec![first; phones];
    let mut appended = BTreeSet::new();
    let mut all: Vec<(ChangeHash, Vec<u8>)> = vec![(made.hash, made.bytes)];
    for (n, step) in steps.iter().enumerate() {
        match step {
            Step::Edit { phone, what, value } => {
                let doc = &mut docs[*phone];
                let ops = ops(doc, *what, *value, n as u128);
                let by = u8::try_from(*phone).unwrap() + 10;
                match doc.edit(actor(by), Millis(n as i64), &ops) {
                    Ok(edit) => {
                        let kept = |touch: &&Touch| {
                            matches!(touch.action, TouchAction::Append | TouchAction::Add)
                        };
                        appended.extend(edit.touched.iter().filter(kept).map(|t| t.path.clone()));
                        all.push((edit.hash, edit.bytes));
                    }
                    Err(error) => assert_eq!(error, MergeError::Unchanged),
                }
                let kept = doc.changes();
                let kept = kept.iter().rev().map(|(_, bytes)| &bytes[..]);
                let rebuilt = Document::load(doc.id(), None, kept).unwrap();
                assert_same(doc, &rebuilt);
            }
            Step::Hear { phone, from, order } => {
                let offered = docs[*from].changes();
                let some = order.iter().map(|index| index.get(&offered).1.clone());
                docs[*phone] = hear(&docs[*phone], some.collect());
            }
        }
    }
    for (index, doc) in docs.iter_mut().enumerate() {
        let rest: Vec<Vec<u8>> = all.iter().map(|(_, bytes)| bytes.clone()).collect();
        let rest = match index % 2 {
            0 => rest,
            _ => rest.into_iter().rev().collect(),
        };
        *doc = hear(doc, rest);
    }
    for doc in &docs {
        assert_same(doc, &docs[0]);
        for path in &appended {
            assert!(project::look(doc.view(), path).is_some(), "{path} was lost");
        }
        assert_eq!(doc.changes().len(), all.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn two_phones_end_equal_whatever_arrives_when(steps in steps(2)) {
        run(2, &steps);
    }

    #[test]
    fn four_phones_end_equal_whatever_arrives_when(steps in steps(4)) {
        run(4, &steps);
    }
}
