//! The next day's round, in the order that the office booked and in the one that the nurse's
//! phone suggests. It is reckoned offline and rebooks nothing.

use chrono::{Days, NaiveTime, TimeZone};
use homeround::app::{Clocks as _, System};
use homeround::model::MINUTE_MS;
use serde_json::{Value, json};

use super::morning::living;
use super::phones::Carrier;
use super::play::{NURSE, Play, Stop, rows, text};
use super::trouble::{During, Trouble};

/// Windows of the round, in hours of the day: most patients are at home all the morning.
const WINDOWS: [(u32, u32); 5] = [(8, 14), (8, 14), (8, 12), (10, 14), (8, 14)];
/// How long each visit takes.
const VISIT_MINUTES: u32 = 30;

/// Books a round of the nurse's for tomorrow, with room in it.
pub(super) fn book(play: &mut Play, carriers: &[Carrier]) -> Result<(), Trouble> {
    let zone: chrono_tz::Tz = play.args.time_zone.parse().during("--time-zone")?;
    let now = chrono::DateTime::from_timestamp_millis(System.now().wall_ms.0).unwrap_or_default();
    let tomorrow = now.with_timezone(&zone).date_naive() + Days::new(1);
    let at = |hour| {
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        let local = zone.from_local_datetime(&tomorrow.and_time(time));
        let local = local.earliest().map(|at| at.timestamp_millis());
        local.ok_or_else(|| Trouble::new("booking", "that hour does not exist tomorrow"))
    };
    for (patient, (from, until)) in living(play)?.iter().zip(WINDOWS) {
        let visit = play.office.book(&json!({
            "patient": patient["id"],
            "assignees": [carriers[NURSE].person],
            "start_ms": at(from)?,
            "end_ms": at(until)?,
            "visit_minutes": VISIT_MINUTES,
            "service": { "text": "Nursing visit" },
            "time_zone": play.args.time_zone,
        }))?;
        play.story.round.push(Stop {
            visit,
            name: text(&patient["name"]),
        });
    }
    play.story.tomorrow = tomorrow.to_string();
    Ok(())
}

/// Asks the nurse's phone for both orders.
pub(super) fn suggest(play: &mut Play) -> Result<(), Trouble> {
    play.screen
        .step("The order of tomorrow's round, on the nurse's phone");
    let date = play.story.tomorrow.clone();
    let phone = &mut play.phones[NURSE];
    let list = json!({ "do": "today", "date": date });
    let before = phone.ask(&list)?;
    let booked = phone.ask(&json!({ "do": "order", "date": date }))?;
    let better = phone.ask(&json!({ "do": "order", "date": date, "suggest": true }))?;
    let after = phone.ask(&list)?;
    let shown: Vec<Vec<String>> = rows(&booked["visits"])
        .zip(rows(&better["visits"]))
        .map(|(one, other)| {
            let mut row = told(play, one)?;
            row.extend(told(play, other)?);
            row.push(minutes(&other["spread_s"]).to_string());
            Ok(row)
        })
        .collect::<Result<_, Trouble>>()?;
    let head = ["as booked", "there at", "suggested", "there at", "± min"];
    play.screen.table(&head, &shown);
    let sum = |order: &Value, what: &str| order["totals"][what].as_u64().unwrap_or(u64::MAX);
    let cost = |order: &Value| (sum(order, "late_s"), sum(order, "travel_s"));
    let road = [&booked, &better].map(|order| minutes(&order["totals"]["travel_s"]));
    play.screen.line(&format!(
        "{} min on the road as booked, {} as suggested; travel by distance at 30 km/h",
        road[0], road[1]
    ));
    play.figures.road_min = road;
    let mut seen: Vec<String> = rows(&better["visits"])
        .map(|one| text(&one["visit"]))
        .collect();
    let mut all: Vec<String> = play
        .story
        .round
        .iter()
        .map(|stop| stop.visit.clone())
        .collect();
    seen.sort_unstable();
    all.sort_unstable();
    play.promise(seen == all, "each visit of the round is in the order once");
    let no_worse = cost(&better) <= cost(&booked);
    play.promise(no_worse, "what is suggested is no later and no longer");
    play.promise(before == after, "a suggestion rebooks nothing");
    Ok(())
}

/// A visit's patient and when one is there.
fn told(play: &Play, one: &Value) -> Result<Vec<String>, Trouble> {
    let zone: chrono_tz::Tz = play.args.time_zone.parse().during("--time-zone")?;
    let id = text(&one["visit"]);
    let stop = play.story.round.iter().find(|stop| stop.visit == id);
    let at = chrono::DateTime::from_timestamp_millis(one["arrive_ms"].as_i64().unwrap_or(0));
    let clock = at.unwrap_or_default().with_timezone(&zone).format("%H:%M");
    Ok(vec![
        stop.map_or_else(String::new, |stop| stop.name.clone()),
        clock.to_string(),
    ])
}

/// Whole minutes, rounded up.
fn minutes(seconds: &Value) -> u64 {
    let minute_s = MINUTE_MS.unsigned_abs() / 1_000;
    seconds.as_u64().unwrap_or(0).div_ceil(minute_s)
}
