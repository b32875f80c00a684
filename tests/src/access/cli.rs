//! `cargo xtask access`: histories in parts, a report after each part.

use std::io::Write as _;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rules::{Rules, Wrong};
use super::{Figures, Ground, served, small};

/// Histories of one part.
const PART: u64 = 2_000;
/// Served histories on one backend, before another one begins.
const ON_ONE_BACKEND: u64 = 25;
/// Most disagreements that a report holds.
const FOUND_MAX: usize = 40;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Tries who may see and change what, in random histories, against a reference.
#[derive(Debug, Parser)]
#[command(
    name = "homeround-access",
    bin_name = "cargo xtask access",
    version,
    about
)]
struct Args {
    /// Histories of the pure kind: decisions of the rules alone
    #[arg(long, default_value_t = 100_000)]
    histories: u64,
    /// Histories over the real backend and real phones; one in 10 000 of the others unless said
    #[arg(long)]
    served: Option<u64>,
    /// What everything is drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Plants something wrong, that must be found: then the exit code is not 0
    #[arg(long, value_enum)]
    wrong: Option<Wrong>,
    /// Go on where an interrupted run with the same seed stopped
    #[arg(long)]
    resume: bool,
    /// Tells the story of one pure history of this seed, and plays no other
    #[arg(long, value_name = "NUMBER")]
    history: Option<u64>,
    /// End with one JSON object
    #[arg(long)]
    json: bool,
    /// Where the report goes
    #[arg(long, value_name = "FOLDER", default_value = "target/access")]
    out: PathBuf,
}

/// What a run came to; kept in a file after each part.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Report {
    seed: u64,
    histories: u64,
    served_histories: u64,
    #[serde(flatten)]
    figures: Figures,
    served: served::Figures,
    seconds: f64,
    /// Numbers of histories with what was found in each.
    found: Vec<(String, String)>,
}

impl Report {
    fn holds(&self) -> bool {
        let served = &self.served;
        self.histories + self.served_histories > 0
            && self.found.is_empty()
            && self.figures.forbidden_visible + self.figures.withheld == 0
            && served.forbidden_visible + served.destroyed == 0
    }

    fn find(&mut self, history: &str, found: Vec<String>) {
        let room = FOUND_MAX.saturating_sub(self.found.len());
        let told = found.into_iter().take(room);
        self.found
            .extend(told.map(|text| (history.to_owned(), text)));
    }

    fn object(&self) -> Value {
        let mut object = json!(self);
        object["ok"] = json!(self.holds());
        let (figures, served) = (&self.figures, &self.served);
        object["forbidden_visible"] = json!(figures.forbidden_visible + served.forbidden_visible);
        object["rejected_destroyed"] = json!(served.destroyed);
        object
    }
}

/// Runs the command.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let rules = Rules {
        wrong: args.wrong,
        row: None,
    };
    if let Some(number) = args.history {
        return tell_one(&rules, args.seed, number);
    }
    let path = args.out.join("report.json");
    let _ = std::fs::create_dir_all(&args.out);
    let mut report = Report {
        seed: args.seed,
        ..Report::default()
    };
    if args.resume {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        match serde_json::from_str::<Report>(&text) {
            Ok(before) if before.seed == args.seed => report = before,
            _ => note("nothing to go on with: no report of this seed"),
        }
    }
    let (start, before) = (now(), report.seconds);
    let keep = |report: &mut Report| {
        report.seconds = before + start.elapsed().as_secs_f64();
        let _ = std::fs::write(&path, report.object().to_string());
    };
    let report = pure(&args, &rules, report, &keep);
    let wanted = args.served.unwrap_or(args.histories / 10_000);
    let mut report = over_backends(wanted, report, &keep);
    keep(&mut report);
    say(&if args.json {
        report.object().to_string()
    } else {
        table(&report)
    });
    if report.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The seed of one history.
fn seed_of(seed: u64, number: u64) -> u64 {
    crate::dice::Dice::new(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).draw()
}

fn pure(args: &Args, rules: &Rules, report: Report, keep: &(dyn Fn(&mut Report) + Sync)) -> Report {
    let from = report.histories;
    let parts = args.histories.saturating_sub(from).div_ceil(PART);
    // Parts are added in their order, so that a report says from where to go on.
    let (next, told) = (AtomicU64::new(0), Mutex::new(now()));
    let done = Mutex::new((report, 0_u64, std::collections::BTreeMap::new()));
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let part = next.fetch_add(1, Ordering::SeqCst);
                    if part >= parts {
                        return;
                    }
                    let first = from + part * PART;
                    let last = (first + PART).min(args.histories);
                    let mine = one_part(rules, args.seed, first..last);
                    let Ok(mut done) = done.lock() else { return };
                    done.2.insert(part, mine);
                    while let Some((figures, found, many)) = {
                        let at = done.1;
                        done.2.remove(&at)
                    } {
                        done.1 += 1;
                        done.0.figures.add(&figures);
                        done.0.histories += many;
                        for (number, found) in found {
                            done.0.find(&number.to_string(), found);
                        }
                    }
                    keep(&mut done.0);
                    progress(&told, &done.0, args.histories);
                }
            });
        }
    });
    done.into_inner().unwrap_or_default().0
}

type Part = (Figures, Vec<(u64, Vec<String>)>, u64);

fn one_part(rules: &Rules, seed: u64, numbers: std::ops::Range<u64>) -> Part {
    let (mut figures, mut found) = (Figures::default(), Vec::new());
    let many = numbers.end - numbers.start;
    for number in numbers {
        let outcome = small::play(rules, seed_of(seed, number), false);
        figures.add(&outcome.figures);
        if !outcome.found.is_empty() && found.len() < FOUND_MAX {
            found.push((number, outcome.found));
        }
    }
    (figures, found, many)
}

fn over_backends(wanted: u64, mut report: Report, keep: &dyn Fn(&mut Report)) -> Report {
    while report.served_histories < wanted {
        let mut ground = Ground::new();
        let left = wanted - report.served_histories;
        for _ in 0..left.min(ON_ONE_BACKEND) {
            let number = report.served_histories;
            let outcome = ground.play(seed_of(report.seed, number | (1 << 63)));
            report.served.add(&outcome.figures);
            report.served_histories += 1;
            report.find(&format!("served {number}"), outcome.found);
            keep(&mut report);
        }
        note(&format!(
            "{} of {wanted} histories over real phones, {} found, {:.0} s",
            report.served_histories,
            report.found.len(),
            report.seconds
        ));
    }
    report
}

fn progress(told: &Mutex<Instant>, report: &Report, wanted: u64) {
    let Ok(mut told) = told.lock() else { return };
    if told.elapsed() >= TELL_EVERY {
        *told = now();
        note(&format!(
            "{} of {wanted} histories, {} forbidden, {} withheld, {:.0} s",
            report.histories,
            report.figures.forbidden_visible,
            report.figures.withheld,
            report.seconds
        ));
    }
}

fn tell_one(rules: &Rules, seed: u64, number: u64) -> ExitCode {
    let outcome = small::play(rules, seed_of(seed, number), true);
    say(&outcome.story.join("\n"));
    if outcome.found.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn table(report: &Report) -> String {
    let object = report.object();
    let mut lines = Vec::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        match value {
            Value::Object(inner) => {
                let inner = inner.iter();
                lines.extend(inner.map(|(under, value)| (format!("{name} {under}"), value)));
            }
            value => lines.push((name.clone(), value)),
        }
    }
    let lines = lines
        .iter()
        .map(|(name, value)| format!("{name:>28}  {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long the machine took, which no history sees"
)]
fn now() -> Instant {
    Instant::now()
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
