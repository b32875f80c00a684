//! The order of a day: when each visit that is still ahead will be reached, and a better
//! order if there is one. A read like any other: it changes nothing, here or in the
//! backend's schedule.

use chrono::NaiveDate;

use super::Homeround;
use super::anchor::{self, Anchor};
use super::error::AppError;
use crate::model::{
    Booking, MINUTE_MS, Millis, PersonId, RecordId, RecordKind, VISIT_MINUTES_MAX, VisitId,
    VisitStatus,
};
use crate::plan::{
    BreakWish, DayOrder, DayRequest, GreatCircle, Homeward, LEG_SECONDS_MAX, LateCause,
    OrderedBreak, Place, Stop, Totals, Travel, order_day, time_order,
};
use crate::store::{Rows, VisitRow};

/// Most legs whose travel time a shell gives.
pub const LEGS_MAX: usize = 4_096;
/// Largest leeway, in minutes.
pub const LEEWAY_MINUTES_MAX: u32 = 240;

/// What a day's order is reckoned with.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderOptions {
    /// Look for a better order; else the visits stay as booked.
    pub suggest: bool,
    /// Whose day, of the visits that are on this phone; none: one's own.
    pub person: Option<PersonId>,
    /// Where the person is, or sets out from; none: where the visit under way or the last
    /// one that was made is, else at the first visit.
    pub start: Option<Place>,
    /// Where the day ends; none: with the last visit.
    pub end: Option<Place>,
    /// Breaks to be taken.
    pub breaks: Vec<BreakWish>,
    /// How travel times are reckoned from places.
    pub travel: GreatCircle,
    /// Travel times that somebody knows better; up to [`LEGS_MAX`].
    pub legs: Vec<KnownLeg>,
    /// How far from its booked beginning a visit may begin, in minutes,
    /// `0..=`[`LEEWAY_MINUTES_MAX`], where the booking leaves no room of its own: later
    /// without being late, and in a suggested order, where another one would be late
    /// otherwise, also earlier.
    pub leeway_minutes: u32,
}

impl Default for OrderOptions {
    fn default() -> Self {
        Self {
            suggest: false,
            person: None,
            start: None,
            end: None,
            breaks: Vec::new(),
            travel: GreatCircle::default(),
            legs: Vec::new(),
            leeway_minutes: 30,
        }
    }
}

/// An end of a leg. What is said of [`Start`](Self::Start) and [`End`](Self::End) counts
/// where the options have such a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// [`OrderOptions::start`].
    Start,
    /// A visit's home.
    Visit(VisitId),
    /// [`OrderOptions::end`].
    End,
}

/// The travel time of one leg, from whoever knows the roads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownLeg {
    /// From where.
    pub from: Spot,
    /// To where.
    pub to: Spot,
    /// Seconds, up to [`LEG_SECONDS_MAX`](crate::plan::LEG_SECONDS_MAX).
    pub travel_s: u32,
}

/// A visit with the times that are reckoned for it. What is said of the fields of
/// [`OrderedVisit`](crate::plan::OrderedVisit) holds here too.
#[derive(Debug, Clone, PartialEq)]
pub struct VisitEstimate {
    /// Which.
    pub visit: VisitId,
    /// Somebody is there or on the way: it stands first, whatever is suggested.
    pub under_way: bool,
    /// When to leave for it.
    pub leave_ms: Millis,
    /// On the road, seconds; of a visit on the way to, what is left of it.
    pub travel_s: u32,
    /// The way is a guess: an end of it is not known.
    pub travel_guessed: bool,
    /// When one is there; of a visit under way, when it began.
    pub arrive_ms: Millis,
    /// When it begins.
    pub begin_ms: Millis,
    /// When it ends.
    pub end_ms: Millis,
    /// From arrival to beginning, seconds.
    pub waiting_s: u32,
    /// How much too late it begins, seconds; 0: in time.
    pub late_s: u32,
    /// Why it is late; none: it is not.
    pub cause: Option<LateCause>,
    /// How far off `arrive_ms` may be either way, seconds.
    pub spread_s: u32,
}

/// The order of a day. Visits that are over are not in it.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderOfDay {
    /// Which day, in the phone's zone.
    pub date: NaiveDate,
    /// The visits that are not over, in order.
    pub visits: Vec<VisitEstimate>,
    /// The breaks; `after_visits` counts what `visits` holds.
    pub breaks: Vec<OrderedBreak>,
    /// The way to the end, where one was given.
    pub homeward: Option<Homeward>,
    /// Sums over what is ahead, without the visit under way and the way to it.
    pub totals: Totals,
    /// The same of the order as booked.
    pub booked: Totals,
    /// The store's revision that this shows.
    pub revision: u64,
}

impl Homeround {
    /// When the visits of a day that are not over will be reached, from now and here on if it
    /// is today; with [`OrderOptions::suggest`] in the best order that is found. Ask again
    /// when it got late. Of a colleague's day only what is on this phone is known.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the option, or `stops` for a day of more than
    /// [`STOPS_MAX`](crate::plan::STOPS_MAX) visits. Else as [`day`](Self::day).
    pub fn order_of_day(
        &self,
        date: NaiveDate,
        options: &OrderOptions,
    ) -> Result<OrderOfDay, AppError> {
        options.check()?;
        let revision = self.inner.revision();
        let all = self.rows_of(date, options.person)?;
        let reads = self.inner.reads()?;
        let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
        let reader = reads.store.reader()?;
        let now = super::inner::best_now(&reader, self.inner.clocks.now())?;
        let bounds = super::day::bounds(date, self.inner.config.zone()?)?;
        let bookings = (all.iter())
            .filter(|row| !is_over(row.status))
            .map(|row| booking(&reader, row, options.leeway_minutes))
            .collect::<Result<Vec<_>, _>>()?;
        let whose = anchor::Whose {
            person: options.person.unwrap_or(me.person),
            rows: &reader,
            all: &all,
            open: &bookings,
            options,
        };
        let anchor = whose.anchor(now, bounds)?;
        let ahead: Vec<&Booked> = (bookings.iter())
            .filter(|one| !anchor.is_under_way(one.visit))
            .collect();
        let asked = |early: bool| request(&ahead, &anchor, options, early);
        let booked = time_order(&asked(false)?)?;
        let totals = booked.totals;
        let order = if options.suggest {
            order_day(&asked(true)?)?
        } else {
            booked
        };
        Ok(answer(date, &ahead, anchor, order, (totals, revision)))
    }

    fn rows_of(&self, date: NaiveDate, of: Option<PersonId>) -> Result<Vec<VisitRow>, AppError> {
        let Some(person) = of else {
            return Ok(self.day(date)?.visits);
        };
        let mut rows = self.team_day(date)?.visits;
        rows.retain(|row| row.assignees.contains(&person));
        Ok(rows)
    }
}

impl OrderOptions {
    fn check(&self) -> Result<(), AppError> {
        let refused = |field: &str, limit: &str| AppError::Refused {
            field: field.into(),
            limit: limit.into(),
        };
        if self.legs.len() > LEGS_MAX {
            return Err(refused("legs", "4096 at most"));
        }
        if self.leeway_minutes > LEEWAY_MINUTES_MAX {
            return Err(refused("leeway_minutes", "0..=240 minutes"));
        }
        if self.legs.iter().any(|leg| leg.travel_s > LEG_SECONDS_MAX) {
            return Err(refused("travel_s", "0..=86400 seconds"));
        }
        for place in [self.start, self.end].into_iter().flatten() {
            crate::plan::check_place(place)?;
        }
        Ok(self.travel.check()?)
    }

    /// Seconds of a leg, by who knows it or by the places.
    pub(super) fn leg_s(&self, from: (Spot, Option<Place>), to: (Spot, Option<Place>)) -> u32 {
        let known = |leg: &&KnownLeg| (leg.from, leg.to) == (from.0, to.0);
        match self.legs.iter().find(known) {
            Some(leg) => leg.travel_s,
            None => self.travel.leg_s(from.1, to.1),
        }
    }

    /// Whether a leg is a guess.
    pub(super) fn guesses(&self, from: (Spot, Option<Place>), to: (Spot, Option<Place>)) -> bool {
        let known = |leg: &KnownLeg| (leg.from, leg.to) == (from.0, to.0);
        (from.1.is_none() || to.1.is_none()) && !self.legs.iter().any(known)
    }
}

/// Whether nothing is to be done there any more.
const fn is_over(status: VisitStatus) -> bool {
    !matches!(
        status,
        VisitStatus::Scheduled
            | VisitStatus::Traveling
            | VisitStatus::InProgress
            | VisitStatus::OnBreak
    )
}

/// A visit that is not over, with what its booking permits.
pub(super) struct Booked {
    pub(super) visit: VisitId,
    pub(super) place: Option<Place>,
    /// A virtual visit: time without a place.
    pub(super) anywhere: bool,
    pub(super) minutes: u32,
    pub(super) latest_ms: Millis,
    /// Where the order stays as booked.
    pub(super) earliest_ms: Millis,
    /// Where another order may be suggested.
    soonest_ms: Millis,
    fixed: bool,
    priority: u8,
}

fn booking(rows: &Rows, row: &VisitRow, leeway_minutes: u32) -> Result<Booked, AppError> {
    let record = rows.record(RecordKind::Booking, RecordId(row.visit.0))?;
    let body = record.and_then(|record| record.body);
    let known: Option<Booking> = body.and_then(|body| serde_json::from_str(&body).ok());
    let anywhere = (known.as_ref()).is_some_and(|one| one.virtual_visit.is_some());
    let (given, fixed) = known.map_or((None, false), |one| (one.visit_minutes, one.fixed));
    let window_ms = row.end_ms.0.saturating_sub(row.start_ms.0).max(0);
    let whole = u32::try_from(window_ms / MINUTE_MS).unwrap_or(VISIT_MINUTES_MAX);
    let minutes = given.unwrap_or(whole).clamp(1, VISIT_MINUTES_MAX);
    let room_ms = (window_ms - i64::from(minutes) * MINUTE_MS).max(0);
    let leeway_ms = i64::from(leeway_minutes) * MINUTE_MS;
    let (early_ms, late_ms) = match (fixed, room_ms) {
        (true, _) => (0, 0),
        (false, 0) => (leeway_ms, leeway_ms),
        (false, room_ms) => (0, room_ms),
    };
    Ok(Booked {
        visit: row.visit,
        place: place_of(row).filter(|_| !anywhere),
        anywhere,
        minutes,
        latest_ms: row.start_ms.plus(late_ms),
        earliest_ms: row.start_ms,
        soonest_ms: row.start_ms.plus(-early_ms),
        fixed,
        priority: row.priority.min(2),
    })
}

/// Where a visit's home is; none: not known, or no place on earth.
pub(super) fn place_of(row: &VisitRow) -> Option<Place> {
    let place = Place {
        latitude_deg: row.latitude_deg?,
        longitude_deg: row.longitude_deg?,
    };
    crate::plan::check_place(place).ok().map(|()| place)
}

/// What the plan is asked, with a table of every leg.
fn request(
    ahead: &[&Booked],
    anchor: &Anchor,
    options: &OrderOptions,
    early: bool,
) -> Result<DayRequest, AppError> {
    let stops = ahead.iter().map(|one| Stop {
        place: one.place,
        anywhere: one.anywhere,
        earliest_ms: if early {
            one.soonest_ms
        } else {
            one.earliest_ms
        },
        preferred_ms: one.earliest_ms,
        latest_ms: one.latest_ms,
        minutes: one.minutes,
        fixed: one.fixed,
        priority: one.priority,
    });
    let mut request = DayRequest {
        start_ms: anchor.at_ms,
        start_doubt_s: anchor.doubt_s,
        start: anchor.start(),
        end: options.end,
        stops: stops.collect(),
        breaks: options.breaks.clone(),
        travel: Travel::GreatCircle(options.travel),
    };
    if !options.legs.is_empty() {
        let mut spots = vec![(anchor.spot, anchor.place)];
        spots.extend(ahead.iter().map(|one| (Spot::Visit(one.visit), one.place)));
        spots.push((Spot::End, options.end));
        let pairs = || (spots.iter()).flat_map(|from| spots.iter().map(move |to| (*from, *to)));
        request.travel = Travel::Table {
            seconds: pairs().map(|(from, to)| options.leg_s(from, to)).collect(),
            guessed: pairs()
                .map(|(from, to)| options.guesses(from, to))
                .collect(),
        };
    }
    Ok(request)
}

fn answer(
    date: NaiveDate,
    ahead: &[&Booked],
    anchor: Anchor,
    order: DayOrder,
    (booked, revision): (Totals, u64),
) -> OrderOfDay {
    let before = anchor.under_way.len();
    let mut visits = anchor.under_way;
    visits.extend(order.visits.into_iter().map(|one| VisitEstimate {
        visit: ahead[one.stop].visit,
        under_way: false,
        leave_ms: one.leave_ms,
        travel_s: one.travel_s,
        travel_guessed: one.travel_guessed,
        arrive_ms: one.arrive_ms,
        begin_ms: one.begin_ms,
        end_ms: one.end_ms,
        waiting_s: one.waiting_s,
        late_s: one.late_s,
        cause: one.cause,
        spread_s: one.spread_s,
    }));
    let breaks = order.breaks.into_iter().map(|one| OrderedBreak {
        after_visits: one.after_visits + before,
        ..one
    });
    OrderOfDay {
        date,
        visits,
        breaks: breaks.collect(),
        homeward: order.homeward,
        totals: order.totals,
        booked,
        revision,
    }
}
