//! A visit handed over to a colleague, with or without signal.

use serde::{Deserialize, Serialize};

use super::{Booking, Millis, PersonId, Refused, Stamp, check_comment};

/// Why a visit is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    #[serde(other)]
    Other,
}

impl HandoverReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Illness,
        Self::Overload,
        Self::EndOfShift,
        Self::SkillNeeded,
        Self::RequestedByPatient,
        Self::Travel,
        Self::Other,
    ];

    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Illness => "illness",
            Self::Overload => "overload",
            Self::EndOfShift => "end_of_shift",
            Self::SkillNeeded => "skill_needed",
            Self::RequestedByPatient => "requested_by_patient",
            Self::Travel => "travel",
            Self::Other => "other",
        }
    }
}

/// Who gives a visit to whom: field `handover`. The backend books the visit by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// Who gives.
    pub by: PersonId,
    /// To whom.
    pub to: PersonId,
    /// Why.
    pub reason: HandoverReason,
    /// In the person's own words, up to 1 000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When, with what is needed to judge the clock.
    pub stamp: Stamp,
}

/// What names a hand-over among those of its visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoverMark {
    /// Who gave.
    pub by: PersonId,
    /// When, as far as the stamp tells.
    pub at_ms: Millis,
}

/// Where a hand-over stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HandoverState {
    /// The booking names the giver and has not heard of it: it is on its way, or two
    /// hand-overs wait for who settles them.
    Waiting,
    /// The booking names the colleague.
    Done,
    /// The office booked otherwise: somebody else, or the giver again.
    Overruled,
}

impl HandoverState {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Overruled => "overruled",
        }
    }
}

impl Handover {
    /// Checks what a person gave.
    ///
    /// # Errors
    /// [`Refused`] names the field.
    pub fn check(&self) -> Result<(), Refused> {
        if self.by == self.to {
            return Err(Refused::new("to", "a colleague"));
        }
        check_comment(
            self.comment.as_deref(),
            self.reason == HandoverReason::Other,
        )
    }

    /// What names it among the hand-overs of its visit.
    #[must_use]
    pub fn mark(&self) -> HandoverMark {
        HandoverMark {
            by: self.by,
            at_ms: self.stamp.best(),
        }
    }

    /// Where it stands, by the booking; none: the visit has none yet.
    #[must_use]
    pub fn state(&self, booking: Option<&Booking>) -> HandoverState {
        let Some(booking) = booking else {
            return HandoverState::Waiting;
        };
        let (by, to) = (
            booking.assignees.contains(&self.by),
            booking.assignees.contains(&self.to),
        );
        let heard = booking.handover == Some(self.mark());
        match (heard, by, to) {
            (false, true, _) => HandoverState::Waiting,
            (_, false, true) => HandoverState::Done,
            // Where the giver is booked all the same, the office gave the visit back.
            _ => HandoverState::Overruled,
        }
    }

    /// The booking once it is done: the colleague in the giver's place. Where the giver is
    /// not booked, or it was done before, nobody's place changes.
    #[must_use]
    pub fn booked(&self, before: &Booking) -> Booking {
        let mut after = before.clone();
        after.handover = Some(self.mark());
        if self.state(Some(before)) == HandoverState::Waiting {
            after.assignees.clear();
            for person in &before.assignees {
                let person = if *person == self.by { self.to } else { *person };
                if !after.assignees.contains(&person) {
                    after.assignees.push(person);
                }
            }
        }
        after
    }
}

#[cfg(test)]
mod tests;
