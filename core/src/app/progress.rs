//! What people say of how a care plan goes: progress, and what was kept to. Entries that
//! stay as they were said.

use serde_json::json;

use super::edit::Saved;
use super::error::AppError;
use super::plan::{PlanHandle, must_say};
use super::visit::put;
use crate::care::{ACHIEVEMENTS, Calendar};
use crate::model::{AdherenceEntry, EntryId, NotDoneReason, ProgressEntry, Refused, TaskStatus};

/// What a person says of how a goal or an activity goes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProgressNote {
    /// One of [`ACHIEVEMENTS`], of a goal.
    pub achievement: Option<String>,
    /// Where an activity stands.
    pub status: Option<TaskStatus>,
    /// How much of it is reached, percent, 0 to 100.
    pub percent: Option<u8>,
    /// A figure that shows it, with its UCUM unit.
    pub value: Option<(f64, String)>,
    /// In the person's own words.
    pub comment: Option<String>,
}

impl PlanHandle {
    /// Records how a goal or an activity goes: an entry, and where it stands now. Earlier
    /// entries stay as they were.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `progress` when nothing is said, on `achievement`,
    /// `percent`, `value`, `unit`, `status`; [`AppError::NotFound`];
    /// [`AppError::NotAllowed`], as for an aide who judges a goal.
    pub fn record_progress(&self, of: EntryId, note: &ProgressNote) -> Result<Saved, AppError> {
        note.check()?;
        self.edit("progress", |desk| {
            let goal = desk.view["goals"].get(of.to_string()).is_some();
            if !goal {
                desk.must_exist("activities", of)?;
            }
            if goal && note.status.is_some() || !goal && note.achievement.is_some() {
                let limit = "an achievement of a goal, a status of an activity";
                return Err(Refused::new("progress", limit).into());
            }
            let entry = ProgressEntry {
                of,
                achievement: note.achievement.clone(),
                status: note.status,
                percent: note.percent,
                value: note.value.as_ref().map(|(value, _)| *value),
                unit: note.value.as_ref().map(|(_, unit)| unit.clone()),
                comment: note.comment.clone(),
                by: desk.me,
                at_ms: desk.stamp.best(),
            };
            let mut ops = vec![desk.append("progress", &entry)?];
            if let Some(achievement) = &note.achievement {
                let path = format!("goals/{of}/achievement");
                ops.push(put(&path, json!(achievement)));
            }
            if let Some(status) = note.status {
                ops.push(put(&format!("activities/{of}/status"), json!(status)));
            }
            Ok(ops)
        })
    }

    /// Says whether an activity was kept.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`].
    pub fn record_adherence(
        &self,
        activity: EntryId,
        kept: bool,
        comment: Option<String>,
    ) -> Result<Saved, AppError> {
        self.adhere(activity, None, (kept, None), comment)
    }

    /// Says what became of one occurrence of an activity, outside of a visit. It is named
    /// by its time in the plan's zone.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `occurrence` for one that the schedule does not have, on
    /// `reason` for one that was not done without one; [`AppError::NotFound`];
    /// [`AppError::NotAllowed`].
    pub fn record_occurrence(
        &self,
        activity: EntryId,
        occurrence: &str,
        reason: Option<NotDoneReason>,
        done: bool,
        comment: Option<String>,
    ) -> Result<Saved, AppError> {
        if done == reason.is_some() {
            return Err(Refused::new("reason", "a reason for what was not done, alone").into());
        }
        let plan = self.read()?;
        let known = plan.activities.get(&activity);
        let known = known.ok_or(AppError::NotFound { what: "item" })?;
        let zone = plan.time_zone.as_deref().unwrap_or_default();
        let schedule = known.schedule.as_ref();
        let calendar = schedule.map(|it| Calendar::new(it, zone)).transpose()?;
        let named = calendar.and_then(|it| it.named(occurrence));
        let named = named.ok_or(Refused::new("occurrence", "a time of the schedule"))?;
        self.adhere(activity, Some(named.name()), (done, reason), comment)
    }

    fn adhere(
        &self,
        activity: EntryId,
        occurrence: Option<String>,
        (kept, reason): (bool, Option<NotDoneReason>),
        comment: Option<String>,
    ) -> Result<Saved, AppError> {
        self.edit("adherence", |desk| {
            desk.must_exist("activities", activity)?;
            let entry = AdherenceEntry {
                activity,
                kept,
                by: desk.me,
                at_ms: desk.stamp.best(),
                comment,
                occurrence,
                reason,
            };
            Ok(vec![desk.append("adherence", &entry)?])
        })
    }
}

impl ProgressNote {
    fn check(&self) -> Result<(), Refused> {
        if *self == Self::default() {
            return Err(Refused::new("progress", "something that is said"));
        }
        let known = |it: &String| ACHIEVEMENTS.contains(&it.as_str());
        if !self.achievement.as_ref().is_none_or(known) {
            return Err(Refused::new("achievement", "an achievement status of FHIR"));
        }
        if self.percent.is_some_and(|it| it > 100) {
            return Err(Refused::new("percent", "0..=100"));
        }
        if let Some((value, unit)) = &self.value {
            if !value.is_finite() {
                return Err(Refused::new("value", "a figure"));
            }
            must_say("unit", unit)?;
        }
        let comment = self.comment.as_ref();
        comment.map_or(Ok(()), |it| must_say("comment", it))
    }
}
