//! What the office does: calls of the server's administrative API, as a
//! coordinator and a supervisor, each with a token of their own.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};

use super::server::{COORDINATOR, TENANT};
use super::trouble::{During, Trouble};

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// The login of the supervisor, who reviews what was rejected.
pub(super) const SUPERVISOR: &str = "samira@willow.example";

/// The office's desk.
pub(super) struct Office {
    runtime: tokio::runtime::Runtime,
    client: Client,
    address: String,
    coordinator: String,
    supervisor: String,
}

impl Office {
    /// Signs the coordinator in and hires the supervisor.
    pub(super) fn open(address: &str) -> Result<Self, Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .during("starting the office's runtime")?;
        // Loopback only, in the clear; the client wants a provider all the same.
        // An error says that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .timeout(CALL_TIMEOUT)
            .build()
            .during("setting up HTTP")?;
        let mut office = Self {
            runtime,
            client,
            address: address.to_owned(),
            coordinator: String::new(),
            supervisor: String::new(),
        };
        office.sign_in()?;
        Ok(office)
    }

    /// After a restart of the server: its built-in issuer has another key.
    pub(super) fn moved(&mut self, address: &str) -> Result<(), Trouble> {
        address.clone_into(&mut self.address);
        self.sign_in()
    }

    fn sign_in(&mut self) -> Result<(), Trouble> {
        self.coordinator = self.token(COORDINATOR)?;
        self.hire(SUPERVISOR, "Samira Haddad", "supervisor")?;
        self.supervisor = self.token(SUPERVISOR)?;
        Ok(())
    }

    /// A token of the built-in issuer for this login.
    pub(super) fn token(&self, login: &str) -> Result<String, Trouble> {
        let asked = json!({ "tenant": TENANT, "login": login });
        let answer = self.call("", "POST", "/development/token", Body::Json(&asked))?;
        text(&answer, "access_token")
    }

    /// The coordinator's token, for whoever wants to look around.
    pub(super) fn coordinator_token(&self) -> &str {
        &self.coordinator
    }

    /// Adds a person to the directory; answers their id.
    pub(super) fn hire(&self, login: &str, name: &str, role: &str) -> Result<String, Trouble> {
        let person = json!({ "login": login, "name": name, "role": role });
        text(&self.post("/v1/admin/people", &person)?, "person")
    }

    /// Hands a FHIR bundle in.
    pub(super) fn import(&self, bundle: Vec<u8>, zone: &str) -> Result<Value, Trouble> {
        let path = format!("/v1/admin/import?time_zone={}", zone.replace('/', "%2F"));
        self.call(&self.coordinator, "POST", &path, Body::Bytes(bundle))
    }

    /// Books a visit; answers its id.
    pub(super) fn book(&self, booking: &Value) -> Result<String, Trouble> {
        text(&self.post("/v1/admin/bookings", booking)?, "visit")
    }

    /// Ends every access of a person to a patient.
    pub(super) fn end_access(&self, person: &str, patient: &str) -> Result<u64, Trouble> {
        let ended = json!({ "person": person, "patient": patient });
        let answer = self.post("/v1/admin/grants/end", &ended)?;
        Ok(answer["ended"].as_u64().unwrap_or(0))
    }

    /// A list that the supervisor may read, as in `receipts`.
    pub(super) fn list(&self, name: &str) -> Result<Vec<Value>, Trouble> {
        let answer = self.get(&format!("/v1/admin/{name}"))?;
        match answer {
            Value::Array(rows) => Ok(rows),
            _ => Err(Trouble::new(name, "the server's answer is no list")),
        }
    }

    /// A document as the server holds it; `name` as in `visit/0192...`.
    pub(super) fn document(&self, name: &str) -> Result<Value, Trouble> {
        self.get(&format!("/v1/admin/documents/{name}"))
    }

    /// A visit as a FHIR R4 bundle.
    pub(super) fn fhir(&self, visit: &str) -> Result<Value, Trouble> {
        self.get(&format!("/v1/admin/visits/{visit}/fhir"))
    }

    fn get(&self, path: &str) -> Result<Value, Trouble> {
        self.call(&self.supervisor, "GET", path, Body::None)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.call(&self.coordinator, "POST", path, Body::Json(body))
    }

    fn call(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Body<'_>,
    ) -> Result<Value, Trouble> {
        let what = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let url = format!("{}{path}", self.address);
        let mut request = match method {
            "GET" => self.client.get(url),
            _ => self.client.post(url),
        };
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request = match body {
            Body::None => request,
            Body::Json(value) => request
                .header("content-type", "application/json")
                .body(value.to_string()),
            Body::Bytes(bytes) => request
                .header("content-type", "application/fhir+json")
                .body(bytes),
        };
        let answered = self.runtime.block_on(async {
            let answer = request.send().await?;
            Ok::<_, reqwest::Error>((answer.status(), answer.bytes().await?))
        });
        let (status, bytes) = answered.during(&what)?;
        if !status.is_success() {
            let said = String::from_utf8_lossy(&bytes);
            return Err(Trouble::new(what, format!("{status}: {said}")));
        }
        serde_json::from_slice(&bytes).during(&what)
    }
}

enum Body<'a> {
    None,
    Json(&'a Value),
    Bytes(Vec<u8>),
}

fn text(answer: &Value, field: &str) -> Result<String, Trouble> {
    let found = answer[field].as_str();
    found
        .map(str::to_owned)
        .ok_or_else(|| Trouble::new(field, "the server's answer has no such field"))
}
