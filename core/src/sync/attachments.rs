//! Sending and fetching the bytes of attachments, a part at a time.
//!
//! Nothing is kept between calls: how much has arrived is the backend's to say,
//! so an upload that was interrupted anywhere goes on from there.

use std::future::Future;

use crate::model::DeviceId;
use crate::wire::{
    self, ATTACHMENT_PART_BYTES_MAX, AttachmentAddress, AttachmentRequest, AttachmentResponse,
    Failure,
};

use super::{AccessToken, Cancel, Lost};

/// Parts that may be refused as out of step before an upload is given up for now.
const OUT_OF_STEP_MAX: u32 = 4;

/// Sends questions about attachments; [`super::Http`] does.
pub trait AttachmentTransport: Send + Sync {
    /// Asks one question. Any status is an answer.
    ///
    /// # Errors
    /// [`Lost`] when no whole answer came.
    fn exchange(
        &self,
        address: &AttachmentAddress,
        device: DeviceId,
        request: AttachmentRequest,
        token: &AccessToken,
    ) -> impl Future<Output = Result<AttachmentResponse, Lost>> + Send;
}

/// What is sent or fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentJob {
    /// Which attachment.
    pub address: AttachmentAddress,
    /// From which device.
    pub device: DeviceId,
    /// How many bytes.
    pub size_bytes: u64,
    /// As in `image/jpeg`.
    pub media_type: String,
}

/// Why the bytes of an attachment did not move to the end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentFault {
    /// No answer, or one that says to come back: what arrived stays there.
    #[error("try again later")]
    Later,
    /// The token was refused: get another one.
    #[error("token refused")]
    Token,
    /// The backend will not take or give it.
    #[error("refused: {code}")]
    Refused {
        /// Stable code.
        code: String,
    },
    /// It was stopped.
    #[error("stopped")]
    Stopped,
    /// This phone's own side failed.
    #[error("local: {code}")]
    Local {
        /// Stable code.
        code: &'static str,
    },
}

impl From<Lost> for AttachmentFault {
    fn from(_: Lost) -> Self {
        Self::Later
    }
}

/// Sends an attachment; `read` gives up to so many bytes from an offset on.
/// Answers how many bytes were sent now.
///
/// # Errors
/// [`AttachmentFault`]; asking again goes on where this stopped.
pub async fn send_attachment(
    transport: &impl AttachmentTransport,
    token: &AccessToken,
    job: &AttachmentJob,
    cancel: &Cancel,
    mut read: impl FnMut(u64, usize) -> Result<Vec<u8>, AttachmentFault> + Send,
) -> Result<u64, AttachmentFault> {
    let (mut sent, mut out_of_step) = (0, 0);
    let mut offset = begin(transport, token, job).await?;
    while offset < job.size_bytes {
        if cancel.is_canceled() {
            return Err(AttachmentFault::Stopped);
        }
        let part = read(offset, ATTACHMENT_PART_BYTES_MAX)?;
        if part.is_empty() {
            return Err(AttachmentFault::Local {
                code: "attachment_short",
            });
        }
        let length = part.len() as u64;
        let request = AttachmentRequest::Append { offset, part };
        let answer = transport
            .exchange(&job.address, job.device, request, token)
            .await?;
        match (answer.status, answer.offset) {
            (204, Some(arrived)) => {
                sent += length;
                offset = arrived;
            }
            // A part arrived whose answer was lost, or the backend went back.
            (409, _) if out_of_step < OUT_OF_STEP_MAX => {
                out_of_step += 1;
                offset = begin(transport, token, job).await?;
            }
            _ => return Err(fault_of(&answer)),
        }
    }
    Ok(sent)
}

/// How much has arrived; begins the upload when nothing has.
async fn begin(
    transport: &impl AttachmentTransport,
    token: &AccessToken,
    job: &AttachmentJob,
) -> Result<u64, AttachmentFault> {
    let ask = |request| transport.exchange(&job.address, job.device, request, token);
    let known = ask(AttachmentRequest::Offset).await?;
    if let (200 | 204, Some(offset)) = (known.status, known.offset) {
        return Ok(offset);
    }
    if known.status != 404 {
        return Err(fault_of(&known));
    }
    let made = ask(AttachmentRequest::Create {
        size_bytes: job.size_bytes,
        media_type: job.media_type.clone(),
    })
    .await?;
    match (made.status, made.offset) {
        (200 | 201, offset) => Ok(offset.unwrap_or(0)),
        _ => Err(fault_of(&made)),
    }
}

/// Fetches one part of an attachment.
///
/// # Errors
/// [`AttachmentFault`].
pub async fn fetch_part(
    transport: &impl AttachmentTransport,
    token: &AccessToken,
    job: &AttachmentJob,
    offset: u64,
) -> Result<Vec<u8>, AttachmentFault> {
    let request = AttachmentRequest::Fetch { offset };
    let answer = transport
        .exchange(&job.address, job.device, request, token)
        .await?;
    match answer.status {
        200 | 206 if !answer.body.is_empty() => Ok(answer.body),
        _ => Err(fault_of(&answer)),
    }
}

/// What an answer that is no success means.
fn fault_of(answer: &AttachmentResponse) -> AttachmentFault {
    match answer.status {
        401 => AttachmentFault::Token,
        400..=499 if answer.status != 408 && answer.status != 429 => {
            let failure = wire::open_body::<Failure>(&answer.body);
            let code = failure.map_or_else(|_| format!("http_{}", answer.status), |it| it.code);
            AttachmentFault::Refused { code }
        }
        _ => AttachmentFault::Later,
    }
}
