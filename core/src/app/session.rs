//! Opening, unlocking, enrolling and locking.

use std::path::Path;
use std::sync::Arc;

use super::error::AppError;
use super::inner::{Me, Opened};
use super::proof::sensor_error;
use super::{Homeround, lease};
use crate::access::Policy;
use crate::model::{ActorId, Anchor, DeviceId, Person, PersonId, RecordId, RecordKind, TenantId};
use crate::store::{AuditEntry, DatabaseKey, OpenError, Rows, Store, StoreConfig, WriteTx};
use crate::sync::{AccessToken, CallError, Transport, call};
use crate::vault::{
    Domain, HardwareError, Pin, Unlock, Vault, VaultError, resume_wipe, verify_signed,
};
use crate::wire::{self, EnrolRequest, EnrolResponse, SignedPolicy};

pub(super) const STORE_FILE: &str = "homeround.sqlite";
const ME: &str = "me";
const POLICY: &str = "policy";
pub(super) const EPOCH: &str = "epoch";
pub(super) const CURSOR: &str = "cursor";

/// What a person has to do before work can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// Nothing is here yet: choose a PIN with [`Homeround::create`].
    New,
    /// Unlock.
    Locked,
    /// Lent to a patient for a survey
    /// ([`lend_for_survey`](super::VisitHandle::lend_for_survey)): unlock when it is back.
    Lent,
    /// Unlocked, and the backend does not know this device yet: enrol.
    NotEnrolled,
    /// Ready.
    Ready,
}

impl Homeround {
    /// What a person has to do before work can go on.
    #[must_use]
    pub fn session(&self) -> SessionState {
        match self.inner.reads() {
            Ok(reads) if reads.me.is_some() => SessionState::Ready,
            Ok(_) => SessionState::NotEnrolled,
            Err(_) if self.inner.is_lent() => SessionState::Lent,
            Err(_) if self.inner.vault().is_some() => SessionState::Locked,
            Err(_) => SessionState::New,
        }
    }

    /// Makes the keys and the encrypted store of a new phone and leaves it
    /// unlocked.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `pin`, or when there is a store already.
    pub fn create(&self, pin: &str, biometric: bool) -> Result<(), AppError> {
        let pin = Pin::new(pin)?;
        let folder = &self.inner.config.folder;
        let hardware = Arc::clone(&self.inner.hardware);
        {
            let mut slot = self.inner.vault();
            if slot.is_some() {
                return Err(AppError::Refused {
                    field: "pin".into(),
                    limit: "a phone without a store".into(),
                });
            }
            let mut entropy = self.inner.entropy();
            let vault = Vault::create(hardware, folder, &pin, biometric, &mut **entropy);
            *slot = Some(vault.map_err(vault_error)?);
        }
        self.open_store()
    }

    /// Unlocks with the PIN or the biometric sensor; also a phone that is back from a patient
    /// whom it was lent to.
    ///
    /// # Errors
    /// [`AppError::WrongPin`] says how often one may still try;
    /// [`AppError::NotConfirmed`] when the person turned the sensor down;
    /// [`AppError::Refused`] on `unlock` when the sensor opens nothing (any
    /// more); [`AppError::Damaged`] and [`AppError::UpdateApp`] when the store
    /// does not open. Nothing is deleted on any of them.
    pub fn unlock(&self, who: &Unlock) -> Result<(), AppError> {
        let clock = self.inner.clocks.now();
        {
            let mut slot = self.inner.vault();
            let vault = slot.as_mut().ok_or(AppError::NotEnrolled)?;
            vault
                .unlock(who, clock)
                .map_err(|error| sensor_error(who, error))?;
        }
        self.inner.end_loan();
        if self.inner.is_open() {
            return Ok(());
        }
        let opened = self.open_store();
        if opened.is_err() {
            self.lock();
        }
        opened
    }

    /// Forgets the keys and closes the store. What is unsent stays, encrypted.
    pub fn lock(&self) {
        self.pin_audit();
        self.inner.uninstall();
        self.inner.end_loan();
        if let Some(vault) = self.inner.vault().as_mut() {
            vault.lock();
        }
    }

    /// Enrols this device for the person of the access token. Asking again
    /// changes nothing.
    ///
    /// # Errors
    /// [`AppError::Locked`]; [`AppError::Retry`] when the backend can't be
    /// reached; [`AppError::NotAllowed`] with the backend's code.
    pub async fn enrol(
        &self,
        transport: &impl Transport,
        token: &AccessToken,
    ) -> Result<Me, AppError> {
        self.inner.must_not_be_lent()?;
        let request = {
            let slot = self.inner.vault();
            let vault = slot.as_ref().ok_or(AppError::Locked)?;
            let session = vault.session().map_err(vault_error)?;
            let label = self.inner.config.device_label.clone();
            let public_key = session.public_key();
            let statement = wire::enrol_statement(&public_key, &label);
            EnrolRequest {
                public_key: public_key.into(),
                label,
                proof: session.sign(Domain::Enrol, &statement).into(),
            }
        };
        let answer: EnrolResponse = call(transport, token, wire::DEVICES, &request)
            .await
            .map_err(call_error)?;
        self.enrolled(&answer)
    }

    pub(super) fn enrolled(&self, answer: &EnrolResponse) -> Result<Me, AppError> {
        let me = Me {
            device: DeviceId::from_bytes(&answer.device[..])?,
            person: PersonId::from_bytes(&answer.person[..])?,
            name: answer.person_name.clone(),
            role: answer.role.parse()?,
            tenant: TenantId::from_bytes(&answer.tenant[..])?,
            server_key: answer.server_key.to_vec(),
            escrow_key: answer.escrow_key.to_vec(),
        };
        let policy = check_policy(&me, &answer.policy)?;
        let clock = self.inner.clocks.now();
        let anchor = Anchor {
            server_ms: crate::model::Millis(answer.server_ms),
            monotonic_ms: clock.monotonic_ms,
            boot_id: clock.boot_id,
        };
        {
            let opened = self.inner.opened()?;
            let opened = opened.as_ref().ok_or(AppError::Locked)?;
            if let Some(known) = &opened.me
                && (known.person != me.person || known.tenant != me.tenant)
            {
                // Another person's work is in this store.
                return Err(AppError::NotAllowed {
                    rule: "another_person".into(),
                    field: "token".into(),
                });
            }
            opened.store.write(|tx| -> Result<(), AppError> {
                put_json(tx, ME, &me)?;
                put_policy(tx, &answer.policy)?;
                // A phone that the backend forgot keeps the epoch that it knows: the next run
                // sees that it is another one and offers everything again.
                if tx.meta(EPOCH)?.is_none() {
                    tx.put_meta(EPOCH, Some(&answer.epoch.to_be_bytes()))?;
                }
                lease::renew(tx, anchor, policy.lease_ms)?;
                tx.audit(&AuditEntry {
                    at: clock.wall_ms,
                    person: Some(me.person),
                    action: "enrolled".into(),
                    subject: None,
                    detail: serde_json::Value::Null,
                })?;
                Ok(())
            })?;
        }
        self.lease_renewed()?;
        self.reopen()?;
        Ok(me)
    }

    pub(super) fn open_store(&self) -> Result<(), AppError> {
        let (key, tag) = {
            let slot = self.inner.vault();
            let vault = slot.as_ref().ok_or(AppError::Locked)?;
            let session = vault.session().map_err(vault_error)?;
            let key = DatabaseKey::from_bytes(session.database_key())?;
            (key, session.device_tag())
        };
        let path = self.inner.config.folder.join(STORE_FILE);
        let store = Store::open(StoreConfig { path, key }).map_err(|error| open_error(&error))?;
        let reader = store.reader()?;
        let me = read_me(&reader)?;
        let policy = stored_policy(&reader, me.as_ref())?;
        let anchor = lease::anchor(&reader)?;
        drop(reader);
        let actor = ActorId::new(tag, self.inner.random()?);
        let opened = Opened::new(Arc::new(store), me, actor, policy, anchor);
        self.inner.install(opened);
        self.inner.finish_files()?;
        self.look_for_put_back()?;
        self.look_at_lease_at_unlock()
    }

    /// As [`look_at_lease`](Self::look_at_lease), without a write of the store
    /// where that would add nothing: inside one start of the device the
    /// monotonic clock tells what was used since the last look, and the vault,
    /// which keeps its counter all the same, knows of no more.
    fn look_at_lease_at_unlock(&self) -> Result<(), AppError> {
        let clock = self.inner.clocks.now();
        let reads = self.inner.reads()?;
        let Some((lease, seen)) = lease::held(&*reads.store.reader()?)? else {
            return Ok(());
        };
        let boot_id = seen.map_or(lease.granted_at.boot_id, |seen| seen.boot_id);
        let used_ms = lease.see(clock, seen).used_ms;
        let told = {
            let slot = self.inner.vault();
            let vault = slot.as_ref().ok_or(AppError::Locked)?;
            let known_ms = vault.lease_used_ms().map_err(vault_error)?;
            let told = boot_id == clock.boot_id && known_ms <= used_ms;
            if told {
                vault.raise_lease_used_ms(used_ms).map_err(vault_error)?;
            }
            told
        };
        if told { Ok(()) } else { self.look_at_lease() }
    }

    /// Puts what enrolment or a page brought into memory.
    pub(super) fn reopen(&self) -> Result<(), AppError> {
        self.inner.refresh()
    }

    /// Notes how much of the offline lease is used, in the store and in the
    /// vault, whose counter no restored file lowers.
    pub(super) fn look_at_lease(&self) -> Result<(), AppError> {
        let clock = self.inner.clocks.now();
        let used_ms = match self.inner.vault().as_ref() {
            Some(vault) => vault.lease_used_ms().map_err(vault_error)?,
            None => 0,
        };
        let reads = self.inner.reads()?;
        let seen = reads.store.write(|tx| lease::look(tx, clock, used_ms))?;
        if let (Some(seen), Some(vault)) = (seen, self.inner.vault().as_ref()) {
            vault
                .raise_lease_used_ms(seen.used_ms)
                .map_err(vault_error)?;
        }
        Ok(())
    }

    /// The backend answered: what was used of the lease before counts no more.
    pub(super) fn lease_renewed(&self) -> Result<(), AppError> {
        match self.inner.vault().as_ref() {
            Some(vault) => vault.restart_lease().map_err(vault_error),
            None => Ok(()),
        }
    }
}

/// Finishes a wipe that was interrupted, then opens the vault if there is one.
pub(super) fn open_vault(
    hardware: &Arc<dyn crate::vault::KeyVault>,
    folder: &Path,
) -> Result<Option<Vault>, AppError> {
    resume_wipe(&**hardware, folder).map_err(vault_error)?;
    if !Vault::exists(folder) {
        return Ok(None);
    }
    Vault::open(Arc::clone(hardware), folder)
        .map(Some)
        .map_err(vault_error)
}

/// Checks who signed access rules, and their limits.
pub(super) fn check_policy(me: &Me, signed: &SignedPolicy) -> Result<Policy, AppError> {
    let refused = || AppError::Refused {
        field: "policy".into(),
        limit: "rules signed by the backend".into(),
    };
    let key: [u8; 32] = me.server_key.as_slice().try_into().map_err(|_| refused())?;
    let statement = wire::policy_statement(&signed.policy);
    if !verify_signed(&key, Domain::Policy, &statement, &signed.signature) {
        return Err(refused());
    }
    let policy: Policy = serde_json::from_str(&signed.policy).map_err(|_| refused())?;
    policy.check()?;
    Ok(policy)
}

pub(super) fn put_policy(tx: &WriteTx<'_>, signed: &SignedPolicy) -> Result<(), AppError> {
    let mut bytes = signed.signature.to_vec();
    bytes.extend_from_slice(signed.policy.as_bytes());
    tx.put_meta(POLICY, Some(&bytes)).map_err(AppError::from)
}

/// The rules in force, verified anew: what lies in the store is not trusted
/// for having been put there once.
pub(super) fn stored_policy(rows: &Rows, me: Option<&Me>) -> Result<Policy, AppError> {
    let stored = rows.meta(POLICY)?;
    let (Some(me), Some(bytes)) = (me, stored) else {
        return Ok(Policy::default());
    };
    let parsed = bytes
        .split_first_chunk::<64>()
        .and_then(|(signature, policy)| {
            Some(SignedPolicy {
                policy: String::from_utf8(policy.to_vec()).ok()?,
                signature: (*signature).into(),
            })
        });
    match parsed {
        Some(signed) => check_policy(me, &signed),
        None => Err(AppError::Failed { code: "policy" }),
    }
}

fn put_json(tx: &WriteTx<'_>, key: &str, value: &impl serde::Serialize) -> Result<(), AppError> {
    let bytes = serde_json::to_vec(value).map_err(|_| AppError::Failed { code: "encode" })?;
    tx.put_meta(key, Some(&bytes)).map_err(AppError::from)
}

/// Who was enrolled. What the office changed since then is in the directory: the person's
/// own row of it is the newer word on name and role.
pub(super) fn read_me(rows: &Rows) -> Result<Option<Me>, AppError> {
    let Some(mut me) = read_json::<Me>(rows, ME)? else {
        return Ok(None);
    };
    let row = rows.record(RecordKind::Person, RecordId(me.person.0))?;
    let row = row.and_then(|row| serde_json::from_str::<Person>(&row.body?).ok());
    if let Some(row) = row {
        me.name = row.name;
        me.role = row.role.unwrap_or(me.role);
    }
    Ok(Some(me))
}

fn read_json<T: serde::de::DeserializeOwned>(
    rows: &Rows,
    key: &str,
) -> Result<Option<T>, AppError> {
    let stored = rows.meta(key)?;
    match stored {
        None => Ok(None),
        Some(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| AppError::Failed { code: "meta" }),
    }
}

pub(super) fn vault_error(error: VaultError) -> AppError {
    let wait = |ms: i64| u64::try_from(ms).unwrap_or(0);
    match error {
        VaultError::Locked => AppError::Locked,
        VaultError::WrongPin { left, wait_ms } => AppError::WrongPin {
            attempts_left: u32::try_from(left).unwrap_or(u32::MAX),
            wait_ms: wait(wait_ms),
        },
        VaultError::Wait { wait_ms } => AppError::Retry {
            after_ms: wait(wait_ms),
        },
        VaultError::PinExhausted | VaultError::RolledBack => AppError::WrongPin {
            attempts_left: 0,
            wait_ms: 0,
        },
        VaultError::Unsent { unsent } => AppError::Unsent { count: unsent },
        VaultError::Refused(refused) => refused.into(),
        VaultError::Newer { version } => AppError::UpdateApp {
            found: u32::from(version),
            known: 1,
        },
        VaultError::Damaged => AppError::Damaged {
            set_aside: String::new(),
        },
        VaultError::NoBiometric => AppError::Refused {
            field: "unlock".into(),
            limit: "the PIN: biometric unlock is not set up".into(),
        },
        VaultError::Hardware(HardwareError::PresenceRefused) => AppError::NotConfirmed,
        VaultError::Hardware(_) => AppError::Failed { code: "hardware" },
        VaultError::Missing => AppError::NotEnrolled,
        VaultError::Exists => AppError::Failed {
            code: "keyfile_exists",
        },
        VaultError::Wiping => AppError::Failed { code: "wiping" },
        VaultError::AuditWentBack => AppError::Failed {
            code: "audit_went_back",
        },
        VaultError::Unsigned => AppError::Failed { code: "unsigned" },
        VaultError::EscrowDamaged => AppError::Failed {
            code: "escrow_damaged",
        },
        VaultError::NoEntropy => AppError::Failed { code: "no_entropy" },
        VaultError::File { .. } => AppError::Failed { code: "keyfile_io" },
    }
}

pub(super) fn open_error(error: &OpenError) -> AppError {
    match error {
        OpenError::NewerSchema { found, known } => AppError::UpdateApp {
            found: u32::try_from(*found).unwrap_or(u32::MAX),
            known: u32::try_from(*known).unwrap_or(u32::MAX),
        },
        OpenError::Full { needed_bytes } => AppError::StorageFull {
            needed_bytes: *needed_bytes,
        },
        OpenError::Busy => AppError::Retry { after_ms: 500 },
        OpenError::OutOfMemory => AppError::Retry { after_ms: 1_000 },
        OpenError::Damaged => AppError::Damaged {
            set_aside: String::new(),
        },
        OpenError::WrongKey => AppError::Failed {
            code: "store_wrong_key",
        },
        OpenError::Plaintext => AppError::Failed {
            code: "store_plaintext",
        },
        OpenError::Io(_) => AppError::Failed { code: "store_io" },
        _ => AppError::Failed {
            code: "store_build",
        },
    }
}

pub(super) fn call_error(error: CallError) -> AppError {
    match error {
        CallError::Lost(_) => AppError::Retry { after_ms: 5_000 },
        CallError::Refused { failure, .. } => match failure.retry_after_ms {
            Some(after_ms) => AppError::Retry { after_ms },
            None => AppError::NotAllowed {
                rule: failure.code,
                field: failure.field,
            },
        },
        CallError::Malformed(_) => AppError::Failed { code: "protocol" },
    }
}
