use std::path::Path;

use serde_json::json;

use super::*;
use crate::app::{AppError, SessionState, VitalsEntry};
use crate::model::*;
use crate::sync::SyncStore;
use crate::vault::{Pin, Unlock};
use crate::wire::{Page, RecordRow};

fn vitals(pulse: u16) -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(START),
        pulse_bpm: Some(pulse),
        ..VitalsEntry::default()
    }
}

fn pin() -> Unlock {
    Unlock::Pin(Pin::new(PIN).unwrap())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_phone_restored_from_a_backup_goes_on_under_another_actor_and_nothing_is_doubled() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = hub.visit;
    phone.app.visit(visit).record_vitals(&vitals(70)).unwrap();
    phone.app.settle_down().unwrap();
    let backup = tempfile::TempDir::new().unwrap();
    copy(&phone.store_folder(), backup.path());
    // Life goes on after the backup was made.
    phone.app.visit(visit).record_vitals(&vitals(71)).unwrap();
    phone.push(&mut hub);
    assert_eq!(hub.changes.len(), 2);
    let folder = phone.store_folder();
    let mut phone = phone.restart();
    assert!(!phone.store.cursor().unwrap().cursor.is_empty());
    phone = phone.restart_with(|| {
        std::fs::remove_dir_all(&folder).unwrap();
        copy(backup.path(), &folder);
    });
    // What it sent since comes again where the pages start over.
    assert!(phone.store.cursor().unwrap().cursor.is_empty());
    phone.app.visit(visit).record_vitals(&vitals(72)).unwrap();
    phone.push(&mut hub);
    phone.forget_taken();
    phone.pull(&hub);
    assert_eq!(hub.changes.len(), 3);
    let read = phone.app.visit(visit).read().unwrap();
    assert_eq!(read.observations.len(), 3);
    assert!(phone.app.quarantine().unwrap().is_empty());
}

#[test]
fn what_the_office_says_after_a_restore_stands_over_what_the_backend_lost() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let booked = |hours: i64, version| Page {
        records: vec![RecordRow {
            kind: RecordKind::Booking.code(),
            id: (*hub.visit.bytes()).into(),
            patient: Some((*hub.patient.bytes()).into()),
            version,
            body: Some(
                json!({
                    "visit": hub.visit, "patient": hub.patient, "assignees": [phone.person],
                    "start_ms": START + hours * 3_600_000, "end_ms": START + 5 * 3_600_000,
                    "service": { "text": "Skilled nursing" }, "time_zone": "America/New_York",
                })
                .to_string(),
            ),
        }],
        ..hub.empty_page()
    };
    let pages = [booked(1, 90), booked(2, 40), booked(3, 41), booked(4, 40)];
    let starts_at = |phone: &Phone| {
        let reads = phone.app.inner.reads().unwrap();
        let rows = reads.store.reader().unwrap();
        let booking = rows.record(RecordKind::Booking, RecordId(hub.visit.0));
        let body = booking.unwrap().unwrap().body.unwrap();
        serde_json::from_str::<Booking>(&body).unwrap().start_ms.0
    };
    let [lost, again, later, stale] = pages;
    phone.store.apply_page(lost).unwrap();
    phone.store.reset_epoch(2).unwrap();
    // Numbers went back with the backup.
    phone.store.apply_page(again).unwrap();
    assert_eq!(starts_at(&phone), START + 2 * 3_600_000);
    phone.store.apply_page(later).unwrap();
    phone.store.apply_page(stale).unwrap();
    assert_eq!(starts_at(&phone), START + 3 * 3_600_000);
}

#[test]
fn a_damaged_store_is_set_aside_and_its_unsent_edits_go_out_from_the_fresh_one() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = hub.visit;
    phone.app.visit(visit).record_vitals(&vitals(70)).unwrap();
    phone.app.visit(visit).record_vitals(&vitals(71)).unwrap();
    phone.app.settle_down().unwrap();
    let folder = phone.store_folder();
    let file = folder.join("homeround.sqlite");
    let sound = std::fs::read(&file).unwrap();
    let (mut met, mut saved) = (0, 0);
    for page in 1..sound.len() / PAGE {
        phone = phone.restart_locked_with(|| damage(&folder, &sound, page));
        let read = phone
            .app
            .unlock(&pin())
            .and_then(|()| phone.app.visit(visit).read());
        let error = match read {
            // The page was not needed.
            Ok(read) => {
                assert_eq!(read.observations.len(), 2);
                continue;
            }
            Err(error) => error,
        };
        assert!(matches!(error, AppError::Damaged { .. }), "{error:?}");
        met += 1;
        let Ok(recovery) = phone.app.recover(&pin()) else {
            // Not even the schema can be read: the file stays for a specialist.
            assert!(file.exists());
            continue;
        };
        assert!(recovery.set_aside.exists());
        assert!(recovery.unsent == 2 || !recovery.complete);
        if recovery.unsent == 2 && saved == 0 {
            saved += 1;
            assert_eq!(phone.app.session(), SessionState::NotEnrolled);
            hub.enrol(&phone.app, 0x100, Role::Nurse);
            phone.store = phone.app.sync_store();
            phone.store.apply_page(hub.first_page(0)).unwrap();
            let read = phone.app.visit(visit).read().unwrap();
            assert_eq!(read.observations.len(), 2);
            phone.push(&mut hub);
            assert_eq!(hub.changes.len(), 2);
        }
    }
    assert!(met > 0 && saved > 0, "{met} pages met, {saved} saved");
}

const PAGE: usize = 4096;

/// Puts the sound file back with one page of it damaged.
fn damage(folder: &Path, sound: &[u8], page: usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("homeround.sqlite") && !name.ends_with(".check") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let mut bytes = sound.to_vec();
    bytes[page * PAGE + 100] ^= 0xA5;
    std::fs::write(folder.join("homeround.sqlite"), bytes).unwrap();
}

#[test]
fn a_store_that_is_no_longer_encrypted_is_refused_and_kept() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let file = phone.store_folder().join("homeround.sqlite");
    let mut plain = b"SQLite format 3\0".to_vec();
    plain.resize(8192, 0);
    let phone = phone.restart_locked_with(|| std::fs::write(&file, &plain).unwrap());
    let refused = phone.app.unlock(&pin()).unwrap_err();
    assert_eq!(
        refused,
        AppError::Failed {
            code: "store_plaintext"
        }
    );
    assert_eq!(std::fs::read(&file).unwrap(), plain);
    assert_eq!(phone.app.session(), SessionState::Locked);
}

#[test]
fn a_store_of_which_only_the_first_page_is_left_is_set_aside_and_work_goes_on() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = hub.visit;
    phone.app.visit(visit).record_vitals(&vitals(70)).unwrap();
    phone.app.settle_down().unwrap();
    let store = phone.store_folder().join("homeround.sqlite");
    let phone = phone.restart_locked_with(|| {
        let mut bytes = std::fs::read(&store).unwrap();
        for at in (4096 + 100..bytes.len()).step_by(4096) {
            bytes[at] ^= 0x55;
        }
        std::fs::write(&store, bytes).unwrap();
    });
    let recovery = phone.app.recover(&pin()).unwrap();
    assert!(!recovery.complete);
    assert!(recovery.set_aside.exists());
    hub.enrol(&phone.app, 0x100, Role::Nurse);
    let mut phone = phone;
    phone.store.apply_page(hub.first_page(0)).unwrap();
    phone.app.visit(visit).record_vitals(&vitals(71)).unwrap();
}
