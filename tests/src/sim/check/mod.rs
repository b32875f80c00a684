//! What must be true once everything is healed. One file, one claim.

mod agree;
mod anew;
mod appends;
mod audit;
mod booked;
mod comers;
mod conflicts;
mod kept;
mod lent;
mod notices;
mod photos;
mod projections;
mod quiet_log;
mod scope;

pub(super) use lent::check as lent;

use super::world::World;

/// Looks at everything.
pub(super) fn all(world: &mut World) {
    kept::check(world);
    agree::check(world);
    appends::check(world);
    conflicts::check(world);
    scope::check(world);
    booked::check(world);
    comers::check(world);
    notices::check(world);
    photos::check(world);
    projections::check(world);
    audit::check(world);
    quiet_log::check(world);
}
