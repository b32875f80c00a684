//! One page of the backend: one transaction with its cursor.

use std::collections::BTreeSet;

use super::arrive::{Dock, PAGE_LIMITS, by_document, page_detail};
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

/// Patients in scope who were not named again since the pages started over.
const UNCONFIRMED: &str = "unconfirmed";
/// The pages start over because the backend was restored.
pub(super) const EPOCH_BEGINS: &str = "epoch_begins";

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
        let taken = store.write(
            |tx| -> Result<(BTreeSet<DocumentId>, u64, bool), AppError> {
                if let Some(signed) = &page.policy {
                    put_policy(tx, signed)?;
                }
                let left = unconfirmed(tx, page)?;
                scope_changes(tx, page, &me, &in_force, clock)?;
                let any_left = !left.is_empty();
                left.into_iter()
                    .try_for_each(|patient| leave(tx, patient, "access_ended"))?;
                let refused = put_records(tx, page, clock.wall_ms)?;
                let mut dock = Dock::new(tx, clock.wall_ms, tag);
                dock.quarantined = refused;
                for snapshot in &page.snapshots {
                    dock.snapshot(snapshot)?;
                }
                if !page.changes.is_empty() {
                    let unpacked = pack::unpack(&page.changes, &PAGE_LIMITS).map_err(|_| {
                        AppError::Failed {
                            code: "page_changes",
                        }
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
                Ok((touched, quarantined, any_left))
            },
        )?;
        for id in &taken.0 {
            opened.forget_document(*id);
        }
        if !page.leaves.is_empty() || taken.2 {
            opened.forget_all();
        }
        Ok((taken.0, taken.1))
    }
}

/// When the pages start over, whoever was in scope has to be named again: a leave that lies
/// before the new beginning is told to nobody. Answers who was not, once all pages are here.
fn unconfirmed(tx: &WriteTx<'_>, page: &Page) -> Result<Vec<PatientId>, AppError> {
    // A restored backend may have lost what it granted: work on that is kept.
    let starts_over = tx.meta(CURSOR)?.is_none() && tx.meta(EPOCH_BEGINS)?.is_none();
    tx.put_meta(EPOCH_BEGINS, None)?;
    let mut open: BTreeSet<PatientId> = if starts_over {
        let scopes = tx.scopes()?.into_iter();
        let active = scopes.filter(|scope| scope.state == ScopeState::Active);
        active.map(|scope| scope.patient).collect()
    } else {
        let kept = tx.meta(UNCONFIRMED)?.unwrap_or_default();
        let ids = kept.chunks_exact(16).map(PatientId::from_bytes);
        ids.collect::<Result<_, _>>()?
    };
    for enter in &page.enters {
        open.remove(&PatientId::from_bytes(&enter.patient[..])?);
    }
    if page.more {
        let ids: Vec<u8> = open.iter().flat_map(|patient| *patient.bytes()).collect();
        tx.put_meta(UNCONFIRMED, (!ids.is_empty()).then_some(&ids[..]))?;
        return Ok(Vec::new());
    }
    tx.put_meta(UNCONFIRMED, None)?;
    Ok(open.into_iter().collect())
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
