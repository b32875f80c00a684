//! Care plans on the backend: what is due and what became of it, by the code of the
//! phones.

use homeround::care::{
    ADHERENCE_DAYS_MAX, Outcomes, PlanAdherence, PlannedTask, WORDS_AROUND_MS, adherence,
    planned_tasks,
};
use homeround::model::{
    Booking, DAY_MS, DocumentId, Millis, PatientId, Plan, PlanId, Role, Visit, VisitId,
};
use serde_json::{Map, Value, json};

use super::fhir::read;
use super::{Backend, Caller, ServiceError, audit, documents};
use crate::store::Reader;

/// Who may look at how a plan is kept to from the office.
const READERS: &[Role] = &[Role::Supervisor, Role::Auditor];

impl Backend {
    /// How a plan was kept to within a time, and what is due: counts of the plan and of
    /// each activity, and every occurrence.
    ///
    /// # Errors
    /// [`ServiceError::Refused`] on `until_ms`; [`ServiceError::NotFound`];
    /// [`ServiceError::Role`].
    pub async fn plan_adherence(
        &self,
        caller: &Caller,
        id: PlanId,
        (from, until): (Millis, Millis),
        now: Millis,
    ) -> Result<Value, ServiceError> {
        caller.must_be(READERS)?;
        let span = until.0.saturating_sub(from.0);
        if !(1..=i64::from(ADHERENCE_DAYS_MAX) * DAY_MS).contains(&span) {
            let limit = "after from_ms, by 400 days at most";
            return Err(homeround::model::Refused::new("until_ms", limit).into());
        }
        let (plan, visits) = {
            let mut reader = self.storage.read(caller.tenant).await?;
            let loaded = documents::load(reader.as_mut(), DocumentId::plan(id)).await?;
            let loaded = loaded.ok_or(ServiceError::NotFound { what: "plan" })?;
            let plan: Plan = read(loaded.document.view())?;
            let visits = outcomes(reader.as_mut(), plan.patient, (from, until)).await?;
            (plan, visits)
        };
        let mut tx = self.storage.write(caller.tenant).await?;
        let note = audit::Note::by(caller, "read").about(plan.patient);
        audit::note(tx.as_mut(), now, note).await?;
        tx.commit().await?;
        let visits: Vec<(VisitId, &Outcomes)> = visits.iter().map(|(id, it)| (*id, it)).collect();
        let judged = adherence((id, &plan), &visits, (from, until), now);
        Ok(shown(&plan, &judged))
    }
}

/// What the plans ask for at a booked visit.
pub(super) async fn planned(
    reader: &mut dyn Reader,
    booking: &Booking,
    plans: &[(PlanId, Plan)],
) -> Result<Vec<PlannedTask>, ServiceError> {
    let plans: Vec<(PlanId, &Plan)> = plans.iter().map(|(id, plan)| (*id, plan)).collect();
    let (start, end) = (booking.start_ms, booking.end_ms);
    let mut visits = outcomes(reader, booking.patient, (start, end)).await?;
    if !visits.iter().any(|(id, _)| *id == booking.visit) {
        visits.extend(outcomes_of(reader, booking.visit).await?);
    }
    let visits: Vec<(VisitId, &Outcomes)> = visits.iter().map(|(id, it)| (*id, it)).collect();
    Ok(planned_tasks(&plans, &visits, booking.visit, (start, end)))
}

/// What was said of planned tasks in a patient's visits that are booked around a time:
/// the same ones that a phone looks at.
async fn outcomes(
    reader: &mut dyn Reader,
    patient: PatientId,
    (from, until): (Millis, Millis),
) -> Result<Vec<(VisitId, Outcomes)>, ServiceError> {
    let around = from.plus(-WORDS_AROUND_MS).0..until.plus(WORDS_AROUND_MS).0;
    let mut all = Vec::new();
    for row in reader.bookings().await? {
        if row.patient == patient && !row.ended && around.contains(&row.start) {
            all.extend(outcomes_of(reader, VisitId(row.id.0)).await?);
        }
    }
    Ok(all)
}

async fn outcomes_of(
    reader: &mut dyn Reader,
    visit: VisitId,
) -> Result<Option<(VisitId, Outcomes)>, ServiceError> {
    let loaded = documents::load(reader, DocumentId::visit(visit)).await?;
    let Some(loaded) = loaded else {
        return Ok(None);
    };
    let read: Visit = read(loaded.document.view())?;
    Ok(Some((visit, read.planned)))
}

fn shown(plan: &Plan, judged: &PlanAdherence) -> Value {
    let counts = |it: &homeround::care::Adherence| {
        json!({
            "percent": it.percent(), "counted": it.counted(), "done": it.done,
            "done_late": it.done_late, "missed": it.missed, "skipped": it.skipped,
            "excused": it.excused, "rested": it.rested, "due": it.due, "overdue": it.overdue,
        })
    };
    let mut activities = Map::new();
    for (id, one) in &judged.activities {
        let code = plan.activities.get(id).map(|it| &it.code);
        let answer = match one {
            Err(refused) => json!({ "code": code, "not_computed": refused.limit }),
            Ok((count, occurrences)) => {
                let occurrences = occurrences.iter().map(|it| {
                    json!({
                        "occurrence": it.occurrence.name(), "due_ms": it.occurrence.due,
                        "state": it.state.name(), "by": it.word.as_ref().map(|word| word.by),
                        "at_ms": it.word.as_ref().map(|word| word.at),
                        "reason": it.word.as_ref().and_then(|word| word.reason),
                        "visit": it.word.as_ref().and_then(|word| word.visit),
                    })
                });
                let occurrences: Vec<Value> = occurrences.collect();
                json!({ "code": code, "all": counts(count), "occurrences": occurrences })
            }
        };
        activities.insert(id.to_string(), answer);
    }
    json!({ "title": plan.title, "all": counts(&judged.all), "activities": activities })
}
