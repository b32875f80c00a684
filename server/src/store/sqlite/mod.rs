//! The embedded storage: one SQLCipher file, one writer, readers apart.
//!
//! Calls run inline: a statement takes microseconds, a durable commit about a
//! tenth of a millisecond. The one writer connection sits behind a mutex, which is at once
//! every tenant's sequence lock. Readers see a consistent snapshot (WAL).

mod attachments;
mod head_file;
mod open;
mod read;
mod rows;
mod write;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use homeround::model::TenantId;
use homeround::store::{Database, DatabaseKey, OpenMode};
use rusqlite::{Connection, params};
use tokio::sync::OwnedMutexGuard;

pub use self::attachments::SqliteAttachments;
use self::head_file::HeadFile;
pub use self::head_file::Restored;
use self::read::Inside;
use super::{Reader, Storage, StorageError, Stored, Tenant, Writer};

/// Most read connections; one more reader waits for its turn.
const READERS_MAX: usize = 8;

/// The embedded storage.
pub struct SqliteStorage {
    path: PathBuf,
    key: DatabaseKey,
    writer: Arc<tokio::sync::Mutex<Database>>,
    readers: Pool,
    heads: Arc<HeadFile>,
}

impl SqliteStorage {
    /// Opens the file, or creates it, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StorageError::WrongKey`] for another key or another kind of file,
    /// [`StorageError::Newer`] for a newer schema.
    pub fn open(path: &Path, key: DatabaseKey) -> Stored<Self> {
        let writer = open::connection(path, &key, OpenMode::Create)?;
        open::migrate(&writer)?;
        Ok(Self {
            path: path.into(),
            key,
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            readers: Pool::default(),
            heads: Arc::new(HeadFile::beside(path)),
        })
    }

    /// Tenants whose file is older than what was once acknowledged: a backup
    /// was put in place. The caller gives them a new epoch.
    ///
    /// # Errors
    /// [`StorageError`] when the database does not answer.
    pub async fn restored(&self) -> Stored<Vec<Restored>> {
        Ok(self.heads.older_than_known(&self.tenants().await?))
    }

    async fn reader(&self) -> Stored<OwnedMutexGuard<Database>> {
        let open = || open::connection(&self.path, &self.key, OpenMode::Existing);
        self.readers.lend(open).await
    }
}

#[async_trait]
impl Storage for SqliteStorage {
    async fn tenants(&self) -> Stored<Vec<Tenant>> {
        let conn = self.reader().await?;
        let sql = format!("SELECT {} FROM tenant ORDER BY tenant", rows::TENANT);
        let tenants = rows::many(conn.connection(), &sql, [], rows::tenant)?;
        Ok(tenants)
    }

    async fn create_tenant(&self, tenant: &Tenant) -> Stored<()> {
        let conn = self.writer.lock().await;
        let sql = format!(
            "INSERT INTO tenant ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            rows::TENANT
        );
        let row = params![
            tenant.id.bytes(),
            tenant.name,
            rows::int(tenant.epoch),
            rows::int(tenant.head),
            *tenant.signing_seed,
            *tenant.escrow_seed,
            tenant.device.bytes(),
            tenant.person.bytes(),
            tenant.policy
        ];
        match rows::run(conn.connection(), &sql, row) {
            Err(StorageError::Exists { .. }) => Err(StorageError::Exists { what: "the tenant" }),
            done => done.map(drop),
        }
    }

    async fn read(&self, tenant: TenantId) -> Stored<Box<dyn Reader>> {
        let conn = self.reader().await?;
        conn.connection().execute_batch("BEGIN DEFERRED")?;
        Ok(Box::new(Reading { conn, tenant }))
    }

    async fn write(&self, tenant: TenantId) -> Stored<Box<dyn Writer>> {
        let conn = Arc::clone(&self.writer).lock_owned().await;
        conn.connection().execute_batch("BEGIN IMMEDIATE")?;
        let heads = Arc::clone(&self.heads);
        Ok(Box::new(Writing {
            conn,
            tenant,
            head: None,
            epoch: None,
            heads,
            open: true,
        }))
    }

    async fn ping(&self) -> Stored<()> {
        let conn = self.reader().await?;
        conn.connection()
            .query_row("SELECT count(*) FROM tenant", [], |row| {
                row.get::<_, i64>(0)
            })?;
        Ok(())
    }

    async fn checkpoint(&self) -> Stored<()> {
        self.readers.clear();
        let conn = self.writer.lock().await;
        conn.connection()
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

/// Read connections, opened when first needed.
#[derive(Default)]
struct Pool {
    open: Mutex<Vec<Arc<tokio::sync::Mutex<Database>>>>,
    turn: AtomicUsize,
}

impl Pool {
    /// A free connection, a fresh one, or the next in turn once it is free.
    async fn lend(
        &self,
        open: impl FnOnce() -> Stored<Database>,
    ) -> Stored<OwnedMutexGuard<Database>> {
        let next = {
            let mut kept = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let free = kept
                .iter()
                .find_map(|conn| Arc::clone(conn).try_lock_owned().ok());
            if let Some(conn) = free {
                return Ok(conn);
            }
            if kept.len() < READERS_MAX {
                let fresh = Arc::new(tokio::sync::Mutex::new(open()?));
                kept.push(Arc::clone(&fresh));
                fresh
            } else {
                let turn = self.turn.fetch_add(1, Ordering::Relaxed) % READERS_MAX;
                Arc::clone(&kept[turn])
            }
        };
        Ok(next.lock_owned().await)
    }

    fn clear(&self) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// A read transaction.
struct Reading {
    conn: OwnedMutexGuard<Database>,
    tenant: TenantId,
}

impl Inside for Reading {
    fn conn(&mut self) -> (&Connection, TenantId) {
        (self.conn.connection(), self.tenant)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // A connection that cannot end its transaction says so at the next one.
        if self.conn.connection().execute_batch("COMMIT").is_err() {
            tracing::warn!("a read transaction did not end");
        }
    }
}

/// A write transaction: rolled back unless it is finished.
struct Writing {
    conn: OwnedMutexGuard<Database>,
    tenant: TenantId,
    /// The last sequence number that it took, or stands at as an epoch begins.
    head: Option<u64>,
    /// The epoch that it began.
    epoch: Option<u64>,
    heads: Arc<HeadFile>,
    open: bool,
}

impl Inside for Writing {
    fn conn(&mut self) -> (&Connection, TenantId) {
        (self.conn.connection(), self.tenant)
    }
}

impl Writing {
    fn finish(mut self) -> Stored<()> {
        self.conn.connection().execute_batch("COMMIT")?;
        self.open = false;
        match (self.head, self.epoch) {
            (Some(head), Some(epoch)) => self.heads.renewed(self.tenant, head, epoch),
            (Some(head), None) => self.heads.note(self.tenant, head),
            (None, _) => {}
        }
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Nothing is left to do when this fails: SQLite rolls back by itself
        // at the next BEGIN, which then reports it.
        if self.open && self.conn.connection().execute_batch("ROLLBACK").is_err() {
            tracing::warn!("a write transaction did not roll back");
        }
    }
}
