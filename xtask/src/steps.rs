//! The test run: its steps, one after another.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use serde_json::Value;

use crate::exec::{self, Watch};
use crate::house::House;
use crate::report::{Counts, Report, StepReport, Verdict};
use crate::{
    Trouble, access, failed, fuzz, kotlin, play, sbom, setup, sim, size, swift, targets, tidy, ui,
};

/// Validates what the backend writes with parts that nobody here wrote.
const FHIR_SCRIPT: &str = "tests/fhir/validate.py";
/// Asks an independent FHIRPath what ours was asked.
const FHIRPATH_SCRIPT: &str = "tests/fhir/paths.cjs";
/// Compares NEWS2 with another program's.
const SCORE_SCRIPT: &str = "tests/fhir/news2.py";
/// Compares recurrence rules with others.
const RULES_SCRIPT: &str = "tests/fhir/recurrence.py";
/// Bundles that the backend wrote, kept as golden files: `exported-*.json`.
const FHIR_FIXTURES: &str = "tests/fhir";

/// Lines of a failed step's log that are worth showing.
const LINES_SHOWN: usize = 80;

/// A step of the test run, in the order of running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Step {
    /// Install what is missing
    Setup,
    /// Fences and lengths
    Tidy,
    /// The sources are formatted
    Fmt,
    /// No lint has anything to say
    Clippy,
    /// Every Rust test of the workspace
    Test,
    /// The documentation builds without a warning
    Doc,
    /// Licences, banned crates, sources
    Deny,
    /// The bills of materials are valid to an independent validator
    Sbom,
    /// The day of visits, end to end
    Demo,
    /// No power cut loses what was acknowledged
    Crash,
    /// No hostile input does harm
    Fuzz,
    /// Simulated hours with everything that goes wrong: nothing acknowledged is lost
    Sim,
    /// Who may see and change what is as a reference says
    Access,
    /// FHIR written here is valid to independent validators
    Fhir,
    /// The Kotlin kit and the screens, over the real library and server
    Kotlin,
    /// The Swift kit over the real library and server
    Swift,
    /// The phone's library keeps its budget
    Size,
    /// The core and its binding compile for iOS and Android
    Targets,
}

impl Step {
    const ALL: [Self; 18] = [
        Self::Setup,
        Self::Tidy,
        Self::Fmt,
        Self::Clippy,
        Self::Test,
        Self::Doc,
        Self::Deny,
        Self::Sbom,
        Self::Demo,
        Self::Crash,
        Self::Fuzz,
        Self::Sim,
        Self::Access,
        Self::Fhir,
        Self::Kotlin,
        Self::Swift,
        Self::Size,
        Self::Targets,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Tidy => "tidy",
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Test => "test",
            Self::Doc => "doc",
            Self::Deny => "deny",
            Self::Sbom => "sbom",
            Self::Fhir => "fhir",
            Self::Demo => "demo",
            Self::Crash => "crash",
            Self::Fuzz => "fuzz",
            Self::Sim => "sim",
            Self::Access => "access",
            Self::Kotlin => "kotlin",
            Self::Swift => "swift",
            Self::Size => "size",
            Self::Targets => "targets",
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::Setup => "install what is missing",
            Self::Tidy => "fences and lengths",
            Self::Fmt => "the sources are formatted",
            Self::Clippy => "no lint has anything to say",
            Self::Test => "every Rust test of the workspace",
            Self::Doc => "the documentation builds without a warning",
            Self::Deny => "licences, banned crates, sources",
            Self::Sbom => "the bills of materials are valid to an independent validator",
            Self::Fhir => "FHIR written here is valid to independent validators",
            Self::Demo => "the day of visits, end to end",
            Self::Crash => "no power cut loses what was acknowledged, and the control shows losses",
            Self::Fuzz => "no hostile input does harm, at any door",
            Self::Sim => "hours with everything that goes wrong lose nothing that was acknowledged",
            Self::Access => {
                "nobody is shown what a reference forbids, and no rejected edit is lost"
            }
            Self::Kotlin => "the Kotlin kit and the screens, over the real library and server",
            Self::Swift => "the Swift kit and its view models, over the real library and server",
            Self::Size => "the phone's library keeps its budget",
            Self::Targets => "the core and its binding compile for iOS and Android",
        }
    }

    /// The log in which this step's tests are named.
    const fn tests(self) -> Option<&'static str> {
        match self {
            Self::Test => Some("test"),
            Self::Kotlin => Some("junit"),
            Self::Swift => Some("swift-tests"),
            _ => None,
        }
    }

    fn run(self, house: &House, counts: &mut Counts) -> Result<Verdict, Trouble> {
        match self {
            Self::Setup => setup::for_testing(house).map(|()| Verdict::Passed),
            Self::Tidy => tidy::run(&house.root).map(|()| Verdict::Passed),
            Self::Test => test(house, counts),
            Self::Fhir => fhir(house),
            Self::Demo => demo(house),
            Self::Crash => crash(house),
            Self::Fuzz => fuzz::step(house),
            Self::Sim => sim::step(house),
            Self::Access => access::step(house),
            Self::Sbom => sbom::step(house),
            Self::Size => size::step(house),
            Self::Targets => targets::step(house),
            Self::Kotlin | Self::Swift => {
                let (verdict, passed) = match self {
                    Self::Kotlin => kotlin::step(house)?,
                    _ => swift::step(house)?,
                };
                counts.passed += passed;
                Ok(verdict)
            }
            Self::Fmt | Self::Clippy | Self::Doc | Self::Deny => {
                program(self, house, &mut self.command(house))
            }
        }
    }

    fn command(self, house: &House) -> Command {
        match self {
            Self::Fmt => house.cargo(&["fmt", "--all", "--", "--check", "--color", "never"]),
            Self::Clippy => {
                let lint = ["clippy", "--workspace", "--all-targets", "--locked"];
                house.cargo(&[&lint[..], &["--", "-D", "warnings"]].concat())
            }
            Self::Doc => {
                let mut command = house.cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
                command.env("RUSTDOCFLAGS", "-D warnings");
                command
            }
            Self::Deny => {
                let mut command = Command::new(house.cargo_deny());
                command.args(["--workspace", "check", "bans", "licenses", "sources"]);
                command.current_dir(&house.root);
                command
            }
            // --no-fail-fast: one broken package does not hide another's.
            _ => house.cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]),
        }
    }
}

/// Runs the steps, or those named in `only`, and tells how they went.
///
/// # Errors
/// None of its own: a step's trouble is in the table and the exit code.
pub(crate) fn run(house: &House, only: &[Step], json: bool) -> Result<ExitCode, Trouble> {
    let watch = Watch::start();
    let mut report = Report::default();
    let chosen = |step: &Step| only.is_empty() || only.contains(step);
    for step in Step::ALL.into_iter().filter(chosen) {
        ui::note(&format!("=> {}: {}", step.name(), step.says()));
        let done = done(step, house, &mut report.counts);
        ui::note(&format!("   {} {}", done.mark(), ui::span(done.elapsed)));
        let hopeless = step == Step::Setup && done.verdict == Verdict::Failed;
        report.steps.push(done);
        if hopeless {
            ui::note("nothing else can run on this machine until setup does");
            break;
        }
    }
    report.elapsed = watch.elapsed();
    ui::out(&if json { report.json() } else { report.table() });
    Ok(report.exit_code())
}

/// Runs a step and tells how it went.
fn done(step: Step, house: &House, counts: &mut Counts) -> StepReport {
    let watch = Watch::start();
    let log = step.tests().map(|name| house.log(name));
    // What an earlier run said of its tests is not this one's.
    if let Some(log) = &log {
        let _ = std::fs::remove_file(log);
    }
    let verdict = step.run(house, counts).unwrap_or_else(|trouble| {
        ui::note(&trouble.to_string());
        Verdict::Failed
    });
    let said = log.and_then(|log| std::fs::read(log).ok());
    let failed = failed::tests(&String::from_utf8_lossy(&said.unwrap_or_default()));
    if step != Step::Test {
        counts.failed += failed.len() as u64;
    }
    StepReport {
        name: step.name(),
        verdict,
        elapsed: watch.elapsed(),
        failed,
    }
}

/// Runs one program as a step.
fn program(step: Step, house: &House, command: &mut Command) -> Result<Verdict, Trouble> {
    let log = house.log(step.name());
    if exec::logged(step.name(), command, &log)?.success() {
        return Ok(Verdict::Passed);
    }
    play::show_end(&log, LINES_SHOWN);
    ui::note(&format!("   the whole log: {}", log.display()));
    Ok(Verdict::Failed)
}

fn test(house: &House, counts: &mut Counts) -> Result<Verdict, Trouble> {
    let verdict = program(Step::Test, house, &mut Step::Test.command(house))?;
    let log = std::fs::read(house.log(Step::Test.name())).unwrap_or_default();
    counts.add_all(&String::from_utf8_lossy(&log));
    if verdict == Verdict::Passed && counts.passed == 0 {
        let remedy = "see its log: a run without tests proves nothing";
        return Err(Trouble::new("cargo test ran no test", remedy));
    }
    Ok(verdict)
}

/// Shows the validators what the backend wrote: the golden bundles, and the
/// one of the last demo if it is still there.
fn fhir(house: &House) -> Result<Verdict, Trouble> {
    if !house.root.join(FHIR_SCRIPT).exists() {
        return Ok(Verdict::Skipped(format!("no {FHIR_SCRIPT} yet")));
    }
    let mut bundles = golden_bundles(house);
    let of_demo = last_day(house).and_then(|day| Some(house.root.join(day["fhir_out"].as_str()?)));
    bundles.extend(of_demo.filter(|path| path.is_file()));
    if bundles.is_empty() {
        return Ok(Verdict::Skipped(format!(
            "no bundle in {FHIR_FIXTURES} yet"
        )));
    }
    bundles.extend(shipped(house, "core/forms"));
    bundles.extend(shipped(house, "core/plans"));
    let mut asked = setup::node(house);
    asked.arg(FHIRPATH_SCRIPT).arg(setup::oracle_folder(house));
    let paths = program(Step::Fhir, house, asked.current_dir(&house.root))?;
    if paths != Verdict::Passed {
        return Ok(paths);
    }
    let mut command = Command::new(house.venv("python"));
    command.arg(FHIR_SCRIPT).arg("--definitions");
    command.arg(setup::definitions_folder(house)).args(bundles);
    let verdict = program(Step::Fhir, house, command.current_dir(&house.root))?;
    if verdict != Verdict::Passed {
        return Ok(verdict);
    }
    // Our NEWS2 and our recurrence rules beside those that nobody here wrote.
    let scores = compared(
        house,
        ("homeround-news2", "20000"),
        "news2.jsonl",
        SCORE_SCRIPT,
    )?;
    if scores != Verdict::Passed {
        return Ok(scores);
    }
    compared(
        house,
        ("homeround-recurrence", "3000"),
        "recurrence.jsonl",
        RULES_SCRIPT,
    )
}

/// Compares so many random cases of a program of ours with another's, by a script.
fn compared(
    house: &House,
    (binary, count): (&'static str, &str),
    file: &str,
    script: &str,
) -> Result<Verdict, Trouble> {
    let unreadable = |error: std::io::Error| {
        Trouble::new(
            format!("{binary} can't be run: {error}"),
            "check the space of the target folder",
        )
    };
    let sets = house.target.join(file);
    let mut ours = play::ready(house, play::Profile::Dev, binary)?;
    ours.args([count, "2017"]);
    ours.stdout(std::fs::File::create(&sets).map_err(unreadable)?);
    if !ours.status().map_err(unreadable)?.success() {
        return Err(Trouble::new(
            format!("{binary} failed"),
            format!("run it by itself: cargo run --bin {binary} 1 1"),
        ));
    }
    let mut compare = Command::new(house.venv("python"));
    compare.arg(script).arg(&sets);
    program(Step::Fhir, house, compare.current_dir(&house.root))
}

/// The questionnaires and templates of care plans that come with the app.
fn shipped(house: &House, folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(house.root.join(folder));
    let paths = entries.into_iter().flatten().flatten().map(|it| it.path());
    let mut files: Vec<PathBuf> = paths.collect();
    files.sort();
    files
}

fn golden_bundles(house: &House) -> Vec<PathBuf> {
    let is_golden = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("exported-") && name.ends_with(".json")
    };
    let entries = std::fs::read_dir(house.root.join(FHIR_FIXTURES));
    let paths = entries.into_iter().flatten().flatten().map(|it| it.path());
    let mut bundles: Vec<PathBuf> = paths.filter(is_golden).collect();
    bundles.sort();
    bundles
}

/// Plays the day and believes the object that it prints only where the figures
/// say what was promised.
fn demo(house: &House) -> Result<Verdict, Trouble> {
    const BINARY: &str = "homeround-demo";
    if !house.builds(BINARY) {
        return Ok(Verdict::Skipped(format!("no package builds {BINARY} yet")));
    }
    let mut command = play::ready(house, play::Profile::Dev, BINARY)?;
    let verdict = program(Step::Demo, house, command.arg("--json"))?;
    if verdict != Verdict::Passed {
        return Ok(verdict);
    }
    match last_day(house) {
        Some(day) if day["lost"] == 0 && day["converged"] == true => Ok(Verdict::Passed),
        _ => Err(Trouble::new(
            "the demo ended well but its object does not say lost 0 and converged true",
            "cargo xtask demo --json",
        )),
    }
}

/// A few images of every moment of a day; then the control, which must lose something.
fn crash(house: &House) -> Result<Verdict, Trouble> {
    for control in [&[][..], &["--synchronous", "normal"]] {
        let mut command = play::ready(house, play::Profile::Dev, "homeround-crash")?;
        command.args(["--images", "4000", "--json", "--report"]);
        command.arg(house.target.join("crash-smoke")).args(control);
        play::in_memory(&mut command);
        let verdict = program(Step::Crash, house, &mut command)?;
        if verdict != Verdict::Passed {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Passed)
}

/// What the last demo of a test run printed.
fn last_day(house: &House) -> Option<Value> {
    let log = std::fs::read(house.log(Step::Demo.name())).ok()?;
    last_object(&String::from_utf8_lossy(&log))
}

/// The JSON object that a log ends with, on one line or on many.
fn last_object(log: &str) -> Option<Value> {
    let starts = log.match_indices('{').map(|(at, _)| at);
    let at_line_start = |at: &usize| *at == 0 || log.as_bytes().get(at - 1) == Some(&b'\n');
    starts
        .filter(at_line_start)
        .filter_map(|at| {
            let mut values = serde_json::Deserializer::from_str(&log[at..]).into_iter::<Value>();
            values.next()?.ok()
        })
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_object_of_a_log_is_read_whatever_stands_before_it() {
        let day = last_object("syncing {1}\n{\"lost\":1}\nready\n{\n \"lost\": 0\n}\n").unwrap();
        assert_eq!(day["lost"], 0);
        assert!(last_object("no object here").is_none());
    }

    #[test]
    fn the_help_names_every_step_in_the_order_of_running() {
        use clap::ValueEnum as _;
        assert_eq!(Step::value_variants(), Step::ALL);
    }
}
