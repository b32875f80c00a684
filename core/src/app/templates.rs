//! A new care plan, from a template or empty.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value, json};

use super::Homeround;
use super::error::AppError;
use super::forms::by_version;
use super::inner::Inner;
use super::patient::home_zone;
use super::plan::{activity_fields, must_say, zone_of};
use crate::care::{SHIPPED_TEMPLATES, Template, TemplateError, shipped_template};
use crate::forms::Words;
use crate::model::{
    Assignee, Coding, DocumentId, EntryId, Millis, PatientId, PlanId, RecordId, RecordKind, Refused,
};
use crate::store::Rows;

/// Templates that are looked through at a time.
const PAGE: u32 = 50;

/// A template that a plan can be made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateOffer {
    /// Canonical address with version: what [`NewPlan::template`] takes.
    pub template: String,
    /// What it is called.
    pub title: Words,
    /// What it is for.
    pub description: Words,
    /// Where its content is from, and on whose permission it is used.
    pub copyright: String,
    /// It comes with the app; else the organisation's backend sent it.
    pub shipped: bool,
}

/// A plan to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPlan {
    /// Canonical address with version of the template; none: an empty plan.
    pub template: Option<String>,
    /// What it is called; none: as the template, in `language`.
    pub title: Option<String>,
    /// BCP 47 language that the template's texts are taken in.
    pub language: String,
    /// The day that it begins on, in `time_zone`.
    pub begins: NaiveDate,
    /// IANA time zone of the patient's home; none: that of the visit nearest to now, or
    /// this phone's where none is booked.
    pub time_zone: Option<String>,
    /// Who answers for it.
    pub assignee: Option<Assignee>,
}

impl Homeround {
    /// The templates that a plan can be made from on this phone, in the order of their
    /// titles: of each its latest version, where that is active.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn plan_templates(&self) -> Result<Vec<TemplateOffer>, AppError> {
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        let mut latest: BTreeMap<String, (Template, bool)> = BTreeMap::new();
        let mut offer = |read: Result<Template, TemplateError>, shipped| {
            let Ok(template) = read else { return };
            let newer = latest
                .get(&template.url)
                .is_none_or(|(known, _)| by_version(&known.version, &template.version).is_lt());
            if newer {
                latest.insert(template.url.clone(), (template, shipped));
            }
        };
        for shipped in SHIPPED_TEMPLATES {
            offer(Template::parse(shipped.json), true);
        }
        each_template(&reader, |template| {
            offer(template, false);
            None::<()>
        })?;
        let active = latest.into_values().filter(|(it, _)| it.status == "active");
        let mut offers: Vec<TemplateOffer> = active
            .map(|(template, shipped)| TemplateOffer {
                template: template.canonical(),
                title: template.title,
                description: template.description,
                copyright: template.copyright,
                shipped,
            })
            .collect();
        offers.sort_by(|one, other| one.title.own().cmp(other.title.own()));
        Ok(offers)
    }

    /// The template of a canonical address with version; none: not on this phone.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn plan_template(
        &self,
        canonical: &str,
    ) -> Result<Option<Result<Template, TemplateError>>, AppError> {
        if let Some(known) = shipped_template(canonical) {
            return Ok(Some(known));
        }
        let reads = self.inner.reads()?;
        let reader = reads.store.reader()?;
        each_template(&reader, |template| match template {
            Ok(template) => (template.canonical() == canonical).then_some(Ok(template)),
            Err(_) => None,
        })
    }

    /// Makes a plan for a patient, from a template or empty. It takes the template's
    /// goals and activities as they are now; no later version of it changes the plan.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `template` for one that is not on this phone, on `title`,
    /// `time_zone`, `begins`; [`AppError::NotFound`] for a patient who is not on this phone;
    /// [`AppError::NotAllowed`].
    pub fn create_plan(&self, patient: PatientId, new: &NewPlan) -> Result<PlanId, AppError> {
        let template = match &new.template {
            None => None,
            Some(canonical) => {
                let known = self.plan_template(canonical)?.and_then(Result::ok);
                Some(known.ok_or(Refused::new("template", "one that is on this phone"))?)
            }
        };
        let at = self.inner.clocks.now().wall_ms;
        let id = PlanId::mint(at, self.inner.random()?);
        let document = DocumentId::plan(id);
        self.inner
            .create(document, patient, "new_plan", |rows, _, stamp| {
                let known = rows.record(RecordKind::Patient, RecordId(patient.0))?;
                known.ok_or(AppError::NotFound { what: "patient" })?;
                self.inner
                    .plan_tree((rows, stamp.best()), patient, new, template.as_ref())
            })?;
        Ok(id)
    }
}

impl Inner {
    /// The skeleton of a new plan with what it takes from its template.
    fn plan_tree(
        &self,
        (rows, now): (&Rows, Millis),
        patient: PatientId,
        new: &NewPlan,
        template: Option<&Template>,
    ) -> Result<Value, AppError> {
        let zone = match &new.time_zone {
            Some(zone) => zone_of(zone)?,
            None => {
                let zone = home_zone(rows, patient, now)?;
                zone_of(zone.as_ref().unwrap_or(&self.config.time_zone))?
            }
        };
        let language = new.language.as_str();
        let own = template.map(|it| it.title.in_language(language).to_owned());
        let title = new.title.clone().or(own).unwrap_or_default();
        must_say("title", &title)?;
        let at = self.clocks.now().wall_ms;
        let mut ids = {
            let of = |it: &Template| it.goals.len() + it.actions.len();
            let minted = (0..template.map_or(0, of))
                .map(|_| Ok(EntryId::mint(at, self.random()?)))
                .collect::<Result<Vec<_>, AppError>>();
            let mut minted = minted?;
            // What is made at once stands in the template's order.
            minted.sort_unstable();
            minted.into_iter()
        };
        let (mut goals, mut activities) = (Map::new(), Map::new());
        for (goal, id) in template.into_iter().flat_map(|it| &it.goals).zip(&mut ids) {
            let mut fields = json!({
                "text": goal.text.in_language(language), "lifecycle": "active",
            });
            let due = goal.due_days.map(|days| Days::new(u64::from(days)));
            if let Some(due) = due.and_then(|days| new.begins.checked_add_days(days)) {
                fields["due"] = json!(due.to_string());
            }
            goals.insert(id.to_string(), fields);
        }
        for (action, id) in template
            .into_iter()
            .flat_map(|it| &it.actions)
            .zip(&mut ids)
        {
            let code = Coding {
                text: action.title.in_language(language).to_owned(),
                ..action.code.clone()
            };
            let how = action.instructions.in_language(language);
            let how = (!how.is_empty()).then_some(how);
            let schedule = action.schedule(zone, new.begins);
            let fields = activity_fields(&code, how, schedule.as_ref());
            activities.insert(id.to_string(), Value::Object(fields));
        }
        let mut tree = json!({
            "patient": patient, "title": title, "status": "active",
            "time_zone": zone.name(), "goals": goals, "activities": activities,
        });
        if let Some(template) = template {
            tree["template"] = json!(template.canonical());
        }
        if let Some(assignee) = &new.assignee {
            tree["assignee"] = json!(assignee);
        }
        Ok(tree)
    }
}

/// Looks at each template of the backend until `look` finds something.
fn each_template<T>(
    rows: &Rows,
    mut look: impl FnMut(Result<Template, TemplateError>) -> Option<T>,
) -> Result<Option<T>, AppError> {
    let mut after: Option<RecordId> = None;
    loop {
        let page = rows.records(RecordKind::PlanTemplate, after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        after = Some(last.id);
        for body in page.iter().filter_map(|record| record.body.as_deref()) {
            if let Some(found) = look(Template::parse(body)) {
                return Ok(Some(found));
            }
        }
    }
}
