//! Answers that were given elsewhere, out of a `QuestionnaireResponse`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::REPEATS_MAX;
use super::answer::Answer;
use super::definition::{Definition, Item, ItemKind};
use super::key::Key;
use crate::model::EntryId;

/// What a response comes to in a form of this questionnaire.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taken {
    /// The answers as a form keeps them, by key.
    pub answers: BTreeMap<String, Value>,
    /// Link ids, in order, of answers that have no place in the questionnaire or do
    /// not fit it. What is calculated is not among them: it follows from the rest.
    pub left: Vec<String>,
}

impl Taken {
    /// Reads the items of a FHIR R4 `QuestionnaireResponse` by the questionnaire that it
    /// answers. Of what repeats, `mint` gives each an id, in order.
    ///
    /// An answer of the right type that is out of its range is taken: whoever opens the
    /// form sees that it does not do.
    #[must_use]
    pub fn read(
        definition: &Definition,
        items: &[Value],
        mut mint: impl FnMut() -> EntryId,
    ) -> Self {
        let mut reader = Reader {
            taken: Self::default(),
            mint: &mut mint,
        };
        reader.items(&definition.items, items, &[]);
        reader.taken
    }
}

struct Reader<'m> {
    taken: Taken,
    mint: &'m mut dyn FnMut() -> EntryId,
}

impl Reader<'_> {
    /// Items at one level; `rows`: the repetitions around them.
    fn items(&mut self, asked: &[Item], given: &[Value], rows: &[EntryId]) {
        let mut met: BTreeMap<&str, usize> = BTreeMap::new();
        for one in given {
            let link = one["linkId"].as_str().unwrap_or_default();
            let Some(item) = asked.iter().find(|item| item.link_id == link) else {
                self.leave(link);
                continue;
            };
            let nth = met.entry(&item.link_id).or_default();
            *nth += 1;
            let most = if item.repeats { REPEATS_MAX } else { 1 };
            match item.kind {
                ItemKind::Display => {}
                _ if item.is_calculated() => {}
                ItemKind::Group if *nth > most => self.leave(link),
                ItemKind::Group => {
                    let inner = self.around(item, rows);
                    if item.repeats {
                        let key = Key::within(&item.link_id, &inner).to_string();
                        self.taken.answers.insert(key, Value::Bool(true));
                    }
                    self.items(&item.items, array(&one["item"]), &inner);
                }
                _ if *nth > 1 => self.leave(link),
                _ => self.question(item, one, rows),
            }
        }
    }

    fn question(&mut self, item: &Item, one: &Value, rows: &[EntryId]) {
        // Items below a question that has no answer stand at the item itself.
        if !item.repeats {
            self.items(&item.items, array(&one["item"]), rows);
        }
        let most = if item.repeats { REPEATS_MAX } else { 1 };
        for (nth, given) in array(&one["answer"]).iter().enumerate() {
            let answer = Answer::from_fhir(given, "value").map(|answer| answer.fitted(item));
            let value = answer.map(|answer| answer.to_value());
            let value = value.filter(|value| Answer::read(item, value).is_some());
            let Some(value) = value.filter(|_| nth < most) else {
                self.leave(&item.link_id);
                continue;
            };
            let inner = self.around(item, rows);
            let key = Key::within(&item.link_id, &inner).to_string();
            self.taken.answers.insert(key, value);
            self.items(&item.items, array(&given["item"]), &inner);
        }
    }

    /// The repetitions around what is in an item, with a new one of its own where it repeats.
    fn around(&mut self, item: &Item, rows: &[EntryId]) -> Vec<EntryId> {
        let own = item.repeats.then(|| (self.mint)());
        rows.iter().copied().chain(own).collect()
    }

    fn leave(&mut self, link: &str) {
        self.taken.left.push(link.to_owned());
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{Filled, shipped};
    use super::*;
    use crate::model::Millis;

    fn form() -> Definition {
        let url = "https://github.com/homeround/homeround/fhir/Questionnaire/wound|1.0";
        shipped(url).unwrap().unwrap()
    }

    fn read(definition: &Definition, items: &[Value]) -> Taken {
        let mut made = 0;
        Taken::read(definition, items, || {
            made += 1;
            EntryId::mint(Millis(made), [7; 10])
        })
    }

    fn cm(figure: f64) -> Value {
        json!({ "valueQuantity": {
            "value": figure, "unit": "cm", "system": "http://unitsofmeasure.org", "code": "cm",
        } })
    }

    #[test]
    fn what_has_no_place_or_does_not_fit_is_named_and_the_rest_is_taken() {
        let items = [
            json!({ "linkId": "wound", "item": [
                { "linkId": "location", "answer": [{ "valueString": "left heel" }] },
                { "linkId": "exudate", "answer": [{ "valueCoding": { "code": "rain" } }] },
                { "linkId": "of-another-form", "answer": [{ "valueBoolean": true }] },
                { "linkId": "location", "answer": [{ "valueString": "again" }] },
            ] }),
            json!({ "linkId": "count", "answer": [{ "valueInteger": 40 }] }),
            json!({ "answer": [] }),
        ];
        let form = form();
        let taken = read(&form, &items);
        assert_eq!(taken.left, ["of-another-form", "location", ""]);
        let filled = Filled::judge(&form, &taken.answers);
        assert!(filled.strays.is_empty());
        let wrong: Vec<String> = filled
            .completion()
            .wrong
            .iter()
            .map(|it| it.link_id.clone())
            .collect();
        assert_eq!(
            wrong,
            ["exudate"],
            "an unknown option is in sight and does not do"
        );
        let count = filled.response();
        let count = count.iter().find(|it| it["linkId"] == "count").unwrap();
        assert_eq!(
            count["answer"][0]["valueInteger"], 1,
            "calculated, and not taken over"
        );
    }

    #[test]
    fn more_repetitions_than_a_form_holds_are_named() {
        let wound = json!({ "linkId": "wound", "item": [
            { "linkId": "location", "answer": [{ "valueString": "left heel" }] },
        ] });
        let taken = read(&form(), &vec![wound; REPEATS_MAX + 2]);
        assert_eq!(taken.left, ["wound", "wound"]);
    }

    proptest! {
        #[test]
        fn a_response_of_our_own_comes_back_as_it_went_out(
            wounds in prop::collection::vec(
                (prop::option::of("[a-z]{1,8}"), prop::option::of(1u8..90), prop::collection::vec(0usize..3, 0..3)),
                1..5,
            )
        ) {
            let form = form();
            let beds: Vec<&Item> = form.item("bed").into_iter().collect();
            let mut items = Vec::new();
            for (place, length, bed) in &wounds {
                let mut inner = Vec::new();
                inner.extend(place.as_ref().map(|it| json!({ "linkId": "location", "answer": [{ "valueString": it }] })));
                inner.extend(length.map(|it| json!({ "linkId": "size", "item": [{ "linkId": "length", "answer": [cm(f64::from(it) / 10.0)] }] })));
                let chosen: Vec<Value> = bed.iter().map(|nth| {
                    let (name, value) = beds[0].options[*nth].answer.to_fhir();
                    json!({ name: value })
                }).collect();
                if !chosen.is_empty() {
                    inner.push(json!({ "linkId": "bed", "answer": chosen }));
                }
                items.push(json!({ "linkId": "wound", "item": inner }));
            }
            let taken = read(&form, &items);
            prop_assert!(taken.left.is_empty(), "{:?}", taken.left);
            let once = Filled::judge(&form, &taken.answers).response();
            let again = read(&form, &once);
            prop_assert!(again.left.is_empty());
            let back = Filled::judge(&form, &again.answers).response();
            prop_assert_eq!(&back, &once);
            let given = wounds.iter().filter(|it| it.0.is_some()).count();
            let places = once.iter().flat_map(|it| array(&it["item"])).filter(|it| it["linkId"] == "location");
            prop_assert_eq!(places.count(), given);
        }
    }
}
