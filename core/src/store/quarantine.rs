//! Edits that could not stand: terminal, explained, owned by a person until they
//! re-enter, hand over or dismiss them.

use serde_json::Value;
use uuid::Uuid;

use super::{Rows, StoreError, WriteTx, from_sql};
use crate::model::{ChangeHash, DocumentId, Millis, PersonId, Refused};

/// What became of an edit in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuarantineState {
    /// Waits for a person.
    Open,
    /// Was entered again.
    ReEntered,
    /// Somebody else takes care of it.
    HandedOver,
    /// A person said that it is not needed.
    Dismissed,
    /// The patient left this phone: the backend keeps the bytes, sealed, and the phone
    /// the code alone.
    HeldByBackend,
}

impl QuarantineState {
    const ALL: [Self; 5] = [
        Self::Open,
        Self::ReEntered,
        Self::HandedOver,
        Self::Dismissed,
        Self::HeldByBackend,
    ];

    pub(super) const fn code(self) -> i64 {
        self as i64
    }

    fn from_code(code: i64) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|state| state.code() == code)
            .ok_or_else(|| Refused::new("quarantine_state", "0..=4").into())
    }
}

/// An edit to be put in quarantine.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// In which document.
    pub document: DocumentId,
    /// The change.
    pub hash: ChangeHash,
    /// Whose edit, if it is known.
    pub author: Option<PersonId>,
    /// Why: a stable code.
    pub code: String,
    /// Which field, if one.
    pub field: Option<String>,
    /// What was written, readable without the document.
    pub values: Value,
    /// The change itself, to be judged again or handed over.
    pub bytes: Option<Vec<u8>>,
    /// When it was rejected.
    pub at: Millis,
}

/// A row of the quarantine.
#[derive(Debug, Clone, PartialEq)]
pub struct Quarantined {
    /// Names it.
    pub id: i64,
    /// The edit.
    pub rejected: Rejected,
    /// What became of it.
    pub state: QuarantineState,
}

const COLUMNS: &str =
    "SELECT q, key, hash, author, code, field, content, bytes, at_ms, state FROM quarantine";

fn read_row(row: &rusqlite::Row<'_>) -> Result<Quarantined, StoreError> {
    let key: Vec<u8> = row.get(1)?;
    let author: Option<[u8; 16]> = row.get(3)?;
    let content: String = row.get(6)?;
    Ok(Quarantined {
        id: row.get(0)?,
        rejected: Rejected {
            document: DocumentId::from_key(&key)?,
            hash: ChangeHash(row.get(2)?),
            author: author.map(|bytes| PersonId(Uuid::from_bytes(bytes))),
            code: row.get(4)?,
            field: row.get(5)?,
            values: serde_json::from_str(&content).map_err(|_| StoreError::Damaged)?,
            bytes: row.get(7)?,
            at: Millis(row.get(8)?),
        },
        state: QuarantineState::from_code(row.get(9)?)?,
    })
}

impl Rows {
    /// Edits in quarantine, the newest first; in one state alone if given.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn quarantined(
        &self,
        state: Option<QuarantineState>,
    ) -> Result<Vec<Quarantined>, StoreError> {
        let mut statement = self.cached(&format!(
            "{COLUMNS} WHERE ?1 IS NULL OR state = ?1 ORDER BY q DESC"
        ))?;
        let mut rows = statement.query([state.map(QuarantineState::code)])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read_row(row)?);
        }
        Ok(all)
    }

    /// How many edits wait for a person.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn quarantined_open(&self) -> Result<u64, StoreError> {
        let count = self
            .cached("SELECT count(*) FROM quarantine WHERE state = 0")?
            .query_row([], |row| row.get(0))?;
        Ok(from_sql(count))
    }
}

impl WriteTx<'_> {
    /// Puts an edit in quarantine. The same change twice is one row: what became of
    /// the first stays.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn quarantine(&self, rejected: &Rejected) -> Result<i64, StoreError> {
        let p: Option<i64> = match self.find(rejected.document)? {
            None => None,
            Some(doc) => self
                .cached("SELECT p FROM document WHERE doc = ?1")?
                .query_row([doc], |row| row.get(0))?,
        };
        let content =
            serde_json::to_string(&rejected.values).map_err(|_| StoreError::Internal(0))?;
        self.cached(
            "INSERT INTO quarantine (key, p, hash, author, code, field, content, bytes, at_ms, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0) ON CONFLICT (hash) DO NOTHING",
        )?
        .execute((
            rejected.document.key(),
            p,
            rejected.hash.0,
            rejected.author.map(|person| *person.bytes()),
            &rejected.code,
            &rejected.field,
            content,
            &rejected.bytes,
            rejected.at.0,
        ))?;
        Ok(self
            .cached("SELECT q FROM quarantine WHERE hash = ?1")?
            .query_row([rejected.hash.0], |row| row.get(0))?)
    }

    /// Says what became of an edit.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such row, and of the write.
    pub fn set_quarantine_state(&self, id: i64, state: QuarantineState) -> Result<(), StoreError> {
        let changed = self
            .cached("UPDATE quarantine SET state = ?2 WHERE q = ?1")?
            .execute((id, state.code()))?;
        if changed == 0 {
            return Err(StoreError::Missing);
        }
        Ok(())
    }
}
