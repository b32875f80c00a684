//! What a backend lost that was put back to a backup, and that colleagues wrote: this phone
//! brings it back, with the proofs that the backend had accepted it.
//!
//! One's own changes are offered again at once. Those of others wait until the download from
//! the beginning has shown what the backend has still; then each document's lost part is
//! offered whole, because a proof speaks of the latest change and of what that builds on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::arrive::Dock;
use super::error::AppError;
use super::inner::{Opened, load};
use super::patient::{devices, parse_key};
use super::sync_store::PhoneStore;
use crate::merge::{links_of, writer_of};
use crate::model::{ChangeHash, Clock, DeviceId, DeviceTag, DocumentId, Millis};
use crate::store::{AuditEntry, ProofRow, Rows, Unsent, WriteTx};
use crate::sync::{ChangeVerdict, OutboxBatch, OutboxLimits};
use crate::vault::device_tag;
use crate::wire::{self, DeviceProof, Page, Proof, Verdict};

/// Whether something is to be brought back: [`AFTER_PAGES`] or [`NOW`].
const BRING_BACK: &str = "bring_back";
const AFTER_PAGES: &[u8] = &[0];
const NOW: &[u8] = &[1];
/// Documents that are looked at in one transaction.
const DOCUMENTS_AT_ONCE: usize = 32;

/// What a push carries beside its changes.
#[derive(Clone, Default)]
pub(super) struct Evidence {
    pub(super) proofs: Vec<Proof>,
    pub(super) devices: Vec<DeviceProof>,
}

/// What the backend lost of one document.
struct Lost {
    id: DocumentId,
    changes: Vec<(ChangeHash, Vec<u8>)>,
    proofs: Vec<Proof>,
}

/// Keeps what a page proves. A proof of what a later change builds on is not needed any more.
pub(super) fn keep_proofs(
    tx: &WriteTx<'_>,
    page: &Page,
    changes: &BTreeMap<DocumentId, Vec<Vec<u8>>>,
) -> Result<(), AppError> {
    let Some(proofs) = &page.proofs else {
        return Ok(());
    };
    for (id, changes) in changes {
        let deps = changes
            .iter()
            .filter_map(|bytes| Some(links_of(bytes)?.1))
            .flatten();
        tx.drop_proofs(*id, &deps.collect::<Vec<_>>())?;
    }
    for proof in proofs {
        let id = DocumentId::from_key(&proof.document)?;
        // One that was refused whole is not here.
        if tx.has_document(id)? {
            tx.put_proof(id, &ChangeHash(*proof.hash), &proof.code)?;
        }
    }
    Ok(())
}

/// The backend was put back to a backup.
pub(super) fn question(tx: &WriteTx<'_>) -> Result<(), AppError> {
    tx.question_proofs()?;
    tx.put_meta(BRING_BACK, Some(AFTER_PAGES))?;
    Ok(())
}

/// All pages have come. Answers whether something is to be brought back from now on.
pub(super) fn may_begin(opened: &Opened) -> Result<bool, AppError> {
    let waits = opened.store.reader()?.meta(BRING_BACK)?.as_deref() == Some(AFTER_PAGES);
    if waits {
        let begin = |tx: &WriteTx<'_>| tx.put_meta(BRING_BACK, Some(NOW));
        opened.store.write(begin)?;
    }
    Ok(waits)
}

/// What was found in one slice.
#[derive(Default)]
struct Slice {
    lost: Vec<Lost>,
    /// There is more to look at.
    more: bool,
}

impl PhoneStore {
    /// The next batch of what others wrote and the backend lost; none: nothing, or not yet.
    pub(super) fn lost_batch(
        &mut self,
        limits: OutboxLimits,
    ) -> Result<Option<OutboxBatch>, AppError> {
        let clock = self.clock();
        loop {
            let slice = {
                let mut guard = self.phone.inner.opened()?;
                let opened = guard.as_mut().ok_or(AppError::Locked)?;
                opened.lost(limits, &self.kept_back, clock)?
            };
            let more = slice.more || !slice.lost.is_empty();
            if let Some(batch) = self.seal_lost(slice.lost, clock.wall_ms)? {
                return Ok(Some(batch));
            }
            if !more {
                return Ok(None);
            }
        }
    }

    /// As many of these as one push holds. A single one that is larger is kept back.
    fn seal_lost(
        &mut self,
        mut lost: Vec<Lost>,
        now: Millis,
    ) -> Result<Option<OutboxBatch>, AppError> {
        while !lost.is_empty() {
            let (device, devices, remaining) = {
                let reads = self.phone.inner.reads()?;
                let reader = reads.store.reader()?;
                let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
                (me.device, wrote(&reader, &lost)?, reader.unsent()?)
            };
            let page = unsent(&lost, now);
            let hashes: Vec<ChangeHash> = page.iter().map(|one| one.hash).collect();
            let evidence = Evidence {
                proofs: lost.iter().flat_map(|one| one.proofs.clone()).collect(),
                devices,
            };
            if hashes.len() <= wire::PUSH_CHANGES_MAX
                && let Some(body) = self.sealed_push(device, &page, &hashes, evidence)?
            {
                self.batch = page.iter().map(|one| (one.hash, one.document)).collect();
                self.bringing = lost.iter().map(|one| one.id).collect();
                return Ok(Some(OutboxBatch {
                    hashes,
                    body,
                    remaining,
                }));
            }
            if let [one] = lost.as_slice() {
                self.kept_back.insert(one.id);
            }
            lost.truncate(lost.len() / 2);
        }
        Ok(None)
    }

    /// What became of a batch that was brought back. What was refused stays here, and is not
    /// offered again by this process.
    pub(super) fn brought_back(
        &mut self,
        bringing: &BTreeSet<DocumentId>,
        verdicts: &[ChangeVerdict],
        documents: &BTreeMap<ChangeHash, DocumentId>,
    ) -> Result<(), AppError> {
        let now = self.clock().wall_ms;
        let mut refused: BTreeMap<DocumentId, &str> = BTreeMap::new();
        let mut guard = self.phone.inner.opened()?;
        let opened = guard.as_mut().ok_or(AppError::Locked)?;
        let me = opened.me()?.person;
        opened.store.write(|tx| -> Result<(), AppError> {
            let mut accepted = 0_u64;
            for one in verdicts {
                let Some(id) = documents.get(&one.hash) else {
                    continue;
                };
                let seq = match &one.verdict {
                    Verdict::Accepted { seq } => Some(*seq),
                    Verdict::Duplicate => None,
                    Verdict::Waiting { .. } => {
                        refused.entry(*id).or_insert("waiting");
                        continue;
                    }
                    Verdict::Rejected { code, .. } => {
                        refused.entry(*id).or_insert(code);
                        continue;
                    }
                };
                accepted += u64::from(seq.is_some());
                tx.acknowledge(*id, &one.hash, seq)?;
            }
            for id in bringing.iter().filter(|id| !refused.contains_key(id)) {
                tx.settle_proofs(*id)?;
            }
            let codes: BTreeSet<&str> = refused.values().copied().collect();
            tx.audit(&AuditEntry {
                at: now,
                person: Some(me),
                action: "brought_back".into(),
                subject: None,
                detail: json!({ "changes": accepted, "refused": codes }),
            })?;
            Ok(())
        })?;
        drop(guard);
        self.kept_back.extend(refused.into_keys());
        Ok(())
    }
}

impl Opened {
    /// Looks through some documents that the backend may have lost something of.
    fn lost(
        &mut self,
        limits: OutboxLimits,
        kept_back: &BTreeSet<DocumentId>,
        clock: Clock,
    ) -> Result<Slice, AppError> {
        let tag = self.actor.device_tag();
        let mut touched = BTreeSet::new();
        let slice = self.store.write(|tx| -> Result<Slice, AppError> {
            let mut slice = Slice::default();
            if tx.meta(BRING_BACK)?.as_deref() != Some(NOW) {
                return Ok(slice);
            }
            let (mut looked, mut changes, mut bytes) = (0, 0, 0);
            for id in tx.in_question()? {
                if kept_back.contains(&id) {
                    continue;
                }
                looked += 1;
                if looked > DOCUMENTS_AT_ONCE {
                    slice.more = true;
                    break;
                }
                if tx.is_deferred(id)? {
                    let mut dock = Dock::new(tx, clock.wall_ms, tag);
                    dock.take_in(id)?;
                    touched.extend(dock.touched);
                }
                let Some(one) = lost_of(tx, id)? else {
                    continue;
                };
                changes += one.changes.len();
                bytes += one.changes.iter().map(|(_, it)| it.len()).sum::<usize>();
                let full = changes > limits.changes || bytes > limits.bytes;
                if full && !slice.lost.is_empty() {
                    break;
                }
                slice.lost.push(one);
            }
            if looked == 0 && kept_back.is_empty() {
                tx.put_meta(BRING_BACK, None)?;
            }
            Ok(slice)
        })?;
        for id in touched {
            self.forget_document(id);
        }
        Ok(slice)
    }
}

/// What was accepted once of a document and is not in what the backend has now; none: it
/// has everything.
fn lost_of(tx: &WriteTx<'_>, id: DocumentId) -> Result<Option<Lost>, AppError> {
    let (open, there): (Vec<ProofRow>, Vec<ProofRow>) =
        tx.proofs_of(id)?.into_iter().partition(|proof| proof.open);
    let names = |rows: &[ProofRow]| rows.iter().map(|row| row.hash).collect::<Vec<_>>();
    let changes = match load(tx, id) {
        Ok(document) => document.between(&names(&there), &names(&open)),
        // What can't be read can't be brought.
        Err(AppError::Damaged { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    let lost: BTreeSet<ChangeHash> = changes.iter().map(|(hash, _)| *hash).collect();
    let (open, proven): (Vec<ProofRow>, Vec<ProofRow>) =
        open.into_iter().partition(|row| lost.contains(&row.hash));
    tx.drop_proofs(id, &names(&proven))?;
    let proof = |row: &ProofRow| Proof {
        document: id.key().to_vec().into(),
        hash: row.hash.0.into(),
        code: row.code.into(),
    };
    Ok((!changes.is_empty()).then(|| Lost {
        id,
        proofs: open.iter().map(proof).collect(),
        changes,
    }))
}

/// In the shape in which one's own are pushed.
fn unsent(lost: &[Lost], at: Millis) -> Vec<Unsent> {
    let each = lost.iter().flat_map(|one| {
        one.changes.iter().map(move |(hash, bytes)| Unsent {
            document: one.id,
            hash: *hash,
            at,
            bytes: bytes.clone(),
        })
    });
    each.collect()
}

/// The devices that wrote these, as far as the backend vouched for them.
fn wrote(rows: &Rows, lost: &[Lost]) -> Result<Vec<DeviceProof>, AppError> {
    let changes = lost.iter().flat_map(|one| &one.changes);
    let tags: BTreeSet<DeviceTag> = changes
        .filter_map(|(_, bytes)| Some(writer_of(bytes)?.device_tag()))
        .collect();
    vouched_for(rows, |_, tag| tags.contains(&tag))
}

/// These devices, as far as the backend vouched for them.
pub(super) fn vouched_for(
    rows: &Rows,
    wanted: impl Fn(DeviceId, DeviceTag) -> bool,
) -> Result<Vec<DeviceProof>, AppError> {
    let proof = |device: &crate::model::Device| {
        let key = parse_key(device.public_key.as_bytes())?;
        let code = device.proof.as_deref().and_then(parse_code)?;
        wanted(device.id, device_tag(&key)).then(|| DeviceProof {
            device: (*device.id.bytes()).into(),
            person: (*device.person.bytes()).into(),
            public_key: key.into(),
            code: code.into(),
        })
    };
    let proofs = devices(rows)?;
    let proofs = proofs.iter().filter_map(proof);
    Ok(proofs.take(wire::DEVICE_PROOFS_MAX).collect())
}

/// 32 hexadecimal digits.
fn parse_code(hex: &str) -> Option<[u8; wire::PROOF_CODE_BYTES]> {
    let value = u128::from_str_radix(hex, 16).ok()?;
    (hex.len() == 2 * wire::PROOF_CODE_BYTES).then(|| value.to_be_bytes())
}
