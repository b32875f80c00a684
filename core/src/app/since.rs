//! What changed about a patient since one was there last.
//!
//! Not by clocks: a change is known when one's looks stand on it (`look.rs`), so that what
//! a colleague wrote before and what arrived after is told. The times that are shown are
//! the writers'.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;

use super::Homeround;
use super::edit::author_of;
use super::error::AppError;
use super::inner::best_now;
use super::look::{Item, Known, Unknown, Writers, open, unknown_of};
use super::since_items::{ChangeKind, ChangedField, Row, told};
use crate::access;
use crate::merge::Document;
use crate::model::{
    ChangeHash, CorrectionEntry, DAY_MS, DocumentId, DocumentKind, EntryId, FieldPath, LookEntry,
    Millis, PatientId, PersonId, Role, VisitId,
};
use crate::store::Rows;

/// Changes of one page at most.
pub const CHANGES_PAGE_MAX: u32 = 200;
/// Who was never there is told what was recorded in so many days.
pub const FIRST_VISIT_DAYS: u32 = 30;

/// What changed about a patient since one was there last.
#[derive(Debug, Clone, PartialEq)]
pub struct SinceLastHere {
    /// When that was; none: never, and what follows is what was recorded in the last
    /// [`FIRST_VISIT_DAYS`] days by the writers' clocks.
    pub last: Option<LastHere>,
    /// How many changes there are in all.
    pub count: usize,
    /// How many of each kind, in the order of the list.
    pub kinds: Vec<(ChangeKind, usize)>,
    /// This page of them: by kind, the newest of a kind first.
    pub changes: Vec<Changed>,
    /// How many to skip for the next page; none: this was the last.
    pub next: Option<u32>,
}

/// When one was at a patient's last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastHere {
    /// When one left, by one's own clock.
    pub at: Millis,
    /// After which visit.
    pub visit: Option<VisitId>,
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeHow {
    /// It was not there.
    Added,
    /// It was there and differs now.
    Changed,
    /// It was there, and somebody said that it was an error or took it off.
    TakenBack,
}

/// Something that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// What sort of thing.
    pub kind: ChangeKind,
    /// What became of it.
    pub how: ChangeHow,
    /// Where it stands.
    pub document: DocumentId,
    /// Which item or field of the document.
    pub field: FieldPath,
    /// What it is called, as it was written; empty: its kind says it all.
    pub title: String,
    /// What differs, with what stood before. What was taken back has what stood.
    pub fields: Vec<ChangedField>,
    /// Why it was corrected, if it was.
    pub reason: Option<String>,
    /// By whom last; none: a device that this phone does not know, as the backend's.
    pub by: Option<PersonId>,
    /// When it was measured, given or said; else when it was written last.
    pub at: Millis,
    /// During which visit.
    pub visit: Option<VisitId>,
    /// It was written before one left, and arrived after.
    pub late: bool,
}

impl Homeround {
    /// What others changed about a patient since one was there last: when one left a visit
    /// of the patient's, on whichever of one's phones. What one wrote oneself, or wrote
    /// over, is not among it. Answers at most [`CHANGES_PAGE_MAX`] of them after the first
    /// `skip`.
    ///
    /// # Errors
    /// As [`patient`](Self::patient).
    pub fn since_last_here(
        &self,
        patient: PatientId,
        skip: u32,
        limit: u32,
    ) -> Result<SinceLastHere, AppError> {
        let reads = self.inner.reads()?;
        let rows = reads.store.reader()?;
        let clock = self.inner.clocks.now();
        reads.may_read(&rows, patient, clock)?;
        let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
        let sight = Sight {
            known: Known::of(&rows, patient, me.person)?,
            writers: Writers::of(&self.inner, &reads, &rows)?,
            role: me.role,
            now: best_now(&rows, clock)?,
        };
        let changes = sight.of_patient(&rows, patient)?;
        let last = sight.known.last.as_ref();
        Ok(page(last, changes, skip, limit.clamp(1, CHANGES_PAGE_MAX)))
    }
}

fn page(
    last: Option<&LookEntry>,
    mut changes: Vec<Changed>,
    skip: u32,
    limit: u32,
) -> SinceLastHere {
    changes.sort_by(|one, other| {
        let place = |it: &Changed| (it.kind, Reverse(it.at), it.document);
        place(one)
            .cmp(&place(other))
            .then_with(|| one.field.cmp(&other.field))
    });
    let mut kinds: BTreeMap<ChangeKind, usize> = BTreeMap::new();
    for change in &changes {
        *kinds.entry(change.kind).or_default() += 1;
    }
    let count = changes.len();
    let wide = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let end = skip.saturating_add(limit);
    SinceLastHere {
        last: last.map(|look| LastHere {
            at: look.at_ms,
            visit: look.visit,
        }),
        count,
        kinds: kinds.into_iter().collect(),
        changes: changes
            .into_iter()
            .skip(wide(skip))
            .take(wide(limit))
            .collect(),
        next: (count > wide(end)).then_some(end),
    }
}

/// Who looks, and what they know.
struct Sight {
    known: Known,
    writers: Writers,
    role: Role,
    now: Millis,
}

impl Sight {
    fn of_patient(&self, rows: &Rows, patient: PatientId) -> Result<Vec<Changed>, AppError> {
        let mut changes = Vec::new();
        for id in rows.documents_of(patient)? {
            if let Some(document) = open(rows, id)? {
                changes.extend(self.of_document(&document)?);
            }
        }
        let forms = changes
            .iter_mut()
            .filter(|it: &&mut Changed| it.kind == ChangeKind::Form);
        for form in forms {
            if let Some(Ok(known)) = super::forms::definition(rows, &form.title)? {
                known.title.own().clone_into(&mut form.title);
            }
        }
        Ok(changes)
    }

    fn of_document(&self, document: &Document) -> Result<Vec<Changed>, AppError> {
        let seen = match self.known.last {
            Some(_) => self.known.heads.clone(),
            None => {
                let window = i64::from(FIRST_VISIT_DAYS) * DAY_MS;
                document.heads_before(self.now.plus(-window))
            }
        };
        let mut unknown = unknown_of(document, &seen, &self.writers);
        let kind = document.id().kind;
        unknown.retain(|item, _| access::may_see(self.role, kind, &item.path()));
        let mut past = Past::new(document, &seen);
        let mut changes = Vec::new();
        for (item, touches) in &unknown {
            changes.extend(self.of_item(&mut past, item, touches)?);
        }
        Ok(changes)
    }

    fn of_item(
        &self,
        past: &mut Past<'_>,
        item: &Item,
        touches: &[Unknown],
    ) -> Result<Option<Changed>, AppError> {
        let document = past.document;
        let (Some(row), Some(last)) = (told(document.id().kind, item), touches.last()) else {
            return Ok(None);
        };
        let correction = past.corrections.get(item).cloned();
        // What stands in its place is told; and what one corrected oneself, one knows.
        let settled = |it: &CorrectionEntry| it.replacement.is_some() || self.writers.is_me(it.by);
        if correction.as_ref().is_some_and(settled) {
            return Ok(None);
        }
        let stood = past.stood(item, touches)?;
        let stood = if row.is_error(&stood) {
            Value::Null
        } else {
            stood
        };
        let now = said(item.look(document.view())).clone();
        let wrong = correction.is_some() || now.is_null() || row.is_error(&now);
        let how = match (stood.is_null(), wrong) {
            // Nobody here knew of it.
            (true, true) => return Ok(None),
            (true, false) => ChangeHow::Added,
            (false, true) => ChangeHow::TakenBack,
            (false, false) => ChangeHow::Changed,
        };
        let fields = fields_of(row, item, how, (&stood, &now), touches);
        if how != ChangeHow::TakenBack && !row.is_told(&stood, &now)
            || how == ChangeHow::Changed && fields.is_empty()
        {
            return Ok(None);
        }
        let shown = if now.is_null() { &stood } else { &now };
        let entry = match how {
            ChangeHow::Added => &now,
            ChangeHow::Changed | ChangeHow::TakenBack => &Value::Null,
        };
        let corrected_by = correction.as_ref().map(|it| it.by);
        let look = self.known.last.as_ref();
        Ok(Some(Changed {
            kind: row.kind,
            how,
            document: document.id(),
            field: item.path(),
            title: row.title(document.view(), shown),
            fields,
            by: corrected_by.or_else(|| author_of(entry)).or(last.by),
            at: said_at(entry).unwrap_or(last.when),
            visit: (document.id().kind == DocumentKind::Visit).then(|| VisitId(document.id().id)),
            late: look.is_some_and(|look| last.when < look.at_ms),
            reason: correction.map(|it| it.reason),
        }))
    }
}

/// What differs, in the fields that somebody else touched.
fn fields_of(
    row: &Row,
    item: &Item,
    how: ChangeHow,
    (stood, now): (&Value, &Value),
    touches: &[Unknown],
) -> Vec<ChangedField> {
    let all = touches.iter().any(|it| it.field.is_none());
    let touched = |name: &str| {
        let mut fields = touches.iter().filter_map(|it| it.field.as_deref());
        all || fields.any(|field| field == name)
    };
    match how {
        ChangeHow::TakenBack => row.differences(item, (stood, &Value::Null), |_| true),
        ChangeHow::Added | ChangeHow::Changed => row.differences(item, (stood, now), touched),
    }
}

/// A value, or null for a text in which nothing is said.
fn said(value: &Value) -> &Value {
    match value.as_str() {
        Some("") => &Value::Null,
        _ => value,
    }
}

/// When an entry says that it was measured, given or said.
fn said_at(entry: &Value) -> Option<Millis> {
    let at = |name: &str| entry[name].as_i64();
    at("measured_at_ms").or_else(|| at("at_ms")).map(Millis)
}

/// A document as it stood.
struct Past<'d> {
    document: &'d Document,
    seen: &'d [ChangeHash],
    corrections: BTreeMap<Item, CorrectionEntry>,
    /// What replaced what.
    replaced: BTreeMap<EntryId, EntryId>,
    views: BTreeMap<Vec<ChangeHash>, Value>,
}

impl<'d> Past<'d> {
    fn new(document: &'d Document, seen: &'d [ChangeHash]) -> Self {
        let mut past = Self {
            document,
            seen,
            corrections: BTreeMap::new(),
            replaced: BTreeMap::new(),
            views: BTreeMap::new(),
        };
        let said = document.view()["corrections"].as_object();
        for entry in said.into_iter().flat_map(serde_json::Map::values) {
            let Ok(entry) = serde_json::from_value::<CorrectionEntry>(entry.clone()) else {
                continue;
            };
            if let Some(replacement) = entry.replacement {
                past.replaced.insert(replacement, entry.target);
            }
            let item = Item {
                section: entry.section.clone(),
                id: entry.target.to_string(),
            };
            past.corrections.insert(item, entry);
        }
        past
    }

    /// An item as one knew it, or as the first who changed it without one's knowing found
    /// it; null: it was not there. An entry that replaced another stands for that one.
    fn stood(&mut self, item: &Item, touches: &[Unknown]) -> Result<Value, AppError> {
        let before = self.replaced_by(item);
        let made = touches.first().is_some_and(|first| first.made);
        if made && before.is_empty() {
            return Ok(Value::Null);
        }
        let seen: Vec<ChangeHash> = self
            .seen
            .iter()
            .copied()
            .filter(|hash| self.document.has(hash))
            .collect();
        for one in std::iter::once(item).chain(&before) {
            let known = self.view(&seen, one)?;
            if !known.is_null() {
                return Ok(known);
            }
        }
        let first = touches.first().filter(|first| !first.made);
        first.map_or(Ok(Value::Null), |first| self.view(&first.deps, item))
    }

    /// The entries that an entry stands for, the last one first.
    fn replaced_by(&self, item: &Item) -> Vec<Item> {
        let mut found: Vec<Item> = Vec::new();
        let mut at = item.id.parse::<EntryId>().ok();
        while let Some(target) = at.and_then(|id| self.replaced.get(&id)) {
            let one = Item {
                section: item.section.clone(),
                id: target.to_string(),
            };
            if found.contains(&one) {
                break;
            }
            found.push(one);
            at = Some(*target);
        }
        found
    }

    fn view(&mut self, heads: &[ChangeHash], item: &Item) -> Result<Value, AppError> {
        if heads.is_empty() {
            return Ok(Value::Null);
        }
        if !self.views.contains_key(heads) {
            let view = self.document.view_as_of(heads);
            let view = view.map_err(super::edit::merge_error)?;
            self.views.insert(heads.to_vec(), view);
        }
        let view = self.views.get(heads).unwrap_or(&Value::Null);
        let corrected = view["corrections"].as_object().is_some_and(|all| {
            let mut all = all.values();
            all.any(|it| it["section"] == *item.section && it["target"] == *item.id)
        });
        Ok(match corrected {
            // It did not stand any more.
            true => Value::Null,
            false => said(item.look(view)).clone(),
        })
    }
}
