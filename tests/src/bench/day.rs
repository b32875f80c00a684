//! `day_bytes`, `day_cpu`, `disk`: two people work on the same visits offline and come back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use homeround::model::VisitId;
use serde_json::{Value, json};

use super::floor::{self, Floor};
use super::hub::Hub;
use super::phone::{Phone, Synced};
use super::table::Measure;
use super::world::{Dice, World};
use super::{Outcome, meter, script};

/// Visits of the day's sync.
pub(crate) const VISITS: usize = 200;
/// Seconds between two edits, at most.
const PAUSE_S: u64 = 15;

/// Measures.
pub(crate) fn measure() -> Outcome<Vec<Measure>> {
    let world = World::new(VISITS);
    let (one, other) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let hub = Arc::new(Hub::new(&world, true)?);
    let mut phones = [
        Phone::enrolled(one.path(), &hub, 0)?,
        Phone::enrolled(other.path(), &hub, 1)?,
    ];
    let mut logs = Vec::new();
    for (number, phone) in phones.iter_mut().enumerate() {
        phone.sync()?;
        logs.push(work(phone, &world, number as u64)?);
    }
    let [first, second] = &mut phones;
    let runs = [first.sync()?, second.sync()?, first.sync()?];
    equal(&world, first, second)?;
    let bytes = |run: &Synced| run.report.traffic.up + run.report.traffic.down;
    #[expect(clippy::cast_precision_loss, reason = "a day's sync is less than a MB")]
    let kb = |bytes: u64| bytes as f64 / 1000.0;
    let sent = kb(runs.iter().map(bytes).sum());
    let up = kb(runs.iter().map(|run| run.report.traffic.up).sum());
    let requests: u64 = runs.iter().map(|run| run.report.requests).sum();
    // Each phone pushes its own and takes the other's in.
    let cpu = runs.iter().map(|run| run.cpu_ms).sum::<f64>() / 2.0;
    let plain = plain(&world, &logs)?;
    let idle = first.idle()?;
    first.app.settle_down()?;
    let disk = floor::size(&one.path().join("store/homeround.sqlite"))? / 1000.0;
    Ok(vec![
        Measure::beside("day_bytes", (sent, plain.sent_kb), "KB", 1.5),
        Measure::told("day_bytes_up", up, "KB"),
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        Measure::told("day_requests", requests as f64, "requests"),
        Measure::beside("day_cpu", (cpu, plain.cpu_ms), "ms", 10.0),
        Measure::told("day_idle_cpu", idle, "ms"),
        Measure::beside(
            "disk",
            (disk / per_visit(), plain.disk_kb / per_visit()),
            "KB/visit",
            1.5,
        ),
    ])
}

fn per_visit() -> f64 {
    f64::from(u16::try_from(VISITS).unwrap_or(1))
}

/// A day of work on every visit; answers the op log of a plain app.
fn work(phone: &Phone, world: &World, number: u64) -> Outcome<Vec<(VisitId, Value)>> {
    let mut dice = Dice::new(100 + number);
    let mut log = Vec::new();
    for seed in &world.visits {
        let edits = script::edits(seed, &mut dice, phone.hands.wall_ms());
        let mut saved = Vec::new();
        for edit in &edits {
            let pause = 1_000 + dice.below(PAUSE_S * 1_000);
            phone.hands.pass(i64::try_from(pause)?);
            let made = script::make(&phone.app, seed, edit)?;
            saved.push((phone.hands.wall_ms(), made.entry));
        }
        let view = serde_json::to_value(phone.app.visit(seed.visit).read()?)?;
        for (edit, (at, entry)) in edits.iter().zip(saved) {
            let patch = script::patch(edit, entry, &view)?;
            log.push((
                seed.visit,
                json!({ "visit": seed.visit, "at": at, "patch": patch }),
            ));
        }
    }
    Ok(log)
}

/// Both phones show the same: the sync did what it is measured for.
fn equal(world: &World, first: &Phone, second: &Phone) -> Outcome<()> {
    for seed in &world.visits {
        let (one, other) = (first.app.visit(seed.visit), second.app.visit(seed.visit));
        let (one, other) = (one.read()?, other.read()?);
        if one != other || one.steps.len() != 6 {
            return Err("the phones do not show the same".into());
        }
    }
    Ok(())
}

struct Plain {
    sent_kb: f64,
    cpu_ms: f64,
    disk_kb: f64,
}

fn plain(world: &World, logs: &[Vec<(VisitId, Value)>]) -> Outcome<Plain> {
    let folder = tempfile::tempdir()?;
    let floor = Floor::create(folder.path())?;
    floor.fill(world)?;
    let mut trees = BTreeMap::new();
    for seed in &world.visits {
        trees.insert(seed.visit, seed.tree.clone());
    }
    floor.transaction(|| {
        for (visit, op) in &logs[0] {
            let tree = trees.entry(*visit).or_default();
            script::apply(tree, &op["patch"]);
            floor.log(visit.bytes(), op, false)?;
        }
        for (visit, tree) in &trees {
            floor.update(visit.bytes(), tree)?;
        }
        Ok(())
    })?;
    let others: Vec<&Value> = logs[1].iter().map(|(_, op)| op).collect();
    let arriving = floor::packed(&json!({ "person": world.people[1], "ops": others }))?;
    let start = meter::cpu_ms();
    let leaving = push(&floor, world)?;
    take_in(&floor, &arriving)?;
    let cpu_ms = meter::cpu_ms() - start;
    #[expect(clippy::cast_precision_loss, reason = "less than a MB")]
    let sent_kb = 2.0 * (leaving.len() + arriving.len()) as f64 / 1000.0;
    let disk_kb = disk(floor, folder.path())?;
    Ok(Plain {
        sent_kb,
        cpu_ms,
        disk_kb,
    })
}

fn push(floor: &Floor, world: &World) -> Outcome<Vec<u8>> {
    let body = json!({ "person": world.people[0], "ops": floor.unsent()? });
    let body = floor::packed(&body)?;
    floor.sent()?;
    Ok(body)
}

fn take_in(floor: &Floor, body: &[u8]) -> Outcome<()> {
    let page = floor::unpacked(body)?;
    let mut grouped: BTreeMap<VisitId, Vec<&Value>> = BTreeMap::new();
    for op in page["ops"].as_array().into_iter().flatten() {
        let visit: VisitId = op["visit"].as_str().unwrap_or_default().parse()?;
        grouped.entry(visit).or_default().push(op);
    }
    floor.transaction(|| {
        for (visit, ops) in &grouped {
            let mut tree: Value = serde_json::from_str(&floor.body(visit.bytes())?)?;
            for op in ops {
                script::apply(&mut tree, &op["patch"]);
                floor.log(visit.bytes(), op, true)?;
            }
            floor.update(visit.bytes(), &tree)?;
        }
        Ok(())
    })
}

fn disk(floor: Floor, folder: &Path) -> Outcome<f64> {
    Ok(floor.compacted(folder)? / 1000.0)
}
