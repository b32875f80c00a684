//! What was found, kept under the target folder so that a run can be stopped and resumed.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::args::Args;

/// Findings that are told in words.
const TOLD_MAX: usize = 20;

/// Figures of some images.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tally {
    /// Opened.
    pub(super) images: u64,
    /// Of them, unlike every other image of the same moment.
    pub(super) distinct: u64,
    /// Older than what had been acknowledged.
    pub(super) lost: u64,
    /// Like no commit of the store.
    pub(super) corrupt: u64,
    /// Did not open.
    pub(super) unopenable: u64,
    /// Opened as a whole phone: unlocked, read, edited, checked page by page.
    pub(super) whole: u64,
    /// What happened, for a person.
    pub(super) told: Vec<String>,
}

impl Tally {
    /// Adds another's figures.
    pub(super) fn add(&mut self, other: &Self) {
        self.images += other.images;
        self.distinct += other.distinct;
        self.lost += other.lost;
        self.corrupt += other.corrupt;
        self.unopenable += other.unopenable;
        self.whole += other.whole;
        let left = TOLD_MAX.saturating_sub(self.told.len());
        self.told.extend(other.told.iter().take(left).cloned());
    }

    /// Tells of one that should not be.
    pub(super) fn tell(&mut self, what: String) {
        if self.told.len() < TOLD_MAX {
            self.told.push(what);
        }
    }
}

/// A run, perhaps over several sittings.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    seed: u64,
    /// Days lived.
    pub(super) rounds: u64,
    seconds: f64,
    /// The figures.
    #[serde(flatten)]
    pub(super) tally: Tally,
    #[serde(skip)]
    before: f64,
}

impl Report {
    /// A new run, or the one that was stopped.
    #[must_use]
    pub(super) fn begin(args: &Args) -> Self {
        let fresh = Self {
            seed: args.seed,
            ..Self::default()
        };
        if !args.resume {
            return fresh;
        }
        let kept = std::fs::read(file(args)).ok();
        let kept = kept.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        let kept = kept.filter(|kept| kept.seed == args.seed);
        kept.map_or(fresh, |kept| Self {
            before: kept.seconds,
            ..kept
        })
    }

    /// A round is over.
    pub(super) fn add(&mut self, tally: &Tally, rounds: u64, took: Duration) {
        self.tally.add(tally);
        self.rounds = rounds;
        self.seconds = self.before + took.as_secs_f64();
    }

    /// Writes the report.
    ///
    /// # Panics
    /// When the folder can't be written.
    pub(super) fn keep(&self, args: &Args) {
        std::fs::create_dir_all(&args.report).expect("the report's folder can be made");
        let text = serde_json::to_vec_pretty(self).expect("a report is JSON");
        std::fs::write(file(args), text).expect("the report can be written");
    }

    /// A line for whoever waits.
    pub(super) fn progress(&self, args: &Args) {
        let tally = &self.tally;
        eprintln!(
            "crash: {} of {} images, {} lost, {} corrupt, {} unopenable, {:.0} s",
            tally.images, args.images, tally.lost, tally.corrupt, tally.unopenable, self.seconds
        );
    }

    /// Tells the end; success only where the promise held, or the control saw its losses.
    #[must_use]
    pub(super) fn end(&self, args: &Args) -> ExitCode {
        for line in &self.tally.told {
            eprintln!("crash: {line}");
        }
        if args.json {
            println!("{}", serde_json::to_string(self).expect("a report is JSON"));
        }
        let tally = &self.tally;
        let sound = tally.corrupt == 0 && tally.unopenable == 0;
        if sound && (tally.lost > 0) == args.lazy() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

fn file(args: &Args) -> PathBuf {
    let name = if args.lazy() {
        "normal.json"
    } else {
        "full.json"
    };
    args.report.join(name)
}
