//! The simulation: one queue of events in the order of a simulated clock, one thread.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use homeround::model::{DocumentId, PatientId, Role};
use homeround::sync::{Lost, OpId, Request, Response, SyncState};
use homeround_server::service::NewPerson;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::model::Model;
use super::parts::Time;
use super::phone::Phone;
use super::plan::{Plan, Weather};
use super::planted::{self, Bug};
use super::server::Server;
use super::trace::Trace;
use super::{check, emergency, faults, files, leave, logs, office, patient, work};
use crate::disk::Dice;

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
/// How often everything is healed and looked at.
const CALM_EVERY: i64 = 2 * HOUR;
/// Rounds in which everything must have arrived everywhere.
pub(super) const ROUNDS_MAX: usize = 8;
/// Rounds in a row in which nobody had anything to say before everything is looked at.
const QUIET_ROUNDS: usize = 2;
pub(super) const ZONE: &str = "America/New_York";

/// Something that is going to happen.
pub(super) enum Event {
    /// A person does something on their phone.
    Work(usize),
    /// A phone syncs.
    Sync(usize),
    /// A request reaches the backend; its answer goes back unless it is a second copy.
    Arrive(usize, u64, Box<(Request, Option<String>)>, bool),
    /// An answer, or the end of patience, reaches a phone.
    Answer(usize, u64, OpId, Box<Result<Response, Lost>>),
    /// Something of a photo's way between a process of a phone and the backend.
    File(usize, u64, u64, files::Step),
    /// The office books the next visits.
    Book,
    /// The backend looks for notices that are due.
    Notices,
    /// The office brings what phones handed over.
    BringEscrows,
    /// Somebody opens a letter.
    Patient(Box<patient::Reader>),
    /// The next fault of the plan.
    Fault(usize),
    /// A fault ends.
    Healed(faults::Cure),
}

struct Due {
    at: i64,
    order: u64,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Edits that were told as saved.
    pub acknowledged: u64,
    /// Edits that were refused, as they should be.
    pub refused: u64,
    /// Acknowledged edits that are nowhere.
    pub lost: u64,
    /// Acknowledged edits that went with a phone that was put back to a backup.
    pub taken_back: u64,
    /// Sync runs.
    pub runs: u64,
    /// Requests that reached the backend.
    pub requests: u64,
    /// Faults that took place.
    pub faults: u64,
    /// Processes that were killed or lost their power.
    pub kills: u64,
    /// Edits that ended in a quarantine.
    pub quarantined: u64,
    /// Of these, those that were written anew meanwhile and are there under a later name.
    pub renamed: u64,
    /// Pushes with which the backend was given back what it had lost of others' work.
    pub brought_back: u64,
    /// Letters to patients that were handed over.
    pub letters: u64,
    /// Phones that were given back, each with another in its place.
    pub given_back: u64,
    /// Edits that went in escrow.
    pub escrowed: u64,
    /// Accesses that were taken in an emergency.
    pub emergencies: u64,
    /// Surveys that a patient was told have arrived.
    pub answered: u64,
    /// Photos that were told as saved.
    pub photos: u64,
    /// Times that one was sent whole.
    pub photos_sent: u64,
    /// Moments at which everything was looked at.
    pub checks: u64,
}

/// Everything there is.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) time: Time,
    pub(super) dice: Dice,
    /// Of when phones are given back: the days are the same without.
    pub(super) leaving: Dice,
    pub(super) folder: TempDir,
    pub(super) server: Server,
    /// The last one is the witness: it sees every patient, and nothing befalls it.
    pub(super) phones: Vec<Phone>,
    pub(super) model: Model,
    /// What the office was handed by phones that were wiped.
    pub(super) escrows: Vec<leave::Escrowed>,
    pub(super) weather: BTreeMap<usize, Weather>,
    pub(super) trouble: faults::Trouble,
    /// What a bug does to the backend's answers.
    pub(super) bugs: planted::Answers,
    /// The last push that an honest phone sent.
    pub(super) overheard: Option<Vec<u8>>,
    pub(super) trace: Trace,
    pub(super) figures: Figures,
    pub(super) violations: Vec<String>,
    queue: BinaryHeap<Reverse<Due>>,
    order: u64,
    serial: u64,
    number: u64,
}

impl World {
    /// Sets the stage of a plan.
    pub(super) fn new(plan: &Plan, root: &std::path::Path) -> Self {
        let folder = TempDir::new_in(root).unwrap();
        let time = Time::default();
        let mut dice = Dice::new(plan.seed);
        let server = Server::new(folder.path().join("server"), time.clone(), dice.fork());
        let mut world = Self {
            plan: plan.clone(),
            time,
            dice,
            leaving: Dice::new(plan.seed ^ 0x1eaf),
            folder,
            server,
            phones: Vec::new(),
            model: Model::default(),
            escrows: Vec::new(),
            weather: BTreeMap::new(),
            trouble: faults::Trouble::default(),
            bugs: planted::Answers::new(plan.bug),
            overheard: None,
            trace: Trace::default(),
            figures: Figures::default(),
            violations: Vec::new(),
            queue: BinaryHeap::new(),
            order: 0,
            serial: 1,
            number: 0,
        };
        world.populate();
        world
    }

    fn populate(&mut self) {
        let (office, now) = (self.server.office(), self.time.wall());
        emergency::limit(&self.server);
        let patients = crate::stage::fixture("collection.json");
        let backend = self.server.backend().clone();
        for bundle in [patients, work::own_form()] {
            let taken = backend.import_fhir_as_operator(office.tenant, &bundle, ZONE, now);
            let _ = self.server.wait(taken).unwrap();
        }
        let patients = self.server.wait(backend.patients(&office)).unwrap();
        logs::forbid(office::CALL);
        for patient in patients.iter().filter(|patient| !patient.deceased) {
            logs::forbid(&patient.name);
            self.model.patients.push(patient.id);
        }
        for number in 0..=self.plan.phones {
            let login = format!("nurse{number}");
            let new = NewPerson {
                id: None,
                login: login.clone(),
                name: login.clone(),
                role: Role::Nurse,
            };
            let person = self.server.wait(backend.put_person(&office, &new, now));
            let person = person.unwrap();
            for patient in self.model.patients.clone() {
                self.grant(person, patient);
            }
            let folder = self.folder.path().join(format!("phone{number}"));
            let (time, dice) = (self.time.clone(), self.dice.fork());
            let bug = self.plan.bug.filter(|_| number < self.plan.phones);
            let who = (login.as_str(), person);
            let phone = Phone::new(number, who, folder, &time, dice, &self.server, bug);
            self.phones.push(phone);
        }
        self.book();
        for phone in 0..self.phones.len() {
            self.sync_now(phone);
        }
    }

    pub(super) fn note(&mut self, text: &str) {
        self.trace.note(self.time.ms(), text);
    }

    pub(super) fn violated(&mut self, text: String) {
        self.note(&format!("VIOLATION {text}"));
        self.violations.push(text);
    }

    pub(super) fn after(&mut self, ms: i64, event: Event) {
        self.order += 1;
        let at = self.time.ms() + ms.max(0);
        let order = self.order;
        self.queue.push(Reverse(Due { at, order, event }));
    }

    pub(super) fn draw_ms(&mut self, end: u64) -> i64 {
        i64::try_from(self.dice.below(end)).unwrap_or(0)
    }

    pub(super) const fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A number that stands in one edit alone.
    pub(super) const fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Plays the plan to its end, or to the first violation.
    pub(super) fn play(&mut self) {
        for phone in 0..self.plan.phones {
            let (first, second) = (self.draw_ms(120_000), self.draw_ms(600_000));
            self.after(first, Event::Work(phone));
            self.after(second, Event::Sync(phone));
        }
        self.after(40 * MINUTE, Event::Book);
        self.after(MINUTE, Event::Notices);
        for fault in 0..self.plan.faults.len() {
            let at = self.plan.faults[fault].at_ms - self.time.ms();
            self.after(at, Event::Fault(fault));
        }
        let end = i64::try_from(self.plan.hours).unwrap_or(0) * HOUR;
        let mut calm = CALM_EVERY.min(end);
        while self.violations.is_empty() {
            let next = self.queue.peek().map(|Reverse(due)| due.at);
            match next {
                Some(at) if at <= calm => {
                    let Some(Reverse(due)) = self.queue.pop() else {
                        return;
                    };
                    self.time.set(due.at.max(self.time.ms()));
                    self.happen(due.event);
                }
                _ => {
                    self.time.set(calm.max(self.time.ms()));
                    self.calm_down();
                    if self.plan.bug == Some(Bug::AuditAltered) {
                        planted::alter_audit(&self.server);
                    }
                    check::all(self);
                    self.figures.checks += 1;
                    if calm >= end {
                        return;
                    }
                    calm = (calm + CALM_EVERY).min(end);
                }
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Work(phone) => {
                self.work(phone);
                let pause = 60_000 + self.draw_ms(140_000);
                self.after(pause, Event::Work(phone));
            }
            Event::Sync(phone) => {
                self.begin_sync(phone);
                let pause = 120_000 + self.draw_ms(900_000);
                self.after(pause, Event::Sync(phone));
            }
            Event::Arrive(phone, serial, message, answered) => {
                self.arrive(phone, serial, *message, answered);
            }
            Event::Answer(phone, serial, id, answer) => {
                let process = self.phones[phone].process.as_ref();
                if process.is_some_and(|process| process.serial == serial)
                    && self.phones[phone].hand_in(id, *answer)
                {
                    self.go_on(phone);
                }
            }
            Event::File(phone, serial, asked, step) => {
                self.file_step(phone, (serial, asked), step);
            }
            Event::Book => {
                self.book();
                self.after(HOUR, Event::Book);
            }
            Event::Notices => self.send_notices_for_ever(),
            Event::BringEscrows => self.bring_escrows(),
            Event::Patient(reader) => self.open_letter(*reader),
            Event::Fault(at) => self.strike(at),
            Event::Healed(cure) => self.cure(cure),
        }
    }

    /// Everything is healed, and everybody syncs until nobody has anything to say.
    fn calm_down(&mut self) {
        self.note("calm");
        self.heal_everything();
        self.excuse_what_is_gone();
        let mut quiet = 0;
        for round in 0..ROUNDS_MAX {
            let mut moved = 0;
            self.bring_escrows();
            for number in 0..self.phones.len() {
                match self.sync_now(number) {
                    Some((pushed, SyncState::Idle { .. })) => moved += pushed,
                    Some((_, other)) => {
                        let ended = ended(&other);
                        moved += 1;
                        self.note(&format!("phone {number} ended its run with {ended}"));
                        if round + 1 == ROUNDS_MAX {
                            self.violated(format!("drain: phone {number} still says {ended}"));
                        }
                    }
                    None => self.violated(format!("drain: phone {number} can't sync")),
                }
                moved += self.send_photos_now(number);
            }
            // What a run that sent its last edit has to give away goes with the next one.
            quiet = if moved == 0 { quiet + 1 } else { 0 };
            if quiet == QUIET_ROUNDS {
                self.excuse_what_waits_in_escrow();
                return;
            }
            // What it makes of the last ones the next round brings to the phones.
            self.send_notices();
        }
        self.violated(format!("drain: work moves after {ROUNDS_MAX} rounds"));
    }

    /// The documents that the witness holds, with their patients.
    pub(super) fn documents(&self) -> Vec<(DocumentId, PatientId)> {
        let witness = self.phones.last().and_then(Phone::app);
        let Some(app) = witness else {
            return Vec::new();
        };
        let documents = app.documents().unwrap_or_default().into_iter();
        documents
            .filter_map(|id| Some((id, app.patient_of(id).ok()?)))
            .collect()
    }
}

pub(super) fn ended(state: &SyncState) -> String {
    match state {
        SyncState::Idle { .. } => "idle".into(),
        SyncState::Running { .. } => "running".into(),
        SyncState::Waiting { why, .. } => format!("waiting: {}", why.code()),
        SyncState::Blocked { action, code } => format!("blocked: {action:?} {code}"),
    }
}
