//! Every call of the backend, tried by everybody who should get nothing from it.
//!
//! One row a call. A call that the backend's routers have and the table has not fails
//! `every_route_of_the_backend_is_in_the_table`; what is sent is sound but for who sends it.

use std::collections::BTreeSet;
use std::path::Path;

use homeround::app::NewPlan;
use homeround::care::SHIPPED_TEMPLATES;
use homeround::merge::{Op, pack};
use homeround::model::{
    Coding, DocumentId, EntryId, Finding, HOUR_MS, ObservationEntry, PatientId, PlanId, Role,
    VisitId,
};
use homeround::vault::Domain;
use homeround::wire::{
    self, Beacon, BreakGlassRequest, Page, PullRequest, Receipt, ReceiptsRequest,
};
use homeround_tests::stage::raw::{self, Answer};
use homeround_tests::stage::{Booking, Device, Office, START, Stage, vitals};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const ADDRESS: &str = "/v1/attachments/{patient}/{sha256}";
const PHOTO: &[u8] = b"not really a photo";
const OTHERS: &str = "elm-street";
const REASON: &str = "Found unresponsive at home";

/// What a call answers: its status, and the code of a refusal. `-`: it can't be asked so.
struct Row {
    method: &'static str,
    path: &'static str,
    /// Somebody of another organisation, with a login and a device of their own there.
    other_tenant: &'static str,
    /// A colleague of the same organisation who has nothing to do with the patient.
    outside: &'static str,
    /// A team member's device that the office revoked.
    revoked: &'static str,
    /// A team member whose access ran out, and nobody told the backend.
    expired: &'static str,
    /// A team member; then the same bytes once more.
    replayed: [&'static str; 2],
    /// A body that is none.
    body: &'static str,
    /// A body that says it is larger than any may be.
    oversize: &'static str,
}

const fn row(method: &'static str, path: &'static str) -> Row {
    Row {
        method,
        path,
        other_tenant: "-",
        outside: "-",
        revoked: "-",
        expired: "-",
        replayed: ["-", "-"],
        body: "-",
        oversize: "-",
    }
}

/// A phone's call with a body.
const fn phone(path: &'static str) -> Row {
    Row {
        other_tenant: "200",
        outside: "200",
        revoked: "403 device_revoked",
        expired: "200",
        replayed: ["200", "200"],
        body: "400 malformed",
        oversize: "413 too_large",
        ..row("POST", path)
    }
}

/// A call about an attachment.
const fn bytes(method: &'static str, first: &'static str, again: &'static str) -> Row {
    Row {
        other_tenant: "404 not_found",
        outside: "404 not_found",
        revoked: "403 device_revoked",
        replayed: [first, again],
        ..row(method, ADDRESS)
    }
}

/// What the office reads: `found` by another organisation's.
const fn read(path: &'static str, found: &'static str) -> Row {
    Row {
        other_tenant: found,
        outside: "403 role_missing",
        revoked: "403 role_missing",
        expired: "403 role_missing",
        replayed: ["200", "200"],
        ..row("GET", path)
    }
}

/// What the office writes: `found` by another organisation's, `again` the second time.
const fn write(path: &'static str, found: &'static str, again: [&'static str; 2]) -> Row {
    Row {
        replayed: again,
        body: "400 malformed",
        oversize: "413 too_large",
        ..read_as_post(path, found)
    }
}

const fn read_as_post(path: &'static str, found: &'static str) -> Row {
    Row {
        method: "POST",
        ..read(path, found)
    }
}

const TABLE: &[Row] = &[
    // These first: no call before them has the backend look at whose access ran out.
    Row {
        expired: "200",
        ..bytes("HEAD", "200", "200")
    },
    Row {
        expired: "404 not_found",
        ..bytes("GET", "206", "206")
    },
    // Who had the patient may still bring what was taken before.
    Row {
        expired: "201",
        ..bytes("POST", "201", "201")
    },
    Row {
        expired: "409",
        oversize: "413 too_large",
        ..bytes("PATCH", "409", "409")
    },
    // It tells the protocol to anyone.
    Row {
        other_tenant: "204",
        outside: "204",
        revoked: "204",
        expired: "204",
        replayed: ["204", "204"],
        ..row("OPTIONS", ADDRESS)
    },
    Row {
        revoked: "403 device_revoked",
        ..phone(wire::DEVICES)
    },
    phone(wire::PUSH),
    phone(wire::PULL),
    phone(wire::RECEIPTS),
    phone(wire::BEACON),
    Row {
        other_tenant: "404 not_found",
        ..phone(wire::BREAK_GLASS)
    },
    // It says "there is news" to a person who is signed in, and nothing else to anybody.
    Row {
        other_tenant: "200",
        outside: "200",
        revoked: "200",
        expired: "200",
        replayed: ["200", "200"],
        ..row("GET", wire::LIVE)
    },
    Row {
        body: "400 import_unreadable",
        ..write("/v1/admin/import", "200", ["200", "200"])
    },
    read("/v1/admin/visits/{id}/fhir", "404 not_found"),
    // Clinical: not even the coordinators of the same organisation.
    read("/v1/admin/plans/{id}/adherence", "403 role_missing"),
    read("/v1/admin/people", "200"),
    write("/v1/admin/people", "201", ["201", "201"]),
    read("/v1/admin/patients", "200"),
    write("/v1/admin/bookings", "404 not_found", ["201", "201"]),
    read("/v1/admin/duplicates", "200"),
    write("/v1/admin/grants", "404 not_found", ["201", "201"]),
    write("/v1/admin/grants/end", "404 not_found", ["200", "200"]),
    Row {
        body: "400 escrow_damaged",
        ..write("/v1/admin/escrow", "400 escrow_damaged", ["200", "200"])
    },
    read("/v1/admin/rejected", "200"),
    read("/v1/admin/receipts", "200"),
    read("/v1/admin/audit", "200"),
    read("/v1/admin/audit/verify", "200"),
    read("/v1/admin/devices", "200"),
    Row {
        method: "POST",
        ..read("/v1/admin/devices/{id}/revoke", "404 not_found")
    },
    read("/v1/admin/documents/{kind}/{id}", "404 not_found"),
];

/// Calls that ask for no token, and what they tell to anybody.
const OPEN: [(&str, &str); 6] = [
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    // A patient has a link and no account; what it leads to, the link itself says.
    ("GET", "/survey/style.css"),
    ("GET", "/survey/{link}"),
    ("POST", "/survey/{link}"),
];
/// Of the development issuer, which no backend has that does not ask for it.
const DEVELOPMENT: &str = "development.rs";

/// Every method and path of the backend's routers, read from their sources.
fn routes() -> BTreeSet<(String, String)> {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/http");
    let mut routes = BTreeSet::new();
    for entry in std::fs::read_dir(server).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.ends_with(DEVELOPMENT) {
            assert!(path.is_file(), "{}: are there routes?", path.display());
            continue;
        }
        let source: String = std::fs::read_to_string(&path).unwrap();
        let source: String = source.split_whitespace().collect();
        for route in source.split(".route(").skip(1) {
            let (path, rest) = address(route);
            // Handlers are named after their method: `get(people).post(put_person)`; an
            // attachment's are in a table above.
            let calls = if rest.starts_with("calls,") {
                source
                    .split("letcalls=")
                    .nth(1)
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap()
            } else {
                let end = rest.find("))").map_or(rest.len(), |end| end + 1);
                &rest[..end]
            };
            for method in ["get", "post", "head", "patch", "put", "delete", "options"] {
                let called = format!("{method}(");
                if calls.starts_with(&called) || calls.contains(&format!(".{called}")) {
                    routes.insert((method.to_uppercase(), path.clone()));
                }
            }
        }
    }
    routes
}

/// The address at the head of a route, and what follows it.
fn address(route: &str) -> (String, &str) {
    if let Some(rest) = route.strip_prefix('"') {
        let (path, rest) = rest.split_once("\",").unwrap();
        return (path.to_owned(), rest);
    }
    if route.starts_with("&format!(") {
        let (_, rest) = route.split_once("),").unwrap();
        return (ADDRESS.to_owned(), rest);
    }
    let (name, rest) = route.split_once(',').unwrap();
    let constants = include_str!("../../../core/src/wire/paths.rs");
    let name = name.strip_prefix("wire::").unwrap();
    let line = format!("pub const {name}: &str = \"");
    let path = constants.split(&line).nth(1).unwrap();
    (path.split('"').next().unwrap().to_owned(), rest)
}

#[test]
fn every_route_of_the_backend_is_in_the_table() {
    let table = TABLE.iter().map(|row| (row.method, row.path)).chain(OPEN);
    let table: BTreeSet<(String, String)> = table
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(table, routes(), "left: the table; right: the routers");
    assert!(table.len() > 25);
}

/// A sound request but for who sends it.
struct Ask {
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

struct Scene {
    stage: Stage,
    visit: VisitId,
    plan: PlanId,
    patient: PatientId,
    escrow: Vec<u8>,
    /// Of the team.
    nina: Device,
    /// Of the team until the clock says otherwise.
    aida: Device,
    theo: Device,
    revoked: Device,
    ella: Device,
    /// Sees every document.
    sue: Device,
    number: u8,
}

impl Scene {
    fn set() -> Self {
        let stage = Stage::set();
        stage.backend.add_tenant(OTHERS);
        let patient = stage.patients[0];
        let visit = stage.office().book(&Booking::of(patient, &[stage.nurse]));
        let until = stage.backend.clock.millis().plus(HOUR_MS);
        let limited = json!({ "person": stage.aide, "patient": patient, "until_ms": until });
        let given = stage
            .office()
            .post("/v1/admin/grants", limited.to_string().as_bytes());
        assert_eq!(given.status, 201);
        let token = stage.backend.token_for(OTHERS, "office", 8 * HOUR_MS);
        let _ = Office::with_token(&stage.backend, token).person("ella", Role::Nurse);
        let phone = stage.phone("nina");
        phone.app().visit(visit).record_vitals(&vitals(70)).unwrap();
        let new = NewPlan {
            template: Some(SHIPPED_TEMPLATES[0].canonical.into()),
            title: None,
            language: "en".into(),
            begins: phone.app().today().unwrap(),
            time_zone: None,
            assignee: None,
        };
        let plan = phone.app().create_plan(patient, &new).unwrap();
        let escrow = phone.app().escrow().unwrap().blob;
        phone.sync(&stage.backend);
        let backend = &stage.backend;
        let scene = Self {
            nina: Device::enrol(backend, "nina", 70),
            aida: Device::enrol(backend, "aida", 71),
            theo: Device::enrol(backend, "theo", 72),
            revoked: Device::enrol(backend, "nina", 73),
            ella: Device::elsewhere(backend, OTHERS, "ella", 74),
            sue: Device::enrol(backend, "sue", 75),
            stage,
            visit,
            plan,
            patient,
            escrow,
            number: 0,
        };
        scene.stage.office().revoke(scene.revoked.id);
        let mut upload = scene.ask(&bytes("POST", "", ""), &scene.nina);
        assert_eq!(scene.send("POST", &upload, scene.nina.token()).status, 201);
        upload = scene.ask(&bytes("PATCH", "", ""), &scene.nina);
        assert_eq!(scene.send("PATCH", &upload, scene.nina.token()).status, 204);
        scene
    }

    fn send(&self, method: &str, ask: &Ask, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let own = ask
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut headers: Vec<(&str, &str)> = own.collect();
        headers.push(("authorization", &bearer));
        let address = self.stage.backend.address();
        if ask.path.starts_with(wire::LIVE) && method == "GET" {
            return raw::head(address, &ask.path, &headers);
        }
        raw::send(address, method, &ask.path, &headers, &ask.body)
    }

    /// A change of the visit by this device, that stands on everything.
    fn change(&self, device: &Device, person: homeround::model::PersonId) -> Vec<u8> {
        let id = DocumentId::visit(self.visit);
        let mut document = self.sue.document(id);
        let entry = ObservationEntry {
            by: person,
            measured_at_ms: START,
            finding: Finding::Text {
                code: Coding {
                    text: "Wound".into(),
                    ..Coding::default()
                },
                text: "red".into(),
            },
            measured: homeround::model::Measured::default(),
            figures: std::collections::BTreeMap::new(),
        };
        let append = Op::Append {
            section: "observations".into(),
            id: EntryId(uuid::Uuid::from_u128(u128::from(self.number) + 1)),
            entry: json!(entry),
        };
        let actor = device.actor(self.number);
        document.edit(actor, START, &[append]).unwrap().bytes
    }

    fn person_of(&self, device: &Device) -> homeround::model::PersonId {
        if device.id == self.theo.id {
            self.stage.therapist
        } else if device.id == self.aida.id {
            self.stage.aide
        } else {
            self.stage.nurse
        }
    }

    fn ask(&self, row: &Row, device: &Device) -> Ask {
        let sha256: [u8; 32] = Sha256::digest(PHOTO).into();
        let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = row
            .path
            .replace("{patient}", &self.patient.to_string())
            .replace("{sha256}", &hex)
            .replace("{kind}", "visit");
        let id = if row.path.contains("devices/") {
            self.nina.id.to_string()
        } else if row.path.contains("plans/") {
            self.plan.to_string()
        } else {
            self.visit.to_string()
        };
        let mut path = path.replace("{id}", &id);
        if row.path == wire::LIVE {
            path = format!("{path}?device={}", device.id);
        }
        if row.path.contains("plans/") {
            let until = START.plus(HOUR_MS).0;
            path = format!("{path}?from_ms={}&until_ms={until}", START.0);
        }
        let mut ask = Ask {
            path,
            headers: Vec::new(),
            body: Vec::new(),
        };
        let mut head = |name: &str, value: String| ask.headers.push((name.into(), value));
        if row.path.starts_with("/v1/admin") {
            ask.body = self.office_body(row.path);
            return ask;
        }
        head(wire::PROTOCOL_HEADER, wire::PROTOCOL.to_string());
        match (row.method, row.path) {
            ("POST", ADDRESS) => {
                head(wire::DEVICE_HEADER, device.id.to_string());
                head("upload-length", PHOTO.len().to_string());
                head("content-type", "image/jpeg".into());
            }
            ("PATCH", ADDRESS) => {
                head(wire::DEVICE_HEADER, device.id.to_string());
                head("upload-offset", "0".into());
                head("content-type", wire::TUS_PART.into());
                ask.body = PHOTO.to_vec();
            }
            (_, ADDRESS) => head(wire::DEVICE_HEADER, device.id.to_string()),
            _ => {
                head("content-type", wire::MEDIA_TYPE.into());
                ask.body = self.phone_body(row.path, device);
            }
        }
        ask
    }

    fn phone_body(&self, path: &str, device: &Device) -> Vec<u8> {
        let own = *device.id.bytes();
        let sealed = match path {
            wire::DEVICES => wire::seal_body(&device.enrolment()),
            wire::PUSH => {
                let bytes = self.change(device, self.person_of(device));
                let changes = [(DocumentId::visit(self.visit), bytes.as_slice())];
                assert!(pack::pack(&changes).is_ok());
                wire::seal_body(&device.batch(&changes))
            }
            wire::PULL => wire::seal_body(&PullRequest {
                device: own.into(),
                cursor: Vec::new().into(),
                bytes_max: wire::PAGE_BYTES_DEFAULT,
                today_ms: START.0,
            }),
            wire::RECEIPTS => {
                // Another organisation's own list shows what its people sent.
                let elsewhere = device.id == self.ella.id;
                let patient = if elsewhere {
                    [9; 16]
                } else {
                    *self.patient.bytes()
                };
                let receipts = vec![Receipt {
                    id: [self.number + 1; 16].into(),
                    patient: patient.into(),
                    reason: "access_ended".into(),
                    documents: 1,
                    records: 1,
                    at_ms: START.0,
                }];
                let statement = wire::receipts_statement(device.id.bytes(), &receipts);
                wire::seal_body(&ReceiptsRequest {
                    device: own.into(),
                    receipts,
                    signature: device.sign(Domain::Receipt, &statement).into(),
                })
            }
            wire::BEACON => wire::seal_body(&Beacon {
                device: own.into(),
                oldest_unsent_ms: None,
                pending: 0,
                quarantined: 0,
                version: "1.0".into(),
                last_error: None,
            }),
            wire::BREAK_GLASS => wire::seal_body(&BreakGlassRequest {
                device: own.into(),
                patient: (*self.patient.bytes()).into(),
                reason: REASON.into(),
            }),
            _ => Ok(Vec::new()),
        };
        sealed.unwrap()
    }

    fn office_body(&self, path: &str) -> Vec<u8> {
        let pair = json!({ "person": self.stage.therapist, "patient": self.stage.patients[1] });
        let body = match path {
            "/v1/admin/import" => return homeround_tests::stage::fixture("collection.json"),
            "/v1/admin/escrow" => return self.escrow.clone(),
            "/v1/admin/people" => {
                json!({ "login": "newcomer", "name": "New Comer", "role": "aide" })
            }
            "/v1/admin/grants" | "/v1/admin/grants/end" => pair,
            "/v1/admin/bookings" => json!({
                "visit": self.visit, "patient": self.patient, "assignees": [self.stage.nurse],
                "start_ms": START, "end_ms": START.plus(HOUR_MS),
                "service": { "text": "Skilled nursing" }, "time_zone": "America/New_York",
                "tasks": [],
            }),
            _ => Value::Null,
        };
        body.to_string().into_bytes()
    }

    /// The office's view of what must not change by any of it.
    fn held(&self) -> Value {
        let office = self.stage.supervisor();
        let patients = office.read("/v1/admin/patients");
        json!([
            office.document(DocumentId::visit(self.visit)),
            office.read("/v1/admin/people"),
            patients.as_array().unwrap().len(),
            office.audit("granted").len(),
            office.audit("booked").len(),
        ])
    }

    /// Whether an answer holds anything of the patient.
    fn leaks(&self, row: &Row, answer: &Answer) -> bool {
        if row.path == wire::PULL && answer.status == 200 {
            let page: Page = wire::open_body(&answer.body).unwrap();
            let named = page.records.iter().any(|record| record.patient.is_some());
            return named || !page.enters.is_empty() || !page.snapshots.is_empty();
        }
        let text = String::from_utf8_lossy(&answer.body);
        text.contains(&self.patient.to_string())
            || text.contains(&self.visit.to_string())
            || text.contains("Heart failure")
            || text.contains(&self.nina.id.to_string())
            || answer.body.windows(PHOTO.len()).any(|part| part == PHOTO)
    }
}

fn told(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.code())
        .trim()
        .to_owned()
}

/// The status alone, where a body has no code (`HEAD`) or the row names none.
fn fits(answer: &Answer, row: &Row, expected: &str) -> bool {
    let told = told(answer);
    let status = answer.status.to_string();
    told == expected
        || (expected == status && !told.contains("internal"))
        || (row.method == "HEAD" && expected.starts_with(&status))
}

/// The token that goes with a device: the office's where the office calls.
fn token_for(scene: &Scene, row: &Row, device: &Device, insider: bool) -> String {
    let office = row.path.starts_with("/v1/admin");
    match (office, insider) {
        (true, true) => scene.stage.backend.token("sue"),
        (true, false) if device.id == scene.ella.id => {
            scene.stage.backend.token_for(OTHERS, "office", HOUR_MS)
        }
        _ => device.token().to_owned(),
    }
}

#[test]
fn nobody_gets_or_changes_anything_by_any_call_that_is_not_theirs() {
    let scene = Scene::set();
    let before = scene.held();
    let mut wrong = Vec::new();
    // Her access ran out this very moment; no call has told the backend's rules of it.
    let later = 2 * HOUR_MS;
    scene.stage.backend.clock.pass(later);
    for row in TABLE {
        let who = [
            ("other tenant", row.other_tenant, &scene.ella),
            ("outside", row.outside, &scene.theo),
            ("revoked", row.revoked, &scene.revoked),
            ("expired", row.expired, &scene.aida),
        ];
        for (name, expected, device) in who {
            // Emergencies are for those outside; it is tried after everything else.
            if expected == "-" || row.path == wire::BREAK_GLASS {
                continue;
            }
            let ask = scene.ask(row, device);
            let answer = scene.send(row.method, &ask, &token_for(&scene, row, device, false));
            let about = format!("{} {} {name}", row.method, row.path);
            if !fits(&answer, row, expected) {
                wrong.push(format!("{about}: {} and not {expected}", told(&answer)));
            }
            if scene.leaks(row, &answer) && answer.status < 300 && row.method != "POST" {
                wrong.push(format!(
                    "{about}: something of the patient is in the answer"
                ));
            }
            if row.path == wire::PULL && scene.leaks(row, &answer) {
                wrong.push(format!("{about}: the page holds the patient"));
            }
        }
    }
    assert_eq!(scene.held(), before, "something changed");
    let glass = TABLE
        .iter()
        .find(|row| row.path == wire::BREAK_GLASS)
        .unwrap();
    for (device, expected) in [
        (&scene.ella, glass.other_tenant),
        (&scene.revoked, glass.revoked),
    ] {
        let answer = scene.send("POST", &scene.ask(glass, device), device.token());
        if told(&answer) != expected {
            wrong.push(format!(
                "{}: {} and not {expected}",
                glass.path,
                told(&answer)
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_same_bytes_sent_again_do_nothing_twice() {
    let mut scene = Scene::set();
    let mut wrong = Vec::new();
    for row in TABLE {
        if row.replayed[0] == "-" {
            continue;
        }
        scene.number += 1;
        let ask = scene.ask(row, &scene.nina);
        let token = token_for(&scene, row, &scene.nina, true);
        let mut held = Value::Null;
        for (time, expected) in row.replayed.into_iter().enumerate() {
            let answer = scene.send(row.method, &ask, &token);
            if !fits(&answer, row, expected) {
                wrong.push(format!(
                    "{} {} {time}: {}",
                    row.method,
                    row.path,
                    told(&answer)
                ));
            }
            let now = scene.held();
            if time == 1 && (&now[0], &now[1], &now[2]) != (&held[0], &held[1], &held[2]) {
                wrong.push(format!("{} {}: it was done twice", row.method, row.path));
            }
            held = now;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_call_refuses_a_body_that_is_none_one_that_is_too_large_and_another_method() {
    let scene = Scene::set();
    let before = scene.held();
    let mut wrong = Vec::new();
    for row in TABLE {
        let token = token_for(&scene, row, &scene.nina, true);
        let mut ask = scene.ask(row, &scene.nina);
        for (expected, body, length) in [
            (row.body, &b"\x1f{]not a body"[..], None),
            (row.oversize, b"", Some("4294967296")),
        ] {
            if expected == "-" {
                continue;
            }
            ask.body = body.to_vec();
            let more = length.map(|length| ("content-length".to_owned(), length.to_owned()));
            ask.headers.extend(more);
            let answer = scene.send(row.method, &ask, &token);
            if !fits(&answer, row, expected) {
                let told = told(&answer);
                wrong.push(format!(
                    "{} {}: {told} and not {expected}",
                    row.method, row.path
                ));
            }
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            if TABLE
                .iter()
                .any(|other| other.path == row.path && other.method == method)
            {
                continue;
            }
            let bare = Ask {
                path: ask.path.clone(),
                headers: Vec::new(),
                body: Vec::new(),
            };
            let answer = scene.send(method, &bare, &token);
            if answer.status != 405 {
                wrong.push(format!("{method} {}: {}", row.path, told(&answer)));
            }
        }
    }
    assert_eq!(scene.held(), before, "something changed");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
