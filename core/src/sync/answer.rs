//! What the backend's answers mean.

use crate::model::ChangeHash;
use crate::wire::{self, Ack, Failure, Page, PushResponse, Verdict, VerdictRun};

use super::run::{PageEffects, WAITING_ROUNDS_MAX, Wait};
use super::{
    Action, Block, Engine, Monotonic, OUTBOX_BYTES, Response, StoreOp, TransportFault, Why,
};

/// Single changes that a run may find the backend failing on, before it gives
/// pushing up and goes on with the rest.
pub const PUSH_FAULTS_MAX: u32 = 3;
/// Times in one run that the backend may show another epoch.
pub const EPOCH_RESETS_MAX: u32 = 2;
/// Pages in a row that may bring nothing and still promise more.
pub const EMPTY_PAGES_MAX: u32 = 16;
/// Most characters of a backend's code that are kept.
pub const CODE_CHARS_MAX: usize = 64;

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeVerdict {
    /// The change.
    pub hash: ChangeHash,
    /// What was decided. `Waiting` with nothing missing: it could not be
    /// delivered now; offer it after the others.
    pub verdict: Verdict,
}

/// One verdict for each change, in order; none if they don't fit.
pub(super) fn align(hashes: &[ChangeHash], runs: Vec<VerdictRun>) -> Option<Vec<ChangeVerdict>> {
    let mut rest = hashes.iter();
    let mut aligned = Vec::with_capacity(hashes.len());
    for run in runs {
        let count = run.count as usize;
        if count == 0 || count > rest.len() {
            return None;
        }
        for (offset, hash) in rest.by_ref().take(count).enumerate() {
            let verdict = match &run.verdict {
                Verdict::Accepted { seq } => Verdict::Accepted {
                    seq: seq.checked_add(offset as u64)?,
                },
                other => other.clone(),
            };
            aligned.push(ChangeVerdict {
                hash: *hash,
                verdict,
            });
        }
    }
    (rest.len() == 0).then_some(aligned)
}

/// What a status other than 200 asks for.
enum Refusal {
    Token {
        code: String,
    },
    Block(Block, String),
    TooLarge,
    /// The backend is busy or away: nothing will work now.
    Busy(Why, Option<u64>),
    /// This request failed; others may work.
    Fault(Why),
}

fn refusal(response: &Response) -> Refusal {
    let failure = wire::open_body::<Failure>(&response.body).ok();
    let asked_ms = failure
        .as_ref()
        .and_then(|failure| failure.retry_after_ms)
        .or(response.retry_after_ms);
    let status = response.status;
    let code = failure.map_or_else(|| format!("status_{status}"), |failure| tame(&failure.code));
    let server = |code| Why::Server { status, code };
    match status {
        401 => Refusal::Token { code },
        403 => Refusal::Block(block_of(&code), code),
        409 | 426 => Refusal::Block(Block::UpdateApp, code),
        413 => Refusal::TooLarge,
        408 | 429 | 502 | 503 | 504 => Refusal::Busy(server(code), asked_ms),
        _ if asked_ms.is_some() => Refusal::Busy(server(code), asked_ms),
        _ => Refusal::Fault(server(code)),
    }
}

/// What to do about each code of a 403.
fn block_of(code: &str) -> Block {
    match code {
        "device_unknown" | "signature_invalid" => Block::EnrolAgain,
        "device_revoked" => Block::DeviceRevoked,
        "device_not_yours" => Block::SignInAsOwner,
        _ => Block::AskAdministrator,
    }
}

/// A code from outside, cut to what a code looks like.
fn tame(code: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let code: String = code.chars().filter(plain).take(CODE_CHARS_MAX).collect();
    if code.is_empty() {
        "unnamed".to_owned()
    } else {
        code
    }
}

impl Engine {
    /// An answer to the outstanding request.
    pub(super) fn answered(&mut self, now: Monotonic, wait: Wait, response: &Response) {
        if response.status != 200 {
            self.refused(now, wait, refusal(response));
            return;
        }
        match wait {
            Wait::PushAnswer { hashes } => match wire::open_body::<PushResponse>(&response.body) {
                Ok(answer) => self.pushed(now, hashes, answer),
                Err(_) => self.push_fault(now, hashes, &Why::Malformed("push_answer_malformed")),
            },
            Wait::PageAnswer { cursor } => match wire::open_body::<Page>(&response.body) {
                Ok(page) => self.paged(now, &cursor, page),
                Err(_) => self.fail(now, Why::Malformed("page_malformed"), None),
            },
            // It is asked for again, whole, when its turn comes.
            Wait::EpochAnswer => match wire::open_body::<Page>(&response.body) {
                Ok(page) => {
                    if self.same_epoch(now, page.epoch, page.server_ms) {
                        if let Some(run) = &mut self.run {
                            run.refreshed = false;
                        }
                        self.proceed(now);
                    }
                }
                Err(_) => self.fail(now, Why::Malformed("page_malformed"), None),
            },
            Wait::ReceiptsAnswer { ids } => match wire::open_body::<Ack>(&response.body) {
                Ok(ack) => {
                    if self.same_epoch(now, ack.epoch, ack.server_ms) {
                        if let Some(run) = &mut self.run {
                            run.refreshed = false;
                            run.last_receipts.clone_from(&ids);
                        }
                        self.ask_store(Wait::ReceiptsNoted, StoreOp::ReceiptsSent(ids));
                    }
                }
                Err(_) => self.fail(now, Why::Malformed("receipts_answer_malformed"), None),
            },
            // A beacon is a courtesy: what became of it changes nothing.
            _ => self.proceed(now),
        }
    }

    /// No answer to the outstanding request.
    pub(super) fn unanswered(&mut self, now: Monotonic, wait: Wait, fault: TransportFault) {
        let deadline = self.run.as_ref().and_then(|run| run.deadline);
        if deadline.is_some_and(|at| at <= now) {
            self.stop(Why::Budget);
            return;
        }
        match (fault, wait) {
            (TransportFault::TooLarge, Wait::PushAnswer { hashes }) => {
                self.push_fault(now, hashes, &Why::Network(fault));
            }
            (_, Wait::BeaconAnswer) => self.proceed(now),
            _ => self.fail(now, Why::Network(fault), None),
        }
    }

    fn refused(&mut self, now: Monotonic, wait: Wait, refusal: Refusal) {
        if matches!(wait, Wait::BeaconAnswer) {
            self.proceed(now);
            return;
        }
        match (refusal, wait) {
            (Refusal::Token { code }, _) => {
                let Some(run) = &mut self.run else { return };
                if run.refreshed {
                    self.block(Block::SignIn, code);
                } else {
                    run.drop_token();
                    self.proceed(now);
                }
            }
            (Refusal::Block(action, code), _) => self.block(action, code),
            (Refusal::Busy(why, asked_ms), _) => self.fail(now, why, asked_ms),
            (Refusal::TooLarge, Wait::PushAnswer { hashes }) if hashes.len() > 1 => {
                self.halve(hashes.len());
                self.proceed(now);
            }
            (Refusal::TooLarge, Wait::PushAnswer { hashes }) => {
                self.push_fault(now, hashes, &Why::Malformed("change_too_large"));
            }
            (Refusal::Fault(why), Wait::PushAnswer { hashes }) => {
                self.push_fault(now, hashes, &why);
            }
            (Refusal::Fault(why), _) => self.fail(now, why, None),
            (Refusal::TooLarge, _) => self.fail(now, Why::Malformed("request_too_large"), None),
        }
    }

    /// The backend judged a batch.
    fn pushed(&mut self, now: Monotonic, hashes: Vec<ChangeHash>, answer: PushResponse) {
        if !self.same_epoch(now, answer.epoch, answer.server_ms) {
            return;
        }
        let Some(verdicts) = align(&hashes, answer.verdicts) else {
            self.push_fault(now, hashes, &Why::Malformed("verdicts_malformed"));
            return;
        };
        let Some(run) = &mut self.run else { return };
        run.refreshed = false;
        let waits = |it: &&ChangeVerdict| matches!(it.verdict, Verdict::Waiting { .. });
        let waiting = verdicts.iter().filter(waits).count();
        run.done += (verdicts.len() - waiting) as u64;
        run.remaining_up -= run.remaining_up.min((verdicts.len() - waiting) as u64);
        if waiting > 0 {
            run.waiting_rounds += 1;
            if run.waiting_rounds >= WAITING_ROUNDS_MAX {
                self.limits.hold_waiting = true;
                run.stalled = Some("waiting_for_missing".to_owned());
            }
            if waiting == verdicts.len() && run.waiting_rounds > 2 * WAITING_ROUNDS_MAX {
                run.give_push_up("waiting_for_missing");
            }
        }
        if waiting < verdicts.len() {
            self.backoff.reset();
            self.grow();
            self.settled(hashes);
        }
        self.show_progress();
        self.ask_store(Wait::Verdicts, StoreOp::ApplyVerdicts(verdicts));
    }

    /// The backend fails on this batch and perhaps on nothing else: the pages
    /// must come all the same, and one poisoned change must not hold up the
    /// others. The batch is halved from run to run; what fails alone is put last.
    fn push_fault(&mut self, now: Monotonic, hashes: Vec<ChangeHash>, why: &Why) {
        let Some(run) = &mut self.run else { return };
        run.faults += 1;
        if hashes.len() > 1 || run.faults >= PUSH_FAULTS_MAX {
            run.give_push_up(why.code());
        } else {
            run.stalled = Some(why.code().to_owned());
        }
        if hashes.len() > 1 {
            self.halve(hashes.len());
            self.proceed(now);
            return;
        }
        self.limits.hold_waiting = true;
        let hold = |hash| ChangeVerdict {
            hash,
            verdict: Verdict::Waiting {
                missing: Vec::new(),
            },
        };
        let held = hashes.into_iter().map(hold).collect();
        self.ask_store(Wait::Verdicts, StoreOp::ApplyVerdicts(held));
    }

    fn halve(&mut self, sent: usize) {
        self.limits.changes = (sent / 2).max(1);
        self.limits.bytes = (self.limits.bytes / 2).max(1);
    }

    fn grow(&mut self) {
        let changes = self.limits.changes.saturating_mul(2);
        let bytes = self.limits.bytes.saturating_mul(2);
        self.limits.changes = changes.min(self.config.outbox_changes).max(1);
        self.limits.bytes = bytes.min(self.config.outbox_bytes).clamp(1, OUTBOX_BYTES);
    }

    /// A page came.
    fn paged(&mut self, now: Monotonic, asked: &[u8], page: Page) {
        if !self.same_epoch(now, page.epoch, page.server_ms) {
            return;
        }
        let Some(run) = &mut self.run else { return };
        run.refreshed = false;
        let effects = effects_of(&page);
        let empty = effects.items == 0 && page.changes.is_empty();
        run.empty_pages = if empty { run.empty_pages + 1 } else { 0 };
        let stuck = page.more && page.cursor.as_slice() == asked;
        if page.cursor.len() > wire::CURSOR_BYTES_MAX {
            self.fail(now, Why::Malformed("cursor_too_large"), None);
        } else if stuck || (page.more && run.empty_pages > EMPTY_PAGES_MAX) {
            self.fail(now, Why::Malformed("cursor_stuck"), None);
        } else {
            self.ask_store(Wait::Page(effects), StoreOp::ApplyPage(Box::new(page)));
        }
    }

    /// Sets the anchor, and whether the backend is still the one that we know.
    /// If it is not, the store is told and the run starts over.
    fn same_epoch(&mut self, now: Monotonic, epoch: u64, server_ms: i64) -> bool {
        self.emit(Action::SetAnchor { server_ms, at: now });
        let Some(run) = &mut self.run else {
            return false;
        };
        if run.epoch.is_none_or(|known| known == epoch) {
            run.heard = true;
            return true;
        }
        run.epoch_resets += 1;
        if run.epoch_resets > EPOCH_RESETS_MAX {
            self.fail(now, Why::Malformed("epoch_unstable"), None);
        } else {
            self.ask_store(Wait::Epoch { epoch }, StoreOp::ResetEpoch { epoch });
        }
        false
    }
}

fn effects_of(page: &Page) -> PageEffects {
    let items = page.enters.len()
        + page.records.len()
        + page.snapshots.len()
        + page.verdicts.len()
        + page.leaves.len();
    PageEffects {
        epoch: page.epoch,
        more: page.more,
        leaves: !page.leaves.is_empty(),
        items: items as u64,
        remaining: page.remaining.unwrap_or(0),
    }
}
