//! The backend behind its calls: pushes signed by an enrolled device after they
//! were altered, and cursors with their check mended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ed25519_dalek::{Signer as _, SigningKey};
use homeround::merge::pack::{self, PackLimits};
use homeround::merge::{Document, Op, name_of};
use homeround::model::{
    ActorId, ChangeHash, Coding, DocumentId, DocumentKind, FieldPath, Millis, PatientId, PersonId,
    Role,
};
use homeround::store::DatabaseKey;
use homeround::vault::{Domain, device_tag};
use homeround::wire::{self, EnrolRequest, Page, Proof, PullRequest, PushRequest, Verdict};
use homeround_server::auth::Claims;
use homeround_server::connect::fhir::{ImportContext, import};
use homeround_server::service::{
    Backend, Caller, Cursor, Entropy, NewBooking, NewGrant, NewPerson, NewTask, NewTenant,
    ServiceError, Silence,
};
use homeround_server::store::sqlite::SqliteStorage;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::super::dice::{Dice, havoc};
use super::change::{is_sound, mutate_change};
use super::{Door, Outcome};

const NOW: Millis = Millis(1_772_463_600_000);
/// Inputs after which the backend is made anew, so that it stays a small one.
const WORN_AFTER: u32 = 400;
const LIMITS: PackLimits = PackLimits {
    changes_max: 10_000,
    change_bytes_max: wire::CHANGE_BYTES_MAX,
    total_bytes_max: wire::PUSH_INFLATED_MAX,
};
const COLLECTION: &[u8] = include_bytes!("../../../fixtures/fhir/collection.json");

struct Seeded(Mutex<Dice>);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), ServiceError> {
        let mut dice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.iter_mut().for_each(|byte| *byte = dice.byte());
        Ok(())
    }
}

/// A backend in a temporary folder, and a nurse's device.
struct Site {
    runtime: Runtime,
    backend: Backend,
    nurse: Caller,
    key: SigningKey,
    device: [u8; 16],
    documents: BTreeMap<DocumentId, Document>,
    cursors: Vec<Vec<u8>>,
    /// That what is there was accepted, as pages say.
    proofs: Vec<Proof>,
    worn: u32,
    _folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let folder = super::super::folder();
        let database = DatabaseKey::from_bytes(&[42; 32]).expect("32 bytes");
        let storage = SqliteStorage::open(&folder.path().join("backend.sqlite"), database);
        let storage = Arc::new(storage.expect("a fresh database"));
        let entropy = Arc::new(Seeded(Mutex::new(Dice::new(1))));
        let backend = Backend::new(storage, entropy, Arc::new(Silence)).expect("a backend");
        let key = SigningKey::from_bytes(&[9; 32]);
        let (nurse, device) = runtime
            .block_on(people(&backend, &key))
            .expect("a tenant with a nurse and patients");
        let mut site = Self {
            runtime,
            backend,
            nurse,
            key,
            device,
            documents: BTreeMap::new(),
            cursors: Vec::new(),
            proofs: Vec::new(),
            worn: 0,
            _folder: folder,
        };
        site.pull_all();
        site
    }

    fn pull(&self, cursor: Vec<u8>) -> Result<Page, ServiceError> {
        let request = PullRequest {
            device: self.device.into(),
            cursor: cursor.into(),
            bytes_max: wire::PAGE_BYTES_DEFAULT,
            today_ms: NOW.0,
        };
        self.runtime
            .block_on(self.backend.pull(&self.nurse, &request, NOW))
    }

    fn pull_all(&mut self) {
        let mut cursor = Vec::new();
        for _ in 0..64 {
            let page = self.pull(cursor).expect("a page");
            for snapshot in &page.snapshots {
                let Ok(id) = DocumentId::from_key(&snapshot.document) else {
                    continue;
                };
                if let Ok(document) = Document::load(id, Some(&snapshot.bytes), std::iter::empty())
                {
                    self.documents.insert(id, document);
                }
            }
            self.proofs.extend(page.proofs.into_iter().flatten());
            cursor = page.cursor.to_vec();
            self.cursors.push(cursor.clone());
            if !page.more {
                return;
            }
        }
    }

    fn actor(&self) -> ActorId {
        ActorId::new(device_tag(&self.key.verifying_key().to_bytes()), [1; 8])
    }

    /// What is signed is what the backend will unfold.
    fn push_of(&self, packed: &[u8]) -> PushRequest {
        let unpacked = pack::unpack(packed, &LIMITS).unwrap_or_default();
        let hashes: Vec<[u8; 32]> = unpacked.iter().map(|(_, bytes)| hash(bytes).0).collect();
        let statement = wire::push_statement(&self.device, &hashes);
        PushRequest {
            device: self.device.into(),
            changes: packed.to_vec().into(),
            signature: sign(&self.key, Domain::Push, &statement).into(),
            proofs: Some(self.proofs.clone()),
            devices: None,
        }
    }

    /// Whether every document that the backend gives out works.
    fn is_sound(&self) -> bool {
        let mut cursor = Vec::new();
        for _ in 0..64 {
            let Ok(page) = self.pull(cursor) else {
                return false;
            };
            let sound = page.snapshots.iter().all(|snapshot| {
                DocumentId::from_key(&snapshot.document).is_ok_and(|id| {
                    Document::load(id, Some(&snapshot.bytes), std::iter::empty())
                        .is_ok_and(|document| is_sound(&document))
                })
            });
            if !sound || !page.more {
                return sound;
            }
            cursor = page.cursor.to_vec();
        }
        true
    }

    fn renew_if_worn(&mut self) {
        self.worn += 1;
        if self.worn > WORN_AFTER {
            *self = Self::new();
        }
    }
}

async fn people(backend: &Backend, key: &SigningKey) -> Result<(Caller, [u8; 16]), ServiceError> {
    let tenant = NewTenant {
        name: "willow".into(),
        coordinator: "dana".into(),
    };
    let id = backend.create_tenant(&tenant, NOW).await?;
    let office = caller(backend, "dana").await?;
    let new = NewPerson {
        id: None,
        login: "nina".into(),
        name: "Nina".into(),
        role: Role::Nurse,
    };
    backend.put_person(&office, &new, NOW).await?;
    let nurse = caller(backend, "nina").await?;
    let context = ImportContext {
        tenant: id,
        as_of: NOW,
        default_time_zone: "America/New_York".into(),
    };
    let taken = import(COLLECTION, &context).map_err(|_| ServiceError::Damaged)?;
    let patients: Vec<PatientId> = taken
        .documents
        .iter()
        .map(|it| it.patient)
        .take(1)
        .collect();
    backend
        .import(&office, &taken.records, &taken.documents, NOW)
        .await?;
    for patient in patients {
        let grant = NewGrant {
            person: nurse.person,
            patient,
            from_ms: None,
            until_ms: None,
        };
        backend.grant(&office, &grant, NOW).await?;
        backend
            .book(&office, &booking(patient, nurse.person), NOW)
            .await?;
    }
    let public = key.verifying_key().to_bytes();
    let statement = wire::enrol_statement(&public, "Phone");
    let request = EnrolRequest {
        public_key: public.into(),
        label: "Phone".into(),
        proof: sign(key, Domain::Enrol, &statement).into(),
    };
    let enrolled = backend.enrol(&nurse, &request, NOW).await?;
    Ok((nurse, *enrolled.device))
}

async fn caller(backend: &Backend, login: &str) -> Result<Caller, ServiceError> {
    let claims = Claims {
        tenant: "willow".into(),
        login: login.into(),
        expires: Millis(i64::MAX),
    };
    backend
        .caller(&claims)
        .await?
        .map_err(|_| ServiceError::Damaged)
}

fn booking(patient: PatientId, person: PersonId) -> NewBooking {
    NewBooking {
        visit: None,
        patient,
        assignees: vec![person],
        start_ms: NOW,
        end_ms: NOW.plus(3_600_000),
        service: Coding::text("Skilled nursing"),
        time_zone: "America/New_York".into(),
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

fn sign(key: &SigningKey, domain: Domain, statement: &[u8]) -> [u8; 64] {
    let message = [domain.tag().as_bytes(), &[0], statement].concat();
    key.sign(&message).to_bytes()
}

/// The name of a change; what is no change is named as the backend names it.
fn hash(bytes: &[u8]) -> ChangeHash {
    name_of(bytes).unwrap_or_else(|| {
        let named = bytes.get(8..).filter(|rest| !rest.is_empty());
        ChangeHash(Sha256::digest(named.unwrap_or(bytes)).into())
    })
}

/// A pack of changes, signed here.
pub(crate) struct Pushes {
    site: Site,
}

impl Pushes {
    pub(crate) fn new() -> Self {
        Self { site: Site::new() }
    }
}

impl Door for Pushes {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let mut seeds = Vec::new();
        for (id, document) in &self.site.documents {
            let path = match id.kind {
                DocumentKind::Visit => "outcome",
                DocumentKind::Chart => "home_access/parking",
                DocumentKind::Plan => "title",
            };
            let mut copy = document.clone();
            let mut changes = Vec::new();
            for text in ["well", "better"] {
                let op = Op::Put {
                    path: FieldPath(path.into()),
                    value: text.into(),
                };
                if let Ok(edit) = copy.edit(self.site.actor(), NOW, &[op]) {
                    changes.push((*id, edit.bytes));
                }
            }
            let borrowed: Vec<_> = changes
                .iter()
                .map(|(id, it)| (*id, it.as_slice()))
                .collect();
            seeds.push(pack::pack(&borrowed).unwrap_or_default());
        }
        seeds
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let unpacked = pack::unpack(input, &LIMITS).ok();
        if let (Some(mut changes), false) = (unpacked, dice.once_in(4)) {
            let lent = pack::unpack(other, &LIMITS).unwrap_or_default();
            let lent = lent.first().map_or(&[][..], |it| it.1.as_slice());
            let at = dice.below(changes.len());
            let ids: Vec<DocumentId> = self.site.documents.keys().copied().collect();
            let moved = dice.once_in(6);
            if let Some((id, change)) = changes.get_mut(at) {
                *change = mutate_change(dice, change, lent);
                if moved {
                    *id = dice.pick(&ids).copied().unwrap_or(*id);
                }
            }
            changes.truncate(64);
            let borrowed: Vec<_> = changes
                .iter()
                .map(|(id, it)| (*id, it.as_slice()))
                .collect();
            return pack::pack(&borrowed).unwrap_or_default();
        }
        let mut raw = input.to_vec();
        havoc(dice, &mut raw, other);
        raw
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        self.site.renew_if_worn();
        let sent = match wire::seal_body(&self.site.push_of(input)) {
            Err(_) => return Outcome::refused("too large to send"),
            Ok(sent) => sent,
        };
        let request: PushRequest = match wire::open_body(&sent) {
            Err(_) => return Outcome::refused("body"),
            Ok(request) => request,
        };
        let (runtime, nurse) = (&self.site.runtime, &self.site.nurse);
        let answer = match runtime.block_on(self.site.backend.push(nurse, &request, NOW)) {
            Err(error) => return Outcome::refused(error.code()),
            Ok(answer) => answer,
        };
        let mut codes: Vec<String> = Vec::new();
        let mut stored = false;
        for run in &answer.verdicts {
            codes.push(match &run.verdict {
                Verdict::Accepted { .. } => {
                    stored = true;
                    "accepted".into()
                }
                Verdict::Duplicate => "duplicate".into(),
                Verdict::Waiting { .. } => "waiting".into(),
                Verdict::Rejected { code, .. } => code.clone(),
            });
        }
        codes.sort();
        codes.dedup();
        if !stored {
            return Outcome::refused(codes.join(" "));
        }
        let sound = self.site.is_sound();
        // The next mutant meets the same documents.
        self.site.worn += 20;
        Outcome::judged(codes.join(" "), sound)
    }
}

/// A cursor; its check is mended here.
pub(crate) struct Cursors {
    site: Site,
}

const CHECK: usize = 8;

impl Cursors {
    pub(crate) fn new() -> Self {
        Self { site: Site::new() }
    }
}

impl Door for Cursors {
    fn seeds(&self) -> Vec<Vec<u8>> {
        self.site.cursors.clone()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        let length = bytes.len();
        havoc(dice, &mut bytes, other);
        if !dice.once_in(10) {
            bytes.resize(length, 0);
            let content = length.saturating_sub(CHECK);
            let digest = Sha256::digest(&bytes[..content]);
            bytes.truncate(content);
            bytes.extend_from_slice(&digest[..CHECK]);
        }
        bytes
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let decoded = Cursor::decode(input);
        let same = decoded.is_none_or(|cursor| Cursor::decode(&cursor.encode()) == Some(cursor));
        self.site.renew_if_worn();
        match self.site.pull(input.to_vec()) {
            Err(error) => Outcome::refused(error.code()),
            Ok(page) => {
                let again = wire::seal_body(&page).is_ok();
                let code = format!(
                    "{} {} {}",
                    decoded.is_some(),
                    page.records.len().min(3),
                    page.snapshots.len().min(3)
                );
                Outcome::judged(code, same && again)
            }
        }
    }
}
