//! Random recurrence rules with the occurrences that the core computes, for rules that
//! nobody here wrote: see `tests/fhir/recurrence.py`.

use std::io::Write;
use std::process::ExitCode;

use homeround::care::Calendar;
use homeround::model::{DAY_MS, Millis, Schedule};
use serde_json::json;

use crate::dice::Dice;

/// Zones with changes of clocks at different times of the year and the day, and without.
const ZONES: [&str; 6] = [
    "America/New_York",
    "Europe/Madrid",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
    "UTC",
];
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/// 2026-02-20T00:00:00Z: the changes of clocks of spring are near.
const SPRING_MS: i64 = 1_771_545_600_000;

fn number(dice: &mut Dice, low: i64, high: i64) -> i64 {
    let span = u64::try_from(high - low + 1).unwrap_or(1);
    low + i64::try_from(dice.below(span)).unwrap_or(0)
}

fn some(dice: &mut Dice, most: i64, one: impl Fn(&mut Dice) -> String) -> String {
    let mut list: Vec<String> = (0..number(dice, 1, most)).map(|_| one(dice)).collect();
    list.sort();
    list.dedup();
    list.join(",")
}

fn day(dice: &mut Dice) -> String {
    (*dice.pick(&DAYS)).to_owned()
}

/// The other program takes days with an ordinal and days without one, in one rule, for both
/// at once; RFC 5545 for either. Such a rule is computed by hand, in the care room's tests.
fn nth_day(dice: &mut Dice) -> String {
    let nth = *dice.pick(&["1", "2", "3", "4", "5", "-1", "-2", "-5"]);
    format!("{nth}{}", day(dice))
}

fn month_day(dice: &mut Dice) -> String {
    let day = number(dice, 1, 31);
    if dice.chance(30) {
        format!("-{day}")
    } else {
        day.to_string()
    }
}

/// A rule of every part that is computed.
fn rule(dice: &mut Dice, start_ms: i64) -> String {
    let frequency = *dice.pick(&["DAILY", "WEEKLY", "MONTHLY"]);
    let mut parts = vec![format!("FREQ={frequency}")];
    if dice.chance(50) {
        parts.push(format!("INTERVAL={}", number(dice, 1, 5)));
    }
    if dice.chance(50) {
        let days = match frequency {
            "MONTHLY" if dice.chance(70) => some(dice, 3, nth_day),
            _ => some(dice, 4, day),
        };
        parts.push(format!("BYDAY={days}"));
    }
    if frequency != "WEEKLY" && dice.chance(40) {
        parts.push(format!("BYMONTHDAY={}", some(dice, 4, month_day)));
    }
    if dice.chance(40) {
        let hours = some(dice, 4, |dice| number(dice, 0, 23).to_string());
        parts.push(format!("BYHOUR={hours}"));
    }
    if dice.chance(30) {
        let minutes = some(dice, 2, |dice| number(dice, 0, 59).to_string());
        parts.push(format!("BYMINUTE={minutes}"));
    }
    if dice.chance(30) {
        parts.push(format!("WKST={}", day(dice)));
    }
    match dice.below(4) {
        0 => parts.push(format!("COUNT={}", number(dice, 1, 40))),
        1 => {
            let end = start_ms + number(dice, 1, 500) * DAY_MS;
            let end = chrono::DateTime::from_timestamp_millis(end).unwrap_or_default();
            let form = *dice.pick(&["%Y%m%d", "%Y%m%dT%H%M%SZ"]);
            parts.push(format!("UNTIL={}", end.format(form)));
        }
        _ => {}
    }
    parts.join(";")
}

/// Prints so many rules, one JSON object a line: `homeround-recurrence COUNT SEED`.
#[must_use]
pub fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(count)), Some(Ok(seed))) = (arguments.next(), arguments.next()) else {
        let _ = writeln!(std::io::stderr(), "usage: homeround-recurrence COUNT SEED");
        return ExitCode::from(2);
    };
    let mut out = std::io::stdout().lock();
    let mut dice = Dice::new(seed);
    for _ in 0..count {
        let zone = *dice.pick(&ZONES);
        let start_ms = SPRING_MS - number(&mut dice, 0, 400) * DAY_MS;
        let day = chrono::DateTime::from_timestamp_millis(start_ms).unwrap_or_default();
        // Every other one in the hours in which clocks change.
        let hour = if dice.chance(50) {
            number(&mut dice, 0, 3)
        } else {
            number(&mut dice, 0, 23)
        };
        let minute = number(&mut dice, 0, 59);
        let start = format!("{}T{hour:02}:{minute:02}", day.format("%Y-%m-%d"));
        let mut schedule = Schedule {
            rule: Some(rule(&mut dice, start_ms)),
            start,
            ..Schedule::default()
        };
        let from = Millis(start_ms - DAY_MS + number(&mut dice, 0, 300) * DAY_MS);
        let until = from.plus(number(&mut dice, 1, 260) * DAY_MS + 4_321_000);
        let all = Calendar::new(&schedule, zone).map(|it| it.between(from, until));
        if let Some(one) = all.iter().flatten().next().filter(|_| dice.chance(20)) {
            schedule.except.push(one.name());
        }
        let Ok(calendar) = Calendar::new(&schedule, zone) else {
            let _ = writeln!(std::io::stderr(), "refused: {schedule:?}");
            return ExitCode::FAILURE;
        };
        let found = calendar.between(from, until);
        let found: Vec<_> = found.iter().map(|it| json!([it.due, it.name()])).collect();
        let line = json!({ "zone": zone, "start": schedule.start, "rule": schedule.rule,
            "except": schedule.except, "from_ms": from, "until_ms": until, "found": found });
        if writeln!(out, "{line}").is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
