//! FHIR's dates and instants, read and written.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone};
use chrono_tz::Tz;
use homeround::model::Millis;

/// Reads a FHIR `date`, `dateTime` or `instant`. What has no time of day
/// begins at midnight in `zone`; a missing month or day is the first.
pub(crate) fn read(text: &str, zone: Tz) -> Option<Millis> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(Millis(at.timestamp_millis()));
    }
    let local = match text.len() {
        4 => date(&format!("{text}-01-01"))?,
        7 => date(&format!("{text}-01"))?,
        10 => date(text)?,
        _ => NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?,
    };
    // A midnight that a change to summer time skips begins an hour later.
    let at = [0, 1, 2].into_iter().find_map(|hours| {
        let shifted = local.checked_add_signed(chrono::TimeDelta::hours(hours))?;
        zone.from_local_datetime(&shifted).earliest()
    })?;
    Some(Millis(at.timestamp_millis()))
}

fn date(text: &str) -> Option<NaiveDateTime> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()?
        .and_hms_opt(0, 0, 0)
}

/// Writes an instant with the offset of `zone`, as in
/// `2026-03-02T09:30:00.000-05:00`.
pub(crate) fn write(at: Millis, zone: Tz) -> String {
    DateTime::from_timestamp_millis(at.0)
        .unwrap_or_default()
        .with_timezone(&zone)
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::{New_York, Sao_Paulo};
    use chrono_tz::UTC;

    use super::*;

    #[test]
    fn every_precision_is_read_and_nonsense_is_not() {
        assert_eq!(read("1970", UTC), Some(Millis(0)));
        assert_eq!(read("1970-01", UTC), Some(Millis(0)));
        assert_eq!(read("1970-01-02", UTC), Some(Millis(86_400_000)));
        assert_eq!(read("1970-01-01", New_York), Some(Millis(18_000_000)));
        assert_eq!(
            read("1970-01-01T00:00:01.5+01:00", UTC),
            Some(Millis(-3_598_500))
        );
        assert_eq!(read("1970-01-01T00:00:01", UTC), Some(Millis(1_000)));
        for wrong in [
            "",
            "soon",
            "1970-13",
            "1970-02-30",
            "1970-01-01T25:00:00Z",
            "19é0",
        ] {
            assert_eq!(read(wrong, UTC), None, "{wrong}");
        }
    }

    #[test]
    fn a_midnight_that_summer_time_skips_is_read_as_the_hour_after() {
        let at = read("2018-11-04", Sao_Paulo).unwrap();
        assert_eq!(write(at, Sao_Paulo), "2018-11-04T01:00:00.000-02:00");
    }

    #[test]
    fn an_instant_is_written_with_the_offset_of_the_home() {
        let at = read("2026-07-01T12:00:00Z", UTC).unwrap();
        assert_eq!(write(at, New_York), "2026-07-01T08:00:00.000-04:00");
        assert_eq!(read(&write(at, New_York), UTC), Some(at));
        assert_eq!(write(at, UTC), "2026-07-01T12:00:00.000Z");
    }
}
