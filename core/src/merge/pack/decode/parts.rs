//! Parts of an operation: names, numbers, texts and what templates make of
//! them. Each is appended to the heap of the change at hand.

use super::{Decoder, index};
use crate::merge::pack::PackError;
use crate::merge::pack::bytes::{put_sint, put_uint, unzigzag};
use crate::merge::pack::class::{Layout, OpClass, ValueKind, fixed, slot_columns};
use crate::merge::pack::plan::NAME_MAX;
use crate::merge::pack::predict::get_near;
use crate::merge::pack::rows::{OpId, Span, kind};
use crate::merge::pack::text::{self, SCALE_MAX, Slot};

impl Decoder<'_> {
    pub(super) fn character(&mut self) -> Result<Span, PackError> {
        let reader = &mut self.columns[fixed::TEXT].reader;
        let first = reader.rest().first().ok_or(PackError::Malformed)?;
        let width = match first {
            0..0x80 => 1,
            0xc0..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        };
        let bytes = reader.take(width)?;
        let at = self.heap.len();
        self.heap.extend_from_slice(bytes);
        Ok(Span { at, len: width })
    }

    pub(super) fn value(
        &mut self,
        class: &OpClass,
        layout: &Layout,
    ) -> Result<(u8, Span), PackError> {
        let start = self.heap.len();
        let value_kind = match class.value {
            ValueKind::Bare(kind) => kind,
            ValueKind::Int(kind) => {
                let value = self.int(layout.value)?;
                if kind == kind::UINT {
                    put_uint(&mut self.heap, value as u64);
                } else {
                    put_sint(&mut self.heap, value);
                }
                kind
            }
            ValueKind::Float => {
                let float: [u8; 8] = self.columns[fixed::FLOATS].reader.array()?;
                self.heap.extend_from_slice(&float);
                kind::FLOAT
            }
            ValueKind::Uuid => {
                self.uuid(layout.value)?;
                kind::STRING
            }
            ValueKind::Text => {
                self.text(layout.value)?;
                kind::STRING
            }
            ValueKind::Template(template) => {
                self.template(template as usize, layout.value)?;
                kind::STRING
            }
            ValueKind::Blob(kind) => {
                let length = self.columns[layout.value].reader.length()?;
                let bytes = self.columns[fixed::TEXT].reader.take(length)?;
                self.heap.extend_from_slice(bytes);
                kind
            }
        };
        let len = self.heap.len() - start;
        Ok((value_kind, Span { at: start, len }))
    }

    /// Renders a template, each slot from its column.
    pub(super) fn template(&mut self, template: usize, mut column: usize) -> Result<(), PackError> {
        for at in 0.. {
            let Some(byte) = self.tables.templates[template].get(at) else {
                break;
            };
            let Some(slot) = Slot::from_mark(*byte) else {
                self.heap.push(*byte);
                continue;
            };
            match slot {
                Slot::Uuid => self.uuid(column)?,
                Slot::Text => self.text(column)?,
                Slot::Int => {
                    let value = self.int(column)?;
                    text::put_int(&mut self.heap, value);
                }
                Slot::Decimal => {
                    let scale = u32::try_from(self.uint(column)?).unwrap_or(0);
                    if !(1..=SCALE_MAX).contains(&scale) {
                        return Err(PackError::Malformed);
                    }
                    let digits = self.int(column + 1)?;
                    text::put_decimal(&mut self.heap, scale, digits);
                }
            }
            column += slot_columns(slot);
        }
        self.bound()
    }

    pub(super) fn uint(&mut self, column: usize) -> Result<u64, PackError> {
        self.columns[column].reader.uint()
    }

    pub(super) fn int(&mut self, column: usize) -> Result<i64, PackError> {
        self.columns[column].int(self.rows.actor, self.rows.time)
    }

    pub(super) fn near(&mut self, column: usize, near: OpId) -> Result<OpId, PackError> {
        get_near(&mut self.columns[column].reader, near, self.actors.len())
    }

    pub(super) fn prop(&mut self, prop: u32) -> Span {
        let at = self.heap.len();
        self.heap
            .extend_from_slice(&self.tables.props[prop as usize]);
        let len = self.heap.len() - at;
        Span { at, len }
    }

    pub(super) fn uuid_span(&mut self, column: usize) -> Result<Span, PackError> {
        let at = self.heap.len();
        self.uuid(column)?;
        let len = self.heap.len() - at;
        Ok(Span { at, len })
    }

    pub(super) fn text_span(&mut self, column: usize) -> Result<Span, PackError> {
        let at = self.heap.len();
        self.text(column)?;
        let len = self.heap.len() - at;
        Ok(Span { at, len })
    }

    pub(super) fn uuid(&mut self, column: usize) -> Result<(), PackError> {
        let actor = self.rows.actor;
        let uuid = match self.uint(column)? {
            0 => self.columns[column]
                .uuids
                .get(actor)
                .ok_or(PackError::Malformed)?,
            1 => {
                let step = unzigzag(self.uint(fixed::UUID_TIME)?);
                let time = self.rows.time.wrapping_add(step) as u64;
                let uuid = text::join_v7(time, self.bits.take(text::V7_RANDOM_BITS)?);
                self.uuids.push(uuid);
                uuid
            }
            2 => {
                let raw = self.columns[fixed::UUID_RAW].reader.array()?;
                let uuid = u128::from_be_bytes(raw);
                self.uuids.push(uuid);
                uuid
            }
            code => self.uuids[index(code - 3, self.uuids.len())?],
        };
        self.columns[column].uuids.set(actor, uuid);
        text::put_uuid(&mut self.heap, uuid);
        Ok(())
    }

    pub(super) fn text(&mut self, column: usize) -> Result<(), PackError> {
        let start = self.heap.len();
        match self.uint(column)? {
            0 => {
                let length = self.columns[column].reader.length()?;
                let bytes = self.columns[fixed::TEXT].reader.take(length)?;
                self.heap.extend_from_slice(bytes);
            }
            1 => {
                let length = self.columns[column].reader.length()?;
                let bytes = self.columns[fixed::HASHES].reader.take(length)?;
                text::put_hex(&mut self.heap, bytes);
            }
            code => {
                let name = self.names[index(code - 2, self.names.len())?];
                self.heap.extend_from_slice(name.of(&self.names_heap));
                return self.bound();
            }
        }
        let len = self.heap.len() - start;
        if len <= NAME_MAX {
            let at = self.names_heap.len();
            self.names_heap.extend_from_slice(&self.heap[start..]);
            self.names.push(Span { at, len });
        }
        self.bound()
    }
}
