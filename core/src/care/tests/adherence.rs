//! What is due, overdue, missed, and what a visit is asked for; computed by hand.

use super::*;

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
