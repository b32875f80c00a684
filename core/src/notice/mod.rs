//! What a patient is told of a visit: the words, in their language and by the clock on
//! their wall, and the hours in which nobody is written to.
//!
//! Phone and backend use the same: what a phone shows before it is sent is what is sent.
//! A notice names who comes and when, and nothing that tells why.
//!
//! This room depends on `model`.

mod invitation;
mod quiet;
mod words;

pub use invitation::{Invitation, day_in_words};
pub use quiet::quiet_until;
pub use words::{LANGUAGES, NoticeText, Telling, language_of};

use crate::model::{MINUTE_MS, Millis};

/// Arrivals are told in steps of so many minutes.
const STEP_MS: i64 = 5 * MINUTE_MS;

/// When a visit is told to begin: what is expected, and how far off it may be either way,
/// rounded outwards to five minutes, and not before `now`.
#[must_use]
pub fn arrival_window(now: Millis, expected: Millis, spread_s: u32) -> (Millis, Millis) {
    let spread_ms = i64::from(spread_s) * 1_000;
    let from = expected.plus(-spread_ms).max(now);
    let until = expected.plus(spread_ms).max(now);
    let down = from.0.div_euclid(STEP_MS).saturating_mul(STEP_MS);
    let up = until.0.saturating_add(STEP_MS - 1).div_euclid(STEP_MS);
    (Millis(down), Millis(up.saturating_mul(STEP_MS)))
}

#[cfg(test)]
mod tests;
