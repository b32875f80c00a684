//! One door in a process of its own: mutates, measures, and tells.

use std::collections::HashSet;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::dice::Dice;
use super::doors::{DOORS, Door, Outcome};
use super::meter::{self, Taken};
use super::{EXTRA_MIB_MAX, MS_MAX, now};

/// Inputs that are kept in memory to be altered further.
const KEPT_MAX: usize = 4_096;
/// Bytes of all of them.
const KEPT_BYTES_MAX: usize = 64 << 20;
/// The largest input that is tried: more than any body may be.
const INPUT_BYTES_MAX: usize = 8 << 20;
/// How often figures are told.
const TELL_EVERY: Duration = Duration::from_secs(2);
/// An input slower than this is timed again, so that a busy machine is not
/// taken for a slow door.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a door's run came to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) inputs: u64,
    pub(crate) accepted: u64,
    pub(crate) deaths: u64,
    pub(crate) poisoned: u64,
    pub(crate) worst_extra_bytes: u64,
    pub(crate) worst_ms: f64,
    pub(crate) over_limits: u64,
    /// Ways that inputs went, as far as the door tells them apart.
    pub(crate) ways: u64,
    pub(crate) seconds: f64,
}

impl Figures {
    pub(crate) fn add(&mut self, other: &Self) {
        self.inputs += other.inputs;
        self.accepted += other.accepted;
        self.deaths += other.deaths;
        self.poisoned += other.poisoned;
        self.worst_extra_bytes = self.worst_extra_bytes.max(other.worst_extra_bytes);
        self.worst_ms = self.worst_ms.max(other.worst_ms);
        self.over_limits += other.over_limits;
        self.ways = self.ways.max(other.ways);
        self.seconds += other.seconds;
    }

    pub(crate) fn holds(&self) -> bool {
        self.deaths == 0 && self.poisoned == 0 && self.over_limits == 0 && self.inputs > 0
    }
}

struct Worker {
    door: Box<dyn Door>,
    dice: Dice,
    kept: Vec<Vec<u8>>,
    kept_bytes: usize,
    seen: HashSet<u64>,
    /// Codes alone: one small input of each is worth committing.
    codes: HashSet<u64>,
    figures: Figures,
    current: File,
    folder: PathBuf,
}

/// Runs a door for so long. Its figures go to standard output, one line each time.
pub(crate) fn run(name: &str, seconds: f64, seed: u64, folder: &Path) -> std::io::Result<()> {
    let Some((_, build)) = DOORS.iter().find(|(known, _)| *known == name) else {
        return Err(std::io::Error::other("no such door"));
    };
    for part in ["corpus", "crashers"] {
        fs::create_dir_all(folder.join(part).join(name))?;
    }
    std::panic::set_hook(Box::new(|panic| {
        *last_words() = panic.to_string();
    }));
    let mut worker = Worker {
        door: build(),
        dice: Dice::new(seed),
        kept: Vec::new(),
        kept_bytes: 0,
        seen: HashSet::new(),
        codes: HashSet::new(),
        figures: Figures::default(),
        current: File::create(current(folder, name))?,
        folder: folder.to_owned(),
    };
    let start = now();
    worker.first(name)?;
    let (end, mut told) = (Duration::from_secs_f64(seconds), Duration::ZERO);
    loop {
        worker.one(name)?;
        let elapsed = start.elapsed();
        if elapsed > told + TELL_EVERY || elapsed >= end {
            told = elapsed;
            worker.figures.seconds = elapsed.as_secs_f64();
            worker.tell()?;
            if elapsed >= end {
                return Ok(());
            }
        }
    }
}

/// What the last panic said, of whatever thread.
fn last_words() -> MutexGuard<'static, String> {
    static WORDS: Mutex<String> = Mutex::new(String::new());
    WORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the input lies that is being tried: what killed a process is there.
pub(crate) fn current(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("current-{name}.bin"))
}

/// Reads the input that was being tried.
pub(crate) fn last_input(folder: &Path, name: &str) -> Vec<u8> {
    let bytes = fs::read(current(folder, name)).unwrap_or_default();
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Vec::new();
    };
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(0);
    rest.get(..length).unwrap_or_default().to_vec()
}

/// Keeps an input that must not happen again.
pub(crate) fn keep_crasher(folder: &Path, name: &str, input: &[u8]) -> std::io::Result<PathBuf> {
    let path = folder.join("crashers").join(name).join(file_name(input));
    fs::write(&path, input)?;
    Ok(path)
}

pub(crate) fn file_name(input: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    format!("{:016x}.bin", hasher.finish())
}

impl Worker {
    /// Seeds, what is committed, and what earlier runs found.
    fn first(&mut self, name: &str) -> std::io::Result<()> {
        let mut inputs = self.door.seeds();
        let found = self.folder.join("corpus").join(name);
        for folder in [super::committed(name), found] {
            inputs.extend(super::distill::inputs_in(&folder)?);
        }
        for input in inputs {
            self.try_one(name, input.clone())?;
            // Seeds stay, however alike they are.
            self.keep(input);
        }
        Ok(())
    }

    fn one(&mut self, name: &str) -> std::io::Result<()> {
        let recent = self.kept.len().saturating_sub(1 + self.kept.len() / 4);
        let from = if self.dice.once_in(2) { recent } else { 0 };
        let at = from + self.dice.below(self.kept.len() - from);
        let other = self.dice.below(self.kept.len());
        let mut input = self
            .door
            .mutate(&mut self.dice, &self.kept[at], &self.kept[other]);
        input.truncate(INPUT_BYTES_MAX);
        self.try_one(name, input)
    }

    fn try_one(&mut self, name: &str, input: Vec<u8>) -> std::io::Result<()> {
        self.current
            .write_at(&(input.len() as u64).to_le_bytes(), 0)?;
        self.current.write_at(&input, 8)?;
        self.figures.inputs += 1;
        let (outcome, taken, ms) = self.measured(&input);
        let extra_mib = taken.extra as f64 / f64::from(1 << 20);
        self.figures.worst_extra_bytes = self.figures.worst_extra_bytes.max(taken.extra as u64);
        self.figures.worst_ms = self.figures.worst_ms.max(ms);
        let over = extra_mib > EXTRA_MIB_MAX || ms > MS_MAX;
        self.figures.over_limits += u64::from(over);
        let Some(outcome) = outcome else {
            self.figures.deaths += 1;
            let path = keep_crasher(&self.folder, name, &input)?;
            // It may hang on what came before: what was said is all that there is then.
            fs::write(path.with_extension("txt"), last_words().as_str())?;
            return Ok(());
        };
        self.figures.accepted += u64::from(outcome.accepted);
        self.figures.poisoned += u64::from(outcome.poisoned);
        if outcome.poisoned || over {
            keep_crasher(&self.folder, name, &input)?;
        }
        if self.seen.insert(way(&outcome, Some(taken))) {
            self.figures.ways += 1;
            if self.codes.insert(way(&outcome, None)) {
                let path = self
                    .folder
                    .join("corpus")
                    .join(name)
                    .join(file_name(&input));
                fs::write(path, &input)?;
            }
            self.keep(input);
        }
        Ok(())
    }

    /// What became of an input (none: it panicked), and what it took. Time is the processor's:
    /// what else a machine does meanwhile is not the door's.
    fn measured(&mut self, input: &[u8]) -> (Option<Outcome>, Taken, f64) {
        let mut best = f64::MAX;
        loop {
            let start = processor_seconds();
            let door = &mut self.door;
            let work = || catch_unwind(AssertUnwindSafe(|| door.knock(input))).ok();
            let (outcome, taken) = meter::count(work);
            let took = processor_seconds() - start;
            let again = best == f64::MAX && took > LOOK_AGAIN.as_secs_f64();
            best = best.min(took * 1000.0);
            if !again {
                return (outcome, taken, best);
            }
        }
    }

    fn keep(&mut self, input: Vec<u8>) {
        self.kept_bytes += input.len();
        self.kept.push(input);
        while self.kept.len() > KEPT_MAX || self.kept_bytes > KEPT_BYTES_MAX {
            let at = self.dice.below(self.kept.len());
            let gone = self.kept.swap_remove(at);
            self.kept_bytes -= gone.len();
        }
    }

    fn tell(&self) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let line = serde_json::to_string(&self.figures).map_err(std::io::Error::other)?;
        writeln!(out, "{line}")
    }
}

/// What this process has used of the processor, in all its threads.
#[expect(
    clippy::cast_precision_loss,
    reason = "a process does not run for centuries"
)]
fn processor_seconds() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// The way that an input went: its outcome, and how often it asked for memory,
/// which tells apart much of what the code did on the way.
fn way(outcome: &Outcome, taken: Option<Taken>) -> u64 {
    let mut hasher = DefaultHasher::new();
    outcome.code.hash(&mut hasher);
    outcome.accepted.hash(&mut hasher);
    if let Some(taken) = taken {
        let steps = |figure: usize| {
            let bits = usize::BITS - figure.leading_zeros();
            (bits, figure >> bits.saturating_sub(3))
        };
        steps(taken.calls).hash(&mut hasher);
        (usize::BITS - taken.extra.leading_zeros()).hash(&mut hasher);
    }
    hasher.finish()
}

/// When something started.
pub(crate) type Moment = Instant;
