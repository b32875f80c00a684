//! Photos, films, recordings and files: what is known of them, and which bytes they are.
//! The bytes themselves stay in the backend.

use homeround::model::AttachmentEntry;
use serde_json::{Value, json};

use super::super::base64;
use super::{Sheet, concept, hl7};

impl Sheet<'_> {
    pub(super) fn attachments(&mut self) {
        for (id, attachment) in &self.input.visit.attachments {
            let kind = attachment.media_type.split('/').next().unwrap_or_default();
            let mut resource = match kind {
                "image" => self.media(attachment, "image", "Image"),
                "video" => self.media(attachment, "video", "Video"),
                "audio" => self.media(attachment, "audio", "Audio"),
                _ => self.file(attachment),
            };
            if self.standing("attachments", *id) == Some("entered-in-error") {
                resource["status"] = json!("entered-in-error");
            }
            self.add_of(*id, id.0, resource);
        }
    }

    fn media(&mut self, attachment: &AttachmentEntry, code: &str, display: &str) -> Value {
        json!({
            "resourceType": "Media",
            "status": "completed",
            "type": hl7("media-type", code, display),
            "subject": self.subject(),
            "encounter": self.encounter_reference(),
            "createdDateTime": self.instant(attachment.at_ms),
            "operator": self.who(attachment.by),
            "bodySite": attachment.body_site.as_ref().map(concept),
            "content": self.content(attachment),
        })
    }

    fn file(&mut self, attachment: &AttachmentEntry) -> Value {
        let author = self.who(attachment.by);
        json!({
            "resourceType": "DocumentReference",
            "status": "current",
            "subject": self.subject(),
            "date": self.instant(attachment.at_ms),
            "author": [author],
            "description": attachment.caption,
            "content": [{ "attachment": self.content(attachment) }],
            "context": { "encounter": [self.encounter_reference()] },
        })
    }

    fn content(&self, attachment: &AttachmentEntry) -> Value {
        json!({
            "contentType": attachment.media_type,
            "url": named_information(attachment),
            "size": attachment.size_bytes,
            "title": attachment.caption,
            "creation": self.instant(attachment.at_ms),
        })
    }
}

/// The bytes by their SHA-256 (RFC 6920): FHIR's own `hash` is SHA-1.
fn named_information(attachment: &AttachmentEntry) -> Option<String> {
    let digest = super::evidence::unhex(&attachment.sha256)?;
    let text = base64::encode(&digest).replace('+', "-").replace('/', "_");
    Some(format!("ni:///sha-256;{}", text.trim_end_matches('=')))
}
