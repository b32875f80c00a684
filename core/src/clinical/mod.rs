//! What figures and lists say to a clinician: scores, what is unusual, conversions
//! of units, warnings about medications.
//!
//! Pure functions over the model: no clock, no store. Everything here supports a
//! clinician's judgement and never replaces it; nothing here refuses anything.
//! Each table names its source. Limits that refuse typing mistakes are the model's
//! (docs/adr/0007-vital-limits.md).

mod age;
mod medication;
mod news2;
mod unit;
mod unusual;
mod vital;

pub use age::*;
pub use medication::*;
pub use news2::*;
pub use unit::*;
pub use unusual::*;
pub use vital::*;

/// What stands beside every score, warning and range of this room.
pub const DECISION_SUPPORT: &str =
    "Decision support: it supports a clinician's judgement and never replaces it.";
