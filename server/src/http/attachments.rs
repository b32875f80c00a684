//! The bytes of attachments over HTTP: tus 1.0 up, ranges down.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use homeround::model::{ChangeHash, PatientId};
use homeround::wire::{
    self, ATTACHMENT_PART_BYTES_MAX, ATTACHMENT_SENT_BYTES_MAX, AttachmentAddress, TUS_PART,
    TUS_VERSION,
};
use uuid::Uuid;

use super::App;
use super::answer::{CallError, Cbor};
use super::extract::{bounded, check_protocol};
use crate::service::{Caller, ServiceError};
use crate::store::Appended;

const OFFSET: &str = "upload-offset";
const LENGTH: &str = "upload-length";

pub(super) fn routes() -> Router<App> {
    let calls = post(begin)
        .head(offset)
        .patch(append)
        .get(fetch)
        .options(offers);
    Router::new().route(
        &format!("{}/{{patient}}/{{sha256}}", wire::ATTACHMENTS),
        calls,
    )
}

/// Who asks, from which device, about what.
struct Asked {
    caller: Caller,
    device: [u8; 16],
    address: AttachmentAddress,
}

async fn asked(
    app: &App,
    headers: &HeaderMap,
    (patient, sha256): (String, String),
) -> Result<Asked, CallError> {
    let caller = app.caller(headers).await?;
    check_protocol(headers)?;
    let malformed = |what| CallError::from(ServiceError::Malformed { what });
    let device = text(headers, wire::DEVICE_HEADER).and_then(|it| Uuid::parse_str(it).ok());
    let device = device.ok_or_else(|| malformed(wire::DEVICE_HEADER))?;
    let patient: PatientId = patient.parse().map_err(|_| malformed("patient"))?;
    let sha256: ChangeHash = sha256.parse().map_err(|_| malformed("sha256"))?;
    Ok(Asked {
        caller,
        device: device.into_bytes(),
        address: AttachmentAddress {
            patient,
            sha256: sha256.0,
        },
    })
}

async fn begin(
    State(app): State<App>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Cbor> {
    let asked = asked(&app, &headers, path).await?;
    let length = number(&headers, LENGTH)?;
    let media_type = text(&headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let now = app.inner.clock.now();
    let backend = &app.inner.backend;
    let (caller, device) = (&asked.caller, &asked.device);
    let begun = backend.begin_upload(caller, device, &asked.address, length, media_type, now);
    let upload = begun.await?;
    let location = asked.address.path();
    let mut response = tus(StatusCode::CREATED, Some(upload.arrived));
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn offset(
    State(app): State<App>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Cbor> {
    let asked = asked(&app, &headers, path).await?;
    let backend = &app.inner.backend;
    let upload = backend
        .upload(&asked.caller, &asked.device, &asked.address)
        .await?;
    let mut response = tus(StatusCode::OK, Some(upload.arrived));
    response
        .headers_mut()
        .insert(LENGTH, HeaderValue::from(upload.size_bytes));
    Ok(response)
}

async fn append(
    State(app): State<App>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Cbor> {
    let asked = asked(&app, &headers, path).await?;
    if text(&headers, header::CONTENT_TYPE.as_str()) != Some(TUS_PART) {
        let what = "content-type";
        return Err(ServiceError::Malformed { what }.into());
    }
    let offset = number(&headers, OFFSET)?;
    let part = bounded(&headers, body, ATTACHMENT_PART_BYTES_MAX, "part").await?;
    let now = app.inner.clock.now();
    let backend = &app.inner.backend;
    let (caller, device) = (&asked.caller, &asked.device);
    let appended = backend.append_upload(caller, device, &asked.address, (offset, &part), now);
    Ok(match appended.await? {
        Appended::Arrived(arrived) => tus(StatusCode::NO_CONTENT, Some(arrived)),
        Appended::Complete => tus(StatusCode::NO_CONTENT, Some(offset + part.len() as u64)),
        Appended::OutOfStep { arrived } => tus(StatusCode::CONFLICT, Some(arrived)),
        Appended::WrongContent => {
            let what = "attachment: its SHA-256 is another one";
            return Err(ServiceError::Malformed { what }.into());
        }
        Appended::Unknown => return Err(ServiceError::NotFound { what: "upload" }.into()),
    })
}

async fn fetch(
    State(app): State<App>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Cbor> {
    let asked = asked(&app, &headers, path).await?;
    let (offset, max) = range(&headers)?;
    let now = app.inner.clock.now();
    let backend = &app.inner.backend;
    let (caller, device) = (&asked.caller, &asked.device);
    let part = backend.attachment(caller, device, &asked.address, (offset, max), now);
    let part = part.await?;
    if part.bytes.is_empty() {
        return Ok(StatusCode::RANGE_NOT_SATISFIABLE.into_response());
    }
    let last = offset + part.bytes.len() as u64 - 1;
    let held = format!("bytes {offset}-{last}/{}", part.size_bytes);
    let mut response = (StatusCode::PARTIAL_CONTENT, part.bytes).into_response();
    let head = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_RANGE, held.as_str()),
        (header::CONTENT_TYPE, part.media_type.as_str()),
        // A photo of a wound lies in no cache, and no browser guesses what it is.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            head.insert(name, value);
        }
    }
    Ok(response)
}

/// What a tus client asks before anything else.
async fn offers() -> Response {
    let mut response = tus(StatusCode::NO_CONTENT, None);
    let head = response.headers_mut();
    head.insert("tus-version", HeaderValue::from_static(TUS_VERSION));
    head.insert("tus-extension", HeaderValue::from_static("creation"));
    head.insert("tus-max-size", HeaderValue::from(ATTACHMENT_SENT_BYTES_MAX));
    response
}

fn tus(status: StatusCode, offset: Option<u64>) -> Response {
    let mut response = status.into_response();
    let head = response.headers_mut();
    head.insert("tus-resumable", HeaderValue::from_static(TUS_VERSION));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(offset) = offset {
        head.insert(OFFSET, HeaderValue::from(offset));
    }
    response
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn number(headers: &HeaderMap, what: &'static str) -> Result<u64, CallError> {
    let number = text(headers, what).and_then(|it| it.parse().ok());
    number.ok_or_else(|| ServiceError::Malformed { what }.into())
}

/// `bytes=from-last` or `bytes=from-`; from the start without it.
fn range(headers: &HeaderMap) -> Result<(u64, usize), CallError> {
    let Some(range) = text(headers, header::RANGE.as_str()) else {
        return Ok((0, ATTACHMENT_PART_BYTES_MAX));
    };
    let parse = || {
        let (from, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        let from: u64 = from.parse().ok()?;
        if last.is_empty() {
            return Some((from, ATTACHMENT_PART_BYTES_MAX));
        }
        let length = last
            .parse::<u64>()
            .ok()?
            .checked_sub(from)?
            .checked_add(1)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Some((from, length.min(ATTACHMENT_PART_BYTES_MAX)))
    };
    let what = "range";
    parse().ok_or_else(|| ServiceError::Malformed { what }.into())
}
