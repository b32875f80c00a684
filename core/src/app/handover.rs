//! A visit handed over to a colleague: said on the phone, booked by the backend.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::json;

use super::Homeround;
use super::edit::Saved;
use super::error::AppError;
use super::visit::{VisitHandle, put, status_of};
use crate::model::{
    Booking, CareTeam, Handover, HandoverReason, HandoverState, PatientId, Person, PersonId,
    RecordId, RecordKind, Role, VisitId, VisitStatus,
};
use crate::store::Rows;

/// What a hand-over says, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct HandoverView {
    /// Who gives it to whom, and why.
    pub handover: Handover,
    /// Where it stands, by the booking on this phone.
    pub state: HandoverState,
}

/// A visit that was handed over on this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedOver {
    /// The visit.
    pub visit: VisitId,
    /// The edit.
    pub saved: Saved,
    /// How many edits of the patient's documents are unsent on this phone, this one
    /// included: they go with the next sync.
    pub unsent: u64,
}

impl VisitHandle {
    /// Hands the visit over to a member of the patient's care team. The visit stays on
    /// one's own day until the backend has booked the colleague. Two people who give it
    /// to two others open a conflict.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `status` when the visit is over, on `by` for somebody
    /// else's visit, on `to` for who is not of the patient's team, on `comment`.
    pub fn hand_over(
        &self,
        to: PersonId,
        reason: HandoverReason,
        comment: Option<String>,
    ) -> Result<HandedOver, AppError> {
        let comment = comment.filter(|text| !text.trim().is_empty());
        let saved = self.edit("handover", |desk| {
            if !may_be_given(status_of(desk.view)?) {
                return Err(refused("status", "a visit that is not over"));
            }
            let row = desk.rows.visit_row(self.id)?;
            if row.is_none_or(|row| !row.assignees.contains(&desk.me)) {
                return Err(refused("by", "a visit that is one's own"));
            }
            let team = team(desk.rows, desk.patient)?;
            if !team.iter().any(|person| person.id == to) {
                return Err(refused("to", "a member of the patient's care team"));
            }
            let handover = Handover {
                by: desk.me,
                to,
                reason,
                comment,
                stamp: desk.stamp,
            };
            handover.check()?;
            Ok(vec![put("handover", json!(handover))])
        })?;
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let patient = reader.patient_of(self.document())?;
        let patient = patient.ok_or(AppError::NotFound { what: "document" })?;
        Ok(HandedOver {
            visit: self.id,
            saved,
            unsent: reader.unsent_of_patient(patient)?,
        })
    }

    /// To whom the visit was handed over last, and where that stands; none: to nobody.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn handover(&self) -> Result<Option<HandoverView>, AppError> {
        let Some(handover) = self.read()?.handover else {
            return Ok(None);
        };
        let reads = self.inner.reads()?;
        let rows = reads.store.reader()?;
        let booking = super::patient::record(&rows, RecordKind::Booking, RecordId(self.id.0))?;
        let state = handover.state(booking.as_ref());
        Ok(Some(HandoverView { handover, state }))
    }

    /// Who may take the visit: the members of the patient's care team that work in
    /// homes, oneself left out, by name.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn colleagues(&self) -> Result<Vec<Person>, AppError> {
        let patient = self.read()?.patient;
        let reads = self.inner.reads()?;
        let me = reads.me.as_ref().map(|me| me.person);
        let mut team = team(&*reads.store.reader()?, patient)?;
        team.retain(|person| Some(person.id) != me);
        Ok(team)
    }
}

impl Homeround {
    /// Hands over what is left of one's own day: the visits that have not begun, each by
    /// itself. Those that were handed over before, and those whose patient's team the
    /// colleague is not in, stay as they are and are not among the answer.
    ///
    /// # Errors
    /// As [`day`](Self::day) and [`VisitHandle::hand_over`].
    pub fn hand_over_day(
        &self,
        date: NaiveDate,
        to: PersonId,
        reason: HandoverReason,
        comment: Option<&str>,
    ) -> Result<Vec<HandedOver>, AppError> {
        let mut given = Vec::new();
        for row in self.day(date)?.visits {
            if !matches!(row.status, VisitStatus::Scheduled | VisitStatus::Traveling) {
                continue;
            }
            let visit = self.visit(row.visit);
            let waits = |view: HandoverView| view.state == HandoverState::Waiting;
            if visit.handover()?.is_some_and(waits) {
                continue;
            }
            if visit.colleagues()?.iter().any(|person| person.id == to) {
                given.push(visit.hand_over(to, reason, comment.map(str::to_owned))?);
            }
        }
        Ok(given)
    }
}

const fn may_be_given(status: VisitStatus) -> bool {
    matches!(
        status,
        VisitStatus::Scheduled
            | VisitStatus::Traveling
            | VisitStatus::InProgress
            | VisitStatus::OnBreak
    )
}

/// The members of a patient's care team who work in homes, by name: those whom its record
/// names, and those who are booked for another visit of the patient.
fn team(rows: &Rows, patient: PatientId) -> Result<Vec<Person>, AppError> {
    let teams = rows.records_of(patient, RecordKind::CareTeam)?;
    let read = |body: &String| serde_json::from_str::<CareTeam>(body).ok();
    let teams = teams.iter().filter_map(|row| read(row.body.as_ref()?));
    let members = teams.flat_map(|team| team.members);
    let mut ids: BTreeSet<PersonId> = members.filter_map(|member| member.person).collect();
    let bookings = rows.records_of(patient, RecordKind::Booking)?;
    let read = |body: &String| serde_json::from_str::<Booking>(body).ok();
    let bookings = bookings.iter().filter_map(|row| read(row.body.as_ref()?));
    ids.extend(bookings.flat_map(|booking| booking.assignees));
    let mut people = Vec::new();
    for id in ids {
        let person = super::patient::record(rows, RecordKind::Person, RecordId(id.0))?;
        people
            .extend(person.filter(|person: &Person| person.role.is_some_and(Role::works_in_homes)));
    }
    people.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(people)
}

fn refused(field: &str, limit: &str) -> AppError {
    AppError::Refused {
        field: field.into(),
        limit: limit.into(),
    }
}
