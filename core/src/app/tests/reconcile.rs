use serde_json::json;

use super::*;
use crate::app::AppError;
use crate::model::*;

fn line(number: u128) -> EntryId {
    EntryId(id(number))
}

/// A list of three: active, on hold, stopped.
fn hub() -> Hub {
    let mut hub = Hub::new();
    let listed = |text: &str, status: &str| json!({ "code": { "text": text }, "status": status });
    let tree = json!({ "schema": 1, "kind": "chart", "patient": hub.patient, "medications": {
        line(1).to_string(): listed("Metformin", "active"),
        line(2).to_string(): listed("Warfarin", "on-hold"),
        line(3).to_string(): listed("Ibuprofen", "stopped") } });
    hub.add_document(DocumentId::chart(hub.patient), &tree);
    hub
}

fn of(medication: EntryId, finding: HomeFinding, comment: Option<&str>) -> ReconciledLine {
    ReconciledLine {
        medication,
        finding,
        comment: comment.map(str::to_owned),
    }
}

fn whole(hub: &Hub) -> Reconciliation {
    Reconciliation {
        visit: Some(hub.visit),
        lines: vec![
            of(
                line(1),
                HomeFinding::TakingDifferently,
                Some("half a tablet"),
            ),
            of(line(2), HomeFinding::NotFound, None),
        ],
        found: vec![FoundMedication {
            code: Coding::text("St John's wort"),
            dose: None,
            frequency: Some("daily".into()),
            comment: None,
        }],
    }
}

#[test]
fn what_was_found_in_the_home_is_one_review_and_changes_no_line() {
    let mut hub = hub();
    let mut phone = hub.phone(0x100, Role::Nurse);
    let chart = phone.app.chart(hub.patient);
    let before = chart.read().unwrap().medications;
    let found = whole(&hub);
    let saved = chart
        .reconcile(&found, Some("Daughter was there".into()))
        .unwrap();
    let read = chart.read().unwrap();
    let review = &read.reviews[&saved.entry.unwrap()];
    assert_eq!(review.section, "medications");
    assert_eq!(review.by, phone.person);
    assert_eq!(review.reconciliation, Some(found));
    assert_eq!(read.medications, before);
    phone.push(&mut hub);
    let mut other = hub.phone(0x200, Role::Nurse);
    other.pull(&hub);
    assert_eq!(other.app.chart(hub.patient).read().unwrap(), read);
}

#[test]
fn a_standing_line_without_a_finding_is_refused_and_a_stopped_one_needs_none() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let chart = phone.app.chart(hub.patient);
    let mut part = whole(&hub);
    part.lines.pop();
    let refused = chart.reconcile(&part, None).unwrap_err();
    assert!(matches!(refused, AppError::Refused { field, .. } if field == "lines"));
    let mut more = whole(&hub);
    more.lines.push(of(line(3), HomeFinding::Taking, None));
    chart.reconcile(&more, None).unwrap();
}

#[test]
fn each_part_that_is_wrong_is_refused_by_name() {
    let mut hub = hub();
    let phone = hub.phone(0x100, Role::Nurse);
    let chart = phone.app.chart(hub.patient);
    let refused = |change: &dyn Fn(&mut Reconciliation)| {
        let mut found = whole(&hub);
        change(&mut found);
        match chart.reconcile(&found, None).unwrap_err() {
            AppError::Refused { field, .. } => field,
            other => other.to_string(),
        }
    };
    let twice = of(line(2), HomeFinding::Taking, None);
    assert_eq!(refused(&|it| it.lines.push(twice.clone())), "lines");
    assert_eq!(
        refused(&|it| it.lines[0].comment = Some("  ".into())),
        "comment"
    );
    assert_eq!(
        refused(&|it| it.lines[1].comment = Some("x".repeat(2_001))),
        "comment"
    );
    assert_eq!(
        refused(&|it| it.lines[1].finding = HomeFinding::Unknown),
        "finding"
    );
    assert_eq!(refused(&|it| it.found[0].code = Coding::default()), "found");
    let elsewhere = of(line(9), HomeFinding::Taking, None);
    assert_eq!(
        refused(&|it| it.lines.push(elsewhere.clone())),
        "no such item on this phone"
    );
}

#[test]
fn an_old_phones_review_reads_as_a_review_without_a_reconciliation() {
    let text = r#"{"section":"medications","by":"00000000-0000-0000-0000-000000000001","at_ms":5}"#;
    let read: ReviewEntry = serde_json::from_str(text).unwrap();
    assert_eq!(read.reconciliation, None);
}

#[test]
fn a_therapist_may_not_reconcile_the_list() {
    let mut hub = hub();
    let phone = hub.phone(0x200, Role::Therapist);
    let denied = phone
        .app
        .chart(hub.patient)
        .reconcile(&whole(&hub), None)
        .unwrap_err();
    assert!(matches!(denied, AppError::NotAllowed { .. }), "{denied:?}");
}
