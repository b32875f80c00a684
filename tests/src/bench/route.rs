//! `order_*`: a day's visits put in order, on one core.

use homeround::model::{DAY_MS, MINUTE_MS, Millis};
use homeround::plan::{DayRequest, Place, Start, Stop, Travel, order_day, time_order};

use super::table::Measure;
use super::world::Dice;
use super::{Outcome, meter};

/// Days of each size; the slowest counts.
const DAYS: u64 = 20;
/// What 25 visits may take, in milliseconds of one core.
const ORDER_MS_MAX: f64 = 1_000.0;
/// Side of the square in which the homes are, in metres.
const SIDE_M: u64 = 16_000;
/// Widest half of a window, in minutes.
const HALF_WINDOW_MIN: u64 = 120;

/// Measures.
pub(crate) fn measure() -> Outcome<Vec<Measure>> {
    Ok(vec![
        Measure::limited("order_25", slowest(25)?, "ms", ORDER_MS_MAX),
        Measure::told("order_12", slowest(12)?, "ms"),
        Measure::told("order_60", slowest(60)?, "ms"),
    ])
}

/// The slowest of some days, by the processor's clock: nothing here waits.
fn slowest(visits: usize) -> Outcome<f64> {
    let mut slowest = 0.0_f64;
    for seed in 0..DAYS {
        let day = day(visits, seed)?;
        let start = meter::cpu_ms();
        let order = order_day(&day)?;
        slowest = slowest.max(meter::cpu_ms() - start);
        if order.totals.late_visits > 0 {
            return Err("a day that was laid out in time is answered late".into());
        }
    }
    Ok(slowest)
}

/// A day that can be kept: seven of ten visits have a window around the time at which they are
/// reached in a first order, which the request then does not stand in.
fn day(visits: usize, seed: u64) -> Outcome<DayRequest> {
    let mut dice = Dice::new(seed);
    let mut within = |most: u64| u32::try_from(dice.below(most)).unwrap_or(0);
    let mut stops = Vec::new();
    for _ in 0..visits {
        let (north_m, east_m) = (f64::from(within(SIDE_M)), f64::from(within(SIDE_M)));
        stops.push(Stop {
            place: Some(Place {
                latitude_deg: 42.36 + north_m / 111_000.0,
                longitude_deg: -71.06 + east_m / 82_000.0,
            }),
            anywhere: false,
            earliest_ms: Millis(0),
            preferred_ms: Millis(0),
            latest_ms: Millis(6 * DAY_MS),
            minutes: 15 * (1 + within(3)),
            fixed: false,
            priority: 0,
        });
    }
    let mut day = DayRequest {
        start_ms: Millis(0),
        start_doubt_s: 0,
        start: Start::Place(Place {
            latitude_deg: 42.43,
            longitude_deg: -70.96,
        }),
        end: None,
        stops,
        breaks: Vec::new(),
        travel: Travel::default(),
    };
    let reached = time_order(&day)?.visits;
    for (stop, visit) in day.stops.iter_mut().zip(reached) {
        let half = [within(HALF_WINDOW_MIN), within(HALF_WINDOW_MIN)];
        if within(10) < 7 {
            stop.earliest_ms = visit.begin_ms.plus(-i64::from(half[0]) * MINUTE_MS);
            stop.preferred_ms = stop.earliest_ms;
            stop.latest_ms = visit.begin_ms.plus(i64::from(half[1]) * MINUTE_MS);
        }
    }
    let east = |stop: &Stop| stop.place.map_or(0.0, |place| place.longitude_deg);
    day.stops
        .sort_by(|one, other| east(one).total_cmp(&east(other)));
    Ok(day)
}
