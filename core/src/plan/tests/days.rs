//! Days that a person can follow.

use super::*;

/// Seconds on the road over so many kilometres by the defaults.
fn road_s(km: f64) -> f64 {
    km * 1.3 / 30.0 * 3_600.0 + 180.0
}

#[test]
fn a_day_without_visits_has_an_empty_order() {
    let day = order_day(&request(Vec::new())).unwrap();
    assert!(day.visits.is_empty() && day.homeward.is_none());
    assert_eq!(day.totals, Totals::default());
}

#[test]
fn visits_along_one_road_are_made_along_it() {
    let far_first = [9.0, 3.0, 6.0].map(|north| stop(place(north, 0.0), 0, 480));
    let asked = request(far_first.to_vec());
    let day = order_day(&asked).unwrap();
    assert_eq!(order(&day), [1, 2, 0]);
    let booked = time_order(&asked).unwrap();
    assert_eq!(order(&booked), [0, 1, 2]);
    assert!(day.totals.travel_s < booked.totals.travel_s);
    let expected = 3.0 * road_s(3.0);
    assert!((f64::from(day.totals.travel_s) - expected).abs() < expected / 100.0);
}

#[test]
fn a_window_is_kept_though_the_way_is_longer_then() {
    let mut stops = [3.0, 6.0, 9.0].map(|north| stop(place(north, 0.0), 0, 480));
    stops[2].latest_ms = at(40);
    let day = order_day(&request(stops.to_vec())).unwrap();
    assert_eq!(day.visits[0].stop, 2);
    assert_eq!(day.totals.late_visits, 0);
}

#[test]
fn who_has_to_wait_leaves_later_for_the_first_visit_and_waits_at_the_second() {
    let stops = vec![
        stop(place(0.0, 3.0), 60, 60),
        stop(place(0.0, 3.1), 180, 180),
    ];
    let day = order_day(&request(stops)).unwrap();
    let [first, second] = &day.visits[..] else {
        panic!("{day:?}")
    };
    assert_eq!((first.arrive_ms, first.begin_ms), (at(60), at(60)));
    assert!(first.leave_ms > at(40) && first.waiting_s == 0);
    assert_eq!(second.begin_ms, at(180));
    assert!(second.waiting_s > 80 * 60);
    assert_eq!(day.totals.waiting_s, second.waiting_s);
}

#[test]
fn what_cannot_be_in_time_stands_in_the_order_as_late_and_says_why() {
    let stops = vec![
        stop(place(0.0, 1.0), -60, -30),
        stop(place(80.0, 0.0), 0, 60),
        stop(place(1.0, 0.0), 5, 10),
        stop(place(0.0, 1.0), 5, 12),
    ];
    let day = order_day(&request(stops)).unwrap();
    assert_eq!(day.visits.len(), 4);
    let cause = |stop: usize| {
        let visit = day.visits.iter().find(|visit| visit.stop == stop);
        visit.and_then(|visit| visit.cause)
    };
    assert_eq!(cause(0), Some(LateCause::WindowPassed));
    assert_eq!(cause(1), Some(LateCause::TooFar));
    let crowded = [cause(2), cause(3)];
    assert!(crowded.contains(&Some(LateCause::Crowded)), "{crowded:?}");
    assert!(day.totals.late_visits >= 3 && day.totals.late_s > 0);
}

#[test]
fn of_two_that_cannot_both_be_in_time_the_urgent_one_is() {
    let mut stops = vec![stop(place(0.0, 4.0), 0, 15), stop(place(0.0, -4.0), 0, 15)];
    let late = |stops: &[Stop]| {
        let day = order_day(&request(stops.to_vec())).unwrap();
        day.visits
            .iter()
            .find(|visit| visit.late_s > 0)
            .unwrap()
            .stop
    };
    stops[0].priority = 1;
    assert_eq!(late(&stops), 1);
    stops[1].priority = 2;
    assert_eq!(late(&stops), 0);
    (stops[0].priority, stops[1].priority) = (0, 0);
    stops[1].fixed = true;
    assert_eq!(late(&stops), 0);
}

#[test]
fn a_break_is_taken_in_its_window_while_one_would_wait_anyhow() {
    let stops = vec![
        stop(place(0.0, 1.0), 0, 30),
        stop(place(0.0, 2.0), 180, 200),
    ];
    let wish = BreakWish {
        earliest_ms: at(60),
        latest_ms: at(150),
        minutes: 30,
    };
    let day = order_day(&DayRequest {
        breaks: vec![wish],
        ..request(stops)
    })
    .unwrap();
    assert_eq!(day.breaks[0].after_visits, 1);
    assert_eq!(day.breaks[0].begin_ms, at(60));
    assert_eq!(day.breaks[0].end_ms, at(90));
    assert_eq!(day.breaks[0].late_s, 0);
    assert_eq!(day.totals.late_s, 0);
}

#[test]
fn a_home_that_is_not_known_is_in_the_order_and_its_ways_are_said_to_be_guessed() {
    let mut stops = [1.0, 2.0].map(|north| stop(place(north, 0.0), 0, 480));
    stops[1].place = None;
    let day = order_day(&request(stops.to_vec())).unwrap();
    let guessed = day.visits.iter().find(|visit| visit.stop == 1).unwrap();
    assert!(guessed.travel_guessed);
    assert_eq!(guessed.travel_s, GreatCircle::default().unknown_leg_s);
    let known = day.visits.iter().find(|visit| visit.stop == 0).unwrap();
    assert_eq!(known.travel_guessed, known.stop != day.visits[0].stop);
}

#[test]
fn where_the_day_begins_at_the_first_visit_there_is_no_way_to_it() {
    let asked = DayRequest {
        start: Start::FirstVisit,
        end: Some(place(0.0, 0.0)),
        ..request(vec![stop(place(5.0, 0.0), 30, 60)])
    };
    let day = order_day(&asked).unwrap();
    assert_eq!(day.visits[0].travel_s, 0);
    assert!(!day.visits[0].travel_guessed);
    assert_eq!(day.visits[0].arrive_ms, at(30));
    let home = day.homeward.unwrap();
    assert!((f64::from(home.travel_s) - road_s(5.0)).abs() < 10.0);
    assert_eq!(day.totals.travel_s, home.travel_s);
}

#[test]
fn from_somewhere_that_is_not_known_the_way_to_the_first_visit_is_a_guess() {
    let asked = DayRequest {
        start: Start::Unknown,
        ..request(vec![stop(place(5.0, 0.0), 30, 60)])
    };
    let first = &order_day(&asked).unwrap().visits[0];
    assert!(first.travel_guessed);
    assert_eq!(first.travel_s, GreatCircle::default().unknown_leg_s);
    let known = f64::from(first.travel_s) * UNKNOWN_DOUBT;
    assert_eq!(f64::from(first.spread_s), known);
}

#[test]
fn a_visit_begins_sooner_than_it_was_booked_only_where_another_would_be_late_otherwise() {
    let mut stops = vec![
        stop(place(0.0, 1.0), 30, 90),
        stop(place(0.0, 2.0), 60, 120),
    ];
    (stops[0].preferred_ms, stops[1].preferred_ms) = (at(60), at(110));
    let begins = |stops: &[Stop]| {
        let day = order_day(&request(stops.to_vec())).unwrap();
        assert_eq!(day.totals.late_s, 0);
        [day.visits[0].begin_ms, day.visits[1].begin_ms]
    };
    assert_eq!(begins(&stops), [at(60), at(110)]);
    stops[1].latest_ms = at(80);
    let [first, second] = begins(&stops);
    assert!(first < at(60) && second <= at(80));
}

#[test]
fn an_arrival_is_the_less_sure_the_more_comes_before_it_and_waiting_mends_that() {
    let mut stops: Vec<Stop> = (1..=4)
        .map(|at| stop(place(f64::from(at) * 2.0, 0.0), 0, 480))
        .collect();
    let spreads = |stops: &[Stop]| -> Vec<u32> {
        let day = time_order(&request(stops.to_vec())).unwrap();
        day.visits.iter().map(|visit| visit.spread_s).collect()
    };
    let grown = spreads(&stops);
    assert!(grown.windows(2).all(|pair| pair[0] < pair[1]), "{grown:?}");
    let leg_s = road_s(2.0) * TRAVEL_DOUBT;
    let two = leg_s.hypot(leg_s).hypot(VISIT_DOUBT * 1_800.0);
    assert!((f64::from(grown[0]) - leg_s).abs() < 3.0, "{grown:?}");
    assert!((f64::from(grown[1]) - two).abs() < 3.0, "{grown:?}");
    let mut unsure = request(stops.clone());
    unsure.start_doubt_s = 600;
    let first = time_order(&unsure).unwrap().visits[0].spread_s;
    assert!(
        (f64::from(first) - leg_s.hypot(600.0)).abs() < 3.0,
        "{first}"
    );
    (stops[2].earliest_ms, stops[2].latest_ms) = (at(300), at(360));
    let waited = spreads(&stops);
    assert_eq!(waited[2], grown[2]);
    assert!(waited[3] < grown[3], "{waited:?}");
}

#[test]
fn the_order_that_stands_is_kept_unless_another_one_is_better() {
    let stops = [1, 0, 1, 0, 1].map(|east| stop(place(0.0, f64::from(east)), 0, 480));
    let one_home = vec![stop(place(2.0, 2.0), 0, 480); 6];
    let day = order_day(&request(one_home)).unwrap();
    assert_eq!(order(&day), [0, 1, 2, 3, 4, 5]);
    let day = order_day(&request(stops.to_vec())).unwrap();
    let best = time_order(&request(
        order(&day)
            .into_iter()
            .map(|at| stops[at].clone())
            .collect(),
    ));
    let again = order_day(&request(
        order(&day)
            .into_iter()
            .map(|at| stops[at].clone())
            .collect(),
    ));
    assert_eq!(again, best);
}

#[test]
fn around_the_earth_a_quarter_is_ten_thousand_kilometres() {
    let pole = Place {
        latitude_deg: 90.0,
        longitude_deg: 0.0,
    };
    let equator = Place {
        latitude_deg: 0.0,
        longitude_deg: 123.0,
    };
    // 10 007.557 km for the mean radius, at 1 000 km/h.
    assert_eq!(seconds_between(pole, equator, 1.0, 1_000.0), 36_027);
    let across = Place {
        latitude_deg: 10.0,
        longitude_deg: 179.9,
    };
    let dateline = Place {
        longitude_deg: -179.9,
        ..across
    };
    assert!(seconds_between(across, dateline, 1.0, 30.0) < 3_000);
}

#[test]
fn a_virtual_visit_takes_its_time_wherever_one_is_and_no_way_leads_to_it() {
    let call = Stop {
        anywhere: true,
        fixed: true,
        ..stop(place(80.0, 0.0), 60, 60)
    };
    let near = stop(place(0.0, 1.0), 0, 480);
    let far = stop(place(0.0, 9.0), 95, 480);
    let day = time_order(&request(vec![near.clone(), call, far.clone()])).unwrap();
    let [_, called, after] = &day.visits[..] else {
        panic!("{day:?}")
    };
    assert_eq!((called.travel_s, called.travel_guessed), (0, false));
    assert_eq!((called.begin_ms, called.end_ms), (at(60), at(90)));
    assert_eq!((called.late_s, called.cause), (0, None));
    let without = time_order(&request(vec![near, far])).unwrap();
    assert_eq!(day.totals.travel_s, without.totals.travel_s);
    assert_eq!(
        after.leave_ms,
        at(90),
        "nobody drives while they are in a call"
    );
}
