//! The core for Kotlin and Swift, through UniFFI. Conversions only: no rule
//! lives here.
//!
//! | file | what it faces |
//! |---|---|
//! | `root` | [`Homeround`], the one object that a shell opens |
//! | `session` | PIN, enrolment, locking, signing out |
//! | `schedule`, `order`, `numbers` | the day's lists, its order with travel and arrivals, one's own figures |
//! | `visit`, `visit_edits`, `attachments`, `sign_off` | a visit: reading, working, photos, signatures by hand |
//! | `notices`, `survey` | what a patient is told, and what they say of a visit |
//! | `way` | visits made on the phone, there twice, handed over |
//! | `forms`, `forms_fill` | what forms ask, and filling one |
//! | `clinical`, `medication`, `reconcile`, `trend` | scores, units, warnings about doses, the list against the home, a figure over time |
//! | `patient`, `chart`, `plan` | what is around a visit |
//! | `card`, `since` | a patient in the context of a visit, what changed since one was there last |
//! | `sync`, `serving`, `courier` | runs, staying in sync, a platform's own HTTP |
//! | `observer` | ticks when something changed |
//! | `platform` | what the shell implements: keys, tokens, HTTP |
//! | `error`, `guard`, `names`, `types` | the words of all of it |
//!
//! Reads are synchronous and wait for no writer. Writes return after the durable
//! commit. What uses the network is asynchronous and runs on a thread of the
//! core's own: dropping its future stops it, and no commit is held meanwhile.
//! Every export can fail and none panics across the boundary.

#![expect(
    clippy::needless_pass_by_value,
    reason = "what crosses the boundary is owned by whoever gets it"
)]

mod attachments;
mod card;
mod care;
mod chart;
mod clinical;
mod conflict;
mod correction;
mod courier;
mod error;
mod forms;
mod forms_fill;
mod guard;
mod medication;
mod messages;
mod names;
mod notices;
mod numbers;
mod observer;
mod order;
mod patient;
mod plan;
mod plan_edits;
mod platform;
mod presence;
mod reconcile;
mod root;
mod runtime;
mod schedule;
mod serving;
mod session;
mod sign_off;
mod since;
mod survey;
mod sync;
mod trend;
mod types;
mod virtual_visit;
mod visit;
mod visit_edits;
mod way;

#[cfg(test)]
mod tests;

pub use attachments::*;
pub use card::*;
pub use care::*;
pub use chart::*;
pub use clinical::*;
pub use conflict::*;
pub use correction::Correction;
pub use courier::*;
pub use error::*;
pub use forms::*;
pub use medication::*;
pub use messages::*;
pub use names::By;
pub use notices::*;
pub use numbers::*;
pub use observer::*;
pub use order::*;
pub use patient::*;
pub use plan::*;
pub use plan_edits::*;
pub use platform::*;
pub use presence::*;
pub use reconcile::*;
pub use root::*;
pub use schedule::*;
pub use session::*;
pub use sign_off::*;
pub use since::*;
pub use survey::*;
pub use sync::*;
pub use trend::*;
pub use types::*;
pub use virtual_visit::*;
pub use visit::*;
pub use visit_edits::*;
pub use way::*;

uniffi::setup_scaffolding!("homeround");
