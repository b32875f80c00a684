//! The care plans, and the tasks that they ask for at the visit.

use homeround::care::{ACHIEVEMENTS, PlannedTask, timing_of};
use homeround::model::{
    Activity, Assignee, EntryId, Goal, Plan, PlanId, PlannedStatus, ProgressEntry, TaskStatus,
};
use serde_json::{Value, json};

use super::super::PLANNED_TASK;
use super::visit::result;
use super::{EXTENSIONS, Sheet, code_or, concept, hl7, notes, reference, why};

const PLAN_STATUSES: [&str; 7] = [
    "draft",
    "active",
    "on-hold",
    "revoked",
    "completed",
    "entered-in-error",
    "unknown",
];
const GOAL_STATUSES: [&str; 9] = [
    "proposed",
    "planned",
    "accepted",
    "active",
    "on-hold",
    "completed",
    "cancelled",
    "entered-in-error",
    "rejected",
];

impl Sheet<'_> {
    pub(super) fn plans(&mut self) {
        for (id, plan) in self.input.plans {
            for (goal_id, goal) in &plan.goals {
                let resource = self.goal(*goal_id, goal, plan);
                self.add(goal_id.0, resource);
            }
            let resource = self.plan(plan);
            self.add(id.0, resource);
        }
    }

    fn goal(&mut self, id: EntryId, goal: &Goal, plan: &Plan) -> Value {
        let achievement = goal.achievement.as_deref();
        let achievement = achievement.map(|code| {
            if ACHIEVEMENTS.contains(&code) {
                hl7("goal-achievement", code, "")
            } else {
                json!({ "text": code })
            }
        });
        json!({
            "resourceType": "Goal",
            "lifecycleStatus": code_or(&goal.lifecycle, &GOAL_STATUSES, "active"),
            "achievementStatus": achievement,
            "description": { "text": goal.text },
            "subject": self.subject(),
            "target": goal.due.iter().map(|due| json!({ "dueDate": due })).collect::<Vec<_>>(),
            "note": self.progress(id, plan),
        })
    }

    fn plan(&mut self, plan: &Plan) -> Value {
        let goals: Vec<Value> = plan.goals.keys().map(|id| reference(id.0)).collect();
        let activities = plan.activities.iter();
        let activities: Vec<Value> = activities
            .map(|(id, activity)| self.activity(*id, activity, plan))
            .collect();
        let assignee = plan.assignee.as_ref().and_then(|it| self.assignee(it));
        json!({
            "resourceType": "CarePlan",
            "instantiatesCanonical": plan.template.iter().collect::<Vec<_>>(),
            "status": code_or(&plan.status, &PLAN_STATUSES, "unknown"),
            "intent": "plan",
            "title": plan.title,
            "description": plan.narrative,
            "subject": self.subject(),
            "author": assignee,
            "careTeam": self.input.care_team.map(|team| reference(team.id.0)).into_iter().collect::<Vec<_>>(),
            "goal": goals,
            "activity": activities,
        })
    }

    fn activity(&mut self, id: EntryId, activity: &Activity, plan: &Plan) -> Value {
        let status = match (activity.lifecycle.as_deref(), activity.status) {
            (Some("on-hold"), _) => "on-hold",
            (Some("stopped" | "cancelled"), _) => "stopped",
            (Some("completed"), _) | (_, TaskStatus::Done) => "completed",
            (_, TaskStatus::Open) => "not-started",
            (_, TaskStatus::Started) => "in-progress",
            (_, TaskStatus::NotDone) => "cancelled",
        };
        let performer = activity.assignee.as_ref().and_then(|it| self.assignee(it));
        let said = activity.progress.iter();
        let said = said.map(|text| json!({ "text": text }));
        let progress: Vec<Value> = said.chain(self.progress(id, plan)).collect();
        json!({
            "id": id.to_string(),
            "progress": progress,
            "detail": {
                "code": concept(&activity.code),
                "status": status,
                "scheduledTiming": activity.schedule.as_ref().map(timing_of),
                "performer": performer.into_iter().collect::<Vec<_>>(),
                "description": activity.instructions,
            },
        })
    }

    /// How a goal or an activity went, as notes in the order of time.
    fn progress(&mut self, of: EntryId, plan: &Plan) -> Vec<Value> {
        let mut entries: Vec<&ProgressEntry> = plan
            .progress
            .values()
            .filter(|entry| entry.of == of)
            .collect();
        entries.sort_by_key(|entry| entry.at_ms);
        let note = |entry: &ProgressEntry| {
            let text = progress_text(entry);
            let author = self.who(entry.by);
            json!({ "authorReference": author, "time": self.instant(entry.at_ms), "text": text })
        };
        entries.into_iter().map(note).collect()
    }

    fn assignee(&mut self, assignee: &Assignee) -> Option<Value> {
        match assignee {
            Assignee::Person(person) => Some(self.who(*person)),
            Assignee::Role(role) => Some(json!({ "display": role.name() })),
            Assignee::Unknown(_) => None,
        }
    }

    pub(super) fn planned_tasks(&mut self) {
        let known: std::collections::BTreeSet<PlanId> =
            self.input.plans.iter().map(|(id, _)| *id).collect();
        for task in self.input.planned.iter().filter(|it| !it.is_removed()) {
            let outcome = task.outcome.as_ref();
            let status = match outcome.map(|it| it.status) {
                Some(PlannedStatus::Done) => "completed",
                Some(PlannedStatus::NotDone) => "cancelled",
                _ => "requested",
            };
            let owner = match (outcome, &task.assignee) {
                (Some(outcome), _) => Some(self.who(outcome.by)),
                (None, assignee) => assignee.as_ref().and_then(|it| self.assignee(it)),
            };
            let plan = known.contains(&task.plan).then(|| reference(task.plan.0));
            let due = task.due.map(|due| self.instant(due));
            let resource = json!({
                "resourceType": "Task",
                "extension": [occurrence(task)],
                "basedOn": plan.into_iter().collect::<Vec<_>>(),
                "status": status,
                "statusReason": outcome.and_then(|it| it.reason).map(why),
                "businessStatus": outcome.and_then(|it| it.result).map(result),
                "intent": "order",
                "priority": "routine",
                "description": task.title,
                "focus": reference(self.input.booking.visit.0),
                "for": self.subject(),
                "encounter": self.encounter_reference(),
                "lastModified": outcome.map(|it| self.instant(it.at_ms)),
                "owner": owner,
                "restriction": due.map(|due| json!({ "period": { "end": due } })),
                "note": notes(outcome.and_then(|it| it.comment.as_ref())),
            });
            self.add_of(task.id, task.id.0, resource);
        }
    }
}

/// Which activity a task is of, and which of its times: what says so again on the way in.
fn occurrence(task: &PlannedTask) -> Value {
    let part = |url: &str, text: &str| json!({ "url": url, "valueString": text });
    json!({
        "url": format!("{EXTENSIONS}/{PLANNED_TASK}"),
        "extension": [
            part("activity", &task.activity.to_string()),
            part("occurrence", &task.occurrence),
        ],
    })
}

/// A progress entry as a person reads it.
fn progress_text(entry: &ProgressEntry) -> String {
    let figure = entry.value.map(|value| {
        let unit = entry.unit.as_deref().unwrap_or_default();
        format!("{value} {unit}").trim_end().to_owned()
    });
    let parts = [
        entry.achievement.clone(),
        entry.status.map(|status| status.name().to_owned()),
        entry.percent.map(|percent| format!("{percent} %")),
        figure,
        entry.comment.clone(),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join("; ")
}
