//! A small issuer for development, the demo and tests.
//!
//! It vouches for whoever asks, so it can't be switched on by accident: the
//! configuration must say `auth.mode = "development"`, the listener must be
//! loopback, and the command line must carry `--development`
//! (`config::Config::check_development`).

use ed25519_dalek::{Signer as _, SigningKey};
use homeround::model::Millis;
use jsonwebtoken::jwk::JwkSet;
use serde_json::json;
use zeroize::Zeroizing;

/// `iss` of its tokens.
pub const ISSUER: &str = "https://issuer.homeround.invalid/development";
/// How long its tokens hold unless asked otherwise.
pub const TOKEN_TTL_MS: i64 = 8 * 60 * 60 * 1000;
/// The name of its only key.
const KEY_ID: &str = "development";

/// The issuer, with a key of its own that lives as long as the process.
pub struct DevelopmentIssuer {
    key: SigningKey,
    audience: String,
    tenant_claim: String,
}

impl DevelopmentIssuer {
    /// An issuer from 32 random bytes.
    #[must_use]
    pub fn new(seed: &Zeroizing<[u8; 32]>, audience: &str, tenant_claim: &str) -> Self {
        Self {
            key: SigningKey::from_bytes(seed),
            audience: audience.into(),
            tenant_claim: tenant_claim.into(),
        }
    }

    /// A token for this login of this tenant.
    #[must_use]
    pub fn mint(&self, tenant: &str, login: &str, now: Millis, ttl_ms: i64) -> String {
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": KEY_ID });
        let claims = json!({
            "iss": ISSUER,
            "aud": self.audience,
            "sub": login,
            self.tenant_claim.as_str(): tenant,
            "iat": now.0 / 1000,
            "exp": now.plus(ttl_ms).0 / 1000,
        });
        let signed = format!(
            "{}.{}",
            to_base64url(header.to_string().as_bytes()),
            to_base64url(claims.to_string().as_bytes())
        );
        let signature = self.key.sign(signed.as_bytes()).to_bytes();
        format!("{signed}.{}", to_base64url(&signature))
    }

    /// Its key set, as an issuer publishes it.
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        json!({ "keys": [{
            "kty": "OKP",
            "crv": "Ed25519",
            "kid": KEY_ID,
            "alg": "EdDSA",
            "use": "sig",
            "x": to_base64url(self.key.verifying_key().as_bytes()),
        }]})
    }

    /// Its key set, parsed.
    ///
    /// # Errors
    /// Never for a set that [`Self::jwks`] wrote; the type says so all the same.
    pub fn key_set(&self) -> Result<JwkSet, serde_json::Error> {
        serde_json::from_value(self.jwks())
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 with the alphabet of URLs and no padding (RFC 4648, section 5).
pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut word = [0_u8; 3];
        word[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, word[0], word[1], word[2]]);
        for index in 0..=group.len() {
            let six = (bits >> (18 - 6 * index)) & 63;
            text.push(char::from(ALPHABET[six as usize]));
        }
    }
    text
}

/// Reads [`to_base64url`] back.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let six = ALPHABET.iter().position(|known| *known == letter)?;
        bits = (bits << 6) | u32::try_from(six).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 255).ok()?);
        }
    }
    Some(bytes)
}
