//! Access tokens: what is taken and what is not.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::routing::get;
use axum::{Json, Router};
use homeround::model::Role;
use homeround::wire::{self, Page};
use homeround_server::auth::issuer::{DevelopmentIssuer, ISSUER};
use homeround_server::auth::jwks::{Keys, Source};
use homeround_server::auth::jwt::Verifier;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use support::site::*;
use support::*;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

#[tokio::test]
async fn each_wrong_token_is_refused_with_its_own_code() {
    let site = Site::start().await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    let mint = |issuer: &DevelopmentIssuer, tenant: &str, login: &str, ttl| {
        issuer.mint(tenant, login, NOW, ttl)
    };
    let good = site.token("nina");
    let (start, end) = good.split_at(good.len() - 20);
    let other = if end.starts_with('x') { "y" } else { "x" };
    let forged = format!("{start}{other}{}", &end[1..]);
    let other_key = DevelopmentIssuer::new(&Zeroizing::new([9; 32]), AUDIENCE, "tid");
    let cases = [
        (good.clone(), 200, ""),
        (forged, 401, "token_invalid"),
        ("not-a-token".into(), 401, "token_invalid"),
        (
            mint(&other_key, "willow", "nina", MINUTE),
            401,
            "token_invalid",
        ),
        (
            mint(&site.issuer, "willow", "nina", -2 * MINUTE),
            401,
            "token_expired",
        ),
        (
            mint(&development_issuer("other"), "willow", "nina", MINUTE),
            401,
            "wrong_audience",
        ),
        (
            mint(&site.issuer, "oak", "nina", MINUTE),
            403,
            "tenant_unknown",
        ),
        (
            mint(&site.issuer, "willow", "nobody", MINUTE),
            403,
            "person_unknown",
        ),
    ];
    for (token, status, code) in cases {
        assert_eq!(
            verdict_on(&site, &token, &phone).await,
            (status, code.into())
        );
    }
    let request = wire::seal_body(&phone.pull_request(0)).unwrap();
    let bare = site.client.post(site.url(wire::PULL)).body(request);
    let (status, failure) = read::<Page>(bare).await.unwrap_err();
    assert_eq!((status, failure.code.as_str()), (401, "token_missing"));
    site.clock.0.fetch_add(12 * MINUTE, Ordering::Relaxed);
    assert_eq!(verdict_on(&site, &good, &phone).await.1, "token_expired");
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": [AUDIENCE, "another"], "sub": "nina", "tid": "willow",
        "exp": NOW.0 / 1000 + 600,
    })
}

fn unsigned(alg: &str) -> String {
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    format!(
        "{}.{}.",
        part(&json!({ "alg": alg, "typ": "JWT" })),
        part(&claims())
    )
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut word = [0_u8; 4];
        word[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(word);
        for index in 0..=group.len() {
            text.push(char::from(
                ALPHABET[((bits >> (18 - 6 * index)) & 63) as usize],
            ));
        }
    }
    text
}

#[tokio::test]
async fn an_unsigned_token_and_a_shared_secret_are_refused() {
    let site = Site::start().await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    let jwks = site.issuer.jwks();
    let public = jwks["keys"][0]["x"].as_str().unwrap();
    // The classic attack: the public key as the secret of an HMAC.
    let secret = EncodingKey::from_secret(public.as_bytes());
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("development".into());
    let shared = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
    for token in [
        unsigned("none"),
        unsigned("None"),
        unsigned("EdDSA"),
        shared,
    ] {
        let (status, code) = verdict_on(&site, &token, &phone).await;
        assert_eq!(status, 401);
        assert!(
            ["wrong_algorithm", "token_invalid"].contains(&code.as_str()),
            "{code}"
        );
    }
}

/// An issuer's key set on loopback, which a test may replace.
async fn key_server(keys: Arc<Mutex<Value>>, asked: Arc<AtomicUsize>) -> String {
    let answer = move || {
        let (keys, asked) = (keys.clone(), asked.clone());
        async move {
            asked.fetch_add(1, Ordering::Relaxed);
            Json(keys.lock().unwrap().clone())
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/keys", get(answer));
    tokio::spawn(async { axum::serve(listener, router).await });
    format!("http://{address}/keys")
}

fn public_half(pem: &[u8], algorithm: Algorithm, kid: &str) -> (EncodingKey, Value) {
    let key = match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem).unwrap(),
        _ => EncodingKey::from_rsa_pem(pem).unwrap(),
    };
    let mut jwk = Jwk::from_encoding_key(&key, algorithm).unwrap();
    jwk.common.key_id = Some(kid.into());
    (key, serde_json::to_value(&jwk).unwrap())
}

#[tokio::test]
async fn keys_are_fetched_kept_and_fetched_again_for_a_new_name_not_too_often() {
    let (rs, rs_public) = public_half(
        include_bytes!("keys/rs256.test.pem"),
        Algorithm::RS256,
        "old",
    );
    let (es, es_public) = public_half(
        include_bytes!("keys/es256.test.pem"),
        Algorithm::ES256,
        "new",
    );
    let keys = Arc::new(Mutex::new(json!({ "keys": [rs_public] })));
    let asked = Arc::new(AtomicUsize::new(0));
    let url = key_server(keys.clone(), asked.clone()).await;
    let source = Keys::at(Source::Url(url)).unwrap();
    let verifier = Verifier::new(expected(ISSUER), source);
    let token = |key: &EncodingKey, algorithm, kid: &str| {
        let mut header = Header::new(algorithm);
        header.kid = Some(kid.into());
        jsonwebtoken::encode(&header, &claims(), key).unwrap()
    };
    let old = token(&rs, Algorithm::RS256, "old");
    for _ in 0..5 {
        assert_eq!(verifier.verify(&old, NOW).await.unwrap().login, "nina");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    // The issuer changes its keys.
    *keys.lock().unwrap() = json!({ "keys": [es_public] });
    let new = token(&es, Algorithm::ES256, "new");
    let soon = verifier.verify(&new, NOW.plus(1_000)).await;
    assert_eq!(soon.unwrap_err().code(), "token_key_unknown");
    assert_eq!(asked.load(Ordering::Relaxed), 1, "asked again too soon");
    let later = NOW.plus(MINUTE);
    assert!(verifier.verify(&new, later).await.is_ok());
    assert_eq!(
        verifier.verify(&old, later).await.unwrap_err().code(),
        "token_key_unknown"
    );
    for number in 0..50 {
        let made_up = token(&es, Algorithm::ES256, &format!("made-up-{number}"));
        assert!(verifier.verify(&made_up, later).await.is_err());
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    // A token can't choose how a key is used.
    let confused = token(&rs, Algorithm::RS256, "new");
    assert_eq!(
        verifier.verify(&confused, later).await.unwrap_err().code(),
        "wrong_algorithm"
    );
}
