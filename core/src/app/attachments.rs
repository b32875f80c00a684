//! Photos, recordings and files of a visit.
//!
//! [`VisitHandle::attach`] seals the bytes into a file of their own, makes it
//! durable, and only then writes the entry that names it by its SHA-256. The
//! record is sent as any edit is; the bytes follow when there is a network for
//! them (`uploads.rs`) and never hold up a record.

use std::io::{Cursor, Read};

use sha2::{Digest, Sha256};

use super::edit::Saved;
use super::error::AppError;
use super::visit::VisitHandle;
use crate::model::{AttachmentEntry, ChangeHash, Coding, EntryId, Millis, PersonId, Refused};
use crate::store::{AttachmentName, AttachmentRow, UploadState, WrittenAttachment};
use crate::vault::SealedBlob;

/// Most bytes of one attachment.
pub const ATTACHMENT_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Bytes of attachments that a phone keeps. What only this phone has stays
/// whatever its size, and once it alone is this much, no more is taken.
pub const ATTACHMENTS_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Most bytes of a small picture for lists.
pub const THUMBNAIL_BYTES_MAX: usize = 32 * 1024;

const CAPTION_CHARS_MAX: usize = 500;
/// Bytes in which a file says what it is.
const HEAD_BYTES: usize = 16;

/// What may be attached, and how its bytes begin: at which offset, with what.
pub const MEDIA_TYPES: [(&str, usize, &[u8]); 9] = [
    ("image/jpeg", 0, &[0xff, 0xd8, 0xff]),
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/heic", 4, b"ftyp"),
    ("image/webp", 8, b"WEBP"),
    ("audio/mp4", 4, b"ftyp"),
    ("audio/mpeg", 0, b"ID3"),
    ("audio/ogg", 0, b"OggS"),
    ("video/mp4", 4, b"ftyp"),
    ("application/pdf", 0, b"%PDF-"),
];

/// Which of [`MEDIA_TYPES`] a file is, by its first 16 bytes; none: of no kind that may be
/// attached.
#[must_use]
pub fn media_type_of(head: &[u8]) -> Option<&'static str> {
    // Several kinds begin alike: their brand tells them apart.
    if head.get(4..8) == Some(b"ftyp") {
        let brand = head.get(8..12)?;
        return Some(match brand {
            b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" => "image/heic",
            b"M4A " | b"M4B " => "audio/mp4",
            _ => "video/mp4",
        });
    }
    let begins =
        |(_, at, magic): &&(&str, usize, &[u8])| head.get(*at..*at + magic.len()) == Some(*magic);
    let known = MEDIA_TYPES.iter().find(begins).map(|known| known.0);
    known.or_else(|| is_mpeg_frame(head).then_some("audio/mpeg"))
}

/// An MPEG stream without a tag begins with its first frame.
fn is_mpeg_frame(head: &[u8]) -> bool {
    matches!(head, [0xff, second, ..] if second & 0xe0 == 0xe0)
}

/// What is said of a photo, a recording or a file that is added.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewAttachment {
    /// One of [`MEDIA_TYPES`]; the bytes must begin accordingly.
    pub media_type: String,
    /// In the person's own words, up to 500 characters.
    pub caption: Option<String>,
    /// Which part of the body it shows.
    pub body_site: Option<Coding>,
    /// A small picture for lists, as the platform makes it, up to
    /// [`THUMBNAIL_BYTES_MAX`].
    pub thumbnail: Option<Vec<u8>>,
}

/// An attachment of a visit, for a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    /// Its entry in the visit.
    pub entry: EntryId,
    /// As in `image/jpeg`.
    pub media_type: String,
    /// How many bytes.
    pub size_bytes: u64,
    /// In the person's own words.
    pub caption: Option<String>,
    /// Which part of the body it shows.
    pub body_site: Option<Coding>,
    /// Who added it.
    pub by: PersonId,
    /// When, by the wall clock of their phone.
    pub at: Millis,
    /// A small picture, if this phone has one.
    pub thumbnail: Option<Vec<u8>>,
    /// Whether the bytes are on this phone; else fetch them.
    pub here: bool,
    /// Where the bytes are besides; none: they are not on this phone.
    pub upload: Option<UploadState>,
}

impl NewAttachment {
    fn check(&self) -> Result<(), Refused> {
        if !MEDIA_TYPES
            .iter()
            .any(|(known, ..)| *known == self.media_type)
        {
            return Err(Refused::new(
                "media_type",
                "image/jpeg, image/png, image/heic, image/webp, audio/mp4, audio/mpeg, audio/ogg, \
                 video/mp4, application/pdf",
            ));
        }
        let caption = self.caption.as_deref().unwrap_or_default();
        if caption.chars().count() > CAPTION_CHARS_MAX {
            return Err(Refused::new("caption", "up to 500 characters"));
        }
        if self
            .thumbnail
            .as_ref()
            .is_some_and(|it| it.len() > THUMBNAIL_BYTES_MAX)
        {
            return Err(Refused::new("thumbnail", "up to 32768 bytes"));
        }
        Ok(())
    }

    /// Whether bytes begin as this kind of file does.
    fn fits(&self, head: &[u8]) -> bool {
        let begins = |(media_type, at, magic): &(&str, usize, &[u8])| {
            *media_type == self.media_type && head.get(*at..*at + magic.len()) == Some(*magic)
        };
        let frame = self.media_type == "audio/mpeg" && is_mpeg_frame(head);
        frame || MEDIA_TYPES.iter().any(begins)
    }
}

impl VisitHandle {
    /// Adds a photo, a recording or a file. When this returns, the bytes and the
    /// entry that names them are durable; they are sent later. The same bytes
    /// again take no more room.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `media_type`, `caption`, `thumbnail`, or on
    /// `attachment` for no bytes, more than [`ATTACHMENT_BYTES_MAX`], or bytes of
    /// another kind; [`AppError::StorageFull`]; [`AppError::Signed`];
    /// [`AppError::NotAllowed`]. Nothing is left of it then.
    pub fn attach(&self, new: &NewAttachment, from: &mut dyn Read) -> Result<Saved, AppError> {
        new.check()?;
        let mut head = Vec::with_capacity(HEAD_BYTES);
        let unreadable = |_| AppError::Failed {
            code: "attachment_unreadable",
        };
        from.take(HEAD_BYTES as u64)
            .read_to_end(&mut head)
            .map_err(unreadable)?;
        if !new.fits(&head) {
            let limit = "bytes of the kind that media_type says";
            return Err(Refused::new("attachment", limit).into());
        }
        self.read()?;
        let name = self.begin_file()?;
        let mut whole = Cursor::new(head).chain(from);
        let written = self
            .inner
            .write_file(name, &mut whole, ATTACHMENT_BYTES_MAX);
        let saved = written.and_then(|sealed| self.name_file(name, new, sealed));
        if !matches!(saved, Ok((_, true))) {
            // The row says that it was begun: what can't be removed now is at the next start.
            let removed = self.inner.remove_file(name);
            if saved.is_ok() {
                removed?;
            }
        }
        saved.map(|(saved, _)| saved)
    }

    pub(super) fn begin_file(&self) -> Result<AttachmentName, AppError> {
        let name = AttachmentName(self.inner.random()?);
        let at = self.inner.clocks.now().wall_ms;
        let reads = self.inner.reads()?;
        let patient = {
            let reader = reads.store.reader()?;
            let patient = reader.patient_of(self.document())?;
            patient.ok_or(AppError::NotFound { what: "visit" })?
        };
        let document = self.document();
        reads
            .store
            .write(|tx| tx.begin_attachment(name, document, patient, at))?;
        Ok(name)
    }

    /// Writes the entry; true: the file of this name is the one that is kept.
    fn name_file(
        &self,
        name: AttachmentName,
        new: &NewAttachment,
        sealed: SealedBlob,
    ) -> Result<(Saved, bool), AppError> {
        let known = {
            let reads = self.inner.reads()?;
            let reader = reads.store.reader()?;
            let (_, pending) = reader.attachment_bytes()?;
            if pending + sealed.bytes > ATTACHMENTS_BYTES_MAX {
                return Err(AppError::StorageFull {
                    needed_bytes: sealed.bytes,
                });
            }
            reader
                .attachment(self.document(), &sealed.sha256)?
                .is_some()
        };
        let make = |desk: &mut super::edit::Desk<'_>| {
            let entry = AttachmentEntry {
                sha256: ChangeHash(sealed.sha256).to_string(),
                size_bytes: sealed.bytes,
                media_type: new.media_type.clone(),
                body_site: new.body_site.clone(),
                caption: new.caption.clone(),
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
            };
            Ok(vec![desk.append("attachments", &entry)?])
        };
        let saved = self
            .inner
            .edit_with(self.document(), "attachment", make, |tx| {
                if known {
                    return Ok(());
                }
                let written = WrittenAttachment {
                    sha256: &sealed.sha256,
                    size_bytes: sealed.bytes,
                    media_type: &new.media_type,
                    thumbnail: new.thumbnail.as_deref(),
                };
                Ok(tx.keep_attachment(name, &written, &UploadState::Pending)?)
            })?;
        Ok((saved, !known))
    }

    /// The attachments of the visit, in the order in which they were added.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn attachments(&self) -> Result<Vec<Attachment>, AppError> {
        let visit = self.read()?;
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let mut list = Vec::with_capacity(visit.attachments.len());
        for (entry, attachment) in visit.attachments {
            let row = match digest_of(&attachment) {
                Some(sha256) => reader.attachment(self.document(), &sha256)?,
                None => None,
            };
            let thumbnail = match &row {
                Some(row) => reader.thumbnail(row.name)?,
                None => None,
            };
            list.push(Attachment {
                entry,
                media_type: attachment.media_type,
                size_bytes: attachment.size_bytes,
                caption: attachment.caption,
                body_site: attachment.body_site,
                by: attachment.by,
                at: attachment.at_ms,
                thumbnail,
                here: row.is_some(),
                upload: row.map(|row| row.upload),
            });
        }
        Ok(list)
    }

    /// The bytes of an attachment, checked against its SHA-256.
    ///
    /// # Errors
    /// [`AppError::NotFound`] on `attachment` when they are not on this phone:
    /// fetch them; [`AppError::Failed`] when the file is damaged; as
    /// [`read`](Self::read).
    pub fn attachment_bytes(&self, entry: EntryId) -> Result<Vec<u8>, AppError> {
        let row = self.attachment_row(entry)?;
        let row = row.ok_or(AppError::NotFound { what: "attachment" })?;
        let size = usize::try_from(row.size_bytes).unwrap_or(usize::MAX);
        let mut file = self.inner.open_file(row.name)?;
        let bytes = file.read_at(0, size).map_err(super::files::blob_error)?;
        if Sha256::digest(&*bytes)[..] != row.sha256 {
            return Err(AppError::Failed {
                code: "attachment_damaged",
            });
        }
        let at = self.inner.clocks.now().wall_ms;
        // Nothing is lost when this is not noted: the file goes a little earlier.
        let _ = self
            .inner
            .reads()?
            .store
            .write(|tx| tx.attachment_used(row.name, at));
        Ok(bytes.to_vec())
    }

    /// The row of an entry's file, if it is on this phone.
    pub(super) fn attachment_row(&self, entry: EntryId) -> Result<Option<AttachmentRow>, AppError> {
        let visit = self.read()?;
        let attachment = visit.attachments.get(&entry);
        let attachment = attachment.ok_or(AppError::NotFound { what: "entry" })?;
        let Some(sha256) = digest_of(attachment) else {
            return Ok(None);
        };
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        Ok(reader.attachment(self.document(), &sha256)?)
    }
}

/// The SHA-256 that an entry names.
pub(super) fn digest_of(entry: &AttachmentEntry) -> Option<[u8; 32]> {
    // A change hash has the same shape: 32 bytes in hexadecimal.
    entry.sha256.parse::<ChangeHash>().ok().map(|hash| hash.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_it_is_and_is_then_taken_as_that() {
        let files: [(&[u8], Option<&str>); 12] = [
            (&[0xff, 0xd8, 0xff, 0xe0], Some("image/jpeg")),
            (b"\x89PNG\r\n\x1a\n", Some("image/png")),
            (b"\0\0\0\x18ftypheic", Some("image/heic")),
            (b"RIFF\0\0\0\0WEBP", Some("image/webp")),
            (b"\0\0\0\x18ftypM4A ", Some("audio/mp4")),
            (b"\0\0\0\x18ftypisom", Some("video/mp4")),
            (b"ID3\x04", Some("audio/mpeg")),
            (&[0xff, 0xfb, 0x90, 0x64], Some("audio/mpeg")),
            (b"OggS", Some("audio/ogg")),
            (b"%PDF-1.7", Some("application/pdf")),
            (b"MZ\x90\0", None),
            (b"", None),
        ];
        for (head, expected) in files {
            assert_eq!(media_type_of(head), expected, "{head:?}");
            let Some(media_type) = expected else { continue };
            let new = NewAttachment {
                media_type: media_type.to_owned(),
                ..NewAttachment::default()
            };
            assert!(new.check().is_ok() && new.fits(head), "{media_type}");
        }
    }
}
