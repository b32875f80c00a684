//! A phone: its machine, and the process that runs on it for as long as nobody kills it.
//!
//! A sync run is the core's own driver, polled by the simulator: it stops at each token and
//! each request, and there it can be dropped.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin as Pinned;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use homeround::app::{
    AppError, Clocks, Homeround, OpenConfig, PhoneStore, Platform, SessionState, SurveyDesk,
};
use homeround::model::{ChangeHash, DeviceId, PersonId};
use homeround::store::{DatabaseKey, OpenMode, open_connection};
use homeround::sync::{
    AccessToken, Cancel, Engine, EngineConfig, Lost, OpId, Request, Response, RunReport,
    TokenFault, TokenSource, Transport, run,
};
use homeround::vault::Unlock;

use super::files::Files;
use super::parts::{Chip, Hands, Seeded, Time, held};
use super::planted::{self, Bug, Planted};
use super::server::Server;
use crate::disk::{Dice, Disk, Fault};

const PIN: &str = "402913";

/// What lies between a phone's process and the network.
#[derive(Default)]
struct Slot {
    /// Put there by the process, taken by the network.
    sent: Option<(Request, Option<String>)>,
    /// For which request an answer is awaited.
    awaited: Option<OpId>,
    /// Put there by the network.
    answer: Option<Result<Response, Lost>>,
    token: Option<String>,
    /// A fresh token can be had without the person.
    renewable: Option<String>,
}

/// The radio of one process.
#[derive(Default)]
pub(super) struct Radio(Mutex<Slot>);

impl Transport for Radio {
    async fn send(&self, request: Request, token: Option<&AccessToken>) -> Result<Response, Lost> {
        {
            let mut slot = held(&self.0);
            slot.awaited = Some(request.id);
            slot.answer = None;
            slot.sent = Some((request, token.map(|token| token.as_str().to_owned())));
        }
        std::future::poll_fn(|_| match held(&self.0).answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }
}

impl TokenSource for Radio {
    async fn token(&self, refresh: bool) -> Result<AccessToken, TokenFault> {
        let mut slot = held(&self.0);
        if refresh {
            slot.token = slot.renewable.take();
        }
        let token = slot.token.clone().ok_or(TokenFault::SignIn)?;
        Ok(token.into())
    }
}

type Store = Planted<PhoneStore>;
type Running = Pinned<Box<dyn Future<Output = (Engine, Store, RunReport)>>>;

/// A process.
pub(super) struct Process {
    pub(super) app: Homeround,
    engine: Option<Engine>,
    store: Option<Store>,
    run: Option<Running>,
    /// What a patient holds, who has the phone now.
    pub(super) lent: Option<SurveyDesk>,
    pub(super) files: Files,
    /// Which process of the simulation.
    pub(super) serial: u64,
}

impl Process {
    pub(super) const fn is_syncing(&self) -> bool {
        self.run.is_some()
    }
}

/// A phone.
pub(super) struct Phone {
    pub(super) number: usize,
    pub(super) login: String,
    pub(super) person: PersonId,
    pub(super) device: DeviceId,
    pub(super) folder: PathBuf,
    pub(super) hands: Arc<Hands>,
    pub(super) radio: Arc<Radio>,
    chip: Arc<Chip>,
    entropy: Dice,
    /// What its databases are written to.
    pub(super) disk: Disk,
    /// The key of its database, for what no app does: going back to an older schema.
    pub(super) key: [u8; 32],
    pub(super) process: Option<Process>,
    /// Since when it is this one, in the simulation's time.
    pub(super) since_ms: i64,
    /// Nothing was on it when it was started, and it has not come up since.
    blank: bool,
    /// How many its person had before it.
    pub(super) given_back: u64,
    bug: Option<Bug>,
}

impl Phone {
    /// A phone out of its box: a PIN is chosen, the backend knows it, nothing is
    /// downloaded yet.
    pub(super) fn new(
        number: usize,
        (login, person): (&str, PersonId),
        folder: PathBuf,
        time: &Time,
        mut dice: Dice,
        server: &Server,
        bug: Option<Bug>,
    ) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let hands = Arc::new(Hands::new(time.clone(), dice.draw() >> 1));
        let disk = Disk::watch(&folder);
        if bug == Some(Bug::NoSync) {
            disk.be_lazy();
        }
        let mut phone = Self {
            number,
            login: login.into(),
            person,
            device: DeviceId(uuid::Uuid::nil()),
            folder,
            hands,
            radio: Arc::default(),
            chip: Arc::default(),
            entropy: dice,
            disk,
            key: [0; 32],
            process: None,
            since_ms: 0,
            blank: false,
            given_back: 0,
            bug,
        };
        phone.sign_in(server);
        assert!(phone.start(0).unwrap(), "a folder out of its box");
        phone.enrol(server).unwrap();
        phone
    }

    /// Enrols; asked again, changes nothing.
    ///
    /// # Errors
    /// What the core says.
    pub(super) fn enrol(&mut self, server: &Server) -> Result<(), AppError> {
        let app = self.app().expect("it runs").clone();
        let token: AccessToken = server.token(&self.login, 600_000).into();
        let me = server.wait(app.enrol(&server.wire(), &token))?;
        self.device = me.device;
        Ok(())
    }

    /// The person signs in: a token for some hours, and another one after it.
    pub(super) fn sign_in(&self, server: &Server) {
        let mut slot = held(&self.radio.0);
        slot.token = Some(server.token(&self.login, 4 * 3_600_000));
        slot.renewable = Some(server.token(&self.login, 12 * 3_600_000));
    }

    /// From now on there is no token that holds.
    pub(super) fn sign_out_of_network(&self, server: &Server) {
        let mut slot = held(&self.radio.0);
        slot.token = Some(server.token(&self.login, -120_000));
        slot.renewable = None;
    }

    fn open(&mut self) -> Result<Homeround, AppError> {
        let config = OpenConfig {
            folder: self.folder.clone(),
            backend_url: "https://care.example.org".into(),
            device_label: format!("Phone {}", self.number),
            time_zone: "America/New_York".into(),
        };
        let mut entropy = self.entropy.clone();
        let dice = self.next_dice(&mut entropy);
        self.entropy = entropy;
        let platform = Platform {
            hardware: Arc::clone(&self.chip) as _,
            clocks: Arc::clone(&self.hands) as Arc<dyn Clocks>,
            entropy: match self.bug {
                Some(Bug::ActorReused) => Box::new(planted::OneActor(Seeded::new(dice))),
                _ => Box::new(Seeded::new(dice)),
            },
        };
        Homeround::open(config, platform)
    }

    fn next_dice(&self, entropy: &mut Dice) -> Dice {
        if self.bug == Some(Bug::ActorReused) {
            return Dice::new(self.number as u64);
        }
        entropy.fork()
    }

    fn begun(&mut self, app: Homeround, serial: u64) -> Process {
        let store = Planted::new(app.sync_store(), self.bug);
        Process {
            app,
            engine: Some(Engine::new(EngineConfig::new(self.entropy.draw()))),
            store: Some(store),
            run: None,
            lent: None,
            files: Files::new(&self.radio),
            serial,
        }
    }

    /// The process begins and the person unlocks. Where nothing is yet, a PIN is chosen. True the
    /// first time that this comes to its end.
    ///
    /// # Errors
    /// What the core says.
    pub(super) fn start(&mut self, serial: u64) -> Result<bool, AppError> {
        let begun = self.folder.join("homeround.sqlite").exists();
        if begun && self.bug == Some(Bug::QuarantineForgotten) {
            planted::forget_quarantine(&self.folder, &self.key);
        }
        let drawn = self.next_dice(&mut self.entropy.clone());
        let app = self.open()?;
        if app.session() == SessionState::New {
            // What was wiped is gone from its disk.
            self.disk.settle();
            self.blank = true;
            // The first bytes that a new vault draws are the database's key.
            Seeded::new(drawn).pour(&mut self.key);
            app.create(PIN, true)?;
        } else {
            app.unlock(&Unlock::Biometric)?;
        }
        self.process = Some(self.begun(app, serial));
        Ok(std::mem::take(&mut self.blank))
    }

    /// The changes that nobody else has yet; none: its disk fails.
    pub(super) fn unsent(&self) -> Option<BTreeSet<ChangeHash>> {
        let key = DatabaseKey::from_bytes(&self.key).ok()?;
        let path = self.folder.join("homeround.sqlite");
        let database = open_connection(&path, &key, OpenMode::Existing).ok()?;
        let connection = database.connection();
        let mut statement = connection.prepare("SELECT hash FROM outbox").ok()?;
        let rows = statement.query_map([], |row| row.get(0).map(ChangeHash));
        rows.ok()?.collect::<Result<_, _>>().ok()
    }

    /// The process is gone, with whatever it was about: nothing that it does on its way
    /// out reaches the disk.
    pub(super) fn end(&mut self) {
        self.disk.plan(0, Fault::Killed);
        self.process = None;
        self.disk.revive();
        let mut slot = held(&self.radio.0);
        (slot.sent, slot.awaited, slot.answer) = (None, None, None);
    }

    /// Whether its database names a file with these bytes, whoever may be shown it.
    pub(super) fn keeps(&self, sha256: &[u8; 32]) -> bool {
        let key = DatabaseKey::from_bytes(&self.key).unwrap();
        let path = self.folder.join("homeround.sqlite");
        let database = open_connection(&path, &key, OpenMode::Existing).unwrap();
        let sql = "SELECT EXISTS (SELECT 1 FROM attachment WHERE sha256 = ?1 AND state = 1)";
        let found = database
            .connection()
            .query_row(sql, [sha256], |row| row.get(0));
        found.unwrap()
    }

    pub(super) fn app(&self) -> Option<&Homeround> {
        self.process.as_ref().map(|process| &process.app)
    }

    pub(super) fn is_lent(&self) -> bool {
        let process = self.process.as_ref();
        process.is_some_and(|process| process.lent.is_some())
    }

    /// Begins a sync run unless one is under way. Poll it.
    pub(super) fn begin_sync(&mut self) -> bool {
        let (radio, hands) = (Arc::clone(&self.radio), Arc::clone(&self.hands));
        let Some(process) = &mut self.process else {
            return false;
        };
        let (Some(mut engine), Some(mut store)) = (process.engine.take(), process.store.take())
        else {
            return false;
        };
        process.run = Some(Box::pin(async move {
            let network = (&*radio, &*radio);
            let cancel = Cancel::default();
            let report = run(&mut engine, &mut store, network, &*hands, &cancel, None).await;
            (engine, store, report)
        }));
        true
    }

    /// A run that is under way is dropped at its await.
    pub(super) fn drop_run(&mut self) {
        let seed = self.entropy.draw();
        let Some(process) = &mut self.process else {
            return;
        };
        process.files.drop_run();
        if process.run.take().is_some() {
            process.engine = Some(Engine::new(EngineConfig::new(seed)));
            process.store = Some(Planted::new(process.app.sync_store(), self.bug));
        }
    }

    /// Lets the run go on to its next await. A report: it is over.
    pub(super) fn poll(&mut self, server: &Server) -> Option<RunReport> {
        let process = self.process.as_mut()?;
        let run = process.run.as_mut()?;
        let _timers = server.timers();
        let mut context = Context::from_waker(Waker::noop());
        match run.as_mut().poll(&mut context) {
            Poll::Pending => None,
            Poll::Ready((engine, store, report)) => {
                process.run = None;
                process.engine = Some(engine);
                process.store = Some(store);
                Some(report)
            }
        }
    }

    /// What the process wants to send.
    pub(super) fn take_sent(&self) -> Option<(Request, Option<String>)> {
        held(&self.radio.0).sent.take()
    }

    /// An answer arrives; one that nobody awaits is dropped, as a socket would.
    pub(super) fn hand_in(&self, id: OpId, answer: Result<Response, Lost>) -> bool {
        let mut slot = held(&self.radio.0);
        if slot.awaited != Some(id) {
            return false;
        }
        slot.awaited = None;
        slot.answer = Some(answer);
        true
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.process = None;
        self.disk.unwatch();
    }
}
