//! A page while it is filled: its parts, its bytes, whose data it shows.

use std::collections::BTreeSet;

use homeround::merge::pack;
use homeround::model::{DocumentId, PatientId};
use homeround::wire::{self, Enter, Leave, Page, RecordRow as WireRecord, SignedPolicy, Snapshot};

use super::ServiceError;
use crate::store::{RecordRow, Tenant};

/// Fewest bytes of a page that a phone may ask for.
pub const PAGE_ASKED_MIN: u64 = 16 * 1024;
/// Most bytes of a page that a phone may ask for: even incompressible ones
/// stay inside the wire's limits.
pub const PAGE_ASKED_MAX: u64 = 3 * 1024 * 1024;
/// What a row costs beside its body: kind, ids, version, lengths.
const ROW_BYTES: usize = 48;

/// What belongs together and is given together.
#[derive(Default)]
pub(crate) struct Unit {
    pub(crate) records: Vec<RecordRow>,
    pub(crate) snapshots: Vec<Snapshot>,
}

impl Unit {
    pub(crate) fn add_record(&mut self, row: RecordRow) {
        self.records.push(row);
    }

    pub(crate) fn add_snapshot(
        &mut self,
        document: DocumentId,
        patient: PatientId,
        bytes: Vec<u8>,
        priority: u8,
    ) {
        self.snapshots.push(Snapshot {
            document: document.key().to_vec().into(),
            patient: (*patient.bytes()).into(),
            bytes: bytes.into(),
            priority,
        });
    }

    fn bytes(&self) -> usize {
        let records = self.records.iter().map(record_bytes);
        let snapshots = self.snapshots.iter().map(|it| it.bytes.len() + ROW_BYTES);
        records.sum::<usize>() + snapshots.sum::<usize>()
    }
}

fn record_bytes(row: &RecordRow) -> usize {
    row.body.as_ref().map_or(0, String::len) + ROW_BYTES
}

/// A page while it is filled.
pub(crate) struct Draft {
    limit: usize,
    used: usize,
    pub(crate) policy: Option<SignedPolicy>,
    pub(crate) enters: Vec<Enter>,
    records: Vec<WireRecord>,
    snapshots: Vec<Snapshot>,
    changes: Vec<(DocumentId, Vec<u8>)>,
    pub(crate) leaves: Vec<Leave>,
    /// Whose data it shows, for the audit trail.
    pub(crate) patients: BTreeSet<PatientId>,
    pub(crate) remaining: Option<u64>,
}

impl Draft {
    pub(crate) fn new(asked: u64) -> Self {
        let limit = asked.clamp(PAGE_ASKED_MIN, PAGE_ASKED_MAX);
        Self {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            used: 0,
            policy: None,
            enters: Vec::new(),
            records: Vec::new(),
            snapshots: Vec::new(),
            changes: Vec::new(),
            leaves: Vec::new(),
            patients: BTreeSet::new(),
            remaining: None,
        }
    }

    /// Whether nothing more should come.
    pub(crate) const fn is_full(&self) -> bool {
        self.used >= self.limit
    }

    /// Lets the page grow past what was asked, as far as today needs it.
    pub(crate) const fn reach_for_today(&mut self) -> usize {
        std::mem::replace(&mut self.limit, usize::MAX)
    }

    /// Back to what was asked.
    pub(crate) const fn asked_again(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Adds what belongs together, if there is room or nothing else is there.
    pub(crate) fn offer(&mut self, unit: Unit) -> bool {
        let bytes = unit.bytes();
        if self.used > 0 && self.used.saturating_add(bytes) > self.limit {
            return false;
        }
        self.used += bytes;
        for row in unit.records {
            self.patients.extend(row.patient);
            self.records.push(wire_record(row));
        }
        for snapshot in unit.snapshots {
            let patient = uuid::Uuid::from_bytes(*snapshot.patient);
            self.patients.insert(PatientId(patient));
            self.snapshots.push(snapshot);
        }
        true
    }

    /// Adds one row.
    pub(crate) fn record(&mut self, row: RecordRow) -> bool {
        let mut unit = Unit::default();
        unit.add_record(row);
        self.offer(unit)
    }

    /// Adds one change.
    pub(crate) fn change(
        &mut self,
        document: DocumentId,
        patient: PatientId,
        bytes: Vec<u8>,
    ) -> bool {
        if self.used > 0 && self.used.saturating_add(bytes.len()) > self.limit {
            return false;
        }
        self.used += bytes.len();
        self.patients.insert(patient);
        self.changes.push((document, bytes));
        true
    }

    /// Adds a patient that came into scope.
    pub(crate) fn enter(&mut self, enter: Enter) {
        self.used += ROW_BYTES;
        self.enters.push(enter);
    }

    /// The page with its cursor.
    pub(crate) fn finish(
        self,
        tenant: &Tenant,
        server_ms: i64,
        cursor: Vec<u8>,
        more: bool,
    ) -> Result<Page, ServiceError> {
        let borrowed: Vec<(DocumentId, &[u8])> = self
            .changes
            .iter()
            .map(|(document, bytes)| (*document, bytes.as_slice()))
            .collect();
        let changes = if borrowed.is_empty() {
            Vec::new()
        } else {
            pack::pack(&borrowed).map_err(|_| ServiceError::Damaged)?
        };
        Ok(Page {
            epoch: tenant.epoch,
            server_ms,
            cursor: cursor.into(),
            more,
            policy: self.policy,
            enters: self.enters,
            records: self.records,
            snapshots: self.snapshots,
            changes: changes.into(),
            verdicts: Vec::<wire::LateVerdict>::new(),
            leaves: self.leaves,
            remaining: self.remaining,
        })
    }
}

fn wire_record(row: RecordRow) -> WireRecord {
    WireRecord {
        kind: row.kind.code(),
        id: (*row.id.bytes()).into(),
        patient: row.patient.map(|patient| (*patient.bytes()).into()),
        version: row.version,
        body: row.body,
    }
}
