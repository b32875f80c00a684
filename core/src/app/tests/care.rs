//! Care plans on phones: made from a template without a signal, personalised by two,
//! asked for at a visit.

use chrono::{Days, NaiveDate};
use serde_json::json;

use super::*;
use crate::app::{AppError, NewPlan, PlanHandle, ProgressNote, TaskOutcome};
use crate::care::{PlannedTask, State, planned_tasks};
use crate::model::*;

const HEART: &str = "https://github.com/homeround/homeround/fhir/PlanDefinition/heart-failure|1.0";

fn new_plan(template: Option<&str>) -> NewPlan {
    NewPlan {
        template: template.map(str::to_owned),
        title: None,
        language: "es-MX".into(),
        // The hub's visit is at five in the morning of the 22nd of November in New York.
        begins: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
        time_zone: Some("America/New_York".into()),
        assignee: Some(Assignee::Role(Role::Nurse)),
    }
}

#[test]
fn a_new_plan_keeps_the_time_of_the_patients_home_and_not_of_the_phone() {
    let mut hub = Hub::new();
    hub.zone = "Europe/Madrid";
    let phone = hub.phone(0x100, Role::Nurse);
    let here = NewPlan {
        time_zone: None,
        ..new_plan(Some(HEART))
    };
    let id = phone.app.create_plan(hub.patient, &here).unwrap();
    let plan = phone.app.plan(id).read().unwrap();
    assert_eq!(plan.time_zone.as_deref(), Some("Europe/Madrid"));
}

fn refused<T: std::fmt::Debug>(result: Result<T, AppError>) -> String {
    match result.unwrap_err() {
        AppError::Refused { field, .. } => field,
        other => format!("{other:?}"),
    }
}

/// A phone that made a plan, and a colleague's that has it.
fn two() -> (Hub, Phone, Phone, PlanId) {
    let mut hub = Hub::new();
    let mut one = hub.phone(0x100, Role::Nurse);
    let mut other = hub.phone(0x200, Role::Nurse);
    let plan = one.app.create_plan(hub.patient, &new_plan(Some(HEART)));
    let plan = plan.unwrap();
    one.push(&mut hub);
    other.pull(&hub);
    (hub, one, other, plan)
}

fn first(plan: &PlanHandle) -> (EntryId, Activity) {
    let plan = plan.read().unwrap();
    plan.activities.into_iter().next().unwrap()
}

#[test]
fn a_plan_made_offline_from_a_template_is_a_colleagues_too() {
    let (hub, one, other, id) = two();
    let plan = other.app.plan(id).read().unwrap();
    assert_eq!(plan, one.app.plan(id).read().unwrap());
    assert_eq!(plan.template.as_deref(), Some(HEART));
    assert_eq!(plan.title, "Insuficiencia cardíaca: vigilarse a sí mismo");
    assert_eq!(plan.assignee, Some(Assignee::Role(Role::Nurse)));
    let titles: Vec<&str> = plan
        .activities
        .values()
        .map(|it| it.code.text.as_str())
        .collect();
    assert_eq!(titles[0], "Pesarse por la mañana");
    let schedule = plan
        .activities
        .values()
        .next()
        .unwrap()
        .schedule
        .clone()
        .unwrap();
    assert_eq!(
        (schedule.start.as_str(), schedule.rule.as_deref()),
        ("2026-11-20T08:00", Some("FREQ=DAILY"))
    );
    assert_eq!(
        plan.goals.values().next().unwrap().due.as_deref(),
        Some("2026-12-18")
    );
    let (plans, _) = other.app.documents_of(hub.patient).unwrap();
    assert_eq!(plans, [id]);
}

#[test]
fn a_plan_survives_the_end_of_the_process_before_it_was_sent() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let id = phone
        .app
        .create_plan(hub.patient, &new_plan(Some(HEART)))
        .unwrap();
    let before = phone.app.plan(id).read().unwrap();
    let mut phone = phone.restart();
    assert_eq!(phone.app.plan(id).read().unwrap(), before);
    phone.app.plan(id).rename("Peso").unwrap();
    phone.push(&mut hub);
    let mut other = hub.phone(0x200, Role::Nurse);
    other.pull(&hub);
    assert_eq!(other.app.plan(id).read().unwrap().title, "Peso");
}

#[test]
fn what_two_people_change_of_a_plan_merges_field_by_field() {
    let (mut hub, mut one, mut other, id) = two();
    let (activity, _) = first(&one.app.plan(id));
    let (here, there) = (one.app.plan(id), other.app.plan(id));
    here.change_activity(activity, "Weigh", Some("Shoes off"))
        .unwrap();
    here.add_goal("Walks to church", Some("2027-01-01"))
        .unwrap();
    let weekly = Schedule {
        start: "2026-11-23T09:00".into(),
        rule: Some("FREQ=WEEKLY".into()),
        ..Schedule::default()
    };
    there.set_schedule(activity, Some(&weekly)).unwrap();
    there
        .assign_activity(activity, Some(&Assignee::Person(other.person)))
        .unwrap();
    there.assign(Some(&Assignee::Person(other.person))).unwrap();
    for _ in 0..2 {
        one.push(&mut hub);
        other.push(&mut hub);
        one.pull(&hub);
        other.pull(&hub);
    }
    let plan = here.read().unwrap();
    assert_eq!(plan, there.read().unwrap());
    assert!(here.conflicts().unwrap().is_empty());
    let merged = &plan.activities[&activity];
    assert_eq!(merged.code.text, "Weigh");
    assert_eq!(merged.instructions.as_deref(), Some("Shoes off"));
    assert_eq!(merged.schedule.as_ref(), Some(&weekly));
    assert_eq!(merged.assignee, Some(Assignee::Person(other.person)));
    assert_eq!(plan.assignee, Some(Assignee::Person(other.person)));
    assert_eq!(plan.goals.len(), 3);
    // Two different schedules are a question.
    let daily = Schedule {
        rule: Some("FREQ=DAILY".into()),
        ..weekly
    };
    here.set_schedule(activity, Some(&daily)).unwrap();
    there.set_schedule(activity, None).unwrap();
    one.push(&mut hub);
    other.push(&mut hub);
    one.pull(&hub);
    assert_eq!(here.conflicts().unwrap().len(), 1);
}

#[test]
fn a_later_version_of_a_template_changes_no_plan() {
    let mut hub = Hub::new();
    let definition = |version: &str, title: &str| {
        json!({
        "resourceType": "PlanDefinition", "status": "active", "title": "Foot care",
        "url": "https://clinic.example.org/PlanDefinition/foot", "version": version,
        "action": [{"title": title}] })
    };
    hub.add_template(1, &definition("1.9", "Wash"));
    let mut phone = hub.phone(0x100, Role::Nurse);
    let pinned = "https://clinic.example.org/PlanDefinition/foot|1.9";
    let id = phone
        .app
        .create_plan(hub.patient, &new_plan(Some(pinned)))
        .unwrap();
    hub.add_template(2, &definition("1.10", "Soak"));
    phone.pull(&hub);
    let offers = phone.app.plan_templates().unwrap();
    let own: Vec<&str> = offers
        .iter()
        .filter(|it| !it.shipped)
        .map(|it| it.template.as_str())
        .collect();
    assert_eq!(own, ["https://clinic.example.org/PlanDefinition/foot|1.10"]);
    let plan = phone.app.plan(id).read().unwrap();
    assert_eq!(plan.template.as_deref(), Some(pinned));
    assert_eq!(first(&phone.app.plan(id)).1.code.text, "Wash");
    assert_eq!(
        refused(
            phone
                .app
                .create_plan(hub.patient, &new_plan(Some("https://c.example/x|1")))
        ),
        "template"
    );
}

#[test]
fn each_part_of_a_plan_that_is_wrong_is_refused_by_name() {
    let (hub, one, _other, id) = two();
    let plan = one.app.plan(id);
    let (activity, _) = first(&plan);
    let zone = NewPlan {
        time_zone: Some("Mars".into()),
        ..new_plan(None)
    };
    assert_eq!(
        refused(one.app.create_plan(hub.patient, &zone)),
        "time_zone"
    );
    assert_eq!(
        refused(one.app.create_plan(hub.patient, &new_plan(None))),
        "title"
    );
    assert_eq!(refused(plan.add_goal(" ", None)), "text");
    assert_eq!(refused(plan.add_goal("Walk", Some("soon"))), "due");
    assert_eq!(refused(plan.set_status("draft", "why")), "status");
    assert_eq!(refused(plan.drop_activity(activity, "")), "reason");
    let set = |change: &dyn Fn(&mut Schedule)| {
        let mut schedule = Schedule {
            start: "2026-11-23T09:00".into(),
            ..Schedule::default()
        };
        change(&mut schedule);
        refused(plan.set_schedule(activity, Some(&schedule)))
    };
    assert_eq!(set(&|it| it.start = "2026-11-23 09:00".into()), "start");
    assert_eq!(set(&|it| it.rule = Some("FREQ=YEARLY".into())), "rule");
    assert_eq!(set(&|it| it.except = vec!["x".into()]), "except");
    assert_eq!(set(&|it| it.late_minutes = 30_000), "late_minutes");
    let note = |change: &dyn Fn(&mut ProgressNote)| {
        let mut note = ProgressNote::default();
        change(&mut note);
        refused(plan.record_progress(activity, &note))
    };
    assert_eq!(note(&|_| {}), "progress");
    assert_eq!(note(&|it| it.percent = Some(101)), "percent");
    assert_eq!(
        note(&|it| it.achievement = Some("fine".into())),
        "achievement"
    );
    assert_eq!(
        note(&|it| it.achievement = Some("achieved".into())),
        "progress"
    );
    assert_eq!(
        note(&|it| it.value = Some((f64::NAN, "kg".into()))),
        "value"
    );
    let named = plan.record_occurrence(activity, "2026-11-22T08:01", None, true, None);
    assert_eq!(refused(named), "occurrence");
    let silent = plan.record_occurrence(activity, "2026-11-22T08:00", None, false, None);
    assert_eq!(refused(silent), "reason");
}

#[test]
fn progress_is_kept_entry_by_entry_and_stands_where_it_was_said_last() {
    let (mut hub, mut one, mut other, id) = two();
    let goal = *one
        .app
        .plan(id)
        .read()
        .unwrap()
        .goals
        .keys()
        .next()
        .unwrap();
    let note = |achievement: &str, percent| ProgressNote {
        achievement: Some(achievement.into()),
        percent: Some(percent),
        value: Some((71.5, "kg".into())),
        ..ProgressNote::default()
    };
    one.app
        .plan(id)
        .record_progress(goal, &note("improving", 40))
        .unwrap();
    one.app
        .plan(id)
        .record_progress(goal, &note("achieved", 100))
        .unwrap();
    one.push(&mut hub);
    other.pull(&hub);
    let plan = other.app.plan(id).read().unwrap();
    let said: Vec<_> = plan.progress.values().map(|it| it.percent).collect();
    assert_eq!(said, [Some(40), Some(100)]);
    assert_eq!(plan.goals[&goal].achievement.as_deref(), Some("achieved"));
}

#[test]
fn an_aide_says_what_was_done_and_changes_no_plan() {
    let (mut hub, _one, mut other, id) = two();
    let mut aide = hub.phone(0x300, Role::Aide);
    aide.pull(&hub);
    let plan = aide.app.plan(id);
    let (activity, _) = first(&plan);
    plan.record_occurrence(activity, "2026-11-22T08:00", None, true, None)
        .unwrap();
    let words = ProgressNote {
        comment: Some("slower".into()),
        ..ProgressNote::default()
    };
    plan.record_progress(activity, &words).unwrap();
    let made = aide.app.create_plan(hub.patient, &new_plan(Some(HEART)));
    assert!(matches!(made, Err(AppError::NotAllowed { .. })));
    let changed = plan.change_activity(activity, "Rest", None);
    assert!(matches!(changed, Err(AppError::NotAllowed { .. })));
    aide.push(&mut hub);
    other.pull(&hub);
    assert_eq!(other.app.plan(id).read().unwrap().adherence.len(), 1);
}

fn asked(phone: &Phone, hub: &Hub) -> Vec<PlannedTask> {
    phone.app.visit(hub.visit).planned_tasks().unwrap()
}

#[test]
fn two_phones_and_the_backend_ask_for_the_same_tasks_and_none_is_there_twice() {
    let (mut hub, mut one, mut other, id) = two();
    let (here, there) = (asked(&one, &hub), asked(&other, &hub));
    assert_eq!(here, there);
    assert!(here.len() >= 2, "{here:?}");
    // The backend's own look, by the code that it runs.
    let plan = one.app.plan(id).read().unwrap();
    let window = (Millis(START), Millis(START + HOUR_MS));
    let none = crate::care::Outcomes::new();
    let of_backend = planned_tasks(&[(id, &plan)], &[(hub.visit, &none)], hub.visit, window);
    assert_eq!(of_backend, here);
    // Both did it before they heard of each other.
    let task = here[0].id;
    let done = TaskOutcome::done();
    one.app
        .visit(hub.visit)
        .set_planned_task(task, &done)
        .unwrap();
    other
        .app
        .visit(hub.visit)
        .set_planned_task(task, &done)
        .unwrap();
    one.push(&mut hub);
    other.push(&mut hub);
    one.pull(&hub);
    other.pull(&hub);
    let merged = asked(&one, &hub);
    assert_eq!(merged, asked(&other, &hub));
    assert_eq!(merged.len(), here.len());
    assert!(one.app.visit(hub.visit).conflicts().unwrap().is_empty());
    let state = one.app.plan(id).state((2, 1)).unwrap();
    let (_, judged) = state.adherence.activities[&here[0].activity]
        .clone()
        .unwrap();
    let own = judged
        .iter()
        .find(|it| it.occurrence.name() == here[0].occurrence);
    let own = own.unwrap();
    assert!(matches!(own.state, State::Done | State::DoneLate));
    assert_eq!(own.word.as_ref().unwrap().visit, Some(hub.visit));
}

#[test]
fn how_plans_were_kept_to_is_told_of_each_over_a_time() {
    let (hub, one, _other, id) = two();
    let plan = one.app.plan(id);
    let (activity, _) = first(&plan);
    plan.record_occurrence(activity, "2026-11-20T08:00", None, true, None)
        .unwrap();
    let day = |day: i64| Millis(START + (day - 22) * DAY_MS);
    let told = one.app.adherence_between(day(20), day(22)).unwrap();
    let [told] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((told.plan, told.patient), (id, hub.patient));
    assert_eq!(told.title, plan.read().unwrap().title);
    // Said after its time, so done late; the next day's nobody did.
    assert_eq!(told.counts.done_late, 1);
    assert!(told.counts.missed >= 1, "{told:?}");
    let today = one.app.today().unwrap();
    let (from, until) = (today - Days::new(2), today - Days::new(1));
    let mine = one.app.my_numbers(from, until).unwrap();
    assert_eq!(mine.plan_done, 1, "in one's own numbers too");
    assert!(mine.plan_counted > mine.plan_done, "{mine:?}");
    let apart = one.app.adherence_between(day(22), day(21));
    assert_eq!(refused(apart), "until");
    let long = one.app.adherence_between(day(0), day(401));
    assert_eq!(refused(long), "until");
}

#[test]
fn done_by_one_and_not_by_the_other_is_a_conflict_that_a_person_settles() {
    let (mut hub, mut one, mut other, _) = two();
    let task = asked(&one, &hub)[0].id;
    let not = TaskOutcome {
        status: TaskStatus::NotDone,
        reason: Some(NotDoneReason::Refused),
        ..TaskOutcome::done()
    };
    one.app
        .visit(hub.visit)
        .set_planned_task(task, &TaskOutcome::done())
        .unwrap();
    other
        .app
        .visit(hub.visit)
        .set_planned_task(task, &not)
        .unwrap();
    one.push(&mut hub);
    other.push(&mut hub);
    one.pull(&hub);
    let visit = one.app.visit(hub.visit);
    let conflict = visit.conflicts().unwrap().remove(0);
    assert_eq!(conflict.path.0, format!("planned/{task}"));
    assert_eq!(conflict.values[conflict.winner].value["status"], "done");
    visit
        .settle(&conflict.path, &conflict.values[1 - conflict.winner].value)
        .unwrap();
    let settled = asked(&one, &hub)
        .into_iter()
        .find(|it| it.id == task)
        .unwrap();
    assert_eq!(settled.outcome.unwrap().status, PlannedStatus::NotDone);
}

#[test]
fn a_task_that_somebody_took_off_stays_off_and_is_due_all_the_same() {
    let (mut hub, mut one, mut other, id) = two();
    let task = asked(&one, &hub)[0].clone();
    one.app
        .visit(hub.visit)
        .remove_planned_task(task.id, None)
        .unwrap();
    one.push(&mut hub);
    other.pull(&hub);
    let there = asked(&other, &hub);
    assert!(
        there
            .iter()
            .find(|it| it.id == task.id)
            .unwrap()
            .is_removed()
    );
    let state = other.app.plan(id).state((2, 1)).unwrap();
    let (_, judged) = state.adherence.activities[&task.activity].clone().unwrap();
    let own = judged
        .iter()
        .find(|it| it.occurrence.name() == task.occurrence);
    assert_eq!(own.unwrap().word, None);
    // Taken back: open again.
    let open = TaskOutcome {
        status: TaskStatus::Open,
        result: None,
        ..TaskOutcome::done()
    };
    other
        .app
        .visit(hub.visit)
        .set_planned_task(task.id, &open)
        .unwrap();
    let again = asked(&other, &hub);
    assert_eq!(
        again.iter().find(|it| it.id == task.id).unwrap().outcome,
        None
    );
}

#[test]
fn a_dropped_activity_asks_for_nothing_and_goes_on_when_somebody_says_so() {
    let (hub, one, _other, id) = two();
    let plan = one.app.plan(id);
    let all = asked(&one, &hub);
    let activity = all[0].activity;
    plan.pause_activity(activity, "in hospital").unwrap();
    one.hands.pass(1_000);
    plan.resume_activity(activity, "home again").unwrap();
    assert_eq!(plan.read().unwrap().pauses.len(), 2);
    plan.drop_activity(activity, "not wanted").unwrap();
    assert!(plan.read().unwrap().activities[&activity].has_ended());
    let unknown = one
        .app
        .visit(hub.visit)
        .set_planned_task(task_id(), &TaskOutcome::done());
    assert!(matches!(unknown, Err(AppError::NotFound { .. })));
}

#[test]
fn a_rejected_new_plan_is_set_aside_and_not_shown_any_more() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let id = phone
        .app
        .create_plan(hub.patient, &new_plan(Some(HEART)))
        .unwrap();
    hub.judge = Box::new(|_| {
        Some(crate::wire::Verdict::Rejected {
            code: "not_permitted".into(),
            field: "title".into(),
        })
    });
    phone.push(&mut hub);
    assert_eq!(phone.app.quarantine().unwrap().len(), 1);
    assert!(matches!(
        phone.app.plan(id).read(),
        Err(AppError::NotFound { .. })
    ));
    assert_eq!(phone.app.documents_of(hub.patient).unwrap().0, []);
}

#[test]
fn what_a_later_version_wrote_into_a_plan_hides_nothing() {
    let mut hub = Hub::new();
    let id = PlanId(id(0x21));
    let item = EntryId(super::id(0x22));
    let tree = json!({ "schema": 1, "kind": "plan", "patient": hub.patient, "title": "Later",
        "status": "active", "assignee": { "team": "night" }, "mood": "fair",
        "activities": { item.to_string(): { "code": { "text": "Walk" }, "status": "open",
            "schedule": { "moon": "full" } } },
        "progress": { item.to_string(): { "smell": 3 } } });
    hub.add_document(DocumentId::plan(id), &tree);
    let phone = hub.phone(0x100, Role::Nurse);
    let plan = phone.app.plan(id).read().unwrap();
    assert!(matches!(plan.assignee, Some(Assignee::Unknown(_))));
    assert_eq!(plan.activities[&item].schedule, None);
    assert!(plan.progress.is_empty());
    assert!(
        phone
            .app
            .plan(id)
            .state((1, 1))
            .unwrap()
            .adherence
            .activities
            .is_empty()
    );
}
