//! The list of visits: bookings, names and statuses side by side, so that a day is one
//! range of one table. Fed by the rooms' writes to records, views and conflicts.

use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::{Rows, StoreError, WriteTx};
use crate::model::{
    Address, Booking, DocumentId, Millis, Patient, PatientId, PersonId, RecordKind, Unplanned,
    VisitId, VisitStatus,
};

/// One line of a list of visits.
#[derive(Debug, Clone, PartialEq)]
pub struct VisitRow {
    /// The visit.
    pub visit: VisitId,
    /// For whom.
    pub patient: PatientId,
    /// Given names, then the family name; empty until the record has come.
    pub patient_name: String,
    /// Street lines and city; empty until the record has come.
    pub address: String,
    /// Degrees north of the home.
    pub latitude_deg: Option<f64>,
    /// Degrees east of the home.
    pub longitude_deg: Option<f64>,
    /// Start of the window.
    pub start_ms: Millis,
    /// End of the window.
    pub end_ms: Millis,
    /// IANA time zone of the home.
    pub time_zone: String,
    /// What for, in words.
    pub service: String,
    /// 0 routine, 1 urgent, 2 emergency.
    pub priority: u8,
    /// Where the visit stands.
    pub status: VisitStatus,
    /// Open conflicts.
    pub conflicts: u32,
    /// Changes of the visit's document that are unsent.
    pub unsent: u64,
    /// By whom.
    pub assignees: Vec<PersonId>,
}

const COLUMNS: &str = "SELECT start_ms, doc, end_ms, visit, patient, patient_name, address,
    latitude_deg, longitude_deg, time_zone, service, priority, status, conflicts, assignees
    FROM visit_list";

impl Rows {
    /// Visits that start in `from..until`, in order; of one person alone if given.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn visits_between(
        &self,
        from: Millis,
        until: Millis,
        assignee: Option<PersonId>,
    ) -> Result<Vec<VisitRow>, StoreError> {
        let mut statement = self.cached(&format!(
            "{COLUMNS} WHERE start_ms >= ?1 AND start_ms < ?2 ORDER BY start_ms, doc"
        ))?;
        let mut rows = statement.query((from.0, until.0))?;
        let mut visits = Vec::new();
        while let Some(row) = rows.next()? {
            let people = row
                .get_ref(14)?
                .as_blob()
                .map_err(|_| StoreError::Damaged)?;
            let wanted = assignee.is_none_or(|person| {
                people
                    .chunks(16)
                    .any(|one| one == person.bytes().as_slice())
            });
            if wanted {
                visits.push(self.read_visit(row)?);
            }
        }
        Ok(visits)
    }

    /// The line of one visit; none: it is not booked.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn visit_row(&self, visit: VisitId) -> Result<Option<VisitRow>, StoreError> {
        let Some(doc) = self.find(DocumentId::visit(visit))? else {
            return Ok(None);
        };
        let mut statement = self.cached(&format!("{COLUMNS} WHERE doc = ?1"))?;
        let mut rows = statement.query([doc])?;
        match rows.next()? {
            Some(row) => self.read_visit(row).map(Some),
            None => Ok(None),
        }
    }

    fn read_visit(&self, row: &rusqlite::Row<'_>) -> Result<VisitRow, StoreError> {
        let people: Vec<u8> = row.get(14)?;
        let status: String = row.get(12)?;
        Ok(VisitRow {
            start_ms: Millis(row.get(0)?),
            unsent: self.unsent_in(row.get(1)?)?,
            end_ms: Millis(row.get(2)?),
            visit: VisitId(Uuid::from_bytes(row.get(3)?)),
            patient: PatientId(Uuid::from_bytes(row.get(4)?)),
            patient_name: row.get(5)?,
            address: row.get(6)?,
            latitude_deg: row.get(7)?,
            longitude_deg: row.get(8)?,
            time_zone: row.get(9)?,
            service: row.get(10)?,
            priority: row.get(11)?,
            status: status.parse()?,
            conflicts: row.get(13)?,
            assignees: people
                .chunks(16)
                .map(PersonId::from_bytes)
                .collect::<Result<_, _>>()?,
        })
    }

    fn listed_start(&self, doc: i64) -> Result<Option<i64>, StoreError> {
        Ok(self
            .cached("SELECT start_ms FROM visit_list WHERE doc = ?1")?
            .query_row([doc], |row| row.get(0))
            .optional()?)
    }
}

fn one_line(address: Option<&Address>) -> String {
    let Some(address) = address else {
        return String::new();
    };
    let mut parts: Vec<&str> = address.lines.iter().map(String::as_str).collect();
    parts.push(&address.city);
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

fn known_status(text: Option<&str>) -> Option<VisitStatus> {
    text.and_then(|name| name.parse().ok())
}

impl WriteTx<'_> {
    /// Writes the line of a booking. What the document says of status and conflicts
    /// is taken from the line before, or from the view.
    pub(super) fn list_booking(&self, booking: &Booking) -> Result<(), StoreError> {
        let id = DocumentId::visit(booking.visit);
        let doc = self.document_number(id, booking.patient)?;
        let status = match self.visit_row(booking.visit)? {
            Some(row) => row.status,
            None => self.viewed_status(id)?,
        };
        let conflicts = self.open_conflicts(id)?;
        self.unlist(doc)?;
        let patient = self.patient_record(booking.patient)?;
        let address = patient.as_ref().and_then(|one| one.address.as_ref());
        let people: Vec<u8> = booking
            .assignees
            .iter()
            .flat_map(|person| *person.bytes())
            .collect();
        self.cached(
            "INSERT INTO visit_list VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(rusqlite::params![
            booking.start_ms.0,
            doc,
            booking.end_ms.0,
            booking.visit.bytes(),
            booking.patient.bytes(),
            patient
                .as_ref()
                .map_or_else(String::new, Patient::display_name),
            one_line(address),
            address.and_then(|one| one.latitude_deg),
            address.and_then(|one| one.longitude_deg),
            booking.time_zone,
            booking.service.text,
            booking.priority,
            status.name(),
            conflicts,
            people,
        ])?;
        Ok(())
    }

    /// Writes the line of a visit that a care member made, until its booking comes or
    /// where it never does. What this version can't read makes no line.
    pub(super) fn list_unplanned(
        &self,
        id: DocumentId,
        unplanned: &serde_json::Value,
    ) -> Result<(), StoreError> {
        let visit = VisitId(id.id);
        let booked = self.record(RecordKind::Booking, crate::model::RecordId(visit.0))?;
        let Ok(unplanned) = serde_json::from_value::<Unplanned>(unplanned.clone()) else {
            return Ok(());
        };
        match (booked, self.patient_of(id)?) {
            (None, Some(patient)) => self.list_booking(&unplanned.booking(visit, patient)),
            _ => Ok(()),
        }
    }

    /// Writes the line of a visit that is booked.
    pub(super) fn list_booked(&self, id: DocumentId) -> Result<(), StoreError> {
        let body = self.record_body(RecordKind::Booking, id.id)?;
        match body.and_then(|text| serde_json::from_str(&text).ok()) {
            Some(booking) => self.list_booking(&booking),
            None => Ok(()),
        }
    }

    fn viewed_status(&self, id: DocumentId) -> Result<VisitStatus, StoreError> {
        let view = self.view(id)?.unwrap_or_default();
        let value: serde_json::Value = serde_json::from_str(&view).unwrap_or_default();
        let status = known_status(value.get("status").and_then(serde_json::Value::as_str));
        Ok(status.unwrap_or(VisitStatus::Scheduled))
    }

    fn patient_record(&self, patient: PatientId) -> Result<Option<Patient>, StoreError> {
        let body = self.record_body(RecordKind::Patient, patient.0)?;
        Ok(body.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Takes the line away, as when a booking ended.
    pub(super) fn unlist(&self, doc: i64) -> Result<(), StoreError> {
        self.cached("DELETE FROM visit_list WHERE doc = ?1")?
            .execute([doc])?;
        Ok(())
    }

    /// Puts a patient's name and home into the lines of their visits.
    pub(super) fn list_patient(&self, patient: &Patient) -> Result<(), StoreError> {
        let address = patient.address.as_ref();
        let mut visits = self.documents_of(patient.id)?;
        visits.retain(|id| id.kind == crate::model::DocumentKind::Visit);
        for id in visits {
            let doc = self.require(id)?;
            let Some(start) = self.listed_start(doc)? else {
                continue;
            };
            self.cached(
                "UPDATE visit_list SET patient_name = ?3, address = ?4, latitude_deg = ?5,
                 longitude_deg = ?6 WHERE start_ms = ?1 AND doc = ?2",
            )?
            .execute((
                start,
                doc,
                patient.display_name(),
                one_line(address),
                address.and_then(|one| one.latitude_deg),
                address.and_then(|one| one.longitude_deg),
            ))?;
        }
        Ok(())
    }

    /// A status that this version does not know leaves the line as it is.
    pub(super) fn list_status(&self, doc: i64, status: Option<&str>) -> Result<(), StoreError> {
        let (Some(status), Some(start)) = (known_status(status), self.listed_start(doc)?) else {
            return Ok(());
        };
        self.cached(
            "UPDATE visit_list SET status = ?3 WHERE start_ms = ?1 AND doc = ?2 AND status <> ?3",
        )?
        .execute((start, doc, status.name()))?;
        Ok(())
    }

    pub(super) fn list_conflicts(&self, doc: i64, open: u32) -> Result<(), StoreError> {
        if let Some(start) = self.listed_start(doc)? {
            self.cached("UPDATE visit_list SET conflicts = ?3 WHERE start_ms = ?1 AND doc = ?2")?
                .execute((start, doc, open))?;
        }
        Ok(())
    }
}
