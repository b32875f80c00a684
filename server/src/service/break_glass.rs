//! Access in an emergency: the access room decides, the trail remembers.

use homeround::access;
use homeround::model::{Millis, PatientId};
use homeround::wire::{Ack, BreakGlassRequest};
use uuid::Uuid;

use super::{Backend, Caller, News, ServiceError, audit, own_device, policy_of, scope};
use crate::store::GrantRow;

impl Backend {
    /// Gives the caller access to a patient for a limited time.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] with the access room's code,
    /// [`ServiceError::NotFound`] for a patient of no or another tenant.
    pub async fn break_glass(
        &self,
        caller: &Caller,
        request: &BreakGlassRequest,
        now: Millis,
    ) -> Result<Ack, ServiceError> {
        let mut tx = self.storage.write(caller.tenant).await?;
        let device = own_device(tx.as_mut(), caller, &request.device).await?;
        let tenant = tx.tenant().await?;
        let policy = policy_of(&tenant)?;
        let patient = PatientId(Uuid::from_bytes(*request.patient));
        let asked = access::BreakGlassRequest {
            patient,
            reason: &request.reason,
            wanted_ms: policy.break_glass_max_ms,
        };
        let given = access::break_glass(&policy, &caller.actor(), &asked, now)?;
        if !tx.has_patient(patient).await? {
            return Err(ServiceError::NotFound { what: "patient" });
        }
        let grant = GrantRow {
            id: self.uuid(now)?,
            grant: given.grant,
            visit: None,
            ended_at: None,
            started: false,
            reason: given.audit.reason.clone(),
        };
        tx.put_grant(&grant).await?;
        scope::settle(tx.as_mut(), caller.person, patient, now).await?;
        let note = audit::Note::by(caller, "break_glass")
            .from(device.id)
            .about(patient)
            .saying(given.audit.reason);
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        self.bell.ring(News {
            tenant: caller.tenant,
            everyone: false,
            patients: Vec::new(),
            people: vec![caller.person],
            from: None,
        });
        Ok(Ack {
            epoch: tenant.epoch,
            server_ms: now.0,
        })
    }
}
