//! Electronic visit verification: the six elements of section 12006 of the 21st
//! Century Cures Act, as JSON that can be verified and as CSV.
//!
//! | element | in a row |
//! |---|---|
//! | type of service | `service_type` |
//! | individual receiving it | `recipient` |
//! | date | `date`, in the time zone of the home |
//! | location | `location`, and the place of each stamp |
//! | individual providing it | `provider` |
//! | time it begins and ends | `begin`, `end` |
//!
//! One row is one person's time in one home; virtual visits are no visits to a home and
//! are counted beside the rows. The stamps behind the rows stand
//! beside them as their devices signed them, and the backend seals the whole:
//! `homeround-server evv verify` shows without a line of this code that nothing
//! was altered, left out or put elsewhere. The format is in `docs/evv.md`.

mod csv;
mod file;
mod rows;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use homeround::model::{Booking, Device, Patient, PatientId, Person, PersonId, Visit, VisitId};

pub use csv::csv;
pub use file::{EXPORT_DOMAIN, FORMAT, canonical, document, sealed};

/// A visit with what the backend knows around it.
#[derive(Debug, Clone, PartialEq)]
pub struct VisitFacts {
    /// Which.
    pub id: VisitId,
    /// Whose.
    pub patient: PatientId,
    /// Its booking; none: it was never booked, or that was ended.
    pub booking: Option<Booking>,
    /// As it stands.
    pub visit: Visit,
}

/// What an export is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Every visit of the tenant that somebody began.
    pub visits: Vec<VisitFacts>,
    /// Demographics.
    pub patients: BTreeMap<PatientId, Patient>,
    /// The directory.
    pub people: BTreeMap<PersonId, Person>,
    /// Every device that was ever enrolled.
    pub devices: Vec<Device>,
}

/// The days that an export is about, both included, each in the home's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

pub use rows::{Edge, Row, Stamped, chains, rows, virtual_visits};
