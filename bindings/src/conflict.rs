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
    /// As a person reads it: the text of a string, else the JSON.
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
    let values = conflict.values.into_iter().enumerate();
    let values = values.map(|(at, one)| ConflictValue {
        text: text_of(&one.value),
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

pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The value that a shell hands back.
pub(crate) fn parse(json: &str, field: &str) -> Result<Value, HomeroundError> {
    serde_json::from_str(json).map_err(|_| HomeroundError::refused(field, "a JSON value"))
}
