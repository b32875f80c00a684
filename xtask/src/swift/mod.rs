//! The Swift side: the binding and the kit, built and tested against the real native
//! library and a real server; the guide's snippets.

mod apple;
mod ios;
mod program;
mod strings;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::json;

use crate::guide::{self, Guide};
use crate::house::House;
use crate::report::Verdict;
use crate::{Trouble, exec, full_disk, kotlin, play, ui};
use toolchain::Toolchain;

pub(crate) use ios::ios;
pub(crate) use program::run;

/// Lines of a failed stage's log that are worth showing.
const LINES_SHOWN: usize = 60;
const KIT: &str = "ios/HomeroundKit";
const GUIDE: Guide = Guide {
    text: "docs/swift.md",
    language: "swift",
    extension: "swift",
    head: |_| String::new(),
};

/// Builds and tests the Swift side, or writes the string catalog.
///
/// # Errors
/// [`Trouble`] names the stage that failed and its log.
pub(crate) fn swift(house: &House, strings: bool, json: bool) -> Result<ExitCode, Trouble> {
    if strings {
        return strings::catalog(house, true).map(|()| ExitCode::SUCCESS);
    }
    let passed = test(house)?;
    if json {
        ui::out(&format!("{}\n", json!({ "ok": true, "tests": passed })));
    } else {
        ui::note(&format!("swift: {passed} tests passed"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The step of the test run; skipped where no toolchain is to be had.
///
/// # Errors
/// As [`swift`].
pub(crate) fn step(house: &House) -> Result<(Verdict, u64), Trouble> {
    if let Err(trouble) = Toolchain::ready(house) {
        return Ok((Verdict::Skipped(trouble.to_string()), 0));
    }
    Ok((Verdict::Passed, test(house)?))
}

fn test(house: &House) -> Result<u64, Trouble> {
    strings::catalog(house, false)?;
    let toolchain = Toolchain::ready(house)?;
    let folder = house.target.join("swift");
    let native = kotlin::native(house, &folder)?;
    generate(house, &native, &folder.join("binding"))?;
    let bench = Bench {
        house,
        toolchain: &toolchain,
    };
    bench.build()?;
    bench.lint()?;
    let found = apple::check(&bench)?;
    let guide = guide::extract(house, &GUIDE, &folder)?;
    bench.check("guide", &[guide], &found)?;
    let passed = bench.test()?;
    program::follow(&bench)?;
    Ok(passed)
}

/// Writes the binding into the package.
fn generate(house: &House, native: &Path, to: &Path) -> Result<(), Trouble> {
    kotlin::generate(house, "swift", native, to)?;
    let sources = house.root.join(KIT).join("Sources");
    for (file, target) in [
        ("HomeroundCore.swift", "HomeroundCore"),
        ("HomeroundFFI.h", "HomeroundFFI"),
    ] {
        let folder = sources.join(target);
        let copy = || -> std::io::Result<()> {
            std::fs::create_dir_all(&folder)?;
            let fresh = std::fs::read(to.join(file))?;
            // What has not changed is left as it is: nothing is compiled again.
            if std::fs::read(folder.join(file)).is_ok_and(|known| known == fresh) {
                return Ok(());
            }
            std::fs::write(folder.join(file), fresh)
        };
        copy().map_err(|error| {
            let what = format!("{file} can't be put into the package: {error}");
            Trouble::new(what, "cargo xtask swift")
        })?;
    }
    Ok(())
}

/// The stages, each in the toolchain.
struct Bench<'h> {
    house: &'h House,
    toolchain: &'h Toolchain,
}

impl Bench<'_> {
    fn scratch(&self) -> String {
        self.toolchain
            .target
            .join("swift/build")
            .display()
            .to_string()
    }

    /// Words of `swift build` and `swift test` alike.
    fn package<'w>(&self, begin: &[&'w str], scratch: &'w str, search: &'w str) -> Vec<&'w str> {
        let mut words = begin.to_vec();
        words.extend(["--scratch-path", scratch, "-Xlinker", search]);
        // The library is linked against the machine's own C library.
        if cfg!(target_os = "linux") {
            words.extend(["-Xlinker", "--allow-shlib-undefined"]);
        }
        words
    }

    fn run(&self, label: &str, folder: &str, words: &[&str]) -> Result<String, Trouble> {
        let command = self.toolchain.command(self.house, folder, &[], words);
        self.logged(label, command)
    }

    fn logged(&self, label: &str, mut command: Command) -> Result<String, Trouble> {
        let log = self.house.log(&format!("swift-{label}"));
        let passed = exec::logged(label, &mut command, &log)?.success();
        let said = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
        if passed && !warned(&said) {
            return Ok(said);
        }
        play::show_end(&log, LINES_SHOWN);
        let why = if passed { "warns" } else { "failed" };
        Err(Trouble::new(
            format!("swift: {label} {why}"),
            format!("see {}", log.display()),
        ))
    }

    fn build(&self) -> Result<(), Trouble> {
        let search = format!("-L{}", self.toolchain.target.join("swift/native").display());
        let scratch = self.scratch();
        let words = self.package(&["swift", "build", "--build-tests"], &scratch, &search);
        self.run("build", KIT, &words).map(|_| ())
    }

    fn lint(&self) -> Result<(), Trouble> {
        let words = [
            "swift",
            "format",
            "lint",
            "--strict",
            "--recursive",
            "--configuration",
            ".swift-format",
            "HomeroundKit/Package.swift",
            "HomeroundKit/Sources/HomeroundKit",
            "HomeroundKit/Tests",
            "HomeroundKit/Sources/HomeroundApple",
            "App/Sources",
            "Stubs",
        ];
        self.run("lint", "ios", &words).map(|_| ())
    }

    /// Where the modules that were built are found.
    fn search(&self) -> Vec<String> {
        let scratch = self.toolchain.target.join("swift/build/debug/Modules");
        let map = self
            .toolchain
            .project
            .join(KIT)
            .join("Sources/HomeroundFFI/module.modulemap");
        vec![
            "-I".into(),
            scratch.display().to_string(),
            "-Xcc".into(),
            format!("-fmodule-map-file={}", map.display()),
        ]
    }

    /// Type-checks sources against the kit, and against modules that are found otherwise.
    fn check(&self, label: &str, folders: &[PathBuf], found: &[String]) -> Result<(), Trouble> {
        let files: Vec<String> = sources(folders, "swift")
            .iter()
            .map(|file| self.inside(file).display().to_string())
            .collect();
        if files.is_empty() {
            return Err(Trouble::new(
                format!("swift: there are no sources of the {label}"),
                "restore them",
            ));
        }
        let mut words = vec!["swiftc", "-typecheck", "-swift-version", "6"];
        words.extend(["-parse-as-library", "-warnings-as-errors"]);
        let search = self.search();
        words.extend(found.iter().chain(&search).map(String::as_str));
        words.extend(files.iter().map(String::as_str));
        self.run(label, "ios", &words).map(|_| ())
    }

    fn test(&self) -> Result<u64, Trouble> {
        let target = &self.toolchain.target;
        let native = target.join("swift/native");
        let search = format!("-L{}", native.display());
        let scratch = self.scratch();
        let begin = ["swift", "test", "--skip-build", "--no-parallel"];
        let words = self.package(&begin, &scratch, &search);
        let mut play = Command::new("none");
        full_disk::lend(self.house, &self.house.target.join("swift"), &mut play)?;
        let (binaries, preload, flag) = (
            target.join("debug"),
            target.join("swift/libfulldisk.so"),
            target.join("swift/full-disk"),
        );
        let mut variables: Vec<(&str, &Path)> = vec![
            ("HOMEROUND_ROOT", &self.toolchain.project),
            ("HOMEROUND_BIN", &binaries),
        ];
        if cfg!(target_os = "linux") {
            variables.push(("LD_LIBRARY_PATH", &native));
            variables.push(("LD_PRELOAD", &preload));
            variables.push(("HOMEROUND_FULL_DISK", &flag));
        }
        let command = self.toolchain.command(self.house, KIT, &variables, &words);
        let said = self.logged("tests", command)?;
        let run = ran(&said).unwrap_or(0);
        let written = written(&self.house.root.join(KIT).join("Tests"));
        if run == written && run > 0 {
            return Ok(run);
        }
        Err(Trouble::new(
            format!("{run} of {written} Swift tests ran"),
            "see target/xtask/swift-tests.log",
        ))
    }

    /// A file of the project as the toolchain sees it.
    fn inside(&self, file: &Path) -> PathBuf {
        if let Ok(rest) = file.strip_prefix(&self.house.target) {
            return self.toolchain.target.join(rest);
        }
        match file.strip_prefix(&self.house.root) {
            Ok(rest) => self.toolchain.project.join(rest),
            Err(_) => file.to_path_buf(),
        }
    }
}

/// Whether the compiler warned of what is written by hand.
fn warned(said: &str) -> bool {
    said.lines()
        .any(|line| line.contains(": warning: ") && !line.contains("/HomeroundCore/"))
}

/// Of `Test run with 29 tests passed after 9.4 seconds.` the 29.
fn ran(said: &str) -> Option<u64> {
    let (_, rest) = said.rsplit_once("Test run with ")?;
    rest.split(' ').next()?.parse().ok()
}

fn written(folder: &Path) -> u64 {
    let counts = sources(&[folder.to_path_buf()], "swift")
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.lines()
                .filter(|line| line.trim_start().starts_with("@Test("))
                .count() as u64
        });
    counts.sum()
}

/// Every file with this extension under the folders, in order.
fn sources(folders: &[PathBuf], extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = folders.to_vec();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_and_warnings_of_generated_code_are_not_ours() {
        let said = "✔ Test run with 29 tests passed after 9.385 seconds.\n";
        assert_eq!(ran(said), Some(29));
        assert_eq!(ran("nothing"), None);
        assert!(!warned(
            "/a/Sources/HomeroundCore/HomeroundCore.swift:1:1: warning: x"
        ));
        assert!(warned(
            "/a/Sources/HomeroundKit/Visit.swift:1:1: warning: x"
        ));
    }
}
