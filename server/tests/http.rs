//! The HTTP face over a real loopback socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use std::time::Duration;

use homeround::model::{DocumentId, Role};
use homeround::wire::{self, Ack, Beacon, Page, PushResponse};
use homeround_server::auth::issuer::ISSUER;
use homeround_server::auth::jwks::Keys;
use homeround_server::auth::jwt::Verifier;
use homeround_server::config::Server;
use serde_json::{Value, json};
use support::site::*;
use support::*;

#[tokio::test]
async fn two_phones_converge_over_http_and_a_replay_is_a_duplicate() {
    let site = Site::start().await;
    let mut nurse = site.phone("nina", Role::Nurse, 1).await;
    let mut aide = site.phone("abe", Role::Aide, 2).await;
    let patient = site.world.patient(1).await;
    let people = [nurse.caller.person, aide.caller.person];
    let visit = DocumentId::visit(site.world.book(patient, &people, NOW.0).await);
    site.sync(&mut nurse, "nina").await;
    site.sync(&mut aide, "abe").await;
    nurse.edit(visit, &[pulse(&nurse, 70)]);
    aide.edit(visit, &[pulse(&aide, 80)]);
    for (phone, login) in [(&mut nurse, "nina"), (&mut aide, "abe")] {
        let request = phone.push_request();
        for expected in ["accepted", "duplicate"] {
            let answer: PushResponse = site
                .call(wire::PUSH, &site.token(login), &request)
                .await
                .unwrap();
            assert_eq!(codes(&flat(answer)), [expected]);
        }
    }
    site.sync(&mut nurse, "nina").await;
    site.sync(&mut aide, "abe").await;
    assert_eq!(nurse.view(visit), aide.view(visit));
    assert_eq!(
        nurse.view(visit)["observations"].as_object().unwrap().len(),
        2
    );
    let figures = site.client.get(site.url("/metrics")).send().await.unwrap();
    let figures = figures.text().await.unwrap();
    assert!(figures.contains("homeround_changes_total{code=\"\",verdict=\"accepted\"} 2"));
    assert!(figures.contains("route=\"/v1/sync/push\""));
    assert!(!figures.contains(&patient.to_string()));
}

#[tokio::test]
async fn unknown_devices_and_forged_signatures_are_403_with_their_codes() {
    let site = Site::start().await;
    let mut phone = site.phone("nina", Role::Nurse, 1).await;
    let token = site.token("nina");
    let mut request = phone.push_request();
    request.signature[3] ^= 1;
    let refused = site
        .call::<_, PushResponse>(wire::PUSH, &token, &request)
        .await;
    let (status, failure) = refused.unwrap_err();
    assert_eq!((status, failure.code.as_str()), (403, "signature_invalid"));
    phone.device = [8; 16];
    assert_eq!(
        verdict_on(&site, &token, &phone).await,
        (403, "device_unknown".into())
    );
}

#[tokio::test]
async fn bodies_that_are_too_large_or_inflate_without_end_are_413() {
    let site = Site::start().await;
    let _phone = site.phone("nina", Role::Nurse, 1).await;
    let token = site.token("nina");
    let oversized = vec![0_u8; wire::PUSH_BYTES_MAX + 1];
    let (status, failure) = read::<PushResponse>(site.post(wire::PUSH, &token, oversized))
        .await
        .unwrap_err();
    assert_eq!((status, failure.code.as_str()), (413, "too_large"));
    // 512 MiB of zeros in some 16 KiB.
    let bomb = zstd::bulk::compress(&vec![0_u8; 512 * 1024 * 1024], 3).unwrap();
    assert!(bomb.len() < wire::PUSH_BYTES_MAX);
    let (status, failure) = read::<PushResponse>(site.post(wire::PUSH, &token, bomb))
        .await
        .unwrap_err();
    assert_eq!((status, failure.code.as_str()), (413, "too_large"));
    let rubbish = site.post(wire::PUSH, &token, b"rubbish".to_vec());
    let (status, failure) = read::<PushResponse>(rubbish).await.unwrap_err();
    assert_eq!((status, failure.code.as_str()), (400, "malformed"));
}

#[tokio::test]
async fn another_protocol_is_409_and_another_media_type_400() {
    let site = Site::start().await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    let body = wire::seal_body(&phone.pull_request(0)).unwrap();
    let token = site.token("nina");
    let newer = site.client.post(site.url(wire::PULL)).bearer_auth(&token);
    let newer = newer
        .header("content-type", wire::MEDIA_TYPE)
        .header(wire::PROTOCOL_HEADER, "2")
        .body(body.clone());
    let (status, failure) = read::<Page>(newer).await.unwrap_err();
    assert_eq!((status, failure.code.as_str()), (409, "protocol"));
    let json = site.client.post(site.url(wire::PULL)).bearer_auth(&token);
    let json = json.header(wire::PROTOCOL_HEADER, "1").body(body);
    let (status, failure) = read::<Page>(json).await.unwrap_err();
    assert_eq!((status, failure.field.as_str()), (400, "content-type"));
}

#[tokio::test]
async fn the_live_stream_pokes_who_is_concerned_and_ends_at_shutdown() {
    let mut site = Site::start().await;
    let mut nurse = site.phone("nina", Role::Nurse, 1).await;
    let aide = site.phone("abe", Role::Aide, 2).await;
    let patient = site.world.patient(1).await;
    let people = [nurse.caller.person, aide.caller.person];
    let visit = DocumentId::visit(site.world.book(patient, &people, NOW.0).await);
    site.sync(&mut nurse, "nina").await;
    let listen = |login: &str| {
        site.client
            .get(site.url(wire::LIVE))
            .bearer_auth(site.token(login))
            .header(wire::PROTOCOL_HEADER, "1")
            .send()
    };
    let mut stream = listen("abe").await.unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(site.hub.listeners(), 1);
    nurse.edit(visit, &[pulse(&nurse, 70)]);
    let request = nurse.push_request();
    let token = site.token("nina");
    let _: PushResponse = site.call(wire::PUSH, &token, &request).await.unwrap();
    let chunk = tokio::time::timeout(Duration::from_secs(5), stream.chunk()).await;
    let text = String::from_utf8(chunk.unwrap().unwrap().unwrap().to_vec()).unwrap();
    assert_eq!(text, "event: news\ndata: {}\n\n");
    site.stop.take().unwrap().send(()).unwrap();
    let end = tokio::time::timeout(Duration::from_secs(5), stream.chunk()).await;
    assert!(
        matches!(end, Ok(Ok(None) | Err(_))),
        "the stream outlived the server"
    );
    let served = tokio::time::timeout(Duration::from_secs(5), site.served).await;
    served.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn the_office_books_and_reads_in_json_with_errors_that_name_the_field() {
    let site = Site::start().await;
    let nurse = site.phone("nina", Role::Nurse, 1).await;
    let patient = site.world.patient(1).await;
    let office = site.token("dana");
    let post = |path: &str, token: &str, body: &Value| {
        let request = site.client.post(site.url(path)).bearer_auth(token);
        request.body(body.to_string()).send()
    };
    let mut booking = json!({
        "patient": patient, "assignees": [nurse.caller.person], "start_ms": NOW.0,
        "end_ms": NOW.0 + HOUR, "service": { "text": "Nursing" }, "time_zone": "Nowhere/Land",
        "tasks": [{ "title": "Wound care" }],
    });
    let refused = post("/v1/admin/bookings", &office, &booking).await.unwrap();
    assert_eq!(refused.status(), 400);
    let failure: Value = serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (failure["code"].as_str(), failure["field"].as_str()),
        (Some("refused"), Some("time_zone"))
    );
    booking["time_zone"] = json!(ZONE);
    let denied = post("/v1/admin/bookings", &site.token("nina"), &booking)
        .await
        .unwrap();
    assert_eq!(denied.status(), 403);
    let booked = post("/v1/admin/bookings", &office, &booking).await.unwrap();
    assert_eq!(booked.status(), 201);
    let booked: Value = serde_json::from_slice(&booked.bytes().await.unwrap()).unwrap();
    let visit = booked["visit"].as_str().unwrap().to_owned();
    let get = |path: String| {
        let request = site.client.get(site.url(&path)).bearer_auth(&office).send();
        async move {
            let response = request.await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            serde_json::from_slice::<Value>(&response.bytes().await.unwrap()).unwrap()
        }
    };
    let document = get(format!("/v1/admin/documents/visit/{visit}")).await;
    assert_eq!(document["view"]["tasks"].as_object().unwrap().len(), 1);
    let bundle = get(format!("/v1/admin/visits/{visit}/fhir")).await;
    assert_eq!(bundle["resourceType"], "Bundle");
    for list in [
        "people", "patients", "rejected", "receipts", "audit", "devices",
    ] {
        assert!(get(format!("/v1/admin/{list}")).await.is_array());
    }
    assert_eq!(
        get("/v1/admin/audit/verify".into()).await["broken_at"],
        Value::Null
    );
    let cut = site
        .client
        .post(site.url("/v1/admin/import"))
        .bearer_auth(&office);
    let cut = cut
        .body(r#"{"resourceType":"Bundle","type":"collection","entry":[{"#)
        .send();
    let cut = cut.await.unwrap();
    assert_eq!(cut.status(), 400);
    let failure: Value = serde_json::from_slice(&cut.bytes().await.unwrap()).unwrap();
    assert_eq!(failure["code"], "import_truncated");
}

#[tokio::test]
async fn a_beacon_shows_the_office_who_is_stuck() {
    let site = Site::start().await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    let beacon = Beacon {
        device: phone.device.into(),
        oldest_unsent_ms: Some(2 * 24 * 3_600_000),
        pending: 7,
        quarantined: 1,
        version: "0.1.0".into(),
        last_error: Some("token_expired".into()),
    };
    let _: Ack = site
        .call(wire::BEACON, &site.token("nina"), &beacon)
        .await
        .unwrap();
    let devices = site
        .world
        .backend
        .devices(&site.world.office)
        .await
        .unwrap();
    let stuck = devices.iter().find(|device| device.pending == 7).unwrap();
    assert_eq!(stuck.last_error.as_deref(), Some("token_expired"));
    let figures = site.client.get(site.url("/metrics")).send().await.unwrap();
    let figures = figures.text().await.unwrap();
    assert!(figures.contains("homeround_devices_with_old_unsent_edits 1"));
}

#[tokio::test]
async fn more_requests_than_allowed_are_asked_to_come_back_and_probes_answer() {
    let issuer = development_issuer(AUDIENCE);
    let keys = Keys::fixed(issuer.key_set().unwrap());
    let limits = Server {
        requests_at_once: 1,
        ..Server::default()
    };
    let site = Site::start_with(Verifier::new(expected(ISSUER), keys), &limits).await;
    let phone = site.phone("nina", Role::Nurse, 1).await;
    // A request whose body never comes holds the only place.
    let mut slow = tokio::net::TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: {}\r\n{}: 1\r\ncontent-length: 100\r\n\r\n",
        wire::PULL,
        site.token("nina"),
        wire::MEDIA_TYPE,
        wire::PROTOCOL_HEADER,
    );
    tokio::io::AsyncWriteExt::write_all(&mut slow, head.as_bytes())
        .await
        .unwrap();
    let request = phone.pull_request(wire::PAGE_BYTES_DEFAULT);
    let mut refused = None;
    for _ in 0..100 {
        match site
            .call::<_, Page>(wire::PULL, &site.token("nina"), &request)
            .await
        {
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(failure) => {
                refused = Some(failure);
                break;
            }
        }
    }
    let (status, failure) = refused.unwrap();
    assert_eq!((status, failure.code.as_str()), (503, "busy"));
    assert!(failure.retry_after_ms.is_some());
    for probe in ["/healthz", "/readyz"] {
        let answer = site.client.get(site.url(probe)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}
