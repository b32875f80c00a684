//! The benchmark's rooms: the meter, an invented world, a backend in memory,
//! phones, the floor, and one file for each group of measures.

mod day;
mod edits;
mod first;
mod floor;
mod history;
mod hub;
mod memory;
mod meter;
mod phone;
mod reads;
mod route;
mod script;
mod table;
mod world;

use std::process::ExitCode;

use clap::Parser;

use table::Measure;

/// What a measure answers; any failure ends the run.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Measures what the core costs beside a plain app on the same store.
#[derive(Parser)]
#[command(name = "homeround-bench")]
struct Args {
    /// One line of JSON a measure instead of the table.
    #[arg(long)]
    json: bool,
    /// Only these groups: edits, reads, day, first, history, memory, route.
    #[arg(value_name = "GROUP")]
    groups: Vec<String>,
    /// Part of a measure that needs a process of its own.
    #[arg(long, hide = true, value_name = "PART")]
    child: Option<String>,
}

type Group = (&'static str, fn() -> Outcome<Vec<Measure>>);

const GROUPS: [Group; 7] = [
    ("edits", edits::measure),
    ("reads", reads::measure),
    ("day", day::measure),
    ("first", first::measure),
    ("history", history::measure),
    ("memory", memory::measure),
    ("route", route::measure),
];

/// Runs the benchmark.
pub(crate) fn main() -> ExitCode {
    let start = meter::now();
    let args = Args::parse();
    let done = match &args.child {
        Some(part) => child(part, &args.groups, start),
        None => run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_aside(&format!("homeround-bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<()> {
    let unknown = |name: &&String| GROUPS.iter().all(|(known, _)| known != name);
    if let Some(name) = args.groups.iter().find(unknown) {
        return Err(format!("no group is called {name}; see --help").into());
    }
    if !args.json {
        say(&table::head());
    }
    for (name, measure) in GROUPS {
        if !args.groups.is_empty() && !args.groups.iter().any(|wanted| wanted == name) {
            continue;
        }
        for measure in measure()? {
            let text = if args.json {
                table::line(&measure)
            } else {
                table::row(&measure)
            };
            say(&text);
        }
    }
    if !args.json {
        say(table::FOOTNOTES);
    }
    Ok(())
}

/// One part in this process, its folder first among `args`.
fn child(part: &str, args: &[String], start: std::time::Instant) -> Outcome<()> {
    let folder = args.first().map_or("", String::as_str);
    let figure = match part {
        "today" => reads::child_today(folder.as_ref(), start)?,
        "today-floor" => reads::child_today_floor(folder.as_ref(), start)?,
        "memory-fill" => memory::child_fill(folder.as_ref())?,
        "memory-sync" => memory::child_sync(folder.as_ref())?,
        "memory-empty" => meter::peak_rss_mb().unwrap_or(0.0),
        other => return Err(format!("no part is called {other}").into()),
    };
    say(&figure.to_string());
    Ok(())
}

/// Runs a part in a fresh process and answers its figure.
fn in_child(part: &str, folder: &std::path::Path) -> Outcome<f64> {
    let done = std::process::Command::new(std::env::current_exe()?)
        .args(["--child", part])
        .arg(folder)
        .output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim().parse()?)
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "where a program complains")]
fn say_aside(text: &str) {
    eprintln!("{text}");
}
