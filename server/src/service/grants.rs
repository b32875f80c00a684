//! What the office grants and ends.

use homeround::model::{Grant, GrantSource, Millis, PatientId, PersonId, Refused, Role, VisitId};
use serde::Deserialize;
use uuid::Uuid;

use super::{Backend, Caller, News, ServiceError, audit, scope};
use crate::store::{GrantRow, Writer};

/// Who may grant and end access.
pub(super) const OFFICE: &[Role] = &[Role::Coordinator, Role::Supervisor];

/// A grant to give.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// Who.
    pub person: PersonId,
    /// To whom.
    pub patient: PatientId,
    /// From when; now unless said otherwise.
    #[serde(default)]
    pub from_ms: Option<Millis>,
    /// Until when, if it is limited.
    #[serde(default)]
    pub until_ms: Option<Millis>,
}

impl Backend {
    /// Makes a person a member of a patient's care team.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a person or a patient of no or another
    /// tenant.
    pub async fn grant(
        &self,
        caller: &Caller,
        new: &NewGrant,
        now: Millis,
    ) -> Result<Uuid, ServiceError> {
        caller.must_be(OFFICE)?;
        let from = new.from_ms.unwrap_or(now);
        if new.until_ms.is_some_and(|until| until <= from) {
            return Err(Refused::new("until_ms", "after from_ms").into());
        }
        let id = self.uuid(now)?;
        let mut tx = self.storage.write(caller.tenant).await?;
        must_know(tx.as_mut(), new.person, new.patient).await?;
        let row = GrantRow {
            id,
            grant: Grant {
                person: new.person,
                patient: new.patient,
                source: GrantSource::CareTeam,
                from_ms: from,
                until_ms: new.until_ms,
            },
            visit: None,
            ended_at: None,
            started: false,
            reason: String::new(),
        };
        tx.put_grant(&row).await?;
        scope::settle(tx.as_mut(), new.person, new.patient, now).await?;
        let note = audit::Note::by(caller, "granted").about(new.patient);
        let note = note.saying(format!("to {}", new.person));
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        self.tell(caller, vec![new.person]);
        Ok(id)
    }

    /// Ends every access of a person to a patient. Answers how many grants
    /// were ended.
    ///
    /// # Errors
    /// [`ServiceError::Role`].
    pub async fn end_grants(
        &self,
        caller: &Caller,
        person: PersonId,
        patient: PatientId,
        now: Millis,
    ) -> Result<u64, ServiceError> {
        caller.must_be(OFFICE)?;
        let mut tx = self.storage.write(caller.tenant).await?;
        must_know(tx.as_mut(), person, patient).await?;
        let mut ended = 0;
        for mut row in tx.grants_between(person, patient).await? {
            if row.ended_at.is_none() {
                row.ended_at = Some(now);
                tx.put_grant(&row).await?;
                ended += 1;
            }
        }
        scope::settle(tx.as_mut(), person, patient, now).await?;
        let note = audit::Note::by(caller, "access_ended").about(patient);
        let note = note.saying(format!("of {person}, {ended} grants"));
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        self.tell(caller, vec![person]);
        Ok(ended)
    }

    fn tell(&self, caller: &Caller, people: Vec<PersonId>) {
        self.bell.ring(News {
            tenant: caller.tenant,
            everyone: false,
            patients: Vec::new(),
            people,
            from: None,
        });
    }
}

async fn must_know(
    tx: &mut dyn Writer,
    person: PersonId,
    patient: PatientId,
) -> Result<(), ServiceError> {
    if tx.person(person).await?.is_none() {
        return Err(ServiceError::NotFound { what: "person" });
    }
    if !tx.has_patient(patient).await? {
        return Err(ServiceError::NotFound { what: "patient" });
    }
    Ok(())
}

/// Gives exactly these people the assignment of a visit: newcomers get a
/// grant, those who are not assigned any more lose theirs. Answers everyone
/// whose grants changed.
pub(super) async fn assign(
    backend: &Backend,
    tx: &mut dyn Writer,
    visit: VisitId,
    patient: PatientId,
    assignees: &[PersonId],
    now: Millis,
) -> Result<Vec<PersonId>, ServiceError> {
    let mut touched = Vec::new();
    let known = tx.grants_of_visit(visit.0).await?;
    for row in &known {
        if !assignees.contains(&row.grant.person) || row.grant.patient != patient {
            let mut row = row.clone();
            row.ended_at = Some(now);
            tx.put_grant(&row).await?;
            scope::settle(tx, row.grant.person, row.grant.patient, now).await?;
            touched.push(row.grant.person);
        }
    }
    for person in assignees {
        // One that runs out, as after a hand-over, is none to keep.
        let lasting = |row: &GrantRow| row.grant.until_ms.is_none();
        let has = known
            .iter()
            .any(|row| row.grant.person == *person && row.grant.patient == patient && lasting(row));
        if has {
            continue;
        }
        give_assignment(backend, tx, (visit, patient), *person, now).await?;
        touched.push(*person);
    }
    Ok(touched)
}

async fn give_assignment(
    backend: &Backend,
    tx: &mut dyn Writer,
    (visit, patient): (VisitId, PatientId),
    person: PersonId,
    now: Millis,
) -> Result<(), ServiceError> {
    let row = GrantRow {
        id: backend.uuid(now)?,
        grant: Grant {
            person,
            patient,
            source: GrantSource::Assignment,
            from_ms: now,
            until_ms: None,
        },
        visit: Some(visit.0),
        ended_at: None,
        started: false,
        reason: String::new(),
    };
    tx.put_grant(&row).await?;
    scope::settle(tx, person, patient, now).await.map(drop)
}

/// Who gives a visit to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hands {
    /// The giver.
    pub(super) by: PersonId,
    /// The colleague.
    pub(super) to: PersonId,
    /// Until when the giver keeps what the assignment gave.
    pub(super) until: Millis,
}

/// Gives a visit's assignment to a colleague; the giver's runs out a while later, so that
/// what is still on the phone arrives. Answers whose grants changed.
pub(super) async fn hand_over(
    backend: &Backend,
    tx: &mut dyn Writer,
    (visit, patient): (VisitId, PatientId),
    hands: Hands,
    now: Millis,
) -> Result<Vec<PersonId>, ServiceError> {
    let known = tx.grants_of_visit(visit.0).await?;
    let mut touched = Vec::new();
    let theirs = |person: PersonId| known.iter().filter(move |row| row.grant.person == person);
    for row in theirs(hands.by) {
        let mut row = row.clone();
        let until = row
            .grant
            .until_ms
            .map_or(hands.until, |until| until.min(hands.until));
        row.grant.until_ms = Some(until);
        tx.put_grant(&row).await?;
        scope::settle(tx, hands.by, patient, now).await?;
        touched.push(hands.by);
    }
    let mut lasting = theirs(hands.to).filter(|row| row.grant.until_ms.is_none());
    if lasting.next().is_none() {
        give_assignment(backend, tx, (visit, patient), hands.to, now).await?;
        touched.push(hands.to);
    }
    Ok(touched)
}
