//! Care plans: what an activity asks for and when, and what became of it.
//!
//! A schedule is a rule of RFC 5545 in the plan's time zone. What is due, overdue, done
//! late or missed, and the tasks that a plan asks for at a visit, follow from the plan,
//! the visits and the time by pure functions: the same on every phone and on the
//! backend, and never stored. What is stored is what people said.
//!
//! This room depends on `model`, and on `forms` for texts in several languages.

mod adherence;
mod calendar;
mod planned;
mod rule;
mod template;
mod timing;

#[cfg(test)]
mod tests;

pub use adherence::{
    Adherence, Judged, Outcomes, PlanAdherence, State, Word, adherence, is_excused, words_of,
};
pub use calendar::{Calendar, LOOK_AHEAD_DAYS, Occurrence, local_text};
pub use planned::{PLANNED_MAX, PlannedTask, planned_tasks, task_id};
pub use rule::{Frequency, Rule, Until};
pub use template::{
    Action, SHIPPED_TEMPLATES, ShippedTemplate, TEMPLATE_BYTES_MAX, Template, TemplateError,
    TemplateGoal, shipped_template,
};
pub use timing::{SCHEDULE_EXTENSION, schedule_of, timing_of};

use crate::model::DAY_MS;

/// Occurrences that are computed at a time, at most: more than 800 days of every hour.
pub const OCCURRENCES_MAX: usize = 20_000;
/// Times of one day, at most: every hour.
pub const TIMES_A_DAY_MAX: usize = 24;
/// Occurrences of a rule with `COUNT`, at most.
pub const COUNT_MAX: u32 = 10_000;
/// Days, weeks or months between two turns of a rule, at most.
pub const INTERVAL_MAX: u32 = 1_000;
/// Bytes of a rule, at most.
pub const RULE_BYTES_MAX: usize = 500;
/// How far from a time a visit may be booked at which something was said that counts, in
/// milliseconds: the longest tolerance and a day.
pub const WORDS_AROUND_MS: i64 = crate::model::TOLERANCE_MINUTES_MAX as i64 * 60_000 + DAY_MS;
/// Occurrences that one schedule leaves out, at most.
pub const EXCEPT_MAX: usize = 500;
/// Days that one look at adherence may reach over, at most.
pub const ADHERENCE_DAYS_MAX: u32 = 400;
/// FHIR achievement statuses of a goal.
pub const ACHIEVEMENTS: [&str; 9] = [
    "in-progress",
    "improving",
    "worsening",
    "no-change",
    "achieved",
    "sustaining",
    "not-achieved",
    "no-progress",
    "not-attainable",
];
/// Activities and goals of one plan or template, at most.
pub const ITEMS_MAX: usize = 200;
