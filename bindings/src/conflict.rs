//! Two people wrote different things into one field.

use homeround::merge;
use serde_json::Value;

use crate::error::HomeroundError;
use crate::names::{By, Names};

/// One of the values of a conflict.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct ConflictValue {
    /// As JSON: what `settle` takes.
    pub json: String,
    /// As a person reads it: the text of a string or of a code, a quantity with its
    /// unit, else the JSON.
    pub text: String,
    /// Who wrote it.
    pub by: By,
    /// When, by the writer's wall clock, milliseconds since 1970.
    pub at_ms: i64,
    /// Whether screens show this one until somebody settles it.
    pub shown: bool,
}

/// A field on which people disagree. A person settles it.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Conflict {
    /// The field, as in `tasks/0192…/result`: what `settle` takes.
    pub field: String,
    /// The first part of the field, as in `tasks`.
    pub section: String,
    /// The item it is about, if it is about one of several.
    pub item: Option<String>,
    /// The last part of the field, as in `result`.
    pub name: String,
    /// Why it is open: `keep_both`, `forward`, `safer`, ...
    pub rule: String,
    /// The different values, in the same order on every phone.
    pub values: Vec<ConflictValue>,
}

pub(crate) fn show(conflict: merge::Conflict, names: &Names<'_>) -> Conflict {
    let segments: Vec<&str> = conflict.path.segments().collect();
    let winner = conflict.winner;
    // Of a hand-over, people choose who goes.
    let given = conflict.path.0 == "handover";
    let readable = |value: &Value| match value["to"].as_str().and_then(|to| to.parse().ok()) {
        Some(to) if given => names.by(to).name,
        _ => text_of(value),
    };
    let values = conflict.values.into_iter().enumerate();
    let values = values.map(|(at, one)| ConflictValue {
        text: readable(&one.value),
        json: one.value.to_string(),
        by: names.by_actor(one.actor),
        at_ms: one.at.0,
        shown: at == winner,
    });
    Conflict {
        section: segments.first().copied().unwrap_or_default().into(),
        item: (segments.len() > 2).then(|| segments[1].into()),
        name: segments.last().copied().unwrap_or_default().into(),
        rule: conflict.rule.name().into(),
        values: values.collect(),
        field: conflict.path.0,
    }
}

/// One thing that an edit wrote.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WrittenValue {
    /// Its field, as in `outcome` or `vitals/0192…`.
    pub field: String,
    /// The last name on the way to it, as in `pulse_bpm`.
    pub name: String,
    /// As a person reads it.
    pub text: String,
}

/// Who wrote and when stand beside a value and are not what was entered.
const ABOUT: [&str; 3] = ["by", "at_ms", "measured_at_ms"];

/// What an edit wrote, leaf by leaf; empty where nothing of it is kept.
pub(crate) fn written(values: &Value) -> Vec<WrittenValue> {
    let mut found = Vec::new();
    for (field, value) in values.as_object().into_iter().flatten() {
        let name = field.rsplit('/').next().unwrap_or(field);
        leaves(field, name, value, &mut found);
    }
    found
}

fn leaves(field: &str, name: &str, value: &Value, found: &mut Vec<WrittenValue>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            let shown = fields
                .iter()
                .filter(|(name, _)| !ABOUT.contains(&name.as_str()));
            shown.for_each(|(name, value)| leaves(field, name, value, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| leaves(field, name, item, found)),
        leaf => found.push(WrittenValue {
            field: field.into(),
            name: name.into(),
            text: text_of(leaf),
        }),
    }
}

pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Object(fields) => {
            // A code reads as its words, a quantity as its figure with the unit, what came
            // of a planned task as its status, a consent as its decision, a schedule as its start and rule.
            let text = |name: &str| fields.get(name).and_then(Value::as_str);
            if let (Some(_), Some(status)) = (text("occurrence"), text("status")) {
                return status.to_owned();
            }
            // Of a patient's wishes for notices, where to, or that they want none.
            if let Some(agreed) = fields.get("agreed").and_then(Value::as_bool) {
                let address = text("address").unwrap_or_default();
                return if agreed { address } else { "–" }.to_owned();
            }
            if let Some(decision) = text("decision") {
                return decision.to_owned();
            }
            if let Some(start) = text("start") {
                let rule = text("rule").or_else(|| text("text")).unwrap_or_default();
                return format!("{start} {rule}").trim_end().to_owned();
            }
            let words = text("text").filter(|words| !words.is_empty());
            let words = words.or_else(|| text("code")).map(str::to_owned);
            let figure = fields.get("value").filter(|figure| figure.is_number());
            let quantity = figure.map(|it| format!("{it} {}", text("unit").unwrap_or_default()));
            let read = quantity.map(|it| it.trim_end().to_owned()).or(words);
            read.unwrap_or_else(|| value.to_string())
        }
        other => other.to_string(),
    }
}

/// The value that a shell hands back.
pub(crate) fn parse(json: &str, field: &str) -> Result<Value, HomeroundError> {
    serde_json::from_str(json).map_err(|_| HomeroundError::refused(field, "a JSON value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_a_quantity_read_as_people_say_them() {
        let read = |value: Value| text_of(&value);
        assert_eq!(
            read(serde_json::json!({"system": "s", "code": "x", "text": "Heavy"})),
            "Heavy"
        );
        assert_eq!(read(serde_json::json!({"system": "s", "code": "x"})), "x");
        assert_eq!(
            read(serde_json::json!({"value": 2.5, "unit": "cm", "code": "cm"})),
            "2.5 cm"
        );
        assert_eq!(read(serde_json::json!({"other": 1})), "{\"other\":1}");
        assert_eq!(
            read(serde_json::json!({"occurrence": "2026-11-28T09:00", "status": "not_done"})),
            "not_done"
        );
        let wishes = |agreed: bool| serde_json::json!({"agreed": agreed, "address": "a@b.org"});
        assert_eq!(
            (&*read(wishes(true)), &*read(wishes(false))),
            ("a@b.org", "–")
        );
        assert_eq!(
            read(serde_json::json!({"decision": "declined", "party": "patient"})),
            "declined"
        );
        assert_eq!(
            read(serde_json::json!({"start": "2026-11-28T09:00", "rule": "FREQ=DAILY"})),
            "2026-11-28T09:00 FREQ=DAILY"
        );
    }

    #[test]
    fn an_edit_is_shown_leaf_by_leaf_without_who_and_when() {
        let values = serde_json::json!({
            "outcome": "Done",
            "observations/0192": {"by": "0193", "at_ms": 5, "finding": {"pulse_bpm": 72}},
            "tasks/7/reason": null,
        });
        let shown = written(&values);
        let lines: Vec<_> = shown.iter().map(|one| (&*one.name, &*one.text)).collect();
        assert_eq!(lines, [("pulse_bpm", "72"), ("outcome", "Done")]);
        assert_eq!(written(&Value::Null), []);
    }
}
