//! A visit that nobody booked, made on this phone, with or without signal.

use serde_json::json;

use super::edit::{Saved, clamp, merge_error};
use super::error::AppError;
use super::inner::{self, Opened};
use super::{Homeround, project};
use crate::access::{self, Change};
use crate::merge::{Document, Edit};
use crate::model::{
    Booking, Coding, DocumentId, Millis, PatientId, RecordKind, Stamp, Unplanned, UnplannedReason,
    VisitId, VisitStatus,
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
        let clock = self.inner.clocks.now();
        let visit = VisitId::mint(clock.wall_ms, self.inner.random()?);
        let id = DocumentId::visit(visit);
        let hash = {
            let mut guard = self.inner.opened()?;
            let opened = guard.as_mut().ok_or(AppError::Locked)?;
            let anchor = opened.anchor;
            let stamp = Stamp { clock, anchor };
            let store = std::sync::Arc::clone(&opened.store);
            let zone = &self.inner.config.time_zone;
            let (hash, document) = store.write(|tx| opened.create(tx, id, new, stamp, zone))?;
            opened.keep_document(new.patient, document);
            hash
        };
        let saved = Saved {
            hash,
            entry: None,
            revision: self.inner.next_revision(),
        };
        self.inner.tell(saved.revision, &[id]);
        Ok((visit, saved))
    }
}

impl Opened {
    fn create(
        &self,
        tx: &WriteTx<'_>,
        id: DocumentId,
        new: &NewVisit,
        stamp: Stamp,
        zone: &str,
    ) -> Result<(crate::model::ChangeHash, Document), AppError> {
        inner::lease_permits(tx, stamp.clock)?;
        let unplanned = Unplanned {
            by: self.me()?.person,
            stamp,
            reason: new.reason,
            comment: new.comment.clone().filter(|text| !text.trim().is_empty()),
            service: new.service.clone(),
            start_ms: start(new, stamp)?,
            minutes: new.minutes,
            time_zone: home_zone(tx, new.patient)?.unwrap_or_else(|| zone.to_owned()),
        };
        unplanned.check()?;
        let tree = json!({
            "patient": new.patient, "status": VisitStatus::Scheduled, "unplanned": unplanned,
        });
        let at = clamp(stamp.clock.wall_ms);
        let (document, edit) = Document::create(id, &tree, self.actor, at).map_err(merge_error)?;
        self.may_create(tx, (id, new.patient), &edit, stamp.best())?;
        tx.ensure_document(id, new.patient)?;
        self.store_edit(tx, &document, &edit, false, "new_visit", stamp)?;
        Ok((edit.hash, document))
    }

    /// Judges a document's creation as the backend will.
    fn may_create(
        &self,
        rows: &Rows,
        (id, patient): (DocumentId, PatientId),
        edit: &Edit,
        now: Millis,
    ) -> Result<(), AppError> {
        let changes: Vec<Change<'_>> = edit
            .touched
            .iter()
            .map(|touch| Change {
                path: &touch.path,
                by: touch.value.as_ref().and_then(super::edit::author_of),
                value: touch.value.as_ref(),
                creates: true,
            })
            .collect();
        let subject = access::Subject {
            kind: id.kind,
            patient,
            sealed: false,
            seal_known: false,
        };
        let grants = self.grants_of(rows, patient)?;
        let me = self.me()?.actor();
        access::may_change(&self.policy, &me, &subject, &grants, now, &changes)
            .map_err(inner::denied)
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

/// The time zone of a patient's home, as their bookings have it.
fn home_zone(rows: &Rows, patient: PatientId) -> Result<Option<String>, AppError> {
    let bookings = rows.records_of(patient, RecordKind::Booking)?;
    let read = |body: &String| serde_json::from_str::<Booking>(body).ok();
    let mut bodies = bookings.iter().rev().filter_map(|row| row.body.as_ref());
    Ok(bodies.find_map(read).map(|booking| booking.time_zone))
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
