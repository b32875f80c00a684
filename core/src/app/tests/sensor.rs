//! The biometric sensor: set up, used, turned down, made void, taken away.

use super::*;
use crate::app::{AppError, SessionState};
use crate::model::Role;
use crate::vault::{KeyVault, Pin, Unlock, label};

fn by_pin() -> Unlock {
    Unlock::Pin(Pin::new(PIN).unwrap())
}

#[test]
fn the_sensor_opens_the_phone_once_it_is_set_up_and_not_before() {
    let phone = Hub::new().phone(0x100, Role::Nurse);
    assert!(!phone.app.has_biometric());
    let refused = phone.app.unlock(&Unlock::Biometric).unwrap_err();
    assert!(matches!(refused, AppError::Refused { field, .. } if field == "unlock"));

    phone.app.set_biometric(true, PIN).unwrap();
    phone.app.lock();
    assert!(phone.app.has_biometric(), "known while locked");
    phone.app.unlock(&Unlock::Biometric).unwrap();
    assert_eq!(phone.app.session(), SessionState::Ready);

    phone.app.set_biometric(false, PIN).unwrap();
    assert!(!phone.app.has_biometric());
    phone.app.unlock(&Unlock::Biometric).unwrap_err();
}

#[test]
fn setting_the_sensor_up_takes_the_right_pin_and_an_open_phone() {
    let phone = Hub::new().phone(0x100, Role::Nurse);
    let wrong = phone.app.set_biometric(true, "739164").unwrap_err();
    assert!(matches!(wrong, AppError::WrongPin { .. }));
    phone.app.lock();
    assert_eq!(phone.app.set_biometric(true, PIN), Err(AppError::Locked));
    let new_pin = phone.app.change_pin(&by_pin(), "739164");
    assert_eq!(new_pin, Err(AppError::Locked));
    assert!(!phone.app.has_biometric());
}

#[test]
fn who_turns_the_sensor_down_is_asked_for_the_pin_and_nothing_has_changed() {
    let phone = Hub::new().phone(0x100, Role::Nurse);
    phone.hardware.set_present(false);
    let declined = phone.app.set_biometric(true, PIN);
    assert_eq!(declined, Err(AppError::NotConfirmed));
    assert!(!phone.app.has_biometric());

    phone.hardware.set_present(true);
    phone.app.set_biometric(true, PIN).unwrap();
    phone.app.lock();
    phone.hardware.set_present(false);
    let declined = phone.app.unlock(&Unlock::Biometric);
    assert_eq!(declined, Err(AppError::NotConfirmed));
    assert_eq!(phone.app.session(), SessionState::Locked);
    assert!(phone.app.has_biometric());
    phone.app.unlock(&by_pin()).unwrap();
}

#[test]
fn a_sensor_whose_key_is_void_says_to_use_the_pin_and_is_offered_no_more() {
    let phone = Hub::new().phone(0x100, Role::Nurse);
    phone.app.set_biometric(true, PIN).unwrap();
    phone.app.lock();
    phone.hardware.destroy(label::BIOMETRIC).unwrap();
    let refused = phone.app.unlock(&Unlock::Biometric).unwrap_err();
    assert!(matches!(refused, AppError::Refused { limit, .. } if limit.starts_with("the PIN")));
    assert!(!phone.app.has_biometric());
    let phone = phone.restart();
    assert!(!phone.app.has_biometric());
    phone.app.set_biometric(true, PIN).unwrap();
    phone.app.lock();
    phone.app.unlock(&Unlock::Biometric).unwrap();
}
