//! What the documents are made of: one table of sections a kind.
//!
//! A document's skeleton, every section of it, is made once by its creator, so
//! that two phones adding to a section at once never make it twice.

use std::collections::HashMap;

use automerge::{ScalarValue, TextEncoding, hydrate};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{KEY_BYTES_MAX, MergeError, value};
use crate::model::{DocumentKind, FieldPath};

/// Version of the shape that this build writes.
pub(super) const SCHEMA_VERSION: u64 = 1;

/// Type of a single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    /// A string.
    Str,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// Anything, kept as one JSON text.
    Json,
    /// A plain scalar; arrays and objects are kept as bytes of JSON.
    Any,
}

/// A place of a document.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    /// The root.
    Root(DocumentKind),
    /// A single value; `true`: it may not be null.
    Leaf(Leaf, bool),
    /// Characters that people type together.
    Text,
    /// A section of entries.
    Entries,
    /// One entry.
    Entry,
    /// A map of single values by name.
    Cells(Leaf),
    /// A section of items by id.
    Items(&'static [Field]),
    /// One item.
    Item(&'static [Field]),
    /// Unknown to this version; kept and shown.
    Unknown,
}

/// A named field of the root or of an item.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) node: Node,
    pub(super) required: bool,
}

const fn must(name: &'static str, leaf: Leaf) -> Field {
    Field {
        name,
        node: Node::Leaf(leaf, true),
        required: true,
    }
}

const fn may(name: &'static str, leaf: Leaf) -> Field {
    Field {
        name,
        node: Node::Leaf(leaf, false),
        required: false,
    }
}

const fn node(name: &'static str, node: Node) -> Field {
    Field {
        name,
        node,
        required: false,
    }
}

/// A flag that is absent or a boolean, never null.
const fn flag(name: &'static str) -> Field {
    node(name, Node::Leaf(Leaf::Bool, true))
}

const TASK: &[Field] = &[
    must("title", Leaf::Str),
    may("code", Leaf::Json),
    flag("required"),
    must("status", Leaf::Str),
    may("result", Leaf::Str),
    may("reason", Leaf::Str),
    may("comment", Leaf::Str),
];
const FORM: &[Field] = &[
    must("questionnaire", Leaf::Str),
    node("answers", Node::Cells(Leaf::Any)),
    may("completed_at_ms", Leaf::Int),
];
const CONTACT: &[Field] = &[
    must("name", Leaf::Str),
    may("relationship", Leaf::Str),
    may("phone", Leaf::Str),
    may("preference", Leaf::Str),
];
const ALLERGY: &[Field] = &[
    must("code", Leaf::Json),
    must("status", Leaf::Str),
    may("severity", Leaf::Str),
    may("reaction", Leaf::Str),
    may("ingredients", Leaf::Json),
];
const CONDITION: &[Field] = &[
    must("code", Leaf::Json),
    must("clinical_status", Leaf::Str),
    may("verification", Leaf::Str),
    may("onset", Leaf::Str),
];
const MEDICATION: &[Field] = &[
    must("code", Leaf::Json),
    must("status", Leaf::Str),
    may("dose", Leaf::Str),
    may("frequency", Leaf::Str),
    flag("as_needed"),
    may("dosing", Leaf::Json),
    may("ingredients", Leaf::Json),
];
const ALERT: &[Field] = &[
    must("text", Leaf::Str),
    must("severity", Leaf::Str),
    must("active", Leaf::Bool),
];
const GOAL: &[Field] = &[
    must("text", Leaf::Str),
    must("lifecycle", Leaf::Str),
    may("achievement", Leaf::Str),
    may("due", Leaf::Str),
];
const ACTIVITY: &[Field] = &[
    must("code", Leaf::Json),
    must("status", Leaf::Str),
    may("progress", Leaf::Str),
    may("schedule", Leaf::Json),
    may("lifecycle", Leaf::Str),
    may("assignee", Leaf::Json),
    may("instructions", Leaf::Str),
];

const VISIT: &[Field] = &[
    must("schema", Leaf::Int),
    must("kind", Leaf::Str),
    must("patient", Leaf::Str),
    must("status", Leaf::Str),
    may("unplanned", Leaf::Json),
    may("handover", Leaf::Json),
    may("consent", Leaf::Json),
    may("outcome", Leaf::Str),
    node("note", Node::Text),
    node("tasks", Node::Items(TASK)),
    node("planned", Node::Cells(Leaf::Json)),
    node("steps", Node::Entries),
    node("presence", Node::Entries),
    node("lobby", Node::Entries),
    node("observations", Node::Entries),
    node("measures", Node::Cells(Leaf::Any)),
    node("medications", Node::Entries),
    node("forms", Node::Items(FORM)),
    node("attachments", Node::Entries),
    node("survey", Node::Entries),
    node("corrections", Node::Entries),
    node("signatures", Node::Entries),
    node("sign_offs", Node::Entries),
    node("amendments", Node::Entries),
    node("settlements", Node::Entries),
    node("duplicates", Node::Entries),
    node("notices", Node::Entries),
];
const CHART: &[Field] = &[
    must("schema", Leaf::Int),
    must("kind", Leaf::Str),
    must("patient", Leaf::Str),
    may("spo2_scale", Leaf::Str),
    may("notice_wishes", Leaf::Json),
    node("contacts", Node::Items(CONTACT)),
    node("home_access", Node::Cells(Leaf::Str)),
    node("allergies", Node::Items(ALLERGY)),
    node("conditions", Node::Items(CONDITION)),
    node("medications", Node::Items(MEDICATION)),
    node("alerts", Node::Items(ALERT)),
    node("reviews", Node::Entries),
    node("messages", Node::Entries),
    node("message_reads", Node::Entries),
    node("looks", Node::Entries),
    node("corrections", Node::Entries),
    node("settlements", Node::Entries),
];
const PLAN: &[Field] = &[
    must("schema", Leaf::Int),
    must("kind", Leaf::Str),
    must("patient", Leaf::Str),
    must("title", Leaf::Str),
    must("status", Leaf::Str),
    may("time_zone", Leaf::Str),
    may("template", Leaf::Str),
    may("assignee", Leaf::Json),
    node("narrative", Node::Text),
    node("goals", Node::Items(GOAL)),
    node("activities", Node::Items(ACTIVITY)),
    node("adherence", Node::Entries),
    node("progress", Node::Entries),
    node("pauses", Node::Entries),
    node("settlements", Node::Entries),
];

/// The fields of a document's root.
pub(super) const fn root_fields(kind: DocumentKind) -> &'static [Field] {
    match kind {
        DocumentKind::Visit => VISIT,
        DocumentKind::Chart => CHART,
        DocumentKind::Plan => PLAN,
    }
}

/// The name of a kind, as the root's `kind` has it.
pub(super) const fn kind_name(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Visit => "visit",
        DocumentKind::Chart => "chart",
        DocumentKind::Plan => "plan",
    }
}

impl Node {
    /// The place under `key`.
    pub(super) fn child(self, key: &str) -> Self {
        match self {
            Self::Root(kind) => field_node(root_fields(kind), key),
            Self::Entries => Self::Entry,
            Self::Cells(leaf) => Self::Leaf(leaf, matches!(leaf, Leaf::Str)),
            Self::Items(fields) => Self::Item(fields),
            Self::Item(fields) => field_node(fields, key),
            Self::Leaf(..) | Self::Text | Self::Entry | Self::Unknown => Self::Unknown,
        }
    }

    /// The place that a path names.
    pub(super) fn locate(kind: DocumentKind, path: &FieldPath) -> Self {
        path.segments().fold(Self::Root(kind), Self::child)
    }

    /// Whether `key` may stand in this map: ids in sections of items and
    /// entries, else any short name without `/`.
    pub(super) fn takes_key(self, key: &str) -> bool {
        match self {
            Self::Entries | Self::Items(_) => is_canonical_id(key),
            _ => !key.is_empty() && key.len() <= KEY_BYTES_MAX && !key.contains('/'),
        }
    }

    /// Whether this place holds one scalar.
    pub(super) const fn is_scalar(self) -> bool {
        matches!(self, Self::Leaf(..) | Self::Entry | Self::Unknown)
    }
}

fn field_node(fields: &'static [Field], key: &str) -> Node {
    fields
        .iter()
        .find(|field| field.name == key)
        .map_or(Node::Unknown, |field| field.node)
}

/// One spelling an id, so that one entry never stands under two keys.
fn is_canonical_id(key: &str) -> bool {
    let mut buffer = Uuid::encode_buffer();
    Uuid::try_parse(key).is_ok_and(|id| id.hyphenated().encode_lower(&mut buffer) == key)
}

/// Builds the first state of a document: the tree's values, `schema` and
/// `kind`, and every section of the kind, empty where the tree has none.
pub(super) fn skeleton(kind: DocumentKind, tree: &Value) -> Result<hydrate::Map, MergeError> {
    let mut tree = tree.as_object().cloned().ok_or_else(|| wrong(""))?;
    tree.insert("kind".into(), kind_name(kind).into());
    tree.entry("schema").or_insert(SCHEMA_VERSION.into());
    build_map(Node::Root(kind), root_fields(kind), &tree, "")
}

/// Builds one item with its nested maps.
pub(super) fn item(
    fields: &'static [Field],
    values: &Map<String, Value>,
    path: &str,
) -> Result<hydrate::Map, MergeError> {
    build_map(Node::Item(fields), fields, values, path)
}

fn wrong(path: &str) -> MergeError {
    MergeError::Value {
        path: FieldPath(path.to_owned()),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}/{key}")
    }
}

fn build_map(
    at: Node,
    fields: &'static [Field],
    values: &Map<String, Value>,
    path: &str,
) -> Result<hydrate::Map, MergeError> {
    let mut made = HashMap::with_capacity(fields.len());
    for field in fields {
        let under = join(path, field.name);
        match values.get(field.name) {
            None | Some(Value::Null) if field.required => return Err(wrong(&under)),
            None | Some(Value::Null) if field.node.is_scalar() => {}
            given => {
                let given = given.unwrap_or(&Value::Null);
                made.insert(field.name.to_owned(), build(field.node, given, &under)?);
            }
        }
    }
    let unknown = values
        .iter()
        .filter(|(key, _)| matches!(at.child(key), Node::Unknown));
    for (key, given) in unknown {
        if !at.takes_key(key) {
            return Err(wrong(&join(path, key)));
        }
        made.insert(key.clone(), build(Node::Unknown, given, &join(path, key))?);
    }
    Ok(hydrate::Map::from(made))
}

fn build(at: Node, given: &Value, path: &str) -> Result<hydrate::Value, MergeError> {
    match at {
        Node::Text => {
            let text = match given {
                Value::Null => "",
                other => other.as_str().ok_or_else(|| wrong(path))?,
            };
            Ok(hydrate::Value::text(TextEncoding::UnicodeCodePoint, text))
        }
        Node::Item(fields) => {
            let values = given.as_object().ok_or_else(|| wrong(path))?;
            Ok(hydrate::Value::Map(item(fields, values, path)?))
        }
        Node::Entries | Node::Cells(_) | Node::Items(_) => {
            let empty = Map::new();
            let values = match given {
                Value::Null => &empty,
                other => other.as_object().ok_or_else(|| wrong(path))?,
            };
            let mut made = HashMap::with_capacity(values.len());
            for (key, value) in values {
                let under = join(path, key);
                if !at.takes_key(key) {
                    return Err(wrong(&under));
                }
                made.insert(key.clone(), build(at.child(key), value, &under)?);
            }
            Ok(hydrate::Value::Map(hydrate::Map::from(made)))
        }
        Node::Root(_) | Node::Leaf(..) | Node::Entry | Node::Unknown => {
            scalar(at, given, path).map(hydrate::Value::Scalar)
        }
    }
}

/// The scalar that keeps `given` at this place.
pub(super) fn scalar(at: Node, given: &Value, path: &str) -> Result<ScalarValue, MergeError> {
    value::encode(at, given).ok_or_else(|| wrong(path))
}
