//! What a simulated machine is made of: its clocks, its security chip, its randomness.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use homeround::app::Clocks;
use homeround::model::{Clock, Millis};
use homeround::sync::{Monotonic, Ticks};
use homeround::vault::{Entropy, HardwareError, KeyVault, VaultError};
use homeround_server::service::{Entropy as ServerEntropy, ServiceError};

use crate::disk::Dice;

/// When every simulation begins: 2026-11-22, 10:00 in UTC.
pub(super) const START: Millis = Millis(1_795_341_600_000);
/// What drifting is counted in.
const MILLION: i64 = 1_000_000;

pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The one true time, in milliseconds since the start. It moves with the events.
#[derive(Debug, Clone, Default)]
pub(super) struct Time(Arc<AtomicI64>);

impl Time {
    pub(super) fn ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::Relaxed);
    }

    pub(super) fn wall(&self) -> Millis {
        START.plus(self.ms())
    }
}

impl homeround_server::http::Clock for Time {
    fn now(&self) -> Millis {
        self.wall()
    }
}

/// A phone's clocks: they drift, and somebody sets the one on the wall.
#[derive(Debug)]
pub(super) struct Hands {
    time: Time,
    jumped: AtomicI64,
    drift: AtomicI64,
    booted: AtomicI64,
    boot: AtomicU64,
}

impl Hands {
    pub(super) fn new(time: Time, boot: u64) -> Self {
        Self {
            time,
            jumped: AtomicI64::new(0),
            drift: AtomicI64::new(0),
            booted: AtomicI64::new(-60_000),
            boot: AtomicU64::new(boot),
        }
    }

    pub(super) fn jump(&self, ms: i64) {
        self.jumped.fetch_add(ms, Ordering::Relaxed);
    }

    /// From now on it gains so many millionths, and keeps what it gained before.
    pub(super) fn set_drift(&self, millionths: i64) {
        let before = self.gained();
        self.drift.store(millionths, Ordering::Relaxed);
        self.jump(before.saturating_sub(self.gained()));
    }

    fn gained(&self) -> i64 {
        self.time.ms() * self.drift.load(Ordering::Relaxed) / MILLION
    }

    /// The device starts anew.
    pub(super) fn reboot(&self) {
        self.booted.store(self.time.ms(), Ordering::Relaxed);
        self.boot.fetch_add(1, Ordering::Relaxed);
    }

    fn monotonic(&self) -> i64 {
        self.time.ms() - self.booted.load(Ordering::Relaxed)
    }
}

impl Clocks for Hands {
    fn now(&self) -> Clock {
        let jumped = self.jumped.load(Ordering::Relaxed);
        Clock {
            wall_ms: self.time.wall().plus(self.gained().saturating_add(jumped)),
            monotonic_ms: self.monotonic(),
            boot_id: self.boot.load(Ordering::Relaxed),
        }
    }
}

impl Ticks for Hands {
    fn now(&self) -> Monotonic {
        Monotonic(self.monotonic())
    }
}

/// Randomness that the seed decides.
#[derive(Debug)]
pub(super) struct Seeded(Mutex<Dice>);

impl Seeded {
    pub(super) const fn new(dice: Dice) -> Self {
        Self(Mutex::new(dice))
    }

    pub(super) fn pour(&self, bytes: &mut [u8]) {
        let mut dice = held(&self.0);
        for chunk in bytes.chunks_mut(8) {
            let drawn = dice.draw().to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        self.pour(bytes);
        Ok(())
    }
}

impl ServerEntropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ServiceError> {
        self.pour(bytes);
        Ok(())
    }
}

/// A phone's security chip. What it wraps nothing else opens; a file that is put back does
/// not touch it. It hides nothing from whoever reads this process's memory.
#[derive(Debug, Default)]
pub(super) struct Chip(Mutex<Cells>);

#[derive(Debug, Default)]
struct Cells {
    wrapped: BTreeMap<(String, Vec<u8>), Vec<u8>>,
    counters: BTreeMap<String, u64>,
    secrets: BTreeMap<String, Vec<u8>>,
}

impl KeyVault for Chip {
    fn wrap(&self, label: &str, plaintext: &[u8]) -> Result<Vec<u8>, HardwareError> {
        let mut cells = held(&self.0);
        let handle = (cells.wrapped.len() as u64).to_be_bytes().to_vec();
        let key = (label.to_owned(), handle.clone());
        cells.wrapped.insert(key, plaintext.to_vec());
        Ok(handle)
    }

    fn unwrap(&self, label: &str, wrapped: &[u8]) -> Result<Vec<u8>, HardwareError> {
        let key = (label.to_owned(), wrapped.to_vec());
        let found = held(&self.0).wrapped.get(&key).cloned();
        found.ok_or(HardwareError::KeyGone)
    }

    fn counter_get(&self, label: &str) -> Result<u64, HardwareError> {
        Ok(held(&self.0).counters.get(label).copied().unwrap_or(0))
    }

    fn counter_increment(&self, label: &str) -> Result<u64, HardwareError> {
        let mut cells = held(&self.0);
        let counter = cells.counters.entry(label.to_owned()).or_default();
        *counter += 1;
        Ok(*counter)
    }

    fn counter_set(&self, label: &str, value: u64) -> Result<(), HardwareError> {
        held(&self.0).counters.insert(label.to_owned(), value);
        Ok(())
    }

    fn store(&self, label: &str, secret: &[u8]) -> Result<(), HardwareError> {
        let mut cells = held(&self.0);
        cells.secrets.insert(label.to_owned(), secret.to_vec());
        Ok(())
    }

    fn load(&self, label: &str) -> Result<Option<Vec<u8>>, HardwareError> {
        Ok(held(&self.0).secrets.get(label).cloned())
    }

    fn destroy(&self, label: &str) -> Result<(), HardwareError> {
        let mut cells = held(&self.0);
        cells.wrapped.retain(|(of, _), _| of != label);
        cells.counters.remove(label);
        cells.secrets.remove(label);
        Ok(())
    }
}
