//! A backend on a real file, and phones that keep the protocol's other end.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(unreachable_pub, reason = "shared by several test crates")]

pub mod asked;
pub mod carrier;
pub mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use ed25519_dalek::{Signer as _, SigningKey};
use homeround::merge::pack::{self, PackLimits};
use homeround::merge::{Document, Op};
use homeround::model::{
    ActorId, ChangeHash, Coding, DocumentId, EntryId, FieldPath, Millis, Patient, PatientId,
    PersonId, RecordId, RecordKind, Role, TenantId, VisitId,
};
use homeround::store::DatabaseKey;
use homeround::vault::{Domain, device_tag};
use homeround::wire::{
    self, EnrolRequest, EnrolResponse, Page, PullRequest, PushRequest, PushResponse, Receipt,
    ReceiptsRequest, Verdict,
};
use homeround_server::connect::fhir::{NewDocument, NewRecord};
use homeround_server::service::{
    Backend, Bell, Caller, Entropy, NewBooking, NewGrant, NewPerson, NewTask, NewTenant, News,
    ServiceError,
};
use homeround_server::store::sqlite::SqliteStorage;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

/// 2026-03-02T15:00:00Z: a Monday morning in New York.
pub const NOW: Millis = Millis(1_772_463_600_000);
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
pub const ZONE: &str = "America/New_York";
pub const LIMITS: PackLimits = PackLimits {
    changes_max: 100_000,
    change_bytes_max: wire::CHANGE_BYTES_MAX,
    total_bytes_max: wire::PAGE_INFLATED_MAX,
};

/// SplitMix64: repeatable, and different each time it is asked.
pub struct Seeded(Mutex<u64>);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ServiceError> {
        let mut state = self.0.lock().unwrap();
        for byte in bytes {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed >> 32).to_le_bytes()[0];
        }
        Ok(())
    }
}

#[derive(Default)]
pub struct Bells(pub Mutex<Vec<News>>);

impl Bell for Bells {
    fn ring(&self, news: News) {
        self.0.lock().unwrap().push(news);
    }
}

pub struct World {
    pub folder: TempDir,
    pub backend: Backend,
    pub storage: Arc<SqliteStorage>,
    pub bells: Arc<Bells>,
    pub tenant: TenantId,
    pub office: Caller,
}

pub fn database_key() -> DatabaseKey {
    DatabaseKey::from_bytes(&[0x5a; 32]).unwrap()
}

impl World {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("backend.sqlite");
        let storage = Arc::new(SqliteStorage::open(&path, database_key()).unwrap());
        let bells = Arc::new(Bells::default());
        let entropy = Arc::new(Seeded(Mutex::new(1)));
        let backend = Backend::new(storage.clone(), entropy, bells.clone()).unwrap();
        let new = NewTenant {
            name: "willow".into(),
            coordinator: "dana".into(),
        };
        let tenant = backend.create_tenant(&new, NOW).await.unwrap();
        let office = caller(&backend, "dana").await;
        Self {
            folder,
            backend,
            storage,
            bells,
            tenant,
            office,
        }
    }

    /// Another handle on the same backend and its file, which stays as long as the first.
    pub fn again(&self) -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            backend: self.backend.clone(),
            storage: self.storage.clone(),
            bells: self.bells.clone(),
            tenant: self.tenant,
            office: self.office,
        }
    }

    pub async fn person(&self, login: &str, role: Role) -> Caller {
        let new = NewPerson {
            id: None,
            login: login.into(),
            name: format!("Person {login}"),
            role,
        };
        self.backend
            .put_person(&self.office, &new, NOW)
            .await
            .unwrap();
        caller(&self.backend, login).await
    }

    /// A patient with a chart.
    pub async fn patient(&self, number: u128) -> PatientId {
        let id = PatientId(Uuid::from_u128(0xaaaa_0000 + number));
        let body = Patient {
            id,
            family: format!("Family{number}"),
            given: vec!["Given".into()],
            birth_date: None,
            gender: None,
            mrn: None,
            phones: Vec::new(),
            language: None,
            address: None,
            deceased: None,
        };
        let record = NewRecord {
            kind: RecordKind::Patient,
            id: RecordId(id.0),
            patient: Some(id),
            body: serde_json::to_string(&body).unwrap(),
        };
        let chart = NewDocument {
            id: DocumentId::chart(id),
            patient: id,
            tree: json!({ "schema": 1, "kind": "chart", "patient": id }),
        };
        let (records, documents) = ([record], [chart]);
        let done = self.backend.import(&self.office, &records, &documents, NOW);
        assert_eq!(done.await.unwrap().patients_new, 1);
        id
    }

    pub async fn book(&self, patient: PatientId, people: &[PersonId], start: i64) -> VisitId {
        let booking = booking(patient, people, start);
        self.backend
            .book(&self.office, &booking, NOW)
            .await
            .unwrap()
    }

    pub async fn grant(&self, person: PersonId, patient: PatientId) {
        let grant = NewGrant {
            person,
            patient,
            from_ms: None,
            until_ms: None,
        };
        self.backend.grant(&self.office, &grant, NOW).await.unwrap();
    }

    pub async fn end(&self, person: PersonId, patient: PatientId, now: Millis) -> u64 {
        let ended = self.backend.end_grants(&self.office, person, patient, now);
        ended.await.unwrap()
    }
}

pub fn booking(patient: PatientId, people: &[PersonId], start: i64) -> NewBooking {
    NewBooking {
        visit: None,
        patient,
        assignees: people.to_vec(),
        start_ms: Millis(start),
        end_ms: Millis(start + HOUR),
        service: Coding::text("Skilled nursing"),
        time_zone: ZONE.into(),
        priority: 0,
        visit_minutes: None,
        fixed: false,
        virtual_visit: None,
        tasks: vec![NewTask {
            title: "Wound care".into(),
            code: None,
            required: true,
        }],
    }
}

pub async fn caller(backend: &Backend, login: &str) -> Caller {
    let claims = homeround_server::auth::Claims {
        tenant: "willow".into(),
        login: login.into(),
        expires: Millis(i64::MAX),
    };
    backend.caller(&claims).await.unwrap().unwrap()
}

pub fn bound(domain: Domain, message: &[u8]) -> Vec<u8> {
    [domain.tag().as_bytes(), &[0], message].concat()
}

/// A phone: its key, its documents, its cursor.
pub struct Phone {
    pub key: SigningKey,
    pub caller: Caller,
    pub device: [u8; 16],
    pub actor: ActorId,
    pub epoch: u64,
    pub cursor: Vec<u8>,
    pub documents: BTreeMap<DocumentId, Document>,
    pub owners: BTreeMap<DocumentId, PatientId>,
    pub records: BTreeMap<(u8, [u8; 16]), (u64, Option<String>)>,
    pub patients: BTreeSet<PatientId>,
    pub outbox: Vec<(DocumentId, ChangeHash, Vec<u8>)>,
    pub pages: usize,
}

pub fn enrolment(key: &SigningKey, label: &str) -> EnrolRequest {
    let public = key.verifying_key().to_bytes();
    let statement = wire::enrol_statement(&public, label);
    let proof = key.sign(&bound(Domain::Enrol, &statement)).to_bytes();
    EnrolRequest {
        public_key: public.into(),
        label: label.into(),
        proof: proof.into(),
    }
}

impl Phone {
    pub fn of(key: SigningKey, caller: Caller, answer: &EnrolResponse) -> Self {
        let tag = device_tag(&key.verifying_key().to_bytes());
        Self {
            key,
            caller,
            device: *answer.device,
            actor: ActorId::new(tag, [1; 8]),
            epoch: answer.epoch,
            cursor: Vec::new(),
            documents: BTreeMap::new(),
            owners: BTreeMap::new(),
            records: BTreeMap::new(),
            patients: BTreeSet::new(),
            outbox: Vec::new(),
            pages: 0,
        }
    }

    pub async fn enrol(world: &World, caller: Caller, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let request = enrolment(&key, "Phone");
        let answer = world.backend.enrol(&caller, &request, NOW).await.unwrap();
        Self::of(key, caller, &answer)
    }

    pub fn edit(&mut self, id: DocumentId, ops: &[Op]) -> ChangeHash {
        let document = self.documents.get_mut(&id).unwrap();
        let edit = document.edit(self.actor, NOW, ops).unwrap();
        self.outbox.push((id, edit.hash, edit.bytes));
        edit.hash
    }

    pub fn put(&mut self, id: DocumentId, path: &str, value: Value) -> ChangeHash {
        let path = FieldPath(path.into());
        self.edit(id, &[Op::Put { path, value }])
    }

    pub fn push_request(&self) -> PushRequest {
        let changes: Vec<(DocumentId, &[u8])> = self
            .outbox
            .iter()
            .map(|(id, _, bytes)| (*id, bytes.as_slice()))
            .collect();
        let hashes: Vec<[u8; 32]> = self.outbox.iter().map(|(_, hash, _)| hash.0).collect();
        let statement = wire::push_statement(&self.device, &hashes);
        let signature = self.key.sign(&bound(Domain::Push, &statement)).to_bytes();
        PushRequest {
            device: self.device.into(),
            changes: pack::pack(&changes).unwrap().into(),
            signature: signature.into(),
            proofs: None,
            devices: None,
        }
    }

    pub fn pull_request(&self, bytes_max: u64) -> PullRequest {
        PullRequest {
            device: self.device.into(),
            cursor: self.cursor.clone().into(),
            bytes_max,
            today_ms: NOW.0,
        }
    }

    pub fn receipts_request(&self, patient: PatientId) -> ReceiptsRequest {
        let receipts = vec![Receipt {
            id: [7; 16].into(),
            patient: (*patient.bytes()).into(),
            reason: "access_ended".into(),
            documents: 2,
            records: 3,
            at_ms: NOW.0,
        }];
        let statement = wire::receipts_statement(&self.device, &receipts);
        let signature = self
            .key
            .sign(&bound(Domain::Receipt, &statement))
            .to_bytes();
        ReceiptsRequest {
            device: self.device.into(),
            receipts,
            signature: signature.into(),
        }
    }

    /// Offers the outbox; what was decided stays decided.
    pub async fn push_at(&mut self, world: &World, now: Millis) -> Vec<Verdict> {
        let request = self.push_request();
        let answer = world
            .backend
            .push(&self.caller, &request, now)
            .await
            .unwrap();
        self.outbox.clear();
        flat(answer)
    }

    pub async fn push(&mut self, world: &World) -> Vec<Verdict> {
        self.push_at(world, NOW).await
    }

    /// Pulls until nothing more is there; answers the pages.
    pub async fn sync_at(&mut self, world: &World, bytes_max: u64, now: Millis) -> Vec<Page> {
        let mut pages = Vec::new();
        loop {
            let request = self.pull_request(bytes_max);
            let page = world
                .backend
                .pull(&self.caller, &request, now)
                .await
                .unwrap();
            self.apply(&page);
            let more = page.more;
            pages.push(page);
            assert!(pages.len() < 10_000, "pages do not end");
            if !more {
                return pages;
            }
        }
    }

    pub async fn sync(&mut self, world: &World) -> Vec<Page> {
        self.sync_at(world, wire::PAGE_BYTES_DEFAULT, NOW).await
    }

    /// Applies a page in the order of its keys.
    pub fn apply(&mut self, page: &Page) {
        for enter in &page.enters {
            self.patients
                .insert(PatientId(Uuid::from_bytes(*enter.patient)));
        }
        for row in &page.records {
            let key = (row.kind, *row.id);
            let known = self.records.get(&key).map_or(0, |(version, _)| *version);
            if row.version >= known {
                self.records.insert(key, (row.version, row.body.clone()));
            }
        }
        for snapshot in &page.snapshots {
            let id = DocumentId::from_key(&snapshot.document).unwrap();
            let patient = PatientId(Uuid::from_bytes(*snapshot.patient));
            assert!(
                self.patients.contains(&patient),
                "a document before its patient"
            );
            let theirs = Document::load(id, Some(&snapshot.bytes), []).unwrap();
            self.owners.insert(id, patient);
            self.merge(id, theirs.changes().into_iter().map(|(_, bytes)| bytes));
        }
        if !page.changes.is_empty() {
            for (id, bytes) in pack::unpack(&page.changes, &LIMITS).unwrap() {
                self.merge(id, [bytes]);
            }
        }
        for leave in &page.leaves {
            let patient = PatientId(Uuid::from_bytes(*leave.patient));
            self.patients.remove(&patient);
            let gone: Vec<DocumentId> = self
                .owners
                .iter()
                .filter(|(_, owner)| **owner == patient)
                .map(|(id, _)| *id)
                .collect();
            for id in gone {
                self.owners.remove(&id);
                self.documents.remove(&id);
            }
        }
        self.cursor = page.cursor.to_vec();
        self.pages += 1;
    }

    fn merge(&mut self, id: DocumentId, changes: impl IntoIterator<Item = Vec<u8>>) {
        let mut trial = match self.documents.get(&id) {
            Some(document) => document.trial(),
            None => Document::empty_trial(id),
        };
        for bytes in changes {
            trial.accept(&bytes).unwrap();
        }
        self.documents.insert(id, trial.finish().unwrap());
    }

    pub fn view(&self, id: DocumentId) -> &Value {
        self.documents[&id].view()
    }
}

pub fn flat(answer: PushResponse) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for run in answer.verdicts {
        for index in 0..run.count {
            verdicts.push(match &run.verdict {
                Verdict::Accepted { seq } => Verdict::Accepted {
                    seq: seq + u64::from(index),
                },
                other => other.clone(),
            });
        }
    }
    verdicts
}

pub fn code(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Accepted { .. } => "accepted",
        Verdict::Duplicate => "duplicate",
        Verdict::Waiting { .. } => "waiting",
        Verdict::Rejected { code, .. } => code,
    }
}

pub fn codes(verdicts: &[Verdict]) -> Vec<&str> {
    verdicts.iter().map(code).collect()
}

pub fn vitals(by: PersonId, pulse: u16) -> Op {
    Op::Append {
        section: "observations".into(),
        id: EntryId(Uuid::from_u128(u128::from(pulse))),
        entry: json!({ "by": by, "measured_at_ms": NOW, "finding": "vitals", "pulse_bpm": pulse }),
    }
}

/// A nurse and an aide with a patient and a visit today.
pub async fn team() -> (World, Phone, Phone, DocumentId) {
    let world = World::new().await;
    let nurse = world.person("nina", Role::Nurse).await;
    let aide = world.person("abe", Role::Aide).await;
    let patient = world.patient(1).await;
    let visit = world
        .book(patient, &[nurse.person, aide.person], NOW.0)
        .await;
    let mut first = Phone::enrol(&world, nurse, 11).await;
    let mut second = Phone::enrol(&world, aide, 22).await;
    first.sync(&world).await;
    second.sync(&world).await;
    (world, first, second, DocumentId::visit(visit))
}
