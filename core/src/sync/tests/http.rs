//! The HTTP shell against real servers on the loopback.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Redirect;
use axum::routing::post;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::sync::*;
use crate::wire;

const ROOT: &[u8] = include_bytes!("certificates/root.der");
const SERVER: &[u8] = include_bytes!("certificates/server.der");
const SERVER_KEY: &[u8] = include_bytes!("certificates/server-key.der");

pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let limit = Duration::from_secs(30);
        tokio::time::timeout(limit, future).await.expect("hangs")
    })
}

pub(super) async fn serve_app(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn config(base_url: String) -> HttpConfig {
    HttpConfig {
        base_url,
        trust: Trust::default(),
        user_agent: "homeround/test".into(),
    }
}

pub(super) fn http_to(address: SocketAddr) -> Http {
    Http::new(&config(format!("http://{address}"))).unwrap()
}

pub(super) fn request(path: &'static str, body: &[u8]) -> Request {
    Request {
        id: OpId(1),
        method: Method::Post,
        path,
        body: body.to_vec(),
        timeout_ms: 5_000,
        answer_max: 1_000,
    }
}

pub(super) fn token() -> AccessToken {
    AccessToken::new("a.b.c".to_owned())
}

pub(super) struct Tokens(pub(super) AtomicU32);

impl TokenSource for Tokens {
    async fn token(&self, _refresh: bool) -> Result<AccessToken, TokenFault> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(token())
    }
}

#[test]
fn plain_http_is_refused_unless_it_stays_on_the_device() {
    for url in [
        "http://127.0.0.1:1",
        "http://[::1]:1/x",
        "http://localhost:1/",
    ] {
        assert!(Http::new(&config(url.into())).is_ok(), "{url}");
    }
    for url in [
        "http://care.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://198.51.100.1",
        "http://0.0.0.0",
        "http://[::ffff:198.51.100.1]",
        "http://169.254.1.1",
    ] {
        let refused = Http::new(&config(url.into())).unwrap_err();
        assert_eq!(refused, HttpConfigError::Insecure, "{url}");
    }
    for url in [
        "ftp://care.example.org",
        "care.example.org",
        "",
        concat!("https://", "user:pass@care.example.org"),
        "https://care.example.org?q",
        "https://care.example.org#f",
        "http://127.0.0.1@care.example.org",
    ] {
        assert!(Http::new(&config(url.into())).is_err(), "{url}");
    }
}

#[test]
fn a_request_carries_the_protocol_and_the_token_and_its_bytes_are_counted() {
    let seen = Arc::new(Mutex::new(None::<(HeaderMap, Bytes)>));
    let kept = seen.clone();
    let app = Router::new().route(
        "/base/v1/sync/push",
        post(move |headers: HeaderMap, body: Bytes| async move {
            *kept.lock().unwrap() = Some((headers, body));
            (StatusCode::ACCEPTED, "hello")
        }),
    );
    let answer = block_on(async {
        let address = serve_app(app).await;
        let http = Http::new(&config(format!("http://{address}/base/"))).unwrap();
        http.send(request(wire::PUSH, b"body"), Some(&token()))
            .await
    });
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (202, &b"hello"[..])
    );
    assert_eq!((answer.traffic.up, answer.traffic.down), (4, 5));
    assert!((100..400).contains(&answer.traffic.head_up), "{answer:?}");
    assert!((50..300).contains(&answer.traffic.head_down), "{answer:?}");
    let (headers, body) = seen.lock().unwrap().take().unwrap();
    assert_eq!(body, "body");
    assert_eq!(headers[header::AUTHORIZATION], "Bearer a.b.c");
    assert_eq!(headers[wire::PROTOCOL_HEADER], "1");
    assert_eq!(headers[header::CONTENT_TYPE], wire::MEDIA_TYPE);
}

#[test]
fn counted_heads_are_close_to_the_bytes_on_the_wire() {
    let (counted, real) = block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut heard = Vec::new();
            while !heard.ends_with(b"\r\n\r\n1234567890") {
                assert_ne!(socket.read_buf(&mut heard).await.unwrap(), 0);
            }
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: b\r\n\r\nok";
            socket.write_all(answer).await.unwrap();
            (heard.len() as u64, answer.len() as u64)
        });
        let request = request(wire::PUSH, b"1234567890");
        let answer = http_to(address).send(request, Some(&token())).await;
        (answer.unwrap().traffic, server.await.unwrap())
    });
    assert!(
        (counted.up + counted.head_up).abs_diff(real.0) < 16,
        "{counted:?} {real:?}"
    );
    assert!(
        (counted.down + counted.head_down).abs_diff(real.1) < 4,
        "{counted:?} {real:?}"
    );
}

#[test]
fn an_answer_beyond_its_limit_is_refused_before_it_is_read() {
    let sent = Arc::new(AtomicU32::new(0));
    let count = sent;
    let endless = move || {
        let count = count.clone();
        let pieces = futures_pieces(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Some(Bytes::from(vec![0; 1_000]))
        });
        async move { Body::from_stream(pieces) }
    };
    let app = Router::new()
        .route("/v1/sync/pull", post(endless))
        .route("/v1/sync/push", post(|| async { "x".repeat(1_001) }))
        .route("/v1/beacon", post(|| async { "x".repeat(1_000) }));
    block_on(async {
        let http = http_to(serve_app(app).await);
        let told = http.send(request(wire::PUSH, b""), None).await.unwrap_err();
        assert_eq!(told.fault, TransportFault::TooLarge);
        assert_eq!(told.traffic.down, 0, "its length alone gave it away");
        let endless = http.send(request(wire::PULL, b""), None).await.unwrap_err();
        assert_eq!(endless.fault, TransportFault::TooLarge);
        // One piece over the limit; how many a piece holds is the network's.
        assert!(endless.traffic.down < 200_000, "{endless:?}");
        let fits = http.send(request(wire::BEACON, b""), None).await.unwrap();
        assert_eq!(fits.body.len(), 1_000);
    });
}

/// A stream of bytes from a function.
fn futures_pieces(
    mut next: impl FnMut() -> Option<Bytes> + Send + 'static,
) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + Send {
    futures_util::stream::poll_fn(move |_| std::task::Poll::Ready(next().map(Ok)))
}

#[test]
fn a_slow_answer_times_out_whether_its_head_or_its_body_is_slow() {
    let slow_head = || async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        "late"
    };
    let slow_body = || async {
        let mut first = Some(Bytes::from_static(b"a"));
        let pieces = futures_util::stream::poll_fn(move |_| match first.take() {
            Some(piece) => std::task::Poll::Ready(Some(Ok::<_, Infallible>(piece))),
            None => std::task::Poll::Pending,
        });
        Body::from_stream(pieces)
    };
    let app = Router::new()
        .route("/v1/sync/push", post(slow_head))
        .route("/v1/sync/pull", post(slow_body));
    block_on(async {
        let http = http_to(serve_app(app).await);
        for path in [wire::PUSH, wire::PULL] {
            let mut request = request(path, b"");
            request.timeout_ms = 150;
            let lost = http.send(request, None).await.unwrap_err();
            assert_eq!(lost.fault, TransportFault::Timeout, "{path}");
        }
    });
}

#[test]
fn nobody_listening_and_a_broken_answer_are_told_apart() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let http = http_to(address);
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut heard = [0; 1024];
            let _ = socket.read(&mut heard).await;
            let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
            socket.write_all(half).await.unwrap();
        });
        let lost = http.send(request(wire::PUSH, b""), None).await.unwrap_err();
        assert_eq!(lost.fault, TransportFault::Broken);
        let lost = http.send(request(wire::PUSH, b""), None).await.unwrap_err();
        assert_eq!(lost.fault, TransportFault::Unreachable);
    });
}

#[test]
fn a_redirect_is_an_answer_and_not_followed() {
    let app = Router::new()
        .route(
            "/v1/sync/push",
            post(|| async { Redirect::temporary("/elsewhere") }),
        )
        .route("/elsewhere", post(|| async { "never" }));
    let answer = block_on(async {
        let http = http_to(serve_app(app).await);
        http.send(request(wire::PUSH, b""), Some(&token())).await
    });
    assert_eq!(answer.unwrap().status, 307);
}

#[test]
fn retry_after_is_read_in_seconds_and_a_date_is_left_alone() {
    let busy = |after: &'static str| {
        move || async move {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, after)],
                "",
            )
        }
    };
    let app = Router::new()
        .route("/v1/sync/push", post(busy("7")))
        .route("/v1/sync/pull", post(busy("Sun, 22 Nov 2026 13:00:00 GMT")));
    block_on(async {
        let http = http_to(serve_app(app).await);
        let seconds = http.send(request(wire::PUSH, b""), None).await.unwrap();
        assert_eq!(seconds.retry_after_ms, Some(7_000));
        let date = http.send(request(wire::PULL, b""), None).await.unwrap();
        assert_eq!((date.status, date.retry_after_ms), (503, None));
    });
}

async fn serve_tls() -> SocketAddr {
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(SERVER_KEY.to_vec().into());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(SERVER)], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut socket) = acceptor.accept(socket).await else {
                    return;
                };
                let mut heard = [0; 4096];
                let _ = socket.read(&mut heard).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                let _ = socket.write_all(answer).await;
                let _ = socket.shutdown().await;
            });
        }
    });
    address
}

/// SHA-256 of the SubjectPublicKeyInfo, found in the certificate by its shape:
/// 91 bytes for a P-256 key.
fn server_pin() -> [u8; 32] {
    let head = [0x30, 0x59, 0x30, 0x13, 0x06, 0x07];
    let at = SERVER
        .windows(head.len())
        .position(|it| it == head)
        .unwrap();
    Sha256::digest(&SERVER[at..at + 91]).into()
}

#[test]
fn only_a_trusted_and_pinned_server_is_spoken_to() {
    let own = |pins: Vec<[u8; 32]>| Trust {
        extra_roots: vec![ROOT.to_vec()],
        only_extra_roots: true,
        pins,
    };
    let table = [
        ("bundled roots alone", Trust::default(), false),
        ("our root", own(vec![]), true),
        (
            "our root, the key as backup pin",
            own(vec![[1; 32], server_pin()]),
            true,
        ),
        ("our root, other pins", own(vec![[1; 32], [2; 32]]), false),
    ];
    block_on(async {
        let address = serve_tls().await;
        for (what, trust, trusted) in table {
            let mut config = config(format!("https://{address}"));
            config.trust = trust;
            let http = Http::new(&config).unwrap();
            match http.send(request(wire::PUSH, b""), None).await {
                Ok(answer) => assert!(trusted && answer.status == 200, "{what}"),
                Err(lost) => {
                    assert!(!trusted, "{what}: {lost:?}");
                    assert_eq!(lost.fault, TransportFault::Untrusted, "{what}");
                }
            }
        }
        // The same server under a name that its certificate does not carry.
        let mut config = config(format!("https://localhost:{}", address.port()));
        config.trust = own(vec![]);
        let http = Http::new(&config).unwrap();
        let lost = http.send(request(wire::PUSH, b""), None).await.unwrap_err();
        assert_eq!(lost.fault, TransportFault::Untrusted);
    });
}

#[test]
fn a_pin_without_a_backup_and_a_root_that_is_none_are_refused() {
    let mut config = config("https://care.example.org".into());
    config.trust.pins = vec![[1; 32]];
    let refused = Http::new(&config).unwrap_err();
    assert_eq!(refused, HttpConfigError::BackupPinMissing);
    config.trust.pins.clear();
    config.trust.extra_roots = vec![b"not a certificate".to_vec()];
    assert_eq!(Http::new(&config).unwrap_err(), HttpConfigError::Root);
    config.trust.extra_roots.clear();
    config.trust.only_extra_roots = true;
    assert_eq!(Http::new(&config).unwrap_err(), HttpConfigError::Root);
}
