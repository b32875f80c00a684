//! The vital signs as codes: what trends and exports know them by.

use crate::model::{SNOMED, Vitals};

/// A vital sign with its codes and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VitalSign {
    /// Name of the figure, as in `pulse_bpm`.
    pub field: &'static str,
    /// LOINC codes, the one of HL7's vital-signs profile first. Any of them means
    /// this sign.
    pub codes: &'static [&'static str],
    /// UCUM unit of the figure.
    pub unit: &'static str,
}

/// Every figure of a set that has a LOINC code.
pub const VITAL_SIGNS: [VitalSign; 9] = [
    sign("pulse_bpm", &["8867-4"], "/min"),
    sign("systolic_mmhg", &["8480-6"], "mm[Hg]"),
    sign("diastolic_mmhg", &["8462-4"], "mm[Hg]"),
    sign("temperature_c", &["8310-5"], "Cel"),
    sign("spo2_percent", &["2708-6", "59408-5"], "%"),
    sign("respirations_per_min", &["9279-1"], "/min"),
    sign("weight_kg", &["29463-7"], "kg"),
    sign("glucose_mg_dl", &["2339-0", "41653-7"], "mg/dL"),
    sign("pain_score", &["72514-3"], "{score}"),
];

/// SNOMED CT's code of NEWS2's total, of [`SNOMED`], as the NHS uses it.
pub const NEWS2_CODE: &str = "1104051000000101";

/// The figures that NEWS2 is made of, by their names.
pub const NEWS2_FIGURES: [&str; 8] = [
    "respirations_per_min",
    "spo2_percent",
    "on_oxygen",
    "oxygen_flow_l_min",
    "systolic_mmhg",
    "pulse_bpm",
    "consciousness",
    "temperature_c",
];

const fn sign(
    field: &'static str,
    codes: &'static [&'static str],
    unit: &'static str,
) -> VitalSign {
    VitalSign { field, codes, unit }
}

impl VitalSign {
    /// The sign that a LOINC code means.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        VITAL_SIGNS.into_iter().find(|it| it.codes.contains(&code))
    }

    /// The sign with a figure's name.
    #[must_use]
    pub fn of_field(field: &str) -> Option<Self> {
        VITAL_SIGNS.into_iter().find(|it| it.field == field)
    }

    /// Its figure in a set, in [`unit`](Self::unit).
    #[must_use]
    pub fn figure(self, vitals: &Vitals) -> Option<f64> {
        match self.field {
            "pulse_bpm" => vitals.pulse_bpm.map(|it| f64::from(it.get())),
            "systolic_mmhg" => vitals.systolic_mmhg.map(|it| f64::from(it.get())),
            "diastolic_mmhg" => vitals.diastolic_mmhg.map(|it| f64::from(it.get())),
            "temperature_c" => vitals.temperature_c.map(|it| it.get()),
            "spo2_percent" => vitals.spo2_percent.map(|it| f64::from(it.get())),
            "respirations_per_min" => vitals.respirations_per_min.map(|it| f64::from(it.get())),
            "weight_kg" => vitals.weight_kg.map(|it| it.get()),
            "glucose_mg_dl" => vitals.glucose_mg_dl.map(|it| f64::from(it.get())),
            "pain_score" => vitals.pain_score.map(|it| f64::from(it.get())),
            _ => None,
        }
    }
}

/// Whether a code of a system means the same as the code that was asked for: equal, or
/// both codes of one vital sign.
#[must_use]
pub fn means(system: &str, code: &str, asked: &str) -> bool {
    if asked == NEWS2_CODE {
        return system == SNOMED && code == asked;
    }
    let of_sign = VitalSign::of_code(asked).is_some_and(|sign| sign.codes.contains(&code));
    system == crate::model::LOINC && (code == asked || of_sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LOINC, PulseBpm, WeightKg};

    #[test]
    fn each_code_means_one_sign_and_each_sign_is_found_by_its_name() {
        let mut codes: Vec<&str> = VITAL_SIGNS
            .iter()
            .flat_map(|it| it.codes)
            .copied()
            .collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
        for sign in VITAL_SIGNS {
            assert_eq!(VitalSign::of_field(sign.field), Some(sign));
            assert_eq!(VitalSign::of_code(sign.codes[0]), Some(sign));
        }
    }

    #[test]
    fn a_figure_is_taken_by_its_name() {
        let vitals = Vitals {
            pulse_bpm: PulseBpm::new(78).ok(),
            weight_kg: WeightKg::new(70.5).ok(),
            ..Vitals::default()
        };
        let figure = |field| VitalSign::of_field(field).unwrap().figure(&vitals);
        assert_eq!(figure("pulse_bpm"), Some(78.0));
        assert_eq!(figure("weight_kg"), Some(70.5));
        assert_eq!(figure("spo2_percent"), None);
    }

    #[test]
    fn either_code_of_the_saturation_means_it_and_another_systems_code_does_not() {
        assert!(means(LOINC, "59408-5", "2708-6"));
        assert!(
            means(LOINC, "4548-4", "4548-4"),
            "a code that is no vital sign"
        );
        assert!(!means(SNOMED, "59408-5", "2708-6"));
        assert!(means(SNOMED, NEWS2_CODE, NEWS2_CODE));
    }
}
