//! Scenarios, the demo's day, benchmarks and fixtures.

pub mod access;
pub mod crash;
pub mod demo;
pub mod dice;
pub mod disk;
pub mod news2;
pub mod phone;
pub mod recurrence;
pub mod sim;
pub mod stage;
