//! What the office does: it gives access and books visits.

use homeround::model::{Coding, JoinLink, PatientId, PersonId, VirtualBooking};
use homeround_server::service::{NewBooking, NewGrant, NewTask};

use super::world::{HOUR, World, ZONE};

/// Where calls are, which no log may hold.
pub(super) const CALL: &str = "wartezimmer.example.org";
/// Of a hundred visits so many are virtual.
const CALLS: u64 = 25;

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
        self.model.access.insert((person, patient));
    }

    /// Books a visit for each phone, to two people where there are two.
    pub(super) fn book(&mut self) {
        self.steady_server();
        if !self.server.is_up() {
            return;
        }
        for number in 0..self.plan.phones {
            let patient = *self.dice.pick(&self.model.patients);
            let pair = [number, (number + 1) % self.plan.phones];
            let people = pair.map(|one| self.phones[one].person);
            let mut assignees: Vec<PersonId> = people.to_vec();
            assignees.retain(|person| self.model.may(*person, patient));
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
