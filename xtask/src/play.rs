//! Commands that build the workspace and hand over to one of its programs.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::exec;
use crate::house::House;
use crate::{Trouble, setup, ui};

/// Tells a program of this workspace in which folder its siblings are.
pub(crate) const BINARIES_ENV: &str = "HOMEROUND_BIN_DIR";

const PRACTICE: &str = "homeround-practice";
/// Lines of a failed build that are worth showing.
const BUILD_LINES_SHOWN: usize = 60;

/// Which way to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to run.
    Release,
}

/// Plays the day.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn demo(house: &House, args: &[String]) -> Result<ExitCode, Trouble> {
    hand_over(house, Profile::Dev, "homeround-demo", args)
}

/// Measures.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn bench(house: &House, args: &[String]) -> Result<ExitCode, Trouble> {
    hand_over(house, Profile::Release, "homeround-bench", args)
}

/// Cuts the power.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn crash(house: &House, args: &[String]) -> Result<ExitCode, Trouble> {
    let mut command = ready(house, Profile::Dev, "homeround-crash")?;
    in_memory(&mut command);
    exec::handed_over(command.args(args))
}

/// Temporary files in memory, where the machine has such a folder: nothing of what is
/// tested waits for a disk then.
pub(crate) fn in_memory(command: &mut Command) {
    let memory = Path::new("/dev/shm");
    if std::env::var_os("TMPDIR").is_none() && memory.is_dir() {
        command.env("TMPDIR", memory);
    }
}

/// Serves a day of made-up visits.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn practice(house: &House, args: &[String]) -> Result<ExitCode, Trouble> {
    hand_over(house, Profile::Dev, PRACTICE, args)
}

/// Answers with the command that runs `program` beside a backend with a day of
/// made-up visits.
///
/// # Errors
/// [`Trouble`] when it can't be built.
pub(crate) fn beside_practice(house: &House, program: &Command) -> Result<Command, Trouble> {
    let mut command = ready(house, Profile::Dev, PRACTICE)?;
    command
        .arg("--")
        .arg(program.get_program())
        .args(program.get_args());
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    if let Some(folder) = program.get_current_dir() {
        command.current_dir(folder);
    }
    Ok(command)
}

/// Runs the backend.
///
/// # Errors
/// [`Trouble`] when it can't be built or started.
pub(crate) fn server(house: &House, args: &[String]) -> Result<ExitCode, Trouble> {
    hand_over(house, Profile::Dev, "homeround-server", args)
}

pub(crate) fn hand_over(
    house: &House,
    profile: Profile,
    binary: &str,
    args: &[String],
) -> Result<ExitCode, Trouble> {
    let mut command = ready(house, profile, binary)?;
    let user_dir = std::env::current_dir().unwrap_or_else(|_| house.root.clone());
    exec::handed_over(command.args(args).current_dir(user_dir))
}

/// Builds the workspace and answers with the command that starts `binary`.
///
/// # Errors
/// [`Trouble`] when the machine can't build, or the build fails.
pub(crate) fn ready(house: &House, profile: Profile, binary: &str) -> Result<Command, Trouble> {
    if !house.builds(binary) {
        let what = format!("no package of this workspace builds {binary}");
        return Err(Trouble::new(what, "see the status table in README.md"));
    }
    setup::for_building()?;
    build(house, profile)?;
    let folder = folder(house, profile);
    let mut command = Command::new(folder.join(binary));
    command.env(BINARIES_ENV, &folder).current_dir(&house.root);
    Ok(command)
}

fn folder(house: &House, profile: Profile) -> PathBuf {
    house.target.join(match profile {
        Profile::Dev => "debug",
        Profile::Release => "release",
    })
}

/// Builds every library and program of the workspace at once: building one package alone
/// would unify features differently and build the dependencies again.
///
/// # Errors
/// [`Trouble`] when the build fails.
pub(crate) fn build(house: &House, profile: Profile) -> Result<(), Trouble> {
    let mut command = house.cargo(&["build", "--workspace", "--locked"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    let log = house.log("build");
    if !folder(house, profile).join("homeround-server").exists() {
        ui::note("building; the first time takes some minutes");
    }
    if exec::logged("building", &mut command, &log)?.success() {
        return Ok(());
    }
    show_end(&log, BUILD_LINES_SHOWN);
    let what = format!("the build failed; its log is {}", log.display());
    Err(Trouble::new(what, "cargo build --workspace"))
}

/// Shows the last lines of a log.
pub(crate) fn show_end(log: &Path, lines: usize) {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    for line in &all[all.len().saturating_sub(lines)..] {
        ui::note(&format!("  | {line}"));
    }
}
