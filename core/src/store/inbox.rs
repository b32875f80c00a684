//! What came and is not in its document yet: changes that wait for others, in a
//! bounded place, and arrivals that are taken in later, in idle slices.

use super::{Rows, StoreError, WriteTx, from_sql, to_sql};
use crate::model::{ChangeHash, DocumentId};

/// Changes of one document that may wait for others.
pub const WAITING_CHANGES_MAX: u64 = 1024;
/// Bytes of changes of one document that may wait for others.
pub const WAITING_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Documents in which changes may wait for others.
pub const WAITING_DOCUMENTS_MAX: u64 = 4096;

/// What an arrival is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrivalKind {
    /// One change, by its hash.
    Change(ChangeHash),
    /// A document in one piece.
    Whole,
}

/// Something that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What it is.
    pub kind: ArrivalKind,
    /// The backend's number, if it is known.
    pub seq: Option<u64>,
    /// The change or the document.
    pub bytes: Vec<u8>,
}

const WAITING: i64 = 0;
const LATER_WHOLE: i64 = 1;
const LATER_CHANGE: i64 = 2;

impl Rows {
    fn arrivals(&self, doc: i64, kinds: (i64, i64)) -> Result<Vec<Arrival>, StoreError> {
        let mut statement = self.cached(
            "SELECT kind, seq, hash, bytes FROM inbox
             WHERE doc = ?1 AND kind BETWEEN ?2 AND ?3 ORDER BY i",
        )?;
        let mut rows = statement.query((doc, kinds.0, kinds.1))?;
        let mut arrivals = Vec::new();
        while let Some(row) = rows.next()? {
            let whole = row.get::<_, i64>(0)? == LATER_WHOLE;
            let bytes = row.get_ref(3)?.as_blob().map_err(|_| StoreError::Damaged)?;
            arrivals.push(Arrival {
                kind: if whole {
                    ArrivalKind::Whole
                } else {
                    ArrivalKind::Change(ChangeHash(row.get(2)?))
                },
                seq: row.get::<_, Option<i64>>(1)?.map(from_sql),
                bytes: if whole {
                    self.codec.inflate(bytes)?
                } else {
                    bytes.to_vec()
                },
            });
        }
        Ok(arrivals)
    }

    /// Changes of a document that wait for others.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn waiting(&self, id: DocumentId) -> Result<Vec<Arrival>, StoreError> {
        self.find(id)?
            .map_or(Ok(Vec::new()), |doc| self.arrivals(doc, (WAITING, WAITING)))
    }

    /// A document's arrivals that are to be taken in later, in the order in which they
    /// came; they stay.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn deferred(&self, id: DocumentId) -> Result<Vec<Arrival>, StoreError> {
        self.find(id)?.map_or(Ok(Vec::new()), |doc| {
            self.arrivals(doc, (LATER_WHOLE, LATER_CHANGE))
        })
    }

    /// Documents with arrivals to be taken in later, the lowest priority number first.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn deferred_documents(&self, limit: u32) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement = self.cached(
            "SELECT doc FROM inbox WHERE kind > 0
             GROUP BY doc ORDER BY min(priority), min(i) LIMIT ?1",
        )?;
        let docs = statement.query_map([limit], |row| row.get::<_, i64>(0))?;
        docs.map(|doc| self.id_of(doc?)).collect()
    }

    /// How many documents have arrivals to be taken in later.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn deferred_count(&self) -> Result<u64, StoreError> {
        let count = self
            .cached("SELECT count(DISTINCT doc) FROM inbox WHERE kind > 0")?
            .query_row([], |row| row.get(0))?;
        Ok(from_sql(count))
    }

    /// Whether a document has arrivals to be taken in before it is read or edited.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn is_deferred(&self, id: DocumentId) -> Result<bool, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(false);
        };
        Ok(self
            .cached("SELECT EXISTS (SELECT 1 FROM inbox WHERE doc = ?1 AND kind > 0)")?
            .query_row([doc], |row| row.get(0))?)
    }
}

impl WriteTx<'_> {
    /// Keeps a change until what it depends on has come. The same change twice is kept
    /// once.
    ///
    /// # Errors
    /// [`StoreError::Limit`] when the document or the place is full,
    /// [`StoreError::Missing`] for an unknown document, and of the write.
    pub fn wait(
        &self,
        id: DocumentId,
        hash: ChangeHash,
        seq: Option<u64>,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let doc = self.require(id)?;
        let (count, size, known): (i64, i64, bool) = self
            .cached(
                "SELECT count(*), coalesce(sum(length(bytes)), 0), coalesce(max(hash = ?2), 0)
                 FROM inbox WHERE doc = ?1 AND kind = 0",
            )?
            .query_row((doc, hash.0), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        if known {
            return Ok(());
        }
        let limit = |limit| Err(StoreError::Limit { limit });
        if from_sql(count) >= WAITING_CHANGES_MAX {
            return limit("WAITING_CHANGES_MAX");
        }
        if from_sql(size).saturating_add(bytes.len() as u64) > WAITING_BYTES_MAX {
            return limit("WAITING_BYTES_MAX");
        }
        if count == 0 && self.waiting_documents()? >= WAITING_DOCUMENTS_MAX {
            return limit("WAITING_DOCUMENTS_MAX");
        }
        self.insert_arrival(doc, WAITING, 0, seq, Some(hash), bytes)
    }

    fn waiting_documents(&self) -> Result<u64, StoreError> {
        let count = self
            .cached("SELECT count(DISTINCT doc) FROM inbox WHERE kind = 0")?
            .query_row([], |row| row.get(0))?;
        Ok(from_sql(count))
    }

    /// Removes a change that waited, as when it was taken in or refused.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn release(&self, id: DocumentId, hash: &ChangeHash) -> Result<bool, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(false);
        };
        let gone = self
            .cached("DELETE FROM inbox WHERE doc = ?1 AND kind = 0 AND hash = ?2")?
            .execute((doc, hash.0))?;
        Ok(gone > 0)
    }

    /// Keeps an arrival to be taken in later; the lowest `priority` number goes first.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown document, and of the write.
    pub fn defer(
        &self,
        id: DocumentId,
        priority: u32,
        kind: ArrivalKind,
        seq: Option<u64>,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let doc = self.require(id)?;
        match kind {
            ArrivalKind::Change(hash) => {
                self.insert_arrival(doc, LATER_CHANGE, priority, seq, Some(hash), bytes)
            }
            ArrivalKind::Whole => {
                let packed = self.codec.compress(bytes)?;
                self.insert_arrival(doc, LATER_WHOLE, priority, seq, None, &packed)
            }
        }
    }

    /// Takes a document's deferred arrivals out, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn take_deferred(&self, id: DocumentId) -> Result<Vec<Arrival>, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(Vec::new());
        };
        let arrivals = self.arrivals(doc, (LATER_WHOLE, LATER_CHANGE))?;
        if !arrivals.is_empty() {
            self.cached("DELETE FROM inbox WHERE doc = ?1 AND kind > 0")?
                .execute([doc])?;
        }
        Ok(arrivals)
    }

    fn insert_arrival(
        &self,
        doc: i64,
        kind: i64,
        priority: u32,
        seq: Option<u64>,
        hash: Option<ChangeHash>,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.cached(
            "INSERT INTO inbox (doc, kind, priority, seq, hash, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            doc,
            kind,
            priority,
            seq.map(to_sql).transpose()?,
            hash.map(|one| one.0),
            bytes,
        ))?;
        Ok(())
    }
}
