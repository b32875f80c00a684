//! Why the backend did not do something, as what the caller does next.

use homeround::access::Denied;
use homeround::model::Refused;
use homeround::wire::WireError;

use crate::store::StorageError;

/// Why a call failed. Texts carry no patient data.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The body is not what it should be; don't send it again.
    #[error("{what} is malformed")]
    Malformed {
        /// Which part.
        what: &'static str,
    },
    /// The body is larger than allowed; send less at once.
    #[error("{what} is larger than its limit")]
    TooLarge {
        /// Which part.
        what: &'static str,
    },
    /// The other end speaks another protocol.
    #[error("another protocol")]
    Protocol,
    /// No such device here: enrol.
    #[error("the device is unknown")]
    DeviceUnknown,
    /// The device was revoked.
    #[error("the device is revoked")]
    DeviceRevoked,
    /// The device is somebody else's: sign in as its owner.
    #[error("the device belongs to somebody else")]
    DeviceNotYours,
    /// Another device has the same tag: make a new key.
    #[error("the device's key cannot be used")]
    DeviceTag,
    /// The person has too many devices: have one revoked.
    #[error("too many devices")]
    DeviceLimit,
    /// The signature does not verify.
    #[error("the signature is invalid")]
    Signature,
    /// The escrow can't be opened: altered, cut, or another organisation's.
    #[error("the escrow can't be opened")]
    EscrowDamaged,
    /// The escrow is of a phone that nobody enrolled here, and that proves nothing.
    #[error("the escrow is of a phone that is not known here")]
    EscrowUnknown,
    /// The caller's role may not do this.
    #[error("the role may not do this")]
    Role,
    /// The access rules say no.
    #[error("not allowed: {}", .0.rule)]
    Denied(Denied),
    /// A field is outside its limits.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no such thing in this tenant.
    #[error("no such {what}")]
    NotFound {
        /// What.
        what: &'static str,
    },
    /// It is there already.
    #[error("{what} exists already")]
    Exists {
        /// What.
        what: &'static str,
    },
    /// The storage failed or is busy.
    #[error(transparent)]
    Storage(StorageError),
    /// Something stored cannot be read back.
    #[error("something stored cannot be read")]
    Damaged,
    /// The system has no randomness.
    #[error("no randomness")]
    Entropy,
}

impl ServiceError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::TooLarge { .. } => "too_large",
            Self::Protocol => "protocol",
            Self::DeviceUnknown => "device_unknown",
            Self::DeviceRevoked => "device_revoked",
            Self::DeviceNotYours => "device_not_yours",
            Self::DeviceTag => "device_tag_taken",
            Self::DeviceLimit => "device_limit",
            Self::Signature => "signature_invalid",
            Self::EscrowDamaged => "escrow_damaged",
            Self::EscrowUnknown => "escrow_device_unknown",
            Self::Role => "role_missing",
            Self::Denied(denied) => denied.rule,
            Self::Refused(_) => "refused",
            Self::NotFound { .. } => "not_found",
            Self::Exists { .. } => "exists",
            Self::Storage(StorageError::Busy) => "busy",
            Self::Storage(StorageError::Full) => "storage_full",
            Self::Storage(_) | Self::Damaged | Self::Entropy => "internal",
        }
    }

    /// The field that it is about, if it is about one.
    #[must_use]
    pub fn field(&self) -> &str {
        match self {
            Self::Malformed { what }
            | Self::TooLarge { what }
            | Self::NotFound { what }
            | Self::Exists { what } => what,
            Self::Denied(denied) => &denied.field,
            Self::Refused(refused) => refused.field,
            _ => "",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => {
                "compare the body with the protocol; sending it again cannot help"
            }
            Self::TooLarge { .. } => "send less at once",
            Self::Protocol => {
                "update the app or the backend: they speak different protocol versions"
            }
            Self::DeviceUnknown => "enrol this device",
            Self::DeviceRevoked => "ask a coordinator; the device was revoked",
            Self::DeviceNotYours => "sign in as the person who enrolled this device",
            Self::DeviceTag => "make a new device key and enrol again",
            Self::DeviceLimit => "have a coordinator revoke a device that is no longer used",
            Self::Signature => "sign with the enrolled device's key, or enrol again",
            Self::EscrowDamaged => {
                "bring the file exactly as the phone made it, to the organisation that it works for"
            }
            Self::EscrowUnknown => {
                "keep the file; if the phone that made it is in use, sync it: it sends its work itself"
            }
            Self::Role => "ask somebody whose role may do this",
            Self::Denied(_) => "the access rules do not allow it",
            Self::Refused(refused) => refused.limit,
            Self::NotFound { .. } => "check the id; it is not in this tenant",
            Self::Exists { .. } => "use what is there, or another id",
            Self::Storage(StorageError::Busy | StorageError::Full) => "try again later",
            Self::Storage(_) | Self::Damaged | Self::Entropy => {
                "tell the operator; the backend's log says more"
            }
        }
    }
}

impl From<StorageError> for ServiceError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Exists { what } => Self::Exists { what },
            StorageError::NoTenant => Self::NotFound { what: "tenant" },
            other => Self::Storage(other),
        }
    }
}

impl From<Denied> for ServiceError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<WireError> for ServiceError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::TooLarge { what, .. } => Self::TooLarge { what },
            WireError::Malformed { what } => Self::Malformed { what },
            WireError::Protocol { .. } => Self::Protocol,
        }
    }
}
