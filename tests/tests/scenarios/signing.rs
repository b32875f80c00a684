//! A signature, and what comes after it.

use homeround::app::{AppError, SealCheck};
use homeround::merge::Op;
use homeround::model::{DocumentId, FieldPath, NewMark, Relation, Signer, VisitStatus};
use homeround_tests::stage::{Device, START, Stage, pin, vitals};
use serde_json::json;

#[test]
fn an_edit_made_before_its_author_knew_of_the_signature_awaits_an_amendment() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let (hers, his) = (nina.app().visit(visit), theo.app().visit(visit));
    // He is offline and works on; she finishes and signs.
    his.record_vitals(&vitals(80)).unwrap();
    let early = hers.complete(None).unwrap_err();
    assert!(matches!(early, AppError::Step(_)), "{early:?}");
    hers.check_in(None).unwrap();
    hers.record_vitals(&vitals(70)).unwrap();
    let open = hers.sign(&pin()).unwrap_err();
    assert!(matches!(open, AppError::Step(_)), "{open:?}");
    hers.complete(None).unwrap();
    hers.sign(&pin()).unwrap();
    nina.sync(&stage.backend);
    assert_eq!(theo.sync(&stage.backend).rejected, 0);
    nina.sync(&stage.backend);
    stage.same_everywhere(visit, &[&nina, &theo]);
    for handle in [&hers, &his] {
        let read = handle.read().unwrap();
        assert_eq!(
            (read.status, read.observations.len()),
            (VisitStatus::Signed, 2)
        );
        let awaiting = handle.awaiting().unwrap();
        assert_eq!(awaiting.len(), 1);
        assert!(!awaiting[0].knew_of_seal);
        match handle.verify().unwrap() {
            SealCheck::Holds(verified) => assert!(verified.later >= 1),
            other => panic!("{other:?}"),
        }
    }
    // Whoever knows of the signature is told to amend.
    let told = his.record_vitals(&vitals(81)).unwrap_err();
    assert_eq!(told, AppError::Signed { visit });
    hers.amend("A colleague's measurement", None).unwrap();
    hers.sign(&pin()).unwrap();
    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    for handle in [&hers, &his] {
        assert!(handle.awaiting().unwrap().is_empty());
        assert!(matches!(handle.verify().unwrap(), SealCheck::Holds(_)));
        assert_eq!(handle.read().unwrap().status, VisitStatus::Amended);
    }
}

#[test]
fn the_backend_refuses_a_plain_edit_whose_author_knew_of_the_signature() {
    let stage = Stage::set();
    let visit = stage.visit();
    let id = DocumentId::visit(visit);
    let nina = stage.phone("nina");
    let handle = nina.app().visit(visit);
    handle.check_in(None).unwrap();
    handle.complete(None).unwrap();
    handle.sign(&pin()).unwrap();
    nina.sync(&stage.backend);
    let before = stage.supervisor().document(id);
    let device = Device::enrol(&stage.backend, "theo", 69);
    let put = Op::Put {
        path: FieldPath("outcome".into()),
        value: json!("Changed afterwards"),
    };
    let edit = device.document(id).edit(device.actor(1), START, &[put]);
    assert_eq!(device.push_bad(id, &edit.unwrap().bytes), "sealed");
    assert_eq!(stage.supervisor().document(id), before);
    nina.sync(&stage.backend);
    assert!(matches!(handle.verify().unwrap(), SealCheck::Holds(_)));
}

#[test]
fn a_daughter_signs_by_hand_on_a_colleagues_phone_after_the_seal_and_nothing_awaits_the_signer() {
    let stage = Stage::set();
    let visit = stage.visit();
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    let (hers, his) = (nina.app().visit(visit), theo.app().visit(visit));
    hers.check_in(None).unwrap();
    hers.complete(None).unwrap();
    hers.sign(&pin()).unwrap();
    stage.converge(&[&nina, &theo]);
    let daughter = Signer::Representative {
        name: "Ana Silva".into(),
        relation: Relation::Child,
    };
    let name = NewMark::Typed("A. Silva".into());
    let taken = his.sign_off(daughter, name).unwrap().entry.unwrap();
    assert_eq!(theo.sync(&stage.backend).rejected, 0);
    stage.converge(&[&nina, &theo]);
    stage.same_everywhere(visit, &[&nina, &theo]);
    assert!(hers.awaiting().unwrap().is_empty());
    assert_eq!(hers.read().unwrap().status, VisitStatus::Signed);
    assert!(matches!(hers.verify().unwrap(), SealCheck::Holds(_)));
    let check = hers.verify_sign_off(taken).unwrap();
    assert!(matches!(check, SealCheck::Holds(_)), "{check:?}");
}
