//! What changes who comes, and who knows of it: unplanned visits, hand-overs, notices.

use homeround::app::{Homeround, NewVisit, OrderOptions};
use homeround::model::{
    DocumentId, HandoverReason, NotSent, NoticeKind, PatientId, UnplannedReason, Visit, VisitId,
    VisitStatus,
};
use serde_json::json;

use super::{Done, Tried, chart, coding, entry, part, put, words};
use crate::disk::Dice;

/// How long an unplanned visit takes.
const MINUTES: u32 = 30;

/// A visit that nobody booked.
pub(super) fn unplanned(app: &Homeround, patient: PatientId, number: u64) -> Tried {
    let made = app.new_visit(&NewVisit {
        patient,
        service: coding("Skilled nursing"),
        reason: UnplannedReason::Requested,
        comment: Some(words(number)),
        start_ms: None,
        minutes: MINUTES,
    });
    let facts = vec![part("unplanned", "/comment", json!(words(number)))];
    match made {
        Ok((visit, saved)) => Tried {
            made: Some(visit),
            ..Tried::on(
                DocumentId::visit(visit),
                ("unplanned visit", Ok(saved), facts),
            )
        },
        // It has no document: which one it would have had nobody knows.
        Err(error) => Tried::on(
            DocumentId::chart(patient),
            ("unplanned visit", Err(error), facts),
        ),
    }
}

/// Gives the visit to one of the team; none: there is nobody to give it to.
pub(super) fn hand_over(
    app: &Homeround,
    id: VisitId,
    number: u64,
    dice: &mut Dice,
) -> Option<Done> {
    let visit = app.visit(id);
    let team = visit.colleagues().ok().filter(|team| !team.is_empty())?;
    let to = dice.pick(&team).id;
    let given = visit.hand_over(to, HandoverReason::Overload, Some(words(number)));
    let stands = visit.read().ok().and_then(|seen| seen.handover);
    let facts = stands.map(|it| put("handover", json!(it)));
    let facts = facts.into_iter().collect();
    Some(("hand-over", given.map(|given| given.saved), facts))
}

/// Asks for a notice, or first what the patient wishes; none: the visit is not ahead, or
/// not of today.
pub(super) fn notice(
    app: &Homeround,
    (id, seen): (VisitId, &Visit),
    number: u64,
    dice: &mut Dice,
) -> Option<Tried> {
    if !matches!(seen.status, VisitStatus::Scheduled | VisitStatus::Traveling) {
        return None;
    }
    let visit = app.visit(id);
    let is_call = visit.virtual_visit_of(seen).ok()?.is_some();
    let kind = match is_call || dice.chance(30) {
        true => NoticeKind::Late,
        false => NoticeKind::OnMyWay,
    };
    let draft = visit.notice_draft(kind, &OrderOptions::default()).ok()?;
    if draft.hindrance == Some(NotSent::NotAsked) {
        let done = chart::wishes(&app.chart(seen.patient), number, dice);
        return Some(Tried::on(DocumentId::chart(seen.patient), done));
    }
    let (from, until) = (draft.arrives_from_ms, draft.arrives_until_ms);
    let saved = visit.notify(kind, from, until);
    let facts = entry("notices", "/arrives_until_ms", json!(until));
    Some(Tried::on(DocumentId::visit(id), ("notice", saved, facts)))
}
