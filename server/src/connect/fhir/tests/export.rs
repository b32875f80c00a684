//! A visit with everything in it, written out and read back.

use std::collections::BTreeMap;

use homeround::model::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AS_OF, import};
use crate::connect::fhir::{Authored, ConflictingValue, OpenConflict, VisitExport, export_visit};

const NURSE: u128 = 0x1001;
const AIDE: u128 = 0x1002;
const STRANGER: u128 = 0x1003;
const PATIENT: u128 = 0x2001;

fn id(number: u128) -> Uuid {
    uuid_v7(Millis(1_771_000_000_000), {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&u64::try_from(number).unwrap().to_be_bytes());
        random
    })
}

fn person(number: u128) -> PersonId {
    PersonId(id(number))
}

fn entry(number: u128) -> EntryId {
    EntryId(id(number))
}

fn stamp(minutes: i64) -> Stamp {
    let clock = Clock {
        wall_ms: AS_OF.plus(minutes * MINUTE_MS + 2_000),
        monotonic_ms: minutes * MINUTE_MS,
        boot_id: 1,
    };
    let anchor = Anchor {
        server_ms: AS_OF,
        monotonic_ms: 0,
        boot_id: 1,
    };
    Stamp {
        clock,
        anchor: Some(anchor),
    }
}

fn step(to: VisitStatus, minutes: i64, fix: Option<Fix>) -> StepEntry {
    StepEntry {
        to,
        by: person(NURSE),
        stamp: stamp(minutes),
        fix,
        reason: None,
        comment: None,
    }
}

fn home() -> Fix {
    Fix {
        latitude_deg: 42.3575,
        longitude_deg: -71.0636,
        accuracy_m: 12.0,
    }
}

/// What an export takes, owned.
struct Sample {
    booking: Booking,
    visit: Visit,
    patient: Patient,
    chart: Chart,
    plans: Vec<(PlanId, Plan)>,
    team: CareTeam,
    people: BTreeMap<PersonId, Person>,
    authored: Vec<Authored>,
    conflicts: Vec<OpenConflict>,
}

impl Sample {
    fn export(&self) -> Value {
        export_visit(&VisitExport {
            booking: &self.booking,
            visit: &self.visit,
            patient: &self.patient,
            chart: Some(&self.chart),
            plans: &self.plans,
            care_team: Some(&self.team),
            people: &self.people,
            authored: &self.authored,
            conflicts: &self.conflicts,
            now: AS_OF.plus(2 * HOUR_MS),
        })
    }
}

fn entries<T: serde::de::DeserializeOwned>(list: Vec<(u128, Value)>) -> BTreeMap<EntryId, T> {
    list.into_iter()
        .map(|(number, value)| (entry(number), serde_json::from_value(value).unwrap()))
        .collect()
}

fn visit() -> Visit {
    let base = json!({
        "schema": 1, "patient": id(PATIENT), "status": "signed", "outcome": "Goals met",
        "note": "Wound is dry. Café at three.",
        "measures": { "weight_kg": 71.5, "mood": "calm", "supine": true, "girth": 96 },
    });
    let by = person(NURSE);
    let at = AS_OF.plus(20 * MINUTE_MS).0;
    Visit {
        tasks: entries(vec![
            (
                0x31,
                json!({ "title": "Change the dressing", "required": true, "status": "done", "result": "pass",
                "code": { "system": SNOMED, "code": "182531007", "text": "Dressing of wound" } }),
            ),
            (
                0x32,
                json!({ "title": "Weigh", "status": "not_done", "reason": "refused", "comment": "too tired" }),
            ),
            (
                0x33,
                json!({ "title": "Call the daughter", "status": "open" }),
            ),
        ]),
        steps: [
            (entry(0x41), step(VisitStatus::Traveling, 0, None)),
            (entry(0x42), step(VisitStatus::InProgress, 10, Some(home()))),
            (entry(0x43), step(VisitStatus::OnBreak, 20, None)),
            (entry(0x44), step(VisitStatus::InProgress, 25, None)),
            (entry(0x45), step(VisitStatus::Completed, 55, Some(home()))),
            (entry(0x46), step(VisitStatus::Signed, 58, None)),
        ]
        .into(),
        observations: entries(vec![
            (
                0x51,
                json!({ "by": by, "measured_at_ms": at, "finding": "vitals", "pulse_bpm": 72, "systolic_mmhg": 128,
                "diastolic_mmhg": 82, "temperature_c": 36.8, "spo2_percent": 97, "respirations_per_min": 14,
                "weight_kg": 71.5, "glucose_mg_dl": 104, "pain_score": 2 }),
            ),
            (
                0x52,
                json!({ "by": by, "measured_at_ms": at, "finding": "vitals", "systolic_mmhg": 218 }),
            ),
            (
                0x53,
                json!({ "by": by, "measured_at_ms": at, "finding": "vitals", "systolic_mmhg": 118 }),
            ),
            (
                0x54,
                json!({ "by": by, "measured_at_ms": at, "finding": "quantity",
                "code": { "system": LOINC, "code": "8302-2", "text": "Body height" }, "value": 171, "unit": "cm" }),
            ),
            (
                0x55,
                json!({ "by": person(STRANGER), "measured_at_ms": at, "finding": "text",
                "code": { "text": "Wound" }, "text": "dry, 2 by 3 cm" }),
            ),
            (
                0x56,
                json!({ "by": by, "measured_at_ms": at, "finding": "of_a_later_version" }),
            ),
        ]),
        medications: entries(vec![
            (
                0x61,
                json!({ "medication": entry(0xA1), "code": { "system": RXNORM, "code": "855332", "text": "Warfarin 5 mg" },
                "given": "given", "dose_value": 5.0, "dose_unit": "mg", "by": by, "at_ms": at }),
            ),
            (
                0x62,
                json!({ "code": { "text": "Ibuprofen" }, "given": "not_given", "reason": "contraindicated",
                "by": by, "at_ms": at, "comment": "takes warfarin" }),
            ),
            (
                0x63,
                json!({ "code": { "text": "Paracetamol" }, "given": "given", "by": by, "at_ms": at }),
            ),
        ]),
        forms: entries(vec![(
            0x71,
            json!({ "questionnaire": "https://example.com/Questionnaire/falls|1", "answers": {
            "fell": true, "times": 2, "score": 3.5, "when": "2026-01-31", "where": "kitchen",
            "aids": ["walker", "rail"], "skipped": null,
            "floor": { "system": SNOMED, "code": "256674009", "display": "Carpet" } } }),
        )]),
        attachments: entries(vec![(
            0x81,
            json!({ "sha256": "ab".repeat(32), "size_bytes": 123_456,
            "media_type": "image/jpeg", "caption": "Left heel", "by": by, "at_ms": at }),
        )]),
        survey: entries(vec![(
            0x82,
            json!({ "question": "satisfied", "answer": 5 }),
        )]),
        corrections: entries(vec![
            (
                0x91,
                json!({ "section": "observations", "target": entry(0x52), "replacement": entry(0x53),
                "reason": "mistyped", "by": by, "at_ms": at }),
            ),
            (
                0x92,
                json!({ "section": "medications", "target": entry(0x63), "reason": "wrong patient", "by": by, "at_ms": at }),
            ),
        ]),
        signatures: entries(vec![(
            0x93,
            json!({ "by": by, "role": "nurse", "stamp": stamp(58), "heads": ["cd".repeat(32)],
            "device_key": "0f".repeat(32), "seal": "1e".repeat(64) }),
        )]),
        amendments: entries(vec![(
            0x94,
            json!({ "changes": ["ef".repeat(32)], "reason": "was offline", "by": by, "at_ms": at }),
        )]),
        settlements: entries(vec![(
            0x95,
            json!({ "field": format!("tasks/{}/result", entry(0x31)), "chosen": "pass",
            "replaced": ["fail"], "by": by, "at_ms": at }),
        )]),
        ..serde_json::from_value(base).unwrap()
    }
}

fn chart() -> Chart {
    Chart {
        contacts: entries(vec![(
            0xB1,
            json!({ "name": "Dora Probe", "relationship": "daughter", "phone": "555-0103" }),
        )]),
        allergies: entries(vec![
            (
                0xB2,
                json!({ "code": { "system": SNOMED, "code": "91936005", "text": "Allergy to penicillin" },
                "status": "active", "severity": "severe", "reaction": "Hives" }),
            ),
            (
                0xB3,
                json!({ "code": { "text": "Latex" }, "status": "entered_in_error" }),
            ),
            (
                0xB4,
                json!({ "code": { "text": "Nuts" }, "status": "refuted" }),
            ),
        ]),
        conditions: entries(vec![
            (
                0xB5,
                json!({ "code": { "system": SNOMED, "code": "38341003", "text": "Hypertension" },
                "clinical_status": "active", "verification": "confirmed", "onset": "2010" }),
            ),
            (
                0xB6,
                json!({ "code": { "text": "Back pain" }, "clinical_status": "active", "onset": "in her forties" }),
            ),
        ]),
        medications: entries(vec![
            (
                0xA1,
                json!({ "code": { "system": RXNORM, "code": "855332", "text": "Warfarin 5 mg" }, "status": "active",
                "dose": "5 mg", "frequency": "in the evening" }),
            ),
            (
                0xA2,
                json!({ "code": { "text": "Herbal tea" }, "status": "on-hold", "as_needed": true }),
            ),
        ]),
        ..serde_json::from_value(json!({ "schema": 1, "patient": id(PATIENT) })).unwrap()
    }
}

fn plan() -> Plan {
    Plan {
        goals: entries(vec![(
            0xC1,
            json!({ "text": "Walk to the shop", "lifecycle": "active", "achievement": "improving" }),
        )]),
        activities: entries(vec![(
            0xC2,
            json!({ "code": { "text": "Gait training" }, "status": "started", "progress": "20 m" }),
        )]),
        ..serde_json::from_value(
            json!({ "schema": 1, "patient": id(PATIENT), "title": "After the hip operation",
            "status": "active", "narrative": "Back on her feet by summer." }),
        )
        .unwrap()
    }
}

fn sample() -> Sample {
    let field = |text: String| FieldPath(text);
    let wrote = |field_text: String, number: u128, minutes: i64| Authored {
        field: field(field_text),
        person: person(number),
        at: AS_OF.plus(minutes * MINUTE_MS),
    };
    let people = [
        json!({ "id": person(NURSE), "name": "Florence Nightly", "role": "nurse", "phone": "555-0104" }),
        json!({ "id": person(AIDE), "name": "Ada Aide", "role": "aide" }),
    ];
    let people = people.map(|it| serde_json::from_value::<Person>(it).unwrap());
    Sample {
        booking: serde_json::from_value(json!({ "visit": id(0x11), "patient": id(PATIENT), "assignees": [person(NURSE), person(AIDE)],
            "start_ms": AS_OF, "end_ms": AS_OF.plus(HOUR_MS), "time_zone": "America/New_York", "priority": 1,
            "service": { "system": SNOMED, "code": "385763009", "text": "Skilled nursing" } })).unwrap(),
        visit: visit(),
        patient: serde_json::from_value(json!({ "id": id(PATIENT), "family": "Probe", "given": ["Testina", "Ä."],
            "birth_date": "1944-02-29", "gender": "female", "mrn": "T-1001", "phones": ["555-0101", "555-0100"], "language": "en-US",
            "address": { "lines": ["1 Sample Street"], "city": "Boston", "state": "MA", "postal_code": "02108",
                "latitude_deg": 42.3575, "longitude_deg": -71.0636 } })).unwrap(),
        chart: chart(),
        plans: vec![(PlanId(id(0x21)), plan())],
        team: serde_json::from_value(json!({ "id": id(0x22), "patient": id(PATIENT), "name": "Home team", "status": "active",
            "members": [{ "person": person(NURSE), "name": "Florence Nightly", "role": "nurse" }, { "name": "Dr. Gone", "role": "physician" }] })).unwrap(),
        people: people.into_iter().map(|person| (person.id, person)).collect(),
        authored: vec![
            wrote("note".to_owned(), NURSE, 30),
            wrote("note".to_owned(), AIDE, 40),
            wrote(format!("tasks/{}/result", entry(0x31)), AIDE, 41),
            wrote(format!("tasks/{}/status", entry(0x31)), AIDE, 42),
            wrote("measures/weight_kg".to_owned(), AIDE, 43),
            wrote(format!("observations/{}", entry(0x51)), NURSE, 20),
            wrote("outcome".to_owned(), NURSE, 56),
        ],
        conflicts: vec![OpenConflict {
            field: FieldPath("measures/weight_kg".to_owned()),
            values: vec![
                ConflictingValue { value: json!(71.5), person: person(AIDE), at: AS_OF },
                ConflictingValue { value: json!(73), person: person(NURSE), at: AS_OF.plus(1_000) },
            ],
        }],
    }
}

fn of_type<'a>(bundle: &'a Value, kind: &str) -> Vec<&'a Value> {
    bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["resource"])
        .filter(|resource| resource["resourceType"] == kind)
        .collect()
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("reference").and_then(Value::as_str));
            fields.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[test]
fn the_bundle_is_the_one_that_the_validators_accepted() {
    let written = serde_json::to_string_pretty(&sample().export()).unwrap() + "\n";
    let path = format!(
        "{}/../tests/fixtures/fhir/exported-visit.json",
        env!("CARGO_MANIFEST_DIR")
    );
    if std::env::var_os("HOMEROUND_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let accepted = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == accepted,
        "run tests/fhir/validate.py on the new bundle, then renew {path}"
    );
}

#[test]
fn every_reference_leads_to_an_entry_and_no_address_is_used_twice() {
    let bundle = sample().export();
    let mut urls: Vec<&str> = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["fullUrl"].as_str())
        .collect();
    let count = urls.len();
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), count);
    let mut found = Vec::new();
    references(&bundle, &mut found);
    assert!(found.len() > 60);
    for reference in found {
        assert!(urls.contains(&reference), "{reference}");
    }
}

#[test]
fn a_corrected_pressure_is_entered_in_error_and_its_replacement_corrected() {
    let bundle = sample().export();
    let mut statuses: Vec<(u64, &str)> = of_type(&bundle, "Observation")
        .into_iter()
        .filter_map(|it| {
            Some((
                it["component"][0]["valueQuantity"]["value"].as_u64()?,
                it["status"].as_str()?,
            ))
        })
        .collect();
    statuses.sort_unstable();
    assert_eq!(
        statuses,
        [
            (118, "corrected"),
            (128, "final"),
            (218, "entered-in-error")
        ]
    );
}

#[test]
fn a_medication_not_given_says_why_and_one_given_says_how_much() {
    let bundle = sample().export();
    let given = of_type(&bundle, "MedicationAdministration");
    let find = |text: &str| {
        *given
            .iter()
            .find(|it| it["medicationCodeableConcept"]["text"] == text)
            .unwrap()
    };
    assert_eq!(find("Ibuprofen")["status"], "not-done");
    assert_eq!(
        find("Ibuprofen")["statusReason"][0]["coding"][0]["code"],
        "contraindicated"
    );
    assert_eq!(
        find("Warfarin 5 mg")["dosage"]["dose"],
        json!({ "value": 5.0, "unit": "mg", "system": UCUM, "code": "mg" })
    );
    assert_eq!(find("Paracetamol")["status"], "entered-in-error");
}

#[test]
fn every_visit_status_has_its_pair_in_fhir() {
    use VisitStatus::*;
    let expected = [
        (Scheduled, "booked", "planned"),
        (Traveling, "booked", "planned"),
        (InProgress, "arrived", "in-progress"),
        (OnBreak, "arrived", "onleave"),
        (Completed, "fulfilled", "finished"),
        (Signed, "fulfilled", "finished"),
        (Amended, "fulfilled", "finished"),
        (Canceled, "cancelled", "cancelled"),
        (Missed, "noshow", "cancelled"),
    ];
    for (status, appointment, encounter) in expected {
        let mut sample = sample();
        sample.visit.status = status;
        let bundle = sample.export();
        assert_eq!(of_type(&bundle, "Appointment")[0]["status"], appointment);
        assert_eq!(of_type(&bundle, "Encounter")[0]["status"], encounter);
        assert_eq!(of_type(&bundle, "Encounter")[0]["class"]["code"], "HH");
    }
}

#[test]
fn presence_is_in_the_period_and_the_places_with_the_homes_offset() {
    let bundle = sample().export();
    let encounter = of_type(&bundle, "Encounter")[0];
    assert_eq!(
        encounter["period"],
        json!({
            "start": "2026-02-14T19:10:00.000-05:00", "end": "2026-02-14T19:55:00.000-05:00",
        })
    );
    assert_eq!(encounter["statusHistory"].as_array().unwrap().len(), 6);
    assert_eq!(encounter["location"].as_array().unwrap().len(), 3);
    let place = of_type(&bundle, "Location")
        .into_iter()
        .find(|it| it["name"] == "check-in")
        .unwrap();
    assert_eq!(place["position"]["latitude"], 42.3575);
}

#[test]
fn the_seal_and_who_wrote_what_are_in_provenance() {
    let bundle = sample().export();
    let provenance = of_type(&bundle, "Provenance");
    let sealed = provenance
        .iter()
        .find(|it| it["signature"].is_array())
        .unwrap();
    let signature = &sealed["signature"][0];
    assert_eq!(signature["type"][0]["code"], "1.2.840.10065.1.12.1.5");
    assert_eq!(signature["data"], super::super::base64::encode(&[0x1e; 64]));
    assert_eq!(
        sealed["entity"][0]["what"]["identifier"]["value"],
        "cd".repeat(32)
    );
    let task = format!("urn:uuid:{}", id(0x31));
    let wrote = provenance
        .iter()
        .find(|it| it["target"][0]["reference"] == task && it["reason"].is_null())
        .unwrap();
    assert_eq!(
        wrote["agent"][0]["who"]["reference"],
        format!("urn:uuid:{}", id(AIDE))
    );
    assert_eq!(wrote["extension"].as_array().unwrap().len(), 2);
    let issue = of_type(&bundle, "DetectedIssue")[0];
    assert!(issue["detail"].as_str().unwrap().contains("71.5 (Ada Aide"));
}

#[test]
fn a_visit_with_nothing_in_it_is_a_bundle_too() {
    let mut sample = sample();
    let empty = json!({ "schema": 1, "patient": id(PATIENT), "status": "scheduled" });
    sample.visit = serde_json::from_value(empty).unwrap();
    sample.authored.clear();
    sample.conflicts.clear();
    let bundle = export_visit(&VisitExport {
        booking: &sample.booking,
        visit: &sample.visit,
        patient: &sample.patient,
        chart: None,
        plans: &[],
        care_team: None,
        people: &sample.people,
        authored: &[],
        conflicts: &[],
        now: AS_OF,
    });
    assert_eq!(bundle["entry"].as_array().unwrap().len(), 8);
}

#[test]
fn what_was_exported_is_imported_as_it_was() {
    let sample = sample();
    let bundle = serde_json::to_vec(&sample.export()).unwrap();
    let back = import(&bundle).unwrap();
    let entries = sample.export()["entry"].as_array().unwrap().len() as u64;
    assert_eq!(
        back.report.imported_total() + back.report.skipped_total(),
        entries
    );
    let record = |kind: RecordKind, id: Uuid| {
        let found = back
            .records
            .iter()
            .find(|it| it.kind == kind && it.id.0 == id);
        found.unwrap().body.as_str()
    };
    let patient: Patient = serde_json::from_str(record(RecordKind::Patient, id(PATIENT))).unwrap();
    assert_eq!(patient, sample.patient);
    let team: CareTeam = serde_json::from_str(record(RecordKind::CareTeam, id(0x22))).unwrap();
    assert_eq!(team, sample.team);
    let tree = |document: DocumentId| {
        &back
            .documents
            .iter()
            .find(|it| it.id == document)
            .unwrap()
            .tree
    };
    let chart: Chart =
        serde_json::from_value(tree(DocumentId::chart(PatientId(id(PATIENT)))).clone()).unwrap();
    assert_eq!(chart.contacts, sample.chart.contacts);
    assert_eq!(chart.conditions.len(), 2);
    assert_eq!(
        chart.allergies.get(&entry(0xB2)),
        sample.chart.allergies.get(&entry(0xB2))
    );
    assert_eq!(chart.allergies[&entry(0xB4)].status, AllergyStatus::Refuted);
    assert!(!chart.allergies.contains_key(&entry(0xB3)));
    assert_eq!(chart.medications.len(), 2);
    let plan: Plan =
        serde_json::from_value(tree(DocumentId::plan(PlanId(id(0x21)))).clone()).unwrap();
    assert_eq!(
        (plan.goals, plan.title, plan.narrative),
        (
            sample.plans[0].1.goals.clone(),
            sample.plans[0].1.title.clone(),
            sample.plans[0].1.narrative.clone()
        )
    );
    assert_eq!(
        plan.activities.values().next(),
        sample.plans[0].1.activities.values().next()
    );
}

#[test]
fn a_booked_visit_comes_back_as_the_same_visit_with_its_tasks() {
    let mut sample = sample();
    sample.visit.status = VisitStatus::Scheduled;
    let back = import(&serde_json::to_vec(&sample.export()).unwrap()).unwrap();
    let document = back
        .documents
        .iter()
        .find(|it| it.id.kind == DocumentKind::Visit)
        .unwrap();
    assert_eq!(document.id, DocumentId::visit(sample.booking.visit));
    let visit: Visit = serde_json::from_value(document.tree.clone()).unwrap();
    assert_eq!(visit.tasks.len(), 3);
    assert_eq!(
        visit.tasks[&entry(0x31)].code,
        sample.visit.tasks[&entry(0x31)].code
    );
    let booking = back
        .records
        .iter()
        .find(|it| it.kind == RecordKind::Booking)
        .unwrap();
    let booking: Booking = serde_json::from_str(&booking.body).unwrap();
    assert_eq!(booking, sample.booking);
}
