//! Notices to patients, from the change that asks for one to who delivers it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use std::sync::Arc;

use homeround::merge::Op;
use homeround::model::{
    ChangeHash, DeviceId, DocumentId, EntryId, HOUR_MS, MINUTE_MS, Millis, NotSent, NoticeChannel,
    NoticeDelivery, NoticeState, PatientId, RecordKind, Role, VisitId,
};
use homeround_server::notify::{Letter, NotTaken};
use homeround_server::service::NoticesDone;
use homeround_server::store::{ChangeRow, DocumentRow, NoticeRow, Storage as _};
use serde_json::{Value, json};
use support::carrier::Carrier;
use support::*;
use uuid::Uuid;

/// A nurse with a visit, and a patient who agreed.
struct Case {
    world: World,
    nurse: Phone,
    patient: PatientId,
    visit: DocumentId,
    carrier: Arc<Carrier>,
}

fn wishes(by: &Phone) -> Value {
    json!({
        "by": by.caller.person, "at_ms": NOW, "agreed": true, "wished_by": "patient",
        "channel": "email", "address": "ana@example.org", "language": "es",
    })
}

impl Case {
    async fn new() -> Self {
        let mut world = World::new().await;
        let carrier = Arc::new(Carrier::default());
        world.backend = world.backend.clone().with_provider(carrier.clone());
        let nina = world.person("nina", Role::Nurse).await;
        let patient = world.patient(1).await;
        let visit = DocumentId::visit(world.book(patient, &[nina.person], NOW.0).await);
        let mut nurse = Phone::enrol(&world, nina, 11).await;
        nurse.sync(&world).await;
        Self {
            world,
            nurse,
            patient,
            visit,
            carrier,
        }
    }

    /// The same, after the patient's wishes were written down.
    async fn agreed() -> Self {
        let mut case = Self::new().await;
        let wishes = wishes(&case.nurse);
        case.wish(&wishes).await;
        case
    }

    async fn wish(&mut self, wishes: &Value) {
        let chart = DocumentId::chart(self.patient);
        self.nurse.put(chart, "notice_wishes", wishes.clone());
        assert_eq!(codes(&self.nurse.push(&self.world).await), ["accepted"]);
    }

    /// Asks for a notice at `said` minutes after now, for an arrival so many minutes after
    /// that, and pushes it. Answers its id.
    async fn ask(&mut self, kind: &str, said: i64, arrives: i64) -> EntryId {
        let id = EntryId(Uuid::from_u128(0x900 + u128::from(said.unsigned_abs())));
        let asked = self.entry(kind, said, arrives);
        self.append(id, asked);
        assert_eq!(codes(&self.nurse.push(&self.world).await), ["accepted"]);
        id
    }

    fn entry(&self, kind: &str, said: i64, arrives: i64) -> Value {
        let said_ms = NOW.plus(said * MINUTE_MS);
        let from = said_ms.plus(arrives * MINUTE_MS);
        json!({
            "by": self.nurse.caller.person, "kind": kind, "arrives_from_ms": from,
            "arrives_until_ms": from.plus(20 * MINUTE_MS),
            "stamp": { "wall_ms": said_ms, "monotonic_ms": 1, "boot_id": 1 },
        })
    }

    fn append(&mut self, id: EntryId, entry: Value) {
        let section = "notices".into();
        self.nurse
            .edit(self.visit, &[Op::Append { section, id, entry }]);
    }

    async fn turn(&self, minutes: i64) -> NoticesDone {
        let now = NOW.plus(minutes * MINUTE_MS);
        self.world.backend.send_notices(now).await.unwrap()
    }

    /// Where a notice stands, as the nurse's phone learns it.
    async fn stands(&mut self, id: EntryId) -> NoticeDelivery {
        self.nurse.sync(&self.world).await;
        let (_, body) = &self.nurse.records[&(RecordKind::Notice.code(), *id.bytes())];
        serde_json::from_str(body.as_deref().unwrap()).unwrap()
    }

    fn given(&self) -> Vec<Letter> {
        self.carrier.given.lock().unwrap().clone()
    }

    fn refuse(&self, with: NotTaken) {
        self.carrier.refuses.lock().unwrap().push(with);
    }
}

fn why(delivery: &NoticeDelivery) -> (NoticeState, Option<NotSent>) {
    (delivery.state, delivery.reason)
}

const SENT: NoticesDone = NoticesDone {
    sent: 1,
    not_sent: 0,
    waiting: 0,
};
const NOT_SENT: NoticesDone = NoticesDone {
    sent: 0,
    not_sent: 1,
    waiting: 0,
};
const WAITING: NoticesDone = NoticesDone {
    sent: 0,
    not_sent: 0,
    waiting: 1,
};

#[tokio::test]
async fn what_a_phone_asks_for_reaches_the_patient_once_in_their_language() {
    let mut case = Case::agreed().await;
    let id = case.ask("on_my_way", 0, 15).await;
    assert_eq!(case.stands(id).await.state, NoticeState::Queued);
    assert_eq!(case.turn(0).await, SENT);
    assert_eq!(case.turn(1).await, NoticesDone::default(), "once");
    let letters = case.given();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].notice, letters[0].language), (id, "es"));
    assert_eq!(letters[0].to, "ana@example.org");
    let said = "Person nina está en camino y espera llegar entre las 10:15 y las 10:35.";
    assert!(letters[0].text.body.starts_with(said), "{:?}", letters[0]);
    let stands = case.stands(id).await;
    assert_eq!(why(&stands), (NoticeState::Sent, None));
    assert_eq!(stands.channel, Some(NoticeChannel::Email));
    let audit = case.world.backend.audit(&case.world.office, 0).await;
    let lines = audit.unwrap();
    assert!(lines.iter().any(|it| it.action == "notice_sent"));
}

#[tokio::test]
async fn nobody_is_written_to_who_was_not_asked_or_declined_or_took_it_back() {
    let mut case = Case::new().await;
    let id = case.ask("on_my_way", 0, 15).await;
    assert_eq!(case.turn(0).await, NOT_SENT);
    let unasked = case.stands(id).await;
    assert_eq!(
        why(&unasked),
        (NoticeState::NotSent, Some(NotSent::NotAsked))
    );

    let mut case = Case::agreed().await;
    let id = case.ask("on_my_way", 0, 15).await;
    let mut no = wishes(&case.nurse);
    no["agreed"] = json!(false);
    case.wish(&no).await;
    assert_eq!(case.turn(0).await, NOT_SENT);
    let declined = case.stands(id).await;
    assert_eq!(
        why(&declined),
        (NoticeState::NotSent, Some(NotSent::Declined))
    );
    assert_eq!(case.given(), []);
}

#[tokio::test]
async fn two_different_wishes_keep_the_backend_silent_until_somebody_settles_them() {
    let mut case = Case::new().await;
    let carl = case.world.person("carl", Role::Therapist).await;
    case.world.grant(carl.person, case.patient).await;
    let mut other = Phone::enrol(&case.world, carl, 22).await;
    other.sync(&case.world).await;
    let chart = DocumentId::chart(case.patient);
    let mut no = wishes(&other);
    no["agreed"] = json!(false);
    other.put(chart, "notice_wishes", no);
    let yes = wishes(&case.nurse);
    case.wish(&yes).await;
    assert_eq!(codes(&other.push(&case.world).await), ["accepted"]);
    let id = case.ask("late", 0, 15).await;
    assert_eq!(case.turn(0).await, NOT_SENT);
    let stands = case.stands(id).await;
    assert_eq!(
        why(&stands),
        (NoticeState::NotSent, Some(NotSent::Contested))
    );
}

#[tokio::test]
async fn who_is_named_is_who_comes_whoever_asks_for_it() {
    let case = Case::agreed().await;
    let carl = case.world.person("carl", Role::Supervisor).await;
    case.world.grant(carl.person, case.patient).await;
    let mut other = Phone::enrol(&case.world, carl, 22).await;
    other.sync(&case.world).await;
    let mut entry = case.entry("late", 0, 15);
    entry["by"] = json!(carl.person);
    let (section, id) = ("notices".into(), EntryId(Uuid::from_u128(0x901)));
    other.edit(case.visit, &[Op::Append { section, id, entry }]);
    assert_eq!(codes(&other.push(&case.world).await), ["accepted"]);
    assert_eq!(case.turn(0).await, SENT);
    let body = case.given()[0].text.body.clone();
    assert!(body.starts_with("Person nina va con retraso"), "{body}");
}

#[tokio::test]
async fn wishes_stand_in_nobody_elses_name() {
    let mut case = Case::new().await;
    let mut another = wishes(&case.nurse);
    another["by"] = json!(case.world.office.person);
    let chart = DocumentId::chart(case.patient);
    case.nurse.put(chart, "notice_wishes", another);
    let verdicts = case.nurse.push(&case.world).await;
    assert_eq!(codes(&verdicts), ["author_mismatch"]);

    // Nor does who settles say what nobody said.
    let mut case = Case::new().await;
    let mut another = wishes(&case.nurse);
    another["by"] = json!(case.world.office.person);
    let settles = json!({
        "field": "notice_wishes", "chosen": another, "replaced": [], "at_ms": NOW,
        "by": case.nurse.caller.person,
    });
    let path = homeround::model::FieldPath("notice_wishes".into());
    let (section, id) = ("settlements".into(), EntryId(Uuid::from_u128(0x77)));
    let put = Op::Put {
        path,
        value: another,
    };
    let settle = Op::Append {
        section,
        id,
        entry: settles,
    };
    case.nurse.edit(chart, &[put, settle]);
    let verdicts = case.nurse.push(&case.world).await;
    assert_eq!(codes(&verdicts), ["author_mismatch"]);
}

#[tokio::test]
async fn wishes_that_no_phone_would_write_are_rejected() {
    let mut case = Case::new().await;
    let mut odd = wishes(&case.nurse);
    odd["address"] = json!("ana@example.org, eve@example.org");
    case.nurse
        .put(DocumentId::chart(case.patient), "notice_wishes", odd);
    let verdicts = case.nurse.push(&case.world).await;
    assert_eq!(codes(&verdicts), ["notice_unreadable"]);
}

#[tokio::test]
async fn at_night_it_waits_for_the_morning_if_that_is_early_enough() {
    // NOW is ten in the morning: a rest until 10:20.
    let mut case = Case::new().await;
    let mut rests = wishes(&case.nurse);
    rests["quiet"] = json!({ "from_minute": 9 * 60, "until_minute": 10 * 60 + 20 });
    case.wish(&rests).await;
    let id = case.ask("late", 0, 30).await;
    assert_eq!(case.turn(0).await, WAITING);
    let stands = case.stands(id).await;
    assert_eq!(
        why(&stands),
        (NoticeState::Queued, Some(NotSent::QuietHours))
    );
    assert_eq!(stands.next_ms, Some(NOW.plus(20 * MINUTE_MS)));
    assert_eq!(case.turn(19).await, NoticesDone::default());
    assert_eq!(case.turn(20).await, SENT);

    // Half an hour is not enough for a night that goes on.
    let mut case = Case::new().await;
    rests["quiet"] = json!({ "from_minute": 9 * 60, "until_minute": 12 * 60 });
    rests["by"] = json!(case.nurse.caller.person);
    case.wish(&rests).await;
    let id = case.ask("late", 0, 30).await;
    assert_eq!(case.turn(0).await, NOT_SENT);
    let stands = case.stands(id).await;
    assert_eq!(
        why(&stands),
        (NoticeState::NotSent, Some(NotSent::QuietHours))
    );
}

#[tokio::test]
async fn what_comes_too_late_or_is_said_better_is_not_sent() {
    let mut case = Case::agreed().await;
    let old = case.ask("on_my_way", -60, 10).await;
    assert_eq!(case.turn(0).await, NOT_SENT);
    assert_eq!(case.stands(old).await.reason, Some(NotSent::TooLate));

    let first = case.ask("on_my_way", 0, 15).await;
    let second = case.ask("late", 1, 45).await;
    let both = case.turn(1).await;
    assert_eq!((both.sent, both.not_sent), (1, 1));
    assert_eq!(case.stands(first).await.reason, Some(NotSent::Superseded));
    assert_eq!(case.stands(second).await.state, NoticeState::Sent);
}

#[tokio::test]
async fn a_visit_that_has_begun_or_was_called_off_is_announced_to_nobody() {
    let mut case = Case::agreed().await;
    let id = case.ask("on_my_way", 0, 15).await;
    case.nurse.put(case.visit, "status", json!("canceled"));
    case.nurse.push(&case.world).await;
    assert_eq!(case.turn(0).await, NOT_SENT);
    assert_eq!(case.stands(id).await.reason, Some(NotSent::TooLate));
    assert_eq!(case.given(), []);
}

#[tokio::test]
async fn a_phone_whose_clock_is_ahead_announces_no_wrong_time() {
    let mut case = Case::agreed().await;
    let id = case.ask("on_my_way", 180, 15).await;
    assert_eq!(case.turn(0).await, NOT_SENT);
    assert_eq!(case.stands(id).await.reason, Some(NotSent::ClockDoubt));
    // And does not keep one that is right from being sent.
    let right = case.ask("late", 0, 15).await;
    assert_eq!(case.turn(0).await, SENT);
    assert_eq!(case.stands(right).await.state, NoticeState::Sent);
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again_less_and_less_until_it_is_too_late() {
    let mut case = Case::agreed().await;
    let id = case.ask("on_my_way", 0, 15).await;
    case.refuse(NotTaken::Later("451".into()));
    assert_eq!(case.turn(0).await, WAITING);
    let stands = case.stands(id).await;
    assert_eq!(why(&stands), (NoticeState::Queued, Some(NotSent::Delayed)));
    assert_eq!(stands.next_ms, Some(NOW.plus(MINUTE_MS / 2)));
    case.refuse(NotTaken::Later("451".into()));
    assert_eq!(case.turn(1).await, WAITING);
    assert_eq!(case.stands(id).await.next_ms, Some(NOW.plus(2 * MINUTE_MS)));
    assert_eq!(case.stands(id).await.at_ms, NOW, "since the first try");
    assert_eq!(case.turn(2).await, SENT);

    // Fresh: the relay never comes back.
    let mut case = Case::agreed().await;
    let id = case.ask("on_my_way", 0, 15).await;
    for minute in 0..40 {
        case.refuse(NotTaken::Later("connection".into()));
        case.turn(minute).await;
    }
    let stands = case.stands(id).await;
    assert_eq!(why(&stands), (NoticeState::NotSent, Some(NotSent::Delayed)));
    assert_eq!(stands.next_ms, None);
}

#[tokio::test]
async fn who_delivers_and_is_away_is_asked_a_few_times_in_one_turn_and_not_by_each_letter() {
    let mut case = Case::agreed().await;
    let nina = case.nurse.caller.person;
    for number in 0..8 {
        let start = NOW.plus(MINUTE_MS).0;
        let booked = case.world.book(case.patient, &[nina], start).await;
        case.nurse.sync(&case.world).await;
        let entry = case.entry("late", 0, 60);
        let (section, id) = ("notices".into(), EntryId(Uuid::from_u128(0x950 + number)));
        let append = Op::Append { section, id, entry };
        case.nurse.edit(DocumentId::visit(booked), &[append]);
        assert_eq!(codes(&case.nurse.push(&case.world).await), ["accepted"]);
        case.refuse(NotTaken::Later("timeout".into()));
    }
    assert_eq!(case.turn(0).await.waiting, 5, "the rest is not tried");
    assert_eq!(case.carrier.refuses.lock().unwrap().len(), 3);
    assert_eq!(case.turn(0).await.waiting, 3, "but in the next turn");
}

#[tokio::test]
async fn a_damaged_visit_keeps_no_other_notice_from_being_sent() {
    let mut case = Case::agreed().await;
    // Of a patient whom the nurse has not: her phone is not given it.
    let patient = case.world.patient(2).await;
    let visit = VisitId(Uuid::from_u128(0xdead));
    let damaged = DocumentRow {
        id: DocumentId::visit(visit),
        patient,
        heads: Vec::new(),
        sealed: false,
        snapshot: b"no document".to_vec(),
        snapshot_seq: 0,
    };
    let row = NoticeRow {
        notice: EntryId(Uuid::from_u128(1)),
        visit,
        due: NOW.plus(-MINUTE_MS),
        attempts: 0,
    };
    let no_document = ChangeRow {
        seq: 0,
        document: damaged.id,
        patient,
        hash: ChangeHash([7; 32]),
        actor: case.nurse.actor,
        actor_seq: 1,
        device: DeviceId(Uuid::from_bytes(case.nurse.device)),
        person: case.nurse.caller.person,
        after_seal: false,
        bytes: b"no change".to_vec(),
    };
    let mut tx = case.world.storage.write(case.world.tenant).await.unwrap();
    let seq = tx.next_seq().await.unwrap();
    tx.put_document(&damaged).await.unwrap();
    tx.add_change(&ChangeRow { seq, ..no_document })
        .await
        .unwrap();
    tx.put_notice(&row).await.unwrap();
    tx.commit().await.unwrap();
    let id = case.ask("on_my_way", 0, 15).await;
    let both = case.turn(0).await;
    assert_eq!((both.sent, both.waiting), (1, 1));
    assert_eq!(case.stands(id).await.state, NoticeState::Sent);
    assert_eq!(
        case.turn(1).await,
        NoticesDone::default(),
        "not at once again"
    );
}

#[tokio::test]
async fn an_address_that_is_refused_is_not_tried_again_and_a_channel_without_provider_says_so() {
    let mut case = Case::agreed().await;
    let id = case.ask("on_my_way", 0, 15).await;
    case.refuse(NotTaken::Never("550".into()));
    assert_eq!(case.turn(0).await, NOT_SENT);
    assert_eq!(case.stands(id).await.reason, Some(NotSent::Refused));
    assert_eq!(case.turn(1).await, NoticesDone::default());

    let mut case = Case::new().await;
    let mut by_phone = wishes(&case.nurse);
    by_phone["channel"] = json!("sms");
    by_phone["address"] = json!("+15550100");
    case.wish(&by_phone).await;
    let id = case.ask("on_my_way", 0, 15).await;
    assert_eq!(case.turn(0).await, NOT_SENT);
    assert_eq!(case.stands(id).await.reason, Some(NotSent::NoProvider));
}

#[tokio::test]
async fn an_unreadable_notice_is_rejected_and_the_eleventh_is_not_sent() {
    let mut case = Case::agreed().await;
    let mut odd = case.entry("on_my_way", 0, 15);
    odd["arrives_until_ms"] = json!(NOW.plus(30 * HOUR_MS));
    case.append(EntryId(Uuid::from_u128(0x800)), odd);
    let verdicts = case.nurse.push(&case.world).await;
    assert_eq!(codes(&verdicts), ["notice_unreadable"]);

    let mut case = Case::agreed().await;
    let mut last = EntryId(Uuid::nil());
    for minute in 0..11 {
        last = case.ask("late", minute, 60).await;
    }
    assert_eq!(case.stands(last).await.reason, Some(NotSent::TooMany));
    assert_eq!(case.turn(11).await.sent, 1, "the last of the ten");
    assert!(case.given().iter().all(|it| it.notice != last));
}

#[tokio::test]
async fn a_queue_survives_a_restart_and_a_phone_that_comes_later_gets_where_each_stands() {
    let mut case = Case::agreed().await;
    let id = case.ask("on_my_way", 0, 15).await;
    let path = case.world.folder.path().join("backend.sqlite");
    let storage = homeround_server::store::sqlite::SqliteStorage::open(&path, database_key());
    let entropy = Arc::new(homeround_server::http::SystemEntropy);
    let bell = Arc::new(homeround_server::service::Silence);
    let again = homeround_server::service::Backend::new(Arc::new(storage.unwrap()), entropy, bell);
    let again = again.unwrap().with_provider(case.carrier.clone());
    assert_eq!(again.send_notices(NOW).await.unwrap(), SENT);
    let mut second = Phone::enrol(&case.world, case.nurse.caller, 33).await;
    second.sync(&case.world).await;
    assert!(
        second
            .records
            .contains_key(&(RecordKind::Notice.code(), *id.bytes()))
    );
    assert_eq!(VisitId(case.visit.id), case.stands(id).await.visit);
    assert_eq!(Millis(NOW.0), case.stands(id).await.at_ms);
}
