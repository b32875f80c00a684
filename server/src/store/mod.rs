//! What the backend remembers, behind one trait.
//!
//! [`Storage`] gives transactions of one tenant; [`Reader`] and [`Writer`] are
//! what can be done inside them. The types are plain and nothing here knows
//! which database is behind: `sqlite/` is the embedded one.
//!
//! Every key begins with the tenant. A write transaction holds its tenant's
//! sequence lock until it ends, so sequence numbers become visible in the
//! order in which they were given.

mod attachments;
mod types;

pub mod sqlite;

use async_trait::async_trait;
use homeround::model::{
    ActorId, ChangeHash, DeviceId, DeviceTag, DocumentId, DocumentKind, EntryId, Millis, PatientId,
    PersonId, RecordId, RecordKind, TenantId,
};
use uuid::Uuid;

pub use attachments::*;
pub use types::*;

/// Why the storage did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The same thing is there already under a unique key.
    #[error("{what} exists already")]
    Exists {
        /// What.
        what: &'static str,
    },
    /// The tenant is unknown.
    #[error("the tenant is unknown")]
    NoTenant,
    /// The storage is busy or out of connections; trying again can help.
    #[error("the storage is busy")]
    Busy,
    /// Nothing more fits on the disk; nothing of the transaction was stored.
    #[error("the disk is full")]
    Full,
    /// The file is not a database that this key opens.
    #[error("the database does not open with this key")]
    WrongKey,
    /// The database was written by a newer version.
    #[error("the database has schema {found}, this build knows up to {known}")]
    Newer {
        /// The file's schema.
        found: i32,
        /// Ours.
        known: i32,
    },
    /// A stored row cannot be read.
    #[error("a stored row of {table} cannot be read")]
    Damaged {
        /// Which table.
        table: &'static str,
    },
    /// The database failed; the operator's log says how.
    #[error("the database failed: {detail}")]
    Failed {
        /// What the database said; holds no values.
        detail: String,
    },
}

/// The result of asking the storage.
pub type Stored<T> = Result<T, StorageError>;

/// One backend's storage.
#[async_trait]
pub trait Storage: Send + Sync {
    /// Every tenant.
    async fn tenants(&self) -> Stored<Vec<Tenant>>;
    /// Adds a tenant.
    async fn create_tenant(&self, tenant: &Tenant) -> Stored<()>;
    /// Opens a consistent view of one tenant.
    async fn read(&self, tenant: TenantId) -> Stored<Box<dyn Reader>>;
    /// Opens a write transaction of one tenant and holds its sequence lock.
    async fn write(&self, tenant: TenantId) -> Stored<Box<dyn Writer>>;
    /// Answers when the database does.
    async fn ping(&self) -> Stored<()>;
    /// Folds logs into the database; called at a clean shutdown.
    async fn checkpoint(&self) -> Stored<()>;
}

/// What can be read inside a transaction of one tenant.
#[async_trait]
pub trait Reader: Send {
    /// The tenant itself, with the last sequence number given.
    async fn tenant(&mut self) -> Stored<Tenant>;

    /// A person.
    async fn person(&mut self, person: PersonId) -> Stored<Option<PersonRow>>;
    /// The person who signs in as this.
    async fn person_by_login(&mut self, login: &str) -> Stored<Option<PersonRow>>;
    /// A device.
    async fn device(&mut self, device: DeviceId) -> Stored<Option<DeviceRow>>;
    /// The device with this public key.
    async fn device_by_key(&mut self, public_key: &[u8; 32]) -> Stored<Option<DeviceRow>>;
    /// The device whose actors begin with this tag.
    async fn device_by_tag(&mut self, tag: DeviceTag) -> Stored<Option<DeviceRow>>;
    /// Every device with its last beacon.
    async fn devices(&mut self) -> Stored<Vec<(DeviceRow, Option<BeaconRow>)>>;

    /// Grants of one person to one patient, ended ones too.
    async fn grants_between(
        &mut self,
        person: PersonId,
        patient: PatientId,
    ) -> Stored<Vec<GrantRow>>;
    /// Grants to one patient, ended ones too.
    async fn grants_to(&mut self, patient: PatientId) -> Stored<Vec<GrantRow>>;
    /// Grants that come from one visit's booking, not ended ones alone.
    async fn grants_of_visit(&mut self, visit: Uuid) -> Stored<Vec<GrantRow>>;
    /// Pairs whose grants began or ran out by `now` without being settled yet.
    async fn grants_due(&mut self, now: Millis, limit: u32) -> Stored<Vec<(PersonId, PatientId)>>;
    /// The patients in a person's scope.
    async fn scope_of(&mut self, person: PersonId) -> Stored<Vec<ScopeRow>>;
    /// One patient in a person's scope.
    async fn scope_between(
        &mut self,
        person: PersonId,
        patient: PatientId,
    ) -> Stored<Option<ScopeRow>>;
    /// The people in whose scope a patient is.
    async fn scope_to(&mut self, patient: PatientId) -> Stored<Vec<PersonId>>;
    /// Every patient with the sequence number of its arrival.
    async fn patients(&mut self) -> Stored<Vec<(PatientId, u64)>>;
    /// Whether the tenant has this patient.
    async fn has_patient(&mut self, patient: PatientId) -> Stored<bool>;

    /// A document without its changes.
    async fn document(&mut self, id: DocumentId) -> Stored<Option<DocumentRow>>;
    /// Documents of one patient, by kind, then id.
    async fn documents_of(
        &mut self,
        patient: PatientId,
        kind: DocumentKind,
    ) -> Stored<Vec<DocumentId>>;
    /// Changes of a document with a number after `seq`, in order.
    async fn changes_of(&mut self, id: DocumentId, after: u64) -> Stored<Vec<ChangeRow>>;
    /// A change by its name, if it is stored.
    async fn change_mark(&mut self, hash: &ChangeHash) -> Stored<Option<ChangeMark>>;
    /// A change by its number.
    async fn change_at(&mut self, seq: u64) -> Stored<Option<ChangeRow>>;
    /// The change with which an actor took a number in a document.
    async fn change_of_actor(
        &mut self,
        id: DocumentId,
        actor: ActorId,
        actor_seq: u64,
    ) -> Stored<Option<ChangeHash>>;

    /// A record, ended ones too.
    async fn record(&mut self, kind: RecordKind, id: RecordId) -> Stored<Option<RecordRow>>;
    /// Records of the whole tenant of one kind, by id.
    async fn tenant_records(&mut self, kind: RecordKind) -> Stored<Vec<RecordRow>>;
    /// A patient's records of one kind, by id.
    async fn records_of(&mut self, kind: RecordKind, patient: PatientId) -> Stored<Vec<RecordRow>>;
    /// When and for whom every booking is, ended ones too.
    async fn bookings(&mut self) -> Stored<Vec<BookingRow>>;
    /// History of one patient older than `before`, newest first.
    async fn history_of(
        &mut self,
        patient: PatientId,
        before: Option<(i64, RecordId)>,
        limit: u32,
    ) -> Stored<Vec<(i64, RecordRow)>>;

    /// Notices that are to be tried by `now`, those first that wait longest.
    async fn notices_due(&mut self, now: Millis, limit: u32) -> Stored<Vec<NoticeRow>>;

    /// Events with a number after `seq`, in order.
    async fn events_after(&mut self, seq: u64, limit: u32) -> Stored<Vec<EventRow>>;
    /// Rejected changes, newest first; what its device got accepted since is none any more.
    async fn rejected(&mut self, limit: u32) -> Stored<Vec<RejectedRow>>;
    /// A change that other devices offered and that was rejected for this reason.
    async fn rejected_of_others(
        &mut self,
        hash: &ChangeHash,
        device: DeviceId,
        code: &str,
    ) -> Stored<Option<RejectedRow>>;
    /// One rejected change that this device offered.
    async fn rejected_by_hash(
        &mut self,
        hash: &ChangeHash,
        device: DeviceId,
    ) -> Stored<Option<RejectedRow>>;
    /// Receipts, newest first.
    async fn receipts(&mut self, limit: u32) -> Stored<Vec<ReceiptRow>>;
    /// Audit lines after an index, in order.
    async fn audit_after(&mut self, index: u64, limit: u32) -> Stored<Vec<AuditRow>>;
    /// The last audit line.
    async fn audit_head(&mut self) -> Stored<Option<AuditRow>>;
}

/// What can be written inside a transaction of one tenant. Dropping it without
/// [`Writer::commit`] leaves nothing.
#[async_trait]
pub trait Writer: Reader {
    /// Takes the tenant's next sequence number.
    async fn next_seq(&mut self) -> Stored<u64>;
    /// Replaces the tenant's epoch.
    async fn set_epoch(&mut self, epoch: u64) -> Stored<()>;
    /// Replaces the access rules.
    async fn set_policy(&mut self, policy: &str) -> Stored<()>;

    /// Adds or replaces a person.
    async fn put_person(&mut self, person: &PersonRow) -> Stored<()>;
    /// Adds a device.
    async fn add_device(&mut self, device: &DeviceRow) -> Stored<()>;
    /// Revokes a device.
    async fn revoke_device(&mut self, device: DeviceId, at: Millis) -> Stored<()>;
    /// Replaces a device's last beacon.
    async fn put_beacon(&mut self, beacon: &BeaconRow) -> Stored<()>;

    /// Adds a patient that arrived with this number.
    async fn add_patient(&mut self, patient: PatientId, seq: u64) -> Stored<()>;
    /// Adds or replaces a grant.
    async fn put_grant(&mut self, grant: &GrantRow) -> Stored<()>;
    /// Puts a patient into a person's scope.
    async fn put_scope(&mut self, scope: &ScopeRow) -> Stored<()>;
    /// Takes a patient out of a person's scope.
    async fn remove_scope(&mut self, person: PersonId, patient: PatientId) -> Stored<()>;

    /// Adds or replaces a document's row.
    async fn put_document(&mut self, document: &DocumentRow) -> Stored<()>;
    /// Adds a change and its event.
    async fn add_change(&mut self, change: &ChangeRow) -> Stored<()>;
    /// Adds or replaces a record; `sort_ms` orders history and bookings.
    async fn put_record(&mut self, record: &RecordRow, sort_ms: Option<i64>) -> Stored<()>;
    /// Adds or replaces a notice that is to be sent.
    async fn put_notice(&mut self, notice: &NoticeRow) -> Stored<()>;
    /// Takes a notice out of those that are to be sent.
    async fn remove_notice(&mut self, notice: EntryId) -> Stored<()>;
    /// Adds an event.
    async fn add_event(&mut self, event: &EventRow) -> Stored<()>;
    /// Keeps a rejected change, sealed.
    async fn add_rejected(&mut self, rejected: &RejectedRow) -> Stored<()>;
    /// Adds a receipt; the same one again changes nothing. Answers whether it
    /// was new.
    async fn add_receipt(&mut self, receipt: &ReceiptRow) -> Stored<bool>;
    /// Adds an audit line.
    async fn add_audit(&mut self, line: &AuditRow) -> Stored<()>;

    /// Makes everything durable and visible at once.
    async fn commit(self: Box<Self>) -> Stored<()>;
}
