//! Running the JUnit tests, and counting them: a test that is written and not run
//! proves nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::compile::files;
use super::{Built, LINES_SHOWN};
use crate::exec;
use crate::house::House;
use crate::{Trouble, full_disk, play};

/// How many tests there are and how many ran.
pub(crate) struct Counts {
    pub(crate) run: u64,
    pub(crate) written: u64,
}

/// A JVM that finds the native library and the server.
pub(super) fn java(house: &House, built: &Built) -> Command {
    let mut command = Command::new("java");
    let native = built.native.display();
    command.arg(format!("-Djna.library.path={native}"));
    command.arg(format!("-Dhomeround.root={}", house.root.display()));
    command.arg(format!(
        "-Dhomeround.bin={}",
        house.target.join("debug").display()
    ));
    command
        .arg("-Dfile.encoding=UTF-8")
        .current_dir(&house.root);
    command
}

pub(super) fn run(
    house: &House,
    built: &Built,
    classes: &Path,
    sources: &[PathBuf],
) -> Result<Counts, Trouble> {
    let mut command = java(house, built);
    full_disk::lend(house, &built.folder, &mut command)?;
    // A heap with an end, so that what stays shows; and the same pictures everywhere.
    command.args(["-Xmx384m", "-XX:+UseSerialGC"]);
    command.args([
        "-Djava.awt.headless=true",
        "-Duser.timezone=UTC",
        "-Duser.language=en",
    ]);
    command.arg("-Dskiko.renderApi=SOFTWARE");
    if std::env::var_os("HOMEROUND_GOLDEN").is_some() {
        command.arg("-Dhomeround.golden=write");
    }
    let class_path = built.class_path(&[classes.to_path_buf()], &["kit", "screens", "test"]);
    command.arg("-cp").arg(class_path);
    command.args(["org.junit.platform.console.ConsoleLauncher", "execute"]);
    command.args([
        "--disable-banner",
        "--disable-ansi-colors",
        "--details=tree",
        "--details-theme=ascii",
    ]);
    // A test that hangs fails and says where.
    for setting in [
        "timeout.default=120s",
        "timeout.thread.mode.default=SEPARATE_THREAD",
    ] {
        command.arg(format!("--config=junit.jupiter.execution.{setting}"));
    }
    command.arg("--scan-class-path").arg(classes);
    let log = house.log("junit");
    let passed = exec::logged("junit", &mut command, &log)?.success();
    let said = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
    let done = count(&said, "successful").unwrap_or(0);
    // Elsewhere than on Linux no full disk is played.
    let left_out = if cfg!(target_os = "linux") {
        0
    } else {
        count(&said, "aborted").unwrap_or(0)
    };
    let counts = Counts {
        run: done + left_out,
        written: written(sources),
    };
    if passed && counts.run == counts.written && counts.run > 0 {
        return Ok(counts);
    }
    play::show_end(&log, LINES_SHOWN);
    let what = format!("{} of {} Kotlin tests passed", counts.run, counts.written);
    Err(Trouble::new(what, format!("see {}", log.display())))
}

/// The line `[        12 tests successful      ]`.
fn count(said: &str, what: &str) -> Option<u64> {
    let ending = format!("tests {what}");
    let line = said.lines().rev().find(|line| line.contains(&ending))?;
    line.split_whitespace().find_map(|word| word.parse().ok())
}

/// Tests in the sources: lines that are `@Test` and nothing else.
fn written(sources: &[PathBuf]) -> u64 {
    let texts = sources.iter().flat_map(|folder| files(folder));
    let counts = texts.map(|path| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().filter(|line| line.trim() == "@Test").count() as u64
    });
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_the_end_of_what_junit_says() {
        let said = "x\n[        12 tests successful      ]\n[         0 tests failed          ]\n";
        assert_eq!(count(said, "successful"), Some(12));
        assert_eq!(count("nothing", "successful"), None);
    }
}
