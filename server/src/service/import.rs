//! Takes rows and documents in that a connector made of somebody else's data.
//! The ids are the connector's and the same each time: what is there already
//! and says the same is left alone.

use std::collections::BTreeMap;

use homeround::merge::Document;
use homeround::model::{
    Booking, History, Millis, PatientId, Person, PersonId, RecordKind, TenantId,
};
use serde::Serialize;

use super::grants::{OFFICE, assign};
use super::records::{Put, put, put_patient, put_person_as};
use super::{Backend, Caller, News, ServerKeys, ServiceError, audit, scope};
use crate::connect::fhir::{NewDocument, NewRecord};
use crate::store::{ChangeRow, DocumentRow, PersonRow, Reader, Tenant, Writer};

/// What taking in came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Rows that are new or say something else now.
    pub records_written: u64,
    /// Rows that were there and say the same.
    pub records_same: u64,
    /// Documents created.
    pub documents_created: u64,
    /// Documents that were there; people have edited them since.
    pub documents_kept: u64,
    /// Patients that are new to the tenant.
    pub patients_new: u64,
    /// Questionnaires that came with another text under a version that is there: answers
    /// are pinned to it, so it stays. Raise the version.
    pub questionnaires_kept: u64,
    /// Templates of care plans that did, and plans are pinned to them.
    pub plan_templates_kept: u64,
}

impl Backend {
    /// Takes a connector's rows and documents in, all or none of them, for
    /// the office.
    ///
    /// # Errors
    /// [`ServiceError::Role`]; [`ServiceError::Malformed`] for a body or a
    /// tree of another shape, and then nothing was stored.
    pub async fn import(
        &self,
        caller: &Caller,
        records: &[NewRecord],
        documents: &[NewDocument],
        now: Millis,
    ) -> Result<Imported, ServiceError> {
        caller.must_be(OFFICE)?;
        let note = audit::Note::by(caller, "imported");
        self.take_in(caller.tenant, records, documents, note, now)
            .await
    }

    /// Takes rows and documents in, all or none of them.
    pub(super) async fn take_in(
        &self,
        tenant: TenantId,
        records: &[NewRecord],
        documents: &[NewDocument],
        note: audit::Note<'_>,
        now: Millis,
    ) -> Result<Imported, ServiceError> {
        let mut tx = self.storage.write(tenant).await?;
        let owner = tx.tenant().await?;
        let mut done = Imported::default();
        let patients = patients_in(records, documents);
        for patient in &patients {
            done.patients_new += u64::from(put_patient(tx.as_mut(), *patient).await?);
        }
        // People first: bookings name them.
        let people = |record: &&NewRecord| record.kind == RecordKind::Person;
        let others = |record: &&NewRecord| record.kind != RecordKind::Person;
        let ordered = records
            .iter()
            .filter(people)
            .chain(records.iter().filter(others));
        let mut touched = Vec::new();
        for record in ordered {
            if is_reworded(tx.as_mut(), record).await? {
                match record.kind {
                    RecordKind::PlanTemplate => done.plan_templates_kept += 1,
                    _ => done.questionnaires_kept += 1,
                }
                continue;
            }
            let written = self
                .take_record(tx.as_mut(), record, &mut touched, now)
                .await?;
            done.records_written += u64::from(written);
            done.records_same += u64::from(!written);
        }
        let mut nth: BTreeMap<PatientId, i64> = BTreeMap::new();
        for document in documents {
            let count = nth.entry(document.patient).or_default();
            *count += 1;
            let made = self
                .create_document(tx.as_mut(), &owner, document, now.plus(*count))
                .await?;
            done.documents_created += u64::from(made);
            done.documents_kept += u64::from(!made);
        }
        let detail = format!(
            "{} records, {} documents",
            done.records_written, done.documents_created
        );
        audit::note(tx.as_mut(), now, note.saying(detail)).await?;
        touched.extend(scope::people_around(tx.as_mut(), &patients).await?);
        tx.commit().await?;
        self.bell.ring(News {
            tenant,
            everyone: true,
            patients,
            people: touched,
            from: None,
        });
        Ok(done)
    }

    async fn take_record(
        &self,
        tx: &mut dyn Writer,
        record: &NewRecord,
        touched: &mut Vec<PersonId>,
        now: Millis,
    ) -> Result<bool, ServiceError> {
        let mut sort_ms = None;
        match record.kind {
            RecordKind::Person => return take_person(tx, record).await,
            RecordKind::Booking => {
                let booking: Booking = parse(&record.body, "booking")?;
                sort_ms = Some(booking.start_ms.0);
                let known = known_people(tx, &booking.assignees).await?;
                let changed = assign(self, tx, booking.visit, booking.patient, &known, now);
                touched.extend(changed.await?);
            }
            RecordKind::History => {
                sort_ms = Some(parse::<History>(&record.body, "history")?.at_ms.0);
            }
            _ => {}
        }
        let row = Put {
            kind: record.kind,
            id: record.id,
            patient: record.patient,
            body: Some(&record.body),
            sort_ms,
        };
        put(tx, row).await
    }

    /// Creates a document as the backend; answers whether it was not there.
    ///
    /// A change does not name its document: two skeletons of a patient that say
    /// the same and are made at the same time would be one change. The later
    /// one is stamped a millisecond later.
    pub(super) async fn create_document(
        &self,
        tx: &mut dyn Writer,
        owner: &Tenant,
        new: &NewDocument,
        now: Millis,
    ) -> Result<bool, ServiceError> {
        if tx.document(new.id).await?.is_some() {
            return Ok(false);
        }
        let actor = ServerKeys::of(owner).actor(self.opening);
        let mut at = now;
        let (document, edit) = loop {
            let (document, edit) = Document::create(new.id, &new.tree, actor, at)
                .map_err(|_| ServiceError::Malformed { what: "tree" })?;
            if tx.change_mark(&edit.hash).await?.is_none() {
                break (document, edit);
            }
            at = at.plus(1);
        };
        let seq = tx.next_seq().await?;
        let row = DocumentRow {
            id: new.id,
            patient: new.patient,
            heads: document.heads(),
            sealed: false,
            snapshot: document.save(),
            snapshot_seq: seq,
        };
        tx.put_document(&row).await?;
        let change = ChangeRow {
            seq,
            document: new.id,
            patient: new.patient,
            hash: edit.hash,
            actor: edit.actor,
            actor_seq: edit.seq,
            device: owner.device,
            person: owner.person,
            after_seal: false,
            bytes: edit.bytes,
        };
        tx.add_change(&change).await?;
        Ok(true)
    }
}

/// Whether a version of a questionnaire or of a template of care plans is there already
/// and says something else.
async fn is_reworded(reader: &mut dyn Reader, record: &NewRecord) -> Result<bool, ServiceError> {
    if !matches!(
        record.kind,
        RecordKind::Questionnaire | RecordKind::PlanTemplate
    ) {
        return Ok(false);
    }
    let known = reader.record(record.kind, record.id).await?;
    let known = known.and_then(|row| row.body);
    Ok(known.is_some_and(|body| body != record.body))
}

/// A person of the directory; who signs in keeps login and role.
async fn take_person(tx: &mut dyn Writer, record: &NewRecord) -> Result<bool, ServiceError> {
    let person: Person = parse(&record.body, "person")?;
    let known = tx.person(person.id).await?;
    if let Some(PersonRow { login: Some(_), .. }) = known {
        return Ok(false);
    }
    let before = tx.record(RecordKind::Person, record.id).await?;
    let row = PersonRow {
        id: person.id,
        login: None,
        role: person.role,
        name: person.name,
    };
    put_person_as(tx, &row, &record.body).await?;
    Ok(before.and_then(|row| row.body).as_deref() != Some(&record.body))
}

async fn known_people(
    reader: &mut dyn Reader,
    people: &[PersonId],
) -> Result<Vec<PersonId>, ServiceError> {
    let mut known = Vec::new();
    for person in people {
        if reader.person(*person).await?.is_some() {
            known.push(*person);
        }
    }
    Ok(known)
}

fn patients_in(records: &[NewRecord], documents: &[NewDocument]) -> Vec<PatientId> {
    let of_records = records.iter().filter_map(|record| record.patient);
    let of_documents = documents.iter().map(|document| document.patient);
    let mut patients: Vec<PatientId> = of_records.chain(of_documents).collect();
    patients.sort_unstable();
    patients.dedup();
    patients
}

fn parse<T: serde::de::DeserializeOwned>(
    body: &str,
    what: &'static str,
) -> Result<T, ServiceError> {
    serde_json::from_str(body).map_err(|_| ServiceError::Malformed { what })
}
