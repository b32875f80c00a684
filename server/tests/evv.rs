//! Visit verification: stamps of phones, exported, sealed, and verified by code
//! that shares nothing with what wrote them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests, and clippy knows that of test functions alone"
)]

mod support;

use chrono::NaiveDate;
use ed25519_dalek::{Signer as _, SigningKey};
use homeround::access::Policy;
use homeround::merge::Op;
use homeround::model::{
    Address, Anchor, Clock, DocumentId, EntryId, Fix, JoinLink, NoFix, PersonId, Place,
    PresenceEntry, PresencePolicy, PresenceReason, PresenceWhat, Sighting, Stamp, VirtualBooking,
    VisitId,
};
use homeround::vault::{Domain, StampPlace, stamp_hash, stamp_statement};
use homeround_server::connect::evv::Days;
use homeround_server::evv::{Finding, Report, Unreadable, verify};
use homeround_server::service::{EvvFormat, NewBooking};
use homeround_server::store::Storage as _;
use serde_json::{Value, json};
use support::*;
use uuid::Uuid;

const MINUTE: i64 = 60_000;
/// The fixture's patients have no place; a stamp's judgement is the phone's.
const HOME: (f64, f64) = (42.3601, -71.0589);

type Alter = Box<dyn Fn(&mut Value)>;

/// What a phone keeps of its chain, and its clocks.
struct Stamper {
    chain: String,
    number: u64,
    previous: String,
    minted: u128,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Stamper {
    fn new(seed: u8) -> Self {
        Self {
            chain: hex(&[seed; 16]),
            number: 0,
            previous: "0".repeat(64),
            minted: u128::from(seed) << 64,
        }
    }

    /// Stamps so many minutes after [`NOW`], so many metres from the home.
    fn mark(&mut self, phone: &mut Phone, visit: DocumentId, minute: i64, away_m: f64) -> EntryId {
        let here = Fix {
            latitude_deg: HOME.0 + (away_m / 6_371_008.8).to_degrees(),
            longitude_deg: HOME.1,
            accuracy_m: 8.0,
        };
        self.mark_at(phone, visit, minute, Place::At(here))
    }

    fn mark_at(
        &mut self,
        phone: &mut Phone,
        visit: DocumentId,
        minute: i64,
        place: Place,
    ) -> EntryId {
        let stamp = at(minute);
        let home = Address {
            latitude_deg: Some(HOME.0),
            longitude_deg: Some(HOME.1),
            ..Address::default()
        };
        let policy = PresencePolicy::default();
        let seen = Sighting::judge(place, &stamp, Some(&home), None, &policy);
        let came = self.number.is_multiple_of(2);
        let what = if came {
            PresenceWhat::CheckIn(seen)
        } else {
            PresenceWhat::CheckOut(seen)
        };
        let by = phone.caller.person;
        self.put(phone, visit, minute, by, what)
    }

    fn put(
        &mut self,
        phone: &mut Phone,
        visit: DocumentId,
        minute: i64,
        by: PersonId,
        what: PresenceWhat,
    ) -> EntryId {
        self.minted += 1;
        let id = EntryId(Uuid::from_u128(self.minted));
        let mut entry = PresenceEntry {
            by,
            stamp: at(minute),
            what,
            chain: self.chain.clone(),
            number: self.number + 1,
            previous: self.previous.clone(),
            device_key: hex(&phone.key.verifying_key().to_bytes()),
            signature: String::new(),
        };
        let place = StampPlace {
            visit: VisitId(visit.id),
            patient: phone.owners[&visit],
            entry: id,
        };
        let statement = stamp_statement(&place, &entry).unwrap();
        let signature = phone.key.sign(&bound(Domain::Stamp, &statement));
        entry.signature = hex(&signature.to_bytes());
        (self.number, self.previous) = (entry.number, stamp_hash(&statement));
        phone.edit(
            visit,
            &[Op::Append {
                section: "presence".into(),
                id,
                entry: serde_json::to_value(&entry).unwrap(),
            }],
        );
        id
    }
}

fn at(minute: i64) -> Stamp {
    Stamp {
        clock: Clock {
            wall_ms: NOW.plus(minute * MINUTE),
            monotonic_ms: 1_000 + minute * MINUTE,
            boot_id: u64::MAX,
        },
        anchor: Some(Anchor {
            server_ms: NOW,
            monotonic_ms: 1_000,
            boot_id: u64::MAX,
        }),
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn export(world: &World, from: &str, to: &str, format: EvvFormat) -> String {
    let days = Days {
        from: day(from),
        to: day(to),
    };
    let export = world.backend.evv_export(world.tenant, days, format, NOW);
    export.await.unwrap()
}

async fn json_of(world: &World) -> Value {
    let text = export(world, "2026-03-02", "2026-03-02", EvvFormat::Json).await;
    serde_json::from_str(&text).unwrap()
}

fn report(file: &Value) -> Report {
    verify(file.to_string().as_bytes(), None).unwrap()
}

fn found(file: &Value) -> Vec<&'static str> {
    let mut codes: Vec<_> = report(file).findings.iter().map(|one| one.code).collect();
    codes.dedup();
    codes
}

/// A day: the nurse at two visits, the aide at one; one stamp far off and explained.
async fn a_day() -> (World, Value) {
    let (world, mut nurse, mut aide, visit) = team().await;
    let second = another_visit(&world, &mut nurse, 2).await;
    let (mut hers, mut his) = (Stamper::new(1), Stamper::new(2));
    hers.mark(&mut nurse, visit, 0, 5.0);
    his.mark(&mut aide, visit, 3, 5.0);
    hers.mark(&mut nurse, visit, 40, 5.0);
    his.mark(&mut aide, visit, 41, 5.0);
    let far = hers.mark(&mut nurse, second, 60, 500.0);
    hers.mark(&mut nurse, second, 90, 5.0);
    let because = PresenceWhat::Reason {
        target: far,
        reason: PresenceReason::OtherLocation,
        comment: Some("At her daughter's, \"next door\"\n".into()),
    };
    let by = nurse.caller.person;
    hers.put(&mut nurse, second, 91, by, because);
    assert!(
        codes(&nurse.push(&world).await)
            .iter()
            .all(|code| *code == "accepted")
    );
    assert!(
        codes(&aide.push(&world).await)
            .iter()
            .all(|code| *code == "accepted")
    );
    let file = json_of(&world).await;
    (world, file)
}

async fn another_visit(world: &World, phone: &mut Phone, number: u128) -> DocumentId {
    let patient = world.patient(number).await;
    let people = [phone.caller.person];
    let visit = world.book(patient, &people, NOW.0 + HOUR).await;
    let visit = DocumentId::visit(visit);
    phone.sync(world).await;
    visit
}

#[tokio::test]
async fn an_export_has_the_six_elements_a_row_and_is_intact() {
    let (world, file) = a_day().await;
    let told = report(&file);
    assert!(told.intact, "{:?}", told.findings);
    assert_eq!((told.visits, told.stamps, told.chains), (3, 7, 2));
    let rows = file["visits"].as_array().unwrap();
    let first = &rows[0];
    assert_eq!(first["service_type"]["text"], "Skilled nursing");
    assert_eq!(first["recipient"]["name"], "Given Family1");
    assert_eq!(first["date"], "2026-03-02");
    assert_eq!(first["provider"]["name"], "Person nina");
    assert_eq!(first["begin"]["local"], "2026-03-02T10:00:00-05:00");
    assert_eq!(first["end"]["local"], "2026-03-02T10:40:00-05:00");
    assert_eq!(first["state"], "verified");
    assert_eq!(rows[1]["provider"]["name"], "Person abe");
    let last = &rows[2];
    assert_eq!(
        (&last["state"], &last["flags"]),
        (&json!("explained"), &json!(["out_of_range"]))
    );
    assert_eq!(last["reasons"][0]["reason"], "other_location");
    let tenant = world
        .storage
        .read(world.tenant)
        .await
        .unwrap()
        .tenant()
        .await
        .unwrap();
    let key = hex(&SigningKey::from_bytes(&tenant.signing_seed)
        .verifying_key()
        .to_bytes());
    assert_eq!(told.server_key, key);
    let text = file.to_string();
    assert!(verify(text.as_bytes(), Some(&key)).unwrap().intact);
    let other = verify(text.as_bytes(), Some(&"a5".repeat(32))).unwrap();
    assert_eq!(other.findings[0].code, "seal_of_another");
    // The fixture's patients have no address: said, and nobody's alteration.
    let unchecked = |note: &Finding| note.code == "seal_key_unchecked";
    assert_eq!(told.notes.iter().filter(|note| unchecked(note)).count(), 1);
    assert!(
        told.notes
            .iter()
            .all(|note| note.code == "incomplete" || unchecked(note))
    );
    let checked = verify(text.as_bytes(), Some(&key)).unwrap();
    assert!(!checked.notes.iter().any(unchecked));
}

#[tokio::test]
async fn whatever_is_altered_dropped_moved_or_added_is_found() {
    let (_, file) = a_day().await;
    let tampered = |alter: &dyn Fn(&mut Value)| {
        let mut copy = file.clone();
        alter(&mut copy);
        assert_ne!(copy, file);
        found(&copy)
    };
    let seal = tampered(&|it| it["visits"][0]["recipient"]["name"] = json!("Somebody else"));
    assert_eq!(seal, ["seal_broken"]);
    assert_eq!(
        tampered(&|it| it["to"] = json!("2026-03-09")),
        ["seal_broken"]
    );
    let put = |path: &'static str, value: Value| -> Alter {
        Box::new(move |file| *file.pointer_mut(path).unwrap() = value.clone())
    };
    let stamps = |alter: fn(&mut Vec<Value>)| -> Alter {
        Box::new(move |file| alter(file["stamps"].as_array_mut().unwrap()))
    };
    let begin = "/visits/0/begin/at_ms";
    let cases = [
        ("stamp_altered", put("/stamps/0/wall_ms", json!(NOW.0 - 1))),
        ("stamp_altered", put("/stamps/0/fix/latitude_e7", json!(1))),
        (
            "misjudged",
            put("/stamps/0/causes", json!(["out_of_range"])),
        ),
        ("stamp_malformed", put("/stamps/0/visit", json!("nobody"))),
        ("not_the_owner", put("/devices/0/person", json!("somebody"))),
        ("stamp_missing", stamps(|all| drop(all.remove(1)))),
        ("row_altered", stamps(|all| drop(all.pop()))),
        (
            "row_altered",
            put("/visits/2/reasons/0/reason", json!("emergency")),
        ),
        ("stamp_moved", stamps(|all| all.swap(0, 1))),
        ("stamp_moved", stamps(|all| all.insert(1, all[0].clone()))),
        ("row_altered", put(begin, json!(NOW.0 - 3_600_000))),
        ("row_altered", put("/visits/2/state", json!("verified"))),
    ];
    for (at, (code, alter)) in cases.iter().enumerate() {
        let codes = tampered(alter);
        assert_eq!(codes[0], "seal_broken", "case {at}");
        assert!(codes.contains(code), "case {at}: {code} not in {codes:?}");
    }
}

#[tokio::test]
async fn who_holds_the_seals_key_still_cannot_drop_or_alter_a_stamp() {
    let (world, file) = a_day().await;
    let tenant = world
        .storage
        .read(world.tenant)
        .await
        .unwrap()
        .tenant()
        .await
        .unwrap();
    let key = SigningKey::from_bytes(&tenant.signing_seed);
    let reseal = |mut file: Value| {
        file.as_object_mut().unwrap().remove("seal");
        let message = [
            b"homeround/evv-export/1\0".as_slice(),
            file.to_string().as_bytes(),
        ]
        .concat();
        let signature = hex(&key.sign(&message).to_bytes());
        let server_key = hex(&key.verifying_key().to_bytes());
        file["seal"] = json!({ "server_key": server_key, "signature": signature });
        file
    };
    assert!(report(&reseal(file.clone())).intact);
    let mut dropped = file.clone();
    dropped["stamps"].as_array_mut().unwrap().remove(1);
    assert_eq!(found(&reseal(dropped))[0], "stamp_missing");
    let mut altered = file.clone();
    altered["stamps"][0]["anchor"]["server_ms"] = json!(NOW.0 - HOUR);
    assert!(found(&reseal(altered)).contains(&"stamp_altered"));
    // A stamp put in place of another, its number and all: the one after names the first.
    let mut replaced = file;
    let at = |file: &Value, entry: &str| {
        let all = file["stamps"].as_array().unwrap();
        all.iter().position(|one| one["what"] == entry).unwrap()
    };
    let first = at(&replaced, "check_in");
    replaced["stamps"][first]["previous"] = json!("1".repeat(64));
    assert!(found(&reseal(replaced)).contains(&"chain_broken"));
}

#[tokio::test]
async fn a_file_that_is_no_export_is_refused_with_the_remedy() {
    let remedy = |text: &str| verify(text.as_bytes(), None).unwrap_err().to_string();
    assert!(remedy("visit,begin\r\n").contains("a CSV has no signatures"));
    assert!(remedy("{}").contains("evv export --format json"));
    let twice = r#"{"format":"homeround-evv/1","format":"x"}"#;
    assert!(remedy(twice).contains("each member once"));
    let halves = verify(&[0xff, 0xfe], None).unwrap_err();
    assert_eq!(
        halves,
        Unreadable::Json {
            at: 0,
            what: "UTF-8"
        }
    );
    assert!(remedy(r#"{"format":"homeround-evv/1","stamps":[]}"#).contains("seal"));
}

#[tokio::test]
async fn nobody_stamps_for_another_and_a_stamp_of_a_strange_device_is_flagged() {
    let (world, mut nurse, mut aide, visit) = team().await;
    let mut his = Stamper::new(2);
    let seen = Sighting {
        fix: None,
        no_fix: None,
        distance_m: None,
        radius_m: 50,
        causes: Vec::new(),
    };
    let for_her = nurse.caller.person;
    his.put(&mut aide, visit, 0, for_her, PresenceWhat::CheckIn(seen));
    assert_eq!(codes(&aide.push(&world).await), ["author_mismatch"]);
    // Signed by a key that was never enrolled, and by nobody at all.
    let mut strange = Stamper::new(3);
    let key = std::mem::replace(&mut nurse.key, SigningKey::from_bytes(&[99; 32]));
    strange.mark(&mut nurse, visit, 0, 5.0);
    nurse.key = key;
    assert_eq!(codes(&nurse.push(&world).await), ["accepted"]);
    let file = json_of(&world).await;
    let row = &file["visits"][0];
    assert_eq!(row["state"], "unverified");
    assert_eq!(row["flags"], json!(["no_check_out", "unknown_device"]));
    let told = report(&file);
    assert!(
        told.intact,
        "the file says what the backend has: {:?}",
        told.findings
    );
    assert!(told.notes.iter().any(|note| note.code == "unknown_device"));
}

#[tokio::test]
async fn one_person_in_two_homes_at_once_is_flagged_at_both() {
    let (world, mut nurse, _, visit) = team().await;
    let second = another_visit(&world, &mut nurse, 2).await;
    let third = another_visit(&world, &mut nurse, 3).await;
    let mut hers = Stamper::new(1);
    for (visit, from, to) in [(visit, 0, 40), (second, 40, 70), (third, 69, 80)] {
        hers.mark(&mut nurse, visit, from, 5.0);
        hers.mark(&mut nurse, visit, to, 5.0);
    }
    nurse.push(&world).await;
    let file = json_of(&world).await;
    let flags: Vec<_> = (0..3)
        .map(|at| file["visits"][at]["flags"].to_string())
        .collect();
    assert_eq!(flags, ["[]", "[\"overlap\"]", "[\"overlap\"]"]);
    assert_eq!(file["visits"][1]["overlaps"], json!([third.id]));
    assert!(report(&file).intact);
}

/// Books the visit again, by video or at home.
async fn rebook(world: &World, phone: &Phone, visit: DocumentId, link: Option<&str>) {
    let people = [phone.caller.person];
    let virtual_visit = link.map(|link| VirtualBooking {
        join_link: Some(JoinLink::new(link).unwrap()),
        phone: None,
    });
    let new = NewBooking {
        visit: Some(VisitId(visit.id)),
        virtual_visit,
        ..booking(phone.owners[&visit], &people, NOW.0 + HOUR)
    };
    let booked = world.backend.book(&world.office, &new, NOW).await;
    assert_eq!(booked.unwrap().0, visit.id);
}

#[tokio::test]
async fn a_virtual_visit_is_no_visit_to_a_home_and_is_counted_beside_the_rows() {
    let (world, mut nurse, _, visit) = team().await;
    let call = another_visit(&world, &mut nurse, 2).await;
    let link = Some("https://video.example.org/7");
    rebook(&world, &nurse, call, link).await;
    let nowhere = Place::Unknown(NoFix::Virtual);
    let mut hers = Stamper::new(1);
    hers.mark(&mut nurse, visit, 0, 5.0);
    hers.mark(&mut nurse, visit, 40, 5.0);
    hers.mark_at(&mut nurse, call, 60, nowhere);
    hers.mark_at(&mut nurse, call, 90, nowhere);
    nurse.push(&world).await;
    let file = json_of(&world).await;
    let told = report(&file);
    assert!(told.intact, "{:?}", told.findings);
    assert_eq!((told.visits, told.stamps), (1, 2), "and not the call");
    assert_eq!(file["virtual_visits"], 1);
    let other_days = export(&world, "2026-04-01", "2026-04-02", EvvFormat::Json).await;
    let other_days: Value = serde_json::from_str(&other_days).unwrap();
    assert_eq!(other_days["virtual_visits"], 0);

    // Booked at home after all: the stamps of a call vouch for nobody in it.
    rebook(&world, &nurse, call, None).await;
    let file = json_of(&world).await;
    let row = &file["visits"][1];
    assert_eq!(
        (&row["state"], &row["flags"]),
        (&json!("unverified"), &json!(["virtual_stamp"]))
    );
    assert_eq!(file["virtual_visits"], 0);
    assert!(report(&file).intact, "{:?}", report(&file).findings);
    let mut claimed = file.clone();
    claimed["visits"][1]["state"] = json!("verified");
    assert!(found(&claimed).contains(&"row_altered"));

    // Booked as virtual when somebody had been in the home: that is a visit to it.
    rebook(&world, &nurse, visit, link).await;
    let file = json_of(&world).await;
    assert_eq!(file["visits"][0]["flags"], json!(["booked_virtual"]));
    assert_eq!(file["visits"][0]["state"], "verified");
}

#[tokio::test]
async fn a_visit_with_steps_alone_is_told_as_unsigned() {
    let (world, mut nurse, _, visit) = team().await;
    let by = nurse.caller.person;
    for (number, to, minute) in [(1, "in_progress", 0), (2, "completed", 30)] {
        let entry = json!({ "to": to, "by": by, "stamp": at(minute) });
        let step = Op::Append {
            section: "steps".into(),
            id: EntryId(Uuid::from_u128(number)),
            entry,
        };
        nurse.edit(visit, &[step]);
        nurse.put(visit, "status", json!(to));
    }
    assert!(
        codes(&nurse.push(&world).await)
            .iter()
            .all(|code| *code == "accepted")
    );
    let file = json_of(&world).await;
    let row = &file["visits"][0];
    assert_eq!(
        (&row["state"], &row["flags"]),
        (&json!("unverified"), &json!(["unsigned"]))
    );
    assert!(row["begin"]["stamp"].is_null() && row["end"]["at_ms"] == NOW.0 + 30 * MINUTE);
    assert!(report(&file).intact);
}

#[tokio::test]
async fn days_are_the_homes_and_csv_has_a_line_a_row() {
    let (world, _) = a_day().await;
    let csv = export(&world, "2026-03-02", "2026-03-02", EvvFormat::Csv).await;
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("service_type,service_code,recipient,"));
    let columns = |line: &str| line.split(',').count();
    assert!(lines.iter().all(|line| columns(line) == columns(lines[0])));
    assert!(lines[3].contains("explained,out_of_range,other_location"));
    let before = export(&world, "2026-03-01", "2026-03-01", EvvFormat::Csv).await;
    assert_eq!(before.lines().count(), 1);
}

#[tokio::test]
async fn a_tenants_limits_reach_the_phones_signed_and_wrong_ones_are_refused() {
    let (world, mut nurse, _, _) = team().await;
    let wider = |now: PresencePolicy| PresencePolicy {
        radius_m: 150,
        ..now
    };
    let set = world.backend.set_presence_policy(world.tenant, wider, NOW);
    let (version, presence) = set.await.unwrap();
    assert_eq!((version, presence.radius_m), (2, 150));
    let page = nurse.sync(&world).await.pop().unwrap();
    let policy: Policy = serde_json::from_str(&page.policy.unwrap().policy).unwrap();
    assert_eq!((policy.version, policy.presence), (2, presence));
    let same = world.backend.set_presence_policy(world.tenant, wider, NOW);
    assert_eq!(same.await.unwrap().0, 2, "nothing new");
    let none = |now: PresencePolicy| PresencePolicy { radius_m: 0, ..now };
    let refused = world.backend.set_presence_policy(world.tenant, none, NOW);
    assert!(refused.await.unwrap_err().to_string().contains("radius_m"));
}
