//! The calls of virtual visits, notices, messages, the card, and what changed since.

use homeround_ffi::{
    BreakWish, ChangeQuery, LobbyStep, NewConsent, NewNoticeWishes, NoticeKind, OrderOptions,
    PhoneFallback, Place, QuietHours, TravelModel,
};

use super::feed::{Feed, crossed};
use super::{Bindings, Told, told};

/// An honest input of each, without the byte that says which.
pub(super) const HONEST: [&[u8]; 8] = [
    // Agreed, by e-mail, at no quiet hours.
    &[1, 0, 0, 0, 0, 1, 0, 0],
    // Late, in five to ten minutes.
    &[0, 0, 0, 5, 0, 10],
    // Given by the patient.
    &[1, 0, 0, 0, 0],
    // The patient is there.
    &[1, 1],
    // No video.
    &[1, 0, 0, 0],
    // In the context of no visit.
    &[0, 0, 0],
    // The first fifty.
    &[1, 0, 1, 50],
    // What waits was read.
    &[1],
];
/// How many there are.
pub(super) const CALLS: u8 = HONEST.len() as u8;

const MINUTE_MS: i64 = 60_000;

impl Bindings {
    /// What is written into the chart or the visit, by its number among these.
    pub(super) fn newer(&self, kind: u8, feed: &mut Feed<'_>) -> (&'static str, Told) {
        match kind {
            0 => (
                "wishes",
                told(self.face.chart.set_notice_wishes(crossed(NewNoticeWishes {
                    agreed: feed.flag(),
                    wished_by: feed.one(&["patient", "representative", "later"]),
                    channel: feed.one(&["email", "sms", "later"]),
                    address: match feed.below(3) {
                        0 => "ana@example.org".into(),
                        1 => "+16175550123".into(),
                        _ => feed.text(),
                    },
                    language: feed.maybe(Feed::text),
                    quiet: feed.maybe(|feed| QuietHours {
                        from_minute: u16::from(feed.byte()) * 6,
                        until_minute: u16::from(feed.byte()) * 6,
                    }),
                }))),
            ),
            1 => ("notice", self.notice(feed)),
            2..=4 => self.call(kind, feed),
            5 => (
                "card",
                told(self.patient().and_then(|patient| {
                    let visits = [self.visit, self.call, feed_visit(feed)];
                    patient.card(feed.maybe(|feed| visits[feed.below(3)]))
                })),
            ),
            6 => (
                "since",
                told(self.patient().and_then(|patient| {
                    patient.since_last_here(crossed(ChangeQuery {
                        skip: feed.small(),
                        limit: feed.small(),
                    }))
                })),
            ),
            _ => ("messages", self.messages(feed)),
        }
    }

    /// A notice as it would go, and one that is asked for.
    fn notice(&self, feed: &mut Feed<'_>) -> Told {
        let visit = &self.face.call;
        let kind: NoticeKind = feed.one(&["late", "on_my_way", "later"]);
        if feed.flag() {
            return told(visit.notice_draft(kind, crossed(order(feed))));
        }
        let now = self.patient()?.card(None)?.now_ms;
        let mut at = || match feed.flag() {
            true => feed.signed(),
            false => now + i64::from(feed.byte()) * MINUTE_MS,
        };
        let (from, until) = (at(), at());
        told(visit.notify(kind, from, until))
    }

    /// What happens around a call.
    fn call(&self, kind: u8, feed: &mut Feed<'_>) -> (&'static str, Told) {
        let visit = match feed.below(8) {
            0 => &self.face.visit,
            _ => &self.face.call,
        };
        match kind {
            2 => (
                "consent",
                told(visit.record_consent(crossed(NewConsent {
                    decision: feed.one(&["given", "declined", "later"]),
                    party: feed.one(&["patient", "representative", "later"]),
                    form: feed.one(&["spoken", "written", "later"]),
                    name: feed.maybe(Feed::text),
                }))),
            ),
            3 => {
                let steps = [
                    LobbyStep::Waiting,
                    LobbyStep::InLobby,
                    LobbyStep::Joined,
                    LobbyStep::Left,
                ];
                let step = steps[feed.below(steps.len())];
                ("lobby", told(visit.note_lobby(crossed(step))))
            }
            _ => (
                "fall_back",
                told(visit.fall_back_to_phone(crossed(PhoneFallback {
                    reason: feed.one(&["no_video", "connection", "later"]),
                    comment: feed.maybe(Feed::text),
                    phone: feed.maybe(Feed::text),
                }))),
            ),
        }
    }

    /// A message that is read, and one that is taken back.
    fn messages(&self, feed: &mut Feed<'_>) -> Told {
        let chart = &self.face.chart;
        if feed.flag() {
            return told(chart.mark_messages_read());
        }
        let sent = chart.messages()?;
        let some = sent.get(feed.below(sent.len())).map(|message| message.id);
        let which = match some {
            Some(id) if feed.flag() => id,
            _ => self.entry(feed),
        };
        told(chart.take_back_message(which, feed.text()))
    }

    /// Whether what these calls write still reads.
    pub(super) fn newer_works(&self) -> bool {
        let (face, patient) = (&self.face, self.patient());
        let first = ChangeQuery { skip: 0, limit: 50 };
        face.call.read().is_ok()
            && face.call.notices().is_ok()
            && face.chart.notice_wishes().is_ok()
            && face.chart.messages().is_ok()
            && patient.is_ok_and(|patient| {
                patient.card(Some(self.call)).is_ok() && patient.since_last_here(first).is_ok()
            })
    }
}

fn feed_visit(feed: &mut Feed<'_>) -> homeround::model::VisitId {
    homeround::model::VisitId(uuid::Uuid::from_u128(u128::from(feed.whole())))
}

fn order(feed: &mut Feed<'_>) -> OrderOptions {
    let place = |feed: &mut Feed<'_>| Place {
        latitude_deg: feed.figure(),
        longitude_deg: feed.figure(),
    };
    OrderOptions {
        suggest: feed.flag(),
        person: None,
        start: feed.maybe(place),
        end: feed.maybe(place),
        breaks: feed.some(|feed| BreakWish {
            earliest_ms: feed.signed(),
            latest_ms: feed.signed(),
            minutes: feed.small(),
        }),
        travel: feed.maybe(|feed| TravelModel {
            detour: feed.figure(),
            speed_kmh: feed.figure(),
            per_leg_s: feed.small(),
            unknown_leg_s: feed.small(),
        }),
        legs: Vec::new(),
        leeway_minutes: feed.small(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::super::super::dice::Dice;
    use super::super::super::Door;
    use super::*;

    #[test]
    fn each_of_the_newer_calls_takes_something() {
        let mut door = Bindings::new();
        let seeds = door.seeds();
        let newer = &seeds[seeds.len() - usize::from(CALLS)..];
        let (mut dice, mut taken) = (Dice::new(1), BTreeSet::new());
        for _ in 0..8 {
            for seed in newer {
                let altered = door.mutate(&mut dice, seed, newer[0].as_slice());
                for input in [seed, &altered] {
                    let outcome = door.knock(input);
                    assert!(!outcome.poisoned, "{}", outcome.code);
                    if outcome.accepted {
                        taken.insert(outcome.code);
                    }
                }
            }
        }
        let missed: Vec<_> = [
            "wishes",
            "notice",
            "consent",
            "lobby",
            "fall_back",
            "card",
            "since",
            "messages",
        ]
        .iter()
        .filter(|name| !taken.contains(**name))
        .collect();
        assert!(missed.is_empty(), "{missed:?}");
    }
}
