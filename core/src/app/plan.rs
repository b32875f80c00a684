//! A care plan, open for work: personalised, assigned, followed.
//!
//! Each statement is a field of its own, so that what two people change at once merges
//! field by field. What was seen is an entry and stays.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Inner;
use super::edit::{Desk, Saved};
use super::error::AppError;
use super::visit::{put, settle};
use crate::care::{Calendar, Rule};
use crate::merge::{Conflict, Op};
use crate::model::{
    Assignee, Coding, DocumentId, EntryId, FieldPath, PauseEntry, Plan, PlanId, Refused, Schedule,
    TaskStatus,
};

/// Characters of a text of a plan, at most.
pub const PLAN_TEXT_CHARS_MAX: usize = 2_000;

/// FHIR statuses of a plan, as a person may set them.
pub const PLAN_STATUSES: [&str; 4] = ["active", "on-hold", "completed", "revoked"];

/// One care plan, open for work.
#[derive(Clone)]
pub struct PlanHandle {
    pub(super) inner: Arc<Inner>,
    pub(super) id: PlanId,
}

impl PlanHandle {
    /// The plan as it stands on this phone.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not on this phone, [`AppError::Locked`],
    /// [`AppError::LeaseEnded`].
    pub fn read(&self) -> Result<Plan, AppError> {
        self.inner.read_view(self.document())
    }

    /// The open conflicts.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn conflicts(&self) -> Result<Vec<Conflict>, AppError> {
        self.inner.conflicts(self.document())
    }

    /// Settles a conflict.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when no conflict is open on the field.
    pub fn settle(&self, field: &FieldPath, chosen: &Value) -> Result<Saved, AppError> {
        settle(&self.inner, self.document(), field, chosen)
    }

    /// Calls the plan otherwise.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `title`; [`AppError::NotAllowed`].
    pub fn rename(&self, title: &str) -> Result<Saved, AppError> {
        must_say("title", title)?;
        self.edit("plan", |_| Ok(vec![put("title", json!(title))]))
    }

    /// Sets the plan's status, one of [`PLAN_STATUSES`], and why. Whatever but `active`
    /// lets the plan rest from now on: what is due meanwhile does not count.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `status` and `reason`; [`AppError::NotAllowed`].
    pub fn set_status(&self, status: &str, reason: &str) -> Result<Saved, AppError> {
        if !PLAN_STATUSES.contains(&status) {
            return Err(Refused::new("status", "active, on-hold, completed or revoked").into());
        }
        must_say("reason", reason)?;
        self.edit("plan", |desk| {
            Ok(vec![
                put("status", json!(status)),
                pause(desk, None, status != "active", reason)?,
            ])
        })
    }

    /// Says who answers for the plan; none: nobody in particular.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`].
    pub fn assign(&self, assignee: Option<&Assignee>) -> Result<Saved, AppError> {
        self.edit("plan", |_| Ok(vec![put("assignee", json!(assignee))]))
    }

    /// Sets the zone that its activities are due in.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `time_zone`; [`AppError::NotAllowed`].
    pub fn set_time_zone(&self, zone: &str) -> Result<Saved, AppError> {
        zone_of(zone)?;
        self.edit("plan", |_| Ok(vec![put("time_zone", json!(zone))]))
    }

    /// Adds a goal. `due`: by when, `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `text` and `due`; [`AppError::NotAllowed`].
    pub fn add_goal(&self, text: &str, due: Option<&str>) -> Result<Saved, AppError> {
        must_say("text", text)?;
        due.map(check_date).transpose()?;
        self.edit("goal", |desk| {
            let mut fields = Map::new();
            fields.insert("text".into(), json!(text));
            fields.insert("lifecycle".into(), json!("active"));
            if let Some(due) = due {
                fields.insert("due".into(), json!(due));
            }
            Ok(vec![desk.add_item("goals", fields)?])
        })
    }

    /// Says a goal otherwise, and by when it is to be reached; none: at no set time.
    ///
    /// # Errors
    /// As [`add_goal`](Self::add_goal); [`AppError::NotFound`].
    pub fn change_goal(
        &self,
        goal: EntryId,
        text: &str,
        due: Option<&str>,
    ) -> Result<Saved, AppError> {
        must_say("text", text)?;
        due.map(check_date).transpose()?;
        self.change("goals", goal, |before| {
            vec![
                (before["text"] != text).then(|| ("text", json!(text))),
                (before["due"] != json!(due)).then(|| ("due", json!(due))),
            ]
        })
    }

    /// Drops a goal: it stays and says so.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`].
    pub fn drop_goal(&self, goal: EntryId) -> Result<Saved, AppError> {
        self.change("goals", goal, |_| {
            vec![Some(("lifecycle", json!("cancelled")))]
        })
    }

    /// Adds an activity, due at no set time until [`set_schedule`](Self::set_schedule).
    ///
    /// # Errors
    /// [`AppError::Refused`] on `title`; [`AppError::NotAllowed`].
    pub fn add_activity(
        &self,
        code: &Coding,
        instructions: Option<&str>,
        schedule: Option<&Schedule>,
    ) -> Result<Saved, AppError> {
        must_say("title", &code.text)?;
        let zone = self.read()?.time_zone;
        schedule
            .map(|it| check_schedule(it, zone.as_deref()))
            .transpose()?;
        self.edit("activity", |desk| {
            let fields = activity_fields(code, instructions, schedule);
            Ok(vec![desk.add_item("activities", fields)?])
        })
    }

    /// Says what an activity is, and how it is done, otherwise.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `title`; [`AppError::NotFound`]; [`AppError::NotAllowed`].
    pub fn change_activity(
        &self,
        activity: EntryId,
        title: &str,
        instructions: Option<&str>,
    ) -> Result<Saved, AppError> {
        must_say("title", title)?;
        self.change("activities", activity, |before| {
            let mut code = before["code"].clone();
            code["text"] = json!(title);
            vec![
                (before["code"] != code).then_some(("code", code)),
                (before["instructions"] != json!(instructions))
                    .then(|| ("instructions", json!(instructions))),
            ]
        })
    }

    /// Sets when an activity is due; none: at no set time. What a later version wrote
    /// beside it stays.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the part: `start`, `rule`, `except`, `early_minutes`,
    /// `late_minutes`; [`AppError::NotFound`]; [`AppError::NotAllowed`].
    pub fn set_schedule(
        &self,
        activity: EntryId,
        schedule: Option<&Schedule>,
    ) -> Result<Saved, AppError> {
        let zone = self.read()?.time_zone;
        schedule
            .map(|it| check_schedule(it, zone.as_deref()))
            .transpose()?;
        self.change("activities", activity, |before| {
            let new = schedule.map(|it| over(&before["schedule"], &json!(it)));
            vec![Some(("schedule", json!(new)))]
        })
    }

    /// Says who does an activity; none: whoever visits.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`].
    pub fn assign_activity(
        &self,
        activity: EntryId,
        assignee: Option<&Assignee>,
    ) -> Result<Saved, AppError> {
        self.change("activities", activity, |_| {
            vec![Some(("assignee", json!(assignee)))]
        })
    }

    /// Drops an activity, and says why: it stays and says so, and nothing of it is due
    /// from now on.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `reason`; [`AppError::NotFound`]; [`AppError::NotAllowed`].
    pub fn drop_activity(&self, activity: EntryId, reason: &str) -> Result<Saved, AppError> {
        self.rest(activity, reason, "stopped", true)
    }

    /// Lets an activity rest from now on, and says why.
    ///
    /// # Errors
    /// As [`drop_activity`](Self::drop_activity).
    pub fn pause_activity(&self, activity: EntryId, reason: &str) -> Result<Saved, AppError> {
        self.rest(activity, reason, "on-hold", true)
    }

    /// Lets an activity that rested, or was dropped, go on from now on, and says why.
    ///
    /// # Errors
    /// As [`drop_activity`](Self::drop_activity).
    pub fn resume_activity(&self, activity: EntryId, reason: &str) -> Result<Saved, AppError> {
        self.rest(activity, reason, "active", false)
    }

    fn rest(
        &self,
        activity: EntryId,
        reason: &str,
        lifecycle: &str,
        resting: bool,
    ) -> Result<Saved, AppError> {
        must_say("reason", reason)?;
        self.edit("activity", |desk| {
            desk.must_exist("activities", activity)?;
            let path = format!("activities/{activity}/lifecycle");
            Ok(vec![
                put(&path, json!(lifecycle)),
                pause(desk, Some(activity), resting, reason)?,
            ])
        })
    }

    /// Says how an activity goes.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`].
    pub fn set_activity(
        &self,
        activity: EntryId,
        status: TaskStatus,
        progress: Option<&str>,
    ) -> Result<Saved, AppError> {
        self.change("activities", activity, |_| {
            vec![
                Some(("status", json!(status))),
                progress.map(|it| ("progress", json!(it))),
            ]
        })
    }

    /// Says how far a goal is reached, as FHIR's achievement status has it.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::NotAllowed`].
    pub fn set_goal(&self, goal: EntryId, achievement: &str) -> Result<Saved, AppError> {
        self.change("goals", goal, |_| {
            vec![Some(("achievement", json!(achievement)))]
        })
    }

    pub(super) const fn document(&self) -> DocumentId {
        DocumentId::plan(self.id)
    }

    /// Puts fields of one item, those that `make` gives.
    fn change(
        &self,
        section: &'static str,
        item: EntryId,
        make: impl FnOnce(&Value) -> Vec<Option<(&'static str, Value)>>,
    ) -> Result<Saved, AppError> {
        let action = if section == "goals" {
            "goal"
        } else {
            "activity"
        };
        self.edit(action, |desk| {
            desk.must_exist(section, item)?;
            let fields = make(&desk.view[section][item.to_string()]);
            let at = |(name, value)| put(&format!("{section}/{item}/{name}"), value);
            Ok(fields.into_iter().flatten().map(at).collect())
        })
    }

    pub(super) fn edit(
        &self,
        action: &'static str,
        make: impl FnOnce(&mut Desk<'_>) -> Result<Vec<Op>, AppError>,
    ) -> Result<Saved, AppError> {
        self.inner.edit(self.document(), action, make)
    }
}

/// The fields of a new activity.
pub(super) fn activity_fields(
    code: &Coding,
    instructions: Option<&str>,
    schedule: Option<&Schedule>,
) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("code".into(), json!(code));
    fields.insert("status".into(), json!(TaskStatus::Open));
    if let Some(instructions) = instructions {
        fields.insert("instructions".into(), json!(instructions));
    }
    if let Some(schedule) = schedule {
        fields.insert("schedule".into(), json!(schedule));
    }
    fields
}

fn pause(
    desk: &mut Desk<'_>,
    activity: Option<EntryId>,
    resting: bool,
    reason: &str,
) -> Result<Op, AppError> {
    let entry = PauseEntry {
        activity,
        resting,
        reason: reason.to_owned(),
        by: desk.me,
        at_ms: desk.stamp.best(),
    };
    desk.append("pauses", &entry)
}

pub(super) fn must_say(field: &'static str, text: &str) -> Result<(), Refused> {
    if text.trim().is_empty() || text.chars().count() > PLAN_TEXT_CHARS_MAX {
        return Err(Refused::new(field, "1 to 2000 characters"));
    }
    Ok(())
}

pub(super) fn zone_of(zone: &str) -> Result<chrono_tz::Tz, Refused> {
    zone.parse()
        .map_err(|_| Refused::new("time_zone", "an IANA time zone"))
}

fn check_date(text: &str) -> Result<(), Refused> {
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let plain = date.is_some_and(|date| date.to_string() == text);
    plain
        .then_some(())
        .ok_or(Refused::new("due", "a day as 2026-11-28"))
}

/// A schedule of words alone is taken: it is shown, and nothing is computed from it.
fn check_schedule(schedule: &Schedule, zone: Option<&str>) -> Result<(), Refused> {
    if schedule.rule.is_none() && schedule.text.is_some() {
        return Ok(());
    }
    if let Some(rule) = &schedule.rule {
        Rule::parse(rule)?;
    }
    let zone = zone.ok_or(Refused::new("time_zone", "an IANA time zone of the plan"))?;
    Calendar::new(schedule, zone).map(drop)
}

/// The fields of `new` over those of `before`: of the known ones those that `new`
/// leaves out go, the unknown ones stay.
fn over(before: &Value, new: &Value) -> Value {
    const KNOWN: [&str; 6] = [
        "start",
        "rule",
        "except",
        "early_minutes",
        "late_minutes",
        "text",
    ];
    let mut fields = before.as_object().cloned().unwrap_or_default();
    fields.retain(|name, _| !KNOWN.contains(&name.as_str()));
    fields.extend(new.as_object().cloned().unwrap_or_default());
    Value::Object(fields)
}
