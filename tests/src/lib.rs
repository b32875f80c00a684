//! Scenarios, the demo's day, benchmarks and fixtures.

<<<<<<< HEAD
pub mod demo;
pub mod phone;
=======
pub mod stage;
>>>>>>> e2e
