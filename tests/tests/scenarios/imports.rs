//! FHIR that is broken, and FHIR that comes twice.

use homeround_tests::stage::{Backend, Office, Stage, fixture, fixture_text, logs};
use serde_json::{Value, json};

const IMPORT: &str = "/v1/admin/import?time_zone=America/New_York";

fn refused(office: &Office, input: &[u8], code: &str) {
    let answer = office.post(IMPORT, input);
    assert_eq!((answer.status, answer.code().as_str()), (400, code));
    assert!(!answer.remedy().is_empty());
    let patients = office.read("/v1/admin/patients");
    assert_eq!(patients, json!([]), "half of it was taken");
    assert!(office.audit("imported").is_empty());
}

#[test]
fn what_is_cut_or_not_fhir_is_refused_whole() {
    logs::keep();
    let backend = Backend::start();
    let office = Office::new(&backend);
    let whole = fixture("collection.json");
    for cut in [0, 1, 900, whole.len() / 2, whole.len() - 3] {
        refused(&office, &whole[..cut], "import_truncated");
    }
    let zipped = fixture("grover_murphy.json.gz");
    refused(&office, &zipped[..zipped.len() / 2], "import_truncated");
    for input in ["{}", "[]", "{\"resourceType\": 3}"] {
        refused(&office, input.as_bytes(), "import_not_fhir");
    }
    for input in ["<Bundle xmlns=\"http://hl7.org/fhir\"/>", "{\"a\": 1,}"] {
        refused(&office, input.as_bytes(), "import_unreadable");
    }
    let answer = office.post("/v1/admin/import?time_zone=Mars/Olympus", &whole);
    assert_eq!(answer.status, 400);
    assert!(answer.remedy().contains("time zone"), "{}", answer.remedy());
    // After all of that a good one is taken whole.
    let done = office.import(&whole);
    assert!(done["stored"]["patients_new"].as_u64().unwrap() > 0);
}

#[test]
fn a_refused_import_says_what_to_do_and_not_only_what_is_wrong() {
    let backend = Backend::start();
    let office = Office::new(&backend);
    let answer = office.post(IMPORT, b"{\"resourceType\": \"Bundle\"");
    assert_eq!(answer.code(), "import_truncated");
    assert!(answer.remedy().contains("again"), "{}", answer.remedy());
}

#[test]
fn the_same_bundle_a_second_time_creates_nothing_and_overwrites_nobodys_work() {
    for name in ["collection.json", "hung_bailey.json.gz"] {
        let stage = Stage::set_with(&[name]);
        let visit = stage.visit();
        let nina = stage.phone("nina");
        let chart = nina.app().chart(stage.patients[0]);
        chart.set_home_access("door_code", "4711").unwrap();
        nina.sync(&stage.backend);
        let again = stage.office().import(&fixture(name));
        let stored = &again["stored"];
        for count in ["records_written", "documents_created", "patients_new"] {
            assert_eq!(stored[count], 0, "{name}: {count} of {stored}");
        }
        assert!(stored["records_same"].as_u64().unwrap() > 0);
        assert_eq!(stage.office().patients(), stage.patients);
        let report = nina.sync(&stage.backend);
        assert_eq!(report.accepted, 0);
        assert_eq!(chart.read().unwrap().home_access["door_code"], "4711");
        stage.same_everywhere(visit, &[&nina]);
    }
}

#[test]
fn references_that_lead_nowhere_are_counted_with_a_remedy_and_the_rest_is_taken() {
    logs::keep();
    let backend = Backend::start();
    let office = Office::new(&backend);
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": [
        { "resource": { "resourceType": "Patient", "id": "p-1",
            "name": [{ "family": "Danglewood", "given": ["Petra"] }], "birthDate": "1950-01-02" } },
        { "resource": observation("o-1", "Patient/p-1") },
        { "resource": observation("o-2", "Patient/gone") },
    ]});
    logs::forbid("Danglewood");
    let done = office.import(bundle.to_string().as_bytes());
    let report = &done["report"];
    assert_eq!(report["imported"]["Patient"], 1);
    assert_eq!(report["imported"]["Observation"], 1);
    assert_eq!(report["skipped"]["Observation"]["dangling_reference"], 1);
    let problems = report["problems"].as_array().unwrap();
    let about = problems
        .iter()
        .find(|one| one["code"] == "dangling_reference");
    let about = about.expect("the problem is listed");
    assert_eq!(about["id"], "o-2");
    assert!(!about["remedy"].as_str().unwrap().is_empty());
    assert_eq!(office.patients().len(), 1);
    drop(backend);
    logs::check();
}

fn observation(id: &str, subject: &str) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "code": { "coding": [{ "system": "http://loinc.org", "code": "8867-4", "display": "Heart rate" }] },
        "subject": { "reference": subject },
        "effectiveDateTime": "2026-01-01T08:00:00Z",
        "valueQuantity": { "value": 72, "code": "/min" },
    })
}

#[test]
fn every_entry_of_a_bundle_is_counted_once() {
    let name = "luigi_schmitt.json.gz";
    logs::keep();
    let backend = Backend::start();
    let done = Office::new(&backend).import(&fixture(name));
    let bundle: Value = serde_json::from_str(&fixture_text(name)).unwrap();
    let entries = bundle["entry"].as_array().unwrap().len() as u64;
    let sum = |value: &Value| -> u64 {
        let counts = value.as_object().unwrap().values();
        counts.filter_map(Value::as_u64).sum()
    };
    let skipped = done["report"]["skipped"].as_object().unwrap().values();
    let skipped: u64 = skipped.map(sum).sum();
    assert_eq!(sum(&done["report"]["imported"]) + skipped, entries);
}
