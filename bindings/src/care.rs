//! Care plans around the plan itself: templates, schedules, what is due, the tasks that
//! plans ask for at a visit.

use homeround::app;
use homeround::care;
use homeround::model::{self, PlannedStatus as CoreStatus};

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::patient::Patient;
use crate::root::Homeround;
use crate::types::{EntryId, NotDoneReason, PatientId, PersonId, PlanId, Role, Saved, VisitId};
use crate::visit::Visit;
use crate::visit_edits::TaskOutcome;

/// A template that a care plan can be made from.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanTemplate {
    /// Canonical address with version: what `create_plan` takes.
    pub template: String,
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Where its content is from, and on whose permission it is used.
    pub copyright: String,
    /// It comes with the app; else the organisation sent it.
    pub shipped: bool,
}

/// A care plan to make.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewPlan {
    /// Canonical address with version of the template; none: an empty plan.
    #[uniffi(default = None)]
    pub template: Option<String>,
    /// What it is called; none: as the template.
    #[uniffi(default = None)]
    pub title: Option<String>,
    /// BCP 47 language that the template's texts are taken in, as `es`.
    pub language: String,
    /// The day that it begins on: `YYYY-MM-DD`.
    pub begins: String,
    /// IANA time zone of the patient's home; none: that of the visit nearest to now, or
    /// this phone's where none is booked.
    #[uniffi(default = None)]
    pub time_zone: Option<String>,
    /// Who answers for it.
    #[uniffi(default = None)]
    pub assignee: Option<Assignee>,
}

/// Who answers for a plan or does an activity.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Assignee {
    /// One person.
    Person {
        /// Who.
        id: PersonId,
        /// As colleagues read it; empty when it is not known here. Not read back.
        name: String,
    },
    /// Everybody of a role.
    Role {
        /// Which.
        role: Role,
    },
    /// Something that this version does not know.
    Unknown,
}

/// When an activity is due.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanSchedule {
    /// When it begins, in the plan's time zone: `YYYY-MM-DDTHH:MM`.
    pub start: String,
    /// RFC 5545 recurrence rule, as in `FREQ=WEEKLY;BYDAY=MO,TH`; none: once.
    #[uniffi(default = None)]
    pub rule: Option<String>,
    /// Occurrences that are left out, as `start` is written.
    #[uniffi(default = [])]
    pub except: Vec<String>,
    /// How long before the time it may be done, minutes, 0 to 20160.
    #[uniffi(default = 0)]
    pub early_minutes: u32,
    /// How long after the time it is still on time, minutes, 0 to 20160.
    #[uniffi(default = 0)]
    pub late_minutes: u32,
    /// What the order said, where no rule says it: shown, and not computed.
    #[uniffi(default = None)]
    pub text: Option<String>,
}

/// Where one occurrence of an activity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum OccurrenceState {
    /// Too early to do it.
    Upcoming,
    /// Its time is now.
    Due,
    /// Its time is over, and it can still be made up.
    Overdue,
    /// Done before its time was over.
    Done,
    /// Done after that.
    DoneLate,
    /// The next one's time came, and nobody said anything.
    Missed,
    /// Not done.
    Skipped,
    /// The plan or the activity rested.
    Rested,
}

/// One occurrence of an activity.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Occurrence {
    /// Names it: its time in the plan's zone, `YYYY-MM-DDTHH:MM`.
    pub occurrence: String,
    /// When it is due, milliseconds since 1970.
    pub due_ms: i64,
    /// Where it stands.
    pub state: OccurrenceState,
    /// Who said so; none: nobody did.
    pub by: Option<By>,
    /// When it was said.
    pub at_ms: Option<i64>,
    /// Why it was not done.
    pub reason: Option<NotDoneReason>,
    /// During which visit it was said.
    pub visit: Option<VisitId>,
}

/// How a plan or an activity was kept to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct AdherenceCounts {
    /// Of the occurrences that count, those that were done; none where nothing counts yet.
    pub percent: Option<u8>,
    /// Occurrences that count: done, done late, missed, or skipped for a reason that counts.
    pub counted: u32,
    /// Done in time.
    pub done: u32,
    /// Done late.
    pub done_late: u32,
    /// Missed.
    pub missed: u32,
    /// Skipped for a reason that counts.
    pub skipped: u32,
    /// Skipped for a reason that does not count.
    pub excused: u32,
    /// Rested.
    pub rested: u32,
    /// Due now.
    pub due: u32,
    /// Overdue now.
    pub overdue: u32,
}

/// How one activity was kept to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ActivityState {
    /// The activity.
    pub activity: EntryId,
    /// Why nothing can be computed of it; none: it is.
    pub not_computed: Option<String>,
    /// Its counts.
    pub counts: AdherenceCounts,
    /// Its occurrences, in order.
    pub occurrences: Vec<Occurrence>,
}

/// What is due of a plan, and how it was kept to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanState {
    /// Of all activities together.
    pub counts: AdherenceCounts,
    /// Of each activity that has a schedule.
    pub activities: Vec<ActivityState>,
    /// When this is so, milliseconds since 1970.
    pub now_ms: i64,
}

/// How one plan was kept to over a time.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanCounts {
    /// The plan.
    pub plan: PlanId,
    /// Whose plan.
    pub patient: PatientId,
    /// What it is called.
    pub title: String,
    /// Of all its activities together.
    pub counts: AdherenceCounts,
}

/// Where a task that a plan asks for stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PlannedStatus {
    /// Nobody said anything.
    Open,
    /// Taken off this visit.
    Removed,
    /// Not done.
    NotDone,
    /// Done.
    Done,
    /// A status that this version does not know.
    Unknown,
}

/// A task that a care plan asks for at a visit.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlannedTask {
    /// Which.
    pub id: EntryId,
    /// The plan.
    pub plan: PlanId,
    /// The activity.
    pub activity: EntryId,
    /// The occurrence, by its time in the plan's zone.
    pub occurrence: String,
    /// When it is due, milliseconds since 1970; none: the plan does not ask for it any more.
    pub due_ms: Option<i64>,
    /// What is to be done.
    pub title: String,
    /// How, in words.
    pub instructions: Option<String>,
    /// Who does it; none: whoever visits.
    pub assignee: Option<Assignee>,
    /// Where it stands at this visit.
    pub status: PlannedStatus,
    /// Why it was not done.
    pub reason: Option<NotDoneReason>,
    /// In the person's own words.
    pub comment: Option<String>,
    /// Who said so.
    pub by: Option<By>,
}

#[uniffi::export]
impl Homeround {
    /// The templates that a care plan can be made from, in the order of their titles.
    /// `language`: BCP 47, as `es`; texts without a translation come as they are.
    pub fn plan_templates(&self, language: String) -> Result<Vec<PlanTemplate>, HomeroundError> {
        guard(|| {
            let offers = self.phone.app.plan_templates()?.into_iter();
            let shown = offers.map(|offer| PlanTemplate {
                title: offer.title.in_language(&language).into(),
                description: offer.description.in_language(&language).into(),
                template: offer.template,
                copyright: offer.copyright,
                shipped: offer.shipped,
            });
            Ok::<_, HomeroundError>(shown.collect())
        })
    }

    /// How each plan on this phone was kept to, by what was due at or after `from_ms` and
    /// before `until_ms`, milliseconds since 1970, at most 400 days apart. Fails with
    /// `Refused` on `until`.
    pub fn adherence_between(
        &self,
        from_ms: i64,
        until_ms: i64,
    ) -> Result<Vec<PlanCounts>, HomeroundError> {
        guard(|| {
            let (from, until) = (model::Millis(from_ms), model::Millis(until_ms));
            let kept = self.phone.app.adherence_between(from, until)?.into_iter();
            let shown = kept.map(|one| PlanCounts {
                plan: one.plan,
                patient: one.patient,
                title: one.title,
                counts: counts(&one.counts),
            });
            Ok::<_, HomeroundError>(shown.collect())
        })
    }
}

#[uniffi::export]
impl Patient {
    /// Makes a care plan, from a template or empty, on this phone. Fails with `Refused` on
    /// `template`, `title`, `begins`, `time_zone`; with `NotAllowed`.
    pub fn create_plan(&self, new: NewPlan) -> Result<PlanId, HomeroundError> {
        guard(|| {
            let limit = "a day as 2026-11-28";
            let refused = |_| HomeroundError::refused("begins", limit);
            let new = app::NewPlan {
                begins: new.begins.parse().map_err(refused)?,
                template: new.template,
                title: new.title,
                language: new.language,
                time_zone: new.time_zone,
                assignee: new.assignee.map(core_assignee).transpose()?,
            };
            Ok::<_, HomeroundError>(self.phone.app.create_plan(self.id, &new)?)
        })
    }
}

#[uniffi::export]
impl Visit {
    /// The tasks that the patient's care plans ask for at this visit, in the order of
    /// their times; none for a visit that is not booked.
    pub fn planned_tasks(&self) -> Result<Vec<PlannedTask>, HomeroundError> {
        guard(|| {
            let tasks = self.handle().planned_tasks()?;
            let names = Names::new(&self.phone.app);
            Ok::<_, HomeroundError>(tasks.into_iter().map(|it| task(it, &names)).collect())
        })
    }

    /// Says what came of a planned task: done, or not done with a reason; open takes back
    /// what stands. Fails with `NotFound`, with `Refused` on `reason` and `status`.
    pub fn set_planned_task(
        &self,
        task: EntryId,
        outcome: TaskOutcome,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.set_planned_task(task, &outcome.into()))
    }

    /// Takes a planned task off this visit; it is due all the same, and no phone puts it
    /// back.
    #[uniffi::method(default(comment = None))]
    pub fn remove_planned_task(
        &self,
        task: EntryId,
        comment: Option<String>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.remove_planned_task(task, comment))
    }
}

pub(crate) fn task(task: care::PlannedTask, names: &Names<'_>) -> PlannedTask {
    let outcome = task.outcome;
    PlannedTask {
        id: task.id,
        plan: task.plan,
        activity: task.activity,
        occurrence: task.occurrence,
        due_ms: task.due.map(|due| due.0),
        title: task.title,
        instructions: task.instructions,
        assignee: task.assignee.map(|it| show_assignee(it, names)),
        status: match outcome.as_ref().map(|it| it.status) {
            None => PlannedStatus::Open,
            Some(CoreStatus::Removed) => PlannedStatus::Removed,
            Some(CoreStatus::NotDone) => PlannedStatus::NotDone,
            Some(CoreStatus::Done) => PlannedStatus::Done,
            Some(CoreStatus::Unknown) => PlannedStatus::Unknown,
        },
        reason: outcome.as_ref().and_then(|it| it.reason),
        by: outcome.as_ref().map(|it| names.by(it.by)),
        comment: outcome.and_then(|it| it.comment),
    }
}

pub(crate) fn show_state(state: app::PlanState, names: &Names<'_>) -> PlanState {
    let activities = state.adherence.activities.into_iter();
    let activities = activities.map(|(activity, judged)| match judged {
        Err(refused) => ActivityState {
            activity,
            not_computed: Some(refused.limit.to_owned()),
            counts: counts(&care::Adherence::default()),
            occurrences: Vec::new(),
        },
        Ok((count, judged)) => ActivityState {
            activity,
            not_computed: None,
            counts: counts(&count),
            occurrences: judged.into_iter().map(|it| occurrence(it, names)).collect(),
        },
    });
    PlanState {
        counts: counts(&state.adherence.all),
        activities: activities.collect(),
        now_ms: state.now.0,
    }
}

fn occurrence(judged: care::Judged, names: &Names<'_>) -> Occurrence {
    let word = judged.word;
    Occurrence {
        occurrence: judged.occurrence.name(),
        due_ms: judged.occurrence.due.0,
        state: match judged.state {
            care::State::Upcoming => OccurrenceState::Upcoming,
            care::State::Due => OccurrenceState::Due,
            care::State::Overdue => OccurrenceState::Overdue,
            care::State::Done => OccurrenceState::Done,
            care::State::DoneLate => OccurrenceState::DoneLate,
            care::State::Missed => OccurrenceState::Missed,
            care::State::Skipped => OccurrenceState::Skipped,
            care::State::Rested => OccurrenceState::Rested,
        },
        by: word.as_ref().map(|word| names.by(word.by)),
        at_ms: word.as_ref().map(|word| word.at.0),
        reason: word.as_ref().and_then(|word| word.reason),
        visit: word.and_then(|word| word.visit),
    }
}

fn counts(of: &care::Adherence) -> AdherenceCounts {
    AdherenceCounts {
        percent: of.percent(),
        counted: of.counted(),
        done: of.done,
        done_late: of.done_late,
        missed: of.missed,
        skipped: of.skipped,
        excused: of.excused,
        rested: of.rested,
        due: of.due,
        overdue: of.overdue,
    }
}

pub(crate) fn show_assignee(of: model::Assignee, names: &Names<'_>) -> Assignee {
    match of {
        model::Assignee::Person(id) => Assignee::Person {
            id,
            name: names.by(id).name,
        },
        model::Assignee::Role(role) => Assignee::Role { role },
        model::Assignee::Unknown(_) => Assignee::Unknown,
    }
}

pub(crate) fn core_assignee(of: Assignee) -> Result<model::Assignee, HomeroundError> {
    match of {
        Assignee::Person { id, .. } => Ok(model::Assignee::Person(id)),
        Assignee::Role { role } => Ok(model::Assignee::Role(role)),
        Assignee::Unknown => Err(HomeroundError::refused("assignee", "a person or a role")),
    }
}

impl From<model::Schedule> for PlanSchedule {
    fn from(of: model::Schedule) -> Self {
        Self {
            start: of.start,
            rule: of.rule,
            except: of.except,
            early_minutes: of.early_minutes,
            late_minutes: of.late_minutes,
            text: of.text,
        }
    }
}

impl From<PlanSchedule> for model::Schedule {
    fn from(of: PlanSchedule) -> Self {
        Self {
            start: of.start,
            rule: of.rule,
            except: of.except,
            early_minutes: of.early_minutes,
            late_minutes: of.late_minutes,
            text: of.text,
        }
    }
}

impl From<TaskOutcome> for app::TaskOutcome {
    fn from(of: TaskOutcome) -> Self {
        Self {
            status: of.status,
            result: of.result,
            reason: of.reason,
            comment: of.comment,
        }
    }
}
