//! One error for everything, with few variants. A variant says what to do next.

use homeround::app::AppError;
use homeround::model::{Refused, VisitStatus};

use crate::medication::MedicationWarning;
use crate::types::VisitId;

/// What went wrong, as what to do next. No text carries patient data.
#[derive(Debug, Clone, PartialEq, thiserror::Error, uniffi::Error)]
pub enum HomeroundError {
    /// A value is not acceptable; nothing was stored. Show the limit beside the field.
    #[error("{field} is outside {limit}")]
    Refused {
        /// The field's stable name.
        field: String,
        /// What is accepted.
        limit: String,
    },
    /// The status machine has no such step; nothing was stored. Read the visit again.
    #[error("a visit that is {from:?} cannot become {to:?}")]
    Step {
        /// Where the visit stands.
        from: VisitStatus,
        /// What was asked.
        to: VisitStatus,
    },
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
        /// Milliseconds to wait before the next one.
        wait_ms: u64,
    },
    /// This device is not enrolled yet: connect once and sign in.
    #[error("not enrolled")]
    NotEnrolled,
    /// Access rules, or the backend, forbid it; nothing was stored.
    #[error("not allowed by rule {rule}")]
    NotAllowed {
        /// Stable code of the rule.
        rule: String,
        /// The field it is about; empty when it is about none.
        field: String,
    },
    /// The device was dark past its lease: this patient's data opens again after the
    /// next contact with the backend.
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
        open: u64,
    },
    /// There is no such thing on this phone.
    #[error("no such {what} on this phone")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// Work is unsent: sync first, or hand it over in escrow.
    #[error("{count} edits are unsent")]
    Unsent {
        /// How many edits and attachments.
        count: u64,
    },
    /// The disk is full; nothing was stored, and the person must be told.
    #[error("storage is full, about {needed_bytes} bytes are needed")]
    StorageFull {
        /// Bytes that would do.
        needed_bytes: u64,
    },
    /// The store's file is damaged: recover. It is set aside, never deleted.
    #[error("the store is damaged")]
    Damaged {
        /// Where the damaged file is now; empty while it is still in place.
        set_aside: String,
    },
    /// A later version wrote the store: update the app.
    #[error("the store has schema {found}, this version knows {known}")]
    UpdateApp {
        /// The store's schema.
        found: u32,
        /// The highest that this version knows.
        known: u32,
    },
    /// Busy, or no answer: wait, then the same call.
    #[error("try again in {after_ms} ms")]
    Retry {
        /// Milliseconds to wait.
        after_ms: u64,
    },
    /// It was cancelled, or the person did not confirm at the biometric sensor; what was
    /// saved stays saved.
    #[error("cancelled")]
    Cancelled,
    /// A part failed in a way that no caller can mend; nothing was stored. Keep what
    /// was entered and show the code.
    #[error("failed: {code}")]
    Failed {
        /// Stable code for a bug report.
        code: String,
    },
}

impl HomeroundError {
    pub(crate) fn failed(code: &str) -> Self {
        Self::Failed { code: code.into() }
    }

    pub(crate) fn refused(field: &str, limit: &str) -> Self {
        Self::Refused {
            field: field.into(),
            limit: limit.into(),
        }
    }
}

impl From<AppError> for HomeroundError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused { field, limit } => Self::Refused { field, limit },
            AppError::Step(step) => Self::Step {
                from: step.from,
                to: step.to,
            },
            AppError::Warned { warnings } => Self::Warned {
                warnings: warnings.into_iter().map(Into::into).collect(),
            },
            AppError::Locked => Self::Locked,
            AppError::WrongPin {
                attempts_left,
                wait_ms,
            } => Self::WrongPin {
                attempts_left,
                wait_ms,
            },
            AppError::NotConfirmed => Self::Cancelled,
            AppError::NotEnrolled => Self::NotEnrolled,
            AppError::NotAllowed { rule, field } => Self::NotAllowed { rule, field },
            AppError::LeaseEnded => Self::LeaseEnded,
            AppError::Signed { visit } => Self::Signed { visit },
            AppError::ConflictsOpen { open } => Self::ConflictsOpen { open: open as u64 },
            AppError::NotFound { what } => Self::NotFound { what: what.into() },
            AppError::Unsent { count } => Self::Unsent { count },
            AppError::StorageFull { needed_bytes } => Self::StorageFull { needed_bytes },
            AppError::Damaged { set_aside } => Self::Damaged { set_aside },
            AppError::UpdateApp { found, known } => Self::UpdateApp { found, known },
            AppError::Retry { after_ms } => Self::Retry { after_ms },
            AppError::Failed { code } => Self::failed(code),
        }
    }
}

impl From<Refused> for HomeroundError {
    fn from(refused: Refused) -> Self {
        Self::refused(refused.field, refused.limit)
    }
}
