//! A stage for scenarios: the real backend on a loopback socket with its
//! encrypted database in a temporary folder, real phones that sync with it over
//! HTTP, an office that imports FHIR and books visits, and a forger.
//!
//! Clocks are the stage's own and move when a scenario says so. Everything that
//! is logged meanwhile is kept, and a stage that is taken down looks through it
//! for the fixtures' patients (see [`logs`]).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the scenarios' own ground: what fails here fails the test"
)]

mod backend;
mod clocks;
mod forger;
pub mod logs;
mod mailbox;
mod office;
mod phone;
mod play;
pub mod raw;
pub mod tokens;

pub use backend::{AUDIENCE, Backend, COORDINATOR, PATIENTS_ADDRESS, TENANT};
pub use clocks::{Hands, START, StageClock};
pub use forger::{Device, Refusal};
pub use mailbox::Mailbox;
pub use office::{Booking, Office};
pub use phone::{Cut, Moment, Phone, Tokens, pin, vitals};
pub use play::{Stage, fixture, fixture_text};
