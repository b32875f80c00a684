//! The truth: changes, folds of changes, whole documents; and snapshots, a cache.

use std::collections::BTreeSet;

use rusqlite::OptionalExtension;

use super::keys::{change_range, next_change};
use super::{Rows, StoreError, WriteTx, from_sql, to_sql};
use crate::model::{ChangeHash, DocumentId, Refused};

const FORM_CHANGE: i64 = 0;
const FORM_FOLD: i64 = 1;
const FORM_WHOLE: i64 = 2;

/// A change that the backend has: pulled, or one's own that came back.
#[derive(Debug, Clone, Copy)]
pub struct NewChange<'a> {
    /// Its name.
    pub hash: ChangeHash,
    /// The backend's number, if it is known.
    pub seq: Option<u64>,
    /// Made on this phone.
    pub own: bool,
    /// The change.
    pub bytes: &'a [u8],
}

/// A piece of a document's truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// One change.
    Change {
        /// Its name.
        hash: ChangeHash,
        /// In the outbox still.
        unsent: bool,
        /// The change.
        bytes: Vec<u8>,
    },
    /// Many changes, folded without loss.
    Fold(Vec<u8>),
    /// A document as it came in one piece.
    Whole(Vec<u8>),
}

/// What a document is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentParts {
    /// The document at some heads, and those heads.
    pub snapshot: Option<(Vec<ChangeHash>, Vec<u8>)>,
    /// What came after the snapshot, or everything, in the order of arrival: nothing
    /// depends on what comes later.
    pub rest: Vec<Stored>,
}

impl Rows {
    /// What a document is built from; none: the document is not known.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn document_parts(&self, id: DocumentId) -> Result<Option<DocumentParts>, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(None);
        };
        let found: Option<(Vec<u8>, i64, Vec<u8>)> = self
            .cached("SELECT heads, upto, bytes FROM snapshot WHERE doc = ?1")?
            .query_row([doc], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let (first, last) = change_range(doc);
        let Some((heads, upto, bytes)) = found else {
            let rest = self.stored(first - 1, last)?;
            return Ok(Some(DocumentParts {
                snapshot: None,
                rest,
            }));
        };
        let heads = heads
            .chunks(32)
            .map(ChangeHash::from_bytes)
            .collect::<Result<_, _>>()?;
        Ok(Some(DocumentParts {
            snapshot: Some((heads, self.codec.inflate(&bytes)?)),
            rest: self.stored(upto, last)?,
        }))
    }

    /// Everything that a document is built from, without its snapshot.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn document_truth(&self, id: DocumentId) -> Result<Vec<Stored>, StoreError> {
        match self.find(id)? {
            None => Ok(Vec::new()),
            Some(doc) => {
                let (first, last) = change_range(doc);
                self.stored(first - 1, last)
            }
        }
    }

    /// Whether the store has anything that a document is built from.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn has_truth(&self, id: DocumentId) -> Result<bool, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(false);
        };
        Ok(self
            .cached(
                "SELECT EXISTS (SELECT 1 FROM change WHERE id BETWEEN ?1 AND ?2)
                 OR EXISTS (SELECT 1 FROM outbox WHERE id BETWEEN ?1 AND ?2)",
            )?
            .query_row(change_range(doc), |row| row.get(0))?)
    }

    /// How many pieces of a document's truth came after its snapshot, or are there
    /// at all.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn parts_since_snapshot(&self, id: DocumentId) -> Result<u64, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(0);
        };
        let upto: Option<i64> = self
            .cached("SELECT upto FROM snapshot WHERE doc = ?1")?
            .query_row([doc], |row| row.get(0))
            .optional()?;
        let (first, last) = change_range(doc);
        let count: i64 = self
            .cached(
                "SELECT (SELECT count(*) FROM change WHERE id > ?1 AND id <= ?2)
                 + (SELECT count(*) FROM outbox WHERE id > ?1 AND id <= ?2)",
            )?
            .query_row((upto.unwrap_or(first - 1), last), |row| row.get(0))?;
        Ok(from_sql(count))
    }

    fn stored(&self, after: i64, last: i64) -> Result<Vec<Stored>, StoreError> {
        let mut statement = self.cached(
            "SELECT id, form, hash, bytes, 0 FROM change WHERE id > ?1 AND id <= ?2
             UNION ALL
             SELECT id, 0, hash, bytes, 1 FROM outbox WHERE id > ?1 AND id <= ?2
             ORDER BY 1",
        )?;
        let mut rows = statement.query((after, last))?;
        let mut stored = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(3)?.as_blob().map_err(|_| StoreError::Damaged)?;
            stored.push(match row.get(1)? {
                FORM_FOLD => Stored::Fold(self.codec.inflate(bytes)?),
                FORM_WHOLE => Stored::Whole(self.codec.inflate(bytes)?),
                _ => Stored::Change {
                    hash: ChangeHash(row.get(2)?),
                    unsent: row.get(4)?,
                    bytes: bytes.to_vec(),
                },
            });
        }
        Ok(stored)
    }

    /// Whether the store has this change as a row of its own, sent or unsent. What a
    /// fold or a whole document holds only the document itself can tell.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn has_change(&self, id: DocumentId, hash: &ChangeHash) -> Result<bool, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(false);
        };
        let (first, last) = change_range(doc);
        Ok(self
            .cached(
                "SELECT EXISTS (SELECT 1 FROM change WHERE id BETWEEN ?1 AND ?2 AND hash = ?3)
                 OR EXISTS (SELECT 1 FROM outbox WHERE id BETWEEN ?1 AND ?2 AND hash = ?3)",
            )?
            .query_row((first, last, hash.0), |row| row.get(0))?)
    }

    /// The next free key, over both tables.
    pub(super) fn next_key(&self, doc: i64) -> Result<i64, StoreError> {
        let (first, last) = change_range(doc);
        let highest = self
            .cached(
                "SELECT max(coalesce((SELECT max(id) FROM change WHERE id BETWEEN ?1 AND ?2), -1),
                            coalesce((SELECT max(id) FROM outbox WHERE id BETWEEN ?1 AND ?2), -1))",
            )?
            .query_row((first, last), |row| row.get::<_, i64>(0))?;
        next_change(doc, (highest >= 0).then_some(highest))
    }

    /// Acknowledged changes that are rows of their own and came before the first unsent
    /// one, in the order of arrival: what a fold may take.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn foldable(&self, id: DocumentId) -> Result<Vec<(ChangeHash, Vec<u8>)>, StoreError> {
        let (first, last) = change_range(self.require(id)?);
        let mut statement = self.cached(
            "SELECT hash, bytes FROM change WHERE id BETWEEN ?1 AND ?2 AND form = 0
             AND id < coalesce((SELECT min(id) FROM outbox WHERE id BETWEEN ?1 AND ?2), ?2 + 1)
             ORDER BY id",
        )?;
        let rows = statement.query_map((first, last), |row| {
            Ok((ChangeHash(row.get(0)?), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Documents with at least `changes_min` acknowledged changes that are rows of
    /// their own: worth folding.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn worth_folding(&self, changes_min: u32) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement = self.cached(
            "SELECT id >> 20 FROM change WHERE form = 0 GROUP BY id >> 20 HAVING count(*) >= ?1",
        )?;
        let docs = statement.query_map([changes_min], |row| row.get::<_, i64>(0))?;
        docs.map(|doc| self.id_of(doc?)).collect()
    }

    /// Documents of which something came in one piece.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn kept_whole(&self) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement =
            self.cached("SELECT DISTINCT id >> 20 FROM change WHERE form = 2 ORDER BY 1")?;
        let docs = statement.query_map([], |row| row.get::<_, i64>(0))?;
        docs.map(|doc| self.id_of(doc?)).collect()
    }
}

impl WriteTx<'_> {
    /// Adds changes that the backend has. What the store has already is left as it
    /// is; an unsent change that comes back is thereby acknowledged. A change that a
    /// fold or a whole document holds is not recognised: ask the document first.
    /// Answers how many were new.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown document, and of the write.
    pub fn append_changes(
        &self,
        id: DocumentId,
        changes: &[NewChange<'_>],
    ) -> Result<usize, StoreError> {
        let doc = self.require(id)?;
        let (first, last) = change_range(doc);
        let mut known: BTreeSet<[u8; 32]> = self
            .cached("SELECT hash FROM change WHERE id BETWEEN ?1 AND ?2 AND form = 0")?
            .query_map((first, last), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let unsent = self.unsent_of(id)? > 0;
        let mut new = 0;
        let mut key = None;
        for change in changes {
            if !known.insert(change.hash.0) {
                continue;
            }
            if unsent && self.acknowledge(id, &change.hash, change.seq)? {
                continue;
            }
            let free = match key {
                None => self.next_key(doc)?,
                taken => next_change(doc, taken)?,
            };
            self.put_change(free, change)?;
            key = Some(free);
            new += 1;
        }
        Ok(new)
    }

    /// Adds a document that came in one piece.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown document, and of the write.
    pub fn append_whole(&self, id: DocumentId, bytes: &[u8]) -> Result<(), StoreError> {
        let key = self.next_key(self.require(id)?)?;
        self.insert_blob(key, FORM_WHOLE, bytes)
    }

    fn insert_blob(&self, key: i64, form: i64, bytes: &[u8]) -> Result<(), StoreError> {
        let packed = self.codec.compress(bytes)?;
        self.cached("INSERT INTO change (id, form, own, bytes) VALUES (?1, ?2, 0, ?3)")?
            .execute((key, form, packed))?;
        Ok(())
    }

    /// Puts `fold`, which holds `hashes` without loss, in the place of their rows. Only
    /// acknowledged changes can be folded, and only those before the first unsent one:
    /// so order of arrival stays order of dependence. With `earlier_too`, `fold` holds
    /// what earlier folds held as well and replaces them.
    ///
    /// # Errors
    /// [`StoreError::Refused`] unless `hashes` are the first of [`Rows::foldable`].
    pub fn fold(
        &self,
        id: DocumentId,
        hashes: &[ChangeHash],
        fold: &[u8],
        earlier_too: bool,
    ) -> Result<(), StoreError> {
        let (first, last) = change_range(self.require(id)?);
        let wanted: BTreeSet<[u8; 32]> = hashes.iter().map(|hash| hash.0).collect();
        let mut statement = self.cached(
            "SELECT id, hash FROM change WHERE id BETWEEN ?1 AND ?2 AND form = 0
             AND id < coalesce((SELECT min(id) FROM outbox WHERE id BETWEEN ?1 AND ?2), ?2 + 1)
             ORDER BY id",
        )?;
        let mut rows = statement.query((first, last))?;
        let (mut found, mut at) = (BTreeSet::new(), None);
        while let Some(row) = rows.next()? {
            let hash: [u8; 32] = row.get(1)?;
            if !wanted.contains(&hash) {
                break;
            }
            found.insert(hash);
            at = Some(row.get::<_, i64>(0)?);
        }
        drop(rows);
        // In the place of the last one: a key is never given twice, so that a snapshot
        // from before the fold still knows what came after it.
        let (true, Some(at)) = (found == wanted, at) else {
            return Err(Refused::new("hashes", "the first foldable changes").into());
        };
        self.cached("DELETE FROM change WHERE id BETWEEN ?1 AND ?2 AND form = 0")?
            .execute((first, at))?;
        if earlier_too {
            self.cached("DELETE FROM change WHERE id BETWEEN ?1 AND ?2 AND form = 1")?
                .execute((first, at))?;
        }
        self.insert_blob(at, FORM_FOLD, fold)
    }

    /// The reverse of folding: puts the changes of each fold of a document back as
    /// rows. `folds` has one list for each [`Stored::Fold`], in their order. What is there
    /// more than once stays where it came first.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the number of folds or of changes does not fit.
    pub fn unfold(&self, id: DocumentId, folds: &[Vec<NewChange<'_>>]) -> Result<(), StoreError> {
        let (first, last) = change_range(self.require(id)?);
        let mut statement = self
            .cached("SELECT id FROM change WHERE id BETWEEN ?1 AND ?2 AND form = 1 ORDER BY id")?;
        let keys: Vec<i64> = statement
            .query_map((first, last), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if keys.len() != folds.len() {
            return Err(Refused::new("folds", "one list for each fold").into());
        }
        let mut seen = BTreeSet::new();
        for (fold, changes) in keys.into_iter().zip(folds) {
            self.cached("DELETE FROM change WHERE id = ?1")?
                .execute([fold])?;
            let once: Vec<_> = changes.iter().filter(|it| seen.insert(it.hash.0)).collect();
            let mut key = fold;
            for change in once.into_iter().rev() {
                self.cached(
                    "DELETE FROM change WHERE id BETWEEN ?1 AND ?2 AND form = 0 AND hash = ?3",
                )?
                .execute((fold, last, change.hash.0))?;
                key = self.free_key(first, key)?;
                self.put_change(key, change)?;
            }
        }
        self.drop_snapshot(id)
    }

    /// The highest key not above `key` that nothing has.
    fn free_key(&self, first: i64, mut key: i64) -> Result<i64, StoreError> {
        while self
            .cached(
                "SELECT EXISTS (SELECT 1 FROM change WHERE id = ?1)
                 OR EXISTS (SELECT 1 FROM outbox WHERE id = ?1)",
            )?
            .query_row([key], |row| row.get(0))?
        {
            key -= 1;
        }
        if key < first {
            return Err(Refused::new("folds", "as many changes as were folded").into());
        }
        Ok(key)
    }

    fn put_change(&self, key: i64, change: &NewChange<'_>) -> Result<(), StoreError> {
        self.cached(
            "INSERT INTO change (id, form, own, seq, hash, bytes) VALUES (?1, 0, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            key,
            change.own,
            change.seq.map(to_sql).transpose()?,
            change.hash.0,
            change.bytes,
        ))?;
        Ok(())
    }

    /// Keeps a document at its heads, so that opening it need not replay. Call it with
    /// everything applied that the store has of the document.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown document, and of the write.
    pub fn put_snapshot(
        &self,
        id: DocumentId,
        heads: &[ChangeHash],
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let doc = self.require(id)?;
        let upto = self.next_key(doc)? - 1;
        let heads: Vec<u8> = heads.iter().flat_map(|hash| hash.0).collect();
        self.cached(
            "INSERT INTO snapshot (doc, heads, upto, bytes) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (doc) DO UPDATE SET heads = ?2, upto = ?3, bytes = ?4",
        )?
        .execute((doc, heads, upto, self.codec.compress(bytes)?))?;
        Ok(())
    }

    /// Drops the snapshot of one document, as when its truth was rewritten.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn drop_snapshot(&self, id: DocumentId) -> Result<(), StoreError> {
        if let Some(doc) = self.find(id)? {
            self.cached("DELETE FROM snapshot WHERE doc = ?1")?
                .execute([doc])?;
        }
        Ok(())
    }
}

pub(super) const OWN_CHANGES: i64 = FORM_CHANGE;
