//! Every developer command of Homeround: `cargo xtask --help`.
//!
//! The crate is thin on purpose: it is built before anything else on a machine
//! that may have nothing but Rust, so it knows a few crates and the standard
//! library, and leaves the work to programs that it starts.

mod access;
mod cli;
mod exec;
mod failed;
mod full_disk;
mod fuzz;
mod guide;
mod house;
mod kotlin;
mod play;
mod report;
mod sbom;
mod setup;
mod sim;
mod size;
mod steps;
mod swift;
mod targets;
mod tidy;
mod ui;

use std::process::ExitCode;

use clap::Parser as _;

/// What went wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    what: String,
    remedy: String,
}

impl Trouble {
    /// Says what went wrong and what to do about it.
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n  do: {}", self.what, self.remedy)
    }
}

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(trouble) => {
            ui::note(&format!("xtask: {trouble}"));
            ExitCode::FAILURE
        }
    }
}
