//! What a person asks when in doubt: is everything sent, and if not, what is
//! left and why.

use super::Homeround;
use super::error::AppError;
use crate::model::{DocumentId, Millis, PatientId};

/// Unsent work of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsentDocument {
    /// Which.
    pub document: DocumentId,
    /// Whose; none after a recovery, until the document is there again.
    pub patient: Option<PatientId>,
    /// As a person reads it; empty when the patient is not on this phone.
    pub patient_name: String,
    /// How many edits.
    pub edits: u64,
    /// When the oldest of them was made, by the wall clock.
    pub oldest: Millis,
}

/// What is unsent, set aside or undecided on this phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncHealth {
    /// Edits that the backend has not acknowledged.
    pub unsent: u64,
    /// When the oldest of them was made, by the wall clock.
    pub oldest_unsent: Option<Millis>,
    /// The same by document, the oldest first.
    pub documents: Vec<UnsentDocument>,
    /// Attachments that only this phone has.
    pub attachments_unsent: u64,
    /// Edits in quarantine that wait for a person.
    pub quarantined: u64,
    /// Documents with conflicts that nobody has settled, and how many.
    pub conflicts: Vec<(DocumentId, u64)>,
    /// Documents that arrived and are not merged yet.
    pub deferred: u64,
}

impl Homeround {
    /// What is unsent and why work is held up. Changes nothing.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn sync_health(&self) -> Result<SyncHealth, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let clock = self.inner.clocks.now();
        let mut documents = Vec::new();
        for (document, edits, oldest) in reader.unsent_by_document()? {
            let patient = reader.patient_of(document)?.filter(|one| !one.0.is_nil());
            // Whose data is locked away is counted and not named.
            let shown = patient.filter(|one| reads.may_read(&reader, *one, clock).is_ok());
            let known = shown.and_then(|one| super::patient::demographics(&reader, one).ok()?);
            documents.push(UnsentDocument {
                document,
                patient,
                patient_name: known.map(|one| one.display_name()).unwrap_or_default(),
                edits,
                oldest,
            });
        }
        let mut conflicts: Vec<(DocumentId, u64)> = Vec::new();
        for row in reader.all_open_conflicts()? {
            match conflicts
                .iter_mut()
                .find(|(document, _)| *document == row.document)
            {
                Some((_, count)) => *count += 1,
                None => conflicts.push((row.document, 1)),
            }
        }
        Ok(SyncHealth {
            unsent: reader.unsent()?,
            oldest_unsent: reader.oldest_unsent()?,
            documents,
            attachments_unsent: reader.attachments_unsent()?,
            quarantined: reader.quarantined_open()?,
            conflicts,
            deferred: reader.deferred_count()?,
        })
    }
}
