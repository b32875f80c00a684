//! A device without a phone around it: its key is at hand, and it sends
//! whatever a scenario wants.

use ed25519_dalek::{Signer as _, SigningKey};
use homeround::merge::{Document, name_of, pack};
use homeround::model::{ActorId, ChangeHash, DeviceId, DocumentId};
use homeround::vault::{Domain, device_tag};
use homeround::wire::{
    self, Body, EnrolRequest, EnrolResponse, Page, PullRequest, PushRequest, PushResponse, Verdict,
};
use sha2::{Digest as _, Sha256};

use super::raw::{self, Answer};
use super::{Backend, START};

/// A device of some login.
pub struct Device {
    key: SigningKey,
    /// What it calls itself in requests.
    pub id: DeviceId,
    token: String,
    address: std::net::SocketAddr,
}

/// A call that was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
}

impl Device {
    /// Enrols a device of this login with a key made from `seed`.
    #[must_use]
    pub fn enrol(backend: &Backend, login: &str, seed: u8) -> Self {
        let mut device = Self::stranger(backend, login, seed);
        let answer: EnrolResponse = device.call(wire::DEVICES, &device.enrolment()).unwrap();
        device.id = DeviceId::from_bytes(&answer.device[..]).unwrap();
        device
    }

    /// A device that was never enrolled, with a good token.
    #[must_use]
    pub fn stranger(backend: &Backend, login: &str, seed: u8) -> Self {
        Self {
            key: SigningKey::from_bytes(&[seed; 32]),
            id: DeviceId(uuid::Uuid::from_bytes([seed; 16])),
            token: backend.token(login),
            address: backend.address(),
        }
    }

    /// A device of this login at another tenant, enrolled there.
    #[must_use]
    pub fn elsewhere(backend: &Backend, tenant: &str, login: &str, seed: u8) -> Self {
        let mut device = Self::stranger(backend, login, seed);
        device.token = backend.token_for(tenant, login, 8 * 3_600_000);
        let answer: EnrolResponse = device.call(wire::DEVICES, &device.enrolment()).unwrap();
        device.id = DeviceId::from_bytes(&answer.device[..]).unwrap();
        device
    }

    /// The same device at a backend that was started again.
    #[must_use]
    pub fn at(mut self, backend: &Backend) -> Self {
        self.address = backend.address();
        self
    }

    /// What it enrols with.
    #[must_use]
    pub fn enrolment(&self) -> EnrolRequest {
        let public = self.key.verifying_key().to_bytes();
        let label = "Forger's".to_owned();
        let proof = self.sign(Domain::Enrol, &wire::enrol_statement(&public, &label));
        EnrolRequest {
            public_key: public.into(),
            label,
            proof: proof.into(),
        }
    }

    /// Its access token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A fresh token of this login.
    pub fn sign_in(&mut self, backend: &Backend, login: &str) {
        self.token = backend.token(login);
    }

    /// An actor of this device.
    #[must_use]
    pub fn actor(&self, opening: u8) -> ActorId {
        let tag = device_tag(&self.key.verifying_key().to_bytes());
        ActorId::new(tag, [opening; 8])
    }

    /// Signs as a device does.
    #[must_use]
    pub fn sign(&self, domain: Domain, statement: &[u8]) -> [u8; 64] {
        let mut message = domain.tag().as_bytes().to_vec();
        message.push(0);
        message.extend_from_slice(statement);
        self.key.sign(&message).to_bytes()
    }

    /// Sends bytes to one of the phone's calls, with good headers.
    #[must_use]
    pub fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.post_with(path, &[], body)
    }

    /// As [`post`](Self::post), with more headers.
    #[must_use]
    pub fn post_with(&self, path: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let protocol = wire::PROTOCOL.to_string();
        let mut headers = vec![
            ("authorization", bearer.as_str()),
            (wire::PROTOCOL_HEADER, protocol.as_str()),
            ("content-type", wire::MEDIA_TYPE),
        ];
        headers.extend_from_slice(more);
        raw::send(self.address, "POST", path, &headers, body)
    }

    /// Calls and reads the answer.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn call<Q: Body, A: Body>(&self, path: &str, question: &Q) -> Result<A, Refusal> {
        let answer = self.post(path, &wire::seal_body(question).unwrap());
        if answer.status == 200 {
            return Ok(wire::open_body(&answer.body).unwrap());
        }
        Err(Refusal {
            status: answer.status,
            code: answer.code(),
        })
    }

    /// A push of these changes, signed as it should be.
    #[must_use]
    pub fn batch(&self, changes: &[(DocumentId, &[u8])]) -> PushRequest {
        let hashes: Vec<[u8; 32]> = changes.iter().map(|(_, bytes)| hash(bytes).0).collect();
        let statement = wire::push_statement(self.id.bytes(), &hashes);
        PushRequest {
            device: (*self.id.bytes()).into(),
            changes: pack::pack(changes).unwrap().into(),
            signature: self.sign(Domain::Push, &statement).into(),
            proofs: None,
            devices: None,
        }
    }

    /// Pushes changes; answers a verdict for each.
    ///
    /// # Errors
    /// [`Refusal`] of the whole batch.
    pub fn push(&self, changes: &[(DocumentId, &[u8])]) -> Result<Vec<Verdict>, Refusal> {
        let answer: PushResponse = self.call(wire::PUSH, &self.batch(changes))?;
        let runs = answer.verdicts.into_iter();
        let each = runs.flat_map(|run| std::iter::repeat_n(run.verdict, run.count as usize));
        Ok(each.collect())
    }

    /// Pushes one change and expects it to be rejected; answers the code.
    #[must_use]
    pub fn push_bad(&self, document: DocumentId, bytes: &[u8]) -> String {
        match self.push(&[(document, bytes)]).unwrap().as_slice() {
            [Verdict::Rejected { code, .. }] => code.clone(),
            other => panic!("not rejected: {other:?}"),
        }
    }

    /// The pages from the start.
    #[must_use]
    pub fn pages(&self) -> Vec<Page> {
        self.pages_after(Vec::new())
    }

    /// The pages after a cursor.
    #[must_use]
    pub fn pages_after(&self, mut cursor: Vec<u8>) -> Vec<Page> {
        let mut pages: Vec<Page> = Vec::new();
        loop {
            let request = PullRequest {
                device: (*self.id.bytes()).into(),
                cursor: cursor.into(),
                bytes_max: wire::PAGE_BYTES_DEFAULT,
                today_ms: START.0,
            };
            let page: Page = self.call(wire::PULL, &request).unwrap();
            let more = page.more;
            cursor = page.cursor.to_vec();
            pages.push(page);
            if !more {
                return pages;
            }
        }
    }

    /// A document as this device is given it.
    #[must_use]
    pub fn document(&self, id: DocumentId) -> Document {
        let pages = self.pages();
        let mut snapshots = pages.iter().flat_map(|page| &page.snapshots);
        let found = snapshots.find(|snapshot| snapshot.document[..] == id.key()[..]);
        let bytes = &found.expect("the document is in the pages").bytes;
        Document::load(id, Some(&bytes[..]), std::iter::empty()).unwrap()
    }
}

/// The name of a change; what is no change is named as the backend names it.
fn hash(bytes: &[u8]) -> ChangeHash {
    name_of(bytes).unwrap_or_else(|| {
        let named = bytes.get(8..).filter(|rest| !rest.is_empty());
        ChangeHash(Sha256::digest(named.unwrap_or(bytes)).into())
    })
}
