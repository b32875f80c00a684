//! Electronic visit verification for the operator: everything that an export is
//! made of, and the backend's seal over it.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use homeround::model::{
    Booking, Device, DocumentKind, Millis, Patient, PatientId, PresencePolicy, RecordKind,
    TenantId, Visit, VisitId,
};
use serde_json::Value;

use super::records::hex;
use super::{Backend, ServerKeys, ServiceError, audit, documents};
use crate::connect::evv::{self, Days, Facts, VisitFacts};
use crate::store::{Event, EventRow, Reader};

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvvFormat {
    /// One JSON document with its stamps and its seal.
    Json,
    /// The rows alone.
    Csv,
}

impl Backend {
    /// The visits of some days with the six elements of the Cures Act. Reads every
    /// visit of the tenant: a chain of stamps runs over all of them.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for an unknown tenant, [`ServiceError::Storage`],
    /// [`ServiceError::Damaged`] for a row that can't be read.
    pub async fn evv_export(
        &self,
        tenant: TenantId,
        days: Days,
        format: EvvFormat,
        now: Millis,
    ) -> Result<String, ServiceError> {
        let (owner, facts) = {
            let mut reader = self.storage.read(tenant).await?;
            let owner = reader.tenant().await?;
            (owner, facts(reader.as_mut()).await?)
        };
        let rows = evv::rows(&facts, days);
        let text = match format {
            EvvFormat::Csv => evv::csv(&facts, &rows),
            EvvFormat::Json => {
                let stamps = evv::chains(&facts, &rows);
                let named = (owner.id, owner.name.as_str());
                let document = evv::document(named, days, &facts, (&rows, &stamps), now);
                let keys = ServerKeys::of(&owner);
                let signature = keys.sign_evv(&evv::canonical(&document));
                let sealed = evv::sealed(document, &hex(&keys.public()), &hex(&signature));
                let text = serde_json::to_string_pretty(&sealed);
                text.map_err(|_| ServiceError::Damaged)? + "\n"
            }
        };
        let mut tx = self.storage.write(tenant).await?;
        let note = audit::Note::by_backend("evv_exported");
        let left_out = evv::virtual_visits(&facts, days);
        let note = note.saying(format!(
            "{} to {}, {} rows, {left_out} virtual visits without one",
            days.from,
            days.to,
            rows.len()
        ));
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        Ok(text)
    }

    /// Sets when a stamp of presence counts as verified; phones get it with their
    /// next page, signed. Answers the version of the rules in force, and what they say.
    ///
    /// # Errors
    /// [`ServiceError::Refused`] names the field that is outside its limits.
    pub async fn set_presence_policy(
        &self,
        tenant: TenantId,
        change: impl FnOnce(PresencePolicy) -> PresencePolicy + Send,
        now: Millis,
    ) -> Result<(u64, PresencePolicy), ServiceError> {
        let mut tx = self.storage.write(tenant).await?;
        let owner = tx.tenant().await?;
        let policy = serde_json::from_str::<homeround::access::Policy>(&owner.policy);
        let mut policy = policy.map_err(|_| ServiceError::Damaged)?;
        let wanted = change(policy.presence);
        wanted.check()?;
        if wanted == policy.presence {
            return Ok((policy.version, wanted));
        }
        policy.presence = wanted;
        policy.version = policy.version.saturating_add(1);
        tx.set_policy(&super::records::json(&policy)?).await?;
        let seq = tx.next_seq().await?;
        let event = Event::Policy;
        tx.add_event(&EventRow { seq, event }).await?;
        let note = audit::Note::by_backend("presence_policy").saying(format!("{wanted:?}"));
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        Ok((policy.version, wanted))
    }
}

impl ServerKeys {
    /// Seals an export.
    #[must_use]
    pub(crate) fn sign_evv(&self, canonical: &[u8]) -> [u8; 64] {
        let bound = [evv::EXPORT_DOMAIN.as_bytes(), &[0], canonical].concat();
        SigningKey::sign(self.signing(), &bound).to_bytes()
    }
}

async fn facts(reader: &mut dyn Reader) -> Result<Facts, ServiceError> {
    let mut facts = Facts {
        visits: Vec::new(),
        patients: BTreeMap::new(),
        people: super::fhir::directory(reader).await?,
        devices: Vec::new(),
    };
    for (device, _) in reader.devices().await? {
        facts.devices.push(Device {
            id: device.id,
            person: device.person,
            public_key: hex(&device.public_key),
            label: device.label,
            proof: None,
        });
    }
    for (patient, _) in reader.patients().await? {
        for row in reader.records_of(RecordKind::Patient, patient).await? {
            let read = row.body.and_then(|body| serde_json::from_str(&body).ok());
            facts
                .patients
                .extend(read.map(|one: Patient| (patient, one)));
        }
        visits_of(reader, patient, &mut facts.visits).await?;
    }
    Ok(facts)
}

async fn visits_of(
    reader: &mut dyn Reader,
    patient: PatientId,
    visits: &mut Vec<VisitFacts>,
) -> Result<(), ServiceError> {
    let mut bookings: BTreeMap<VisitId, Booking> = BTreeMap::new();
    for row in reader.records_of(RecordKind::Booking, patient).await? {
        let read = row.body.and_then(|body| serde_json::from_str(&body).ok());
        bookings.extend(read.map(|one: Booking| (one.visit, one)));
    }
    for id in reader.documents_of(patient, DocumentKind::Visit).await? {
        let Some(loaded) = documents::load(reader, id).await? else {
            continue;
        };
        let visit = read(loaded.document.view())?;
        if visit.presence.is_empty() && visit.steps.is_empty() {
            continue;
        }
        let id = VisitId(id.id);
        visits.push(VisitFacts {
            id,
            patient,
            booking: bookings.remove(&id),
            visit,
        });
    }
    Ok(())
}

fn read(view: &Value) -> Result<Visit, ServiceError> {
    serde::Deserialize::deserialize(view).map_err(|_| ServiceError::Damaged)
}
