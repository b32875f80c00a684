//! What support, tests and the demo ask of a phone: where a document stands,
//! who wrote what, whether an edit is still there. Nothing here changes anything.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Homeround;
use super::error::AppError;
use crate::model::{
    ChangeHash, Device, DeviceTag, DocumentId, FieldPath, Millis, PersonId, RecordKind,
};
use crate::store::{AuditVerdict, Rows};
use crate::vault::{AuditCheck, device_tag};

/// Documents that are listed in one read of the store.
const LIST_PAGE: u32 = 256;
/// Rows of a directory that are read at most.
const DIRECTORY_MAX: usize = 10_000;

/// A document as it stands on this phone.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentState {
    /// Which.
    pub document: DocumentId,
    /// Its heads, sorted: two phones with the same ones have the same document.
    pub heads: Vec<ChangeHash>,
    /// What is read of it, from its projection.
    pub view: Value,
    /// Its open conflicts.
    pub conflicts: usize,
}

/// Who wrote what.
#[derive(Debug, Clone, PartialEq)]
pub struct Authored {
    /// The field, the item or the entry.
    pub field: FieldPath,
    /// By which change.
    pub hash: ChangeHash,
    /// Whose device; none: it is not in this phone's directory.
    pub person: Option<PersonId>,
    /// When, by the writer's wall clock.
    pub at: Millis,
    /// The value put, the entry, or what was typed.
    pub value: Option<Value>,
}

/// Where an edit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// In a document, and not acknowledged by the backend yet.
    Outbox,
    /// In a document, and the backend has it.
    Document,
    /// In quarantine.
    Quarantine,
    /// Not on this phone.
    Nowhere,
}

/// What a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreFigures {
    /// Documents.
    pub documents: u64,
    /// Edits that the backend has not acknowledged yet.
    pub unsent: u64,
    /// Documents that arrived and are merged when the phone is idle.
    pub deferred: u64,
    /// Open rows of the quarantine.
    pub quarantined: u64,
    /// Open conflicts.
    pub conflicts: u64,
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Bytes of its write-ahead log.
    pub log_bytes: u64,
}

/// What checking the audit trail found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditState {
    /// Whether every line follows from the one before.
    pub trail: AuditVerdict,
    /// Whether the trail holds the line that was pinned in the hardware last.
    pub pinned: AuditCheck,
}

impl Homeround {
    /// Every document on this phone, in the order of their keys.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn documents(&self) -> Result<Vec<DocumentId>, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        all_documents(&reader)
    }

    /// A document as it stands on this phone.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`],
    /// [`AppError::LeaseEnded`], [`AppError::Locked`].
    pub fn document_state(&self, id: DocumentId) -> Result<DocumentState, AppError> {
        let (heads, conflicts) = self.inner.with_document(id, |document| {
            (document.heads(), document.conflicts().len())
        })?;
        Ok(DocumentState {
            document: id,
            heads,
            view: self.inner.read_view(id)?,
            conflicts,
        })
    }

    /// Who wrote what in a document, each after what it builds on.
    ///
    /// # Errors
    /// As [`document_state`](Self::document_state).
    pub fn authorship(&self, id: DocumentId) -> Result<Vec<Authored>, AppError> {
        let owners = {
            let reads = self.inner.reads()?;
            let reader = reads.store.reader()?;
            owners(&reader)?
        };
        self.inner.with_document(id, |document| {
            let mut authored = Vec::new();
            for (hash, _) in document.changes() {
                let Some((actor, at)) = document.made_by(&hash) else {
                    continue;
                };
                let person = owners.get(&actor.device_tag()).copied();
                for touch in document.touched(&hash).unwrap_or_default() {
                    authored.push(Authored {
                        field: touch.path,
                        hash,
                        person,
                        at,
                        value: touch.value,
                    });
                }
            }
            authored
        })
    }

    /// The raw changes of a document, each after those that it builds on: what
    /// a seal is verified over.
    ///
    /// # Errors
    /// As [`document_state`](Self::document_state).
    pub fn history(&self, id: DocumentId) -> Result<Vec<Vec<u8>>, AppError> {
        self.inner.changes(id)
    }

    /// Where an edit is on this phone.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn whereabouts(&self, id: DocumentId, hash: &ChangeHash) -> Result<Whereabouts, AppError> {
        {
            let reads = self.inner.reads()?;
            let reader = reads.store.reader()?;
            if reader.document_of_unsent(hash)?.is_some() {
                return Ok(Whereabouts::Outbox);
            }
            let quarantined = reader.quarantined(None)?;
            if quarantined.iter().any(|row| row.rejected.hash == *hash) {
                return Ok(Whereabouts::Quarantine);
            }
            if !reader.has_document(id)? {
                return Ok(Whereabouts::Nowhere);
            }
        }
        match self.inner.with_document(id, |document| document.has(hash)) {
            Ok(true) => Ok(Whereabouts::Document),
            Ok(false) | Err(AppError::NotAllowed { .. } | AppError::NotFound { .. }) => {
                Ok(Whereabouts::Nowhere)
            }
            Err(error) => Err(error),
        }
    }

    /// What the store holds.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn figures(&self) -> Result<StoreFigures, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let sizes = reads.store.file_sizes()?;
        Ok(StoreFigures {
            documents: all_documents(&reader)?.len() as u64,
            unsent: reader.unsent()?,
            deferred: reader.deferred_count()?,
            quarantined: reader.quarantined_open()?,
            conflicts: reader.all_open_conflicts()?.len() as u64,
            database_bytes: sizes.database,
            log_bytes: sizes.log,
        })
    }

    /// Checks the audit trail, line by line and against the hardware.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn check_audit(&self) -> Result<AuditState, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let trail = reader.verify_audit()?;
        let line = |number: u64| {
            let page = reader.audit_page(Some(number.checked_add(1)?), 1).ok()?;
            let row = page.first().filter(|row| row.n == number)?;
            Some(row.chain)
        };
        let slot = self.inner.vault();
        let vault = slot.as_ref().ok_or(AppError::Locked)?;
        let pinned = vault
            .check_audit_head(line)
            .map_err(super::session::vault_error)?;
        Ok(AuditState { trail, pinned })
    }
}

fn all_documents(rows: &Rows) -> Result<Vec<DocumentId>, AppError> {
    let mut all = Vec::new();
    loop {
        let page = rows.documents(None, all.last().copied(), LIST_PAGE)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Whose device each tag is, by this phone's directory.
pub(super) fn owners(rows: &Rows) -> Result<BTreeMap<DeviceTag, PersonId>, AppError> {
    let mut owners = BTreeMap::new();
    let mut after = None;
    while owners.len() < DIRECTORY_MAX {
        let page = rows.records(RecordKind::Device, after, LIST_PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for record in page {
            let body = record.body.as_deref().unwrap_or_default();
            let device: Option<Device> = serde_json::from_str(body).ok();
            let owned =
                device.and_then(|device| Some((tag_of(&device.public_key)?, device.person)));
            owners.extend(owned);
        }
    }
    Ok(owners)
}

/// The tag of a public key of 64 hexadecimal digits.
fn tag_of(public_key: &str) -> Option<DeviceTag> {
    // A change hash has the same shape: 32 bytes in hexadecimal.
    let key: ChangeHash = public_key.parse().ok()?;
    Some(device_tag(&key.0))
}
