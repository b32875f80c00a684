//! Conversions between the units that people use and those that are kept.
//!
//! Factors are exact where the units are defined by each other, and rounding is
//! to what instruments of home care show. Codes are UCUM's.

use crate::model::Refused;

/// Kilograms in a pound, exact (international yard and pound agreement, 1959).
const KG_PER_LB: f64 = 0.453_592_37;
/// Centimetres in an inch, exact (the same agreement).
const CM_PER_INCH: f64 = 2.54;
/// Milligrams per decilitre in a millimole of glucose per litre: its molar mass,
/// 180.156 g/mol (IUPAC atomic weights, C6H12O6), over ten.
const GLUCOSE_MG_DL_PER_MMOL_L: f64 = 18.0156;

/// A pair of units of one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Convertible {
    /// Degrees Celsius and Fahrenheit, to a tenth.
    Temperature,
    /// Kilograms and pounds, to a tenth.
    Weight,
    /// Centimetres and inches, to a tenth.
    Length,
    /// Glucose in mg/dL, whole, and mmol/L, to a tenth.
    Glucose,
}

impl Convertible {
    /// Every pair.
    pub const ALL: [Self; 4] = [Self::Temperature, Self::Weight, Self::Length, Self::Glucose];

    /// UCUM code of the unit in which the figure is kept.
    #[must_use]
    pub const fn kept(self) -> &'static str {
        match self {
            Self::Temperature => "Cel",
            Self::Weight => "kg",
            Self::Length => "cm",
            Self::Glucose => "mg/dL",
        }
    }

    /// UCUM code of the other unit.
    #[must_use]
    pub const fn other(self) -> &'static str {
        match self {
            Self::Temperature => "[degF]",
            Self::Weight => "[lb_av]",
            Self::Length => "[in_i]",
            Self::Glucose => "mmol/L",
        }
    }

    /// A figure of one of the two units in the other, not rounded.
    ///
    /// # Errors
    /// [`Refused`] on `unit` when a code is neither of the two.
    pub fn convert(self, value: f64, from: &str, to: &str) -> Result<f64, Refused> {
        let known = |code: &str| code == self.kept() || code == self.other();
        if !known(from) || !known(to) {
            return Err(Refused::new("unit", "the two UCUM codes of the quantity"));
        }
        if from == to {
            return Ok(value);
        }
        let to_other = from == self.kept();
        Ok(match (self, to_other) {
            (Self::Temperature, true) => value * 9.0 / 5.0 + 32.0,
            (Self::Temperature, false) => (value - 32.0) * 5.0 / 9.0,
            (Self::Weight, true) => value / KG_PER_LB,
            (Self::Weight, false) => value * KG_PER_LB,
            (Self::Length, true) => value / CM_PER_INCH,
            (Self::Length, false) => value * CM_PER_INCH,
            (Self::Glucose, true) => value / GLUCOSE_MG_DL_PER_MMOL_L,
            (Self::Glucose, false) => value * GLUCOSE_MG_DL_PER_MMOL_L,
        })
    }

    /// As [`convert`](Self::convert), rounded half away from zero to what the unit
    /// is shown with: whole mg/dL, a tenth of everything else.
    ///
    /// # Errors
    /// As [`convert`](Self::convert).
    pub fn convert_rounded(self, value: f64, from: &str, to: &str) -> Result<f64, Refused> {
        let steps = if to == "mg/dL" { 1.0 } else { 10.0 };
        Ok((self.convert(value, from, to)? * steps).round() / steps)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_pairs_convert_to_what_instruments_show() {
        let rows = [
            (Convertible::Temperature, 98.6, "[degF]", "Cel", 37.0),
            (Convertible::Temperature, 37.0, "Cel", "[degF]", 98.6),
            (Convertible::Temperature, 32.0, "[degF]", "Cel", 0.0),
            (Convertible::Temperature, -40.0, "Cel", "[degF]", -40.0),
            (Convertible::Weight, 154.0, "[lb_av]", "kg", 69.9),
            (Convertible::Weight, 70.0, "kg", "[lb_av]", 154.3),
            (Convertible::Length, 68.0, "[in_i]", "cm", 172.7),
            (Convertible::Glucose, 5.5, "mmol/L", "mg/dL", 99.0),
            (Convertible::Glucose, 99.0, "mg/dL", "mmol/L", 5.5),
            (Convertible::Glucose, 180.0, "mg/dL", "mg/dL", 180.0),
        ];
        for (of, value, from, to, wanted) in rows {
            let got = of.convert_rounded(value, from, to).unwrap();
            assert!((got - wanted).abs() < 1e-9, "{value} {from} is {got} {to}");
        }
    }

    #[test]
    fn a_pound_is_exactly_what_it_is_defined_as() {
        let kg = Convertible::Weight.convert(1.0, "[lb_av]", "kg").unwrap();
        assert!((kg - 0.453_592_37).abs() < f64::EPSILON);
    }

    #[test]
    fn a_unit_of_another_quantity_is_refused_by_name() {
        let refused = Convertible::Weight.convert(70.0, "kg", "Cel").unwrap_err();
        assert_eq!(refused.field, "unit");
        assert!(
            Convertible::Glucose
                .convert(5.0, "mmol/l", "mg/dL")
                .is_err()
        );
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_figure(value in -100.0..2_000.0_f64) {
            for of in Convertible::ALL {
                let there = of.convert(value, of.kept(), of.other()).unwrap();
                let back = of.convert(there, of.other(), of.kept()).unwrap();
                prop_assert!((back - value).abs() < 1e-9 * value.abs().max(1.0));
            }
        }
    }
}
