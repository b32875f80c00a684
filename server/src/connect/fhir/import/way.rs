//! How a visit came about, as our own export says it in extensions of the appointment. Their
//! stamps say the instant alone: no clock of a phone vouches for it here.

use std::collections::BTreeMap;

use homeround::model::{
    Booking, Clock, DuplicateEntry, DuplicateVerdict, EntryId, Handover, MINUTE_MS, PersonId,
    Stamp, Unplanned, VisitId,
};
use serde::de::DeserializeOwned;

use super::super::export::EXTENSIONS;
use super::super::ident::{Target, derive};
use super::super::instant;
use super::super::types as fhir;
use super::{Importer, Kind};

/// What the extensions say; what can't be read is left out.
pub(super) struct Way {
    pub(super) unplanned: Option<Unplanned>,
    pub(super) handover: Option<Handover>,
    pub(super) duplicates: BTreeMap<EntryId, DuplicateEntry>,
}

impl Importer<'_> {
    pub(super) fn way(&self, source: &fhir::Appointment, booking: &Booking) -> Way {
        let named = |name: &str| {
            let url = format!("{EXTENSIONS}/{name}");
            let said = source.extension.iter();
            said.filter(move |said| said.url == url)
        };
        let decided = named("duplicate").filter_map(|said| self.decided(said, booking.visit));
        Way {
            unplanned: named("unplanned").find_map(|said| self.unplanned(said, booking)),
            handover: named("handover").find_map(|said| self.handover(said)),
            duplicates: decided.collect(),
        }
    }

    fn unplanned(&self, said: &fhir::Extension, booking: &Booking) -> Option<Unplanned> {
        let window = (booking.end_ms.0 - booking.start_ms.0) / MINUTE_MS;
        let unplanned = Unplanned {
            by: self.named(said, "by")?,
            stamp: self.made(said)?,
            reason: code(said, "reason")?,
            comment: comment(said),
            service: booking.service.clone(),
            start_ms: booking.start_ms,
            minutes: u32::try_from(window).ok()?,
            time_zone: booking.time_zone.clone(),
        };
        unplanned.check().is_ok().then_some(unplanned)
    }

    fn handover(&self, said: &fhir::Extension) -> Option<Handover> {
        let handover = Handover {
            by: self.named(said, "by")?,
            to: self.named(said, "to")?,
            reason: code(said, "reason")?,
            comment: comment(said),
            stamp: self.made(said)?,
        };
        handover.check().is_ok().then_some(handover)
    }

    /// A decision about another visit of the same input; about one that is not there it
    /// would be about nothing.
    fn decided(&self, said: &fhir::Extension, visit: VisitId) -> Option<(EntryId, DuplicateEntry)> {
        let reference = fhir::Reference {
            reference: part(said, "other")?.value_identifier.value.clone(),
            ..fhir::Reference::default()
        };
        let Target::Entry(other) = self.index.find(&reference, "Appointment") else {
            return None;
        };
        let is_visit = self.slots.get(other).map(|slot| slot.kind) == Some(Kind::Appointment);
        let other = VisitId(self.id(other));
        let id = EntryId(derive(visit.0, &["duplicate", &other.to_string()]));
        let entry = DuplicateEntry {
            other,
            verdict: code(said, "verdict")?,
            by: self.named(said, "by")?,
            stamp: self.made(said)?,
            comment: comment(said),
        };
        (is_visit && entry.verdict != DuplicateVerdict::Unknown).then_some((id, entry))
    }

    pub(super) fn named(&self, said: &fhir::Extension, name: &str) -> Option<PersonId> {
        let reference = &part(said, name)?.value_reference;
        match self.index.find(reference, "Practitioner") {
            Target::Entry(target) => self.person(target),
            _ => None,
        }
    }

    fn made(&self, said: &fhir::Extension) -> Option<Stamp> {
        let wall_ms = instant::read(&part(said, "made")?.value_instant, self.zone)?;
        Some(Stamp {
            clock: Clock {
                wall_ms,
                monotonic_ms: 0,
                boot_id: 0,
            },
            anchor: None,
        })
    }
}

pub(super) fn part<'e>(said: &'e fhir::Extension, name: &str) -> Option<&'e fhir::Extension> {
    said.extension.iter().find(|part| part.url == name)
}

pub(super) fn code<T: DeserializeOwned>(said: &fhir::Extension, name: &str) -> Option<T> {
    let code = part(said, name)?.value_code.clone();
    serde_json::from_value(code.into()).ok()
}

fn comment(said: &fhir::Extension) -> Option<String> {
    part(said, "comment").map(|part| part.value_string.clone())
}
