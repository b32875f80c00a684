//! A real phone on a temporary folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use homeround::app::{
    AppError, AttachmentsReport, Clocks, Homeround, Me, OpenConfig, Platform, VitalsEntry,
};
use homeround::model::{DeviceId, EntryId, PatientId, PersonId, VisitId};
use homeround::sync::{
    AccessToken, Cancel, Engine, EngineConfig, Http, HttpConfig, Lost, Request, Response,
    RunReport, SyncState, TokenFault, TokenSource, Transport, Trust, run,
};
use homeround::vault::{Entropy, OsEntropy, Pin, SoftwareVault, Unlock};
use tempfile::TempDir;
use tokio::sync::Notify;

use super::{Backend, Hands, START};

const PIN: &str = "402913";

/// What a person does to unlock.
#[must_use]
pub fn pin() -> Unlock {
    Unlock::Pin(Pin::new(PIN).unwrap())
}

/// A pulse, as a set of vital signs.
#[must_use]
pub fn vitals(pulse: u16) -> VitalsEntry {
    VitalsEntry {
        measured_at: START,
        pulse_bpm: Some(pulse),
        ..VitalsEntry::default()
    }
}

/// A token that the scenario sets; a fresh one can't be had without signing in.
#[derive(Debug)]
pub struct Tokens(Mutex<String>);

impl Tokens {
    /// Puts another token in.
    pub fn set(&self, token: String) {
        *self.0.lock().unwrap() = token;
    }
}

impl TokenSource for Tokens {
    async fn token(&self, refresh: bool) -> Result<AccessToken, TokenFault> {
        if refresh {
            return Err(TokenFault::SignIn);
        }
        Ok(self.0.lock().unwrap().clone().into())
    }
}

/// A phone. Its process can end and begin again; its clocks go on.
pub struct Phone {
    app: Option<Homeround>,
    /// Its clocks.
    pub hands: Arc<Hands>,
    /// Its person.
    pub person: PersonId,
    /// Its id.
    pub device: DeviceId,
    /// Its tokens.
    pub tokens: Tokens,
    folder: TempDir,
    url: String,
}

impl Phone {
    /// A new phone of this login, enrolled; nothing is downloaded yet.
    #[must_use]
    pub fn new(backend: &Backend, login: &str) -> Self {
        Self::new_on(backend, login, |_| {})
    }

    /// As [`new`](Self::new), and something happens to the folder of the store before
    /// anything is in it.
    #[must_use]
    pub fn new_on(backend: &Backend, login: &str, first: impl FnOnce(&Path)) -> Self {
        Self::new_with(backend, login, (PIN, Box::new(OsEntropy)), first)
    }

    /// As [`new_on`](Self::new_on), with a PIN and randomness of the scenario's choice. A
    /// process that begins again takes the system's randomness and asks for the usual PIN.
    #[must_use]
    pub fn new_with(
        backend: &Backend,
        login: &str,
        (pin, entropy): (&str, Box<dyn Entropy + Send>),
        first: impl FnOnce(&Path),
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("store");
        std::fs::create_dir_all(&store).unwrap();
        first(&store);
        let hands = Arc::new(Hands::default());
        let app = open(&folder, &hands, &backend.url(), entropy);
        app.create(pin, false).unwrap();
        let token = backend.token(login);
        let sent: AccessToken = token.clone().into();
        let me = backend.wait(app.enrol(&http(&backend.url()), &sent));
        let me = me.unwrap();
        Self {
            app: Some(app),
            hands,
            person: me.person,
            device: me.device,
            tokens: Tokens(Mutex::new(token)),
            folder,
            url: backend.url(),
        }
    }

    /// Everything but its screen and its radio.
    #[must_use]
    pub fn app(&self) -> &Homeround {
        self.app.as_ref().expect("the process runs")
    }

    /// One run, wherever it ends.
    #[must_use]
    pub fn try_sync(&self, backend: &Backend) -> RunReport {
        let (mut engine, ticks) = (engine(), &*self.hands);
        let network = (&http(&self.url), &self.tokens);
        let mut store = self.app().sync_store();
        let cancel = Cancel::default();
        backend.wait(run(&mut engine, &mut store, network, ticks, &cancel, None))
    }

    /// One run to its end, and what idle moments do.
    pub fn sync(&self, backend: &Backend) -> RunReport {
        let report = self.try_sync(backend);
        assert!(matches!(report.ended, SyncState::Idle { .. }), "{report:?}");
        while !self.app().idle_slice().unwrap().is_done() {}
        report
    }

    /// One run that is dropped at this request; answers whether it got there.
    #[must_use]
    pub fn sync_cut(&self, backend: &Backend, at: usize, moment: Moment) -> bool {
        let cut = Cut::new(http(&self.url), at, moment);
        let (mut engine, ticks) = (engine(), &*self.hands);
        let mut store = self.app().sync_store();
        let cancel = Cancel::default();
        backend.wait(async {
            let network = (&cut, &self.tokens);
            tokio::select! {
                biased;
                () = cut.reached.notified() => true,
                _ = run(&mut engine, &mut store, network, ticks, &cancel, None) => false,
            }
        })
    }

    /// The folder of its store, and nothing of its hardware.
    #[must_use]
    pub fn store_folder(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The folder of what is hardware on a real phone.
    #[must_use]
    pub fn hardware_folder(&self) -> PathBuf {
        self.folder.path().join("hardware")
    }

    /// The process ends, something happens, it begins again and is unlocked.
    pub fn restart_with(&mut self, meanwhile: impl FnOnce(&Path)) {
        self.restart_locked_with(meanwhile);
        self.app().unlock(&pin()).unwrap();
    }

    /// As [`restart_with`](Self::restart_with), and stays locked.
    pub fn restart_locked_with(&mut self, meanwhile: impl FnOnce(&Path)) {
        self.app = None;
        meanwhile(&self.store_folder());
        let entropy = Box::new(OsEntropy);
        self.app = Some(open(&self.folder, &self.hands, &self.url, entropy));
    }

    /// Enrols again, as after a recovery.
    pub fn enrol(&mut self, backend: &Backend, login: &str) {
        self.device = self.try_enrol(backend, login).unwrap().device;
    }

    /// The same, whatever comes of it.
    ///
    /// # Errors
    /// As [`Homeround::enrol`].
    pub fn try_enrol(&self, backend: &Backend, login: &str) -> Result<Me, AppError> {
        let token: AccessToken = backend.token(login).into();
        backend.wait(self.app().enrol(&http(&self.url), &token))
    }

    /// Sends the attachments that only this phone has.
    pub fn send_attachments(&self, backend: &Backend) -> AttachmentsReport {
        let (transport, cancel) = (http(&self.url), Cancel::default());
        let sending = self
            .app()
            .send_attachments(&transport, &self.tokens, &cancel, None);
        backend.wait(sending).unwrap()
    }

    /// Fetches a colleague's attachment.
    ///
    /// # Errors
    /// What the phone says.
    pub fn fetch_attachment(
        &self,
        backend: &Backend,
        visit: VisitId,
        entry: EntryId,
    ) -> Result<(), AppError> {
        let transport = http(&self.url);
        let visit = self.app().visit(visit);
        backend.wait(visit.fetch_attachment(&transport, &self.tokens, entry))
    }

    /// Asks for access in an emergency.
    ///
    /// # Errors
    /// What the phone says.
    pub fn break_glass(
        &self,
        backend: &Backend,
        login: &str,
        patient: PatientId,
        reason: &str,
    ) -> Result<(), AppError> {
        let token: AccessToken = backend.token(login).into();
        let transport = http(&self.url);
        backend.wait(self.app().break_glass(&transport, &token, patient, reason))
    }

    /// Unsent edits.
    #[must_use]
    pub fn unsent(&self) -> u64 {
        let today = self.app().today().unwrap();
        self.app().day(today).unwrap().unsent
    }
}

fn engine() -> Engine {
    static SEED: AtomicU64 = AtomicU64::new(1);
    Engine::new(EngineConfig::new(SEED.fetch_add(1, Ordering::Relaxed)))
}

fn http(url: &str) -> Http {
    let config = HttpConfig {
        base_url: url.into(),
        trust: Trust::default(),
        user_agent: "homeround-scenarios/0".into(),
    };
    Http::new(&config).unwrap()
}

fn open(
    folder: &TempDir,
    hands: &Arc<Hands>,
    url: &str,
    entropy: Box<dyn Entropy + Send>,
) -> Homeround {
    let vault = SoftwareVault::open(&folder.path().join("hardware")).unwrap();
    let config = OpenConfig {
        folder: folder.path().join("store"),
        backend_url: url.into(),
        device_label: "Phone 12".into(),
        time_zone: "America/New_York".into(),
    };
    let platform = Platform {
        hardware: Arc::new(vault),
        clocks: Arc::clone(hands) as Arc<dyn Clocks>,
        entropy,
    };
    Homeround::open(config, platform).unwrap()
}

/// When a request is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it leaves.
    Before,
    /// After the backend worked on it, before its answer is heard.
    After,
}

/// A network that stops at one request and never answers it.
pub struct Cut {
    http: Http,
    at: usize,
    moment: Moment,
    sent: AtomicUsize,
    over: AtomicBool,
    reached: Notify,
}

impl Cut {
    fn new(http: Http, at: usize, moment: Moment) -> Self {
        Self {
            http,
            at,
            moment,
            sent: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            reached: Notify::new(),
        }
    }

    async fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.reached.notify_one();
        std::future::pending::<()>().await;
    }
}

impl Transport for Cut {
    async fn send(&self, request: Request, token: Option<&AccessToken>) -> Result<Response, Lost> {
        let here = self.sent.fetch_add(1, Ordering::SeqCst) == self.at;
        if here && self.moment == Moment::Before {
            self.end().await;
        }
        let answer = self.http.send(request, token).await;
        if here {
            self.end().await;
        }
        answer
    }
}
