//! The simulator: real phones and the real backend against simulated clocks, network,
//! randomness and processes, in one thread, driven by a seed, with a reference model that
//! says what should be true.
//!
//! | file | what |
//! |---|---|
//! | plan | what goes wrong and when, drawn from the seed before it begins |
//! | world | the queue of events; network; the moments at which all is healed and looked at |
//! | faults | each fault, done and undone |
//! | phone, server, parts | the machines |
//! | office | what the office does |
//! | post | who delivers the backend's letters |
//! | turn, work | what nurses do: when and where; the edits |
//! | photo, files | photos: taken and looked at; their bytes on their way |
//! | emergency | access that is taken, and ends by itself |
//! | lend | a phone in a patient's hands |
//! | leave | a phone that is given back, with its work in escrow |
//! | patient | who opens a letter and answers |
//! | model | what was promised |
//! | check | one claim a file |
//! | planted | deliberate bugs, to show that the checks can fail |
//! | trace, logs | what happened, what was logged |
//! | shrink, cli | making a failure small; the command |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the tests' own ground: what fails here fails the run"
)]

mod byzantine;
mod check;
pub mod cli;
mod emergency;
mod faults;
mod files;
mod leave;
mod lend;
mod logs;
mod model;
mod net;
mod office;
mod parts;
mod patient;
mod phone;
mod photo;
mod plan;
mod planted;
mod post;
mod server;
mod shrink;
mod trace;
mod turn;
mod work;
mod world;

use std::path::Path;

pub use plan::{Fault, Plan, Planned, Weather};
pub use planted::Bug;
pub use shrink::shrink;
pub use trace::Trace;
pub use world::Figures;

/// What came of one simulation.
pub struct Outcome {
    /// What was counted.
    pub figures: Figures,
    /// What was not as promised; empty: everything was.
    pub violations: Vec<String>,
    /// What happened.
    pub trace: Trace,
}

/// Plays a plan.
#[must_use]
pub fn play(plan: &Plan) -> Outcome {
    let _log = logs::keep();
    let memory = Path::new("/dev/shm");
    let system = std::env::temp_dir();
    let root = if memory.is_dir() { memory } else { &system };
    let mut world = world::World::new(plan, root);
    world.play();
    Outcome {
        figures: world.figures,
        violations: world.violations,
        trace: world.trace,
    }
}
