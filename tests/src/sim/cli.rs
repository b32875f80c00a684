//! `cargo xtask sim`: seeds side by side, each played twice, a report at the end.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::Parser;
use serde_json::{Value, json};

use super::parts::held;
use super::{Bug, Figures, Outcome, Plan, play, shrink};

/// Lines of a trace that are told of a failure.
const STORY_LINES: usize = 60;

/// Simulates phones and a backend for hours, with everything that goes wrong, and checks
/// that nothing acknowledged is lost.
#[derive(Debug, Parser)]
#[command(name = "homeround-sim", bin_name = "cargo xtask sim", version, about)]
struct Args {
    /// What everything is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Many seeds, side by side, as in `1..101`; the end is not played
    #[arg(long, value_name = "A..B", value_parser = range)]
    seeds: Option<std::ops::Range<u64>>,
    /// Simulated hours of each seed
    #[arg(long, default_value_t = 8)]
    hours: u64,
    /// Phones that people work on; one more watches
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=16))]
    phones: u64,
    /// Don't play each seed a second time to see that its trace is the same
    #[arg(long)]
    once: bool,
    /// Nothing goes wrong
    #[arg(long)]
    calm: bool,
    /// Plants a bug that must be found: then the exit code is not 0
    #[arg(long, value_enum)]
    bug: Option<Bug>,
    /// Leave out the seeds that an interrupted run with the same hours and phones has done
    #[arg(long)]
    resume: bool,
    /// Don't make failing plans smaller
    #[arg(long)]
    no_shrink: bool,
    /// Keep the story of each seed, not of failures alone
    #[arg(long)]
    stories: bool,
    /// End with one JSON object
    #[arg(long)]
    json: bool,
    /// Where the report goes
    #[arg(long, value_name = "FOLDER", default_value = "target/sim")]
    out: PathBuf,
}

fn range(text: &str) -> Result<std::ops::Range<u64>, String> {
    let ends = text.split_once("..").and_then(|(from, to)| {
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        (from < to).then_some(from..to)
    });
    ends.ok_or_else(|| "two numbers as in 1..101".to_owned())
}

#[derive(Default)]
struct Total {
    seeds: u64,
    figures: Figures,
    violations: Vec<(u64, String)>,
}

impl Total {
    fn add(&mut self, seed: u64, figures: &Figures, violations: &[String]) {
        self.seeds += 1;
        let total = &mut self.figures;
        total.acknowledged += figures.acknowledged;
        total.refused += figures.refused;
        total.lost += figures.lost;
        total.taken_back += figures.taken_back;
        total.runs += figures.runs;
        total.requests += figures.requests;
        total.faults += figures.faults;
        total.kills += figures.kills;
        total.quarantined += figures.quarantined;
        total.renamed += figures.renamed;
        total.letters += figures.letters;
        total.given_back += figures.given_back;
        total.escrowed += figures.escrowed;
        total.emergencies += figures.emergencies;
        total.answered += figures.answered;
        total.photos += figures.photos;
        total.photos_sent += figures.photos_sent;
        total.checks += figures.checks;
        let told = violations.iter().map(|text| (seed, text.clone()));
        self.violations.extend(told);
    }
}

/// Runs the command.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let seeds = args.seeds.clone().unwrap_or(args.seed..args.seed + 1);
    let start = now();
    let _ = std::fs::create_dir_all(&args.out);
    let log = args
        .out
        .join(format!("seeds-{}h-{}p.jsonl", args.hours, args.phones));
    let mut total = Total::default();
    let done = if args.resume {
        take_up(&log, &mut total)
    } else {
        let _ = std::fs::remove_file(&log);
        BTreeSet::new()
    };
    let left: Vec<u64> = seeds.clone().filter(|seed| !done.contains(seed)).collect();
    let played = left.len() as u64;
    let (next, total) = (AtomicUsize::new(0), Mutex::new(total));
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers.min(left.len()) {
            scope.spawn(|| {
                while let Some(seed) = left.get(next.fetch_add(1, Ordering::SeqCst)) {
                    one(&args, *seed, &total, &log, start);
                }
            });
        }
    });
    let total = total.into_inner().unwrap_or_default();
    let device_hours = total.seeds * args.hours * args.phones;
    let seconds = start.elapsed().as_secs_f64();
    let twice = if args.once { 1 } else { 2 };
    let pace = (played * args.hours * args.phones * twice) as f64 / seconds.max(0.001);
    let report = report(&args, &seeds, &total, (device_hours, seconds, pace));
    let _ = std::fs::write(args.out.join("report.json"), report.to_string());
    if args.json {
        let _ = writeln!(std::io::stdout(), "{report}");
    } else {
        tell(&report);
    }
    if total.violations.is_empty() && total.figures.lost == 0 && total.seeds > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn report(
    args: &Args,
    seeds: &std::ops::Range<u64>,
    total: &Total,
    (device_hours, seconds, pace): (u64, f64, f64),
) -> Value {
    let figures = &total.figures;
    let seed = if seeds.end - seeds.start == 1 {
        json!(seeds.start)
    } else {
        json!(format!("{}..{}", seeds.start, seeds.end))
    };
    json!({
        "seed": seed,
        "device_hours": device_hours,
        "seconds": (seconds * 10.0).round() / 10.0,
        "acknowledged": figures.acknowledged,
        "lost": figures.lost,
        "violations": total.violations.len(),
        "seeds": total.seeds,
        "hours": args.hours,
        "phones": args.phones,
        "played_twice": !args.once,
        "device_hours_per_second": (pace * 10.0).round() / 10.0,
        "faults": figures.faults,
        "kills": figures.kills,
        "sync_runs": figures.runs,
        "requests": figures.requests,
        "quarantined": figures.quarantined,
        "renamed": figures.renamed,
        "letters": figures.letters,
        "given_back": figures.given_back,
        "escrowed": figures.escrowed,
        "emergencies": figures.emergencies,
        "answered": figures.answered,
        "photos": figures.photos,
        "photos_sent": figures.photos_sent,
        "taken_back": figures.taken_back,
        "refused": figures.refused,
        "checks": figures.checks,
    })
}

fn tell(report: &Value) {
    let mut out = std::io::stdout().lock();
    for (name, value) in report.as_object().into_iter().flatten() {
        let _ = writeln!(out, "{name:>24}  {value}");
    }
}

/// Plays one seed and notes what came of it.
fn one(args: &Args, seed: u64, total: &Mutex<Total>, log: &Path, start: Instant) {
    let phones = usize::try_from(args.phones).unwrap_or(1);
    let mut plan = if args.calm {
        Plan::quiet(seed, args.hours, phones)
    } else {
        Plan::drawn(seed, args.hours, phones)
    };
    plan.bug = args.bug;
    let mut outcome = play(&plan);
    if !args.once && play(&plan).trace.name() != outcome.trace.name() {
        let text = "replay: the same seed gave another trace".to_owned();
        outcome.violations.push(text);
    }
    let line = json!({
        "seed": seed,
        "trace": outcome.trace.name(),
        "figures": outcome.figures,
        "violations": outcome.violations,
    });
    let mut total = held(total);
    total.add(seed, &outcome.figures, &outcome.violations);
    append(log, &line);
    let seconds = start.elapsed().as_secs();
    let (seeds, lost) = (total.seeds, total.figures.lost);
    note(&format!(
        "seed {seed}: {} acknowledged, {} violations ({seeds} seeds, {lost} lost, {seconds} s)",
        outcome.figures.acknowledged,
        outcome.violations.len()
    ));
    drop(total);
    if !outcome.violations.is_empty() {
        explain(args, &plan, outcome);
    } else if args.stories {
        let _ = write_story(args, &plan, &outcome);
    }
}

/// The story of a failure, as small as it gets.
fn explain(args: &Args, plan: &Plan, outcome: Outcome) {
    let (plan, outcome) = if args.no_shrink {
        (plan.clone(), outcome)
    } else {
        shrink(plan, outcome)
    };
    let (head, path) = write_story(args, &plan, &outcome);
    note(&head);
    let lines = outcome.trace.story();
    for line in &lines[lines.len().saturating_sub(STORY_LINES)..] {
        note(line);
    }
    note(&format!("the whole story: {}", path.display()));
}

/// What was planned, what was violated, and what happened, in a file. Answers the first two
/// and where it is.
fn write_story(args: &Args, plan: &Plan, outcome: &Outcome) -> (String, PathBuf) {
    let mut head = format!(
        "seed {}, {} hours, {} phones\n",
        plan.seed, plan.hours, plan.phones
    );
    for planned in &plan.faults {
        head.push_str(&format!("{planned:?}\n"));
    }
    for violation in &outcome.violations {
        head.push_str(&format!("violated: {violation}\n"));
    }
    let path = args.out.join(format!("seed-{}.txt", plan.seed));
    let lines = outcome.trace.story().join("\n");
    let _ = std::fs::write(&path, format!("{head}\n{lines}\n"));
    (head, path)
}

fn append(log: &Path, line: &Value) {
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log);
    if let Ok(mut file) = file {
        let _ = writeln!(file, "{line}");
    }
}

/// The seeds that were done, with what came of them.
fn take_up(log: &Path, total: &mut Total) -> BTreeSet<u64> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let mut done = BTreeSet::new();
    for line in text.lines() {
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let (Some(seed), Ok(figures), Ok(violations)) = (
            value["seed"].as_u64(),
            serde_json::from_value::<Figures>(value["figures"].clone()),
            serde_json::from_value::<Vec<String>>(value["violations"].clone()),
        ) else {
            continue;
        };
        if done.insert(seed) {
            total.add(seed, &figures, &violations);
        }
    }
    done
}

#[allow(
    clippy::disallowed_methods,
    reason = "how long the machine took, which no simulation sees"
)]
fn now() -> Instant {
    Instant::now()
}

fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
