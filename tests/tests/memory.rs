//! What is left in a process's memory once the phone is locked. A process of its own lives a
//! day; this one knows its keys beforehand and reads its memory from outside, so that
//! looking for a key puts none there.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fs::File;
use std::io::{BufReader, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use hmac::{Hmac, KeyInit as _, Mac as _};
use homeround::app::NewAttachment;
use homeround::model::DocumentId;
use homeround::vault::{Entropy, Pin, Unlock, VaultError};
use homeround_tests::stage::{Phone, Stage, vitals};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const CHILD: &str = "HOMEROUND_MEMORY_FOLDER";
const RANDOM: &str = "random";
const PIN_FILE: &str = "pin";
const LOCKED: &str = "locked";
const OPEN: &str = "open";

/// Randomness out of a file: read right into the place that it is for.
struct FromFile(File);

impl Entropy for FromFile {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        self.0.read_exact(bytes).map_err(|_| VaultError::NoEntropy)
    }
}

fn read_pin(folder: &Path) -> Zeroizing<String> {
    let mut pin = Zeroizing::new(String::with_capacity(64));
    let mut file = File::open(folder.join(PIN_FILE)).unwrap();
    file.read_to_string(&mut pin).unwrap();
    pin
}

/// Says where it is and waits to be told to go on.
fn stop_at(place: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\n{place}").unwrap();
    out.flush().unwrap();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

/// What the watched process does; a test like any other where nobody watches.
#[test]
fn a_day_is_lived_and_the_phone_is_locked() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let folder = Path::new(&folder);
    let entropy = FromFile(File::open(folder.join(RANDOM)).unwrap());
    let stage = Stage::set();
    let visit = stage.visit();
    let phone = {
        let pin = read_pin(folder);
        let parts = (pin.as_str(), Box::new(entropy) as Box<dyn Entropy + Send>);
        Phone::new_with(&stage.backend, "nina", parts, |_| ())
    };
    for round in 0..2 {
        phone.sync(&stage.backend);
        work(&phone, visit, folder, round);
        phone.sync(&stage.backend);
        stop_at(OPEN);
        phone.app().lock();
        stop_at(LOCKED);
        phone.app().unlock(&Unlock::Pin(pin(folder))).unwrap();
    }
}

fn pin(folder: &Path) -> Pin {
    Pin::new(&read_pin(folder)).unwrap()
}

/// Everything that uses a key: pushes are signed, a photo is sealed, work is escrowed, a
/// wrong PIN is tried, and in the end the visit is signed.
fn work(phone: &Phone, id: homeround::model::VisitId, folder: &Path, round: u16) {
    let app = phone.app();
    let visit = app.visit(id);
    if round == 0 {
        visit.check_in(None).unwrap();
    }
    visit.record_vitals(&vitals(70 + round)).unwrap();
    let new = NewAttachment {
        media_type: "image/jpeg".into(),
        ..NewAttachment::default()
    };
    let mut photo = vec![0xff, 0xd8, 0xff, 0xe0];
    photo.resize(200_000, 0x5a);
    let entry = visit.attach(&new, &mut photo.as_slice()).unwrap().entry;
    assert_eq!(visit.attachment_bytes(entry.unwrap()).unwrap(), photo);
    let _ = app.escrow().unwrap();
    if round == 1 {
        visit.complete(None).unwrap();
        let _ = app.document_state(DocumentId::visit(id)).unwrap();
        visit.sign(&Unlock::Pin(pin(folder))).unwrap();
    }
}

/// A secret, and what it is called where it is found.
type Secret = (&'static str, Vec<u8>);

fn secrets(random: &[u8], pin: &str) -> Vec<Secret> {
    let database = &random[..32];
    let hex = |upper: bool| -> Vec<u8> {
        let digits = database.iter().map(|byte| match upper {
            true => format!("{byte:02X}"),
            false => format!("{byte:02x}"),
        });
        digits.collect::<String>().into_bytes()
    };
    let device = &random[32..64];
    let scalar = sha2::Sha512::digest(device);
    let mut blob = Hmac::<Sha256>::new_from_slice(&[0; 32]).unwrap();
    blob.update(database);
    let mut expand = Hmac::<Sha256>::new_from_slice(&blob.finalize().into_bytes()).unwrap();
    expand.update(b"homeround/attachments/1\x01");
    vec![
        ("the database's key", database.to_vec()),
        ("the database's key in words", hex(false)),
        ("the database's key in capitals", hex(true)),
        ("the device's key", device.to_vec()),
        (
            "what the device's key hashes nonces with",
            scalar[32..].to_vec(),
        ),
        (
            "the attachments' key",
            expand.finalize().into_bytes().to_vec(),
        ),
        ("the PIN", pin.as_bytes().to_vec()),
        (
            "the PIN's numbers",
            pin.chars()
                .flat_map(|c| u32::from(c).to_ne_bytes())
                .collect(),
        ),
    ]
}

/// Where in a process's memory each secret is: the name of the mapping, and how often.
fn found_in(process: u32, secrets: &[Secret]) -> Vec<String> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = Vec::new();
    let mut begins = [false; 256];
    for (_, secret) in secrets {
        begins[usize::from(secret[0])] = true;
    }
    for line in maps.lines() {
        let mut parts = line.split_whitespace();
        let (range, rights) = (parts.next().unwrap(), parts.next().unwrap());
        let name = parts.nth(3).unwrap_or("anonymous");
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let from = u64::from_str_radix(from, 16).unwrap();
        let to = u64::from_str_radix(to, 16).unwrap();
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        if memory.read_exact_at(&mut bytes, from).is_err() {
            continue;
        }
        for at in 0..bytes.len() {
            // One look-up a byte, for all of them.
            if !begins[usize::from(bytes[at])] {
                continue;
            }
            for (what, secret) in secrets {
                if bytes[at..].starts_with(secret) {
                    let size = to - from;
                    found.push(format!("{what} in {name} at {at:#x} of {size:#x}"));
                }
            }
        }
    }
    found
}

fn wait_for(place: &str, out: &mut impl std::io::BufRead) {
    let mut line = String::new();
    while out.read_line(&mut line).unwrap() > 0 {
        if line.trim() == place {
            return;
        }
        line.clear();
    }
    assert_eq!(line, place, "the process ended before");
}

fn go_on(child: &mut Child) {
    let to = child.stdin.as_mut().unwrap();
    to.write_all(b"\n").unwrap();
    to.flush().unwrap();
}

#[test]
fn no_key_and_no_pin_is_left_in_memory_once_the_phone_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = vec![0; 1 << 20];
    File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut random)
        .unwrap();
    std::fs::write(folder.path().join(RANDOM), &random).unwrap();
    let digits = random[64..78]
        .iter()
        .map(|byte| char::from(b'0' + byte % 10));
    let pin: String = digits.collect();
    std::fs::write(folder.path().join(PIN_FILE), &pin).unwrap();
    let secrets = secrets(&random, &pin);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_day_is_lived_and_the_phone_is_locked",
            "--nocapture",
        ])
        .env(CHILD, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut left = Vec::new();
    for round in 0..2 {
        wait_for(OPEN, &mut out);
        // Or this would see nothing anywhere.
        let open = found_in(child.id(), &secrets);
        for known in [secrets[0].0, secrets[3].0] {
            assert!(open.iter().any(|text| text.contains(known)), "{known}");
        }
        go_on(&mut child);
        wait_for(LOCKED, &mut out);
        let locked = found_in(child.id(), &secrets);
        left.extend(
            locked
                .into_iter()
                .map(|text| format!("round {round}: {text}")),
        );
        go_on(&mut child);
    }
    assert!(child.wait().unwrap().success());
    assert!(left.is_empty(), "{left:#?}");
}
