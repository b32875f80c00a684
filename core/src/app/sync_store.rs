//! The phone's side of the sync: what the engine asks of the store.

use std::collections::{BTreeMap, BTreeSet};

use super::error::AppError;
use super::inner::Opened;
use super::session::{CURSOR, EPOCH, vault_error};
use super::{Homeround, bring_back, fold};
use crate::merge::pack;
use crate::model::{
    ActorId, Anchor, ChangeHash, Clock, DeviceTag, DocumentId, Millis, PatientId, RecordId, Stamp,
};
use crate::store::{AuditEntry, PurgeMode, PurgeReceipt, ScopeState, StoreError, Stored, WriteTx};
use crate::sync::{
    ChangeVerdict, CursorState, Leaving, Monotonic, Outbox, OutboxLimits, ReceiptBatch, StoreFault,
    SyncState, SyncStore,
};
use crate::vault::Domain;
use crate::wire::{self, Beacon, Page, Receipt, ReceiptsRequest};

/// A beacon at most this often.
const BEACON_EVERY_MS: i64 = 10 * 60 * 1000;

/// A phone's store as the sync engine uses it. Each call is one transaction.
pub struct PhoneStore {
    pub(super) phone: Homeround,
    /// Documents of the changes of the last batch.
    pub(super) batch: BTreeMap<ChangeHash, DocumentId>,
    /// Changes that the backend told to wait, and those that it misses.
    pub(super) waiting: BTreeSet<ChangeHash>,
    /// Documents that the last batch was to bring back.
    pub(super) bringing: BTreeSet<DocumentId>,
    /// Documents that the backend did not take back.
    pub(super) kept_back: BTreeSet<DocumentId>,
    beacon_at: Option<i64>,
}

impl Homeround {
    /// The store as the sync engine uses it; keep one for the engine's life.
    #[must_use]
    pub fn sync_store(&self) -> PhoneStore {
        PhoneStore {
            phone: self.clone(),
            batch: BTreeMap::new(),
            waiting: BTreeSet::new(),
            bringing: BTreeSet::new(),
            kept_back: BTreeSet::new(),
            beacon_at: None,
        }
    }
}

impl PhoneStore {
    pub(super) fn clock(&self) -> Clock {
        self.phone.inner.clocks.now()
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Opened) -> Result<T, AppError>,
    ) -> Result<T, StoreFault> {
        let mut guard = self.phone.inner.opened().map_err(|error| fault(&error))?;
        let opened = guard.as_mut().ok_or(AppError::Locked);
        opened.and_then(work).map_err(|error| fault(&error))
    }

    /// What makes an actor that this device never had.
    fn opening(&self) -> Result<[u8; 8], StoreFault> {
        self.phone.inner.random().map_err(|error| fault(&error))
    }

    pub(super) fn sign(&self, domain: Domain, statement: &[u8]) -> Result<[u8; 64], AppError> {
        let slot = self.phone.inner.vault();
        let vault = slot.as_ref().ok_or(AppError::Locked)?;
        Ok(vault
            .session()
            .map_err(vault_error)?
            .sign(domain, statement))
    }

    fn tell(&self, documents: &BTreeSet<DocumentId>) {
        let revision = self.phone.inner.next_revision();
        let documents: Vec<DocumentId> = documents.iter().copied().collect();
        self.phone.inner.tell(revision, &documents);
    }
}

impl SyncStore for PhoneStore {
    fn cursor(&mut self) -> Result<CursorState, StoreFault> {
        let clock = self.clock();
        self.with(|opened| {
            let reader = opened.store.reader()?;
            let cursor = reader.meta(CURSOR)?.unwrap_or_default();
            let epoch = reader.meta(EPOCH)?;
            let epoch = epoch.and_then(|bytes| bytes.try_into().ok());
            let stamp = Stamp {
                clock,
                anchor: opened.anchor,
            };
            Ok(CursorState {
                device: opened.me()?.device,
                cursor,
                epoch: epoch.map(u64::from_be_bytes),
                today_ms: stamp.best().0,
            })
        })
    }

    fn load_outbox(&mut self, limits: OutboxLimits) -> Result<Outbox, StoreFault> {
        self.batch_of(limits).map_err(|error| fault(&error))
    }

    fn apply_verdicts(&mut self, verdicts: &[ChangeVerdict]) -> Result<bool, StoreFault> {
        let clock = self.clock();
        let batch = std::mem::take(&mut self.batch);
        let bringing = std::mem::take(&mut self.bringing);
        if !bringing.is_empty() {
            // What waited may stand on it.
            self.waiting.clear();
            let done = self.brought_back(&bringing, verdicts, &batch);
            return done.map(|()| false).map_err(|error| fault(&error));
        }
        let opening = self.opening()?;
        let (unsent, touched) = self.with(|opened| {
            let fresh = ActorId::new(opened.actor.device_tag(), opening);
            opened.apply_verdicts(verdicts, &batch, fresh, clock)
        })?;
        // From here on an older store is known for one.
        self.phone.pin_audit();
        self.waiting = verdicts
            .iter()
            .filter(|change| matches!(change.verdict, wire::Verdict::Waiting { .. }))
            .map(|change| change.hash)
            .collect();
        self.tell(&touched);
        Ok(unsent)
    }

    fn apply_page(&mut self, page: Page) -> Result<bool, StoreFault> {
        let (touched, _) = self.take_page(&page).map_err(|error| fault(&error))?;
        if !page.enters.is_empty() {
            // What could not be brought back for want of access may be now.
            self.kept_back.clear();
        }
        let mut unsent = false;
        if !page.verdicts.is_empty() {
            let late: Result<Vec<ChangeVerdict>, _> = page
                .verdicts
                .iter()
                .map(|late| {
                    ChangeHash::from_bytes(&late.hash[..]).map(|hash| ChangeVerdict {
                        hash,
                        verdict: late.verdict.clone(),
                    })
                })
                .collect();
            let late = late.map_err(|refused| fault(&refused.into()))?;
            unsent = self.apply_verdicts(&late)?;
        }
        self.phone.reopen().map_err(|error| fault(&error))?;
        self.phone.lease_renewed().map_err(|error| fault(&error))?;
        self.tell(&touched);
        if !page.more {
            unsent |= self.with(|opened| bring_back::may_begin(opened))?;
        }
        Ok(unsent)
    }

    fn reset_epoch(&mut self, epoch: u64) -> Result<(), StoreFault> {
        let now = self.clock().wall_ms;
        self.kept_back.clear();
        self.with(|opened| {
            let tag = opened.actor.device_tag();
            let store = std::sync::Arc::clone(&opened.store);
            store.write(|tx| -> Result<(), AppError> {
                for id in tx.offer_again(now)? {
                    offer_folded_again(tx, id, tag, now)?;
                }
                for id in tx.kept_whole()? {
                    offer_whole_again(tx, id, tag, now)?;
                }
                tx.offer_attachments_again()?;
                tx.question_records()?;
                bring_back::question(tx)?;
                tx.put_meta(CURSOR, None)?;
                tx.put_meta(EPOCH, Some(&epoch.to_be_bytes()))?;
                tx.audit(&AuditEntry {
                    at: now,
                    person: None,
                    action: "epoch_reset".into(),
                    subject: None,
                    detail: serde_json::Value::Null,
                })?;
                Ok(())
            })
        })
    }

    fn leaving(&mut self) -> Result<Vec<Leaving>, StoreFault> {
        self.with(|opened| {
            let reader = opened.store.reader()?;
            let scopes = reader.scopes()?;
            let gone = scopes
                .into_iter()
                .filter(|scope| scope.state == ScopeState::Leaving);
            gone.map(|scope| {
                let patient = scope.patient;
                let reason = reader.meta(&reason_key(patient))?;
                Ok(Leaving {
                    patient,
                    reason: reason
                        .and_then(|bytes| String::from_utf8(bytes).ok())
                        .unwrap_or_else(|| "access_ended".into()),
                    unsent: reader.unsent_of_patient(patient)?,
                })
            })
            .collect()
        })
    }

    fn purge(&mut self, patient: PatientId, reason: &str) -> Result<bool, StoreFault> {
        let now = self.clock().wall_ms;
        let inner = &self.phone.inner;
        let id = inner
            .random()
            .map(|random| RecordId::mint(now, random))
            .map_err(|error| fault(&error))?;
        let opening = self.opening()?;
        let purged = self.with(|opened| {
            let purged = opened.purge(patient, reason, id, now)?;
            if purged {
                // What comes back of this patient may lack what was written here, when the
                // backend was put back meanwhile: no number is given twice under one name.
                opened.actor = ActorId::new(opened.actor.device_tag(), opening);
            }
            Ok(purged)
        })?;
        if purged {
            let swept = self.phone.inner.finish_files();
            swept.map_err(|error| fault(&error))?;
        }
        self.tell(&BTreeSet::new());
        Ok(purged)
    }

    fn load_receipts(&mut self) -> Result<Option<ReceiptBatch>, StoreFault> {
        let (device, receipts) = self.with(|opened| {
            let reader = opened.store.reader()?;
            let receipts = reader.unsent_receipts()?;
            Ok((opened.me()?.device, receipts))
        })?;
        let receipts: Vec<Receipt> = receipts
            .iter()
            .take(wire::RECEIPTS_MAX)
            .map(on_the_wire)
            .collect();
        if receipts.is_empty() {
            return Ok(None);
        }
        let ids = receipts.iter().map(|receipt| *receipt.id).collect();
        let statement = wire::receipts_statement(device.bytes(), &receipts);
        let signature = self
            .sign(Domain::Receipt, &statement)
            .map_err(|error| fault(&error))?;
        let request = ReceiptsRequest {
            device: (*device.bytes()).into(),
            receipts,
            signature: signature.into(),
        };
        let body = wire::seal_body(&request).map_err(|_| encode_fault())?;
        Ok(Some(ReceiptBatch { ids, body }))
    }

    fn receipts_sent(&mut self, ids: &[[u8; 16]]) -> Result<(), StoreFault> {
        self.with(|opened| {
            opened.store.write(|tx| -> Result<(), AppError> {
                for id in ids {
                    tx.receipt_sent(RecordId::from_bytes(id)?)?;
                }
                Ok(())
            })
        })
    }

    fn load_beacon(&mut self, last_error: Option<&str>) -> Result<Option<Vec<u8>>, StoreFault> {
        let clock = self.clock();
        let early = |at: i64| clock.monotonic_ms.saturating_sub(at) < BEACON_EVERY_MS;
        if self.beacon_at.is_some_and(early) {
            return Ok(None);
        }
        let beacon = self.with(|opened| {
            let reader = opened.store.reader()?;
            let oldest = reader.oldest_unsent()?;
            let age = |at: Millis| u64::try_from(clock.wall_ms.0.saturating_sub(at.0)).unwrap_or(0);
            Ok(Beacon {
                device: (*opened.me()?.device.bytes()).into(),
                oldest_unsent_ms: oldest.map(age),
                pending: reader.unsent()?,
                quarantined: reader.quarantined_open()?,
                version: env!("CARGO_PKG_VERSION").into(),
                last_error: last_error.map(Into::into),
            })
        })?;
        self.beacon_at = Some(clock.monotonic_ms);
        wire::seal_body(&beacon)
            .map(Some)
            .map_err(|_| encode_fault())
    }

    fn set_anchor(&mut self, server_ms: i64, _at: Monotonic) {
        // The engine's ticks are this process's; the anchor's monotonic clock
        // is the device's, read when the answer is handed in.
        let clock = self.clock();
        let anchor = Anchor {
            server_ms: Millis(server_ms),
            monotonic_ms: clock.monotonic_ms,
            boot_id: clock.boot_id,
        };
        if let Ok(mut guard) = self.phone.inner.opened()
            && let Some(opened) = guard.as_mut()
        {
            opened.anchor = Some(anchor);
        }
    }

    fn observe(&mut self, state: &SyncState) {
        self.phone.inner.observers.tell_sync(state);
    }
}

impl Opened {
    fn purge(
        &mut self,
        patient: PatientId,
        reason: &str,
        id: RecordId,
        now: Millis,
    ) -> Result<bool, AppError> {
        self.forget_all();
        let me = self.me()?.person;
        let outcome = self.store.write(|tx| -> Result<(), StoreError> {
            let counts = tx.purge_patient(patient, PurgeMode::RefuseUnsent)?;
            tx.put_receipt(&PurgeReceipt {
                id,
                patient,
                reason: reason.into(),
                counts,
                at: now,
                sent: false,
            })?;
            tx.put_meta(&reason_key(patient), None)?;
            tx.audit(&AuditEntry {
                at: now,
                person: Some(me),
                action: "purged".into(),
                subject: Some(patient.bytes().to_vec()),
                detail: serde_json::Value::String(reason.into()),
            })?;
            Ok(())
        });
        match outcome {
            Ok(()) => {}
            Err(StoreError::Unsent { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        // Until then the log holds the old pages.
        self.store.checkpoint()?;
        Ok(true)
    }
}

/// Own changes that were folded become rows again and are offered again.
fn offer_folded_again(
    tx: &WriteTx<'_>,
    id: DocumentId,
    tag: DeviceTag,
    now: Millis,
) -> Result<(), AppError> {
    let mut lists: Vec<Vec<(ChangeHash, Vec<u8>)>> = Vec::new();
    for stored in tx.document_truth(id)? {
        if let Stored::Fold(bytes) = stored {
            let unpacked = pack::unpack(&bytes, &fold::FOLD_LIMITS)
                .map_err(|_| AppError::Failed { code: "fold" })?;
            let named = unpacked.into_iter().map(|(_, bytes)| {
                let hash = crate::merge::name_of(&bytes);
                hash.map(|hash| (hash, bytes))
                    .ok_or(AppError::Failed { code: "fold" })
            });
            lists.push(named.collect::<Result<_, _>>()?);
        }
    }
    let rows: Vec<Vec<crate::store::NewChange<'_>>> = lists
        .iter()
        .map(|list| {
            list.iter()
                .map(|(hash, bytes)| crate::store::NewChange {
                    hash: *hash,
                    seq: None,
                    own: crate::merge::writer_of(bytes)
                        .is_some_and(|writer| writer.device_tag() == tag),
                    bytes,
                })
                .collect()
        })
        .collect();
    tx.unfold(id, &rows)?;
    tx.offer_again(now)?;
    Ok(())
}

/// Own changes inside a document that came in one piece are offered again.
fn offer_whole_again(
    tx: &WriteTx<'_>,
    id: DocumentId,
    tag: DeviceTag,
    now: Millis,
) -> Result<(), AppError> {
    for stored in tx.document_truth(id)? {
        let Stored::Whole(bytes) = stored else {
            continue;
        };
        let whole = crate::merge::Document::load(id, Some(&bytes), std::iter::empty())
            .map_err(super::edit::merge_error)?;
        for (hash, bytes) in whole.changes() {
            let own =
                crate::merge::writer_of(&bytes).is_some_and(|writer| writer.device_tag() == tag);
            if own && !tx.has_change(id, &hash)? {
                tx.append_own(id, hash, now, super::project::priority(id), &bytes)?;
            }
        }
    }
    Ok(())
}

fn on_the_wire(receipt: &PurgeReceipt) -> Receipt {
    Receipt {
        id: (*receipt.id.bytes()).into(),
        patient: (*receipt.patient.bytes()).into(),
        reason: receipt.reason.clone(),
        documents: receipt.counts.documents,
        records: receipt.counts.records,
        at_ms: receipt.at.0,
    }
}

pub(super) fn reason_key(patient: PatientId) -> String {
    format!("leave:{patient}")
}

const fn encode_fault() -> StoreFault {
    StoreFault {
        code: "encode",
        retry: false,
    }
}

fn fault(error: &AppError) -> StoreFault {
    let (code, retry) = match error {
        AppError::Locked => ("locked", true),
        AppError::StorageFull { .. } => ("storage_full", true),
        AppError::Retry { .. } => ("busy", true),
        AppError::NotEnrolled => ("not_enrolled", false),
        AppError::Damaged { .. } => ("damaged", false),
        AppError::UpdateApp { .. } => ("update_app", false),
        AppError::Refused { .. } => ("refused", false),
        // A page that does not unpack was damaged on its way: ask again.
        AppError::Failed {
            code: code @ "page_changes",
        } => (*code, true),
        AppError::Failed { code } => (*code, false),
        _ => ("failed", false),
    };
    StoreFault { code, retry }
}
