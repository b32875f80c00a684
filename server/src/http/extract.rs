//! What handlers take out of a request: the caller, the bounded body.

use axum::body::{self, Body as HttpBody};
use axum::http::{HeaderMap, header};
use homeround::wire::{self, Body};

use super::App;
use super::answer::CallError;
use crate::auth::{Claims, TokenError};
use crate::service::{Caller, ServiceError};

impl App {
    /// Who calls.
    pub(super) async fn caller(&self, headers: &HeaderMap) -> Result<Caller, CallError> {
        Ok(self.caller_and_claims(headers).await?.0)
    }

    /// Who calls, and until when their token holds.
    pub(super) async fn caller_and_claims(
        &self,
        headers: &HeaderMap,
    ) -> Result<(Caller, Claims), CallError> {
        let token = bearer(headers).ok_or(TokenError::Missing)?;
        let now = self.inner.clock.now();
        let claims = self.inner.verifier.verify(token, now).await?;
        let caller = self.inner.backend.caller(&claims).await??;
        Ok((caller, claims))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Refuses a phone that speaks another protocol.
pub(super) fn check_protocol(headers: &HeaderMap) -> Result<(), CallError> {
    let spoken = headers.get(wire::PROTOCOL_HEADER);
    let spoken = spoken.and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    if spoken == Some(wire::PROTOCOL) {
        Ok(())
    } else {
        Err(ServiceError::Protocol.into())
    }
}

/// A phone's body: bounded as sent, bounded as inflated, decoded.
pub(super) async fn phone_body<T: Body>(
    headers: &HeaderMap,
    body: HttpBody,
) -> Result<T, CallError> {
    check_protocol(headers)?;
    let media = headers.get(header::CONTENT_TYPE);
    if media.is_none_or(|media| media.as_bytes() != wire::MEDIA_TYPE.as_bytes()) {
        let what = "content-type";
        return Err(ServiceError::Malformed { what }.into());
    }
    let sent = bounded(headers, body, T::SENT_MAX, T::NAME).await?;
    Ok(wire::open_body(&sent).map_err(ServiceError::from)?)
}

/// At most so many bytes, and no more are read.
pub(super) async fn bounded(
    headers: &HeaderMap,
    body: HttpBody,
    limit: usize,
    what: &'static str,
) -> Result<Vec<u8>, CallError> {
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > limit) {
        return Err(ServiceError::TooLarge { what }.into());
    }
    let read = body::to_bytes(body, limit).await;
    let bytes = read.map_err(|_| ServiceError::TooLarge { what })?;
    Ok(bytes.to_vec())
}

/// The office's JSON body.
pub(super) fn json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(bytes).map_err(|_| {
        let what = "JSON body";
        ServiceError::Malformed { what }.into()
    })
}
