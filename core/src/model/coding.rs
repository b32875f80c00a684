//! Codes with their systems, as FHIR has them.

use serde::{Deserialize, Serialize};

/// LOINC.
pub const LOINC: &str = "http://loinc.org";
/// SNOMED CT.
pub const SNOMED: &str = "http://snomed.info/sct";
/// RxNorm.
pub const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
/// UCUM units.
pub const UCUM: &str = "http://unitsofmeasure.org";

/// A code and what a person reads.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coding {
    /// URI of the code system; empty when there is only text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// The code; empty when there is only text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// What a person reads.
    pub text: String,
}

impl Coding {
    /// A code with its text.
    #[must_use]
    pub fn new(system: &str, code: &str, text: &str) -> Self {
        Self {
            system: system.into(),
            code: code.into(),
            text: text.into(),
        }
    }

    /// Text alone.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}
