//! Doses, pictures, files and warnings: written out, and read back.

use homeround::model::*;
use serde_json::{Value, json};

use super::import;
use super::sample::{PATIENT, Sample, entry, id, sample};

/// The resource of an id.
fn resource(bundle: &Value, id: uuid::Uuid) -> Value {
    let entries = bundle["entry"].as_array().unwrap().iter();
    let mut resources = entries.map(|it| &it["resource"]);
    resources
        .find(|it| it["id"] == json!(id))
        .cloned()
        .unwrap_or_default()
}

/// The line of the history that a resource becomes when it is read back.
fn line(sample: &Sample, number: u128) -> History {
    let back = import(&serde_json::to_vec(&sample.export()).unwrap()).unwrap();
    let record = back
        .records
        .iter()
        .find(|it| it.kind == RecordKind::History && it.id.0 == id(number));
    serde_json::from_str(&record.unwrap().body).unwrap()
}

fn chart_back(sample: &Sample) -> Chart {
    let back = import(&serde_json::to_vec(&sample.export()).unwrap()).unwrap();
    let chart = DocumentId::chart(PatientId(id(PATIENT)));
    let made = back.documents.iter().find(|it| it.id == chart).unwrap();
    serde_json::from_value(made.tree.clone()).unwrap()
}

#[test]
fn doses_come_back_as_lines_with_what_was_given_or_why_not() {
    let sample = sample();
    let given = line(&sample, 0x61);
    assert_eq!(given.resource, "MedicationAdministration");
    assert_eq!(
        (given.code.code.as_str(), given.status.as_str()),
        ("855332", "completed")
    );
    assert_eq!(
        given.value.as_deref(),
        Some("5.0 mg; Given although warned (dose_differs): INR 1.6, by phone order")
    );
    let not_given = line(&sample, 0x62);
    assert_eq!(
        (not_given.code.text.as_str(), not_given.status.as_str()),
        ("Ibuprofen", "not-done")
    );
    let why = not_given.value.unwrap();
    assert!(why.ends_with("; takes warfarin"), "{why}");
}

#[test]
fn pictures_and_recordings_are_media_with_their_body_site_and_files_are_documents() {
    let sample = sample();
    let bundle = sample.export();
    let photo = resource(&bundle, id(0x81));
    assert_eq!(photo["resourceType"], "Media");
    assert_eq!(photo["type"]["coding"][0]["code"], "image");
    assert_eq!(photo["bodySite"]["coding"][0]["code"], "76853006");
    let url = photo["content"]["url"].as_str().unwrap();
    assert!(url.starts_with("ni:///sha-256;"), "{url}");
    let cough = resource(&bundle, id(0x84));
    assert_eq!(cough["type"]["coding"][0]["code"], "audio");
    assert_eq!(cough["bodySite"], Value::Null);
    let letter = resource(&bundle, id(0x85));
    assert_eq!(letter["resourceType"], "DocumentReference");
    assert_eq!(
        letter["content"][0]["attachment"]["contentType"],
        "application/pdf"
    );
    let back = line(&sample, 0x81);
    assert_eq!(back.value.as_deref(), Some("Left heel"));
    assert_eq!(back.measured.body_site.unwrap().code, "76853006");
    assert_eq!(line(&sample, 0x84).category.as_deref(), Some("audio/ogg"));
}

#[test]
fn what_was_attached_in_error_says_so_and_is_not_taken_back_in() {
    let mut sample = sample();
    let correction = json!({ "section": "attachments", "target": entry(0x81), "by": id(0x1), "at_ms": 0,
        "reason": "another patient's" });
    let correction = serde_json::from_value(correction).unwrap();
    sample.visit.corrections.insert(entry(0x99), correction);
    let bundle = sample.export();
    assert_eq!(resource(&bundle, id(0x81))["status"], "entered-in-error");
    let back = import(&serde_json::to_vec(&bundle).unwrap()).unwrap();
    assert!(back.records.iter().all(|it| it.id.0 != id(0x81)));
}

#[test]
fn alerts_are_flags_and_come_back_as_alerts() {
    let sample = sample();
    let bundle = sample.export();
    let dog = resource(&bundle, id(0xB7));
    assert_eq!(
        (&dog["resourceType"], &dog["status"]),
        (&json!("Flag"), &json!("active"))
    );
    assert_eq!(resource(&bundle, id(0xB8))["status"], "inactive");
    assert_eq!(chart_back(&sample).alerts, sample.chart.alerts);
}

#[test]
fn the_scale_that_news2_is_to_use_comes_back_and_none_stays_none() {
    let mut sample = sample();
    assert_eq!(chart_back(&sample).spo2_scale, None);
    for scale in [Spo2Scale::Scale1, Spo2Scale::Scale2] {
        sample.chart.spo2_scale = Some(scale);
        let back = chart_back(&sample);
        assert_eq!(back.spo2_scale, Some(scale));
        assert_eq!(back.alerts.len(), 2, "it is no alert");
    }
}

#[test]
fn what_another_system_leaves_out_is_said_by_its_field() {
    let patient = json!({ "resource": { "resourceType": "Patient", "id": id(PATIENT), "name": [{ "family": "P" }] } });
    let taken = |resource: Value| {
        let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": [patient, { "resource": resource }] });
        let back = import(&serde_json::to_vec(&bundle).unwrap()).unwrap();
        let problems = back.report.problems.first();
        problems.map(|it| (it.code, it.field.clone()))
    };
    let subject = json!({ "reference": format!("Patient/{}", id(PATIENT)) });
    let dose = json!({ "resourceType": "MedicationAdministration", "id": "d", "status": "completed", "subject": subject,
        "medicationCodeableConcept": { "text": "Insulin" }, "effectivePeriod": { "start": "2026-03-04T08:00:00Z" },
        "dosage": { "text": "8 units before breakfast" } });
    assert_eq!(taken(dose.clone()), None);
    let mut undated = dose.clone();
    undated.as_object_mut().unwrap().remove("effectivePeriod");
    assert_eq!(
        taken(undated).unwrap(),
        ("no_date", "effectiveDateTime".to_owned())
    );
    let mut nameless = dose;
    nameless
        .as_object_mut()
        .unwrap()
        .remove("medicationCodeableConcept");
    assert_eq!(taken(nameless).unwrap().0, "malformed");
    let flag = json!({ "resourceType": "Flag", "id": "f", "status": "active", "subject": subject });
    assert_eq!(taken(flag).unwrap(), ("malformed", "code".to_owned()));
    let media = json!({ "resourceType": "Media", "id": "m", "subject": subject, "createdDateTime": "2026-03-04" });
    assert_eq!(taken(media).unwrap(), ("malformed", "status".to_owned()));
}
