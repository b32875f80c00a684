//! What everyone who treats the patient is warned of: the chart's alerts, and that NEWS2
//! is to use the second scale.

use homeround::model::{Alert, Chart, Severity, Spo2Scale};
use serde_json::{Value, json};

use super::super::ident::derive;
use super::super::{FLAG_PRIORITY, SPO2_SCALE};
use super::{Sheet, hl7};

impl Sheet<'_> {
    pub(super) fn flags(&mut self, chart: &Chart) {
        for (id, alert) in &chart.alerts {
            let resource = self.alert(alert);
            self.add(id.0, resource);
        }
        let (code, text) = match chart.spo2_scale {
            Some(Spo2Scale::Scale1) => ("scale_1", "NEWS2: SpO2 scale 1"),
            Some(Spo2Scale::Scale2) => (
                "scale_2",
                "NEWS2: SpO2 scale 2, for a prescribed target of 88 to 92 %",
            ),
            Some(Spo2Scale::Unknown) | None => return,
        };
        let id = derive(chart.patient.0, &["spo2_scale"]);
        let resource = json!({
            "resourceType": "Flag",
            "status": "active",
            "category": [hl7("flag-category", "clinical", "Clinical")],
            "code": { "coding": [{ "system": SPO2_SCALE, "code": code, "display": text }], "text": text },
            "subject": self.subject(),
        });
        self.add(id, resource);
    }

    fn alert(&self, alert: &Alert) -> Value {
        let (priority, display) = match alert.severity {
            Severity::Mild => ("PL", "Low priority"),
            Severity::Moderate => ("PM", "Medium priority"),
            Severity::Severe => ("PH", "High priority"),
        };
        json!({
            "resourceType": "Flag",
            "extension": [{
                "url": FLAG_PRIORITY,
                "valueCodeableConcept": { "coding": [{
                    "system": "http://hl7.org/fhir/flag-priority-code", "code": priority, "display": display,
                }] },
            }],
            "status": if alert.active { "active" } else { "inactive" },
            "category": [hl7("flag-category", "safety", "Safety")],
            "code": { "text": alert.text },
            "subject": self.subject(),
        })
    }
}
