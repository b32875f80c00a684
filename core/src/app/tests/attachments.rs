//! Photos and files: sealed, named, sent, purged, never half there.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sha2::{Digest, Sha256};

use super::*;
use crate::app::{
    ATTACHMENT_BYTES_MAX, AppError, NewAttachment, SealCheck, THUMBNAIL_BYTES_MAX, TaskOutcome,
};
use crate::model::{DeviceId, EntryId, Role};
use crate::store::UploadState;
use crate::sync::{
    AccessToken, AttachmentTransport, Cancel, Lost, SyncStore, TokenFault, TokenSource,
    TransportFault,
};
use crate::wire::{AttachmentAddress, AttachmentRequest, AttachmentResponse};

fn photo(bytes: usize) -> Vec<u8> {
    let mut photo = vec![0xff, 0xd8, 0xff, 0xe0];
    photo.extend((0..bytes).map(|at| (at * 7 % 253) as u8));
    photo
}

fn jpeg() -> NewAttachment {
    NewAttachment {
        media_type: "image/jpeg".into(),
        caption: Some("Left heel".into()),
        thumbnail: Some(vec![1; 100]),
        ..NewAttachment::default()
    }
}

fn attach(phone: &Phone, hub: &Hub, bytes: &[u8]) -> EntryId {
    let visit = phone.app.visit(hub.visit);
    visit.attach(&jpeg(), &mut &*bytes).unwrap().entry.unwrap()
}

fn files(phone: &Phone) -> usize {
    let folder = phone.store_folder().join("attachments");
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// How many bytes there will be, and what arrived of them.
type Held = (u64, Vec<u8>);

/// What a backend does with the bytes of well-meaning phones.
#[derive(Default)]
struct Shelf {
    held: Mutex<BTreeMap<[u8; 32], Held>>,
    /// Questions that are answered before the connection breaks.
    answers: Mutex<Option<u32>>,
    refuses: bool,
}

impl AttachmentTransport for Shelf {
    async fn exchange(
        &self,
        address: &AttachmentAddress,
        _device: DeviceId,
        request: AttachmentRequest,
        _token: &AccessToken,
    ) -> Result<AttachmentResponse, Lost> {
        if let Some(left) = &mut *self.answers.lock().unwrap() {
            if *left == 0 {
                return Err(TransportFault::Broken.into());
            }
            *left -= 1;
        }
        let mut held = self.held.lock().unwrap();
        let answer = |status, offset, body| AttachmentResponse {
            status,
            offset,
            body,
        };
        Ok(match request {
            AttachmentRequest::Create { .. } if self.refuses => answer(403, None, Vec::new()),
            AttachmentRequest::Create { size_bytes, .. } => {
                held.insert(address.sha256, (size_bytes, Vec::new()));
                answer(201, Some(0), Vec::new())
            }
            AttachmentRequest::Offset => match held.get(&address.sha256) {
                Some((_, bytes)) => answer(200, Some(bytes.len() as u64), Vec::new()),
                None => answer(404, None, Vec::new()),
            },
            AttachmentRequest::Append { offset, part } => {
                let (_, bytes) = held.get_mut(&address.sha256).unwrap();
                if bytes.len() as u64 == offset {
                    bytes.extend(part);
                    answer(204, Some(bytes.len() as u64), Vec::new())
                } else {
                    answer(409, Some(bytes.len() as u64), Vec::new())
                }
            }
            AttachmentRequest::Fetch { offset } => match held.get(&address.sha256) {
                Some((_, bytes)) => {
                    let from = usize::try_from(offset).unwrap();
                    let part = bytes[from..].iter().take(100_000).copied().collect();
                    answer(206, None, part)
                }
                None => answer(404, None, Vec::new()),
            },
        })
    }
}

/// A network during which the phone is lent: at one of its questions.
struct Lending<'s> {
    shelf: &'s Shelf,
    visit: crate::app::VisitHandle,
    at: usize,
    asked: Mutex<usize>,
}

impl AttachmentTransport for Lending<'_> {
    async fn exchange(
        &self,
        address: &AttachmentAddress,
        device: DeviceId,
        request: AttachmentRequest,
        token: &AccessToken,
    ) -> Result<AttachmentResponse, Lost> {
        let asked = {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            *asked
        };
        if asked == self.at {
            self.visit.lend_for_survey().unwrap();
        }
        let shelf = self.shelf;
        shelf.exchange(address, device, request, token).await
    }
}

struct Token;

impl TokenSource for Token {
    async fn token(&self, _refresh: bool) -> Result<AccessToken, TokenFault> {
        Ok(AccessToken::new("token".into()))
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(work)
}

fn send(phone: &Phone, shelf: &Shelf) -> crate::app::AttachmentsReport {
    let cancel = Cancel::default();
    wait(phone.app.send_attachments(shelf, &Token, &cancel, None)).unwrap()
}

#[test]
fn a_photo_is_readable_after_a_restart_and_its_bytes_are_in_no_file() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let bytes = photo(200_000);
    let entry = attach(&phone, &hub, &bytes);
    let phone = phone.restart();
    let visit = phone.app.visit(hub.visit);
    assert_eq!(visit.attachment_bytes(entry).unwrap(), bytes);
    let list = visit.attachments().unwrap();
    assert_eq!(list.len(), 1);
    assert!(list[0].here);
    assert_eq!(list[0].thumbnail.as_deref(), Some(&[1_u8; 100][..]));
    assert_eq!(list[0].upload, Some(UploadState::Pending));
    let folder = phone.store_folder().join("attachments");
    for file in std::fs::read_dir(folder).unwrap() {
        let sealed = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!sealed.windows(32).any(|window| window == &bytes[100..132]));
    }
}

#[test]
fn bytes_of_another_kind_too_many_or_none_leave_no_entry_and_no_file() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let refused = |new: &NewAttachment, bytes: &[u8]| match visit.attach(new, &mut &*bytes) {
        Err(AppError::Refused { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&jpeg(), b"%PDF-1.7"), "attachment");
    assert_eq!(refused(&jpeg(), b""), "attachment");
    let unknown = NewAttachment {
        media_type: "text/html".into(),
        ..jpeg()
    };
    assert_eq!(refused(&unknown, &photo(10)), "media_type");
    let wordy = NewAttachment {
        caption: Some("a".repeat(501)),
        ..jpeg()
    };
    assert_eq!(refused(&wordy, &photo(10)), "caption");
    let large = NewAttachment {
        thumbnail: Some(vec![0; THUMBNAIL_BYTES_MAX + 1]),
        ..jpeg()
    };
    assert_eq!(refused(&large, &photo(10)), "thumbnail");
    let huge = photo(usize::try_from(ATTACHMENT_BYTES_MAX).unwrap());
    assert_eq!(refused(&jpeg(), &huge), "attachment");
    assert!(visit.read().unwrap().attachments.is_empty());
    assert_eq!(files(&phone), 0);
}

#[test]
fn an_edit_that_is_refused_takes_its_file_with_it() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit.check_in(None).unwrap();
    visit.set_task(task_id(), &TaskOutcome::done()).unwrap();
    visit.complete(None).unwrap();
    let pin = crate::vault::Unlock::Pin(crate::vault::Pin::new(PIN).unwrap());
    visit.sign(&pin).unwrap();
    let signed = visit.attach(&jpeg(), &mut photo(10).as_slice());
    assert!(matches!(signed, Err(AppError::Signed { .. })));
    assert_eq!(files(&phone), 0);
    assert!(matches!(visit.verify().unwrap(), SealCheck::Holds(_)));
}

#[test]
fn a_file_that_was_begun_when_the_process_ended_is_gone_after_the_next_start() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let kept = attach(&phone, &hub, &photo(10));
    let visit = phone.app.visit(hub.visit);
    let name = visit.begin_file().unwrap();
    let inner = &phone.app.inner;
    inner
        .write_file(name, &mut photo(20).as_slice(), 1_000)
        .unwrap();
    assert_eq!(files(&phone), 2);
    let phone = phone.restart();
    assert_eq!(files(&phone), 1);
    assert!(phone.app.visit(hub.visit).attachment_bytes(kept).is_ok());
}

#[test]
fn the_same_bytes_again_are_a_second_entry_over_one_file() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let first = attach(&phone, &hub, &photo(10));
    let second = attach(&phone, &hub, &photo(10));
    assert_ne!(first, second);
    assert_eq!(files(&phone), 1);
    let visit = phone.app.visit(hub.visit);
    assert_eq!(visit.attachment_bytes(second).unwrap(), photo(10));
}

#[test]
fn an_upload_that_breaks_anywhere_goes_on_from_what_arrived() {
    for answers in 0..6 {
        let mut hub = Hub::new();
        let phone = hub.phone(0x100, Role::Nurse);
        let bytes = photo(700_000);
        attach(&phone, &hub, &bytes);
        let shelf = Shelf {
            answers: Mutex::new(Some(answers)),
            ..Shelf::default()
        };
        let broken = send(&phone, &shelf);
        let done = answers >= 5;
        assert_eq!(
            (broken.sent, broken.left),
            (u64::from(done), u64::from(!done))
        );
        let arrived: u64 = shelf
            .held
            .lock()
            .unwrap()
            .values()
            .map(|(_, it)| it.len() as u64)
            .sum();
        *shelf.answers.lock().unwrap() = None;
        let phone = phone.restart();
        let rest = send(&phone, &shelf);
        let unsent = if done {
            0
        } else {
            bytes.len() as u64 - arrived
        };
        assert_eq!((rest.left, rest.bytes), (0, unsent), "{answers}");
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(shelf.held.lock().unwrap()[&sha256].1, bytes);
    }
}

#[test]
fn a_refused_upload_says_why_and_holds_up_no_other() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let entry = attach(&phone, &hub, &photo(10));
    let shelf = Shelf {
        refuses: true,
        ..Shelf::default()
    };
    let report = send(&phone, &shelf);
    assert_eq!((report.refused, report.left), (1, 0));
    let visit = phone.app.visit(hub.visit);
    let code = "http_403".to_owned();
    let list = visit.attachments().unwrap();
    assert_eq!(list[0].upload, Some(UploadState::Refused { code }));
    // The person's own copy stays.
    assert_eq!(visit.attachment_bytes(entry).unwrap(), photo(10));
}

#[test]
fn a_colleague_fetches_the_photo_that_the_record_names_and_nothing_else() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    let bytes = photo(300_000);
    let entry = attach(&nurse, &hub, &bytes);
    nurse.push(&mut hub);
    therapist.pull(&hub);
    let shelf = Shelf::default();
    let visit = therapist.app.visit(hub.visit);
    let early = wait(visit.fetch_attachment(&shelf, &Token, entry));
    assert_eq!(early, Err(AppError::NotFound { what: "attachment" }));
    send(&nurse, &shelf);
    wait(visit.fetch_attachment(&shelf, &Token, entry)).unwrap();
    assert_eq!(visit.attachment_bytes(entry).unwrap(), bytes);

    let other = attach(&nurse, &hub, &photo(20));
    nurse.push(&mut hub);
    therapist.pull(&hub);
    send(&nurse, &shelf);
    let sha256: [u8; 32] = Sha256::digest(photo(20)).into();
    shelf.held.lock().unwrap().get_mut(&sha256).unwrap().1[9] ^= 1;
    let altered = wait(visit.fetch_attachment(&shelf, &Token, other));
    let code = "attachment_damaged";
    assert_eq!(altered, Err(AppError::Failed { code }));
    assert_eq!(files(&therapist), 1);
}

#[test]
fn signing_out_is_refused_while_a_photo_is_unsent() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    attach(&phone, &hub, &photo(10));
    phone.push(&mut hub);
    assert_eq!(phone.app.sign_out(None), Err(AppError::Unsent { count: 1 }));
    let escrow = phone.app.escrow().unwrap();
    let refused = phone.app.sign_out(Some(&escrow.receipt));
    assert_eq!(refused, Err(AppError::Unsent { count: 1 }));
    send(&phone, &Shelf::default());
    phone.app.sign_out(None).unwrap();
    assert_eq!(files(&phone), 0);
}

#[test]
fn a_patient_is_not_purged_before_their_photo_was_sent_and_then_the_file_goes_too() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    attach(&phone, &hub, &photo(10));
    phone.push(&mut hub);
    assert!(!phone.store.purge(hub.patient, "access_ended").unwrap());
    assert_eq!(files(&phone), 1);
    send(&phone, &Shelf::default());
    assert!(phone.store.purge(hub.patient, "access_ended").unwrap());
    assert_eq!(files(&phone), 0);
}

#[test]
fn what_the_backend_has_makes_room_and_what_only_this_phone_has_stays() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let sent = attach(&phone, &hub, &photo(50_000));
    send(&phone, &Shelf::default());
    let unsent = attach(&phone, &hub, &photo(60_000));
    phone.app.inner.evict_files(1).unwrap();
    let visit = phone.app.visit(hub.visit);
    let gone = visit.attachment_bytes(sent);
    assert_eq!(gone, Err(AppError::NotFound { what: "attachment" }));
    assert!(visit.attachment_bytes(unsent).is_ok());
    assert_eq!(files(&phone), 1);
}

#[test]
fn an_unsent_photo_outlives_a_damaged_store() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let bytes = photo(10);
    let entry = attach(&phone, &hub, &bytes);
    let pin = crate::vault::Unlock::Pin(crate::vault::Pin::new(PIN).unwrap());
    phone.app.recover(&pin).unwrap();
    hub.enrol(&phone.app, 0x100, Role::Nurse);
    let mut phone = phone;
    phone.store.apply_page(hub.first_page(0)).unwrap();
    let visit = phone.app.visit(hub.visit);
    assert_eq!(visit.attachment_bytes(entry).unwrap(), bytes);
    assert_eq!(send(&phone, &Shelf::default()).sent, 1);
}

#[test]
fn a_photo_stands_still_on_its_way_while_the_phone_is_lent() {
    let unlock = || crate::vault::Unlock::Pin(crate::vault::Pin::new(PIN).unwrap());
    // It is asked for, begun, and sent or fetched in three parts.
    for (at, fetches) in [
        (1, false),
        (2, false),
        (3, false),
        (4, false),
        (1, true),
        (2, true),
    ] {
        let mut hub = Hub::new();
        let phone = hub.phone(0x100, Role::Nurse);
        let visit = phone.app.visit(hub.visit);
        visit.check_in(None).unwrap();
        let entry = attach(&phone, &hub, &photo(600_000));
        let shelf = Shelf::default();
        if fetches {
            send(&phone, &shelf);
            phone.store.phone.inner.evict_files(0).unwrap();
        }
        let lending = Lending {
            shelf: &shelf,
            visit: visit.clone(),
            at,
            asked: Mutex::default(),
        };
        let stopped = match fetches {
            true => wait(visit.fetch_attachment(&lending, &Token, entry)),
            false => {
                let cancel = Cancel::default();
                let sent = phone.app.send_attachments(&lending, &Token, &cancel, None);
                wait(sent).map(drop)
            }
        };
        assert_eq!(stopped, Err(AppError::Locked));
        assert_eq!(*lending.asked.lock().unwrap(), at, "{fetches}");
        phone.app.unlock(&unlock()).unwrap();
        match fetches {
            true => wait(visit.fetch_attachment(&shelf, &Token, entry)).unwrap(),
            false => assert_eq!(send(&phone, &shelf).left, 0),
        }
        assert_eq!(visit.attachment_bytes(entry).unwrap(), photo(600_000));
    }
}
