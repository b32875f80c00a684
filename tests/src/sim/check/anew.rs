//! Refused edits under a name that nobody was told.
//!
//! What was refused for what it builds on is written anew by its phone, under another name;
//! refused again, it lies in the quarantine and at the backend under that one. It is known
//! by what it says: the same document, the same phone, the same values at the same places.
//! A row is the one edit's alone: rows that an edit was told as are not asked, and none
//! stands for two.

use std::collections::{BTreeMap, BTreeSet};

use homeround::merge::{Document, links_of};
use homeround::model::{ChangeHash, DocumentId, FieldPath};
use serde_json::Value;

use super::super::model::Claim;
use super::super::world::World;

/// A refused edit and what it says.
struct Row {
    phone: usize,
    document: DocumentId,
    /// In the quarantine of its phone; else at the backend alone.
    quarantined: bool,
    said: Vec<(FieldPath, Value)>,
    taken: bool,
}

/// What was refused under a later name; read when the first edit is missing.
#[derive(Default)]
pub(super) struct Anew(Option<Vec<Row>>);

impl Anew {
    /// Whether an edit lies in its phone's quarantine under a later name; or at the backend,
    /// where it is a reviewer's.
    pub(super) fn holds(&mut self, world: &World, claim: &Claim, reviewed: bool) -> bool {
        if claim.facts.is_empty() {
            return false;
        }
        let rows = self.0.get_or_insert_with(|| read(world));
        let found = rows.iter_mut().find(|row| {
            let said: Vec<_> = row.said.iter().map(|(path, value)| (path, value)).collect();
            !row.taken
                && (row.phone, row.document) == (claim.phone, claim.document)
                && (row.quarantined || reviewed)
                && claim.is_said_by(&said)
        });
        let Some(row) = found else { return false };
        row.taken = true;
        true
    }
}

fn read(world: &World) -> Vec<Row> {
    let told: BTreeSet<ChangeHash> = world.model.claims.iter().map(|claim| claim.hash).collect();
    let office = world.server.office();
    let sent = world.server.wait(world.server.backend().rejected(&office));
    let mut sent = sent.unwrap_or_default();
    sent.retain(|row| !told.contains(&row.hash));
    let mut changes = Changes::default();
    for row in &sent {
        changes.add(row.document, row.bytes.clone());
    }
    let mut rows = Vec::new();
    let mut quarantined = BTreeSet::new();
    for phone in &world.phones {
        let held = phone.app().and_then(|app| app.quarantine().ok());
        for row in held.unwrap_or_default() {
            if told.contains(&row.hash) || !quarantined.insert(row.hash) {
                continue;
            }
            // Of a patient who left this phone the values lie at the backend.
            let said = match row.values.as_object() {
                Some(values) => values
                    .iter()
                    .map(|(path, value)| (FieldPath(path.clone()), value.clone()))
                    .collect(),
                None => changes.said(world, row.document, row.hash),
            };
            rows.push(Row {
                phone: phone.number,
                document: row.document,
                quarantined: true,
                said,
                taken: false,
            });
        }
    }
    for row in sent {
        let phone = world.phones.iter().find(|phone| phone.device == row.device);
        if let Some(phone) = phone.filter(|_| !quarantined.contains(&row.hash)) {
            rows.push(Row {
                phone: phone.number,
                document: row.document,
                quarantined: false,
                said: changes.said(world, row.document, row.hash),
                taken: false,
            });
        }
    }
    rows
}

/// Changes by name, with those that each builds on.
type Links = BTreeMap<ChangeHash, (Vec<ChangeHash>, Vec<u8>)>;

/// What there is of each document, accepted and refused.
#[derive(Default)]
struct Changes(BTreeMap<DocumentId, Links>);

impl Changes {
    fn add(&mut self, document: DocumentId, bytes: Vec<u8>) {
        if let Some((hash, deps)) = links_of(&bytes) {
            let of_document = self.0.entry(document).or_default();
            of_document.insert(hash, (deps, bytes));
        }
    }

    /// What a change says; nothing: it is not there, or something that it builds on is not.
    fn said(
        &mut self,
        world: &World,
        document: DocumentId,
        hash: ChangeHash,
    ) -> Vec<(FieldPath, Value)> {
        let witness = world.phones.last().and_then(|phone| phone.app());
        let accepted = witness.and_then(|app| app.history(document).ok());
        for bytes in accepted.unwrap_or_default() {
            self.add(document, bytes);
        }
        let none = BTreeMap::new();
        let known = self.0.get(&document).unwrap_or(&none);
        let (mut needed, mut open) = (BTreeMap::new(), vec![hash]);
        while let Some(next) = open.pop() {
            let Some((deps, bytes)) = known.get(&next) else {
                return Vec::new();
            };
            if needed.insert(next, bytes.as_slice()).is_none() {
                open.extend(deps);
            }
        }
        let loaded = Document::load(document, None, needed.into_values());
        let touched = loaded.ok().and_then(|loaded| loaded.touched(&hash));
        touched
            .unwrap_or_default()
            .into_iter()
            .filter_map(|touch| Some((touch.path, touch.value?)))
            .collect()
    }
}
