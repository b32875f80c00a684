//! Access that ends, and access in an emergency.

use homeround::access::{BREAK_GLASS_CEILING_MS, REASON_CHARS_MIN};
use homeround::app::AppError;
use homeround::model::{Coding, HOUR_MS, PatientId, Role};
use homeround::store::QuarantineState;
use homeround::wire::{self, Ack, BreakGlassRequest};
use homeround_tests::stage::{Device, Phone, Refusal, Stage, vitals};
use serde_json::json;

#[test]
fn work_done_after_access_ended_is_held_for_a_reviewer_and_the_patient_is_purged() {
    let stage = Stage::set();
    let visit = stage.visit();
    let patient = stage.patients[0];
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let handle = nina.app().visit(visit);
    handle.record_vitals(&vitals(70)).unwrap();
    nina.sync(&stage.backend);
    // Offline: the office ends her access, she goes on working.
    stage.office().end_grants(stage.nurse, patient);
    handle.record_vitals(&vitals(71)).unwrap();
    handle.record_vitals(&vitals(72)).unwrap();
    let report = nina.sync(&stage.backend);
    assert_eq!((report.purged, report.receipts), (1, 1));
    assert_eq!((report.accepted, report.rejected), (0, 2));
    // The phone holds nothing of the patient, and says what became of the edits.
    let missing = handle.read().unwrap_err();
    assert!(matches!(
        missing,
        AppError::NotFound { .. } | AppError::NotAllowed { .. }
    ));
    assert!(nina.app().patient(patient).is_err());
    let today = nina.app().today().unwrap();
    assert!(nina.app().day(today).unwrap().visits.is_empty());
    let held = nina.app().quarantine().unwrap();
    assert_eq!(held.len(), 2);
    for edit in held {
        assert_eq!(
            (edit.code.as_str(), edit.state),
            ("access_ended", QuarantineState::HeldByBackend)
        );
        assert!(edit.values.is_null());
    }
    // The backend holds the bytes and the receipt, and the document is as it was.
    let rejected = stage.supervisor().rejected();
    for row in &rejected {
        assert_eq!(row["person"], json!(stage.nurse));
        assert!(row["bytes"].as_u64().unwrap() > 0);
    }
    let ended = rejected.iter().filter(|row| row["code"] == "access_ended");
    assert_eq!(ended.count(), 2);
    let receipts = stage.office().read("/v1/admin/receipts");
    assert_eq!(receipts.as_array().unwrap().len(), 1);
    assert_eq!(receipts[0]["patient"], json!(patient));
    assert_eq!(receipts[0]["device"], json!(nina.device));
    assert!(receipts[0]["documents"].as_u64().unwrap() > 0);
    theo.sync(&stage.backend);
    stage.same_everywhere(visit, &[&theo]);
    assert_eq!(
        theo.app().visit(visit).read().unwrap().observations.len(),
        1
    );
    // A new grant brings the patient back, and work goes on.
    stage.office().grant(stage.nurse, patient);
    nina.sync(&stage.backend);
    nina.app().visit(visit).record_vitals(&vitals(73)).unwrap();
    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    assert_eq!(
        nina.app().visit(visit).read().unwrap().observations.len(),
        2
    );
}

fn ask(device: &Device, patient: PatientId, reason: &str) -> Result<Ack, Refusal> {
    let request = BreakGlassRequest {
        device: (*device.id.bytes()).into(),
        patient: (*patient.bytes()).into(),
        reason: reason.into(),
    };
    device.call(wire::BREAK_GLASS, &request)
}

#[test]
fn access_in_an_emergency_needs_a_reason_is_on_record_and_ends_by_itself() {
    let stage = Stage::set();
    let visit = stage.visit();
    let patient = stage.patients[0];
    let mut aida = stage.phone("aida");
    let device = Device::enrol(&stage.backend, "aida", 67);
    assert!(aida.app().patient(patient).is_err());
    let short = "x".repeat(REASON_CHARS_MIN - 1);
    for reason in ["", "          ", &short] {
        let refused = ask(&device, patient, reason).unwrap_err();
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (403, "break_glass_reason")
        );
    }
    let unknown = PatientId(uuid::Uuid::from_u128(77));
    let refused = ask(&device, unknown, "Found unresponsive at home").unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (404, "not_found"));
    let clerk = Device::enrol(&stage.backend, "office", 68);
    let refused = ask(&clerk, patient, "Found unresponsive at home").unwrap_err();
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (403, "break_glass_forbidden")
    );
    assert!(stage.office().audit("break_glass").is_empty());

    let backend = &stage.backend;
    let refused = aida.break_glass(backend, "aida", patient, &short);
    assert!(
        matches!(refused, Err(AppError::NotAllowed { rule, .. }) if rule == "break_glass_reason")
    );
    aida.break_glass(backend, "aida", patient, "Found unresponsive at home")
        .unwrap();
    let lines = stage.office().audit("break_glass");
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["person"], json!(stage.aide));
    assert!(lines[0].to_string().contains("Found unresponsive at home"));
    aida.sync(&stage.backend);
    assert!(aida.app().patient(patient).is_ok());
    aida.app().visit(visit).record_vitals(&vitals(40)).unwrap();
    assert_eq!(aida.sync(&stage.backend).accepted, 1);
    // It ends at the phone without a word from the backend,
    let later = BREAK_GLASS_CEILING_MS + HOUR_MS;
    aida.hands.pass(later);
    assert!(aida.app().patient(patient).is_err());
    assert!(aida.app().visit(visit).record_vitals(&vitals(41)).is_err());
    // and at the backend; then the phone purges.
    stage.backend.clock.pass(later);
    aida.tokens.set(stage.backend.token("aida"));
    let report = aida.sync(&stage.backend);
    assert_eq!((report.purged, report.receipts), (1, 1));
    aida.restart_with(|_| ());
    assert!(aida.app().visit(visit).read().is_err());
    assert_eq!(stage.supervisor().visit(visit).observations.len(), 1);
    let check = stage.office().read("/v1/admin/audit/verify");
    assert!(check["broken_at"].is_null(), "{check}");
}

#[test]
fn a_role_that_the_office_changes_holds_on_the_phone_from_the_next_sync_on() {
    let stage = Stage::set();
    let visit = stage.visit();
    stage.office().grant(stage.aide, stage.patients[0]);
    let mut aida = stage.phone("aida");
    let give = |phone: &Phone| {
        let code = Coding {
            text: "Furosemide".into(),
            ..Coding::default()
        };
        phone
            .app()
            .visit(visit)
            .medication_given(None, code, None, None)
    };
    let refused = |phone: &Phone| {
        let refused = give(phone).unwrap_err();
        assert!(
            matches!(&refused, AppError::NotAllowed { rule, .. } if rule == "not_permitted"),
            "{refused:?}"
        );
    };
    refused(&aida);
    let _ = stage.office().person("aida", Role::Nurse);
    aida.sync(&stage.backend);
    give(&aida).unwrap();
    assert_eq!(aida.sync(&stage.backend).accepted, 1);
    let _ = stage.office().person("aida", Role::Aide);
    aida.sync(&stage.backend);
    refused(&aida);
    aida.restart_with(|_| ());
    refused(&aida);
    assert_eq!(aida.app().me().unwrap().unwrap().role, Role::Aide);
}
