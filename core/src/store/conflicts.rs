//! Fields on which two people disagree, open and settled.

use serde_json::Value;
use uuid::Uuid;

use super::{Rows, StoreError, WriteTx};
use crate::model::{DocumentId, FieldPath, Millis, PersonId};

/// A conflict that a document has.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenConflict {
    /// The field.
    pub path: FieldPath,
    /// The values with their authors and stamps, as the app wants them back.
    pub body: Value,
    /// The later of the stamps that disagree.
    pub opened: Millis,
}

/// A stored conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictRow {
    /// Names it.
    pub id: i64,
    /// In which document.
    pub document: DocumentId,
    /// What disagrees.
    pub conflict: OpenConflict,
    /// When it was settled and by whom, if that is known; none: it is open.
    pub settled: Option<(Millis, Option<PersonId>)>,
}

const COLUMNS: &str = "SELECT c.c, d.key, c.path, c.body, c.opened_ms, c.settled_ms, c.settled_by
    FROM conflict c JOIN document d USING (doc)";

impl Rows {
    /// How many conflicts of a document are open.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn open_conflicts(&self, id: DocumentId) -> Result<u32, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(0);
        };
        Ok(self
            .cached("SELECT count(*) FROM conflict WHERE doc = ?1 AND settled_ms IS NULL")?
            .query_row([doc], |row| row.get(0))?)
    }

    /// A document's conflicts, the open ones first.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn conflicts_of(&self, id: DocumentId) -> Result<Vec<ConflictRow>, StoreError> {
        let Some(doc) = self.find(id)? else {
            return Ok(Vec::new());
        };
        let mut statement = self.cached(&format!(
            "{COLUMNS} WHERE c.doc = ?1 ORDER BY c.settled_ms IS NOT NULL, c.path, c.c"
        ))?;
        read_all(statement.query([doc])?)
    }

    /// Every open conflict, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn all_open_conflicts(&self) -> Result<Vec<ConflictRow>, StoreError> {
        let mut statement = self.cached(&format!(
            "{COLUMNS} WHERE c.settled_ms IS NULL ORDER BY c.opened_ms, c.c"
        ))?;
        read_all(statement.query([])?)
    }
}

fn read_all(mut rows: rusqlite::Rows<'_>) -> Result<Vec<ConflictRow>, StoreError> {
    let mut conflicts = Vec::new();
    while let Some(row) = rows.next()? {
        let key: Vec<u8> = row.get(1)?;
        let body: String = row.get(3)?;
        let by: Option<[u8; 16]> = row.get(6)?;
        let by = by.map(|bytes| PersonId(Uuid::from_bytes(bytes)));
        let settled: Option<i64> = row.get(5)?;
        conflicts.push(ConflictRow {
            id: row.get(0)?,
            document: DocumentId::from_key(&key)?,
            conflict: OpenConflict {
                path: FieldPath(row.get(2)?),
                body: serde_json::from_str(&body).map_err(|_| StoreError::Damaged)?,
                opened: Millis(row.get(4)?),
            },
            settled: settled.map(|at| (Millis(at), by)),
        });
    }
    Ok(conflicts)
}

impl WriteTx<'_> {
    /// Makes `open` the open conflicts of a document. One that is no longer among them
    /// is marked settled at `now` by `by`. Costs one read when there were none and are
    /// none.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown document, and of the write.
    pub fn put_conflicts(
        &self,
        id: DocumentId,
        open: &[OpenConflict],
        now: Millis,
        by: Option<PersonId>,
    ) -> Result<(), StoreError> {
        let doc = self.require(id)?;
        let before: Vec<ConflictRow> = if self.open_conflicts(id)? == 0 {
            Vec::new()
        } else {
            let mut all = self.conflicts_of(id)?;
            all.retain(|row| row.settled.is_none());
            all
        };
        if before.is_empty() && open.is_empty() {
            return Ok(());
        }
        for row in &before {
            if !open.iter().any(|one| one.path == row.conflict.path) {
                self.cached("UPDATE conflict SET settled_ms = ?2, settled_by = ?3 WHERE c = ?1")?
                    .execute((row.id, now.0, by.map(|person| *person.bytes())))?;
            }
        }
        for one in open {
            let body = serde_json::to_string(&one.body).map_err(|_| StoreError::Internal(0))?;
            match before.iter().find(|row| row.conflict.path == one.path) {
                Some(row) if row.conflict == *one => {}
                Some(row) => {
                    self.cached("UPDATE conflict SET body = ?2, opened_ms = ?3 WHERE c = ?1")?
                        .execute((row.id, body, one.opened.0))?;
                }
                None => {
                    self.cached(
                        "INSERT INTO conflict (doc, path, body, opened_ms) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute((doc, &one.path.0, body, one.opened.0))?;
                }
            }
        }
        if before.len() != open.len() {
            self.list_conflicts(doc, u32::try_from(open.len()).unwrap_or(u32::MAX))?;
        }
        Ok(())
    }
}
