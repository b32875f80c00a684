//! Whose token it is, whose device it is.

use homeround::sync::{Block, SyncState};
use homeround::wire;
use homeround_tests::stage::raw::{self, Answer};
use homeround_tests::stage::{Backend, Device, Office, Stage, TENANT, tokens, vitals};
use serde_json::{Value, json};

const HOUR_MS: i64 = 3_600_000;
const ROUTER: &str = include_str!("../../../server/src/http/mod.rs");
const OFFICE_ROUTES: &str = include_str!("../../../server/src/http/office.rs");
const ATTACHMENT_ROUTES: &str = include_str!("../../../server/src/http/attachments.rs");

/// The calls about an attachment's bytes; `HEAD`, whose answers have no body, is asked apart.
const BYTES: [(&str, &str); 3] = [("POST", ADDRESS), ("PATCH", ADDRESS), ("GET", ADDRESS)];
const ADDRESS: &str = concat!(
    "/v1/attachments/{id}/",
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
);
/// The phone's calls.
const PHONE: [(&str, &str); 7] = [
    ("POST", wire::DEVICES),
    ("POST", wire::PUSH),
    ("POST", wire::PULL),
    ("POST", wire::RECEIPTS),
    ("POST", wire::BEACON),
    ("POST", wire::BREAK_GLASS),
    ("GET", wire::LIVE),
];
/// The office's calls.
const OFFICE: [(&str, &str); 18] = [
    ("POST", "/v1/admin/import"),
    ("GET", "/v1/admin/visits/{id}/fhir"),
    ("GET", "/v1/admin/plans/{id}/adherence?from_ms=0&until_ms=1"),
    ("GET", "/v1/admin/people"),
    ("POST", "/v1/admin/people"),
    ("GET", "/v1/admin/patients"),
    ("POST", "/v1/admin/bookings"),
    ("GET", "/v1/admin/duplicates"),
    ("POST", "/v1/admin/grants"),
    ("POST", "/v1/admin/grants/end"),
    ("GET", "/v1/admin/rejected"),
    ("GET", "/v1/admin/receipts"),
    ("GET", "/v1/admin/audit"),
    ("GET", "/v1/admin/audit/verify"),
    ("GET", "/v1/admin/devices"),
    ("POST", "/v1/admin/devices/{id}/revoke"),
    ("GET", "/v1/admin/documents/visit/{id}"),
    ("POST", "/v1/admin/escrow"),
];

/// Sends a call with this token and a body that would be looked at next.
fn call(backend: &Backend, (method, path): (&str, &str), token: Option<&str>) -> Answer {
    let protocol = wire::PROTOCOL.to_string();
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![
        (wire::PROTOCOL_HEADER, protocol.as_str()),
        ("content-type", wire::MEDIA_TYPE),
    ];
    if let Some(bearer) = &bearer {
        headers.push(("authorization", bearer));
    }
    let path = path.replace("{id}", "0192f000-0000-7000-8000-000000000001");
    raw::send(backend.address(), method, &path, &headers, b"{}")
}

/// Every bad token with what it must be answered.
fn bad_tokens(backend: &Backend) -> Vec<(Option<String>, u16, &'static str)> {
    let (good, seed) = backend.claims("nina");
    let with = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        tokens::eddsa(&seed, "development", &claims)
    };
    let hour_ago = good["iat"].as_i64().unwrap() - 3_600;
    let public = backend.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
    let hs256 = tokens::hs256(public.as_bytes(), "development", &good);
    let forged = tokens::eddsa(&[9; 32], "development", &good);
    let stranger = tokens::eddsa(&[9; 32], "another", &good);
    let whole = tokens::eddsa(&seed, "development", &good);
    let altered = whole.replacen(|_: char| true, "f", 1);
    let token = |text: String, status, code| (Some(text), status, code);
    vec![
        (None, 401, "token_missing"),
        token("no.token.atall".into(), 401, "token_invalid"),
        token(altered, 401, "token_invalid"),
        token(with("exp", json!(hour_ago)), 401, "token_expired"),
        token(with("nbf", json!(hour_ago + 7_200)), 401, "token_not_yet"),
        token(with("aud", json!("payroll")), 401, "wrong_audience"),
        token(
            with("iss", json!("https://evil.example")),
            401,
            "wrong_issuer",
        ),
        token(hs256, 401, "wrong_algorithm"),
        token(tokens::unsigned(&good), 401, "wrong_algorithm"),
        token(forged, 401, "token_invalid"),
        token(stranger, 401, "token_key_unknown"),
        token(with("tid", json!("nowhere")), 403, "tenant_unknown"),
        token(with("tid", json!("elm-street")), 403, "person_unknown"),
        token(with("sub", json!("nobody")), 403, "person_unknown"),
    ]
}

#[test]
fn the_lists_of_calls_are_the_routers() {
    let count = |source: &str| source.matches(".route(").count();
    // Three probes beside the phone's calls; two methods under one address.
    assert_eq!(count(ROUTER), PHONE.len() + 3);
    assert_eq!(count(OFFICE_ROUTES), OFFICE.len() - 1);
    // One address; `OPTIONS` tells the protocol to anyone.
    assert_eq!(count(ATTACHMENT_ROUTES), 1);
    let table = ATTACHMENT_ROUTES.split("let calls = ").nth(1).unwrap();
    let table: String = table
        .split(';')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(
        table,
        "post(begin).head(offset).patch(append).get(fetch).options(offers)"
    );
}

#[test]
fn every_call_refuses_every_bad_token_with_its_code() {
    let stage = Stage::set();
    stage.backend.add_tenant("elm-street");
    let before = stage.office().audit("person_put").len();
    for (token, status, code) in bad_tokens(&stage.backend) {
        let head = call(&stage.backend, ("HEAD", ADDRESS), token.as_deref());
        assert_eq!(head.status, status, "HEAD: {code}");
        for endpoint in PHONE.into_iter().chain(OFFICE).chain(BYTES) {
            let answer = call(&stage.backend, endpoint, token.as_deref());
            let got = (answer.status, answer.code());
            assert_eq!(got, (status, code.to_owned()), "{endpoint:?}");
            assert!(!answer.remedy().is_empty(), "{endpoint:?}: {code}");
            let challenged = answer.head.contains("www-authenticate: bearer");
            assert_eq!(challenged, status == 401, "{endpoint:?}");
        }
    }
    assert_eq!(stage.office().audit("person_put").len(), before);
    // A good one is past the check: what is refused now is something else.
    let good = stage.backend.token("nina");
    for endpoint in PHONE.into_iter().take(6) {
        let answer = call(&stage.backend, endpoint, Some(&good));
        assert_eq!((answer.status, answer.code().as_str()), (400, "malformed"));
    }
}

#[test]
fn the_offices_calls_refuse_a_nurse() {
    let stage = Stage::set();
    let visit = stage.visit();
    let office = Office::of(&stage.backend, "nina");
    let good = json!({ "person": stage.nurse, "patient": stage.patients[0] });
    for path in ["/v1/admin/grants", "/v1/admin/grants/end"] {
        let answer = office.post(path, good.to_string().as_bytes());
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "role_missing")
        );
    }
    for (method, path) in OFFICE.iter().filter(|(method, _)| *method == "GET") {
        let path = path.replace("{id}", &visit.to_string());
        let answer = office.get(&path);
        let got = (answer.status, answer.code());
        assert_eq!(got, (403, "role_missing".into()), "{method} {path}");
    }
}

#[test]
fn another_tenants_office_sees_and_changes_nothing_here() {
    let stage = Stage::set();
    stage.backend.add_tenant("elm-street");
    let visit = stage.visit();
    let nina = stage.phone("nina");
    let token = stage.backend.token_for("elm-street", "office", HOUR_MS);
    let other = Office::with_token(&stage.backend, token);
    for list in ["patients", "devices", "rejected", "receipts"] {
        let rows = other.get(&format!("/v1/admin/{list}"));
        // Its backend's own device is all it has.
        let foreign =
            rows.json().as_array().unwrap().iter().any(|row| {
                row["id"] == json!(nina.device) || row["id"] == json!(stage.patients[0])
            });
        assert!(!foreign, "{list}");
    }
    for path in [
        format!("/v1/admin/documents/visit/{visit}"),
        format!("/v1/admin/visits/{visit}/fhir"),
    ] {
        let answer = other.get(&path);
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    }
    let answer = other.post(&format!("/v1/admin/devices/{}/revoke", nina.device), b"");
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    let stolen = json!({ "person": nina.person, "patient": stage.patients[0] });
    let answer = other.post("/v1/admin/grants", stolen.to_string().as_bytes());
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    nina.app().visit(visit).record_vitals(&vitals(70)).unwrap();
    assert_eq!(nina.sync(&stage.backend).accepted, 1);
}

#[test]
fn an_expired_login_stops_the_network_alone() {
    let stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    let handle = nina.app().visit(visit);
    handle.record_vitals(&vitals(70)).unwrap();
    let expired = stage.backend.token_for(TENANT, "nina", -2 * HOUR_MS);
    nina.tokens.set(expired);
    let report = nina.try_sync(&stage.backend);
    match &report.ended {
        SyncState::Blocked { action, code } => {
            assert_eq!(*action, Block::SignIn);
            assert!(!code.is_empty());
        }
        other => panic!("{other:?}"),
    }
    // Reading and work go on.
    handle.record_vitals(&vitals(71)).unwrap();
    assert_eq!(handle.read().unwrap().observations.len(), 2);
    assert_eq!(nina.unsent(), 2);
    assert!(stage.supervisor().visit(visit).observations.is_empty());
    nina.tokens.set(stage.backend.token("nina"));
    assert_eq!(nina.sync(&stage.backend).accepted, 2);
    assert_eq!(nina.unsent(), 0);
    stage.same_everywhere(visit, &[&nina]);
}

#[test]
fn a_revoked_device_gives_and_gets_nothing_and_keeps_its_work() {
    let stage = Stage::set();
    let visit = stage.visit();
    let nina = stage.phone("nina");
    let forger = Device::enrol(&stage.backend, "nina", 66);
    nina.app().visit(visit).record_vitals(&vitals(70)).unwrap();
    stage.office().revoke(nina.device);
    stage.office().revoke(forger.id);
    let report = nina.try_sync(&stage.backend);
    let blocked = SyncState::Blocked {
        action: Block::DeviceRevoked,
        code: "device_revoked".into(),
    };
    assert_eq!(report.ended, blocked);
    assert_eq!(report.pages, 0);
    let refused = forger.push(&[]).unwrap_err();
    assert_eq!(
        (refused.status, refused.code.as_str()),
        (403, "device_revoked")
    );
    assert_eq!(nina.unsent(), 1);
    assert!(stage.supervisor().visit(visit).observations.is_empty());
    assert_eq!(stage.office().audit("device_revoked").len(), 2);
    // The person goes on with another device.
    let next = stage.phone("nina");
    next.app().visit(visit).record_vitals(&vitals(71)).unwrap();
    assert_eq!(next.sync(&stage.backend).accepted, 1);
    assert_eq!(stage.supervisor().visit(visit).observations.len(), 1);
}
