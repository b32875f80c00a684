//! Templates of care plans: FHIR `PlanDefinition`s that come with the app or from the
//! backend. A plan takes its goals and activities from one version as it is made, and
//! nothing afterwards.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::Value;

use super::ITEMS_MAX;
use super::timing::schedule_of;
use crate::forms::{FormError, Words};
use crate::model::{Coding, Schedule};

/// Bytes of a template's JSON, at most: what the backend keeps as one record.
pub const TEMPLATE_BYTES_MAX: usize = 64 * 1024;

/// Why a template can't be used here: names the goal or action, and what is accepted.
pub type TemplateError = FormError;

/// A template of care plans.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Canonical address without version.
    pub url: String,
    /// Which version.
    pub version: String,
    /// FHIR publication status; `active` ones are offered.
    pub status: String,
    /// What it is called.
    pub title: Words,
    /// What it is for.
    pub description: Words,
    /// Where its content is from, and on whose permission it is used.
    pub copyright: String,
    /// What is to be reached.
    pub goals: Vec<TemplateGoal>,
    /// What is done for it.
    pub actions: Vec<Action>,
    source: Value,
}

/// A goal of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateGoal {
    /// What is to be reached.
    pub text: Words,
    /// In how many days from the start; none: at no set time.
    pub due_days: Option<u32>,
}

/// An activity of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// What is done.
    pub title: Words,
    /// How.
    pub instructions: Words,
    /// Its code; without text where it has none.
    pub code: Coding,
    timing: Value,
}

impl Action {
    /// When it is due in a plan that begins on a day; none: at no set time.
    #[must_use]
    pub fn schedule(&self, zone: Tz, begins: NaiveDate) -> Option<Schedule> {
        (!self.timing.is_null()).then(|| schedule_of(&self.timing, zone, begins))
    }
}

/// A template that comes with the app, as FHIR JSON.
#[derive(Debug, Clone, Copy)]
pub struct ShippedTemplate {
    /// Canonical address with version.
    pub canonical: &'static str,
    /// The template's JSON.
    pub json: &'static str,
}

/// Every template of every release, each as it was shipped.
pub const SHIPPED_TEMPLATES: &[ShippedTemplate] = &[
    ShippedTemplate {
        canonical: "https://github.com/homeround/homeround/fhir/PlanDefinition/heart-failure|1.0",
        json: include_str!("../../plans/heart-failure-1.0.json"),
    },
    ShippedTemplate {
        canonical: "https://github.com/homeround/homeround/fhir/PlanDefinition/fall-prevention|1.0",
        json: include_str!("../../plans/fall-prevention-1.0.json"),
    },
    ShippedTemplate {
        canonical: "https://github.com/homeround/homeround/fhir/PlanDefinition/diabetic-foot|1.0",
        json: include_str!("../../plans/diabetic-foot-1.0.json"),
    },
];

/// The shipped template of a canonical address with version.
#[must_use]
pub fn shipped_template(canonical: &str) -> Option<Result<Template, TemplateError>> {
    let found = SHIPPED_TEMPLATES
        .iter()
        .find(|it| it.canonical == canonical)?;
    Some(Template::parse(found.json))
}

impl Template {
    /// Reads a `PlanDefinition`'s JSON. Taken are `url`, `version`, `status`, `title`,
    /// `description`, `copyright`; of each `goal` its `description` and the first
    /// `target.due` in days, weeks or months of 30 days; of each `action` its
    /// `title`, `description`, first `code` and `timingTiming`; translations of all texts.
    /// Everything else is kept in [`source`](Self::source) and has no effect.
    ///
    /// # Errors
    /// [`TemplateError`] names the goal or action and the element.
    pub fn parse(json: &str) -> Result<Self, TemplateError> {
        if json.len() > TEMPLATE_BYTES_MAX {
            let limit = format!("at most {TEMPLATE_BYTES_MAX} bytes");
            return Err(FormError::new("", "PlanDefinition", limit));
        }
        let source: Value = serde_json::from_str(json)
            .map_err(|error| FormError::new("", "PlanDefinition", format!("JSON, {error}")))?;
        Self::from_value(source)
    }

    /// As [`parse`](Self::parse), of JSON that is read already.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_value(source: Value) -> Result<Self, TemplateError> {
        let of_root = |field, remedy: &str| Err(FormError::new("", field, remedy));
        if source["resourceType"] != "PlanDefinition" {
            return of_root("resourceType", "PlanDefinition");
        }
        let text = |name: &str| source[name].as_str().unwrap_or_default().to_owned();
        let (url, version) = (text("url"), text("version"));
        if url.is_empty() || url.contains(['|', ' ', '\n']) {
            return of_root("url", "a canonical address without version");
        }
        if version.is_empty() || version.contains(['|', ' ', '\n']) {
            return of_root("version", "a version without | and spaces");
        }
        let title = Words::of(&source, "title");
        if title.is_empty() {
            return of_root("title", "what the plan is called");
        }
        let goals = items(&source, "goal")?.iter().enumerate().map(goal);
        let actions = items(&source, "action")?.iter().enumerate().map(action);
        let (goals, actions) = (
            goals.collect::<Result<Vec<_>, _>>()?,
            actions.collect::<Result<Vec<_>, _>>()?,
        );
        if actions.is_empty() {
            return of_root("action", "at least one activity");
        }
        Ok(Self {
            url,
            version,
            status: text("status"),
            title,
            description: Words::of(&source, "description"),
            copyright: text("copyright"),
            goals,
            actions,
            source,
        })
    }

    /// Address and version, as a plan is made from.
    #[must_use]
    pub fn canonical(&self) -> String {
        format!("{}|{}", self.url, self.version)
    }

    /// The whole resource.
    #[must_use]
    pub const fn source(&self) -> &Value {
        &self.source
    }
}

fn items<'s>(source: &'s Value, name: &'static str) -> Result<&'s [Value], TemplateError> {
    let list = source[name].as_array().map(Vec::as_slice);
    let list = list.unwrap_or_default();
    if list.len() > ITEMS_MAX {
        return Err(FormError::new("", name, "200 at most"));
    }
    Ok(list)
}

fn goal((nth, source): (usize, &Value)) -> Result<TemplateGoal, TemplateError> {
    let text = Words::of(&source["description"], "text");
    if text.is_empty() {
        let place = format!("goal[{nth}]");
        return Err(FormError::new(
            &place,
            "description.text",
            "what is to be reached",
        ));
    }
    let due = &source["target"][0]["due"];
    let days = match due["code"].as_str() {
        Some("d") => 1,
        Some("wk") => 7,
        Some("mo") => 30,
        _ => 0,
    };
    let due_days = due["value"].as_u64().and_then(|it| it.checked_mul(days));
    Ok(TemplateGoal {
        text,
        due_days: due_days
            .and_then(|it| u32::try_from(it).ok())
            .filter(|it| *it > 0),
    })
}

fn action((nth, source): (usize, &Value)) -> Result<Action, TemplateError> {
    let title = Words::of(source, "title");
    if title.is_empty() {
        let place = format!("action[{nth}]");
        return Err(FormError::new(&place, "title", "what is done"));
    }
    let coding = &source["code"][0]["coding"][0];
    let part = |name: &str| coding[name].as_str().unwrap_or_default();
    Ok(Action {
        title,
        instructions: Words::of(source, "description"),
        code: Coding::new(part("system"), part("code"), ""),
        timing: source["timingTiming"].clone(),
    })
}
