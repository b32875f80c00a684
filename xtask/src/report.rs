//! How a test run went: a table for a person, an object for a program.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use crate::ui;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it should.
    Passed,
    /// It had nothing to do, and why.
    Skipped(String),
    /// Not as it should.
    Failed,
}

/// One step of a run.
#[derive(Debug)]
pub(crate) struct StepReport {
    /// As in `--only`.
    pub(crate) name: &'static str,
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// The tests that failed, by name.
    pub(crate) failed: Vec<String>,
}

impl StepReport {
    /// The verdict in a word.
    pub(crate) const fn mark(&self) -> &'static str {
        match self.verdict {
            Verdict::Passed => "ok",
            Verdict::Skipped(_) => "skipped",
            Verdict::Failed => "FAILED",
        }
    }

    fn rerun(&self) -> String {
        format!("cargo xtask test --only {}", self.name)
    }

    fn remark(&self) -> String {
        match &self.verdict {
            Verdict::Passed => String::new(),
            Verdict::Skipped(why) => why.clone(),
            Verdict::Failed => format!("again: {}", self.rerun()),
        }
    }
}

/// How many tests ran, over all test programs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// As they should.
    pub(crate) passed: u64,
    /// Not as they should.
    pub(crate) failed: u64,
    /// Not run.
    pub(crate) ignored: u64,
}

impl Counts {
    /// Adds up every `test result:` line of a log.
    pub(crate) fn add_all(&mut self, log: &str) {
        for line in log.lines().filter(|line| line.starts_with("test result:")) {
            self.passed += count(line, " passed");
            self.failed += count(line, " failed");
            self.ignored += count(line, " ignored");
        }
    }
}

/// The figure before a word, as 3 in `3 passed;`.
fn count(line: &str, word: &str) -> u64 {
    let before = line.split(word).next().unwrap_or_default();
    let figure = before.rsplit(' ').next().unwrap_or_default();
    figure.parse().unwrap_or_default()
}

/// A whole run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// In the order of running.
    pub(crate) steps: Vec<StepReport>,
    /// Of the step `test`.
    pub(crate) counts: Counts,
    /// From first to last.
    pub(crate) elapsed: Duration,
}

impl Report {
    fn ok(&self) -> bool {
        let failed = |step: &StepReport| step.verdict == Verdict::Failed;
        !self.steps.is_empty() && !self.steps.iter().any(failed)
    }

    /// Success if no step failed.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    /// For a person. The failed tests are named; the last line counts all, where any ran.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("\n{:<8} {:<8} {:>12}\n", "step", "result", "time");
        for step in &self.steps {
            let (mark, span, remark) = (step.mark(), ui::span(step.elapsed), step.remark());
            let row = format!("{:<8} {mark:<8} {span:>12}  {remark}", step.name);
            let _ = writeln!(table, "{}", row.trim_end());
        }
        let whole = if self.ok() { "ok" } else { "FAILED" };
        let span = ui::span(self.elapsed);
        let _ = write!(table, "{:<8} {whole:<8} {span:>12}", "all");
        for step in &self.steps {
            for test in &step.failed {
                let _ = write!(table, "\n{:<8} failed   {test}", step.name);
            }
        }
        let Counts {
            passed,
            failed,
            ignored,
        } = self.counts;
        if passed + failed > 0 {
            let _ = write!(table, "\n\n{passed} passed, {failed} failed");
        }
        if ignored > 0 {
            let _ = write!(table, ", {ignored} skipped");
        }
        table
    }

    /// For a program.
    pub(crate) fn json(&self) -> String {
        let steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| {
                json!({
                    "step": step.name,
                    "result": step.mark(),
                    "seconds": seconds(step.elapsed),
                    "remark": step.remark(),
                    "failed": step.failed,
                })
            })
            .collect();
        json!({
            "ok": self.ok(),
            "seconds": seconds(self.elapsed),
            "tests": {
                "passed": self.counts.passed,
                "failed": self.counts.failed,
                "ignored": self.counts.ignored,
            },
            "steps": steps,
        })
        .to_string()
    }
}

/// Seconds to a tenth.
fn seconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdict: Verdict) -> Report {
        Report {
            steps: vec![StepReport {
                name: "fmt",
                verdict,
                elapsed: Duration::from_secs(2),
                failed: Vec::new(),
            }],
            counts: Counts::default(),
            elapsed: Duration::from_secs(2),
        }
    }

    #[test]
    fn tests_are_added_up_over_all_test_programs() {
        let mut counts = Counts::default();
        counts.add_all(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
             noise: 7 passed\n\
             test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n",
        );
        let wanted = Counts {
            passed: 15,
            failed: 2,
            ignored: 1,
        };
        assert_eq!(counts, wanted);
    }

    #[test]
    fn a_failed_step_fails_the_run_and_says_how_to_run_it_alone() {
        let mut failed = report(Verdict::Failed);
        failed.steps[0].failed.push("a::b".to_owned());
        assert!(!failed.ok());
        assert!(failed.table().ends_with("fmt      failed   a::b"));
        assert!(failed.table().contains("cargo xtask test --only fmt"));
        let answer: serde_json::Value = serde_json::from_str(&failed.json()).unwrap();
        assert_eq!(answer["ok"], false);
        assert_eq!(answer["steps"][0]["result"], "FAILED");
        assert_eq!(answer["steps"][0]["failed"][0], "a::b");
    }

    #[test]
    fn a_skipped_step_says_why_and_fails_nothing() {
        let skipped = report(Verdict::Skipped("no script yet".to_owned()));
        assert!(skipped.ok());
        assert!(skipped.table().contains("no script yet"));
    }

    #[test]
    fn a_run_without_any_step_is_not_a_success() {
        assert!(!Report::default().ok());
    }
}
