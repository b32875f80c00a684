//! Verifying a seal, by itself.
//!
//! Shares no code with the writer, the document engine or the rest of this
//! room: it reads the signature entry and the raw changes, and needs SHA-256,
//! Ed25519 and inflate. Anyone can write it anew from this description:
//!
//! - A change is `85 6f 4a 83 | checksum (4) | type (1) | length (LEB128) | body`.
//!   Type 1 is plain, type 2 holds the body deflated.
//! - Its hash is SHA-256 of `1 | length (LEB128) | body`, with the body
//!   inflated; the checksum is the hash's first four bytes.
//! - The body begins with the number of dependencies (LEB128) and their hashes
//!   (32 bytes each).
//! - A seal covers its heads and all they depend on. All of it must be there,
//!   and no head may lie behind another.
//! - The statement's bytes are described in `seal.rs`, and what a signature by
//!   hand adds to them in `sign_off.rs`, whose coding is used here as well.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use super::sign_off::given;
use crate::model::{ChangeHash, PatientId, SignOffEntry, SignatureEntry, VisitId};

/// The largest change after inflation.
pub const CHANGE_BYTES_MAX: usize = 256 * 1024;
/// The most dependencies of a change, and the most heads of a seal.
const DEPENDENCIES_MAX: u64 = 64;
/// The most changes that are looked at.
const CHANGES_MAX: usize = 1_000_000;

/// The seal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many changes it covers.
    pub covered: usize,
    /// How many changes of those given came without its knowledge.
    pub later: usize,
}

/// Why a seal does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFailure {
    /// A field of the entry is not what it must be.
    #[error("seal: field {0} is malformed")]
    Field(&'static str),
    /// It holds a word of a later version: it may hold, and this one can't tell.
    #[error("seal: of a later version")]
    LaterVersion,
    /// The signature is not the device key's over this statement.
    #[error("seal: the signature does not fit")]
    Signature,
    /// A given change is not a whole change, or its checksum does not fit.
    #[error("seal: change number {index} is malformed")]
    Change {
        /// Its place among those given, from 0.
        index: usize,
    },
    /// A given change is larger than allowed.
    #[error("seal: change number {index} is too large")]
    TooLarge {
        /// Its place among those given, from 0.
        index: usize,
    },
    /// A change that the seal covers was not given: lost, or altered.
    #[error("seal: change {hash} is missing")]
    Missing {
        /// Which.
        hash: ChangeHash,
    },
    /// A head lies behind another, so they were never a document's heads.
    #[error("seal: head {hash} lies behind another")]
    NotAHead {
        /// Which.
        hash: ChangeHash,
    },
}

/// Verifies the seal of a visit over raw changes, in any order. Changes that
/// the seal does not cover are counted and do no harm.
///
/// The caller compares `entry.device_key` with the enrolled device of
/// `entry.by`, and `entry.view_sha256` with the view as of `entry.heads`.
///
/// # Errors
/// The first [`SealFailure`].
pub fn verify_seal(
    visit: VisitId,
    patient: PatientId,
    entry: &SignatureEntry,
    changes: &[&[u8]],
) -> Result<Verified, SealFailure> {
    verify_over(
        "homeround/visit-seal/1\0",
        &[],
        (visit, patient),
        entry,
        changes,
    )
}

/// Verifies somebody's signature by hand as [`verify_seal`] does a seal; who signed
/// and what they gave is part of what the device signed.
///
/// # Errors
/// The first [`SealFailure`]; [`SealFailure::LaterVersion`] for a signer, a relation, a
/// mark or a reason that this version does not know.
pub fn verify_sign_off(
    visit: VisitId,
    patient: PatientId,
    entry: &SignOffEntry,
    changes: &[&[u8]],
) -> Result<Verified, SealFailure> {
    let given = given(&entry.signer, &entry.mark).ok_or(SealFailure::LaterVersion)?;
    let tag = "homeround/sign-off/1\0";
    verify_over(tag, &given, (visit, patient), &entry.taken, changes)
}

fn verify_over(
    tag: &str,
    given: &[u8],
    of: (VisitId, PatientId),
    entry: &SignatureEntry,
    changes: &[&[u8]],
) -> Result<Verified, SealFailure> {
    let heads = heads_of(entry)?;
    verify_signature(tag, given, of, entry, &heads)?;
    let dependencies = read_changes(changes)?;
    let covered = closure(&heads, &dependencies)?;
    Ok(Verified {
        covered: covered.len(),
        later: dependencies.len() - covered.len(),
    })
}

fn heads_of(entry: &SignatureEntry) -> Result<Vec<[u8; 32]>, SealFailure> {
    let malformed = SealFailure::Field("heads");
    let heads: Option<Vec<[u8; 32]>> = entry.heads.iter().map(|head| unhex(head)).collect();
    let heads = heads.ok_or(malformed.clone())?;
    let ascending = heads.windows(2).all(|pair| pair[0] < pair[1]);
    let few = heads.len() <= usize::try_from(DEPENDENCIES_MAX).unwrap_or(usize::MAX);
    if heads.is_empty() || !ascending || !few {
        return Err(malformed);
    }
    Ok(heads)
}

fn verify_signature(
    tag: &str,
    given: &[u8],
    (visit, patient): (VisitId, PatientId),
    entry: &SignatureEntry,
    heads: &[[u8; 32]],
) -> Result<(), SealFailure> {
    let key = unhex::<32>(&entry.device_key).ok_or(SealFailure::Field("device_key"))?;
    let seal = unhex::<64>(&entry.seal).ok_or(SealFailure::Field("seal"))?;
    let view = unhex::<32>(&entry.view_sha256).ok_or(SealFailure::Field("view_sha256"))?;
    let role = entry.role.name();
    let role_length = u16::try_from(role.len()).map_err(|_| SealFailure::Field("role"))?;
    let head_count = u32::try_from(heads.len()).map_err(|_| SealFailure::Field("heads"))?;

    let mut signed: Vec<u8> = tag.as_bytes().to_vec();
    signed.extend(visit.0.as_bytes());
    signed.extend(patient.0.as_bytes());
    signed.extend(entry.by.0.as_bytes());
    signed.extend(role_length.to_be_bytes());
    signed.extend(role.as_bytes());
    signed.extend(entry.stamp.clock.wall_ms.0.to_be_bytes());
    signed.extend(entry.stamp.clock.monotonic_ms.to_be_bytes());
    signed.extend(entry.stamp.clock.boot_id.to_be_bytes());
    signed.push(u8::from(entry.stamp.anchor.is_some()));
    if let Some(anchor) = entry.stamp.anchor {
        signed.extend(anchor.server_ms.0.to_be_bytes());
        signed.extend(anchor.monotonic_ms.to_be_bytes());
        signed.extend(anchor.boot_id.to_be_bytes());
    }
    signed.extend(head_count.to_be_bytes());
    signed.extend(heads.concat());
    signed.extend(view);
    signed.extend_from_slice(given);

    let key = VerifyingKey::from_bytes(&key).map_err(|_| SealFailure::Field("device_key"))?;
    key.verify_strict(&signed, &Signature::from_bytes(&seal))
        .map_err(|_| SealFailure::Signature)
}

type Dependencies = BTreeMap<[u8; 32], Vec<[u8; 32]>>;

fn read_changes(changes: &[&[u8]]) -> Result<Dependencies, SealFailure> {
    if changes.len() > CHANGES_MAX {
        return Err(SealFailure::TooLarge { index: CHANGES_MAX });
    }
    let mut found = Dependencies::new();
    for (index, bytes) in changes.iter().enumerate() {
        let (hash, dependencies) = match read_change(bytes) {
            Ok(read) => read,
            Err(Fault::Malformed) => return Err(SealFailure::Change { index }),
            Err(Fault::TooLarge) => return Err(SealFailure::TooLarge { index }),
        };
        found.insert(hash, dependencies);
    }
    Ok(found)
}

/// All that the heads depend on, themselves included.
fn closure(
    heads: &[[u8; 32]],
    dependencies: &Dependencies,
) -> Result<BTreeSet<[u8; 32]>, SealFailure> {
    let mut covered = BTreeSet::new();
    let mut open: Vec<[u8; 32]> = heads.to_vec();
    while let Some(hash) = open.pop() {
        if !covered.insert(hash) {
            continue;
        }
        let behind = dependencies.get(&hash).ok_or(SealFailure::Missing {
            hash: ChangeHash(hash),
        })?;
        if let Some(head) = behind.iter().find(|hash| heads.contains(hash)) {
            return Err(SealFailure::NotAHead {
                hash: ChangeHash(*head),
            });
        }
        open.extend(behind);
    }
    Ok(covered)
}

enum Fault {
    Malformed,
    TooLarge,
}

/// Hash and dependencies of one change.
fn read_change(bytes: &[u8]) -> Result<([u8; 32], Vec<[u8; 32]>), Fault> {
    if bytes.len() > CHANGE_BYTES_MAX {
        return Err(Fault::TooLarge);
    }
    let mut rest = bytes;
    if take(&mut rest, 4)? != [0x85, 0x6f, 0x4a, 0x83] {
        return Err(Fault::Malformed);
    }
    let checksum = take(&mut rest, 4)?;
    let kind = take(&mut rest, 1)?[0];
    let length = take_leb128(&mut rest)?;
    if usize::try_from(length) != Ok(rest.len()) {
        return Err(Fault::Malformed);
    }
    let inflated;
    let body = match kind {
        1 => rest,
        2 => {
            inflated = inflate(rest)?;
            inflated.as_slice()
        }
        _ => return Err(Fault::Malformed),
    };
    let hash: [u8; 32] = Sha256::new()
        .chain_update([1])
        .chain_update(leb128(body.len()))
        .chain_update(body)
        .finalize()
        .into();
    if hash[..4] != *checksum {
        return Err(Fault::Malformed);
    }
    Ok((hash, read_dependencies(body)?))
}

fn read_dependencies(body: &[u8]) -> Result<Vec<[u8; 32]>, Fault> {
    let mut rest = body;
    let count = take_leb128(&mut rest)?;
    if count > DEPENDENCIES_MAX {
        return Err(Fault::TooLarge);
    }
    (0..count)
        .map(|_| {
            let mut hash = [0; 32];
            hash.copy_from_slice(take(&mut rest, 32)?);
            Ok(hash)
        })
        .collect()
}

/// Inflates, never taking more memory than one byte beyond the limit.
fn inflate(deflated: &[u8]) -> Result<Vec<u8>, Fault> {
    let limit = u64::try_from(CHANGE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut body = Vec::new();
    let mut inflater = flate2::bufread::DeflateDecoder::new(deflated).take(limit + 1);
    inflater
        .read_to_end(&mut body)
        .map_err(|_| Fault::Malformed)?;
    if body.len() > CHANGE_BYTES_MAX {
        return Err(Fault::TooLarge);
    }
    // Nothing may hide behind the end of the deflated stream.
    if inflater.get_ref().get_ref().is_empty() {
        Ok(body)
    } else {
        Err(Fault::Malformed)
    }
}

fn take<'b>(rest: &mut &'b [u8], count: usize) -> Result<&'b [u8], Fault> {
    let (taken, left) = rest.split_at_checked(count).ok_or(Fault::Malformed)?;
    *rest = left;
    Ok(taken)
}

/// An unsigned LEB128 in its shortest form.
fn take_leb128(rest: &mut &[u8]) -> Result<u64, Fault> {
    let mut value: u64 = 0;
    for shift in (0..63).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let shortest = byte != 0 || shift == 0;
            return if shortest {
                Ok(value)
            } else {
                Err(Fault::Malformed)
            };
        }
    }
    Err(Fault::Malformed)
}

fn leb128(length: usize) -> Vec<u8> {
    let mut value = length;
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = 16 * nibble(pair[0])? + nibble(pair[1])?;
    }
    Some(bytes)
}

/// Lower case only: one seal has one spelling.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
