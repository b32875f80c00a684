//! The real backend on a loopback socket, in this process.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use homeround::store::DatabaseKey;
use homeround_server::auth::Verifier;
use homeround_server::auth::issuer::{DevelopmentIssuer, ISSUER, TOKEN_TTL_MS};
use homeround_server::auth::jwks::Keys;
use homeround_server::auth::jwt::Expected;
use homeround_server::config::Server as Limits;
use homeround_server::http::{App, Hub, Metrics, Serving, SystemEntropy, serve};
use homeround_server::service::{Backend as Service, NewTenant, SurveyPage};
use homeround_server::store::Storage;
use homeround_server::store::sqlite::{SqliteAttachments, SqliteStorage};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::{Mailbox, StageClock};

/// The tenant of every scenario.
pub const TENANT: &str = "willow-creek";
/// Its first coordinator's login.
pub const COORDINATOR: &str = "office";
/// Whom tokens are for.
pub const AUDIENCE: &str = "homeround";
/// Where patients reach it, as letters say.
pub const PATIENTS_ADDRESS: &str = "https://care.example";
const TENANT_CLAIM: &str = "tid";
const ISSUER_SEED: [u8; 32] = [41; 32];
const DATABASE_KEY: [u8; 32] = [42; 32];

/// The backend, its folder and its clock. It can be stopped and started again
/// at the same address.
pub struct Backend {
    runtime: Runtime,
    folder: TempDir,
    address: SocketAddr,
    running: Option<Running>,
    /// Its clock.
    pub clock: Arc<StageClock>,
    /// Where its letters to patients arrive.
    pub mailbox: Mailbox,
}

struct Running {
    stop: oneshot::Sender<()>,
    done: JoinHandle<std::io::Result<()>>,
}

impl Backend {
    /// Opens a fresh database with one tenant and serves on a free port.
    #[must_use]
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let mut backend = Self {
            runtime,
            folder: TempDir::new().unwrap(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            running: None,
            clock: Arc::new(StageClock::default()),
            mailbox: Mailbox::default(),
        };
        backend.add_tenant(TENANT);
        backend.serve();
        backend
    }

    /// Adds a tenant whose coordinator is [`COORDINATOR`].
    pub fn add_tenant(&self, name: &str) {
        let new = NewTenant {
            name: name.into(),
            coordinator: COORDINATOR.into(),
        };
        let now = self.clock.millis();
        let (service, _) = self.service(Arc::new(Hub::default()));
        self.wait(service.create_tenant(&new, now)).unwrap();
    }

    fn service(&self, hub: Arc<Hub>) -> (Service, Arc<SqliteStorage>) {
        let key = DatabaseKey::from_bytes(&DATABASE_KEY).unwrap();
        let storage = Arc::new(SqliteStorage::open(&self.database(), key.clone()).unwrap());
        let shared: Arc<dyn Storage> = Arc::<SqliteStorage>::clone(&storage);
        let attachments = SqliteAttachments::beside(&self.database(), &key).unwrap();
        let service = Service::new(shared, Arc::new(SystemEntropy), hub).unwrap();
        let service = service
            .with_attachments(Arc::new(attachments))
            .with_provider(Arc::new(self.mailbox.clone()))
            .with_survey_page(SurveyPage::at(PATIENTS_ADDRESS));
        (service, storage)
    }

    /// Serves; a database that went back in time gets new epochs first, as the
    /// `serve` command does it.
    pub fn serve(&mut self) {
        assert!(self.running.is_none(), "it serves already");
        let hub = Arc::new(Hub::default());
        let (service, storage) = self.service(Arc::clone(&hub));
        let now = self.clock.millis();
        let restored = self.wait(storage.restored()).unwrap();
        for tenant in &restored {
            self.wait(service.renew_epoch(tenant.tenant, now)).unwrap();
        }
        let issuer = issuer(AUDIENCE);
        let expected = Expected {
            issuer: ISSUER.into(),
            audience: AUDIENCE.into(),
            tenant_claim: TENANT_CLAIM.into(),
        };
        let keys = Keys::fixed(issuer.key_set().unwrap());
        let app = App::new(
            service.clone(),
            Verifier::new(expected, keys),
            Some(issuer),
            Arc::clone(&hub),
            Metrics::new().unwrap(),
            Arc::<StageClock>::clone(&self.clock),
            &Limits::default(),
        );
        let listener = self.wait(TcpListener::bind(self.address)).unwrap();
        let serving = Serving {
            listener,
            router: app.router(),
            hub,
            backend: service,
            clock: Arc::<StageClock>::clone(&self.clock),
        };
        self.address = serving.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ending = async move {
            let _ = stopped.await;
        };
        let done = self.runtime.spawn(serve(serving, ending));
        self.running = Some(Running { stop, done });
    }

    /// Shuts down cleanly: the last answer is out and the log checkpointed.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.stop.send(());
            self.wait(running.done).unwrap().unwrap();
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// As phones are told.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The database's file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("backend.sqlite")
    }

    /// The attachments' file.
    #[must_use]
    pub fn attachments(&self) -> PathBuf {
        self.folder.path().join("backend.sqlite.attachments")
    }

    /// A file with the database's key, as the configuration names one.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        let path = self.folder.path().join("backend.key");
        let hex: String = DATABASE_KEY.iter().map(|b| format!("{b:02x}")).collect();
        std::fs::write(&path, hex).unwrap();
        path
    }

    /// Copies the database of a stopped backend.
    pub fn back_up(&self, to: &Path) {
        assert!(self.running.is_none(), "stop it first");
        std::fs::copy(self.database(), to).unwrap();
    }

    /// Puts a copy in place of a stopped backend's database, by hand.
    pub fn put_back(&self, from: &Path) {
        assert!(self.running.is_none(), "stop it first");
        for suffix in ["-wal", "-shm"] {
            let mut name = self.database().into_os_string();
            name.push(suffix);
            let _ = std::fs::remove_file(name);
        }
        std::fs::copy(from, self.database()).unwrap();
    }

    /// A token of this login that holds for a working day.
    #[must_use]
    pub fn token(&self, login: &str) -> String {
        self.token_for(TENANT, login, TOKEN_TTL_MS)
    }

    /// A token of a login of some tenant that holds for so long.
    #[must_use]
    pub fn token_for(&self, tenant: &str, login: &str, ttl_ms: i64) -> String {
        issuer(AUDIENCE).mint(tenant, login, self.clock.millis(), ttl_ms)
    }

    /// Claims that this backend takes, for tokens that are made by hand, and
    /// the seed of the issuer's key.
    #[must_use]
    pub fn claims(&self, login: &str) -> (serde_json::Value, [u8; 32]) {
        let now = self.clock.millis().0 / 1000;
        let claims = serde_json::json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": login, "tid": TENANT,
            "iat": now, "exp": now + 3_600,
        });
        (claims, ISSUER_SEED)
    }

    /// The issuer's key set as it is published.
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        issuer(AUDIENCE).jwks()
    }

    /// Runs something to its end.
    pub fn wait<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop();
    }
}

fn issuer(audience: &str) -> DevelopmentIssuer {
    DevelopmentIssuer::new(&Zeroizing::new(ISSUER_SEED), audience, TENANT_CLAIM)
}
