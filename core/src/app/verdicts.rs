//! What the backend decided about this phone's changes.
//!
//! Accepted and known ones leave the outbox. A rejected one leaves the
//! document and goes into quarantine with its values and its reason, until a
//! person takes care of it. What was built on it is written again where it is
//! permitted by itself: nobody's other work goes with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::edit::{clamp, merge_error};
use super::error::AppError;
use super::inner::{Opened, load};
use super::{project, reauthor};
use crate::merge::{Document, Op};
use crate::model::{ActorId, ChangeHash, Clock, DocumentId, DocumentKind, Stamp};
use crate::store::{AuditEntry, Rejected, Stored, Unsent, WriteTx};
use crate::sync::ChangeVerdict;
use crate::wire::Verdict;

/// A change of ours whose number another change has: the phone or the backend
/// was restored. The same words go out again under a new actor.
const SEQUENCE_REUSED: &str = "sequence_reused";
/// It stood on a rejected change; by itself it may be fine.
const DEPENDS_ON_REJECTED: &str = "depends_on_rejected";

/// Why a change can't stay as it is.
struct Fallen {
    code: String,
    field: String,
}

impl Fallen {
    /// Whether saying it again may be accepted.
    fn may_be_said_again(&self) -> bool {
        self.code == SEQUENCE_REUSED || self.code == DEPENDS_ON_REJECTED
    }
}

impl Opened {
    /// Notes what became of changes. Answers whether new unsent changes arose.
    pub(super) fn apply_verdicts(
        &mut self,
        verdicts: &[ChangeVerdict],
        documents: &BTreeMap<ChangeHash, DocumentId>,
        fresh: ActorId,
        clock: Clock,
    ) -> Result<(bool, BTreeSet<DocumentId>), AppError> {
        if verdicts
            .iter()
            .any(|change| matches!(change.verdict, Verdict::Rejected { .. }))
        {
            // What is taken out leaves its numbers behind, and the backend may have them, or
            // get them from a colleague: they are not given twice under one name.
            self.actor = fresh;
        }
        let store = std::sync::Arc::clone(&self.store);
        let mut touched = BTreeSet::new();
        let outcome = store.write(|tx| -> Result<bool, AppError> {
            let mut fallen: BTreeMap<DocumentId, BTreeMap<ChangeHash, Fallen>> = BTreeMap::new();
            for change in verdicts {
                let id = match documents.get(&change.hash) {
                    Some(id) => Some(*id),
                    None => tx.document_of_unsent(&change.hash)?,
                };
                let Some(id) = id else { continue };
                touched.insert(id);
                match &change.verdict {
                    Verdict::Accepted { seq } => {
                        tx.acknowledge(id, &change.hash, Some(*seq))?;
                    }
                    Verdict::Duplicate => {
                        tx.acknowledge(id, &change.hash, None)?;
                    }
                    Verdict::Waiting { .. } => {}
                    Verdict::Rejected { code, field } => {
                        let why = Fallen {
                            code: code.clone(),
                            field: field.clone(),
                        };
                        fallen.entry(id).or_default().insert(change.hash, why);
                    }
                }
            }
            let mut unsent = false;
            for (id, rejected) in fallen {
                unsent |= self.withdraw(tx, id, rejected, clock)?;
            }
            Ok(unsent)
        });
        for id in &touched {
            self.forget_document(*id);
        }
        Ok((outcome?, touched))
    }

    /// Takes rejected changes, and the unsent ones built on them, out of a
    /// document, and says again what may be said again.
    fn withdraw(
        &self,
        tx: &WriteTx<'_>,
        id: DocumentId,
        mut fallen: BTreeMap<ChangeHash, Fallen>,
        clock: Clock,
    ) -> Result<bool, AppError> {
        let before = load(tx, id)?;
        let mut order: Vec<Unsent> = Vec::new();
        let all = tx.unsent_changes(id)?;
        let mut needed = needed(&before, &all, &fallen);
        needed.extend(held_whole(tx, id, &fallen)?);
        for unsent in all.iter().filter(|unsent| needed.contains(&unsent.hash)) {
            if let Some(why) = fallen.remove(&unsent.hash) {
                tx.acknowledge(id, &unsent.hash, None)?;
                self.quarantine(tx, &before, unsent, &why, clock)?;
            }
        }
        wait_for_kept(&before, &all, &mut fallen);
        for unsent in all {
            let stands_on = before
                .deps(&unsent.hash)
                .iter()
                .any(|dep| fallen.contains_key(dep));
            if stands_on && !fallen.contains_key(&unsent.hash) {
                let why = Fallen {
                    code: DEPENDS_ON_REJECTED.into(),
                    field: String::new(),
                };
                fallen.insert(unsent.hash, why);
            }
            if fallen.contains_key(&unsent.hash) {
                order.push(unsent);
            }
        }
        for unsent in &order {
            tx.reject(id, &unsent.hash)?;
        }
        if tx.document_truth(id)?.is_empty() {
            // The document itself was ours and was rejected.
            for unsent in &order {
                self.quarantine(tx, &before, unsent, &fallen[&unsent.hash], clock)?;
            }
            // A visit's photos are on this phone alone: their rows stay with it.
            match id.kind {
                DocumentKind::Visit => tx.unshow(id)?,
                _ => tx.drop_document(id)?,
            }
            return Ok(false);
        }
        let mut after = load(tx, id)?;
        let mut said_again = false;
        for unsent in &order {
            let why = &fallen[&unsent.hash];
            let again = why.may_be_said_again()
                && self.say_again(tx, &before, &mut after, unsent, clock)?;
            if again {
                said_again = true;
            } else {
                self.quarantine(tx, &before, unsent, why, clock)?;
            }
        }
        let me = self.me()?.person;
        project::write_all(tx, &after, clock.wall_ms, Some(me))?;
        Ok(said_again)
    }

    fn say_again(
        &self,
        tx: &WriteTx<'_>,
        before: &Document,
        after: &mut Document,
        unsent: &Unsent,
        clock: Clock,
    ) -> Result<bool, AppError> {
        let Some(ops) = reauthor::operations(before, &unsent.hash) else {
            return Ok(false);
        };
        let ops: Vec<Op> = ops
            .into_iter()
            .map(|op| reauthor::fit(op, after.view()))
            .collect();
        let patient = tx
            .patient_of(after.id())?
            .ok_or(AppError::NotFound { what: "document" })?;
        let stamp = Stamp {
            clock,
            anchor: self.anchor,
        };
        let subject = (after.id(), patient, after.view());
        let permitted = self.judge(tx, subject, &ops, stamp.best());
        if permitted.is_err() {
            return Ok(false);
        }
        // The time is the one at which it was said first.
        match after.edit(self.actor, clamp(unsent.at), &ops) {
            Ok(edit) => {
                let id = after.id();
                let priority = project::priority(id);
                tx.append_own(id, edit.hash, unsent.at, priority, &edit.bytes)?;
                Ok(true)
            }
            Err(crate::merge::MergeError::Unchanged) => Ok(true),
            Err(_) => Ok(false),
        }
    }

    fn quarantine(
        &self,
        tx: &WriteTx<'_>,
        before: &Document,
        unsent: &Unsent,
        why: &Fallen,
        clock: Clock,
    ) -> Result<(), AppError> {
        let me = self.me()?.person;
        let rejected = Rejected {
            document: unsent.document,
            hash: unsent.hash,
            author: Some(me),
            code: why.code.clone(),
            field: (!why.field.is_empty()).then(|| why.field.clone()),
            values: values_of(before, &unsent.hash),
            bytes: Some(unsent.bytes.clone()),
            at: clock.wall_ms,
        };
        tx.quarantine(&rejected)?;
        tx.audit(&AuditEntry {
            at: clock.wall_ms,
            person: Some(me),
            action: "quarantined".into(),
            subject: Some(unsent.document.key().to_vec()),
            detail: Value::String(why.code.clone()),
        })?;
        Ok(())
    }
}

/// The rejected changes that can't be taken out: somebody's acknowledged work stands on
/// them, so that the document could not be built without. It comes to that after the
/// backend was put back to a backup: what it had accepted is offered again, by somebody who
/// may not any more. They stay in the document, and are quarantined all the same.
fn needed(
    document: &Document,
    unsent: &[Unsent],
    fallen: &BTreeMap<ChangeHash, Fallen>,
) -> BTreeSet<ChangeHash> {
    let unsent: BTreeSet<ChangeHash> = unsent.iter().map(|one| one.hash).collect();
    let mut needed = BTreeSet::new();
    // From the last to the first: each comes after everything that stands on it.
    for (hash, _) in document.changes().into_iter().rev() {
        if !unsent.contains(&hash) || needed.contains(&hash) {
            needed.extend(document.deps(&hash));
        }
    }
    needed.retain(|hash| fallen.contains_key(hash));
    needed
}

/// What stands on refused changes that stay in the document stays unsent under its name: said
/// again, it would stand on them as well. The backend takes it once it has them again.
fn wait_for_kept(
    document: &Document,
    unsent: &[Unsent],
    fallen: &mut BTreeMap<ChangeHash, Fallen>,
) {
    // From the first to the last: each comes after everything that it stands on.
    for one in unsent {
        let waits = fallen
            .get(&one.hash)
            .is_some_and(|why| why.code == DEPENDS_ON_REJECTED)
            && !document
                .deps(&one.hash)
                .iter()
                .any(|dep| fallen.contains_key(dep));
        if waits {
            fallen.remove(&one.hash);
        }
    }
}

/// The rejected changes that came back in one piece with the document, which can't be taken
/// apart: they stay as well.
fn held_whole(
    tx: &WriteTx<'_>,
    id: DocumentId,
    fallen: &BTreeMap<ChangeHash, Fallen>,
) -> Result<BTreeSet<ChangeHash>, AppError> {
    let mut held = BTreeSet::new();
    for stored in tx.document_truth(id)? {
        let Stored::Whole(bytes) = stored else {
            continue;
        };
        let whole = Document::load(id, Some(&bytes), std::iter::empty()).map_err(merge_error)?;
        held.extend(fallen.keys().filter(|hash| whole.has(hash)));
    }
    Ok(held)
}

/// What a change wrote, by field.
fn values_of(document: &Document, hash: &ChangeHash) -> Value {
    let touched = document.touched(hash).unwrap_or_default();
    let values: Map<String, Value> = touched
        .into_iter()
        .map(|touch| (touch.path.0, touch.value.unwrap_or_default()))
        .collect();
    Value::Object(values)
}
