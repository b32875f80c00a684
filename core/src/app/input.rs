//! What a shell hands in: bare figures with units in their names, checked here
//! at the door.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::AppError;
use crate::model::{
    Consciousness, GlucoseMgDl, Measured, Millis, NotDoneReason, OxygenFlowLMin, PainScore,
    PressureMmhg, PulseBpm, Refused, ReportedBy, RespirationsPerMin, SpO2Percent, TaskResult,
    TaskStatus, TemperatureC, Vitals, WeightKg, told,
};

/// Bare figures of a set of vital signs.
#[derive(Debug, Clone, Copy, Default)]
pub struct VitalsEntry {
    /// When they were measured.
    pub measured_at: Millis,
    /// Beats per minute.
    pub pulse_bpm: Option<u16>,
    /// Millimetres of mercury.
    pub systolic_mmhg: Option<u16>,
    /// Millimetres of mercury.
    pub diastolic_mmhg: Option<u16>,
    /// Degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Per cent.
    pub spo2_percent: Option<u8>,
    /// Breaths per minute.
    pub respirations_per_min: Option<u16>,
    /// Kilograms.
    pub weight_kg: Option<f64>,
    /// Milligrams per decilitre.
    pub glucose_mg_dl: Option<u16>,
    /// 0 none to 10 worst.
    pub pain_score: Option<u8>,
    /// How awake the patient is.
    pub consciousness: Option<Consciousness>,
    /// Whether oxygen is given; `false`: the patient breathes air.
    pub on_oxygen: Option<bool>,
    /// Litres per minute; with it, oxygen is given unless that is said otherwise.
    pub oxygen_flow_l_min: Option<f64>,
}

impl VitalsEntry {
    /// Checks every figure and the set as a whole.
    ///
    /// # Errors
    /// [`Refused`] names the figure and what is accepted.
    pub fn parse(&self) -> Result<Vitals, Refused> {
        let named = |field| move |refused: Refused| Refused::new(field, refused.limit);
        let vitals = Vitals {
            pulse_bpm: self.pulse_bpm.map(PulseBpm::new).transpose()?,
            systolic_mmhg: self
                .systolic_mmhg
                .map(PressureMmhg::new)
                .transpose()
                .map_err(named("systolic_mmhg"))?,
            diastolic_mmhg: self
                .diastolic_mmhg
                .map(PressureMmhg::new)
                .transpose()
                .map_err(named("diastolic_mmhg"))?,
            temperature_c: self.temperature_c.map(TemperatureC::new).transpose()?,
            spo2_percent: self.spo2_percent.map(SpO2Percent::new).transpose()?,
            respirations_per_min: self
                .respirations_per_min
                .map(RespirationsPerMin::new)
                .transpose()?,
            weight_kg: self.weight_kg.map(WeightKg::new).transpose()?,
            glucose_mg_dl: self.glucose_mg_dl.map(GlucoseMgDl::new).transpose()?,
            pain_score: self.pain_score.map(PainScore::new).transpose()?,
            consciousness: self.consciousness,
            on_oxygen: self.on_oxygen.or(self.oxygen_flow_l_min.map(|_| true)),
            oxygen_flow_l_min: self
                .oxygen_flow_l_min
                .map(OxygenFlowLMin::new)
                .transpose()?,
            // The chart's to say, and not the caller's.
            spo2_scale: None,
        };
        if self.consciousness == Some(Consciousness::Unknown) {
            return Err(Refused::new("consciousness", "one of ACVPU"));
        }
        vitals.check()?;
        Ok(vitals)
    }
}

/// Where, how and with what a set was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MeasuredHow {
    /// Of the whole set.
    pub whole: Measured,
    /// Of single figures, by their names, as in `temperature_c`; `systolic_mmhg`
    /// speaks for the blood pressure.
    pub figures: BTreeMap<String, Measured>,
}

impl MeasuredHow {
    /// Who told a figure among these; none: all were measured.
    pub(super) fn reported_by(&self, figures: &[&str]) -> Option<ReportedBy> {
        told(&self.whole, &self.figures, figures)
    }

    /// Only figures that the set has can be spoken of.
    pub(super) fn check(&self, vitals: &Vitals) -> Result<(), Refused> {
        let all = std::iter::once(&self.whole).chain(self.figures.values());
        all.into_iter().try_for_each(Measured::check)?;
        let set = serde_json::to_value(vitals).unwrap_or_default();
        if self.figures.keys().all(|name| set.get(name).is_some()) {
            Ok(())
        } else {
            Err(Refused::new("figures", "names of figures of the set"))
        }
    }
}

/// A single-valued measurement of a visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MeasureValue {
    /// Body weight.
    WeightKg(f64),
    /// Pain as the patient says.
    PainScore(u8),
    /// Blood glucose.
    GlucoseMgDl(u16),
}

impl MeasureValue {
    pub(super) fn parse(self) -> Result<(&'static str, Value), Refused> {
        Ok(match self {
            Self::WeightKg(kg) => ("weight_kg", json!(WeightKg::new(kg)?)),
            Self::PainScore(score) => ("pain_score", json!(PainScore::new(score)?)),
            Self::GlucoseMgDl(mg_dl) => ("glucose_mg_dl", json!(GlucoseMgDl::new(mg_dl)?)),
        })
    }
}

/// How much was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Dose {
    /// More than 0.
    pub value: f64,
    /// UCUM unit or form, as in `mg` or `{tablet}`.
    pub unit: String,
}

impl Dose {
    pub(super) fn check(&self) -> Result<(), Refused> {
        if !(self.value > 0.0 && self.value.is_finite()) {
            return Err(Refused::new("dose_value", "a figure above 0"));
        }
        if self.unit.trim().is_empty() {
            return Err(Refused::new("dose_unit", "a UCUM unit or a form"));
        }
        Ok(())
    }
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskOutcome {
    /// Where it stands now.
    pub status: TaskStatus,
    /// What came of it.
    pub result: Option<TaskResult>,
    /// Why it was not done.
    pub reason: Option<NotDoneReason>,
    /// In the person's own words.
    pub comment: Option<String>,
}

impl TaskOutcome {
    /// Done, and it passed.
    #[must_use]
    pub const fn done() -> Self {
        Self {
            status: TaskStatus::Done,
            result: Some(TaskResult::Pass),
            reason: None,
            comment: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), AppError> {
        if self.status == TaskStatus::NotDone && self.reason.is_none() {
            return Err(Refused::new("reason", "a reason for what was not done").into());
        }
        Ok(())
    }
}

/// One stroke of typing into a shared text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoteEdit {
    /// Where, in Unicode scalar values; none: at the end.
    pub at: Option<usize>,
    /// How many are removed from there.
    pub delete: usize,
    /// What is put in their place.
    pub insert: String,
}
