//! Where a day's order begins: at a visit under way, at the last one that was made, where the
//! phone is, or nowhere in particular.

use super::error::AppError;
use super::order::{Booked, OrderOptions, Spot, VisitEstimate, place_of};
use crate::model::{
    DocumentId, MINUTE_MS, Millis, PersonId, StepEntry, Visit, VisitId, VisitStatus,
};
use crate::plan::{LateCause, Place, Start, TRAVEL_DOUBT, UNKNOWN_DOUBT, VISIT_DOUBT};
use crate::store::{Rows, VisitRow};

/// Where and when what is ahead begins.
pub(super) struct Anchor {
    /// When one can leave.
    pub(super) at_ms: Millis,
    /// How far off that may be, seconds.
    pub(super) doubt_s: u32,
    /// Where from.
    pub(super) place: Option<Place>,
    /// What legs call it.
    pub(super) spot: Spot,
    /// The visits under way, with their times.
    pub(super) under_way: Vec<VisitEstimate>,
}

impl Anchor {
    pub(super) fn start(&self) -> Start {
        match (self.place, self.spot) {
            (Some(place), _) => Start::Place(place),
            (None, Spot::Visit(_)) => Start::Unknown,
            (None, _) => Start::FirstVisit,
        }
    }

    pub(super) fn is_under_way(&self, visit: VisitId) -> bool {
        self.under_way.iter().any(|one| one.visit == visit)
    }
}

/// Whose day it is, and what the phone knows of it.
pub(super) struct Whose<'a> {
    pub(super) person: PersonId,
    pub(super) rows: &'a Rows,
    pub(super) all: &'a [VisitRow],
    pub(super) open: &'a [Booked],
    pub(super) options: &'a OrderOptions,
}

impl Whose<'_> {
    /// Finds it; whether the day has begun is for `now` and its bounds to say.
    pub(super) fn anchor(
        &self,
        now: Millis,
        (begins, ends): (Millis, Millis),
    ) -> Result<Anchor, AppError> {
        let mut anchor = Anchor {
            at_ms: Millis(now.0.clamp(begins.0, ends.0)),
            doubt_s: 0,
            place: self.options.start,
            spot: Spot::Start,
            under_way: Vec::new(),
        };
        if anchor.place.is_none() && begins <= now && now < ends {
            self.at_the_last_made(&mut anchor)?;
        }
        for status in [
            VisitStatus::InProgress,
            VisitStatus::OnBreak,
            VisitStatus::Traveling,
        ] {
            for row in self.all.iter().filter(|row| row.status == status) {
                self.under_way(row, &mut anchor)?;
            }
        }
        Ok(anchor)
    }

    /// A visit that this person began or set out for; one that a colleague began is still
    /// ahead of them.
    fn under_way(&self, row: &VisitRow, anchor: &mut Anchor) -> Result<(), AppError> {
        let Some(booked) = self.open.iter().find(|one| one.visit == row.visit) else {
            return Ok(());
        };
        let steps = self.steps_of(row.visit)?;
        if let Some(began) = first_at(&steps, VisitStatus::InProgress) {
            anchor.in_the_home(booked, began);
        } else if let Some(left) = first_at(&steps, VisitStatus::Traveling)
            && row.status == VisitStatus::Traveling
        {
            anchor.on_the_way(booked, left, self.options);
        }
        Ok(())
    }

    /// Whoever left a home is there, as far as the phone knows.
    fn at_the_last_made(&self, anchor: &mut Anchor) -> Result<(), AppError> {
        let mut last = None;
        for row in self.all {
            let to = match row.status {
                VisitStatus::Completed | VisitStatus::Signed | VisitStatus::Amended => {
                    VisitStatus::Completed
                }
                VisitStatus::Missed => VisitStatus::Missed,
                _ => continue,
            };
            if super::virtual_visit::booked(self.rows, row.visit)?.is_some() {
                // It says nothing of where the person is.
                continue;
            }
            let left = first_at(&self.steps_of(row.visit)?, to);
            if let Some(left) = left.filter(|left| last.is_none_or(|(known, _)| *left > known)) {
                last = Some((left, row));
            }
        }
        if let Some((_, row)) = last {
            anchor.place = place_of(row);
            anchor.spot = Spot::Visit(row.visit);
        }
        Ok(())
    }

    /// This person's own steps.
    fn steps_of(&self, visit: VisitId) -> Result<Vec<StepEntry>, AppError> {
        let visit: Visit = super::project::read(self.rows, DocumentId::visit(visit))?;
        let mut steps: Vec<StepEntry> = visit.steps.into_values().collect();
        steps.retain(|step| step.by == self.person);
        Ok(steps)
    }
}

fn first_at(steps: &[StepEntry], status: VisitStatus) -> Option<Millis> {
    let reached = steps.iter().filter(|step| step.to == status);
    reached.map(|step| step.stamp.best()).min()
}

impl Anchor {
    /// Ends when its time is over, or any moment now.
    fn in_the_home(&mut self, booked: &Booked, began: Millis) {
        let now = self.at_ms;
        let began = began.min(now);
        let length_ms = i64::from(booked.minutes) * MINUTE_MS;
        let end_ms = began.plus(length_ms).max(now);
        self.then(booked, end_ms, 0);
        self.under_way.push(VisitEstimate {
            visit: booked.visit,
            under_way: true,
            leave_ms: began,
            travel_s: 0,
            travel_guessed: false,
            arrive_ms: began,
            begin_ms: began,
            end_ms,
            waiting_s: 0,
            late_s: 0,
            cause: None,
            spread_s: 0,
        });
    }

    /// What is left of the way: from where the phone is, else of the whole way since it was
    /// set out on.
    fn on_the_way(&mut self, booked: &Booked, left: Millis, options: &OrderOptions) {
        let now = self.at_ms;
        let home = (Spot::Visit(booked.visit), booked.place);
        let from = (self.spot, self.place);
        let left = left.min(now);
        let whole_ms = match self.start() {
            _ if booked.anywhere => 0,
            Start::FirstVisit => 0,
            _ => i64::from(options.leg_s(from, home)) * 1_000,
        };
        let arrive_ms = if options.start.is_some() {
            now.plus(whole_ms)
        } else {
            left.plus(whole_ms).max(now)
        };
        let travel_s = u32::try_from((arrive_ms.0 - now.0) / 1_000).unwrap_or(u32::MAX);
        let unknown = self.place.is_none() || options.guesses(from, home);
        let guessed = unknown && !booked.anywhere;
        let share = if guessed { UNKNOWN_DOUBT } else { TRAVEL_DOUBT };
        let spread_s = whole(share * f64::from(travel_s));
        let begin_ms = arrive_ms.max(booked.earliest_ms);
        let late_ms = (begin_ms.0 - booked.latest_ms.0).max(0);
        let end_ms = begin_ms.plus(i64::from(booked.minutes) * MINUTE_MS);
        self.then(booked, end_ms, spread_s);
        self.under_way.push(VisitEstimate {
            visit: booked.visit,
            under_way: true,
            leave_ms: left,
            travel_s,
            travel_guessed: guessed,
            arrive_ms,
            begin_ms,
            end_ms,
            waiting_s: u32::try_from((begin_ms.0 - arrive_ms.0) / 1_000).unwrap_or(u32::MAX),
            late_s: u32::try_from((late_ms + 999) / 1_000).unwrap_or(u32::MAX),
            cause: (late_ms > 0).then_some(if booked.latest_ms < now {
                LateCause::WindowPassed
            } else {
                LateCause::TooFar
            }),
            spread_s,
        });
    }

    /// What is ahead begins after this visit, at its home; after a virtual one where the
    /// person was.
    fn then(&mut self, booked: &Booked, end_ms: Millis, spread_s: u32) {
        let length_s = f64::from(booked.minutes) * 60.0;
        self.at_ms = end_ms;
        self.doubt_s = whole(f64::from(spread_s).hypot(VISIT_DOUBT * length_s));
        if !booked.anywhere {
            self.place = booked.place;
            self.spot = Spot::Visit(booked.visit);
        }
    }
}

/// Whole seconds, rounded up.
fn whole(seconds: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    {
        seconds.ceil().clamp(0.0, f64::from(u32::MAX)) as u32
    }
}
