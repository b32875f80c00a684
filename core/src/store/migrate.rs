//! Numbered migrations, one transaction each.

use super::error::OpenError;
use super::open::Database;

/// One step of a schema. Frozen once released.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3, ...: what `PRAGMA user_version` says afterwards.
    pub version: i32,
    /// As in the file's name.
    pub name: &'static str,
    /// What it does.
    pub sql: &'static str,
}

/// The phone's migrations, in order.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "start",
        sql: include_str!("migrations/0001_start.sql"),
    },
    Migration {
        version: 2,
        name: "attachments",
        sql: include_str!("migrations/0002_attachments.sql"),
    },
    Migration {
        version: 3,
        name: "proofs",
        sql: include_str!("migrations/0003_proofs.sql"),
    },
];

/// The schema version of a database; 0 when it is new.
///
/// # Errors
/// As reading it fails.
pub fn schema_version(database: &Database) -> Result<i32, OpenError> {
    Ok(database
        .connection()
        .query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Brings a database to the last of `migrations`, which are in order.
///
/// # Errors
/// [`OpenError::NewerSchema`] when the file is ahead, and then nothing was changed;
/// otherwise the steps before the one that failed stay done.
pub fn migrate(database: &Database, migrations: &[Migration]) -> Result<(), OpenError> {
    let known = migrations.last().map_or(0, |last| last.version);
    let found = schema_version(database)?;
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    for migration in migrations.iter().filter(|step| step.version > found) {
        step(database, migration)?;
    }
    Ok(())
}

fn step(database: &Database, migration: &Migration) -> Result<(), OpenError> {
    let connection = database.connection();
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if schema_version(database)? < migration.version {
        transaction.execute_batch(migration.sql)?;
        transaction.pragma_update(None, "user_version", migration.version)?;
    }
    transaction.commit()?;
    Ok(())
}
