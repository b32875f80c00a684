//! Leaving: unsent work handed over in escrow, and signing out.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::Homeround;
use super::bring_back::{Evidence, vouched_for};
use super::error::AppError;
use super::inner::Me;
use super::session::vault_error;
use crate::model::{ChangeHash, DeviceId, Refused};
use crate::store::{AuditEntry, Rows, Unsent};
use crate::vault::{ESCROW_BYTES_MAX, EscrowReceipt, WipeRequest, escrow_seal, wipe};
use crate::wire::{self, DeviceProof};

/// Bytes of changes in one push of an escrow, before compression.
const PUSH_BYTES: usize = 2 * wire::PUSH_BYTES_MAX;

/// Which changes the last escrow holds: the SHA-256 of its blob, then their hashes.
const ESCROWED: &str = "escrowed";

/// Unsent work that only the organisation can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escrow {
    /// What to hand over. It is encrypted: any way of carrying it will do.
    pub blob: Vec<u8>,
    /// What [`Homeround::sign_out`] takes once the organisation has the blob.
    pub receipt: EscrowReceipt,
}

impl Homeround {
    /// Seals everything unsent to the organisation, as complete signed pushes.
    /// It stays unsent here: a push that works after all finds the other's
    /// changes to be duplicates.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `escrow` for more than [`ESCROW_BYTES_MAX`]
    /// bytes; [`AppError::NotEnrolled`]; [`AppError::Locked`].
    pub fn escrow(&self) -> Result<Escrow, AppError> {
        let reads = self.inner.reads()?;
        let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
        let unsent = {
            let reader = reads.store.reader()?;
            let unsent = reader.outbox_page(ESCROW_BYTES_MAX, usize::MAX, &[])?;
            if (unsent.len() as u64) < reader.unsent()? {
                return Err(Refused::new("escrow", "64 MiB of changes").into());
            }
            unsent
        };
        let pushes = self.pushes(me, &unsent)?;
        let key: [u8; 32] = me
            .escrow_key
            .as_slice()
            .try_into()
            .map_err(|_| AppError::Failed { code: "escrow_key" })?;
        let blob = {
            let mut entropy = self.inner.entropy();
            escrow_seal(&key, &pushes, &mut **entropy).map_err(vault_error)?
        };
        let receipt = EscrowReceipt {
            sha256: Sha256::digest(&blob).into(),
            changes: unsent.len() as u64,
        };
        self.note_escrow(me, &receipt, &unsent)?;
        Ok(Escrow { blob, receipt })
    }

    /// Wipes the phone: keys first, then files. Refused while there is unsent
    /// work that is not in the escrow of this receipt; the receipt counts for
    /// the last escrow alone. Hand it in only once the organisation has the
    /// blob.
    ///
    /// # Errors
    /// [`AppError::Unsent`] says how many edits and attachments nobody else has yet;
    /// [`AppError::Locked`].
    pub fn sign_out(&self, escrowed: Option<&EscrowReceipt>) -> Result<(), AppError> {
        let unsent = {
            let reads = self.inner.reads()?;
            let reader = reads.store.reader()?;
            let unsent = reader.unsent()?;
            let only_here = match escrowed {
                Some(receipt) => only_here(&reader, receipt)?,
                None => unsent,
            };
            // An escrow holds no files: they have to be sent.
            let only_here = only_here + reader.attachments_unsent()?;
            if only_here > 0 {
                return Err(AppError::Unsent { count: only_here });
            }
            unsent
        };
        self.inner.uninstall();
        let vault = self.inner.vault().take().ok_or(AppError::Locked)?;
        let request = WipeRequest {
            unsent,
            escrow: escrowed.copied(),
            confirm: vault.device_tag(),
        };
        wipe(vault, &request).map_err(vault_error)
    }

    /// Signed pushes of these changes, in their order.
    fn pushes(&self, me: &Me, unsent: &[Unsent]) -> Result<Vec<u8>, AppError> {
        let store = self.sync_store();
        // Nobody can enrol a wiped phone again: a backend that was put back to before it knew this
        // one knows it again by this.
        let evidence = Evidence {
            devices: self.own_proof(me.device)?,
            ..Evidence::default()
        };
        let encode = |_| AppError::Failed { code: "encode" };
        let mut bodies = Vec::new();
        let mut left = batches(unsent);
        left.reverse();
        while let Some(batch) = left.pop() {
            let hashes: Vec<ChangeHash> = batch.iter().map(|unsent| unsent.hash).collect();
            match store.sealed_push(me.device, batch, &hashes, evidence.clone())? {
                Some(body) => wire::add_to_escrow(&mut bodies, &body).map_err(encode)?,
                None if batch.len() > 1 => {
                    let (first, rest) = batch.split_at(batch.len() / 2);
                    left.extend([rest, first]);
                }
                None => return Err(AppError::Failed { code: "too_large" }),
            }
        }
        Ok(bodies)
    }

    /// That the backend enrolled this phone; empty before it said so in a sync.
    fn own_proof(&self, own: DeviceId) -> Result<Vec<DeviceProof>, AppError> {
        let reads = self.inner.reads()?;
        vouched_for(&*reads.store.reader()?, |device, _| device == own)
    }

    fn note_escrow(
        &self,
        me: &Me,
        receipt: &EscrowReceipt,
        unsent: &[Unsent],
    ) -> Result<(), AppError> {
        let hashes = unsent.iter().flat_map(|unsent| unsent.hash.0);
        let noted: Vec<u8> = receipt.sha256.into_iter().chain(hashes).collect();
        let at = self.inner.clocks.now().wall_ms;
        self.inner
            .reads()?
            .store
            .write(|tx| -> Result<(), AppError> {
                tx.put_meta(ESCROWED, Some(&noted))?;
                tx.audit(&AuditEntry {
                    at,
                    person: Some(me.person),
                    action: "escrowed".into(),
                    subject: Some(receipt.sha256.to_vec()),
                    detail: serde_json::Value::from(receipt.changes),
                })?;
                Ok(())
            })
    }
}

/// How many unsent changes the escrow of this receipt does not hold. By name
/// and not by count: what was escrowed may have been sent since, and other work
/// be unsent.
fn only_here(rows: &Rows, receipt: &EscrowReceipt) -> Result<u64, AppError> {
    let noted = rows.meta(ESCROWED)?.unwrap_or_default();
    let (hashes, _) = match noted.split_first_chunk::<32>() {
        Some((sha256, hashes)) if *sha256 == receipt.sha256 => hashes.as_chunks::<32>(),
        _ => (&[][..], &[][..]),
    };
    let escrowed: BTreeSet<&[u8; 32]> = hashes.iter().collect();
    let unsent = rows.unsent_hashes()?;
    let missed = unsent.iter().filter(|hash| !escrowed.contains(&hash.0));
    // A receipt that claims less than is unsent does not cover it.
    let beyond = (unsent.len() as u64).saturating_sub(receipt.changes);
    Ok(beyond.max(missed.count() as u64))
}

/// As many changes in each as a push may have.
fn batches(mut rest: &[Unsent]) -> Vec<&[Unsent]> {
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let mut size = 0;
        let fitting = rest
            .iter()
            .take(wire::PUSH_CHANGES_MAX)
            .take_while(|unsent| {
                size += unsent.bytes.len();
                size <= PUSH_BYTES
            });
        let (batch, after) = rest.split_at(fitting.count().max(1));
        batches.push(batch);
        rest = after;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DocumentId, Millis, PatientId};

    #[test]
    fn batches_hold_every_change_in_order_and_each_keeps_the_limits_of_a_push() {
        let change = |index: usize, bytes: usize| {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&(index as u64).to_be_bytes());
            Unsent {
                document: DocumentId::chart(PatientId(uuid::Uuid::from_u128(1))),
                hash: ChangeHash(hash),
                at: Millis(0),
                bytes: vec![0; bytes],
            }
        };
        let small = (0..wire::PUSH_CHANGES_MAX + 1).map(|index| change(index, 1));
        let large = (5_000..5_009).map(|index| change(index, wire::CHANGE_BYTES_MAX));
        let alone = std::iter::once(change(6_000, PUSH_BYTES + 1));
        let unsent: Vec<Unsent> = small.chain(large).chain(alone).collect();
        let batches = batches(&unsent);
        assert_eq!(batches.concat(), unsent);
        for batch in &batches {
            let bytes: usize = batch.iter().map(|unsent| unsent.bytes.len()).sum();
            assert!(batch.len() <= wire::PUSH_CHANGES_MAX);
            assert!(bytes <= PUSH_BYTES || batch.len() == 1);
        }
    }
}
