//! Who may see and change what.
//!
//! The same code runs on the phone before an edit and on the backend after it.
//! Three questions are asked in this order, and the first "no" is the answer:
//!
//! 1. **Scope.** Nurses, therapists and aides need a [`Grant`] to the patient
//!    that is valid at `now`: care team, assignment or break-glass.
//!    Coordinators, supervisors and auditors act within their whole tenant;
//!    the caller vouches that actor and patient belong to the same tenant (the
//!    backend keys every row by tenant, a phone's store holds one tenant only).
//! 2. **Field.** Every changed path must be allowed by a row of [`TABLE`] and
//!    by no denial of the [`Policy`]. What no row allows is denied. An appended
//!    entry must be by the actor; an entry about something else (a correction,
//!    a review, a settlement) needs the right to change that something.
//! 3. **Seal.** On a signed visit an author who knew of the signature may only
//!    amend, sign again or add what is beside the seal; see [`Subject::seal_known`].
//!
//! This room depends on `model` alone.

mod break_glass;
mod lease;
mod policy;
mod rules;
#[cfg(test)]
mod tests;

pub use break_glass::{BREAK_GLASS_ROLES, BreakGlass, BreakGlassAudit, BreakGlassRequest};
pub use break_glass::{REASON_CHARS_MAX, REASON_CHARS_MIN, break_glass};
pub use lease::{Lease, LeaseState, Seen};
pub use policy::{BREAK_GLASS_CEILING_MS, DENIALS_MAX, Denial, LEASE_CEILING_MS, Policy};
pub use rules::{Right, Row, TABLE, Values};

use serde_json::Value;

use crate::model::{DocumentKind, FieldPath, Grant, GrantSource, Millis, PatientId};
use crate::model::{PersonId, Role, VisitStatus};

/// The codes of [`Denied`]. They are stable: shells and the wire carry them.
pub mod code {
    /// No grant to this patient is valid now.
    pub const NO_GRANT: &str = "no_grant";
    /// No row of the table lets this role change the field.
    pub const NOT_PERMITTED: &str = "not_permitted";
    /// A row lets this role change the field, but not to this value.
    pub const VALUE: &str = "value_not_permitted";
    /// The tenant's policy denies what the table allows.
    pub const POLICY: &str = "policy";
    /// The entry names somebody else as its author, or nobody.
    pub const AUTHOR_MISMATCH: &str = "author_mismatch";
    /// The signature names another role than the signer's.
    pub const ROLE_MISMATCH: &str = "role_mismatch";
    /// The entry is about a field or a section that this role may not change.
    pub const SUBJECT_NOT_PERMITTED: &str = "subject_not_permitted";
    /// The visit is signed; offer an amendment.
    pub const SEALED: &str = "sealed";
    /// The policy or the role rules out break-glass.
    pub const BREAK_GLASS_FORBIDDEN: &str = "break_glass_forbidden";
    /// The reason for break-glass is missing, too short or too long.
    pub const BREAK_GLASS_REASON: &str = "break_glass_reason";
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The person, as enrolled.
    pub person: PersonId,
    /// Their role in the tenant.
    pub role: Role,
}

/// What is acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Which kind of document.
    pub kind: DocumentKind,
    /// Whose.
    pub patient: PatientId,
    /// The visit carries a signature; meaningless for charts and plans.
    pub sealed: bool,
    /// The author of the change had the signature before them: always so on
    /// the phone that edits; on the backend, a signature is among the change's
    /// ancestors. An edit made without that knowledge is judged as if the visit
    /// were open: it is kept, and awaits the signer as an amendment.
    pub seal_known: bool,
}

/// One thing that a change does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change<'a> {
    /// Where.
    pub path: &'a FieldPath,
    /// `by` inside an appended entry.
    pub by: Option<PersonId>,
    /// The value written, where it is known. Rules that look at values deny
    /// when it is not.
    pub value: Option<&'a Value>,
    /// Part of the change that creates the whole document.
    pub creates: bool,
}

/// Not allowed. The text carries the code alone: a path may lead to a patient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not allowed: {rule}")]
pub struct Denied {
    /// One of [`code`], stable.
    pub rule: &'static str,
    /// The path that was denied; empty when it was not about a field.
    pub field: String,
}

impl Denied {
    pub(crate) fn new(rule: &'static str, field: &str) -> Self {
        Self {
            rule,
            field: field.into(),
        }
    }
}

/// Whether the actor may read what belongs to the patient.
///
/// `now` is the best known instant ([`crate::model::Stamp::best`]).
///
/// # Errors
/// [`Denied`] with [`code::NO_GRANT`].
pub fn may_read(
    actor: &Actor,
    patient: PatientId,
    grants: &[Grant],
    now: Millis,
) -> Result<(), Denied> {
    in_scope(actor, patient, grants, now, BREAK_GLASS_CEILING_MS)
}

/// Whether a role is shown a field of a document that its holder may read:
/// coordinators plan visits and are not shown what is clinical.
#[must_use]
pub fn may_see(role: Role, kind: DocumentKind, path: &FieldPath) -> bool {
    TABLE
        .iter()
        .any(|row| row.right == Right::See && row.covers(role, kind, path))
}

/// Whether the actor may make all of these changes; none of them is made when
/// one is denied.
///
/// # Errors
/// The first [`Denied`]: scope, then field by field, then the seal.
pub fn may_change(
    policy: &Policy,
    actor: &Actor,
    subject: &Subject,
    grants: &[Grant],
    now: Millis,
    changes: &[Change<'_>],
) -> Result<(), Denied> {
    let break_glass_max_ms = policy.break_glass_max_ms.min(BREAK_GLASS_CEILING_MS);
    in_scope(actor, subject.patient, grants, now, break_glass_max_ms)?;
    for change in changes {
        rules::judge(TABLE, policy, actor, subject.kind, change, changes)?;
    }
    if subject.kind == DocumentKind::Visit && subject.sealed && subject.seal_known {
        respects_seal(changes)?;
    }
    Ok(())
}

/// Whether a role acts within its whole tenant, without a grant.
#[must_use]
pub const fn is_tenant_wide(role: Role) -> bool {
    match role {
        Role::Coordinator | Role::Supervisor | Role::Auditor => true,
        Role::Nurse | Role::Therapist | Role::Aide => false,
    }
}

fn in_scope(
    actor: &Actor,
    patient: PatientId,
    grants: &[Grant],
    now: Millis,
    break_glass_max_ms: i64,
) -> Result<(), Denied> {
    let granted = grants.iter().any(|grant| {
        grant.person == actor.person
            && grant.patient == patient
            && is_valid(grant, now, break_glass_max_ms)
    });
    if granted || is_tenant_wide(actor.role) {
        Ok(())
    } else {
        Err(Denied::new(code::NO_GRANT, ""))
    }
}

/// A grant holds from its first instant up to, and not at, its last one.
/// Break-glass without an end, or longer than allowed, is no grant at all.
fn is_valid(grant: &Grant, now: Millis, break_glass_max_ms: i64) -> bool {
    let begun = grant.from_ms <= now;
    let ended = grant.until_ms.is_some_and(|until| until <= now);
    let bounded = match (grant.source, grant.until_ms) {
        (GrantSource::BreakGlass, Some(until)) => {
            until.0.saturating_sub(grant.from_ms.0) <= break_glass_max_ms
        }
        (GrantSource::BreakGlass, None) => false,
        (GrantSource::CareTeam | GrantSource::Assignment, _) => true,
    };
    begun && !ended && bounded
}

/// On a signed visit a change either signs again, or says in the same change
/// why it amends; its status can only become `amended`. What is beside the seal may come
/// all the same.
fn respects_seal(changes: &[Change<'_>]) -> Result<(), Denied> {
    let amends = changes
        .iter()
        .any(|change| change.path.matches("amendments/*"));
    for change in changes {
        let allowed = if change.path.matches("status") || change.path.matches("steps/*") {
            amends && rules::says(change, |word| word == VisitStatus::Amended.name())
        } else {
            let signs = change.path.matches("signatures/*");
            amends || signs || is_beside_seal(change.path, change.value)
        };
        if !allowed {
            return Err(Denied::new(code::SEALED, &change.path.0));
        }
    }
    Ok(())
}

/// What is no part of what was signed: a stamp of presence, a signature by hand, that one
/// was wrong, a decision whether the visit is there twice, and what the patient says of it.
/// Who leaves after a colleague signed checks out, and a relative signs when they come home.
pub(crate) fn is_beside_seal(path: &FieldPath, value: Option<&Value>) -> bool {
    let beside = ["presence/*", "sign_offs/*", "duplicates/*", "survey/*"];
    takes_sign_off_back(path, value) || beside.iter().any(|pattern| path.matches(pattern))
}

/// Says that a signature by hand was wrong.
pub(crate) fn takes_sign_off_back(path: &FieldPath, value: Option<&Value>) -> bool {
    path.matches("corrections/*") && rules::text_of(value, "section") == Some("sign_offs")
}
