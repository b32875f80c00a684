//! What nurses do on their phones: one edit at a time, as a person would.
//!
//! | file | what |
//! |---|---|
//! | visit | the visit's own: steps, what was measured and done, notes |
//! | chart, plan | the patient's other documents |
//! | form | forms, answer by answer |
//! | survey | a link to the survey |
//! | call | a virtual visit: consent, lobby, the phone call it falls back to |
//! | around | what changes who comes and who knows: unplanned visits, hand-overs, notices |

mod around;
mod call;
mod chart;
mod form;
mod plan;
mod survey;
mod visit;

use homeround::app::{AppError, Homeround, Saved};
use homeround::model::{Coding, DocumentId, FieldPath, PatientId, VisitId};
use serde_json::Value;

pub(super) use form::own_form;

use super::model::Fact;
use crate::disk::Dice;

/// Stands in everything that is typed, so that a log that holds it gives itself away.
pub(super) const CANARY: &str = "zaunkoenig";

/// An edit that was tried.
pub(super) struct Tried {
    pub(super) what: &'static str,
    pub(super) document: DocumentId,
    pub(super) saved: Result<Saved, AppError>,
    pub(super) facts: Vec<Fact>,
    /// The visit that it made.
    pub(super) made: Option<VisitId>,
}

impl Tried {
    pub(super) fn on(document: DocumentId, (what, saved, facts): Done) -> Self {
        Self {
            what,
            document,
            saved,
            facts,
            made: None,
        }
    }
}

type Done = (&'static str, Result<Saved, AppError>, Vec<Fact>);

pub(super) fn entry(section: &'static str, pointer: &'static str, value: Value) -> Vec<Fact> {
    vec![Fact::Entry {
        section,
        pointer,
        value,
    }]
}

fn put(path: &str, value: Value) -> Fact {
    Fact::Put {
        path: FieldPath(path.into()),
        value,
    }
}

/// A field whose value says this somewhere.
fn part(path: &str, pointer: &'static str, value: Value) -> Fact {
    Fact::Part {
        path: FieldPath(path.into()),
        pointer,
        value,
    }
}

fn coding(text: &str) -> Coding {
    Coding {
        text: text.into(),
        ..Coding::default()
    }
}

pub(super) fn words(number: u64) -> String {
    format!("{CANARY} {number}")
}

/// One edit of somebody who is at hand in an emergency.
pub(super) fn on_the_chart(
    app: &Homeround,
    patient: PatientId,
    number: u64,
    dice: &mut Dice,
) -> Tried {
    let done = chart::on_chart(app, patient, number, dice);
    Tried::on(DocumentId::chart(patient), done)
}

/// One edit of somebody who stands in this patient's home. `number` is in every value, so
/// that no two edits say the same.
pub(super) fn edit(
    app: &Homeround,
    (visit, patient): (VisitId, PatientId),
    number: u64,
    dice: &mut Dice,
) -> Tried {
    if dice.chance(22) {
        let done = chart::on_chart(app, patient, number, dice);
        return Tried::on(DocumentId::chart(patient), done);
    }
    if dice.chance(8)
        && let Some(tried) = plan::on_plan(app, patient, number, dice)
    {
        return tried;
    }
    if dice.chance(2) {
        return around::unplanned(app, patient, number);
    }
    let seen = match app.visit(visit).read() {
        Ok(seen) => seen,
        Err(error) => {
            let done = ("look at a visit", Err(error), Vec::new());
            return Tried::on(DocumentId::visit(visit), done);
        }
    };
    if dice.chance(8)
        && let Some(tried) = around::notice(app, (visit, &seen), number, dice)
    {
        return tried;
    }
    if dice.chance(50)
        && let Some(tried) = survey::invite(app, (visit, &seen), number, dice)
    {
        return tried;
    }
    let done = match dice.below(100) {
        0..=3 => around::hand_over(app, visit, number, dice),
        4..=38 => call::on_call(app, (visit, &seen), number, dice),
        from if from < 39 + form::share(&seen) => form::on_form(app, visit, &seen, number, dice),
        _ => None,
    };
    let done = done.unwrap_or_else(|| visit::on_visit(app, visit, &seen, number, dice));
    Tried::on(DocumentId::visit(visit), done)
}

/// What a phone does that asks nobody: the first of the values stands.
pub(super) fn settle_everything(app: &Homeround) {
    for id in app.documents().unwrap_or_default() {
        if id.kind != homeround::model::DocumentKind::Visit {
            continue;
        }
        let visit = app.visit(VisitId(id.id));
        for conflict in visit.conflicts().unwrap_or_default() {
            let _ = visit.settle(&conflict.path, &conflict.values[0].value);
        }
    }
}
