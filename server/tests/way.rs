//! Visits that care members make, those that may be there twice, and hand-overs, as the
//! backend judges and books them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use homeround::merge::{Document, Op};
use homeround::model::{
    Booking, DocumentId, FieldPath, HOUR_MS, Handover, HandoverState, PatientId, PersonId,
    RecordKind, Role, VisitId,
};
use homeround_server::service::{HANDOVER_GRACE_MS, ServiceError};
use homeround_server::store::Storage as _;
use serde_json::{Value, json};
use support::*;
use uuid::Uuid;

fn stamp() -> Value {
    json!({ "wall_ms": NOW, "monotonic_ms": 1, "boot_id": 1 })
}

fn unplanned(by: PersonId) -> Value {
    json!({
        "by": by, "stamp": stamp(), "reason": "requested", "service": { "text": "Wound care" },
        "start_ms": NOW, "minutes": 30, "time_zone": ZONE,
    })
}

fn tree(patient: PatientId, by: PersonId) -> Value {
    json!({ "patient": patient, "status": "scheduled", "unplanned": unplanned(by) })
}

/// A visit made on a phone, not pushed yet.
fn make(phone: &mut Phone, number: u128, patient: PatientId, tree: &Value) -> DocumentId {
    let id = DocumentId::visit(VisitId(Uuid::from_u128(number)));
    let (document, edit) = Document::create(id, tree, phone.actor, NOW).unwrap();
    phone.outbox.push((id, edit.hash, edit.bytes));
    phone.documents.insert(id, document);
    phone.owners.insert(id, patient);
    id
}

fn booked(phone: &Phone, visit: DocumentId) -> Option<Booking> {
    let key = (RecordKind::Booking.code(), *visit.id.as_bytes());
    let (_, body) = phone.records.get(&key)?;
    serde_json::from_str(body.as_ref()?).ok()
}

fn handover(by: PersonId, to: PersonId) -> Value {
    json!({ "by": by, "to": to, "reason": "illness", "stamp": stamp() })
}

fn patient_of(phone: &Phone, visit: DocumentId) -> PatientId {
    phone.owners[&visit]
}

#[tokio::test]
async fn a_visit_made_on_a_phone_is_accepted_booked_for_its_maker_and_given_to_the_team() {
    let (world, mut nurse, mut aide, booked_visit) = team().await;
    let patient = patient_of(&nurse, booked_visit);
    let by = nurse.caller.person;
    let made = make(&mut nurse, 0xd1, patient, &tree(patient, by));
    nurse.put(made, "outcome", json!("better"));
    let request = nurse.push_request();
    assert_eq!(codes(&nurse.push(&world).await), ["accepted", "accepted"]);
    aide.sync(&world).await;
    assert_eq!(aide.view(made)["outcome"], json!("better"));
    let made_booking = booked(&aide, made).unwrap();
    assert_eq!(
        (made_booking.assignees, made_booking.unplanned),
        (vec![by], true)
    );
    assert_eq!(made_booking.end_ms.0 - made_booking.start_ms.0, HOUR_MS / 2);
    // Sent again, it is not booked again.
    let version =
        |phone: &Phone| phone.records[&(RecordKind::Booking.code(), *made.id.as_bytes())].0;
    let before = version(&aide);
    let again = world
        .backend
        .push(&nurse.caller, &request, NOW)
        .await
        .unwrap();
    assert_eq!(codes(&flat(again)), ["duplicate", "duplicate"]);
    aide.sync(&world).await;
    assert_eq!(version(&aide), before);
    // The office moves it: it stays a visit that a care member made.
    let mut moved = booking(patient, &[by], NOW.0 + HOUR);
    moved.visit = Some(VisitId(made.id));
    world
        .backend
        .book(&world.office, &moved, NOW)
        .await
        .unwrap();
    aide.sync(&world).await;
    assert!(booked(&aide, made).unwrap().unplanned);
}

#[tokio::test]
async fn a_creation_outside_the_rules_is_rejected_with_its_reason_and_kept() {
    let (world, mut nurse, aide, booked_visit) = team().await;
    let patient = patient_of(&nurse, booked_visit);
    let by = nurse.caller.person;
    let stranger = world.patient(2).await;
    let mut plain = tree(patient, by);
    plain.as_object_mut().unwrap().remove("unplanned");
    make(&mut nurse, 0xd1, patient, &plain);
    make(&mut nurse, 0xd2, stranger, &tree(stranger, by));
    make(
        &mut nurse,
        0xd3,
        patient,
        &tree(patient, aide.caller.person),
    );
    let mut long = tree(patient, by);
    long["unplanned"]["minutes"] = json!(721);
    make(&mut nurse, 0xd4, patient, &long);
    let mut nowhere = tree(patient, by);
    nowhere["unplanned"]["time_zone"] = json!("Nowhere/Atlantis");
    make(&mut nurse, 0xd5, patient, &nowhere);
    let unknown = PatientId(Uuid::from_u128(0xbad));
    make(&mut nurse, 0xd6, unknown, &tree(unknown, by));
    let mut later = tree(patient, by);
    later["unplanned"]["reason"] = json!("of a later version");
    later["unplanned"]["comment"] = json!("Said in words.");
    later["unplanned"]["more"] = json!(1);
    let sound = make(&mut nurse, 0xd7, patient, &later);
    let verdicts = nurse.push(&world).await;
    let expected = [
        "not_permitted",
        "no_grant",
        "author_mismatch",
        "unplanned_unreadable",
        "unplanned_unreadable",
        "unknown_document",
        "accepted",
    ];
    assert_eq!(codes(&verdicts), expected);
    let kept = world.backend.rejected(&world.office).await.unwrap();
    assert_eq!(kept.len(), 6);
    nurse.sync(&world).await;
    assert!(booked(&nurse, sound).is_some());
    for id in [0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6_u128] {
        assert!(booked(&nurse, DocumentId::visit(VisitId(Uuid::from_u128(id)))).is_none());
    }
}

#[tokio::test]
async fn nobody_turns_a_booked_visit_into_an_unplanned_one() {
    let (world, mut nurse, _, visit) = team().await;
    let by = nurse.caller.person;
    let refused = nurse.documents.get_mut(&visit).unwrap().edit(
        nurse.actor,
        NOW,
        &[Op::Put {
            path: FieldPath("unplanned".into()),
            value: unplanned(by),
        }],
    );
    assert!(refused.is_err(), "the field is fixed");
    nurse.sync(&world).await;
    assert!(!booked(&nurse, visit).unwrap().unplanned);
}

#[tokio::test]
async fn the_office_sees_what_may_be_there_twice_until_somebody_decides() {
    let (world, mut nurse, mut aide, booked_visit) = team().await;
    let patient = patient_of(&nurse, booked_visit);
    let (from, until) = (NOW.plus(-HOUR), NOW.plus(2 * HOUR));
    let list = || world.backend.likely_duplicates(&world.office, from, until);
    assert!(list().await.unwrap().is_empty());
    let (one, two) = (nurse.caller.person, aide.caller.person);
    let first = make(&mut nurse, 0xd1, patient, &tree(patient, one));
    let second = make(&mut aide, 0xd2, patient, &tree(patient, two));
    nurse.push(&world).await;
    aide.push(&world).await;
    let found = list().await.unwrap();
    assert_eq!(found.len(), 3, "each with each");
    assert!(
        found
            .iter()
            .all(|pair| pair.why == "same_time" && pair.patient == patient)
    );
    let makers: Vec<_> = found
        .iter()
        .flat_map(|pair| &pair.visits)
        .filter_map(|one| one.made_by)
        .collect();
    assert!(makers.contains(&one) && makers.contains(&two));
    let denied = world
        .backend
        .likely_duplicates(&nurse.caller, from, until)
        .await;
    assert!(matches!(denied, Err(ServiceError::Role)));
    let far = world
        .backend
        .likely_duplicates(&world.office, from, from.plus(93 * 24 * HOUR))
        .await;
    assert!(matches!(far, Err(ServiceError::Refused(_))));
    let decide = |by: PersonId, other: DocumentId, number: u128| Op::Append {
        section: "duplicates".into(),
        id: homeround::model::EntryId(Uuid::from_u128(number)),
        entry: json!({ "other": other.id, "verdict": "two_visits", "by": by, "stamp": stamp() }),
    };
    nurse.sync(&world).await;
    nurse.edit(first, &[decide(one, second, 1)]);
    nurse.edit(first, &[decide(one, booked_visit, 2)]);
    assert_eq!(codes(&nurse.push(&world).await), ["accepted", "accepted"]);
    let found = list().await.unwrap();
    assert_eq!(found.len(), 1, "the other two are settled");
    aide.edit(second, &[decide(one, booked_visit, 3)]);
    assert_eq!(codes(&aide.push(&world).await), ["author_mismatch"]);
}

#[tokio::test]
async fn a_hand_over_books_the_colleague_and_leaves_the_giver_time_to_send_the_rest() {
    let world = World::new().await;
    let ana = world.person("ana", Role::Nurse).await;
    let ben = world.person("ben", Role::Nurse).await;
    let patient = world.patient(1).await;
    let visit = DocumentId::visit(world.book(patient, &[ana.person], NOW.0).await);
    world.grant(ben.person, patient).await;
    let mut giver = Phone::enrol(&world, ana, 11).await;
    let mut taker = Phone::enrol(&world, ben, 22).await;
    giver.sync(&world).await;
    taker.sync(&world).await;
    let (by, to) = (giver.caller.person, taker.caller.person);
    giver.put(visit, "outcome", json!("not begun"));
    giver.put(visit, "handover", handover(by, to));
    assert_eq!(codes(&giver.push(&world).await), ["accepted", "accepted"]);
    taker.sync(&world).await;
    assert_eq!(booked(&taker, visit).unwrap().assignees, [to]);
    assert_eq!(taker.view(visit)["handover"]["by"], json!(by));
    // What was still on the phone arrives for an hour, and is refused afterwards.
    giver.put(visit, "outcome", json!("phoned him"));
    let within = NOW.plus(HANDOVER_GRACE_MS - 1);
    assert_eq!(codes(&giver.push_at(&world, within).await), ["accepted"]);
    giver.put(visit, "outcome", json!("too late"));
    let after = NOW.plus(HANDOVER_GRACE_MS);
    assert_eq!(codes(&giver.push_at(&world, after).await), ["access_ended"]);
    giver
        .sync_at(&world, homeround::wire::PAGE_BYTES_DEFAULT, after)
        .await;
    assert!(!giver.patients.contains(&patient), "it left her phone");
    let trail = world
        .storage
        .read(world.tenant)
        .await
        .unwrap()
        .audit_after(0, 1_000)
        .await
        .unwrap();
    assert!(
        trail
            .iter()
            .any(|row| format!("{row:?}").contains("handed_over"))
    );
}

#[tokio::test]
async fn who_took_access_in_an_emergency_is_handed_no_visit() {
    let (world, mut nurse, _, visit) = team().await;
    let patient = patient_of(&nurse, visit);
    let guest = world.person("gail", Role::Nurse).await;
    let phone = Phone::enrol(&world, guest, 33).await;
    let request = homeround::wire::BreakGlassRequest {
        device: phone.device.into(),
        patient: (*patient.bytes()).into(),
        reason: "found unconscious by a neighbour".into(),
    };
    let taken = world.backend.break_glass(&guest, &request, NOW).await;
    taken.unwrap();
    let by = nurse.caller.person;
    nurse.put(visit, "handover", handover(by, guest.person));
    assert_eq!(codes(&nurse.push(&world).await), ["not_in_team"]);
}

#[tokio::test]
async fn a_visit_goes_to_no_stranger_in_nobody_elses_name_and_the_offices_word_stands() {
    let (world, mut nurse, aide, visit) = team().await;
    let patient = patient_of(&nurse, visit);
    let stranger = world.person("sid", Role::Nurse).await;
    let auditor = world.person("udo", Role::Auditor).await;
    let (by, to) = (nurse.caller.person, aide.caller.person);
    let carl = world.person("carl", Role::Nurse).await;
    world.grant(carl.person, patient).await;
    nurse.put(visit, "handover", handover(by, stranger.person));
    assert_eq!(codes(&nurse.push(&world).await), ["not_in_team"]);
    let mut fresh = Phone::enrol(&world, nurse.caller, 33).await;
    fresh.sync(&world).await;
    fresh.put(visit, "handover", handover(by, auditor.person));
    assert_eq!(codes(&fresh.push(&world).await), ["not_in_team"]);
    let mut fresh = Phone::enrol(&world, nurse.caller, 44).await;
    fresh.sync(&world).await;
    fresh.put(visit, "handover", handover(to, carl.person));
    assert_eq!(codes(&fresh.push(&world).await), ["author_mismatch"]);
    // The office gave the visit to somebody else before the hand-over arrived.
    let mut other = booking(patient, &[to], NOW.0);
    other.visit = Some(VisitId(visit.id));
    let mut fresh = Phone::enrol(&world, nurse.caller, 55).await;
    world.grant(by, patient).await;
    fresh.sync(&world).await;
    world
        .backend
        .book(&world.office, &other, NOW)
        .await
        .unwrap();
    fresh.put(visit, "handover", handover(by, carl.person));
    assert_eq!(codes(&fresh.push(&world).await), ["accepted"]);
    fresh.sync(&world).await;
    assert_eq!(
        booked(&fresh, visit).unwrap().assignees,
        [to],
        "said, and not booked"
    );
}

fn settlement(by: PersonId, chosen: &Value) -> [Op; 2] {
    let entry =
        json!({ "field": "handover", "chosen": chosen, "replaced": [], "by": by, "at_ms": NOW });
    [
        Op::Put {
            path: FieldPath("handover".into()),
            value: chosen.clone(),
        },
        Op::Append {
            section: "settlements".into(),
            id: homeround::model::EntryId(Uuid::from_u128(9)),
            entry,
        },
    ]
}

#[tokio::test]
async fn a_visit_that_the_office_gives_back_after_a_hand_over_stays_with_the_giver() {
    let (world, mut nurse, mut aide, visit) = team().await;
    let patient = patient_of(&nurse, visit);
    let (by, to) = (nurse.caller.person, aide.caller.person);
    world.grant(by, patient).await;
    world.grant(to, patient).await;
    let mut only = booking(patient, &[by], NOW.0);
    only.visit = Some(VisitId(visit.id));
    world.backend.book(&world.office, &only, NOW).await.unwrap();
    nurse.sync(&world).await;
    let given = handover(by, to);
    nurse.put(visit, "handover", given.clone());
    assert_eq!(codes(&nurse.push(&world).await), ["accepted"]);
    let stands = |phone: &Phone| {
        let given: Handover = serde_json::from_value(given.clone()).unwrap();
        let booking = booked(phone, visit).unwrap();
        (given.state(Some(&booking)), booking.assignees)
    };
    nurse.sync(&world).await;
    assert_eq!(stands(&nurse), (HandoverState::Done, vec![to]));
    world.backend.book(&world.office, &only, NOW).await.unwrap();
    nurse.sync(&world).await;
    assert_eq!(stands(&nurse), (HandoverState::Overruled, vec![by]));
    // Said once more it is the same hand-over, and the office's word stands.
    aide.sync(&world).await;
    aide.edit(visit, &settlement(to, &given));
    assert_eq!(codes(&aide.push(&world).await), ["accepted"]);
    aide.sync(&world).await;
    assert_eq!(stands(&aide), (HandoverState::Overruled, vec![by]));
}

#[tokio::test]
async fn two_hand_overs_wait_for_who_settles_them_and_then_one_is_booked() {
    let (world, mut nurse, mut aide, visit) = team().await;
    let patient = patient_of(&nurse, visit);
    let (one, two) = (nurse.caller.person, aide.caller.person);
    let carl = world.person("carl", Role::Nurse).await;
    world.grant(carl.person, patient).await;
    let dora = world.person("dora", Role::Nurse).await;
    world.grant(dora.person, patient).await;
    world.grant(one, patient).await;
    world.grant(two, patient).await;
    nurse.sync(&world).await;
    aide.sync(&world).await;
    nurse.put(visit, "handover", handover(one, carl.person));
    aide.put(visit, "handover", handover(two, dora.person));
    nurse.push(&world).await;
    aide.push(&world).await;
    nurse.sync(&world).await;
    // The first one arrived alone and was booked; the second waits as a conflict.
    assert_eq!(booked(&nurse, visit).unwrap().assignees, [carl.person, two]);
    assert_eq!(nurse.documents[&visit].conflicts().len(), 1);
    // Who settles chooses among what was said, and says nothing in another's name.
    let mut fresh = Phone::enrol(&world, nurse.caller, 33).await;
    fresh.sync(&world).await;
    let forged = settlement(one, &handover(two, carl.person));
    fresh.edit(visit, &forged);
    assert_eq!(codes(&fresh.push(&world).await), ["author_mismatch"]);
    nurse.edit(visit, &settlement(one, &handover(two, dora.person)));
    assert_eq!(codes(&nurse.push(&world).await), ["accepted"]);
    nurse.sync(&world).await;
    assert_eq!(
        booked(&nurse, visit).unwrap().assignees,
        [carl.person, dora.person]
    );
}

#[tokio::test]
async fn what_became_of_a_planned_task_is_said_in_ones_own_name() {
    let (world, mut nurse, mut aide, visit) = team().await;
    let (by, other) = (nurse.caller.person, aide.caller.person);
    let path = format!("planned/{}", Uuid::from_u128(0x23));
    let said = |by: PersonId, status: &str| {
        json!({
            "plan": Uuid::from_u128(0x21), "activity": Uuid::from_u128(0x22), "by": by,
            "occurrence": "2026-03-04T09:00", "title": "Weigh", "status": status, "at_ms": NOW,
        })
    };
    nurse.put(visit, &path, said(other, "done"));
    assert_eq!(codes(&nurse.push(&world).await), ["author_mismatch"]);
    let mut fresh = Phone::enrol(&world, nurse.caller, 33).await;
    fresh.sync(&world).await;
    fresh.put(visit, &path, said(by, "not_done"));
    assert_eq!(codes(&fresh.push(&world).await), ["accepted"]);
    aide.sync(&world).await;
    // A colleague says otherwise in the own name, not in hers, and takes it back for both.
    aide.put(visit, &path, said(by, "done"));
    assert_eq!(codes(&aide.push(&world).await), ["author_mismatch"]);
    let mut again = Phone::enrol(&world, aide.caller, 44).await;
    again.sync(&world).await;
    again.put(visit, &path, said(other, "done"));
    again.put(visit, &path, Value::Null);
    assert_eq!(codes(&again.push(&world).await), ["accepted", "accepted"]);
}
