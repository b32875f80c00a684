//! One stamp: its fields, the statement that its device signed, and whether its
//! judgement follows from its figures.

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::json::Json;

/// In front of every signed statement.
const DOMAIN: &[u8] = b"homeround/stamp/1\0";

/// A stamp as the file has it.
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    pub(super) visit: String,
    pub(super) entry: String,
    pub(super) by: String,
    pub(super) chain: String,
    pub(super) number: u64,
    pub(super) previous: String,
    pub(super) device_key: String,
    /// `check_in`, `check_out`, `reason`.
    pub(super) what: String,
    /// Of a reason.
    pub(super) target: Option<String>,
    /// Of a reason: its code and its comment, as the file has them.
    pub(super) said: (Option<String>, Option<String>),
    /// Of a check-in and a check-out.
    pub(super) causes: Vec<String>,
    /// Made as one of a virtual visit.
    pub(super) is_virtual: bool,
    /// By the backend's clock, else by the wall clock.
    pub(super) at_ms: i64,
    /// SHA-256 of the statement.
    pub(super) hash: String,
    /// Whether the device's signature fits.
    pub(super) signed: bool,
    /// What of the judgement does not follow from the figures.
    pub(super) misjudged: Vec<&'static str>,
}

/// Reads a stamp, or names the field that is not what it must be.
pub(super) fn read(value: &Json) -> Result<Stamp, &'static str> {
    let mut statement = Vec::with_capacity(256);
    for name in ["visit", "entry", "patient", "by"] {
        statement.extend(uuid(text(value, name)?).ok_or(name)?);
    }
    statement.extend(unhex::<16>(text(value, "chain")?).ok_or("chain")?);
    let number: u64 = whole(value, "number")?;
    statement.extend(number.to_be_bytes());
    statement.extend(unhex::<32>(text(value, "previous")?).ok_or("previous")?);
    let clock = clock(value, &mut statement)?;
    let what = text(value, "what")?;
    word(&mut statement, what)?;
    let mut target = None;
    let mut causes = Vec::new();
    let mut misjudged = Vec::new();
    match what {
        "check_in" | "check_out" => {
            causes = sighting(value, &mut statement)?;
            misjudged = misjudgement(value, &causes, clock.anchored);
        }
        "reason" => {
            let of = text(value, "target")?;
            statement.extend(uuid(of).ok_or("target")?);
            target = Some(of.to_owned());
            word(&mut statement, text(value, "reason")?)?;
            let comment = optional(value, "comment")?.unwrap_or_default();
            let length = u32::try_from(comment.len()).map_err(|_| "comment")?;
            statement.extend(length.to_be_bytes());
            statement.extend(comment.as_bytes());
        }
        _ => return Err("what"),
    }
    let device_key = text(value, "device_key")?;
    let signature = text(value, "signature")?;
    Ok(Stamp {
        visit: text(value, "visit")?.into(),
        entry: text(value, "entry")?.into(),
        by: text(value, "by")?.into(),
        chain: text(value, "chain")?.into(),
        number,
        previous: text(value, "previous")?.into(),
        device_key: device_key.into(),
        what: what.into(),
        target,
        said: (
            optional(value, "reason")?.map(str::to_owned),
            optional(value, "comment")?.map(str::to_owned),
        ),
        causes,
        is_virtual: is_virtual(value),
        at_ms: clock.at_ms,
        hash: hex(&Sha256::digest(&statement)),
        signed: fits(device_key, signature, &[DOMAIN, &statement].concat()),
        misjudged,
    })
}

/// Whether a signature over a message is the key's.
pub(super) fn fits(key: &str, signature: &str, message: &[u8]) -> bool {
    let (Some(key), Some(signature)) = (unhex::<32>(key), unhex::<64>(signature)) else {
        return false;
    };
    VerifyingKey::from_bytes(&key).is_ok_and(|key| {
        key.verify_strict(message, &Signature::from_bytes(&signature))
            .is_ok()
    })
}

struct Clock {
    at_ms: i64,
    anchored: bool,
}

fn clock(value: &Json, statement: &mut Vec<u8>) -> Result<Clock, &'static str> {
    let wall_ms: i64 = whole(value, "wall_ms")?;
    let monotonic_ms: i64 = whole(value, "monotonic_ms")?;
    let boot_id = text(value, "boot_id")?;
    let boot: u64 = boot_id.parse().map_err(|_| "boot_id")?;
    statement.extend(wall_ms.to_be_bytes());
    statement.extend(monotonic_ms.to_be_bytes());
    statement.extend(boot.to_be_bytes());
    let anchor = match value.get("anchor") {
        None | Some(Json::Null) => {
            statement.push(0);
            return Ok(Clock {
                at_ms: wall_ms,
                anchored: false,
            });
        }
        Some(anchor) => anchor,
    };
    let server_ms: i64 = whole(anchor, "server_ms")?;
    let then_ms: i64 = whole(anchor, "monotonic_ms")?;
    let then_boot: u64 = text(anchor, "boot_id")?.parse().map_err(|_| "anchor")?;
    statement.push(1);
    statement.extend(server_ms.to_be_bytes());
    statement.extend(then_ms.to_be_bytes());
    statement.extend(then_boot.to_be_bytes());
    let anchored = then_boot == boot && monotonic_ms >= then_ms;
    let elapsed_ms = monotonic_ms.saturating_sub(then_ms);
    Ok(Clock {
        at_ms: if anchored {
            server_ms.saturating_add(elapsed_ms)
        } else {
            wall_ms
        },
        anchored,
    })
}

fn sighting(value: &Json, statement: &mut Vec<u8>) -> Result<Vec<String>, &'static str> {
    match value.get("fix") {
        None | Some(Json::Null) => statement.push(0),
        Some(fix) => {
            statement.push(1);
            statement.extend(whole::<i32>(fix, "latitude_e7")?.to_be_bytes());
            statement.extend(whole::<i32>(fix, "longitude_e7")?.to_be_bytes());
            statement.extend(whole::<u32>(fix, "accuracy_cm")?.to_be_bytes());
        }
    }
    word(statement, optional(value, "no_fix")?.unwrap_or_default())?;
    match value.get("distance_m") {
        None | Some(Json::Null) => statement.push(0),
        Some(_) => {
            statement.push(1);
            statement.extend(whole::<u32>(value, "distance_m")?.to_be_bytes());
        }
    }
    statement.extend(whole::<u32>(value, "radius_m")?.to_be_bytes());
    let causes = value.get("causes").and_then(Json::list).ok_or("causes")?;
    statement.push(u8::try_from(causes.len()).map_err(|_| "causes")?);
    let mut names = Vec::new();
    for cause in causes {
        let name = cause.text().ok_or("causes")?;
        word(statement, name)?;
        names.push(name.to_owned());
    }
    Ok(names)
}

/// Causes that are there and should not be, or the other way round.
fn misjudgement(value: &Json, causes: &[String], anchored: bool) -> Vec<&'static str> {
    let says = |name: &str| causes.iter().any(|cause| cause == name);
    let fix = value.get("fix").filter(|fix| **fix != Json::Null);
    let figure = |of: &Json, name| of.get(name).and_then(Json::whole::<i64>);
    let far = fix.is_some_and(|fix| {
        let away_cm = figure(value, "distance_m").map_or(0, |away| away.saturating_mul(100));
        let radius_cm = figure(value, "radius_m").map_or(0, |radius| radius.saturating_mul(100));
        away_cm > radius_cm.saturating_add(figure(fix, "accuracy_cm").unwrap_or(0))
    });
    let mut wrong = Vec::new();
    if says("out_of_range") != far {
        wrong.push("out_of_range");
    }
    // A stamp of a virtual visit has no place and says so: nothing is amiss with it, and no
    // row is verified by it.
    let placeless = fix.is_none() && !is_virtual(value);
    if says("no_fix") != placeless {
        wrong.push("no_fix");
    }
    if !anchored && !says("clock_doubt") {
        wrong.push("clock_doubt");
    }
    wrong
}

/// Whether a stamp says that it was made as one of a virtual visit.
fn is_virtual(value: &Json) -> bool {
    value.get("no_fix").and_then(Json::text) == Some("virtual")
}

fn text<'v>(value: &'v Json, name: &'static str) -> Result<&'v str, &'static str> {
    value.get(name).and_then(Json::text).ok_or(name)
}

fn optional<'v>(value: &'v Json, name: &'static str) -> Result<Option<&'v str>, &'static str> {
    match value.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(found) => found.text().map(Some).ok_or(name),
    }
}

fn whole<T: TryFrom<i128>>(value: &Json, name: &'static str) -> Result<T, &'static str> {
    value.get(name).and_then(Json::whole).ok_or(name)
}

fn word(statement: &mut Vec<u8>, word: &str) -> Result<(), &'static str> {
    statement.push(u8::try_from(word.len()).map_err(|_| "word")?);
    statement.extend(word.as_bytes());
    Ok(())
}

/// Sixteen bytes of a UUID in its usual lower-case form.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let dashes = [8, 13, 18, 23];
    let placed = |(at, letter): (usize, char)| (letter == '-') == dashes.contains(&at);
    if text.len() != 36 || !text.char_indices().all(placed) {
        return None;
    }
    unhex(&text.replace('-', ""))
}

/// Lower case only: one value has one spelling.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(bytes)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}
