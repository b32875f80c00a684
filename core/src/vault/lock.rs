//! The vault of one phone: locked or unlocked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::SigningKey;

use super::crypt::{Cost, Key, decrypt, derive, encrypt, key_from, random, random_key};
use super::keyfile::Keyfile;
use super::{Domain, Entropy, HardwareError, KeyVault, Pin, Session, VaultError, label};
use super::{device_tag, is_wiping, pin, verify_signed};
use crate::model::{Clock, DeviceTag};

/// How to unlock.
#[derive(Debug)]
pub enum Unlock {
    /// By PIN.
    Pin(Pin),
    /// By what the platform asks of the person.
    Biometric,
}

/// Whether the keys are in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
    /// They are not.
    Locked,
    /// They are.
    Unlocked,
}

/// The vault of one phone.
pub struct Vault {
    pub(super) hardware: Arc<dyn KeyVault>,
    pub(super) folder: PathBuf,
    pub(super) keyfile: Keyfile,
    session: Option<Session>,
}

impl Vault {
    /// Makes the keys of a new phone and answers the vault unlocked. The folder
    /// exists and is Homeround's own: a wipe empties it.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when there is a keyfile already (a damaged one
    /// too), [`VaultError::Wiping`], or what hardware, files and randomness say.
    pub fn create(
        hardware: Arc<dyn KeyVault>,
        folder: &Path,
        pin: &Pin,
        biometric: bool,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, VaultError> {
        if is_wiping(folder) {
            return Err(VaultError::Wiping);
        }
        if Self::exists(folder) {
            return Err(VaultError::Exists);
        }
        let database_key = random_key(entropy)?;
        let device = Box::new(SigningKey::from_bytes(&*random_key(entropy)?));
        let device_public = device.verifying_key().to_bytes();
        let bound = Keyfile::device_bound(&device_public);
        let keyfile = Keyfile {
            // A generation before this one may have been wiped on this phone.
            generation: hardware.counter_get(label::KEYFILE)?,
            cost: Cost::CURRENT,
            salt: [0; 16],
            pin_slot: Vec::new(),
            biometric_slot: None,
            device_public,
            device_secret: encrypt(&database_key, &bound, device.as_bytes(), entropy)?,
        };
        let session = Session {
            database_key,
            device,
        };
        let mut vault = Self {
            hardware,
            folder: folder.into(),
            keyfile,
            session: Some(session),
        };
        let slot = biometric.then(|| vault.wrap_biometric()).transpose()?;
        vault.keyfile.biometric_slot = slot;
        vault.set_pin(pin, entropy)?;
        Ok(vault)
    }

    /// Opens the keyfile and stays locked. A damaged copy is set aside and
    /// mended from the other.
    ///
    /// # Errors
    /// [`VaultError::Missing`], [`VaultError::Damaged`], [`VaultError::Newer`],
    /// [`VaultError::Wiping`] or [`VaultError::File`].
    pub fn open(hardware: Arc<dyn KeyVault>, folder: &Path) -> Result<Self, VaultError> {
        if is_wiping(folder) {
            return Err(VaultError::Wiping);
        }
        Ok(Self {
            hardware,
            folder: folder.into(),
            keyfile: Keyfile::read(folder)?,
            session: None,
        })
    }

    /// Whether a folder holds a keyfile, readable or not.
    #[must_use]
    pub fn exists(folder: &Path) -> bool {
        super::keyfile::paths(folder)
            .iter()
            .any(|path| path.exists())
    }

    /// Locked or unlocked.
    #[must_use]
    pub const fn state(&self) -> LockState {
        if self.session.is_some() {
            LockState::Unlocked
        } else {
            LockState::Locked
        }
    }

    /// The keys.
    ///
    /// # Errors
    /// [`VaultError::Locked`].
    pub fn session(&self) -> Result<&Session, VaultError> {
        self.session.as_ref().ok_or(VaultError::Locked)
    }

    /// The device's public key; known while locked.
    #[must_use]
    pub const fn device_public(&self) -> [u8; 32] {
        self.keyfile.device_public
    }

    /// The device's tag; known while locked.
    #[must_use]
    pub fn device_tag(&self) -> DeviceTag {
        device_tag(&self.keyfile.device_public)
    }

    /// Whether biometric unlock is set up.
    #[must_use]
    pub const fn has_biometric(&self) -> bool {
        self.keyfile.biometric_slot.is_some()
    }

    /// Unlocks. A failure leaves the state as it was.
    ///
    /// # Errors
    /// For a PIN: [`VaultError::WrongPin`], [`VaultError::Wait`],
    /// [`VaultError::PinExhausted`], [`VaultError::RolledBack`]. For
    /// biometrics: [`VaultError::NoBiometric`]. For both:
    /// [`VaultError::Hardware`], [`VaultError::Damaged`].
    pub fn unlock(&mut self, how: &Unlock, clock: Clock) -> Result<&Session, VaultError> {
        let gone = VaultError::Hardware(HardwareError::KeyGone);
        let session = self.prove(how, clock).inspect_err(|error| {
            if matches!(how, Unlock::Biometric) && *error == gone {
                self.forget_biometric();
            }
        })?;
        Ok(self.session.insert(session))
    }

    /// Proves once more that the person is there, as before signing. Counts as
    /// an attempt and changes nothing else.
    ///
    /// # Errors
    /// As [`Self::unlock`].
    pub fn confirm(&self, how: &Unlock, clock: Clock) -> Result<(), VaultError> {
        self.prove(how, clock).map(drop)
    }

    /// Forgets the keys and clears their memory.
    pub fn lock(&mut self) {
        self.session = None;
    }

    /// Changes the PIN, proven by the old one or, for who forgot it, by
    /// biometrics.
    ///
    /// # Errors
    /// As [`Self::unlock`] for the proof, and as [`Self::set_pin`].
    pub fn change_pin(
        &mut self,
        proof: &Unlock,
        new: &Pin,
        clock: Clock,
        entropy: &mut dyn Entropy,
    ) -> Result<(), VaultError> {
        self.unlock(proof, clock)?;
        self.set_pin(new, entropy)
    }

    /// Sets a PIN while unlocked: after a biometric unlock for who forgot it.
    /// The old PIN is of no use from then on, even if old files are put back.
    ///
    /// # Errors
    /// [`VaultError::Locked`], or what hardware, files and randomness say; the
    /// old PIN holds then.
    pub fn set_pin(&mut self, new: &Pin, entropy: &mut dyn Entropy) -> Result<(), VaultError> {
        let mut next = self.next_generation()?;
        next.cost = Cost::CURRENT;
        next.salt = random(entropy)?;
        let key = derive(new.bytes(), &next.salt, next.cost)?;
        let database_key = &self.session()?.database_key;
        let inner = encrypt(&key, &next.pin_bound(), &**database_key, entropy)?;
        next.pin_slot = self.hardware.wrap(label::PIN, &inner)?;
        self.commit(next)?;
        Ok(self.hardware.counter_set(label::PIN_ATTEMPTS, 0)?)
    }

    /// Sets up biometric unlock, or takes it away with its hardware key. Needs
    /// the PIN, as both slots are written anew.
    ///
    /// # Errors
    /// As [`Self::unlock`] for the PIN, and as [`Self::set_pin`].
    pub fn set_biometric(
        &mut self,
        on: bool,
        pin: &Pin,
        clock: Clock,
        entropy: &mut dyn Entropy,
    ) -> Result<(), VaultError> {
        self.unlock_by_pin(pin, clock)?;
        if on && !self.has_biometric() {
            // What is left of a key that a newly added finger made void.
            self.hardware.destroy(label::BIOMETRIC)?;
        }
        let before = self.keyfile.biometric_slot.clone();
        self.keyfile.biometric_slot = on.then(|| self.wrap_biometric()).transpose()?;
        if let Err(error) = self.set_pin(pin, entropy) {
            self.keyfile.biometric_slot = before;
            return Err(error);
        }
        if !on {
            self.hardware.destroy(label::BIOMETRIC)?;
        }
        Ok(())
    }

    /// What the backend signs (domain [`Domain::PinReset`]) to let this device
    /// try PINs again; each reset has its own bytes.
    ///
    /// # Errors
    /// [`VaultError::Hardware`].
    pub fn pin_reset_message(&self) -> Result<Vec<u8>, VaultError> {
        let resets = self.hardware.counter_get(label::PIN_RESETS)?;
        let tag = self.device_tag();
        Ok([tag.0.as_slice(), &resets.to_be_bytes()].concat())
    }

    /// Lets PINs be tried again, on the backend's word.
    ///
    /// # Errors
    /// [`VaultError::Unsigned`] for a signature that is not the backend's, is
    /// for another device or was used before.
    pub fn reset_pin_attempts(
        &self,
        backend_key: &[u8; 32],
        signature: &[u8; 64],
    ) -> Result<(), VaultError> {
        let message = self.pin_reset_message()?;
        if !verify_signed(backend_key, Domain::PinReset, &message, signature) {
            return Err(VaultError::Unsigned);
        }
        self.hardware.counter_increment(label::PIN_RESETS)?;
        Ok(self.hardware.counter_set(label::PIN_ATTEMPTS, 0)?)
    }

    /// Milliseconds used of the offline lease, as no restored file can lower them.
    ///
    /// # Errors
    /// [`VaultError::Hardware`].
    pub fn lease_used_ms(&self) -> Result<i64, VaultError> {
        let used = self.hardware.counter_get(label::LEASE)?;
        Ok(i64::try_from(used).unwrap_or(i64::MAX))
    }

    /// Raises the used part of the lease; a smaller figure changes nothing.
    ///
    /// # Errors
    /// [`VaultError::Hardware`].
    pub fn raise_lease_used_ms(&self, used_ms: i64) -> Result<(), VaultError> {
        let used = u64::try_from(used_ms).unwrap_or(0);
        if used > self.hardware.counter_get(label::LEASE)? {
            self.hardware.counter_set(label::LEASE, used)?;
        }
        Ok(())
    }

    /// Begins a new lease that the backend has granted.
    ///
    /// # Errors
    /// [`VaultError::Hardware`].
    pub fn restart_lease(&self) -> Result<(), VaultError> {
        Ok(self.hardware.counter_set(label::LEASE, 0)?)
    }

    fn prove(&self, how: &Unlock, clock: Clock) -> Result<Session, VaultError> {
        match how {
            Unlock::Pin(pin) => self.proven(self.open_pin_slot(pin, clock)?),
            Unlock::Biometric => self.proven(self.open_biometric_slot()?),
        }
    }

    fn unlock_by_pin(&mut self, pin: &Pin, clock: Clock) -> Result<(), VaultError> {
        self.session = Some(self.proven(self.open_pin_slot(pin, clock)?)?);
        Ok(())
    }

    /// The keys are right: the count of wrong PINs begins anew.
    fn proven(&self, database_key: Key) -> Result<Session, VaultError> {
        let session = self.session_of(database_key)?;
        self.hardware.counter_set(label::PIN_ATTEMPTS, 0)?;
        Ok(session)
    }

    fn open_pin_slot(&self, pin: &Pin, clock: Clock) -> Result<Key, VaultError> {
        if self.keyfile.generation < self.hardware.counter_get(label::KEYFILE)? {
            return Err(VaultError::RolledBack);
        }
        let before = pin::count_attempt(&*self.hardware, clock)?;
        let inner = match self.hardware.unwrap(label::PIN, &self.keyfile.pin_slot) {
            Ok(inner) => inner,
            Err(error) => {
                // No PIN was tried: the hardware's bad moment is not counted.
                self.hardware.counter_set(label::PIN_ATTEMPTS, before)?;
                return Err(error.into());
            }
        };
        let key = derive(pin.bytes(), &self.keyfile.salt, self.keyfile.cost)?;
        decrypt(&key, &self.keyfile.pin_bound(), &inner)
            .and_then(|bytes| key_from(&bytes))
            .ok_or_else(|| pin::wrong(before))
    }

    fn open_biometric_slot(&self) -> Result<Key, VaultError> {
        let slot = self.keyfile.biometric_slot.as_ref();
        let bytes = self
            .hardware
            .unwrap(label::BIOMETRIC, slot.ok_or(VaultError::NoBiometric)?)?;
        let bytes = zeroize::Zeroizing::new(bytes);
        key_from(&bytes).ok_or(VaultError::Hardware(HardwareError::KeyGone))
    }

    fn session_of(&self, database_key: Key) -> Result<Session, VaultError> {
        let bound = Keyfile::device_bound(&self.keyfile.device_public);
        let secret = decrypt(&database_key, &bound, &self.keyfile.device_secret)
            .and_then(|bytes| key_from(&bytes))
            .ok_or(VaultError::Damaged)?;
        let device = Box::new(SigningKey::from_bytes(&secret));
        if device.verifying_key().to_bytes() != self.keyfile.device_public {
            return Err(VaultError::Damaged);
        }
        Ok(Session {
            database_key,
            device,
        })
    }

    /// The sensor's key is void, as after a newly added finger: the slot is of no
    /// use any more and isn't offered again. A kill or a failure in between
    /// leaves a slot that is found void once more; the void key itself goes when
    /// the sensor is set up again.
    fn forget_biometric(&mut self) {
        self.keyfile.biometric_slot = None;
        if self.keyfile.write_first(&self.folder).is_ok() {
            let _spare_is_mended_when_opened = self.keyfile.write_second(&self.folder);
        }
    }

    fn wrap_biometric(&self) -> Result<Vec<u8>, VaultError> {
        let database_key = &self.session()?.database_key;
        Ok(self.hardware.wrap(label::BIOMETRIC, &**database_key)?)
    }

    fn next_generation(&self) -> Result<Keyfile, VaultError> {
        let counted = self.hardware.counter_get(label::KEYFILE)?;
        let mut next = self.keyfile.clone();
        next.generation = next.generation.max(counted).saturating_add(1);
        Ok(next)
    }

    /// Files first, the counter last: a kill in between leaves a keyfile that
    /// is newer than the counter, which opens. The first copy decides; without
    /// the second one the counter stays, and the next opening mends the copy.
    fn commit(&mut self, next: Keyfile) -> Result<(), VaultError> {
        next.write_first(&self.folder)?;
        let generation = next.generation;
        let has_spare = next.write_second(&self.folder).is_ok();
        self.keyfile = next;
        if has_spare {
            self.hardware.counter_set(label::KEYFILE, generation)?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({:?})", self.state())
    }
}
