//! A small deterministic world for the engine's tests: a store and a backend in
//! memory, and a network that loses, repeats, delays and reorders.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, Ordering};

use uuid::Uuid;

use super::backoff::Jitter;
use super::*;
use crate::model::{ChangeHash, DeviceId, PatientId};
use crate::wire::{
    self, Ack, Failure, Leave, Page, PullRequest, PushRequest, PushResponse, Receipt,
    ReceiptsRequest, RecordRow, Verdict, VerdictRun,
};

pub(super) const DEVICE: DeviceId = DeviceId(Uuid::from_u128(0xDE));
const CHANGE_BYTES: usize = 80;
const PAGE_ITEMS: usize = 3;

pub(super) fn hash(n: u32) -> ChangeHash {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    bytes[31] = 1;
    ChangeHash(bytes)
}

pub(super) fn patient(n: u8) -> PatientId {
    PatientId(Uuid::from_u128(u128::from(n)))
}

/// Counts what may be the last step of a process.
#[derive(Debug, Default, Clone)]
pub(super) struct Fate {
    pub(super) steps: Rc<Cell<u32>>,
    pub(super) kill_at: Rc<Cell<u32>>,
    pub(super) dead: Rc<Cell<bool>>,
}

impl Fate {
    pub(super) fn step(&self) -> Result<(), StoreFault> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() == self.kill_at.get() {
            self.dead.set(true);
        }
        if self.dead.get() {
            return Err(StoreFault {
                code: "dead",
                retry: true,
            });
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Local {
    Unsent,
    Waiting,
    Stored,
    Rejected,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub(super) hash: ChangeHash,
    pub(super) dep: Option<ChangeHash>,
    pub(super) patient: u8,
    pub(super) state: Local,
}

/// What a phone keeps.
#[derive(Debug, Default)]
pub(super) struct FakeStore {
    pub(super) fate: Fate,
    pub(super) cursor: Vec<u8>,
    pub(super) epoch: Option<u64>,
    pub(super) changes: Vec<Change>,
    pub(super) urgent: BTreeSet<ChangeHash>,
    pub(super) rows: BTreeSet<u64>,
    pub(super) leaving: BTreeMap<u8, String>,
    pub(super) purged: BTreeSet<u8>,
    pub(super) receipts: BTreeMap<[u8; 16], bool>,
    pub(super) beacons: u32,
    pub(super) anchors: u32,
    pub(super) states: Vec<SyncState>,
    pub(super) fault: Option<StoreFault>,
    /// Sealed batches of more changes than this are too large.
    pub(super) sealed_max: Option<usize>,
}

impl FakeStore {
    pub(super) fn edit(&mut self, n: u32, dep: Option<u32>, patient: u8) {
        self.changes.push(Change {
            hash: hash(n),
            dep: dep.map(hash),
            patient,
            state: Local::Unsent,
        });
    }

    pub(super) fn unsent(&self) -> usize {
        let open = |it: &&Change| matches!(it.state, Local::Unsent | Local::Waiting);
        self.changes.iter().filter(open).count()
    }

    fn unsent_of(&self, patient: u8) -> u64 {
        let open = |it: &&Change| {
            it.patient == patient && matches!(it.state, Local::Unsent | Local::Waiting)
        };
        self.changes.iter().filter(open).count() as u64
    }

    fn gate(&mut self) -> Result<(), StoreFault> {
        self.fate.step()?;
        self.fault.take().map_or(Ok(()), Err)
    }

    fn rank(&self, change: &Change) -> u8 {
        if self.urgent.contains(&change.hash) {
            0
        } else if change.state == Local::Waiting {
            3
        } else if self.leaving.contains_key(&change.patient) {
            1
        } else {
            2
        }
    }
}

impl SyncStore for FakeStore {
    fn cursor(&mut self) -> Result<CursorState, StoreFault> {
        self.gate()?;
        Ok(CursorState {
            device: DEVICE,
            cursor: self.cursor.clone(),
            epoch: self.epoch,
            today_ms: 0,
        })
    }

    fn load_outbox(&mut self, limits: OutboxLimits) -> Result<Outbox, StoreFault> {
        self.gate()?;
        let wanted = |it: &&Change| {
            let urgent = self.urgent.contains(&it.hash);
            it.state == Local::Unsent
                || urgent
                || (it.state == Local::Waiting && !limits.hold_waiting)
        };
        let mut open: Vec<&Change> = self.changes.iter().filter(wanted).collect();
        open.sort_by_key(|it| self.rank(it));
        let most = limits.changes.min((limits.bytes / CHANGE_BYTES).max(1));
        let batch: Vec<&Change> = open.iter().take(most).copied().collect();
        if batch.is_empty() {
            return Ok(Outbox::Empty);
        }
        if self.sealed_max.is_some_and(|max| batch.len() > max) {
            return Ok(Outbox::TooLarge);
        }
        let mut packed = Vec::new();
        for it in &batch {
            packed.extend_from_slice(&it.hash.0);
            packed.extend_from_slice(&it.dep.map_or([0; 32], |dep| dep.0));
            packed.push(it.patient);
        }
        let body = wire::seal_body(&PushRequest {
            device: (*DEVICE.bytes()).into(),
            changes: packed.into(),
            signature: [0; 64].into(),
        });
        Ok(Outbox::Batch(OutboxBatch {
            hashes: batch.iter().map(|it| it.hash).collect(),
            body: body.unwrap(),
            remaining: (open.len() - batch.len()) as u64,
        }))
    }

    fn apply_verdicts(&mut self, verdicts: &[ChangeVerdict]) -> Result<bool, StoreFault> {
        self.gate()?;
        for it in verdicts {
            self.urgent.remove(&it.hash);
            if let Verdict::Waiting { missing } = &it.verdict {
                let known = |it: &&Change| missing.iter().any(|m| **m == it.hash.0);
                let again: Vec<_> = self.changes.iter().filter(known).map(|c| c.hash).collect();
                self.urgent.extend(again);
            }
            let change = self.changes.iter_mut().find(|c| c.hash == it.hash).unwrap();
            change.state = match it.verdict {
                Verdict::Accepted { .. } | Verdict::Duplicate => Local::Stored,
                Verdict::Waiting { .. } => Local::Waiting,
                Verdict::Rejected { .. } => Local::Rejected,
            };
        }
        self.fate.step()?;
        Ok(false)
    }

    fn apply_page(&mut self, page: Page) -> Result<bool, StoreFault> {
        self.gate()?;
        assert!(self.epoch.is_none_or(|epoch| epoch == page.epoch));
        self.epoch = Some(page.epoch);
        self.cursor = page.cursor.to_vec();
        self.rows.extend(page.records.iter().map(|row| row.version));
        for leave in page.leaves {
            self.leaving.insert(leave.patient[15], leave.reason);
        }
        self.fate.step()?;
        Ok(false)
    }

    fn reset_epoch(&mut self, epoch: u64) -> Result<(), StoreFault> {
        self.gate()?;
        self.epoch = Some(epoch);
        self.cursor.clear();
        for it in &mut self.changes {
            if it.state != Local::Rejected {
                it.state = Local::Unsent;
            }
        }
        self.fate.step()
    }

    fn leaving(&mut self) -> Result<Vec<Leaving>, StoreFault> {
        self.gate()?;
        let list = self.leaving.iter().map(|(who, reason)| Leaving {
            patient: patient(*who),
            reason: reason.clone(),
            unsent: self.unsent_of(*who),
        });
        Ok(list.collect())
    }

    fn purge(&mut self, patient: PatientId, _reason: &str) -> Result<bool, StoreFault> {
        self.gate()?;
        let who = patient.bytes()[15];
        if self.unsent_of(who) > 0 {
            return Ok(false);
        }
        self.leaving.remove(&who);
        self.purged.insert(who);
        self.receipts.entry([who; 16]).or_insert(false);
        self.fate.step()?;
        Ok(true)
    }

    fn load_receipts(&mut self) -> Result<Option<ReceiptBatch>, StoreFault> {
        self.gate()?;
        let unsent = self.receipts.iter().filter(|(_, sent)| !**sent);
        let ids: Vec<[u8; 16]> = unsent.map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let receipt = |id: &[u8; 16]| Receipt {
            id: (*id).into(),
            patient: (*id).into(),
            reason: "access_ended".into(),
            documents: 1,
            records: 1,
            at_ms: 0,
        };
        let body = wire::seal_body(&ReceiptsRequest {
            device: (*DEVICE.bytes()).into(),
            receipts: ids.iter().map(receipt).collect(),
            signature: [0; 64].into(),
        });
        let body = body.unwrap();
        Ok(Some(ReceiptBatch { ids, body }))
    }

    fn receipts_sent(&mut self, ids: &[[u8; 16]]) -> Result<(), StoreFault> {
        self.gate()?;
        for id in ids {
            self.receipts.insert(*id, true);
        }
        self.fate.step()
    }

    fn load_beacon(&mut self, _last_error: Option<&str>) -> Result<Option<Vec<u8>>, StoreFault> {
        self.gate()?;
        self.beacons += 1;
        Ok(Some(vec![1]))
    }

    fn set_anchor(&mut self, _server_ms: i64, _at: Monotonic) {
        self.anchors += 1;
    }

    fn observe(&mut self, state: &SyncState) {
        self.states.push(state.clone());
    }
}

/// A backend: what was pushed, and a log of what to pull.
#[derive(Debug, Default)]
pub(super) struct FakeServer {
    pub(super) epoch: u64,
    pub(super) seqs: BTreeMap<ChangeHash, u64>,
    pub(super) next_seq: u64,
    pub(super) ended: BTreeSet<u8>,
    pub(super) rejected: BTreeSet<ChangeHash>,
    /// Rows, or a patient that leaves.
    pub(super) log: Vec<Result<u64, u8>>,
    pub(super) receipts: BTreeSet<[u8; 16]>,
    /// Answers to give in place of the right ones, by path.
    pub(super) script: VecDeque<(&'static str, Response)>,
    /// The token is refused after so many requests, until it is refreshed.
    pub(super) token_life: u32,
    pub(super) token_used: u32,
    /// Changes that make a push fail with 500.
    pub(super) poison: BTreeSet<ChangeHash>,
    pub(super) bodies_max: usize,
    pub(super) pushes: Vec<Vec<ChangeHash>>,
    pub(super) seen: Vec<&'static str>,
}

pub(super) fn failure(status: u16, code: &str, retry_after_ms: Option<u64>) -> Response {
    let body = wire::seal_body(&Failure {
        code: code.into(),
        field: String::new(),
        remedy: String::new(),
        retry_after_ms,
    });
    Response {
        status,
        body: body.unwrap(),
        ..Response::default()
    }
}

fn ok(body: &impl wire::Body) -> Response {
    Response {
        status: 200,
        body: wire::seal_body(body).unwrap(),
        ..Response::default()
    }
}

impl FakeServer {
    pub(super) fn new() -> Self {
        Self {
            epoch: 1,
            token_life: u32::MAX,
            bodies_max: usize::MAX,
            ..Self::default()
        }
    }

    /// A backup is put back: what came after it is gone.
    pub(super) fn restore(&mut self, keep: usize) {
        self.epoch += 1;
        let kept: Vec<_> = self
            .seqs
            .iter()
            .map(|it| (*it.0, *it.1))
            .take(keep)
            .collect();
        self.seqs = kept.into_iter().collect();
    }

    pub(super) fn handle(&mut self, request: &Request) -> Response {
        self.seen.push(request.path);
        if let Some(at) = self.script.iter().position(|it| it.0 == request.path) {
            return self.script.remove(at).unwrap().1;
        }
        self.token_used += 1;
        if self.token_used > self.token_life {
            return failure(401, "token_expired", None);
        }
        match request.path {
            wire::PUSH => self.push(&wire::open_body(&request.body).unwrap()),
            wire::PULL => self.pull(&wire::open_body(&request.body).unwrap()),
            wire::RECEIPTS => {
                let request: ReceiptsRequest = wire::open_body(&request.body).unwrap();
                self.receipts
                    .extend(request.receipts.iter().map(|it| *it.id));
                ok(&self.ack())
            }
            _ => ok(&self.ack()),
        }
    }

    fn ack(&self) -> Ack {
        Ack {
            epoch: self.epoch,
            server_ms: 5,
        }
    }

    fn push(&mut self, request: &PushRequest) -> Response {
        let mut hashes = Vec::new();
        let mut verdicts = Vec::new();
        let rows: Vec<&[u8]> = request.changes.chunks(65).collect();
        if rows.len() > self.bodies_max {
            return failure(413, "too_large", None);
        }
        for row in rows {
            let hash = ChangeHash::from_bytes(&row[..32]).unwrap();
            let dep = ChangeHash::from_bytes(&row[32..64]).unwrap();
            if self.poison.contains(&hash) {
                return failure(500, "internal", None);
            }
            hashes.push(hash);
            let verdict = if self.seqs.contains_key(&hash) {
                Verdict::Duplicate
            } else if self.ended.contains(&row[64]) || self.rejected.contains(&dep) {
                self.rejected.insert(hash);
                Verdict::Rejected {
                    code: "access_ended".into(),
                    field: String::new(),
                }
            } else if dep.0 != [0; 32] && !self.seqs.contains_key(&dep) {
                Verdict::Waiting {
                    missing: vec![dep.0.into()],
                }
            } else {
                self.next_seq += 1;
                let was = self.seqs.insert(hash, self.next_seq);
                assert_eq!(was, None, "stored twice");
                Verdict::Accepted { seq: self.next_seq }
            };
            verdicts.push(VerdictRun { count: 1, verdict });
        }
        self.pushes.push(hashes);
        ok(&PushResponse {
            epoch: self.epoch,
            server_ms: 5,
            verdicts,
        })
    }

    fn pull(&mut self, request: &PullRequest) -> Response {
        let cursor: &[u8] = &request.cursor;
        let mut from = 0;
        if cursor.len() == 16 && cursor[..8] == self.epoch.to_be_bytes() {
            from = usize::try_from(u64::from_be_bytes(cursor[8..].try_into().unwrap())).unwrap();
        }
        let items = &self.log[from.min(self.log.len())..];
        let taken = &items[..items.len().min(PAGE_ITEMS)];
        let row = |version: u64| RecordRow {
            kind: 1,
            id: [1; 16].into(),
            patient: None,
            version,
            body: None,
        };
        let leave = |who: u8| Leave {
            patient: (*patient(who).bytes()).into(),
            reason: "access_ended".into(),
        };
        let end = (from + taken.len()) as u64;
        ok(&Page {
            epoch: self.epoch,
            server_ms: 5,
            cursor: [self.epoch.to_be_bytes(), end.to_be_bytes()]
                .concat()
                .into(),
            more: taken.len() < items.len(),
            policy: None,
            enters: Vec::new(),
            records: taken.iter().filter_map(|it| it.ok()).map(row).collect(),
            snapshots: Vec::new(),
            changes: Vec::new().into(),
            verdicts: Vec::new(),
            leaves: taken.iter().filter_map(|it| it.err()).map(leave).collect(),
            remaining: Some((items.len() - taken.len()) as u64),
        })
    }
}

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
