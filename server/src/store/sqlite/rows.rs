//! Between SQL's columns and the rows of [`crate::store`].

use homeround::model::{
    ActorId, ChangeHash, DeviceId, DocumentId, EntryId, Grant, GrantSource, Millis, PatientId,
    PersonId, RecordId, RecordKind, Refused, TenantId, VisitId,
};
use rusqlite::{Connection, ErrorCode, Params, Row};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::store::{
    AuditRow, BeaconRow, BookingRow, ChangeRow, DeviceRow, DocumentRow, Event, EventRow, GrantRow,
    NoticeRow, PersonRow, ReceiptRow, RecordRow, RejectedRow, ScopeRow, StorageError, Stored,
    Tenant,
};

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::NotADatabase) => Self::WrongKey,
            Some(ErrorCode::ConstraintViolation) => Self::Exists { what: "the row" },
            // The code alone: SQLite's text may quote what a trigger or a check saw.
            Some(code) => Self::Failed {
                detail: format!("{code:?}"),
            },
            None => Self::Failed {
                detail: "a statement or a column is not as expected".into(),
            },
        }
    }
}

impl From<Refused> for StorageError {
    fn from(refused: Refused) -> Self {
        Self::Damaged {
            table: refused.field,
        }
    }
}

/// The first row, if there is one.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Stored<T>,
) -> Stored<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query_and_then(params, read)?;
    rows.next().transpose()
}

/// Every row.
pub(super) fn many<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> Stored<T>,
) -> Stored<Vec<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    statement.query_and_then(params, read)?.collect()
}

/// Runs one statement.
pub(super) fn run(conn: &Connection, sql: &str, params: impl Params) -> Stored<usize> {
    Ok(conn.prepare_cached(sql)?.execute(params)?)
}

pub(super) fn notice(row: &Row<'_>) -> Stored<NoticeRow> {
    Ok(NoticeRow {
        notice: EntryId(uuid(row, 0)?),
        visit: VisitId(uuid(row, 1)?),
        due: millis(row, 2)?,
        attempts: row.get(3)?,
    })
}

/// SQL's integer; sequence numbers and counts are far below its end.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Back from SQL's integer.
pub(super) fn big(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn bytes(row: &Row<'_>, column: usize) -> Stored<Vec<u8>> {
    Ok(row.get(column)?)
}

fn bytes32(row: &Row<'_>, column: usize) -> Stored<[u8; 32]> {
    Ok(row.get(column)?)
}

fn uuid(row: &Row<'_>, column: usize) -> Stored<Uuid> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(Uuid::from_bytes(bytes))
}

fn maybe_uuid(row: &Row<'_>, column: usize) -> Stored<Option<Uuid>> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.map(Uuid::from_bytes))
}

fn number(row: &Row<'_>, column: usize) -> Stored<u64> {
    Ok(big(row.get(column)?))
}

fn millis(row: &Row<'_>, column: usize) -> Stored<Millis> {
    Ok(Millis(row.get(column)?))
}

fn maybe_millis(row: &Row<'_>, column: usize) -> Stored<Option<Millis>> {
    let ms: Option<i64> = row.get(column)?;
    Ok(ms.map(Millis))
}

/// The name of a grant's source, as stored.
pub(super) const fn source_name(source: GrantSource) -> &'static str {
    match source {
        GrantSource::CareTeam => "care_team",
        GrantSource::Assignment => "assignment",
        GrantSource::BreakGlass => "break_glass",
    }
}

fn source(row: &Row<'_>, column: usize) -> Stored<GrantSource> {
    let name: String = row.get(column)?;
    [
        GrantSource::CareTeam,
        GrantSource::Assignment,
        GrantSource::BreakGlass,
    ]
    .into_iter()
    .find(|source| source_name(*source) == name)
    .ok_or(StorageError::Damaged {
        table: "access_grant",
    })
}

pub(super) const TENANT: &str =
    "tenant, name, epoch, head, signing_seed, escrow_seed, device, person, policy";

pub(super) fn tenant(row: &Row<'_>) -> Stored<Tenant> {
    Ok(Tenant {
        id: TenantId(uuid(row, 0)?),
        name: row.get(1)?,
        epoch: number(row, 2)?,
        head: number(row, 3)?,
        signing_seed: Zeroizing::new(bytes32(row, 4)?),
        escrow_seed: Zeroizing::new(bytes32(row, 5)?),
        device: DeviceId(uuid(row, 6)?),
        person: PersonId(uuid(row, 7)?),
        policy: row.get(8)?,
    })
}

pub(super) fn person(row: &Row<'_>) -> Stored<PersonRow> {
    let role: Option<String> = row.get(2)?;
    Ok(PersonRow {
        id: PersonId(uuid(row, 0)?),
        login: row.get(1)?,
        role: role.map(|role| role.parse()).transpose()?,
        name: row.get(3)?,
    })
}

pub(super) fn device(row: &Row<'_>) -> Stored<DeviceRow> {
    Ok(DeviceRow {
        id: DeviceId(uuid(row, 0)?),
        person: PersonId(uuid(row, 1)?),
        public_key: bytes32(row, 2)?,
        label: row.get(3)?,
        enrolled_at: millis(row, 4)?,
        revoked_at: maybe_millis(row, 5)?,
    })
}

/// A device, then its beacon in the columns from 6 on.
pub(super) fn device_and_beacon(row: &Row<'_>) -> Stored<(DeviceRow, Option<BeaconRow>)> {
    let device = device(row)?;
    let Some(at) = maybe_millis(row, 6)? else {
        return Ok((device, None));
    };
    let oldest: Option<i64> = row.get(7)?;
    let beacon = BeaconRow {
        device: device.id,
        at,
        oldest_unsent_ms: oldest.map(big),
        pending: number(row, 8)?,
        quarantined: number(row, 9)?,
        version: row.get(10)?,
        last_error: row.get(11)?,
    };
    Ok((device, Some(beacon)))
}

pub(super) fn grant(row: &Row<'_>) -> Stored<GrantRow> {
    Ok(GrantRow {
        id: uuid(row, 0)?,
        grant: Grant {
            person: PersonId(uuid(row, 1)?),
            patient: PatientId(uuid(row, 2)?),
            source: source(row, 3)?,
            from_ms: millis(row, 4)?,
            until_ms: maybe_millis(row, 5)?,
        },
        visit: maybe_uuid(row, 6)?,
        ended_at: maybe_millis(row, 7)?,
        started: row.get(8)?,
        reason: row.get(9)?,
    })
}

pub(super) fn scope(row: &Row<'_>) -> Stored<ScopeRow> {
    Ok(ScopeRow {
        person: PersonId(uuid(row, 0)?),
        patient: PatientId(uuid(row, 1)?),
        since: number(row, 2)?,
        source: source(row, 3)?,
        until: maybe_millis(row, 4)?,
    })
}

pub(super) fn document_id(row: &Row<'_>, column: usize) -> Stored<DocumentId> {
    Ok(DocumentId::from_key(&bytes(row, column)?)?)
}

pub(super) fn document(row: &Row<'_>) -> Stored<DocumentRow> {
    let heads = bytes(row, 2)?;
    Ok(DocumentRow {
        id: document_id(row, 0)?,
        patient: PatientId(uuid(row, 1)?),
        heads: heads
            .chunks(32)
            .map(ChangeHash::from_bytes)
            .collect::<Result<_, _>>()?,
        sealed: row.get(3)?,
        snapshot: bytes(row, 4)?,
        snapshot_seq: number(row, 5)?,
    })
}

pub(super) const CHANGE: &str =
    "seq, document, patient, hash, actor, actor_seq, device, person, after_seal, bytes";

pub(super) fn change(row: &Row<'_>) -> Stored<ChangeRow> {
    Ok(ChangeRow {
        seq: number(row, 0)?,
        document: document_id(row, 1)?,
        patient: PatientId(uuid(row, 2)?),
        hash: ChangeHash(bytes32(row, 3)?),
        actor: ActorId::from_bytes(&bytes(row, 4)?)?,
        actor_seq: number(row, 5)?,
        device: DeviceId(uuid(row, 6)?),
        person: PersonId(uuid(row, 7)?),
        after_seal: row.get(8)?,
        bytes: bytes(row, 9)?,
    })
}

pub(super) fn record(row: &Row<'_>) -> Stored<RecordRow> {
    Ok(RecordRow {
        kind: RecordKind::from_code(row.get(0)?)?,
        id: RecordId(uuid(row, 1)?),
        patient: maybe_uuid(row, 2)?.map(PatientId),
        version: number(row, 3)?,
        body: row.get(4)?,
    })
}

pub(super) fn booking(row: &Row<'_>) -> Stored<BookingRow> {
    Ok(BookingRow {
        id: RecordId(uuid(row, 0)?),
        patient: PatientId(uuid(row, 1)?),
        start: row.get(2)?,
        version: number(row, 3)?,
        ended: row.get(4)?,
    })
}

/// How an event lies in its columns: kind, patient, person, device, record
/// kind, record, reason.
pub(super) struct EventColumns<'e> {
    pub(super) kind: u8,
    pub(super) patient: Option<PatientId>,
    pub(super) person: Option<PersonId>,
    pub(super) device: Option<DeviceId>,
    pub(super) record: Option<(RecordKind, RecordId)>,
    pub(super) reason: Option<&'e str>,
}

const CHANGE_EVENT: u8 = 1;
const RECORD_EVENT: u8 = 2;
const PATIENT_EVENT: u8 = 3;
const ENTER_EVENT: u8 = 4;
const LEAVE_EVENT: u8 = 5;
const POLICY_EVENT: u8 = 6;

pub(super) fn event_columns(event: &Event) -> EventColumns<'_> {
    let mut columns = EventColumns {
        kind: POLICY_EVENT,
        patient: None,
        person: None,
        device: None,
        record: None,
        reason: None,
    };
    match event {
        Event::Change { patient, device } => {
            columns.kind = CHANGE_EVENT;
            columns.patient = Some(*patient);
            columns.device = Some(*device);
        }
        Event::Record { kind, id, patient } => {
            columns.kind = RECORD_EVENT;
            columns.patient = *patient;
            columns.record = Some((*kind, *id));
        }
        Event::Patient { patient } => {
            columns.kind = PATIENT_EVENT;
            columns.patient = Some(*patient);
        }
        Event::Enter { person, patient } => {
            columns.kind = ENTER_EVENT;
            columns.person = Some(*person);
            columns.patient = Some(*patient);
        }
        Event::Leave {
            person,
            patient,
            reason,
        } => {
            columns.kind = LEAVE_EVENT;
            columns.person = Some(*person);
            columns.patient = Some(*patient);
            columns.reason = Some(reason);
        }
        Event::Policy => {}
    }
    columns
}

pub(super) fn event(row: &Row<'_>) -> Stored<EventRow> {
    let damaged = || StorageError::Damaged { table: "event" };
    let patient = maybe_uuid(row, 2)?.map(PatientId);
    let person = maybe_uuid(row, 3)?.map(PersonId);
    let event = match row.get::<_, u8>(1)? {
        CHANGE_EVENT => Event::Change {
            patient: patient.ok_or_else(damaged)?,
            device: maybe_uuid(row, 4)?.map(DeviceId).ok_or_else(damaged)?,
        },
        RECORD_EVENT => Event::Record {
            kind: RecordKind::from_code(row.get(5)?)?,
            id: RecordId(uuid(row, 6)?),
            patient,
        },
        PATIENT_EVENT => Event::Patient {
            patient: patient.ok_or_else(damaged)?,
        },
        ENTER_EVENT => Event::Enter {
            person: person.ok_or_else(damaged)?,
            patient: patient.ok_or_else(damaged)?,
        },
        LEAVE_EVENT => Event::Leave {
            person: person.ok_or_else(damaged)?,
            patient: patient.ok_or_else(damaged)?,
            reason: row.get(7)?,
        },
        POLICY_EVENT => Event::Policy,
        _ => return Err(damaged()),
    };
    Ok(EventRow {
        seq: number(row, 0)?,
        event,
    })
}

pub(super) fn rejected(row: &Row<'_>) -> Stored<RejectedRow> {
    let paths: String = row.get(7)?;
    Ok(RejectedRow {
        hash: ChangeHash(bytes32(row, 0)?),
        document: document_id(row, 1)?,
        device: DeviceId(uuid(row, 2)?),
        person: PersonId(uuid(row, 3)?),
        at: millis(row, 4)?,
        code: row.get(5)?,
        field: row.get(6)?,
        paths: serde_json::from_str(&paths)
            .map_err(|_| StorageError::Damaged { table: "rejected" })?,
        bytes: bytes(row, 8)?,
    })
}

pub(super) fn receipt(row: &Row<'_>) -> Stored<ReceiptRow> {
    Ok(ReceiptRow {
        id: uuid(row, 0)?,
        device: DeviceId(uuid(row, 1)?),
        patient: PatientId(uuid(row, 2)?),
        reason: row.get(3)?,
        documents: number(row, 4)?,
        records: number(row, 5)?,
        at: millis(row, 6)?,
        received_at: millis(row, 7)?,
    })
}

pub(super) const AUDIT: &str = "line, at, person, device, action, patient, detail, previous, hash";

pub(super) fn audit(row: &Row<'_>) -> Stored<AuditRow> {
    Ok(AuditRow {
        index: number(row, 0)?,
        at: millis(row, 1)?,
        person: maybe_uuid(row, 2)?.map(PersonId),
        device: maybe_uuid(row, 3)?.map(DeviceId),
        action: row.get(4)?,
        patient: maybe_uuid(row, 5)?.map(PatientId),
        detail: row.get(6)?,
        previous: bytes32(row, 7)?,
        hash: bytes32(row, 8)?,
    })
}
