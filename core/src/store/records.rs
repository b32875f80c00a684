//! The backend's rows: bookings, demographics, history, directory. The highest version
//! wins; a timeline reads them a page at a time.

use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::{Rows, StoreError, WriteTx, from_sql, to_sql};
use crate::model::{
    Booking, DocumentId, History, Millis, Patient, PatientId, Record, RecordId, RecordKind,
    Refused, VisitId,
};

/// Where a timeline goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelineCursor {
    at: i64,
    row: i64,
}

impl TimelineCursor {
    /// Before everything of this instant and of those before it.
    #[must_use]
    pub const fn through(at: Millis) -> Self {
        Self {
            at: at.0,
            row: i64::MAX,
        }
    }
}

/// As text, for a shell to keep from page to page.
impl std::fmt::Display for TimelineCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at, self.row)
    }
}

impl std::str::FromStr for TimelineCursor {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let parse = || {
            let (at, row) = text.split_once('.')?;
            Some(Self {
                at: at.parse().ok()?,
                row: row.parse().ok()?,
            })
        };
        parse().ok_or(Refused::new("cursor", "what the last page gave"))
    }
}

/// A page of a timeline, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePage {
    /// History records.
    pub records: Vec<Record>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<TimelineCursor>,
}

const COLUMNS: &str = "SELECT r.kind, r.id, k.patient, r.version, r.body, r.at_ms, r.r
    FROM record r LEFT JOIN patient_key k USING (p)";

fn read_record(row: &rusqlite::Row<'_>) -> Result<Record, StoreError> {
    let patient: Option<[u8; 16]> = row.get(2)?;
    Ok(Record {
        kind: RecordKind::from_code(row.get(0)?)?,
        id: RecordId(Uuid::from_bytes(row.get(1)?)),
        patient: patient.map(|bytes| PatientId(Uuid::from_bytes(bytes))),
        version: from_sql(row.get(3)?),
        body: row.get(4)?,
    })
}

fn read_all(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Record>, StoreError> {
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(read_record(row)?);
    }
    Ok(records)
}

impl Rows {
    pub(super) fn record_body(
        &self,
        kind: RecordKind,
        id: Uuid,
    ) -> Result<Option<String>, StoreError> {
        let body: Option<Option<String>> = self
            .cached("SELECT body FROM record WHERE kind = ?1 AND id = ?2")?
            .query_row((kind.code(), id.as_bytes()), |row| row.get(0))
            .optional()?;
        Ok(body.flatten())
    }

    /// One record, also one that has ended; none: it is not known.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn record(&self, kind: RecordKind, id: RecordId) -> Result<Option<Record>, StoreError> {
        let mut statement = self.cached(&format!("{COLUMNS} WHERE r.kind = ?1 AND r.id = ?2"))?;
        let mut rows = statement.query((kind.code(), id.bytes()))?;
        rows.next()?.map(read_record).transpose()
    }

    /// Records of one kind that have not ended, in order of their ids, a page at a time.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn records(
        &self,
        kind: RecordKind,
        after: Option<RecordId>,
        limit: u32,
    ) -> Result<Vec<Record>, StoreError> {
        let after = after.map_or(Vec::new(), |id| id.bytes().to_vec());
        let mut statement = self.cached(&format!(
            "{COLUMNS} WHERE r.kind = ?1 AND r.id > ?2 AND r.body IS NOT NULL
             ORDER BY r.id LIMIT ?3"
        ))?;
        read_all(statement.query((kind.code(), after, limit))?)
    }

    /// A patient's records of one kind that have not ended.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn records_of(
        &self,
        patient: PatientId,
        kind: RecordKind,
    ) -> Result<Vec<Record>, StoreError> {
        let mut statement = self.cached(&format!(
            "{COLUMNS} WHERE r.p = (SELECT p FROM patient_key WHERE patient = ?1)
             AND r.kind = ?2 AND r.body IS NOT NULL ORDER BY r.r"
        ))?;
        read_all(statement.query((patient.bytes(), kind.code()))?)
    }

    /// A page of a patient's history, newest first, from `cursor` on; `resource`
    /// narrows it to one FHIR resource type.
    ///
    /// # Errors
    /// [`StoreError`] of the read.
    pub fn timeline(
        &self,
        patient: PatientId,
        resource: Option<&str>,
        cursor: Option<TimelineCursor>,
        limit: u32,
    ) -> Result<TimelinePage, StoreError> {
        let (at, row) = cursor.map_or((i64::MAX, i64::MAX), |from| (from.at, from.row));
        let mut statement = self.cached(&format!(
            "{COLUMNS} WHERE r.p = (SELECT p FROM patient_key WHERE patient = ?1) AND r.kind = ?2
             AND (r.at_ms, r.r) < (?3, ?4) AND (?5 IS NULL OR r.resource = ?5)
             ORDER BY r.at_ms DESC, r.r DESC LIMIT ?6"
        ))?;
        let mut rows = statement.query((
            patient.bytes(),
            RecordKind::History.code(),
            at,
            row,
            resource,
            limit,
        ))?;
        let (mut records, mut end) = (Vec::new(), None);
        while let Some(row) = rows.next()? {
            records.push(read_record(row)?);
            end = Some(TimelineCursor {
                at: row.get(5)?,
                row: row.get(6)?,
            });
        }
        let full = u32::try_from(records.len()).is_ok_and(|len| len == limit);
        Ok(TimelinePage {
            records,
            next: end.filter(|_| full),
        })
    }
}

/// What the tables beside the body hold of it.
enum Parsed {
    Booking(Booking),
    Patient(Patient),
    History(History),
    Other,
}

impl Parsed {
    /// In whose scope the body says it is.
    const fn patient(&self) -> Option<PatientId> {
        match self {
            Self::Booking(booking) => Some(booking.patient),
            Self::Patient(patient) => Some(patient.id),
            Self::History(line) => Some(line.patient),
            Self::Other => None,
        }
    }
}

fn parse(kind: RecordKind, body: &str) -> Result<Parsed, StoreError> {
    let parsed = match kind {
        RecordKind::Booking => serde_json::from_str(body).map(Parsed::Booking),
        RecordKind::Patient => serde_json::from_str(body).map(Parsed::Patient),
        RecordKind::History => serde_json::from_str(body).map(Parsed::History),
        _ => Ok(Parsed::Other),
    };
    parsed.map_err(|_| StoreError::Shape { kind })
}

impl WriteTx<'_> {
    /// Stores a record if its version is higher than the stored one, with what lists,
    /// timeline and search take from it. False: the stored one is as new.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when the body is not what its kind says, and of the write.
    pub fn put_record(&self, record: &Record) -> Result<bool, StoreError> {
        let parsed = match &record.body {
            Some(body) => parse(record.kind, body)?,
            None => Parsed::Other,
        };
        let (at, resource) = match &parsed {
            Parsed::History(line) => (Some(line.at_ms.0), Some(line.resource.as_str())),
            _ => (None, None),
        };
        let patient = record.patient.or_else(|| parsed.patient());
        let p = patient.map(|one| self.patient_number(one)).transpose()?;
        let written = self
            .cached(
                "INSERT INTO record (kind, id, p, version, at_ms, resource, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (kind, id) DO UPDATE
                 SET p = ?3, version = ?4, at_ms = ?5, resource = ?6, body = ?7
                 WHERE version < ?4",
            )?
            .execute((
                record.kind.code(),
                record.id.bytes(),
                p,
                to_sql(record.version)?,
                at,
                resource,
                &record.body,
            ))?;
        if written == 0 {
            return Ok(false);
        }
        self.project(record, &parsed)?;
        Ok(true)
    }

    /// The backend was put back to a backup, and its numbers went back with it: whatever it
    /// says of a record from now on stands, whichever number that has.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn question_records(&self) -> Result<(), StoreError> {
        self.cached("UPDATE record SET version = 0")?.execute([])?;
        Ok(())
    }

    fn project(&self, record: &Record, parsed: &Parsed) -> Result<(), StoreError> {
        match parsed {
            Parsed::Booking(booking) => self.list_booking(booking),
            Parsed::Patient(patient) => {
                self.list_patient(patient)?;
                self.search_patient(patient)
            }
            Parsed::History(_) => Ok(()),
            Parsed::Other => match (record.kind, &record.body) {
                (RecordKind::Booking, None) => {
                    let visit = DocumentId::visit(VisitId(record.id.0));
                    self.find(visit)?.map_or(Ok(()), |doc| self.unlist(doc))
                }
                (RecordKind::Patient, None) => self.unsearch_patient(PatientId(record.id.0)),
                _ => Ok(()),
            },
        }
    }

    /// Rebuilds the list of visits and the index of patients from the records, after
    /// [`Self::drop_caches`]. Statuses, conflicts and notes come back with the views.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn rebuild_lists(&self) -> Result<(), StoreError> {
        const PAGE: u32 = 500;
        for kind in [RecordKind::Patient, RecordKind::Booking] {
            let mut after = None;
            loop {
                let page = self.records(kind, after, PAGE)?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                for record in &page {
                    if let Some(body) = &record.body {
                        self.project(record, &parse(kind, body)?)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Empties every cache: snapshots, views, open conflicts, the list of visits, the
    /// search index. [`Self::rebuild_lists`], and then a view and the conflicts of each
    /// document from its truth, bring the same rows back.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn drop_caches(&self) -> Result<(), StoreError> {
        self.sql().execute_batch(
            "DELETE FROM snapshot;
             DELETE FROM view;
             DELETE FROM conflict WHERE settled_ms IS NULL;
             DELETE FROM visit_list;
             DELETE FROM search;
             DELETE FROM search_pending;",
        )?;
        Ok(())
    }

    /// Drops history lines older than `before`, of all patients: the phone's budget for
    /// what the backend keeps anyway. Answers how many.
    ///
    /// # Errors
    /// [`StoreError`] of the write.
    pub fn trim_history(&self, before: Millis) -> Result<usize, StoreError> {
        Ok(self
            .cached("DELETE FROM record WHERE kind = ?1 AND at_ms < ?2")?
            .execute((RecordKind::History.code(), before.0))?)
    }
}
