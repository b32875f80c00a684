//! Around every request: a limit on how many there are at once, a limit on
//! how long one takes, one log line, the figures. The line holds the route's
//! template and never the address itself, which may lead to a patient.

use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::App;
use super::answer::{CallError, Cbor, JsonFailure};
use super::clock::SystemEntropy;
use crate::service::Entropy as _;

/// Names the request in the log and to the client.
const REQUEST_ID: &str = "x-request-id";
/// The office's calls answer in JSON.
const OFFICE_PREFIX: &str = "/v1/admin";
/// The survey's answer pages.
const SURVEY_PREFIX: &str = "/survey/";
/// Probes are answered however many requests there are.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

pub(super) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().as_str().to_owned();
    let bytes_in = announced(request.headers());
    let id = request_id();
    let mut response = limited(&app, &route, request, next).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    let bytes_out = response.body().size_hint().exact().unwrap_or(0);
    let elapsed = started.elapsed();
    let metrics = &app.inner.metrics;
    metrics.request(&route, &method, status, elapsed.as_secs_f64());
    metrics.bytes("in", bytes_in);
    metrics.bytes("out", bytes_out);
    let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(request = %id, method, route, status, elapsed_us, bytes_in, bytes_out, "answered");
    response
}

async fn limited(app: &App, route: &str, request: Request, next: Next) -> Response {
    let _permit = match app.inner.requests.try_acquire() {
        Ok(permit) => Some(permit),
        Err(_) if PROBES.contains(&route) => None,
        Err(_) => return refuse(route, CallError::Busy),
    };
    match tokio::time::timeout(app.inner.timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refuse(route, CallError::Timeout),
    }
}

fn refuse(route: &str, error: CallError) -> Response {
    if route.starts_with(SURVEY_PREFIX) {
        super::survey::unavailable()
    } else if route.starts_with(OFFICE_PREFIX) {
        JsonFailure(error).into_response()
    } else {
        Cbor(error).into_response()
    }
}

fn announced(headers: &axum::http::HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    length.unwrap_or(0)
}

fn request_id() -> String {
    let mut bytes = [0; 8];
    // Without randomness requests share a name; nothing else depends on it.
    let _ = SystemEntropy.fill(&mut bytes);
    crate::service::hex(&bytes)
}
