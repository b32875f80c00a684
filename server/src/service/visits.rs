//! Booking a visit: the record, the assignments and the document, at once.

use homeround::model::{
    Booking, Coding, DocumentId, EntryId, MINUTE_MS, Millis, PatientId, PersonId, RecordId,
    RecordKind, Refused, VISIT_MINUTES_MAX, VirtualBooking, VisitId,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::grants::{OFFICE, assign};
use super::records::{Put, check_text, json as to_json, put};
use super::{Backend, Caller, News, ServiceError, audit, scope};
use crate::connect::fhir::NewDocument;
use crate::store::Writer;

/// Most tasks of a visit that is booked.
const TASKS_MAX: usize = 200;
/// Most people assigned to a visit.
const ASSIGNEES_MAX: usize = 16;

/// A visit to book, or to book otherwise.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    /// The visit; a new one unless given.
    #[serde(default)]
    pub visit: Option<VisitId>,
    /// For whom.
    pub patient: PatientId,
    /// By whom.
    pub assignees: Vec<PersonId>,
    /// Start of the window.
    pub start_ms: Millis,
    /// End of the window.
    pub end_ms: Millis,
    /// What for.
    pub service: Coding,
    /// IANA time zone of the patient's home.
    pub time_zone: String,
    /// 0 routine, 1 urgent, 2 emergency.
    #[serde(default)]
    pub priority: u8,
    /// How long the visit takes, in minutes, where that is less than the window; none: the
    /// whole window.
    #[serde(default)]
    pub visit_minutes: Option<u32>,
    /// The time was agreed to the minute: nobody is to suggest another one.
    #[serde(default)]
    pub fixed: bool,
    /// The visit is virtual, with the link to join by and the number to fall back to; none:
    /// it is at the patient's home, also where it was virtual before.
    #[serde(default)]
    pub virtual_visit: Option<VirtualBooking>,
    /// What is to be done; counts when the visit is new.
    #[serde(default)]
    pub tasks: Vec<NewTask>,
}

/// A task of a visit to book.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTask {
    /// What to do.
    pub title: String,
    /// Its code.
    #[serde(default)]
    pub code: Option<Coding>,
    /// The visit should not be completed without a status for it.
    #[serde(default)]
    pub required: bool,
}

impl NewBooking {
    fn check(&self) -> Result<(), ServiceError> {
        if self.end_ms <= self.start_ms {
            return Err(Refused::new("end_ms", "after start_ms").into());
        }
        if self.priority > 2 {
            return Err(Refused::new("priority", "0..=2").into());
        }
        if let Some(minutes) = self.visit_minutes
            && !fits(minutes, self.start_ms, self.end_ms)
        {
            return Err(Refused::new("visit_minutes", "1..=720, within the window").into());
        }
        if self.tasks.len() > TASKS_MAX {
            return Err(Refused::new("tasks", "200 at most").into());
        }
        if self.assignees.len() > ASSIGNEES_MAX {
            return Err(Refused::new("assignees", "16 at most").into());
        }
        if self.time_zone.parse::<chrono_tz::Tz>().is_err() {
            return Err(Refused::new("time_zone", "an IANA time zone").into());
        }
        if let Some(virtual_visit) = &self.virtual_visit {
            virtual_visit.check()?;
            if virtual_visit.join_link.is_none() {
                return Err(Refused::new("join_link", "an https link to join by").into());
            }
        }
        check_text("service", &self.service.text, 1)?;
        let titles = self.tasks.iter().map(|task| &task.title);
        titles
            .into_iter()
            .try_for_each(|title| check_text("title", title, 1))
    }
}

/// Whether a visit has room in its window.
fn fits(minutes: u32, start: Millis, end: Millis) -> bool {
    let window_ms = end.0.saturating_sub(start.0);
    (1..=VISIT_MINUTES_MAX).contains(&minutes) && i64::from(minutes) * MINUTE_MS <= window_ms
}

impl Backend {
    /// Books a visit: people assigned get access, their phones the record
    /// and the document. Booking a known visit again moves it and changes who
    /// comes; its document stays as people have edited it.
    ///
    /// # Errors
    /// [`ServiceError::Refused`] names the field, [`ServiceError::NotFound`]
    /// the person or patient that is not in this tenant.
    pub async fn book(
        &self,
        caller: &Caller,
        new: &NewBooking,
        now: Millis,
    ) -> Result<VisitId, ServiceError> {
        caller.must_be(OFFICE)?;
        new.check()?;
        let visit = match new.visit {
            Some(visit) => visit,
            None => VisitId(self.uuid(now)?),
        };
        let mut tx = self.storage.write(caller.tenant).await?;
        self.must_be_bookable(tx.as_mut(), visit, new).await?;
        let owner = tx.tenant().await?;
        let document = NewDocument {
            id: DocumentId::visit(visit),
            patient: new.patient,
            tree: self.tree(new, now)?,
        };
        let mut people = scope::people_around(tx.as_mut(), &[new.patient]).await?;
        // Access first: what comes then is after the entry, and is given.
        let assigned = assign(self, tx.as_mut(), visit, new.patient, &new.assignees, now);
        people.extend(assigned.await?);
        self.create_document(tx.as_mut(), &owner, &document, now)
            .await?;
        let known = tx.record(RecordKind::Booking, RecordId(visit.0)).await?;
        let known = known.and_then(|row| serde_json::from_str::<Booking>(&row.body?).ok());
        put_booking(tx.as_mut(), visit, new, known.as_ref()).await?;
        let note = audit::Note::by(caller, "booked").about(new.patient);
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        self.bell.ring(News {
            tenant: caller.tenant,
            everyone: false,
            patients: vec![new.patient],
            people,
            from: None,
        });
        Ok(visit)
    }

    async fn must_be_bookable(
        &self,
        tx: &mut dyn Writer,
        visit: VisitId,
        new: &NewBooking,
    ) -> Result<(), ServiceError> {
        if !tx.has_patient(new.patient).await? {
            return Err(ServiceError::NotFound { what: "patient" });
        }
        for person in &new.assignees {
            let known = tx.person(*person).await?;
            if known.is_none_or(|person| person.role.is_none()) {
                return Err(ServiceError::NotFound { what: "assignees" });
            }
        }
        let known = tx.document(DocumentId::visit(visit)).await?;
        if known.is_some_and(|known| known.patient != new.patient) {
            return Err(Refused::new("patient", "the visit's own patient").into());
        }
        Ok(())
    }

    fn tree(&self, new: &NewBooking, now: Millis) -> Result<Value, ServiceError> {
        // Entries are shown in the order of their ids, and ids of one
        // millisecond are in no order of their own.
        let mut ids = (new.tasks.iter())
            .map(|_| self.uuid(now).map(EntryId))
            .collect::<Result<Vec<_>, _>>()?;
        ids.sort_unstable();
        let mut tasks = Map::new();
        for (task, id) in new.tasks.iter().zip(ids) {
            let mut fields = Map::new();
            fields.insert("title".into(), json!(task.title));
            if let Some(code) = &task.code {
                fields.insert("code".into(), json!(code));
            }
            fields.insert("required".into(), json!(task.required));
            fields.insert("status".into(), json!("open"));
            tasks.insert(id.to_string(), Value::Object(fields));
        }
        Ok(json!({
            "schema": 1,
            "kind": "visit",
            "patient": new.patient,
            "status": "scheduled",
            "tasks": tasks,
        }))
    }
}

async fn put_booking(
    tx: &mut dyn Writer,
    visit: VisitId,
    new: &NewBooking,
    known: Option<&Booking>,
) -> Result<(), ServiceError> {
    let body = to_json(&Booking {
        visit,
        patient: new.patient,
        assignees: new.assignees.clone(),
        start_ms: new.start_ms,
        end_ms: new.end_ms,
        service: new.service.clone(),
        time_zone: new.time_zone.clone(),
        priority: new.priority,
        visit_minutes: new.visit_minutes,
        fixed: new.fixed,
        // A visit that a care member made stays one, also when the office moves it, and a
        // hand-over that it overrules is not done again.
        unplanned: known.is_some_and(|booking| booking.unplanned),
        handover: known.and_then(|booking| booking.handover),
        virtual_visit: new.virtual_visit.clone(),
    })?;
    let row = Put {
        kind: RecordKind::Booking,
        id: RecordId(visit.0),
        patient: Some(new.patient),
        body: Some(&body),
        sort_ms: Some(new.start_ms.0),
    };
    put(tx, row).await.map(drop)
}
