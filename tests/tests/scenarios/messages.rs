//! Messages within the care team: who is given them, over the real backend.

use homeround::app::{AppError, NewMessage};
use homeround::model::{PatientId, Role, VisitId};
use homeround_tests::stage::{Office, Stage};
use serde_json::Value;

/// What the messages of the exported visit say.
fn exported(office: &Office, visit: VisitId) -> Vec<String> {
    let bundle = office.read(&format!("/v1/admin/visits/{visit}/fhir"));
    let entries = bundle["entry"].as_array().unwrap();
    let resources = entries.iter().map(|entry| &entry["resource"]);
    let said = resources.filter(|it| it["resourceType"] == "Communication");
    let text = |it: &Value| {
        it["payload"][0]["contentString"]
            .as_str()
            .map(str::to_owned)
    };
    said.filter_map(text).collect()
}

fn message(visit: VisitId, text: &str) -> NewMessage {
    NewMessage {
        text: text.into(),
        visit: Some(visit),
        ..NewMessage::default()
    }
}

#[test]
fn the_team_and_its_lead_are_given_messages_and_the_office_that_plans_is_not() {
    let stage = Stage::set();
    let visit = stage.visit();
    let patient: PatientId = stage.patients[0];
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    stage.converge(&[&nina, &theo]);
    let chart = nina.app().chart(patient);
    chart
        .send_message(&message(visit, "Left leg swollen."))
        .unwrap();
    stage.converge(&[&nina, &theo]);
    let threads = theo.app().message_threads().unwrap();
    assert_eq!((threads.len(), threads[0].unread), (1, 1));
    assert_eq!(exported(&stage.supervisor(), visit), ["Left leg swollen."]);
    assert!(exported(&stage.office(), visit).is_empty());

    let _ = stage.office().person("cora", Role::Coordinator);
    let cora = stage.phone("cora");
    cora.sync(&stage.backend);
    let shown = cora.app().chart(patient).messages();
    assert!(
        matches!(shown, Err(AppError::NotAllowed { .. })),
        "{shown:?}"
    );
    assert!(cora.app().message_threads().unwrap().is_empty());
}

#[test]
fn whose_access_has_ended_keeps_no_message_and_sends_none() {
    let stage = Stage::set();
    let visit = stage.visit();
    let patient = stage.patients[0];
    let (nina, theo) = (stage.phone("nina"), stage.phone("theo"));
    stage.converge(&[&nina, &theo]);
    let (hers, his) = (nina.app().chart(patient), theo.app().chart(patient));
    let key = message(visit, "Key is with the neighbour.");
    his.send_message(&key).unwrap();
    stage.converge(&[&nina, &theo]);
    stage.office().end_grants(stage.nurse, patient);
    hers.send_message(&message(visit, "Too late")).unwrap();
    let report = nina.sync(&stage.backend);
    assert_eq!((report.accepted, report.rejected, report.purged), (0, 1, 1));
    assert!(hers.messages().is_err(), "the patient has left the phone");
    assert!(nina.app().message_threads().unwrap().is_empty());
    theo.sync(&stage.backend);
    assert_eq!(his.messages().unwrap().len(), 1);
    assert_eq!(
        stage.supervisor().rejected().len(),
        1,
        "it waits for a reviewer"
    );
}
