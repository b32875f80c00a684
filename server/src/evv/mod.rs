//! Verifying an export of visit verification, by itself.
//!
//! Shares no code with what writes exports, with the phone or with the rest of
//! the backend: it reads the file and needs SHA-256 and Ed25519. Anyone can write
//! it anew from `docs/evv.md`. What is checked:
//!
//! - **the seal**: the backend's signature over the canonical form of all else, so
//!   nothing of the file was altered, taken out, added or moved;
//! - **each stamp**: its device's signature over its statement; the device is its
//!   author's; what follows from its figures is what it says;
//! - **each chain**: the numbers go up by one and each stamp names the one before,
//!   so that none was taken out, put in or moved, even by who holds the seal's key;
//! - **each row**: its beginning and end are stamps of this visit and this person
//!   at these instants, and its state is the least of them.

mod json;
mod row;
mod stamp;

use std::collections::BTreeMap;

use serde::Serialize;

use json::Json;
use stamp::Stamp;

/// Most bytes of a file.
pub const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Most findings that are told.
const FINDINGS_MAX: usize = 100;
const FORMAT: &str = "homeround-evv/1";
const SEAL_DOMAIN: &[u8] = b"homeround/evv-export/1\0";

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// Where: `seal`, `stamps[3]`, `visits[0]`.
    pub place: String,
    /// What it means, in words.
    pub what: String,
}

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing was found.
    pub intact: bool,
    /// Rows.
    pub visits: usize,
    /// Stamps.
    pub stamps: usize,
    /// Chains that the stamps are on.
    pub chains: usize,
    /// The key that sealed the file; compare it with the backend's.
    pub server_key: String,
    /// What was found, the first hundred.
    pub findings: Vec<Finding>,
    /// What an auditor may want to know and is nobody's alteration.
    pub notes: Vec<Finding>,
}

/// The file is not an export that this version reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Larger than is taken.
    #[error("the file is larger than 256 MiB; export fewer days")]
    TooLarge,
    /// Not JSON as an export has it.
    #[error(
        "byte {at} is not {what}; give the JSON export as it was written, a CSV has no signatures"
    )]
    Json {
        /// Bytes before it.
        at: usize,
        /// What was expected there.
        what: &'static str,
    },
    /// Another format, or a field that is not what it must be.
    #[error("{0} is missing or malformed; give a file of `evv export --format json`")]
    Field(String),
}

/// Verifies a file. With a key, the seal must be that key's; without, the file's own
/// key is taken and told.
///
/// # Errors
/// [`Unreadable`]: nothing can be said of it.
pub fn verify(file: &[u8], server_key: Option<&str>) -> Result<Report, Unreadable> {
    if file.len() > FILE_BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    let text = std::str::from_utf8(file).map_err(|error| Unreadable::Json {
        at: error.valid_up_to(),
        what: "UTF-8",
    })?;
    let root = Json::parse(text).map_err(|fault| Unreadable::Json {
        at: fault.at,
        what: fault.what,
    })?;
    if root.get("format").and_then(Json::text) != Some(FORMAT) {
        return Err(Unreadable::Field("format".into()));
    }
    let mut bench = Bench::default();
    let key = bench.seal(&root, server_key)?;
    let owners = owners(&root)?;
    let stamps = bench.stamps(&root, &owners)?;
    let chains = bench.chains(&stamps);
    let visits = bench.rows(&root, &stamps, &owners)?;
    Ok(Report {
        intact: bench.findings.is_empty(),
        visits,
        stamps: stamps.len(),
        chains,
        server_key: key,
        findings: bench.findings,
        notes: bench.notes,
    })
}

/// Whose device each key is.
type Owners = BTreeMap<String, String>;

fn owners(root: &Json) -> Result<Owners, Unreadable> {
    let mut owners = Owners::new();
    for (at, device) in items(root, "devices")?.iter().enumerate() {
        let field = |name| device.get(name).and_then(Json::text);
        let (Some(key), Some(person)) = (field("device_key"), field("person")) else {
            return Err(Unreadable::Field(format!("devices[{at}]")));
        };
        owners.insert(key.into(), person.into());
    }
    Ok(owners)
}

fn items<'r>(root: &'r Json, name: &str) -> Result<&'r [Json], Unreadable> {
    let list = root.get(name).and_then(Json::list);
    list.ok_or_else(|| Unreadable::Field(name.into()))
}

#[derive(Default)]
struct Bench {
    findings: Vec<Finding>,
    notes: Vec<Finding>,
}

impl Bench {
    fn find(&mut self, code: &'static str, place: impl Into<String>, what: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            let (place, what) = (place.into(), what.into());
            self.findings.push(Finding { code, place, what });
        }
    }

    fn note(&mut self, code: &'static str, place: impl Into<String>, what: impl Into<String>) {
        if self.notes.len() < FINDINGS_MAX {
            let (place, what) = (place.into(), what.into());
            self.notes.push(Finding { code, place, what });
        }
    }

    /// The seal over everything else; answers the key.
    fn seal(&mut self, root: &Json, expected: Option<&str>) -> Result<String, Unreadable> {
        let field = |name: &str| root.get("seal").and_then(|seal| seal.get(name)?.text());
        let (Some(key), Some(signature)) = (field("server_key"), field("signature")) else {
            return Err(Unreadable::Field("seal".into()));
        };
        let mut rest = root.clone();
        if let Json::Map(members) = &mut rest {
            members.remove("seal");
        }
        let message = [SEAL_DOMAIN, rest.canonical().as_bytes()].concat();
        if !stamp::fits(key, signature, &message) {
            self.find(
                "seal_broken",
                "seal",
                "the backend did not seal this file as it is: something was altered, left out or moved",
            );
        }
        if expected.is_none() {
            self.note(
                "seal_key_unchecked",
                "seal",
                "anybody can seal a file by a key of their own: compare server_key with the backend's, or give it",
            );
        }
        if expected.is_some_and(|expected| !expected.eq_ignore_ascii_case(key)) {
            self.find(
                "seal_of_another",
                "seal",
                "another key than the one given sealed this file",
            );
        }
        Ok(key.into())
    }

    fn stamps(&mut self, root: &Json, owners: &Owners) -> Result<Vec<Stamp>, Unreadable> {
        let mut stamps = Vec::new();
        for (at, value) in items(root, "stamps")?.iter().enumerate() {
            let place = format!("stamps[{at}]");
            let stamp = match stamp::read(value) {
                Ok(stamp) => stamp,
                Err(field) => {
                    let what = format!("{field} is missing or not what it must be");
                    self.find("stamp_malformed", &place, what);
                    continue;
                }
            };
            if !stamp.signed {
                self.find(
                    "stamp_altered",
                    &place,
                    format!("stamp {} is not what its device signed", stamp.entry),
                );
            }
            match owners.get(&stamp.device_key) {
                Some(owner) if *owner == stamp.by => {}
                Some(_) => self.find("not_the_owner", &place, "the device is somebody else's"),
                None => self.note(
                    "unknown_device",
                    &place,
                    "the device was never enrolled here",
                ),
            }
            for cause in &stamp.misjudged {
                self.find(
                    "misjudged",
                    &place,
                    format!("{cause} does not follow from the stamp's figures"),
                );
            }
            stamps.push(stamp);
        }
        Ok(stamps)
    }

    /// That each chain goes up by one and each stamp names the one before it;
    /// answers how many chains there are.
    fn chains(&mut self, stamps: &[Stamp]) -> usize {
        let mut last: BTreeMap<(&str, &str), &Stamp> = BTreeMap::new();
        for (at, stamp) in stamps.iter().enumerate() {
            let place = format!("stamps[{at}]");
            let chain = (stamp.device_key.as_str(), stamp.chain.as_str());
            let before = last.insert(chain, stamp);
            let Some(before) = before else {
                self.begins(&place, stamp);
                continue;
            };
            let due = before.number.saturating_add(1);
            if stamp.number > due {
                let lost = format!(
                    "numbers {due} to {} of a chain are missing: taken out, or refused by the backend",
                    stamp.number - 1
                );
                self.find("stamp_missing", &place, lost);
            } else if stamp.number < due {
                let moved = format!(
                    "number {} stands after number {}: moved, or there twice",
                    stamp.number, before.number
                );
                self.find("stamp_moved", &place, moved);
            } else if stamp.previous != before.hash {
                self.find(
                    "chain_broken",
                    &place,
                    "the stamp names another one before it",
                );
            }
        }
        let mut devices: BTreeMap<&str, usize> = BTreeMap::new();
        for (device, _) in last.keys() {
            *devices.entry(device).or_default() += 1;
        }
        for (device, count) in devices.into_iter().filter(|(_, count)| *count > 1) {
            let anew = format!("device {device} began {count} chains, as after its store was lost");
            self.note("chains_of_a_device", "stamps", anew);
        }
        last.len()
    }

    fn begins(&mut self, place: &str, stamp: &Stamp) {
        let zeros = stamp.previous.bytes().all(|digit| digit == b'0');
        if (stamp.number == 1) != zeros {
            self.find(
                "chain_broken",
                place,
                "only the first stamp of a chain has none before it",
            );
        }
    }
}
