//! What a care plan asks for at a visit, out and back.

use homeround::model::*;
use serde_json::json;

use super::import;
use super::sample::{id, sample};

/// Of what somebody said how it went, by whom and when.
fn said(plan: &Plan) -> Vec<(EntryId, PersonId, Millis)> {
    let all = plan.progress.values();
    let mut all: Vec<_> = all.map(|it| (it.of, it.by, it.at_ms)).collect();
    all.sort();
    all
}

#[test]
fn what_a_plan_asks_for_goes_out_as_tasks_and_comes_back_with_its_schedule() {
    let sample = sample();
    let bundle = sample.export();
    let entries = bundle["entry"].as_array().unwrap();
    let resources = || entries.iter().map(|entry| &entry["resource"]);
    let mut asked = resources().filter(|it| it["basedOn"].is_array());
    // By the hand: the fourteenth is the second Saturday, and the seventh turn of two days.
    let (stairs, gait) = (asked.next().unwrap(), asked.next().unwrap());
    assert!(asked.next().is_none());
    assert_eq!(
        (&stairs["description"], &stairs["status"]),
        (&json!("Stair training"), &json!("requested"))
    );
    assert_eq!(
        stairs["restriction"]["period"]["end"],
        "2026-02-14T19:00:00.000-05:00"
    );
    assert_eq!(
        (&gait["description"], &gait["status"]),
        (&json!("Gait training"), &json!("completed"))
    );
    let plan = resources()
        .find(|it| it["resourceType"] == "CarePlan")
        .unwrap();
    let repeat = &plan["activity"][0]["detail"]["scheduledTiming"]["repeat"];
    assert_eq!(
        (&repeat["period"], &repeat["timeOfDay"]),
        (&json!(2), &json!(["19:30:00"]))
    );
    let goal = resources().find(|it| it["resourceType"] == "Goal").unwrap();
    assert_eq!(goal["target"][0]["dueDate"], "2026-05-01");
    assert_eq!(
        goal["note"][0]["text"],
        "improving; 40 %; 120 m; To the corner"
    );

    let back = import(bundle.to_string().as_bytes()).unwrap();
    let tree = back
        .documents
        .iter()
        .find(|it| it.id == DocumentId::plan(PlanId(id(0x21))));
    let plan: Plan = serde_json::from_value(tree.unwrap().tree.clone()).unwrap();
    let sent = &sample.plans[0].1;
    assert_eq!(plan.activities.len(), sent.activities.len());
    assert_eq!(said(&plan), said(sent));
    for (id, activity) in &sent.activities {
        let same = &plan.activities[id];
        assert_eq!(
            (
                &same.schedule,
                &same.assignee,
                &same.lifecycle,
                &same.instructions,
                &same.progress
            ),
            (
                &activity.schedule,
                &activity.assignee,
                &activity.lifecycle,
                &activity.instructions,
                &activity.progress
            )
        );
    }
}

#[test]
fn a_task_that_a_plan_asks_for_comes_back_as_what_was_said_of_it_and_is_no_second_task() {
    let mut sample = sample();
    sample.visit.status = VisitStatus::Scheduled;
    let bundle = sample.export();
    let back = import(bundle.to_string().as_bytes()).unwrap();
    let id = DocumentId::visit(sample.booking.visit);
    let tree = back.documents.iter().find(|it| it.id == id).unwrap();
    let visit: Visit = serde_json::from_value(tree.tree.clone()).unwrap();
    assert!(sample.visit.planned.values().any(|it| it.result.is_some()));
    assert_eq!(visit.planned, sample.visit.planned);
    assert_eq!(visit.tasks.len(), sample.visit.tasks.len());
    // A task of another system's that is based on a plan is a task.
    let mut foreign = bundle;
    for entry in foreign["entry"].as_array_mut().unwrap() {
        if entry["resource"]["basedOn"].is_array() {
            entry["resource"]
                .as_object_mut()
                .unwrap()
                .remove("extension");
        }
    }
    let back = import(foreign.to_string().as_bytes()).unwrap();
    let tree = back.documents.iter().find(|it| it.id == id).unwrap();
    let visit: Visit = serde_json::from_value(tree.tree.clone()).unwrap();
    assert!(visit.planned.is_empty());
    assert_eq!(visit.tasks.len(), sample.visit.tasks.len() + 2);
}
