//! Two phones' day.

use homeround::app::{MeasureValue, NoteEdit, TaskOutcome};
use homeround::model::{Coding, FieldPath, NotDoneReason, VisitStatus};
use homeround_tests::stage::{Booking, Phone, Stage, vitals};
use serde_json::json;

fn type_at_end(phone: &Phone, visit: homeround::model::VisitId, text: &str) {
    let edit = NoteEdit {
        insert: text.into(),
        ..NoteEdit::default()
    };
    phone.app().visit(visit).edit_note(&edit).unwrap();
}

#[test]
fn a_day_of_two_phones_converges_and_holds_every_acknowledged_edit() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let today = nina.app().today().unwrap();
    for phone in [&nina, &theo] {
        let day = phone.app().day(today).unwrap();
        assert_eq!(day.visits.len(), 1);
        assert!(!day.visits[0].patient_name.is_empty());
    }
    // Offline, both work on the same visit.
    let (hers, his) = (nina.app().visit(visit), theo.app().visit(visit));
    hers.start_travel(None).unwrap();
    hers.check_in(None).unwrap();
    hers.record_vitals(&vitals(72)).unwrap();
    his.record_vitals(&vitals(75)).unwrap();
    hers.set_measure(MeasureValue::WeightKg(70.0)).unwrap();
    his.set_measure(MeasureValue::WeightKg(71.0)).unwrap();
    type_at_end(&nina, visit, "Wound is dry. ");
    type_at_end(&theo, visit, "Walked ten steps. ");
    let aspirin = Coding::text("Aspirin 100 mg");
    hers.medication_not_given(None, aspirin, NotDoneReason::Refused, None)
        .unwrap();
    let task = *his.read().unwrap().tasks.keys().next().unwrap();
    his.set_task(task, &TaskOutcome::done()).unwrap();
    assert_eq!((nina.unsent(), theo.unsent()), (6, 4));

    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    assert_eq!((nina.unsent(), theo.unsent()), (0, 0));
    let read = hers.read().unwrap();
    assert_eq!(read.status, VisitStatus::InProgress);
    assert_eq!((read.steps.len(), read.observations.len()), (2, 2));
    assert_eq!(read.medications.len(), 1);
    assert_eq!(read.tasks[&task].status, homeround::model::TaskStatus::Done);
    for sentence in ["Wound is dry. ", "Walked ten steps. "] {
        assert!(read.note.contains(sentence), "{}", read.note);
    }
    // The same field twice: both values are shown until a person settles it.
    let open = his.conflicts().unwrap();
    assert_eq!(open.len(), 1);
    let mut shown: Vec<_> = open[0].values.iter().map(|one| one.value.clone()).collect();
    shown.sort_by_key(ToString::to_string);
    assert_eq!(shown, [json!(70.0), json!(71.0)]);
    let who: Vec<_> = open[0]
        .values
        .iter()
        .map(|one| theo.app().person_of_device(one.actor.device_tag()).unwrap())
        .collect();
    assert!(who.contains(&Some(stage.nurse)) && who.contains(&Some(stage.therapist)));
    his.settle(&FieldPath("measures/weight_kg".into()), &json!(71.0))
        .unwrap();
    stage.converge(&[&theo, &nina]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    assert!(hers.conflicts().unwrap().is_empty());
    assert_eq!(hers.read().unwrap().settlements.len(), 1);
    for phone in [&nina, &theo] {
        assert!(phone.app().quarantine().unwrap().is_empty());
    }
}

#[test]
fn twenty_edits_on_each_of_five_visits_from_two_phones_all_arrive() {
    let stage = Stage::set();
    let people = [stage.nurse, stage.therapist];
    let office = stage.office();
    let visits: Vec<_> = (0..5)
        .map(|hour| {
            let booking = Booking {
                after_ms: hour * 3_600_000,
                ..Booking::of(stage.patients[0], &people)
            };
            office.book(&booking)
        })
        .collect();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    for visit in &visits {
        for pulse in 60..80 {
            let phone = if pulse % 2 == 0 { &nina } else { &theo };
            phone
                .app()
                .visit(*visit)
                .record_vitals(&vitals(pulse))
                .unwrap();
        }
    }
    stage.converge(&[&nina, &theo]);
    for visit in visits {
        stage.same_everywhere(visit, &[&nina, &theo]);
        assert_eq!(
            nina.app().visit(visit).read().unwrap().observations.len(),
            20
        );
    }
}

#[test]
fn a_move_of_a_booking_and_a_change_of_who_comes_reach_the_phones() {
    let stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    let aida = stage.phone("aida");
    let today = aida.app().today().unwrap();
    assert!(aida.app().day(today).unwrap().visits.is_empty());
    nina.app().visit(visit).record_vitals(&vitals(70)).unwrap();
    nina.sync(&stage.backend);
    let later = Booking {
        after_ms: 7_200_000,
        ..Booking::of(stage.patients[0], &[stage.nurse, stage.aide])
    };
    stage.office().rebook(visit, &later);
    stage.converge(&[&nina, &aida]);
    let day = aida.app().day(today).unwrap();
    assert_eq!(day.visits.len(), 1);
    assert_eq!(
        day.visits[0].start_ms,
        homeround_tests::stage::START.plus(7_200_000)
    );
    stage.same_everywhere(visit, &[&nina, &aida]);
    assert_eq!(
        aida.app().visit(visit).read().unwrap().observations.len(),
        1
    );
}

#[test]
fn the_tasks_of_a_visit_stand_in_the_order_in_which_the_office_booked_them() {
    let stage = Stage::set();
    let titles = ["Weigh", "Change the dressing", "Cut nails", "Bathe", "Walk"];
    let booking = Booking {
        tasks: titles.to_vec(),
        ..Booking::of(stage.patients[0], &[stage.nurse])
    };
    let visit = stage.office().book(&booking);
    let read = stage.phone("nina").app().visit(visit).read().unwrap();
    let shown: Vec<_> = read.tasks.values().map(|task| &task.title).collect();
    assert_eq!(shown, titles);
}
