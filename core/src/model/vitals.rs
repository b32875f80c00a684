//! Vital signs: newtypes with units and the ranges a living adult can have.
//! The ranges refuse typing mistakes, never a patient who is very ill; see
//! docs/adr/0007-vital-limits.md.

use serde::{Deserialize, Serialize};

use super::Refused;

macro_rules! vital {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $range:expr, $field:literal, $limit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name($inner);

        impl $name {
            #[doc = concat!("Accepts ", $limit, ".")]
            ///
            /// # Errors
            #[doc = concat!("[`Refused`] outside ", $limit, ".")]
            pub fn new(value: $inner) -> Result<Self, Refused> {
                if ($range).contains(&value) {
                    Ok(Self(value))
                } else {
                    Err(Refused::new($field, $limit))
                }
            }

            /// The bare figure in the unit of its name.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }
    };
}

vital!(
    /// Pulse in beats per minute.
    PulseBpm, u16, 20..=300, "pulse_bpm", "20..=300 per minute"
);
vital!(
    /// Systolic or diastolic pressure in millimetres of mercury.
    PressureMmhg, u16, 10..=350, "pressure_mmhg", "10..=350 mmHg"
);
vital!(
    /// Body temperature in degrees Celsius.
    TemperatureC, f64, 25.0..=45.0, "temperature_c", "25..=45 Cel"
);
vital!(
    /// Oxygen saturation in per cent.
    SpO2Percent, u8, 30..=100, "spo2_percent", "30..=100 %"
);
vital!(
    /// Breaths per minute.
    RespirationsPerMin, u16, 3..=90, "respirations_per_min", "3..=90 per minute"
);
vital!(
    /// Body weight in kilograms.
    WeightKg, f64, 1.0..=500.0, "weight_kg", "1..=500 kg"
);
vital!(
    /// Blood glucose in milligrams per decilitre.
    GlucoseMgDl, u16, 10..=1500, "glucose_mg_dl", "10..=1500 mg/dL"
);
vital!(
    /// Pain as the patient says, 0 none to 10 worst.
    PainScore, u8, 0..=10, "pain_score", "0..=10"
);

vital!(
    /// Oxygen given, in litres per minute.
    OxygenFlowLMin, f64, 0.1..=80.0, "oxygen_flow_l_min", "0.1..=80 L/min"
);

/// How awake a patient is, by ACVPU: alert, new confusion, responds to voice,
/// responds to pain, unresponsive.
/// Source: Royal College of Physicians, NEWS2, 2017.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consciousness {
    /// Fully awake.
    Alert,
    /// Alert and newly confused, disoriented or agitated.
    NewConfusion,
    /// Responds to a voice.
    Voice,
    /// Responds to pain alone.
    Pain,
    /// Responds to nothing.
    Unresponsive,
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Which of NEWS2's two scales judges a patient's oxygen saturation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Spo2Scale {
    /// Everybody's, unless a clinician decided otherwise.
    #[default]
    #[serde(rename = "scale_1")]
    Scale1,
    /// For hypercapnic respiratory failure with a prescribed target of 88 to 92 %.
    #[serde(rename = "scale_2")]
    Scale2,
    /// Something that this version does not know.
    #[serde(rename = "unknown", other)]
    Unknown,
}

impl Spo2Scale {
    /// The stable name, as documents have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scale1 => "scale_1",
            Self::Scale2 => "scale_2",
            Self::Unknown => "unknown",
        }
    }
}

/// A set of vital signs taken together. Each is optional; at least one is there.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Vitals {
    /// Pulse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse_bpm: Option<PulseBpm>,
    /// Systolic pressure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub systolic_mmhg: Option<PressureMmhg>,
    /// Diastolic pressure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diastolic_mmhg: Option<PressureMmhg>,
    /// Temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<TemperatureC>,
    /// Oxygen saturation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spo2_percent: Option<SpO2Percent>,
    /// Respirations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respirations_per_min: Option<RespirationsPerMin>,
    /// Weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<WeightKg>,
    /// Blood glucose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glucose_mg_dl: Option<GlucoseMgDl>,
    /// Pain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pain_score: Option<PainScore>,
    /// How awake the patient is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consciousness: Option<Consciousness>,
    /// Whether oxygen is given; `false`: the patient breathes air.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_oxygen: Option<bool>,
    /// How much oxygen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oxygen_flow_l_min: Option<OxygenFlowLMin>,
    /// The scale that the chart named for the saturation when it was measured: a
    /// later decision changes no earlier score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spo2_scale: Option<Spo2Scale>,
}

impl Vitals {
    /// Checks what one figure alone can't show.
    ///
    /// # Errors
    /// [`Refused`] when nothing was measured, when the diastolic pressure is not
    /// below the systolic one, or when oxygen flows to a patient on air.
    pub fn check(&self) -> Result<(), Refused> {
        let measured = Self {
            spo2_scale: None,
            ..*self
        };
        if measured == Self::default() {
            return Err(Refused::new("vitals", "at least one measurement"));
        }
        if self.oxygen_flow_l_min.is_some() && self.on_oxygen != Some(true) {
            return Err(Refused::new("oxygen_flow_l_min", "none unless on_oxygen"));
        }
        if let (Some(systolic), Some(diastolic)) = (self.systolic_mmhg, self.diastolic_mmhg)
            && diastolic >= systolic
        {
            return Err(Refused::new("diastolic_mmhg", "below systolic_mmhg"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_range_are_inside_and_the_next_values_are_not() {
        assert!(PulseBpm::new(20).is_ok() && PulseBpm::new(300).is_ok());
        assert_eq!(PulseBpm::new(19).unwrap_err().field, "pulse_bpm");
        assert!(PulseBpm::new(301).is_err());
        assert!(TemperatureC::new(f64::NAN).is_err());
        assert!(SpO2Percent::new(101).is_err());
    }

    #[test]
    fn an_empty_set_and_a_reversed_pressure_are_refused() {
        assert_eq!(Vitals::default().check().unwrap_err().field, "vitals");
        let reversed = Vitals {
            systolic_mmhg: PressureMmhg::new(80).ok(),
            diastolic_mmhg: PressureMmhg::new(120).ok(),
            ..Vitals::default()
        };
        assert_eq!(reversed.check().unwrap_err().field, "diastolic_mmhg");
        let scale_alone = Vitals {
            spo2_scale: Some(Spo2Scale::Scale2),
            ..Vitals::default()
        };
        assert_eq!(scale_alone.check().unwrap_err().field, "vitals");
    }

    #[test]
    fn oxygen_flows_to_nobody_who_breathes_air() {
        let flowing = |on_oxygen| Vitals {
            on_oxygen,
            oxygen_flow_l_min: OxygenFlowLMin::new(2.0).ok(),
            ..Vitals::default()
        };
        assert!(flowing(Some(true)).check().is_ok());
        let refused = flowing(Some(false)).check().unwrap_err();
        assert_eq!(refused.field, "oxygen_flow_l_min");
        assert!(flowing(None).check().is_err());
        assert!(OxygenFlowLMin::new(0.0).is_err());
    }

    #[test]
    fn words_of_a_later_version_are_read_as_unknown_and_refuse_no_set() {
        let text = r#"{"pulse_bpm":78,"consciousness":"asleep","spo2_scale":"scale_3"}"#;
        let read: Vitals = serde_json::from_str(text).unwrap();
        assert_eq!(read.consciousness, Some(Consciousness::Unknown));
        assert_eq!(read.spo2_scale, Some(Spo2Scale::Unknown));
        assert_eq!(read.pulse_bpm, PulseBpm::new(78).ok());
    }
}
