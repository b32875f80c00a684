//! Answers: CBOR for phones, JSON for the office, and errors in both.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use homeround::wire::{self, Body, Failure};
use serde_json::json;

use super::RETRY_AFTER_MS;
use crate::auth::TokenError;
use crate::connect::fhir::ImportError;
use crate::service::ServiceError;
use crate::store::StorageError;

/// Why a call failed, before it takes a form.
#[derive(Debug)]
pub(super) enum CallError {
    /// The token.
    Token(TokenError),
    /// The rules.
    Service(ServiceError),
    /// The import can't be read.
    Import(ImportError),
    /// Too many requests.
    Busy,
    /// It took too long.
    Timeout,
    /// No such address.
    NoRoute,
}

impl From<ServiceError> for CallError {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl From<StorageError> for CallError {
    fn from(error: StorageError) -> Self {
        Self::Service(error.into())
    }
}

impl From<TokenError> for CallError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

/// The parts of a failure, whatever its form.
pub(super) struct Parts {
    pub(super) status: StatusCode,
    pub(super) failure: Failure,
}

impl CallError {
    pub(super) fn parts(&self) -> Parts {
        let (status, code, field, remedy) = match self {
            Self::Token(error) => (token_status(*error), error.code(), "", error.remedy()),
            Self::Service(error) => (
                service_status(error),
                error.code(),
                error.field(),
                error.remedy(),
            ),
            Self::Import(error) => return import_parts(error),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "",
                "try again after retry_after_ms",
            ),
            Self::Timeout => (
                StatusCode::SERVICE_UNAVAILABLE,
                "timeout",
                "",
                "try again, with less at once",
            ),
            Self::NoRoute => (
                StatusCode::NOT_FOUND,
                "no_such_route",
                "",
                "compare the address with the protocol",
            ),
        };
        let retry = status == StatusCode::SERVICE_UNAVAILABLE;
        Parts {
            status,
            failure: Failure {
                code: code.into(),
                field: field.into(),
                remedy: remedy.into(),
                retry_after_ms: retry.then_some(RETRY_AFTER_MS),
            },
        }
    }

    /// Says in the log what the answer does not.
    fn log(&self) {
        if let Self::Service(error @ (ServiceError::Storage(_) | ServiceError::Damaged)) = self {
            tracing::error!(error = %error, "the backend could not answer");
        }
    }
}

/// The connector's own words say where the input goes wrong; they hold
/// offsets and element names, never content.
fn import_parts(error: &ImportError) -> Parts {
    let (status, code) = match error {
        ImportError::TooLarge { .. } | ImportError::TooManyEntries { .. } => {
            (StatusCode::PAYLOAD_TOO_LARGE, "import_too_large")
        }
        ImportError::Truncated { .. } => (StatusCode::BAD_REQUEST, "import_truncated"),
        ImportError::NotFhir { .. } => (StatusCode::BAD_REQUEST, "import_not_fhir"),
        _ => (StatusCode::BAD_REQUEST, "import_unreadable"),
    };
    Parts {
        status,
        failure: Failure {
            code: code.into(),
            field: "body".into(),
            remedy: format!("{error}: {}", error.remedy()),
            retry_after_ms: None,
        },
    }
}

const fn token_status(error: TokenError) -> StatusCode {
    match error {
        TokenError::IssuerUnreachable => StatusCode::SERVICE_UNAVAILABLE,
        TokenError::PersonUnknown | TokenError::TenantUnknown => StatusCode::FORBIDDEN,
        _ => StatusCode::UNAUTHORIZED,
    }
}

fn service_status(error: &ServiceError) -> StatusCode {
    match error {
        ServiceError::Malformed { .. } | ServiceError::EscrowDamaged | ServiceError::Refused(_) => {
            StatusCode::BAD_REQUEST
        }
        ServiceError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        ServiceError::Protocol | ServiceError::Exists { .. } => StatusCode::CONFLICT,
        ServiceError::NotFound { .. } => StatusCode::NOT_FOUND,
        ServiceError::DeviceUnknown
        | ServiceError::DeviceRevoked
        | ServiceError::DeviceNotYours
        | ServiceError::DeviceTag
        | ServiceError::DeviceLimit
        | ServiceError::Signature
        | ServiceError::EscrowUnknown
        | ServiceError::Role
        | ServiceError::Denied(_) => StatusCode::FORBIDDEN,
        ServiceError::Storage(StorageError::Busy | StorageError::Full) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ServiceError::Storage(_) | ServiceError::Damaged | ServiceError::Entropy => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// A failure as phones read it.
pub(super) struct Cbor(pub(super) CallError);

impl<E: Into<CallError>> From<E> for Cbor {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Cbor {
    fn into_response(self) -> Response {
        self.0.log();
        let parts = self.0.parts();
        let mut response = match wire::seal_body(&parts.failure) {
            Ok(body) => (parts.status, body).into_response(),
            Err(_) => parts.status.into_response(),
        };
        mark(&mut response);
        challenge(&mut response, parts.status);
        response
    }
}

/// A failure as the office reads it.
pub(super) struct JsonFailure(pub(super) CallError);

impl<E: Into<CallError>> From<E> for JsonFailure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for JsonFailure {
    fn into_response(self) -> Response {
        self.0.log();
        let Parts { status, failure } = self.0.parts();
        let body = json!({
            "code": failure.code,
            "field": failure.field,
            "remedy": failure.remedy,
        });
        let mut response = (status, Json(body)).into_response();
        challenge(&mut response, status);
        response
    }
}

/// A body as phones read it.
pub(super) fn cbor<T: Body>(body: &T) -> Result<Response, Cbor> {
    let sent = wire::seal_body(body).map_err(ServiceError::from)?;
    let mut response = sent.into_response();
    mark(&mut response);
    Ok(response)
}

fn mark(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(wire::MEDIA_TYPE),
    );
    headers.insert(wire::PROTOCOL_HEADER, HeaderValue::from(wire::PROTOCOL));
}

fn challenge(response: &mut Response, status: StatusCode) {
    if status == StatusCode::UNAUTHORIZED {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}

pub(super) async fn no_such_route() -> JsonFailure {
    JsonFailure(CallError::NoRoute)
}
