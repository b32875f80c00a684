//! The rows against the stamps that they are made of.

use std::collections::BTreeMap;

use super::json::Json;
use super::stamp::Stamp;
use super::{Bench, Owners, Unreadable, items};

/// Worst last.
const STATES: [&str; 4] = ["verified", "explained", "reason_needed", "unverified"];

impl Bench {
    /// Checks each row; answers how many there are.
    pub(super) fn rows(
        &mut self,
        root: &Json,
        stamps: &[Stamp],
        owners: &Owners,
    ) -> Result<usize, Unreadable> {
        let by_id: BTreeMap<&str, &Stamp> = stamps
            .iter()
            .map(|stamp| (stamp.entry.as_str(), stamp))
            .collect();
        let rows = items(root, "visits")?;
        for (at, row) in rows.iter().enumerate() {
            let place = format!("visits[{at}]");
            let field = |name: &str| row.get(name).and_then(Json::text);
            let (Some(visit), Some(state)) = (field("visit"), field("state")) else {
                return Err(Unreadable::Field(place));
            };
            let provider = row.get("provider").and_then(|one| one.get("id")?.text());
            let provider =
                provider.ok_or_else(|| Unreadable::Field(format!("{place}.provider")))?;
            let mut worst = 0;
            for (name, what) in [("begin", "check_in"), ("end", "check_out")] {
                let edge = self.edge(row, (&place, name));
                worst = worst.max(match edge {
                    Some((Some(id), at_ms)) => match by_id.get(id) {
                        Some(stamp) => {
                            let right = stamp.visit == visit
                                && stamp.by == provider
                                && stamp.what == what
                                && stamp.at_ms == at_ms;
                            if !right {
                                self.find(
                                    "row_altered",
                                    &place,
                                    format!("{name} is not what its stamp says"),
                                );
                            }
                            state_of(stamp, stamps, owners)
                        }
                        None => {
                            self.find(
                                "stamp_missing",
                                &place,
                                format!("the stamp of {name} is not in the file"),
                            );
                            3
                        }
                    },
                    _ => 3,
                });
            }
            if STATES.get(worst) != Some(&state) {
                let due = STATES.get(worst).unwrap_or(&"unverified");
                self.find(
                    "row_altered",
                    &place,
                    format!("the state is {state}, and by its stamps {due}"),
                );
            }
            self.reasons(row, &place, (provider, stamps));
            self.elements(row, &place);
        }
        Ok(rows.len())
    }

    /// The stamp and the instant of a beginning or an end; none: there is none.
    fn edge<'r>(
        &mut self,
        row: &'r Json,
        (place, name): (&str, &str),
    ) -> Option<(Option<&'r str>, i64)> {
        let edge = row.get(name).filter(|edge| **edge != Json::Null)?;
        let at_ms: Option<i64> = edge.get("at_ms").and_then(Json::whole);
        let local = edge.get("local").and_then(Json::text).and_then(instant_s);
        if at_ms.is_none() || local != at_ms.map(|at| at.div_euclid(1_000)) {
            self.find(
                "row_altered",
                place,
                format!("the two times of {name} are not the same"),
            );
        }
        Some((edge.get("stamp").and_then(Json::text), at_ms?))
    }

    /// That each reason of a row is a stamp of its provider's.
    fn reasons(&mut self, row: &Json, place: &str, (provider, stamps): (&str, &[Stamp])) {
        let reasons = row.get("reasons").and_then(Json::list).unwrap_or_default();
        for reason in reasons {
            let field = |name: &str| {
                let text = reason.get(name).and_then(Json::text);
                text.map(str::to_owned)
            };
            let (target, said) = (field("stamp"), (field("reason"), field("comment")));
            let same = |one: &Stamp| one.by == provider && one.target == target && one.said == said;
            if !stamps.iter().any(same) {
                self.find("row_altered", place, "a reason is not what its stamp says");
            }
        }
    }

    /// Which of the six elements a row lacks.
    fn elements(&mut self, row: &Json, place: &str) {
        let given = |path: &[&str]| {
            let found = path.iter().try_fold(row, |at, name| at.get(name));
            found.is_some_and(|it| *it != Json::Null && it.text() != Some(""))
        };
        let elements: [(&str, &[&str]); 7] = [
            ("service_type", &["service_type", "text"]),
            ("recipient", &["recipient", "name"]),
            ("date", &["date"]),
            ("location", &["location"]),
            ("provider", &["provider", "name"]),
            ("begin", &["begin"]),
            ("end", &["end"]),
        ];
        let lacking: Vec<&str> = elements
            .iter()
            .filter(|(_, path)| !given(path))
            .map(|(name, _)| *name)
            .collect();
        if !lacking.is_empty() {
            self.note(
                "incomplete",
                place,
                format!("without {}", lacking.join(", ")),
            );
        }
    }
}

/// Place of a stamp's state among [`STATES`].
fn state_of(stamp: &Stamp, stamps: &[Stamp], owners: &Owners) -> usize {
    let home = !stamp.is_virtual;
    if !home || !stamp.signed || owners.get(&stamp.device_key) != Some(&stamp.by) {
        return 3;
    }
    if stamp.causes.is_empty() {
        return 0;
    }
    let explains = |one: &Stamp| {
        one.what == "reason"
            && one.target.as_ref() == Some(&stamp.entry)
            && one.by == stamp.by
            && one.visit == stamp.visit
    };
    if stamps.iter().any(explains) {
        return 1;
    }
    let asks = stamp.causes.iter().any(|cause| cause != "home_unknown");
    if asks { 2 } else { 3 }
}

/// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SS` with `Z` or `±HH:MM`.
fn instant_s(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once('T')?;
    let (time, zone) = rest.split_at_checked(8)?;
    let mut parts = date.split('-').map(str::parse::<i64>);
    let (year, month, day) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    let mut parts = time.split(':').map(str::parse::<i64>);
    let (hour, minute, second) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    let offset_s = match zone {
        "Z" => 0,
        zone => {
            let (sign, zone) = zone.split_at_checked(1)?;
            let (hours, minutes) = zone.split_once(':')?;
            let offset = hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60;
            if sign == "-" { -offset } else { offset }
        }
    };
    if !(1..=12).contains(&month) || !(0..=9_999).contains(&year) {
        return None;
    }
    // Days since 1970 by a calendar whose years begin in March.
    let years = if month > 2 { year } else { year - 1 };
    let months = (month + 9) % 12;
    let of_year = (153 * months + 2) / 5 + day - 1;
    let days = 365 * years + years / 4 - years / 100 + years / 400 + of_year - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second - offset_s)
}

#[cfg(test)]
mod tests {
    use super::instant_s;

    #[test]
    fn instants_are_read_as_chrono_reads_them() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2026-11-28T09:02:11-05:00",
            "2024-02-29T23:59:59+05:30",
            "2000-03-01T00:00:00Z",
            "2100-12-31T12:00:00-03:30",
        ] {
            let due = chrono::DateTime::parse_from_rfc3339(text).unwrap();
            assert_eq!(instant_s(text), Some(due.timestamp()), "{text}");
        }
        assert_eq!(instant_s("2026-11-28"), None);
        assert_eq!(instant_s("2026-13-28T09:02:11Z"), None);
    }
}
