//! Which forms can be begun, how one stands, and filling it. Each answer is one
//! durable commit.

use homeround::app::OpenForm;
use homeround::forms::{self, Answer, Filled, ItemKind, Problem, Shown};
use serde_json::Value;

use crate::conflict::text_of;
use crate::error::HomeroundError;
use crate::forms::{
    FormEntry, FormItem, FormItemType, FormOffer, FormOption, FormProblem, FormValue, FormView,
};
use crate::guard::guard;
use crate::root::Homeround;
use crate::types::{EntryId, Saved};
use crate::visit::{FormAnswer, Visit};

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

pub(crate) const fn kind(kind: &ItemKind) -> FormItemType {
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
