//! The only room with SQL.
//!
//! One encrypted file holds everything. Raw changes are the truth and
//! append-only ([`Rows::document_parts`]); what has not been acknowledged lies in the
//! outbox. Views, lists, open conflicts, snapshots and the search index are caches:
//! [`WriteTx::drop_caches`] empties them and the same rows come back.
//!
//! There is one writer and any number of readers. [`Store::write`] runs a closure in
//! one transaction and returns after the durable commit; [`Store::reader`] gives a
//! read-only connection of its own that sees one moment and never waits for the
//! writer. No type of the database leaks: model types go in and come out.

mod attachments;
mod audit;
mod changes;
mod cipher;
mod codec;
mod conflicts;
mod documents;
mod error;
mod gate;
mod inbox;
mod keys;
mod meta;
mod migrate;
mod open;
mod outbox;
mod proofs;
mod purge;
mod quarantine;
mod records;
mod salvage;
mod scope;
mod search;
mod views;
mod visits;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{CachedStatement, Connection};

pub use attachments::{AttachmentName, AttachmentRow, UploadState, WrittenAttachment};
pub use audit::{AuditEntry, AuditHead, AuditRow, AuditVerdict};
pub use changes::{DocumentParts, NewChange, Stored};
pub use codec::BLOB_BYTES_MAX;
pub use conflicts::{ConflictRow, OpenConflict};
pub use error::{FULL_NEEDED_BYTES, OpenError, StoreError};
pub use inbox::{
    Arrival, ArrivalKind, WAITING_BYTES_MAX, WAITING_CHANGES_MAX, WAITING_DOCUMENTS_MAX,
};
pub use keys::CHANGES_PER_DOCUMENT_MAX;
pub use migrate::{Migration, migrate, schema_version};
pub use open::{
    BUSY_TIMEOUT, CACHE_KIB, Database, DatabaseKey, JOURNAL_BYTES_MAX, OpenMode, STATEMENTS_KEPT,
    open_connection, rekey, set_aside,
};
pub use outbox::Unsent;
pub use proofs::ProofRow;
pub use purge::{PurgeCounts, PurgeMode, PurgeReceipt};
pub use quarantine::{QuarantineState, Quarantined, Rejected};
pub use records::{TimelineCursor, TimelinePage};
pub use salvage::{Salvaged, SalvagedChange, salvage};
pub use scope::{ScopeRow, ScopeState};
pub use search::{SEARCH_WORDS_MAX, SearchHit};
pub use visits::VisitRow;

use codec::Codec;

/// Read-only connections that stay open between uses.
pub const READERS_KEPT: usize = 3;

/// Where a store is and what opens it.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// The database file; its folder must exist.
    pub path: PathBuf,
    /// The key.
    pub key: DatabaseKey,
}

/// How large the files are, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSizes {
    /// The database.
    pub database: u64,
    /// The write-ahead log.
    pub log: u64,
}

/// A phone's store.
pub struct Store {
    config: Mutex<StoreConfig>,
    /// None before the first use and after a connection went bad.
    writer: Mutex<Option<Rows>>,
    readers: Mutex<Vec<Rows>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store(..)")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic inside a write has rolled its transaction back by then.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens or makes the store and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] says what to do next; nothing was deleted.
    pub fn open(config: StoreConfig) -> Result<Self, OpenError> {
        let _pass = gate::enter();
        let database = open_connection(&config.path, &config.key, OpenMode::Create)?;
        migrate(&database, migrate::MIGRATIONS)?;
        // The first thing an app does is to read: the connection at hand becomes the
        // first reader, and the writer's is opened by the first write.
        database
            .connection()
            .execute_batch("PRAGMA query_only = ON")?;
        Ok(Self {
            config: Mutex::new(config),
            writer: Mutex::new(None),
            readers: Mutex::new(vec![Rows::new(database)]),
        })
    }

    fn connect(&self, mode: OpenMode) -> Result<Rows, StoreError> {
        let config = lock(&self.config).clone();
        match open_connection(&config.path, &config.key, mode) {
            Ok(database) => Ok(Rows::new(database)),
            Err(OpenError::Full { needed_bytes }) => Err(StoreError::Full { needed_bytes }),
            Err(OpenError::Busy) => Err(StoreError::Busy),
            Err(OpenError::OutOfMemory) => Err(StoreError::OutOfMemory),
            Err(OpenError::Damaged | OpenError::WrongKey | OpenError::Plaintext) => {
                Err(StoreError::Damaged)
            }
            Err(_) => Err(StoreError::Io),
        }
    }

    fn with_writer<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Rows) -> Result<T, E>,
    ) -> Result<T, E> {
        let _pass = gate::enter();
        self.with_slot(&mut lock(&self.writer), work)
    }

    fn with_slot<T, E: From<StoreError>>(
        &self,
        slot: &mut Option<Rows>,
        work: impl FnOnce(&Rows) -> Result<T, E>,
    ) -> Result<T, E> {
        let rows = match slot.take() {
            Some(rows) => rows,
            None => self.connect(OpenMode::Existing)?,
        };
        let outcome = work(&rows);
        // A page that did not verify poisons its connection for good.
        if outcome.is_ok() || rows.is_sound() {
            *slot = Some(rows);
        }
        outcome
    }

    /// Runs `work` in one transaction. `Ok` is returned after the durable commit; an
    /// error, of the store or of the work's own, leaves nothing behind.
    ///
    /// # Errors
    /// Whatever `work` answers, and [`StoreError`] of the commit itself.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&WriteTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.with_writer(|rows| transact(rows, work))
    }

    /// As [`Self::write`] if nobody writes now; none: somebody does, and nothing was
    /// done.
    fn write_if_free<T>(
        &self,
        work: impl FnOnce(&WriteTx<'_>) -> Result<T, StoreError>,
    ) -> Option<Result<T, StoreError>> {
        let _pass = gate::enter();
        let mut slot = self.writer.try_lock().ok()?;
        Some(self.with_slot(&mut slot, |rows| transact(rows, work)))
    }

    /// A reader that sees the store as it is at its first read, until it is dropped.
    /// Hold it briefly: the log cannot shrink past it.
    ///
    /// # Errors
    /// [`StoreError`] when no connection can be opened.
    pub fn reader(&self) -> Result<Reader<'_>, StoreError> {
        let pass = gate::enter();
        let kept = lock(&self.readers).pop();
        let rows = match kept {
            Some(rows) => rows,
            None => self.connect(OpenMode::ReadOnly)?,
        };
        rows.cached("BEGIN")?.execute([])?;
        Ok(Reader {
            rows: Some(rows),
            store: self,
            _pass: pass,
        })
    }

    /// Moves the log into the database and empties it, as before the app is
    /// suspended. False: a reader held part of it for longer than [`BUSY_TIMEOUT`]; try
    /// again later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoint(&self) -> Result<bool, StoreError> {
        let _pass = gate::enter();
        lock(&self.readers).clear();
        self.with_writer(|rows| {
            let busy: i64 = rows
                .sql()
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            Ok(busy == 0)
        })
    }

    /// Gives up to `pages_max` free pages back to the file system.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn shrink(&self, pages_max: u32) -> Result<(), StoreError> {
        self.with_writer(|rows| {
            let sql = format!("PRAGMA incremental_vacuum({pages_max})");
            let mut statement = rows.sql().prepare(&sql)?;
            let mut freed = statement.query([])?;
            while freed.next()?.is_some() {}
            Ok(())
        })
    }

    /// Reads every page and checks its code and the structure. Slow.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when anything is wrong.
    pub fn verify(&self) -> Result<(), StoreError> {
        let _pass = gate::enter();
        // A connection of its own: what it finds must not poison the others.
        let rows = self.connect(OpenMode::ReadOnly)?;
        let first = |sql: &str| -> Result<Option<String>, StoreError> {
            let mut statement = rows.sql().prepare(sql)?;
            let mut lines = statement.query([])?;
            Ok(match lines.next()? {
                Some(line) => Some(line.get(0)?),
                None => None,
            })
        };
        if first("PRAGMA cipher_integrity_check")?.is_some() {
            return Err(StoreError::Damaged);
        }
        match first("PRAGMA quick_check")?.as_deref() {
            Some("ok") => Ok(()),
            _ => Err(StoreError::Damaged),
        }
    }

    /// How large the files are.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the database's size cannot be read.
    pub fn file_sizes(&self) -> Result<FileSizes, StoreError> {
        let path = lock(&self.config).path.clone();
        let size = |path: &Path| std::fs::metadata(path).map(|file| file.len());
        Ok(FileSizes {
            database: size(&path).map_err(|_| StoreError::Io)?,
            log: size(&open::with_suffix(&path, "-wal")).unwrap_or(0),
        })
    }

    /// Replaces the key and writes every page anew. Readers must be gone.
    ///
    /// # Errors
    /// [`OpenError`]; the old key still holds.
    pub fn rekey(&self, new: &DatabaseKey) -> Result<(), OpenError> {
        let _pass = gate::enter();
        lock(&self.readers).clear();
        let mut slot = lock(&self.writer);
        let rows = match slot.take() {
            Some(rows) => rows,
            None => self.connect(OpenMode::Existing)?,
        };
        let mut config = lock(&self.config);
        rekey(&rows.database, &config.path, new)?;
        config.key = new.clone();
        *slot = Some(rows);
        Ok(())
    }

    /// Moves the log into the database and closes every connection.
    ///
    /// # Errors
    /// [`StoreError`] of the checkpoint; everything is closed all the same, and what
    /// the log holds is safe in it.
    pub fn close(self) -> Result<(), StoreError> {
        self.checkpoint().map(|_| ())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _pass = gate::enter();
        lock(&self.readers).clear();
        *lock(&self.writer) = None;
    }
}

fn transact<T, E: From<StoreError>>(
    rows: &Rows,
    work: impl FnOnce(&WriteTx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    rows.forget();
    let open = OpenTx::begin(rows)?;
    let value = work(&WriteTx { rows })?;
    open.commit()?;
    Ok(value)
}

/// A transaction that rolls back unless it is committed.
struct OpenTx<'r> {
    rows: &'r Rows,
    done: bool,
}

impl<'r> OpenTx<'r> {
    fn begin(rows: &'r Rows) -> Result<Self, StoreError> {
        rows.cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self { rows, done: false })
    }

    fn commit(mut self) -> Result<(), StoreError> {
        self.rows.cached("COMMIT")?.execute([])?;
        self.done = true;
        Ok(())
    }
}

impl Drop for OpenTx<'_> {
    fn drop(&mut self) {
        if !self.done && !self.rows.sql().is_autocommit() {
            // Fails only on a connection that is thrown away anyway.
            let _ = self.rows.sql().execute_batch("ROLLBACK");
        }
    }
}

/// The tables, to be read. A [`Reader`] and a [`WriteTx`] both are one.
pub struct Rows {
    database: Database,
    codec: Codec,
    /// The document asked for last: one edit asks for the same one several times.
    last: Cell<Option<([u8; 17], i64)>>,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rows(..)")
    }
}

impl Rows {
    fn new(database: Database) -> Self {
        Self {
            database,
            codec: Codec::default(),
            last: Cell::new(None),
        }
    }

    const fn sql(&self) -> &Connection {
        self.database.connection()
    }

    fn cached(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        Ok(self.sql().prepare_cached(sql)?)
    }

    fn forget(&self) {
        self.last.set(None);
    }

    fn is_sound(&self) -> bool {
        let probe = self.cached("SELECT rootpage FROM sqlite_schema LIMIT 1");
        probe.is_ok_and(|mut probe| probe.query_row([], |row| row.get::<_, i64>(0)).is_ok())
    }
}

/// One write transaction.
#[derive(Debug)]
pub struct WriteTx<'r> {
    rows: &'r Rows,
}

impl Deref for WriteTx<'_> {
    type Target = Rows;

    fn deref(&self) -> &Rows {
        self.rows
    }
}

/// One read transaction on a connection of its own.
#[derive(Debug)]
pub struct Reader<'s> {
    rows: Option<Rows>,
    store: &'s Store,
    _pass: gate::Pass,
}

impl Deref for Reader<'_> {
    type Target = Rows;

    #[allow(
        clippy::expect_used,
        reason = "only drop takes the connection, and nothing derefs after it"
    )]
    fn deref(&self) -> &Rows {
        self.rows.as_ref().expect("taken by drop alone")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let Some(rows) = self.rows.take() else { return };
        rows.forget();
        let sound = rows.is_sound();
        let ended = rows
            .cached("ROLLBACK")
            .is_ok_and(|mut end| end.execute([]).is_ok());
        if !sound || !ended {
            return;
        }
        let mut kept = lock(&self.store.readers);
        if kept.len() < READERS_KEPT {
            kept.push(rows);
        }
    }
}

/// Numbers of the wire are unsigned, SQL's are signed.
fn to_sql(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number)
        .map_err(|_| crate::model::Refused::new("number", "0..=9223372036854775807").into())
}

fn from_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
