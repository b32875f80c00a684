//! Who was in the home: stamps that are signed, chained and judged, and never
//! stop anybody.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::edit::{Desk, Saved};
use super::error::AppError;
use super::visit::VisitHandle;
use crate::merge::Op;
use crate::model::{
    Attendance, DAY_MS, DocumentId, EntryId, LastPlace, Millis, NoFix, PRESENCE_COMMENT_CHARS_MAX,
    PersonId, Place, Presence, PresenceEntry, PresenceReason, PresenceState, PresenceWhat,
    Sighting, Visit, VisitId, attendances, is_checked_in, presence_state,
};
use crate::store::{Rows, WriteTx};
use crate::vault::{StampPlace, sign_stamp};

/// Where the device's chain of stamps stands.
pub(super) const CHAIN: &str = "presence_chain";
/// How far from an attendance the windows of visits are that may share its time.
const OVERLAP_WINDOW_MS: i64 = DAY_MS;
/// Before the first stamp of a chain.
const NO_STAMP: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Whether somebody comes or leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    In,
    Out,
}

/// One person's time in the home, as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceView {
    /// Who, and between which stamps.
    pub attendance: Attendance,
    /// Other visits on this phone at which the same person was at the same time.
    pub overlaps: Vec<VisitId>,
}

/// The last stamp of this device's chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    chain: String,
    number: u64,
    hash: String,
    last: Option<LastPlace>,
}

impl Head {
    fn read(rows: &Rows) -> Result<Option<Self>, AppError> {
        let stored = rows.meta(CHAIN)?;
        // One that can't be read begins a new chain, which the records show.
        Ok(stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    fn write(&self, tx: &WriteTx<'_>) -> Result<(), AppError> {
        let bytes = serde_json::to_vec(self).map_err(|_| AppError::Failed { code: "encode" })?;
        tx.put_meta(CHAIN, Some(&bytes)).map_err(AppError::from)
    }
}

impl VisitHandle {
    /// Checks in beside colleagues, or before them: the visit's status stays.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `presence` when the person is checked in already.
    pub fn join(&self, place: impl Into<Place>) -> Result<Saved, AppError> {
        self.mark(Mark::In, place.into())
    }

    /// Checks out while the visit goes on, or after it ended: the visit's status
    /// stays. Notes in the chart what this phone knew, for
    /// [`since_last_here`](super::Homeround::since_last_here).
    ///
    /// # Errors
    /// [`AppError::Refused`] on `presence` when the person is not checked in.
    pub fn leave(&self, place: impl Into<Place>) -> Result<Saved, AppError> {
        let saved = self.mark(Mark::Out, place.into())?;
        self.leave_look();
        Ok(saved)
    }

    fn mark(&self, mark: Mark, place: Place) -> Result<Saved, AppError> {
        check(&place)?;
        let action = match mark {
            Mark::In => "join",
            Mark::Out => "leave",
        };
        self.edit_stamped(action, |desk, clerk| {
            let stamps = stamps_of(desk)?.ok_or(AppError::NotFound { what: "presence" })?;
            let (due, limit) = match mark {
                Mark::In => (false, "a person who is not checked in"),
                Mark::Out => (true, "a person who is checked in"),
            };
            if is_checked_in(&stamps, desk.me) != due {
                return Err(refused("presence", limit));
            }
            Ok(vec![clerk.mark(desk, mark, place)?])
        })
    }

    /// Gives the reason for one's own stamp that is not verified. It can be given
    /// at once, later, and again: the last one counts.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such stamp; [`AppError::Refused`]
    /// on `target` for somebody else's, on `comment` when it is too long, or
    /// missing where the reason is `other`.
    pub fn explain_presence(
        &self,
        target: EntryId,
        reason: PresenceReason,
        comment: Option<String>,
    ) -> Result<Saved, AppError> {
        let comment = comment.filter(|text| !text.trim().is_empty());
        let length = comment.as_ref().map_or(0, |text| text.chars().count());
        if length > PRESENCE_COMMENT_CHARS_MAX {
            return Err(refused("comment", "1000 characters"));
        }
        if reason == PresenceReason::Other && comment.is_none() {
            return Err(refused("comment", "some words when the reason is other"));
        }
        self.edit_stamped("presence_reason", |desk, clerk| {
            let stamps = stamps_of(desk)?.unwrap_or_default();
            let stamp = stamps.get(&target);
            let stamp = stamp.filter(|one| one.what.sighting().is_some());
            let stamp = stamp.ok_or(AppError::NotFound { what: "stamp" })?;
            if stamp.by != desk.me {
                return Err(refused("target", "a stamp of one's own"));
            }
            let what = PresenceWhat::Reason {
                target,
                reason,
                comment,
            };
            Ok(vec![clerk.stamp(desk, what)?])
        })
    }

    /// Everybody's time in the home, in the order of arrival, with the visits on
    /// this phone at which the same person was at the same time.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn presence(&self) -> Result<Vec<PresenceView>, AppError> {
        let visit = self.read()?;
        let attended = attendances(&visit.presence);
        let mut shown: Vec<PresenceView> = attended
            .into_iter()
            .map(|attendance| PresenceView {
                attendance,
                overlaps: Vec::new(),
            })
            .collect();
        self.flag_overlaps(&visit.presence, &mut shown)?;
        Ok(shown)
    }

    /// One's own stamps that wait for a reason.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn reasons_needed(&self) -> Result<Vec<EntryId>, AppError> {
        let visit = self.read()?;
        let me = self.inner.reads()?.me.as_ref().map(|me| me.person);
        let own = visit.presence.iter().filter(|(_, one)| Some(one.by) == me);
        let waits = |id: &EntryId| {
            presence_state(&visit.presence, *id) == Some(PresenceState::ReasonNeeded)
        };
        Ok(own.map(|(id, _)| *id).filter(waits).collect())
    }

    fn flag_overlaps(
        &self,
        presence: &Presence,
        shown: &mut [PresenceView],
    ) -> Result<(), AppError> {
        if shown.is_empty() {
            return Ok(());
        }
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let clock = self.inner.clocks.now();
        let now = super::inner::best_now(&reader, clock)?;
        let spans: Vec<_> = shown
            .iter()
            .map(|one| span(&one.attendance, presence, now))
            .collect();
        let first = spans.iter().map(|span| span.0).min().unwrap_or(now);
        let last = spans.iter().map(|span| span.1).max().unwrap_or(now);
        let (from, until) = (first.plus(-OVERLAP_WINDOW_MS), last.plus(OVERLAP_WINDOW_MS));
        for row in reader.visits_between(from, until, None)? {
            if row.visit == self.id || reads.may_read(&reader, row.patient, clock).is_err() {
                continue;
            }
            // What this version can't read says nothing about anybody's time.
            let Ok(other) = super::project::read::<Visit>(&reader, DocumentId::visit(row.visit))
            else {
                continue;
            };
            let elsewhere = attendances(&other.presence);
            for (one, here) in shown.iter_mut().zip(&spans) {
                let shared = |there: &Attendance| {
                    there.person == one.attendance.person
                        && Attendance::overlaps(*here, span(there, &other.presence, now))
                };
                if elsewhere.iter().any(shared) {
                    one.overlaps.push(row.visit);
                }
            }
        }
        Ok(())
    }

    /// An edit that may stamp: what it signs and where the chain stands after it
    /// are one transaction.
    pub(super) fn edit_stamped(
        &self,
        action: &'static str,
        make: impl FnOnce(&mut Desk<'_>, &mut Clerk<'_>) -> Result<Vec<Op>, AppError>,
    ) -> Result<Saved, AppError> {
        let head: RefCell<Option<Head>> = RefCell::new(None);
        self.inner.edit_with(
            self.document(),
            action,
            |desk| {
                let mut clerk = Clerk {
                    visit: self,
                    head: None,
                };
                let ops = make(desk, &mut clerk)?;
                head.replace(clerk.head);
                Ok(ops)
            },
            |tx| head.take().map_or(Ok(()), |head| head.write(tx)),
        )
    }
}

/// Stamps, signs and chains.
pub(super) struct Clerk<'c> {
    visit: &'c VisitHandle,
    head: Option<Head>,
}

impl Clerk<'_> {
    /// The place of a step or a stamp; of a virtual visit there is none.
    pub(super) fn place(&self, desk: &Desk<'_>, place: Place) -> Result<Place, AppError> {
        super::virtual_visit::place(desk.rows, self.visit.id, place)
    }

    /// A check-in or a check-out, judged.
    pub(super) fn mark(
        &mut self,
        desk: &mut Desk<'_>,
        mark: Mark,
        place: Place,
    ) -> Result<Op, AppError> {
        let place = self.place(desk, place)?;
        let patient = super::patient::demographics(desk.rows, desk.patient)?;
        let home = patient.and_then(|patient| patient.address);
        let last = Head::read(desk.rows)?.and_then(|head| head.last);
        let policy = &desk.policy.presence;
        let seen = Sighting::judge(place, &desk.stamp, home.as_ref(), last.as_ref(), policy);
        self.stamp(
            desk,
            match mark {
                Mark::In => PresenceWhat::CheckIn(seen),
                Mark::Out => PresenceWhat::CheckOut(seen),
            },
        )
    }

    fn stamp(&mut self, desk: &mut Desk<'_>, what: PresenceWhat) -> Result<Op, AppError> {
        let inner = &self.visit.inner;
        let head = match Head::read(desk.rows)? {
            Some(head) => head,
            None => Head {
                chain: super::project::hex(&inner.random::<16>()?),
                number: 0,
                hash: NO_STAMP.into(),
                last: None,
            },
        };
        let fix = what.sighting().and_then(|seen| seen.fix);
        let here = fix.map(|fix| LastPlace {
            fix,
            stamp: desk.stamp,
        });
        let place = StampPlace {
            visit: self.visit.id,
            patient: desk.patient,
            entry: desk.mint()?,
        };
        let mut entry = PresenceEntry {
            by: desk.me,
            stamp: desk.stamp,
            what,
            chain: head.chain,
            number: head.number.saturating_add(1),
            previous: head.hash,
            device_key: String::new(),
            signature: String::new(),
        };
        let hash = {
            let slot = inner.vault();
            let vault = slot.as_ref().ok_or(AppError::Locked)?;
            let session = vault.session().map_err(super::session::vault_error)?;
            sign_stamp(session, &place, &mut entry)?
        };
        let op = Desk::append_as("presence", place.entry, &entry)?;
        self.head = Some(Head {
            chain: entry.chain,
            number: entry.number,
            hash,
            last: here.or(head.last),
        });
        Ok(op)
    }
}

/// The stamps of the visit on the desk; none: an earlier backend made the visit,
/// and it has no room for stamps. Its steps still say who came when.
pub(super) fn stamps_of(desk: &Desk<'_>) -> Result<Option<Presence>, AppError> {
    let section = &desk.view["presence"];
    if !section.is_object() {
        return Ok(None);
    }
    let stamps = Presence::deserialize(section);
    stamps
        .map(Some)
        .map_err(|_| AppError::UpdateApp { found: 2, known: 1 })
}

/// Whether this person's check-in or check-out is due.
pub(super) fn is_due(stamps: &Presence, person: PersonId, mark: Mark) -> bool {
    is_checked_in(stamps, person) == (mark == Mark::Out)
}

pub(super) fn check(place: &Place) -> Result<(), AppError> {
    if *place == Place::Unknown(NoFix::Virtual) {
        // Whether a visit is virtual is the booking's to say, and no shell's.
        return Err(refused("no_fix", "why positioning gave no place"));
    }
    Ok(place.fix().map_or(Ok(()), |fix| fix.check())?)
}

/// From when until when; one who has not checked out is there until now.
fn span(attendance: &Attendance, presence: &Presence, now: Millis) -> (Millis, Millis) {
    let (begin, end) = attendance.span(presence);
    if attendance.is_open() {
        (begin, end.max(now))
    } else {
        (begin, end)
    }
}

fn refused(field: &str, limit: &str) -> AppError {
    AppError::Refused {
        field: field.into(),
        limit: limit.into(),
    }
}
