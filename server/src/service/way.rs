//! What a visit's way asks of the backend: a visit that a care member made is booked, one
//! that was handed over is booked for the colleague. Both follow from the visit's document,
//! in the transaction that stores it.

use homeround::access::{Denied, code};
use homeround::merge::{Inspected, Touch, Trial};
use homeround::model::{
    Booking, CareTeam, DocumentId, DocumentKind, FieldPath, GrantSource, HOUR_MS, Handover, Millis,
    NoticeEntry, NoticeWishes, PatientId, PersonId, RecordId, RecordKind, Role, SurveyEntry,
    SurveyVia, Unplanned, VisitConsent, VisitId,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::records::{Put, json, put};
use super::{Backend, Caller, ServiceError, audit, documents, grants, notices};
use crate::store::{Reader, Writer};

/// How long who gives a visit away keeps the access that the assignment gave: what is still
/// on the phone arrives in that time.
pub const HANDOVER_GRACE_MS: i64 = HOUR_MS;

/// What a visit was made for can't be read, or is outside its limits.
pub(crate) const UNPLANNED_UNREADABLE: &str = "unplanned_unreadable";
/// What a hand-over says can't be read, or is outside its limits.
pub(crate) const HANDOVER_UNREADABLE: &str = "handover_unreadable";
/// What the patient is to be told, or wishes to be told, can't be read, or is outside its limits.
pub(crate) const NOTICE_UNREADABLE: &str = "notice_unreadable";
/// An entry of the survey can't be read, is outside its limits, or is the backend's to write.
pub(crate) const SURVEY_UNREADABLE: &str = "survey_unreadable";
/// What a patient said to a virtual visit can't be read, or is outside its limits.
pub(crate) const CONSENT_UNREADABLE: &str = "consent_unreadable";
/// The colleague is not of the patient's team.
pub(crate) const NOT_IN_TEAM: &str = "not_in_team";

/// What is to be done once a document is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A care member made the visit.
    Made,
    /// The visit was handed over, or who gets it was settled.
    Given,
    /// The patient is to be told something.
    Told,
}

/// What a change asks for, in order.
pub(crate) fn effects(id: DocumentId, inspected: &Inspected) -> Vec<Effect> {
    if id.kind != DocumentKind::Visit {
        return Vec::new();
    }
    let effect = |touch: &Touch| match touch.path.0.as_str() {
        "unplanned" => Some(Effect::Made),
        "handover" => Some(Effect::Given),
        _ if touch.path.matches("notices/*") || touch.path.matches("survey/*") => {
            Some(Effect::Told)
        }
        _ => None,
    };
    inspected.touched.iter().filter_map(effect).collect()
}

/// Whether a field's value names who said it, and stands in nobody else's name.
fn names_its_author(path: &FieldPath) -> bool {
    ["handover", "consent", "notice_wishes"].contains(&path.0.as_str()) || path.matches("planned/*")
}

/// What a change replaces of the fields that name their author, in the order of its touches.
pub(crate) fn stood(trial: &Trial, inspected: &Inspected) -> Vec<Vec<Value>> {
    let of = |touch: &Touch| match names_its_author(&touch.path) {
        true => trial.stood(&touch.path, &inspected.deps),
        false => Vec::new(),
    };
    inspected.touched.iter().map(of).collect()
}

/// Whether a value names somebody else as who said it, who had not said so before. Who
/// settles a conflict may choose another's word, and put none in their mouth.
fn puts_words(caller: &Caller, touch: &Touch, stood: &[Value]) -> bool {
    let by = touch.value.as_ref().and_then(|value| value.get("by"));
    let own = by.is_none_or(|by| serde_json::to_value(caller.person).is_ok_and(|me| me == *by));
    !own && !stood.iter().any(|it| Some(it) == touch.value.as_ref())
}

/// Why a change can't be booked by, or stand: its code and its field. `stood`: what it
/// replaces, by touch.
pub(crate) async fn refuses(
    reader: &mut dyn Reader,
    caller: &Caller,
    (id, patient): (DocumentId, PatientId),
    stood: &[Vec<Value>],
    inspected: &Inspected,
) -> Result<Option<Denied>, ServiceError> {
    if id.kind == DocumentKind::Plan {
        return Ok(None);
    }
    for (touch, stood) in inspected.touched.iter().zip(stood) {
        let no = |rule| {
            let field = touch.path.0.clone();
            Ok(Some(Denied { rule, field }))
        };
        match touch.path.0.as_str() {
            "unplanned" if !value(touch).is_some_and(|one| is_sound(&one)) => {
                return no(UNPLANNED_UNREADABLE);
            }
            "consent" if value(touch).is_none_or(|one: VisitConsent| one.check().is_err()) => {
                return no(CONSENT_UNREADABLE);
            }
            "handover" => {
                let Some(given) = value::<Handover>(touch).filter(|one| one.check().is_ok()) else {
                    return no(HANDOVER_UNREADABLE);
                };
                if puts_words(caller, touch, stood) {
                    return no(code::AUTHOR_MISMATCH);
                }
                if !is_in_team(reader, given.to, patient).await? {
                    return no(NOT_IN_TEAM);
                }
            }
            "notice_wishes"
                if value(touch).is_none_or(|one: NoticeWishes| one.check().is_err()) =>
            {
                return no(NOTICE_UNREADABLE);
            }
            _ if touch.path.matches("notices/*")
                && value(touch).is_none_or(|one: NoticeEntry| one.check().is_err()) =>
            {
                return no(NOTICE_UNREADABLE);
            }
            _ if touch.path.matches("survey/*") && !value(touch).is_some_and(|it| is_said(&it)) => {
                return no(SURVEY_UNREADABLE);
            }
            _ if names_its_author(&touch.path) && puts_words(caller, touch, stood) => {
                return no(code::AUTHOR_MISMATCH);
            }
            _ => {}
        }
    }
    Ok(None)
}

fn value<T: DeserializeOwned>(touch: &Touch) -> Option<T> {
    serde_json::from_value(touch.value.clone()?).ok()
}

fn is_sound(made: &Unplanned) -> bool {
    made.check().is_ok() && made.time_zone.parse::<chrono_tz::Tz>().is_ok()
}

/// Whether a phone may say this: by a link it is the backend that writes.
fn is_said(entry: &SurveyEntry) -> bool {
    match entry {
        SurveyEntry::Invited(_) => true,
        SurveyEntry::Answered(said) => said.via == SurveyVia::LentPhone && said.check().is_ok(),
    }
}

/// Whether somebody works in homes and is of the patient's team: has the patient in scope,
/// or is named by a care team's record. Who took access in an emergency has it for that, and a
/// visit would make it last.
async fn is_in_team(
    reader: &mut dyn Reader,
    person: PersonId,
    patient: PatientId,
) -> Result<bool, ServiceError> {
    let role = reader.person(person).await?.and_then(|known| known.role);
    let works = role.is_some_and(Role::works_in_homes);
    let scope = reader.scope_between(person, patient).await?;
    if !works || scope.is_some_and(|scope| scope.source != GrantSource::BreakGlass) {
        return Ok(works);
    }
    let named = |team: &CareTeam| {
        let mut members = team.members.iter();
        members.any(|member| member.person == Some(person))
    };
    let teams = reader.records_of(RecordKind::CareTeam, patient).await?;
    let read = |body: &String| serde_json::from_str::<CareTeam>(body).ok();
    let mut teams = teams.iter().filter_map(|row| read(row.body.as_ref()?));
    Ok(teams.any(|team| named(&team)))
}

/// Does what a stored visit asks for. Answers whose access changed.
pub(crate) async fn follow(
    backend: &Backend,
    tx: &mut dyn Writer,
    caller: &Caller,
    id: DocumentId,
    effects: &[Effect],
    now: Millis,
) -> Result<Vec<PersonId>, ServiceError> {
    let mut people = Vec::new();
    let Some(loaded) = documents::load(tx, id).await? else {
        return Ok(people);
    };
    let (visit, patient) = (VisitId(id.id), loaded.row.patient);
    let view = loaded.document.view();
    if effects.contains(&Effect::Made) {
        let known = tx.record(RecordKind::Booking, RecordId(visit.0)).await?;
        let made = serde_json::from_value::<Unplanned>(view["unplanned"].clone());
        // Also of what a colleague brought back, which was not looked at then.
        let made = made.ok().filter(is_sound);
        if let (None, Some(made)) = (known, made) {
            book(tx, &made.booking(visit, patient)).await?;
            let note = audit::Note::by(caller, "visit_made").about(patient);
            audit::note(tx, now, note.saying(made.reason.name())).await?;
        }
    }
    if effects.contains(&Effect::Told) {
        notices::queue(tx, (visit, patient), view, now).await?;
    }
    let open = loaded.document.conflicts();
    let contested = open.iter().any(|conflict| conflict.path.0 == "handover");
    if effects.contains(&Effect::Given) && !contested {
        let given = serde_json::from_value::<Handover>(view["handover"].clone());
        if let Ok(given) = given {
            let changed = give(backend, tx, caller, (visit, patient), &given, now).await?;
            people.extend(changed);
        }
    }
    Ok(people)
}

/// Books the colleague in the giver's place. Where the office has booked somebody else
/// meanwhile, the office's word stands.
async fn give(
    backend: &Backend,
    tx: &mut dyn Writer,
    caller: &Caller,
    (visit, patient): (VisitId, PatientId),
    given: &Handover,
    now: Millis,
) -> Result<Vec<PersonId>, ServiceError> {
    let row = tx.record(RecordKind::Booking, RecordId(visit.0)).await?;
    let body = row.and_then(|row| row.body);
    let booking = body.and_then(|body| serde_json::from_str::<Booking>(&body).ok());
    let Some(booking) = booking else {
        return Ok(Vec::new());
    };
    let after = given.booked(&booking);
    let team = given.check().is_ok() && is_in_team(tx, given.to, patient).await?;
    if after == booking || !team {
        return Ok(Vec::new());
    }
    if after.assignees == booking.assignees {
        book(tx, &after).await?;
        return Ok(Vec::new());
    }
    let hands = grants::Hands {
        by: given.by,
        to: given.to,
        until: now.plus(HANDOVER_GRACE_MS),
    };
    // Access first: what comes then is after the entry, and is given.
    let people = grants::hand_over(backend, tx, (visit, patient), hands, now).await?;
    book(tx, &after).await?;
    let note = audit::Note::by(caller, "handed_over").about(patient);
    let note = note.saying(format!("{} to {}", given.by, given.to));
    audit::note(tx, now, note).await?;
    Ok(people)
}

async fn book(tx: &mut dyn Writer, booking: &Booking) -> Result<(), ServiceError> {
    let body = json(booking)?;
    let row = Put {
        kind: RecordKind::Booking,
        id: RecordId(booking.visit.0),
        patient: Some(booking.patient),
        body: Some(&body),
        sort_ms: Some(booking.start_ms.0),
    };
    put(tx, row).await.map(drop)
}
