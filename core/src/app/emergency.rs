//! Access in an emergency.

use super::Homeround;
use super::error::AppError;
use super::session::call_error;
use crate::access::{BreakGlassRequest as Asked, break_glass};
use crate::model::PatientId;
use crate::sync::{AccessToken, Transport, call};
use crate::wire::{self, Ack, BreakGlassRequest};

impl Homeround {
    /// Asks the backend for access to a patient in an emergency. The grant is
    /// limited in time by the rules in force, the reason is written into the
    /// backend's audit trail, and the patient comes with the next sync.
    ///
    /// Needs the network: what is not in scope is not on the phone.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] with the rule that forbids it, a reason that is
    /// too short among them; [`AppError::Retry`] when the backend can't be
    /// reached.
    pub async fn break_glass(
        &self,
        transport: &impl Transport,
        token: &AccessToken,
        patient: PatientId,
        reason: &str,
    ) -> Result<(), AppError> {
        let request = {
            let now = self.inner.clocks.now().wall_ms;
            let opened = self.inner.opened()?;
            let opened = opened.as_ref().ok_or(AppError::Locked)?;
            let me = opened.me()?;
            let asked = Asked {
                patient,
                reason,
                wanted_ms: opened.policy.break_glass_max_ms,
            };
            // The backend judges; asking here spares a call that it would refuse.
            break_glass(&opened.policy, &me.actor(), &asked, now).map_err(|denied| {
                AppError::NotAllowed {
                    rule: denied.rule.into(),
                    field: "reason".into(),
                }
            })?;
            BreakGlassRequest {
                device: (*me.device.bytes()).into(),
                patient: (*patient.bytes()).into(),
                reason: reason.into(),
            }
        };
        let _: Ack = call(transport, token, wire::BREAK_GLASS, &request)
            .await
            .map_err(call_error)?;
        Ok(())
    }
}
