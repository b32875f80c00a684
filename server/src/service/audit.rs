//! The audit trail: who read and changed what. Each line is hashed over the
//! line before it, so a line that was altered, added or taken out shows.

use homeround::model::{DeviceId, Millis, PatientId, PersonId, Role, TenantId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::records::hex;
use super::{Backend, Caller, ServiceError};
use crate::store::{AuditRow, Writer};

/// Most lines that one call of the office gets.
const LINES_MAX: u32 = 1000;

/// What is noted.
pub(crate) struct Note<'n> {
    pub(crate) person: Option<PersonId>,
    pub(crate) device: Option<DeviceId>,
    pub(crate) action: &'n str,
    pub(crate) patient: Option<PatientId>,
    pub(crate) detail: String,
}

impl<'n> Note<'n> {
    pub(crate) const fn by_backend(action: &'n str) -> Self {
        Self {
            person: None,
            device: None,
            action,
            patient: None,
            detail: String::new(),
        }
    }

    pub(crate) const fn by(caller: &Caller, action: &'n str) -> Self {
        Self {
            person: Some(caller.person),
            device: None,
            action,
            patient: None,
            detail: String::new(),
        }
    }

    pub(crate) const fn from(mut self, device: DeviceId) -> Self {
        self.device = Some(device);
        self
    }

    pub(crate) const fn about(mut self, patient: PatientId) -> Self {
        self.patient = Some(patient);
        self
    }

    pub(crate) fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// Adds a line.
pub(crate) async fn note(
    tx: &mut dyn Writer,
    now: Millis,
    note: Note<'_>,
) -> Result<(), ServiceError> {
    let head = tx.audit_head().await?;
    let mut line = AuditRow {
        index: head.as_ref().map_or(1, |head| head.index + 1),
        at: now,
        person: note.person,
        device: note.device,
        action: note.action.into(),
        patient: note.patient,
        detail: note.detail,
        previous: head.map_or([0; 32], |head| head.hash),
        hash: [0; 32],
    };
    line.hash = hash_of(&line);
    Ok(tx.add_audit(&line).await?)
}

fn hash_of(line: &AuditRow) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    part(b"homeround backend audit v1");
    part(&line.previous);
    part(&line.index.to_be_bytes());
    part(&line.at.0.to_be_bytes());
    part(line.person.as_ref().map_or(&[][..], |id| id.bytes()));
    part(line.device.as_ref().map_or(&[][..], |id| id.bytes()));
    part(line.action.as_bytes());
    part(line.patient.as_ref().map_or(&[][..], |id| id.bytes()));
    part(line.detail.as_bytes());
    hasher.finalize().into()
}

/// What checking the trail found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditCheck {
    /// Lines read.
    pub lines: u64,
    /// The first line that does not follow from the one before.
    pub broken_at: Option<u64>,
    /// Hash of the last line; note it elsewhere to show later that nothing
    /// was cut off the end.
    pub head: String,
}

/// A line as the office reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// 1, 2, 3, ...
    pub line: u64,
    /// When.
    pub at_ms: i64,
    /// Who; none: the backend itself.
    pub person: Option<PersonId>,
    /// From which device.
    pub device: Option<DeviceId>,
    /// What.
    pub action: String,
    /// About whom.
    pub patient: Option<PatientId>,
    /// What else there is to say.
    pub detail: String,
    /// Hash over the line and the one before.
    pub hash: String,
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        Self {
            line: row.index,
            at_ms: row.at.0,
            person: row.person,
            device: row.device,
            action: row.action,
            patient: row.patient,
            detail: row.detail,
            hash: hex(&row.hash),
        }
    }
}

impl Backend {
    /// Reads the trail after a line.
    ///
    /// # Errors
    /// [`ServiceError::Role`] for those who neither lead nor audit.
    pub async fn audit(
        &self,
        caller: &Caller,
        after: u64,
    ) -> Result<Vec<AuditEntry>, ServiceError> {
        caller.must_be(&[Role::Coordinator, Role::Supervisor, Role::Auditor])?;
        let mut reader = self.storage.read(caller.tenant).await?;
        let lines = reader.audit_after(after, LINES_MAX).await?;
        Ok(lines.into_iter().map(AuditEntry::from).collect())
    }

    /// Follows the trail's hashes from its first line to its last.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn verify_audit(&self, tenant: TenantId) -> Result<AuditCheck, ServiceError> {
        let mut reader = self.storage.read(tenant).await?;
        let (mut previous, mut lines, mut broken_at) = ([0; 32], 0, None);
        loop {
            let page = reader.audit_after(lines, LINES_MAX).await?;
            let Some(last) = page.last() else { break };
            let next = last.index;
            for (expected, line) in (lines + 1..).zip(&page) {
                let follows = line.index == expected
                    && line.previous == previous
                    && line.hash == hash_of(line);
                if !follows && broken_at.is_none() {
                    broken_at = Some(line.index);
                }
                previous = line.hash;
            }
            lines = next;
        }
        Ok(AuditCheck {
            lines,
            broken_at,
            head: hex(&previous),
        })
    }
}
