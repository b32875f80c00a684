//! Backups that come back.

use std::path::{Path, PathBuf};
use std::process::Command;

use homeround::model::VisitId;
use homeround::sync::{Block, SyncState};
use homeround_tests::stage::{Booking, Phone, Stage, vitals};
use tempfile::TempDir;

fn measure(phone: &Phone, visit: VisitId, pulses: std::ops::Range<u16>) {
    for pulse in pulses {
        phone
            .app()
            .visit(visit)
            .record_vitals(&vitals(pulse))
            .unwrap();
    }
}

/// Everything that was acknowledged before and after the backup is there again.
fn comes_back(stage: &mut Stage, restore: impl FnOnce(&mut Stage, &Path)) {
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    measure(&nina, visit, 60..63);
    measure(&theo, visit, 70..73);
    stage.converge(&[&nina, &theo]);
    let backup = stage.back_up();
    // Life goes on after the backup, each building on the other's work.
    measure(&nina, visit, 63..66);
    stage.converge(&[&nina, &theo]);
    measure(&theo, visit, 73..76);
    stage.converge(&[&theo, &nina]);
    measure(&nina, visit, 66..67);
    stage.converge(&[&nina, &theo]);
    stage.backend.stop();
    restore(stage, backup.path());
    stage.backend.serve();
    assert_eq!(stage.supervisor().visit(visit).observations.len(), 6);
    measure(&nina, visit, 67..68);
    let first = nina.try_sync(&stage.backend);
    assert_eq!(first.epoch_resets, 1);
    for _ in 0..3 {
        let _ = theo.try_sync(&stage.backend);
        let _ = nina.try_sync(&stage.backend);
    }
    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    let read = nina.app().visit(visit).read().unwrap();
    assert_eq!(read.observations.len(), 14);
    for phone in [&nina, &theo] {
        assert_eq!(phone.unsent(), 0);
        assert!(phone.app().quarantine().unwrap().is_empty());
    }
    let check = stage.office().read("/v1/admin/audit/verify");
    assert!(check["broken_at"].is_null(), "{check}");
}

#[test]
fn a_database_that_was_put_back_by_hand_gets_everything_offered_again() {
    comes_back(&mut Stage::set(), |stage, backup| {
        stage.backend.put_back(backup);
    });
}

#[test]
fn a_phone_that_a_restored_backend_forgot_is_made_known_again_and_gives_everything_back() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let backup = stage.back_up();
    // A phone that came after the backup, and that only this backend knew.
    let mut nina = stage.phone("nina");
    measure(&nina, visit, 60..63);
    nina.sync(&stage.backend);
    stage.put_back(&backup);
    assert_eq!(stage.supervisor().visit(visit).observations.len(), 0);
    measure(&nina, visit, 63..64);
    let blocked = nina.try_sync(&stage.backend).ended;
    assert!(
        matches!(
            blocked,
            SyncState::Blocked {
                action: Block::EnrolAgain,
                ..
            }
        ),
        "{blocked:?}"
    );
    nina.enrol(&stage.backend, "nina");
    assert_eq!(nina.try_sync(&stage.backend).epoch_resets, 1);
    stage.converge(&[&nina]);
    assert_eq!(stage.supervisor().visit(visit).observations.len(), 4);
    let theo = stage.phone("theo");
    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
}

#[test]
fn the_restore_command_gets_everything_offered_again() {
    let binary = binary();
    comes_back(&mut Stage::set(), |stage, backup| {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("homeround.toml");
        let text = format!(
            "[database]\npath = {:?}\nkey_file = {:?}\n[auth]\nmode = \"oidc\"\n\
             issuer = \"https://login.example.org\"\naudience = \"homeround\"\n",
            stage.backend.database(),
            stage.backend.key_file(),
        );
        std::fs::write(&config, text).unwrap();
        let done = Command::new(&binary)
            .args(["restore", "--config"])
            .arg(&config)
            .arg("--from")
            .arg(backup)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}");
        assert!(String::from_utf8_lossy(&done.stdout).contains("epoch"));
    });
}

/// The backend's binary beside the tests', or where the environment says.
fn binary() -> PathBuf {
    let folder = match std::env::var_os("HOMEROUND_BIN_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => {
            let tests = std::env::current_exe().unwrap();
            tests.parent().unwrap().parent().unwrap().into()
        }
    };
    let path = folder.join(format!("homeround-server{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is missing: cargo build --workspace --bins, or set HOMEROUND_BIN_DIR",
        path.display()
    );
    path
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_phone_restored_from_a_backup_goes_on_without_doubles() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (mut nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    measure(&nina, visit, 60..62);
    nina.sync(&stage.backend);
    // The backup holds an edit that is sent only afterwards.
    measure(&nina, visit, 62..63);
    nina.app().settle_down().unwrap();
    let backup = TempDir::new().unwrap();
    nina.restart_with(|store| copy(store, backup.path()));
    measure(&nina, visit, 63..65);
    nina.sync(&stage.backend);
    measure(&theo, visit, 70..72);
    stage.converge(&[&theo, &nina]);
    nina.restart_with(|store| {
        std::fs::remove_dir_all(store).unwrap();
        copy(backup.path(), store);
    });
    assert_eq!(
        nina.app().visit(visit).read().unwrap().observations.len(),
        3
    );
    measure(&nina, visit, 65..66);
    let report = nina.sync(&stage.backend);
    assert_eq!(
        (report.duplicate, report.accepted, report.rejected),
        (1, 1, 0)
    );
    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    let read = nina.app().visit(visit).read().unwrap();
    assert_eq!(read.observations.len(), 8);
    assert_eq!(nina.unsent(), 0);
    assert!(nina.app().quarantine().unwrap().is_empty());
    assert!(stage.office().rejected().is_empty());
}

/// A visit that was booked and worked on after the backup was made.
fn forgotten(stage: &mut Stage) -> (Phone, VisitId) {
    let nina = stage.phone("nina");
    let backup = stage.back_up();
    let visit = stage.visit();
    nina.sync(&stage.backend);
    measure(&nina, visit, 60..62);
    nina.sync(&stage.backend);
    stage.put_back(&backup);
    (nina, visit)
}

/// The edits can be read on the phone and go on being offered.
fn is_kept(stage: &Stage, nina: &Phone, visit: VisitId) {
    for _ in 0..3 {
        // The office's part of the visit is hers to bring back and may be refused.
        let report = nina.try_sync(&stage.backend);
        assert_eq!(report.accepted, 0, "{report:?}");
    }
    assert_eq!(nina.unsent(), 2);
    let read = nina.app().visit(visit).read().unwrap();
    assert_eq!(read.observations.len(), 2);
}

#[test]
fn work_on_a_visit_that_the_restored_backend_never_heard_of_is_kept() {
    let mut stage = Stage::set();
    let (nina, visit) = forgotten(&mut stage);
    is_kept(&stage, &nina, visit);
    // It stands in nobody's way: work on another visit arrives.
    let other = stage.visit();
    let _ = nina.try_sync(&stage.backend);
    measure(&nina, other, 80..83);
    let report = nina.try_sync(&stage.backend);
    assert_eq!(report.accepted, 3, "{report:?}");
    assert_eq!(stage.supervisor().visit(other).observations.len(), 3);
    // With the patient in her scope again she brings the forgotten one back.
    assert_eq!(nina.unsent(), 0);
    assert_eq!(stage.supervisor().visit(visit).observations.len(), 2);
}

#[test]
fn booking_a_forgotten_visit_again_under_its_id_destroys_nobodys_work() {
    let mut stage = Stage::set();
    let (nina, visit) = forgotten(&mut stage);
    let people = [stage.nurse, stage.therapist];
    let booking = Booking::of(stage.patients[0], &people);
    stage.office().rebook(visit, &booking);
    is_kept(&stage, &nina, visit);
    // Two documents under one id: the phone keeps its own and says so.
    let quarantined = nina.app().quarantine().unwrap();
    assert_eq!(quarantined.len(), 1);
    assert_eq!(quarantined[0].code, "wrong_document");
}

#[test]
fn an_edit_that_is_refused_after_a_restore_and_that_colleagues_built_on_leaves_the_phone_working() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let backup = stage.back_up();
    // Hers is accepted, his stands on it, and she has both.
    measure(&nina, visit, 70..72);
    nina.sync(&stage.backend);
    theo.sync(&stage.backend);
    measure(&theo, visit, 80..82);
    theo.sync(&stage.backend);
    nina.sync(&stage.backend);
    stage.put_back(&backup);
    stage.office().end_grants(stage.nurse, stage.patients[0]);
    let report = nina.sync(&stage.backend);
    // Hers, and once more with his, as she brings them back: a reviewer has them.
    assert_eq!(report.rejected, 6, "{report:?}");
    // The backend, which knows of no phone that has the patient, did not say that she leaves.
    assert_eq!(report.purged + nina.sync(&stage.backend).purged, 1);
    let quarantined = nina.app().quarantine().unwrap();
    assert_eq!(quarantined.len(), 2, "{quarantined:?}");
    assert!(nina.app().visit(visit).read().is_err());
    // His stand on hers, which he can only have because they had been accepted: both are in.
    theo.sync(&stage.backend);
    assert_eq!(theo.unsent(), 0);
    stage.same_everywhere(visit, &[&theo]);
    assert_eq!(stage.supervisor().visit(visit).observations.len(), 4);
    assert_eq!(stage.office().audit("reinstated").len(), 1);
    let check = stage.office().read("/v1/admin/audit/verify");
    assert!(check["broken_at"].is_null(), "{check}");
}
