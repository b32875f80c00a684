//! Opening the file and keeping its schema.

use std::path::Path;

use homeround::store::{Database, DatabaseKey, Migration, OpenError, OpenMode};

use crate::store::{StorageError, Stored};

/// The backend's migrations, in order. Frozen once released.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "backend",
        sql: include_str!("migrations/0001_backend.sql"),
    },
    Migration {
        version: 2,
        name: "notice",
        sql: include_str!("migrations/0002_notice.sql"),
    },
];

/// Opens one connection with everything mended.
pub(super) fn connection(path: &Path, key: &DatabaseKey, mode: OpenMode) -> Stored<Database> {
    Ok(homeround::store::open_connection(path, key, mode)?)
}

/// Brings the schema up to date.
pub(super) fn migrate(database: &Database) -> Stored<()> {
    Ok(homeround::store::migrate(database, MIGRATIONS)?)
}

impl From<OpenError> for StorageError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::WrongKey | OpenError::Plaintext => Self::WrongKey,
            OpenError::NewerSchema { found, known } => Self::Newer { found, known },
            OpenError::Full { .. } => Self::Full,
            OpenError::Busy => Self::Busy,
            other => Self::Failed {
                detail: other.to_string(),
            },
        }
    }
}
