//! What an import took, what it skipped and why, and what somebody should look at.

use std::collections::BTreeMap;

use serde::Serialize;

/// Most problems that a report lists; the rest are counted.
pub const PROBLEMS_MAX: usize = 500;

/// What came of an import. `imported` and `skipped` together count every entry
/// of the input exactly once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries of the input.
    pub entries: u64,
    /// Entries that were taken, by resource type.
    pub imported: BTreeMap<String, u64>,
    /// Entries that were not, by resource type, then by reason code.
    pub skipped: BTreeMap<String, BTreeMap<String, u64>>,
    /// What somebody should look at, in order of the input; at most [`PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
    /// Problems beyond that, which are not listed.
    pub problems_unlisted: u64,
    /// What was odd about the input as a whole, as stable codes.
    pub notes: Vec<String>,
}

/// Something about one entry that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Which entry of the input, from 0; for NDJSON, which line with content.
    pub index: u64,
    /// Its resource type, or `unknown`.
    pub resource_type: String,
    /// The resource's own id, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong, as a stable code.
    pub code: &'static str,
    /// Where, as in `participant[1].member`.
    pub field: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Report {
    /// Entries taken.
    #[must_use]
    pub fn imported_total(&self) -> u64 {
        self.imported.values().sum()
    }

    /// Entries not taken.
    #[must_use]
    pub fn skipped_total(&self) -> u64 {
        self.skipped.values().flat_map(BTreeMap::values).sum()
    }

    pub(crate) fn took(&mut self, resource_type: &str) {
        *self.imported.entry(resource_type.to_owned()).or_default() += 1;
    }

    pub(crate) fn skip(&mut self, resource_type: &str, reason: &str) {
        let reasons = self.skipped.entry(resource_type.to_owned()).or_default();
        *reasons.entry(reason.to_owned()).or_default() += 1;
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.problems_unlisted += 1;
        }
    }
}
