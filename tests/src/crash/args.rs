//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Cuts the power at every operation of a day, and opens what is left.
#[derive(Debug, Parser)]
#[command(name = "homeround-crash", version)]
pub(super) struct Args {
    /// How many images of a cut disk to open.
    #[arg(long, default_value_t = 20_000)]
    pub(super) images: u64,
    /// Where chance begins; days differ by it, and by their ids.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// How the log is synced. `normal` is the control: it must show losses, and fails
    /// if it shows none.
    #[arg(long, value_enum, default_value_t = Synchronous::Full)]
    pub(super) synchronous: Synchronous,
    /// Only this part of it.
    #[arg(long, value_enum)]
    pub(super) only: Option<Part>,
    /// Go on where an earlier run was stopped.
    #[arg(long)]
    pub(super) resume: bool,
    /// End with one JSON object: images, lost, corrupt, unopenable, and more.
    #[arg(long)]
    pub(super) json: bool,
    /// Images of one recorded day; then another is lived.
    #[arg(long, default_value_t = 50_000)]
    pub(super) round: u64,
    /// Where the report goes.
    #[arg(long, default_value = "target/crash")]
    pub(super) report: PathBuf,
}

/// How the log is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Synchronous {
    /// At every commit, as the store has it.
    Full,
    /// Before a checkpoint alone.
    Normal,
}

/// What the power is cut over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    /// The database: a day, a new key, an upgrade.
    Store,
    /// Everything in a phone's folder: keys, database, photos.
    Folder,
}

impl Args {
    /// Whether this part is asked for.
    #[must_use]
    pub(super) fn wants(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }

    /// Whether this is the control.
    #[must_use]
    pub(super) const fn lazy(&self) -> bool {
        matches!(self.synchronous, Synchronous::Normal)
    }
}
