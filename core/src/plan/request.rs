//! What is asked of a day, and what is refused.

use super::travel::{LEG_SECONDS_MAX, Place, Travel};
use crate::model::{DAY_MS, Millis, Refused, VISIT_MINUTES_MAX};

/// Most visits of one day.
pub const STOPS_MAX: usize = 60;
/// Most breaks of one day.
pub const BREAKS_MAX: usize = 4;
/// Farthest that a window may lie from the start, in milliseconds.
const REACH_MS: i64 = 7 * DAY_MS;

/// One visit to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// Where; none: not known, and each leg to and from it is guessed.
    pub place: Option<Place>,
    /// Made wherever the person then is, as a virtual visit: no way leads to it, and one stays
    /// where one was. `place` is not read.
    pub anywhere: bool,
    /// Not to begin before.
    pub earliest_ms: Millis,
    /// Rather not to begin before, as when it was booked: sooner only where a visit after it
    /// would be late otherwise. Up to `earliest_ms` it says nothing.
    pub preferred_ms: Millis,
    /// To begin by; later is late. Not before `earliest_ms`.
    pub latest_ms: Millis,
    /// How long it takes, `1..=`[`VISIT_MINUTES_MAX`] minutes.
    pub minutes: u32,
    /// Somebody waits for this very minute: being late counts twice.
    pub fixed: bool,
    /// 0 routine, 1 urgent, 2 emergency.
    pub priority: u8,
}

/// A break to be taken, wherever the person then is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakWish {
    /// Not to begin before.
    pub earliest_ms: Millis,
    /// To begin by. Not before `earliest_ms`.
    pub latest_ms: Millis,
    /// How long, `1..=`[`VISIT_MINUTES_MAX`] minutes.
    pub minutes: u32,
}

/// Where a day begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// At the first visit, whichever it is; no way leads there.
    FirstVisit,
    /// Here.
    Place(Place),
    /// Somewhere that is not known: the way to the first visit is guessed.
    Unknown,
}

impl Start {
    pub(super) const fn place(self) -> Option<Place> {
        match self {
            Self::Place(place) => Some(place),
            Self::FirstVisit | Self::Unknown => None,
        }
    }
}

/// A day to be put in order.
#[derive(Debug, Clone, PartialEq)]
pub struct DayRequest {
    /// When the person can leave.
    pub start_ms: Millis,
    /// How far off that may be either way, seconds, up to a day: a visit under way ends when it
    /// does. Every uncertainty grows from it.
    pub start_doubt_s: u32,
    /// Where from.
    pub start: Start,
    /// Where to at the end; none: the day ends with the last visit.
    pub end: Option<Place>,
    /// The visits, in the order that stands so far; up to [`STOPS_MAX`].
    pub stops: Vec<Stop>,
    /// The breaks; up to [`BREAKS_MAX`].
    pub breaks: Vec<BreakWish>,
    /// How long the ways are.
    pub travel: Travel,
}

impl DayRequest {
    /// Checks everything but the table of travel times, which `travel` does.
    pub(super) fn check(&self) -> Result<(), Refused> {
        if self.stops.len() > STOPS_MAX {
            return Err(Refused::new("stops", "60 visits a day at most"));
        }
        if self.breaks.len() > BREAKS_MAX {
            return Err(Refused::new("breaks", "4 breaks a day at most"));
        }
        if self.start_doubt_s > LEG_SECONDS_MAX {
            return Err(Refused::new("start_doubt_s", "0..=86400 seconds"));
        }
        for place in [self.start.place(), self.end].into_iter().flatten() {
            check_place(place)?;
        }
        for stop in &self.stops {
            stop.place.map_or(Ok(()), check_place)?;
            self.check_times((stop.earliest_ms, stop.latest_ms), stop.minutes)?;
            if stop.priority > 2 {
                return Err(Refused::new("priority", "0..=2"));
            }
        }
        let mut breaks = self.breaks.iter();
        breaks
            .try_for_each(|wish| self.check_times((wish.earliest_ms, wish.latest_ms), wish.minutes))
    }

    fn check_times(&self, window: (Millis, Millis), minutes: u32) -> Result<(), Refused> {
        let (earliest, latest) = window;
        if latest < earliest {
            return Err(Refused::new("latest_ms", "at or after earliest_ms"));
        }
        let far = |at: Millis| at.0.abs_diff(self.start_ms.0) > REACH_MS.unsigned_abs();
        if far(earliest) || far(latest) {
            return Err(Refused::new("earliest_ms", "within a week of start_ms"));
        }
        if minutes == 0 || minutes > VISIT_MINUTES_MAX {
            return Err(Refused::new("minutes", "1..=720 minutes"));
        }
        Ok(())
    }
}

/// Checks that a place is on earth.
///
/// # Errors
/// [`Refused`] on `latitude_deg` or `longitude_deg`.
pub fn check_place(place: Place) -> Result<(), Refused> {
    if !(-90.0..=90.0).contains(&place.latitude_deg) {
        return Err(Refused::new("latitude_deg", "-90..=90 degrees"));
    }
    if !(-180.0..=180.0).contains(&place.longitude_deg) {
        return Err(Refused::new("longitude_deg", "-180..=180 degrees"));
    }
    Ok(())
}
