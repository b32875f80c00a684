//! Notices to a patient, on a phone without a signal.

use serde_json::json;

use super::*;
use crate::app::{AppError, NewNoticeWishes, NoticeDraft, OrderOptions};
use crate::model::*;

/// A chart and a visit as they are begun today; the nurse is booked.
fn hub() -> Hub {
    let mut hub = Hub::new();
    hub.booked = vec![PersonId(id(0x100))];
    let tree = json!({ "schema": 1, "kind": "chart", "patient": hub.patient });
    hub.add_document(DocumentId::chart(hub.patient), &tree);
    hub
}

fn yes() -> NewNoticeWishes {
    NewNoticeWishes {
        agreed: true,
        wished_by: WishedBy::Patient,
        channel: NoticeChannel::Email,
        address: " ana@example.org ".into(),
        language: Some("es".into()),
        // The test's morning begins at five.
        quiet: Some(QuietHours {
            from_minute: 22 * 60,
            until_minute: 4 * 60,
        }),
    }
}

fn field<T: std::fmt::Debug>(result: Result<T, AppError>) -> String {
    match result {
        Err(AppError::Refused { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

fn draft(phone: &Phone, visit: VisitId) -> NoticeDraft {
    let visit = phone.app.visit(visit);
    let options = OrderOptions::default();
    visit.notice_draft(NoticeKind::OnMyWay, &options).unwrap()
}

#[test]
fn nobody_is_told_anything_before_they_agreed_and_wishes_are_checked() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    let (from, until) = (Millis(START), Millis(START + 10 * MINUTE_MS));
    let told = |kind| visit.notify(kind, from, until);
    assert_eq!(field(told(NoticeKind::OnMyWay)), "notice_wishes");
    assert_eq!(draft(&nurse, hub.visit).hindrance, Some(NotSent::NotAsked));

    let chart = nurse.app.chart(hub.patient);
    let odd = NewNoticeWishes {
        address: "ana@example.org\nBcc: eve@example.org".into(),
        ..yes()
    };
    assert_eq!(field(chart.set_notice_wishes(&odd)), "address");
    let no = NewNoticeWishes {
        agreed: false,
        ..yes()
    };
    chart.set_notice_wishes(&no).unwrap();
    assert_eq!(field(told(NoticeKind::OnMyWay)), "notice_wishes");
    assert_eq!(draft(&nurse, hub.visit).hindrance, Some(NotSent::Declined));

    chart.set_notice_wishes(&yes()).unwrap();
    let wishes = chart.notice_wishes().unwrap().unwrap();
    assert_eq!(
        (wishes.by, &*wishes.address),
        (nurse.person, "ana@example.org")
    );
    told(NoticeKind::OnMyWay).unwrap();
    assert_eq!(visit.notices().unwrap().len(), 1);
    assert_eq!(visit.notices().unwrap()[0].delivery, None);
}

#[test]
fn a_draft_says_what_the_patient_would_read_and_when() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    let chart = nurse.app.chart(hub.patient);
    chart.set_notice_wishes(&yes()).unwrap();
    let shown = draft(&nurse, hub.visit);
    assert_eq!(
        (shown.hindrance, shown.channel),
        (None, Some(NoticeChannel::Email))
    );
    assert_eq!(
        (&*shown.language, &*shown.address),
        ("es", "ana@example.org")
    );
    assert!(shown.arrives_from_ms <= shown.arrives_until_ms);
    assert_eq!(shown.arrives_from_ms.0 % (5 * MINUTE_MS), 0);
    assert!(
        shown.text.body.contains("está en camino"),
        "{:?}",
        shown.text
    );
    // What is shown can be asked for as it stands.
    let visit = nurse.app.visit(hub.visit);
    let asked = visit.notify(shown.kind, shown.arrives_from_ms, shown.arrives_until_ms);
    asked.unwrap();

    // Quiet all day: it would wait for an end after the arrival, and so not be sent.
    let always = QuietHours {
        from_minute: 1,
        until_minute: 0,
    };
    let quiet = NewNoticeWishes {
        quiet: Some(always),
        ..yes()
    };
    chart.set_notice_wishes(&quiet).unwrap();
    let shown = draft(&nurse, hub.visit);
    assert_eq!(
        (shown.hindrance, shown.waits_until_ms),
        (Some(NotSent::QuietHours), None)
    );
}

#[test]
fn only_a_visit_that_is_ahead_is_announced_and_ten_times_at_most() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    nurse
        .app
        .chart(hub.patient)
        .set_notice_wishes(&yes())
        .unwrap();
    let visit = nurse.app.visit(hub.visit);
    let now = START;
    let told = || visit.notify(NoticeKind::Late, Millis(now), Millis(now + HOUR_MS));
    let early = visit.notify(NoticeKind::Late, Millis(now), Millis(now - DAY_MS));
    assert_eq!(field(early), "arrives_until_ms");
    for _ in 0..NOTICES_PER_VISIT_MAX {
        told().unwrap();
    }
    assert_eq!(field(told()), "notices");
    visit.check_in(None).unwrap();
    assert_eq!(field(told()), "status");
    let options = OrderOptions::default();
    let draft = visit.notice_draft(NoticeKind::Late, &options);
    assert_eq!(field(draft), "status");
}

#[test]
fn two_different_wishes_open_a_conflict_and_hinder_until_it_is_settled() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let no = NewNoticeWishes {
        agreed: false,
        ..yes()
    };
    nurse
        .app
        .chart(hub.patient)
        .set_notice_wishes(&yes())
        .unwrap();
    aide.app.chart(hub.patient).set_notice_wishes(&no).unwrap();
    nurse.push(&mut hub);
    aide.push(&mut hub);
    nurse.pull(&hub);
    let chart = nurse.app.chart(hub.patient);
    let open = chart.conflicts().unwrap();
    assert_eq!(open[0].path.0, "notice_wishes");
    assert_eq!(draft(&nurse, hub.visit).hindrance, Some(NotSent::Contested));
    let visit = nurse.app.visit(hub.visit);
    let told = || visit.notify(NoticeKind::Late, Millis(START), Millis(START + HOUR_MS));
    assert_eq!(field(told()), "notice_wishes");
    let agreed = open[0].values.iter().find(|it| it.value["agreed"] == true);
    chart.settle(&open[0].path, &agreed.unwrap().value).unwrap();
    told().unwrap();
}

#[test]
fn a_colleague_tells_of_who_is_booked_and_not_of_themselves() {
    let mut hub = hub();
    let supervisor = hub.phone(0x300, Role::Supervisor);
    supervisor
        .app
        .chart(hub.patient)
        .set_notice_wishes(&yes())
        .unwrap();
    let shown = draft(&supervisor, hub.visit);
    // The directory of this test does not know the nurse by name.
    assert!(
        shown.text.body.starts_with("Alguien de su equipo"),
        "{:?}",
        shown.text
    );
    let booking: Booking = serde_json::from_value(json!({
        "visit": hub.visit, "patient": hub.patient, "assignees": hub.booked, "start_ms": START,
        "end_ms": START, "service": { "text": "x" }, "time_zone": "UTC",
    }))
    .unwrap();
    assert_eq!(booking.who_comes(supervisor.person), hub.booked[0]);
    assert_eq!(booking.who_comes(hub.booked[0]), hub.booked[0]);
}

#[test]
fn nobody_is_on_the_way_to_a_virtual_visit_which_may_begin_later_all_the_same() {
    let mut hub = hub();
    hub.virtual_visit = Some(json!({ "join_link": "https://video.example/abc" }));
    let nurse = hub.phone(0x100, Role::Nurse);
    nurse
        .app
        .chart(hub.patient)
        .set_notice_wishes(&yes())
        .unwrap();
    let visit = nurse.app.visit(hub.visit);
    let options = OrderOptions::default();
    let way = visit.notice_draft(NoticeKind::OnMyWay, &options);
    assert_eq!(field(way), "virtual_visit");
    let until = Millis(START + HOUR_MS);
    assert_eq!(
        field(visit.notify(NoticeKind::OnMyWay, Millis(START), until)),
        "virtual_visit"
    );
    visit
        .notify(NoticeKind::Late, Millis(START), until)
        .unwrap();
}
