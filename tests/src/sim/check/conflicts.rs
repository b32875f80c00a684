//! Two people who wrote different values of one clinical field without knowing of each other
//! are both shown, and nobody else is.

use std::collections::{BTreeMap, BTreeSet};

use homeround::model::{DocumentId, FieldPath};
use serde_json::Value;

use super::super::world::World;

/// Single-valued clinical fields that people write here.
const CLINICAL: [&str; 8] = [
    "measures/*",
    "outcome",
    "tasks/*/comment",
    "medications/*/dose",
    "activities/*/progress",
    "forms/*/answers/*",
    "notice_wishes",
    "handover",
];

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    let Some(witness) = world.phones.last().and_then(|phone| phone.app()) else {
        return;
    };
    let mut fields: BTreeMap<DocumentId, BTreeMap<FieldPath, Vec<usize>>> = BTreeMap::new();
    for (index, claim) in world.model.claims.iter().enumerate() {
        if let Some((path, _)) = claim.field() {
            let of_document = fields.entry(claim.document).or_default();
            of_document.entry(path.clone()).or_default().push(index);
        }
    }
    for (id, fields) in fields {
        if world.model.murky.contains(&id) {
            continue;
        }
        let Ok(authored) = witness.authorship(id) else {
            continue;
        };
        let shown = shown(witness, id);
        for (path, claims) in fields {
            if !CLINICAL.iter().any(|pattern| path.matches(pattern)) {
                continue;
            }
            let ours: BTreeSet<_> = claims
                .iter()
                .map(|index| world.model.claims[*index].hash)
                .collect();
            let there: BTreeSet<_> = authored
                .iter()
                .filter(|one| one.field == path)
                .map(|one| one.hash)
                .collect();
            // Rejected, or written anew under another name: who knew of whom can't be told
            // from outside.
            if !ours.is_subset(&there) {
                continue;
            }
            if ours != there {
                found.push(format!(
                    "conflict: {:?} {} {} was written by nobody",
                    id.kind, id.id, path.0
                ));
                continue;
            }
            let expected = last_words(world, &claims).len() > 1;
            if shown.contains(&path) != expected {
                let how = if expected {
                    "is not shown"
                } else {
                    "is shown and none"
                };
                found.push(format!(
                    "conflict: {:?} {} {} {how}",
                    id.kind, id.id, path.0
                ));
            }
        }
    }
    for text in found {
        world.violated(text);
    }
}

fn shown(app: &homeround::app::Homeround, id: DocumentId) -> BTreeSet<FieldPath> {
    use homeround::model::{DocumentKind, PatientId, PlanId, VisitId};
    let open = match id.kind {
        DocumentKind::Visit => app.visit(VisitId(id.id)).conflicts(),
        DocumentKind::Chart => app.chart(PatientId(id.id)).conflicts(),
        DocumentKind::Plan => app.plan(PlanId(id.id)).conflicts(),
    };
    open.unwrap_or_default()
        .into_iter()
        .map(|conflict| conflict.path)
        .collect()
}

/// The different values that no later author knew.
fn last_words(world: &World, claims: &[usize]) -> BTreeSet<String> {
    let known: BTreeSet<usize> = claims
        .iter()
        .flat_map(|index| world.model.claims[*index].knew.iter().copied())
        .collect();
    let last = claims.iter().filter(|index| !known.contains(index));
    last.filter_map(|index| world.model.claims[*index].field())
        .map(|(_, value)| Value::to_string(value))
        .collect()
}
