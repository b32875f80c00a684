//! A visit as a screen shows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use homeround::app::VisitHandle;
use homeround::model::{self, EntryId as Entry};

use crate::clinical::{Assessment, Measured, MeasuredFigure, Vitals};
use crate::conflict::{Conflict, show, text_of};
use crate::correction::{Correction, Corrections};
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::medication::WarningOverride;
use crate::names::{By, Names};
use crate::presence::{VisitPresence, attended};
use crate::root::Phone;
use crate::schedule::{VisitSummary, summary};
use crate::sign_off::{self, SignOff};
use crate::types::{
    BreakReason, Coding, EntryId, Fix, NotDoneReason, PatientId, Role, TaskResult, TaskStatus,
    VisitId, VisitStatus,
};
use crate::virtual_visit::{self, VirtualVisit};

/// Something to be done during a visit.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct VisitTask {
    /// Which.
    pub id: EntryId,
    /// What to do.
    pub title: String,
    /// The visit can't be completed without a status for it.
    pub required: bool,
    /// Where it stands.
    pub status: TaskStatus,
    /// What came of it.
    pub result: Option<TaskResult>,
    /// Why it was not done.
    pub reason: Option<NotDoneReason>,
    /// In the person's own words.
    pub comment: Option<String>,
}

/// A step of the visit's status.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Step {
    /// The status reached.
    pub to: VisitStatus,
    /// Who took it.
    pub by: By,
    /// When, by the phone's wall clock, milliseconds since 1970.
    pub at_ms: i64,
    /// Where.
    pub fix: Option<Fix>,
    /// Why, for missed and canceled.
    pub reason: Option<NotDoneReason>,
    /// Why, for a break.
    pub break_reason: Option<BreakReason>,
    /// In the person's own words.
    pub comment: Option<String>,
}

/// What an observation says.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum Finding {
    /// A set of vital signs taken together.
    Vitals {
        /// The figures.
        vitals: Vitals,
    },
    /// One coded quantity.
    Quantity {
        /// What was measured.
        code: Coding,
        /// How much.
        value: f64,
        /// UCUM unit.
        unit: String,
    },
    /// One coded finding in words.
    Text {
        /// What was looked at.
        code: Coding,
        /// What was found.
        text: String,
    },
    /// A kind that this version does not know.
    Unknown,
}

impl From<model::Finding> for Finding {
    fn from(finding: model::Finding) -> Self {
        match finding {
            model::Finding::Vitals(vitals) => Self::Vitals {
                vitals: vitals.into(),
            },
            model::Finding::Quantity { code, value, unit } => Self::Quantity {
                code: code.into(),
                value,
                unit,
            },
            model::Finding::Text { code, text } => Self::Text {
                code: code.into(),
                text,
            },
            model::Finding::Unknown => Self::Unknown,
        }
    }
}

/// A measured or observed finding.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct VisitObservation {
    /// Which.
    pub id: EntryId,
    /// Who observed it.
    pub by: By,
    /// When it was measured, milliseconds since 1970.
    pub measured_at_ms: i64,
    /// What was found.
    pub finding: Finding,
    /// Where, how and with what, of the finding as a whole.
    pub measured: Measured,
    /// The same of single figures of a set.
    pub figures: Vec<MeasuredFigure>,
    /// What a set of vital signs says; none for other findings.
    pub assessment: Option<Assessment>,
    /// Set once somebody said that it was wrong: show it struck out.
    pub corrected: Option<Correction>,
}

/// A single-valued measurement of the visit.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Measurement {
    /// As in `weight_kg`.
    pub name: String,
    /// As a person reads it.
    pub text: String,
}

/// Whether a medication was given.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum Administration {
    /// Given.
    Given {
        /// How much, if it was noted.
        dose_value: Option<f64>,
        /// UCUM unit or form, as in `mg` or `{tablet}`.
        dose_unit: Option<String>,
    },
    /// Not given.
    NotGiven {
        /// Why not.
        reason: NotDoneReason,
    },
}

/// A medication that was given or not given.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MedicationGiven {
    /// Which entry.
    pub id: EntryId,
    /// The line of the chart's list, if it is on it.
    pub medication: Option<EntryId>,
    /// What it is.
    pub code: Coding,
    /// Given, or why not.
    pub given: Administration,
    /// Who gave it or decided not to.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// In the person's own words.
    pub comment: Option<String>,
    /// The warnings that the person went ahead against, each with the reason.
    pub overrides: Vec<WarningOverride>,
    /// Set once somebody said that it was wrong: show it struck out.
    pub corrected: Option<Correction>,
}

/// An answer of a form.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct FormAnswer {
    /// Which question.
    pub link_id: String,
    /// As JSON: a string, a number, true or false.
    pub json: String,
    /// As a person reads it.
    pub text: String,
}

/// A form with its answers so far.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct AnsweredForm {
    /// Which.
    pub id: EntryId,
    /// Canonical address of the questionnaire, with its version.
    pub questionnaire: String,
    /// By link id.
    pub answers: Vec<FormAnswer>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Signature {
    /// Who signed.
    pub by: By,
    /// As what.
    pub role: Role,
    /// When, by the phone's wall clock, milliseconds since 1970.
    pub at_ms: i64,
}

/// What was added after a signature.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Amendment {
    /// Why.
    pub reason: String,
    /// Who.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// How many earlier changes it takes in.
    pub changes: u64,
}

/// A visit as it stands on this phone. Lists are in the order in which things were
/// added.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct VisitView {
    /// Which.
    pub id: VisitId,
    /// Whom it is for.
    pub patient: PatientId,
    /// Its line in the day's list; none when it is not booked.
    pub summary: Option<VisitSummary>,
    /// Where it stands.
    pub status: VisitStatus,
    /// What came of it, in words.
    pub outcome: Option<String>,
    /// The note that the team types together.
    pub note: String,
    /// What is to be done.
    pub tasks: Vec<VisitTask>,
    /// The way of its status.
    pub steps: Vec<Step>,
    /// Findings.
    pub observations: Vec<VisitObservation>,
    /// Single-valued measurements.
    pub measurements: Vec<Measurement>,
    /// Medications given and not given.
    pub medications: Vec<MedicationGiven>,
    /// Forms.
    pub forms: Vec<AnsweredForm>,
    /// Signatures.
    pub signatures: Vec<Signature>,
    /// What came after a signature.
    pub amendments: Vec<Amendment>,
    /// Fields on which people disagree.
    pub conflicts: Vec<Conflict>,
    /// Who was in the home.
    pub presence: VisitPresence,
    /// Signatures by hand, and why there is none.
    pub sign_offs: Vec<SignOff>,
    /// The visit is virtual, and how it stands; none: it is at the patient's home.
    #[uniffi(default = None)]
    pub virtual_visit: Option<VirtualVisit>,
}

/// A visit, for reading and for work. Each edit is one durable commit: it is saved
/// when the call returns.
#[derive(uniffi::Object)]
pub struct Visit {
    pub(crate) phone: Arc<Phone>,
    pub(crate) id: VisitId,
}

impl Visit {
    pub(crate) const fn new(phone: Arc<Phone>, id: VisitId) -> Self {
        Self { phone, id }
    }

    pub(crate) fn handle(&self) -> VisitHandle {
        self.phone.app.visit(self.id)
    }
}

#[uniffi::export]
impl Visit {
    /// Which visit.
    pub fn id(&self) -> Result<VisitId, HomeroundError> {
        Ok(self.id)
    }

    /// The visit as it stands on this phone.
    ///
    /// Fails with `NotFound`, `Locked`, `LeaseEnded`, `NotAllowed`.
    pub fn read(&self) -> Result<VisitView, HomeroundError> {
        guard(|| {
            let handle = self.handle();
            let visit = handle.read()?;
            let says = handle.assessments_of(&visit)?;
            let names = Names::new(&self.phone.app);
            let line = handle.summary()?.map(|row| summary(row, &names));
            // Only a visit that says so has any: asking opens its document.
            let conflicts = match &line {
                Some(line) if line.conflicts == 0 => Vec::new(),
                _ => handle.conflicts()?,
            };
            let presence = attended(&visit.presence, handle.presence()?, &names);
            let taken = handle.sign_offs_of(&visit)?;
            let taken = sign_off::shown(taken, &visit.corrections, &names);
            let call = handle.virtual_visit_of(&visit)?;
            let call = call.map(|call| virtual_visit::shown(call, &names));
            let around = (conflicts, presence, taken, call);
            Ok::<_, HomeroundError>(view(self.id, visit, line, around, says, &names))
        })
    }

    /// The open conflicts alone.
    pub fn conflicts(&self) -> Result<Vec<Conflict>, HomeroundError> {
        guard(|| {
            let names = Names::new(&self.phone.app);
            let open = self.handle().conflicts()?;
            Ok::<_, HomeroundError>(open.into_iter().map(|one| show(one, &names)).collect())
        })
    }
}

/// What is read of a visit besides its sections.
type Around = (
    Vec<homeround::merge::Conflict>,
    VisitPresence,
    Vec<SignOff>,
    Option<VirtualVisit>,
);

fn view(
    id: VisitId,
    visit: model::Visit,
    line: Option<VisitSummary>,
    (conflicts, presence, sign_offs, virtual_visit): Around,
    mut says: BTreeMap<Entry, homeround::app::Assessment>,
    names: &Names<'_>,
) -> VisitView {
    let wrong = Corrections::of(&visit.corrections, names);
    VisitView {
        id,
        patient: visit.patient,
        summary: line,
        status: visit.status,
        outcome: visit.outcome,
        note: visit.note,
        tasks: visit.tasks.into_iter().map(task).collect(),
        steps: visit
            .steps
            .into_values()
            .map(|one| step(one, names))
            .collect(),
        observations: visit
            .observations
            .into_iter()
            .map(|(id, one)| observation(id, one, says.remove(&id), &wrong, names))
            .collect(),
        measurements: visit
            .measures
            .into_iter()
            .map(|(name, value)| Measurement {
                name,
                text: text_of(&value),
            })
            .collect(),
        medications: visit
            .medications
            .into_iter()
            .map(|(id, one)| medication(id, one, &wrong, names))
            .collect(),
        forms: visit.forms.into_iter().map(form).collect(),
        signatures: visit
            .signatures
            .into_values()
            .map(|one| Signature {
                by: names.by(one.by),
                role: one.role,
                at_ms: one.stamp.clock.wall_ms.0,
            })
            .collect(),
        amendments: visit
            .amendments
            .into_values()
            .map(|one| Amendment {
                reason: one.reason,
                by: names.by(one.by),
                at_ms: one.at_ms.0,
                changes: one.changes.len() as u64,
            })
            .collect(),
        conflicts: conflicts.into_iter().map(|one| show(one, names)).collect(),
        presence,
        sign_offs,
        virtual_visit,
    }
}

fn task((id, task): (Entry, model::Task)) -> VisitTask {
    VisitTask {
        id,
        title: task.title,
        required: task.required,
        status: task.status,
        result: task.result,
        reason: task.reason,
        comment: task.comment,
    }
}

fn step(step: model::StepEntry, names: &Names<'_>) -> Step {
    Step {
        to: step.to,
        by: names.by(step.by),
        at_ms: step.stamp.clock.wall_ms.0,
        fix: step.fix.map(Into::into),
        reason: step.reason,
        break_reason: step.break_reason,
        comment: step.comment,
    }
}

fn observation(
    id: Entry,
    one: model::ObservationEntry,
    says: Option<homeround::app::Assessment>,
    wrong: &Corrections,
    names: &Names<'_>,
) -> VisitObservation {
    VisitObservation {
        id,
        by: names.by(one.by),
        measured_at_ms: one.measured_at_ms.0,
        finding: one.finding.into(),
        measured: one.measured.into(),
        figures: one.figures.into_iter().map(Into::into).collect(),
        assessment: says.map(Into::into),
        corrected: wrong.get("observations", id),
    }
}

fn medication(
    id: Entry,
    entry: model::MedicationEntry,
    wrong: &Corrections,
    names: &Names<'_>,
) -> MedicationGiven {
    MedicationGiven {
        id,
        medication: entry.medication,
        code: entry.code.into(),
        given: match entry.given {
            model::Given::Given {
                dose_value,
                dose_unit,
            } => Administration::Given {
                dose_value,
                dose_unit,
            },
            model::Given::NotGiven { reason } => Administration::NotGiven { reason },
        },
        by: names.by(entry.by),
        at_ms: entry.at_ms.0,
        comment: entry.comment,
        overrides: entry.overrides.into_iter().map(Into::into).collect(),
        corrected: wrong.get("medications", id),
    }
}

fn form((id, form): (Entry, model::Form)) -> AnsweredForm {
    let answers = form.answers.into_iter().map(|(link_id, value)| FormAnswer {
        link_id,
        text: text_of(&value),
        json: value.to_string(),
    });
    AnsweredForm {
        id,
        questionnaire: form.questionnaire,
        answers: answers.collect(),
    }
}
