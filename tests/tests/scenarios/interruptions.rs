//! Runs that end in the middle.

use homeround_tests::stage::{Moment, Phone, Stage, vitals};

/// A run of a phone that has work makes fewer requests.
const REQUESTS_MAX: usize = 12;

#[test]
fn a_run_dropped_at_any_request_is_carried_on_without_loss_or_doubles() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let (mut edits, mut cuts, mut duplicates) = (0, 0, 0);
    for moment in [Moment::Before, Moment::After] {
        for at in 0..REQUESTS_MAX {
            theo.app().visit(visit).record_vitals(&vitals(60)).unwrap();
            theo.sync(&stage.backend);
            nina.app().visit(visit).record_vitals(&vitals(61)).unwrap();
            edits += 2;
            let cut = nina.sync_cut(&stage.backend, at, moment);
            if !cut {
                break;
            }
            cuts += 1;
            // Work goes on in between.
            nina.app().visit(visit).record_vitals(&vitals(62)).unwrap();
            edits += 1;
            duplicates += nina.sync(&stage.backend).duplicate;
        }
        assert_eq!(nina.unsent(), 0);
    }
    // A push, a pull at least, each before and after; an answer was lost once.
    assert!(
        cuts >= 4 && duplicates >= 1,
        "{cuts} cuts, {duplicates} duplicates"
    );
    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    let read = nina.app().visit(visit).read().unwrap();
    assert_eq!(read.observations.len(), edits);
    assert!(nina.app().quarantine().unwrap().is_empty());
}

#[test]
fn a_first_download_dropped_at_any_request_is_carried_on() {
    let stage = Stage::set();
    let visit = stage.visit();
    let theo = stage.phone("theo");
    theo.app().visit(visit).record_vitals(&vitals(60)).unwrap();
    theo.sync(&stage.backend);
    for at in 0..3 {
        for moment in [Moment::Before, Moment::After] {
            let phone = Phone::new(&stage.backend, "nina");
            let _ = phone.sync_cut(&stage.backend, at, moment);
            phone.sync(&stage.backend);
            stage.same_everywhere(visit, &[&phone, &theo]);
            stage.office().revoke(phone.device);
        }
    }
}

#[test]
fn a_backend_that_is_away_is_met_with_patience_and_everything_arrives_later() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    stage.backend.stop();
    nina.app().visit(visit).record_vitals(&vitals(60)).unwrap();
    let report = nina.try_sync(&stage.backend);
    match report.ended {
        homeround::sync::SyncState::Waiting { why, until } => {
            assert_eq!(why.code(), "unreachable");
            assert!(until.is_some());
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(nina.unsent(), 1);
    stage.backend.serve();
    assert_eq!(nina.sync(&stage.backend).accepted, 1);
    stage.same_everywhere(visit, &[&nina]);
}
