//! A form with its answers: what is shown, what is missing, what it comes to.

use std::collections::BTreeMap;

use serde_json::Value;

use super::answer::Answer;
use super::definition::{Definition, Item, ItemKind};
use super::key::Key;
use super::path::{Datum, Scope};
use super::places::Known;
use super::{enable, response};
use crate::model::EntryId;

/// Rounds of "calculate, then look again what is shown", at most. Conditions
/// that chase each other are left as they stand after the last.
const ROUNDS_MAX: usize = 12;

/// An item in its place. A repeating item has one slot for itself, and below
/// it one for each repetition.
#[derive(Debug, Clone)]
pub(super) struct Slot<'d> {
    pub(super) item: &'d Item,
    /// Index of the slot that it is in.
    pub(super) parent: Option<usize>,
    pub(super) depth: usize,
    /// The repetitions around it, and its own where it is one.
    pub(super) rows: Vec<EntryId>,
    /// It is one repetition of its item.
    pub(super) is_row: bool,
    pub(super) raw: Option<&'d Value>,
    pub(super) answer: Option<Answer>,
    pub(super) enabled: bool,
    /// Why nothing could be calculated.
    pub(super) trouble: Option<String>,
}

impl Slot<'_> {
    pub(super) fn key(&self) -> Key {
        Key::within(&self.item.link_id, &self.rows)
    }
}

/// What is wrong with an item as it is answered. No text carries an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// It needs an answer.
    Missing,
    /// What stands there does not fit; what would.
    Invalid(String),
    /// It is there less often than it must.
    TooFew(usize),
    /// It is there more often than it may.
    TooMany(usize),
    /// "None of these" together with one of these.
    Exclusive,
    /// Nothing could be calculated, and why.
    Calculation(String),
}

/// One answer as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Where it lies.
    pub key: Key,
    /// The answer; none where what lies there does not fit the item.
    pub answer: Option<Answer>,
    /// What lies there; null for what is calculated.
    pub raw: Value,
    /// What it scores.
    pub score: Option<f64>,
}

/// An item as a screen shows it, in order.
#[derive(Debug, Clone)]
pub struct Shown<'d> {
    /// What is asked.
    pub item: &'d Item,
    /// Where an answer goes. Of a repeating question: where the next one does.
    pub key: Key,
    /// How deep it stands; 0 is outermost.
    pub depth: usize,
    /// It is one repetition of a repeating group, and can be taken away.
    pub is_row: bool,
    /// It is to be shown.
    pub enabled: bool,
    /// One more repetition or answer can be added here.
    pub can_add: bool,
    /// Its answers.
    pub answers: Vec<Answered>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// How far a form is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// Items that are shown and must be answered.
    pub required: usize,
    /// Those of them that are.
    pub answered: usize,
    /// Places that need an answer, in order.
    pub missing: Vec<Key>,
    /// Places whose answer does not do, in order.
    pub wrong: Vec<Key>,
}

impl Completion {
    /// Nothing is missing and nothing is wrong.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.wrong.is_empty()
    }
}

/// A definition and a set of answers, judged.
#[derive(Debug, Clone)]
pub struct Filled<'d> {
    pub(super) definition: &'d Definition,
    pub(super) slots: Vec<Slot<'d>>,
    /// Answers that have no place in the definition, by the key as it is
    /// stored: of another version of the app or of the form.
    pub strays: Vec<(&'d str, &'d Value)>,
}

impl<'d> Filled<'d> {
    /// Judges the answers of a form. Pure, and the same on every phone.
    #[must_use]
    pub fn judge(definition: &'d Definition, answers: &'d BTreeMap<String, Value>) -> Self {
        let mut known = Known::default();
        let strays = known.sort(definition, answers);
        let mut filled = Self {
            definition,
            slots: Vec::new(),
            strays,
        };
        for item in &definition.items {
            filled.lay(&known, item, None, 0, &[]);
        }
        for _ in 0..ROUNDS_MAX {
            let calculated = filled.calculate();
            let turned = filled.look_again();
            if !calculated && !turned {
                break;
            }
        }
        filled
    }

    /// Lays an item and all that is in it.
    fn lay(
        &mut self,
        known: &Known<'d>,
        item: &'d Item,
        parent: Option<usize>,
        depth: usize,
        around: &[EntryId],
    ) {
        let head = self.slot(known, item, parent, depth, around, false);
        if !item.repeats {
            for inner in &item.items {
                self.lay(known, inner, Some(head), depth + 1, around);
            }
            return;
        }
        let place = (item.link_id.as_str(), around.to_vec());
        for row in known.rows.get(&place).into_iter().flatten() {
            let rows = [around, &[*row]].concat();
            let at = self.slot(known, item, Some(head), depth + 1, &rows, true);
            for inner in &item.items {
                self.lay(known, inner, Some(at), depth + 2, &rows);
            }
        }
    }

    fn slot(
        &mut self,
        known: &Known<'d>,
        item: &'d Item,
        parent: Option<usize>,
        depth: usize,
        rows: &[EntryId],
        is_row: bool,
    ) -> usize {
        let holds = item.is_question() && item.repeats == is_row && !item.is_calculated();
        let place = (item.link_id.as_str(), rows.to_vec());
        let raw = known.values.get(&place).copied().filter(|_| holds);
        self.slots.push(Slot {
            item,
            parent,
            depth,
            rows: rows.to_vec(),
            is_row,
            answer: raw.and_then(|raw| Answer::read(item, raw)),
            raw,
            enabled: true,
            trouble: None,
        });
        self.slots.len() - 1
    }

    /// Calculates what is calculated; whether anything changed.
    fn calculate(&mut self) -> bool {
        let calculates = |slot: &Slot<'_>| slot.item.calculated.is_some();
        if !self.slots.iter().any(calculates) {
            return false;
        }
        let resource = response::for_evaluation(self);
        let mut variables: BTreeMap<String, Vec<Datum<'_>>> = BTreeMap::new();
        let mut trouble = None;
        for (name, expression) in &self.definition.variables {
            let value = expression.evaluate(&Scope {
                resource: &resource,
                context: &resource,
                questionnaire: &self.definition.source,
                variables: &variables,
            });
            match value {
                Ok(value) => {
                    variables.insert(name.clone(), value);
                }
                Err(error) => trouble = Some(error.to_string()),
            }
        }
        let scope = Scope {
            resource: &resource,
            context: &resource,
            questionnaire: &self.definition.source,
            variables: &variables,
        };
        let mut changed = false;
        for slot in &mut self.slots {
            let Some(expression) = &slot.item.calculated else {
                continue;
            };
            let (answer, wrong) = match expression.evaluate(&scope) {
                Ok(found) => calculated(slot.item, &found),
                Err(error) => (
                    None,
                    Some(trouble.clone().unwrap_or_else(|| error.to_string())),
                ),
            };
            changed |= slot.answer != answer;
            slot.answer = answer;
            slot.trouble = wrong;
        }
        changed
    }

    /// Looks again which items are there; whether anything changed.
    fn look_again(&mut self) -> bool {
        let mut enabled: Vec<bool> = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let within = slot.parent.is_none_or(|at| enabled.get(at) == Some(&true));
            // A repetition is there when its item is: the slot above has asked.
            let own =
                slot.is_row || enable::holds(self.definition, &self.slots, slot.item, &slot.rows);
            enabled.push(within && own);
        }
        let mut changed = false;
        for (slot, now) in self.slots.iter_mut().zip(enabled) {
            changed |= slot.enabled != now;
            slot.enabled = now;
        }
        changed
    }

    /// The repetitions of the slot at an index.
    fn rows_of(&self, at: usize) -> impl Iterator<Item = &Slot<'d>> {
        self.slots
            .iter()
            .filter(move |slot| slot.is_row && slot.parent == Some(at))
    }

    /// The items in the order in which they are shown, hidden ones left out.
    #[must_use]
    pub fn shown(&self) -> Vec<Shown<'d>> {
        let slots = self.slots.iter().enumerate();
        slots
            .filter(|(_, slot)| {
                let one_answer = slot.is_row && slot.item.is_question();
                !(slot.item.hidden || one_answer)
            })
            .map(|(at, slot)| Shown {
                item: slot.item,
                key: slot.key(),
                depth: slot.depth,
                is_row: slot.is_row,
                enabled: slot.enabled,
                can_add: slot.item.repeats
                    && !slot.is_row
                    && !slot.item.read_only
                    && self.rows_of(at).count() < slot.item.occurs.1,
                answers: self.answers(at, slot),
                problems: self.problems(at, slot),
            })
            .collect()
    }

    fn answers(&self, at: usize, slot: &Slot<'d>) -> Vec<Answered> {
        let one = |slot: &Slot<'d>| {
            (slot.raw.is_some() || slot.answer.is_some()).then(|| Answered {
                key: slot.key(),
                raw: slot.raw.cloned().unwrap_or_default(),
                score: slot.answer.as_ref().and_then(|it| slot.item.score_of(it)),
                answer: slot.answer.clone(),
            })
        };
        if slot.item.repeats && slot.item.is_question() {
            return self.rows_of(at).filter_map(one).collect();
        }
        one(slot).into_iter().collect()
    }

    fn problems(&self, at: usize, slot: &Slot<'d>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let item = slot.item;
        if !slot.enabled || slot.is_row || matches!(item.kind, ItemKind::Unsupported(_)) {
            return problems;
        }
        problems.extend(slot.trouble.clone().map(Problem::Calculation));
        let answers = self.answers(at, slot);
        if !item.is_calculated() {
            problems.extend(answers.iter().filter_map(|one| invalid(item, one)));
        }
        let exclusive = |one: &Answered| {
            let chosen = one.answer.as_ref();
            let same = |option: &super::Choice| chosen.is_some_and(|it| option.answer.same(it));
            item.options
                .iter()
                .any(|option| option.exclusive && same(option))
        };
        if answers.len() > 1 && answers.iter().any(exclusive) {
            problems.push(Problem::Exclusive);
        }
        let there = match item.kind {
            ItemKind::Display => return problems,
            ItemKind::Group => usize::from(self.has_answers(at)),
            _ => answers.len(),
        };
        if item.required && there == 0 && !item.is_calculated() {
            problems.push(Problem::Missing);
        }
        if item.repeats {
            let rows = self.rows_of(at).count();
            let (least, most) = item.occurs;
            if rows > 0 && rows < least {
                problems.push(Problem::TooFew(least));
            }
            if rows > most {
                problems.push(Problem::TooMany(most));
            }
        }
        problems
    }

    /// Whether anything in a slot is answered by a person.
    fn has_answers(&self, at: usize) -> bool {
        self.slots
            .iter()
            .enumerate()
            .any(|(inner, slot)| slot.raw.is_some() && slot.enabled && self.is_in(inner, at))
    }

    fn is_in(&self, inner: usize, outer: usize) -> bool {
        let mut at = Some(inner);
        while let Some(here) = at {
            if here == outer {
                return true;
            }
            at = self.slots.get(here).and_then(|slot| slot.parent);
        }
        false
    }

    /// How far the form is.
    #[must_use]
    pub fn completion(&self) -> Completion {
        let mut completion = Completion::default();
        for shown in self.shown().iter().filter(|shown| shown.enabled) {
            let missing = shown.problems.contains(&Problem::Missing);
            if shown.item.required && !shown.item.is_calculated() && !shown.is_row {
                completion.required += 1;
                completion.answered += usize::from(!missing);
            }
            if missing {
                completion.missing.push(shown.key.clone());
            }
            if shown.problems.iter().any(|it| *it != Problem::Missing) {
                completion.wrong.push(shown.key.clone());
            }
        }
        completion
    }

    /// Whether `key` is a place that is shown and may be answered: of a repeating
    /// question both the place of a further answer and that of one that stands.
    #[must_use]
    pub fn takes(&self, key: &Key) -> bool {
        self.slots.iter().any(|slot| {
            let item = slot.item;
            slot.enabled
                && !item.read_only
                && !item.is_calculated()
                && item.link_id == key.link_id
                && slot.rows == key.rows
        })
    }

    /// The definition that was judged by.
    #[must_use]
    pub const fn definition(&self) -> &'d Definition {
        self.definition
    }

    /// Whether a place that is shown is that of the item, and not of one of its
    /// repetitions.
    #[must_use]
    pub fn is_head(&self, key: &Key) -> bool {
        self.at(key)
            .is_some_and(|slot| !slot.is_row && slot.enabled)
    }

    /// Whether a place is one repetition of its item.
    #[must_use]
    pub fn is_repetition(&self, key: &Key) -> bool {
        self.at(key).is_some_and(|slot| slot.is_row)
    }

    fn at(&self, key: &Key) -> Option<&Slot<'d>> {
        let place = |slot: &&Slot<'_>| slot.item.link_id == key.link_id && slot.rows == key.rows;
        self.slots.iter().find(place)
    }

    /// Every stored key that lies in a place: its own and all below it.
    #[must_use]
    pub fn stored_in(&self, key: &Key) -> Vec<Key> {
        let place = |slot: &Slot<'_>| slot.item.link_id == key.link_id && slot.rows == key.rows;
        let Some(at) = self.slots.iter().position(place) else {
            return Vec::new();
        };
        let slots = self.slots.iter().enumerate();
        slots
            .filter(|(inner, slot)| slot.raw.is_some() && self.is_in(*inner, at))
            .map(|(_, slot)| slot.key())
            .collect()
    }

    /// The items of a FHIR R4 `QuestionnaireResponse`: what is shown and answered,
    /// nested as the questionnaire has it, calculated values among them.
    #[must_use]
    pub fn response(&self) -> Vec<Value> {
        response::items(self, false)
    }
}

fn invalid(item: &Item, one: &Answered) -> Option<Problem> {
    match &one.answer {
        None => Some(Problem::Invalid(item.kind.takes().to_owned())),
        Some(answer) => {
            let refused = answer.check(item).err()?;
            Some(Problem::Invalid(refused.remedy))
        }
    }
}

/// What an expression came to, as the item takes it.
fn calculated(item: &Item, found: &[Datum<'_>]) -> (Option<Answer>, Option<String>) {
    match found {
        [] => (None, None),
        [one] => {
            let value = one.to_value();
            let answer = match (&item.kind, &value) {
                (ItemKind::Choice, Value::Object(_)) => {
                    Some(Answer::Coding(super::answer::coding_of(&value)))
                }
                _ => Answer::read(item, &value),
            };
            let wrong = answer.is_none().then(|| item.kind.takes().to_owned());
            (answer, wrong)
        }
        _ => (
            None,
            Some("one value, the expression gives several".to_owned()),
        ),
    }
}
