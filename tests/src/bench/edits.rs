//! `edit_p50`, `edit_cpu`: a durable edit through the app.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Outcome;
use super::floor::Floor;
use super::hub::Hub;
use super::meter;
use super::phone::Phone;
use super::script::{self, Edit};
use super::table::Measure;
use super::world::{Dice, Seed, World};

const VISITS: usize = 200;
/// Visits that are worked on, each by the product and by the floor in turn.
const WORKED: usize = 60;

#[derive(Default)]
struct Figures {
    each_ms: Vec<f64>,
    cpu_ms: f64,
}

/// Measures.
pub(crate) fn measure() -> Outcome<Vec<Measure>> {
    let world = World::new(VISITS);
    let folder = tempfile::tempdir()?;
    let hub = Arc::new(Hub::new(&world, true)?);
    let mut phone = Phone::enrolled(folder.path(), &hub, 0)?;
    phone.sync()?;
    let floor = Floor::create(folder.path())?;
    floor.fill(&world)?;
    let (mut ours, mut theirs) = (Figures::default(), Figures::default());
    let mut dice = Dice::new(3);
    for (round, seed) in world.visits.iter().take(WORKED).enumerate() {
        let edits = script::edits(seed, &mut dice, phone.hands.wall_ms());
        let done = product(&phone, seed, &edits, &mut ours)?;
        plain(&floor, seed, &done, &mut theirs)?;
        if round == 0 {
            // The first visit warms both up.
            (ours, theirs) = (Figures::default(), Figures::default());
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a few thousand edits")]
    let count = ours.each_ms.len() as f64;
    let cpu_us = (ours.cpu_ms * 1000.0 / count, theirs.cpu_ms * 1000.0 / count);
    let p50 = (meter::median(ours.each_ms), meter::median(theirs.each_ms));
    Ok(vec![
        Measure::beside("edit_p50", p50, "ms", 1.5),
        Measure::beside("edit_cpu", cpu_us, "us", 3.0),
    ])
}

fn product(
    phone: &Phone,
    seed: &Seed,
    edits: &[Edit],
    figures: &mut Figures,
) -> Outcome<Vec<Value>> {
    let mut saved = Vec::new();
    for edit in edits {
        phone.hands.pass(9_000);
        let (cpu, start) = (meter::cpu_ms(), meter::now());
        let made = script::make(&phone.app, seed, edit)?;
        figures.each_ms.push(meter::ms_since(start));
        figures.cpu_ms += meter::cpu_ms() - cpu;
        saved.push((phone.hands.wall_ms(), made.entry));
    }
    let view = serde_json::to_value(phone.app.visit(seed.visit).read()?)?;
    edits
        .iter()
        .zip(saved)
        .map(|(edit, (at, entry))| {
            Ok(json!({ "at": at, "patch": script::patch(edit, entry, &view)? }))
        })
        .collect()
}

/// The same edits as a plain app makes them: change the tree at hand, write the
/// row, log the patch.
fn plain(floor: &Floor, seed: &Seed, ops: &[Value], figures: &mut Figures) -> Outcome<()> {
    let mut tree = Value::Null;
    for (place, op) in ops.iter().enumerate() {
        let (cpu, start) = (meter::cpu_ms(), meter::now());
        if place == 0 {
            tree = serde_json::from_str(&floor.body(seed.visit.bytes())?)?;
        }
        script::apply(&mut tree, &op["patch"]);
        floor.transaction(|| {
            floor.update(seed.visit.bytes(), &tree)?;
            floor.log(seed.visit.bytes(), op, false)
        })?;
        figures.each_ms.push(meter::ms_since(start));
        figures.cpu_ms += meter::cpu_ms() - cpu;
    }
    Ok(())
}
