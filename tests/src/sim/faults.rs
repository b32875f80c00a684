//! What goes wrong, done to the world, and how it ends.

use std::collections::BTreeSet;

use homeround::app::{AppError, Whereabouts};
use homeround::model::{PatientId, PersonId};
use homeround::store::{DatabaseKey, OpenMode, open_connection};
use homeround::sync::SyncState;

use crate::disk::Fault as DiskFault;

use super::logs;
use super::model::Claim;
use super::phone::Phone;
use super::plan::Fault;
use super::server::{copy_database, copy_phone};
use super::world::{Event, World};

/// How long a phone stays off after its process ended.
const OFF_MS: u64 = 120_000;

/// How a fault ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cure {
    /// A phone's network is as ever.
    Network(usize),
    /// A phone's process begins.
    Start(usize),
    /// A phone's disk has room again.
    Disk(usize),
    /// The person signs in.
    SignIn(usize),
    /// The person has access again.
    Access(PersonId, PatientId),
    /// An access that was taken in an emergency ends, as it said.
    Emergency(PersonId, PatientId, i64),
    /// The backend begins.
    Server,
}

/// What is wrong now.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    signed_out: BTreeSet<usize>,
    /// Phones whose disk was made to fail since everything was looked at last.
    disks: BTreeSet<usize>,
    /// Of these, those whose power goes with the operation.
    power: BTreeSet<usize>,
    phone_backups: BTreeSet<usize>,
    server_backup: bool,
    /// Phones that were updated and have not synced since: they hold no proofs.
    pub(super) unproven: BTreeSet<usize>,
    /// Phones that have not synced since the backend was put back.
    pub(super) unheard: BTreeSet<usize>,
    /// Claims that the backend lost, or of which somebody lost a copy while the backend had none.
    pub(super) at_risk: BTreeSet<usize>,
    /// Photos of which a copy went while the backend had none.
    pub(super) photos_at_risk: BTreeSet<usize>,
    /// Phones that were put back to a backup: their chip knows a later line.
    pub(super) put_back: BTreeSet<usize>,
}

impl Trouble {
    /// It is another phone now.
    pub(super) fn forget(&mut self, number: usize) {
        self.phone_backups.remove(&number);
        self.unproven.remove(&number);
        self.unheard.remove(&number);
        self.put_back.remove(&number);
    }

    /// Whether this refusal comes of a disk that was made to fail.
    pub(super) fn is_disk_trouble(&self, number: usize, error: &AppError) -> bool {
        let of_disk = matches!(
            error,
            AppError::StorageFull { .. }
                | AppError::Failed { .. }
                | AppError::Damaged { .. }
                | AppError::Retry { .. }
        );
        of_disk && self.disks.contains(&number)
    }
}

impl World {
    /// The fault with this place in the plan takes place.
    pub(super) fn strike(&mut self, at: usize) {
        let fault = self.plan.faults[at].fault;
        self.figures.faults += 1;
        self.note(&format!("fault {fault:?}"));
        match fault {
            Fault::Network(phone, weather, long) => {
                self.weather.insert(phone, weather);
                self.after(long, Event::Healed(Cure::Network(phone)));
            }
            Fault::Kill(phone) => self.kill(phone),
            Fault::ClockJump(phone, ms) => self.phones[phone].hands.jump(ms),
            Fault::Drift(phone, millionths) => self.phones[phone].hands.set_drift(millionths),
            Fault::SignedOut(phone, long) => {
                self.phones[phone].sign_out_of_network(&self.server);
                self.trouble.signed_out.insert(phone);
                self.after(long, Event::Healed(Cure::SignIn(phone)));
            }
            Fault::Revoked(phone, patient, long) => self.revoke(phone, patient, long),
            Fault::ServerRestart(long) => {
                self.steady_server();
                self.server.end();
                self.after(long, Event::Healed(Cure::Server));
            }
            Fault::ServerBackup => self.back_server_up(),
            Fault::ServerRestore => self.put_server_back(),
            Fault::PhoneBackup(phone) => self.back_phone_up(phone),
            Fault::PhoneRestore(phone) => self.put_phone_back(phone),
            Fault::KillAtDisk(phone, after) => self.arm(phone, after, false),
            Fault::PowerCut(phone, after) => self.arm(phone, after, true),
            Fault::DiskFull(phone, long) => {
                let disk = &self.phones[phone].disk;
                disk.plan(disk.operations(), DiskFault::Full);
                self.trouble.disks.insert(phone);
                self.trouble.power.remove(&phone);
                self.after(long, Event::Healed(Cure::Disk(phone)));
            }
            Fault::DiskError(phone, after) => {
                let disk = &self.phones[phone].disk;
                disk.plan(disk.operations() + after, DiskFault::Io);
                self.trouble.disks.insert(phone);
                self.trouble.power.remove(&phone);
            }
            Fault::ServerPowerCut(after) => {
                let disk = &self.server.disk;
                disk.plan(disk.operations() + after, DiskFault::Killed);
            }
            Fault::Update(phone) => self.update(phone),
            Fault::Byzantine(seed) => self.be_byzantine(seed),
        }
    }

    fn arm(&mut self, phone: usize, after: u64, power: bool) {
        let disk = &self.phones[phone].disk;
        disk.plan(disk.operations() + after, DiskFault::Killed);
        self.trouble.disks.insert(phone);
        if power {
            self.trouble.power.insert(phone);
        } else {
            self.trouble.power.remove(&phone);
        }
    }

    /// A fault ends.
    pub(super) fn cure(&mut self, cure: Cure) {
        match cure {
            Cure::Network(phone) => {
                self.weather.remove(&phone);
            }
            Cure::Start(phone) => self.start_phone(phone),
            Cure::Disk(phone) => self.phones[phone].disk.revive(),
            Cure::SignIn(phone) => {
                self.trouble.signed_out.remove(&phone);
                self.phones[phone].sign_in(&self.server);
            }
            Cure::Access(person, patient) => {
                self.steady_server();
                if self.server.is_up() {
                    self.grant(person, patient);
                }
            }
            Cure::Emergency(person, patient, until) => self.emergency_ends(person, patient, until),
            Cure::Server => self.start_server(),
        }
    }

    /// Before everything is looked at: nothing is wrong any more.
    pub(super) fn heal_everything(&mut self) {
        self.weather.clear();
        self.steady_server();
        self.start_server();
        for number in 0..self.phones.len() {
            self.look_for_death(number);
            self.phones[number].disk.revive();
            self.start_phone(number);
            self.give_back(number);
            self.phones[number].drop_run();
            self.phones[number].sign_in(&self.server);
        }
        self.trouble.signed_out.clear();
        self.trouble.disks.clear();
        self.trouble.power.clear();
    }

    fn kill(&mut self, number: usize) {
        if self.phones[number].process.is_none() {
            return;
        }
        self.figures.kills += 1;
        self.phones[number].end();
        let off = self.draw_ms(OFF_MS);
        self.after(off, Event::Healed(Cure::Start(number)));
    }

    fn start_phone(&mut self, number: usize) {
        if self.phones[number].process.is_some() {
            return;
        }
        let serial = self.next_serial();
        match self.phones[number].start(serial) {
            Ok(is_new) => {
                self.note(&format!("phone {number} starts"));
                if is_new {
                    self.begin_anew(number);
                }
                self.introduce(number);
            }
            Err(error) if self.trouble.is_disk_trouble(number, &error) => {
                self.note(&format!("phone {number} does not open yet: {error:?}"));
                if self.phones[number].disk.is_dead() {
                    self.look_for_death(number);
                } else {
                    let off = self.draw_ms(OFF_MS);
                    self.after(off, Event::Healed(Cure::Start(number)));
                }
            }
            Err(error) => self.violated(format!("phone {number} does not open: {error:?}")),
        }
    }

    fn start_server(&mut self) {
        if self.server.is_up() {
            return;
        }
        match self.server.start() {
            Ok(()) => self.note("backend starts"),
            Err(error) => self.violated(format!("the backend does not start: {error}")),
        }
    }

    /// A phone whose disk died has no process any more.
    pub(super) fn look_for_death(&mut self, number: usize) {
        if !self.phones[number].disk.is_dead() {
            return;
        }
        self.figures.kills += 1;
        let power = self.trouble.power.remove(&number);
        let cause = if power {
            "loses its power"
        } else {
            "is killed"
        };
        self.note(&format!("phone {number} {cause}"));
        self.phones[number].end();
        if power {
            let mut dice = self.dice.fork();
            self.phones[number].disk.cut_power(&mut dice);
            self.phones[number].hands.reboot();
        }
        let off = self.draw_ms(OFF_MS);
        self.after(off, Event::Healed(Cure::Start(number)));
    }

    /// The same for the backend: its power goes with the operation.
    pub(super) fn look_for_server_death(&mut self) {
        if !self.server.disk.is_dead() {
            return;
        }
        self.figures.kills += 1;
        self.note("backend loses its power");
        self.server.post.lose();
        logs::forgive();
        self.server.end();
        let mut dice = self.dice.fork();
        self.server.disk.cut_power(&mut dice);
        let off = self.draw_ms(OFF_MS);
        self.after(off, Event::Healed(Cure::Server));
    }

    /// The office waits until the backend answers and sees every one of its calls through:
    /// the model knows what it did.
    pub(super) fn steady_server(&mut self) {
        self.look_for_server_death();
        self.server.disk.revive();
    }

    /// What was at work before the last two releases made its schema runs on until now.
    fn update(&mut self, number: usize) {
        let unheard = self.trouble.unheard.contains(&number);
        if unheard || self.phones[number].process.is_none() {
            return;
        }
        self.phones[number].end();
        let key = DatabaseKey::from_bytes(&self.phones[number].key).unwrap();
        let path = self.phones[number].folder.join("homeround.sqlite");
        let database = open_connection(&path, &key, OpenMode::Existing).unwrap();
        // A release that knew no photos has none.
        let photos = self.phones[number].folder.join("attachments").is_dir();
        let older = match photos {
            true => "DROP TABLE proof; PRAGMA user_version = 2;",
            false => "DROP TABLE attachment; DROP TABLE proof; PRAGMA user_version = 1;",
        };
        database.connection().execute_batch(older).unwrap();
        drop(database);
        self.steady_server();
        self.risk(|claim| claim.phone != number);
        self.trouble.unproven.insert(number);
        self.start_phone(number);
    }

    fn revoke(&mut self, phone: usize, patient: usize, long: i64) {
        self.steady_server();
        if !self.server.is_up() {
            return;
        }
        let person = self.phones[phone].person;
        let patient = self.model.patients[patient % self.model.patients.len()];
        if !self.model.access.remove(&(person, patient)) {
            return;
        }
        self.model.guests.remove(&(person, patient));
        self.model.ended.insert((person, patient));
        let others = |claim: &Claim| claim.phone != phone;
        self.risk(others);
        let (office, now) = (self.server.office(), self.time.wall());
        let ending = self
            .server
            .backend()
            .end_grants(&office, person, patient, now);
        let _ = self.server.wait(ending).unwrap();
        self.after(long, Event::Healed(Cure::Access(person, patient)));
    }

    fn back_server_up(&mut self) {
        self.steady_server();
        if !self.server.is_up() {
            return;
        }
        let checkpoint = self.server.backend().checkpoint();
        if self.server.wait(checkpoint).is_ok() {
            copy_database(
                &self.server.folder,
                &self.folder.path().join("server-backup"),
            );
            self.trouble.server_backup = true;
        }
    }

    /// Grants of the office that were lost with the restore are given and ended again: a
    /// coordinator would.
    fn put_server_back(&mut self) {
        if !self.trouble.server_backup || !self.trouble.unproven.is_empty() {
            return;
        }
        self.steady_server();
        let had = self.server.changes();
        let photos = self.stored_photos();
        self.server.end();
        let backup = self.folder.path().join("server-backup");
        let head = self.server.folder.join("backend.sqlite.head");
        let known = std::fs::read(&head).ok();
        copy_database(&backup, &self.server.folder);
        // The file beside the database is not part of a backup.
        if let Some(known) = known {
            std::fs::write(&head, known).unwrap();
        }
        self.server.disk.settle();
        self.server.post.lose();
        self.start_server();
        if !self.server.is_up() {
            return;
        }
        self.risk(|claim| had.contains(&claim.hash));
        self.risk_photos(|index| photos.get(index).copied().unwrap_or_default());
        self.trouble.unheard.extend(0..self.phones.len());
        // An access that somebody took may be of after the backup: it is over.
        for guest in std::mem::take(&mut self.model.guests).into_keys() {
            self.model.access.remove(&guest);
        }
        let (office, now) = (self.server.office(), self.time.wall());
        let patients = self.model.patients.clone();
        for number in 0..self.phones.len() {
            let person = self.phones[number].person;
            for patient in &patients {
                if self.model.may(person, *patient) {
                    self.grant(person, *patient);
                } else {
                    let backend = self.server.backend();
                    let ending = backend.end_grants(&office, person, *patient, now);
                    let _ = self.server.wait(ending).unwrap();
                }
            }
        }
        // And whoever was told another hour is told again.
        self.move_a_visit();
    }

    fn back_phone_up(&mut self, number: usize) {
        let Some(app) = self.phones[number].app().cloned() else {
            return;
        };
        if self.trouble.unproven.contains(&number) {
            return;
        }
        if self.phones[number]
            .process
            .as_ref()
            .is_some_and(super::phone::Process::is_syncing)
        {
            return;
        }
        if app.settle_down().is_ok() {
            let to = self.folder.path().join(format!("phone{number}-backup"));
            copy_phone(&self.phones[number].folder, &to);
            self.trouble.phone_backups.insert(number);
        }
    }

    /// Of these claims, those that the backend does not have: a copy of them goes, and it may
    /// be the last. Answers which.
    pub(super) fn risk(&mut self, which: impl Fn(&Claim) -> bool) -> Vec<usize> {
        let claims = self.model.claims.iter().enumerate();
        let open = claims.filter(|(_, claim)| !claim.excused && which(claim));
        let there = self.server.changes();
        let lost = open.filter(|(_, claim)| !there.contains(&claim.hash));
        let lost: Vec<usize> = lost.map(|(index, _)| index).collect();
        self.trouble.at_risk.extend(&lost);
        lost
    }

    /// A run that came to its end has brought the proofs that an updated phone lacks, and the
    /// word that the backend was put back.
    pub(super) fn has_proofs(&mut self, number: usize, ended: &SyncState) {
        if matches!(ended, SyncState::Idle { .. }) {
            self.trouble.unproven.remove(&number);
            self.trouble.unheard.remove(&number);
        }
    }

    /// With every phone running and nothing synced yet: what was at risk, and nobody holds any
    /// more who could bring it back, is not asked for. Everything else has to come back.
    pub(super) fn excuse_what_is_gone(&mut self) {
        let there = self.server.changes();
        for index in self.trouble.at_risk.clone() {
            let claim = &self.model.claims[index];
            if !there.contains(&claim.hash) && !self.is_held(claim) {
                self.model.murky.insert(claim.document);
                self.model.claims[index].excused = true;
            }
        }
        self.excuse_photos();
    }

    pub(super) fn is_held(&self, claim: &Claim) -> bool {
        let mut phones = self.phones.iter();
        phones.any(|phone| self.can_bring(phone, claim)) || self.is_escrowed(claim)
    }

    /// The author's own phone, or one of somebody who may see the patient and got the change
    /// from the backend, with its proof.
    fn can_bring(&self, phone: &Phone, claim: &Claim) -> bool {
        let Some(app) = phone.app() else { return false };
        let place = app.whereabouts(claim.document, &claim.hash);
        let place = place.unwrap_or(Whereabouts::Nowhere);
        let patient = app.patient_of(claim.document);
        let may = patient.is_ok_and(|patient| self.model.may(phone.person, patient));
        if phone.number == claim.phone && !self.was_given_back(claim) {
            // Nobody is shown what a phone holds still after access ended.
            let hidden = app.documents().unwrap_or_default();
            let hidden = !may && hidden.contains(&claim.document);
            let intact = !self.trouble.put_back.contains(&phone.number);
            return place != Whereabouts::Nowhere || (hidden && intact);
        }
        let proven = !self.trouble.unproven.contains(&phone.number);
        may && proven && place == Whereabouts::Document
    }

    /// What only this phone held is gone with the restore, and is not asked for.
    fn put_phone_back(&mut self, number: usize) {
        if !self.trouble.phone_backups.contains(&number) {
            return;
        }
        if self.phones[number].process.is_none() {
            return;
        }
        self.steady_server();
        let gone = self.risk(|_| true);
        self.risk_photos(|_| true);
        for index in gone {
            let claim = &self.model.claims[index];
            if claim.phone == number {
                self.model.murky.insert(claim.document);
            }
        }
        self.trouble.put_back.insert(number);
        self.trouble.unheard.insert(number);
        self.phones[number].end();
        let backup = self.folder.path().join(format!("phone{number}-backup"));
        copy_phone(&backup, &self.phones[number].folder);
        self.phones[number].disk.settle();
        self.start_phone(number);
    }
}
