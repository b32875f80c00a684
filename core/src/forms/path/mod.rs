//! The part of FHIRPath (HL7, normative release 2.0) that forms calculate with.
//!
//! Navigation through JSON (`item`, `answer.value`), `[n]`, `$this`, `$index`,
//! `%resource`, `%context`, `%questionnaire` and the form's variables; literals of
//! booleans, figures, strings and dates, and `{}`; the operators
//! `+ - * / div mod & | = != > < >= <= in contains and or xor implies`; and the
//! functions of [`FUNCTIONS`]. What is not here is refused when the
//! questionnaire is read, by name and place, and never at the bedside.
//!
//! Dates and times compare as their text, which is right for values of one
//! precision and zone. Figures are rounded to the eight decimal places that
//! FHIRPath asks for.

mod eval;
mod functions;
mod lexer;
mod parser;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

pub use functions::FUNCTIONS;

/// Characters of an expression, at most.
pub const EXPRESSION_BYTES_MAX: usize = 4 * 1024;
/// How deep an expression is nested, at most.
pub const EXPRESSION_DEPTH_MAX: usize = 40;
/// Steps of one evaluation, at most: an expression is somebody else's.
pub const STEPS_MAX: u32 = 200_000;

/// Why an expression can't be read or gives no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("FHIRPath at {at}: {what}")]
pub struct PathError {
    /// Byte of the expression.
    pub at: usize,
    /// What is wrong there, and what is accepted.
    pub what: String,
}

impl PathError {
    fn new(at: usize, what: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
        }
    }
}

/// One value of a collection.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum<'a> {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A figure.
    Decimal(f64),
    /// A string, a date or a time.
    Text(String),
    /// An element with parts.
    Node(&'a Value),
}

impl<'a> Datum<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(flag) => Some(Self::Bool(*flag)),
            Value::Number(number) => number
                .as_i64()
                .map(Self::Integer)
                .or_else(|| number.as_f64().map(Self::Decimal)),
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Object(_) | Value::Array(_) => Some(Self::Node(value)),
        }
    }

    /// As JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Bool(flag) => Value::from(*flag),
            Self::Integer(number) => Value::from(*number),
            Self::Decimal(number) => super::answer::number(*number),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Node(value) => (*value).clone(),
        }
    }
}

/// What an expression is evaluated over.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a, 'v> {
    /// `%resource`: the response as it stands.
    pub resource: &'a Value,
    /// `%context`, and where the expression begins.
    pub context: &'a Value,
    /// `%questionnaire`.
    pub questionnaire: &'a Value,
    /// The form's variables by name, without `%`.
    pub variables: &'v BTreeMap<String, Vec<Datum<'a>>>,
}

/// An expression that was read.
#[derive(Debug, Clone)]
pub struct Expression {
    tree: parser::Tree,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`PathError`] with the place, and what is accepted there.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.len() > EXPRESSION_BYTES_MAX {
            let what = format!("at most {EXPRESSION_BYTES_MAX} bytes");
            return Err(PathError::new(EXPRESSION_BYTES_MAX, what));
        }
        let tree = parser::parse(lexer::tokens(text)?)?;
        Ok(Self { tree })
    }

    /// Its value: a collection, empty where there is none.
    ///
    /// # Errors
    /// [`PathError`] where a single value was needed and there were several,
    /// where types do not fit, for a variable that is not there, and after
    /// [`STEPS_MAX`].
    pub fn evaluate<'a>(&self, scope: &Scope<'a, '_>) -> Result<Vec<Datum<'a>>, PathError> {
        eval::evaluate(&self.tree, scope)
    }
}
