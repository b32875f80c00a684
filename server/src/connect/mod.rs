//! Systems beyond Homeround, and the formats that they speak.

pub mod fhir;
