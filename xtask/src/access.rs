//! Who may see and change what: the command, and its smoke in the test run.

use std::process::{Command, ExitCode};

use crate::exec;
use crate::house::House;
use crate::play::{self, Profile};
use crate::report::Verdict;
use crate::{Trouble, ui};

const BINARY: &str = "homeround-access";
/// What the smoke plays: some seconds in a build for development.
const SMOKE: [&str; 5] = ["--histories", "20000", "--served", "6", "--json"];
const LINES_SHOWN: usize = 40;

/// Plays histories in a release build.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn access(house: &House, args: &[String]) -> Result<ExitCode, Trouble> {
    let mut command = play::ready(house, Profile::Release, BINARY)?;
    play::in_memory(&mut command);
    exec::handed_over(command.args(args))
}

/// The smoke.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn step(house: &House) -> Result<Verdict, Trouble> {
    let mut command: Command = play::ready(house, Profile::Dev, BINARY)?;
    play::in_memory(&mut command);
    command.args(SMOKE).arg("--out");
    command.arg(house.target.join("access-smoke"));
    let log = house.log("access");
    if exec::logged("access", &mut command, &log)?.success() {
        return Ok(Verdict::Passed);
    }
    play::show_end(&log, LINES_SHOWN);
    ui::note(&format!("   the whole log: {}", log.display()));
    Ok(Verdict::Failed)
}
