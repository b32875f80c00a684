//! The answer: when each visit is reached, how sure that is, what is late and why.

use super::cost::{Problem, State};
use crate::model::Millis;

/// Error of a leg's travel time that is reckoned with, as a share of it. An assumption.
pub const TRAVEL_DOUBT: f64 = 0.25;
/// The same of a leg of which an end is not known. An assumption.
pub const UNKNOWN_DOUBT: f64 = 0.5;
/// Error of a visit's length that is reckoned with, as a share of it. An assumption.
pub const VISIT_DOUBT: f64 = 0.2;

/// Visits and breaks in order, with their times.
#[derive(Debug, Clone, PartialEq)]
pub struct DayOrder {
    /// The visits; every stop of the request is here once.
    pub visits: Vec<OrderedVisit>,
    /// The breaks.
    pub breaks: Vec<OrderedBreak>,
    /// The way to the end, where the request has one.
    pub homeward: Option<Homeward>,
    /// Sums.
    pub totals: Totals,
}

/// Sums of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// On the road, seconds, the way to the end among it.
    pub travel_s: u32,
    /// Waiting for a window, seconds; not before the first visit, since one can leave later.
    pub waiting_s: u32,
    /// Late, seconds, of visits and breaks together, unweighted.
    pub late_s: u32,
    /// Visits that are late.
    pub late_visits: u32,
}

/// One visit of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderedVisit {
    /// Which stop of the request.
    pub stop: usize,
    /// When to leave for it; the first time as late as does no harm.
    pub leave_ms: Millis,
    /// On the road, seconds.
    pub travel_s: u32,
    /// The way is a guess: an end of it is not known.
    pub travel_guessed: bool,
    /// When one is there.
    pub arrive_ms: Millis,
    /// When the visit begins: `arrive_ms`, or its window's beginning.
    pub begin_ms: Millis,
    /// When it ends.
    pub end_ms: Millis,
    /// From arrival to beginning, seconds.
    pub waiting_s: u32,
    /// From the latest beginning to this one, seconds; 0: in time.
    pub late_s: u32,
    /// Why it is late; none: it is not.
    pub cause: Option<LateCause>,
    /// How far off `arrive_ms` may be either way, seconds: the root of the summed squares of
    /// the errors that are reckoned with, [`TRAVEL_DOUBT`] or [`UNKNOWN_DOUBT`] of each leg and
    /// [`VISIT_DOUBT`] of each visit before, and of the start. It grows with each of them; waiting takes up as
    /// much of it as it is long. An assumption and no confidence interval.
    pub spread_s: u32,
}

/// Why a visit is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LateCause {
    /// Its window was over before one could leave.
    WindowPassed,
    /// It could not be reached in time even as the first one.
    TooFar,
    /// It could be kept by itself, but not together with the others in this order.
    Crowded,
}

/// One break of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedBreak {
    /// Which break of the request.
    pub wish: usize,
    /// How many visits are before it.
    pub after_visits: usize,
    /// When it begins.
    pub begin_ms: Millis,
    /// When it ends.
    pub end_ms: Millis,
    /// From the latest beginning to this one, seconds; 0: in time.
    pub late_s: u32,
}

/// The way to the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Homeward {
    /// On the road, seconds.
    pub travel_s: u32,
    /// When one is there.
    pub arrive_ms: Millis,
    /// As [`OrderedVisit::spread_s`].
    pub spread_s: u32,
}

/// Times an order of all jobs.
pub(super) fn time(problem: &Problem<'_>, order: &[usize]) -> DayOrder {
    let mut clock = Timer {
        problem,
        state: Problem::start(),
        spread_ms: f64::from(problem.request.start_doubt_s) * 1_000.0,
        day: DayOrder {
            visits: Vec::with_capacity(problem.request.stops.len()),
            breaks: Vec::with_capacity(problem.request.breaks.len()),
            homeward: None,
            totals: Totals::default(),
        },
    };
    for job in order {
        clock.tick(*job);
    }
    clock.finish()
}

struct Timer<'a> {
    problem: &'a Problem<'a>,
    state: State,
    spread_ms: f64,
    day: DayOrder,
}

impl Timer<'_> {
    fn at(&self, since_ms: i64) -> Millis {
        self.problem.request.start_ms.plus(since_ms)
    }

    fn tick(&mut self, job: usize) {
        let step = self.problem.step(&self.state, job);
        let waits = step.begin_ms - step.arrive_ms;
        let late_ms = (step.begin_ms - self.problem.jobs[job].latest_ms).max(0);
        let first = self.day.visits.is_empty() && self.day.breaks.is_empty();
        let end_ms = step.begin_ms + self.problem.jobs[job].length_ms;
        // One leaves for the first visit as late as does no harm.
        let moved = if first { waits } else { 0 };
        let place = self.problem.jobs[job].place;
        match self.problem.is_visit(job) {
            true => {
                let guessed = place.is_some_and(|place| {
                    self.doubt_leg(place, step.travel_ms);
                    self.problem.legs.is_guessed(self.state.place, place)
                });
                self.day.visits.push(OrderedVisit {
                    stop: job,
                    leave_ms: self.at(self.state.time_ms + moved),
                    travel_s: seconds(step.travel_ms),
                    travel_guessed: guessed,
                    arrive_ms: self.at(step.arrive_ms + moved),
                    begin_ms: self.at(step.begin_ms),
                    end_ms: self.at(end_ms),
                    waiting_s: seconds(waits - moved),
                    late_s: seconds(late_ms),
                    cause: (late_ms > 0).then(|| self.cause(job, place)),
                    spread_s: whole_seconds(self.spread_ms),
                });
                self.day.totals.late_visits += u32::from(late_ms > 0);
            }
            false => self.day.breaks.push(OrderedBreak {
                wish: job - self.problem.breaks().start,
                after_visits: self.day.visits.len(),
                begin_ms: self.at(step.begin_ms),
                end_ms: self.at(end_ms),
                late_s: seconds(late_ms),
            }),
        }
        self.day.totals.late_s += seconds(late_ms);
        self.doubt_stay(job, waits - moved);
        self.state = self.problem.after(&self.state, job);
    }

    fn finish(mut self) -> DayOrder {
        let home_ms = self.problem.leg_ms(self.state.place, self.problem.end());
        if self.problem.request.end.is_some() {
            self.doubt_leg(self.problem.end(), home_ms);
            self.day.homeward = Some(Homeward {
                travel_s: seconds(home_ms),
                arrive_ms: self.at(self.state.time_ms + home_ms),
                spread_s: whole_seconds(self.spread_ms),
            });
        }
        self.day.totals.travel_s = seconds(self.state.travel_ms + home_ms);
        self.day.totals.waiting_s = seconds(self.state.waiting_ms);
        self.day
    }

    fn cause(&self, job: usize, place: Option<usize>) -> LateCause {
        let latest_ms = self.problem.jobs[job].latest_ms;
        if latest_ms < 0 {
            LateCause::WindowPassed
        } else if place.is_some_and(|place| self.problem.leg_ms(0, place) > latest_ms) {
            LateCause::TooFar
        } else {
            LateCause::Crowded
        }
    }

    fn doubt_leg(&mut self, to: usize, travel_ms: i64) {
        let guessed = self.problem.legs.is_guessed(self.state.place, to);
        let share = if guessed { UNKNOWN_DOUBT } else { TRAVEL_DOUBT };
        self.spread_ms = self.spread_ms.hypot(share * float(travel_ms));
    }

    fn doubt_stay(&mut self, job: usize, waited_ms: i64) {
        let left = (self.spread_ms - float(waited_ms)).max(0.0);
        let length_ms = float(self.problem.jobs[job].length_ms);
        self.spread_ms = left.hypot(VISIT_DOUBT * length_ms);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a few days in milliseconds are exact"
)]
const fn float(ms: i64) -> f64 {
    ms as f64
}

/// Whole seconds, rounded up: nobody is told to be in time who is not.
fn seconds(ms: i64) -> u32 {
    u32::try_from((ms.max(0) + 999) / 1_000).unwrap_or(u32::MAX)
}

fn whole_seconds(ms: f64) -> u32 {
    let most = f64::from(u32::MAX);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    {
        (ms / 1_000.0).ceil().clamp(0.0, most) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MINUTE_MS;

    #[test]
    fn part_of_a_second_late_is_late() {
        assert_eq!(seconds(1), 1);
        assert_eq!(seconds(MINUTE_MS), 60);
        assert_eq!(seconds(-5), 0);
        assert_eq!(whole_seconds(1_000.5), 2);
    }
}
