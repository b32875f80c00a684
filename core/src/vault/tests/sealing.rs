//! Seals over real changes of the document engine.

use std::io::Write;

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ROOT};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{Anchor, ChangeHash, PatientId, PersonId, Role, SignatureEntry, Stamp, VisitId};

type Alter = fn(&mut SignatureEntry);

/// A visit that two phones edited: its changes as they lie in the store, the
/// heads, and one change that came after.
struct Edited {
    changes: Vec<Vec<u8>>,
    heads: Vec<ChangeHash>,
    late: Vec<u8>,
}

fn hashes(doc: &mut AutoCommit) -> Vec<ChangeHash> {
    doc.get_heads()
        .iter()
        .map(|head| ChangeHash(head.0))
        .collect()
}

fn edited() -> Edited {
    let mut mine = AutoCommit::new().with_actor(ActorId::from([1_u8; 16]));
    mine.put(ROOT, "status", "in_progress").unwrap();
    mine.commit();
    let mut theirs = mine.fork().with_actor(ActorId::from([2_u8; 16]));
    for at in 0..5 {
        mine.put(ROOT, format!("mine{at}"), at).unwrap();
        mine.commit();
        // Long enough for the engine to deflate the change.
        theirs
            .put(
                ROOT,
                format!("theirs{at}"),
                "wound clean and dry. ".repeat(40),
            )
            .unwrap();
        theirs.commit();
    }
    mine.merge(&mut theirs).unwrap();
    let heads = hashes(&mut mine);
    let changes = mine
        .get_changes(&[])
        .into_iter()
        .map(|mut change| change.bytes().into_owned())
        .collect();
    mine.put(ROOT, "late", true).unwrap();
    mine.commit();
    let late = mine.get_last_local_change().unwrap().raw_bytes().to_vec();
    Edited {
        changes,
        heads,
        late,
    }
}

fn visit() -> VisitId {
    VisitId(Uuid::from_u128(10))
}

fn patient() -> PatientId {
    PatientId(Uuid::from_u128(11))
}

fn statement(heads: &[ChangeHash], anchored: bool) -> SealStatement {
    let anchor = anchored.then_some(Anchor {
        server_ms: Millis(1_800_000_000_123),
        monotonic_ms: 17,
        boot_id: u64::MAX,
    });
    SealStatement {
        visit: visit(),
        patient: patient(),
        by: PersonId(Uuid::from_u128(12)),
        role: Role::Nurse,
        stamp: Stamp {
            clock: clock(u64::MAX, 3),
            anchor,
        },
        heads: heads.to_vec(),
        view_sha256: SealStatement::digest_of(&serde_json::json!({ "note": "x" })),
    }
}

fn sealed(heads: &[ChangeHash]) -> SignatureEntry {
    let mut phone = Phone::new();
    let vault = phone.create();
    seal_visit(vault.session().unwrap(), &statement(heads, true))
}

fn verify(entry: &SignatureEntry, changes: &[Vec<u8>]) -> Result<Verified, SealFailure> {
    let changes: Vec<&[u8]> = changes.iter().map(Vec::as_slice).collect();
    verify_seal(visit(), patient(), entry, &changes)
}

#[test]
fn a_seal_over_two_phones_changes_holds_and_says_how_many_it_covers() {
    let Edited {
        mut changes,
        mut heads,
        late,
    } = edited();
    assert_eq!((changes.len(), heads.len()), (11, 2));
    assert!(
        changes.iter().any(|change| change[8] == 2),
        "deflated ones too"
    );
    heads.reverse();
    let entry = sealed(&heads);
    let whole = Verified {
        covered: 11,
        later: 0,
    };
    assert_eq!(verify(&entry, &changes), Ok(whole));
    changes.reverse();
    assert_eq!(verify(&entry, &changes), Ok(whole), "in any order");
    changes.push(late);
    let later = Verified {
        covered: 11,
        later: 1,
    };
    assert_eq!(verify(&entry, &changes), Ok(later));
    let mut phone = Phone::new();
    let vault = phone.create();
    let unanchored = seal_visit(vault.session().unwrap(), &statement(&heads, false));
    assert_eq!(verify(&unanchored, &changes), Ok(later));
}

#[test]
fn a_seal_entry_survives_its_json() {
    let Edited { changes, heads, .. } = edited();
    let entry = sealed(&heads);
    let json = serde_json::to_string(&entry).unwrap();
    let back: SignatureEntry = serde_json::from_str(&json).unwrap();
    assert_eq!(back, entry);
    assert!(verify(&back, &changes).is_ok());
}

#[test]
fn every_field_of_the_statement_is_under_the_signature() {
    let Edited { changes, heads, .. } = edited();
    let good = sealed(&heads);
    let alter: [Alter; 8] = [
        |entry| entry.by = PersonId(Uuid::from_u128(99)),
        |entry| entry.role = Role::Supervisor,
        |entry| entry.stamp.clock.wall_ms = Millis(0),
        |entry| entry.stamp.clock.monotonic_ms += 1,
        |entry| entry.stamp.clock.boot_id -= 1,
        |entry| entry.stamp.anchor = None,
        |entry| entry.heads.truncate(1),
        |entry| entry.view_sha256 = "0".repeat(64),
    ];
    for (which, alter) in alter.iter().enumerate() {
        let mut entry = good.clone();
        alter(&mut entry);
        assert_eq!(
            verify(&entry, &changes),
            Err(SealFailure::Signature),
            "{which}"
        );
    }
    let given: Vec<&[u8]> = changes.iter().map(Vec::as_slice).collect();
    let other_visit = verify_seal(VisitId(Uuid::nil()), patient(), &good, &given);
    let other_patient = verify_seal(visit(), PatientId(Uuid::nil()), &good, &given);
    assert_eq!(other_visit, Err(SealFailure::Signature));
    assert_eq!(other_patient, Err(SealFailure::Signature));
}

#[test]
fn another_devices_key_does_not_pass() {
    let Edited { changes, heads, .. } = edited();
    let mut entry = sealed(&heads);
    let mut other = Phone::new();
    other.entropy = Counting(1_000);
    entry.device_key =
        seal_visit(other.create().session().unwrap(), &statement(&heads, true)).device_key;
    assert_eq!(verify(&entry, &changes), Err(SealFailure::Signature));
}

#[test]
fn a_malformed_field_is_named() {
    let Edited { changes, heads, .. } = edited();
    let good = sealed(&heads);
    let alter: [(&str, Alter); 6] = [
        ("heads", |entry| entry.heads.clear()),
        ("heads", |entry| entry.heads.reverse()),
        ("heads", |entry| entry.heads[0].push('0')),
        ("device_key", |entry| entry.device_key = "zz".repeat(32)),
        ("seal", |entry| entry.seal = entry.seal.to_uppercase()),
        ("view_sha256", |entry| entry.view_sha256.clear()),
    ];
    for (field, alter) in alter {
        let mut entry = good.clone();
        alter(&mut entry);
        assert_eq!(verify(&entry, &changes), Err(SealFailure::Field(field)));
    }
}

#[test]
fn each_missing_change_is_named() {
    let Edited { changes, heads, .. } = edited();
    let entry = sealed(&heads);
    for gone in 0..changes.len() {
        let mut rest = changes.clone();
        let removed = rest.remove(gone);
        let hash = automerge::Change::from_bytes(removed).unwrap().hash();
        let missing = SealFailure::Missing {
            hash: ChangeHash(hash.0),
        };
        assert_eq!(verify(&entry, &rest), Err(missing));
    }
}

#[test]
fn a_change_put_in_the_place_of_another_does_not_pass() {
    let Edited {
        mut changes,
        heads,
        late,
    } = edited();
    let entry = sealed(&heads);
    let last = changes.len() - 1;
    changes[last] = late;
    assert!(matches!(
        verify(&entry, &changes),
        Err(SealFailure::Missing { .. })
    ));
}

#[test]
fn a_head_behind_another_head_is_refused() {
    let Edited { changes, heads, .. } = edited();
    let first = automerge::Change::from_bytes(changes[0].clone())
        .unwrap()
        .hash();
    let mut padded = heads;
    padded.push(ChangeHash(first.0));
    let failure = SealFailure::NotAHead {
        hash: ChangeHash(first.0),
    };
    assert_eq!(verify(&sealed(&padded), &changes), Err(failure));
}

#[test]
fn bytes_behind_the_end_of_a_deflated_change_are_refused() {
    let Edited {
        mut changes, heads, ..
    } = edited();
    let entry = sealed(&heads);
    let index = changes.iter().position(|change| change[8] == 2).unwrap();
    let change = &mut changes[index];
    assert_ne!(change[9] & 0x7f, 0x7f, "one byte more needs no carry");
    change[9] += 1;
    change.push(0);
    assert_eq!(verify(&entry, &changes), Err(SealFailure::Change { index }));
}

#[test]
fn a_change_that_inflates_without_bound_is_refused_before_memory_is_spent() {
    let Edited {
        mut changes, heads, ..
    } = edited();
    let entry = sealed(&heads);
    let mut deflater = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    deflater.write_all(&vec![0; 64 * 1024 * 1024]).unwrap();
    let body = deflater.finish().unwrap();
    assert!(body.len() < CHANGE_BYTES_MAX);
    let mut bomb = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 2];
    let length = body.len();
    bomb.extend([
        u8::try_from(length & 0x7f).unwrap() | 0x80,
        u8::try_from((length >> 7) & 0x7f).unwrap() | 0x80,
        u8::try_from(length >> 14).unwrap(),
    ]);
    bomb.extend(&body);
    let index = changes.len();
    changes.push(bomb);
    assert_eq!(
        verify(&entry, &changes),
        Err(SealFailure::TooLarge { index })
    );
    changes[index] = vec![0; CHANGE_BYTES_MAX + 1];
    assert_eq!(
        verify(&entry, &changes),
        Err(SealFailure::TooLarge { index })
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_altered_bit_of_any_covered_change_passes(
        which in 0_usize..11, at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let Edited { mut changes, heads, .. } = edited();
        let entry = sealed_once(&heads);
        // As it was before deflating: a deflated stream has idle bits at its end.
        let plain = automerge::Change::from_bytes(changes[which].clone()).unwrap();
        changes[which] = plain.raw_bytes().to_vec();
        prop_assert!(verify(&entry, &changes).is_ok());
        let at = at.index(changes[which].len());
        changes[which][at] ^= 1 << bit;
        prop_assert!(verify(&entry, &changes).is_err());
    }

    #[test]
    fn noise_among_the_changes_is_an_error_and_no_panic(
        noise in prop::collection::vec(any::<u8>(), 0..200), magic in any::<bool>(),
    ) {
        let Edited { mut changes, heads, .. } = edited();
        let entry = sealed_once(&heads);
        let mut bytes = if magic { vec![0x85, 0x6f, 0x4a, 0x83] } else { Vec::new() };
        bytes.extend(noise);
        changes.push(bytes);
        prop_assert_eq!(verify(&entry, &changes), Err(SealFailure::Change { index: 11 }));
    }
}

/// A vault costs an Argon2 derivation: one is enough for all cases.
fn sealed_once(heads: &[ChangeHash]) -> SignatureEntry {
    static ENTRY: std::sync::OnceLock<SignatureEntry> = std::sync::OnceLock::new();
    ENTRY.get_or_init(|| sealed(heads)).clone()
}
