//! What a tenant may set: how long a phone works on its own, how long
//! break-glass lasts, what is denied beyond the table, and when presence counts
//! as verified. A policy only ever takes away; nothing in it can allow what the
//! table does not.

use serde::{Deserialize, Serialize};

use super::rules::denial_touches;
use crate::model::{DAY_MS, DocumentKind, FieldPath, HOUR_MS, PresencePolicy, Refused, Role};

/// The longest offline lease that a policy may ask for.
pub const LEASE_CEILING_MS: i64 = 30 * DAY_MS;
/// The longest break-glass that a policy may ask for.
pub const BREAK_GLASS_CEILING_MS: i64 = 24 * HOUR_MS;
/// The most extra denials of a policy.
pub const DENIALS_MAX: usize = 256;

const LEASE_DEFAULT_MS: i64 = 72 * HOUR_MS;
const BREAK_GLASS_DEFAULT_MS: i64 = 4 * HOUR_MS;

/// A tenant's access policy, signed by the backend and carried by phones.
/// Fields of later versions are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Grows with each change; the highest wins.
    pub version: u64,
    /// How long a phone that hears nothing may show what it holds.
    #[serde(default = "lease_default_ms")]
    pub lease_ms: i64,
    /// How long break-glass lasts at most; 0 forbids it.
    #[serde(default = "break_glass_default_ms")]
    pub break_glass_max_ms: i64,
    /// What is denied beyond the table.
    #[serde(default)]
    pub denials: Vec<Denial>,
    /// When a stamp of presence counts as verified.
    #[serde(default)]
    pub presence: PresencePolicy,
}

/// One extra denial of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// To whom.
    pub role: Role,
    /// In which documents.
    pub kind: DocumentKind,
    /// Where, as in `measures/weight_kg` or `forms/**`.
    pub pattern: String,
}

const fn lease_default_ms() -> i64 {
    LEASE_DEFAULT_MS
}

const fn break_glass_default_ms() -> i64 {
    BREAK_GLASS_DEFAULT_MS
}

impl Default for Policy {
    /// Version 0: what holds before a backend has said anything.
    fn default() -> Self {
        Self {
            version: 0,
            lease_ms: LEASE_DEFAULT_MS,
            break_glass_max_ms: BREAK_GLASS_DEFAULT_MS,
            denials: Vec::new(),
            presence: PresencePolicy::default(),
        }
    }
}

impl Policy {
    /// Checks the limits; a policy outside them is not to be taken over.
    ///
    /// # Errors
    /// [`Refused`] names the field.
    pub fn check(&self) -> Result<(), Refused> {
        if !(0..=LEASE_CEILING_MS).contains(&self.lease_ms) {
            return Err(Refused::new("lease_ms", "0..=30 days"));
        }
        if !(0..=BREAK_GLASS_CEILING_MS).contains(&self.break_glass_max_ms) {
            return Err(Refused::new("break_glass_max_ms", "0..=24 hours"));
        }
        if self.denials.len() > DENIALS_MAX {
            return Err(Refused::new("denials", "256 at most"));
        }
        self.presence.check()
    }

    pub(super) fn denies(&self, role: Role, kind: DocumentKind, path: &FieldPath) -> bool {
        self.denials.iter().any(|denial| {
            denial.role == role && denial.kind == kind && denial_touches(path, &denial.pattern)
        })
    }
}
