//! What a person sees: the one module of this crate that prints.
//!
//! Results go to standard output. Progress goes to standard error, so that
//! `--json` leaves standard output to the program that asked for it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal; only here"
)]

use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Columns that a live line may take; longer ones would wrap and pile up.
const LIVE_COLUMNS_MAX: usize = 100;

/// Prints a result.
pub(crate) fn out(text: &str) {
    println!("{text}");
}

/// Prints progress.
pub(crate) fn note(text: &str) {
    clear_live();
    eprintln!("{text}");
}

/// True where a live line can be drawn and wiped.
pub(crate) fn is_live() -> bool {
    std::io::stderr().is_terminal()
}

/// Draws over the last live line.
pub(crate) fn live(text: &str) {
    if is_live() {
        let short: String = text.chars().take(LIVE_COLUMNS_MAX).collect();
        eprint!("\r\x1b[2K{short}");
        flush();
    }
}

/// Wipes the live line.
pub(crate) fn clear_live() {
    if is_live() {
        eprint!("\r\x1b[2K");
        flush();
    }
}

fn flush() {
    // A terminal that went away is no reason to stop the work.
    let _ = std::io::stderr().flush();
}

/// A duration as a person reads it: `0.4 s`, `47 s`, `3 min 05 s`.
pub(crate) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_in_the_unit_that_a_person_would_use() {
        assert_eq!(span(Duration::from_millis(440)), "0.4 s");
        assert_eq!(span(Duration::from_secs(47)), "47 s");
        assert_eq!(span(Duration::from_secs(185)), "3 min 05 s");
    }
}
