//! The day's list.

use chrono::{Days, NaiveDate, NaiveTime, TimeZone};

use super::Homeround;
use super::error::AppError;
use crate::model::{DUPLICATE_NEAR_MS, MINUTE_MS, Millis, VISIT_MINUTES_MAX, VisitId};
use crate::store::{ScopeState, VisitRow};

/// One day's visits.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Which day, in the phone's zone.
    pub date: NaiveDate,
    /// The visits that begin on it, in order.
    pub visits: Vec<VisitRow>,
    /// Those of them that may be there twice, and nobody has decided yet.
    pub likely_duplicates: Vec<VisitId>,
    /// Those of them that are virtual: no way leads to them.
    pub virtual_visits: Vec<VisitId>,
    /// Edits on this phone that the backend has not acknowledged yet.
    pub unsent: u64,
    /// The store's revision that this shows.
    pub revision: u64,
}

impl Homeround {
    /// The day that it is now, by the best known time.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn today(&self) -> Result<NaiveDate, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let now = super::inner::best_now(&reader, self.inner.clocks.now())?;
        let zone = self.inner.config.zone()?;
        let instant = chrono::DateTime::from_timestamp_millis(now.0).unwrap_or_default();
        Ok(instant.with_timezone(&zone).date_naive())
    }

    /// One's own visits of a day.
    ///
    /// # Errors
    /// [`AppError::Locked`], [`AppError::NotEnrolled`], [`AppError::LeaseEnded`].
    pub fn day(&self, date: NaiveDate) -> Result<Day, AppError> {
        self.day_of(date, true)
    }

    /// Everybody's visits of a day that are in scope on this phone.
    ///
    /// # Errors
    /// As [`day`](Self::day).
    pub fn team_day(&self, date: NaiveDate) -> Result<Day, AppError> {
        self.day_of(date, false)
    }

    fn day_of(&self, date: NaiveDate, own: bool) -> Result<Day, AppError> {
        let revision = self.inner.revision();
        let reads = self.inner.reads()?;
        let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
        let reader = reads.store.reader()?;
        super::inner::lease_permits(&reader, self.inner.clocks.now())?;
        let zone = self.inner.config.zone()?;
        let (from, until) = bounds(date, zone)?;
        let mut visits = reader.visits_between(from, until, own.then_some(me.person))?;
        // Who left scope is not shown, from the moment the phone knows.
        let gone: Vec<_> = reader.scopes_in(ScopeState::Leaving)?;
        visits.retain(|visit| !gone.contains(&visit.patient));
        let long_ms = i64::from(VISIT_MINUTES_MAX) * MINUTE_MS + DUPLICATE_NEAR_MS;
        let around = (from.plus(-long_ms), until.plus(DUPLICATE_NEAR_MS));
        let near = reader.visits_between(around.0, around.1, None)?;
        let twice = super::duplicates::flagged(&reader, &near)?;
        let shown = visits.iter().map(|row| row.visit);
        Ok(Day {
            date,
            virtual_visits: super::virtual_visit::among(&reader, &visits)?,
            likely_duplicates: shown.filter(|visit| twice.contains(visit)).collect(),
            visits,
            unsent: reader.unsent()?,
            revision,
        })
    }
}

/// When a day begins and ends; on the days of a change of clocks it has 23 or
/// 25 hours.
pub(super) fn bounds(date: NaiveDate, zone: chrono_tz::Tz) -> Result<(Millis, Millis), AppError> {
    let refused = || AppError::Refused {
        field: "date".into(),
        limit: "a day of the calendar".into(),
    };
    let next = date.checked_add_days(Days::new(1)).ok_or_else(refused)?;
    let start = |day: NaiveDate| {
        let midnight = day.and_time(NaiveTime::MIN);
        let local = zone.from_local_datetime(&midnight).earliest();
        // Where midnight is skipped, the day begins an hour later.
        let local = local.or_else(|| {
            let later = midnight.checked_add_signed(chrono::TimeDelta::hours(1))?;
            zone.from_local_datetime(&later).earliest()
        });
        local
            .map(|instant| Millis(instant.timestamp_millis()))
            .ok_or_else(refused)
    };
    Ok((start(date)?, start(next)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HOUR_MS;

    #[test]
    fn a_day_has_23_and_25_hours_when_the_clocks_change() {
        let zone = chrono_tz::America::New_York;
        let hours = |year, month, day| {
            let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
            let (from, until) = bounds(date, zone).unwrap();
            (until.0 - from.0) / HOUR_MS
        };
        assert_eq!(hours(2026, 3, 8), 23);
        assert_eq!(hours(2026, 11, 1), 25);
        assert_eq!(hours(2026, 11, 2), 24);
    }
}
