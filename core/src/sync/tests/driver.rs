//! Whole runs over real HTTP.

use std::future::Future as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request as Asked;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::post;

use super::backend::{FakeServer, failure};
use super::http::{Tokens, block_on, http_to, request, serve_app, token};
use super::phone::{FakeStore, hash};
use super::world::SimTicks;
use crate::sync::*;
use crate::wire;

/// The simulation's backend behind a real socket.
fn backend(server: &Arc<Mutex<FakeServer>>) -> Router {
    let handler = |path: &'static str| {
        let server = server.clone();
        post(move |body: Bytes| async move {
            let answer = server.lock().unwrap().handle(&request(path, &body));
            (StatusCode::from_u16(answer.status).unwrap(), answer.body)
        })
    };
    Router::new()
        .route(wire::PUSH, handler(wire::PUSH))
        .route(wire::PULL, handler(wire::PULL))
        .route(wire::RECEIPTS, handler(wire::RECEIPTS))
        .route(wire::BEACON, handler(wire::BEACON))
}

fn ten_edits() -> FakeStore {
    let mut store = FakeStore::default();
    for n in 0..10 {
        store.edit(n, n.checked_sub(1), 0);
    }
    store
}

#[test]
fn a_run_over_real_http_reaches_the_end_and_counts_its_bytes() {
    let server = Arc::new(Mutex::new(FakeServer::new()));
    server.lock().unwrap().log = (0..8).map(Ok).collect();
    server.lock().unwrap().token_life = 2;
    let mut store = ten_edits();
    let mut engine = Engine::new(EngineConfig::new(3));
    let (ticks, cancel) = (SimTicks::default(), Cancel::default());
    let tokens = Tokens(AtomicU32::new(0));
    let refreshing = backend(&server).layer(axum::middleware::from_fn({
        let server = server.clone();
        move |asked: Asked, next: axum::middleware::Next| {
            let server = server.clone();
            async move {
                let answer = next.run(asked).await;
                if answer.status() == StatusCode::UNAUTHORIZED {
                    server.lock().unwrap().token_used = 0;
                }
                answer.into_response()
            }
        }
    }));
    let report = block_on(async {
        let http = http_to(serve_app(refreshing).await);
        run(
            &mut engine,
            &mut store,
            (&http, &tokens),
            &ticks,
            &cancel,
            None,
        )
        .await
    });
    assert!(matches!(report.ended, SyncState::Idle { .. }), "{report:?}");
    assert_eq!((report.pushed, report.accepted, report.pages), (10, 10, 3));
    assert_eq!(store.rows.len(), 8);
    assert!(report.traffic.up > 100 && report.traffic.down > 100);
    assert_eq!(tokens.0.load(Ordering::SeqCst), 2, "refreshed on the way");
}

#[test]
fn dropping_a_run_at_any_await_is_safe() {
    let server = Arc::new(Mutex::new(FakeServer::new()));
    server.lock().unwrap().log = (0..8).map(Ok).collect();
    let mut store = ten_edits();
    let mut engine = Engine::new(EngineConfig::new(3));
    let (ticks, cancel) = (SimTicks::default(), Cancel::default());
    let tokens = Tokens(AtomicU32::new(0));
    let report = block_on(async {
        let http = http_to(serve_app(backend(&server)).await);
        for polls in 1..40 {
            let network = (&http, &tokens);
            let running = run(&mut engine, &mut store, network, &ticks, &cancel, None);
            tokio::pin!(running);
            let mut left = polls;
            // Polled so many times, then dropped.
            let _ = std::future::poll_fn(|context| {
                left -= 1;
                match running.as_mut().poll(context) {
                    std::task::Poll::Pending if left > 0 => std::task::Poll::Pending,
                    _ => std::task::Poll::Ready(()),
                }
            })
            .await;
        }
        run(
            &mut engine,
            &mut store,
            (&http, &tokens),
            &ticks,
            &cancel,
            None,
        )
        .await
    });
    assert!(matches!(report.ended, SyncState::Idle { .. }), "{report:?}");
    assert_eq!(store.unsent(), 0);
    assert_eq!(store.rows.len(), 8);
    assert_eq!(server.lock().unwrap().seqs.len(), 10);
}

#[test]
fn a_run_stops_at_once_when_it_is_cancelled() {
    let hang = || async {
        std::future::pending::<()>().await;
        "never"
    };
    let app = Router::new().route(wire::PUSH, post(hang));
    let mut store = ten_edits();
    let mut engine = Engine::new(EngineConfig::new(3));
    let (ticks, cancel) = (SimTicks::default(), Cancel::default());
    let tokens = Tokens(AtomicU32::new(0));
    let report = block_on(async {
        let http = http_to(serve_app(app).await);
        let stop = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            stop.cancel();
        });
        run(
            &mut engine,
            &mut store,
            (&http, &tokens),
            &ticks,
            &cancel,
            None,
        )
        .await
    });
    let why = Why::Canceled;
    assert_eq!(report.ended, SyncState::Waiting { until: None, why });
    assert!(!engine.is_running());
}

/// Never called: that it compiles is the claim.
#[expect(dead_code, reason = "compiling it is the test")]
fn a_run_can_move_between_threads<S: SyncStore + Send>(
    engine: &mut Engine,
    store: &mut S,
    network: (&Http, &Tokens),
    ticks: &SimTicks,
    cancel: &Cancel,
) {
    fn is_send<T: Send>(_: T) {}
    is_send(run(engine, store, network, ticks, cancel, None));
}

#[test]
fn serving_hears_nudges_and_ends_when_nobody_can_nudge() {
    let server = Arc::new(Mutex::new(FakeServer::new()));
    server.lock().unwrap().log = vec![Ok(1)];
    let mut store = ten_edits();
    let mut engine = Engine::new(EngineConfig::new(3));
    let (ticks, cancel) = (SimTicks::default(), Cancel::default());
    let tokens = Tokens(AtomicU32::new(0));
    let mut pages = 0;
    block_on(async {
        let http = http_to(serve_app(backend(&server)).await);
        let (sender, mut nudges) = tokio::sync::mpsc::channel(4);
        let news = server.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            news.lock().unwrap().log.push(Ok(2));
            sender.send(Event::Start { budget_ms: None }).await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
        });
        let mut reports = |report: RunReport| pages += report.pages;
        let network = (&http, &tokens);
        serve(
            &mut engine,
            &mut store,
            network,
            &ticks,
            &cancel,
            &mut nudges,
            &mut reports,
        )
        .await;
    });
    assert_eq!(store.rows.len(), 2);
    assert_eq!(pages, 2);
    assert!(server.lock().unwrap().seqs.contains_key(&hash(9)));
}

#[test]
fn a_single_call_tells_refusals_from_losses() {
    let body = wire::seal_body(&wire::Ack {
        epoch: 4,
        server_ms: 2,
    })
    .unwrap();
    let refused = failure(403, "role_missing", None).body;
    let app = Router::new()
        .route(wire::BREAK_GLASS, post(move || async move { body }))
        .route(
            wire::DEVICES,
            post(move || async move { (StatusCode::FORBIDDEN, refused) }),
        );
    block_on(async {
        let http = http_to(serve_app(app).await);
        let question = wire::Ack {
            epoch: 0,
            server_ms: 0,
        };
        let answer: wire::Ack = call(&http, &token(), wire::BREAK_GLASS, &question)
            .await
            .unwrap();
        assert_eq!(answer.epoch, 4);
        let refused = call::<_, wire::Ack>(&http, &token(), wire::DEVICES, &question).await;
        let Err(CallError::Refused {
            status: 403,
            failure,
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!(failure.code, "role_missing");
    });
}
