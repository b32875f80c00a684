//! The bytes of attachments on the wire: resumable uploads after the tus 1.0
//! protocol (core and creation), and downloads by range.
//!
//! An attachment's address is `/v1/attachments/{patient}/{sha256}`: whoever has
//! the record knows it, the same bytes sent twice are the same upload, and what
//! arrived is checked against its name.

use super::{ATTACHMENTS, DEVICE_HEADER, MEDIA_TYPE, PROTOCOL, PROTOCOL_HEADER};
use crate::model::{ChangeHash, DeviceId, PatientId};

/// Version of tus that both ends speak.
pub const TUS_VERSION: &str = "1.0.0";
/// Most bytes of one part, up or down.
pub const ATTACHMENT_PART_BYTES_MAX: usize = 256 * 1024;
/// Most bytes of one attachment that the backend takes.
pub const ATTACHMENT_SENT_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Media type of a part, as tus has it.
pub const TUS_PART: &str = "application/offset+octet-stream";

/// Which attachment: whose, and the SHA-256 of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentAddress {
    /// Whose.
    pub patient: PatientId,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

impl AttachmentAddress {
    /// The path of this attachment.
    #[must_use]
    pub fn path(&self) -> String {
        let name = ChangeHash(self.sha256);
        format!("{ATTACHMENTS}/{}/{name}", self.patient)
    }
}

/// A question about an attachment's bytes. Each may be asked twice without harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachmentRequest {
    /// Begins an upload.
    Create {
        /// How many bytes there will be.
        size_bytes: u64,
        /// As in `image/jpeg`.
        media_type: String,
    },
    /// Asks how much has arrived.
    Offset,
    /// Sends a part, of at most [`ATTACHMENT_PART_BYTES_MAX`] bytes.
    Append {
        /// Where it begins: as many bytes as have arrived.
        offset: u64,
        /// The part.
        part: Vec<u8>,
    },
    /// Asks for a part, of at most [`ATTACHMENT_PART_BYTES_MAX`] bytes.
    Fetch {
        /// Where it begins.
        offset: u64,
    },
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AttachmentResponse {
    /// HTTP status.
    pub status: u16,
    /// `upload-offset`: how much has arrived.
    pub offset: Option<u64>,
    /// The part, or a [`super::Failure`].
    pub body: Vec<u8>,
}

/// A request as any HTTP client can send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpParts {
    /// As in `PATCH`.
    pub method: &'static str,
    /// Path after the backend's address.
    pub path: String,
    /// Headers, without the token's.
    pub headers: Vec<(&'static str, String)>,
    /// Body; empty for none.
    pub body: Vec<u8>,
}

impl AttachmentRequest {
    /// How this is asked over HTTP.
    #[must_use]
    pub fn http(self, address: &AttachmentAddress, device: DeviceId) -> HttpParts {
        let mut headers = vec![
            (PROTOCOL_HEADER, PROTOCOL.to_string()),
            (DEVICE_HEADER, device.to_string()),
            ("tus-resumable", TUS_VERSION.to_owned()),
        ];
        let (method, body) = match self {
            Self::Create {
                size_bytes,
                media_type,
            } => {
                headers.push(("upload-length", size_bytes.to_string()));
                headers.push(("content-type", media_type));
                ("POST", Vec::new())
            }
            Self::Offset => ("HEAD", Vec::new()),
            Self::Append { offset, part } => {
                headers.push(("upload-offset", offset.to_string()));
                headers.push(("content-type", TUS_PART.to_owned()));
                ("PATCH", part)
            }
            Self::Fetch { offset } => {
                let last = offset.saturating_add(ATTACHMENT_PART_BYTES_MAX as u64 - 1);
                headers.push(("range", format!("bytes={offset}-{last}")));
                ("GET", Vec::new())
            }
        };
        // Failures are in the phone's form.
        headers.push(("accept", MEDIA_TYPE.to_owned()));
        HttpParts {
            method,
            path: address.path(),
            headers,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_part_goes_to_the_attachments_own_address_with_its_offset() {
        let address = AttachmentAddress {
            patient: PatientId(Uuid::from_u128(7)),
            sha256: [0xab; 32],
        };
        let part = AttachmentRequest::Append {
            offset: 262_144,
            part: b"part".to_vec(),
        };
        let http = part.http(&address, DeviceId(Uuid::from_u128(9)));
        assert_eq!(http.method, "PATCH");
        let name = "ab".repeat(32);
        let path = format!("/v1/attachments/00000000-0000-0000-0000-000000000007/{name}");
        assert_eq!(http.path, path);
        let header = |name: &str| {
            let found = http.headers.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(header("upload-offset"), Some("262144"));
        assert_eq!(header("tus-resumable"), Some("1.0.0"));
        assert_eq!(header("content-type"), Some(TUS_PART));
    }

    #[test]
    fn a_range_asks_for_one_part_and_its_end_is_part_of_it() {
        let address = AttachmentAddress {
            patient: PatientId(Uuid::nil()),
            sha256: [0; 32],
        };
        let fetch = AttachmentRequest::Fetch { offset: 262_144 };
        let http = fetch.http(&address, DeviceId(Uuid::nil()));
        let range = http.headers.iter().find(|(name, _)| *name == "range");
        assert_eq!(range.unwrap().1, "bytes=262144-524287");
    }
}
