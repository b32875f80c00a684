//! The bodies. Keys are never reused; a new field takes the next free key and
//! is optional.

use minicbor::{CborLen, Decode, Encode};

use super::{Body, DeviceProof, Proof};
use super::{PAGE_BYTES_MAX, PAGE_INFLATED_MAX, PUSH_BYTES_MAX, PUSH_INFLATED_MAX, SMALL_BODY_MAX};

type Bytes16 = minicbor::bytes::ByteArray<16>;
type Bytes32 = minicbor::bytes::ByteArray<32>;
type Bytes64 = minicbor::bytes::ByteArray<64>;
type ByteVec = minicbor::bytes::ByteVec;

macro_rules! body {
    ($name:ident, $what:literal, $sent:expr, $inflated:expr) => {
        impl Body for $name {
            const NAME: &'static str = $what;
            const SENT_MAX: usize = $sent;
            const INFLATED_MAX: usize = $inflated;
        }
    };
}

/// Asks to enrol this device for the person of the access token.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct EnrolRequest {
    /// Ed25519 public key of the device.
    #[n(0)]
    pub public_key: Bytes32,
    /// As its owner calls it, up to 80 characters.
    #[n(1)]
    pub label: String,
    /// Signature by that key over [`enrol_statement`].
    #[n(2)]
    pub proof: Bytes64,
}
body!(EnrolRequest, "enrolment", SMALL_BODY_MAX, SMALL_BODY_MAX);

/// The device is enrolled. Asking again with the same key gives the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct EnrolResponse {
    /// The device's id.
    #[n(0)]
    pub device: Bytes16,
    /// The person's id.
    #[n(1)]
    pub person: Bytes16,
    /// The person's role, by name.
    #[n(2)]
    pub role: String,
    /// The tenant's id.
    #[n(3)]
    pub tenant: Bytes16,
    /// Ed25519 key that signs policies.
    #[n(4)]
    pub server_key: Bytes32,
    /// X25519 key that escrowed work is sealed to.
    #[n(5)]
    pub escrow_key: Bytes32,
    /// The access rules in force.
    #[n(6)]
    pub policy: SignedPolicy,
    /// The backend's epoch.
    #[n(7)]
    pub epoch: u64,
    /// The backend's clock, milliseconds.
    #[n(8)]
    pub server_ms: i64,
    /// The person's name as colleagues read it.
    #[n(9)]
    pub person_name: String,
}
body!(
    EnrolResponse,
    "enrolment answer",
    SMALL_BODY_MAX,
    SMALL_BODY_MAX
);

/// Access rules, signed by the backend.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct SignedPolicy {
    /// The rules as JSON text (`access::Policy`).
    #[n(0)]
    pub policy: String,
    /// Signature over [`policy_statement`].
    #[n(1)]
    pub signature: Bytes64,
}

/// Offers changes, signed once over the list of their hashes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct PushRequest {
    /// The device that offers them; all their actors are its own, but for what is proven.
    #[n(0)]
    pub device: Bytes16,
    /// The changes as `merge::pack` lays them out, in an order in which every
    /// change comes after what it depends on.
    #[n(1)]
    pub changes: ByteVec,
    /// Signature by the device over [`push_statement`] of the hashes, in order.
    #[n(2)]
    pub signature: Bytes64,
    /// That changes of others were accepted before: what makes them come back.
    #[n(3)]
    pub proofs: Option<Vec<Proof>>,
    /// Whose the devices are that wrote them.
    #[n(4)]
    pub devices: Option<Vec<DeviceProof>>,
}
body!(PushRequest, "push", PUSH_BYTES_MAX, PUSH_INFLATED_MAX);

/// A verdict for each change of a push.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct PushResponse {
    /// The backend's epoch.
    #[n(0)]
    pub epoch: u64,
    /// The backend's clock, milliseconds.
    #[n(1)]
    pub server_ms: i64,
    /// Verdicts in the order of the changes, equal neighbours in one run.
    #[n(2)]
    pub verdicts: Vec<VerdictRun>,
}
body!(
    PushResponse,
    "push answer",
    PUSH_BYTES_MAX,
    PUSH_INFLATED_MAX
);

/// One verdict over some neighbouring changes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct VerdictRun {
    /// How many changes it is about, at least one.
    #[n(0)]
    pub count: u32,
    /// What was decided.
    #[n(1)]
    pub verdict: Verdict,
}

/// What the backend decided about a change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub enum Verdict {
    /// Stored; the first of the run has this number, each next one more.
    #[n(0)]
    Accepted {
        /// The tenant's sequence number.
        #[n(0)]
        seq: u64,
    },
    /// Was there already.
    #[n(1)]
    Duplicate,
    /// Needs changes that the backend does not have; offer those first.
    #[n(2)]
    Waiting {
        /// Their hashes.
        #[n(0)]
        missing: Vec<Bytes32>,
    },
    /// Will never be stored in the document. The backend keeps the bytes,
    /// sealed, for a reviewer.
    #[n(3)]
    Rejected {
        /// Stable code, as in `access_ended`.
        #[n(0)]
        code: String,
        /// The field that it is about, if it is about one.
        #[n(1)]
        field: String,
    },
}

/// A late verdict on an earlier change of this device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct LateVerdict {
    /// The change.
    #[n(0)]
    pub hash: Bytes32,
    /// What was decided.
    #[n(1)]
    pub verdict: Verdict,
}

/// Asks for the page after a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct PullRequest {
    /// The device that asks.
    #[n(0)]
    pub device: Bytes16,
    /// Where the last page ended, as the backend gave it; empty at first.
    #[n(1)]
    pub cursor: ByteVec,
    /// Bytes of the page once inflated; the backend may give a little more so
    /// that a page is never empty.
    #[n(2)]
    pub bytes_max: u64,
    /// The day that a new phone wants first: any instant inside it.
    #[n(3)]
    pub today_ms: i64,
}
body!(PullRequest, "pull", SMALL_BODY_MAX, SMALL_BODY_MAX);

/// A page. Its parts are applied in the order of the keys, in one transaction
/// with the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Page {
    /// The backend's epoch; if it is another one, the page is not applied and
    /// the cursor goes back to the start.
    #[n(0)]
    pub epoch: u64,
    /// The backend's clock, milliseconds.
    #[n(1)]
    pub server_ms: i64,
    /// Where this page ends.
    #[n(2)]
    pub cursor: ByteVec,
    /// More pages are ready now.
    #[n(3)]
    pub more: bool,
    /// Access rules, when they changed.
    #[n(4)]
    pub policy: Option<SignedPolicy>,
    /// Patients that came into this person's scope.
    #[n(5)]
    pub enters: Vec<Enter>,
    /// Rows of the backend.
    #[n(6)]
    pub records: Vec<RecordRow>,
    /// Whole documents.
    #[n(7)]
    pub snapshots: Vec<Snapshot>,
    /// Changes as `merge::pack` lays them out; empty when there are none.
    #[n(8)]
    pub changes: ByteVec,
    /// Late verdicts on changes of this device.
    #[n(9)]
    pub verdicts: Vec<LateVerdict>,
    /// Patients that left this person's scope.
    #[n(10)]
    pub leaves: Vec<Leave>,
    /// Work of the backfill that remains, in documents and records; a progress bar.
    #[n(11)]
    pub remaining: Option<u64>,
    /// That the latest changes of each document in this page were accepted.
    #[n(12)]
    pub proofs: Option<Vec<Proof>>,
}
body!(Page, "page", PAGE_BYTES_MAX, PAGE_INFLATED_MAX);

/// A patient came into scope.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Enter {
    /// The patient.
    #[n(0)]
    pub patient: Bytes16,
    /// Why: `care_team`, `assignment`, `break_glass`, `role`.
    #[n(1)]
    pub source: String,
    /// Until when, if it is limited.
    #[n(2)]
    pub until_ms: Option<i64>,
}

/// A patient left scope: upload, purge, send a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Leave {
    /// The patient.
    #[n(0)]
    pub patient: Bytes16,
    /// Stable code of the reason, as in `access_ended`.
    #[n(1)]
    pub reason: String,
}

/// One row of the backend.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct RecordRow {
    /// `model::RecordKind::code`.
    #[n(0)]
    pub kind: u8,
    /// Its id.
    #[n(1)]
    pub id: Bytes16,
    /// The patient whose scope it is in.
    #[n(2)]
    pub patient: Option<Bytes16>,
    /// Its version.
    #[n(3)]
    pub version: u64,
    /// JSON text; none: it has ended.
    #[n(4)]
    pub body: Option<String>,
}

/// A whole document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Snapshot {
    /// `model::DocumentId::key`.
    #[n(0)]
    pub document: ByteVec,
    /// The patient whose scope it is in.
    #[n(1)]
    pub patient: Bytes16,
    /// The document, undeflated: many in one zstd stream are smaller that way.
    #[n(2)]
    pub bytes: ByteVec,
    /// 0 is merged at once; higher numbers may wait for an idle moment.
    #[n(3)]
    pub priority: u8,
}

/// Says what was purged.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct ReceiptsRequest {
    /// The device that purged.
    #[n(0)]
    pub device: Bytes16,
    /// The receipts.
    #[n(1)]
    pub receipts: Vec<Receipt>,
    /// Signature by the device over [`receipts_statement`].
    #[n(2)]
    pub signature: Bytes64,
}
body!(ReceiptsRequest, "receipts", SMALL_BODY_MAX, SMALL_BODY_MAX);

/// One purge.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Receipt {
    /// Minted by the phone.
    #[n(0)]
    pub id: Bytes16,
    /// Whose data.
    #[n(1)]
    pub patient: Bytes16,
    /// Stable code of the reason.
    #[n(2)]
    pub reason: String,
    /// How many documents.
    #[n(3)]
    pub documents: u64,
    /// How many records.
    #[n(4)]
    pub records: u64,
    /// When, by the phone's best knowledge.
    #[n(5)]
    pub at_ms: i64,
}

/// The call was understood; nothing else to say.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Ack {
    /// The backend's epoch.
    #[n(0)]
    pub epoch: u64,
    /// The backend's clock, milliseconds.
    #[n(1)]
    pub server_ms: i64,
}
body!(Ack, "acknowledgement", SMALL_BODY_MAX, SMALL_BODY_MAX);

/// A device's sync health, without any patient data.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Beacon {
    /// The device.
    #[n(0)]
    pub device: Bytes16,
    /// Age of the oldest unsent edit, milliseconds by the monotonic clock if known.
    #[n(1)]
    pub oldest_unsent_ms: Option<u64>,
    /// Unsent edits.
    #[n(2)]
    pub pending: u64,
    /// Open quarantine rows.
    #[n(3)]
    pub quarantined: u64,
    /// Version of the core.
    #[n(4)]
    pub version: String,
    /// Stable code of the last sync error.
    #[n(5)]
    pub last_error: Option<String>,
}
body!(Beacon, "beacon", SMALL_BODY_MAX, SMALL_BODY_MAX);

/// Asks for access in an emergency.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct BreakGlassRequest {
    /// The device that asks.
    #[n(0)]
    pub device: Bytes16,
    /// To whom.
    #[n(1)]
    pub patient: Bytes16,
    /// Why, in the person's own words.
    #[n(2)]
    pub reason: String,
}
body!(
    BreakGlassRequest,
    "break-glass request",
    SMALL_BODY_MAX,
    SMALL_BODY_MAX
);

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Failure {
    /// Stable code, as in `token_expired`.
    #[n(0)]
    pub code: String,
    /// The field that it is about, if it is about one.
    #[n(1)]
    pub field: String,
    /// What to do about it, for a developer's eyes.
    #[n(2)]
    pub remedy: String,
    /// Milliseconds to wait before trying again, if trying again can help.
    #[n(3)]
    pub retry_after_ms: Option<u64>,
}
body!(Failure, "failure", SMALL_BODY_MAX, SMALL_BODY_MAX);

/// What a device signs to enrol.
#[must_use]
pub fn enrol_statement(public_key: &[u8; 32], label: &str) -> Vec<u8> {
    statement(b"homeround enrol v1", &[public_key, label.as_bytes()])
}

/// What the backend signs to vouch for access rules.
#[must_use]
pub fn policy_statement(policy: &str) -> Vec<u8> {
    statement(b"homeround policy v1", &[policy.as_bytes()])
}

/// What a device signs to offer changes: their hashes in order.
#[must_use]
pub fn push_statement(device: &[u8; 16], hashes: &[[u8; 32]]) -> Vec<u8> {
    statement(b"homeround push v1", &[device, hashes.as_flattened()])
}

/// What a device signs to say what it purged.
#[must_use]
pub fn receipts_statement(device: &[u8; 16], receipts: &[Receipt]) -> Vec<u8> {
    let mut parts = Vec::new();
    for receipt in receipts {
        parts.extend_from_slice(&receipt.id[..]);
        parts.extend_from_slice(&receipt.patient[..]);
        parts.extend_from_slice(&receipt.documents.to_be_bytes());
        parts.extend_from_slice(&receipt.records.to_be_bytes());
        parts.extend_from_slice(&receipt.at_ms.to_be_bytes());
        parts.extend_from_slice(&(receipt.reason.len() as u64).to_be_bytes());
        parts.extend_from_slice(receipt.reason.as_bytes());
    }
    statement(b"homeround receipts v1", &[device, &parts])
}

/// Domain, then each part after its length: no two statements share bytes.
fn statement(domain: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = domain.to_vec();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}
