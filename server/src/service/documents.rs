//! Documents as the storage keeps them: a snapshot as a cache, changes as
//! the truth. One document at a time is open.

use homeround::merge::{Document, Op};
use homeround::model::{ActorId, ChangeHash, DocumentId, Millis};

use super::ServiceError;
use crate::store::{ChangeRow, DocumentRow, Reader, StorageError, Tenant, Writer};

/// A snapshot up to this size is renewed at each push; a larger one when
/// [`CHANGES_BESIDE_MAX`] changes lie beside it.
pub(crate) const SNAPSHOT_RENEWED_MAX: usize = 64 * 1024;
/// Most changes that lie beside a snapshot.
pub(crate) const CHANGES_BESIDE_MAX: usize = 32;

/// A document and how it lies in the storage.
pub(crate) struct Loaded {
    pub(crate) row: DocumentRow,
    pub(crate) document: Document,
    /// Changes beside the snapshot.
    pub(crate) beside: usize,
}

/// Opens a document: the snapshot, then what came after it. A snapshot that
/// does not load costs time and nothing else.
pub(crate) async fn load(
    reader: &mut dyn Reader,
    id: DocumentId,
) -> Result<Option<Loaded>, ServiceError> {
    let Some(row) = reader.document(id).await? else {
        return Ok(None);
    };
    let after = reader.changes_of(id, row.snapshot_seq).await?;
    let bytes = after.iter().map(|change| change.bytes.as_slice());
    if let Ok(document) = Document::load(id, Some(&row.snapshot), bytes)
        && document.heads() == row.heads
    {
        let beside = after.len();
        return Ok(Some(Loaded {
            row,
            document,
            beside,
        }));
    }
    tracing::warn!("a document was rebuilt from its changes");
    let all = reader.changes_of(id, 0).await?;
    let bytes = all.iter().map(|change| change.bytes.as_slice());
    let document =
        Document::load(id, None, bytes).map_err(|_| StorageError::Damaged { table: "change" })?;
    // Counted as far behind: the next push renews the snapshot.
    Ok(Some(Loaded {
        row,
        document,
        beside: usize::MAX,
    }))
}

/// A document in one piece, for a fill.
pub(crate) struct Whole {
    pub(crate) bytes: Vec<u8>,
    /// Its latest changes.
    pub(crate) heads: Vec<ChangeHash>,
}

/// The document as one blob that holds everything.
pub(crate) async fn whole(
    reader: &mut dyn Reader,
    id: DocumentId,
) -> Result<Option<Whole>, ServiceError> {
    let Some(row) = reader.document(id).await? else {
        return Ok(None);
    };
    if reader.changes_of(id, row.snapshot_seq).await?.is_empty() {
        return Ok(Some(Whole {
            bytes: row.snapshot,
            heads: row.heads,
        }));
    }
    let loaded = load(reader, id).await?;
    Ok(loaded.map(|loaded| Whole {
        bytes: loaded.document.save(),
        heads: loaded.document.heads(),
    }))
}

/// Stores a change of the backend's own, on top of all that is there.
pub(crate) async fn write_own(
    tx: &mut dyn Writer,
    (owner, actor): (&Tenant, ActorId),
    loaded: Loaded,
    ops: &[Op],
    now: Millis,
) -> Result<(), ServiceError> {
    let Loaded {
        row,
        mut document,
        beside,
    } = loaded;
    let edit = document
        .edit(actor, now, ops)
        .map_err(|_| ServiceError::Damaged)?;
    let seq = tx.next_seq().await?;
    let renewed = renews(row.snapshot.len(), beside.saturating_add(1));
    let (snapshot, snapshot_seq) = match renewed {
        true => (document.save(), seq),
        false => (row.snapshot, row.snapshot_seq),
    };
    tx.put_document(&DocumentRow {
        heads: document.heads(),
        snapshot,
        snapshot_seq,
        ..row
    })
    .await?;
    let change = ChangeRow {
        seq,
        document: row.id,
        patient: row.patient,
        hash: edit.hash,
        actor: edit.actor,
        actor_seq: edit.seq,
        device: owner.device,
        person: owner.person,
        // It stands on everything that is there, a signature among it.
        after_seal: row.sealed,
        bytes: edit.bytes,
    };
    Ok(tx.add_change(&change).await?)
}

/// Whether the snapshot is renewed after this many changes beside it.
pub(crate) const fn renews(snapshot_bytes: usize, beside: usize) -> bool {
    snapshot_bytes <= SNAPSHOT_RENEWED_MAX || beside >= CHANGES_BESIDE_MAX
}
