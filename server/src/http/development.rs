//! The built-in issuer's face: its key set, and tokens for whoever asks. There
//! only when the issuer is (`config::Config::check_development`).

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer::{CallError, JsonFailure};
use crate::auth::issuer::TOKEN_TTL_MS;

#[derive(Deserialize)]
struct Wanted {
    tenant: String,
    login: String,
    #[serde(default)]
    ttl_ms: Option<i64>,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/development/jwks.json", get(jwks))
        .route("/development/token", post(token))
}

async fn jwks(State(app): State<App>) -> Result<Json<Value>, JsonFailure> {
    let issuer = app.inner.issuer.as_ref().ok_or(CallError::NoRoute)?;
    Ok(Json(issuer.jwks()))
}

async fn token(
    State(app): State<App>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Value>, JsonFailure> {
    let issuer = app.inner.issuer.as_ref().ok_or(CallError::NoRoute)?;
    let ttl_ms = wanted.ttl_ms.unwrap_or(TOKEN_TTL_MS);
    let token = issuer.mint(&wanted.tenant, &wanted.login, app.inner.clock.now(), ttl_ms);
    Ok(Json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": ttl_ms / 1000,
    })))
}
