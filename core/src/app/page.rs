//! One page of the backend: one transaction with its cursor.

use std::collections::{BTreeMap, BTreeSet};

use super::arrive::{Dock, PAGE_LIMITS, by_document, page_detail};
use super::bring_back::keep_proofs;
use super::error::AppError;
use super::lease;
use super::session::{CURSOR, EPOCH, check_policy, put_policy};
use super::sync_store::{PhoneStore, reason_key};
use crate::access::Policy;
use crate::merge::pack;
use crate::model::{
    Anchor, Clock, DocumentId, Grant, GrantSource, Millis, PatientId, Record, RecordId, RecordKind,
};
use crate::store::{AuditEntry, ScopeRow, ScopeState, StoreError, WriteTx};
use crate::wire::Page;

/// Patients that a download from the beginning has not named yet, 16 bytes each.
const UNCONFIRMED: &str = "unconfirmed";
/// Why a patient leaves whom it did not name, as the backend says it.
const ACCESS_ENDED: &str = "access_ended";

impl PhoneStore {
    pub(super) fn take_page(&self, page: &Page) -> Result<(BTreeSet<DocumentId>, u64), AppError> {
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
        let mut left = false;
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
            let mut changes = BTreeMap::new();
            if !page.changes.is_empty() {
                let unpacked =
                    pack::unpack(&page.changes, &PAGE_LIMITS).map_err(|_| AppError::Failed {
                        code: "page_changes",
                    })?;
                changes = by_document(unpacked);
                for (id, changes) in &changes {
                    dock.changes(*id, changes)?;
                }
            }
            keep_proofs(tx, page, &changes)?;
            let (touched, quarantined) = (dock.touched, dock.quarantined);
            left = confirm_scope(tx, page)?;
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
        if left || !page.leaves.is_empty() {
            opened.forget_all();
        }
        Ok(taken)
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
        self::leave(tx, patient, &leave.reason)?;
    }
    let _ = clock;
    Ok(())
}

/// A download from the beginning, as after the backend was put back to a backup, names
/// every patient that this phone may have: at its end, whoever was not named leaves. The
/// backend can't say so itself, as it does not know what the phone has. A patient of whom
/// something is unsent waits until the backend has decided on it: a backup may have
/// forgotten the patient, and then the work is only here. Answers whether somebody leaves.
fn confirm_scope(tx: &WriteTx<'_>, page: &Page) -> Result<bool, AppError> {
    let begins = tx.meta(CURSOR)?.is_none();
    let mut open: BTreeSet<PatientId> = if begins {
        let known = tx.scopes()?.into_iter();
        let known = known.filter(|scope| scope.state != ScopeState::Leaving);
        known.map(|scope| scope.patient).collect()
    } else {
        let kept = tx.meta(UNCONFIRMED)?.unwrap_or_default();
        let kept = kept.chunks_exact(16).map(PatientId::from_bytes);
        kept.collect::<Result<_, _>>()?
    };
    if open.is_empty() {
        return Ok(false);
    }
    for enter in &page.enters {
        open.remove(&PatientId::from_bytes(&enter.patient[..])?);
    }
    let mut kept = BTreeSet::new();
    for patient in &open {
        if page.more || tx.unsent_of_patient(*patient)? > 0 {
            kept.insert(*patient);
        } else {
            leave(tx, *patient, ACCESS_ENDED)?;
        }
    }
    let bytes: Vec<u8> = kept.iter().flat_map(|patient| *patient.bytes()).collect();
    tx.put_meta(UNCONFIRMED, (!kept.is_empty()).then_some(&*bytes))?;
    Ok(kept.len() < open.len())
}

fn leave(tx: &WriteTx<'_>, patient: PatientId, reason: &str) -> Result<(), AppError> {
    if let Some(mut scope) = tx.scope(patient)? {
        scope.state = ScopeState::Leaving;
        scope.grants.clear();
        tx.put_scope(&scope)?;
        tx.put_meta(&reason_key(patient), Some(reason.as_bytes()))?;
    }
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
