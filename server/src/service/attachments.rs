//! The bytes of attachments: who may bring them, who may have them.
//!
//! The record that names an attachment is judged as any change is. The bytes
//! are taken from whoever was ever given access to the patient: an upload that
//! comes after access ended is work done before. They are given to whoever has
//! the patient in scope now.

use homeround::access::is_tenant_wide;
use homeround::model::{Millis, PatientId, Refused};
use homeround::wire::{ATTACHMENT_PART_BYTES_MAX, ATTACHMENT_SENT_BYTES_MAX, AttachmentAddress};

use super::{Backend, Caller, ServiceError, audit, own_device};
use crate::store::{Appended, Attachments, Reader, Upload};

/// Longest media type, in characters.
const MEDIA_TYPE_CHARS_MAX: usize = 80;

/// A part of an attachment, and how long the whole is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentPart {
    /// The part.
    pub bytes: Vec<u8>,
    /// Bytes of the whole.
    pub size_bytes: u64,
    /// As in `image/jpeg`.
    pub media_type: String,
}

impl Backend {
    fn attachments(&self) -> Result<&dyn Attachments, ServiceError> {
        let kept = self.attachments.as_deref();
        kept.ok_or(ServiceError::NotFound {
            what: "attachments: this backend keeps none",
        })
    }

    /// Begins an upload, or tells how far it is.
    ///
    /// # Errors
    /// [`ServiceError::Refused`] on `upload-length` or `content-type`;
    /// [`ServiceError::NotFound`] for a patient that the caller never had.
    pub async fn begin_upload(
        &self,
        caller: &Caller,
        device: &[u8; 16],
        address: &AttachmentAddress,
        size_bytes: u64,
        media_type: &str,
        now: Millis,
    ) -> Result<Upload, ServiceError> {
        if size_bytes == 0 || size_bytes > ATTACHMENT_SENT_BYTES_MAX {
            return Err(Refused::new("upload-length", "1..=52428800").into());
        }
        let fits = media_type.len() <= MEDIA_TYPE_CHARS_MAX
            && media_type.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits || !media_type.contains('/') {
            return Err(Refused::new("content-type", "a media type").into());
        }
        self.may_bring(caller, device, address.patient).await?;
        let attachments = self.attachments()?;
        let upload = attachments.begin(caller.tenant, address, size_bytes, media_type, now);
        let upload = upload.await?;
        if upload.size_bytes == size_bytes {
            Ok(upload)
        } else {
            Err(ServiceError::Exists {
                what: "an upload of another length",
            })
        }
    }

    /// How far an upload is.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when none was begun.
    pub async fn upload(
        &self,
        caller: &Caller,
        device: &[u8; 16],
        address: &AttachmentAddress,
    ) -> Result<Upload, ServiceError> {
        self.may_bring(caller, device, address.patient).await?;
        let found = self.attachments()?.upload(caller.tenant, address).await?;
        found.ok_or(ServiceError::NotFound { what: "upload" })
    }

    /// Takes a part. Answers what became of it.
    ///
    /// # Errors
    /// [`ServiceError::TooLarge`] for a part over [`ATTACHMENT_PART_BYTES_MAX`];
    /// as [`upload`](Self::upload).
    pub async fn append_upload(
        &self,
        caller: &Caller,
        device: &[u8; 16],
        address: &AttachmentAddress,
        (offset, part): (u64, &[u8]),
        now: Millis,
    ) -> Result<Appended, ServiceError> {
        if part.len() > ATTACHMENT_PART_BYTES_MAX {
            return Err(ServiceError::TooLarge { what: "part" });
        }
        self.may_bring(caller, device, address.patient).await?;
        let attachments = self.attachments()?;
        let appended = attachments
            .append(caller.tenant, address, offset, part)
            .await?;
        if appended == Appended::Complete {
            self.note_attachment(caller, device, address, "attachment_stored", now)
                .await?;
        }
        Ok(appended)
    }

    /// Gives a part of an attachment.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a patient outside the caller's scope, and
    /// when the bytes have not arrived.
    pub async fn attachment(
        &self,
        caller: &Caller,
        device: &[u8; 16],
        address: &AttachmentAddress,
        (offset, max): (u64, usize),
        now: Millis,
    ) -> Result<AttachmentPart, ServiceError> {
        let not_here = || ServiceError::NotFound { what: "attachment" };
        // Access that ran out is over now, and not when somebody next looks for it.
        self.settle_due(caller.tenant, now).await?;
        {
            let mut reader = self.storage.read(caller.tenant).await?;
            own_device(reader.as_mut(), caller, device).await?;
            if !in_scope(reader.as_mut(), caller, address.patient).await? {
                return Err(not_here());
            }
        }
        let attachments = self.attachments()?;
        let upload = attachments.upload(caller.tenant, address).await?;
        let upload = upload
            .filter(|upload| upload.complete)
            .ok_or_else(not_here)?;
        let max = max.min(ATTACHMENT_PART_BYTES_MAX);
        let bytes = attachments
            .read(caller.tenant, address, offset, max)
            .await?;
        if offset == 0 {
            self.note_attachment(caller, device, address, "attachment_read", now)
                .await?;
        }
        Ok(AttachmentPart {
            bytes: bytes.ok_or_else(not_here)?,
            size_bytes: upload.size_bytes,
            media_type: upload.media_type,
        })
    }

    /// Refuses whoever never had the patient.
    async fn may_bring(
        &self,
        caller: &Caller,
        device: &[u8; 16],
        patient: PatientId,
    ) -> Result<(), ServiceError> {
        let mut reader = self.storage.read(caller.tenant).await?;
        own_device(reader.as_mut(), caller, device).await?;
        let grants = reader.grants_between(caller.person, patient).await?;
        if !grants.is_empty() || in_scope(reader.as_mut(), caller, patient).await? {
            return Ok(());
        }
        Err(ServiceError::NotFound { what: "patient" })
    }

    async fn note_attachment(
        &self,
        caller: &Caller,
        device: &[u8; 16],
        address: &AttachmentAddress,
        action: &str,
        now: Millis,
    ) -> Result<(), ServiceError> {
        let mut tx = self.storage.write(caller.tenant).await?;
        let device = own_device(tx.as_mut(), caller, device).await?;
        let note = audit::Note::by(caller, action)
            .from(device.id)
            .about(address.patient)
            .saying(super::hex(&address.sha256));
        audit::note(tx.as_mut(), now, note).await?;
        Ok(tx.commit().await?)
    }
}

async fn in_scope(
    reader: &mut dyn Reader,
    caller: &Caller,
    patient: PatientId,
) -> Result<bool, ServiceError> {
    if is_tenant_wide(caller.role) {
        return Ok(reader.has_patient(patient).await?);
    }
    let scope = reader.scope_between(caller.person, patient).await?;
    Ok(scope.is_some())
}
