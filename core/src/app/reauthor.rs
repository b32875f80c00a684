//! Writing an edit again: what it said, on the document as it stands now.

use serde_json::Value;

use crate::merge::{Document, Op, Touch, TouchAction};
use crate::model::{ChangeHash, EntryId, FieldPath};

/// The operations that say again what a change said. None: it can't be said
/// again, as when it created the document.
pub(super) fn operations(document: &Document, hash: &ChangeHash) -> Option<Vec<Op>> {
    let touched = document.touched(hash)?;
    let (before, after) = (document.before(hash)?, document.after(hash)?);
    touched
        .iter()
        .map(|touch| operation(touch, &before, &after))
        .collect()
}

fn operation(touch: &Touch, before: &Value, after: &Value) -> Option<Op> {
    let value = touch.value.clone()?;
    match touch.action {
        TouchAction::Put => Some(Op::Put {
            path: touch.path.clone(),
            value,
        }),
        TouchAction::Add => {
            let (section, id) = place(&touch.path)?;
            let Value::Object(fields) = value else {
                return None;
            };
            Some(Op::AddItem {
                section,
                id,
                fields,
            })
        }
        TouchAction::Append => {
            let (section, id) = place(&touch.path)?;
            Some(Op::Append {
                section,
                id,
                entry: value,
            })
        }
        TouchAction::Text => splice(&touch.path, before, after),
        TouchAction::Delete | TouchAction::Overwrite => None,
    }
}

fn place(path: &FieldPath) -> Option<(String, EntryId)> {
    let (section, id) = path.0.split_once('/')?;
    Some((section.to_owned(), id.parse().ok()?))
}

/// One splice that turns the text before into the text after.
fn splice(path: &FieldPath, before: &Value, after: &Value) -> Option<Op> {
    let text = |view: &Value| -> Vec<char> {
        path.segments()
            .try_fold(view, |at, key| at.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .chars()
            .collect()
    };
    let (old, new) = (text(before), text(after));
    let same = |pairs: &mut dyn Iterator<Item = (&char, &char)>| {
        pairs.take_while(|(left, right)| left == right).count()
    };
    let head = same(&mut old.iter().zip(&new));
    let tail = same(&mut old[head..].iter().rev().zip(new[head..].iter().rev()));
    let delete = old.len() - head - tail;
    let insert: String = new[head..new.len() - tail].iter().collect();
    if delete == 0 && insert.is_empty() {
        return None;
    }
    Some(Op::Splice {
        path: path.clone(),
        at: head,
        delete,
        insert,
    })
}

/// Moves a splice inside a text that became shorter; what it inserts stays.
pub(super) fn fit(op: Op, view: &Value) -> Op {
    let Op::Splice {
        path,
        at,
        delete,
        insert,
    } = op
    else {
        return op;
    };
    let length = path
        .segments()
        .try_fold(view, |view, key| view.get(key))
        .and_then(Value::as_str)
        .map_or(0, |text| text.chars().count());
    let at = at.min(length);
    Op::Splice {
        path,
        at,
        delete: delete.min(length - at),
        insert,
    }
}
