//! What changed since one was there last, and the card in front of the door, over the real
//! backend.

use homeround::app::{ChangeHow, ChangeKind, Changed, SinceLastHere, TaskOutcome};
use homeround::model::{DocumentId, Medication, PatientId, VisitId};
use homeround_tests::stage::{Booking, Phone, Stage, vitals};

fn since(phone: &Phone, patient: PatientId) -> SinceLastHere {
    phone.app().since_last_here(patient, 0, 200).unwrap()
}

/// Goes there and leaves again, without a signal.
fn goes(phone: &Phone, visit: VisitId) {
    let visit = phone.app().visit(visit);
    visit.check_in(None).unwrap();
    for task in visit.read().unwrap().tasks.keys() {
        visit.set_task(*task, &TaskOutcome::done()).unwrap();
    }
    visit.complete(None).unwrap();
}

/// A visit of the therapist alone.
fn his_visit(stage: &Stage) -> VisitId {
    let office = stage.office();
    office.book(&Booking::of(stage.patients[0], &[stage.therapist]))
}

fn kinds(told: &SinceLastHere) -> Vec<ChangeKind> {
    told.changes.iter().map(|it| it.kind).collect()
}

fn field<'c>(change: &'c Changed, name: &str) -> (Option<&'c str>, Option<&'c str>) {
    let field = change.fields.iter().find(|it| it.name == name).unwrap();
    (field.before.as_deref(), field.now.as_deref())
}

#[test]
fn what_was_recorded_in_the_morning_and_arrives_after_the_noon_visit_is_news() {
    let stage = Stage::set();
    let (visit, his) = (stage.visit(), his_visit(&stage));
    let patient = stage.patients[0];
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let first = since(&nina, patient);
    assert_eq!(first.last, None, "a first visit");

    // In the morning and without a signal.
    let there = theo.app().visit(his);
    there.check_in(None).unwrap();
    there.record_vitals(&vitals(104)).unwrap();
    nina.hands.pass(4 * 3_600_000);
    goes(&nina, visit);
    stage.converge(&[&nina]);
    assert_eq!(since(&nina, patient).count, 0);
    stage.converge(&[&theo, &nina]);
    let told = since(&nina, patient);
    assert_eq!(kinds(&told), [ChangeKind::Observation]);
    let change = &told.changes[0];
    assert_eq!(
        (change.how, change.by),
        (ChangeHow::Added, Some(stage.therapist))
    );
    assert_eq!(change.visit, Some(his));
    assert_eq!(field(change, "pulse_bpm"), (None, Some("104")));
    assert!(change.late, "its clock says that it was before she left");
    let card = nina.app().patient_card(patient, Some(visit)).unwrap();
    assert_eq!(card.since.count, 1);
    let pulse = card.figures.unwrap();
    assert_eq!(pulse[0].last.value, 104.0);
}

#[test]
fn a_second_phone_of_one_person_knows_what_the_first_one_knew() {
    let stage = Stage::set();
    let (visit, his) = (stage.visit(), his_visit(&stage));
    let patient = stage.patients[0];
    let (phone, tablet) = (stage.phone("nina"), stage.phone("nina"));
    let theo = stage.phone("theo");
    goes(&phone, visit);
    let dressing = Medication {
        code: homeround::model::Coding::text("Zinc ointment"),
        status: "active".into(),
        dose: None,
        frequency: None,
        as_needed: true,
        dosing: None,
        ingredients: Vec::new(),
    };
    phone
        .app()
        .chart(patient)
        .add_medication(&dressing)
        .unwrap();
    stage.converge(&[&phone, &tablet]);
    let told = since(&tablet, patient);
    assert_eq!(told.last.unwrap().visit, Some(visit));
    assert_eq!(told.count, 0, "one's own edits are no news: {told:?}");

    goes(&theo, his);
    stage.converge(&[&theo, &phone, &tablet]);
    for one in [&phone, &tablet] {
        let told = since(one, patient);
        assert!(kinds(&told).contains(&ChangeKind::Visit), "{told:?}");
        assert!(told.changes.iter().all(|it| it.by == Some(stage.therapist)));
    }
    let next = stage.office();
    let next = next.book(&Booking::of(patient, &[stage.nurse]));
    stage.converge(&[&tablet]);
    goes(&tablet, next);
    stage.converge(&[&tablet, &phone]);
    assert_eq!(
        since(&phone, patient).count,
        0,
        "she was there with the tablet"
    );
}

#[test]
fn whose_access_has_ended_keeps_no_look_and_is_told_nothing() {
    let stage = Stage::set();
    let visit = stage.visit();
    let patient = stage.patients[0];
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    goes(&nina, visit);
    stage.converge(&[&nina, &theo]);
    stage.office().end_grants(stage.nurse, patient);
    stage.converge(&[&nina]);
    assert!(nina.app().since_last_here(patient, 0, 10).is_err());
    assert!(nina.app().patient_card(patient, None).is_err());
    let chart = DocumentId::chart(patient);
    assert!(
        nina.app().document_state(chart).is_err(),
        "the chart has left"
    );
    let held = theo.app().document_state(chart).unwrap().view;
    let looks = held["looks"].as_object().unwrap();
    let by: Vec<_> = looks.values().map(|look| look["by"].clone()).collect();
    assert_eq!(
        by,
        [serde_json::json!(stage.nurse)],
        "the team's record has it"
    );
}
