//! When an item is there.

use super::answer::Answer;
use super::definition::{Condition, Definition, Item, Operator, compare};
use super::fill::Slot;
use crate::model::EntryId;

/// Whether the item's own conditions hold, in these surroundings.
pub(super) fn holds(
    definition: &Definition,
    slots: &[Slot<'_>],
    item: &Item,
    around: &[EntryId],
) -> bool {
    let mut conditions = item.conditions.iter();
    let one = |condition: &Condition| {
        let answers = answers_of(definition, slots, item, around, &condition.question);
        met(condition, &answers)
    };
    if item.conditions.is_empty() {
        true
    } else if item.any {
        conditions.any(one)
    } else {
        conditions.all(one)
    }
}

/// The answers to `question` that an item sees: those in the repetitions that it
/// shares with the question. What is not shown has no answer.
fn answers_of<'s>(
    definition: &Definition,
    slots: &'s [Slot<'_>],
    item: &Item,
    around: &[EntryId],
    question: &str,
) -> Vec<&'s Answer> {
    let mine = definition.way_to(&item.link_id);
    let theirs = definition.way_to(question);
    let common = mine
        .iter()
        .zip(&theirs)
        .take_while(|(one, other)| one.link_id == other.link_id);
    // The item itself may repeat; its own repetitions are not around it.
    let shared = common
        .filter(|(one, _)| one.repeats && one.link_id != item.link_id)
        .count();
    let seen = around.get(..shared).unwrap_or(around);
    slots
        .iter()
        .filter(|slot| slot.item.link_id == question && slot.enabled)
        .filter(|slot| slot.rows.get(..shared).is_some_and(|rows| rows == seen))
        .filter_map(|slot| slot.answer.as_ref())
        .collect()
}

fn met(condition: &Condition, answers: &[&Answer]) -> bool {
    let wanted = &condition.answer;
    let ordered = |test: fn(std::cmp::Ordering) -> bool| {
        answers
            .iter()
            .any(|answer| compare(answer, wanted).is_some_and(test))
    };
    match condition.operator {
        Operator::Exists => *wanted == Answer::Bool(!answers.is_empty()),
        Operator::Equals => answers.iter().any(|answer| answer.same(wanted)),
        Operator::NotEquals => !answers.iter().any(|answer| answer.same(wanted)),
        Operator::Greater => ordered(std::cmp::Ordering::is_gt),
        Operator::Less => ordered(std::cmp::Ordering::is_lt),
        Operator::AtLeast => ordered(std::cmp::Ordering::is_ge),
        Operator::AtMost => ordered(std::cmp::Ordering::is_le),
    }
}
