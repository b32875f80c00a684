//! Enrolment: a device proves that it holds its key and is tied to the
//! token's person. Asking again with the same key gives the same answer.

use homeround::model::{DeviceId, Millis, Refused};
use homeround::vault::{Domain, device_tag, verify_signed};
use homeround::wire::{self, EnrolRequest, EnrolResponse};

use super::records::put_device;
use super::{Backend, Caller, News, ServerKeys, ServiceError, audit};
use crate::store::{DeviceRow, Reader, Tenant, Writer};

/// Most characters of a device's label.
pub const LABEL_CHARS_MAX: usize = 80;
/// Most devices of one person that are not revoked.
pub const DEVICES_PER_PERSON_MAX: usize = 32;

impl Backend {
    /// Enrols a device for the caller.
    ///
    /// # Errors
    /// [`ServiceError::Signature`] when the proof does not verify,
    /// [`ServiceError::DeviceNotYours`] and [`ServiceError::DeviceRevoked`]
    /// for a key that is known otherwise.
    pub async fn enrol(
        &self,
        caller: &Caller,
        request: &EnrolRequest,
        now: Millis,
    ) -> Result<EnrolResponse, ServiceError> {
        let key: [u8; 32] = *request.public_key;
        if request.label.chars().count() > LABEL_CHARS_MAX {
            return Err(Refused::new("label", "up to 80 characters").into());
        }
        let statement = wire::enrol_statement(&key, &request.label);
        if !verify_signed(&key, Domain::Enrol, &statement, &request.proof) {
            return Err(ServiceError::Signature);
        }
        let mut tx = self.storage.write(caller.tenant).await?;
        let device = match tx.device_by_key(&key).await? {
            Some(known) if known.person != caller.person => {
                return Err(ServiceError::DeviceNotYours);
            }
            Some(known) if known.revoked_at.is_some() => return Err(ServiceError::DeviceRevoked),
            Some(known) => known,
            None => self.add_device(tx.as_mut(), caller, request, now).await?,
        };
        let tenant = tx.tenant().await?;
        let answer = answer(tx.as_mut(), caller, &tenant, &device, now).await?;
        tx.commit().await?;
        self.bell.ring(News {
            tenant: caller.tenant,
            everyone: true,
            patients: Vec::new(),
            people: Vec::new(),
            from: Some(device.id),
        });
        Ok(answer)
    }

    async fn add_device(
        &self,
        tx: &mut dyn Writer,
        caller: &Caller,
        request: &EnrolRequest,
        now: Millis,
    ) -> Result<DeviceRow, ServiceError> {
        if tx
            .device_by_tag(device_tag(&request.public_key))
            .await?
            .is_some()
        {
            return Err(ServiceError::DeviceTag);
        }
        let devices = tx.devices().await?;
        let own = devices
            .iter()
            .filter(|(device, _)| device.person == caller.person && device.revoked_at.is_none());
        if own.count() >= DEVICES_PER_PERSON_MAX {
            return Err(ServiceError::DeviceLimit);
        }
        let device = DeviceRow {
            id: DeviceId(self.uuid(now)?),
            person: caller.person,
            public_key: *request.public_key,
            label: request.label.clone(),
            enrolled_at: now,
            revoked_at: None,
        };
        put_device(tx, &device).await?;
        let note = audit::Note::by(caller, "device_enrolled").from(device.id);
        audit::note(tx, now, note).await?;
        Ok(device)
    }
}

async fn answer(
    reader: &mut dyn Reader,
    caller: &Caller,
    tenant: &Tenant,
    device: &DeviceRow,
    now: Millis,
) -> Result<EnrolResponse, ServiceError> {
    let keys = ServerKeys::of(tenant);
    let person = reader.person(caller.person).await?;
    Ok(EnrolResponse {
        device: (*device.id.bytes()).into(),
        person: (*caller.person.bytes()).into(),
        role: caller.role.name().into(),
        tenant: (*tenant.id.bytes()).into(),
        server_key: keys.public().into(),
        escrow_key: keys.escrow_public().into(),
        policy: keys.sign_policy(&tenant.policy),
        epoch: tenant.epoch,
        server_ms: now.0,
        person_name: person.map(|person| person.name).unwrap_or_default(),
    })
}
