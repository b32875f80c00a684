//! Messages within the team: two phones, no signal, one chart.

use serde_json::json;

use super::*;
use crate::app::{AppError, ChartHandle, MessageView, NewMessage};
use crate::model::*;

/// A chart as one is begun today.
fn hub() -> Hub {
    let mut hub = Hub::new();
    let tree = json!({ "schema": 1, "kind": "chart", "patient": hub.patient });
    hub.add_document(DocumentId::chart(hub.patient), &tree);
    hub
}

fn new(text: &str) -> NewMessage {
    NewMessage {
        text: text.into(),
        ..NewMessage::default()
    }
}

fn urgent(text: &str) -> NewMessage {
    NewMessage {
        priority: MessagePriority::Urgent,
        ..new(text)
    }
}

fn texts(chart: &ChartHandle) -> Vec<String> {
    let views = chart.messages().unwrap().into_iter();
    views.map(|view| view.entry.text).collect()
}

fn only(chart: &ChartHandle) -> MessageView {
    let mut views = chart.messages().unwrap();
    assert_eq!(views.len(), 1);
    views.remove(0)
}

fn refused(result: Result<crate::app::Saved, AppError>) -> String {
    match result {
        Err(AppError::Refused { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_written_offline_is_unread_on_the_others_phone_until_it_is_shown() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let hers = nurse.app.chart(hub.patient);
    hers.send_message(&urgent("  Her left leg is swollen.  "))
        .unwrap();
    assert!(!only(&hers).unread, "one's own is no news");
    nurse.push(&mut hub);
    aide.pull(&hub);
    let thread = aide.app.message_threads().unwrap().remove(0);
    assert_eq!((thread.unread, thread.pressing), (1, 1));
    assert_eq!(thread.last.entry.text, "Her left leg is swollen.");

    let theirs = aide.app.chart(hub.patient);
    let read = theirs.mark_messages_read().unwrap().unwrap();
    assert!(!only(&theirs).unread);
    assert_eq!(theirs.mark_messages_read().unwrap(), None, "nothing waits");
    assert_eq!(aide.app.message_threads().unwrap()[0].unread, 0);
    aide.push(&mut hub);
    nurse.pull(&hub);
    let shown = only(&hers);
    let readers: Vec<PersonId> = shown.read_by.keys().copied().collect();
    assert_eq!(readers, [aide.person], "its author sees who has read it");
    assert_ne!(read.entry, Some(shown.id));
}

#[test]
fn an_answer_stands_after_what_it_answers_whatever_the_clocks_say() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    let hers = nurse.app.chart(hub.patient);
    hers.send_message(&new("first")).unwrap();
    let asked = hers.send_message(&new("who brings the walker?")).unwrap();
    nurse.push(&mut hub);
    therapist.pull(&hub);
    therapist.hands.jump(-5 * DAY_MS);
    let his = therapist.app.chart(hub.patient);
    let answer = NewMessage {
        reply_to: asked.entry,
        ..new("I do")
    };
    his.send_message(&answer).unwrap();
    therapist.push(&mut hub);
    nurse.pull(&hub);
    let order = ["first", "who brings the walker?", "I do"];
    assert_eq!(texts(&hers), order);
    assert_eq!(texts(&his), order);
    let unknown = NewMessage {
        reply_to: Some(EntryId(id(77))),
        ..new("to nobody")
    };
    assert!(matches!(
        his.send_message(&unknown),
        Err(AppError::NotFound { what: "message" })
    ));
}

#[test]
fn what_is_meant_for_one_presses_on_that_phone_and_is_read_by_all() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let mut therapist = hub.phone(0x300, Role::Therapist);
    let to_the_aide = NewMessage {
        to: vec![aide.person],
        ..new("Please weigh her.")
    };
    nurse
        .app
        .chart(hub.patient)
        .send_message(&to_the_aide)
        .unwrap();
    nurse.push(&mut hub);
    let counts = |phone: &mut Phone| {
        phone.pull(&hub);
        let thread = phone.app.message_threads().unwrap().remove(0);
        (thread.unread, thread.pressing)
    };
    assert_eq!(counts(&mut aide), (1, 1));
    assert_eq!(counts(&mut therapist), (1, 0));
}

#[test]
fn one_takes_back_ones_own_and_nobody_elses() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let theirs = aide.app.chart(hub.patient);
    let wrong = theirs
        .send_message(&new("He fell."))
        .unwrap()
        .entry
        .unwrap();
    aide.push(&mut hub);
    nurse.pull(&hub);
    let hers = nurse.app.chart(hub.patient);
    assert_eq!(refused(hers.take_back_message(wrong, "not his")), "by");
    assert_eq!(refused(theirs.take_back_message(wrong, " ")), "reason");
    assert!(matches!(
        theirs.take_back_message(EntryId(id(77)), "gone"),
        Err(AppError::NotFound { what: "message" })
    ));
    theirs.take_back_message(wrong, "another patient").unwrap();
    aide.push(&mut hub);
    nurse.pull(&hub);
    let shown = only(&hers);
    assert_eq!(shown.taken_back.unwrap().reason, "another patient");
    assert!(!shown.unread);
    assert_eq!(nurse.app.message_threads().unwrap()[0].unread, 0);
}

#[test]
fn a_message_is_refused_by_its_field() {
    let mut hub = hub();
    let nurse = hub.phone(0x100, Role::Nurse);
    let chart = nurse.app.chart(hub.patient);
    assert_eq!(refused(chart.send_message(&new(" \n "))), "text");
    let long = "a".repeat(MESSAGE_CHARS_MAX + 1);
    assert_eq!(refused(chart.send_message(&new(&long))), "text");
    let crowd = NewMessage {
        to: vec![nurse.person; MESSAGE_TO_MAX + 1],
        ..new("all of you")
    };
    assert_eq!(refused(chart.send_message(&crowd)), "to");
    let unknown = NewMessage {
        priority: MessagePriority::Unknown,
        ..new("x")
    };
    assert_eq!(refused(chart.send_message(&unknown)), "priority");
    assert!(chart.messages().unwrap().is_empty());
    assert!(nurse.app.message_threads().unwrap().is_empty());
}

#[test]
fn a_reader_who_writes_nothing_and_an_office_that_plans_can_not_write() {
    let mut hub = hub();
    let mut nurse = hub.phone(0x300, Role::Nurse);
    let said = nurse.app.chart(hub.patient).send_message(&new("hello"));
    said.unwrap();
    nurse.push(&mut hub);
    for (number, role) in [(0x100, Role::Coordinator), (0x200, Role::Auditor)] {
        let mut phone = hub.phone(number, role);
        phone.pull(&hub);
        let sent = phone.app.chart(hub.patient).send_message(&new("hello"));
        assert!(matches!(sent, Err(AppError::NotAllowed { .. })), "{sent:?}");
        let audits = role == Role::Auditor;
        let shown = phone.app.chart(hub.patient).messages();
        assert_eq!(shown.is_ok(), audits, "{role:?}");
        assert!(
            shown.iter().flatten().all(|view| !view.unread),
            "none waits"
        );
        let threads = phone.app.message_threads().unwrap();
        assert_eq!(threads.len(), usize::from(audits));
    }
}

#[test]
fn a_message_of_a_later_version_hides_no_other_and_a_ring_of_answers_ends() {
    let mut hub = Hub::new();
    let (one, two, later) = (EntryId(id(1)), EntryId(id(2)), EntryId(id(3)));
    let said =
        |text: &str, to: EntryId| json!({ "by": id(9), "at_ms": 5, "text": text, "reply_to": to });
    let tree = json!({ "schema": 1, "kind": "chart", "patient": hub.patient, "messages": {
        one.to_string(): said("one", two),
        two.to_string(): said("two", one),
        later.to_string(): { "by": id(9), "spoken": "a recording" },
    } });
    hub.add_document(DocumentId::chart(hub.patient), &tree);
    let nurse = hub.phone(0x100, Role::Nurse);
    let chart = nurse.app.chart(hub.patient);
    let mut both = texts(&chart);
    both.sort();
    assert_eq!(both, ["one", "two"]);
    assert_eq!(chart.read().unwrap().messages.len(), 2);
}
