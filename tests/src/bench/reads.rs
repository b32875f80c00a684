//! `today_cold`, `today_open`, `visit_read`.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use homeround::app::Homeround;
use homeround::model::DAY_MS;
use homeround::vault::Unlock;

use super::floor::Floor;
use super::hub::Hub;
use super::phone::{self, Hands, Phone};
use super::table::Measure;
use super::world::{START, VISITS_A_DAY, World};
use super::{Outcome, in_child, meter};

const VISITS: usize = 2_000;
/// Fresh processes of each kind.
const PROCESSES: usize = 31;
const ROUNDS: usize = 400;
/// When the fresh processes begin, after the phone was filled: an hour.
const LATER_MS: i64 = 3_600_000;

/// Measures.
pub(crate) fn measure() -> Outcome<Vec<Measure>> {
    let world = World::new(VISITS);
    let folder = tempfile::tempdir()?;
    let hub = Arc::new(Hub::new(&world, false)?);
    let mut phone = Phone::enrolled(folder.path(), &hub, 0)?;
    phone.sync()?;
    phone.idle()?;
    phone.app.settle_down()?;
    let floor = Floor::create(folder.path())?;
    floor.fill(&world)?;
    let (today, visit) = open(&phone, &floor, &world)?;
    phone.app.lock();
    drop((phone, floor));
    let cold = cold(folder.path())?;
    Ok(vec![
        Measure::beside("today_cold", cold, "ms", 1.5),
        Measure::limited("today_open", today.0, "ms", 1.0),
        Measure::beside("visit_read", visit, "ms", 1.5),
    ])
}

fn cold(folder: &Path) -> Outcome<(f64, f64)> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=PROCESSES {
        let (one, other) = (in_child("today", folder)?, in_child("today-floor", folder)?);
        if round > 0 {
            ours.push(one);
            theirs.push(other);
        }
    }
    Ok((meter::median(ours), meter::median(theirs)))
}

fn day_of(app: &Homeround) -> Outcome<()> {
    let day = app.day(app.today()?)?;
    if day.visits.len() == VISITS_A_DAY {
        Ok(())
    } else {
        Err(format!("today has {} visits", day.visits.len()).into())
    }
}

fn floor_day(floor: &Floor) -> Outcome<()> {
    // From midnight in the phone's zone: START is eight in the morning.
    let from = START - 8 * 3_600_000;
    match floor.day(from, from + DAY_MS)?.len() {
        VISITS_A_DAY => Ok(()),
        other => Err(format!("the floor's today has {other} visits").into()),
    }
}

fn open(phone: &Phone, floor: &Floor, world: &World) -> Outcome<((f64, f64), (f64, f64))> {
    let mut today = (Vec::new(), Vec::new());
    let mut visit = (Vec::new(), Vec::new());
    let timed = |into: &mut Vec<f64>, work: &dyn Fn() -> Outcome<()>| -> Outcome<()> {
        let start = meter::now();
        work()?;
        into.push(meter::ms_since(start));
        Ok(())
    };
    for round in 0..ROUNDS {
        timed(&mut today.0, &|| day_of(&phone.app))?;
        timed(&mut today.1, &|| floor_day(floor))?;
        let seed = &world.visits[round * 7 % VISITS];
        timed(&mut visit.0, &|| {
            std::hint::black_box(phone.app.visit(seed.visit).read()?);
            Ok(())
        })?;
        timed(&mut visit.1, &|| {
            std::hint::black_box(floor.visit(seed)?);
            Ok(())
        })?;
    }
    Ok((
        (meter::median(today.0), meter::median(today.1)),
        (meter::median(visit.0), meter::median(visit.1)),
    ))
}

/// A fresh process: open, unlock, today's list.
pub(crate) fn child_today(folder: &Path, start: Instant) -> Outcome<f64> {
    let hands = Arc::new(Hands::at(LATER_MS));
    let app = phone::open(folder, &hands)?;
    app.unlock(&Unlock::Biometric)?;
    day_of(&app)?;
    Ok(meter::ms_since(start))
}

/// A fresh process of the plain app.
pub(crate) fn child_today_floor(folder: &Path, start: Instant) -> Outcome<f64> {
    let floor = Floor::open(folder)?;
    floor_day(&floor)?;
    Ok(meter::ms_since(start))
}
