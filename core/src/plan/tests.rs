//! The order of a day against every order there is.

mod brute;
mod days;
mod refused;

use super::*;
use crate::model::{MINUTE_MS, Millis};

/// Eight in the morning of some day.
pub(super) const START: Millis = Millis(1_795_852_800_000);

pub(super) const fn at(minutes: i64) -> Millis {
    START.plus(minutes * MINUTE_MS)
}

/// A place so many kilometres north and east of a town's middle.
pub(super) fn place(north_km: f64, east_km: f64) -> Place {
    Place {
        latitude_deg: 42.36 + north_km / 111.0,
        longitude_deg: -71.06 + east_km / 82.0,
    }
}

pub(super) fn stop(place: Place, earliest: i64, latest: i64) -> Stop {
    Stop {
        place: Some(place),
        anywhere: false,
        earliest_ms: at(earliest),
        preferred_ms: at(earliest),
        latest_ms: at(latest),
        minutes: 30,
        fixed: false,
        priority: 0,
    }
}

pub(super) fn request(stops: Vec<Stop>) -> DayRequest {
    DayRequest {
        start_ms: START,
        start_doubt_s: 0,
        start: Start::Place(place(0.0, 0.0)),
        end: None,
        stops,
        breaks: Vec::new(),
        travel: Travel::default(),
    }
}

pub(super) fn order(day: &DayOrder) -> Vec<usize> {
    day.visits.iter().map(|visit| visit.stop).collect()
}
