//! Notices to the patient, out as communications; and what the patient wishes, as a consent
//! out and back in.

use homeround::model::{Chart, DocumentId, PatientId};
use serde_json::{Value, json};

use super::export::of_type;
use super::import;
use super::sample::{NURSE, PATIENT, Sample, entry, id, sample};

#[test]
fn a_notice_says_whether_it_reached_the_patient_and_how() {
    let bundle = sample().export();
    let told = of_type(&bundle, "Communication");
    let find = |number: u128| {
        let id = json!(entry(number));
        *told.iter().find(|it| it["id"] == id).unwrap()
    };
    let (sent, refused) = (find(0xA7), find(0xA8));
    let patient = format!("urn:uuid:{}", id(PATIENT));
    assert_eq!(sent["recipient"][0]["reference"], patient);
    assert_eq!(
        sent["sender"]["reference"],
        format!("urn:uuid:{}", id(NURSE))
    );
    assert_eq!(sent["status"], "completed");
    assert_eq!(sent["medium"][0]["coding"][0]["code"], "EMAILWRIT");
    assert!(sent["sent"].is_string());
    assert_eq!(
        (&refused["status"], &refused["sent"]),
        (&json!("not-done"), &Value::Null)
    );
    assert_eq!(refused["statusReason"]["text"], "refused");
    let said = sent["payload"][0]["contentString"].as_str().unwrap();
    assert!(
        said.starts_with("The visit begins within 2026-02-14T19:00:00.000-05:00/"),
        "{said}"
    );
}

fn back(sample: &Sample) -> Chart {
    let back = import(sample.export().to_string().as_bytes()).unwrap();
    let chart = DocumentId::chart(PatientId(id(PATIENT)));
    let made = back.documents.iter().find(|it| it.id == chart).unwrap();
    serde_json::from_value(made.tree.clone()).unwrap()
}

#[test]
fn what_the_patient_wishes_comes_back_as_it_was() {
    let mut sample = sample();
    assert_eq!(back(&sample).notice_wishes, sample.chart.notice_wishes);
    let wishes = sample.chart.notice_wishes.as_mut().unwrap();
    wishes.agreed = false;
    wishes.address = String::new();
    assert_eq!(back(&sample).notice_wishes, sample.chart.notice_wishes);
}

#[test]
fn a_consent_to_something_else_is_not_used_and_one_that_cannot_be_read_says_so() {
    let mut bundle = sample().export();
    let entries = bundle["entry"].as_array_mut().unwrap();
    let consent = entries
        .iter_mut()
        .find(|it| it["resource"]["resourceType"] == "Consent")
        .unwrap();
    consent["resource"]["extension"][0]["extension"] = json!([]);
    let taken = import(bundle.to_string().as_bytes()).unwrap();
    assert_eq!(taken.report.skipped["Consent"]["malformed"], 1);
    let entries = bundle["entry"].as_array_mut().unwrap();
    for entry in entries.iter_mut() {
        if entry["resource"]["resourceType"] == "Consent" {
            entry["resource"]["category"] = json!([{ "text": "Research" }]);
        }
    }
    let taken = import(bundle.to_string().as_bytes()).unwrap();
    assert_eq!(taken.report.skipped["Consent"]["not_used"], 1);
}
