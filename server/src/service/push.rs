//! Push: who may offer what, and a verdict for each change.
//!
//! One write transaction holds the tenant's lock from the first look to the
//! commit. Documents are judged one after the other, each on a scratch copy
//! (`judge`); what was accepted then gets its numbers in the order of the batch.

mod judge;

use std::collections::BTreeMap;

use homeround::merge::pack::{self, PackError, PackLimits};
use homeround::model::{ChangeHash, DocumentId, Millis, PatientId};
use homeround::vault::{Domain, verify_signed};
use homeround::wire::{self, PushRequest, PushResponse, Verdict};

use self::judge::{Judge, Judged};
use super::proofs::{Proofs, check_limits};
use super::verdict::{name_of, runs};
use super::way::{self, Effect};
use super::{Backend, Caller, News, ServiceError, audit, own_device, policy_of, scope};
use crate::store::{ChangeRow, DeviceRow, RejectedRow, Writer};

/// How much a push may unfold to.
pub const PUSH_LIMITS: PackLimits = PackLimits {
    changes_max: wire::PUSH_CHANGES_MAX,
    change_bytes_max: wire::CHANGE_BYTES_MAX,
    total_bytes_max: wire::PUSH_INFLATED_MAX,
};

/// One change of a batch.
pub(super) struct Offered {
    pub(super) document: DocumentId,
    pub(super) hash: ChangeHash,
    pub(super) bytes: Vec<u8>,
}

impl Backend {
    /// Judges a batch of changes and stores what is accepted.
    ///
    /// # Errors
    /// [`ServiceError::Signature`] refuses the whole batch; so do a device
    /// that is not the caller's and a batch that does not unfold. Anything
    /// else is a verdict.
    pub async fn push(
        &self,
        caller: &Caller,
        request: &PushRequest,
        now: Millis,
    ) -> Result<PushResponse, ServiceError> {
        check_limits(request.proofs.as_deref(), request.devices.as_deref())?;
        let offered = unfold(&request.changes)?;
        let hashes: Vec<[u8; 32]> = offered.iter().map(|change| change.hash.0).collect();
        self.settle_due(caller.tenant, now).await?;
        let mut tx = self.storage.write(caller.tenant).await?;
        let device = own_device(tx.as_mut(), caller, &request.device).await?;
        let statement = wire::push_statement(&request.device, &hashes);
        if !verify_signed(
            &device.public_key,
            Domain::Push,
            &statement,
            &request.signature,
        ) {
            return Err(ServiceError::Signature);
        }
        let tenant = tx.tenant().await?;
        let policy = policy_of(&tenant)?;
        let proofs = Proofs::of(&tenant);
        let given = request.proofs.as_deref().unwrap_or_default();
        let known = request.devices.as_deref().unwrap_or_default();
        let (proven, enrolled) = (proofs.proven(&offered, given), proofs.enrolled(known));
        let mut batch = Batch::new(offered.len());
        for (document, indices) in by_document(&offered) {
            let judge = Judge {
                caller,
                device: &device,
                policy: &policy,
                now,
                offered: &offered,
                tenant: &tenant,
                proven: &proven,
                enrolled: &enrolled,
            };
            let judged = judge.document(tx.as_mut(), document, &indices).await?;
            batch.take(judged);
        }
        let asked = batch.effects();
        let (verdicts, patients) = batch.store(tx.as_mut(), caller, &device, now).await?;
        let mut people = scope::people_around(tx.as_mut(), &patients).await?;
        for (document, effects) in asked {
            let changed = way::follow(self, tx.as_mut(), caller, document, &effects, now);
            people.extend(changed.await?);
        }
        tx.commit().await?;
        if !patients.is_empty() {
            self.bell.ring(News {
                tenant: caller.tenant,
                everyone: false,
                patients,
                people,
                from: Some(device.id),
            });
        }
        Ok(PushResponse {
            epoch: tenant.epoch,
            server_ms: now.0,
            verdicts: runs(verdicts),
        })
    }
}

fn unfold(packed: &[u8]) -> Result<Vec<Offered>, ServiceError> {
    let changes = pack::unpack(packed, &PUSH_LIMITS).map_err(|error| match error {
        PackError::TooLarge => ServiceError::TooLarge { what: "changes" },
        PackError::Version | PackError::Malformed => ServiceError::Malformed { what: "changes" },
    })?;
    let named = |(document, bytes): (DocumentId, Vec<u8>)| Offered {
        document,
        hash: name_of(&bytes),
        bytes,
    };
    Ok(changes.into_iter().map(named).collect())
}

/// The changes of each document in their order; documents as they first appear.
fn by_document(offered: &[Offered]) -> Vec<(DocumentId, Vec<usize>)> {
    let mut groups: Vec<(DocumentId, Vec<usize>)> = Vec::new();
    let mut known: BTreeMap<DocumentId, usize> = BTreeMap::new();
    for (index, change) in offered.iter().enumerate() {
        let group = *known.entry(change.document).or_insert_with(|| {
            groups.push((change.document, Vec::new()));
            groups.len() - 1
        });
        groups[group].1.push(index);
    }
    groups
}

/// What became of a batch, by index.
struct Batch {
    verdicts: Vec<Option<Verdict>>,
    /// What is stored because of an offered change, itself the last.
    accepted: BTreeMap<usize, Vec<ChangeRow>>,
    reinstated: u64,
    brought_back: u64,
    rejected: Vec<RejectedRow>,
    documents: Vec<Judged>,
}

impl Batch {
    fn new(size: usize) -> Self {
        Self {
            verdicts: vec![None; size],
            accepted: BTreeMap::new(),
            reinstated: 0,
            brought_back: 0,
            rejected: Vec::new(),
            documents: Vec::new(),
        }
    }

    fn take(&mut self, mut judged: Judged) {
        for (index, verdict) in std::mem::take(&mut judged.verdicts) {
            self.verdicts[index] = Some(verdict);
        }
        for (index, row) in std::mem::take(&mut judged.accepted) {
            self.accepted.entry(index).or_default().push(row);
        }
        self.reinstated += judged.reinstated;
        self.brought_back += judged.brought_back;
        self.rejected.append(&mut judged.rejected);
        self.documents.push(judged);
    }

    /// What is to be done once everything is stored, by document.
    fn effects(&self) -> Vec<(DocumentId, Vec<Effect>)> {
        let asked = self.documents.iter().filter(|one| !one.effects.is_empty());
        asked.map(|one| (one.id, one.effects.clone())).collect()
    }

    /// Numbers and stores everything. Answers the verdicts and whose
    /// documents changed.
    async fn store(
        mut self,
        tx: &mut dyn Writer,
        caller: &Caller,
        device: &DeviceRow,
        now: Millis,
    ) -> Result<(Vec<Verdict>, Vec<PatientId>), ServiceError> {
        let mut last: BTreeMap<DocumentId, u64> = BTreeMap::new();
        let mut counts: BTreeMap<PatientId, u64> = BTreeMap::new();
        for (index, changes) in std::mem::take(&mut self.accepted) {
            let mut seq = 0;
            for mut change in changes {
                seq = tx.next_seq().await?;
                change.seq = seq;
                tx.add_change(&change).await?;
                last.insert(change.document, seq);
                let own = u64::from(change.device == device.id);
                *counts.entry(change.patient).or_default() += own;
            }
            // One that was refused, or waits, has its verdict: only what it needs is in.
            let verdict = &mut self.verdicts[index];
            if verdict.is_none() {
                *verdict = Some(Verdict::Accepted { seq });
            }
        }
        for judged in self.documents {
            let Some(mut row) = judged.row else { continue };
            if let (true, Some(seq)) = (judged.renewed, last.get(&row.id)) {
                row.snapshot_seq = *seq;
            }
            tx.put_document(&row).await?;
        }
        for rejected in &self.rejected {
            tx.add_rejected(rejected).await?;
        }
        for (patient, count) in counts.iter().filter(|(_, count)| **count > 0) {
            let note = audit::Note::by(caller, "changed")
                .from(device.id)
                .about(*patient);
            audit::note(tx, now, note.saying(format!("{count} changes"))).await?;
        }
        let told = [
            ("reinstated", self.reinstated),
            ("brought_back", self.brought_back),
            ("rejected", self.rejected.len() as u64),
        ];
        for (action, count) in told.into_iter().filter(|(_, count)| *count > 0) {
            let note = audit::Note::by(caller, action).from(device.id);
            audit::note(tx, now, note.saying(format!("{count} changes"))).await?;
        }
        let verdicts: Option<Vec<Verdict>> = self.verdicts.into_iter().collect();
        let verdicts = verdicts.ok_or(ServiceError::Damaged)?;
        Ok((verdicts, counts.into_keys().collect()))
    }
}
