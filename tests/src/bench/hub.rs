//! A backend in memory that does what the protocol says to phones that mean well.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ed25519_dalek::{Signer, SigningKey};
use homeround::merge::{Document, pack};
use homeround::model::{ActorId, DeviceId, DeviceTag, DocumentId, Millis, RecordKind};
use homeround::vault::Domain;
use homeround::wire::{
    self, Ack, EnrolRequest, EnrolResponse, Enter, Page, PullRequest, PushRequest, PushResponse,
    RecordRow, SignedPolicy, Snapshot, Verdict, VerdictRun,
};
use uuid::Uuid;

use super::Outcome;
use super::world::{START, VISITS_A_DAY, World};

/// The epoch of this backend.
pub(crate) const EPOCH: u64 = 1;
/// What one push may hold.
pub(crate) const LIMITS: pack::PackLimits = pack::PackLimits {
    changes_max: 100_000,
    change_bytes_max: wire::CHANGE_BYTES_MAX,
    total_bytes_max: 64 * 1024 * 1024,
};

enum Item {
    Record(RecordRow),
    Document(Snapshot),
}

struct Change {
    device: usize,
    document: DocumentId,
    bytes: Vec<u8>,
}

/// What changes while phones sync.
#[derive(Default)]
struct State {
    log: Vec<Change>,
}

/// The backend.
pub(crate) struct Hub {
    key: SigningKey,
    patients: Vec<[u8; 16]>,
    people: Vec<[u8; 16]>,
    items: Vec<Item>,
    state: Mutex<State>,
}

impl Hub {
    /// A backend with this world. With `at_once`, every document is merged when
    /// it comes and not in an idle moment.
    pub(crate) fn new(world: &World, at_once: bool) -> Outcome<Self> {
        Ok(Self {
            key: SigningKey::from_bytes(&[7; 32]),
            patients: world.patients.iter().map(|id| *id.bytes()).collect(),
            people: world.people.iter().map(|id| *id.bytes()).collect(),
            items: items(world, at_once)?,
            state: Mutex::new(State::default()),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request of a device.
    pub(crate) fn answer(&self, device: usize, path: &str, body: &[u8]) -> Outcome<Vec<u8>> {
        let answer = match path {
            wire::DEVICES => wire::seal_body(&self.enrol(device, &wire::open_body(body)?)?)?,
            wire::PUSH => wire::seal_body(&self.push(device, &wire::open_body(body)?)?)?,
            wire::PULL => wire::seal_body(&self.pull(device, &wire::open_body(body)?)?)?,
            _ => wire::seal_body(&Ack {
                epoch: EPOCH,
                server_ms: START,
            })?,
        };
        Ok(answer)
    }

    /// The pages of changes that a device with a whole fill would be sent.
    pub(crate) fn live_pages(&self, device: usize, bytes_max: u64) -> Outcome<Vec<Vec<u8>>> {
        let mut cursor = (self.items.len() as u64).to_be_bytes().to_vec();
        cursor.extend([0; 8]);
        let mut request = PullRequest {
            device: [0; 16].into(),
            cursor: cursor.into(),
            bytes_max,
            today_ms: START,
        };
        let mut pages = Vec::new();
        loop {
            let page = self.pull(device, &request)?;
            pages.push(wire::seal_body(&page)?);
            if !page.more {
                return Ok(pages);
            }
            request.cursor = page.cursor;
        }
    }

    fn enrol(&self, device: usize, _: &EnrolRequest) -> Outcome<EnrolResponse> {
        let id = DeviceId(Uuid::from_u128(device as u128 + 1));
        Ok(EnrolResponse {
            device: (*id.bytes()).into(),
            person: self.people[device % self.people.len()].into(),
            role: "nurse".into(),
            tenant: [3; 16].into(),
            server_key: self.key.verifying_key().to_bytes().into(),
            escrow_key: [4; 32].into(),
            policy: self.policy()?,
            epoch: EPOCH,
            server_ms: START,
            person_name: "Nurse".into(),
        })
    }

    fn policy(&self) -> Outcome<SignedPolicy> {
        let policy = serde_json::to_string(&homeround::access::Policy::default())?;
        let mut message = Domain::Policy.tag().as_bytes().to_vec();
        message.push(0);
        message.extend(wire::policy_statement(&policy));
        let signature = self.key.sign(&message).to_bytes().into();
        Ok(SignedPolicy { policy, signature })
    }

    fn push(&self, device: usize, request: &PushRequest) -> Outcome<PushResponse> {
        let changes = pack::unpack(&request.changes, &LIMITS)?;
        let mut state = self.state();
        let seq = state.log.len() as u64 + 1;
        let count = u32::try_from(changes.len())?;
        state
            .log
            .extend(changes.into_iter().map(|(document, bytes)| Change {
                device,
                document,
                bytes,
            }));
        Ok(PushResponse {
            epoch: EPOCH,
            server_ms: START,
            verdicts: vec![VerdictRun {
                count,
                verdict: Verdict::Accepted { seq },
            }],
        })
    }

    /// Changes as if a device had pushed them.
    pub(crate) fn take(&self, device: usize, changes: Vec<(DocumentId, Vec<u8>)>) {
        let changes = changes.into_iter().map(|(document, bytes)| Change {
            device,
            document,
            bytes,
        });
        self.state().log.extend(changes);
    }

    /// The cursor: items given of the fill, then changes looked through.
    fn pull(&self, device: usize, request: &PullRequest) -> Outcome<Page> {
        let (filled, seen) = position(&request.cursor);
        let room = usize::try_from(request.bytes_max)?;
        let mut page = Page {
            epoch: EPOCH,
            server_ms: START,
            cursor: Vec::new().into(),
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
        };
        let (mut filled, mut seen) = (filled, seen);
        if filled < self.items.len() {
            if filled == 0 {
                page.policy = Some(self.policy()?);
                page.enters = self.patients.iter().map(enter).collect();
            }
            filled = self.fill(filled, room, &mut page);
        } else {
            seen = self.live(device, seen, room, &mut page)?;
        }
        page.more = filled < self.items.len() || seen < self.state().log.len();
        page.remaining = Some((self.items.len() - filled) as u64);
        let mut cursor = (filled as u64).to_be_bytes().to_vec();
        cursor.extend((seen as u64).to_be_bytes());
        page.cursor = cursor.into();
        Ok(page)
    }

    fn fill(&self, from: usize, room: usize, page: &mut Page) -> usize {
        let (mut size, mut at) = (0, from);
        for item in &self.items[from..] {
            match item {
                Item::Record(row) => {
                    size += row.body.as_ref().map_or(0, String::len) + 48;
                    page.records.push(row.clone());
                }
                Item::Document(snapshot) => {
                    size += snapshot.bytes.len() + 48;
                    page.snapshots.push(snapshot.clone());
                }
            }
            at += 1;
            if size >= room {
                break;
            }
        }
        at
    }

    fn live(&self, device: usize, from: usize, room: usize, page: &mut Page) -> Outcome<usize> {
        let state = self.state();
        let (mut size, mut at) = (0, from);
        let mut changes: Vec<(DocumentId, &[u8])> = Vec::new();
        for change in &state.log[from.min(state.log.len())..] {
            at += 1;
            if change.device != device {
                size += change.bytes.len();
                changes.push((change.document, &change.bytes));
            }
            if size >= room {
                break;
            }
        }
        if !changes.is_empty() {
            page.changes = pack::pack(&changes)?.into();
        }
        Ok(at)
    }
}

fn enter(patient: &[u8; 16]) -> Enter {
    Enter {
        patient: (*patient).into(),
        source: "care_team".into(),
        until_ms: None,
    }
}

fn position(cursor: &[u8]) -> (usize, usize) {
    let number = |bytes: &[u8]| {
        let bytes = bytes.try_into().unwrap_or([0; 8]);
        usize::try_from(u64::from_be_bytes(bytes)).unwrap_or(0)
    };
    match cursor.split_at_checked(8) {
        Some((filled, seen)) => (number(filled), number(seen)),
        None => (0, 0),
    }
}

/// What a new phone gets, in order: people, today, then the days around it.
fn items(world: &World, at_once: bool) -> Outcome<Vec<Item>> {
    let mut items = Vec::new();
    for person in &world.people {
        items.push(Item::Record(RecordRow {
            kind: RecordKind::Person.code(),
            id: (*person.bytes()).into(),
            patient: None,
            version: 1,
            body: Some(
                serde_json::json!({ "id": person, "name": "Nurse", "role": "nurse" }).to_string(),
            ),
        }));
    }
    let mut order: Vec<usize> = (0..world.visits.len()).collect();
    order.sort_by_key(|number| (number / VISITS_A_DAY).abs_diff(world.today / VISITS_A_DAY));
    let mut known = vec![false; world.patients.len()];
    for number in order {
        let seed = &world.visits[number];
        if !std::mem::replace(&mut known[seed.patient], true) {
            let id = world.patients[seed.patient].0;
            let body = world.patient(seed.patient);
            items.push(Item::Record(world.row(
                RecordKind::Patient,
                id,
                seed.patient,
                body,
            )));
        }
        let booking = world.booking(seed);
        items.push(Item::Record(world.row(
            RecordKind::Booking,
            seed.visit.0,
            seed.patient,
            &booking,
        )));
        let today = number.abs_diff(world.today) < VISITS_A_DAY && number >= world.today;
        items.push(Item::Document(Snapshot {
            document: seed.document().key().to_vec().into(),
            patient: (*world.patients[seed.patient].bytes()).into(),
            bytes: base(world, number)?.save().into(),
            priority: u8::from(!(today || at_once)),
        }));
    }
    Ok(items)
}

/// A visit as it was imported: the whole tree in one change.
pub(crate) fn base(world: &World, number: usize) -> Outcome<Document> {
    let seed = &world.visits[number];
    let actor = ActorId::new(DeviceTag([9; 8]), [1; 8]);
    let made = Document::create(seed.document(), &seed.tree, actor, Millis(START));
    Ok(made?.0)
}
