//! Access tokens, signed by the issuer's own key after they were altered.

use ed25519_dalek::{Signer as _, SigningKey};
use homeround::model::Millis;
use homeround_server::auth::Verifier;
use homeround_server::auth::issuer::{DevelopmentIssuer, ISSUER};
use homeround_server::auth::jwks::Keys;
use homeround_server::auth::jwt::Expected;
use serde_json::json;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::super::dice::{Dice, havoc};
use super::{Door, Outcome, json};

const SEED: [u8; 32] = [41; 32];
const NOW: Millis = Millis(1_795_341_600_000);
/// Stands between the parts of an input that is signed here; else it is a token.
const SPLIT: u8 = 0;

pub(crate) struct Tokens {
    runtime: Runtime,
    verifier: Verifier,
    issuer: DevelopmentIssuer,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        let issuer = DevelopmentIssuer::new(&Zeroizing::new(SEED), "homeround", "tid");
        let expected = Expected {
            issuer: ISSUER.into(),
            audience: "homeround".into(),
            tenant_claim: "tid".into(),
        };
        let keys = Keys::fixed(issuer.key_set().expect("the issuer's own key"));
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime"),
            verifier: Verifier::new(expected, keys),
            issuer,
        }
    }
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(word);
        for at in 0..=group.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]));
        }
    }
    text
}

/// A token of an input: header, zero byte, claims; signed.
fn token_of(input: &[u8]) -> String {
    let Some(at) = input.iter().position(|byte| *byte == SPLIT) else {
        return String::from_utf8_lossy(input).into_owned();
    };
    let signed = format!(
        "{}.{}",
        base64url(&input[..at]),
        base64url(&input[at + 1..])
    );
    let signature = SigningKey::from_bytes(&SEED)
        .sign(signed.as_bytes())
        .to_bytes();
    format!("{signed}.{}", base64url(&signature))
}

impl Door for Tokens {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let header = |alg: &str| json!({ "alg": alg, "typ": "JWT", "kid": "development" });
        let claims = json!({
            "iss": ISSUER, "aud": ["homeround"], "sub": "nina", "tid": "willow",
            "iat": NOW.0 / 1000, "nbf": NOW.0 / 1000, "exp": NOW.0 / 1000 + 3600,
        });
        let mut seeds = vec![
            self.issuer
                .mint("willow", "nina", NOW, 3_600_000)
                .into_bytes(),
        ];
        for alg in ["EdDSA", "none", "HS256", "RS256"] {
            seeds.push(format!("{}\0{claims}", header(alg)).into_bytes());
        }
        seeds
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let Some(at) = input.iter().position(|byte| *byte == SPLIT) else {
            let mut raw = input.to_vec();
            havoc(dice, &mut raw, other);
            return raw;
        };
        let (mut header, mut claims) = (input[..at].to_vec(), input[at + 1..].to_vec());
        let part = if dice.once_in(4) {
            &mut header
        } else {
            &mut claims
        };
        *part = json::mutate(dice, part, other);
        [header.as_slice(), &[SPLIT], &claims].concat()
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let token = token_of(input);
        match self.runtime.block_on(self.verifier.verify(&token, NOW)) {
            Err(error) => Outcome::refused(error.code()),
            // A token that holds must hold until a time that is not past.
            Ok(claims) => Outcome::judged("claims", claims.expires.plus(60_000) > NOW),
        }
    }
}
