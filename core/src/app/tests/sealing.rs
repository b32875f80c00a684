use serde_json::json;

use super::*;
use crate::app::{AppError, MeasureValue, NoteEdit, SealCheck, TaskOutcome, VitalsEntry};
use crate::model::*;
use crate::vault::{Pin, Unlock};

fn pin() -> Unlock {
    Unlock::Pin(Pin::new(PIN).unwrap())
}

fn vitals(pulse: u16) -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(START),
        pulse_bpm: Some(pulse),
        ..VitalsEntry::default()
    }
}

fn completed(hub: &Hub, phone: &Phone) -> crate::app::VisitHandle {
    let visit = phone.app.visit(hub.visit);
    visit.check_in(None).unwrap();
    visit.set_task(task_id(), &TaskOutcome::done()).unwrap();
    visit.complete(None).unwrap();
    visit
}

#[test]
fn a_signed_visit_verifies_here_and_on_a_colleagues_phone() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    let visit = completed(&hub, &nurse);
    visit.sign(&pin()).unwrap();
    assert!(matches!(visit.verify().unwrap(), SealCheck::Holds(_)));
    nurse.push(&mut hub);
    therapist.pull(&hub);
    let theirs = therapist.app.visit(hub.visit);
    assert_eq!(theirs.read().unwrap().status, VisitStatus::Signed);
    // The nurse's device is in no directory that this phone has.
    assert!(matches!(theirs.verify().unwrap(), SealCheck::Holds(_)));
}

#[test]
fn a_signed_visit_takes_amendments_and_nothing_else() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = completed(&hub, &nurse);
    visit.sign(&pin()).unwrap();
    assert_eq!(
        visit.record_vitals(&vitals(80)).unwrap_err(),
        AppError::Signed { visit: hub.visit }
    );
    visit.amend("The pulse was 80", Some("Pulse 80. ")).unwrap();
    let read = visit.read().unwrap();
    assert_eq!(read.status, VisitStatus::Amended);
    assert!(read.note.ends_with("Pulse 80. "));
    visit.sign(&pin()).unwrap();
    assert!(matches!(visit.verify().unwrap(), SealCheck::Holds(_)));
    assert_eq!(visit.read().unwrap().signatures.len(), 2);
}

#[test]
fn what_a_colleague_wrote_before_knowing_of_the_signature_awaits_the_signer() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    let visit = completed(&hub, &nurse);
    let late = therapist
        .app
        .visit(hub.visit)
        .edit_note(&NoteEdit {
            insert: "Stairs with rail. ".into(),
            ..NoteEdit::default()
        })
        .unwrap();
    visit.sign(&pin()).unwrap();
    nurse.push(&mut hub);
    therapist.push(&mut hub);
    nurse.pull(&hub);
    let awaiting = visit.awaiting().unwrap();
    assert_eq!(awaiting.len(), 1);
    assert_eq!(awaiting[0].hash, late.hash);
    assert!(!awaiting[0].knew_of_seal);
    assert!(matches!(visit.verify().unwrap(), SealCheck::Holds(seal) if seal.later > 0));
    visit.amend("Therapist's note taken in", None).unwrap();
    assert!(visit.awaiting().unwrap().is_empty());
    assert!(visit.read().unwrap().note.contains("Stairs with rail."));
}

#[test]
fn a_visit_with_an_open_conflict_can_not_be_signed() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    let theirs = therapist.app.visit(hub.visit);
    theirs.set_measure(MeasureValue::PainScore(3)).unwrap();
    let visit = nurse.app.visit(hub.visit);
    visit.set_measure(MeasureValue::PainScore(6)).unwrap();
    let visit = {
        drop(visit);
        completed(&hub, &nurse)
    };
    therapist.push(&mut hub);
    nurse.pull(&hub);
    assert_eq!(
        visit.sign(&pin()).unwrap_err(),
        AppError::ConflictsOpen { open: 1 }
    );
    let conflict = &visit.conflicts().unwrap()[0];
    visit.settle(&conflict.path, &json!(6)).unwrap();
    visit.sign(&pin()).unwrap();
}

#[test]
fn a_wrong_pin_signs_nothing() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = completed(&hub, &nurse);
    let wrong = Unlock::Pin(Pin::new("739164").unwrap());
    assert!(matches!(
        visit.sign(&wrong).unwrap_err(),
        AppError::WrongPin { .. }
    ));
    assert_eq!(visit.read().unwrap().status, VisitStatus::Completed);
}

/// Calls the core from inside, as a shell may.
struct Caller(crate::app::Homeround, DeviceTag);

impl crate::app::Observer for Caller {
    fn changed(&self, _revision: u64, documents: &[DocumentId]) {
        assert!(self.0.person_of_device(self.1).unwrap().is_some());
        for document in documents {
            self.0.visit(VisitId(document.id)).read().unwrap();
        }
    }
}

#[test]
fn an_observer_may_call_the_core_while_a_visit_is_signed() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let tag = nurse.app.inner.vault().as_ref().unwrap().device_tag();
    let caller = std::sync::Arc::new(Caller(nurse.app.clone(), tag));
    nurse.app.observe(caller);
    completed(&hub, &nurse).sign(&pin()).unwrap();
}
