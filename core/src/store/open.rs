//! Opens an encrypted database, mends SQLite's defaults on every connection, and
//! tells a wrong key, damage and an exhausted system apart. The phone's store and
//! the backend's embedded one both come through here.
//!
//! A file that does not open is never deleted. Beside `x.db` lies `x.db.check`,
//! the key-check value: an HMAC of a constant under the key. If the first page does not
//! verify, it tells a wrong key from a damaged page.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::error::OpenError;
use crate::model::Refused;

/// How long a connection waits for another one's lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Page cache of one connection, in KiB.
pub const CACHE_KIB: u32 = 2048;
/// The write-ahead log is cut back to this after a checkpoint.
pub const JOURNAL_BYTES_MAX: u32 = 4 * 1024 * 1024;
/// Prepared statements that a connection keeps.
pub const STATEMENTS_KEPT: usize = 128;

const PLAINTEXT_HEADER: &[u8; 16] = b"SQLite format 3\0";
const CHECK_LABEL: &[u8] = b"homeround key check 1";

/// The 256-bit key of a database. Wiped from memory when dropped, and on the heap until
/// then: where it is handed on, no stack keeps a copy.
#[derive(Clone)]
pub struct DatabaseKey(Box<Zeroizing<[u8; 32]>>);

impl DatabaseKey {
    /// Takes 32 random bytes.
    ///
    /// # Errors
    /// [`Refused`] for another length, and for zeros: those come from a buffer that
    /// nothing was written to.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        let refused = Refused::new("database_key", "32 random bytes");
        if bytes.len() != 32 {
            return Err(refused);
        }
        let mut key: Box<Zeroizing<[u8; 32]>> = Box::default();
        key.copy_from_slice(bytes);
        if key.iter().all(|byte| *byte == 0) {
            return Err(refused);
        }
        Ok(Self(key))
    }

    /// The raw key as SQLCipher takes it, so that no passphrase derivation runs.
    fn pragma(&self, name: &str) -> Zeroizing<String> {
        let mut sql = Zeroizing::new(String::with_capacity(96));
        sql.push_str("PRAGMA ");
        sql.push_str(name);
        sql.push_str(" = \"x'");
        for byte in self.0.iter() {
            for nibble in [byte >> 4, byte & 15] {
                sql.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        sql.push_str("'\"");
        sql
    }

    fn check_value(&self) -> [u8; 32] {
        // HMAC takes a key of any length; the other arm is never taken.
        let Ok(mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.as_slice()) else {
            return [0; 32];
        };
        mac.chain_update(CHECK_LABEL).finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseKey(..)")
    }
}

/// How to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Make the file if there is none.
    Create,
    /// The file must be there.
    Existing,
    /// The file must be there and stays as it is.
    ReadOnly,
}

/// An open connection with everything mended.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
}

impl Database {
    /// For SQL of one's own, inside a store.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// For SQL that needs the connection to itself, as a transaction does.
    pub const fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// Opens or makes an encrypted database and mends its settings.
///
/// # Errors
/// [`OpenError`] says what to do next. Nothing was deleted or changed.
pub fn open_connection(
    path: &Path,
    key: &DatabaseKey,
    mode: OpenMode,
) -> Result<Database, OpenError> {
    refuse_plaintext(path)?;
    match connect(path, key, mode) {
        Ok(database) => {
            refuse_plaintext(path)?;
            if mode != OpenMode::ReadOnly && !check_matches(path, key) {
                write_check(path, key)?;
            }
            Ok(database)
        }
        Err(OpenError::Damaged) if !check_matches(path, key) => Err(OpenError::WrongKey),
        Err(error) => Err(error),
    }
}

/// SQLite calls itself ready before SQLCipher is: its start sets the flag and only
/// then, outside its lock, starts SQLCipher. A second thread in that gap would open
/// a connection that knows no key. So the first connection of a process is made
/// alone, and everybody waits for it.
fn await_cipher() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        drop(Connection::open_in_memory());
        // After SQLCipher's own: what was asked last is done first.
        super::cipher::at_exit(super::gate::close);
    });
}

fn connect(path: &Path, key: &DatabaseKey, mode: OpenMode) -> Result<Database, OpenError> {
    await_cipher();
    let access = match mode {
        OpenMode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        OpenMode::Existing => OpenFlags::SQLITE_OPEN_READ_WRITE,
        OpenMode::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // SQLCipher logs to the device's log by itself; what happened is in the error.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    connection.execute_batch(&key.pragma("key"))?;
    let cipher: Option<String> = connection
        .query_row("PRAGMA cipher_version", [], |row| row.get(0))
        .ok();
    if cipher.is_none_or(|version| version.is_empty()) {
        return Err(OpenError::Unusable("this build of SQLite cannot encrypt"));
    }
    // The first read: fails here if the key is wrong or the first page damaged.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
        row.get::<_, i64>(0)
    })?;
    mend(&connection, mode)?;
    Ok(Database { connection })
}

/// SQLite's defaults trade durability and hygiene for speed: with `synchronous` NORMAL
/// a log loses acknowledged commits at a power cut, with FULL it does not.
fn mend(connection: &Connection, mode: OpenMode) -> Result<(), OpenError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false)?;
    connection.execute_batch(&format!(
        "PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA temp_store = MEMORY;
         PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0;
         PRAGMA cache_size = -{CACHE_KIB};"
    ))?;
    if mode == OpenMode::ReadOnly {
        connection.execute_batch("PRAGMA query_only = ON")?;
        return Ok(());
    }
    // Before the first page is written: it cannot be changed afterwards, and asking
    // again would write a page each time.
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    if pages == 0 {
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
    }
    let journal: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if journal != "wal" {
        return Err(OpenError::Unusable(
            "no write-ahead log on this file system",
        ));
    }
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA secure_delete = ON;
         PRAGMA journal_size_limit = {JOURNAL_BYTES_MAX};"
    ))?;
    Ok(())
}

/// Replaces the key of a database and writes every page anew. No other connection
/// may be open.
///
/// # Errors
/// [`OpenError`]; the old key still opens the file.
pub fn rekey(database: &Database, path: &Path, new: &DatabaseKey) -> Result<(), OpenError> {
    let connection = database.connection();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    connection.execute_batch(&new.pragma("rekey"))?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    write_check(path, new)
}

/// Moves a database and its companions to `<name>.<suffix>` and answers the new path.
/// The suffix is the caller's, as in `damaged-2026-11-22T080000Z`. Close every
/// connection first.
///
/// # Errors
/// [`OpenError::Io`], also when the new name is taken; nothing is overwritten.
pub fn set_aside(path: &Path, suffix: &str) -> Result<PathBuf, OpenError> {
    let target = with_suffix(path, &format!(".{suffix}"));
    if target.exists() {
        return Err(OpenError::Io(std::io::ErrorKind::AlreadyExists));
    }
    // The log first: without it beside its database, a crash in between leaves a
    // database that opens without its last commits; the other way round it would
    // lie beside a fresh database.
    for companion in ["-wal", "-shm", ".check"] {
        let from = with_suffix(path, companion);
        if from.exists() {
            fs::rename(from, with_suffix(&target, companion))?;
        }
    }
    fs::rename(path, &target)?;
    Ok(target)
}

/// The path with something appended to its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn refuse_plaintext(path: &Path) -> Result<(), OpenError> {
    let mut header = [0; PLAINTEXT_HEADER.len()];
    match File::open(path) {
        Ok(mut file) => match file.read_exact(&mut header) {
            Ok(()) if &header == PLAINTEXT_HEADER => Err(OpenError::Plaintext),
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(()),
            Err(error) => Err(error.into()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn check_matches(path: &Path, key: &DatabaseKey) -> bool {
    fs::read(with_suffix(path, ".check")).is_ok_and(|stored| stored == key.check_value())
}

fn write_check(path: &Path, key: &DatabaseKey) -> Result<(), OpenError> {
    let draft = with_suffix(path, ".check-new");
    let mut file = File::create(&draft)?;
    file.write_all(&key.check_value())?;
    file.sync_all()?;
    fs::rename(draft, with_suffix(path, ".check"))?;
    Ok(())
}
