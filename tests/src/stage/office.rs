//! The office: imports, books, grants, reviews, over its HTTP calls.

use std::net::SocketAddr;

use homeround::model::{DocumentId, DocumentKind, PatientId, PersonId, Role, Visit, VisitId};
use serde_json::{Value, json};

use super::logs;
use super::raw::{self, Answer};
use super::{Backend, COORDINATOR, START};

/// The office with a login of its own.
pub struct Office {
    address: SocketAddr,
    token: String,
}

/// A visit to book: an hour of today unless moved.
#[derive(Debug, Clone)]
pub struct Booking {
    /// For whom.
    pub patient: PatientId,
    /// By whom.
    pub assignees: Vec<PersonId>,
    /// Start of its hour, milliseconds after [`START`].
    pub after_ms: i64,
    /// Titles of its tasks.
    pub tasks: Vec<&'static str>,
    /// What the office says of a virtual visit; none: it is at home.
    pub virtual_visit: Option<Value>,
}

impl Booking {
    /// A visit of today by these people.
    #[must_use]
    pub fn of(patient: PatientId, assignees: &[PersonId]) -> Self {
        Self {
            patient,
            assignees: assignees.to_vec(),
            after_ms: 0,
            tasks: vec!["Change the dressing"],
            virtual_visit: None,
        }
    }
}

impl Office {
    /// The coordinator's.
    #[must_use]
    pub fn new(backend: &Backend) -> Self {
        Self::of(backend, COORDINATOR)
    }

    /// Somebody else's.
    #[must_use]
    pub fn of(backend: &Backend, login: &str) -> Self {
        Self {
            address: backend.address(),
            token: backend.token(login),
        }
    }

    /// With a token that the scenario made.
    #[must_use]
    pub const fn with_token(backend: &Backend, token: String) -> Self {
        Self {
            address: backend.address(),
            token,
        }
    }

    /// Asks.
    #[must_use]
    pub fn get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        raw::send(
            self.address,
            "GET",
            path,
            &[("authorization", &bearer)],
            b"",
        )
    }

    /// Asks and expects an answer.
    #[must_use]
    pub fn read(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.json());
        answer.json()
    }

    /// Sends bytes.
    #[must_use]
    pub fn post(&self, path: &str, body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str())];
        raw::send(self.address, "POST", path, &headers, body)
    }

    fn write(&self, path: &str, body: &Value) -> Value {
        let answer = self.post(path, body.to_string().as_bytes());
        assert!(answer.status < 300, "{path}: {}", answer.json());
        answer.json()
    }

    /// Imports a bundle that is fine.
    #[must_use]
    pub fn import(&self, bundle: &[u8]) -> Value {
        let answer = self.post("/v1/admin/import?time_zone=America/New_York", bundle);
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()
    }

    /// Adds somebody to the directory.
    #[must_use]
    pub fn person(&self, login: &str, role: Role) -> PersonId {
        let name = format!("{} {login}", role.name());
        let body = json!({ "login": login, "name": name, "role": role.name() });
        id(&self.write("/v1/admin/people", &body)["person"])
    }

    /// The patients, in the order of their names. Their ids are forbidden in logs.
    #[must_use]
    pub fn patients(&self) -> Vec<PatientId> {
        let rows = self.read("/v1/admin/patients");
        let mut named: Vec<(String, PatientId)> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["name"].to_string(), id(&row["id"])))
            .collect();
        named.sort();
        for (_, patient) in &named {
            forbid(&patient.0);
        }
        named.into_iter().map(|(_, patient)| patient).collect()
    }

    /// Books a visit.
    #[must_use]
    pub fn book(&self, booking: &Booking) -> VisitId {
        self.book_as(None, booking)
    }

    /// Books a known visit otherwise.
    pub fn rebook(&self, visit: VisitId, booking: &Booking) {
        assert_eq!(self.book_as(Some(visit), booking), visit);
    }

    fn book_as(&self, visit: Option<VisitId>, booking: &Booking) -> VisitId {
        let answer = self.try_book(visit, booking);
        assert!(answer.status < 300, "{}", answer.json());
        let visit: VisitId = id(&answer.json()["visit"]);
        forbid(&visit.0);
        visit
    }

    /// Books a visit, whatever the backend says to it.
    #[must_use]
    pub fn try_book(&self, visit: Option<VisitId>, booking: &Booking) -> Answer {
        let start = START.plus(booking.after_ms);
        let tasks: Vec<Value> = booking
            .tasks
            .iter()
            .map(|title| json!({ "title": title, "required": false }))
            .collect();
        let body = json!({
            "visit": visit,
            "patient": booking.patient,
            "assignees": booking.assignees,
            "start_ms": start,
            "end_ms": start.plus(3_600_000),
            "service": { "text": "Skilled nursing" },
            "time_zone": "America/New_York",
            "tasks": tasks,
            "virtual_visit": booking.virtual_visit,
        });
        self.post("/v1/admin/bookings", body.to_string().as_bytes())
    }

    /// Makes somebody a member of a patient's care team.
    pub fn grant(&self, person: PersonId, patient: PatientId) {
        let body = json!({ "person": person, "patient": patient });
        self.write("/v1/admin/grants", &body);
    }

    /// Ends every access of somebody to a patient.
    pub fn end_grants(&self, person: PersonId, patient: PatientId) {
        let body = json!({ "person": person, "patient": patient });
        let ended = self.write("/v1/admin/grants/end", &body);
        assert!(ended["ended"].as_u64().unwrap() > 0, "nothing was granted");
    }

    /// Revokes a device.
    pub fn revoke(&self, device: homeround::model::DeviceId) {
        self.write(&format!("/v1/admin/devices/{device}/revoke"), &Value::Null);
    }

    /// Revokes every device that there is: nobody may have more than so many.
    pub fn revoke_all(&self) {
        let devices = self.read("/v1/admin/devices");
        let devices = devices.as_array().unwrap().iter();
        for device in devices.filter(|device| device["revoked_ms"].is_null()) {
            self.revoke(serde_json::from_value(device["id"].clone()).unwrap());
        }
    }

    /// What the backend rejected, newest first.
    #[must_use]
    pub fn rejected(&self) -> Vec<Value> {
        self.read("/v1/admin/rejected").as_array().unwrap().clone()
    }

    /// The audit trail's lines of an action.
    #[must_use]
    pub fn audit(&self, action: &str) -> Vec<Value> {
        let rows = self.read("/v1/admin/audit");
        let rows = rows.as_array().unwrap().iter();
        let wanted = rows.filter(|row| row["action"] == action);
        wanted.cloned().collect()
    }

    /// A document as this login is shown it.
    #[must_use]
    pub fn document(&self, id: DocumentId) -> Value {
        let kind = match id.kind {
            DocumentKind::Visit => "visit",
            DocumentKind::Chart => "chart",
            DocumentKind::Plan => "plan",
        };
        self.read(&format!("/v1/admin/documents/{kind}/{}", id.id))
    }

    /// A visit as this login is shown it.
    #[must_use]
    pub fn visit(&self, visit: VisitId) -> Visit {
        let document = self.document(DocumentId::visit(visit));
        serde_json::from_value(document["view"].clone()).unwrap()
    }
}

fn id<T: std::str::FromStr<Err = homeround::model::Refused>>(value: &Value) -> T {
    value.as_str().unwrap().parse().unwrap()
}

/// Ids that lead to a patient are forbidden in logs, written either way.
pub(super) fn forbid(id: &uuid::Uuid) {
    logs::forbid(&id.to_string());
    logs::forbid(&id.simple().to_string());
}
