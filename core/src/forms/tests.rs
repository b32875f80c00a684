//! Whole forms: read, answered, judged.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{Coding, EntryId, Millis};

const FORMS: &str = "https://github.com/homeround/homeround/fhir/Questionnaire";

fn parse(items: &Value) -> Result<Definition, FormError> {
    Definition::from_value(json!({
        "resourceType": "Questionnaire", "url": "https://example.org/q", "version": "2",
        "title": "Q", "item": items,
    }))
}

fn row(n: u8) -> EntryId {
    EntryId::mint(Millis(1_000 + i64::from(n)), [n; 10])
}

fn answers(given: &[(&str, Value)]) -> BTreeMap<String, Value> {
    given
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect()
}

/// Whether the item of a link id is shown.
fn shows(filled: &Filled<'_>, link_id: &str) -> bool {
    let shown = filled.shown();
    shown
        .iter()
        .any(|it| it.item.link_id == link_id && it.enabled)
}

fn value(filled: &Filled<'_>, link_id: &str) -> Option<Value> {
    let shown = filled.shown();
    let item = shown.iter().find(|it| it.item.link_id == link_id)?;
    Some(item.answers.first()?.answer.as_ref()?.to_value())
}

fn get(canonical: &str) -> Definition {
    shipped(&format!("{FORMS}/{canonical}")).unwrap().unwrap()
}

/// The code of an option, as it lies in the document.
fn code(definition: &Definition, link_id: &str, code: &str) -> Value {
    let options = &definition.item(link_id).unwrap().options;
    let found = options
        .iter()
        .find(|option| matches!(&option.answer, Answer::Coding(coding) if coding.code == code));
    found.unwrap().answer.to_value()
}

#[test]
fn the_shipped_forms_are_as_they_were_shipped() {
    use sha2::{Digest, Sha256};
    let digest = |json: &str| {
        let bytes = Sha256::digest(json.as_bytes());
        bytes
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let now: Vec<(&str, String)> = SHIPPED
        .iter()
        .map(|form| {
            (
                form.canonical.rsplit('/').next().unwrap(),
                digest(form.json),
            )
        })
        .collect();
    let then = [
        ("fall-risk|1.0", "e0254b661ef9"),
        ("pain|1.0", "a1bff29088e4"),
        ("phq-9|1.0", "9a81ef920eca"),
        ("visit-survey|1.0", "68c370f29dc3"),
        ("wound|1.0", "e47d19719c1f"),
    ];
    assert_eq!(
        now.iter()
            .map(|(name, digest)| (*name, digest.as_str()))
            .collect::<Vec<_>>(),
        then,
        "answers are pinned to a shipped form: leave it, and add a new version"
    );
}

#[test]
fn every_shipped_form_says_whose_it_is_and_speaks_both_languages() {
    for form in SHIPPED {
        let definition = Definition::parse(form.json).unwrap();
        assert_eq!(definition.canonical(), form.canonical);
        assert!(definition.copyright.len() > 20 && definition.status == "active");
        let judgement = definition.description.own();
        // A patient's own word judges nothing clinical.
        let said = is_survey(form.canonical) || judgement.contains("never replaces");
        assert!(said, "{}", form.canonical);
        let mut queue: Vec<&Item> = definition.items.iter().collect();
        while let Some(item) = queue.pop() {
            let options = item.options.iter().map(|option| &option.text);
            for words in options.chain([&item.text]) {
                assert!(!words.is_empty(), "{}", item.link_id);
                let same = words.in_language("es-MX") == words.own();
                let alike = ["Abdomen", "No"].contains(&words.own());
                assert!(!same || alike, "{}", item.link_id);
            }
            queue.extend(&item.items);
        }
    }
}

#[test]
fn a_phq_9_is_scored_when_all_nine_are_answered_and_not_before() {
    let form = get("phq-9|1.0");
    let codes = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"];
    let scores = [3, 2, 1, 0, 3, 2, 1, 0, 1];
    let mut given = BTreeMap::new();
    for (at, score) in scores.iter().enumerate() {
        let filled = Filled::judge(&form, &given);
        assert_eq!(value(&filled, "total"), None, "after {at}");
        assert!(!filled.completion().is_complete());
        let link_id = format!("q{}", at + 1);
        let answer = code(&form, &link_id, codes[*score]);
        given.insert(link_id, answer);
    }
    let filled = Filled::judge(&form, &given);
    assert_eq!(value(&filled, "total"), Some(json!(13)));
    assert_eq!(value(&filled, "band"), Some(json!("10-14")));
    assert!(shows(&filled, "safety") && shows(&filled, "difficulty"));
    assert!(filled.completion().is_complete());
    assert_eq!(filled.shown()[1].answers[0].score, Some(3.0));
    given.insert("q9".into(), code(&form, "q9", "LA6568-5"));
    let calmer = Filled::judge(&form, &given);
    assert!(!shows(&calmer, "safety"));
    assert_eq!(value(&calmer, "total"), Some(json!(12)));
}

#[test]
fn falls_are_asked_about_only_after_a_fall() {
    let form = get("fall-risk|1.0");
    let mut given = answers(&[("unsteady", json!(false)), ("worried", json!(false))]);
    given.insert("fallen".into(), json!(false));
    let filled = Filled::judge(&form, &given);
    assert!(!shows(&filled, "falls") && !shows(&filled, "next"));
    assert_eq!(value(&filled, "yes"), Some(json!(0)));
    assert!(filled.completion().is_complete());
    given.insert("fallen".into(), json!(true));
    let filled = Filled::judge(&form, &given);
    assert!(shows(&filled, "falls") && shows(&filled, "next"));
    let missing = filled.completion().missing;
    assert_eq!(missing, [Key::of("falls"), Key::of("injured")]);
    given.insert("falls".into(), json!(0));
    let wrong = Filled::judge(&form, &given).completion().wrong;
    assert_eq!(wrong, [Key::of("falls")]);
}

#[test]
fn two_wounds_added_at_once_are_two_wounds_with_their_own_answers() {
    let form = get("wound|1.0");
    let (one, two) = (row(1), row(2));
    let at = |link: &str, row: EntryId| Key::within(link, &[row]).to_string();
    let cm = |figure: f64| json!({"value": figure, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm"});
    let mut given = BTreeMap::new();
    for (row, length, width) in [(one, 2.5, 1.2), (two, 4.0, 2.0)] {
        given.insert(at("wound", row), json!(true));
        given.insert(at("length", row), cm(length));
        given.insert(at("width", row), cm(width));
    }
    given.insert(at("location", two), json!("left heel"));
    let filled = Filled::judge(&form, &given);
    assert_eq!(value(&filled, "count"), Some(json!(2)));
    assert_eq!(value(&filled, "area"), Some(json!(11)));
    let missing = filled.completion().missing;
    assert!(missing.contains(&Key::within("location", &[one])));
    assert!(!missing.contains(&Key::within("location", &[two])));
    // What decides in one wound decides nothing in the other.
    given.insert(at("exudate", one), code(&form, "exudate", "heavy"));
    given.insert(at("exudate", two), code(&form, "exudate", "none"));
    let filled = Filled::judge(&form, &given);
    let kinds: Vec<bool> = filled
        .shown()
        .iter()
        .filter(|it| it.item.link_id == "exudate-kind")
        .map(|it| it.enabled)
        .collect();
    assert_eq!(kinds, [true, false]);
    // Taken away here while a colleague fills it there: what was filled stays.
    given.insert(at("wound", two), json!(false));
    let filled = Filled::judge(&form, &given);
    assert_eq!(value(&filled, "count"), Some(json!(2)));
    given.retain(|key, _| !key.ends_with(&two.to_string()));
    given.insert(at("wound", two), json!(false));
    let filled = Filled::judge(&form, &given);
    assert_eq!(value(&filled, "count"), Some(json!(1)));
}

#[test]
fn two_people_who_choose_the_same_chose_it_once() {
    let form = get("wound|1.0");
    let wound = row(1);
    let choice = |n: u8| Key::within("bed", &[wound, row(n)]).to_string();
    let slough = code(&form, "bed", "slough");
    let given = answers(&[(&choice(7), slough.clone()), (&choice(8), slough)]);
    let filled = Filled::judge(&form, &given);
    let response = filled.response();
    let bed = &response[0]["item"][0];
    assert_eq!(bed["linkId"], "bed");
    assert_eq!(bed["answer"].as_array().unwrap().len(), 1);
}

#[test]
fn every_operator_of_a_condition_does_what_fhir_says() {
    let case = |operator: &str, with: &str, than: Value, kind: &str, given: Option<Value>| {
        let definition = parse(&json!([
            {"linkId": "a", "type": kind, "text": "A"},
            {"linkId": "b", "type": "string", "text": "B",
             "enableWhen": [{"question": "a", "operator": operator, with: than}]},
        ]))
        .unwrap();
        let given: BTreeMap<_, _> = given.map(|it| ("a".to_owned(), it)).into_iter().collect();
        shows(&Filled::judge(&definition, &given), "b")
    };
    let exists = |yes: bool, given| case("exists", "answerBoolean", json!(yes), "integer", given);
    assert!(exists(true, Some(json!(1))) && !exists(true, None));
    assert!(exists(false, None) && !exists(false, Some(json!(1))));
    for (operator, below, equal, above) in [
        ("=", false, true, false),
        ("!=", true, false, true),
        (">", false, false, true),
        ("<", true, false, false),
        (">=", false, true, true),
        ("<=", true, true, false),
    ] {
        for (given, wanted) in [(4, below), (5, equal), (6, above)] {
            let met = case(
                operator,
                "answerInteger",
                json!(5),
                "integer",
                Some(json!(given)),
            );
            assert_eq!(met, wanted, "{given} {operator} 5");
        }
        let dates = [
            ("2026-01-31", below),
            ("2026-02-01", equal),
            ("2026-03-01", above),
        ];
        for (given, wanted) in dates {
            let than = json!("2026-02-01");
            let met = case(operator, "answerDate", than, "date", Some(json!(given)));
            assert_eq!(met, wanted, "{given} {operator} 2026-02-01");
        }
        // Without an answer only "not equal" holds.
        assert_eq!(
            case(operator, "answerInteger", json!(5), "integer", None),
            operator == "!="
        );
    }
}

#[test]
fn any_is_one_and_all_is_every_condition() {
    let shown = |behaviour: &str, a: bool, b: bool| {
        let when =
            |question: &str| json!({"question": question, "operator": "=", "answerBoolean": true});
        let definition = parse(&json!([
            {"linkId": "a", "type": "boolean"}, {"linkId": "b", "type": "boolean"},
            {"linkId": "c", "type": "string", "enableBehavior": behaviour,
             "enableWhen": [when("a"), when("b")]},
        ]))
        .unwrap();
        let given = answers(&[("a", json!(a)), ("b", json!(b))]);
        shows(&Filled::judge(&definition, &given), "c")
    };
    assert!(shown("any", true, false) && !shown("any", false, false));
    assert!(shown("all", true, true) && !shown("all", true, false));
}

#[test]
fn what_is_not_shown_has_no_answer_for_others_and_comes_back_with_its_own() {
    let definition = parse(&json!([
        {"linkId": "a", "type": "boolean"},
        {"linkId": "b", "type": "boolean", "enableWhen": [{"question": "a", "operator": "=", "answerBoolean": true}]},
        {"linkId": "c", "type": "string", "enableWhen": [{"question": "b", "operator": "=", "answerBoolean": true}]},
    ]))
    .unwrap();
    let mut given = answers(&[
        ("a", json!(false)),
        ("b", json!(true)),
        ("c", json!("kept")),
    ]);
    let filled = Filled::judge(&definition, &given);
    assert!(!shows(&filled, "b") && !shows(&filled, "c"));
    assert_eq!(filled.response().len(), 1);
    given.insert("a".into(), json!(true));
    let filled = Filled::judge(&definition, &given);
    assert_eq!(value(&filled, "c"), Some(json!("kept")));
    assert_eq!(filled.response().len(), 3);
}

/// A question of each type that can be got wrong.
fn choices() -> Definition {
    parse(&json!([
        {"linkId": "whole", "type": "integer", "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueInteger": 1},
            {"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueInteger": 9}]},
        {"linkId": "figure", "type": "decimal", "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces", "valueInteger": 1}]},
        {"linkId": "line", "type": "string", "maxLength": 5},
        {"linkId": "day", "type": "date", "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueDate": "2026-12-31"}]},
        {"linkId": "time", "type": "time"},
        {"linkId": "one", "type": "choice", "answerOption": [{"valueCoding": {"code": "x", "display": "X"}}]},
        {"linkId": "open", "type": "open-choice", "answerOption": [{"valueCoding": {"code": "x", "display": "X"}}]},
        {"linkId": "photo", "type": "attachment"},
    ]))
    .unwrap()
}

fn refusal(definition: &Definition, link_id: &str, answer: &Answer) -> Option<String> {
    let item = definition.item(link_id).unwrap();
    answer.check(item).err().map(|error| error.to_string())
}

#[test]
fn an_answer_is_refused_with_its_item_and_what_it_takes() {
    let definition = choices();
    let refused = |link_id: &str, answer: Answer| refusal(&definition, link_id, &answer);
    let text = |text: &str| Answer::Text(text.into());
    assert_eq!(refused("whole", Answer::Integer(9)), None);
    let said = refused("whole", Answer::Integer(10)).unwrap();
    assert_eq!(said, "item whole, answer: 1 to 9");
    assert!(
        refused("whole", text("3"))
            .unwrap()
            .contains("a whole number")
    );
    assert_eq!(refused("figure", Answer::Decimal(2.5)), None);
    assert!(
        refused("figure", Answer::Decimal(2.55))
            .unwrap()
            .contains("1 decimal")
    );
    assert!(refused("figure", Answer::Decimal(f64::NAN)).is_some());
    assert_eq!(refused("line", text("abcde")), None);
    assert!(
        refused("line", text("abcdef"))
            .unwrap()
            .contains("at most 5")
    );
    assert!(refused("line", text("a\nb")).unwrap().contains("one line"));
    assert!(refused("line", text(" ")).is_some());
    assert_eq!(refused("day", Answer::Date("2026-02-28".into())), None);
    assert!(
        refused("day", Answer::Date("2026-02-30".into()))
            .unwrap()
            .contains("YYYY-MM-DD")
    );
    assert!(
        refused("day", Answer::Date("2027-01-01".into()))
            .unwrap()
            .contains("2026-12-31")
    );
    assert_eq!(refused("time", Answer::Time("09:30:00".into())), None);
}

#[test]
fn a_choice_takes_its_options_and_an_open_one_words_too() {
    let definition = choices();
    let refused = |link_id: &str, answer: Answer| refusal(&definition, link_id, &answer);
    let x = || Answer::Coding(Coding::new("", "x", "X"));
    assert_eq!(refused("one", x()), None);
    let own = || Answer::Coding(Coding::text("something else"));
    assert!(
        refused("one", own())
            .unwrap()
            .contains("one of the options")
    );
    assert_eq!(refused("open", own()), None);
    assert!(refused("one", Answer::Coding(Coding::new("", "y", "Y"))).is_some());
    assert!(
        refused("photo", Answer::Text("a".into()))
            .unwrap()
            .contains("no answer in this version")
    );
}

#[test]
fn a_questionnaire_that_can_not_be_filled_names_item_and_element() {
    let said = |items: Value| parse(&items).unwrap_err().to_string();
    assert!(said(json!([{"type": "string"}])).starts_with("item , linkId"));
    let twice = json!([{"linkId": "a", "type": "string"}, {"linkId": "a", "type": "string"}]);
    assert_eq!(said(twice), "item a, linkId: a link id of its own");
    assert!(said(json!([{"linkId": "a", "type": "coding"}])).starts_with("item a, type"));
    let stray = json!([{"linkId": "a", "type": "string",
        "enableWhen": [{"question": "nobody", "operator": "=", "answerBoolean": true}]}]);
    assert!(said(stray).starts_with("item a, enableWhen.question"));
    let operator = json!([{"linkId": "a", "type": "string",
        "enableWhen": [{"question": "a", "operator": "~", "answerBoolean": true}]}]);
    assert!(said(operator).contains("an operator"));
    let url =
        "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression";
    let calculated = |expression: &str, language: &str| {
        json!([{"linkId": "a", "type": "integer", "extension": [{"url": url,
            "valueExpression": {"language": language, "expression": expression}}]}])
    };
    let said_of = said(calculated("today()", "text/fhirpath"));
    assert!(
        said_of.contains("item a, calculatedExpression")
            && said_of.contains("today() is not known")
    );
    assert!(said(calculated("1", "text/cql")).contains("text/fhirpath"));
    let initial = json!([{"linkId": "a", "type": "integer", "initial": [{"valueString": "x"}]}]);
    assert!(said(initial).starts_with("item a, initial"));
    let long = json!([{"linkId": "x".repeat(129), "type": "string"}]);
    assert!(said(long).contains("at most 128 bytes"));
    assert!(said(json!([])).contains("at least one item"));
    let mut deep = json!({"linkId": "0", "type": "string"});
    for at in 1..=ITEM_DEPTH_MAX {
        deep = json!({"linkId": at.to_string(), "type": "group", "item": [deep]});
    }
    assert!(said(json!([deep])).contains("deep"));
    assert!(Definition::parse("{").unwrap_err().remedy.contains("JSON"));
    let nameless =
        json!({"resourceType": "Questionnaire", "item": [{"linkId": "a", "type": "string"}]});
    assert_eq!(Definition::from_value(nameless).unwrap_err().field, "url");
}

#[test]
fn unknown_parts_of_a_questionnaire_stay_in_it() {
    let source = json!({"resourceType": "Questionnaire", "url": "https://example.org/q",
        "futureField": {"deep": [1, 2]},
        "item": [{"linkId": "a", "type": "string", "another": true}]});
    let definition = Definition::from_value(source.clone()).unwrap();
    assert_eq!(*definition.source(), source);
    assert_eq!(definition.canonical(), "https://example.org/q");
}

#[test]
fn answers_of_an_older_app_are_read_and_what_has_no_place_is_kept_in_sight() {
    let definition = parse(&json!([
        {"linkId": "one", "type": "choice", "answerOption": [
            {"valueCoding": {"system": "s", "code": "x", "display": "Left"}}]},
        {"linkId": "many", "type": "string", "repeats": true},
        {"linkId": "n", "type": "integer"},
    ]))
    .unwrap();
    let given = answers(&[
        ("one", json!("Left")),
        ("many", json!("untold where")),
        ("gone", json!("of version 1")),
        ("50%", json!(7)),
        ("n", json!("seven")),
    ]);
    let filled = Filled::judge(&definition, &given);
    let coded = json!({"system": "s", "code": "x", "text": "Left"});
    assert_eq!(value(&filled, "one"), Some(coded));
    let strays: Vec<&str> = filled.strays.iter().map(|(key, _)| *key).collect();
    assert_eq!(strays, ["50%", "gone", "many"]);
    let shown = filled.shown();
    let number = shown.iter().find(|it| it.item.link_id == "n").unwrap();
    assert_eq!(number.answers[0].raw, json!("seven"));
    assert_eq!(number.problems, [Problem::Invalid("a whole number".into())]);
}

#[test]
fn a_required_calculated_item_holds_nobody_up_and_a_broken_one_says_why() {
    let url =
        "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression";
    let definition = parse(&json!([
        {"linkId": "a", "type": "integer", "repeats": true},
        {"linkId": "twice", "type": "integer", "required": true, "extension": [{"url": url,
            "valueExpression": {"language": "text/fhirpath", "expression": "item.where(linkId = 'a').answer.value * 2"}}]},
    ]))
    .unwrap();
    let one = Key::within("a", &[row(1)]).to_string();
    let mut given = answers(&[(&one, json!(4))]);
    let filled = Filled::judge(&definition, &given);
    assert_eq!(value(&filled, "twice"), Some(json!(8)));
    assert!(filled.completion().is_complete());
    given.insert(Key::within("a", &[row(2)]).to_string(), json!(5));
    let filled = Filled::judge(&definition, &given);
    assert_eq!(value(&filled, "twice"), None);
    assert_eq!(filled.completion().wrong, [Key::of("twice")]);
}

#[test]
fn none_of_these_stands_alone() {
    let form = get("wound|1.0");
    let choice = |n: u8| Key::within("infection", &[row(1), row(n)]).to_string();
    let given = answers(&[
        (&choice(5), code(&form, "infection", "no-signs")),
        (&choice(6), code(&form, "infection", "fever")),
    ]);
    let filled = Filled::judge(&form, &given);
    let shown = filled.shown();
    let infection = shown
        .iter()
        .find(|it| it.item.link_id == "infection")
        .unwrap();
    assert_eq!(infection.problems, [Problem::Exclusive]);
}

#[test]
fn a_value_set_elsewhere_leaves_a_choice_to_words() {
    let definition = parse(&json!([
        {"linkId": "a", "type": "choice", "answerValueSet": "https://example.org/ValueSet/far"},
    ]))
    .unwrap();
    let item = definition.item("a").unwrap();
    assert!(item.open && item.options.is_empty());
    assert_eq!(
        Answer::Coding(Coding::text("left heel")).check(item),
        Ok(())
    );
}

#[test]
fn a_form_begins_with_its_initial_answers() {
    let definition = parse(&json!([
        {"linkId": "a", "type": "boolean", "initial": [{"valueBoolean": true}]},
        {"linkId": "b", "type": "choice", "repeats": true, "answerOption": [
            {"valueCoding": {"code": "x", "display": "X"}, "initialSelected": true},
            {"valueCoding": {"code": "y", "display": "Y"}, "initialSelected": true}]},
        {"linkId": "g", "type": "group", "repeats": true, "item": [
            {"linkId": "c", "type": "string", "initial": [{"valueString": "later"}]}]},
    ]))
    .unwrap();
    let mut next = 0;
    let begun = definition.initial(|| {
        next += 1;
        Ok::<_, ()>(row(next))
    });
    let begun = begun.unwrap();
    let keys: Vec<String> = begun.iter().map(|(key, _)| key.to_string()).collect();
    let at = |n| Key::within("b", &[row(n)]).to_string();
    assert_eq!(keys, ["a".to_owned(), at(1), at(2)]);
    assert_eq!(begun[0].1, json!(true));
}

#[test]
fn a_link_id_with_a_slash_is_a_key_all_the_same() {
    let key = Key::within("/54114-4/5%@", &[row(3)]);
    let written = key.to_string();
    assert!(!written.contains('/') && written.starts_with("%2F54114-4%2F5%25%40@"));
    assert_eq!(Key::parse(&written), Some(key));
    for wrong in [
        "",
        "@",
        "a@b",
        "a%2",
        "a%zz",
        &format!("a@{}", row(1).to_string().to_uppercase()),
    ] {
        assert_eq!(Key::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn conditions_that_chase_each_other_come_to_an_end() {
    let when = |question: &str| json!([{"question": question, "operator": "exists", "answerBoolean": false}]);
    let definition = parse(&json!([
        {"linkId": "a", "type": "string", "enableWhen": when("b")},
        {"linkId": "b", "type": "string", "enableWhen": when("a")},
    ]))
    .unwrap();
    let given = answers(&[("a", json!("x")), ("b", json!("y"))]);
    let first = Filled::judge(&definition, &given).response();
    assert_eq!(Filled::judge(&definition, &given).response(), first);
}

proptest! {
    #[test]
    fn whatever_lies_in_a_form_is_judged_and_nothing_of_it_is_out_of_sight(
        given in prop::collection::btree_map("(q[1-9]|total|wound|gone|a@b|q1@x)", any::<Option<i32>>(), 0..12)
    ) {
        let form = get("phq-9|1.0");
        let given: BTreeMap<String, Value> =
            given.into_iter().map(|(key, value)| (key, json!(value))).collect();
        let filled = Filled::judge(&form, &given);
        let shown = filled.shown();
        let in_place = shown.iter().flat_map(|it| &it.answers).filter(|it| !it.raw.is_null());
        let there = given.values().filter(|it| !it.is_null()).count();
        prop_assert_eq!(in_place.count() + filled.strays.len(), there);
        prop_assert!(!filled.completion().is_complete());
    }
}
