//! The order of a day's visits: who is visited when, how long is driven, how late it gets.
//!
//! [`order_day`] answers the best order that it finds, [`time_order`] what a given order
//! comes to. Both are pure: the same [`DayRequest`] gives the same [`DayOrder`], offline, without
//! a clock, a random number or a thread.
//!
//! | file | what it does |
//! |---|---|
//! | `request` | what is asked, and what is refused |
//! | `travel` | seconds between places: great circle, or a table |
//! | `cost` | what an order costs; the one place that says so |
//! | `exact` | the best order of up to [`EXACT_MAX`] things to do |
//! | `search` | a good order of any number, by moves that make it better |
//! | `timing` | the answer: times, their uncertainty, what is late and why |
//!
//! # What is best
//!
//! 1. Least lateness. A minute late counts more the more urgent the visit is
//!    ([`LATE_WEIGHTS`]), twice if its time is fixed. No saving on the road makes up for a
//!    visit that could have been in time.
//! 2. Then least time on the road, and of two orders as quick, the one with less waiting:
//!    a minute on the road counts as four of waiting ([`TRAVEL_PER_WAITING`]).
//!
//! A visit that can't be in time stands in the order as late, with the reason; none is left
//! out. The figures support whoever plans a day and decide nothing.

mod cost;
mod exact;
mod request;
mod search;
mod timing;
mod travel;

#[cfg(test)]
mod tests;

pub use cost::{LATE_WEIGHTS, TRAVEL_PER_WAITING};
pub use exact::EXACT_MAX;
pub use request::{BREAKS_MAX, BreakWish, DayRequest, STOPS_MAX, Start, Stop, check_place};
pub use search::STEPS_MAX;
pub use timing::{
    DayOrder, Homeward, LateCause, OrderedBreak, OrderedVisit, TRAVEL_DOUBT, Totals, UNKNOWN_DOUBT,
    VISIT_DOUBT,
};
pub use travel::{GreatCircle, LEG_SECONDS_MAX, Place, Travel, seconds_between};

use crate::model::Refused;
use cost::Problem;

/// The best order of a day that is found. Of up to [`EXACT_MAX`] visits and breaks it is
/// the best there is; of more, a good one. The order that was asked with is kept unless
/// another one is better.
///
/// # Errors
/// [`Refused`] names the field of the request, see [`DayRequest`].
pub fn order_day(request: &DayRequest) -> Result<DayOrder, Refused> {
    let mut problem = Problem::new(request)?;
    let found = search::search(&problem);
    let best = exact::exact(&problem, &found).unwrap_or(found);
    problem.no_sooner_than_need_be(&best);
    Ok(timing::time(&problem, &best))
}

/// What the visits come to in the order in which the request has them. Each break is
/// taken where it costs least.
///
/// # Errors
/// As [`order_day`].
pub fn time_order(request: &DayRequest) -> Result<DayOrder, Refused> {
    let mut problem = Problem::new(request)?;
    let order = search::with_breaks(&problem, problem.visits());
    problem.no_sooner_than_need_be(&order);
    Ok(timing::time(&problem, &order))
}
