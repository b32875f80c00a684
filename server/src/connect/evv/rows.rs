//! Rows and stamps of an export.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};
use homeround::model::{
    Attendance, EntryId, Millis, PersonId, Presence, PresenceCause, PresenceEntry, PresenceReason,
    PresenceState, Sighting, StepEntry, VisitStatus, attendances, duplicate_of, presence_reason,
    presence_state,
};
use homeround::vault::{StampPlace, stamp_holds};

use super::{Days, Facts, VisitFacts};

/// A beginning or an end.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// By the best known time.
    pub at: Millis,
    /// The same as the home's clocks show it, RFC 3339.
    pub local: String,
    /// The stamp; none: a step of the visit alone says so.
    pub stamp: Option<EntryId>,
}

/// One person's time in one home.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'f> {
    /// The visit.
    pub of: &'f VisitFacts,
    /// Who gave the care.
    pub provider: PersonId,
    /// The day, in the home's time zone, `YYYY-MM-DD`.
    pub date: String,
    /// When it began.
    pub begin: Option<Edge>,
    /// When it ended.
    pub end: Option<Edge>,
    /// `verified`, `explained`, `reason_needed` or `unverified`: the least of its
    /// stamps.
    pub state: PresenceState,
    /// Stable codes of what an auditor looks at; in order.
    pub flags: BTreeSet<&'static str>,
    /// Other visits at which the same person was at the same time.
    pub overlaps: Vec<homeround::model::VisitId>,
    /// The reasons that were given.
    pub reasons: Vec<(EntryId, PresenceReason, Option<&'f str>)>,
}

/// A stamp and where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stamped<'f> {
    /// The visit.
    pub of: &'f VisitFacts,
    /// Its id.
    pub id: EntryId,
    /// The stamp.
    pub entry: &'f PresenceEntry,
}

impl<'f> Stamped<'f> {
    /// What the statement names beside the entry.
    #[must_use]
    pub const fn place(&self) -> StampPlace {
        StampPlace {
            visit: self.of.id,
            patient: self.of.patient,
            entry: self.id,
        }
    }

    fn chain(&self) -> (&'f str, &'f str) {
        (&self.entry.device_key, &self.entry.chain)
    }
}

/// The rows of some days, by when they began. Who was at a visit that is booked as virtual,
/// and never stamped a home, has none: [`virtual_visits`] counts those visits.
#[must_use]
pub fn rows<'f>(facts: &'f Facts, days: Days) -> Vec<Row<'f>> {
    let mut all = all_rows(facts, days);
    all.retain(|row| !is_virtual(row));
    all
}

/// How many visits of some days have no row because they were virtual.
#[must_use]
pub fn virtual_visits(facts: &Facts, days: Days) -> usize {
    let all = all_rows(facts, days);
    let left_out: BTreeSet<_> = (all.iter())
        .filter(|row| is_virtual(row))
        .map(|row| row.of.id)
        .collect();
    left_out.len()
}

/// Booked as virtual, and no stamp of it is of a home.
fn is_virtual(row: &Row<'_>) -> bool {
    let edges = [&row.begin, &row.end].into_iter().flatten();
    let stamps = edges.filter_map(|edge| row.of.visit.presence.get(&edge.stamp?));
    let mut seen = stamps.filter_map(|stamp| stamp.what.sighting());
    booked_virtual(row.of) && seen.all(Sighting::is_virtual)
}

fn booked_virtual(of: &VisitFacts) -> bool {
    let booking = of.booking.as_ref();
    booking.is_some_and(|booking| booking.virtual_visit.is_some())
}

fn all_rows<'f>(facts: &'f Facts, days: Days) -> Vec<Row<'f>> {
    let owners: BTreeMap<&str, PersonId> = facts
        .devices
        .iter()
        .map(|device| (device.public_key.as_str(), device.person))
        .collect();
    let mut all: Vec<Row<'f>> = Vec::new();
    for of in &facts.visits {
        let attended = attendances(&of.visit.presence);
        if attended.is_empty() {
            all.extend(unstamped(of));
        }
        let stamped = attended.iter().map(|one| stamped(of, one, &owners));
        all.extend(stamped);
    }
    flag_overlaps(&mut all);
    let range = days.from.to_string()..=days.to.to_string();
    all.retain(|row| range.contains(&row.date));
    all.sort_by_key(|row| (began(row), row.of.id, row.provider));
    all
}

/// Every stamp of the chains that the rows' stamps are on, from the first to the
/// last that is needed: a chain shows only whole that nothing was taken out.
#[must_use]
pub fn chains<'f>(facts: &'f Facts, rows: &[Row<'_>]) -> Vec<Stamped<'f>> {
    let mut all: Vec<Stamped<'f>> = Vec::new();
    for of in &facts.visits {
        let stamps = of.visit.presence.iter();
        all.extend(stamps.map(|(id, entry)| Stamped { of, id: *id, entry }));
    }
    let visits: BTreeSet<_> = rows.iter().map(|row| row.of.id).collect();
    let mut spans: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for stamp in all.iter().filter(|stamp| visits.contains(&stamp.of.id)) {
        let number = stamp.entry.number;
        let span = spans.entry(stamp.chain()).or_insert((number, number));
        *span = (span.0.min(number), span.1.max(number));
    }
    all.retain(|stamp| {
        let span = spans.get(&stamp.chain());
        span.is_some_and(|span| (span.0..=span.1).contains(&stamp.entry.number))
    });
    all.sort_by_key(|stamp| (stamp.chain(), stamp.entry.number, stamp.id));
    all
}

fn stamped<'f>(of: &'f VisitFacts, one: &Attendance, owners: &BTreeMap<&str, PersonId>) -> Row<'f> {
    let presence = &of.visit.presence;
    let edge = |id: Option<EntryId>| {
        let id = id?;
        let at = presence.get(&id)?.at();
        Some(Edge {
            at,
            local: local(of, at),
            stamp: Some(id),
        })
    };
    let (begin, end) = (edge(one.check_in), edge(one.check_out));
    let mut row = Row {
        of,
        provider: one.person,
        date: String::new(),
        state: PresenceState::Verified,
        flags: BTreeSet::new(),
        overlaps: Vec::new(),
        reasons: Vec::new(),
        begin,
        end,
    };
    for id in [one.check_in, one.check_out].into_iter().flatten() {
        take_stamp(&mut row, presence, id, owners);
    }
    for (missing, flag) in [
        (one.check_in.is_none(), "no_check_in"),
        (one.check_out.is_none(), "no_check_out"),
    ] {
        if missing {
            row.flags.insert(flag);
            row.state = least(row.state, PresenceState::Unverified);
        }
    }
    dated(row)
}

/// What one stamp adds to a row.
fn take_stamp<'f>(
    row: &mut Row<'f>,
    presence: &'f Presence,
    id: EntryId,
    owners: &BTreeMap<&str, PersonId>,
) {
    let of = row.of;
    let Some(entry) = presence.get(&id) else {
        return;
    };
    let causes = entry.what.sighting().into_iter().flat_map(|it| &it.causes);
    row.flags
        .extend(causes.map(|cause: &PresenceCause| cause.name()));
    let mut state = presence_state(presence, id).unwrap_or(PresenceState::Unverified);
    if entry.what.sighting().is_some_and(Sighting::is_virtual) {
        // The visit is booked at home now: nobody vouches for anybody in it.
        row.flags.insert("virtual_stamp");
        state = PresenceState::Unverified;
    }
    row.state = least(row.state, state);
    if let Some((reason, comment)) = presence_reason(presence, id) {
        row.reasons.push((id, reason, comment));
    }
    let holds = stamp_holds(&Stamped { of, id, entry }.place(), entry);
    let known = owners.get(entry.device_key.as_str()) == Some(&entry.by);
    for (wrong, flag) in [(!holds, "signature_broken"), (!known, "unknown_device")] {
        if wrong {
            row.flags.insert(flag);
            row.state = PresenceState::Unverified;
        }
    }
}

/// A visit without stamps, as one that an earlier version made: its steps say who
/// came and left, and nobody vouches for that.
fn unstamped(of: &VisitFacts) -> Option<Row<'_>> {
    let mut steps: Vec<&StepEntry> = of.visit.steps.values().collect();
    steps.sort_by_key(|step| step.stamp.best());
    let begun = steps
        .iter()
        .find(|step| step.to == VisitStatus::InProgress)?;
    let ended = steps.iter().find(|step| step.to == VisitStatus::Completed);
    let edge = |step: &StepEntry| Edge {
        at: step.stamp.best(),
        local: local(of, step.stamp.best()),
        stamp: None,
    };
    let mut flags = BTreeSet::from(["unsigned"]);
    if ended.is_none() {
        flags.insert("no_check_out");
    }
    Some(dated(Row {
        of,
        provider: begun.by,
        date: String::new(),
        begin: Some(edge(begun)),
        end: ended.map(|step| edge(step)),
        state: PresenceState::Unverified,
        flags,
        overlaps: Vec::new(),
        reasons: Vec::new(),
    }))
}

fn dated(mut row: Row<'_>) -> Row<'_> {
    let edge = row.begin.as_ref().or(row.end.as_ref());
    row.date = edge.map_or_else(String::new, |edge| {
        edge.local.split('T').next().unwrap_or_default().to_owned()
    });
    if row.of.booking.is_none() {
        row.flags.insert("not_booked");
    }
    if booked_virtual(row.of) {
        row.flags.insert("booked_virtual");
    }
    if row.of.visit.unplanned.is_some() {
        row.flags.insert("unplanned");
    }
    if duplicate_of(&row.of.visit).is_some() {
        row.flags.insert("duplicate");
    }
    row
}

fn began(row: &Row<'_>) -> Millis {
    let edge = row.begin.as_ref().or(row.end.as_ref());
    edge.map_or(Millis(0), |edge| edge.at)
}

/// The same person in two homes at once. One who did not check out is counted as
/// gone at once: that alone says enough.
fn flag_overlaps(rows: &mut [Row<'_>]) {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|at| (rows[*at].provider, began(&rows[*at])));
    let span = |row: &Row<'_>| {
        let begin = began(row);
        (
            begin,
            row.end.as_ref().map_or(begin, |edge| edge.at).max(begin),
        )
    };
    for (place, at) in order.iter().enumerate() {
        let here = span(&rows[*at]);
        for other in &order[place + 1..] {
            let there = span(&rows[*other]);
            let same = rows[*other].provider == rows[*at].provider;
            // They stand in the order of their beginnings: no later one begins sooner.
            if !same || there.0 >= here.1 {
                break;
            }
            let (one, two) = (rows[*at].of.id, rows[*other].of.id);
            if one == two || !Attendance::overlaps(here, there) {
                continue;
            }
            for (row, with) in [(*at, two), (*other, one)] {
                rows[row].flags.insert("overlap");
                rows[row].overlaps.push(with);
            }
        }
    }
}

/// An instant on the clocks of the visit's home, RFC 3339 to the second.
fn local(of: &VisitFacts, at: Millis) -> String {
    let instant = DateTime::<Utc>::from_timestamp_millis(at.0).unwrap_or_default();
    let zone = of.booking.as_ref();
    let zone = zone.and_then(|booking| booking.time_zone.parse::<chrono_tz::Tz>().ok());
    let zone = zone.unwrap_or(chrono_tz::UTC);
    let shown = instant.with_timezone(&zone);
    shown.to_rfc3339_opts(SecondsFormat::Secs, true)
}

const fn rank(state: PresenceState) -> u8 {
    match state {
        PresenceState::Verified => 0,
        PresenceState::Explained => 1,
        PresenceState::ReasonNeeded => 2,
        PresenceState::Unverified => 3,
    }
}

const fn least(one: PresenceState, other: PresenceState) -> PresenceState {
    if rank(one) >= rank(other) { one } else { other }
}
