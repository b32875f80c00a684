//! The Kotlin side: the binding, the kit and the screens, compiled with warnings as
//! errors and tested on the JVM against the real native library and a real server.
//!
//! Versions come from `android/gradle/libs.versions.toml` alone; Maven fetches what it
//! lists. Each stage is skipped while what it is made from has not changed.

mod catalog;
mod compile;
mod junit;
mod phone;
mod program;
#[cfg(test)]
mod project;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::json;

use crate::exec;
use crate::guide::{self, Guide};
use crate::house::House;
use crate::report::Verdict;
use crate::{Trouble, play, setup, ui};

pub(crate) use phone::phone;
pub(crate) use program::run;

/// Lines of a failed stage's log that are worth showing.
const LINES_SHOWN: usize = 60;
/// The file that says which versions.
const CATALOG: &str = "android/gradle/libs.versions.toml";
const GUIDE: Guide = Guide {
    text: "docs/kotlin.md",
    language: "kotlin",
    extension: "kt",
    head: |number| format!("package guide{number}\n\n"),
};
/// The text form of the binding.
const FACE: &str = "bindings/api.txt";

/// What was built, and where.
pub(crate) struct Built {
    /// Jars by bundle of the catalog.
    jars: catalog::Jars,
    /// Folder of `libhomeround.so`.
    native: PathBuf,
    /// Folders of classes: the binding, the kit, the screens.
    classes: Vec<PathBuf>,
    /// Everything of this side lies under it.
    folder: PathBuf,
}

impl Built {
    /// A class path of folders, then jars.
    fn class_path(&self, more: &[PathBuf], bundles: &[&str]) -> String {
        let folders = self.classes.iter().chain(more);
        let paths: Vec<String> = folders
            .chain(self.jars.of(bundles))
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        paths.join(":")
    }
}

/// Builds and tests the Kotlin side.
///
/// # Errors
/// [`Trouble`] names the stage that failed and its log.
pub(crate) fn kotlin(house: &House, json: bool) -> Result<ExitCode, Trouble> {
    let counts = test(house)?;
    if json {
        let told = json!({ "ok": true, "tests": counts.run, "written": counts.written });
        ui::out(&format!("{told}\n"));
    } else {
        ui::note(&format!("kotlin: {} tests passed", counts.run));
    }
    Ok(ExitCode::SUCCESS)
}

/// The step of the test run.
///
/// # Errors
/// As [`kotlin`].
pub(crate) fn step(house: &House) -> Result<(Verdict, u64), Trouble> {
    let counts = test(house)?;
    Ok((Verdict::Passed, counts.run))
}

fn test(house: &House) -> Result<junit::Counts, Trouble> {
    let built = build(house)?;
    face(house, false)?;
    android(house, &built)?;
    let guide = guide::extract(house, &GUIDE, &built.folder)?;
    let sources = [
        house.root.join("android/kit/src/test/kotlin"),
        house.root.join("android/ui/src/test/kotlin"),
        guide,
    ];
    let classes = built.folder.join("classes/test");
    let bundles = ["kit", "screens", "test"];
    compile::kotlin(
        house,
        &built,
        &compile::Unit {
            name: "tests",
            sources: &sources,
            to: &classes,
            bundles: &bundles,
            compose: true,
        },
    )?;
    let counts = junit::run(house, &built, &classes, &sources[..2])?;
    program::follow(house, &built)?;
    Ok(counts)
}

/// Compiles what only an Android phone can run against the platform's classes.
fn android(house: &House, built: &Built) -> Result<(), Trouble> {
    let sources = [house.root.join("android/kit/src/android/kotlin")];
    compile::kotlin(
        house,
        built,
        &compile::Unit {
            name: "android",
            sources: &sources,
            to: &built.folder.join("classes/android"),
            bundles: &["kit", "android"],
            compose: false,
        },
    )
}

/// Builds the native library, the server, the binding, the kit and the screens.
///
/// # Errors
/// As [`kotlin`].
pub(crate) fn build(house: &House) -> Result<Built, Trouble> {
    setup::for_kotlin()?;
    let folder = house.target.join("kotlin");
    let jars = catalog::fetch(house, &folder)?;
    let native = native(house, &folder)?;
    let mut built = Built {
        jars,
        native,
        classes: Vec::new(),
        folder: folder.clone(),
    };
    let generated = folder.join("binding");
    generate(house, "kotlin", &built.native, &generated)?;
    let kit = house.root.join("android/kit/src/main/kotlin");
    let screens = [
        "android/ui/src/main/kotlin",
        "android/ui/src/desktop/kotlin",
        "android/kit/src/testFixtures/kotlin",
    ];
    let screens = screens.map(|folder| house.root.join(folder)).to_vec();
    for (name, sources, bundles, compose) in [
        ("binding", vec![generated], &["kit"][..], false),
        ("kit", vec![kit], &["kit"][..], false),
        ("screens", screens, &["kit", "screens"][..], true),
    ] {
        let to = folder.join("classes").join(name);
        let unit = compile::Unit {
            name,
            sources: &sources,
            to: &to,
            bundles,
            compose,
        };
        compile::kotlin(house, &built, &unit)?;
        built.classes.push(to);
    }
    Ok(built)
}

/// The library under the name that the binding asks for, in `folder/native`.
///
/// # Errors
/// [`Trouble`] when it does not build.
pub(crate) fn native(house: &House, folder: &Path) -> Result<PathBuf, Trouble> {
    play::build(house, play::Profile::Dev)?;
    let to = folder.join("native");
    let copy = || -> std::io::Result<()> {
        std::fs::create_dir_all(&to)?;
        let from = house.target.join("debug").join(LIBRARY_BUILT);
        // Another phone may have the old one in memory: it is replaced, never written over.
        let fresh = to.join(format!("{LIBRARY}.{}", std::process::id()));
        std::fs::copy(from, &fresh)?;
        std::fs::rename(fresh, to.join(LIBRARY))
    };
    copy().map_err(|error| {
        let what = format!("the native library can't be copied: {error}");
        Trouble::new(what, "cargo build --workspace")
    })?;
    Ok(to)
}

#[cfg(target_os = "macos")]
const LIBRARY_BUILT: &str = "libhomeround_ffi.dylib";
#[cfg(target_os = "macos")]
const LIBRARY: &str = "libhomeround.dylib";
#[cfg(not(target_os = "macos"))]
const LIBRARY_BUILT: &str = "libhomeround_ffi.so";
#[cfg(not(target_os = "macos"))]
const LIBRARY: &str = "libhomeround.so";

fn bindgen(house: &House) -> Command {
    let mut command = Command::new(house.target.join("debug/homeround-bindgen"));
    command.current_dir(&house.root);
    command
}

/// Writes the binding in this language, from the library in `native`.
///
/// # Errors
/// [`Trouble`] with the generator's log.
pub(crate) fn generate(
    house: &House,
    language: &str,
    native: &Path,
    to: &Path,
) -> Result<(), Trouble> {
    let mut command = bindgen(house);
    command.args(["generate", "--config", "bindings/uniffi.toml"]);
    command.args(["--language", language, "--no-format", "--library"]);
    command.arg(native.join(LIBRARY)).arg("--out-dir").arg(to);
    let log = house.log("bindgen");
    if exec::logged("binding", &mut command, &log)?.success() {
        return Ok(());
    }
    play::show_end(&log, LINES_SHOWN);
    let what = format!("the {language} binding can't be written");
    Err(Trouble::new(what, format!("see {}", log.display())))
}

/// Compares the binding's public face with the committed text, or writes it.
///
/// # Errors
/// [`Trouble`] when they differ, or something public has no documentation.
pub(crate) fn face(house: &House, write: bool) -> Result<(), Trouble> {
    let library = house.target.join("debug").join(LIBRARY_BUILT);
    let output = bindgen(house).arg("api").arg(library).output();
    let output = output.map_err(|error| {
        let what = format!("the binding's face can't be read: {error}");
        Trouble::new(what, "cargo build --workspace")
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Trouble::new(
            said,
            "document each public item in bindings/src",
        ));
    }
    let path = house.root.join(FACE);
    if write {
        return std::fs::write(&path, &output.stdout)
            .map_err(|error| Trouble::new(format!("{FACE}: {error}"), "check its permissions"));
    }
    let known = std::fs::read(&path).unwrap_or_default();
    if known == output.stdout {
        return Ok(());
    }
    let what = format!("the binding's public face is not what {FACE} says");
    let remedy = "if that is meant: cargo xtask face --write, and a line in CHANGELOG.md";
    Err(Trouble::new(what, remedy))
}
