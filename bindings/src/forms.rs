//! Forms: which can be begun, how one stands, and filling it. Each answer is one
//! durable commit.

use homeround::app::OpenForm;
use homeround::forms::{self, Answer, Filled, ItemKind, Problem, Shown, Unit};
use serde_json::Value;

use crate::conflict::text_of;
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::root::Homeround;
use crate::types::{Coding, EntryId, Saved};
use crate::visit::{FormAnswer, Visit};

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

#[uniffi::export]
impl Homeround {
    /// The forms that can be begun, in the order of their titles. `language`: BCP 47,
    /// as `es`; texts without a translation come as the form has them.
    pub fn forms(&self, language: String) -> Result<Vec<FormOffer>, HomeroundError> {
        guard(|| {
            let offers = self.phone.app.forms()?.into_iter();
            let shown = offers.map(|offer| FormOffer {
                title: offer.title.in_language(&language).into(),
                description: offer.description.in_language(&language).into(),
                questionnaire: offer.questionnaire,
                copyright: offer.copyright,
                shipped: offer.shipped,
            });
            Ok::<_, HomeroundError>(shown.collect())
        })
    }
}

#[uniffi::export]
impl Visit {
    /// The visit's forms as they stand, in the order in which they were begun.
    pub fn forms(&self, language: String) -> Result<Vec<FormView>, HomeroundError> {
        guard(|| {
            let handle = self.handle();
            let forms = handle.read()?.forms.into_keys();
            forms
                .map(|form| Ok::<_, HomeroundError>(show(handle.form(form)?, &language)))
                .collect::<Result<Vec<_>, _>>()
        })
    }

    /// One of the visit's forms as it stands. Fails with `NotFound`.
    pub fn form(&self, form: EntryId, language: String) -> Result<FormView, HomeroundError> {
        guard(|| Ok::<_, HomeroundError>(show(self.handle().form(form)?, &language)))
    }

    /// Begins a form: pins its version, sets its initial answers. The saved entry is
    /// the form. Fails with `Refused` on `questionnaire`.
    pub fn start_form(&self, questionnaire: String) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.start_form(&questionnaire))
    }

    /// Answers one question. Fails with `Refused` naming the item's link id, and on
    /// `form` when it is complete.
    pub fn set_answer(
        &self,
        form: EntryId,
        key: String,
        value: FormValue,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.set_answer(form, &key, &value.into()))
    }

    /// Takes an answer back. Fails with `NotFound` where nothing is answered.
    pub fn clear_answer(&self, form: EntryId, key: String) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.clear_answer(form, &key))
    }

    /// Adds a repetition of a group; the saved entry is the last id in the keys of its
    /// items. Fails with `Refused` when there are enough.
    pub fn add_repetition(&self, form: EntryId, key: String) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.add_repetition(form, &key))
    }

    /// Takes a repetition of a group away, with its answers.
    pub fn remove_repetition(&self, form: EntryId, key: String) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.remove_repetition(form, &key))
    }

    /// Says that a form is complete. Fails with `Refused` on `form`, naming the items
    /// that are missing or wrong.
    pub fn complete_form(&self, form: EntryId) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.complete_form(form))
    }

    /// Opens a complete form again.
    pub fn reopen_form(&self, form: EntryId) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.reopen_form(form))
    }
}

fn show(form: OpenForm, language: &str) -> FormView {
    let filled = form.filled();
    let completion = filled.as_ref().map(Filled::completion).unwrap_or_default();
    let words = |of: fn(&forms::Definition) -> &forms::Words| {
        let definition = form.definition.as_ref();
        definition.map(|it| of(it).in_language(language).to_owned())
    };
    let strays: Vec<(&str, &Value)> = match &filled {
        Some(filled) => filled.strays.clone(),
        None => form
            .answers
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.as_str(), value))
            .collect(),
    };
    let shown = filled.as_ref().map(Filled::shown).unwrap_or_default();
    FormView {
        id: form.id,
        title: words(|it| &it.title).unwrap_or_else(|| form.questionnaire.clone()),
        description: words(|it| &it.description).unwrap_or_default(),
        copyright: form
            .definition
            .as_ref()
            .map(|it| it.copyright.clone())
            .unwrap_or_default(),
        known: filled.is_some(),
        trouble: form.trouble.as_ref().map(ToString::to_string),
        items: shown.iter().map(|one| item(one, &form, language)).collect(),
        strays: strays
            .into_iter()
            .map(|(key, value)| FormAnswer {
                link_id: key.to_owned(),
                json: value.to_string(),
                text: text_of(value),
            })
            .collect(),
        required: count(completion.required),
        answered: count(completion.answered),
        ready: filled.is_some() && completion.is_complete(),
        completed_at_ms: form.completed_at.map(|at| at.0),
        conflicts: count(form.conflicts.len()),
        questionnaire: form.questionnaire,
    }
}

fn item(shown: &Shown<'_>, form: &OpenForm, language: &str) -> FormItem {
    let item = shown.item;
    let options = item.options.iter().map(|option| FormOption {
        value: option.answer.clone().into(),
        text: option.text.in_language(language).into(),
        score: option.score,
    });
    let answers = shown.answers.iter().map(|one| {
        let key = one.key.to_string();
        FormEntry {
            text: answer_text(item, one, language),
            value: one.answer.clone().map(Into::into),
            score: one.score,
            conflict: form.conflicts.contains(&key),
            key,
        }
    });
    let limited = item.range.min.is_some() || item.range.max.is_some();
    FormItem {
        key: shown.key.to_string(),
        link_id: item.link_id.clone(),
        depth: count(shown.depth),
        kind: kind(&item.kind),
        prefix: item.prefix.clone(),
        text: item.text.in_language(language).into(),
        required: item.required,
        repeats: item.repeats,
        repetition: shown.is_row,
        enabled: shown.enabled,
        answerable: item.is_question()
            && !item.read_only
            && !item.is_calculated()
            && !matches!(item.kind, ItemKind::Unsupported(_)),
        can_add: shown.can_add,
        open: item.open,
        unit: item.unit.as_ref().map(|unit| unit.text.clone()),
        limit: limited.then(|| item.range.to_string()),
        max_length: item.max_length.map(count),
        options: options.collect(),
        answers: answers.collect(),
        problems: shown.problems.iter().map(problem).collect(),
    }
}

/// As a person reads it.
fn answer_text(item: &forms::Item, one: &forms::Answered, language: &str) -> String {
    let Some(answer) = &one.answer else {
        return text_of(&one.raw);
    };
    let mut options = item.options.iter();
    if let Some(option) = options.find(|option| option.answer.same(answer)) {
        return option.text.in_language(language).into();
    }
    match answer {
        Answer::Coding(coding) if coding.text.is_empty() => coding.code.clone(),
        Answer::Coding(coding) => coding.text.clone(),
        Answer::Quantity { value, unit } => format!("{value} {}", unit.text).trim_end().into(),
        other => text_of(&other.to_value()),
    }
}

fn problem(problem: &Problem) -> FormProblem {
    match problem {
        Problem::Missing => FormProblem::Missing,
        Problem::Invalid(limit) => FormProblem::Invalid {
            limit: limit.clone(),
        },
        Problem::TooFew(least) => FormProblem::TooFew {
            least: count(*least),
        },
        Problem::TooMany(most) => FormProblem::TooMany { most: count(*most) },
        Problem::Exclusive => FormProblem::Exclusive,
        Problem::Calculation(why) => FormProblem::Calculation { why: why.clone() },
    }
}

const fn kind(kind: &ItemKind) -> FormItemType {
    match kind {
        ItemKind::Group => FormItemType::Group,
        ItemKind::Display => FormItemType::Display,
        ItemKind::Boolean => FormItemType::Boolean,
        ItemKind::Integer => FormItemType::Integer,
        ItemKind::Decimal => FormItemType::Decimal,
        ItemKind::Date => FormItemType::Date,
        ItemKind::DateTime => FormItemType::DateTime,
        ItemKind::Time => FormItemType::Time,
        ItemKind::Line => FormItemType::Line,
        ItemKind::Text => FormItemType::Text,
        ItemKind::Url => FormItemType::Url,
        ItemKind::Choice => FormItemType::Choice,
        ItemKind::Quantity => FormItemType::Quantity,
        ItemKind::Unsupported(_) => FormItemType::Unsupported,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
