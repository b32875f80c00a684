//! What is logged during a simulation, kept and looked through. Each thread has its own.

use std::cell::RefCell;
use std::io::Write;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static WORDS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Longest log that is kept; what comes later is dropped, and said to be.
const KEPT_MAX: usize = 16 * 1024 * 1024;

struct Keeper;

impl Write for Keeper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| {
            if lines.len() < KEPT_MAX {
                lines.extend_from_slice(bytes);
            }
        });
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

/// Keeps every line of this thread until the guard is dropped.
pub(super) fn keep() -> tracing::subscriber::DefaultGuard {
    LINES.with_borrow_mut(Vec::clear);
    WORDS.with_borrow_mut(Vec::clear);
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(Keepers)
        .finish()
        .set_default()
}

/// No line may hold this.
pub(super) fn forbid(word: &str) {
    WORDS.with_borrow_mut(|words| words.push(word.to_owned()));
}

/// Lines that are errors, or hold a forbidden word; what was looked at is forgotten.
pub(super) fn faults(canary: &str) -> Vec<String> {
    let text = LINES.with_borrow_mut(std::mem::take);
    let text = String::from_utf8_lossy(&text);
    let said = |line: &str| {
        line.contains(canary)
            || WORDS.with_borrow(|words| words.iter().any(|word| line.contains(word)))
    };
    let mut faults = Vec::new();
    for line in text.lines() {
        if said(line) {
            faults.push("a line of the log holds patient data".to_owned());
        } else if line.contains(" ERROR ") {
            faults.push(format!("an error was logged: {line}"));
        }
    }
    faults
}

/// The errors so far are those of a process that was dying.
pub(super) fn forgive() {
    LINES.with_borrow_mut(|lines| {
        let text = String::from_utf8_lossy(lines).replace(" ERROR ", " of the dying ");
        *lines = text.into_bytes();
    });
}
