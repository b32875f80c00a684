//! The survey of a visit that is over: a link to it is asked for.

use homeround::app::Homeround;
use homeround::model::{DocumentId, NotSent, SurveyEntry, Visit, VisitId, VisitStatus};
use serde_json::json;

use super::{Tried, chart, entry};
use crate::disk::Dice;

/// Links of one visit that a nurse asks for.
const LINKS_MAX: usize = 2;

/// Asks for a link, or first what the patient wishes; none: the visit is not over, or there
/// are enough.
pub(super) fn invite(
    app: &Homeround,
    (id, seen): (VisitId, &Visit),
    number: u64,
    dice: &mut Dice,
) -> Option<Tried> {
    let over = matches!(
        seen.status,
        VisitStatus::Completed | VisitStatus::Signed | VisitStatus::Amended
    );
    let links = seen.survey.values();
    let links = links.filter(|one| matches!(one, SurveyEntry::Invited(_)));
    if !over || links.count() >= LINKS_MAX {
        return None;
    }
    let visit = app.visit(id);
    let view = visit.survey("en").ok()?;
    if view.hindrance == Some(NotSent::NotAsked) {
        let done = chart::wishes(&app.chart(seen.patient), number, dice);
        return Some(Tried::on(DocumentId::chart(seen.patient), done));
    }
    let facts = entry("survey", "/kind", json!("invited"));
    let done = ("survey link", visit.invite_to_survey(), facts);
    Some(Tried::on(DocumentId::visit(id), done))
}
