//! What came from the backend: records, documents and changes of others.
//!
//! One page is one transaction with its cursor. Nothing that can't be applied
//! stops what follows it: it waits for what it builds on, or is quarantined
//! with its reason.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::error::AppError;
use super::inner::load;
use super::{fold, project};
use crate::merge::{Document, Trial, VetError};
use crate::model::{ChangeHash, DeviceTag, DocumentId, Millis, PatientId, PersonId};
use crate::store::{ArrivalKind, NewChange, Rejected, Rows, StoreError, WriteTx};
use crate::wire::Snapshot;

/// Changes after which a document's snapshot is written anew.
const SNAPSHOT_EVERY: u64 = 64;

/// Where arrivals are taken in.
pub(super) struct Dock<'t, 'r> {
    pub(super) tx: &'t WriteTx<'r>,
    pub(super) now: Millis,
    /// Whose phone this is: changes of this device's actors are its own.
    pub(super) tag: DeviceTag,
    /// Documents that changed.
    pub(super) touched: BTreeSet<DocumentId>,
    /// Edits that were quarantined.
    pub(super) quarantined: u64,
}

impl<'t, 'r> Dock<'t, 'r> {
    pub(super) const fn new(tx: &'t WriteTx<'r>, now: Millis, tag: DeviceTag) -> Self {
        Self {
            tx,
            now,
            tag,
            touched: BTreeSet::new(),
            quarantined: 0,
        }
    }
}

impl Dock<'_, '_> {
    /// A document in one piece: merged now, or kept for an idle moment.
    pub(super) fn snapshot(&mut self, snapshot: &Snapshot) -> Result<(), AppError> {
        let id = DocumentId::from_key(&snapshot.document)?;
        let patient = PatientId::from_bytes(&snapshot.patient[..])?;
        self.tx.ensure_document(id, patient)?;
        self.tx.rehome(id, patient)?;
        self.touched.insert(id);
        let known = self.tx.view(id)?.is_some();
        if known || snapshot.priority == 0 {
            return self.whole(id, &snapshot.bytes);
        }
        let priority = u32::from(snapshot.priority);
        self.tx
            .defer(id, priority, ArrivalKind::Whole, None, &snapshot.bytes)
            .map_err(AppError::from)
    }

    /// Takes in a document in one piece: as its base if it is new here, else
    /// what it has that ours lacks.
    pub(super) fn whole(&mut self, id: DocumentId, bytes: &[u8]) -> Result<(), AppError> {
        let arrived = match Document::arrived(id, bytes) {
            Ok(arrived) => arrived,
            Err(error) => return self.refuse(id, &snapshot_name(bytes), error.code(), "", None),
        };
        if !self.tx.has_truth(id)? {
            self.tx.append_whole(id, bytes)?;
            self.show(&arrived)?;
            return self.release_waiting(id, arrived);
        }
        let ours = match load(self.tx, id) {
            Ok(ours) => ours,
            // Unsent edits without the document that they build on, as after a
            // recovery: this is it.
            Err(AppError::Damaged { .. }) => return self.found(id, &arrived, bytes),
            Err(error) => return Err(error),
        };
        let lacking = arrived
            .changes()
            .into_iter()
            .filter(|(hash, _)| !ours.has(hash));
        let lacking: Vec<Vec<u8>> = lacking.map(|(_, bytes)| bytes).collect();
        self.changes(id, &lacking)
    }

    /// Puts unsent edits back on the document that they build on. One that does
    /// not fit is quarantined with its bytes.
    fn found(&mut self, id: DocumentId, arrived: &Document, bytes: &[u8]) -> Result<(), AppError> {
        let mut trial = arrived.trial();
        let mut fitting = Vec::new();
        for unsent in self.tx.unsent_changes(id)? {
            match try_one(&mut trial, &unsent.bytes) {
                Ok(_) => fitting.push(unsent.hash),
                Err((_, error)) => {
                    self.tx.reject(id, &unsent.hash)?;
                    self.refuse_change(id, Some(unsent.hash), &error, &unsent.bytes)?;
                }
            }
        }
        self.tx.append_whole(id, bytes)?;
        if let Ok(merged) = trial.finish() {
            return self.show(&merged);
        }
        for hash in fitting {
            if let Some(unsent) = self.tx.reject(id, &hash)? {
                let error = VetError::Unstable;
                self.refuse_change(id, Some(hash), &error, &unsent.bytes)?;
            }
        }
        self.show(arrived)
    }

    /// Takes in changes of one document, in an order in which each comes after
    /// what it builds on.
    pub(super) fn changes(&mut self, id: DocumentId, changes: &[Vec<u8>]) -> Result<(), AppError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.touched.insert(id);
        if self.tx.is_deferred(id)? {
            // Its base is here and not merged yet: they are merged together.
            return self.defer(id, changes);
        }
        let base = self
            .tx
            .has_truth(id)?
            .then(|| load(self.tx, id))
            .transpose()?;
        self.merge(id, base, changes)
    }

    fn merge(
        &mut self,
        id: DocumentId,
        base: Option<Document>,
        changes: &[Vec<u8>],
    ) -> Result<(), AppError> {
        let start = |base: &Option<Document>| match base {
            Some(document) => document.trial(),
            None => Document::empty_trial(id),
        };
        let mut trial = start(&base);
        let mut accepted: Vec<(ChangeHash, bool, &[u8])> = Vec::new();
        let mut waiting: Vec<(ChangeHash, &[u8])> = Vec::new();
        for bytes in changes {
            match try_one(&mut trial, bytes) {
                // A fold holds it, or the document as it came in one piece: a row of its own
                // would be a second copy.
                Ok(tried) if tried.known && !self.tx.has_change(id, &tried.hash)? => {}
                Ok(tried) => accepted.push((tried.hash, tried.tag == self.tag, bytes)),
                Err((Some(hash), VetError::Waiting { .. })) => waiting.push((hash, bytes)),
                Err((hash, error)) => self.refuse_change(id, hash, &error, bytes)?,
            }
        }
        let merged = match trial.finish() {
            Ok(merged) => merged,
            // Together they are unstable: take them one by one, so that one
            // bad change costs only itself.
            Err(_) if accepted.len() > 1 => {
                let mut base = base;
                for (_, _, bytes) in accepted {
                    self.merge(id, base.take(), &[bytes.to_vec()])?;
                    base = Some(load(self.tx, id)?);
                }
                return self.wait(id, &waiting);
            }
            Err(error) => {
                for (hash, _, bytes) in accepted {
                    self.refuse_change(id, Some(hash), &error, bytes)?;
                }
                return self.wait(id, &waiting);
            }
        };
        if !accepted.is_empty() {
            self.keep(id, &merged, &accepted)?;
        }
        self.wait(id, &waiting)?;
        self.release_waiting(id, merged)
    }

    fn keep(
        &mut self,
        id: DocumentId,
        merged: &Document,
        accepted: &[(ChangeHash, bool, &[u8])],
    ) -> Result<(), AppError> {
        if !self.tx.has_document(id)? {
            let patient = patient_of(merged.view())?;
            self.tx.ensure_document(id, patient)?;
        }
        let rows: Vec<NewChange<'_>> = accepted
            .iter()
            .map(|(hash, own, bytes)| NewChange {
                hash: *hash,
                seq: None,
                own: *own,
                bytes,
            })
            .collect();
        self.tx.append_changes(id, &rows)?;
        if self.tx.parts_since_snapshot(id)? >= SNAPSHOT_EVERY {
            self.tx.put_snapshot(id, &merged.heads(), &merged.save())?;
        }
        self.show(merged)
    }

    /// Projects a document; a conflict that is gone was settled by whoever the
    /// document's last settlement names.
    fn show(&self, document: &Document) -> Result<(), AppError> {
        let by = last_settler(document.view());
        project::write_all(self.tx, document, self.now, by).map_err(AppError::from)
    }

    fn defer(&self, id: DocumentId, changes: &[Vec<u8>]) -> Result<(), AppError> {
        for bytes in changes {
            let kind =
                ArrivalKind::Change(crate::merge::name_of(bytes).unwrap_or(snapshot_name(bytes)));
            self.tx.defer(id, 1, kind, None, bytes)?;
        }
        Ok(())
    }

    /// Keeps changes until what they build on has come; a full place refuses.
    fn wait(&mut self, id: DocumentId, waiting: &[(ChangeHash, &[u8])]) -> Result<(), AppError> {
        for (hash, bytes) in waiting {
            if !self.tx.has_document(id)? {
                self.refuse(id, hash, "unknown_document", "", Some(bytes))?;
                continue;
            }
            match self.tx.wait(id, *hash, None, bytes) {
                Ok(()) => {}
                Err(StoreError::Limit { .. }) => {
                    self.refuse(id, hash, "waiting_full", "", Some(bytes))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Tries again what waited for others.
    fn release_waiting(&mut self, id: DocumentId, document: Document) -> Result<(), AppError> {
        let waiting = self.tx.waiting(id)?;
        if waiting.is_empty() {
            return Ok(());
        }
        let trial = document.trial();
        let mut ready = Vec::new();
        for arrival in waiting {
            let ArrivalKind::Change(hash) = arrival.kind else {
                continue;
            };
            if !matches!(trial.inspect(&arrival.bytes), Err(VetError::Waiting { .. })) {
                self.tx.release(id, &hash)?;
                ready.push(arrival.bytes);
            }
        }
        if ready.is_empty() {
            return Ok(());
        }
        self.merge(id, Some(document), &ready)
    }

    fn refuse_change(
        &mut self,
        id: DocumentId,
        hash: Option<ChangeHash>,
        error: &VetError,
        bytes: &[u8],
    ) -> Result<(), AppError> {
        let hash = hash.unwrap_or_else(|| snapshot_name(bytes));
        let field = error.path().map_or("", |path| path.0.as_str());
        self.refuse(id, &hash, error.code(), field, Some(bytes))
    }

    /// Quarantines what can't be applied; the page goes on.
    fn refuse(
        &mut self,
        id: DocumentId,
        hash: &ChangeHash,
        code: &str,
        field: &str,
        bytes: Option<&[u8]>,
    ) -> Result<(), AppError> {
        self.quarantined += 1;
        let rejected = Rejected {
            document: id,
            hash: *hash,
            author: None,
            code: code.into(),
            field: (!field.is_empty()).then(|| field.into()),
            values: Value::Null,
            bytes: bytes.map(<[u8]>::to_vec),
            at: self.now,
        };
        self.tx.quarantine(&rejected)?;
        Ok(())
    }

    /// Merges what was deferred of one document.
    pub(super) fn take_in(&mut self, id: DocumentId) -> Result<(), AppError> {
        let arrivals = self.tx.take_deferred(id)?;
        let mut changes = Vec::new();
        for arrival in arrivals {
            match arrival.kind {
                ArrivalKind::Whole => self.whole(id, &arrival.bytes)?,
                ArrivalKind::Change(_) => changes.push(arrival.bytes),
            }
        }
        self.changes(id, &changes)
    }
}

struct Tried {
    hash: ChangeHash,
    tag: DeviceTag,
    /// The document has it already.
    known: bool,
}

fn try_one(trial: &mut Trial, bytes: &[u8]) -> Result<Tried, (Option<ChangeHash>, VetError)> {
    let named = |error| (crate::merge::name_of(bytes), error);
    let inspected = trial.inspect(bytes).map_err(named)?;
    if !inspected.duplicate {
        trial.accept(bytes).map_err(named)?;
    }
    Ok(Tried {
        hash: inspected.hash,
        tag: inspected.actor.device_tag(),
        known: inspected.duplicate,
    })
}

/// A document that arrived and is not merged yet, merged for the eye alone:
/// reading never waits for a writer.
pub(super) fn peek(rows: &Rows, id: DocumentId) -> Result<Document, AppError> {
    let arrivals = rows.deferred(id)?;
    let whole = arrivals
        .iter()
        .find(|arrival| arrival.kind == ArrivalKind::Whole)
        .ok_or(AppError::NotFound { what: "document" })?;
    let damaged = |_| AppError::Damaged {
        set_aside: String::new(),
    };
    let base = Document::arrived(id, &whole.bytes).map_err(damaged)?;
    let mut trial = base.trial();
    for arrival in &arrivals {
        if arrival.kind != ArrivalKind::Whole {
            // What does not fit is judged when it is merged for good.
            let _ = try_one(&mut trial, &arrival.bytes);
        }
    }
    Ok(trial.finish().unwrap_or(base))
}

/// Groups unpacked changes by document; inside a document the order stays.
pub(super) fn by_document(
    changes: Vec<(DocumentId, Vec<u8>)>,
) -> BTreeMap<DocumentId, Vec<Vec<u8>>> {
    let mut grouped: BTreeMap<DocumentId, Vec<Vec<u8>>> = BTreeMap::new();
    for (id, bytes) in changes {
        grouped.entry(id).or_default().push(bytes);
    }
    grouped
}

pub(super) fn patient_of(view: &Value) -> Result<PatientId, AppError> {
    let text = view["patient"].as_str().unwrap_or_default();
    Ok(text.parse::<PatientId>()?)
}

/// Who settled last, as the document says.
fn last_settler(view: &Value) -> Option<PersonId> {
    let settlements = view["settlements"].as_object()?;
    let last = settlements.values().next_back()?;
    last["by"].as_str()?.parse().ok()
}

/// A name for bytes that are no change.
fn snapshot_name(bytes: &[u8]) -> ChangeHash {
    use sha2::{Digest, Sha256};
    ChangeHash(Sha256::digest(bytes).into())
}

/// How a page is written into the audit trail: counts, never values.
pub(super) fn page_detail(records: usize, documents: usize, quarantined: u64) -> Value {
    json!({ "records": records, "documents": documents, "quarantined": quarantined })
}

/// Limits of a page's packed changes.
pub(super) const PAGE_LIMITS: crate::merge::pack::PackLimits = crate::merge::pack::PackLimits {
    changes_max: 100_000,
    change_bytes_max: crate::wire::CHANGE_BYTES_MAX,
    total_bytes_max: 64 * 1024 * 1024,
};

const _: () = assert!(fold::FOLD_LIMITS.change_bytes_max == PAGE_LIMITS.change_bytes_max);
