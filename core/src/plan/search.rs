//! A good order of any number of jobs: begin with a few simple ones, make each better by
//! moving, turning and exchanging until no move helps, then shake the best and try again.
//! The shaking draws from a fixed seed, so the same day gives the same order.

use super::cost::{Cost, Problem, State, TRAVEL_PER_WAITING};

/// Jobs looked at by one search, at most: what bounds its time, whatever the day.
pub const STEPS_MAX: u64 = 3_000_000;
/// Times that the best order is shaken, for each job.
const SHAKES_PER_JOB: usize = 12;
/// One try out of so many begins with any order at all: on a crowded day the best one may
/// be out of reach of every shake.
const ANEW_EACH: usize = 3;
/// Longest piece that is moved as one.
const PIECE_MAX: usize = 3;
/// Any number but zero.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// A good order. The one that was asked with is answered unless a better one is found.
pub(super) fn search(problem: &Problem<'_>) -> Vec<usize> {
    let mut walk = Walk::new(problem);
    let asked = with_breaks(problem, problem.visits());
    let mut best = asked.clone();
    let mut least = problem.cost_of(&best);
    for start in [
        asked,
        by(problem, true),
        by(problem, false),
        inserted(problem),
    ] {
        let (order, cost) = walk.improve(start);
        if cost < least {
            (best, least) = (order, cost);
        }
    }
    let (mut order, mut cost) = (best.clone(), least);
    for round in 1..=SHAKES_PER_JOB * problem.jobs.len() {
        if walk.tired() || best.len() < 4 {
            break;
        }
        let (other, its) = if round % ANEW_EACH == 0 {
            walk.shuffle_and_improve(&order)
        } else {
            walk.shake_and_improve(&order)
        };
        if its <= cost {
            (order, cost) = (other, its);
        }
        if cost < least {
            (best, least) = (order.clone(), cost);
        }
    }
    best
}

/// The order with each break put where it costs least.
pub(super) fn with_breaks(problem: &Problem<'_>, visits: Vec<usize>) -> Vec<usize> {
    problem
        .breaks()
        .fold(visits, |order, job| cheapest(problem, &order, job))
}

fn by(problem: &Problem<'_>, latest: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..problem.jobs.len()).collect();
    let key = |job: &usize| {
        let job = &problem.jobs[*job];
        if latest {
            job.latest_ms
        } else {
            job.earliest_ms
        }
    };
    order.sort_by_key(key);
    order
}

/// One job after the other, the most pressing first, each where it costs least.
fn inserted(problem: &Problem<'_>) -> Vec<usize> {
    let jobs = by(problem, true).into_iter();
    jobs.fold(Vec::new(), |order, job| cheapest(problem, &order, job))
}

fn cheapest(problem: &Problem<'_>, order: &[usize], job: usize) -> Vec<usize> {
    let with = |at: usize| {
        let mut order = order.to_vec();
        order.insert(at, job);
        order
    };
    let tried = (0..=order.len()).map(with);
    tried
        .min_by_key(|order| problem.cost_of(order))
        .unwrap_or_default()
}

struct Walk<'a> {
    problem: &'a Problem<'a>,
    steps: u64,
    dice: u64,
    order: Vec<usize>,
    cost: Cost,
    /// `before[n]`: when the first `n` jobs of the order are done.
    before: Vec<State>,
    tried: Vec<usize>,
}

impl<'a> Walk<'a> {
    fn new(problem: &'a Problem<'a>) -> Self {
        Self {
            problem,
            steps: 0,
            dice: SEED,
            order: Vec::new(),
            cost: Cost { late: 0, road: 0 },
            before: Vec::new(),
            tried: Vec::new(),
        }
    }

    const fn tired(&self) -> bool {
        self.steps >= STEPS_MAX
    }

    fn improve(&mut self, start: Vec<usize>) -> (Vec<usize>, Cost) {
        self.take(start);
        loop {
            let before = self.cost;
            self.move_pieces();
            self.turn_and_exchange();
            if self.cost == before || self.tired() {
                return (self.order.clone(), self.cost);
            }
        }
    }

    fn take(&mut self, order: Vec<usize>) {
        self.before.clear();
        let mut state = Problem::start();
        self.before.push(state);
        for job in &order {
            state = self.problem.after(&state, *job);
            self.before.push(state);
        }
        self.cost = self.problem.cost(&state);
        self.order = order;
    }

    /// Each piece of up to [`PIECE_MAX`] jobs to each other place, as it is and turned.
    fn move_pieces(&mut self) {
        let jobs = self.order.len();
        for length in 1..=PIECE_MAX.min(jobs) {
            for from in 0..=jobs - length {
                for to in 0..=jobs - length {
                    if to != from {
                        self.try_piece(from, length, to);
                    }
                }
                if self.tired() {
                    return;
                }
            }
        }
    }

    fn try_piece(&mut self, from: usize, length: usize, to: usize) {
        for turned in [false, true] {
            if turned && length == 1 {
                continue;
            }
            let mut tried = std::mem::take(&mut self.tried);
            tried.clear();
            tried.extend_from_slice(&self.order);
            if to < from {
                tried[to..from + length].rotate_right(length);
            } else {
                tried[from..to + length].rotate_left(length);
            }
            if turned {
                tried[to..to + length].reverse();
            }
            self.tried = tried;
            self.try_from(from.min(to));
        }
    }

    /// Each stretch turned around, each two jobs exchanged.
    fn turn_and_exchange(&mut self) {
        let jobs = self.order.len();
        for from in 0..jobs {
            for to in from + 1..jobs {
                for turn in [true, false] {
                    self.tried.clear();
                    self.tried.extend_from_slice(&self.order);
                    if turn {
                        self.tried[from..=to].reverse();
                    } else {
                        self.tried.swap(from, to);
                    }
                    self.try_from(from);
                }
            }
            if self.tired() {
                return;
            }
        }
    }

    /// Takes the order that is tried, if it is better. It is as before up to `at`.
    fn try_from(&mut self, at: usize) {
        let mut state = self.before[at];
        for job in &self.tried[at..] {
            state = self.problem.after(&state, *job);
            self.steps += 1;
            let road = TRAVEL_PER_WAITING * state.travel_ms + state.waiting_ms;
            let so_far = Cost {
                late: state.late,
                road,
            };
            if so_far >= self.cost {
                return;
            }
        }
        if self.problem.cost(&state) < self.cost {
            let order = self.tried.clone();
            self.take(order);
        }
    }

    /// Three cuts, the middle pieces exchanged: what no single move undoes.
    fn shake_and_improve(&mut self, order: &[usize]) -> (Vec<usize>, Cost) {
        let mut cuts = [0; 3];
        for cut in &mut cuts {
            *cut = 1 + self.below(order.len() - 1);
        }
        cuts.sort_unstable();
        let [first, second, third] = cuts;
        let pieces = [
            &order[..first],
            &order[second..third],
            &order[first..second],
            &order[third..],
        ];
        self.improve(pieces.concat())
    }

    fn shuffle_and_improve(&mut self, order: &[usize]) -> (Vec<usize>, Cost) {
        let mut order = order.to_vec();
        for at in (1..order.len()).rev() {
            let other = self.below(at + 1);
            order.swap(at, other);
        }
        self.improve(order)
    }

    /// Xorshift; nobody has to guess it.
    fn below(&mut self, most: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        let most = u64::try_from(most.max(1)).unwrap_or(1);
        usize::try_from(self.dice % most).unwrap_or(0)
    }
}
