//! Rows as the services see them.

use homeround::model::{
    ActorId, ChangeHash, DeviceId, DocumentId, EntryId, FieldPath, Grant, GrantSource, Millis,
    PatientId, PersonId, RecordId, RecordKind, Role, TenantId, VisitId,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A tenant.
#[derive(Clone)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// As tokens name it.
    pub name: String,
    /// Random at creation; another one after a restore.
    pub epoch: u64,
    /// The last sequence number given.
    pub head: u64,
    /// Seed of the Ed25519 key that signs policies and authors the backend's changes.
    pub signing_seed: Zeroizing<[u8; 32]>,
    /// Seed of the key that phones escrow work to.
    pub escrow_seed: Zeroizing<[u8; 32]>,
    /// The backend as a device.
    pub device: DeviceId,
    /// The backend as a person of the directory.
    pub person: PersonId,
    /// The access rules in force, as JSON text.
    pub policy: String,
}

/// A person who may sign in, or is only known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Who.
    pub id: PersonId,
    /// The token's subject; none: cannot sign in.
    pub login: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// As colleagues read it.
    pub name: String,
}

/// An enrolled device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub person: PersonId,
    /// Ed25519 public key.
    pub public_key: [u8; 32],
    /// As its owner calls it.
    pub label: String,
    /// Since when.
    pub enrolled_at: Millis,
    /// Revoked since.
    pub revoked_at: Option<Millis>,
}

/// A device's last sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeaconRow {
    /// Which device.
    pub device: DeviceId,
    /// When it came.
    pub at: Millis,
    /// Age of the oldest unsent edit.
    pub oldest_unsent_ms: Option<u64>,
    /// Unsent edits.
    pub pending: u64,
    /// Open quarantine rows.
    pub quarantined: u64,
    /// Version of the core.
    pub version: String,
    /// Stable code of the last sync error.
    pub last_error: Option<String>,
}

/// A grant with where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    /// Its id.
    pub id: Uuid,
    /// Who, to whom, why, from and until when.
    pub grant: Grant,
    /// The visit that it comes from, for assignments.
    pub visit: Option<Uuid>,
    /// Ended by the office, or ran out, at.
    pub ended_at: Option<Millis>,
    /// Its beginning has been taken into the scope.
    pub started: bool,
    /// In the person's own words, for break-glass.
    pub reason: String,
}

/// One patient in one person's scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeRow {
    /// Who.
    pub person: PersonId,
    /// Whose data.
    pub patient: PatientId,
    /// The sequence number of the entry.
    pub since: u64,
    /// Why.
    pub source: GrantSource,
    /// Until when, if it is limited.
    pub until: Option<Millis>,
}

/// A document without its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRow {
    /// Which.
    pub id: DocumentId,
    /// Whose.
    pub patient: PatientId,
    /// Its heads, sorted.
    pub heads: Vec<ChangeHash>,
    /// A visit that was signed.
    pub sealed: bool,
    /// A cache: the document as saved once.
    pub snapshot: Vec<u8>,
    /// The highest number among the changes that the snapshot holds.
    pub snapshot_seq: u64,
}

/// A change of the shared history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// The tenant's number.
    pub seq: u64,
    /// In which document.
    pub document: DocumentId,
    /// Whose.
    pub patient: PatientId,
    /// Its name.
    pub hash: ChangeHash,
    /// Who made it.
    pub actor: ActorId,
    /// The actor's own number in this document.
    pub actor_seq: u64,
    /// Which device offered it.
    pub device: DeviceId,
    /// Whose device.
    pub person: PersonId,
    /// It signs the visit, or its author had the signature before them.
    pub after_seal: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What is asked about a change by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeMark {
    /// The tenant's number.
    pub seq: u64,
    /// As in [`ChangeRow::after_seal`].
    pub after_seal: bool,
}

/// A notice to a patient that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeRow {
    /// The entry of the visit that asked for it.
    pub notice: EntryId,
    /// Of which visit.
    pub visit: VisitId,
    /// When it is tried next.
    pub due: Millis,
    /// How often it was tried.
    pub attempts: u32,
}

/// A row that the backend owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// What.
    pub kind: RecordKind,
    /// Which.
    pub id: RecordId,
    /// In whose scope; none: the tenant's.
    pub patient: Option<PatientId>,
    /// The tenant's number of its last version.
    pub version: u64,
    /// JSON text; none: ended.
    pub body: Option<String>,
}

/// When and for whom a booking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookingRow {
    /// The visit.
    pub id: RecordId,
    /// For whom.
    pub patient: PatientId,
    /// Start of the window.
    pub start: i64,
    /// Number of its last version.
    pub version: u64,
    /// It was ended.
    pub ended: bool,
}

/// What happened, in the tenant's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The tenant's number.
    pub seq: u64,
    /// What.
    pub event: Event,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A change was stored under this number.
    Change {
        /// Whose document.
        patient: PatientId,
        /// Which device offered it.
        device: DeviceId,
    },
    /// A record got a version.
    Record {
        /// What.
        kind: RecordKind,
        /// Which.
        id: RecordId,
        /// In whose scope.
        patient: Option<PatientId>,
    },
    /// A patient arrived at the tenant.
    Patient {
        /// Who.
        patient: PatientId,
    },
    /// A patient came into a person's scope.
    Enter {
        /// Whose scope.
        person: PersonId,
        /// The patient.
        patient: PatientId,
    },
    /// A patient left a person's scope.
    Leave {
        /// Whose scope.
        person: PersonId,
        /// The patient.
        patient: PatientId,
        /// Stable code of the reason.
        reason: String,
    },
    /// The access rules changed.
    Policy,
}

/// A change that will never be in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Its name.
    pub hash: ChangeHash,
    /// For which document.
    pub document: DocumentId,
    /// Which device offered it.
    pub device: DeviceId,
    /// Whose device.
    pub person: PersonId,
    /// When it came.
    pub at: Millis,
    /// Stable code of the reason.
    pub code: String,
    /// The field that it is about, if it is about one.
    pub field: String,
    /// Paths that the change touches, as far as they could be read.
    pub paths: Vec<FieldPath>,
    /// The bytes as they came.
    pub bytes: Vec<u8>,
}

/// A purge that a device told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Minted by the phone.
    pub id: Uuid,
    /// Which device.
    pub device: DeviceId,
    /// Whose data.
    pub patient: PatientId,
    /// Stable code of the reason.
    pub reason: String,
    /// How many documents.
    pub documents: u64,
    /// How many records.
    pub records: u64,
    /// When, by the phone.
    pub at: Millis,
    /// When it came.
    pub received_at: Millis,
}

/// A line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// 1, 2, 3, ...
    pub index: u64,
    /// When.
    pub at: Millis,
    /// Who; none: the backend itself.
    pub person: Option<PersonId>,
    /// From which device.
    pub device: Option<DeviceId>,
    /// Stable code of what was done, as in `read`.
    pub action: String,
    /// About whom.
    pub patient: Option<PatientId>,
    /// What else there is to say.
    pub detail: String,
    /// Hash of the line before; zeros at first.
    pub previous: [u8; 32],
    /// Hash of this line over the one before.
    pub hash: [u8; 32],
}

impl Tenant {
    /// Names the tenant without its secrets.
    fn describe(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenant")
            .field("id", &self.id)
            .field("epoch", &self.epoch)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.describe(f)
    }
}
