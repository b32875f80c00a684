//! PINs: counted before they are tried, and never by a file.

use ed25519_dalek::{Signer, SigningKey};

use super::*;

/// Tries wrong PINs, waiting as long as it takes, and answers the last error.
fn try_wrong(vault: &mut Vault, times: i64, from_hour: i64) -> VaultError {
    let mut last = VaultError::Locked;
    for attempt in 0..times {
        let now = clock(1, from_hour + attempt * 2);
        last = vault.unlock(&by_pin(OTHER_PIN), now).unwrap_err();
    }
    last
}

#[test]
fn a_pin_that_is_short_long_uniform_or_a_run_is_refused() {
    for weak in ["", "40291", "000000", "123456", "987654", &"x".repeat(65)] {
        assert_eq!(Pin::new(weak).unwrap_err().field, "pin");
    }
    assert!(Pin::new("402913").is_ok());
    assert_eq!(format!("{:?}", Pin::new("402913").unwrap()), "Pin(..)");
}

#[test]
fn wrong_pins_say_what_is_left_and_a_right_one_begins_anew() {
    let mut phone = Phone::new();
    let mut vault = phone.create();
    vault.lock();
    assert_eq!(
        try_wrong(&mut vault, 2, 0),
        VaultError::WrongPin {
            left: 8,
            wait_ms: 0
        }
    );
    assert_eq!(vault.state(), LockState::Locked);
    vault.unlock(&by_pin(PIN), clock(1, 4)).unwrap();
    assert_eq!(
        try_wrong(&mut vault, 3, 5),
        VaultError::WrongPin {
            left: 7,
            wait_ms: 5_000
        }
    );
    assert_eq!(
        vault.state(),
        LockState::Unlocked,
        "a failure changes nothing"
    );
}

#[test]
fn after_some_wrong_pins_the_next_one_waits_by_the_monotonic_clock() {
    let mut phone = Phone::new();
    let mut vault = phone.create();
    for _ in 0..3 {
        assert!(vault.unlock(&by_pin(OTHER_PIN), clock(1, 5)).is_err());
    }
    let waits = VaultError::Wait { wait_ms: 5_000 };
    assert_eq!(vault.unlock(&by_pin(PIN), clock(1, 5)).unwrap_err(), waits);
    let years_later = Clock {
        wall_ms: Millis(i64::MAX),
        ..clock(1, 5)
    };
    assert_eq!(vault.unlock(&by_pin(PIN), years_later).unwrap_err(), waits);
    // A restart is no way round: the wait begins with the boot.
    assert_eq!(vault.unlock(&by_pin(PIN), clock(2, 0)).unwrap_err(), waits);
    let mut later = clock(2, 0);
    later.monotonic_ms = 5_000;
    assert!(vault.unlock(&by_pin(PIN), later).is_ok());
}

#[test]
fn ten_wrong_pins_close_the_slot_even_for_the_right_one() {
    let mut phone = Phone::new();
    let mut vault = phone.create();
    let last = try_wrong(&mut vault, 10, 0);
    assert!(matches!(last, VaultError::WrongPin { left: 0, .. }));
    phone.restart();
    let mut vault = phone.open().unwrap();
    let closed = vault.unlock(&by_pin(PIN), clock(1, 500)).unwrap_err();
    assert_eq!(closed, VaultError::PinExhausted);
    vault.unlock(&Unlock::Biometric, clock(1, 500)).unwrap();
    assert!(vault.unlock(&by_pin(PIN), clock(1, 501)).is_ok());
}

#[test]
fn putting_back_the_old_keyfile_gives_no_attempt_back() {
    let mut phone = Phone::new();
    drop(phone.create());
    let fresh = phone.snapshot();
    for round in 0..10 {
        put_back(&fresh);
        phone.restart();
        let mut vault = phone.open().unwrap();
        let error = try_wrong(&mut vault, 1, round * 2);
        let left = 9 - u64::try_from(round).unwrap();
        assert!(matches!(error, VaultError::WrongPin { left: l, .. } if l == left));
    }
    put_back(&fresh);
    let mut vault = phone.open().unwrap();
    let closed = vault.unlock(&by_pin(PIN), clock(1, 100)).unwrap_err();
    assert_eq!(closed, VaultError::PinExhausted);
}

#[test]
fn an_old_pin_does_not_come_back_with_an_old_keyfile() {
    let mut phone = Phone::new();
    let mut vault = phone.create();
    let old = phone.snapshot();
    let new_pin = Pin::new(OTHER_PIN).unwrap();
    vault
        .change_pin(&by_pin(PIN), &new_pin, clock(1, 0), &mut phone.entropy)
        .unwrap();
    put_back(&old);
    let mut vault = phone.open().unwrap();
    let refused = vault.unlock(&by_pin(PIN), clock(1, 1)).unwrap_err();
    assert_eq!(refused, VaultError::RolledBack);
    // The database key is the same: biometrics open it, and a PIN can be set.
    vault.unlock(&Unlock::Biometric, clock(1, 1)).unwrap();
    vault.set_pin(&new_pin, &mut phone.entropy).unwrap();
    let mut vault = phone.open().unwrap();
    assert!(vault.unlock(&by_pin(OTHER_PIN), clock(1, 2)).is_ok());
    assert!(vault.unlock(&by_pin(PIN), clock(1, 3)).is_err());
}

#[test]
fn an_attempt_is_counted_before_it_is_made() {
    let mut phone = Phone::new();
    let vault = phone.create();
    let before = phone.hardware.counter_get(label::PIN_ATTEMPTS).unwrap();
    assert_eq!(
        pin::count_attempt(&*vault.hardware, clock(1, 0)),
        Ok(before)
    );
    // Killed here, with the PIN not yet tried.
    phone.restart();
    let after = phone.hardware.counter_get(label::PIN_ATTEMPTS).unwrap();
    assert_eq!(after, before + 1);
}

#[test]
fn a_bad_moment_of_the_hardware_is_no_wrong_pin() {
    let mut phone = Phone::new();
    let mut vault = phone.create();
    phone.hardware.fails.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        let error = vault.unlock(&by_pin(PIN), clock(1, 0)).unwrap_err();
        assert_eq!(error, VaultError::Hardware(HardwareError::Unavailable));
    }
    phone.hardware.fails.store(false, Ordering::SeqCst);
    assert!(vault.unlock(&by_pin(PIN), clock(1, 0)).is_ok());
}

#[test]
fn the_backends_reset_works_once_and_for_this_device_alone() {
    let mut phone = Phone::new();
    let mut vault = phone.create();
    try_wrong(&mut vault, 10, 0);
    let backend = SigningKey::from_bytes(&[7; 32]);
    let backend_key = backend.verifying_key().to_bytes();
    let sign = |message: &[u8]| {
        let bound = [Domain::PinReset.tag().as_bytes(), &[0], message].concat();
        backend.sign(&bound).to_bytes()
    };
    let unsigned = Err(VaultError::Unsigned);
    let for_another = sign(&[0; 16]);
    assert_eq!(
        vault.reset_pin_attempts(&backend_key, &for_another),
        unsigned
    );
    let leave = sign(&vault.pin_reset_message().unwrap());
    assert_eq!(vault.reset_pin_attempts(&[1; 32], &leave), unsigned);
    assert_eq!(vault.reset_pin_attempts(&backend_key, &leave), Ok(()));
    assert_eq!(
        vault.reset_pin_attempts(&backend_key, &leave),
        unsigned,
        "replayed"
    );
    assert!(vault.unlock(&by_pin(PIN), clock(1, 50)).is_ok());
}

#[test]
fn confirming_proves_the_pin_and_counts_like_unlocking() {
    let mut phone = Phone::new();
    let vault = phone.create();
    assert_eq!(vault.confirm(&by_pin(PIN), clock(1, 0)), Ok(()));
    let wrong = vault.confirm(&by_pin(OTHER_PIN), clock(1, 0));
    assert_eq!(
        wrong,
        Err(VaultError::WrongPin {
            left: 9,
            wait_ms: 0
        })
    );
    assert_eq!(vault.state(), LockState::Unlocked);
}
