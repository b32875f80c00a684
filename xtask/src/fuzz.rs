//! Hostile input: the long run and the step of the test run.

use std::process::{Command, ExitCode};

use crate::exec;
use crate::house::House;
use crate::report::Verdict;
use crate::{Trouble, play, ui};

const BINARY: &str = "homeround-fuzz";
/// How long the step tries, over all doors.
const STEP_SECONDS: &str = "60";
/// Lines of a failed step's log that are worth showing.
const LINES_SHOWN: usize = 40;

/// Tries for as long as the arguments say.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn fuzz(house: &House, args: &[String]) -> Result<ExitCode, Trouble> {
    let folder = house.target.join("fuzz").display().to_string();
    let all = [&["--folder".to_owned(), folder], args].concat();
    play::hand_over(house, play::Profile::Release, BINARY, &all)
}

/// A minute of every test run.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn step(house: &House) -> Result<Verdict, Trouble> {
    let mut command: Command = play::ready(house, play::Profile::Dev, BINARY)?;
    command.args(["--json", "--seconds", STEP_SECONDS, "--folder"]);
    command.arg(house.target.join("fuzz-smoke"));
    let log = house.log("fuzz");
    if exec::logged("fuzz", &mut command, &log)?.success() {
        return Ok(Verdict::Passed);
    }
    play::show_end(&log, LINES_SHOWN);
    ui::note(&format!("   the whole log: {}", log.display()));
    Ok(Verdict::Failed)
}
