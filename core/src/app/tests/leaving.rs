//! Signing out with unsent work in escrow.

use super::*;
use crate::app::{AppError, SessionState, VitalsEntry};
use crate::merge::{name_of, pack};
use crate::model::{ChangeHash, DocumentId, Millis, Role};
use crate::vault::{EscrowReceipt, escrow_open};
use crate::wire::{self, PushRequest};

const MEGABYTES: pack::PackLimits = pack::PackLimits {
    changes_max: wire::PUSH_CHANGES_MAX,
    change_bytes_max: wire::CHANGE_BYTES_MAX,
    total_bytes_max: wire::PUSH_INFLATED_MAX,
};

fn vitals(pulse: u16) -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(START),
        pulse_bpm: Some(pulse),
        ..VitalsEntry::default()
    }
}

/// A phone with two unsent edits.
fn working(hub: &mut Hub) -> Phone {
    let phone = hub.phone(0x100, Role::Nurse);
    phone.app.visit(hub.visit).check_in(None).unwrap();
    phone
        .app
        .visit(hub.visit)
        .record_vitals(&vitals(78))
        .unwrap();
    phone
}

fn unsent(phone: &Phone) -> u64 {
    let reads = phone.app.inner.reads().unwrap();
    reads.store.reader().unwrap().unsent().unwrap()
}

#[test]
fn what_is_in_escrow_stays_unsent_and_with_its_receipt_the_phone_signs_out() {
    let mut hub = Hub::new();
    let phone = working(&mut hub);
    let held = unsent(&phone);
    let escrow = phone.app.escrow().unwrap();
    assert_eq!((escrow.receipt.changes, unsent(&phone)), (held, held));
    assert_eq!(
        phone.app.sign_out(None).unwrap_err(),
        AppError::Unsent { count: held }
    );
    phone.app.sign_out(Some(&escrow.receipt)).unwrap();
    assert_eq!(phone.app.session(), SessionState::New);
    assert!(!phone.store_folder().join("homeround.sqlite").exists());
}

#[test]
fn an_escrow_holds_signed_pushes_of_every_unsent_change_for_the_organisation_alone() {
    let mut hub = Hub::new();
    let phone = working(&mut hub);
    let escrow = phone.app.escrow().unwrap();
    assert!(escrow_open(&[9; 32], &escrow.blob).is_err());
    let plain = escrow_open(&ESCROW_SECRET, &escrow.blob).unwrap();
    let mut hashes = Vec::new();
    for body in wire::pushes_of_escrow(&plain).unwrap() {
        let push: PushRequest = wire::open_body(body).unwrap();
        let changes = pack::unpack(&push.changes, &MEGABYTES).unwrap();
        hashes.extend(changes.iter().map(|(_, bytes)| name_of(bytes).unwrap()));
        // The hub takes it as it takes a push.
        assert_eq!(hub.take(body).len(), changes.len());
    }
    let reads = phone.app.inner.reads().unwrap();
    let mut held = reads.store.reader().unwrap().unsent_hashes().unwrap();
    held.sort();
    hashes.sort();
    assert_eq!(hashes, held);
}

#[test]
fn a_receipt_for_fewer_changes_or_of_another_blob_is_refused() {
    let mut hub = Hub::new();
    let phone = working(&mut hub);
    let EscrowReceipt { sha256, changes } = phone.app.escrow().unwrap().receipt;
    let fewer = EscrowReceipt {
        sha256,
        changes: changes - 1,
    };
    assert_eq!(
        phone.app.sign_out(Some(&fewer)).unwrap_err(),
        AppError::Unsent { count: 1 }
    );
    let another = EscrowReceipt {
        sha256: [7; 32],
        changes,
    };
    assert_eq!(
        phone.app.sign_out(Some(&another)).unwrap_err(),
        AppError::Unsent { count: changes }
    );
    assert_eq!(phone.app.session(), SessionState::Ready);
}

#[test]
fn an_edit_after_the_escrow_makes_signing_out_refuse_even_when_the_others_were_sent() {
    let mut hub = Hub::new();
    let mut phone = working(&mut hub);
    let receipt = phone.app.escrow().unwrap().receipt;
    phone
        .app
        .visit(hub.visit)
        .record_vitals(&vitals(80))
        .unwrap();
    let one = AppError::Unsent { count: 1 };
    assert_eq!(phone.app.sign_out(Some(&receipt)).unwrap_err(), one);
    phone.push(&mut hub);
    phone
        .app
        .visit(hub.visit)
        .record_vitals(&vitals(81))
        .unwrap();
    // One unsent change, and a receipt of more: of others.
    assert_eq!(phone.app.sign_out(Some(&receipt)).unwrap_err(), one);
    let receipt = phone.app.escrow().unwrap().receipt;
    phone.app.sign_out(Some(&receipt)).unwrap();
}

#[test]
fn an_escrow_of_nothing_is_whole_and_a_locked_phone_makes_none() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    assert_eq!(phone.app.escrow().unwrap().receipt.changes, 0);
    phone.app.lock();
    assert_eq!(phone.app.escrow().unwrap_err(), AppError::Locked);
}

#[test]
fn work_that_no_push_can_hold_is_escrowed_in_several() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    // Noise, which no compression makes small.
    let mut seed = 7_u64;
    let mut noise = |bytes: usize| -> Vec<u8> {
        let next = |seed: &mut u64| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed.to_be_bytes()[0]
        };
        (0..bytes).map(|_| next(&mut seed)).collect()
    };
    let reads = phone.app.inner.reads().unwrap();
    let id = DocumentId::visit(hub.visit);
    let large = 8_u64;
    let wrote: Result<(), crate::store::StoreError> = reads.store.write(|tx| {
        for index in 0..large {
            let hash = ChangeHash([u8::try_from(index).unwrap(); 32]);
            tx.append_own(
                id,
                hash,
                Millis(START),
                0,
                &noise(wire::CHANGE_BYTES_MAX - 9),
            )?;
        }
        Ok(())
    });
    wrote.unwrap();
    let escrow = phone.app.escrow().unwrap();
    assert_eq!(escrow.receipt.changes, large);
    let plain = escrow_open(&ESCROW_SECRET, &escrow.blob).unwrap();
    let pushes = wire::pushes_of_escrow(&plain).unwrap();
    let changes = pushes.iter().map(|body| {
        let push: PushRequest = wire::open_body(body).unwrap();
        pack::unpack(&push.changes, &MEGABYTES).unwrap().len()
    });
    assert_eq!(changes.sum::<usize>() as u64, large);
    assert!(pushes.len() > 2);
}
