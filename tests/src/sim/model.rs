//! The reference model: what was promised, and who may see whom. No store, no merge, no
//! network: lists and sets.

use std::collections::{BTreeMap, BTreeSet};

use homeround::app::{Authored, Saved};
use homeround::model::{ChangeHash, DocumentId, EntryId, FieldPath, PatientId, PersonId, VisitId};
use homeround::wire::AttachmentAddress;
use serde_json::Value;

/// What one edit says, as it must be found again.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fact {
    /// A field has this value.
    Put { path: FieldPath, value: Value },
    /// A field has a value that says this.
    Part {
        path: FieldPath,
        pointer: &'static str,
        value: Value,
    },
    /// An entry of this section says this.
    Entry {
        section: &'static str,
        pointer: &'static str,
        value: Value,
    },
    /// These characters stand in a text.
    Typed { path: FieldPath, text: String },
}

/// Who is no phone: a patient who answered by a link.
pub(super) const PATIENT: usize = usize::MAX;

/// An edit that was told as saved.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) phone: usize,
    pub(super) document: DocumentId,
    pub(super) at_ms: i64,
    pub(super) what: &'static str,
    pub(super) hash: ChangeHash,
    pub(super) entry: Option<EntryId>,
    pub(super) facts: Vec<Fact>,
    /// Earlier claims on the same field that its author could see.
    pub(super) knew: BTreeSet<usize>,
    /// Why nobody can be asked for it any more: its only copy went with a phone that was
    /// put back to a backup.
    pub(super) excused: bool,
}

impl Claim {
    pub(super) fn new(
        phone: usize,
        document: DocumentId,
        at_ms: i64,
        (what, saved): (&'static str, Saved),
        facts: Vec<Fact>,
    ) -> Self {
        Self {
            phone,
            document,
            at_ms,
            what,
            hash: saved.hash,
            entry: saved.entry,
            facts,
            knew: BTreeSet::new(),
            excused: false,
        }
    }

    /// The field whose value it put, if that is what it did.
    pub(super) fn field(&self) -> Option<(&FieldPath, &Value)> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Put { path, value } => Some((path, value)),
            _ => None,
        })
    }

    /// Whether a document's authorship holds everything that it says.
    pub(super) fn stands_in(&self, authored: &[Authored]) -> bool {
        let said: Vec<_> = authored
            .iter()
            .filter_map(|one| Some((&one.field, one.value.as_ref()?)))
            .collect();
        self.is_said_by(&said)
    }

    /// Whether these values of fields are everything that it says.
    pub(super) fn is_said_by(&self, said: &[(&FieldPath, &Value)]) -> bool {
        self.facts.iter().all(|fact| self.holds(fact, said))
    }

    fn holds(&self, fact: &Fact, said: &[(&FieldPath, &Value)]) -> bool {
        said.iter().any(|(field, found)| match fact {
            Fact::Put { path, value } => *field == path && *found == value,
            Fact::Part {
                path,
                pointer,
                value,
            } => *field == path && found.pointer(pointer) == Some(value),
            Fact::Typed { path, text } => {
                *field == path && found.as_str().is_some_and(|found| is_typed(text, found))
            }
            Fact::Entry {
                section,
                pointer,
                value,
            } => {
                let place = self.entry.map(|entry| format!("{section}/{entry}"));
                place.as_ref() == Some(&field.0) && found.pointer(pointer) == Some(value)
            }
        })
    }

    /// In words that hold nothing of a patient's.
    pub(super) fn told(&self) -> String {
        let author = match self.phone {
            PATIENT => "a patient".to_owned(),
            phone => format!("phone {phone}"),
        };
        format!(
            "{} by {author} at {} in {:?} {}, change {}",
            self.what,
            clock(self.at_ms),
            self.document.kind,
            self.document.id,
            self.hash
        )
    }
}

/// Whether these are the characters that were typed. Written anew before a text that begins
/// as they do, they are the same ones turned round: which of two equal characters is the new
/// one can't be told.
fn is_typed(text: &str, found: &str) -> bool {
    text.len() == found.len() && format!("{text}{text}").contains(found)
}

/// A photo that somebody tried to take.
#[derive(Debug, Clone)]
pub(super) struct Photo {
    /// The edit that was told as saved; none: it was not.
    pub(super) claim: Option<usize>,
    pub(super) phone: usize,
    pub(super) visit: VisitId,
    pub(super) entry: Option<EntryId>,
    pub(super) address: AttachmentAddress,
    pub(super) bytes: Vec<u8>,
    /// Why nobody can be asked for it any more: its last copy is gone.
    pub(super) excused: bool,
}

/// A moment of the simulation, as a person reads it.
pub(super) fn clock(ms: i64) -> String {
    let seconds = ms / 1_000;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!(
        "{hours:02}:{minutes:02}:{:02}.{:03}",
        seconds % 60,
        ms % 1_000
    )
}

/// What should be true.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) claims: Vec<Claim>,
    pub(super) photos: Vec<Photo>,
    /// Who may see whom now.
    pub(super) access: BTreeSet<(PersonId, PatientId)>,
    /// Of these, who took it in an emergency, and until when.
    pub(super) guests: BTreeMap<(PersonId, PatientId), i64>,
    /// Whose access ended once.
    pub(super) ended: BTreeSet<(PersonId, PatientId)>,
    pub(super) patients: Vec<PatientId>,
    /// Visits that people work on, with their patient; the latest last.
    pub(super) visits: Vec<(VisitId, PatientId)>,
    /// Entries that were seen in a document by everybody.
    pub(super) seen: BTreeMap<DocumentId, BTreeSet<String>>,
    /// Documents of this patient moved under a phone's feet: which of two edits knew of the
    /// other can't be told any more.
    pub(super) murky: BTreeSet<DocumentId>,
}

impl Model {
    pub(super) fn may(&self, person: PersonId, patient: PatientId) -> bool {
        self.access.contains(&(person, patient))
    }

    /// Whether the access was taken in an emergency.
    pub(super) fn is_guest(&self, person: PersonId, patient: PatientId) -> bool {
        self.guests.contains_key(&(person, patient))
    }

    /// Earlier claims on a field.
    pub(super) fn on_field<'m>(
        &'m self,
        document: DocumentId,
        field: &'m FieldPath,
    ) -> impl Iterator<Item = (usize, &'m Claim)> {
        self.claims.iter().enumerate().filter(move |(_, claim)| {
            claim.document == document && claim.field().is_some_and(|(path, _)| path == field)
        })
    }
}
