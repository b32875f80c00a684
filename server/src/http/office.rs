//! The office's calls, in JSON.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use homeround::model::{
    DAY_MS, DeviceId, DocumentId, DocumentKind, Millis, PatientId, PersonId, PlanId, Refused,
    VisitId,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{CallError, JsonFailure};
use super::extract::{bounded, json as parse};
use super::{App, ESCROW_SENT_MAX, IMPORT_BYTES_MAX, OFFICE_BYTES_MAX};
use crate::service::{
    AuditCheck, AuditEntry, DeviceHealth, DocumentOut, EscrowTaken, FhirError, FhirImported,
    LikelyDuplicateOut, NewBooking, NewGrant, NewPerson, PatientOut, PersonOut, ServiceError,
};

type Answer<T> = Result<Json<T>, JsonFailure>;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/admin/import", post(import))
        .route("/v1/admin/visits/{id}/fhir", get(visit_fhir))
        .route("/v1/admin/plans/{id}/adherence", get(plan_adherence))
        .route("/v1/admin/people", get(people).post(put_person))
        .route("/v1/admin/patients", get(patients))
        .route("/v1/admin/bookings", post(book))
        .route("/v1/admin/duplicates", get(duplicates))
        .route("/v1/admin/grants", post(grant))
        .route("/v1/admin/grants/end", post(end_grants))
        .route("/v1/admin/escrow", post(escrow))
        .route("/v1/admin/rejected", get(rejected))
        .route("/v1/admin/receipts", get(receipts))
        .route("/v1/admin/audit", get(audit))
        .route("/v1/admin/audit/verify", get(verify_audit))
        .route("/v1/admin/devices", get(devices))
        .route("/v1/admin/devices/{id}/revoke", post(revoke))
        .route("/v1/admin/documents/{kind}/{id}", get(document))
}

async fn body<T: serde::de::DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
) -> Result<T, CallError> {
    let bytes = bounded(headers, body, OFFICE_BYTES_MAX, "JSON body").await?;
    parse(&bytes)
}

#[derive(Deserialize)]
struct ImportAsked {
    /// IANA time zone of homes whose patient has none.
    #[serde(default = "utc")]
    time_zone: String,
}

fn utc() -> String {
    "UTC".into()
}

/// A FHIR R4 bundle or NDJSON, gzipped or not, as the body.
async fn import(
    State(app): State<App>,
    Query(asked): Query<ImportAsked>,
    headers: HeaderMap,
    content: Body,
) -> Answer<FhirImported> {
    let caller = app.caller(&headers).await?;
    let input = bounded(&headers, content, IMPORT_BYTES_MAX, "import").await?;
    let now = app.inner.clock.now();
    let backend = &app.inner.backend;
    let done = backend.import_fhir(&caller, &input, &asked.time_zone, now);
    let done = done.await.map_err(|error| match error {
        FhirError::Input(error) => CallError::Import(error),
        FhirError::Service(error) => CallError::Service(error),
    })?;
    Ok(Json(done))
}

#[derive(Deserialize)]
struct Span {
    from_ms: Millis,
    until_ms: Millis,
}

/// How a care plan was kept to, and what is due.
async fn plan_adherence(
    State(app): State<App>,
    Path(plan): Path<String>,
    Query(span): Query<Span>,
    headers: HeaderMap,
) -> Answer<Value> {
    let caller = app.caller(&headers).await?;
    let plan: PlanId = plan.parse().map_err(ServiceError::from)?;
    let now = app.inner.clock.now();
    let backend = &app.inner.backend;
    let judged = backend.plan_adherence(&caller, plan, (span.from_ms, span.until_ms), now);
    Ok(Json(judged.await?))
}

async fn visit_fhir(
    State(app): State<App>,
    Path(visit): Path<String>,
    headers: HeaderMap,
) -> Answer<Value> {
    let caller = app.caller(&headers).await?;
    let visit: VisitId = visit.parse().map_err(ServiceError::from)?;
    let now = app.inner.clock.now();
    Ok(Json(
        app.inner.backend.visit_fhir(&caller, visit, now).await?,
    ))
}

async fn people(State(app): State<App>, headers: HeaderMap) -> Answer<Vec<PersonOut>> {
    let caller = app.caller(&headers).await?;
    Ok(Json(app.inner.backend.people(&caller).await?))
}

async fn put_person(
    State(app): State<App>,
    headers: HeaderMap,
    content: Body,
) -> Result<(StatusCode, Json<Value>), JsonFailure> {
    let caller = app.caller(&headers).await?;
    let new: NewPerson = body(&headers, content).await?;
    let now = app.inner.clock.now();
    let person = app.inner.backend.put_person(&caller, &new, now).await?;
    Ok((StatusCode::CREATED, Json(json!({ "person": person }))))
}

async fn patients(State(app): State<App>, headers: HeaderMap) -> Answer<Vec<PatientOut>> {
    let caller = app.caller(&headers).await?;
    Ok(Json(app.inner.backend.patients(&caller).await?))
}

async fn book(
    State(app): State<App>,
    headers: HeaderMap,
    content: Body,
) -> Result<(StatusCode, Json<Value>), JsonFailure> {
    let caller = app.caller(&headers).await?;
    let new: NewBooking = body(&headers, content).await?;
    let now = app.inner.clock.now();
    let visit = app.inner.backend.book(&caller, &new, now).await?;
    Ok((StatusCode::CREATED, Json(json!({ "visit": visit }))))
}

#[derive(Deserialize)]
struct Window {
    /// Yesterday unless said otherwise.
    from_ms: Option<Millis>,
    /// Two weeks later unless said otherwise.
    until_ms: Option<Millis>,
}

async fn duplicates(
    State(app): State<App>,
    Query(asked): Query<Window>,
    headers: HeaderMap,
) -> Answer<Vec<LikelyDuplicateOut>> {
    let caller = app.caller(&headers).await?;
    let yesterday = app.inner.clock.now().plus(-DAY_MS);
    let from = asked.from_ms.unwrap_or(yesterday);
    let until = asked.until_ms.unwrap_or(from.plus(14 * DAY_MS));
    let backend = &app.inner.backend;
    let found = backend.likely_duplicates(&caller, from, until);
    Ok(Json(found.await?))
}

async fn grant(
    State(app): State<App>,
    headers: HeaderMap,
    content: Body,
) -> Result<(StatusCode, Json<Value>), JsonFailure> {
    let caller = app.caller(&headers).await?;
    let new: NewGrant = body(&headers, content).await?;
    let now = app.inner.clock.now();
    let grant = app.inner.backend.grant(&caller, &new, now).await?;
    Ok((StatusCode::CREATED, Json(json!({ "grant": grant }))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndGrants {
    person: PersonId,
    patient: PatientId,
}

async fn end_grants(State(app): State<App>, headers: HeaderMap, content: Body) -> Answer<Value> {
    let caller = app.caller(&headers).await?;
    let EndGrants { person, patient } = body(&headers, content).await?;
    let now = app.inner.clock.now();
    let backend = &app.inner.backend;
    let ended = backend.end_grants(&caller, person, patient, now).await?;
    Ok(Json(json!({ "ended": ended })))
}

/// What a phone handed over when it could not send, as the body.
async fn escrow(State(app): State<App>, headers: HeaderMap, content: Body) -> Answer<EscrowTaken> {
    let caller = app.caller(&headers).await?;
    let blob = bounded(&headers, content, ESCROW_SENT_MAX, "escrow").await?;
    let now = app.inner.clock.now();
    let taken = app.inner.backend.take_escrow(&caller, &blob, now).await?;
    app.inner.metrics.verdicts(&taken.verdicts);
    Ok(Json(taken))
}

async fn rejected(State(app): State<App>, headers: HeaderMap) -> Answer<Vec<Value>> {
    let caller = app.caller(&headers).await?;
    let rows = app.inner.backend.rejected(&caller).await?;
    let shown = rows.into_iter().map(|row| {
        json!({
            "hash": row.hash.to_string(),
            "kind": row.document.kind,
            "document": row.document.id,
            "device": row.device,
            "person": row.person,
            "at_ms": row.at,
            "code": row.code,
            "field": row.field,
            "paths": row.paths,
            "bytes": row.bytes.len(),
        })
    });
    Ok(Json(shown.collect()))
}

async fn receipts(State(app): State<App>, headers: HeaderMap) -> Answer<Vec<Value>> {
    let caller = app.caller(&headers).await?;
    let rows = app.inner.backend.purge_receipts(&caller).await?;
    let shown = rows.into_iter().map(|row| {
        json!({
            "id": row.id,
            "device": row.device,
            "patient": row.patient,
            "reason": row.reason,
            "documents": row.documents,
            "records": row.records,
            "at_ms": row.at,
            "received_ms": row.received_at,
        })
    });
    Ok(Json(shown.collect()))
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn audit(
    State(app): State<App>,
    Query(asked): Query<After>,
    headers: HeaderMap,
) -> Answer<Vec<AuditEntry>> {
    let caller = app.caller(&headers).await?;
    Ok(Json(app.inner.backend.audit(&caller, asked.after).await?))
}

async fn verify_audit(State(app): State<App>, headers: HeaderMap) -> Answer<AuditCheck> {
    let caller = app.caller(&headers).await?;
    // The same roles as for reading it.
    app.inner.backend.audit(&caller, u64::MAX).await?;
    Ok(Json(app.inner.backend.verify_audit(caller.tenant).await?))
}

async fn devices(State(app): State<App>, headers: HeaderMap) -> Answer<Vec<DeviceHealth>> {
    let caller = app.caller(&headers).await?;
    Ok(Json(app.inner.backend.devices(&caller).await?))
}

async fn revoke(
    State(app): State<App>,
    Path(device): Path<String>,
    headers: HeaderMap,
) -> Answer<Value> {
    let caller = app.caller(&headers).await?;
    let device: DeviceId = device.parse().map_err(ServiceError::from)?;
    let now = app.inner.clock.now();
    app.inner
        .backend
        .revoke_device(&caller, device, now)
        .await?;
    Ok(Json(json!({ "revoked": device })))
}

async fn document(
    State(app): State<App>,
    Path((kind, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer<DocumentOut> {
    let caller = app.caller(&headers).await?;
    let id = document_id(&kind, &id)?;
    let now = app.inner.clock.now();
    Ok(Json(app.inner.backend.document(&caller, id, now).await?))
}

fn document_id(kind: &str, id: &str) -> Result<DocumentId, ServiceError> {
    let kind = match kind {
        "visit" => DocumentKind::Visit,
        "chart" => DocumentKind::Chart,
        "plan" => DocumentKind::Plan,
        _ => return Err(Refused::new("kind", "visit, chart, plan").into()),
    };
    let id = Uuid::parse_str(id).map_err(|_| Refused::new("id", "a UUID"))?;
    Ok(DocumentId { kind, id })
}
