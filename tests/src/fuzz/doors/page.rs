//! Bodies of the sync protocol as both ends read them. The first byte says which
//! body; the rest is its CBOR, compressed here, so that mutants inflate.

use homeround::merge::Document;
use homeround::merge::pack::{self, PackLimits};
use homeround::wire::{
    self, Beacon, Body, BreakGlassRequest, DeviceProof, EnrolRequest, EnrolResponse, Enter,
    Failure, LateVerdict, Leave, Page, Proof, PullRequest, PushRequest, PushResponse, Receipt,
    ReceiptsRequest, RecordRow, SignedPolicy, Snapshot, Verdict, VerdictRun,
};

use super::super::dice::{Dice, havoc};
use super::change::{mutate_change, samples};
use super::{Door, Outcome};

/// As the phone bounds a page's changes.
const LIMITS: PackLimits = PackLimits {
    changes_max: 100_000,
    change_bytes_max: wire::CHANGE_BYTES_MAX,
    total_bytes_max: wire::PAGE_INFLATED_MAX,
};
/// The byte that says that what follows travels as it is, not compressed here.
const AS_IT_IS: u8 = 0x80;
const KINDS: u8 = 10;

pub(crate) struct Pages {
    documents: Vec<Document>,
}

impl Pages {
    pub(crate) fn new() -> Self {
        Self {
            documents: samples(),
        }
    }

    fn packed(&self) -> Vec<u8> {
        let all: Vec<_> = self
            .documents
            .iter()
            .flat_map(|it| it.changes().into_iter().map(|(_, bytes)| (it.id(), bytes)))
            .collect();
        let borrowed: Vec<_> = all
            .iter()
            .map(|(id, bytes)| (*id, bytes.as_slice()))
            .collect();
        pack::pack(&borrowed).unwrap_or_default()
    }

    fn page(&self) -> Page {
        let whole = |document: &Document| Snapshot {
            document: document.id().key().to_vec().into(),
            patient: [7; 16].into(),
            bytes: document.save().into(),
            priority: 1,
        };
        Page {
            epoch: 5,
            server_ms: 1_795_341_600_000,
            cursor: vec![3; 40].into(),
            more: true,
            policy: Some(SignedPolicy {
                policy: "{}".into(),
                signature: [1; 64].into(),
            }),
            enters: vec![Enter {
                patient: [7; 16].into(),
                source: "care_team".into(),
                until_ms: Some(5),
            }],
            leaves: vec![Leave {
                patient: [8; 16].into(),
                reason: "access_ended".into(),
            }],
            records: vec![RecordRow {
                kind: 1,
                id: [9; 16].into(),
                patient: None,
                version: 3,
                body: Some("{\"a\":1}".into()),
            }],
            snapshots: self.documents.iter().take(2).map(whole).collect(),
            changes: self.packed().into(),
            verdicts: vec![LateVerdict {
                hash: [4; 32].into(),
                verdict: Verdict::Duplicate,
            }],
            remaining: None,
            proofs: Some(vec![proof()]),
        }
    }

    fn push(&self) -> PushRequest {
        PushRequest {
            device: [7; 16].into(),
            changes: self.packed().into(),
            signature: [1; 64].into(),
            proofs: Some(vec![proof()]),
            devices: Some(vec![DeviceProof {
                device: [7; 16].into(),
                person: [2; 16].into(),
                public_key: [3; 32].into(),
                code: [5; 16].into(),
            }]),
        }
    }

    fn take_page(&self, sent: &[u8]) -> Outcome {
        let page: Page = match wire::open_body(sent) {
            Ok(page) => page,
            Err(error) => return Outcome::refused(format!("{error:.20}")),
        };
        let again = wire::encode(&page).ok();
        let same = again.and_then(|bytes| wire::decode::<Page>(&bytes).ok()) == Some(page.clone());
        if !same {
            return Outcome::judged("page", false);
        }
        for snapshot in page.snapshots.iter().take(8) {
            let known = self
                .documents
                .iter()
                .find(|it| it.id().key()[..] == snapshot.document[..]);
            if let Some(known) = known {
                drop(Document::arrived(known.id(), &snapshot.bytes));
            }
        }
        self.take_pack(&page.changes)
    }

    fn take_pack(&self, bytes: &[u8]) -> Outcome {
        let unpacked = match pack::unpack(bytes, &LIMITS) {
            Ok(unpacked) => unpacked,
            Err(error) => return Outcome::refused(format!("pack {error:?}")),
        };
        let mut taken = 0;
        let mut codes = std::collections::BTreeSet::new();
        for (id, change) in unpacked.iter().take(64) {
            let Some(known) = self.documents.iter().find(|it| it.id() == *id) else {
                continue;
            };
            match known.trial().inspect(change) {
                Ok(_) => taken += 1,
                Err(error) => drop(codes.insert(error.code())),
            }
        }
        let codes: Vec<_> = codes.into_iter().collect();
        Outcome::accepted(format!("{} {}", taken.min(3), codes.join(" ")))
    }
}

fn proof() -> Proof {
    Proof {
        document: vec![1; 17].into(),
        hash: [4; 32].into(),
        code: [5; 16].into(),
    }
}

fn plain<T: Body + PartialEq>(sent: &[u8]) -> Outcome {
    match wire::open_body::<T>(sent) {
        Err(error) => Outcome::refused(format!("{} {:.30}", T::NAME, error.to_string())),
        Ok(body) => {
            let again = wire::seal_body(&body).and_then(|sent| wire::open_body::<T>(&sent));
            Outcome::judged(T::NAME, again.is_ok_and(|again| again == body))
        }
    }
}

impl Door for Pages {
    fn seeds(&self) -> Vec<Vec<u8>> {
        let receipt = Receipt {
            id: [1; 16].into(),
            patient: [2; 16].into(),
            reason: "access_ended".into(),
            documents: 2,
            records: 3,
            at_ms: 5,
        };
        let (device, signature) = ([7; 16], [1; 64]);
        let verdict = Verdict::Rejected {
            code: "access_ended".into(),
            field: "outcome".into(),
        };
        let waiting = Verdict::Waiting {
            missing: vec![[3; 32].into()],
        };
        let runs = [verdict, waiting].map(|verdict| VerdictRun { count: 2, verdict });
        let bodies = [
            wire::encode(&self.page()),
            Ok(self.packed()),
            wire::encode(&EnrolRequest {
                public_key: [9; 32].into(),
                label: "Phone 12".into(),
                proof: signature.into(),
            }),
            wire::encode(&self.push()),
            wire::encode(&PushResponse {
                epoch: 1,
                server_ms: 2,
                verdicts: runs.into(),
            }),
            wire::encode(&PullRequest {
                device: device.into(),
                cursor: vec![1; 40].into(),
                bytes_max: 1_000_000,
                today_ms: 5,
            }),
            wire::encode(&ReceiptsRequest {
                device: device.into(),
                receipts: vec![receipt],
                signature: signature.into(),
            }),
            wire::encode(&Beacon {
                device: device.into(),
                oldest_unsent_ms: Some(4),
                pending: 2,
                quarantined: 0,
                version: "0.1.0".into(),
                last_error: Some("token_expired".into()),
            }),
            wire::encode(&BreakGlassRequest {
                device: device.into(),
                patient: [2; 16].into(),
                reason: "fall".into(),
            }),
            wire::encode(&Failure {
                code: "token_expired".into(),
                field: String::new(),
                remedy: "sign in".into(),
                retry_after_ms: Some(5),
            }),
        ];
        let numbered = (0_u8..).zip(bodies);
        let seeds =
            numbered.filter_map(|(kind, body)| Some([&[kind], body.ok()?.as_slice()].concat()));
        seeds.collect()
    }

    fn mutate(&self, dice: &mut Dice, input: &[u8], other: &[u8]) -> Vec<u8> {
        let (kind, bytes) = input.split_first().unwrap_or((&0, &[]));
        let other = other.get(1..).unwrap_or_default();
        let mut bytes = bytes.to_vec();
        let mut kind = *kind;
        if kind == 0 && kind & AS_IT_IS == 0 && dice.once_in(2) {
            // A page whose parts are altered and whose frame is whole.
            if let Ok(mut page) = wire::decode::<Page>(&bytes) {
                alter_page(dice, &mut page);
                return [&[0], wire::encode(&page).unwrap_or_default().as_slice()].concat();
            }
        }
        if dice.once_in(20) && kind & AS_IT_IS == 0 {
            kind |= AS_IT_IS;
            bytes = zstd::bulk::compress(&bytes, 3).unwrap_or_default();
        }
        if dice.once_in(500) {
            let fill = dice.byte();
            bytes.resize(bytes.len() + (1 << (10 + dice.below(15))), fill);
        }
        havoc(dice, &mut bytes, other);
        if dice.once_in(50) {
            kind = dice.byte() % KINDS;
        }
        [&[kind], bytes.as_slice()].concat()
    }

    fn knock(&mut self, input: &[u8]) -> Outcome {
        let (kind, bytes) = input.split_first().unwrap_or((&0, &[]));
        let sent = if kind & AS_IT_IS == 0 {
            zstd::bulk::compress(bytes, 1).unwrap_or_default()
        } else {
            bytes.to_vec()
        };
        match (kind & !AS_IT_IS) % KINDS {
            0 => self.take_page(&sent),
            1 => self.take_pack(bytes),
            2 => plain::<EnrolRequest>(&sent),
            3 => plain::<PushRequest>(&sent),
            4 => plain::<PushResponse>(&sent),
            5 => plain::<PullRequest>(&sent),
            6 => plain::<ReceiptsRequest>(&sent),
            7 => plain::<Beacon>(&sent),
            8 => plain::<BreakGlassRequest>(&sent),
            _ if sent.len() % 2 == 0 => plain::<EnrolResponse>(&sent),
            _ => plain::<Failure>(&sent),
        }
    }
}

fn alter_page(dice: &mut Dice, page: &mut Page) {
    match dice.below(4) {
        0 => {
            let mut bytes = page.changes.to_vec();
            havoc(dice, &mut bytes, &[]);
            page.changes = bytes.into();
        }
        1 => {
            let at = dice.below(page.snapshots.len());
            if let Some(snapshot) = page.snapshots.get_mut(at) {
                let mutant = super::super::chunk::mutate(dice, &snapshot.bytes, &[]);
                snapshot.bytes = mutant.unwrap_or_default().into();
            }
        }
        _ => {
            let mut unpacked = pack::unpack(&page.changes, &LIMITS).unwrap_or_default();
            let at = dice.below(unpacked.len());
            if let Some((_, change)) = unpacked.get_mut(at) {
                *change = mutate_change(dice, change, &[]);
            }
            let borrowed: Vec<_> = unpacked
                .iter()
                .map(|(id, it)| (*id, it.as_slice()))
                .collect();
            page.changes = pack::pack(&borrowed).unwrap_or_default().into();
        }
    }
}
