//! What a care team member does during a visit. Each call is one durable commit.

use homeround::app;
use homeround::model::{self, FieldPath, Millis};
use homeround::vault::SealFailure;

use crate::clinical::{Assessment, Measured, VitalsEntry};
use crate::conflict::parse;
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::medication::{MedicationCheck, MedicationGivenEntry, MedicationNotGivenEntry};
use crate::names::{By, Names};
use crate::presence::{NoFix, place};
use crate::session::Unlock;
use crate::types::{
    BreakReason, Coding, EntryId, Fix, NotDoneReason, Saved, TaskResult, TaskStatus,
};
use crate::visit::Visit;

/// A finding as it is entered.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum NewFinding {
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
}

/// A single-valued measurement as it is entered.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Enum)]
pub enum Measure {
    /// Body weight, 1..=500.
    WeightKg {
        /// Kilograms.
        kg: f64,
    },
    /// Pain as the patient says, 0..=10.
    PainScore {
        /// 0 none to 10 worst.
        score: u8,
    },
    /// Blood glucose, 10..=1500.
    GlucoseMgDl {
        /// Milligrams per decilitre.
        mg_dl: u16,
    },
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TaskOutcome {
    /// Where it stands now.
    pub status: TaskStatus,
    /// What came of it.
    #[uniffi(default = None)]
    pub result: Option<TaskResult>,
    /// Why it was not done; needed for `NotDone`.
    #[uniffi(default = None)]
    pub reason: Option<NotDoneReason>,
    /// In the person's own words.
    #[uniffi(default = None)]
    pub comment: Option<String>,
}

/// One stroke of typing into the shared note.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NoteEdit {
    /// Where, in Unicode code points of the note as it stands; none: at the end.
    #[uniffi(default = None)]
    pub at: Option<u64>,
    /// How many code points are removed from there.
    pub delete: u64,
    /// What is put in their place.
    pub insert: String,
}

/// An answer to a question of a form.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewAnswer {
    /// The form; none: it begins with this answer.
    #[uniffi(default = None)]
    pub form: Option<EntryId>,
    /// Canonical address of the questionnaire, with its version.
    pub questionnaire: String,
    /// Which question.
    pub link_id: String,
    /// As JSON: a string, a number, true or false.
    pub json: String,
}

/// That an entry was wrong.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewCorrection {
    /// The entry's section: `observations`, `medications`, `attachments`, `sign_offs`.
    pub section: String,
    /// The entry that was wrong.
    pub target: EntryId,
    /// The entry that stands in its place; none: entered in error.
    #[uniffi(default = None)]
    pub replacement: Option<EntryId>,
    /// Why; at least one character.
    pub reason: String,
}

/// What verifying the seal of a signature found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SealCheck {
    /// It holds.
    Holds {
        /// How many changes it covers.
        covered: u64,
        /// How many changes came after it.
        later: u64,
    },
    /// The signature or the changes it covers do not fit.
    Broken {
        /// Stable code.
        code: String,
    },
    /// The changes fit and do not give the view that was signed.
    OtherView,
    /// The device that made it is not known as the signer's.
    UnknownDevice,
    /// It may hold: it is of a later version, and this one can't judge it.
    LaterVersion,
}

/// A change that came after the signature and is not taken in yet.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct LateEdit {
    /// The change's name, 64 hexadecimal digits.
    pub change: String,
    /// Who made it.
    pub by: By,
    /// When, by the writer's wall clock, milliseconds since 1970.
    pub at_ms: i64,
    /// The fields that it touches.
    pub fields: Vec<String>,
    /// Whether its author knew of the signature; else it was made in good faith
    /// before and awaits the signer.
    pub knew_of_signature: bool,
}

#[uniffi::export]
impl Visit {
    /// On the way. Fails with `Step` when the visit is somewhere else, and with `Refused` on
    /// `virtual_visit` for a virtual one.
    #[uniffi::method(default(fix = None))]
    pub fn start_travel(&self, fix: Option<Fix>) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.start_travel(fix.map(Into::into)))
    }

    /// Arrived in the home: begins the visit and stamps who came, when and where; without
    /// a fix, `no_fix` says why. A stamp that is not verified stops nothing and waits for
    /// a reason. A colleague who comes to a visit that has begun joins. Fails with `Step`,
    /// and with `Refused` on `consent` for a virtual visit to which nobody agreed.
    #[uniffi::method(default(fix = None, no_fix = None))]
    pub fn check_in(
        &self,
        fix: Option<Fix>,
        no_fix: Option<NoFix>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.check_in(place(fix, no_fix)))
    }

    /// Interrupts the visit, and notes where and why. Fails with `Step`.
    #[uniffi::method(default(reason = None, comment = None, fix = None))]
    pub fn take_break(
        &self,
        reason: Option<BreakReason>,
        comment: Option<String>,
        fix: Option<Fix>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.take_break(reason, comment, place(fix, None)))
    }

    /// Goes on after a break, and notes where. Fails with `Step`.
    #[uniffi::method(default(fix = None))]
    pub fn resume(&self, fix: Option<Fix>) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.resume(place(fix, None)))
    }

    /// Leaves the home: the visit is done and can be signed. Stamps the check-out of a
    /// person who is checked in. Fails with `Refused` on `tasks` while a required task has
    /// no status, and with `Step`.
    #[uniffi::method(default(fix = None, no_fix = None))]
    pub fn complete(
        &self,
        fix: Option<Fix>,
        no_fix: Option<NoFix>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.complete(place(fix, no_fix)))
    }

    /// Nobody was met; notes where the person was. Fails with `Step`.
    #[uniffi::method(default(comment = None, fix = None))]
    pub fn miss(
        &self,
        reason: NotDoneReason,
        comment: Option<String>,
        fix: Option<Fix>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.miss(reason, comment, place(fix, None)))
    }

    /// Calls the visit off; notes where the person was, and stamps the check-out of one who
    /// is checked in. Fails with `Step`.
    #[uniffi::method(default(comment = None, fix = None, no_fix = None))]
    pub fn cancel(
        &self,
        reason: NotDoneReason,
        comment: Option<String>,
        fix: Option<Fix>,
        no_fix: Option<NoFix>,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.cancel(reason, comment, place(fix, no_fix)))
    }

    /// Records a set of vital signs. Fails with `Refused` naming the figure.
    pub fn record_vitals(&self, entry: VitalsEntry) -> Result<Saved, HomeroundError> {
        let how = entry.how();
        self.save(|visit| visit.record_vitals_measured(&entry.into(), how))
    }

    /// What a set of vital signs would say, before it is recorded. It supports a
    /// clinician's judgement and never replaces it. Fails with `Refused`.
    pub fn assess(&self, entry: VitalsEntry) -> Result<Assessment, HomeroundError> {
        let how = entry.how();
        guard(|| {
            let says = self.handle().assess_measured(&entry.into(), &how);
            says.map(Into::into)
        })
    }

    /// Records one finding.
    #[uniffi::method(default(measured = None))]
    pub fn observe(
        &self,
        measured_at_ms: i64,
        finding: NewFinding,
        measured: Option<Measured>,
    ) -> Result<Saved, HomeroundError> {
        let measured = measured.map(Into::into).unwrap_or_default();
        self.save(|visit| visit.observe_measured(Millis(measured_at_ms), finding.into(), measured))
    }

    /// Sets a single-valued measurement; two people's different values open a conflict.
    pub fn set_measure(&self, measure: Measure) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.set_measure(measure.into()))
    }

    /// What there is to think about before giving a dose now. It supports a
    /// clinician's judgement and never replaces it. Fails with `Refused` on
    /// `dose_value` or `dose_unit`.
    pub fn check_medication(
        &self,
        entry: MedicationGivenEntry,
    ) -> Result<MedicationCheck, HomeroundError> {
        guard(|| {
            let check = self.handle().check_medication(&entry.into());
            check.map(Into::into)
        })
    }

    /// Records that a medication was given. Fails with `Warned` while a warning has
    /// no override: nothing was stored; ask, and call again with a reason for each.
    /// Fails with `Refused` on `dose_value`, `dose_unit` or `reason`.
    pub fn medication_given(&self, entry: MedicationGivenEntry) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.give_medication(entry.into()))
    }

    /// Records that a medication was not given, and why.
    pub fn medication_not_given(
        &self,
        entry: MedicationNotGivenEntry,
    ) -> Result<Saved, HomeroundError> {
        self.save(|visit| {
            let code = entry.code.into();
            visit.medication_not_given(entry.medication, code, entry.reason, entry.comment)
        })
    }

    /// Says what came of a task. Fails with `Refused` on `reason` when a task that was
    /// not done has none.
    pub fn set_task(&self, task: EntryId, outcome: TaskOutcome) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.set_task(task, &outcome.into()))
    }

    /// Adds a task. Fails with `Refused` on an empty `title`.
    pub fn add_task(&self, title: String, required: bool) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.add_task(&title, required))
    }

    /// Says in words what came of the visit.
    pub fn set_outcome(&self, outcome: String) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.set_outcome(&outcome))
    }

    /// Types into the shared note. Fails with `Refused` on `at` past its end.
    pub fn edit_note(&self, edit: NoteEdit) -> Result<Saved, HomeroundError> {
        self.save(|visit| {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            visit.edit_note(&app::NoteEdit {
                at: edit.at.map(place),
                delete: place(edit.delete),
                insert: edit.insert,
            })
        })
    }

    /// Answers one question of a form. Fails with `Refused` on `answer`.
    pub fn answer(&self, answer: NewAnswer) -> Result<Saved, HomeroundError> {
        guard(|| {
            let value = parse(&answer.json, "answer")?;
            let visit = self.handle();
            let (form, of) = (answer.form, &answer.questionnaire);
            self.phone
                .saved(visit.answer(form, of, &answer.link_id, &value))
        })
    }

    /// Marks an entry as wrong; it stays and says so. Fails with `Refused` on `reason`.
    pub fn correct(&self, correction: NewCorrection) -> Result<Saved, HomeroundError> {
        self.save(|visit| {
            let NewCorrection {
                section,
                target,
                replacement,
                reason,
            } = correction;
            visit.correct(&section, target, replacement, &reason)
        })
    }

    /// Settles a conflict: the chosen value stands, the others stay in the history.
    /// `chosen_json`: one of the values, or a third one.
    pub fn settle(&self, field: String, chosen_json: String) -> Result<Saved, HomeroundError> {
        guard(|| {
            let chosen = parse(&chosen_json, "chosen")?;
            self.phone
                .saved(self.handle().settle(&FieldPath(field), &chosen))
        })
    }

    /// Seals the completed visit with this device's key, after asking for the PIN or
    /// the sensor once more.
    ///
    /// Fails with `ConflictsOpen`, `Step`, `WrongPin`, `NotAllowed`.
    pub fn sign(&self, with: Unlock) -> Result<Saved, HomeroundError> {
        guard(|| {
            let proof = with.try_into()?;
            self.phone.saved(self.handle().sign(&proof))
        })
    }

    /// Verifies the seal of the last signature. Fails with `NotFound` when there is
    /// none.
    pub fn verify(&self) -> Result<SealCheck, HomeroundError> {
        guard(|| self.handle().verify().map(Into::into))
    }

    /// What came after the last signature and is not taken in by an amendment.
    pub fn awaiting(&self) -> Result<Vec<LateEdit>, HomeroundError> {
        guard(|| {
            let names = Names::new(&self.phone.app);
            let late = self.handle().awaiting()?;
            let shown = late.into_iter().map(|change| LateEdit {
                change: change.hash.to_string(),
                by: names.by_actor(change.actor),
                at_ms: change.at.0,
                fields: change.touched.into_iter().map(|one| one.path.0).collect(),
                knew_of_signature: change.knew_of_seal,
            });
            Ok::<_, HomeroundError>(shown.collect())
        })
    }

    /// Takes what came after the signature into the visit, with a reason. Sign again to
    /// seal it.
    #[uniffi::method(default(note = None))]
    pub fn amend(&self, reason: String, note: Option<String>) -> Result<Saved, HomeroundError> {
        self.save(|visit| visit.amend(&reason, note.as_deref()))
    }
}

impl Visit {
    pub(crate) fn save(
        &self,
        edit: impl FnOnce(&app::VisitHandle) -> Result<app::Saved, app::AppError>,
    ) -> Result<Saved, HomeroundError> {
        guard(|| self.phone.saved(edit(&self.handle())))
    }
}

impl From<NewFinding> for model::Finding {
    fn from(finding: NewFinding) -> Self {
        match finding {
            NewFinding::Quantity { code, value, unit } => Self::Quantity {
                code: code.into(),
                value,
                unit,
            },
            NewFinding::Text { code, text } => Self::Text {
                code: code.into(),
                text,
            },
        }
    }
}

impl From<Measure> for app::MeasureValue {
    fn from(measure: Measure) -> Self {
        match measure {
            Measure::WeightKg { kg } => Self::WeightKg(kg),
            Measure::PainScore { score } => Self::PainScore(score),
            Measure::GlucoseMgDl { mg_dl } => Self::GlucoseMgDl(mg_dl),
        }
    }
}

impl From<app::SealCheck> for SealCheck {
    fn from(check: app::SealCheck) -> Self {
        match check {
            app::SealCheck::Holds(verified) => Self::Holds {
                covered: verified.covered as u64,
                later: verified.later as u64,
            },
            app::SealCheck::Broken(failure) => Self::Broken {
                code: match failure {
                    SealFailure::Field(_) => "seal_field",
                    SealFailure::Signature => "seal_signature",
                    _ => "seal_changes",
                }
                .into(),
            },
            app::SealCheck::OtherView => Self::OtherView,
            app::SealCheck::UnknownDevice => Self::UnknownDevice,
            app::SealCheck::LaterVersion => Self::LaterVersion,
        }
    }
}
