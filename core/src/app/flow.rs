//! The way of a visit: each step of its status with its stamp and what goes with it.

use serde_json::json;

use super::edit::{Desk, Saved};
use super::error::AppError;
use super::presence::{self, Clerk, Mark};
use super::visit::{VisitHandle, put, status_of};
use crate::merge::Op;
use crate::model::{
    BreakReason, Fix, NoFix, NotDoneReason, Place, StepEntry, StepRefused, Task, TaskStatus,
    VisitStatus,
};

impl VisitHandle {
    /// On the way.
    ///
    /// # Errors
    /// [`AppError::Step`] when the status machine has no such step; [`AppError::Refused`]
    /// on `virtual_visit` for a virtual visit: no way leads to it.
    pub fn start_travel(&self, fix: Option<Fix>) -> Result<Saved, AppError> {
        self.must_be_at_home()?;
        self.step(Move {
            place: fix.into(),
            ..Move::to(VisitStatus::Traveling)
        })
    }

    /// Arrived in the home: begins the visit, and stamps who came when and where.
    /// A stamp that is not verified waits for a reason
    /// ([`reasons_needed`](Self::reasons_needed)) and stops nothing. A colleague
    /// who comes to a visit that has begun [joins](Self::join). A virtual visit begins once
    /// its consent was given, and its stamp has no place.
    ///
    /// # Errors
    /// [`AppError::Step`] when the status machine has no such step; [`AppError::Refused`]
    /// on `consent` for a virtual visit to which nobody agreed.
    pub fn check_in(&self, place: impl Into<Place>) -> Result<Saved, AppError> {
        self.must_be_agreed_to()?;
        self.step(Move {
            place: place.into(),
            mark: Some(Mark::In),
            ..Move::to(VisitStatus::InProgress)
        })
    }

    /// Interrupts the visit, and notes where and why.
    ///
    /// # Errors
    /// [`AppError::Step`] when the status machine has no such step.
    pub fn take_break(
        &self,
        reason: Option<BreakReason>,
        comment: Option<String>,
        place: impl Into<Place>,
    ) -> Result<Saved, AppError> {
        self.step(Move {
            place: place.into(),
            break_reason: reason,
            comment,
            ..Move::to(VisitStatus::OnBreak)
        })
    }

    /// Goes on after a break, and notes where.
    ///
    /// # Errors
    /// [`AppError::Step`] when the visit is not on a break.
    pub fn resume(&self, place: impl Into<Place>) -> Result<Saved, AppError> {
        let from = self.read()?.status;
        if from != VisitStatus::OnBreak {
            let to = VisitStatus::InProgress;
            return Err(StepRefused { from, to }.into());
        }
        self.step(Move {
            place: place.into(),
            ..Move::to(VisitStatus::InProgress)
        })
    }

    /// Leaves the home: the visit is done and can be signed. Stamps the check-out
    /// of a person who is checked in, and notes in the chart what this phone knew, for
    /// [`since_last_here`](super::Homeround::since_last_here).
    ///
    /// # Errors
    /// [`AppError::Refused`] on `tasks` while a required task has no status;
    /// [`AppError::Step`] when the status machine has no such step.
    pub fn complete(&self, place: impl Into<Place>) -> Result<Saved, AppError> {
        let visit = self.read()?;
        let missing = |task: &Task| task.required && task.status == TaskStatus::Open;
        if visit.tasks.values().any(missing) {
            return Err(AppError::Refused {
                field: "tasks".into(),
                limit: "a status for every required task".into(),
            });
        }
        let saved = self.step(Move {
            place: place.into(),
            mark: Some(Mark::Out),
            ..Move::to(VisitStatus::Completed)
        })?;
        self.leave_look();
        Ok(saved)
    }

    /// Nobody was met; notes where the person was.
    ///
    /// # Errors
    /// [`AppError::Step`] when the status machine has no such step.
    pub fn miss(
        &self,
        reason: NotDoneReason,
        comment: Option<String>,
        place: impl Into<Place>,
    ) -> Result<Saved, AppError> {
        self.step(Move {
            place: place.into(),
            reason: Some(reason),
            comment,
            ..Move::to(VisitStatus::Missed)
        })
    }

    /// Calls the visit off; notes where the person was, and stamps the check-out of one
    /// who is checked in.
    ///
    /// # Errors
    /// [`AppError::Step`] when the status machine has no such step.
    pub fn cancel(
        &self,
        reason: NotDoneReason,
        comment: Option<String>,
        place: impl Into<Place>,
    ) -> Result<Saved, AppError> {
        self.step(Move {
            place: place.into(),
            mark: Some(Mark::Out),
            reason: Some(reason),
            comment,
            ..Move::to(VisitStatus::Canceled)
        })
    }

    fn step(&self, asked: Move) -> Result<Saved, AppError> {
        presence::check(&asked.place)?;
        self.edit_stamped("step", |desk, clerk| take_step(desk, clerk, asked))
    }
}

/// The step's entry, and the stamp of presence that goes with it.
pub(super) fn take_step(
    desk: &mut Desk<'_>,
    clerk: &mut Clerk<'_>,
    asked: Move,
) -> Result<Vec<Op>, AppError> {
    let place = clerk.place(desk, asked.place)?;
    let to = status_of(desk.view)?.step(asked.to)?;
    let entry = StepEntry {
        to,
        by: desk.me,
        stamp: desk.stamp,
        fix: place.fix(),
        reason: asked.reason,
        break_reason: asked.break_reason,
        comment: asked.comment,
    };
    let mut ops = vec![put("status", json!(to)), desk.append("steps", &entry)?];
    if let Some((mark, stamps)) = asked.mark.zip(presence::stamps_of(desk)?)
        && presence::is_due(&stamps, desk.me, mark)
    {
        ops.push(clerk.mark(desk, mark, asked.place)?);
    }
    Ok(ops)
}

/// One step of the status.
pub(super) struct Move {
    pub(super) to: VisitStatus,
    pub(super) place: Place,
    pub(super) mark: Option<Mark>,
    pub(super) reason: Option<NotDoneReason>,
    pub(super) break_reason: Option<BreakReason>,
    pub(super) comment: Option<String>,
}

impl Move {
    pub(super) const fn to(to: VisitStatus) -> Self {
        Self {
            to,
            place: Place::Unknown(NoFix::NotGiven),
            mark: None,
            reason: None,
            break_reason: None,
            comment: None,
        }
    }
}
