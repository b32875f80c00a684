//! One turn of a nurse's: where, what, and what came of it.

use std::collections::BTreeSet;

use homeround::app::{AppError, Homeround, Saved, Whereabouts};
use homeround::model::{ChangeHash, DocumentId, PatientId, VisitId};

use super::model::Claim;
use super::planted::Bug;
use super::work;
use super::world::World;

/// Visits that people still work on.
const VISITS_OPEN: usize = 12;
/// Of these, how many a person looks for on their phone.
const PLACES_TRIED: usize = 4;

impl World {
    /// Where somebody works: at one of the latest visits, most often one that the phone knows.
    fn place(&mut self, app: &Homeround) -> Option<(VisitId, PatientId)> {
        let from = self.model.visits.len().saturating_sub(VISITS_OPEN);
        let mut place = None;
        for _ in 0..PLACES_TRIED {
            let at = from + usize::try_from(self.dice.below(VISITS_OPEN as u64)).unwrap_or(0);
            let visits = &self.model.visits;
            place = visits.get(at).or(visits.last()).copied();
            if place.is_some_and(|(visit, _)| app.patient_of(DocumentId::visit(visit)).is_ok()) {
                break;
            }
        }
        place
    }

    /// One edit, told to the model if the phone said that it is saved.
    pub(super) fn work(&mut self, number: usize) {
        let Some(app) = self.phones[number].app().cloned() else {
            return;
        };
        let Some(place) = self.place(&app) else {
            return;
        };
        if self.is_the_patients_turn(number, place.0)
            || self.gives_the_phone_back(number)
            || self.takes_a_photo(number, place.0)
        {
            return;
        }
        // Who is here in an emergency books nothing and is not booked.
        let person = self.phones[number].person;
        if self.is_an_emergency(number) || self.model.is_guest(person, place.1) {
            return;
        }
        let edit = self.next_number();
        let mut again = self.dice.clone();
        let mut tried = work::edit(&app, place, edit, &mut self.dice);
        if self.plan.bug == Some(Bug::RetryAppendsTwice) && self.dice.chance(10) {
            let _ = work::edit(&app, place, edit, &mut again);
        }
        if let (Err(error), Some(Bug::ToldBeforeCommit)) = (&tried.saved, self.plan.bug)
            && self.trouble.is_disk_trouble(number, error)
        {
            tried.saved = Ok(Saved {
                hash: ChangeHash([7; 32]),
                entry: None,
                revision: 0,
            });
        }
        if tried.saved.is_ok()
            && let Some(visit) = tried.made
        {
            self.model.visits.push((visit, place.1));
        }
        self.tried(number, &app, tried);
        self.look_for_death(number);
    }

    /// What came of an edit.
    pub(super) fn tried(&mut self, number: usize, app: &Homeround, tried: work::Tried) {
        let what = tried.what;
        match tried.saved {
            Ok(saved) => {
                self.figures.acknowledged += 1;
                self.note(&format!("phone {number} {what} {}", saved.hash));
                let now = self.time.ms();
                let mut claim = Claim::new(number, tried.document, now, (what, saved), tried.facts);
                claim.knew = self.known_to(app, &claim);
                if self.phones[number].disk.is_dead() {
                    self.model.murky.insert(tried.document);
                }
                self.model.claims.push(claim);
            }
            Err(error) => {
                self.figures.refused += 1;
                self.note(&format!("phone {number} {what} refused: {error:?}"));
                if self.trouble.is_disk_trouble(number, &error) {
                    // Killed in the middle: it may be there all the same.
                    self.model.murky.insert(tried.document);
                }
                self.refused(number, what, &error);
            }
        }
    }

    /// The earlier claims on the same field that its author's phone holds.
    fn known_to(&self, app: &Homeround, claim: &Claim) -> BTreeSet<usize> {
        let Some((field, _)) = claim.field() else {
            return BTreeSet::new();
        };
        let earlier = self.model.on_field(claim.document, field);
        let held = earlier.filter(|(_, other)| {
            let place = app.whereabouts(other.document, &other.hash);
            matches!(place, Ok(Whereabouts::Document | Whereabouts::Outbox))
        });
        held.map(|(index, _)| index).collect()
    }

    /// Whether a refusal is one that a nurse could expect here.
    pub(super) fn refused(&mut self, number: usize, what: &str, error: &AppError) {
        let expected = match error {
            AppError::Refused { .. }
            | AppError::Step(_)
            | AppError::NotAllowed { .. }
            | AppError::Warned { .. }
            | AppError::LeaseEnded
            | AppError::Signed { .. }
            | AppError::ConflictsOpen { .. }
            | AppError::NotFound { .. } => true,
            other => self.trouble.is_disk_trouble(number, other),
        };
        if !expected {
            self.violated(format!("phone {number}: {what} failed with {error:?}"));
        }
    }
}
