//! The path of one edit: check access, edit the document, store change, outbox
//! row, projections and audit in one durable transaction, then tell observers.

use std::sync::MutexGuard;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::AppError;
use super::inner::{Inner, Opened};
use super::project;
use crate::access::{self, Change, Policy};
use crate::merge::{Conflict, Document, Edit, MergeError, Op};
use crate::model::{
    ChangeHash, DocumentId, DocumentKind, EntryId, FieldPath, Millis, PatientId, PersonId, Role,
    Stamp, VisitId,
};
use crate::store::{AuditEntry, Rows, WriteTx};

/// What a use case learns of an edit that is stored for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The change's name.
    pub hash: ChangeHash,
    /// The entry or item that was added, if one was.
    pub entry: Option<EntryId>,
    /// The store's revision; observers hear the same number.
    pub revision: u64,
}

/// What a use case works on: the view as it stands, who edits and when.
pub(super) struct Desk<'a> {
    pub(super) view: &'a Value,
    pub(super) document: &'a Document,
    pub(super) patient: PatientId,
    pub(super) me: PersonId,
    pub(super) role: Role,
    pub(super) stamp: Stamp,
    pub(super) rows: &'a Rows,
    pub(super) policy: &'a Policy,
    pub(super) minted: Option<EntryId>,
    mint: &'a dyn Fn() -> Result<EntryId, AppError>,
}

impl Desk<'_> {
    /// An entry under a fresh id.
    pub(super) fn append(&mut self, section: &str, entry: &impl Serialize) -> Result<Op, AppError> {
        let id = self.mint()?;
        Self::append_as(section, id, entry)
    }

    /// An entry that names its own id, from [`mint`](Self::mint).
    pub(super) fn append_as(
        section: &str,
        id: EntryId,
        entry: &impl Serialize,
    ) -> Result<Op, AppError> {
        let entry = serde_json::to_value(entry).map_err(|_| AppError::Failed { code: "encode" })?;
        Ok(Op::Append {
            section: section.into(),
            id,
            entry,
        })
    }

    /// An item under a fresh id.
    pub(super) fn add_item(
        &mut self,
        section: &str,
        fields: Map<String, Value>,
    ) -> Result<Op, AppError> {
        Ok(Op::AddItem {
            section: section.into(),
            id: self.mint()?,
            fields,
        })
    }

    pub(super) fn must_exist(&self, section: &str, id: EntryId) -> Result<(), AppError> {
        if self.view[section].get(id.to_string()).is_some() {
            Ok(())
        } else {
            Err(AppError::NotFound { what: "item" })
        }
    }

    pub(super) fn mint(&mut self) -> Result<EntryId, AppError> {
        let id = (self.mint)()?;
        // The first one is the thing; the rest is what goes with it.
        self.minted.get_or_insert(id);
        Ok(id)
    }
}

/// What a use case says is to be changed, as it is called where the work is done: that part is
/// there once, and not once for each use case.
pub(super) type Make<'m> = &'m mut dyn FnMut(&mut Desk<'_>) -> Result<Vec<Op>, AppError>;

/// Something that is called once, behind one face for all.
pub(super) fn once(
    make: impl FnOnce(&mut Desk<'_>) -> Result<Vec<Op>, AppError>,
) -> impl FnMut(&mut Desk<'_>) -> Result<Vec<Op>, AppError> {
    let mut make = Some(make);
    move |desk| match make.take() {
        Some(make) => make(desk),
        None => Err(AppError::Failed { code: "made_twice" }),
    }
}

impl Inner {
    /// One use case: `make` looks at the document and says what to change.
    pub(super) fn edit(
        &self,
        id: DocumentId,
        action: &'static str,
        make: impl FnOnce(&mut Desk<'_>) -> Result<Vec<Op>, AppError>,
    ) -> Result<Saved, AppError> {
        self.edit_with(id, action, make, |_| Ok(()))
    }

    /// As [`edit`](Self::edit); `also` writes what has to be in the same transaction.
    pub(super) fn edit_with(
        &self,
        id: DocumentId,
        action: &'static str,
        make: impl FnOnce(&mut Desk<'_>) -> Result<Vec<Op>, AppError>,
        also: impl FnOnce(&WriteTx<'_>) -> Result<(), AppError>,
    ) -> Result<Saved, AppError> {
        let mut also = Some(also);
        let mut beside = |tx: &WriteTx<'_>| also.take().map_or(Ok(()), |also| also(tx));
        let saved = self.write_edit(self.opened()?, id, action, &mut once(make), &mut beside)?;
        self.tell(saved.revision, &[id]);
        Ok(saved)
    }

    /// Whether an edit would be taken now, without making it.
    pub(super) fn would_take(
        &self,
        id: DocumentId,
        make: impl FnOnce(&mut Desk<'_>) -> Result<Vec<Op>, AppError>,
    ) -> Result<(), AppError> {
        self.try_edit(id, &mut once(make))
    }

    fn try_edit(&self, id: DocumentId, make: Make<'_>) -> Result<(), AppError> {
        let clock = self.clocks.now();
        let mut opened = self.opened()?;
        let opened = opened.as_mut().ok_or(AppError::Locked)?;
        let stamp = Stamp {
            clock,
            anchor: opened.anchor,
        };
        opened.merge_deferred(id, clock)?;
        let store = std::sync::Arc::clone(&opened.store);
        let rows = store.reader()?;
        let (patient, document) = opened.take_document(&rows, id, clock)?;
        let planned = self.plan_edit(&rows, opened, patient, &document, stamp, make);
        opened.keep_document(patient, document);
        planned.map(drop)
    }

    /// The durable part of one edit. Nobody has been told of it yet.
    pub(super) fn write_edit(
        &self,
        mut opened: MutexGuard<'_, Option<Opened>>,
        id: DocumentId,
        action: &'static str,
        make: Make<'_>,
        also: &mut dyn FnMut(&WriteTx<'_>) -> Result<(), AppError>,
    ) -> Result<Saved, AppError> {
        let clock = self.clocks.now();
        let opened = opened.as_mut().ok_or(AppError::Locked)?;
        let stamp = Stamp {
            clock,
            anchor: opened.anchor,
        };
        opened.merge_deferred(id, clock)?;
        // One transaction on one connection: what it reads stays in that
        // connection's cache from edit to edit.
        let store = std::sync::Arc::clone(&opened.store);
        let (hash, entry, at_hand) = store.write(|tx| {
            let (patient, mut document) = opened.take_document(tx, id, clock)?;
            let had_conflicts = !document.conflicts().is_empty();
            let made = self.make_edit(tx, opened, patient, &mut document, stamp, make);
            let (edit, entry) = match made {
                Ok(made) => made,
                Err(error) => {
                    // Nothing was changed unless the document says so itself.
                    if !document.is_poisoned() {
                        opened.keep_document(patient, document);
                    }
                    return Err(error);
                }
            };
            // From here on a failure drops the instance: the store knows better.
            opened.store_edit(tx, &document, &edit, had_conflicts, action, stamp)?;
            also(tx)?;
            Ok((edit.hash, entry, (patient, document)))
        })?;
        opened.keep_document(at_hand.0, at_hand.1);
        Ok(Saved {
            hash,
            entry,
            revision: self.next_revision(),
        })
    }

    fn make_edit(
        &self,
        rows: &Rows,
        opened: &Opened,
        patient: PatientId,
        document: &mut Document,
        stamp: Stamp,
        make: Make<'_>,
    ) -> Result<(Edit, Option<EntryId>), AppError> {
        let at = clamp(stamp.clock.wall_ms);
        let (ops, entry) = self.plan_edit(rows, opened, patient, document, stamp, make)?;
        let edit = document.edit(opened.actor, at, &ops).map_err(merge_error)?;
        Ok((edit, entry))
    }

    /// What is to be changed, allowed by the access rules.
    fn plan_edit(
        &self,
        rows: &Rows,
        opened: &Opened,
        patient: PatientId,
        document: &Document,
        stamp: Stamp,
        make: Make<'_>,
    ) -> Result<(Vec<Op>, Option<EntryId>), AppError> {
        let at = stamp.clock.wall_ms;
        let me = opened.me()?;
        let mint = || Ok(EntryId::mint(at, self.random()?));
        let mut desk = Desk {
            view: document.view(),
            document,
            patient,
            me: me.person,
            role: me.role,
            stamp,
            rows,
            policy: &opened.policy,
            minted: None,
            mint: &mint,
        };
        let ops = make(&mut desk)?;
        let entry = desk.minted;
        let subject = (document.id(), patient, document.view());
        opened.judge(rows, subject, &ops, stamp.best())?;
        Ok((ops, entry))
    }

    /// Makes a document of the tree that `make` gives: judged as the backend will judge it,
    /// and stored with its change to be sent.
    pub(super) fn create(
        &self,
        id: DocumentId,
        patient: PatientId,
        action: &'static str,
        make: impl FnOnce(&Rows, &Opened, Stamp) -> Result<Value, AppError>,
    ) -> Result<Saved, AppError> {
        let clock = self.clocks.now();
        let hash = {
            let mut opened = self.opened()?;
            let opened = opened.as_mut().ok_or(AppError::Locked)?;
            let stamp = Stamp {
                clock,
                anchor: opened.anchor,
            };
            let store = std::sync::Arc::clone(&opened.store);
            let (hash, document) = store.write(|tx| {
                super::inner::lease_permits(tx, clock)?;
                let tree = make(tx, opened, stamp)?;
                let at = clamp(clock.wall_ms);
                let made = Document::create(id, &tree, opened.actor, at);
                let (document, edit) = made.map_err(merge_error)?;
                opened.judge_birth(tx, (id, patient), &edit, stamp.best())?;
                tx.ensure_document(id, patient)?;
                opened.store_edit(tx, &document, &edit, false, action, stamp)?;
                project::write_all(tx, &document, clock.wall_ms, None)?;
                Ok::<_, AppError>((edit.hash, document))
            })?;
            opened.keep_document(patient, document);
            hash
        };
        let revision = self.next_revision();
        self.tell(revision, &[id]);
        Ok(Saved {
            hash,
            entry: None,
            revision,
        })
    }

    /// The open conflicts of a document.
    pub(super) fn conflicts(&self, id: DocumentId) -> Result<Vec<Conflict>, AppError> {
        self.with_document(id, Document::conflicts)
    }

    /// The raw changes of a document, each after those that it builds on.
    pub(super) fn changes(&self, id: DocumentId) -> Result<Vec<Vec<u8>>, AppError> {
        self.with_document(id, |document| {
            let changes = document.changes();
            changes.into_iter().map(|(_, bytes)| bytes).collect()
        })
    }

    /// Looks at a document without changing it.
    pub(super) fn with_document<T>(
        &self,
        id: DocumentId,
        look: impl FnOnce(&Document) -> T,
    ) -> Result<T, AppError> {
        let clock = self.clocks.now();
        let mut opened = self.opened()?;
        let opened = opened.as_mut().ok_or(AppError::Locked)?;
        opened.merge_deferred(id, clock)?;
        let store = std::sync::Arc::clone(&opened.store);
        let (patient, document) = opened.take_document(&*store.reader()?, id, clock)?;
        let answer = look(&document);
        opened.keep_document(patient, document);
        Ok(answer)
    }
}

impl Opened {
    /// Judges the operations by the access rules, before anything is touched.
    pub(super) fn judge(
        &self,
        rows: &Rows,
        (id, patient, view): (DocumentId, PatientId, &Value),
        ops: &[Op],
        now: Millis,
    ) -> Result<(), AppError> {
        let sealed = id.kind == DocumentKind::Visit && is_sealed(view);
        let subject = access::Subject {
            kind: id.kind,
            patient,
            sealed,
            seal_known: sealed,
        };
        let owned: Vec<_> = ops.iter().map(touched_by).collect();
        let changes: Vec<Change<'_>> = owned
            .iter()
            .map(|(path, value, by)| Change {
                path,
                by: *by,
                value: value.as_ref(),
                creates: false,
            })
            .collect();
        self.allowed(rows, id, &subject, &changes, now)
    }

    /// Judges a change that makes a document.
    fn judge_birth(
        &self,
        rows: &Rows,
        (id, patient): (DocumentId, PatientId),
        edit: &Edit,
        now: Millis,
    ) -> Result<(), AppError> {
        let subject = access::Subject {
            kind: id.kind,
            patient,
            sealed: false,
            seal_known: false,
        };
        let changes: Vec<Change<'_>> = edit
            .touched
            .iter()
            .map(|touch| Change {
                path: &touch.path,
                by: touch.value.as_ref().and_then(author_of),
                value: touch.value.as_ref(),
                creates: true,
            })
            .collect();
        self.allowed(rows, id, &subject, &changes, now)
    }

    fn allowed(
        &self,
        rows: &Rows,
        id: DocumentId,
        subject: &access::Subject,
        changes: &[Change<'_>],
        now: Millis,
    ) -> Result<(), AppError> {
        let grants = self.grants_of(rows, subject.patient)?;
        let me = self.me()?.actor();
        access::may_change(&self.policy, &me, subject, &grants, now, changes).map_err(|denied| {
            if denied.rule == access::code::SEALED {
                AppError::Signed {
                    visit: VisitId(id.id),
                }
            } else {
                AppError::NotAllowed {
                    rule: denied.rule.into(),
                    field: denied.field,
                }
            }
        })
    }

    /// Change and outbox row, projections, audit: what one transaction holds.
    pub(super) fn store_edit(
        &self,
        tx: &WriteTx<'_>,
        document: &Document,
        edit: &Edit,
        had_conflicts: bool,
        action: &'static str,
        stamp: Stamp,
    ) -> Result<(), AppError> {
        let id = document.id();
        let me = self.me()?.person;
        let at = stamp.clock.wall_ms;
        tx.append_own(id, edit.hash, at, project::priority(id), &edit.bytes)?;
        project::write_touched(tx, document, &edit.touched)?;
        if had_conflicts {
            // An edit can settle a conflict and never opens one.
            project::write_conflicts(tx, document, at, Some(me))?;
        }
        tx.audit(&AuditEntry {
            at,
            person: Some(me),
            action: action.into(),
            subject: Some(id.key().to_vec()),
            detail: Value::Null,
        })?;
        Ok(())
    }
}

/// Path, value and named author of an operation.
fn touched_by(op: &Op) -> (FieldPath, Option<Value>, Option<PersonId>) {
    match op {
        Op::Put { path, value } => (path.clone(), Some(value.clone()), author_of(value)),
        Op::AddItem {
            section,
            id,
            fields,
        } => (
            FieldPath::of(&[section.as_str(), &id.to_string()]),
            Some(Value::Object(fields.clone())),
            None,
        ),
        Op::Append { section, id, entry } => (
            FieldPath::of(&[section.as_str(), &id.to_string()]),
            Some(entry.clone()),
            author_of(entry),
        ),
        Op::Splice { path, insert, .. } => (path.clone(), Some(json!(insert)), None),
    }
}

/// The person that an entry names as its author.
pub(super) fn author_of(entry: &Value) -> Option<PersonId> {
    entry.get("by")?.as_str()?.parse().ok()
}

/// Whether a visit's view carries a signature.
pub(super) fn is_sealed(view: &Value) -> bool {
    view["signatures"]
        .as_object()
        .is_some_and(|signatures| !signatures.is_empty())
}

/// A wall clock may be years off; a change's stamp stays inside what merge takes.
pub(super) fn clamp(at: Millis) -> Millis {
    Millis(at.0.clamp(0, crate::merge::TIME_MS_MAX))
}

pub(super) fn merge_error(error: MergeError) -> AppError {
    match error {
        MergeError::Unchanged => AppError::Refused {
            field: "value".into(),
            limit: "a value other than the one that stands".into(),
        },
        MergeError::Place { path } | MergeError::Value { path } | MergeError::Exists { path } => {
            AppError::Refused {
                field: path.0,
                limit: "a value that fits the field".into(),
            }
        }
        MergeError::TooLarge => AppError::Refused {
            field: "edit".into(),
            limit: "256 KiB and 10 000 operations".into(),
        },
        MergeError::Poisoned => AppError::Retry { after_ms: 0 },
        MergeError::MissingDeps { .. } | MergeError::Corrupt | MergeError::UnknownHeads => {
            AppError::Damaged {
                set_aside: String::new(),
            }
        }
    }
}
