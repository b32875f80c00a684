//! A phone that leaves without a network: its unsent work goes in escrow.

use homeround::app::{AppError, SessionState};
use homeround::model::VisitId;
use homeround::vault::{OsEntropy, escrow_seal};
use homeround::wire::{self, DeviceProof, EnrolResponse};
use homeround_tests::stage::{Device, Office, Phone, Stage, vitals};
use serde_json::json;

const ESCROW: &str = "/v1/admin/escrow";

/// Two sets of vital signs and a check-in, which nobody else has.
fn work(nina: &Phone, visit: VisitId) {
    let visit = nina.app().visit(visit);
    visit.check_in(None).unwrap();
    visit.record_vitals(&vitals(71)).unwrap();
    visit.record_vitals(&vitals(72)).unwrap();
}

fn pulses(stage: &Stage, visit: VisitId) -> usize {
    stage.supervisor().visit(visit).observations.len()
}

#[test]
fn a_wiped_phones_work_is_brought_in_escrow_and_bringing_it_again_changes_nothing() {
    let stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    work(&nina, visit);
    let unsent = nina.unsent();
    let escrow = nina.app().escrow().unwrap();
    assert_eq!((escrow.receipt.changes, nina.unsent()), (unsent, unsent));
    let seen = nina.app().visit(visit).read().unwrap();
    nina.app().sign_out(Some(&escrow.receipt)).unwrap();
    assert_eq!(nina.app().session(), SessionState::New);
    let left = std::fs::read_dir(nina.store_folder()).unwrap();
    assert_eq!(left.count(), 0, "something stayed in the folder");
    assert_eq!(pulses(&stage, visit), 0);

    let supervisor = stage.supervisor();
    let first = supervisor.post(ESCROW, &escrow.blob);
    let all_of = |field: &str| {
        let mut counts = json!({ "accepted": 0, "duplicate": 0, "waiting": 0, "rejected": {} });
        counts[field] = json!(unsent);
        counts
    };
    assert_eq!((first.status, first.json()), (200, all_of("accepted")));
    assert_eq!(supervisor.visit(visit), seen);
    let again = supervisor.post(ESCROW, &escrow.blob);
    assert_eq!((again.status, again.json()), (200, all_of("duplicate")));
    assert_eq!(supervisor.visit(visit), seen);

    let opened = stage.office().audit("escrow_opened");
    assert_eq!(opened.len(), 2);
    assert_eq!(opened[0]["device"], json!(nina.device));
    let theo = stage.phone("theo");
    stage.same_everywhere(visit, &[&theo]);
}

#[test]
fn an_escrow_that_was_altered_or_is_anothers_is_refused_and_stores_nothing() {
    let stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    work(&nina, visit);
    let blob = nina.app().escrow().unwrap().blob;
    let supervisor = stage.supervisor();
    for at in [0, 1, 40, blob.len() / 2, blob.len() - 1] {
        let mut altered = blob.clone();
        altered[at] ^= 1;
        let answer = supervisor.post(ESCROW, &altered);
        let told = (answer.status, answer.code());
        assert_eq!(told, (400, "escrow_damaged".into()), "byte {at}");
        assert!(!answer.remedy().is_empty());
    }
    for bytes in [&b""[..], b"no escrow", &blob[..blob.len() - 1]] {
        assert_eq!(supervisor.post(ESCROW, bytes).code(), "escrow_damaged");
    }
    let elsewhere = Stage::set();
    let answer = elsewhere.supervisor().post(ESCROW, &blob);
    assert_eq!(answer.code(), "escrow_damaged");
    let answer = Office::of(&stage.backend, "nina").post(ESCROW, &blob);
    assert_eq!((answer.status, answer.code()), (403, "role_missing".into()));
    assert_eq!(pulses(&stage, visit), 0);
    assert!(stage.office().audit("escrow_opened").is_empty());
}

#[test]
fn a_phone_that_stays_sends_what_was_brought_in_escrow_as_duplicates() {
    let stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    work(&nina, visit);
    let escrow = nina.app().escrow().unwrap();
    assert_eq!(stage.office().post(ESCROW, &escrow.blob).status, 200);
    nina.app().visit(visit).record_vitals(&vitals(73)).unwrap();
    assert_eq!(
        nina.app().sign_out(Some(&escrow.receipt)).unwrap_err(),
        AppError::Unsent { count: 1 }
    );
    assert_eq!(nina.sync(&stage.backend).accepted, 1);
    assert_eq!(nina.unsent(), 0);
    assert_eq!(pulses(&stage, visit), 3);
    stage.same_everywhere(visit, &[&nina]);
    nina.app().sign_out(None).unwrap();
}

#[test]
fn work_in_escrow_of_a_phone_that_a_restored_backend_forgot_is_taken() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let backup = stage.back_up();
    // A phone that came after the backup and is gone before the backend is put back.
    let nina = stage.phone("nina");
    work(&nina, visit);
    let escrow = nina.app().escrow().unwrap();
    nina.app().sign_out(Some(&escrow.receipt)).unwrap();
    stage.put_back(&backup);
    let answer = stage.supervisor().post(ESCROW, &escrow.blob);
    assert_eq!(answer.status, 200, "{}", answer.remedy());
    assert_eq!(answer.json()["accepted"], json!(escrow.receipt.changes));
    assert_eq!(pulses(&stage, visit), 2);
    let theo = stage.phone("theo");
    stage.same_everywhere(visit, &[&theo]);
    let check = stage.office().read("/v1/admin/audit/verify");
    assert!(check["broken_at"].is_null(), "{check}");
}

#[test]
fn an_escrow_of_a_phone_that_was_never_enrolled_is_refused_whatever_it_says_of_itself() {
    let stage = Stage::set();
    let known = Device::enrol(&stage.backend, "nina", 5);
    let enrolled: EnrolResponse = known.call(wire::DEVICES, &known.enrolment()).unwrap();
    let stranger = Device::stranger(&stage.backend, "nina", 7);
    let mut push = stranger.batch(&[]);
    push.devices = Some(vec![DeviceProof {
        device: push.device,
        person: enrolled.person,
        public_key: stranger.enrolment().public_key,
        code: [7; 16].into(),
    }]);
    let mut pushes = Vec::new();
    wire::add_to_escrow(&mut pushes, &wire::seal_body(&push).unwrap()).unwrap();
    let blob = escrow_seal(&enrolled.escrow_key, &pushes, &mut OsEntropy).unwrap();
    let answer = stage.supervisor().post(ESCROW, &blob);
    let told = (answer.status, answer.code());
    assert_eq!(told, (403, "escrow_device_unknown".into()));
    assert!(answer.remedy().contains("keep the file"));
    assert!(stage.office().audit("device_known_again").is_empty());
}

#[test]
fn an_escrow_of_a_phone_that_was_enrolled_again_is_left_to_that_phone() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let backup = stage.back_up();
    let mut nina = stage.phone("nina");
    work(&nina, visit);
    let escrow = nina.app().escrow().unwrap();
    stage.put_back(&backup);
    nina.enrol(&stage.backend, "nina");
    let answer = stage.supervisor().post(ESCROW, &escrow.blob);
    assert_eq!(answer.code(), "escrow_device_unknown");
    stage.converge(&[&nina]);
    assert_eq!((nina.unsent(), pulses(&stage, visit)), (0, 2));
}

#[test]
fn work_in_escrow_after_access_ended_is_kept_for_a_reviewer() {
    let stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    work(&nina, visit);
    let escrow = nina.app().escrow().unwrap();
    stage.office().end_grants(stage.nurse, stage.patients[0]);
    let answer = stage.supervisor().post(ESCROW, &escrow.blob).json();
    assert_eq!(answer["accepted"], 0);
    assert_eq!(
        answer["rejected"]["access_ended"],
        json!(escrow.receipt.changes)
    );
    let kept = stage.office().rejected().len() as u64;
    assert_eq!(kept, escrow.receipt.changes);
}
