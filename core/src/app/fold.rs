//! Folding: many acknowledged changes of a document in one packed row, without
//! loss. The same hashes come back; a test and each fold itself check it.

use super::error::AppError;
use crate::merge::pack::{self, PackLimits};
use crate::model::{ChangeHash, DocumentId};
use crate::store::{StoreError, WriteTx};

/// Changes of one document that are rows of their own before they are worth a fold.
pub(super) const FOLD_CHANGES_MIN: u32 = 32;

/// What one fold may hold.
pub(super) const FOLD_LIMITS: PackLimits = PackLimits {
    changes_max: 100_000,
    change_bytes_max: crate::merge::CHANGE_BYTES_MAX,
    total_bytes_max: 256 * 1024 * 1024,
};

/// Folds a document's acknowledged changes. False: nothing to fold, or the
/// packed form did not come back byte for byte, and everything stays as it was.
pub(super) fn fold(tx: &WriteTx<'_>, id: DocumentId) -> Result<bool, AppError> {
    let rows = tx.foldable(id)?;
    if rows.len() < 2 {
        return Ok(false);
    }
    let changes: Vec<(DocumentId, &[u8])> = rows
        .iter()
        .map(|(_, bytes)| (id, bytes.as_slice()))
        .collect();
    let Ok(packed) = pack::pack(&changes) else {
        return Ok(false);
    };
    let same = pack::unpack(&packed, &FOLD_LIMITS).is_ok_and(|back| {
        back.len() == changes.len()
            && back
                .iter()
                .zip(&changes)
                .all(|(back, change)| back.1 == change.1)
    });
    if !same {
        return Ok(false);
    }
    let hashes: Vec<ChangeHash> = rows.iter().map(|(hash, _)| *hash).collect();
    match tx.fold(id, &hashes, &packed, false) {
        Ok(()) => Ok(true),
        // An unsent change lies between acknowledged ones: later.
        Err(StoreError::Refused(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
