//! FHIR's `Timing` and our schedules, both ways.
//!
//! `Timing.repeat` says what it can; an extension beside it says the schedule exactly, so
//! that what goes out comes back the same. A `Timing` that no rule says (three times a
//! day at no set time, before meals) is kept as its words.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::calendar::{Calendar, local_text};
use super::rule::{Frequency, Rule, Until};
use crate::model::Schedule;

/// The extension that holds a schedule exactly.
pub const SCHEDULE_EXTENSION: &str =
    "https://github.com/homeround/homeround/fhir/StructureDefinition/schedule";

/// A day in minutes, less one: on time until the day is over.
const WHOLE_DAY_MINUTES: u32 = 24 * 60 - 1;

/// FHIR's names of the days of the week.
const DAYS: [(&str, &str, Weekday); 7] = [
    ("mon", "MO", Weekday::Mon),
    ("tue", "TU", Weekday::Tue),
    ("wed", "WE", Weekday::Wed),
    ("thu", "TH", Weekday::Thu),
    ("fri", "FR", Weekday::Fri),
    ("sat", "SA", Weekday::Sat),
    ("sun", "SU", Weekday::Sun),
];

/// The schedule of a FHIR `Timing` in a zone. `begins` is the day from which it counts
/// where it says none. A schedule with `text` and no rule is one that can't be computed.
/// An exact one that is not bound to a day begins on `begins`.
#[must_use]
pub fn schedule_of(timing: &Value, zone: Tz, begins: NaiveDate) -> Schedule {
    exact(timing, begins)
        .or_else(|| event(timing, zone))
        .or_else(|| repeated(&timing["repeat"], zone, begins))
        .unwrap_or_else(|| Schedule {
            start: local_text(begins.and_time(NaiveTime::MIN)),
            text: Some(words(timing)),
            ..Schedule::default()
        })
}

/// What the extension says.
fn exact(timing: &Value, begins: NaiveDate) -> Option<Schedule> {
    let extensions = timing["extension"].as_array()?;
    let own = extensions
        .iter()
        .find(|it| it["url"] == SCHEDULE_EXTENSION)?;
    let mut schedule = Schedule::default();
    for part in own["extension"].as_array()? {
        let text = || part["valueString"].as_str().map(str::to_owned);
        let minutes = || u32::try_from(part["valueUnsignedInt"].as_u64()?).ok();
        match part["url"].as_str()? {
            "start" => schedule.start = text()?,
            "time" => {
                let time = NaiveTime::parse_from_str(part["valueTime"].as_str()?, "%H:%M:%S");
                schedule.start = local_text(begins.and_time(time.ok()?));
            }
            "rule" => schedule.rule = Some(text()?),
            "except" => schedule.except.push(text()?),
            "early" => schedule.early_minutes = minutes()?,
            "late" => schedule.late_minutes = minutes()?,
            "text" => schedule.text = Some(text()?),
            _ => {}
        }
    }
    let sound = schedule.text.is_some() || Calendar::new(&schedule, "UTC").is_ok();
    (sound && !schedule.start.is_empty()).then_some(schedule)
}

/// One instant, said as an event.
fn event(timing: &Value, zone: Tz) -> Option<Schedule> {
    let events = timing["event"].as_array()?;
    let [one] = events.as_slice() else {
        return None;
    };
    let (start, whole_day) = moment(one.as_str()?, zone)?;
    let schedule = Schedule {
        start: local_text(start),
        late_minutes: if whole_day { WHOLE_DAY_MINUTES } else { 0 },
        ..Schedule::default()
    };
    computable(schedule, zone)
}

/// A FHIR date or instant on the wall of a zone; true: a date alone.
fn moment(text: &str, zone: Tz) -> Option<(NaiveDateTime, bool)> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some((date.and_time(NaiveTime::MIN), true));
    }
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    let local = instant.with_timezone(&zone).naive_local();
    Some((local.with_second(0)?.with_nanosecond(0)?, false))
}

/// `Timing.repeat`, where a rule says it.
fn repeated(repeat: &Value, zone: Tz, begins: NaiveDate) -> Option<Schedule> {
    let fields = repeat.as_object()?;
    let known = [
        "boundsPeriod",
        "count",
        "frequency",
        "period",
        "periodUnit",
        "dayOfWeek",
        "timeOfDay",
    ];
    if !fields.keys().all(|name| known.contains(&name.as_str())) {
        return None;
    }
    let period = whole(&repeat["period"], 1)?;
    let frequency = whole(&repeat["frequency"], 1)?;
    let unit = repeat["periodUnit"].as_str().unwrap_or("d");
    let days = days_of(&repeat["dayOfWeek"])?;
    let times = times_of(&repeat["timeOfDay"])?;
    let weekly = unit == "wk" || (unit == "d" && period == 1 && !days.is_empty());
    let turns = match (times.len(), weekly) {
        (0, true) => days.len().max(1),
        (many, true) => many * days.len().max(1),
        (many, false) => many.max(1),
    };
    // With days or times listed, FHIR's frequency is of the day or of the whole list.
    let fits = frequency == 1 && times.len() <= 1
        || usize::try_from(frequency).is_ok_and(|it| it == turns || it == times.len());
    if !fits || !weekly && !days.is_empty() {
        return None;
    }
    let bounds = &repeat["boundsPeriod"];
    let start = bounds["start"].as_str().map(|it| moment(it, zone));
    let (start, untimed) = match start {
        Some(found) => found?,
        None => (begins.and_time(NaiveTime::MIN), true),
    };
    let first = times.iter().next();
    let start = first.map_or(start, |time| start.date().and_time(*time));
    let mut rule = rule_of(unit, weekly, period)?;
    rule.by_day = days.into_iter().map(|day| (0, day)).collect();
    if times.len() > 1 {
        (rule.by_hour, rule.by_minute) = crossed(&times)?;
    }
    rule.count = match &repeat["count"] {
        Value::Null => None,
        count => Some(u32::try_from(count.as_u64()?).ok()?),
    };
    if let (Some(end), None) = (bounds["end"].as_str(), rule.count) {
        rule.until = Some(match moment(end, zone)? {
            (day, true) => Until::Day(day.date()),
            (at, false) => Until::Local(at),
        });
    }
    let schedule = Schedule {
        start: local_text(start),
        rule: Some(rule.to_string()),
        late_minutes: if untimed && first.is_none() {
            WHOLE_DAY_MINUTES
        } else {
            0
        },
        ..Schedule::default()
    };
    computable(schedule, zone)
}

fn computable(schedule: Schedule, zone: Tz) -> Option<Schedule> {
    Calendar::new(&schedule, zone.name()).ok().map(|_| schedule)
}

fn whole(value: &Value, absent: u32) -> Option<u32> {
    match value {
        Value::Null => Some(absent),
        value => {
            let number = value.as_f64()?;
            let text = (number.fract() == 0.0).then(|| value.to_string())?;
            text.trim_end_matches(".0")
                .parse()
                .ok()
                .filter(|it| *it > 0)
        }
    }
}

fn days_of(value: &Value) -> Option<Vec<Weekday>> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|name| DAYS.iter().find(|(fhir, ..)| name == fhir).map(|it| it.2))
        .collect()
}

fn times_of(value: &Value) -> Option<BTreeSet<NaiveTime>> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|time| NaiveTime::parse_from_str(time.as_str()?, "%H:%M:%S").ok())
        .collect()
}

fn rule_of(unit: &str, weekly: bool, period: u32) -> Option<Rule> {
    let frequency = match unit {
        "d" if weekly => "WEEKLY",
        "d" => "DAILY",
        "wk" => "WEEKLY",
        "mo" => "MONTHLY",
        _ => return None,
    };
    Rule::parse(&format!("FREQ={frequency};INTERVAL={period}")).ok()
}

/// Hours and minutes whose every pair is one of the times, and no other.
fn crossed(times: &BTreeSet<NaiveTime>) -> Option<(Vec<u32>, Vec<u32>)> {
    let hours: BTreeSet<u32> = times.iter().map(Timelike::hour).collect();
    let minutes: BTreeSet<u32> = times.iter().map(Timelike::minute).collect();
    (hours.len() * minutes.len() == times.len())
        .then(|| (hours.into_iter().collect(), minutes.into_iter().collect()))
}

/// A `Timing` in its own words.
fn words(timing: &Value) -> String {
    let code = &timing["code"];
    let coded = code["coding"][0]["display"].as_str();
    let said = code["text"].as_str().or(coded);
    said.map_or_else(|| timing["repeat"].to_string(), str::to_owned)
}

/// A schedule as a FHIR `Timing`.
#[must_use]
pub fn timing_of(schedule: &Schedule) -> Value {
    let mut timing = Map::new();
    timing.insert("extension".into(), json!([extension(schedule)]));
    let start = NaiveDateTime::parse_from_str(&schedule.start, "%Y-%m-%dT%H:%M").ok();
    match (&schedule.rule, start) {
        (Some(text), Some(start)) => {
            let rule = Rule::parse(text).ok();
            if let Some(repeat) = rule.and_then(|rule| repeat_of(&rule, start)) {
                timing.insert("repeat".into(), repeat);
            }
            timing.insert("code".into(), json!({ "text": text }));
        }
        (None, Some(start)) if schedule.text.is_none() => {
            timing.insert("event".into(), json!([start.date().to_string()]));
        }
        _ => {
            let text = schedule.text.as_ref();
            timing.insert("code".into(), json!({ "text": text }));
        }
    }
    Value::Object(timing)
}

fn extension(schedule: &Schedule) -> Value {
    let text = |url: &str, text: &str| json!({ "url": url, "valueString": text });
    let minutes = |url: &str, it: u32| json!({ "url": url, "valueUnsignedInt": it });
    let mut parts = vec![text("start", &schedule.start)];
    parts.extend(schedule.rule.iter().map(|it| text("rule", it)));
    parts.extend(schedule.except.iter().map(|it| text("except", it)));
    parts.push(minutes("early", schedule.early_minutes));
    parts.push(minutes("late", schedule.late_minutes));
    parts.extend(schedule.text.iter().map(|it| text("text", it)));
    json!({ "url": SCHEDULE_EXTENSION, "extension": parts })
}

/// What `Timing.repeat` can say of a rule; none where it would say something else.
fn repeat_of(rule: &Rule, start: NaiveDateTime) -> Option<Value> {
    let plain_days = rule.by_day.iter().all(|(nth, _)| *nth == 0);
    let own_day = rule.by_month_day.is_empty()
        || rule.frequency == Frequency::Monthly
            && rule.by_month_day.as_slice() == [i8::try_from(chrono::Datelike::day(&start)).ok()?];
    let weekly = rule.frequency == Frequency::Weekly;
    if !plain_days || !own_day || !weekly && !rule.by_day.is_empty() {
        return None;
    }
    let minutes = or(&rule.by_minute, start.minute());
    let times: Vec<String> = or(&rule.by_hour, start.hour())
        .iter()
        .flat_map(|hour| {
            minutes
                .iter()
                .map(move |it| format!("{hour:02}:{it:02}:00"))
        })
        .collect();
    let named = |day: &Weekday| DAYS.iter().find(|(.., known)| known == day).map(|it| it.0);
    let mut days: Vec<&str> = rule
        .by_day
        .iter()
        .filter_map(|(_, day)| named(day))
        .collect();
    if weekly && days.is_empty() {
        days.extend(named(&chrono::Datelike::weekday(&start)));
    }
    let mut bounds = json!({ "start": start.date().to_string() });
    match rule.until {
        Some(Until::Day(day)) => bounds["end"] = json!(day.to_string()),
        Some(Until::Local(at) | Until::Utc(at)) => bounds["end"] = json!(at.date().to_string()),
        None => {}
    }
    let mut repeat = json!({
        "boundsPeriod": bounds,
        "frequency": times.len() * days.len().max(1),
        "period": rule.interval,
        "periodUnit": match rule.frequency {
            Frequency::Daily => "d",
            Frequency::Weekly => "wk",
            Frequency::Monthly => "mo",
        },
        "timeOfDay": times,
    });
    if !days.is_empty() {
        repeat["dayOfWeek"] = json!(days);
    }
    if let Some(count) = rule.count {
        repeat["count"] = json!(count);
    }
    Some(repeat)
}

fn or(list: &[u32], own: u32) -> Vec<u32> {
    if list.is_empty() {
        vec![own]
    } else {
        list.to_vec()
    }
}
