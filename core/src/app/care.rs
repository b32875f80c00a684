//! What care plans come to: what is due, how they were kept to, the tasks that they ask
//! for at a visit.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Homeround;
use super::edit::Saved;
use super::error::AppError;
use super::inner::{Inner, best_now};
use super::input::TaskOutcome;
use super::plan::PlanHandle;
use super::visit::{VisitHandle, put};
use crate::care::{
    ADHERENCE_DAYS_MAX, Adherence, Outcomes, PlanAdherence, PlannedTask, WORDS_AROUND_MS,
    adherence, planned_tasks,
};
use crate::model::{
    DAY_MS, DocumentId, DocumentKind, EntryId, Millis, PatientId, Plan, PlanId, PlannedOutcome,
    PlannedStatus, Refused, TaskStatus, VisitId, known_entries,
};
use crate::store::Rows;

/// What is due of a plan, and what became of what was.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanState {
    /// The plan.
    pub plan: Plan,
    /// What it came to in the days looked at.
    pub adherence: PlanAdherence,
    /// When this is so.
    pub now: Millis,
}

/// How one plan was kept to over a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanCounts {
    /// The plan.
    pub plan: PlanId,
    /// Whose plan.
    pub patient: PatientId,
    /// What it is called.
    pub title: String,
    /// Of all its activities together.
    pub counts: Adherence,
}

/// Of a visit's view what is said of planned tasks.
#[derive(Deserialize)]
struct Planned {
    #[serde(default, deserialize_with = "known_entries")]
    planned: Outcomes,
}

impl Homeround {
    /// What is due at a patient's: the plans that are on this phone, each over so many days
    /// back and ahead of today.
    ///
    /// # Errors
    /// As [`PlanHandle::state`].
    pub fn plan_states(
        &self,
        patient: PatientId,
        days: (u32, u32),
    ) -> Result<Vec<(PlanId, PlanState)>, AppError> {
        let (plans, _) = self.documents_of(patient)?;
        let states = plans
            .into_iter()
            .map(|id| Ok((id, self.plan(id).state(days)?)));
        states.collect()
    }

    /// How the plans on this phone were kept to, by the occurrences due at or after `from`
    /// and before `until`, as far as this phone knows; in the order of their ids.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `until` for one that is not after `from`, or by more than
    /// [`ADHERENCE_DAYS_MAX`] days; [`AppError::Locked`], [`AppError::LeaseEnded`].
    pub fn adherence_between(
        &self,
        from: Millis,
        until: Millis,
    ) -> Result<Vec<PlanCounts>, AppError> {
        let longest = i64::from(ADHERENCE_DAYS_MAX) * DAY_MS;
        if !(1..=longest).contains(&until.0.saturating_sub(from.0)) {
            return Err(Refused::new("until", "after from, by 400 days at most").into());
        }
        let documents = self.documents()?.into_iter();
        let plans = documents.filter(|id| id.kind == DocumentKind::Plan);
        let mut all = Vec::new();
        for id in plans.map(|id| PlanId(id.id)) {
            let plan = match self.plan(id).read() {
                Ok(plan) => plan,
                // Its patient is leaving this phone; or a later version wrote it, and the
                // other plans' figures are right without it.
                Err(AppError::NotFound { .. } | AppError::UpdateApp { .. }) => continue,
                Err(error) => return Err(error),
            };
            let (kept, _) = self.inner.kept((id, &plan), (from, until))?;
            all.push(PlanCounts {
                plan: id,
                patient: plan.patient,
                title: plan.title,
                counts: kept.all,
            });
        }
        Ok(all)
    }
}

impl PlanHandle {
    /// What is due, and how the plan was kept to over so many days back and ahead, each
    /// up to [`ADHERENCE_DAYS_MAX`]. What is meanwhile known of visits is in it.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `days`; as [`read`](Self::read).
    pub fn state(&self, (back, ahead): (u32, u32)) -> Result<PlanState, AppError> {
        if back > ADHERENCE_DAYS_MAX || ahead > ADHERENCE_DAYS_MAX {
            return Err(Refused::new("days", "0..=400").into());
        }
        let plan = self.read()?;
        let now = {
            let reads = self.inner.reads()?;
            let rows = reads.store.reader()?;
            best_now(&rows, self.inner.clocks.now())?
        };
        let from = now.plus(-i64::from(back) * DAY_MS);
        let until = now.plus(i64::from(ahead) * DAY_MS);
        let (adherence, now) = self.inner.kept((self.id, &plan), (from, until))?;
        Ok(PlanState {
            plan,
            adherence,
            now,
        })
    }
}

impl VisitHandle {
    /// The tasks that the patient's care plans ask for at this visit, in the order of
    /// their times, those among them that somebody took off; none for a visit that is not
    /// booked. They are derived: the same on every phone that knows the same plan.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn planned_tasks(&self) -> Result<Vec<PlannedTask>, AppError> {
        let Some(booked) = self.summary()? else {
            return Ok(Vec::new());
        };
        let reads = self.inner.reads()?;
        let rows = reads.store.reader()?;
        let mut plans = Vec::new();
        for document in rows.documents_of(booked.patient)? {
            if document.kind == DocumentKind::Plan {
                let plan: Plan = super::project::read(&rows, document)?;
                plans.push((PlanId(document.id), plan));
            }
        }
        let window = (booked.start_ms, booked.end_ms);
        let mut said = outcomes_between(&rows, booked.patient, window.0, window.1)?;
        if !said.iter().any(|(id, _)| *id == self.id) {
            said.push((self.id, outcomes_of(&rows, self.id)?));
        }
        let plans: Vec<(PlanId, &Plan)> = plans.iter().map(|(id, it)| (*id, it)).collect();
        let said: Vec<(VisitId, &Outcomes)> = said.iter().map(|(id, it)| (*id, it)).collect();
        Ok(planned_tasks(&plans, &said, self.id, window))
    }

    /// Says what came of a planned task: done, or not done with a reason; `Open` takes
    /// back what stands.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a task that no plan asks for at this visit;
    /// [`AppError::Refused`] on `reason` when a task that was not done has none, and on
    /// `status` for one that has only begun; [`AppError::Signed`];
    /// [`AppError::NotAllowed`].
    pub fn set_planned_task(
        &self,
        task: EntryId,
        outcome: &TaskOutcome,
    ) -> Result<Saved, AppError> {
        outcome.check()?;
        let status = match outcome.status {
            TaskStatus::Done => Some(PlannedStatus::Done),
            TaskStatus::NotDone => Some(PlannedStatus::NotDone),
            TaskStatus::Open => None,
            TaskStatus::Started => {
                return Err(Refused::new("status", "open, done or not_done").into());
            }
        };
        self.say_of_planned(task, status, outcome)
    }

    /// Takes a planned task off this visit; the occurrence is due all the same, and no
    /// phone puts the task back.
    ///
    /// # Errors
    /// As [`set_planned_task`](Self::set_planned_task).
    pub fn remove_planned_task(
        &self,
        task: EntryId,
        comment: Option<String>,
    ) -> Result<Saved, AppError> {
        let outcome = TaskOutcome {
            status: TaskStatus::Open,
            result: None,
            reason: None,
            comment,
        };
        self.say_of_planned(task, Some(PlannedStatus::Removed), &outcome)
    }

    fn say_of_planned(
        &self,
        task: EntryId,
        status: Option<PlannedStatus>,
        outcome: &TaskOutcome,
    ) -> Result<Saved, AppError> {
        let tasks = self.planned_tasks()?;
        let known = tasks.into_iter().find(|it| it.id == task);
        let known = known.ok_or(AppError::NotFound { what: "task" })?;
        self.edit("planned_task", |desk| {
            let path = format!("planned/{task}");
            let Some(status) = status else {
                return Ok(vec![put(&path, Value::Null)]);
            };
            let said = PlannedOutcome {
                plan: known.plan,
                activity: known.activity,
                occurrence: known.occurrence,
                title: known.title,
                status,
                result: outcome.result,
                reason: outcome.reason,
                comment: outcome.comment.clone(),
                by: desk.me,
                at_ms: desk.stamp.best(),
            };
            Ok(vec![put(&path, json!(said))])
        })
    }
}

impl Inner {
    /// How a plan was kept to in a window, and as of when.
    fn kept(
        &self,
        (id, plan): (PlanId, &Plan),
        (from, until): (Millis, Millis),
    ) -> Result<(PlanAdherence, Millis), AppError> {
        let reads = self.reads()?;
        let rows = reads.store.reader()?;
        let now = best_now(&rows, self.clocks.now())?;
        let said = outcomes_between(&rows, plan.patient, from, until)?;
        let said: Vec<(VisitId, &Outcomes)> = said.iter().map(|(id, it)| (*id, it)).collect();
        let kept = adherence((id, plan), &said, (from, until), now);
        Ok((kept, now))
    }
}

/// What was said of planned tasks in the patient's visits that are booked around a time.
fn outcomes_between(
    rows: &Rows,
    patient: PatientId,
    from: Millis,
    until: Millis,
) -> Result<Vec<(VisitId, Outcomes)>, AppError> {
    let around = rows.visits_between(
        from.plus(-WORDS_AROUND_MS),
        until.plus(WORDS_AROUND_MS),
        None,
    )?;
    let own = around.into_iter().filter(|row| row.patient == patient);
    own.map(|row| Ok((row.visit, outcomes_of(rows, row.visit)?)))
        .collect()
}

fn outcomes_of(rows: &Rows, visit: VisitId) -> Result<Outcomes, AppError> {
    let document = DocumentId::visit(visit);
    match super::project::read::<Planned>(rows, document) {
        Ok(read) => Ok(read.planned),
        // Booked, and its document has not come yet.
        Err(AppError::NotFound { .. }) => Ok(Outcomes::new()),
        Err(error) => Err(error),
    }
}
