//! What phones do with the backend, and what is looked at afterwards.

use std::collections::BTreeSet;

use homeround::app::{AppError, Whereabouts};
use homeround::model::{DocumentId, PatientId};
use homeround::sync::SyncState;

use super::super::reference::Leash;
use super::{History, LEASE_MS, LOGINS, Told};
use crate::stage::Moment;

/// Runs after which a phone must have nothing more to say.
const RUNS_MAX: usize = 6;
/// Requests of a run, one of which is cut.
const REQUESTS: u64 = 4;

impl History<'_> {
    /// What an unsettled edit of somebody would come to if it were offered now.
    fn expect(&mut self, hand: usize) {
        for at in 0..self.edits.len() {
            let (whom, writers) = (self.edits[at].whom, self.edits[at].writers);
            if self.edits[at].hand != hand || self.edits[at].settled {
                continue;
            }
            let role = self.ground.hands[hand].role;
            let letter = super::reference::letter(role);
            let stands = self.in_scope(hand, whom) && writers.contains(letter);
            self.edits[at].expected.insert(stands);
        }
    }

    /// A run that ends at some request, as when a process is killed.
    pub(super) fn cut(&mut self, hand: usize) {
        let at = usize::try_from(self.dice.below(REQUESTS)).unwrap_or(0);
        let moment = if self.dice.chance(50) {
            Moment::Before
        } else {
            Moment::After
        };
        self.expect(hand);
        self.sign_in(hand);
        self.figures.runs += 1;
        let it = &mut self.ground.hands[hand];
        let was_cut = it.phone.sync_cut(&self.ground.stage.backend, at, moment);
        it.phone.restart_with(|_| ());
        self.tell(format!(
            "{}'s run is cut at {at} {moment:?}: {was_cut}",
            LOGINS[hand]
        ));
        // How much it heard is not known: what it may show is known again after a whole run.
        self.ground.hands[hand].told = None;
        self.is_kept(hand);
    }

    /// Runs until there is nothing more to say.
    pub(super) fn sync(&mut self, hand: usize) {
        self.expect(hand);
        self.sign_in(hand);
        let backend = &self.ground.stage.backend;
        let phone = &self.ground.hands[hand].phone;
        let mut quiet = false;
        for _ in 0..RUNS_MAX {
            let report = phone.try_sync(backend);
            self.figures.runs += 1;
            let idle = matches!(report.ended, SyncState::Idle { .. });
            while !phone.app().idle_slice().unwrap().is_done() {}
            quiet = idle && phone.app().figures().unwrap().unsent == 0;
            if quiet {
                break;
            }
        }
        self.tell(format!("{} syncs", LOGINS[hand]));
        if !quiet {
            self.found
                .push(format!("{} does not come to an end", LOGINS[hand]));
        }
        let now = self.now();
        let patients = 0..self.ground.visits.len();
        let in_scope = patients.filter(|whom| self.in_scope(hand, *whom)).collect();
        self.ground.hands[hand].told = Some(Told {
            role: self.ground.hands[hand].role,
            book: self.book.clone(),
            in_scope,
            leash: Leash::granted(LEASE_MS, 1, now),
        });
        self.settle(hand, 0);
        self.holds_its_scope(hand);
    }

    fn sign_in(&self, hand: usize) {
        let it = &self.ground.hands[hand];
        let token = self.ground.stage.backend.token(it.login);
        it.phone.tokens.set(token);
    }

    /// A phone holds whom its person may see, and nobody else.
    fn holds_its_scope(&mut self, hand: usize) {
        let it = &self.ground.hands[hand];
        let held = it.phone.app().documents().unwrap();
        let visits = self.ground.visits.iter().enumerate();
        let held: BTreeSet<usize> = visits
            .filter(|(_, visit)| held.contains(&DocumentId::visit(**visit)))
            .map(|(whom, _)| whom)
            .collect();
        let Some(told) = &it.told else { return };
        let expected = told.in_scope.clone();
        for whom in held.difference(&expected) {
            self.forbidden(format!("{} still holds {whom}", LOGINS[hand]));
        }
        for whom in expected.difference(&held) {
            self.found
                .push(format!("{} was not given {whom}", LOGINS[hand]));
        }
    }

    /// The backend's document with everything in it, as text.
    fn standing(&self, whom: usize) -> String {
        let id = DocumentId::visit(self.ground.visits[whom]);
        self.ground.stage.supervisor().document(id)["view"].to_string()
    }

    /// Looks what became of somebody's edits from a number on, now that they were offered.
    pub(super) fn settle(&mut self, hand: usize, from: usize) {
        let documents: Vec<String> = (0..self.ground.visits.len())
            .map(|whom| self.standing(whom))
            .collect();
        for at in from..self.edits.len() {
            let edit = &self.edits[at];
            if edit.hand != hand || edit.settled || edit.expected.is_empty() {
                continue;
            }
            let stands = documents[edit.whom].contains(&format!("\"{}\"", edit.words));
            let words = edit.words.clone();
            match (stands, edit.expected.contains(&stands)) {
                (true, false) => self.forbidden(format!("{words} stands, and should not")),
                (false, false) => self.found.push(format!("{words} does not stand")),
                _ => {}
            }
            self.figures.accepted += u64::from(stands);
            self.figures.rejected += u64::from(!stands);
            self.edits[at].settled = true;
        }
        self.is_kept(hand);
    }

    /// No edit is gone: it stands, waits, is in a quarantine, or a reviewer has it.
    fn is_kept(&mut self, hand: usize) {
        let reviewed = self.ground.office_rejected();
        let mut gone = Vec::new();
        for edit in self.edits.iter().filter(|edit| edit.hand == hand) {
            let id = DocumentId::visit(self.ground.visits[edit.whom]);
            let app = self.ground.hands[hand].phone.app();
            let place = match app.whereabouts(id, &edit.hash) {
                // It shows nothing until it has heard the backend; then it is looked at again.
                Err(AppError::LeaseEnded) => continue,
                place => place.unwrap(),
            };
            let kept = reviewed.contains(&edit.hash.to_string())
                || place != Whereabouts::Nowhere
                || self
                    .standing(edit.whom)
                    .contains(&format!("\"{}\"", edit.words));
            if !kept {
                gone.push(format!("{} is nowhere", edit.words));
            }
        }
        self.figures.destroyed += gone.len() as u64;
        self.found.extend(gone);
    }

    /// Somebody looks at every patient.
    pub(super) fn look(&mut self, hand: usize) {
        for whom in 0..self.ground.visits.len() {
            let known = self.ground.hands[hand].told.is_some();
            let may = self.phone_may(hand, whom);
            let app = self.ground.hands[hand].phone.app();
            let patient: PatientId = self.ground.stage.patients[whom];
            let visit = app.visit(self.ground.visits[whom]).read();
            let shown = app.patient(patient).is_ok() || visit.is_ok();
            self.figures.looks += 1;
            self.tell(format!("{} looks at {whom}: {shown}", LOGINS[hand]));
            if shown && known && !may {
                self.forbidden(format!("{} is shown {whom}", LOGINS[hand]));
            }
            if let Ok(visit) = visit {
                self.shows_no_rejected(hand, whom, &serde_json::to_string(&visit).unwrap());
            }
        }
    }

    /// Nobody but its author is shown an edit that does not stand.
    fn shows_no_rejected(&mut self, hand: usize, whom: usize, shown: &str) {
        let standing = self.standing(whom);
        let mut seen = Vec::new();
        for edit in &self.edits {
            let words = format!("\"{}\"", edit.words);
            let own = edit.hand == hand && !edit.settled;
            if edit.whom == whom && !own && shown.contains(&words) && !standing.contains(&words) {
                seen.push(format!("{} is shown {}", LOGINS[hand], edit.words));
            }
        }
        for text in seen {
            self.forbidden(text);
        }
    }
}

impl super::Ground {
    /// The names of the changes that a reviewer is shown.
    fn office_rejected(&self) -> BTreeSet<String> {
        let rows = self.stage.supervisor().rejected();
        let names = rows.iter().filter_map(|row| row["hash"].as_str());
        names.map(str::to_owned).collect()
    }
}
