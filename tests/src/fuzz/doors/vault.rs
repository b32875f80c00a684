//! Escrowed work, keyfiles and attachments at rest.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use homeround::model::{Clock, Millis};
use homeround::vault::{
    BlobReader, Entropy, HardwareError, KeyVault, Pin, Unlock, Vault, VaultError, escrow_open,
    escrow_public, escrow_seal, seal_blob,
};
use homeround::wire::{self, PushRequest};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::super::dice::{Dice, havoc};
use super::change::samples;
use super::{Door, Outcome};

const SECRET: [u8; 32] = [23; 32];

/// The same bytes at each run.
struct Seeded(Dice);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        bytes.iter_mut().for_each(|byte| *byte = self.0.byte());
        Ok(())
    }
}

/// Hardware whose wrapping is the plaintext: what a mutant does behind it is
/// what is looked at.
#[derive(Default)]
pub(super) struct Glass(Mutex<BTreeMap<String, Held>>);

/// A label's counter and secret.
type Held = (u64, Option<Vec<u8>>);

impl Glass {
    fn with<T>(&self, label: &str, work: impl FnOnce(&mut Held) -> T) -> T {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(held.entry(label.to_owned()).or_default())
    }
}

impl KeyVault for Glass {
    fn wrap(&self, _: &str, plaintext: &[u8]) -> Result<Vec<u8>, HardwareError> {
        Ok(plaintext.to_vec())
    }

    fn unwrap(&self, _: &str, wrapped: &[u8]) -> Result<Vec<u8>, HardwareError> {
        Ok(wrapped.to_vec())
    }

    fn counter_get(&self, label: &str) -> Result<u64, HardwareError> {
        Ok(self.with(label, |it| it.0))
    }

    fn counter_increment(&self, label: &str) -> Result<u64, HardwareError> {
        Ok(self.with(label, |it| {
            it.0 = it.0.saturating_add(1);
            it.0
        }))
    }

    fn counter_set(&self, label: &str, value: u64) -> Result<(), HardwareError> {
        self.with(label, |it| it.0 = value);
        Ok(())
    }

    fn store(&self, label: &str, secret: &[u8]) -> Result<(), HardwareError> {
        self.with(label, |it| it.1 = Some(secret.to_vec()));
        Ok(())
    }

    fn load(&self, label: &str) -> Result<Option<Vec<u8>>, HardwareError> {
        Ok(self.with(label, |it| it.1.clone()))
    }

    fn destroy(&self, label: &str) -> Result<(), HardwareError> {
        self.with(label, |it| *it = (0, None));
        Ok(())
    }
}

pub(super) fn clock() -> Clock {
    Clock {
        wall_ms: Millis(1_795_341_600_000),
        monotonic_ms: 1_000,
        boot_id: 7,
    }
}

fn pin() -> Pin {
    Pin::new("402913").expect("six digits")
}

/// A new vault over glass, unlocked, and its folder.
fn vault() -> (Vault, Arc<Glass>, TempDir) {
    vault_of(9)
}

/// The vault whose keys a number gives.
pub(super) fn vault_of(keys: u64) -> (Vault, Arc<Glass>, TempDir) {
    let (hardware, folder) = (Arc::new(Glass::default()), super::super::folder());
    let mut entropy = Seeded(Dice::new(keys));
    let shared: Arc<dyn KeyVault> = Arc::<Glass>::clone(&hardware);
    let vault = Vault::create(shared, folder.path(), &pin(), true, &mut entropy);
    (vault.expect("a new vault"), hardware, folder)
}

/// The first byte: 0 is sealed here, anything else is a blob as it came.
pub(crate) struct Escrows;

impl Escrows {
    pub(crate) const fn new() -> Self {
        Self
    }
}

fn seal(bytes: &[u8]) -> Vec<u8> {
    let mut entropy = Seeded(Dice::new(bytes.len() as u64));
    escrow_seal(&escrow_public(&SECRET), bytes, &mut entropy).unwrap_or_default()
}

impl Door for Escrows {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let changes: Vec<_> = samples()
            .iter()
            .flat_map(|it| it.changes().into_iter().map(|(_, bytes)| (it.id(), bytes)))
            .collect();
        let borrowed: Vec<_> = changes
            .iter()
            .map(|(id, it)| (*id, it.as_slice()))
            .collect();
        let push = PushRequest {
            device: [7; 16].into(),
            changes: homeround::merge::pack::pack(&borrowed[..6])
                .unwrap_or_default()
                .into(),
            signature: [1; 64].into(),
            proofs: None,
            devices: None,
        };
        let body = wire::seal_body(&push).unwrap_or_default();
        let mut escrow = Vec::new();
        for _ in 0..2 {
            wire::add_to_escrow(&mut escrow, &body).expect("within its limits");
        }
        let blob = seal(&escrow);
        vec![
            [&[0], escrow.as_slice()].concat(),
            [&[1], blob.as_slice()].concat(),
        ]
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let (kind, bytes) = input.split_first().unwrap_or((&0, &[]));
        let mut bytes = bytes.to_vec();
        havoc(dice, &mut bytes, other.get(1..).unwrap_or_default());
        [&[*kind], bytes.as_slice()].concat()
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let (kind, bytes) = input.split_first().unwrap_or((&0, &[]));
        let blob = if *kind == 0 {
            seal(bytes)
        } else {
            bytes.to_vec()
        };
        let opened = match escrow_open(&SECRET, &blob) {
            Err(_) => return Outcome::refused("damaged"),
            Ok(opened) => opened,
        };
        if *kind == 0 && *opened != bytes {
            return Outcome::judged("other bytes", false);
        }
        match wire::pushes_of_escrow(&opened) {
            Err(error) => Outcome::refused(format!("{error:.20}")),
            Ok(bodies) => {
                let good = bodies
                    .iter()
                    .filter(|it| wire::open_body::<PushRequest>(it).is_ok());
                Outcome::accepted(format!(
                    "{} of {}",
                    good.count().min(3),
                    bodies.len().min(5)
                ))
            }
        }
    }
}

/// Both copies of a keyfile: the length of the first (two bytes), the first, the second.
pub(crate) struct Keyfiles {
    hardware: Arc<Glass>,
    folder: TempDir,
    seed: Vec<u8>,
    key: [u8; 32],
}

const COPIES: [&str; 2] = ["keys.hrk", "keys-copy.hrk"];
const CHECKSUM: usize = 32;

impl Keyfiles {
    pub(crate) fn new() -> Self {
        let (vault, hardware, folder) = vault();
        let read = |name| std::fs::read(folder.path().join(name)).unwrap_or_default();
        let key = *vault.session().expect("unlocked").database_key();
        Self {
            seed: both(&read(COPIES[0]), &read(COPIES[1])),
            hardware,
            folder,
            key,
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        // Without an fsync: nothing here is kept.
        drop(std::fs::write(self.folder.path().join(name), bytes));
    }
}

pub(super) fn both(one: &[u8], two: &[u8]) -> Vec<u8> {
    let length = u16::try_from(one.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&length, one, two].concat()
}

pub(super) fn part(input: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = input.split_first_chunk::<2>() else {
        return (&[], &[]);
    };
    rest.split_at(rest.len().min(usize::from(u16::from_be_bytes(*length))))
}

/// A keyfile altered, its length and checksum mended most often.
fn mutate_keyfile(dice: &mut Dice, bytes: &[u8], other: &[u8]) -> Vec<u8> {
    const HEADER: usize = 14;
    let mut bytes = bytes.to_vec();
    if bytes.len() < HEADER + CHECKSUM || dice.once_in(8) {
        havoc(dice, &mut bytes, other);
        return bytes;
    }
    bytes.truncate(bytes.len() - CHECKSUM);
    let mut body = bytes.split_off(HEADER);
    havoc(dice, &mut body, other);
    if dice.once_in(20) {
        havoc(dice, &mut bytes, other);
    } else {
        let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
        bytes[10..HEADER].copy_from_slice(&length);
    }
    bytes.extend(body);
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

impl Door for Keyfiles {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let (one, two) = part(&self.seed);
        vec![self.seed.clone(), both(one, &[]), both(&[], two)]
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let (one, two) = part(input);
        let lent = part(other).0;
        let (mut one, mut two) = (one.to_vec(), two.to_vec());
        if !dice.once_in(4) {
            one = mutate_keyfile(dice, &one, lent);
        }
        if dice.once_in(2) {
            two = mutate_keyfile(dice, &two, lent);
        }
        if dice.once_in(2) {
            two.clone_from(&one);
        }
        both(&one, &two)
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let (one, two) = part(input);
        self.put(COPIES[0], one);
        self.put(COPIES[1], two);
        let shared: Arc<dyn KeyVault> = Arc::<Glass>::clone(&self.hardware);
        let mut vault = match Vault::open(shared, self.folder.path()) {
            Err(error) => return Outcome::refused(format!("open {error:.24}")),
            Ok(vault) => vault,
        };
        match vault.unlock(&Unlock::Biometric, clock()) {
            Err(error) => Outcome::refused(format!("unlock {error:.24}")),
            // Whatever else a file says, only the true key may come out of it.
            Ok(session) => Outcome::judged("unlocked", *session.database_key() == self.key),
        }
    }
}

/// An attachment's file.
pub(crate) struct Blobs {
    vault: Vault,
    _folder: TempDir,
}

const PLAIN_BYTES: usize = 70_000;

impl Blobs {
    pub(crate) fn new() -> Self {
        let (vault, _, folder) = vault();
        Self {
            vault,
            _folder: folder,
        }
    }

    fn sealed(&self, plain: &[u8]) -> Vec<u8> {
        let key = self
            .vault
            .session()
            .and_then(|it| it.blob_key())
            .expect("a key");
        let mut sealed = Vec::new();
        let mut entropy = Seeded(Dice::new(plain.len() as u64));
        let done = seal_blob(
            &key,
            &mut Cursor::new(plain),
            &mut sealed,
            1 << 20,
            &mut entropy,
        );
        done.expect("within its limit");
        sealed
    }
}

impl Door for Blobs {
    fn seeds(&self) -> Vec<Vec<u8>> {
        [0, 5, 300, PLAIN_BYTES]
            .map(|length| self.sealed(&vec![7; length]))
            .into()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        havoc(dice, &mut bytes, other);
        bytes
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let key = self
            .vault
            .session()
            .and_then(|it| it.blob_key())
            .expect("a key");
        let mut reader = match BlobReader::new(key, Cursor::new(input)) {
            Err(_) => return Outcome::refused("header"),
            Ok(reader) => reader,
        };
        match reader.read_at(0, 1 << 20) {
            Err(error) => Outcome::refused(format!("{error:.20}")),
            // Only bytes that were sealed come out, whole or not at all.
            Ok(plain) => {
                let sound = plain.iter().all(|byte| *byte == 7)
                    && [0, 5, 300, PLAIN_BYTES].contains(&plain.len());
                Outcome::judged("read", sound)
            }
        }
    }
}
