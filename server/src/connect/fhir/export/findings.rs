//! What was measured, seen and given during the visit.

use std::collections::{BTreeMap, BTreeSet};

use homeround::model::{
    Coding, EntryId, Finding, Given, LOINC, MedicationEntry, Millis, ObservationEntry, PersonId,
    UCUM, Vitals,
};
use serde_json::{Value, json};

use super::super::ident::derive;
use super::{Sheet, concept, hl7, notes, reference, scores, why};

const VITAL_SIGNS: &str = "http://hl7.org/fhir/StructureDefinition/vitalsigns";

/// How one vital sign is written.
struct Sign {
    /// Name of the field in `Vitals` and of a measure.
    name: &'static str,
    /// LOINC codes: the one of HL7's profile first.
    codes: &'static [(&'static str, &'static str)],
    /// UCUM.
    unit: &'static str,
    category: &'static str,
}

const PULSE: Sign = Sign {
    name: "pulse_bpm",
    codes: &[("8867-4", "Heart rate")],
    unit: "/min",
    category: "vital-signs",
};
const TEMPERATURE: Sign = Sign {
    name: "temperature_c",
    codes: &[("8310-5", "Body temperature")],
    unit: "Cel",
    category: "vital-signs",
};
const SATURATION: Sign = Sign {
    name: "spo2_percent",
    codes: &[
        ("2708-6", "Oxygen saturation in Arterial blood"),
        (
            "59408-5",
            "Oxygen saturation in Arterial blood by Pulse oximetry",
        ),
    ],
    unit: "%",
    category: "vital-signs",
};
const RESPIRATIONS: Sign = Sign {
    name: "respirations_per_min",
    codes: &[("9279-1", "Respiratory rate")],
    unit: "/min",
    category: "vital-signs",
};
const WEIGHT: Sign = Sign {
    name: "weight_kg",
    codes: &[("29463-7", "Body weight")],
    unit: "kg",
    category: "vital-signs",
};
const GLUCOSE: Sign = Sign {
    name: "glucose_mg_dl",
    codes: &[
        ("2339-0", "Glucose [Mass/volume] in Blood"),
        (
            "41653-7",
            "Glucose [Mass/volume] in Capillary blood by Glucometer",
        ),
    ],
    unit: "mg/dL",
    category: "laboratory",
};
const PAIN: Sign = Sign {
    name: "pain_score",
    codes: &[(
        "72514-3",
        "Pain severity - 0-10 verbal numeric rating [Score] - Reported",
    )],
    unit: "{score}",
    category: "survey",
};
const SIGNS: [&Sign; 7] = [
    &PULSE,
    &TEMPERATURE,
    &SATURATION,
    &RESPIRATIONS,
    &WEIGHT,
    &GLUCOSE,
    &PAIN,
];

/// Who found something, when, and whether it still stands.
pub(super) struct Circumstances {
    by: Option<PersonId>,
    at: Millis,
    status: &'static str,
}

impl Sheet<'_> {
    /// FHIR's status of an entry, by the corrections of its section.
    pub(super) fn standing(&self, section: &str, entry: EntryId) -> Option<&'static str> {
        let mut corrections = self.input.visit.corrections.values();
        if corrections
            .clone()
            .any(|it| it.section == section && it.target == entry)
        {
            return Some("entered-in-error");
        }
        corrections
            .any(|it| it.section == section && it.replacement == Some(entry))
            .then_some("corrected")
    }

    pub(super) fn observations(&mut self) {
        let visit = self.input.visit;
        for (id, entry) in &visit.observations {
            let status = self.standing("observations", *id).unwrap_or("final");
            let found = Circumstances {
                by: Some(entry.by),
                at: entry.measured_at_ms,
                status,
            };
            self.observation(*id, entry, &found);
        }
        for (name, value) in &visit.measures {
            self.measure(name, value);
        }
    }

    fn observation(&mut self, id: EntryId, entry: &ObservationEntry, found: &Circumstances) {
        let (code, value) = match &entry.finding {
            Finding::Vitals(vitals) => {
                self.vitals(id, entry, vitals, found);
                self.consciousness(id, entry, vitals, found);
                self.oxygen_alone(id, entry, vitals, found);
                return self.news2(id, entry, vitals, found);
            }
            Finding::Quantity { code, value, unit } => (
                concept(code),
                ("valueQuantity", amount(&json!(value), unit)),
            ),
            Finding::Text { code, text } => (concept(code), ("valueString", json!(text))),
            Finding::Unknown => (
                concept(&Coding::text(
                    "Finding of a kind that the exporter does not know",
                )),
                (
                    "dataAbsentReason",
                    hl7("data-absent-reason", "unsupported", "Unsupported"),
                ),
            ),
        };
        let mut resource = self.observed("exam", &code, found);
        resource[value.0] = value.1;
        self.measured(&mut resource, &entry.measured);
        self.add_of(id, id.0, resource);
    }

    fn vitals(
        &mut self,
        id: EntryId,
        entry: &ObservationEntry,
        vitals: &Vitals,
        found: &Circumstances,
    ) {
        // By its field names, so that a figure is written as the model has it.
        let figures = serde_json::to_value(vitals).unwrap_or_default();
        for sign in SIGNS {
            if let Some(figure) = figures.get(sign.name).filter(|figure| figure.is_number()) {
                let mut resource = self.sign(sign, figure, found);
                self.measured(&mut resource, &entry.measured(sign.name));
                if sign.name == SATURATION.name {
                    resource["component"] = json!(scores::oxygen(vitals));
                }
                self.add_of(id, derive(id.0, &[sign.name]), resource);
            }
        }
        let part = |code: &str, display: &str, figure: Option<u16>| {
            let mut part = json!({
                "code": { "coding": [{ "system": LOINC, "code": code, "display": display }] },
            });
            match figure {
                Some(figure) => part["valueQuantity"] = amount(&json!(figure), "mm[Hg]"),
                None => {
                    part["dataAbsentReason"] =
                        hl7("data-absent-reason", "not-performed", "Not Performed");
                }
            }
            part
        };
        let systolic = vitals.systolic_mmhg.map(|it| it.get());
        let diastolic = vitals.diastolic_mmhg.map(|it| it.get());
        if systolic.or(diastolic).is_none() {
            return;
        }
        let code = json!({ "coding": [{
            "system": LOINC, "code": "85354-9",
            "display": "Blood pressure panel with all children optional",
        }] });
        let mut resource = self.observed("vital-signs", &code, found);
        resource["meta"] = json!({ "profile": [VITAL_SIGNS] });
        resource["component"] = json!([
            part("8480-6", "Systolic blood pressure", systolic),
            part("8462-4", "Diastolic blood pressure", diastolic),
        ]);
        self.measured(&mut resource, &entry.measured("systolic_mmhg"));
        self.add_of(id, derive(id.0, &["blood_pressure"]), resource);
    }

    fn sign(&mut self, sign: &Sign, figure: &Value, found: &Circumstances) -> Value {
        let codings = sign
            .codes
            .iter()
            .map(|(code, display)| json!({ "system": LOINC, "code": code, "display": display }));
        let code = json!({ "coding": codings.collect::<Vec<_>>() });
        let mut resource = self.observed(sign.category, &code, found);
        if sign.category == "vital-signs" {
            resource["meta"] = json!({ "profile": [VITAL_SIGNS] });
        }
        resource["valueQuantity"] = amount(figure, sign.unit);
        resource
    }

    /// A measurement that has one value a visit.
    fn measure(&mut self, name: &str, value: &Value) {
        let author = self.input.authored.iter().rfind(|it| {
            let mut segments = it.field.segments();
            segments.next() == Some("measures") && segments.next() == Some(name)
        });
        let found = Circumstances {
            by: author.map(|it| it.person),
            at: author.map_or(self.input.booking.start_ms, |it| it.at),
            status: "final",
        };
        let known = SIGNS.into_iter().find(|sign| sign.name == name);
        let resource = match (known, value) {
            (_, Value::Null) => return,
            (Some(sign), Value::Number(_)) => self.sign(sign, value, &found),
            _ => {
                let mut resource = self.observed("exam", &json!({ "text": name }), &found);
                match value {
                    Value::Bool(yes) => resource["valueBoolean"] = json!(yes),
                    Value::Number(figure) => resource["valueQuantity"] = json!({ "value": figure }),
                    Value::String(text) => resource["valueString"] = json!(text),
                    other => resource["valueString"] = json!(other.to_string()),
                }
                resource
            }
        };
        self.add(
            derive(self.input.booking.visit.0, &["measures", name]),
            resource,
        );
    }

    pub(super) fn observed(
        &mut self,
        category: &str,
        code: &Value,
        found: &Circumstances,
    ) -> Value {
        let display = match category {
            "vital-signs" => "Vital Signs",
            "laboratory" => "Laboratory",
            "survey" => "Survey",
            _ => "Exam",
        };
        let performers: Vec<Value> = found.by.map(|by| self.who(by)).into_iter().collect();
        json!({
            "resourceType": "Observation",
            "status": found.status,
            "category": [hl7("observation-category", category, display)],
            "code": code,
            "subject": self.subject(),
            "encounter": self.encounter_reference(),
            "effectiveDateTime": self.instant(found.at),
            "performer": performers,
        })
    }

    pub(super) fn medications(&mut self) {
        for (id, entry) in &self.input.visit.medications {
            let resource = self.administration(*id, entry);
            self.add_of(*id, id.0, resource);
        }
    }

    fn administration(&mut self, id: EntryId, entry: &MedicationEntry) -> Value {
        let wrong = self.standing("medications", id) == Some("entered-in-error");
        let (status, reason, dose) = match &entry.given {
            Given::Given {
                dose_value,
                dose_unit,
            } => {
                let dose = dose_value.map(|value| match dose_unit {
                    Some(unit) => amount(&json!(value), unit),
                    None => json!({ "value": value }),
                });
                ("completed", Vec::new(), dose)
            }
            Given::NotGiven { reason } => ("not-done", vec![why(*reason)], None),
        };
        let listed = self.input.chart.zip(entry.medication);
        let listed = listed.filter(|(chart, id)| chart.medications.contains_key(id));
        json!({
            "resourceType": "MedicationAdministration",
            "status": if wrong { "entered-in-error" } else { status },
            "statusReason": reason,
            "medicationCodeableConcept": concept(&entry.code),
            "subject": self.subject(),
            "context": self.encounter_reference(),
            "supportingInformation": listed.map(|(_, id)| reference(id.0)).into_iter().collect::<Vec<_>>(),
            "effectiveDateTime": self.instant(entry.at_ms),
            "performer": [{ "actor": self.who(entry.by) }],
            "note": went_on(entry),
            "dosage": dose.map(|dose| json!({ "dose": dose })),
        })
    }

    /// Who wrote each resource, and which of its fields.
    pub(super) fn writers(&self) -> BTreeMap<(uuid::Uuid, PersonId), (Millis, BTreeSet<String>)> {
        let mut writers: BTreeMap<_, (Millis, BTreeSet<String>)> = BTreeMap::new();
        for authored in self.input.authored {
            for target in self.targets_of(&authored.field) {
                let known = writers.entry((target, authored.person)).or_default();
                known.0 = known.0.max(authored.at);
                known.1.insert(authored.field.0.clone());
            }
        }
        writers
    }
}

/// The comment, and a line for each warning that the person went on against.
fn went_on(entry: &MedicationEntry) -> Value {
    let reasons = entry.overrides.iter().map(|it| {
        let (warning, reason) = (&it.warning, &it.reason);
        json!({ "text": format!("Given although warned ({warning}): {reason}") })
    });
    let comment = notes(entry.comment.as_ref());
    let comment = comment.as_array().cloned().unwrap_or_default();
    comment.into_iter().chain(reasons).collect()
}

/// A quantity in UCUM where the unit can be one: a unit in words has no code.
pub(super) fn amount(value: &Value, unit: &str) -> Value {
    if unit.is_empty() || unit.chars().any(char::is_whitespace) {
        return json!({ "value": value, "unit": unit });
    }
    json!({ "value": value, "unit": unit, "system": UCUM, "code": unit })
}

#[cfg(test)]
mod tests {
    use homeround::clinical::VitalSign;

    use super::SIGNS;

    #[test]
    fn the_codes_that_go_out_are_those_that_trends_know() {
        for sign in SIGNS {
            let known = VitalSign::of_field(sign.name).unwrap();
            let codes: Vec<&str> = sign.codes.iter().map(|(code, _)| *code).collect();
            assert_eq!((codes.as_slice(), sign.unit), (known.codes, known.unit));
        }
    }
}
