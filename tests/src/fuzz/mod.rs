//! Hostile input at every door that takes bytes.
//!
//! Each door runs in a process of its own, so that what kills a process is seen
//! and kept. Mutants have their lengths, checksums and signatures mended: what
//! is wrong with them lies deeper than where a checksum would stop it. An input
//! that goes a way that none went before is kept and altered further.

#![allow(
    clippy::expect_used,
    reason = "a sample that can't be made ends the run, and should"
)]

mod chunk;
mod dice;
mod distill;
mod doors;
mod meter;
mod report;
mod worker;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;

use doors::DOORS;
pub(crate) use meter::Counting;
use worker::{Figures, Moment};

/// Most memory that one input may take beside what was held before it.
pub(crate) const EXTRA_MIB_MAX: f64 = 64.0;
/// Where temporary files lie in memory, on systems that have such a folder.
const MEMORY: &str = "/dev/shm";
/// Longest that one input may take.
pub(crate) const MS_MAX: f64 = 1000.0;

/// Tries hostile input at every door that takes bytes.
#[derive(Debug, Parser)]
#[command(name = "homeround-fuzz")]
struct Args {
    /// How long to try, over all doors together.
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// Only these doors.
    #[arg(long, value_name = "DOOR", value_delimiter = ',')]
    door: Vec<String>,
    /// Another seed gives other mutants.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Adds to the figures of the last run instead of beginning anew.
    #[arg(long)]
    resume: bool,
    /// How many doors at a time; as many as there are processors unless said.
    #[arg(long)]
    workers: Option<usize>,
    /// End with one JSON object: inputs, deaths, `worst_extra_mib`, `worst_ms`, poisoned.
    #[arg(long)]
    json: bool,
    /// Where findings, new corpora and the report go.
    #[arg(long, default_value = "target/fuzz", overrides_with = "folder")]
    folder: PathBuf,
    /// Commits the smallest input of each answer that a door gives, out of what runs found.
    #[arg(long)]
    distill: bool,
    /// Runs one door in this process.
    #[arg(long, hide = true)]
    worker: Option<String>,
    /// Puts one file through a door and says what became of it.
    #[arg(long, value_name = "FILE", requires = "door")]
    input: Option<PathBuf>,
}

/// Runs.
pub(crate) fn main() -> ExitCode {
    let args = Args::parse();
    let done = match (&args.worker, &args.input) {
        (Some(door), _) => {
            worker::run(door, args.seconds, args.seed, &args.folder).map(|()| ExitCode::SUCCESS)
        }
        (None, Some(path)) => one_input(&args.door, path),
        _ if args.distill => distill::distill(&args.folder).map(|()| ExitCode::SUCCESS),
        _ => all(&args),
    };
    done.unwrap_or_else(|error| {
        report::aside(&format!("homeround-fuzz: {error}"));
        ExitCode::FAILURE
    })
}

fn one_input(doors: &[String], path: &Path) -> std::io::Result<ExitCode> {
    let input = std::fs::read(path)?;
    for (name, build) in DOORS
        .iter()
        .filter(|(name, _)| doors.iter().any(|it| it == name))
    {
        let mut door = build();
        let start = now();
        let (outcome, taken) = meter::count(|| door.knock(&input));
        let ms = start.elapsed().as_secs_f64() * 1000.0;
        report::say(&format!(
            "{name}: {outcome:?}, {} bytes at the most, {ms:.1} ms",
            taken.extra
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn all(args: &Args) -> std::io::Result<ExitCode> {
    let known = |name: &&String| DOORS.iter().any(|(door, _)| door == *name);
    if let Some(name) = args.door.iter().find(|name| !known(name)) {
        return Err(std::io::Error::other(format!("no door is called {name}")));
    }
    std::fs::create_dir_all(&args.folder)?;
    let wanted = |name: &str| args.door.is_empty() || args.door.iter().any(|it| it == name);
    let names: Vec<&str> = DOORS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| wanted(name))
        .collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = args.workers.unwrap_or(cores).clamp(1, names.len());
    let each = args.seconds * workers as f64 / names.len() as f64;
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    if args.resume
        && let (Ok(mut found), Some(before)) = (found.lock(), report::read(&args.folder))
    {
        *found = before;
    }
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let figures = watch(args, name, each);
                    let Ok(mut found) = found.lock() else {
                        return;
                    };
                    found
                        .entry((*name).to_owned())
                        .or_insert_with(Figures::default)
                        .add(&figures);
                    report::aside(&report::row(name, &figures));
                    // After each door, so that a run that is stopped leaves one too.
                    if let Err(error) = report::write(&args.folder, &found) {
                        report::aside(&format!("homeround-fuzz: {error}"));
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_default();
    let total = report::total(&found);
    report::say(&if args.json {
        report::object(&total)
    } else {
        report::table(&found)
    });
    Ok(if total.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs a door's process, and another when one dies, until its time is over.
fn watch(args: &Args, name: &str, seconds: f64) -> Figures {
    let (mut sum, start) = (Figures::default(), now());
    let mut seed = args.seed.wrapping_mul(0x9e37_79b9) ^ sum_of(name);
    loop {
        let left = seconds - start.elapsed().as_secs_f64();
        if left <= 0.5 && sum.inputs > 0 {
            return sum;
        }
        match child(args, name, left.max(0.5), seed) {
            Ok((figures, true)) => {
                sum.add(&figures);
                return sum;
            }
            Ok((figures, false)) => {
                sum.add(&figures);
                sum.deaths += 1;
                let input = worker::last_input(&args.folder, name);
                let kept = worker::keep_crasher(&args.folder, name, &input);
                report::aside(&format!("{name}: a process died; its input: {kept:?}"));
                if sum.deaths > 100 {
                    return sum;
                }
            }
            Err(error) => {
                report::aside(&format!("{name}: {error}"));
                sum.deaths += 1;
                return sum;
            }
        }
        seed = seed.wrapping_add(1);
    }
}

/// The last figures that a door's process told, and whether it ended well.
fn child(args: &Args, name: &str, seconds: f64, seed: u64) -> std::io::Result<(Figures, bool)> {
    let mut process = Command::new(std::env::current_exe()?);
    process
        .args([
            "--worker",
            name,
            "--seconds",
            &seconds.to_string(),
            "--seed",
            &seed.to_string(),
        ])
        .arg("--folder")
        .arg(&args.folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // What is written is not kept, and an fsync would cost more than the door.
    if Path::new(MEMORY).is_dir() {
        process.env("TMPDIR", MEMORY);
    }
    let mut process = process.spawn()?;
    let mut last = Figures::default();
    if let Some(out) = process.stdout.take() {
        for line in BufReader::new(out).lines() {
            if let Ok(figures) = serde_json::from_str(&line?) {
                last = figures;
            }
        }
    }
    Ok((last, process.wait()?.success()))
}

fn sum_of(name: &str) -> u64 {
    name.bytes().fold(7, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    })
}

/// Inputs that are committed for a door.
pub(crate) fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name)
}

/// A temporary folder; see [`MEMORY`].
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[expect(
    clippy::disallowed_methods,
    reason = "what measures time itself has to read it"
)]
pub(crate) fn now() -> Moment {
    Moment::now()
}
