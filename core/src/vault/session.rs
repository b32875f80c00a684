//! The keys of an unlocked vault.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::crypt::{Key, sha256};
use crate::model::DeviceTag;

/// What a signature of the device is about. A signature made for one domain
/// never passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// The seal over a signed visit.
    VisitSeal,
    /// The list of hashes of a pushed batch.
    Push,
    /// The proof of possession when a device is enrolled.
    Enrol,
    /// An electronic visit verification stamp.
    Stamp,
    /// Somebody's signature by hand, or why there is none.
    SignOff,
    /// A receipt, as of a purge.
    Receipt,
    /// The backend's leave to try PINs again.
    PinReset,
    /// A backend's policy.
    Policy,
}

impl Domain {
    /// The tag in front of every signed message; stable.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::VisitSeal => "homeround/visit-seal/1",
            Self::Push => "homeround/push/1",
            Self::Enrol => "homeround/enrol/1",
            Self::Stamp => "homeround/stamp/1",
            Self::SignOff => "homeround/sign-off/1",
            Self::Receipt => "homeround/receipt/1",
            Self::PinReset => "homeround/pin-reset/1",
            Self::Policy => "homeround/policy/1",
        }
    }

    /// The tag, a zero byte, the message: what is signed.
    fn bind(self, message: &[u8]) -> Vec<u8> {
        [self.tag().as_bytes(), &[0], message].concat()
    }
}

/// The keys while the vault is unlocked; cleared when dropped.
pub struct Session {
    pub(super) database_key: Key,
    /// On the heap, as the other one is.
    pub(super) device: Box<SigningKey>,
}

impl Session {
    /// The raw key of the encrypted store.
    #[must_use]
    pub fn database_key(&self) -> &[u8; 32] {
        &self.database_key
    }

    /// The device's Ed25519 public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.device.verifying_key().to_bytes()
    }

    /// The device's tag, the first half of its actors.
    #[must_use]
    pub fn device_tag(&self) -> DeviceTag {
        device_tag(&self.public_key())
    }

    /// Signs a message of one domain with the device's key.
    #[must_use]
    pub fn sign(&self, domain: Domain, message: &[u8]) -> [u8; 64] {
        self.device.sign(&domain.bind(message)).to_bytes()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(..)")
    }
}

/// The first eight bytes of the SHA-256 of a device's public key.
#[must_use]
pub fn device_tag(public_key: &[u8; 32]) -> DeviceTag {
    let mut tag = [0; 8];
    tag.copy_from_slice(&sha256(public_key)[..8]);
    DeviceTag(tag)
}

/// Whether a signature of a domain is the key's own. Weak keys and malleable
/// signatures are refused.
#[must_use]
pub fn verify_signed(
    public_key: &[u8; 32],
    domain: Domain,
    message: &[u8],
    signature: &[u8; 64],
) -> bool {
    VerifyingKey::from_bytes(public_key).is_ok_and(|key| {
        let signature = Signature::from_bytes(signature);
        key.verify_strict(&domain.bind(message), &signature).is_ok()
    })
}
