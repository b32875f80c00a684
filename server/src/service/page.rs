//! A page while it is filled: its parts, its bytes, whose data it shows.

use std::collections::{BTreeMap, BTreeSet};

use homeround::merge::{links_of, pack};
use homeround::model::{ChangeHash, DocumentId, PatientId};
use homeround::wire::{
    self, Enter, Leave, Page, Proof, RecordRow as WireRecord, SignedPolicy, Snapshot,
};

use super::ServiceError;
use super::documents::Whole;
use super::proofs::Proofs;
use crate::store::{ChangeRow, RecordRow, Tenant};

/// Fewest bytes of a page that a phone may ask for.
pub const PAGE_ASKED_MIN: u64 = 16 * 1024;
/// Most bytes of a page that a phone may ask for: even incompressible ones
/// stay inside the wire's limits.
pub const PAGE_ASKED_MAX: u64 = 3 * 1024 * 1024;
/// What a row costs beside its body: kind, ids, version, lengths.
const ROW_BYTES: usize = 48;
/// What a proof costs: document, hash, code, lengths.
const PROOF_BYTES: usize = 72;

/// What belongs together and is given together.
#[derive(Default)]
pub(crate) struct Unit {
    pub(crate) records: Vec<RecordRow>,
    pub(crate) snapshots: Vec<Snapshot>,
    /// The latest changes of those documents.
    heads: Vec<(DocumentId, ChangeHash)>,
}

impl Unit {
    pub(crate) fn add_record(&mut self, row: RecordRow) {
        self.records.push(row);
    }

    pub(crate) fn add_snapshot(
        &mut self,
        document: DocumentId,
        patient: PatientId,
        whole: Whole,
        priority: u8,
    ) {
        let heads = whole.heads.into_iter().map(|head| (document, head));
        self.heads.extend(heads);
        self.snapshots.push(Snapshot {
            document: document.key().to_vec().into(),
            patient: (*patient.bytes()).into(),
            bytes: whole.bytes.into(),
            priority,
        });
    }

    fn bytes(&self) -> usize {
        let records = self.records.iter().map(record_bytes);
        let snapshots = self.snapshots.iter().map(|it| it.bytes.len() + ROW_BYTES);
        records.sum::<usize>() + snapshots.sum::<usize>() + self.heads.len() * PROOF_BYTES
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
    /// The latest changes of the documents in it, each of which proves what is before it.
    heads: BTreeMap<DocumentId, BTreeSet<ChangeHash>>,
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
            heads: BTreeMap::new(),
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
        for (document, head) in unit.heads {
            self.heads.entry(document).or_default().insert(head);
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
    pub(crate) fn change(&mut self, row: ChangeRow) -> bool {
        if self.used > 0 && self.used.saturating_add(row.bytes.len()) > self.limit {
            return false;
        }
        self.patients.insert(row.patient);
        let heads = self.heads.entry(row.document).or_default();
        let before = heads.len();
        for dep in links_of(&row.bytes).map_or_else(Vec::new, |(_, deps)| deps) {
            heads.remove(&dep);
        }
        heads.insert(row.hash);
        let proofs = heads.len().saturating_sub(before);
        self.used += row.bytes.len() + proofs * PROOF_BYTES;
        self.changes.push((row.document, row.bytes));
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
        let proofs = Proofs::of(tenant);
        let heads = self.heads.into_iter();
        let heads = heads.flat_map(|(id, heads)| heads.into_iter().map(move |head| (id, head)));
        let proofs: Vec<Proof> = heads
            .map(|(id, head)| proofs.of_change(id, &head))
            .collect();
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
            proofs: (!proofs.is_empty()).then_some(proofs),
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
