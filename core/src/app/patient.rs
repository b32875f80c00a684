//! A patient in view: demographics, team, timeline, search.

use super::Homeround;
use super::error::AppError;
use crate::care::ADHERENCE_DAYS_MAX;
use crate::model::{
    CareTeam, DAY_MS, Device, DeviceTag, DocumentId, DocumentKind, History, Millis, Patient,
    PatientId, Person, PersonId, PlanId, RecordId, RecordKind, VisitId,
};
use crate::store::{Rows, SearchHit, TimelineCursor};

/// A page of the clinical timeline, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The entries.
    pub entries: Vec<(RecordId, History)>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<TimelineCursor>,
}

/// Entries of one page of a timeline at most.
pub const TIMELINE_PAGE_MAX: u32 = 200;

impl Homeround {
    /// A patient's demographics.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the patient is not on this phone,
    /// [`AppError::NotAllowed`], [`AppError::LeaseEnded`], [`AppError::Locked`].
    pub fn patient(&self, id: PatientId) -> Result<Patient, AppError> {
        self.of_patient(id, |rows| {
            record(rows, RecordKind::Patient, RecordId(id.0))?
                .ok_or(AppError::NotFound { what: "patient" })
        })
    }

    /// The patient's care teams.
    ///
    /// # Errors
    /// As [`patient`](Self::patient).
    pub fn care_teams(&self, id: PatientId) -> Result<Vec<CareTeam>, AppError> {
        self.of_patient(id, |rows| {
            let records = rows.records_of(id, RecordKind::CareTeam)?;
            Ok(records
                .iter()
                .filter_map(|record| serde_json::from_str(record.body.as_deref()?).ok())
                .collect())
        })
    }

    /// The patient's care plans and visits that are on this phone.
    ///
    /// # Errors
    /// As [`patient`](Self::patient).
    pub fn documents_of(&self, id: PatientId) -> Result<(Vec<PlanId>, Vec<VisitId>), AppError> {
        self.of_patient(id, |rows| {
            let documents = rows.documents_of(id)?;
            let of = |kind: DocumentKind| {
                documents
                    .iter()
                    .filter(move |document: &&DocumentId| document.kind == kind)
            };
            Ok((
                of(DocumentKind::Plan).map(|one| PlanId(one.id)).collect(),
                of(DocumentKind::Visit).map(|one| VisitId(one.id)).collect(),
            ))
        })
    }

    /// A page of the clinical timeline, newest first; `resource` narrows it to
    /// one FHIR resource type, as in `Observation`.
    ///
    /// # Errors
    /// As [`patient`](Self::patient).
    pub fn timeline(
        &self,
        id: PatientId,
        resource: Option<&str>,
        from: Option<TimelineCursor>,
        limit: u32,
    ) -> Result<Timeline, AppError> {
        self.of_patient(id, |rows| {
            let page = rows.timeline(id, resource, from, limit.clamp(1, TIMELINE_PAGE_MAX))?;
            let entries = page
                .records
                .into_iter()
                .filter_map(|record| {
                    let history = serde_json::from_str(record.body.as_deref()?).ok()?;
                    Some((record.id, history))
                })
                .collect();
            Ok(Timeline {
                entries,
                next: page.next,
            })
        })
    }

    /// Finds patients and notes by words, with or without their accents, the
    /// last one by its beginning.
    ///
    /// # Errors
    /// [`AppError::Locked`], [`AppError::LeaseEnded`].
    pub fn search(&self, words: &str, limit: u32) -> Result<Vec<SearchHit>, AppError> {
        let reads = self.inner.reads()?;
        let clock = self.inner.clocks.now();
        let hits = reads.store.search(words, limit)?;
        let reader = reads.store.reader()?;
        super::inner::lease_permits(&reader, clock)?;
        let mut shown = Vec::new();
        for hit in hits {
            let patient = match &hit {
                SearchHit::Patient(patient) => Some(*patient),
                SearchHit::Document(document) => reader.patient_of(*document)?,
            };
            if patient.is_some_and(|one| reads.may_read(&reader, one, clock).is_ok()) {
                shown.push(hit);
            }
        }
        Ok(shown)
    }

    /// Whose a document is.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not on this phone; as
    /// [`patient`](Self::patient).
    pub fn patient_of(&self, document: DocumentId) -> Result<PatientId, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let patient = reader.patient_of(document)?;
        let patient = patient.ok_or(AppError::NotFound { what: "document" })?;
        reads.may_read(&reader, patient, self.inner.clocks.now())?;
        Ok(patient)
    }

    /// A person of the directory.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Locked`].
    pub fn person(&self, id: PersonId) -> Result<Person, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        record(&reader, RecordKind::Person, RecordId(id.0))?
            .ok_or(AppError::NotFound { what: "person" })
    }

    /// Whose device has this tag, the first half of its actors: who wrote a
    /// change or one of the values of a conflict.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn person_of_device(&self, tag: DeviceTag) -> Result<Option<PersonId>, AppError> {
        let reads = self.inner.reads()?;
        let own = self
            .inner
            .vault()
            .as_ref()
            .is_some_and(|vault| vault.device_tag() == tag);
        if own {
            return Ok(reads.me.as_ref().map(|me| me.person));
        }
        let reader = reads.store.reader()?;
        let found = devices(&reader)?.into_iter().find(|device| {
            let key = device.public_key.as_bytes();
            parse_key(key).is_some_and(|key| crate::vault::device_tag(&key) == tag)
        });
        Ok(found.map(|device| device.person))
    }

    pub(super) fn of_patient<T>(
        &self,
        id: PatientId,
        read: impl FnOnce(&Rows) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        reads.may_read(&reader, id, self.inner.clocks.now())?;
        read(&reader)
    }
}

/// Every enrolled device of the directory.
pub(super) fn devices(rows: &Rows) -> Result<Vec<Device>, AppError> {
    const PAGE: u32 = 500;
    let (mut devices, mut after) = (Vec::new(), None);
    loop {
        let page = rows.records(RecordKind::Device, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(devices);
        };
        after = Some(last.id);
        devices.extend(
            page.iter()
                .filter_map(|record| serde_json::from_str(record.body.as_deref()?).ok()),
        );
    }
}

pub(super) fn record<T: serde::de::DeserializeOwned>(
    rows: &Rows,
    kind: RecordKind,
    id: RecordId,
) -> Result<Option<T>, AppError> {
    let found = rows.record(kind, id)?;
    let body = found.and_then(|record| record.body);
    Ok(body.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Demographics, whoever asks: the caller judges what is shown.
pub(super) fn demographics(rows: &Rows, id: PatientId) -> Result<Option<Patient>, AppError> {
    record(rows, RecordKind::Patient, RecordId(id.0))
}

pub(super) fn parse_key(hex: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(hex).ok()?;
    text.parse::<crate::model::ChangeHash>()
        .ok()
        .map(|bytes| bytes.0)
}

/// The time zone of a patient's home, as the visit nearest to now has it; none: this phone
/// knows no visit.
pub(super) fn home_zone(
    rows: &Rows,
    patient: PatientId,
    now: Millis,
) -> Result<Option<String>, AppError> {
    let span = i64::from(ADHERENCE_DAYS_MAX) * DAY_MS;
    let around = rows.visits_between(now.plus(-span), now.plus(span), None)?;
    let own = around.into_iter().filter(|row| row.patient == patient);
    let nearest = own.min_by_key(|row| row.start_ms.0.abs_diff(now.0));
    Ok(nearest.map(|row| row.time_zone))
}
