//! The simulator: the command, and its smoke in the test run.

use std::process::{Command, ExitCode};

use crate::exec;
use crate::house::House;
use crate::play::{self, Profile};
use crate::report::Verdict;
use crate::{Trouble, ui};

const BINARY: &str = "homeround-sim";
/// What the smoke plays, each seed twice: a minute or two in a build for development.
const SMOKE: [&str; 7] = ["--seeds", "1..7", "--hours", "2", "--phones", "3", "--json"];
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
    let mut command: Command = play::ready(house, Profile::Dev, BINARY)?;
    let log = house.log("sim");
    if exec::logged("sim", command.args(SMOKE), &log)?.success() {
        return Ok(Verdict::Passed);
    }
    play::show_end(&log, LINES_SHOWN);
    ui::note(&format!("   the whole log: {}", log.display()));
    Ok(Verdict::Failed)
}
