//! Scores, circumstances and orders: written out, and read back.

use homeround::model::*;
use serde_json::{Value, json};

use super::import;
use super::sample::{PATIENT, entry, id, sample};

/// What came of an entry of the visit, by the code that it has.
fn observation(bundle: &Value, code: &str) -> Value {
    let entries = bundle["entry"].as_array().unwrap().iter();
    let mut resources = entries.map(|it| &it["resource"]);
    let found = resources.find(|it| {
        let codings = it["code"]["coding"].as_array();
        it["resourceType"] == "Observation"
            && codings.is_some_and(|all| all.iter().any(|one| one["code"] == code))
    });
    found.cloned().unwrap_or_default()
}

const NEWS2: &str = "1104051000000101";

#[test]
fn a_complete_set_has_its_news2_with_every_part_and_what_it_comes_of() {
    let score = observation(&sample().export(), NEWS2);
    // 97 % on oxygen is 3 points on scale 2, and oxygen 2: urgent.
    assert_eq!(score["valueInteger"], 5);
    assert_eq!(score["interpretation"][0]["coding"][0]["code"], "medium");
    let parts: Vec<(&str, u64)> = score["component"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let code = it["code"]["coding"][0]["code"].as_str().unwrap();
            (code, it["valueInteger"].as_u64().unwrap())
        })
        .collect();
    let expected = [
        ("1104301000000104", 0),
        ("1104321000000108", 3),
        ("1104331000000105", 2),
        ("1104341000000101", 0),
        ("1104351000000103", 0),
        ("1104361000000100", 0),
        ("1104371000000107", 0),
    ];
    assert_eq!(parts, expected);
    assert!(score["derivedFrom"].as_array().unwrap().len() >= 6);
    let note = score["note"][0]["text"].as_str().unwrap();
    assert!(note.contains("Royal College of Physicians") && note.contains("Decision support"));
}

#[test]
fn an_incomplete_set_and_a_child_have_no_score() {
    let mut incomplete = sample();
    let Finding::Vitals(vitals) = &mut incomplete
        .visit
        .observations
        .get_mut(&entry(0x51))
        .unwrap()
        .finding
    else {
        panic!("the sample's first observation is a set");
    };
    vitals.consciousness = None;
    assert_eq!(observation(&incomplete.export(), NEWS2), Value::Null);
    let mut child = sample();
    child.patient.birth_date = Some("2015-06-01".into());
    assert_eq!(observation(&child.export(), NEWS2), Value::Null);
}

#[test]
fn oxygen_is_a_component_of_the_saturation_and_consciousness_an_observation() {
    let bundle = sample().export();
    let saturation = observation(&bundle, "59408-5");
    let components = saturation["component"].as_array().unwrap();
    let oxygen = &components[0]["valueCodeableConcept"]["coding"][0]["code"];
    assert_eq!(oxygen, "371825009");
    assert_eq!(components[1]["valueQuantity"]["value"], 2.0);
    assert_eq!(components[1]["valueQuantity"]["code"], "L/min");
    let awake = observation(&bundle, "1104441000000107");
    assert_eq!(
        awake["valueCodeableConcept"]["coding"][0]["code"],
        "248234008"
    );
}

#[test]
fn where_how_and_with_what_go_out_with_their_figure_and_come_back() {
    let bundle = sample().export();
    let pressure = observation(&bundle, "85354-9");
    assert_eq!(pressure["bodySite"]["coding"][0]["code"], "368208006");
    assert_eq!(pressure["method"]["coding"][0]["code"], "37931006");
    assert_eq!(pressure["device"]["reference"], "#device");
    let pulse = observation(&bundle, "8867-4");
    assert_eq!(pulse["bodySite"], Value::Null);
    assert_eq!(pulse["device"]["display"], "The patient's own monitor");

    let back = import(&serde_json::to_vec(&bundle).unwrap()).unwrap();
    let lines = back
        .records
        .iter()
        .filter(|it| it.kind == RecordKind::History);
    let mut lines = lines.map(|it| serde_json::from_str::<History>(&it.body).unwrap());
    let line = lines.find(|it| it.code.code == "85354-9" && it.measured.body_site.is_some());
    let measured = line.unwrap().measured;
    assert_eq!(measured.body_site.unwrap().code, "368208006");
    assert_eq!(measured.method.unwrap().code, "37931006");
    assert_eq!(
        measured.device,
        Some(Coding::text("The patient's own monitor"))
    );
}

#[test]
fn a_patients_signature_by_hand_comes_back_as_a_line_of_the_history() {
    let back = import(&serde_json::to_vec(&sample().export()).unwrap()).unwrap();
    let lines = back
        .records
        .iter()
        .filter(|it| it.kind == RecordKind::History);
    let lines = lines.map(|it| serde_json::from_str::<History>(&it.body).unwrap());
    let signed: Vec<History> = lines.filter(|it| it.resource == "Provenance").collect();
    let said: Vec<_> = signed.iter().map(|it| it.value.as_deref()).collect();
    // The seal, the amendment and who wrote what are no lines of a patient's history, nor
    // is a signature that was taken back.
    assert_eq!(said, [None, Some("Dora Probe")]);
    for line in &signed {
        assert_eq!(line.code.text, "Co-participant's Signature");
        assert_eq!(line.at_ms, signed[0].at_ms);
    }
}

#[test]
fn a_score_comes_back_as_a_line_of_the_history_with_its_parts() {
    let back = import(&serde_json::to_vec(&sample().export()).unwrap()).unwrap();
    let lines = back
        .records
        .iter()
        .filter(|it| it.kind == RecordKind::History);
    let mut lines = lines.map(|it| serde_json::from_str::<History>(&it.body).unwrap());
    let line = lines.find(|it| it.code.code == NEWS2).unwrap();
    assert_eq!(line.value.as_deref(), Some("5"));
    assert_eq!(line.components.len(), 7);
}

#[test]
fn the_figures_of_an_order_and_its_ingredients_come_back_as_they_were() {
    let sample = sample();
    let back = import(&serde_json::to_vec(&sample.export()).unwrap()).unwrap();
    let chart = DocumentId::chart(PatientId(id(PATIENT)));
    let tree = back.documents.iter().find(|it| it.id == chart).unwrap();
    let chart: Chart = serde_json::from_value(tree.tree.clone()).unwrap();
    let (listed, again) = (
        &sample.chart.medications[&entry(0xA3)],
        &chart.medications[&entry(0xA3)],
    );
    assert_eq!(again.dosing, listed.dosing);
    assert_eq!(again.ingredients, listed.ingredients);
    assert!(again.as_needed);
    assert_eq!(again.code, listed.code);
    let allergy = |chart: &Chart| chart.allergies[&entry(0xB2)].clone();
    assert_eq!(allergy(&chart), allergy(&sample.chart));
    assert!(!allergy(&chart).ingredients.is_empty());
}

#[test]
fn a_warning_that_somebody_went_on_against_is_a_note_with_the_reason() {
    let bundle = sample().export();
    let entries = bundle["entry"].as_array().unwrap().iter();
    let mut given = entries
        .map(|it| &it["resource"])
        .filter(|it| it["resourceType"] == "MedicationAdministration");
    let warfarin = given.find(|it| it["status"] == "completed").unwrap();
    assert_eq!(
        warfarin["note"],
        json!([{ "text": "Given although warned (dose_differs): INR 1.6, by phone order" }])
    );
}

#[test]
fn an_order_whose_figures_do_not_go_together_is_taken_without_them() {
    let order = |dosage: Value| {
        let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": [
            { "resource": { "resourceType": "Patient", "id": id(PATIENT), "name": [{ "family": "P" }] } },
            { "resource": { "resourceType": "MedicationStatement", "id": id(0xA9), "status": "active",
                "medicationCodeableConcept": { "text": "Paracetamol" },
                "subject": { "reference": format!("Patient/{}", id(PATIENT)) }, "dosage": [dosage] } },
        ] });
        let back = import(&serde_json::to_vec(&bundle).unwrap()).unwrap();
        let chart = DocumentId::chart(PatientId(id(PATIENT)));
        let tree = back.documents.iter().find(|it| it.id == chart).unwrap();
        let chart: Chart = serde_json::from_value(tree.tree.clone()).unwrap();
        chart.medications[&entry(0xA9)].dosing.clone()
    };
    let every = |frequency: u32, period: f64| {
        json!({ "asNeededBoolean": true,
            "timing": { "repeat": { "frequency": frequency, "period": period, "periodUnit": "h" } } })
    };
    assert_eq!(order(every(1, 6.0)).unwrap().min_interval_min, Some(360));
    assert_eq!(order(every(2, 6.0)), None);
    assert_eq!(order(json!({ "text": "as the label says" })), None);
    let unitless = json!({ "doseAndRate": [{ "doseQuantity": { "value": 2 } }] });
    assert_eq!(order(unitless), None);
    let most = |numerator: Value| {
        order(json!({ "doseAndRate": [{ "doseQuantity": { "value": 500, "unit": "mg" } }],
            "maxDosePerPeriod": { "numerator": numerator, "denominator": { "value": 1, "code": "d" } } }))
        .unwrap()
        .max_per_day
    };
    assert_eq!(most(json!({ "value": 2000, "unit": "mg" })), Some(4));
    assert_eq!(most(json!({ "value": 2, "unit": "g" })), None);
    assert_eq!(most(json!({ "value": 1200, "unit": "mg" })), None);
}

#[test]
fn what_was_found_of_the_list_goes_out_as_statements_and_a_list_and_comes_back_without_doubling() {
    let sample = sample();
    let bundle = sample.export();
    let all: Vec<&Value> = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["resource"])
        .collect();
    let list = all.iter().find(|it| it["resourceType"] == "List").unwrap();
    assert_eq!(list["id"], json!(id(0xD1)));
    let flags: Vec<&str> = list["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["flag"]["coding"][0]["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        flags,
        ["taking", "not_found", "taking_differently", "not_listed"]
    );
    let statement = |nth: usize| -> &Value {
        let url = list["entry"][nth]["item"]["reference"].as_str().unwrap();
        let own = url.strip_prefix("urn:uuid:").unwrap();
        all.iter().find(|it| it["id"] == own).unwrap()
    };
    assert_eq!(statement(0)["status"], "active");
    assert_eq!(
        statement(0)["derivedFrom"][0]["reference"],
        format!("urn:uuid:{}", id(0xA1))
    );
    assert_eq!(statement(1)["status"], "unknown");
    assert_eq!(statement(2)["dosage"][0]["text"], "two at night");
    assert_eq!(
        statement(3)["medicationCodeableConcept"]["text"],
        "St John's wort"
    );

    let back = import(&serde_json::to_vec(&bundle).unwrap()).unwrap();
    let chart = DocumentId::chart(PatientId(id(PATIENT)));
    let tree = back.documents.iter().find(|it| it.id == chart).unwrap();
    let chart: Chart = serde_json::from_value(tree.tree.clone()).unwrap();
    let listed: Vec<&str> = chart
        .medications
        .values()
        .map(|it| it.code.text.as_str())
        .collect();
    assert_eq!(chart.medications.len(), 4, "{listed:?}");
    assert!(listed.contains(&"St John's wort"));
    let found = back
        .records
        .iter()
        .filter(|it| it.kind == RecordKind::History);
    let found = found.filter(|it| it.body.contains("\"MedicationStatement\""));
    assert!(found.count() >= 4, "each finding is a line of the history");
}
