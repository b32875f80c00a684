//! Pushes that no honest phone makes. None is taken, the backend goes on
//! serving, and its document stays as it was.

use automerge::{Change, ExpandedChange};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use homeround::merge::{Document, Op};
use homeround::model::{ActorId, DocumentId, FieldPath, VisitId};
use homeround::wire::{self, PushRequest, PushResponse, Verdict};
use homeround_tests::stage::{Device, Refusal, START, Stage, vitals};
use serde_json::{Value, json};
use std::io::Write as _;
use std::num::NonZeroU64;

/// A stage with one visit and a nurse's device whose key is at hand.
struct Ground {
    stage: Stage,
    visit: VisitId,
    id: DocumentId,
    device: Device,
    before: Value,
}

impl Ground {
    fn set() -> Self {
        let stage = Stage::set();
        let visit = stage.visit();
        let id = DocumentId::visit(visit);
        let device = Device::enrol(&stage.backend, "nina", 61);
        let before = stage.supervisor().document(id);
        Self {
            stage,
            visit,
            id,
            device,
            before,
        }
    }

    fn document(&self) -> Document {
        self.device.document(self.id)
    }

    /// A sound change by this actor of the visit as it stands.
    fn sound(&self, actor: ActorId, outcome: &str) -> Vec<u8> {
        let edit = self.document().edit(actor, START, &[put(outcome)]);
        edit.unwrap().bytes
    }

    /// A sound change by the device itself, taken apart.
    fn parts(&self) -> ExpandedChange {
        let bytes = self.sound(self.device.actor(1), "Improved");
        Change::try_from(bytes.as_slice()).unwrap().decode()
    }

    /// The backend serves, holds what it held, and takes an honest change.
    fn stands(&self) {
        assert_eq!(self.stage.supervisor().document(self.id), self.before);
        assert_eq!(self.stage.office().get("/healthz").status, 200);
        let honest = self.sound(self.device.actor(99), "As expected");
        let verdicts = self.device.push(&[(self.id, &honest)]).unwrap();
        assert!(matches!(verdicts[..], [Verdict::Accepted { .. }]));
        let phone = self.stage.phone("theo");
        let read = phone.app().visit(self.visit).read().unwrap();
        assert_eq!(read.outcome.as_deref(), Some("As expected"));
        phone
            .app()
            .visit(self.visit)
            .record_vitals(&vitals(70))
            .unwrap();
        assert_eq!(phone.sync(&self.stage.backend).accepted, 1);
    }

    /// Reviewers are shown the change with this code.
    fn is_reviewed(&self, code: &str) {
        let rejected = self.stage.office().rejected();
        let codes: Vec<_> = rejected.iter().map(|row| &row["code"]).collect();
        assert!(codes.contains(&&json!(code)), "{code} not in {codes:?}");
    }
}

fn put(outcome: &str) -> Op {
    Op::Put {
        path: FieldPath("outcome".into()),
        value: json!(outcome),
    }
}

fn bytes(change: &ExpandedChange) -> Vec<u8> {
    Change::from(change.clone()).raw_bytes().to_vec()
}

fn refusal(status: u16, code: &str) -> Refusal {
    Refusal {
        status,
        code: code.into(),
    }
}

#[test]
fn a_push_larger_than_the_limit_is_refused_before_it_is_read() {
    let ground = Ground::set();
    let told = (wire::PUSH_BYTES_MAX + 1).to_string();
    let more = [("content-length", told.as_str())];
    let answer = ground.device.post_with(wire::PUSH, &more, b"");
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    assert!(!answer.remedy().is_empty());
    ground.stands();
}

#[test]
fn a_body_that_inflates_past_its_limit_is_refused_at_the_limit() {
    let ground = Ground::set();
    let bomb = zstd::bulk::compress(&vec![0; 64 * 1024 * 1024], 19).unwrap();
    assert!(bomb.len() < wire::PUSH_BYTES_MAX);
    let answer = ground.device.post(wire::PUSH, &bomb);
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    ground.stands();
}

#[test]
fn bodies_that_are_no_push_are_malformed() {
    let ground = Ground::set();
    let no_cbor = zstd::bulk::compress(&[0xff; 64], 3).unwrap();
    let cut = {
        let honest = ground.sound(ground.device.actor(1), "Improved");
        let body = wire::seal_body(&ground.device.batch(&[(ground.id, &honest)])).unwrap();
        body[..body.len() / 2].to_vec()
    };
    for body in [&b"no zstd"[..], b"", &no_cbor, &cut] {
        let answer = ground.device.post(wire::PUSH, body);
        assert_eq!((answer.status, answer.code().as_str()), (400, "malformed"));
    }
    let mut unpackable = ground.device.batch(&[]);
    unpackable.changes = vec![0xee; 99].into();
    let answer: Result<PushResponse, _> = ground.device.call(wire::PUSH, &unpackable);
    assert_eq!(answer.unwrap_err(), refusal(400, "malformed"));
    ground.stands();
}

#[test]
fn devices_that_are_unknown_or_somebody_elses_are_refused() {
    let ground = Ground::set();
    let backend = &ground.stage.backend;
    let honest = ground.sound(ground.device.actor(1), "Improved");
    let unknown = Device::stranger(backend, "nina", 62);
    let refused = unknown.push(&[(ground.id, &honest)]).unwrap_err();
    assert_eq!(refused, refusal(403, "device_unknown"));
    let mut stolen = Device::enrol(backend, "theo", 63);
    stolen.id = ground.device.id;
    let refused = stolen.push(&[(ground.id, &honest)]).unwrap_err();
    assert_eq!(refused, refusal(403, "device_not_yours"));
    ground.stands();
}

#[test]
fn a_forged_signature_refuses_the_whole_batch() {
    let ground = Ground::set();
    let honest = ground.sound(ground.device.actor(1), "Improved");
    let mut flipped = ground.device.batch(&[(ground.id, &honest)]);
    flipped.signature[7] ^= 1;
    let mut anothers = Device::stranger(&ground.stage.backend, "nina", 64);
    anothers.id = ground.device.id;
    let forged = anothers.batch(&[(ground.id, &honest)]);
    let mut swapped = ground.device.batch(&[]);
    swapped.changes = ground.device.batch(&[(ground.id, &honest)]).changes;
    for batch in [flipped, forged, swapped] {
        let answer: Result<PushResponse, Refusal> =
            ground.device.call::<PushRequest, _>(wire::PUSH, &batch);
        assert_eq!(answer.unwrap_err(), refusal(403, "signature_invalid"));
    }
    ground.stands();
}

#[test]
fn a_change_in_another_devices_name_is_rejected_and_kept_for_a_reviewer() {
    let ground = Ground::set();
    let victim = Device::enrol(&ground.stage.backend, "theo", 65);
    let forged = ground.sound(victim.actor(1), "Forged");
    let code = ground.device.push_bad(ground.id, &forged);
    assert_eq!(code, "actor_not_yours");
    // Asked again it is the same answer, and what builds on it falls with it.
    assert_eq!(ground.device.push_bad(ground.id, &forged), code);
    let mut fork = ground.document();
    fork.edit(victim.actor(1), START, &[put("Forged")]).unwrap();
    let next = fork.edit(ground.device.actor(2), START, &[put("Next")]);
    let next = next.unwrap().bytes;
    let code = ground.device.push_bad(ground.id, &next);
    assert_eq!(code, "depends_on_rejected");
    ground.is_reviewed("actor_not_yours");
    ground.stands();
}

#[test]
fn what_fell_with_a_rejected_change_is_accepted_once_that_one_is_there() {
    let ground = Ground::set();
    let colleague = Device::enrol(&ground.stage.backend, "theo", 65);
    let theirs = ground.sound(colleague.actor(1), "Improved");
    let code = ground.device.push_bad(ground.id, &theirs);
    assert_eq!(code, "actor_not_yours");
    let mut ahead = ground.document();
    ahead
        .edit(colleague.actor(1), START, &[put("Improved")])
        .unwrap();
    let next = ahead.edit(ground.device.actor(2), START, &[put("Next")]);
    let next = next.unwrap().bytes;
    for _ in 0..2 {
        let code = ground.device.push_bad(ground.id, &next);
        assert_eq!(code, "depends_on_rejected");
    }
    ground.is_reviewed("depends_on_rejected");
    let taken = colleague.push(&[(ground.id, &theirs)]).unwrap();
    assert!(matches!(taken[..], [Verdict::Accepted { .. }]));
    let taken = ground.device.push(&[(ground.id, &next)]).unwrap();
    assert!(matches!(taken[..], [Verdict::Accepted { .. }]));
    // There is nothing to decide on it any more; that somebody sent another's stays told.
    let left = ground.stage.office().rejected();
    let codes: Vec<_> = left.iter().map(|row| &row["code"]).collect();
    assert_eq!(codes, [&json!("actor_not_yours")]);
}

#[test]
fn a_reused_sequence_number_is_rejected() {
    let mut ground = Ground::set();
    let actor = ground.device.actor(1);
    let (first, second) = (ground.sound(actor, "First"), ground.sound(actor, "Second"));
    let taken = ground.device.push(&[(ground.id, &first)]).unwrap();
    assert!(matches!(taken[..], [Verdict::Accepted { .. }]));
    ground.before = ground.stage.supervisor().document(ground.id);
    assert_eq!(ground.before["view"]["outcome"], "First");
    let code = ground.device.push_bad(ground.id, &second);
    assert_eq!(code, "sequence_reused");
    ground.is_reviewed("sequence_reused");
    ground.stands();
}

#[test]
fn an_absurd_start_op_is_rejected() {
    let ground = Ground::set();
    let mut change = ground.parts();
    for start in [u64::from(u32::MAX) - 1, 1 << 40, 1] {
        change.start_op = NonZeroU64::new(start).unwrap();
        let code = ground.device.push_bad(ground.id, &bytes(&change));
        assert_eq!(code, "start_op", "{start}");
    }
    ground.is_reviewed("start_op");
    ground.stands();
}

#[test]
fn a_change_of_200_kib_that_inflates_to_200_mib_is_rejected_uninflated() {
    let ground = Ground::set();
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..200 {
        encoder.write_all(&zeros).unwrap();
    }
    let deflated = encoder.finish().unwrap();
    let mut bomb = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 2];
    let mut length = deflated.len();
    while length > 0x7f {
        bomb.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    bomb.push(u8::try_from(length).unwrap());
    bomb.extend(deflated);
    assert!((150_000..wire::CHANGE_BYTES_MAX).contains(&bomb.len()));
    assert_eq!(ground.device.push_bad(ground.id, &bomb), "inflates");
    ground.is_reviewed("inflates");
    ground.stands();
}

#[test]
fn bytes_that_are_no_change_are_rejected_and_the_rest_of_the_batch_is_judged() {
    let ground = Ground::set();
    let mut altered = ground.sound(ground.device.actor(1), "Improved");
    *altered.last_mut().unwrap() ^= 1;
    let good = ground.sound(ground.device.actor(3), "As expected");
    let batch = [(ground.id, &altered[..]), (ground.id, &good[..])];
    let verdicts = ground.device.push(&batch).unwrap();
    match &verdicts[..] {
        [Verdict::Rejected { code, .. }, Verdict::Accepted { .. }] => {
            assert_eq!(code, "malformed");
        }
        other => panic!("{other:?}"),
    }
    ground.is_reviewed("malformed");
}

#[test]
fn a_replayed_push_is_a_duplicate_and_changes_nothing() {
    let mut ground = Ground::set();
    let honest = ground.sound(ground.device.actor(1), "Improved");
    let batch = [(ground.id, &honest[..])];
    let first = ground.device.push(&batch).unwrap();
    assert!(matches!(first[..], [Verdict::Accepted { .. }]));
    ground.before = ground.stage.supervisor().document(ground.id);
    let again = ground.device.push(&batch).unwrap();
    assert_eq!(again, [Verdict::Duplicate]);
    let twice = ground.device.push(&[batch[0], batch[0]]).unwrap();
    assert_eq!(twice, [Verdict::Duplicate, Verdict::Duplicate]);
    ground.stands();
}

#[test]
fn what_depends_on_the_unknown_waits_and_a_document_of_nobody_is_rejected() {
    let ground = Ground::set();
    let actor = ground.device.actor(1);
    let mut ahead = ground.document();
    let first = ahead.edit(actor, START, &[put("First")]).unwrap();
    let second = ahead.edit(actor, START, &[put("Second")]).unwrap();
    let verdicts = ground.device.push(&[(ground.id, &second.bytes)]).unwrap();
    let missing = vec![first.hash.0.into()];
    assert_eq!(verdicts, [Verdict::Waiting { missing }]);
    let nowhere = DocumentId::visit(VisitId(uuid::Uuid::from_u128(7)));
    let tree = json!({
        "schema": 1, "kind": "visit", "status": "scheduled",
        "patient": uuid::Uuid::from_u128(8),
    });
    let (_, made) = Document::create(nowhere, &tree, actor, START).unwrap();
    let code = ground.device.push_bad(nowhere, &made.bytes);
    assert_eq!(code, "unknown_document");
    ground.stands();
}
