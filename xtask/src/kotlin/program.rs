//! A program of one's own over the kit, beside a real backend: the guide's first one too.

use std::path::Path;
use std::process::{Command, ExitCode};

use super::junit::java;
use super::{Built, GUIDE, build, compile};
use crate::house::House;
use crate::{Trouble, exec, guide, play};

/// Compiles a program and runs it beside a backend with a day of made-up visits.
///
/// # Errors
/// [`Trouble`] when it does not compile, or can't be started.
pub(crate) fn run(house: &House, file: &Path) -> Result<ExitCode, Trouble> {
    let file = std::path::absolute(file)
        .ok()
        .filter(|file| file.is_file())
        .ok_or_else(|| {
            Trouble::new(
                format!("there is no file {}", file.display()),
                "name a Kotlin source with a main function, as in docs/kotlin.md",
            )
        })?;
    let built = build(house)?;
    exec::handed_over(&mut command(house, &built, &file)?)
}

/// Runs the guide's program, and holds what it prints against what the guide says.
pub(super) fn follow(house: &House, built: &Built) -> Result<(), Trouble> {
    let (source, prints) = guide::program(house, &GUIDE, "fun main(")?;
    let file = built.folder.join("First.kt");
    std::fs::write(&file, source).map_err(|error| {
        Trouble::new(
            format!("{} can't be written: {error}", file.display()),
            "check the space of the target folder",
        )
    })?;
    guide::follow(&GUIDE, command(house, built, &file)?, &prints)
}

fn command(house: &House, built: &Built, file: &Path) -> Result<Command, Trouble> {
    let classes = built.folder.join("classes/program");
    let sources = [file.to_path_buf()];
    compile::kotlin(
        house,
        built,
        &compile::Unit {
            name: compile::PROGRAM,
            sources: &sources,
            to: &classes,
            bundles: &["kit"],
            compose: false,
        },
    )?;
    let source = std::fs::read_to_string(file).unwrap_or_default();
    let mut command = java(house, built);
    command
        .arg("-cp")
        .arg(built.class_path(&[classes], &["kit"]))
        .arg(main_class(file, &source));
    play::beside_practice(house, &command)
}

/// The class that Kotlin makes of a file's functions.
fn main_class(file: &Path, source: &str) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let mut letters = stem.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let name: String = first.into_iter().chain(letters).collect();
    let package = source
        .lines()
        .find_map(|line| line.trim().strip_prefix("package "));
    match package {
        Some(package) => format!("{}.{name}Kt", package.trim()),
        None => format!("{name}Kt"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_class_is_named_after_its_file_and_package() {
        let file = Path::new("a/first.kt");
        assert_eq!(main_class(file, "fun main() {}\n"), "FirstKt");
        let source = "package org.example\n\nfun main() {}\n";
        assert_eq!(main_class(file, source), "org.example.FirstKt");
    }
}
