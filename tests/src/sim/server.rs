//! The real backend behind its real routes, without a socket: a request goes in, an answer
//! comes out. Its process can end and begin again.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use homeround::model::{ChangeHash, DeviceId, Role};
use homeround::store::{Database, DatabaseKey, OpenMode, open_connection};
use homeround::sync::{AccessToken, Lost, Response, Traffic, Transport, TransportFault};
use homeround::wire::{self, AttachmentAddress, AttachmentRequest, AttachmentResponse};
use homeround_server::auth::Verifier;
use homeround_server::auth::issuer::{DevelopmentIssuer, ISSUER};
use homeround_server::auth::jwks::Keys;
use homeround_server::auth::jwt::Expected;
use homeround_server::config::Server as Limits;
use homeround_server::http::{App, Hub, Metrics};
use homeround_server::service::{Backend, Caller, NewTenant, SurveyPage};
use homeround_server::store::sqlite::{SqliteAttachments, SqliteStorage};
use homeround_server::store::{Attachments as _, Storage};
use tokio::runtime::Runtime;
use tower_service::Service as _;
use zeroize::Zeroizing;

use super::parts::{Seeded, Time};
use super::patient;
use super::post::Post;
use crate::disk::{Dice, Disk, Fault};

/// The only tenant.
pub(super) const TENANT: &str = "willow-creek";
const COORDINATOR: &str = "office";
const AUDIENCE: &str = "homeround";
const TENANT_CLAIM: &str = "tid";
const KEY: [u8; 32] = [42; 32];
const FILE: &str = "backend.sqlite";
const ANSWER_MAX: usize = 64 * 1024 * 1024;

/// The backend's machine.
pub(super) struct Server {
    pub(super) folder: PathBuf,
    /// What its database is written to.
    pub(super) disk: Disk,
    runtime: Runtime,
    time: Time,
    dice: Dice,
    issuer: DevelopmentIssuer,
    running: Option<Running>,
    pub(super) office: Option<Caller>,
    pub(super) post: Arc<Post>,
}

struct Running {
    backend: Backend,
    router: Router,
}

impl Server {
    /// A fresh database with the tenant and its office, running.
    pub(super) fn new(folder: PathBuf, time: Time, dice: Dice) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let issuer = DevelopmentIssuer::new(&Zeroizing::new([41; 32]), AUDIENCE, TENANT_CLAIM);
        let disk = Disk::watch(&folder);
        let mut server = Self {
            folder,
            disk,
            runtime,
            time,
            dice,
            issuer,
            running: None,
            office: None,
            post: Arc::default(),
        };
        server.start().unwrap();
        let new = NewTenant {
            name: TENANT.into(),
            coordinator: COORDINATOR.into(),
        };
        let backend = server.backend().clone();
        let now = server.time.wall();
        server.wait(backend.create_tenant(&new, now)).unwrap();
        let caller = server.wait(async {
            let tenant = backend.tenant_named(TENANT).await.unwrap().unwrap();
            let mut reader = backend.storage().read(tenant).await.unwrap();
            let person = reader.person_by_login(COORDINATOR).await.unwrap().unwrap();
            Caller {
                tenant,
                person: person.id,
                role: Role::Coordinator,
            }
        });
        server.office = Some(caller);
        server
    }

    /// The process begins. A database that went back in time gets a new epoch, as the
    /// `serve` command does it.
    ///
    /// # Errors
    /// What kept it from starting.
    pub(super) fn start(&mut self) -> Result<(), String> {
        let key = DatabaseKey::from_bytes(&KEY).unwrap();
        let attachments = SqliteAttachments::beside(&self.folder.join(FILE), &key);
        let attachments = attachments.map_err(|error| error.to_string())?;
        let storage = SqliteStorage::open(&self.folder.join(FILE), key);
        let storage = Arc::new(storage.map_err(|error| error.to_string())?);
        let hub = Arc::new(Hub::default());
        let entropy = Arc::new(Seeded::new(self.dice.fork()));
        let shared: Arc<dyn Storage> = Arc::<SqliteStorage>::clone(&storage);
        let bell = Arc::<Hub>::clone(&hub);
        let backend = Backend::new(shared, entropy, bell).map_err(|error| error.to_string())?;
        let backend = backend
            .with_attachments(Arc::new(attachments))
            .with_provider(Arc::<Post>::clone(&self.post))
            .with_survey_page(SurveyPage::at(patient::ADDRESS));
        let now = self.time.wall();
        self.runtime.block_on(async {
            let restored = storage
                .restored()
                .await
                .map_err(|error| error.to_string())?;
            for tenant in &restored {
                let renewing = backend.renew_epoch(tenant.tenant, now).await;
                renewing.map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        })?;
        let expected = Expected {
            issuer: ISSUER.into(),
            audience: AUDIENCE.into(),
            tenant_claim: TENANT_CLAIM.into(),
        };
        let keys = Keys::fixed(self.issuer.key_set().unwrap());
        let app = App::new(
            backend.clone(),
            Verifier::new(expected, keys),
            None,
            hub,
            Metrics::new().unwrap(),
            Arc::new(self.time.clone()),
            &Limits::default(),
        );
        self.running = Some(Running {
            backend,
            router: app.router(),
        });
        Ok(())
    }

    /// The process is killed.
    pub(super) fn end(&mut self) {
        self.disk.plan(0, Fault::Killed);
        self.running = None;
        self.disk.revive();
    }

    pub(super) const fn is_up(&self) -> bool {
        self.running.is_some()
    }

    /// The rules of the running process.
    pub(super) fn backend(&self) -> &Backend {
        &self.running.as_ref().expect("the backend runs").backend
    }

    /// The office, that books and grants.
    pub(super) fn office(&self) -> Caller {
        self.office.expect("made at the start")
    }

    /// Its database, opened past the backend.
    pub(super) fn database(&self) -> Database {
        let key = DatabaseKey::from_bytes(&KEY).unwrap();
        open_connection(&self.folder.join(FILE), &key, OpenMode::Existing).unwrap()
    }

    /// The changes that its files hold, accepted or rejected.
    pub(super) fn changes(&self) -> BTreeSet<ChangeHash> {
        let database = self.database();
        let sql = "SELECT hash FROM change UNION ALL SELECT hash FROM rejected";
        let mut statement = database.connection().prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0).map(ChangeHash));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Whether its files hold a photo whole.
    pub(super) fn holds(&self, address: &AttachmentAddress) -> bool {
        let key = DatabaseKey::from_bytes(&KEY).unwrap();
        let files = SqliteAttachments::beside(&self.folder.join(FILE), &key).unwrap();
        let upload = self.wait(files.upload(self.office().tenant, address));
        upload.unwrap().is_some_and(|upload| upload.complete)
    }

    /// A question about a photo's bytes, through every layer of the HTTP face; none: nobody
    /// listens.
    pub(super) fn ask_of_photo(
        &self,
        address: &AttachmentAddress,
        device: DeviceId,
        request: AttachmentRequest,
        token: &str,
    ) -> Option<AttachmentResponse> {
        let parts = request.http(address, device);
        let mut headers = parts.headers;
        headers.push(("authorization", format!("Bearer {token}")));
        let (status, head, body) = self.http(parts.method, &parts.path, &headers, parts.body)?;
        let offset = head.get("upload-offset");
        Some(AttachmentResponse {
            status: status.as_u16(),
            offset: offset.and_then(|value| value.to_str().ok()?.parse().ok()),
            body,
        })
    }

    /// How often somebody gave it back what it had lost, by its audit trail.
    pub(super) fn brought_back(&self) -> u64 {
        let sql = "SELECT count(*) FROM audit WHERE action = 'brought_back'";
        let database = self.database();
        let found = database
            .connection()
            .query_row(sql, [], |row| row.get::<_, i64>(0));
        found.unwrap().unsigned_abs()
    }

    /// A token of this login.
    pub(super) fn token(&self, login: &str, ttl_ms: i64) -> String {
        self.issuer.mint(TENANT, login, self.time.wall(), ttl_ms)
    }

    /// Runs something of the backend's to its end.
    pub(super) fn wait<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }

    /// Where a phone's futures find timers. None of them ever rings.
    pub(super) fn timers(&self) -> tokio::runtime::EnterGuard<'_> {
        self.runtime.enter()
    }

    /// One request through every layer of the HTTP face; none: nobody listens.
    pub(super) fn call(&self, path: &str, token: Option<&str>, body: Vec<u8>) -> Option<Response> {
        let router = self.running.as_ref()?.router.clone();
        Some(self.wait(ask(router, path, token, body)))
    }

    /// Any request of anybody's; none: nobody listens.
    pub(super) fn http(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Option<(StatusCode, HeaderMap, Vec<u8>)> {
        let router = self.running.as_ref()?.router.clone();
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::CONTENT_LENGTH, body.len());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body)).unwrap();
        Some(self.wait(send(router, request)))
    }

    /// A network on which nothing ever goes wrong.
    pub(super) fn wire(&self) -> Straight {
        Straight {
            router: self.running.as_ref().map(|it| it.router.clone()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running = None;
        self.disk.unwatch();
    }
}

async fn send(mut router: Router, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let (head, body) = router.call(request).await.unwrap().into_parts();
    let body = to_bytes(body, ANSWER_MAX).await.unwrap();
    (head.status, head.headers, body.to_vec())
}

async fn ask(router: Router, path: &str, token: Option<&str>, body: Vec<u8>) -> Response {
    let up = body.len() as u64;
    let mut request = Request::post(path)
        .header(wire::PROTOCOL_HEADER, wire::PROTOCOL)
        .header(header::CONTENT_TYPE, wire::MEDIA_TYPE)
        .header(header::CONTENT_LENGTH, body.len());
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::from(body)).unwrap();
    let (status, headers, body) = send(router, request).await;
    let after = headers.get(header::RETRY_AFTER);
    let after = after.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    Response {
        status: status.as_u16(),
        retry_after_ms: after.map(|seconds| seconds * 1_000),
        traffic: Traffic {
            up,
            down: body.len() as u64,
            ..Traffic::default()
        },
        body,
    }
}

/// Answers at once.
pub(super) struct Straight {
    router: Option<Router>,
}

impl Transport for Straight {
    async fn send(
        &self,
        request: homeround::sync::Request,
        token: Option<&AccessToken>,
    ) -> Result<Response, Lost> {
        let router = self.router.clone().ok_or(TransportFault::Unreachable)?;
        let token = token.map(|token| token.as_str());
        Ok(ask(router, request.path, token, request.body).await)
    }
}

/// Copies a database with its log and what lies beside it; what was there before is gone.
pub(super) fn copy_database(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(to).unwrap().flatten() {
        if entry.path().is_file() {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let name = entry.file_name();
        if entry.path().is_file() && !name.to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

/// Copies a phone's database, and the files of its photos.
pub(super) fn copy_phone(from: &Path, to: &Path) {
    copy_database(from, to);
    let photos = from.join("attachments");
    let _ = std::fs::remove_dir_all(to.join("attachments"));
    if photos.is_dir() {
        copy_database(&photos, &to.join("attachments"));
    }
}
