//! What became of what a plan asked for.

use std::collections::BTreeMap;

use super::calendar::{Calendar, Occurrence};
use crate::model::{
    Activity, EntryId, Millis, NotDoneReason, PersonId, Plan, PlanId, PlannedOutcome,
    PlannedStatus, Refused, VisitId,
};

/// What was said of planned tasks at one visit: section `planned` of its document.
pub type Outcomes = BTreeMap<EntryId, PlannedOutcome>;

/// Where one occurrence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Too early to do it.
    Upcoming,
    /// Its time is now.
    Due,
    /// Its time is over, nobody said anything, and it can still be made up: the time of
    /// the next occurrence has not come.
    Overdue,
    /// Done before its time was over.
    Done,
    /// Done after that.
    DoneLate,
    /// The next occurrence's time came, and nobody said anything.
    Missed,
    /// Not done, with a reason or without.
    Skipped,
    /// The plan or the activity rested, and nobody did it all the same.
    Rested,
}

impl State {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Due => "due",
            Self::Overdue => "overdue",
            Self::Done => "done",
            Self::DoneLate => "done_late",
            Self::Missed => "missed",
            Self::Skipped => "skipped",
            Self::Rested => "rested",
        }
    }
}

/// What somebody said of an activity: in a visit, or beside one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The occurrence's name; none: the one whose turn it was.
    pub occurrence: Option<String>,
    /// Done.
    pub done: bool,
    /// Why not.
    pub reason: Option<NotDoneReason>,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Millis,
    /// During which visit.
    pub visit: Option<VisitId>,
}

/// One occurrence and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub occurrence: Occurrence,
    /// Where it stands.
    pub state: State,
    /// What was said of it, that decides.
    pub word: Option<Word>,
}

impl Judged {
    /// Whether it was left out for a reason that neither patient nor team can be
    /// measured by: it counts neither way.
    #[must_use]
    pub fn is_excused(&self) -> bool {
        let reason = self.word.as_ref().and_then(|word| word.reason);
        self.state == State::Skipped && reason.is_some_and(is_excused)
    }
}

/// Whether a reason takes an occurrence out of the count.
#[must_use]
pub const fn is_excused(reason: NotDoneReason) -> bool {
    matches!(
        reason,
        NotDoneReason::Hospitalised
            | NotDoneReason::Contraindicated
            | NotDoneReason::OnHold
            | NotDoneReason::DoneByOther
            | NotDoneReason::SchedulingError
    )
}

/// How an activity, or a whole plan, was kept to within a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Adherence {
    /// Done in time.
    pub done: u32,
    /// Done late.
    pub done_late: u32,
    /// Missed.
    pub missed: u32,
    /// Left out for a reason that counts.
    pub skipped: u32,
    /// Left out for a reason that does not count.
    pub excused: u32,
    /// Rested.
    pub rested: u32,
    /// Due now.
    pub due: u32,
    /// Overdue now.
    pub overdue: u32,
}

impl Adherence {
    fn count(&mut self, judged: &Judged) {
        let field = match judged.state {
            State::Upcoming => return,
            State::Due => &mut self.due,
            State::Overdue => &mut self.overdue,
            State::Done => &mut self.done,
            State::DoneLate => &mut self.done_late,
            State::Missed => &mut self.missed,
            State::Skipped if judged.is_excused() => &mut self.excused,
            State::Skipped => &mut self.skipped,
            State::Rested => &mut self.rested,
        };
        *field += 1;
    }

    /// Occurrences that count: done in time or late, missed, or left out for a reason
    /// that counts. What is upcoming, due or overdue is not decided yet; what rested or
    /// was excused counts neither way.
    #[must_use]
    pub const fn counted(&self) -> u32 {
        self.done + self.done_late + self.missed + self.skipped
    }

    /// Of the occurrences that count, those that were done, late ones among them; whole
    /// percent, halves up. None where nothing counts yet.
    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        let counted = self.counted();
        let kept = (self.done + self.done_late) * 200 + counted;
        u8::try_from(kept.checked_div(counted * 2)?).ok()
    }
}

/// How a plan was kept to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanAdherence {
    /// Of all activities together: each occurrence counts once.
    pub all: Adherence,
    /// Of each activity that has a schedule: its counts and its occurrences in order, or
    /// why nothing can be computed of it.
    pub activities: BTreeMap<EntryId, Result<(Adherence, Vec<Judged>), Refused>>,
}

/// Judges the occurrences of a plan due at or after `from` and before `until`, as it is
/// known at `now`. `visits` are those of the patient; others' words count for nothing.
#[must_use]
pub fn adherence(
    (id, plan): (PlanId, &Plan),
    visits: &[(VisitId, &Outcomes)],
    (from, until): (Millis, Millis),
    now: Millis,
) -> PlanAdherence {
    let mut answer = PlanAdherence::default();
    for (activity_id, activity) in &plan.activities {
        let Some(calendar) = calendar_of(plan, activity) else {
            continue;
        };
        let judged = calendar.map(|calendar| {
            let words = words_of((id, plan), *activity_id, visits);
            let rests = Rests::of(plan, *activity_id, activity);
            let judged = judge(&calendar, &words, &rests, (from, until), now);
            let mut counts = Adherence::default();
            for one in &judged {
                counts.count(one);
                answer.all.count(one);
            }
            (counts, judged)
        });
        answer.activities.insert(*activity_id, judged);
    }
    answer
}

/// The calendar of an activity; none: it has no schedule.
pub(super) fn calendar_of(plan: &Plan, activity: &Activity) -> Option<Result<Calendar, Refused>> {
    let schedule = activity.schedule.as_ref()?;
    Some(match &plan.time_zone {
        Some(zone) => Calendar::new(schedule, zone),
        None => Err(Refused::new("time_zone", "an IANA time zone of the plan")),
    })
}

/// What was said of an activity, in the order of time.
#[must_use]
pub fn words_of(
    (id, plan): (PlanId, &Plan),
    activity: EntryId,
    visits: &[(VisitId, &Outcomes)],
) -> Vec<Word> {
    let beside = plan.adherence.values().filter(|it| it.activity == activity);
    let mut words: Vec<Word> = beside
        .map(|entry| Word {
            occurrence: entry.occurrence.clone(),
            done: entry.kept,
            reason: entry.reason,
            by: entry.by,
            at: entry.at_ms,
            visit: None,
        })
        .collect();
    for (visit, outcomes) in visits {
        let own = |it: &&PlannedOutcome| it.plan == id && it.activity == activity;
        let said = outcomes.values().filter(own);
        words.extend(said.filter_map(|outcome| {
            let done = match outcome.status {
                PlannedStatus::Done => true,
                PlannedStatus::NotDone => false,
                PlannedStatus::Removed | PlannedStatus::Unknown => return None,
            };
            Some(Word {
                occurrence: Some(outcome.occurrence.clone()),
                done,
                reason: outcome.reason,
                by: outcome.by,
                at: outcome.at_ms,
                visit: Some(*visit),
            })
        }));
    }
    words.sort_by_key(|word| (word.at, !word.done, word.by));
    words
}

/// When an activity rested.
pub(super) struct Rests {
    /// From, and until before; the last may be open.
    spans: Vec<(Millis, Option<Millis>)>,
    /// It does not go on, and nobody wrote since when.
    always: bool,
}

impl Rests {
    pub(super) fn of(plan: &Plan, id: EntryId, activity: &Activity) -> Self {
        let mut spans = Vec::new();
        for whose in [None, Some(id)] {
            let mut entries: Vec<_> = plan
                .pauses
                .iter()
                .filter(|(_, it)| it.activity == whose)
                .map(|(id, it)| (it.at_ms, *id, it.resting))
                .collect();
            entries.sort_unstable();
            let mut since = None;
            for (at, _, resting) in entries {
                match (since, resting) {
                    (None, true) => since = Some(at),
                    (Some(from), false) => {
                        spans.push((from, Some(at)));
                        since = None;
                    }
                    _ => {}
                }
            }
            spans.extend(since.map(|from| (from, None)));
        }
        let open = spans.iter().any(|(_, until)| until.is_none());
        let stands = plan.status != "active" || activity.has_ended();
        Self {
            spans,
            always: stands && !open,
        }
    }

    pub(super) fn covers(&self, at: Millis) -> bool {
        let within = |(from, until): &(Millis, Option<Millis>)| {
            *from <= at && until.is_none_or(|until| at < until)
        };
        self.always || self.spans.iter().any(within)
    }
}

/// Judges the occurrences of a window.
pub(super) fn judge(
    calendar: &Calendar,
    words: &[Word],
    rests: &Rests,
    (from, until): (Millis, Millis),
    now: Millis,
) -> Vec<Judged> {
    let occurrences = calendar.between(from, until);
    let after = calendar.next(until);
    let mut judged = Vec::with_capacity(occurrences.len());
    for (nth, occurrence) in occurrences.iter().enumerate() {
        let next = occurrences.get(nth + 1).or(after.as_ref());
        let opens = occurrence.due.plus(-calendar.early_ms);
        let over = occurrence.due.plus(calendar.late_ms);
        // Its turn is over as the next one's begins, and not before its own time is.
        let turn_ends = next.map(|next| next.due.plus(-calendar.early_ms));
        let lost = turn_ends.map(|at| at.max(over));
        let word = decisive(words, occurrence, (opens, turn_ends));
        let state = match word {
            Some(word) if word.done && word.at <= over => State::Done,
            Some(word) if word.done => State::DoneLate,
            Some(_) => State::Skipped,
            None if rests.covers(occurrence.due) => State::Rested,
            None if now < opens => State::Upcoming,
            None if now <= over => State::Due,
            None if lost.is_some_and(|lost| now >= lost) => State::Missed,
            None => State::Overdue,
        };
        judged.push(Judged {
            occurrence: *occurrence,
            state,
            word: word.cloned(),
        });
    }
    judged
}

/// The word that decides: the first that says it was done, else the last that says it
/// was not. One without a name speaks of the occurrence whose turn it was.
fn decisive<'w>(
    words: &'w [Word],
    occurrence: &Occurrence,
    (opens, turn_ends): (Millis, Option<Millis>),
) -> Option<&'w Word> {
    let name = occurrence.name();
    let about = |word: &&Word| match &word.occurrence {
        Some(named) => *named == name,
        None => word.at >= opens && turn_ends.is_none_or(|end| word.at < end),
    };
    let mut own = words.iter().filter(about);
    own.clone()
        .find(|word| word.done)
        .or_else(|| own.next_back())
}
