//! A [`KeyVault`] in a file, for desktops, the demo and tests.
//!
//! It is **no hardware**. Whoever can read its folder has its keys, and whoever
//! can put back its folder sets its counters back; what is destroyed may be
//! found on the medium. It has the shape of the real thing, so that everything
//! above it can be tried, and keeps the promise of durability. Keep its folder
//! apart from the store's: a copy of the store's folder alone opens nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::crypt::{decrypt, encrypt, key_from, random_key};
use super::{Entropy, HardwareError, KeyVault, VaultError, file, label};

const FILE: &str = "software-vault.json";
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Randomness of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        getrandom::fill(bytes).map_err(|_| VaultError::NoEntropy)
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    keys: BTreeMap<String, [u8; 32]>,
    counters: BTreeMap<String, u64>,
    secrets: BTreeMap<String, Vec<u8>>,
}

impl Drop for State {
    fn drop(&mut self) {
        self.keys.values_mut().for_each(Zeroize::zeroize);
        self.secrets.values_mut().for_each(Zeroize::zeroize);
    }
}

/// Keys, counters and secrets in one file.
pub struct SoftwareVault {
    path: PathBuf,
    state: Mutex<State>,
    present: AtomicBool,
}

impl SoftwareVault {
    /// Opens the vault of a folder, or makes a new one there. One process at a
    /// time.
    ///
    /// # Errors
    /// [`VaultError::File`]; [`VaultError::Damaged`] for a file that is not its own.
    pub fn open(folder: &Path) -> Result<Self, VaultError> {
        file::make_folder(folder)?;
        let path = folder.join(FILE);
        let state = match file::read_bounded(&path, FILE_BYTES_MAX)? {
            None => State::default(),
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| VaultError::Damaged)?,
        };
        Ok(Self {
            path,
            state: Mutex::new(state),
            present: AtomicBool::new(true),
        })
    }

    /// Plays the person: whether they confirm when a biometric key is used.
    pub fn set_present(&self, present: bool) {
        self.present.store(present, Ordering::SeqCst);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned lock still holds the last durable state: it is replaced
        // only after the file was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Durable first, then in memory.
    fn change(&self, alter: impl FnOnce(&mut State)) -> Result<(), HardwareError> {
        let mut state = self.state();
        let mut next = state.clone();
        alter(&mut next);
        let mut bytes = serde_json::to_vec(&next).map_err(|_| HardwareError::Unavailable)?;
        let written = file::replace(&self.path, &bytes);
        bytes.zeroize();
        written.map_err(|_| HardwareError::Unavailable)?;
        *state = next;
        Ok(())
    }

    fn ask(&self, label: &str) -> Result<(), HardwareError> {
        if label == label::BIOMETRIC && !self.present.load(Ordering::SeqCst) {
            return Err(HardwareError::PresenceRefused);
        }
        Ok(())
    }
}

impl KeyVault for SoftwareVault {
    fn wrap(&self, label: &str, plaintext: &[u8]) -> Result<Vec<u8>, HardwareError> {
        self.ask(label)?;
        let mut entropy = OsEntropy;
        let known = self.state().keys.get(label).copied();
        let key = match known {
            Some(key) => key_from(&key).ok_or(HardwareError::KeyGone)?,
            None => {
                let key = random_key(&mut entropy).map_err(|_| HardwareError::Unavailable)?;
                self.change(|state| {
                    state.keys.insert(label.into(), *key);
                })?;
                key
            }
        };
        encrypt(&key, label.as_bytes(), plaintext, &mut entropy)
            .map_err(|_| HardwareError::Unavailable)
    }

    fn unwrap(&self, label: &str, wrapped: &[u8]) -> Result<Vec<u8>, HardwareError> {
        self.ask(label)?;
        let key = self.state().keys.get(label).copied();
        key.and_then(|key| key_from(&key))
            .and_then(|key| decrypt(&key, label.as_bytes(), wrapped))
            .map(|plaintext| plaintext.to_vec())
            .ok_or(HardwareError::KeyGone)
    }

    fn counter_get(&self, label: &str) -> Result<u64, HardwareError> {
        Ok(self.state().counters.get(label).copied().unwrap_or(0))
    }

    fn counter_increment(&self, label: &str) -> Result<u64, HardwareError> {
        let mut value = 0;
        self.change(|state| {
            let counter = state.counters.entry(label.into()).or_default();
            *counter = counter.saturating_add(1);
            value = *counter;
        })?;
        Ok(value)
    }

    fn counter_set(&self, label: &str, value: u64) -> Result<(), HardwareError> {
        if self.counter_get(label)? == value {
            return Ok(());
        }
        self.change(|state| {
            state.counters.insert(label.into(), value);
        })
    }

    fn store(&self, label: &str, secret: &[u8]) -> Result<(), HardwareError> {
        self.change(|state| {
            state.secrets.insert(label.into(), secret.into());
        })
    }

    fn load(&self, label: &str) -> Result<Option<Vec<u8>>, HardwareError> {
        Ok(self.state().secrets.get(label).cloned())
    }

    fn destroy(&self, label: &str) -> Result<(), HardwareError> {
        self.change(|state| {
            state.keys.remove(label);
            state.counters.remove(label);
            state.secrets.remove(label);
        })
    }
}
