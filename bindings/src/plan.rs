//! A care plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use homeround::app::PlanHandle;
use homeround::model::{FieldPath, ProgressEntry};

use crate::care::{Assignee, PlanSchedule, show_assignee};
use crate::conflict::{Conflict, parse, show};
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::root::Phone;
use crate::types::{Coding, EntryId, NotDoneReason, PatientId, PlanId, Saved, TaskStatus};

/// A goal of the plan.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Goal {
    /// Which.
    pub id: EntryId,
    /// What is to be reached.
    pub text: String,
    /// FHIR lifecycle status, as in `active`.
    pub lifecycle: String,
    /// FHIR achievement status, as in `improving`.
    pub achievement: Option<String>,
    /// By when it is to be reached: `YYYY-MM-DD`.
    pub due: Option<String>,
}

/// An activity of the plan.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Activity {
    /// Which.
    pub id: EntryId,
    /// What is to be done.
    pub code: Coding,
    /// Where it stands.
    pub status: TaskStatus,
    /// How it goes, in words.
    pub progress: Option<String>,
    /// When it is due; none: at no set time.
    pub schedule: Option<PlanSchedule>,
    /// FHIR status of the request; none: `active`.
    pub lifecycle: Option<String>,
    /// Who does it; none: whoever visits.
    pub assignee: Option<Assignee>,
    /// How it is done, in words.
    pub instructions: Option<String>,
}

/// How a goal or an activity went.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlanProgress {
    /// The goal or the activity.
    pub of: EntryId,
    /// FHIR achievement status, as in `improving`.
    pub achievement: Option<String>,
    /// Where an activity stood.
    pub status: Option<TaskStatus>,
    /// How much of it was reached, percent, 0 to 100.
    pub percent: Option<u8>,
    /// A figure that shows it.
    pub value: Option<f64>,
    /// UCUM unit of the figure.
    pub unit: Option<String>,
    /// In the person's own words.
    pub comment: Option<String>,
    /// Who said so.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// A plan, or one activity, began to rest or went on.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Pause {
    /// The activity; none: the whole plan.
    pub activity: Option<EntryId>,
    /// It rested from then on; else it went on.
    pub resting: bool,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: By,
    /// From when, milliseconds since 1970.
    pub at_ms: i64,
}

/// Whether an activity was kept to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Adherence {
    /// Which activity.
    pub activity: EntryId,
    /// Whether it was kept.
    pub kept: bool,
    /// Who noted it.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// In the person's own words.
    pub comment: Option<String>,
    /// The occurrence it is about, by its time in the plan's zone.
    pub occurrence: Option<String>,
    /// Why it was not kept.
    pub reason: Option<NotDoneReason>,
}

/// A care plan as it stands on this phone.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PlanView {
    /// Which.
    pub id: PlanId,
    /// For whom.
    pub patient: PatientId,
    /// What it is called.
    pub title: String,
    /// FHIR status, as in `active`.
    pub status: String,
    /// IANA time zone that its activities are due in.
    pub time_zone: Option<String>,
    /// Canonical address with version of the template that it was made from.
    pub template: Option<String>,
    /// Who answers for it.
    pub assignee: Option<Assignee>,
    /// What the team writes together.
    pub narrative: String,
    /// Goals.
    pub goals: Vec<Goal>,
    /// Activities.
    pub activities: Vec<Activity>,
    /// Notes of what was kept to.
    pub adherence: Vec<Adherence>,
    /// How goals and activities went, in the order of time.
    pub progress: Vec<PlanProgress>,
    /// When the plan or an activity rested.
    pub pauses: Vec<Pause>,
    /// Fields on which people disagree.
    pub conflicts: Vec<Conflict>,
}

/// A care plan, for reading and for work. Each edit is one durable commit.
#[derive(uniffi::Object)]
pub struct Plan {
    pub(crate) phone: Arc<Phone>,
    id: PlanId,
}

impl Plan {
    pub(crate) const fn new(phone: Arc<Phone>, id: PlanId) -> Self {
        Self { phone, id }
    }

    pub(crate) fn handle(&self) -> PlanHandle {
        self.phone.app.plan(self.id)
    }

    pub(crate) fn save(
        &self,
        edit: impl FnOnce(&PlanHandle) -> Result<homeround::app::Saved, homeround::app::AppError>,
    ) -> Result<Saved, HomeroundError> {
        guard(|| self.phone.saved(edit(&self.handle())))
    }
}

#[uniffi::export]
impl Plan {
    /// The plan as it stands on this phone. Fails with `NotFound`, `Locked`,
    /// `LeaseEnded`, `NotAllowed`.
    pub fn read(&self) -> Result<PlanView, HomeroundError> {
        guard(|| {
            let handle = self.handle();
            let names = Names::new(&self.phone.app);
            let (plan, open) = (handle.read()?, handle.conflicts()?);
            let goals = plan.goals.into_iter().map(|(id, one)| Goal {
                id,
                text: one.text,
                lifecycle: one.lifecycle,
                achievement: one.achievement,
                due: one.due,
            });
            let activities = plan.activities.into_iter().map(|(id, one)| Activity {
                id,
                code: one.code.into(),
                status: one.status,
                progress: one.progress,
                schedule: one.schedule.map(Into::into),
                lifecycle: one.lifecycle,
                assignee: one.assignee.map(|it| show_assignee(it, &names)),
                instructions: one.instructions,
            });
            let progress = one_by_one(plan.progress, &names);
            let pauses = plan.pauses.into_values().map(|one| Pause {
                activity: one.activity,
                resting: one.resting,
                reason: one.reason,
                by: names.by(one.by),
                at_ms: one.at_ms.0,
            });
            let adherence = plan.adherence.into_values().map(|one| Adherence {
                activity: one.activity,
                kept: one.kept,
                by: names.by(one.by),
                at_ms: one.at_ms.0,
                comment: one.comment,
                occurrence: one.occurrence,
                reason: one.reason,
            });
            Ok::<_, HomeroundError>(PlanView {
                id: self.id,
                patient: plan.patient,
                title: plan.title,
                status: plan.status,
                time_zone: plan.time_zone,
                template: plan.template,
                assignee: plan.assignee.map(|it| show_assignee(it, &names)),
                narrative: plan.narrative,
                goals: goals.collect(),
                activities: activities.collect(),
                adherence: adherence.collect(),
                progress,
                pauses: pauses.collect(),
                conflicts: open.into_iter().map(|one| show(one, &names)).collect(),
            })
        })
    }

    /// Says where an activity stands.
    #[uniffi::method(default(progress = None))]
    pub fn set_activity(
        &self,
        activity: EntryId,
        status: TaskStatus,
        progress: Option<String>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.set_activity(activity, status, progress.as_deref()))
    }

    /// Says how far a goal is, in FHIR's achievement status.
    pub fn set_goal(&self, goal: EntryId, achievement: String) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.set_goal(goal, &achievement))
    }

    /// Notes whether an activity was kept to.
    #[uniffi::method(default(comment = None))]
    pub fn record_adherence(
        &self,
        activity: EntryId,
        kept: bool,
        comment: Option<String>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|plan| plan.record_adherence(activity, kept, comment))
    }

    /// Settles a conflict; see `Visit.settle`.
    pub fn settle(&self, field: String, chosen_json: String) -> Result<Saved, HomeroundError> {
        guard(|| {
            let chosen = parse(&chosen_json, "chosen")?;
            self.phone
                .saved(self.handle().settle(&FieldPath(field), &chosen))
        })
    }
}

/// Progress as it is shown, in the order of time.
fn one_by_one(of: BTreeMap<EntryId, ProgressEntry>, names: &Names<'_>) -> Vec<PlanProgress> {
    let mut entries: Vec<ProgressEntry> = of.into_values().collect();
    entries.sort_by_key(|one| one.at_ms);
    let shown = entries.into_iter().map(|one| PlanProgress {
        of: one.of,
        achievement: one.achievement,
        status: one.status,
        percent: one.percent,
        value: one.value,
        unit: one.unit,
        comment: one.comment,
        by: names.by(one.by),
        at_ms: one.at_ms.0,
    });
    shown.collect()
}
