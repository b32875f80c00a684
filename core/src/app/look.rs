//! Who was at a patient's, what their phone knew as they left, and what others wrote
//! that it did not know.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::edit::author_of;
use super::error::AppError;
use super::inner::{Inner, ReadSide, load};
use super::since_items::{is_planned, told};
use super::visit::VisitHandle;
use crate::merge::{Document, Later, Touch, TouchAction};
use crate::model::{
    ActorId, ChangeHash, DeviceTag, DocumentId, DocumentKind, EntryId, FieldPath, LOOK_HEADS_MAX,
    LookEntry, Millis, PatientId, PersonId, PresenceWhat, Visit, VisitId,
};
use crate::store::Rows;

/// What a chart says of who was there: the rest of it is skipped unread.
#[derive(Deserialize)]
struct Looks {
    #[serde(default, deserialize_with = "crate::model::known_entries")]
    looks: BTreeMap<EntryId, LookEntry>,
}

/// What one person knows of a patient.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// When they were there last, by their own clocks; none: never.
    pub(super) last: Option<LookEntry>,
    /// The heads of all of their looks.
    pub(super) heads: Vec<ChangeHash>,
}

impl Known {
    pub(super) fn of(rows: &Rows, patient: PatientId, person: PersonId) -> Result<Self, AppError> {
        let document = DocumentId::chart(patient);
        let text = match rows.view_of(document, &["looks"])? {
            Some(text) => text,
            None if rows.is_deferred(document)? => {
                super::arrive::peek(rows, document)?.view().to_string()
            }
            None => return Ok(Self::default()),
        };
        let said: Looks =
            serde_json::from_str(&text).map_err(|_| AppError::UpdateApp { found: 2, known: 1 })?;
        let own = said.looks.into_values().filter(|look| look.by == person);
        let mut known = Self::default();
        for look in own {
            known.heads.extend(&look.heads);
            let later = |last: &LookEntry| look.at_ms > last.at_ms;
            if known.last.as_ref().is_none_or(later) {
                known.last = Some(look);
            }
        }
        Ok(known)
    }
}

/// Whose changes are whose.
pub(super) struct Writers {
    me: PersonId,
    owners: BTreeMap<DeviceTag, PersonId>,
}

impl Writers {
    pub(super) fn of(inner: &Inner, reads: &ReadSide, rows: &Rows) -> Result<Self, AppError> {
        let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?.person;
        let mut owners = super::inspect::owners(rows)?;
        if let Some(vault) = inner.vault().as_ref() {
            owners.insert(vault.device_tag(), me);
        }
        Ok(Self { me, owners })
    }

    /// Who wrote it; none: a device that this phone's directory does not know, the
    /// backend's among them.
    pub(super) fn person(&self, actor: ActorId) -> Option<PersonId> {
        self.owners.get(&actor.device_tag()).copied()
    }

    pub(super) fn is_me(&self, person: PersonId) -> bool {
        person == self.me
    }

    fn is_own(&self, actor: ActorId) -> bool {
        self.person(actor) == Some(self.me)
    }
}

/// One item, entry or single value of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) section: String,
    /// Empty for a single value.
    pub(super) id: String,
}

impl Item {
    /// What a touch is about: a correction is about the entry that it corrects.
    fn of(touch: &Touch) -> Option<Self> {
        let mut segments = touch.path.segments();
        let (section, id) = (segments.next()?, segments.next().unwrap_or_default());
        if section != "corrections" {
            let (section, id) = (section.to_owned(), id.to_owned());
            return Some(Self { section, id });
        }
        let said = |name| touch.value.as_ref()?.get(name)?.as_str();
        Some(Self {
            section: said("section")?.to_owned(),
            id: said("target")?.to_owned(),
        })
    }

    pub(super) fn path(&self) -> FieldPath {
        match self.id.as_str() {
            "" => FieldPath(self.section.clone()),
            id => FieldPath::of(&[self.section.as_str(), id]),
        }
    }

    pub(super) fn look<'v>(&self, view: &'v Value) -> &'v Value {
        match self.id.as_str() {
            "" => &view[&self.section],
            id => &view[&self.section][id],
        }
    }
}

/// What somebody else did to an item that one does not know.
#[derive(Debug, Clone)]
pub(super) struct Unknown {
    /// Its place among the later changes.
    at: usize,
    /// The field of the item; none: the whole of it.
    pub(super) field: Option<String>,
    /// What the change builds on.
    pub(super) deps: Vec<ChangeHash>,
    /// By whom.
    pub(super) by: Option<PersonId>,
    /// When, by the writer's clock.
    pub(super) when: Millis,
    /// It made the item.
    pub(super) made: bool,
}

/// What others did to a document beyond what these heads stand on, by item; without what
/// one wrote over knowing it.
pub(super) fn unknown_of(
    document: &Document,
    seen: &[ChangeHash],
    writers: &Writers,
) -> BTreeMap<Item, Vec<Unknown>> {
    let later = document.changes_since(seen);
    let mut items: BTreeMap<Item, Vec<Unknown>> = BTreeMap::new();
    for (at, change) in later.iter().enumerate() {
        let own = writers.is_own(change.actor);
        let mut stood_on: Option<BTreeSet<usize>> = None;
        let telling = |touch: &&Touch| !is_planned(document.id().kind, touch);
        for touch in change.touched.iter().filter(telling) {
            let Some(item) = Item::of(touch).filter(|it| told(document.id().kind, it).is_some())
            else {
                continue;
            };
            // A phone of one's own that the directory does not name any more.
            let own = own || touch.value.as_ref().and_then(author_of) == Some(writers.me);
            if !own {
                let unknown = unknown(at, change, touch, writers);
                items.entry(item).or_default().push(unknown);
            } else if let Some(unknown) = items.get_mut(&item) {
                let known = stood_on.get_or_insert_with(|| ancestors(&later, at));
                unknown.retain(|it| !known.contains(&it.at));
            }
        }
    }
    items.retain(|_, unknown| !unknown.is_empty());
    items
}

fn unknown(at: usize, change: &Later, touch: &Touch, writers: &Writers) -> Unknown {
    let whole = matches!(touch.action, TouchAction::Add | TouchAction::Append);
    let corrects = touch.path.segments().next() == Some("corrections");
    Unknown {
        at,
        field: match touch.path.segments().nth(2) {
            Some(field) if !corrects => Some(field.to_owned()),
            _ => None,
        },
        deps: change.deps.clone(),
        by: writers.person(change.actor),
        when: change.at,
        made: whole && !corrects,
    }
}

/// The places of everything that a change stands on.
fn ancestors(later: &[Later], at: usize) -> BTreeSet<usize> {
    let places: BTreeMap<ChangeHash, usize> = later
        .iter()
        .take(at)
        .enumerate()
        .map(|(place, change)| (change.hash, place))
        .collect();
    let (mut found, mut wanted) = (BTreeSet::new(), vec![at]);
    while let Some(place) = wanted.pop() {
        let deps = later.get(place).map(|change| change.deps.as_slice());
        for dep in deps.unwrap_or_default() {
            if let Some(dep) = places.get(dep)
                && found.insert(*dep)
            {
                wanted.push(*dep);
            }
        }
    }
    found
}

/// A document for the eye, without waiting for a writer; none: it is booked or listed, and
/// has not come.
pub(super) fn open(rows: &Rows, id: DocumentId) -> Result<Option<Document>, AppError> {
    let opened = match rows.has_truth(id)? {
        true => load(rows, id),
        false => super::arrive::peek(rows, id),
    };
    match opened {
        Ok(document) => Ok(Some(document)),
        Err(AppError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl VisitHandle {
    /// After a person left the home: says in the patient's chart that they were there, and
    /// what their phone knew. The visit is done either way: without it, what they know
    /// already is told once more as new, and nothing is hidden.
    pub(super) fn leave_look(&self) {
        // A role that writes no looks, a chart that has no place for them or is not on
        // this phone, a full disk: nothing of it is the visit's.
        let _ = self.try_look();
    }

    fn try_look(&self) -> Result<(), AppError> {
        let visit = self.read()?;
        let (patient, heads) = {
            let reads = self.inner.reads()?;
            let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?.person;
            if !was_there(&visit, me) {
                return Ok(());
            }
            let rows = reads.store.reader()?;
            let writers = Writers::of(&self.inner, &reads, &rows)?;
            let known = Known::of(&rows, visit.patient, me)?;
            (
                visit.patient,
                heads_to_name(&rows, self.id, visit.patient, (&writers, &known))?,
            )
        };
        self.inner
            .edit(DocumentId::chart(patient), "look", |desk| {
                if !desk.view["looks"].is_object() {
                    return Err(AppError::NotFound { what: "looks" });
                }
                let entry = LookEntry {
                    by: desk.me,
                    at_ms: desk.stamp.clock.wall_ms,
                    visit: Some(self.id),
                    heads,
                };
                entry.check()?;
                Ok(vec![desk.append("looks", &entry)?])
            })?;
        Ok(())
    }
}

fn was_there(visit: &Visit, person: PersonId) -> bool {
    let mut stamps = visit.presence.values();
    stamps.any(|one| one.by == person && matches!(one.what, PresenceWhat::CheckIn(_)))
}

/// The heads of those of the patient's documents in which others wrote what one's looks do
/// not name yet: chart and plans first, then this visit, then the other visits, the one
/// that was made last first. With more than an entry takes, the rest stays new.
fn heads_to_name(
    rows: &Rows,
    visit: VisitId,
    patient: PatientId,
    (writers, known): (&Writers, &Known),
) -> Result<Vec<ChangeHash>, AppError> {
    let mut documents = rows.documents_of(patient)?;
    documents.sort_by_key(|one| {
        let rank = match one.kind {
            DocumentKind::Chart => 0,
            DocumentKind::Plan => 1,
            DocumentKind::Visit if one.id == visit.0 => 2,
            DocumentKind::Visit => 3,
        };
        (rank, std::cmp::Reverse(one.id))
    });
    let mut heads = Vec::new();
    for id in documents {
        let Some(document) = open(rows, id)? else {
            continue;
        };
        if unknown_of(&document, &known.heads, writers).is_empty() {
            continue;
        }
        let own = document.heads();
        if heads.len() + own.len() <= LOOK_HEADS_MAX {
            heads.extend(own);
        }
    }
    Ok(heads)
}
