//! NEWS2, the National Early Warning Score, exactly as its table says.
//!
//! Source, acknowledged and unaltered: Royal College of Physicians. *National Early
//! Warning Score (NEWS) 2: Standardising the assessment of acute-illness severity in
//! the NHS.* Updated report of a working party. London: RCP, 2017.

use crate::model::{Consciousness, Spo2Scale, Vitals};

/// Where the table and the words of the response come from.
pub const NEWS2_SOURCE: &str = "Royal College of Physicians. National Early Warning Score (NEWS) 2: \
     Standardising the assessment of acute-illness severity in the NHS. \
     Updated report of a working party. London: RCP, 2017.";

/// The score is made for people of this age and older, and not for pregnancy.
/// In months; source: as [`NEWS2_SOURCE`].
pub const NEWS2_AGE_MONTHS_MIN: u32 = 16 * 12;

/// One of the seven things that NEWS2 looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum News2Parameter {
    /// Respirations.
    Respirations,
    /// Oxygen saturation, by the patient's scale.
    Saturation,
    /// Air or oxygen.
    Oxygen,
    /// Systolic pressure.
    Systolic,
    /// Pulse.
    Pulse,
    /// Consciousness.
    Consciousness,
    /// Temperature.
    Temperature,
}

impl News2Parameter {
    /// All of them, in the order of the chart.
    pub const ALL: [Self; 7] = [
        Self::Respirations,
        Self::Saturation,
        Self::Oxygen,
        Self::Systolic,
        Self::Pulse,
        Self::Consciousness,
        Self::Temperature,
    ];

    /// The name of its figure among the vital signs, as in `pulse_bpm`.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Respirations => "respirations_per_min",
            Self::Saturation => "spo2_percent",
            Self::Oxygen => "on_oxygen",
            Self::Systolic => "systolic_mmhg",
            Self::Pulse => "pulse_bpm",
            Self::Consciousness => "consciousness",
            Self::Temperature => "temperature_c",
        }
    }
}

/// What one parameter adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News2Part {
    /// Which.
    pub parameter: News2Parameter,
    /// Its points, 0 to 3.
    pub points: u8,
}

/// The bands of risk that trigger a response; a later variant is the higher risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl News2Risk {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::LowMedium => "low_medium",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The response that the College's chart of thresholds and triggers names, in
    /// its words, made for hospitals: an organisation that visits homes says what
    /// each means there. Show [`DECISION_SUPPORT`](super::DECISION_SUPPORT) beside it.
    #[must_use]
    pub const fn response(self) -> &'static str {
        match self {
            Self::Low => "Ward-based response",
            Self::LowMedium => "Urgent ward-based response",
            Self::Medium => "Key threshold for urgent response",
            Self::High => "Urgent or emergency response",
        }
    }
}

/// A score with its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News2 {
    /// The scale that judged the saturation.
    pub scale: Spo2Scale,
    /// What was measured, in the order of the chart, with its points.
    pub parts: Vec<News2Part>,
    /// What has to be measured before there is a total.
    pub missing: Vec<News2Parameter>,
}

impl News2 {
    /// The sum of what was measured: the total, or, while parts are missing, the
    /// least that it can be.
    #[must_use]
    pub fn points(&self) -> u8 {
        self.parts.iter().map(|part| part.points).sum()
    }

    /// The aggregate score, 0 to 20; none while parts are missing.
    #[must_use]
    pub fn total(&self) -> Option<u8> {
        self.missing.is_empty().then(|| self.points())
    }

    /// Whether a single parameter has 3 points.
    #[must_use]
    pub fn single_three(&self) -> bool {
        self.parts.iter().any(|part| part.points == 3)
    }

    /// The band of risk. While parts are missing: the band that the rest can only
    /// raise, or none where it would be the lowest, which nobody can know yet.
    #[must_use]
    pub fn risk(&self) -> Option<News2Risk> {
        let so_far = match self.points() {
            7.. => News2Risk::High,
            5 | 6 => News2Risk::Medium,
            _ if self.single_three() => News2Risk::LowMedium,
            _ => News2Risk::Low,
        };
        (self.missing.is_empty() || so_far > News2Risk::Low).then_some(so_far)
    }
}

/// Scores a set of vital signs. The set's own scale, noted when it was measured,
/// comes before `scale`, the patient's of today.
///
/// A saturation of 93 % and more on scale 2 has no points until it is known whether
/// oxygen is given; [`Oxygen`](News2Parameter::Oxygen) is then what is missing.
/// Temperature counts to a tenth of a degree, as the chart does, half a tenth up.
#[must_use]
pub fn news2(vitals: &Vitals, scale: Spo2Scale) -> News2 {
    let scale = vitals.spo2_scale.unwrap_or(scale);
    let mut score = News2 {
        scale,
        parts: Vec::with_capacity(News2Parameter::ALL.len()),
        missing: Vec::new(),
    };
    for parameter in News2Parameter::ALL {
        match points(parameter, vitals, scale) {
            Some(points) => score.parts.push(News2Part { parameter, points }),
            None => score.missing.push(parameter),
        }
    }
    let waits = vitals.spo2_percent.is_some() && vitals.on_oxygen.is_none();
    if waits && scale != Spo2Scale::Unknown {
        score.missing.retain(|it| *it != News2Parameter::Saturation);
    }
    score
}

fn points(parameter: News2Parameter, vitals: &Vitals, scale: Spo2Scale) -> Option<u8> {
    match parameter {
        News2Parameter::Respirations => {
            vitals.respirations_per_min.map(|it| respirations(it.get()))
        }
        News2Parameter::Saturation => vitals
            .spo2_percent
            .and_then(|it| saturation(it.get(), scale, vitals.on_oxygen)),
        News2Parameter::Oxygen => vitals.on_oxygen.map(|given| if given { 2 } else { 0 }),
        News2Parameter::Systolic => vitals.systolic_mmhg.map(|it| systolic(it.get())),
        News2Parameter::Pulse => vitals.pulse_bpm.map(|it| pulse(it.get())),
        News2Parameter::Consciousness => vitals.consciousness.and_then(consciousness),
        News2Parameter::Temperature => vitals.temperature_c.map(|it| temperature(it.get())),
    }
}

const fn respirations(per_min: u16) -> u8 {
    match per_min {
        ..=8 => 3,
        9..=11 => 1,
        12..=20 => 0,
        21..=24 => 2,
        25.. => 3,
    }
}

const fn saturation(percent: u8, scale: Spo2Scale, on_oxygen: Option<bool>) -> Option<u8> {
    let points = match (scale, percent, on_oxygen) {
        (Spo2Scale::Scale1, ..=91, _) => 3,
        (Spo2Scale::Scale1, 92..=93, _) => 2,
        (Spo2Scale::Scale1, 94..=95, _) => 1,
        (Spo2Scale::Scale1, 96.., _) => 0,
        (Spo2Scale::Scale2, ..=83, _) => 3,
        (Spo2Scale::Scale2, 84..=85, _) => 2,
        (Spo2Scale::Scale2, 86..=87, _) => 1,
        (Spo2Scale::Scale2, 88..=92, _) => 0,
        (Spo2Scale::Scale2, 93.., Some(false)) => 0,
        (Spo2Scale::Scale2, 93..=94, Some(true)) => 1,
        (Spo2Scale::Scale2, 95..=96, Some(true)) => 2,
        (Spo2Scale::Scale2, 97.., Some(true)) => 3,
        (Spo2Scale::Scale2, 93.., None) | (Spo2Scale::Unknown, ..) => return None,
    };
    Some(points)
}

const fn systolic(mmhg: u16) -> u8 {
    match mmhg {
        ..=90 => 3,
        91..=100 => 2,
        101..=110 => 1,
        111..=219 => 0,
        220.. => 3,
    }
}

const fn pulse(bpm: u16) -> u8 {
    match bpm {
        ..=40 => 3,
        41..=50 => 1,
        51..=90 => 0,
        91..=110 => 1,
        111..=130 => 2,
        131.. => 3,
    }
}

const fn consciousness(of: Consciousness) -> Option<u8> {
    match of {
        Consciousness::Alert => Some(0),
        Consciousness::NewConfusion
        | Consciousness::Voice
        | Consciousness::Pain
        | Consciousness::Unresponsive => Some(3),
        Consciousness::Unknown => None,
    }
}

fn temperature(celsius: f64) -> u8 {
    // The limits of a temperature keep this far inside the range of the integer.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "25 to 45 degrees in tenths"
    )]
    let tenths = (celsius * 10.0).round() as i32;
    match tenths {
        ..=350 => 3,
        351..=360 => 1,
        361..=380 => 0,
        381..=390 => 1,
        391.. => 2,
    }
}

#[cfg(test)]
mod tests;
