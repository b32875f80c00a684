//! The outside of a change: read, bounded and counted before automerge sees it.
//!
//! Format: <https://automerge.org/automerge-binary-format-spec/>. A change is
//! magic bytes, the first four bytes of its hash, its type, its length and its
//! body: dependencies, author, numbers, then columns of operations.

use std::io::Read;

use flate2::bufread::DeflateDecoder;
use sha2::{Digest, Sha256};

use super::columns;
use crate::merge::{CHANGE_ACTORS_MAX, CHANGE_BYTES_MAX, CHANGE_DEPS_MAX, TIME_MS_MAX, VetError};
use crate::model::{ActorId, ChangeHash};

pub(super) const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const TYPE_CHANGE: u8 = 1;
const TYPE_DEFLATED: u8 = 2;
/// Columns that a change may have: twice those that automerge 0.12 writes.
const COLUMNS_MAX: u64 = 32;

/// What a change says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) hash: ChangeHash,
    pub(super) actor: ActorId,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    pub(super) time_ms: i64,
    pub(super) deps: Vec<ChangeHash>,
    pub(super) ops: u64,
}

/// A change whose outside is sound, in its one plain form.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) header: Header,
    pub(super) bytes: Vec<u8>,
}

/// Reads a change, plain or deflated.
pub(super) fn read(bytes: &[u8]) -> Result<Chunk, VetError> {
    if bytes.len() > CHANGE_BYTES_MAX {
        return Err(VetError::TooLarge);
    }
    let mut input = Input(bytes);
    if input.array::<4>()? != MAGIC {
        return Err(VetError::Malformed);
    }
    let checksum = input.array::<4>()?;
    let [kind] = input.array::<1>()?;
    let length = input.uleb()?;
    let body = input.take(length)?;
    if !input.0.is_empty() {
        return Err(VetError::Malformed);
    }
    let inflated;
    let body = match kind {
        TYPE_CHANGE => body,
        TYPE_DEFLATED => {
            inflated = inflate(body)?;
            &inflated
        }
        _ => return Err(VetError::Malformed),
    };
    let hash = name(body);
    if hash.0.first_chunk() != Some(&checksum) {
        return Err(VetError::Malformed);
    }
    let header = read_body(body, hash)?;
    Ok(Chunk {
        header,
        bytes: plain(body, checksum),
    })
}

/// Inflates up to the limit and not one buffer further.
fn inflate(body: &[u8]) -> Result<Vec<u8>, VetError> {
    let mut inflated = Vec::new();
    let limit = CHANGE_BYTES_MAX as u64 + 1;
    DeflateDecoder::new(body)
        .take(limit)
        .read_to_end(&mut inflated)
        .map_err(|_| VetError::Malformed)?;
    if inflated.len() > CHANGE_BYTES_MAX {
        return Err(VetError::Inflates);
    }
    Ok(inflated)
}

fn plain(body: &[u8], checksum: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 14);
    bytes.extend(MAGIC);
    bytes.extend(checksum);
    bytes.push(TYPE_CHANGE);
    write_uleb(&mut bytes, body.len() as u64);
    bytes.extend(body);
    bytes
}

/// The hash of a change: over its type, its length and its plain body.
pub(super) fn name(body: &[u8]) -> ChangeHash {
    name_as(TYPE_CHANGE, body)
}

/// The hash of a chunk of some type.
pub(super) fn name_as(kind: u8, body: &[u8]) -> ChangeHash {
    let mut head = vec![kind];
    write_uleb(&mut head, body.len() as u64);
    let digest = Sha256::new().chain_update(&head).chain_update(body);
    ChangeHash(digest.finalize().into())
}

fn write_uleb(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn read_body(body: &[u8], hash: ChangeHash) -> Result<Header, VetError> {
    let mut input = Input(body);
    let count = input.uleb()?;
    if count > CHANGE_DEPS_MAX {
        return Err(VetError::TooManyDeps);
    }
    let mut deps = Vec::new();
    for _ in 0..count {
        deps.push(ChangeHash(input.array()?));
    }
    if !deps.is_sorted_by(|one, next| one < next) {
        return Err(VetError::Malformed);
    }
    let actor = input.actor()?;
    let seq = input.uleb()?;
    let start_op = input.uleb()?;
    let time_ms = input.sleb()?;
    if !(-TIME_MS_MAX..=TIME_MS_MAX).contains(&time_ms) {
        return Err(VetError::Malformed);
    }
    // Nothing of ours writes a message; nothing would judge one.
    if input.uleb()? != 0 {
        return Err(VetError::Malformed);
    }
    let others = input.uleb()?;
    if others > CHANGE_ACTORS_MAX {
        return Err(VetError::TooLarge);
    }
    for _ in 0..others {
        input.actor()?;
    }
    let ops = read_columns(&mut input, others + 1)?;
    // Nor bytes after the columns.
    if !input.0.is_empty() || ops == 0 || seq == 0 || start_op == 0 {
        return Err(VetError::Malformed);
    }
    Ok(Header {
        hash,
        actor,
        seq,
        start_op,
        time_ms,
        deps,
        ops,
    })
}

fn read_columns(input: &mut Input<'_>, actors: u64) -> Result<u64, VetError> {
    let count = input.uleb()?;
    if count > COLUMNS_MAX {
        return Err(VetError::Malformed);
    }
    let mut specs = Vec::new();
    for _ in 0..count {
        specs.push((input.uleb()?, input.uleb()?));
    }
    if !specs.is_sorted_by(|one, next| one.0 < next.0) {
        return Err(VetError::Malformed);
    }
    let mut rows = columns::Rows::default();
    for (spec, length) in specs {
        let data = input.take(length)?;
        rows.count(spec, data, actors)?;
    }
    rows.ops()
}

/// Bytes not read yet. Every read is bounded by what is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn take(&mut self, count: u64) -> Result<&'a [u8], VetError> {
        let count = usize::try_from(count).map_err(|_| VetError::Malformed)?;
        let (taken, rest) = self.0.split_at_checked(count).ok_or(VetError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], VetError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(VetError::Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn actor(&mut self) -> Result<ActorId, VetError> {
        let length = self.uleb()?;
        let bytes = self.take(length)?;
        ActorId::from_bytes(bytes).map_err(|_| VetError::Malformed)
    }

    /// An unsigned LEB128 of at most 64 bits.
    pub(super) fn uleb(&mut self) -> Result<u64, VetError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                return Err(VetError::Malformed);
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(VetError::Malformed)
    }

    /// A signed LEB128 of at most 64 bits.
    pub(super) fn sleb(&mut self) -> Result<i64, VetError> {
        let mut value = 0_i64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let low = i64::from(byte & 0x7f);
            if shift == 63 && low != 0 && low != 0x7f {
                return Err(VetError::Malformed);
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                let used = shift + 7;
                if used < 64 && byte & 0x40 != 0 {
                    value |= -1_i64 << used;
                }
                return Ok(value);
            }
        }
        Err(VetError::Malformed)
    }
}
