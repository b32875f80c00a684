//! FHIR in and out: the connector's pure functions over the storage.

use std::collections::BTreeMap;

use homeround::access::may_see;
use homeround::forms::Definition;
use homeround::merge::{Conflict, Document};
use homeround::model::{
    Booking, CareTeam, Chart, DeviceTag, DocumentId, DocumentKind, EntryId, FieldPath, Millis,
    NoticeDelivery, Patient, Person, PersonId, PlanId, RecordId, RecordKind, Role, SurveyEntry,
    TenantId, Visit, VisitId,
};
use serde::Serialize;
use serde_json::Value;

use super::{Backend, Caller, Imported, ServiceError, audit, documents};
use crate::connect::fhir::{
    self, Authored, ConflictingValue, ImportContext, ImportError, OpenConflict, Report, VisitExport,
};
use crate::store::Reader;

/// Who may take a visit out of the house.
const EXPORTERS: &[Role] = &[Role::Coordinator, Role::Supervisor, Role::Auditor];

/// What an import of FHIR came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FhirImported {
    /// What became of the input's entries.
    pub report: Report,
    /// What became of the rows and documents made of them.
    pub stored: Imported,
}

/// Why an input was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum FhirError {
    /// The input can't be read as a whole.
    #[error(transparent)]
    Input(#[from] ImportError),
    /// Storing it was refused or failed; nothing was stored.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Backend {
    /// Takes a bundle or NDJSON in, for the office.
    ///
    /// # Errors
    /// [`FhirError`]; nothing was stored.
    pub async fn import_fhir(
        &self,
        caller: &Caller,
        input: &[u8],
        time_zone: &str,
        now: Millis,
    ) -> Result<FhirImported, FhirError> {
        caller.must_be(super::grants::OFFICE)?;
        let note = audit::Note::by(caller, "imported");
        self.take_fhir(caller.tenant, input, time_zone, note, now)
            .await
    }

    /// The same for the operator at the command line.
    ///
    /// # Errors
    /// As [`Self::import_fhir`].
    pub async fn import_fhir_as_operator(
        &self,
        tenant: TenantId,
        input: &[u8],
        time_zone: &str,
        now: Millis,
    ) -> Result<FhirImported, FhirError> {
        let note = audit::Note::by_backend("imported");
        self.take_fhir(tenant, input, time_zone, note, now).await
    }

    async fn take_fhir(
        &self,
        tenant: TenantId,
        input: &[u8],
        time_zone: &str,
        note: audit::Note<'_>,
        now: Millis,
    ) -> Result<FhirImported, FhirError> {
        let context = ImportContext {
            tenant,
            as_of: now,
            default_time_zone: time_zone.into(),
        };
        let import = fhir::import(input, &context)?;
        let stored = self
            .take_in(tenant, &import.records, &import.documents, note, now)
            .await?;
        Ok(FhirImported {
            report: import.report,
            stored,
        })
    }

    /// A visit as a FHIR R4 bundle.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a visit without booking, document or
    /// patient; [`ServiceError::Role`].
    pub async fn visit_fhir(
        &self,
        caller: &Caller,
        visit: VisitId,
        now: Millis,
    ) -> Result<Value, ServiceError> {
        caller.must_be(EXPORTERS)?;
        let (bundle, patient) = {
            let mut reader = self.storage.read(caller.tenant).await?;
            export(reader.as_mut(), caller.role, visit, now).await?
        };
        let mut tx = self.storage.write(caller.tenant).await?;
        let note = audit::Note::by(caller, "exported").about(patient);
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        Ok(bundle)
    }
}

async fn export(
    reader: &mut dyn Reader,
    role: Role,
    visit: VisitId,
    now: Millis,
) -> Result<(Value, homeround::model::PatientId), ServiceError> {
    let missing = |what| ServiceError::NotFound { what };
    let booking: Option<Booking> = body(reader, RecordKind::Booking, RecordId(visit.0)).await?;
    let booking = booking.ok_or(missing("booking"))?;
    let loaded = documents::load(reader, DocumentId::visit(visit)).await?;
    let document = loaded.ok_or(missing("visit"))?.document;
    let id = booking.patient;
    let patient: Option<Patient> = body(reader, RecordKind::Patient, RecordId(id.0)).await?;
    let patient = patient.ok_or(missing("patient"))?;
    let mut chart: Option<Chart> = match documents::load(reader, DocumentId::chart(id)).await? {
        Some(loaded) => Some(read(loaded.document.view())?),
        None => None,
    };
    // Within the team, whoever else may take the visit out of the house.
    let messages = FieldPath("messages/*".into());
    if let Some(chart) = &mut chart
        && !may_see(role, DocumentKind::Chart, &messages)
    {
        chart.messages.clear();
    }
    let mut plans = Vec::new();
    for plan in reader.documents_of(id, DocumentKind::Plan).await? {
        if let Some(loaded) = documents::load(reader, plan).await? {
            plans.push((PlanId(plan.id), read(loaded.document.view())?));
        }
    }
    let teams = reader.records_of(RecordKind::CareTeam, id).await?;
    let team = teams.into_iter().find_map(|row| row.body);
    let team: Option<CareTeam> = team.and_then(|body| serde_json::from_str(&body).ok());
    let people = directory(reader).await?;
    let owners = owners(reader).await?;
    let seen: Visit = read(document.view())?;
    let planned = super::plans::planned(reader, &booking, &plans).await?;
    let questionnaires = questionnaires(reader, &seen).await?;
    let notices = notices(reader, &seen).await?;
    let bundle = fhir::export_visit(&VisitExport {
        booking: &booking,
        visit: &seen,
        questionnaires: &questionnaires,
        patient: &patient,
        chart: chart.as_ref(),
        plans: &plans,
        planned: &planned,
        care_team: team.as_ref(),
        people: &people,
        authored: &authored(&document, &owners),
        conflicts: &conflicts(&document, &owners),
        notices: &notices,
        now,
    });
    Ok((bundle, id))
}

pub(super) async fn body<T: serde::de::DeserializeOwned>(
    reader: &mut dyn Reader,
    kind: RecordKind,
    id: RecordId,
) -> Result<Option<T>, ServiceError> {
    let body = reader.record(kind, id).await?.and_then(|row| row.body);
    let read = body.map(|body| serde_json::from_str(&body));
    read.transpose().map_err(|_| ServiceError::Damaged)
}

pub(super) fn read<T: serde::de::DeserializeOwned>(view: &Value) -> Result<T, ServiceError> {
    T::deserialize(view).map_err(|_| ServiceError::Damaged)
}

/// Where each of the visit's notices stands.
async fn notices(
    reader: &mut dyn Reader,
    visit: &Visit,
) -> Result<BTreeMap<EntryId, NoticeDelivery>, ServiceError> {
    let mut known = BTreeMap::new();
    for id in visit.notices.keys().chain(visit.survey.keys()) {
        let delivery = body(reader, RecordKind::Notice, RecordId(id.0)).await?;
        known.extend(delivery.map(|delivery| (*id, delivery)));
    }
    Ok(known)
}

/// What the visit's forms ask: of the app, else as it was imported.
async fn questionnaires(
    reader: &mut dyn Reader,
    visit: &Visit,
) -> Result<BTreeMap<String, Definition>, ServiceError> {
    let tenant = reader.tenant().await?.id;
    let mut known = BTreeMap::new();
    let forms = visit.forms.values().map(|form| &form.questionnaire);
    let surveys = visit.survey.values().filter_map(|entry| match entry {
        SurveyEntry::Answered(said) => Some(&said.questionnaire),
        SurveyEntry::Invited(_) => None,
    });
    for canonical in forms.chain(surveys) {
        if known.contains_key(canonical) {
            continue;
        }
        if let Some(Ok(definition)) = homeround::forms::shipped(canonical) {
            known.insert(canonical.clone(), definition);
            continue;
        }
        let id = fhir::questionnaire_id(tenant, canonical);
        let row = reader.record(RecordKind::Questionnaire, id).await?;
        let body = row.and_then(|row| row.body);
        if let Some(Ok(definition)) = body.map(|body| Definition::parse(&body)) {
            known.insert(canonical.clone(), definition);
        }
    }
    Ok(known)
}

pub(super) async fn directory(
    reader: &mut dyn Reader,
) -> Result<BTreeMap<PersonId, Person>, ServiceError> {
    let rows = reader.tenant_records(RecordKind::Person).await?;
    let people = rows.into_iter().filter_map(|row| row.body);
    let people = people.filter_map(|body| serde_json::from_str::<Person>(&body).ok());
    Ok(people.map(|person| (person.id, person)).collect())
}

/// Whose device each tag is.
async fn owners(reader: &mut dyn Reader) -> Result<BTreeMap<DeviceTag, PersonId>, ServiceError> {
    let devices = reader.devices().await?.into_iter();
    let owner = |(device, _): (crate::store::DeviceRow, _)| {
        (
            homeround::vault::device_tag(&device.public_key),
            device.person,
        )
    };
    Ok(devices.map(owner).collect())
}

fn authored(document: &Document, owners: &BTreeMap<DeviceTag, PersonId>) -> Vec<Authored> {
    let mut authored = Vec::new();
    for change in document.late_changes(&[]) {
        let Some(person) = owners.get(&change.actor.device_tag()) else {
            continue;
        };
        authored.extend(change.touched.into_iter().map(|touch| Authored {
            field: touch.path,
            person: *person,
            at: change.at,
        }));
    }
    authored
}

fn conflicts(document: &Document, owners: &BTreeMap<DeviceTag, PersonId>) -> Vec<OpenConflict> {
    let open = |conflict: Conflict| OpenConflict {
        values: conflict
            .values
            .into_iter()
            .filter_map(|side| {
                let person = *owners.get(&side.actor.device_tag())?;
                Some(ConflictingValue {
                    value: side.value,
                    person,
                    at: side.at,
                })
            })
            .collect(),
        field: conflict.path,
    };
    document.conflicts().into_iter().map(open).collect()
}
