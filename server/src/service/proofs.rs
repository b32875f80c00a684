//! Proofs that the backend had accepted a change and enrolled a device, for phones to keep.
//!
//! A backend that is put back to a backup has forgotten both; its key it has still. So what it
//! gave out itself shows what was lost, whoever brings it. A change's hash covers what it
//! builds on: a proof of the latest change of a document proves everything before it.

use std::collections::{BTreeMap, BTreeSet};

use hmac::{Hmac, KeyInit as _, Mac as _};
use homeround::merge::links_of;
use homeround::model::{ChangeHash, DeviceId, DocumentId, PersonId, TenantId};
use homeround::wire::{DEVICE_PROOFS_MAX, DeviceProof, PROOF_CODE_BYTES, PROOFS_MAX, Proof};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ServiceError;
use super::push::Offered;
use crate::store::{DeviceRow, Tenant};

type Code = [u8; PROOF_CODE_BYTES];

const KEY: &[u8] = b"homeround/proof-key/1";
const CHANGE: &[u8] = b"homeround/accepted/1";
const DEVICE: &[u8] = b"homeround/enrolled/1";

/// Makes and reads the proofs of one tenant.
pub(crate) struct Proofs {
    key: Zeroizing<[u8; 32]>,
    tenant: TenantId,
}

impl Proofs {
    pub(crate) fn of(tenant: &Tenant) -> Self {
        let drawn = keyed(&tenant.signing_seed, &[KEY]).finalize();
        Self {
            key: Zeroizing::new(drawn.into_bytes().into()),
            tenant: tenant.id,
        }
    }

    /// That this change was accepted.
    pub(crate) fn of_change(&self, document: DocumentId, hash: &ChangeHash) -> Proof {
        Proof {
            document: document.key().to_vec().into(),
            hash: hash.0.into(),
            code: code_of(self.change(&document.key(), &hash.0)).into(),
        }
    }

    /// That this device was enrolled for its person.
    pub(crate) fn of_device(&self, device: &DeviceRow) -> Code {
        let (id, person) = (device.id.bytes(), device.person.bytes());
        code_of(self.device(id, person, &device.public_key))
    }

    /// Which of these changes the proofs speak of: those that are named, and what they build
    /// on among them. A proof that is not ours proves nothing.
    pub(crate) fn proven(&self, offered: &[Offered], given: &[Proof]) -> Vec<bool> {
        let mut known: BTreeMap<DocumentId, BTreeSet<ChangeHash>> = BTreeMap::new();
        for proof in given {
            let made = self.change(&proof.document, &proof.hash);
            let Ok(document) = DocumentId::from_key(&proof.document) else {
                continue;
            };
            if made.verify_truncated_left(&proof.code[..]).is_ok() {
                let hash = ChangeHash(*proof.hash);
                known.entry(document).or_default().insert(hash);
            }
        }
        let mut proven = vec![false; offered.len()];
        // Each stands before what builds on it.
        for (change, proven) in offered.iter().zip(&mut proven).rev() {
            let Some(known) = known.get_mut(&change.document) else {
                continue;
            };
            // Under the name that the bytes have, whatever they say of themselves.
            if let (true, Some((hash, deps))) =
                (known.contains(&change.hash), links_of(&change.bytes))
                && hash == change.hash
            {
                *proven = true;
                known.extend(deps);
            }
        }
        proven
    }

    /// The devices that were enrolled here, by what a phone says of them.
    pub(crate) fn enrolled(&self, given: &[DeviceProof]) -> Vec<DeviceRow> {
        let ours = given.iter().filter(|it| {
            let made = self.device(&it.device, &it.person, &it.public_key);
            made.verify_truncated_left(&it.code[..]).is_ok()
        });
        let row = |it: &DeviceProof| DeviceRow {
            id: DeviceId(Uuid::from_bytes(*it.device)),
            person: PersonId(Uuid::from_bytes(*it.person)),
            public_key: *it.public_key,
            label: String::new(),
            enrolled_at: homeround::model::Millis(0),
            revoked_at: None,
        };
        ours.map(row).collect()
    }

    fn change(&self, document: &[u8], hash: &[u8; 32]) -> Hmac<Sha256> {
        keyed(&self.key, &[CHANGE, self.tenant.bytes(), document, hash])
    }

    fn device(&self, id: &[u8; 16], person: &[u8; 16], public_key: &[u8; 32]) -> Hmac<Sha256> {
        let parts = [DEVICE, self.tenant.bytes(), id, person, public_key];
        keyed(&self.key, &parts)
    }
}

/// More than a push may say.
pub(crate) fn check_limits(
    proofs: Option<&[Proof]>,
    devices: Option<&[DeviceProof]>,
) -> Result<(), ServiceError> {
    if proofs.is_some_and(|proofs| proofs.len() > PROOFS_MAX) {
        return Err(ServiceError::TooLarge { what: "proofs" });
    }
    if devices.is_some_and(|devices| devices.len() > DEVICE_PROOFS_MAX) {
        return Err(ServiceError::TooLarge { what: "devices" });
    }
    Ok(())
}

/// Over the parts, each after its length: no two lists of parts share bytes.
pub(super) fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC fills a key that is shorter than a block with zeros.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

fn code_of(mac: Hmac<Sha256>) -> Code {
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    let mut code = [0; PROOF_CODE_BYTES];
    code.copy_from_slice(&whole[..PROOF_CODE_BYTES]);
    code
}
