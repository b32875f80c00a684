//! A day's order from what is on the phone.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::app::{AppError, KnownLeg, LEGS_MAX, OrderOfDay, OrderOptions, Spot, VisitEstimate};
use crate::merge::Document;
use crate::model::*;
use crate::plan::{BreakWish, GreatCircle, LateCause, Place};
use crate::sync::SyncStore;
use crate::wire::{Enter, RecordRow, Snapshot};

use super::*;

/// Homes on one street, so many kilometres east of its beginning.
fn home(east_km: f64) -> Place {
    Place {
        latitude_deg: 42.0,
        longitude_deg: -71.0 + east_km / 82.6,
    }
}

fn visit(number: u128) -> VisitId {
    VisitId(id(0xb00 + number))
}

const fn after(minutes: i64) -> Millis {
    Millis(START + minutes * MINUTE_MS)
}

/// A booking: kilometres east, minutes after the start, minutes long, and what differs.
type Row = (f64, i64, i64, Value);

/// A phone whose person has these bookings.
fn phone(hub: &mut Hub, bookings: &[Row]) -> Phone {
    let mut phone = hub.phone(0x100, Role::Nurse);
    let mut page = hub.empty_page();
    let row = |kind: RecordKind, id: &[u8; 16], patient: PatientId, body: &Value| RecordRow {
        kind: kind.code(),
        id: (*id).into(),
        patient: Some((*patient.bytes()).into()),
        version: 1,
        body: Some(body.to_string()),
    };
    for (number, (east, start, long, other)) in (1..).zip(bookings) {
        let patient = PatientId(id(0xa00 + number));
        let at = home(*east);
        let mut booking = json!({
            "visit": visit(number), "patient": patient, "assignees": [phone.person],
            "start_ms": after(*start), "end_ms": after(start + long),
            "service": { "text": "Skilled nursing" }, "time_zone": "America/New_York",
        });
        for (name, value) in other.as_object().into_iter().flatten() {
            booking[name.as_str()] = value.clone();
        }
        let mut person = json!({ "id": patient, "family": "Saavedra", "given": ["José"] });
        if other["homeless"].is_null() {
            person["address"] = json!({
                "latitude_deg": at.latitude_deg, "longitude_deg": at.longitude_deg,
            });
        }
        let tree = json!({
            "schema": 1, "kind": "visit", "patient": patient, "status": "scheduled", "tasks": {},
        });
        let actor = ActorId::new(DeviceTag([9; 8]), [1; 8]);
        let document = DocumentId::visit(visit(number));
        let (made, _) = Document::create(document, &tree, actor, Millis(START)).unwrap();
        page.enters.push(Enter {
            patient: (*patient.bytes()).into(),
            source: "assignment".into(),
            until_ms: None,
        });
        let rows = [
            row(RecordKind::Patient, patient.bytes(), patient, &person),
            row(
                RecordKind::Booking,
                visit(number).bytes(),
                patient,
                &booking,
            ),
        ];
        page.records.extend(rows);
        page.snapshots.push(Snapshot {
            document: document.key().to_vec().into(),
            patient: (*patient.bytes()).into(),
            bytes: made.save().into(),
            priority: 0,
        });
    }
    phone.store.apply_page(page).unwrap();
    phone
}

fn today(phone: &Phone) -> NaiveDate {
    phone.app.today().unwrap()
}

fn asked(phone: &Phone, options: &OrderOptions) -> OrderOfDay {
    phone.app.order_of_day(today(phone), options).unwrap()
}

fn numbers(day: &OrderOfDay) -> Vec<VisitId> {
    day.visits.iter().map(|one| one.visit).collect()
}

fn suggest() -> OrderOptions {
    OrderOptions {
        suggest: true,
        ..OrderOptions::default()
    }
}

fn leg_s(east_km: f64) -> i64 {
    i64::from(GreatCircle::default().leg_s(Some(home(0.0)), Some(home(east_km))))
}

/// Within a second or two: places are rounded.
fn close(one: i64, other: i64) -> bool {
    (one - other).abs() <= 2
}

/// Windows of three hours in which the visits take half an hour, booked to and fro.
fn to_and_fro() -> Vec<Row> {
    let wide = json!({ "visit_minutes": 30 });
    [6.0, 2.0, 8.0, 4.0]
        .iter()
        .map(|east| (*east, 10, 240, wide.clone()))
        .collect()
}

#[test]
fn arrivals_are_told_in_the_booked_order_and_a_better_one_is_suggested_when_asked() {
    let mut hub = Hub::new();
    let phone = phone(&mut hub, &to_and_fro());
    let options = OrderOptions {
        start: Some(home(0.0)),
        ..OrderOptions::default()
    };
    let booked = asked(&phone, &options);
    assert_eq!(numbers(&booked), [1, 2, 3, 4].map(visit));
    assert_eq!(booked.totals, booked.booked);
    let first = &booked.visits[0];
    assert!(close(i64::from(first.travel_s), leg_s(6.0)), "{first:?}");
    let better = asked(
        &phone,
        &OrderOptions {
            suggest: true,
            ..options
        },
    );
    assert_eq!(numbers(&better), [2, 4, 1, 3].map(visit));
    assert_eq!(better.booked, booked.totals);
    let saved = better.booked.travel_s - better.totals.travel_s;
    assert!(close(
        i64::from(saved),
        leg_s(6.0) + 2 * leg_s(4.0) + leg_s(6.0) - 4 * leg_s(2.0)
    ));
    assert_eq!(better.totals.late_s, 0);
    assert_eq!(
        asked(&phone, &OrderOptions::default()).visits[0].travel_s,
        0
    );
}

#[test]
fn a_visit_without_a_window_of_its_own_moves_within_the_leeway_and_a_fixed_one_does_not() {
    let mut hub = Hub::new();
    let bookings = |other: &Value| {
        vec![
            (5.0, 60, 20, json!({})),
            (1.0, 90, 20, other.clone()),
            (5.5, 120, 20, json!({})),
        ]
    };
    let options = OrderOptions {
        start: Some(home(0.0)),
        leeway_minutes: 45,
        ..suggest()
    };
    let free = phone(&mut hub, &bookings(&json!({})));
    let day = asked(&free, &options);
    assert_eq!(numbers(&day), [2, 1, 3].map(visit));
    let begins = |day: &OrderOfDay, number| {
        let mut visits = day.visits.iter();
        visits
            .find(|one| one.visit == visit(number))
            .unwrap()
            .begin_ms
    };
    assert!(begins(&day, 2) < after(90) && begins(&day, 2) >= after(45));
    assert_eq!(begins(&day, 3), after(120));
    let still = OrderOptions {
        leeway_minutes: 0,
        ..options.clone()
    };
    assert_eq!(numbers(&asked(&free, &still)), [1, 2, 3].map(visit));
    let mut hub = Hub::new();
    let fixed = phone(&mut hub, &bookings(&json!({ "fixed": true })));
    let day = asked(&fixed, &options);
    assert_eq!(begins(&day, 2), after(90));
    assert_eq!(day.totals.late_s, 0);
}

#[test]
fn what_is_over_is_left_out_and_what_is_under_way_comes_first_and_decides_where_one_is() {
    let mut hub = Hub::new();
    let phone = phone(&mut hub, &to_and_fro());
    let work = |number| phone.app.visit(visit(number));
    work(4).check_in(None).unwrap();
    work(4).complete(None).unwrap();
    let day = asked(&phone, &suggest());
    assert_eq!(day.visits.len(), 3);
    // From where the last one was left: 4 km along.
    let first = &day.visits[0];
    let away = if first.visit == visit(3) { 4.0 } else { 2.0 };
    assert!(close(i64::from(first.travel_s), leg_s(away)), "{first:?}");

    phone.hands.pass(20 * MINUTE_MS);
    work(3).start_travel(None).unwrap();
    let day = asked(&phone, &suggest());
    assert_eq!(numbers(&day), [3, 1, 2].map(visit));
    let way = &day.visits[0];
    assert!(way.under_way && way.spread_s > 0);
    assert!(close(i64::from(way.travel_s), leg_s(4.0)), "{way:?}");
    phone.hands.pass(5 * MINUTE_MS);
    let later = &asked(&phone, &suggest()).visits[0];
    assert!(close(i64::from(later.travel_s), leg_s(4.0) - 300));
    let fix = OrderOptions {
        start: Some(home(7.5)),
        ..suggest()
    };
    let seen = &asked(&phone, &fix).visits[0];
    assert!(close(i64::from(seen.travel_s), leg_s(0.5)), "{seen:?}");

    work(3).check_in(None).unwrap();
    phone.hands.pass(10 * MINUTE_MS);
    let day = asked(&phone, &suggest());
    let [here, next, _] = &day.visits[..] else {
        panic!("{day:?}")
    };
    assert!(here.under_way && here.travel_s == 0);
    let ends = here.begin_ms.plus(30 * MINUTE_MS);
    assert_eq!((here.end_ms, next.leave_ms), (ends, ends));
    assert!(close(i64::from(next.travel_s), leg_s(2.0)), "{next:?}");
    // A fifth of the visit that is under way, a quarter of the leg.
    let spread = f64::from(next.spread_s);
    assert!((spread - 360f64.hypot(f64::from(next.travel_s) / 4.0)).abs() < 3.0);
    phone.hands.pass(60 * MINUTE_MS);
    let day = asked(&phone, &suggest());
    assert!(day.visits[0].end_ms >= after(95), "it ends any moment now");
}

#[test]
fn who_is_late_gets_another_order_that_is_late_where_it_matters_least() {
    let mut hub = Hub::new();
    let bookings = vec![
        (2.0, 30, 30, json!({})),
        (4.0, 70, 30, json!({ "priority": 2 })),
        (6.0, 130, 30, json!({ "priority": 1 })),
    ];
    let phone = phone(&mut hub, &bookings);
    let options = OrderOptions {
        start: Some(home(0.0)),
        ..suggest()
    };
    let in_time = asked(&phone, &options);
    assert_eq!(numbers(&in_time), [1, 2, 3].map(visit));
    assert_eq!(in_time.totals.late_visits, 0);
    phone.hands.pass(95 * MINUTE_MS);
    let late = asked(&phone, &options);
    assert_eq!(late.visits[0].visit, visit(2), "{late:?}");
    let of = |number| -> &VisitEstimate {
        let mut visits = late.visits.iter();
        visits.find(|one| one.visit == visit(number)).unwrap()
    };
    assert_eq!(of(1).cause, Some(LateCause::WindowPassed));
    assert_eq!(of(2).cause, Some(LateCause::TooFar));
    assert_eq!((of(3).cause, late.visits.len()), (None, 3));
    let booked = asked(
        &phone,
        &OrderOptions {
            suggest: false,
            ..options
        },
    );
    assert_eq!(late.booked, booked.totals);
    assert!(booked.visits[1].late_s > 2 * of(2).late_s, "{booked:?}");
}

#[test]
fn known_legs_stand_in_for_the_distance_and_are_no_guess() {
    let mut hub = Hub::new();
    let bookings = vec![
        (2.0, 10, 240, json!({ "visit_minutes": 30 })),
        (
            4.0,
            10,
            240,
            json!({ "visit_minutes": 30, "homeless": true }),
        ),
    ];
    let phone = phone(&mut hub, &bookings);
    let guessed = OrderOptions {
        start: Some(home(0.0)),
        end: Some(home(1.0)),
        ..OrderOptions::default()
    };
    let day = asked(&phone, &guessed);
    assert!(day.visits[1].travel_guessed);
    assert_eq!(day.visits[1].travel_s, 900);
    let leg = |from, to, travel_s| KnownLeg { from, to, travel_s };
    let (one, two) = (Spot::Visit(visit(1)), Spot::Visit(visit(2)));
    let known = OrderOptions {
        legs: vec![
            leg(Spot::Start, one, 600),
            leg(one, two, 123),
            leg(two, Spot::End, 60),
        ],
        ..guessed
    };
    let day = asked(&phone, &known);
    let told: Vec<_> = day
        .visits
        .iter()
        .map(|one| (one.travel_s, one.travel_guessed))
        .collect();
    assert_eq!(told, [(600, false), (123, false)]);
    assert_eq!(day.homeward.unwrap().travel_s, 60);
    assert_eq!(day.totals.travel_s, 783);
}

#[test]
fn breaks_stand_between_visits_and_another_day_begins_at_its_first_visit() {
    let mut hub = Hub::new();
    let day_ms = 1_440;
    let bookings = vec![
        (2.0, day_ms + 60, 30, json!({})),
        (4.0, day_ms + 240, 30, json!({})),
    ];
    let phone = phone(&mut hub, &bookings);
    let lunch = BreakWish {
        earliest_ms: after(day_ms + 100),
        latest_ms: after(day_ms + 160),
        minutes: 30,
    };
    let options = OrderOptions {
        breaks: vec![lunch],
        ..OrderOptions::default()
    };
    let tomorrow = today(&phone).succ_opt().unwrap();
    let day = phone.app.order_of_day(tomorrow, &options).unwrap();
    assert_eq!(numbers(&day), [1, 2].map(visit));
    assert_eq!(day.visits[0].travel_s, 0);
    assert_eq!(day.visits[0].arrive_ms, after(day_ms + 60));
    assert_eq!(day.breaks.len(), 1);
    assert_eq!(day.breaks[0].after_visits, 1);
    assert_eq!(day.breaks[0].begin_ms, after(day_ms + 100));
    let empty = phone.app.order_of_day(today(&phone), &options).unwrap();
    assert!(empty.visits.is_empty());
}

#[test]
fn a_colleagues_day_is_told_as_far_as_it_is_on_this_phone() {
    let mut hub = Hub::new();
    let colleague = PersonId(id(0x777));
    let bookings = vec![
        (2.0, 60, 30, json!({})),
        (4.0, 120, 30, json!({ "assignees": [colleague] })),
    ];
    let phone = phone(&mut hub, &bookings);
    let options = OrderOptions {
        person: Some(colleague),
        ..suggest()
    };
    assert_eq!(numbers(&asked(&phone, &options)), [visit(2)]);
    assert_eq!(numbers(&asked(&phone, &suggest())), [visit(1)]);
}

#[test]
fn a_visit_that_a_colleague_began_is_still_ahead_of_whoever_did_not() {
    let mut hub = Hub::new();
    let colleague = PersonId(id(0x777));
    let both = |person: PersonId| json!({ "assignees": [person, colleague] });
    let bookings = vec![(2.0, 60, 30, both(PersonId(id(0x100))))];
    let phone = phone(&mut hub, &bookings);
    phone.app.visit(visit(1)).check_in(None).unwrap();
    assert!(asked(&phone, &suggest()).visits[0].under_way);
    let options = OrderOptions {
        person: Some(colleague),
        ..suggest()
    };
    assert!(!asked(&phone, &options).visits[0].under_way);
}

#[test]
fn options_that_are_wrong_name_their_field_and_nothing_is_written() {
    let mut hub = Hub::new();
    let phone = phone(&mut hub, &to_and_fro());
    let before = phone.app.revision();
    let field = |options: OrderOptions| {
        let asked = phone.app.order_of_day(today(&phone), &options);
        let Err(AppError::Refused { field, .. }) = asked else {
            panic!("{asked:?}")
        };
        field
    };
    let leg = |travel_s| KnownLeg {
        from: Spot::Start,
        to: Spot::End,
        travel_s,
    };
    let base = suggest();
    let with = |change: fn(&mut OrderOptions)| {
        let mut options = base.clone();
        change(&mut options);
        field(options)
    };
    assert_eq!(
        with(|options| options.leeway_minutes = 241),
        "leeway_minutes"
    );
    assert_eq!(with(|options| options.travel.speed_kmh = 0.0), "speed_kmh");
    assert_eq!(
        with(|options| options.end = Some(Place {
            latitude_deg: 95.0,
            longitude_deg: 0.0
        })),
        "latitude_deg"
    );
    let legs = |legs| OrderOptions {
        legs,
        ..base.clone()
    };
    assert_eq!(field(legs(vec![leg(1); LEGS_MAX + 1])), "legs");
    assert_eq!(field(legs(vec![leg(86_401)])), "travel_s");
    let never = BreakWish {
        earliest_ms: Millis(0),
        latest_ms: Millis(0),
        minutes: 30,
    };
    let breaks = OrderOptions {
        breaks: vec![never],
        ..base.clone()
    };
    assert_eq!(field(breaks), "earliest_ms");
    asked(&phone, &base);
    assert_eq!(phone.app.revision(), before);
    phone.app.lock();
    let locked = phone.app.order_of_day(NaiveDate::default(), &base);
    assert_eq!(locked.unwrap_err(), AppError::Locked);
}

#[test]
fn a_virtual_visit_is_time_without_a_place_and_says_nothing_of_where_one_is() {
    let call = json!({ "virtual_visit": { "join_link": "https://video.example.org/7" } });
    let mut hub = Hub::new();
    let rows = [
        (2.0, 30, 60, json!({})),
        (40.0, 120, 30, call),
        (2.5, 180, 60, json!({})),
    ];
    let phone = phone(&mut hub, &rows);
    let day = phone.app.day(today(&phone)).unwrap();
    assert_eq!(day.virtual_visits, [visit(2)]);
    let options = OrderOptions {
        start: Some(home(0.0)),
        ..OrderOptions::default()
    };
    let order = asked(&phone, &options);
    let called = &order.visits[1];
    assert_eq!((called.visit, called.travel_s), (visit(2), 0));
    assert_eq!((called.begin_ms, called.end_ms), (after(120), after(150)));
    let way = i64::from(order.visits[2].travel_s);
    assert!(
        close(way, leg_s(0.5)),
        "from the home before, not the caller's"
    );

    let agreed = crate::app::NewConsent {
        decision: ConsentDecision::Given,
        party: ConsentParty::Patient,
        name: None,
        form: ConsentForm::Spoken,
    };
    let handle = phone.app.visit(visit(2));
    handle.record_consent(&agreed).unwrap();
    phone.hands.pass(120 * MINUTE_MS);
    handle.check_in(None).unwrap();
    let during = asked(&phone, &options);
    assert!(during.visits[0].under_way);
    assert_eq!(during.visits[0].visit, visit(2));
    let rest = asked(&phone, &OrderOptions::default());
    let next = rest
        .visits
        .iter()
        .find(|one| one.visit == visit(3))
        .unwrap();
    assert!(
        next.travel_s < 600,
        "nobody drives to or from a caller's home"
    );
}
