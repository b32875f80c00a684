//! The keyfile: wrapped keys, in two copies.
//!
//! ```text
//! "HRKEYS\r\n" | version u16 BE | length u32 BE | body (CBOR) | SHA-256 of all before
//! ```
//!
//! The checksum finds damage, not forgery: what is forged fails to unwrap. A
//! new generation is written to the first copy, then to the second, then
//! counted in the hardware-backed vault, so at any moment one copy is whole and
//! is not older than the counter.

use std::fs;
use std::path::{Path, PathBuf};

use super::crypt::{Cost, sha256};
use super::{VaultError, file};

const MAGIC: &[u8; 8] = b"HRKEYS\r\n";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 14;
const CHECKSUM_BYTES: usize = 32;
/// The longest keyfile that is read.
const KEYFILE_BYTES_MAX: u64 = 64 * 1024;

const FIRST: &str = "keys.hrk";
const SECOND: &str = "keys-copy.hrk";

/// What the keyfile holds. Nothing in it is of use without the hardware.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub(super) struct Keyfile {
    /// Grows with each writing.
    #[n(1)]
    pub(super) generation: u64,
    #[n(2)]
    pub(super) cost: Cost,
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(super) salt: [u8; 16],
    /// The database key under the PIN, under the hardware.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(super) pin_slot: Vec<u8>,
    /// The database key under the hardware that asks the person.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(super) biometric_slot: Option<Vec<u8>>,
    /// The device's public key.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub(super) device_public: [u8; 32],
    /// The device's secret key under the database key.
    #[cbor(n(7), with = "minicbor::bytes")]
    pub(super) device_secret: Vec<u8>,
}

impl Keyfile {
    /// What the PIN slot's encryption is bound to: altering any of it in the
    /// file makes the slot unreadable.
    pub(super) fn pin_bound(&self) -> Vec<u8> {
        let mut bound = b"homeround/pin-slot/1".to_vec();
        for figure in [self.cost.memory_kib, self.cost.iterations, self.cost.lanes] {
            bound.extend_from_slice(&figure.to_be_bytes());
        }
        bound.extend_from_slice(&self.salt);
        bound.extend_from_slice(&self.device_public);
        bound.extend_from_slice(&self.generation.to_be_bytes());
        bound
    }

    /// What the device key's encryption is bound to.
    pub(super) fn device_bound(public: &[u8; 32]) -> Vec<u8> {
        [b"homeround/device-key/1".as_slice(), public].concat()
    }

    fn encode(&self) -> Result<Vec<u8>, VaultError> {
        let body = minicbor::to_vec(self).map_err(|_| VaultError::Damaged)?;
        let length = u32::try_from(body.len()).map_err(|_| VaultError::Damaged)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&body);
        let checksum = sha256(&bytes);
        bytes.extend_from_slice(&checksum);
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Result<Self, VaultError> {
        let damaged = VaultError::Damaged;
        let split = bytes.len().checked_sub(CHECKSUM_BYTES);
        let (covered, checksum) = bytes.split_at(split.ok_or(damaged.clone())?);
        if covered.len() < HEADER_BYTES || !covered.starts_with(MAGIC) {
            return Err(damaged);
        }
        if sha256(covered) != *checksum {
            return Err(damaged);
        }
        let (header, body) = covered.split_at(HEADER_BYTES);
        let version = u16::from_be_bytes([header[8], header[9]]);
        if version != VERSION {
            return Err(VaultError::Newer { version });
        }
        let length = u32::from_be_bytes([header[10], header[11], header[12], header[13]]);
        if usize::try_from(length) != Ok(body.len()) {
            return Err(damaged);
        }
        minicbor::decode(body).map_err(|_| damaged)
    }

    /// Writes the copy that decides.
    pub(super) fn write_first(&self, folder: &Path) -> Result<(), VaultError> {
        Ok(file::replace(&folder.join(FIRST), &self.encode()?)?)
    }

    /// Writes the spare copy.
    pub(super) fn write_second(&self, folder: &Path) -> Result<(), VaultError> {
        Ok(file::replace(&folder.join(SECOND), &self.encode()?)?)
    }

    /// Reads the newest whole copy and mends the other from it; the damaged
    /// one is set aside, never deleted.
    ///
    /// # Errors
    /// [`VaultError::Missing`], [`VaultError::Damaged`], [`VaultError::Newer`]
    /// or [`VaultError::File`].
    pub(super) fn read(folder: &Path) -> Result<Self, VaultError> {
        let copies = [
            Self::read_copy(&paths(folder)[0]),
            Self::read_copy(&paths(folder)[1]),
        ];
        for copy in &copies {
            if let Err(error @ (VaultError::Newer { .. } | VaultError::File { .. })) = copy {
                return Err(error.clone());
            }
        }
        let newest = copies.iter().flatten().max_by_key(|file| file.generation);
        let Some(newest) = newest.cloned() else {
            let missing = copies.iter().all(|copy| *copy == Err(VaultError::Missing));
            let error = if missing {
                VaultError::Missing
            } else {
                VaultError::Damaged
            };
            return Err(error);
        };
        for (path, copy) in paths(folder).iter().zip(&copies) {
            if *copy == Err(VaultError::Damaged) {
                fs::rename(path, path.with_extension("damaged"))?;
            }
            if copy.as_ref() != Ok(&newest) {
                file::replace(path, &newest.encode()?)?;
            }
        }
        Ok(newest)
    }

    fn read_copy(path: &Path) -> Result<Self, VaultError> {
        let bytes = file::read_bounded(path, KEYFILE_BYTES_MAX)?.ok_or(VaultError::Missing)?;
        Self::decode(&bytes)
    }
}

/// The two copies.
pub(super) fn paths(folder: &Path) -> [PathBuf; 2] {
    [folder.join(FIRST), folder.join(SECOND)]
}
