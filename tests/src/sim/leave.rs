//! A phone that is given back: what is unsent goes in escrow, the phone is wiped, and the
//! person sets up another one. The office has what was handed over before anything is wiped,
//! and brings it to the backend later.

use std::collections::BTreeSet;

use homeround::app::{AppError, Homeround, SessionState};
use homeround::model::ChangeHash;
use homeround::sync::{Block, SyncState};
use homeround_server::service::ServiceError;

use super::faults::Cure;
use super::model::Claim;
use super::planted::Bug;
use super::world::{Event, World};

/// Of a thousand turns with so many the phone is given back.
const GIVEN_BACK: u64 = 9;
/// Of a hundred who are told that work is unsent so many stay.
const STAYS: u64 = 20;
/// Times that one person's phone is given back: the backend keeps a limit of devices.
const TIMES_MAX: u64 = 20;
/// How long it takes to get another phone.
const ANOTHER_MS: u64 = 1_200_000;
/// How long the office takes to bring what it was handed.
const BRINGING_MS: u64 = 7_200_000;

/// What the office was handed.
pub(super) struct Escrowed {
    /// None: it was mislaid.
    blob: Option<Vec<u8>>,
    /// The changes in it.
    hashes: BTreeSet<ChangeHash>,
    /// How many waited for others when it was brought last.
    waiting: u64,
    /// Whether the phone is gone, and not merely meant to go.
    wiped: bool,
    /// Whether the phone had not synced since the backend was put back: what only that one had of
    /// what these build on went with the phone.
    unheard: bool,
}

impl World {
    /// Whether the phone is given back in this turn, or its person tries to.
    pub(super) fn gives_the_phone_back(&mut self, number: usize) -> bool {
        let given = self.phones[number].given_back;
        if given >= TIMES_MAX || self.leaving.below(1_000) >= GIVEN_BACK {
            return false;
        }
        let Some(app) = self.phones[number].app().cloned() else {
            return false;
        };
        match app.sign_out(None) {
            Err(AppError::Unsent { .. }) if self.leaving.chance(STAYS) => {
                self.note(&format!("phone {number} is not given back: work is unsent"));
            }
            Err(AppError::Unsent { .. }) => self.hand_over(number, &app),
            other => self.left(number, &app, other, "signing out"),
        }
        self.look_for_death(number);
        true
    }

    fn hand_over(&mut self, number: usize, app: &Homeround) {
        let escrow = match app.escrow() {
            Ok(escrow) => escrow,
            Err(error) => return self.left(number, app, Err(error), "escrow"),
        };
        // A disk that failed just now: nothing is handed over.
        let Some(hashes) = self.phones[number].unsent() else {
            return;
        };
        let count = escrow.receipt.changes;
        if hashes.len() as u64 != count {
            let unsent = hashes.len();
            self.violated(format!(
                "escrow: {count} of {unsent} unsent edits of phone {number}"
            ));
        }
        self.note(&format!("phone {number} hands over {count} edits"));
        self.figures.escrowed += count;
        let mislaid = self.plan.bug == Some(Bug::EscrowMislaid);
        let blob = (!mislaid).then_some(escrow.blob);
        self.escrows.push(Escrowed {
            blob,
            hashes,
            waiting: 0,
            wiped: false,
            unheard: self.trouble.unheard.contains(&number),
        });
        let later = i64::try_from(self.leaving.below(BRINGING_MS)).unwrap_or(0);
        self.after(later, Event::BringEscrows);
        let done = app.sign_out(Some(&escrow.receipt));
        let last = self.escrows.last_mut();
        last.expect("handed over").wiped = app.session() == SessionState::New;
        self.left(number, app, done, "signing out");
    }

    /// What came of leaving.
    fn left(&mut self, number: usize, app: &Homeround, done: Result<(), AppError>, what: &str) {
        match done {
            Ok(()) => {
                if app.session() != SessionState::New {
                    self.violated(format!("leave: phone {number} signed out and is not new"));
                }
                self.note(&format!("phone {number} is given back"));
                self.phones[number].end();
                let later = i64::try_from(self.leaving.below(ANOTHER_MS)).unwrap_or(0);
                self.after(later, Event::Healed(Cure::Start(number)));
            }
            // A photo that is not sent.
            Err(AppError::Unsent { .. }) => {
                self.note(&format!(
                    "phone {number} is not given back: a photo is unsent"
                ));
            }
            Err(error) => {
                self.note(&format!("phone {number} is not given back: {error:?}"));
                self.refused(number, what, &error);
            }
        }
    }

    /// A phone was wiped, and its person begins with another: what the backend does not have
    /// is where else it may be.
    pub(super) fn begin_anew(&mut self, number: usize) {
        self.note(&format!("phone {number} is another one"));
        self.figures.given_back += 1;
        let _ = self.risk(|_| true);
        self.risk_photos(|_| true);
        self.trouble.forget(number);
        let now = self.time.ms();
        let phone = &mut self.phones[number];
        phone.given_back += 1;
        phone.since_ms = now;
    }

    /// A phone that nobody knows yet is made known, or waits for a network.
    pub(super) fn introduce(&mut self, number: usize) {
        let session = self.phones[number].app().map(Homeround::session);
        if session != Some(SessionState::NotEnrolled) {
            return;
        }
        self.steady_server();
        if self.server.is_up() {
            return self.enrol(number);
        }
        self.phones[number].end();
        let later = i64::try_from(self.leaving.below(ANOTHER_MS)).unwrap_or(0);
        self.after(later, Event::Healed(Cure::Start(number)));
    }

    /// A backend that was put back to before it knew this phone says so: it is made known again.
    pub(super) fn heed(&mut self, number: usize, ended: &SyncState) {
        let unknown = matches!(
            ended,
            SyncState::Blocked {
                action: Block::EnrolAgain,
                ..
            }
        );
        if unknown && self.server.is_up() && self.phones[number].process.is_some() {
            self.note(&format!("phone {number} is made known again"));
            self.enrol(number);
        }
    }

    fn enrol(&mut self, number: usize) {
        self.phones[number].sign_in(&self.server);
        if let Err(error) = self.phones[number].enrol(&self.server) {
            self.refused(number, "enrolling", &error);
        }
        self.look_for_death(number);
    }

    /// The office brings what it was handed. Again, it changes nothing; after the backend was put
    /// back it may have lost it.
    pub(super) fn bring_escrows(&mut self) {
        self.steady_server();
        if !self.server.is_up() {
            return;
        }
        let (office, now) = (self.server.office(), self.time.wall());
        let there = self.server.changes();
        for index in 0..self.escrows.len() {
            let Escrowed { blob, hashes, .. } = &self.escrows[index];
            let Some(blob) = blob.as_ref().filter(|_| !hashes.is_subset(&there)) else {
                continue;
            };
            let backend = self.server.backend().clone();
            let taken = backend.take_escrow(&office, blob, now);
            match self.server.wait(taken) {
                Ok(taken) => {
                    self.escrows[index].waiting = taken.waiting;
                    self.note(&format!(
                        "office brings an escrow: {} taken, {} known, {} wait, {:?}",
                        taken.accepted, taken.duplicate, taken.waiting, taken.rejected
                    ));
                }
                // The phone stayed after all, and was made known again: it sends its work itself.
                Err(ServiceError::EscrowUnknown) if !self.escrows[index].wiped => {}
                Err(error) => self.violated(format!("escrow: the backend says {error}")),
            }
        }
    }

    /// After everybody synced: what waits in an escrow for a change that nobody has any more is
    /// not asked for.
    pub(super) fn excuse_what_waits_in_escrow(&mut self) {
        let there = self.server.changes();
        for index in 0..self.model.claims.len() {
            let claim = &self.model.claims[index];
            if !there.contains(&claim.hash) && self.waits_for_good(claim) {
                let told = claim.told();
                self.note(&format!("escrow: {told} waits for what nobody has"));
                self.model.claims[index].excused = true;
            }
        }
    }

    fn waits_for_good(&self, claim: &Claim) -> bool {
        let gone = self.model.murky.contains(&claim.document);
        let mut escrows = self.escrows.iter().filter(|one| one.waiting > 0);
        escrows.any(|one| (gone || one.unheard) && one.hashes.contains(&claim.hash))
    }

    pub(super) fn is_escrowed(&self, claim: &Claim) -> bool {
        let mut escrows = self.escrows.iter();
        escrows.any(|escrowed| escrowed.hashes.contains(&claim.hash))
    }

    /// Whether its author made it on a phone that was given back since.
    pub(super) fn was_given_back(&self, claim: &Claim) -> bool {
        let phone = self.phones.get(claim.phone);
        phone.is_some_and(|phone| claim.at_ms < phone.since_ms)
    }
}
