//! A visit that is over, and a patient who is asked how it was.

use std::sync::Arc;

use homeround::merge::Op;
use homeround::model::{
    DocumentId, EntryId, FieldPath, HOUR_MS, Millis, NoticeDelivery, PatientId, RecordKind, Role,
};
use homeround_server::service::SurveyPage;
use serde_json::{Value, json};
use uuid::Uuid;

use super::carrier::Carrier;
use super::{NOW, Phone, World, codes};

/// Where patients reach the backend.
pub const ADDRESS: &str = "https://care.example";

/// A nurse who made a visit, and a patient who agreed to be written to.
pub struct Asked {
    pub world: World,
    pub nurse: Phone,
    pub patient: PatientId,
    pub visit: DocumentId,
    pub carrier: Arc<Carrier>,
}

impl Asked {
    /// The visit is completed, and nobody has asked yet.
    pub async fn new() -> Self {
        let mut world = World::new().await;
        let carrier = Arc::new(Carrier::default());
        world.backend = world
            .backend
            .clone()
            .with_provider(carrier.clone())
            .with_survey_page(SurveyPage::at(ADDRESS));
        let nina = world.person("nina", Role::Nurse).await;
        let patient = world.patient(1).await;
        let start = NOW.0 - 2 * HOUR_MS;
        let visit = DocumentId::visit(world.book(patient, &[nina.person], start).await);
        let nurse = Phone::enrol(&world, nina, 11).await;
        let mut asked = Self {
            world,
            nurse,
            patient,
            visit,
            carrier,
        };
        asked.nurse.sync(&asked.world).await;
        let wishes = json!({
            "by": nina.person, "at_ms": NOW, "agreed": true, "wished_by": "patient",
            "channel": "email", "address": "ana@example.org", "language": "es",
        });
        asked.put(DocumentId::chart(patient), "notice_wishes", wishes);
        asked.put(visit, "status", json!("completed"));
        asked.push().await;
        asked
    }

    pub fn put(&mut self, document: DocumentId, path: &str, value: Value) {
        let path = FieldPath(path.into());
        self.nurse.edit(document, &[Op::Put { path, value }]);
    }

    /// Asks for a link, the `nth` one, and pushes that. Answers its id.
    pub async fn invite(&mut self, nth: i64) -> EntryId {
        let id = EntryId(Uuid::from_u128(0x700 + u128::from(nth.unsigned_abs())));
        let entry = json!({
            "kind": "invited", "by": self.nurse.caller.person,
            "stamp": { "wall_ms": NOW.plus(nth), "monotonic_ms": 1, "boot_id": 1 },
        });
        self.append(id, entry);
        self.push().await;
        id
    }

    pub fn append(&mut self, id: EntryId, entry: Value) {
        let section = "survey".into();
        self.nurse
            .edit(self.visit, &[Op::Append { section, id, entry }]);
    }

    pub async fn push(&mut self) {
        let verdicts = self.nurse.push(&self.world).await;
        assert!(
            codes(&verdicts).iter().all(|it| *it == "accepted"),
            "{verdicts:?}"
        );
    }

    /// Sends what is due, so many hours from now.
    pub async fn turn(&self, hours: i64) {
        let now = NOW.plus(hours * HOUR_MS);
        self.world.backend.send_notices(now).await.unwrap();
    }

    /// The link in the last letter, behind the address and `/survey/`.
    pub fn link(&self) -> String {
        let letters = self.carrier.given.lock().unwrap();
        let body = &letters.last().unwrap().text.body;
        let place = format!("{ADDRESS}/survey/");
        let (_, rest) = body.split_once(&place).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// Where an invitation stands, as the nurse's phone learns it.
    pub async fn stands(&mut self, id: EntryId) -> NoticeDelivery {
        self.nurse.sync(&self.world).await;
        let (_, body) = &self.nurse.records[&(RecordKind::Notice.code(), *id.bytes())];
        serde_json::from_str(body.as_deref().unwrap()).unwrap()
    }

    /// What was answered, as it lies in the visit on the nurse's phone.
    pub async fn answered(&mut self) -> Vec<Value> {
        self.nurse.sync(&self.world).await;
        let survey = self.nurse.view(self.visit)["survey"].as_object();
        let entries = survey.unwrap().values();
        entries
            .filter(|it| it["kind"] == "answered")
            .cloned()
            .collect()
    }
}

/// So many hours from now.
pub const fn hours(hours: i64) -> Millis {
    Millis(NOW.0 + hours * HOUR_MS)
}
