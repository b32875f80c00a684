//! The HTTP face over a real loopback socket.

mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use ed25519_dalek::SigningKey;
use homeround::merge::Op;
use homeround::model::{DocumentId, EntryId, Millis, Role};
use homeround::wire::{self, Ack, Beacon, Body, EnrolResponse, Failure, Page, PushResponse};
use homeround_server::auth::issuer::{DevelopmentIssuer, ISSUER};
use homeround_server::auth::jwks::{Keys, Source};
use homeround_server::auth::jwt::{Expected, Verifier};
use homeround_server::config::Server;
use homeround_server::http::{App, Clock, Hub, Metrics, Serving, serve};
use homeround_server::service::Backend;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use support::*;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;
use zeroize::Zeroizing;

const AUDIENCE: &str = "homeround";
const MINUTE: i64 = 60_000;

struct Still(AtomicI64);

impl Clock for Still {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::Relaxed))
    }
}

struct Site {
    world: World,
    address: SocketAddr,
    issuer: DevelopmentIssuer,
    client: reqwest::Client,
    clock: Arc<Still>,
    hub: Arc<Hub>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

fn development_issuer(audience: &str) -> DevelopmentIssuer {
    DevelopmentIssuer::new(&Zeroizing::new([4; 32]), audience, "tid")
}

fn expected(issuer: &str) -> Expected {
    Expected {
        issuer: issuer.into(),
        audience: AUDIENCE.into(),
        tenant_claim: "tid".into(),
    }
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Site {
    async fn start() -> Self {
        let issuer = development_issuer(AUDIENCE);
        let keys = Keys::fixed(issuer.key_set().unwrap());
        Self::start_with(Verifier::new(expected(ISSUER), keys), &Server::default()).await
    }

    async fn start_with(verifier: Verifier, limits: &Server) -> Self {
        let world = World::new().await;
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

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn token(&self, login: &str) -> String {
        self.issuer.mint("willow", login, NOW, 10 * MINUTE)
    }

    fn post(&self, path: &str, token: &str, body: Vec<u8>) -> reqwest::RequestBuilder {
        self.client
            .post(self.url(path))
            .bearer_auth(token)
            .header("content-type", wire::MEDIA_TYPE)
            .header(wire::PROTOCOL_HEADER, "1")
            .body(body)
    }

    async fn call<Q: Body, A: Body>(
        &self,
        path: &str,
        token: &str,
        body: &Q,
    ) -> Result<A, (u16, Failure)> {
        let sent = wire::seal_body(body).unwrap();
        read(self.post(path, token, sent)).await
    }

    async fn phone(&self, login: &str, role: Role, seed: u8) -> Phone {
        let caller = self.world.person(login, role).await;
        let key = SigningKey::from_bytes(&[seed; 32]);
        let request = enrolment(&key, "Phone");
        let answer: EnrolResponse = self
            .call(wire::DEVICES, &self.token(login), &request)
            .await
            .unwrap();
        Phone::of(key, caller, &answer)
    }

    async fn sync(&self, phone: &mut Phone, login: &str) {
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

async fn read<A: Body>(request: reqwest::RequestBuilder) -> Result<A, (u16, Failure)> {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], wire::MEDIA_TYPE);
    let body = response.bytes().await.unwrap();
    if status == 200 {
        return Ok(wire::open_body(&body).unwrap());
    }
    Err((status, wire::open_body(&body).unwrap()))
}

fn pulse(phone: &Phone, figure: u16) -> Op {
    Op::Append {
        section: "observations".into(),
        id: EntryId(Uuid::from_u128(u128::from(figure))),
        entry: json!({
            "by": phone.caller.person, "measured_at_ms": NOW, "finding": "vitals", "pulse_bpm": figure
        }),
    }
}

/// What a pull answers to this token: 200, or status and code.
async fn verdict_on(site: &Site, token: &str, phone: &Phone) -> (u16, String) {
    let request = phone.pull_request(wire::PAGE_BYTES_DEFAULT);
    match site.call::<_, Page>(wire::PULL, token, &request).await {
        Ok(_) => (200, String::new()),
        Err((status, failure)) => (status, failure.code),
    }
}

#[tokio::test]
async fn each_wrong_token_is_refused_with_its_own_code() {
    let site = Site::start().await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    let mint = |issuer: &DevelopmentIssuer, tenant: &str, login: &str, ttl| {
        issuer.mint(tenant, login, NOW, ttl)
    };
    let good = site.token("nina");
    let (start, end) = good.split_at(good.len() - 20);
    let other = if end.starts_with('x') { "y" } else { "x" };
    let forged = format!("{start}{other}{}", &end[1..]);
    let other_key = DevelopmentIssuer::new(&Zeroizing::new([9; 32]), AUDIENCE, "tid");
    let cases = [
        (good.clone(), 200, ""),
        (forged, 401, "token_invalid"),
        ("not-a-token".into(), 401, "token_invalid"),
        (
            mint(&other_key, "willow", "nina", MINUTE),
            401,
            "token_invalid",
        ),
        (
            mint(&site.issuer, "willow", "nina", -2 * MINUTE),
            401,
            "token_expired",
        ),
        (
            mint(&development_issuer("other"), "willow", "nina", MINUTE),
            401,
            "wrong_audience",
        ),
        (
            mint(&site.issuer, "oak", "nina", MINUTE),
            403,
            "tenant_unknown",
        ),
        (
            mint(&site.issuer, "willow", "nobody", MINUTE),
            403,
            "person_unknown",
        ),
    ];
    for (token, status, code) in cases {
        assert_eq!(
            verdict_on(&site, &token, &phone).await,
            (status, code.into())
        );
    }
    let request = wire::seal_body(&phone.pull_request(0)).unwrap();
    let bare = site.client.post(site.url(wire::PULL)).body(request);
    let (status, failure) = read::<Page>(bare).await.unwrap_err();
    assert_eq!((status, failure.code.as_str()), (401, "token_missing"));
    site.clock.0.fetch_add(12 * MINUTE, Ordering::Relaxed);
    assert_eq!(verdict_on(&site, &good, &phone).await.1, "token_expired");
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": [AUDIENCE, "another"], "sub": "nina", "tid": "willow",
        "exp": NOW.0 / 1000 + 600,
    })
}

fn unsigned(alg: &str) -> String {
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    format!(
        "{}.{}.",
        part(&json!({ "alg": alg, "typ": "JWT" })),
        part(&claims())
    )
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut word = [0_u8; 4];
        word[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(word);
        for index in 0..=group.len() {
            text.push(char::from(
                ALPHABET[((bits >> (18 - 6 * index)) & 63) as usize],
            ));
        }
    }
    text
}

#[tokio::test]
async fn an_unsigned_token_and_a_shared_secret_are_refused() {
    let site = Site::start().await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    let jwks = site.issuer.jwks();
    let public = jwks["keys"][0]["x"].as_str().unwrap();
    // The classic attack: the public key as the secret of an HMAC.
    let secret = EncodingKey::from_secret(public.as_bytes());
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("development".into());
    let shared = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
    for token in [
        unsigned("none"),
        unsigned("None"),
        unsigned("EdDSA"),
        shared,
    ] {
        let (status, code) = verdict_on(&site, &token, &phone).await;
        assert_eq!(status, 401);
        assert!(
            ["wrong_algorithm", "token_invalid"].contains(&code.as_str()),
            "{code}"
        );
    }
}

/// An issuer's key set on loopback, which a test may replace.
async fn key_server(keys: Arc<Mutex<Value>>, asked: Arc<AtomicUsize>) -> String {
    let answer = move || {
        let (keys, asked) = (keys.clone(), asked.clone());
        async move {
            asked.fetch_add(1, Ordering::Relaxed);
            Json(keys.lock().unwrap().clone())
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/keys", get(answer));
    tokio::spawn(async { axum::serve(listener, router).await });
    format!("http://{address}/keys")
}

fn public_half(pem: &[u8], algorithm: Algorithm, kid: &str) -> (EncodingKey, Value) {
    let key = match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem).unwrap(),
        _ => EncodingKey::from_rsa_pem(pem).unwrap(),
    };
    let mut jwk = Jwk::from_encoding_key(&key, algorithm).unwrap();
    jwk.common.key_id = Some(kid.into());
    (key, serde_json::to_value(&jwk).unwrap())
}

#[tokio::test]
async fn keys_are_fetched_kept_and_fetched_again_for_a_new_name_not_too_often() {
    let (rs, rs_public) = public_half(
        include_bytes!("keys/rs256.test.pem"),
        Algorithm::RS256,
        "old",
    );
    let (es, es_public) = public_half(
        include_bytes!("keys/es256.test.pem"),
        Algorithm::ES256,
        "new",
    );
    let keys = Arc::new(Mutex::new(json!({ "keys": [rs_public] })));
    let asked = Arc::new(AtomicUsize::new(0));
    let url = key_server(keys.clone(), asked.clone()).await;
    let source = Keys::at(Source::Url(url)).unwrap();
    let verifier = Verifier::new(expected(ISSUER), source);
    let token = |key: &EncodingKey, algorithm, kid: &str| {
        let mut header = Header::new(algorithm);
        header.kid = Some(kid.into());
        jsonwebtoken::encode(&header, &claims(), key).unwrap()
    };
    let old = token(&rs, Algorithm::RS256, "old");
    for _ in 0..5 {
        assert_eq!(verifier.verify(&old, NOW).await.unwrap().login, "nina");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    // The issuer changes its keys.
    *keys.lock().unwrap() = json!({ "keys": [es_public] });
    let new = token(&es, Algorithm::ES256, "new");
    let soon = verifier.verify(&new, NOW.plus(1_000)).await;
    assert_eq!(soon.unwrap_err().code(), "token_key_unknown");
    assert_eq!(asked.load(Ordering::Relaxed), 1, "asked again too soon");
    let later = NOW.plus(MINUTE);
    assert!(verifier.verify(&new, later).await.is_ok());
    assert_eq!(
        verifier.verify(&old, later).await.unwrap_err().code(),
        "token_key_unknown"
    );
    for number in 0..50 {
        let made_up = token(&es, Algorithm::ES256, &format!("made-up-{number}"));
        assert!(verifier.verify(&made_up, later).await.is_err());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    // A token can't choose how a key is used.
    let confused = token(&rs, Algorithm::RS256, "new");
    assert_eq!(
        verifier.verify(&confused, later).await.unwrap_err().code(),
        "wrong_algorithm"
    );
}

#[tokio::test]
async fn two_phones_converge_over_http_and_a_replay_is_a_duplicate() {
    let site = Site::start().await;
    let mut nurse = site.phone("nina", Role::Nurse, 1).await;
    let mut aide = site.phone("abe", Role::Aide, 2).await;
    let patient = site.world.patient(1).await;
    let people = [nurse.caller.person, aide.caller.person];
    let visit = DocumentId::visit(site.world.book(patient, &people, NOW.0).await);
    site.sync(&mut nurse, "nina").await;
    site.sync(&mut aide, "abe").await;
    nurse.edit(visit, &[pulse(&nurse, 70)]);
    aide.edit(visit, &[pulse(&aide, 80)]);
    for (phone, login) in [(&mut nurse, "nina"), (&mut aide, "abe")] {
        let request = phone.push_request();
        for expected in ["accepted", "duplicate"] {
            let answer: PushResponse = site
                .call(wire::PUSH, &site.token(login), &request)
                .await
                .unwrap();
            assert_eq!(codes(&flat(answer)), [expected]);
        }
    }
    site.sync(&mut nurse, "nina").await;
    site.sync(&mut aide, "abe").await;
    assert_eq!(nurse.view(visit), aide.view(visit));
    assert_eq!(
        nurse.view(visit)["observations"].as_object().unwrap().len(),
        2
    );
    let figures = site.client.get(site.url("/metrics")).send().await.unwrap();
    let figures = figures.text().await.unwrap();
    assert!(figures.contains("homeround_changes_total{code=\"\",verdict=\"accepted\"} 2"));
    assert!(figures.contains("route=\"/v1/sync/push\""));
    assert!(!figures.contains(&patient.to_string()));
}

#[tokio::test]
async fn unknown_devices_and_forged_signatures_are_403_with_their_codes() {
    let site = Site::start().await;
    let mut phone = site.phone("nina", Role::Nurse, 1).await;
    let token = site.token("nina");
    let mut request = phone.push_request();
    request.signature[3] ^= 1;
    let refused = site
        .call::<_, PushResponse>(wire::PUSH, &token, &request)
        .await;
    let (status, failure) = refused.unwrap_err();
    assert_eq!((status, failure.code.as_str()), (403, "signature_invalid"));
    phone.device = [8; 16];
    assert_eq!(
        verdict_on(&site, &token, &phone).await,
        (403, "device_unknown".into())
    );
}

#[tokio::test]
async fn bodies_that_are_too_large_or_inflate_without_end_are_413() {
    let site = Site::start().await;
    let _phone = site.phone("nina", Role::Nurse, 1).await;
    let token = site.token("nina");
    let oversized = vec![0_u8; wire::PUSH_BYTES_MAX + 1];
    let (status, failure) = read::<PushResponse>(site.post(wire::PUSH, &token, oversized))
        .await
        .unwrap_err();
    assert_eq!((status, failure.code.as_str()), (413, "too_large"));
    // 512 MiB of zeros in some 16 KiB.
    let bomb = zstd::bulk::compress(&vec![0_u8; 512 * 1024 * 1024], 3).unwrap();
    assert!(bomb.len() < wire::PUSH_BYTES_MAX);
    let (status, failure) = read::<PushResponse>(site.post(wire::PUSH, &token, bomb))
        .await
        .unwrap_err();
    assert_eq!((status, failure.code.as_str()), (413, "too_large"));
    let rubbish = site.post(wire::PUSH, &token, b"rubbish".to_vec());
    let (status, failure) = read::<PushResponse>(rubbish).await.unwrap_err();
    assert_eq!((status, failure.code.as_str()), (400, "malformed"));
}

#[tokio::test]
async fn another_protocol_is_409_and_another_media_type_400() {
    let site = Site::start().await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    let body = wire::seal_body(&phone.pull_request(0)).unwrap();
    let token = site.token("nina");
    let newer = site.client.post(site.url(wire::PULL)).bearer_auth(&token);
    let newer = newer
        .header("content-type", wire::MEDIA_TYPE)
        .header(wire::PROTOCOL_HEADER, "2")
        .body(body.clone());
    let (status, failure) = read::<Page>(newer).await.unwrap_err();
    assert_eq!((status, failure.code.as_str()), (409, "protocol"));
    let json = site.client.post(site.url(wire::PULL)).bearer_auth(&token);
    let json = json.header(wire::PROTOCOL_HEADER, "1").body(body);
    let (status, failure) = read::<Page>(json).await.unwrap_err();
    assert_eq!((status, failure.field.as_str()), (400, "content-type"));
}

#[tokio::test]
async fn the_live_stream_pokes_who_is_concerned_and_ends_at_shutdown() {
    let mut site = Site::start().await;
    let mut nurse = site.phone("nina", Role::Nurse, 1).await;
    let aide = site.phone("abe", Role::Aide, 2).await;
    let patient = site.world.patient(1).await;
    let people = [nurse.caller.person, aide.caller.person];
    let visit = DocumentId::visit(site.world.book(patient, &people, NOW.0).await);
    site.sync(&mut nurse, "nina").await;
    let listen = |login: &str| {
        site.client
            .get(site.url(wire::LIVE))
            .bearer_auth(site.token(login))
            .header(wire::PROTOCOL_HEADER, "1")
            .send()
    };
    let mut stream = listen("abe").await.unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(site.hub.listeners(), 1);
    nurse.edit(visit, &[pulse(&nurse, 70)]);
    let request = nurse.push_request();
    let token = site.token("nina");
    let _: PushResponse = site.call(wire::PUSH, &token, &request).await.unwrap();
    let chunk = tokio::time::timeout(Duration::from_secs(5), stream.chunk()).await;
    let text = String::from_utf8(chunk.unwrap().unwrap().unwrap().to_vec()).unwrap();
    assert_eq!(text, "event: news\ndata: {}\n\n");
    site.stop.take().unwrap().send(()).unwrap();
    let end = tokio::time::timeout(Duration::from_secs(5), stream.chunk()).await;
    assert!(
        matches!(end, Ok(Ok(None) | Err(_))),
        "the stream outlived the server"
    );
    let served = tokio::time::timeout(Duration::from_secs(5), site.served).await;
    served.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn the_office_books_and_reads_in_json_with_errors_that_name_the_field() {
    let site = Site::start().await;
    let nurse = site.phone("nina", Role::Nurse, 1).await;
    let patient = site.world.patient(1).await;
    let office = site.token("dana");
    let post = |path: &str, token: &str, body: &Value| {
        let request = site.client.post(site.url(path)).bearer_auth(token);
        request.body(body.to_string()).send()
    };
    let mut booking = json!({
        "patient": patient, "assignees": [nurse.caller.person], "start_ms": NOW.0,
        "end_ms": NOW.0 + HOUR, "service": { "text": "Nursing" }, "time_zone": "Nowhere/Land",
        "tasks": [{ "title": "Wound care" }],
    });
    let refused = post("/v1/admin/bookings", &office, &booking).await.unwrap();
    assert_eq!(refused.status(), 400);
    let failure: Value = serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (failure["code"].as_str(), failure["field"].as_str()),
        (Some("refused"), Some("time_zone"))
    );
    booking["time_zone"] = json!(ZONE);
    let denied = post("/v1/admin/bookings", &site.token("nina"), &booking)
        .await
        .unwrap();
    assert_eq!(denied.status(), 403);
    let booked = post("/v1/admin/bookings", &office, &booking).await.unwrap();
    assert_eq!(booked.status(), 201);
    let booked: Value = serde_json::from_slice(&booked.bytes().await.unwrap()).unwrap();
    let visit = booked["visit"].as_str().unwrap().to_owned();
    let get = |path: String| {
        let request = site.client.get(site.url(&path)).bearer_auth(&office).send();
        async move {
            let response = request.await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            serde_json::from_slice::<Value>(&response.bytes().await.unwrap()).unwrap()
        }
    };
    let document = get(format!("/v1/admin/documents/visit/{visit}")).await;
    assert_eq!(document["view"]["tasks"].as_object().unwrap().len(), 1);
    let bundle = get(format!("/v1/admin/visits/{visit}/fhir")).await;
    assert_eq!(bundle["resourceType"], "Bundle");
    for list in [
        "people", "patients", "rejected", "receipts", "audit", "devices",
    ] {
        assert!(get(format!("/v1/admin/{list}")).await.is_array());
    }
    assert_eq!(
        get("/v1/admin/audit/verify".into()).await["broken_at"],
        Value::Null
    );
    let cut = site
        .client
        .post(site.url("/v1/admin/import"))
        .bearer_auth(&office);
    let cut = cut
        .body(r#"{"resourceType":"Bundle","type":"collection","entry":[{"#)
        .send();
    let cut = cut.await.unwrap();
    assert_eq!(cut.status(), 400);
    let failure: Value = serde_json::from_slice(&cut.bytes().await.unwrap()).unwrap();
    assert_eq!(failure["code"], "import_truncated");
}

#[tokio::test]
async fn a_beacon_shows_the_office_who_is_stuck() {
    let site = Site::start().await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    let beacon = Beacon {
        device: phone.device.into(),
        oldest_unsent_ms: Some(2 * 24 * 3_600_000),
        pending: 7,
        quarantined: 1,
        version: "0.1.0".into(),
        last_error: Some("token_expired".into()),
    };
    let _: Ack = site
        .call(wire::BEACON, &site.token("nina"), &beacon)
        .await
        .unwrap();
    let devices = site
        .world
        .backend
        .devices(&site.world.office)
        .await
        .unwrap();
    let stuck = devices.iter().find(|device| device.pending == 7).unwrap();
    assert_eq!(stuck.last_error.as_deref(), Some("token_expired"));
    let figures = site.client.get(site.url("/metrics")).send().await.unwrap();
    let figures = figures.text().await.unwrap();
    assert!(figures.contains("homeround_devices_with_old_unsent_edits 1"));
}

#[tokio::test]
async fn more_requests_than_allowed_are_asked_to_come_back_and_probes_answer() {
    let issuer = development_issuer(AUDIENCE);
    let keys = Keys::fixed(issuer.key_set().unwrap());
    let limits = Server {
        requests_at_once: 1,
        ..Server::default()
    };
    let site = Site::start_with(Verifier::new(expected(ISSUER), keys), &limits).await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    // A request whose body never comes holds the only place.
    let mut slow = tokio::net::TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: {}\r\n{}: 1\r\ncontent-length: 100\r\n\r\n",
        wire::PULL,
        site.token("nina"),
        wire::MEDIA_TYPE,
        wire::PROTOCOL_HEADER,
    );
    tokio::io::AsyncWriteExt::write_all(&mut slow, head.as_bytes())
        .await
        .unwrap();
    let request = phone.pull_request(wire::PAGE_BYTES_DEFAULT);
    let mut refused = None;
    for _ in 0..100 {
        match site
            .call::<_, Page>(wire::PULL, &site.token("nina"), &request)
            .await
        {
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(failure) => {
                refused = Some(failure);
                break;
            }
        }
    }
    let (status, failure) = refused.unwrap();
    assert_eq!((status, failure.code.as_str()), (503, "busy"));
    assert!(failure.retry_after_ms.is_some());
    for probe in ["/healthz", "/readyz"] {
        let answer = site.client.get(site.url(probe)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}
