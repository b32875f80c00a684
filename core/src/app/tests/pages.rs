use std::collections::BTreeSet;

use crate::app::{AppError, NoteEdit, TaskOutcome, VitalsEntry};
use crate::merge::{Document, pack};
use crate::model::*;
use crate::store::QuarantineState;
use crate::sync::SyncStore;
use crate::wire::Verdict;

use super::*;

fn vitals(pulse: u16) -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(START),
        pulse_bpm: Some(pulse),
        ..VitalsEntry::default()
    }
}

fn rejected(code: &str) -> Verdict {
    Verdict::Rejected {
        code: code.into(),
        field: "observations".into(),
    }
}

#[test]
fn a_rejected_edit_is_readable_in_quarantine_and_what_stood_on_it_is_said_again() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let bad = visit.record_vitals(&vitals(78)).unwrap();
    visit
        .edit_note(&NoteEdit {
            insert: "Slept well. ".into(),
            ..NoteEdit::default()
        })
        .unwrap();
    visit.set_task(task_id(), &TaskOutcome::done()).unwrap();
    let first = bad.hash;
    hub.judge = Box::new(move |hash| (*hash == first).then(|| rejected("not_permitted")));
    let mut store = phone.app.sync_store();
    let crate::sync::Outbox::Batch(batch) = store.load_outbox(LIMITS).unwrap() else {
        panic!("three edits are unsent");
    };
    let mut verdicts = hub.take(&batch.body);
    for verdict in &mut verdicts[1..] {
        verdict.verdict = rejected("depends_on_rejected");
    }
    hub.changes.clear();
    assert!(store.apply_verdicts(&verdicts).unwrap());
    let read = visit.read().unwrap();
    assert!(read.observations.is_empty());
    assert!(read.note.ends_with("Slept well. "));
    assert_eq!(read.tasks[&task_id()].status, TaskStatus::Done);
    let quarantine = phone.app.quarantine().unwrap();
    assert_eq!(quarantine.len(), 1);
    assert_eq!(quarantine[0].code, "not_permitted");
    assert!(
        quarantine[0]
            .values
            .to_string()
            .contains("\"pulse_bpm\":78")
    );
    phone.push(&mut hub);
    assert_eq!(hub.changes.len(), 2);
    phone
        .app
        .close_quarantined(quarantine[0].id, QuarantineState::HandedOver)
        .unwrap();
    let phone = phone.restart();
    let kept = &phone.app.quarantine().unwrap()[0];
    assert_eq!(kept.state, QuarantineState::HandedOver);
}

#[test]
fn an_edit_whose_number_was_taken_goes_out_again_under_another_actor() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let first = visit.record_vitals(&vitals(78)).unwrap().hash;
    phone = phone.restart();
    hub.judge = Box::new(move |hash| (*hash == first).then(|| rejected("sequence_reused")));
    phone.push(&mut hub);
    assert_eq!(hub.changes.len(), 1);
    assert!(phone.app.quarantine().unwrap().is_empty());
    let read = phone.app.visit(hub.visit).read().unwrap();
    assert_eq!(read.observations.len(), 1);
}

#[test]
fn an_edit_whose_number_was_taken_is_said_again_under_another_name_without_a_restart() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let first = visit.record_vitals(&vitals(78)).unwrap().hash;
    hub.judge = Box::new(move |hash| (*hash == first).then(|| rejected("sequence_reused")));
    let mut rounds = 0;
    while let crate::sync::Outbox::Batch(batch) = phone.store.load_outbox(LIMITS).unwrap() {
        let verdicts = hub.take(&batch.body);
        phone.store.apply_verdicts(&verdicts).unwrap();
        rounds += 1;
        assert!(rounds <= 2, "it is said again under the same name");
    }
    assert_eq!(hub.changes.len(), 1);
    assert!(phone.app.quarantine().unwrap().is_empty());
    assert_eq!(visit.read().unwrap().observations.len(), 1);
}

#[test]
fn what_stands_on_a_refused_edit_that_stays_waits_under_its_name_until_it_is_taken() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let mut colleague = hub.phone(0x200, Role::Nurse);
    let visit = hub.visit;
    let first = phone.app.visit(visit).record_vitals(&vitals(78)).unwrap();
    phone.push(&mut hub);
    colleague.pull(&hub);
    colleague
        .app
        .visit(visit)
        .record_vitals(&vitals(79))
        .unwrap();
    colleague.push(&mut hub);
    phone.pull(&hub);
    // The backend is put back to a backup, and access had ended meanwhile.
    hub.changes.clear();
    phone.store.reset_epoch(2).unwrap();
    hub.judge = Box::new(|_| Some(rejected("access_ended")));
    phone.push(&mut hub);
    assert_eq!(phone.app.quarantine().unwrap()[0].hash, first.hash);
    // It comes back, and the refused edit is under the colleague's still.
    let later = phone.app.visit(visit).record_vitals(&vitals(80)).unwrap();
    hub.judge = Box::new(|_| Some(rejected("depends_on_rejected")));
    for _ in 0..3 {
        let crate::sync::Outbox::Batch(batch) = phone.store.load_outbox(LIMITS).unwrap() else {
            panic!("one edit is unsent");
        };
        assert_eq!(batch.hashes, [later.hash]);
        let verdicts = hub.take(&batch.body);
        phone.store.apply_verdicts(&verdicts).unwrap();
    }
    hub.judge = Box::new(|_| None);
    phone.push(&mut hub);
    assert_eq!(hub.changes.len(), 1);
    assert_eq!(phone.app.quarantine().unwrap().len(), 1);
    assert_eq!(phone.app.visit(visit).read().unwrap().observations.len(), 3);
}

#[test]
fn what_could_not_be_brought_back_is_tried_again_once_access_came_back() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    phone.store.kept_back.insert(DocumentId::visit(hub.visit));
    phone.store.apply_page(hub.empty_page()).unwrap();
    assert_eq!(phone.store.kept_back.len(), 1);
    phone.store.apply_page(hub.first_page(0)).unwrap();
    assert!(phone.store.kept_back.is_empty());
}

#[test]
fn a_refused_edit_that_came_back_with_a_whole_document_is_quarantined_and_stays_in_it() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let vitals = visit.record_vitals(&vitals(78)).unwrap().hash;
    let task = visit
        .set_task(task_id(), &TaskOutcome::done())
        .unwrap()
        .hash;
    phone.push(&mut hub);
    // Access ends and comes back: the visit comes in one piece.
    phone.store.apply_page(hub.leave_page()).unwrap();
    assert!(phone.store.purge(hub.patient, "access_ended").unwrap());
    let id = DocumentId::visit(hub.visit);
    let changes = hub.changes.iter().map(|(_, bytes)| bytes.as_slice());
    hub.base = Document::load(id, Some(&hub.base), changes).unwrap().save();
    phone.store.apply_page(hub.first_page(0)).unwrap();
    // The backend is put back to a backup, and access ended before.
    hub.changes.clear();
    phone.store.reset_epoch(2).unwrap();
    hub.judge = Box::new(move |hash| {
        let code = if *hash == vitals {
            "access_ended"
        } else {
            "depends_on_rejected"
        };
        Some(rejected(code))
    });
    phone.push(&mut hub);
    let quarantine = phone.app.quarantine().unwrap();
    let names: BTreeSet<ChangeHash> = quarantine.iter().map(|row| row.hash).collect();
    assert_eq!(names, BTreeSet::from([vitals, task]));
    assert_eq!(
        phone
            .app
            .visit(hub.visit)
            .read()
            .unwrap()
            .observations
            .len(),
        1
    );
}

#[test]
fn access_that_ended_is_uploaded_first_then_purged_with_a_receipt() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit.record_vitals(&vitals(78)).unwrap();
    phone.store.apply_page(hub.leave_page()).unwrap();
    // From the moment the phone knows, nothing is shown, and nothing is lost.
    assert!(matches!(
        visit.read().unwrap_err(),
        AppError::NotAllowed { .. }
    ));
    let leaving = phone.store.leaving().unwrap();
    assert_eq!((leaving.len(), leaving[0].unsent), (1, 1));
    assert!(!phone.store.purge(hub.patient, "access_ended").unwrap());
    hub.judge = Box::new(|_| Some(rejected("access_ended")));
    phone.push(&mut hub);
    assert!(phone.store.purge(hub.patient, "access_ended").unwrap());
    assert_eq!(
        visit.read().unwrap_err(),
        AppError::NotFound { what: "document" }
    );
    let held = &phone.app.quarantine().unwrap()[0];
    assert_eq!(held.code, "access_ended");
    assert_eq!(held.state, QuarantineState::HeldByBackend);
    assert!(held.values.is_null());
    let receipts = phone.store.load_receipts().unwrap().unwrap();
    phone.store.receipts_sent(&receipts.ids).unwrap();
    assert!(phone.store.load_receipts().unwrap().is_none());
    let day = phone.app.team_day(phone.app.today().unwrap()).unwrap();
    assert!(day.visits.is_empty());
}

#[test]
fn a_change_that_is_no_change_is_quarantined_and_the_rest_of_the_page_is_taken_in() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    nurse
        .app
        .visit(hub.visit)
        .record_vitals(&vitals(78))
        .unwrap();
    nurse.push(&mut hub);
    let good = hub.changes[0].1.clone();
    let mut bad = good.clone();
    let last = bad.len() - 1;
    bad[last] ^= 1;
    let id = DocumentId::visit(hub.visit);
    let mut page = hub.empty_page();
    page.changes = pack::pack(&[(id, &bad), (id, &good)]).unwrap().into();
    therapist.store.apply_page(page).unwrap();
    let read = therapist.app.visit(hub.visit).read().unwrap();
    assert_eq!(read.observations.len(), 1);
    assert_eq!(therapist.app.quarantine().unwrap()[0].code, "malformed");
}

#[test]
fn changes_that_come_before_what_they_build_on_wait_and_are_then_taken_in() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    let visit = nurse.app.visit(hub.visit);
    visit.record_vitals(&vitals(78)).unwrap();
    visit.record_vitals(&vitals(79)).unwrap();
    nurse.push(&mut hub);
    let all = std::mem::take(&mut hub.changes);
    for one in all.iter().rev() {
        hub.changes = vec![one.clone()];
        therapist.store.apply_page(hub.page_after(0)).unwrap();
    }
    let read = therapist.app.visit(hub.visit).read().unwrap();
    assert_eq!(read.observations.len(), 2);
    assert!(therapist.app.quarantine().unwrap().is_empty());
}

#[test]
fn a_deferred_document_reads_the_same_before_and_after_it_is_merged() {
    let mut hub = Hub::new();
    let base = hub.first_page(1);
    let mut phone = hub.phone(0x100, Role::Nurse);
    phone.store.apply_page(hub.leave_page()).unwrap();
    assert!(phone.store.purge(hub.patient, "access_ended").unwrap());
    phone.store.apply_page(base).unwrap();
    let visit = phone.app.visit(hub.visit);
    let before = visit.read().unwrap();
    let report = phone.app.idle_slice().unwrap();
    assert_eq!((report.merged, report.left), (1, 0));
    assert_eq!(visit.read().unwrap(), before);
    visit.check_in(None).unwrap();
}

#[test]
fn a_deferred_document_can_be_worked_on_at_once() {
    let mut hub = Hub::new();
    let base = hub.first_page(2);
    let mut phone = hub.phone(0x100, Role::Nurse);
    phone.store.apply_page(hub.leave_page()).unwrap();
    assert!(phone.store.purge(hub.patient, "access_ended").unwrap());
    phone.store.apply_page(base).unwrap();
    let visit = phone.app.visit(hub.visit);
    visit.record_vitals(&vitals(78)).unwrap();
    assert_eq!(visit.read().unwrap().observations.len(), 1);
}

#[test]
fn caches_dropped_and_rebuilt_from_the_changes_give_the_same_rows() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit.check_in(None).unwrap();
    for pulse in 60..120 {
        visit.record_vitals(&vitals(pulse)).unwrap();
    }
    phone.push(&mut hub);
    let today = phone.app.today().unwrap();
    let (view, day) = (visit.read().unwrap(), phone.app.team_day(today).unwrap());
    while !phone.app.idle_slice().unwrap().is_done() {}
    assert_eq!(visit.read().unwrap(), view);
    assert_eq!(phone.app.rebuild_projections().unwrap(), 1);
    assert_eq!(visit.read().unwrap(), view);
    assert_eq!(phone.app.team_day(today).unwrap().visits, day.visits);
    visit.record_vitals(&vitals(77)).unwrap();
    assert_eq!(visit.read().unwrap().observations.len(), 61);
}

#[test]
fn a_backend_restored_from_a_backup_is_offered_everything_again() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    for pulse in 60..100 {
        visit.record_vitals(&vitals(pulse)).unwrap();
    }
    phone.push(&mut hub);
    while !phone.app.idle_slice().unwrap().is_done() {}
    visit.record_vitals(&vitals(100)).unwrap();
    phone.push(&mut hub);
    assert_eq!(hub.changes.len(), 41);
    // The backup has seen half of it.
    hub.changes.truncate(20);
    hub.epoch = 2;
    phone.store.reset_epoch(2).unwrap();
    assert!(phone.store.cursor().unwrap().cursor.is_empty());
    phone.push(&mut hub);
    assert_eq!(hub.changes.len(), 41);
    assert_eq!(visit.read().unwrap().observations.len(), 41);
}

#[test]
fn folded_changes_that_come_again_are_kept_once_and_can_be_offered_again() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    for pulse in 60..100 {
        visit.record_vitals(&vitals(pulse)).unwrap();
    }
    phone.push(&mut hub);
    for epoch in 2..5 {
        while !phone.app.idle_slice().unwrap().is_done() {}
        // The pages start over, as on a phone that was put back.
        phone.store.apply_page(hub.first_page(0)).unwrap();
        phone.store.apply_page(hub.page_after(0)).unwrap();
        visit
            .record_vitals(&vitals(100 + u16::try_from(epoch).unwrap()))
            .unwrap();
        phone.push(&mut hub);
        while !phone.app.idle_slice().unwrap().is_done() {}
        phone.store.reset_epoch(epoch).unwrap();
        phone.push(&mut hub);
        let taken = usize::try_from(epoch).unwrap() - 1;
        assert_eq!(hub.changes.len(), 40 + taken);
        assert_eq!(visit.read().unwrap().observations.len(), 40 + taken);
    }
}

#[test]
fn own_work_that_came_back_inside_a_whole_document_is_offered_again_too() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    for pulse in 60..70 {
        visit.record_vitals(&vitals(pulse)).unwrap();
    }
    phone.push(&mut hub);
    // The patient leaves and comes back: the document comes in one piece.
    phone.store.apply_page(hub.leave_page()).unwrap();
    assert!(phone.store.purge(hub.patient, "access_ended").unwrap());
    let changes = hub.changes.iter().map(|(_, bytes)| bytes.as_slice());
    let id = DocumentId::visit(hub.visit);
    let whole = Document::load(id, Some(&hub.base), changes).unwrap();
    hub.base = whole.save();
    phone.store.apply_page(hub.first_page(0)).unwrap();
    assert_eq!(visit.read().unwrap().observations.len(), 10);
    // The backend's backup has seen four of them.
    hub.changes.truncate(4);
    phone.store.reset_epoch(2).unwrap();
    phone.push(&mut hub);
    assert_eq!(hub.changes.len(), 10);
    assert_eq!(visit.read().unwrap().observations.len(), 10);
}

#[test]
fn rules_that_the_backend_did_not_sign_are_not_taken_over() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let mut page = hub.empty_page();
    let mut forged = hub.signed(r#"{"version":2}"#);
    forged.policy = r#"{"version":3,"lease_ms":9999999999}"#.into();
    page.policy = Some(forged);
    assert!(phone.store.apply_page(page).is_err());
    let mut page = hub.empty_page();
    page.policy = Some(hub.signed(r#"{"version":2}"#));
    phone.store.apply_page(page).unwrap();
}

#[test]
fn a_document_that_did_not_arrive_in_one_piece_takes_no_edit() {
    let mut hub = Hub::new();
    let other = DocumentId::visit(VisitId(id(0x59)));
    hub.more.push((other, vec![7; 40]));
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(VisitId(id(0x59)));
    let edited = visit.record_vitals(&vitals(78));
    assert!(
        matches!(edited, Err(AppError::NotFound { .. })),
        "{edited:?}"
    );
    assert_eq!(phone.app.sync_health().unwrap().unsent, 0);
    // The others did.
    let visit = phone.app.visit(hub.visit);
    visit.record_vitals(&vitals(78)).unwrap();
}
