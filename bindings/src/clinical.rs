//! What figures say: NEWS2, what is unusual at an age, conversions of units.

use homeround::app;
use homeround::clinical::{self, Convertible};
use homeround::model::{self, Millis};

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::types::{Coding, Consciousness, ReportedBy, Spo2Scale};

/// A set of vital signs; what was not measured is none.
#[derive(Debug, Clone, Default, PartialEq, uniffi::Record)]
pub struct Vitals {
    /// Beats per minute.
    #[uniffi(default = None)]
    pub pulse_bpm: Option<u16>,
    /// Systolic pressure, millimetres of mercury.
    #[uniffi(default = None)]
    pub systolic_mmhg: Option<u16>,
    /// Diastolic pressure, millimetres of mercury.
    #[uniffi(default = None)]
    pub diastolic_mmhg: Option<u16>,
    /// Degrees Celsius.
    #[uniffi(default = None)]
    pub temperature_c: Option<f64>,
    /// Oxygen saturation, per cent.
    #[uniffi(default = None)]
    pub spo2_percent: Option<u8>,
    /// Breaths per minute.
    #[uniffi(default = None)]
    pub respirations_per_min: Option<u16>,
    /// Kilograms.
    #[uniffi(default = None)]
    pub weight_kg: Option<f64>,
    /// Glucose, milligrams per decilitre.
    #[uniffi(default = None)]
    pub glucose_mg_dl: Option<u16>,
    /// 0 none to 10 worst.
    #[uniffi(default = None)]
    pub pain_score: Option<u8>,
    /// How awake the patient is.
    #[uniffi(default = None)]
    pub consciousness: Option<Consciousness>,
    /// Whether oxygen is given; `false`: the patient breathes air.
    #[uniffi(default = None)]
    pub on_oxygen: Option<bool>,
    /// Oxygen, litres per minute.
    #[uniffi(default = None)]
    pub oxygen_flow_l_min: Option<f64>,
}

impl From<model::Vitals> for Vitals {
    fn from(vitals: model::Vitals) -> Self {
        Self {
            pulse_bpm: vitals.pulse_bpm.map(model::PulseBpm::get),
            systolic_mmhg: vitals.systolic_mmhg.map(model::PressureMmhg::get),
            diastolic_mmhg: vitals.diastolic_mmhg.map(model::PressureMmhg::get),
            temperature_c: vitals.temperature_c.map(model::TemperatureC::get),
            spo2_percent: vitals.spo2_percent.map(model::SpO2Percent::get),
            respirations_per_min: vitals
                .respirations_per_min
                .map(model::RespirationsPerMin::get),
            weight_kg: vitals.weight_kg.map(model::WeightKg::get),
            glucose_mg_dl: vitals.glucose_mg_dl.map(model::GlucoseMgDl::get),
            pain_score: vitals.pain_score.map(model::PainScore::get),
            consciousness: vitals.consciousness,
            on_oxygen: vitals.on_oxygen,
            oxygen_flow_l_min: vitals.oxygen_flow_l_min.map(model::OxygenFlowLMin::get),
        }
    }
}

/// A set of vital signs as it is entered.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct VitalsEntry {
    /// When they were measured, milliseconds since 1970.
    pub measured_at_ms: i64,
    /// The figures; at least one. Ranges: 20..=300 bpm, 10..=350 mmHg, 25..=45 °C,
    /// 30..=100 %, 3..=90 breaths, 1..=500 kg, 10..=1500 mg/dL, 0..=10, 0.1..=80 L/min.
    pub vitals: Vitals,
    /// Where, how and with what, of the set as a whole.
    #[uniffi(default = None)]
    pub measured: Option<Measured>,
    /// The same of single figures of the set.
    #[uniffi(default = [])]
    pub figures: Vec<MeasuredFigure>,
}

/// Where on the body, how, with what something was measured, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq, Default, uniffi::Record)]
pub struct Measured {
    /// Where on the body.
    #[uniffi(default = None)]
    pub body_site: Option<Coding>,
    /// How, as in palpation.
    #[uniffi(default = None)]
    pub method: Option<Coding>,
    /// With what device, as in the patient's own cuff.
    #[uniffi(default = None)]
    pub device: Option<Coding>,
    /// Who told it, as on a virtual visit: show that. None: the clinician measured it.
    /// `Unknown` can't be recorded.
    #[uniffi(default = None)]
    pub reported_by: Option<ReportedBy>,
}

/// Where, how and with what one figure of a set was measured.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MeasuredFigure {
    /// The figure's name, as in `temperature_c`; `systolic_mmhg` speaks for the blood
    /// pressure.
    pub figure: String,
    /// Where, how and with what.
    pub measured: Measured,
}

/// What one parameter adds to NEWS2.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct News2Part {
    /// The name of its figure, as in `pulse_bpm`.
    pub field: String,
    /// 0 to 3.
    pub points: u8,
}

/// The bands of risk of NEWS2 that trigger a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum News2Risk {
    /// A total of 0 to 4.
    Low,
    /// A total of 0 to 4 with 3 points in any single parameter.
    LowMedium,
    /// A total of 5 or 6.
    Medium,
    /// A total of 7 or more.
    High,
}

/// NEWS2 with its parts. Royal College of Physicians, 2017; show
/// `decision_support_text` beside it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct News2 {
    /// The total, 0 to 20; none while parts are missing.
    pub total: Option<u8>,
    /// The sum of what was measured: the least that the total can be.
    pub points: u8,
    /// The band of risk. While parts are missing: the band that the rest can only
    /// raise; none where it would be the lowest.
    pub risk: Option<News2Risk>,
    /// Whether a single parameter has 3 points.
    pub single_three: bool,
    /// The scale that judged the saturation.
    pub scale: Spo2Scale,
    /// What was measured, in the order of the chart.
    pub parts: Vec<News2Part>,
    /// Names of the figures that have to be measured before there is a total.
    pub missing: Vec<String>,
    /// The response that the College names for the band, in its words; none without
    /// a band.
    pub response: Option<String>,
}

/// A figure outside what is usual at the patient's age.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Unusual {
    /// Name of the figure, as in `pulse_bpm`.
    pub field: String,
    /// The lowest usual figure, in the unit of the field.
    pub low: Option<f64>,
    /// The highest usual figure.
    pub high: Option<f64>,
    /// Where the range comes from.
    pub source: String,
}

/// What a set of vital signs says. It supports a clinician's judgement and never
/// replaces it.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Assessment {
    /// The score; none under 16 years, for whom it is not made.
    pub news2: Option<News2>,
    /// The patient's age when it was measured, in months; none: no birth date is
    /// known, and the score assumes an adult.
    pub age_months: Option<u32>,
    /// Figures that are worth a second look.
    pub unusual: Vec<Unusual>,
    /// Who told a figure that the score is made of: show that it comes from reported
    /// values. None: a clinician measured them all.
    #[uniffi(default = None)]
    pub reported_by: Option<ReportedBy>,
}

/// A pair of units of one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum UnitPair {
    /// `Cel` and `[degF]`, to a tenth.
    Temperature,
    /// `kg` and `[lb_av]`, to a tenth.
    Weight,
    /// `cm` and `[in_i]`, to a tenth.
    Length,
    /// Glucose in `mg/dL`, whole, and `mmol/L`, to a tenth.
    Glucose,
}

/// A figure of one of a pair's two units in the other, rounded to what the unit is
/// shown with. Units are UCUM codes. Fails with `Refused` on `unit`.
#[uniffi::export]
pub fn convert_unit(
    pair: UnitPair,
    value: f64,
    from: String,
    to: String,
) -> Result<f64, HomeroundError> {
    guard(|| Convertible::from(pair).convert_rounded(value, &from, &to))
}

/// What stands beside every score and warning, in English.
#[uniffi::export]
pub fn decision_support_text() -> Result<String, HomeroundError> {
    Ok(clinical::DECISION_SUPPORT.into())
}

/// Where NEWS2's table and words come from.
#[uniffi::export]
pub fn news2_source() -> Result<String, HomeroundError> {
    Ok(clinical::NEWS2_SOURCE.into())
}

impl From<UnitPair> for Convertible {
    fn from(pair: UnitPair) -> Self {
        match pair {
            UnitPair::Temperature => Self::Temperature,
            UnitPair::Weight => Self::Weight,
            UnitPair::Length => Self::Length,
            UnitPair::Glucose => Self::Glucose,
        }
    }
}

impl From<clinical::News2Risk> for News2Risk {
    fn from(risk: clinical::News2Risk) -> Self {
        match risk {
            clinical::News2Risk::Low => Self::Low,
            clinical::News2Risk::LowMedium => Self::LowMedium,
            clinical::News2Risk::Medium => Self::Medium,
            clinical::News2Risk::High => Self::High,
        }
    }
}

impl From<clinical::News2> for News2 {
    fn from(score: clinical::News2) -> Self {
        let parts = score.parts.iter().map(|part| News2Part {
            field: part.parameter.field().into(),
            points: part.points,
        });
        Self {
            total: score.total(),
            points: score.points(),
            risk: score.risk().map(Into::into),
            single_three: score.single_three(),
            scale: score.scale,
            parts: parts.collect(),
            missing: score.missing.iter().map(|it| it.field().into()).collect(),
            response: score.risk().map(|it| it.response().into()),
        }
    }
}

impl From<app::Assessment> for Assessment {
    fn from(says: app::Assessment) -> Self {
        let unusual = says.unusual.into_iter().map(|it| Unusual {
            field: it.field.into(),
            low: it.low,
            high: it.high,
            source: it.source.into(),
        });
        Self {
            news2: says.news2.map(Into::into),
            age_months: says.age_months,
            unusual: unusual.collect(),
            reported_by: says.reported_by,
        }
    }
}

impl From<Measured> for model::Measured {
    fn from(how: Measured) -> Self {
        Self {
            body_site: how.body_site.map(Into::into),
            method: how.method.map(Into::into),
            device: how.device.map(Into::into),
            reported_by: how.reported_by,
        }
    }
}

impl From<model::Measured> for Measured {
    fn from(how: model::Measured) -> Self {
        Self {
            body_site: how.body_site.map(Into::into),
            method: how.method.map(Into::into),
            device: how.device.map(Into::into),
            reported_by: how.reported_by,
        }
    }
}

impl VitalsEntry {
    pub(crate) fn how(&self) -> app::MeasuredHow {
        let figures = self.figures.iter().cloned();
        app::MeasuredHow {
            whole: self.measured.clone().map(Into::into).unwrap_or_default(),
            figures: figures.map(Into::into).collect(),
        }
    }
}

impl From<MeasuredFigure> for (String, model::Measured) {
    fn from(one: MeasuredFigure) -> Self {
        (one.figure, one.measured.into())
    }
}

impl From<(String, model::Measured)> for MeasuredFigure {
    fn from((figure, how): (String, model::Measured)) -> Self {
        Self {
            figure,
            measured: how.into(),
        }
    }
}

impl From<VitalsEntry> for app::VitalsEntry {
    fn from(entry: VitalsEntry) -> Self {
        let vitals = entry.vitals;
        Self {
            measured_at: Millis(entry.measured_at_ms),
            pulse_bpm: vitals.pulse_bpm,
            systolic_mmhg: vitals.systolic_mmhg,
            diastolic_mmhg: vitals.diastolic_mmhg,
            temperature_c: vitals.temperature_c,
            spo2_percent: vitals.spo2_percent,
            respirations_per_min: vitals.respirations_per_min,
            weight_kg: vitals.weight_kg,
            glucose_mg_dl: vitals.glucose_mg_dl,
            pain_score: vitals.pain_score,
            consciousness: vitals.consciousness,
            on_oxygen: vitals.on_oxygen,
            oxygen_flow_l_min: vitals.oxygen_flow_l_min,
        }
    }
}
