//! What the app and the shells implement, and the loops that serve the engine
//! with it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use zeroize::Zeroizing;

use crate::model::PatientId;
use crate::wire::{self, Body, Failure, Page};

use super::{
    ChangeVerdict, Courier, CursorState, Engine, Event, Leaving, Lost, Method, Monotonic, Next,
    OpId, Outbox, OutboxLimits, REQUEST_TIMEOUT_MS, ReceiptBatch, Request, Response, RunReport,
    StoreFault, SyncState, TokenReply, TransportFault,
};

/// The storage side of the sync. Each function is one transaction, holds
/// nothing open when it returns, and may be the last before a kill.
pub trait SyncStore {
    /// Where the sync stands.
    ///
    /// # Errors
    /// The store's fault.
    fn cursor(&mut self) -> Result<CursorState, StoreFault>;

    /// Makes, seals and signs a batch of unsent changes: see [`super::OutboxBatch`]
    /// for the order. With `hold_waiting`, changes whose last verdict was
    /// `Waiting` are left out.
    ///
    /// # Errors
    /// The store's fault.
    fn load_outbox(&mut self, limits: OutboxLimits) -> Result<Outbox, StoreFault>;

    /// Notes what became of changes and offers the `missing` ones first from
    /// now on. Says whether unsent changes arose from it, as when permitted
    /// edits were authored again.
    ///
    /// # Errors
    /// The store's fault; nothing was noted.
    fn apply_verdicts(&mut self, verdicts: &[ChangeVerdict]) -> Result<bool, StoreFault>;

    /// Takes a page in, in the order of its keys, with its cursor and epoch.
    /// What can't be applied is quarantined with its reason. Patients that left
    /// are marked as leaving and purged later. Says whether unsent changes arose.
    ///
    /// # Errors
    /// The store's fault; nothing was stored and the cursor did not move.
    fn apply_page(&mut self, page: Page) -> Result<bool, StoreFault>;

    /// The backend was restored from a backup: remembers the new epoch, puts the
    /// cursor back to the start and marks every local change unsent.
    ///
    /// # Errors
    /// The store's fault; nothing was stored.
    fn reset_epoch(&mut self, epoch: u64) -> Result<(), StoreFault>;

    /// Lists who left scope and was not purged yet.
    ///
    /// # Errors
    /// The store's fault.
    fn leaving(&mut self) -> Result<Vec<Leaving>, StoreFault>;

    /// Purges a patient that left scope and writes the receipt, unless
    /// something of theirs is unsent: then false.
    ///
    /// # Errors
    /// The store's fault; nothing was purged.
    fn purge(&mut self, patient: PatientId, reason: &str) -> Result<bool, StoreFault>;

    /// Makes, seals and signs a batch of unsent receipts.
    ///
    /// # Errors
    /// The store's fault.
    fn load_receipts(&mut self) -> Result<Option<ReceiptBatch>, StoreFault>;

    /// These receipts have arrived.
    ///
    /// # Errors
    /// The store's fault; they will be sent again.
    fn receipts_sent(&mut self, ids: &[[u8; 16]]) -> Result<(), StoreFault>;

    /// Makes and seals a beacon; none when it is too early for one.
    ///
    /// # Errors
    /// The store's fault.
    fn load_beacon(&mut self, last_error: Option<&str>) -> Result<Option<Vec<u8>>, StoreFault>;

    /// The backend's clock, tied to ours. May be kept in memory.
    fn set_anchor(&mut self, server_ms: i64, at: Monotonic);

    /// The state changed; for screens.
    fn observe(&mut self, state: &SyncState) {
        let _ = state;
    }
}

/// An access token; wiped when dropped.
pub type AccessToken = Zeroizing<String>;

/// Sends requests. Honours `timeout_ms` and `answer_max` while the answer
/// streams in, follows no redirects, and adds the headers of the protocol.
pub trait Transport: Send + Sync {
    /// Sends one request. Any status is an answer.
    ///
    /// # Errors
    /// [`Lost`] when no whole answer came.
    fn send(
        &self,
        request: Request,
        token: Option<&AccessToken>,
    ) -> impl Future<Output = Result<Response, Lost>> + Send;
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// The person must sign in.
    #[error("sign in again")]
    SignIn,
    /// The source can't be reached now.
    #[error("token source not reachable")]
    Unavailable,
}

/// Gives access tokens; asked only when the network is used.
pub trait TokenSource: Send + Sync {
    /// A token. With `refresh`, a cached one will not do.
    ///
    /// # Errors
    /// Why there is none.
    fn token(&self, refresh: bool) -> impl Future<Output = Result<AccessToken, TokenFault>> + Send;
}

/// A clock that never goes back while the process runs.
pub trait Ticks: Send + Sync + std::fmt::Debug {
    /// Now.
    fn now(&self) -> Monotonic;
}

/// Stops runs from elsewhere. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<(AtomicBool, Notify)>);

impl Cancel {
    /// Stops the run, now or as soon as it starts.
    pub fn cancel(&self) {
        self.0.0.store(true, Ordering::SeqCst);
        self.0.1.notify_waiters();
    }

    /// Whether it was stopped.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.0.0.load(Ordering::SeqCst)
    }

    /// Returns once it is stopped.
    pub async fn canceled(&self) {
        let notified = self.0.1.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if !self.is_canceled() {
            notified.await;
        }
    }
}

/// One run, until the engine rests: idle, waiting or blocked. Keep the engine
/// from run to run: it remembers how long to wait.
///
/// Dropping the future at any await is safe: no transaction is open across one,
/// and what was sent and not acknowledged is sent again.
pub async fn run<S, T, K>(
    engine: &mut Engine,
    store: &mut S,
    (transport, tokens): (&T, &K),
    ticks: &dyn Ticks,
    cancel: &Cancel,
    budget_ms: Option<u64>,
) -> RunReport
where
    S: SyncStore,
    T: Transport,
    K: TokenSource,
{
    let mut courier = Courier::new(engine, store, ticks);
    courier.event(Event::Start { budget_ms });
    drive(&mut courier, (transport, tokens), ticks, cancel, None).await;
    courier.report().clone()
}

/// Serves the engine until it is cancelled or all senders of `nudges` are gone:
/// runs when it starts, when nudged ([`Event::LocalEdit`], [`Event::Poke`],
/// [`Event::Online`], [`Event::Start`]) and when a wait is over. `reports` hears
/// of each run.
pub async fn serve<S, T, K>(
    engine: &mut Engine,
    store: &mut S,
    network: (&T, &K),
    ticks: &dyn Ticks,
    cancel: &Cancel,
    nudges: &mut mpsc::Receiver<Event>,
    reports: &mut (dyn FnMut(RunReport) + Send),
) where
    S: SyncStore,
    T: Transport,
    K: TokenSource,
{
    let mut event = Event::Start { budget_ms: None };
    loop {
        let mut courier = Courier::new(engine, store, ticks);
        courier.event(event);
        drive(&mut courier, network, ticks, cancel, Some(nudges)).await;
        if courier.report().requests > 0 {
            reports(courier.report().clone());
        }
        let due = engine.due();
        tokio::select! {
            biased;
            () = cancel.canceled() => return,
            nudge = nudges.recv() => match nudge {
                Some(nudge) => event = nudge,
                None => return,
            },
            () = sleep_until(due, ticks) => event = Event::Tick,
        }
    }
}

async fn drive<S, T, K>(
    courier: &mut Courier<'_, S>,
    (transport, tokens): (&T, &K),
    ticks: &dyn Ticks,
    cancel: &Cancel,
    mut nudges: Option<&mut mpsc::Receiver<Event>>,
) where
    S: SyncStore,
    T: Transport,
    K: TokenSource,
{
    let mut token: Option<AccessToken> = None;
    loop {
        match courier.next_request() {
            Next::Send(request) => {
                let id = request.id;
                let sending = transport.send(request, token.as_ref());
                if let Some(outcome) =
                    outcome_of(courier, id, sending, ticks, cancel, &mut nudges).await
                {
                    courier.deliver(id, outcome);
                }
            }
            Next::Token { id, refresh } => {
                let asking = tokens.token(refresh);
                let outcome = outcome_of(courier, id, asking, ticks, cancel, &mut nudges).await;
                match outcome {
                    Some(Ok(fresh)) => {
                        token = Some(fresh);
                        courier.token(id, TokenReply::Ready);
                    }
                    Some(Err(TokenFault::SignIn)) => courier.token(id, TokenReply::SignIn),
                    Some(Err(TokenFault::Unavailable)) => {
                        courier.token(id, TokenReply::Unavailable);
                    }
                    None => {}
                }
            }
            // Only one thing is handed out at a time and it was awaited above.
            Next::Outstanding(id) => courier.deliver(id, Err(TransportFault::Broken.into())),
            Next::Rest(_) => return,
        }
    }
}

/// Awaits what was handed out, and meanwhile hears cancellation, nudges and the
/// engine's own patience. None: it was given up.
async fn outcome_of<S: SyncStore, O>(
    courier: &mut Courier<'_, S>,
    id: OpId,
    work: impl Future<Output = O>,
    ticks: &dyn Ticks,
    cancel: &Cancel,
    nudges: &mut Option<&mut mpsc::Receiver<Event>>,
) -> Option<O> {
    let patience = sleep_until(courier.wake(), ticks);
    tokio::pin!(work, patience);
    loop {
        tokio::select! {
            biased;
            () = cancel.canceled() => courier.event(Event::Cancel),
            event = nudge(nudges) => match event {
                Some(event) => courier.event(event),
                None => *nudges = None,
            },
            outcome = &mut work => return Some(outcome),
            () = &mut patience => {
                courier.event(Event::Tick);
                // The platform's timer may be ahead of our clock; once is enough.
                courier.deliver(id, Err(TransportFault::Timeout.into()));
            }
        }
        if !courier.awaits(id) {
            return None;
        }
    }
}

async fn nudge(nudges: &mut Option<&mut mpsc::Receiver<Event>>) -> Option<Event> {
    match nudges {
        Some(nudges) => nudges.recv().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Monotonic>, ticks: &dyn Ticks) {
    match at {
        Some(at) => tokio::time::sleep(Duration::from_millis(at.since(ticks.now()))).await,
        None => std::future::pending().await,
    }
}

/// Why a single call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No answer: try again later.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The backend refused, and says why.
    #[error("refused: {}", .failure.code)]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its words.
        failure: Failure,
    },
    /// The question or the answer breaks the protocol.
    #[error(transparent)]
    Malformed(#[from] wire::WireError),
}

/// One call outside of runs, as enrolment and access in an emergency are.
///
/// # Errors
/// [`CallError`].
pub async fn call<Q: Body, A: Body>(
    transport: &impl Transport,
    token: &AccessToken,
    path: &'static str,
    question: &Q,
) -> Result<A, CallError> {
    let request = Request {
        id: OpId(0),
        method: Method::Post,
        path,
        body: wire::seal_body(question)?,
        timeout_ms: REQUEST_TIMEOUT_MS,
        answer_max: A::SENT_MAX.max(wire::SMALL_BODY_MAX),
    };
    let response = transport.send(request, Some(token)).await?;
    if response.status == 200 {
        return Ok(wire::open_body(&response.body)?);
    }
    let status = response.status;
    let failure = wire::open_body(&response.body)?;
    Err(CallError::Refused { status, failure })
}
