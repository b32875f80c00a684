//! What a visit, a chart and a care plan are.
//!
//! Plain data and the rules that need nothing else: typed ids, instants and
//! stamps, newtypes with units, status machines, the shapes of records and of
//! the views that documents are read as. This room depends on no other room,
//! asks no clock and draws no random number: both are arguments.

mod attendance;
mod chart;
mod coding;
mod document;
mod duplicate;
mod earth;
mod entry;
mod handover;
mod id;
mod ink;
mod look;
mod medication;
mod message;
mod notice;
mod person;
mod plan;
mod presence;
mod record;
mod sign_off;
mod status;
mod survey;
mod time;
mod unplanned;
mod virtual_visit;
mod visit;
mod vitals;

pub use attendance::*;
pub use chart::*;
pub use coding::*;
pub use document::*;
pub use duplicate::*;
pub use earth::*;
pub use entry::*;
pub use handover::*;
pub use id::*;
pub use ink::*;
pub use look::*;
pub use medication::*;
pub use message::*;
pub use notice::*;
pub use person::*;
pub(crate) use plan::known as known_entries;
pub use plan::*;
pub use presence::*;
pub use record::*;
pub use sign_off::*;
pub use status::*;
pub use survey::*;
pub use time::*;
pub use unplanned::*;
pub use virtual_visit::*;
pub use visit::*;
pub use vitals::*;

/// A value that a field may not take.
///
/// `field` is the stable name of the field (the same in Rust, SQL, Kotlin,
/// Swift and on the wire) and `limit` says what is accepted. Neither carries
/// the refused value: it may be patient data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is outside {limit}")]
pub struct Refused {
    /// Name of the field, as in `pulse_bpm`.
    pub field: &'static str,
    /// What is accepted, as in `20..=300 per minute`.
    pub limit: &'static str,
}

impl Refused {
    /// Names the field and what it accepts.
    #[must_use]
    pub const fn new(field: &'static str, limit: &'static str) -> Self {
        Self { field, limit }
    }
}
