//! What is taken of the fixtures, to the last entry.

use homeround::model::*;
use serde_json::json;

use super::{context, fixture, import};
use crate::connect::fhir::{Import, ImportContext, OrganizationBody};

const FIXTURES: [&str; 7] = [
    "grover_murphy.json.gz",
    "hung_bailey.json.gz",
    "jannette_durgan.json.gz",
    "jose_maria_saavedra.json.gz",
    "luigi_schmitt.json.gz",
    "collection.json",
    "bulk.ndjson",
];

fn collection() -> Import {
    import(&fixture("collection.json")).unwrap()
}

/// An id of `collection.json`'s entries that are named by number.
fn numbered(number: u32) -> uuid::Uuid {
    format!("5a000000-0000-4000-8000-{number:012}")
        .parse()
        .unwrap()
}

fn bodies<T: serde::de::DeserializeOwned>(import: &Import, kind: RecordKind) -> Vec<T> {
    let of_kind = import.records.iter().filter(|record| record.kind == kind);
    of_kind
        .map(|record| serde_json::from_str(&record.body).unwrap())
        .collect()
}

fn document<T: serde::de::DeserializeOwned>(import: &Import, id: DocumentId) -> T {
    let found = import
        .documents
        .iter()
        .find(|document| document.id == id)
        .unwrap();
    serde_json::from_value(found.tree.clone()).unwrap()
}

#[test]
fn every_entry_is_counted_exactly_once() {
    for name in FIXTURES {
        let report = import(&fixture(name)).unwrap().report;
        assert_eq!(
            report.imported_total() + report.skipped_total(),
            report.entries,
            "{name}"
        );
    }
}

#[test]
fn a_second_import_gives_the_same_ids_and_bodies() {
    for name in FIXTURES {
        assert_eq!(
            import(&fixture(name)).unwrap(),
            import(&fixture(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn another_tenant_gets_other_ids_where_the_source_has_no_uuid() {
    let tenant = TenantId(uuid::Uuid::from_u128(8));
    let other = ImportContext {
        tenant,
        ..context()
    };
    let other = crate::connect::fhir::import(&fixture("bulk.ndjson"), &other).unwrap();
    let ours = import(&fixture("bulk.ndjson")).unwrap();
    assert_eq!(ours.records.len(), other.records.len());
    assert!(
        ours.records
            .iter()
            .all(|record| other.records.iter().all(|it| it.id != record.id))
    );
}

#[test]
fn a_patient_is_read_with_the_name_phones_and_place_to_use() {
    let patients: Vec<Patient> = bodies(&collection(), RecordKind::Patient);
    let patient = patients
        .iter()
        .find(|patient| patient.id.0 == numbered(1))
        .unwrap();
    assert_eq!(patient.display_name(), "Testina Ä. Probe");
    assert_eq!(patient.phones, ["555-0101", "555-0100"]);
    assert_eq!(patient.language.as_deref(), Some("en-US"));
    assert_eq!(patient.mrn.as_deref(), Some("T-1001"));
    let address = patient.address.as_ref().unwrap();
    assert_eq!(
        (address.latitude_deg, address.longitude_deg),
        (Some(42.3575), Some(-71.0636))
    );
    let late = patients
        .iter()
        .find(|patient| patient.family == "Late Sample")
        .unwrap();
    assert_eq!(late.deceased.as_deref(), Some("true"));
}

#[test]
fn the_directory_knows_roles_phones_and_gives_nobody_rights() {
    let import = collection();
    let people: Vec<Person> = bodies(&import, RecordKind::Person);
    assert_eq!(people.len(), 1);
    assert_eq!(people[0].name, "Ms. Florence Nightly");
    assert_eq!(people[0].phone.as_deref(), Some("555-0104"));
    assert_eq!(people[0].role, None);
    // The later of two entries of one organisation is the one that stands.
    let organizations: Vec<OrganizationBody> = bodies(&import, RecordKind::Organization);
    assert_eq!(organizations.len(), 1);
    assert_eq!(organizations[0].name, "Sample Home Care, Inc.");
}

#[test]
fn a_care_team_resolves_roles_contained_people_relatives_and_conditional_references() {
    let teams: Vec<CareTeam> = bodies(&collection(), RecordKind::CareTeam);
    let members = &teams[0].members;
    let named: Vec<(&str, &str)> = members
        .iter()
        .map(|it| (it.name.as_str(), it.role.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            ("Ms. Florence Nightly", "nurse"),
            ("Theo Rapist", "physical therapist"),
            ("Dora Probe", "daughter"),
            ("Sample Home Care, Inc.", "agency"),
            ("Dr. Gone", "physician"),
        ]
    );
    assert!(members[0].person.is_some() && members[1].person.is_none());
}

#[test]
fn a_chart_lists_what_stands_once_and_medications_by_any_reference() {
    let chart: Chart = document(&collection(), DocumentId::chart(PatientId(numbered(1))));
    let contacts: Vec<&str> = chart.contacts.values().map(|it| it.name.as_str()).collect();
    assert_eq!(contacts.len(), 2);
    assert!(contacts.contains(&"Dora Probe") && contacts.contains(&"Nora Nextdoor"));
    let mut medications: Vec<(&str, Option<&str>, bool)> = chart
        .medications
        .values()
        .map(|it| (it.code.text.as_str(), it.dose.as_deref(), it.as_needed))
        .collect();
    medications.sort_unstable();
    assert_eq!(
        medications,
        [
            ("Herbal tea", None, true),
            ("Warfarin Sodium 5 MG Oral Tablet", Some("5.0 mg"), false),
        ]
    );
    // Hypertension was stated twice: the later statement is the one on the list.
    let conditions: Vec<Option<&str>> = chart
        .conditions
        .values()
        .map(|it| it.onset.as_deref())
        .collect();
    assert_eq!(conditions, [Some("2020-05")]);
    let mut allergies: Vec<(&str, AllergyStatus, Option<Severity>)> = chart
        .allergies
        .values()
        .map(|it| (it.code.text.as_str(), it.status, it.severity))
        .collect();
    allergies.sort_unstable();
    assert_eq!(
        allergies,
        [
            (
                "Allergy to penicillin",
                AllergyStatus::Active,
                Some(Severity::Severe)
            ),
            ("Strawberries", AllergyStatus::Unconfirmed, None),
        ]
    );
}

#[test]
fn a_plan_that_is_followed_is_a_document_and_loose_goals_make_one() {
    let import = collection();
    let plans: Vec<Plan> = import
        .documents
        .iter()
        .filter(|document| document.id.kind == DocumentKind::Plan)
        .map(|document| serde_json::from_value(document.tree.clone()).unwrap())
        .collect();
    assert_eq!(plans.len(), 2);
    let followed = plans
        .iter()
        .find(|plan| plan.title == "After the hip operation")
        .unwrap();
    assert_eq!(followed.narrative, "Back on her feet by summer.");
    assert_eq!(
        followed
            .goals
            .values()
            .next()
            .unwrap()
            .achievement
            .as_deref(),
        Some("improving")
    );
    let mut activities: Vec<(&str, TaskStatus)> = followed
        .activities
        .values()
        .map(|it| (it.code.text.as_str(), it.status))
        .collect();
    activities.sort_unstable();
    assert_eq!(
        activities,
        [
            ("Gait training", TaskStatus::Started),
            ("Stairs", TaskStatus::Open)
        ]
    );
    let loose = plans.iter().find(|plan| plan.title == "Goals").unwrap();
    assert_eq!(
        loose.goals.values().next().unwrap().text,
        "Sleep through the night"
    );
    let history: Vec<History> = bodies(&import, RecordKind::History);
    let ended = history
        .iter()
        .find(|line| line.resource == "CarePlan")
        .unwrap();
    assert_eq!(
        (ended.status.as_str(), ended.components[0].value.as_str()),
        ("completed", "done")
    );
}

#[test]
fn only_a_booked_appointment_that_is_to_come_becomes_a_visit_with_its_tasks() {
    let import = collection();
    let bookings: Vec<Booking> = bodies(&import, RecordKind::Booking);
    assert_eq!(bookings.len(), 2);
    let booked = bookings
        .iter()
        .find(|it| it.visit.0 == numbered(18))
        .unwrap();
    assert_eq!(
        (booked.end_ms.0 - booked.start_ms.0, booked.priority),
        (45 * MINUTE_MS, 2)
    );
    assert_eq!(booked.time_zone, "America/Chicago");
    assert_eq!(booked.assignees.len(), 1);
    let visit: Visit = document(&import, DocumentId::visit(booked.visit));
    assert_eq!(
        visit.tasks.values().next().unwrap().title,
        "Change the dressing"
    );
    assert!(visit.tasks.values().next().unwrap().required);
    let other: Visit = document(&import, DocumentId::visit(VisitId(numbered(23))));
    let task = other.tasks.values().next().unwrap();
    assert_eq!(
        (task.title.as_str(), task.status),
        ("Weigh", TaskStatus::Started)
    );
    assert_eq!(task.comment.as_deref(), Some("before breakfast"));
    let lines: Vec<History> = bodies(&import, RecordKind::History);
    assert_eq!(
        lines
            .iter()
            .filter(|it| it.resource == "Appointment")
            .count(),
        3
    );
}

#[test]
fn history_keeps_figures_as_written_parts_and_the_text_of_notes() {
    let history: Vec<History> = bodies(&collection(), RecordKind::History);
    let find = |text: &str| history.iter().find(|line| line.code.text == text).unwrap();
    assert_eq!(find("Glucose").value.as_deref(), Some("<7.10"));
    assert_eq!(find("Glucose").status, "preliminary");
    assert_eq!(find("Smoker").value.as_deref(), Some("no"));
    assert_eq!(
        find("Note").value.as_deref(),
        Some("Slept well. Café at three.")
    );
    let parts: Vec<(&str, &str)> = find("Blood pressure panel")
        .components
        .iter()
        .map(|part| (part.code.code.as_str(), part.value.as_str()))
        .collect();
    assert_eq!(parts, [("8480-6", "128"), ("8462-4", "not heard")]);
    assert_eq!(
        find("Amoxicillin").value.as_deref(),
        Some("500 mg, 3 times per day")
    );
}

#[test]
fn what_somebody_should_look_at_names_the_entry_the_field_and_a_remedy() {
    let report = collection().report;
    let problems: Vec<(&str, &str, &str)> = report
        .problems
        .iter()
        .map(|it| (it.resource_type.as_str(), it.code, it.field.as_str()))
        .collect();
    assert!(report.problems.iter().all(|it| !it.remedy.is_empty()));
    for expected in [
        ("Observation", "malformed", "valueString"),
        ("Observation", "no_date", "effectiveDateTime"),
        (
            "MedicationStatement",
            "dangling_reference",
            "medicationReference",
        ),
        ("CareTeam", "dangling_reference", "participant[5].member"),
        ("CarePlan", "dangling_reference", "goal[1]"),
        (
            "CarePlan",
            "activity_not_described",
            "activity[2].reference",
        ),
        ("Condition", "dangling_reference", "encounter"),
        ("Appointment", "patient_deceased", "participant"),
        ("Appointment", "dangling_reference", "participant[2].actor"),
        ("PractitionerRole", "dangling_reference", "practitioner"),
    ] {
        assert!(
            problems.contains(&expected),
            "{expected:?} not in {problems:#?}"
        );
    }
}

#[test]
fn a_place_in_the_open_sea_is_taken_and_reported() {
    let report = import(&fixture("luigi_schmitt.json.gz")).unwrap().report;
    assert!(
        report
            .problems
            .iter()
            .any(|it| it.code == "implausible_position")
    );
}

#[test]
fn a_condition_without_a_date_is_on_the_chart_all_the_same() {
    let input = json!({ "resourceType": "Bundle", "type": "collection", "entry": [
        { "resource": { "resourceType": "Patient", "id": "p" } },
        { "resource": { "resourceType": "Condition", "id": "a", "subject": { "reference": "Patient/p" },
            "code": { "text": "Asthma" }, "clinicalStatus": { "coding": [{ "code": "active" }] } } },
        { "resource": { "resourceType": "Condition", "id": "b", "subject": { "reference": "Patient/p" },
            "code": { "text": "Mumps" }, "clinicalStatus": { "coding": [{ "code": "resolved" }] } } },
    ] });
    let import = import(input.to_string().as_bytes()).unwrap();
    let chart: Chart = serde_json::from_value(import.documents[0].tree.clone()).unwrap();
    assert_eq!(
        chart.conditions.values().next().unwrap().code.text,
        "Asthma"
    );
    assert_eq!(import.report.skipped["Condition"]["no_date"], 1);
}
