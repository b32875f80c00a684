//! Two visits that may be one: found by rule, decided by a person, never blocked.

use serde::{Deserialize, Serialize};

use super::{HOUR_MS, Millis, PersonId, Stamp, Visit, VisitId, VisitStatus};

/// Visits of one patient that lie less than this apart are looked at.
pub const DUPLICATE_NEAR_MS: i64 = HOUR_MS;

/// Why two visits may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateWhy {
    /// Their times overlap.
    SameTime,
    /// Less than [`DUPLICATE_NEAR_MS`] lies between them.
    NearTime,
}

impl DuplicateWhy {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameTime => "same_time",
            Self::NearTime => "near_time",
        }
    }
}

/// What a person decided about two visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateVerdict {
    /// One visit, entered twice: the one that says so stands no more.
    SameVisit,
    /// Two visits.
    TwoVisits,
    /// A verdict that this version does not know; the flag is settled.
    #[serde(other)]
    Unknown,
}

impl DuplicateVerdict {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SameVisit => "same_visit",
            Self::TwoVisits => "two_visits",
            Self::Unknown => "unknown",
        }
    }
}

/// A decision about this visit and another one: section `duplicates` of either.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DuplicateEntry {
    /// The other visit.
    pub other: VisitId,
    /// What was decided.
    pub verdict: DuplicateVerdict,
    /// Who decided.
    pub by: PersonId,
    /// When, with what is needed to judge the clock.
    pub stamp: Stamp,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A visit beside its window, as the search for duplicates sees it.
#[derive(Debug, Clone, Copy)]
pub struct Windowed<'v> {
    /// Which.
    pub id: VisitId,
    /// First and last instant of its booking.
    pub window: (Millis, Millis),
    /// What its document says.
    pub visit: &'v Visit,
}

impl Windowed<'_> {
    /// From when until when it was or is to be: the steps where there are any, else the
    /// window.
    fn span(&self) -> (Millis, Millis) {
        let at = |to: VisitStatus| {
            let steps = self.visit.steps.values().filter(move |step| step.to == to);
            steps.map(|step| step.stamp.best())
        };
        let Some(began) = at(VisitStatus::InProgress).min() else {
            return self.window;
        };
        let long_ms = self.window.1.0.saturating_sub(self.window.0.0).max(0);
        let ended = at(VisitStatus::Completed).max();
        (began, ended.unwrap_or(began.plus(long_ms)).max(began))
    }

    fn decided(&self, other: VisitId) -> bool {
        let mut entries = self.visit.duplicates.values();
        entries.any(|entry| entry.other == other)
    }
}

/// Whether two visits may be one, and why: of the same patient, at least one of them
/// unplanned, none of them called off, at the same time or nearly so, and nobody decided
/// yet. Who goes does not matter: two people may each have made the visit.
#[must_use]
pub fn likely_duplicate(one: &Windowed<'_>, other: &Windowed<'_>) -> Option<DuplicateWhy> {
    let off = |visit: &Visit| matches!(visit.status, VisitStatus::Canceled | VisitStatus::Missed);
    let (here, there) = (one.visit, other.visit);
    let may_be = one.id != other.id
        && here.patient == there.patient
        && (here.unplanned.is_some() || there.unplanned.is_some())
        && !off(here)
        && !off(there)
        && !one.decided(other.id)
        && !other.decided(one.id);
    if !may_be {
        return None;
    }
    let (mine, theirs) = (one.span(), other.span());
    let gap_ms = (theirs.0.0.saturating_sub(mine.1.0)).max(mine.0.0.saturating_sub(theirs.1.0));
    match gap_ms {
        i64::MIN..0 => Some(DuplicateWhy::SameTime),
        0..DUPLICATE_NEAR_MS => Some(DuplicateWhy::NearTime),
        _ => None,
    }
}

/// The visit of which this one is a duplicate, as a person decided.
#[must_use]
pub fn duplicate_of(visit: &Visit) -> Option<VisitId> {
    let mut entries = visit.duplicates.values();
    let same = entries.find(|entry| entry.verdict == DuplicateVerdict::SameVisit)?;
    Some(same.other)
}

#[cfg(test)]
mod tests;
