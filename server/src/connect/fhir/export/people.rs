//! Patient, team, directory.

use homeround::model::{Address, Contact, EntryId};
use serde_json::{Value, json};

use super::super::ident::derive;
use super::{Sheet, code_or, reference};

const GENDERS: [&str; 4] = ["male", "female", "other", "unknown"];
const TEAM_STATUSES: [&str; 5] = [
    "proposed",
    "active",
    "suspended",
    "inactive",
    "entered-in-error",
];

impl Sheet<'_> {
    pub(super) fn patient(&mut self) {
        let patient = self.input.patient;
        let name = json!({
            "use": "official",
            "family": patient.family,
            "given": patient.given,
            "text": patient.display_name(),
        });
        let mut resource = json!({
            "resourceType": "Patient",
            "identifier": patient.mrn.iter().map(|number| json!({
                "type": super::hl7("v2-0203", "MR", "Medical record number"),
                "value": number,
            })).collect::<Vec<_>>(),
            "name": [name],
            "telecom": patient.phones.iter().enumerate().map(|(nth, phone)| json!({
                "system": "phone", "value": phone, "rank": nth + 1,
            })).collect::<Vec<_>>(),
            "gender": patient.gender.as_deref().map(|it| code_or(it, &GENDERS, "unknown")),
            "birthDate": patient.birth_date,
            "address": patient.address.iter().map(home_address).collect::<Vec<_>>(),
            "communication": patient.language.iter().map(|language| json!({
                "language": { "coding": [{ "system": "urn:ietf:bcp:47", "code": language }] },
                "preferred": true,
            })).collect::<Vec<_>>(),
        });
        match patient.deceased.as_deref() {
            Some(date) if date.starts_with(|first: char| first.is_ascii_digit()) => {
                resource["deceasedDateTime"] = json!(date);
            }
            Some(_) => resource["deceasedBoolean"] = json!(true),
            None => {}
        }
        self.add(patient.id.0, resource);
    }

    pub(super) fn contact(&mut self, id: EntryId, contact: &Contact) {
        self.add(
            id.0,
            json!({
                "resourceType": "RelatedPerson",
                "active": true,
                "patient": self.subject(),
                "relationship": contact.relationship.iter().map(|text| json!({ "text": text })).collect::<Vec<_>>(),
                "name": [{ "text": contact.name }],
                "telecom": contact.phone.iter().map(|phone| json!({
                    "system": "phone", "value": phone,
                })).collect::<Vec<_>>(),
            }),
        );
    }

    pub(super) fn care_team(&mut self) {
        let Some(team) = self.input.care_team else {
            return;
        };
        let mut participants = Vec::new();
        for member in &team.members {
            let role = json!([{ "text": member.role }]);
            let reference = match member.person {
                Some(person) => self.who(person),
                None => json!({ "display": member.name }),
            };
            participants.push(json!({ "role": role, "member": reference }));
        }
        self.add(
            team.id.0,
            json!({
                "resourceType": "CareTeam",
                "status": code_or(&team.status, &TEAM_STATUSES, "active"),
                "name": team.name,
                "subject": self.subject(),
                "participant": participants,
            }),
        );
    }

    pub(super) fn practitioners(&mut self) {
        for id in std::mem::take(&mut self.named) {
            let known = self.input.people.get(&id);
            let name = known.map_or("Not in the directory", |person| person.name.as_str());
            let phone = known.and_then(|person| person.phone.as_ref());
            self.add(
                id.0,
                json!({
                    "resourceType": "Practitioner",
                    "active": known.is_some(),
                    "name": [{ "text": name }],
                    "telecom": phone.iter().map(|phone| json!({
                        "system": "phone", "value": phone,
                    })).collect::<Vec<_>>(),
                }),
            );
            if let Some(role) = known.and_then(|person| person.role) {
                self.add(
                    derive(id.0, &["PractitionerRole"]),
                    json!({
                        "resourceType": "PractitionerRole",
                        "practitioner": reference(id.0),
                        "code": [{ "text": role.name() }],
                    }),
                );
            }
        }
    }
}

/// An address with its place, where it is known.
pub(super) fn home_address(address: &Address) -> Value {
    let mut written = json!({
        "use": "home",
        "line": address.lines,
        "city": address.city,
        "state": address.state,
        "postalCode": address.postal_code,
    });
    if let (Some(north), Some(east)) = (address.latitude_deg, address.longitude_deg) {
        written["extension"] = json!([{
            "url": "http://hl7.org/fhir/StructureDefinition/geolocation",
            "extension": [
                { "url": "latitude", "valueDecimal": north },
                { "url": "longitude", "valueDecimal": east },
            ],
        }]);
    }
    written
}
