//! Entries that everybody saw are never gone, and none is there twice.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::work::CANARY;
use super::super::world::World;

const SECTIONS: [&str; 19] = [
    "steps",
    "observations",
    "medications",
    "corrections",
    "signatures",
    "sign_offs",
    "amendments",
    "settlements",
    "tasks",
    "forms",
    "allergies",
    "alerts",
    "reviews",
    "adherence",
    "messages",
    "lobby",
    "notices",
    "survey",
    "attachments",
];

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    for (id, _) in world.documents() {
        let Some(app) = world.phones.last().and_then(|phone| phone.app()) else {
            return;
        };
        let Ok(state) = app.document_state(id) else {
            continue;
        };
        let mut entries = BTreeSet::new();
        let mut said = BTreeSet::new();
        for section in SECTIONS {
            for (entry, value) in state.view[section].as_object().into_iter().flatten() {
                entries.insert(format!("{section}/{entry}"));
                if let Some(words) = words_of(value)
                    && !said.insert((section, words))
                {
                    found.push(format!("twice: {:?} {} {section}/{entry}", id.kind, id.id));
                }
            }
        }
        let before = world.model.seen.insert(id, entries.clone());
        for gone in before
            .iter()
            .flatten()
            .filter(|one| !entries.contains(*one))
        {
            found.push(format!("shrunk: {:?} {} lost {gone}", id.kind, id.id));
        }
    }
    for text in found {
        world.violated(text);
    }
}

/// What a person said in an entry: no two entries say the same.
fn words_of(entry: &Value) -> Option<String> {
    let places = [
        "/text",
        "/comment",
        "/reason",
        "/code/text",
        "/title",
        "/answers/comment",
        "/caption",
    ];
    let texts = places
        .iter()
        .filter_map(|place| entry.pointer(place)?.as_str());
    let mut ours = texts.filter(|text| text.starts_with(CANARY));
    ours.next().map(str::to_owned)
}
