//! Single changes of a document's history: what they are called, who wrote
//! them, what they build on and what they did.

use std::collections::BTreeSet;

use automerge::{Automerge, Change, ReadDoc as _};
use serde_json::Value;

use super::document::{ours, theirs};
use super::touch::Touch;
use super::{Document, project, vet};
use crate::model::{ActorId, ChangeHash, Millis};

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

/// A change that stands on none of those that were asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Later {
    /// Its name.
    pub hash: ChangeHash,
    /// What it builds on directly.
    pub deps: Vec<ChangeHash>,
    /// Who made it.
    pub actor: ActorId,
    /// When, by the writer's wall clock.
    pub at: Millis,
    /// What it touches.
    pub touched: Vec<Touch>,
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

    /// What these changes do not stand on: each after what it builds on. Names that are
    /// not part of the document count for nothing.
    #[must_use]
    pub fn changes_since(&self, those: &[ChangeHash]) -> Vec<Later> {
        let known = those.iter().filter(|hash| self.has(hash));
        let known: Vec<_> = known.map(theirs).collect();
        let changes = self.automerge().get_changes(&known);
        let later = changes.iter().map(|change| Later {
            hash: ours(change.hash()),
            deps: change.deps().iter().map(|dep| ours(*dep)).collect(),
            actor: project::actor(change.actor_id().to_bytes()).unwrap_or(ActorId([0; 16])),
            at: Millis(change.timestamp()),
            touched: vet::touched_by(self.automerge(), self.id().kind, change),
        });
        later.collect()
    }

    /// The last of the changes that were made before an instant, by their writers' clocks,
    /// and of what those stand on: heads of the document as it may have stood then.
    #[must_use]
    pub fn heads_before(&self, instant: Millis) -> Vec<ChangeHash> {
        let changes = self.automerge().get_changes(&[]);
        let old = |change: &&Change| change.timestamp() < instant.0;
        let built_on: BTreeSet<ChangeHash> = changes
            .iter()
            .filter(old)
            .flat_map(|change| change.deps().iter().map(|dep| ours(*dep)))
            .collect();
        let old = changes.iter().filter(old).map(|it| ours(it.hash()));
        old.filter(|hash| !built_on.contains(hash)).collect()
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
    pub fn made_by(&self, hash: &ChangeHash) -> Option<(ActorId, Millis)> {
        let change = find(self.automerge(), hash)?;
        let actor = project::actor(change.actor_id().to_bytes())?;
        Some((actor, Millis(change.timestamp())))
    }
}

fn find(doc: &Automerge, hash: &ChangeHash) -> Option<Change> {
    doc.get_change_by_hash(&theirs(hash))
}
