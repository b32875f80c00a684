//! Wall clocks that are years off.

use homeround::app::MeasureValue;
use homeround::model::{ClockTrust, DAY_MS, MINUTE_MS};
use homeround_tests::stage::{Phone, Stage, vitals};
use serde_json::json;

const TEN_YEARS_MS: i64 = 10 * 365 * DAY_MS;

#[test]
fn clocks_ten_years_off_order_nothing_and_stamps_say_how_far_off_they_are() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (ahead, behind) = (stage.phone("nina"), stage.phone("theo"));
    let today = ahead.app().today().unwrap();
    ahead.hands.jump(TEN_YEARS_MS);
    behind.hands.jump(-TEN_YEARS_MS);
    // Today is the backend's today.
    for phone in [&ahead, &behind] {
        assert_eq!(phone.app().today().unwrap(), today);
        assert_eq!(phone.app().day(today).unwrap().visits.len(), 1);
    }
    let (early, late) = (ahead.app().visit(visit), behind.app().visit(visit));
    early.check_in(None).unwrap();
    early.set_measure(MeasureValue::WeightKg(70.0)).unwrap();
    stage.converge(&[&ahead, &behind]);
    // Who knew of the other's value replaces it, whatever the clocks say.
    late.set_measure(MeasureValue::WeightKg(71.0)).unwrap();
    late.take_break(None, None, None).unwrap();
    stage.converge(&[&behind, &ahead]);
    stage.same_everywhere(visit, &[&ahead, &behind]);
    let read = early.read().unwrap();
    assert_eq!(read.measures["weight_kg"], json!(71.0));
    assert!(early.conflicts().unwrap().is_empty());
    let mut off: Vec<i64> = read
        .steps
        .values()
        .map(|step| match step.stamp.trust() {
            ClockTrust::Anchored { off_by_ms, .. } => off_by_ms,
            ClockTrust::Unverified => panic!("the backend vouched for it"),
        })
        .collect();
    off.sort_unstable();
    let near = |one: i64, other: i64| (one - other).abs() < MINUTE_MS;
    assert!(
        near(off[0], -TEN_YEARS_MS) && near(off[1], TEN_YEARS_MS),
        "{off:?}"
    );
    concurrent_edits_open_a_conflict(&stage, visit, (&ahead, &behind));
}

fn concurrent_edits_open_a_conflict(
    stage: &Stage,
    visit: homeround::model::VisitId,
    (ahead, behind): (&Phone, &Phone),
) {
    let (hers, his) = (ahead.app().visit(visit), behind.app().visit(visit));
    hers.set_measure(MeasureValue::PainScore(3)).unwrap();
    his.set_measure(MeasureValue::PainScore(7)).unwrap();
    hers.record_vitals(&vitals(70)).unwrap();
    his.record_vitals(&vitals(71)).unwrap();
    stage.converge(&[ahead, behind]);
    stage.same_everywhere(visit, &[ahead, behind]);
    assert_eq!(hers.conflicts().unwrap().len(), 1);
    assert_eq!(hers.read().unwrap().observations.len(), 2);
}
