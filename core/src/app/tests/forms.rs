use serde_json::{Value, json};

use super::*;
use crate::app::{AppError, OpenForm};
use crate::forms::{Answer, Completion, Key, Problem};
use crate::model::*;
use crate::sync::SyncStore;

const FORMS: &str = "https://github.com/homeround/homeround/fhir/Questionnaire";

fn canonical(name: &str) -> String {
    format!("{FORMS}/{name}|1.0")
}

fn begin(phone: &Phone, hub: &Hub, name: &str) -> EntryId {
    let visit = phone.app.visit(hub.visit);
    visit.start_form(&canonical(name)).unwrap().entry.unwrap()
}

fn open(phone: &Phone, hub: &Hub, form: EntryId) -> OpenForm {
    phone.app.visit(hub.visit).form(form).unwrap()
}

fn value(form: &OpenForm, link_id: &str) -> Option<Value> {
    let filled = form.filled().unwrap();
    let shown = filled.shown();
    let item = shown.iter().find(|it| it.item.link_id == link_id)?;
    Some(item.answers.first()?.answer.as_ref()?.to_value())
}

fn refusal<T: std::fmt::Debug>(result: Result<T, AppError>) -> (String, String) {
    match result {
        Err(AppError::Refused { field, limit }) => (field, limit),
        other => panic!("{other:?}"),
    }
}

/// A questionnaire of the backend's, as a record of its own for each version.
fn record(number: u128, version: &str, item: &Value) -> crate::wire::RecordRow {
    let body = json!({
        "resourceType": "Questionnaire", "status": "active", "title": "Foot check",
        "url": "https://clinic.example.org/Questionnaire/foot", "version": version,
        "future": true, "item": [item],
    });
    crate::wire::RecordRow {
        kind: RecordKind::Questionnaire.code(),
        id: (*id(number).as_bytes()).into(),
        patient: None,
        version: 1,
        body: Some(body.to_string()),
    }
}

fn take(phone: &mut Phone, hub: &Hub, records: Vec<crate::wire::RecordRow>) {
    let page = crate::wire::Page {
        records,
        ..hub.empty_page()
    };
    phone.store.apply_page(page).unwrap();
}

#[test]
fn a_form_is_begun_filled_and_completed_without_a_signal() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let offers = phone.app.forms().unwrap();
    assert_eq!(offers.len(), 4);
    assert!(
        offers
            .iter()
            .all(|it| it.shipped && !it.copyright.is_empty())
    );
    let form = begin(&phone, &hub, "fall-risk");
    let visit = phone.app.visit(hub.visit);
    let yes = Answer::Bool(true);
    visit
        .set_answer(form, "unsteady", &Answer::Bool(false))
        .unwrap();
    visit.set_answer(form, "fallen", &yes).unwrap();
    let (field, limit) = refusal(visit.complete_form(form));
    assert_eq!(field, "form");
    assert_eq!(
        limit,
        "an answer that fits to each of: falls, injured, worried"
    );
    visit
        .set_answer(form, "falls", &Answer::Integer(2))
        .unwrap();
    visit.set_answer(form, "injured", &yes).unwrap();
    visit.set_answer(form, "worried", &yes).unwrap();
    let filled = open(&phone, &hub, form);
    assert_eq!(value(&filled, "yes"), Some(json!(2)));
    visit.complete_form(form).unwrap();
    let phone = phone.restart();
    let kept = open(&phone, &hub, form);
    assert!(kept.completed_at.is_some());
    assert_eq!(kept.answers, filled.answers);
    let visit = phone.app.visit(hub.visit);
    let (field, _) = refusal(visit.set_answer(form, "falls", &Answer::Integer(3)));
    assert_eq!(field, "form");
    visit.reopen_form(form).unwrap();
    visit
        .set_answer(form, "falls", &Answer::Integer(3))
        .unwrap();
    assert_eq!(refusal(visit.reopen_form(form)).0, "form");
}

#[test]
fn an_answer_that_does_not_fit_is_refused_by_its_link_id_and_nothing_is_stored() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let form = begin(&phone, &hub, "fall-risk");
    let visit = phone.app.visit(hub.visit);
    let before = phone.app.revision();
    let set = |key: &str, answer: Answer| refusal(visit.set_answer(form, key, &answer));
    let text = |text: &str| Answer::Text(text.into());
    assert_eq!(
        set("worried", text("maybe")),
        ("worried".into(), "true or false".into())
    );
    let (field, limit) = set("falls", Answer::Integer(2));
    assert_eq!((&*field, &*limit), ("falls", "a question that is shown"));
    let (field, limit) = set("yes", Answer::Integer(2));
    assert_eq!(
        (&*field, &*limit),
        ("yes", "a question that is answered by a person")
    );
    assert_eq!(set("nobody", text("x")).0, "nobody");
    assert_eq!(set("a@b", text("x")).0, "key");
    assert_eq!(phone.app.revision(), before);
    let unknown = visit.start_form(&format!("{FORMS}/pain|9"));
    assert_eq!(refusal(unknown).0, "questionnaire");
    let nowhere = visit.clear_answer(form, "worried");
    assert_eq!(nowhere.unwrap_err(), AppError::NotFound { what: "answer" });
    let foreign = visit.form(EntryId(id(5))).unwrap_err();
    assert_eq!(foreign, AppError::NotFound { what: "form" });
}

#[test]
fn an_answer_is_taken_back_and_its_place_is_open_again() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let form = begin(&phone, &hub, "pain");
    let visit = phone.app.visit(hub.visit);
    visit
        .set_answer(form, "present", &Answer::Bool(true))
        .unwrap();
    visit.clear_answer(form, "present").unwrap();
    let filled = open(&phone, &hub, form);
    assert_eq!(value(&filled, "present"), None);
    let judged = filled.filled().unwrap();
    assert_eq!(judged.completion().missing, [Key::of("present")]);
    assert!(judged.strays.is_empty());
    visit
        .set_answer(form, "present", &Answer::Bool(false))
        .unwrap();
    visit.complete_form(form).unwrap();
}

/// Adds a wound with its place and size.
fn add_wound(phone: &Phone, hub: &Hub, form: EntryId, place: &str) -> EntryId {
    let visit = phone.app.visit(hub.visit);
    let row = visit.add_repetition(form, "wound").unwrap().entry.unwrap();
    let at = |link: &str| Key::within(link, &[row]).to_string();
    let place = Answer::Text(place.into());
    visit.set_answer(form, &at("location"), &place).unwrap();
    visit
        .set_answer(form, &at("length"), &Answer::Decimal(2.5))
        .unwrap();
    visit
        .set_answer(form, &at("width"), &Answer::Integer(2))
        .unwrap();
    visit
        .set_answer(form, &at("bed"), &choice("slough"))
        .unwrap();
    row
}

/// An option of the wound form by its code alone.
fn choice(code: &str) -> Answer {
    let system = "https://github.com/homeround/homeround/fhir/CodeSystem/forms";
    Answer::Coding(Coding::new(system, code, ""))
}

/// Both push and pull until both have everything.
fn meet(hub: &mut Hub, phones: [&mut Phone; 2]) {
    let [one, two] = phones;
    for _ in 0..2 {
        for phone in [&mut *one, &mut *two] {
            phone.push(hub);
            phone.pull(hub);
        }
    }
}

/// A nurse's and a therapist's phone with one wound form, begun by the nurse.
fn two_at_a_wound(hub: &mut Hub) -> (Phone, Phone, EntryId) {
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let form = begin(&nurse, hub, "wound");
    nurse.push(hub);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    therapist.pull(hub);
    (nurse, therapist, form)
}

#[test]
fn nurse_and_therapist_fill_one_form_at_once_and_both_wounds_are_there() {
    let mut hub = Hub::new();
    let (mut nurse, mut therapist, form) = two_at_a_wound(&mut hub);
    add_wound(&nurse, &hub, form, "left heel");
    add_wound(&therapist, &hub, form, "sacrum");
    meet(&mut hub, [&mut nurse, &mut therapist]);
    let (here, there) = (open(&nurse, &hub, form), open(&therapist, &hub, form));
    assert_eq!(here.answers, there.answers);
    assert!(here.conflicts.is_empty());
    assert_eq!(value(&here, "count"), Some(json!(2)));
    assert_eq!(value(&here, "area"), Some(json!(10)));
}

#[test]
fn the_same_question_answered_differently_at_once_is_a_disagreement_and_is_settled() {
    let mut hub = Hub::new();
    let (mut nurse, mut therapist, form) = two_at_a_wound(&mut hub);
    let row = add_wound(&nurse, &hub, form, "left heel");
    meet(&mut hub, [&mut nurse, &mut therapist]);
    let key = Key::within("exudate", &[row]).to_string();
    for (phone, code) in [(&nurse, "none"), (&therapist, "heavy")] {
        let visit = phone.app.visit(hub.visit);
        visit.set_answer(form, &key, &choice(code)).unwrap();
    }
    meet(&mut hub, [&mut nurse, &mut therapist]);
    let here = open(&nurse, &hub, form);
    assert_eq!(here.conflicts.iter().collect::<Vec<_>>(), [&key]);
    let path = FieldPath(format!("forms/{form}/answers/{key}"));
    let definition = here.definition.as_ref().unwrap();
    let chosen = choice("heavy").fitted(definition.item("exudate").unwrap());
    let visit = therapist.app.visit(hub.visit);
    visit.settle(&path, &chosen.to_value()).unwrap();
    assert!(open(&therapist, &hub, form).conflicts.is_empty());
}

#[test]
fn a_wound_that_is_taken_away_while_a_colleague_measures_it_stays_in_sight() {
    let mut hub = Hub::new();
    let (mut nurse, mut therapist, form) = two_at_a_wound(&mut hub);
    let row = add_wound(&therapist, &hub, form, "sacrum");
    meet(&mut hub, [&mut nurse, &mut therapist]);
    let gone = Key::within("wound", &[row]).to_string();
    let visit = nurse.app.visit(hub.visit);
    visit.remove_repetition(form, &gone).unwrap();
    assert_eq!(value(&open(&nurse, &hub, form), "count"), Some(json!(0)));
    let again = visit.remove_repetition(form, &gone).unwrap_err();
    assert_eq!(again, AppError::NotFound { what: "repetition" });
    let depth = Key::within("depth", &[row]).to_string();
    let measured = therapist.app.visit(hub.visit);
    measured
        .set_answer(form, &depth, &Answer::Decimal(0.5))
        .unwrap();
    meet(&mut hub, [&mut nurse, &mut therapist]);
    let here = open(&nurse, &hub, form);
    assert_eq!(value(&here, "count"), Some(json!(1)));
    assert_eq!(here.answers, open(&therapist, &hub, form).answers);
}

#[test]
fn a_later_version_of_a_form_breaks_no_answer_to_an_earlier_one() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let first =
        json!({"linkId": "pulse", "type": "boolean", "text": "Pulse felt?", "required": true});
    take(&mut phone, &hub, vec![record(1, "1.9", &first)]);
    let pinned = "https://clinic.example.org/Questionnaire/foot|1.9";
    let visit = phone.app.visit(hub.visit);
    let form = visit.start_form(pinned).unwrap().entry.unwrap();
    visit
        .set_answer(form, "pulse", &Answer::Bool(true))
        .unwrap();
    let later = json!({"linkId": "pulse", "type": "integer", "text": "Pulses felt"});
    take(&mut phone, &hub, vec![record(2, "1.10", &later)]);
    let offered: Vec<String> = phone
        .app
        .forms()
        .unwrap()
        .into_iter()
        .map(|it| it.questionnaire)
        .collect();
    assert!(offered.contains(&"https://clinic.example.org/Questionnaire/foot|1.10".to_owned()));
    assert!(
        !offered.contains(&pinned.to_owned()),
        "the latest alone is offered"
    );
    let kept = open(&phone, &hub, form);
    assert_eq!(kept.questionnaire, pinned);
    assert_eq!(value(&kept, "pulse"), Some(json!(true)));
    visit.complete_form(form).unwrap();
}

#[test]
fn a_form_whose_definition_is_not_here_or_not_to_be_read_still_shows_its_answers() {
    let mut hub = Hub::new();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let visit = phone.app.visit(hub.visit);
    let far = "https://clinic.example.org/Questionnaire/far|3";
    let form = visit
        .answer(None, far, "q1", &json!("said"))
        .unwrap()
        .entry
        .unwrap();
    let kept = open(&phone, &hub, form);
    assert!(kept.definition.is_none() && kept.trouble.is_none());
    assert_eq!(kept.answers["q1"], json!("said"));
    let (field, _) = refusal(visit.set_answer(form, "q1", &Answer::Text("x".into())));
    assert_eq!(field, "questionnaire");
    let odd = json!({"linkId": "odd", "type": "hologram"});
    take(&mut phone, &hub, vec![record(3, "7", &odd)]);
    let odd = "https://clinic.example.org/Questionnaire/foot|7";
    let form = visit
        .answer(None, odd, "odd", &json!(1))
        .unwrap()
        .entry
        .unwrap();
    let kept = open(&phone, &hub, form);
    assert_eq!(kept.trouble.unwrap().item, "odd");
    let (field, limit) = refusal(visit.start_form(odd));
    assert!(field == "questionnaire" && limit.starts_with("item odd, type"));
}

#[test]
fn several_answers_to_one_question_are_added_and_taken_back_one_by_one() {
    let mut hub = Hub::new();
    let phone = hub.phone(0x100, Role::Nurse);
    let several = json!({"linkId": "w/ho", "type": "string", "repeats": true, "text": "Who helps?",
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs", "valueInteger": 2}]});
    let mut phone = phone;
    take(&mut phone, &hub, vec![record(4, "1", &several)]);
    let visit = phone.app.visit(hub.visit);
    let form = visit.start_form("https://clinic.example.org/Questionnaire/foot|1");
    let form = form.unwrap().entry.unwrap();
    let head = Key::of("w/ho").to_string();
    for name in ["a daughter", "a neighbour"] {
        visit
            .set_answer(form, &head, &Answer::Text(name.into()))
            .unwrap();
    }
    let (field, limit) = refusal(visit.set_answer(form, &head, &Answer::Text("more".into())));
    assert_eq!((&*field, &*limit), ("w/ho", "at most 2 of it"));
    let filled = open(&phone, &hub, form);
    let judged = filled.filled().unwrap();
    let answers = judged.shown()[0].answers.clone();
    assert_eq!(answers.len(), 2);
    let first = answers[0].key.to_string();
    visit
        .set_answer(form, &first, &Answer::Text("a son".into()))
        .unwrap();
    visit
        .clear_answer(form, &answers[1].key.to_string())
        .unwrap();
    let filled = open(&phone, &hub, form);
    let judged = filled.filled().unwrap();
    let shown = judged.shown();
    assert_eq!(shown[0].answers.len(), 1);
    assert_eq!(
        shown[0].answers[0].answer,
        Some(Answer::Text("a son".into()))
    );
    assert_eq!(shown[0].problems, Vec::<Problem>::new());
    assert_eq!(judged.completion(), Completion::default());
}

#[test]
fn an_aide_fills_and_an_auditor_does_not() {
    let mut hub = Hub::new();
    let aide = hub.phone(0x100, Role::Aide);
    let form = begin(&aide, &hub, "pain");
    let visit = aide.app.visit(hub.visit);
    visit
        .set_answer(form, "present", &Answer::Bool(false))
        .unwrap();
    let auditor = hub.phone(0x200, Role::Auditor);
    let refused = auditor.app.visit(hub.visit).start_form(&canonical("pain"));
    assert!(
        matches!(refused, Err(AppError::NotAllowed { .. })),
        "{refused:?}"
    );
}
