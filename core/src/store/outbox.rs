//! Local changes that the backend has not acknowledged. They are the truth as much
//! as the others and no code path deletes one: it is acknowledged, or rejected into
//! the quarantine, or escrowed before a purge.

use rusqlite::OptionalExtension;

use super::keys::{change_range, document_of_change};
use super::{Rows, StoreError, WriteTx, changes, from_sql, to_sql};
use crate::model::{ChangeHash, DocumentId, Millis, PatientId};

/// A local change on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// Whose.
    pub document: DocumentId,
    /// Its name.
    pub hash: ChangeHash,
    /// When it was made, by the wall clock.
    pub at: Millis,
    /// The change.
    pub bytes: Vec<u8>,
}

fn read_unsent(row: &rusqlite::Row<'_>) -> Result<Unsent, StoreError> {
    let key: [u8; 17] = row.get(0)?;
    Ok(Unsent {
        document: DocumentId::from_key(&key)?,
        hash: ChangeHash(row.get(1)?),
        at: Millis(row.get(2)?),
        bytes: row.get(3)?,
    })
}

impl Rows {
    /// How many changes are unsent.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn unsent(&self) -> Result<u64, StoreError> {
        let count = self
            .cached("SELECT count(*) FROM outbox")?
            .query_row([], |row| row.get(0))?;
        Ok(from_sql(count))
    }

    /// The names of the unsent changes.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn unsent_hashes(&self) -> Result<Vec<ChangeHash>, StoreError> {
        let mut statement = self.cached("SELECT hash FROM outbox")?;
        let rows = statement.query_map([], |row| row.get(0).map(ChangeHash))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many changes of a document are unsent.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn unsent_of(&self, id: DocumentId) -> Result<u64, StoreError> {
        self.find(id)?.map_or(Ok(0), |doc| self.unsent_in(doc))
    }

    pub(super) fn unsent_in(&self, doc: i64) -> Result<u64, StoreError> {
        let count = self
            .cached("SELECT count(*) FROM outbox WHERE id BETWEEN ?1 AND ?2")?
            .query_row(change_range(doc), |row| row.get(0))?;
        Ok(from_sql(count))
    }

    /// How many changes of a patient's documents are unsent.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn unsent_of_patient(&self, patient: PatientId) -> Result<u64, StoreError> {
        self.documents_of(patient)?
            .into_iter()
            .map(|id| self.unsent_of(id))
            .sum()
    }

    /// The documents with unsent changes: how many, and when the oldest was made;
    /// the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn unsent_by_document(&self) -> Result<Vec<(DocumentId, u64, Millis)>, StoreError> {
        let mut statement = self.cached(
            "SELECT key, count(*), min(at_ms) FROM outbox GROUP BY key ORDER BY min(at_ms), key",
        )?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let key: [u8; 17] = row.get(0)?;
            let count = from_sql(row.get(1)?);
            found.push((DocumentId::from_key(&key)?, count, Millis(row.get(2)?)));
        }
        Ok(found)
    }

    /// When the oldest unsent change was made.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn oldest_unsent(&self) -> Result<Option<Millis>, StoreError> {
        let at: Option<i64> = self
            .cached("SELECT min(at_ms) FROM outbox")?
            .query_row([], |row| row.get(0))?;
        Ok(at.map(Millis))
    }

    /// The next changes to push, at most `changes_max` of them and about `bytes_max`
    /// together (one change always fits). Documents go by priority, then age; inside
    /// a document the order is the one in which the changes were made. Documents in
    /// `skip` stay for another round.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn outbox_page(
        &self,
        bytes_max: usize,
        changes_max: usize,
        skip: &[DocumentId],
    ) -> Result<Vec<Unsent>, StoreError> {
        let mut documents = self.cached(
            "SELECT id >> 20 FROM outbox GROUP BY 1 ORDER BY min(priority), min(at_ms), 1",
        )?;
        let docs: Vec<i64> = documents
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut statement = self.cached(
            "SELECT key, hash, at_ms, bytes FROM outbox WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
        )?;
        let (mut page, mut size) = (Vec::new(), 0);
        for doc in docs {
            let mut rows = statement.query(change_range(doc))?;
            while let Some(row) = rows.next()? {
                let unsent = read_unsent(row)?;
                if skip.contains(&unsent.document) {
                    break;
                }
                size += unsent.bytes.len();
                if page.len() >= changes_max || (size > bytes_max && !page.is_empty()) {
                    return Ok(page);
                }
                page.push(unsent);
            }
        }
        Ok(page)
    }

    /// A document's unsent changes, in the order in which they were made.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn unsent_changes(&self, id: DocumentId) -> Result<Vec<Unsent>, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(Vec::new());
        };
        let mut statement = self.cached(
            "SELECT key, hash, at_ms, bytes FROM outbox WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
        )?;
        let mut rows = statement.query(change_range(doc))?;
        let mut unsent = Vec::new();
        while let Some(row) = rows.next()? {
            unsent.push(read_unsent(row)?);
        }
        Ok(unsent)
    }

    /// The document of an unsent change; none: it is not unsent.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn document_of_unsent(&self, hash: &ChangeHash) -> Result<Option<DocumentId>, StoreError> {
        let key: Option<[u8; 17]> = self
            .cached("SELECT key FROM outbox WHERE hash = ?1")?
            .query_row([hash.0], |row| row.get(0))
            .optional()?;
        Ok(key.map(|key| DocumentId::from_key(&key)).transpose()?)
    }

    fn outbox_key(&self, doc: i64, hash: &ChangeHash) -> Result<Option<i64>, StoreError> {
        let (first, last) = change_range(doc);
        Ok(self
            .cached("SELECT id FROM outbox WHERE id BETWEEN ?1 AND ?2 AND hash = ?3")?
            .query_row((first, last, hash.0), |row| row.get(0))
            .optional()?)
    }
}

impl WriteTx<'_> {
    /// Adds a change made on this phone: the truth and its place in the queue, in one
    /// row. The lowest `priority` goes first.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown document, and of the write.
    pub fn append_own(
        &self,
        id: DocumentId,
        hash: ChangeHash,
        at: Millis,
        priority: u8,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let key = self.next_key(self.require(id)?)?;
        self.cached(
            "INSERT INTO outbox (id, key, hash, at_ms, priority, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((key, id.key(), hash.0, at.0, priority, bytes))?;
        Ok(())
    }

    /// Moves an unsent change to the acknowledged ones. False: it was not unsent, as
    /// when an answer comes twice.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn acknowledge(
        &self,
        id: DocumentId,
        hash: &ChangeHash,
        seq: Option<u64>,
    ) -> Result<bool, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(false);
        };
        let Some(key) = self.outbox_key(doc, hash)? else {
            return Ok(false);
        };
        self.cached(
            "INSERT INTO change (id, form, own, seq, hash, bytes)
             SELECT id, 0, 1, ?2, hash, bytes FROM outbox WHERE id = ?1",
        )?
        .execute((key, seq.map(to_sql).transpose()?))?;
        self.cached("DELETE FROM outbox WHERE id = ?1")?
            .execute([key])?;
        Ok(true)
    }

    /// Takes an unsent change out of the document, for the quarantine. The caller puts
    /// it there in the same transaction and rebuilds the document; its snapshot, which
    /// may hold the change, is dropped. None: it was not unsent.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn reject(&self, id: DocumentId, hash: &ChangeHash) -> Result<Option<Unsent>, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(None);
        };
        let Some(key) = self.outbox_key(doc, hash)? else {
            return Ok(None);
        };
        let unsent = {
            let mut statement =
                self.cached("SELECT key, hash, at_ms, bytes FROM outbox WHERE id = ?1")?;
            let mut rows = statement.query([key])?;
            read_unsent(rows.next()?.ok_or(StoreError::Missing)?)?
        };
        self.cached("DELETE FROM outbox WHERE id = ?1")?
            .execute([key])?;
        self.drop_snapshot(id)?;
        Ok(Some(unsent))
    }

    /// Puts every own change that is a row of its own back into the outbox, as when the
    /// backend was restored from a backup. Answers the documents that also have folded
    /// changes: unfold those first ([`Self::unfold`]).
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn offer_again(&self, at: Millis) -> Result<Vec<DocumentId>, StoreError> {
        self.cached(
            "INSERT OR IGNORE INTO outbox (id, key, hash, at_ms, priority, bytes)
             SELECT c.id, d.key, c.hash, ?1, 0, c.bytes
             FROM change c JOIN document d ON d.doc = c.id >> 20
             WHERE c.form = ?2 AND c.own = 1",
        )?
        .execute((at.0, changes::OWN_CHANGES))?;
        self.cached("DELETE FROM change WHERE form = ?1 AND own = 1")?
            .execute([changes::OWN_CHANGES])?;
        let mut statement =
            self.cached("SELECT DISTINCT id FROM change WHERE form = 1 ORDER BY id")?;
        let mut folded: Vec<i64> = statement
            .query_map([], |row| row.get(0).map(document_of_change))?
            .collect::<Result<_, _>>()?;
        folded.dedup();
        folded.into_iter().map(|doc| self.id_of(doc)).collect()
    }
}
