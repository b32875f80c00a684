//! The rules under test: the core's own, or the core's own with one thing wrong.

use homeround::access::{
    self, Actor, BREAK_GLASS_CEILING_MS, BreakGlassRequest, Change, Denied, Lease, LeaseState,
    Policy, Right, Seen, Subject, TABLE, code,
};
use homeround::model::{
    Clock, DocumentKind, FieldPath, Grant, GrantSource, Millis, PatientId, Role,
};

/// Something wrong with the rules, that must be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[expect(missing_docs, reason = "each name says what is wrong")]
pub enum Wrong {
    GrantEndsLate,
    GrantBeginsEarly,
    GrantNeverEnds,
    AnybodysGrant,
    AnyPatientsGrant,
    AidesNeedNoGrant,
    CoordinatorsNeedGrants,
    EmergencyWithoutEnd,
    EmergencyBeyondCeiling,
    EmergencyBeyondPolicy,
    EmergencyForEveryone,
    EmergencyWithoutReason,
    LeaseNeverEnds,
    LeaseByWallClock,
    LeaseForgetsRestarts,
    LeasePutBackWithFiles,
    AuthorUnchecked,
    SignsInAnyRole,
    ValueUnchecked,
    BansIgnored,
    SealIgnored,
    SealOnStrangers,
    FirstPartOnly,
    BirthSmuggles,
    SubjectUnchecked,
    CoordinatorsSeeAll,
}

/// A row of the table with one role more or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Which row of [`TABLE`].
    pub index: usize,
    /// Whom it gains or loses.
    pub role: Role,
    /// It gains.
    pub gains: bool,
}

/// The rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// What is wrong with them.
    pub wrong: Option<Wrong>,
    /// A row that is wrong.
    pub row: Option<Row>,
}

impl Rules {
    const fn has(&self, wrong: Wrong) -> bool {
        match self.wrong {
            Some(own) => own as u8 == wrong as u8,
            None => false,
        }
    }

    /// [`access::may_read`].
    #[must_use]
    pub fn may_read(
        &self,
        actor: &Actor,
        patient: PatientId,
        grants: &[Grant],
        now: Millis,
    ) -> bool {
        match self.scope(actor, patient, grants, now) {
            Some((actor, grants)) => access::may_read(&actor, patient, &grants, now).is_ok(),
            None => access::may_read(actor, patient, grants, now).is_ok(),
        }
    }

    /// [`access::may_see`].
    #[must_use]
    pub fn may_see(&self, role: Role, kind: DocumentKind, path: &FieldPath) -> bool {
        let role = match role {
            Role::Coordinator if self.has(Wrong::CoordinatorsSeeAll) => Role::Nurse,
            role => role,
        };
        let sees = access::may_see(role, kind, path);
        match self.row {
            Some(row) if TABLE[row.index].right == Right::See => {
                sees_by_row(row, sees, role, kind, path)
            }
            _ => sees,
        }
    }

    /// [`access::may_change`].
    #[must_use]
    pub fn may_change(
        &self,
        policy: &Policy,
        actor: &Actor,
        subject: &Subject,
        grants: &[Grant],
        now: Millis,
        changes: &[Change<'_>],
    ) -> bool {
        let (mut subject, mut policy) = (*subject, policy.clone());
        subject.sealed &= !self.has(Wrong::SealIgnored);
        subject.seal_known |= self.has(Wrong::SealOnStrangers);
        if self.has(Wrong::EmergencyBeyondPolicy) {
            policy.break_glass_max_ms = BREAK_GLASS_CEILING_MS;
        }
        let all = changes;
        let mut changes = changes.to_vec();
        if self.has(Wrong::FirstPartOnly) {
            changes.truncate(1);
        }
        if self.has(Wrong::BirthSmuggles) && changes.iter().any(|change| change.creates) {
            changes.retain(|change| change.path.0 == "patient");
        }
        let scoped = self.scope(actor, subject.patient, grants, now);
        let (actor, grants) = scoped.unwrap_or_else(|| (*actor, grants.to_vec()));
        if let Some(row) = self.row
            && TABLE[row.index].right != Right::See
        {
            return changes_by_row(row, (&policy, &actor, &subject), &grants, now, all);
        }
        let judged = access::may_change(&policy, &actor, &subject, &grants, now, &changes);
        self.lets_through(judged)
    }

    /// [`access::break_glass`].
    #[must_use]
    pub fn break_glass(
        &self,
        policy: &Policy,
        actor: &Actor,
        request: &BreakGlassRequest<'_>,
        now: Millis,
    ) -> Option<Grant> {
        let (mut actor, mut request) = (*actor, *request);
        if self.has(Wrong::EmergencyForEveryone) {
            actor.role = Role::Nurse;
        }
        if self.has(Wrong::EmergencyWithoutReason) {
            request.reason = "Found unresponsive at home";
        }
        let given = access::break_glass(policy, &actor, &request, now).ok()?;
        Some(given.grant)
    }

    /// A look at the lease: [`Lease::look`], and
    /// [`Lease::state`] of it.
    #[must_use]
    pub fn look(
        &self,
        lease: &Lease,
        clock: Clock,
        seen: Option<Seen>,
        counted: i64,
    ) -> (bool, Seen) {
        let mut clock = clock;
        let known = seen.filter(|_| !self.has(Wrong::LeaseForgetsRestarts));
        if self.has(Wrong::LeaseByWallClock) {
            let since = clock.wall_ms.0 - lease.granted_at.server_ms.0;
            clock.monotonic_ms = lease.granted_at.monotonic_ms.saturating_add(since);
            clock.boot_id = lease.granted_at.boot_id;
        }
        if self.has(Wrong::LeaseForgetsRestarts) {
            clock.boot_id = lease.granted_at.boot_id;
        }
        let counted = match self.wrong {
            Some(Wrong::LeasePutBackWithFiles) => 0,
            _ => counted,
        };
        let seen = lease.look(clock, known, counted);
        let state = lease.state(clock, Some(seen));
        let shows = match state {
            LeaseState::Expired => self.has(Wrong::LeaseNeverEnds),
            state => state.permits(),
        };
        (shows, seen)
    }

    /// Who asks and what is granted, as the wrong rules take it; none: as it is.
    fn scope(
        &self,
        actor: &Actor,
        patient: PatientId,
        grants: &[Grant],
        now: Millis,
    ) -> Option<(Actor, Vec<Grant>)> {
        let (mut asks, mut held) = (*actor, grants.to_vec());
        match self.wrong? {
            Wrong::AidesNeedNoGrant if actor.role == Role::Aide => asks.role = Role::Supervisor,
            Wrong::CoordinatorsNeedGrants if actor.role == Role::Coordinator => {
                asks.role = Role::Nurse;
            }
            _ => {}
        }
        for grant in &mut held {
            let emergency = grant.source == GrantSource::BreakGlass;
            match self.wrong? {
                Wrong::GrantEndsLate => grant.until_ms = grant.until_ms.map(|it| it.plus(1)),
                Wrong::GrantBeginsEarly => grant.from_ms = grant.from_ms.min(now),
                Wrong::GrantNeverEnds if !emergency => grant.until_ms = None,
                Wrong::AnybodysGrant => grant.person = actor.person,
                Wrong::AnyPatientsGrant => grant.patient = patient,
                Wrong::EmergencyWithoutEnd if emergency && grant.until_ms.is_none() => {
                    grant.source = GrantSource::Assignment;
                }
                Wrong::EmergencyBeyondCeiling if emergency && grant.until_ms.is_some() => {
                    grant.source = GrantSource::Assignment;
                }
                _ => {}
            }
        }
        Some((asks, held))
    }

    fn lets_through(&self, judged: Result<(), Denied>) -> bool {
        let Err(denied) = judged else { return true };
        let ignored = match self.wrong {
            Some(Wrong::AuthorUnchecked) => code::AUTHOR_MISMATCH,
            Some(Wrong::SignsInAnyRole) => code::ROLE_MISMATCH,
            Some(Wrong::ValueUnchecked) => code::VALUE,
            Some(Wrong::BansIgnored) => code::POLICY,
            Some(Wrong::SubjectUnchecked) => code::SUBJECT_NOT_PERMITTED,
            _ => return false,
        };
        denied.rule == ignored
    }
}

fn speaks(index: usize, kind: DocumentKind, path: &FieldPath) -> bool {
    let row = &TABLE[index];
    row.covers(row.roles[0], kind, path)
}

/// Whether another row says the same of a role.
fn others(index: usize, role: Role, kind: DocumentKind, path: &FieldPath) -> bool {
    let right = TABLE[index].right;
    let mut rest = TABLE.iter().enumerate().filter(|(at, _)| *at != index);
    rest.any(|(_, row)| row.right == right && row.covers(role, kind, path))
}

fn sees_by_row(row: Row, sees: bool, role: Role, kind: DocumentKind, path: &FieldPath) -> bool {
    if role != row.role || !speaks(row.index, kind, path) {
        return sees;
    }
    row.gains || (sees && others(row.index, role, kind, path))
}

fn changes_by_row(
    row: Row,
    (policy, actor, subject): (&Policy, &Actor, &Subject),
    grants: &[Grant],
    now: Millis,
    changes: &[Change<'_>],
) -> bool {
    let right = TABLE[row.index].right;
    let born = matches!(right, Right::Create | Right::CreateUnplanned);
    let touched = |change: &Change<'_>| {
        (born && change.creates && subject.kind == TABLE[row.index].kind)
            || (!born && speaks(row.index, subject.kind, change.path))
    };
    if actor.role != row.role || !changes.iter().any(touched) {
        return access::may_change(policy, actor, subject, grants, now, changes).is_ok();
    }
    if row.gains {
        // The row's first role may; scope stays the actor's own.
        let (in_scope, role) = (
            access::may_read(actor, subject.patient, grants, now),
            TABLE[row.index].roles[0],
        );
        let lent = Actor { role, ..*actor };
        let open = [Grant {
            person: actor.person,
            patient: subject.patient,
            source: GrantSource::CareTeam,
            from_ms: now,
            until_ms: None,
        }];
        return in_scope.is_ok()
            && access::may_change(policy, &lent, subject, &open, now, changes).is_ok();
    }
    let kept = changes
        .iter()
        .filter(|change| touched(change))
        .all(|change| !born && others(row.index, actor.role, subject.kind, change.path));
    kept && access::may_change(policy, actor, subject, grants, now, changes).is_ok()
}
