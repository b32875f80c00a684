//! Pages: what a phone gets, and in which order, over a real file.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use std::collections::BTreeSet;

use homeround::model::{DocumentId, Millis, RecordKind, Role, VisitId};
use homeround::wire;
use homeround_server::service::{Cursor, ServiceError};
use support::*;

#[tokio::test]
async fn a_patient_who_comes_back_into_scope_comes_whole_and_in_a_page_after_the_leave() {
    let (world, mut nurse, mut aide, visit) = team().await;
    let patient = nurse.owners[&visit];
    world.end(aide.caller.person, patient, NOW).await;
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    nurse.push(&world).await;
    world.grant(aide.caller.person, patient).await;
    let pages = aide.sync(&world).await;
    let both = |page: &&wire::Page| !page.leaves.is_empty() && !page.enters.is_empty();
    assert_eq!(pages.iter().filter(both).count(), 0);
    assert_eq!(aide.view(visit), nurse.documents[&visit].view());
    assert!(aide.documents.contains_key(&DocumentId::chart(patient)));
}

#[tokio::test]
async fn the_first_page_holds_all_of_today_and_the_rest_follows_by_distance() {
    let world = World::new().await;
    let nurse = world.person("nina", Role::Nurse).await;
    let mut today = BTreeSet::new();
    let mut all = BTreeSet::new();
    for number in 0..30 {
        let patient = world.patient(number).await;
        for day in [-3, -1, 0, 2] {
            if day != 0 || number % 5 == 0 {
                let start = NOW.0 + day * DAY + i64::try_from(number).unwrap() * 60_000;
                let visit = world.book(patient, &[nurse.person], start).await;
                all.insert(DocumentId::visit(visit));
                if day == 0 {
                    today.insert(DocumentId::visit(visit));
                }
            }
        }
    }
    let mut phone = Phone::enrol(&world, nurse, 11).await;
    let pages = phone.sync_at(&world, 16 * 1024, NOW).await;
    assert!(pages.len() > 3, "the test wants several pages");
    let first = &pages[0];
    assert!(first.policy.is_some());
    assert_eq!(first.enters.len(), 30);
    let shown: BTreeSet<DocumentId> = first
        .snapshots
        .iter()
        .filter(|snapshot| snapshot.priority == 0)
        .map(|snapshot| DocumentId::from_key(&snapshot.document).unwrap())
        .collect();
    assert_eq!(shown, today);
    let bookings = first
        .records
        .iter()
        .filter(|row| row.kind == RecordKind::Booking.code());
    assert!(bookings.count() >= today.len());
    let distances: Vec<i64> = pages
        .iter()
        .flat_map(|page| &page.snapshots)
        .filter_map(|snapshot| {
            let id = DocumentId::from_key(&snapshot.document).unwrap();
            let key = (RecordKind::Booking.code(), *id.id.as_bytes());
            let body = phone.records.get(&key)?.1.as_ref()?;
            let start = serde_json::from_str::<serde_json::Value>(body).unwrap();
            Some((start["start_ms"].as_i64().unwrap() - NOW.0).abs())
        })
        .skip(today.len())
        .collect();
    assert!(distances.is_sorted(), "not by distance from today");
    let visits = phone.documents.keys().filter(|id| all.contains(id)).count();
    assert_eq!(visits, all.len());
    assert_eq!(
        phone.documents.len(),
        all.len() + 30,
        "charts are missing or extra"
    );
    let sent: usize = pages.iter().map(|page| page.snapshots.len()).sum();
    assert_eq!(sent, phone.documents.len(), "something was sent twice");
}

#[tokio::test]
async fn a_page_is_the_same_when_it_is_asked_for_again() {
    let (world, nurse, _, _) = team().await;
    let fresh = Phone {
        cursor: Vec::new(),
        ..nurse
    };
    let request = fresh.pull_request(16 * 1024);
    let once = world
        .backend
        .pull(&fresh.caller, &request, NOW)
        .await
        .unwrap();
    let twice = world
        .backend
        .pull(&fresh.caller, &request, NOW)
        .await
        .unwrap();
    assert_eq!(once, twice);
}

#[tokio::test]
async fn a_visit_booked_while_a_phone_fills_is_not_missed() {
    let world = World::new().await;
    let nurse = world.person("nina", Role::Nurse).await;
    let mut patients = Vec::new();
    for number in 0..20 {
        let patient = world.patient(number).await;
        patients.push(patient);
        for day in 1..4 {
            world
                .book(patient, &[nurse.person], NOW.0 + day * DAY)
                .await;
        }
    }
    let mut phone = Phone::enrol(&world, nurse, 11).await;
    let mut booked = Vec::new();
    loop {
        let request = phone.pull_request(16 * 1024);
        let page = world
            .backend
            .pull(&phone.caller, &request, NOW)
            .await
            .unwrap();
        phone.apply(&page);
        if !page.more {
            break;
        }
        if let Some(patient) = patients.pop() {
            // Nearer than anything: behind where the fill stands.
            booked.push(world.book(patient, &[nurse.person], NOW.0).await);
        }
    }
    assert!(booked.len() > 2);
    for visit in booked {
        assert!(phone.documents.contains_key(&DocumentId::visit(visit)));
        let key = (RecordKind::Booking.code(), *visit.bytes());
        assert!(phone.records.contains_key(&key));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_phone_that_pulls_while_others_push_misses_nothing() {
    let world = std::sync::Arc::new(World::new().await);
    let patient = world.patient(1).await;
    let mut pushers = Vec::new();
    let mut visits = Vec::new();
    for seed in 0..4_u8 {
        let caller = world.person(&format!("nurse{seed}"), Role::Nurse).await;
        let visit = world.book(patient, &[caller.person], NOW.0).await;
        visits.push(DocumentId::visit(visit));
        let mut phone = Phone::enrol(&world, caller, 40 + seed).await;
        phone.sync(&world).await;
        pushers.push(phone);
    }
    let watcher = world.person("watch", Role::Supervisor).await;
    let mut watcher = Phone::enrol(&world, watcher, 90).await;
    watcher.sync(&world).await;
    let tasks: Vec<_> = pushers
        .into_iter()
        .zip(visits.clone())
        .map(|(mut phone, visit)| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move {
                phone.sync(&world).await;
                for pulse in 30..50 {
                    phone.edit(visit, &[vitals(phone.caller.person, pulse)]);
                    assert_eq!(codes(&phone.push(&world).await), ["accepted"]);
                }
            })
        })
        .collect();
    let mut last = 0;
    while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
        watcher.sync_at(&world, 16 * 1024, NOW).await;
        let cursor = Cursor::decode(&watcher.cursor).unwrap();
        assert!(cursor.seq >= last);
        last = cursor.seq;
    }
    for task in tasks {
        task.await.unwrap();
    }
    watcher.sync(&world).await;
    for visit in visits {
        let seen = watcher.view(visit)["observations"]
            .as_object()
            .unwrap()
            .len();
        assert_eq!(seen, 20);
    }
}

#[tokio::test]
async fn after_a_new_epoch_phones_start_over_and_offer_everything_again() {
    let (world, mut nurse, mut aide, visit) = team().await;
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    let offered = nurse.outbox.clone();
    nurse.push(&world).await;
    aide.sync(&world).await;
    let epoch = world.backend.renew_epoch(world.tenant, NOW).await.unwrap();
    assert_ne!(epoch, nurse.epoch);
    let request = aide.pull_request(wire::PAGE_BYTES_DEFAULT);
    let page = world
        .backend
        .pull(&aide.caller, &request, NOW)
        .await
        .unwrap();
    assert_eq!(page.epoch, epoch);
    assert!(
        !page.enters.is_empty() && !page.snapshots.is_empty(),
        "not from the start"
    );
    nurse.outbox = offered;
    assert_eq!(codes(&nurse.push(&world).await), ["duplicate"]);
}

#[tokio::test]
async fn a_broken_or_foreign_cursor_starts_over() {
    let (world, mut nurse, aide, _) = team().await;
    for cursor in [vec![1, 2, 3], aide.cursor.clone()] {
        nurse.cursor = cursor;
        let request = nurse.pull_request(wire::PAGE_BYTES_DEFAULT);
        let page = world
            .backend
            .pull(&nurse.caller, &request, NOW)
            .await
            .unwrap();
        assert!(!page.enters.is_empty());
    }
    nurse.cursor = vec![0; wire::CURSOR_BYTES_MAX + 1];
    let request = nurse.pull_request(wire::PAGE_BYTES_DEFAULT);
    let refused = world.backend.pull(&nurse.caller, &request, NOW).await;
    assert!(matches!(refused, Err(ServiceError::TooLarge { .. })));
}

#[tokio::test]
async fn booking_again_moves_the_visit_and_changes_who_has_it() {
    let (world, mut nurse, mut aide, visit) = team().await;
    let patient = nurse.owners[&visit];
    let mut again = booking(patient, &[nurse.caller.person], NOW.0 + DAY);
    again.visit = Some(VisitId(visit.id));
    world
        .backend
        .book(&world.office, &again, NOW)
        .await
        .unwrap();
    let pages = aide.sync(&world).await;
    assert_eq!(pages.iter().map(|page| page.leaves.len()).sum::<usize>(), 1);
    nurse.sync(&world).await;
    let key = (RecordKind::Booking.code(), *visit.id.as_bytes());
    let body = nurse.records[&key].1.as_ref().unwrap();
    assert!(body.contains(&(NOW.0 + DAY).to_string()));
    for (minutes, fits) in [
        (0, false),
        (61, false),
        (721, false),
        (60, true),
        (30, true),
    ] {
        again.visit_minutes = Some(minutes);
        again.fixed = true;
        let booked = world.backend.book(&world.office, &again, NOW).await;
        let field = booked.err().map(|refused| refused.field().to_owned());
        assert_eq!(
            field.as_deref(),
            (!fits).then_some("visit_minutes"),
            "{minutes}"
        );
    }
    nurse.sync(&world).await;
    let body = nurse.records[&key].1.as_ref().unwrap();
    assert!(
        body.contains("\"visit_minutes\":30,\"fixed\":true"),
        "{body}"
    );
    again.end_ms = Millis(0);
    let refused = world.backend.book(&world.office, &again, NOW).await;
    assert_eq!(refused.unwrap_err().field(), "end_ms");
}

#[tokio::test]
async fn importing_the_same_bundle_twice_changes_nothing() {
    let world = World::new().await;
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/fixtures/fhir/luigi_schmitt.json.gz"
    );
    let input = std::fs::read(file).unwrap();
    let import = || world.backend.import_fhir(&world.office, &input, ZONE, NOW);
    let first = import().await.unwrap();
    assert!(first.stored.records_written > 100 && first.stored.documents_created > 0);
    let again = import().await.unwrap();
    assert_eq!(again.report, first.report);
    assert_eq!(again.stored.records_written, 0, "{:?}", again.stored);
    assert_eq!(again.stored.documents_created, 0);
    // A supervisor's phone gets it all, newest history first within a patient.
    let lead = world.person("lead", Role::Supervisor).await;
    let mut phone = Phone::enrol(&world, lead, 77).await;
    let pages = phone.sync_at(&world, 64 * 1024, NOW).await;
    assert!(pages.len() > 1);
    assert!(pages.iter().all(|page| page.leaves.is_empty()));
    let history = RecordKind::History.code();
    let times: Vec<i64> = pages
        .iter()
        .flat_map(|page| &page.records)
        .filter(|row| row.kind == history)
        .map(|row| {
            let body: serde_json::Value = serde_json::from_str(row.body.as_ref().unwrap()).unwrap();
            body["at_ms"].as_i64().unwrap()
        })
        .collect();
    assert!(times.len() > 100);
    assert!(times.iter().rev().is_sorted());
}
