//! A phone's files that are not as they were, and what the backend gives back.

use std::path::Path;

use homeround::app::{AppError, SessionState};
use homeround::vault::{Pin, Unlock};
use homeround_tests::stage::{Stage, pin, vitals};

const STORE: &str = "homeround.sqlite";
const PAGE: usize = 4096;

fn put(store: &Path, bytes: &[u8]) {
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(store.join(format!("{STORE}{suffix}")));
    }
    std::fs::write(store.join(STORE), bytes).unwrap();
}

#[test]
fn a_wrong_pin_opens_nothing_says_how_often_one_may_try_and_destroys_nothing() {
    let stage = Stage::set();
    let visit = stage.visit();
    let mut nina = stage.phone("nina");
    nina.app().visit(visit).record_vitals(&vitals(70)).unwrap();
    nina.restart_locked_with(|_| ());
    let wrong = Unlock::Pin(Pin::new("402914").unwrap());
    match nina.app().unlock(&wrong).unwrap_err() {
        AppError::WrongPin { attempts_left, .. } => assert!(attempts_left > 0),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        nina.app().visit(visit).read().unwrap_err(),
        AppError::Locked
    );
    nina.app().unlock(&pin()).unwrap();
    assert_eq!(nina.sync(&stage.backend).accepted, 1);
}

#[test]
fn a_damaged_store_is_recovered_its_unsent_edits_sent_and_the_rest_downloaded_again() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (mut nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    nina.app().visit(visit).record_vitals(&vitals(70)).unwrap();
    nina.sync(&stage.backend);
    nina.app().visit(visit).record_vitals(&vitals(71)).unwrap();
    nina.app().settle_down().unwrap();
    let file = nina.store_folder().join(STORE);
    let sound = std::fs::read(&file).unwrap();
    let mut recovered = false;
    // From the end: the pages that hold rows.
    for page in (1..sound.len() / PAGE).rev() {
        nina.restart_locked_with(|store| {
            let mut bytes = sound.clone();
            bytes[page * PAGE + 100] ^= 0xA5;
            put(store, &bytes);
        });
        let read = nina.app().unlock(&pin());
        let read = read.and_then(|()| nina.app().visit(visit).read());
        let Err(error) = read else { continue };
        assert!(matches!(error, AppError::Damaged { .. }), "{error:?}");
        // Where not even the schema can be read, the file stays for a specialist.
        let Ok(recovery) = nina.app().recover(&pin()) else {
            assert!(nina.store_folder().join(STORE).exists());
            continue;
        };
        assert!(recovery.set_aside.exists());
        if recovery.unsent == 1 {
            recovered = true;
            break;
        }
        assert!(!recovery.complete);
    }
    assert!(recovered, "no damaged page met");
    assert_eq!(nina.app().session(), SessionState::NotEnrolled);
    nina.enrol(&stage.backend, "nina");
    for _ in 0..2 {
        let _ = nina.try_sync(&stage.backend);
    }
    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    let read = theo.app().visit(visit).read().unwrap();
    assert_eq!(read.observations.len(), 2);
    assert_eq!(nina.unsent(), 0);
}

#[test]
fn a_plaintext_file_in_the_stores_place_is_refused_and_the_store_opens_when_it_is_back() {
    let stage = Stage::set();
    let visit = stage.visit();
    let mut nina = stage.phone("nina");
    nina.app().visit(visit).record_vitals(&vitals(70)).unwrap();
    nina.app().settle_down().unwrap();
    let sound = std::fs::read(nina.store_folder().join(STORE)).unwrap();
    let mut plain = b"SQLite format 3\0".to_vec();
    plain.resize(2 * PAGE, 0);
    nina.restart_locked_with(|store| put(store, &plain));
    let refused = nina.app().unlock(&pin()).unwrap_err();
    let code = "store_plaintext";
    assert_eq!(refused, AppError::Failed { code });
    nina.restart_with(|store| put(store, &sound));
    assert_eq!(nina.sync(&stage.backend).accepted, 1);
    stage.same_everywhere(visit, &[&nina]);
}

#[test]
fn a_status_step_that_is_not_allowed_is_refused_and_nothing_is_stored() {
    let stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    let handle = nina.app().visit(visit);
    let refused = handle.complete(None).unwrap_err();
    assert!(matches!(refused, AppError::Step(_)), "{refused:?}");
    assert!(matches!(
        handle.resume(None).unwrap_err(),
        AppError::Step(_)
    ));
    assert_eq!((nina.unsent(), handle.read().unwrap().steps.len()), (0, 0));
}
