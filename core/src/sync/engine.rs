//! The engine: when a run starts, how it ends, what happens in between.
//! `run.rs` says what comes next inside a run, `answer.rs` reads the backend.

use super::backoff::{Backoff, Jitter};
use super::run::{Run, Wait};
use super::{Action, Block, Event, Monotonic, OpId, OutboxLimits, StoreOp, SyncState, Why};
use crate::wire;

/// Milliseconds from an edit to the run that sends it: what is typed in one
/// breath goes in one batch.
pub const EDIT_DELAY_MS: u64 = 2_000;
/// Least milliseconds from the end of a run to one that a poke starts.
pub const POKE_GAP_MS: u64 = 1_000;
/// Least milliseconds from a failure to a new try because the network is back.
pub const RECONNECT_GAP_MS: u64 = 1_000;
/// Milliseconds of rest after which the engine looks by itself.
pub const IDLE_POLL_MS: u64 = 15 * 60_000;
/// Least milliseconds between two beacons of one engine.
pub const BEACON_GAP_MS: u64 = 15 * 60_000;
/// Milliseconds that a request may take.
pub const REQUEST_TIMEOUT_MS: u64 = 60_000;
/// Milliseconds that a token may take; a person may be asked meanwhile.
pub const TOKEN_TIMEOUT_MS: u64 = 60_000;
/// Milliseconds after a request's own timeout when the engine stops believing
/// in the transport.
pub const TIMEOUT_GRACE_MS: u64 = 5_000;
/// Bytes of changes, before compression, that a batch may hold.
pub const OUTBOX_BYTES: usize = 2 * 1024 * 1024;

/// What an engine is built with.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Random per engine: spreads waits and keeps request ids of a process
    /// that was killed apart from this one's.
    pub seed: u64,
    /// Bytes of a page (inflated) to ask for.
    pub page_bytes: u64,
    /// The first push batch's limits.
    pub outbox_changes: usize,
    /// As above, in bytes before compression.
    pub outbox_bytes: usize,
    /// Milliseconds that a request may take.
    pub request_timeout_ms: u64,
}

impl EngineConfig {
    /// The usual limits.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            page_bytes: wire::PAGE_BYTES_DEFAULT,
            outbox_changes: wire::PUSH_CHANGES_MAX,
            outbox_bytes: OUTBOX_BYTES,
            request_timeout_ms: REQUEST_TIMEOUT_MS,
        }
    }
}

/// The sync's state machine. See the room's front page.
#[derive(Debug)]
pub struct Engine {
    pub(super) config: EngineConfig,
    pub(super) jitter: Jitter,
    next_id: u64,
    pub(super) actions: Vec<Action>,
    pub(super) state: SyncState,
    pub(super) run: Option<Run>,
    /// When to begin a run by ourselves.
    due: Option<Monotonic>,
    /// The backend asked not to come before; even a start waits for it.
    not_before: Option<Monotonic>,
    ended_at: Option<Monotonic>,
    last_at: Option<Monotonic>,
    online: Option<bool>,
    pub(super) backoff: Backoff,
    pub(super) push_backoff: Backoff,
    pub(super) limits: OutboxLimits,
    pub(super) beacon_at: Option<Monotonic>,
    pub(super) last_error: Option<String>,
}

impl Engine {
    /// A new engine at rest. It knows nothing: the store does.
    #[must_use]
    pub fn new(config: EngineConfig) -> Self {
        let mut jitter = Jitter::new(config.seed);
        // Half of the range for the start, the other half to count on.
        let next_id = jitter.next() >> 1;
        let limits = OutboxLimits {
            changes: config.outbox_changes.clamp(1, wire::PUSH_CHANGES_MAX),
            bytes: config.outbox_bytes.clamp(1, OUTBOX_BYTES),
            hold_waiting: false,
        };
        Self {
            config,
            jitter,
            next_id,
            actions: Vec::new(),
            state: SyncState::Idle { last_at: None },
            run: None,
            due: None,
            not_before: None,
            ended_at: None,
            last_at: None,
            online: None,
            backoff: Backoff::default(),
            push_backoff: Backoff::default(),
            limits,
            beacon_at: None,
            last_error: None,
        }
    }

    /// Where the sync stands.
    #[must_use]
    pub const fn state(&self) -> &SyncState {
        &self.state
    }

    /// Whether a run is under way.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// When the engine wants a [`Event::Tick`] although nothing is outstanding.
    #[must_use]
    pub const fn due(&self) -> Option<Monotonic> {
        self.due
    }

    /// The name of what is outstanding.
    #[must_use]
    pub fn outstanding(&self) -> Option<OpId> {
        self.run.as_ref()?.pending.as_ref().map(|it| it.id)
    }

    /// Stable code of the last error, until a run ends well.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Takes in one event and says what to do. Never more than one of
    /// [`Action::Store`], [`Action::NeedToken`] and [`Action::Send`] is
    /// outstanding.
    #[must_use]
    pub fn step(&mut self, now: Monotonic, event: Event) -> Vec<Action> {
        match event {
            Event::Start { budget_ms } => self.start(now, budget_ms),
            Event::Tick => self.tick(now),
            Event::LocalEdit => self.edited(now),
            Event::Poke => self.poked(now),
            Event::Online(online) => self.network(now, online),
            Event::Cancel => self.stop(Why::Canceled),
            Event::Stored(id, answer) => {
                if let Some(wait) = self.take(id) {
                    self.stored(now, wait, answer);
                }
            }
            Event::StorageFailed(id, fault) => {
                if self.take(id).is_some() {
                    let why = Why::Storage(fault.code);
                    if fault.retry {
                        self.fail(now, why, None);
                    } else {
                        self.block(Block::MendStorage, fault.code.to_owned());
                    }
                }
            }
            Event::Token(id, reply) => match self.take(id) {
                Some(Wait::Token) => self.token(now, reply),
                Some(_) => self.fail(now, Why::Storage("store_answer_mismatch"), None),
                None => {}
            },
            Event::Answer(id, response) => {
                if let Some(wait) = self.take(id) {
                    self.answered(now, wait, &response);
                }
            }
            Event::Failed(id, fault) => {
                if let Some(wait) = self.take(id) {
                    self.unanswered(now, wait, fault);
                }
            }
        }
        std::mem::take(&mut self.actions)
    }

    // What starts a run.

    fn start(&mut self, now: Monotonic, budget_ms: Option<u64>) {
        if let Some(run) = &mut self.run {
            run.deadline = match (run.deadline, budget_ms) {
                (Some(old), Some(ms)) => Some(old.max(now.plus(ms))),
                _ => None,
            };
            run.later.push = true;
            run.later.pull = true;
            return;
        }
        if let Some(at) = self.not_before.filter(|at| *at > now) {
            self.emit(Action::State(self.state.clone()));
            self.emit(Action::WaitUntil(at));
            return;
        }
        self.begin(now, budget_ms);
    }

    fn begin(&mut self, now: Monotonic, budget_ms: Option<u64>) {
        self.due = None;
        self.not_before = None;
        if self.online == Some(false) {
            self.stop(Why::Offline);
            return;
        }
        self.limits.hold_waiting = false;
        self.run = Some(Run::new(budget_ms.map(|ms| now.plus(ms))));
        self.set_state(SyncState::Running { done: 0, total: 0 });
        self.proceed(now);
    }

    fn tick(&mut self, now: Monotonic) {
        let Some(run) = &self.run else {
            match self.due {
                Some(due) if due <= now => self.begin(now, None),
                Some(due) => self.emit(Action::WaitUntil(due)),
                None => {}
            }
            return;
        };
        let over = |at: Option<Monotonic>| at.is_some_and(|at| at <= now);
        let gives_up = run.pending.as_ref().and_then(|pending| pending.gives_up);
        if over(gives_up) {
            let token = run.waits_for_token();
            let budget = over(run.deadline);
            self.abort();
            match (budget, token) {
                (true, _) => self.stop(Why::Budget),
                (false, true) => self.fail(now, Why::TokenUnavailable, None),
                (false, false) => {
                    self.fail(now, Why::Network(super::TransportFault::Timeout), None);
                }
            }
        } else if let Some(at) = gives_up {
            self.emit(Action::WaitUntil(at));
        }
    }

    fn edited(&mut self, now: Monotonic) {
        if let Some(run) = &mut self.run {
            run.later.push = true;
        } else if self.at_ease() {
            self.run_by(now.plus(EDIT_DELAY_MS));
        }
    }

    fn poked(&mut self, now: Monotonic) {
        if let Some(run) = &mut self.run {
            run.later.pull = true;
        } else if self.at_ease() {
            let free = self.ended_at.map_or(now, |at| at.plus(POKE_GAP_MS));
            self.run_by(free.max(now));
            self.tick(now);
        }
    }

    fn network(&mut self, now: Monotonic, online: bool) {
        self.online = Some(online);
        if !online {
            if self.run.is_some() {
                self.stop(Why::Offline);
            }
            return;
        }
        let by_network = matches!(
            self.state,
            SyncState::Waiting {
                why: Why::Offline | Why::Network(_) | Why::TokenUnavailable,
                ..
            }
        );
        if self.run.is_none() && by_network {
            let free = self.ended_at.map_or(now, |at| at.plus(RECONNECT_GAP_MS));
            self.run_by(free.max(now));
            self.tick(now);
        }
    }

    /// At rest, and not because of a failure.
    const fn at_ease(&self) -> bool {
        matches!(
            self.state,
            SyncState::Idle { .. }
                | SyncState::Waiting {
                    why: Why::Budget | Why::Canceled,
                    ..
                }
        )
    }

    fn run_by(&mut self, at: Monotonic) {
        let at = self.due.map_or(at, |due| due.min(at));
        self.due = Some(at);
        self.emit(Action::WaitUntil(at));
    }

    // How a run ends.

    /// All that could be done is done.
    pub(super) fn finish(&mut self, now: Monotonic) {
        let stalled = self.run.take().and_then(|run| run.stalled);
        self.ended_at = Some(now);
        self.backoff.reset();
        if let Some(code) = stalled {
            let wait = self.push_backoff.fail(&mut self.jitter, None);
            self.last_error = Some(code.clone());
            self.wait(Some(now.plus(wait)), Why::Stalled(code));
            return;
        }
        self.push_backoff.reset();
        self.last_error = None;
        self.last_at = Some(now);
        self.set_state(SyncState::Idle { last_at: Some(now) });
        let rest = self.jitter.spread(IDLE_POLL_MS);
        self.run_by(now.plus(rest));
    }

    /// It failed; trying again later can help.
    pub(super) fn fail(&mut self, now: Monotonic, why: Why, asked_ms: Option<u64>) {
        self.run = None;
        self.ended_at = Some(now);
        let until = now.plus(self.backoff.fail(&mut self.jitter, asked_ms));
        self.not_before = asked_ms.map(|_| until);
        self.last_error = Some(why.code().to_owned());
        self.wait(Some(until), why);
    }

    /// Somebody has to do something first.
    pub(super) fn block(&mut self, action: Block, code: String) {
        self.run = None;
        self.due = None;
        self.last_error = Some(code.clone());
        self.set_state(SyncState::Blocked { action, code });
    }

    /// Stops without a failure: offline, out of budget, cancelled.
    pub(super) fn stop(&mut self, why: Why) {
        self.abort();
        let was_running = self.run.take().is_some();
        if was_running || why == Why::Offline {
            self.wait(None, why);
        }
    }

    fn wait(&mut self, until: Option<Monotonic>, why: Why) {
        self.due = until;
        self.set_state(SyncState::Waiting { until, why });
        if let Some(at) = until {
            self.emit(Action::WaitUntil(at));
        }
    }

    // Small things.

    pub(super) fn emit(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(super) fn set_state(&mut self, state: SyncState) {
        if self.state != state {
            self.state = state.clone();
            self.emit(Action::State(state));
        }
    }

    pub(super) fn fresh_id(&mut self) -> OpId {
        self.next_id = self.next_id.wrapping_add(1);
        OpId(self.next_id)
    }

    /// Takes the outstanding thing if this is its name.
    fn take(&mut self, id: OpId) -> Option<Wait> {
        let pending = &mut self.run.as_mut()?.pending;
        pending
            .take_if(|pending| pending.id == id)
            .map(|pending| pending.wait)
    }

    /// Gives an outstanding request or token up.
    fn abort(&mut self) {
        let pending = self.run.as_mut().and_then(|run| run.pending.take());
        if let Some(pending) = pending.filter(|pending| pending.gives_up.is_some()) {
            self.emit(Action::Abort(pending.id));
        }
    }

    /// Asks the store.
    pub(super) fn ask_store(&mut self, wait: Wait, op: StoreOp) {
        let id = self.fresh_id();
        self.expect(id, wait, None);
        self.emit(Action::Store(id, op));
    }
}
