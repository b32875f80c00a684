//! How rows of one document are numbered so that they lie side by side.

use super::error::StoreError;

/// Slots for changes, folds and unsent changes of one document, over its life.
pub const CHANGES_PER_DOCUMENT_MAX: i64 = 1 << CHANGE_BITS;
const CHANGE_BITS: u32 = 20;
const VIEW_BITS: u32 = 6;

/// The first and the last key that a document's changes may have.
pub(super) const fn change_range(doc: i64) -> (i64, i64) {
    let first = doc << CHANGE_BITS;
    (first, first + CHANGES_PER_DOCUMENT_MAX - 1)
}

/// The document whose change has this key.
pub(super) const fn document_of_change(id: i64) -> i64 {
    id >> CHANGE_BITS
}

/// The key after the highest one taken.
pub(super) fn next_change(doc: i64, highest: Option<i64>) -> Result<i64, StoreError> {
    let (first, last) = change_range(doc);
    match highest {
        None => Ok(first),
        Some(taken) if taken < last => Ok(taken + 1),
        Some(_) => Err(StoreError::Limit {
            limit: "CHANGES_PER_DOCUMENT_MAX",
        }),
    }
}

/// The first and the last key that a document's view may have.
pub(super) const fn view_range(doc: i64) -> (i64, i64) {
    let first = doc << VIEW_BITS;
    (first, first + (1 << VIEW_BITS) - 1)
}

/// The key of one part of a view.
pub(super) const fn view_key(doc: i64, slot: u8) -> i64 {
    (doc << VIEW_BITS) + slot as i64
}

/// The slot of a key of a view.
pub(super) const fn view_slot(id: i64) -> i64 {
    id & ((1 << VIEW_BITS) - 1)
}
