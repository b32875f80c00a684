//! Proofs that the backend had accepted what this phone holds.

use super::{Rows, StoreError, WriteTx};
use crate::model::{ChangeHash, DocumentId};

/// The backend had accepted a change and everything that it builds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofRow {
    /// The change.
    pub hash: ChangeHash,
    /// For the backend alone to read.
    pub code: [u8; 16],
    /// The backend was put back to a backup since, and has not said that it has it.
    pub open: bool,
}

impl Rows {
    /// The proofs of a document.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn proofs_of(&self, id: DocumentId) -> Result<Vec<ProofRow>, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(Vec::new());
        };
        let mut statement =
            self.cached("SELECT hash, code, open FROM proof WHERE doc = ?1 ORDER BY hash")?;
        let rows = statement.query_map([doc], |row| {
            Ok(ProofRow {
                hash: ChangeHash(row.get(0)?),
                code: row.get(1)?,
                open: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Documents of which the backend may have lost something that it had accepted.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn in_question(&self) -> Result<Vec<DocumentId>, StoreError> {
        let mut statement =
            self.cached("SELECT DISTINCT doc FROM proof WHERE open = 1 ORDER BY doc")?;
        let docs = statement.query_map([], |row| row.get::<_, i64>(0))?;
        docs.map(|doc| self.id_of(doc?)).collect()
    }
}

impl WriteTx<'_> {
    /// Keeps a proof: the backend has this change now.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown document, and of the write.
    pub fn put_proof(
        &self,
        id: DocumentId,
        hash: &ChangeHash,
        code: &[u8; 16],
    ) -> Result<(), StoreError> {
        let doc = self.require(id)?;
        self.cached("INSERT OR REPLACE INTO proof (doc, hash, code, open) VALUES (?1, ?2, ?3, 0)")?
            .execute((doc, hash.0, code))?;
        Ok(())
    }

    /// Forgets the proofs of these changes: a later one proves them too.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn drop_proofs(&self, id: DocumentId, hashes: &[ChangeHash]) -> Result<(), StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(());
        };
        for hash in hashes {
            self.cached("DELETE FROM proof WHERE doc = ?1 AND hash = ?2")?
                .execute((doc, hash.0))?;
        }
        Ok(())
    }

    /// The backend was put back to a backup: it may have lost any of it.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn question_proofs(&self) -> Result<(), StoreError> {
        self.cached("UPDATE proof SET open = 1")?.execute([])?;
        Ok(())
    }

    /// The backend has everything of this document again.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn settle_proofs(&self, id: DocumentId) -> Result<(), StoreError> {
        let doc = self.require(id)?;
        self.cached("UPDATE proof SET open = 0 WHERE doc = ?1")?
            .execute([doc])?;
        Ok(())
    }
}
