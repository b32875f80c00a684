//! A store that does not open any more: set aside, never deleted; what nobody
//! else has is taken out of it first.

use std::path::PathBuf;

use super::Homeround;
use super::error::AppError;
use super::proof::sensor_error;
use super::session::{STORE_FILE, open_error};
use crate::merge::name_of;
use crate::model::PatientId;
use crate::store::{
    AuditEntry, DatabaseKey, OpenError, Salvaged, SalvagedChange, Store, StoreConfig, salvage,
    set_aside,
};
use crate::vault::Unlock;

/// What became of a damaged store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Where the damaged file is now. Keep it until somebody has looked at it.
    pub set_aside: PathBuf,
    /// Unsent edits that were still readable; they go out with the next sync.
    pub unsent: u64,
    /// Whether every row of the outbox could be read.
    pub complete: bool,
}

impl Homeround {
    /// Sets a damaged store aside, takes the unsent edits out of it, and begins
    /// a fresh one. Enrol again with the same person: everything else comes
    /// from the backend.
    ///
    /// # Errors
    /// [`AppError::WrongPin`]; [`AppError::Damaged`] when not even the first
    /// page can be read: the file is where it was, for a specialist.
    pub fn recover(&self, who: &Unlock) -> Result<Recovery, AppError> {
        self.inner.must_not_be_lent()?;
        let clock = self.inner.clocks.now();
        self.inner.uninstall();
        let key = {
            let mut slot = self.inner.vault();
            let vault = slot.as_mut().ok_or(AppError::NotEnrolled)?;
            let session = vault
                .unlock(who, clock)
                .map_err(|error| sensor_error(who, error))?;
            DatabaseKey::from_bytes(session.database_key())?
        };
        let path = self.inner.config.folder.join(STORE_FILE);
        let salvaged = match salvage(&path, &key) {
            Ok(salvaged) => salvaged,
            // Not even its tables can be found: the file is kept for whoever can read
            // more of it, and the person goes on working.
            Err(OpenError::Damaged) => Salvaged::default(),
            Err(error) => return Err(open_error(&error)),
        };
        let suffix = format!("damaged-{}", clock.wall_ms.0);
        let aside = set_aside(&path, &suffix).map_err(|error| open_error(&error))?;
        let fresh = Store::open(StoreConfig { path, key }).map_err(|error| open_error(&error))?;
        let sound: Vec<&SalvagedChange> = salvaged
            .unsent
            .iter()
            .filter(|change| name_of(&change.bytes) == Some(change.hash))
            .collect();
        fresh.write(|tx| -> Result<(), AppError> {
            for change in &sound {
                // Whose the document is, it says itself when it comes again.
                tx.ensure_document(change.document, PatientId(uuid::Uuid::nil()))?;
                let priority = super::project::priority(change.document);
                tx.append_own(
                    change.document,
                    change.hash,
                    clock.wall_ms,
                    priority,
                    &change.bytes,
                )?;
            }
            let documents: std::collections::BTreeSet<_> =
                sound.iter().map(|change| change.document).collect();
            for id in documents {
                super::unplanned::show_recovered(tx, id, clock.wall_ms)?;
            }
            for row in &salvaged.attachments {
                tx.adopt_attachment(row, clock.wall_ms)?;
            }
            tx.audit(&AuditEntry {
                at: clock.wall_ms,
                person: None,
                action: "store_recovered".into(),
                subject: None,
                detail: serde_json::json!({
                    "unsent": sound.len(), "attachments": salvaged.attachments.len()
                }),
            })?;
            Ok(())
        })?;
        drop(fresh);
        self.open_store()?;
        Ok(Recovery {
            set_aside: aside,
            unsent: sound.len() as u64,
            complete: salvaged.complete && sound.len() == salvaged.unsent.len(),
        })
    }
}
