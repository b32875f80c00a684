//! Errors as a program reads them: the variant's name and its fields.

use homeround::app::AppError;
use serde_json::{Map, Value, json};

/// Why a command was not done.
#[derive(Debug)]
pub(super) struct Refusal(Value);

impl Refusal {
    /// One that is not the app's.
    pub(super) fn code(code: &str) -> Self {
        Self(json!({ "error": "failed", "code": code }))
    }

    /// A line that is not a command.
    pub(super) fn malformed(why: &str) -> Self {
        Self(json!({ "error": "malformed", "why": why }))
    }

    pub(super) fn line(&self) -> String {
        json!({ "error": self.0 }).to_string()
    }
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        let (name, fields) = described(&error);
        let mut object = Map::new();
        object.insert("error".into(), name.into());
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        Self(Value::Object(object))
    }
}

fn described(error: &AppError) -> (&'static str, Value) {
    match error {
        AppError::Refused { field, limit } => {
            ("refused", json!({ "field": field, "limit": limit }))
        }
        AppError::Step(step) => (
            "step",
            json!({ "from": step.from.name(), "to": step.to.name() }),
        ),
        AppError::Locked => ("locked", Value::Null),
        AppError::WrongPin {
            attempts_left,
            wait_ms,
        } => (
            "wrong_pin",
            json!({ "attempts_left": attempts_left, "wait_ms": wait_ms }),
        ),
        AppError::NotConfirmed => ("not_confirmed", Value::Null),
        AppError::NotEnrolled => ("not_enrolled", Value::Null),
        AppError::NotAllowed { rule, field } => {
            ("not_allowed", json!({ "rule": rule, "field": field }))
        }
        AppError::LeaseEnded => ("lease_ended", Value::Null),
        AppError::Warned { warnings } => {
            let codes: Vec<&str> = warnings.iter().map(|warning| warning.code()).collect();
            ("warned", json!({ "warnings": codes }))
        }
        AppError::Signed { visit } => ("signed", json!({ "visit": visit })),
        AppError::ConflictsOpen { open } => ("conflicts_open", json!({ "open": open })),
        AppError::NotFound { what } => ("not_found", json!({ "what": what })),
        AppError::Unsent { count } => ("unsent", json!({ "count": count })),
        AppError::StorageFull { needed_bytes } => {
            ("storage_full", json!({ "needed_bytes": needed_bytes }))
        }
        AppError::Damaged { set_aside } => ("damaged", json!({ "set_aside": set_aside })),
        AppError::UpdateApp { found, known } => {
            ("update_app", json!({ "found": found, "known": known }))
        }
        AppError::Retry { after_ms } => ("retry", json!({ "after_ms": after_ms })),
        AppError::Failed { code } => ("failed", json!({ "code": code })),
    }
}
