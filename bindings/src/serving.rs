//! Staying in sync while the app is open: one task on the core's own thread that
//! runs when something was edited, when the backend pokes and when a wait is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use homeround::app::{AppError, Homeround};
use homeround::sync::{
    self, Cancel, Engine, EngineConfig, Event, LiveNews, RunReport, SyncState, Ticks,
};
use homeround::vault::{Entropy as _, OsEntropy};
use tokio::sync::{mpsc, watch};

use crate::error::HomeroundError;
use crate::platform::Radio;
use crate::root::Phone;
use crate::runtime::Task;
use crate::sync::Uptime;

/// Nudges that may wait; more say nothing new.
const NUDGES: usize = 16;

/// What is going on, if anything is.
#[derive(Default)]
pub(crate) struct Serving {
    running: Mutex<Option<Running>>,
    /// It goes on once the phone is unlocked.
    paused: AtomicBool,
}

struct Running {
    cancel: Cancel,
    nudges: mpsc::Sender<Event>,
    reports: watch::Receiver<Option<RunReport>>,
    _task: Task<()>,
}

impl Serving {
    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins, unless it is under way.
    pub(crate) fn start(&self, phone: &Arc<Phone>) -> Result<(), HomeroundError> {
        let mut running = self.lock();
        if running.is_some() {
            return Ok(());
        }
        if phone.app.me()?.is_none() {
            return Err(HomeroundError::NotEnrolled);
        }
        let (nudges, heard) = mpsc::channel(NUDGES);
        let (told, reports) = watch::channel(None);
        let cancel = Cancel::default();
        let work = serve(Served {
            app: Arc::clone(&phone.app),
            radio: phone.radio.clone(),
            tokens: phone.tokens.clone(),
            cancel: cancel.clone(),
            poke: nudges.clone(),
            heard,
            told,
        });
        *running = Some(Running {
            cancel,
            nudges,
            reports,
            _task: phone.runtime.spawn(work),
        });
        Ok(())
    }

    /// Ends; what was sent and not acknowledged is sent again another time.
    pub(crate) fn stop(&self) {
        self.paused.store(false, Ordering::SeqCst);
        self.end();
    }

    /// Ends until the phone is unlocked, if it is under way.
    pub(crate) fn pause(&self) {
        if self.end() {
            self.paused.store(true, Ordering::SeqCst);
        }
    }

    /// Goes on with what was paused.
    pub(crate) fn resume(&self, phone: &Arc<Phone>) {
        if self.paused.swap(false, Ordering::SeqCst) {
            // Who is not enrolled had nothing under way.
            let _ = self.start(phone);
        }
    }

    fn end(&self) -> bool {
        let running = self.lock().take();
        if let Some(running) = &running {
            running.cancel.cancel();
        }
        running.is_some()
    }

    pub(crate) fn edited(&self) {
        self.nudge(Event::LocalEdit);
    }

    pub(crate) fn nudge(&self, event: Event) {
        if let Some(running) = &*self.lock() {
            // Full: enough nudges are on their way.
            let _ = running.nudges.try_send(event);
        }
    }

    /// Asks what is under way for a run now; what comes of it is heard there.
    pub(crate) fn ask(&self, budget_ms: Option<u64>) -> Option<watch::Receiver<Option<RunReport>>> {
        let running = self.lock();
        let running = running.as_ref()?;
        let mut reports = running.reports.clone();
        reports.mark_unchanged();
        let _ = running.nudges.try_send(Event::Start { budget_ms });
        Some(reports)
    }
}

struct Served {
    app: Arc<Homeround>,
    radio: Radio,
    tokens: crate::platform::Tokens,
    cancel: Cancel,
    poke: mpsc::Sender<Event>,
    heard: mpsc::Receiver<Event>,
    told: watch::Sender<Option<RunReport>>,
}

async fn serve(mut served: Served) {
    let ticks = Uptime;
    let mut engine = new_engine();
    let mut store = served.app.sync_store();
    let (app, radio, tokens) = (&served.app, &served.radio, &served.tokens);
    let (ended, mut over) = mpsc::channel(1);
    let mut report = |run: RunReport| {
        // Full: the last one is not worked up yet, and that looks at everything.
        let _ = ended.try_send(());
        served.told.send_replace(Some(run));
    };
    let poke = served.poke;
    let mut tell = move |news| {
        if news != LiveNews::Lost {
            let _ = poke.try_send(Event::Poke);
        }
    };
    let cancel = &served.cancel;
    let listening = async {
        match radio {
            Radio::Own(http) => {
                let seed = ticks.now().0.unsigned_abs();
                sync::listen(http, tokens, seed, cancel, &mut tell).await;
            }
            // A platform's requests have an end: the engine looks by itself then.
            Radio::Platform(..) => cancel.canceled().await,
        }
    };
    let idling = async {
        while over.recv().await.is_some() {
            let _ = after_run(app, radio, tokens, cancel, None).await;
        }
    };
    let network = (radio, tokens);
    let serving = sync::serve(
        &mut engine,
        &mut store,
        network,
        &ticks,
        cancel,
        &mut served.heard,
        &mut report,
    );
    tokio::select! {
        () = serving => {}
        () = async { tokio::join!(listening, idling); } => {}
    }
}

/// What is worth doing once a run is over: merge what arrived for later, then send
/// photos. Each slice is short and the last one may be the last before a kill.
pub(crate) async fn after_run(
    app: &Homeround,
    radio: &Radio,
    tokens: &crate::platform::Tokens,
    cancel: &Cancel,
    budget_ms: Option<u64>,
) -> Result<homeround::app::AttachmentsReport, AppError> {
    let started = Uptime.now();
    let left = || budget_ms.map(|budget| budget.saturating_sub(Uptime.now().since(started)));
    while !cancel.is_canceled() && left() != Some(0) {
        if app.idle_slice()?.is_done() {
            break;
        }
        tokio::task::yield_now().await;
    }
    app.send_attachments(radio, tokens, cancel, left()).await
}

/// An engine of its own for each use; the store says where to go on.
pub(crate) fn new_engine() -> Engine {
    let mut seed = [0; 8];
    // Without randomness phones would only come back at the same moments.
    let _ = OsEntropy.fill(&mut seed);
    Engine::new(EngineConfig::new(u64::from_le_bytes(seed)))
}

/// Whether a run got to its end.
pub(crate) const fn is_idle(state: &SyncState) -> bool {
    matches!(state, SyncState::Idle { .. })
}
