//! Enrolment and sync, and how long a new phone takes to its first screen.

use std::sync::Mutex;
use std::time::Instant;

use homeround::app::{Homeround, PhoneStore};
use homeround::model::{EntryId, PatientId, VisitId};
use homeround::sync::{
    AccessToken, Cancel, ChangeVerdict, CursorState, Engine, EngineConfig, Http, HttpConfig,
    Leaving, Monotonic, Outbox, OutboxLimits, ReceiptBatch, RunReport, StoreFault, SyncState,
    SyncStore, Ticks, TokenFault, TokenSource, Trust, run,
};
use homeround::wire::Page;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Phone;
use super::answer::Refusal;
use super::command::Command;
use super::read::wall_now;

/// Milliseconds that a run may take unless said otherwise.
const BUDGET_MS: u64 = 60_000;

/// What a phone needs to talk to the backend.
pub(super) struct Network {
    runtime: tokio::runtime::Runtime,
    http: Http,
    tokens: Tokens,
    ticks: Stopwatch,
    engine: Engine,
    store: TimedStore,
}

impl Network {
    pub(super) fn new(backend: &str, app: &Homeround) -> Result<Self, Refusal> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|_| Refusal::code("runtime"))?;
        let http = Http::new(&HttpConfig {
            base_url: backend.into(),
            trust: Trust::default(),
            user_agent: concat!("homeround/", env!("CARGO_PKG_VERSION")).into(),
        })
        .map_err(|error| Refusal::malformed(&error.to_string()))?;
        let seed = u64::try_from(wall_now().0).unwrap_or(0) ^ u64::from(std::process::id());
        Ok(Self {
            runtime,
            http,
            tokens: Tokens::default(),
            ticks: Stopwatch::start(),
            engine: Engine::new(EngineConfig::new(seed)),
            store: TimedStore::new(app),
        })
    }

    fn sync(&mut self, budget_ms: u64) -> Value {
        self.store.begin();
        let cancel = Cancel::default();
        let report = self.runtime.block_on(run(
            &mut self.engine,
            &mut self.store,
            (&self.http, &self.tokens),
            &self.ticks,
            &cancel,
            Some(budget_ms),
        ));
        let mut answer = described(&report);
        answer["ms"] = json!(self.store.elapsed_ms());
        answer["first_screen"] = self.store.first_screen.take().unwrap_or_default();
        answer
    }
}

/// Does what needs the network; none for another kind of command.
pub(super) fn obey(phone: &mut Phone, command: &Command) -> Option<Result<Value, Refusal>> {
    match command {
        Command::Token { token } => {
            phone.network.tokens.set(token);
            Some(Ok(Value::Null))
        }
        Command::Enrol => Some(enrol(phone)),
        Command::SendAttachments => Some(send_attachments(phone)),
        Command::FetchAttachment { visit, entry } => Some(fetch_attachment(phone, *visit, *entry)),
        Command::Sync { budget_ms } => Some(Ok(phone.network.sync(budget_ms.unwrap_or(BUDGET_MS)))),
        _ => None,
    }
}

fn enrol(phone: &Phone) -> Result<Value, Refusal> {
    let network = &phone.network;
    let token = network
        .tokens
        .get()
        .ok_or_else(|| Refusal::code("no_token"))?;
    let me = network
        .runtime
        .block_on(phone.app.enrol(&network.http, &token))?;
    Ok(json!({ "device": me.device, "person": me.person, "name": me.name, "role": me.role }))
}

fn send_attachments(phone: &Phone) -> Result<Value, Refusal> {
    let Network {
        runtime,
        http,
        tokens,
        ..
    } = &phone.network;
    let cancel = Cancel::default();
    let report = runtime.block_on(phone.app.send_attachments(http, tokens, &cancel, None))?;
    Ok(json!({ "sent": report.sent, "bytes": report.bytes, "left": report.left }))
}

fn fetch_attachment(phone: &Phone, visit: VisitId, entry: EntryId) -> Result<Value, Refusal> {
    let Network {
        runtime,
        http,
        tokens,
        ..
    } = &phone.network;
    let visit = phone.app.visit(visit);
    runtime.block_on(visit.fetch_attachment(http, tokens, entry))?;
    let bytes = visit.attachment_bytes(entry)?;
    let digest = Sha256::digest(&bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(json!({ "bytes": bytes.len(), "sha256": digest }))
}

fn described(report: &RunReport) -> Value {
    let (ended, code) = match &report.ended {
        SyncState::Idle { .. } => ("idle", String::new()),
        SyncState::Running { .. } => ("running", String::new()),
        SyncState::Waiting { why, .. } => ("waiting", why.code().to_owned()),
        SyncState::Blocked { code, .. } => ("blocked", code.clone()),
    };
    let traffic = &report.traffic;
    json!({
        "ended": ended,
        "code": code,
        "pushed": report.pushed,
        "accepted": report.accepted,
        "duplicate": report.duplicate,
        "waiting": report.waiting,
        "rejected": report.rejected,
        "pages": report.pages,
        "purged": report.purged,
        "receipts": report.receipts,
        "requests": report.requests,
        "bytes_up": traffic.up + traffic.head_up,
        "bytes_down": traffic.down + traffic.head_down,
        "body_up": traffic.up,
        "body_down": traffic.down,
    })
}

#[derive(Default)]
struct Tokens(Mutex<Option<AccessToken>>);

impl Tokens {
    fn set(&self, token: &str) {
        let mut slot = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *slot = Some(AccessToken::new(token.to_owned()));
    }

    fn get(&self) -> Option<AccessToken> {
        let slot = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        slot.clone()
    }
}

impl TokenSource for Tokens {
    async fn token(&self, _refresh: bool) -> Result<AccessToken, TokenFault> {
        self.get().ok_or(TokenFault::SignIn)
    }
}

#[derive(Debug, Clone, Copy)]
struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is a shell: it has the clocks"
    )]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn ms(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1000.0
    }
}

impl Ticks for Stopwatch {
    fn now(&self) -> Monotonic {
        Monotonic(i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// The phone's store; after the first page of a run it reads today's list, as
/// a screen would, and notes how long that took since the run began.
struct TimedStore {
    app: Homeround,
    inner: PhoneStore,
    begun: Stopwatch,
    pages: u64,
    first_screen: Option<Value>,
}

impl TimedStore {
    fn new(app: &Homeround) -> Self {
        Self {
            app: app.clone(),
            inner: app.sync_store(),
            begun: Stopwatch::start(),
            pages: 0,
            first_screen: None,
        }
    }

    fn begin(&mut self) {
        self.begun = Stopwatch::start();
        self.pages = 0;
        self.first_screen = None;
    }

    fn elapsed_ms(&self) -> f64 {
        self.begun.ms()
    }

    fn look_at_today(&mut self) {
        let day = self.app.today().and_then(|date| self.app.day(date));
        if let Ok(day) = day {
            self.first_screen = Some(json!({
                "ms": self.begun.ms(),
                "visits": day.visits.len(),
            }));
        }
    }
}

impl SyncStore for TimedStore {
    fn cursor(&mut self) -> Result<CursorState, StoreFault> {
        self.inner.cursor()
    }

    fn load_outbox(&mut self, limits: OutboxLimits) -> Result<Outbox, StoreFault> {
        self.inner.load_outbox(limits)
    }

    fn apply_verdicts(&mut self, verdicts: &[ChangeVerdict]) -> Result<bool, StoreFault> {
        self.inner.apply_verdicts(verdicts)
    }

    fn apply_page(&mut self, page: Page) -> Result<bool, StoreFault> {
        let unsent = self.inner.apply_page(page)?;
        self.pages += 1;
        if self.pages == 1 {
            self.look_at_today();
        }
        Ok(unsent)
    }

    fn reset_epoch(&mut self, epoch: u64) -> Result<(), StoreFault> {
        self.inner.reset_epoch(epoch)
    }

    fn leaving(&mut self) -> Result<Vec<Leaving>, StoreFault> {
        self.inner.leaving()
    }

    fn purge(&mut self, patient: PatientId, reason: &str) -> Result<bool, StoreFault> {
        self.inner.purge(patient, reason)
    }

    fn load_receipts(&mut self) -> Result<Option<ReceiptBatch>, StoreFault> {
        self.inner.load_receipts()
    }

    fn receipts_sent(&mut self, ids: &[[u8; 16]]) -> Result<(), StoreFault> {
        self.inner.receipts_sent(ids)
    }

    fn load_beacon(&mut self, last_error: Option<&str>) -> Result<Option<Vec<u8>>, StoreFault> {
        self.inner.load_beacon(last_error)
    }

    fn set_anchor(&mut self, server_ms: i64, at: Monotonic) {
        self.inner.set_anchor(server_ms, at);
    }

    fn observe(&mut self, state: &SyncState) {
        self.inner.observe(state);
    }
}
