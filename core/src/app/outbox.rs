//! The next batch of unsent changes: picked, packed, signed and sealed.

use std::collections::BTreeSet;

use super::bring_back::Evidence;
use super::error::AppError;
use super::sync_store::PhoneStore;
use crate::merge::pack;
use crate::model::{ChangeHash, DeviceId, DocumentId};
use crate::store::{Rows, ScopeState, Unsent};
use crate::sync::{Outbox, OutboxBatch, OutboxLimits};
use crate::vault::Domain;
use crate::wire::{self, PushRequest, WireError};

impl PhoneStore {
    pub(super) fn batch_of(&mut self, limits: OutboxLimits) -> Result<Outbox, AppError> {
        // After one that nobody answered it is the turn of one's own: a backend that fails on
        // what is brought back must not hold those up.
        let own_first = !std::mem::take(&mut self.bringing).is_empty();
        if !own_first && let Some(batch) = self.lost_batch(limits)? {
            // Before one's own, which may stand on it.
            return Ok(Outbox::Batch(batch));
        }
        let (page, device, total) = {
            let mut guard = self.phone.inner.opened()?;
            let opened = guard.as_mut().ok_or(AppError::Locked)?;
            let reader = opened.store.reader()?;
            let held = if limits.hold_waiting {
                held_documents(&reader, &self.waiting)?
            } else {
                Vec::new()
            };
            let mut page = unsent_of_leavers(&reader, &limits)?;
            if page.is_empty() {
                page = reader.outbox_page(limits.bytes, limits.changes, &held)?;
            }
            let total = reader.unsent()?;
            (page, opened.me()?.device, total)
        };
        if page.is_empty() {
            let lost = match own_first {
                true => self.lost_batch(limits)?,
                false => None,
            };
            return Ok(lost.map_or(Outbox::Empty, Outbox::Batch));
        }
        let hashes: Vec<ChangeHash> = page.iter().map(|unsent| unsent.hash).collect();
        let body = match self.sealed_push(device, &page, &hashes, Evidence::default())? {
            Some(body) => body,
            None => return Ok(Outbox::TooLarge),
        };
        self.batch = page
            .iter()
            .map(|unsent| (unsent.hash, unsent.document))
            .collect();
        let remaining = total.saturating_sub(hashes.len() as u64);
        Ok(Outbox::Batch(OutboxBatch {
            hashes,
            body,
            remaining,
        }))
    }

    /// None: it is larger than a push may be.
    pub(super) fn sealed_push(
        &self,
        device: DeviceId,
        page: &[Unsent],
        hashes: &[ChangeHash],
        evidence: Evidence,
    ) -> Result<Option<Vec<u8>>, AppError> {
        let changes: Vec<(DocumentId, &[u8])> = page
            .iter()
            .map(|unsent| (unsent.document, unsent.bytes.as_slice()))
            .collect();
        let packed = pack::pack(&changes).map_err(|_| AppError::Failed { code: "pack" })?;
        let raw: Vec<[u8; 32]> = hashes.iter().map(|hash| hash.0).collect();
        let statement = wire::push_statement(device.bytes(), &raw);
        let request = PushRequest {
            device: (*device.bytes()).into(),
            changes: packed.into(),
            signature: self.sign(Domain::Push, &statement)?.into(),
            proofs: some(evidence.proofs),
            devices: some(evidence.devices),
        };
        match wire::seal_body(&request) {
            Ok(body) => Ok(Some(body)),
            Err(WireError::TooLarge { .. }) => Ok(None),
            Err(_) => Err(AppError::Failed { code: "encode" }),
        }
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// What is unsent of patients that left scope goes before everything else.
fn unsent_of_leavers(rows: &Rows, limits: &OutboxLimits) -> Result<Vec<Unsent>, AppError> {
    let (mut page, mut size) = (Vec::new(), 0);
    for patient in rows.scopes_in(ScopeState::Leaving)? {
        for id in rows.documents_of(patient)? {
            for unsent in rows.unsent_changes(id)? {
                size += unsent.bytes.len();
                if page.len() >= limits.changes || (size > limits.bytes && !page.is_empty()) {
                    return Ok(page);
                }
                page.push(unsent);
            }
        }
    }
    Ok(page)
}

/// Documents whose first unsent change was told to wait.
fn held_documents(
    rows: &Rows,
    waiting: &BTreeSet<ChangeHash>,
) -> Result<Vec<DocumentId>, AppError> {
    let mut held = BTreeSet::new();
    for hash in waiting {
        if let Some(id) = rows.document_of_unsent(hash)? {
            held.insert(id);
        }
    }
    Ok(held.into_iter().collect())
}
