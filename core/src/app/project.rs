//! Projections: what the store keeps of a document for screens to read.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::AppError;
use crate::merge::{Conflict, Document, Touch};
use crate::model::{DocumentId, DocumentKind, Millis, PersonId};
use crate::store::{OpenConflict, Rows, StoreError, WriteTx};

/// What goes first when changes are pushed: visits, then charts, then plans.
pub(super) const fn priority(id: DocumentId) -> u8 {
    match id.kind {
        DocumentKind::Visit => 0,
        DocumentKind::Chart => 1,
        DocumentKind::Plan => 2,
    }
}

/// Reads a document's view as its typed shape.
pub(super) fn read<T: DeserializeOwned>(rows: &Rows, id: DocumentId) -> Result<T, AppError> {
    let text = match rows.view(id)? {
        Some(text) => text,
        // Arrived and not merged yet: merged here for the eye alone.
        None => super::arrive::peek(rows, id)?.view().to_string(),
    };
    // The shape is ours; a view that does not fit is one of a later version.
    serde_json::from_str(&text).map_err(|_| AppError::UpdateApp { found: 2, known: 1 })
}

/// Writes the sections that an edit touched.
pub(super) fn write_touched(
    tx: &WriteTx<'_>,
    document: &Document,
    touched: &[Touch],
) -> Result<(), StoreError> {
    let mut fields: Vec<&str> = touched
        .iter()
        .filter_map(|touch| touch.path.segments().next())
        .collect();
    fields.sort_unstable();
    fields.dedup();
    tx.put_view_fields(document.id(), document.view(), &fields)
}

/// Writes everything that is read of a document.
pub(super) fn write_all(
    tx: &WriteTx<'_>,
    document: &Document,
    now: Millis,
    by: Option<PersonId>,
) -> Result<(), StoreError> {
    tx.put_view(document.id(), document.view())?;
    write_conflicts(tx, document, now, by)
}

/// Writes the open conflicts; those that are gone were settled by `by`.
pub(super) fn write_conflicts(
    tx: &WriteTx<'_>,
    document: &Document,
    now: Millis,
    by: Option<PersonId>,
) -> Result<(), StoreError> {
    let open: Vec<OpenConflict> = document.conflicts().iter().map(row).collect();
    tx.put_conflicts(document.id(), &open, now, by)
}

fn row(conflict: &Conflict) -> OpenConflict {
    let values: Vec<Value> = conflict
        .values
        .iter()
        .map(|value| {
            json!({
                "value": value.value,
                "device_tag": hex(&value.actor.device_tag().0),
                "at_ms": value.at.0,
                "change": value.hash.to_string(),
            })
        })
        .collect();
    OpenConflict {
        path: conflict.path.clone(),
        body: json!({
            "rule": conflict.rule.name(),
            "winner": conflict.winner,
            "values": values,
        }),
        opened: conflict
            .values
            .iter()
            .map(|value| value.at)
            .max()
            .unwrap_or_default(),
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
