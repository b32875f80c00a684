//! How old somebody was.

use chrono::{DateTime, Datelike, NaiveDate};

use crate::model::Millis;

/// Whole months from a birth date to an instant, by the calendar in UTC.
///
/// `birth_date` is as FHIR writes a date: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`; a
/// shorter one stands for its first day. None where it is no date, and before birth.
#[must_use]
pub fn age_months(birth_date: &str, at: Millis) -> Option<u32> {
    let mut parts = birth_date.splitn(3, '-');
    let year: i32 = parts.next()?.parse().ok()?;
    let month: u32 = parts.next().map_or(Ok(1), str::parse).ok()?;
    let day: u32 = parts.next().map_or(Ok(1), str::parse).ok()?;
    let born = NaiveDate::from_ymd_opt(year, month, day)?;
    let now = DateTime::from_timestamp_millis(at.0)?.date_naive();
    let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    let unfinished = i64::from(now.day() < born.day());
    u32::try_from(months(now) - months(born) - unfinished).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-01T00:00:00Z.
    const AT: Millis = Millis(1_772_323_200_000);

    #[test]
    fn a_month_counts_once_its_day_is_reached() {
        assert_eq!(age_months("2010-03-01", AT), Some(16 * 12));
        assert_eq!(age_months("2010-03-02", AT), Some(16 * 12 - 1));
        assert_eq!(age_months("2026-02-28", AT), Some(0));
        assert_eq!(age_months("1941-02-03", AT), Some(85 * 12));
    }

    #[test]
    fn a_shorter_date_stands_for_its_first_day_and_no_date_for_no_age() {
        assert_eq!(age_months("2010", AT), Some(16 * 12 + 2));
        assert_eq!(age_months("2010-03", AT), Some(16 * 12));
        for wrong in ["", "soon", "2010-13-01", "2030-01-01", "2010-02-30"] {
            assert_eq!(age_months(wrong, AT), None, "{wrong}");
        }
    }
}
