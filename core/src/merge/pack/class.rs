//! Classes: what operations and changes have in common, said once.
//!
//! Everything about an operation that repeats (its action, its key's name, the
//! template of its value) is its class; what differs goes to columns that the
//! class owns. The classes of a change's operations, with what is implied by
//! the changes before it, are the change's class.

use super::PackError;
use super::bytes::{Reader, put_uint};
use super::text::Slot;

/// How many classes of operations one pack may have.
pub(super) const CLASSES_MAX: usize = 8_192;
/// How many columns one pack may have.
pub(super) const COLUMNS_MAX: usize = 32_768;

/// The columns that every pack has. Those up to [`fixed::SMALL`] hold what no
/// compressor can press further, and lie at the end of the pack.
pub(super) mod fixed {
    pub(crate) const TEXT: usize = 0;
    pub(crate) const UUID_BITS: usize = 1;
    pub(crate) const UUID_RAW: usize = 2;
    pub(crate) const HASHES: usize = 3;
    pub(crate) const FLOATS: usize = 4;
    pub(crate) const RAW: usize = 5;
    pub(crate) const SMALL: usize = 6;
    pub(crate) const ACTORS: usize = 6;
    pub(crate) const CLASS: usize = 7;
    pub(crate) const DEFINITIONS: usize = 8;
    pub(crate) const ACTOR: usize = 9;
    pub(crate) const DOCUMENT: usize = 10;
    pub(crate) const DOCUMENT_ID: usize = 11;
    pub(crate) const TIME: usize = 12;
    pub(crate) const DEPS: usize = 13;
    pub(crate) const SEQ: usize = 14;
    pub(crate) const START: usize = 15;
    pub(crate) const META: usize = 16;
    pub(crate) const UUID_TIME: usize = 17;
    pub(crate) const COUNT: usize = 18;
}

/// Flags of an operation's class.
pub(super) mod op_flag {
    pub(crate) const INSERT: u8 = 1;
    pub(crate) const EXPAND: u8 = 2;
    pub(crate) const ROOT: u8 = 4;
    pub(crate) const MARK: u8 = 8;
}

/// Flags of a change's class; the lowest two bits say where the dependencies
/// come from.
pub(super) mod change_flag {
    pub(crate) const SEQ_GIVEN: u32 = 4;
    pub(crate) const START_GIVEN: u32 = 8;
    pub(crate) const MESSAGE: u32 = 16;
    pub(crate) const EXTRA: u32 = 32;
}

/// What an operation's key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum KeyKind {
    /// A name in the table of names.
    Prop(u32),
    Uuid,
    Text,
    Head,
    Elem,
}

/// What an operation's value is; a number is the chunk format's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ValueKind {
    /// No bytes.
    Bare(u8),
    Int(u8),
    Float,
    Uuid,
    Text,
    /// JSON text after a template.
    Template(u32),
    /// Whatever else, as it is.
    Blob(u8),
}

/// Whether many operations in a row are one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Run {
    One,
    /// Characters typed one after the other.
    Insert,
    /// Neighbours deleted in the order they were typed.
    Delete,
}

/// From this count of predecessors on, the count is in a column.
pub(super) const PREDS_MANY: u8 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OpClass {
    pub(super) action: u64,
    pub(super) flags: u8,
    pub(super) mark: u32,
    pub(super) key: KeyKind,
    pub(super) value: ValueKind,
    pub(super) preds: u8,
    pub(super) run: Run,
}

impl OpClass {
    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Which columns a class owns; meaningless where it owns none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Layout {
    pub(super) object: usize,
    pub(super) key: usize,
    pub(super) preds: usize,
    pub(super) count: usize,
    /// The value's first column.
    pub(super) value: usize,
    /// One past the last.
    pub(super) end: usize,
}

impl Layout {
    /// Deals out columns from `next` on.
    pub(super) fn of(class: &OpClass, slots: &[Slot], mut next: usize) -> Self {
        let mut deal = |wanted: bool| {
            let column = next;
            next += usize::from(wanted);
            column
        };
        let object = deal(!class.has(op_flag::ROOT));
        let key = deal(!matches!(class.key, KeyKind::Prop(_) | KeyKind::Head));
        let preds = deal(class.preds > 0 && class.run == Run::One);
        let count = deal(class.run != Run::One);
        let value = next;
        let columns = match class.value {
            ValueKind::Bare(_) | ValueKind::Float => 0,
            _ if class.run != Run::One => 0,
            ValueKind::Template(_) => slots.iter().map(|slot| slot_columns(*slot)).sum(),
            _ => 1,
        };
        Self {
            object,
            key,
            preds,
            count,
            value,
            end: value + columns,
        }
    }
}

/// A decimal takes two columns: scale, digits.
pub(super) const fn slot_columns(slot: Slot) -> usize {
    match slot {
        Slot::Decimal => 2,
        Slot::Uuid | Slot::Int | Slot::Text => 1,
    }
}

/// The slots of a template, in their order.
pub(super) fn slots_of(template: &[u8]) -> Vec<Slot> {
    template
        .iter()
        .filter_map(|byte| Slot::from_mark(*byte))
        .collect()
}

/// A table that grows as its first uses are met: an entry's definition stands
/// where it is first named.
pub(super) fn put_named(out: &mut Vec<u8>, index: u32, written: &mut u32, name: &[u8]) {
    if index == *written {
        *written += 1;
        put_uint(out, 0);
        super::bytes::put_sized(out, name);
    } else {
        put_uint(out, u64::from(index) + 1);
    }
}

/// Reads what [`put_named`] wrote; a new name joins the table.
pub(super) fn named(reader: &mut Reader<'_>, table: &mut Vec<Vec<u8>>) -> Result<u32, PackError> {
    let code = reader.uint()?;
    if code == 0 {
        table.push(reader.sized()?.to_vec());
        return u32::try_from(table.len() - 1).map_err(|_| PackError::Malformed);
    }
    let index = usize::try_from(code - 1).map_err(|_| PackError::Malformed)?;
    if index >= table.len() {
        return Err(PackError::Malformed);
    }
    u32::try_from(index).map_err(|_| PackError::Malformed)
}

impl KeyKind {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Prop(_) => 0,
            Self::Uuid => 1,
            Self::Text => 2,
            Self::Head => 3,
            Self::Elem => 4,
        }
    }
}

impl ValueKind {
    /// The kind, and the chunk format's type where the kind leaves it open.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Bare(kind) => kind << 3,
            Self::Int(kind) => kind << 3 | 1,
            Self::Float => 2,
            Self::Uuid => 3,
            Self::Text => 4,
            Self::Template(_) => 5,
            Self::Blob(kind) => kind << 3 | 6,
        }
    }
}

/// The tables that definitions name things from.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) props: Vec<Vec<u8>>,
    pub(super) templates: Vec<Vec<u8>>,
    pub(super) slots: Vec<Vec<Slot>>,
}

impl Tables {
    /// The slots of a class's template; none when it has no template.
    pub(super) fn slots(&self, class: &OpClass) -> &[Slot] {
        match class.value {
            ValueKind::Template(index) => self
                .slots
                .get(index as usize)
                .map_or(&[][..], Vec::as_slice),
            _ => &[],
        }
    }

    /// Reads the definition of a class of operations.
    pub(super) fn read_class(&mut self, reader: &mut Reader<'_>) -> Result<OpClass, PackError> {
        let action = reader.uint()?;
        let flags = reader.byte()?;
        let mark = if flags & op_flag::MARK == 0 {
            0
        } else {
            named(reader, &mut self.props)?
        };
        let key = match reader.byte()? {
            0 => KeyKind::Prop(named(reader, &mut self.props)?),
            1 => KeyKind::Uuid,
            2 => KeyKind::Text,
            3 => KeyKind::Head,
            4 => KeyKind::Elem,
            _ => return Err(PackError::Malformed),
        };
        let code = reader.byte()?;
        let kind = code >> 3;
        if kind > 0xf {
            return Err(PackError::Malformed);
        }
        let value = match code & 7 {
            0 => ValueKind::Bare(kind),
            1 => ValueKind::Int(kind),
            2 => ValueKind::Float,
            3 => ValueKind::Uuid,
            4 => ValueKind::Text,
            5 => ValueKind::Template(self.template(reader)?),
            6 => ValueKind::Blob(kind),
            _ => return Err(PackError::Malformed),
        };
        let preds = reader.byte()?.min(PREDS_MANY);
        let run = match reader.byte()? {
            0 => Run::One,
            1 => Run::Insert,
            2 => Run::Delete,
            _ => return Err(PackError::Malformed),
        };
        Ok(OpClass {
            action,
            flags,
            mark,
            key,
            value,
            preds,
            run,
        })
    }

    fn template(&mut self, reader: &mut Reader<'_>) -> Result<u32, PackError> {
        let before = self.templates.len();
        let index = named(reader, &mut self.templates)?;
        if self.templates.len() > before {
            let template = self.templates.last().ok_or(PackError::Malformed)?;
            self.slots.push(slots_of(template));
        }
        Ok(index)
    }
}
