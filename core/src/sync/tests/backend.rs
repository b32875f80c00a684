//! A backend in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::phone::patient;
use crate::model::ChangeHash;
use crate::sync::*;
use crate::wire::{
    self, Ack, Failure, Leave, Page, PullRequest, PushRequest, PushResponse, ReceiptsRequest,
    RecordRow, Verdict, VerdictRun,
};

const PAGE_ITEMS: usize = 3;

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
            proofs: None,
        })
    }
}
