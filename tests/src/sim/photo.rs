//! Photos of visits: one is taken, a colleague's is looked at; and which copy of one may be
//! asked for.

use homeround::app::{Homeround, NewAttachment};
use homeround::model::{DocumentId, VisitId};
use homeround::wire::AttachmentAddress;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::model::Photo;
use super::phone::Phone;
use super::work::{self, Tried};
use super::world::World;

/// Of a hundred turns so many take a photo.
const TAKEN: u64 = 5;
/// Of a hundred turns so many look at a colleague's as well.
const LOOKED_AT: u64 = 12;
/// Of a hundred photos so many are of more than one part.
const LARGE: u64 = 25;
const JPEG: [u8; 4] = [0xff, 0xd8, 0xff, 0xe0];

impl World {
    /// Whether this turn is a photo's.
    pub(super) fn takes_a_photo(&mut self, number: usize, visit: VisitId) -> bool {
        let Some(app) = self.phones[number].app().cloned() else {
            return false;
        };
        if self.dice.chance(LOOKED_AT) {
            self.look_at_a_photo(number, &app, visit);
        }
        let Ok(seen) = app.visit(visit).read() else {
            return false;
        };
        if !self.dice.chance(TAKEN) {
            return false;
        }
        let edit = self.next_number();
        let bytes = self.picture();
        let new = NewAttachment {
            media_type: "image/jpeg".into(),
            caption: Some(work::words(edit)),
            ..NewAttachment::default()
        };
        let saved = app.visit(visit).attach(&new, &mut &*bytes);
        let mut photo = Photo {
            claim: None,
            phone: number,
            visit,
            entry: saved.as_ref().ok().and_then(|saved| saved.entry),
            address: AttachmentAddress {
                patient: seen.patient,
                sha256: Sha256::digest(&bytes).into(),
            },
            bytes,
            excused: false,
        };
        let told = saved.is_ok();
        let facts = work::entry("attachments", "/caption", json!(work::words(edit)));
        let tried = Tried::on(DocumentId::visit(visit), ("photo", saved, facts));
        self.tried(number, &app, tried);
        if told {
            photo.claim = Some(self.model.claims.len() - 1);
            self.figures.photos += 1;
        }
        self.model.photos.push(photo);
        self.look_for_death(number);
        true
    }

    fn picture(&mut self) -> Vec<u8> {
        let size = match self.dice.chance(LARGE) {
            true => 200_000 + self.dice.below(500_000),
            false => 100 + self.dice.below(4_000),
        };
        let mut bytes = JPEG.to_vec();
        let mut dice = self.dice.fork();
        while (bytes.len() as u64) < size {
            bytes.extend(dice.draw().to_le_bytes());
        }
        bytes
    }

    fn look_at_a_photo(&mut self, number: usize, app: &Homeround, visit: VisitId) {
        let photos = app.visit(visit).attachments().unwrap_or_default();
        let away: Vec<_> = photos.iter().filter(|photo| !photo.here).collect();
        if !away.is_empty() {
            let entry = self.dice.pick(&away).entry;
            self.fetch_photo(number, visit, entry);
        }
    }

    /// The photos that the backend has whole.
    pub(super) fn stored_photos(&self) -> Vec<bool> {
        let photos = self.model.photos.iter();
        photos
            .map(|photo| self.server.holds(&photo.address))
            .collect()
    }

    /// Of these photos, those that the backend does not have: a copy goes, and it may be the
    /// last.
    pub(super) fn risk_photos(&mut self, which: impl Fn(usize) -> bool) {
        for (index, stored) in self.stored_photos().into_iter().enumerate() {
            if which(index) && !stored {
                self.trouble.photos_at_risk.insert(index);
            }
        }
    }

    /// What was at risk, and neither the backend nor any phone has any more, is not asked for.
    pub(super) fn excuse_photos(&mut self) {
        for index in self.trouble.photos_at_risk.clone() {
            let photo = &self.model.photos[index];
            let held = self.phones.iter().any(|phone| self.has(phone, photo));
            if !held && !self.server.holds(&photo.address) {
                self.model.photos[index].excused = true;
            }
        }
    }

    fn has(&self, phone: &Phone, photo: &Photo) -> bool {
        let (Some(app), Some(entry)) = (phone.app(), photo.entry) else {
            return false;
        };
        if self.model.may(phone.person, photo.address.patient) {
            let bytes = app.visit(photo.visit).attachment_bytes(entry);
            return bytes.is_ok_and(|bytes| bytes == photo.bytes);
        }
        // Nobody is shown what a phone holds still after access ended.
        let hidden = app.documents().unwrap_or_default();
        let hidden = hidden.contains(&DocumentId::visit(photo.visit));
        phone.number == photo.phone && hidden && phone.keeps(&photo.address.sha256)
    }
}
