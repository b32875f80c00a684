//! Power cuts: a day is lived on a watched disk, the power is cut after every single
//! operation of it, and what a disk may have kept is opened as a phone opens it.
//!
//! What may be found is exact: the store as it was at one of its commits, none older than
//! what had been acknowledged. Anything else is a loss or a corruption.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the harness's own ground: what fails here fails the run"
)]

mod args;
mod judge;
mod record;
mod replay;
mod report;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use args::Args;
use report::{Report, Tally};

/// Runs what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let begun = Instant::now();
    let mut report = Report::begin(&args);
    let mut round = report.rounds;
    while report.tally.images < args.images {
        let left = args.images - report.tally.images;
        let tally = live_and_cut(&args, round, left.min(args.round));
        round += 1;
        report.add(&tally, round, begun.elapsed());
        report.keep(&args);
        report.progress(&args);
    }
    report.end(&args)
}

/// One round: every recording anew, and this many images of them.
fn live_and_cut(args: &Args, round: u64, images: u64) -> Tally {
    let seed = args.seed.wrapping_add(round);
    let mut tally = Tally::default();
    let recordings = record::all(seed, args.lazy());
    let events: usize = recordings.iter().map(|one| one.events.len()).sum();
    for recording in &recordings {
        // By the number of operations, so that each is cut equally often.
        let share = images * recording.events.len() as u64 / events.max(1) as u64;
        tally.add(&replay::cut_everywhere(recording, seed, share.max(1)));
    }
    tally
}
