//! Access in an emergency: with a reason, for a limited time, on the record.

use super::{Actor, BREAK_GLASS_CEILING_MS, Denied, Policy, code};
use crate::model::{Grant, GrantSource, Millis, PatientId, PersonId, Role};

/// Who may take access in an emergency: those who treat. The other roles act
/// within their tenant anyhow, or only read.
pub const BREAK_GLASS_ROLES: &[Role] = &[Role::Nurse, Role::Therapist, Role::Aide];
/// The shortest reason, in characters without the space around it.
pub const REASON_CHARS_MIN: usize = 10;
/// The longest reason, in characters without the space around it.
pub const REASON_CHARS_MAX: usize = 500;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakGlassRequest<'a> {
    /// Access to whom.
    pub patient: PatientId,
    /// Why, in the person's own words.
    pub reason: &'a str,
    /// For how long, in milliseconds; the policy's limit shortens it.
    pub wanted_ms: i64,
}

/// What is given: the grant, and what the audit trail must hold. Store both in
/// one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlass {
    /// Ends by itself.
    pub grant: Grant,
    /// For the audit trail.
    pub audit: BreakGlassAudit,
}

/// The audit trail's line about an emergency access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassAudit {
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: Role,
    /// To whom.
    pub patient: PatientId,
    /// Why, without the space around it.
    pub reason: String,
    /// From when.
    pub from_ms: Millis,
    /// Until when.
    pub until_ms: Millis,
}

/// Takes access in an emergency.
///
/// # Errors
/// [`Denied`] with [`code::BREAK_GLASS_FORBIDDEN`] for a role or a policy that
/// rules it out, or no time asked for; with [`code::BREAK_GLASS_REASON`] for a
/// reason outside 10 to 500 characters.
pub fn break_glass(
    policy: &Policy,
    actor: &Actor,
    request: &BreakGlassRequest<'_>,
    now: Millis,
) -> Result<BreakGlass, Denied> {
    let limit_ms = policy.break_glass_max_ms.min(BREAK_GLASS_CEILING_MS);
    let length_ms = request.wanted_ms.min(limit_ms);
    if !BREAK_GLASS_ROLES.contains(&actor.role) || length_ms <= 0 {
        return Err(Denied::new(code::BREAK_GLASS_FORBIDDEN, ""));
    }
    let reason = request.reason.trim();
    if !(REASON_CHARS_MIN..=REASON_CHARS_MAX).contains(&reason.chars().count()) {
        return Err(Denied::new(code::BREAK_GLASS_REASON, "reason"));
    }
    let until_ms = now.plus(length_ms);
    Ok(BreakGlass {
        grant: Grant {
            person: actor.person,
            patient: request.patient,
            source: GrantSource::BreakGlass,
            from_ms: now,
            until_ms: Some(until_ms),
        },
        audit: BreakGlassAudit {
            person: actor.person,
            role: actor.role,
            patient: request.patient,
            reason: reason.into(),
            from_ms: now,
            until_ms,
        },
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::access::may_read;
    use crate::model::HOUR_MS;

    const NOW: Millis = Millis(1_800_000_000_000);

    fn actor(role: Role) -> Actor {
        Actor {
            person: PersonId(Uuid::from_u128(1)),
            role,
        }
    }

    fn request(reason: &str) -> BreakGlassRequest<'_> {
        BreakGlassRequest {
            patient: PatientId(Uuid::from_u128(2)),
            reason,
            wanted_ms: 100 * HOUR_MS,
        }
    }

    #[test]
    fn a_reason_opens_the_patient_until_the_policys_limit_and_not_longer() {
        let nurse = actor(Role::Nurse);
        let ask = request("  patient fell, colleague unreachable ");
        let given = break_glass(&Policy::default(), &nurse, &ask, NOW).unwrap();
        let until = NOW.plus(4 * HOUR_MS);
        assert_eq!(given.audit.until_ms, until);
        assert_eq!(given.audit.reason, "patient fell, colleague unreachable");
        let grants = [given.grant];
        assert!(may_read(&nurse, ask.patient, &grants, NOW).is_ok());
        assert!(may_read(&nurse, ask.patient, &grants, until.plus(-1)).is_ok());
        assert!(may_read(&nurse, ask.patient, &grants, until).is_err());
    }

    #[test]
    fn a_missing_short_or_endless_reason_is_refused() {
        let endless = "x".repeat(REASON_CHARS_MAX + 1);
        for reason in ["", "          .         ", "too short", &endless] {
            let asked = break_glass(
                &Policy::default(),
                &actor(Role::Aide),
                &request(reason),
                NOW,
            );
            assert_eq!(asked.unwrap_err().rule, code::BREAK_GLASS_REASON);
        }
    }

    #[test]
    fn a_policy_of_no_time_and_a_role_that_does_not_treat_are_refused() {
        let forbidding = Policy {
            break_glass_max_ms: 0,
            ..Policy::default()
        };
        let ask = request("patient fell, colleague unreachable");
        let refused = break_glass(&forbidding, &actor(Role::Nurse), &ask, NOW);
        assert_eq!(refused.unwrap_err().rule, code::BREAK_GLASS_FORBIDDEN);
        for role in [Role::Coordinator, Role::Supervisor, Role::Auditor] {
            let refused = break_glass(&Policy::default(), &actor(role), &ask, NOW);
            assert_eq!(refused.unwrap_err().rule, code::BREAK_GLASS_FORBIDDEN);
        }
    }
}
