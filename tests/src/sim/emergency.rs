//! Somebody in need whose patient she is not: a nurse takes access, reads and writes the
//! chart, and loses the access again by itself.

use homeround::app::Homeround;
use homeround::model::{PatientId, PersonId};

use super::faults::Cure;
use super::logs;
use super::server::Server;
use super::work;
use super::world::{Event, MINUTE, World};

/// For how long: the tenant's policy says so.
const LONG_MS: i64 = 35 * MINUTE;
/// Of a hundred turns of somebody without access to some patient so many are an emergency.
const EMERGENCIES: u64 = 6;
/// Of a hundred turns of somebody in one so many are about that patient.
const THERE: u64 = 60;
const REASON: &str = "Found unconscious by a neighbour";

/// Sets the tenant's policy, which nobody has been told yet.
pub(super) fn limit(server: &Server) {
    logs::forbid(REASON);
    let database = server.database();
    let sql = "UPDATE tenant SET policy = json_set(policy, '$.break_glass_max_ms', ?1)";
    let set = database.connection().execute(sql, [LONG_MS]);
    assert_eq!(set.unwrap(), 1, "one tenant");
}

impl World {
    /// Whether this turn is one of an emergency.
    pub(super) fn is_an_emergency(&mut self, number: usize) -> bool {
        let Some(app) = self.phones[number].app().cloned() else {
            return false;
        };
        let person = self.phones[number].person;
        let patients = self.model.patients.iter().copied();
        let of = |held: bool| {
            let may = |patient: &PatientId| self.model.may(person, *patient);
            patients.clone().filter(move |patient| may(patient) == held)
        };
        let strangers: Vec<PatientId> = of(false).collect();
        let mut opened = of(true).filter(|patient| self.model.is_guest(person, *patient));
        if let Some(patient) = opened.next() {
            drop(opened);
            return self.leaving.chance(THERE) && self.write_there(number, &app, patient);
        }
        drop(opened);
        if !self.plan.emergencies || strangers.is_empty() || !self.leaving.chance(EMERGENCIES) {
            return false;
        }
        let patient = *self.leaving.pick(&strangers);
        self.break_the_glass(number, &app, patient)
    }

    fn write_there(&mut self, number: usize, app: &Homeround, patient: PatientId) -> bool {
        let edit = self.next_number();
        let tried = work::on_the_chart(app, patient, edit, &mut self.leaving);
        self.tried(number, app, tried);
        self.look_for_death(number);
        true
    }

    fn break_the_glass(&mut self, number: usize, app: &Homeround, patient: PatientId) -> bool {
        let weather = self.weather_of(number);
        self.steady_server();
        if weather.cut || weather.half_open || !self.server.is_up() {
            return false;
        }
        let phone = &self.phones[number];
        let (person, wire) = (phone.person, self.server.wire());
        let token = self.server.token(&phone.login, 600_000).into();
        let asked = app.break_glass(&wire, &token, patient, REASON);
        match self.server.wait(asked) {
            Ok(()) => {
                self.note(&format!("phone {number} breaks the glass: {patient}"));
                self.figures.emergencies += 1;
                let until = self.time.ms() + LONG_MS;
                self.model.access.insert((person, patient));
                self.model.guests.insert((person, patient), until);
                let cure = Cure::Emergency(person, patient, until);
                self.after(LONG_MS, Event::Healed(cure));
            }
            Err(error) => {
                self.note(&format!("phone {number} breaks no glass: {error:?}"));
                self.refused(number, "break-glass", &error);
            }
        }
        self.look_for_death(number);
        true
    }

    /// The access is over, unless it became another one meanwhile.
    pub(super) fn emergency_ends(&mut self, person: PersonId, patient: PatientId, until: i64) {
        if self.model.guests.get(&(person, patient)) != Some(&until) {
            return;
        }
        self.model.guests.remove(&(person, patient));
        self.model.access.remove(&(person, patient));
        self.note(&format!("an emergency is over: {patient}"));
        let theirs = self.phones.iter().find(|phone| phone.person == person);
        let theirs = theirs.map_or(usize::MAX, |phone| phone.number);
        self.risk(|claim| claim.phone != theirs);
    }
}
