//! Attendance: what the stamps of a visit say of each person's time in the home.

use std::collections::BTreeMap;

use super::{EntryId, Millis, PersonId, PresenceEntry, PresenceReason, PresenceWhat};

/// The stamps of one visit by their ids.
pub type Presence = BTreeMap<EntryId, PresenceEntry>;

/// One person's time in the home: from a check-in to the check-out after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    /// Who.
    pub person: PersonId,
    /// The check-in; none: there is a check-out alone.
    pub check_in: Option<EntryId>,
    /// The check-out; none: still there, or forgotten.
    pub check_out: Option<EntryId>,
}

/// How sure a stamp is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PresenceState {
    /// Place and time are as they should be.
    Verified,
    /// Not verified; its author is asked for a reason.
    ReasonNeeded,
    /// Not verified; its author gave a reason.
    Explained,
    /// Not verified, and nobody can give a reason: where the home is, is not
    /// recorded.
    Unverified,
}

impl PresenceState {
    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::ReasonNeeded => "reason_needed",
            Self::Explained => "explained",
            Self::Unverified => "unverified",
        }
    }
}

/// Pairs each person's check-ins with their check-outs.
///
/// A device's stamps stand in the order of its chain, which no wrong clock
/// changes; several chains of one person stand in the order of their first
/// instants. Answers in the order of arrival.
#[must_use]
pub fn attendances(presence: &Presence) -> Vec<Attendance> {
    let mut open: BTreeMap<PersonId, usize> = BTreeMap::new();
    let mut found: Vec<Attendance> = Vec::new();
    for (id, entry) in in_order(presence) {
        let person = entry.by;
        match entry.what {
            PresenceWhat::CheckIn(_) => {
                open.insert(person, found.len());
                found.push(Attendance {
                    person,
                    check_in: Some(id),
                    check_out: None,
                });
            }
            PresenceWhat::CheckOut(_) => {
                let begun = open.remove(&person).and_then(|index| found.get_mut(index));
                match begun {
                    Some(begun) => begun.check_out = Some(id),
                    None => found.push(Attendance {
                        person,
                        check_in: None,
                        check_out: Some(id),
                    }),
                }
            }
            PresenceWhat::Reason { .. } | PresenceWhat::Unknown => {}
        }
    }
    found.sort_by_key(|one| one.span(presence).0);
    found
}

fn in_order(presence: &Presence) -> Vec<(EntryId, &PresenceEntry)> {
    let mut first: BTreeMap<(&str, &str), Millis> = BTreeMap::new();
    for entry in presence.values() {
        let at = first.entry(chain_of(entry)).or_insert(entry.at());
        *at = entry.at().min(*at);
    }
    let mut all: Vec<_> = presence.iter().map(|(id, entry)| (*id, entry)).collect();
    all.sort_by_key(|(id, entry)| {
        let chain = chain_of(entry);
        (first.get(&chain).copied(), chain, entry.number, *id)
    });
    all
}

fn chain_of(entry: &PresenceEntry) -> (&str, &str) {
    (&entry.device_key, &entry.chain)
}

impl Attendance {
    /// From when until when, by the best known instants; what is missing is taken
    /// from the other end.
    #[must_use]
    pub fn span(&self, presence: &Presence) -> (Millis, Millis) {
        let at = |id: Option<EntryId>| Some(presence.get(&id?)?.at());
        let (begin, end) = (at(self.check_in), at(self.check_out));
        let begin = begin.or(end).unwrap_or_default();
        (begin, end.unwrap_or(begin))
    }

    /// Whether every stamp of it is one of a virtual visit: then nobody was in the home.
    #[must_use]
    pub fn is_virtual(&self, presence: &Presence) -> bool {
        let stamps = [self.check_in, self.check_out].into_iter().flatten();
        let mut seen = stamps.filter_map(|id| presence.get(&id)?.what.sighting());
        seen.all(super::Sighting::is_virtual)
    }

    /// Whether the person has not checked out.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.check_out.is_none()
    }

    /// Whether the spans of two attendances share time: one that ends just when
    /// the other begins does not.
    #[must_use]
    pub fn overlaps((begin, end): (Millis, Millis), other: (Millis, Millis)) -> bool {
        begin < other.1 && other.0 < end
    }
}

/// The reason that a stamp's own author gave for it; the last one counts.
#[must_use]
pub fn presence_reason(
    presence: &Presence,
    stamp: EntryId,
) -> Option<(PresenceReason, Option<&str>)> {
    let author = presence.get(&stamp)?.by;
    let given = in_order(presence).into_iter().rev();
    let mut given = given.filter(|(_, entry)| entry.by == author);
    given.find_map(|(_, entry)| match &entry.what {
        PresenceWhat::Reason {
            target,
            reason,
            comment,
        } if *target == stamp => Some((*reason, comment.as_deref())),
        _ => None,
    })
}

/// How sure a stamp is; none for what is no check-in or check-out.
#[must_use]
pub fn presence_state(presence: &Presence, stamp: EntryId) -> Option<PresenceState> {
    let seen = presence.get(&stamp)?.what.sighting()?;
    Some(if seen.causes.is_empty() {
        PresenceState::Verified
    } else if presence_reason(presence, stamp).is_some() {
        PresenceState::Explained
    } else if seen.asks_reason() {
        PresenceState::ReasonNeeded
    } else {
        PresenceState::Unverified
    })
}

/// Whether a person has checked in and not out.
#[must_use]
pub fn is_checked_in(presence: &Presence, person: PersonId) -> bool {
    let mut all = attendances(presence).into_iter();
    all.any(|one| one.person == person && one.is_open())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::{Clock, PresenceCause, Sighting, Stamp};

    fn person(number: u128) -> PersonId {
        PersonId(Uuid::from_u128(number))
    }

    fn id(number: u128) -> EntryId {
        EntryId(Uuid::from_u128(number))
    }

    fn seen(causes: &[PresenceCause]) -> Sighting {
        Sighting {
            fix: None,
            no_fix: None,
            distance_m: None,
            radius_m: 50,
            causes: causes.to_vec(),
        }
    }

    fn came() -> PresenceWhat {
        PresenceWhat::CheckIn(seen(&[]))
    }

    fn left() -> PresenceWhat {
        PresenceWhat::CheckOut(seen(&[]))
    }

    /// A person's own device, one chain, by number; ids are unlike the order.
    fn entry(by: u128, number: u64, wall_ms: i64, what: PresenceWhat) -> (EntryId, PresenceEntry) {
        let entry = PresenceEntry {
            by: person(by),
            stamp: Stamp {
                clock: Clock {
                    wall_ms: Millis(wall_ms),
                    monotonic_ms: 0,
                    boot_id: 0,
                },
                anchor: None,
            },
            what,
            chain: "c".into(),
            number,
            previous: String::new(),
            device_key: by.to_string(),
            signature: String::new(),
        };
        (id(1_000 * by + 100 - u128::from(number)), entry)
    }

    #[test]
    fn two_people_and_a_second_stay_are_told_apart_in_the_order_of_arrival() {
        let presence = Presence::from([
            entry(1, 1, 100, came()),
            entry(2, 1, 150, came()),
            entry(2, 2, 180, left()),
            entry(1, 2, 200, left()),
            entry(2, 3, 300, came()),
        ]);
        let all = attendances(&presence);
        let told: Vec<_> = all
            .iter()
            .map(|one| (one.person, one.span(&presence), one.is_open()))
            .collect();
        let at = |from, until| (Millis(from), Millis(until));
        assert_eq!(
            told,
            [
                (person(1), at(100, 200), false),
                (person(2), at(150, 180), false),
                (person(2), at(300, 300), true),
            ]
        );
        assert!(is_checked_in(&presence, person(2)) && !is_checked_in(&presence, person(1)));
    }

    #[test]
    fn a_clock_set_back_during_a_stay_does_not_turn_it_round() {
        let presence = Presence::from([entry(1, 7, 900, came()), entry(1, 8, 100, left())]);
        let all = attendances(&presence);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].check_in, Some(id(1_093)));
        assert_eq!(all[0].check_out, Some(id(1_092)));
    }

    #[test]
    fn a_reason_explains_only_the_stamp_of_its_author_and_the_last_one_counts() {
        let doubtful = PresenceWhat::CheckIn(seen(&[PresenceCause::NoFix]));
        let (stamp, came) = entry(1, 1, 100, doubtful);
        let because = |by, number, reason| {
            let what = PresenceWhat::Reason {
                target: stamp,
                reason,
                comment: None,
            };
            entry(by, number, 200, what)
        };
        let mut presence =
            Presence::from([(stamp, came), because(2, 9, PresenceReason::Emergency)]);
        let state = |presence: &Presence| presence_state(presence, stamp).unwrap();
        assert_eq!(state(&presence), PresenceState::ReasonNeeded);
        presence.extend([
            because(1, 3, PresenceReason::DeviceTrouble),
            because(1, 2, PresenceReason::NoCoverage),
        ]);
        assert_eq!(state(&presence), PresenceState::Explained);
        let (reason, _) = presence_reason(&presence, stamp).unwrap();
        assert_eq!(reason, PresenceReason::DeviceTrouble);
    }

    #[test]
    fn stays_that_touch_do_not_overlap() {
        let span = |from, until| (Millis(from), Millis(until));
        assert!(!Attendance::overlaps(span(0, 10), span(10, 20)));
        assert!(Attendance::overlaps(span(0, 11), span(10, 20)));
        assert!(Attendance::overlaps(span(5, 6), span(0, 20)));
    }

    #[test]
    fn what_a_later_version_stamps_is_read_past() {
        let (_, mut known) = entry(1, 1, 100, came());
        known.what = PresenceWhat::Unknown;
        let mut json = serde_json::to_value(&known).unwrap();
        json["what"] = "handed_over".into();
        json["to"] = "somebody".into();
        let read: PresenceEntry = serde_json::from_value(json).unwrap();
        assert_eq!(read, known);
    }
}
