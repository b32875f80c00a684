//! Visits that may be there twice: shown with which and why, decided by a person.

use std::collections::{BTreeMap, BTreeSet};

use super::edit::Saved;
use super::error::AppError;
use super::flow::{Move, take_step};
use super::presence::Mark;
use super::visit::{VisitHandle, status_of};
use crate::model::{
    Booking, DAY_MS, DocumentId, DuplicateEntry, DuplicateVerdict, DuplicateWhy, NotDoneReason,
    PatientId, Place, RecordId, RecordKind, Visit, VisitId, VisitStatus, Windowed, check_comment,
    likely_duplicate,
};
use crate::store::{Rows, VisitRow};

/// Another visit that may be this one.
#[derive(Debug, Clone, PartialEq)]
pub struct LikelyDuplicate {
    /// Its line: when, who goes, where it stands.
    pub other: VisitRow,
    /// Why it may be.
    pub why: DuplicateWhy,
}

impl VisitHandle {
    /// The visits on this phone that may be this one, in order of their beginning. Empty
    /// once somebody has decided. Nothing is blocked by it.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn likely_duplicates(&self) -> Result<Vec<LikelyDuplicate>, AppError> {
        let visit = self.read()?;
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let Some(row) = reader.visit_row(self.id)? else {
            return Ok(Vec::new());
        };
        let (from, until) = (row.start_ms.plus(-DAY_MS), row.end_ms.plus(DAY_MS));
        let mut found = Vec::new();
        for other in reader.visits_between(from, until, None)? {
            if other.patient != row.patient || other.visit == self.id {
                continue;
            }
            // What this version can't read is not compared.
            let Ok(there) = read(&reader, other.visit) else {
                continue;
            };
            if let Some(why) = likely_duplicate(&windowed(&row, &visit), &windowed(&other, &there))
            {
                found.push(LikelyDuplicate { other, why });
            }
        }
        Ok(found)
    }

    /// Decides that this visit is `other`, entered twice: this one is called off with the
    /// reason `duplicate` where it can still be, says which one stands, and keeps
    /// everything that was recorded in it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when `other` is not on this phone; [`AppError::Refused`] on
    /// `other` for another patient's visit or this one, on `comment` when it is too long.
    pub fn same_visit(
        &self,
        other: VisitId,
        place: impl Into<Place>,
        comment: Option<String>,
    ) -> Result<Saved, AppError> {
        self.comparable(other)?;
        check_comment(comment.as_deref(), false)?;
        let place = place.into();
        super::presence::check(&place)?;
        self.edit_stamped("same_visit", |desk, clerk| {
            let mut ops = Vec::new();
            if status_of(desk.view)?.step(VisitStatus::Canceled).is_ok() {
                let off = Move {
                    place,
                    mark: Some(Mark::Out),
                    reason: Some(NotDoneReason::Duplicate),
                    comment: comment.clone(),
                    ..Move::to(VisitStatus::Canceled)
                };
                ops.extend(take_step(desk, clerk, off)?);
            }
            let entry = decision(desk, other, DuplicateVerdict::SameVisit, comment);
            ops.push(desk.append("duplicates", &entry)?);
            Ok(ops)
        })
    }

    /// Decides that this visit and `other` are two: the flag is settled, on every phone.
    ///
    /// # Errors
    /// As [`same_visit`](Self::same_visit).
    pub fn two_visits(&self, other: VisitId, comment: Option<String>) -> Result<Saved, AppError> {
        self.comparable(other)?;
        check_comment(comment.as_deref(), false)?;
        self.edit("two_visits", |desk| {
            let entry = decision(desk, other, DuplicateVerdict::TwoVisits, comment);
            Ok(vec![desk.append("duplicates", &entry)?])
        })
    }

    fn comparable(&self, other: VisitId) -> Result<(), AppError> {
        let here = self.read()?;
        let there: Visit = self.inner.read_view(DocumentId::visit(other))?;
        if other == self.id || here.patient != there.patient {
            return Err(AppError::Refused {
                field: "other".into(),
                limit: "another visit of the same patient".into(),
            });
        }
        Ok(())
    }
}

fn decision(
    desk: &super::edit::Desk<'_>,
    other: VisitId,
    verdict: DuplicateVerdict,
    comment: Option<String>,
) -> DuplicateEntry {
    DuplicateEntry {
        other,
        verdict,
        by: desk.me,
        stamp: desk.stamp,
        comment: comment.filter(|text| !text.trim().is_empty()),
    }
}

/// Which of some visits may be there twice: those of a patient with several, of which one
/// is unplanned. Only these are read.
pub(super) fn flagged(rows: &Rows, near: &[VisitRow]) -> Result<BTreeSet<VisitId>, AppError> {
    let mut by_patient: BTreeMap<PatientId, Vec<&VisitRow>> = BTreeMap::new();
    for row in near {
        by_patient.entry(row.patient).or_default().push(row);
    }
    let mut flagged = BTreeSet::new();
    for visits in by_patient.values().filter(|visits| visits.len() > 1) {
        let mut unplanned = false;
        for row in visits {
            unplanned |= is_unplanned(rows, row.visit)?;
        }
        if !unplanned {
            continue;
        }
        let mut known: Vec<(&VisitRow, Visit)> = Vec::new();
        for row in visits {
            // What this version can't read is not compared.
            known.extend(read(rows, row.visit).ok().map(|visit| (*row, visit)));
        }
        for (at, (row, visit)) in known.iter().enumerate() {
            for (other, there) in known.iter().skip(at + 1) {
                if likely_duplicate(&windowed(row, visit), &windowed(other, there)).is_some() {
                    flagged.extend([row.visit, other.visit]);
                }
            }
        }
    }
    Ok(flagged)
}

/// Whether a visit was made by a care member, as its booking says; one that waits for its
/// booking was.
fn is_unplanned(rows: &Rows, visit: VisitId) -> Result<bool, AppError> {
    let record = rows.record(RecordKind::Booking, RecordId(visit.0))?;
    let Some(body) = record.and_then(|record| record.body) else {
        return Ok(true);
    };
    let booking = serde_json::from_str::<Booking>(&body);
    Ok(booking.is_ok_and(|booking| booking.unplanned))
}

fn read(rows: &Rows, visit: VisitId) -> Result<Visit, AppError> {
    super::project::read(rows, DocumentId::visit(visit))
}

const fn windowed<'v>(row: &VisitRow, visit: &'v Visit) -> Windowed<'v> {
    Windowed {
        id: row.visit,
        window: (row.start_ms, row.end_ms),
        visit,
    }
}
