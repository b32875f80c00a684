//! Visits that care members make, those that may be there twice, and hand-overs.

use serde_json::{Value, json};

use super::*;
use crate::app::{AppError, NewVisit, NoteEdit};
use crate::model::*;
use crate::sync::SyncStore;
use crate::wire::{Page, RecordRow, Verdict};

const TEAM: u128 = 0x7ea;

fn new(hub: &Hub) -> NewVisit {
    NewVisit {
        patient: hub.patient,
        service: Coding::text("Wound care"),
        reason: UnplannedReason::Requested,
        comment: Some("The daughter called.".into()),
        start_ms: None,
        minutes: 30,
    }
}

fn own_day(phone: &Phone) -> Vec<VisitId> {
    let today = phone.app.today().unwrap();
    let day = phone.app.day(today).unwrap();
    day.visits.iter().map(|row| row.visit).collect()
}

fn record(hub: &Hub, kind: RecordKind, id: uuid::Uuid, version: u64, body: &Value) -> RecordRow {
    let patient = (kind != RecordKind::Person).then(|| (*hub.patient.bytes()).into());
    RecordRow {
        kind: kind.code(),
        id: (*id.as_bytes()).into(),
        patient,
        version,
        body: Some(body.to_string()),
    }
}

fn person(hub: &Hub, number: u128, name: &str) -> RecordRow {
    let body = json!({ "id": id(number), "name": name, "role": "nurse" });
    record(hub, RecordKind::Person, id(number), 1, &body)
}

/// Two people as the patient's care team, and the hub's visit booked for the first.
fn team_page_of(hub: &Hub, one: u128, two: u128) -> Page {
    Page {
        records: vec![
            person(hub, one, "Ana"),
            person(hub, two, "Ben"),
            team_of(hub, TEAM, &[one, two]),
            booked(hub, &[PersonId(id(one))], 2),
        ],
        ..hub.empty_page()
    }
}

fn team_of(hub: &Hub, number: u128, people: &[u128]) -> RecordRow {
    let member = |one: &u128| json!({ "person": id(*one), "name": "", "role": "" });
    let members: Vec<_> = people.iter().map(member).collect();
    let team = json!({
        "id": id(number), "patient": hub.patient, "name": "Team", "status": "active",
        "members": members,
    });
    record(hub, RecordKind::CareTeam, id(number), 1, &team)
}

fn booked(hub: &Hub, people: &[PersonId], version: u64) -> RecordRow {
    let body = json!({
        "visit": hub.visit, "patient": hub.patient, "assignees": people,
        "start_ms": START, "end_ms": START + HOUR_MS,
        "service": { "text": "Skilled nursing" }, "time_zone": "America/New_York",
    });
    record(hub, RecordKind::Booking, hub.visit.0, version, &body)
}

#[test]
fn a_visit_made_offline_is_on_the_day_takes_work_survives_a_restart_and_reaches_the_team() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let (visit, _) = nurse.app.new_visit(&new(&hub)).unwrap();
    assert_eq!(own_day(&nurse), [visit]);
    let handle = nurse.app.visit(visit);
    handle.check_in(None).unwrap();
    let typed = NoteEdit {
        insert: "Dressing renewed.".into(),
        ..NoteEdit::default()
    };
    handle.edit_note(&typed).unwrap();
    let mut nurse = nurse.restart();
    let row = nurse.app.visit(visit).summary().unwrap().unwrap();
    assert_eq!((row.status, row.unsent), (VisitStatus::InProgress, 3));
    assert_eq!(
        (row.service.as_str(), row.patient_name.as_str()),
        ("Wound care", "José Saavedra")
    );
    assert_eq!(row.end_ms.0 - row.start_ms.0, 30 * MINUTE_MS);
    nurse.app.rebuild_projections().unwrap();
    assert_eq!(nurse.app.visit(visit).summary().unwrap(), Some(row));
    nurse.push(&mut hub);
    let mut colleague = hub.phone(0x200, Role::Aide);
    colleague.pull(&hub);
    let seen = colleague.app.visit(visit).read().unwrap();
    assert_eq!(seen.note, "Dressing renewed.");
    let unplanned = seen.unplanned.unwrap();
    assert_eq!(
        (unplanned.by, unplanned.reason),
        (nurse.person, UnplannedReason::Requested)
    );
    let today = colleague.app.today().unwrap();
    let team = colleague.app.team_day(today).unwrap();
    assert!(team.visits.iter().any(|row| row.visit == visit));
    assert!(own_day(&colleague).is_empty(), "it is the nurse's");
}

#[test]
fn a_visit_out_of_scope_out_of_limits_or_by_an_auditor_is_refused_and_leaves_nothing() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let refused = |new: NewVisit, field: &str| match nurse.app.new_visit(&new).unwrap_err() {
        AppError::Refused { field: named, .. } => assert_eq!(named, field),
        other => panic!("{other:?}"),
    };
    refused(
        NewVisit {
            minutes: 0,
            ..new(&hub)
        },
        "minutes",
    );
    refused(
        NewVisit {
            minutes: 721,
            ..new(&hub)
        },
        "minutes",
    );
    refused(
        NewVisit {
            service: Coding::text(" "),
            ..new(&hub)
        },
        "service",
    );
    let other = NewVisit {
        reason: UnplannedReason::Other,
        comment: None,
        ..new(&hub)
    };
    refused(other, "comment");
    let far = NewVisit {
        start_ms: Some(Millis(START + 8 * DAY_MS)),
        ..new(&hub)
    };
    refused(far, "start_ms");
    let stranger = NewVisit {
        patient: PatientId(id(0xbad)),
        ..new(&hub)
    };
    let denied = nurse.app.new_visit(&stranger).unwrap_err();
    assert!(matches!(denied, AppError::NotAllowed { ref rule, .. } if rule == "no_grant"));
    let auditor = hub.phone(0x300, Role::Auditor);
    let denied = auditor.app.new_visit(&new(&hub)).unwrap_err();
    assert!(matches!(denied, AppError::NotAllowed { ref rule, .. } if rule == "not_permitted"));
    assert!(own_day(&nurse).is_empty() && own_day(&auditor).is_empty());
    nurse.hands.pass(31 * DAY_MS);
    assert!(matches!(
        nurse.app.new_visit(&new(&hub)),
        Err(AppError::LeaseEnded)
    ));
}

#[test]
fn a_creation_that_the_backend_rejects_is_quarantined_whole_and_readable() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let (visit, _) = nurse.app.new_visit(&new(&hub)).unwrap();
    nurse.app.visit(visit).set_outcome("better").unwrap();
    hub.judge = Box::new(|_| {
        Some(Verdict::Rejected {
            code: "no_grant".into(),
            field: String::new(),
        })
    });
    nurse.push(&mut hub);
    let kept = nurse.app.quarantine().unwrap();
    assert_eq!(kept.len(), 2);
    let text = format!("{kept:?}");
    assert!(
        text.contains("Wound care") && text.contains("better"),
        "{text}"
    );
    assert!(own_day(&nurse).is_empty(), "it stands no more");
    assert!(matches!(
        nurse.app.visit(visit).read(),
        Err(AppError::NotFound { .. })
    ));
    let mut nurse = nurse.restart();
    nurse.app.rebuild_projections().unwrap();
    assert!(own_day(&nurse).is_empty());
    hub.judge = Box::new(|_| None);
    let (again, _) = nurse.app.new_visit(&new(&hub)).unwrap();
    nurse.push(&mut hub);
    assert_eq!(own_day(&nurse), [again]);
}

#[test]
fn a_visit_at_the_same_time_is_flagged_and_two_visits_settles_it_everywhere() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let (visit, _) = nurse.app.new_visit(&new(&hub)).unwrap();
    let today = nurse.app.today().unwrap();
    assert_eq!(nurse.app.day(today).unwrap().likely_duplicates, [visit]);
    let found = nurse.app.visit(visit).likely_duplicates().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].other.visit, found[0].why),
        (hub.visit, DuplicateWhy::SameTime)
    );
    let seen_from_the_other = nurse.app.visit(hub.visit).likely_duplicates().unwrap();
    assert_eq!(seen_from_the_other[0].other.visit, visit);
    nurse.push(&mut hub);
    aide.pull(&hub);
    assert_eq!(aide.app.visit(visit).likely_duplicates().unwrap().len(), 1);
    // Each decides alone, in the other visit; both decisions stay.
    aide.app.visit(hub.visit).two_visits(visit, None).unwrap();
    nurse.app.visit(visit).two_visits(hub.visit, None).unwrap();
    aide.push(&mut hub);
    nurse.push(&mut hub);
    nurse.pull(&hub);
    aide.pull(&hub);
    for phone in [&nurse, &aide] {
        assert!(
            phone
                .app
                .visit(visit)
                .likely_duplicates()
                .unwrap()
                .is_empty()
        );
        assert!(
            phone
                .app
                .visit(hub.visit)
                .likely_duplicates()
                .unwrap()
                .is_empty()
        );
        assert!(
            phone
                .app
                .team_day(today)
                .unwrap()
                .likely_duplicates
                .is_empty()
        );
        assert!(phone.app.visit(visit).conflicts().unwrap().is_empty());
        assert_eq!(phone.app.visit(visit).read().unwrap().duplicates.len(), 1);
    }
}

#[test]
fn the_same_visit_is_called_off_once_points_at_the_other_and_keeps_its_work() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let (visit, _) = nurse.app.new_visit(&new(&hub)).unwrap();
    let handle = nurse.app.visit(visit);
    handle.check_in(None).unwrap();
    handle.set_outcome("better").unwrap();
    let own = handle.same_visit(visit, None, None).unwrap_err();
    assert!(matches!(own, AppError::Refused { ref field, .. } if field == "other"));
    handle
        .same_visit(hub.visit, None, Some("Booked already.".into()))
        .unwrap();
    let read = handle.read().unwrap();
    assert_eq!(read.status, VisitStatus::Canceled);
    assert_eq!(read.outcome.as_deref(), Some("better"));
    let step = read.steps.values().next_back().unwrap();
    assert_eq!(step.reason, Some(NotDoneReason::Duplicate));
    assert_eq!(duplicate_of(&read), Some(hub.visit));
    assert!(
        !is_checked_in(&read.presence, nurse.person),
        "she left the visit"
    );
    assert!(handle.likely_duplicates().unwrap().is_empty());
    // One that was completed meanwhile keeps its status; the decision is said all the same.
    let (done, _) = nurse.app.new_visit(&new(&hub)).unwrap();
    let done = nurse.app.visit(done);
    done.check_in(None).unwrap();
    done.complete(None).unwrap();
    done.same_visit(hub.visit, None, None).unwrap();
    let read = done.read().unwrap();
    assert_eq!(
        (read.status, duplicate_of(&read)),
        (VisitStatus::Completed, Some(hub.visit))
    );
}

/// Two nurses of the patient's team, of whom the first is booked for the hub's visit.
fn team_of_two(hub: &mut Hub) -> (Phone, Phone) {
    let mut ana = hub.phone(0x100, Role::Nurse);
    let mut ben = hub.phone(0x200, Role::Nurse);
    for phone in [&mut ana, &mut ben] {
        let page = team_page_of(hub, 0x100, 0x200);
        phone.store.apply_page(page).unwrap();
    }
    (ana, ben)
}

#[test]
fn a_visit_is_handed_to_nobody_outside_the_team_and_by_nobody_but_who_is_booked() {
    let mut hub = Hub::new();
    let (ana, ben) = team_of_two(&mut hub);
    let visit = ana.app.visit(hub.visit);
    let names: Vec<String> = (visit.colleagues().unwrap().into_iter())
        .map(|person| person.name)
        .collect();
    assert_eq!(names, ["Ben"]);
    let refused = |to: PersonId, reason, named: &str| {
        let result = visit.hand_over(to, reason, None).unwrap_err();
        assert!(matches!(result, AppError::Refused { ref field, .. } if field == named));
    };
    refused(PersonId(id(0x999)), HandoverReason::Illness, "to");
    refused(ana.person, HandoverReason::Illness, "to");
    refused(ben.person, HandoverReason::Other, "comment");
    let others = ben.app.visit(hub.visit);
    let others = others.hand_over(ana.person, HandoverReason::Illness, None);
    assert!(matches!(others, Err(AppError::Refused { ref field, .. }) if field == "by"));
    visit.cancel(NotDoneReason::Weather, None, None).unwrap();
    refused(ben.person, HandoverReason::Illness, "status");
}

#[test]
fn a_visit_is_handed_to_a_colleague_of_the_team_and_waits_for_the_booking() {
    let mut hub = Hub::new();
    let (mut ana, mut ben) = team_of_two(&mut hub);
    let visit = ana.app.visit(hub.visit);
    visit.set_outcome("not begun").unwrap();
    let given = visit
        .hand_over(ben.person, HandoverReason::Illness, Some("Fever.".into()))
        .unwrap();
    assert_eq!(given.unsent, 2, "both go with the next sync");
    let view = visit.handover().unwrap().unwrap();
    assert_eq!(view.state, HandoverState::Waiting);
    assert_eq!(
        (view.handover.by, view.handover.to),
        (ana.person, ben.person)
    );
    assert_eq!(
        own_day(&ana),
        [hub.visit],
        "hers until the backend has booked him"
    );
    ana.push(&mut hub);
    ben.pull(&hub);
    let done = Page {
        records: vec![booked(&hub, &[ben.person], 3)],
        ..hub.empty_page()
    };
    ben.store.apply_page(done).unwrap();
    let view = ben.app.visit(hub.visit).handover().unwrap().unwrap();
    assert_eq!(
        (view.state, view.handover.reason),
        (HandoverState::Done, HandoverReason::Illness)
    );
    assert_eq!(own_day(&ben), [hub.visit]);
    let other = Page {
        records: vec![booked(&hub, &[PersonId(id(0x999))], 4)],
        ..hub.empty_page()
    };
    ana.store.apply_page(other).unwrap();
    let view = ana.app.visit(hub.visit).handover().unwrap().unwrap();
    assert_eq!(
        view.state,
        HandoverState::Overruled,
        "the office booked somebody else"
    );
}

#[test]
fn two_hand_overs_of_one_visit_are_a_conflict_that_a_person_settles() {
    let mut hub = Hub::new();
    let mut ana = hub.phone(0x100, Role::Nurse);
    let mut ben = hub.phone(0x200, Role::Nurse);
    let carl = hub.phone(0x300, Role::Nurse);
    for phone in [&mut ana, &mut ben] {
        let mut page = team_page_of(&hub, 0x100, 0x200);
        page.records.push(person(&hub, 0x300, "Carl"));
        page.records.push(team_of(&hub, TEAM + 1, &[0x300]));
        page.records
            .push(booked(&hub, &[PersonId(id(0x100)), PersonId(id(0x200))], 3));
        phone.store.apply_page(page).unwrap();
    }
    let one = ana.app.visit(hub.visit);
    one.hand_over(ben.person, HandoverReason::EndOfShift, None)
        .unwrap();
    let two = ben.app.visit(hub.visit);
    two.hand_over(carl.person, HandoverReason::Overload, None)
        .unwrap();
    ana.push(&mut hub);
    ben.push(&mut hub);
    ana.pull(&hub);
    ben.pull(&hub);
    let conflicts = one.conflicts().unwrap();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].path.0, "handover");
    let chosen = conflicts[0]
        .values
        .iter()
        .find(|one| one.value["to"] == json!(carl.person));
    // She settles for what he said: the value names him as its author.
    one.settle(&conflicts[0].path, &chosen.unwrap().value)
        .unwrap();
    ana.push(&mut hub);
    ben.pull(&hub);
    for phone in [&ana, &ben] {
        let visit = phone.app.visit(hub.visit);
        assert!(visit.conflicts().unwrap().is_empty());
        assert_eq!(visit.read().unwrap().handover.unwrap().to, carl.person);
    }
}

#[test]
fn the_rest_of_a_day_is_handed_over_and_what_has_begun_stays() {
    let mut hub = Hub::new();
    let mut ana = hub.phone(0x100, Role::Nurse);
    let ben = hub.phone(0x200, Role::Nurse);
    ana.store
        .apply_page(team_page_of(&hub, 0x100, 0x200))
        .unwrap();
    let (begun, _) = ana.app.new_visit(&new(&hub)).unwrap();
    ana.app.visit(begun).check_in(None).unwrap();
    let today = ana.app.today().unwrap();
    let given = ana
        .app
        .hand_over_day(today, ben.person, HandoverReason::Illness, None)
        .unwrap();
    let visits: Vec<VisitId> = given.iter().map(|one| one.visit).collect();
    assert_eq!(visits, [hub.visit]);
    assert_eq!(given[0].unsent, 3);
    let again = ana
        .app
        .hand_over_day(today, ben.person, HandoverReason::Overload, None);
    assert!(
        again.unwrap().is_empty(),
        "what is on its way stays as it was said"
    );
    assert!(ana.app.visit(begun).handover().unwrap().is_none());
}

#[test]
fn a_recovered_phone_shows_the_visit_that_it_made_and_still_sends_it() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let (visit, _) = nurse.app.new_visit(&new(&hub)).unwrap();
    let nurse = nurse.restart_locked_with(|| ());
    let pin = crate::vault::Unlock::Pin(crate::vault::Pin::new(PIN).unwrap());
    let recovery = nurse.app.recover(&pin).unwrap();
    assert_eq!(recovery.unsent, 1);
    let mut nurse = nurse;
    hub.enrol(&nurse.app, 0x100, Role::Nurse);
    nurse.store.apply_page(hub.first_page(0)).unwrap();
    assert_eq!(own_day(&nurse), [visit]);
    nurse.push(&mut hub);
    assert_eq!(hub.changes.len(), 1);
    assert_eq!(nurse.app.visit(visit).read().unwrap().patient, hub.patient);
}

#[test]
fn a_break_a_visit_in_vain_and_one_called_off_note_when_and_where() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let at = |latitude_deg| Fix {
        latitude_deg,
        longitude_deg: -71.058_9,
        accuracy_m: 8.0,
    };
    let make = || {
        let (visit, _) = nurse.app.new_visit(&new(&hub)).unwrap();
        nurse.app.visit(visit)
    };
    let places = |visit: &crate::app::VisitHandle| -> Vec<(VisitStatus, Option<Fix>)> {
        let steps = visit.read().unwrap().steps;
        let mut steps: Vec<StepEntry> = steps.into_values().collect();
        steps.sort_by_key(|step| step.stamp.clock.monotonic_ms);
        assert!(steps.iter().all(|step| step.stamp.anchor.is_some()));
        steps.into_iter().map(|step| (step.to, step.fix)).collect()
    };
    let visit = make();
    visit.check_in(Some(at(42.360_1))).unwrap();
    let (meal, said) = (Some(BreakReason::Meal), Some("Lunch".to_owned()));
    visit.take_break(meal, said, Some(at(42.1))).unwrap();
    visit.resume(Some(at(42.2))).unwrap();
    let reason = NotDoneReason::Hospitalised;
    visit.cancel(reason, None, Some(at(42.3))).unwrap();
    let expected = [
        (VisitStatus::InProgress, Some(at(42.360_1))),
        (VisitStatus::OnBreak, Some(at(42.1))),
        (VisitStatus::InProgress, Some(at(42.2))),
        (VisitStatus::Canceled, Some(at(42.3))),
    ];
    assert_eq!(places(&visit), expected);
    let steps = visit.read().unwrap().steps;
    let told: Vec<_> = (steps.values())
        .filter(|step| step.reason.is_some() || step.break_reason.is_some())
        .map(|step| (step.break_reason, step.reason, step.comment.as_deref()))
        .collect();
    assert!(
        told.contains(&(meal, None, Some("Lunch"))) && told.contains(&(None, Some(reason), None))
    );
    let presence = visit.read().unwrap().presence;
    assert_eq!(
        presence.len(),
        2,
        "who was in the home is stamped out of it"
    );
    assert!(!is_checked_in(&presence, nurse.person));
    let in_vain = make();
    in_vain
        .miss(NotDoneReason::NotAtHome, None, Some(at(42.4)))
        .unwrap();
    let expected = [(VisitStatus::Missed, Some(at(42.4)))];
    assert_eq!(places(&in_vain), expected);
    assert!(in_vain.read().unwrap().presence.is_empty());
}
