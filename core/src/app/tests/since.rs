//! What changed since one was there last: told by what one's looks stand on, and not by
//! clocks.

use serde_json::{Value, json};

use super::*;
use crate::app::{
    AppError, ChangeHow, ChangeKind, Changed, FIRST_VISIT_DAYS, SinceLastHere, VitalsEntry,
};
use crate::model::*;
use crate::sync::SyncStore as _;

/// The line of the medication list that the office began with.
fn furosemide() -> EntryId {
    EntryId(id(0xf0))
}

fn penicillin() -> EntryId {
    EntryId(id(0xa1))
}

/// A visit beside the hub's own, of a colleague.
fn other_visit() -> VisitId {
    VisitId(id(0x52))
}

fn chart(hub: &Hub) -> Value {
    json!({ "schema": 1, "kind": "chart", "patient": hub.patient,
        "medications": { furosemide().to_string(): {
            "code": { "text": "Furosemide" }, "status": "active", "dose": "20 mg",
            "as_needed": false } },
        "allergies": { penicillin().to_string(): {
            "code": { "text": "Penicillin" }, "status": "active", "severity": "severe" } },
        "home_access": { "parking": "In the yard" },
    })
}

/// A chart, a visit of one's own and one of a colleague's.
fn hub() -> Hub {
    let mut hub = Hub::new();
    let tree = chart(&hub);
    hub.add_document(DocumentId::chart(hub.patient), &tree);
    let visit = json!({ "schema": 1, "kind": "visit", "patient": hub.patient,
        "status": "scheduled", "note": "" });
    hub.add_document(DocumentId::visit(other_visit()), &visit);
    hub
}

/// Goes there and leaves again.
fn goes(phone: &Phone, visit: VisitId) {
    let visit = phone.app.visit(visit);
    visit.check_in(None).unwrap();
    let done = crate::app::TaskOutcome {
        status: TaskStatus::Done,
        result: None,
        reason: None,
        comment: None,
    };
    if visit.read().unwrap().tasks.contains_key(&task_id()) {
        visit.set_task(task_id(), &done).unwrap();
    }
    visit.complete(None).unwrap();
}

fn since(phone: &Phone, hub: &Hub) -> SinceLastHere {
    phone.app.since_last_here(hub.patient, 0, 200).unwrap()
}

fn only(phone: &Phone, hub: &Hub) -> Changed {
    let mut told = since(phone, hub);
    assert_eq!((told.count, told.changes.len()), (1, 1), "{told:?}");
    told.changes.remove(0)
}

/// Name, before and now of each field.
fn fields(change: &Changed) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let fields = change.fields.iter();
    fields
        .map(|it| (it.name.as_str(), it.before.as_deref(), it.now.as_deref()))
        .collect()
}

fn pulse(bpm: u16, at: i64) -> VitalsEntry {
    VitalsEntry {
        measured_at: Millis(at),
        pulse_bpm: Some(bpm),
        ..VitalsEntry::default()
    }
}

fn looks(phone: &Phone, hub: &Hub) -> Vec<Value> {
    let document = DocumentId::chart(hub.patient);
    let view = phone.app.document_state(document).unwrap().view;
    view["looks"]
        .as_object()
        .unwrap()
        .values()
        .cloned()
        .collect()
}

#[test]
fn who_was_never_there_is_told_what_was_recorded_in_the_last_thirty_days() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    let told = since(&nurse, &hub);
    assert_eq!(told.last, None);
    let kinds: Vec<ChangeKind> = told.kinds.iter().map(|it| it.0).collect();
    let expected = [
        ChangeKind::Allergy,
        ChangeKind::Medication,
        ChangeKind::Note,
        ChangeKind::HomeAccess,
    ];
    assert_eq!(kinds, expected);
    assert!(told.changes.iter().all(|it| it.how == ChangeHow::Added));
    let allergy = &told.changes[0];
    assert_eq!(allergy.title, "Penicillin");
    let expected = [
        ("status", None, Some("active")),
        ("severity", None, Some("severe")),
    ];
    assert_eq!(fields(allergy), expected, "its name is its title");
    nurse
        .hands
        .pass(i64::from(FIRST_VISIT_DAYS) * DAY_MS + HOUR_MS);
    let later = nurse.app.since_last_here(hub.patient, 0, 200);
    // The lease ended meanwhile, which is not what this is about.
    assert!(matches!(later, Err(AppError::LeaseEnded)), "{later:?}");
}

#[test]
fn who_leaves_says_what_the_phone_knew_and_is_told_nothing_twice() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    goes(&nurse, hub.visit);
    let told = since(&nurse, &hub);
    assert_eq!(told.count, 0, "{told:?}");
    assert_eq!(told.last.unwrap().visit, Some(hub.visit));
    let look = looks(&nurse, &hub).remove(0);
    assert_eq!(look["by"], json!(nurse.person));
    assert_eq!(look["visit"], json!(hub.visit));
    // The chart, and the visit with a note of somebody's; not the one that is only booked.
    assert_eq!(look["heads"].as_array().unwrap().len(), 2);
}

#[test]
fn what_was_recorded_before_one_left_and_arrives_after_is_news() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let theirs = aide.app.visit(other_visit());
    theirs.check_in(None).unwrap();
    theirs.record_vitals(&pulse(104, START)).unwrap();
    nurse.hands.pass(4 * HOUR_MS);
    goes(&nurse, hub.visit);
    aide.push(&mut hub);
    nurse.pull(&hub);
    let change = only(&nurse, &hub);
    assert_eq!(change.kind, ChangeKind::Observation);
    assert_eq!(change.how, ChangeHow::Added);
    assert_eq!(change.by, Some(aide.person));
    assert_eq!(change.at, Millis(START));
    assert_eq!(change.visit, Some(other_visit()));
    assert_eq!(fields(&change), [("pulse_bpm", None, Some("104"))]);
    assert!(change.late, "it was written before she left");

    let next = other_visit_of(&mut hub, &mut nurse);
    goes(&nurse, next);
    assert_eq!(since(&nurse, &hub).count, 0, "and it is news once");
}

/// A further visit, which reaches a phone with its next page.
fn other_visit_of(hub: &mut Hub, phone: &mut Phone) -> VisitId {
    let visit = VisitId(id(0x53));
    let tree = json!({ "schema": 1, "kind": "visit", "patient": hub.patient,
        "status": "scheduled", "note": "" });
    hub.add_document(DocumentId::visit(visit), &tree);
    phone.store.apply_page(hub.first_page(0)).unwrap();
    visit
}

#[test]
fn a_changed_dose_says_what_stood_before_and_a_later_one_as_well() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut lead = hub.phone(0x300, Role::Supervisor);
    goes(&nurse, hub.visit);
    nurse.push(&mut hub);
    lead.pull(&hub);
    lead.hands.pass(HOUR_MS);
    let theirs = lead.app.chart(hub.patient);
    theirs.set_dose(furosemide(), "40 mg").unwrap();
    theirs.set_dose(furosemide(), "60 mg").unwrap();
    lead.push(&mut hub);
    nurse.pull(&hub);
    let change = only(&nurse, &hub);
    assert_eq!(
        (change.kind, change.how),
        (ChangeKind::Medication, ChangeHow::Changed)
    );
    assert_eq!(change.title, "Furosemide");
    assert_eq!(fields(&change), [("dose", Some("20 mg"), Some("60 mg"))]);
    assert_eq!(change.by, Some(lead.person));
    assert!(!change.late);

    // Back as it was: nothing differs any more.
    theirs.set_dose(furosemide(), "20 mg").unwrap();
    lead.push(&mut hub);
    nurse.pull(&hub);
    assert_eq!(since(&nurse, &hub).count, 0);
}

#[test]
fn what_one_wrote_over_knowing_it_is_no_news_and_what_one_did_not_know_is() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut lead = hub.phone(0x300, Role::Supervisor);
    goes(&nurse, hub.visit);
    nurse.push(&mut hub);
    lead.pull(&hub);
    let theirs = lead.app.chart(hub.patient);
    theirs.set_dose(furosemide(), "40 mg").unwrap();
    lead.push(&mut hub);
    nurse.pull(&hub);
    let hers = nurse.app.chart(hub.patient);
    hers.set_dose(furosemide(), "30 mg").unwrap();
    assert_eq!(since(&nurse, &hub).count, 0, "she decided on it herself");

    // At the same time, and neither knew of the other.
    theirs
        .set_medication_status(furosemide(), "on-hold")
        .unwrap();
    hers.set_dose(furosemide(), "25 mg").unwrap();
    lead.push(&mut hub);
    nurse.pull(&hub);
    assert_eq!(
        fields(&only(&nurse, &hub)),
        [("status", Some("active"), Some("on-hold"))]
    );
}

#[test]
fn what_was_taken_back_says_what_stood_and_why() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let mut lead = hub.phone(0x300, Role::Supervisor);
    let theirs = aide.app.visit(other_visit());
    theirs.check_in(None).unwrap();
    let wrong = theirs
        .record_vitals(&pulse(104, START))
        .unwrap()
        .entry
        .unwrap();
    let typed = theirs
        .record_vitals(&pulse(88, START + 1))
        .unwrap()
        .entry
        .unwrap();
    aide.push(&mut hub);
    nurse.pull(&hub);
    goes(&nurse, hub.visit);
    nurse.push(&mut hub);

    theirs
        .correct("observations", wrong, None, "another patient")
        .unwrap();
    let right = theirs.record_vitals(&pulse(78, START + 1)).unwrap().entry;
    theirs
        .correct("observations", typed, right, "misread")
        .unwrap();
    // Nobody here ever knew of this one.
    let gone = theirs
        .record_vitals(&pulse(20, START))
        .unwrap()
        .entry
        .unwrap();
    theirs
        .correct("observations", gone, None, "no pulse of hers")
        .unwrap();
    aide.push(&mut hub);
    lead.pull(&hub);
    let allergy = lead.app.chart(hub.patient);
    allergy
        .set_allergy(penicillin(), AllergyStatus::EnteredInError, None)
        .unwrap();
    lead.push(&mut hub);
    nurse.pull(&hub);
    let told = since(&nurse, &hub);
    assert_eq!(told.count, 3, "{told:?}");
    let [allergy, corrected, back] = &told.changes[..] else {
        panic!("{told:?}");
    };
    assert_eq!(
        (allergy.kind, allergy.how),
        (ChangeKind::Allergy, ChangeHow::TakenBack)
    );
    assert_eq!(allergy.title, "Penicillin");
    let (corrected, back) = match corrected.how {
        ChangeHow::Changed => (corrected, back),
        _ => (back, corrected),
    };
    assert_eq!(fields(corrected), [("pulse_bpm", Some("88"), Some("78"))]);
    assert_eq!(back.how, ChangeHow::TakenBack);
    assert_eq!(fields(back), [("pulse_bpm", Some("104"), None)]);
    assert_eq!(back.reason.as_deref(), Some("another patient"));
}

#[test]
fn a_second_phone_of_one_person_knows_what_the_first_one_knew() {
    let mut hub = hub();
    let mut first = hub.phone_of(0x100, 0x101, Role::Nurse);
    let mut second = hub.phone_of(0x100, 0x102, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    first.pull(&hub);
    second.pull(&hub);
    goes(&first, hub.visit);
    let hers = first.app.chart(hub.patient);
    hers.set_dose(furosemide(), "30 mg").unwrap();
    first.push(&mut hub);
    second.pull(&hub);
    let told = since(&second, &hub);
    assert_eq!(told.last.unwrap().visit, Some(hub.visit));
    assert_eq!(
        told.count, 0,
        "one's own edits on the other phone: {told:?}"
    );

    let theirs = aide.app.visit(other_visit());
    theirs.check_in(None).unwrap();
    theirs.record_vitals(&pulse(104, START)).unwrap();
    aide.push(&mut hub);
    first.pull(&hub);
    second.pull(&hub);
    assert_eq!(since(&first, &hub).count, 1);
    assert_eq!(since(&second, &hub).count, 1);
    let next = other_visit_of(&mut hub, &mut second);
    goes(&second, next);
    assert_eq!(since(&second, &hub).count, 0);
    second.push(&mut hub);
    first.pull(&hub);
    assert_eq!(since(&first, &hub).count, 0, "the second phone was there");
}

#[test]
fn a_look_names_what_the_looks_before_it_do_not() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    goes(&nurse, hub.visit);
    let next = other_visit_of(&mut hub, &mut nurse);
    goes(&nurse, next);
    let all = looks(&nurse, &hub);
    let named = |look: &Value| look["heads"].as_array().map_or(0, Vec::len);
    let named: Vec<usize> = all.iter().map(named).collect();
    assert_eq!(named, [2, 0], "nobody else wrote anything meanwhile");
    let bytes = all[1].to_string().len();
    assert!(bytes < 200, "{bytes}");
}

#[test]
fn a_colleague_who_leaves_earlier_says_so_and_who_was_not_there_does_not() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let mut lead = hub.phone(0x300, Role::Supervisor);
    nurse.app.visit(other_visit()).check_in(None).unwrap();
    nurse.push(&mut hub);
    aide.pull(&hub);
    let theirs = aide.app.visit(other_visit());
    theirs.join(None).unwrap();
    theirs.leave(None).unwrap();
    assert_eq!(looks(&aide, &hub).len(), 1);
    assert!(since(&aide, &hub).last.is_some());
    aide.push(&mut hub);
    lead.pull(&hub);
    lead.app.visit(other_visit()).complete(None).unwrap();
    assert_eq!(looks(&lead, &hub).len(), 1, "the lead was in the office");
    assert_eq!(since(&lead, &hub).last, None);
}

#[test]
fn a_visit_is_completed_where_there_is_no_chart_to_look_into() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    goes(&nurse, hub.visit);
    let status = nurse.app.visit(hub.visit).read().unwrap().status;
    assert_eq!(status, VisitStatus::Completed);
    assert_eq!(since(&nurse, &hub).last, None);
}

#[test]
fn an_office_that_plans_is_told_what_planning_needs_alone() {
    let mut hub = hub();
    let office = hub.phone(0x400, Role::Coordinator);
    let told = since(&office, &hub);
    let kinds: Vec<ChangeKind> = told.kinds.iter().map(|it| it.0).collect();
    assert_eq!(kinds, [ChangeKind::HomeAccess]);
}

#[test]
fn pages_follow_each_other_by_kind_and_newest_first() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    goes(&nurse, hub.visit);
    let theirs = aide.app.visit(other_visit());
    theirs.check_in(None).unwrap();
    for number in 0..5 {
        theirs
            .record_vitals(&pulse(60 + number, START + i64::from(number)))
            .unwrap();
    }
    aide.app
        .chart(hub.patient)
        .set_home_access("pets", "A dog")
        .unwrap();
    theirs.complete(None).unwrap();
    aide.push(&mut hub);
    nurse.pull(&hub);
    let (mut skip, mut shown) = (Some(0), Vec::new());
    while let Some(at) = skip {
        let page = nurse.app.since_last_here(hub.patient, at, 3).unwrap();
        assert_eq!(page.count, 7);
        shown.extend(page.changes);
        skip = page.next;
    }
    let pulses: Vec<&str> = shown[..5]
        .iter()
        .map(|it| it.fields[0].now.as_deref().unwrap())
        .collect();
    assert_eq!(pulses, ["64", "63", "62", "61", "60"]);
    assert_eq!(shown[5].kind, ChangeKind::Visit);
    let status = ("status", Some("scheduled"), Some("completed"));
    assert_eq!(fields(&shown[5]), [status]);
    assert_eq!(fields(&shown[6]), [("pets", None, Some("A dog"))]);
}

#[test]
fn a_look_with_too_many_heads_is_refused() {
    let look = |count: usize| LookEntry {
        by: PersonId(id(1)),
        at_ms: Millis(START),
        visit: None,
        heads: vec![ChangeHash([7; 32]); count],
    };
    assert_eq!(look(LOOK_HEADS_MAX).check(), Ok(()));
    assert_eq!(look(LOOK_HEADS_MAX + 1).check().unwrap_err().field, "heads");
}

/// Entries of a chart that has been kept for years.
const ENTRIES: u16 = 2_000;

#[test]
fn a_look_into_a_chart_of_thousands_of_entries_is_small_and_only_what_came_after_is_told() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut lead = hub.phone(0x300, Role::Supervisor);
    let theirs = lead.app.chart(hub.patient);
    let reviewed = |count: u16| {
        for number in 0..count {
            let comment = Some(format!("Gone through, {number}"));
            theirs.review("medications", comment).unwrap();
        }
    };
    reviewed(ENTRIES);
    lead.push(&mut hub);
    nurse.pull(&hub);
    goes(&nurse, hub.visit);
    nurse.push(&mut hub);
    theirs.set_dose(furosemide(), "40 mg").unwrap();
    reviewed(20);
    lead.push(&mut hub);
    nurse.pull(&hub);
    assert_eq!(since(&nurse, &hub).count, 21);
    let history = nurse.app.history(DocumentId::chart(hub.patient)).unwrap();
    let mine = |bytes: &&Vec<u8>| {
        let actor = crate::merge::writer_of(bytes).unwrap();
        let writer = nurse.app.person_of_device(actor.device_tag()).unwrap();
        writer == Some(nurse.person)
    };
    let look = history.iter().find(mine).unwrap().len();
    assert!(look < 600, "{look} bytes");
}
