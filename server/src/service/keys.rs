//! The backend's own keys, one set per tenant.

use ed25519_dalek::{Signer as _, SigningKey};
use homeround::model::ActorId;
use homeround::vault::{Domain, device_tag, escrow_open, escrow_public};
use homeround::wire::{self, SignedPolicy};
use zeroize::Zeroizing;

use super::ServiceError;
use crate::store::Tenant;

/// The keys of one tenant's backend.
pub struct ServerKeys {
    signing: SigningKey,
    escrow: Zeroizing<[u8; 32]>,
}

impl ServerKeys {
    /// The keys of a tenant.
    #[must_use]
    pub fn of(tenant: &Tenant) -> Self {
        Self {
            signing: SigningKey::from_bytes(&tenant.signing_seed),
            escrow: tenant.escrow_seed.clone(),
        }
    }

    /// Ed25519 key that policies verify with; also the backend's device key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    pub(super) const fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// X25519 key that phones seal escrowed work to.
    #[must_use]
    pub fn escrow_public(&self) -> [u8; 32] {
        escrow_public(&self.escrow)
    }

    /// Opens what a phone sealed to [`escrow_public`](Self::escrow_public).
    ///
    /// # Errors
    /// [`ServiceError::EscrowDamaged`].
    pub fn open_escrow(&self, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, ServiceError> {
        escrow_open(&self.escrow, blob).map_err(|_| ServiceError::EscrowDamaged)
    }

    /// Signs access rules.
    #[must_use]
    pub fn sign_policy(&self, policy: &str) -> SignedPolicy {
        let statement = wire::policy_statement(policy);
        let bound = [Domain::Policy.tag().as_bytes(), &[0], &statement].concat();
        let signature = self.signing.sign(&bound);
        SignedPolicy {
            policy: policy.into(),
            signature: signature.to_bytes().into(),
        }
    }

    /// The backend as an author.
    #[must_use]
    pub fn actor(&self, opening: [u8; 8]) -> ActorId {
        ActorId::new(device_tag(&self.public()), opening)
    }
}
