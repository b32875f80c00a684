//! A virtual visit: the patient's consent, who waits and who is in the call, and the
//! phone call that it falls back to. All of it without signal; the call is another
//! program's.

use serde_json::json;

use super::edit::{Desk, Saved};
use super::error::AppError;
use super::patient::{demographics, record};
use super::visit::{VisitHandle, put};
use crate::merge::Op;
use crate::model::{
    Booking, ConsentDecision, ConsentForm, ConsentParty, EntryId, FallbackReason, LobbyEntry,
    LobbySource, LobbyState, LobbyWhat, Millis, NoFix, PatientId, PhoneCall, Place, RecordId,
    RecordKind, VirtualBooking, Visit, VisitConsent, VisitId, VisitStatus, in_lobby_order,
    lobby_state,
};
use crate::store::{Rows, VisitRow};

/// What a patient, or who decides for them, says to a virtual visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConsent {
    /// What was said.
    pub decision: ConsentDecision,
    /// By whom.
    pub party: ConsentParty,
    /// The representative's name, 1 to 200 characters; of nobody else.
    pub name: Option<String>,
    /// How.
    pub form: ConsentForm,
}

/// How a virtual visit goes on by phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneFallback {
    /// Why.
    pub reason: FallbackReason,
    /// In the person's own words, up to 1 000 characters; needed where the reason is
    /// `other`.
    pub comment: Option<String>,
    /// The number; none: the one that the visit was booked with, else the patient's first.
    pub phone: Option<String>,
}

/// A virtual visit as a screen shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualView {
    /// Where to join the call, `https`, for the system to open; none: the office has not
    /// said, or the visit is over.
    pub join_url: Option<String>,
    /// The number to fall back to, as it is written; none: nobody knows one.
    pub phone: Option<String>,
    /// What the patient said; none: nobody has asked.
    pub consent: Option<VisitConsent>,
    /// Where the call stands.
    pub state: LobbyState,
    /// Since when; none: nothing was noted.
    pub since: Option<Millis>,
    /// The last fall-back; none: there was none.
    pub phone_call: Option<PhoneCall>,
    /// What was noted, in order.
    pub lobby: Vec<(EntryId, LobbyEntry)>,
}

impl VisitHandle {
    /// What there is of a virtual visit; none: the visit is at the patient's home.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn virtual_visit(&self) -> Result<Option<VirtualView>, AppError> {
        self.virtual_visit_of(&self.read()?)
    }

    /// As [`virtual_visit`](Self::virtual_visit), of a visit that was read already.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn virtual_visit_of(&self, visit: &Visit) -> Result<Option<VirtualView>, AppError> {
        let reads = self.inner.reads()?;
        let rows = reads.store.reader()?;
        reads.may_read(&rows, visit.patient, self.inner.clocks.now())?;
        let Some(known) = booked(&rows, self.id)? else {
            return Ok(None);
        };
        let (state, since) = lobby_state(&visit.lobby);
        let lobby: Vec<_> = in_lobby_order(&visit.lobby)
            .into_iter()
            .map(|(id, entry)| (id, entry.clone()))
            .collect();
        let call = lobby.iter().rev().find_map(|(_, entry)| match &entry.what {
            LobbyWhat::PhoneCall(call) => Some(call.clone()),
            _ => None,
        });
        let link = known.join_link.as_ref().filter(|_| is_open(visit.status));
        Ok(Some(VirtualView {
            join_url: link.and_then(|link| link.url()).map(str::to_owned),
            phone: number(&rows, &known, visit.patient)?,
            consent: visit.consent.clone(),
            state,
            since,
            phone_call: call,
            lobby,
        }))
    }

    /// Notes what the patient says to a virtual visit. It can be said anew: what was said
    /// before stays in the history.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `virtual_visit` for a visit at home, and names the field
    /// that is missing or unknown; [`AppError::NotAllowed`], [`AppError::Signed`].
    pub fn record_consent(&self, new: &NewConsent) -> Result<Saved, AppError> {
        self.edit("consent", |desk| {
            must_be_virtual(desk, self.id)?;
            let consent = VisitConsent {
                decision: new.decision,
                party: new.party,
                name: new.name.as_deref().map(str::trim).map(str::to_owned),
                form: new.form,
                by: desk.me,
                stamp: desk.stamp,
            };
            consent.check()?;
            Ok(vec![put("consent", json!(consent))])
        })
    }

    /// Notes that one waits for the patient, that the patient is there, that both are in
    /// the call, or that the call was left.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `virtual_visit` for a visit at home, on `what` for a phone
    /// call, which [`fall_back_to_phone`](Self::fall_back_to_phone) notes;
    /// [`AppError::NotFound`] on `lobby` in a visit that an earlier backend made.
    pub fn note_lobby(&self, what: LobbyWhat) -> Result<Saved, AppError> {
        if matches!(what, LobbyWhat::PhoneCall(_) | LobbyWhat::Unknown) {
            return Err(refused("what", "waiting, in_lobby, joined or left"));
        }
        self.edit("lobby", |desk| Ok(vec![noted(desk, self.id, what)?]))
    }

    /// Goes on by phone. The visit, its note, its tasks and its forms stay as they are;
    /// answers the number to call.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `virtual_visit` for a visit at home, on `comment` where the
    /// reason is `other` and there is none, on `phone` where no number is known or the one
    /// that was given is none; [`AppError::NotFound`] as [`note_lobby`](Self::note_lobby).
    pub fn fall_back_to_phone(&self, new: &PhoneFallback) -> Result<(Saved, String), AppError> {
        let mut called = String::new();
        let saved = self.edit("phone_call", |desk| {
            let known = must_be_virtual(desk, self.id)?;
            let phone = match &new.phone {
                Some(given) => Some(given.trim().to_owned()),
                None => number(desk.rows, &known, desk.patient)?,
            };
            let call = PhoneCall {
                reason: new.reason,
                comment: new.comment.clone().filter(|text| !text.trim().is_empty()),
                phone: phone.ok_or_else(|| refused("phone", "a number: none is known"))?,
            };
            call.check()?;
            called.clone_from(&call.phone);
            Ok(vec![noted(desk, self.id, LobbyWhat::PhoneCall(call))?])
        })?;
        Ok((saved, called))
    }

    /// No way leads to a virtual visit.
    pub(super) fn must_be_at_home(&self) -> Result<(), AppError> {
        if self.is_virtual()? {
            return Err(refused("virtual_visit", "a visit at the patient's home"));
        }
        Ok(())
    }

    /// A virtual visit begins once somebody agreed to it.
    pub(super) fn must_be_agreed_to(&self) -> Result<(), AppError> {
        let agreed = |visit: &Visit| {
            let consent = visit.consent.as_ref();
            consent.is_some_and(|it| it.decision == ConsentDecision::Given)
        };
        if !self.is_virtual()? || agreed(&self.read()?) {
            return Ok(());
        }
        Err(refused("consent", "given, before a virtual visit begins"))
    }

    fn is_virtual(&self) -> Result<bool, AppError> {
        let reads = self.inner.reads()?;
        let rows = reads.store.reader()?;
        Ok(booked(&rows, self.id)?.is_some())
    }
}

/// What the booking says of a virtual visit; none: the visit is at home.
pub(super) fn booked(rows: &Rows, visit: VisitId) -> Result<Option<VirtualBooking>, AppError> {
    let booking: Option<Booking> = record(rows, RecordKind::Booking, RecordId(visit.0))?;
    Ok(booking.and_then(|booking| booking.virtual_visit))
}

/// Which of these visits are virtual.
pub(super) fn among(rows: &Rows, visits: &[VisitRow]) -> Result<Vec<VisitId>, AppError> {
    let mut found = Vec::new();
    for row in visits {
        if booked(rows, row.visit)?.is_some() {
            found.push(row.visit);
        }
    }
    Ok(found)
}

/// The place of a step or a stamp; of a virtual visit there is none.
pub(super) fn place(rows: &Rows, visit: VisitId, place: Place) -> Result<Place, AppError> {
    Ok(match booked(rows, visit)? {
        Some(_) => Place::Unknown(NoFix::Virtual),
        None => place,
    })
}

/// Whether there is still something to join.
const fn is_open(status: VisitStatus) -> bool {
    matches!(
        status,
        VisitStatus::Scheduled
            | VisitStatus::Traveling
            | VisitStatus::InProgress
            | VisitStatus::OnBreak
    )
}

/// The number that the visit was booked with, else the patient's first.
fn number(
    rows: &Rows,
    known: &VirtualBooking,
    patient: PatientId,
) -> Result<Option<String>, AppError> {
    if known.phone.is_some() {
        return Ok(known.phone.clone());
    }
    let patient = demographics(rows, patient)?;
    Ok(patient.and_then(|patient| patient.phones.into_iter().next()))
}

fn must_be_virtual(desk: &Desk<'_>, visit: VisitId) -> Result<VirtualBooking, AppError> {
    let known = booked(desk.rows, visit)?;
    known.ok_or_else(|| refused("virtual_visit", "a virtual visit"))
}

fn noted(desk: &mut Desk<'_>, visit: VisitId, what: LobbyWhat) -> Result<Op, AppError> {
    must_be_virtual(desk, visit)?;
    if !desk.view["lobby"].is_object() {
        // An earlier backend made the visit: it has no room for it.
        return Err(AppError::NotFound { what: "lobby" });
    }
    let entry = LobbyEntry {
        by: desk.me,
        stamp: desk.stamp,
        source: LobbySource::Member,
        what,
    };
    desk.append("lobby", &entry)
}

fn refused(field: &str, limit: &str) -> AppError {
    AppError::Refused {
        field: field.into(),
        limit: limit.into(),
    }
}
