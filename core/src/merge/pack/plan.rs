//! Which classes the operations of a change belong to.

use std::collections::HashMap;

use super::bytes::put_uint;
use super::class::{
    CLASSES_MAX, COLUMNS_MAX, KeyKind, Layout, OpClass, PREDS_MANY, Run, Tables, ValueKind, fixed,
    op_flag, put_named, slots_of,
};
use super::rows::{Key, Op, OpId, Rows, action, kind};
use super::text::{self, Value};

/// A name or a text up to this length may be looked up; a longer one is
/// written each time.
pub(super) const NAME_MAX: usize = 128;

/// One operation or one run of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) class: u32,
    pub(super) first: usize,
    pub(super) count: usize,
    /// Where the values of its template start.
    pub(super) values: usize,
}

/// The classes met so far and the tables they name things from.
#[derive(Debug, Default)]
pub(super) struct Planner<'a> {
    pub(super) classes: Vec<(OpClass, Layout)>,
    pub(super) tables: Tables,
    pub(super) columns: usize,
    index: HashMap<OpClass, u32>,
    props: HashMap<&'a [u8], u32>,
    templates: HashMap<Vec<u8>, u32>,
    changes: HashMap<Vec<u32>, u32>,
    /// How much of each table has been defined in the pack.
    defined: Defined,
    /// No more classes: what would need one travels as it is.
    full: bool,
    scratch: Vec<u8>,
    /// The items of the change at hand, and the values of their templates.
    pub(super) items: Vec<Item>,
    pub(super) values: Vec<Value<'a>>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Defined {
    classes: u32,
    props: u32,
    templates: u32,
}

impl<'a> Planner<'a> {
    pub(super) fn new() -> Self {
        Self {
            columns: fixed::COUNT,
            ..Self::default()
        }
    }

    /// Plans a change; `false` when it has to travel as it is.
    pub(super) fn plan(&mut self, rows: &Rows, chunk: &'a [u8]) -> bool {
        self.items.clear();
        self.values.clear();
        let mut first = 0;
        while let Some(op) = rows.ops.get(first) {
            let values = self.values.len();
            let (run, count) = run_at(rows, chunk, first);
            let Some(class) = self.class_of(rows, chunk, op, run) else {
                self.forget_undefined();
                return false;
            };
            self.items.push(Item {
                class,
                first,
                count,
                values,
            });
            first += count;
        }
        true
    }

    fn class_of(&mut self, rows: &Rows, chunk: &'a [u8], op: &Op, run: Run) -> Option<u32> {
        let mut flags = 0;
        for (flag, set) in [
            (op_flag::INSERT, op.insert),
            (op_flag::EXPAND, op.expand),
            (op_flag::ROOT, op.object.is_none()),
            (op_flag::MARK, op.mark.is_some()),
        ] {
            flags |= if set { flag } else { 0 };
        }
        let mark = match op.mark {
            Some(mark) => self.prop(mark.of(chunk))?,
            None => 0,
        };
        let key = match op.key {
            Key::Prop(prop) => self.key_kind(prop.of(chunk))?,
            Key::Head => KeyKind::Head,
            Key::Elem(_) => KeyKind::Elem,
        };
        let value = match run {
            Run::One => self.value_kind(op, chunk),
            _ => ValueKind::Bare(op.kind),
        };
        let preds = rows.preds_of(op).len().min(usize::from(PREDS_MANY)) as u8;
        let class = OpClass {
            action: op.action,
            flags,
            mark,
            key,
            value,
            preds,
            run,
        };
        if let Some(index) = self.index.get(&class) {
            return Some(*index);
        }
        let layout = Layout::of(&class, self.tables.slots(&class), self.columns);
        if self.full || layout.end > COLUMNS_MAX || self.classes.len() >= CLASSES_MAX {
            self.full = true;
            return None;
        }
        let index = self.classes.len() as u32;
        self.columns = layout.end;
        self.classes.push((class, layout));
        self.index.insert(class, index);
        Some(index)
    }

    fn key_kind(&mut self, prop: &'a [u8]) -> Option<KeyKind> {
        if text::parse_uuid(prop).is_some() {
            Some(KeyKind::Uuid)
        } else if prop.len() > NAME_MAX {
            Some(KeyKind::Text)
        } else {
            self.prop(prop).map(KeyKind::Prop)
        }
    }

    fn prop(&mut self, name: &'a [u8]) -> Option<u32> {
        if let Some(index) = self.props.get(name) {
            return Some(*index);
        }
        if self.full {
            return None;
        }
        let index = self.tables.props.len() as u32;
        self.tables.props.push(name.to_vec());
        self.props.insert(name, index);
        Some(index)
    }

    fn value_kind(&mut self, op: &Op, chunk: &'a [u8]) -> ValueKind {
        let bytes = op.value.of(chunk);
        match op.kind {
            kind::NULL..=kind::TRUE if bytes.is_empty() => ValueKind::Bare(op.kind),
            kind::UINT | kind::INT | kind::COUNTER | kind::TIMESTAMP
                if int_of(op.kind, bytes).is_some() =>
            {
                ValueKind::Int(op.kind)
            }
            kind::FLOAT if bytes.len() == 8 => ValueKind::Float,
            kind::STRING if text::parse_uuid(bytes).is_some() => ValueKind::Uuid,
            kind::STRING => match self.template(bytes) {
                Some(template) => ValueKind::Template(template),
                None => ValueKind::Text,
            },
            _ => ValueKind::Blob(op.kind),
        }
    }

    /// The template of a text; its values join those of the change.
    fn template(&mut self, bytes: &'a [u8]) -> Option<u32> {
        let before = self.values.len();
        if !text::split(bytes, &mut self.scratch, &mut self.values) {
            self.values.truncate(before);
            return None;
        }
        if let Some(index) = self.templates.get(&self.scratch) {
            return Some(*index);
        }
        if self.full {
            self.values.truncate(before);
            return None;
        }
        let index = self.tables.templates.len() as u32;
        self.tables.templates.push(self.scratch.clone());
        self.tables.slots.push(slots_of(&self.scratch));
        self.templates.insert(self.scratch.clone(), index);
        Some(index)
    }

    /// Takes back what a refused change had added.
    fn forget_undefined(&mut self) {
        let defined = self.defined;
        self.classes.truncate(defined.classes as usize);
        self.index.retain(|_, index| *index < defined.classes);
        self.props.retain(|_, index| *index < defined.props);
        self.tables.props.truncate(defined.props as usize);
        self.templates.retain(|_, index| *index < defined.templates);
        self.tables.templates.truncate(defined.templates as usize);
        self.tables.slots.truncate(defined.templates as usize);
        let last = self.classes.last();
        self.columns = last.map_or(fixed::COUNT, |(_, layout)| layout.end);
    }

    /// The number of the planned change's class; a new one is defined.
    pub(super) fn change_class(&mut self, flags: u32, definitions: &mut Vec<u8>) -> (u32, bool) {
        let mut key = Vec::with_capacity(self.items.len() + 1);
        key.push(flags);
        key.extend(self.items.iter().map(|item| item.class));
        if let Some(index) = self.changes.get(&key) {
            return (*index, false);
        }
        put_uint(definitions, u64::from(flags));
        put_uint(definitions, self.items.len() as u64);
        for class in &key[1..] {
            if *class < self.defined.classes {
                put_uint(definitions, u64::from(*class) + 1);
                continue;
            }
            put_uint(definitions, 0);
            let (class, _) = self.classes[*class as usize];
            define(definitions, &class, &self.tables, &mut self.defined);
            self.defined.classes += 1;
        }
        let index = self.changes.len() as u32;
        self.changes.insert(key, index);
        (index, true)
    }
}

fn define(out: &mut Vec<u8>, class: &OpClass, tables: &Tables, defined: &mut Defined) {
    let name = |table: &'_ [Vec<u8>], index: u32| table[index as usize].clone();
    put_uint(out, class.action);
    out.push(class.flags);
    if class.has(op_flag::MARK) {
        let mark = name(&tables.props, class.mark);
        put_named(out, class.mark, &mut defined.props, &mark);
    }
    out.push(class.key.code());
    if let KeyKind::Prop(prop) = class.key {
        put_named(out, prop, &mut defined.props, &name(&tables.props, prop));
    }
    out.push(class.value.code());
    if let ValueKind::Template(index) = class.value {
        let template = name(&tables.templates, index);
        put_named(out, index, &mut defined.templates, &template);
    }
    out.push(class.preds);
    out.push(class.run as u8);
}

/// An integer value, if it is written as automerge would.
pub(super) fn int_of(kind: u8, bytes: &[u8]) -> Option<i64> {
    let mut reader = super::bytes::Reader::new(bytes);
    let mut again = Vec::with_capacity(bytes.len());
    let value = if kind == kind::UINT {
        let value = reader.uint().ok()?;
        put_uint(&mut again, value);
        value as i64
    } else {
        let value = reader.sint().ok()?;
        super::bytes::put_sint(&mut again, value);
        value
    };
    (again == bytes).then_some(value)
}

/// The run that starts at an operation, and its length.
fn run_at(rows: &Rows, chunk: &[u8], first: usize) -> (Run, usize) {
    let one = (Run::One, 1);
    let Some(op) = rows.ops.get(first) else {
        return one;
    };
    let plain = !op.expand && op.mark.is_none();
    let author = OpId {
        actor: rows.actor,
        counter: rows.start_op + first as u64,
    };
    if plain && is_character(op, chunk) {
        let follows = |at: usize| {
            rows.ops.get(at).is_some_and(|next| {
                is_character(next, chunk)
                    && next.object == op.object
                    && next.key == Key::Elem(author.after((at - first - 1) as u64))
                    && !next.expand
                    && next.mark.is_none()
            })
        };
        let end = (first + 1..).find(|at| !follows(*at)).unwrap_or(first + 1);
        return (Run::Insert, end - first);
    }
    let Key::Elem(start) = op.key else {
        return one;
    };
    let deleted = |at: usize| {
        let elem = start.after((at - first) as u64);
        rows.ops.get(at).is_some_and(|next| {
            next.action == action::DELETE
                && next.object == op.object
                && next.key == Key::Elem(elem)
                && rows.preds_of(next) == [elem]
                && (next.kind, next.value.len) == (kind::NULL, 0)
                && !(next.insert || next.expand || next.mark.is_some())
        })
    };
    if !deleted(first) {
        return one;
    }
    let end = (first + 1..).find(|at| !deleted(*at)).unwrap_or(first + 1);
    (Run::Delete, end - first)
}

/// One character put into a text.
fn is_character(op: &Op, chunk: &[u8]) -> bool {
    let typed = op.action == action::PUT && op.insert && op.kind == kind::STRING;
    if !typed || op.preds.len > 0 || matches!(op.key, Key::Prop(_)) {
        return false;
    }
    let bytes = op.value.of(chunk);
    bytes.len() <= 4
        && std::str::from_utf8(bytes).is_ok_and(|text| {
            let mut characters = text.chars();
            characters.next().is_some() && characters.next().is_none()
        })
}
