//! Who has which patient. Grants say why and for how long; the scope is what
//! follows from them now, and every change of it is an event in the tenant's
//! order.

use std::collections::BTreeMap;

use homeround::access::{Actor, is_tenant_wide, may_read};
use homeround::model::{Grant, GrantSource, Millis, PatientId, PersonId, Role, TenantId};

use super::{Backend, Caller, News, ServiceError};
use crate::store::{Event, EventRow, GrantRow, Reader, ScopeRow, Writer};

/// The office ended it.
pub(crate) const ENDED: &str = "access_ended";
/// It ran out by itself.
pub(crate) const EXPIRED: &str = "access_expired";
/// Most pairs settled in one transaction.
const DUE_MAX: u32 = 1000;

/// Each patient of a caller's scope with the number since which.
pub(crate) async fn of_caller(
    reader: &mut dyn Reader,
    caller: &Caller,
) -> Result<BTreeMap<PatientId, InScope>, ServiceError> {
    if is_tenant_wide(caller.role) {
        let patients = reader.patients().await?;
        let whole = |(patient, since)| (patient, InScope { since, grant: None });
        return Ok(patients.into_iter().map(whole).collect());
    }
    let rows = reader.scope_of(caller.person).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let since = row.since;
            let grant = Some((row.source, row.until));
            (row.patient, InScope { since, grant })
        })
        .collect())
}

/// How a patient is in somebody's scope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InScope {
    /// The number of the entry.
    pub(crate) since: u64,
    /// Why and until when; none: by role.
    pub(crate) grant: Option<(GrantSource, Option<Millis>)>,
}

/// Brings a pair's scope in line with its grants at `now`. Answers whether
/// the scope changed.
pub(crate) async fn settle(
    tx: &mut dyn Writer,
    person: PersonId,
    patient: PatientId,
    now: Millis,
) -> Result<bool, ServiceError> {
    let grants = tx.grants_between(person, patient).await?;
    let mut ran_out = false;
    for row in &grants {
        ran_out |= mark(tx, row, now).await?;
    }
    let open: Vec<Grant> = grants
        .into_iter()
        .filter(|row| row.ended_at.is_none())
        .map(|row| row.grant)
        .collect();
    let valid = valid_ones(person, patient, &open, now);
    let known = tx.scope_between(person, patient).await?;
    let Some((source, until)) = strongest(&valid) else {
        let Some(known) = known else { return Ok(false) };
        let reason = if ran_out { EXPIRED } else { ENDED };
        leave(tx, &known, reason).await?;
        return Ok(true);
    };
    if known.is_some_and(|known| known.source == source && known.until == until) {
        return Ok(false);
    }
    let since = tx.next_seq().await?;
    let row = ScopeRow {
        person,
        patient,
        since,
        source,
        until,
    };
    tx.put_scope(&row).await?;
    let event = Event::Enter { person, patient };
    tx.add_event(&EventRow { seq: since, event }).await?;
    Ok(true)
}

/// Notes that a grant began or ran out; answers whether it ran out now.
async fn mark(tx: &mut dyn Writer, row: &GrantRow, now: Millis) -> Result<bool, ServiceError> {
    let begins = !row.started && row.grant.from_ms <= now;
    let ends = row.ended_at.is_none() && row.grant.until_ms.is_some_and(|until| until <= now);
    if begins || ends {
        let mut row = row.clone();
        row.started |= begins;
        if ends {
            row.ended_at = row.grant.until_ms;
        }
        tx.put_grant(&row).await?;
    }
    Ok(ends)
}

/// The grants that hold at `now`, judged as the phone judges them. The role
/// is one that needs a grant: otherwise every grant would hold.
fn valid_ones(person: PersonId, patient: PatientId, open: &[Grant], now: Millis) -> Vec<Grant> {
    let actor = Actor {
        person,
        role: Role::Aide,
    };
    let holds =
        |grant: &&Grant| may_read(&actor, patient, std::slice::from_ref(grant), now).is_ok();
    open.iter().filter(holds).cloned().collect()
}

/// What the phone is told: the grant that holds longest.
fn strongest(valid: &[Grant]) -> Option<(GrantSource, Option<Millis>)> {
    valid
        .iter()
        .map(|grant| (grant.source, grant.until_ms))
        .max_by_key(|(source, until)| {
            let kind = match source {
                GrantSource::CareTeam => 2,
                GrantSource::Assignment => 1,
                GrantSource::BreakGlass => 0,
            };
            (until.unwrap_or(Millis(i64::MAX)), kind)
        })
}

async fn leave(tx: &mut dyn Writer, known: &ScopeRow, reason: &str) -> Result<(), ServiceError> {
    let seq = tx.next_seq().await?;
    tx.remove_scope(known.person, known.patient).await?;
    let event = Event::Leave {
        person: known.person,
        patient: known.patient,
        reason: reason.into(),
    };
    Ok(tx.add_event(&EventRow { seq, event }).await?)
}

/// Whom to tell about changes of these patients.
pub(crate) async fn people_around(
    reader: &mut dyn Reader,
    patients: &[PatientId],
) -> Result<Vec<PersonId>, ServiceError> {
    let mut people = Vec::new();
    for patient in patients {
        people.extend(reader.scope_to(*patient).await?);
    }
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

impl Backend {
    /// The same for every tenant, for when no call comes.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn settle_all_due(&self, now: Millis) -> Result<(), ServiceError> {
        for tenant in self.storage.tenants().await? {
            self.settle_due(tenant.id, now).await?;
        }
        Ok(())
    }

    /// Takes grants that began or ran out by `now` into the scope.
    ///
    /// # Errors
    /// [`ServiceError::Storage`].
    pub async fn settle_due(&self, tenant: TenantId, now: Millis) -> Result<(), ServiceError> {
        let due = {
            let mut reader = self.storage.read(tenant).await?;
            reader.grants_due(now, DUE_MAX).await?
        };
        if due.is_empty() {
            return Ok(());
        }
        let mut tx = self.storage.write(tenant).await?;
        let mut people = Vec::new();
        for (person, patient) in due {
            if settle(tx.as_mut(), person, patient, now).await? {
                people.push(person);
            }
        }
        tx.commit().await?;
        self.bell.ring(News {
            tenant,
            everyone: false,
            patients: Vec::new(),
            people,
            from: None,
        });
        Ok(())
    }
}
