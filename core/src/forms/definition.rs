//! What a questionnaire asks, as it is filled here.

use serde_json::Value;

use super::answer::Answer;
use super::path::Expression;
use super::words::Words;

/// A questionnaire, read and checked.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Canonical address, without version.
    pub url: String,
    /// Its version; empty when it has none.
    pub version: String,
    /// What it is called.
    pub title: Words,
    /// What it is for.
    pub description: Words,
    /// On whose permission it may be used, as its author says.
    pub copyright: String,
    /// FHIR publication status, as `active` or `retired`.
    pub status: String,
    /// Variables of the whole form, in order: an expression may use those
    /// before it.
    pub(super) variables: Vec<(String, Expression)>,
    /// Its items, as they are nested.
    pub items: Vec<Item>,
    /// The questionnaire as it came, with what is not understood here.
    pub(super) source: Value,
}

impl Definition {
    /// Canonical address with version, as a form is pinned to it:
    /// `https://example.org/Questionnaire/falls|2.1`.
    #[must_use]
    pub fn canonical(&self) -> String {
        canonical(&self.url, &self.version)
    }

    /// The questionnaire as it came.
    #[must_use]
    pub const fn source(&self) -> &Value {
        &self.source
    }

    /// The item of a link id.
    #[must_use]
    pub fn item(&self, link_id: &str) -> Option<&Item> {
        fn find<'i>(items: &'i [Item], link_id: &str) -> Option<&'i Item> {
            items.iter().find_map(|item| {
                if item.link_id == link_id {
                    return Some(item);
                }
                find(&item.items, link_id)
            })
        }
        find(&self.items, link_id)
    }

    /// The items on the way to a link id, outermost first, itself last.
    #[must_use]
    pub fn way_to(&self, link_id: &str) -> Vec<&Item> {
        fn walk<'i>(items: &'i [Item], link_id: &str, way: &mut Vec<&'i Item>) -> bool {
            items.iter().any(|item| {
                way.push(item);
                let found = item.link_id == link_id || walk(&item.items, link_id, way);
                if !found {
                    way.pop();
                }
                found
            })
        }
        let mut way = Vec::new();
        walk(&self.items, link_id, &mut way);
        way
    }
}

/// Address and version as one.
pub(super) fn canonical(url: &str, version: &str) -> String {
    if version.is_empty() {
        url.to_owned()
    } else {
        format!("{url}|{version}")
    }
}

/// A question, a group of items, or words to read.
#[derive(Debug, Clone)]
pub struct Item {
    /// Which, within its questionnaire.
    pub link_id: String,
    /// As in `1a`.
    pub prefix: String,
    /// What is asked.
    pub text: Words,
    /// What answers it takes.
    pub kind: ItemKind,
    /// The form is not complete without it.
    pub required: bool,
    /// It may be answered more than once, or the group be there more than once.
    pub repeats: bool,
    /// Nobody types into it.
    pub read_only: bool,
    /// Never shown; for calculating with.
    pub hidden: bool,
    /// Characters, at most.
    pub max_length: Option<usize>,
    /// Decimal places, at most.
    pub decimals: Option<u32>,
    /// Repetitions at least and at most, where it repeats.
    pub occurs: (usize, usize),
    /// Between what an answer lies.
    pub range: Range,
    /// In what a quantity is.
    pub unit: Option<Unit>,
    /// What there is to choose.
    pub options: Vec<Choice>,
    /// Own words are an answer too.
    pub open: bool,
    /// When it is there.
    pub conditions: Vec<Condition>,
    /// One of the conditions is enough; else all must hold.
    pub any: bool,
    /// Answers that it begins with.
    pub initial: Vec<Answer>,
    /// How its value is calculated; such an item is never typed into.
    pub(super) calculated: Option<Expression>,
    /// Items in it.
    pub items: Vec<Item>,
}

impl Item {
    /// Whether it can have an answer at all.
    #[must_use]
    pub const fn is_question(&self) -> bool {
        !matches!(self.kind, ItemKind::Group | ItemKind::Display)
    }

    /// Whether its value follows from other answers.
    #[must_use]
    pub const fn is_calculated(&self) -> bool {
        self.calculated.is_some()
    }

    /// What an option scores, if it scores.
    #[must_use]
    pub fn score_of(&self, answer: &Answer) -> Option<f64> {
        let option = self.options.iter().find(|it| it.answer.same(answer))?;
        option.score
    }
}

/// Type of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
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
    /// One of the options, or own words where [`Item::open`].
    Choice,
    /// A figure with a unit.
    Quantity,
    /// A type that can't be answered here (`attachment`, `reference`): it is
    /// shown and holds nobody up.
    Unsupported(String),
}

impl ItemKind {
    /// What it takes, for whoever gave it something else.
    #[must_use]
    pub const fn takes(&self) -> &'static str {
        match self {
            Self::Group | Self::Display => "no answer",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Decimal => "a figure",
            Self::Date => "a date, YYYY-MM-DD",
            Self::DateTime => "an instant with offset, as RFC 3339 has it",
            Self::Time => "a time, HH:MM:SS",
            Self::Line => "one line of words",
            Self::Text => "words",
            Self::Url => "an address",
            Self::Choice => "one of the options",
            Self::Quantity => "a figure with its unit",
            Self::Unsupported(_) => "no answer in this version of the app",
        }
    }
}

/// A unit of measure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// URI of the system, as UCUM's.
    pub system: String,
    /// The code, as `cm`.
    pub code: String,
    /// As a person reads it.
    pub text: String,
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What it answers.
    pub answer: Answer,
    /// What a person reads.
    pub text: Words,
    /// What it scores (`ordinalValue` or `itemWeight`).
    pub score: Option<f64>,
    /// It is chosen from the beginning.
    pub initial: bool,
    /// Choosing it excludes every other one, as "none of these".
    pub exclusive: bool,
}

/// Between what an answer lies, both ends included.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Range {
    /// Not less than.
    pub min: Option<Answer>,
    /// Not more than.
    pub max: Option<Answer>,
}

impl Range {
    /// Whether an answer lies inside; none where they can't be compared.
    pub(super) fn holds(&self, answer: &Answer) -> Option<bool> {
        let low = self.min.as_ref().map(|min| compare(answer, min));
        let high = self.max.as_ref().map(|max| compare(answer, max));
        let low = low.map_or(Some(true), |it| it.map(std::cmp::Ordering::is_ge));
        let high = high.map_or(Some(true), |it| it.map(std::cmp::Ordering::is_le));
        Some(low? && high?)
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |answer: &Answer| match answer.moment() {
            Some(moment) => moment.to_owned(),
            None => answer.figure().unwrap_or_default().to_string(),
        };
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => write!(f, "{} to {}", text(min), text(max)),
            (Some(min), None) => write!(f, "at least {}", text(min)),
            (None, Some(max)) => write!(f, "at most {}", text(max)),
            (None, None) => f.write_str("any"),
        }
    }
}

/// How two answers stand to each other; none where they have no order.
pub(super) fn compare(one: &Answer, other: &Answer) -> Option<std::cmp::Ordering> {
    if let (Some(one), Some(other)) = (one.figure(), other.figure()) {
        return one.partial_cmp(&other);
    }
    match (one, other) {
        (Answer::DateTime(one), Answer::DateTime(other)) => {
            let instant = |text| chrono::DateTime::parse_from_rfc3339(text).ok();
            Some(instant(one)?.cmp(&instant(other)?))
        }
        (Answer::Date(one), Answer::Date(other))
        | (Answer::Time(one), Answer::Time(other))
        | (Answer::Text(one), Answer::Text(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

/// A condition under which an item is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Link id of the question that decides.
    pub question: String,
    /// How.
    pub operator: Operator,
    /// With what.
    pub answer: Answer,
}

/// How an answer is held against a condition's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Whether there is an answer; the condition's answer says which.
    Exists,
    /// An answer is equal.
    Equals,
    /// No answer is equal.
    NotEquals,
    /// An answer is greater.
    Greater,
    /// An answer is less.
    Less,
    /// An answer is greater or equal.
    AtLeast,
    /// An answer is less or equal.
    AtMost,
}
