//! Every order, tried by a reckoning of its own.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::plan::cost::Problem;
use crate::plan::{exact, search};

/// Orders of up to so many things to do are all tried.
const STOPS_TRIED: usize = 9;

/// What an order costs, by the words of the room's documentation and nothing of its code:
/// weighted lateness, and four times the road with the waiting. Milliseconds.
fn reckoned(request: &DayRequest, order: &[usize]) -> (i64, i64) {
    let stops = request.stops.len();
    let start = request.start.place();
    let place = |of: usize| request.stops.get(of).and_then(|stop| stop.place);
    let leg = |from: Option<usize>, to: usize| -> i64 {
        let seconds = match (&request.travel, from) {
            (Travel::Table { seconds, .. }, _) => {
                let row = from.map_or(0, |stop| stop + 1);
                let same = from == Some(to);
                if same {
                    0
                } else {
                    seconds[row * (stops + 2) + to + 1]
                }
            }
            (Travel::GreatCircle(model), None) => model.leg_s(start, place(to)),
            (Travel::GreatCircle(model), Some(from)) => model.leg_s(place(from), place(to)),
        };
        i64::from(seconds) * 1_000
    };
    let (mut now, mut here, mut late, mut road, mut waited) = (0, None, 0, 0, 0);
    for (nth, job) in order.iter().enumerate() {
        let (earliest, latest, minutes, weight) = match request.stops.get(*job) {
            Some(stop) => {
                let first = here.is_none() && request.start == Start::FirstVisit;
                let way = if stop.anywhere || first {
                    0
                } else {
                    leg(here, *job)
                };
                (now, road) = (now + way, road + way);
                here = if stop.anywhere { here } else { Some(*job) };
                let urgent = [1, 4, 16][usize::from(stop.priority)];
                let fixed = 1 + i64::from(stop.fixed);
                (
                    stop.earliest_ms,
                    stop.latest_ms,
                    stop.minutes,
                    urgent * fixed,
                )
            }
            None => {
                let wish = &request.breaks[*job - stops];
                (wish.earliest_ms, wish.latest_ms, wish.minutes, 1)
            }
        };
        let wait = (earliest.0 - request.start_ms.0 - now).max(0);
        waited += if nth == 0 { 0 } else { wait };
        now += wait;
        late += weight * (now + request.start_ms.0 - latest.0).max(0);
        now += i64::from(minutes) * MINUTE_MS;
    }
    if let (Some(end), Travel::GreatCircle(model)) = (request.end, &request.travel) {
        let from = here.map_or(start, place);
        road += i64::from(model.leg_s(from, Some(end))) * 1_000;
    }
    (late, 4 * road + waited)
}

/// The least cost of all orders.
fn least(request: &DayRequest) -> (i64, i64) {
    fn rest(request: &DayRequest, order: &mut Vec<usize>, at: usize, best: &mut (i64, i64)) {
        if at == order.len() {
            *best = reckoned(request, order).min(*best);
        }
        for other in at..order.len() {
            order.swap(at, other);
            rest(request, order, at + 1, best);
            order.swap(at, other);
        }
    }
    let mut order: Vec<usize> = (0..request.stops.len() + request.breaks.len()).collect();
    let mut best = (i64::MAX, i64::MAX);
    rest(request, &mut order, 0, &mut best);
    best
}

/// The jobs of an answer, in their order.
fn jobs(request: &DayRequest, day: &DayOrder) -> Vec<usize> {
    let mut jobs = Vec::new();
    for after in 0..=day.visits.len() {
        let breaks = day.breaks.iter().filter(|one| one.after_visits == after);
        jobs.extend(breaks.map(|one| request.stops.len() + one.wish));
        jobs.extend(day.visits.get(after).map(|visit| visit.stop));
    }
    jobs
}

/// Whether a cost is no more than 5 % over the least, and no more late.
fn near(cost: (i64, i64), least: (i64, i64)) -> bool {
    cost.0 == least.0 && cost.1 * 100 <= least.1 * 105
}

prop_compose! {
    /// A window in the day: from wide open to a fixed minute.
    fn any_stop()(
        north in -8.0..8.0f64, east in -8.0..8.0f64, known in prop::bool::weighted(0.9),
        anywhere in prop::bool::weighted(0.15),
        from in 0..420i64, wide in select(vec![0i64, 15, 60, 120, 480]),
        minutes in select(vec![15u32, 30, 45, 60]), priority in select(vec![0u8, 0, 0, 1, 2]),
    ) -> Stop {
        Stop {
            place: known.then(|| place(north, east)),
            anywhere,
            minutes,
            priority,
            fixed: wide == 0,
            ..stop(place(0.0, 0.0), from, from + wide)
        }
    }
}

fn any_day(most: usize) -> impl Strategy<Value = DayRequest> {
    let stops = prop::collection::vec(any_stop(), 0..=most - 1);
    let breaks = prop::collection::vec((150..240i64, 0..120i64), 0..=1);
    let ends = (0..4u8, any::<bool>());
    let days = (stops, breaks, ends);
    days.prop_map(|(stops, breaks, (starts, ends))| {
        let breaks = breaks.into_iter().map(|(from, wide)| BreakWish {
            earliest_ms: at(from),
            latest_ms: at(from + wide),
            minutes: 30,
        });
        DayRequest {
            start: match starts {
                0 => Start::FirstVisit,
                1 => Start::Unknown,
                _ => Start::Place(place(0.0, 0.0)),
            },
            end: ends.then(|| place(1.0, -1.0)),
            breaks: breaks.collect(),
            ..request(stops)
        }
    })
}

/// A day whose ways obey nothing: no triangle, another time back than there.
fn any_table_day() -> impl Strategy<Value = DayRequest> {
    prop::collection::vec(any_stop(), 1..=7).prop_flat_map(|stops| {
        let cells = (stops.len() + 2) * (stops.len() + 2);
        let table = prop::collection::vec(0..3_600u32, cells);
        table.prop_map(move |seconds| DayRequest {
            travel: Travel::Table {
                seconds,
                guessed: Vec::new(),
            },
            ..request(stops.clone())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn up_to_nine_things_to_do_are_in_the_best_order_there_is(day in any_day(STOPS_TRIED)) {
        let found = order_day(&day).unwrap();
        prop_assert_eq!(reckoned(&day, &jobs(&day, &found)), least(&day));
    }

    #[test]
    fn the_search_alone_is_in_time_whenever_one_can_be_and_within_5_percent(
        day in any_day(STOPS_TRIED),
    ) {
        let problem = Problem::new(&day).unwrap();
        let found = search::search(&problem);
        let (cost, least) = (reckoned(&day, &found), least(&day));
        prop_assert!(near(cost, least), "{cost:?} instead of {least:?}");
    }

    #[test]
    fn from_any_order_the_sets_alone_lead_to_the_best(day in any_day(STOPS_TRIED)) {
        let problem = Problem::new(&day).unwrap();
        let mut given = search::with_breaks(&problem, problem.visits());
        given.reverse();
        let best = exact::exact(&problem, &given).unwrap_or(given);
        prop_assert_eq!(reckoned(&day, &best), least(&day));
    }

    #[test]
    fn a_table_of_any_times_is_taken_as_it_is(day in any_table_day()) {
        let found = order_day(&day).unwrap();
        prop_assert_eq!(reckoned(&day, &jobs(&day, &found)), least(&day));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_search_alone_comes_within_5_percent_of_the_best_of_twelve(day in any_day(EXACT_MAX)) {
        let problem = Problem::new(&day).unwrap();
        let found = search::search(&problem);
        let best = order_day(&day).unwrap();
        let (cost, least) = (reckoned(&day, &found), reckoned(&day, &jobs(&day, &best)));
        prop_assert!(near(cost, least), "{cost:?} instead of {least:?}");
    }

    #[test]
    fn a_day_that_was_laid_out_in_time_is_answered_in_time(
        stops in prop::collection::vec(any_stop(), 25), slack in 5..60i64,
    ) {
        let day = laid_out(stops, slack);
        let found = order_day(&day).unwrap();
        prop_assert_eq!(found.totals.late_s, 0);
        prop_assert!(found.totals.travel_s > 0);
    }

    #[test]
    fn every_stop_and_break_is_in_the_order_once_and_never_before_the_one_before(
        day in any_day(30),
    ) {
        let found = order_day(&day).unwrap();
        let mut seen = jobs(&day, &found);
        let mut ends = vec![(START, START)];
        ends.extend(found.visits.iter().map(|visit| (visit.begin_ms, visit.end_ms)));
        prop_assert!(ends.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        for visit in &found.visits {
            prop_assert!(visit.leave_ms <= visit.arrive_ms && visit.arrive_ms <= visit.begin_ms);
            prop_assert_eq!(visit.cause.is_some(), visit.late_s > 0);
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..day.stops.len() + day.breaks.len()).collect::<Vec<_>>());
        prop_assert_eq!(&found, &order_day(&day).unwrap());
    }
}

/// The stops one after the other as they come, each window around when it is then reached.
fn laid_out(stops: Vec<Stop>, slack: i64) -> DayRequest {
    let free = stops.into_iter().map(|stop| Stop {
        earliest_ms: START,
        preferred_ms: START,
        latest_ms: at(6 * 1_440),
        ..stop
    });
    let mut day = request(free.collect());
    let planted = time_order(&day).unwrap();
    for (stop, visit) in day.stops.iter_mut().zip(&planted.visits) {
        stop.earliest_ms = visit.begin_ms.plus(-slack * MINUTE_MS);
        stop.preferred_ms = stop.earliest_ms;
        stop.latest_ms = visit.begin_ms.plus(slack * MINUTE_MS);
    }
    // What is given first is no hint.
    day.stops.sort_by(|one, other| {
        let east = |stop: &Stop| stop.place.map_or(0.0, |place| place.longitude_deg);
        east(one).total_cmp(&east(other))
    });
    day
}

/// A day on which moves and shakes from the simple orders alone once ended half a percent
/// later than they had to: fixed times that can't all be kept, and nothing says where it
/// begins.
#[test]
fn a_crowded_day_that_begins_with_any_visit_is_left_in_its_best_order() {
    let fixed = |at: Option<Place>, from: i64, minutes: u32, priority: u8| Stop {
        place: at,
        minutes,
        priority,
        fixed: true,
        ..stop(place(0.0, 0.0), from, from)
    };
    let at = |latitude_deg, longitude_deg| {
        Some(Place {
            latitude_deg,
            longitude_deg,
        })
    };
    let day = DayRequest {
        start: Start::FirstVisit,
        end: at(42.369_009, -71.072_195),
        breaks: vec![BreakWish {
            earliest_ms: self::at(195),
            latest_ms: self::at(274),
            minutes: 30,
        }],
        ..request(vec![
            fixed(None, 400, 15, 2),
            fixed(None, 378, 60, 1),
            fixed(at(42.388_565, -71.138_300), 178, 45, 0),
            fixed(at(42.368_887, -71.135_466), 139, 60, 0),
            fixed(at(42.346_465, -71.040_894), 210, 30, 1),
            Stop {
                fixed: false,
                latest_ms: self::at(228),
                ..fixed(at(42.308_085, -71.004_185), 213, 30, 0)
            },
            Stop {
                fixed: false,
                latest_ms: self::at(460),
                ..fixed(at(42.381_241, -71.019_589), 340, 30, 1)
            },
        ])
    };
    let problem = Problem::new(&day).unwrap();
    let (cost, least) = (reckoned(&day, &search::search(&problem)), least(&day));
    assert!(near(cost, least), "{cost:?} instead of {least:?}");
}
