//! A visit's way: made without a booking, there twice, handed over.

use homeround::app;
use homeround::model::{self, Millis};
pub use homeround::model::{DuplicateWhy, HandoverReason, HandoverState, UnplannedReason};

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::presence::{NoFix, place};
use crate::schedule::{Schedule, VisitSummary, parse, summary};
use crate::types::{Coding, Fix, PatientId, PersonId, Saved, VisitId};
use crate::visit::Visit;

/// Why a visit was not booked before it was made.
#[uniffi::remote(Enum)]
pub enum UnplannedReason {
    /// Care was due, and nobody had booked it.
    Unscheduled,
    /// The patient or the family asked for it.
    Requested,
    /// The patient's condition changed.
    ConditionChanged,
    /// An emergency.
    Emergency,
    /// In place of a colleague who could not come.
    ChangeOfProvider,
    /// Booked for another day or hour.
    SchedulingError,
    /// Anything else; the comment says what.
    Other,
}

/// Why two visits may be one.
#[uniffi::remote(Enum)]
pub enum DuplicateWhy {
    /// Their times overlap.
    SameTime,
    /// Less than an hour lies between them.
    NearTime,
}

/// Why a visit is handed over.
#[uniffi::remote(Enum)]
pub enum HandoverReason {
    /// The giver is ill.
    Illness,
    /// The giver is late, or has too much on the day.
    Overload,
    /// The giver's shift ends.
    EndOfShift,
    /// The visit needs what the colleague can do.
    SkillNeeded,
    /// The patient asked for somebody else.
    RequestedByPatient,
    /// The way: a breakdown, weather, distance.
    Travel,
    /// Anything else; the comment says what.
    Other,
}

/// Where a hand-over stands.
#[uniffi::remote(Enum)]
pub enum HandoverState {
    /// The giver is still booked: it goes with the next sync.
    Waiting,
    /// The colleague is booked.
    Done,
    /// The office booked somebody else meanwhile.
    Overruled,
}

/// A visit to make.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct NewVisit {
    /// For whom.
    pub patient: PatientId,
    /// What for; 1..=200 characters of text.
    pub service: Coding,
    /// Why nobody had booked it.
    pub reason: UnplannedReason,
    /// In the person's own words, up to 1 000 characters; needed where the reason is
    /// `Other`.
    #[uniffi(default = None)]
    pub comment: Option<String>,
    /// When it begins, within 7 days of now, milliseconds since 1970; none: now.
    #[uniffi(default = None)]
    pub start_ms: Option<i64>,
    /// How long it is expected to take, 1..=720 minutes.
    pub minutes: u32,
}

/// A visit that was made.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct NewVisitMade {
    /// The visit, usable at once.
    pub visit: VisitId,
    /// The edit.
    pub saved: Saved,
}

/// What makes a visit an unplanned one.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Unplanned {
    /// Who made it.
    pub by: By,
    /// When, by the phone's wall clock, milliseconds since 1970.
    pub at_ms: i64,
    /// Why it was not booked.
    pub reason: UnplannedReason,
    /// In the person's own words.
    pub comment: Option<String>,
}

/// Another visit that may be this one.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct LikelyDuplicate {
    /// The other visit.
    pub other: VisitSummary,
    /// Why it may be.
    pub why: DuplicateWhy,
}

/// To whom a visit was handed over.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Handover {
    /// Who gives it.
    pub by: By,
    /// To whom.
    pub to: By,
    /// Why.
    pub reason: HandoverReason,
    /// In the person's own words.
    pub comment: Option<String>,
    /// When, by the phone's wall clock, milliseconds since 1970.
    pub at_ms: i64,
    /// Where it stands.
    pub state: HandoverState,
}

/// A visit that was handed over on this phone.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct HandedOver {
    /// Which.
    pub visit: VisitId,
    /// The edit.
    pub saved: Saved,
    /// Edits of the patient's documents that are unsent on this phone, this one included:
    /// they go with the next sync.
    pub unsent: u64,
}

/// How the visit came about, and what became of it beside its status.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct VisitWay {
    /// Who made it without a booking; none: it was booked.
    pub unplanned: Option<Unplanned>,
    /// Visits that may be this one, until somebody decides.
    pub likely_duplicates: Vec<LikelyDuplicate>,
    /// The visit that stands in this one's place, as somebody decided.
    pub duplicate_of: Option<VisitId>,
    /// To whom it was handed over last.
    pub handover: Option<Handover>,
}

#[uniffi::export]
impl Visit {
    /// How the visit came about, whether it may be there twice, to whom it was handed over.
    pub fn way(&self) -> Result<VisitWay, HomeroundError> {
        guard(|| {
            let visit = self.handle();
            let names = Names::new(&self.phone.app);
            let read = visit.read()?;
            let twice = visit.likely_duplicates()?.into_iter();
            Ok::<_, app::AppError>(VisitWay {
                duplicate_of: model::duplicate_of(&read),
                unplanned: read.unplanned.map(|made| Unplanned {
                    by: names.by(made.by),
                    at_ms: made.stamp.clock.wall_ms.0,
                    reason: made.reason,
                    comment: made.comment,
                }),
                likely_duplicates: twice
                    .map(|found| LikelyDuplicate {
                        other: summary(found.other, &names),
                        why: found.why,
                    })
                    .collect(),
                handover: visit.handover()?.map(|view| given(view, &names)),
            })
        })
    }

    /// Decides that this visit is `other`, entered twice: this one is called off where it
    /// can still be, and keeps what was recorded. Fails with `NotFound`, and with
    /// `Refused` on `other` for another patient's visit.
    #[uniffi::method(default(comment = None, fix = None, no_fix = None))]
    pub fn same_visit(
        &self,
        other: VisitId,
        comment: Option<String>,
        fix: Option<Fix>,
        no_fix: Option<NoFix>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.same_visit(other, place(fix, no_fix), comment))
    }

    /// Decides that this visit and `other` are two. Fails as `same_visit`.
    #[uniffi::method(default(comment = None))]
    pub fn two_visits(
        &self,
        other: VisitId,
        comment: Option<String>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.two_visits(other, comment))
    }

    /// Who of the patient's care team may take the visit, by name.
    pub fn colleagues(&self) -> Result<Vec<By>, HomeroundError> {
        guard(|| {
            let names = Names::new(&self.phone.app);
            let team = self.handle().colleagues()?.into_iter();
            Ok::<_, app::AppError>(team.map(|person| names.by(person.id)).collect())
        })
    }

    /// Hands the visit over to a member of the patient's care team; it stays on one's own
    /// day until the backend has booked the colleague. Fails with `Refused` on `status`,
    /// `by`, `to` or `comment`.
    #[uniffi::method(default(comment = None))]
    pub fn hand_over(
        &self,
        to: PersonId,
        reason: HandoverReason,
        comment: Option<String>,
    ) -> Result<HandedOver, HomeroundError> {
        guard(|| {
            let done = self.handle().hand_over(to, reason, comment)?;
            handed(&self.phone, done)
        })
    }
}

#[uniffi::export]
impl Schedule {
    /// Makes an unplanned visit for oneself; it can be worked on at once. Fails with
    /// `Refused` naming the field, `NotAllowed`, `LeaseEnded`.
    pub fn new_visit(&self, new: NewVisit) -> Result<NewVisitMade, HomeroundError> {
        guard(|| {
            let new = app::NewVisit {
                patient: new.patient,
                service: new.service.into(),
                reason: new.reason,
                comment: new.comment,
                start_ms: new.start_ms.map(Millis),
                minutes: new.minutes,
            };
            let (visit, saved) = self.app().new_visit(&new)?;
            let saved = self.phone().saved(Ok(saved))?;
            Ok::<_, HomeroundError>(NewVisitMade { visit, saved })
        })
    }

    /// Hands over what is left of one's own day, as in `2026-11-27`: the visits that have
    /// not begun and whose patient's team the colleague is in. Answers those.
    #[uniffi::method(default(comment = None))]
    pub fn hand_over_day(
        &self,
        date: String,
        to: PersonId,
        reason: HandoverReason,
        comment: Option<String>,
    ) -> Result<Vec<HandedOver>, HomeroundError> {
        guard(|| {
            let comment = comment.as_deref();
            let done = self
                .app()
                .hand_over_day(parse(&date)?, to, reason, comment)?;
            done.into_iter()
                .map(|one| handed(self.phone(), one))
                .collect::<Result<_, HomeroundError>>()
        })
    }
}

fn handed(phone: &crate::root::Phone, done: app::HandedOver) -> Result<HandedOver, HomeroundError> {
    Ok(HandedOver {
        visit: done.visit,
        saved: phone.saved(Ok(done.saved))?,
        unsent: done.unsent,
    })
}

fn given(view: app::HandoverView, names: &Names<'_>) -> Handover {
    let said = view.handover;
    Handover {
        by: names.by(said.by),
        to: names.by(said.to),
        reason: said.reason,
        comment: said.comment,
        at_ms: said.stamp.clock.wall_ms.0,
        state: view.state,
    }
}
