//! Systems beyond Homeround, and the formats that they speak.

pub mod evv;
pub mod fhir;
