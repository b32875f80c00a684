//! A history over the real backend and real phones: who is shown what, which edits stand,
//! and that no rejected edit is gone before somebody has a receipt for it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the tests' own ground: what fails here fails the run"
)]

mod checks;

use std::collections::{BTreeMap, BTreeSet};

use homeround::app::AppError;
use homeround::merge::Op;
use homeround::model::{
    ChangeHash, Coding, DAY_MS, DocumentId, EntryId, Finding, HOUR_MS, Measured, ObservationEntry,
    PatientId, PersonId, Role, VisitId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reference::{self, Access, Leash, Why};
use crate::dice::Dice;
use crate::stage::{Booking, Device, Phone, START, Stage};

const LOGINS: [&str; 3] = ["nina", "theo", "aida"];
/// Roles that people are given. The office's other roles don't write in visits.
const ROLES: [Role; 4] = [Role::Nurse, Role::Therapist, Role::Aide, Role::Supervisor];
/// As the default policy has them.
const LEASE_MS: i64 = 72 * HOUR_MS;
const EMERGENCY_MS: i64 = 4 * HOUR_MS;
/// Everything ends half an hour beside whole hours, by which time passes: the moments
/// that a run takes by itself decide nothing.
const BESIDE_MS: i64 = HOUR_MS / 2;

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Things that happened.
    pub events: u64,
    /// Sync runs, whole or cut.
    pub runs: u64,
    /// Edits that a phone or a forger made.
    pub edits: u64,
    /// Of these, standing in the backend's document.
    pub accepted: u64,
    /// Of these, held for a reviewer or in a quarantine.
    pub rejected: u64,
    /// Edits that a phone refused.
    pub refused: u64,
    /// Times that a patient was looked at.
    pub looks: u64,
    /// What somebody was shown, or that stands, and should not.
    pub forbidden_visible: u64,
    /// Edits that are nowhere any more.
    pub destroyed: u64,
}

impl Figures {
    /// Adds another history's.
    pub const fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.runs += other.runs;
        self.edits += other.edits;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.refused += other.refused;
        self.looks += other.looks;
        self.forbidden_visible += other.forbidden_visible;
        self.destroyed += other.destroyed;
    }
}

/// What came of a history.
pub struct Outcome {
    /// What was counted.
    pub figures: Figures,
    /// What was not as it should be, with what happened before it; empty: everything was.
    pub found: Vec<String>,
}

/// An edit that somebody made.
struct Edit {
    hand: usize,
    whom: usize,
    /// Stands in what was written, and nowhere else.
    words: String,
    writers: &'static str,
    hash: ChangeHash,
    /// What it may have come to: more than one when a run was cut in between.
    expected: BTreeSet<bool>,
    settled: bool,
}

/// What a phone was told at its last whole sync.
struct Told {
    role: Role,
    book: Vec<Access>,
    in_scope: BTreeSet<usize>,
    leash: Leash,
}

struct Hand {
    login: &'static str,
    person: PersonId,
    phone: Phone,
    forger: Device,
    role: Role,
    told: Option<Told>,
}

/// A backend with people, patients and phones, on which histories are played one after
/// another.
pub struct Ground {
    stage: Stage,
    watcher: Device,
    hands: Vec<Hand>,
    visits: Vec<VisitId>,
    /// How many edits there were, over all histories.
    number: u64,
}

impl Default for Ground {
    fn default() -> Self {
        Self::new()
    }
}

impl Ground {
    /// A fresh one.
    #[must_use]
    pub fn new() -> Self {
        let stage = Stage::set_with(&["collection.json"]);
        let watcher = Device::enrol(&stage.backend, "sue", 90);
        let people = [stage.nurse, stage.therapist, stage.aide];
        let hands = LOGINS.iter().zip(people).zip(ROLES);
        let hands = hands
            .zip(91_u8..)
            .map(|(((login, person), role), seed)| Hand {
                login,
                person,
                phone: stage.phone(login),
                forger: Device::enrol(&stage.backend, login, seed),
                role,
                told: None,
            });
        let hands = hands.collect();
        let patients = stage.patients.iter().take(2);
        let book = |patient: &PatientId| stage.office().book(&Booking::of(*patient, &[]));
        let visits = patients.map(book).collect();
        Self {
            watcher,
            hands,
            visits,
            number: 0,
            stage,
        }
    }

    /// Plays one history.
    #[must_use]
    pub fn play(&mut self, seed: u64) -> Outcome {
        let mut history = History::begin(self, seed);
        for _ in 0..8 + history.dice.below(10) {
            history.figures.events += 1;
            history.event();
        }
        history.end();
        let story = history.story.join("; ");
        let found = history.found.into_iter();
        Outcome {
            figures: history.figures,
            found: found.map(|text| format!("{text} [{story}]")).collect(),
        }
    }
}

struct History<'g> {
    ground: &'g mut Ground,
    dice: Dice,
    book: Vec<Access>,
    edits: Vec<Edit>,
    figures: Figures,
    found: Vec<String>,
    story: Vec<String>,
}

impl<'g> History<'g> {
    /// Everybody has their first role and access to nobody.
    fn begin(ground: &'g mut Ground, seed: u64) -> Self {
        let mut history = Self {
            ground,
            dice: Dice::new(seed),
            book: Vec::new(),
            edits: Vec::new(),
            figures: Figures::default(),
            found: Vec::new(),
            story: Vec::new(),
        };
        for (hand, role) in ROLES.into_iter().take(LOGINS.len()).enumerate() {
            history.set_role(hand, role);
            for whom in 0..history.ground.visits.len() {
                history.end_grants(hand, whom);
            }
        }
        history.book.clear();
        history.grant(0, 0, None);
        for hand in 0..LOGINS.len() {
            history.sync(hand);
        }
        history.story.clear();
        history
    }

    fn now(&self) -> i64 {
        self.ground.stage.backend.clock.millis().0
    }

    fn tell(&mut self, text: String) {
        self.story.push(text);
    }

    fn forbidden(&mut self, text: String) {
        self.figures.forbidden_visible += 1;
        self.found.push(text);
    }

    fn event(&mut self) {
        let hand = usize::try_from(self.dice.below(3)).unwrap_or(0);
        let whom = usize::try_from(self.dice.below(2)).unwrap_or(0);
        match self.dice.below(100) {
            0..=11 => {
                let hours = 1 + i64::try_from(self.dice.below(60)).unwrap_or(0);
                let long = self.dice.chance(50).then_some(hours * HOUR_MS + BESIDE_MS);
                self.grant(hand, whom, long);
            }
            12..=20 => self.end_grants(hand, whom),
            21..=26 => {
                let role = *self.dice.pick(&ROLES);
                self.set_role(hand, role);
            }
            27..=33 => self.emergency(hand, whom),
            34..=43 => {
                let hours = *self.dice.pick(&[1, 1, 3, 5, 20, 80]);
                self.time_passes(hours);
            }
            44..=66 => self.edit(hand, whom),
            67..=73 => self.forge(hand, whom),
            74..=79 => self.cut(hand),
            80..=89 => self.sync(hand),
            _ => self.look(hand),
        }
    }

    fn end(&mut self) {
        for hand in 0..LOGINS.len() {
            self.sync(hand);
        }
        for hand in 0..LOGINS.len() {
            self.sync(hand);
            self.look(hand);
        }
        for at in 0..self.edits.len() {
            let edit = &self.edits[at];
            if !edit.settled {
                let text = format!("unsettled: {} of {}", edit.words, LOGINS[edit.hand]);
                self.found.push(text);
            }
        }
    }

    fn set_role(&mut self, hand: usize, role: Role) {
        let it = &mut self.ground.hands[hand];
        if it.role != role || self.ground.number == 0 {
            let _ = self.ground.stage.office().person(it.login, role);
            it.role = role;
        }
        self.tell(format!("{} becomes {}", LOGINS[hand], role.name()));
    }

    fn grant(&mut self, hand: usize, whom: usize, long: Option<i64>) {
        let from = self.now();
        let until = long.map(|long| from + long);
        let body = json!({
            "person": self.ground.hands[hand].person,
            "patient": self.ground.stage.patients[whom],
            "from_ms": from,
            "until_ms": until,
        });
        self.post("/v1/admin/grants", &body);
        self.tell(format!("{} gets {whom} for {long:?}", LOGINS[hand]));
        self.book.push(Access {
            who: hand,
            whom,
            why: Why::CareTeam,
            from,
            until,
            over: false,
        });
    }

    fn end_grants(&mut self, hand: usize, whom: usize) {
        let body = json!({
            "person": self.ground.hands[hand].person,
            "patient": self.ground.stage.patients[whom],
        });
        self.post("/v1/admin/grants/end", &body);
        self.tell(format!("{} loses {whom}", LOGINS[hand]));
        let theirs = self.book.iter_mut();
        for access in theirs.filter(|access| access.who == hand && access.whom == whom) {
            access.over = true;
        }
    }

    fn post(&self, path: &str, body: &Value) {
        let office = self.ground.stage.office();
        let answer = office.post(path, body.to_string().as_bytes());
        assert!(answer.status < 300, "{path}: {}", answer.json());
    }

    fn time_passes(&mut self, hours: i64) {
        self.ground.stage.backend.clock.pass(hours * HOUR_MS);
        for hand in &self.ground.hands {
            hand.phone.hands.pass(hours * HOUR_MS);
        }
        self.tell(format!("{hours} h pass"));
    }

    /// Whether somebody may read now, by what the office knows.
    fn in_scope(&self, hand: usize, whom: usize) -> bool {
        let role = self.ground.hands[hand].role;
        reference::may_read((hand, role), whom, &self.book, self.now(), DAY_MS)
    }

    fn emergency(&mut self, hand: usize, whom: usize) {
        let long = self.dice.chance(70);
        let reason = if long {
            "Found unresponsive at home"
        } else {
            "because"
        };
        let role = self.ground.hands[hand].role;
        let expected = reference::emergency(role, reason, EMERGENCY_MS, EMERGENCY_MS);
        let now = self.now();
        let it = &self.ground.hands[hand];
        let patient = self.ground.stage.patients[whom];
        let backend = &self.ground.stage.backend;
        let given = it.phone.break_glass(backend, it.login, patient, reason);
        self.tell(format!("{} asks for {whom}: {given:?}", it.login));
        match (given, expected) {
            (Ok(()), Some(long)) => self.book.push(Access {
                who: hand,
                whom,
                why: Why::Emergency,
                from: now,
                until: Some(now + long),
                over: false,
            }),
            (Ok(()), None) => self.forbidden("emergency: given, and should not be".into()),
            (Err(_), _) => {}
        }
    }

    /// What a phone may show or change, by what it was told and what it knows of time.
    fn phone_may(&mut self, hand: usize, whom: usize) -> bool {
        let now = self.now();
        let Some(told) = &mut self.ground.hands[hand].told else {
            return false;
        };
        let holds = told.leash.look(1, now);
        let (who, book) = ((hand, told.role), &told.book);
        let reads = reference::may_read(who, whom, book, now, DAY_MS);
        holds && told.in_scope.contains(&whom) && reads
    }

    /// Whether a phone takes an edit; none: what it was told is not known, or it ended by
    /// itself meanwhile.
    fn may_edit(&mut self, hand: usize, whom: usize, writers: &str) -> Option<bool> {
        let may = self.phone_may(hand, whom);
        let told = self.ground.hands[hand].told.as_ref()?;
        Some(may && writers.contains(reference::letter(told.role)))
    }

    fn edit(&mut self, hand: usize, whom: usize) {
        self.ground.number += 1;
        let words = format!("words {}", self.ground.number);
        let visit = self.ground.visits[whom];
        let medication = self.dice.chance(35);
        let writers = if medication { "NS" } else { "NTAS" };
        let may = self.may_edit(hand, whom, writers);
        let handle = self.ground.hands[hand].phone.app().visit(visit);
        let saved = if medication {
            let code = coding("Furosemide");
            handle.medication_given(None, code, None, Some(words.clone()))
        } else {
            handle.observe(START, finding(&words))
        };
        let short = saved.as_ref().map(|_| "saved").map_err(ToString::to_string);
        self.tell(format!(
            "{} writes {words} ({writers}) to {whom}: {short:?}",
            LOGINS[hand]
        ));
        match saved {
            Ok(saved) => {
                self.figures.edits += 1;
                if may == Some(false) {
                    let login = LOGINS[hand];
                    self.forbidden(format!("{login}'s phone took {words}, and should not"));
                }
                self.edits.push(Edit {
                    hand,
                    whom,
                    words,
                    writers,
                    hash: saved.hash,
                    expected: BTreeSet::new(),
                    settled: false,
                });
            }
            Err(AppError::NotAllowed { .. } | AppError::NotFound { .. } | AppError::LeaseEnded) => {
                self.figures.refused += 1;
            }
            Err(error) => self.found.push(format!("{words} failed: {error:?}")),
        }
    }

    /// An altered app writes past every check of the phone, and sends at once.
    fn forge(&mut self, hand: usize, whom: usize) {
        self.ground.number += 1;
        let words = format!("forged {}", self.ground.number);
        let id = DocumentId::visit(self.ground.visits[whom]);
        let ground = &mut *self.ground;
        ground.watcher.sign_in(&ground.stage.backend, "sue");
        let mut document = ground.watcher.document(id);
        let entry = ObservationEntry {
            by: self.ground.hands[hand].person,
            measured_at_ms: START,
            measured: Measured::default(),
            figures: BTreeMap::new(),
            finding: finding(&words),
        };
        let append = Op::Append {
            section: "observations".into(),
            id: EntryId(uuid::Uuid::from_u128(u128::from(self.ground.number) << 64)),
            entry: json!(entry),
        };
        let forger = &self.ground.hands[hand].forger;
        let actor = forger.actor(u8::try_from(self.ground.number % 250).unwrap_or(0));
        let Ok(edit) = document.edit(actor, START, &[append]) else {
            panic!("the forger's edit is sound");
        };
        let expected = self.in_scope(hand, whom);
        let it = &mut self.ground.hands[hand];
        it.forger.sign_in(&self.ground.stage.backend, it.login);
        let verdicts = it.forger.push(&[(id, &edit.bytes)]);
        self.tell(format!(
            "{} forges {words} for {whom}: {verdicts:?}",
            LOGINS[hand]
        ));
        self.figures.edits += 1;
        self.edits.push(Edit {
            hand,
            whom,
            words,
            writers: "NTAS",
            hash: edit.hash,
            expected: BTreeSet::from([expected]),
            settled: false,
        });
        self.settle(hand, self.edits.len() - 1);
    }
}

fn coding(text: &str) -> Coding {
    Coding {
        text: text.into(),
        ..Coding::default()
    }
}

fn finding(words: &str) -> Finding {
    Finding::Text {
        code: coding("Wound"),
        text: words.into(),
    }
}
