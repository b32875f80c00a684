//! The one shell with IO: requests over reqwest.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use reqwest::{Client, Url, redirect};

use crate::model::DeviceId;
use crate::wire::{
    self, ATTACHMENT_PART_BYTES_MAX, AttachmentAddress, AttachmentRequest, AttachmentResponse,
};

use super::tls::{Trust, client_config};
use super::{
    AccessToken, AttachmentTransport, Lost, Method, REQUEST_TIMEOUT_MS, Request, Response, Traffic,
    Transport, TransportFault,
};

/// Milliseconds that a connection may take to come about.
pub const CONNECT_TIMEOUT_MS: u64 = 15_000;

/// How to reach the backend.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// As in `https://care.example.org`, or with a path before `/v1`. Plain
    /// `http` is for loopback addresses alone.
    pub base_url: String,
    /// Whom to believe.
    pub trust: Trust,
    /// What we call ourselves, as in `homeround/0.1.0`.
    pub user_agent: String,
}

/// Why a configuration is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpConfigError {
    /// Not an address without user, query and fragment.
    #[error("backend address is not an https:// URL without user, query and fragment")]
    Address,
    /// Patients' data in the clear.
    #[error("plain http is for loopback addresses alone: use https")]
    Insecure,
    /// A pin without another one locks every phone out when the key is lost.
    #[error("pins need a backup: give at least two")]
    BackupPinMissing,
    /// An extra root is not a certificate, or there is no root at all.
    #[error("a root certificate can't be used")]
    Root,
    /// The user agent is no header value.
    #[error("user agent is not a header value")]
    UserAgent,
    /// TLS can't be set up.
    #[error("TLS can't be set up")]
    Tls,
}

/// The backend over HTTP. Clones share connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    base: String,
    headers: HeaderMap,
}

impl Http {
    /// Checks the configuration; connects to nothing yet.
    ///
    /// # Errors
    /// [`HttpConfigError`].
    pub fn new(config: &HttpConfig) -> Result<Self, HttpConfigError> {
        let url = Url::parse(&config.base_url).map_err(|_| HttpConfigError::Address)?;
        let loopback = is_loopback(&url);
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(HttpConfigError::Insecure),
            _ => return Err(HttpConfigError::Address),
        }
        let plain = url.username().is_empty() && url.password().is_none();
        if !plain || url.query().is_some() || url.fragment().is_some() || !url.has_host() {
            return Err(HttpConfigError::Address);
        }
        let mut builder = Client::builder()
            .tls_backend_preconfigured(client_config(&config.trust)?)
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS));
        if loopback {
            // Whatever a resolver or a proxy says, it stays on this device.
            let here = [
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
            ];
            builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
        }
        let client = builder.build().map_err(|_| HttpConfigError::Tls)?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let headers = protocol_headers(&config.user_agent)?;
        Ok(Self {
            client,
            base,
            headers,
        })
    }

    /// Opens a stream that stays open: no timeout but the one to connect.
    pub(super) async fn open_stream(
        &self,
        path: &str,
        token: &AccessToken,
    ) -> Result<reqwest::Response, TransportFault> {
        let url = format!("{}{path}", self.base);
        let mut headers = self.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        headers.insert(AUTHORIZATION, bearer(token)?);
        let request = self.client.get(url).headers(headers);
        request.send().await.map_err(|error| fault_of(&error))
    }

    fn build(
        &self,
        request: Request,
        token: Option<&AccessToken>,
    ) -> Result<reqwest::Request, TransportFault> {
        let url = format!("{}{}", self.base, request.path);
        let builder = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => self.client.post(url).body(request.body),
        };
        let mut builder = builder
            .headers(self.headers.clone())
            .timeout(Duration::from_millis(request.timeout_ms));
        if let Some(token) = token {
            builder = builder.header(AUTHORIZATION, bearer(token)?);
        }
        builder.build().map_err(|_| TransportFault::Unreachable)
    }
}

impl AttachmentTransport for Http {
    async fn exchange(
        &self,
        address: &AttachmentAddress,
        device: DeviceId,
        request: AttachmentRequest,
        token: &AccessToken,
    ) -> Result<AttachmentResponse, Lost> {
        let parts = request.http(address, device);
        let method = reqwest::Method::from_bytes(parts.method.as_bytes());
        let method = method.map_err(|_| Lost::from(TransportFault::Broken))?;
        let url = format!("{}{}", self.base, parts.path);
        let mut builder = self.client.request(method, url).body(parts.body);
        builder = builder.timeout(Duration::from_millis(REQUEST_TIMEOUT_MS));
        if let Some(agent) = self.headers.get(USER_AGENT) {
            builder = builder.header(USER_AGENT, agent);
        }
        for (name, value) in parts.headers {
            builder = builder.header(name, value);
        }
        builder = builder.header(AUTHORIZATION, bearer(token)?);
        let answer = builder.send().await;
        let mut answer = answer.map_err(|error| Lost::from(fault_of(&error)))?;
        let offset = answer.headers().get("upload-offset");
        let offset = offset.and_then(|value| value.to_str().ok()?.parse().ok());
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| fault_of(&error))? {
            if body.len() + chunk.len() > ATTACHMENT_PART_BYTES_MAX {
                return Err(TransportFault::TooLarge.into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(AttachmentResponse {
            status,
            offset,
            body,
        })
    }
}

impl Transport for Http {
    async fn send(&self, request: Request, token: Option<&AccessToken>) -> Result<Response, Lost> {
        let limit = request.answer_max;
        let body_up = request.body.len() as u64;
        let request = self.build(request, token)?;
        let mut traffic = Traffic {
            up: body_up,
            head_up: head_up(&request),
            ..Traffic::default()
        };
        let mut answer = match self.client.execute(request).await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Err(fault_of(&error).into()),
            Err(error) => return Err(lost(&error, traffic)),
        };
        traffic.head_down = head_down(&answer);
        let too_large = |traffic| Lost {
            fault: TransportFault::TooLarge,
            traffic,
        };
        let told = answer.content_length().unwrap_or(0);
        if told > limit as u64 {
            return Err(too_large(traffic));
        }
        let mut body = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => {
                    traffic.down += chunk.len() as u64;
                    if body.len() + chunk.len() > limit {
                        return Err(too_large(traffic));
                    }
                    body.extend_from_slice(&chunk);
                }
                Ok(None) => break,
                Err(error) => return Err(lost(&error, traffic)),
            }
        }
        Ok(Response {
            status: answer.status().as_u16(),
            body,
            retry_after_ms: retry_after_ms(answer.headers()),
            traffic,
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Set on each request and not as the client's defaults: what is counted is
/// what is sent.
fn protocol_headers(user_agent: &str) -> Result<HeaderMap, HttpConfigError> {
    let agent = HeaderValue::from_str(user_agent).map_err(|_| HttpConfigError::UserAgent)?;
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, agent);
    headers.insert(wire::PROTOCOL_HEADER, HeaderValue::from(wire::PROTOCOL));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(wire::MEDIA_TYPE));
    headers.insert(ACCEPT, HeaderValue::from_static(wire::MEDIA_TYPE));
    Ok(headers)
}

/// A token that is no header value can't have come from an issuer: asking again
/// is all that can help.
fn bearer(token: &AccessToken) -> Result<HeaderValue, TransportFault> {
    let text = zeroize::Zeroizing::new(format!("Bearer {}", token.as_str()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| TransportFault::Broken)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Seconds only: a date would need a wall clock that can be trusted.
fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    seconds.checked_mul(1_000)
}

fn head_bytes(headers: &HeaderMap) -> u64 {
    let line = |(name, value): (&reqwest::header::HeaderName, &HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    headers.iter().map(line).sum::<usize>() as u64
}

fn head_up(request: &reqwest::Request) -> u64 {
    let target = request.url().path().len();
    let line = request.method().as_str().len() + target + "  HTTP/1.1\r\n\r\n".len();
    let host = request.url().authority().len() + "host: \r\n".len();
    let length = "content-length: 000000\r\n".len();
    head_bytes(request.headers()) + (line + host + length) as u64
}

fn head_down(answer: &reqwest::Response) -> u64 {
    head_bytes(answer.headers()) + "HTTP/1.1 200 OK\r\n\r\n".len() as u64
}

fn lost(error: &reqwest::Error, traffic: Traffic) -> Lost {
    Lost {
        fault: fault_of(error),
        traffic,
    }
}

fn fault_of(error: &reqwest::Error) -> TransportFault {
    if is_about_trust(error) {
        TransportFault::Untrusted
    } else if error.is_timeout() {
        TransportFault::Timeout
    } else if error.is_connect() {
        TransportFault::Unreachable
    } else {
        TransportFault::Broken
    }
}

/// Whether TLS said no: somewhere down the causes sits its error. An IO error
/// names what its content was caused by and not the content itself.
fn is_about_trust(error: &(dyn std::error::Error + 'static)) -> bool {
    let inside = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || inside.is_some_and(|it| is_about_trust(it))
        || error.source().is_some_and(is_about_trust)
}
