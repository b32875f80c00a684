//! Documents that several people edit at once: the only room that knows automerge.
//!
//! A [`Document`] is one visit, chart or plan with its whole history and the
//! view that people read. [`Document::edit`] makes one change; changes of
//! others pass a [`Trial`] first. What a concurrent edit means is decided by
//! one table, [`policy`]; what a document is made of by another, `schema`.
//!
//! Nothing here asks a clock, draws a random number or trusts a byte that came
//! from outside: automerge applies whatever parses, so every size is bounded,
//! every number checked and every result loaded back before it counts.

mod document;
mod edit;
mod error;
mod history;
pub mod pack;
pub mod policy;
mod project;
mod schema;
mod touch;
mod value;
mod vet;

#[cfg(test)]
mod tests;

pub use document::{Document, LateChange};
pub use edit::{Edit, Op};
pub use error::{MergeError, VetError};
pub use history::{Later, links_of, name_of, writer_of};
pub use policy::{FieldPolicy, Rule};
pub use project::{Conflict, ConflictValue};
pub use touch::{Touch, TouchAction};
pub use vet::{Inspected, Trial};

/// Bytes of one change, after inflation.
pub const CHANGE_BYTES_MAX: usize = 256 * 1024;
/// Operations of one change; a typed character is one.
pub const CHANGE_OPS_MAX: u64 = 10_000;
/// Changes that one change builds on directly.
pub const CHANGE_DEPS_MAX: u64 = 64;
/// Values that one change replaces.
pub const CHANGE_PREDS_MAX: u64 = 2 * CHANGE_OPS_MAX;
/// Actors that one change names beside its own.
pub const CHANGE_ACTORS_MAX: u64 = 4_096;
/// Bytes of a document in one piece.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Operations of a document that arrives in one piece: two hundred a day for years.
pub const DOCUMENT_OPS_MAX: u64 = 250_000;
/// Changes of a document that arrives in one piece.
pub const DOCUMENT_CHANGES_MAX: u64 = 50_000;
/// Actors of a document that arrives in one piece.
pub const DOCUMENT_ACTORS_MAX: u64 = 16_384;
/// Bytes of one key of a map.
pub const KEY_BYTES_MAX: usize = 128;
/// Segments of a path.
pub const PATH_DEPTH_MAX: usize = 8;
/// Milliseconds either side of 1970 that a change may be stamped with: until the
/// end of the year 9999. A clock may be years wrong; it may not overflow sums.
pub const TIME_MS_MAX: i64 = 253_402_300_799_999;
