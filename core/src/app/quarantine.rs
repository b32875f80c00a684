//! Edits that could not stand: what they said, why, and what a person does
//! about each. Nothing leaves the quarantine by itself.

use serde_json::Value;

use super::Homeround;
use super::error::AppError;
use crate::model::{ChangeHash, DocumentId, Millis};
use crate::store::{AuditEntry, QuarantineState, Quarantined};

/// An edit in quarantine.
#[derive(Debug, Clone, PartialEq)]
pub struct QuarantinedEdit {
    /// Names the row.
    pub id: i64,
    /// In which document.
    pub document: DocumentId,
    /// The change.
    pub hash: ChangeHash,
    /// Why: a stable code, as in `access_ended`.
    pub code: String,
    /// Which field, if it is about one.
    pub field: Option<String>,
    /// What was written, by field; null once the patient left this phone: the
    /// backend holds the edit, sealed, for a reviewer.
    pub values: Value,
    /// When it was rejected.
    pub at: Millis,
    /// Where it stands.
    pub state: QuarantineState,
}

impl Homeround {
    /// The edits in quarantine, the newest first.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn quarantine(&self) -> Result<Vec<QuarantinedEdit>, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let rows = reader.quarantined(None)?;
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Says that a person took care of an edit in quarantine: it was entered
    /// again, handed over, or is not needed.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Refused`] on `state` for one that a
    /// person can't choose.
    pub fn close_quarantined(&self, id: i64, state: QuarantineState) -> Result<(), AppError> {
        let by_person = matches!(
            state,
            QuarantineState::ReEntered | QuarantineState::HandedOver | QuarantineState::Dismissed
        );
        if !by_person {
            return Err(AppError::Refused {
                field: "state".into(),
                limit: "re-entered, handed over or dismissed".into(),
            });
        }
        let at = self.inner.clocks.now().wall_ms;
        {
            let opened = self.inner.opened()?;
            let opened = opened.as_ref().ok_or(AppError::Locked)?;
            let person = opened.me()?.person;
            opened.store.write(|tx| -> Result<(), AppError> {
                tx.set_quarantine_state(id, state)?;
                tx.audit(&AuditEntry {
                    at,
                    person: Some(person),
                    action: "quarantine_closed".into(),
                    subject: None,
                    detail: Value::String(format!("{state:?}")),
                })?;
                Ok(())
            })?;
        }
        self.inner.tell(self.inner.next_revision(), &[]);
        Ok(())
    }
}

fn shown(row: Quarantined) -> QuarantinedEdit {
    QuarantinedEdit {
        id: row.id,
        document: row.rejected.document,
        hash: row.rejected.hash,
        code: row.rejected.code,
        field: row.rejected.field,
        values: row.rejected.values,
        at: row.rejected.at,
        state: row.state,
    }
}
