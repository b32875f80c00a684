//! Forms as a screen shows them: what is asked, what stands there, what is wrong.

use homeround::forms::{Answer, Unit};

use crate::types::{Coding, EntryId};
use crate::visit::FormAnswer;

/// A form that can be begun.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FormOffer {
    /// Canonical address with version: what `start_form` takes.
    pub questionnaire: String,
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// On whose permission it is used.
    pub copyright: String,
    /// It comes with the app; else the organisation sent it.
    pub shipped: bool,
}

/// What stands in an answer.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum FormValue {
    /// Yes or no.
    Flag {
        /// Yes.
        yes: bool,
    },
    /// A whole number.
    Whole {
        /// The number.
        number: i64,
    },
    /// A figure; of a quantity too: it is in the item's unit.
    Figure {
        /// The figure.
        number: f64,
    },
    /// A day.
    Date {
        /// `YYYY-MM-DD`.
        text: String,
    },
    /// An instant.
    Instant {
        /// With offset, as RFC 3339 has it.
        text: String,
    },
    /// A time of day.
    Time {
        /// `HH:MM:SS`.
        text: String,
    },
    /// Words.
    Words {
        /// At least one character.
        text: String,
    },
    /// One of the options; without a code: own words where the choice is open.
    Choice {
        /// The option.
        coding: Coding,
    },
    /// A figure with its unit.
    Quantity {
        /// The figure.
        number: f64,
        /// As a person reads it.
        unit: String,
    },
}

/// What an item takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FormItemType {
    /// Items together.
    Group,
    /// Words to read.
    Display,
    /// Yes or no.
    Boolean,
    /// A whole number.
    Integer,
    /// A figure.
    Decimal,
    /// A day.
    Date,
    /// An instant.
    DateTime,
    /// A time of day.
    Time,
    /// One line of words.
    Line,
    /// Words.
    Text,
    /// An address of the web.
    Url,
    /// One of the options.
    Choice,
    /// A figure with the item's unit.
    Quantity,
    /// It can't be answered in this version, and holds nobody up.
    Unsupported,
}

/// An option of a choice.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct FormOption {
    /// What `set_answer` takes.
    pub value: FormValue,
    /// As a person reads it.
    pub text: String,
    /// What it scores.
    pub score: Option<f64>,
}

/// An answer that stands.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct FormEntry {
    /// Its place: what `set_answer` and `clear_answer` take.
    pub key: String,
    /// The answer; none: what stands there does not fit the item.
    pub value: Option<FormValue>,
    /// As a person reads it; yes and no as `true` and `false`.
    pub text: String,
    /// What it scores.
    pub score: Option<f64>,
    /// People disagree on it.
    pub conflict: bool,
}

/// What is wrong with an item.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum FormProblem {
    /// It needs an answer.
    Missing,
    /// What stands there does not fit.
    Invalid {
        /// What is accepted.
        limit: String,
    },
    /// It is there less often than it must.
    TooFew {
        /// How often at least.
        least: u32,
    },
    /// It is there more often than it may.
    TooMany {
        /// How often at most.
        most: u32,
    },
    /// "None of these" together with one of these.
    Exclusive,
    /// Nothing could be calculated.
    Calculation {
        /// Why.
        why: String,
    },
}

/// An item of a form, in the order in which items are shown.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct FormItem {
    /// Its place: what `set_answer` and `add_repetition` take. Of a repeating
    /// question: where a further answer goes.
    pub key: String,
    /// Its name in the questionnaire.
    pub link_id: String,
    /// 0 is outermost.
    pub depth: u32,
    /// What it takes.
    pub kind: FormItemType,
    /// As in `1a`; empty when it has none.
    pub prefix: String,
    /// What is asked.
    pub text: String,
    /// The form is not complete without it.
    pub required: bool,
    /// It takes several answers, or is a group that is there several times.
    pub repeats: bool,
    /// It is one repetition of a group: `remove_repetition` takes its key.
    pub repetition: bool,
    /// It is to be shown now.
    pub enabled: bool,
    /// A person answers it.
    pub answerable: bool,
    /// One more answer or repetition can be added.
    pub can_add: bool,
    /// Own words are an answer too.
    pub open: bool,
    /// The unit of its figure, as a person reads it.
    pub unit: Option<String>,
    /// Between what an answer lies, as in `0 to 10`.
    pub limit: Option<String>,
    /// Characters at most, where the form says so.
    pub max_length: Option<u32>,
    /// What there is to choose.
    pub options: Vec<FormOption>,
    /// Its answers.
    pub answers: Vec<FormEntry>,
    /// What is wrong with it.
    pub problems: Vec<FormProblem>,
}

/// A form of a visit as it stands.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct FormView {
    /// Which.
    pub id: EntryId,
    /// Canonical address with version that it is pinned to.
    pub questionnaire: String,
    /// What it is called; its address where the definition is not here.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// On whose permission it is used.
    pub copyright: String,
    /// Its definition is on this phone and can be read: it can be filled.
    pub known: bool,
    /// Why the definition can't be read, where it is here.
    pub trouble: Option<String>,
    /// Its items.
    pub items: Vec<FormItem>,
    /// Answers without a place in the definition, all of them where there is none.
    pub strays: Vec<FormAnswer>,
    /// Items that are shown and must be answered.
    pub required: u32,
    /// Those of them that are.
    pub answered: u32,
    /// Nothing is missing and nothing is wrong: it can be completed.
    pub ready: bool,
    /// When somebody said that it is complete, milliseconds since 1970; none: open.
    pub completed_at_ms: Option<i64>,
    /// How many of its answers people disagree on.
    pub conflicts: u32,
}

impl From<Answer> for FormValue {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Bool(yes) => Self::Flag { yes },
            Answer::Integer(number) => Self::Whole { number },
            Answer::Decimal(number) => Self::Figure { number },
            Answer::Date(text) => Self::Date { text },
            Answer::DateTime(text) => Self::Instant { text },
            Answer::Time(text) => Self::Time { text },
            Answer::Text(text) => Self::Words { text },
            Answer::Coding(coding) => Self::Choice {
                coding: coding.into(),
            },
            Answer::Quantity { value, unit } => Self::Quantity {
                number: value,
                unit: unit.text,
            },
        }
    }
}

impl From<FormValue> for Answer {
    fn from(value: FormValue) -> Self {
        match value {
            FormValue::Flag { yes } => Self::Bool(yes),
            FormValue::Whole { number } => Self::Integer(number),
            FormValue::Figure { number } => Self::Decimal(number),
            FormValue::Date { text } => Self::Date(text),
            FormValue::Instant { text } => Self::DateTime(text),
            FormValue::Time { text } => Self::Time(text),
            FormValue::Words { text } => Self::Text(text),
            FormValue::Choice { coding } => Self::Coding(coding.into()),
            FormValue::Quantity { number, unit } => Self::Quantity {
                value: number,
                unit: Unit {
                    text: unit,
                    ..Unit::default()
                },
            },
        }
    }
}
