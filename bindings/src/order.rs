//! The order of a day: arrivals, travel, and a better order if there is one.

use homeround::{app, model, plan};

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::schedule::{Schedule, parse};
use crate::types::{PersonId, VisitId};

/// A place on earth, in degrees of WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct Place {
    /// Degrees north, -90 to 90.
    pub latitude_deg: f64,
    /// Degrees east, -180 to 180.
    pub longitude_deg: f64,
}

/// A break to be taken, wherever the person then is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct BreakWish {
    /// Not to begin before, milliseconds since 1970.
    pub earliest_ms: i64,
    /// To begin by, milliseconds since 1970.
    pub latest_ms: i64,
    /// How long, 1 to 720 minutes.
    pub minutes: u32,
}

/// Travel times from distances: the great circle, longer by a factor, at one speed, and some
/// time at each leg. The defaults are assumptions and no measurements.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct TravelModel {
    /// Length of the road over that of the great circle, 1 to 3.
    #[uniffi(default = 1.3)]
    pub detour: f64,
    /// Kilometres an hour, 1 to 130.
    #[uniffi(default = 30.0)]
    pub speed_kmh: f64,
    /// Seconds that each leg takes besides, up to 3600: parking, the stairs.
    #[uniffi(default = 180)]
    pub per_leg_s: u32,
    /// Seconds for a leg of which an end is not known, up to 86400.
    #[uniffi(default = 900)]
    pub unknown_leg_s: u32,
}

/// An end of a leg. What is said of start and end counts where the options have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Spot {
    /// Where the options start.
    Start,
    /// A visit's home.
    Visit {
        /// Which.
        id: VisitId,
    },
    /// Where the options end.
    End,
}

/// The travel time of one leg, from whoever knows the roads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct KnownLeg {
    /// From where.
    pub from: Spot,
    /// To where.
    pub to: Spot,
    /// Seconds, up to 86400.
    pub travel_s: u32,
}

/// What a day's order is reckoned with.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct OrderOptions {
    /// Look for a better order; else the visits stay as booked.
    #[uniffi(default = false)]
    pub suggest: bool,
    /// Whose day, as far as it is on this phone; none: one's own.
    #[uniffi(default = None)]
    pub person: Option<PersonId>,
    /// Where the person is, or sets out from; none: where the visit under way or the last one
    /// that was made is, else at the first visit.
    #[uniffi(default = None)]
    pub start: Option<Place>,
    /// Where the day ends; none: with the last visit.
    #[uniffi(default = None)]
    pub end: Option<Place>,
    /// Breaks to be taken, up to 4.
    #[uniffi(default = [])]
    pub breaks: Vec<BreakWish>,
    /// How travel times are reckoned; none: by the defaults.
    #[uniffi(default = None)]
    pub travel: Option<TravelModel>,
    /// Travel times that somebody knows better, up to 4096.
    #[uniffi(default = [])]
    pub legs: Vec<KnownLeg>,
    /// How many minutes from its booked beginning a visit may begin, up to 240, where the
    /// booking leaves no room: later without being late, and in a suggested order, where
    /// another one would be late otherwise, also earlier.
    #[uniffi(default = 30)]
    pub leeway_minutes: u32,
}

/// Why a visit is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LateCause {
    /// Its window was over before one could leave.
    WindowPassed,
    /// It could not be reached in time even as the first one.
    TooFar,
    /// It could be kept by itself, but not together with the others in this order.
    Crowded,
}

/// A visit with the times that are reckoned for it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VisitEstimate {
    /// Which.
    pub visit: VisitId,
    /// Somebody is there or on the way: it stands first, whatever is suggested.
    pub under_way: bool,
    /// When to leave for it, milliseconds since 1970.
    pub leave_ms: i64,
    /// On the road, seconds; of a visit on the way to, what is left of it.
    pub travel_s: u32,
    /// The way is a guess: an end of it is not known.
    pub travel_guessed: bool,
    /// When one is there, milliseconds since 1970; of a visit under way, when it began.
    pub arrive_ms: i64,
    /// When it begins, milliseconds since 1970: on arrival, or with its window.
    pub begin_ms: i64,
    /// When it ends, milliseconds since 1970.
    pub end_ms: i64,
    /// From arrival to beginning, seconds.
    pub waiting_s: u32,
    /// How much too late it begins, seconds; 0: in time.
    pub late_s: u32,
    /// Why it is late; none: it is not.
    pub cause: Option<LateCause>,
    /// How far off the arrival may be either way, seconds; grows with each leg and visit
    /// before. An assumption and no confidence interval.
    pub spread_s: u32,
}

/// A break with its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct OrderedBreak {
    /// Which of the options' breaks, from 0.
    pub wish: u32,
    /// How many visits are before it.
    pub after_visits: u32,
    /// When it begins, milliseconds since 1970.
    pub begin_ms: i64,
    /// When it ends, milliseconds since 1970.
    pub end_ms: i64,
    /// How much too late it begins, seconds; 0: in time.
    pub late_s: u32,
}

/// The way to the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Homeward {
    /// On the road, seconds.
    pub travel_s: u32,
    /// When one is there, milliseconds since 1970.
    pub arrive_ms: i64,
    /// How far off that may be either way, seconds.
    pub spread_s: u32,
}

/// Sums over what is ahead, without the visit under way and the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct OrderTotals {
    /// On the road, seconds, the way to the end among it.
    pub travel_s: u32,
    /// Waiting for a window, seconds; not before the first visit.
    pub waiting_s: u32,
    /// Late, seconds, of visits and breaks together.
    pub late_s: u32,
    /// Visits that are late.
    pub late_visits: u32,
}

/// The order of a day. Visits that are over are not in it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OrderOfDay {
    /// As in `2026-11-27`.
    pub date: String,
    /// The visits that are not over, in order.
    pub visits: Vec<VisitEstimate>,
    /// The breaks.
    pub breaks: Vec<OrderedBreak>,
    /// The way to the end, where one was given.
    pub homeward: Option<Homeward>,
    /// Of this order.
    pub totals: OrderTotals,
    /// The same of the order as booked.
    pub booked: OrderTotals,
    /// The store's revision that this shows.
    pub revision: u64,
}

#[uniffi::export]
impl Schedule {
    /// When the visits of a day that are not over will be reached, from now on if it is
    /// today; with `suggest` in the best order that is found. Ask again when it got late, or
    /// somewhere else. It changes nothing; the figures support and decide nothing.
    ///
    /// Fails with `Refused` naming the option, or `stops` for more than 60 visits; `Locked`,
    /// `NotEnrolled`, `LeaseEnded`.
    pub fn order(&self, date: String, options: OrderOptions) -> Result<OrderOfDay, HomeroundError> {
        guard(|| {
            let order = self.app().order_of_day(parse(&date)?, &options.into())?;
            Ok::<_, HomeroundError>(order.into())
        })
    }
}

impl From<Place> for plan::Place {
    fn from(place: Place) -> Self {
        Self {
            latitude_deg: place.latitude_deg,
            longitude_deg: place.longitude_deg,
        }
    }
}

impl From<BreakWish> for plan::BreakWish {
    fn from(wish: BreakWish) -> Self {
        Self {
            earliest_ms: model::Millis(wish.earliest_ms),
            latest_ms: model::Millis(wish.latest_ms),
            minutes: wish.minutes,
        }
    }
}

impl From<TravelModel> for plan::GreatCircle {
    fn from(travel: TravelModel) -> Self {
        Self {
            detour: travel.detour,
            speed_kmh: travel.speed_kmh,
            per_leg_s: travel.per_leg_s,
            unknown_leg_s: travel.unknown_leg_s,
        }
    }
}

impl From<Spot> for app::Spot {
    fn from(spot: Spot) -> Self {
        match spot {
            Spot::Start => Self::Start,
            Spot::Visit { id } => Self::Visit(id),
            Spot::End => Self::End,
        }
    }
}

impl From<OrderOptions> for app::OrderOptions {
    fn from(options: OrderOptions) -> Self {
        let legs = options.legs.into_iter().map(|leg| app::KnownLeg {
            from: leg.from.into(),
            to: leg.to.into(),
            travel_s: leg.travel_s,
        });
        Self {
            suggest: options.suggest,
            person: options.person,
            start: options.start.map(Into::into),
            end: options.end.map(Into::into),
            breaks: options.breaks.into_iter().map(Into::into).collect(),
            travel: options.travel.map(Into::into).unwrap_or_default(),
            legs: legs.collect(),
            leeway_minutes: options.leeway_minutes,
        }
    }
}

impl From<plan::LateCause> for LateCause {
    fn from(cause: plan::LateCause) -> Self {
        match cause {
            plan::LateCause::WindowPassed => Self::WindowPassed,
            plan::LateCause::TooFar => Self::TooFar,
            plan::LateCause::Crowded => Self::Crowded,
        }
    }
}

impl From<app::VisitEstimate> for VisitEstimate {
    fn from(one: app::VisitEstimate) -> Self {
        Self {
            visit: one.visit,
            under_way: one.under_way,
            leave_ms: one.leave_ms.0,
            travel_s: one.travel_s,
            travel_guessed: one.travel_guessed,
            arrive_ms: one.arrive_ms.0,
            begin_ms: one.begin_ms.0,
            end_ms: one.end_ms.0,
            waiting_s: one.waiting_s,
            late_s: one.late_s,
            cause: one.cause.map(Into::into),
            spread_s: one.spread_s,
        }
    }
}

impl From<plan::OrderedBreak> for OrderedBreak {
    fn from(one: plan::OrderedBreak) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            wish: count(one.wish),
            after_visits: count(one.after_visits),
            begin_ms: one.begin_ms.0,
            end_ms: one.end_ms.0,
            late_s: one.late_s,
        }
    }
}

impl From<plan::Totals> for OrderTotals {
    fn from(totals: plan::Totals) -> Self {
        Self {
            travel_s: totals.travel_s,
            waiting_s: totals.waiting_s,
            late_s: totals.late_s,
            late_visits: totals.late_visits,
        }
    }
}

impl From<app::OrderOfDay> for OrderOfDay {
    fn from(day: app::OrderOfDay) -> Self {
        Self {
            date: day.date.to_string(),
            visits: day.visits.into_iter().map(Into::into).collect(),
            breaks: day.breaks.into_iter().map(Into::into).collect(),
            homeward: day.homeward.map(|home| Homeward {
                travel_s: home.travel_s,
                arrive_ms: home.arrive_ms.0,
                spread_s: home.spread_s,
            }),
            totals: day.totals.into(),
            booked: day.booked.into(),
            revision: day.revision,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_face_are_those_of_the_core() {
        let core = plan::GreatCircle::default();
        let face = TravelModel {
            detour: 1.3,
            speed_kmh: 30.0,
            per_leg_s: 180,
            unknown_leg_s: 900,
        };
        assert_eq!(plan::GreatCircle::from(face), core);
        assert_eq!(app::OrderOptions::default().leeway_minutes, 30);
    }
}
