//! Rows that others write through: records with versions, people, devices,
//! patients.

use homeround::model::{Device, PatientId, Person, RecordId, RecordKind, Refused};

use super::ServiceError;
use super::proofs::Proofs;
use crate::store::{DeviceRow, Event, EventRow, PersonRow, RecordRow, Writer};

/// Most characters of a name, a login or a label that the office gives.
pub(crate) const TEXT_CHARS_MAX: usize = 200;
/// Most bytes of a record's body.
pub(crate) const RECORD_BYTES_MAX: usize = 64 * 1024;

/// Checks a short text.
pub(crate) fn check_text(
    field: &'static str,
    text: &str,
    least: usize,
) -> Result<(), ServiceError> {
    let length = text.chars().count();
    if length < least || length > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
        let limit = "up to 200 characters, no control characters, not empty where required";
        return Err(Refused::new(field, limit).into());
    }
    Ok(())
}

/// One version of a record; none as its body ends it.
pub(crate) struct Put<'p> {
    pub(crate) kind: RecordKind,
    pub(crate) id: RecordId,
    pub(crate) patient: Option<PatientId>,
    pub(crate) body: Option<&'p str>,
    /// Start of a booking, instant of a history line.
    pub(crate) sort_ms: Option<i64>,
}

/// Writes a version of a record, unless it says what is there already.
/// Answers whether it was written.
pub(crate) async fn put(tx: &mut dyn Writer, new: Put<'_>) -> Result<bool, ServiceError> {
    if new.body.is_some_and(|body| body.len() > RECORD_BYTES_MAX) {
        return Err(ServiceError::TooLarge { what: "record" });
    }
    let known = tx.record(new.kind, new.id).await?;
    match &known {
        Some(row) if row.body.as_deref() == new.body && row.patient == new.patient => {
            return Ok(false);
        }
        None if new.body.is_none() => return Ok(false),
        _ => {}
    }
    let seq = tx.next_seq().await?;
    let row = RecordRow {
        kind: new.kind,
        id: new.id,
        patient: new.patient,
        version: seq,
        body: new.body.map(str::to_owned),
    };
    tx.put_record(&row, new.sort_ms).await?;
    let event = Event::Record {
        kind: new.kind,
        id: new.id,
        patient: new.patient,
    };
    tx.add_event(&EventRow { seq, event }).await?;
    Ok(true)
}

/// Makes sure that the tenant has a patient. Answers whether it is new.
pub(crate) async fn put_patient(
    tx: &mut dyn Writer,
    patient: PatientId,
) -> Result<bool, ServiceError> {
    if tx.has_patient(patient).await? {
        return Ok(false);
    }
    let seq = tx.next_seq().await?;
    tx.add_patient(patient, seq).await?;
    let event = Event::Patient { patient };
    tx.add_event(&EventRow { seq, event }).await?;
    Ok(true)
}

/// Writes a person and their row of the directory.
pub(crate) async fn put_person(
    tx: &mut dyn Writer,
    person: &PersonRow,
) -> Result<(), ServiceError> {
    let body = json(&Person {
        id: person.id,
        name: person.name.clone(),
        role: person.role,
        phone: None,
    })?;
    put_person_as(tx, person, &body).await
}

/// Writes a person whose row of the directory is given.
pub(crate) async fn put_person_as(
    tx: &mut dyn Writer,
    person: &PersonRow,
    body: &str,
) -> Result<(), ServiceError> {
    tx.put_person(person).await?;
    let row = Put {
        kind: RecordKind::Person,
        id: RecordId(person.id.0),
        patient: None,
        body: Some(body),
        sort_ms: None,
    };
    put(tx, row).await.map(drop)
}

/// Adds a device and its row of the directory.
pub(crate) async fn put_device(
    tx: &mut dyn Writer,
    device: &DeviceRow,
) -> Result<(), ServiceError> {
    tx.add_device(device).await?;
    let proof = Proofs::of(&tx.tenant().await?).of_device(device);
    let body = json(&Device {
        id: device.id,
        person: device.person,
        public_key: hex(&device.public_key),
        label: device.label.clone(),
        proof: Some(hex(&proof)),
    })?;
    let row = Put {
        kind: RecordKind::Device,
        id: RecordId(device.id.0),
        patient: None,
        body: Some(&body),
        sort_ms: None,
    };
    put(tx, row).await.map(drop)
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String, ServiceError> {
    serde_json::to_string(value).map_err(|_| ServiceError::Damaged)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
