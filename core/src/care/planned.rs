//! The tasks that care plans ask for at a visit.
//!
//! They are derived and not stored, so that nothing is there twice when two phones and
//! the backend derive them. What people say of one is stored in the visit under the
//! task's id, which follows from plan, activity and occurrence alone.

use sha2::{Digest, Sha256};

use super::adherence::{Outcomes, Rests, State, calendar_of, judge, words_of};
use crate::model::{
    Assignee, EntryId, Millis, Plan, PlanId, PlannedOutcome, PlannedStatus, VisitId,
};

/// Tasks that plans ask for at one visit, at most.
pub const PLANNED_MAX: usize = 200;

/// A task that a plan asks for at a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTask {
    /// Its id, the same on every phone and on the backend.
    pub id: EntryId,
    /// The plan.
    pub plan: PlanId,
    /// The activity.
    pub activity: EntryId,
    /// The occurrence, by its time in the plan's zone.
    pub occurrence: String,
    /// When it is due; none: the plan's schedule does not have it any more.
    pub due: Option<Millis>,
    /// What is to be done.
    pub title: String,
    /// How, in words.
    pub instructions: Option<String>,
    /// Who does it; none: whoever visits. The task is shown to everybody who visits, as a
    /// phone does not know who else comes.
    pub assignee: Option<Assignee>,
    /// What people said of it at this visit; none: it is open.
    pub outcome: Option<PlannedOutcome>,
}

impl PlannedTask {
    /// Whether somebody took it off this visit.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.outcome
            .as_ref()
            .is_some_and(|it| it.status == PlannedStatus::Removed)
    }
}

/// The id of the task of an occurrence: a UUID (version 8) over plan, activity and the
/// occurrence's name.
#[must_use]
pub fn task_id(plan: PlanId, activity: EntryId, occurrence: &str) -> EntryId {
    let mut hash = Sha256::new();
    hash.update(b"homeround planned task\0");
    hash.update(plan.bytes());
    hash.update(activity.bytes());
    hash.update(occurrence.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    EntryId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// The tasks that `plans` ask for at a visit with a window from `start` to `end`: those
/// of occurrences whose time, with its tolerance, meets the window, and that nobody saw
/// to elsewhere; and those of which somebody said something at the visit. In the order
/// of their times.
///
/// `visits` are the patient's, the visit itself among them.
#[must_use]
pub fn planned_tasks(
    plans: &[(PlanId, &Plan)],
    visits: &[(VisitId, &Outcomes)],
    visit: VisitId,
    (start, end): (Millis, Millis),
) -> Vec<PlannedTask> {
    let said = visits.iter().find(|(id, _)| *id == visit);
    let mut said = said
        .map(|(_, outcomes)| (*outcomes).clone())
        .unwrap_or_default();
    let mut tasks = Vec::new();
    for (plan_id, plan) in plans {
        for (id, activity) in &plan.activities {
            let Some(Ok(calendar)) = calendar_of(plan, activity) else {
                continue;
            };
            let words = words_of((*plan_id, plan), *id, visits);
            let rests = Rests::of(plan, *id, activity);
            let from = start.plus(-calendar.late_ms);
            let until = end.plus(calendar.early_ms).plus(1);
            for judged in judge(&calendar, &words, &rests, (from, until), start) {
                let occurrence = judged.occurrence;
                let name = occurrence.name();
                let task = task_id(*plan_id, *id, &name);
                let outcome = said.remove(&task);
                let wanted = judged.word.is_none() && judged.state != State::Rested;
                if outcome.is_some() || wanted {
                    tasks.push(PlannedTask {
                        id: task,
                        plan: *plan_id,
                        activity: *id,
                        occurrence: name,
                        due: Some(occurrence.due),
                        title: activity.code.text.clone(),
                        instructions: activity.instructions.clone(),
                        assignee: activity.assignee.clone(),
                        outcome,
                    });
                }
            }
        }
    }
    // What was said of a task stays, whatever became of the plan.
    tasks.extend(said.into_iter().map(|(id, outcome)| PlannedTask {
        id,
        plan: outcome.plan,
        activity: outcome.activity,
        occurrence: outcome.occurrence.clone(),
        due: None,
        title: outcome.title.clone(),
        instructions: None,
        assignee: None,
        outcome: Some(outcome),
    }));
    tasks.sort_by(|one, other| {
        let key = |task: &PlannedTask| (task.due.is_none(), task.due, task.occurrence.clone());
        (key(one), &one.title, one.id).cmp(&(key(other), &other.title, other.id))
    });
    tasks.truncate(PLANNED_MAX);
    tasks
}
