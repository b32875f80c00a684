//! What a change touches, and whether it may have that shape at all.
//!
//! Everything is read from the change's own operations and from where their
//! objects stand in the document: nothing is taken on the sender's word. What
//! a change replaces must be exactly what stood there where it builds on.

use std::collections::{HashMap, HashSet};

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{
    Automerge, ChangeHash as Hash, Cursor, ExpandedChange, ObjId, ObjType, Prop, ROOT, ReadDoc,
    ScalarValue,
};
use serde_json::{Value, json};

use crate::merge::policy::{self, Rule};
use crate::merge::schema::{self, Node};
use crate::merge::touch::{Touch, TouchAction, Touches};
use crate::merge::{PATH_DEPTH_MAX, VetError, value};
use crate::model::{DocumentKind, FieldPath};

/// Where an object stands.
#[derive(Debug)]
struct Place {
    path: String,
    node: Node,
    typ: ObjType,
    /// The object in the document; none when this change makes it.
    obj: Option<ObjId>,
}

/// What stands under a key before an operation.
struct Standing {
    /// Something is there, as the author knew or as we know.
    any: bool,
    /// An object is among it.
    object: bool,
    /// Everything there equals the operation's value.
    same: bool,
}

/// Reads one change against the document that it builds on.
pub(super) struct Shape<'a> {
    doc: &'a Automerge,
    kind: DocumentKind,
    change: &'a ExpandedChange,
    /// Judging a change not applied yet; else only reading one that is.
    strict: bool,
    creates: bool,
    places: Vec<Place>,
    known: HashMap<ObjectId, usize>,
    written: HashMap<(usize, String), OpId>,
    chars: HashSet<(usize, OpId)>,
    touches: Touches,
}

fn refused(path: &str) -> VetError {
    VetError::PolicyShape {
        path: FieldPath(path.to_owned()),
    }
}

impl<'a> Shape<'a> {
    pub(super) fn new(
        doc: &'a Automerge,
        kind: DocumentKind,
        change: &'a ExpandedChange,
        strict: bool,
    ) -> Self {
        let root = Place {
            path: String::new(),
            node: Node::Root(kind),
            typ: ObjType::Map,
            obj: Some(ROOT),
        };
        Self {
            doc,
            kind,
            change,
            strict,
            creates: change.deps.is_empty(),
            places: vec![root],
            known: HashMap::from([(ObjectId::Root, 0)]),
            written: HashMap::new(),
            chars: HashSet::new(),
            touches: Touches::default(),
        }
    }

    /// What the change touches. When strict, nothing that may not be.
    pub(super) fn read(mut self) -> Result<Vec<Touch>, VetError> {
        let mut counter = self.change.start_op.get();
        for op in &self.change.operations {
            let id = OpId::new(counter, &self.change.actor_id);
            let place = self.place(&op.obj)?;
            match self.typ(place) {
                Some(ObjType::Map) => self.map_op(place, op, id)?,
                Some(ObjType::Text) => self.text_op(place, op, id)?,
                _ => return Err(refused(self.path(place))),
            }
            counter = counter.saturating_add(1);
        }
        if self.strict && self.creates {
            self.is_whole()?;
        }
        let strict = self.strict;
        let kind = self.kind;
        let touched = self.touches.finish();
        if strict {
            touched.iter().try_for_each(|touch| judge(kind, touch))?;
        }
        Ok(touched)
    }

    fn typ(&self, place: usize) -> Option<ObjType> {
        self.places.get(place).map(|place| place.typ)
    }

    fn path(&self, place: usize) -> &str {
        self.places
            .get(place)
            .map_or("", |place| place.path.as_str())
    }

    /// Every section of the kind is made by the change that creates it.
    fn is_whole(&self) -> Result<(), VetError> {
        let fields = schema::root_fields(self.kind).iter();
        let mut needed = fields.filter(|field| field.required || !field.node.is_scalar());
        match needed.find(|field| !self.written.contains_key(&(0, field.name.to_owned()))) {
            Some(lacking) => Err(refused(lacking.name)),
            None => Ok(()),
        }
    }

    /// Finds where an object stands.
    fn place(&mut self, object: &ObjectId) -> Result<usize, VetError> {
        if let Some(known) = self.known.get(object) {
            return Ok(*known);
        }
        let ObjectId::Id(id) = object else {
            return Err(VetError::Malformed);
        };
        let obj = ObjId::Id(id.counter(), id.actor().clone(), 0);
        let typ = self.doc.object_type(&obj);
        let typ = typ.map_err(|_| VetError::Malformed)?;
        let parents = self.doc.parents(&obj).map_err(|_| VetError::Malformed)?;
        let steps = parents.visible_path().ok_or(VetError::Malformed)?;
        if self.strict && !self.was_there(&obj, steps.last()) {
            return Err(VetError::Malformed);
        }
        let mut keys = Vec::with_capacity(steps.len());
        for (_, prop) in steps {
            match prop {
                Prop::Map(key) => keys.push(key),
                Prop::Seq(_) => return Err(refused(&keys.join("/"))),
            }
        }
        let path = FieldPath::of(&keys);
        let node = Node::locate(self.kind, &path);
        Ok(self.settle(
            object.clone(),
            Place {
                path: path.0,
                node,
                typ,
                obj: Some(obj),
            },
        ))
    }

    fn settle(&mut self, object: ObjectId, place: Place) -> usize {
        let index = self.places.len();
        self.places.push(place);
        self.known.insert(object, index);
        index
    }

    /// Whether the author could know the object.
    fn was_there(&self, obj: &ObjId, holder: Option<&(ObjId, Prop)>) -> bool {
        let Some((parent, prop)) = holder else {
            return false;
        };
        let all = self.doc.get_all_at(parent, prop.clone(), self.deps());
        all.is_ok_and(|all| all.iter().any(|(_, id)| id == obj))
    }

    fn deps(&self) -> &[Hash] {
        &self.change.deps
    }

    fn map_op(&mut self, place: usize, op: &Op, id: OpId) -> Result<(), VetError> {
        let holder = self.places.get(place).ok_or(VetError::Malformed)?;
        let Key::Map(key) = &op.key else {
            return Err(refused(&holder.path));
        };
        let path = if holder.path.is_empty() {
            key.to_string()
        } else {
            format!("{}/{key}", holder.path)
        };
        let deep = path.split('/').count() > PATH_DEPTH_MAX;
        if op.insert || deep || !holder.node.takes_key(key) {
            return Err(refused(&path));
        }
        let at = holder.node.child(key);
        let fresh = holder.obj.is_none();
        let standing = self.standing(place, key, op, &path)?;
        self.written.insert((place, key.to_string()), id.clone());
        match &op.action {
            OpType::Put(scalar) => self.put(at, path, scalar, &standing, fresh),
            OpType::Make(typ) => self.make(at, path, *typ, &standing, (fresh, id)),
            OpType::Delete => {
                self.touches
                    .note(FieldPath(path), TouchAction::Delete, None);
                Ok(())
            }
            OpType::Increment(_) | OpType::MarkBegin(_) | OpType::MarkEnd(_) => Err(refused(&path)),
        }
    }

    /// What stands under the key; the operation must replace just that which
    /// its author could see.
    fn standing(&self, place: usize, key: &str, op: &Op, path: &str) -> Result<Standing, VetError> {
        let earlier = self.written.get(&(place, key.to_owned()));
        let replaces = !op.pred.is_empty();
        let obj = self.places.get(place).and_then(|place| place.obj.as_ref());
        let Some(obj) = obj.filter(|_| self.strict && earlier.is_none()) else {
            let own = earlier.map_or(op.pred.is_empty(), |earlier| {
                op.pred.len() == 1 && op.pred.get(0) == Some(earlier)
            });
            if self.strict && !own {
                return Err(refused(path));
            }
            return Ok(Standing {
                any: replaces,
                object: false,
                same: false,
            });
        };
        let seen = self.doc.get_all_at(obj, key, self.deps());
        let seen = seen.map_err(|_| VetError::Malformed)?;
        let named = |id: &ObjId| match id {
            ObjId::Root => false,
            ObjId::Id(counter, actor, _) => {
                let same = |pred: &OpId| pred.counter() == *counter && pred.actor() == actor;
                op.pred.iter().any(same)
            }
        };
        if op.pred.len() != seen.len() || !seen.iter().all(|(_, id)| named(id)) {
            return Err(refused(path));
        }
        let now = self.doc.get_all(obj, key);
        let now = now.map_err(|_| VetError::Malformed)?;
        let given = match &op.action {
            OpType::Put(scalar) => Some(scalar),
            _ => None,
        };
        Ok(Standing {
            any: replaces || !now.is_empty(),
            object: now.iter().any(|(value, _)| value.is_object()),
            same: !replaces && now.iter().all(|(value, _)| value.as_scalar() == given),
        })
    }

    fn put(
        &mut self,
        at: Node,
        path: String,
        scalar: &ScalarValue,
        standing: &Standing,
        fresh: bool,
    ) -> Result<(), VetError> {
        if self.strict && (!at.is_scalar() || !value::fits(at, scalar)) {
            return Err(refused(&path));
        }
        let shown = value::decode(at, scalar);
        if self.creates && path == "kind" && shown != schema::kind_name(self.kind) {
            return Err(VetError::WrongDocument);
        }
        let path = FieldPath(path);
        let made_now = fresh || self.creates;
        let fixed =
            || policy::rule_of(self.kind, &path).is_some_and(|policy| policy.rule == Rule::Fixed);
        let action = match at {
            Node::Entry if standing.any && !standing.same => TouchAction::Overwrite,
            Node::Entry => TouchAction::Append,
            _ if standing.object => TouchAction::Overwrite,
            _ if !made_now && fixed() => TouchAction::Overwrite,
            _ => TouchAction::Put,
        };
        self.touches.note(path, action, Some(shown));
        Ok(())
    }

    fn make(
        &mut self,
        at: Node,
        path: String,
        typ: ObjType,
        standing: &Standing,
        (fresh, id): (bool, OpId),
    ) -> Result<(), VetError> {
        let wanted = match at {
            Node::Text => ObjType::Text,
            _ => ObjType::Map,
        };
        if typ != wanted || at.is_scalar() && !matches!(at, Node::Unknown) {
            return Err(refused(&path));
        }
        let section = !matches!(at, Node::Item(_) | Node::Unknown);
        let action = if standing.any || section && !fresh && !self.creates {
            TouchAction::Overwrite
        } else if matches!(at, Node::Item(_)) {
            TouchAction::Add
        } else {
            TouchAction::Put
        };
        let skeleton = section && !fresh && action == TouchAction::Put;
        if !skeleton {
            let empty = Some(json!({}));
            self.touches.note(FieldPath(path.clone()), action, empty);
        }
        let place = Place {
            path,
            node: at,
            typ,
            obj: None,
        };
        self.settle(ObjectId::Id(id), place);
        Ok(())
    }

    fn text_op(&mut self, place: usize, op: &Op, id: OpId) -> Result<(), VetError> {
        let path = self.path(place).to_owned();
        let Key::Seq(element) = &op.key else {
            return Err(refused(&path));
        };
        let typed = match &op.action {
            OpType::Put(ScalarValue::Str(text)) if op.insert && op.pred.is_empty() => {
                if text.chars().count() != 1 || !self.has_char(place, element, true) {
                    return Err(refused(&path));
                }
                self.chars.insert((place, id));
                text.to_string()
            }
            OpType::Delete if !op.insert && op.pred.len() == 1 => {
                let itself = op.pred.get(0) == element.as_opid();
                if !itself || !self.has_char(place, element, false) {
                    return Err(refused(&path));
                }
                String::new()
            }
            _ => return Err(refused(&path)),
        };
        let typed = Some(Value::String(typed));
        self.touches.note(FieldPath(path), TouchAction::Text, typed);
        Ok(())
    }

    /// Whether the author could know this character of this text.
    fn has_char(&self, place: usize, element: &ElementId, head: bool) -> bool {
        let ElementId::Id(id) = element else {
            return head;
        };
        if !self.strict || self.chars.contains(&(place, id.clone())) {
            return true;
        }
        let Some(obj) = self.places.get(place).and_then(|place| place.obj.as_ref()) else {
            return false;
        };
        let name = format!("{}@{}", id.counter(), id.actor().to_hex_string());
        Cursor::try_from(name.as_str()).is_ok_and(|cursor| {
            let at = Some(self.deps());
            self.doc.get_cursor_position(obj, &cursor, at).is_ok()
        })
    }
}

/// Whether a change may touch a field so.
fn judge(kind: DocumentKind, touch: &Touch) -> Result<(), VetError> {
    let refused = || VetError::PolicyShape {
        path: touch.path.clone(),
    };
    match touch.action {
        TouchAction::Overwrite => Err(refused()),
        TouchAction::Delete => policy::rule_of(kind, &touch.path)
            .filter(|policy| policy.rule == Rule::Latest && !policy.clinical)
            .filter(|_| may_be_absent(kind, &touch.path))
            .map(|_| ())
            .ok_or_else(refused),
        TouchAction::Add => {
            let Node::Item(fields) = Node::locate(kind, &touch.path) else {
                return Err(refused());
            };
            let has = |name| {
                let item = touch.value.as_ref();
                item.and_then(|item| item.get(name))
                    .is_some_and(|value| !value.is_null())
            };
            let mut needed = fields.iter().filter(|field| field.required);
            let mut nested = fields.iter().filter(|field| !field.node.is_scalar());
            if needed.all(|field| has(field.name)) && nested.all(|field| has(field.name)) {
                Ok(())
            } else {
                Err(refused())
            }
        }
        TouchAction::Put | TouchAction::Append | TouchAction::Text => Ok(()),
    }
}

/// Whether a document without this field is still whole.
fn may_be_absent(kind: DocumentKind, path: &FieldPath) -> bool {
    let cell = path.0.split_once('/').is_some_and(|(section, _)| {
        let section = FieldPath(section.to_owned());
        matches!(Node::locate(kind, &section), Node::Cells(_))
    });
    cell || matches!(Node::locate(kind, path), Node::Leaf(_, false))
}
