//! What a change touches, read from the change itself.

use serde_json::Value;

use super::project;
use crate::model::FieldPath;

/// What a change does to one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TouchAction {
    /// Sets a single value.
    Put,
    /// Adds an item with its fields.
    Add,
    /// Adds an entry.
    Append,
    /// Types into a text.
    Text,
    /// Removes something.
    Delete,
    /// Replaces what is never replaced.
    Overwrite,
}

/// One field that a change touches.
#[derive(Debug, Clone, PartialEq)]
pub struct Touch {
    /// The field, the item or the entry.
    pub path: FieldPath,
    /// What is done to it.
    pub action: TouchAction,
    /// The value put, the item's fields, the entry, or what was typed.
    pub value: Option<Value>,
}

impl Touch {
    /// Adds a touch. What one change does to one place is one touch: later
    /// values replace earlier ones, typed characters follow each other, fields
    /// of an item just added belong to the item.
    pub(super) fn note(
        touched: &mut Vec<Self>,
        path: FieldPath,
        action: TouchAction,
        value: Value,
    ) {
        for known in touched.iter_mut() {
            if known.path == path && known.action == action {
                match (&mut known.value, action, value) {
                    (Some(Value::String(typed)), TouchAction::Text, Value::String(more)) => {
                        typed.push_str(&more);
                    }
                    (known, _, value) => *known = Some(value),
                }
                return;
            }
            if known.action == TouchAction::Add
                && let Some(field) = path.0.strip_prefix(&known.path.0)
                && let Some(field) = field.strip_prefix('/')
            {
                if let Some(item) = &mut known.value {
                    project::set(item, &FieldPath(field.to_owned()), value);
                }
                return;
            }
        }
        touched.push(Self {
            path,
            action,
            value: Some(value),
        });
    }
}
