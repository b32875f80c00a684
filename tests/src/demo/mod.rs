//! The demo.

use std::process::ExitCode;

/// Plays the day.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
