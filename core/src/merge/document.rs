//! One open document.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::CommitOptions;
use automerge::{Automerge, Change, ChangeHash as Hash, LoadOptions, ObjId, ReadDoc, TextEncoding};
use serde_json::Value;

use super::edit::{self, Planner, Step};
use super::project::{self, Conflict, Projection};
use super::touch::Touch;
use super::{CHANGE_BYTES_MAX, Edit, MergeError, Op, TIME_MS_MAX, schema, vet};
use crate::model::{ActorId, ChangeHash, DocumentId, FieldPath, Millis};

/// One open document: its history and the view that people read.
///
/// An instance on which anything failed half-way says so by
/// [`MergeError::Poisoned`] for ever: drop it and load it again.
#[derive(Debug, Clone)]
pub struct Document {
    id: DocumentId,
    doc: Automerge,
    view: Value,
    open: BTreeMap<FieldPath, Conflict>,
    /// Objects by path, found once: sections and items never move.
    objects: BTreeMap<String, ObjId>,
    poisoned: bool,
}

/// A change that a seal does not cover.
#[derive(Debug, Clone, PartialEq)]
pub struct LateChange {
    /// The change.
    pub hash: ChangeHash,
    /// Who made it.
    pub actor: ActorId,
    /// When, by the writer's wall clock.
    pub at: Millis,
    /// What it touches.
    pub touched: Vec<Touch>,
    /// Whether the author had the signature when making it. If not, it was
    /// made in good faith before and awaits the signer.
    pub knew_of_seal: bool,
}

impl Document {
    /// Makes a document of a tree, with every section of its kind.
    ///
    /// # Errors
    /// [`MergeError::Value`] where the tree is not of the kind's shape.
    pub fn create(
        id: DocumentId,
        tree: &Value,
        actor: ActorId,
        at: Millis,
    ) -> Result<(Self, Edit), MergeError> {
        let root = schema::skeleton(id.kind, tree)?;
        let mut doc = Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint);
        doc.set_actor(actor.0.into());
        let made = catch_unwind(AssertUnwindSafe(|| {
            let mut tx = doc.transaction();
            automerge::transaction::Transactable::init_root_from_hydrate(&mut tx, &root)?;
            Ok::<_, automerge::AutomergeError>(tx.commit_with(stamped(at)).0)
        }));
        let hash = made.ok().and_then(Result::ok).flatten();
        let mut document = Self::over(id, doc);
        let change = document.last_change(hash)?;
        let touched = vet::touched_by(&document.doc, id.kind, &change);
        let edit = edit_of(&change, actor, touched)?;
        document.objects.clear();
        Ok((document, edit))
    }

    /// Loads a document from what the store kept: a snapshot, changes, or
    /// both, in any order and overlapping.
    ///
    /// # Errors
    /// [`MergeError::MissingDeps`] when changes are missing,
    /// [`MergeError::Corrupt`] when the bytes are not a document.
    pub fn load<'a>(
        id: DocumentId,
        snapshot: Option<&[u8]>,
        changes: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, MergeError> {
        let changes = changes.into_iter();
        let loaded = catch_unwind(AssertUnwindSafe(|| {
            let parsed: Result<Vec<Change>, _> = changes.map(parse).collect();
            load(snapshot, parsed?)
        }));
        let doc = loaded.map_err(|_| MergeError::Corrupt)??;
        catch_unwind(AssertUnwindSafe(|| Self::over(id, doc))).map_err(|_| MergeError::Corrupt)
    }

    /// Wraps a document that is known to be sound.
    pub(super) fn over(id: DocumentId, doc: Automerge) -> Self {
        let projection = project::project(&doc, id.kind, None);
        Self::with(id, doc, projection)
    }

    pub(super) fn with(id: DocumentId, doc: Automerge, projection: Projection) -> Self {
        Self {
            id,
            doc,
            view: projection.view,
            open: projection.open,
            objects: BTreeMap::new(),
            poisoned: false,
        }
    }

    pub(super) const fn automerge(&self) -> &Automerge {
        &self.doc
    }

    /// Which document this is.
    #[must_use]
    pub const fn id(&self) -> DocumentId {
        self.id
    }

    /// Whether something failed half-way: nothing more is done with it.
    #[must_use]
    pub const fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    /// The latest changes, sorted.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.doc.get_heads().into_iter().map(ours).collect()
    }

    /// Whether a change is part of the document.
    #[must_use]
    pub fn has(&self, hash: &ChangeHash) -> bool {
        self.doc.get_change_meta_by_hash(&theirs(hash)).is_some()
    }

    /// The document as people read it, each field by its policy.
    #[must_use]
    pub const fn view(&self) -> &Value {
        &self.view
    }

    /// The fields that a person must settle, by path.
    #[must_use]
    pub fn conflicts(&self) -> Vec<Conflict> {
        self.open.values().cloned().collect()
    }

    /// Makes one change of the operations, in order. A put on a field that is
    /// in conflict settles it.
    ///
    /// # Errors
    /// Nothing has changed on any but [`MergeError::Poisoned`], which is also
    /// the answer to every later call.
    pub fn edit(&mut self, actor: ActorId, at: Millis, ops: &[Op]) -> Result<Edit, MergeError> {
        if self.poisoned {
            return Err(MergeError::Poisoned);
        }
        let steps = Planner::new(self.id.kind, &self.view).plan(ops)?;
        let (doc, objects) = (&mut self.doc, &mut self.objects);
        let written = catch_unwind(AssertUnwindSafe(|| {
            doc.set_actor(actor.0.into());
            let mut tx = doc.transaction();
            let traces = edit::write(&mut tx, objects, &steps)?;
            Ok::<_, automerge::AutomergeError>((tx.commit_with(stamped(at)).0, traces))
        }));
        let Ok(Ok((hash, traces))) = written else {
            return Err(self.poison());
        };
        if hash.is_none() {
            return Err(MergeError::Unchanged);
        }
        let touched = edit::touched(self.id.kind, &steps, &traces);
        let made = self
            .last_change(hash)
            .and_then(|change| edit_of(&change, actor, touched));
        let Ok(made) = made else {
            return Err(self.poison());
        };
        for step in steps {
            self.show(step);
        }
        Ok(made)
    }

    fn poison(&mut self) -> MergeError {
        self.poisoned = true;
        MergeError::Poisoned
    }

    fn last_change(&self, hash: Option<Hash>) -> Result<Change, MergeError> {
        let change = catch_unwind(AssertUnwindSafe(|| self.doc.get_last_local_change()));
        change
            .ok()
            .flatten()
            .filter(|change| Some(change.hash()) == hash)
            .ok_or(MergeError::Poisoned)
    }

    /// Follows a step in the view.
    fn show(&mut self, step: Step) {
        match step {
            Step::Put { path, shown, .. } => {
                self.open.remove(&path);
                project::set(&mut self.view, &path, shown);
            }
            Step::Make { path, shown, .. } => project::set(&mut self.view, &path, shown),
            Step::Splice {
                path,
                at,
                delete,
                insert,
            } => {
                if let Some(text) = project::look(&self.view, &path).and_then(Value::as_str) {
                    let text = spliced(text, at, delete, &insert);
                    project::set(&mut self.view, &path, Value::String(text));
                }
            }
        }
    }

    /// The document as it stood at earlier heads.
    ///
    /// # Errors
    /// [`MergeError::UnknownHeads`] for a change that is not part of it.
    pub fn view_as_of(&self, heads: &[ChangeHash]) -> Result<Value, MergeError> {
        if !heads.iter().all(|hash| self.has(hash)) {
            return Err(MergeError::UnknownHeads);
        }
        let heads: Vec<Hash> = heads.iter().map(theirs).collect();
        let read = || project::project(&self.doc, self.id.kind, Some(&heads)).view;
        catch_unwind(AssertUnwindSafe(read)).map_err(|_| MergeError::Poisoned)
    }

    /// The whole document as one blob, not compressed itself: many of them in
    /// one zstd stream are as small as their JSON. A cache; changes are the truth.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.doc.save_nocompress()
    }

    /// One change as it is stored and sent.
    #[must_use]
    pub fn change_bytes(&self, hash: &ChangeHash) -> Option<Vec<u8>> {
        let change = self.doc.get_change_by_hash(&theirs(hash))?;
        Some(change.raw_bytes().to_vec())
    }

    /// Every change, each after those that it builds on.
    #[must_use]
    pub fn changes(&self) -> Vec<(ChangeHash, Vec<u8>)> {
        let changes = self.doc.get_changes(&[]);
        let named = changes.iter();
        named
            .map(|change| (ours(change.hash()), change.raw_bytes().to_vec()))
            .collect()
    }

    /// The changes that a seal over these heads does not cover, each after
    /// those that it builds on. The signature itself is the first.
    #[must_use]
    pub fn late_changes(&self, sealed: &[ChangeHash]) -> Vec<LateChange> {
        let heads: Vec<Hash> = sealed.iter().map(theirs).collect();
        let names: BTreeSet<String> = sealed.iter().map(ToString::to_string).collect();
        let mut knowing: BTreeSet<Hash> = BTreeSet::new();
        let mut late = Vec::new();
        for change in self.doc.get_changes(&heads) {
            let touched = vet::touched_by(&self.doc, self.id.kind, &change);
            let told = change.deps().iter().any(|dep| knowing.contains(dep));
            let knew = told || touched.iter().any(|touch| seals(touch, &names));
            if knew {
                knowing.insert(change.hash());
            }
            late.push(LateChange {
                hash: ours(change.hash()),
                actor: project::actor(change.actor_id().to_bytes()).unwrap_or(ActorId([0; 16])),
                at: Millis(change.timestamp()),
                touched,
                knew_of_seal: knew,
            });
        }
        late
    }
}

/// Whether a touch adds the signature that covers just these heads.
fn seals(touch: &Touch, names: &BTreeSet<String>) -> bool {
    let heads = touch
        .value
        .as_ref()
        .filter(|_| touch.path.matches("signatures/*"))
        .and_then(|entry| entry.get("heads")?.as_array());
    heads.is_some_and(|heads| {
        heads.len() == names.len()
            && heads
                .iter()
                .all(|head| head.as_str().is_some_and(|head| names.contains(head)))
    })
}

fn load(snapshot: Option<&[u8]>, changes: Vec<Change>) -> Result<Automerge, MergeError> {
    let mut doc = open(snapshot.unwrap_or_default())?;
    let hashes: Vec<Hash> = changes.iter().map(Change::hash).collect();
    doc.apply_changes(changes)
        .map_err(|_| MergeError::Corrupt)?;
    let missing = doc.get_missing_deps(&[]);
    if !missing.is_empty() {
        let missing = missing.into_iter().map(ours).collect();
        return Err(MergeError::MissingDeps { missing });
    }
    let held = |hash: &Hash| doc.get_change_meta_by_hash(hash).is_some();
    if hashes.iter().all(held) {
        Ok(doc)
    } else {
        Err(MergeError::Corrupt)
    }
}

/// Parses a stored change. automerge does not look at a change's checksum.
fn parse(bytes: &[u8]) -> Result<Change, MergeError> {
    let change = Change::try_from(bytes).map_err(|_| MergeError::Corrupt)?;
    let checksum = bytes.get(4..8);
    Some(change)
        .filter(|change| change.hash().0.get(..4) == checksum)
        .ok_or(MergeError::Corrupt)
}

/// Opens a snapshot; an empty one is an empty document.
pub(super) fn open(snapshot: &[u8]) -> Result<Automerge, MergeError> {
    let options = LoadOptions::new().text_encoding(TextEncoding::UnicodeCodePoint);
    Automerge::load_with_options(snapshot, options).map_err(|_| MergeError::Corrupt)
}

fn edit_of(change: &Change, actor: ActorId, touched: Vec<Touch>) -> Result<Edit, MergeError> {
    let bytes = change.raw_bytes().to_vec();
    if bytes.len() > CHANGE_BYTES_MAX {
        return Err(MergeError::TooLarge);
    }
    Ok(Edit {
        hash: ours(change.hash()),
        bytes,
        actor,
        seq: change.seq(),
        touched,
    })
}

fn stamped(at: Millis) -> CommitOptions {
    CommitOptions::default().with_time(at.0.clamp(-TIME_MS_MAX, TIME_MS_MAX))
}

fn spliced(text: &str, at: usize, delete: usize, insert: &str) -> String {
    let offset = |count: usize| {
        let mut starts = text.char_indices();
        starts.nth(count).map_or(text.len(), |(offset, _)| offset)
    };
    let (start, end) = (offset(at), offset(at.saturating_add(delete)));
    let (head, _) = text.split_at(start);
    let (_, tail) = text.split_at(end);
    [head, insert, tail].concat()
}

/// Our name of a change.
pub(super) const fn ours(hash: Hash) -> ChangeHash {
    ChangeHash(hash.0)
}

/// Automerge's name of a change.
pub(super) const fn theirs(hash: &ChangeHash) -> Hash {
    automerge::ChangeHash(hash.0)
}
