//! What a request may not be.

use super::*;
use crate::model::VISIT_MINUTES_MAX;

fn field(day: &DayRequest) -> &'static str {
    match (order_day(day), time_order(day)) {
        (Err(refused), Err(same)) if refused == same => refused.field,
        answered => panic!("{answered:?}"),
    }
}

fn day() -> DayRequest {
    request(vec![
        stop(place(1.0, 1.0), 0, 60),
        stop(place(2.0, 2.0), 0, 60),
    ])
}

fn with(change: impl FnOnce(&mut DayRequest)) -> &'static str {
    let mut day = day();
    change(&mut day);
    field(&day)
}

#[test]
fn a_request_that_is_wrong_names_its_field() {
    let many = vec![stop(place(0.0, 0.0), 0, 1); STOPS_MAX + 1];
    assert_eq!(with(|day| day.stops = many), "stops");
    let wish = BreakWish {
        earliest_ms: at(0),
        latest_ms: at(1),
        minutes: 30,
    };
    assert_eq!(
        with(|day| day.breaks = vec![wish; BREAKS_MAX + 1]),
        "breaks"
    );
    assert_eq!(with(|day| day.stops[1].latest_ms = at(-1)), "latest_ms");
    assert_eq!(with(|day| day.stops[0].minutes = 0), "minutes");
    assert_eq!(
        with(|day| day.stops[0].minutes = VISIT_MINUTES_MAX + 1),
        "minutes"
    );
    assert_eq!(with(|day| day.stops[0].priority = 3), "priority");
    assert_eq!(with(|day| day.start_ms = Millis(0)), "earliest_ms");
    assert_eq!(
        with(|day| day.stops[0].latest_ms = Millis(i64::MAX)),
        "earliest_ms"
    );
    assert_eq!(with(|day| day.start_doubt_s = 86_401), "start_doubt_s");
    let nowhere = |north, east| Place {
        latitude_deg: north,
        longitude_deg: east,
    };
    assert_eq!(
        with(|day| day.start = Start::Place(nowhere(91.0, 0.0))),
        "latitude_deg"
    );
    assert_eq!(
        with(|day| day.end = Some(nowhere(f64::NAN, 0.0))),
        "latitude_deg"
    );
    assert_eq!(
        with(|day| day.stops[0].place = Some(nowhere(0.0, -180.5))),
        "longitude_deg"
    );
}

#[test]
fn travel_that_is_wrong_names_its_figure() {
    let model = GreatCircle::default();
    for (wrong, field) in [
        (
            GreatCircle {
                detour: 0.9,
                ..model
            },
            "detour",
        ),
        (
            GreatCircle {
                speed_kmh: 0.0,
                ..model
            },
            "speed_kmh",
        ),
        (
            GreatCircle {
                speed_kmh: f64::NAN,
                ..model
            },
            "speed_kmh",
        ),
        (
            GreatCircle {
                per_leg_s: 3_601,
                ..model
            },
            "per_leg_s",
        ),
        (
            GreatCircle {
                unknown_leg_s: 86_401,
                ..model
            },
            "unknown_leg_s",
        ),
    ] {
        assert_eq!(with(|day| day.travel = Travel::GreatCircle(wrong)), field);
    }
    let table = |seconds| Travel::Table {
        seconds,
        guessed: Vec::new(),
    };
    assert_eq!(with(|day| day.travel = table(vec![60; 15])), "seconds");
    let long = vec![LEG_SECONDS_MAX + 1; 16];
    assert_eq!(with(|day| day.travel = table(long)), "seconds");
}
