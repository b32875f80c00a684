//! What patients said: out as responses, and back into the history.

use homeround::model::{History, RecordKind};
use serde_json::json;

use super::export::of_type;
use super::import;
use super::sample::{entry, sample};

#[test]
fn a_survey_says_who_answered_in_which_language_and_each_answer_by_its_type() {
    let bundle = sample().export();
    let responses = of_type(&bundle, "QuestionnaireResponse");
    let find = |number: u128| {
        let id = json!(entry(number));
        *responses.iter().find(|it| it["id"] == id).unwrap()
    };
    let (linked, lent) = (find(0x87), find(0x88));
    assert_eq!(linked["questionnaire"], homeround::forms::SURVEY);
    assert_eq!(
        (&linked["status"], &linked["language"]),
        (&json!("completed"), &json!("es"))
    );
    assert_eq!(linked["source"], linked["subject"]);
    assert_eq!(linked["contained"], json!(null));
    assert_eq!(lent["source"]["reference"], "#representative");
    assert_eq!(lent["contained"][0]["patient"], lent["subject"]);
    let answers: Vec<_> = linked["item"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["linkId"].as_str().unwrap(), &it["answer"][0]))
        .collect();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0].1["valueCoding"]["code"], "yes");
    assert_eq!(answers[1], ("overall", &json!({ "valueInteger": 9 })));
    assert_eq!(answers[2].1["valueString"], "Muy amable.");
    assert_eq!(answers[3].1["valueBoolean"], false);
}

#[test]
fn a_link_to_the_survey_is_a_communication_that_was_sent() {
    let bundle = sample().export();
    let told = of_type(&bundle, "Communication");
    let asked = told.iter().find(|it| it["id"] == json!(entry(0x86)));
    let asked = asked.unwrap();
    assert_eq!(asked["status"], "completed");
    assert_eq!(asked["topic"]["text"], "Survey");
    assert_eq!(asked["recipient"][0], asked["subject"]);
}

#[test]
fn a_survey_that_comes_in_is_a_line_of_the_history_and_begins_no_form() {
    let back = import(sample().export().to_string().as_bytes()).unwrap();
    let line = back.records.iter().find(|it| {
        it.kind == RecordKind::History && it.body.contains("QuestionnaireResponse") && {
            let line: History = serde_json::from_str(&it.body).unwrap();
            line.code.text == "Your visit"
        }
    });
    let line: History = serde_json::from_str(&line.unwrap().body).unwrap();
    let said: Vec<(&str, &str)> = line
        .components
        .iter()
        .map(|part| (part.code.text.as_str(), part.value.as_str()))
        .collect();
    assert_eq!(
        said[0],
        ("Were you treated with courtesy and respect?", "Yes")
    );
    assert_eq!(said[2].1, "Muy amable.");
    let visits = back
        .documents
        .iter()
        .filter_map(|it| it.tree["forms"].as_object());
    let pinned = |it: &serde_json::Value| it["questionnaire"].clone();
    let forms: Vec<_> = visits.flat_map(|it| it.values().map(pinned)).collect();
    assert!(
        !forms.contains(&json!(homeround::forms::SURVEY)),
        "{forms:?}"
    );
}
