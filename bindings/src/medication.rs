//! Orders in figures, warnings about a dose, and the reasons of whoever goes on.

use homeround::{app, clinical, model};

use crate::types::{Coding, EntryId, NotDoneReason, Severity};

/// A medication that was given.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MedicationGivenEntry {
    /// The line of the chart's list, if it is on it.
    #[uniffi(default = None)]
    pub medication: Option<EntryId>,
    /// What it is.
    pub code: Coding,
    /// How much, more than 0; none when it was not noted.
    #[uniffi(default = None)]
    pub dose_value: Option<f64>,
    /// UCUM unit or form, as in `mg` or `{tablet}`; with a dose.
    #[uniffi(default = None)]
    pub dose_unit: Option<String>,
    /// In the person's own words.
    #[uniffi(default = None)]
    pub comment: Option<String>,
    /// A reason for each warning that the person goes on against.
    #[uniffi(default = [])]
    pub overrides: Vec<WarningOverride>,
}

/// A medication that was not given.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MedicationNotGivenEntry {
    /// The line of the chart's list, if it is on it.
    #[uniffi(default = None)]
    pub medication: Option<EntryId>,
    /// What it is.
    pub code: Coding,
    /// Why not.
    pub reason: NotDoneReason,
    /// In the person's own words.
    #[uniffi(default = None)]
    pub comment: Option<String>,
}

/// The figures of a medication's order, set as one.
#[derive(Debug, Clone, Default, PartialEq, uniffi::Record)]
pub struct Dosing {
    /// How much at a time, more than 0; with `dose_unit`.
    #[uniffi(default = None)]
    pub dose_value: Option<f64>,
    /// UCUM unit or form, as in `mg` or `{tablet}`.
    #[uniffi(default = None)]
    pub dose_unit: Option<String>,
    /// At least so many minutes between two doses, 1..=527040.
    #[uniffi(default = None)]
    pub min_interval_min: Option<u32>,
    /// At most so many doses in 24 hours, 1..=96.
    #[uniffi(default = None)]
    pub max_per_day: Option<u32>,
}

/// That a person goes on although they were warned, and why.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WarningOverride {
    /// The warning's code, as in `too_soon`.
    pub warning: String,
    /// What the warning is about, as it says.
    #[uniffi(default = None)]
    pub about: Option<EntryId>,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

/// Why a dose is warned of.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum WarningReason {
    /// The order's interval since the last dose has not passed.
    TooSoon {
        /// When the last dose was given, milliseconds since 1970.
        last_ms: i64,
        /// When the interval has passed, milliseconds since 1970.
        until_ms: i64,
    },
    /// The order's doses of 24 hours were given.
    MaxPerDay {
        /// How many were given in the 24 hours before.
        given: u32,
        /// How many the order allows.
        max: u32,
    },
    /// Another dose than ordered.
    DoseDiffers {
        /// The ordered dose.
        ordered_value: f64,
        /// Its unit.
        ordered_unit: String,
    },
    /// A unit that can't be compared with the ordered one.
    UnitDiffers {
        /// The ordered unit.
        ordered_unit: String,
    },
    /// The line is on hold, stopped or otherwise not to be given.
    NotActive {
        /// The line's FHIR status.
        status: String,
    },
    /// The patient is allergic to what this is made of, by an equal code.
    Allergy {
        /// To what, as a person reads it.
        text: String,
        /// How bad a reaction is, if it is known.
        severity: Option<Severity>,
    },
}

/// Something to think about before giving a dose. It refuses nothing.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MedicationWarning {
    /// The stable code, as overrides name it.
    pub code: String,
    /// The entry that it is about, as an allergy of the chart.
    pub about: Option<EntryId>,
    /// Why.
    pub reason: WarningReason,
}

/// What was found about a dose, and what could not be looked at.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MedicationCheck {
    /// What to think about.
    pub warnings: Vec<MedicationWarning>,
    /// Standing allergies without a comparable code: a person has to compare them.
    pub unchecked_allergies: Vec<EntryId>,
}

impl From<MedicationGivenEntry> for app::GivenDose {
    fn from(entry: MedicationGivenEntry) -> Self {
        Self {
            medication: entry.medication,
            code: entry.code.into(),
            dose: entry.dose_value.map(|value| app::Dose {
                value,
                unit: entry.dose_unit.unwrap_or_default(),
            }),
            comment: entry.comment,
            overrides: entry.overrides.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<clinical::MedicationWarning> for MedicationWarning {
    fn from(warning: clinical::MedicationWarning) -> Self {
        use clinical::MedicationWarning as Core;
        Self {
            code: warning.code().into(),
            about: warning.about(),
            reason: match warning {
                Core::TooSoon { last, until } => WarningReason::TooSoon {
                    last_ms: last.0,
                    until_ms: until.0,
                },
                Core::MaxPerDay { given, max } => WarningReason::MaxPerDay { given, max },
                Core::DoseDiffers {
                    ordered_value,
                    ordered_unit,
                } => WarningReason::DoseDiffers {
                    ordered_value,
                    ordered_unit,
                },
                Core::UnitDiffers { ordered_unit } => WarningReason::UnitDiffers { ordered_unit },
                Core::NotActive { status } => WarningReason::NotActive { status },
                Core::Allergy { text, severity, .. } => WarningReason::Allergy { text, severity },
            },
        }
    }
}

impl From<clinical::MedicationCheck> for MedicationCheck {
    fn from(check: clinical::MedicationCheck) -> Self {
        Self {
            warnings: check.warnings.into_iter().map(Into::into).collect(),
            unchecked_allergies: check.unchecked_allergies,
        }
    }
}

impl From<WarningOverride> for model::WarningOverride {
    fn from(one: WarningOverride) -> Self {
        Self {
            warning: one.warning,
            about: one.about,
            reason: one.reason,
        }
    }
}

impl From<model::WarningOverride> for WarningOverride {
    fn from(one: model::WarningOverride) -> Self {
        Self {
            warning: one.warning,
            about: one.about,
            reason: one.reason,
        }
    }
}

impl From<Dosing> for model::Dosing {
    fn from(one: Dosing) -> Self {
        Self {
            dose_value: one.dose_value,
            dose_unit: one.dose_unit,
            min_interval_min: one.min_interval_min,
            max_per_day: one.max_per_day,
        }
    }
}

impl From<model::Dosing> for Dosing {
    fn from(one: model::Dosing) -> Self {
        Self {
            dose_value: one.dose_value,
            dose_unit: one.dose_unit,
            min_interval_min: one.min_interval_min,
            max_per_day: one.max_per_day,
        }
    }
}

/// Codes both ways.
pub(crate) fn ours(codes: Vec<model::Coding>) -> Vec<Coding> {
    codes.into_iter().map(Into::into).collect()
}

/// Codes both ways.
pub(crate) fn theirs(codes: Vec<Coding>) -> Vec<model::Coding> {
    codes.into_iter().map(Into::into).collect()
}
