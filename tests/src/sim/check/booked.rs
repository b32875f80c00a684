//! What the backend has booked is what every phone shows that may see the patient: the hour and
//! who comes.

use std::collections::BTreeMap;

use homeround::app::Homeround;
use homeround::model::{Millis, PersonId, VisitId};

use super::super::parts::START;
use super::super::world::{HOUR, World};

type Shown = (Millis, Vec<PersonId>);

pub(super) fn check(world: &mut World) {
    let mut found = Vec::new();
    let days = 2 + world.time.ms() / (24 * HOUR);
    for phone in &world.phones {
        let Some(shown) = phone.app().and_then(|app| shown(app, days)) else {
            continue;
        };
        for (visit, patient) in &world.model.visits {
            // What the office booked may be gone with the backend that was put back.
            let Some(booking) = world.booking(*visit) else {
                continue;
            };
            // One that a phone made whose clock was years off lies on a day of its own.
            let near = (START..=START.plus(days * 24 * HOUR)).contains(&booking.start_ms);
            if !near || !world.model.may(phone.person, *patient) {
                continue;
            }
            let number = phone.number;
            match shown.get(visit) {
                None => found.push(format!("booked: phone {number} does not list {visit}")),
                Some((start, comers)) => {
                    if *start != booking.start_ms || *comers != booking.assignees {
                        found.push(format!("booked: phone {number} has another {visit}"));
                    }
                }
            }
        }
    }
    for text in found {
        world.violated(text);
    }
}

/// The visits of so many days, as the day's list has them.
fn shown(app: &Homeround, days: i64) -> Option<BTreeMap<VisitId, Shown>> {
    let mut shown = BTreeMap::new();
    for day in -1..days {
        let at = chrono::DateTime::from_timestamp_millis(START.plus(day * 24 * HOUR).0)?;
        let rows = app.team_day(at.date_naive()).ok()?.visits;
        shown.extend(
            rows.into_iter()
                .map(|row| (row.visit, (row.start_ms, row.assignees))),
        );
    }
    Some(shown)
}
