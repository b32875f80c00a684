//! Writing inside a transaction.

use async_trait::async_trait;
use homeround::model::{DeviceId, EntryId, Millis, PatientId, PersonId, TenantId};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Writing;
use super::read::Inside as _;
use super::rows::{big, event_columns, int, run, source_name};
use crate::store::{
    AuditRow, BeaconRow, ChangeRow, DeviceRow, DocumentRow, Event, EventRow, GrantRow, NoticeRow,
    PersonRow, ReceiptRow, RecordRow, RejectedRow, ScopeRow, StorageError, Stored, Writer,
};

#[async_trait]
impl Writer for Writing {
    async fn next_seq(&mut self) -> Stored<u64> {
        let (conn, tenant) = self.conn();
        let seq: Option<i64> = conn
            .prepare_cached("UPDATE tenant SET head = head + 1 WHERE tenant = ?1 RETURNING head")?
            .query_row(params![tenant.bytes()], |row| row.get(0))
            .optional()?;
        let seq = seq.map(big).ok_or(StorageError::NoTenant)?;
        self.head = Some(seq);
        Ok(seq)
    }

    async fn set_epoch(&mut self, epoch: u64) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let head: Option<i64> = conn
            .prepare_cached("UPDATE tenant SET epoch = ?2 WHERE tenant = ?1 RETURNING head")?
            .query_row(params![tenant.bytes(), int(epoch)], |row| row.get(0))
            .optional()?;
        let head = head.map(big).ok_or(StorageError::NoTenant)?;
        self.head.get_or_insert(head);
        self.epoch = Some(epoch);
        Ok(())
    }

    async fn set_policy(&mut self, policy: &str) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "UPDATE tenant SET policy = ?2 WHERE tenant = ?1";
        run(conn, sql, params![tenant.bytes(), policy]).map(drop)
    }

    async fn put_person(&mut self, person: &PersonRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT INTO person (tenant, person, login, role, name)
                   VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (tenant, person) DO UPDATE SET
                       login = excluded.login, role = excluded.role, name = excluded.name";
        let role = person.role.map(homeround::model::Role::name);
        let row = params![
            tenant.bytes(),
            person.id.bytes(),
            person.login,
            role,
            person.name
        ];
        run(conn, sql, row)
            .map(drop)
            .map_err(|error| named(error, "the login"))
    }

    async fn add_device(&mut self, device: &DeviceRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT INTO device
                       (tenant, device, tag, person, public_key, label, enrolled, revoked)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let tag = homeround::vault::device_tag(&device.public_key);
        let row = params![
            tenant.bytes(),
            device.id.bytes(),
            tag.0,
            device.person.bytes(),
            device.public_key,
            device.label,
            device.enrolled_at.0,
            device.revoked_at.map(|at| at.0)
        ];
        run(conn, sql, row)
            .map(drop)
            .map_err(|error| named(error, "the device's tag"))
    }

    async fn revoke_device(&mut self, device: DeviceId, at: Millis) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "UPDATE device SET revoked = ?3
                   WHERE tenant = ?1 AND device = ?2 AND revoked IS NULL";
        run(conn, sql, params![tenant.bytes(), device.bytes(), at.0]).map(drop)
    }

    async fn put_beacon(&mut self, beacon: &BeaconRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT OR REPLACE INTO beacon
                       (tenant, device, at, oldest_unsent, pending, quarantined, version, last_error)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let row = params![
            tenant.bytes(),
            beacon.device.bytes(),
            beacon.at.0,
            beacon.oldest_unsent_ms.map(int),
            int(beacon.pending),
            int(beacon.quarantined),
            beacon.version,
            beacon.last_error
        ];
        run(conn, sql, row).map(drop)
    }

    async fn add_patient(&mut self, patient: PatientId, seq: u64) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT INTO patient (tenant, patient, since) VALUES (?1, ?2, ?3)";
        run(
            conn,
            sql,
            params![tenant.bytes(), patient.bytes(), int(seq)],
        )
        .map(drop)
    }

    async fn put_grant(&mut self, row: &GrantRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT OR REPLACE INTO access_grant
                       (tenant, id, person, patient, source, from_ms, until, visit, ended, started, reason)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let grant = &row.grant;
        let values = params![
            tenant.bytes(),
            row.id.as_bytes(),
            grant.person.bytes(),
            grant.patient.bytes(),
            source_name(grant.source),
            grant.from_ms.0,
            grant.until_ms.map(|until| until.0),
            row.visit.as_ref().map(uuid::Uuid::as_bytes),
            row.ended_at.map(|at| at.0),
            row.started,
            row.reason
        ];
        run(conn, sql, values).map(drop)
    }

    async fn put_scope(&mut self, scope: &ScopeRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT OR REPLACE INTO scope (tenant, person, patient, since, source, until)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![
            tenant.bytes(),
            scope.person.bytes(),
            scope.patient.bytes(),
            int(scope.since),
            source_name(scope.source),
            scope.until.map(|until| until.0)
        ];
        run(conn, sql, row).map(drop)
    }

    async fn remove_scope(&mut self, person: PersonId, patient: PatientId) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "DELETE FROM scope WHERE tenant = ?1 AND person = ?2 AND patient = ?3";
        run(
            conn,
            sql,
            params![tenant.bytes(), person.bytes(), patient.bytes()],
        )
        .map(drop)
    }

    async fn put_document(&mut self, document: &DocumentRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT INTO document
                       (tenant, document, patient, kind, heads, sealed, snapshot, snapshot_seq)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                   ON CONFLICT (tenant, document) DO UPDATE SET
                       heads = excluded.heads, sealed = excluded.sealed,
                       snapshot = excluded.snapshot, snapshot_seq = excluded.snapshot_seq";
        let heads: Vec<u8> = document.heads.iter().flat_map(|head| head.0).collect();
        let row = params![
            tenant.bytes(),
            document.id.key(),
            document.patient.bytes(),
            document.id.kind.code(),
            heads,
            document.sealed,
            document.snapshot,
            int(document.snapshot_seq)
        ];
        run(conn, sql, row).map(drop)
    }

    async fn add_change(&mut self, change: &ChangeRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        insert_change(conn, tenant, change)?;
        let event = Event::Change {
            patient: change.patient,
            device: change.device,
        };
        let seq = change.seq;
        self.add_event(&EventRow { seq, event }).await
    }

    async fn put_record(&mut self, record: &RecordRow, sort_ms: Option<i64>) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT INTO record (tenant, kind, id, patient, version, sort_ms, body)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT (tenant, kind, id) DO UPDATE SET
                       patient = excluded.patient, version = excluded.version,
                       sort_ms = coalesce(excluded.sort_ms, sort_ms), body = excluded.body";
        let row = params![
            tenant.bytes(),
            record.kind.code(),
            record.id.bytes(),
            record.patient.as_ref().map(PatientId::bytes),
            int(record.version),
            sort_ms,
            record.body
        ];
        run(conn, sql, row).map(drop)
    }

    async fn put_notice(&mut self, notice: &NoticeRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT OR REPLACE INTO notice (tenant, notice, visit, due, attempts)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![
            tenant.bytes(),
            notice.notice.bytes(),
            notice.visit.bytes(),
            notice.due.0,
            notice.attempts
        ];
        run(conn, sql, row).map(drop)
    }

    async fn remove_notice(&mut self, notice: EntryId) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "DELETE FROM notice WHERE tenant = ?1 AND notice = ?2";
        run(conn, sql, params![tenant.bytes(), notice.bytes()]).map(drop)
    }

    async fn add_event(&mut self, row: &EventRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT INTO event (tenant, seq, kind, patient, person, device,
                                      record_kind, record, reason)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let columns = event_columns(&row.event);
        let values = params![
            tenant.bytes(),
            int(row.seq),
            columns.kind,
            columns.patient.as_ref().map(PatientId::bytes),
            columns.person.as_ref().map(PersonId::bytes),
            columns.device.as_ref().map(DeviceId::bytes),
            columns.record.map(|(kind, _)| kind.code()),
            columns.record.as_ref().map(|(_, id)| id.bytes()),
            columns.reason
        ];
        run(conn, sql, values).map(drop)
    }

    async fn add_rejected(&mut self, rejected: &RejectedRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let paths = serde_json::to_string(&rejected.paths)
            .map_err(|_| StorageError::Damaged { table: "rejected" })?;
        let sql = "INSERT OR IGNORE INTO rejected
                       (tenant, hash, document, device, person, at, code, field, paths, sealed, bytes)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10)";
        let row = params![
            tenant.bytes(),
            rejected.hash.0,
            rejected.document.key(),
            rejected.device.bytes(),
            rejected.person.bytes(),
            rejected.at.0,
            rejected.code,
            rejected.field,
            paths,
            rejected.bytes
        ];
        run(conn, sql, row).map(drop)
    }

    async fn add_receipt(&mut self, receipt: &ReceiptRow) -> Stored<bool> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT OR IGNORE INTO receipt
                       (tenant, id, device, patient, reason, documents, records, at, received)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let row = params![
            tenant.bytes(),
            receipt.id.as_bytes(),
            receipt.device.bytes(),
            receipt.patient.bytes(),
            receipt.reason,
            int(receipt.documents),
            int(receipt.records),
            receipt.at.0,
            receipt.received_at.0
        ];
        Ok(run(conn, sql, row)? > 0)
    }

    async fn add_audit(&mut self, line: &AuditRow) -> Stored<()> {
        let (conn, tenant) = self.conn();
        let sql = "INSERT INTO audit
                       (tenant, line, at, person, device, action, patient, detail, previous, hash)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let row = params![
            tenant.bytes(),
            int(line.index),
            line.at.0,
            line.person.as_ref().map(PersonId::bytes),
            line.device.as_ref().map(DeviceId::bytes),
            line.action,
            line.patient.as_ref().map(PatientId::bytes),
            line.detail,
            line.previous,
            line.hash
        ];
        run(conn, sql, row).map(drop)
    }

    async fn commit(self: Box<Self>) -> Stored<()> {
        self.finish()
    }
}

fn insert_change(conn: &Connection, tenant: TenantId, change: &ChangeRow) -> Stored<()> {
    let sql = "INSERT INTO change (tenant, seq, document, patient, hash, actor, actor_seq,
                                   device, person, after_seal, bytes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let row = params![
        tenant.bytes(),
        int(change.seq),
        change.document.key(),
        change.patient.bytes(),
        change.hash.0,
        change.actor.0,
        int(change.actor_seq),
        change.device.bytes(),
        change.person.bytes(),
        change.after_seal,
        change.bytes
    ];
    let done = run(conn, sql, row).map(drop);
    done.map_err(|error| named(error, "the change"))
}

fn named(error: StorageError, what: &'static str) -> StorageError {
    match error {
        StorageError::Exists { .. } => StorageError::Exists { what },
        other => other,
    }
}
