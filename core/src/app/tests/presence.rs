//! Stamps of presence: what they say, that they chain, and that they stop nobody.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::app::{AppError, TaskOutcome, VisitHandle};
use crate::merge::Document;
use crate::model::*;
use crate::sync::SyncStore;
use crate::vault::{Pin, StampPlace, Unlock, stamp_hash, stamp_holds, stamp_statement};
use crate::wire::{RecordRow, Snapshot};

/// At the hub's patient's door, to 8 metres.
const DOOR: Fix = Fix {
    latitude_deg: 42.360_15,
    longitude_deg: -71.058_9,
    accuracy_m: 8.0,
};
/// Two kilometres away.
const AWAY: Fix = Fix {
    latitude_deg: 42.378_1,
    ..DOOR
};

fn stamps(visit: &VisitHandle) -> Vec<(EntryId, PresenceEntry)> {
    let mut stamps: Vec<_> = visit.read().unwrap().presence.into_iter().collect();
    stamps.sort_by_key(|(_, stamp)| stamp.number);
    stamps
}

fn causes(entry: &PresenceEntry) -> &[PresenceCause] {
    &entry.what.sighting().unwrap().causes
}

fn state(visit: &VisitHandle, stamp: EntryId) -> PresenceState {
    presence_state(&visit.read().unwrap().presence, stamp).unwrap()
}

fn complete(visit: &VisitHandle, fix: Option<Fix>) {
    visit.set_task(task_id(), &TaskOutcome::done()).unwrap();
    visit.complete(fix).unwrap();
}

fn place(hub: &Hub, entry: EntryId) -> StampPlace {
    StampPlace {
        visit: hub.visit,
        patient: hub.patient,
        entry,
    }
}

/// A second booked visit of the hub's patient, delivered to a phone.
fn another_visit(hub: &Hub, phone: &mut Phone, number: u128) -> VisitId {
    let visit = VisitId(id(number));
    let tree = json!({
        "schema": 1, "kind": "visit", "patient": hub.patient, "status": "scheduled",
        "tasks": { task_id().to_string(): { "title": "Weigh", "status": "open" } },
    });
    let document = DocumentId::visit(visit);
    let actor = ActorId::new(DeviceTag([9; 8]), [2; 8]);
    let (made, _) = Document::create(document, &tree, actor, Millis(START)).unwrap();
    let booking = json!({
        "visit": visit, "patient": hub.patient, "assignees": [], "start_ms": START + HOUR_MS,
        "end_ms": START + 2 * HOUR_MS, "service": { "text": "Skilled nursing" },
        "time_zone": "America/New_York",
    });
    let mut page = hub.empty_page();
    let patient: [u8; 16] = *hub.patient.bytes();
    page.snapshots.push(Snapshot {
        document: document.key().to_vec().into(),
        patient: patient.into(),
        bytes: made.save().into(),
        priority: 0,
    });
    page.records.push(RecordRow {
        kind: RecordKind::Booking.code(),
        id: (*visit.bytes()).into(),
        patient: Some(patient.into()),
        version: 2,
        body: Some(booking.to_string()),
    });
    phone.store.apply_page(page).unwrap();
    visit
}

#[test]
fn coming_and_leaving_are_stamped_signed_chained_and_verified_at_the_door() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    visit.start_travel(Some(AWAY)).unwrap();
    visit.check_in(Some(DOOR)).unwrap();
    complete(&visit, Some(DOOR));
    let stamps = stamps(&visit);
    assert_eq!(stamps.len(), 2, "travelling is no presence");
    let [(first, came), (second, left)] = &stamps[..] else {
        panic!("two stamps");
    };
    assert!(matches!(came.what, PresenceWhat::CheckIn(_)));
    assert!(matches!(left.what, PresenceWhat::CheckOut(_)));
    for (id, stamp) in &stamps {
        assert!(causes(stamp).is_empty(), "{:?}", stamp.what);
        assert!(stamp_holds(&place(&hub, *id), stamp));
        assert_eq!(state(&visit, *id), PresenceState::Verified);
    }
    assert_eq!((came.number, left.number), (1, 2));
    assert_eq!(came.previous, "0".repeat(64));
    let statement = stamp_statement(&place(&hub, *first), came).unwrap();
    assert_eq!(left.previous, stamp_hash(&statement));
    let seen = came.what.sighting().unwrap();
    assert_eq!((seen.distance_m, seen.radius_m), (Some(6), 50));
    let views = visit.presence().unwrap();
    assert_eq!(views.len(), 1);
    assert_eq!(views[0].attendance.check_in, Some(*first));
    assert_eq!(views[0].attendance.check_out, Some(*second));
}

#[test]
fn a_stamp_altered_in_any_part_no_longer_holds() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    visit.check_in(Some(DOOR)).unwrap();
    let (id, stamp) = stamps(&visit).remove(0);
    let place = place(&hub, id);
    let whole = serde_json::to_value(&stamp).unwrap();
    let alter = |path: &str, value: Value| {
        let mut altered = whole.clone();
        *altered.pointer_mut(path).unwrap() = value;
        let altered: PresenceEntry = serde_json::from_value(altered).unwrap();
        assert!(!stamp_holds(&place, &altered), "{path}");
    };
    alter("/by", json!(PersonId(uuid::Uuid::from_u128(9))));
    alter("/stamp/wall_ms", json!(START - 60_000));
    alter("/stamp/anchor/server_ms", json!(START - 60_000));
    alter("/what", json!("check_out"));
    alter("/fix/latitude_deg", json!(DOOR.latitude_deg + 1e-7));
    alter("/fix/accuracy_m", json!(8.01));
    alter("/distance_m", json!(0));
    alter("/radius_m", json!(5_000));
    alter("/causes", json!(["no_fix"]));
    alter("/chain", json!("0".repeat(32)));
    alter("/number", json!(2));
    alter("/previous", json!("1".repeat(64)));
    assert!(stamp_holds(&place, &stamp));
    let elsewhere = StampPlace {
        visit: VisitId(uuid::Uuid::from_u128(8)),
        ..place
    };
    assert!(!stamp_holds(&elsewhere, &stamp));
}

#[test]
fn a_stamp_out_of_range_stops_nothing_and_waits_for_its_reason() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    visit.check_in(Some(AWAY)).unwrap();
    assert_eq!(visit.read().unwrap().status, VisitStatus::InProgress);
    let (stamp, entry) = stamps(&visit).remove(0);
    assert_eq!(causes(&entry), [PresenceCause::OutOfRange]);
    assert_eq!(visit.reasons_needed().unwrap(), [stamp]);
    let unsaid = visit.explain_presence(stamp, PresenceReason::Other, Some("  ".into()));
    assert!(matches!(unsaid, Err(AppError::Refused { field, .. }) if field == "comment"));
    let long = "x".repeat(PRESENCE_COMMENT_CHARS_MAX + 1);
    let too_long = visit.explain_presence(stamp, PresenceReason::OtherLocation, Some(long));
    assert!(matches!(too_long, Err(AppError::Refused { field, .. }) if field == "comment"));
    let at_hers = Some("At her daughter's".to_owned());
    visit
        .explain_presence(stamp, PresenceReason::OtherLocation, at_hers)
        .unwrap();
    assert!(visit.reasons_needed().unwrap().is_empty());
    assert_eq!(state(&visit, stamp), PresenceState::Explained);
    let chained = stamps(&visit);
    assert_eq!(chained.len(), 2, "the reason is an entry of its own");
    assert!(stamp_holds(&place(&hub, chained[1].0), &chained[1].1));
    assert_eq!(causes(&chained[0].1), [PresenceCause::OutOfRange]);
}

#[test]
fn no_fix_a_restarted_phone_and_a_phone_that_moved_too_fast_are_flagged() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let second = another_visit(&hub, &mut nurse, 0x52);
    let one = nurse.app.visit(hub.visit);
    one.check_in(Place::Unknown(NoFix::Denied)).unwrap();
    complete(&one, Some(DOOR));
    let of_one = stamps(&one);
    assert_eq!(causes(&of_one[0].1), [PresenceCause::NoFix]);
    let seen = of_one[0].1.what.sighting().unwrap();
    assert_eq!(seen.no_fix, Some(NoFix::Denied));
    let two = nurse.app.visit(second);
    let chicago = Fix {
        latitude_deg: 41.878,
        longitude_deg: -87.63,
        accuracy_m: 10.0,
    };
    nurse.hands.pass(HOUR_MS);
    two.check_in(Some(chicago)).unwrap();
    let moved = [PresenceCause::OutOfRange, PresenceCause::MovedDevice];
    assert_eq!(causes(&stamps(&two)[0].1), moved);
    nurse.hands.pass(12 * HOUR_MS);
    // How much of the lease is used is noted in an idle moment, before the restart.
    nurse.app.idle_slice().unwrap();
    nurse.hands.reboot();
    let nurse = nurse.restart();
    let two = nurse.app.visit(second);
    two.complete(Some(DOOR)).unwrap();
    let last = stamps(&two).pop().unwrap().1;
    assert_eq!(causes(&last), [PresenceCause::ClockDoubt]);
    assert_eq!(last.number, 4, "one chain over both visits");
}

#[test]
fn a_home_without_a_place_marks_the_stamp_and_asks_nobody() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut page = hub.first_page(0);
    let row = page
        .records
        .iter_mut()
        .find(|row| row.kind == RecordKind::Patient.code());
    let row = row.unwrap();
    let mut patient: Value = serde_json::from_str(row.body.as_deref().unwrap()).unwrap();
    patient["address"] = json!({ "city": "Boston" });
    row.version = 9;
    row.body = Some(patient.to_string());
    page.snapshots.clear();
    nurse.store.apply_page(page).unwrap();
    let visit = nurse.app.visit(hub.visit);
    visit.check_in(Some(DOOR)).unwrap();
    let (stamp, entry) = stamps(&visit).remove(0);
    assert_eq!(causes(&entry), [PresenceCause::HomeUnknown]);
    assert_eq!(state(&visit, stamp), PresenceState::Unverified);
    assert!(visit.reasons_needed().unwrap().is_empty());
}

#[test]
fn a_second_member_joins_and_leaves_without_moving_the_visit() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let (theirs, own) = (nurse.app.visit(hub.visit), aide.app.visit(hub.visit));
    let early = own.leave(Some(DOOR)).unwrap_err();
    assert!(matches!(early, AppError::Refused { field, .. } if field == "presence"));
    own.join(Some(DOOR)).unwrap();
    assert_eq!(own.read().unwrap().status, VisitStatus::Scheduled);
    let twice = own.join(Some(DOOR)).unwrap_err();
    assert!(matches!(twice, AppError::Refused { field, .. } if field == "presence"));
    theirs.check_in(Some(DOOR)).unwrap();
    for _ in 0..2 {
        for phone in [&mut nurse, &mut aide] {
            phone.push(&mut hub);
            phone.pull(&hub);
        }
    }
    assert_eq!(own.read().unwrap(), theirs.read().unwrap());
    assert_eq!(own.presence().unwrap().len(), 2);
    let stamp = theirs.presence().unwrap();
    let of_aide = stamp
        .iter()
        .find(|one| one.attendance.person == aide.person);
    let foreign = of_aide.unwrap().attendance.check_in.unwrap();
    let for_another = theirs.explain_presence(foreign, PresenceReason::Emergency, None);
    assert!(matches!(for_another, Err(AppError::Refused { field, .. }) if field == "target"));
    complete(&theirs, Some(DOOR));
    theirs.sign(&Unlock::Pin(Pin::new(PIN).unwrap())).unwrap();
    nurse.push(&mut hub);
    aide.pull(&hub);
    // The visit is signed, the aide knows it, and is still in the home.
    assert_eq!(own.read().unwrap().status, VisitStatus::Signed);
    own.leave(Some(DOOR)).unwrap();
    aide.push(&mut hub);
    nurse.pull(&hub);
    let all = theirs.presence().unwrap();
    assert!(all.iter().all(|one| !one.attendance.is_open()));
    assert_eq!(theirs.read().unwrap().status, VisitStatus::Signed);
    assert!(
        theirs.awaiting().unwrap().is_empty(),
        "no amendment of the visit"
    );
}

#[test]
fn being_at_two_visits_at_once_is_flagged_at_both() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let second = another_visit(&hub, &mut nurse, 0x52);
    let third = another_visit(&hub, &mut nurse, 0x53);
    let (one, two) = (nurse.app.visit(hub.visit), nurse.app.visit(second));
    one.check_in(Some(DOOR)).unwrap();
    nurse.hands.pass(10 * MINUTE_MS);
    two.check_in(Some(DOOR)).unwrap();
    complete(&one, Some(DOOR));
    assert_eq!(one.presence().unwrap()[0].overlaps, [second]);
    assert_eq!(two.presence().unwrap()[0].overlaps, [hub.visit]);
    two.complete(Some(DOOR)).unwrap();
    let three = nurse.app.visit(third);
    three.check_in(Some(DOOR)).unwrap();
    assert!(three.presence().unwrap()[0].overlaps.is_empty());
}

#[test]
fn a_visit_that_an_earlier_backend_made_begins_and_ends_without_stamps() {
    let mut hub = Hub::new();
    hub.without(&["presence"]);
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    visit.check_in(Some(DOOR)).unwrap();
    complete(&visit, Some(DOOR));
    let read = visit.read().unwrap();
    assert_eq!(read.status, VisitStatus::Completed);
    assert_eq!(read.steps.len(), 2);
    assert!(read.presence.is_empty());
    assert_eq!(
        visit.join(None).unwrap_err(),
        AppError::NotFound { what: "presence" }
    );
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn the_chain_goes_on_after_a_restart_and_begins_anew_after_a_backup_was_put_back() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let visit = hub.visit;
    phone.app.visit(visit).join(Some(DOOR)).unwrap();
    let phone = phone.restart();
    phone.app.settle_down().unwrap();
    let backup = tempfile::TempDir::new().unwrap();
    copy(&phone.store_folder(), backup.path());
    phone.app.visit(visit).leave(Some(DOOR)).unwrap();
    let before = stamps(&phone.app.visit(visit));
    assert_eq!(before[0].1.chain, before[1].1.chain);
    assert_eq!(before[1].1.number, 2);
    phone.app.lock();
    let folder = phone.store_folder();
    let phone = phone.restart_with(|| {
        std::fs::remove_dir_all(&folder).unwrap();
        copy(backup.path(), &folder);
    });
    phone.app.visit(visit).leave(Some(DOOR)).unwrap();
    let again = stamps(&phone.app.visit(visit));
    let anew = again.iter().find(|(_, one)| one.chain != before[0].1.chain);
    assert_eq!(anew.unwrap().1.number, 1);
}
