//! A patient in the context of a visit: the one card that is read in front of the door.
//!
//! It composes what stands elsewhere in the phone's own store, and asks for nothing. What
//! a role is not shown is not in its card.

use std::collections::BTreeMap;

use super::Homeround;
use super::clinical::{Assessment, Bedside};
use super::error::AppError;
use super::inner::{ReadSide, best_now};
use super::messages::{MessageView, waiting};
use super::patient::{demographics, record};
use super::since::SinceLastHere;
use super::trend::{TrendPoint, TrendSource, measured_in_visits, newest_lines, point_of_line};
use crate::access;
use crate::care::{PlannedTask, State};
use crate::clinical::{NEWS2_CODE, NEWS2_FIGURES, VITAL_SIGNS, age_months, allergy_stands};
use crate::model::{
    Alert, Allergy, CareTeam, Chart, Condition, Contact, DocumentId, DocumentKind, EntryId,
    FieldPath, Finding, Medication, Millis, Patient, PatientId, Person, PersonId, PlanId, RecordId,
    RecordKind, Role, Severity, VisitId,
};
use crate::store::Rows;

/// Messages that a card shows, at most; the rest is counted.
pub const CARD_MESSAGES_MAX: usize = 3;
/// Changes that a card shows, at most; the rest is counted.
const CARD_CHANGES: u32 = 5;
/// How far back and ahead a card looks for what is overdue, in days.
const CARD_DAYS: (u32, u32) = (62, 1);

/// A patient in the context of a visit. Figures, lists and scores on it support a
/// clinician's judgement and never replace it; each says where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct PatientCard {
    /// Who it is.
    pub patient: Patient,
    /// The age now, in whole months; none: no birth date is known.
    pub age_months: Option<u32>,
    /// Warnings to everyone who enters, the worst first.
    pub alerts: Vec<Alert>,
    /// Allergies that stand, the worst first; none: not for this role.
    pub allergies: Option<Listed<Allergy>>,
    /// Conditions that are active; none: not for this role.
    pub conditions: Option<Listed<Condition>>,
    /// What is taken now; none: not for this role.
    pub medications: Option<Listed<Medication>>,
    /// The last figure of each vital sign, in the order of the chart; none: not for this
    /// role.
    pub figures: Option<Vec<Figure>>,
    /// What the last set of vital signs says.
    pub score: Option<LastScore>,
    /// How to get into the home, by name.
    pub home_access: BTreeMap<String, String>,
    /// People to call.
    pub contacts: Vec<Contact>,
    /// Who leads the patient's care; none: no team names anybody of that role.
    pub lead: Option<CareLead>,
    /// What the care plans ask for at the visit and nobody has seen to yet.
    pub asked: Vec<PlannedTask>,
    /// What is overdue of the care plans, the oldest first; none: not for this role.
    pub overdue: Option<Vec<OverdueActivity>>,
    /// Messages that wait to be read; none: not for this role.
    pub messages: Option<WaitingMessages>,
    /// What changed since one was here last: the first of it, and how much there is.
    pub since: SinceLastHere,
    /// As of when.
    pub now: Millis,
}

/// A part of the chart's lists, and when somebody went through the whole list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<(EntryId, T)>,
    /// Who went through it last, and when.
    pub reviewed: Option<(PersonId, Millis)>,
}

/// The last figure of a vital sign, and the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name, as in `pulse_bpm`.
    pub field: &'static str,
    /// The last one, and where it stands.
    pub last: TrendPoint,
    /// The one before, in the same unit.
    pub before: Option<TrendPoint>,
}

/// What the last set of vital signs says.
#[derive(Debug, Clone, PartialEq)]
pub struct LastScore {
    /// When it was measured.
    pub at: Millis,
    /// At which visit.
    pub visit: VisitId,
    /// By whom.
    pub by: PersonId,
    /// The score with its parts, and what is unusual.
    pub assessment: Assessment,
    /// The total of the set before, and when; none: none has one.
    pub before: Option<(f64, Millis)>,
}

/// The last figures, and what the last set says.
type LastVitals = (Vec<Figure>, Option<LastScore>);

/// Who leads a patient's care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareLead {
    /// Which person.
    pub person: PersonId,
    /// As colleagues read it.
    pub name: String,
    /// How to reach them, if known.
    pub phone: Option<String>,
}

/// An activity of a care plan whose time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueActivity {
    /// Which plan.
    pub plan: PlanId,
    /// Which activity.
    pub activity: EntryId,
    /// What is to be done.
    pub title: String,
    /// When it was due.
    pub due: Millis,
}

/// Messages that wait to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingMessages {
    /// How many.
    pub unread: usize,
    /// Of them, those that can't wait, and those that are meant for oneself.
    pub pressing: usize,
    /// The first [`CARD_MESSAGES_MAX`]: what presses, then the latest.
    pub first: Vec<MessageView>,
}

impl Homeround {
    /// The card of a patient, in the context of a visit if one is given.
    ///
    /// # Errors
    /// As [`patient`](Self::patient); [`AppError::NotFound`] on `visit` when it is not one
    /// of the patient's on this phone.
    pub fn patient_card(
        &self,
        patient: PatientId,
        visit: Option<VisitId>,
    ) -> Result<PatientCard, AppError> {
        let reads = self.inner.reads()?;
        let rows = reads.store.reader()?;
        let clock = self.inner.clocks.now();
        reads.may_read(&rows, patient, clock)?;
        let role = reads.me.as_ref().ok_or(AppError::NotEnrolled)?.role;
        let now = best_now(&rows, clock)?;
        let sight = Sight { rows: &rows, role };
        let chart = sight.chart(patient)?;
        let person = demographics(&rows, patient)?.ok_or(AppError::NotFound { what: "patient" })?;
        let (figures, score) = sight.vitals(patient)?.unzip();
        let birth = person.birth_date.as_deref();
        Ok(PatientCard {
            age_months: birth.and_then(|birth| age_months(birth, now)),
            alerts: sight.alerts(&chart),
            allergies: sight.allergies(&chart),
            conditions: sight.conditions(&chart),
            medications: sight.medications(&chart),
            figures,
            score: score.flatten(),
            home_access: sight.home_access(&chart),
            contacts: sight.contacts(&chart),
            lead: sight.lead(patient)?,
            asked: self.asked(&rows, patient, visit)?,
            overdue: match sight.sees(DocumentKind::Plan, "activities/*") {
                true => Some(self.overdue(patient)?),
                false => None,
            },
            messages: messages(&reads, &rows, patient)?,
            since: self.since_last_here(patient, 0, CARD_CHANGES)?,
            patient: person,
            now,
        })
    }

    fn asked(
        &self,
        rows: &Rows,
        patient: PatientId,
        visit: Option<VisitId>,
    ) -> Result<Vec<PlannedTask>, AppError> {
        let Some(visit) = visit else {
            return Ok(Vec::new());
        };
        if rows.patient_of(DocumentId::visit(visit))? != Some(patient) {
            return Err(AppError::NotFound { what: "visit" });
        }
        let mut tasks = match self.visit(visit).planned_tasks() {
            // Booked, and its document has not come yet.
            Err(AppError::NotFound { .. }) => Vec::new(),
            other => other?,
        };
        tasks.retain(|task| task.outcome.is_none());
        Ok(tasks)
    }

    fn overdue(&self, patient: PatientId) -> Result<Vec<OverdueActivity>, AppError> {
        let mut overdue = Vec::new();
        for (plan, state) in self.plan_states(patient, CARD_DAYS)? {
            for (activity, judged) in &state.adherence.activities {
                let Some(asked) = state.plan.activities.get(activity) else {
                    continue;
                };
                let judged = judged.iter().flat_map(|(_, all)| all);
                let late = judged.filter(|one| one.state == State::Overdue);
                overdue.extend(late.map(|one| OverdueActivity {
                    plan,
                    activity: *activity,
                    title: asked.code.text.clone(),
                    due: one.occurrence.due,
                }));
            }
        }
        overdue.sort_by_key(|one| (one.due, one.activity));
        Ok(overdue)
    }
}

fn messages(
    reads: &ReadSide,
    rows: &Rows,
    patient: PatientId,
) -> Result<Option<WaitingMessages>, AppError> {
    let waiting = waiting(reads, rows, patient)?;
    Ok(waiting.map(|(mut first, pressing)| {
        let unread = first.len();
        first.truncate(CARD_MESSAGES_MAX);
        WaitingMessages {
            unread,
            pressing,
            first,
        }
    }))
}

/// What a role is shown of a patient.
struct Sight<'r> {
    rows: &'r Rows,
    role: Role,
}

impl Sight<'_> {
    fn sees(&self, kind: DocumentKind, path: &str) -> bool {
        access::may_see(self.role, kind, &FieldPath(path.into()))
    }

    /// The chart; an empty one where it is not on this phone.
    fn chart(&self, patient: PatientId) -> Result<Chart, AppError> {
        match super::project::read(self.rows, DocumentId::chart(patient)) {
            Err(AppError::NotFound { .. }) => {
                let empty = serde_json::json!({ "schema": 1, "patient": patient });
                serde_json::from_value(empty).map_err(|_| AppError::Failed { code: "shape" })
            }
            other => other,
        }
    }

    fn alerts(&self, chart: &Chart) -> Vec<Alert> {
        let shown = self.sees(DocumentKind::Chart, "alerts/*");
        let standing = chart
            .alerts
            .iter()
            .filter(|(id, alert)| shown && alert.active && !is_taken_back(chart, "alerts", **id));
        let mut alerts: Vec<Alert> = standing.map(|(_, alert)| alert.clone()).collect();
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
        alerts
    }

    fn allergies(&self, chart: &Chart) -> Option<Listed<Allergy>> {
        let mut listed = self.listed(chart, "allergies", &chart.allergies, |id, allergy| {
            allergy_stands(id, allergy, chart)
        })?;
        listed.items.sort_by_key(|(_, allergy)| {
            // One of unknown severity may be a bad one.
            let severity = match allergy.severity {
                Some(Severity::Severe) => 0,
                Some(Severity::Moderate) => 1,
                None => 2,
                Some(Severity::Mild) => 3,
            };
            (severity, std::cmp::Reverse(allergy.status))
        });
        Some(listed)
    }

    fn conditions(&self, chart: &Chart) -> Option<Listed<Condition>> {
        self.listed(chart, "conditions", &chart.conditions, |_, condition| {
            let status = condition.clinical_status.as_str();
            let doubted = condition.verification.as_deref();
            matches!(status, "active" | "recurrence" | "relapse")
                && !matches!(doubted, Some("refuted" | "entered-in-error"))
        })
    }

    fn medications(&self, chart: &Chart) -> Option<Listed<Medication>> {
        self.listed(chart, "medications", &chart.medications, |_, line| {
            matches!(line.status.as_str(), "active" | "intended")
        })
    }

    fn listed<T: Clone>(
        &self,
        chart: &Chart,
        section: &str,
        all: &BTreeMap<EntryId, T>,
        stands: impl Fn(EntryId, &T) -> bool,
    ) -> Option<Listed<T>> {
        if !self.sees(DocumentKind::Chart, &format!("{section}/*")) {
            return None;
        }
        let standing = all
            .iter()
            .filter(|(id, item)| stands(**id, item) && !is_taken_back(chart, section, **id));
        let reviews = chart.reviews.values().filter(|it| it.section == section);
        Some(Listed {
            items: standing.map(|(id, item)| (*id, item.clone())).collect(),
            reviewed: reviews
                .max_by_key(|it| it.at_ms)
                .map(|it| (it.by, it.at_ms)),
        })
    }

    fn home_access(&self, chart: &Chart) -> BTreeMap<String, String> {
        let shown = self.sees(DocumentKind::Chart, "home_access/*");
        let said = chart.home_access.iter();
        said.filter(|(_, text)| shown && !text.is_empty())
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect()
    }

    fn contacts(&self, chart: &Chart) -> Vec<Contact> {
        let shown = self.sees(DocumentKind::Chart, "contacts/*");
        let standing = chart
            .contacts
            .iter()
            .filter(|(id, _)| shown && !is_taken_back(chart, "contacts", **id));
        standing.map(|(_, contact)| contact.clone()).collect()
    }

    /// The first supervisor of an active team, by the directory.
    fn lead(&self, patient: PatientId) -> Result<Option<CareLead>, AppError> {
        let records = self.rows.records_of(patient, RecordKind::CareTeam)?;
        let teams = records
            .iter()
            .filter_map(|record| serde_json::from_str::<CareTeam>(record.body.as_deref()?).ok())
            .filter(|team| team.status == "active");
        for member in teams.flat_map(|team| team.members) {
            let Some(id) = member.person else { continue };
            let known: Option<Person> = record(self.rows, RecordKind::Person, RecordId(id.0))?;
            if let Some(person) = known.filter(|it| it.role == Some(Role::Supervisor)) {
                return Ok(Some(CareLead {
                    person: id,
                    name: person.name,
                    phone: person.phone,
                }));
            }
        }
        Ok(None)
    }

    /// The last figures, and what the last set says; none: not for this role.
    fn vitals(&self, patient: PatientId) -> Result<Option<LastVitals>, AppError> {
        if !self.sees(DocumentKind::Visit, "observations/*") {
            return Ok(None);
        }
        let bedside = Bedside::of(self.rows, patient)?;
        let mut measured = measured_in_visits(self.rows, patient)?;
        measured.sort_by_key(|one| std::cmp::Reverse((one.entry.measured_at_ms, one.id)));
        let lines = newest_lines(self.rows, patient)?;
        let figures = VITAL_SIGNS.iter().filter_map(|sign| {
            let code = sign.codes.first()?;
            let here = measured
                .iter()
                .filter_map(|it| it.point(code, bedside.scale));
            let there = lines
                .iter()
                .filter_map(|(id, it)| point_of_line(*id, it, code));
            let mut points: Vec<TrendPoint> = here.take(2).chain(there.take(2)).collect();
            points.sort_by_key(|point| std::cmp::Reverse(point.place()));
            let mut points = points.into_iter();
            let last = points.next()?;
            let before = points.next().filter(|before| before.unit == last.unit);
            Some(Figure {
                field: sign.field,
                last,
                before,
            })
        });
        let figures = figures.collect();
        let mut totals = measured
            .iter()
            .filter_map(|it| it.point(NEWS2_CODE, bedside.scale));
        let mut sets = measured.iter().filter_map(|one| match &one.entry.finding {
            Finding::Vitals(vitals) => Some((one, vitals)),
            _ => None,
        });
        let score = sets.next().map(|(one, vitals)| {
            let at = one.entry.measured_at_ms;
            let own = |point: &TrendPoint| match point.source {
                TrendSource::Visit { entry, .. } => entry == one.id,
                TrendSource::Record(_) => false,
            };
            LastScore {
                at,
                visit: one.visit,
                by: one.entry.by,
                assessment: bedside.assess(vitals, at, one.entry.reported_by(&NEWS2_FIGURES)),
                before: totals
                    .find(|point| !own(point))
                    .map(|point| (point.value, point.at)),
            }
        });
        Ok(Some((figures, score)))
    }
}

fn is_taken_back(chart: &Chart, section: &str, id: EntryId) -> bool {
    let mut corrections = chart.corrections.values();
    corrections.any(|it| it.section == section && it.target == id)
}
