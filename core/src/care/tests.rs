//! Hand-computed cases. Random rules are held against another program by
//! `cargo xtask test --only fhir` (`tests/fhir/recurrence.py`).

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::model::{
    Activity, AdherenceEntry, Coding, EntryId, Millis, NotDoneReason, PatientId, PauseEntry,
    PersonId, Plan, PlanId, PlannedOutcome, PlannedStatus, Schedule, TaskStatus, VisitId,
};

const ZONE: &str = "America/New_York";

fn at(text: &str) -> Millis {
    Millis(
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis(),
    )
}

fn schedule(start: &str, rule: &str) -> Schedule {
    Schedule {
        start: start.into(),
        rule: (!rule.is_empty()).then(|| rule.into()),
        early_minutes: 60,
        late_minutes: 120,
        ..Schedule::default()
    }
}

fn names(schedule: &Schedule, from: &str, until: &str) -> Vec<String> {
    let calendar = Calendar::new(schedule, ZONE).unwrap();
    let found = calendar.between(at(from), at(until));
    found.iter().map(Occurrence::name).collect()
}

#[test]
fn a_daily_time_stays_on_the_wall_over_both_changes_of_clocks() {
    let calendar = |start: &str| Calendar::new(&schedule(start, "FREQ=DAILY"), ZONE).unwrap();
    let dues = |start: &str, from: &str, until: &str| -> Vec<Millis> {
        let found = calendar(start).between(at(from), at(until));
        found.iter().map(|it| it.due).collect()
    };
    // 2026-03-08: clocks go from 02:00 to 03:00; 2026-11-01: from 02:00 back to 01:00.
    assert_eq!(
        dues(
            "2026-03-01T09:00",
            "2026-03-07T00:00:00Z",
            "2026-03-09T14:00:00Z"
        ),
        [
            at("2026-03-07T14:00:00Z"),
            at("2026-03-08T13:00:00Z"),
            at("2026-03-09T13:00:00Z")
        ]
    );
    assert_eq!(
        dues(
            "2026-10-30T09:00",
            "2026-10-31T00:00:00Z",
            "2026-11-02T00:00:00Z"
        ),
        [at("2026-10-31T13:00:00Z"), at("2026-11-01T14:00:00Z")]
    );
    // A skipped time is the one that the clock before the change would show.
    assert_eq!(
        dues(
            "2026-03-01T02:30",
            "2026-03-08T00:00:00-05:00",
            "2026-03-09T00:00:00-04:00"
        ),
        [at("2026-03-08T03:30:00-04:00")]
    );
    // A time that comes twice is its first.
    assert_eq!(
        dues(
            "2026-10-30T01:30",
            "2026-11-01T00:00:00-04:00",
            "2026-11-02T00:00:00-05:00"
        ),
        [at("2026-11-01T01:30:00-04:00")]
    );
}

#[test]
fn the_next_time_is_the_first_of_those_to_come_and_every_hour_of_two_years_is_there() {
    let hours = (0..24)
        .map(|hour| hour.to_string())
        .collect::<Vec<_>>()
        .join(",");
    let hourly = schedule("2026-01-01T00:00", &format!("FREQ=DAILY;BYHOUR={hours}"));
    let calendar = Calendar::new(&hourly, "UTC").unwrap();
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2028-03-11T00:00:00Z"));
    assert_eq!(calendar.between(from, until).len(), 800 * 24);
    for start in ["2026-03-08T01:59:00-05:00", "2026-03-08T06:30:00Z"] {
        let here = Calendar::new(&hourly, ZONE).unwrap();
        let all = here.between(at(start), at(start).plus(2 * DAY_MS));
        assert_eq!(here.next(at(start)), all.first().copied());
    }
}

#[test]
fn days_of_the_month_that_are_not_there_are_left_out() {
    let last = schedule("2026-01-31T10:00", "FREQ=MONTHLY");
    let wide = ("2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z");
    assert_eq!(
        names(&last, wide.0, wide.1),
        ["2026-01-31T10:00", "2026-03-31T10:00", "2026-05-31T10:00"]
    );
    let end = schedule("2026-01-31T10:00", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3");
    assert_eq!(
        names(&end, wide.0, wide.1),
        ["2026-01-31T10:00", "2026-02-28T10:00", "2026-03-31T10:00"]
    );
    let mixed = schedule("2026-01-01T10:00", "FREQ=MONTHLY;BYDAY=SU,1MO;COUNT=5");
    assert_eq!(
        names(&mixed, wide.0, wide.1),
        [
            "2026-01-04T10:00",
            "2026-01-05T10:00",
            "2026-01-11T10:00",
            "2026-01-18T10:00",
            "2026-01-25T10:00"
        ]
    );
    let second = schedule("2026-01-01T10:00", "FREQ=MONTHLY;BYDAY=2TU,-1FR;COUNT=4");
    assert_eq!(
        names(&second, wide.0, wide.1),
        [
            "2026-01-13T10:00",
            "2026-01-30T10:00",
            "2026-02-10T10:00",
            "2026-02-27T10:00"
        ]
    );
}

#[test]
fn every_other_week_counts_from_the_day_that_weeks_begin_on() {
    // RFC 5545, 3.8.5.3: the same rule, with weeks from Monday and from Sunday.
    let of = |week: &str| {
        let rule = format!("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={week}");
        let schedule = schedule("1997-08-05T09:00", &rule);
        names(&schedule, "1997-08-01T00:00:00Z", "1997-10-01T00:00:00Z")
    };
    assert_eq!(
        of("MO"),
        [
            "1997-08-05T09:00",
            "1997-08-10T09:00",
            "1997-08-19T09:00",
            "1997-08-24T09:00"
        ]
    );
    assert_eq!(
        of("SU"),
        [
            "1997-08-05T09:00",
            "1997-08-17T09:00",
            "1997-08-19T09:00",
            "1997-08-31T09:00"
        ]
    );
}

#[test]
fn an_exception_is_left_out_and_counts_and_until_is_its_whole_day() {
    let mut daily = schedule("2026-05-01T09:00", "FREQ=DAILY;COUNT=3");
    daily.except = vec!["2026-05-02T09:00".into()];
    let wide = ("2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z");
    assert_eq!(
        names(&daily, wide.0, wide.1),
        ["2026-05-01T09:00", "2026-05-03T09:00"]
    );
    let until = schedule("2026-05-01T09:00", "FREQ=DAILY;UNTIL=20260502;BYHOUR=8,20");
    assert_eq!(
        names(&until, wide.0, wide.1),
        ["2026-05-01T20:00", "2026-05-02T08:00", "2026-05-02T20:00"]
    );
    let once = schedule("2026-05-01T09:00", "");
    assert_eq!(names(&once, wide.0, wide.1), ["2026-05-01T09:00"]);
}

#[test]
fn a_rule_beyond_what_is_computed_is_refused_by_its_part() {
    for (rule, part) in [
        ("FREQ=YEARLY", "FREQ"),
        ("FREQ=HOURLY", "FREQ"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=DAILY;BYSETPOS=1", "BYDAY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "COUNT or UNTIL"),
        ("FREQ=WEEKLY;BYDAY=1MO", "number"),
        ("FREQ=MONTHLY;BYDAY=-128MO", "BYDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=-128", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYDAY=é", "MO, TU"),
        ("FREQ=DAILY;FREQ=DAILY", "once"),
        ("FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40", "24"),
        ("daily", "parts"),
        ("FREQ=DAILY;UNTIL=+1230101", "UNTIL"),
    ] {
        let refused = Rule::parse(rule).unwrap_err();
        assert_eq!(refused.field, "rule");
        assert!(refused.limit.contains(part), "{rule}: {}", refused.limit);
    }
    let long = format!("FREQ=DAILY;BYHOUR={}", "1,".repeat(300));
    assert!(Rule::parse(&long).is_err());
    // One that never comes ends all the same.
    let never = schedule("2026-02-01T09:00", "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31");
    assert!(names(&never, "2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z").is_empty());
    let calendar = Calendar::new(&never, ZONE).unwrap();
    assert_eq!(calendar.next(at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn a_rule_is_written_as_it_was_read() {
    for rule in [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3;COUNT=10",
        "FREQ=WEEKLY;UNTIL=20261231;BYDAY=MO,TH;WKST=SU",
        "FREQ=MONTHLY;UNTIL=20261231T235900Z;BYDAY=2TU,-1FR;BYHOUR=8,20;BYMINUTE=30",
        "FREQ=MONTHLY;UNTIL=20261231T100000;BYMONTHDAY=1,-1",
    ] {
        assert_eq!(Rule::parse(rule).unwrap().to_string(), rule);
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

const PLAN: PlanId = PlanId(Uuid::from_u128(7));
const ACTIVITY: EntryId = EntryId(Uuid::from_u128(8));
const NURSE: PersonId = PersonId(Uuid::from_u128(9));

/// Daily at nine from the first of June, an hour before and two hours after.
fn plan() -> Plan {
    let activity = Activity {
        code: Coding::text("Weigh"),
        status: TaskStatus::Open,
        progress: None,
        schedule: Some(schedule("2026-06-01T09:00", "FREQ=DAILY")),
        lifecycle: None,
        assignee: None,
        instructions: None,
    };
    Plan {
        schema: 1,
        patient: PatientId(id(1)),
        title: "Heart failure".into(),
        status: "active".into(),
        time_zone: Some(ZONE.into()),
        template: None,
        assignee: None,
        narrative: String::new(),
        goals: BTreeMap::new(),
        activities: BTreeMap::from([(ACTIVITY, activity)]),
        adherence: BTreeMap::new(),
        progress: BTreeMap::new(),
        pauses: BTreeMap::new(),
        settlements: BTreeMap::new(),
    }
}

fn adhere(plan: &mut Plan, number: u128, when: &str, kept: bool, named: Option<&str>) {
    let entry = AdherenceEntry {
        activity: ACTIVITY,
        kept,
        by: NURSE,
        at_ms: at(when),
        comment: None,
        occurrence: named.map(str::to_owned),
        reason: None,
    };
    plan.adherence.insert(EntryId(id(number)), entry);
}

fn states(plan: &Plan, visits: &[(VisitId, &Outcomes)], now: &str) -> (Adherence, Vec<State>) {
    let window = (
        at("2026-06-01T00:00:00-04:00"),
        at("2026-06-06T00:00:00-04:00"),
    );
    let judged = adherence((PLAN, plan), visits, window, at(now));
    let (counts, judged) = judged.activities[&ACTIVITY].clone().unwrap();
    assert_eq!(counts, judged_all(&judged));
    (counts, judged.iter().map(|it| it.state).collect())
}

fn judged_all(judged: &[Judged]) -> Adherence {
    let of = |state: State, excused: bool| {
        let own = judged
            .iter()
            .filter(|it| it.state == state && it.is_excused() == excused);
        u32::try_from(own.count()).unwrap()
    };
    Adherence {
        done: of(State::Done, false),
        done_late: of(State::DoneLate, false),
        missed: of(State::Missed, false),
        skipped: of(State::Skipped, false),
        excused: of(State::Skipped, true),
        rested: of(State::Rested, false),
        due: of(State::Due, false),
        overdue: of(State::Overdue, false),
    }
}

#[test]
fn an_occurrence_goes_from_upcoming_over_due_and_overdue_to_missed() {
    let plan = plan();
    let first = |now: &str| states(&plan, &[], now).1[0];
    assert_eq!(first("2026-06-01T07:59:59-04:00"), State::Upcoming);
    assert_eq!(first("2026-06-01T08:00:00-04:00"), State::Due);
    assert_eq!(first("2026-06-01T11:00:00-04:00"), State::Due);
    assert_eq!(first("2026-06-01T11:00:01-04:00"), State::Overdue);
    assert_eq!(first("2026-06-02T07:59:59-04:00"), State::Overdue);
    assert_eq!(first("2026-06-02T08:00:00-04:00"), State::Missed);
}

#[test]
fn the_percentage_counts_what_is_decided_and_nothing_else() {
    let mut plan = plan();
    // The first in time, the second late, the third not, the fourth nobody said.
    adhere(&mut plan, 1, "2026-06-01T09:10:00-04:00", true, None);
    adhere(&mut plan, 2, "2026-06-02T15:00:00-04:00", true, None);
    adhere(&mut plan, 3, "2026-06-03T09:00:00-04:00", false, None);
    let (counts, states) = states(&plan, &[], "2026-06-05T08:30:00-04:00");
    assert_eq!(
        states,
        [
            State::Done,
            State::DoneLate,
            State::Skipped,
            State::Missed,
            State::Due
        ]
    );
    // Two of four; what is due now is not decided.
    assert_eq!((counts.counted(), counts.percent()), (4, Some(50)));
    assert_eq!(Adherence::default().percent(), None);
    let two_of_three = Adherence {
        done: 2,
        missed: 1,
        ..Adherence::default()
    };
    assert_eq!(two_of_three.percent(), Some(67));
}

#[test]
fn a_named_word_counts_for_its_occurrence_whenever_it_was_said() {
    let mut plan = plan();
    adhere(
        &mut plan,
        1,
        "2026-06-04T12:00:00-04:00",
        true,
        Some("2026-06-01T09:00"),
    );
    // One that the schedule does not have counts for nothing.
    adhere(
        &mut plan,
        2,
        "2026-06-04T12:00:00-04:00",
        true,
        Some("2026-06-02T10:00"),
    );
    let (counts, states) = states(&plan, &[], "2026-06-03T08:00:00-04:00");
    assert_eq!(states[..3], [State::DoneLate, State::Missed, State::Due]);
    assert_eq!(counts.percent(), Some(50));
}

#[test]
fn done_by_one_and_not_by_the_other_is_done() {
    let mut plan = plan();
    adhere(
        &mut plan,
        1,
        "2026-06-01T09:00:00-04:00",
        false,
        Some("2026-06-01T09:00"),
    );
    adhere(
        &mut plan,
        2,
        "2026-06-01T10:00:00-04:00",
        true,
        Some("2026-06-01T09:00"),
    );
    assert_eq!(
        states(&plan, &[], "2026-06-01T12:00:00-04:00").1[0],
        State::Done
    );
}

#[test]
fn an_excused_one_and_one_that_rested_count_neither_way() {
    let mut plan = plan();
    adhere(
        &mut plan,
        1,
        "2026-06-01T09:00:00-04:00",
        false,
        Some("2026-06-01T09:00"),
    );
    plan.adherence.get_mut(&EntryId(id(1))).unwrap().reason = Some(NotDoneReason::Hospitalised);
    let rests = |number: u128, resting: bool, when: &str| {
        let entry = PauseEntry {
            activity: None,
            resting,
            reason: "in hospital".into(),
            by: NURSE,
            at_ms: at(when),
        };
        (EntryId(id(number)), entry)
    };
    plan.pauses.extend([
        rests(1, true, "2026-06-01T12:00:00-04:00"),
        rests(2, false, "2026-06-03T12:00:00-04:00"),
    ]);
    adhere(&mut plan, 2, "2026-06-03T09:00:00-04:00", true, None);
    let (counts, states) = states(&plan, &[], "2026-06-05T08:00:00-04:00");
    assert_eq!(
        states,
        [
            State::Skipped,
            State::Rested,
            State::Done,
            State::Missed,
            State::Due
        ]
    );
    assert_eq!((counts.excused, counts.rested), (1, 1));
    assert_eq!(counts.percent(), Some(50));
}

#[test]
fn a_plan_that_is_not_followed_asks_for_nothing() {
    let mut plan = plan();
    plan.status = "on-hold".into();
    assert!(
        states(&plan, &[], "2026-06-05T08:00:00-04:00")
            .1
            .iter()
            .all(|it| *it == State::Rested)
    );
    plan.status = "active".into();
    plan.activities.get_mut(&ACTIVITY).unwrap().lifecycle = Some("stopped".into());
    assert_eq!(
        states(&plan, &[], "2026-06-05T08:00:00-04:00").0.percent(),
        None
    );
}

const VISIT: VisitId = VisitId(Uuid::from_u128(0x51));

fn outcome(status: PlannedStatus, occurrence: &str) -> PlannedOutcome {
    PlannedOutcome {
        plan: PLAN,
        activity: ACTIVITY,
        occurrence: occurrence.into(),
        title: "Weigh".into(),
        status,
        result: None,
        reason: Some(NotDoneReason::Refused).filter(|_| status == PlannedStatus::NotDone),
        comment: None,
        by: NURSE,
        at_ms: at("2026-06-02T09:30:00-04:00"),
    }
}

#[test]
fn a_visit_is_asked_for_what_its_window_meets_and_for_nothing_twice() {
    let plan = plan();
    let plans = [(PLAN, &plan)];
    let none = Outcomes::new();
    let window = |from: &str, until: &str| (at(from), at(until));
    let titles = |said: &Outcomes, (from, until)| -> Vec<String> {
        let tasks = planned_tasks(&plans, &[(VISIT, said)], VISIT, (from, until));
        tasks.into_iter().map(|it| it.occurrence).collect()
    };
    let morning = window("2026-06-02T09:30:00-04:00", "2026-06-02T10:30:00-04:00");
    assert_eq!(titles(&none, morning), ["2026-06-02T09:00"]);
    // Over by eleven; the next one may be done from eight the next day.
    let afternoon = window("2026-06-02T11:00:01-04:00", "2026-06-03T07:59:59-04:00");
    assert!(titles(&none, afternoon).is_empty());
    let edges = window("2026-06-02T11:00:00-04:00", "2026-06-03T08:00:00-04:00");
    assert_eq!(
        titles(&none, edges),
        ["2026-06-02T09:00", "2026-06-03T09:00"]
    );
    // Another visit saw to it.
    let name = "2026-06-02T09:00";
    let task = task_id(PLAN, ACTIVITY, name);
    let said = Outcomes::from([(task, outcome(PlannedStatus::Done, name))]);
    let other = VisitId(id(0x52));
    let visits = [(VISIT, &none), (other, &said)];
    assert!(planned_tasks(&plans, &visits, VISIT, morning).is_empty());
    let own = planned_tasks(&plans, &visits, other, morning);
    assert_eq!(own[0].outcome, Some(outcome(PlannedStatus::Done, name)));
}

#[test]
fn a_done_task_completes_its_occurrence_and_one_not_done_skips_it() {
    let plan = plan();
    let of = |status| {
        let name = "2026-06-02T09:00";
        let said = Outcomes::from([(task_id(PLAN, ACTIVITY, name), outcome(status, name))]);
        states(&plan, &[(VISIT, &said)], "2026-06-02T09:40:00-04:00").1[1]
    };
    assert_eq!(of(PlannedStatus::Done), State::Done);
    assert_eq!(of(PlannedStatus::NotDone), State::Skipped);
    // Taken off the visit, it is due all the same.
    assert_eq!(of(PlannedStatus::Removed), State::Due);
    assert_eq!(of(PlannedStatus::Unknown), State::Due);
}

#[test]
fn what_was_said_of_a_task_stays_whatever_becomes_of_the_plan() {
    let mut plan = plan();
    let name = "2026-06-02T09:00";
    let said = Outcomes::from([(
        task_id(PLAN, ACTIVITY, name),
        outcome(PlannedStatus::Done, name),
    )]);
    plan.activities.clear();
    let window = (
        at("2026-06-02T09:30:00-04:00"),
        at("2026-06-02T10:30:00-04:00"),
    );
    let tasks = planned_tasks(&[(PLAN, &plan)], &[(VISIT, &said)], VISIT, window);
    assert_eq!((tasks[0].title.as_str(), tasks[0].due), ("Weigh", None));
}

#[test]
fn the_id_of_a_task_is_the_same_for_ever() {
    let task = task_id(PLAN, ACTIVITY, "2026-06-02T09:00");
    assert_eq!(task.0.get_version_num(), 8);
    assert_eq!(task.to_string(), "bc273eae-03a3-806d-a92d-f87be6a6ea2c");
    assert_ne!(task, task_id(PLAN, ACTIVITY, "2026-06-03T09:00"));
}

fn begins() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()
}

fn read(timing: &Value) -> Schedule {
    schedule_of(timing, chrono_tz::America::New_York, begins())
}

#[test]
fn a_timing_that_a_rule_can_say_becomes_one() {
    let rule = |repeat: Value| read(&json!({ "repeat": repeat }));
    let twice = rule(json!({"frequency": 2, "period": 1, "periodUnit": "d",
        "timeOfDay": ["20:00:00", "08:00:00"]}));
    assert_eq!(
        twice.rule.as_deref(),
        Some("FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0")
    );
    assert_eq!(twice.start, "2026-06-01T08:00");
    let week = rule(
        json!({"frequency": 1, "period": 2, "periodUnit": "wk", "dayOfWeek": ["mon", "thu"],
        "boundsPeriod": {"start": "2026-06-03", "end": "2026-08-01"}}),
    );
    assert_eq!(
        week.rule.as_deref(),
        Some("FREQ=WEEKLY;INTERVAL=2;UNTIL=20260801;BYDAY=MO,TH")
    );
    // Some time on the day: until it is over.
    assert_eq!(
        (week.start.as_str(), week.late_minutes),
        ("2026-06-03T00:00", 1439)
    );
    let month = rule(json!({"period": 1.0, "periodUnit": "mo", "count": 6,
        "boundsPeriod": {"start": "2026-06-15T10:00:00-04:00"}}));
    assert_eq!(month.rule.as_deref(), Some("FREQ=MONTHLY;COUNT=6"));
    assert_eq!(month.start, "2026-06-15T10:00");
    let once = read(&json!({"event": ["2026-06-20T09:30:00-04:00"]}));
    assert_eq!((once.start.as_str(), once.rule), ("2026-06-20T09:30", None));
}

#[test]
fn a_timing_that_no_rule_says_is_kept_in_words() {
    for repeat in [
        json!({"frequency": 3, "period": 1, "periodUnit": "d"}),
        json!({"frequency": 1, "period": 6, "periodUnit": "h"}),
        json!({"when": ["ACM"]}),
        json!({"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}),
        json!({"timeOfDay": ["08:00:00", "20:30:00"]}),
        json!({"period": 1.5, "periodUnit": "d"}),
    ] {
        let kept = read(&json!({"code": {"text": "as told"}, "repeat": repeat}));
        assert_eq!(
            (kept.rule.as_deref(), kept.text.as_deref()),
            (None, Some("as told")),
            "{repeat}"
        );
        assert_eq!(Calendar::new(&kept, ZONE).unwrap_err().field, "rule");
    }
}

#[test]
fn a_schedule_goes_out_and_comes_back_the_same() {
    let mut all = vec![
        schedule("2026-06-01T09:00", "FREQ=MONTHLY;BYDAY=2TU,-1FR"),
        schedule("2026-06-01T09:00", "FREQ=DAILY;INTERVAL=2;BYHOUR=8,20"),
        schedule("2026-06-01T09:00", "FREQ=WEEKLY;UNTIL=20260801"),
        schedule("2026-06-01T09:00", ""),
        Schedule {
            start: "2026-06-01T00:00".into(),
            text: Some("before meals".into()),
            ..Schedule::default()
        },
    ];
    all[1].except = vec!["2026-06-03T08:00".into()];
    for schedule in all {
        let mut timing = timing_of(&schedule);
        assert_eq!(read(&timing), schedule);
        // Without our extension, what FHIR itself can say is the same rule in time.
        timing.as_object_mut().unwrap().remove("extension");
        let plain = read(&timing);
        if timing["repeat"].is_object() && schedule.except.is_empty() {
            let window = ("2026-05-01T00:00:00Z", "2026-12-01T00:00:00Z");
            assert_eq!(
                names(&plain, window.0, window.1),
                names(&schedule, window.0, window.1)
            );
        }
    }
}

#[test]
fn every_shipped_template_is_read_computed_and_translated() {
    for shipped in SHIPPED_TEMPLATES {
        let template = shipped_template(shipped.canonical).unwrap().unwrap();
        assert_eq!(template.canonical(), shipped.canonical);
        assert!(template.copyright.contains("public domain"));
        assert!(template.source()["relatedArtifact"][0]["citation"].is_string());
        let words = template.goals.iter().map(|it| &it.text);
        let words = words.chain(
            template
                .actions
                .iter()
                .flat_map(|it| [&it.title, &it.instructions]),
        );
        for words in words.chain([&template.title, &template.description]) {
            assert_ne!(words.in_language("es"), words.own(), "{}", words.own());
        }
        for action in &template.actions {
            let Some(schedule) = action.schedule(chrono_tz::America::New_York, begins()) else {
                continue;
            };
            let calendar = Calendar::new(&schedule, ZONE).unwrap();
            assert!(calendar.next(at("2026-06-01T04:00:00Z")).is_some());
        }
    }
}

#[test]
fn a_shipped_template_is_never_changed() {
    use sha2::{Digest, Sha256};
    let digests: Vec<String> = SHIPPED_TEMPLATES
        .iter()
        .map(|it| {
            let digest = Sha256::digest(it.json.as_bytes());
            let digits: String = digest
                .iter()
                .take(8)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("{} {digits}", it.canonical.rsplit('/').next().unwrap())
        })
        .collect();
    assert_eq!(
        digests,
        [
            "heart-failure|1.0 42c5ae28c2f9c9ef",
            "fall-prevention|1.0 259a26dbfe24a47f",
            "diabetic-foot|1.0 0036c0dd6c22f53b"
        ]
    );
}

#[test]
fn a_template_that_can_not_be_used_names_what_is_wrong() {
    let sound = json!({"resourceType": "PlanDefinition", "url": "https://c.example/p", "version": "1",
        "title": "T", "status": "active", "action": [{"title": "Walk"}]});
    assert!(Template::from_value(sound.clone()).is_ok());
    for (change, field) in [
        (json!({"resourceType": "Plan"}), "resourceType"),
        (json!({"url": "a|b"}), "url"),
        (json!({"version": ""}), "version"),
        (json!({"title": ""}), "title"),
        (json!({"action": []}), "action"),
        (json!({"action": [{"title": "a"}, {}]}), "title"),
        (json!({"goal": [{}]}), "description.text"),
    ] {
        let mut wrong = sound.clone();
        let fields = change.as_object().unwrap().clone();
        wrong.as_object_mut().unwrap().extend(fields);
        assert_eq!(Template::from_value(wrong).unwrap_err().field, field);
    }
}
