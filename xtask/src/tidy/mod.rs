//! The fences and lengths that keep the house as it was drawn.
//!
//! What the compiler can't see is checked here: which room may know which
//! library, which room may know which other room, where clocks and dice are
//! allowed, how long things may get, and that nothing unfinished or private is
//! committed. `CONTRIBUTING.md` tells each rule and why it is there.

mod fences;
mod lexer;
mod papers;
mod rooms;
mod shape;
mod source;
#[cfg(test)]
mod tests;
mod words;

use std::path::Path;

use crate::{Trouble, ui};
use source::Source;

/// One place where the repository is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    path: String,
    line: usize,
    rule: &'static str,
    remedy: String,
}

impl Violation {
    fn new(source: &Source, line: usize, rule: &'static str, remedy: impl Into<String>) -> Self {
        Self {
            path: source.path.clone(),
            line,
            rule,
            remedy: remedy.into(),
        }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, line, .. } = self;
        write!(f, "{path}:{line}: {}: {}", self.rule, self.remedy)
    }
}

/// Every violation under a root, in the order of files and lines.
///
/// # Errors
/// [`Trouble`] when the files can't be listed or read.
pub(crate) fn check(root: &Path) -> Result<Vec<Violation>, Trouble> {
    let sources = source::sources(root)?;
    let mut found = Vec::new();
    for source in &sources {
        fences::check(source, &mut found);
        rooms::check(source, &mut found);
        shape::check(source, &mut found);
        words::check(source, &mut found);
        papers::check_places(source, &mut found);
    }
    papers::check_decisions(&sources, &mut found);
    papers::check_named_tests(&sources, &mut found);
    found.sort();
    found.dedup();
    Ok(found)
}

/// The command: prints what is wrong and fails if anything is.
///
/// # Errors
/// [`Trouble`] when there is a violation, or the files can't be read.
pub(crate) fn run(root: &Path) -> Result<(), Trouble> {
    let found = check(root)?;
    for violation in &found {
        ui::note(&violation.to_string());
    }
    match found.len() {
        0 => {
            ui::note("tidy: every fence stands");
            Ok(())
        }
        count => Err(Trouble::new(
            format!("not tidy: {count} found"),
            "each line above ends with its remedy; the reasons are in CONTRIBUTING.md",
        )),
    }
}
