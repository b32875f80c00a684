//! Entries are never overwritten: a correction says that one was wrong.

use std::collections::BTreeMap;

use homeround::model::{CorrectionEntry, EntryId as Entry};

use crate::names::{By, Names};
use crate::types::EntryId;

/// That an entry was wrong, and what stands in its place.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Correction {
    /// The entry that stands in its place; none: entered in error.
    pub replacement: Option<EntryId>,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// The last correction of each entry.
pub(crate) struct Corrections(BTreeMap<(String, Entry), Correction>);

impl Corrections {
    pub(crate) fn of(entries: &BTreeMap<Entry, CorrectionEntry>, names: &Names<'_>) -> Self {
        let corrections = entries.values().map(|entry| {
            let correction = Correction {
                replacement: entry.replacement,
                reason: entry.reason.clone(),
                by: names.by(entry.by),
                at_ms: entry.at_ms.0,
            };
            ((entry.section.clone(), entry.target), correction)
        });
        Self(corrections.collect())
    }

    pub(crate) fn get(&self, section: &str, id: Entry) -> Option<Correction> {
        self.0.get(&(section.to_owned(), id)).cloned()
    }
}
