//! Escrow.

use super::*;

fn hex32(text: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

#[test]
fn x25519_is_the_one_of_rfc_7748() {
    let alice = hex32("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    let bob = hex32("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    let shared = hex32("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    assert_eq!(
        escrow_public(&alice),
        hex32("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    );
    let bob_public = curve25519_dalek::MontgomeryPoint(escrow_public(&bob));
    assert_eq!(bob_public.mul_clamped(alice).to_bytes(), shared);
}

#[test]
fn the_organisation_opens_an_escrow_and_nobody_else_does() {
    let organisation = [9; 32];
    let public = escrow_public(&organisation);
    let work = b"unsent changes, as they lie in the outbox".repeat(100);
    let blob = escrow_seal(&public, &work, &mut Counting(0)).unwrap();
    assert_eq!(*escrow_open(&organisation, &blob).unwrap(), work);
    let damaged = VaultError::EscrowDamaged;
    assert_eq!(escrow_open(&[8; 32], &blob).unwrap_err(), damaged);
    for at in [0, 1, 40, 60, blob.len() - 1] {
        let mut altered = blob.clone();
        altered[at] ^= 1;
        assert_eq!(escrow_open(&organisation, &altered).unwrap_err(), damaged);
    }
    for end in [0, 1, 32, 33, 57, blob.len() - 1] {
        assert_eq!(
            escrow_open(&organisation, &blob[..end]).unwrap_err(),
            damaged
        );
    }
}

#[test]
fn a_key_of_low_order_is_refused() {
    let sealed = escrow_seal(&[0; 32], b"work", &mut Counting(0));
    assert!(matches!(sealed, Err(VaultError::Refused(refused)) if refused.field == "org_public"));
}
