//! The phone's calls.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use homeround::wire::{
    Beacon, BreakGlassRequest, EnrolRequest, Page, PullRequest, PushRequest, ReceiptsRequest,
};

use super::App;
use super::answer::{Cbor, cbor};
use super::extract::phone_body;

pub(super) async fn enrol(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Cbor> {
    let caller = app.caller(&headers).await?;
    let request: EnrolRequest = phone_body(&headers, body).await?;
    let now = app.inner.clock.now();
    cbor(&app.inner.backend.enrol(&caller, &request, now).await?)
}

pub(super) async fn push(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Cbor> {
    let caller = app.caller(&headers).await?;
    let request: PushRequest = phone_body(&headers, body).await?;
    let now = app.inner.clock.now();
    let answer = app.inner.backend.push(&caller, &request, now).await?;
    app.inner.metrics.verdicts(&answer.verdicts);
    cbor(&answer)
}

pub(super) async fn pull(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Cbor> {
    let caller = app.caller(&headers).await?;
    let request: PullRequest = phone_body(&headers, body).await?;
    let now = app.inner.clock.now();
    let page: Page = app.inner.backend.pull(&caller, &request, now).await?;
    app.inner.metrics.page();
    cbor(&page)
}

pub(super) async fn receipts(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Cbor> {
    let caller = app.caller(&headers).await?;
    let request: ReceiptsRequest = phone_body(&headers, body).await?;
    let now = app.inner.clock.now();
    cbor(&app.inner.backend.receipts(&caller, &request, now).await?)
}

pub(super) async fn beacon(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Cbor> {
    let caller = app.caller(&headers).await?;
    let beacon: Beacon = phone_body(&headers, body).await?;
    let now = app.inner.clock.now();
    cbor(&app.inner.backend.beacon(&caller, &beacon, now).await?)
}

pub(super) async fn break_glass(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Cbor> {
    let caller = app.caller(&headers).await?;
    let request: BreakGlassRequest = phone_body(&headers, body).await?;
    let now = app.inner.clock.now();
    cbor(
        &app.inner
            .backend
            .break_glass(&caller, &request, now)
            .await?,
    )
}
