//! What happens to the engine and what it wants done.

use crate::model::{ChangeHash, DeviceId, PatientId};
use crate::wire::Page;

use super::{ChangeVerdict, SyncState};

/// Milliseconds of a clock that never goes back while the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Monotonic(pub i64);

impl Monotonic {
    /// This moment moved by some milliseconds, clamped at the ends.
    #[must_use]
    pub const fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add_unsigned(ms))
    }

    /// Milliseconds from an earlier moment to this one; zero if it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        let ms = self.0.saturating_sub(earlier.0);
        if ms > 0 { ms.unsigned_abs() } else { 0 }
    }
}

/// Names one outstanding thing. An answer to anything but the outstanding one
/// is late or a duplicate, and ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(pub u64);

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Sync now. During a run it means: once more, and with this budget.
    Start {
        /// Milliseconds that this run may take; none: as long as it needs.
        budget_ms: Option<u64>,
    },
    /// Time has passed.
    Tick,
    /// There is a new unsent edit.
    LocalEdit,
    /// The backend says that there is news.
    Poke,
    /// The platform says whether there is a network.
    Online(bool),
    /// A storage operation is done.
    Stored(OpId, StoreAnswer),
    /// A storage operation failed; nothing of it was stored.
    StorageFailed(OpId, StoreFault),
    /// What the token source said.
    Token(OpId, TokenReply),
    /// An answer came, whatever its status.
    Answer(OpId, Response),
    /// No answer came.
    Failed(OpId, TransportFault),
    /// Stop. What is outstanding is given up; the store says where to go on.
    Cancel,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Have the store do this and answer with [`Event::Stored`].
    Store(OpId, StoreOp),
    /// Get an access token ready and answer with [`Event::Token`].
    NeedToken {
        /// Names the question.
        id: OpId,
        /// The last one was refused: a cached one will not do.
        refresh: bool,
    },
    /// Send this and answer with [`Event::Answer`] or [`Event::Failed`].
    Send(Request),
    /// Give this request up; its answer will be ignored.
    Abort(OpId),
    /// The backend's clock, tied to ours.
    SetAnchor {
        /// The backend's clock, milliseconds since 1970.
        server_ms: i64,
        /// Our clock when the answer came.
        at: Monotonic,
    },
    /// Send [`Event::Tick`] at this moment; replaces an earlier wish.
    WaitUntil(Monotonic),
    /// The state changed.
    State(SyncState),
}

/// What the store does, each in one transaction. None of it touches the network.
#[derive(Debug, Clone, PartialEq)]
pub enum StoreOp {
    /// Read where the sync stands. Answered by [`StoreAnswer::Cursor`].
    LoadCursor,
    /// Make a batch of unsent changes. Answered by [`StoreAnswer::Outbox`].
    LoadOutbox(OutboxLimits),
    /// Note what became of changes: one verdict for each change that was
    /// sent, in that order. Answered by [`StoreAnswer::Applied`].
    ApplyVerdicts(Vec<ChangeVerdict>),
    /// Take a page in, with its cursor and epoch. Patients that left are marked
    /// and not purged yet. Answered by [`StoreAnswer::Applied`].
    ApplyPage(Box<Page>),
    /// The backend was restored: remember its new epoch, put the cursor back to
    /// the start, mark every local change unsent. Answered by [`StoreAnswer::Done`].
    ResetEpoch {
        /// The backend's epoch.
        epoch: u64,
    },
    /// List who left scope and was not purged yet. Answered by [`StoreAnswer::Leaving`].
    LoadLeaving,
    /// Purge a patient that left scope and write the receipt. Refused by
    /// `Purged(false)` while anything of theirs is unsent. Answered by
    /// [`StoreAnswer::Purged`].
    Purge {
        /// Whom.
        patient: PatientId,
        /// Stable code of the reason.
        reason: String,
    },
    /// Make a batch of unsent receipts. Answered by [`StoreAnswer::Receipts`].
    LoadReceipts,
    /// These receipts have arrived. Answered by [`StoreAnswer::Done`].
    ReceiptsSent(Vec<[u8; 16]>),
    /// Make a beacon, unless it is too early for one. Answered by
    /// [`StoreAnswer::Beacon`].
    LoadBeacon {
        /// Stable code of the last sync error.
        last_error: Option<String>,
    },
}

/// What the store answers.
#[derive(Debug, Clone, PartialEq)]
pub enum StoreAnswer {
    /// It is done.
    Done,
    /// It is stored.
    Applied {
        /// Whether it gave rise to unsent changes, as when permitted edits were
        /// authored again.
        unsent: bool,
    },
    /// Where the sync stands.
    Cursor(CursorState),
    /// What there is to send.
    Outbox(Outbox),
    /// Who left scope.
    Leaving(Vec<Leaving>),
    /// Whether it was purged; false while something is unsent.
    Purged(bool),
    /// A batch; none: all have arrived.
    Receipts(Option<ReceiptBatch>),
    /// A sealed [`crate::wire::Beacon`]; none: not now.
    Beacon(Option<Vec<u8>>),
}

/// How much a batch may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Most changes.
    pub changes: usize,
    /// Most bytes of changes, before compression. A single change that is
    /// larger still makes a batch of its own.
    pub bytes: usize,
    /// Leave out changes whose last verdict was `Waiting`.
    pub hold_waiting: bool,
}

/// What there is to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outbox {
    /// Nothing, or all that is left is held.
    Empty,
    /// This.
    Batch(OutboxBatch),
    /// A batch within those limits is larger than [`crate::wire::PUSH_BYTES_MAX`]
    /// once sealed: ask for less.
    TooLarge,
}

/// Unsent changes, ready to send.
///
/// Order: what others wait for (the `missing` of verdicts), then patients that
/// left scope, then the rest, then what was told to wait; always dependencies
/// before what depends on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxBatch {
    /// The changes, in the order of the batch.
    pub hashes: Vec<ChangeHash>,
    /// The sealed and signed [`crate::wire::PushRequest`].
    pub body: Vec<u8>,
    /// Unsent changes that are not in this batch.
    pub remaining: u64,
}

/// Unsent receipts, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptBatch {
    /// Ids of the receipts.
    pub ids: Vec<[u8; 16]>,
    /// The sealed and signed [`crate::wire::ReceiptsRequest`].
    pub body: Vec<u8>,
}

/// Where the sync stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorState {
    /// This device.
    pub device: DeviceId,
    /// As the last page gave it; empty at first.
    pub cursor: Vec<u8>,
    /// The backend's epoch; none: never heard.
    pub epoch: Option<u64>,
    /// Any instant of the day that is wanted first, milliseconds since 1970.
    pub today_ms: i64,
}

/// A patient that left scope and was not purged yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Whom.
    pub patient: PatientId,
    /// Stable code of the reason.
    pub reason: String,
    /// Unsent changes of theirs.
    pub unsent: u64,
}

/// Why the store could not do its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreFault {
    /// Stable code, as in `storage_full`.
    pub code: &'static str,
    /// Trying again later can help.
    pub retry: bool,
}

/// What the token source said. The token itself stays with the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenReply {
    /// There is one.
    Ready,
    /// The person must sign in.
    SignIn,
    /// The source can't be reached now.
    Unavailable,
}

/// HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// A request. Every one may be sent twice without harm: pushes are by hash,
/// receipts and devices by id, pulls by cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Names the request.
    pub id: OpId,
    /// Method.
    pub method: Method,
    /// Path after the backend's address, as in `/v1/sync/push`.
    pub path: &'static str,
    /// The sealed body.
    pub body: Vec<u8>,
    /// Milliseconds after which it is given up.
    pub timeout_ms: u64,
    /// Most bytes of the answer's body; more is an error, not a truncation.
    pub answer_max: usize,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The sealed body.
    pub body: Vec<u8>,
    /// The `retry-after` header in milliseconds, if it was given in seconds.
    pub retry_after_ms: Option<u64>,
    /// What went over the wire.
    pub traffic: Traffic,
}

/// Bytes that went over the wire, without TLS and below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Bodies sent.
    pub up: u64,
    /// Bodies received.
    pub down: u64,
    /// Request lines and headers sent, as HTTP/1.1 writes them.
    pub head_up: u64,
    /// Status lines and headers received, as HTTP/1.1 writes them.
    pub head_down: u64,
}

impl Traffic {
    /// Adds up.
    pub fn add(&mut self, more: Self) {
        self.up = self.up.saturating_add(more.up);
        self.down = self.down.saturating_add(more.down);
        self.head_up = self.head_up.saturating_add(more.head_up);
        self.head_down = self.head_down.saturating_add(more.head_down);
    }
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportFault {
    /// No connection: no network, no such host, nobody listening.
    #[error("no connection")]
    Unreachable,
    /// It took too long.
    #[error("timed out")]
    Timeout,
    /// The connection broke on the way.
    #[error("connection broke")]
    Broken,
    /// The other end is not who it should be.
    #[error("server not trusted")]
    Untrusted,
    /// The answer is larger than the request allows.
    #[error("answer too large")]
    TooLarge,
}

impl TransportFault {
    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Broken => "connection_broke",
            Self::Untrusted => "server_untrusted",
            Self::TooLarge => "answer_too_large",
        }
    }
}
