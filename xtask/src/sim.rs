//! The simulator: the command, and its smoke in the test run.

use std::process::{Command, ExitCode};

use crate::exec;
use crate::house::House;
use crate::play::{self, Profile};
use crate::report::Verdict;
use crate::{Trouble, ui};

const BINARY: &str = "homeround-sim";
/// What the smoke plays: short days, each twice, and long ones, whose histories are folded and
/// begun again. A minute or two in a build for development.
const SMOKES: [&[&str]; 2] = [
    &["--seeds", "1..7", "--hours", "2", "--json"],
    &["--seeds", "1..4", "--hours", "8", "--once", "--json"],
];
const LINES_SHOWN: usize = 80;

/// Plays seeds in a release build.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn sim(house: &House, args: &[String]) -> Result<ExitCode, Trouble> {
    let mut command = play::ready(house, Profile::Release, BINARY)?;
    exec::handed_over(command.args(args))
}

/// The smoke.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn step(house: &House) -> Result<Verdict, Trouble> {
    let log = house.log("sim");
    for smoke in SMOKES {
        let mut command: Command = play::ready(house, Profile::Dev, BINARY)?;
        if !exec::logged("sim", command.args(smoke), &log)?.success() {
            play::show_end(&log, LINES_SHOWN);
            ui::note(&format!("   the whole log: {}", log.display()));
            return Ok(Verdict::Failed);
        }
    }
    Ok(Verdict::Passed)
}
