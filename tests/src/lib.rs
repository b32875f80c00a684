//! Scenarios, the demo's day, benchmarks and fixtures.

pub mod demo;
pub mod phone;
pub mod stage;
