//! The items of a `QuestionnaireResponse`.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::definition::{Item, ItemKind};
use super::fill::{Filled, Slot};

const ORDINAL: &str = "http://hl7.org/fhir/StructureDefinition/ordinalValue";

/// The whole response as expressions see it: hidden items and the scores of
/// codes included.
pub(super) fn for_evaluation(filled: &Filled<'_>) -> Value {
    json!({
        "resourceType": "QuestionnaireResponse",
        "status": "in-progress",
        "questionnaire": filled.definition.canonical(),
        "item": items(filled, true),
    })
}

/// The response's items; `scored`: codes carry what they score.
pub(super) fn items(filled: &Filled<'_>, scored: bool) -> Vec<Value> {
    Writer { filled, scored }.below(None)
}

struct Writer<'f, 'd> {
    filled: &'f Filled<'d>,
    scored: bool,
}

impl<'f, 'd> Writer<'f, 'd> {
    fn children(
        &self,
        of: Option<usize>,
    ) -> impl Iterator<Item = (usize, &'f Slot<'d>)> + use<'f, 'd> {
        let slots = self.filled.slots.iter().enumerate();
        slots.filter(move |(_, slot)| slot.parent == of && slot.enabled)
    }

    /// The items in a slot, or the outermost ones.
    fn below(&self, of: Option<usize>) -> Vec<Value> {
        let heads = self.children(of).filter(|(_, slot)| !slot.is_row);
        heads.flat_map(|(at, slot)| self.item(at, slot)).collect()
    }

    fn item(&self, at: usize, slot: &Slot<'d>) -> Vec<Value> {
        let item = slot.item;
        let rows = || self.children(Some(at)).filter(|(_, inner)| inner.is_row);
        match item.kind {
            ItemKind::Display => Vec::new(),
            ItemKind::Group if item.repeats => rows()
                .filter_map(|(row, _)| group(item, self.below(Some(row))))
                .collect(),
            ItemKind::Group => group(item, self.below(Some(at))).into_iter().collect(),
            _ => {
                let mut answers: Vec<Value> = Vec::new();
                let mut given: Vec<&Answer> = Vec::new();
                let mut loose = Vec::new();
                let places: Vec<(usize, &Slot<'d>)> = if item.repeats {
                    rows().collect()
                } else {
                    vec![(at, slot)]
                };
                for (at, slot) in places {
                    let inner = self.below(Some(at));
                    match &slot.answer {
                        // Two people who chose the same chose it once.
                        Some(answer) if given.iter().any(|it| it.same(answer)) => {}
                        Some(answer) => {
                            given.push(answer);
                            answers.push(self.answer(item, answer, inner));
                        }
                        None => loose.extend(inner),
                    }
                }
                question(item, answers, loose).into_iter().collect()
            }
        }
    }

    fn answer(&self, item: &Item, answer: &Answer, inner: Vec<Value>) -> Value {
        let (name, mut value) = answer.to_fhir();
        if let (true, Some(score), Value::Object(fields)) =
            (self.scored, item.score_of(answer), &mut value)
        {
            let score = json!([{ "url": ORDINAL, "valueDecimal": super::answer::number(score) }]);
            fields.insert("extension".into(), score);
        }
        let mut fields = Map::new();
        fields.insert(name.into(), value);
        if !inner.is_empty() {
            fields.insert("item".into(), Value::Array(inner));
        }
        Value::Object(fields)
    }
}

fn head(item: &Item) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("linkId".into(), json!(item.link_id));
    if !item.text.is_empty() {
        fields.insert("text".into(), json!(item.text.own()));
    }
    fields
}

fn group(item: &Item, inner: Vec<Value>) -> Option<Value> {
    if inner.is_empty() {
        return None;
    }
    let mut fields = head(item);
    fields.insert("item".into(), Value::Array(inner));
    Some(Value::Object(fields))
}

fn question(item: &Item, answers: Vec<Value>, loose: Vec<Value>) -> Option<Value> {
    if answers.is_empty() {
        return group(item, loose);
    }
    let mut fields = head(item);
    fields.insert("answer".into(), Value::Array(answers));
    Some(Value::Object(fields))
}
