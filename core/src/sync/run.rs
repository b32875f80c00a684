//! Inside a run: what comes next, and what the store's answers lead to.

use std::collections::BTreeSet;

use crate::model::{ChangeHash, PatientId};
use crate::wire::{self, PullRequest};

use super::{
    Action, Block, CursorState, Engine, Leaving, Method, Monotonic, OpId, Outbox, OutboxBatch,
    Request, StoreAnswer, StoreOp, SyncState, TIMEOUT_GRACE_MS, TOKEN_TIMEOUT_MS, TokenReply, Why,
};

/// Most times that a run starts over because something came up meanwhile.
pub const RUN_ROUNDS_MAX: u32 = 16;
/// Answers with `Waiting` verdicts after which those changes are held back for
/// the rest of the run.
pub const WAITING_ROUNDS_MAX: u32 = 3;
/// Bytes to ask for where a page is asked for to hear the backend's epoch: as few as it gives.
const EPOCH_PAGE_BYTES: u64 = 1;

/// Parts of a run that are still to do, in this order.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) push: bool,
    pub(super) leaving: bool,
    pub(super) receipts: bool,
    pub(super) pull: bool,
}

/// What is outstanding.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: OpId,
    pub(super) wait: Wait,
    /// When we stop believing in it; none: the store always answers.
    pub(super) gives_up: Option<Monotonic>,
}

/// What an answer will be about.
#[derive(Debug)]
pub(super) enum Wait {
    Begin,
    Token,
    Outbox,
    PushAnswer { hashes: Vec<ChangeHash> },
    Verdicts,
    Leaving,
    EpochCursor,
    EpochAnswer,
    Purge { patient: PatientId },
    Receipts,
    ReceiptsAnswer { ids: Vec<[u8; 16]> },
    ReceiptsNoted,
    Cursor,
    PageAnswer { cursor: Vec<u8> },
    Page(PageEffects),
    Epoch { epoch: u64 },
    Beacon,
    BeaconAnswer,
}

/// What a page means for the run once it is stored.
#[derive(Debug)]
pub(super) struct PageEffects {
    pub(super) epoch: u64,
    pub(super) more: bool,
    pub(super) leaves: bool,
    pub(super) items: u64,
    pub(super) remaining: u64,
}

/// One run. Nothing in it outlives a kill, and nothing needs to.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) deadline: Option<Monotonic>,
    pub(super) pending: Option<Pending>,
    pub(super) needs: Needs,
    /// Came up meanwhile; done once the rest is.
    pub(super) later: Needs,
    pub(super) epoch: Option<u64>,
    /// The backend answered in this run, and is the one that has what was sent. Nothing is
    /// given away before.
    pub(super) heard: bool,
    begun: bool,
    has_token: bool,
    pub(super) refreshed: bool,
    /// Pushing is over for this run.
    pub(super) push_off: bool,
    /// Code of what could not be delivered.
    pub(super) stalled: Option<String>,
    pub(super) waiting_rounds: u32,
    pub(super) faults: u32,
    pub(super) epoch_resets: u32,
    pub(super) empty_pages: u32,
    last_batch: Vec<ChangeHash>,
    pub(super) last_receipts: Vec<[u8; 16]>,
    purged: BTreeSet<PatientId>,
    rounds: u32,
    beacon_done: bool,
    pub(super) done: u64,
    pub(super) remaining_up: u64,
    pub(super) remaining_down: u64,
}

impl Run {
    pub(super) fn new(deadline: Option<Monotonic>) -> Self {
        Self {
            deadline,
            pending: None,
            needs: Needs {
                push: true,
                leaving: true,
                receipts: true,
                pull: true,
            },
            later: Needs::default(),
            epoch: None,
            heard: false,
            begun: false,
            has_token: false,
            refreshed: false,
            push_off: false,
            stalled: None,
            waiting_rounds: 0,
            faults: 0,
            epoch_resets: 0,
            empty_pages: 0,
            last_batch: Vec::new(),
            last_receipts: Vec::new(),
            purged: BTreeSet::new(),
            rounds: 0,
            beacon_done: false,
            done: 0,
            remaining_up: 0,
            remaining_down: 0,
        }
    }

    pub(super) const fn waits_for_token(&self) -> bool {
        matches!(
            self.pending,
            Some(Pending {
                wait: Wait::Token,
                ..
            })
        )
    }

    /// The access token was refused; the part at hand is done again with a
    /// fresh one.
    pub(super) const fn drop_token(&mut self) {
        self.has_token = false;
        self.refreshed = true;
    }

    /// Pushing ends for this run.
    pub(super) fn give_push_up(&mut self, code: &str) {
        self.push_off = true;
        self.needs.push = false;
        self.stalled = Some(code.to_owned());
    }

    /// Takes over what came up meanwhile, if there was anything.
    fn fold_later(&mut self) -> bool {
        let push = self.later.push && !self.push_off;
        let pull = self.later.pull;
        self.later = Needs::default();
        if !(push || pull) || self.rounds >= RUN_ROUNDS_MAX {
            return false;
        }
        self.rounds += 1;
        self.needs.push = push;
        self.needs.leaving = push;
        self.needs.pull = pull;
        true
    }

    /// After the backend was restored everything is offered and asked again. Who left stays
    /// until all pages have come: the backend may need what is here of theirs.
    pub(super) fn start_over(&mut self, epoch: u64) {
        self.epoch = Some(epoch);
        self.needs.leaving = false;
        self.needs.push = !self.push_off;
        self.needs.receipts = true;
        self.needs.pull = true;
        self.waiting_rounds = 0;
        self.last_batch.clear();
        self.last_receipts.clear();
    }
}

enum Part {
    Finish,
    Begin,
    Token { refresh: bool },
    Push,
    Leaving,
    Receipts,
    Pull,
    Beacon,
}

impl Engine {
    /// Does the next part of the run: the end of one slice, the start of another.
    pub(super) fn proceed(&mut self, now: Monotonic) {
        let beacon_due = self
            .beacon_at
            .is_none_or(|at| now.since(at) >= super::BEACON_GAP_MS);
        let Some(run) = &mut self.run else { return };
        if run.deadline.is_some_and(|at| at <= now) {
            self.stop(Why::Budget);
            return;
        }
        let part = match run {
            Run { begun: false, .. } => Part::Begin,
            Run {
                has_token: false,
                refreshed,
                ..
            } => Part::Token {
                refresh: *refreshed,
            },
            run if run.needs.push => Part::Push,
            run if run.needs.leaving => Part::Leaving,
            run if run.needs.receipts => Part::Receipts,
            run if run.needs.pull => Part::Pull,
            run => {
                if run.fold_later() {
                    return self.proceed(now);
                }
                if run.beacon_done || !beacon_due {
                    Part::Finish
                } else {
                    Part::Beacon
                }
            }
        };
        match part {
            Part::Begin => self.ask_store(Wait::Begin, StoreOp::LoadCursor),
            Part::Token { refresh } => self.ask_token(now, refresh),
            Part::Push => self.ask_store(Wait::Outbox, StoreOp::LoadOutbox(self.limits)),
            Part::Leaving => self.ask_store(Wait::Leaving, StoreOp::LoadLeaving),
            Part::Receipts => self.ask_store(Wait::Receipts, StoreOp::LoadReceipts),
            Part::Pull => self.ask_store(Wait::Cursor, StoreOp::LoadCursor),
            Part::Beacon => {
                let stalled = self.run.as_ref().and_then(|run| run.stalled.clone());
                let last_error = stalled.or_else(|| self.last_error.clone());
                self.ask_store(Wait::Beacon, StoreOp::LoadBeacon { last_error });
            }
            Part::Finish => self.finish(now),
        }
    }

    fn ask_token(&mut self, now: Monotonic, refresh: bool) {
        let id = self.fresh_id();
        let gives_up = self.within_budget(now.plus(TOKEN_TIMEOUT_MS));
        self.expect(id, Wait::Token, Some(gives_up));
        self.emit(Action::WaitUntil(gives_up));
        self.emit(Action::NeedToken { id, refresh });
    }

    pub(super) fn token(&mut self, now: Monotonic, reply: TokenReply) {
        match (reply, &mut self.run) {
            (TokenReply::Ready, Some(run)) => {
                run.has_token = true;
                self.proceed(now);
            }
            (TokenReply::SignIn, _) => self.block(Block::SignIn, "sign_in".to_owned()),
            (TokenReply::Unavailable, _) => self.fail(now, Why::TokenUnavailable, None),
            (TokenReply::Ready, None) => {}
        }
    }

    /// The store did what it was asked.
    pub(super) fn stored(&mut self, now: Monotonic, wait: Wait, answer: StoreAnswer) {
        let Some(run) = &mut self.run else { return };
        match (wait, answer) {
            (Wait::Begin, StoreAnswer::Cursor(cursor)) => {
                run.begun = true;
                run.epoch = cursor.epoch;
                self.proceed(now);
            }
            (Wait::Outbox, StoreAnswer::Outbox(Outbox::Batch(batch))) => self.offer(now, batch),
            (Wait::Outbox, StoreAnswer::Outbox(Outbox::TooLarge)) => self.batch_too_large(now),
            (Wait::Outbox, StoreAnswer::Outbox(Outbox::Empty)) => {
                run.needs.push = false;
                run.remaining_up = 0;
                self.proceed(now);
            }
            (Wait::Verdicts, StoreAnswer::Applied { .. }) => self.proceed(now),
            (Wait::Leaving, StoreAnswer::Leaving(leaving)) => self.purge_next(now, leaving),
            (Wait::EpochCursor, StoreAnswer::Cursor(cursor)) => {
                self.ask_page(now, cursor, EPOCH_PAGE_BYTES, Wait::EpochAnswer);
            }
            (Wait::Purge { patient }, StoreAnswer::Purged(purged)) => {
                run.purged.insert(patient);
                // Something was written since it was listed: it goes up first.
                run.needs.push = !purged && !run.push_off;
                run.needs.receipts |= purged;
                self.proceed(now);
            }
            (Wait::Receipts, StoreAnswer::Receipts(batch)) => self.send_receipts(now, batch),
            (Wait::ReceiptsNoted, StoreAnswer::Done) => self.proceed(now),
            (Wait::Cursor, StoreAnswer::Cursor(cursor)) => self.pull(now, cursor),
            (Wait::Page(effects), StoreAnswer::Applied { unsent }) => {
                self.page_stored(now, &effects, unsent);
            }
            (Wait::Epoch { epoch }, StoreAnswer::Done) => {
                run.start_over(epoch);
                self.limits.hold_waiting = false;
                self.proceed(now);
            }
            (Wait::Beacon, StoreAnswer::Beacon(body)) => {
                run.beacon_done = true;
                match body {
                    Some(body) => {
                        self.beacon_at = Some(now);
                        self.post(
                            now,
                            wire::BEACON,
                            body,
                            wire::SMALL_BODY_MAX,
                            Wait::BeaconAnswer,
                        );
                    }
                    None => self.proceed(now),
                }
            }
            _ => self.fail(now, Why::Storage("store_answer_mismatch"), None),
        }
    }

    fn offer(&mut self, now: Monotonic, batch: OutboxBatch) {
        let Some(run) = &mut self.run else { return };
        if batch.hashes.is_empty() || batch.hashes == run.last_batch {
            // Settled a moment ago and offered again: the store does not move.
            run.give_push_up("outbox_stuck");
            self.proceed(now);
            return;
        }
        run.remaining_up = batch.remaining + batch.hashes.len() as u64;
        self.show_progress();
        let wait = Wait::PushAnswer {
            hashes: batch.hashes,
        };
        self.post(now, wire::PUSH, batch.body, wire::PUSH_BYTES_MAX, wait);
    }

    /// Remembers what was settled, so that a store that does not move is seen.
    pub(super) fn settled(&mut self, hashes: Vec<ChangeHash>) {
        if let Some(run) = &mut self.run {
            run.last_batch = hashes;
        }
    }

    fn batch_too_large(&mut self, now: Monotonic) {
        if self.limits.changes > 1 {
            self.limits.changes /= 2;
            self.limits.bytes = (self.limits.bytes / 2).max(1);
        } else if let Some(run) = &mut self.run {
            run.give_push_up("change_too_large");
        }
        self.proceed(now);
    }

    fn purge_next(&mut self, now: Monotonic, leaving: Vec<Leaving>) {
        let Some(run) = &mut self.run else { return };
        let next = leaving
            .into_iter()
            .find(|it| it.unsent == 0 && !run.purged.contains(&it.patient));
        match next {
            // A backend that was put back to a backup since has to say so first.
            Some(_) if !run.heard => self.ask_store(Wait::EpochCursor, StoreOp::LoadCursor),
            Some(it) => {
                let wait = Wait::Purge {
                    patient: it.patient,
                };
                let (patient, reason) = (it.patient, it.reason);
                self.ask_store(wait, StoreOp::Purge { patient, reason });
            }
            None => {
                run.needs.leaving = false;
                self.proceed(now);
            }
        }
    }

    fn send_receipts(&mut self, now: Monotonic, batch: Option<super::ReceiptBatch>) {
        let Some(run) = &mut self.run else { return };
        match batch {
            Some(batch) if !batch.ids.is_empty() && batch.ids != run.last_receipts => {
                let wait = Wait::ReceiptsAnswer { ids: batch.ids };
                self.post(now, wire::RECEIPTS, batch.body, wire::SMALL_BODY_MAX, wait);
            }
            _ => {
                run.needs.receipts = false;
                self.proceed(now);
            }
        }
    }

    fn pull(&mut self, now: Monotonic, cursor: CursorState) {
        let wait = Wait::PageAnswer {
            cursor: cursor.cursor.clone(),
        };
        self.ask_page(now, cursor, self.config.page_bytes, wait);
    }

    fn ask_page(&mut self, now: Monotonic, cursor: CursorState, bytes_max: u64, wait: Wait) {
        let request = PullRequest {
            device: (*cursor.device.bytes()).into(),
            cursor: cursor.cursor.into(),
            bytes_max,
            today_ms: cursor.today_ms,
        };
        let Ok(body) = wire::seal_body(&request) else {
            self.fail(now, Why::Storage("cursor_unusable"), None);
            return;
        };
        self.post(now, wire::PULL, body, wire::PAGE_BYTES_MAX, wait);
    }

    fn page_stored(&mut self, now: Monotonic, effects: &PageEffects, unsent: bool) {
        self.backoff.reset();
        let Some(run) = &mut self.run else { return };
        run.epoch = Some(effects.epoch);
        run.needs.pull = effects.more;
        run.done += effects.items;
        run.remaining_down = effects.remaining;
        if effects.leaves {
            run.needs.push = !run.push_off;
            run.needs.leaving = true;
            // A patient may leave again: after a restore, or after a return.
            run.purged.clear();
        }
        if run.epoch_resets > 0 && !effects.more {
            run.needs.push = !run.push_off;
            run.needs.leaving = true;
        }
        run.later.push |= unsent;
        self.show_progress();
        self.proceed(now);
    }

    pub(super) fn show_progress(&mut self) {
        let Some(run) = &self.run else { return };
        let (done, ahead) = (run.done, run.remaining_up + run.remaining_down);
        let total = done + ahead;
        self.set_state(SyncState::Running { done, total });
    }

    fn post(
        &mut self,
        now: Monotonic,
        path: &'static str,
        body: Vec<u8>,
        answer_max: usize,
        wait: Wait,
    ) {
        let id = self.fresh_id();
        let at = self.within_budget(now.plus(self.config.request_timeout_ms));
        let gives_up = self.within_budget(at.plus(TIMEOUT_GRACE_MS));
        self.expect(id, wait, Some(gives_up));
        self.emit(Action::WaitUntil(gives_up));
        self.emit(Action::Send(Request {
            id,
            method: Method::Post,
            path,
            body,
            timeout_ms: at.since(now),
            answer_max: answer_max.max(wire::SMALL_BODY_MAX),
        }));
    }

    fn within_budget(&self, at: Monotonic) -> Monotonic {
        let deadline = self.run.as_ref().and_then(|run| run.deadline);
        deadline.map_or(at, |deadline| deadline.min(at))
    }

    pub(super) fn expect(&mut self, id: OpId, wait: Wait, gives_up: Option<Monotonic>) {
        if let Some(run) = &mut self.run {
            run.pending = Some(Pending { id, wait, gives_up });
        }
    }
}
