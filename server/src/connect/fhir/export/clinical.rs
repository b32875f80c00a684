//! What stood when the visit was made: the chart's lists.

use homeround::model::{Allergy, AllergyStatus, Coding, Condition, Dosing, Medication, Severity};
use serde_json::{Value, json};

use super::findings::amount;
use super::scores::with_codes;
use super::{Sheet, code_or, concept, hl7};

const CONDITION_STATUSES: [&str; 6] = [
    "active",
    "recurrence",
    "relapse",
    "inactive",
    "remission",
    "resolved",
];
const CONDITION_VERIFICATIONS: [&str; 6] = [
    "unconfirmed",
    "provisional",
    "differential",
    "confirmed",
    "refuted",
    "entered-in-error",
];
const MEDICATION_STATUSES: [&str; 8] = [
    "active",
    "completed",
    "entered-in-error",
    "intended",
    "stopped",
    "on-hold",
    "unknown",
    "not-taken",
];
impl Sheet<'_> {
    pub(super) fn chart(&mut self) {
        let Some(chart) = self.input.chart else {
            return;
        };
        for (id, contact) in &chart.contacts {
            self.contact(*id, contact);
        }
        for (id, allergy) in &chart.allergies {
            let resource = self.allergy(allergy);
            self.add(id.0, resource);
        }
        for (id, condition) in &chart.conditions {
            let resource = self.condition(condition);
            self.add(id.0, resource);
        }
        for (id, medication) in &chart.medications {
            let resource = self.statement(medication);
            self.add(id.0, resource);
        }
        self.flags(chart);
        self.notice_wishes(chart);
    }

    fn allergy(&self, allergy: &Allergy) -> Value {
        let (clinical, verification) = match allergy.status {
            AllergyStatus::EnteredInError => (None, "entered-in-error"),
            AllergyStatus::Refuted => (Some("inactive"), "refuted"),
            AllergyStatus::Resolved => (Some("resolved"), "confirmed"),
            AllergyStatus::Unconfirmed => (Some("active"), "unconfirmed"),
            AllergyStatus::Active => (Some("active"), "confirmed"),
        };
        let severity = allergy.severity.map(|severity| match severity {
            Severity::Mild => "mild",
            Severity::Moderate => "moderate",
            Severity::Severe => "severe",
        });
        let reaction = (allergy.reaction.is_some() || severity.is_some()).then(|| {
            let text = allergy.reaction.as_deref().unwrap_or("Not stated");
            json!({ "manifestation": [{ "text": text }], "severity": severity })
        });
        json!({
            "resourceType": "AllergyIntolerance",
            "clinicalStatus": clinical.map(|code| hl7("allergyintolerance-clinical", code, "")),
            "verificationStatus": hl7("allergyintolerance-verification", verification, ""),
            "code": with_codes(&allergy.code, &allergy.ingredients),
            "patient": self.subject(),
            "reaction": reaction.into_iter().collect::<Vec<_>>(),
        })
    }

    fn condition(&self, condition: &Condition) -> Value {
        let verification = condition.verification.as_deref();
        let verification =
            verification.map(|it| code_or(it, &CONDITION_VERIFICATIONS, "unconfirmed"));
        let clinical = code_or(&condition.clinical_status, &CONDITION_STATUSES, "active");
        // con-5: what was entered in error has no clinical status.
        let clinical = (verification != Some("entered-in-error")).then_some(clinical);
        let mut resource = json!({
            "resourceType": "Condition",
            "clinicalStatus": clinical.map(|code| hl7("condition-clinical", code, "")),
            "verificationStatus": verification.map(|code| hl7("condition-ver-status", code, "")),
            "category": [hl7("condition-category", "problem-list-item", "Problem List Item")],
            "code": concept(&condition.code),
            "subject": self.subject(),
        });
        if let Some(onset) = &condition.onset {
            let dated = super::instant::read(onset, self.zone).is_some() && has_zone(onset);
            let element = if dated {
                "onsetDateTime"
            } else {
                "onsetString"
            };
            resource[element] = json!(onset);
        }
        resource
    }

    fn statement(&self, medication: &Medication) -> Value {
        let mut resource = json!({
            "resourceType": "MedicationStatement",
            "status": code_or(&medication.status, &MEDICATION_STATUSES, "unknown"),
            "subject": self.subject(),
            "dosage": dosage(medication),
        });
        which(&mut resource, &medication.code, &medication.ingredients);
        resource
    }
}

/// How a line is to be taken; null where nothing is said of it.
pub(super) fn dosage(medication: &Medication) -> Value {
    let words: Vec<&str> = [&medication.dose, &medication.frequency]
        .into_iter()
        .filter_map(|part| part.as_deref())
        .collect();
    let said = !words.is_empty() || medication.as_needed || medication.dosing.is_some();
    if !said {
        return Value::Null;
    }
    let mut dosage = json!({
        "text": words.join(", "),
        "asNeededBoolean": medication.as_needed.then_some(true),
    });
    if let Some(order) = &medication.dosing {
        figures(&mut dosage, order);
    }
    json!([dosage])
}

/// Which medication, with what it is made of where that is known.
pub(super) fn which(resource: &mut Value, code: &Coding, ingredients: &[Coding]) {
    if ingredients.is_empty() {
        resource["medicationCodeableConcept"] = concept(code);
        return;
    }
    let made_of = ingredients
        .iter()
        .map(|it| json!({ "itemCodeableConcept": concept(it) }));
    resource["contained"] = json!([{
        "resourceType": "Medication", "id": "medication", "code": concept(code),
        "ingredient": made_of.collect::<Vec<_>>(),
    }]);
    resource["medicationReference"] = json!({ "reference": "#medication", "display": code.text });
}

/// The figures of an order. The most of a day is an amount in FHIR: so many doses.
fn figures(dosage: &mut Value, order: &Dosing) {
    let dose = order.dose_value.zip(order.dose_unit.as_deref());
    if let Some((value, unit)) = dose {
        dosage["doseAndRate"] = json!([{ "doseQuantity": amount(&json!(value), unit) }]);
    }
    if let Some(minutes) = order.min_interval_min {
        dosage["timing"] = json!({
            "repeat": { "frequency": 1, "period": minutes, "periodUnit": "min" },
        });
    }
    if let (Some(most), Some((value, unit))) = (order.max_per_day, dose) {
        dosage["maxDosePerPeriod"] = json!({
            "numerator": amount(&json!(value * f64::from(most)), unit),
            "denominator": amount(&json!(1), "d"),
        });
    }
}

/// FHIR wants an offset with a time of day.
fn has_zone(date: &str) -> bool {
    !date.contains('T') || chrono::DateTime::parse_from_rfc3339(date).is_ok()
}
