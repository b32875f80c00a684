//! The phone's side of the sync: what the engine asks of the store.

use std::collections::{BTreeMap, BTreeSet};

use super::arrive::{Dock, PAGE_LIMITS, by_document, page_detail};
use super::error::AppError;
use super::inner::Opened;
use super::session::{CURSOR, EPOCH, check_policy, put_policy, vault_error};
use super::{Homeround, fold, lease};
use crate::access::Policy;
use crate::merge::pack;
use crate::model::{
    Anchor, ChangeHash, Clock, DeviceTag, DocumentId, Grant, GrantSource, Millis, PatientId,
    Record, RecordId, RecordKind, Stamp,
};
use crate::store::{
    AuditEntry, PurgeMode, PurgeReceipt, ScopeRow, ScopeState, StoreError, Stored, Unsent, WriteTx,
};
use crate::sync::{
    ChangeVerdict, CursorState, Leaving, Monotonic, Outbox, OutboxBatch, OutboxLimits,
    ReceiptBatch, StoreFault, SyncState, SyncStore,
};
use crate::vault::Domain;
use crate::wire::{self, Beacon, Page, PushRequest, Receipt, ReceiptsRequest, WireError};

/// A beacon at most this often.
const BEACON_EVERY_MS: i64 = 10 * 60 * 1000;

/// A phone's store as the sync engine uses it. Each call is one transaction.
pub struct PhoneStore {
    phone: Homeround,
    /// Documents of the changes of the last batch.
    batch: BTreeMap<ChangeHash, DocumentId>,
    /// Changes that the backend told to wait, and those that it misses.
    waiting: BTreeSet<ChangeHash>,
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
            beacon_at: None,
        }
    }
}

impl PhoneStore {
    fn clock(&self) -> Clock {
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

    fn sign(&self, domain: Domain, statement: &[u8]) -> Result<[u8; 64], AppError> {
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

    fn batch_of(&mut self, limits: OutboxLimits) -> Result<Outbox, AppError> {
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
            return Ok(Outbox::Empty);
        }
        let hashes: Vec<ChangeHash> = page.iter().map(|unsent| unsent.hash).collect();
        let body = match self.sealed_push(device, &page, &hashes)? {
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

    fn sealed_push(
        &self,
        device: crate::model::DeviceId,
        page: &[Unsent],
        hashes: &[ChangeHash],
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
        };
        match wire::seal_body(&request) {
            Ok(body) => Ok(Some(body)),
            Err(WireError::TooLarge { .. }) => Ok(None),
            Err(_) => Err(AppError::Failed { code: "encode" }),
        }
    }

    fn take_page(&self, page: &Page) -> Result<(BTreeSet<DocumentId>, u64), AppError> {
        let clock = self.clock();
        let tag = {
            let slot = self.phone.inner.vault();
            slot.as_ref().ok_or(AppError::Locked)?.device_tag()
        };
        let mut guard = self.phone.inner.opened()?;
        let opened = guard.as_mut().ok_or(AppError::Locked)?;
        let me = opened.me()?.clone();
        let policy = match &page.policy {
            Some(signed) => Some(check_policy(&me, signed)?),
            None => None,
        };
        let in_force = policy.as_ref().unwrap_or(&opened.policy).clone();
        let store = std::sync::Arc::clone(&opened.store);
        let taken = store.write(|tx| -> Result<(BTreeSet<DocumentId>, u64), AppError> {
            if let Some(signed) = &page.policy {
                put_policy(tx, signed)?;
            }
            scope_changes(tx, page, &me, &in_force, clock)?;
            let refused = put_records(tx, page, clock.wall_ms)?;
            let mut dock = Dock::new(tx, clock.wall_ms, tag);
            dock.quarantined = refused;
            for snapshot in &page.snapshots {
                dock.snapshot(snapshot)?;
            }
            if !page.changes.is_empty() {
                let unpacked =
                    pack::unpack(&page.changes, &PAGE_LIMITS).map_err(|_| AppError::Failed {
                        code: "page_changes",
                    })?;
                for (id, changes) in by_document(unpacked) {
                    dock.changes(id, &changes)?;
                }
            }
            let (touched, quarantined) = (dock.touched, dock.quarantined);
            close_page(tx, page, &in_force, clock)?;
            tx.audit(&AuditEntry {
                at: clock.wall_ms,
                person: Some(me.person),
                action: "page".into(),
                subject: None,
                detail: page_detail(page.records.len(), touched.len(), quarantined),
            })?;
            Ok((touched, quarantined))
        })?;
        for id in &taken.0 {
            opened.forget_document(*id);
        }
        if !page.leaves.is_empty() {
            opened.forget_all();
        }
        Ok(taken)
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
        let (unsent, touched) =
            self.with(|opened| opened.apply_verdicts(verdicts, &batch, clock))?;
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
        Ok(unsent)
    }

    fn reset_epoch(&mut self, epoch: u64) -> Result<(), StoreFault> {
        let now = self.clock().wall_ms;
        self.with(|opened| {
            let tag = opened.actor.device_tag();
            let store = std::sync::Arc::clone(&opened.store);
            store.write(|tx| -> Result<(), AppError> {
                for id in tx.offer_again(now)? {
                    offer_folded_again(tx, id, tag, now)?;
                }
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
        let id = self
            .phone
            .inner
            .random()
            .map(|random| RecordId::mint(now, random))
            .map_err(|error| fault(&error))?;
        let purged = self.with(|opened| opened.purge(patient, reason, id, now))?;
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

/// Patients that came and left.
fn scope_changes(
    tx: &WriteTx<'_>,
    page: &Page,
    me: &super::Me,
    policy: &Policy,
    clock: Clock,
) -> Result<(), AppError> {
    for enter in &page.enters {
        let patient = PatientId::from_bytes(&enter.patient[..])?;
        let source = match enter.source.as_str() {
            "assignment" => GrantSource::Assignment,
            "break_glass" => GrantSource::BreakGlass,
            _ => GrantSource::CareTeam,
        };
        let server_now = Millis(page.server_ms);
        let grant = Grant {
            person: me.person,
            patient,
            source,
            from_ms: match enter.until_ms {
                // A limited grant is judged by its length: it began no
                // earlier than its longest would.
                Some(until) if source == GrantSource::BreakGlass => {
                    Millis(until).plus(-policy.break_glass_max_ms)
                }
                _ => Millis(i64::MIN),
            },
            until_ms: enter.until_ms.map(Millis),
        };
        tx.put_scope(&ScopeRow {
            patient,
            state: ScopeState::Active,
            entered: server_now,
            lease_until: None,
            grants: vec![grant],
        })?;
    }
    for leave in &page.leaves {
        let patient = PatientId::from_bytes(&leave.patient[..])?;
        if let Some(mut scope) = tx.scope(patient)? {
            scope.state = ScopeState::Leaving;
            scope.grants.clear();
            tx.put_scope(&scope)?;
            tx.put_meta(&reason_key(patient), Some(leave.reason.as_bytes()))?;
        }
    }
    let _ = clock;
    Ok(())
}

/// Rows of the backend. One that is not what its kind says is quarantined.
fn put_records(tx: &WriteTx<'_>, page: &Page, now: Millis) -> Result<u64, AppError> {
    let mut refused = 0;
    for row in &page.records {
        let Ok(kind) = RecordKind::from_code(row.kind) else {
            // A kind of a later version: it comes again after the update.
            continue;
        };
        let record = Record {
            kind,
            id: RecordId::from_bytes(&row.id[..])?,
            patient: row
                .patient
                .as_ref()
                .map(|patient| PatientId::from_bytes(&patient[..]))
                .transpose()?,
            version: row.version,
            body: row.body.clone(),
        };
        match tx.put_record(&record) {
            Ok(_) => {}
            Err(StoreError::Shape { .. } | StoreError::Refused(_)) => {
                refused += 1;
                quarantine_record(tx, &record, now)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(refused)
}

fn quarantine_record(tx: &WriteTx<'_>, record: &Record, now: Millis) -> Result<(), AppError> {
    tx.audit(&AuditEntry {
        at: now,
        person: None,
        action: "record_refused".into(),
        subject: Some(record.id.bytes().to_vec()),
        detail: serde_json::json!({ "kind": record.kind, "version": record.version }),
    })?;
    Ok(())
}

/// The cursor, the epoch and a new lease, with the page itself.
fn close_page(
    tx: &WriteTx<'_>,
    page: &Page,
    policy: &Policy,
    clock: Clock,
) -> Result<(), AppError> {
    tx.put_meta(CURSOR, Some(&page.cursor))?;
    tx.put_meta(EPOCH, Some(&page.epoch.to_be_bytes()))?;
    let anchor = Anchor {
        server_ms: Millis(page.server_ms),
        monotonic_ms: clock.monotonic_ms,
        boot_id: clock.boot_id,
    };
    lease::renew(tx, anchor, policy.lease_ms)
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

/// What is unsent of patients that left scope goes before everything else.
fn unsent_of_leavers(
    rows: &crate::store::Rows,
    limits: &OutboxLimits,
) -> Result<Vec<Unsent>, AppError> {
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
    rows: &crate::store::Rows,
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

fn reason_key(patient: PatientId) -> String {
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
        AppError::Failed { code } => (*code, false),
        _ => ("failed", false),
    };
    StoreFault { code, retry }
}
