//! `history_bytes`, `history_open_ms`: one visit edited two thousand times.

use std::path::Path;
use std::sync::Arc;

use homeround::model::{Clock, Millis};
use homeround::store::{DatabaseKey, OpenMode, open_connection};
use homeround::vault::{SoftwareVault, Unlock, Vault};
use serde_json::{Value, json};

use super::hub::Hub;
use super::phone::Phone;
use super::script::{self, Edit};
use super::table::Measure;
use super::world::{Dice, Seed, World, drug, wound_size};
use super::{Outcome, floor, meter};

const EDITS: usize = 2_000;
/// Edits between two syncs.
const SYNC_EVERY: usize = 250;
const OPENINGS: usize = 15;

/// Measures.
pub(crate) fn measure() -> Outcome<Vec<Measure>> {
    let world = World::new(20);
    let hub = Arc::new(Hub::new(&world, true)?);
    let folder = tempfile::tempdir()?;
    let mut phone = Phone::enrolled(folder.path(), &hub, 0)?;
    phone.sync()?;
    let seed = &world.visits[0];
    let log = work(&mut phone, seed)?;
    phone.app.settle_down()?;
    let mut openings = Vec::new();
    for _ in 0..OPENINGS {
        phone.app.lock();
        phone.app.unlock(&Unlock::Biometric)?;
        let visit = phone.app.visit(seed.visit);
        let start = meter::now();
        visit.conflicts()?;
        openings.push(meter::ms_since(start));
    }
    phone.app.lock();
    let bytes = rows_of(folder.path(), seed)? / 1000.0;
    let log = Value::Array(log);
    #[expect(clippy::cast_precision_loss, reason = "some hundred KB")]
    let (packed, plain) = (
        floor::packed(&log)?.len() as f64 / 1000.0,
        log.to_string().len() as f64 / 1000.0,
    );
    Ok(vec![
        Measure::beside("history_bytes", (bytes, packed), "KB", 0.8),
        Measure::told("history_log_plain", plain, "KB"),
        Measure::limited("history_open_ms", meter::median(openings), "ms", 20.0),
    ])
}

/// The n-th edit of a visit that goes on and on.
fn edit(seed: &Seed, dice: &mut Dice, number: usize, at_ms: i64) -> Edit {
    let task = seed.tasks[number / 8 % seed.tasks.len()];
    let odd = number / 8 / seed.tasks.len() % 2 == 1;
    let script = script::edits(seed, dice, at_ms);
    let vitals = script.into_iter().nth(2).unwrap_or(Edit::Travel);
    match number % 8 {
        0 | 5 => vitals,
        1 | 6 => Edit::Note(dice.sentence(9)),
        2 if odd => Edit::Done(task),
        2 => Edit::NotDone(task, dice.sentence(6)),
        3 => Edit::Given(drug(dice), f64::from(dice.within(1, 4))),
        4 => Edit::Outcome(dice.sentence(8)),
        _ => {
            let _ = wound_size();
            Edit::Wound(f64::from(dice.within(5, 80)) / 10.0, at_ms)
        }
    }
}

fn work(phone: &mut Phone, seed: &Seed) -> Outcome<Vec<Value>> {
    let mut dice = Dice::new(5);
    let mut saved = Vec::new();
    for number in 0..EDITS {
        let pause = 1_000 + dice.below(15_000);
        phone.hands.pass(i64::try_from(pause)?);
        let edit = edit(seed, &mut dice, number, phone.hands.wall_ms());
        let made = script::make(&phone.app, seed, &edit)?;
        saved.push((edit, phone.hands.wall_ms(), made.entry));
        if (number + 1) % SYNC_EVERY == 0 {
            phone.sync()?;
            phone.idle()?;
        }
    }
    let view = serde_json::to_value(phone.app.visit(seed.visit).read()?)?;
    saved
        .iter()
        .map(|(edit, at, entry)| {
            Ok(json!({ "at": at, "patch": script::patch(edit, *entry, &view)? }))
        })
        .collect()
}

/// Bytes of every row that the document's history is kept in.
fn rows_of(folder: &Path, seed: &Seed) -> Outcome<f64> {
    let hardware = Arc::new(SoftwareVault::open(&folder.join("hardware"))?);
    let mut vault = Vault::open(hardware, &folder.join("store"))?;
    let clock = Clock {
        wall_ms: Millis(0),
        monotonic_ms: 0,
        boot_id: 0,
    };
    let session = vault.unlock(&Unlock::Biometric, clock)?;
    let key = DatabaseKey::from_bytes(session.database_key())?;
    let path = folder.join("store/homeround.sqlite");
    let database = open_connection(&path, &key, OpenMode::ReadOnly)?;
    let bytes = database.connection().query_row(
        "SELECT (SELECT coalesce(sum(length(bytes) + coalesce(length(hash), 0)), 0) FROM change
                 WHERE id >> 20 = d.doc)
              + (SELECT coalesce(sum(length(bytes) + 32), 0) FROM outbox WHERE id >> 20 = d.doc)
              + (SELECT coalesce(sum(length(bytes) + length(heads)), 0) FROM snapshot
                 WHERE doc = d.doc)
         FROM document d WHERE d.key = ?1",
        [seed.document().key()],
        |row| row.get::<_, f64>(0),
    )?;
    Ok(bytes)
}
