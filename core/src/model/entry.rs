//! Entries: what is written once and never overwritten.
//!
//! An entry lives in a section of a document under its own id. A mistake is
//! corrected by a new entry that points at the old one. Each entry is stored
//! as one JSON text, so fields that this version does not know survive.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    BreakReason, Coding, EntryId, FieldPath, Millis, NotDoneReason, PersonId, Reconciliation,
    Refused, Role, Stamp, VisitStatus, Vitals, WarningOverride,
};

/// A place on earth, as the phone's positioning gave it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// Degrees north, -90 to 90.
    pub latitude_deg: f64,
    /// Degrees east, -180 to 180.
    pub longitude_deg: f64,
    /// Radius of 68 % confidence, metres, 0 to 100 000.
    pub accuracy_m: f64,
}

impl Fix {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Refused`] names the field that is not a place on earth.
    pub fn check(&self) -> Result<(), Refused> {
        let within = |value: f64, low: f64, high: f64| value >= low && value <= high;
        if !within(self.latitude_deg, -90.0, 90.0) {
            return Err(Refused::new("latitude_deg", "-90..=90"));
        }
        if !within(self.longitude_deg, -180.0, 180.0) {
            return Err(Refused::new("longitude_deg", "-180..=180"));
        }
        if !within(self.accuracy_m, 0.0, 100_000.0) {
            return Err(Refused::new("accuracy_m", "0..=100000"));
        }
        Ok(())
    }
}

/// One step of a visit's status: section `steps`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEntry {
    /// The status reached.
    pub to: VisitStatus,
    /// Who took the step.
    pub by: PersonId,
    /// When, with what is needed to judge the clock.
    pub stamp: Stamp,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// Why, for missed and canceled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<NotDoneReason>,
    /// Why, for a break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_reason: Option<BreakReason>,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A measured or observed finding: section `observations`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObservationEntry {
    /// Who observed it.
    pub by: PersonId,
    /// When it was measured.
    pub measured_at_ms: Millis,
    /// Where, how and with what, of the finding as a whole.
    #[serde(default, skip_serializing_if = "Measured::is_empty")]
    pub measured: Measured,
    /// The same of single figures of a set, by their names, as in
    /// `temperature_c`; `systolic_mmhg` speaks for the blood pressure.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, Measured>,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

impl ObservationEntry {
    /// Where, how and with what one figure of a set was measured: what is said of
    /// it alone comes before what is said of the whole.
    #[must_use]
    pub fn measured(&self, figure: &str) -> Measured {
        let own = self.figures.get(figure).cloned().unwrap_or_default();
        Measured {
            body_site: own.body_site.or_else(|| self.measured.body_site.clone()),
            method: own.method.or_else(|| self.measured.method.clone()),
            device: own.device.or_else(|| self.measured.device.clone()),
            reported_by: own.reported_by.or(self.measured.reported_by),
        }
    }

    /// Who told the figures of a set that a clinician did not measure: of the first of
    /// these figures that somebody told. None: all were measured.
    #[must_use]
    pub fn reported_by(&self, figures: &[&str]) -> Option<ReportedBy> {
        told(&self.measured, &self.figures, figures)
    }
}

/// Who told a figure among some of a set, by what is said of the whole and of single ones.
#[must_use]
pub fn told(
    whole: &Measured,
    single: &BTreeMap<String, Measured>,
    figures: &[&str],
) -> Option<ReportedBy> {
    let own = |name: &&str| single.get(*name)?.reported_by;
    whole.reported_by.or_else(|| figures.iter().find_map(own))
}

/// Who told a figure that the clinician did not measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportedBy {
    /// The patient.
    Patient,
    /// Who decides or speaks for the patient.
    Representative,
    /// Somebody whom this version does not know, and no clinician.
    #[serde(other)]
    Unknown,
}

impl ReportedBy {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Representative => "representative",
            Self::Unknown => "unknown",
        }
    }
}

/// Where on the body, how, and with what something was measured, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Measured {
    /// Where on the body, as in SNOMED CT `368208006`, left upper arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_site: Option<Coding>,
    /// How, as in palpation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Coding>,
    /// With what device, as in the patient's own cuff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Coding>,
    /// Who told it, as on a virtual visit; none: the clinician measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<ReportedBy>,
}

impl Measured {
    /// Checks what a person gave.
    ///
    /// # Errors
    /// [`Refused`] on `reported_by` for somebody whom this version does not know.
    pub fn check(&self) -> Result<(), Refused> {
        match self.reported_by {
            Some(ReportedBy::Unknown) => {
                Err(Refused::new("reported_by", "patient or representative"))
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing is said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.body_site.is_none()
            && self.method.is_none()
            && self.device.is_none()
            && self.reported_by.is_none()
    }
}

/// What an observation says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// A set of vital signs taken together.
    Vitals(Vitals),
    /// One coded quantity.
    Quantity {
        /// What was measured.
        code: Coding,
        /// How much.
        value: f64,
        /// UCUM unit.
        unit: String,
    },
    /// One coded finding in words.
    Text {
        /// What was looked at.
        code: Coding,
        /// What was found.
        text: String,
    },
    /// A finding of a kind that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A medication given or not given: section `medications` of a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MedicationEntry {
    /// The medication's entry in the chart, if it is on the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medication: Option<EntryId>,
    /// What it is.
    pub code: Coding,
    /// Given, or why not.
    #[serde(flatten)]
    pub given: Given,
    /// Who gave it or decided not to.
    pub by: PersonId,
    /// When.
    pub at_ms: Millis,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The warnings that the person went ahead against, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<WarningOverride>,
}

/// Whether a medication was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "given", rename_all = "snake_case")]
pub enum Given {
    /// Given, with the dose as given.
    Given {
        /// How much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dose_value: Option<f64>,
        /// UCUM unit or form, as in `mg` or `{tablet}`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dose_unit: Option<String>,
    },
    /// Not given.
    NotGiven {
        /// Why not.
        reason: NotDoneReason,
    },
}

/// A correction of an earlier entry: section `corrections`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorrectionEntry {
    /// The section of the entry that was wrong.
    pub section: String,
    /// The entry that was wrong.
    pub target: EntryId,
    /// The entry that stands in its place; none: entered in error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<EntryId>,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at_ms: Millis,
}

/// A reference to a photo, a recording or a file: section `attachments`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttachmentEntry {
    /// SHA-256 of the bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// How many bytes.
    pub size_bytes: u64,
    /// As in `image/jpeg`.
    pub media_type: String,
    /// Which part of the body it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_site: Option<Coding>,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Who added it.
    pub by: PersonId,
    /// When.
    pub at_ms: Millis,
}

/// A signature over a visit: section `signatures`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignatureEntry {
    /// Who signed.
    pub by: PersonId,
    /// As what.
    pub role: Role,
    /// When.
    pub stamp: Stamp,
    /// The change hashes that the seal covers, 64 hexadecimal digits each, sorted.
    pub heads: Vec<String>,
    /// SHA-256 of the view as it was signed (JSON with sorted keys), 64
    /// hexadecimal digits.
    pub view_sha256: String,
    /// Ed25519 public key of the device, 64 hexadecimal digits.
    pub device_key: String,
    /// Ed25519 signature over the sealed statement, 128 hexadecimal digits.
    pub seal: String,
}

/// What came after a signature and was looked at by the signer: section `amendments`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AmendmentEntry {
    /// The changes that this amendment takes in, 64 hexadecimal digits each.
    pub changes: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at_ms: Millis,
}

/// How a conflict was settled: section `settlements`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettlementEntry {
    /// The field that two people had changed.
    pub field: FieldPath,
    /// The value that stands now.
    pub chosen: serde_json::Value,
    /// The values that it replaced.
    pub replaced: Vec<serde_json::Value>,
    /// Who settled it.
    pub by: PersonId,
    /// When.
    pub at_ms: Millis,
}

/// "Looked at": section `reviews`. Writing an unchanged value leaves no trace in a
/// document, so it is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewEntry {
    /// The section that was looked at, as in `medications`.
    pub section: String,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at_ms: Millis,
    /// In the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What was found in the home of the medication list, where that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciliation: Option<Reconciliation>,
}
