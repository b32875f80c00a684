//! What the office does: it gives access and books visits.

use homeround::model::{
    Booking, Coding, JoinLink, PatientId, PersonId, RecordId, RecordKind, VirtualBooking, VisitId,
};
use homeround_server::service::{NewBooking, NewGrant, NewTask};

use super::world::{HOUR, MINUTE, World, ZONE};

/// Where calls are, which no log may hold.
pub(super) const CALL: &str = "wartezimmer.example.org";
/// Of a hundred visits so many are virtual.
const CALLS: u64 = 25;
/// The visit before so many is the one that is moved.
const MOVED_OF: usize = 3;

impl World {
    pub(super) fn grant(&mut self, person: PersonId, patient: PatientId) {
        let (office, now) = (self.server.office(), self.time.wall());
        let new = NewGrant {
            person,
            patient,
            from_ms: None,
            until_ms: None,
        };
        let granted = self.server.backend().grant(&office, &new, now);
        let _ = self.server.wait(granted).unwrap();
        self.model.guests.remove(&(person, patient));
        self.model.access.insert((person, patient));
    }

    /// Moves one of the latest visits to another time, with everything else as it is booked.
    pub(super) fn move_a_visit(&mut self) {
        let visits = &self.model.visits;
        let latest = visits.len().saturating_sub(MOVED_OF);
        let Some((visit, _)) = visits.get(latest).copied() else {
            return;
        };
        let Some(mut booking) = self.booking(visit) else {
            return;
        };
        // Who is booked may see the patient.
        let may = |person: &PersonId| self.is_member(*person, booking.patient);
        booking.assignees.retain(may);
        let start = self
            .time
            .wall()
            .plus(10 * MINUTE + self.draw_ms(30 * 60_000));
        let new = NewBooking {
            visit: Some(visit),
            patient: booking.patient,
            assignees: booking.assignees,
            start_ms: start,
            end_ms: start.plus(HOUR),
            service: booking.service,
            time_zone: booking.time_zone,
            priority: booking.priority,
            visit_minutes: booking.visit_minutes,
            fixed: booking.fixed,
            virtual_visit: booking.virtual_visit,
            tasks: Vec::new(),
        };
        let (office, now) = (self.server.office(), self.time.wall());
        let moved = self.server.backend().book(&office, &new, now);
        if self.server.wait(moved).is_ok() {
            self.note(&format!("office moves {visit}"));
        }
    }

    /// Whether it may be booked to this person.
    fn is_member(&self, person: PersonId, patient: PatientId) -> bool {
        self.model.may(person, patient) && !self.model.is_guest(person, patient)
    }

    /// What the backend has booked.
    pub(super) fn booking(&self, visit: VisitId) -> Option<Booking> {
        let tenant = self.server.office().tenant;
        let row = self.server.wait(async {
            let mut reader = self.server.backend().storage().read(tenant).await.ok()?;
            let id = RecordId(visit.0);
            reader.record(RecordKind::Booking, id).await.ok()?
        });
        serde_json::from_str(&row?.body?).ok()
    }

    /// Books a visit for each phone, to two people where there are two.
    pub(super) fn book(&mut self) {
        self.steady_server();
        if !self.server.is_up() {
            return;
        }
        self.move_a_visit();
        for number in 0..self.plan.phones {
            let patient = *self.dice.pick(&self.model.patients);
            let pair = [number, (number + 1) % self.plan.phones];
            let people = pair.map(|one| self.phones[one].person);
            let mut assignees: Vec<PersonId> = people.to_vec();
            assignees.retain(|person| self.is_member(*person, patient));
            assignees.dedup();
            let start = self.time.wall();
            let call = self.dice.chance(CALLS).then(call);
            let new = NewBooking {
                visit: None,
                patient,
                assignees,
                start_ms: start,
                end_ms: start.plus(HOUR),
                service: Coding {
                    text: "Skilled nursing".into(),
                    ..Coding::default()
                },
                time_zone: ZONE.into(),
                priority: 0,
                visit_minutes: None,
                fixed: false,
                virtual_visit: call,
                tasks: vec![NewTask {
                    title: "Change the dressing".into(),
                    code: None,
                    required: false,
                }],
            };
            let office = self.server.office();
            let booked = self.server.backend().book(&office, &new, start);
            if let Ok(visit) = self.server.wait(booked) {
                self.model.visits.push((visit, patient));
                self.note(&format!("office books {visit}"));
            }
        }
    }
}

fn call() -> VirtualBooking {
    VirtualBooking {
        join_link: Some(JoinLink::new(&format!("https://{CALL}/1")).unwrap()),
        phone: Some("+1 617 555 0123".into()),
    }
}
