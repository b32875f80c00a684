//! One's own numbers.

use homeround::app;

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::schedule::{Schedule, parse};

/// What one's own visits of some days came to, of what is on this phone. A visit is one's own
/// when it is booked for one or made by oneself, and belongs to the day of its booked
/// beginning. Nobody else is shown these figures, and they are not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct MyNumbers {
    /// One's own.
    pub visits: u32,
    /// Of them, completed, signed or amended.
    pub done: u32,
    /// Of them, missed.
    pub missed: u32,
    /// Of them, canceled.
    pub canceled: u32,
    /// Of them, not on this phone any more or not yet: they count in the figures above alone.
    pub unread: u32,
    /// Visits that one began oneself.
    pub begun: u32,
    /// Of those begun, at most 15 minutes after the booked beginning.
    pub on_time: u32,
    /// From setting out to beginning, seconds, over `trips`.
    pub travel_s: u64,
    /// Ways that one set out on and that ended with the beginning of the visit.
    pub trips: u32,
    /// From the place of setting out to that of beginning as the crow flies, metres, over
    /// `measured_trips`.
    pub travel_m: u64,
    /// Of `trips`, those with a place at both ends.
    pub measured_trips: u32,
    /// From check-in to check-out, breaks among it, seconds, over `stays`.
    pub in_home_s: u64,
    /// Stays that have a check-in and a check-out.
    pub stays: u32,
    /// Visits that one signed oneself.
    pub signed: u32,
    /// From completing a visit to one's first signature, seconds: half of those signed took at
    /// most so long. None: none was signed.
    pub documentation_s: Option<u64>,
    /// Done and not signed by anybody.
    pub unsigned: u32,
    /// What the care plans on this phone asked for in these days and is decided: done, late ones
    /// among it, missed, or left out for a reason that counts.
    pub plan_counted: u32,
    /// Of it, done, by whoever did it.
    pub plan_done: u32,
    /// The store's revision that this shows.
    pub revision: u64,
}

#[uniffi::export]
impl Schedule {
    /// One's own numbers of the days from one to another, both included, as in `2026-11-27`.
    ///
    /// Fails with `Refused` naming `date`, or `until` for a day before `from` or for more than
    /// 92 days; `Locked`, `NotEnrolled`, `LeaseEnded`.
    pub fn my_numbers(&self, from: String, until: String) -> Result<MyNumbers, HomeroundError> {
        guard(|| {
            let numbers = self.app().my_numbers(parse(&from)?, parse(&until)?)?;
            Ok::<_, HomeroundError>(numbers.into())
        })
    }
}

impl From<app::MyNumbers> for MyNumbers {
    fn from(numbers: app::MyNumbers) -> Self {
        Self {
            visits: numbers.visits,
            done: numbers.done,
            missed: numbers.missed,
            canceled: numbers.canceled,
            unread: numbers.unread,
            begun: numbers.begun,
            on_time: numbers.on_time,
            travel_s: numbers.travel_s,
            trips: numbers.trips,
            travel_m: numbers.travel_m,
            measured_trips: numbers.measured_trips,
            in_home_s: numbers.in_home_s,
            stays: numbers.stays,
            signed: numbers.signed,
            documentation_s: numbers.documentation_s,
            unsigned: numbers.unsigned,
            plan_counted: numbers.plan_counted,
            plan_done: numbers.plan_done,
            revision: numbers.revision,
        }
    }
}
