//! Commands about care plans.

use homeround::app::{Homeround, NewPlan, Saved, TaskOutcome};
use homeround::care::{Adherence, PlannedTask};
use homeround::model::{Coding, PatientId, PlanId, Schedule, VisitId};
use serde_json::{Value, json};

use super::answer::Refusal;
use super::command::Command;

/// Does what changes a plan or says something of its tasks; none for another kind of
/// command.
pub(super) fn care(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let saved = match command {
        Command::PlanActivity {
            plan,
            title,
            start,
            rule,
        } => {
            let schedule = Schedule {
                start: start.clone(),
                rule: rule.clone(),
                early_minutes: 30,
                late_minutes: 60,
                ..Schedule::default()
            };
            let code = Coding::text(title);
            app.plan(*plan).add_activity(&code, None, Some(&schedule))
        }
        Command::PlannedTask {
            visit,
            task,
            status,
            reason,
        } => {
            let outcome = TaskOutcome {
                status: *status,
                result: None,
                reason: *reason,
                comment: None,
            };
            app.visit(*visit).set_planned_task(*task, &outcome)
        }
        Command::PlannedRemove { visit, task } => {
            app.visit(*visit).remove_planned_task(*task, None)
        }
        _ => return None,
    };
    Some(saved.map_err(Refusal::from))
}

/// Makes a plan of a template, from today on, in the time of the patient's home.
pub(super) fn start(app: &Homeround, patient: PatientId, template: &str) -> Result<Value, Refusal> {
    let new = NewPlan {
        template: Some(template.to_owned()),
        title: None,
        language: "en".to_owned(),
        begins: app.today()?,
        time_zone: None,
        assignee: None,
    };
    Ok(json!({ "plan": app.create_plan(patient, &new)? }))
}

/// What the plans ask for at a visit.
pub(super) fn planned(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
    let tasks = app.visit(visit).planned_tasks()?;
    Ok(tasks.iter().map(task).collect())
}

fn task(of: &PlannedTask) -> Value {
    let status = of.outcome.as_ref().map_or("open", |it| it.status.name());
    json!({ "id": of.id, "title": of.title, "occurrence": of.occurrence, "status": status })
}

/// How a plan was kept to yesterday and today, and what is due.
pub(super) fn state(app: &Homeround, plan: PlanId) -> Result<Value, Refusal> {
    let state = app.plan(plan).state((1, 1))?;
    let all = counts(&state.adherence.all);
    let activities = state.adherence.activities.iter();
    let activities: serde_json::Map<String, Value> = activities
        .filter_map(|(id, judged)| {
            let (count, _) = judged.as_ref().ok()?;
            Some((id.to_string(), counts(count)))
        })
        .collect();
    Ok(json!({ "title": state.plan.title, "all": all, "activities": activities }))
}

fn counts(of: &Adherence) -> Value {
    json!({
        "done": of.done, "done_late": of.done_late, "missed": of.missed, "skipped": of.skipped,
        "due": of.due, "overdue": of.overdue, "percent": of.percent(),
    })
}
