//! Keys: wrap, unlock, lock, wipe; sealing and verifying signed evidence.
//!
//! ```text
//! PIN --Argon2id--> XChaCha20-Poly1305 --hardware key--> PIN slot -------+
//!                                                                       +--> database key --> device key
//!            hardware key that asks for the user --> biometric slot ----+
//! ```
//!
//! The **database key** is 32 random bytes that never change; each slot of the
//! keyfile holds it under other locks. The **device key** (Ed25519) signs what
//! the phone sends and seals signed visits; it lies in the keyfile under the
//! database key. What must survive putting old files back (the count of wrong
//! PINs, the keyfile's generation, the used part of the lease, the head of the
//! audit trail) lives in the platform's [`KeyVault`].
//!
//! Time and randomness are arguments ([`crate::model::Clock`], [`Entropy`]);
//! only [`SoftwareVault`] and [`OsEntropy`] ask the operating system.

mod audit;
mod blob;
mod crypt;
mod escrow;
mod file;
mod hardware;
mod keyfile;
mod lock;
mod pin;
mod seal;
mod session;
mod sign_off;
mod software;
mod stamp;
mod verify;
mod wipe;

#[cfg(test)]
mod tests;

pub use audit::AuditCheck;
pub use blob::{BLOB_CHUNK_BYTES, BlobError, BlobKey, BlobReader, SealedBlob, seal_blob};
pub use crypt::{ARGON2_ITERATIONS, ARGON2_LANES, ARGON2_MEMORY_KIB};
pub use escrow::{ESCROW_BYTES_MAX, EscrowReceipt, escrow_open, escrow_public, escrow_seal};
pub(crate) use file::{make_folder, sync_folder};
pub use hardware::{Entropy, HardwareError, KeyVault, label};
pub use lock::{LockState, Unlock, Vault};
pub use pin::{PIN_ATTEMPTS_MAX, PIN_CHARS_MAX, PIN_CHARS_MIN, PIN_DELAYS_MS, Pin};
pub use seal::{SealStatement, seal_visit};
pub use session::{Domain, Session, device_tag, verify_signed};
pub use sign_off::seal_sign_off;
pub use software::{OsEntropy, SoftwareVault};
pub use stamp::{StampPlace, sign_stamp, stamp_hash, stamp_holds, stamp_statement};
pub use verify::{CHANGE_BYTES_MAX, SealFailure, Verified, verify_seal, verify_sign_off};
pub use wipe::{WipeRequest, WipeStep, is_wiping, resume_wipe, wipe};

use crate::model::Refused;

/// Why the vault did not do what was asked; a variant is what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Ask the person to unlock.
    #[error("locked")]
    Locked,
    /// Ask again, saying how often one may still try.
    #[error("wrong PIN, {left} attempts left")]
    WrongPin {
        /// Attempts left.
        left: u64,
        /// The next attempt is taken after so many milliseconds.
        wait_ms: i64,
    },
    /// Ask again later; nothing was tried and nothing counted.
    #[error("next attempt in {wait_ms} ms")]
    Wait {
        /// After so many milliseconds.
        wait_ms: i64,
    },
    /// The PIN slot refuses until a biometric unlock or the backend's reset.
    #[error("PIN attempts are used up")]
    PinExhausted,
    /// The keyfile is older than this device knows it to be, and an old PIN
    /// must not work again: unlock by biometrics and set a PIN.
    #[error("keyfile was put back")]
    RolledBack,
    /// There is no biometric slot; ask for the PIN.
    #[error("biometric unlock is not set up")]
    NoBiometric,
    /// The hardware-backed vault said no.
    #[error(transparent)]
    Hardware(#[from] HardwareError),
    /// There is no keyfile: create one.
    #[error("no keyfile")]
    Missing,
    /// There is a keyfile already: open it.
    #[error("a keyfile exists")]
    Exists,
    /// Neither copy of the keyfile can be read, or its keys don't fit: set the
    /// folder aside and enrol again.
    #[error("keyfile is damaged")]
    Damaged,
    /// A later version wrote the keyfile: update the app.
    #[error("keyfile has version {version}")]
    Newer {
        /// That version.
        version: u16,
    },
    /// A wipe was begun: finish it with [`resume_wipe`].
    #[error("a wipe is under way")]
    Wiping,
    /// Unsent work would be lost: send it, or escrow it first.
    #[error("{unsent} changes are unsent")]
    Unsent {
        /// How many changes.
        unsent: u64,
    },
    /// The audit trail may not be pinned to an earlier head.
    #[error("audit trail went back")]
    AuditWentBack,
    /// A signature of the backend that does not fit.
    #[error("not signed by the backend")]
    Unsigned,
    /// An escrow blob that can't be opened.
    #[error("escrow can't be opened")]
    EscrowDamaged,
    /// A value outside its limits.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No random bytes were to be had; nothing was done.
    #[error("no randomness")]
    NoEntropy,
    /// The file system said no.
    #[error("file: {kind}")]
    File {
        /// How.
        kind: std::io::ErrorKind,
    },
}

impl From<std::io::Error> for VaultError {
    fn from(error: std::io::Error) -> Self {
        Self::File { kind: error.kind() }
    }
}
