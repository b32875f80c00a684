//! A patient with a letter: opens the link in it, answers over the page, and is told that it
//! arrived; or is not, and tries again.

use axum::http::{HeaderMap, StatusCode};
use homeround::merge::Document;
use homeround::model::{ChangeHash, DocumentId, EntryId, SurveyEntry, SurveyResponse};
use serde_json::{Value, json};

use super::model::{Claim, PATIENT};
use super::post::{Taken, document};
use super::work;
use super::world::{Event, MINUTE, World};

/// Where patients reach the backend.
pub(super) const ADDRESS: &str = "https://care.example.org";
const FORM: &str = "application/x-www-form-urlencoded";
/// How long after a letter somebody opens it, at most.
const OPENED_MS: u64 = 40 * 60_000;
/// How often somebody tries.
const TRIES_MAX: u32 = 6;
/// Of a hundred requests, and of a hundred answers, so many are lost.
const LOST: u64 = 15;

/// A letter in somebody's hands.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    /// The path of the page.
    page: String,
    invitation: EntryId,
    visit: DocumentId,
    tries: u32,
    /// How often the backend had lost its last words when the letter was sent.
    losses: u64,
}

impl World {
    /// A letter that leads to the survey is opened, some time.
    pub(super) fn deliver(&mut self, letter: &Taken) {
        let Some(page) = letter.page.clone() else {
            return;
        };
        let claims = &mut self.model.claims.iter();
        let asked = claims.find(|claim| claim.entry == Some(letter.notice));
        let Some(visit) = asked.map(|claim| claim.document) else {
            return;
        };
        let reader = Reader {
            page,
            invitation: letter.notice,
            visit,
            tries: 0,
            losses: letter.losses,
        };
        let wait = self.draw_ms(OPENED_MS);
        self.after(wait, Event::Patient(Box::new(reader)));
    }

    /// The patient looks, or answers; who was not told that it arrived does so again, and now
    /// and then somebody who was.
    pub(super) fn open_letter(&mut self, mut reader: Reader) {
        reader.tries += 1;
        let thanked = match self.dice.chance(20) {
            true => self.look_at(&reader),
            false => self.answer_by(&reader),
        };
        let again = !thanked || self.dice.chance(30);
        if again && reader.tries < TRIES_MAX {
            let wait = MINUTE + self.draw_ms(OPENED_MS);
            self.after(wait, Event::Patient(Box::new(reader)));
        }
    }

    /// Opening the page answers nothing.
    fn look_at(&mut self, reader: &Reader) -> bool {
        let before = self.said(reader);
        let status = self.ask_page("GET", reader, Vec::new());
        self.check_status(reader, status, &[StatusCode::OK]);
        if status.is_some() && self.said(reader) != before {
            let name = reader.invitation;
            self.violated(format!("surveys: looking at {name} answered it"));
        }
        false
    }

    /// Answers; true: the patient was thanked.
    fn answer_by(&mut self, reader: &Reader) -> bool {
        let words = work::words(self.next_number());
        let overall = self.draw_ms(11);
        let typed = words.replace(' ', "+");
        let body = format!("lang=en&answered_by=patient&overall={overall}&comment={typed}");
        if self.dice.chance(LOST) {
            return false;
        }
        let before = self.said(reader);
        let status = self.ask_page("POST", reader, body.into_bytes());
        self.note(&format!(
            "a patient answers {}: {status:?}",
            reader.invitation
        ));
        self.check_status(reader, status, &[StatusCode::SEE_OTHER]);
        if status.is_none() {
            return false;
        }
        let after = self.said(reader);
        let name = reader.invitation;
        if before.as_ref().is_some_and(|before| !before.is_empty()) && before != after {
            self.violated(format!("surveys: the link of {name} worked twice"));
        }
        if status != Some(StatusCode::SEE_OTHER) || self.dice.chance(LOST) {
            return false;
        }
        match after {
            Some(said) if said.is_empty() => {
                self.violated(format!("surveys: {name} is thanked for and not there"));
            }
            Some(said) => self.promise(reader, said),
            None => {}
        }
        true
    }

    /// Each answer that stands there is one that the patient was told has arrived.
    fn promise(&mut self, reader: &Reader, said: Vec<Said>) {
        for one in said {
            let claims = &mut self.model.claims.iter();
            if claims.any(|claim| claim.entry == Some(one.entry)) {
                continue;
            }
            self.figures.answered += 1;
            self.model.claims.push(Claim {
                phone: PATIENT,
                document: reader.visit,
                at_ms: self.time.ms(),
                what: "answer by a link",
                hash: one.hash,
                entry: Some(one.entry),
                facts: work::entry("survey", "/answers/comment", one.comment),
                knew: std::collections::BTreeSet::new(),
                excused: false,
            });
        }
    }

    /// A link may lead nowhere once the backend lost what it knew of the letter, and be over
    /// once a visit has as many answers as it may.
    fn check_status(&mut self, reader: &Reader, status: Option<StatusCode>, good: &[StatusCode]) {
        let Some(status) = status else { return };
        let lost = self.server.post.losses() != reader.losses;
        let fine = good.contains(&status)
            || status == StatusCode::GONE
            || (lost && status == StatusCode::NOT_FOUND);
        if !fine {
            let name = reader.invitation;
            self.violated(format!("surveys: the page of {name} says {status}"));
        }
    }

    /// A request of a patient's own device; none: no answer came.
    fn ask_page(&mut self, method: &str, reader: &Reader, body: Vec<u8>) -> Option<StatusCode> {
        let headers = [("content-type", FORM.to_owned())];
        let answer = self.server.http(method, &reader.page, &headers, body);
        self.look_for_server_death();
        let up = self.server.is_up();
        answer
            .map(|answer: (StatusCode, HeaderMap, Vec<u8>)| answer.0)
            .filter(|_| up)
    }

    /// What the backend holds of answers by this link; none: it is off, or knows no such visit.
    fn said(&self, reader: &Reader) -> Option<Vec<Said>> {
        if !self.server.is_up() {
            return None;
        }
        let document = document(&self.server, reader.visit)?;
        Some(said_in(&document, reader.invitation))
    }
}

/// An answer as it stands in a visit.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    entry: EntryId,
    hash: ChangeHash,
    comment: Value,
}

fn said_in(document: &Document, invitation: EntryId) -> Vec<Said> {
    let mut said = Vec::new();
    for (hash, _) in document.changes() {
        for touch in document.touched(&hash).unwrap_or_default() {
            let (Some(entry), Some(value)) = (touch.path.0.strip_prefix("survey/"), touch.value)
            else {
                continue;
            };
            let read = serde_json::from_value::<SurveyEntry>(value);
            if let (Ok(entry), Ok(SurveyEntry::Answered(response))) = (entry.parse(), read)
                && response.invitation == Some(invitation)
            {
                let comment = comment_of(&response);
                said.push(Said {
                    entry,
                    hash,
                    comment,
                });
            }
        }
    }
    said
}

fn comment_of(response: &SurveyResponse) -> Value {
    response
        .answers
        .get("comment")
        .cloned()
        .unwrap_or(json!(null))
}
