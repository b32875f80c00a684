//! Care plans, from a phone to the backend and back.

use homeround::app::{Homeround, NewPlan, NewVisit, TaskOutcome};
use homeround::model::{
    Coding, DAY_MS, Millis, NotDoneReason, PatientId, PlanId, PlannedStatus, TaskStatus,
    UnplannedReason, VisitId,
};
use homeround_tests::stage::{START, Stage};
use serde_json::{Value, json};

const HEART: &str = "https://github.com/homeround/homeround/fhir/PlanDefinition/heart-failure|1.0";
const FOOT: &str = "https://clinic.example.org/PlanDefinition/foot";

fn make(app: &Homeround, patient: PatientId, template: &str) -> PlanId {
    let new = NewPlan {
        template: Some(template.to_owned()),
        title: None,
        language: "en".to_owned(),
        begins: app.today().unwrap(),
        time_zone: None,
        assignee: None,
    };
    app.create_plan(patient, &new).unwrap()
}

/// The tasks of a visit's export that a plan asks for: id, title and status.
fn exported(stage: &Stage, visit: VisitId) -> Vec<(String, String, String)> {
    let bundle = stage
        .office()
        .read(&format!("/v1/admin/visits/{visit}/fhir"));
    let entries = bundle["entry"].as_array().unwrap();
    let resources = entries.iter().map(|entry| &entry["resource"]);
    let tasks = resources.filter(|it| it["resourceType"] == "Task" && it["basedOn"].is_array());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut tasks: Vec<_> = tasks
        .map(|it| {
            (
                text(&it["id"]),
                text(&it["description"]),
                text(&it["status"]),
            )
        })
        .collect();
    tasks.sort();
    tasks
}

/// How a plan was kept to from the day before [`START`] on.
fn path(plan: &str, until: Millis) -> String {
    let (from, until) = (START.plus(-DAY_MS).0, until.0);
    format!("/v1/admin/plans/{plan}/adherence?from_ms={from}&until_ms={until}")
}

#[test]
fn the_backend_asks_for_the_tasks_that_phones_ask_for_and_counts_as_they_do() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let plan = make(nina.app(), stage.patients[0], HEART);
    stage.converge(&[&nina, &theo]);
    let asked = nina.app().visit(visit).planned_tasks().unwrap();
    assert_eq!(asked, theo.app().visit(visit).planned_tasks().unwrap());
    let (first, second) = (&asked[0], &asked[1]);
    let open = exported(&stage, visit);
    assert_eq!(open.len(), asked.len());
    assert!(open.iter().all(|(.., status)| status == "requested"));
    // One does it, both say the same of the other, and nobody hears of the colleague.
    let done = TaskOutcome::done();
    let refused = TaskOutcome {
        status: TaskStatus::NotDone,
        reason: Some(NotDoneReason::Refused),
        ..TaskOutcome::done()
    };
    for phone in [&nina, &theo] {
        let seen = phone.app().visit(visit);
        seen.set_planned_task(first.id, &done).unwrap();
        seen.set_planned_task(second.id, &refused).unwrap();
    }
    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    assert!(nina.app().visit(visit).conflicts().unwrap().is_empty());
    let status_of = |id: &str| {
        let tasks = exported(&stage, visit);
        let found = tasks.into_iter().find(|(known, ..)| known == id);
        found.unwrap().2
    };
    assert_eq!(status_of(&first.id.to_string()), "completed");
    assert_eq!(status_of(&second.id.to_string()), "cancelled");

    let (from, until) = (START.plus(-DAY_MS), START.plus(DAY_MS));
    let here = nina.app().adherence_between(from, until).unwrap();
    let counts = here.iter().find(|it| it.plan == plan).unwrap().counts;
    let told = stage.supervisor().read(&path(&plan.to_string(), until));
    for (name, count) in [
        ("done", counts.done),
        ("done_late", counts.done_late),
        ("missed", counts.missed),
        ("skipped", counts.skipped),
        ("due", counts.due),
        ("overdue", counts.overdue),
        ("counted", counts.counted()),
    ] {
        assert_eq!(told["all"][name], count, "{name}");
    }
    assert_eq!((counts.done, counts.skipped), (1, 1));
    assert_eq!(told["all"]["percent"], 50);
    let occurrences = &told["activities"][first.activity.to_string()]["occurrences"];
    assert_eq!(occurrences[0]["state"], "done");
    assert_eq!(occurrences[0]["visit"], json!(visit));
    assert_eq!(occurrences[0]["occurrence"], json!(first.occurrence));
}

#[test]
fn what_is_said_at_a_visit_that_nobody_booked_counts_on_the_backend_too() {
    let stage = Stage::set();
    let booked = stage.visit();
    let nina = stage.phone("nina");
    let plan = make(nina.app(), stage.patients[0], HEART);
    let task = nina.app().visit(booked).planned_tasks().unwrap().remove(0);
    // At once and offline: the plan, a visit of her own, and the task done in it.
    let new = NewVisit {
        patient: stage.patients[0],
        service: Coding::text("Heart check"),
        reason: UnplannedReason::ConditionChanged,
        comment: None,
        start_ms: None,
        minutes: 60,
    };
    let (own, _) = nina.app().new_visit(&new).unwrap();
    let visit = nina.app().visit(own);
    let asked = visit.planned_tasks().unwrap();
    let asked = asked.iter().find(|it| it.occurrence == task.occurrence);
    visit
        .set_planned_task(asked.unwrap().id, &TaskOutcome::done())
        .unwrap();
    nina.sync(&stage.backend);
    let until = START.plus(DAY_MS);
    let told = stage.supervisor().read(&path(&plan.to_string(), until));
    let here = nina.app().adherence_between(START.plus(-DAY_MS), until);
    let here = here.unwrap().remove(0).counts;
    assert_eq!(here.done + here.done_late, 1);
    assert_eq!(told["all"]["counted"], json!(here.counted()));
    let occurrences = &told["activities"][task.activity.to_string()]["occurrences"];
    let said = |it: &Value| it["visit"] == json!(own);
    assert!(
        occurrences.as_array().unwrap().iter().any(said),
        "{occurrences}"
    );
}

#[test]
fn how_a_plan_was_kept_to_is_told_to_those_who_may_know_and_is_on_record() {
    let stage = Stage::set();
    let _ = stage.visit();
    let nina = stage.phone("nina");
    let plan = make(nina.app(), stage.patients[0], HEART).to_string();
    nina.sync(&stage.backend);
    let own = path(&plan, START.plus(DAY_MS));
    let supervisor = stage.supervisor();
    assert_eq!(
        supervisor.read(&own)["title"],
        "Heart failure: watching oneself"
    );
    // Coordinators plan visits and read no care plan.
    assert_eq!(stage.office().get(&own).status, 403);
    let long = path(&plan, START.plus(400 * DAY_MS));
    assert_eq!(supervisor.get(&long).status, 400);
    assert_eq!(
        supervisor.get(&path(&plan, START.plus(-DAY_MS))).status,
        400
    );
    let unknown = path("01920000-0000-7000-8000-000000000001", START);
    assert_eq!(supervisor.get(&unknown).status, 404);
    let patient = json!(stage.patients[0]);
    let read = supervisor.audit("read");
    let by_office = read
        .iter()
        .filter(|it| it["patient"] == patient && it["device"].is_null());
    assert_eq!(by_office.count(), 1);
}

#[test]
fn a_visit_that_is_booked_otherwise_is_asked_for_what_its_new_time_meets() {
    let stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    make(nina.app(), stage.patients[0], HEART);
    nina.sync(&stage.backend);
    let before = nina.app().visit(visit).planned_tasks().unwrap();
    let removed = before[0].id;
    nina.app()
        .visit(visit)
        .remove_planned_task(removed, None)
        .unwrap();
    let people = [stage.nurse, stage.therapist];
    let moved = homeround_tests::stage::Booking {
        after_ms: DAY_MS,
        ..homeround_tests::stage::Booking::of(stage.patients[0], &people)
    };
    stage.office().rebook(visit, &moved);
    nina.sync(&stage.backend);
    let after = nina.app().visit(visit).planned_tasks().unwrap();
    let (gone, asked): (Vec<_>, Vec<_>) = after.iter().partition(|it| it.is_removed());
    // What was said stays; what is asked for now is the next day's.
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].id, removed);
    assert!(!asked.is_empty());
    assert!(
        asked
            .iter()
            .all(|now| before.iter().all(|it| it.id != now.id))
    );
    let ids: Vec<String> = exported(&stage, visit).into_iter().map(|it| it.0).collect();
    let mut here: Vec<String> = asked.iter().map(|it| it.id.to_string()).collect();
    here.sort();
    assert_eq!(ids, here);
}

fn foot(version: &str, title: &str) -> Vec<u8> {
    let definition = json!({
        "resourceType": "PlanDefinition", "status": "active", "title": "Foot care",
        "id": format!("foot-{}", version.replace('.', "-")), "url": FOOT, "version": version,
        "goal": [{ "description": { "text": "Whole skin" } }],
        "action": [{ "title": title, "timingTiming": { "repeat":
            { "frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": ["05:30:00"] } } }],
    });
    let bundle = json!({
        "resourceType": "Bundle", "type": "collection", "entry": [{ "resource": definition }],
    });
    bundle.to_string().into_bytes()
}

#[test]
fn a_clinics_own_template_goes_to_phones_and_no_later_wording_reaches_a_plan() {
    let stage = Stage::set();
    let done = stage.office().import(&foot("1.0", "Wash the feet"));
    assert_eq!(done["report"]["imported"]["PlanDefinition"], 1);
    let visit = stage.visit();
    let nina = stage.phone("nina");
    let offers = nina.app().plan_templates().unwrap();
    let pinned = format!("{FOOT}|1.0");
    assert!(offers.iter().any(|it| it.template == pinned && !it.shipped));
    let plan = make(nina.app(), stage.patients[0], &pinned);
    let reworded = stage.office().import(&foot("1.0", "Soak the feet"));
    assert_eq!(reworded["stored"]["plan_templates_kept"], 1);
    assert_eq!(reworded["stored"]["questionnaires_kept"], 0);
    let _ = stage.office().import(&foot("1.1", "Soak the feet"));
    nina.sync(&stage.backend);
    let kept = nina.app().plan(plan).read().unwrap();
    assert_eq!(kept.template, Some(pinned));
    let asked = nina.app().visit(visit).planned_tasks().unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].title, "Wash the feet");
    assert_eq!(
        asked[0].outcome.as_ref().map(|it| it.status),
        None::<PlannedStatus>
    );
    let latest = nina.app().plan_templates().unwrap();
    assert!(latest.iter().any(|it| it.template == format!("{FOOT}|1.1")));
}
