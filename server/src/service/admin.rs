//! What the office reads, and the directory it keeps.

use homeround::access::may_see;
use homeround::model::{
    DeviceId, DocumentId, FieldPath, Millis, Patient, PatientId, PersonId, RecordId, RecordKind,
    Role,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::grants::OFFICE;
use super::records::{check_text, hex, put_person};
use super::{Backend, Caller, News, ServiceError, audit, documents};
use crate::store::{PersonRow, ReceiptRow, RejectedRow};

/// Most rows that one call gets.
const ROWS_MAX: u32 = 1000;
/// Who reviews what was rejected.
pub(super) const REVIEWERS: &[Role] = &[Role::Supervisor, Role::Coordinator];
/// Who reads the office's lists.
const READERS: &[Role] = &[Role::Coordinator, Role::Supervisor, Role::Auditor];

/// A person to add, or to change by the same login.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// An id of the directory to give a login to; else the login's own
    /// person, else a new one.
    #[serde(default)]
    pub id: Option<PersonId>,
    /// The token's subject.
    pub login: String,
    /// As colleagues read it.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// A person as the office sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonOut {
    /// Who.
    pub id: PersonId,
    /// The token's subject.
    pub login: Option<String>,
    /// As colleagues read it.
    pub name: String,
    /// What they may do.
    pub role: Option<Role>,
}

/// A patient as the office sees them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatientOut {
    /// Who.
    pub id: PatientId,
    /// Given names, then the family name.
    pub name: String,
    /// As FHIR writes a date.
    pub birth_date: Option<String>,
    /// Has died: nobody is booked for them.
    pub deceased: bool,
    /// People with access now.
    pub people: Vec<PersonId>,
}

/// A device and how its sync is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceHealth {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub person: PersonId,
    /// As its owner calls it.
    pub label: String,
    /// Since when.
    pub enrolled_ms: i64,
    /// Revoked since.
    pub revoked_ms: Option<i64>,
    /// When it was last heard.
    pub heard_ms: Option<i64>,
    /// Age of its oldest unsent edit when it was heard.
    pub oldest_unsent_ms: Option<u64>,
    /// Unsent edits.
    pub pending: u64,
    /// Open quarantine rows.
    pub quarantined: u64,
    /// Version of its core.
    pub version: Option<String>,
    /// Stable code of its last sync error.
    pub last_error: Option<String>,
}

/// A document as it is read now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentOut {
    /// Whose.
    pub patient: PatientId,
    /// Its heads, sorted.
    pub heads: Vec<String>,
    /// What the caller's role is shown of it.
    pub view: Value,
    /// What two people wrote and nobody settled.
    pub conflicts: Vec<ConflictOut>,
}

/// A conflict as the office sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConflictOut {
    /// The field.
    pub path: FieldPath,
    /// The values, the winner first.
    pub values: Vec<Value>,
}

impl Backend {
    /// Adds a person, or changes name and role of a known one.
    ///
    /// # Errors
    /// [`ServiceError::Exists`] when another person has the login.
    pub async fn put_person(
        &self,
        caller: &Caller,
        new: &NewPerson,
        now: Millis,
    ) -> Result<PersonId, ServiceError> {
        caller.must_be(OFFICE)?;
        check_text("login", &new.login, 1)?;
        check_text("name", &new.name, 1)?;
        let mut tx = self.storage.write(caller.tenant).await?;
        let known = tx.person_by_login(&new.login).await?;
        let id = match (new.id, known) {
            (Some(id), _) => id,
            (None, Some(known)) => known.id,
            (None, None) => PersonId(self.uuid(now)?),
        };
        let person = PersonRow {
            id,
            login: Some(new.login.clone()),
            role: Some(new.role),
            name: new.name.clone(),
        };
        put_person(tx.as_mut(), &person).await?;
        let note = audit::Note::by(caller, "person_put");
        let note = note.saying(format!("{id} as {}", new.role.name()));
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        self.bell.ring(News {
            tenant: caller.tenant,
            everyone: true,
            patients: Vec::new(),
            people: Vec::new(),
            from: None,
        });
        Ok(id)
    }

    /// The directory.
    ///
    /// # Errors
    /// [`ServiceError::Role`].
    pub async fn people(&self, caller: &Caller) -> Result<Vec<PersonOut>, ServiceError> {
        caller.must_be(READERS)?;
        let mut reader = self.storage.read(caller.tenant).await?;
        let mut people = Vec::new();
        for row in reader.tenant_records(RecordKind::Person).await? {
            if let Some(person) = reader.person(PersonId(row.id.0)).await? {
                people.push(PersonOut {
                    id: person.id,
                    login: person.login,
                    name: person.name,
                    role: person.role,
                });
            }
        }
        Ok(people)
    }

    /// The tenant's patients.
    ///
    /// # Errors
    /// [`ServiceError::Role`].
    pub async fn patients(&self, caller: &Caller) -> Result<Vec<PatientOut>, ServiceError> {
        caller.must_be(READERS)?;
        let mut reader = self.storage.read(caller.tenant).await?;
        let mut patients = Vec::new();
        for (id, _) in reader.patients().await? {
            let record = reader.record(RecordKind::Patient, RecordId(id.0)).await?;
            let body = record.and_then(|record| record.body).unwrap_or_default();
            let patient = serde_json::from_str::<Patient>(&body).ok();
            patients.push(PatientOut {
                id,
                name: patient
                    .as_ref()
                    .map(Patient::display_name)
                    .unwrap_or_default(),
                deceased: patient.as_ref().is_some_and(|it| it.deceased.is_some()),
                birth_date: patient.and_then(|patient| patient.birth_date),
                people: reader.scope_to(id).await?,
            });
        }
        Ok(patients)
    }

    /// Rejected changes, newest first; what its device got accepted since is none any more.
    ///
    /// # Errors
    /// [`ServiceError::Role`].
    pub async fn rejected(&self, caller: &Caller) -> Result<Vec<RejectedRow>, ServiceError> {
        caller.must_be(REVIEWERS)?;
        let mut reader = self.storage.read(caller.tenant).await?;
        Ok(reader.rejected(ROWS_MAX).await?)
    }

    /// Receipts, newest first.
    ///
    /// # Errors
    /// [`ServiceError::Role`].
    pub async fn purge_receipts(&self, caller: &Caller) -> Result<Vec<ReceiptRow>, ServiceError> {
        caller.must_be(READERS)?;
        let mut reader = self.storage.read(caller.tenant).await?;
        Ok(reader.receipts(ROWS_MAX).await?)
    }

    /// Every device with its last sign of life: who is stuck.
    ///
    /// # Errors
    /// [`ServiceError::Role`].
    pub async fn devices(&self, caller: &Caller) -> Result<Vec<DeviceHealth>, ServiceError> {
        caller.must_be(READERS)?;
        let mut reader = self.storage.read(caller.tenant).await?;
        let health =
            |(device, beacon): (crate::store::DeviceRow, Option<crate::store::BeaconRow>)| {
                let heard = beacon.as_ref();
                DeviceHealth {
                    id: device.id,
                    person: device.person,
                    label: device.label,
                    enrolled_ms: device.enrolled_at.0,
                    revoked_ms: device.revoked_at.map(|at| at.0),
                    heard_ms: heard.map(|beacon| beacon.at.0),
                    oldest_unsent_ms: heard.and_then(|beacon| beacon.oldest_unsent_ms),
                    pending: heard.map_or(0, |beacon| beacon.pending),
                    quarantined: heard.map_or(0, |beacon| beacon.quarantined),
                    version: heard.map(|beacon| beacon.version.clone()),
                    last_error: beacon.and_then(|beacon| beacon.last_error),
                }
            };
        Ok(reader.devices().await?.into_iter().map(health).collect())
    }

    /// Revokes a device: from now on it gets and gives nothing.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn revoke_device(
        &self,
        caller: &Caller,
        device: DeviceId,
        now: Millis,
    ) -> Result<(), ServiceError> {
        caller.must_be(OFFICE)?;
        let mut tx = self.storage.write(caller.tenant).await?;
        if tx.device(device).await?.is_none() {
            return Err(ServiceError::NotFound { what: "device" });
        }
        tx.revoke_device(device, now).await?;
        let note = audit::Note::by(caller, "device_revoked").from(device);
        audit::note(tx.as_mut(), now, note).await?;
        Ok(tx.commit().await?)
    }

    /// A document as it is read now: what the caller's role is shown of it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn document(
        &self,
        caller: &Caller,
        id: DocumentId,
        now: Millis,
    ) -> Result<DocumentOut, ServiceError> {
        caller.must_be(READERS)?;
        let loaded = {
            let mut reader = self.storage.read(caller.tenant).await?;
            documents::load(reader.as_mut(), id).await?
        };
        let loaded = loaded.ok_or(ServiceError::NotFound { what: "document" })?;
        let mut tx = self.storage.write(caller.tenant).await?;
        let note = audit::Note::by(caller, "read").about(loaded.row.patient);
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        let seen = |path: &FieldPath| may_see(caller.role, id.kind, path);
        let shown = loaded
            .document
            .conflicts()
            .into_iter()
            .filter(|it| seen(&it.path));
        let conflicts = shown
            .map(|conflict| {
                let mut values: Vec<Value> =
                    conflict.values.into_iter().map(|it| it.value).collect();
                values.swap(0, conflict.winner);
                ConflictOut {
                    path: conflict.path,
                    values,
                }
            })
            .collect();
        Ok(DocumentOut {
            patient: loaded.row.patient,
            heads: loaded.row.heads.iter().map(|head| hex(&head.0)).collect(),
            view: shown_of(loaded.document.view(), &seen),
            conflicts,
        })
    }
}

/// What names a document is shown to everybody who may read it.
const ALWAYS_SHOWN: [&str; 3] = ["schema", "kind", "patient"];

/// The view without the parts that a role is not shown.
fn shown_of(view: &Value, seen: &dyn Fn(&FieldPath) -> bool) -> Value {
    let Value::Object(fields) = view else {
        return view.clone();
    };
    let visible = |name: &str, value: &Value| {
        let own = seen(&FieldPath(name.into()));
        let inside = value.is_object() && seen(&FieldPath(format!("{name}/any")));
        own || inside || ALWAYS_SHOWN.contains(&name)
    };
    let kept = fields.iter().filter(|(name, value)| visible(name, value));
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}
