//! Serves the engine with a store, and hands out only what needs a network.
//!
//! This pair is all that a platform's own HTTP needs (a background URLSession,
//! say): ask [`Courier::next`] what to send, hand in what came of it.

use std::collections::VecDeque;

use crate::wire::Verdict;

use super::{
    Action, ChangeVerdict, Engine, Event, Monotonic, OpId, Request, Response, StoreAnswer,
    StoreFault, StoreOp, SyncState, SyncStore, Ticks, TokenReply, Traffic, TransportFault,
};

/// What the network has to do next.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// Send this, then [`Courier::deliver`].
    Send(Request),
    /// Get a token, then [`Courier::token`].
    Token {
        /// Names the question.
        id: OpId,
        /// The last one was refused.
        refresh: bool,
    },
    /// Something that was handed out before is still outstanding.
    Outstanding(OpId),
    /// Nothing: the engine rests until an event or until [`Engine::due`].
    Rest(SyncState),
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// Changes with a verdict.
    pub pushed: u64,
    /// Of these, stored now.
    pub accepted: u64,
    /// Of these, stored before: an acknowledgement was lost.
    pub duplicate: u64,
    /// Of these, waiting for others.
    pub waiting: u64,
    /// Of these, rejected.
    pub rejected: u64,
    /// Pages taken in.
    pub pages: u64,
    /// Patients purged.
    pub purged: u64,
    /// Receipts that arrived.
    pub receipts: u64,
    /// Times that the backend showed another epoch.
    pub epoch_resets: u64,
    /// Requests sent, answered or not.
    pub requests: u64,
    /// What went over the wire.
    pub traffic: Traffic,
    /// Where the run ended: idle, waiting and why, blocked and by what.
    pub ended: SyncState,
}

impl RunReport {
    const fn new(ended: SyncState) -> Self {
        Self {
            pushed: 0,
            accepted: 0,
            duplicate: 0,
            waiting: 0,
            rejected: 0,
            pages: 0,
            purged: 0,
            receipts: 0,
            epoch_resets: 0,
            requests: 0,
            traffic: Traffic {
                up: 0,
                down: 0,
                head_up: 0,
                head_down: 0,
            },
            ended,
        }
    }

    fn count(&mut self, verdicts: &[ChangeVerdict]) {
        self.pushed += verdicts.len() as u64;
        for it in verdicts {
            match it.verdict {
                Verdict::Accepted { .. } => self.accepted += 1,
                Verdict::Duplicate => self.duplicate += 1,
                Verdict::Waiting { .. } => self.waiting += 1,
                Verdict::Rejected { .. } => self.rejected += 1,
            }
        }
    }
}

/// The engine with a store at its side.
///
/// Dropping it at any time is safe. A new one over the same engine first gives
/// up what was outstanding.
#[derive(Debug)]
pub struct Courier<'a, S> {
    engine: &'a mut Engine,
    store: &'a mut S,
    ticks: &'a dyn Ticks,
    actions: VecDeque<Action>,
    handed_out: Option<OpId>,
    wake: Option<Monotonic>,
    report: RunReport,
}

impl<'a, S: SyncStore> Courier<'a, S> {
    /// Joins an engine and a store.
    pub fn new(engine: &'a mut Engine, store: &'a mut S, ticks: &'a dyn Ticks) -> Self {
        let state = engine.state().clone();
        let interrupted = engine.is_running();
        let mut courier = Self {
            engine,
            store,
            ticks,
            actions: VecDeque::new(),
            handed_out: None,
            wake: None,
            report: RunReport::new(state),
        };
        if interrupted {
            courier.event(Event::Cancel);
        }
        courier
    }

    /// Hands in what happened.
    pub fn event(&mut self, event: Event) {
        let actions = self.engine.step(self.ticks.now(), event);
        self.actions.extend(actions);
    }

    /// Does what the store has to do, up to the next thing for the network.
    pub fn next_request(&mut self) -> Next {
        while let Some(action) = self.actions.pop_front() {
            match action {
                Action::Store(id, op) => {
                    let event = match self.perform(op) {
                        Ok(answer) => Event::Stored(id, answer),
                        Err(fault) => Event::StorageFailed(id, fault),
                    };
                    self.event(event);
                }
                Action::NeedToken { id, refresh } => {
                    self.handed_out = Some(id);
                    return Next::Token { id, refresh };
                }
                Action::Send(request) => {
                    self.handed_out = Some(request.id);
                    self.report.requests += 1;
                    return Next::Send(request);
                }
                Action::Abort(id) => {
                    self.handed_out.take_if(|out| *out == id);
                }
                Action::SetAnchor { server_ms, at } => self.store.set_anchor(server_ms, at),
                Action::WaitUntil(at) => self.wake = Some(at),
                Action::State(state) => {
                    self.store.observe(&state);
                    self.report.ended = state;
                }
            }
        }
        match self.handed_out {
            Some(id) => Next::Outstanding(id),
            None => Next::Rest(self.engine.state().clone()),
        }
    }

    /// Hands in what came of a request.
    pub fn deliver(&mut self, id: OpId, outcome: Result<Response, Lost>) {
        self.handed_out.take_if(|out| *out == id);
        match outcome {
            Ok(response) => {
                self.report.traffic.add(response.traffic);
                self.event(Event::Answer(id, response));
            }
            Err(lost) => {
                self.report.traffic.add(lost.traffic);
                self.event(Event::Failed(id, lost.fault));
            }
        }
    }

    /// Hands in what the token source said.
    pub fn token(&mut self, id: OpId, reply: TokenReply) {
        self.handed_out.take_if(|out| *out == id);
        self.event(Event::Token(id, reply));
    }

    /// When the engine wants an [`Event::Tick`].
    #[must_use]
    pub const fn wake(&self) -> Option<Monotonic> {
        self.wake
    }

    /// Whether this is still outstanding.
    #[must_use]
    pub fn awaits(&self, id: OpId) -> bool {
        self.engine.outstanding() == Some(id)
    }

    /// What was done since this was made.
    #[must_use]
    pub const fn report(&self) -> &RunReport {
        &self.report
    }

    fn perform(&mut self, op: StoreOp) -> Result<StoreAnswer, StoreFault> {
        let (store, report) = (&mut *self.store, &mut self.report);
        match op {
            StoreOp::LoadCursor => store.cursor().map(StoreAnswer::Cursor),
            StoreOp::LoadOutbox(limits) => store.load_outbox(limits).map(StoreAnswer::Outbox),
            StoreOp::ApplyVerdicts(verdicts) => {
                let unsent = store.apply_verdicts(&verdicts)?;
                report.count(&verdicts);
                Ok(StoreAnswer::Applied { unsent })
            }
            StoreOp::ApplyPage(page) => {
                let unsent = store.apply_page(*page)?;
                report.pages += 1;
                Ok(StoreAnswer::Applied { unsent })
            }
            StoreOp::ResetEpoch { epoch } => {
                store.reset_epoch(epoch)?;
                report.epoch_resets += 1;
                Ok(StoreAnswer::Done)
            }
            StoreOp::LoadLeaving => store.leaving().map(StoreAnswer::Leaving),
            StoreOp::Purge { patient, reason } => {
                let purged = store.purge(patient, &reason)?;
                report.purged += u64::from(purged);
                Ok(StoreAnswer::Purged(purged))
            }
            StoreOp::LoadReceipts => store.load_receipts().map(StoreAnswer::Receipts),
            StoreOp::ReceiptsSent(ids) => {
                store.receipts_sent(&ids)?;
                report.receipts += ids.len() as u64;
                Ok(StoreAnswer::Done)
            }
            StoreOp::LoadBeacon { last_error } => store
                .load_beacon(last_error.as_deref())
                .map(StoreAnswer::Beacon),
        }
    }
}

/// A request that was not answered, and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct Lost {
    /// Why.
    pub fault: TransportFault,
    /// What went over the wire all the same.
    pub traffic: Traffic,
}

impl From<TransportFault> for Lost {
    fn from(fault: TransportFault) -> Self {
        Self {
            fault,
            traffic: Traffic::default(),
        }
    }
}
