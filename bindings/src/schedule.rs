//! The day's lists.

use std::sync::Arc;

use chrono::NaiveDate;
use homeround::app;
use homeround::store::VisitRow;

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::root::Phone;
use crate::types::{PatientId, VisitId, VisitStatus};

/// A line of a day's list.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct VisitSummary {
    /// Which visit.
    pub id: VisitId,
    /// Whom it is for.
    pub patient: PatientId,
    /// As a person reads it.
    pub patient_name: String,
    /// In one line; empty when none is known.
    pub address: String,
    /// Degrees north of the home, if known.
    pub latitude_deg: Option<f64>,
    /// Degrees east of the home, if known.
    pub longitude_deg: Option<f64>,
    /// When it is to begin, milliseconds since 1970.
    pub start_ms: i64,
    /// When it is to end, milliseconds since 1970.
    pub end_ms: i64,
    /// IANA zone of the patient's home: show its times in it.
    pub time_zone: String,
    /// What it is for.
    pub service: String,
    /// 0 is usual; higher comes first.
    pub priority: u8,
    /// Where it stands.
    pub status: VisitStatus,
    /// Conflicts that nobody has settled.
    pub conflicts: u32,
    /// Edits of this visit that the backend does not have.
    pub unsent: u64,
    /// Who is booked for it.
    pub assignees: Vec<By>,
}

/// A day's visits.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Day {
    /// As in `2026-11-27`.
    pub date: String,
    /// In order of their beginning.
    pub visits: Vec<VisitSummary>,
    /// Edits of this phone that the backend does not have, of any day.
    pub unsent: u64,
    /// The store's revision that this shows.
    pub revision: u64,
    /// Those of the visits that may be there twice, and nobody has decided yet.
    #[uniffi(default = [])]
    pub likely_duplicates: Vec<VisitId>,
    /// Those of the visits that are virtual: no way leads to them.
    #[uniffi(default = [])]
    pub virtual_visits: Vec<VisitId>,
}

pub(crate) fn summary(row: VisitRow, names: &Names<'_>) -> VisitSummary {
    VisitSummary {
        id: row.visit,
        patient: row.patient,
        patient_name: row.patient_name,
        address: row.address,
        latitude_deg: row.latitude_deg,
        longitude_deg: row.longitude_deg,
        start_ms: row.start_ms.0,
        end_ms: row.end_ms.0,
        time_zone: row.time_zone,
        service: row.service,
        priority: row.priority,
        status: row.status,
        conflicts: row.conflicts,
        unsent: row.unsent,
        assignees: row.assignees.into_iter().map(|one| names.by(one)).collect(),
    }
}

/// The day's lists.
#[derive(uniffi::Object)]
pub struct Schedule {
    phone: Arc<Phone>,
}

impl Schedule {
    pub(crate) const fn new(phone: Arc<Phone>) -> Self {
        Self { phone }
    }

    pub(crate) fn app(&self) -> &app::Homeround {
        &self.phone.app
    }

    pub(crate) fn phone(&self) -> &Phone {
        &self.phone
    }

    fn show(&self, day: app::Day) -> Day {
        let names = Names::new(&self.phone.app);
        let rows = day.visits.into_iter();
        Day {
            date: day.date.to_string(),
            visits: rows.map(|row| summary(row, &names)).collect(),
            unsent: day.unsent,
            revision: day.revision,
            likely_duplicates: day.likely_duplicates,
            virtual_visits: day.virtual_visits,
        }
    }
}

#[uniffi::export]
impl Schedule {
    /// Which day it is where the phone works, by the best known clock.
    pub fn today(&self) -> Result<String, HomeroundError> {
        guard(|| self.phone.app.today().map(|date| date.to_string()))
    }

    /// One's own visits of a day, as in `2026-11-27`.
    ///
    /// Fails with `Refused` on `date`, `Locked`, `NotEnrolled`, `LeaseEnded`.
    pub fn day(&self, date: String) -> Result<Day, HomeroundError> {
        guard(|| Ok::<_, HomeroundError>(self.show(self.phone.app.day(parse(&date)?)?)))
    }

    /// Everybody's visits of a day, as far as they are on this phone.
    pub fn team_day(&self, date: String) -> Result<Day, HomeroundError> {
        guard(|| Ok::<_, HomeroundError>(self.show(self.phone.app.team_day(parse(&date)?)?)))
    }
}

pub(crate) fn parse(date: &str) -> Result<NaiveDate, HomeroundError> {
    date.parse()
        .map_err(|_| HomeroundError::refused("date", "a day, as in 2026-11-27"))
}
