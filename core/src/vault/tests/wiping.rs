//! Wiping, and being stopped in the middle of it.

use super::*;
use crate::model::DeviceTag;

const STEPS: [WipeStep; 6] = [
    WipeStep::Marked,
    WipeStep::KeysDestroyed,
    WipeStep::KeyfileRemoved,
    WipeStep::FilesRemoved,
    WipeStep::SecretsDestroyed,
    WipeStep::Done,
];

fn request(vault: &Vault, unsent: u64) -> WipeRequest {
    WipeRequest {
        unsent,
        escrow: None,
        confirm: vault.device_tag(),
    }
}

fn fill(folder: &Path) {
    fs::write(folder.join("store.db"), b"encrypted pages").unwrap();
    fs::create_dir(folder.join("attachments")).unwrap();
    fs::write(folder.join("attachments").join("photo"), b"noise").unwrap();
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn unsent_work_stops_a_wipe_and_is_counted() {
    let mut phone = Phone::new();
    let vault = phone.create();
    let asked = request(&vault, 3);
    let before = phone.snapshot();
    assert_eq!(wipe(vault, &asked), Err(VaultError::Unsent { unsent: 3 }));
    let vault = phone.open().unwrap();
    let half = WipeRequest {
        escrow: Some(EscrowReceipt {
            sha256: [1; 32],
            changes: 2,
        }),
        ..asked
    };
    assert_eq!(wipe(vault, &half), Err(VaultError::Unsent { unsent: 1 }));
    assert_eq!(phone.snapshot(), before);
    let mut vault = phone.open().unwrap();
    assert!(vault.unlock(&by_pin(PIN), clock(1, 0)).is_ok());
}

#[test]
fn a_wipe_meant_for_another_device_does_nothing() {
    let mut phone = Phone::new();
    let vault = phone.create();
    let asked = WipeRequest {
        confirm: DeviceTag([0; 8]),
        ..request(&vault, 0)
    };
    assert!(matches!(wipe(vault, &asked), Err(VaultError::Refused(_))));
    let mut vault = phone.open().unwrap();
    assert!(vault.unlock(&by_pin(PIN), clock(1, 0)).is_ok());
}

#[test]
fn escrowed_work_lets_a_wipe_go_on_and_nothing_is_left() {
    let mut phone = Phone::new();
    let vault = phone.create();
    fill(phone.folder.path());
    let asked = WipeRequest {
        escrow: Some(EscrowReceipt {
            sha256: [1; 32],
            changes: 3,
        }),
        ..request(&vault, 3)
    };
    wipe(vault, &asked).unwrap();
    assert!(is_empty(phone.folder.path()));
    for label in label::ALL {
        assert_eq!(phone.hardware.counter_get(label), Ok(0));
        assert_eq!(phone.hardware.load(label), Ok(None));
    }
    assert_eq!(phone.open().unwrap_err(), VaultError::Missing);
    // The phone can be set up anew.
    let mut vault = phone.create();
    assert!(vault.unlock(&by_pin(PIN), clock(1, 0)).is_ok());
}

#[test]
fn a_wipe_stopped_after_any_step_opens_nothing_and_can_be_finished() {
    for stop in STEPS {
        let mut phone = Phone::new();
        let vault = phone.create();
        fill(phone.folder.path());
        let keyfiles = phone.snapshot();
        let asked = request(&vault, 0);
        wipe::begin(vault, &asked).unwrap();
        let killed = VaultError::NoEntropy;
        let run = wipe::run(&*phone.hardware, phone.folder.path(), &mut |step| {
            if step == stop {
                Err(killed.clone())
            } else {
                Ok(())
            }
        });
        assert_eq!(run, Err(killed), "{stop:?}");
        phone.restart();
        if stop < WipeStep::Done {
            assert_eq!(phone.open().unwrap_err(), VaultError::Wiping, "{stop:?}");
        }
        if stop >= WipeStep::KeysDestroyed {
            assert_nothing_opens(&phone, &keyfiles);
        }
        resume_wipe(&*phone.hardware, phone.folder.path()).unwrap();
        resume_wipe(&*phone.hardware, phone.folder.path()).unwrap();
        assert!(is_empty(phone.folder.path()), "{stop:?}");
        assert_nothing_opens(&phone, &keyfiles);
    }
}

/// Even with the keyfiles copied away before the wipe and the marker ignored.
fn assert_nothing_opens(phone: &Phone, keyfiles: &[(PathBuf, Vec<u8>)]) {
    let elsewhere = tempfile::tempdir().unwrap();
    for (path, bytes) in keyfiles {
        fs::write(elsewhere.path().join(path.file_name().unwrap()), bytes).unwrap();
    }
    let mut vault = Vault::open(phone.hardware.clone(), elsewhere.path()).unwrap();
    for how in [by_pin(PIN), Unlock::Biometric] {
        assert!(vault.unlock(&how, clock(1, 0)).is_err());
    }
}

#[test]
fn a_wipe_that_the_hardware_stops_is_finished_later() {
    let mut phone = Phone::new();
    let vault = phone.create();
    let asked = request(&vault, 0);
    phone.hardware.fails.store(true, Ordering::SeqCst);
    let stopped = wipe(vault, &asked);
    assert_eq!(
        stopped,
        Err(VaultError::Hardware(HardwareError::Unavailable))
    );
    assert_eq!(phone.open().unwrap_err(), VaultError::Wiping);
    phone.hardware.fails.store(false, Ordering::SeqCst);
    resume_wipe(&*phone.hardware, phone.folder.path()).unwrap();
    assert!(is_empty(phone.folder.path()));
}

#[test]
fn finishing_a_wipe_that_was_not_begun_touches_nothing() {
    let mut phone = Phone::new();
    drop(phone.create());
    fill(phone.folder.path());
    let before = phone.snapshot();
    resume_wipe(&*phone.hardware, phone.folder.path()).unwrap();
    assert_eq!(phone.snapshot(), before);
    assert!(phone.folder.path().join("store.db").exists());
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_is_removed_and_what_it_leads_to_stays() {
    let outside = tempfile::tempdir().unwrap();
    let precious = outside.path().join("precious");
    fs::write(&precious, b"somebody else's").unwrap();
    let mut phone = Phone::new();
    let vault = phone.create();
    std::os::unix::fs::symlink(outside.path(), phone.folder.path().join("link")).unwrap();
    let asked = request(&vault, 0);
    wipe(vault, &asked).unwrap();
    assert!(is_empty(phone.folder.path()) && precious.exists());
}
