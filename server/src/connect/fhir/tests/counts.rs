//! Exact counts of what the fixtures give. A change here is a change of what
//! an import takes: say so in the changelog.

use homeround::model::DocumentKind;
use serde_json::{Value, json};

use super::{fixture, import};

fn counts(name: &str) -> Value {
    let report = import(&fixture(name)).unwrap().report;
    json!({ "imported": report.imported, "skipped": report.skipped })
}

/// Charts, plans, visits and records that an input makes.
fn made(name: &str) -> (usize, usize, usize, usize) {
    let import = import(&fixture(name)).unwrap();
    let of = |kind| {
        import
            .documents
            .iter()
            .filter(|it| it.id.kind == kind)
            .count()
    };
    let (charts, plans) = (of(DocumentKind::Chart), of(DocumentKind::Plan));
    (charts, plans, of(DocumentKind::Visit), import.records.len())
}

#[test]
fn grover_murphy_is_taken_to_the_last_entry() {
    let expected = json!({
        "imported": {
            "CarePlan": 10,
            "CareTeam": 10,
            "Condition": 80,
            "DocumentReference": 3,
            "Encounter": 40,
            "Goal": 5,
            "MedicationAdministration": 2,
            "MedicationRequest": 40,
            "Observation": 210,
            "Organization": 10,
            "Patient": 1,
            "Practitioner": 9,
            "PractitionerRole": 9,
        },
        "skipped": {
            "Claim": { "not_used": 2 },
            "Coverage": { "not_used": 2 },
            "Device": { "not_used": 2 },
            "DiagnosticReport": { "not_used": 2 },
            "ExplanationOfBenefit": { "not_used": 2 },
            "ImagingStudy": { "not_used": 2 },
            "Immunization": { "not_used": 2 },
            "Location": { "not_used": 2 },
            "Procedure": { "not_used": 2 },
            "Provenance": { "not_used": 1 },
            "SupplyDelivery": { "not_used": 2 },
        },
    });
    assert_eq!(counts("grover_murphy.json.gz"), expected);
    assert_eq!(made("grover_murphy.json.gz"), (1, 2, 0, 413));
}

#[test]
fn hung_bailey_is_taken_to_the_last_entry() {
    let expected = json!({
        "imported": {
            "AllergyIntolerance": 1,
            "CarePlan": 9,
            "CareTeam": 9,
            "Condition": 80,
            "DocumentReference": 3,
            "Encounter": 40,
            "MedicationAdministration": 2,
            "MedicationRequest": 40,
            "Observation": 210,
            "Organization": 9,
            "Patient": 1,
            "Practitioner": 24,
            "PractitionerRole": 24,
        },
        "skipped": {
            "Claim": { "not_used": 2 },
            "Coverage": { "not_used": 2 },
            "Device": { "not_used": 2 },
            "DiagnosticReport": { "not_used": 2 },
            "ExplanationOfBenefit": { "not_used": 2 },
            "ImagingStudy": { "not_used": 2 },
            "Immunization": { "not_used": 2 },
            "Location": { "not_used": 2 },
            "Procedure": { "not_used": 2 },
            "Provenance": { "not_used": 1 },
            "SupplyDelivery": { "not_used": 2 },
        },
    });
    assert_eq!(counts("hung_bailey.json.gz"), expected);
    assert_eq!(made("hung_bailey.json.gz"), (1, 2, 0, 425));
}

#[test]
fn jannette_durgan_is_taken_to_the_last_entry() {
    let expected = json!({
        "imported": {
            "AllergyIntolerance": 1,
            "CarePlan": 18,
            "CareTeam": 18,
            "Condition": 80,
            "DocumentReference": 3,
            "Encounter": 40,
            "Goal": 7,
            "MedicationAdministration": 2,
            "MedicationRequest": 28,
            "Observation": 210,
            "Organization": 8,
            "Patient": 1,
            "Practitioner": 11,
            "PractitionerRole": 11,
        },
        "skipped": {
            "Claim": { "not_used": 2 },
            "Coverage": { "not_used": 2 },
            "Device": { "not_used": 2 },
            "DiagnosticReport": { "not_used": 2 },
            "ExplanationOfBenefit": { "not_used": 2 },
            "ImagingStudy": { "not_used": 2 },
            "Immunization": { "not_used": 2 },
            "Location": { "not_used": 2 },
            "Procedure": { "not_used": 2 },
            "Provenance": { "not_used": 1 },
            "SupplyDelivery": { "not_used": 2 },
        },
    });
    assert_eq!(counts("jannette_durgan.json.gz"), expected);
    assert_eq!(made("jannette_durgan.json.gz"), (1, 7, 0, 412));
}

#[test]
fn jose_maria_saavedra_is_taken_to_the_last_entry() {
    let expected = json!({
        "imported": {
            "CarePlan": 14,
            "CareTeam": 14,
            "Condition": 80,
            "DocumentReference": 3,
            "Encounter": 40,
            "Goal": 7,
            "MedicationAdministration": 2,
            "MedicationRequest": 23,
            "Observation": 210,
            "Organization": 11,
            "Patient": 1,
            "Practitioner": 10,
            "PractitionerRole": 10,
        },
        "skipped": {
            "Claim": { "not_used": 2 },
            "Coverage": { "not_used": 2 },
            "Device": { "not_used": 2 },
            "DiagnosticReport": { "not_used": 2 },
            "ExplanationOfBenefit": { "not_used": 2 },
            "ImagingStudy": { "not_used": 2 },
            "Immunization": { "not_used": 2 },
            "Location": { "not_used": 2 },
            "Procedure": { "not_used": 2 },
            "Provenance": { "not_used": 1 },
            "SupplyDelivery": { "not_used": 2 },
        },
    });
    assert_eq!(counts("jose_maria_saavedra.json.gz"), expected);
    assert_eq!(made("jose_maria_saavedra.json.gz"), (1, 4, 0, 404));
}

#[test]
fn luigi_schmitt_is_taken_to_the_last_entry() {
    let expected = json!({
        "imported": {
            "AllergyIntolerance": 1,
            "CarePlan": 17,
            "CareTeam": 17,
            "Condition": 80,
            "DocumentReference": 3,
            "Encounter": 47,
            "Goal": 7,
            "MedicationAdministration": 2,
            "MedicationRequest": 19,
            "Observation": 210,
            "Organization": 12,
            "Patient": 1,
            "Practitioner": 21,
            "PractitionerRole": 21,
        },
        "skipped": {
            "Claim": { "not_used": 2 },
            "Coverage": { "not_used": 2 },
            "Device": { "not_used": 2 },
            "DiagnosticReport": { "not_used": 2 },
            "ExplanationOfBenefit": { "not_used": 2 },
            "ImagingStudy": { "not_used": 2 },
            "Immunization": { "not_used": 2 },
            "Location": { "not_used": 2 },
            "Procedure": { "not_used": 2 },
            "Provenance": { "not_used": 1 },
            "SupplyDelivery": { "not_used": 2 },
        },
    });
    assert_eq!(counts("luigi_schmitt.json.gz"), expected);
    assert_eq!(made("luigi_schmitt.json.gz"), (1, 4, 0, 425));
}

#[test]
fn collection_is_taken_to_the_last_entry() {
    let expected = json!({
        "imported": {
            "AllergyIntolerance": 2,
            "Appointment": 5,
            "CarePlan": 2,
            "CareTeam": 1,
            "Condition": 3,
            "DocumentReference": 2,
            "Encounter": 1,
            "Goal": 2,
            "Medication": 1,
            "MedicationRequest": 1,
            "MedicationStatement": 2,
            "Observation": 3,
            "Organization": 1,
            "Patient": 2,
            "Practitioner": 1,
            "PractitionerRole": 1,
            "RelatedPerson": 1,
            "Task": 3,
        },
        "skipped": {
            "AllergyIntolerance": { "entered_in_error": 1 },
            "Appointment": { "dangling_reference": 1 },
            "Claim": { "not_used": 1 },
            "Medication": { "not_used": 1 },
            "MedicationStatement": { "dangling_reference": 1 },
            "Observation": { "entered_in_error": 1, "malformed": 1, "no_date": 1 },
            "Organization": { "duplicate": 1 },
            "PractitionerRole": { "dangling_reference": 1 },
            "Task": { "dangling_reference": 1 },
            "unknown": { "deletion": 1, "no_resource": 1 },
        },
    });
    assert_eq!(counts("collection.json"), expected);
    assert_eq!(made("collection.json"), (2, 2, 2, 23));
}

#[test]
fn bulk_is_taken_to_the_last_entry() {
    let expected = json!({
        "imported": {
            "Condition": 1,
            "Observation": 1,
            "Patient": 1,
        },
        "skipped": {
            "Encounter": { "malformed": 1 },
            "Immunization": { "not_used": 1 },
            "Observation": { "dangling_reference": 1 },
            "unknown": { "malformed": 1 },
        },
    });
    assert_eq!(counts("bulk.ndjson"), expected);
    assert_eq!(made("bulk.ndjson"), (1, 0, 0, 3));
}
