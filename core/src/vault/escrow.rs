//! Escrow: unsent work, encrypted so that only the organisation can open it.
//!
//! ```text
//! 1 | ephemeral X25519 public key (32) | nonce (24) | XChaCha20-Poly1305
//! ```
//!
//! The key is HKDF-SHA256 of the X25519 shared secret, salted with both public
//! keys. Whoever has the organisation's public key can make a blob: what is
//! inside still carries the device's own signatures.

use curve25519_dalek::MontgomeryPoint;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::crypt::{Key, decrypt, encrypt, random_key};
use super::{Entropy, VaultError};
use crate::model::Refused;

/// The most bytes of one escrow.
pub const ESCROW_BYTES_MAX: usize = 64 * 1024 * 1024;

const VERSION: u8 = 1;
const BOUND: &[u8] = b"homeround/escrow/1";

/// Says that unsent work lies with the organisation. Make one only when the
/// backend, or a person who took the file, has confirmed that it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscrowReceipt {
    /// SHA-256 of the blob.
    pub sha256: [u8; 32],
    /// How many unsent changes it holds.
    pub changes: u64,
}

/// The public key of an organisation's secret key (any 32 random bytes).
#[must_use]
pub fn escrow_public(org_secret: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*org_secret).to_bytes()
}

/// Encrypts bytes to the organisation.
///
/// # Errors
/// [`VaultError::Refused`] for more than [`ESCROW_BYTES_MAX`] bytes or a key
/// that is none; [`VaultError::NoEntropy`].
pub fn escrow_seal(
    org_public: &[u8; 32],
    bytes: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, VaultError> {
    if bytes.len() > ESCROW_BYTES_MAX {
        return Err(Refused::new("escrow", "64 MiB").into());
    }
    let secret = random_key(entropy)?;
    let ephemeral = escrow_public(&secret);
    let key = shared_key(&secret, org_public, &ephemeral, org_public)
        .ok_or(Refused::new("org_public", "an X25519 public key"))?;
    let mut blob = vec![VERSION];
    blob.extend_from_slice(&ephemeral);
    blob.extend_from_slice(&encrypt(&key, BOUND, bytes, entropy)?);
    Ok(blob)
}

/// Opens what [`escrow_seal`] made, with the organisation's secret key.
///
/// # Errors
/// [`VaultError::EscrowDamaged`] for another key, or altered bytes.
pub fn escrow_open(org_secret: &[u8; 32], blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let open = || {
        let (version, rest) = blob.split_first()?;
        let (ephemeral, body) = rest.split_first_chunk::<32>()?;
        let public = escrow_public(org_secret);
        let key = shared_key(org_secret, ephemeral, ephemeral, &public)?;
        (*version == VERSION).then_some(())?;
        decrypt(&key, BOUND, body)
    };
    open().ok_or(VaultError::EscrowDamaged)
}

/// None when the other side's key has no part in the secret (low order).
fn shared_key(
    secret: &[u8; 32],
    theirs: &[u8; 32],
    ephemeral: &[u8; 32],
    org_public: &[u8; 32],
) -> Option<Key> {
    let shared = Zeroizing::new(MontgomeryPoint(*theirs).mul_clamped(*secret).to_bytes());
    if *shared == [0; 32] {
        return None;
    }
    let salt = [ephemeral.as_slice(), org_public].concat();
    let mut key = Key::empty();
    Hkdf::<Sha256>::new(Some(&salt), &*shared)
        .expand(BOUND, &mut *key)
        .ok()?;
    Some(key)
}
