//! My numbers: what a person's own visits of some days come to, reckoned on the phone
//! from what is on it. They are for the person alone: nobody else is shown them, and they
//! are not sent.

use chrono::NaiveDate;

use super::Homeround;
use super::day::bounds;
use super::error::AppError;
use crate::model::{
    MINUTE_MS, Millis, PersonId, Presence, StepEntry, Visit, VisitStatus, attendances,
};
use crate::store::{ScopeState, VisitRow};

/// Most days that are looked at in one go.
pub const NUMBERS_DAYS_MAX: i64 = 92;
/// A visit that one reaches at most so many minutes after its booked beginning is on time.
pub const ON_TIME_MINUTES: i64 = 15;

/// What one's own visits came to. A visit is one's own when it is booked for one or made by
/// oneself, and belongs to the day of its booked beginning. Who took a step, and when, is
/// what the steps say; times are the best known ones, whatever the phone's clock showed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MyNumbers {
    /// One's own.
    pub visits: u32,
    /// Of them, completed, signed or amended.
    pub done: u32,
    /// Of them, missed.
    pub missed: u32,
    /// Of them, canceled.
    pub canceled: u32,
    /// Of them, not on this phone any more or not yet: they count in `visits` and `done` to
    /// `canceled` and nowhere else.
    pub unread: u32,
    /// Visits that one began oneself.
    pub begun: u32,
    /// Of those begun, at most [`ON_TIME_MINUTES`] after the booked beginning.
    pub on_time: u32,
    /// From setting out to beginning, seconds, over `trips`.
    pub travel_s: u64,
    /// Ways that one set out on and that ended with the beginning of the visit.
    pub trips: u32,
    /// Between the places of setting out and of beginning as the crow flies, metres, over
    /// `measured_trips`.
    pub travel_m: u64,
    /// Of `trips`, those with a place at both ends.
    pub measured_trips: u32,
    /// From check-in to check-out, breaks among it, seconds, over every stay that has both.
    pub in_home_s: u64,
    /// Stays that have both.
    pub stays: u32,
    /// Visits that one signed oneself.
    pub signed: u32,
    /// From completing a visit to one's first signature of it, seconds; half of the visits
    /// signed took at most so long. None: none was signed.
    pub documentation_s: Option<u64>,
    /// Done and not signed by anybody.
    pub unsigned: u32,
    /// What the care plans on this phone asked for in these days and is decided: done, late
    /// ones among it, missed, or left out for a reason that counts
    /// ([`Adherence::counted`](crate::care::Adherence::counted)).
    pub plan_counted: u32,
    /// Of it, done, by whoever did it.
    pub plan_done: u32,
    /// The store's revision that this shows.
    pub revision: u64,
}

impl Homeround {
    /// One's own numbers of the days from one to another, both included, of what is on this
    /// phone.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `until` for a day before `from` or more than
    /// [`NUMBERS_DAYS_MAX`] days; [`AppError::Locked`], [`AppError::NotEnrolled`],
    /// [`AppError::LeaseEnded`].
    pub fn my_numbers(&self, from: NaiveDate, until: NaiveDate) -> Result<MyNumbers, AppError> {
        let days = until.signed_duration_since(from).num_days() + 1;
        if !(1..=NUMBERS_DAYS_MAX).contains(&days) {
            return Err(AppError::Refused {
                field: "until".into(),
                limit: format!("a day from `from` on, {NUMBERS_DAYS_MAX} days in all"),
            });
        }
        let revision = self.inner.revision();
        let (me, rows, window) = {
            let reads = self.inner.reads()?;
            let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?.person;
            let reader = reads.store.reader()?;
            super::inner::lease_permits(&reader, self.inner.clocks.now())?;
            let zone = self.inner.config.zone()?;
            let (begin, end) = (bounds(from, zone)?.0, bounds(until, zone)?.1);
            let gone = reader.scopes_in(ScopeState::Leaving)?;
            let mut rows = reader.visits_between(begin, end, Some(me))?;
            rows.retain(|row| !gone.contains(&row.patient));
            (me, rows, (begin, end))
        };
        let mut count = Count::new(me);
        for row in rows {
            // One that can't be read, as of a later version, leaves the others' figures alone.
            let visit = self.visit(row.visit).read().ok();
            count.add(&row, visit.as_ref());
        }
        let mut numbers = count.end();
        for plan in self.adherence_between(window.0, window.1)? {
            numbers.plan_counted += plan.counts.counted();
            numbers.plan_done += plan.counts.done + plan.counts.done_late;
        }
        numbers.revision = revision;
        Ok(numbers)
    }
}

struct Count {
    me: PersonId,
    numbers: MyNumbers,
    documentation: Vec<u64>,
}

impl Count {
    fn new(me: PersonId) -> Self {
        Self {
            me,
            numbers: MyNumbers::default(),
            documentation: Vec::new(),
        }
    }

    fn add(&mut self, row: &VisitRow, visit: Option<&Visit>) {
        let numbers = &mut self.numbers;
        numbers.visits += 1;
        let status = visit.map_or(row.status, |visit| visit.status);
        match status {
            VisitStatus::Completed => {
                numbers.done += 1;
                numbers.unsigned += 1;
            }
            VisitStatus::Signed | VisitStatus::Amended => numbers.done += 1,
            VisitStatus::Missed => numbers.missed += 1,
            VisitStatus::Canceled => numbers.canceled += 1,
            _ => {}
        }
        match visit {
            Some(visit) => {
                self.steps(row, visit);
                self.stays(&visit.presence);
            }
            None => numbers.unread += 1,
        }
    }

    fn steps(&mut self, row: &VisitRow, visit: &Visit) {
        let me = self.me;
        let mut steps: Vec<&StepEntry> =
            visit.steps.values().filter(|step| step.by == me).collect();
        steps.sort_by_key(|step| step.stamp.best());
        let first = |to| steps.iter().find(|step| step.to == to);
        let numbers = &mut self.numbers;
        if let Some(begun) = first(VisitStatus::InProgress) {
            numbers.begun += 1;
            let latest = row.start_ms.0.saturating_add(ON_TIME_MINUTES * MINUTE_MS);
            numbers.on_time += u32::from(begun.stamp.best().0 <= latest);
        }
        let mut set_out: Option<&StepEntry> = None;
        for step in &steps {
            match step.to {
                VisitStatus::Traveling => set_out = Some(step),
                VisitStatus::InProgress => {
                    if let Some(from) = set_out.take() {
                        numbers.trips += 1;
                        numbers.travel_s += seconds(from.stamp.best(), step.stamp.best());
                        if let (Some(from), Some(to)) = (&from.fix, &step.fix) {
                            numbers.measured_trips += 1;
                            numbers.travel_m +=
                                metres(from.distance_m(to.latitude_deg, to.longitude_deg));
                        }
                    }
                }
                _ => {}
            }
        }
        // Who signs may have completed nothing: then a colleague's completing counts.
        let completed = visit
            .steps
            .values()
            .filter(|step| step.to == VisitStatus::Completed);
        let completed = completed.map(|step| step.stamp.best()).max();
        if let (Some(signed), Some(completed)) = (first(VisitStatus::Signed), completed) {
            numbers.signed += 1;
            self.documentation
                .push(seconds(completed, signed.stamp.best()));
        }
    }

    fn stays(&mut self, presence: &Presence) {
        for stay in attendances(presence) {
            let at_home = !stay.is_virtual(presence);
            if stay.person == self.me && stay.check_in.is_some() && !stay.is_open() && at_home {
                let (begin, end) = stay.span(presence);
                self.numbers.stays += 1;
                self.numbers.in_home_s += seconds(begin, end);
            }
        }
    }

    fn end(mut self) -> MyNumbers {
        self.documentation.sort_unstable();
        // The lower of the two in the middle: it is one that was really taken.
        let middle = self.documentation.len().saturating_sub(1) / 2;
        self.numbers.documentation_s = self.documentation.get(middle).copied();
        self.numbers
    }
}

/// From one instant to another; 0 where the second is earlier.
fn seconds(from: Millis, until: Millis) -> u64 {
    u64::try_from(until.0.saturating_sub(from.0) / 1_000).unwrap_or(0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most half the earth's circumference"
)]
fn metres(distance: f64) -> u64 {
    distance.round() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::model::{PatientId, VisitId};

    const ME: u128 = 7;
    const COLLEAGUE: u128 = 8;
    /// Nine in the morning, of some day.
    const NINE: i64 = 1_764_320_400_000;

    fn person(number: u128) -> PersonId {
        PersonId(Uuid::from_u128(number))
    }

    /// A visit booked for nine.
    fn row(status: VisitStatus) -> VisitRow {
        VisitRow {
            visit: VisitId(Uuid::from_u128(1)),
            patient: PatientId(Uuid::from_u128(2)),
            patient_name: String::new(),
            address: String::new(),
            latitude_deg: None,
            longitude_deg: None,
            start_ms: Millis(NINE),
            end_ms: Millis(NINE + 60 * MINUTE_MS),
            time_zone: "UTC".into(),
            service: String::new(),
            priority: 0,
            status,
            conflicts: 0,
            unsent: 0,
            assignees: vec![person(ME)],
        }
    }

    /// A step so many minutes after nine, on the equator so many degrees east.
    fn step(to: VisitStatus, by: u128, minutes: i64, east: Option<f64>) -> Value {
        let mut step = json!({
            "to": to, "by": person(by),
            "stamp": { "wall_ms": NINE + minutes * MINUTE_MS, "monotonic_ms": 0, "boot_id": 1 },
        });
        if let Some(east) = east {
            step["fix"] = json!({ "latitude_deg": 0.0, "longitude_deg": east, "accuracy_m": 5.0 });
        }
        step
    }

    fn visit(status: VisitStatus, steps: &[Value]) -> Visit {
        let steps: serde_json::Map<_, _> = (100_u128..)
            .zip(steps)
            .map(|(id, step)| (Uuid::from_u128(id).to_string(), step.clone()))
            .collect();
        let patient = PatientId(Uuid::from_u128(2));
        let json = json!({ "schema": 1, "patient": patient, "status": status, "steps": steps });
        serde_json::from_value(json).unwrap()
    }

    fn count(visits: &[(VisitStatus, Option<Visit>)]) -> MyNumbers {
        let mut count = Count::new(person(ME));
        for (status, visit) in visits {
            count.add(&row(*status), visit.as_ref());
        }
        count.end()
    }

    #[test]
    fn a_day_counted_by_hand() {
        use VisitStatus::*;
        let on_time = visit(
            Signed,
            &[
                step(Traveling, ME, -10, Some(0.0)),
                step(InProgress, ME, 15, Some(0.01)),
                step(Completed, ME, 45, None),
                step(Signed, ME, 47, None),
            ],
        );
        let late = visit(
            Signed,
            &[
                step(Traveling, ME, 0, None),
                step(InProgress, ME, 16, Some(0.02)),
                step(OnBreak, ME, 20, None),
                step(InProgress, ME, 30, None),
                step(Completed, COLLEAGUE, 60, None),
                step(Signed, ME, 70, None),
            ],
        );
        let colleagues = visit(
            Completed,
            &[
                step(Traveling, COLLEAGUE, 0, None),
                step(InProgress, COLLEAGUE, 5, None),
                step(Completed, COLLEAGUE, 30, None),
            ],
        );
        let numbers = count(&[
            (Signed, Some(on_time)),
            (Signed, Some(late)),
            (Completed, Some(colleagues)),
            (Missed, Some(visit(Missed, &[]))),
            (Canceled, None),
            (Scheduled, Some(visit(Scheduled, &[]))),
        ]);
        let expected = MyNumbers {
            visits: 6,
            done: 3,
            missed: 1,
            canceled: 1,
            unread: 1,
            begun: 2,
            on_time: 1,
            // 25 and 16 minutes.
            travel_s: 2_460,
            trips: 2,
            // A hundredth of a degree of the equator: 6 371 km * pi / 180 / 100.
            travel_m: 1_112,
            measured_trips: 1,
            signed: 2,
            // 2 and 10 minutes: the lower of the two in the middle.
            documentation_s: Some(120),
            unsigned: 1,
            ..MyNumbers::default()
        };
        assert_eq!(numbers, expected);
    }

    #[test]
    fn who_set_out_twice_travelled_once_and_a_clock_put_back_takes_no_time_away() {
        use VisitStatus::*;
        let steps = [
            step(Traveling, ME, -30, None),
            step(Traveling, ME, -10, None),
            step(InProgress, ME, 0, None),
            // Signed by a phone whose clock was behind.
            step(Completed, COLLEAGUE, 40, None),
            step(Signed, ME, 35, None),
        ];
        let numbers = count(&[(Signed, Some(visit(Signed, &steps)))]);
        assert_eq!((numbers.trips, numbers.travel_s), (1, 600));
        assert_eq!(numbers.documentation_s, Some(0));
    }

    #[test]
    fn nothing_comes_to_nothing() {
        assert_eq!(count(&[]), MyNumbers::default());
    }
}
