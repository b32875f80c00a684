//! What expressions come to, and what is said of those that are not known.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// The same file is asked of an independent FHIRPath: `tests/fhir/paths.cjs`.
const CASES: &str = include_str!("../../../../tests/fhir/paths.json");

fn over(resource: &Value, text: &str) -> Result<Vec<Value>, PathError> {
    let variables = BTreeMap::from([("mine".to_owned(), vec![Datum::Integer(5)])]);
    let nothing = Value::Null;
    let scope = Scope {
        resource,
        context: resource,
        questionnaire: &nothing,
        variables: &variables,
    };
    let found = Expression::parse(text)?.evaluate(&scope)?;
    Ok(found.iter().map(Datum::to_value).collect())
}

/// Figures to the eight places that FHIRPath asks for.
fn plain(value: &Value) -> Value {
    match value.as_f64() {
        Some(figure) => json!((figure * 1e8).round() / 1e8),
        None => value.clone(),
    }
}

#[test]
fn every_expression_comes_to_what_an_independent_fhirpath_says() {
    let file: Value = serde_json::from_str(CASES).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() > 120);
    let mut wrong = Vec::new();
    for case in cases {
        let text = case["expression"].as_str().unwrap();
        let resource = &file["resources"][case["resource"].as_str().unwrap()];
        let wanted: Vec<Value> = case["result"]
            .as_array()
            .unwrap()
            .iter()
            .map(plain)
            .collect();
        match over(resource, text) {
            Ok(found) if found.iter().map(plain).collect::<Vec<_>>() == wanted => {}
            other => wrong.push(format!("{text}: {other:?}, not {wanted:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_known_is_refused_when_it_is_read_and_named() {
    let refused = |text: &str| Expression::parse(text).unwrap_err().to_string();
    assert!(refused("item.aggregate($this)").contains("aggregate() is not known here"));
    assert!(refused("1 +").contains("a value or a name belongs here"));
    assert!(refused("(1 + 2").contains(") belongs here"));
    assert!(refused("'open").contains("never closed"));
    assert!(refused("1 2").contains("goes on after its end"));
    assert!(refused("item.where()").contains("takes 1 to 1 arguments"));
    assert!(refused("# 1").contains("means nothing here"));
    assert!(refused("$total").contains("belongs here"));
    assert_eq!(Expression::parse("item.nope()").unwrap_err().at, 4);
}

#[test]
fn a_value_that_does_not_fit_is_an_error_and_no_guess() {
    let resource = json!({"list": [1, 2], "text": "a"});
    let wrong = |text: &str| over(&resource, text).unwrap_err().what;
    assert!(wrong("list + 1").contains("there are several"));
    assert!(wrong("text * 2").contains("a figure"));
    assert!(wrong("%nobody").contains("%nobody is not a variable"));
    assert!(wrong("list.contains('a')").contains("one string"));
    assert_eq!(over(&resource, "%mine + 1"), Ok(vec![json!(6)]));
}

#[test]
fn an_expression_that_never_ends_is_stopped() {
    let list: Vec<u32> = (0..1_000).collect();
    let resource = json!({"list": list});
    let slow = "list.where($this.select(%resource.list.where($this > 0)).exists()).count()";
    let stopped = over(&resource, slow).unwrap_err();
    assert!(stopped.what.contains("takes too long"));
    let looped = over(&json!({"a": 1}), "repeat($this)").unwrap_err();
    assert!(looped.what.contains("takes too long"));
}

#[test]
fn an_expression_is_short_and_not_nested_without_end() {
    let deep = format!("{}1{}", "(".repeat(2_000), ")".repeat(2_000));
    assert!(
        Expression::parse(&deep)
            .unwrap_err()
            .what
            .contains("nested too deeply")
    );
    let long = "1+".repeat(3_000) + "1";
    assert!(Expression::parse(&long).unwrap_err().what.contains("bytes"));
}
