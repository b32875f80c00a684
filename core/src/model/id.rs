//! Typed ids: UUIDv7, minted where the thing is created.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Millis, Refused};

/// Builds a UUIDv7 from an instant and 80 random bits.
#[must_use]
pub fn uuid_v7(at: Millis, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(at.0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Mints a fresh id from an instant and 80 random bits.
            #[must_use]
            pub fn mint(at: Millis, random: [u8; 10]) -> Self {
                Self(uuid_v7(at, random))
            }

            /// The sixteen bytes, as stored and sent.
            #[must_use]
            pub const fn bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads the sixteen bytes back.
            ///
            /// # Errors
            /// [`Refused`] when there are not exactly sixteen.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
                Uuid::from_slice(bytes)
                    .map(Self)
                    .map_err(|_| Refused::new($field, "a UUID of 16 bytes"))
            }
        }

        impl std::str::FromStr for $name {
            type Err = Refused;

            fn from_str(text: &str) -> Result<Self, Refused> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| Refused::new($field, "a UUID"))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

typed_id!(
    /// An organisation that runs a backend's tenant.
    TenantId, "tenant_id"
);
typed_id!(
    /// A patient.
    PatientId, "patient_id"
);
typed_id!(
    /// A member of staff or a relative with a login.
    PersonId, "person_id"
);
typed_id!(
    /// An enrolled phone, or the backend itself.
    DeviceId, "device_id"
);
typed_id!(
    /// A home visit; its booking and its document share it.
    VisitId, "visit_id"
);
typed_id!(
    /// A care plan.
    PlanId, "plan_id"
);
typed_id!(
    /// A care team.
    CareTeamId, "care_team_id"
);
typed_id!(
    /// An entry or an item inside a document: a task, an observation, a goal.
    EntryId, "entry_id"
);
typed_id!(
    /// A row that the backend owns.
    RecordId, "record_id"
);

/// SHA-256 of a change: its name everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeHash(pub [u8; 32]);

impl ChangeHash {
    /// Reads the thirty-two bytes back.
    ///
    /// # Errors
    /// [`Refused`] when there are not exactly thirty-two.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        <[u8; 32]>::try_from(bytes)
            .map(Self)
            .map_err(|_| Refused::new("change_hash", "32 bytes"))
    }
}

impl std::fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChangeHash({self})")
    }
}

impl Serialize for ChangeHash {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChangeHash {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl std::str::FromStr for ChangeHash {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let refused = || Refused::new("change_hash", "64 hexadecimal digits");
        if text.len() != 64 || !text.is_ascii() {
            return Err(refused());
        }
        let mut bytes = [0_u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| refused())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| refused())?;
        }
        Ok(Self(bytes))
    }
}

/// The first half of every actor id of one device: the first eight bytes of
/// the SHA-256 of its public key. The backend refuses to enrol a second device
/// with the same tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceTag(pub [u8; 8]);

/// Who made a change: the device's tag, then eight random bytes drawn each
/// time the store is opened, so that no two processes ever share an actor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub [u8; 16]);

impl ActorId {
    /// Joins a device's tag and the random half of this opening.
    #[must_use]
    pub fn new(tag: DeviceTag, opening: [u8; 8]) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&tag.0);
        bytes[8..].copy_from_slice(&opening);
        Self(bytes)
    }

    /// The device that this actor belongs to.
    #[must_use]
    pub fn device_tag(&self) -> DeviceTag {
        let mut tag = [0; 8];
        tag.copy_from_slice(&self.0[..8]);
        DeviceTag(tag)
    }

    /// Reads the sixteen bytes back.
    ///
    /// # Errors
    /// [`Refused`] when there are not exactly sixteen.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        <[u8; 16]>::try_from(bytes)
            .map(Self)
            .map_err(|_| Refused::new("actor_id", "16 bytes"))
    }
}

impl std::fmt::Debug for ActorId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ActorId(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
