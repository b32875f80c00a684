//! Changes of others, and documents in one piece.

use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{ActorId as Author, Change, ExpandedChange, ObjType, ScalarValue};
use homeround::merge::{Document, Op, Trial};
use homeround::model::{
    ActorId, DocumentId, EntryId, FieldPath, Millis, PatientId, PlanId, VisitId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::chunk;
use super::super::dice::{Dice, havoc};
use super::{Door, Outcome};

/// The items of the sample documents.
const ITEM: u128 = 0x0192_0000_0000_7000_8000_0000_0000_0001;
/// Who edits after a mutant was taken.
const AFTER: ActorId = ActorId([0xee; 16]);

/// Sample documents, each with a history of several writers.
pub(crate) fn samples() -> Vec<Document> {
    let patient = "01920000-0000-7000-8000-0000000000aa";
    let item = Uuid::from_u128(ITEM).to_string();
    let visit = json!({
        "schema": 1, "patient": patient, "status": "scheduled", "note": "Hello",
        "tasks": { &item: { "title": "Wound care", "status": "open", "required": true,
            "code": { "system": "http://snomed.info/sct", "code": "1", "text": "care" } } },
        "measures": { "weight_kg": 71.5 },
    });
    let chart = json!({
        "schema": 1, "patient": patient, "home_access": { "door_code": "1234" },
        "allergies": { &item: { "code": { "text": "Penicillin" }, "status": "active", "severity": "severe" } },
        "alerts": { &item: { "text": "Dog", "severity": "mild", "active": true } },
    });
    let plan = json!({
        "schema": 1, "patient": patient, "title": "Wound", "status": "active", "narrative": "Keep dry",
        "goals": { &item: { "text": "Closed", "lifecycle": "active" } },
    });
    let id = Uuid::from_u128(77);
    [
        (DocumentId::visit(VisitId(id)), visit),
        (DocumentId::chart(PatientId(id)), chart),
        (DocumentId::plan(PlanId(id)), plan),
    ]
    .into_iter()
    .flat_map(|(id, tree)| {
        let (made, _) = Document::create(id, &tree, ActorId([1; 16]), Millis(5)).expect("a sample");
        [with_history(made.clone()), made]
    })
    .collect()
}

fn text_of(document: &Document) -> (&'static str, &'static str) {
    match document.id().kind.code() {
        1 => ("outcome", "observations"),
        2 => ("home_access/parking", "reviews"),
        _ => ("title", "adherence"),
    }
}

fn put(path: &str, value: impl Into<Value>) -> Op {
    Op::Put {
        path: FieldPath(path.to_owned()),
        value: value.into(),
    }
}

/// Edits that fit a sample document.
fn edits(document: &Document) -> Vec<Vec<Op>> {
    let (field, section) = text_of(document);
    let entry = |n: u128| Op::Append {
        section: section.to_owned(),
        id: EntryId(Uuid::from_u128(ITEM + n)),
        entry: json!({ "by": "x", "value": 36.6, "at_ms": 1_795_341_600_000_i64 }),
    };
    let mut edits = vec![
        vec![put(field, "well")],
        vec![entry(2)],
        vec![put(field, "a"), entry(3), entry(4)],
        vec![put("future", "kept")],
    ];
    let item = Uuid::from_u128(ITEM);
    let splice = |path: &str| Op::Splice {
        path: FieldPath(path.to_owned()),
        at: 2,
        delete: 2,
        insert: "wörld".to_owned(),
    };
    match document.id().kind.code() {
        1 => edits.extend([
            vec![splice("note")],
            vec![
                put("status", "in_progress"),
                put(&format!("tasks/{item}/status"), "done"),
            ],
            vec![put("measures/weight_kg", 72), put("measures/pain_score", 3)],
            vec![Op::AddItem {
                section: "forms".to_owned(),
                id: EntryId(Uuid::from_u128(ITEM + 9)),
                fields: json!({ "questionnaire": "q|1" })
                    .as_object()
                    .cloned()
                    .unwrap_or_default(),
            }],
        ]),
        2 => edits.extend([
            vec![put(&format!("allergies/{item}/severity"), "mild")],
            vec![put(&format!("alerts/{item}/active"), false)],
        ]),
        _ => edits.extend([vec![splice("narrative")], vec![put("status", "on_hold")]]),
    }
    edits
}

fn with_history(mut document: Document) -> Document {
    let base = document.clone();
    for (n, ops) in (2_u8..).zip(edits(&document)) {
        drop(document.edit(ActorId([n % 3 + 2; 16]), Millis(n.into()), &ops));
    }
    // Two writers who did not know of each other.
    let mut away = base;
    let (field, _) = text_of(&away);
    let edit = away.edit(ActorId([9; 16]), Millis(9), &[put(field, "otherwise")]);
    let edit = edit.expect("an edit that fits");
    let mut trial = document.trial();
    trial.accept(&edit.bytes).expect("a concurrent edit");
    trial.finish().expect("a sound document")
}

/// Whether a document still takes an edit, saves, loads and compares equal.
pub(crate) fn is_sound(document: &Document) -> bool {
    let mut document = document.clone();
    let (_, section) = text_of(&document);
    let mut ops = vec![put("after", "the mutant")];
    if document.view()[section].is_object() {
        ops.push(Op::Append {
            section: section.to_owned(),
            id: EntryId(Uuid::from_u128(ITEM + 0xffff)),
            entry: json!({ "by": "after" }),
        });
    }
    if document.edit(AFTER, Millis(77), &ops).is_err() {
        return false;
    }
    let saved = document.save();
    let Ok(loaded) = Document::load(document.id(), Some(&saved), std::iter::empty()) else {
        return false;
    };
    let changes = document.changes();
    let again = changes.iter().map(|(_, bytes)| bytes.as_slice());
    let Ok(rebuilt) = Document::load(document.id(), None, again) else {
        return false;
    };
    let same = |other: &Document| {
        other.heads() == document.heads()
            && other.view() == document.view()
            && other.conflicts() == document.conflicts()
    };
    same(&loaded) && same(&rebuilt)
}

/// The first byte names the document, the rest is a change.
pub(crate) struct Changes {
    documents: Vec<Document>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self {
            documents: samples(),
        }
    }

    fn trial(&self, which: u8) -> Trial {
        let places = self.documents.len() * 2;
        let at = usize::from(which) % places;
        match self.documents.get(at) {
            Some(document) => document.trial(),
            None => Document::empty_trial(self.documents[at - self.documents.len()].id()),
        }
    }
}

impl Door for Changes {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let mut seeds = Vec::new();
        for (at, document) in (0_u8..).zip(&self.documents) {
            for ops in edits(document) {
                let mut copy = document.clone();
                if let Ok(edit) = copy.edit(ActorId([7; 16]), Millis(1_000), &ops) {
                    seeds.push([&[at], edit.bytes.as_slice()].concat());
                }
            }
            let empty = at + u8::try_from(self.documents.len()).unwrap_or(0);
            for (_, bytes) in document.changes().into_iter().take(3) {
                seeds.push([&[at], bytes.as_slice()].concat());
                seeds.push([&[empty], bytes.as_slice()].concat());
            }
        }
        seeds
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let (which, bytes) = input.split_first().unwrap_or((&0, &[]));
        let other = other.get(1..).unwrap_or_default();
        let which = if dice.once_in(50) {
            dice.byte()
        } else {
            *which
        };
        let mutant = mutate_change(dice, bytes, other);
        [&[which], mutant.as_slice()].concat()
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let (which, bytes) = input.split_first().unwrap_or((&0, &[]));
        let mut trial = self.trial(*which);
        let inspected = match trial.inspect(bytes) {
            Ok(inspected) => inspected,
            Err(error) => {
                let path = error.path().map_or(String::new(), |path| path.0.clone());
                return Outcome::refused(format!("{} {:.12}", error.code(), path));
            }
        };
        if inspected.duplicate {
            return Outcome::refused("duplicate");
        }
        if let Err(error) = trial.accept(bytes) {
            return Outcome::refused(format!("accept {}", error.code()));
        }
        match trial.finish() {
            Err(error) => Outcome::refused(format!("finish {}", error.code())),
            Ok(document) => {
                let touched: Vec<&str> = inspected
                    .touched
                    .iter()
                    .map(|touch| touch.path.0.split('/').next().unwrap_or(""))
                    .map(|section| if section.len() > 12 { "long" } else { section })
                    .take(3)
                    .collect();
                Outcome::judged(touched.join(" "), is_sound(&document))
            }
        }
    }
}

/// A mutant of a change, most often with its checksum mended.
pub(crate) fn mutate_change(dice: &mut Dice, bytes: &[u8], other: &[u8]) -> Vec<u8> {
    let mended = match dice.below(10) {
        0..=5 => expanded(dice, bytes, other),
        6..=8 => chunk::mutate(dice, bytes, other),
        _ => None,
    };
    mended.unwrap_or_else(|| {
        let mut raw = bytes.to_vec();
        havoc(dice, &mut raw, other);
        raw
    })
}

/// Operations of the change altered, and encoded again as automerge would.
fn expanded(dice: &mut Dice, bytes: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let work = AssertUnwindSafe(|| {
        let mut change = Change::try_from(bytes).ok()?.decode();
        let lent = Change::try_from(other).ok().map(|other| other.decode());
        change.hash = None;
        for _ in 0..=dice.below(3) {
            alter(dice, &mut change, lent.as_ref());
        }
        Some(Change::from(change).raw_bytes().to_vec())
    });
    catch_unwind(work).ok().flatten()
}

fn alter(dice: &mut Dice, change: &mut ExpandedChange, lent: Option<&ExpandedChange>) {
    let ops = change.operations.len();
    let at = dice.below(ops);
    match dice.below(24) {
        0 => change.seq = dice.figure(change.seq),
        1 => {
            let start = dice.figure(change.start_op.get());
            change.start_op = NonZeroU64::new(start).unwrap_or(NonZeroU64::MIN);
        }
        2 => change.time = dice.figure(0).cast_signed(),
        3 => change.actor_id = Author::from([dice.byte() % 12; 16]),
        4 => {
            let deps = lent.map(|it| it.deps.clone()).unwrap_or_default();
            change.deps.extend(deps);
            change.deps.sort_unstable();
            change.deps.dedup();
        }
        5 => {
            let gone = dice.below(change.deps.len() + 1);
            change.deps.truncate(gone);
        }
        6 | 7 if ops > 0 => drop(change.operations.remove(at)),
        8 | 9 if ops > 0 => {
            let op = change.operations[at].clone();
            change.operations.insert(dice.below(ops), op);
        }
        10 | 11 => {
            let op = lent.and_then(|it| dice.pick(&it.operations));
            change.operations.extend(op.cloned());
        }
        _ => alter_op(dice, change, at, lent),
    }
}

fn any_id(dice: &mut Dice, change: &ExpandedChange) -> OpId {
    let near = change.start_op.get() + dice.below(8) as u64;
    let counter = if dice.once_in(10) {
        dice.figure(near)
    } else {
        1 + dice.next() % near
    };
    let writer = [1, 2, 3, 4, 7, 9];
    let author = dice.pick(&writer).copied().unwrap_or(1);
    OpId(counter, Author::from([author; 16]))
}

fn alter_op(
    dice: &mut Dice,
    change: &mut ExpandedChange,
    at: usize,
    lent: Option<&ExpandedChange>,
) {
    let (id, other_id) = (any_id(dice, change), any_id(dice, change));
    let Some(op) = change.operations.get_mut(at) else {
        return;
    };
    match dice.below(10) {
        0 => op.obj = ObjectId::Id(id),
        1 => op.obj = ObjectId::Root,
        2 => op.key = any_key(dice, id),
        3 => op.pred = vec![id].into(),
        4 => op.pred = vec![id, other_id].into(),
        5 => op.pred = Vec::new().into(),
        6 => op.insert = !op.insert,
        7 => {
            let theirs = lent.and_then(|it| dice.pick(&it.operations));
            if let Some(theirs) = theirs {
                op.action = theirs.action.clone();
            }
        }
        _ => op.action = any_action(dice, &op.action),
    }
}

fn any_key(dice: &mut Dice, id: OpId) -> Key {
    const NAMES: [&str; 16] = [
        "status",
        "outcome",
        "note",
        "tasks",
        "observations",
        "patient",
        "schema",
        "kind",
        "",
        "a/b",
        "01920000-0000-7000-8000-000000000001",
        "01920000-0000-7000-8000-0000000000FF",
        "01920000-0000-7000-8000-000000000abc",
        "home_access",
        "narrative",
        "\u{0}",
    ];
    match dice.below(4) {
        0 => Key::Seq(automerge::legacy::ElementId::Id(id)),
        1 => Key::head(),
        _ => Key::Map(dice.pick(&NAMES).copied().unwrap_or("x").into()),
    }
}

fn any_action(dice: &mut Dice, was: &OpType) -> OpType {
    let figure = dice.figure(1);
    let scalar = match dice.below(12) {
        0 => ScalarValue::Null,
        1 => ScalarValue::Boolean(figure.is_multiple_of(2)),
        2 => ScalarValue::Int(figure.cast_signed()),
        3 => ScalarValue::Uint(figure),
        4 => ScalarValue::F64(f64::from_bits(figure)),
        5 => ScalarValue::Timestamp(figure.cast_signed()),
        6 => ScalarValue::counter(figure.cast_signed()),
        7 => ScalarValue::Bytes(vec![dice.byte(); dice.below(64)]),
        8 => ScalarValue::Str("{\"a\":[1,{\"b\":2.5e300}]}".into()),
        9 => ScalarValue::Str("[".repeat(dice.below(4096)).into()),
        10 => return OpType::Delete,
        _ => match was {
            OpType::Put(ScalarValue::Str(text)) => {
                let mut bytes = text.as_bytes().to_vec();
                havoc(dice, &mut bytes, b"{}[]\",:0e-null");
                ScalarValue::Str(String::from_utf8_lossy(&bytes).as_ref().into())
            }
            _ => ScalarValue::Str("x".repeat(dice.below(512)).into()),
        },
    };
    match dice.below(12) {
        0 => OpType::Increment(figure.cast_signed()),
        1 => OpType::Make(ObjType::Map),
        2 => OpType::Make(ObjType::Text),
        3 => OpType::Make(ObjType::List),
        4 => OpType::MarkEnd(true),
        _ => OpType::Put(scalar),
    }
}

/// A document in one piece, as it comes in a page. The first byte names its kind.
pub(crate) struct Snapshots {
    documents: Vec<Document>,
}

impl Snapshots {
    pub(crate) fn new() -> Self {
        Self {
            documents: samples(),
        }
    }
}

impl Door for Snapshots {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let numbered = (0_u8..).zip(&self.documents);
        numbered
            .map(|(at, document)| [&[at], document.save().as_slice()].concat())
            .collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let (which, bytes) = input.split_first().unwrap_or((&0, &[]));
        let other = other.get(1..).unwrap_or_default();
        let mended = match dice.below(8) {
            0 => None,
            _ => chunk::mutate(dice, bytes, other),
        };
        let mutant = mended.unwrap_or_else(|| {
            let mut raw = bytes.to_vec();
            havoc(dice, &mut raw, other);
            raw
        });
        [&[*which], mutant.as_slice()].concat()
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let (which, bytes) = input.split_first().unwrap_or((&0, &[]));
        let known = &self.documents[usize::from(*which) % self.documents.len()];
        match Document::arrived(known.id(), bytes) {
            Err(error) => Outcome::refused(error.code()),
            Ok(document) => Outcome::judged("loaded", is_sound(&document)),
        }
    }
}
