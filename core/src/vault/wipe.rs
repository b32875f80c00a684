//! Wiping a phone: refused while work is unsent, and finished whatever
//! interrupts it.
//!
//! 1. a marker, from which on nothing opens the vault;
//! 2. the hardware's keys: every byte in the folder is noise from here on;
//! 3. the keyfile, then everything else in the folder;
//! 4. counters and small secrets;
//! 5. the marker.
//!
//! Each step can be done twice. Whoever finds the marker calls [`resume_wipe`].

use std::fs;
use std::path::{Path, PathBuf};

use super::{EscrowReceipt, KeyVault, Vault, VaultError, file, keyfile, label};
use crate::model::{DeviceTag, Refused};

const MARKER: &str = "wiping";

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WipeRequest {
    /// How many changes the outbox and the quarantine hold that nobody else has.
    pub unsent: u64,
    /// Where they are, if they were escrowed.
    pub escrow: Option<EscrowReceipt>,
    /// The tag of the device to wipe: the caller means this one.
    pub confirm: DeviceTag,
}

/// The steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WipeStep {
    /// The marker is written.
    Marked,
    /// The hardware's keys are destroyed.
    KeysDestroyed,
    /// The keyfile is removed.
    KeyfileRemoved,
    /// Everything else in the folder is removed.
    FilesRemoved,
    /// Counters and small secrets are destroyed.
    SecretsDestroyed,
    /// The marker is removed.
    Done,
}

/// Wipes the phone. Close the store before: its files are in the folder.
///
/// # Errors
/// [`VaultError::Unsent`] when fewer changes were escrowed than are unsent,
/// [`VaultError::Refused`] when `confirm` names another device: nothing was
/// done. Any other error: [`resume_wipe`] goes on where it stopped.
pub fn wipe(vault: Vault, request: &WipeRequest) -> Result<(), VaultError> {
    let hardware = vault.hardware.clone();
    let folder = vault.folder.clone();
    begin(vault, request)?;
    run(&*hardware, &folder, &mut |_| Ok(()))
}

/// Whether a wipe of this folder was begun and not finished.
#[must_use]
pub fn is_wiping(folder: &Path) -> bool {
    marker(folder).exists()
}

/// Finishes a wipe that was begun; does nothing where none was.
///
/// # Errors
/// [`VaultError::Hardware`] or [`VaultError::File`]: call again.
pub fn resume_wipe(hardware: &dyn KeyVault, folder: &Path) -> Result<(), VaultError> {
    if is_wiping(folder) {
        run(hardware, folder, &mut |_| Ok(()))
    } else {
        Ok(())
    }
}

/// Refuses or marks; takes the vault, so that its keys are cleared.
pub(super) fn begin(mut vault: Vault, request: &WipeRequest) -> Result<(), VaultError> {
    if request.confirm != vault.device_tag() {
        return Err(Refused::new("confirm", "the tag of this device").into());
    }
    let escrowed = request.escrow.map_or(0, |receipt| receipt.changes);
    if escrowed < request.unsent {
        return Err(VaultError::Unsent {
            unsent: request.unsent - escrowed,
        });
    }
    vault.lock();
    Ok(file::replace(&marker(&vault.folder), b"wiping\n")?)
}

/// Runs every step after the marker's; `after` may stop it, as a kill would.
pub(super) fn run(
    hardware: &dyn KeyVault,
    folder: &Path,
    after: &mut dyn FnMut(WipeStep) -> Result<(), VaultError>,
) -> Result<(), VaultError> {
    after(WipeStep::Marked)?;
    hardware.destroy(label::PIN)?;
    hardware.destroy(label::BIOMETRIC)?;
    after(WipeStep::KeysDestroyed)?;
    for path in keyfile::paths(folder) {
        file::remove(&path)?;
    }
    file::sync_folder_of(&marker(folder))?;
    after(WipeStep::KeyfileRemoved)?;
    remove_all_but_marker(folder)?;
    after(WipeStep::FilesRemoved)?;
    for label in label::ALL {
        hardware.destroy(label)?;
    }
    after(WipeStep::SecretsDestroyed)?;
    file::remove(&marker(folder))?;
    file::sync_folder_of(&marker(folder))?;
    after(WipeStep::Done)
}

fn remove_all_but_marker(folder: &Path) -> Result<(), VaultError> {
    let marker = marker(folder);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path == marker {
            continue;
        }
        // Of a link, the link is removed and not what it leads to.
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(&path)?;
        } else {
            file::remove(&path)?;
        }
    }
    Ok(file::sync_folder_of(&marker)?)
}

fn marker(folder: &Path) -> PathBuf {
    folder.join(MARKER)
}
