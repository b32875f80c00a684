//! Visits that may be there twice, as the office sees them: by the same rule as the phones.

use std::collections::BTreeMap;

use homeround::model::{
    Booking, DAY_MS, DocumentId, Millis, PatientId, PersonId, RecordKind, Unplanned, Visit,
    VisitId, VisitStatus, Windowed, likely_duplicate,
};
use serde::Serialize;

use super::grants::OFFICE;
use super::{Backend, Caller, ServiceError, documents};
use crate::store::Reader;

/// Longest time that is looked at in one call, in days.
pub const DUPLICATES_DAYS_MAX: i64 = 92;

/// Two visits that may be one. A person decides on a phone; nothing is blocked by it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LikelyDuplicateOut {
    /// Whose.
    pub patient: PatientId,
    /// `same_time` or `near_time`.
    pub why: &'static str,
    /// Both, the earlier first.
    pub visits: [DuplicateVisitOut; 2],
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DuplicateVisitOut {
    /// Which.
    pub visit: VisitId,
    /// Start of its window.
    pub start_ms: Millis,
    /// End of its window.
    pub end_ms: Millis,
    /// What for, in words.
    pub service: String,
    /// By whom.
    pub assignees: Vec<PersonId>,
    /// Where it stands.
    pub status: VisitStatus,
    /// The care member who made it; none: the office booked it.
    pub made_by: Option<PersonId>,
}

impl Backend {
    /// The visits booked to begin in `from..until` that may be there twice, by patient and
    /// time.
    ///
    /// # Errors
    /// [`ServiceError::Role`]; [`ServiceError::Refused`] on `until_ms` for more than
    /// [`DUPLICATES_DAYS_MAX`] days.
    pub async fn likely_duplicates(
        &self,
        caller: &Caller,
        from: Millis,
        until: Millis,
    ) -> Result<Vec<LikelyDuplicateOut>, ServiceError> {
        caller.must_be(OFFICE)?;
        let days_ms = until.0.saturating_sub(from.0);
        if !(0..=DUPLICATES_DAYS_MAX * DAY_MS).contains(&days_ms) {
            let limit = "after from_ms, by 92 days at the most";
            return Err(homeround::model::Refused::new("until_ms", limit).into());
        }
        let mut reader = self.storage.read(caller.tenant).await?;
        let mut by_patient: BTreeMap<PatientId, Vec<VisitId>> = BTreeMap::new();
        for row in reader.bookings().await? {
            if !row.ended && (from.0..until.0).contains(&row.start) {
                let visits = by_patient.entry(row.patient).or_default();
                visits.push(VisitId(row.id.0));
            }
        }
        by_patient.retain(|_, visits| visits.len() > 1);
        let mut found = Vec::new();
        for (patient, visits) in by_patient {
            pairs(reader.as_mut(), patient, &visits, &mut found).await?;
        }
        Ok(found)
    }
}

async fn pairs(
    reader: &mut dyn Reader,
    patient: PatientId,
    visits: &[VisitId],
    found: &mut Vec<LikelyDuplicateOut>,
) -> Result<(), ServiceError> {
    let mut bookings = Vec::new();
    for row in reader.records_of(RecordKind::Booking, patient).await? {
        let read = row.body.and_then(|body| serde_json::from_str(&body).ok());
        bookings.extend(read.filter(|one: &Booking| visits.contains(&one.visit)));
    }
    if !bookings.iter().any(|booking| booking.unplanned) {
        return Ok(());
    }
    bookings.sort_by_key(|booking| (booking.start_ms, booking.visit));
    let mut known: Vec<(Booking, Visit)> = Vec::new();
    for booking in bookings {
        let loaded = documents::load(reader, DocumentId::visit(booking.visit)).await?;
        let view = loaded.map(|loaded| loaded.document.view().clone());
        // What this version can't read is not compared.
        let visit = view.and_then(|view| serde_json::from_value(view).ok());
        known.extend(visit.map(|visit| (booking, visit)));
    }
    for (at, (booking, visit)) in known.iter().enumerate() {
        for (other, there) in known.iter().skip(at + 1) {
            let pair = (windowed(booking, visit), windowed(other, there));
            if let Some(why) = likely_duplicate(&pair.0, &pair.1) {
                found.push(LikelyDuplicateOut {
                    patient,
                    why: why.name(),
                    visits: [shown(booking, visit), shown(other, there)],
                });
            }
        }
    }
    Ok(())
}

const fn windowed<'v>(booking: &Booking, visit: &'v Visit) -> Windowed<'v> {
    Windowed {
        id: booking.visit,
        window: (booking.start_ms, booking.end_ms),
        visit,
    }
}

fn shown(booking: &Booking, visit: &Visit) -> DuplicateVisitOut {
    DuplicateVisitOut {
        visit: booking.visit,
        start_ms: booking.start_ms,
        end_ms: booking.end_ms,
        service: booking.service.text.clone(),
        assignees: booking.assignees.clone(),
        status: visit.status,
        made_by: visit.unplanned.as_ref().map(|one: &Unplanned| one.by),
    }
}
