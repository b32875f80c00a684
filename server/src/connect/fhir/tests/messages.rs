//! Messages of the team, out as communications and in as lines of the history.

use homeround::model::{History, RecordKind};
use serde_json::json;

use super::export::of_type;
use super::import;
use super::sample::{NURSE, entry, id, sample};

#[test]
fn messages_about_the_visit_go_out_in_their_order_of_answering_and_others_stay() {
    let bundle = sample().export();
    let mut sent = of_type(&bundle, "Communication");
    sent.retain(|it| it["category"].is_null());
    assert_eq!(sent.len(), 3, "the one of another day stays in the chart");
    let find = |number: u128| {
        let id = json!(entry(number));
        *sent.iter().find(|it| it["id"] == id).unwrap()
    };
    let (asked, answer, wrong) = (find(0xE1), find(0xE2), find(0xE3));
    assert_eq!(
        (&asked["priority"], &answer["priority"]),
        (&json!("urgent"), &json!("routine"))
    );
    assert_eq!(
        asked["payload"][0]["contentString"],
        "His left leg is swollen."
    );
    let nurse = format!("urn:uuid:{}", id(NURSE));
    assert_eq!(asked["recipient"][0]["reference"], nurse);
    assert_eq!(answer["sender"]["reference"], nurse);
    assert_eq!(
        answer["inResponseTo"][0]["reference"],
        format!("urn:uuid:{}", entry(0xE1))
    );
    assert_eq!(wrong["status"], "entered-in-error");
}

#[test]
fn a_message_of_another_system_is_read_in_the_history_with_its_sender() {
    let bundle = sample().export();
    let taken = import(bundle.to_string().as_bytes()).unwrap();
    let told = taken.report.imported["Communication"];
    assert_eq!(told, 5, "and two notices, and a link to the survey");
    assert_eq!(taken.report.skipped["Communication"]["entered_in_error"], 1);
    let records = taken
        .records
        .iter()
        .filter(|it| it.kind == RecordKind::History);
    let lines = records.map(|it| serde_json::from_str::<History>(&it.body).unwrap());
    let lines: Vec<History> = lines.filter(|it| it.resource == "Communication").collect();
    let asked = lines
        .iter()
        .find(|it| it.value.as_deref() == Some("His left leg is swollen."))
        .unwrap();
    assert_eq!(asked.components.len(), 1);
    assert!(!asked.components[0].value.is_empty());
}

#[test]
fn a_message_without_a_date_or_with_too_many_words_says_so() {
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": [
        { "resource": { "resourceType": "Patient", "id": "p", "name": [{ "text": "Rosa Diaz" }] } },
        { "resource": { "resourceType": "Communication", "id": "a", "status": "completed",
            "subject": { "reference": "Patient/p" }, "payload": [{ "contentString": "hello" }] } },
        { "resource": { "resourceType": "Communication", "id": "b", "status": "completed", "sent": "2026-02-01T10:00:00Z",
            "subject": { "reference": "Patient/p" }, "payload": [{ "contentString": "word ".repeat(4_000) }] } },
    ] });
    let taken = import(bundle.to_string().as_bytes()).unwrap();
    let codes: Vec<&str> = taken.report.problems.iter().map(|it| it.code).collect();
    assert_eq!(codes, ["no_date", "text_cut"]);
}
