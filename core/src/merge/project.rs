//! The view that people read of a document, and the conflicts that are open.

use std::collections::BTreeMap;

use automerge::iter::MapRange;
use automerge::{Automerge, ChangeHash as Hash, ObjId, ObjType, ROOT, ReadDoc, ValueRef};
use serde_json::{Map, Value};

use super::policy::{self, Rule};
use super::schema::Node;
use super::value;
use crate::model::{ActorId, ChangeHash, DocumentKind, FieldPath, Millis};

/// A field on which people disagree, until somebody settles it: puts a value
/// knowing of all of these.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The field.
    pub path: FieldPath,
    /// Why it is open.
    pub rule: Rule,
    /// Which of `values` the view shows until then.
    pub winner: usize,
    /// The different values, in the same order on every replica.
    pub values: Vec<ConflictValue>,
}

/// One of the values of a conflict. Where several people wrote the same, the
/// one whose write comes last in automerge's order stands for them.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictValue {
    /// The value.
    pub value: Value,
    /// Who wrote it.
    pub actor: ActorId,
    /// When, by the writer's wall clock.
    pub at: Millis,
    /// The change that wrote it.
    pub hash: ChangeHash,
}

/// What is read of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Projection {
    pub(super) view: Value,
    pub(super) open: BTreeMap<FieldPath, Conflict>,
}

/// Reads a whole document, as it stands or as it stood at some heads.
pub(super) fn project(doc: &Automerge, kind: DocumentKind, heads: Option<&[Hash]>) -> Projection {
    let mut reader = Reader {
        doc,
        kind,
        heads,
        path: Vec::new(),
        open: BTreeMap::new(),
    };
    let view = reader.map(&ROOT, Node::Root(kind));
    Projection {
        view: Value::Object(view),
        open: reader.open,
    }
}

struct Reader<'a> {
    doc: &'a Automerge,
    kind: DocumentKind,
    heads: Option<&'a [Hash]>,
    path: Vec<String>,
    open: BTreeMap<FieldPath, Conflict>,
}

impl<'a> Reader<'a> {
    fn range(&self, obj: &ObjId) -> MapRange<'a> {
        match self.heads {
            Some(heads) => self.doc.map_range_at(obj, .., heads),
            None => self.doc.map_range(obj, ..),
        }
    }

    fn map(&mut self, obj: &ObjId, at: Node) -> Map<String, Value> {
        let mut shown = Map::new();
        for item in self.range(obj) {
            let key = item.key.to_string();
            let under = at.child(&key);
            self.path.push(key);
            let value = match &item.value {
                ValueRef::Scalar(_) if item.conflict => self.contested(obj, under),
                ValueRef::Scalar(scalar) => value::decode(under, &scalar.clone().into()),
                ValueRef::Object(typ) => self.object(&item.id(), *typ, under),
            };
            if let Some(key) = self.path.pop() {
                shown.insert(key, value);
            }
        }
        shown
    }

    fn object(&mut self, obj: &ObjId, typ: ObjType, at: Node) -> Value {
        match typ {
            ObjType::Map | ObjType::Table => Value::Object(self.map(obj, at)),
            ObjType::Text => {
                let text = match self.heads {
                    Some(heads) => self.doc.text_at(obj, heads),
                    None => self.doc.text(obj),
                };
                Value::String(text.unwrap_or_default())
            }
            // Vetting takes no lists; a document never holds one.
            ObjType::List => Value::Null,
        }
    }

    /// Picks what is shown of a field with several values, and remembers it if
    /// a person must settle it.
    fn contested(&mut self, obj: &ObjId, at: Node) -> Value {
        let key = self.path.last().cloned().unwrap_or_default();
        let all = match self.heads {
            Some(heads) => self.doc.get_all_at(obj, key, heads),
            None => self.doc.get_all(obj, key),
        };
        let mut values: Vec<Value> = Vec::new();
        let mut writers: Vec<ObjId> = Vec::new();
        for (value, id) in all.unwrap_or_default() {
            let Some(scalar) = value.as_scalar() else {
                continue;
            };
            let value = value::decode(at, scalar);
            if let Some(same) = values.iter().position(|known| *known == value) {
                values.remove(same);
                writers.remove(same);
            }
            values.push(value);
            writers.push(id);
        }
        let path = FieldPath::of(&self.path);
        let resolved = policy::resolve(self.kind, &path, &values);
        let shown = values.get(resolved.winner).cloned().unwrap_or_default();
        if let Some(rule) = resolved.open {
            let values = values.into_iter().zip(&writers);
            let values = values.map(|(value, id)| self.signed(value, id)).collect();
            let conflict = Conflict {
                path: path.clone(),
                rule,
                winner: resolved.winner,
                values,
            };
            self.open.insert(path, conflict);
        }
        shown
    }

    fn signed(&self, value: Value, id: &ObjId) -> ConflictValue {
        let hash = self.doc.hash_for_opid(id);
        let meta = hash.and_then(|hash| self.doc.get_change_meta_by_hash(&hash));
        let actor = meta.as_ref().and_then(|meta| actor(meta.actor.to_bytes()));
        ConflictValue {
            value,
            actor: actor.unwrap_or(ActorId([0; 16])),
            at: Millis(meta.map_or(0, |meta| meta.timestamp)),
            hash: ChangeHash(hash.map_or([0; 32], |hash| hash.0)),
        }
    }
}

/// Our actor of automerge's bytes; vetting takes no other length.
pub(super) fn actor(bytes: &[u8]) -> Option<ActorId> {
    ActorId::from_bytes(bytes).ok()
}

/// The value at a path of a view.
pub(super) fn look<'v>(view: &'v Value, path: &FieldPath) -> Option<&'v Value> {
    path.segments().try_fold(view, |at, key| at.get(key))
}

/// Sets the value at a path of a view whose parents exist.
pub(super) fn set(view: &mut Value, path: &FieldPath, value: Value) {
    let mut at = view;
    let mut segments = path.segments().peekable();
    while let Some(key) = segments.next() {
        let Value::Object(map) = at else { return };
        if segments.peek().is_none() {
            map.insert(key.to_owned(), value);
            return;
        }
        let Some(next) = map.get_mut(key) else { return };
        at = next;
    }
}
