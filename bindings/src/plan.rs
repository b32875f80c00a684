//! A care plan.

use std::sync::Arc;

use homeround::app::PlanHandle;
use homeround::model::FieldPath;

use crate::conflict::{Conflict, parse, show};
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::root::Phone;
use crate::types::{Coding, EntryId, PatientId, PlanId, Saved, TaskStatus};

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
    /// What the team writes together.
    pub narrative: String,
    /// Goals.
    pub goals: Vec<Goal>,
    /// Activities.
    pub activities: Vec<Activity>,
    /// Notes of what was kept to.
    pub adherence: Vec<Adherence>,
    /// Fields on which people disagree.
    pub conflicts: Vec<Conflict>,
}

/// A care plan, for reading and for work. Each edit is one durable commit.
#[derive(uniffi::Object)]
pub struct Plan {
    phone: Arc<Phone>,
    id: PlanId,
}

impl Plan {
    pub(crate) const fn new(phone: Arc<Phone>, id: PlanId) -> Self {
        Self { phone, id }
    }

    fn handle(&self) -> PlanHandle {
        self.phone.app.plan(self.id)
    }

    fn save(
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
            });
            let activities = plan.activities.into_iter().map(|(id, one)| Activity {
                id,
                code: one.code.into(),
                status: one.status,
                progress: one.progress,
            });
            let adherence = plan.adherence.into_values().map(|one| Adherence {
                activity: one.activity,
                kept: one.kept,
                by: names.by(one.by),
                at_ms: one.at_ms.0,
                comment: one.comment,
            });
            Ok::<_, HomeroundError>(PlanView {
                id: self.id,
                patient: plan.patient,
                title: plan.title,
                status: plan.status,
                narrative: plan.narrative,
                goals: goals.collect(),
                activities: activities.collect(),
                adherence: adherence.collect(),
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
