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
#[cfg(target_os = "linux")]
mod folder;
mod judge;
mod record;
mod replay;
mod report;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use args::{Args, Part};
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

/// Of so many images one is of a phone's whole folder, which takes longer.
const FOLDER_SHARE: u64 = 5;

/// One round: every recording anew, and this many images of them.
fn live_and_cut(args: &Args, round: u64, images: u64) -> Tally {
    let seed = args.seed.wrapping_add(round);
    let of_folder = match args.only {
        None => images / FOLDER_SHARE,
        Some(Part::Folder) => images,
        Some(Part::Store) => 0,
    };
    let mut tally = Tally::default();
    if args.wants(Part::Folder) {
        tally.add(&cut_folder(args, seed, of_folder.max(1)));
    }
    if args.wants(Part::Store) {
        tally.add(&cut_store(args, seed, images - of_folder));
    }
    tally
}

fn cut_store(args: &Args, seed: u64, images: u64) -> Tally {
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

#[cfg(target_os = "linux")]
fn cut_folder(args: &Args, seed: u64, images: u64) -> Tally {
    let life = folder::live();
    let life = if args.lazy() { life.carelessly() } else { life };
    life.cut_everywhere(seed, images)
}

/// Where libc's functions can't be stood in for, the folder is not watched.
#[cfg(not(target_os = "linux"))]
fn cut_folder(_: &Args, _: u64, _: u64) -> Tally {
    eprintln!("crash: a phone's folder is watched on Linux alone");
    Tally::default()
}
