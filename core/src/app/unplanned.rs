//! A visit that nobody booked, made on this phone, with or without signal.

use serde_json::json;

use super::edit::Saved;
use super::error::AppError;
use super::inner::{self, Opened};
use super::patient::home_zone;
use super::{Homeround, project};
use crate::model::{
    Coding, DocumentId, Millis, PatientId, Stamp, Unplanned, UnplannedReason, VisitId, VisitStatus,
};
use crate::store::{Rows, WriteTx};

/// How far from now a visit may begin that is made on a phone, either way.
pub const NEW_VISIT_WITHIN_MS: i64 = 7 * crate::model::DAY_MS;

/// A visit to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVisit {
    /// For whom.
    pub patient: PatientId,
    /// What for, as in skilled nursing; 1..=200 characters of text.
    pub service: Coding,
    /// Why nobody had booked it.
    pub reason: UnplannedReason,
    /// In the person's own words, up to 1 000 characters; needed where the reason is
    /// `other`.
    pub comment: Option<String>,
    /// When it begins, within [`NEW_VISIT_WITHIN_MS`] of now; none: now.
    pub start_ms: Option<Millis>,
    /// How long it is expected to take, 1..=720 minutes.
    pub minutes: u32,
}

impl Homeround {
    /// Makes an unplanned visit for oneself. It is on one's own day at once and can be
    /// worked on as any other; the backend judges it when it is pushed, books it, and
    /// gives it to the team.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the field; [`AppError::NotAllowed`] for a patient out
    /// of scope or a role that makes no visits; [`AppError::LeaseEnded`],
    /// [`AppError::NotEnrolled`], [`AppError::Locked`].
    pub fn new_visit(&self, new: &NewVisit) -> Result<(VisitId, Saved), AppError> {
        let at = self.inner.clocks.now().wall_ms;
        let visit = VisitId::mint(at, self.inner.random()?);
        let id = DocumentId::visit(visit);
        let make = |rows: &Rows, opened: &Opened, stamp: Stamp| {
            let zone = home_zone(rows, new.patient, stamp.best())?;
            let unplanned = Unplanned {
                by: opened.me()?.person,
                stamp,
                reason: new.reason,
                comment: new.comment.clone().filter(|text| !text.trim().is_empty()),
                service: new.service.clone(),
                start_ms: start(new, stamp)?,
                minutes: new.minutes,
                time_zone: zone.unwrap_or_else(|| self.inner.config.time_zone.clone()),
            };
            unplanned.check()?;
            Ok(json!({
                "patient": new.patient, "status": VisitStatus::Scheduled, "unplanned": unplanned,
            }))
        };
        let saved = self.inner.create(id, new.patient, "new_visit", make)?;
        Ok((visit, saved))
    }
}

fn start(new: &NewVisit, stamp: Stamp) -> Result<Millis, AppError> {
    let now = stamp.best();
    let start = new.start_ms.unwrap_or(now);
    if start.0.abs_diff(now.0) > NEW_VISIT_WITHIN_MS.unsigned_abs() {
        return Err(AppError::Refused {
            field: "start_ms".into(),
            limit: "within 7 days of now".into(),
        });
    }
    Ok(start)
}

/// Shows again what a recovered phone has of visits that it made itself and nobody else
/// has yet.
pub(super) fn show_recovered(
    tx: &WriteTx<'_>,
    id: DocumentId,
    now: Millis,
) -> Result<(), AppError> {
    let Ok(document) = inner::load(tx, id) else {
        // What it builds on is the backend's to send.
        return Ok(());
    };
    let patient = super::arrive::patient_of(document.view())?;
    tx.rehome(id, patient)?;
    project::write_all(tx, &document, now, None).map_err(AppError::from)
}
