//! A document in one piece from outside: bounded before automerge sees it, and
//! proven after.
//!
//! automerge decodes whatever a column claims: 500 bytes that say 2^30 rows take
//! gigabytes. Every column is walked run by run first, as those of a change are.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{Automerge, Change, ReadDoc};

use super::can_be_edited;
use super::chunk::{Input, MAGIC, name_as};
use super::columns::{self, Item};
use crate::merge::document::{self, Document};
use crate::merge::project::{self, Projection};
use crate::merge::{
    DOCUMENT_ACTORS_MAX, DOCUMENT_BYTES_MAX, DOCUMENT_CHANGES_MAX, DOCUMENT_OPS_MAX, VetError,
};
use crate::model::{ActorId, DocumentId};

const TYPE_DOCUMENT: u8 = 0;
/// Columns that one table may have: twice those that automerge 0.12 writes.
const COLUMNS_MAX: u64 = 32;
/// Bit of a column's number that says its bytes are deflated. What travels is
/// not: one stream around many documents is smaller.
const DEFLATED: u64 = 8;

impl Document {
    /// A document in one piece, as another device or the backend saved it.
    ///
    /// # Errors
    /// [`VetError::TooLarge`] and [`VetError::TooManyOps`] for more than a
    /// document may hold, [`VetError::Malformed`] for what is none,
    /// [`VetError::Unstable`] for one that does not save, load and take an edit.
    pub fn arrived(id: DocumentId, bytes: &[u8]) -> Result<Self, VetError> {
        bounded(bytes)?;
        let proven = catch_unwind(AssertUnwindSafe(|| prove(id, bytes)));
        let (doc, projection) = proven.map_err(|_| VetError::Malformed)??;
        Ok(Self::with(id, doc, projection))
    }
}

fn prove(id: DocumentId, bytes: &[u8]) -> Result<(Automerge, Projection), VetError> {
    let doc = document::open(bytes).map_err(|_| VetError::Malformed)?;
    if doc.get_heads().is_empty() || !doc.get_missing_deps(&[]).is_empty() {
        return Err(VetError::Malformed);
    }
    let projection = project::project(&doc, id.kind, None);
    let saved = doc.save_nocompress();
    // Saved as it came, it loads as it did. Another version's form is loaded
    // once more to see.
    let stable = saved == bytes || {
        let again = document::open(&saved).map_err(|_| VetError::Unstable)?;
        again.get_heads() == doc.get_heads()
            && again.get_changes_meta(&[]).len() == doc.get_changes_meta(&[]).len()
            && project::project(&again, id.kind, None) == projection
    };
    if stable && gives_its_changes(&doc) && can_be_edited(&doc, id.kind) {
        Ok((doc, projection))
    } else {
        Err(VetError::Unstable)
    }
}

/// Whether its changes can be written down one by one, under the names that the
/// document knows them by: a document may load whose changes hash otherwise.
fn gives_its_changes(doc: &Automerge) -> bool {
    let changes = doc.get_changes(&[]);
    let known = |change: &Change| doc.get_change_meta_by_hash(&change.hash()).is_some();
    let heads = doc.get_heads();
    let named: HashSet<_> = changes.iter().map(Change::hash).collect();
    changes.iter().all(known) && heads.iter().all(|head| named.contains(head))
}

/// Reads the outside and counts the rows of every column.
fn bounded(bytes: &[u8]) -> Result<(), VetError> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(VetError::TooLarge);
    }
    let mut input = Input(bytes);
    if input.array::<4>()? != MAGIC {
        return Err(VetError::Malformed);
    }
    let checksum = input.array::<4>()?;
    if input.array::<1>()? != [TYPE_DOCUMENT] {
        return Err(VetError::Malformed);
    }
    let length = input.uleb()?;
    let body = input.take(length)?;
    let sound =
        input.0.is_empty() && name_as(TYPE_DOCUMENT, body).0.first_chunk() == Some(&checksum);
    if !sound {
        return Err(VetError::Malformed);
    }
    read_body(body)
}

fn read_body(body: &[u8]) -> Result<(), VetError> {
    let mut input = Input(body);
    let actors = input.uleb()?;
    if actors > DOCUMENT_ACTORS_MAX {
        return Err(VetError::TooLarge);
    }
    for _ in 0..actors {
        let length = input.uleb()?;
        let actor = input.take(length)?;
        ActorId::from_bytes(actor).map_err(|_| VetError::Malformed)?;
    }
    let heads = input.uleb()?;
    input.take(heads.checked_mul(32).ok_or(VetError::Malformed)?)?;
    let changes = specs(&mut input)?;
    let ops = specs(&mut input)?;
    count(&mut input, &changes, DOCUMENT_CHANGES_MAX, actors)?;
    count(&mut input, &ops, DOCUMENT_OPS_MAX, actors)
}

fn specs(input: &mut Input<'_>) -> Result<Vec<(u64, u64)>, VetError> {
    let count = input.uleb()?;
    if count > COLUMNS_MAX {
        return Err(VetError::Malformed);
    }
    let mut specs = Vec::new();
    for _ in 0..count {
        specs.push((input.uleb()?, input.uleb()?));
    }
    let plain = specs.iter().all(|(spec, _)| spec & DEFLATED == 0);
    if plain && specs.is_sorted_by(|one, next| one.0 < next.0) {
        Ok(specs)
    } else {
        Err(VetError::Malformed)
    }
}

/// Walks the columns of a table. No column may have more rows than `most`, but
/// for those of a group, which may have twice as many.
fn count(
    input: &mut Input<'_>,
    specs: &[(u64, u64)],
    most: u64,
    actors: u64,
) -> Result<(), VetError> {
    for (spec, length) in specs {
        let data = input.take(*length)?;
        let any = Item::Below(u64::MAX);
        let none = |_| 0;
        let (rows, sum) = match spec & 7 {
            0 => columns::runs(data, any, |count| count)?,
            1 => columns::runs(data, Item::Below(actors), none)?,
            2 => columns::runs(data, any, none)?,
            3 => columns::runs(data, Item::Signed, none)?,
            4 => (columns::flags(data)?, 0),
            5 => columns::runs(data, Item::Text, none)?,
            6 => (columns::runs(data, any, none)?.0, 0),
            _ => (0, 0),
        };
        if rows > most.saturating_mul(2) || sum > most.saturating_mul(2) {
            return Err(VetError::TooManyOps);
        }
    }
    Ok(())
}
