//! Warnings about a dose before it is recorded. A warning refuses nothing: a person
//! goes on with a reason, and the reason is kept.

use std::collections::BTreeSet;

use crate::model::{
    Allergy, AllergyStatus, Chart, Coding, DAY_MS, Dosing, EntryId, MINUTE_MS, Medication, Millis,
    Severity,
};

/// A dose that somebody is about to give.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedDose<'a> {
    /// The line of the chart's list, if it is on it.
    pub medication: Option<EntryId>,
    /// What it is.
    pub code: &'a Coding,
    /// How much, with its unit, if it is noted.
    pub dose: Option<(f64, &'a str)>,
    /// When.
    pub at: Millis,
}

/// A dose that was given before and stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PastDose {
    /// The line of the chart's list, if it is on it.
    pub medication: Option<EntryId>,
    /// What it was.
    pub code: Coding,
    /// When.
    pub at: Millis,
}

/// Something to think about before going on.
#[derive(Debug, Clone, PartialEq)]
pub enum MedicationWarning {
    /// The order's interval since the last dose has not passed.
    TooSoon {
        /// When the last dose was given.
        last: Millis,
        /// When the interval has passed.
        until: Millis,
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
        /// The allergy in the chart.
        allergy: EntryId,
        /// To what, as a person reads it.
        text: String,
        /// How bad a reaction is, if it is known.
        severity: Option<Severity>,
        /// The code that both have.
        code: Coding,
    },
}

impl MedicationWarning {
    /// The stable code, as overrides name it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooSoon { .. } => "too_soon",
            Self::MaxPerDay { .. } => "max_per_day",
            Self::DoseDiffers { .. } => "dose_differs",
            Self::UnitDiffers { .. } => "unit_differs",
            Self::NotActive { .. } => "not_active",
            Self::Allergy { .. } => "allergy",
        }
    }

    /// The entry that it is about, where one code can stand for several.
    #[must_use]
    pub const fn about(&self) -> Option<EntryId> {
        match self {
            Self::Allergy { allergy, .. } => Some(*allergy),
            _ => None,
        }
    }
}

/// What was found about a dose, and what could not be looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MedicationCheck {
    /// What to think about.
    pub warnings: Vec<MedicationWarning>,
    /// Standing allergies that share no code system with the medication, so that
    /// nothing could be compared: a person has to.
    pub unchecked_allergies: Vec<EntryId>,
}

/// Looks at a dose against the chart and the doses before it.
#[must_use]
pub fn check_dose(dose: &PlannedDose<'_>, chart: &Chart, past: &[PastDose]) -> MedicationCheck {
    let mut check = MedicationCheck::default();
    let line = dose.medication.and_then(|id| chart.medications.get(&id));
    if let Some(line) = line {
        if !matches!(line.status.as_str(), "active" | "intended") {
            check.warnings.push(MedicationWarning::NotActive {
                status: line.status.clone(),
            });
        }
        if let Some(order) = &line.dosing {
            timing(dose, line, order, past, &mut check.warnings);
            check.warnings.extend(amount(dose, order));
        }
    }
    allergies(dose, line, chart, &mut check);
    check
}

fn timing(
    dose: &PlannedDose<'_>,
    line: &Medication,
    order: &Dosing,
    past: &[PastDose],
    warnings: &mut Vec<MedicationWarning>,
) {
    let same = |it: &&PastDose| match (it.medication, dose.medication) {
        (Some(one), Some(other)) => one == other,
        _ => same_code(&it.code, &line.code),
    };
    let before: Vec<Millis> = past.iter().filter(same).map(|it| it.at).collect();
    if let (Some(minutes), Some(last)) = (order.min_interval_min, before.iter().max()) {
        let until = last.plus(i64::from(minutes) * MINUTE_MS);
        // A dose that another clock puts into the future is still one.
        if dose.at < until {
            warnings.push(MedicationWarning::TooSoon { last: *last, until });
        }
    }
    if let Some(max) = order.max_per_day {
        let recent = before.iter().filter(|at| dose.at < at.plus(DAY_MS));
        let given = u32::try_from(recent.count()).unwrap_or(u32::MAX);
        if given >= max {
            warnings.push(MedicationWarning::MaxPerDay { given, max });
        }
    }
}

/// Units of one dimension, with how much of the first each is.
const DIMENSIONS: &[&[(&str, f64)]] = &[
    &[
        ("mg", 1.0),
        ("ug", 0.001),
        ("mcg", 0.001),
        ("g", 1_000.0),
        ("ng", 0.000_001),
    ],
    &[
        ("mL", 1.0),
        ("ml", 1.0),
        ("L", 1_000.0),
        ("l", 1_000.0),
        ("cL", 10.0),
    ],
];

fn amount(dose: &PlannedDose<'_>, order: &Dosing) -> Option<MedicationWarning> {
    let (value, unit) = dose.dose?;
    let ordered_value = order.dose_value?;
    let ordered_unit = order.dose_unit.as_deref()?.trim();
    let (value, ordered) = match (unit.trim(), ordered_unit) {
        (one, other) if one == other => (value, ordered_value),
        (one, other) => match comparable(one, other) {
            Some((one, other)) => (value * one, ordered_value * other),
            None => {
                return Some(MedicationWarning::UnitDiffers {
                    ordered_unit: ordered_unit.to_owned(),
                });
            }
        },
    };
    // Apart from what converting between units rounds away.
    let differs = (value - ordered).abs() > ordered.abs() * 1e-9;
    differs.then(|| MedicationWarning::DoseDiffers {
        ordered_value,
        ordered_unit: ordered_unit.to_owned(),
    })
}

fn comparable(one: &str, other: &str) -> Option<(f64, f64)> {
    DIMENSIONS.iter().find_map(|units| {
        let of = |name: &str| units.iter().find(|(unit, _)| *unit == name).map(|it| it.1);
        Some((of(one)?, of(other)?))
    })
}

fn allergies(
    dose: &PlannedDose<'_>,
    line: Option<&Medication>,
    chart: &Chart,
    check: &mut MedicationCheck,
) {
    let of_line = line
        .into_iter()
        .flat_map(|it| it.ingredients.iter().chain([&it.code]));
    let made_of: Vec<&Coding> = of_line
        .chain([dose.code])
        .filter(|it| is_coded(it))
        .collect();
    let systems: BTreeSet<&str> = made_of.iter().map(|it| it.system.as_str()).collect();
    for (id, allergy) in &chart.allergies {
        if !allergy_stands(*id, allergy, chart) {
            continue;
        }
        let codes = || allergy.ingredients.iter().chain([&allergy.code]);
        let shared = codes().find(|code| made_of.iter().any(|it| same_code(it, code)));
        if let Some(code) = shared {
            check.warnings.push(MedicationWarning::Allergy {
                allergy: *id,
                text: allergy.code.text.clone(),
                severity: allergy.severity,
                code: code.clone(),
            });
        } else if !codes().any(|it| is_coded(it) && systems.contains(it.system.as_str())) {
            check.unchecked_allergies.push(*id);
        }
    }
}

/// Whether an allergy is to be reckoned with: nobody has ruled it out or taken it back.
#[must_use]
pub fn allergy_stands(id: EntryId, allergy: &Allergy, chart: &Chart) -> bool {
    let taken_back = chart
        .corrections
        .values()
        .any(|it| it.section == "allergies" && it.target == id);
    let believed = matches!(
        allergy.status,
        AllergyStatus::Active | AllergyStatus::Unconfirmed
    );
    believed && !taken_back
}

fn is_coded(code: &Coding) -> bool {
    !code.system.is_empty() && !code.code.is_empty()
}

fn same_code(one: &Coding, other: &Coding) -> bool {
    is_coded(one) && one.system == other.system && one.code == other.code
}

#[cfg(test)]
mod tests;
