//! Hours in which nobody is written to.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::model::{Millis, QuietHours};

/// When the quiet hours end that hold at an instant; none: it may be written.
#[must_use]
pub fn quiet_until(quiet: QuietHours, zone: Tz, at: Millis) -> Option<Millis> {
    let local = DateTime::from_timestamp_millis(at.0)?.with_timezone(&zone);
    let minute = local.hour() * 60 + local.minute();
    let (from, until) = (u32::from(quiet.from_minute), u32::from(quiet.until_minute));
    let (holds, next_day) = if from <= until {
        (from <= minute && minute < until, false)
    } else {
        (minute >= from || minute < until, minute >= from)
    };
    if !holds {
        return None;
    }
    let day = local
        .date_naive()
        .checked_add_days(Days::new(u64::from(next_day)))?;
    let end = day.and_time(NaiveTime::from_hms_opt(until / 60, until % 60, 0)?);
    // Where the clocks skip that time, they end as the clocks go on.
    let found = (0..=3).find_map(|hours| {
        let later = end.checked_add_signed(TimeDelta::hours(hours))?;
        // The second of two: the hour that comes twice is quiet twice.
        zone.from_local_datetime(&later).latest()
    })?;
    Some(Millis(found.timestamp_millis()))
}
