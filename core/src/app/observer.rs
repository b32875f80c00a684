//! Telling shells that something changed.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::DocumentId;
use crate::sync::SyncState;

/// Hears of changes. Called after the durable commit, on the thread that made
/// it and under no lock: calling the core from inside is safe. What it says is
/// never data, only that reading again is worth it.
pub trait Observer: Send + Sync {
    /// The store is at this revision; these documents changed, or, with none
    /// named, anything may have.
    fn changed(&self, revision: u64, documents: &[DocumentId]);

    /// The sync's state changed.
    fn sync_state(&self, _state: &SyncState) {}
}

#[derive(Default)]
pub(super) struct Observers {
    list: Mutex<Vec<Arc<dyn Observer>>>,
}

impl Observers {
    pub(super) fn add(&self, observer: Arc<dyn Observer>) {
        self.lock().push(observer);
    }

    pub(super) fn remove(&self, observer: &Arc<dyn Observer>) {
        self.lock().retain(|known| !Arc::ptr_eq(known, observer));
    }

    pub(super) fn tell(&self, revision: u64, documents: &[DocumentId]) {
        for observer in self.copy() {
            observer.changed(revision, documents);
        }
    }

    pub(super) fn tell_sync(&self, state: &SyncState) {
        for observer in self.copy() {
            observer.sync_state(state);
        }
    }

    fn copy(&self) -> Vec<Arc<dyn Observer>> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<dyn Observer>>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
