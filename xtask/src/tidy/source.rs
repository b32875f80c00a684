//! The files that tidy looks at, and what is known about each.

use std::ops::Range;
use std::path::Path;
use std::process::Command;

use super::lexer::{Lexed, closing, find_words, lex, line_of};
use crate::Trouble;

/// Larger files are data, not source.
const SOURCE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// One tracked text file.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    /// As it stands.
    pub(crate) text: String,
    /// Rust alone.
    pub(crate) rust: Option<Rust>,
}

/// What is known about a Rust file.
#[derive(Debug)]
pub(crate) struct Rust {
    /// Code and comments apart.
    pub(crate) lexed: Lexed,
    tests: Vec<Range<usize>>,
}

impl Source {
    /// Takes a file in.
    pub(crate) fn new(path: String, text: String) -> Self {
        let rust = path.ends_with(".rs").then(|| {
            let lexed = lex(&text);
            let tests = test_regions(&lexed.code);
            Rust { lexed, tests }
        });
        Self { path, text, rust }
    }

    /// The suffix of the name, without the dot.
    pub(crate) fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, suffix)| suffix)
    }

    /// True for a file that holds tests alone: one named `tests` or so, or one
    /// in a folder `tests` of a crate.
    pub(crate) fn is_test_file(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        let inner = self.path.split_once('/').map_or("", |(_, rest)| rest);
        stem == "tests"
            || stem.ends_with("_tests")
            || stem.starts_with("test_")
            || stem.ends_with("Tests")
            || stem.ends_with("Test")
            || inner.split('/').rev().skip(1).any(|part| part == "tests")
    }

    /// True for a byte inside `#[cfg(test)]`, or in a file of tests.
    pub(crate) fn in_test(&self, at: usize) -> bool {
        let region = |rust: &Rust| rust.tests.iter().any(|range| range.contains(&at));
        self.is_test_file() || self.rust.as_ref().is_some_and(region)
    }

    /// The line of a byte.
    pub(crate) fn line(&self, at: usize) -> usize {
        line_of(self.text.as_bytes(), at)
    }
}

/// The items under an attribute `#[cfg(test)]`, attribute included.
fn test_regions(code: &[u8]) -> Vec<Range<usize>> {
    let attribute = |at: &usize| {
        let open = at.checked_sub(2)?;
        let close = closing(code, open + 1)?;
        let inside = &code[*at..close];
        let negated = !find_words(inside, "not(test").is_empty();
        let under_test = !negated && !find_words(inside, "test").is_empty();
        let is_attribute = code[open..].starts_with(b"#[");
        (is_attribute && under_test).then(|| open..item_end(code, close + 1))
    };
    find_words(code, "cfg(")
        .iter()
        .filter_map(attribute)
        .collect()
}

/// Where the item that follows an attribute ends.
fn item_end(code: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < code.len() {
        match code[at] {
            b';' => return at,
            b'{' => return closing(code, at).unwrap_or(code.len()),
            b'(' | b'[' => at = closing(code, at).unwrap_or(code.len()),
            _ => {}
        }
        at += 1;
    }
    code.len()
}

/// Reads every text file that is tracked, or would be.
///
/// # Errors
/// [`Trouble`] when a listed file can't be read.
pub(crate) fn sources(root: &Path) -> Result<Vec<Source>, Trouble> {
    let mut paths = if root.join(".git").exists() {
        listed_by_git(root)?
    } else {
        let mut found = Vec::new();
        walk(root, "", &mut found)?;
        found
    };
    paths.sort();
    paths.dedup();
    let mut sources = Vec::new();
    for path in paths {
        let full = root.join(&path);
        let is_source = full
            .metadata()
            .is_ok_and(|meta| meta.is_file() && meta.len() <= SOURCE_BYTES_MAX);
        if is_source && let Ok(text) = String::from_utf8(read(&full)?) {
            sources.push(Source::new(path, text));
        }
    }
    Ok(sources)
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    std::fs::read(path).map_err(|error| {
        let what = format!("{} can't be read: {error}", path.display());
        Trouble::new(what, "check the file's permissions")
    })
}

fn listed_by_git(root: &Path) -> Result<Vec<String>, Trouble> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .map_err(|error| Trouble::new(format!("git can't be run: {error}"), "install git"))?;
    if !output.status.success() {
        let what = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Trouble::new(what, "run from a clone of the repository"));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect())
}

/// For an unpacked archive, which has no list of tracked files.
fn walk(root: &Path, below: &str, found: &mut Vec<String>) -> Result<(), Trouble> {
    let folder = root.join(below);
    let entries = std::fs::read_dir(&folder).map_err(|error| {
        let what = format!("{} can't be listed: {error}", folder.display());
        Trouble::new(what, "check the folder's permissions")
    })?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == ".git" || (below.is_empty() && name == "target") {
            continue;
        }
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(root, &path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
