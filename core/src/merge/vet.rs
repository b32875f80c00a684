//! Vetting: what a change of somebody else's passes before it counts.
//!
//! automerge trusts what it applies. A change is therefore read and bounded by
//! ourselves first (`chunk`, `columns`), numbered and authored as the document
//! demands, judged by what it touches (`shape`), applied to a scratch copy,
//! and the copy saved, loaded and compared before it takes the document's
//! place. An instance on which anything failed is thrown away.

mod chunk;
mod columns;
mod shape;
mod whole;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId as Author, Automerge, Change, ChangeHash as Hash, ExpandedChange, ROOT, ReadDoc,
    TextEncoding,
};
use serde_json::Value;

use super::VetError;
use super::document::{self, Document, ours, theirs};
use super::project::{self, Projection};
use super::schema::{self, Node};
use super::touch::Touch;
use super::value;
use crate::model::{ActorId, ChangeHash, DocumentId, DocumentKind, FieldPath, Millis};
use chunk::{Chunk, Header};
use shape::Shape;

/// What a sound change says and does.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// Its name.
    pub hash: ChangeHash,
    /// Who made it; the caller binds it to the device that signed.
    pub actor: ActorId,
    /// Its number among its author's changes of this document.
    pub seq: u64,
    /// When it was made, by the author's wall clock.
    pub at: Millis,
    /// The changes that it builds on.
    pub deps: Vec<ChangeHash>,
    /// What it touches; nothing for a duplicate.
    pub touched: Vec<Touch>,
    /// The document has it already.
    pub duplicate: bool,
}

/// A scratch copy on which changes are tried. Drop it after any failure of
/// [`Trial::accept`]; the document that it came from is untouched.
#[derive(Debug)]
pub struct Trial {
    id: DocumentId,
    doc: Automerge,
    /// Changes that the copy must hold in the end.
    expected: usize,
    /// Each author's changes in order.
    authors: HashMap<ActorId, Vec<Hash>>,
    broken: bool,
    /// The change looked at last, so that accepting it reads nothing twice.
    last: RefCell<Option<Checked>>,
}

#[derive(Debug)]
struct Checked {
    given: Vec<u8>,
    inspected: Inspected,
    change: Option<Change>,
}

impl Document {
    /// A scratch copy to try changes on.
    #[must_use]
    pub fn trial(&self) -> Trial {
        Trial::over(self.id(), self.automerge().clone(), self.is_poisoned())
    }

    /// A scratch copy of a document that does not exist yet.
    #[must_use]
    pub fn empty_trial(id: DocumentId) -> Trial {
        let doc = Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint);
        Trial::over(id, doc, false)
    }
}

impl Trial {
    fn over(id: DocumentId, doc: Automerge, broken: bool) -> Self {
        let mut authors: HashMap<ActorId, Vec<Hash>> = HashMap::new();
        let mut expected = 0;
        for meta in doc.get_changes_meta(&[]) {
            expected += 1;
            if let Some(actor) = project::actor(meta.actor.to_bytes()) {
                authors.entry(actor).or_default().push(meta.hash);
            }
        }
        Self {
            id,
            doc,
            expected,
            authors,
            broken,
            last: RefCell::new(None),
        }
    }

    /// Looks at a change as it would come next. Has no effect.
    ///
    /// # Errors
    /// Why it is not taken; [`VetError::Waiting`] is the one that time may cure.
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspected, VetError> {
        let checked = self.check(bytes)?;
        let inspected = checked.inspected.clone();
        self.last.replace(Some(checked));
        Ok(inspected)
    }

    /// What stood in a single field of the document for who built on these changes: one
    /// value, those of a conflict, or none.
    #[must_use]
    pub fn stood(&self, path: &FieldPath, deps: &[ChangeHash]) -> Vec<Value> {
        let heads: Vec<Hash> = deps.iter().map(theirs).collect();
        let node = Node::locate(self.id.kind, path);
        let (above, field) = path.0.rsplit_once('/').unwrap_or(("", &path.0));
        // Sections and items are there once and never move.
        let mut within = above.split('/').filter(|key| !key.is_empty());
        let place = within.try_fold(ROOT, |place, key| {
            let found = self.doc.get(place, key).ok()??;
            found.0.is_object().then_some(found.1)
        });
        let all = place.and_then(|place| self.doc.get_all_at(place, field, &heads).ok());
        let all = all.unwrap_or_default().into_iter();
        all.filter_map(|(value, _)| Some(value::decode(node, value.as_scalar()?)))
            .collect()
    }

    /// Applies a change to the copy. A duplicate has no effect.
    ///
    /// # Errors
    /// As [`Trial::inspect`]; [`VetError::Unstable`] spoils the whole trial.
    pub fn accept(&mut self, bytes: &[u8]) -> Result<(), VetError> {
        let last = self.last.take().filter(|checked| checked.given == bytes);
        let checked = match last {
            Some(checked) => checked,
            None => self.check(bytes)?,
        };
        let Some(change) = checked.change else {
            return Ok(());
        };
        let hash = change.hash();
        let doc = &mut self.doc;
        let applied = catch_unwind(AssertUnwindSafe(|| {
            let applied = doc.apply_changes([change]).is_ok();
            applied && doc.get_change_meta_by_hash(&hash).is_some()
        }));
        if !applied.unwrap_or(false) {
            self.broken = true;
            return Err(VetError::Unstable);
        }
        self.expected += 1;
        let author = self.authors.entry(checked.inspected.actor).or_default();
        author.push(hash);
        Ok(())
    }

    /// The document with what was accepted, after saving, loading, comparing
    /// and editing a copy of it.
    ///
    /// # Errors
    /// [`VetError::Unstable`]: take the accepted changes one by one to find
    /// the one at fault. [`VetError::WrongDocument`]: nothing was accepted on
    /// a document that does not exist.
    pub fn finish(self) -> Result<Document, VetError> {
        if self.broken {
            return Err(VetError::Unstable);
        }
        if self.expected == 0 {
            return Err(VetError::WrongDocument);
        }
        let proven = catch_unwind(AssertUnwindSafe(|| self.prove()));
        let (doc, projection) = proven.map_err(|_| VetError::Unstable)??;
        Ok(Document::with(self.id, doc, projection))
    }

    fn prove(&self) -> Result<(Automerge, Projection), VetError> {
        let kind = self.id.kind;
        let saved = self.doc.save_nocompress();
        let loaded = document::open(&saved).map_err(|_| VetError::Unstable)?;
        let projection = project::project(&loaded, kind, None);
        let same = loaded.get_heads() == self.doc.get_heads()
            && loaded.get_changes_meta(&[]).len() == self.expected
            && projection == project::project(&self.doc, kind, None);
        if same && can_be_edited(&loaded, kind) {
            Ok((loaded, projection))
        } else {
            Err(VetError::Unstable)
        }
    }

    fn check(&self, bytes: &[u8]) -> Result<Checked, VetError> {
        if self.broken {
            return Err(VetError::Unstable);
        }
        let Chunk {
            header,
            bytes: plain,
        } = chunk::read(bytes)?;
        let hash = theirs(&header.hash);
        if self.has(&hash) {
            return Ok(checked(bytes, header, Vec::new(), None));
        }
        self.follows(&header)?;
        let judged = catch_unwind(AssertUnwindSafe(|| self.judge(&plain, &header)));
        let (change, touched) = judged.map_err(|_| VetError::Malformed)??;
        Ok(checked(bytes, header, touched, Some(change)))
    }

    fn has(&self, hash: &Hash) -> bool {
        self.doc.get_change_meta_by_hash(hash).is_some()
    }

    /// Its place in the history: dependencies, its author's numbers, the
    /// numbers of its operations.
    fn follows(&self, header: &Header) -> Result<(), VetError> {
        if header.deps.is_empty() && self.expected > 0 {
            return Err(VetError::WrongDocument);
        }
        let (mut max_op, mut missing) = (0, Vec::new());
        for dep in &header.deps {
            match self.doc.get_change_meta_by_hash(&theirs(dep)) {
                Some(meta) => max_op = max_op.max(meta.max_op),
                None => missing.push(*dep),
            }
        }
        let written = self.authors.get(&header.actor).map_or(&[][..], |it| it);
        if header.seq <= written.len() as u64 {
            return Err(VetError::SequenceReused);
        }
        if !missing.is_empty() {
            return Err(VetError::Waiting { missing });
        }
        let known = written.last();
        let next = header.seq == written.len() as u64 + 1;
        if !next || !known.is_none_or(|last| self.builds_on(&header.deps, last)) {
            return Err(VetError::SequenceGap);
        }
        if header.start_op != max_op + 1 {
            return Err(VetError::StartOp);
        }
        Ok(())
    }

    /// Whether `target` is among the ancestors that these heads reach.
    fn builds_on(&self, heads: &[ChangeHash], target: &Hash) -> bool {
        let Some(floor) = self.doc.get_change_meta_by_hash(target) else {
            return false;
        };
        let mut stack: Vec<Hash> = heads.iter().map(theirs).collect();
        if stack.contains(target) {
            return true;
        }
        let mut seen: HashSet<Hash> = stack.iter().copied().collect();
        while let Some(hash) = stack.pop() {
            if hash == *target {
                return true;
            }
            // Operations are numbered upwards along every path.
            let meta = self.doc.get_change_meta_by_hash(&hash);
            let Some(meta) = meta.filter(|meta| meta.max_op > floor.max_op) else {
                continue;
            };
            stack.extend(meta.deps.iter().filter(|dep| seen.insert(**dep)));
        }
        false
    }

    /// Decodes the change and reads what it touches. May panic in automerge.
    fn judge(&self, plain: &[u8], header: &Header) -> Result<(Change, Vec<Touch>), VetError> {
        let change = Change::try_from(plain).map_err(|_| VetError::Malformed)?;
        let sound = ours(change.hash()) == header.hash && change.len() as u64 == header.ops;
        if !sound {
            return Err(VetError::Malformed);
        }
        let expanded = change.decode();
        // One change has one form: what automerge itself would write.
        if Change::from(expanded.clone()).raw_bytes() != plain {
            return Err(VetError::Malformed);
        }
        let touched = Shape::new(&self.doc, self.id.kind, &expanded, true).read()?;
        Ok((change, touched))
    }
}

fn checked(given: &[u8], header: Header, touched: Vec<Touch>, change: Option<Change>) -> Checked {
    Checked {
        given: given.to_vec(),
        inspected: Inspected {
            hash: header.hash,
            actor: header.actor,
            seq: header.seq,
            at: Millis(header.time_ms),
            deps: header.deps,
            touched,
            duplicate: change.is_none(),
        },
        change,
    }
}

/// Some accepted changes fail only at the next edit: make one on a copy.
fn can_be_edited(doc: &Automerge, kind: DocumentKind) -> bool {
    let mut copy = doc.clone();
    copy.set_actor(Author::from([0xff; 16]));
    let mut tx = copy.transaction();
    let mut edited = tx.put(ROOT, "~", true).is_ok();
    let texts = schema::root_fields(kind).iter();
    for field in texts.filter(|field| matches!(field.node, Node::Text)) {
        let text = tx.get(ROOT, field.name).ok().flatten().map(|(_, id)| id);
        edited &= text.is_some_and(|text| tx.splice_text(&text, 0, 0, "~").is_ok());
    }
    let committed = tx.commit_with(CommitOptions::default().with_time(0)).0;
    edited && committed.is_some_and(|hash| copy.get_heads() == [hash])
}

/// What a change that is part of the document touches.
pub(super) fn touched_by(doc: &Automerge, kind: DocumentKind, change: &Change) -> Vec<Touch> {
    let read = || {
        let expanded: ExpandedChange = change.decode();
        Shape::new(doc, kind, &expanded, false).read()
    };
    let touched = catch_unwind(AssertUnwindSafe(read));
    touched.ok().and_then(Result::ok).unwrap_or_default()
}

/// Name and author of a change whose outside is sound.
pub(super) fn header_of(bytes: &[u8]) -> Option<(ChangeHash, ActorId)> {
    let header = chunk::read(bytes).ok()?.header;
    Some((header.hash, header.actor))
}

/// The same, with what it builds on.
pub(super) fn links_of(bytes: &[u8]) -> Option<(ChangeHash, Vec<ChangeHash>)> {
    let header = chunk::read(bytes).ok()?.header;
    Some((header.hash, header.deps))
}
