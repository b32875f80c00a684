//! How a person proves who they are: the PIN and the biometric sensor.

use super::Homeround;
use super::error::AppError;
use super::session::vault_error;
use crate::vault::{HardwareError, LockState, Pin, Unlock, Vault, VaultError};

impl Homeround {
    /// Whether the biometric sensor unlocks this phone.
    #[must_use]
    pub fn has_biometric(&self) -> bool {
        let slot = self.inner.vault();
        slot.as_ref().is_some_and(Vault::has_biometric)
    }

    /// Lets the biometric sensor unlock this phone, or no longer. Needs the PIN
    /// once more.
    ///
    /// # Errors
    /// [`AppError::WrongPin`], [`AppError::NotConfirmed`].
    pub fn set_biometric(&self, on: bool, pin: &str) -> Result<(), AppError> {
        let pin = Pin::new(pin)?;
        self.inner.must_not_be_lent()?;
        let clock = self.inner.clocks.now();
        let mut slot = self.inner.vault();
        let vault = slot.as_mut().ok_or(AppError::NotEnrolled)?;
        if vault.state() == LockState::Locked {
            return Err(AppError::Locked);
        }
        let mut entropy = self.inner.entropy();
        vault
            .set_biometric(on, &pin, clock, &mut **entropy)
            .map_err(vault_error)
    }

    /// Changes the PIN of an unlocked phone, proven by the old one or, for who
    /// forgot it, by the biometric sensor.
    ///
    /// # Errors
    /// [`AppError::WrongPin`]; [`AppError::NotConfirmed`];
    /// [`AppError::Refused`] on `pin` for a new one that is too short or a plain
    /// run of digits; [`AppError::Locked`].
    pub fn change_pin(&self, proof: &Unlock, new: &str) -> Result<(), AppError> {
        let new = Pin::new(new)?;
        self.inner.must_not_be_lent()?;
        let clock = self.inner.clocks.now();
        let mut slot = self.inner.vault();
        let vault = slot.as_mut().ok_or(AppError::NotEnrolled)?;
        if vault.state() == LockState::Locked {
            return Err(AppError::Locked);
        }
        let mut entropy = self.inner.entropy();
        vault
            .change_pin(proof, &new, clock, &mut **entropy)
            .map_err(|error| sensor_error(proof, error))
    }
}

/// As [`vault_error`]; a sensor whose key is void says what to do instead.
pub(super) fn sensor_error(how: &Unlock, error: VaultError) -> AppError {
    match (how, error) {
        (Unlock::Biometric, VaultError::Hardware(HardwareError::KeyGone)) => AppError::Refused {
            field: "unlock".into(),
            limit: "the PIN: the fingers or faces that this phone knows have changed".into(),
        },
        (_, error) => vault_error(error),
    }
}
