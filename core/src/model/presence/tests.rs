//! What a stamp is judged by.

use super::*;
use crate::model::{Anchor, Clock, EARTH_RADIUS_M, HOUR_MS, MINUTE_MS};

const HOME: (f64, f64) = (42.360_1, -71.058_9);

fn home() -> Address {
    Address {
        latitude_deg: Some(HOME.0),
        longitude_deg: Some(HOME.1),
        ..Address::default()
    }
}

fn fix(latitude_deg: f64, longitude_deg: f64, accuracy_m: f64) -> Fix {
    Fix {
        latitude_deg,
        longitude_deg,
        accuracy_m,
    }
}

/// So many metres north of the home.
fn north(metres: f64, accuracy_m: f64) -> Fix {
    fix(
        HOME.0 + (metres / EARTH_RADIUS_M).to_degrees(),
        HOME.1,
        accuracy_m,
    )
}

/// So long after the backend was heard, with the wall clock so far off.
fn stamp(after_ms: i64, off_by_ms: i64) -> Stamp {
    Stamp {
        clock: Clock {
            wall_ms: Millis(1_000_000_000).plus(after_ms).plus(off_by_ms),
            monotonic_ms: 5_000 + after_ms,
            boot_id: 3,
        },
        anchor: Some(Anchor {
            server_ms: Millis(1_000_000_000),
            monotonic_ms: 5_000,
            boot_id: 3,
        }),
    }
}

fn causes(place: impl Into<Place>, stamp: &Stamp, last: Option<&LastPlace>) -> Vec<PresenceCause> {
    let policy = PresencePolicy::default();
    Sighting::judge(place.into(), stamp, Some(&home()), last, &policy).causes
}

#[test]
fn a_distance_is_that_of_the_published_great_circle() {
    // JFK to LAX is 3 975 km by the great circle mapper's sphere.
    let jfk = fix(40.639_751, -73.778_925, 0.0);
    let way_m = jfk.distance_m(33.942_536, -118.408_075);
    assert!((way_m - 3_974_000.0).abs() < 3_000.0, "{way_m}");
    // A degree of a meridian of that sphere.
    let degree = fix(0.0, 0.0, 0.0).distance_m(1.0, 0.0);
    assert!((degree - 111_195.08).abs() < 0.1, "{degree}");
    assert!(fix(0.0, 179.999, 0.0).distance_m(0.0, -179.999) < 250.0);
}

#[test]
fn the_range_is_the_radius_and_the_accuracy_and_not_a_metre_more() {
    let at = |metres, accuracy| causes(Some(north(metres, accuracy)), &stamp(0, 0), None);
    assert_eq!(at(50.0, 0.0), []);
    assert_eq!(at(51.0, 0.0), [PresenceCause::OutOfRange]);
    assert_eq!(at(62.0, 12.0), []);
    assert_eq!(at(63.0, 12.0), [PresenceCause::OutOfRange]);
}

#[test]
fn no_fix_and_a_home_without_a_place_are_said_and_only_the_first_asks() {
    assert_eq!(causes(None, &stamp(0, 0), None), [PresenceCause::NoFix]);
    let policy = PresencePolicy::default();
    let here = Place::At(north(0.0, 5.0));
    let seen = Sighting::judge(here, &stamp(0, 0), None, None, &policy);
    assert_eq!(seen.causes, [PresenceCause::HomeUnknown]);
    assert!(!seen.asks_reason() && seen.distance_m.is_none());
}

#[test]
fn a_wall_clock_five_minutes_off_or_one_that_nobody_vouches_for_is_doubted() {
    let at = |stamp: &Stamp| causes(Some(north(0.0, 5.0)), stamp, None);
    for ahead in [1, -1] {
        assert_eq!(at(&stamp(0, ahead * 5 * MINUTE_MS)), []);
        let doubted = at(&stamp(0, ahead * (5 * MINUTE_MS + 1)));
        assert_eq!(doubted, [PresenceCause::ClockDoubt]);
    }
    let mut restarted = stamp(0, 0);
    restarted.clock.boot_id = 4;
    assert_eq!(at(&restarted), [PresenceCause::ClockDoubt]);
}

#[test]
fn a_phone_that_came_too_fast_is_flagged_by_the_monotonic_clock() {
    let far = LastPlace {
        fix: north(260_000.0, 10.0),
        stamp: stamp(0, 0),
    };
    let after = |ms, off| causes(Some(north(0.0, 10.0)), &stamp(ms, off), Some(&far));
    assert_eq!(after(2 * HOUR_MS, 0), []);
    assert_eq!(after(HOUR_MS, 0), [PresenceCause::MovedDevice]);
    // Setting the clock forward gains nothing.
    let both = [PresenceCause::ClockDoubt, PresenceCause::MovedDevice];
    assert_eq!(after(HOUR_MS, HOUR_MS), both);
    // The accuracies are taken off the way.
    let near = LastPlace {
        fix: north(120.0, 60.0),
        stamp: stamp(0, 0),
    };
    assert_eq!(
        causes(Some(north(0.0, 60.0)), &stamp(0, 0), Some(&near)),
        []
    );
}

#[test]
fn names_are_what_is_written_and_a_policy_outside_its_limits_is_refused_by_field() {
    for reason in PresenceReason::ALL {
        assert_eq!(serde_json::json!(reason), reason.name());
    }
    let policy = |radius_m| PresencePolicy {
        radius_m,
        ..PresencePolicy::default()
    };
    assert_eq!(policy(0).check().unwrap_err().field, "radius_m");
    assert!(policy(500).check().is_ok());
    let empty: PresencePolicy = serde_json::from_str("{}").unwrap();
    assert_eq!(empty, PresencePolicy::default());
}
