//! Reading what can be read of a damaged file: unsent work before all else.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::OpenError;
use super::keys::{change_range, document_of_change};
use super::open::{DatabaseKey, OpenMode, open_connection};
use super::{AttachmentRow, Rows, StoreError};
use crate::model::{ChangeHash, DocumentId};

/// Connections that one salvage may use up: each bad page costs one.
const CONNECTIONS_MAX: usize = 256;

/// A change that was still readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalvagedChange {
    /// Whose.
    pub document: DocumentId,
    /// Its name; the caller checks the bytes against it.
    pub hash: ChangeHash,
    /// The change.
    pub bytes: Vec<u8>,
}

/// What was still readable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Salvaged {
    /// Changes that were never acknowledged, in the order of each document: to be put
    /// into the outbox of the fresh store.
    pub unsent: Vec<SalvagedChange>,
    /// Changes of this phone that the backend has acknowledged, if it kept its word.
    pub own: Vec<SalvagedChange>,
    /// Files of attachments that nobody else may have, as far as they could be read.
    pub attachments: Vec<AttachmentRow>,
    /// Whether every row of all three could be read.
    pub complete: bool,
}

/// Which rows of which table.
const UNSENT: &str = "SELECT id, key, hash, bytes FROM outbox";
const OWN: &str = "SELECT c.id, d.key, c.hash, c.bytes FROM change c
    JOIN document d ON d.doc = c.id >> 20 WHERE c.own = 1 AND c.form = 0 AND c.id";

/// Reads the unsent and the own changes of a damaged store. The file stays as it is.
///
/// # Errors
/// [`OpenError`] when not even the first page verifies.
pub fn salvage(path: &Path, key: &DatabaseKey) -> Result<Salvaged, OpenError> {
    let _pass = super::gate::enter();
    let mut file = Damaged {
        path,
        key,
        rows: None,
        used: 0,
    };
    file.rows()?;
    let (unsent, all_unsent) = file.scan(UNSENT, "WHERE id")?;
    let (own, all_own) = file.scan(OWN, "")?;
    let (attachments, all_attachments) = file.attachments()?;
    Ok(Salvaged {
        unsent,
        own,
        attachments,
        complete: all_unsent && all_own && all_attachments,
    })
}

struct Damaged<'a> {
    path: &'a Path,
    key: &'a DatabaseKey,
    /// None after a bad page: it poisons its connection.
    rows: Option<Rows>,
    used: usize,
}

type Found = (i64, SalvagedChange);

impl Damaged<'_> {
    fn rows(&mut self) -> Result<&Rows, OpenError> {
        if self.rows.is_none() {
            self.used += 1;
            let database = open_connection(self.path, self.key, OpenMode::ReadOnly)?;
            self.rows = Some(Rows::new(database));
        }
        self.rows.as_ref().ok_or(OpenError::Damaged)
    }

    /// Forwards until a bad page; then document by document over what is left, from
    /// both ends of each, so that a bad page costs its own rows alone.
    fn scan(&mut self, select: &str, and: &str) -> Result<(Vec<SalvagedChange>, bool), OpenError> {
        let mut found = BTreeMap::new();
        let all = self.range(select, and, (0, i64::MAX), &mut found)?;
        if !all {
            let from = found.keys().next_back().copied().unwrap_or(-1);
            self.backwards(select, and, from, &mut found)?;
            self.gap(select, and, from, &mut found)?;
        }
        Ok((found.into_values().collect(), all))
    }

    /// The documents between what was read from the front and from the back.
    fn gap(
        &mut self,
        select: &str,
        and: &str,
        from: i64,
        found: &mut BTreeMap<i64, SalvagedChange>,
    ) -> Result<(), OpenError> {
        let behind = found.range(from.saturating_add(1)..).next();
        let upto = match behind {
            Some((id, _)) => *id,
            None => self.last_key()?,
        };
        for doc in document_of_change(from.max(0))..=document_of_change(upto) {
            if self.used >= CONNECTIONS_MAX {
                return Ok(());
            }
            let (first, last) = change_range(doc);
            self.range(select, and, (first.max(from + 1), last.min(upto)), found)?;
        }
        Ok(())
    }

    /// The highest key that a change can have, as far as the documents can be read.
    fn last_key(&mut self) -> Result<i64, OpenError> {
        let highest =
            self.rows()?
                .sql()
                .query_row("SELECT coalesce(max(doc), 0) FROM document", [], |row| {
                    row.get::<_, i64>(0)
                });
        if highest.is_err() {
            self.rows = None;
        }
        Ok(change_range(highest.unwrap_or(0)).1)
    }

    /// Row by row until a bad page.
    fn attachments(&mut self) -> Result<(Vec<AttachmentRow>, bool), OpenError> {
        let mut found: Vec<AttachmentRow> = Vec::new();
        loop {
            let after = found.last().map(|row| row.name);
            match self.rows()?.attachments_pending(after, 1) {
                Ok(page) if page.is_empty() => return Ok((found, true)),
                Ok(page) => found.extend(page),
                Err(StoreError::OutOfMemory) => return Err(OpenError::OutOfMemory),
                Err(_) => {
                    self.rows = None;
                    return Ok((found, false));
                }
            }
        }
    }

    fn range(
        &mut self,
        select: &str,
        and: &str,
        (first, last): (i64, i64),
        found: &mut BTreeMap<i64, SalvagedChange>,
    ) -> Result<bool, OpenError> {
        let sql = format!("{select} {and} BETWEEN {first} AND {last} ORDER BY 1");
        self.collect(&sql, found)
    }

    fn backwards(
        &mut self,
        select: &str,
        and: &str,
        after: i64,
        found: &mut BTreeMap<i64, SalvagedChange>,
    ) -> Result<bool, OpenError> {
        let sql = format!("{select} {and} > {after} ORDER BY 1 DESC");
        self.collect(&sql, found)
    }

    /// False when it met a bad page; what came before it is in `found`.
    fn collect(
        &mut self,
        sql: &str,
        found: &mut BTreeMap<i64, SalvagedChange>,
    ) -> Result<bool, OpenError> {
        match each(self.rows()?, sql, |(id, change)| {
            found.insert(id, change);
        }) {
            Ok(()) => Ok(true),
            Err(StoreError::OutOfMemory) => Err(OpenError::OutOfMemory),
            Err(_) => {
                self.rows = None;
                Ok(false)
            }
        }
    }
}

fn each(rows: &Rows, sql: &str, mut take: impl FnMut(Found)) -> Result<(), StoreError> {
    let mut statement = rows.sql().prepare(sql)?;
    let mut lines = statement.query([])?;
    while let Some(line) = lines.next()? {
        let key: Vec<u8> = line.get(1)?;
        let change = SalvagedChange {
            document: DocumentId::from_key(&key)?,
            hash: ChangeHash(line.get(2)?),
            bytes: line.get(3)?,
        };
        take((line.get(0)?, change));
    }
    Ok(())
}
