//! A device of the team's own in the wrong hands: it replays, forges, equivocates and sends
//! poison, all with a good token.

use ed25519_dalek::{Signer as _, SigningKey};
use homeround::merge::{Document, Op, name_of, pack, writer_of};
use homeround::model::{ActorId, ChangeHash, DeviceTag, DocumentId, FieldPath};
use homeround::vault::{Domain, device_tag};
use homeround::wire::{
    self, EnrolRequest, EnrolResponse, Proof, PushRequest, PushResponse, Verdict,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::disk::Dice;

use super::world::World;

type Batch = Vec<(DocumentId, Vec<u8>)>;

struct Device {
    key: SigningKey,
    id: [u8; 16],
    token: String,
}

impl Device {
    fn tag(&self) -> DeviceTag {
        device_tag(&self.key.verifying_key().to_bytes())
    }

    fn sign(&self, domain: Domain, statement: &[u8]) -> [u8; 64] {
        let mut message = domain.tag().as_bytes().to_vec();
        message.push(0);
        message.extend_from_slice(statement);
        self.key.sign(&message).to_bytes()
    }

    /// A push as it should be signed, whatever is in it.
    fn push(&self, changes: &Batch) -> Option<Vec<u8>> {
        wire::seal_body(&self.request(changes)?).ok()
    }

    /// A change in a colleague's name, with a proof of its own making.
    fn in_a_name(&self, id: DocumentId, history: &[Vec<u8>]) -> Option<Vec<u8>> {
        let parts = history.iter().map(Vec::as_slice);
        let mut document = Document::load(id, None, parts).ok()?;
        // What it wrote earlier as itself is in the history too, and its own name it may use.
        let own = self.tag();
        let mut writers = history.iter().rev().filter_map(|bytes| writer_of(bytes));
        let actor = writers.find(|actor| actor.device_tag() != own)?;
        let edit = document.edit(actor, super::parts::START, &[says(id, "forged")]);
        let edit = edit.ok()?;
        let mut request = self.request(&vec![(id, edit.bytes)])?;
        request.proofs = Some(vec![Proof {
            document: id.key().to_vec().into(),
            hash: edit.hash.0.into(),
            code: [7; wire::PROOF_CODE_BYTES].into(),
        }]);
        wire::seal_body(&request).ok()
    }

    fn request(&self, changes: &Batch) -> Option<PushRequest> {
        let hashes: Vec<[u8; 32]> = changes.iter().map(|(_, bytes)| hash(bytes).0).collect();
        let parts: Vec<_> = changes
            .iter()
            .map(|(id, bytes)| (*id, &bytes[..]))
            .collect();
        let statement = wire::push_statement(&self.id, &hashes);
        Some(PushRequest {
            device: self.id.into(),
            changes: pack::pack(&parts).ok()?.into(),
            signature: self.sign(Domain::Push, &statement).into(),
            proofs: None,
            devices: None,
        })
    }
}

fn hash(bytes: &[u8]) -> ChangeHash {
    name_of(bytes).unwrap_or_else(|| {
        let named = bytes.get(8..).filter(|rest| !rest.is_empty());
        ChangeHash(Sha256::digest(named.unwrap_or(bytes)).into())
    })
}

impl World {
    /// One visit of the stranger.
    pub(super) fn be_byzantine(&mut self, seed: u64) {
        let mut dice = Dice::new(seed);
        let Some(device) = self.enrol_stranger() else {
            return;
        };
        let documents = self.documents();
        if documents.is_empty() {
            return;
        }
        for _ in 0..4 {
            let (id, _) = *dice.pick(&documents);
            let Some(history) = self.witnessed(id) else {
                continue;
            };
            let mut in_a_name = false;
            let body = match dice.below(5) {
                0 => self.overheard.clone(),
                1 => device.push(&vec![(id, poison(&history, &mut dice))]),
                2 => device.push(&forged(id, &history)),
                3 => {
                    in_a_name = true;
                    device.in_a_name(id, &history)
                }
                _ => equivocation(&device, id, &history).and_then(|both| device.push(&both)),
            };
            let Some(body) = body else { continue };
            let token = Some(device.token.as_str());
            let answer = self.server.call(wire::PUSH, token, body);
            self.look_for_server_death();
            let status = answer.as_ref().map_or(0, |answer| answer.status);
            if in_a_name && answer.is_some_and(|answer| takes_something(&answer.body)) {
                self.violated("the backend took a proof that it never made".into());
            }
            self.note(&format!("stranger pushes: {status}"));
            if status >= 500 && self.server.is_up() {
                self.violated(format!("the backend failed on a stranger's push: {status}"));
            }
        }
        // What it wrote as itself is allowed, and is nobody's claim.
        self.model.murky.extend(documents.iter().map(|(id, _)| *id));
    }

    fn witnessed(&self, id: DocumentId) -> Option<Vec<Vec<u8>>> {
        self.phones.last()?.app()?.history(id).ok()
    }

    /// Enrols the device, or finds it enrolled: the key is always the same.
    fn enrol_stranger(&mut self) -> Option<Device> {
        if !self.server.is_up() {
            return None;
        }
        let mut device = Device {
            key: SigningKey::from_bytes(&[66; 32]),
            id: [0; 16],
            token: self.server.token("nurse0", 600_000),
        };
        let public = device.key.verifying_key().to_bytes();
        let label = "Found".to_owned();
        let proof = device.sign(Domain::Enrol, &wire::enrol_statement(&public, &label));
        let request = EnrolRequest {
            public_key: public.into(),
            label,
            proof: proof.into(),
        };
        let body = wire::seal_body(&request).ok()?;
        let token = Some(device.token.as_str());
        let answer = self.server.call(wire::DEVICES, token, body);
        self.look_for_server_death();
        let answer: EnrolResponse = wire::open_body(&answer?.body).ok()?;
        device.id = *answer.device;
        Some(device)
    }
}

/// A change of somebody's with one byte wrong.
fn poison(history: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.pick(history).clone();
    let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap_or(0);
    bytes[at] ^= 1 << dice.below(8);
    bytes
}

/// Another device's changes as one's own.
fn forged(id: DocumentId, history: &[Vec<u8>]) -> Batch {
    let last = history.iter().rev().take(3);
    last.map(|bytes| (id, bytes.clone())).collect()
}

/// Two different changes under one number of one actor.
fn equivocation(device: &Device, id: DocumentId, history: &[Vec<u8>]) -> Option<Batch> {
    let actor = ActorId::new(device.tag(), [history.len() as u8; 8]);
    let parts = || history.iter().map(Vec::as_slice);
    let mut both = Batch::new();
    for says in ["one", "other"] {
        let mut document = Document::load(id, None, parts()).ok()?;
        let edit = document.edit(actor, super::parts::START, &[self::says(id, says)]);
        both.push((id, edit.ok()?.bytes));
    }
    Some(both)
}

fn says(id: DocumentId, what: &str) -> Op {
    let field = match id.kind {
        homeround::model::DocumentKind::Visit => "outcome",
        homeround::model::DocumentKind::Chart => "home_access/parking",
        homeround::model::DocumentKind::Plan => "title",
    };
    Op::Put {
        path: FieldPath(field.into()),
        value: json!(what),
    }
}

/// Whether an answer accepts a change.
fn takes_something(body: &[u8]) -> bool {
    let answer = wire::open_body::<PushResponse>(body);
    answer.is_ok_and(|answer| {
        let mut runs = answer.verdicts.iter();
        runs.any(|run| matches!(run.verdict, Verdict::Accepted { .. }))
    })
}
