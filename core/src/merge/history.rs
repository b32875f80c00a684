//! Single changes of a document's history: what they are called, who wrote
//! them, what they build on and what they did.

use std::collections::BTreeSet;

use automerge::{Automerge, Change, ReadDoc as _};
use serde_json::Value;

use super::document::{ours, theirs};
use super::touch::Touch;
use super::{Document, project, vet};
use crate::model::{ActorId, ChangeHash};

/// The name of a change, if the bytes are one within the limits.
#[must_use]
pub fn name_of(bytes: &[u8]) -> Option<ChangeHash> {
    vet::header_of(bytes).map(|(hash, _)| hash)
}

/// Who wrote a change, if the bytes are one within the limits.
#[must_use]
pub fn writer_of(bytes: &[u8]) -> Option<ActorId> {
    vet::header_of(bytes).map(|(_, actor)| actor)
}

/// The name of a change and of those that it builds on, if the bytes are one within the
/// limits.
#[must_use]
pub fn links_of(bytes: &[u8]) -> Option<(ChangeHash, Vec<ChangeHash>)> {
    vet::links_of(bytes)
}

impl Document {
    /// Of what these changes are and build on, what those do not: each after what it
    /// builds on. Names that are not part of the document count for nothing.
    #[must_use]
    pub fn between(
        &self,
        those: &[ChangeHash],
        these: &[ChangeHash],
    ) -> Vec<(ChangeHash, Vec<u8>)> {
        let known = those.iter().filter(|hash| self.has(hash));
        let known: Vec<_> = known.map(theirs).collect();
        let mut wanted: BTreeSet<ChangeHash> = these.iter().copied().collect();
        let mut found = Vec::new();
        // From the last to the first: each comes after everything that stands on it.
        for change in self.automerge().get_changes(&known).iter().rev() {
            let hash = ours(change.hash());
            if wanted.contains(&hash) {
                wanted.extend(change.deps().iter().map(|dep| ours(*dep)));
                found.push((hash, change.raw_bytes().to_vec()));
            }
        }
        found.reverse();
        found
    }

    /// What a change of this document touched; none: it is not part of it.
    #[must_use]
    pub fn touched(&self, hash: &ChangeHash) -> Option<Vec<Touch>> {
        let change = find(self.automerge(), hash)?;
        Some(vet::touched_by(self.automerge(), self.id().kind, &change))
    }

    /// What a change builds on directly; nothing for one that is not part of
    /// the document.
    #[must_use]
    pub fn deps(&self, hash: &ChangeHash) -> Vec<ChangeHash> {
        let change = find(self.automerge(), hash);
        change.map_or_else(Vec::new, |change| {
            change.deps().iter().map(|dep| ours(*dep)).collect()
        })
    }

    /// The view as the author of a change saw it.
    #[must_use]
    pub fn before(&self, hash: &ChangeHash) -> Option<Value> {
        let change = find(self.automerge(), hash)?;
        let deps: Vec<ChangeHash> = change.deps().iter().map(|dep| ours(*dep)).collect();
        self.view_as_of(&deps).ok()
    }

    /// The view right after a change, before anything that came at the same time.
    #[must_use]
    pub fn after(&self, hash: &ChangeHash) -> Option<Value> {
        self.view_as_of(&[*hash]).ok()
    }

    /// Who made a change and when, by the writer's wall clock.
    #[must_use]
    pub fn made_by(&self, hash: &ChangeHash) -> Option<(ActorId, crate::model::Millis)> {
        let change = find(self.automerge(), hash)?;
        let actor = project::actor(change.actor_id().to_bytes())?;
        Some((actor, crate::model::Millis(change.timestamp())))
    }
}

fn find(doc: &Automerge, hash: &ChangeHash) -> Option<Change> {
    doc.get_change_by_hash(&theirs(hash))
}
