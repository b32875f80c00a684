//! The backend's own keys, one set per tenant.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use homeround::model::ActorId;
use homeround::wire::{self, SignedPolicy};

use super::device_tag;
use crate::store::Tenant;

/// The keys of one tenant's backend.
pub struct ServerKeys {
    signing: SigningKey,
    escrow: SigningKey,
}

impl ServerKeys {
    /// The keys of a tenant.
    #[must_use]
    pub fn of(tenant: &Tenant) -> Self {
        Self {
            signing: SigningKey::from_bytes(&tenant.signing_seed),
            escrow: SigningKey::from_bytes(&tenant.escrow_seed),
        }
    }

    /// Ed25519 key that policies verify with; also the backend's device key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    /// X25519 key that phones seal escrowed work to.
    #[must_use]
    pub fn escrow_public(&self) -> [u8; 32] {
        self.escrow.verifying_key().to_montgomery().to_bytes()
    }

    /// Signs access rules.
    #[must_use]
    pub fn sign_policy(&self, policy: &str) -> SignedPolicy {
        let signature = self.signing.sign(&wire::policy_statement(policy));
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

/// Whether a device signed these bytes. Strict: neither weak keys nor
/// signatures in a second form are taken.
pub(super) fn verifies(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(public_key).is_ok_and(|key| {
        key.verify_strict(message, &Signature::from_bytes(signature))
            .is_ok()
    })
}
