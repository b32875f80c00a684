//! 2 000 visits for one person.

use homeround::model::{PersonId, RecordKind, VisitId};
use homeround_tests::stage::{Device, Office, START, Stage, logs};
use serde_json::{Value, json};

const PATIENTS: usize = 40;
const VISITS: usize = 2_000;
const VISITS_A_DAY: usize = 10;

fn entry(resource: &Value) -> Value {
    json!({ "resource": resource })
}

/// A bundle with a practitioner who has ten appointments a day.
fn bundle() -> Vec<u8> {
    let mut entries = vec![entry(&json!({
        "resourceType": "Practitioner", "id": "prac-1",
        "name": [{ "family": "Carewell", "given": ["Paula"] }],
    }))];
    for n in 0..PATIENTS {
        let family = format!("Homebound{n:02}");
        logs::forbid(&family);
        entries.push(entry(&json!({
            "resourceType": "Patient", "id": format!("patient-{n}"),
            "name": [{ "family": family, "given": ["Pat"] }],
            "birthDate": "1944-05-06",
            "address": [{ "line": [format!("{n} Orchard Lane")], "city": "Boston" }],
        })));
    }
    for n in 0..VISITS {
        let (day, hour) = (n / VISITS_A_DAY, n % VISITS_A_DAY);
        let after = day as i64 * 86_400_000 + hour as i64 * 3_600_000 + 60_000;
        let start = chrono::DateTime::from_timestamp_millis(START.0 + after).unwrap();
        entries.push(entry(&json!({
            "resourceType": "Appointment", "id": format!("visit-{n}"), "status": "booked",
            "start": start.to_rfc3339(), "minutesDuration": 45,
            "participant": [
                { "status": "accepted", "actor": { "reference": format!("Patient/patient-{}", n % PATIENTS) } },
                { "status": "accepted", "actor": { "reference": "Practitioner/prac-1" } },
            ],
        })));
    }
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    bundle.to_string().into_bytes()
}

/// Gives the practitioner of the bundle a login.
fn sign_up(office: &Office) -> PersonId {
    let people = office.read("/v1/admin/people");
    let mut people = people.as_array().unwrap().iter();
    let paula = people.find(|row| row["name"].as_str().unwrap().contains("Carewell"));
    let id = paula.unwrap()["id"].clone();
    let body = json!({ "id": id, "login": "paula", "name": "Paula Carewell", "role": "nurse" });
    let answer = office.post("/v1/admin/people", body.to_string().as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.json());
    id.as_str().unwrap().parse().unwrap()
}

#[test]
fn the_first_page_of_2000_visits_holds_today_and_the_rest_follows() {
    let stage = Stage::set_with(&[]);
    let office = stage.office();
    let done = office.import(&bundle());
    assert_eq!(done["report"]["imported"]["Appointment"], VISITS);
    let _ = office.patients();
    let person = sign_up(&office);
    let device = Device::enrol(&stage.backend, "paula", 70);
    let pages = device.pages();
    assert!(pages.len() > 1, "it fits one page");
    // The first page: today's bookings, their patients, their documents.
    let bodies = |kind: RecordKind| -> Vec<Value> {
        let rows = pages[0]
            .records
            .iter()
            .filter(|row| row.kind == kind.code());
        rows.map(|row| serde_json::from_str(row.body.as_ref().unwrap()).unwrap())
            .collect()
    };
    let patients = bodies(RecordKind::Patient);
    let today: Vec<Value> = bodies(RecordKind::Booking)
        .into_iter()
        .filter(|booking| booking["start_ms"].as_i64().unwrap() < START.0 + 36_000_000)
        .collect();
    assert_eq!(today.len(), VISITS_A_DAY);
    for booking in &today {
        assert!(
            patients
                .iter()
                .any(|patient| patient["id"] == booking["patient"])
        );
        let visit: VisitId = booking["visit"].as_str().unwrap().parse().unwrap();
        let key = homeround::model::DocumentId::visit(visit).key();
        let mut snapshots = pages[0].snapshots.iter();
        let found = snapshots.find(|snapshot| snapshot.document[..] == key[..]);
        assert_eq!(found.unwrap().priority, 0);
    }
    let documents: usize = pages.iter().map(|page| page.snapshots.len()).sum();
    assert!(documents >= VISITS + PATIENTS, "{documents}");

    let phone = stage.phone("paula");
    assert_eq!(phone.person, person);
    let date = phone.app().today().unwrap();
    let mut all = 0;
    for ahead in 0..=(VISITS / VISITS_A_DAY) as u64 {
        let date = date.checked_add_days(chrono::Days::new(ahead)).unwrap();
        let day = phone.app().day(date).unwrap();
        assert!(
            day.visits
                .iter()
                .all(|visit| !visit.patient_name.is_empty())
        );
        all += day.visits.len();
    }
    assert_eq!(all, VISITS);
    assert_eq!(phone.app().day(date).unwrap().visits.len(), VISITS_A_DAY);
    let last = phone.app().day(date).unwrap().visits[0].visit;
    phone.app().visit(last).read().unwrap();
    phone.app().visit(last).start_travel(None).unwrap();
    assert_eq!(phone.sync(&stage.backend).accepted, 1);
}
