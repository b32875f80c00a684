//! What an operator's tools ask.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;

/// A device whose oldest unsent edit is older than this is stuck.
const STUCK_MS: u64 = 24 * 60 * 60 * 1000;

/// The process runs.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The database answers.
pub(super) async fn ready(State(app): State<App>) -> Response {
    match app.inner.backend.storage().ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::error!(error = %error, "the database does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
                .into_response()
        }
    }
}

/// The figures, as Prometheus reads them.
pub(super) async fn metrics(State(app): State<App>) -> Response {
    let stuck = app.inner.backend.stuck_devices(STUCK_MS).await.unwrap_or(0);
    let text = app.inner.metrics.text(app.inner.hub.listeners(), stuck);
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, text).into_response()
}
