//! Each photo that was told as saved is on the backend whole, with the same bytes, and there
//! for whoever may see its patient. Nobody else gets it, and nobody keeps its file.

use homeround::wire::{AttachmentRequest, AttachmentResponse};

use super::super::model::Photo;
use super::super::phone::Phone;
use super::super::world::World;

/// What a token of the checker holds for.
const TOKEN_MS: i64 = 600_000;

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    for (index, stored) in world.stored_photos().into_iter().enumerate() {
        let photo = &world.model.photos[index];
        let Some(claim) = photo.claim.filter(|_| !photo.excused) else {
            continue;
        };
        if !stored {
            let told = world.model.claims[claim].told();
            found.push(format!("photos: the backend lacks the bytes of {told}"));
            continue;
        }
        for phone in &world.phones {
            let may = world.model.may(phone.person, photo.address.patient);
            let what = match (may, fetched(world, phone, photo)) {
                (true, Ok(bytes)) if bytes == photo.bytes => continue,
                (false, Err(404)) => continue,
                (true, Ok(_)) => "gets other bytes".to_owned(),
                (true, Err(status)) => format!("does not get them ({status})"),
                (false, Ok(_)) => "gets them without access".to_owned(),
                (false, Err(status)) => format!("is told {status} without access"),
            };
            let (told, number) = (world.model.claims[claim].told(), phone.number);
            found.push(format!("photos: of {told}: phone {number} {what}"));
        }
    }
    for phone in &world.phones {
        let (kept, most) = (files(phone), world.photos_of(phone));
        if kept > most {
            let number = phone.number;
            found.push(format!(
                "photos: phone {number} keeps {kept} files of {most} photos"
            ));
        }
    }
    for text in found {
        world.violated(text);
    }
}

impl World {
    /// Photos that somebody tried to take of the patients whom this phone's person may see.
    fn photos_of(&self, phone: &Phone) -> usize {
        let photos = self.model.photos.iter();
        let theirs = photos.filter(|photo| self.model.may(phone.person, photo.address.patient));
        theirs.count()
    }
}

fn files(phone: &Phone) -> usize {
    let files = std::fs::read_dir(phone.folder.join("attachments"));
    files.map_or(0, Iterator::count)
}

/// What the backend gives this phone's person; else its status.
fn fetched(world: &World, phone: &Phone, photo: &Photo) -> Result<Vec<u8>, u16> {
    let token = world.server.token(&phone.login, TOKEN_MS);
    let mut bytes = Vec::new();
    while bytes.len() < photo.bytes.len() {
        let offset = bytes.len() as u64;
        let fetch = AttachmentRequest::Fetch { offset };
        let answer = world
            .server
            .ask_of_photo(&photo.address, phone.device, fetch, &token)
            .unwrap_or_default();
        let AttachmentResponse { status, body, .. } = answer;
        if !matches!(status, 200 | 206) || body.is_empty() {
            return Err(status);
        }
        bytes.extend(body);
    }
    Ok(bytes)
}
