//! A phone's store in memory.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use uuid::Uuid;

use crate::model::{ChangeHash, DeviceId, PatientId};
use crate::sync::*;
use crate::wire::{self, Page, PushRequest, Receipt, ReceiptsRequest, Verdict};

pub(super) const DEVICE: DeviceId = DeviceId(Uuid::from_u128(0xDE));
const CHANGE_BYTES: usize = 80;

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
            proofs: None,
            devices: None,
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
