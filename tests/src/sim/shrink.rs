//! A failing plan made smaller, for as long as it fails in the same way.

use super::{Outcome, Plan, play};

/// Runs that shrinking may take.
const TRIES_MAX: usize = 120;

/// What a violation is about: the word before its colon.
fn kind(outcome: &Outcome) -> Option<String> {
    let first = outcome.violations.first()?;
    Some(first.split(':').next().unwrap_or(first).to_owned())
}

/// The shortest plan found that fails as this one does, and what it comes to.
#[must_use]
pub fn shrink(plan: &Plan, outcome: Outcome) -> (Plan, Outcome) {
    let wanted = kind(&outcome);
    let (mut best, mut told) = (plan.clone(), outcome);
    let mut tries = 0;
    let mut attempt = |candidate: Plan, best: &mut Plan, told: &mut Outcome| {
        tries += 1;
        if tries > TRIES_MAX {
            return false;
        }
        let outcome = play(&candidate);
        let same = wanted.is_some() && kind(&outcome) == wanted;
        if same {
            (*best, *told) = (candidate, outcome);
        }
        same
    };
    for hours in [1, 2, 4, 8, 16] {
        if hours < best.hours {
            let mut shorter = best.clone();
            shorter.hours = hours;
            let end = i64::try_from(hours).unwrap_or(0) * 3_600_000;
            shorter.faults.retain(|planned| planned.at_ms < end);
            if attempt(shorter, &mut best, &mut told) {
                break;
            }
        }
    }
    let mut size = best.faults.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < best.faults.len() {
            let mut without = best.clone();
            let end = (at + size).min(without.faults.len());
            without.faults.drain(at..end);
            if !attempt(without, &mut best, &mut told) {
                at += size;
            }
        }
        size /= 2;
    }
    (best, told)
}
