//! Tenants and who signs in to them.

use homeround::access::Policy;
use homeround::model::{DeviceId, Millis, PersonId, Role, TenantId};
use zeroize::Zeroizing;

use super::records::{self, put_device, put_person};
use super::{Backend, Caller, ServerKeys, ServiceError, audit};
use crate::auth::{Claims, TokenError};
use crate::store::{DeviceRow, PersonRow, StorageError, Tenant};

/// Epochs stay exact in a JSON number.
const EPOCH_MASK: u64 = (1 << 53) - 1;

/// A tenant to create, with somebody who can let others in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTenant {
    /// As tokens name it.
    pub name: String,
    /// The first coordinator's login.
    pub coordinator: String,
}

impl Backend {
    /// Creates a tenant with its keys, its rules and its first coordinator.
    ///
    /// # Errors
    /// [`ServiceError::Exists`] when the name is taken.
    pub async fn create_tenant(
        &self,
        new: &NewTenant,
        now: Millis,
    ) -> Result<TenantId, ServiceError> {
        records::check_text("tenant", &new.name, 1)?;
        records::check_text("coordinator", &new.coordinator, 1)?;
        let policy = Policy {
            version: 1,
            ..Policy::default()
        };
        let tenant = Tenant {
            id: TenantId(self.uuid(now)?),
            name: new.name.clone(),
            epoch: self.fresh_epoch()?,
            head: 0,
            signing_seed: self.seed()?,
            escrow_seed: self.seed()?,
            device: DeviceId(self.uuid(now)?),
            person: PersonId(self.uuid(now)?),
            policy: serde_json::to_string(&policy).map_err(|_| ServiceError::Damaged)?,
        };
        self.storage.create_tenant(&tenant).await?;
        let mut tx = self.storage.write(tenant.id).await?;
        let backend = PersonRow {
            id: tenant.person,
            login: None,
            role: None,
            name: tenant.name.clone(),
        };
        put_person(tx.as_mut(), &backend).await?;
        let device = DeviceRow {
            id: tenant.device,
            person: tenant.person,
            public_key: ServerKeys::of(&tenant).public(),
            label: "backend".into(),
            enrolled_at: now,
            revoked_at: None,
        };
        put_device(tx.as_mut(), &device).await?;
        let coordinator = PersonRow {
            id: PersonId(self.uuid(now)?),
            login: Some(new.coordinator.clone()),
            role: Some(Role::Coordinator),
            name: new.coordinator.clone(),
        };
        put_person(tx.as_mut(), &coordinator).await?;
        audit::note(tx.as_mut(), now, audit::Note::by_backend("tenant_created")).await?;
        tx.commit().await?;
        Ok(tenant.id)
    }

    /// Gives a tenant a new epoch: every phone starts its pages over and
    /// offers everything again. For after a restore.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn renew_epoch(&self, tenant: TenantId, now: Millis) -> Result<u64, ServiceError> {
        let epoch = self.fresh_epoch()?;
        let mut tx = self.storage.write(tenant).await?;
        tx.set_epoch(epoch).await?;
        audit::note(tx.as_mut(), now, audit::Note::by_backend("epoch_renewed")).await?;
        tx.commit().await?;
        Ok(epoch)
    }

    /// Finds the person of a verified token.
    ///
    /// # Errors
    /// [`TokenError::TenantUnknown`] and [`TokenError::PersonUnknown`] inside
    /// `Ok`; a storage failure outside.
    pub async fn caller(
        &self,
        claims: &Claims,
    ) -> Result<Result<Caller, TokenError>, ServiceError> {
        let Some(tenant) = self.tenant_named(&claims.tenant).await? else {
            return Ok(Err(TokenError::TenantUnknown));
        };
        let mut reader = self.storage.read(tenant).await?;
        let person = reader.person_by_login(&claims.login).await?;
        Ok(match person {
            Some(PersonRow {
                id,
                role: Some(role),
                ..
            }) => Ok(Caller {
                tenant,
                person: id,
                role,
            }),
            _ => Err(TokenError::PersonUnknown),
        })
    }

    /// A tenant by name or id.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn tenant_named(&self, name: &str) -> Result<Option<TenantId>, StorageError> {
        let tenants = self.storage.tenants().await?;
        let found = tenants
            .iter()
            .find(|tenant| tenant.name == name || tenant.id.to_string() == name);
        Ok(found.map(|tenant| tenant.id))
    }

    fn fresh_epoch(&self) -> Result<u64, ServiceError> {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes)?;
        Ok((u64::from_be_bytes(bytes) & EPOCH_MASK).max(1))
    }

    fn seed(&self) -> Result<Zeroizing<[u8; 32]>, ServiceError> {
        let mut seed = Zeroizing::new([0; 32]);
        self.entropy.fill(&mut *seed)?;
        Ok(seed)
    }
}
