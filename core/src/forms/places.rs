//! Which stored answer belongs where.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::definition::{Definition, Item, ItemKind};
use super::key::Key;
use crate::model::EntryId;

/// An item by its link id, and the repetitions around it.
type Place<'d> = (&'d str, Vec<EntryId>);

/// The stored answers, by place.
#[derive(Default)]
pub(super) struct Known<'d> {
    pub(super) values: BTreeMap<Place<'d>, &'d Value>,
    /// The repetitions of an item in its surroundings, in the order of their
    /// ids, which is that of their making.
    pub(super) rows: BTreeMap<Place<'d>, BTreeSet<EntryId>>,
}

impl<'d> Known<'d> {
    /// Sorts the answers into their places; answers what has none.
    pub(super) fn sort(
        &mut self,
        definition: &'d Definition,
        answers: &'d BTreeMap<String, Value>,
    ) -> Vec<(&'d str, &'d Value)> {
        let mut strays = Vec::new();
        for (written, value) in answers.iter().filter(|(_, value)| !value.is_null()) {
            let key = Key::parse(written);
            if !key.is_some_and(|key| self.place(definition, key, value)) {
                strays.push((written.as_str(), value));
            }
        }
        strays
    }

    fn place(&mut self, definition: &'d Definition, key: Key, value: &'d Value) -> bool {
        let way = definition.way_to(&key.link_id);
        let Some(item) = way.last().copied() else {
            return false;
        };
        let repeating: Vec<&'d Item> = way.iter().copied().filter(|item| item.repeats).collect();
        let fits = repeating.len() == key.rows.len() && !item.is_calculated();
        let marks = item.kind == ItemKind::Group && item.repeats;
        if !fits || !(item.is_question() || marks) {
            return false;
        }
        if marks && *value != Value::Bool(true) {
            // Taken away; it is there all the same while a colleague's answer is.
            return true;
        }
        for (depth, item) in repeating.iter().enumerate() {
            if let (Some(around), Some(row)) = (key.rows.get(..depth), key.rows.get(depth)) {
                let place = (item.link_id.as_str(), around.to_vec());
                self.rows.entry(place).or_default().insert(*row);
            }
        }
        self.values.insert((item.link_id.as_str(), key.rows), value);
        true
    }
}
