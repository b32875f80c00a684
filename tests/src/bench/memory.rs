//! `peak_rss_mb`: a large store and a large sync, in a process of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use homeround::merge::Op;
use homeround::model::{ActorId, DeviceTag, FieldPath, Millis};
use homeround::wire::{Ack, PAGE_BYTES_DEFAULT, seal_body};
use serde_json::json;

use super::hub::{self, Hub};
use super::phone::{Far, Phone};
use super::table::Measure;
use super::world::{START, World};
use super::{Outcome, in_child, meter};

const VISITS: usize = 20_000;
const CHANGED: usize = 2_000;
/// Changes of each changed visit.
const CHANGES: usize = 4;
const LATER_MS: i64 = 3_600_000;

/// Measures.
pub(crate) fn measure() -> Outcome<Vec<Measure>> {
    let folder = tempfile::tempdir()?;
    in_child("memory-fill", folder.path())?;
    let peak = in_child("memory-sync", folder.path())?;
    let empty = in_child("memory-empty", folder.path())?;
    Ok(vec![
        Measure::limited("peak_rss_mb", peak - empty, "MB", 64.0),
        Measure::told("empty_rss_mb", empty, "MB"),
    ])
}

/// Fills a phone's store and writes down the pages of what changed since.
pub(crate) fn child_fill(folder: &Path) -> Outcome<f64> {
    let world = World::new(VISITS);
    let hub = Arc::new(Hub::new(&world, true)?);
    let mut phone = Phone::enrolled(folder, &hub, 0)?;
    phone.sync()?;
    phone.idle()?;
    phone.app.settle_down()?;
    phone.app.lock();
    let actor = ActorId::new(DeviceTag([8; 8]), [1; 8]);
    for number in (0..VISITS).step_by(VISITS / CHANGED) {
        let mut document = hub::base(&world, number)?;
        for step in 0..CHANGES {
            let at = i64::try_from(step)? * 60_000;
            let op = Op::Put {
                path: FieldPath("outcome".into()),
                value: json!(words(number, step)),
            };
            let edit = document.edit(actor, Millis(START + at), &[op])?;
            hub.take(1, vec![(document.id(), edit.bytes)]);
        }
    }
    for (number, page) in hub.live_pages(0, PAGE_BYTES_DEFAULT)?.iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), page)?;
    }
    let ack = seal_body(&Ack {
        epoch: hub::EPOCH,
        server_ms: START,
    })?;
    std::fs::write(folder.join("ack"), ack)?;
    Ok(0.0)
}

fn words(number: usize, step: usize) -> String {
    format!("visit {number}, words {step}")
}

/// Opens that store, takes the pages in, and tells the most memory it held.
pub(crate) fn child_sync(folder: &Path) -> Outcome<f64> {
    let far = Far::Files(folder.into(), AtomicU64::new(0));
    let mut phone = Phone::unlocked(folder, LATER_MS, far, 0)?;
    phone.sync()?;
    phone.idle()?;
    let peak = meter::peak_rss_mb().ok_or("this system does not tell VmHWM")?;
    // The world is made only now: it is not the phone's memory.
    let world = World::new(VISITS);
    for number in (0..VISITS).step_by(VISITS / CHANGED) {
        let visit = phone.app.visit(world.visits[number].visit).read()?;
        if visit.outcome != Some(words(number, CHANGES - 1)) {
            return Err("a changed visit did not arrive".into());
        }
    }
    Ok(peak)
}
