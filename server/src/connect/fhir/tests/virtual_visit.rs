//! A virtual visit, out and back: its class, its link, the consent, the lobby, and vital
//! signs by the patient's word.

use homeround::model::*;
use serde_json::{Value, json};

use super::AS_OF;
use super::export::of_type;
use super::import;
use super::sample::{AIDE, NURSE, Sample, entries, entry, person, sample, stamp, step};

const LINK: &str = "https://video.example.org/room/7?pwd=1";
const SERVICE: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService";

/// The signed visit, made by video and then by phone.
pub(super) fn virtual_sample() -> Sample {
    let base = sample();
    let mut booking = base.booking.clone();
    booking.virtual_visit = Some(VirtualBooking {
        join_link: Some(JoinLink::new(LINK).unwrap()),
        phone: Some("+1 617 555 0123".into()),
    });
    let noted = |minutes: i64, by: u128, what: Value| {
        let mut noted = json!({ "by": person(by), "stamp": stamp(minutes), "source": "member" });
        let fields = what.as_object().cloned().unwrap();
        noted.as_object_mut().unwrap().extend(fields);
        noted
    };
    let told = |by: &str| json!({ "reported_by": by, "device": { "text": "Her own cuff" } });
    let at = AS_OF.plus(20 * MINUTE_MS).0;
    let visit = Visit {
        consent: Some(VisitConsent {
            decision: ConsentDecision::Given,
            party: ConsentParty::Representative,
            name: Some("Dora Probe".into()),
            form: ConsentForm::Spoken,
            by: person(NURSE),
            stamp: stamp(8),
        }),
        lobby: entries(vec![
            (0xb1, noted(5, NURSE, json!({ "what": "waiting" }))),
            (0xb2, noted(6, AIDE, json!({ "what": "in_lobby" }))),
            (0xb3, noted(9, NURSE, json!({ "what": "joined" }))),
            (
                0xb4,
                noted(
                    15,
                    NURSE,
                    json!({ "what": "phone_call", "reason": "no_sound", "comment": "Echo.", "phone": "+1 617 555 0123" }),
                ),
            ),
            (0xb5, noted(50, NURSE, json!({ "what": "left" }))),
            (0xb6, noted(51, NURSE, json!({ "what": "recorded" }))),
        ]),
        steps: [
            (entry(0x42), step(VisitStatus::InProgress, 10, None)),
            (entry(0x45), step(VisitStatus::Completed, 55, None)),
            (entry(0x46), step(VisitStatus::Signed, 58, None)),
        ]
        .into(),
        presence: Presence::new(),
        observations: entries(vec![
            (
                0x51,
                json!({ "by": person(NURSE), "measured_at_ms": at, "finding": "vitals", "pulse_bpm": 72,
                    "systolic_mmhg": 128, "diastolic_mmhg": 82, "temperature_c": 36.8, "spo2_percent": 97,
                    "respirations_per_min": 14, "consciousness": "alert", "on_oxygen": false,
                    "measured": told("patient"), "figures": { "temperature_c": told("representative") } }),
            ),
            (
                0x52,
                json!({ "by": person(NURSE), "measured_at_ms": at, "finding": "vitals", "weight_kg": 71.5 }),
            ),
            (
                0x53,
                json!({ "by": person(NURSE), "measured_at_ms": at, "finding": "text", "code": { "text": "Wound" },
                    "text": "dry, she says", "measured": told("representative") }),
            ),
        ]),
        ..base.visit.clone()
    };
    Sample {
        booking,
        visit,
        ..base
    }
}

fn services(appointment: &Value) -> Vec<&Value> {
    let said = appointment["extension"].as_array().unwrap().iter();
    said.filter(|it| it["url"] == SERVICE).collect()
}

/// The observation of a LOINC code.
fn sign<'b>(bundle: &'b Value, code: &str) -> &'b Value {
    let all = of_type(bundle, "Observation");
    let mut wanted = all
        .into_iter()
        .filter(|it| it["code"]["coding"][0]["code"] == code);
    wanted.next().unwrap()
}

#[test]
fn a_virtual_visit_says_where_the_call_is_and_that_nobody_was_in_the_home() {
    let bundle = virtual_sample().export();
    let appointment = of_type(&bundle, "Appointment")[0];
    let told = services(appointment);
    assert_eq!(told.len(), 2);
    let address = |nth: usize| &told[nth]["extension"][1];
    assert_eq!(address(0)["valueUrl"], LINK);
    assert_eq!(address(1)["valueContactPoint"]["value"], "+1 617 555 0123");
    let encounter = of_type(&bundle, "Encounter")[0];
    assert_eq!(encounter["class"]["code"], "VR");
    assert_eq!(encounter["location"], Value::Null);
    let lobby = encounter["extension"].as_array().unwrap().iter();
    let lobby = lobby.filter(|it| it["url"].as_str().unwrap().ends_with("/lobby"));
    let whats: Vec<&Value> = lobby.map(|it| &it["extension"][0]["valueCode"]).collect();
    assert_eq!(
        whats,
        ["waiting", "in_lobby", "joined", "phone_call", "left"]
    );

    let home = sample().export();
    assert!(services(of_type(&home, "Appointment")[0]).is_empty());
    // The one to notices is about something else.
    let of_calls = |it: &&&Value| it["category"][0]["coding"][0]["code"] != "visit-notices";
    assert_eq!(of_type(&home, "Consent").iter().filter(of_calls).count(), 0);
}

#[test]
fn a_consent_says_who_gave_it_how_and_who_noted_it_and_a_declined_one_is_rejected() {
    let bundle = virtual_sample().export();
    let consent = of_type(&bundle, "Consent")[0];
    assert_eq!(consent["status"], "active");
    assert_eq!(consent["scope"]["coding"][0]["code"], "treatment");
    assert_eq!(consent["performer"][0]["reference"], "#representative");
    assert_eq!(consent["contained"][0]["name"][0]["text"], "Dora Probe");
    assert_eq!(consent["extension"][0]["valueCode"], "spoken");
    let nurse = format!("urn:uuid:{}", person(NURSE));
    assert_eq!(
        consent["extension"][1]["valueReference"]["reference"],
        nurse
    );

    let mut declined = virtual_sample();
    let said = declined.visit.consent.as_mut().unwrap();
    (said.decision, said.party, said.name) =
        (ConsentDecision::Declined, ConsentParty::Patient, None);
    let bundle = declined.export();
    let consent = of_type(&bundle, "Consent")[0];
    assert_eq!(consent["status"], "rejected");
    assert_eq!(consent["performer"][0], consent["patient"]);
}

#[test]
fn who_told_a_figure_vouches_for_it_and_the_score_says_so() {
    let bundle = virtual_sample().export();
    let patient = of_type(&bundle, "Patient")[0]["id"].as_str().unwrap();
    let patient = format!("urn:uuid:{patient}");
    let pulse = sign(&bundle, "8867-4");
    assert_eq!(pulse["performer"], json!([{ "reference": patient }]));
    assert_eq!(pulse["device"]["display"], "Her own cuff");
    assert_eq!(sign(&bundle, "85354-9")["performer"], pulse["performer"]);
    let temperature = sign(&bundle, "8310-5");
    assert_eq!(temperature["performer"][0]["reference"], "#teller");
    assert_eq!(temperature["contained"][1]["resourceType"], "RelatedPerson");
    let weight = sign(&bundle, "29463-7");
    let nurse = format!("urn:uuid:{}", person(NURSE));
    assert_eq!(weight["performer"][0]["reference"], nurse);
    let score = sign(&bundle, "1104051000000101");
    let said = score["note"][1]["text"].as_str().unwrap();
    assert!(said.starts_with("From reported values"), "{said}");
    let measured = sample().export();
    assert_eq!(sign(&measured, "1104051000000101")["note"][1], Value::Null);
}

/// The visit before anybody began it.
fn to_come() -> Sample {
    let base = virtual_sample();
    let visit = Visit {
        status: VisitStatus::Scheduled,
        ..base.visit.clone()
    };
    Sample { visit, ..base }
}

fn booked(bundle: &Value) -> Booking {
    let taken = import(&serde_json::to_vec(bundle).unwrap()).unwrap();
    let mut bookings = taken.records.iter();
    let booking = bookings.find(|record| record.kind == RecordKind::Booking);
    serde_json::from_str(&booking.unwrap().body).unwrap()
}

#[test]
fn the_link_the_number_and_the_class_are_read_back() {
    let sample = to_come();
    let mut bundle = sample.export();
    assert_eq!(booked(&bundle).virtual_visit, sample.booking.virtual_visit);
    // The class alone says that it is virtual, and an http link is none to join by.
    for part in bundle["entry"].as_array_mut().unwrap() {
        if part["resource"]["resourceType"] == "Appointment" {
            let services = part["resource"]["extension"].as_array_mut().unwrap();
            services.retain(|it| it["url"] != SERVICE);
        }
    }
    let plain = booked(&bundle).virtual_visit;
    assert_eq!(plain, Some(VirtualBooking::default()));
    for part in bundle["entry"].as_array_mut().unwrap() {
        if part["resource"]["resourceType"] == "Encounter" {
            part["resource"]["class"]["code"] = json!("HH");
        }
        if part["resource"]["resourceType"] == "Appointment" {
            let services = part["resource"]["extension"].as_array_mut().unwrap();
            let address = json!({ "url": "address", "valueUrl": "http://video.example.org/7" });
            services.push(json!({ "url": SERVICE, "extension": [address] }));
        }
    }
    let unsafe_link = booked(&bundle).virtual_visit;
    assert_eq!(unsafe_link, Some(VirtualBooking::default()));
}

#[test]
fn who_told_a_figure_is_read_back_into_the_history() {
    let bundle = virtual_sample().export();
    let taken = import(&serde_json::to_vec(&bundle).unwrap()).unwrap();
    let lines = taken.records.iter();
    let lines = lines.filter(|record| record.kind == RecordKind::History);
    let lines: Vec<History> = lines
        .map(|record| serde_json::from_str(&record.body).unwrap())
        .collect();
    let of = |code: &str| {
        let mut found = lines.iter().filter(|line| line.code.code == code);
        found.next().unwrap().measured.reported_by
    };
    assert_eq!(of("8867-4"), Some(ReportedBy::Patient));
    assert_eq!(of("8310-5"), Some(ReportedBy::Representative));
    assert_eq!(of("29463-7"), None);
}
