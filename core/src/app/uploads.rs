//! Bringing the bytes of attachments to the backend and fetching those of
//! others. Apart from the sync of records: a file that fails holds up nothing.

use std::io::Read;

use super::error::AppError;
use super::inner::Inner;
use super::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_BYTES_MAX, Homeround, VisitHandle};
use crate::model::{DeviceId, EntryId, PatientId};
use crate::store::{AttachmentName, AttachmentRow, UploadState, WrittenAttachment};
use crate::sync::{
    AccessToken, AttachmentFault, AttachmentJob, AttachmentTransport, Cancel, Lost, TokenFault,
    TokenSource, TransportFault, fetch_part, send_attachment,
};
use crate::wire::{AttachmentAddress, AttachmentRequest, AttachmentResponse};

/// What a run over the unsent attachments did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttachmentsReport {
    /// Attachments that the backend has now.
    pub sent: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Attachments that the backend refused; each says why in the visit's list.
    pub refused: u64,
    /// Attachments whose file on this phone could not be read.
    pub unreadable: u64,
    /// Attachments that are still unsent.
    pub left: u64,
}

/// The network of a phone that is open: one that is lent or locked while a file is on its way
/// asks nothing more.
struct Open<'a, T> {
    inner: &'a Inner,
    transport: &'a T,
}

impl<T: AttachmentTransport> AttachmentTransport for Open<'_, T> {
    async fn exchange(
        &self,
        address: &AttachmentAddress,
        device: DeviceId,
        request: AttachmentRequest,
        token: &AccessToken,
    ) -> Result<AttachmentResponse, Lost> {
        if self.inner.reads().is_err() {
            return Err(TransportFault::Unreachable.into());
        }
        let transport = self.transport;
        transport.exchange(address, device, request, token).await
    }
}

impl Homeround {
    /// How many attachments only this phone has.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn attachments_unsent(&self) -> Result<u64, AppError> {
        let reads = self.inner.reads()?;
        Ok(reads.store.reader()?.attachments_unsent()?)
    }

    /// Sends attachments until none is left, the time is up, it is stopped or the
    /// network fails. Call it when a sync run is over and the network is good for
    /// it; being killed costs at most one part.
    ///
    /// # Errors
    /// [`AppError::Locked`]; [`AppError::NotEnrolled`];
    /// [`AppError::NotAllowed`] with `sign_in` when the person has to sign in.
    pub async fn send_attachments(
        &self,
        transport: &impl AttachmentTransport,
        tokens: &impl TokenSource,
        cancel: &Cancel,
        budget_ms: Option<u64>,
    ) -> Result<AttachmentsReport, AppError> {
        let started = self.inner.clocks.now().monotonic_ms;
        let in_time = || {
            let used = self.inner.clocks.now().monotonic_ms.saturating_sub(started);
            budget_ms.is_none_or(|budget| u64::try_from(used).unwrap_or(0) < budget)
        };
        let mut report = AttachmentsReport::default();
        let (mut after, mut token, mut renewed) = (None, None, false);
        while let Some((row, patient)) = self.next_attachment(after)? {
            if cancel.is_canceled() || !in_time() {
                break;
            }
            let current = match &token {
                Some(token) => token,
                None => match fresh_token(tokens, renewed).await? {
                    Some(fresh) => token.insert(fresh),
                    None => break,
                },
            };
            match self
                .send_one(transport, current, &row, patient, cancel)
                .await
            {
                Ok(bytes) => {
                    report.sent += 1;
                    report.bytes += bytes;
                    self.note_upload(row.name, &UploadState::Sent)?;
                }
                Err(AttachmentFault::Refused { code }) => {
                    report.refused += 1;
                    self.note_upload(row.name, &UploadState::Refused { code })?;
                }
                Err(AttachmentFault::Local { .. }) => report.unreadable += 1,
                Err(AttachmentFault::Token) if !renewed => {
                    (token, renewed) = (None, true);
                    continue;
                }
                Err(_) => break,
            }
            after = Some(row.name);
        }
        report.left = self.attachments_unsent()?;
        Ok(report)
    }

    /// The next attachment to send whose patient is known.
    fn next_attachment(
        &self,
        after: Option<AttachmentName>,
    ) -> Result<Option<(AttachmentRow, PatientId)>, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let mut after = after;
        loop {
            let page = reader.attachments_pending(after, 1)?;
            let Some(row) = page.into_iter().next() else {
                return Ok(None);
            };
            match row.patient {
                Some(patient) => return Ok(Some((row, patient))),
                // Its document has not come back yet.
                None => after = Some(row.name),
            }
        }
    }

    async fn send_one(
        &self,
        transport: &impl AttachmentTransport,
        token: &AccessToken,
        row: &AttachmentRow,
        patient: PatientId,
        cancel: &Cancel,
    ) -> Result<u64, AttachmentFault> {
        let job = self.job(row, patient).map_err(|error| local(&error))?;
        let mut file = self
            .inner
            .open_file(row.name)
            .map_err(|error| local(&error))?;
        let read = move |offset, max| {
            let part = file.read_at(offset, max);
            part.map(|part| part.to_vec())
                .map_err(|error| local(&super::files::blob_error(error)))
        };
        let open = Open {
            inner: &self.inner,
            transport,
        };
        send_attachment(&open, token, &job, cancel, read).await
    }

    fn job(&self, row: &AttachmentRow, patient: PatientId) -> Result<AttachmentJob, AppError> {
        let reads = self.inner.reads()?;
        let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
        Ok(AttachmentJob {
            address: AttachmentAddress {
                patient,
                sha256: row.sha256,
            },
            device: me.device,
            size_bytes: row.size_bytes,
            media_type: row.media_type.clone(),
        })
    }

    fn note_upload(&self, name: AttachmentName, outcome: &UploadState) -> Result<(), AppError> {
        self.inner
            .reads()?
            .store
            .write(|tx| tx.attachment_sent(name, outcome))?;
        self.inner.tell(self.inner.next_revision(), &[]);
        Ok(())
    }
}

impl VisitHandle {
    /// Fetches the bytes of a colleague's attachment, checks them against the
    /// SHA-256 that the record names, and keeps them. Nothing is done when they
    /// are here.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such entry or its author has not
    /// sent the bytes yet; [`AppError::Retry`] when the network fails;
    /// [`AppError::NotAllowed`] with the backend's code.
    pub async fn fetch_attachment(
        &self,
        transport: &impl AttachmentTransport,
        tokens: &impl TokenSource,
        entry: EntryId,
    ) -> Result<(), AppError> {
        if self.attachment_row(entry)?.is_some() {
            return Ok(());
        }
        let (job, media_type) = self.wanted(entry)?;
        let Some(token) = fresh_token(tokens, false).await? else {
            return Err(AppError::Retry { after_ms: 5_000 });
        };
        let open = Open {
            inner: &self.inner,
            transport,
        };
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < job.size_bytes {
            let part = fetch_part(&open, &token, &job, bytes.len() as u64).await;
            self.inner.reads()?;
            bytes.extend(part.map_err(fetch_error)?);
        }
        self.keep_fetched(&job, &media_type, &mut bytes.as_slice())
    }

    fn wanted(&self, entry: EntryId) -> Result<(AttachmentJob, String), AppError> {
        let visit = self.read()?;
        let attachment = visit.attachments.get(&entry);
        let attachment = attachment.ok_or(AppError::NotFound { what: "entry" })?;
        let sha256 = super::attachments::digest_of(attachment);
        let sha256 = sha256.ok_or(AppError::NotFound { what: "attachment" })?;
        if attachment.size_bytes > ATTACHMENT_BYTES_MAX {
            return Err(AppError::Refused {
                field: "attachment".into(),
                limit: "50 MiB".into(),
            });
        }
        let reads = self.inner.reads()?;
        let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
        let job = AttachmentJob {
            address: AttachmentAddress {
                patient: visit.patient,
                sha256,
            },
            device: me.device,
            size_bytes: attachment.size_bytes,
            media_type: attachment.media_type.clone(),
        };
        Ok((job, attachment.media_type.clone()))
    }

    fn keep_fetched(
        &self,
        job: &AttachmentJob,
        media_type: &str,
        from: &mut dyn Read,
    ) -> Result<(), AppError> {
        let name = self.begin_file()?;
        let kept = self
            .inner
            .write_file(name, from, ATTACHMENT_BYTES_MAX)
            .and_then(|sealed| {
                if sealed.sha256 != job.address.sha256 {
                    return Err(AppError::Failed {
                        code: "attachment_damaged",
                    });
                }
                let written = WrittenAttachment {
                    sha256: &sealed.sha256,
                    size_bytes: sealed.bytes,
                    media_type,
                    thumbnail: None,
                };
                let store = &self.inner.reads()?.store;
                Ok(store.write(|tx| tx.keep_attachment(name, &written, &UploadState::Sent))?)
            });
        if kept.is_err() {
            let _ = self.inner.remove_file(name);
        }
        kept?;
        self.inner.evict_files(ATTACHMENTS_BYTES_MAX)?;
        self.inner
            .tell(self.inner.next_revision(), &[self.document()]);
        Ok(())
    }
}

/// A token; none: the source can't be reached now.
async fn fresh_token(
    tokens: &impl TokenSource,
    refresh: bool,
) -> Result<Option<AccessToken>, AppError> {
    match tokens.token(refresh).await {
        Ok(token) => Ok(Some(token)),
        Err(TokenFault::Unavailable) => Ok(None),
        Err(TokenFault::SignIn) => Err(AppError::NotAllowed {
            rule: "sign_in".into(),
            field: "token".into(),
        }),
    }
}

fn local(error: &AppError) -> AttachmentFault {
    let code = match error {
        AppError::Failed { code } => *code,
        AppError::NotFound { .. } => "attachment_missing",
        AppError::Locked => return AttachmentFault::Stopped,
        _ => "attachment_io",
    };
    AttachmentFault::Local { code }
}

fn fetch_error(fault: AttachmentFault) -> AppError {
    match fault {
        AttachmentFault::Refused { code } if code == "not_found" || code == "http_404" => {
            AppError::NotFound { what: "attachment" }
        }
        AttachmentFault::Refused { code } => AppError::NotAllowed {
            rule: code,
            field: "attachment".into(),
        },
        AttachmentFault::Local { code } => AppError::Failed { code },
        AttachmentFault::Later | AttachmentFault::Token | AttachmentFault::Stopped => {
            AppError::Retry { after_ms: 5_000 }
        }
    }
}
