use serde_json::json;

use super::*;
use crate::app::{AppError, MeasureValue, NoteEdit, SessionState, TaskOutcome, VitalsEntry};
use crate::model::*;
use crate::store::AuditVerdict;
use crate::vault::{Pin, Unlock};

fn vitals(pulse: u16) -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(START),
        pulse_bpm: Some(pulse),
        ..VitalsEntry::default()
    }
}

fn at_end(text: &str) -> NoteEdit {
    NoteEdit {
        insert: text.into(),
        ..NoteEdit::default()
    }
}

#[test]
fn an_edit_that_was_acknowledged_is_there_after_the_process_ended() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let saved = visit.record_vitals(&vitals(78)).unwrap();
    visit.check_in(None).unwrap();
    let phone = phone.restart();
    let read = phone.app.visit(hub.visit).read().unwrap();
    assert_eq!(read.status, VisitStatus::InProgress);
    assert!(read.observations.contains_key(&saved.entry.unwrap()));
    let day = phone.app.team_day(phone.app.today().unwrap()).unwrap();
    assert_eq!(day.unsent, 2);
    assert_eq!(day.visits[0].patient_name, "José Saavedra");
    assert_eq!(day.visits[0].status, VisitStatus::InProgress);
}

#[test]
fn what_two_phones_wrote_offline_merges_and_a_disagreement_is_shown_and_settled() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    let (one, two) = (nurse.app.visit(hub.visit), therapist.app.visit(hub.visit));
    one.record_vitals(&vitals(78)).unwrap();
    two.record_vitals(&vitals(92)).unwrap();
    one.edit_note(&at_end("Wound clean. ")).unwrap();
    two.edit_note(&at_end("Walks 20 m. ")).unwrap();
    one.set_measure(MeasureValue::WeightKg(70.5)).unwrap();
    two.set_measure(MeasureValue::WeightKg(72.0)).unwrap();
    for _ in 0..2 {
        for phone in [&mut nurse, &mut therapist] {
            phone.push(&mut hub);
            phone.pull(&hub);
        }
    }
    let merged = one.read().unwrap();
    assert_eq!(merged, two.read().unwrap());
    assert_eq!(merged.observations.len(), 2);
    for sentence in ["Lives alone. ", "Wound clean. ", "Walks 20 m. "] {
        assert!(merged.note.contains(sentence), "{}", merged.note);
    }
    let conflicts = one.conflicts().unwrap();
    assert_eq!(conflicts, two.conflicts().unwrap());
    assert_eq!(conflicts.len(), 1);
    let tags: Vec<_> = conflicts[0]
        .values
        .iter()
        .map(|value| value.actor.device_tag())
        .collect();
    let people: Vec<_> = tags
        .iter()
        .map(|tag| nurse.app.person_of_device(*tag).unwrap().unwrap())
        .collect();
    assert!(people.contains(&nurse.person) && people.contains(&therapist.person));
    two.settle(&conflicts[0].path, &json!(72.0)).unwrap();
    therapist.push(&mut hub);
    nurse.pull(&hub);
    assert!(one.conflicts().unwrap().is_empty());
    let settled = one.read().unwrap();
    assert_eq!(settled.measures["weight_kg"], json!(72.0));
    let how = settled.settlements.values().next().unwrap();
    assert_eq!(how.by, therapist.person);
    assert_eq!(how.replaced, vec![json!(70.5)]);
}

#[test]
fn a_figure_out_of_range_is_refused_by_name_and_nothing_is_stored() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let refused = visit.record_vitals(&vitals(900)).unwrap_err();
    assert!(matches!(refused, AppError::Refused { field, .. } if field == "pulse_bpm"));
    let refused = visit.resume(None).unwrap_err();
    assert!(matches!(refused, AppError::Step(_)));
    let refused = visit.complete(None).unwrap_err();
    assert!(matches!(refused, AppError::Refused { field, .. } if field == "tasks"));
    let today = phone.app.today().unwrap();
    assert_eq!(phone.app.team_day(today).unwrap().unsent, 0);
}

#[test]
fn an_aide_may_do_tasks_and_not_medications() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x300, Role::Aide);
    let visit = phone.app.visit(hub.visit);
    visit.set_task(task_id(), &TaskOutcome::done()).unwrap();
    let denied = visit
        .medication_given(None, Coding::text("Aspirin"), None, None)
        .unwrap_err();
    assert!(matches!(denied, AppError::NotAllowed { .. }), "{denied:?}");
}

#[test]
fn a_wall_clock_years_off_stops_nobody_and_is_measured_in_the_stamp() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    for years in [-20_i64, 40] {
        phone.hands.jump(years * 365 * DAY_MS);
    }
    let visit = phone.app.visit(hub.visit);
    visit.check_in(None).unwrap();
    let read = visit.read().unwrap();
    let step = read.steps.values().next().unwrap();
    let ClockTrust::Anchored { at, off_by_ms } = step.stamp.trust() else {
        panic!("the backend vouched for the clock");
    };
    assert!((at.0 - START).abs() < MINUTE_MS);
    assert!((off_by_ms - 20 * 365 * DAY_MS).abs() < MINUTE_MS);
}

#[test]
fn a_phone_that_stays_dark_past_its_lease_shows_nothing_and_loses_nothing() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    phone
        .app
        .visit(hub.visit)
        .record_vitals(&vitals(78))
        .unwrap();
    phone.hands.pass(73 * HOUR_MS);
    let visit = phone.app.visit(hub.visit);
    assert_eq!(visit.read().unwrap_err(), AppError::LeaseEnded);
    assert_eq!(
        visit.record_vitals(&vitals(80)).unwrap_err(),
        AppError::LeaseEnded
    );
    // The backend answers: a new lease, and the work is there.
    phone.push(&mut hub);
    phone.pull(&hub);
    assert_eq!(visit.read().unwrap().observations.len(), 1);
    assert_eq!(hub.changes.len(), 1);
}

#[test]
fn a_locked_phone_answers_locked_and_a_wrong_pin_is_counted() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    phone.app.lock();
    assert_eq!(phone.app.session(), SessionState::Locked);
    let visit = phone.app.visit(hub.visit);
    assert_eq!(visit.read().unwrap_err(), AppError::Locked);
    let wrong = Unlock::Pin(Pin::new("739164").unwrap());
    let refused = phone.app.unlock(&wrong).unwrap_err();
    assert!(matches!(
        refused,
        AppError::WrongPin {
            attempts_left: 9,
            ..
        }
    ));
    phone.hands.pass(HOUR_MS);
    phone
        .app
        .unlock(&Unlock::Pin(Pin::new(PIN).unwrap()))
        .unwrap();
    assert_eq!(visit.read().unwrap().note, "Lives alone. ");
}

#[test]
fn signing_out_with_unsent_work_is_refused_and_says_how_much() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit.record_vitals(&vitals(78)).unwrap();
    assert_eq!(
        phone.app.sign_out(None).unwrap_err(),
        AppError::Unsent { count: 1 }
    );
    phone.push(&mut hub);
    phone.app.sign_out(None).unwrap();
    assert_eq!(phone.app.session(), SessionState::New);
}

#[test]
fn every_edit_leaves_a_line_in_the_audit_trail_and_the_chain_is_sound() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    visit.check_in(None).unwrap();
    visit.record_vitals(&vitals(78)).unwrap();
    let reads = phone.app.inner.reads().unwrap();
    let reader = reads.store.reader().unwrap();
    assert!(matches!(
        reader.verify_audit().unwrap(),
        AuditVerdict::Sound(_)
    ));
    let lines = reader.audit_page(None, 2).unwrap();
    let actions: Vec<&str> = lines
        .iter()
        .map(|line| line.entry.action.as_str())
        .collect();
    assert_eq!(actions, ["observation", "step"]);
    assert_eq!(lines[0].entry.person, Some(phone.person));
}

#[test]
fn search_finds_a_patient_without_the_accent_and_a_note_by_its_words() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    phone
        .app
        .visit(hub.visit)
        .edit_note(&at_end("Refuses compression stockings."))
        .unwrap();
    assert_eq!(phone.app.search("jose saav", 5).unwrap().len(), 1);
    assert_eq!(phone.app.search("compression", 5).unwrap().len(), 1);
    assert!(phone.app.search("catheter", 5).unwrap().is_empty());
}

#[test]
fn a_changed_pin_opens_and_the_old_one_does_not() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let old = Unlock::Pin(Pin::new(PIN).unwrap());
    let refused = phone.app.change_pin(&old, "1234").unwrap_err();
    assert!(matches!(refused, AppError::Refused { field, .. } if field == "pin"));
    phone.app.change_pin(&old, "739164").unwrap();
    phone.app.lock();
    assert!(matches!(
        phone.app.unlock(&old).unwrap_err(),
        AppError::WrongPin { .. }
    ));
    phone.hands.pass(HOUR_MS);
    let new = Unlock::Pin(Pin::new("739164").unwrap());
    phone.app.unlock(&new).unwrap();
    assert_eq!(phone.app.session(), SessionState::Ready);
}
