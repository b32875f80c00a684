//! A phone in a patient's hands: it is lent, the survey is answered on it, and the nurse
//! takes it back. Each step is one of the nurse's turns, so that syncs, faults and answers
//! that were on their way fall in between.

use std::collections::BTreeMap;

use homeround::app::{AppError, Homeround, Saved, SessionState, SurveyDesk};
use homeround::forms::Answer;
use homeround::model::{DocumentId, ReportedBy, VisitId, VisitStatus};
use homeround::vault::Unlock;
use serde_json::json;

use super::check;
use super::work::{self, Tried};
use super::world::World;

/// Of a hundred turns in a visit that has begun so many are the patient's.
const LENT: u64 = 12;
/// Of a hundred turns of a lent phone so many answer the survey; with the others it is back.
const ANSWERED: u64 = 45;

impl World {
    /// Whether the phone is lent or lent now: then this turn is over.
    pub(super) fn is_the_patients_turn(&mut self, number: usize, visit: VisitId) -> bool {
        let Some(process) = &self.phones[number].process else {
            return false;
        };
        let app = process.app.clone();
        let Some(desk) = process.lent.clone() else {
            return self.lend(number, &app, visit);
        };
        check::lent(self, number, desk.visit());
        if self.dice.chance(ANSWERED) {
            self.answer_on(number, &app, &desk);
        } else {
            self.give_back(number);
        }
        true
    }

    fn lend(&mut self, number: usize, app: &Homeround, visit: VisitId) -> bool {
        let begun = app.visit(visit).read().is_ok_and(|seen| {
            !matches!(
                seen.status,
                VisitStatus::Scheduled | VisitStatus::Traveling | VisitStatus::Missed
            )
        });
        if !begun || !self.dice.chance(LENT) {
            return false;
        }
        match app.visit(visit).lend_for_survey() {
            Ok(desk) => {
                self.note(&format!("phone {number} is lent"));
                if let Some(process) = &mut self.phones[number].process {
                    process.lent = Some(desk);
                }
                check::lent(self, number, visit);
            }
            Err(error) => {
                self.note(&format!("phone {number} is not lent: {error:?}"));
                self.refused(number, "lending", &error);
            }
        }
        self.look_for_death(number);
        true
    }

    fn answer_on(&mut self, number: usize, app: &Homeround, desk: &SurveyDesk) {
        let words = work::words(self.next_number());
        let answers = BTreeMap::from([
            ("overall".to_owned(), Answer::Integer(self.draw_ms(11))),
            ("comment".to_owned(), Answer::Text(words.clone())),
        ]);
        let by = match self.dice.chance(70) {
            true => ReportedBy::Patient,
            false => ReportedBy::Representative,
        };
        let saved: Result<Saved, AppError> = desk.finish(by, "en", &answers);
        let facts = work::entry("survey", "/answers/comment", json!(words));
        let tried = Tried::on(DocumentId::visit(desk.visit()), ("survey", saved, facts));
        self.tried(number, app, tried);
        self.look_for_death(number);
    }

    /// The nurse has the phone again.
    pub(super) fn give_back(&mut self, number: usize) {
        let Some(process) = &mut self.phones[number].process else {
            return;
        };
        if process.lent.take().is_none() {
            return;
        }
        let app = process.app.clone();
        let unlocked = app.unlock(&Unlock::Biometric);
        self.note(&format!("phone {number} is back"));
        if let Err(error) = unlocked {
            self.refused(number, "unlocking", &error);
        } else if app.session() != SessionState::Ready {
            self.violated(format!("lent: phone {number} is back and not ready"));
        }
    }
}
