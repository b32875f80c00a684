//! A small deterministic world: time, and a network that loses, repeats,
//! delays and reorders.

use std::sync::atomic::{AtomicI64, Ordering};

use super::backend::FakeServer;
use super::phone::FakeStore;
use crate::sync::backoff::Jitter;
use crate::sync::*;

#[derive(Debug, Default)]
pub(super) struct SimTicks(AtomicI64);

impl SimTicks {
    pub(super) fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::SeqCst);
    }
}

impl Ticks for SimTicks {
    fn now(&self) -> Monotonic {
        Monotonic(self.0.load(Ordering::SeqCst))
    }
}

enum Parcel {
    Up(Request, Post),
    Down(OpId, Result<Response, TransportFault>),
}

/// What the network does to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Post {
    Delivered,
    AnswerLost,
    AnswerTwice,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Killed,
    Rested(SyncState),
}

/// The network and the time.
pub(super) struct World {
    pub(super) server: FakeServer,
    pub(super) ticks: SimTicks,
    pub(super) random: Jitter,
    /// Of 100 requests, how many meet some trouble.
    pub(super) trouble: u64,
    pub(super) sends: Vec<(Monotonic, &'static str)>,
    pub(super) failures: Vec<Monotonic>,
    pub(super) budget_ms: Option<u64>,
    on_the_way: Vec<(i64, Parcel)>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            server: FakeServer::new(),
            ticks: SimTicks::default(),
            random: Jitter::new(seed),
            trouble: 0,
            sends: Vec::new(),
            failures: Vec::new(),
            budget_ms: None,
            on_the_way: Vec::new(),
        }
    }

    /// Lets a phone sync with a new engine until it is killed, idle, blocked or
    /// waits for nothing that will come.
    pub(super) fn life(&mut self, store: &mut FakeStore) -> End {
        let mut engine = Engine::new(EngineConfig::new(self.random.next()));
        self.life_of(&mut engine, store)
    }

    pub(super) fn life_of(&mut self, engine: &mut Engine, store: &mut FakeStore) -> End {
        let ticks = SimTicks::default();
        ticks.set(self.ticks.now().0);
        let fate = store.fate.clone();
        let mut courier = Courier::new(engine, store, &ticks);
        courier.event(Event::Start {
            budget_ms: self.budget_ms,
        });
        for _ in 0..20_000 {
            let next = courier.next_request();
            if matches!(next, Next::Send(_) | Next::Token { .. }) {
                let _ = fate.step();
            }
            if fate.dead.get() {
                fate.dead.set(false);
                fate.kill_at.set(0);
                // Answers find nobody; what is on its way up still arrives.
                self.on_the_way.retain(|it| matches!(it.1, Parcel::Up(..)));
                return End::Killed;
            }
            match next {
                Next::Send(request) => self.post(request),
                Next::Token { id, refresh } => {
                    if refresh {
                        self.server.token_used = 0;
                    }
                    courier.token(id, TokenReply::Ready);
                    continue;
                }
                Next::Rest(SyncState::Waiting { until: Some(_), .. }) | Next::Outstanding(_) => {}
                Next::Rest(state) => return End::Rested(state),
            }
            self.wait(&mut courier, &ticks);
        }
        panic!("no rest after 20 000 steps");
    }

    /// Moves time to what happens next.
    fn wait(&mut self, courier: &mut Courier<'_, FakeStore>, ticks: &SimTicks) {
        let now = self.ticks.now().0;
        let first = self.on_the_way.iter().map(|it| it.0).min();
        let wake = courier.wake().map(|at| at.0.max(now + 1));
        let at = match (first, wake) {
            (Some(first), Some(wake)) => first.min(wake),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => panic!("nothing will ever happen"),
        };
        self.ticks.set(at.max(now));
        ticks.set(at.max(now));
        if first != Some(at) {
            courier.event(Event::Tick);
            return;
        }
        let index = self.on_the_way.iter().position(|it| it.0 == at).unwrap();
        match self.on_the_way.remove(index).1 {
            Parcel::Up(request, post) => self.arrive(&request, post),
            Parcel::Down(id, outcome) => {
                let good = |it: &Response| matches!(it.status, 200 | 401 | 413);
                if !outcome.as_ref().is_ok_and(good) && courier.awaits(id) {
                    self.failures.push(self.ticks.now());
                }
                courier.deliver(id, outcome.map_err(Lost::from));
            }
        }
    }

    fn post(&mut self, request: Request) {
        let now = self.ticks.now();
        self.sends.push((now, request.path));
        let delay = 20 + i64::try_from(self.random.next() % 80).unwrap();
        let troubled = self.random.next() % 100 < self.trouble;
        let kind = if troubled { self.random.next() % 6 } else { 99 };
        let fault = Parcel::Down(request.id, Err(TransportFault::Broken));
        let up = now.0 + delay;
        match kind {
            // Lost on the way up, noticed or not.
            0 => self.on_the_way.push((up, fault)),
            1 => {}
            // Lost on the way down, noticed or not.
            2 => {
                self.on_the_way.push((up + 50, fault));
                self.on_the_way
                    .push((up, Parcel::Up(request, Post::AnswerLost)));
            }
            3 => self
                .on_the_way
                .push((up, Parcel::Up(request, Post::AnswerLost))),
            // Sent twice by somebody on the way; the second arrives much later.
            4 => {
                let again = Parcel::Up(request.clone(), Post::AnswerTwice);
                self.on_the_way.push((up + 70_000, again));
                self.on_the_way
                    .push((up, Parcel::Up(request, Post::AnswerTwice)));
            }
            // So slow that it was given up.
            5 => self
                .on_the_way
                .push((up + 80_000, Parcel::Up(request, Post::Delivered))),
            _ => self
                .on_the_way
                .push((up, Parcel::Up(request, Post::Delivered))),
        }
    }

    fn arrive(&mut self, request: &Request, post: Post) {
        let answer = self.server.handle(request);
        let down = self.ticks.now().0 + 30;
        if post != Post::AnswerLost {
            let parcel = Parcel::Down(request.id, Ok(answer.clone()));
            self.on_the_way.push((down, parcel));
        }
        if post == Post::AnswerTwice {
            self.on_the_way
                .push((down + 40, Parcel::Down(request.id, Ok(answer))));
        }
    }
}
