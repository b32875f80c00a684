//! What a change touches.

use std::collections::HashMap;

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

/// Gathers touches. What one change does to one place is one touch: later
/// values replace earlier ones, typed characters follow each other, fields of
/// an item just added belong to the item.
#[derive(Debug, Default)]
pub(super) struct Touches {
    list: Vec<Touch>,
    by_path: HashMap<String, usize>,
}

impl Touches {
    pub(super) fn note(&mut self, path: FieldPath, action: TouchAction, value: Option<Value>) {
        if let Some((item, field)) = in_item(&path)
            && let Some(added) = self.known(item, TouchAction::Add)
            && let Some(fields) = &mut added.value
            && action == TouchAction::Put
        {
            project::set(
                fields,
                &FieldPath(field.to_owned()),
                value.unwrap_or_default(),
            );
            return;
        }
        match self.known(&path.0, action) {
            Some(known) => match (&mut known.value, action, value) {
                (Some(Value::String(typed)), TouchAction::Text, Some(Value::String(more))) => {
                    typed.push_str(&more);
                }
                (known, _, value) => *known = value,
            },
            None => {
                self.by_path.insert(path.0.clone(), self.list.len());
                self.list.push(Touch {
                    path,
                    action,
                    value,
                });
            }
        }
    }

    fn known(&mut self, path: &str, action: TouchAction) -> Option<&mut Touch> {
        let index = *self.by_path.get(path)?;
        self.list
            .get_mut(index)
            .filter(|touch| touch.action == action)
    }

    pub(super) fn finish(self) -> Vec<Touch> {
        self.list
    }
}

/// The item that a longer path lies in, and the rest of the path.
fn in_item(path: &FieldPath) -> Option<(&str, &str)> {
    let section = path.0.find('/')?;
    let id = path.0.get(section + 1..)?.find('/')?;
    let end = section + 1 + id;
    Some((path.0.get(..end)?, path.0.get(end + 1..)?))
}
