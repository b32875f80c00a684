//! Claims about the store, each tested on real encrypted files.

mod exiting;
mod lists;
mod opening;
mod purging;
mod trail;
mod truth;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::model::{
    ChangeHash, DocumentId, Millis, PatientId, PersonId, Record, RecordId, RecordKind, VisitId,
};

pub(super) struct Home {
    pub(super) folder: TempDir,
    pub(super) store: Store,
}

pub(super) fn key(byte: u8) -> DatabaseKey {
    DatabaseKey::from_bytes(&[byte; 32]).unwrap()
}

pub(super) fn config(folder: &TempDir) -> StoreConfig {
    StoreConfig {
        path: folder.path().join("phone.db"),
        key: key(7),
    }
}

pub(super) fn home() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(config(&folder)).unwrap();
    Home { folder, store }
}

impl Home {
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("phone.db")
    }

    pub(super) fn write<T>(&self, work: impl FnOnce(&WriteTx<'_>) -> Result<T, StoreError>) -> T {
        self.store.write(work).unwrap()
    }

    pub(super) fn read(&self) -> Reader<'_> {
        self.store.reader().unwrap()
    }

    pub(super) fn count(&self, table: &str) -> i64 {
        self.read()
            .sql()
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get(0)
            })
            .unwrap()
    }
}

pub(super) fn patient(n: u128) -> PatientId {
    PatientId(Uuid::from_u128(0xA000 + n))
}

pub(super) fn visit(n: u128) -> VisitId {
    VisitId(Uuid::from_u128(0xB000 + n))
}

pub(super) fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(0xC000 + n))
}

pub(super) fn hash(n: u8) -> ChangeHash {
    ChangeHash([n; 32])
}

pub(super) fn pulled(n: u8, bytes: &[u8]) -> NewChange<'_> {
    NewChange {
        hash: hash(n),
        seq: Some(u64::from(n)),
        own: false,
        bytes,
    }
}

pub(super) fn record(kind: RecordKind, id: Uuid, version: u64, body: &Value) -> Record {
    Record {
        kind,
        id: RecordId(id),
        patient: None,
        version,
        body: Some(body.to_string()),
    }
}

pub(super) fn patient_record(n: u128, family: &str, given: &str) -> Record {
    let id = patient(n).0;
    record(
        RecordKind::Patient,
        id,
        1,
        &json!({"id": id, "family": family, "given": [given],
            "address": {"lines": ["12 Elm Street"], "city": "Boston", "latitude_deg": 42.3, "longitude_deg": -71.0}}),
    )
}

pub(super) fn booking(n: u128, of: u128, start_ms: i64, by: u128) -> Record {
    let id = visit(n).0;
    record(
        RecordKind::Booking,
        id,
        1,
        &json!({"visit": id, "patient": patient(of), "assignees": [person(by)], "start_ms": start_ms,
            "end_ms": start_ms + 3_600_000, "service": {"text": "Skilled nursing"},
            "time_zone": "America/New_York"}),
    )
}

pub(super) fn history(n: u128, of: u128, at_ms: i64) -> Record {
    record(
        RecordKind::History,
        Uuid::from_u128(0xD000_0000 + n),
        1,
        &json!({"patient": patient(of), "resource": "Observation", "code": {"text": "Pulse"},
            "at_ms": at_ms, "status": "final", "value": "72"}),
    )
}

pub(super) fn visit_view(of: u128, status: &str, note: &str) -> Value {
    json!({"schema": 1, "patient": patient(of), "status": status, "note": note,
        "tasks": {"t1": {"title": "Dress wound", "status": "open"}}, "steps": {}})
}

/// A visit of patient `of` with one unsent change, a view and its booking.
pub(super) fn edited_visit(tx: &WriteTx<'_>, n: u128, of: u128) -> Result<DocumentId, StoreError> {
    let id = DocumentId::visit(visit(n));
    tx.ensure_document(id, patient(of))?;
    let name = u8::try_from(n).unwrap();
    tx.append_own(
        id,
        hash(name),
        Millis(100 + i64::from(name)),
        1,
        &[name; 40],
    )?;
    tx.put_view(id, &visit_view(of, "in_progress", "Wound clean and dry"))?;
    Ok(id)
}
