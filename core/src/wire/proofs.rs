//! Proofs of the backend that a change was accepted once. A phone keeps them, so that
//! it can bring back what a backend lost that was put back to a backup.

use minicbor::{CborLen, Decode, Encode};

/// Bytes of a proof's code.
pub const PROOF_CODE_BYTES: usize = 16;
/// Most proofs in one push.
pub const PROOFS_MAX: usize = super::PUSH_CHANGES_MAX;
/// Most devices that one push says something of.
pub const DEVICE_PROOFS_MAX: usize = 256;

type Bytes16 = minicbor::bytes::ByteArray<16>;
type Bytes32 = minicbor::bytes::ByteArray<32>;
type ByteVec = minicbor::bytes::ByteVec;

/// The backend had accepted this change, and so everything that it builds on: a
/// change's hash covers the hashes of those.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Proof {
    /// `model::DocumentId::key`.
    #[n(0)]
    pub document: ByteVec,
    /// The change.
    #[n(1)]
    pub hash: Bytes32,
    /// Made and read by the backend alone.
    #[n(2)]
    pub code: Bytes16,
}

/// The backend had enrolled this device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct DeviceProof {
    /// The device.
    #[n(0)]
    pub device: Bytes16,
    /// Whose it is.
    #[n(1)]
    pub person: Bytes16,
    /// Its Ed25519 public key.
    #[n(2)]
    pub public_key: Bytes32,
    /// Made and read by the backend alone.
    #[n(3)]
    pub code: Bytes16,
}
