//! Sealing a signed visit: what is signed, byte by byte.
//!
//! All integers are big-endian; a text has its length (u16) in front.
//!
//! ```text
//! visit (16) | patient (16) | signer (16) | role (text)
//! | wall_ms i64 | monotonic_ms i64 | boot_id u64
//! | 0, or 1 | server_ms i64 | monotonic_ms i64 | boot_id u64      the stamp's anchor
//! | number of heads u32 | heads (32 each), ascending
//! | SHA-256 of the view as it was signed (32)
//! ```
//!
//! The device signs `homeround/visit-seal/1`, a zero byte, then these bytes.

use super::crypt::sha256;
use super::{Domain, Session};
use crate::model::{ChangeHash, PatientId, PersonId, Role, SignatureEntry, Stamp, VisitId};

/// What a signature over a visit says.
#[derive(Debug, Clone, PartialEq)]
pub struct SealStatement {
    /// The visit.
    pub visit: VisitId,
    /// Whose.
    pub patient: PatientId,
    /// Who signs.
    pub by: PersonId,
    /// As what.
    pub role: Role,
    /// When.
    pub stamp: Stamp,
    /// The document's heads as the signer saw it, in any order.
    pub heads: Vec<ChangeHash>,
    /// SHA-256 of the view that the signer saw, as JSON with sorted keys.
    pub view_sha256: [u8; 32],
}

impl SealStatement {
    /// The digest of a view: `serde_json` writes maps in the order of their keys.
    #[must_use]
    pub fn digest_of(view: &serde_json::Value) -> [u8; 32] {
        sha256(view.to_string().as_bytes())
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let heads = self.sorted_heads();
        let mut out = Vec::with_capacity(160 + 32 * heads.len());
        out.extend_from_slice(self.visit.bytes());
        out.extend_from_slice(self.patient.bytes());
        out.extend_from_slice(self.by.bytes());
        let role = self.role.name().as_bytes();
        out.extend_from_slice(&u16::try_from(role.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(role);
        let clock = &self.stamp.clock;
        out.extend_from_slice(&clock.wall_ms.0.to_be_bytes());
        out.extend_from_slice(&clock.monotonic_ms.to_be_bytes());
        out.extend_from_slice(&clock.boot_id.to_be_bytes());
        match &self.stamp.anchor {
            None => out.push(0),
            Some(anchor) => {
                out.push(1);
                out.extend_from_slice(&anchor.server_ms.0.to_be_bytes());
                out.extend_from_slice(&anchor.monotonic_ms.to_be_bytes());
                out.extend_from_slice(&anchor.boot_id.to_be_bytes());
            }
        }
        out.extend_from_slice(&u32::try_from(heads.len()).unwrap_or(u32::MAX).to_be_bytes());
        heads.iter().for_each(|head| out.extend_from_slice(&head.0));
        out.extend_from_slice(&self.view_sha256);
        out
    }

    fn sorted_heads(&self) -> Vec<ChangeHash> {
        let mut heads = self.heads.clone();
        heads.sort_unstable();
        heads.dedup();
        heads
    }
}

/// Seals a visit with the device's key: the entry to append to `signatures`.
/// Check `access` and prove the person's presence ([`super::Vault::confirm`])
/// before.
#[must_use]
pub fn seal_visit(session: &Session, statement: &SealStatement) -> SignatureEntry {
    sealed(session, statement, Domain::VisitSeal, &statement.bytes())
}

/// The entry of a statement whose message is signed under a domain.
pub(super) fn sealed(
    session: &Session,
    statement: &SealStatement,
    domain: Domain,
    message: &[u8],
) -> SignatureEntry {
    let seal = session.sign(domain, message);
    let heads = statement.sorted_heads();
    SignatureEntry {
        by: statement.by,
        role: statement.role,
        stamp: statement.stamp,
        heads: heads.iter().map(ChangeHash::to_string).collect(),
        view_sha256: hex(&statement.view_sha256),
        device_key: hex(&session.public_key()),
        seal: hex(&seal),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
