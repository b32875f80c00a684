//! What is logged, kept and looked through.
//!
//! The first stage of a process sets the subscriber: JSON lines as the backend
//! writes them, at the finest level for our own crates, phones' and backend's
//! alike. [`forbid`] adds words that no line may hold; [`check`] looks.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Everything of ours, and of the others what an operator would switch on.
const FILTER: &str = "debug,homeround=trace,homeround_server=trace,tower_http=trace,axum=trace";
/// Shorter words are in too many other words.
const WORD_CHARS_MIN: usize = 4;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static WORDS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn held<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Keeper;

impl Write for Keeper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        held(&LINES).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Keepers;

impl MakeWriter<'_> for Keepers {
    type Writer = Keeper;

    fn make_writer(&self) -> Self::Writer {
        Keeper
    }
}

/// Keeps every line from now on. Asked again, does nothing.
pub fn keep() {
    static SET: OnceLock<()> = OnceLock::new();
    SET.get_or_init(|| {
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_env_filter(EnvFilter::new(FILTER))
            .with_writer(Keepers)
            .init();
    });
}

/// No line may hold this word. Words of fewer than four characters are left out.
pub fn forbid(word: &str) {
    let word = word.trim();
    if word.chars().count() >= WORD_CHARS_MIN {
        held(&WORDS).insert(word.to_owned());
    }
}

/// How many lines there are by now.
#[must_use]
pub fn lines() -> usize {
    held(&LINES).iter().filter(|byte| **byte == b'\n').count()
}

/// How many words are forbidden by now.
#[must_use]
pub fn words() -> usize {
    held(&WORDS).len()
}

/// The kept lines that hold a forbidden word, each with the word.
#[must_use]
pub fn leaks() -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(&held(&LINES)).into_owned();
    let mut leaks = Vec::new();
    for word in held(&WORDS).iter() {
        let found = text.lines().find(|line| holds(line, word));
        leaks.extend(found.map(|line| (word.clone(), line.to_owned())));
    }
    leaks
}

/// Whether a kept line holds this word.
#[must_use]
pub fn said(word: &str) -> bool {
    let text = String::from_utf8_lossy(&held(&LINES)).into_owned();
    text.lines().any(|line| holds(line, word))
}

/// Fails if a kept line holds a forbidden word.
///
/// # Panics
/// Names the word and the line.
pub fn check() {
    let leaks = leaks();
    assert!(leaks.is_empty(), "patient data in the log: {leaks:#?}");
}

/// Whether the word stands in the line by itself.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_by_itself_and_not_inside_another() {
        assert!(holds("{\"name\":\"Line\"}", "Line"));
        assert!(!holds("Lines Offline", "Line"));
    }
}
