//! What is ordered of a medication, what a person decided against a warning, and
//! what a look into the home found of the list.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Coding, EntryId, Refused, VisitId};

/// The figures of an order, as one value: a dose without its unit is no dose, and
/// two people's halves must not mix.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Dosing {
    /// How much at a time, more than 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose_value: Option<f64>,
    /// UCUM unit or form, as in `mg` or `{tablet}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose_unit: Option<String>,
    /// At least so many minutes between two doses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_interval_min: Option<u32>,
    /// At most so many doses in 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_day: Option<u32>,
}

/// Characters of a dose's unit at most.
pub const DOSE_UNIT_CHARS_MAX: usize = 40;
/// The longest interval between two doses: a year, in minutes.
pub const DOSE_INTERVAL_MIN_MAX: u32 = 366 * 24 * 60;
/// Doses in 24 hours at most: one every quarter of an hour.
pub const DOSES_PER_DAY_MAX: u32 = 96;

impl Dosing {
    /// Checks every figure.
    ///
    /// # Errors
    /// [`Refused`] names the figure and what is accepted.
    pub fn check(&self) -> Result<(), Refused> {
        if self
            .dose_value
            .is_some_and(|it| !(it > 0.0 && it.is_finite()))
        {
            return Err(Refused::new("dose_value", "a figure above 0"));
        }
        let unit = self.dose_unit.as_deref().map(str::trim);
        if self.dose_value.is_some() != unit.is_some_and(|it| !it.is_empty()) {
            return Err(Refused::new(
                "dose_unit",
                "a unit with dose_value, else none",
            ));
        }
        if unit.is_some_and(|it| it.chars().count() > DOSE_UNIT_CHARS_MAX) {
            return Err(Refused::new("dose_unit", "up to 40 characters"));
        }
        let within =
            |figure: Option<u32>, most: u32| figure.is_none_or(|it| (1..=most).contains(&it));
        if !within(self.min_interval_min, DOSE_INTERVAL_MIN_MAX) {
            return Err(Refused::new("min_interval_min", "1..=527040 minutes"));
        }
        if !within(self.max_per_day, DOSES_PER_DAY_MAX) {
            return Err(Refused::new("max_per_day", "1..=96 doses"));
        }
        Ok(())
    }
}

/// That a person went ahead although they were warned, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningOverride {
    /// The warning's stable code, as in `too_soon`.
    pub warning: String,
    /// The entry that the warning is about, as an allergy of the chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<EntryId>,
    /// Why, in the person's own words.
    pub reason: String,
}

/// What a look into the home found of the medication list: part of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// During which visit, if it was during one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<VisitId>,
    /// What was found of each line of the list.
    pub lines: Vec<ReconciledLine>,
    /// What is taken in the home and not on the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<FoundMedication>,
}

/// What was found of one line of the medication list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciledLine {
    /// The line in the chart.
    pub medication: EntryId,
    /// What was found.
    pub finding: HomeFinding,
    /// How it is taken instead, or why it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What was found in the home of a line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HomeFinding {
    /// Taken as listed.
    Taking,
    /// Taken, and otherwise than listed.
    TakingDifferently,
    /// There, and not taken.
    NotTaking,
    /// Not in the home.
    NotFound,
    /// Something that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A medication that is taken in the home and not on the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundMedication {
    /// What it is.
    pub code: Coding,
    /// How much, as in `20 mg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<String>,
    /// How often, as in `twice a day`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Reads a value that a later version may have shaped otherwise: what can't be read
/// is absent, and the rest of the chart stays readable.
pub(super) fn lenient<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: serde::de::DeserializeOwned + Default,
    D: Deserializer<'de>,
{
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Dosing {
        Dosing {
            dose_value: Some(500.0),
            dose_unit: Some("mg".into()),
            min_interval_min: Some(240),
            max_per_day: Some(4),
        }
    }

    #[test]
    fn a_dose_without_its_unit_is_refused_and_so_is_a_unit_alone() {
        assert!(order().check().is_ok());
        assert!(Dosing::default().check().is_ok());
        for wrong in [
            Dosing {
                dose_unit: None,
                ..order()
            },
            Dosing {
                dose_unit: Some(" ".into()),
                ..order()
            },
            Dosing {
                dose_value: None,
                ..order()
            },
            Dosing {
                dose_unit: Some("m".repeat(41)),
                ..order()
            },
        ] {
            assert_eq!(wrong.check().unwrap_err().field, "dose_unit");
        }
    }

    #[test]
    fn figures_that_no_order_has_are_refused_by_name() {
        for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let wrong = Dosing {
                dose_value: Some(value),
                ..order()
            };
            assert_eq!(wrong.check().unwrap_err().field, "dose_value");
        }
        let wrong = Dosing {
            min_interval_min: Some(0),
            ..order()
        };
        assert_eq!(wrong.check().unwrap_err().field, "min_interval_min");
        let wrong = Dosing {
            max_per_day: Some(97),
            ..order()
        };
        assert_eq!(wrong.check().unwrap_err().field, "max_per_day");
    }

    #[test]
    fn dosing_of_a_later_shape_is_absent_and_the_line_stays_readable() {
        let text = r#"{"code":{"text":"Paracetamol"},"status":"active",
            "dosing":"500 mg","ingredients":{"by":"weight"}}"#;
        let line: super::super::Medication = serde_json::from_str(text).unwrap();
        assert_eq!(line.dosing, None);
        assert!(line.ingredients.is_empty());
        assert_eq!(line.code.text, "Paracetamol");
    }
}
