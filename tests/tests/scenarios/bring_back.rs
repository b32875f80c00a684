//! A backend that was put back to a backup is given again what its author does not hold any
//! more, by colleagues, and nothing but that.

use homeround::merge::{Document, Op, writer_of};
use homeround::model::{ChangeHash, DocumentId, FieldPath, VisitId};
use homeround::wire::{self, Proof, PushResponse, Verdict};
use homeround_tests::stage::{Booking, COORDINATOR, Device, Phone, START, Stage, vitals};
use serde_json::json;

fn measure(phone: &Phone, visit: VisitId, pulse: u16) {
    let saved = phone.app().visit(visit).record_vitals(&vitals(pulse));
    saved.unwrap();
}

fn pulses(stage: &Stage, visit: VisitId) -> usize {
    stage.supervisor().visit(visit).observations.len()
}

#[test]
fn what_a_colleague_holds_comes_back_when_its_author_has_signed_out() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    measure(&nina, visit, 60);
    stage.converge(&[&nina, &theo]);
    let backup = stage.back_up();
    for pulse in 61..64 {
        measure(&nina, visit, pulse);
        stage.converge(&[&nina, &theo]);
    }
    nina.app().sign_out(None).unwrap();
    stage.put_back(&backup);
    assert_eq!(pulses(&stage, visit), 1);
    // Built on what the backend lost, and not sent yet.
    measure(&theo, visit, 70);
    let _ = theo.try_sync(&stage.backend);
    let _ = theo.try_sync(&stage.backend);
    assert_eq!(theo.unsent(), 0);
    assert_eq!(pulses(&stage, visit), 5);
    let told = stage.office().audit("brought_back");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["detail"], "3 changes");
    // Under the name of who wrote it.
    let read = stage.supervisor().visit(visit);
    let by = read
        .observations
        .values()
        .filter(|one| one.by == stage.nurse);
    assert_eq!(by.count(), 4);
    let again = stage.phone("nina");
    stage.converge(&[&again, &theo]);
    stage.same_everywhere(visit, &[&again, &theo]);
    assert!(stage.office().rejected().is_empty());
}

#[test]
fn a_device_enrolled_after_the_backup_is_known_again_with_what_it_wrote() {
    let mut stage = Stage::set();
    let visit = stage.visit();
    let theo = stage.phone("theo");
    let backup = stage.back_up();
    let nina = stage.phone("nina");
    measure(&nina, visit, 60);
    stage.converge(&[&nina, &theo]);
    stage.put_back(&backup);
    let _ = theo.try_sync(&stage.backend);
    assert_eq!(pulses(&stage, visit), 1);
    // Its owner goes on as if nothing had been.
    measure(&nina, visit, 61);
    let _ = nina.try_sync(&stage.backend);
    stage.converge(&[&nina, &theo]);
    assert_eq!(pulses(&stage, visit), 2);
    stage.same_everywhere(visit, &[&nina, &theo]);
}

#[test]
fn a_visit_that_was_booked_after_the_backup_comes_back_with_what_was_done_in_it() {
    let mut stage = Stage::set();
    let _ = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let backup = stage.back_up();
    let people = [stage.nurse, stage.therapist];
    let visit = stage
        .office()
        .book(&Booking::of(stage.patients[0], &people));
    stage.converge(&[&nina, &theo]);
    measure(&nina, visit, 60);
    stage.converge(&[&nina, &theo]);
    nina.app().sign_out(None).unwrap();
    stage.put_back(&backup);
    let _ = theo.try_sync(&stage.backend);
    assert_eq!(pulses(&stage, visit), 1);
}

/// A visit of which the backend lost a nurse's change, and a therapist's device that holds it.
struct Ground {
    stage: Stage,
    visit: DocumentId,
    holder: Device,
    /// The visit with the change.
    held: Document,
    lost: Vec<(ChangeHash, Vec<u8>)>,
    proofs: Vec<Proof>,
}

impl Ground {
    fn new() -> Self {
        let mut stage = Stage::set();
        let visit = stage.visit();
        let id = DocumentId::visit(visit);
        let nina = stage.phone("nina");
        let holder = Device::enrol(&stage.backend, "theo", 71);
        let before = holder.document(id).heads();
        let backup = stage.back_up();
        let holder = holder.at(&stage.backend);
        measure(&nina, visit, 60);
        nina.sync(&stage.backend);
        let held = holder.document(id);
        let pages = holder.pages();
        let proofs = pages.iter().flat_map(|page| page.proofs.clone()).flatten();
        let proofs = proofs.collect();
        stage.put_back(&backup);
        let lost = held.between(&before, &held.heads());
        assert_eq!(lost.len(), 1);
        Self {
            holder: holder.at(&stage.backend),
            stage,
            visit: id,
            held,
            lost,
            proofs,
        }
    }

    fn proof(&self) -> Proof {
        let mut ours = self.proofs.iter();
        let ours = ours.find(|proof| proof.document[..] == self.visit.key()[..]);
        ours.unwrap().clone()
    }

    fn offer(&self, device: &Device, changes: &[Vec<u8>], proof: &Proof) -> Vec<String> {
        let changes: Vec<_> = changes.iter().map(|one| (self.visit, &one[..])).collect();
        let mut request = device.batch(&changes);
        request.proofs = Some(vec![proof.clone()]);
        let answer: PushResponse = device.call(wire::PUSH, &request).unwrap();
        let runs = answer.verdicts.into_iter();
        let each = runs.flat_map(|run| std::iter::repeat_n(run.verdict, run.count as usize));
        each.map(|verdict| match verdict {
            Verdict::Accepted { .. } => "accepted".into(),
            Verdict::Rejected { code, .. } => code,
            other => format!("{other:?}"),
        })
        .collect()
    }

    fn lost(&self) -> Vec<u8> {
        self.lost[0].1.clone()
    }

    fn nothing_came_in(&self) {
        assert_eq!(pulses(&self.stage, VisitId(self.visit.id)), 0);
    }
}

#[test]
fn a_proof_that_is_not_of_this_change_brings_nothing_in() {
    let ground = Ground::new();
    let (good, lost) = (ground.proof(), ground.lost());
    let mut altered = good.clone();
    altered.code[15] ^= 1;
    let other = ground
        .proofs
        .iter()
        .find(|one| one.document != good.document);
    let mut elsewhere = other.unwrap().clone();
    elsewhere.document = good.document.clone();
    let mut of_another = elsewhere.clone();
    of_another.hash = good.hash;
    for wrong in [&altered, &elsewhere, &of_another, other.unwrap()] {
        let codes = ground.offer(&ground.holder, std::slice::from_ref(&lost), wrong);
        assert_eq!(codes, ["actor_not_yours"]);
    }
    ground.nothing_came_in();
    // What was kept of it for a reviewer does not stand in the way.
    let codes = ground.offer(&ground.holder, &[lost], &good);
    assert_eq!(codes, ["accepted"]);
}

#[test]
fn a_proof_covers_what_it_names_and_what_that_builds_on_and_nothing_else() {
    let ground = Ground::new();
    let (good, lost) = (ground.proof(), ground.lost());
    let mut bent = lost.clone();
    *bent.last_mut().unwrap() ^= 1;
    assert_ne!(ground.offer(&ground.holder, &[bent], &good), ["accepted"]);
    ground.nothing_came_in();
    // In the nurse's name, on top of what is proven.
    let nurse = writer_of(&lost).unwrap();
    let op = Op::Put {
        path: FieldPath("outcome".into()),
        value: json!("Never said"),
    };
    let forged = ground.held.clone().edit(nurse, START, &[op]).unwrap();
    let both = [lost, forged.bytes];
    let codes = ground.offer(&ground.holder, &both, &good);
    assert_eq!(codes, ["accepted", "actor_not_yours"]);
    let read = ground.stage.supervisor().visit(VisitId(ground.visit.id));
    assert_eq!((read.observations.len(), read.outcome), (1, None));
}

#[test]
fn who_may_not_see_the_patient_brings_nothing_back() {
    let ground = Ground::new();
    let (good, lost) = (ground.proof(), [ground.lost()]);
    let backend = &ground.stage.backend;
    let aide = Device::enrol(backend, "aida", 72);
    assert_eq!(ground.offer(&aide, &lost, &good), ["no_grant"]);
    let revoked = Device::enrol(backend, "theo", 73);
    ground.stage.office().revoke(revoked.id);
    let mut request = revoked.batch(&[(ground.visit, &lost[0][..])]);
    request.proofs = Some(vec![good.clone()]);
    let refused = revoked.call::<_, PushResponse>(wire::PUSH, &request);
    assert_eq!(refused.unwrap_err().code, "device_revoked");
    // At another organisation the visit is unknown, and the proof worth nothing.
    backend.add_tenant("hill-side");
    let other = Device::elsewhere(backend, "hill-side", COORDINATOR, 74);
    let there = ground.offer(&other, &lost, &good);
    assert!(there[0].starts_with("Waiting"), "{there:?}");
    ground.nothing_came_in();
}

#[test]
fn a_push_with_more_proofs_than_the_limit_is_refused_whole() {
    let ground = Ground::new();
    let mut request = ground.holder.batch(&[(ground.visit, &ground.lost()[..])]);
    request.proofs = Some(vec![ground.proof(); wire::PROOFS_MAX + 1]);
    let refused = ground.holder.call::<_, PushResponse>(wire::PUSH, &request);
    assert_eq!(refused.unwrap_err().code, "too_large");
    ground.nothing_came_in();
}
