//! Forms: questionnaires as FHIR R4 has them, and what a set of answers comes
//! to.
//!
//! Three steps, each a pure function. [`Definition::parse`] reads a FHIR
//! `Questionnaire` (the part of *Structured Data Capture* that is listed
//! there). [`Filled::judge`] takes a definition and the answers of a visit's
//! form, and says of every item whether it is shown, what stands in it, what
//! is wrong with it, and what is calculated. [`Filled::response`] writes the
//! same as items of a `QuestionnaireResponse`, and [`Taken::read`] reads such items
//! that somebody filled elsewhere.
//!
//! Answers lie flat in the visit's document under keys ([`Key`]) that two phones
//! can mint at once: a repetition has an id and no index. Calculated values are
//! never stored: they follow from the answers. What the room needs of clock and
//! chance are arguments, and it depends on `model` alone.
//!
//! A score supports judgement and never replaces it.

mod answer;
mod definition;
mod enable;
mod fill;
mod key;
mod library;
pub mod path;
mod places;
mod read;
mod response;
mod survey;
mod taken;
mod words;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use definition::{Choice, Condition, Definition, Item, ItemKind, Operator, Range, Unit};
pub use fill::{Answered, Completion, Filled, Problem, Shown};
pub use key::Key;
pub use library::{SHIPPED, Shipped, shipped};
pub use survey::{SURVEY, is_survey, judge_survey, survey};
pub use taken::Taken;
pub use words::Words;

/// Bytes of a questionnaire's JSON, at most: what the backend keeps as one record.
pub const DEFINITION_BYTES_MAX: usize = 64 * 1024;
/// Items of a questionnaire, at most.
pub const ITEMS_MAX: usize = 1_000;
/// How deep items are nested, at most.
pub const ITEM_DEPTH_MAX: usize = 12;
/// Options of one item, at most.
pub const OPTIONS_MAX: usize = 500;
/// Characters of one answer in words, where the item sets no lower limit.
pub const ANSWER_CHARS_MAX: usize = 4_000;
/// Repetitions of one item within the same surroundings, at most.
pub const REPEATS_MAX: usize = 50;

/// Why a questionnaire can't be filled here. The texts name the item and never
/// carry an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("item {item}, {field}: {remedy}")]
pub struct FormError {
    /// Link id of the item; empty for the questionnaire itself.
    pub item: String,
    /// The element that is wrong, as FHIR calls it.
    pub field: &'static str,
    /// What is accepted.
    pub remedy: String,
}

impl FormError {
    pub(crate) fn new(item: &str, field: &'static str, remedy: impl Into<String>) -> Self {
        Self {
            item: item.to_owned(),
            field,
            remedy: remedy.into(),
        }
    }
}
