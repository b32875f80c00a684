//! Escrow: what a phone could not send, brought by somebody else. It is opened
//! with the tenant's key and judged as if the device's owner had pushed it.

use std::collections::BTreeMap;

use homeround::model::{DeviceId, Millis};
use homeround::wire::{self, PushRequest, Verdict, VerdictRun};
use serde::Serialize;

use super::admin::REVIEWERS;
use super::proofs::{Proofs, check_limits};
use super::records::{hex, put_device};
use super::{Backend, Caller, ServerKeys, ServiceError, audit};
use crate::store::DeviceRow;

/// What became of the changes of an escrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EscrowTaken {
    /// Stored now.
    pub accepted: u64,
    /// Were there already.
    pub duplicate: u64,
    /// Need changes that are not here; bring the escrow again once they are.
    pub waiting: u64,
    /// Kept for a reviewer, by code.
    pub rejected: BTreeMap<String, u64>,
    /// The verdicts themselves, for the figures.
    #[serde(skip)]
    pub verdicts: Vec<VerdictRun>,
}

impl EscrowTaken {
    fn add(&mut self, runs: Vec<VerdictRun>) {
        for run in &runs {
            let count = match &run.verdict {
                Verdict::Accepted { .. } => &mut self.accepted,
                Verdict::Duplicate => &mut self.duplicate,
                Verdict::Waiting { .. } => &mut self.waiting,
                Verdict::Rejected { code, .. } => self.rejected.entry(code.clone()).or_default(),
            };
            *count += u64::from(run.count);
        }
        self.verdicts.extend(runs);
    }
}

impl Backend {
    /// Opens an escrow and offers each of its pushes as the owner of the
    /// device that signed it. Again, it changes nothing.
    ///
    /// # Errors
    /// [`ServiceError::Role`]; [`ServiceError::EscrowDamaged`] when it can't
    /// be opened or holds something else: nothing was stored;
    /// [`ServiceError::EscrowUnknown`] when its device was never enrolled. Those of
    /// [`Backend::push`]: what came before the refused push is stored.
    pub async fn take_escrow(
        &self,
        caller: &Caller,
        blob: &[u8],
        now: Millis,
    ) -> Result<EscrowTaken, ServiceError> {
        caller.must_be(REVIEWERS)?;
        let mut tx = self.storage.write(caller.tenant).await?;
        let keys = ServerKeys::of(&tx.tenant().await?);
        let plain = keys.open_escrow(blob)?;
        let bodies = wire::pushes_of_escrow(&plain).map_err(|_| ServiceError::EscrowDamaged)?;
        // All of them are read once before anything is stored, and none is
        // kept inflated.
        let mut devices: BTreeMap<[u8; 16], u64> = BTreeMap::new();
        for body in &bodies {
            *devices.entry(*push_of(body)?.device).or_default() += 1;
        }
        for (device, pushes) in devices {
            let note = audit::Note::by(caller, "escrow_opened");
            let note = note.from(DeviceId(uuid::Uuid::from_bytes(device)));
            let detail = format!("{pushes} pushes, sha256 {}", hex(&digest(blob)));
            audit::note(tx.as_mut(), now, note.saying(detail)).await?;
        }
        tx.commit().await?;
        let mut taken = EscrowTaken::default();
        for body in bodies {
            let push = push_of(body)?;
            let owner = self.owner_of(caller, &push, now).await?;
            taken.add(self.push(&owner, &push, now).await?.verdicts);
        }
        Ok(taken)
    }

    /// Whose device it is, as who they are now.
    async fn owner_of(
        &self,
        caller: &Caller,
        push: &PushRequest,
        now: Millis,
    ) -> Result<Caller, ServiceError> {
        let mut reader = self.storage.read(caller.tenant).await?;
        let id = DeviceId(uuid::Uuid::from_bytes(*push.device));
        let device = match reader.device(id).await? {
            Some(device) => device,
            None => self.known_again(caller, push, now).await?,
        };
        let person = reader.person(device.person).await?;
        let role = person.and_then(|person| person.role);
        Ok(Caller {
            tenant: caller.tenant,
            person: device.person,
            role: role.ok_or(ServiceError::NotFound { what: "person" })?,
        })
    }

    /// A device that was enrolled since the backup that the backend was put back to: it was wiped,
    /// and can't be enrolled again. The push says what the backend once vouched for.
    async fn known_again(
        &self,
        caller: &Caller,
        push: &PushRequest,
        now: Millis,
    ) -> Result<DeviceRow, ServiceError> {
        let said = push.devices.as_deref();
        check_limits(None, said)?;
        let mut tx = self.storage.write(caller.tenant).await?;
        let proofs = Proofs::of(&tx.tenant().await?);
        let mut proven = proofs.enrolled(said.unwrap_or_default()).into_iter();
        let device = proven.find(|device| *device.id.bytes() == *push.device);
        let device = device.ok_or(ServiceError::EscrowUnknown)?;
        // Not wiped after all: it was enrolled again, and brings its work itself.
        if tx.device_by_key(&device.public_key).await?.is_some() {
            return Err(ServiceError::EscrowUnknown);
        }
        if tx.person(device.person).await?.is_none() {
            return Err(ServiceError::NotFound { what: "person" });
        }
        let device = DeviceRow {
            enrolled_at: now,
            ..device
        };
        put_device(tx.as_mut(), &device).await?;
        let note = audit::Note::by(caller, "device_known_again").from(device.id);
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        Ok(device)
    }
}

fn push_of(body: &[u8]) -> Result<PushRequest, ServiceError> {
    wire::open_body(body).map_err(|_| ServiceError::EscrowDamaged)
}

fn digest(blob: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(blob).into()
}
