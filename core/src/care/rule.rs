//! The part of RFC 5545's recurrence rules that care plans need.
//!
//! `FREQ` of `DAILY`, `WEEKLY`, `MONTHLY`; `INTERVAL`, `COUNT`, `UNTIL`, `BYDAY` (with
//! ordinals in a month), `BYMONTHDAY`, `BYHOUR`, `BYMINUTE`, `WKST`. Everything else is
//! refused by name: such a rule is kept and shown, and nothing is computed from it.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};

use super::{COUNT_MAX, INTERVAL_MAX, RULE_BYTES_MAX, TIMES_A_DAY_MAX};
use crate::model::Refused;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// By days.
    Daily,
    /// By weeks.
    Weekly,
    /// By months.
    Monthly,
}

/// Where a rule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// With this day, in the plan's zone.
    Day(NaiveDate),
    /// With this time, in the plan's zone.
    Local(NaiveDateTime),
    /// With this instant.
    Utc(NaiveDateTime),
}

/// A recurrence rule that can be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// How often.
    pub frequency: Frequency,
    /// Every so many days, weeks or months, `1..=`[`INTERVAL_MAX`].
    pub interval: u32,
    /// So many occurrences.
    pub count: Option<u32>,
    /// Where it ends.
    pub until: Option<Until>,
    /// Days of the week; in a month with an ordinal, as -1 for the last one, or 0 for
    /// each of them.
    pub by_day: Vec<(i8, Weekday)>,
    /// Days of the month, negative ones from its end.
    pub by_month_day: Vec<i8>,
    /// Hours.
    pub by_hour: Vec<u32>,
    /// Minutes.
    pub by_minute: Vec<u32>,
    /// On which day weeks begin.
    pub week_start: Weekday,
}

const fn refused(limit: &'static str) -> Refused {
    Refused::new("rule", limit)
}

impl Rule {
    /// Reads a rule, with or without `RRULE:` before it.
    ///
    /// # Errors
    /// [`Refused`] on `rule` says which part can't be computed here.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let text = text.strip_prefix("RRULE:").unwrap_or(text);
        if text.len() > RULE_BYTES_MAX {
            return Err(refused("up to 500 characters"));
        }
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_hour: Vec::new(),
            by_minute: Vec::new(),
            week_start: Weekday::Mon,
        };
        let mut seen = BTreeSet::new();
        for part in text.trim_end_matches(';').split(';') {
            let (name, value) = part
                .split_once('=')
                .ok_or(refused("parts as FREQ=DAILY, separated by ;"))?;
            let name = name.to_ascii_uppercase();
            rule.take(&name, &value.to_ascii_uppercase())?;
            if !seen.insert(name) {
                return Err(refused("each part once"));
            }
        }
        if !seen.contains("FREQ") {
            return Err(refused("FREQ of DAILY, WEEKLY or MONTHLY"));
        }
        rule.check()?;
        Ok(rule)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Refused> {
        match name {
            "FREQ" => {
                self.frequency = match value {
                    "DAILY" => Frequency::Daily,
                    "WEEKLY" => Frequency::Weekly,
                    "MONTHLY" => Frequency::Monthly,
                    _ => return Err(refused("FREQ of DAILY, WEEKLY or MONTHLY")),
                }
            }
            "INTERVAL" => {
                let limit = "INTERVAL of 1..=1000";
                self.interval = number(value, 1, INTERVAL_MAX, limit)?;
            }
            "COUNT" => self.count = Some(number(value, 1, COUNT_MAX, "COUNT of 1..=10000")?),
            "UNTIL" => self.until = Some(until(value)?),
            "BYDAY" => self.by_day = list(value, day)?,
            "BYMONTHDAY" => self.by_month_day = list(value, month_day)?,
            "BYHOUR" => self.by_hour = list(value, |it| number(it, 0, 23, "BYHOUR of 0..=23"))?,
            "BYMINUTE" => {
                self.by_minute = list(value, |it| number(it, 0, 59, "BYMINUTE of 0..=59"))?;
            }
            "WKST" => self.week_start = weekday(value)?,
            _ => {
                return Err(refused(
                    "FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYHOUR, BYMINUTE, WKST",
                ));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Refused> {
        if self.count.is_some() && self.until.is_some() {
            return Err(refused("COUNT or UNTIL, not both"));
        }
        let ordinal = self.by_day.iter().any(|(nth, _)| *nth != 0);
        if ordinal && self.frequency != Frequency::Monthly {
            return Err(refused("BYDAY with a number in a month alone"));
        }
        if self.frequency == Frequency::Weekly && !self.by_month_day.is_empty() {
            return Err(refused("no BYMONTHDAY in a week"));
        }
        let times = self.by_hour.len().max(1) * self.by_minute.len().max(1);
        if times > TIMES_A_DAY_MAX {
            return Err(refused("up to 24 times a day"));
        }
        Ok(())
    }

    /// The times of one day.
    fn times(&self, start: NaiveTime) -> Vec<NaiveTime> {
        let or = |list: &[u32], own: u32| {
            let mut list = if list.is_empty() {
                vec![own]
            } else {
                list.to_vec()
            };
            list.sort_unstable();
            list.dedup();
            list
        };
        let minutes = or(&self.by_minute, start.minute());
        or(&self.by_hour, start.hour())
            .into_iter()
            .flat_map(|hour| {
                let at = move |minute: &u32| NaiveTime::from_hms_opt(hour, *minute, 0);
                minutes.iter().filter_map(at).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Whether the rule's days of week and month, as far as it has them, take this day.
    fn takes_day(&self, date: NaiveDate) -> bool {
        let of_week = self.by_day.is_empty()
            || self
                .by_day
                .iter()
                .any(|(nth, day)| *day == date.weekday() && is_nth(date, *nth));
        let from_end = i64::from(date.day()) - i64::from(days_in(date)) - 1;
        let of_month = self.by_month_day.is_empty()
            || self
                .by_month_day
                .iter()
                .any(|day| i64::from(*day) == i64::from(date.day()) || i64::from(*day) == from_end);
        of_week && of_month
    }

    /// The days of the turn with this number, in order; none: it begins after `last`.
    fn days(&self, start: NaiveDate, last: NaiveDate, turn: u32) -> Option<Vec<NaiveDate>> {
        let step = u64::from(turn) * u64::from(self.interval);
        let (first, length) = match self.frequency {
            Frequency::Daily => (start.checked_add_days(Days::new(step))?, 1),
            Frequency::Weekly => {
                let week = start.week(self.week_start).checked_first_day()?;
                (week.checked_add_days(Days::new(step * 7))?, 7)
            }
            Frequency::Monthly => {
                let month = start.with_day(1)?;
                let months = Months::new(u32::try_from(step).ok()?);
                let first = month.checked_add_months(months)?;
                (first, u64::from(days_in(first)))
            }
        };
        if first > last {
            return None;
        }
        let own = |date: &NaiveDate| match self.frequency {
            Frequency::Daily => self.takes_day(*date),
            Frequency::Weekly if self.by_day.is_empty() => date.weekday() == start.weekday(),
            Frequency::Monthly if self.by_day.is_empty() && self.by_month_day.is_empty() => {
                date.day() == start.day()
            }
            _ => self.takes_day(*date),
        };
        let days = (0..length).filter_map(|nth| first.checked_add_days(Days::new(nth)));
        Some(days.filter(own).collect())
    }

    /// The number of a turn not after a day: where a search may begin.
    fn turn_before(&self, start: NaiveDate, day: NaiveDate) -> u32 {
        let days = (day - start).num_days().max(0);
        let turns = match self.frequency {
            Frequency::Daily => days,
            Frequency::Weekly => days / 7,
            Frequency::Monthly => days / 31,
        };
        let turns = turns / i64::from(self.interval) - 1;
        u32::try_from(turns.max(0)).unwrap_or(0)
    }

    /// The rule's times in the plan's zone, in order, up to about the day `last`; where
    /// the rule does not count, those before the day `from` may be left out. The start
    /// is one of them where the rule takes it.
    pub(super) fn locals(
        &self,
        start: NaiveDateTime,
        (from, last): (NaiveDate, NaiveDate),
    ) -> impl Iterator<Item = NaiveDateTime> {
        let begin = match self.count {
            Some(_) => 0,
            None => self.turn_before(start.date(), from),
        };
        let times = self.times(start.time());
        let count = self
            .count
            .map_or(usize::MAX, |it| usize::try_from(it).unwrap_or(usize::MAX));
        (begin..)
            .map_while(move |turn| self.days(start.date(), last, turn))
            .flat_map(move |days| {
                let times = times.clone();
                days.into_iter().flat_map(move |day| {
                    let times = times.clone();
                    times.into_iter().map(move |time| day.and_time(time))
                })
            })
            .filter(move |local| *local >= start)
            .take(count)
    }
}

impl std::fmt::Display for Rule {
    /// The rule as RFC 5545 writes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let frequency = match self.frequency {
            Frequency::Daily => "DAILY",
            Frequency::Weekly => "WEEKLY",
            Frequency::Monthly => "MONTHLY",
        };
        write!(f, "FREQ={frequency}")?;
        if self.interval > 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        if let Some(count) = self.count {
            write!(f, ";COUNT={count}")?;
        }
        match self.until {
            Some(Until::Day(day)) => write!(f, ";UNTIL={}", day.format("%Y%m%d"))?,
            Some(Until::Local(at)) => write!(f, ";UNTIL={}", at.format("%Y%m%dT%H%M%S"))?,
            Some(Until::Utc(at)) => write!(f, ";UNTIL={}Z", at.format("%Y%m%dT%H%M%S"))?,
            None => {}
        }
        let days = self.by_day.iter().map(|(nth, day)| {
            let name = name_of(*day);
            if *nth == 0 {
                name.to_owned()
            } else {
                format!("{nth}{name}")
            }
        });
        let parts = [
            ("BYDAY", days.collect::<Vec<_>>()),
            ("BYMONTHDAY", texts(&self.by_month_day)),
            ("BYHOUR", texts(&self.by_hour)),
            ("BYMINUTE", texts(&self.by_minute)),
        ];
        for (name, values) in parts.iter().filter(|(_, values)| !values.is_empty()) {
            write!(f, ";{name}={}", values.join(","))?;
        }
        if self.week_start != Weekday::Mon {
            write!(f, ";WKST={}", name_of(self.week_start))?;
        }
        Ok(())
    }
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn number(text: &str, least: u32, most: u32, limit: &'static str) -> Result<u32, Refused> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = digits.then(|| text.parse::<u32>().ok()).flatten();
    value
        .filter(|value| (least..=most).contains(value))
        .ok_or(refused(limit))
}

fn list<T>(text: &str, one: impl Fn(&str) -> Result<T, Refused>) -> Result<Vec<T>, Refused> {
    text.split(',').map(one).collect()
}

const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Mon),
    ("TU", Weekday::Tue),
    ("WE", Weekday::Wed),
    ("TH", Weekday::Thu),
    ("FR", Weekday::Fri),
    ("SA", Weekday::Sat),
    ("SU", Weekday::Sun),
];

fn weekday(text: &str) -> Result<Weekday, Refused> {
    let known = DAYS.iter().find(|(name, _)| *name == text);
    known
        .map(|(_, day)| *day)
        .ok_or(refused("days of MO, TU, WE, TH, FR, SA, SU"))
}

fn name_of(day: Weekday) -> &'static str {
    let known = DAYS.iter().find(|(_, known)| *known == day);
    known.map_or("MO", |(name, _)| *name)
}

fn day(text: &str) -> Result<(i8, Weekday), Refused> {
    const LIMIT: &str = "BYDAY of MO to SU, with -5..=5 before it in a month";
    let at = text.len().checked_sub(2).ok_or(refused(LIMIT))?;
    let (Some(nth), Some(name)) = (text.get(..at), text.get(at..)) else {
        return Err(refused(LIMIT));
    };
    let nth = match nth {
        "" => 0,
        nth => nth
            .parse::<i8>()
            .ok()
            .filter(|nth| (1..=5).contains(&nth.unsigned_abs()))
            .ok_or(refused(LIMIT))?,
    };
    Ok((nth, weekday(name)?))
}

fn month_day(text: &str) -> Result<i8, Refused> {
    let value = text.parse::<i8>().ok();
    value
        .filter(|day| (1..=31).contains(&day.unsigned_abs()))
        .ok_or(refused("BYMONTHDAY of 1..=31 or -31..=-1"))
}

fn until(text: &str) -> Result<Until, Refused> {
    let limit = refused("UNTIL as 20261231, 20261231T235900 or 20261231T235900Z");
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'T' | b'Z');
    if !text.bytes().all(plain) {
        return Err(limit);
    }
    let at = |text: &str| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok();
    let read = match (text.len(), text.strip_suffix('Z')) {
        (8, _) => NaiveDate::parse_from_str(text, "%Y%m%d")
            .ok()
            .map(Until::Day),
        (16, Some(utc)) => at(utc).map(Until::Utc),
        (15, None) => at(text).map(Until::Local),
        _ => None,
    };
    read.ok_or(limit)
}

fn days_in(date: NaiveDate) -> u32 {
    u32::from(date.num_days_in_month())
}

/// Whether a day is the nth of its weekday in its month; 0: each of them.
fn is_nth(date: NaiveDate, nth: i8) -> bool {
    let place = (date.day0() / 7) + 1;
    let from_end = (days_in(date) - date.day()) / 7 + 1;
    match nth {
        0 => true,
        1.. => place == u32::from(nth.unsigned_abs()),
        _ => from_end == u32::from(nth.unsigned_abs()),
    }
}
