//! Scenarios over the real backend, real phones and real HTTP.
//!
//! Each checks what the person at the end is told (a stable code, a state) and
//! that nothing is lost. When a stage is taken down, everything that was logged
//! meanwhile is looked through for its patients.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests: what fails here fails the test"
)]

mod access;
mod attachments;
mod bring_back;
mod calls;
mod canaries;
mod clocks;
mod day;
mod endpoints;
mod escrows;
mod forms;
mod identity;
mod imports;
mod interruptions;
mod log_lines;
mod messages;
mod plans;
mod pushes;
mod restores;
mod signing;
mod since;
mod sizes;
mod store_files;
mod surveys;
mod virtual_visits;
