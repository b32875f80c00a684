//! The rules of push and pull, over a real encrypted file.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use homeround::merge::{Document, Op};
use homeround::model::{ActorId, DeviceId, DocumentId, FieldPath, Role};
use homeround::wire::{self, BreakGlassRequest, Verdict};
use homeround_server::service::ServiceError;
use homeround_server::store::Storage as _;
use serde_json::json;
use support::*;
use uuid::Uuid;

#[tokio::test]
async fn two_phones_that_edit_the_same_visit_end_equal() {
    let (world, mut nurse, mut aide, visit) = team().await;
    let (a, b) = (nurse.caller.person, aide.caller.person);
    nurse.edit(visit, &[vitals(a, 70)]);
    nurse.edit(
        visit,
        &[Op::Splice {
            path: FieldPath("note".into()),
            at: 0,
            delete: 0,
            insert: "Wound clean. ".into(),
        }],
    );
    aide.edit(visit, &[vitals(b, 80)]);
    aide.put(visit, "measures/weight_kg", json!(71.5));
    assert_eq!(codes(&nurse.push(&world).await), ["accepted", "accepted"]);
    assert_eq!(codes(&aide.push(&world).await), ["accepted", "accepted"]);
    nurse.sync(&world).await;
    aide.sync(&world).await;
    assert_eq!(nurse.view(visit), aide.view(visit));
    assert_eq!(
        nurse.documents[&visit].heads(),
        aide.documents[&visit].heads()
    );
    assert_eq!(
        nurse.view(visit)["observations"].as_object().unwrap().len(),
        2
    );
    let office = world
        .backend
        .document(&world.office, visit, NOW)
        .await
        .unwrap();
    assert_eq!(office.heads.len(), nurse.documents[&visit].heads().len());
    assert!(
        office.view.get("observations").is_none(),
        "shown to who plans"
    );
}

#[tokio::test]
async fn a_push_that_is_sent_again_changes_nothing() {
    let (world, mut nurse, mut aide, visit) = team().await;
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    let request = nurse.push_request();
    for expected in ["accepted", "duplicate", "duplicate"] {
        let answer = world
            .backend
            .push(&nurse.caller, &request, NOW)
            .await
            .unwrap();
        assert_eq!(codes(&flat(answer)), [expected]);
    }
    let pages = aide.sync(&world).await;
    assert_eq!(pages.len(), 1);
    assert_eq!(
        aide.view(visit)["observations"].as_object().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_phone_is_sent_its_own_changes_back_once_for_it_may_have_been_put_back_to_a_backup() {
    let (world, mut nurse, _, visit) = team().await;
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    nurse.push(&world).await;
    let pages = nurse.sync(&world).await;
    assert!(pages.iter().any(|page| !page.changes.is_empty()));
    let pages = nurse.sync(&world).await;
    assert!(pages.iter().all(|page| page.changes.is_empty()));
}

#[tokio::test]
async fn a_batch_with_a_forged_signature_is_refused_whole() {
    let (world, mut nurse, aide, visit) = team().await;
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    let mut request = nurse.push_request();
    request.signature[0] ^= 1;
    let refused = world.backend.push(&nurse.caller, &request, NOW).await;
    assert!(matches!(refused, Err(ServiceError::Signature)));
    // Signed well, by the key of another device.
    let stolen = Phone {
        key: aide.key.clone(),
        ..nurse
    };
    let refused = world
        .backend
        .push(&stolen.caller, &stolen.push_request(), NOW)
        .await;
    assert!(matches!(refused, Err(ServiceError::Signature)));
}

#[tokio::test]
async fn a_device_of_somebody_else_an_unknown_one_and_a_revoked_one_are_told_apart() {
    let (world, nurse, aide, _) = team().await;
    let request = nurse.push_request();
    let others = world.backend.push(&aide.caller, &request, NOW).await;
    assert!(matches!(others, Err(ServiceError::DeviceNotYours)));
    let mut unknown = request.clone();
    unknown.device = [9; 16].into();
    let unknown = world.backend.push(&nurse.caller, &unknown, NOW).await;
    assert!(matches!(unknown, Err(ServiceError::DeviceUnknown)));
    let device = DeviceId(Uuid::from_bytes(nurse.device));
    world
        .backend
        .revoke_device(&world.office, device, NOW)
        .await
        .unwrap();
    let revoked = world.backend.push(&nurse.caller, &request, NOW).await;
    assert!(matches!(revoked, Err(ServiceError::DeviceRevoked)));
    let pull = nurse.pull_request(wire::PAGE_BYTES_DEFAULT);
    let revoked = world.backend.pull(&nurse.caller, &pull, NOW).await;
    assert!(matches!(revoked, Err(ServiceError::DeviceRevoked)));
}

#[tokio::test]
async fn enrolment_needs_the_key_and_repeats_itself() {
    let world = World::new().await;
    let nurse = world.person("nina", Role::Nurse).await;
    let aide = world.person("abe", Role::Aide).await;
    let key = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
    let mut forged = enrolment(&key, "Phone");
    forged.label = "Another".into();
    let refused = world.backend.enrol(&nurse, &forged, NOW).await;
    assert!(matches!(refused, Err(ServiceError::Signature)));
    let request = enrolment(&key, "Phone");
    let first = world.backend.enrol(&nurse, &request, NOW).await.unwrap();
    let again = world.backend.enrol(&nurse, &request, NOW).await.unwrap();
    assert_eq!(first, again);
    let others = world.backend.enrol(&aide, &request, NOW).await;
    assert!(matches!(others, Err(ServiceError::DeviceNotYours)));
    let statement = wire::policy_statement(&first.policy.policy);
    assert!(homeround::vault::verify_signed(
        &first.server_key,
        homeround::vault::Domain::Policy,
        &statement,
        &first.policy.signature,
    ));
}

#[tokio::test]
async fn a_change_by_another_devices_actor_is_rejected_and_the_rest_is_not() {
    let (world, mut nurse, aide, visit) = team().await;
    let own = nurse.actor;
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    nurse.actor = ActorId::new(aide.actor.device_tag(), [5; 8]);
    nurse.edit(visit, &[vitals(nurse.caller.person, 71)]);
    nurse.actor = own;
    nurse.edit(visit, &[vitals(nurse.caller.person, 72)]);
    let verdicts = nurse.push(&world).await;
    let expected = ["accepted", "actor_not_yours", "depends_on_rejected"];
    assert_eq!(codes(&verdicts), expected);
    let kept = world.backend.rejected(&world.office).await.unwrap();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|row| !row.bytes.is_empty()));
}

#[tokio::test]
async fn rubbish_in_a_batch_is_rejected_by_itself_and_kept_for_a_reviewer() {
    let (world, mut nurse, _, visit) = team().await;
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    let mut broken = nurse.outbox[0].2.clone();
    let last = broken.len() - 1;
    broken[last] ^= 0xff;
    let name = {
        use sha2::Digest as _;
        let digest: [u8; 32] = sha2::Sha256::digest(&broken[8..]).into();
        homeround::model::ChangeHash(digest)
    };
    nurse.outbox.push((visit, name, broken));
    let verdicts = nurse.push(&world).await;
    assert_eq!(codes(&verdicts), ["accepted", "malformed"]);
    let kept = world.backend.rejected(&world.office).await.unwrap();
    assert_eq!((kept.len(), kept[0].code.as_str()), (1, "malformed"));
}

#[tokio::test]
async fn what_the_role_may_not_do_is_rejected_with_its_field_for_ever() {
    let (world, _, mut aide, visit) = team().await;
    aide.put(visit, "outcome", json!("better"));
    let request = aide.push_request();
    for _ in 0..2 {
        let answer = world
            .backend
            .push(&aide.caller, &request, NOW)
            .await
            .unwrap();
        let expected = Verdict::Rejected {
            code: "not_permitted".into(),
            field: "outcome".into(),
        };
        assert_eq!(flat(answer), [expected]);
    }
    assert_eq!(
        world.backend.rejected(&world.office).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_change_that_came_before_what_it_builds_on_waits_and_is_not_lost() {
    let (world, mut nurse, _, visit) = team().await;
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    nurse.edit(visit, &[vitals(nurse.caller.person, 71)]);
    let first = nurse.outbox.remove(0);
    let second = nurse.outbox.clone();
    let verdicts = nurse.push(&world).await;
    let missing = vec![first.1.0.into()];
    assert_eq!(verdicts, [Verdict::Waiting { missing }]);
    nurse.outbox = vec![first, second[0].clone()];
    assert_eq!(codes(&nurse.push(&world).await), ["accepted", "accepted"]);
}

#[tokio::test]
async fn access_that_ended_rejects_the_edits_and_takes_the_patient_from_the_phone() {
    let (world, mut nurse, mut aide, visit) = team().await;
    let patient = nurse.owners[&visit];
    // The aide goes offline and edits; the office ends the access meanwhile.
    aide.edit(visit, &[vitals(aide.caller.person, 80)]);
    aide.edit(visit, &[vitals(aide.caller.person, 81)]);
    let later = NOW.plus(HOUR);
    assert_eq!(world.end(aide.caller.person, patient, later).await, 1);
    let verdicts = aide.push_at(&world, later).await;
    assert_eq!(codes(&verdicts), ["access_ended", "access_ended"]);
    let pages = aide.sync_at(&world, wire::PAGE_BYTES_DEFAULT, later).await;
    let leaves: Vec<_> = pages.iter().flat_map(|page| &page.leaves).collect();
    assert_eq!(leaves.len(), 1);
    assert_eq!(leaves[0].reason, "access_ended");
    assert!(aide.documents.is_empty() && aide.patients.is_empty());
    let receipts = aide.receipts_request(patient);
    world
        .backend
        .receipts(&aide.caller, &receipts, later)
        .await
        .unwrap();
    world
        .backend
        .receipts(&aide.caller, &receipts, later)
        .await
        .unwrap();
    assert_eq!(
        world
            .backend
            .purge_receipts(&world.office)
            .await
            .unwrap()
            .len(),
        1
    );
    // The nurse is untouched by all that.
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    assert_eq!(codes(&nurse.push(&world).await), ["accepted"]);
    let pages = aide.sync_at(&world, wire::PAGE_BYTES_DEFAULT, later).await;
    assert!(
        pages
            .iter()
            .all(|page| page.changes.is_empty() && page.records.is_empty())
    );
}

#[tokio::test]
async fn break_glass_opens_a_patient_until_its_time_is_over() {
    let (world, nurse, _, visit) = team().await;
    let patient = nurse.owners[&visit];
    let other = world.person("tess", Role::Therapist).await;
    let mut phone = Phone::enrol(&world, other, 33).await;
    phone.sync(&world).await;
    assert!(phone.documents.is_empty());
    let mut request = BreakGlassRequest {
        device: phone.device.into(),
        patient: (*patient.bytes()).into(),
        reason: "short".into(),
    };
    let refused = world.backend.break_glass(&other, &request, NOW).await;
    assert_eq!(refused.unwrap_err().code(), "break_glass_reason");
    request.reason = "patient fell, colleague unreachable".into();
    world
        .backend
        .break_glass(&other, &request, NOW)
        .await
        .unwrap();
    let pages = phone.sync(&world).await;
    let enters: Vec<_> = pages.iter().flat_map(|page| &page.enters).collect();
    assert_eq!(enters[0].source, "break_glass");
    assert!(enters[0].until_ms.is_some());
    assert!(phone.documents.contains_key(&visit));
    let over = NOW.plus(25 * HOUR);
    let pages = phone.sync_at(&world, wire::PAGE_BYTES_DEFAULT, over).await;
    assert_eq!(pages[0].leaves[0].reason, "access_expired");
    assert!(phone.documents.is_empty());
    let trail = world.backend.audit(&world.office, 0).await.unwrap();
    let line = trail
        .iter()
        .find(|line| line.action == "break_glass")
        .unwrap();
    assert!(line.detail.contains("colleague unreachable"));
}

#[tokio::test]
async fn a_phone_may_begin_a_plan_of_a_patient_in_scope_and_of_no_other() {
    let world = World::new().await;
    let nurse = world.person("nina", Role::Nurse).await;
    let patient = world.patient(1).await;
    let stranger = world.patient(2).await;
    world.grant(nurse.person, patient).await;
    let mut phone = Phone::enrol(&world, nurse, 11).await;
    phone.sync(&world).await;
    for (number, owner, expected) in [(1, patient, "accepted"), (2, stranger, "no_grant")] {
        let id = homeround::model::PlanId(Uuid::from_u128(number));
        let id = DocumentId::plan(id);
        let tree = json!({
            "schema": 1, "kind": "plan", "patient": owner, "title": "Walk again", "status": "active"
        });
        let (_, edit) = Document::create(id, &tree, phone.actor, NOW).unwrap();
        phone.outbox.push((id, edit.hash, edit.bytes));
        assert_eq!(codes(&phone.push(&world).await), [expected], "{owner}");
    }
}

#[tokio::test]
async fn the_trail_tells_who_read_and_shows_an_altered_line() {
    let (world, nurse, _, visit) = team().await;
    let patient = nurse.owners[&visit];
    let trail = world.backend.audit(&world.office, 0).await.unwrap();
    let read = |line: &&homeround_server::service::AuditEntry| {
        line.action == "read" && line.person == Some(nurse.caller.person)
    };
    assert!(
        trail
            .iter()
            .any(|line| read(&line) && line.patient == Some(patient))
    );
    let check = world.backend.verify_audit(world.tenant).await.unwrap();
    assert_eq!((check.broken_at, check.lines), (None, trail.len() as u64));
    world.storage.checkpoint().await.unwrap();
    let path = world.folder.path().join("backend.sqlite");
    let mode = homeround::store::OpenMode::Existing;
    let database = homeround::store::open_connection(&path, &database_key(), mode).unwrap();
    let sql = "UPDATE audit SET action = 'nothing' WHERE line = 3";
    database.connection().execute_batch(sql).unwrap();
    let check = world.backend.verify_audit(world.tenant).await.unwrap();
    assert_eq!(check.broken_at, Some(3));
}

#[tokio::test]
async fn the_bell_names_whom_a_push_concerns() {
    let (world, mut nurse, aide, visit) = team().await;
    world.bells.0.lock().unwrap().clear();
    nurse.edit(visit, &[vitals(nurse.caller.person, 70)]);
    nurse.push(&world).await;
    let rung = world.bells.0.lock().unwrap().clone();
    assert_eq!(rung.len(), 1);
    assert!(rung[0].people.contains(&aide.caller.person));
    assert_eq!(rung[0].from, Some(DeviceId(Uuid::from_bytes(nurse.device))));
}
