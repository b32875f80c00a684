//! A day's changes in columns: what travels between a phone and the backend.
//!
//! A change of automerge costs some 120 bytes before its content, and nearly
//! all of it is known to whoever has read the changes before it: actor,
//! sequence number, first operation, dependency, object. A pack lays many
//! changes over many documents out in columns, says what is implied in classes
//! and writes down the rest; ids and times come as bits, entries as templates
//! with values. Unpacking rebuilds each change byte for byte, so that its hash
//! and what was signed over it hold.
//!
//! A pack is not compressed: it is made to be, with zstd.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version |
//! | LEB128 | number of changes, number of columns, length of each column |
//! | the rest | the columns: first those that compress well, then text, random bits and hashes |
//!
//! The decoder trusts nothing: every count is bounded by bytes that are there
//! or by [`PackLimits`]. What it gives back are changes of unknown quality, to
//! be vetted like any other.

mod bytes;
mod chunk_read;
mod chunk_write;
mod class;
mod decode;
mod encode;
mod plan;
mod predict;
mod rows;
mod text;

#[cfg(test)]
mod tests;

use crate::model::DocumentId;

use decode::Decoder;
use encode::Encoder;
use rows::Rows;

/// The first byte of a pack.
pub const VERSION: u8 = 1;

/// Why there is no pack, or nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// Written by a newer version; ask for the changes one by one.
    #[error("pack of a version that is not known")]
    Version,
    /// Not a pack, or not one whole pack; drop it.
    #[error("pack is malformed")]
    Malformed,
    /// More than the limits allow; ask for less.
    #[error("pack exceeds a limit")]
    TooLarge,
}

/// How much a pack may unfold to. Memory is spent within these bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackLimits {
    /// How many changes.
    pub changes_max: usize,
    /// Bytes of one change.
    pub change_bytes_max: usize,
    /// Bytes of all changes.
    pub total_bytes_max: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhatTravels {
    Columns,
    Raw,
}

/// Packs changes of many documents, in their order.
///
/// Any bytes are taken; those that are not a plain change chunk, or that would
/// not come back to the byte, travel as they are. Changes of one document are
/// best given in causal order.
///
/// # Errors
/// [`PackError::TooLarge`] for more than 2^32 changes.
pub fn pack(changes: &[(DocumentId, &[u8])]) -> Result<Vec<u8>, PackError> {
    if u32::try_from(changes.len()).is_err() {
        return Err(PackError::TooLarge);
    }
    let packed = encode(changes, WhatTravels::Columns);
    let whole = PackLimits {
        changes_max: changes.len(),
        change_bytes_max: changes.iter().map(|(_, b)| b.len()).max().unwrap_or(0),
        total_bytes_max: changes.iter().map(|(_, b)| b.len()).sum(),
    };
    // A change that came back with another hash would be refused at the other
    // end, where nothing can be done about it.
    let same = unpack(&packed, &whole).is_ok_and(|again| {
        let again = again.iter().map(|(id, bytes)| (*id, bytes.as_slice()));
        again.eq(changes.iter().copied())
    });
    if same {
        Ok(packed)
    } else {
        Ok(encode(changes, WhatTravels::Raw))
    }
}

fn encode(changes: &[(DocumentId, &[u8])], travels: WhatTravels) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut rows = Rows::default();
    for (id, chunk) in changes {
        encoder.change(*id, chunk, &mut rows, travels);
    }
    encoder.finish()
}

/// Unpacks changes in the order in which they were packed.
///
/// # Errors
/// [`PackError`]: nothing of a faulty pack is given back.
pub fn unpack(bytes: &[u8], limits: &PackLimits) -> Result<Vec<(DocumentId, Vec<u8>)>, PackError> {
    Decoder::open(bytes, limits)?.changes()
}
