//! What happened, line by line. Two runs of one plan are the same if their traces are.

use sha2::{Digest, Sha256};

use super::model::clock;

/// Lines that are kept for the story of a failure.
const KEPT: usize = 60_000;

/// The trace of one run.
#[derive(Default)]
pub struct Trace {
    digest: Sha256,
    /// How many lines there were.
    pub lines: u64,
    kept: Vec<String>,
}

impl Trace {
    pub(super) fn note(&mut self, at_ms: i64, text: &str) {
        let line = format!("{} {text}", clock(at_ms));
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
        self.lines += 1;
        if self.kept.len() < KEPT {
            self.kept.push(line);
        }
    }

    /// Names the trace.
    #[must_use]
    pub fn name(&self) -> String {
        let bytes = self.digest.clone().finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The lines, as far as they are kept.
    #[must_use]
    pub fn story(&self) -> &[String] {
        &self.kept
    }
}
