//! FHIR R4: what other systems send, and what a visit looks like to them.
//!
//! Both directions are pure: bytes and values in, values out, no store and no
//! clock. [`import`] turns a bundle or NDJSON into records and skeletons of
//! documents, and says of every entry whether it was taken and, if not, why.
//! [`export_visit`] turns one visit into a collection bundle whose references
//! all resolve inside it.
//!
//! An import never gives anybody rights and never deletes: a practitioner gets
//! no role here, and what is missing from a later input stays.

mod base64;
mod export;
mod ident;
mod import;
mod instant;
mod read;
mod report;
mod types;

pub use export::{Authored, ConflictingValue, OpenConflict, VisitExport, export_visit};
pub(crate) use import::questionnaire_id;
pub use import::{Import, ImportContext, NewDocument, NewRecord, OrganizationBody, import};
pub use read::{DEPTH_MAX, ENTRIES_MAX, INFLATED_BYTES_MAX, ImportError};
pub use report::{PROBLEMS_MAX, Problem, Report};

/// Longest text of a document or note that the history keeps, in bytes.
pub const NOTE_TEXT_MAX: usize = 16 * 1024;

/// HL7's extension that says how much a flag matters.
const FLAG_PRIORITY: &str = "http://hl7.org/fhir/StructureDefinition/flag-priority";
/// The codes of the scale that NEWS2 is to use for a patient's saturation.
const SPO2_SCALE: &str =
    "https://github.com/homeround/homeround/fhir/StructureDefinition/spo2-scale";

/// Last part of the address of the extension that says which activity of a plan a task is
/// of, and which of its times.
const PLANNED_TASK: &str = "planned-task";

#[cfg(test)]
mod tests;
