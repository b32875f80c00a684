//! Signing a stamp of presence: what is signed, byte by byte.
//!
//! All integers are big-endian; a word has its length (u8) in front, and no
//! word is a word of length 0.
//!
//! ```text
//! visit (16) | entry (16) | patient (16) | person (16)
//! | chain (16) | number u64 | SHA-256 of the chain's statement before (32)
//! | wall_ms i64 | monotonic_ms i64 | boot_id u64
//! | 0, or 1 | server_ms i64 | monotonic_ms i64 | boot_id u64      the stamp's anchor
//! | check_in or check_out (word)
//!   | 0, or 1 | latitude i32 | longitude i32, both 1e-7 degrees | accuracy u32, cm
//!   | why there is no place (word)
//!   | 0, or 1 | distance u32, m
//!   | radius u32, m
//!   | number of causes u8 | causes (words)
//! or
//! | reason (word)
//!   | target (16) | reason (word) | length of the comment u32 | comment
//! ```
//!
//! The device signs `homeround/stamp/1`, a zero byte, then these bytes. The
//! next stamp of the chain names their SHA-256, without what stands in front.

use super::crypt::sha256;
use super::{Domain, Session, verify_signed};
use crate::model::{
    EntryId, PatientId, PresenceEntry, PresenceWhat, Refused, Sighting, Stamp, VisitId,
};

/// What a stamp of presence belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StampPlace {
    /// The visit.
    pub visit: VisitId,
    /// Its patient.
    pub patient: PatientId,
    /// The entry's id in the visit's document.
    pub entry: EntryId,
}

/// The bytes of an entry's statement; its key and signature are not looked at.
///
/// # Errors
/// [`Refused`] names the field of an entry that can't be stated: a chain or a
/// hash that is not hexadecimal, a kind that this version does not know.
pub fn stamp_statement(place: &StampPlace, entry: &PresenceEntry) -> Result<Vec<u8>, Refused> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(place.visit.bytes());
    out.extend_from_slice(place.entry.bytes());
    out.extend_from_slice(place.patient.bytes());
    out.extend_from_slice(entry.by.bytes());
    let chain = unhex::<16>(&entry.chain);
    out.extend(chain.ok_or(Refused::new("chain", "32 hexadecimal digits"))?);
    out.extend(entry.number.to_be_bytes());
    let previous = unhex::<32>(&entry.previous);
    out.extend(previous.ok_or(Refused::new("previous", "64 hexadecimal digits"))?);
    put_stamp(&mut out, &entry.stamp);
    match &entry.what {
        PresenceWhat::CheckIn(seen) => {
            put_word(&mut out, "check_in");
            put_sighting(&mut out, seen);
        }
        PresenceWhat::CheckOut(seen) => {
            put_word(&mut out, "check_out");
            put_sighting(&mut out, seen);
        }
        PresenceWhat::Reason {
            target,
            reason,
            comment,
        } => {
            put_word(&mut out, "reason");
            out.extend_from_slice(target.bytes());
            put_word(&mut out, reason.name());
            let comment = comment.as_deref().unwrap_or_default().as_bytes();
            let length = u32::try_from(comment.len());
            let length = length.map_err(|_| Refused::new("comment", "4 GiB"))?;
            out.extend(length.to_be_bytes());
            out.extend_from_slice(comment);
        }
        PresenceWhat::Unknown => {
            return Err(Refused::new("what", "check_in, check_out, reason"));
        }
    }
    Ok(out)
}

/// What the next stamp of the chain calls this one: 64 hexadecimal digits.
#[must_use]
pub fn stamp_hash(statement: &[u8]) -> String {
    hex(&sha256(statement))
}

/// Signs an entry with the device's key, and answers what the next stamp of the
/// chain calls it.
///
/// # Errors
/// As [`stamp_statement`].
pub fn sign_stamp(
    session: &Session,
    place: &StampPlace,
    entry: &mut PresenceEntry,
) -> Result<String, Refused> {
    let statement = stamp_statement(place, entry)?;
    entry.device_key = hex(&session.public_key());
    entry.signature = hex(&session.sign(Domain::Stamp, &statement));
    Ok(stamp_hash(&statement))
}

/// Whether the entry is what its device signed.
#[must_use]
pub fn stamp_holds(place: &StampPlace, entry: &PresenceEntry) -> bool {
    let parts = (
        unhex::<32>(&entry.device_key),
        unhex::<64>(&entry.signature),
        stamp_statement(place, entry),
    );
    match parts {
        (Some(key), Some(signature), Ok(statement)) => {
            verify_signed(&key, Domain::Stamp, &statement, &signature)
        }
        _ => false,
    }
}

fn put_stamp(out: &mut Vec<u8>, stamp: &Stamp) {
    out.extend(stamp.clock.wall_ms.0.to_be_bytes());
    out.extend(stamp.clock.monotonic_ms.to_be_bytes());
    out.extend(stamp.clock.boot_id.to_be_bytes());
    out.push(u8::from(stamp.anchor.is_some()));
    if let Some(anchor) = stamp.anchor {
        out.extend(anchor.server_ms.0.to_be_bytes());
        out.extend(anchor.monotonic_ms.to_be_bytes());
        out.extend(anchor.boot_id.to_be_bytes());
    }
}

fn put_sighting(out: &mut Vec<u8>, seen: &Sighting) {
    out.push(u8::from(seen.fix.is_some()));
    if let Some(fix) = seen.fix {
        out.extend(whole_i32(fix.latitude_deg * 1e7).to_be_bytes());
        out.extend(whole_i32(fix.longitude_deg * 1e7).to_be_bytes());
        out.extend(whole_u32(fix.accuracy_m * 100.0).to_be_bytes());
    }
    put_word(out, seen.no_fix.map_or("", |why| why.name()));
    out.push(u8::from(seen.distance_m.is_some()));
    if let Some(distance_m) = seen.distance_m {
        out.extend(distance_m.to_be_bytes());
    }
    out.extend(seen.radius_m.to_be_bytes());
    out.push(u8::try_from(seen.causes.len()).unwrap_or(u8::MAX));
    seen.causes
        .iter()
        .for_each(|cause| put_word(out, cause.name()));
}

/// Every word is one of this crate's names.
fn put_word(out: &mut Vec<u8>, word: &str) {
    out.push(u8::try_from(word.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(word.as_bytes());
}

#[expect(clippy::cast_possible_truncation, reason = "180 degrees fit")]
fn whole_i32(value: f64) -> i32 {
    value.round() as i32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "100 km in centimetres fit"
)]
fn whole_u32(value: f64) -> u32 {
    value.round() as u32
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        *byte = 16 * digit(pair[0])? + digit(pair[1])?;
    }
    Some(bytes)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
