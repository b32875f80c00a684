//! What the platform gives: keys that never leave the hardware, counters that
//! no restored file can set back, and random bytes.

use super::VaultError;

/// The labels that this crate uses, so that a platform can give each its own
/// protection class.
pub mod label {
    /// Key that wraps the PIN slot; used without asking the person.
    pub const PIN: &str = "homeround.pin";
    /// Key that wraps the biometric slot; each use asks the person.
    pub const BIOMETRIC: &str = "homeround.biometric";
    /// Counter of PIN attempts since the last success.
    pub const PIN_ATTEMPTS: &str = "homeround.pin.attempts";
    /// Small secret: when the last PIN attempt was.
    pub const PIN_LAST: &str = "homeround.pin.last";
    /// Counter of the backend's resets of the PIN attempts.
    pub const PIN_RESETS: &str = "homeround.pin.resets";
    /// Counter of the keyfile's generations.
    pub const KEYFILE: &str = "homeround.keyfile";
    /// Counter of milliseconds used of the offline lease.
    pub const LEASE: &str = "homeround.lease";
    /// Small secret: the pinned head of the audit trail.
    pub const AUDIT: &str = "homeround.audit";
    /// All of them; a wipe destroys them in this order, the keys first.
    pub const ALL: [&str; 8] = [
        PIN,
        BIOMETRIC,
        PIN_LAST,
        AUDIT,
        PIN_ATTEMPTS,
        PIN_RESETS,
        KEYFILE,
        LEASE,
    ];
}

/// Why the hardware-backed vault did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HardwareError {
    /// The key does not exist (any more), or wrapped bytes are not its own:
    /// another phone's, or altered. Trying again is of no use.
    #[error("hardware key is gone or does not fit")]
    KeyGone,
    /// The person did not confirm; ask again or ask for the PIN.
    #[error("the person did not confirm")]
    PresenceRefused,
    /// Not now: before the first unlock of the phone, or the hardware is busy.
    #[error("hardware is not available")]
    Unavailable,
}

/// Hardware-backed keys (Android Keystore, the Secure Enclave with the
/// Keychain), which the shell implements.
///
/// A key is made when its label is first wrapped with. Counters and small
/// secrets must survive anything done to the app's files, and must not be part
/// of a backup. Every call is durable when it returns.
pub trait KeyVault: Send + Sync {
    /// Encrypts under the label's key.
    ///
    /// # Errors
    /// [`HardwareError`].
    fn wrap(&self, label: &str, plaintext: &[u8]) -> Result<Vec<u8>, HardwareError>;

    /// Decrypts what [`Self::wrap`] gave under the same label.
    ///
    /// # Errors
    /// [`HardwareError`].
    fn unwrap(&self, label: &str, wrapped: &[u8]) -> Result<Vec<u8>, HardwareError>;

    /// A counter; 0 if it was never touched.
    ///
    /// # Errors
    /// [`HardwareError`].
    fn counter_get(&self, label: &str) -> Result<u64, HardwareError>;

    /// Adds one and answers the new figure.
    ///
    /// # Errors
    /// [`HardwareError`].
    fn counter_increment(&self, label: &str) -> Result<u64, HardwareError>;

    /// Sets a counter.
    ///
    /// # Errors
    /// [`HardwareError`].
    fn counter_set(&self, label: &str, value: u64) -> Result<(), HardwareError>;

    /// Keeps a small secret (64 bytes at most), replacing the last one.
    ///
    /// # Errors
    /// [`HardwareError`].
    fn store(&self, label: &str, secret: &[u8]) -> Result<(), HardwareError>;

    /// Reads a small secret.
    ///
    /// # Errors
    /// [`HardwareError`].
    fn load(&self, label: &str) -> Result<Option<Vec<u8>>, HardwareError>;

    /// Destroys the key, the counter and the secret of a label; no error if
    /// there is none.
    ///
    /// # Errors
    /// [`HardwareError`].
    fn destroy(&self, label: &str) -> Result<(), HardwareError>;
}

/// Random bytes fit for keys.
pub trait Entropy {
    /// Fills the whole slice.
    ///
    /// # Errors
    /// [`VaultError::NoEntropy`]; the slice is not to be used then.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError>;
}
