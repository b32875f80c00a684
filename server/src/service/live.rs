//! Live events: what happened after a cursor, in the tenant's order, as far
//! as it is in the person's scope now.
//!
//! Of a patient in scope everything after the entry is given; what was before
//! came with the fill. A record is given at its last version alone.

use homeround::model::{PatientId, RecordKind, Role};
use homeround::wire::Leave;

use super::cursor::{Cursor, Fill, Position};
use super::page::Draft;
use super::pull::Pull;
use super::{ServerKeys, ServiceError, fill};
use crate::store::{Event, EventRow, Reader};

/// Events looked at in one go.
const EVENTS_AT_ONCE: u32 = 2_000;

/// How far it went.
pub(crate) enum Step {
    /// Nothing more has happened.
    UpToDate,
    /// The page is full, or something must begin a new one.
    PageEnds,
    /// A patient came into scope: the cursor has a fill now.
    FillBegan,
}

/// What to do with one event.
enum Given {
    /// It is in the page, or nothing for this person.
    Done,
    /// There is no room.
    NoRoom,
    /// It belongs into the next page.
    NextPage,
    /// A fill of this patient follows.
    Fill(PatientId),
}

pub(crate) async fn step(
    reader: &mut dyn Reader,
    pull: &Pull<'_>,
    cursor: &mut Cursor,
    draft: &mut Draft,
) -> Result<Step, ServiceError> {
    loop {
        let events = reader.events_after(cursor.seq, EVENTS_AT_ONCE).await?;
        if events.is_empty() {
            return Ok(Step::UpToDate);
        }
        for event in events {
            match give(reader, pull, &event, cursor.wide, draft).await? {
                Given::NoRoom | Given::NextPage => return Ok(Step::PageEnds),
                Given::Done => cursor.seq = event.seq,
                Given::Fill(patient) => {
                    cursor.seq = event.seq;
                    cursor.fill = Some(Fill {
                        patient: Some(patient),
                        as_of: pull.tenant.head,
                        today: pull.today,
                        at: Position::start_of(fill::PATIENT),
                    });
                    return Ok(Step::FillBegan);
                }
            }
        }
    }
}

async fn give(
    reader: &mut dyn Reader,
    pull: &Pull<'_>,
    row: &EventRow,
    wide: bool,
    draft: &mut Draft,
) -> Result<Given, ServiceError> {
    let in_scope = |patient: &PatientId| {
        let known = pull.scope.get(patient);
        known.is_some_and(|known| known.since < row.seq)
    };
    // A page is applied with its leaves last: what follows one waits.
    let after_leave = !draft.leaves.is_empty();
    match &row.event {
        // Its own too: a phone that was put back to a backup lacks what it sent since then, and
        // nothing tells it from one that does not.
        Event::Change { patient, .. } if in_scope(patient) => {
            if after_leave {
                return Ok(Given::NextPage);
            }
            give_change(reader, row.seq, draft).await
        }
        Event::Record { kind, id, patient } if patient.is_none_or(|it| in_scope(&it)) => {
            if withheld(pull.caller.role, *kind) {
                return Ok(Given::Done);
            }
            let record = reader.record(*kind, *id).await?;
            let Some(record) = record.filter(|record| record.version == row.seq) else {
                return Ok(Given::Done);
            };
            if after_leave {
                return Ok(Given::NextPage);
            }
            Ok(room(draft.record(record)))
        }
        Event::Patient { patient } if wide => enter(pull, *patient, row.seq, draft),
        Event::Enter { person, patient } if !wide && *person == pull.caller.person => {
            enter(pull, *patient, row.seq, draft)
        }
        Event::Leave {
            person,
            patient,
            reason,
        } if !wide && *person == pull.caller.person => {
            draft.leaves.push(Leave {
                patient: (*patient.bytes()).into(),
                reason: reason.clone(),
            });
            Ok(Given::Done)
        }
        Event::Policy => {
            draft.policy = Some(ServerKeys::of(pull.tenant).sign_policy(&pull.tenant.policy));
            Ok(Given::Done)
        }
        _ => Ok(Given::Done),
    }
}

async fn give_change(
    reader: &mut dyn Reader,
    seq: u64,
    draft: &mut Draft,
) -> Result<Given, ServiceError> {
    let change = reader.change_at(seq).await?.ok_or(ServiceError::Damaged)?;
    Ok(room(draft.change(change)))
}

/// An entry that still holds; one that was followed by a leave is nothing.
fn enter(
    pull: &Pull<'_>,
    patient: PatientId,
    seq: u64,
    draft: &mut Draft,
) -> Result<Given, ServiceError> {
    let Some(known) = pull.scope.get(&patient).filter(|known| known.since == seq) else {
        return Ok(Given::Done);
    };
    if !draft.leaves.is_empty() {
        return Ok(Given::NextPage);
    }
    draft.enter(pull.enter(patient, known));
    Ok(Given::Fill(patient))
}

const fn room(added: bool) -> Given {
    if added { Given::Done } else { Given::NoRoom }
}

/// Those who plan are not given the clinical history: nothing of what they do
/// needs it, and the access room shows them none of its like.
pub(crate) const fn withheld(role: Role, kind: RecordKind) -> bool {
    matches!((role, kind), (Role::Coordinator, RecordKind::History))
}
