//! The backend behind a real loopback socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ed25519_dalek::SigningKey;
use homeround::merge::Op;
use homeround::model::{EntryId, Millis, Role};
use homeround::wire::{self, Body, EnrolResponse, Failure, Page};
use homeround_server::auth::issuer::{DevelopmentIssuer, ISSUER};
use homeround_server::auth::jwks::Keys;
use homeround_server::auth::jwt::{Expected, Verifier};
use homeround_server::config::Server;
use homeround_server::http::{App, Clock, Hub, Metrics, Serving, serve};
use homeround_server::service::Backend;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{NOW, Phone, World, enrolment};

pub const AUDIENCE: &str = "homeround";
pub const MINUTE: i64 = 60_000;

pub struct Still(pub AtomicI64);

impl Clock for Still {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::Relaxed))
    }
}

pub struct Site {
    pub world: World,
    pub address: SocketAddr,
    pub issuer: DevelopmentIssuer,
    pub client: reqwest::Client,
    pub clock: Arc<Still>,
    pub hub: Arc<Hub>,
    pub stop: Option<oneshot::Sender<()>>,
    pub served: JoinHandle<std::io::Result<()>>,
}

pub fn development_issuer(audience: &str) -> DevelopmentIssuer {
    DevelopmentIssuer::new(&Zeroizing::new([4; 32]), audience, "tid")
}

pub fn expected(issuer: &str) -> Expected {
    Expected {
        issuer: issuer.into(),
        audience: AUDIENCE.into(),
        tenant_claim: "tid".into(),
    }
}

pub fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Site {
    pub async fn start() -> Self {
        let issuer = development_issuer(AUDIENCE);
        let keys = Keys::fixed(issuer.key_set().unwrap());
        Self::start_with(Verifier::new(expected(ISSUER), keys), &Server::default()).await
    }

    pub async fn start_with(verifier: Verifier, limits: &Server) -> Self {
        Self::start_over(World::new().await, verifier, limits).await
    }

    /// A site over a world that there is already.
    pub async fn start_over(world: World, verifier: Verifier, limits: &Server) -> Self {
        let clock = Arc::new(Still(AtomicI64::new(NOW.0)));
        let hub = Arc::new(Hub::default());
        let entropy = Arc::new(homeround_server::http::SystemEntropy);
        let backend = Backend::new(world.storage.clone(), entropy, hub.clone()).unwrap();
        let app = App::new(
            backend.clone(),
            verifier,
            Some(development_issuer(AUDIENCE)),
            hub.clone(),
            Metrics::new().unwrap(),
            clock.clone(),
            limits,
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let serving = Serving {
            listener,
            router: app.router(),
            hub: hub.clone(),
            backend,
            clock: clock.clone(),
        };
        let address = serving.address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(serving, async {
            let _ = stopped.await;
        }));
        Self {
            world,
            address,
            issuer: development_issuer(AUDIENCE),
            client: client(),
            clock,
            hub,
            stop: Some(stop),
            served,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn token(&self, login: &str) -> String {
        self.issuer.mint("willow", login, NOW, 10 * MINUTE)
    }

    pub fn post(&self, path: &str, token: &str, body: Vec<u8>) -> reqwest::RequestBuilder {
        self.client
            .post(self.url(path))
            .bearer_auth(token)
            .header("content-type", wire::MEDIA_TYPE)
            .header(wire::PROTOCOL_HEADER, "1")
            .body(body)
    }

    pub async fn call<Q: Body, A: Body>(
        &self,
        path: &str,
        token: &str,
        body: &Q,
    ) -> Result<A, (u16, Failure)> {
        let sent = wire::seal_body(body).unwrap();
        read(self.post(path, token, sent)).await
    }

    pub async fn phone(&self, login: &str, role: Role, seed: u8) -> Phone {
        let caller = self.world.person(login, role).await;
        let key = SigningKey::from_bytes(&[seed; 32]);
        let request = enrolment(&key, "Phone");
        let answer: EnrolResponse = self
            .call(wire::DEVICES, &self.token(login), &request)
            .await
            .unwrap();
        Phone::of(key, caller, &answer)
    }

    pub async fn sync(&self, phone: &mut Phone, login: &str) {
        loop {
            let request = phone.pull_request(wire::PAGE_BYTES_DEFAULT);
            let page: Page = self
                .call(wire::PULL, &self.token(login), &request)
                .await
                .unwrap();
            phone.apply(&page);
            if !page.more {
                return;
            }
        }
    }
}

pub async fn read<A: Body>(request: reqwest::RequestBuilder) -> Result<A, (u16, Failure)> {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], wire::MEDIA_TYPE);
    let body = response.bytes().await.unwrap();
    if status == 200 {
        return Ok(wire::open_body(&body).unwrap());
    }
    Err((status, wire::open_body(&body).unwrap()))
}

pub fn pulse(phone: &Phone, figure: u16) -> Op {
    Op::Append {
        section: "observations".into(),
        id: EntryId(Uuid::from_u128(u128::from(figure))),
        entry: json!({
            "by": phone.caller.person, "measured_at_ms": NOW, "finding": "vitals", "pulse_bpm": figure
        }),
    }
}

/// What a pull answers to this token: 200, or status and code.
pub async fn verdict_on(site: &Site, token: &str, phone: &Phone) -> (u16, String) {
    let request = phone.pull_request(wire::PAGE_BYTES_DEFAULT);
    match site.call::<_, Page>(wire::PULL, token, &request).await {
        Ok(_) => (200, String::new()),
        Err((status, failure)) => (status, failure.code),
    }
}
