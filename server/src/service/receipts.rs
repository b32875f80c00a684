//! Receipts: a phone says what it purged.

use homeround::model::{DeviceId, Millis, PatientId};
use homeround::vault::{Domain, verify_signed};
use homeround::wire::{self, Ack, RECEIPTS_MAX, ReceiptsRequest};
use uuid::Uuid;

use super::{Backend, Caller, ServiceError, audit, own_device};
use crate::store::{ReceiptRow, Writer};

/// Most characters of a reason's code.
const REASON_CHARS_MAX: usize = 64;

impl Backend {
    /// Keeps receipts; the same ones again change nothing.
    ///
    /// # Errors
    /// [`ServiceError::Signature`] when the device did not sign them.
    pub async fn receipts(
        &self,
        caller: &Caller,
        request: &ReceiptsRequest,
        now: Millis,
    ) -> Result<Ack, ServiceError> {
        if request.receipts.len() > RECEIPTS_MAX {
            return Err(ServiceError::TooLarge { what: "receipts" });
        }
        let mut tx = self.storage.write(caller.tenant).await?;
        let device = own_device(tx.as_mut(), caller, &request.device).await?;
        let statement = wire::receipts_statement(&request.device, &request.receipts);
        if !verify_signed(
            &device.public_key,
            Domain::Receipt,
            &statement,
            &request.signature,
        ) {
            return Err(ServiceError::Signature);
        }
        for receipt in &request.receipts {
            keep(tx.as_mut(), caller, device.id, receipt, now).await?;
        }
        let epoch = tx.tenant().await?.epoch;
        tx.commit().await?;
        let server_ms = now.0;
        Ok(Ack { epoch, server_ms })
    }
}

async fn keep(
    tx: &mut dyn Writer,
    caller: &Caller,
    device: DeviceId,
    receipt: &wire::Receipt,
    now: Millis,
) -> Result<(), ServiceError> {
    if receipt.reason.chars().count() > REASON_CHARS_MAX {
        return Err(ServiceError::TooLarge { what: "reason" });
    }
    let patient = PatientId(Uuid::from_bytes(*receipt.patient));
    let row = ReceiptRow {
        id: Uuid::from_bytes(*receipt.id),
        device,
        patient,
        reason: receipt.reason.clone(),
        documents: receipt.documents,
        records: receipt.records,
        at: Millis(receipt.at_ms),
        received_at: now,
    };
    if !tx.add_receipt(&row).await? {
        return Ok(());
    }
    let detail = format!(
        "{} documents, {} records",
        receipt.documents, receipt.records
    );
    let note = audit::Note::by(caller, "purged")
        .from(device)
        .about(patient);
    audit::note(tx, now, note.saying(detail)).await
}
