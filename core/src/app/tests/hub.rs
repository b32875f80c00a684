//! Phones on temporary folders, and a hub that does what a backend does with
//! well-meaning phones: keep changes by hash, give verdicts, make pages.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::app::{Clocks, Homeround, OpenConfig, PhoneStore, Platform};
use crate::merge::{Document, name_of, pack};
use crate::model::*;
use crate::sync::{ChangeVerdict, Outbox, OutboxLimits, SyncStore};
use crate::vault::{Domain, OsEntropy, Pin, SoftwareVault, Unlock, escrow_public};
use crate::wire::{
    EnrolResponse, Enter, Leave, Page, PushRequest, RecordRow, SignedPolicy, Snapshot, Verdict,
    open_body, policy_statement,
};

pub(crate) const PIN: &str = "402913";
pub(crate) const START: i64 = 1_795_341_600_000;
/// The organisation's, which opens what phones escrow.
pub(crate) const ESCROW_SECRET: [u8; 32] = [4; 32];
/// What a batch may hold.
pub(crate) const LIMITS: OutboxLimits = OutboxLimits {
    changes: 1_000,
    bytes: 1_000_000,
    hold_waiting: false,
};

/// Clocks that a test moves.
pub(crate) struct Hands {
    wall: AtomicI64,
    monotonic: AtomicI64,
    boot: AtomicI64,
}

impl Hands {
    pub(crate) fn pass(&self, ms: i64) {
        self.wall.fetch_add(ms, Ordering::Relaxed);
        self.monotonic.fetch_add(ms, Ordering::Relaxed);
    }

    /// The device starts again: the monotonic clock begins anew.
    pub(crate) fn reboot(&self) {
        self.boot.fetch_add(1, Ordering::Relaxed);
        self.monotonic.store(1_000, Ordering::Relaxed);
    }

    /// The wall clock alone jumps.
    pub(crate) fn jump(&self, ms: i64) {
        self.wall.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clocks for Hands {
    fn now(&self) -> Clock {
        Clock {
            wall_ms: Millis(self.wall.fetch_add(1, Ordering::Relaxed)),
            monotonic_ms: self.monotonic.fetch_add(1, Ordering::Relaxed),
            boot_id: self.boot.load(Ordering::Relaxed).unsigned_abs(),
        }
    }
}

/// A phone with what a test wants to reach behind its back.
pub(crate) struct Phone {
    pub(crate) app: Homeround,
    pub(crate) store: PhoneStore,
    pub(crate) hands: Arc<Hands>,
    pub(crate) hardware: Arc<SoftwareVault>,
    pub(crate) person: PersonId,
    folder: TempDir,
    taken: usize,
}

impl Phone {
    pub(crate) fn push(&mut self, hub: &mut Hub) {
        while let Outbox::Batch(batch) = self.store.load_outbox(LIMITS).unwrap() {
            let verdicts = hub.take(&batch.body);
            self.store.apply_verdicts(&verdicts).unwrap();
        }
    }

    pub(crate) fn pull(&mut self, hub: &Hub) {
        let mut page = hub.page_after(self.taken);
        if self.store.cursor().unwrap().cursor.is_empty() {
            // Where pages start over, who is in scope is named again.
            page.enters = hub.first_page(0).enters;
        }
        self.taken = hub.changes.len();
        self.store.apply_page(page).unwrap();
    }

    pub(crate) fn store_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }

    /// Pulls everything again the next time.
    pub(crate) fn forget_taken(&mut self) {
        self.taken = 0;
    }

    /// The process ends and begins again.
    pub(crate) fn restart(self) -> Self {
        self.restart_with(|| ())
    }

    /// As [`restart`](Self::restart); something happens in between.
    pub(crate) fn restart_with(self, meanwhile: impl FnOnce()) -> Self {
        let phone = self.restart_locked_with(meanwhile);
        phone
            .app
            .unlock(&Unlock::Pin(Pin::new(PIN).unwrap()))
            .unwrap();
        phone
    }

    /// As [`restart_with`](Self::restart_with), and stays locked.
    pub(crate) fn restart_locked_with(self, meanwhile: impl FnOnce()) -> Self {
        let Self {
            app,
            store,
            hands,
            hardware: _,
            person,
            folder,
            taken,
        } = self;
        drop((app, store));
        meanwhile();
        let (app, hardware) = open(&folder, &hands);
        let store = app.sync_store();
        Self {
            app,
            store,
            hands,
            hardware,
            person,
            folder,
            taken,
        }
    }
}

fn open(folder: &TempDir, hands: &Arc<Hands>) -> (Homeround, Arc<SoftwareVault>) {
    let vault = SoftwareVault::open(&folder.path().join("hardware")).unwrap();
    let vault = Arc::new(vault);
    let config = OpenConfig {
        folder: folder.path().join("store"),
        backend_url: "https://care.example.org".into(),
        device_label: "Phone 12".into(),
        time_zone: "America/New_York".into(),
    };
    let platform = Platform {
        hardware: Arc::clone(&vault) as Arc<dyn crate::vault::KeyVault>,
        clocks: Arc::clone(hands) as Arc<dyn Clocks>,
        entropy: Box::new(OsEntropy),
    };
    (Homeround::open(config, platform).unwrap(), vault)
}

/// Answers a verdict, or none for the usual one.
pub(crate) type Judge = Box<dyn Fn(&ChangeHash) -> Option<Verdict>>;

/// What a backend does with well-meaning phones.
pub(crate) struct Hub {
    key: SigningKey,
    pub(crate) patient: PatientId,
    pub(crate) visit: VisitId,
    pub(crate) base: Vec<u8>,
    pub(crate) changes: Vec<(DocumentId, Vec<u8>)>,
    pub(crate) epoch: u64,
    /// Time zone of the patient's home.
    pub(crate) zone: &'static str,
    /// Who is booked for the visit.
    pub(crate) booked: Vec<PersonId>,
    /// What the booking says of a virtual visit.
    pub(crate) virtual_visit: Option<Value>,
    records: Vec<RecordRow>,
    /// Documents beside the visit, as they were made.
    pub(super) more: Vec<(DocumentId, Vec<u8>)>,
    /// Gives a verdict other than accepted.
    pub(crate) judge: Judge,
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn task_id() -> EntryId {
    EntryId(id(0x7a51))
}

impl Hub {
    pub(crate) fn new() -> Self {
        let patient = PatientId(id(0x9a7));
        let visit = VisitId(id(0x51));
        let tree = json!({
            "schema": 1, "kind": "visit", "patient": patient, "status": "scheduled",
            "note": "Lives alone. ",
            "tasks": { task_id().to_string(): {
                "title": "Change the dressing", "required": true, "status": "open"
            } },
        });
        let actor = ActorId::new(DeviceTag([9; 8]), [1; 8]);
        let (document, _) =
            Document::create(DocumentId::visit(visit), &tree, actor, Millis(START)).unwrap();
        Self {
            key: SigningKey::from_bytes(&[7; 32]),
            patient,
            visit,
            base: document.save(),
            changes: Vec::new(),
            epoch: 1,
            zone: "America/New_York",
            booked: Vec::new(),
            virtual_visit: None,
            records: Vec::new(),
            more: Vec::new(),
            judge: Box::new(|_| None),
        }
    }

    /// The visit as an earlier backend made it, without these sections.
    pub(crate) fn without(&mut self, sections: &[&str]) {
        use automerge::transaction::Transactable;
        use automerge::{Automerge, LoadOptions, TextEncoding, hydrate};
        let encoding = TextEncoding::UnicodeCodePoint;
        let options = LoadOptions::new().text_encoding(encoding);
        let made = Automerge::load_with_options(&self.base, options).unwrap();
        let hydrate::Value::Map(root) = made.hydrate(None) else {
            panic!("a document's root is a map");
        };
        let names = root.iter().map(|(name, _)| name.clone());
        let kept = names.filter(|name| !sections.contains(&name.as_str()));
        let kept = kept.map(|name| (name.clone(), root.get(&name).unwrap().clone()));
        let kept: std::collections::HashMap<String, hydrate::Value> = kept.collect();
        let mut earlier = Automerge::new_with_encoding(encoding);
        earlier.set_actor(automerge::ActorId::from([8; 16].as_slice()));
        let mut tx = earlier.transaction();
        tx.init_root_from_hydrate(&hydrate::Map::from(kept))
            .unwrap();
        tx.commit();
        // As this product saves: plain, and packed as a whole elsewhere.
        self.base = earlier.save_nocompress();
    }

    /// Another document of the patient, which phones get with their first page.
    pub(crate) fn add_document(&mut self, document: DocumentId, tree: &Value) {
        let actor = ActorId::new(DeviceTag([9; 8]), [2; 8]);
        let (made, _) = Document::create(document, tree, actor, Millis(START)).unwrap();
        self.more.push((document, made.save()));
    }

    /// A history record of the patient.
    pub(crate) fn add_history(&mut self, number: u128, body: &Value) {
        self.records.push(RecordRow {
            kind: RecordKind::History.code(),
            id: (*id(number).as_bytes()).into(),
            patient: Some((*self.patient.bytes()).into()),
            version: 1,
            body: Some(body.to_string()),
        });
    }

    /// A template of care plans, as the backend sends it.
    pub(crate) fn add_template(&mut self, number: u128, body: &Value) {
        self.records.push(RecordRow {
            kind: RecordKind::PlanTemplate.code(),
            id: (*id(number).as_bytes()).into(),
            patient: None,
            version: 1,
            body: Some(body.to_string()),
        });
    }

    /// A phone of its own person, enrolled and with the first page taken in.
    pub(crate) fn phone(&mut self, number: u128, role: Role) -> Phone {
        self.phone_of(number, number + 1, role)
    }

    /// A phone with this device of a person who may have others.
    pub(crate) fn phone_of(&mut self, number: u128, device: u128, role: Role) -> Phone {
        let hands = Arc::new(Hands {
            wall: AtomicI64::new(START),
            monotonic: AtomicI64::new(1_000),
            boot: AtomicI64::new(5),
        });
        let folder = TempDir::new().unwrap();
        let (app, hardware) = open(&folder, &hands);
        app.create(PIN, false).unwrap();
        let person = self.enrol_as(&app, number, device, role);
        let mut phone = Phone {
            store: app.sync_store(),
            app,
            hands,
            hardware,
            person,
            folder,
            taken: 0,
        };
        phone.store.apply_page(self.first_page(0)).unwrap();
        phone
    }

    /// Enrols a phone, for the first time or again.
    pub(crate) fn enrol(&mut self, app: &Homeround, number: u128, role: Role) -> PersonId {
        self.enrol_as(app, number, number + 1, role)
    }

    fn enrol_as(&mut self, app: &Homeround, number: u128, device: u128, role: Role) -> PersonId {
        let person = PersonId(id(number));
        let policy = serde_json::to_string(&crate::access::Policy::default()).unwrap();
        let device = DeviceId(id(device));
        app.enrolled(&EnrolResponse {
            device: (*device.bytes()).into(),
            person: (*person.bytes()).into(),
            role: role.name().into(),
            tenant: [3; 16].into(),
            server_key: self.key.verifying_key().to_bytes().into(),
            escrow_key: escrow_public(&ESCROW_SECRET).into(),
            policy: self.signed(&policy),
            epoch: self.epoch,
            server_ms: START,
            person_name: format!("{} {number}", role.name()),
        })
        .unwrap();
        self.know(app, device, person);
        person
    }

    fn know(&mut self, app: &Homeround, device: DeviceId, person: PersonId) {
        let key = app.inner.vault().as_ref().unwrap().device_public();
        let body = json!({
            "id": device, "person": person, "label": "Phone",
            "public_key": crate::app::project::hex(&key),
        });
        self.records.push(RecordRow {
            kind: RecordKind::Device.code(),
            id: (*device.bytes()).into(),
            patient: None,
            version: 1,
            body: Some(body.to_string()),
        });
    }

    pub(crate) fn signed(&self, policy: &str) -> SignedPolicy {
        let mut message = Domain::Policy.tag().as_bytes().to_vec();
        message.push(0);
        message.extend(policy_statement(policy));
        SignedPolicy {
            policy: policy.into(),
            signature: self.key.sign(&message).to_bytes().into(),
        }
    }

    pub(crate) fn empty_page(&self) -> Page {
        Page {
            epoch: self.epoch,
            server_ms: START,
            cursor: vec![1].into(),
            more: false,
            policy: None,
            enters: Vec::new(),
            records: Vec::new(),
            snapshots: Vec::new(),
            changes: Vec::new().into(),
            verdicts: Vec::new(),
            leaves: Vec::new(),
            remaining: None,
            proofs: None,
        }
    }

    /// Scope, demographics, the booking and the visit.
    pub(crate) fn first_page(&self, priority: u8) -> Page {
        let row = |kind: RecordKind, id: &[u8; 16], body: Value| RecordRow {
            kind: kind.code(),
            id: (*id).into(),
            patient: Some((*self.patient.bytes()).into()),
            version: 1,
            body: Some(body.to_string()),
        };
        let patient = json!({
            "id": self.patient, "family": "Saavedra", "given": ["José"],
            "birth_date": "1941-02-03", "phones": ["(617) 555-0101 daughter"],
            "address": { "lines": ["1 Main St"], "city": "Boston",
                "latitude_deg": 42.3601, "longitude_deg": -71.0589 },
        });
        let mut booking = json!({
            "visit": self.visit, "patient": self.patient, "assignees": self.booked,
            "start_ms": START, "end_ms": START + HOUR_MS,
            "service": { "text": "Skilled nursing" }, "time_zone": self.zone,
        });
        if let Some(call) = &self.virtual_visit {
            booking["virtual_visit"] = call.clone();
        }
        let mut records = self.records.clone();
        records.push(row(RecordKind::Patient, self.patient.bytes(), patient));
        records.push(row(RecordKind::Booking, self.visit.bytes(), booking));
        Page {
            enters: vec![Enter {
                patient: (*self.patient.bytes()).into(),
                source: "care_team".into(),
                until_ms: None,
            }],
            records,
            snapshots: self.snapshots(priority),
            ..self.empty_page()
        }
    }

    fn snapshots(&self, priority: u8) -> Vec<Snapshot> {
        let visit = (DocumentId::visit(self.visit), self.base.clone());
        let all = std::iter::once(&visit).chain(&self.more);
        let snapshot = |(document, bytes): &(DocumentId, Vec<u8>)| Snapshot {
            document: document.key().to_vec().into(),
            patient: (*self.patient.bytes()).into(),
            bytes: bytes.clone().into(),
            priority,
        };
        all.map(snapshot).collect()
    }

    pub(crate) fn page_after(&self, taken: usize) -> Page {
        let new: Vec<(DocumentId, &[u8])> = self.changes[taken..]
            .iter()
            .map(|(id, bytes)| (*id, bytes.as_slice()))
            .collect();
        let changes = if new.is_empty() {
            Vec::new()
        } else {
            pack::pack(&new).unwrap()
        };
        Page {
            changes: changes.into(),
            records: self.records.clone(),
            ..self.empty_page()
        }
    }

    pub(crate) fn leave_page(&self) -> Page {
        Page {
            leaves: vec![Leave {
                patient: (*self.patient.bytes()).into(),
                reason: "access_ended".into(),
            }],
            ..self.empty_page()
        }
    }

    /// A push: a verdict for each change.
    pub(crate) fn take(&mut self, body: &[u8]) -> Vec<ChangeVerdict> {
        let request: PushRequest = open_body(body).unwrap();
        let limits = crate::app::arrive::PAGE_LIMITS;
        let unpacked = pack::unpack(&request.changes, &limits).unwrap();
        unpacked
            .into_iter()
            .map(|(id, bytes)| {
                let hash = name_of(&bytes).unwrap();
                let verdict = (self.judge)(&hash).unwrap_or_else(|| {
                    if self.changes.iter().any(|(_, known)| *known == bytes) {
                        return Verdict::Duplicate;
                    }
                    self.changes.push((id, bytes));
                    Verdict::Accepted {
                        seq: self.changes.len() as u64,
                    }
                });
                ChangeVerdict { hash, verdict }
            })
            .collect()
    }
}
