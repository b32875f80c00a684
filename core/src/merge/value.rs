//! JSON values and the scalars that keep them.

use automerge::ScalarValue;
use serde_json::{Number, Value};

use super::schema::{Leaf, Node};

/// The scalar that keeps a value at a place; none where it does not fit.
pub(super) fn encode(at: Node, value: &Value) -> Option<ScalarValue> {
    match (at, value) {
        (Node::Leaf(_, false), Value::Null) => Some(ScalarValue::Null),
        (Node::Leaf(Leaf::Str, _), Value::String(text)) => Some(text.as_str().into()),
        (Node::Leaf(Leaf::Bool, _), Value::Bool(flag)) => Some(ScalarValue::Boolean(*flag)),
        (Node::Leaf(Leaf::Int, _), Value::Number(number)) => {
            (!number.is_f64()).then(|| encode_number(number))?
        }
        (Node::Leaf(Leaf::Json, _) | Node::Entry, value) if !value.is_null() => {
            serde_json::to_string(value).ok().map(ScalarValue::from)
        }
        (Node::Leaf(Leaf::Any, _) | Node::Unknown, value) => encode_any(value),
        _ => None,
    }
}

fn encode_any(value: &Value) -> Option<ScalarValue> {
    match value {
        Value::Null => Some(ScalarValue::Null),
        Value::Bool(flag) => Some(ScalarValue::Boolean(*flag)),
        Value::Number(number) => encode_number(number),
        Value::String(text) => Some(text.as_str().into()),
        Value::Array(_) | Value::Object(_) => {
            serde_json::to_vec(value).ok().map(ScalarValue::Bytes)
        }
    }
}

fn encode_number(number: &Number) -> Option<ScalarValue> {
    number
        .as_i64()
        .map(ScalarValue::Int)
        .or_else(|| number.as_u64().map(ScalarValue::Uint))
        .or_else(|| number.as_f64().map(ScalarValue::F64))
}

/// What a person reads of a scalar at a place.
pub(super) fn decode(at: Node, scalar: &ScalarValue) -> Value {
    match (at, scalar) {
        (Node::Leaf(Leaf::Json, _) | Node::Entry, ScalarValue::Str(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_string()))
        }
        (_, ScalarValue::Str(text)) => Value::String(text.to_string()),
        (_, ScalarValue::Bytes(bytes)) => {
            serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(hex(bytes)))
        }
        (_, ScalarValue::Int(number) | ScalarValue::Timestamp(number)) => (*number).into(),
        (_, ScalarValue::Uint(number)) => (*number).into(),
        (_, ScalarValue::F64(number)) => (*number).into(),
        (_, ScalarValue::Counter(counter)) => i64::from(counter).into(),
        (_, ScalarValue::Boolean(flag)) => (*flag).into(),
        (_, ScalarValue::Null | ScalarValue::Unknown { .. }) => Value::Null,
    }
}

/// Whether a scalar of somebody else's fits a place: what [`encode`] makes, and
/// nothing else that automerge knows.
pub(super) fn fits(at: Node, scalar: &ScalarValue) -> bool {
    match (at, scalar) {
        (Node::Leaf(_, false), ScalarValue::Null) => true,
        (Node::Leaf(Leaf::Str, _), ScalarValue::Str(_)) => true,
        (Node::Leaf(Leaf::Bool, _), ScalarValue::Boolean(_)) => true,
        (Node::Leaf(Leaf::Int, _), ScalarValue::Int(_) | ScalarValue::Uint(_)) => true,
        (Node::Leaf(Leaf::Json, _) | Node::Entry, ScalarValue::Str(text)) => {
            serde_json::from_str::<Value>(text).is_ok_and(|value| !value.is_null())
        }
        (Node::Leaf(Leaf::Any, _) | Node::Unknown, scalar) => fits_any(scalar),
        _ => false,
    }
}

fn fits_any(scalar: &ScalarValue) -> bool {
    match scalar {
        ScalarValue::Null
        | ScalarValue::Boolean(_)
        | ScalarValue::Int(_)
        | ScalarValue::Uint(_)
        | ScalarValue::Str(_) => true,
        ScalarValue::F64(number) => number.is_finite(),
        ScalarValue::Bytes(bytes) => serde_json::from_slice::<Value>(bytes).is_ok(),
        ScalarValue::Counter(_) | ScalarValue::Timestamp(_) | ScalarValue::Unknown { .. } => false,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
