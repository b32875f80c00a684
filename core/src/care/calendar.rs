//! A schedule in its time zone: when it is due.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::rule::{Rule, Until};
use super::{EXCEPT_MAX, OCCURRENCES_MAX, TIMES_A_DAY_MAX};
use crate::model::{DAY_MS, MINUTE_MS, Millis, Refused, Schedule, TOLERANCE_MINUTES_MAX};

/// How far ahead the next occurrence is looked for, in days: beyond the longest month's
/// turn of a year.
pub const LOOK_AHEAD_DAYS: i64 = 400;

/// As `start` of a schedule is written.
const LOCAL: &str = "%Y-%m-%dT%H:%M";

/// One time at which an activity is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// By the clock on the wall of the plan's zone: names the occurrence, the same
    /// whatever the zone's rules become.
    pub local: NaiveDateTime,
    /// The instant.
    pub due: Millis,
}

impl Occurrence {
    /// The occurrence's name: `YYYY-MM-DDTHH:MM` in the plan's zone.
    #[must_use]
    pub fn name(&self) -> String {
        local_text(self.local)
    }
}

/// A schedule that can be computed, in its zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: Tz,
    start: NaiveDateTime,
    rule: Option<Rule>,
    except: BTreeSet<NaiveDateTime>,
    /// How long before the time it may be done, in milliseconds.
    pub early_ms: i64,
    /// How long after the time it is still on time, in milliseconds.
    pub late_ms: i64,
}

/// A time as a schedule writes it.
#[must_use]
pub fn local_text(local: NaiveDateTime) -> String {
    local.format(LOCAL).to_string()
}

fn local(text: &str, field: &'static str) -> Result<NaiveDateTime, Refused> {
    let read = NaiveDateTime::parse_from_str(text, LOCAL).ok();
    // One spelling a time: it names the occurrence.
    read.filter(|local| local_text(*local) == text)
        .ok_or(Refused::new(field, "a time as 2026-11-28T09:00"))
}

impl Calendar {
    /// Reads a schedule in a zone.
    ///
    /// # Errors
    /// [`Refused`] names the field: `time_zone`, `start`, `rule`, `except`,
    /// `early_minutes`, `late_minutes`; on `rule` too where words stand in its place.
    pub fn new(schedule: &Schedule, zone: &str) -> Result<Self, Refused> {
        let zone = zone
            .parse::<Tz>()
            .map_err(|_| Refused::new("time_zone", "an IANA time zone"))?;
        if schedule.rule.is_none() && schedule.text.is_some() {
            return Err(Refused::new("rule", "a rule; words can't be computed here"));
        }
        if schedule.except.len() > EXCEPT_MAX {
            return Err(Refused::new("except", "500 at most"));
        }
        let tolerance = |minutes: u32, field| {
            let fits = minutes <= TOLERANCE_MINUTES_MAX;
            fits.then(|| i64::from(minutes) * MINUTE_MS)
                .ok_or(Refused::new(field, "0..=20160 minutes"))
        };
        let except = schedule.except.iter().map(|it| local(it, "except"));
        Ok(Self {
            zone,
            start: local(&schedule.start, "start")?,
            rule: schedule.rule.as_deref().map(Rule::parse).transpose()?,
            except: except.collect::<Result<_, _>>()?,
            early_ms: tolerance(schedule.early_minutes, "early_minutes")?,
            late_ms: tolerance(schedule.late_minutes, "late_minutes")?,
        })
    }

    /// The instant of a time on the wall. Where the clocks skip it, it is as late as
    /// the clock before the change would have shown it; where it comes twice, it is the
    /// first (RFC 5545, 3.3.5).
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> Option<Millis> {
        if let Some(found) = self.zone.from_local_datetime(&local).earliest() {
            return Some(Millis(found.timestamp_millis()));
        }
        // No zone ever skipped more than a day.
        let before = (1..=25).find_map(|hours| {
            let earlier = local.checked_sub_signed(TimeDelta::hours(hours))?;
            self.zone.from_local_datetime(&earlier).latest()
        })?;
        let utc = local.checked_sub_offset(before.offset().fix())?;
        Some(Millis(utc.and_utc().timestamp_millis()))
    }

    fn day_of(&self, at: Millis) -> Option<NaiveDate> {
        let instant = DateTime::<Utc>::from_timestamp_millis(at.0)?;
        Some(instant.with_timezone(&self.zone).date_naive())
    }

    fn ends_before(&self, occurrence: &Occurrence) -> bool {
        let until = self.rule.as_ref().and_then(|rule| rule.until);
        match until {
            None => false,
            Some(Until::Day(day)) => occurrence.local.date() > day,
            Some(Until::Local(at)) => occurrence.local > at,
            Some(Until::Utc(at)) => occurrence.due.0 > at.and_utc().timestamp_millis(),
        }
    }

    /// Every occurrence from about one day to about another, in order.
    fn all(&self, from: NaiveDate, last: NaiveDate) -> impl Iterator<Item = Occurrence> {
        let once = self.rule.is_none().then_some(self.start);
        let ruled = self
            .rule
            .as_ref()
            .map(|rule| rule.locals(self.start, (from, last)));
        once.into_iter()
            .chain(ruled.into_iter().flatten())
            .map_while(|local| {
                let due = self.instant(local)?;
                Some(Occurrence { local, due })
            })
            .take_while(|occurrence| !self.ends_before(occurrence))
            .filter(|occurrence| !self.except.contains(&occurrence.local))
    }

    /// The days on which what is due in a window is named: a skipped time may lie on
    /// another day than its name says.
    fn days(&self, from: Millis, until: Millis) -> Option<(NaiveDate, NaiveDate)> {
        let first = self.day_of(from)?.checked_sub_days(Days::new(2))?;
        let last = self.day_of(until)?.checked_add_days(Days::new(1))?;
        Some((first, last))
    }

    /// The occurrences due at or after `from` and before `until`, in order; at most
    /// [`OCCURRENCES_MAX`] of them.
    #[must_use]
    pub fn between(&self, from: Millis, until: Millis) -> Vec<Occurrence> {
        let Some((first, last)) = self.days(from, until) else {
            return Vec::new();
        };
        let mut found: Vec<Occurrence> = self
            .all(first, last)
            .filter(|it| it.due >= from && it.due < until)
            .take(OCCURRENCES_MAX)
            .collect();
        // Where clocks go forward, two names may be one instant or change places.
        found.sort_by_key(|it| (it.due, it.local));
        found
    }

    /// The first occurrence due at or after an instant, within about [`LOOK_AHEAD_DAYS`].
    #[must_use]
    pub fn next(&self, from: Millis) -> Option<Occurrence> {
        let until = from.plus(LOOK_AHEAD_DAYS * DAY_MS);
        let (first, last) = self.days(from, until)?;
        let coming = self.all(first, last).filter(|it| it.due >= from);
        // Where clocks go forward, names of one day may change places.
        let near = coming.take(TIMES_A_DAY_MAX);
        near.filter(|it| it.due < until)
            .min_by_key(|it| (it.due, it.local))
    }

    /// The occurrence with a name, where the schedule has it.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Occurrence> {
        let wanted = local(name, "occurrence").ok()?;
        let mut all = self.all(wanted.date(), wanted.date());
        all.find(|it| it.local == wanted)
    }
}
