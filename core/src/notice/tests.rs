use chrono::{NaiveDate, TimeZone as _};
use chrono_tz::America::New_York;
use chrono_tz::Tz;

use super::*;
use crate::model::{HOUR_MS, NoticeKind, QuietHours};

fn at(zone: Tz, (year, month, day): (i32, u32, u32), (hour, minute): (u32, u32)) -> Millis {
    let local = NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|it| it.and_hms_opt(hour, minute, 0))
        .unwrap();
    Millis(
        zone.from_local_datetime(&local)
            .earliest()
            .unwrap()
            .timestamp_millis(),
    )
}

const DAY: (i32, u32, u32) = (2026, 11, 30);

fn night(from_minute: u16, until_minute: u16) -> QuietHours {
    QuietHours {
        from_minute,
        until_minute,
    }
}

#[test]
fn a_night_goes_over_midnight_and_ends_when_the_patient_said() {
    let quiet = QuietHours::default();
    let ends = |hour, minute| quiet_until(quiet, New_York, at(New_York, DAY, (hour, minute)));
    let morning = at(New_York, DAY, (8, 0));
    let next = at(New_York, (2026, 12, 1), (8, 0));
    assert_eq!(ends(7, 59), Some(morning));
    assert_eq!(ends(0, 0), Some(morning));
    assert_eq!(ends(8, 0), None);
    assert_eq!(ends(20, 59), None);
    assert_eq!(ends(21, 0), Some(next));
    assert_eq!(ends(23, 59), Some(next));
}

#[test]
fn a_rest_at_noon_ends_on_the_same_day_and_equal_ends_are_none() {
    let noon = night(12 * 60, 14 * 60);
    let ends = |hour| quiet_until(noon, New_York, at(New_York, DAY, (hour, 0)));
    assert_eq!(ends(13), Some(at(New_York, DAY, (14, 0))));
    assert_eq!((ends(11), ends(14)), (None, None));
    for hour in 0..24 {
        let never = night(600, 600);
        assert_eq!(
            quiet_until(never, New_York, at(New_York, DAY, (hour, 0))),
            None
        );
    }
}

#[test]
fn a_night_is_an_hour_shorter_or_longer_when_the_clocks_change() {
    let to_three = night(22 * 60, 3 * 60);
    // 2026-03-08: two becomes three. 2026-11-01: one comes twice.
    let spring = at(New_York, (2026, 3, 7), (22, 0));
    let autumn = at(New_York, (2026, 10, 31), (22, 0));
    let hours =
        |from: Millis| (quiet_until(to_three, New_York, from).unwrap().0 - from.0) / HOUR_MS;
    assert_eq!((hours(spring), hours(autumn)), (4, 6));
    // An end that the clocks skip is when they go on.
    let skipped = night(22 * 60, 2 * 60 + 30);
    let end = quiet_until(skipped, New_York, spring).unwrap();
    assert_eq!(end, at(New_York, (2026, 3, 8), (3, 30)));
    // One that comes twice is the second: the hour is quiet twice.
    let twice = night(22 * 60, 60 + 30);
    let end = quiet_until(twice, New_York, autumn).unwrap();
    assert_eq!(end, at(New_York, (2026, 11, 1), (1, 30)).plus(HOUR_MS));
}

fn telling(kind: NoticeKind, from: Millis, until: Millis) -> Telling<'static> {
    Telling {
        kind,
        who: "Maria Gomez",
        from,
        until,
        now: at(New_York, DAY, (9, 50)),
        zone: New_York,
    }
}

#[test]
fn the_words_are_the_patients_and_the_times_those_of_the_home() {
    let (from, until) = (at(New_York, DAY, (10, 5)), at(New_York, DAY, (13, 20)));
    let said = telling(NoticeKind::OnMyWay, from, until);
    let english = said.text("en").unwrap();
    assert_eq!(english.subject, "Your visit: on the way");
    let first =
        "Maria Gomez is on the way to you and expects to be with you between 10:05 AM and 1:20 PM.";
    assert!(english.body.starts_with(first), "{}", english.body);
    let spanish = said.text("es").unwrap();
    let first = "Maria Gomez está en camino y espera llegar entre las 10:05 y las 13:20.";
    assert!(spanish.body.starts_with(first), "{}", spanish.body);
    let late = telling(NoticeKind::Late, from, from).text("en").unwrap();
    assert!(late.body.contains("at about 10:05 AM"), "{}", late.body);
    let tomorrow = from.plus(24 * HOUR_MS);
    let late = telling(NoticeKind::Late, tomorrow, tomorrow)
        .text("es")
        .unwrap();
    assert!(
        late.body.contains("mañana hacia las 10:05"),
        "{}",
        late.body
    );
    assert_eq!(telling(NoticeKind::Unknown, from, until).text("en"), None);
}

#[test]
fn nobody_is_named_where_nobody_is_known() {
    let nobody = Telling {
        who: " ",
        ..telling(NoticeKind::Late, Millis(0), Millis(0))
    };
    assert!(
        nobody
            .text("en")
            .unwrap()
            .body
            .starts_with("Somebody of your care team")
    );
    assert!(
        nobody
            .text("es")
            .unwrap()
            .body
            .starts_with("Alguien de su equipo")
    );
}

#[test]
fn the_first_language_that_is_known_is_taken() {
    assert_eq!(language_of(["es-MX", "en"]), "es");
    assert_eq!(language_of(["fr", "ES"]), "es");
    assert_eq!(language_of(["fr"]), "en");
    assert_eq!(language_of([]), "en");
}

#[test]
fn an_arrival_is_rounded_outwards_and_never_before_now() {
    let minute = |it: i64| Millis(it * MINUTE_MS);
    assert_eq!(
        arrival_window(minute(0), minute(23), 7 * 60),
        (minute(15), minute(30))
    );
    assert_eq!(
        arrival_window(minute(22), minute(23), 7 * 60),
        (minute(20), minute(30))
    );
    assert_eq!(
        arrival_window(minute(60), minute(23), 0),
        (minute(60), minute(60))
    );
    assert_eq!(
        arrival_window(minute(0), minute(25), 0),
        (minute(25), minute(25))
    );
}
