//! The audit trail: who did what to what, when, each row chained to the one before
//! by SHA-256. It names ids and codes, never values, and outlives a purge.
//!
//! The chain shows a change in the middle. A whole file put back as it was earlier
//! it cannot show: keep [`AuditHead`] in the vault and compare.

use rusqlite::OptionalExtension;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Rows, StoreError, WriteTx, from_sql};
use crate::model::{Millis, PersonId};

/// Separates this chain from every other use of the same hash.
const DOMAIN: &[u8] = b"homeround audit 1";

/// Something that was done.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// When, by the wall clock.
    pub at: Millis,
    /// Who; none: the phone by itself.
    pub person: Option<PersonId>,
    /// What: a stable code, as in `visit.edit`.
    pub action: String,
    /// To what: the bytes of an id or a document's key.
    pub subject: Option<Vec<u8>>,
    /// More codes and ids, never values.
    pub detail: Value,
}

/// A stored row.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// 1, 2, 3, ...
    pub n: u64,
    /// What was done.
    pub entry: AuditEntry,
    /// The chain up to here.
    pub chain: [u8; 32],
}

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// Rows so far.
    pub n: u64,
    /// The last chain value; zeros when there is none.
    pub chain: [u8; 32],
}

/// What reading the whole chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every row follows from the one before.
    Sound(AuditHead),
    /// The first row that is missing or does not follow.
    BrokenAt(u64),
}

struct Fields<'a> {
    n: i64,
    at: i64,
    person: Option<[u8; 16]>,
    action: &'a str,
    subject: Option<&'a [u8]>,
    detail: &'a str,
}

/// Each field with its length before it, so that no two rows read the same.
fn chain(previous: &[u8; 32], fields: &Fields<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(previous);
    hash.update(fields.n.to_be_bytes());
    hash.update(fields.at.to_be_bytes());
    let mut field = |bytes: Option<&[u8]>| match bytes {
        None => hash.update(u64::MAX.to_be_bytes()),
        Some(bytes) => {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
    };
    field(fields.person.as_ref().map(<[u8; 16]>::as_slice));
    field(Some(fields.action.as_bytes()));
    field(fields.subject);
    field(Some(fields.detail.as_bytes()));
    hash.finalize().into()
}

impl Rows {
    /// The end of the chain, as the vault keeps it.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn audit_head(&self) -> Result<AuditHead, StoreError> {
        let last: Option<(i64, [u8; 32])> = self
            .cached("SELECT n, chain FROM audit ORDER BY n DESC LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (n, chain) = last.unwrap_or((0, [0; 32]));
        Ok(AuditHead {
            n: from_sql(n),
            chain,
        })
    }

    /// Rows of the trail, the newest first, before row `before` if given.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn audit_page(&self, before: Option<u64>, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let before = before
            .and_then(|n| i64::try_from(n).ok())
            .unwrap_or(i64::MAX);
        let mut statement = self.cached(
            "SELECT n, at_ms, person, action, subject, detail, chain FROM audit
             WHERE n < ?1 ORDER BY n DESC LIMIT ?2",
        )?;
        let mut rows = statement.query((before, limit))?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            let person: Option<[u8; 16]> = row.get(2)?;
            let detail: String = row.get(5)?;
            page.push(AuditRow {
                n: from_sql(row.get(0)?),
                entry: AuditEntry {
                    at: Millis(row.get(1)?),
                    person: person.map(|bytes| PersonId(Uuid::from_bytes(bytes))),
                    action: row.get(3)?,
                    subject: row.get(4)?,
                    detail: serde_json::from_str(&detail).map_err(|_| StoreError::Damaged)?,
                },
                chain: row.get(6)?,
            });
        }
        Ok(page)
    }

    /// Reads the whole chain.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn verify_audit(&self) -> Result<AuditVerdict, StoreError> {
        let mut statement = self.cached(
            "SELECT n, at_ms, person, action, subject, detail, chain FROM audit ORDER BY n",
        )?;
        let mut rows = statement.query([])?;
        let (mut n, mut previous) = (0_i64, [0; 32]);
        while let Some(row) = rows.next()? {
            n += 1;
            let (action, detail): (String, String) = (row.get(3)?, row.get(5)?);
            let subject: Option<Vec<u8>> = row.get(4)?;
            let expected = chain(
                &previous,
                &Fields {
                    n,
                    at: row.get(1)?,
                    person: row.get(2)?,
                    action: &action,
                    subject: subject.as_deref(),
                    detail: &detail,
                },
            );
            if row.get::<_, i64>(0)? != n || row.get::<_, [u8; 32]>(6)? != expected {
                return Ok(AuditVerdict::BrokenAt(from_sql(n)));
            }
            previous = expected;
        }
        Ok(AuditVerdict::Sound(AuditHead {
            n: from_sql(n),
            chain: previous,
        }))
    }
}

impl WriteTx<'_> {
    /// Adds a row to the trail and answers the new end of the chain.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn audit(&self, entry: &AuditEntry) -> Result<AuditHead, StoreError> {
        let head = self.audit_head()?;
        let n = i64::try_from(head.n).unwrap_or(i64::MAX - 1) + 1;
        let detail = serde_json::to_string(&entry.detail).map_err(|_| StoreError::Internal(0))?;
        let fields = Fields {
            n,
            at: entry.at.0,
            person: entry.person.map(|person| *person.bytes()),
            action: &entry.action,
            subject: entry.subject.as_deref(),
            detail: &detail,
        };
        let chain = chain(&head.chain, &fields);
        self.cached(
            "INSERT INTO audit (n, at_ms, person, action, subject, detail, chain)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            n,
            fields.at,
            fields.person,
            fields.action,
            fields.subject,
            fields.detail,
            chain,
        ))?;
        Ok(AuditHead {
            n: head.n + 1,
            chain,
        })
    }
}
