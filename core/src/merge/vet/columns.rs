//! How many rows a change's columns claim.
//!
//! A few bytes of a run-length column can claim 2^60 operations. Every column
//! is walked run by run, never row by row, and refused above its bound before
//! anything is decoded.

use super::chunk::Input;
use crate::merge::{CHANGE_OPS_MAX, CHANGE_PREDS_MAX, VetError};

/// `(id << 4) | type` of the columns that this version knows; the bit for a
/// deflated column is never set, automerge takes none in a change.
mod spec {
    pub(super) const OBJ_ACTOR: u64 = 1;
    pub(super) const OBJ_COUNTER: u64 = 2;
    pub(super) const KEY_ACTOR: u64 = (1 << 4) | 1;
    pub(super) const KEY_COUNTER: u64 = (1 << 4) | 3;
    pub(super) const KEY_STRING: u64 = (1 << 4) | 5;
    pub(super) const INSERT: u64 = (3 << 4) | 4;
    pub(super) const ACTION: u64 = (4 << 4) | 2;
    pub(super) const VALUE_META: u64 = (5 << 4) | 6;
    pub(super) const VALUE: u64 = (5 << 4) | 7;
    pub(super) const PRED_COUNT: u64 = 7 << 4;
    pub(super) const PRED_ACTOR: u64 = (7 << 4) | 1;
    pub(super) const PRED_COUNTER: u64 = (7 << 4) | 3;
}

/// How one value of a run-length column is written.
#[derive(Clone, Copy)]
pub(super) enum Item {
    /// Unsigned; below the bound.
    Below(u64),
    Signed,
    Text,
}

/// Rows counted so far.
#[derive(Debug, Default)]
pub(super) struct Rows {
    ops: u64,
    most: u64,
    preds: u64,
    pred_rows: u64,
    value_bytes: u64,
    value_bytes_used: u64,
}

impl Rows {
    /// Walks one column.
    pub(super) fn count(&mut self, spec: u64, data: &[u8], actors: u64) -> Result<(), VetError> {
        let any = Item::Below(u64::MAX);
        let rows = match spec {
            spec::OBJ_ACTOR | spec::KEY_ACTOR => runs(data, Item::Below(actors), no_sum)?.0,
            spec::OBJ_COUNTER => runs(data, any, no_sum)?.0,
            spec::KEY_COUNTER => runs(data, Item::Signed, no_sum)?.0,
            spec::KEY_STRING => runs(data, Item::Text, no_sum)?.0,
            spec::INSERT => flags(data)?,
            spec::ACTION => {
                self.ops = runs(data, any, no_sum)?.0;
                self.ops
            }
            spec::VALUE_META => {
                // The low four bits are the type, the rest the length.
                let (rows, bytes) = runs(data, any, |meta| meta >> 4)?;
                self.value_bytes_used = bytes;
                rows
            }
            spec::VALUE => {
                self.value_bytes = data.len() as u64;
                0
            }
            spec::PRED_COUNT => {
                let (rows, preds) = runs(data, any, |count| count)?;
                self.preds = preds;
                rows
            }
            spec::PRED_ACTOR => self.preds_column(runs(data, Item::Below(actors), no_sum)?.0),
            spec::PRED_COUNTER => self.preds_column(runs(data, Item::Signed, no_sum)?.0),
            // Marks have columns of their own; no document has marks.
            _ => return Err(VetError::Malformed),
        };
        self.most = self.most.max(rows);
        Ok(())
    }

    fn preds_column(&mut self, rows: u64) -> u64 {
        self.pred_rows = self.pred_rows.max(rows);
        0
    }

    /// How many operations there are.
    pub(super) fn ops(&self) -> Result<u64, VetError> {
        if self.most > CHANGE_OPS_MAX
            || self.preds > CHANGE_PREDS_MAX
            || self.pred_rows > CHANGE_PREDS_MAX
        {
            return Err(VetError::TooManyOps);
        }
        let aligned = self.most == self.ops
            && self.pred_rows == self.preds
            && self.value_bytes == self.value_bytes_used;
        if aligned {
            Ok(self.ops)
        } else {
            Err(VetError::Malformed)
        }
    }
}

fn no_sum(_: u64) -> u64 {
    0
}

/// Counts the rows of a run-length column and sums a figure over them.
pub(super) fn runs(
    data: &[u8],
    item: Item,
    figure: fn(u64) -> u64,
) -> Result<(u64, u64), VetError> {
    let mut input = Input(data);
    let (mut rows, mut sum) = (0_u64, 0_u64);
    while !input.0.is_empty() {
        let run = input.sleb()?;
        let count = run.unsigned_abs();
        match run {
            0 => rows = rows.saturating_add(input.uleb()?),
            1.. => {
                let value = figure(read(&mut input, item)?);
                sum = sum.saturating_add(value.saturating_mul(count));
                rows = rows.saturating_add(count);
            }
            _ => {
                // A literal run holds a byte a row at least.
                if count > input.0.len() as u64 {
                    return Err(VetError::Malformed);
                }
                for _ in 0..count {
                    sum = sum.saturating_add(figure(read(&mut input, item)?));
                }
                rows = rows.saturating_add(count);
            }
        }
    }
    Ok((rows, sum))
}

fn read(input: &mut Input<'_>, item: Item) -> Result<u64, VetError> {
    match item {
        Item::Below(bound) => input
            .uleb()
            .ok()
            .filter(|value| *value < bound)
            .ok_or(VetError::Malformed),
        Item::Signed => input.sleb().map(|_| 0),
        Item::Text => {
            let length = input.uleb()?;
            let text = input.take(length)?;
            std::str::from_utf8(text).map_err(|_| VetError::Malformed)?;
            Ok(0)
        }
    }
}

/// Counts the rows of a column of alternating runs.
pub(super) fn flags(data: &[u8]) -> Result<u64, VetError> {
    let mut input = Input(data);
    let mut rows = 0_u64;
    while !input.0.is_empty() {
        rows = rows.saturating_add(input.uleb()?);
    }
    Ok(rows)
}
