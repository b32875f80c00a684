//! Starting programs: with their words in a log and a sign of life on screen,
//! or with the terminal handed over.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::{Trouble, ui};

/// How often a running program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often a sign of life is printed where no live line can be drawn.
const SIGN_EVERY: Duration = Duration::from_secs(60);
/// How much of a log's end is read for the live line.
const TAIL_BYTES: u64 = 2_048;

/// A stopwatch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch(Instant);

impl Watch {
    /// Starts.
    #[allow(
        clippy::disallowed_methods,
        reason = "a developer command measures the time that its steps take; only here"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Runs a program to its end. What it says goes to `log`; the screen shows
/// `label`, the time and the log's last line.
///
/// # Errors
/// [`Trouble`] when the program can't be started or its log can't be written.
pub(crate) fn logged(
    label: &str,
    command: &mut Command,
    log: &Path,
) -> Result<ExitStatus, Trouble> {
    let unwritable = |error: std::io::Error| {
        let what = format!("{} can't be written: {error}", log.display());
        Trouble::new(
            what,
            "check the space and the permissions of the target folder",
        )
    };
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let file = File::create(log).map_err(unwritable)?;
    let copy = file.try_clone().map_err(unwritable)?;
    let child = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(copy)
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    watch(label, child, log)
}

fn watch(label: &str, mut child: Child, log: &Path) -> Result<ExitStatus, Trouble> {
    let watch = Watch::start();
    let mut signs = 0;
    loop {
        let ended = child
            .try_wait()
            .map_err(|error| Trouble::new(format!("{label} was lost: {error}"), "run it again"))?;
        if let Some(status) = ended {
            ui::clear_live();
            return Ok(status);
        }
        let elapsed = watch.elapsed();
        if ui::is_live() {
            ui::live(&format!(
                "  {label} {}  {}",
                ui::span(elapsed),
                last_line(log)
            ));
        } else if elapsed > SIGN_EVERY * (signs + 1) {
            signs += 1;
            ui::note(&format!(
                "  {label} {}: {}",
                ui::span(elapsed),
                last_line(log)
            ));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn last_line(log: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    // The live line is a courtesy: without a log to read it is just shorter.
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let last = text
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty());
    last.unwrap_or_default().to_owned()
}

/// Hands the terminal over to a program and answers with its exit code.
///
/// # Errors
/// [`Trouble`] when the program can't be started.
pub(crate) fn handed_over(command: &mut Command) -> Result<ExitCode, Trouble> {
    let status = command
        .status()
        .map_err(|error| not_started(command, &error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Runs a program to its end with all of its words on standard error.
///
/// # Errors
/// [`Trouble`] when it can't be started or fails.
pub(crate) fn on_stderr(command: &mut Command) -> Result<(), Trouble> {
    let status = command
        .stdout(std::io::stderr())
        .status()
        .map_err(|error| not_started(command, &error))?;
    if status.success() {
        return Ok(());
    }
    let program = command.get_program().to_string_lossy().into_owned();
    Err(Trouble::new(
        format!("{program} failed"),
        "see what it said above",
    ))
}

/// Runs a small program in silence; true if it is there and content.
pub(crate) fn succeeds(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn not_started(command: &Command, error: &std::io::Error) -> Trouble {
    let program = command.get_program().to_string_lossy().into_owned();
    let what = format!("{program} can't be started: {error}");
    Trouble::new(what, "cargo xtask setup")
}
