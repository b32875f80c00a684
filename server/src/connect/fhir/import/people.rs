//! Whom the data is about and who gives care: patients, the directory, relatives,
//! organisations and care teams.

use homeround::model::{
    Address, CareTeam, CareTeamId, CareTeamMember, Contact, EntryId, Patient, PatientId, Person,
    PersonId, RecordKind,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::ident::{Target, derive, find_contained};
use super::super::types as fhir;
use super::chart::ChartDraft;
use super::text;
use super::{Importer, Skip};

const GEOLOCATION: &str = "http://hl7.org/fhir/StructureDefinition/geolocation";
const TIME_ZONE: &str = "http://hl7.org/fhir/StructureDefinition/timezone";

/// An organisation as its record's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationBody {
    /// Which.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// How to reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Where it is, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Importer<'_> {
    pub(super) fn patient(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Patient = self.parse(at)?;
        let id = PatientId(self.id(at));
        let name = text::best_name(&source.name).cloned().unwrap_or_default();
        if text::full_name(&name).is_empty() {
            self.note(
                at,
                "missing_name",
                "name",
                "give the patient a name in the source system",
            );
        }
        let given = text::given(&name);
        // A name that is one text only is read as a whole.
        let family = text::first_of([
            name.family.as_str(),
            if given.is_empty() { &name.text } else { "" },
        ])
        .to_owned();
        let patient = Patient {
            id,
            family,
            given,
            birth_date: source.birth_date.clone(),
            gender: source.gender.clone(),
            mrn: record_number(&source.identifier),
            phones: text::phones(&source.telecom),
            language: language(&source.communication),
            address: text::best_address(&source.address).map(address),
            deceased: source
                .deceased_date_time
                .clone()
                .or_else(|| source.deceased_boolean.then(|| "true".to_owned())),
        };
        if patient.address.as_ref().is_some_and(is_at_null_island) {
            self.note(
                at,
                "implausible_position",
                "address.extension.geolocation",
                "taken as it is; locate the address again, the place is in the open sea",
            );
        }
        let mut chart =
            ChartDraft::new(id, patient.deceased.is_some(), time_zone(&source.extension));
        for (nth, contact) in source.contact.iter().enumerate() {
            let names = ["Patient.contact", &id.to_string(), &nth.to_string()];
            let entry = EntryId(derive(self.context.tenant.0, &names));
            let name = text::full_name(&contact.name);
            chart.contact(
                entry,
                person_to_call(name, &contact.relationship, &contact.telecom),
            );
        }
        self.charts.insert(id, chart);
        self.record(RecordKind::Patient, id.0, Some(id), &patient)
    }

    pub(super) fn organization(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Organization = self.parse(at)?;
        let names =
            std::iter::once(source.name.as_str()).chain(source.alias.iter().map(String::as_str));
        let name = text::first_of(names).to_owned();
        if name.is_empty() {
            self.note(
                at,
                "missing_name",
                "name",
                "give the organisation a name in the source system",
            );
        }
        let body = OrganizationBody {
            id: self.id(at),
            name: name.clone(),
            phone: text::phones(&source.telecom).into_iter().next(),
            address: text::best_address(&source.address)
                .map(address)
                .and_then(|it| one_line(&it)),
        };
        self.names.insert(at, name);
        self.record(RecordKind::Organization, body.id, None, &body)
    }

    pub(super) fn practitioner(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::Practitioner = self.parse(at)?;
        let id = PersonId(self.id(at));
        let name = text::best_name(&source.name)
            .map(text::full_name)
            .unwrap_or_default();
        if name.is_empty() {
            self.note(
                at,
                "missing_name",
                "name",
                "give the person a name in the source system",
            );
        }
        let phone = text::phones(&source.telecom).into_iter().next();
        // An import never gives anybody rights: a role is granted by an administrator.
        let role = None;
        self.people.insert(
            id,
            Person {
                id,
                name,
                role,
                phone,
            },
        );
        Ok(())
    }

    pub(super) fn practitioner_role(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::PractitionerRole = self.parse(at)?;
        let found = self.index.find(&source.practitioner, "Practitioner");
        let person = match found {
            Target::Entry(target) => self.person(target),
            Target::None => return Err(Skip::Malformed("practitioner".to_owned())),
            _ => None,
        };
        let person = person.ok_or(Skip::Dangling("practitioner"))?;
        self.roles.insert(at, person);
        if let Some(known) = self.people.get_mut(&person)
            && known.phone.is_none()
        {
            known.phone = text::phones(&source.telecom).into_iter().next();
        }
        Ok(())
    }

    /// Files the directory, once every role has added what it knows.
    pub(super) fn file_people(&mut self) {
        for (id, person) in std::mem::take(&mut self.people) {
            // A person's body is plain text fields: it always serialises.
            let _ = self.record(RecordKind::Person, id.0, None, &person);
        }
    }

    pub(super) fn related_person(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::RelatedPerson = self.parse(at)?;
        let patient = self.about(&source.patient, "patient")?;
        let name = text::best_name(&source.name)
            .map(text::full_name)
            .unwrap_or_default();
        let contact = person_to_call(name.clone(), &source.relationship, &source.telecom);
        let contact = contact.ok_or(Skip::Malformed("name".to_owned()))?;
        self.names.insert(at, name);
        let id = EntryId(self.id(at));
        if let Some(chart) = self.charts.get_mut(&patient) {
            chart.contact(id, Some(contact));
        }
        Ok(())
    }

    pub(super) fn care_team(&mut self, at: usize) -> Result<(), Skip> {
        let source: fhir::CareTeam = self.parse(at)?;
        if source.status == "entered-in-error" {
            return Err(Skip::EnteredInError);
        }
        let patient = self.about(&source.subject, "subject")?;
        let mut members = Vec::new();
        for (nth, participant) in source.participant.iter().enumerate() {
            let role = text::first_of(participant.role.iter().map(text::words)).to_owned();
            let field = format!("participant[{nth}].member");
            members.extend(self.member(at, &participant.member, role, field, &source.contained));
        }
        let category = text::first_of(source.category.iter().map(text::words));
        let team = CareTeam {
            id: CareTeamId(self.id(at)),
            patient,
            name: text::first_of([source.name.as_str(), category, "Care team"]).to_owned(),
            status: text::first_of([source.status.as_str(), "active"]).to_owned(),
            members,
        };
        self.record(RecordKind::CareTeam, team.id.0, Some(patient), &team)
    }

    /// A member of a team; the patient is not one.
    fn member(
        &mut self,
        at: usize,
        reference: &fhir::Reference,
        role: String,
        field: String,
        contained: &[serde_json::Value],
    ) -> Option<CareTeamMember> {
        let mut name = reference.display.trim().to_owned();
        let mut person = None;
        match find_contained(reference, contained) {
            Target::None => match self.index.find(reference, "Practitioner") {
                Target::Entry(target) => {
                    if self.charts.contains_key(&PatientId(self.id(target))) {
                        return None;
                    }
                    person = self.person(target);
                    let known = person.and_then(|id| self.people.get(&id));
                    if let Some(known) = known.map(|it| &it.name).or(self.names.get(&target)) {
                        known.clone_into(&mut name);
                    }
                }
                Target::Dangling => self.note_dangling(at, field),
                Target::None | Target::Contained(_) => {}
            },
            Target::Contained(inner) => {
                let inner = contained.get(inner).and_then(|it| it.get("name")).cloned();
                let names =
                    serde_json::from_value::<Vec<fhir::HumanName>>(inner.unwrap_or_default());
                if let Some(found) = text::best_name(&names.unwrap_or_default()) {
                    name = text::full_name(found);
                }
            }
            Target::Entry(_) | Target::Dangling => self.note_dangling(at, field),
        }
        (person.is_some() || !name.is_empty()).then_some(CareTeamMember { person, name, role })
    }
}

fn person_to_call(
    name: String,
    relationship: &[fhir::Concept],
    telecom: &[fhir::ContactPoint],
) -> Option<Contact> {
    let relationship = text::some(text::first_of(relationship.iter().map(text::words)));
    let phone = text::phones(telecom).into_iter().next();
    (!name.is_empty() || phone.is_some()).then_some(Contact {
        name,
        relationship,
        phone,
        preference: None,
    })
}

fn record_number(identifiers: &[fhir::Identifier]) -> Option<String> {
    identifiers
        .iter()
        .find(|identifier| {
            identifier
                .kind
                .coding
                .iter()
                .any(|coding| coding.code == "MR")
        })
        .and_then(|identifier| text::some(&identifier.value))
}

fn language(spoken: &[fhir::PatientLanguage]) -> Option<String> {
    let preferred = spoken.iter().find(|it| it.preferred).or(spoken.first())?;
    text::some(text::code(&preferred.language))
}

fn time_zone(extensions: &[fhir::Extension]) -> Option<String> {
    extensions
        .iter()
        .find(|extension| extension.url == TIME_ZONE)
        .map(|extension| extension.value_code.clone())
        .filter(|name| name.parse::<chrono_tz::Tz>().is_ok())
}

fn address(source: &fhir::PostalAddress) -> Address {
    let place = source.extension.iter().find(|it| it.url == GEOLOCATION);
    let part = |name: &str, most: f64| {
        place?
            .extension
            .iter()
            .find(|part| part.url == name)?
            .value_decimal
            .filter(|degrees| degrees.abs() <= most)
    };
    let (latitude_deg, longitude_deg) = match (part("latitude", 90.0), part("longitude", 180.0)) {
        (Some(north), Some(east)) => (Some(north), Some(east)),
        _ => (None, None),
    };
    Address {
        lines: text::lines(source),
        city: source.city.clone(),
        state: source.state.clone(),
        postal_code: source.postal_code.clone(),
        latitude_deg,
        longitude_deg,
    }
}

/// Within a degree of 0, 0 there is no land: such a place is a missing offset.
fn is_at_null_island(address: &Address) -> bool {
    let near = |degrees: Option<f64>| degrees.is_some_and(|it| it.abs() < 1.0);
    near(address.latitude_deg) && near(address.longitude_deg)
}

fn one_line(address: &Address) -> Option<String> {
    let mut parts = address.lines.clone();
    parts.push(address.city.clone());
    parts.push(format!("{} {}", address.state, address.postal_code));
    let parts: Vec<String> = parts.iter().filter_map(|part| text::some(part)).collect();
    text::some(&parts.join(", "))
}
