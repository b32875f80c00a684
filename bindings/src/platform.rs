//! What the shell implements, and what stands in for it on a desktop.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use homeround::model::DeviceId;
use homeround::sync::{
    self, AccessToken, AttachmentTransport, Http, HttpConfig, Lost, Method, Request, Response,
    TokenFault, TransportFault, Trust,
};
use homeround::vault::{self, HardwareError};
use homeround::wire::{self, AttachmentAddress, AttachmentRequest, AttachmentResponse};

use crate::error::HomeroundError;
use crate::guard::guard;

/// Why the hardware-backed vault did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum KeyVaultError {
    /// The key does not exist (any more), or the bytes are not its own.
    #[error("hardware key is gone or does not fit")]
    KeyGone,
    /// The person did not confirm: ask again, or for the PIN.
    #[error("the person did not confirm")]
    PresenceRefused,
    /// Not now: before the first unlock of the phone, or the hardware is busy.
    #[error("hardware is not available")]
    Unavailable,
}

/// A vault that throws something else is one that is not available.
impl From<uniffi::UnexpectedUniFFICallbackError> for KeyVaultError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

impl From<KeyVaultError> for HardwareError {
    fn from(error: KeyVaultError) -> Self {
        match error {
            KeyVaultError::KeyGone => Self::KeyGone,
            KeyVaultError::PresenceRefused => Self::PresenceRefused,
            KeyVaultError::Unavailable => Self::Unavailable,
        }
    }
}

impl From<HardwareError> for KeyVaultError {
    fn from(error: HardwareError) -> Self {
        match error {
            HardwareError::KeyGone => Self::KeyGone,
            HardwareError::PresenceRefused => Self::PresenceRefused,
            HardwareError::Unavailable => Self::Unavailable,
        }
    }
}

/// Hardware-backed keys: Android Keystore, or the Secure Enclave with the Keychain.
///
/// A key is made when its label is first wrapped with. Counters and small secrets
/// must survive anything done to the app's files, and must not be part of a backup.
/// Each call is durable when it returns. The label `homeround.biometric` asks the
/// person at each use; no other label does.
#[uniffi::export(with_foreign)]
pub trait KeyVault: Send + Sync {
    /// Encrypts under the label's key.
    fn wrap(&self, label: String, plaintext: Vec<u8>) -> Result<Vec<u8>, KeyVaultError>;
    /// Decrypts what `wrap` gave under the same label.
    fn unwrap(&self, label: String, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyVaultError>;
    /// A counter; 0 if it was never touched.
    fn counter_get(&self, label: String) -> Result<u64, KeyVaultError>;
    /// Adds one and answers the new figure.
    fn counter_increment(&self, label: String) -> Result<u64, KeyVaultError>;
    /// Sets a counter.
    fn counter_set(&self, label: String, value: u64) -> Result<(), KeyVaultError>;
    /// Keeps a small secret of at most 64 bytes, replacing the last one.
    fn store(&self, label: String, secret: Vec<u8>) -> Result<(), KeyVaultError>;
    /// Reads a small secret; none if there is none.
    fn load(&self, label: String) -> Result<Option<Vec<u8>>, KeyVaultError>;
    /// Destroys key, counter and secret of a label; no error if there is none.
    fn destroy(&self, label: String) -> Result<(), KeyVaultError>;
}

/// The shell's vault as the core sees it.
pub(crate) struct ForeignVault(pub(crate) Arc<dyn KeyVault>);

impl vault::KeyVault for ForeignVault {
    fn wrap(&self, label: &str, plaintext: &[u8]) -> Result<Vec<u8>, HardwareError> {
        Ok(self.0.wrap(label.into(), plaintext.to_vec())?)
    }

    fn unwrap(&self, label: &str, wrapped: &[u8]) -> Result<Vec<u8>, HardwareError> {
        Ok(self.0.unwrap(label.into(), wrapped.to_vec())?)
    }

    fn counter_get(&self, label: &str) -> Result<u64, HardwareError> {
        Ok(self.0.counter_get(label.into())?)
    }

    fn counter_increment(&self, label: &str) -> Result<u64, HardwareError> {
        Ok(self.0.counter_increment(label.into())?)
    }

    fn counter_set(&self, label: &str, value: u64) -> Result<(), HardwareError> {
        Ok(self.0.counter_set(label.into(), value)?)
    }

    fn store(&self, label: &str, secret: &[u8]) -> Result<(), HardwareError> {
        Ok(self.0.store(label.into(), secret.to_vec())?)
    }

    fn load(&self, label: &str) -> Result<Option<Vec<u8>>, HardwareError> {
        Ok(self.0.load(label.into())?)
    }

    fn destroy(&self, label: &str) -> Result<(), HardwareError> {
        Ok(self.0.destroy(label.into())?)
    }
}

/// Keys in files, for development, tests and desktops. **Not hardware-backed**: who
/// has the files has the keys.
#[derive(uniffi::Object)]
pub struct SoftwareVault(vault::SoftwareVault);

#[uniffi::export]
impl SoftwareVault {
    /// Opens or makes the folder of the keys. Keep it apart from the store's.
    #[uniffi::constructor]
    pub fn open(folder: String) -> Result<Arc<Self>, HomeroundError> {
        guard(|| {
            vault::SoftwareVault::open(Path::new(&folder))
                .map(|keys| Arc::new(Self(keys)))
                .map_err(|_| {
                    HomeroundError::refused("folder", "a folder that can be made and written")
                })
        })
    }
}

#[uniffi::export]
impl KeyVault for SoftwareVault {
    /// Encrypts under the label's key.
    fn wrap(&self, label: String, plaintext: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        Ok(vault::KeyVault::wrap(&self.0, &label, &plaintext)?)
    }

    /// Decrypts what `wrap` gave under the same label.
    fn unwrap(&self, label: String, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        Ok(vault::KeyVault::unwrap(&self.0, &label, &wrapped)?)
    }

    /// A counter; 0 if it was never touched.
    fn counter_get(&self, label: String) -> Result<u64, KeyVaultError> {
        Ok(vault::KeyVault::counter_get(&self.0, &label)?)
    }

    /// Adds one and answers the new figure.
    fn counter_increment(&self, label: String) -> Result<u64, KeyVaultError> {
        Ok(vault::KeyVault::counter_increment(&self.0, &label)?)
    }

    /// Sets a counter.
    fn counter_set(&self, label: String, value: u64) -> Result<(), KeyVaultError> {
        Ok(vault::KeyVault::counter_set(&self.0, &label, value)?)
    }

    /// Keeps a small secret of at most 64 bytes, replacing the last one.
    fn store(&self, label: String, secret: Vec<u8>) -> Result<(), KeyVaultError> {
        Ok(vault::KeyVault::store(&self.0, &label, &secret)?)
    }

    /// Reads a small secret; none if there is none.
    fn load(&self, label: String) -> Result<Option<Vec<u8>>, KeyVaultError> {
        Ok(vault::KeyVault::load(&self.0, &label)?)
    }

    /// Destroys key, counter and secret of a label; no error if there is none.
    fn destroy(&self, label: String) -> Result<(), KeyVaultError> {
        Ok(vault::KeyVault::destroy(&self.0, &label)?)
    }
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum TokenError {
    /// The person has to sign in.
    #[error("sign in again")]
    SignIn,
    /// The source can't be reached now.
    #[error("token source not reachable")]
    Unavailable,
}

/// A source that throws something else can't be reached now.
impl From<uniffi::UnexpectedUniFFICallbackError> for TokenError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

/// Gives access tokens. Asked only when the network is used.
#[uniffi::export(with_foreign)]
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// An access token. With `refresh`, a cached one will not do.
    async fn token(&self, refresh: bool) -> Result<String, TokenError>;
}

/// The shell's tokens as the core sees them.
#[derive(Clone)]
pub(crate) struct Tokens(pub(crate) Arc<dyn TokenSource>);

impl sync::TokenSource for Tokens {
    async fn token(&self, refresh: bool) -> Result<AccessToken, TokenFault> {
        match self.0.token(refresh).await {
            Ok(token) => Ok(AccessToken::new(token)),
            Err(TokenError::SignIn) => Err(TokenFault::SignIn),
            Err(TokenError::Unavailable) => Err(TokenFault::Unavailable),
        }
    }
}

/// A header of a request.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HttpHeader {
    /// Lower case.
    pub name: String,
    /// Its value. `authorization` holds a token: never log it.
    pub value: String,
}

/// A request for the platform's own HTTP.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HttpRequest {
    /// As in `POST`.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Headers, the token's among them.
    pub headers: Vec<HttpHeader>,
    /// Body; empty for none.
    pub body: Vec<u8>,
    /// Milliseconds after which it is to be given up.
    pub timeout_ms: u64,
    /// Most bytes of an answer's body; more is a failure, not a truncation.
    pub answer_bytes_max: u64,
}

/// What came back, whatever its status. Redirects are not to be followed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers; `retry-after` and `upload-offset` are read.
    pub headers: Vec<HttpHeader>,
    /// Body.
    pub body: Vec<u8>,
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum HttpError {
    /// No network, no such host, nobody listening.
    #[error("no connection")]
    Unreachable,
    /// It took too long.
    #[error("timed out")]
    Timeout,
    /// The connection broke on the way.
    #[error("connection broke")]
    Broken,
    /// The other end is not who it should be.
    #[error("server not trusted")]
    Untrusted,
    /// The answer is larger than the request allows.
    #[error("answer too large")]
    TooLarge,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for HttpError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Broken
    }
}

impl From<HttpError> for TransportFault {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unreachable => Self::Unreachable,
            HttpError::Timeout => Self::Timeout,
            HttpError::Broken => Self::Broken,
            HttpError::Untrusted => Self::Untrusted,
            HttpError::TooLarge => Self::TooLarge,
        }
    }
}

/// The platform's own HTTP, for shells that need one; the core has its own.
#[uniffi::export(with_foreign)]
#[async_trait]
pub trait HttpTransport: Send + Sync {
    /// Sends one request. Any status is an answer.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// The core's own HTTP, or the platform's.
#[derive(Clone)]
pub(crate) enum Radio {
    Own(Http),
    Platform(Arc<dyn HttpTransport>, String),
}

/// What we call ourselves.
const USER_AGENT: &str = concat!("homeround/", env!("CARGO_PKG_VERSION"));

impl Radio {
    pub(crate) fn new(
        base_url: &str,
        platform: Option<Arc<dyn HttpTransport>>,
    ) -> Result<Self, HomeroundError> {
        // Checked either way: plain http is for loopback addresses alone.
        let own = Http::new(&HttpConfig {
            base_url: base_url.into(),
            trust: Trust::default(),
            user_agent: USER_AGENT.into(),
        });
        let limit = "an https:// address without user, query and fragment";
        let own = own.map_err(|_| HomeroundError::refused("backend_url", limit))?;
        Ok(match platform {
            Some(platform) => Self::Platform(platform, base_url.trim_end_matches('/').into()),
            None => Self::Own(own),
        })
    }
}

/// A request of the protocol as any HTTP client sends it.
pub(crate) fn as_http(base: &str, request: Request, token: Option<&AccessToken>) -> HttpRequest {
    let mut headers = vec![
        header("user-agent", USER_AGENT),
        header(wire::PROTOCOL_HEADER, &wire::PROTOCOL.to_string()),
        header("content-type", wire::MEDIA_TYPE),
        header("accept", wire::MEDIA_TYPE),
    ];
    headers.extend(token.map(bearer));
    HttpRequest {
        method: match request.method {
            Method::Get => "GET".into(),
            Method::Post => "POST".into(),
        },
        url: format!("{base}{}", request.path),
        headers,
        body: request.body,
        timeout_ms: request.timeout_ms,
        answer_bytes_max: request.answer_max as u64,
    }
}

/// The answer as the engine reads it.
pub(crate) fn from_http(response: HttpResponse, sent: u64) -> Response {
    let retry_after = header_of(&response.headers, "retry-after");
    let retry_after_ms =
        retry_after.and_then(|value| value.parse::<u64>().ok()?.checked_mul(1_000));
    Response {
        status: response.status,
        retry_after_ms,
        traffic: sync::Traffic {
            up: sent,
            down: response.body.len() as u64,
            ..sync::Traffic::default()
        },
        body: response.body,
    }
}

fn header(name: &str, value: &str) -> HttpHeader {
    HttpHeader {
        name: name.into(),
        value: value.into(),
    }
}

fn bearer(token: &AccessToken) -> HttpHeader {
    header("authorization", &format!("Bearer {}", token.as_str()))
}

fn header_of<'h>(headers: &'h [HttpHeader], name: &str) -> Option<&'h str> {
    let found = headers
        .iter()
        .find(|one| one.name.eq_ignore_ascii_case(name));
    found.map(|one| one.value.as_str())
}

/// Waits for the platform no longer than it was told that it may take.
async fn patient(
    platform: &Arc<dyn HttpTransport>,
    request: HttpRequest,
) -> Result<HttpResponse, Lost> {
    let patience = Duration::from_millis(request.timeout_ms);
    let most = request.answer_bytes_max;
    match tokio::time::timeout(patience, platform.send(request)).await {
        Ok(Ok(answer)) if answer.body.len() as u64 > most => Err(TransportFault::TooLarge.into()),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(TransportFault::from(error).into()),
        Err(_) => Err(TransportFault::Timeout.into()),
    }
}

impl sync::Transport for Radio {
    async fn send(&self, request: Request, token: Option<&AccessToken>) -> Result<Response, Lost> {
        match self {
            Self::Own(http) => http.send(request, token).await,
            Self::Platform(platform, base) => {
                let request = as_http(base, request, token);
                let sent = request.body.len() as u64;
                Ok(from_http(patient(platform, request).await?, sent))
            }
        }
    }
}

impl AttachmentTransport for Radio {
    async fn exchange(
        &self,
        address: &AttachmentAddress,
        device: DeviceId,
        request: AttachmentRequest,
        token: &AccessToken,
    ) -> Result<AttachmentResponse, Lost> {
        let (platform, base) = match self {
            Self::Own(http) => return http.exchange(address, device, request, token).await,
            Self::Platform(platform, base) => (platform, base),
        };
        let parts = request.http(address, device);
        let mut headers: Vec<HttpHeader> = parts
            .headers
            .iter()
            .map(|(name, value)| header(name, value))
            .collect();
        headers.extend([header("user-agent", USER_AGENT), bearer(token)]);
        let request = HttpRequest {
            method: parts.method.into(),
            url: format!("{base}{}", parts.path),
            headers,
            body: parts.body,
            timeout_ms: sync::REQUEST_TIMEOUT_MS,
            answer_bytes_max: wire::ATTACHMENT_PART_BYTES_MAX as u64,
        };
        let answer = patient(platform, request).await?;
        let offset = header_of(&answer.headers, "upload-offset");
        Ok(AttachmentResponse {
            status: answer.status,
            offset: offset.and_then(|value| value.parse().ok()),
            body: answer.body,
        })
    }
}
