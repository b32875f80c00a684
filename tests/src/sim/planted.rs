//! The bug base: faults of a kind that a careless change could bring, planted at the seams.
//! The product's code carries none of this.

use std::path::Path;

use homeround::merge::pack;
use homeround::model::PatientId;
use homeround::store::{DatabaseKey, OpenMode, open_connection};
use homeround::sync::{
    ChangeVerdict, CursorState, Leaving, Monotonic, Outbox, OutboxLimits, ReceiptBatch, Request,
    Response, StoreFault, SyncState, SyncStore,
};
use homeround::vault::{Entropy, VaultError};
use homeround::wire::{
    self, AttachmentRequest, AttachmentResponse, Page, PushRequest, PushResponse, Verdict,
    VerdictRun,
};
use homeround_server::service::PUSH_LIMITS;

use super::parts::Seeded;
use super::server::Server;

/// A bug, by what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Bug {
    /// Every start of the process writes under the same actor, and so does a phone that takes
    /// a fresh one.
    ActorReused,
    /// The cursor moves over a page whose changes were never applied.
    CursorBeforeApply,
    /// One change of a page hides behind the cursor, as a sequence number that became
    /// visible late would.
    LateSequenceNumber,
    /// The backend says accepted and has stored nothing.
    AckBeforeCommit,
    /// The phone never hears that an edit was rejected.
    RejectionSwallowed,
    /// A phone that is opened again has forgotten its quarantine.
    QuarantineForgotten,
    /// The backend was restored, and what it lost is not offered again.
    EpochIgnored,
    /// Who lost access keeps the data.
    LeaveIgnored,
    /// A disagreement is settled by whoever comes last, and nobody is asked.
    LastWriterWins,
    /// What was saved is offered to nobody.
    OutboxForgotten,
    /// A save that failed is told as done.
    ToldBeforeCommit,
    /// A save is done twice after a retry.
    RetryAppendsTwice,
    /// A line of the backend's audit trail was altered.
    AuditAltered,
    /// A patient's name is logged.
    NameInLog,
    /// The log of the database is not synced at a commit.
    NoSync,
    /// The phone keeps no proofs of what colleagues wrote, so that it can't bring it back.
    ProofsForgotten,
    /// What was written for a patient is not uploaded once access to them ends.
    LeaversNotUploaded,
    /// The backend says that a part of a photo arrived, and has not stored it.
    PartNotStored,
    /// The office says that it has what a phone handed over, and has mislaid it.
    EscrowMislaid,
}

/// A phone's store with a bug in front of it, or none.
pub(super) struct Planted<S> {
    store: S,
    bug: Option<Bug>,
}

impl<S> Planted<S> {
    pub(super) const fn new(store: S, bug: Option<Bug>) -> Self {
        Self { store, bug }
    }

    fn is(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

impl<S: SyncStore> SyncStore for Planted<S> {
    fn cursor(&mut self) -> Result<CursorState, StoreFault> {
        self.store.cursor()
    }

    fn load_outbox(&mut self, limits: OutboxLimits) -> Result<Outbox, StoreFault> {
        let leaving = self.is(Bug::LeaversNotUploaded) && !self.store.leaving()?.is_empty();
        if self.is(Bug::OutboxForgotten) || leaving {
            return Ok(Outbox::Empty);
        }
        self.store.load_outbox(limits)
    }

    fn apply_verdicts(&mut self, verdicts: &[ChangeVerdict]) -> Result<bool, StoreFault> {
        if !self.is(Bug::RejectionSwallowed) {
            return self.store.apply_verdicts(verdicts);
        }
        let mut heard = verdicts.to_vec();
        for verdict in &mut heard {
            if matches!(verdict.verdict, Verdict::Rejected { .. }) {
                verdict.verdict = Verdict::Duplicate;
            }
        }
        self.store.apply_verdicts(&heard)
    }

    fn apply_page(&mut self, mut page: Page) -> Result<bool, StoreFault> {
        match self.bug {
            Some(Bug::CursorBeforeApply) => page.changes = Vec::new().into(),
            Some(Bug::LeaveIgnored) => page.leaves.clear(),
            Some(Bug::ProofsForgotten) => page.proofs = None,
            Some(Bug::RejectionSwallowed) => page.verdicts.clear(),
            _ => {}
        }
        self.store.apply_page(page)
    }

    fn reset_epoch(&mut self, epoch: u64) -> Result<(), StoreFault> {
        if self.is(Bug::EpochIgnored) {
            return Ok(());
        }
        self.store.reset_epoch(epoch)
    }

    fn leaving(&mut self) -> Result<Vec<Leaving>, StoreFault> {
        self.store.leaving()
    }

    fn purge(&mut self, patient: PatientId, reason: &str) -> Result<bool, StoreFault> {
        self.store.purge(patient, reason)
    }

    fn load_receipts(&mut self) -> Result<Option<ReceiptBatch>, StoreFault> {
        self.store.load_receipts()
    }

    fn receipts_sent(&mut self, ids: &[[u8; 16]]) -> Result<(), StoreFault> {
        self.store.receipts_sent(ids)
    }

    fn load_beacon(&mut self, last_error: Option<&str>) -> Result<Option<Vec<u8>>, StoreFault> {
        self.store.load_beacon(last_error)
    }

    fn set_anchor(&mut self, server_ms: i64, at: Monotonic) {
        self.store.set_anchor(server_ms, at);
    }

    fn observe(&mut self, state: &SyncState) {
        if self.is(Bug::NameInLog) {
            tracing::info!("synced for {}", super::work::CANARY);
        }
        self.store.observe(state);
    }
}

/// What a bug does to the backend's answers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    bug: Option<Bug>,
    epoch: u64,
    seen: u64,
}

impl Answers {
    pub(super) fn new(bug: Option<Bug>) -> Self {
        Self {
            bug,
            ..Self::default()
        }
    }

    /// Says accepted to every eighth push, and has done nothing.
    pub(super) fn answer(&mut self, request: &Request) -> Option<Response> {
        if self.bug != Some(Bug::AckBeforeCommit) || request.path != wire::PUSH {
            return None;
        }
        self.seen += 1;
        if self.epoch == 0 || !self.seen.is_multiple_of(8) {
            return None;
        }
        let push: PushRequest = wire::open_body(&request.body).ok()?;
        let changes = pack::unpack(&push.changes, &PUSH_LIMITS).ok()?;
        let answer = PushResponse {
            epoch: self.epoch,
            server_ms: super::parts::START.0,
            verdicts: vec![VerdictRun {
                count: u32::try_from(changes.len()).ok()?,
                verdict: Verdict::Accepted { seq: 1 },
            }],
        };
        Some(Response {
            status: 200,
            body: wire::seal_body(&answer).ok()?,
            ..Response::default()
        })
    }

    /// Says that every second part of a photo arrived, and has stored nothing.
    pub(super) fn answer_part(
        &mut self,
        request: &AttachmentRequest,
    ) -> Option<AttachmentResponse> {
        let AttachmentRequest::Append { offset, part } = request else {
            return None;
        };
        if self.bug != Some(Bug::PartNotStored) {
            return None;
        }
        self.seen += 1;
        self.seen.is_multiple_of(2).then(|| AttachmentResponse {
            status: 204,
            offset: Some(offset + part.len() as u64),
            body: Vec::new(),
        })
    }

    /// Hides the last change of every third page that has some.
    pub(super) fn spoil(&mut self, path: &str, answer: &mut Response) {
        match self.bug {
            Some(Bug::AckBeforeCommit) if path == wire::PUSH => {
                if let Ok(push) = wire::open_body::<PushResponse>(&answer.body) {
                    self.epoch = push.epoch;
                }
            }
            Some(Bug::LateSequenceNumber) if path == wire::PULL => {
                if let Some(body) = self.hide_one(&answer.body) {
                    answer.body = body;
                }
            }
            _ => {}
        }
    }

    fn hide_one(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        let mut page: Page = wire::open_body(body).ok()?;
        let mut changes = pack::unpack(&page.changes, &PUSH_LIMITS).ok()?;
        changes.pop()?;
        self.seen += 1;
        if !self.seen.is_multiple_of(3) {
            return None;
        }
        let left: Vec<_> = changes
            .iter()
            .map(|(id, bytes)| (*id, &bytes[..]))
            .collect();
        page.changes = if left.is_empty() {
            Vec::new().into()
        } else {
            pack::pack(&left).ok()?.into()
        };
        wire::seal_body(&page).ok()
    }
}

/// Somebody changes what the backend's audit trail says.
pub(super) fn alter_audit(server: &Server) {
    let altered = "UPDATE audit SET detail = 'nothing' WHERE line = 3";
    let database = server.database();
    let _ = database.connection().execute_batch(altered);
}

/// A phone's quarantine is gone.
pub(super) fn forget_quarantine(folder: &Path, key: &[u8; 32]) {
    let key = DatabaseKey::from_bytes(key).unwrap();
    let path = folder.join("homeround.sqlite");
    let database = open_connection(&path, &key, OpenMode::Existing).unwrap();
    let gone = database
        .connection()
        .execute_batch("DELETE FROM quarantine");
    gone.unwrap();
}

/// Randomness of which the eight bytes that make an actor are always the same.
pub(super) struct OneActor(pub(super) Seeded);

impl Entropy for OneActor {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        if bytes.len() == 8 {
            bytes.fill(7);
            return Ok(());
        }
        Entropy::fill(&mut self.0, bytes)
    }
}
