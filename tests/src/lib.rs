//! Scenarios, the demo's day, benchmarks and fixtures.

pub mod stage;
