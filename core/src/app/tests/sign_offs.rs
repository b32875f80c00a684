//! Signatures by hand: what they are tied to, that they stop nobody, and that
//! nothing of them is lost.

use serde_json::json;

use super::*;
use crate::app::{AppError, NoteEdit, SealCheck, TaskOutcome, VisitHandle};
use crate::model::*;
use crate::vault::{Pin, SealFailure, Unlock, verify_sign_off};

fn drawn() -> NewMark {
    let point = |(x_um, y_um, t_ms)| InkPoint {
        x_um,
        y_um,
        t_ms,
        pressure: None,
    };
    let stroke = [
        (10_000, 12_000, 0),
        (14_000, 6_000, 90),
        (21_000, 15_000, 180),
    ];
    NewMark::Drawn(Drawing {
        width_um: 80_000,
        height_um: 30_000,
        strokes: vec![stroke.map(point).to_vec()],
    })
}

fn daughter() -> Signer {
    Signer::Representative {
        name: " Ana Silva ".into(),
        relation: Relation::Child,
    }
}

fn not_signed(reason: NotSignedReason, comment: Option<&str>) -> NewMark {
    NewMark::NotSigned(reason, comment.map(str::to_owned))
}

fn begun(hub: &Hub, phone: &Phone) -> VisitHandle {
    let visit = phone.app.visit(hub.visit);
    visit.check_in(None).unwrap();
    visit
}

fn type_note(visit: &VisitHandle, text: &str) {
    let insert = text.into();
    visit
        .edit_note(&NoteEdit {
            insert,
            ..NoteEdit::default()
        })
        .unwrap();
}

fn changed(visit: &VisitHandle) -> Vec<Vec<String>> {
    let views = visit.sign_offs().unwrap().into_iter();
    views
        .map(|view| view.changed.into_iter().collect())
        .collect()
}

fn with_changes<T>(phone: &Phone, hub: &Hub, look: impl FnOnce(&[&[u8]]) -> T) -> T {
    let changes = phone.app.inner.changes(DocumentId::visit(hub.visit));
    let changes = changes.unwrap();
    let changes: Vec<&[u8]> = changes.iter().map(Vec::as_slice).collect();
    look(&changes)
}

/// What anybody finds of an entry who has the visit's changes.
fn verified(phone: &Phone, hub: &Hub, entry: &SignOffEntry) -> Result<(), SealFailure> {
    with_changes(phone, hub, |changes| {
        verify_sign_off(hub.visit, hub.patient, entry, changes).map(|_| ())
    })
}

fn complete(visit: &VisitHandle) {
    visit.set_task(task_id(), &TaskOutcome::done()).unwrap();
    visit.complete(None).unwrap();
}

fn sign(visit: &VisitHandle) {
    let pin = Unlock::Pin(Pin::new(PIN).unwrap());
    visit.sign(&pin).unwrap();
}

#[test]
fn a_patient_signs_over_what_was_shown_and_later_edits_say_so() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut therapist = hub.phone(0x200, Role::Therapist);
    let visit = begun(&hub, &nurse);
    type_note(&visit, "Wound dressed. ");
    let taken = visit.sign_off(Signer::Patient, drawn()).unwrap();
    let id = taken.entry.unwrap();
    let view = &visit.sign_offs().unwrap()[0];
    assert_eq!((view.id, &view.entry.signer), (id, &Signer::Patient));
    let Mark::Drawn(ink) = &view.entry.mark else {
        panic!("drawn")
    };
    assert_eq!(ink.drawing().unwrap().strokes[0].len(), 3);
    assert!(matches!(
        visit.verify_sign_off(id).unwrap(),
        SealCheck::Holds(_)
    ));
    assert_eq!(changed(&visit), [Vec::<String>::new()]);
    type_note(&visit, "Eats little. ");
    complete(&visit);
    assert_eq!(changed(&visit), [["note", "tasks"]]);
    nurse.push(&mut hub);
    therapist.pull(&hub);
    let theirs = therapist.app.visit(hub.visit);
    let check = theirs.verify_sign_off(id).unwrap();
    assert!(matches!(check, SealCheck::Holds(seal) if seal.later > 0));
    assert_eq!(changed(&theirs), [["note", "tasks"]]);
}

#[test]
fn leaving_sealing_and_other_signatures_change_nothing_of_what_was_signed() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = begun(&hub, &nurse);
    visit.set_task(task_id(), &TaskOutcome::done()).unwrap();
    visit.sign_off(Signer::Patient, drawn()).unwrap();
    visit.sign_off(Signer::Clinician, drawn()).unwrap();
    visit.complete(None).unwrap();
    sign(&visit);
    // Who comes home later still signs, and the sealed visit needs no amendment.
    visit.sign_off(daughter(), drawn()).unwrap();
    assert!(visit.awaiting().unwrap().is_empty());
    assert_eq!(visit.read().unwrap().status, VisitStatus::Signed);
    assert!(changed(&visit).iter().all(Vec::is_empty));
    let signer = &visit.sign_offs().unwrap()[2].entry.signer;
    assert!(matches!(signer, Signer::Representative { name, .. } if name == "Ana Silva"));
    assert!(matches!(visit.verify().unwrap(), SealCheck::Holds(_)));
}

#[test]
fn taking_a_wrong_signature_back_changes_nothing_of_the_others() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = begun(&hub, &nurse);
    let wrong = visit.sign_off(Signer::Patient, drawn()).unwrap();
    visit.sign_off(Signer::Patient, drawn()).unwrap();
    let wrong = wrong.entry.unwrap();
    visit
        .correct("sign_offs", wrong, None, "Wrong person")
        .unwrap();
    assert!(changed(&visit).iter().all(Vec::is_empty));
    assert_eq!(visit.sign_offs().unwrap().len(), 2, "it stays");
}

#[test]
fn a_wrong_signature_is_taken_back_after_the_seal_too_and_awaits_nobody() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = begun(&hub, &nurse);
    complete(&visit);
    sign(&visit);
    let wrong = visit.sign_off(daughter(), drawn()).unwrap().entry.unwrap();
    visit
        .correct("sign_offs", wrong, None, "The neighbour signed")
        .unwrap();
    let view = visit.read().unwrap();
    assert_eq!(view.status, VisitStatus::Signed);
    assert!(view.corrections.values().any(|it| it.target == wrong));
    assert!(visit.awaiting().unwrap().is_empty());
    assert!(matches!(visit.verify().unwrap(), SealCheck::Holds(_)));
}

#[test]
fn two_phones_take_signatures_at_once_and_both_stay() {
    let mut hub = Hub::new();
    let mut nurse = hub.phone(0x100, Role::Nurse);
    let mut aide = hub.phone(0x200, Role::Aide);
    let visit = begun(&hub, &nurse);
    nurse.push(&mut hub);
    aide.pull(&hub);
    let theirs = aide.app.visit(hub.visit);
    visit.sign_off(Signer::Patient, drawn()).unwrap();
    let asleep = not_signed(NotSignedReason::Asleep, None);
    theirs.sign_off(Signer::Patient, asleep).unwrap();
    nurse.push(&mut hub);
    aide.push(&mut hub);
    nurse.pull(&hub);
    aide.pull(&hub);
    for phone in [&visit, &theirs] {
        let views = phone.sign_offs().unwrap();
        assert_eq!(views.len(), 2);
        for view in views {
            let check = phone.verify_sign_off(view.id).unwrap();
            assert!(matches!(check, SealCheck::Holds(_)), "{check:?}");
        }
        assert!(phone.conflicts().unwrap().is_empty());
    }
}

#[test]
fn what_was_altered_is_found_by_anybody() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = begun(&hub, &nurse);
    visit.sign_off(daughter(), drawn()).unwrap();
    let whole = visit.sign_offs().unwrap().remove(0).entry;
    let found = |alter: &dyn Fn(&mut SignOffEntry)| {
        let mut entry = whole.clone();
        alter(&mut entry);
        verified(&nurse, &hub, &entry)
    };
    assert!(found(&|_| ()).is_ok());
    let other_ink = |entry: &mut SignOffEntry| {
        if let Mark::Drawn(ink) = &mut entry.mark {
            ink.strokes.push_str("AAA");
        }
    };
    assert_eq!(found(&other_ink), Err(SealFailure::Signature));
    assert_eq!(
        found(&|entry| entry.signer = Signer::Patient),
        Err(SealFailure::Signature)
    );
    assert_eq!(
        found(&|entry| entry.taken.stamp.clock.wall_ms = Millis(1)),
        Err(SealFailure::Signature)
    );
    // A seal over the whole visit can't be passed off as one, nor this as a seal.
    let as_seal = with_changes(&nurse, &hub, |changes| {
        crate::vault::verify_seal(hub.visit, hub.patient, &whole.taken, changes)
    });
    assert_eq!(as_seal, Err(SealFailure::Signature));
}

#[test]
fn what_can_not_be_signed_is_refused_by_name() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    let refused = |signer, mark| match visit.sign_off(signer, mark).unwrap_err() {
        AppError::Refused { field, .. } => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Signer::Patient, drawn()), "status");
    visit.start_travel(None).unwrap();
    assert_eq!(refused(Signer::Patient, drawn()), "status");
    visit.check_in(None).unwrap();
    assert_eq!(refused(Signer::Unknown, drawn()), "signer");
    let asleep = not_signed(NotSignedReason::Asleep, None);
    assert_eq!(refused(Signer::Clinician, asleep), "signer");
    let nameless = Signer::Representative {
        name: " ".into(),
        relation: Relation::Spouse,
    };
    assert_eq!(refused(nameless, drawn()), "name");
    let typed = |text: &str| NewMark::Typed(text.into());
    assert_eq!(refused(Signer::Patient, typed(" ")), "text");
    assert_eq!(refused(Signer::Patient, typed(&"x".repeat(121))), "text");
    let other = not_signed(NotSignedReason::Other, Some(" "));
    assert_eq!(refused(Signer::Patient, other), "comment");
    let nothing = NewMark::Drawn(Drawing {
        width_um: 80_000,
        height_um: 30_000,
        strokes: Vec::new(),
    });
    assert_eq!(refused(Signer::Patient, nothing), "strokes");
    assert!(visit.sign_offs().unwrap().is_empty());
}

#[test]
fn who_wants_no_visit_signs_that_it_did_not_take_place() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = nurse.app.visit(hub.visit);
    visit.miss(NotDoneReason::Refused, None, None).unwrap();
    visit.sign_off(Signer::Patient, drawn()).unwrap();
    assert_eq!(visit.sign_offs().unwrap().len(), 1);
}

#[test]
fn nobody_signs_in_a_colleagues_name_and_planners_are_not_shown_it() {
    use crate::access::{self, Right, TABLE};
    let path = FieldPath("sign_offs/1".into());
    let of = |right, role| {
        let mut rows = TABLE.iter().filter(|row| row.right == right);
        rows.any(|row| row.covers(role, DocumentKind::Visit, &path))
    };
    assert!(of(Right::Sign, Role::Aide), "by oneself, in one's own role");
    assert!(!of(Right::Sign, Role::Auditor));
    let shown = |role| access::may_see(role, DocumentKind::Visit, &path);
    assert!(shown(Role::Auditor));
    assert!(!shown(Role::Coordinator));
}

#[test]
fn signers_and_marks_of_a_later_version_are_shown_as_unknown_and_stop_nothing() {
    let mut hub = Hub::new();
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = begun(&hub, &nurse);
    visit.sign_off(Signer::Patient, drawn()).unwrap();
    let whole = visit.sign_offs().unwrap().remove(0).entry;
    let mut text = serde_json::to_value(&whole).unwrap();
    text["signer"] = json!("witness");
    text["mark"] = json!("fingerprint");
    text["minutiae"] = json!([1, 2, 3]);
    let read: SignOffEntry = serde_json::from_value(text).unwrap();
    assert_eq!(
        (&read.signer, &read.mark),
        (&Signer::Unknown, &Mark::Unknown)
    );
    assert_eq!(read.taken, whole.taken);
    let later = Err(SealFailure::LaterVersion);
    assert_eq!(verified(&nurse, &hub, &read), later);
    // A word of a later version is no sign of tampering.
    let mut text = serde_json::to_value(&whole).unwrap();
    text["signer"] = json!("representative");
    text["name"] = json!("Ana");
    text["relation"] = json!("neighbour_of_a_cousin");
    let read: SignOffEntry = serde_json::from_value(text).unwrap();
    let unknown = Relation::Unknown;
    assert!(matches!(read.signer, Signer::Representative { relation, .. } if relation == unknown));
    assert_eq!(verified(&nurse, &hub, &read), later);
    let mut text = serde_json::to_value(&whole).unwrap();
    text["mark"] = json!("not_signed");
    text["reason"] = json!("eclipse");
    let read: SignOffEntry = serde_json::from_value(text).unwrap();
    let unknown = NotSignedReason::Unknown;
    assert!(matches!(read.mark, Mark::NotSigned { reason, .. } if reason == unknown));
    assert_eq!(verified(&nurse, &hub, &read), later);
}

#[test]
fn a_visit_that_an_earlier_backend_made_is_sealed_without_them() {
    let mut hub = Hub::new();
    hub.without(&["sign_offs"]);
    let nurse = hub.phone(0x100, Role::Nurse);
    let visit = begun(&hub, &nurse);
    let none = visit.sign_off(Signer::Patient, drawn()).unwrap_err();
    assert_eq!(none, AppError::NotFound { what: "sign_offs" });
    assert!(visit.sign_offs().unwrap().is_empty());
    complete(&visit);
    sign(&visit);
}
