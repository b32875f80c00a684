//! Forms: out as responses that are nested as they were asked, in as records of a
//! version each.

use homeround::forms::Definition;
use homeround::model::{RecordKind, VisitStatus};
use serde_json::{Value, json};

use super::import;
use super::sample::{NURSE, entry, id, sample};

fn response(bundle: &Value, form: u128) -> Value {
    let entries = bundle["entry"].as_array().unwrap();
    let mut resources = entries.iter().map(|entry| &entry["resource"]);
    let wanted = json!(entry(form));
    resources.find(|it| it["id"] == wanted).unwrap().clone()
}

#[test]
fn a_form_goes_out_nested_as_it_was_asked_with_what_was_calculated() {
    let written = response(&sample().export(), 0x72);
    assert_eq!(written["resourceType"], "QuestionnaireResponse");
    assert_eq!(written["status"], "completed");
    assert_eq!(
        written["author"]["reference"],
        format!("urn:uuid:{}", id(NURSE))
    );
    let items = written["item"].as_array().unwrap();
    let links: Vec<&str> = items
        .iter()
        .filter_map(|it| it["linkId"].as_str())
        .collect();
    assert_eq!(
        links,
        ["wound", "wound", "count", "area", "of_an_older_app"]
    );
    let wound = items[0]["item"].as_array().unwrap();
    let place = &wound[0];
    assert_eq!(place["text"], "Where is it?");
    assert_eq!(place["answer"], json!([{ "valueString": "left heel" }]));
    let size = &wound[2]["item"][0]["answer"][0]["valueQuantity"];
    assert_eq!((&size["value"], &size["code"]), (&json!(2.5), &json!("cm")));
    let bed = wound[3]["answer"].as_array().unwrap();
    let codes: Vec<&Value> = bed.iter().map(|it| &it["valueCoding"]["code"]).collect();
    assert_eq!(codes, ["slough", "granulation"]);
    assert_eq!(items[2]["answer"], json!([{ "valueInteger": 2 }]));
    assert_eq!(items[3]["answer"], json!([{ "valueDecimal": 6 }]));
    assert_eq!(items[4]["answer"], json!([{ "valueString": "kept" }]));
}

#[test]
fn a_form_that_nobody_completed_goes_out_as_in_progress_even_of_a_signed_visit() {
    let mut sample = sample();
    assert_eq!(sample.visit.status, VisitStatus::Signed);
    let form = sample.visit.forms.get_mut(&entry(0x72)).unwrap();
    form.completed_at_ms = None;
    assert_eq!(response(&sample.export(), 0x72)["status"], "in-progress");
}

fn questionnaire(change: impl FnOnce(&mut Value)) -> Value {
    let mut source = json!({
        "resourceType": "Questionnaire", "id": "foot", "status": "active",
        "url": "https://clinic.example.org/Questionnaire/foot", "version": "1", "title": "Foot",
        "later": { "kept": true },
        "item": [{ "linkId": "/pulse", "type": "boolean", "text": "Pulse felt?" }],
    });
    change(&mut source);
    source
}

fn bundle(resources: &[Value]) -> Vec<u8> {
    let entries = resources.iter().map(|it| json!({ "resource": it }));
    let entries: Vec<Value> = entries.collect();
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    serde_json::to_vec(&bundle).unwrap()
}

#[test]
fn each_version_of_a_questionnaire_is_a_record_that_a_phone_can_fill() {
    let first = questionnaire(|_| ());
    let second = questionnaire(|it| {
        it["version"] = json!("2");
        it["id"] = json!("foot-2");
    });
    let taken = import(&bundle(&[first, second])).unwrap();
    assert_eq!(taken.report.imported["Questionnaire"], 2);
    assert!(
        taken
            .records
            .iter()
            .all(|it| it.kind == RecordKind::Questionnaire && it.patient.is_none())
    );
    let mut names: Vec<String> = taken
        .records
        .iter()
        .map(|record| {
            assert!(record.body.contains("\"later\":{\"kept\":true}"));
            Definition::parse(&record.body).unwrap().canonical()
        })
        .collect();
    names.sort();
    let url = "https://clinic.example.org/Questionnaire/foot";
    assert_eq!(names, [format!("{url}|1"), format!("{url}|2")]);
}

#[test]
fn a_questionnaire_without_address_or_version_gets_them_from_what_it_is() {
    let nameless = |text: &str| {
        questionnaire(|it| {
            let fields = it.as_object_mut().unwrap();
            fields.remove("url");
            fields.remove("version");
            fields.insert("date".into(), json!("2026-05-01"));
            it["item"][0]["text"] = json!(text);
        })
    };
    let name = |source: &Value| {
        let taken = import(&bundle(std::slice::from_ref(source))).unwrap();
        assert_eq!(taken.report.problems.len(), 2);
        Definition::parse(&taken.records[0].body).unwrap()
    };
    let (one, again, other) = (
        name(&nameless("A?")),
        name(&nameless("A?")),
        name(&nameless("B?")),
    );
    assert_eq!(one.canonical(), again.canonical());
    assert!(one.url.starts_with("urn:uuid:") && one.version.starts_with("2026-05-01-"));
    assert_eq!(one.url, other.url);
    assert_ne!(
        one.version, other.version,
        "another text is another version"
    );
}

#[test]
fn a_questionnaire_that_can_not_be_filled_is_refused_with_item_and_element() {
    let unknown = questionnaire(|it| it["item"][0]["type"] = json!("hologram"));
    let broken = questionnaire(|it| {
        it["id"] = json!("second");
        it["status"] = json!("someday");
    });
    let taken = import(&bundle(&[unknown, broken])).unwrap();
    assert!(taken.records.is_empty());
    let fields: Vec<&str> = taken
        .report
        .problems
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(fields, ["item(/pulse).type", "status"]);
}
