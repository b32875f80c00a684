//! What is logged. Every stage looks through the lines when it is taken down;
//! this one makes the calls whose addresses and bodies lead to patients.

use homeround::model::DocumentId;
use homeround_tests::stage::{Stage, logs, vitals};

#[test]
fn no_line_holds_a_name_an_address_a_birth_date_a_number_or_an_id_of_a_patient() {
    let before = logs::lines();
    let fixtures = [
        "collection.json",
        "grover_murphy.json.gz",
        "jose_maria_saavedra.json.gz",
    ];
    let stage = Stage::set_with(&fixtures);
    let visit = stage.visit();
    let nina = stage.phone("nina");
    nina.app().visit(visit).record_vitals(&vitals(70)).unwrap();
    nina.sync(&stage.backend);
    let sue = stage.supervisor();
    let _ = sue.document(DocumentId::visit(visit));
    let exported = sue.read(&format!("/v1/admin/visits/{visit}/fhir"));
    assert_eq!(exported["resourceType"], "Bundle");
    for list in [
        "people", "patients", "audit", "devices", "receipts", "rejected",
    ] {
        let _ = sue.read(&format!("/v1/admin/{list}"));
    }
    // Mistakes are where data slips out.
    assert_eq!(
        sue.get(&format!("/v1/admin/documents/visit/{visit}x"))
            .status,
        400
    );
    assert_eq!(sue.get(&format!("/v1/nowhere/{visit}")).status, 404);
    let patient = stage.patients[0];
    let wrong = format!("{{\"person\": \"{patient}\", \"patient\": \"{patient}\"}}");
    assert_eq!(
        stage
            .office()
            .post("/v1/admin/grants", wrong.as_bytes())
            .status,
        404
    );
    assert_eq!(
        stage
            .office()
            .post("/v1/admin/grants", b"{\"person\":")
            .status,
        400
    );
    stage.office().end_grants(stage.nurse, patient);
    nina.sync(&stage.backend);
    drop(stage);
    // The net has meshes: lines were kept and words were forbidden.
    assert!(logs::lines() > before + 20, "{} lines", logs::lines());
    assert!(logs::words() > 20, "{} words", logs::words());
    assert!(logs::said("answered") && logs::said("/v1/admin/visits/{id}/fhir"));
    logs::check();
}
