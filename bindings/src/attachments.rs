//! Photos, recordings and files of a visit.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use homeround::app;
use homeround::store::UploadState;

use crate::correction::{Correction, Corrections};
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::types::{Coding, EntryId, Saved};
use crate::visit::Visit;

/// What a chosen file is, by its first 16 bytes or more, as `NewAttachment.media_type` wants
/// it; none: of no kind that may be attached.
#[uniffi::export]
pub fn media_type_of(head: Vec<u8>) -> Result<Option<String>, HomeroundError> {
    guard(|| Ok::<_, HomeroundError>(app::media_type_of(&head).map(str::to_owned)))
}

/// What is said of a photo, a recording or a file that is added.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct NewAttachment {
    /// `image/jpeg`, `image/png`, `image/heic`, `image/webp`, `audio/mp4`,
    /// `audio/mpeg`, `audio/ogg`, `video/mp4` or `application/pdf`; the bytes must
    /// begin accordingly.
    pub media_type: String,
    /// In the person's own words, up to 500 characters.
    #[uniffi(default = None)]
    pub caption: Option<String>,
    /// Which part of the body it shows.
    #[uniffi(default = None)]
    pub body_site: Option<Coding>,
    /// A small picture for lists, up to 32 KiB.
    #[uniffi(default = None)]
    pub thumbnail: Option<Vec<u8>>,
}

/// Where the bytes of an attachment are besides this phone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Upload {
    /// Nowhere: they are unsent.
    Pending,
    /// The backend has them.
    Sent,
    /// The backend will not take them.
    Refused {
        /// Stable code.
        code: String,
    },
}

/// An attachment of a visit.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Attachment {
    /// Which.
    pub id: EntryId,
    /// As in `image/jpeg`.
    pub media_type: String,
    /// How many bytes.
    pub size_bytes: u64,
    /// In the person's own words.
    pub caption: Option<String>,
    /// Which part of the body it shows.
    pub body_site: Option<Coding>,
    /// Who added it.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// A small picture, if this phone has one.
    pub thumbnail: Option<Vec<u8>>,
    /// Whether the bytes are on this phone; else fetch them.
    pub here: bool,
    /// Where they are besides; none when they are not on this phone.
    pub upload: Option<Upload>,
    /// Set once somebody said that it was wrong: show it struck out.
    pub corrected: Option<Correction>,
}

impl From<NewAttachment> for app::NewAttachment {
    fn from(new: NewAttachment) -> Self {
        Self {
            media_type: new.media_type,
            caption: new.caption,
            body_site: new.body_site.map(Into::into),
            thumbnail: new.thumbnail,
        }
    }
}

#[uniffi::export]
impl Visit {
    /// Adds a photo, a recording or a file of up to 50 MiB. When this returns, bytes
    /// and entry are durable; they are sent later. For more than a few megabytes use
    /// `attach_file`.
    ///
    /// Fails with `Refused` on `media_type`, `caption`, `thumbnail` or `attachment`,
    /// `StorageFull`, `Signed`.
    pub fn attach(&self, new: NewAttachment, bytes: Vec<u8>) -> Result<Saved, HomeroundError> {
        self.attach_from(new, &mut bytes.as_slice())
    }

    /// As `attach`, of a file of the shell's. The file stays: delete it afterwards, it
    /// is not encrypted.
    pub fn attach_file(&self, new: NewAttachment, path: String) -> Result<Saved, HomeroundError> {
        guard(|| {
            let unreadable = |_| HomeroundError::refused("path", "a file that can be read");
            let mut file = File::open(&path).map_err(unreadable)?;
            self.attach_from(new, &mut file)
        })
    }

    /// The attachments, in the order in which they were added.
    pub fn attachments(&self) -> Result<Vec<Attachment>, HomeroundError> {
        guard(|| {
            let handle = self.handle();
            let names = Names::new(&self.phone.app);
            let wrong = Corrections::of(&handle.read()?.corrections, &names);
            let list = handle.attachments()?.into_iter();
            let shown = list.map(|one| show(one, &wrong, &names));
            Ok::<_, HomeroundError>(shown.collect())
        })
    }

    /// The bytes of an attachment, checked against what the record says of them.
    ///
    /// Fails with `NotFound` on `attachment` when they are not here: fetch them.
    pub fn attachment_bytes(&self, id: EntryId) -> Result<Vec<u8>, HomeroundError> {
        guard(|| self.handle().attachment_bytes(id))
    }

    /// Fetches the bytes of a colleague's attachment and keeps them. Does nothing when
    /// they are here.
    ///
    /// Fails with `NotFound` while their author has not sent them, `Retry` without a
    /// network, `NotAllowed` with the backend's code.
    pub async fn fetch_attachment(&self, id: EntryId) -> Result<(), HomeroundError> {
        let (phone, visit) = (Arc::clone(&self.phone), self.handle());
        let work = async move {
            visit
                .fetch_attachment(&phone.radio, &phone.tokens, id)
                .await
        };
        self.phone.runtime.run(work).await
    }
}

impl Visit {
    fn attach_from(
        &self,
        new: NewAttachment,
        from: &mut dyn Read,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.attach(&new.into(), from))
    }
}

fn show(one: app::Attachment, wrong: &Corrections, names: &Names<'_>) -> Attachment {
    Attachment {
        id: one.entry,
        media_type: one.media_type,
        size_bytes: one.size_bytes,
        caption: one.caption,
        body_site: one.body_site.map(Into::into),
        by: names.by(one.by),
        at_ms: one.at.0,
        thumbnail: one.thumbnail,
        here: one.here,
        upload: one.upload.map(|upload| match upload {
            UploadState::Pending => Upload::Pending,
            UploadState::Sent => Upload::Sent,
            UploadState::Refused { code } => Upload::Refused { code },
        }),
        corrected: wrong.get("attachments", one.entry),
    }
}
