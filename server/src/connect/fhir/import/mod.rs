//! Import: entries in, records and skeletons of documents out.
//!
//! Two passes. The first reads of each entry its type, ids and identifiers,
//! so that every reference can be followed whichever way the entries are
//! ordered. The second parses one resource at a time, in the order of
//! [`Kind`]: whom things are about before the things.

mod beside;
mod chart;
mod history;
mod medication;
mod people;
mod plans;
mod questionnaires;
mod responses;
mod slot;
mod text;
mod visits;
mod way;
mod wishes;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono_tz::Tz;
use homeround::forms::Definition;
use homeround::model::{
    DocumentId, Millis, PatientId, Person, PersonId, PlanId, RecordId, RecordKind, TenantId, Visit,
    VisitId,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use self::chart::ChartDraft;
use self::slot::{Kind, Skip, Slot, is_type_name};
use super::ident::{self, Header, Index, Target};
use super::read::{self, ImportError};
use super::report::{Problem, Report};
use super::types::{Encounter, Goal, Reference};

pub use people::OrganizationBody;
pub(crate) use questionnaires::questionnaire_id;

/// What an import needs to know besides its input.
#[derive(Debug, Clone)]
pub struct ImportContext {
    /// For whom: ids that are made here differ between tenants.
    pub tenant: TenantId,
    /// Appointments that begin at or after this instant become visits.
    pub as_of: Millis,
    /// IANA time zone of homes whose patient has none.
    pub default_time_zone: String,
}

/// A record as the importer makes it; the store gives it its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// What it is.
    pub kind: RecordKind,
    /// Its id, unique within its kind, the same on every import.
    pub id: RecordId,
    /// The patient whose scope it is in; none: the whole tenant's.
    pub patient: Option<PatientId>,
    /// The row as JSON text.
    pub body: String,
}

/// A document to create if it is not there yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDocument {
    /// Its id, the same on every import.
    pub id: DocumentId,
    /// Whose it is.
    pub patient: PatientId,
    /// The skeleton with its first content, in the shape of the model's view,
    /// with `kind` at its root.
    pub tree: serde_json::Value,
}

/// What came out of an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Records, by kind and id.
    pub records: Vec<NewRecord>,
    /// Documents, by id.
    pub documents: Vec<NewDocument>,
    /// Counts, and what somebody should look at.
    pub report: Report,
}

/// Reads a FHIR R4 bundle or NDJSON, gzipped or not. Pure: the same input and
/// context give the same output, ids included.
///
/// # Errors
/// [`ImportError`] when the input as a whole can't be read; a single resource
/// that can't be is counted in the report and stops nothing.
pub fn import(input: &[u8], context: &ImportContext) -> Result<Import, ImportError> {
    let zone: Tz = context
        .default_time_zone
        .parse()
        .map_err(|_| ImportError::TimeZone)?;
    let text = read::text(input)?;
    let found = read::entries(&text)?;
    let mut importer = Importer::new(context, zone, found.entries);
    importer.report.notes.extend(found.note.map(str::to_owned));
    importer.take_all();
    Ok(importer.finish())
}

const REMEDY_TAKEN: &str =
    "taken without it; import the resource that it refers to in the same file";

struct Importer<'a> {
    context: &'a ImportContext,
    zone: Tz,
    slots: Vec<Slot<'a>>,
    index: Index,
    report: Report,
    problems: Vec<Problem>,
    records: BTreeMap<(RecordKind, RecordId), (Option<PatientId>, String)>,
    charts: BTreeMap<PatientId, ChartDraft>,
    people: BTreeMap<PersonId, Person>,
    /// A PractitionerRole's entry, and whose role it is.
    roles: HashMap<usize, PersonId>,
    /// What organisations and relatives are called, by entry.
    names: HashMap<usize, String>,
    medications: HashMap<usize, homeround::model::Coding>,
    medications_used: BTreeSet<usize>,
    /// Codes of what a Medication's entry is made of.
    ingredients: HashMap<usize, Vec<homeround::model::Coding>>,
    goals: BTreeMap<usize, (PatientId, Goal)>,
    goals_placed: BTreeSet<usize>,
    encounters: HashMap<usize, Encounter>,
    /// When encounters began: a date for what has none of its own.
    began: HashMap<usize, Millis>,
    plans: BTreeMap<PlanId, homeround::model::Plan>,
    visits: BTreeMap<VisitId, Visit>,
    /// Those of this input, by canonical address with version.
    questionnaires: BTreeMap<String, Definition>,
}

impl<'a> Importer<'a> {
    fn new(context: &'a ImportContext, zone: Tz, entries: Vec<read::Entry<'a>>) -> Self {
        let mut importer = Self {
            context,
            zone,
            slots: Vec::with_capacity(entries.len()),
            index: Index::default(),
            report: Report::default(),
            problems: Vec::new(),
            records: BTreeMap::new(),
            charts: BTreeMap::new(),
            people: BTreeMap::new(),
            roles: HashMap::new(),
            names: HashMap::new(),
            medications: HashMap::new(),
            medications_used: BTreeSet::new(),
            ingredients: HashMap::new(),
            goals: BTreeMap::new(),
            goals_placed: BTreeSet::new(),
            encounters: HashMap::new(),
            began: HashMap::new(),
            plans: BTreeMap::new(),
            visits: BTreeMap::new(),
            questionnaires: BTreeMap::new(),
        };
        importer.look_over(entries);
        importer
    }

    /// The first pass.
    fn look_over(&mut self, entries: Vec<read::Entry<'a>>) {
        let mut seen: HashMap<Uuid, (usize, Kind)> = HashMap::new();
        for (at, entry) in entries.into_iter().enumerate() {
            let raw = match entry.resource {
                Ok(raw) => raw,
                Err(broken) => {
                    self.slots.push(Slot::broken(broken));
                    continue;
                }
            };
            let header = match serde_json::from_str::<Header<'a>>(raw) {
                Ok(header) => header,
                Err(error) => {
                    let field = read::path_at(raw, read::offset_of(raw, &error));
                    self.slots.push(Slot::unreadable(raw, field));
                    continue;
                }
            };
            if !is_type_name(&header.resource_type) {
                self.slots
                    .push(Slot::unreadable(raw, "resourceType".to_owned()));
                continue;
            }
            let kind = Kind::of(&header.resource_type);
            let mut id = ident::identity(self.context.tenant, &header, &entry.full_url, raw);
            if let Some((_, other)) = seen.get(&id)
                && *other != kind
            {
                id = ident::derive(
                    self.context.tenant.0,
                    &[&header.resource_type, &id.to_string()],
                );
            }
            // Types that are not taken are not told apart: each one counts as that.
            let earlier = seen
                .insert(id, (at, kind))
                .filter(|_| kind != Kind::NotUsed);
            if let Some((earlier, _)) = earlier
                && let Some(slot) = self.slots.get_mut(earlier)
            {
                slot.skip = Some(Skip::Duplicate);
            }
            self.index.add(at, &header, &entry.full_url);
            if kind.has_identity() {
                self.index.add_identifiers(at, &header);
            }
            self.slots.push(Slot {
                raw,
                kind,
                own_id: header.id.into_owned(),
                name: header.resource_type,
                id,
                skip: (kind == Kind::NotUsed).then_some(Skip::NotUsed),
            });
        }
    }

    /// The second pass.
    fn take_all(&mut self) {
        let mut order: Vec<usize> = (0..self.slots.len()).collect();
        order.sort_by_key(|at| (self.slots.get(*at).map(|slot| slot.kind), *at));
        for at in order {
            let Some(slot) = self.slots.get(at) else {
                continue;
            };
            if slot.skip.is_some() {
                continue;
            }
            let taken = match slot.kind {
                Kind::Patient => self.patient(at),
                Kind::Organization => self.organization(at),
                Kind::Practitioner => self.practitioner(at),
                Kind::PractitionerRole => self.practitioner_role(at),
                Kind::RelatedPerson => self.related_person(at),
                Kind::Medication => self.medication(at),
                Kind::Goal => self.goal(at),
                Kind::Appointment => self.appointment(at),
                Kind::Encounter => self.encounter(at),
                Kind::CareTeam => self.care_team(at),
                Kind::CarePlan => self.care_plan(at),
                Kind::Condition => self.condition(at),
                Kind::AllergyIntolerance => self.allergy(at),
                Kind::MedicationRequest | Kind::MedicationStatement => self.medication_use(at),
                Kind::Observation => self.observation(at),
                Kind::Task => self.task(at),
                Kind::DocumentReference => self.document_reference(at),
                Kind::Provenance => self.provenance(at),
                Kind::MedicationAdministration => self.administration(at),
                Kind::Media => self.media(at),
                Kind::Communication => self.communication(at),
                Kind::Flag => self.flag(at),
                Kind::Consent => self.consent(at),
                Kind::Questionnaire => self.questionnaire(at),
                Kind::QuestionnaireResponse => self.questionnaire_response(at),
                Kind::PlanDefinition => self.plan_definition(at),
                Kind::NotUsed => Err(Skip::NotUsed),
            };
            if let Err(skip) = taken
                && let Some(slot) = self.slots.get_mut(at)
            {
                slot.skip = Some(skip);
            }
        }
    }

    fn finish(mut self) -> Import {
        self.place_loose_goals();
        self.file_people();
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if slot.kind == Kind::Medication && !self.medications_used.contains(&at) {
                slot.skip.get_or_insert(Skip::NotUsed);
            }
        }
        self.count();
        let mut documents: Vec<NewDocument> = Vec::new();
        for (patient, chart) in &mut self.charts {
            let id = DocumentId::chart(*patient);
            documents.extend(document(id, *patient, "chart", &chart.take()));
        }
        for (id, plan) in &self.plans {
            documents.extend(document(DocumentId::plan(*id), plan.patient, "plan", plan));
        }
        for (id, visit) in &self.visits {
            documents.extend(document(
                DocumentId::visit(*id),
                visit.patient,
                "visit",
                visit,
            ));
        }
        documents.sort_by_key(|document| document.id);
        let records = self.records.into_iter();
        Import {
            records: records
                .map(|((kind, id), (patient, body))| NewRecord {
                    kind,
                    id,
                    patient,
                    body,
                })
                .collect(),
            documents,
            report: self.report,
        }
    }

    fn count(&mut self) {
        self.report.entries = self.slots.len() as u64;
        for (at, slot) in self.slots.iter().enumerate() {
            let Some(skip) = &slot.skip else {
                self.report.took(&slot.name);
                continue;
            };
            self.report.skip(&slot.name, skip.code());
            if let Some((field, remedy)) = skip.explain() {
                self.problems
                    .push(slot.problem(at, skip.code(), field, remedy));
            }
        }
        self.problems.sort();
        for problem in std::mem::take(&mut self.problems) {
            self.report.problem(problem);
        }
    }

    /// Parses the entry's resource, or says which element is wrong.
    fn parse<T: DeserializeOwned>(&self, at: usize) -> Result<T, Skip> {
        let raw = self.slots.get(at).map_or("", |slot| slot.raw);
        serde_json::from_str(raw)
            .map_err(|error| Skip::Malformed(read::path_at(raw, read::offset_of(raw, &error))))
    }

    fn id(&self, at: usize) -> Uuid {
        self.slots.get(at).map_or(Uuid::nil(), |slot| slot.id)
    }

    fn record<T: Serialize>(
        &mut self,
        kind: RecordKind,
        id: Uuid,
        patient: Option<PatientId>,
        body: &T,
    ) -> Result<(), Skip> {
        let body =
            serde_json::to_string(body).map_err(|_| Skip::Malformed("resource".to_owned()))?;
        self.records.insert((kind, RecordId(id)), (patient, body));
        Ok(())
    }

    /// Notes something to look at about an entry that is taken all the same.
    fn note(
        &mut self,
        at: usize,
        code: &'static str,
        field: impl Into<String>,
        remedy: &'static str,
    ) {
        if let Some(slot) = self.slots.get(at) {
            self.problems
                .push(slot.problem(at, code, field.into(), remedy));
        }
    }

    fn note_dangling(&mut self, at: usize, field: impl Into<String>) {
        self.note(at, "dangling_reference", field, REMEDY_TAKEN);
    }

    /// The patient that a resource is about. Without one it can't stand.
    fn about(&self, reference: &Reference, field: &'static str) -> Result<PatientId, Skip> {
        match self.index.find(reference, "Patient") {
            Target::Entry(target) => {
                let id = PatientId(self.id(target));
                if self.charts.contains_key(&id) {
                    Ok(id)
                } else {
                    Err(Skip::Dangling(field))
                }
            }
            Target::None => Err(Skip::Malformed(field.to_owned())),
            Target::Contained(_) | Target::Dangling => Err(Skip::Dangling(field)),
        }
    }

    /// Notes an encounter that is not there; nothing here needs it.
    fn check_encounter(&mut self, at: usize, reference: &Reference, field: &'static str) {
        if self.index.find(reference, "Encounter") == Target::Dangling {
            self.note_dangling(at, field);
        }
    }

    /// What somebody is called whom a reference means: a person, a relative, an
    /// organisation.
    fn called(&self, reference: &Reference) -> Option<String> {
        if let Some(name) = text::some(&reference.display) {
            return Some(name);
        }
        let Target::Entry(target) = self.index.find(reference, "Practitioner") else {
            return None;
        };
        let person = self.person(target).and_then(|it| self.people.get(&it));
        let name = person.map(|person| person.name.clone());
        name.or_else(|| self.names.get(&target).cloned())
    }

    /// The person of the directory whom a reference means: directly or by a role.
    fn person(&self, target: usize) -> Option<PersonId> {
        if let Some(person) = self.roles.get(&target) {
            return Some(*person);
        }
        let id = PersonId(self.id(target));
        let slot = self.slots.get(target)?;
        (slot.kind == Kind::Practitioner && self.people.contains_key(&id)).then_some(id)
    }
}

fn document<T: Serialize>(
    id: DocumentId,
    patient: PatientId,
    kind: &str,
    view: &T,
) -> Option<NewDocument> {
    let mut tree = serde_json::to_value(view).ok()?;
    tree.as_object_mut()?.insert("kind".into(), kind.into());
    Some(NewDocument { id, patient, tree })
}
