//! What an order costs. Everything that compares two orders asks here.

use super::request::DayRequest;
use super::travel::Legs;
use crate::model::{MINUTE_MS, Refused};

/// What a minute late counts, by the visit's priority: routine, urgent, emergency. A choice
/// of this product: an emergency goes before any number of routine visits that a day holds
/// within reason.
pub const LATE_WEIGHTS: [i64; 3] = [1, 4, 16];
/// Minutes of waiting that a minute on the road counts as. A choice of this product.
pub const TRAVEL_PER_WAITING: i64 = 4;
/// What being late counts more where the time is fixed.
const FIXED_FACTOR: i64 = 2;

/// A visit or a break.
pub(super) struct Job {
    pub(super) earliest_ms: i64,
    preferred_ms: i64,
    pub(super) latest_ms: i64,
    pub(super) length_ms: i64,
    weight: i64,
    /// Its place among [`Legs`]; none: a break or a virtual visit, wherever one is.
    pub(super) place: Option<usize>,
}

/// A request made ready: jobs `0..visits` are its stops, the rest its breaks. Times are
/// milliseconds since the start.
pub(super) struct Problem<'a> {
    pub(super) request: &'a DayRequest,
    pub(super) jobs: Vec<Job>,
    pub(super) legs: Legs,
    visits: usize,
}

/// Some jobs done, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// When the last one ends.
    pub(super) time_ms: i64,
    /// Where one is then, among [`Legs`].
    pub(super) place: usize,
    /// Lateness so far, weighted.
    pub(super) late: i64,
    /// On the road so far.
    pub(super) travel_ms: i64,
    /// Waited so far; not before the first job, since one can leave later.
    pub(super) waiting_ms: i64,
    begun: bool,
}

/// What an order costs; less is better, and lateness comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost {
    pub(super) late: i64,
    pub(super) road: i64,
}

/// How one job goes.
pub(super) struct Step {
    pub(super) travel_ms: i64,
    pub(super) arrive_ms: i64,
    pub(super) begin_ms: i64,
}

impl<'a> Problem<'a> {
    pub(super) fn new(request: &'a DayRequest) -> Result<Self, Refused> {
        request.check()?;
        let legs = Legs::new(request)?;
        let since = |at: crate::model::Millis| at.0 - request.start_ms.0;
        let visits = request.stops.iter().enumerate().map(|(at, stop)| {
            let weight = LATE_WEIGHTS.get(usize::from(stop.priority)).copied();
            Job {
                earliest_ms: since(stop.earliest_ms),
                preferred_ms: since(stop.preferred_ms.min(stop.latest_ms)),
                latest_ms: since(stop.latest_ms),
                length_ms: i64::from(stop.minutes) * MINUTE_MS,
                weight: weight.unwrap_or(1) * if stop.fixed { FIXED_FACTOR } else { 1 },
                place: (!stop.anywhere).then_some(at + 1),
            }
        });
        let breaks = request.breaks.iter().map(|wish| Job {
            earliest_ms: since(wish.earliest_ms),
            preferred_ms: since(wish.earliest_ms),
            latest_ms: since(wish.latest_ms),
            length_ms: i64::from(wish.minutes) * MINUTE_MS,
            weight: 1,
            place: None,
        });
        Ok(Self {
            request,
            jobs: visits.chain(breaks).collect(),
            legs,
            visits: request.stops.len(),
        })
    }

    /// The visits, as they stand in the request.
    pub(super) fn visits(&self) -> Vec<usize> {
        (0..self.visits).collect()
    }

    /// Whether a job is a visit.
    pub(super) const fn is_visit(&self, job: usize) -> bool {
        job < self.visits
    }

    /// The breaks.
    pub(super) fn breaks(&self) -> std::ops::Range<usize> {
        self.visits..self.jobs.len()
    }

    /// The end's place among [`Legs`].
    pub(super) const fn end(&self) -> usize {
        self.visits + 1
    }

    /// Before anything was done.
    pub(super) const fn start() -> State {
        State {
            time_ms: 0,
            place: 0,
            late: 0,
            travel_ms: 0,
            waiting_ms: 0,
            begun: false,
        }
    }

    /// How a job goes from there.
    pub(super) fn step(&self, from: &State, job: usize) -> Step {
        let job = &self.jobs[job];
        let travel_ms = job.place.map_or(0, |to| self.leg_ms(from.place, to));
        let arrive_ms = from.time_ms + travel_ms;
        Step {
            travel_ms,
            arrive_ms,
            begin_ms: arrive_ms.max(job.earliest_ms),
        }
    }

    /// A job done.
    pub(super) fn after(&self, from: &State, job: usize) -> State {
        let step = self.step(from, job);
        let late = self.late_at(job, step.begin_ms);
        let job = &self.jobs[job];
        let waited = step.begin_ms - step.arrive_ms;
        State {
            time_ms: step.begin_ms + job.length_ms,
            place: job.place.unwrap_or(from.place),
            late: from.late + late,
            travel_ms: from.travel_ms + step.travel_ms,
            waiting_ms: from.waiting_ms + if from.begun { waited } else { 0 },
            begun: true,
        }
    }

    /// What beginning a job then counts as late.
    pub(super) fn late_at(&self, job: usize, begin_ms: i64) -> i64 {
        let job = &self.jobs[job];
        job.weight * (begin_ms - job.latest_ms).max(0)
    }

    /// The shortest way to a job, from anywhere. Nothing says that a way around is longer.
    pub(super) fn nearest_ms(&self, job: usize) -> i64 {
        let Some(to) = self.jobs[job].place else {
            return 0;
        };
        let others = (0..self.end()).filter(|from| *from != to);
        others.map(|from| self.leg_ms(from, to)).min().unwrap_or(0)
    }

    /// What it comes to when this was all.
    pub(super) fn cost(&self, done: &State) -> Cost {
        let home = self.leg_ms(done.place, self.end());
        Cost {
            late: done.late,
            road: TRAVEL_PER_WAITING * (done.travel_ms + home) + done.waiting_ms,
        }
    }

    /// What a whole order costs.
    pub(super) fn cost_of(&self, order: &[usize]) -> Cost {
        let done = order
            .iter()
            .fold(Self::start(), |state, job| self.after(&state, *job));
        self.cost(&done)
    }

    /// Lets each job begin when it rather would, wherever that makes none late.
    pub(super) fn no_sooner_than_need_be(&mut self, order: &[usize]) {
        let late = self.cost_of(order).late;
        for job in order {
            let earliest_ms = self.jobs[*job].earliest_ms;
            self.jobs[*job].earliest_ms = earliest_ms.max(self.jobs[*job].preferred_ms);
            if self.cost_of(order).late > late {
                self.jobs[*job].earliest_ms = earliest_ms;
            }
        }
    }

    pub(super) fn leg_ms(&self, from: usize, to: usize) -> i64 {
        i64::from(self.legs.seconds(from, to)) * 1_000
    }
}
