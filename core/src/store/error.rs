//! Two error types: opening a store, and using one.

use rusqlite::ErrorCode;

use crate::model::{RecordKind, Refused};

/// What to ask a person to free when the disk is full: room for the write-ahead
/// log to reach its limit twice and for a checkpoint.
pub const FULL_NEEDED_BYTES: u64 = 16 * 1024 * 1024;

/// Why a store did not open. Nothing was deleted or changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is sound as far as one can tell; ask for the right key.
    #[error("the key does not open this database")]
    WrongKey,
    /// The file is not encrypted: never ours. Refuse it.
    #[error("the file is a plaintext database")]
    Plaintext,
    /// A later version of the app wrote it: ask for an update.
    #[error("the database has schema {found}, this version knows {known}")]
    NewerSchema {
        /// The file's.
        found: i32,
        /// The highest that this version knows.
        known: i32,
    },
    /// The key is right and the file is damaged: set it aside, salvage, pull again.
    #[error("the database is damaged")]
    Damaged,
    /// Try again with less running.
    #[error("out of memory")]
    OutOfMemory,
    /// Free this much and try again.
    #[error("the disk is full")]
    Full {
        /// An estimate of what has to be freed.
        needed_bytes: u64,
    },
    /// Another process holds the file; try again.
    #[error("the database is in use")]
    Busy,
    /// There is no such file, or it may not be read or written.
    #[error("the file cannot be used: {0}")]
    Io(std::io::ErrorKind),
    /// The build lacks encryption or a migration is wrong. Never to be ignored.
    #[error("the store cannot work: {0}")]
    Unusable(&'static str),
}

/// Why the store did not do something. A write that fails leaves nothing behind.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was stored; free this much and try again.
    #[error("the disk is full")]
    Full {
        /// An estimate of what has to be freed.
        needed_bytes: u64,
    },
    /// Another writer was faster; try again.
    #[error("the database is in use")]
    Busy,
    /// A page does not verify: close, reopen, and set aside if it stays so.
    #[error("the database is damaged")]
    Damaged,
    /// Nothing was stored; try again with less running.
    #[error("out of memory")]
    OutOfMemory,
    /// The file cannot be read or written.
    #[error("the file cannot be used")]
    Io,
    /// A bounded place is full; the caller decides what goes.
    #[error("{limit} is reached")]
    Limit {
        /// The limit's name.
        limit: &'static str,
    },
    /// A record's body is not what its kind says: quarantine it.
    #[error("the body of a {kind:?} record has another shape")]
    Shape {
        /// The record's kind.
        kind: RecordKind,
    },
    /// There is no such document, record or row.
    #[error("no such row")]
    Missing,
    /// Work of this patient is unsent: push it, or escrow it first.
    #[error("{unsent} changes are unsent")]
    Unsent {
        /// How many.
        unsent: u64,
    },
    /// A stored value is outside what this version knows.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store used SQL wrongly: a defect, named by SQLite's extended code.
    #[error("internal error {0}")]
    Internal(i32),
}

fn code_of(error: &rusqlite::Error) -> (ErrorCode, i32) {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => (failure.code, failure.extended_code),
        rusqlite::Error::SqlInputError { error, .. } => (error.code, error.extended_code),
        _ => (ErrorCode::Unknown, 0),
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if matches!(error, rusqlite::Error::QueryReturnedNoRows) {
            return Self::Missing;
        }
        let (code, extended) = code_of(&error);
        match code {
            ErrorCode::DiskFull => Self::Full {
                needed_bytes: FULL_NEEDED_BYTES,
            },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged,
            ErrorCode::OutOfMemory => Self::OutOfMemory,
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly => Self::Io,
            _ => Self::Internal(extended),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        let (code, _) = code_of(&error);
        match code {
            ErrorCode::CannotOpen => Self::Io(std::io::ErrorKind::NotFound),
            ErrorCode::ReadOnly => Self::Io(std::io::ErrorKind::PermissionDenied),
            _ => StoreError::from(error).into(),
        }
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full { needed_bytes } => Self::Full { needed_bytes },
            StoreError::Busy => Self::Busy,
            StoreError::Damaged => Self::Damaged,
            StoreError::OutOfMemory => Self::OutOfMemory,
            StoreError::Io => Self::Io(std::io::ErrorKind::Other),
            _ => Self::Unusable("a statement of the store's own failed"),
        }
    }
}

impl From<std::io::Error> for OpenError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull => Self::Full {
                needed_bytes: FULL_NEEDED_BYTES,
            },
            std::io::ErrorKind::OutOfMemory => Self::OutOfMemory,
            kind => Self::Io(kind),
        }
    }
}
