//! A visit with everything in it, written out and read back.

use std::collections::BTreeMap;

use homeround::model::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::sample::{AIDE, PATIENT, Sample, entry, id, sample};
use super::{AS_OF, import};
use crate::connect::fhir::{VisitExport, export_visit};

pub(super) fn of_type<'a>(bundle: &'a Value, kind: &str) -> Vec<&'a Value> {
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
    let virtual_visit = super::virtual_visit::virtual_sample();
    is_the_accepted("exported-visit.json", &sample());
    is_the_accepted("exported-virtual-visit.json", &virtual_visit);
}

fn is_the_accepted(name: &str, sample: &Sample) {
    let written = serde_json::to_string_pretty(&sample.export()).unwrap() + "\n";
    let path = format!("{}/../tests/fhir/{name}", env!("CARGO_MANIFEST_DIR"));
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
    for reference in found.into_iter().filter(|it| !it.starts_with('#')) {
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
        .find(|it| it["id"] == json!(id(0x93)))
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

/// The signatures of a sign-off's resource, without the device's own.
fn signed_by_hand(bundle: &Value, number: u128) -> (&Value, Vec<&Value>) {
    let found = of_type(bundle, "Provenance").into_iter();
    let resource = found.into_iter().find(|it| it["id"] == json!(id(number)));
    let resource = resource.unwrap();
    let signatures = resource["signature"].as_array().unwrap().iter();
    let by_hand = signatures.filter(|it| it["sigFormat"] != "application/octet-stream");
    (resource, by_hand.collect())
}

#[test]
fn a_signature_by_hand_is_a_picture_of_its_strokes_and_carries_them() {
    let bundle = sample().export();
    let (resource, signatures) = signed_by_hand(&bundle, 0x96);
    let [signature] = signatures[..] else {
        panic!("one signature")
    };
    assert_eq!(
        resource["entity"][0]["what"]["identifier"]["value"],
        "cd".repeat(32)
    );
    assert_eq!(signature["sigFormat"], "image/svg+xml");
    assert_eq!(signature["type"][0]["code"], "1.2.840.10065.1.12.1.3");
    assert_eq!(
        signature["who"]["reference"],
        format!("urn:uuid:{}", id(PATIENT))
    );
    assert!(signature["onBehalfOf"].is_null());
    let data = signature["data"].as_str().unwrap();
    let picture = super::super::base64::decode_up_to(data, 10_000).unwrap();
    let picture = String::from_utf8(picture).unwrap();
    let path = "d=\"M10000 12000L14000 6000L21000 15000M25000 4000h0\"";
    assert!(picture.contains(path), "{picture}");
    assert!(picture.contains("width=\"80mm\" height=\"30mm\" viewBox=\"0 0 80000 30000\""));
    let carried = signature["extension"].as_array().unwrap();
    let strokes = carried.iter().find_map(|it| it["valueString"].as_str());
    assert_eq!(strokes, Some(super::sample::ink().as_str()));
    // The device's own signature over it goes along.
    let own = resource["signature"].as_array().unwrap().last().unwrap();
    assert_eq!(own["data"], super::super::base64::encode(&[0x2d; 64]));
}

#[test]
fn who_signs_for_a_patient_is_named_and_who_does_not_sign_has_a_reason() {
    let bundle = sample().export();
    let (resource, signatures) = signed_by_hand(&bundle, 0x97);
    let signature = signatures[0];
    assert_eq!(
        signature["onBehalfOf"]["reference"],
        format!("urn:uuid:{}", id(PATIENT))
    );
    assert_eq!(signature["who"]["reference"], "#signer");
    let daughter = &resource["contained"][0];
    assert_eq!(daughter["name"][0]["text"], "Dora Probe");
    assert_eq!(daughter["relationship"][0]["coding"][0]["code"], "CHILD");
    let (resource, signatures) = signed_by_hand(&bundle, 0x98);
    assert!(signatures.is_empty());
    assert_eq!(
        resource["reason"][0]["coding"][0]["code"],
        "infection_control"
    );
    let (_, signatures) = signed_by_hand(&bundle, 0x99);
    assert!(
        signatures.is_empty(),
        "of a later version: nothing is made up"
    );
}

#[test]
fn a_signature_that_was_taken_back_says_so() {
    let bundle = sample().export();
    let status = |number| {
        let (resource, _) = signed_by_hand(&bundle, number);
        let said = resource["extension"].as_array().unwrap().iter();
        let status = |it: &&Value| it["url"].as_str().unwrap().ends_with("/sign-off-status");
        said.clone().find(status).map(|it| it["valueCode"].clone())
    };
    assert_eq!(status(0x96), None);
    assert_eq!(status(0x9a), Some(json!("entered-in-error")));
    let provenance = of_type(&bundle, "Provenance").into_iter();
    let mut taking_back = provenance.filter(|it| it["id"] == json!(id(0x9b)));
    let target = &taking_back.next().unwrap()["target"][0]["reference"];
    assert_eq!(target, &json!(format!("urn:uuid:{}", id(0x9a))));
}

#[test]
fn a_visit_with_nothing_in_it_is_a_bundle_too() {
    let mut sample = sample();
    let empty = json!({ "schema": 1, "patient": id(PATIENT), "status": "scheduled" });
    sample.visit = serde_json::from_value(empty).unwrap();
    sample.authored.clear();
    sample.conflicts.clear();
    let bundle = export_visit(&VisitExport {
        planned: &[],
        booking: &sample.booking,
        visit: &sample.visit,
        patient: &sample.patient,
        chart: None,
        plans: &[],
        care_team: None,
        people: &sample.people,
        questionnaires: &BTreeMap::new(),
        authored: &[],
        conflicts: &[],
        notices: &BTreeMap::new(),
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
    assert_eq!(chart.medications.len(), 4);
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
        (&plan.time_zone, &plan.template, &plan.assignee),
        (
            &sample.plans[0].1.time_zone,
            &sample.plans[0].1.template,
            &sample.plans[0].1.assignee
        )
    );
}

#[test]
fn a_visit_that_is_shorter_than_its_window_goes_out_and_comes_back_so() {
    let mut sample = sample();
    sample.visit.status = VisitStatus::Scheduled;
    for (minutes, told, back) in [
        (Some(25), 25, Some(25)),
        (Some(60), 60, None),
        (None, 60, None),
    ] {
        sample.booking.visit_minutes = minutes;
        let bundle = sample.export();
        assert_eq!(of_type(&bundle, "Appointment")[0]["minutesDuration"], told);
        let import = import(&serde_json::to_vec(&bundle).unwrap()).unwrap();
        let mut records = import.records.iter();
        let booking = records.find(|it| it.kind == RecordKind::Booking).unwrap();
        let booking: Booking = serde_json::from_str(&booking.body).unwrap();
        assert_eq!(booking.visit_minutes, back);
        assert_eq!(booking.end_ms, sample.booking.end_ms);
    }
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

#[test]
fn everybody_who_was_there_is_a_participant_with_their_time_and_how_sure_it_is() {
    let bundle = sample().export();
    let encounter = of_type(&bundle, "Encounter")[0];
    let participants = encounter["participant"].as_array().unwrap();
    let role = |one: &Value| one["type"][0]["coding"][0]["code"].clone();
    let said = |one: &Value| -> Vec<String> {
        let extensions = one["extension"].as_array().cloned().unwrap_or_default();
        let value = |it: &Value| match &it["valueCode"] {
            Value::String(code) => Some(code.clone()),
            _ => None,
        };
        extensions.iter().filter_map(value).collect()
    };
    let hers = &participants[0];
    assert_eq!(role(hers), "PPRF");
    assert!(hers["period"]["start"].is_string() && hers["period"]["end"].is_string());
    assert_eq!(
        said(hers),
        ["verified", "explained", "out_of_range", "forgot_end"]
    );
    let aide = participants
        .iter()
        .find(|one| said(one) == ["reason_needed", "no_fix"])
        .unwrap();
    assert!(aide["period"]["start"].is_string() && aide["period"].get("end").is_none());
}
