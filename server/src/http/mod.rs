//! HTTP: nothing but translation. Handlers read bounded bodies, ask `auth`
//! whose token it is, call `service` and write its answer.

mod answer;
mod attachments;
mod clock;
mod development;
mod extract;
mod live;
mod metrics;
mod observe;
mod office;
mod probes;
mod run;
mod survey;
mod survey_page;
mod sync;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use homeround::wire;
use tokio::sync::Semaphore;

use crate::auth::Verifier;
use crate::auth::issuer::DevelopmentIssuer;
use crate::config::Server;
use crate::service::Backend;

pub use clock::{Clock, SystemClock, SystemEntropy};
pub use live::Hub;
pub use metrics::Metrics;
pub use run::{Serving, serve};

/// Most bytes of an import.
pub const IMPORT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most bytes of an escrow: what a phone seals at most, and what sealing adds.
pub const ESCROW_SENT_MAX: usize = homeround::vault::ESCROW_BYTES_MAX + 1024;
/// Most bytes of any other body of the office.
pub const OFFICE_BYTES_MAX: usize = 256 * 1024;
/// Most bytes of a survey's answers as a page sends them.
pub const SURVEY_SENT_MAX: usize = 64 * 1024;
/// What a client is told to wait when there are too many requests.
pub const RETRY_AFTER_MS: u64 = 2_000;

/// What every handler works with.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Backend,
    verifier: Verifier,
    issuer: Option<DevelopmentIssuer>,
    hub: Arc<Hub>,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    requests: Semaphore,
    timeout: Duration,
    listeners_max: usize,
}

impl App {
    /// Puts the HTTP face together. `hub` is the backend's bell too.
    #[must_use]
    pub fn new(
        backend: Backend,
        verifier: Verifier,
        issuer: Option<DevelopmentIssuer>,
        hub: Arc<Hub>,
        metrics: Metrics,
        clock: Arc<dyn Clock>,
        limits: &Server,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                backend,
                verifier,
                issuer,
                hub,
                metrics,
                clock,
                requests: Semaphore::new(limits.requests_at_once),
                timeout: Duration::from_millis(limits.request_timeout_ms),
                listeners_max: limits.live_listeners_max,
            }),
        }
    }

    /// Every route.
    pub fn router(self) -> Router {
        let mut router = Router::new()
            .route(wire::DEVICES, post(sync::enrol))
            .route(wire::PUSH, post(sync::push))
            .route(wire::PULL, post(sync::pull))
            .route(wire::RECEIPTS, post(sync::receipts))
            .route(wire::BEACON, post(sync::beacon))
            .route(wire::BREAK_GLASS, post(sync::break_glass))
            .route(wire::LIVE, get(live::listen))
            .merge(attachments::routes())
            .merge(office::routes())
            .merge(survey::routes())
            .route("/healthz", get(probes::live))
            .route("/readyz", get(probes::ready))
            .route("/metrics", get(probes::metrics));
        if self.inner.issuer.is_some() {
            router = router.merge(development::routes());
        }
        router
            .fallback(answer::no_such_route)
            // Each handler reads its body within its own limit.
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(
                self.clone(),
                observe::observe,
            ))
            .with_state(self)
    }
}
