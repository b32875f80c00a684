//! No word of a patient's lies readable anywhere: a canary is put into every field that a
//! person can fill, and every file of the phone and of the backend is searched for it, at
//! every turn of a day. What is logged is searched when the stage is taken down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use homeround::app::{
    MeasuredHow, NewAttachment, NewConsent, NewMessage, NewNoticeWishes, NoteEdit, PhoneFallback,
    TaskOutcome,
};
use homeround::forms::Answer;
use homeround::model::{
    Alert, Allergy, AllergyStatus, Coding, Condition, ConsentDecision, ConsentForm, ConsentParty,
    Contact, FallbackReason, Finding, Measured, Medication, NotDoneReason, NoticeChannel,
    ReportedBy, Severity, TaskStatus, VisitId, WishedBy,
};
use homeround::vault::{Pin, Unlock};
use homeround_tests::stage::{Booking, Phone, START, Stage, logs, pin, vitals};
use serde_json::json;

const WRONG_PIN: &str = "774120";

fn wrong_pin() -> Unlock {
    Unlock::Pin(Pin::new(WRONG_PIN).unwrap())
}

/// The words that were put in.
#[derive(Default)]
struct Canaries(Vec<String>);

impl Canaries {
    /// Another word, unlike all others, which no log line may hold either.
    fn put(&mut self, field: &str) -> String {
        let word = format!("Kanarienvogel-{field}-{}", 7_319 + self.0.len());
        logs::forbid(&word);
        self.0.push(word.clone());
        word
    }

    /// No file below these folders holds one.
    fn are_nowhere(&self, when: &str, folders: &[&Path]) {
        let mut files = 0;
        let mut left: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(
                    std::fs::read_dir(path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            files += 1;
            for word in &self.0 {
                let found = bytes
                    .windows(word.len())
                    .any(|part| part == word.as_bytes());
                assert!(!found, "{when}: {} holds {word}", path.display());
            }
        }
        assert!(files > 0, "{when}: there are no files");
    }
}

/// Fills every field of a visit that takes words.
fn fill_visit(phone: &Phone, visit: VisitId, words: &mut Canaries) {
    let handle = phone.app().visit(visit);
    handle.check_in(None).unwrap();
    let text = |insert: String| NoteEdit {
        insert,
        ..NoteEdit::default()
    };
    handle.edit_note(&text(words.put("note"))).unwrap();
    handle.set_outcome(&words.put("outcome")).unwrap();
    handle.add_task(&words.put("task"), false).unwrap();
    let task = *handle.read().unwrap().tasks.keys().next().unwrap();
    let left_out = TaskOutcome {
        status: TaskStatus::NotDone,
        result: None,
        reason: Some(NotDoneReason::Other),
        comment: Some(words.put("task-comment")),
    };
    handle.set_task(task, &left_out).unwrap();
    let finding = Finding::Text {
        code: Coding::text(&words.put("finding-code")),
        text: words.put("finding"),
    };
    handle.observe(START, finding).unwrap();
    let drug = Coding::text(&words.put("drug"));
    let comment = Some(words.put("drug-comment"));
    handle
        .medication_not_given(None, drug, NotDoneReason::Refused, comment)
        .unwrap();
    let given = Coding::text(&words.put("given"));
    handle
        .medication_given(None, given, None, Some(words.put("given-comment")))
        .unwrap();
    let answer = json!(words.put("answer"));
    handle
        .answer(None, &words.put("questionnaire"), "q1", &answer)
        .unwrap();
    let wrong = handle.record_vitals(&vitals(70)).unwrap().entry.unwrap();
    handle
        .correct("observations", wrong, None, &words.put("correction"))
        .unwrap();
    let photo = NewAttachment {
        media_type: "image/jpeg".into(),
        caption: Some(words.put("caption")),
        ..NewAttachment::default()
    };
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE0];
    bytes.extend_from_slice(words.put("photo").as_bytes());
    handle.attach(&photo, &mut &*bytes).unwrap();
}

/// What the patient types on the nurse's phone.
fn fill_survey(phone: &Phone, visit: VisitId, words: &mut Canaries) {
    let desk = phone.app().visit(visit).lend_for_survey().unwrap();
    let said = Answer::Text(words.put("survey-comment"));
    let answers = BTreeMap::from([("comment".to_owned(), said)]);
    desk.finish(ReportedBy::Patient, "en", &answers).unwrap();
    phone.app().unlock(&pin()).unwrap();
}

/// Fills every field of a chart that takes words.
fn fill_chart(phone: &Phone, stage: &Stage, words: &mut Canaries) {
    let chart = phone.app().chart(stage.patients[0]);
    chart
        .set_home_access("door_code", &words.put("door"))
        .unwrap();
    let contact = Contact {
        name: words.put("contact"),
        relationship: Some(words.put("relationship")),
        phone: Some(words.put("phone")),
        preference: None,
    };
    chart.add_contact(&contact).unwrap();
    let allergy = Allergy {
        code: Coding::text(&words.put("allergy")),
        status: AllergyStatus::Active,
        severity: None,
        reaction: Some(words.put("reaction")),
        ingredients: Vec::new(),
    };
    chart.add_allergy(&allergy).unwrap();
    let condition = Condition {
        code: Coding::text(&words.put("condition")),
        clinical_status: "active".into(),
        verification: None,
        onset: None,
    };
    chart.add_condition(&condition).unwrap();
    let medication = Medication {
        code: Coding::text(&words.put("medication")),
        status: "active".into(),
        dose: Some(words.put("dose")),
        frequency: Some(words.put("frequency")),
        as_needed: false,
        dosing: None,
        ingredients: Vec::new(),
    };
    chart.add_medication(&medication).unwrap();
    let alert = Alert {
        text: words.put("alert"),
        severity: Severity::Moderate,
        active: true,
    };
    chart.add_alert(&alert).unwrap();
    let comment = Some(words.put("review"));
    chart.review("allergies", comment).unwrap();
    let wishes = NewNoticeWishes {
        agreed: true,
        wished_by: WishedBy::Patient,
        channel: NoticeChannel::Email,
        address: format!("{}@example.org", words.put("mailbox")),
        language: None,
        quiet: None,
    };
    chart.set_notice_wishes(&wishes).unwrap();
    let message = NewMessage {
        text: words.put("message"),
        ..NewMessage::default()
    };
    let sent = chart.send_message(&message).unwrap().entry.unwrap();
    chart
        .take_back_message(sent, &words.put("taken-back"))
        .unwrap();
}

/// A virtual visit with a word in its link, and in what is noted around the call.
fn book_call(stage: &Stage, words: &mut Canaries) -> VisitId {
    let link = format!("https://video.example.org/{}", words.put("join-link"));
    let call = json!({ "join_link": link, "phone": "617 555 0123" });
    let booking = Booking {
        virtual_visit: Some(call),
        after_ms: 7_200_000,
        ..Booking::of(stage.patients[0], &[stage.nurse])
    };
    stage.office().book(&booking)
}

fn fill_call(phone: &Phone, visit: VisitId, words: &mut Canaries) {
    let handle = phone.app().visit(visit);
    let consent = NewConsent {
        decision: ConsentDecision::Given,
        party: ConsentParty::Representative,
        name: Some(words.put("consent-name")),
        form: ConsentForm::Spoken,
    };
    handle.record_consent(&consent).unwrap();
    let fallback = PhoneFallback {
        reason: FallbackReason::Other,
        comment: Some(words.put("fallback-comment")),
        phone: None,
    };
    handle.fall_back_to_phone(&fallback).unwrap();
    let told = Measured {
        device: Some(Coding::text(&words.put("own-device"))),
        reported_by: Some(ReportedBy::Patient),
        ..Measured::default()
    };
    let how = MeasuredHow {
        whole: told,
        ..MeasuredHow::default()
    };
    handle.record_vitals_measured(&vitals(71), how).unwrap();
    let url = handle.virtual_visit().unwrap().unwrap().join_url;
    assert!(
        words
            .0
            .iter()
            .any(|word| url.as_ref().unwrap().contains(word))
    );
}

#[test]
fn no_word_of_a_patients_is_readable_in_any_file_of_phone_or_backend_at_any_time() {
    let stage = Stage::set();
    let visit = stage.visit();
    let mut words = Canaries::default();
    let call = book_call(&stage, &mut words);
    let mut nina = stage.phone("nina");
    fill_visit(&nina, visit, &mut words);
    fill_survey(&nina, visit, &mut words);
    fill_chart(&nina, &stage, &mut words);
    fill_call(&nina, call, &mut words);
    let (store, hardware) = (nina.store_folder(), nina.hardware_folder());
    let backend = stage.backend.database();
    let everywhere = [&*store, &*hardware, backend.parent().unwrap()];
    words.are_nowhere("while she works", &everywhere);
    // The search words find what they should: the canaries are really there.
    let read = nina.app().visit(visit).read().unwrap();
    assert!(words.0.iter().any(|word| read.note.contains(word)));
    nina.sync(&stage.backend);
    let _ = nina.send_attachments(&stage.backend);
    words.are_nowhere("after it was sent", &everywhere);
    nina.app().settle_down().unwrap();
    words.are_nowhere("before it is suspended", &everywhere);
    // Unsent again, and then the process dies.
    nina.app()
        .visit(visit)
        .set_outcome(&words.put("late-outcome"))
        .unwrap();
    nina.restart_locked_with(|_| {});
    words.are_nowhere("after a kill, locked", &everywhere);
    nina.app().unlock(&pin()).unwrap();
    // Errors name fields and rules, never values.
    let chart = nina.app().chart(stage.patients[0]);
    let handle = nina.app().visit(visit);
    let too_much = words.put("too-long").repeat(100_000);
    let errors = [
        handle.set_outcome(&too_much).unwrap_err(),
        chart
            .set_home_access(&words.put("no-such"), &words.put("value"))
            .unwrap_err(),
        handle
            .answer(None, "q", "a/b", &json!(words.put("slash")))
            .unwrap_err(),
        nina.app().unlock(&wrong_pin()).unwrap_err(),
    ];
    let told = format!(
        "{errors:?} {}",
        errors.iter().map(ToString::to_string).collect::<String>()
    );
    assert!(words.0.iter().all(|word| !told.contains(word)), "{told}");
    assert!(!told.contains(WRONG_PIN), "{told}");
    // Access ends: the work is set aside, and the patient goes.
    stage.office().end_grants(stage.nurse, stage.patients[0]);
    nina.sync(&stage.backend);
    assert!(!nina.app().quarantine().unwrap().is_empty());
    words.are_nowhere("after the purge", &everywhere);
    nina.app().sign_out(None).unwrap();
    words.are_nowhere("after signing out", &everywhere[1..]);
}
