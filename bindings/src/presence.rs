//! Who was in the home: stamps of presence, and joining and leaving a visit.

use homeround::app;
use homeround::model;
pub use homeround::model::{NoFix, PresenceCause, PresenceReason, PresenceState};

use crate::error::HomeroundError;
use crate::names::{By, Names};
use crate::types::{EntryId, Fix, Saved, VisitId};
use crate::visit::Visit;

/// Why a stamp has no place.
#[uniffi::remote(Enum)]
pub enum NoFix {
    /// The shell gave none.
    NotGiven,
    /// The person does not let the app see where the phone is.
    Denied,
    /// Positioning is switched off.
    SwitchedOff,
    /// Positioning found nothing in time, as indoors.
    TimedOut,
    /// The visit is virtual. The core says so itself; a shell that does is refused on
    /// `no_fix`.
    Virtual,
    /// Something else.
    Other,
}

/// Why a stamp is not verified.
#[uniffi::remote(Enum)]
pub enum PresenceCause {
    /// Farther from the home than the radius and the accuracy together.
    OutOfRange,
    /// There was no fix.
    NoFix,
    /// No backend vouches for the time, or the wall clock was far off.
    ClockDoubt,
    /// The phone can't have come here from its last stamp's place in time.
    MovedDevice,
    /// Where the home is, is not recorded: no reason is asked.
    HomeUnknown,
    /// A cause that this version does not know.
    Unknown,
}

/// How sure a stamp is.
#[uniffi::remote(Enum)]
pub enum PresenceState {
    /// Place and time are as they should be.
    Verified,
    /// Not verified; its author is asked for a reason.
    ReasonNeeded,
    /// Not verified; its author gave a reason.
    Explained,
    /// Not verified, and nobody can give a reason.
    Unverified,
}

/// A person's reason for a stamp that is not verified.
#[uniffi::remote(Enum)]
pub enum PresenceReason {
    /// The phone did not work.
    DeviceTrouble,
    /// No coverage.
    NoCoverage,
    /// Forgot to check in in time.
    ForgotStart,
    /// Forgot to check out in time.
    ForgotEnd,
    /// The phone's clock was wrong.
    WrongTime,
    /// Booked wrongly.
    SchedulingError,
    /// The visit is there twice.
    Duplicate,
    /// The care was given somewhere else.
    OtherLocation,
    /// Another patient was meant.
    WrongPatient,
    /// Another service was meant.
    WrongService,
    /// The home or the way was unsafe.
    Unsafe,
    /// An emergency.
    Emergency,
    /// A disaster.
    Disaster,
    /// The patient asked for more time.
    ExtendedByPatient,
    /// The patient asked for less time.
    ShortenedByPatient,
    /// The patient refused.
    Refused,
    /// Nobody was at home.
    NobodyHome,
    /// The patient is in hospital.
    Hospital,
    /// The visit was not planned.
    Unscheduled,
    /// The member who was to come did not.
    NoShow,
    /// Somebody else came.
    ChangeOfProvider,
    /// Entered by hand later.
    ManualEntry,
    /// Anything else; the comment says what.
    Other,
}

/// A check-in or a check-out.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PresenceStamp {
    /// Which.
    pub id: EntryId,
    /// When, by the best known time: the backend's where it vouches for it, else the
    /// phone's wall clock; milliseconds since 1970.
    pub at_ms: i64,
    /// Where.
    pub fix: Option<Fix>,
    /// Why there is no place.
    pub no_fix: Option<NoFix>,
    /// From the home, metres.
    pub distance_m: Option<u32>,
    /// How sure it is.
    pub state: PresenceState,
    /// Why it is not verified; empty when it is.
    pub causes: Vec<PresenceCause>,
    /// What its author says.
    pub reason: Option<PresenceReason>,
    /// In the author's own words.
    pub comment: Option<String>,
}

/// One person's time in the home.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Attendance {
    /// Who.
    pub by: By,
    /// The check-in; none: there is a check-out alone.
    pub check_in: Option<PresenceStamp>,
    /// The check-out; none: still there, or forgotten.
    pub check_out: Option<PresenceStamp>,
    /// Other visits on this phone at which the same person was at the same time.
    pub overlaps: Vec<VisitId>,
}

/// Who was in the home during a visit.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct VisitPresence {
    /// Everybody's time in the home, in the order of arrival.
    pub attendances: Vec<Attendance>,
    /// Whether the person of this phone is checked in.
    pub checked_in: bool,
    /// One's own stamps that wait for a reason. Nothing waits for it.
    pub reasons_needed: Vec<EntryId>,
}

/// The reason for one's own stamp.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewPresenceReason {
    /// The stamp.
    pub stamp: EntryId,
    /// Why.
    pub reason: PresenceReason,
    /// In the person's own words, up to 1 000 characters; needed for `Other`.
    #[uniffi(default = None)]
    pub comment: Option<String>,
}

#[uniffi::export]
impl Visit {
    /// Checks in beside colleagues, or before them: the visit's status stays. A stamp that
    /// is not verified stops nothing and waits for a reason. Fails with `Refused` on
    /// `presence` when the person is checked in already.
    #[uniffi::method(default(fix = None, no_fix = None))]
    pub fn join(&self, fix: Option<Fix>, no_fix: Option<NoFix>) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.join(place(fix, no_fix)))
    }

    /// Checks out while the visit goes on, or after it ended: the visit's status stays.
    /// Fails with `Refused` on `presence` when the person is not checked in.
    #[uniffi::method(default(fix = None, no_fix = None))]
    pub fn leave(&self, fix: Option<Fix>, no_fix: Option<NoFix>) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.leave(place(fix, no_fix)))
    }

    /// Gives the reason for one's own stamp that is not verified; the last one counts.
    /// Fails with `NotFound`, with `Refused` on `target` for somebody else's stamp, and
    /// on `comment`.
    pub fn explain_presence(&self, reason: NewPresenceReason) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.explain_presence(reason.stamp, reason.reason, reason.comment))
    }
}

/// Where a stamp is taken: a fix, or why there is none.
pub(crate) fn place(fix: Option<Fix>, no_fix: Option<NoFix>) -> model::Place {
    match (fix, no_fix) {
        (Some(fix), _) => model::Place::At(fix.into()),
        (None, why) => model::Place::Unknown(why.unwrap_or(NoFix::NotGiven)),
    }
}

/// The presence of a visit as a screen shows it.
pub(crate) fn attended(
    presence: &model::Presence,
    views: Vec<app::PresenceView>,
    names: &Names<'_>,
) -> VisitPresence {
    let shown = views.into_iter().map(|one| Attendance {
        by: names.by(one.attendance.person),
        check_in: stamp(presence, one.attendance.check_in),
        check_out: stamp(presence, one.attendance.check_out),
        overlaps: one.overlaps,
    });
    let attendances: Vec<Attendance> = shown.collect();
    let mut own = attendances.iter().filter(|one| one.by.me);
    let stamps = own.clone().flat_map(|one| [&one.check_in, &one.check_out]);
    let waits = |stamp: &&PresenceStamp| stamp.state == PresenceState::ReasonNeeded;
    VisitPresence {
        reasons_needed: stamps
            .flatten()
            .filter(waits)
            .map(|stamp| stamp.id)
            .collect(),
        checked_in: own.any(|one| one.check_out.is_none()),
        attendances,
    }
}

fn stamp(presence: &model::Presence, id: Option<EntryId>) -> Option<PresenceStamp> {
    let id = id?;
    let entry = presence.get(&id)?;
    let seen = entry.what.sighting()?;
    let said = model::presence_reason(presence, id);
    Some(PresenceStamp {
        id,
        at_ms: entry.at().0,
        fix: seen.fix.map(Into::into),
        no_fix: seen.no_fix,
        distance_m: seen.distance_m,
        state: model::presence_state(presence, id)?,
        causes: seen.causes.clone(),
        reason: said.map(|(reason, _)| reason),
        comment: said.and_then(|(_, comment)| comment.map(str::to_owned)),
    })
}
