//! Care plans with their activities and goals.
//!
//! A plan that is being followed is a document. One that has ended is a line
//! of the history: nobody edits it, and records cost no merge.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use homeround::care::{Template, schedule_of, task_id};
use homeround::model::{
    Activity, Assignee, Coding, EntryId, Goal, History, HistoryPart, Measured, PatientId, Plan,
    PlanId, PlannedOutcome, PlannedStatus, ProgressEntry, RecordId, RecordKind, Schedule,
    TaskStatus, TenantId, VisitId,
};
use serde_json::Value;

use super::super::PLANNED_TASK;
use super::super::ident::{Target, derive};
use super::super::instant;
use super::super::types as fhir;
use super::text;
use super::visits::{reason_of, result_of};
use super::{Importer, Skip};

/// Version of the plan document's shape.
const PLAN_SCHEMA: u32 = 1;

/// The record of a template's version: each version is one of its own.
fn template_id(tenant: TenantId, canonical: &str) -> RecordId {
    RecordId(derive(tenant.0, &["PlanDefinition", canonical]))
}

impl Importer<'_> {
    /// A template of care plans, for phones to make plans from.
    pub(super) fn plan_definition(&mut self, at: usize) -> Result<(), Skip> {
        let mut source: Value = self.parse(at)?;
        match source["status"].as_str() {
            Some("draft" | "active" | "retired" | "unknown") => {}
            _ => return Err(Skip::Malformed("status".to_owned())),
        }
        let own = self.id(at);
        self.name_it(at, &mut source, &format!("urn:uuid:{own}"));
        let template = Template::from_value(source).map_err(|wrong| {
            let place = if wrong.item.is_empty() { "" } else { "." };
            Skip::Malformed(format!("{}{place}{}", wrong.item, wrong.field))
        })?;
        let body = template.source().to_string();
        if body.len() > homeround::care::TEMPLATE_BYTES_MAX {
            return Err(Skip::Malformed(
                "PlanDefinition (larger than 64 KiB)".to_owned(),
            ));
        }
        let id = template_id(self.context.tenant, &template.canonical());
        self.records
            .insert((RecordKind::PlanTemplate, id), (None, body));
        Ok(())
    }

    /// A goal is held until the plan that refers to it comes.
    pub(super) fn goal(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Goal = self.parse(at)?;
        if source.lifecycle_status == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        let patient = self.about(&source.subject, "subject")?;
        if text::words(&source.description).is_empty() {
            return Err(Skip::Malformed("description".to_owned()));
        }
        self.goals.insert(at, (patient, source));
        Ok(())
    }

    pub(super) fn care_plan(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::CarePlan = self.parse(at)?;
        if source.status == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        let patient = self.about(&source.subject, "subject")?;
        self.check_encounter(at, &source.encounter, "encounter");
        let status = text::first_of([source.status.as_str(), "unknown"]).to_owned();
        let id = PlanId(self.id(at));
        if matches!(status.as_str(), "completed" | "revoked") {
            return self.ended_plan(at, patient, &source, status);
        }
        let mut plan = empty_plan(patient, &title(&source), &status);
        plan.narrative = source.description.trim().to_owned();
        plan.assignee = self.assignee(&source.author);
        plan.template = source
            .instantiates_canonical
            .first()
            .and_then(|it| text::some(it));
        let chart = self.charts.get(&patient);
        let zone = chart.and_then(|chart| chart.time_zone.as_deref()?.parse::<Tz>().ok());
        let zone = zone.unwrap_or(self.zone);
        plan.time_zone = Some(zone.name().to_owned());
        let begins = text::first_of([source.period.start.as_str(), &source.created]);
        let begins = instant::read(begins, zone).unwrap_or(self.context.as_of);
        let begins = chrono::DateTime::from_timestamp_millis(begins.0).unwrap_or_default();
        let begins = begins.with_timezone(&zone).date_naive();
        self.place_goals(at, &source, &mut plan);
        for (nth, activity) in source.activity.iter().enumerate() {
            let names = ["CarePlan.activity", &id.to_string(), &nth.to_string()];
            let own = activity.id.parse::<EntryId>().ok();
            let own = own.filter(|own| !plan.activities.contains_key(own));
            let entry = own.unwrap_or_else(|| EntryId(derive(self.context.tenant.0, &names)));
            match plan_activity(activity) {
                Some(mut known) => {
                    known.schedule = activity
                        .detail
                        .as_ref()
                        .and_then(|detail| scheduled(detail, zone, begins));
                    known.assignee = self.performer(activity);
                    let progress = self.progress_of(entry, &activity.progress);
                    if !progress.is_empty() {
                        let plain = activity.progress.iter().find(|it| it.time.is_empty());
                        known.progress = plain.and_then(|it| text::some(&it.text));
                    }
                    plan.progress.extend(progress);
                    plan.activities.insert(entry, known);
                }
                None if activity.detail.is_some() => {}
                None => self.note(
                    at,
                    "activity_not_described",
                    format!("activity[{nth}].reference"),
                    "taken without it; describe the activity in the plan",
                ),
            }
        }
        self.plans.insert(id, plan);
        Ok(())
    }

    /// The goals that a plan refers to.
    fn place_goals(&mut self, at: usize, source: &fhir::CarePlan, plan: &mut Plan) {
        for (nth, reference) in source.goal.iter().enumerate() {
            match self.index.find(reference, "Goal") {
                Target::Entry(target) if self.goals.contains_key(&target) => {
                    self.goals_placed.insert(target);
                    let entry = EntryId(self.id(target));
                    if let Some((_, goal)) = self.goals.get(&target) {
                        plan.progress.extend(self.progress_of(entry, &goal.note));
                        plan.goals.insert(entry, plan_goal(goal));
                    }
                }
                _ => self.note_dangling(at, format!("goal[{nth}]")),
            }
        }
    }

    /// Notes of somebody whom we know, at a time: how a goal or an activity went, in words.
    fn progress_of(
        &self,
        of: EntryId,
        notes: &[fhir::Annotation],
    ) -> BTreeMap<EntryId, ProgressEntry> {
        let entry = |(nth, note): (usize, &fhir::Annotation)| {
            let Assignee::Person(by) = self.assignee(&note.author_reference)? else {
                return None;
            };
            let entry = ProgressEntry {
                of,
                achievement: None,
                status: None,
                percent: None,
                value: None,
                unit: None,
                comment: Some(text::some(&note.text)?),
                by,
                at_ms: instant::read(&note.time, self.zone)?,
            };
            let names = ["progress", &of.to_string(), &nth.to_string()];
            Some((EntryId(derive(self.context.tenant.0, &names)), entry))
        };
        notes.iter().enumerate().filter_map(entry).collect()
    }

    fn performer(&self, source: &fhir::CarePlanActivity) -> Option<Assignee> {
        self.assignee(source.detail.as_ref()?.performer.first()?)
    }

    /// A person of the directory, or a role.
    fn assignee(&self, named: &fhir::Reference) -> Option<Assignee> {
        match self.index.find(named, "Practitioner") {
            Target::Entry(target) => {
                let person = homeround::model::PersonId(self.id(target));
                let known = self.people.contains_key(&person);
                known.then_some(Assignee::Person(person))
            }
            // As we write one: a role by its name.
            _ => named.display.parse().ok().map(Assignee::Role),
        }
    }

    /// A task that a plan asks for, as we write one: what became of it is kept under the
    /// task's own id. One of which nobody said anything is asked for by the plan itself.
    /// False: it is another task.
    pub(super) fn planned_task(&mut self, visit: VisitId, source: &fhir::Task) -> bool {
        let named = |reference| match self.index.find(reference, "CarePlan") {
            Target::Entry(target) => Some(PlanId(self.id(target))),
            _ => None,
        };
        let mut plans = source.based_on.iter().filter_map(named);
        let plan = plans.find(|id| self.plans.contains_key(id));
        let (Some(plan), Some((activity, occurrence))) = (plan, occurrence_of(source)) else {
            return false;
        };
        let known = self.plans.get(&plan);
        if !known.is_some_and(|plan| plan.activities.contains_key(&activity)) {
            return false;
        }
        let status = match source.status.as_str() {
            "completed" => PlannedStatus::Done,
            "cancelled" | "failed" | "rejected" => PlannedStatus::NotDone,
            _ => return true,
        };
        let at_ms = instant::read(&source.last_modified, self.zone);
        let by = self.assignee(&source.owner);
        let (Some(at_ms), Some(Assignee::Person(by))) = (at_ms, by) else {
            return false;
        };
        let outcome = PlannedOutcome {
            plan,
            activity,
            title: source.description.clone(),
            status,
            result: result_of(source),
            reason: reason_of(source),
            comment: source.note.first().and_then(|it| text::some(&it.text)),
            by,
            at_ms,
            occurrence,
        };
        let id = task_id(plan, activity, &outcome.occurrence);
        if let Some(visit) = self.visits.get_mut(&visit) {
            visit.planned.insert(id, outcome);
        }
        true
    }

    fn ended_plan(
        &mut self,
        at: usize,
        patient: PatientId,
        source: &fhir::CarePlan,
        status: String,
    ) -> Result<(), Skip> {
        let written = text::first_of([source.period.start.as_str(), &source.created]);
        let parts = source.activity.iter().filter_map(|activity| {
            let known = plan_activity(activity)?;
            Some(HistoryPart {
                code: known.code,
                value: known.status.name().to_owned(),
                unit: None,
            })
        });
        let history = History {
            patient,
            resource: "CarePlan".to_owned(),
            code: Coding::text(&title(source)),
            at_ms: self.instant(written, "period.start")?,
            status,
            category: text::category(&source.category),
            value: text::some(&source.description),
            unit: None,
            components: parts.collect(),
            measured: Measured::default(),
        };
        // Its goals ended with it.
        for reference in &source.goal {
            match self.index.find(reference, "Goal") {
                Target::Entry(target) => self.file_goal(target)?,
                _ => self.note_dangling(at, "goal"),
            }
        }
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }

    /// Puts a goal into the history.
    fn file_goal(&mut self, at: usize) -> Result<(), Skip> {
        let Some((patient, goal)) = self.goals.get(&at) else {
            return Ok(());
        };
        let patient = *patient;
        let written = text::first_of([goal.start_date.as_str(), &goal.status_date]);
        let Ok(at_ms) = self.instant(written, "startDate") else {
            return Ok(());
        };
        let shown = plan_goal(goal);
        let history = History {
            patient,
            resource: "Goal".to_owned(),
            code: Coding::text(&shown.text),
            at_ms,
            status: shown.lifecycle,
            category: None,
            value: shown.achievement,
            unit: None,
            components: Vec::new(),
            measured: Measured::default(),
        };
        self.goals_placed.insert(at);
        self.record(RecordKind::History, self.id(at), Some(patient), &history)
    }

    /// Goals that no plan refers to make a plan of their own, one a patient.
    pub(super) fn place_loose_goals(&mut self) {
        let mut loose: BTreeMap<PatientId, Plan> = BTreeMap::new();
        for (at, (patient, goal)) in &self.goals {
            if !self.goals_placed.contains(at) {
                loose
                    .entry(*patient)
                    .or_insert_with(|| empty_plan(*patient, "Goals", "active"))
                    .goals
                    .insert(EntryId(self.id(*at)), plan_goal(goal));
            }
        }
        for (patient, plan) in loose {
            let id = derive(self.context.tenant.0, &["Goals", &patient.to_string()]);
            self.plans.insert(PlanId(id), plan);
        }
    }
}

fn empty_plan(patient: PatientId, title: &str, status: &str) -> Plan {
    Plan {
        schema: PLAN_SCHEMA,
        patient,
        title: title.to_owned(),
        status: status.to_owned(),
        time_zone: None,
        template: None,
        assignee: None,
        narrative: String::new(),
        goals: BTreeMap::new(),
        activities: BTreeMap::new(),
        adherence: BTreeMap::new(),
        progress: BTreeMap::new(),
        pauses: BTreeMap::new(),
        settlements: BTreeMap::new(),
    }
}

/// What a plan is called: its title, else its most telling category.
fn title(source: &fhir::CarePlan) -> String {
    let telling = |concept: &&fhir::Concept| text::code(concept) != "assess-plan";
    let category = source.category.iter().filter(telling).map(text::words);
    let category = text::first_of(category);
    text::first_of([source.title.as_str(), category, "Care plan"]).to_owned()
}

fn plan_goal(source: &fhir::Goal) -> Goal {
    Goal {
        text: readable(text::words(&source.description)),
        lifecycle: text::first_of([source.lifecycle_status.as_str(), "active"]).to_owned(),
        achievement: text::some(text::code(&source.achievement_status)),
        due: source
            .target
            .iter()
            .find(|target| target.due_date.parse::<NaiveDate>().is_ok())
            .map(|target| target.due_date.clone()),
    }
}

/// An activity that is described in place; one entered in error, or known by
/// its address alone, is none.
fn plan_activity(source: &fhir::CarePlanActivity) -> Option<Activity> {
    let progress = source.progress.iter().map(|note| note.text.as_str());
    let progress = text::some(text::first_of(progress));
    let Some(detail) = &source.detail else {
        let code = Coding::text(&text::some(&source.reference.display)?);
        return Some(activity(code, TaskStatus::Open, progress));
    };
    let mut code = text::coding(&detail.code);
    if code.text.is_empty() {
        code.text = text::some(&detail.description)?;
    }
    let status = match detail.status.as_str() {
        "entered-in-error" => return None,
        "in-progress" | "on-hold" => TaskStatus::Started,
        "completed" => TaskStatus::Done,
        "cancelled" | "stopped" => TaskStatus::NotDone,
        _ => TaskStatus::Open,
    };
    let mut known = activity(code, status, progress);
    known.lifecycle = match detail.status.as_str() {
        "on-hold" => Some("on-hold".to_owned()),
        "cancelled" | "stopped" => Some("stopped".to_owned()),
        "completed" => Some("completed".to_owned()),
        _ => None,
    };
    if known.code.text != detail.description {
        known.instructions = text::some(&detail.description);
    }
    Some(known)
}

/// Which activity a task is of, and which of its times.
fn occurrence_of(task: &fhir::Task) -> Option<(EntryId, String)> {
    let own = |it: &&Value| {
        let url = it["url"].as_str().unwrap_or_default();
        url.strip_suffix(PLANNED_TASK)
            .is_some_and(|it| it.ends_with('/'))
    };
    let parts = task.extension.iter().find(own)?["extension"].as_array()?;
    let part = |name: &str| {
        let part = parts.iter().find(|it| it["url"] == name)?;
        part["valueString"].as_str()
    };
    let activity = part("activity")?.parse().ok()?;
    Some((activity, part("occurrence")?.to_owned()))
}

const fn activity(code: Coding, status: TaskStatus, progress: Option<String>) -> Activity {
    Activity {
        code,
        status,
        progress,
        schedule: None,
        lifecycle: None,
        assignee: None,
        instructions: None,
    }
}

/// When an activity is due; one that no rule says is kept in its words.
fn scheduled(detail: &fhir::ActivityDetail, zone: Tz, begins: NaiveDate) -> Option<Schedule> {
    if let Some(timing) = &detail.scheduled_timing {
        return Some(schedule_of(timing, zone, begins));
    }
    let period = detail.scheduled_period.as_ref();
    let said = period.map(|period| format!("{} - {}", period.start, period.end));
    let said = said.or_else(|| detail.scheduled_string.clone())?;
    let words = serde_json::json!({ "code": { "text": said } });
    Some(schedule_of(&words, zone, begins))
}

/// The sentence inside a goal's text. Some generators print their own data
/// structure there: `{'text': '...'}`, or a code, an operator and a value.
fn readable(words: &str) -> String {
    if !words.starts_with("{'") {
        return words.to_owned();
    }
    let quoted = |name: &str| {
        let (_, rest) = words.split_once(&format!("'{name}': "))?;
        let quote = rest
            .chars()
            .next()
            .filter(|first| matches!(first, '\'' | '"'))?;
        rest.get(1..)?.split(quote).next()
    };
    let figure = || {
        let (_, rest) = words.split_once("'value': ")?;
        rest.split([',', '}']).next()
    };
    if let Some(sentence) = quoted("text") {
        return sentence.to_owned();
    }
    match (quoted("display"), quoted("operator"), figure()) {
        (Some(what), Some(operator), Some(figure)) => format!("{what} {operator} {figure}"),
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_goal_that_is_a_printed_structure_is_read_as_its_sentence() {
        let measured = "{'observation': {'codes': [{'system': 'LOINC', 'code': '4548-4', \
             'display': 'Hemoglobin A1c'}], 'operator': '<', 'value': 7}, 'addresses': ['x']}";
        assert_eq!(readable(measured), "Hemoglobin A1c < 7");
        let said = "{'addresses': ['x'], 'text': 'Keep feet dry'}";
        assert_eq!(readable(said), "Keep feet dry");
        assert_eq!(readable("{'other': 1}"), "{'other': 1}");
        assert_eq!(readable("Walk daily"), "Walk daily");
    }
}
