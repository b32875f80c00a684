//! Every acknowledged edit is in the shared document with its values, or in a quarantine
//! that names it, or that holds what it says under a later name.

use std::collections::{BTreeMap, BTreeSet};

use homeround::app::Authored;
use homeround::model::{ChangeHash, DocumentId};

use super::super::phone::Phone;
use super::super::world::World;
use super::anew::Anew;

pub(super) fn check(world: &mut World) {
    let witness = world.phones.last().and_then(|phone| phone.app()).cloned();
    let Some(witness) = witness else { return };
    let mut authored: BTreeMap<DocumentId, Vec<Authored>> = BTreeMap::new();
    let rejected = rejected(world);
    let quarantined: Vec<BTreeSet<ChangeHash>> = world.phones.iter().map(quarantined).collect();
    let mut missing = Vec::new();
    let mut figures = (0, 0);
    let (mut anew, mut later) = (Anew::default(), 0);
    for (index, claim) in world.model.claims.iter().enumerate() {
        let document = authored
            .entry(claim.document)
            .or_insert_with(|| witness.authorship(claim.document).unwrap_or_default());
        if claim.stands_in(document) {
            continue;
        }
        let put_back = world.trouble.put_back.contains(&claim.phone);
        // The last who had it had no access any more: a reviewer has it now.
        let handed_in = world.trouble.at_risk.contains(&index) && !world.is_held(claim);
        let reviewed = put_back || handed_in || world.was_given_back(claim);
        if quarantined
            .get(claim.phone)
            .is_some_and(|held| held.contains(&claim.hash))
            || (reviewed && rejected.contains(&claim.hash))
        {
            figures.0 += 1;
        } else if anew.holds(world, claim, reviewed) {
            figures.0 += 1;
            later += 1;
        } else if claim.excused {
            figures.1 += 1;
        } else {
            missing.push(claim.told());
        }
    }
    (world.figures.quarantined, world.figures.taken_back) = figures;
    world.figures.renamed = world.figures.renamed.max(later);
    world.figures.lost += missing.len() as u64;
    let given_back = world.server.brought_back();
    world.figures.brought_back = world.figures.brought_back.max(given_back);
    for told in missing {
        world.violated(format!("lost: {told}"));
    }
}

/// What the backend keeps for a reviewer.
fn rejected(world: &World) -> BTreeSet<ChangeHash> {
    let office = world.server.office();
    let rows = world.server.wait(world.server.backend().rejected(&office));
    let rows = rows.unwrap_or_default();
    rows.into_iter().map(|row| row.hash).collect()
}

fn quarantined(phone: &Phone) -> BTreeSet<ChangeHash> {
    let rows = phone.app().and_then(|app| app.quarantine().ok());
    rows.unwrap_or_default()
        .iter()
        .map(|row| row.hash)
        .collect()
}
