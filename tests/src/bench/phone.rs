//! A phone through its public face, with a wire that never leaves the process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use homeround::app::{Clocks, Homeround, OpenConfig, PhoneStore, Platform};
use homeround::model::{Clock, Millis};
use homeround::sync::{
    self, AccessToken, Cancel, Engine, EngineConfig, Lost, Monotonic, Request, Response, RunReport,
    SyncState, Ticks, TokenFault, TokenSource, Traffic, Transport, TransportFault,
};
use homeround::vault::{OsEntropy, SoftwareVault, Unlock};

use super::Outcome;
use super::hub::Hub;
use super::meter;
use super::world::{START, ZONE};

/// The PIN of every phone.
const PIN: &str = "402913";

/// Clocks that the benchmark moves, so that stamps lie as far apart as on a day of work.
#[derive(Debug)]
pub(crate) struct Hands(AtomicI64);

impl Hands {
    /// Clocks at so many milliseconds after the start.
    pub(crate) const fn at(ms: i64) -> Self {
        Self(AtomicI64::new(ms))
    }

    /// Time passes.
    pub(crate) fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }

    /// Milliseconds since 1970.
    pub(crate) fn wall_ms(&self) -> i64 {
        START + self.0.load(Ordering::Relaxed)
    }
}

impl Clocks for Hands {
    fn now(&self) -> Clock {
        Clock {
            wall_ms: Millis(self.wall_ms()),
            monotonic_ms: 1_000 + self.0.load(Ordering::Relaxed),
            boot_id: 5,
        }
    }
}

impl Ticks for Hands {
    fn now(&self) -> Monotonic {
        Monotonic(self.0.load(Ordering::Relaxed))
    }
}

/// Where answers come from.
pub(crate) enum Far {
    /// A backend in this process.
    Hub(Arc<Hub>),
    /// Bodies that were written down before, one file an answer to a pull.
    Files(PathBuf, AtomicU64),
}

/// The wire of one device.
pub(crate) struct Wire {
    far: Far,
    device: usize,
    /// CPU of the far end, in nanoseconds: not the phone's.
    spent: AtomicU64,
}

impl Wire {
    fn answer(&self, request: &Request) -> Outcome<Vec<u8>> {
        match &self.far {
            Far::Hub(hub) => hub.answer(self.device, request.path, &request.body),
            Far::Files(folder, next) => {
                let name = match request.path {
                    homeround::wire::PULL => next.fetch_add(1, Ordering::Relaxed).to_string(),
                    _ => "ack".into(),
                };
                Ok(std::fs::read(folder.join(name))?)
            }
        }
    }

    fn far_cpu_ms(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a benchmark takes minutes")]
        let ms = self.spent.load(Ordering::Relaxed) as f64 / 1e6;
        ms
    }
}

impl Transport for Wire {
    async fn send(&self, request: Request, _: Option<&AccessToken>) -> Result<Response, Lost> {
        let before = meter::cpu_ms();
        let answer = self.answer(&request);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "CPU time grows, and a benchmark takes minutes"
        )]
        let spent = ((meter::cpu_ms() - before) * 1e6) as u64;
        self.spent.fetch_add(spent, Ordering::Relaxed);
        let body = answer.map_err(|_| Lost::from(TransportFault::Broken))?;
        Ok(Response {
            status: 200,
            traffic: Traffic {
                up: request.body.len() as u64,
                down: body.len() as u64,
                head_up: 0,
                head_down: 0,
            },
            body,
            retry_after_ms: None,
        })
    }
}

struct Tokens;

impl TokenSource for Tokens {
    async fn token(&self, _: bool) -> Result<AccessToken, TokenFault> {
        Ok(AccessToken::new("token".into()))
    }
}

/// What a sync cost.
pub(crate) struct Synced {
    /// What the engine says of the run.
    pub(crate) report: RunReport,
    /// CPU of the phone alone.
    pub(crate) cpu_ms: f64,
}

/// A phone.
pub(crate) struct Phone {
    /// Its public face.
    pub(crate) app: Homeround,
    /// Its clocks.
    pub(crate) hands: Arc<Hands>,
    store: PhoneStore,
    engine: Engine,
    wire: Wire,
    runtime: tokio::runtime::Runtime,
}

/// Opens a phone's folder, locked.
pub(crate) fn open(folder: &Path, hands: &Arc<Hands>) -> Outcome<Homeround> {
    let config = OpenConfig {
        folder: folder.join("store"),
        backend_url: "https://care.example.org".into(),
        device_label: "Phone".into(),
        time_zone: ZONE.into(),
    };
    let platform = Platform {
        hardware: Arc::new(SoftwareVault::open(&folder.join("hardware"))?),
        clocks: Arc::clone(hands) as Arc<dyn Clocks>,
        entropy: Box::new(OsEntropy),
    };
    Ok(Homeround::open(config, platform)?)
}

impl Phone {
    /// A new phone, enrolled; nothing is on it yet.
    pub(crate) fn enrolled(folder: &Path, hub: &Arc<Hub>, device: usize) -> Outcome<Self> {
        let hands = Arc::new(Hands::at(0));
        let app = open(folder, &hands)?;
        app.create(PIN, true)?;
        let phone = Self::over(app, hands, Far::Hub(Arc::clone(hub)), device)?;
        let token = AccessToken::new("token".into());
        phone
            .runtime
            .block_on(phone.app.enrol(&phone.wire, &token))?;
        Ok(phone)
    }

    /// A phone that was used before, unlocked.
    pub(crate) fn unlocked(folder: &Path, at_ms: i64, far: Far, device: usize) -> Outcome<Self> {
        let hands = Arc::new(Hands::at(at_ms));
        let app = open(folder, &hands)?;
        app.unlock(&Unlock::Biometric)?;
        Self::over(app, hands, far, device)
    }

    fn over(app: Homeround, hands: Arc<Hands>, far: Far, device: usize) -> Outcome<Self> {
        Ok(Self {
            store: app.sync_store(),
            app,
            hands,
            engine: Engine::new(EngineConfig::new(device as u64 + 1)),
            wire: Wire {
                far,
                device,
                spent: AtomicU64::new(0),
            },
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()?,
        })
    }

    /// One run of the sync, to its end.
    pub(crate) fn sync(&mut self) -> Outcome<Synced> {
        let (far, start) = (self.wire.far_cpu_ms(), meter::cpu_ms());
        let cancel = Cancel::default();
        let run = sync::run(
            &mut self.engine,
            &mut self.store,
            (&self.wire, &Tokens),
            &*self.hands,
            &cancel,
            None,
        );
        let report = self.runtime.block_on(run);
        let cpu_ms = meter::cpu_ms() - start - (self.wire.far_cpu_ms() - far);
        match &report.ended {
            SyncState::Idle { .. } if report.rejected == 0 => Ok(Synced { report, cpu_ms }),
            ended => {
                Err(format!("the sync ended as {ended:?}, {} rejected", report.rejected).into())
            }
        }
    }

    /// Idle slices until nothing is left to do. Answers their CPU.
    pub(crate) fn idle(&self) -> Outcome<f64> {
        let start = meter::cpu_ms();
        while !self.app.idle_slice()?.is_done() {}
        Ok(meter::cpu_ms() - start)
    }
}
