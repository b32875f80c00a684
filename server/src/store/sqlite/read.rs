//! Reading inside a transaction.

use async_trait::async_trait;
use homeround::model::{
    ActorId, ChangeHash, DeviceId, DeviceTag, DocumentId, DocumentKind, Millis, PatientId,
    PersonId, RecordId, RecordKind, TenantId,
};
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::rows::{self, big, int, many, one};
use crate::store::{
    AuditRow, BeaconRow, BookingRow, ChangeMark, ChangeRow, DeviceRow, DocumentRow, EventRow,
    GrantRow, NoticeRow, PersonRow, Reader, ReceiptRow, RecordRow, RejectedRow, ScopeRow,
    StorageError, Stored, Tenant,
};

/// A transaction of one tenant: its connection and the tenant's key.
pub(super) trait Inside: Send {
    /// The connection, inside the transaction.
    fn conn(&mut self) -> (&Connection, TenantId);
}

const GRANT: &str = "id, person, patient, source, from_ms, until, visit, ended, started, reason";
const DEVICE: &str = "device, person, public_key, label, enrolled, revoked";
const SCOPE: &str = "person, patient, since, source, until";
const RECORD: &str = "kind, id, patient, version, body";
const REJECTED: &str = "hash, document, device, person, at, code, field, paths, bytes";

#[async_trait]
impl<T: Inside> Reader for T {
    async fn tenant(&mut self) -> Stored<Tenant> {
        let (conn, tenant) = self.conn();
        let sql = format!("SELECT {} FROM tenant WHERE tenant = ?1", rows::TENANT);
        one(conn, &sql, params![tenant.bytes()], rows::tenant)?.ok_or(StorageError::NoTenant)
    }

    async fn person(&mut self, person: PersonId) -> Stored<Option<PersonRow>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT person, login, role, name FROM person WHERE tenant = ?1 AND person = ?2";
        one(
            conn,
            sql,
            params![tenant.bytes(), person.bytes()],
            rows::person,
        )
    }

    async fn person_by_login(&mut self, login: &str) -> Stored<Option<PersonRow>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT person, login, role, name FROM person WHERE tenant = ?1 AND login = ?2";
        one(conn, sql, params![tenant.bytes(), login], rows::person)
    }

    async fn device(&mut self, device: DeviceId) -> Stored<Option<DeviceRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!("SELECT {DEVICE} FROM device WHERE tenant = ?1 AND device = ?2");
        one(
            conn,
            &sql,
            params![tenant.bytes(), device.bytes()],
            rows::device,
        )
    }

    async fn device_by_key(&mut self, public_key: &[u8; 32]) -> Stored<Option<DeviceRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!("SELECT {DEVICE} FROM device WHERE tenant = ?1 AND public_key = ?2");
        one(
            conn,
            &sql,
            params![tenant.bytes(), public_key],
            rows::device,
        )
    }

    async fn device_by_tag(&mut self, tag: DeviceTag) -> Stored<Option<DeviceRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!("SELECT {DEVICE} FROM device WHERE tenant = ?1 AND tag = ?2");
        one(conn, &sql, params![tenant.bytes(), tag.0], rows::device)
    }

    async fn devices(&mut self) -> Stored<Vec<(DeviceRow, Option<BeaconRow>)>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT d.device, d.person, d.public_key, d.label, d.enrolled, d.revoked,
                          b.at, b.oldest_unsent, b.pending, b.quarantined, b.version, b.last_error
                   FROM device d LEFT JOIN beacon b USING (tenant, device)
                   WHERE d.tenant = ?1 ORDER BY d.device";
        many(conn, sql, params![tenant.bytes()], rows::device_and_beacon)
    }

    async fn grants_between(
        &mut self,
        person: PersonId,
        patient: PatientId,
    ) -> Stored<Vec<GrantRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {GRANT} FROM access_grant
             WHERE tenant = ?1 AND patient = ?2 AND person = ?3 ORDER BY id"
        );
        let key = params![tenant.bytes(), patient.bytes(), person.bytes()];
        many(conn, &sql, key, rows::grant)
    }

    async fn grants_to(&mut self, patient: PatientId) -> Stored<Vec<GrantRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {GRANT} FROM access_grant WHERE tenant = ?1 AND patient = ?2 ORDER BY id"
        );
        many(
            conn,
            &sql,
            params![tenant.bytes(), patient.bytes()],
            rows::grant,
        )
    }

    async fn grants_of_visit(&mut self, visit: Uuid) -> Stored<Vec<GrantRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {GRANT} FROM access_grant
             WHERE tenant = ?1 AND visit = ?2 AND ended IS NULL ORDER BY id"
        );
        many(
            conn,
            &sql,
            params![tenant.bytes(), visit.as_bytes()],
            rows::grant,
        )
    }

    async fn grants_due(&mut self, now: Millis, limit: u32) -> Stored<Vec<(PersonId, PatientId)>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT person, patient FROM access_grant
                   WHERE tenant = ?1 AND ended IS NULL AND started = 0 AND from_ms <= ?2
                   UNION
                   SELECT person, patient FROM access_grant
                   WHERE tenant = ?1 AND ended IS NULL AND until IS NOT NULL AND until <= ?2
                   LIMIT ?3";
        many(conn, sql, params![tenant.bytes(), now.0, limit], |row| {
            let (person, patient): ([u8; 16], [u8; 16]) = (row.get(0)?, row.get(1)?);
            Ok((
                PersonId::from_bytes(&person)?,
                PatientId::from_bytes(&patient)?,
            ))
        })
    }

    async fn scope_of(&mut self, person: PersonId) -> Stored<Vec<ScopeRow>> {
        let (conn, tenant) = self.conn();
        let sql =
            format!("SELECT {SCOPE} FROM scope WHERE tenant = ?1 AND person = ?2 ORDER BY patient");
        many(
            conn,
            &sql,
            params![tenant.bytes(), person.bytes()],
            rows::scope,
        )
    }

    async fn scope_between(
        &mut self,
        person: PersonId,
        patient: PatientId,
    ) -> Stored<Option<ScopeRow>> {
        let (conn, tenant) = self.conn();
        let sql =
            format!("SELECT {SCOPE} FROM scope WHERE tenant = ?1 AND person = ?2 AND patient = ?3");
        let key = params![tenant.bytes(), person.bytes(), patient.bytes()];
        one(conn, &sql, key, rows::scope)
    }

    async fn scope_to(&mut self, patient: PatientId) -> Stored<Vec<PersonId>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT person FROM scope WHERE tenant = ?1 AND patient = ?2 ORDER BY person";
        many(conn, sql, params![tenant.bytes(), patient.bytes()], |row| {
            let person: [u8; 16] = row.get(0)?;
            Ok(PersonId::from_bytes(&person)?)
        })
    }

    async fn patients(&mut self) -> Stored<Vec<(PatientId, u64)>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT patient, since FROM patient WHERE tenant = ?1 ORDER BY patient";
        many(conn, sql, params![tenant.bytes()], |row| {
            let patient: [u8; 16] = row.get(0)?;
            Ok((PatientId::from_bytes(&patient)?, big(row.get(1)?)))
        })
    }

    async fn has_patient(&mut self, patient: PatientId) -> Stored<bool> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT 1 FROM patient WHERE tenant = ?1 AND patient = ?2";
        let found = one(conn, sql, params![tenant.bytes(), patient.bytes()], |_| {
            Ok(())
        })?;
        Ok(found.is_some())
    }

    async fn document(&mut self, id: DocumentId) -> Stored<Option<DocumentRow>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT document, patient, heads, sealed, snapshot, snapshot_seq
                   FROM document WHERE tenant = ?1 AND document = ?2";
        one(conn, sql, params![tenant.bytes(), id.key()], rows::document)
    }

    async fn documents_of(
        &mut self,
        patient: PatientId,
        kind: DocumentKind,
    ) -> Stored<Vec<DocumentId>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT document FROM document
                   WHERE tenant = ?1 AND patient = ?2 AND kind = ?3 ORDER BY document";
        let key = params![tenant.bytes(), patient.bytes(), kind.code()];
        many(conn, sql, key, |row| rows::document_id(row, 0))
    }

    async fn changes_of(&mut self, id: DocumentId, after: u64) -> Stored<Vec<ChangeRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {} FROM change WHERE tenant = ?1 AND document = ?2 AND seq > ?3 ORDER BY seq",
            rows::CHANGE
        );
        many(
            conn,
            &sql,
            params![tenant.bytes(), id.key(), int(after)],
            rows::change,
        )
    }

    async fn change_mark(&mut self, hash: &ChangeHash) -> Stored<Option<ChangeMark>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT seq, after_seal FROM change WHERE tenant = ?1 AND hash = ?2";
        one(conn, sql, params![tenant.bytes(), hash.0], |row| {
            Ok(ChangeMark {
                seq: big(row.get(0)?),
                after_seal: row.get(1)?,
            })
        })
    }

    async fn change_at(&mut self, seq: u64) -> Stored<Option<ChangeRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {} FROM change WHERE tenant = ?1 AND seq = ?2",
            rows::CHANGE
        );
        one(conn, &sql, params![tenant.bytes(), int(seq)], rows::change)
    }

    async fn change_of_actor(
        &mut self,
        id: DocumentId,
        actor: ActorId,
        actor_seq: u64,
    ) -> Stored<Option<ChangeHash>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT hash FROM change
                   WHERE tenant = ?1 AND document = ?2 AND actor = ?3 AND actor_seq = ?4";
        let key = params![tenant.bytes(), id.key(), actor.0, int(actor_seq)];
        one(conn, sql, key, |row| Ok(ChangeHash(row.get(0)?)))
    }

    async fn record(&mut self, kind: RecordKind, id: RecordId) -> Stored<Option<RecordRow>> {
        let (conn, tenant) = self.conn();
        let sql =
            format!("SELECT {RECORD} FROM record WHERE tenant = ?1 AND kind = ?2 AND id = ?3");
        one(
            conn,
            &sql,
            params![tenant.bytes(), kind.code(), id.bytes()],
            rows::record,
        )
    }

    async fn tenant_records(&mut self, kind: RecordKind) -> Stored<Vec<RecordRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {RECORD} FROM record
             WHERE tenant = ?1 AND kind = ?2 AND patient IS NULL ORDER BY id"
        );
        many(
            conn,
            &sql,
            params![tenant.bytes(), kind.code()],
            rows::record,
        )
    }

    async fn records_of(&mut self, kind: RecordKind, patient: PatientId) -> Stored<Vec<RecordRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {RECORD} FROM record
             WHERE tenant = ?1 AND kind = ?2 AND patient = ?3 ORDER BY id"
        );
        let key = params![tenant.bytes(), kind.code(), patient.bytes()];
        many(conn, &sql, key, rows::record)
    }

    async fn bookings(&mut self) -> Stored<Vec<BookingRow>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT id, patient, sort_ms, version, body IS NULL FROM record
                   WHERE tenant = ?1 AND kind = ?2 AND patient IS NOT NULL ORDER BY id";
        let key = params![tenant.bytes(), RecordKind::Booking.code()];
        many(conn, sql, key, rows::booking)
    }

    async fn history_of(
        &mut self,
        patient: PatientId,
        before: Option<(i64, RecordId)>,
        limit: u32,
    ) -> Stored<Vec<(i64, RecordRow)>> {
        let (conn, tenant) = self.conn();
        let (at, id) = before.unwrap_or((i64::MAX, RecordId(Uuid::max())));
        let sql = format!(
            "SELECT {RECORD}, sort_ms FROM record
             WHERE tenant = ?1 AND kind = ?2 AND patient = ?3 AND body IS NOT NULL
               AND (sort_ms, id) < (?4, ?5)
             ORDER BY sort_ms DESC, id DESC LIMIT ?6"
        );
        let kind = RecordKind::History.code();
        let key = params![tenant.bytes(), kind, patient.bytes(), at, id.bytes(), limit];
        many(conn, &sql, key, |row| Ok((row.get(5)?, rows::record(row)?)))
    }

    async fn notices_due(&mut self, now: Millis, limit: u32) -> Stored<Vec<NoticeRow>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT notice, visit, due, attempts FROM notice
                   WHERE tenant = ?1 AND due <= ?2 ORDER BY due, notice LIMIT ?3";
        many(
            conn,
            sql,
            params![tenant.bytes(), now.0, limit],
            rows::notice,
        )
    }

    async fn events_after(&mut self, seq: u64, limit: u32) -> Stored<Vec<EventRow>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT seq, kind, patient, person, device, record_kind, record, reason
                   FROM event WHERE tenant = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
        many(
            conn,
            sql,
            params![tenant.bytes(), int(seq), limit],
            rows::event,
        )
    }

    async fn rejected(&mut self, limit: u32) -> Stored<Vec<RejectedRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {REJECTED} FROM rejected WHERE tenant = ?1
             AND NOT EXISTS (SELECT 1 FROM change WHERE change.tenant = rejected.tenant
                             AND change.hash = rejected.hash AND change.device = rejected.device)
             ORDER BY at DESC, hash LIMIT ?2"
        );
        many(conn, &sql, params![tenant.bytes(), limit], rows::rejected)
    }

    async fn rejected_of_others(
        &mut self,
        hash: &ChangeHash,
        device: DeviceId,
        code: &str,
    ) -> Stored<Option<RejectedRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {REJECTED} FROM rejected
             WHERE tenant = ?1 AND hash = ?2 AND device <> ?3 AND code = ?4 ORDER BY device LIMIT 1"
        );
        let key = params![tenant.bytes(), hash.0, device.bytes(), code];
        one(conn, &sql, key, rows::rejected)
    }

    async fn rejected_by_hash(
        &mut self,
        hash: &ChangeHash,
        device: DeviceId,
    ) -> Stored<Option<RejectedRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {REJECTED} FROM rejected WHERE tenant = ?1 AND hash = ?2 AND device = ?3"
        );
        let key = params![tenant.bytes(), hash.0, device.bytes()];
        one(conn, &sql, key, rows::rejected)
    }

    async fn receipts(&mut self, limit: u32) -> Stored<Vec<ReceiptRow>> {
        let (conn, tenant) = self.conn();
        let sql = "SELECT id, device, patient, reason, documents, records, at, received
                   FROM receipt WHERE tenant = ?1 ORDER BY received DESC, id LIMIT ?2";
        many(conn, sql, params![tenant.bytes(), limit], rows::receipt)
    }

    async fn audit_after(&mut self, index: u64, limit: u32) -> Stored<Vec<AuditRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {} FROM audit WHERE tenant = ?1 AND line > ?2 ORDER BY line LIMIT ?3",
            rows::AUDIT
        );
        many(
            conn,
            &sql,
            params![tenant.bytes(), int(index), limit],
            rows::audit,
        )
    }

    async fn audit_head(&mut self) -> Stored<Option<AuditRow>> {
        let (conn, tenant) = self.conn();
        let sql = format!(
            "SELECT {} FROM audit WHERE tenant = ?1 ORDER BY line DESC LIMIT 1",
            rows::AUDIT
        );
        one(conn, &sql, params![tenant.bytes()], rows::audit)
    }
}
