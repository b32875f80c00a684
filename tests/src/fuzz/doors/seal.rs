//! Seals over signed visits.

use ed25519_dalek::VerifyingKey;
use homeround::merge::Document;
use homeround::model::{Anchor, Millis, PatientId, PersonId, Role, SignatureEntry, Stamp, VisitId};
use homeround::vault::{SealStatement, seal_visit, verify_seal};
use uuid::Uuid;

use super::super::dice::Dice;
use super::change::{mutate_change, samples};
use super::vault::{both, clock, part, vault_of};
use super::{Door, Outcome, json};

/// A signature entry as JSON, its length (two bytes) before it, and changes,
/// each with its length.
pub(crate) struct Seals {
    seed: Vec<u8>,
}

const VISIT: VisitId = VisitId(Uuid::from_u128(77));
const PATIENT: PatientId = PatientId(Uuid::from_u128(0xaa));

fn seal_input(entry: &[u8], changes: &[Vec<u8>]) -> Vec<u8> {
    let mut input = both(entry, &[]);
    for change in changes {
        input.extend(
            u16::try_from(change.len())
                .unwrap_or(u16::MAX)
                .to_be_bytes(),
        );
        input.extend(change);
    }
    input
}

fn seal_parts(input: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (entry, mut rest) = part(input);
    let mut changes = Vec::new();
    while !rest.is_empty() && changes.len() < 256 {
        let (change, after) = part(rest);
        changes.push(change.to_vec());
        rest = after
            .get(..)
            .filter(|after| after.len() < rest.len())
            .unwrap_or_default();
    }
    (entry.to_vec(), changes)
}

fn is_weak(key: &str) -> bool {
    let digit = |at: usize| u8::from_str_radix(key.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(digit).collect();
    let bytes = bytes.and_then(|it| <[u8; 32]>::try_from(it).ok());
    let key = bytes.and_then(|it| VerifyingKey::from_bytes(&it).ok());
    key.is_none_or(|key| key.is_weak())
}

impl Seals {
    pub(crate) fn new() -> Self {
        Self::over(&samples().swap_remove(0))
    }

    /// Each history is sealed with keys of its own: an input may hold what an earlier
    /// build sealed honestly, and that must not look like a forgery in today's name.
    fn over(document: &Document) -> Self {
        let keys = document.heads().iter().fold(9_u64, |keys, head| {
            let first = head.0.first_chunk().map_or(0, |it| u64::from_be_bytes(*it));
            keys.rotate_left(1) ^ first
        });
        let (vault, _, _folder) = vault_of(keys);
        let statement = SealStatement {
            visit: VISIT,
            patient: PATIENT,
            by: PersonId(Uuid::from_u128(3)),
            role: Role::Nurse,
            stamp: Stamp {
                clock: clock(),
                anchor: Some(Anchor {
                    server_ms: Millis(1),
                    monotonic_ms: 2,
                    boot_id: 7,
                }),
            },
            heads: document.heads(),
            view_sha256: SealStatement::digest_of(document.view()),
        };
        let entry = seal_visit(vault.session().expect("unlocked"), &statement);
        let text = serde_json::to_vec(&entry).unwrap_or_default();
        let changes: Vec<_> = document
            .changes()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect();
        Self {
            seed: seal_input(&text, &changes),
        }
    }
}

impl Door for Seals {
    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![self.seed.clone()]
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let (mut entry, mut changes) = seal_parts(input);
        let lent = seal_parts(other);
        let at = dice.below(changes.len());
        match dice.below(5) {
            0 | 1 => entry = json::mutate(dice, &entry, &lent.0),
            2 if !changes.is_empty() => drop(changes.remove(at)),
            _ => {
                if let Some(change) = changes.get_mut(at) {
                    *change = mutate_change(dice, change, lent.1.first().map_or(&[], |it| it));
                }
            }
        }
        seal_input(&entry, &changes)
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let (entry, changes) = seal_parts(input);
        let Ok(entry) = serde_json::from_slice::<SignatureEntry>(&entry) else {
            return Outcome::refused("entry");
        };
        let changes: Vec<&[u8]> = changes.iter().map(Vec::as_slice).collect();
        match verify_seal(VISIT, PATIENT, &entry, &changes) {
            Err(error) => Outcome::refused(format!("{error:.24}")),
            Ok(verified) => {
                let (signed, honest) = seal_parts(&self.seed);
                let signed: Option<SignatureEntry> = serde_json::from_slice(&signed).ok();
                // Anybody may sign with a key of one's own: who verifies compares it. Only
                // under a weak key does a seal hold that nobody made.
                if signed
                    .as_ref()
                    .is_some_and(|it| it.device_key != entry.device_key)
                {
                    return Outcome::judged("another device's", !is_weak(&entry.device_key));
                }
                // It holds only over all that was signed.
                let whole = honest
                    .iter()
                    .filter(|it| changes.contains(&it.as_slice()))
                    .count();
                let same =
                    signed.is_some_and(|it| it.heads == entry.heads && it.seal == entry.seal);
                Outcome::judged(
                    "holds",
                    same && (whole == honest.len() || verified.covered == honest.len()),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_of_another_build_is_another_devices_and_no_forgery() {
        let [today, before] = [0, 2].map(|at| Seals::over(&samples().swap_remove(at)));
        let mut door = Seals::new();
        assert_eq!(door.seed, today.seed);
        for (seal, code) in [(today, "holds"), (before, "another device's")] {
            let outcome = door.knock(&seal.seed);
            assert!(outcome.accepted && !outcome.poisoned, "{outcome:?}");
            assert_eq!(outcome.code, code);
        }
    }

    #[test]
    fn a_key_that_anybody_can_sign_for_is_weak() {
        let honest = seal_parts(&Seals::new().seed).0;
        let honest: SignatureEntry = serde_json::from_slice(&honest).expect("an entry");
        assert!(!is_weak(&honest.device_key));
        // The neutral point: under it, one signature fits every message.
        assert!(is_weak(&format!("01{}", "00".repeat(31))));
    }

    #[test]
    fn todays_key_over_what_it_did_not_sign_is_a_forgery() {
        let mut door = Seals::new();
        let (entry, changes) = seal_parts(&door.seed);
        // The door's own idea of what was signed is another: what holds then is forged.
        let other: Vec<_> = changes[..1].to_vec();
        let mut named: SignatureEntry = serde_json::from_slice(&entry).expect("an entry");
        named.heads.clear();
        let text = serde_json::to_vec(&named).expect("JSON");
        let input = std::mem::replace(&mut door.seed, seal_input(&text, &other));
        assert!(door.knock(&input).poisoned);
    }
}
