//! The phone's other calls, made as no phone makes them.

use homeround::vault::Domain;
use homeround::wire::{
    self, Ack, Beacon, EnrolRequest, EnrolResponse, Page, PullRequest, Receipt, ReceiptsRequest,
};
use homeround_tests::stage::{Device, Refusal, START, Stage};

fn refusal(status: u16, code: &str) -> Refusal {
    Refusal {
        status,
        code: code.into(),
    }
}

fn pull(device: &Device, cursor: &[u8]) -> Result<Page, Refusal> {
    let request = PullRequest {
        device: (*device.id.bytes()).into(),
        cursor: cursor.to_vec().into(),
        bytes_max: wire::PAGE_BYTES_DEFAULT,
        today_ms: START.0,
    };
    device.call(wire::PULL, &request)
}

fn beacon(device: &Device) -> Result<Ack, Refusal> {
    let request = Beacon {
        device: (*device.id.bytes()).into(),
        oldest_unsent_ms: Some(1),
        pending: 2,
        quarantined: 0,
        version: "<b>Danglewood</b>".into(),
        last_error: None,
    };
    device.call(wire::BEACON, &request)
}

fn receipts(device: &Device, stage: &Stage, sound: bool) -> Result<Ack, Refusal> {
    let receipts = vec![Receipt {
        id: [9; 16].into(),
        patient: (*stage.patients[0].bytes()).into(),
        reason: "access_ended".into(),
        documents: 3,
        records: 4,
        at_ms: START.0,
    }];
    let statement = wire::receipts_statement(device.id.bytes(), &receipts);
    let mut signature = device.sign(Domain::Receipt, &statement);
    signature[0] ^= u8::from(!sound);
    let request = ReceiptsRequest {
        device: (*device.id.bytes()).into(),
        receipts,
        signature: signature.into(),
    };
    device.call(wire::RECEIPTS, &request)
}

#[test]
fn every_call_refuses_a_device_that_is_unknown_or_somebody_elses() {
    let stage = Stage::set();
    let _ = stage.visit();
    let unknown = Device::stranger(&stage.backend, "nina", 81);
    let owner = Device::enrol(&stage.backend, "nina", 82);
    let mut thief = Device::enrol(&stage.backend, "theo", 83);
    thief.id = owner.id;
    for (device, code) in [(&unknown, "device_unknown"), (&thief, "device_not_yours")] {
        let refused = refusal(403, code);
        assert_eq!(pull(device, b"").unwrap_err(), refused);
        assert_eq!(beacon(device).unwrap_err(), refused);
        assert_eq!(receipts(device, &stage, true).unwrap_err(), refused);
    }
    let list = stage.office().read("/v1/admin/receipts");
    assert_eq!(list.as_array().unwrap().len(), 0);
}

#[test]
fn an_enrolment_without_its_keys_proof_is_refused_and_a_key_has_one_owner() {
    let stage = Stage::set();
    let nina = Device::enrol(&stage.backend, "nina", 84);
    let devices = stage
        .office()
        .read("/v1/admin/devices")
        .as_array()
        .unwrap()
        .len();
    let public = ed25519_dalek::SigningKey::from_bytes(&[85; 32]).verifying_key();
    let statement = wire::enrol_statement(public.as_bytes(), "Mine");
    let forged = EnrolRequest {
        public_key: public.to_bytes().into(),
        label: "Mine".into(),
        proof: nina.sign(Domain::Enrol, &statement).into(),
    };
    let answer: Result<EnrolResponse, _> = nina.call(wire::DEVICES, &forged);
    assert_eq!(answer.unwrap_err(), refusal(403, "signature_invalid"));
    // The same key with another person's token.
    let theo = Device::stranger(&stage.backend, "theo", 84);
    let public = ed25519_dalek::SigningKey::from_bytes(&[84; 32]).verifying_key();
    let statement = wire::enrol_statement(public.as_bytes(), "Mine");
    let taken = EnrolRequest {
        public_key: public.to_bytes().into(),
        label: "Mine".into(),
        proof: theo.sign(Domain::Enrol, &statement).into(),
    };
    let answer: Result<EnrolResponse, _> = theo.call(wire::DEVICES, &taken);
    assert_eq!(answer.unwrap_err(), refusal(403, "device_not_yours"));
    // Asked again by its owner it is the same device.
    assert_eq!(Device::enrol(&stage.backend, "nina", 84).id, nina.id);
    let after = stage
        .office()
        .read("/v1/admin/devices")
        .as_array()
        .unwrap()
        .len();
    assert_eq!(after, devices);
}

#[test]
fn a_cursor_that_the_backend_never_gave_starts_over_or_is_refused_and_harms_nothing() {
    let stage = Stage::set();
    let _ = stage.visit();
    let device = Device::enrol(&stage.backend, "nina", 86);
    let good = pull(&device, b"").unwrap();
    for cursor in [
        vec![0xff; 9],
        vec![0; 256],
        vec![7; 300],
        good.cursor[1..].to_vec(),
    ] {
        match pull(&device, &cursor) {
            Ok(page) => assert_eq!(page.enters, good.enters),
            Err(refused) => assert!([400, 413].contains(&refused.status), "{refused:?}"),
        }
    }
    let again = pull(&device, b"").unwrap();
    assert_eq!(again.snapshots, good.snapshots);
}

#[test]
fn receipts_are_taken_once_and_only_with_the_devices_signature() {
    let stage = Stage::set();
    let device = Device::enrol(&stage.backend, "nina", 87);
    let refused = receipts(&device, &stage, false).unwrap_err();
    assert_eq!(refused, refusal(403, "signature_invalid"));
    for _ in 0..2 {
        receipts(&device, &stage, true).unwrap();
    }
    let list = stage.office().read("/v1/admin/receipts");
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(stage.office().audit("purged").len(), 1);
}

#[test]
fn another_protocol_and_another_media_type_are_refused_and_a_beacon_is_cut_to_words() {
    let stage = Stage::set();
    let device = Device::enrol(&stage.backend, "nina", 88);
    let bearer = format!("Bearer {}", stage.backend.token("nina"));
    let send = |protocol: &str, media: &str| {
        let headers = [
            ("authorization", bearer.as_str()),
            (wire::PROTOCOL_HEADER, protocol),
            ("content-type", media),
        ];
        let address = stage.backend.address();
        let answer = homeround_tests::stage::raw::send(address, "POST", wire::PULL, &headers, b"");
        (answer.status, answer.code())
    };
    assert_eq!(send("99", wire::MEDIA_TYPE), (409, "protocol".into()));
    assert_eq!(send("", wire::MEDIA_TYPE), (409, "protocol".into()));
    assert_eq!(send("1", "application/json"), (400, "malformed".into()));
    beacon(&device).unwrap();
    let devices = stage.office().read("/v1/admin/devices");
    let mut rows = devices.as_array().unwrap().iter();
    let row = rows.find(|row| row["id"] == serde_json::json!(device.id));
    let row = row.unwrap();
    assert_eq!(
        (&row["pending"], &row["version"]),
        (&2.into(), &"bDanglewoodb".into())
    );
}
