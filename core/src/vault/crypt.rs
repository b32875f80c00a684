//! The few primitives that the room uses, each wrapped once.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Entropy, VaultError};

/// Memory of Argon2id in KiB: OWASP's 19 MiB with two passes and one lane.
pub const ARGON2_MEMORY_KIB: u32 = 19 * 1024;
/// Passes of Argon2id.
pub const ARGON2_ITERATIONS: u32 = 2;
/// Lanes of Argon2id.
pub const ARGON2_LANES: u32 = 1;

/// Upper bound that a keyfile may ask for, so that an altered one can't take
/// the phone's memory.
const ARGON2_MEMORY_KIB_MAX: u32 = 64 * 1024;
const ARGON2_ITERATIONS_MAX: u32 = 16;

pub(super) const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Thirty-two secret bytes, cleared when dropped. They lie on the heap: where a key is
/// handed on, its bytes stay in their place, and no stack keeps a copy of them.
pub(super) struct Key(Box<Zeroizing<[u8; KEY_BYTES]>>);

impl Key {
    /// A place for a key, to be filled.
    pub(super) fn empty() -> Self {
        Self(Box::default())
    }
}

impl std::ops::Deref for Key {
    type Target = [u8; KEY_BYTES];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::ops::DerefMut for Key {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// Cost of one derivation from a PIN, as the keyfile names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub(super) struct Cost {
    #[n(1)]
    pub(super) memory_kib: u32,
    #[n(2)]
    pub(super) iterations: u32,
    #[n(3)]
    pub(super) lanes: u32,
}

impl Cost {
    pub(super) const CURRENT: Self = Self {
        memory_kib: ARGON2_MEMORY_KIB,
        iterations: ARGON2_ITERATIONS,
        lanes: ARGON2_LANES,
    };
}

pub(super) fn random<const N: usize>(entropy: &mut dyn Entropy) -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn random_key(entropy: &mut dyn Entropy) -> Result<Key, VaultError> {
    let mut key = Key::empty();
    entropy.fill(&mut *key)?;
    Ok(key)
}

/// Argon2id of a PIN.
///
/// # Errors
/// [`VaultError::Damaged`] for a cost outside the bounds.
pub(super) fn derive(pin: &[u8], salt: &[u8; 16], cost: Cost) -> Result<Key, VaultError> {
    let in_bounds = cost.memory_kib <= ARGON2_MEMORY_KIB_MAX
        && cost.iterations <= ARGON2_ITERATIONS_MAX
        && cost.lanes == ARGON2_LANES;
    if !in_bounds {
        return Err(VaultError::Damaged);
    }
    let params = Params::new(
        cost.memory_kib,
        cost.iterations,
        cost.lanes,
        Some(KEY_BYTES),
    )
    .map_err(|_| VaultError::Damaged)?;
    let mut key = Key::empty();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(pin, salt, &mut *key)
        .map_err(|_| VaultError::Damaged)?;
    Ok(key)
}

/// Nonce, then XChaCha20-Poly1305 of the bytes with `bound` authenticated too.
pub(super) fn encrypt(
    key: &Key,
    bound: &[u8],
    plaintext: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE_BYTES] = random(entropy)?;
    let payload = Payload {
        msg: plaintext,
        aad: bound,
    };
    let body = XChaCha20Poly1305::new((&**key).into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| VaultError::Damaged)?;
    let mut sealed = nonce.to_vec();
    sealed.extend_from_slice(&body);
    Ok(sealed)
}

/// Opens what [`encrypt`] made; none when key, bytes or `bound` don't fit.
pub(super) fn decrypt(key: &Key, bound: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: body,
        aad: bound,
    };
    XChaCha20Poly1305::new((&**key).into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
        .map(Zeroizing::new)
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(super) fn key_from(bytes: &[u8]) -> Option<Key> {
    let mut key = Key::empty();
    if bytes.len() != KEY_BYTES {
        return None;
    }
    key.copy_from_slice(bytes);
    Some(key)
}
