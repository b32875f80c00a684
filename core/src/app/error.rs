//! What a caller can do next.

use crate::clinical::MedicationWarning;
use crate::model::{Refused, StepRefused, VisitId};
use crate::store::StoreError;

/// An error of a use case. A variant is a decision for the caller; no text
/// carries patient data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AppError {
    /// A value is not acceptable; nothing was stored. Show the limit beside
    /// the field.
    #[error("{field} is outside {limit}")]
    Refused {
        /// The field's stable name.
        field: String,
        /// What is accepted.
        limit: String,
    },
    /// The status machine has no such step; nothing was stored.
    #[error(transparent)]
    Step(#[from] StepRefused),
    /// There is something to think about first; nothing was stored. Show the warnings,
    /// and call again with a reason for each.
    #[error("{} warnings need a reason", warnings.len())]
    Warned {
        /// What to think about.
        warnings: Vec<MedicationWarning>,
    },
    /// The store is locked: unlock with the PIN or the biometric sensor.
    #[error("locked")]
    Locked,
    /// The PIN was wrong.
    #[error("wrong PIN, {attempts_left} attempts left")]
    WrongPin {
        /// Attempts until the PIN no longer opens the store.
        attempts_left: u32,
        /// Wait this long before the next one.
        wait_ms: u64,
    },
    /// The person did not confirm at the biometric sensor; nothing has changed.
    /// Ask again, or for the PIN.
    #[error("not confirmed at the sensor")]
    NotConfirmed,
    /// This device is not enrolled yet: connect once and sign in.
    #[error("not enrolled")]
    NotEnrolled,
    /// Access rules forbid it; nothing was stored.
    #[error("not allowed by rule {rule}")]
    NotAllowed {
        /// Stable code of the rule.
        rule: String,
        /// The field it is about, if it is about one.
        field: String,
    },
    /// The device was dark past its lease, or its clocks can't prove otherwise:
    /// this patient's data opens again after the next contact with the backend.
    #[error("the offline lease has ended")]
    LeaseEnded,
    /// The visit was signed: offer an amendment instead.
    #[error("visit {visit} is signed")]
    Signed {
        /// The visit.
        visit: VisitId,
    },
    /// Two people's values are open on this visit: settle them first.
    #[error("{open} conflicts are open")]
    ConflictsOpen {
        /// How many.
        open: usize,
    },
    /// There is no such thing on this phone.
    #[error("no such {what} on this phone")]
    NotFound {
        /// What was asked for.
        what: &'static str,
    },
    /// Work is unsent: sync first, or hand it over in escrow.
    #[error("{count} edits are unsent")]
    Unsent {
        /// How many.
        count: u64,
    },
    /// The disk is full; nothing was stored, and the caller must say so.
    #[error("storage is full, about {needed_bytes} bytes are needed")]
    StorageFull {
        /// Bytes that would do.
        needed_bytes: u64,
    },
    /// The store's file is damaged. It was set aside, never deleted.
    #[error("the store is damaged")]
    Damaged {
        /// Where the damaged file is now; empty while it is still in place.
        set_aside: String,
    },
    /// The store was written by a later version: update the app.
    #[error("the store has schema {found}, this version knows {known}")]
    UpdateApp {
        /// The store's schema.
        found: u32,
        /// The highest that this version knows.
        known: u32,
    },
    /// Busy; try again.
    #[error("try again in {after_ms} ms")]
    Retry {
        /// Wait this long.
        after_ms: u64,
    },
    /// A part failed in a way that no caller can mend; nothing was stored.
    #[error("failed: {code}")]
    Failed {
        /// Stable code for a bug report.
        code: &'static str,
    },
}

impl From<Refused> for AppError {
    fn from(refused: Refused) -> Self {
        Self::Refused {
            field: refused.field.into(),
            limit: refused.limit.into(),
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { needed_bytes } => Self::StorageFull { needed_bytes },
            StoreError::Busy => Self::Retry { after_ms: 200 },
            StoreError::OutOfMemory => Self::Retry { after_ms: 1_000 },
            StoreError::Damaged => Self::Damaged {
                set_aside: String::new(),
            },
            StoreError::Missing => Self::NotFound { what: "row" },
            StoreError::Unsent { unsent } => Self::Unsent { count: unsent },
            StoreError::Refused(refused) => refused.into(),
            StoreError::Io => Self::Failed { code: "store_io" },
            StoreError::Limit { limit } => Self::Failed { code: limit },
            StoreError::Shape { .. } => Self::Failed { code: "shape" },
            StoreError::Internal(_) => Self::Failed { code: "store" },
        }
    }
}
