//! Photos over the real backend and real HTTP.

use homeround::app::{AppError, NewAttachment};
use homeround::model::{DeviceId, EntryId, VisitId};
use homeround::wire;
use homeround_tests::stage::{Phone, Stage, raw, vitals};

fn photo(bytes: usize) -> Vec<u8> {
    let mut photo = vec![0xff, 0xd8, 0xff, 0xe0];
    photo.extend((0..bytes).map(|at| (at * 7 % 253) as u8));
    photo
}

fn attach(phone: &Phone, visit: VisitId, bytes: &[u8]) -> EntryId {
    let new = NewAttachment {
        media_type: "image/jpeg".into(),
        caption: Some("Left heel".into()),
        ..NewAttachment::default()
    };
    let visit = phone.app().visit(visit);
    visit.attach(&new, &mut &*bytes).unwrap().entry.unwrap()
}

#[test]
fn a_photo_taken_offline_reaches_the_colleague_and_the_record_did_not_wait_for_it() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let bytes = photo(700_000);
    let entry = attach(&nina, visit, &bytes);
    nina.sync(&stage.backend);
    theo.sync(&stage.backend);
    // The record is there before the bytes are.
    let seen = theo.app().visit(visit).attachments().unwrap();
    assert_eq!((seen.len(), seen[0].here), (1, false));
    let early = theo.fetch_attachment(&stage.backend, visit, entry);
    assert_eq!(early, Err(AppError::NotFound { what: "attachment" }));
    let report = nina.send_attachments(&stage.backend);
    assert_eq!(
        (report.sent, report.bytes, report.left),
        (1, bytes.len() as u64, 0)
    );
    theo.fetch_attachment(&stage.backend, visit, entry).unwrap();
    let seen = theo.app().visit(visit).attachment_bytes(entry);
    assert_eq!(seen.unwrap(), bytes);
    // Sending again is a question and not a second upload.
    assert_eq!(nina.send_attachments(&stage.backend).bytes, 0);
}

#[test]
fn a_photo_of_before_access_ended_is_still_taken_and_then_the_phone_purges() {
    let stage = Stage::set();
    let visit = stage.visit();
    let patient = stage.patients[0];
    let nina = stage.phone("nina");
    let entry = attach(&nina, visit, &photo(1_000));
    nina.sync(&stage.backend);
    stage.office().end_grants(stage.nurse, patient);
    // The bytes are only here: the patient stays, locked away, until they are sent.
    let report = nina.try_sync(&stage.backend);
    assert_eq!(report.purged, 0);
    assert_eq!(nina.send_attachments(&stage.backend).sent, 1);
    assert_eq!(nina.sync(&stage.backend).purged, 1);
    let folder = nina.store_folder().join("attachments");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
    // She can't have it back; the team can.
    stage.office().grant(stage.nurse, patient);
    nina.sync(&stage.backend);
    nina.fetch_attachment(&stage.backend, visit, entry).unwrap();
}

#[test]
fn a_backend_restored_from_a_backup_gets_the_photos_again() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    nina.sync(&stage.backend);
    stage.backend.stop();
    let copies = tempfile::tempdir().unwrap();
    let (database, files) = (copies.path().join("db"), copies.path().join("files"));
    stage.backend.back_up(&database);
    std::fs::copy(stage.backend.attachments(), &files).unwrap();
    stage.backend.serve();
    attach(&nina, visit, &photo(400_000));
    nina.app().visit(visit).record_vitals(&vitals(70)).unwrap();
    nina.sync(&stage.backend);
    nina.send_attachments(&stage.backend);
    stage.backend.stop();
    stage.backend.put_back(&database);
    std::fs::copy(&files, stage.backend.attachments()).unwrap();
    stage.backend.serve();
    assert_eq!(nina.app().attachments_unsent().unwrap(), 0);
    nina.sync(&stage.backend);
    let again = nina.send_attachments(&stage.backend);
    assert_eq!((again.sent, again.bytes), (1, 400_004));
}

#[test]
fn whoever_never_had_the_patient_can_neither_bring_nor_have_bytes() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (nina, aida) = (stage.phone("nina"), stage.phone("aida"));
    attach(&nina, visit, &photo(1_000));
    nina.sync(&stage.backend);
    nina.send_attachments(&stage.backend);
    let held = nina.app().visit(visit).read().unwrap().attachments;
    let sha256 = held.values().next().unwrap().sha256.clone();
    let path = format!("{}/{}/{sha256}", wire::ATTACHMENTS, stage.patients[0]);
    let ask = |method: &str, token: &str, device: DeviceId| {
        let (bearer, device) = (format!("Bearer {token}"), device.to_string());
        let headers = [
            ("authorization", bearer.as_str()),
            (wire::PROTOCOL_HEADER, "1"),
            (wire::DEVICE_HEADER, device.as_str()),
            ("upload-length", "1004"),
            ("upload-offset", "0"),
            ("content-type", wire::TUS_PART),
        ];
        raw::send(stage.backend.address(), method, &path, &headers, b"part").status
    };
    let (hers, own) = (stage.backend.token("aida"), stage.backend.token("nina"));
    for method in ["GET", "HEAD", "POST", "PATCH"] {
        // 404 and not 403: that there is such a patient is no stranger's business.
        assert_eq!(ask(method, &hers, aida.device), 404, "{method}");
        // With a colleague's device.
        assert_eq!(ask(method, &hers, nina.device), 403, "{method}");
        assert_eq!(ask(method, "none", nina.device), 401, "{method}");
    }
    assert_eq!(ask("GET", &own, nina.device), 206);
    stage.office().revoke(nina.device);
    for method in ["GET", "HEAD", "POST", "PATCH"] {
        assert_eq!(ask(method, &own, nina.device), 403, "{method}");
    }
}
