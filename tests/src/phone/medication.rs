//! Commands about medications: doses, the list, and what a look into the home finds.

use homeround::app::{Dose, GivenDose, Homeround, Saved};
use homeround::model::{Coding, EntryId, WarningOverride};
use serde::Deserialize;

use super::answer::Refusal;
use super::command::Command;

/// A dose that was given.
#[derive(Debug, Clone, Deserialize)]
pub struct DoseSaid {
    /// The line of the chart's list, if it is on it.
    #[serde(default)]
    medication: Option<EntryId>,
    /// What.
    code: Coding,
    /// How much.
    #[serde(default)]
    amount: Option<Amount>,
    /// In the person's words.
    #[serde(default)]
    comment: Option<String>,
    /// Against which warnings, and why.
    #[serde(default)]
    overrides: Vec<WarningOverride>,
}

/// How much.
#[derive(Debug, Clone, Deserialize)]
struct Amount {
    value: f64,
    unit: String,
}

/// Does what is about medications; none for another kind of command.
pub(super) fn medication(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let saved = match command {
        Command::MedicationGiven { visit, dose } => app.visit(*visit).give_medication(GivenDose {
            medication: dose.medication,
            code: dose.code.clone(),
            dose: dose.amount.as_ref().map(|amount| Dose {
                value: amount.value,
                unit: amount.unit.clone(),
            }),
            comment: dose.comment.clone(),
            overrides: dose.overrides.clone(),
        }),
        Command::MedicationNotGiven {
            visit,
            code,
            reason,
            comment,
        } => app
            .visit(*visit)
            .medication_not_given(None, code.clone(), *reason, comment.clone()),
        Command::MedicationAdd {
            patient,
            medication,
        } => app.chart(*patient).add_medication(medication),
        Command::Reconcile { patient, found } => app.chart(*patient).reconcile(found, None),
        _ => return None,
    };
    Some(saved.map_err(Refusal::from))
}
