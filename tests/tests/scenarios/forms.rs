//! Forms of the clinic's own, from import to export.

use homeround::app::AppError;
use homeround::forms::Answer;
use homeround_tests::stage::Stage;
use serde_json::{Value, json};

const FOOT: &str = "https://clinic.example.org/Questionnaire/foot";

fn foot(version: &str, text: &str) -> Vec<u8> {
    let questionnaire = json!({
        "resourceType": "Questionnaire", "status": "active", "title": "Foot check",
        "id": format!("foot-{}", version.replace('.', "-")), "url": FOOT, "version": version,
        "item": [
            { "linkId": "left/pulse", "type": "boolean", "text": text, "required": true },
            { "linkId": "skin", "type": "group", "text": "Skin", "item": [
                { "linkId": "cracks", "type": "integer", "text": "Cracks" },
            ]},
        ],
    });
    let bundle = json!({
        "resourceType": "Bundle", "type": "collection", "entry": [{ "resource": questionnaire }],
    });
    bundle.to_string().into_bytes()
}

/// The one response of a visit's export.
fn response(stage: &Stage, visit: homeround::model::VisitId) -> Value {
    let bundle = stage
        .office()
        .read(&format!("/v1/admin/visits/{visit}/fhir"));
    let entries = bundle["entry"].as_array().unwrap();
    let mut resources = entries.iter().map(|entry| &entry["resource"]);
    let found = resources.find(|it| it["resourceType"] == "QuestionnaireResponse");
    found.unwrap().clone()
}

#[test]
fn a_clinics_own_form_goes_to_phones_is_filled_by_two_and_comes_back_as_a_response() {
    let stage = Stage::set();
    let done = stage.office().import(&foot("1.0", "Pulse felt?"));
    assert_eq!(done["report"]["imported"]["Questionnaire"], 1);
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let pinned = format!("{FOOT}|1.0");
    let offers = nina.app().forms().unwrap();
    assert!(
        offers
            .iter()
            .any(|it| it.questionnaire == pinned && !it.shipped)
    );
    let hers = nina.app().visit(visit);
    let form = hers.start_form(&pinned).unwrap().entry.unwrap();
    nina.sync(&stage.backend);
    theo.sync(&stage.backend);
    let his = theo.app().visit(visit);
    hers.set_answer(form, "left%2Fpulse", &Answer::Bool(true))
        .unwrap();
    his.set_answer(form, "cracks", &Answer::Integer(2)).unwrap();
    // Meanwhile the clinic raises the version, and words the old one anew.
    let reworded = stage.office().import(&foot("1.0", "Is there a pulse?"));
    assert_eq!(reworded["stored"]["questionnaires_kept"], 1);
    let _ = stage.office().import(&foot("1.1", "Pulses felt"));
    for phone in [&nina, &theo, &nina] {
        phone.sync(&stage.backend);
    }
    let kept = hers.form(form).unwrap();
    assert_eq!(kept.questionnaire, pinned);
    assert_eq!(kept.answers, his.form(form).unwrap().answers);
    let asked = kept
        .definition
        .as_ref()
        .unwrap()
        .item("left/pulse")
        .unwrap();
    assert_eq!(asked.text.own(), "Pulse felt?");
    hers.complete_form(form).unwrap();
    let late = his.set_answer(form, "cracks", &Answer::Integer(3));
    assert!(late.is_ok(), "he does not know yet that it is complete");
    nina.sync(&stage.backend);
    theo.sync(&stage.backend);
    let refused = his.set_answer(form, "cracks", &Answer::Integer(4));
    assert!(matches!(refused, Err(AppError::Refused { field, .. }) if field == "form"));
    stage.same_everywhere(visit, &[&theo]);
    let response = response(&stage, visit);
    assert_eq!(response["questionnaire"], pinned);
    assert_eq!(response["status"], "completed");
    let items = json!([
        { "linkId": "left/pulse", "text": "Pulse felt?", "answer": [{ "valueBoolean": true }] },
        { "linkId": "skin", "text": "Skin", "item": [
            { "linkId": "cracks", "text": "Cracks", "answer": [{ "valueInteger": 3 }] },
        ]},
    ]);
    assert_eq!(response["item"], items);
}
