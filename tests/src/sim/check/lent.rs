//! A phone that is lent to a patient answers to nobody else: it reads nothing, writes
//! nothing and sends nothing.

use homeround::app::{AppError, Homeround, SessionState};
use homeround::model::{DocumentId, PatientId, VisitId};

use super::super::world::World;

type Shut = Result<(), AppError>;

/// Tries every door of a phone that is lent now.
pub(in crate::sim) fn check(world: &mut World, number: usize, visit: VisitId) {
    let Some(app) = world.phones[number].app().cloned() else {
        return;
    };
    let patients = &world.model.patients;
    let open = open_doors(&app, visit, patients.first().copied());
    for door in open {
        world.violated(format!("lent: phone {number} opens {door}"));
    }
}

fn open_doors(app: &Homeround, id: VisitId, patient: Option<PatientId>) -> Vec<&'static str> {
    let (visit, document) = (app.visit(id), DocumentId::visit(id));
    let mut doors: Vec<(&'static str, Shut)> = vec![
        ("the documents", app.documents().map(drop)),
        ("the figures", app.figures().map(drop)),
        ("the forms", app.forms().map(drop)),
        ("the quarantine", app.quarantine().map(drop)),
        ("the sync's health", app.sync_health().map(drop)),
        ("idle work", app.idle_slice().map(drop)),
        ("a checkpoint", app.settle_down()),
        ("its audit trail", app.check_audit().map(drop)),
        ("an escrow", app.escrow().map(drop)),
        ("signing out", app.sign_out(None)),
        ("unsent attachments", app.attachments_unsent().map(drop)),
        ("lending", visit.lend_for_survey().map(drop)),
        ("the visit", visit.read().map(drop)),
        ("its survey", visit.survey("en").map(drop)),
        ("its attachments", visit.attachments().map(drop)),
        ("its conflicts", visit.conflicts().map(drop)),
        ("its outcome", visit.set_outcome("lent").map(drop)),
        ("its history", app.history(document).map(drop)),
        ("its state", app.document_state(document).map(drop)),
    ];
    if let Ok(today) = app.today() {
        doors.push(("the team's day", app.team_day(today).map(drop)));
    }
    if let Some(patient) = patient {
        let chart = app.chart(patient);
        doors.push(("a chart", chart.read().map(drop)));
        doors.push((
            "a door code",
            chart.set_home_access("door_code", "lent").map(drop),
        ));
    }
    let mut open: Vec<&'static str> = doors
        .into_iter()
        .filter(|(_, outcome)| !matches!(outcome, Err(AppError::Locked)))
        .map(|(door, _)| door)
        .collect();
    if app.session() != SessionState::Lent {
        open.push("the session");
    }
    open
}
