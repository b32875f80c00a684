//! Which files of attachments there are on this phone. The bytes lie in sealed
//! files of their own; `app` writes and removes them.

use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::{Rows, StoreError, WriteTx, from_sql, to_sql};
use crate::model::{DocumentId, Millis, PatientId};

/// The name of an attachment's file: 16 random bytes, 32 hexadecimal digits on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttachmentName(pub [u8; 16]);

impl std::fmt::Display for AttachmentName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Where an attachment's bytes are besides this phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadState {
    /// Nowhere: they are unsent.
    Pending,
    /// The backend has them.
    Sent,
    /// The backend will not take them.
    Refused {
        /// Stable code.
        code: String,
    },
}

/// A file that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    /// Its name.
    pub name: AttachmentName,
    /// Whose; none after a recovery, until the document is there again.
    pub patient: Option<PatientId>,
    /// The document that names it.
    pub document: DocumentId,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// How many bytes.
    pub size_bytes: u64,
    /// As in `image/jpeg`.
    pub media_type: String,
    /// Where they are besides this phone.
    pub upload: UploadState,
}

/// What is known of a file once it is written.
#[derive(Debug, Clone, Copy)]
pub struct WrittenAttachment<'a> {
    /// SHA-256 of the bytes.
    pub sha256: &'a [u8; 32],
    /// How many bytes.
    pub size_bytes: u64,
    /// As in `image/jpeg`.
    pub media_type: &'a str,
    /// A small picture for lists.
    pub thumbnail: Option<&'a [u8]>,
}

const COLUMNS: &str = "SELECT a.name, k.patient, a.document, a.sha256, a.size_bytes, a.media_type,
    a.upload, a.refusal FROM attachment a LEFT JOIN patient_key k USING (p)";
/// How `state` and `upload` are written.
const KEPT: i64 = 1;
const GONE: i64 = 2;
const SENT: i64 = 1;
const REFUSED: i64 = 2;

fn read_row(row: &rusqlite::Row<'_>) -> Result<AttachmentRow, StoreError> {
    let patient: Option<[u8; 16]> = row.get(1)?;
    let document: [u8; 17] = row.get(2)?;
    let upload = match row.get(6)? {
        SENT => UploadState::Sent,
        REFUSED => UploadState::Refused {
            code: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
        },
        _ => UploadState::Pending,
    };
    Ok(AttachmentRow {
        name: AttachmentName(row.get(0)?),
        patient: patient.map(|bytes| PatientId(Uuid::from_bytes(bytes))),
        document: DocumentId::from_key(&document)?,
        sha256: row.get(3)?,
        size_bytes: from_sql(row.get(4)?),
        media_type: row.get(5)?,
        upload,
    })
}

impl Rows {
    /// The kept file with these bytes, for this document.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn attachment(
        &self,
        document: DocumentId,
        sha256: &[u8; 32],
    ) -> Result<Option<AttachmentRow>, StoreError> {
        let mut statement = self.cached(&format!(
            "{COLUMNS} WHERE a.sha256 = ?1 AND a.document = ?2 AND a.state = {KEPT}"
        ))?;
        let mut rows = statement.query((sha256, document.key()))?;
        rows.next()?.map(read_row).transpose()
    }

    /// The small picture of a kept file.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn thumbnail(&self, name: AttachmentName) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self
            .cached("SELECT thumbnail FROM attachment WHERE name = ?1")?
            .query_row([name.0], |row| row.get(0))
            .optional()?;
        Ok(found.flatten())
    }

    /// The files that only this phone has, in the order in which they were made,
    /// after one that was seen before.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn attachments_pending(
        &self,
        after: Option<AttachmentName>,
        limit: u32,
    ) -> Result<Vec<AttachmentRow>, StoreError> {
        let mut statement = self.cached(&format!(
            "{COLUMNS} WHERE a.state = {KEPT} AND a.upload = 0 AND a.name > ?1
             ORDER BY a.name LIMIT ?2"
        ))?;
        let after = after.map_or_else(Vec::new, |name| name.0.to_vec());
        let mut rows = statement.query((after, limit))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read_row(row)?);
        }
        Ok(found)
    }

    /// How many files only this phone has.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn attachments_unsent(&self) -> Result<u64, StoreError> {
        let count = self
            .cached("SELECT count(*) FROM attachment WHERE state = 1 AND upload = 0")?
            .query_row([], |row| row.get(0))?;
        Ok(from_sql(count))
    }

    /// How many files of a patient only this phone has.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn attachments_unsent_of(&self, patient: PatientId) -> Result<u64, StoreError> {
        let Some(p) = self.find_patient(patient)? else {
            return Ok(0);
        };
        let count = self
            .cached("SELECT count(*) FROM attachment WHERE state = 1 AND upload = 0 AND p = ?1")?
            .query_row([p], |row| row.get(0))?;
        Ok(from_sql(count))
    }

    /// Bytes of the kept files together, and of those among them that only this
    /// phone has.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn attachment_bytes(&self) -> Result<(u64, u64), StoreError> {
        let (all, pending) = self
            .cached(
                "SELECT total(size_bytes), total(iif(upload = 0, size_bytes, 0))
                 FROM attachment WHERE state = 1",
            )?
            .query_row([], |row| Ok((row.get::<_, f64>(0)?, row.get::<_, f64>(1)?)))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "sums of sizes are whole, positive and far below 2^53"
        )]
        Ok((all as u64, pending as u64))
    }

    /// Files that the backend has too, the ones looked at longest ago first.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn attachments_evictable(
        &self,
        limit: u32,
    ) -> Result<Vec<(AttachmentName, u64)>, StoreError> {
        let mut statement = self.cached(
            "SELECT name, size_bytes FROM attachment WHERE state = 1 AND upload = 1
             ORDER BY used_ms, name LIMIT ?1",
        )?;
        let rows = statement.query_map([limit], |row| {
            Ok((AttachmentName(row.get(0)?), from_sql(row.get(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Files that nobody was told of: being written when the process ended. With
    /// `gone`, those to be removed.
    fn attachments_in(&self, state: i64) -> Result<Vec<(AttachmentName, DocumentId)>, StoreError> {
        let mut statement =
            self.cached("SELECT name, document FROM attachment WHERE state = ?1 ORDER BY name")?;
        let mut rows = statement.query([state])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let document: [u8; 17] = row.get(1)?;
            found.push((
                AttachmentName(row.get(0)?),
                DocumentId::from_key(&document)?,
            ));
        }
        Ok(found)
    }

    /// Files that were begun and that no edit named: a kill came in between.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn attachments_begun(&self) -> Result<Vec<(AttachmentName, DocumentId)>, StoreError> {
        self.attachments_in(0)
    }

    /// Files whose rows are done with: remove the file, then
    /// [`WriteTx::forget_attachment`].
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn attachments_gone(&self) -> Result<Vec<(AttachmentName, DocumentId)>, StoreError> {
        self.attachments_in(GONE)
    }
}

impl WriteTx<'_> {
    /// Notes that a file is about to be written.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn begin_attachment(
        &self,
        name: AttachmentName,
        document: DocumentId,
        patient: PatientId,
        at: Millis,
    ) -> Result<(), StoreError> {
        let p = self.patient_number(patient)?;
        self.cached(
            "INSERT INTO attachment (name, p, document, state, used_ms) VALUES (?1, ?2, ?3, 0, ?4)",
        )?
        .execute((name.0, p, document.key(), at.0))?;
        Ok(())
    }

    /// The file is written and durable, and an edit of this transaction names it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it was not begun; [`StoreError`] of the write.
    pub fn keep_attachment(
        &self,
        name: AttachmentName,
        written: &WrittenAttachment<'_>,
        upload: &UploadState,
    ) -> Result<(), StoreError> {
        let upload = i64::from(*upload == UploadState::Sent);
        let changed = self
            .cached(
                "UPDATE attachment SET state = 1, sha256 = ?2, size_bytes = ?3, media_type = ?4,
                 thumbnail = ?5, upload = ?6 WHERE name = ?1 AND state = 0",
            )?
            .execute((
                name.0,
                written.sha256,
                to_sql(written.size_bytes)?,
                written.media_type,
                written.thumbnail,
                upload,
            ))?;
        if changed == 1 {
            Ok(())
        } else {
            Err(StoreError::Missing)
        }
    }

    /// What became of sending a file.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn attachment_sent(
        &self,
        name: AttachmentName,
        outcome: &UploadState,
    ) -> Result<(), StoreError> {
        let (upload, refusal) = match outcome {
            UploadState::Pending => (0, None),
            UploadState::Sent => (SENT, None),
            UploadState::Refused { code } => (REFUSED, Some(code.as_str())),
        };
        self.cached("UPDATE attachment SET upload = ?2, refusal = ?3 WHERE name = ?1")?
            .execute((name.0, upload, refusal))?;
        Ok(())
    }

    /// The backend was restored from a backup: every file is offered again. One
    /// that it still has costs a question.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn offer_attachments_again(&self) -> Result<(), StoreError> {
        self.cached("UPDATE attachment SET upload = 0, refusal = NULL WHERE state = 1")?
            .execute([])?;
        Ok(())
    }

    /// A file was looked at.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn attachment_used(&self, name: AttachmentName, at: Millis) -> Result<(), StoreError> {
        self.cached("UPDATE attachment SET used_ms = max(used_ms, ?2) WHERE name = ?1")?
            .execute((name.0, at.0))?;
        Ok(())
    }

    /// A file is to be removed; its row stays until it is.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn drop_attachment(&self, name: AttachmentName) -> Result<(), StoreError> {
        self.cached("UPDATE attachment SET state = 2, thumbnail = NULL WHERE name = ?1")?
            .execute([name.0])?;
        Ok(())
    }

    /// The file is removed.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn forget_attachment(&self, name: AttachmentName) -> Result<(), StoreError> {
        self.cached("DELETE FROM attachment WHERE name = ?1")?
            .execute([name.0])?;
        Ok(())
    }

    /// Every file of a patient is to be removed.
    pub(super) fn purge_attachments(&self, p: i64) -> Result<u64, StoreError> {
        let changed = self
            .cached("UPDATE attachment SET state = 2, thumbnail = NULL WHERE p = ?1")?
            .execute([p])?;
        Ok(changed as u64)
    }

    /// A row of another store's, as a recovery brings it.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn adopt_attachment(&self, row: &AttachmentRow, at: Millis) -> Result<(), StoreError> {
        self.cached(
            "INSERT OR IGNORE INTO attachment
             (name, document, state, sha256, size_bytes, media_type, upload, used_ms)
             VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            row.name.0,
            row.document.key(),
            row.sha256,
            to_sql(row.size_bytes)?,
            &row.media_type,
            i64::from(row.upload == UploadState::Sent),
            at.0,
        ))?;
        Ok(())
    }

    /// Says whose the files of a document are that a recovery brought.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub(super) fn rehome_attachments(&self, id: DocumentId, p: i64) -> Result<(), StoreError> {
        self.cached("UPDATE attachment SET p = ?2 WHERE document = ?1 AND p IS NULL")?
            .execute((id.key(), p))?;
        Ok(())
    }
}
