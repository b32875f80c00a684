//! Words that may not be committed: unfinished work, left-over debugging,
//! tests that do not run, exceptions without a reason.

use super::Violation;
use super::lexer::{closing, find_words};
use super::source::Source;

/// Marks of unfinished work. In Rust they are looked for in comments, in other
/// sources anywhere.
const UNFINISHED: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];

/// Other sources than Rust in which they are looked for.
const SOURCES: &[&str] = &[
    "kt", "kts", "swift", "sql", "py", "sh", "js", "css", "html", "toml", "yml", "yaml",
];

/// Attributes that make an exception from a lint.
const EXCEPTIONS: &[&str] = &["#[allow(", "#![allow(", "#[expect(", "#![expect("];

/// Reports words that may not be committed.
pub(crate) fn check(source: &Source, found: &mut Vec<Violation>) {
    let Some(rust) = &source.rust else {
        if SOURCES.contains(&source.extension()) {
            unfinished(source, source.text.as_bytes(), found);
        }
        return;
    };
    unfinished(source, &rust.lexed.comments, found);
    let code = &rust.lexed.code;
    for at in find_words(code, "dbg!") {
        let remedy = "remove it; a log line that stays is tracing::debug! without patient data";
        found.push(Violation::new(source, source.line(at), "left-over", remedy));
    }
    for at in ignored_tests(code) {
        let remedy = "a test that is not run is no test: run it, or take it out";
        let line = source.line(at);
        found.push(Violation::new(source, line, "ignored-test", remedy));
    }
    for at in exceptions_without_reason(code) {
        let remedy = "say why, as in #[allow(clippy::name, reason = \"...\")]";
        let line = source.line(at);
        found.push(Violation::new(source, line, "unexplained", remedy));
    }
}

fn unfinished(source: &Source, text: &[u8], found: &mut Vec<Violation>) {
    for word in UNFINISHED {
        for at in find_words(text, word) {
            let remedy = format!("`{word}`: finish it, or file an issue and say here how it is");
            found.push(Violation::new(
                source,
                source.line(at),
                "unfinished",
                remedy,
            ));
        }
    }
}

fn ignored_tests(code: &[u8]) -> Vec<usize> {
    let mut places = find_words(code, "#[ignore]");
    places.extend(find_words(code, "#[ignore ="));
    places
}

fn exceptions_without_reason(code: &[u8]) -> Vec<usize> {
    let explained = |at: usize| {
        let open = at + code[at..].iter().position(|byte| *byte == b'(')?;
        let close = closing(code, open)?;
        Some(!find_words(&code[open..close], "reason").is_empty())
    };
    let places = EXCEPTIONS.iter().flat_map(|start| find_words(code, start));
    places.filter(|at| explained(*at) != Some(true)).collect()
}
