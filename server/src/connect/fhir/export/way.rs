//! How a visit came about: made without a booking, there twice, handed over. R4 has no
//! element for these; they travel as extensions of the appointment.

use homeround::model::{DuplicateVerdict, Fix, PersonId, Stamp};
use serde_json::{Value, json};

use super::{EXTENSIONS, Sheet};

impl Sheet<'_> {
    /// The extensions of the appointment.
    pub(super) fn way(&mut self) -> Vec<Value> {
        let visit = self.input.visit;
        let mut said = Vec::new();
        if let Some(made) = &visit.unplanned {
            let parts = [
                part("reason", "Code", made.reason.name()),
                self.person("by", made.by),
                self.made(&made.stamp),
            ];
            said.push(nested("unplanned", parts, made.comment.as_deref()));
        }
        if let Some(given) = &visit.handover {
            let parts = [
                part("reason", "Code", given.reason.name()),
                self.person("by", given.by),
                self.person("to", given.to),
                self.made(&given.stamp),
            ];
            said.push(nested("handover", parts, given.comment.as_deref()));
        }
        for decided in visit.duplicates.values() {
            if decided.verdict == DuplicateVerdict::Unknown {
                continue;
            }
            // The other visit is not in the bundle: it is named, not referred to.
            let named = json!({
                "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", decided.other),
            });
            let parts = [
                part("verdict", "Code", decided.verdict.name()),
                part("other", "Identifier", named),
                self.person("by", decided.by),
                self.made(&decided.stamp),
            ];
            said.push(nested("duplicate", parts, decided.comment.as_deref()));
        }
        said
    }

    pub(super) fn person(&mut self, name: &str, person: PersonId) -> Value {
        part(name, "Reference", self.who(person))
    }

    pub(super) fn made(&self, stamp: &Stamp) -> Value {
        part("made", "Instant", self.instant(stamp.best()))
    }
}

/// Where a step was taken.
pub(super) fn place(fix: Fix) -> Value {
    let parts = [
        part("latitude", "Decimal", fix.latitude_deg),
        part("longitude", "Decimal", fix.longitude_deg),
        part("accuracy-m", "Decimal", fix.accuracy_m),
    ];
    nested("place", parts, None)
}

/// A part of an extension: its name is its own alone.
pub(super) fn part(name: &str, kind: &str, value: impl Into<Value>) -> Value {
    json!({ "url": name, format!("value{kind}"): value.into() })
}

pub(super) fn nested<const N: usize>(
    name: &str,
    parts: [Value; N],
    comment: Option<&str>,
) -> Value {
    let mut parts = Vec::from(parts);
    parts.extend(comment.map(|text| part("comment", "String", text)));
    json!({ "url": format!("{EXTENSIONS}/{name}"), "extension": parts })
}
