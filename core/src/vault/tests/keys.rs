//! Keyfile, slots and the keys behind them.

use super::*;

#[test]
fn a_vault_opens_again_with_the_same_keys_by_pin_and_by_biometrics() {
    let mut phone = Phone::new();
    let vault = phone.create();
    assert_eq!(vault.state(), LockState::Unlocked);
    let key = *vault.session().unwrap().database_key();
    let public = vault.device_public();
    drop(vault);
    phone.restart();
    for how in [by_pin(PIN), Unlock::Biometric] {
        let mut vault = phone.open().unwrap();
        assert_eq!(vault.state(), LockState::Locked);
        assert_eq!(vault.session().unwrap_err(), VaultError::Locked);
        let session = vault.unlock(&how, clock(1, 0)).unwrap();
        assert_eq!(*session.database_key(), key);
        assert_eq!(session.public_key(), public);
        vault.lock();
        assert_eq!(vault.session().unwrap_err(), VaultError::Locked);
    }
}

#[test]
fn no_key_of_the_phone_is_readable_in_its_folder() {
    let mut phone = Phone::new();
    let vault = phone.create();
    let session = vault.session().unwrap();
    let secrets = [*session.database_key(), session.device.to_bytes()];
    for (_, bytes) in phone.snapshot() {
        for secret in secrets {
            assert!(!bytes.windows(32).any(|window| window == secret));
        }
    }
}

#[test]
fn another_phones_hardware_opens_nothing() {
    let mut phone = Phone::new();
    drop(phone.create());
    let elsewhere = tempfile::tempdir().unwrap();
    phone.hardware = Phone::hardware_of(elsewhere.path());
    let mut vault = phone.open().unwrap();
    let gone = VaultError::Hardware(HardwareError::KeyGone);
    let by_pin = vault.unlock(&by_pin(PIN), clock(1, 0)).unwrap_err();
    let by_face = vault.unlock(&Unlock::Biometric, clock(1, 0)).unwrap_err();
    assert_eq!((by_pin, by_face), (gone.clone(), gone));
}

#[test]
fn a_person_who_does_not_confirm_is_told_apart_and_the_vault_stays_locked() {
    let mut phone = Phone::new();
    drop(phone.create());
    let mut vault = phone.open().unwrap();
    phone.hardware.inner.set_present(false);
    assert_eq!(
        vault.unlock(&Unlock::Biometric, clock(1, 0)).unwrap_err(),
        VaultError::Hardware(HardwareError::PresenceRefused)
    );
    assert_eq!(vault.state(), LockState::Locked);
}

#[test]
fn a_second_vault_in_the_same_folder_is_refused_even_over_a_damaged_one() {
    let mut phone = Phone::new();
    drop(phone.create());
    for path in phone.copies() {
        fs::write(path, b"noise").unwrap();
    }
    let again = Vault::create(
        phone.hardware.clone(),
        phone.folder.path(),
        &Pin::new(PIN).unwrap(),
        false,
        &mut phone.entropy,
    );
    assert_eq!(again.unwrap_err(), VaultError::Exists);
}

#[test]
fn an_empty_folder_a_damaged_keyfile_and_a_later_version_are_told_apart() {
    let mut phone = Phone::new();
    assert_eq!(phone.open().unwrap_err(), VaultError::Missing);
    drop(phone.create());
    let whole = phone.snapshot();
    for path in phone.copies() {
        fs::write(path, &whole[0].1[..40]).unwrap();
    }
    assert_eq!(phone.open().unwrap_err(), VaultError::Damaged);

    put_back(&whole);
    let mut later = whole[0].1.clone();
    later.truncate(later.len() - 32);
    later[9] = 2;
    let checksum = crypt::sha256(&later);
    later.extend_from_slice(&checksum);
    fs::write(&whole[0].0, &later).unwrap();
    assert_eq!(phone.open().unwrap_err(), VaultError::Newer { version: 2 });
}

#[test]
fn any_altered_byte_of_one_copy_is_found_and_the_other_copy_opens() {
    let mut phone = Phone::new();
    drop(phone.create());
    let whole = phone.snapshot();
    for copy in 0..2 {
        for at in (0..whole[copy].1.len()).step_by(7) {
            let mut altered = whole[copy].1.clone();
            altered[at] ^= 1;
            put_back(&whole);
            fs::write(&whole[copy].0, &altered).unwrap();
            let opened = phone.open();
            // The version's own bytes are covered by the checksum too.
            assert!(opened.is_ok(), "copy {copy}, byte {at}: {opened:?}");
            assert_eq!(phone.snapshot(), whole, "mended");
            let aside = whole[copy].0.with_extension("damaged");
            assert_eq!(fs::read(aside).unwrap(), altered, "set aside");
        }
    }
    let mut vault = phone.open().unwrap();
    assert!(vault.unlock(&by_pin(PIN), clock(1, 0)).is_ok());
}

#[test]
fn a_missing_copy_and_a_writing_cut_short_are_mended_from_the_other() {
    let mut phone = Phone::new();
    let mut vault = phone.create();
    let old = phone.snapshot();
    let new_pin = Pin::new(OTHER_PIN).unwrap();
    vault
        .change_pin(&by_pin(PIN), &new_pin, clock(1, 0), &mut phone.entropy)
        .unwrap();
    let new = phone.snapshot();
    // Killed between the first copy and the second.
    fs::write(&old[1].0, &old[1].1).unwrap();
    drop(phone.open().unwrap());
    assert_eq!(phone.snapshot(), new);
    fs::remove_file(&new[0].0).unwrap();
    let mut vault = phone.open().unwrap();
    assert_eq!(phone.snapshot(), new);
    assert!(vault.unlock(&by_pin(OTHER_PIN), clock(1, 1)).is_ok());
}

#[test]
fn an_altered_keyfile_with_a_mended_checksum_never_gives_a_session() {
    let mut phone = Phone::new();
    drop(phone.create());
    let whole = phone.snapshot();
    let body = 14..whole[0].1.len() - 32;
    for at in body.step_by(11) {
        let mut forged = whole[0].1.clone();
        forged[at] ^= 0x40;
        forged.truncate(forged.len() - 32);
        let checksum = crypt::sha256(&forged);
        forged.extend_from_slice(&checksum);
        put_back(&[
            (whole[0].0.clone(), forged.clone()),
            (whole[1].0.clone(), forged),
        ]);
        let Ok(mut vault) = phone.open() else {
            continue;
        };
        let by_pin = vault.unlock(&by_pin(PIN), clock(1, 0)).is_ok();
        vault.lock();
        let by_face = vault.unlock(&Unlock::Biometric, clock(1, 0)).is_ok();
        // A byte of one slot leaves the other slot whole, and never both.
        assert!(!(by_pin && by_face), "byte {at}");
        phone.hardware.counter_set(label::PIN_ATTEMPTS, 0).unwrap();
    }
}

#[test]
fn biometric_unlock_can_be_taken_away_with_its_key() {
    let mut phone = Phone::new();
    let mut vault = phone.create();
    let with_slot = phone.snapshot();
    let pin = Pin::new(PIN).unwrap();
    vault
        .set_biometric(false, &pin, clock(1, 0), &mut phone.entropy)
        .unwrap();
    assert!(!vault.has_biometric());
    let refused = vault.unlock(&Unlock::Biometric, clock(1, 0)).unwrap_err();
    assert_eq!(refused, VaultError::NoBiometric);
    put_back(&with_slot);
    let mut old = phone.open().unwrap();
    assert_eq!(
        old.unlock(&Unlock::Biometric, clock(1, 0)).unwrap_err(),
        VaultError::Hardware(HardwareError::KeyGone)
    );
}

#[test]
fn a_newly_added_finger_takes_the_sensor_away_until_it_is_set_up_again() {
    let mut phone = Phone::new();
    drop(phone.create());
    phone.hardware.destroy(label::BIOMETRIC).unwrap();
    let mut vault = phone.open().unwrap();
    assert!(vault.has_biometric());
    let gone = VaultError::Hardware(HardwareError::KeyGone);
    let refused = vault.unlock(&Unlock::Biometric, clock(1, 0)).unwrap_err();
    assert_eq!((refused, vault.has_biometric()), (gone, false));

    let mut vault = phone.open().unwrap();
    assert!(!vault.has_biometric(), "not offered after a restart either");
    let pin = Pin::new(PIN).unwrap();
    vault
        .set_biometric(true, &pin, clock(1, 0), &mut phone.entropy)
        .unwrap();
    let mut vault = phone.open().unwrap();
    assert!(vault.unlock(&Unlock::Biometric, clock(1, 0)).is_ok());
    assert!(vault.unlock(&by_pin(PIN), clock(1, 0)).is_ok());
}

#[test]
fn a_forgotten_pin_is_replaced_by_who_the_sensor_knows() {
    let mut phone = Phone::new();
    let mut vault = phone.create();
    let new_pin = Pin::new(OTHER_PIN).unwrap();
    phone.hardware.inner.set_present(false);
    let refused = vault.change_pin(
        &Unlock::Biometric,
        &new_pin,
        clock(1, 0),
        &mut phone.entropy,
    );
    let declined = VaultError::Hardware(HardwareError::PresenceRefused);
    assert_eq!(refused.unwrap_err(), declined);
    phone.hardware.inner.set_present(true);
    vault
        .change_pin(
            &Unlock::Biometric,
            &new_pin,
            clock(1, 0),
            &mut phone.entropy,
        )
        .unwrap();
    let mut vault = phone.open().unwrap();
    assert!(vault.unlock(&by_pin(PIN), clock(1, 0)).is_err());
    assert!(vault.unlock(&by_pin(OTHER_PIN), clock(1, 60_000)).is_ok());
}

#[test]
fn a_signature_is_good_for_its_domain_its_message_and_its_key_only() {
    let mut phone = Phone::new();
    let vault = phone.create();
    let session = vault.session().unwrap();
    let signature = session.sign(Domain::Push, b"hashes");
    let public = session.public_key();
    assert!(verify_signed(&public, Domain::Push, b"hashes", &signature));
    assert!(!verify_signed(
        &public,
        Domain::Enrol,
        b"hashes",
        &signature
    ));
    assert!(!verify_signed(&public, Domain::Push, b"hashed", &signature));
    assert!(!verify_signed(
        &[0; 32],
        Domain::Push,
        b"hashes",
        &signature
    ));
    let mut other = Phone::new();
    other.entropy = Counting(1_000);
    let other = other.create().device_public();
    assert_ne!(other, public);
    assert!(!verify_signed(&other, Domain::Push, b"hashes", &signature));
    assert_eq!(session.device_tag().0, crypt::sha256(&public)[..8]);
}

#[test]
fn the_pinned_audit_head_finds_a_trail_that_was_cut_or_put_back() {
    let mut phone = Phone::new();
    let vault = phone.create();
    let trail: Vec<[u8; 32]> = (0..10_u8).map(|line| [line; 32]).collect();
    let at = |trail: &[[u8; 32]]| {
        let trail = trail.to_vec();
        move |number: u64| trail.get(usize::try_from(number).unwrap()).copied()
    };
    assert_eq!(vault.check_audit_head(at(&trail)), Ok(AuditCheck::Unpinned));
    vault.pin_audit_head(7, &trail[7]).unwrap();
    assert_eq!(vault.check_audit_head(at(&trail)), Ok(AuditCheck::Holds));
    let broken = Ok(AuditCheck::Broken { pinned: 7 });
    assert_eq!(vault.check_audit_head(at(&trail[..7])), broken);
    let mut altered = trail.clone();
    altered[7] = [99; 32];
    assert_eq!(vault.check_audit_head(at(&altered)), broken);
    let back = Err(VaultError::AuditWentBack);
    assert_eq!(vault.pin_audit_head(6, &trail[6]), back);
    assert_eq!(vault.pin_audit_head(7, &altered[7]), back);
    assert_eq!(vault.pin_audit_head(9, &trail[9]), Ok(()));
}

#[test]
fn the_used_part_of_a_lease_only_grows_until_the_backend_grants_a_new_one() {
    let mut phone = Phone::new();
    let vault = phone.create();
    vault.raise_lease_used_ms(500).unwrap();
    vault.raise_lease_used_ms(20).unwrap();
    vault.raise_lease_used_ms(-1).unwrap();
    phone.restart();
    let vault = phone.open().unwrap();
    assert_eq!(vault.lease_used_ms(), Ok(500));
    vault.restart_lease().unwrap();
    assert_eq!(vault.lease_used_ms(), Ok(0));
}
