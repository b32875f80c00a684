//! A visit that a nurse made is booked for her; one that was handed over is the colleague's,
//! and on the colleague's phone.

use homeround::app::{AppError, Homeround};
use homeround::model::{DocumentKind, Handover, HandoverState, PatientId, VisitId};

use super::super::world::World;

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    for (id, patient) in world.documents() {
        if id.kind == DocumentKind::Visit
            && let Some(text) = wrong(world, VisitId(id.id), patient)
        {
            found.push(format!("comers: {} {text}", id.id));
        }
    }
    for text in found {
        world.violated(text);
    }
}

fn wrong(world: &World, visit: VisitId, patient: PatientId) -> Option<&'static str> {
    let witness = world.phones.last()?.app()?;
    let seen = witness.visit(visit).read().ok()?;
    let Some(booking) = world.booking(visit) else {
        // What the office booked may be gone with the backend that was put back.
        return seen
            .unplanned
            .is_some()
            .then_some("was made and is not booked");
    };
    let open = witness.visit(visit).conflicts().unwrap_or_default();
    if open.iter().any(|conflict| conflict.path.0 == "handover") {
        return None;
    }
    let given = seen.handover?;
    // Who was out of the team when it came is not booked.
    let to = (given.to, patient);
    if world.model.ended.contains(&to) {
        return None;
    }
    match given.state(Some(&booking)) {
        HandoverState::Waiting => Some("was handed over and is not booked"),
        HandoverState::Overruled => None,
        HandoverState::Done => {
            let phones = &mut world.phones.iter();
            let theirs = phones.find(|phone| phone.person == given.to)?;
            let shown = theirs.app().map(|app| shown(app, visit, &given));
            let done = matches!(shown, Some(Ok(Some(HandoverState::Done))));
            (!done).then_some("was handed over and is not on the colleague's phone")
        }
    }
}

/// Where a hand-over stands on a phone; none: it knows of no such one.
fn shown(
    app: &Homeround,
    visit: VisitId,
    given: &Handover,
) -> Result<Option<HandoverState>, AppError> {
    let view = app.visit(visit).handover()?;
    Ok(view
        .filter(|view| view.handover == *given)
        .map(|it| it.state))
}
