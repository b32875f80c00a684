//! The beacon: how a device's sync is, without any patient data.

use homeround::model::{DeviceId, Millis};
use homeround::wire::{Ack, Beacon};
use uuid::Uuid;

use super::{Backend, Caller, ServiceError, own_device};
use crate::store::{BeaconRow, DeviceRow};

/// Most characters of a version or of an error's code.
const WORD_CHARS_MAX: usize = 64;

impl Backend {
    /// Keeps a device's last sign of life.
    ///
    /// # Errors
    /// [`ServiceError`] for a device that is not the caller's.
    pub async fn beacon(
        &self,
        caller: &Caller,
        beacon: &Beacon,
        now: Millis,
    ) -> Result<Ack, ServiceError> {
        let mut tx = self.storage.write(caller.tenant).await?;
        own_device(tx.as_mut(), caller, &beacon.device).await?;
        let row = BeaconRow {
            device: DeviceId(Uuid::from_bytes(*beacon.device)),
            at: now,
            oldest_unsent_ms: beacon.oldest_unsent_ms,
            pending: beacon.pending,
            quarantined: beacon.quarantined,
            version: word(&beacon.version),
            last_error: beacon.last_error.as_deref().map(word),
        };
        tx.put_beacon(&row).await?;
        let epoch = tx.tenant().await?.epoch;
        tx.commit().await?;
        let server_ms = now.0;
        Ok(Ack { epoch, server_ms })
    }
}

impl Backend {
    /// Devices of all tenants, not revoked, whose oldest unsent edit was older
    /// than this when they were last heard.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn stuck_devices(&self, older_than_ms: u64) -> Result<usize, ServiceError> {
        let mut stuck = 0;
        for tenant in self.storage.tenants().await? {
            let mut reader = self.storage.read(tenant.id).await?;
            let devices = reader.devices().await?;
            let is_stuck = |(device, beacon): &&(DeviceRow, Option<BeaconRow>)| {
                let oldest = beacon.as_ref().and_then(|beacon| beacon.oldest_unsent_ms);
                device.revoked_at.is_none() && oldest.is_some_and(|ms| ms > older_than_ms)
            };
            stuck += devices.iter().filter(is_stuck).count();
        }
        Ok(stuck)
    }
}

/// What a code or a version looks like; anything else a phone says is cut out.
fn word(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
    text.chars().filter(plain).take(WORD_CHARS_MAX).collect()
}
