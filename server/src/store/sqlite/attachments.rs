//! Attachments in an encrypted file of their own.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use homeround::model::{Millis, TenantId};
use homeround::store::{Database, DatabaseKey, Migration, OpenMode};
use homeround::wire::AttachmentAddress;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::open::connection;
use super::rows::int;
use crate::store::{Appended, Attachments, StorageError, Stored, Upload};

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "attachments",
    sql: include_str!("migrations/attachments_0001.sql"),
}];

/// The embedded store of attachments.
pub struct SqliteAttachments {
    database: Mutex<Database>,
}

impl SqliteAttachments {
    /// Opens the file beside a database's, or creates it: `x.sqlite` has its
    /// attachments in `x.sqlite.attachments`. Back up both together.
    ///
    /// # Errors
    /// [`StorageError::WrongKey`] for another key, [`StorageError::Newer`] for a
    /// newer schema.
    pub fn beside(path: &Path, key: &DatabaseKey) -> Stored<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(".attachments");
        let database = connection(&PathBuf::from(name), key, OpenMode::Create)?;
        homeround::store::migrate(&database, MIGRATIONS)?;
        Ok(Self {
            database: Mutex::new(database),
        })
    }
}

/// An upload and its number.
type Found = (i64, Upload);

fn find(conn: &Connection, tenant: TenantId, address: &AttachmentAddress) -> Stored<Option<Found>> {
    let mut statement = conn.prepare_cached(
        "SELECT u, size_bytes, arrived, complete, media_type FROM upload
         WHERE tenant = ?1 AND patient = ?2 AND sha256 = ?3",
    )?;
    let key = params![tenant.bytes(), address.patient.bytes(), address.sha256];
    let found = statement.query_row(key, |row| {
        let upload = Upload {
            size_bytes: row.get::<_, i64>(1)?.unsigned_abs(),
            arrived: row.get::<_, i64>(2)?.unsigned_abs(),
            complete: row.get(3)?,
            media_type: row.get(4)?,
        };
        Ok((row.get(0)?, upload))
    });
    Ok(found.optional()?)
}

/// Whether the parts together are what the name says.
fn is_whole(conn: &Connection, u: i64, sha256: &[u8; 32]) -> Stored<bool> {
    let mut statement =
        conn.prepare_cached("SELECT bytes FROM part WHERE u = ?1 ORDER BY start")?;
    let mut rows = statement.query([u])?;
    let mut hash = Sha256::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(0)?.as_blob();
        hash.update(bytes.map_err(|_| StorageError::Damaged { table: "part" })?);
    }
    Ok(hash.finalize()[..] == sha256[..])
}

fn append(
    tx: &Transaction<'_>,
    tenant: TenantId,
    address: &AttachmentAddress,
    offset: u64,
    part: &[u8],
) -> Stored<Appended> {
    let Some((u, upload)) = find(tx, tenant, address)? else {
        return Ok(Appended::Unknown);
    };
    let arrived = offset.saturating_add(part.len() as u64);
    if offset != upload.arrived || arrived > upload.size_bytes || part.is_empty() {
        return Ok(Appended::OutOfStep {
            arrived: upload.arrived,
        });
    }
    tx.execute(
        "INSERT INTO part (u, start, bytes) VALUES (?1, ?2, ?3)",
        params![u, int(offset), part],
    )?;
    let last = arrived == upload.size_bytes;
    if last && !is_whole(tx, u, &address.sha256)? {
        tx.execute("DELETE FROM upload WHERE u = ?1", [u])?;
        return Ok(Appended::WrongContent);
    }
    tx.execute(
        "UPDATE upload SET arrived = ?2, complete = ?3 WHERE u = ?1",
        params![u, int(arrived), last],
    )?;
    Ok(if last {
        Appended::Complete
    } else {
        Appended::Arrived(arrived)
    })
}

#[async_trait]
impl Attachments for SqliteAttachments {
    async fn begin(
        &self,
        tenant: TenantId,
        address: &AttachmentAddress,
        size_bytes: u64,
        media_type: &str,
        now: Millis,
    ) -> Stored<Upload> {
        let database = self.database.lock().await;
        let conn = database.connection();
        conn.execute(
            "INSERT OR IGNORE INTO upload (tenant, patient, sha256, size_bytes, media_type, begun_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                tenant.bytes(),
                address.patient.bytes(),
                address.sha256,
                int(size_bytes),
                media_type,
                now.0
            ],
        )?;
        let found = find(conn, tenant, address)?;
        found
            .map(|(_, upload)| upload)
            .ok_or(StorageError::Damaged { table: "upload" })
    }

    async fn upload(
        &self,
        tenant: TenantId,
        address: &AttachmentAddress,
    ) -> Stored<Option<Upload>> {
        let database = self.database.lock().await;
        let found = find(database.connection(), tenant, address)?;
        Ok(found.map(|(_, upload)| upload))
    }

    async fn append(
        &self,
        tenant: TenantId,
        address: &AttachmentAddress,
        offset: u64,
        part: &[u8],
    ) -> Stored<Appended> {
        let database = self.database.lock().await;
        let immediate = TransactionBehavior::Immediate;
        let tx = Transaction::new_unchecked(database.connection(), immediate)?;
        let appended = append(&tx, tenant, address, offset, part)?;
        tx.commit()?;
        Ok(appended)
    }

    async fn read(
        &self,
        tenant: TenantId,
        address: &AttachmentAddress,
        offset: u64,
        max: usize,
    ) -> Stored<Option<Vec<u8>>> {
        let database = self.database.lock().await;
        let conn = database.connection();
        let Some((u, upload)) = find(conn, tenant, address)? else {
            return Ok(None);
        };
        if !upload.complete {
            return Ok(None);
        }
        // From the part that holds the offset on.
        let mut statement = conn.prepare_cached(
            "SELECT start, bytes FROM part WHERE u = ?1 AND start >= coalesce(
                 (SELECT max(start) FROM part WHERE u = ?1 AND start <= ?2), 0)
             ORDER BY start",
        )?;
        let mut rows = statement.query(params![u, int(offset)])?;
        let mut read = Vec::new();
        while read.len() < max
            && let Some(row) = rows.next()?
        {
            let start = row.get::<_, i64>(0)?.unsigned_abs();
            let bytes = row.get_ref(1)?.as_blob();
            let bytes = bytes.map_err(|_| StorageError::Damaged { table: "part" })?;
            let skip = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
            let rest = bytes.get(skip..).unwrap_or_default();
            let wanted = rest.len().min(max - read.len());
            read.extend_from_slice(&rest[..wanted]);
        }
        Ok(Some(read))
    }

    async fn checkpoint(&self) -> Stored<()> {
        let database = self.database.lock().await;
        let conn = database.connection();
        Ok(conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?)
    }
}

#[cfg(test)]
mod tests {
    use homeround::model::PatientId;
    use uuid::Uuid;

    use super::*;

    const TENANT: TenantId = TenantId(Uuid::from_u128(1));

    fn address(bytes: &[u8]) -> AttachmentAddress {
        AttachmentAddress {
            patient: PatientId(Uuid::from_u128(2)),
            sha256: Sha256::digest(bytes).into(),
        }
    }

    fn store(folder: &tempfile::TempDir) -> SqliteAttachments {
        let key = DatabaseKey::from_bytes(&[7; 32]).unwrap();
        SqliteAttachments::beside(&folder.path().join("x.sqlite"), &key).unwrap()
    }

    #[tokio::test]
    async fn parts_in_order_make_an_attachment_that_any_range_can_be_read_of() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..1000).map(|at| (at % 251) as u8).collect();
        let address = address(&bytes);
        let attachments = store(&folder);
        attachments
            .begin(TENANT, &address, 1000, "image/jpeg", Millis(1))
            .await
            .unwrap();
        let half = attachments
            .append(TENANT, &address, 0, &bytes[..600])
            .await
            .unwrap();
        assert_eq!(half, Appended::Arrived(600));
        assert_eq!(
            attachments.read(TENANT, &address, 0, 9).await.unwrap(),
            None
        );
        drop(attachments);
        let attachments = store(&folder);
        let begun = attachments
            .begin(TENANT, &address, 1000, "image/jpeg", Millis(2))
            .await;
        assert_eq!(begun.unwrap().arrived, 600);
        let rest = attachments
            .append(TENANT, &address, 600, &bytes[600..])
            .await
            .unwrap();
        assert_eq!(rest, Appended::Complete);
        for (offset, max) in [
            (0, 1000),
            (0, 10),
            (595, 10),
            (600, 10),
            (990, 99),
            (1000, 9),
        ] {
            let read = attachments
                .read(TENANT, &address, offset as u64, max)
                .await
                .unwrap();
            let until = (offset + max).min(1000);
            assert_eq!(read.unwrap(), &bytes[offset..until], "{offset}");
        }
        let other = TenantId(Uuid::from_u128(9));
        assert_eq!(attachments.read(other, &address, 0, 9).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_part_twice_or_out_of_step_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let address = address(b"abcdef");
        let attachments = store(&folder);
        let append = |offset, part| attachments.append(TENANT, &address, offset, part);
        assert_eq!(append(0, b"abc").await.unwrap(), Appended::Unknown);
        attachments
            .begin(TENANT, &address, 6, "image/jpeg", Millis(1))
            .await
            .unwrap();
        append(0, b"abc").await.unwrap();
        let arrived = 3;
        for (offset, part) in [(0, b"abc".as_slice()), (4, b"ef"), (3, b"defg"), (3, b"")] {
            let outcome = append(offset, part).await.unwrap();
            assert_eq!(outcome, Appended::OutOfStep { arrived });
        }
        assert_eq!(append(3, b"def").await.unwrap(), Appended::Complete);
    }

    #[tokio::test]
    async fn bytes_that_are_not_what_the_name_says_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let address = address(b"abcdef");
        let attachments = store(&folder);
        attachments
            .begin(TENANT, &address, 6, "image/jpeg", Millis(1))
            .await
            .unwrap();
        let outcome = attachments
            .append(TENANT, &address, 0, b"abcdeX")
            .await
            .unwrap();
        assert_eq!(outcome, Appended::WrongContent);
        assert_eq!(attachments.upload(TENANT, &address).await.unwrap(), None);
    }
}
