//! What the small world holds, and how the rules are told of it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use homeround::access::{Denial, Lease, Policy, Seen};
use homeround::model::{
    Anchor, Clock, DocumentKind, FieldPath, Grant, GrantSource, Millis, PatientId, PersonId, Role,
    Stamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::reference::{Access, Ban, Leash, PLACES, Part, Place, Why};

/// What was asked and answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Things that happened.
    pub events: u64,
    /// Questions that the rules and the reference both answered.
    pub questions: u64,
    /// Edits that were let through.
    pub allowed: u64,
    /// Edits that were refused, rightly.
    pub refused: u64,
    /// Times that something was looked at and shown.
    pub shown: u64,
    /// Times that nothing was shown, rightly.
    pub hidden: u64,
    /// Changes that somebody was shown or made and should not have been.
    pub forbidden_visible: u64,
    /// What was refused or hidden and should not have been.
    pub withheld: u64,
}

impl Figures {
    /// Adds another history's.
    pub const fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.questions += other.questions;
        self.allowed += other.allowed;
        self.refused += other.refused;
        self.shown += other.shown;
        self.hidden += other.hidden;
        self.forbidden_visible += other.forbidden_visible;
        self.withheld += other.withheld;
    }
}

/// What came of one history.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What was counted.
    pub figures: Figures,
    /// Where the rules and the reference disagreed; empty: nowhere.
    pub found: Vec<String>,
    /// What happened, when it was asked for.
    pub story: Vec<String>,
}

/// Paths of [`PLACES`], as the rules take them.
static PATHS: LazyLock<BTreeMap<&str, FieldPath>> = LazyLock::new(|| {
    let path = |place: &Place| (place.path, FieldPath(place.path.into()));
    PLACES.iter().map(path).collect()
});

pub(super) fn path_of(place: &Place) -> &'static FieldPath {
    &PATHS[place.path]
}

pub(super) fn person(number: usize) -> PersonId {
    PersonId(Uuid::from_u128(0x100 + number as u128))
}

pub(super) fn patient(number: usize) -> PatientId {
    PatientId(Uuid::from_u128(0x200 + number as u128))
}

pub(super) fn granted(book: &[Access]) -> Vec<Grant> {
    let open = book.iter().filter(|access| !access.over);
    open.map(|access| Grant {
        person: person(access.who),
        patient: patient(access.whom),
        source: match access.why {
            Why::CareTeam => GrantSource::CareTeam,
            Why::Assignment => GrantSource::Assignment,
            Why::Emergency => GrantSource::BreakGlass,
        },
        from_ms: Millis(access.from),
        until_ms: access.until.map(Millis),
    })
    .collect()
}

/// What a tenant has set.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    pub(super) emergency_max: i64,
    pub(super) lease_ms: i64,
    pub(super) bans: Vec<Ban>,
}

impl Set {
    pub(super) fn policy(&self) -> Policy {
        let denial = |ban: &Ban| Denial {
            role: ban.0,
            kind: ban.1,
            pattern: format!("{}/**", ban.2),
        };
        Policy {
            version: 1,
            lease_ms: self.lease_ms,
            break_glass_max_ms: self.emergency_max,
            denials: self.bans.iter().map(denial).collect(),
            ..Policy::default()
        }
    }
}

/// An edit on its way to the backend.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) whom: usize,
    pub(super) kind: DocumentKind,
    pub(super) parts: Vec<Part>,
    pub(super) creates: bool,
    pub(super) knew_of_seal: bool,
}

/// What a phone was told at its last sync.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) role: Role,
    pub(super) set: Set,
    pub(super) book: Vec<Access>,
    pub(super) anchor: Anchor,
    /// Its copy: whose, what, and whether there is a signature.
    pub(super) held: Vec<(usize, Vec<&'static Place>, bool)>,
}

#[derive(Debug, Default)]
pub(super) struct Phone {
    pub(super) boot: u64,
    pub(super) uptime: i64,
    /// Wall clock minus the true time.
    pub(super) wrong_by: i64,
    pub(super) told: Option<Told>,
    pub(super) lease: Option<Lease>,
    pub(super) seen: Option<Seen>,
    /// An older copy of `seen`, that may be put back.
    pub(super) backup: Option<Seen>,
    /// The vault's counter, that no file puts back.
    pub(super) counted: i64,
    pub(super) leash: Option<Leash>,
    /// The lease's figures were put back: the rules may be stricter than the reference.
    pub(super) put_back: bool,
    pub(super) outbox: Vec<Edit>,
}

impl Phone {
    pub(super) const fn clock(&self, now: i64) -> Clock {
        Clock {
            wall_ms: Millis(now + self.wrong_by),
            monotonic_ms: self.uptime,
            boot_id: self.boot,
        }
    }

    /// The best known instant: the rules' and the reference's.
    pub(super) fn best(&self, now: i64) -> (Millis, i64) {
        let anchor = self.told.as_ref().map(|told| told.anchor);
        let clock = self.clock(now);
        let known = anchor.is_some_and(|anchor| anchor.boot_id == self.boot);
        let expected = if known { now } else { now + self.wrong_by };
        (Stamp { clock, anchor }.best(), expected)
    }
}
