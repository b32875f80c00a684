//! Checks access tokens.

use homeround::model::Millis;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use super::jwks::{Keys, KeysError};

/// How far an issuer's clock may be off, either way.
pub const LEEWAY_MS: i64 = 60_000;
/// Most bytes of a token.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// The algorithms that are accepted, whatever a token or a key asks for: all
/// of them asymmetric, so that a public key can never serve as a shared secret.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// Why a token is not accepted. Each has a stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No bearer token came.
    #[error("no access token")]
    Missing,
    /// It is not a token, or its signature does not verify.
    #[error("the access token is invalid")]
    Invalid,
    /// Its algorithm is not on the list.
    #[error("the access token's algorithm is not accepted")]
    WrongAlgorithm,
    /// Its key is not among the issuer's.
    #[error("the access token's key is unknown")]
    UnknownKey,
    /// It ran out.
    #[error("the access token has expired")]
    Expired,
    /// It is not valid yet.
    #[error("the access token is not valid yet")]
    NotYet,
    /// It is for somebody else.
    #[error("the access token is for another audience")]
    WrongAudience,
    /// Somebody else issued it.
    #[error("the access token is from another issuer")]
    WrongIssuer,
    /// Its tenant is not here.
    #[error("the access token's tenant is unknown")]
    TenantUnknown,
    /// Its subject is not in the tenant's directory.
    #[error("the access token's subject is not in the directory")]
    PersonUnknown,
    /// The issuer's keys cannot be fetched now; try again later.
    #[error("the issuer's keys cannot be fetched")]
    IssuerUnreachable,
}

impl TokenError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Invalid => "token_invalid",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::UnknownKey => "token_key_unknown",
            Self::Expired => "token_expired",
            Self::NotYet => "token_not_yet",
            Self::WrongAudience => "wrong_audience",
            Self::WrongIssuer => "wrong_issuer",
            Self::TenantUnknown => "tenant_unknown",
            Self::PersonUnknown => "person_unknown",
            Self::IssuerUnreachable => "issuer_unreachable",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Missing => "send `authorization: Bearer <access token>`",
            Self::Invalid | Self::UnknownKey => "sign in again for a fresh access token",
            Self::WrongAlgorithm => "configure the issuer to sign with RS256, ES256 or EdDSA",
            Self::Expired => "sign in again or refresh the access token; unsent work is kept",
            Self::NotYet => "check the issuer's clock",
            Self::WrongAudience => "ask the issuer for a token for this backend's audience",
            Self::WrongIssuer => "use a token of the configured issuer",
            Self::TenantUnknown => {
                "check the tenant claim against `homeround-server init --tenant`"
            }
            Self::PersonUnknown => "have a coordinator add this login to the directory",
            Self::IssuerUnreachable => "try again; the operator should check auth.jwks_url",
        }
    }
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The tenant, by name or id.
    pub tenant: String,
    /// The subject: a login of the tenant's directory.
    pub login: String,
    /// When it runs out.
    pub expires: Millis,
}

/// Whom tokens must come from and whom they must be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// The claim that names the tenant.
    pub tenant_claim: String,
}

/// Checks tokens of one issuer.
pub struct Verifier {
    expected: Expected,
    keys: Keys,
}

#[derive(Deserialize)]
struct RawClaims {
    iss: Option<String>,
    aud: Option<Audience>,
    sub: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Verifier {
    /// Checks tokens against these keys.
    #[must_use]
    pub const fn new(expected: Expected, keys: Keys) -> Self {
        Self { expected, keys }
    }

    /// Checks a token at `now`.
    ///
    /// # Errors
    /// [`TokenError`] says which check failed.
    pub async fn verify(&self, token: &str, now: Millis) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let (algorithm, kid) = header(token)?;
        let key = self.keys.find(kid.as_deref(), algorithm, now).await;
        let key = key.map_err(|error| match error {
            KeysError::Unknown => TokenError::UnknownKey,
            KeysError::Algorithm => TokenError::WrongAlgorithm,
            KeysError::Unreachable => TokenError::IssuerUnreachable,
        })?;
        // The signature alone: the library would ask the wall clock.
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let raw = jsonwebtoken::decode::<RawClaims>(token, &key, &validation)
            .map_err(|_| TokenError::Invalid)?
            .claims;
        self.judge(raw, now)
    }

    fn judge(&self, raw: RawClaims, now: Millis) -> Result<Claims, TokenError> {
        if raw.iss.as_deref() != Some(&self.expected.issuer) {
            return Err(TokenError::WrongIssuer);
        }
        let wanted = &self.expected.audience;
        let meant = match &raw.aud {
            Some(Audience::One(audience)) => audience == wanted,
            Some(Audience::Many(audiences)) => audiences.contains(wanted),
            None => false,
        };
        if !meant {
            return Err(TokenError::WrongAudience);
        }
        let expires = instant(raw.exp.ok_or(TokenError::Invalid)?)?;
        if expires.plus(LEEWAY_MS) <= now {
            return Err(TokenError::Expired);
        }
        if let Some(from) = raw.nbf
            && instant(from)?.plus(-LEEWAY_MS) > now
        {
            return Err(TokenError::NotYet);
        }
        let tenant = raw.rest.get(&self.expected.tenant_claim);
        let tenant = tenant.and_then(|tenant| tenant.as_str());
        Ok(Claims {
            tenant: tenant.ok_or(TokenError::TenantUnknown)?.into(),
            login: raw.sub.ok_or(TokenError::Invalid)?,
            expires,
        })
    }
}

/// Seconds of a NumericDate as an instant; refuses what is no number of them.
fn instant(seconds: f64) -> Result<Millis, TokenError> {
    const YEAR_9999_S: f64 = 253_402_300_799.0;
    if !(0.0..=YEAR_9999_S).contains(&seconds) {
        return Err(TokenError::Invalid);
    }
    #[allow(clippy::cast_possible_truncation, reason = "bounded just above")]
    Ok(Millis((seconds * 1000.0) as i64))
}

fn header(token: &str) -> Result<(Algorithm, Option<String>), TokenError> {
    // `none` and unknown algorithms do not parse as a header of the library's.
    let header = jsonwebtoken::decode_header(token).map_err(|_| {
        if names_an_algorithm(token) {
            TokenError::WrongAlgorithm
        } else {
            TokenError::Invalid
        }
    })?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(TokenError::WrongAlgorithm);
    }
    Ok((header.alg, header.kid))
}

/// Whether the first part is a JSON object with an `alg`: then it is a token,
/// with an algorithm that is not accepted.
fn names_an_algorithm(token: &str) -> bool {
    let first = token.split('.').next().unwrap_or_default();
    let Some(json) = super::issuer::from_base64url(first) else {
        return false;
    };
    serde_json::from_slice::<serde_json::Value>(&json)
        .is_ok_and(|header| header.get("alg").is_some_and(serde_json::Value::is_string))
}
