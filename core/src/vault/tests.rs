//! The vault over real files and a software stand-in for the hardware.

mod blobs;
mod escrow;
mod keys;
mod pins;
mod sealing;
mod wiping;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::*;
use crate::model::{Clock, Millis};

const PIN: &str = "402913";
const OTHER_PIN: &str = "774120";

/// Bytes that differ at each draw and are the same at each run.
struct Counting(u64);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        for chunk in bytes.chunks_mut(32) {
            self.0 += 1;
            let block = crypt::sha256(&self.0.to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// The hardware, whose calls can be made to fail.
struct Flaky {
    inner: SoftwareVault,
    fails: AtomicBool,
}

impl Flaky {
    fn check(&self) -> Result<(), HardwareError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(HardwareError::Unavailable);
        }
        Ok(())
    }
}

impl KeyVault for Flaky {
    fn wrap(&self, label: &str, plaintext: &[u8]) -> Result<Vec<u8>, HardwareError> {
        self.check()?;
        self.inner.wrap(label, plaintext)
    }
    fn unwrap(&self, label: &str, wrapped: &[u8]) -> Result<Vec<u8>, HardwareError> {
        self.check()?;
        self.inner.unwrap(label, wrapped)
    }
    fn counter_get(&self, label: &str) -> Result<u64, HardwareError> {
        self.inner.counter_get(label)
    }
    fn counter_increment(&self, label: &str) -> Result<u64, HardwareError> {
        self.inner.counter_increment(label)
    }
    fn counter_set(&self, label: &str, value: u64) -> Result<(), HardwareError> {
        self.inner.counter_set(label, value)
    }
    fn store(&self, label: &str, secret: &[u8]) -> Result<(), HardwareError> {
        self.inner.store(label, secret)
    }
    fn load(&self, label: &str) -> Result<Option<Vec<u8>>, HardwareError> {
        self.inner.load(label)
    }
    fn destroy(&self, label: &str) -> Result<(), HardwareError> {
        self.check()?;
        self.inner.destroy(label)
    }
}

/// One phone: the store's folder, and the hardware's apart from it.
struct Phone {
    folder: TempDir,
    hardware_folder: TempDir,
    hardware: Arc<Flaky>,
    entropy: Counting,
}

impl Phone {
    fn new() -> Self {
        let hardware_folder = tempfile::tempdir().unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            hardware: Self::hardware_of(hardware_folder.path()),
            hardware_folder,
            entropy: Counting(0),
        }
    }

    fn hardware_of(folder: &Path) -> Arc<Flaky> {
        Arc::new(Flaky {
            inner: SoftwareVault::open(folder).unwrap(),
            fails: AtomicBool::new(false),
        })
    }

    /// As after the process was killed: everything is read from the files.
    fn restart(&mut self) {
        self.hardware = Self::hardware_of(self.hardware_folder.path());
    }

    fn create(&mut self) -> Vault {
        Vault::create(
            self.hardware.clone(),
            self.folder.path(),
            &Pin::new(PIN).unwrap(),
            true,
            &mut self.entropy,
        )
        .unwrap()
    }

    fn open(&self) -> Result<Vault, VaultError> {
        Vault::open(self.hardware.clone(), self.folder.path())
    }

    fn copies(&self) -> [PathBuf; 2] {
        keyfile::paths(self.folder.path())
    }

    fn snapshot(&self) -> Vec<(PathBuf, Vec<u8>)> {
        self.copies()
            .into_iter()
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect()
    }
}

fn put_back(snapshot: &[(PathBuf, Vec<u8>)]) {
    for (path, bytes) in snapshot {
        fs::write(path, bytes).unwrap();
    }
}

fn by_pin(pin: &str) -> Unlock {
    Unlock::Pin(Pin::new(pin).unwrap())
}

/// The clock `hours` after the phone started.
fn clock(boot_id: u64, hours: i64) -> Clock {
    Clock {
        wall_ms: Millis(1_800_000_000_000),
        monotonic_ms: hours * crate::model::HOUR_MS,
        boot_id,
    }
}
