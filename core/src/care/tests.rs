//! Hand-computed cases. Random rules are held against another program by
//! `cargo xtask test --only fhir` (`tests/fhir/recurrence.py`).

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::model::{
    Activity, AdherenceEntry, Coding, EntryId, Millis, NotDoneReason, PatientId, PauseEntry,
    PersonId, Plan, PlanId, PlannedOutcome, PlannedStatus, Schedule, TaskStatus, VisitId,
};

const ZONE: &str = "America/New_York";

mod adherence;
mod templates;

fn at(text: &str) -> Millis {
    Millis(
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis(),
    )
}

fn schedule(start: &str, rule: &str) -> Schedule {
    Schedule {
        start: start.into(),
        rule: (!rule.is_empty()).then(|| rule.into()),
        early_minutes: 60,
        late_minutes: 120,
        ..Schedule::default()
    }
}

fn names(schedule: &Schedule, from: &str, until: &str) -> Vec<String> {
    let calendar = Calendar::new(schedule, ZONE).unwrap();
    let found = calendar.between(at(from), at(until));
    found.iter().map(Occurrence::name).collect()
}

#[test]
fn a_daily_time_stays_on_the_wall_over_both_changes_of_clocks() {
    let calendar = |start: &str| Calendar::new(&schedule(start, "FREQ=DAILY"), ZONE).unwrap();
    let dues = |start: &str, from: &str, until: &str| -> Vec<Millis> {
        let found = calendar(start).between(at(from), at(until));
        found.iter().map(|it| it.due).collect()
    };
    // 2026-03-08: clocks go from 02:00 to 03:00; 2026-11-01: from 02:00 back to 01:00.
    assert_eq!(
        dues(
            "2026-03-01T09:00",
            "2026-03-07T00:00:00Z",
            "2026-03-09T14:00:00Z"
        ),
        [
            at("2026-03-07T14:00:00Z"),
            at("2026-03-08T13:00:00Z"),
            at("2026-03-09T13:00:00Z")
        ]
    );
    assert_eq!(
        dues(
            "2026-10-30T09:00",
            "2026-10-31T00:00:00Z",
            "2026-11-02T00:00:00Z"
        ),
        [at("2026-10-31T13:00:00Z"), at("2026-11-01T14:00:00Z")]
    );
    // A skipped time is the one that the clock before the change would show.
    assert_eq!(
        dues(
            "2026-03-01T02:30",
            "2026-03-08T00:00:00-05:00",
            "2026-03-09T00:00:00-04:00"
        ),
        [at("2026-03-08T03:30:00-04:00")]
    );
    // A time that comes twice is its first.
    assert_eq!(
        dues(
            "2026-10-30T01:30",
            "2026-11-01T00:00:00-04:00",
            "2026-11-02T00:00:00-05:00"
        ),
        [at("2026-11-01T01:30:00-04:00")]
    );
}

#[test]
fn the_next_time_is_the_first_of_those_to_come_and_every_hour_of_two_years_is_there() {
    let hours = (0..24)
        .map(|hour| hour.to_string())
        .collect::<Vec<_>>()
        .join(",");
    let hourly = schedule("2026-01-01T00:00", &format!("FREQ=DAILY;BYHOUR={hours}"));
    let calendar = Calendar::new(&hourly, "UTC").unwrap();
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2028-03-11T00:00:00Z"));
    assert_eq!(calendar.between(from, until).len(), 800 * 24);
    for start in ["2026-03-08T01:59:00-05:00", "2026-03-08T06:30:00Z"] {
        let here = Calendar::new(&hourly, ZONE).unwrap();
        let all = here.between(at(start), at(start).plus(2 * DAY_MS));
        assert_eq!(here.next(at(start)), all.first().copied());
    }
}

#[test]
fn days_of_the_month_that_are_not_there_are_left_out() {
    let last = schedule("2026-01-31T10:00", "FREQ=MONTHLY");
    let wide = ("2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z");
    assert_eq!(
        names(&last, wide.0, wide.1),
        ["2026-01-31T10:00", "2026-03-31T10:00", "2026-05-31T10:00"]
    );
    let end = schedule("2026-01-31T10:00", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3");
    assert_eq!(
        names(&end, wide.0, wide.1),
        ["2026-01-31T10:00", "2026-02-28T10:00", "2026-03-31T10:00"]
    );
    let mixed = schedule("2026-01-01T10:00", "FREQ=MONTHLY;BYDAY=SU,1MO;COUNT=5");
    assert_eq!(
        names(&mixed, wide.0, wide.1),
        [
            "2026-01-04T10:00",
            "2026-01-05T10:00",
            "2026-01-11T10:00",
            "2026-01-18T10:00",
            "2026-01-25T10:00"
        ]
    );
    let second = schedule("2026-01-01T10:00", "FREQ=MONTHLY;BYDAY=2TU,-1FR;COUNT=4");
    assert_eq!(
        names(&second, wide.0, wide.1),
        [
            "2026-01-13T10:00",
            "2026-01-30T10:00",
            "2026-02-10T10:00",
            "2026-02-27T10:00"
        ]
    );
}

#[test]
fn every_other_week_counts_from_the_day_that_weeks_begin_on() {
    // RFC 5545, 3.8.5.3: the same rule, with weeks from Monday and from Sunday.
    let of = |week: &str| {
        let rule = format!("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={week}");
        let schedule = schedule("1997-08-05T09:00", &rule);
        names(&schedule, "1997-08-01T00:00:00Z", "1997-10-01T00:00:00Z")
    };
    assert_eq!(
        of("MO"),
        [
            "1997-08-05T09:00",
            "1997-08-10T09:00",
            "1997-08-19T09:00",
            "1997-08-24T09:00"
        ]
    );
    assert_eq!(
        of("SU"),
        [
            "1997-08-05T09:00",
            "1997-08-17T09:00",
            "1997-08-19T09:00",
            "1997-08-31T09:00"
        ]
    );
}

#[test]
fn an_exception_is_left_out_and_counts_and_until_is_its_whole_day() {
    let mut daily = schedule("2026-05-01T09:00", "FREQ=DAILY;COUNT=3");
    daily.except = vec!["2026-05-02T09:00".into()];
    let wide = ("2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z");
    assert_eq!(
        names(&daily, wide.0, wide.1),
        ["2026-05-01T09:00", "2026-05-03T09:00"]
    );
    let until = schedule("2026-05-01T09:00", "FREQ=DAILY;UNTIL=20260502;BYHOUR=8,20");
    assert_eq!(
        names(&until, wide.0, wide.1),
        ["2026-05-01T20:00", "2026-05-02T08:00", "2026-05-02T20:00"]
    );
    let once = schedule("2026-05-01T09:00", "");
    assert_eq!(names(&once, wide.0, wide.1), ["2026-05-01T09:00"]);
}

#[test]
fn a_rule_beyond_what_is_computed_is_refused_by_its_part() {
    for (rule, part) in [
        ("FREQ=YEARLY", "FREQ"),
        ("FREQ=HOURLY", "FREQ"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=DAILY;BYSETPOS=1", "BYDAY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "COUNT or UNTIL"),
        ("FREQ=WEEKLY;BYDAY=1MO", "number"),
        ("FREQ=MONTHLY;BYDAY=-128MO", "BYDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=-128", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYDAY=é", "MO, TU"),
        ("FREQ=DAILY;FREQ=DAILY", "once"),
        ("FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40", "24"),
        ("daily", "parts"),
        ("FREQ=DAILY;UNTIL=+1230101", "UNTIL"),
    ] {
        let refused = Rule::parse(rule).unwrap_err();
        assert_eq!(refused.field, "rule");
        assert!(refused.limit.contains(part), "{rule}: {}", refused.limit);
    }
    let long = format!("FREQ=DAILY;BYHOUR={}", "1,".repeat(300));
    assert!(Rule::parse(&long).is_err());
    // One that never comes ends all the same.
    let never = schedule("2026-02-01T09:00", "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31");
    assert!(names(&never, "2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z").is_empty());
    let calendar = Calendar::new(&never, ZONE).unwrap();
    assert_eq!(calendar.next(at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn a_rule_is_written_as_it_was_read() {
    for rule in [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3;COUNT=10",
        "FREQ=WEEKLY;UNTIL=20261231;BYDAY=MO,TH;WKST=SU",
        "FREQ=MONTHLY;UNTIL=20261231T235900Z;BYDAY=2TU,-1FR;BYHOUR=8,20;BYMINUTE=30",
        "FREQ=MONTHLY;UNTIL=20261231T100000;BYMONTHDAY=1,-1",
    ] {
        assert_eq!(Rule::parse(rule).unwrap().to_string(), rule);
    }
}
