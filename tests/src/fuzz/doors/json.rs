//! JSON that is changed as JSON: it still parses, and something in it is odd.

use serde_json::{Value, json};

use super::super::dice::{Dice, havoc};

const WORDS: &[&str] = &[
    "",
    " ",
    "\u{0}",
    "null",
    "2026-02-30",
    "2026-11-22T25:61:61Z",
    "0000-00-00",
    "9999-12-31T23:59:59.999999999+14:00",
    "+262143-01-01",
    "1e400",
    "-0",
    "NaN",
    "Patient/1",
    "urn:uuid:01920000-0000-7000-8000-000000000001",
    "../../etc",
    "\u{202e}\u{1f469}\u{200d}",
    "01920000-0000-7000-8000-00000000000",
    "America/New_York",
    "http://snomed.info/sct",
    "active",
];

/// A mutant of a JSON text; odd letters now and then, odd values most often.
pub(crate) fn mutate(dice: &mut Dice, text: &[u8], other: &[u8]) -> Vec<u8> {
    let parsed = if dice.once_in(6) {
        None
    } else {
        serde_json::from_slice::<Value>(text).ok()
    };
    let Some(mut value) = parsed else {
        let mut raw = text.to_vec();
        havoc(dice, &mut raw, other);
        return raw;
    };
    let lent = serde_json::from_slice(other).unwrap_or(Value::Null);
    for _ in 0..=dice.below(3) {
        let nodes = count(&value);
        let mut at = dice.below(nodes);
        if let Some(node) = nth(&mut value, &mut at) {
            alter(dice, node, &lent);
        }
    }
    value.to_string().into_bytes()
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

fn nth<'v>(value: &'v mut Value, at: &mut usize) -> Option<&'v mut Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    let mut inside: Box<dyn Iterator<Item = &'v mut Value>> = match value {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(fields) => Box::new(fields.values_mut()),
        _ => return None,
    };
    inside.find_map(|inner| {
        let size = count(inner);
        if *at < size {
            nth(inner, at)
        } else {
            *at -= size;
            None
        }
    })
}

fn alter(dice: &mut Dice, node: &mut Value, lent: &Value) {
    match dice.below(12) {
        0 => *node = Value::Null,
        1 => *node = json!(dice.figure(0)),
        2 => *node = json!(dice.figure(0).cast_signed()),
        3 => *node = json!(f64::from_bits(dice.next())),
        4 => *node = json!(dice.pick(WORDS)),
        5 => *node = json!([node.take()]),
        6 => {
            let mut at = dice.below(count(lent));
            if let Some(theirs) = nth(&mut lent.clone(), &mut at) {
                *node = theirs.take();
            }
        }
        7 => {
            let depth = dice.below(200);
            for _ in 0..depth {
                *node = if dice.once_in(2) {
                    json!([node.take()])
                } else {
                    json!({ "a": node.take() })
                };
            }
        }
        _ => inside(dice, node),
    }
}

fn inside(dice: &mut Dice, node: &mut Value) {
    match node {
        Value::String(text) => {
            let mut bytes = text.as_bytes().to_vec();
            havoc(dice, &mut bytes, b"2026-11-22T10:00:00.000Z|urn:uuid:#/+-");
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        Value::Array(items) if !items.is_empty() => {
            let at = dice.below(items.len());
            if dice.once_in(2) {
                items.remove(at);
            } else {
                let again = items[at].clone();
                items.extend(std::iter::repeat_n(again, 1 + dice.below(3)));
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            let at = dice.below(fields.len());
            let Some(name) = fields.keys().nth(at).cloned() else {
                return;
            };
            let taken = fields.remove(&name).unwrap_or_default();
            if dice.once_in(3) {
                let other = dice.pick(WORDS).copied().unwrap_or_default();
                fields.insert(other.to_owned(), taken);
            }
        }
        Value::Number(number) => {
            let about = number.as_u64().unwrap_or(0);
            *node = json!(dice.figure(about));
        }
        Value::Bool(flag) => *flag = !*flag,
        other => *other = json!(dice.figure(0)),
    }
}
