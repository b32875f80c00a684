//! One edit: checked against the view first, so that what reaches automerge
//! does not fail there.

use std::collections::BTreeMap;

use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId, ROOT, ReadDoc, ScalarValue, hydrate};
use serde_json::{Map, Value};

use super::policy::{self, Rule};
use super::schema::{self, Node};
use super::touch::{Touch, TouchAction, Touches};
use super::{CHANGE_BYTES_MAX, CHANGE_OPS_MAX, MergeError, PATH_DEPTH_MAX, project, value};
use crate::model::{ActorId, ChangeHash, DocumentKind, EntryId, FieldPath};

/// One operation of an edit.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Sets a single value.
    Put {
        /// The field.
        path: FieldPath,
        /// Its value.
        value: Value,
    },
    /// Adds an item with its fields to a section of items.
    AddItem {
        /// The section.
        section: String,
        /// The item's id.
        id: EntryId,
        /// Its fields.
        fields: Map<String, Value>,
    },
    /// Adds an entry to a section of entries, for good.
    Append {
        /// The section.
        section: String,
        /// The entry's id.
        id: EntryId,
        /// The entry.
        entry: Value,
    },
    /// Types into a text. Positions count Unicode scalar values.
    Splice {
        /// The text.
        path: FieldPath,
        /// Where.
        at: usize,
        /// How many characters are removed there.
        delete: usize,
        /// What is inserted there.
        insert: String,
    },
}

/// What an edit made: one change, with its bytes as they are stored and sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The change's name.
    pub hash: ChangeHash,
    /// The change.
    pub bytes: Vec<u8>,
    /// Who made it.
    pub actor: ActorId,
    /// Its number among its author's changes of this document.
    pub seq: u64,
    /// What it touches, as its reader will see it.
    pub touched: Vec<Touch>,
}

/// Bytes that an operation costs in a change beside its values, at most.
const OP_OVERHEAD_BYTES: usize = 24;

/// An operation that is known to fit.
pub(super) enum Step {
    Put {
        path: FieldPath,
        scalar: ScalarValue,
        shown: Value,
    },
    Make {
        path: FieldPath,
        made: hydrate::Map,
        shown: Value,
    },
    Splice {
        path: FieldPath,
        at: usize,
        delete: usize,
        insert: String,
    },
}

/// Checks operations against the view that they will change.
pub(super) struct Planner<'a> {
    kind: DocumentKind,
    view: &'a Value,
    /// What earlier operations of the same edit made.
    made: BTreeMap<FieldPath, Value>,
    /// Lengths of texts after earlier operations of the same edit.
    lengths: BTreeMap<FieldPath, usize>,
    ops: u64,
    bytes: usize,
}

impl<'a> Planner<'a> {
    pub(super) fn new(kind: DocumentKind, view: &'a Value) -> Self {
        Self {
            kind,
            view,
            made: BTreeMap::new(),
            lengths: BTreeMap::new(),
            ops: 0,
            bytes: 0,
        }
    }

    /// Checks all operations of an edit, in order.
    pub(super) fn plan(mut self, ops: &[Op]) -> Result<Vec<Step>, MergeError> {
        let steps: Result<Vec<Step>, MergeError> = ops.iter().map(|op| self.step(op)).collect();
        if self.ops > CHANGE_OPS_MAX || self.bytes > CHANGE_BYTES_MAX {
            return Err(MergeError::TooLarge);
        }
        steps
    }

    fn step(&mut self, op: &Op) -> Result<Step, MergeError> {
        match op {
            Op::Put { path, value } => self.put(path, value),
            Op::AddItem {
                section,
                id,
                fields,
            } => self.add(FieldPath(format!("{section}/{id}")), fields),
            Op::Append { section, id, entry } => {
                self.append(FieldPath(format!("{section}/{id}")), entry)
            }
            Op::Splice {
                path,
                at,
                delete,
                insert,
            } => self.splice(path, *at, *delete, insert),
        }
    }

    fn spend(&mut self, ops: usize, bytes: usize) {
        self.ops = self.ops.saturating_add(ops as u64);
        let overhead = ops.saturating_mul(OP_OVERHEAD_BYTES);
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(overhead);
    }

    fn exists(&self, path: &FieldPath) -> bool {
        self.current(path).is_some()
    }

    fn current(&self, path: &FieldPath) -> Option<&Value> {
        let made = self.made.iter().find_map(|(item, value)| {
            let rest = path.0.strip_prefix(&item.0)?;
            match rest.strip_prefix('/') {
                Some(rest) => project::look(value, &FieldPath(rest.to_owned())),
                None => rest.is_empty().then_some(value),
            }
        });
        made.or_else(|| project::look(self.view, path))
    }

    fn put(&mut self, path: &FieldPath, value: &Value) -> Result<Step, MergeError> {
        let refused = || MergeError::Place { path: path.clone() };
        let (parent, key) = split(path);
        let at = Node::locate(self.kind, path);
        let holder = parent.as_ref().map_or(Node::Root(self.kind), |parent| {
            Node::locate(self.kind, parent)
        });
        let fixed = policy::rule_of(self.kind, path).is_some_and(|it| it.rule == Rule::Fixed);
        let open = matches!(at, Node::Leaf(..) | Node::Unknown) && !fixed;
        let deep = path.segments().count() > PATH_DEPTH_MAX;
        if !open || deep || !holder.takes_key(key) {
            return Err(refused());
        }
        if let Some(parent) = &parent
            && !self.current(parent).is_some_and(Value::is_object)
        {
            return Err(refused());
        }
        if matches!(at, Node::Unknown) && self.current(path).is_some_and(Value::is_object) {
            return Err(refused());
        }
        let scalar = schema::scalar(at, value, &path.0)?;
        self.spend(1, path.0.len() + scalar_bytes(&scalar));
        let shown = value::decode(at, &scalar);
        Ok(Step::Put {
            path: path.clone(),
            scalar,
            shown,
        })
    }

    fn add(&mut self, path: FieldPath, fields: &Map<String, Value>) -> Result<Step, MergeError> {
        let Node::Item(known) = Node::locate(self.kind, &path) else {
            return Err(MergeError::Place { path });
        };
        if self.exists(&path) {
            return Err(MergeError::Exists { path });
        }
        let made = schema::item(known, fields, &path.0)?;
        let shown = shown(Node::Item(known), &made);
        let size = serde_json::to_string(&shown).map_or(0, |text| text.len());
        self.spend(2 + 2 * fields.len(), path.0.len() + size);
        self.made.insert(path.clone(), shown.clone());
        Ok(Step::Make { path, made, shown })
    }

    fn append(&mut self, path: FieldPath, entry: &Value) -> Result<Step, MergeError> {
        let at = Node::locate(self.kind, &path);
        if !matches!(at, Node::Entry) {
            return Err(MergeError::Place { path });
        }
        if self.exists(&path) {
            return Err(MergeError::Exists { path });
        }
        let scalar = schema::scalar(at, entry, &path.0)?;
        self.spend(1, path.0.len() + scalar_bytes(&scalar));
        let shown = value::decode(at, &scalar);
        self.made.insert(path.clone(), shown.clone());
        Ok(Step::Put {
            path,
            scalar,
            shown,
        })
    }

    fn splice(
        &mut self,
        path: &FieldPath,
        at: usize,
        delete: usize,
        insert: &str,
    ) -> Result<Step, MergeError> {
        let refused = || MergeError::Place { path: path.clone() };
        if !matches!(Node::locate(self.kind, path), Node::Text) {
            return Err(refused());
        }
        let length = match self.lengths.get(path) {
            Some(length) => *length,
            None => self
                .current(path)
                .and_then(Value::as_str)
                .map(|text| text.chars().count())
                .ok_or_else(refused)?,
        };
        let end = at.checked_add(delete).ok_or_else(refused)?;
        if end > length {
            return Err(refused());
        }
        let added = insert.chars().count();
        self.lengths.insert(path.clone(), length - delete + added);
        self.spend(added + delete, insert.len());
        Ok(Step::Splice {
            path: path.clone(),
            at,
            delete,
            insert: insert.to_owned(),
        })
    }
}

/// A path's parent, if that is not the root, and its last segment.
pub(super) fn split(path: &FieldPath) -> (Option<FieldPath>, &str) {
    match path.0.rsplit_once('/') {
        Some((parent, key)) => (Some(FieldPath(parent.to_owned())), key),
        None => (None, &path.0),
    }
}

fn scalar_bytes(scalar: &ScalarValue) -> usize {
    match scalar {
        ScalarValue::Str(text) => text.len(),
        ScalarValue::Bytes(bytes) => bytes.len(),
        _ => 10,
    }
}

/// What the view shows of something just built.
pub(super) fn shown(at: Node, made: &hydrate::Map) -> Value {
    let fields = made.iter().map(|(key, field)| {
        let under = at.child(key);
        let value = match &field.value {
            hydrate::Value::Map(map) => shown(under, map),
            hydrate::Value::Text(text) => Value::String(text.to_string()),
            hydrate::Value::Scalar(scalar) => value::decode(under, scalar),
            hydrate::Value::List(_) => Value::Null,
        };
        (key.clone(), value)
    });
    Value::Object(fields.collect())
}

/// Writes the steps; answers for each whether it left a trace.
pub(super) fn write(
    tx: &mut Transaction<'_>,
    objects: &mut BTreeMap<String, ObjId>,
    steps: &[Step],
) -> Result<Vec<bool>, AutomergeError> {
    let mut traces = Vec::with_capacity(steps.len());
    for step in steps {
        let before = tx.pending_ops();
        match step {
            Step::Put { path, scalar, .. } => {
                let (parent, key) = split(path);
                let parent = object(tx, objects, parent.as_ref())?;
                put(tx, &parent, key, scalar)?;
            }
            Step::Make { path, made, .. } => {
                let (parent, key) = split(path);
                let parent = object(tx, objects, parent.as_ref())?;
                let item = hydrate::Value::Map(made.clone());
                let made = tx.batch_create_object(&parent, key, &item, false)?;
                objects.insert(path.0.clone(), made);
            }
            Step::Splice {
                path,
                at,
                delete,
                insert,
            } => {
                let text = object(tx, objects, Some(path))?;
                let delete = isize::try_from(*delete).unwrap_or(isize::MAX);
                tx.splice_text(&text, *at, delete, insert)?;
            }
        }
        traces.push(tx.pending_ops() > before);
    }
    Ok(traces)
}

/// Puts a value in place of all that stand there. Of several, automerge would
/// keep its winner and only delete the others when asked to put that winner's
/// value; two people who settle a conflict differently would then lose one
/// decision in silence. A loser's value is put first, so that a real put follows.
fn put(
    tx: &mut Transaction<'_>,
    parent: &ObjId,
    key: &str,
    scalar: &ScalarValue,
) -> Result<(), AutomergeError> {
    let all = tx.get_all(parent, key)?;
    let mut values = all.iter().map(|(value, _)| value.as_scalar());
    let unmoved = all.len() > 1 && values.next_back() == Some(Some(scalar));
    if unmoved {
        let Some(other) = values.flatten().find(|other| *other != scalar) else {
            return Ok(());
        };
        let other = other.clone();
        tx.put(parent, key, other)?;
    }
    tx.put(parent, key, scalar.clone())
}

/// The object at a path, remembered: sections and items never move.
fn object(
    tx: &Transaction<'_>,
    objects: &mut BTreeMap<String, ObjId>,
    path: Option<&FieldPath>,
) -> Result<ObjId, AutomergeError> {
    let Some(path) = path else { return Ok(ROOT) };
    if let Some(known) = objects.get(&path.0) {
        return Ok(known.clone());
    }
    let (parent, key) = split(path);
    let parent = object(tx, objects, parent.as_ref())?;
    let (_, found) = tx
        .get(&parent, key)?
        .filter(|(value, _)| value.is_object())
        .ok_or(AutomergeError::NotAnObject)?;
    objects.insert(path.0.clone(), found.clone());
    Ok(found)
}

/// What the steps that left a trace touch, as a reader of the change sees it:
/// a field put on an item that the same edit added is part of that item.
pub(super) fn touched(kind: DocumentKind, steps: &[Step], traces: &[bool]) -> Vec<Touch> {
    let mut touches = Touches::default();
    let effective = steps.iter().zip(traces).filter(|(_, trace)| **trace);
    for (step, _) in effective {
        let (path, action, value) = match step {
            Step::Put { path, shown, .. } => {
                let action = match Node::locate(kind, path) {
                    Node::Entry => TouchAction::Append,
                    _ => TouchAction::Put,
                };
                (path, action, shown.clone())
            }
            Step::Make { path, shown, .. } => (path, TouchAction::Add, shown.clone()),
            Step::Splice { path, insert, .. } => {
                (path, TouchAction::Text, Value::String(insert.clone()))
            }
        };
        touches.note(path.clone(), action, Some(value));
    }
    touches.finish()
}
