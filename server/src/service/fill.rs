//! A fill: what there is, the day that matters first.
//!
//! | part | what | order |
//! |---|---|---|
//! | `DIRECTORY` | entries, people, devices, today's visits whole | never split |
//! | `TODAY` | charts, plans and teams of today's patients | by patient |
//! | `OTHERS` | the other visits, each patient's chart and plan with their nearest | by distance from today |
//! | `SWEEP` | patients without visits; what moved while the fill went on | by patient |
//! | `HISTORY` | the clinical history | by patient, newest first |
//! | `PATIENT` | one patient's record, chart, plans and team | at once |
//! | `VISITS` | one patient's visits | by distance from today |
//!
//! A place in it is a key, not a count: what comes or goes between two pages
//! shifts nothing. A booking that moves from behind the place to before it
//! has a number after the fill's beginning, which is how the sweep finds it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use homeround::access::is_tenant_wide;
use homeround::model::{
    Booking, DocumentId, DocumentKind, HOUR_MS, PatientId, RecordId, RecordKind, VisitId,
};
use uuid::Uuid;

use super::cursor::{Fill, Position};
use super::live::withheld;
use super::page::{Draft, Unit};
use super::pull::Pull;
use super::{ServiceError, documents};
use crate::store::{BookingRow, Reader};

pub(crate) const DIRECTORY: u8 = 0;
const TODAY: u8 = 1;
const OTHERS: u8 = 2;
const SWEEP: u8 = 3;
const HISTORY: u8 = 4;
pub(crate) const PATIENT: u8 = 10;
const VISITS: u8 = 11;
const PATIENT_HISTORY: u8 = 12;

/// A booking that begins further away than this is on another day wherever
/// it is: the widest offset between two zones is 26 hours.
const DAY_REACH_MS: i64 = 51 * HOUR_MS;
/// Most visits that count as today's; more of them follow by distance.
const TODAY_VISITS_MAX: usize = 200;
/// History lines read in one go.
const HISTORY_AT_ONCE: u32 = 500;
/// Merged at once.
const NOW: u8 = 0;
/// May be merged in an idle moment.
const LATER: u8 = 1;

/// Kinds of record that everybody in the tenant gets.
const DIRECTORY_KINDS: [RecordKind; 5] = [
    RecordKind::Person,
    RecordKind::Device,
    RecordKind::Organization,
    RecordKind::Questionnaire,
    RecordKind::PlanTemplate,
];

/// Gives as much as there is room for; answers whether the fill is done.
pub(crate) async fn step(
    reader: &mut dyn Reader,
    pull: &Pull<'_>,
    fill: &mut Fill,
    draft: &mut Draft,
) -> Result<bool, ServiceError> {
    let patients = in_fill(pull, fill);
    let visits = Visits::load(reader, pull, fill, &patients).await?;
    let mut filling = Filling {
        pull,
        fill,
        draft,
        patients,
        visits,
    };
    let done = filling.go(reader).await?;
    if !done {
        filling.draft.remaining = Some(filling.remaining());
    }
    Ok(done)
}

/// The patients that it is about: one, or those in scope when it began.
fn in_fill(pull: &Pull<'_>, fill: &Fill) -> BTreeSet<PatientId> {
    let wanted = |patient: &PatientId, since: u64| match fill.patient {
        Some(one) => *patient == one,
        None => since <= fill.as_of,
    };
    pull.scope
        .iter()
        .filter(|(patient, known)| wanted(patient, known.since))
        .map(|(patient, _)| *patient)
        .collect()
}

struct Filling<'f, 'p> {
    pull: &'f Pull<'p>,
    fill: &'f mut Fill,
    draft: &'f mut Draft,
    patients: BTreeSet<PatientId>,
    visits: Visits,
}

impl Filling<'_, '_> {
    async fn go(&mut self, reader: &mut dyn Reader) -> Result<bool, ServiceError> {
        loop {
            let (done, next) = match self.fill.at.phase {
                DIRECTORY => (self.directory(reader).await?, Some(TODAY)),
                TODAY => (self.today(reader).await?, Some(OTHERS)),
                OTHERS => (self.others(reader).await?, Some(SWEEP)),
                SWEEP => (self.sweep(reader).await?, Some(HISTORY)),
                HISTORY | PATIENT_HISTORY => (self.history(reader).await?, None),
                PATIENT => (self.patient(reader).await?, Some(VISITS)),
                VISITS => (self.others(reader).await?, Some(PATIENT_HISTORY)),
                _ => (true, None),
            };
            if !done {
                return Ok(false);
            }
            let Some(next) = next else { return Ok(true) };
            self.fill.at = Position::start_of(next);
        }
    }

    /// A rough count for a progress bar.
    fn remaining(&self) -> u64 {
        let at = self.fill.at;
        let after = |it: &&Visit| (it.distance, it.id) > (at.distance, at.id);
        let visits = match at.phase {
            OTHERS | VISITS => self.visits.others.iter().filter(after).count(),
            DIRECTORY | TODAY | PATIENT => self.visits.others.len(),
            _ => 0,
        };
        let patients = match at.phase {
            TODAY | SWEEP | HISTORY => {
                let later = |patient: &&PatientId| patient.0 > at.patient;
                self.patients.iter().filter(later).count()
            }
            _ => self.patients.len(),
        };
        (2 * visits + patients) as u64
    }

    async fn directory(&mut self, reader: &mut dyn Reader) -> Result<bool, ServiceError> {
        // Never split: see TODAY_VISITS_MAX.
        let asked = self.draft.reach_for_today();
        for patient in &self.patients {
            if let Some(known) = self.pull.scope.get(patient) {
                self.draft.enter(self.pull.enter(*patient, known));
            }
        }
        for kind in DIRECTORY_KINDS {
            for row in reader.tenant_records(kind).await? {
                if row.body.is_some() {
                    self.draft.record(row);
                }
            }
        }
        let mut named = BTreeSet::new();
        for visit in self.visits.today.clone() {
            let mut unit = Unit::default();
            if named.insert(visit.patient) {
                add_record(
                    reader,
                    &mut unit,
                    RecordKind::Patient,
                    RecordId(visit.patient.0),
                )
                .await?;
            }
            add_visit(reader, &mut unit, &visit, NOW).await?;
            self.draft.offer(unit);
        }
        self.draft.asked_again(asked);
        Ok(true)
    }

    async fn today(&mut self, reader: &mut dyn Reader) -> Result<bool, ServiceError> {
        for patient in self.visits.today_patients.clone() {
            if patient.0 <= self.fill.at.patient {
                continue;
            }
            let unit = care_of(reader, patient).await?;
            if !self.draft.offer(unit) {
                return Ok(false);
            }
            self.fill.at.patient = patient.0;
        }
        Ok(true)
    }

    /// Visits by distance; in the fill of everything, with what belongs to a
    /// patient at their nearest one.
    async fn others(&mut self, reader: &mut dyn Reader) -> Result<bool, ServiceError> {
        let with_care = self.fill.patient.is_none();
        for visit in std::mem::take(&mut self.visits.others) {
            if (visit.distance, visit.id) <= (self.fill.at.distance, self.fill.at.id) {
                continue;
            }
            let leads = self.visits.nearest.get(&visit.patient) == Some(&visit.id);
            let mut unit = Unit::default();
            if with_care && leads && !self.visits.today_patients.contains(&visit.patient) {
                unit = whole_patient(reader, visit.patient).await?;
            }
            add_visit(reader, &mut unit, &visit, LATER).await?;
            if !self.draft.offer(unit) {
                return Ok(false);
            }
            self.fill.at.distance = visit.distance;
            self.fill.at.id = visit.id;
        }
        Ok(true)
    }

    async fn sweep(&mut self, reader: &mut dyn Reader) -> Result<bool, ServiceError> {
        for patient in self.patients.clone() {
            if patient.0 <= self.fill.at.patient {
                continue;
            }
            let moved = self.visits.moved.get(&patient).cloned().unwrap_or_default();
            let mut unit = Unit::default();
            if !moved.is_empty() || !self.visits.nearest.contains_key(&patient) {
                unit = whole_patient(reader, patient).await?;
            }
            for visit in &moved {
                add_visit(reader, &mut unit, visit, LATER).await?;
            }
            for id in reader.documents_of(patient, DocumentKind::Visit).await? {
                if !self.visits.booked.contains(&id.id) {
                    add_document(reader, &mut unit, id, patient, LATER).await?;
                }
            }
            if !self.draft.offer(unit) {
                return Ok(false);
            }
            self.fill.at.patient = patient.0;
        }
        Ok(true)
    }

    async fn history(&mut self, reader: &mut dyn Reader) -> Result<bool, ServiceError> {
        if withheld(self.pull.caller.role, RecordKind::History) {
            return Ok(true);
        }
        for patient in self.patients.clone() {
            if patient.0 < self.fill.at.patient {
                continue;
            }
            let mut before = (patient.0 == self.fill.at.patient)
                .then_some((self.fill.at.distance, RecordId(self.fill.at.id)));
            loop {
                let lines = reader.history_of(patient, before, HISTORY_AT_ONCE).await?;
                if lines.is_empty() {
                    break;
                }
                for (at, line) in lines {
                    let id = line.id;
                    if !self.draft.record(line) {
                        return Ok(false);
                    }
                    self.fill.at.patient = patient.0;
                    self.fill.at.distance = at;
                    self.fill.at.id = id.0;
                    before = Some((at, id));
                }
            }
        }
        Ok(true)
    }

    async fn patient(&mut self, reader: &mut dyn Reader) -> Result<bool, ServiceError> {
        let Some(patient) = self.fill.patient else {
            return Ok(true);
        };
        if !self.patients.contains(&patient) {
            // Out of scope again: the leave follows among the live events.
            return Ok(true);
        }
        let unit = whole_patient(reader, patient).await?;
        Ok(self.draft.offer(unit))
    }
}

/// A visit in the order of a fill.
#[derive(Debug, Clone)]
struct Visit {
    distance: i64,
    id: Uuid,
    patient: PatientId,
}

/// The bookings of a fill, sorted out.
#[derive(Default)]
struct Visits {
    /// Of the day that matters, by start.
    today: Vec<Visit>,
    today_patients: BTreeSet<PatientId>,
    /// The others, by distance.
    others: Vec<Visit>,
    /// Each patient's first visit in the order of the fill.
    nearest: BTreeMap<PatientId, Uuid>,
    /// Booked again since the fill began.
    moved: BTreeMap<PatientId, Vec<Visit>>,
    /// Every visit with a booking.
    booked: BTreeSet<Uuid>,
}

impl Visits {
    async fn load(
        reader: &mut dyn Reader,
        pull: &Pull<'_>,
        fill: &Fill,
        patients: &BTreeSet<PatientId>,
    ) -> Result<Self, ServiceError> {
        let mut visits = Self::default();
        for row in reader.bookings().await? {
            if patients.contains(&row.patient) {
                visits.sort_in(reader, pull, fill, &row).await?;
            }
        }
        if let Some(patient) = fill.patient {
            visits.add_unbooked(reader, patient, patients).await?;
        }
        visits
            .others
            .sort_by_key(|visit| (visit.distance, visit.id));
        for visit in visits.today.iter().chain(&visits.others) {
            visits.nearest.entry(visit.patient).or_insert(visit.id);
        }
        Ok(visits)
    }

    async fn sort_in(
        &mut self,
        reader: &mut dyn Reader,
        pull: &Pull<'_>,
        fill: &Fill,
        row: &BookingRow,
    ) -> Result<(), ServiceError> {
        self.booked.insert(row.id.0);
        if row.ended {
            return Ok(());
        }
        let visit = Visit {
            distance: row.start.saturating_sub(fill.today).saturating_abs(),
            id: row.id.0,
            patient: row.patient,
        };
        if row.version > fill.as_of && fill.patient.is_none() {
            self.moved
                .entry(row.patient)
                .or_default()
                .push(visit.clone());
        }
        let is_today = fill.patient.is_none()
            && visit.distance <= DAY_REACH_MS
            && today(reader, pull, fill, row.id).await?;
        if is_today && self.today.len() < TODAY_VISITS_MAX {
            self.today_patients.insert(row.patient);
            self.today.push(visit);
        } else {
            self.others.push(visit);
        }
        Ok(())
    }

    /// Visits that have a document and no booking: somebody made them on a phone.
    async fn add_unbooked(
        &mut self,
        reader: &mut dyn Reader,
        patient: PatientId,
        patients: &BTreeSet<PatientId>,
    ) -> Result<(), ServiceError> {
        if !patients.contains(&patient) {
            return Ok(());
        }
        for id in reader.documents_of(patient, DocumentKind::Visit).await? {
            if !self.booked.contains(&id.id) {
                self.others.push(Visit {
                    distance: i64::MAX,
                    id: id.id,
                    patient,
                });
            }
        }
        Ok(())
    }
}

/// Whether a booking belongs to the day that matters: it touches the day in
/// the home's time zone, and for who sees the whole tenant it is their own.
async fn today(
    reader: &mut dyn Reader,
    pull: &Pull<'_>,
    fill: &Fill,
    id: RecordId,
) -> Result<bool, ServiceError> {
    let record = reader.record(RecordKind::Booking, id).await?;
    let body = record.and_then(|record| record.body).unwrap_or_default();
    let Ok(booking) = serde_json::from_str::<Booking>(&body) else {
        return Ok(false);
    };
    if is_tenant_wide(pull.caller.role) && !booking.assignees.contains(&pull.caller.person) {
        return Ok(false);
    }
    let zone: Tz = booking.time_zone.parse().unwrap_or(Tz::UTC);
    let day = local_day(fill.today, zone);
    let first = local_day(booking.start_ms.0, zone);
    let last = local_day(booking.end_ms.0.max(booking.start_ms.0), zone);
    Ok(first <= day && day <= last)
}

fn local_day(at_ms: i64, zone: Tz) -> Option<NaiveDate> {
    let at = DateTime::from_timestamp_millis(at_ms)?;
    Some(at.with_timezone(&zone).date_naive())
}

async fn add_record(
    reader: &mut dyn Reader,
    unit: &mut Unit,
    kind: RecordKind,
    id: RecordId,
) -> Result<(), ServiceError> {
    if let Some(row) = reader.record(kind, id).await?
        && row.body.is_some()
    {
        unit.add_record(row);
    }
    Ok(())
}

async fn add_document(
    reader: &mut dyn Reader,
    unit: &mut Unit,
    id: DocumentId,
    patient: PatientId,
    priority: u8,
) -> Result<(), ServiceError> {
    if let Some(whole) = documents::whole(reader, id).await? {
        unit.add_snapshot(id, patient, whole, priority);
    }
    Ok(())
}

async fn add_visit(
    reader: &mut dyn Reader,
    unit: &mut Unit,
    visit: &Visit,
    priority: u8,
) -> Result<(), ServiceError> {
    add_record(reader, unit, RecordKind::Booking, RecordId(visit.id)).await?;
    let document = DocumentId::visit(VisitId(visit.id));
    add_document(reader, unit, document, visit.patient, priority).await
}

/// A patient's team, chart and plans, and where notices to them stand.
async fn care_of(reader: &mut dyn Reader, patient: PatientId) -> Result<Unit, ServiceError> {
    let mut unit = Unit::default();
    for kind in [RecordKind::CareTeam, RecordKind::Notice] {
        for row in reader.records_of(kind, patient).await? {
            if row.body.is_some() {
                unit.add_record(row);
            }
        }
    }
    for kind in [DocumentKind::Chart, DocumentKind::Plan] {
        for id in reader.documents_of(patient, kind).await? {
            add_document(reader, &mut unit, id, patient, LATER).await?;
        }
    }
    Ok(unit)
}

/// The same with the patient's own record.
async fn whole_patient(reader: &mut dyn Reader, patient: PatientId) -> Result<Unit, ServiceError> {
    let mut unit = care_of(reader, patient).await?;
    add_record(reader, &mut unit, RecordKind::Patient, RecordId(patient.0)).await?;
    Ok(unit)
}
