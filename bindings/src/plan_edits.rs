//! What a care team does to a care plan. Each call is one durable commit.

use homeround::app;
use homeround::model;

use crate::care::{Assignee, PlanSchedule, PlanState, core_assignee, show_state};
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::Names;
use crate::plan::Plan;
use crate::types::{Coding, EntryId, NotDoneReason, Saved, TaskStatus};

/// How a goal or an activity goes, as a person says it.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ProgressNote {
    /// FHIR achievement status of a goal, as in `improving`.
    #[uniffi(default = None)]
    pub achievement: Option<String>,
    /// Where an activity stands.
    #[uniffi(default = None)]
    pub status: Option<TaskStatus>,
    /// How much of it is reached, percent, 0 to 100.
    #[uniffi(default = None)]
    pub percent: Option<u8>,
    /// A figure that shows it.
    #[uniffi(default = None)]
    pub value: Option<f64>,
    /// UCUM unit of the figure; needed with it.
    #[uniffi(default = None)]
    pub unit: Option<String>,
    /// In the person's own words.
    #[uniffi(default = None)]
    pub comment: Option<String>,
}

#[uniffi::export]
impl Plan {
    /// What is due, and how the plan was kept to, over so many days back and ahead, each
    /// up to 400. Fails with `Refused` on `days`.
    pub fn state(&self, days_back: u32, days_ahead: u32) -> Result<PlanState, HomeroundError> {
        guard(|| {
            let state = self.handle().state((days_back, days_ahead))?;
            let names = Names::new(&self.phone.app);
            Ok::<_, HomeroundError>(show_state(state, &names))
        })
    }

    /// Calls the plan otherwise.
    pub fn rename(&self, title: String) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.rename(&title))
    }

    /// Sets the plan's status: `active`, `on-hold`, `completed` or `revoked`, and why.
    pub fn set_status(&self, status: String, reason: String) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.set_status(&status, &reason))
    }

    /// Says who answers for the plan; none: nobody in particular.
    pub fn assign(&self, assignee: Option<Assignee>) -> Result<Saved, HomeroundError> {
        guard(|| {
            let assignee = assignee.map(core_assignee).transpose()?;
            self.phone.saved(self.handle().assign(assignee.as_ref()))
        })
    }

    /// Sets the IANA time zone that its activities are due in.
    pub fn set_time_zone(&self, time_zone: String) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.set_time_zone(&time_zone))
    }

    /// Adds a goal; `due` as `YYYY-MM-DD`.
    #[uniffi::method(default(due = None))]
    pub fn add_goal(&self, text: String, due: Option<String>) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.add_goal(&text, due.as_deref()))
    }

    /// Says a goal otherwise, and by when it is to be reached; none: at no set time.
    pub fn change_goal(
        &self,
        goal: EntryId,
        text: String,
        due: Option<String>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.change_goal(goal, &text, due.as_deref()))
    }

    /// Drops a goal: it stays and says so.
    pub fn drop_goal(&self, goal: EntryId) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.drop_goal(goal))
    }

    /// Adds an activity. Fails with `Refused` naming the part of the schedule.
    #[uniffi::method(default(instructions = None, schedule = None))]
    pub fn add_activity(
        &self,
        code: Coding,
        instructions: Option<String>,
        schedule: Option<PlanSchedule>,
    ) -> Result<Saved, HomeroundError> {
        let code: model::Coding = code.into();
        let schedule: Option<model::Schedule> = schedule.map(Into::into);
        self.save(|plan| plan.add_activity(&code, instructions.as_deref(), schedule.as_ref()))
    }

    /// Says what an activity is, and how it is done, otherwise.
    pub fn change_activity(
        &self,
        activity: EntryId,
        title: String,
        instructions: Option<String>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.change_activity(activity, &title, instructions.as_deref()))
    }

    /// Sets when an activity is due; none: at no set time. Fails with `Refused` on `start`,
    /// `rule`, `except`, `early_minutes`, `late_minutes`.
    pub fn set_schedule(
        &self,
        activity: EntryId,
        schedule: Option<PlanSchedule>,
    ) -> Result<Saved, HomeroundError> {
        let schedule: Option<model::Schedule> = schedule.map(Into::into);
        self.save(|plan| plan.set_schedule(activity, schedule.as_ref()))
    }

    /// Says who does an activity; none: whoever visits.
    pub fn assign_activity(
        &self,
        activity: EntryId,
        assignee: Option<Assignee>,
    ) -> Result<Saved, HomeroundError> {
        guard(|| {
            let assignee = assignee.map(core_assignee).transpose()?;
            let handle = self.handle();
            self.phone
                .saved(handle.assign_activity(activity, assignee.as_ref()))
        })
    }

    /// Drops an activity, with a reason: it stays and says so.
    pub fn drop_activity(
        &self,
        activity: EntryId,
        reason: String,
    ) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.drop_activity(activity, &reason))
    }

    /// Lets an activity rest from now on, with a reason.
    pub fn pause_activity(
        &self,
        activity: EntryId,
        reason: String,
    ) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.pause_activity(activity, &reason))
    }

    /// Lets an activity that rested, or was dropped, go on from now on, with a reason.
    pub fn resume_activity(
        &self,
        activity: EntryId,
        reason: String,
    ) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.resume_activity(activity, &reason))
    }

    /// Records how a goal or an activity goes; earlier entries stay. Fails with `Refused`
    /// on `progress`, `achievement`, `percent`, `value`, `unit`.
    pub fn record_progress(
        &self,
        of: EntryId,
        note: ProgressNote,
    ) -> Result<Saved, HomeroundError> {
        self.save(|plan| {
            let unit = note.unit.unwrap_or_default();
            let note = app::ProgressNote {
                achievement: note.achievement,
                status: note.status,
                percent: note.percent,
                value: note.value.map(|value| (value, unit)),
                comment: note.comment,
            };
            plan.record_progress(of, &note)
        })
    }

    /// Says what became of one occurrence outside of a visit: done, or why not. Fails with
    /// `Refused` on `occurrence` for one that the schedule does not have.
    #[uniffi::method(default(reason = None, comment = None))]
    pub fn record_occurrence(
        &self,
        activity: EntryId,
        occurrence: String,
        done: bool,
        reason: Option<NotDoneReason>,
        comment: Option<String>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.record_occurrence(activity, &occurrence, reason, done, comment))
    }
}
