//! What is open while the phone is unlocked: the store, the keys' session,
//! who works, and the few documents at hand.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::de::DeserializeOwned;

use super::Platform;
use super::config::OpenConfig;
use super::error::AppError;
use super::loan::Loans;
use super::observer::Observers;
use super::system::Clocks;
use crate::access::{self, Lease, Policy};
use crate::merge::{Document, MergeError};
use crate::model::{
    ActorId, Anchor, Clock, DeviceId, DocumentId, Grant, Millis, PatientId, PersonId, TenantId,
};
use crate::store::{DocumentParts, Rows, ScopeState, Store, Stored};
use crate::vault::{Entropy, KeyVault, Vault};

/// Documents that stay open between edits; all others are opened when needed
/// and closed again.
pub const DOCUMENTS_OPEN_MAX: usize = 4;

pub(super) struct Inner {
    pub(super) config: OpenConfig,
    pub(super) clocks: Arc<dyn Clocks>,
    entropy: Mutex<Box<dyn Entropy + Send>>,
    pub(super) hardware: Arc<dyn KeyVault>,
    /// None: nothing was made on this phone yet.
    vault: Mutex<Option<Vault>>,
    /// The single writer. None: locked.
    opened: Mutex<Option<Opened>>,
    /// What reads need; never held while something is written. None: locked.
    reads: RwLock<Option<Arc<ReadSide>>>,
    pub(super) observers: Observers,
    revision: AtomicU64,
    pub(super) loans: Loans,
}

/// What reads need.
pub(super) struct ReadSide {
    pub(super) store: Arc<Store>,
    pub(super) me: Option<Me>,
}

/// Who works on this phone, as the backend enrolled it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Me {
    /// This device.
    pub device: DeviceId,
    /// The person.
    pub person: PersonId,
    /// As colleagues read it.
    pub name: String,
    /// What the person may do.
    pub role: crate::model::Role,
    /// Whose backend.
    pub tenant: TenantId,
    /// The backend's key that signs policies, 32 bytes.
    pub server_key: Vec<u8>,
    /// The key that escrowed work is sealed to, 32 bytes.
    pub escrow_key: Vec<u8>,
}

/// The writer's side.
pub(super) struct Opened {
    pub(super) store: Arc<Store>,
    pub(super) me: Option<Me>,
    pub(super) actor: ActorId,
    pub(super) policy: Policy,
    pub(super) anchor: Option<Anchor>,
    documents: VecDeque<(PatientId, Document)>,
}

impl Me {
    pub(super) const fn actor(&self) -> access::Actor {
        access::Actor {
            person: self.person,
            role: self.role,
        }
    }
}

impl Inner {
    pub(super) fn new(config: OpenConfig, platform: Platform, vault: Option<Vault>) -> Self {
        Self {
            config,
            clocks: platform.clocks,
            entropy: Mutex::new(platform.entropy),
            hardware: platform.hardware,
            vault: Mutex::new(vault),
            opened: Mutex::new(None),
            reads: RwLock::new(None),
            observers: Observers::default(),
            revision: AtomicU64::new(0),
            loans: Loans::default(),
        }
    }

    /// The writer. Held for one use case; never across an await.
    pub(super) fn opened(&self) -> Result<MutexGuard<'_, Option<Opened>>, AppError> {
        self.must_not_be_lent()?;
        self.writer()
    }

    pub(super) fn writer(&self) -> Result<MutexGuard<'_, Option<Opened>>, AppError> {
        // A panic inside a use case has rolled its transaction back, and the
        // document it worked on is not kept.
        let guard = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_some() {
            Ok(guard)
        } else {
            Err(AppError::Locked)
        }
    }

    pub(super) fn vault(&self) -> MutexGuard<'_, Option<Vault>> {
        self.vault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn entropy(&self) -> MutexGuard<'_, Box<dyn Entropy + Send>> {
        self.entropy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads again who works here and by which rules, after enrolment or a page.
    pub(super) fn refresh(&self) -> Result<(), AppError> {
        let mut guard = self.opened()?;
        let opened = guard.as_mut().ok_or(AppError::Locked)?;
        let reader = opened.store.reader()?;
        opened.me = super::session::read_me(&reader)?;
        opened.policy = super::session::stored_policy(&reader, opened.me.as_ref())?;
        opened.anchor = super::lease::anchor(&reader)?;
        drop(reader);
        let reads = ReadSide {
            store: Arc::clone(&opened.store),
            me: opened.me.clone(),
        };
        *self.reads.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(reads));
        Ok(())
    }

    pub(super) fn install(&self, opened: Opened) {
        let reads = ReadSide {
            store: Arc::clone(&opened.store),
            me: opened.me.clone(),
        };
        *self.reads.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(reads));
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
    }

    /// Closes the store and forgets everything that was open.
    pub(super) fn uninstall(&self) {
        let reads = self
            .reads
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let opened = self
            .opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(reads);
        if let Some(opened) = opened {
            // A reader that is still out keeps the file open; the log holds
            // everything then, and nothing is lost.
            let _ = opened.store.checkpoint();
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.reads
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// The reading side.
    pub(super) fn reads(&self) -> Result<Arc<ReadSide>, AppError> {
        self.must_not_be_lent()?;
        self.reads
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or(AppError::Locked)
    }

    /// Bytes that nobody can guess.
    pub(super) fn random<const N: usize>(&self) -> Result<[u8; N], AppError> {
        let mut bytes = [0; N];
        let filled = self.entropy().fill(&mut bytes);
        filled.map_err(super::session::vault_error)?;
        Ok(bytes)
    }

    pub(super) fn next_revision(&self) -> u64 {
        self.revision.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Relaxed)
    }

    /// Tells observers, outside every lock.
    pub(super) fn tell(&self, revision: u64, documents: &[DocumentId]) {
        self.observers.tell(revision, documents);
    }

    /// Whose device this public key is: this phone's own, or one of the directory.
    pub(super) fn owner_of_device(&self, key_hex: &str) -> Result<Option<PersonId>, AppError> {
        let own = self
            .vault()
            .as_ref()
            .is_some_and(|vault| super::project::hex(&vault.device_public()) == key_hex);
        let reads = self.reads()?;
        if own {
            return Ok(reads.me.as_ref().map(|me| me.person));
        }
        let reader = reads.store.reader()?;
        let devices = super::patient::devices(&reader)?;
        Ok(devices
            .into_iter()
            .find(|device| device.public_key == key_hex)
            .map(|device| device.person))
    }

    /// A document's view from its projection.
    pub(super) fn read_view<T: DeserializeOwned>(&self, id: DocumentId) -> Result<T, AppError> {
        let reads = self.reads()?;
        let reader = reads.store.reader()?;
        let patient = reader
            .patient_of(id)?
            .ok_or(AppError::NotFound { what: "document" })?;
        reads.may_read(&reader, patient, self.clocks.now())?;
        super::project::read(&reader, id)
    }
}

impl ReadSide {
    /// Whether this patient's data may be shown now: still in scope, and the
    /// device was not dark past its lease.
    pub(super) fn may_read(
        &self,
        rows: &Rows,
        patient: PatientId,
        clock: Clock,
    ) -> Result<(), AppError> {
        let me = self.me.as_ref().ok_or(AppError::NotEnrolled)?;
        lease_permits(rows, clock)?;
        let grants = grants_of(rows, me, patient)?;
        access::may_read(&me.actor(), patient, &grants, best_now(rows, clock)?).map_err(denied)
    }
}

impl Opened {
    pub(super) const fn new(
        store: Arc<Store>,
        me: Option<Me>,
        actor: ActorId,
        policy: Policy,
        anchor: Option<Anchor>,
    ) -> Self {
        Self {
            store,
            me,
            actor,
            policy,
            anchor,
            documents: VecDeque::new(),
        }
    }

    pub(super) fn me(&self) -> Result<&Me, AppError> {
        self.me.as_ref().ok_or(AppError::NotEnrolled)
    }

    /// The document for work: at hand, or loaded. Whoever takes it gives it
    /// back by [`keep_document`](Self::keep_document), or drops it if anything
    /// failed half-way.
    pub(super) fn take_document(
        &mut self,
        rows: &Rows,
        id: DocumentId,
        clock: Clock,
    ) -> Result<(PatientId, Document), AppError> {
        let at_hand = self.documents.iter().position(|(_, open)| open.id() == id);
        let taken = at_hand.and_then(|at| self.documents.remove(at));
        let (patient, document) = match taken {
            Some(taken) => taken,
            None => {
                let patient = rows
                    .patient_of(id)?
                    .ok_or(AppError::NotFound { what: "document" })?;
                (patient, load(rows, id)?)
            }
        };
        if document.heads().is_empty() {
            // Its row is here; what arrived of it was refused.
            return Err(AppError::NotFound { what: "document" });
        }
        lease_permits(rows, clock)?;
        let me = self.me()?;
        if !access::is_tenant_wide(me.role) && grants_of(rows, me, patient)?.is_empty() {
            return Err(AppError::NotAllowed {
                rule: access::code::NO_GRANT.into(),
                field: String::new(),
            });
        }
        Ok((patient, document))
    }

    /// Merges what arrived of a document and was kept for an idle moment, before
    /// it is taken for work. One that is at hand was merged before.
    pub(super) fn merge_deferred(&self, id: DocumentId, clock: Clock) -> Result<(), AppError> {
        if self.documents.iter().any(|(_, open)| open.id() == id) {
            return Ok(());
        }
        let deferred = self.store.reader()?.is_deferred(id)?;
        if deferred {
            self.take_in(id, clock)?;
        }
        Ok(())
    }

    /// Merges a document that arrived and was kept for an idle moment.
    fn take_in(&self, id: DocumentId, clock: Clock) -> Result<(), AppError> {
        self.store.write(|tx| {
            super::arrive::Dock::new(tx, clock.wall_ms, self.actor.device_tag()).take_in(id)
        })
    }

    /// Keeps a document at hand; the one used longest ago goes.
    pub(super) fn keep_document(&mut self, patient: PatientId, document: Document) {
        self.documents.push_back((patient, document));
        while self.documents.len() > DOCUMENTS_OPEN_MAX {
            self.documents.pop_front();
        }
    }

    /// Forgets a document at hand: the store has something newer.
    pub(super) fn forget_document(&mut self, id: DocumentId) {
        self.documents.retain(|(_, open)| open.id() != id);
    }

    pub(super) fn forget_all(&mut self) {
        self.documents.clear();
    }

    pub(super) fn grants_of(
        &self,
        rows: &Rows,
        patient: PatientId,
    ) -> Result<Vec<Grant>, AppError> {
        grants_of(rows, self.me()?, patient)
    }
}

/// Loads a document from the store: its snapshot and what came after, or, if
/// the snapshot is no good, from the truth alone.
pub(super) fn load(rows: &Rows, id: DocumentId) -> Result<Document, AppError> {
    let parts = rows
        .document_parts(id)?
        .ok_or(AppError::NotFound { what: "document" })?;
    match build(id, parts) {
        Ok(document) => Ok(document),
        Err(MergeError::Corrupt | MergeError::MissingDeps { .. }) => {
            let rest = rows.document_truth(id)?;
            let parts = DocumentParts {
                snapshot: None,
                rest,
            };
            build(id, parts).map_err(super::edit::merge_error)
        }
        Err(error) => Err(super::edit::merge_error(error)),
    }
}

/// Builds a document from what the store has of it.
pub(super) fn build(id: DocumentId, parts: DocumentParts) -> Result<Document, MergeError> {
    let mut snapshot = parts.snapshot.map(|(_, bytes)| bytes);
    let mut changes: Vec<Vec<u8>> = Vec::new();
    for stored in parts.rest {
        match stored {
            Stored::Change { bytes, .. } => changes.push(bytes),
            Stored::Fold(bytes) => {
                let limits = super::fold::FOLD_LIMITS;
                let unpacked =
                    crate::merge::pack::unpack(&bytes, &limits).map_err(|_| MergeError::Corrupt)?;
                changes.extend(unpacked.into_iter().map(|(_, bytes)| bytes));
            }
            Stored::Whole(bytes) if snapshot.is_none() => snapshot = Some(bytes),
            Stored::Whole(bytes) => {
                let whole = Document::load(id, Some(&bytes), std::iter::empty())?;
                changes.extend(whole.changes().into_iter().map(|(_, bytes)| bytes));
            }
        }
    }
    Document::load(id, snapshot.as_deref(), changes.iter().map(Vec::as_slice))
}

/// The grants that this phone holds to a patient: scope as the backend gave it.
fn grants_of(rows: &Rows, me: &Me, patient: PatientId) -> Result<Vec<Grant>, AppError> {
    let Some(scope) = rows.scope(patient)? else {
        return Ok(Vec::new());
    };
    if scope.state != ScopeState::Active {
        return Ok(Vec::new());
    }
    Ok(scope
        .grants
        .iter()
        .map(|held| Grant {
            person: me.person,
            patient,
            source: held.source,
            from_ms: held.from_ms,
            until_ms: held.until_ms,
        })
        .collect())
}

/// Whether the offline lease still runs.
pub(super) fn lease_permits(rows: &Rows, clock: Clock) -> Result<(), AppError> {
    let Some((lease, seen)) = super::lease::held(rows)? else {
        return Err(AppError::LeaseEnded);
    };
    if Lease::state(&lease, clock, seen).permits() {
        Ok(())
    } else {
        Err(AppError::LeaseEnded)
    }
}

/// The best known instant by the stored anchor.
pub(super) fn best_now(rows: &Rows, clock: Clock) -> Result<Millis, AppError> {
    let anchor = super::lease::anchor(rows)?;
    Ok(crate::model::Stamp { clock, anchor }.best())
}

pub(super) fn denied(denied: access::Denied) -> AppError {
    AppError::NotAllowed {
        rule: denied.rule.into(),
        field: denied.field,
    }
}
