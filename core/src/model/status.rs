//! Status machines of visits and tasks.

use serde::{Deserialize, Serialize};

use super::Refused;

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitStatus {
    /// Booked.
    Scheduled,
    /// On the way.
    Traveling,
    /// In the home.
    InProgress,
    /// Interrupted.
    OnBreak,
    /// Done, not yet signed.
    Completed,
    /// Sealed by a clinician.
    Signed,
    /// Something came after the signature.
    Amended,
    /// Called off, with a reason.
    Canceled,
    /// Nobody met, with a reason.
    Missed,
}

impl VisitStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Scheduled,
        Self::Traveling,
        Self::InProgress,
        Self::OnBreak,
        Self::Completed,
        Self::Signed,
        Self::Amended,
        Self::Canceled,
        Self::Missed,
    ];

    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Traveling => "traveling",
            Self::InProgress => "in_progress",
            Self::OnBreak => "on_break",
            Self::Completed => "completed",
            Self::Signed => "signed",
            Self::Amended => "amended",
            Self::Canceled => "canceled",
            Self::Missed => "missed",
        }
    }

    /// The statuses that may follow this one (domain.md).
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Scheduled => &[
                Self::Traveling,
                Self::InProgress,
                Self::Canceled,
                Self::Missed,
            ],
            Self::Traveling => &[Self::InProgress, Self::Canceled, Self::Missed],
            Self::InProgress => &[Self::OnBreak, Self::Completed, Self::Canceled],
            Self::OnBreak => &[Self::InProgress],
            Self::Completed => &[Self::Signed],
            Self::Signed => &[Self::Amended],
            Self::Amended | Self::Canceled | Self::Missed => &[],
        }
    }

    /// Takes one step.
    ///
    /// # Errors
    /// [`StepRefused`] names both ends when the step is not allowed.
    pub fn step(self, to: Self) -> Result<Self, StepRefused> {
        if self.next().contains(&to) {
            Ok(to)
        } else {
            Err(StepRefused { from: self, to })
        }
    }

    /// How far along a visit is; the furthest of concurrent steps wins.
    #[must_use]
    pub const fn progress(self) -> u8 {
        match self {
            Self::Scheduled => 0,
            Self::Traveling => 1,
            Self::OnBreak => 2,
            Self::InProgress => 3,
            Self::Missed => 4,
            Self::Canceled => 5,
            Self::Completed => 6,
            Self::Signed => 7,
            Self::Amended => 8,
        }
    }

    /// Whether two concurrent statuses contradict each other: one says that
    /// the visit did not happen, the other that it did or does.
    #[must_use]
    pub const fn contradicts(self, other: Self) -> bool {
        (self.did_not_happen() && other.happened()) || (other.did_not_happen() && self.happened())
    }

    const fn did_not_happen(self) -> bool {
        matches!(self, Self::Canceled | Self::Missed)
    }

    const fn happened(self) -> bool {
        matches!(
            self,
            Self::InProgress | Self::OnBreak | Self::Completed | Self::Signed | Self::Amended
        )
    }

    /// Whether the visit has been sealed.
    #[must_use]
    pub const fn is_sealed(self) -> bool {
        matches!(self, Self::Signed | Self::Amended)
    }

    /// Whether this step needs a reason.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Canceled | Self::Missed)
    }

    /// Dataverse `msdyn_fieldservicestatus`, where it has a value.
    #[must_use]
    pub const fn dataverse(self) -> Option<u32> {
        match self {
            Self::Scheduled => Some(690_970_000),
            Self::Traveling => Some(690_970_001),
            Self::OnBreak => Some(690_970_002),
            Self::InProgress => Some(690_970_003),
            Self::Completed | Self::Signed | Self::Amended => Some(690_970_004),
            Self::Canceled => Some(690_970_005),
            Self::Missed => None,
        }
    }
}

impl std::str::FromStr for VisitStatus {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == text)
            .ok_or(Refused::new("status", "a visit status of this version"))
    }
}

/// A step that the status machine does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a visit that is {} cannot become {}", from.name(), to.name())]
pub struct StepRefused {
    /// Where the visit stands.
    pub from: VisitStatus,
    /// What was asked.
    pub to: VisitStatus,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Not begun.
    Open,
    /// Begun.
    Started,
    /// Not done, with a reason.
    NotDone,
    /// Done.
    Done,
}

impl TaskStatus {
    /// Every status, in order of progress.
    pub const ALL: [Self; 4] = [Self::Open, Self::Started, Self::NotDone, Self::Done];

    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Started => "started",
            Self::NotDone => "not_done",
            Self::Done => "done",
        }
    }

    /// How far along a task is; the furthest of concurrent steps wins.
    #[must_use]
    pub const fn progress(self) -> u8 {
        self as u8
    }

    /// Whether two concurrent statuses contradict each other.
    #[must_use]
    pub const fn contradicts(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Done, Self::NotDone) | (Self::NotDone, Self::Done)
        )
    }
}

impl std::str::FromStr for TaskStatus {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == text)
            .ok_or(Refused::new("task_status", "open, started, not_done, done"))
    }
}

/// Result of a task, as Field Service has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskResult {
    /// Reached what it was for.
    Pass,
    /// Did not.
    Fail,
    /// In part.
    PartialSuccess,
    /// Does not apply.
    NotApplicable,
    /// A result that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Why a visit was missed or canceled, or a task or medication was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotDoneReason {
    /// Nobody opened.
    NotAtHome,
    /// The patient refused.
    Refused,
    /// The patient is in hospital.
    Hospitalised,
    /// The home or the way was unsafe.
    Unsafe,
    /// Weather.
    Weather,
    /// A supply or the medication was missing.
    NotAvailable,
    /// A clinical sign spoke against it.
    Contraindicated,
    /// Held on a prescriber's order.
    OnHold,
    /// Somebody else did it.
    DoneByOther,
    /// Booked by mistake.
    SchedulingError,
    /// The visit is there twice; the other one stands.
    Duplicate,
    /// Anything else; the comment says what.
    #[serde(other)]
    Other,
}

/// Why a visit is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakReason {
    /// A meal.
    Meal,
    /// Rest.
    Rest,
    /// A call or a message that can't wait.
    Call,
    /// Something that is missing is fetched.
    Supplies,
    /// The patient, or who else is needed, is not ready.
    Waiting,
    /// An emergency elsewhere.
    Emergency,
    /// Anything else; the comment says what.
    #[serde(other)]
    Other,
}

impl BreakReason {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meal => "meal",
            Self::Rest => "rest",
            Self::Call => "call",
            Self::Supplies => "supplies",
            Self::Waiting => "waiting",
            Self::Emergency => "emergency",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::VisitStatus::*;
    use super::*;

    #[test]
    fn every_step_of_the_machine_is_as_documented_and_no_other() {
        let allowed = [
            (Scheduled, Traveling),
            (Scheduled, InProgress),
            (Scheduled, Canceled),
            (Scheduled, Missed),
            (Traveling, InProgress),
            (Traveling, Canceled),
            (Traveling, Missed),
            (InProgress, OnBreak),
            (OnBreak, InProgress),
            (InProgress, Completed),
            (InProgress, Canceled),
            (Completed, Signed),
            (Signed, Amended),
        ];
        for from in VisitStatus::ALL {
            for to in VisitStatus::ALL {
                assert_eq!(
                    from.step(to).is_ok(),
                    allowed.contains(&(from, to)),
                    "{from:?} -> {to:?}"
                );
            }
        }
    }

    #[test]
    fn canceled_contradicts_what_happened_and_not_what_was_planned() {
        assert!(Canceled.contradicts(InProgress));
        assert!(Completed.contradicts(Canceled));
        assert!(Missed.contradicts(OnBreak));
        assert!(!Canceled.contradicts(Traveling));
        assert!(!Canceled.contradicts(Missed));
        assert!(!Completed.contradicts(InProgress));
    }

    #[test]
    fn names_round_trip() {
        for status in VisitStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        for status in TaskStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        assert!("Completed".parse::<VisitStatus>().is_err());
    }
}
