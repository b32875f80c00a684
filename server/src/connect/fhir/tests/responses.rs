//! Forms that were filled elsewhere, and forms of our own that come back.

use homeround::forms::Filled;
use homeround::model::*;
use serde_json::{Value, json};

use super::super::Import;
use super::import;
use super::sample::{entry, questionnaires, sample};

const FOOT: &str = "https://clinic.example.org/Questionnaire/foot";
const PATIENT: &str = "Patient/p";

fn bundle(resources: &[Value]) -> Import {
    let entries = resources.iter().map(|it| json!({ "resource": it }));
    let entries: Vec<Value> = entries.collect();
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    // As another system writes a figure.
    let text = bundle
        .to_string()
        .replace("\"value\":2.5", "\"value\":2.50");
    import(text.as_bytes()).unwrap()
}

fn patient() -> Value {
    json!({ "resourceType": "Patient", "id": "p", "name": [{ "text": "Rosa Diaz" }] })
}

fn foot() -> Value {
    json!({
        "resourceType": "Questionnaire", "id": "foot", "status": "active",
        "url": FOOT, "version": "1", "title": "Foot",
        "item": [
            { "linkId": "pulse", "type": "boolean", "text": "Pulse felt?" },
            { "linkId": "toe", "type": "group", "repeats": true, "text": "Toe", "item": [
                { "linkId": "which", "type": "string", "text": "Which toe?" },
            ] },
        ],
    })
}

fn response(more: &Value) -> Value {
    let toe = |which: &str| {
        json!({ "linkId": "toe", "item": [
        { "linkId": "which", "answer": [{ "valueString": which }] } ] })
    };
    let mut response = json!({
        "resourceType": "QuestionnaireResponse", "id": "r", "status": "completed",
        "questionnaire": format!("{FOOT}|1"), "authored": "2026-02-14T18:30:00Z",
        "subject": { "reference": PATIENT }, "source": { "reference": PATIENT, "display": "Rosa Diaz" },
        "item": [
            { "linkId": "pulse", "answer": [{ "valueBoolean": true }] }, toe("second"), toe("first"),
            { "linkId": "smell", "text": "Any smell?", "answer": [{ "valueQuantity": { "value": 2.50, "unit": "cm" } }] },
        ],
    });
    for (name, value) in more.as_object().unwrap() {
        response[name] = value.clone();
    }
    response
}

/// A visit that is still to come, and the encounter that is planned for it.
fn to_come() -> [Value; 2] {
    [
        json!({ "resourceType": "Appointment", "id": "a", "status": "booked",
            "start": "2026-02-16T15:00:00Z", "end": "2026-02-16T16:00:00Z",
            "participant": [{ "actor": { "reference": PATIENT }, "status": "accepted" }] }),
        json!({ "resourceType": "Encounter", "id": "e", "status": "planned", "class": { "code": "HH" },
            "subject": { "reference": PATIENT }, "period": { "start": "2026-02-16T15:00:00Z" },
            "appointment": [{ "reference": "Appointment/a" }] }),
    ]
}

fn visit(taken: &Import) -> Visit {
    let is_visit = |it: &&super::super::NewDocument| it.tree["kind"] == "visit";
    let document = taken.documents.iter().find(is_visit).unwrap();
    serde_json::from_value(document.tree.clone()).unwrap()
}

fn lines(taken: &Import) -> Vec<History> {
    let records = taken
        .records
        .iter()
        .filter(|it| it.kind == RecordKind::History);
    let lines = records.map(|it| serde_json::from_str::<History>(&it.body).unwrap());
    lines
        .filter(|it| it.resource == "QuestionnaireResponse")
        .collect()
}

#[test]
fn what_a_patient_filled_before_a_visit_begins_the_visits_own_form() {
    let [appointment, encounter] = to_come();
    let filled = response(&json!({ "encounter": { "reference": "Encounter/e" } }));
    let resources = [filled, patient(), foot(), appointment, encounter];
    let taken = bundle(&resources);
    assert_eq!(taken.report.imported["QuestionnaireResponse"], 1);
    // An import leaves a visit that is there already as it is: the history has it in any case.
    assert_eq!(lines(&taken)[0].components.len(), 4);
    let visit = visit(&taken);
    let (_, form) = visit.forms.first_key_value().unwrap();
    assert_eq!(form.questionnaire, format!("{FOOT}|1"));
    assert_eq!(form.completed_at_ms, Some(Millis(1_771_093_800_000)));
    let definition = homeround::forms::Definition::from_value(foot()).unwrap();
    let judged = Filled::judge(&definition, &form.answers);
    assert!(judged.strays.is_empty());
    let toes: Vec<Value> = judged.response()[1..]
        .iter()
        .map(|it| it["item"][0]["answer"][0]["valueString"].clone())
        .collect();
    assert_eq!(
        toes,
        ["second", "first"],
        "in the order in which they were given"
    );
    let problem = &taken.report.problems[0];
    assert_eq!(
        (problem.code, problem.field.as_str()),
        ("answers_left_out", "item: smell")
    );
    assert_eq!(
        bundle(&resources),
        taken,
        "the same input gives the same ids"
    );
}

#[test]
fn an_open_response_begins_an_open_form_and_the_only_version_is_meant_by_none() {
    let [appointment, encounter] = to_come();
    let filled = response(&json!({
        "encounter": { "reference": "Encounter/e" }, "status": "in-progress", "questionnaire": FOOT,
    }));
    let taken = bundle(&[filled, patient(), foot(), appointment, encounter]);
    let visit = visit(&taken);
    let (_, form) = visit.forms.first_key_value().unwrap();
    assert_eq!(form.questionnaire, format!("{FOOT}|1"));
    assert_eq!(form.completed_at_ms, None);
}

#[test]
fn answers_that_no_visit_waits_for_are_read_in_the_history() {
    let taken = bundle(&[response(&json!({})), patient(), foot()]);
    let lines = lines(&taken);
    let said: Vec<(&str, &str)> = lines[0]
        .components
        .iter()
        .map(|part| (part.code.text.as_str(), part.value.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("Pulse felt?", "yes"),
            ("Which toe?", "second"),
            ("Which toe?", "first"),
            ("Any smell?", "2.50 cm")
        ]
    );
    assert_eq!(lines[0].code.text, "Foot");
    assert_eq!(lines[0].value.as_deref(), Some("Rosa Diaz"));
    assert_eq!(lines[0].at_ms, Millis(1_771_093_800_000));
}

#[test]
fn a_questionnaire_that_is_not_there_is_named_and_the_answers_are_read_all_the_same() {
    let [appointment, encounter] = to_come();
    let filled = response(&json!({ "encounter": { "reference": "Encounter/e" } }));
    let taken = bundle(&[filled, patient(), appointment, encounter]);
    assert!(visit(&taken).forms.is_empty());
    assert_eq!(lines(&taken)[0].code.text, "foot");
    assert_eq!(lines(&taken)[0].components.len(), 4);
    assert_eq!(taken.report.problems[0].code, "questionnaire_unknown");
}

#[test]
fn what_was_taken_back_is_skipped_and_what_has_no_date_is_named() {
    let wrong = response(&json!({ "id": "w", "status": "entered-in-error" }));
    let undated = response(&json!({ "id": "u", "authored": "" }));
    let endless = response(&json!({ "id": "l", "item": [{
        "linkId": "x", "answer": [{ "valueString": "word ".repeat(5_000) }] }] }));
    let taken = bundle(&[wrong, undated, endless, patient()]);
    let skipped = &taken.report.skipped["QuestionnaireResponse"];
    assert_eq!((skipped["entered_in_error"], skipped["no_date"]), (1, 1));
    assert!(lines(&taken)[0].components.is_empty());
    let codes: Vec<&str> = taken.report.problems.iter().map(|it| it.code).collect();
    assert_eq!(codes, ["no_date", "text_cut"]);
}

#[test]
fn a_form_of_our_own_comes_back_with_every_answer() {
    let mut sample = sample();
    sample.visit.status = VisitStatus::Scheduled;
    let back = import(sample.export().to_string().as_bytes()).unwrap();
    let visit = visit(&back);
    let (sent, came) = (
        &sample.visit.forms[&entry(0x72)],
        &visit.forms[&entry(0x72)],
    );
    assert_eq!(came.questionnaire, sent.questionnaire);
    let forms = questionnaires();
    let definition = &forms[&sent.questionnaire];
    let (mut sent, came) = (sent.answers.clone(), came.answers.clone());
    // What its questionnaire does not ask is named in the report.
    sent.remove("of_an_older_app");
    assert_eq!(
        Filled::judge(definition, &came).response(),
        Filled::judge(definition, &sent).response()
    );
    assert_eq!(came.len(), sent.len());
    let left = back
        .report
        .problems
        .iter()
        .find(|it| it.code == "answers_left_out")
        .unwrap();
    assert_eq!(left.field, "item: of_an_older_app");
    let falls = lines(&back);
    let falls = falls.iter().find(|it| it.code.text == "falls").unwrap();
    assert!(falls.components.iter().any(|it| it.value == "walker; rail"));
}

#[test]
fn what_came_of_a_task_and_why_not_come_back() {
    let mut sample = sample();
    sample.visit.status = VisitStatus::Scheduled;
    let (done, left) = (
        sample.visit.tasks.keys().next().copied(),
        sample.visit.tasks.keys().last().copied(),
    );
    let (done, left) = (done.unwrap(), left.unwrap());
    assert_ne!(done, left);
    let task = sample.visit.tasks.get_mut(&done).unwrap();
    (task.status, task.result, task.reason, task.comment) = (
        TaskStatus::Done,
        Some(TaskResult::PartialSuccess),
        None,
        None,
    );
    let task = sample.visit.tasks.get_mut(&left).unwrap();
    (task.status, task.result, task.reason, task.comment) = (
        TaskStatus::NotDone,
        None,
        Some(NotDoneReason::Hospitalised),
        None,
    );
    let back = import(sample.export().to_string().as_bytes()).unwrap();
    assert_eq!(visit(&back).tasks, sample.visit.tasks);
}
