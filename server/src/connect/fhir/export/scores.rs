//! What of a set of vital signs is no figure: consciousness, air or oxygen, where and
//! with what it was measured, and the score that comes of it.
//!
//! Codes: SNOMED CT (UK edition for NEWS2, as NHS Digital and UK Core use it) and
//! LOINC.

use homeround::clinical::{
    DECISION_SUPPORT, NEWS2_AGE_MONTHS_MIN, NEWS2_FIGURES, NEWS2_SOURCE, News2Parameter,
    age_months, news2,
};
use homeround::model::{
    Coding, Consciousness, EntryId, LOINC, Measured, ObservationEntry, ReportedBy, SNOMED,
    Spo2Scale, Vitals,
};
use serde_json::{Value, json};

use super::super::ident::derive;
use super::findings::{Circumstances, amount};
use super::{EXTENSIONS, Sheet, concept, reference};

fn snomed(code: &str, display: &str) -> Value {
    json!({ "coding": [{ "system": SNOMED, "code": code, "display": display }] })
}

/// SNOMED CT finding of a level, as UK Core's ACVPU value set has it.
const fn level(of: Consciousness) -> Option<(&'static str, &'static str)> {
    match of {
        Consciousness::Alert => Some(("248234008", "Mentally alert")),
        Consciousness::NewConfusion => Some(("130987000", "Acute confusion")),
        Consciousness::Voice => Some(("300202002", "Responds to voice")),
        Consciousness::Pain => Some(("450847001", "Responds to pain")),
        Consciousness::Unresponsive => Some(("422768004", "Unresponsive")),
        Consciousness::Unknown => None,
    }
}

/// SNOMED CT observable of a part of the score.
const fn part(parameter: News2Parameter, scale: Spo2Scale) -> (&'static str, &'static str) {
    match (parameter, scale) {
        (News2Parameter::Respirations, _) => ("1104301000000104", "respiration rate score"),
        (News2Parameter::Saturation, Spo2Scale::Scale2) => {
            ("1104321000000108", "oxygen saturation scale 2 score")
        }
        (News2Parameter::Saturation, _) => ("1104311000000102", "oxygen saturation scale 1 score"),
        (News2Parameter::Oxygen, _) => ("1104331000000105", "air or oxygen score"),
        (News2Parameter::Systolic, _) => ("1104341000000101", "systolic blood pressure score"),
        (News2Parameter::Pulse, _) => ("1104351000000103", "pulse score"),
        (News2Parameter::Consciousness, _) => ("1104361000000100", "consciousness score"),
        (News2Parameter::Temperature, _) => ("1104371000000107", "temperature score"),
    }
}

/// Air or oxygen, and how much: components of the saturation, as US Core has them.
pub(super) fn oxygen(vitals: &Vitals) -> Vec<Value> {
    let mut components = Vec::new();
    if let Some(given) = vitals.on_oxygen {
        let (code, display) = match given {
            true => ("371825009", "Patient on oxygen"),
            false => ("722742002", "Breathing room air"),
        };
        components.push(json!({
            "code": { "text": "Air or oxygen" },
            "valueCodeableConcept": snomed(code, display),
        }));
    }
    if let Some(flow) = vitals.oxygen_flow_l_min {
        components.push(json!({
            "code": { "coding": [{
                "system": LOINC, "code": "3151-8", "display": "Inhaled oxygen flow rate",
            }] },
            "valueQuantity": amount(&json!(flow), "L/min"),
        }));
    }
    components
}

impl Sheet<'_> {
    /// Where, how and with what, and by whose word: who told a figure vouches for it, and
    /// the clinician does not. A device and a representative are contained: nothing else is
    /// known of them.
    pub(super) fn measured(&self, resource: &mut Value, how: &Measured) {
        measured(resource, how);
        self.told(resource, how);
    }

    /// By whose word alone, of what no device measures.
    fn told(&self, resource: &mut Value, how: &Measured) {
        told(resource, how.reported_by, &self.subject());
    }
}

/// Says who told a finding; the patient by a reference, anybody else as somebody related.
fn told(resource: &mut Value, by: Option<ReportedBy>, patient: &Value) {
    match by {
        None => {}
        Some(ReportedBy::Patient) => resource["performer"] = json!([patient]),
        Some(ReportedBy::Representative | ReportedBy::Unknown) => {
            let mut contained = resource["contained"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            contained.push(json!({
                "resourceType": "RelatedPerson", "id": "teller", "patient": patient,
            }));
            resource["contained"] = json!(contained);
            resource["performer"] = json!([{ "reference": "#teller" }]);
        }
    }
}

fn measured(resource: &mut Value, how: &Measured) {
    resource["bodySite"] = how.body_site.as_ref().map(concept).unwrap_or_default();
    resource["method"] = how.method.as_ref().map(concept).unwrap_or_default();
    if let Some(device) = &how.device {
        resource["contained"] = json!([{
            "resourceType": "Device", "id": "device", "type": concept(device),
        }]);
        resource["device"] = json!({ "reference": "#device", "display": device.text });
    }
}

impl Sheet<'_> {
    pub(super) fn consciousness(
        &mut self,
        id: EntryId,
        entry: &ObservationEntry,
        vitals: &Vitals,
        found: &Circumstances,
    ) {
        let Some((value, display)) = vitals.consciousness.and_then(level) else {
            return;
        };
        let code = snomed(
            "1104441000000107",
            "ACVPU (Alert Confusion Voice Pain Unresponsive) scale score",
        );
        let mut resource = self.observed("exam", &code, found);
        self.told(&mut resource, &entry.measured("consciousness"));
        resource["valueCodeableConcept"] = snomed(value, display);
        self.add_of(id, derive(id.0, &["consciousness"]), resource);
    }

    /// Whether oxygen is given, where no saturation carries it.
    pub(super) fn oxygen_alone(
        &mut self,
        id: EntryId,
        entry: &ObservationEntry,
        vitals: &Vitals,
        found: &Circumstances,
    ) {
        let components = oxygen(vitals);
        if vitals.spo2_percent.is_some() || components.is_empty() {
            return;
        }
        let mut resource = self.observed("exam", &json!({ "text": "Air or oxygen" }), found);
        resource["component"] = json!(components);
        self.told(&mut resource, &entry.measured("on_oxygen"));
        self.add_of(id, derive(id.0, &["on_oxygen"]), resource);
    }

    /// NEWS2 of a complete set of somebody whom the score is made for.
    pub(super) fn news2(
        &mut self,
        id: EntryId,
        entry: &ObservationEntry,
        vitals: &Vitals,
        found: &Circumstances,
    ) {
        let birth_date = self.input.patient.birth_date.as_deref();
        let age = birth_date.and_then(|it| age_months(it, entry.measured_at_ms));
        let too_young = age.is_some_and(|age| age < NEWS2_AGE_MONTHS_MIN);
        let chart = self.input.chart.and_then(|chart| chart.spo2_scale);
        let score = news2(vitals, chart.unwrap_or_default());
        let (Some(total), Some(risk), false) = (score.total(), score.risk(), too_young) else {
            return;
        };
        let name = "Royal College of Physicians NEWS2 (National Early Warning Score 2)";
        let components = score.parts.iter().map(|it| {
            let (code, display) = part(it.parameter, score.scale);
            json!({ "code": snomed(code, &format!("{name} - {display}")), "valueInteger": it.points })
        });
        let code = snomed("1104051000000101", &format!("{name} total score"));
        let mut resource = self.observed("survey", &code, found);
        resource["valueInteger"] = json!(total);
        resource["component"] = components.collect();
        resource["interpretation"] = json!([{
            "coding": [{
                "system": format!("{EXTENSIONS}/news2-risk"),
                "code": risk.name(), "display": risk.response(),
            }],
            "text": risk.response(),
        }]);
        let mut said = vec![json!({ "text": format!("{NEWS2_SOURCE} {DECISION_SUPPORT}") })];
        if entry.reported_by(&NEWS2_FIGURES).is_some() {
            said.push(json!({ "text": "From reported values: not all of them were measured by a clinician." }));
        }
        resource["note"] = json!(said);
        let sources = self.targets.get(&id).cloned().unwrap_or_default();
        let derived = derive(id.0, &["news2"]);
        resource["derivedFrom"] = sources.into_iter().map(reference).collect();
        self.add_of(id, derived, resource);
    }
}

/// A code with the further codes of the same thing.
pub(super) fn with_codes(code: &Coding, further: &[Coding]) -> Value {
    let mut written = concept(code);
    let codings = written["coding"].as_array().cloned().unwrap_or_default();
    let further = further
        .iter()
        .map(|it| json!({ "system": it.system, "code": it.code, "display": it.text }));
    written["coding"] = codings.into_iter().chain(further).collect();
    written
}
