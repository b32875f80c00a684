//! No error is logged, and no patient is in any line of the log.

use super::super::world::World;
use super::super::{logs, work};

pub(super) fn check(world: &mut World) {
    for text in logs::faults(work::CANARY) {
        world.violated(format!("log: {text}"));
    }
}
