//! Export: one visit as a FHIR R4 collection bundle.
//!
//! Every reference in the bundle leads to an entry of the bundle. Ids are the
//! visit's own where it has one for a thing, else made from the visit's id, so
//! that exporting again gives the same bundle.

mod clinical;
mod evidence;
mod findings;
mod flags;
mod forms;
mod media;
mod messages;
mod notices;
mod people;
mod plans;
mod presence;
mod reconcile;
mod scores;
mod sign_offs;
mod survey;
mod virtual_visit;
mod visit;
mod way;

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use homeround::care::PlannedTask;
use homeround::forms::Definition;
use homeround::model::{
    Booking, CareTeam, Chart, Coding, EntryId, FieldPath, Millis, NotDoneReason, NoticeDelivery,
    Patient, Person, PersonId, Plan, PlanId, Visit,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ident::derive;
use super::instant;

/// Where the extensions of this module are defined.
pub(crate) const EXTENSIONS: &str =
    "https://github.com/homeround/homeround/fhir/StructureDefinition";
/// R5's `Appointment.virtualService`, as HL7's cross-version extensions carry it in R4.
pub(crate) const VIRTUAL_SERVICE: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService";
/// The class of a virtual encounter, of `v3-ActCode`.
pub(crate) const VIRTUAL_CLASS: &str = "VR";
/// Systems of HL7's own codes.
const HL7: &str = "http://terminology.hl7.org/CodeSystem";

pub(crate) use notices::NOTICE_CONSENT;

/// A visit with what surrounds it, as it was read from the stores.
#[derive(Debug, Clone, Copy)]
pub struct VisitExport<'a> {
    /// The booked visit.
    pub booking: &'a Booking,
    /// The visit's document.
    pub visit: &'a Visit,
    /// Whom it is for.
    pub patient: &'a Patient,
    /// The patient's chart, if it is to go with the visit.
    pub chart: Option<&'a Chart>,
    /// Care plans that are to go with the visit.
    pub plans: &'a [(PlanId, Plan)],
    /// What the plans ask for at the visit.
    pub planned: &'a [PlannedTask],
    /// The team around the patient.
    pub care_team: Option<&'a CareTeam>,
    /// The directory: at least whom the visit names. Whoever is missing
    /// appears without a name.
    pub people: &'a BTreeMap<PersonId, Person>,
    /// What the visit's forms ask, by canonical address with version. A form
    /// that is not there is written answer by answer.
    pub questionnaires: &'a BTreeMap<String, Definition>,
    /// Who last wrote which field of the visit.
    pub authored: &'a [Authored],
    /// Conflicts that nobody has settled yet.
    pub conflicts: &'a [OpenConflict],
    /// Where the visit's notices to the patient stand; of one that is not there nothing is
    /// known.
    pub notices: &'a BTreeMap<EntryId, NoticeDelivery>,
    /// When the bundle is made.
    pub now: Millis,
}

/// Who wrote a field of the visit's document, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authored {
    /// The field, as in `tasks/0192…/result`.
    pub field: FieldPath,
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Millis,
}

/// A field on which two people disagree and that nobody has settled.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenConflict {
    /// The field.
    pub field: FieldPath,
    /// What each of them wrote.
    pub values: Vec<ConflictingValue>,
}

/// One side of a conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictingValue {
    /// What was written.
    pub value: Value,
    /// By whom.
    pub person: PersonId,
    /// When.
    pub at: Millis,
}

/// Writes a visit as a FHIR R4 collection bundle. Instants carry the offset of
/// the patient's home; a time zone that is not known is written as UTC.
#[must_use]
pub fn export_visit(input: &VisitExport<'_>) -> Value {
    let mut sheet = Sheet {
        input,
        zone: input.booking.time_zone.parse().unwrap_or(Tz::UTC),
        entries: Vec::new(),
        known: BTreeSet::new(),
        named: BTreeSet::new(),
        encounter: derive(input.booking.visit.0, &["Encounter"]),
        note: derive(input.booking.visit.0, &["note"]),
        targets: BTreeMap::new(),
    };
    sheet.patient();
    sheet.appointment();
    sheet.encounter();
    sheet.consent();
    sheet.care_team();
    sheet.tasks();
    sheet.planned_tasks();
    sheet.observations();
    sheet.medications();
    sheet.chart();
    sheet.reconciliations();
    sheet.messages();
    sheet.notices();
    sheet.surveys();
    sheet.plans();
    sheet.note();
    sheet.forms();
    sheet.attachments();
    sheet.sign_offs();
    sheet.evidence();
    // Last, when all that name a person have.
    sheet.practitioners();
    json!({
        "resourceType": "Bundle",
        "id": derive(input.booking.visit.0, &["Bundle"]),
        "type": "collection",
        "timestamp": sheet.instant(input.now),
        "entry": sheet.entries,
    })
}

/// The bundle while it is written.
struct Sheet<'a> {
    input: &'a VisitExport<'a>,
    zone: Tz,
    entries: Vec<Value>,
    known: BTreeSet<Uuid>,
    /// People whom some resource refers to.
    named: BTreeSet<PersonId>,
    encounter: Uuid,
    note: Uuid,
    /// The resources that an entry or item of the visit became.
    targets: BTreeMap<EntryId, Vec<Uuid>>,
}

impl Sheet<'_> {
    /// Adds a resource. A second one of the same id is left out: two entries
    /// of one address would make every reference to it ambiguous.
    fn add(&mut self, id: Uuid, mut resource: Value) {
        if !self.known.insert(id) {
            return;
        }
        if let Some(fields) = resource.as_object_mut() {
            fields.insert("id".to_owned(), json!(id));
            drop_empty(fields);
        }
        self.entries
            .push(json!({ "fullUrl": url(id), "resource": resource }));
    }

    /// Adds a resource that came of an entry of the visit.
    fn add_of(&mut self, entry: EntryId, id: Uuid, resource: Value) {
        self.targets.entry(entry).or_default().push(id);
        self.add(id, resource);
    }

    fn instant(&self, at: Millis) -> String {
        instant::write(at, self.zone)
    }

    fn subject(&self) -> Value {
        reference(self.input.patient.id.0)
    }

    fn encounter_reference(&self) -> Value {
        reference(self.encounter)
    }

    /// A reference to a person, who is then in the bundle.
    fn who(&mut self, person: PersonId) -> Value {
        self.named.insert(person);
        reference(person.0)
    }
}

/// FHIR has no empty arrays and no nulls: builders write them freely.
fn drop_empty(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(items) => {
            for item in items.iter_mut() {
                if let Some(inner) = item.as_object_mut() {
                    drop_empty(inner);
                }
            }
            items.retain(|item| item.as_object().is_none_or(|inner| !inner.is_empty()));
            !items.is_empty()
        }
        Value::Object(inner) => {
            drop_empty(inner);
            !inner.is_empty()
        }
        Value::String(text) => !text.is_empty(),
        _ => true,
    });
}

fn url(id: Uuid) -> String {
    format!("urn:uuid:{id}")
}

fn reference(id: Uuid) -> Value {
    json!({ "reference": url(id) })
}

fn extension(name: &str, kind: &str, value: impl Into<Value>) -> Value {
    let mut extension = Map::new();
    extension.insert("url".to_owned(), json!(format!("{EXTENSIONS}/{name}")));
    extension.insert(format!("value{kind}"), value.into());
    Value::Object(extension)
}

/// A code of one of HL7's systems.
fn hl7(system: &str, code: &str, display: &str) -> Value {
    json!({ "coding": [{ "system": format!("{HL7}/{system}"), "code": code, "display": display }] })
}

fn concept(code: &Coding) -> Value {
    if code.code.is_empty() {
        return json!({ "text": code.text });
    }
    json!({
        "coding": [{ "system": code.system, "code": code.code, "display": code.text }],
        "text": code.text,
    })
}

/// A FHIR `code`: what has white space or nothing in it can't be one.
fn code_or<'t>(text: &'t str, allowed: &[&'t str], otherwise: &'t str) -> &'t str {
    if allowed.contains(&text) {
        text
    } else {
        otherwise
    }
}

fn why(reason: NotDoneReason) -> Value {
    let code = serde_json::to_value(reason).unwrap_or_default();
    let text = match reason {
        NotDoneReason::NotAtHome => "Nobody opened",
        NotDoneReason::Refused => "Patient refused",
        NotDoneReason::Hospitalised => "Patient is in hospital",
        NotDoneReason::Unsafe => "Unsafe",
        NotDoneReason::Weather => "Weather",
        NotDoneReason::NotAvailable => "Supply or medication missing",
        NotDoneReason::Contraindicated => "Contraindicated",
        NotDoneReason::OnHold => "On hold",
        NotDoneReason::DoneByOther => "Done by somebody else",
        NotDoneReason::SchedulingError => "Scheduling error",
        NotDoneReason::Duplicate => "Duplicate visit",
        NotDoneReason::Other => "Other",
    };
    json!({
        "coding": [{ "system": format!("{EXTENSIONS}/not-done-reason"), "code": code, "display": text }],
        "text": text,
    })
}

fn notes(comment: Option<&String>) -> Value {
    json!(
        comment
            .map(|text| json!({ "text": text }))
            .into_iter()
            .collect::<Vec<_>>()
    )
}
