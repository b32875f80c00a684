//! The issuer's public keys: fetched when first needed, kept, and fetched
//! again when a token names a key that is not among them, not too often.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use homeround::model::Millis;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Least time between two fetches: a flood of tokens with made-up key names
/// costs the issuer one request in this time.
pub const REFETCH_MS: i64 = 30_000;
/// Keys older than this are fetched again before they are used.
pub const KEYS_AGE_MAX_MS: i64 = 12 * 60 * 60 * 1000;
/// Most bytes of a key set.
pub const KEYS_BYTES_MAX: usize = 256 * 1024;
/// Most keys of a set.
pub const KEYS_MAX: usize = 64;
/// How long a fetch may take.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysError {
    /// The issuer has no such key.
    Unknown,
    /// The key is for another algorithm.
    Algorithm,
    /// The issuer does not answer.
    Unreachable,
}

/// Where keys come from.
pub enum Source {
    /// A fixed set: the built-in issuer's own.
    Fixed(JwkSet),
    /// Fetched from this address.
    Url(String),
    /// The address is in the issuer's discovery document.
    Discovery(String),
}

/// The issuer's keys.
pub struct Keys {
    source: Source,
    /// There when keys are fetched.
    client: Option<reqwest::Client>,
    cached: Mutex<Cached>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cached {
    keys: Arc<HashMap<Option<String>, Vec<Known>>>,
    fetched: Option<Millis>,
    tried: Option<Millis>,
}

#[derive(Clone)]
struct Known {
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Discovery {
    jwks_uri: String,
}

impl Keys {
    /// A fixed set.
    #[must_use]
    pub fn fixed(set: JwkSet) -> Self {
        Self::over(Source::Fixed(set), None)
    }

    /// Keys at an address, fetched when first asked for. The system's trust
    /// store decides whom to believe.
    ///
    /// # Errors
    /// [`KeysError::Unreachable`] when TLS can't be set up.
    pub fn at(source: Source) -> Result<Self, KeysError> {
        // Installed already is as good as installed now.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| KeysError::Unreachable)?;
        Ok(Self::over(source, Some(client)))
    }

    fn over(source: Source, client: Option<reqwest::Client>) -> Self {
        Self {
            source,
            client,
            cached: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// The key that a token names, if it is for this algorithm.
    ///
    /// # Errors
    /// [`KeysError`].
    pub async fn find(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: Millis,
    ) -> Result<DecodingKey, KeysError> {
        if self.is_stale(now) {
            // Old keys still serve while the issuer is down.
            let _ = self.fetch(now).await;
        }
        match self.pick(kid, algorithm) {
            Err(KeysError::Unknown) => {
                self.fetch(now).await?;
                self.pick(kid, algorithm)
            }
            found => found,
        }
    }

    fn is_stale(&self, now: Millis) -> bool {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        cached
            .fetched
            .is_none_or(|at| now.0.saturating_sub(at.0) > KEYS_AGE_MAX_MS)
    }

    fn pick(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, KeysError> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let named = match kid {
            Some(_) => cached.keys.get(&kid.map(str::to_owned)).cloned(),
            // A token that names no key: right when the set leaves no choice.
            None => match cached.keys.values().flatten().collect::<Vec<_>>()[..] {
                [only] => Some(vec![only.clone()]),
                _ => cached.keys.get(&None).cloned(),
            },
        };
        let named = named.ok_or(KeysError::Unknown)?;
        let fits = named.iter().find(|known| known.algorithm == algorithm);
        fits.map(|known| known.key.clone())
            .ok_or(KeysError::Algorithm)
    }

    async fn fetch(&self, now: Millis) -> Result<(), KeysError> {
        let _one_at_a_time = self.fetching.lock().await;
        {
            let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
            let lately =
                |at: Option<Millis>| at.is_some_and(|at| (now.0 - at.0).abs() < REFETCH_MS);
            if lately(cached.tried) {
                let failed = cached.fetched.is_none();
                return if failed {
                    Err(KeysError::Unreachable)
                } else {
                    Ok(())
                };
            }
            cached.tried = Some(now);
        }
        let set = self.load().await.ok_or(KeysError::Unreachable)?;
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        cached.keys = Arc::new(usable(&set));
        cached.fetched = Some(now);
        Ok(())
    }

    async fn load(&self) -> Option<JwkSet> {
        let url = match &self.source {
            Source::Fixed(set) => return Some(set.clone()),
            Source::Url(url) => url.clone(),
            Source::Discovery(issuer) => {
                let base = issuer.trim_end_matches('/');
                let address = format!("{base}/.well-known/openid-configuration");
                let document = self.get(&address).await?;
                serde_json::from_slice::<Discovery>(&document)
                    .ok()?
                    .jwks_uri
            }
        };
        serde_json::from_slice(&self.get(&url).await?).ok()
    }

    async fn get(&self, url: &str) -> Option<Vec<u8>> {
        let request = self.client.as_ref()?.get(url).timeout(FETCH_TIMEOUT).send();
        let mut response = request.await.ok()?.error_for_status().ok()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            if body.len() + chunk.len() > KEYS_BYTES_MAX {
                return None;
            }
            body.extend_from_slice(&chunk);
        }
        Some(body)
    }
}

/// The keys of a set that sign with an accepted algorithm, by name. The
/// algorithm follows from the key's own kind, never from a token.
fn usable(set: &JwkSet) -> HashMap<Option<String>, Vec<Known>> {
    let mut keys: HashMap<Option<String>, Vec<Known>> = HashMap::new();
    for jwk in set.keys.iter().take(KEYS_MAX) {
        if let Some(algorithm) = algorithm_of(jwk)
            && let Ok(key) = DecodingKey::from_jwk(jwk)
        {
            let known = Known { algorithm, key };
            keys.entry(jwk.common.key_id.clone())
                .or_default()
                .push(known);
        }
    }
    keys
}

fn algorithm_of(jwk: &Jwk) -> Option<Algorithm> {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(curve) => {
            (curve.curve == EllipticCurve::P256).then_some(Algorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) => {
            (pair.curve == EllipticCurve::Ed25519).then_some(Algorithm::EdDSA)
        }
        _ => None,
    }
}
