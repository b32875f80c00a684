//! The best order of a few jobs: every set of jobs done and place reached is looked at once.

use super::cost::{Cost, Problem, State, TRAVEL_PER_WAITING};

/// Visits and breaks of which the best order is found for certain. (So long as the ways of
/// reaching each set of them stay under a bound that hard days of twelve keep well below:
/// docs/adr/0031.)
pub const EXACT_MAX: usize = 12;
/// Ways of reaching a set and a place that are kept, of all of them together; past it the
/// answer of the search stands.
const LABELS_MAX: usize = 200_000;
/// No label came before.
const NONE: u32 = u32::MAX;

/// One way of having done a set of jobs.
#[derive(Clone, Copy)]
struct Label {
    state: State,
    job: u8,
    before: u32,
}

/// The best order, if it is better than the one that was found.
pub(super) fn exact(problem: &Problem<'_>, found: &[usize]) -> Option<Vec<usize>> {
    let jobs = problem.jobs.len();
    if jobs == 0 || jobs > EXACT_MAX {
        return None;
    }
    Table::new(problem, problem.cost_of(found)).run()
}

struct Table<'a> {
    problem: &'a Problem<'a>,
    bound: Cost,
    labels: Vec<Label>,
    /// By job: the shortest way to it from anywhere, milliseconds.
    nearest_ms: Vec<i64>,
    /// By set of jobs done: where its labels are.
    by_set: Vec<Vec<u32>>,
}

impl<'a> Table<'a> {
    fn new(problem: &'a Problem<'a>, bound: Cost) -> Self {
        Self {
            problem,
            bound,
            labels: Vec::new(),
            nearest_ms: (0..problem.jobs.len())
                .map(|job| problem.nearest_ms(job))
                .collect(),
            by_set: vec![Vec::new(); 1 << problem.jobs.len()],
        }
    }

    /// Sets grow with their number, so one pass sees each after all that lead to it.
    fn run(mut self) -> Option<Vec<usize>> {
        let all = self.by_set.len() - 1;
        self.grow(0, &Problem::start(), NONE);
        for set in 1..all {
            for at in std::mem::take(&mut self.by_set[set]) {
                let label = self.labels[at as usize];
                self.grow(set, &label.state, at);
            }
            if self.labels.len() > LABELS_MAX {
                return None;
            }
        }
        let whole = self.by_set[all].iter().copied();
        let cost = |at: &u32| self.problem.cost(&self.labels[*at as usize].state);
        let best = whole.min_by_key(cost)?;
        (cost(&best) < self.bound).then(|| self.order(best))
    }

    fn grow(&mut self, set: usize, from: &State, before: u32) {
        for job in 0..self.problem.jobs.len() {
            if set & (1 << job) != 0 {
                continue;
            }
            let state = self.problem.after(from, job);
            let next = set | (1 << job);
            if self.promises(next, &state) && !self.dominated(next, &state) {
                self.put(next, state, job, before);
            }
        }
    }

    /// Whether this may still become better than what was found: what is late so far, what
    /// will be late however one goes on, and the way so far.
    fn promises(&self, set: usize, state: &State) -> bool {
        let mut late = state.late;
        for (job, nearest_ms) in self.nearest_ms.iter().enumerate() {
            if set & (1 << job) == 0 {
                late += self.problem.late_at(job, state.time_ms + nearest_ms);
            }
        }
        let road = TRAVEL_PER_WAITING * state.travel_ms + state.waiting_ms;
        Cost { late, road } < self.bound
    }

    /// Whether a way is known to the same set and place that is as good in everything that
    /// what follows depends on. Being early alone is not: it may be waited away.
    fn dominated(&self, set: usize, state: &State) -> bool {
        let held = self.by_set[set].iter();
        let mut held = held.map(|at| &self.labels[*at as usize].state);
        held.any(|held| covers(held, state))
    }

    fn put(&mut self, set: usize, state: State, job: usize, before: u32) {
        let labels = &self.labels;
        self.by_set[set].retain(|at| !covers(&state, &labels[*at as usize].state));
        let Ok(at) = u32::try_from(self.labels.len()) else {
            return;
        };
        self.by_set[set].push(at);
        self.labels.push(Label {
            state,
            job: u8::try_from(job).unwrap_or(u8::MAX),
            before,
        });
    }

    fn order(&self, last: u32) -> Vec<usize> {
        let mut order = Vec::new();
        let mut at = last;
        while let Some(label) = self.labels.get(at as usize) {
            order.push(usize::from(label.job));
            at = label.before;
        }
        order.reverse();
        order
    }
}

/// Whether one way is at least as good as another, whatever follows. What follows adds the
/// same to both on the road, and whoever is later never catches up. Waiting is time gone that
/// was neither road nor work nor the first wait, so time and `road - time` say it all.
fn covers(one: &State, other: &State) -> bool {
    let slack =
        |state: &State| TRAVEL_PER_WAITING * state.travel_ms + state.waiting_ms - state.time_ms;
    one.place == other.place
        && one.time_ms <= other.time_ms
        && one.late <= other.late
        && slack(one) <= slack(other)
}
