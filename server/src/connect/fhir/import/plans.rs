//! Care plans with their activities and goals.
//!
//! A plan that is being followed is a document. One that has ended is a line
//! of the history: nobody edits it, and records cost no merge.

use std::collections::BTreeMap;

use homeround::model::{
    Activity, Coding, EntryId, Goal, History, HistoryPart, Measured, PatientId, Plan, PlanId,
    RecordKind, TaskStatus,
};

use super::super::ident::{Target, derive};
use super::super::types as fhir;
use super::text;
use super::{Importer, Skip};

/// Version of the plan document's shape.
const PLAN_SCHEMA: u32 = 1;

impl Importer<'_> {
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
        for (nth, reference) in source.goal.iter().enumerate() {
            match self.index.find(reference, "Goal") {
                Target::Entry(target) if self.goals.contains_key(&target) => {
                    self.goals_placed.insert(target);
                    let goal = self.goals.get(&target).map(|(_, goal)| plan_goal(goal));
                    let entry = EntryId(self.id(target));
                    plan.goals.extend(goal.map(|goal| (entry, goal)));
                }
                _ => self.note_dangling(at, format!("goal[{nth}]")),
            }
        }
        for (nth, activity) in source.activity.iter().enumerate() {
            let names = ["CarePlan.activity", &id.to_string(), &nth.to_string()];
            let entry = EntryId(derive(self.context.tenant.0, &names));
            match plan_activity(activity) {
                Some(activity) => {
                    plan.activities.insert(entry, activity);
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
        narrative: String::new(),
        goals: BTreeMap::new(),
        activities: BTreeMap::new(),
        adherence: BTreeMap::new(),
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
    }
}

/// An activity that is described in place; one entered in error, or known by
/// its address alone, is none.
fn plan_activity(source: &fhir::CarePlanActivity) -> Option<Activity> {
    let progress = source.progress.iter().map(|note| note.text.as_str());
    let progress = text::some(text::first_of(progress));
    let Some(detail) = &source.detail else {
        let code = Coding::text(&text::some(&source.reference.display)?);
        let status = TaskStatus::Open;
        return Some(Activity {
            code,
            status,
            progress,
        });
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
    Some(Activity {
        code,
        status,
        progress,
    })
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
