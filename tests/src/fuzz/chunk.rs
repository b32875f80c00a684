//! automerge's chunks taken apart and put together again, so that a mutant's
//! lengths and checksums fit and what is wrong with it lies deeper.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest as _, Sha256};

use super::dice::{Dice, havoc, leb, take_leb};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const DOCUMENT: u8 = 0;
const CHANGE: u8 = 1;
const DEFLATED: u8 = 2;
/// Bit of a column's number that says its bytes are deflated.
const COLUMN_DEFLATED: u64 = 8;

/// The type and body of a chunk.
pub(crate) fn open(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes.strip_prefix(&MAGIC)?.get(4..)?;
    let (kind, after) = rest.split_first()?;
    rest = after;
    let length = usize::try_from(take_leb(&mut rest)?).ok()?;
    Some((*kind, rest.get(..length)?))
}

/// A chunk with the checksum that it must have.
pub(crate) fn close(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut head = vec![if kind == DEFLATED { CHANGE } else { kind }];
    leb(&mut head, body.len() as u64);
    let hash = Sha256::new()
        .chain_update(&head)
        .chain_update(body)
        .finalize();
    let deflated;
    let sent = if kind == DEFLATED {
        deflated = deflate(body);
        &deflated
    } else {
        body
    };
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&hash[..4]);
    out.push(kind);
    leb(&mut out, sent.len() as u64);
    out.extend_from_slice(sent);
    out
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(bytes);
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}

/// A body as a head, columns and a tail.
#[derive(Debug, Default)]
struct Body {
    head: Vec<u8>,
    /// Tables of columns: number and bytes of each. A change has one, a document two.
    tables: Vec<Vec<(u64, Vec<u8>)>>,
    tail: Vec<u8>,
}

/// Takes a change's or a document's body apart.
fn apart(kind: u8, body: &[u8]) -> Option<Body> {
    let mut rest = body;
    let head_end = if kind == DOCUMENT {
        let actors = take_leb(&mut rest)?;
        skip_named(&mut rest, actors)?;
        let heads = usize::try_from(take_leb(&mut rest)?).ok()?;
        rest = rest.get(heads.checked_mul(32)?..)?;
        body.len() - rest.len()
    } else {
        let deps = usize::try_from(take_leb(&mut rest)?).ok()?;
        rest = rest.get(deps.checked_mul(32)?..)?;
        skip_named(&mut rest, 1)?;
        for _ in 0..3 {
            take_leb(&mut rest)?;
        }
        skip_named(&mut rest, 1)?;
        let others = take_leb(&mut rest)?;
        skip_named(&mut rest, others)?;
        body.len() - rest.len()
    };
    let mut lengths = Vec::new();
    for _ in 0..if kind == DOCUMENT { 2 } else { 1 } {
        let columns = take_leb(&mut rest)?;
        let mut table = Vec::new();
        for _ in 0..columns.min(1024) {
            table.push((take_leb(&mut rest)?, take_leb(&mut rest)?));
        }
        lengths.push(table);
    }
    let mut tables = Vec::new();
    for table in lengths {
        let mut columns = Vec::new();
        for (number, length) in table {
            let (data, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            columns.push((number, data.to_vec()));
            rest = after;
        }
        tables.push(columns);
    }
    Some(Body {
        head: body[..head_end].to_vec(),
        tables,
        tail: rest.to_vec(),
    })
}

fn skip_named(rest: &mut &[u8], count: u64) -> Option<()> {
    for _ in 0..count {
        let length = usize::try_from(take_leb(rest)?).ok()?;
        *rest = rest.get(length..)?;
    }
    Some(())
}

fn together(body: &Body) -> Vec<u8> {
    let mut out = body.head.clone();
    for table in &body.tables {
        leb(&mut out, table.len() as u64);
        for (number, data) in table {
            leb(&mut out, *number);
            leb(&mut out, data.len() as u64);
        }
    }
    for (_, data) in body.tables.iter().flatten() {
        out.extend_from_slice(data);
    }
    out.extend_from_slice(&body.tail);
    out
}

/// A mutant whose lengths and checksum fit.
pub(crate) fn mutate(dice: &mut Dice, chunk: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let (mut kind, body) = open(chunk)?;
    let inflated;
    let body = if kind == DEFLATED {
        kind = CHANGE;
        let decoder = flate2::read::DeflateDecoder::new(body);
        inflated = std::io::read_to_string(decoder).unwrap_or_default();
        inflated.as_bytes()
    } else {
        body
    };
    let mut body = body.to_vec();
    match apart(kind, &body) {
        Some(mut parts) if !dice.once_in(4) => {
            alter(dice, &mut parts, other);
            body = together(&parts);
        }
        _ => havoc(dice, &mut body, open(other).map_or(other, |it| it.1)),
    }
    if kind == CHANGE && dice.once_in(12) {
        kind = DEFLATED;
    }
    if dice.once_in(200) {
        kind = dice.byte();
    }
    Some(close(kind, &body))
}

fn alter(dice: &mut Dice, body: &mut Body, other: &[u8]) {
    for _ in 0..=dice.below(2) {
        let lent = open(other).and_then(|(kind, body)| apart(kind, body));
        let which = dice.below(body.tables.len());
        let Some(table) = body.tables.get_mut(which) else {
            return;
        };
        let at = dice.below(table.len());
        match dice.below(10) {
            0 => havoc(dice, &mut body.head, other),
            1 => havoc(dice, &mut body.tail, other),
            2 if !table.is_empty() => drop(table.remove(at)),
            3 => {
                let lent = lent.and_then(|mut it| it.tables.get_mut(which).map(std::mem::take));
                let lent = lent.unwrap_or_default();
                if let (Some(theirs), Some(ours)) = (dice.pick(&lent), table.get_mut(at)) {
                    ours.1.clone_from(&theirs.1);
                }
            }
            4 => {
                // A run that says it is long, as of a literal or of a value.
                let mut run = Vec::new();
                leb(&mut run, dice.figure(1000) >> dice.below(40));
                run.push(dice.byte());
                if let Some((_, data)) = table.get_mut(at) {
                    let to = dice.below(data.len() + 1);
                    data.splice(to..to, run);
                }
            }
            5 => {
                if let Some(column) = table.get_mut(at) {
                    bomb(dice, column);
                }
            }
            6 => {
                let number = dice.figure(112);
                if let Some(column) = table.get_mut(at) {
                    column.0 = number;
                }
            }
            _ => {
                if let Some((_, data)) = table.get_mut(at) {
                    havoc(dice, data, other);
                }
            }
        }
    }
}

/// A deflated column that inflates to much more than its bytes.
fn bomb(dice: &mut Dice, (number, data): &mut (u64, Vec<u8>)) {
    *number |= COLUMN_DEFLATED;
    let mut plain = std::mem::take(data);
    if dice.once_in(20) {
        let fill = if dice.once_in(2) { 0 } else { dice.byte() };
        plain.resize(plain.len() + (1 << (10 + dice.below(17))), fill);
    }
    *data = deflate(&plain);
}
