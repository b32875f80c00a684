//! Who wrote what, who signed what, and what is still in dispute.

use homeround::model::{FieldPath, SignatureEntry};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::base64;
use super::super::ident::derive;
use super::{EXTENSIONS, OpenConflict, Sheet, extension, hl7, reference};

/// Purposes of a signature, ASTM E1762.
pub(super) const SIGNATURE_PURPOSES: &str = "urn:iso-astm:E1762-95:2013";

impl Sheet<'_> {
    pub(super) fn evidence(&mut self) {
        self.authorship();
        let visit = self.input.visit;
        for (id, signature) in &visit.signatures {
            let resource = self.signature(signature);
            self.add(id.0, resource);
        }
        for (id, amendment) in &visit.amendments {
            let resource = json!({
                "resourceType": "Provenance",
                "target": [self.encounter_reference()],
                "recorded": self.instant(amendment.at_ms),
                "reason": [{ "text": amendment.reason }],
                "activity": hl7("v3-DataOperation", "UPDATE", "revise"),
                "agent": [self.agent(amendment.by)],
                "entity": changes("revision", &amendment.changes),
            });
            self.add(id.0, resource);
        }
        for (id, correction) in &visit.corrections {
            let known = self
                .targets
                .get(&correction.target)
                .cloned()
                .unwrap_or_default();
            let resource = json!({
                "resourceType": "Provenance",
                "target": self.references(&known),
                "recorded": self.instant(correction.at_ms),
                "reason": [{ "text": correction.reason }],
                "activity": hl7("v3-DataOperation", "UPDATE", "revise"),
                "agent": [self.agent(correction.by)],
            });
            self.add(id.0, resource);
        }
        for (id, settlement) in &visit.settlements {
            let known = self.targets_of(&settlement.field);
            let resource = json!({
                "resourceType": "Provenance",
                "extension": [extension("field", "String", settlement.field.0.as_str())],
                "target": self.references(&known),
                "recorded": self.instant(settlement.at_ms),
                "reason": [{ "text": "A conflict was settled" }],
                "activity": hl7("v3-DataOperation", "UPDATE", "revise"),
                "agent": [self.agent(settlement.by)],
            });
            self.add(id.0, resource);
        }
        for conflict in self.input.conflicts {
            self.conflict(conflict);
        }
    }

    /// References to resources, or to the encounter when there are none.
    fn references(&self, targets: &[Uuid]) -> Vec<Value> {
        if targets.is_empty() {
            return vec![self.encounter_reference()];
        }
        targets.iter().map(|id| reference(*id)).collect()
    }

    /// The resources that a field of the visit became.
    pub(super) fn targets_of(&self, field: &FieldPath) -> Vec<Uuid> {
        let mut segments = field.segments();
        let section = segments.next().unwrap_or("");
        let item = segments.next().unwrap_or("");
        let found = match section {
            "note" if !self.input.visit.note.is_empty() => vec![self.note],
            "measures" => vec![derive(self.input.booking.visit.0, &["measures", item])],
            "consent" => vec![derive(self.input.booking.visit.0, &["consent"])],
            _ => item
                .parse()
                .ok()
                .and_then(|id| self.targets.get(&id))
                .cloned()
                .unwrap_or_default(),
        };
        let found: Vec<Uuid> = found
            .into_iter()
            .filter(|id| self.known.contains(id))
            .collect();
        if found.is_empty() {
            vec![self.encounter]
        } else {
            found
        }
    }

    fn agent(&mut self, person: homeround::model::PersonId) -> Value {
        json!({
            "type": hl7("provenance-participant-type", "author", "Author"),
            "who": self.who(person),
        })
    }

    fn authorship(&mut self) {
        for ((target, person), (at, fields)) in self.writers() {
            let agent = self.agent(person);
            let fields = fields
                .iter()
                .map(|field| extension("field", "String", field.as_str()));
            self.add(
                derive(target, &["Provenance", &person.to_string()]),
                json!({
                    "resourceType": "Provenance",
                    "extension": fields.collect::<Vec<_>>(),
                    "target": [reference(target)],
                    "recorded": self.instant(at),
                    "agent": [agent],
                }),
            );
        }
    }

    /// The seal over the visit. The signed statement is Homeround's own; its
    /// heads are named, so that whoever holds the changes can verify it.
    fn signature(&mut self, signature: &SignatureEntry) -> Value {
        let at = self.instant(signature.stamp.best());
        let who = self.who(signature.by);
        let data = unhex(&signature.seal).map(|seal| base64::encode(&seal));
        json!({
            "resourceType": "Provenance",
            "target": [self.encounter_reference()],
            "recorded": at,
            "activity": hl7("v3-DocumentCompletion", "LA", "legally authenticated"),
            "agent": [
                {
                    "type": hl7("provenance-participant-type", "verifier", "Verifier"),
                    "role": [{ "text": signature.role.name() }],
                    "who": who,
                },
                {
                    "type": hl7("provenance-participant-type", "assembler", "Assembler"),
                    "who": {
                        "identifier": {
                            "system": format!("{EXTENSIONS}/device-key-ed25519"),
                            "value": signature.device_key,
                        },
                        "display": "Device that sealed the visit",
                    },
                },
            ],
            "entity": changes("source", &signature.heads),
            "signature": [{
                "type": [{
                    "system": SIGNATURE_PURPOSES,
                    "code": "1.2.840.10065.1.12.1.5",
                    "display": "Verification Signature",
                }],
                "when": at,
                "who": who,
                "targetFormat": "application/json",
                "sigFormat": "application/octet-stream",
                "data": data,
            }],
        })
    }

    /// Two people disagree: both values, each with who and when.
    fn conflict(&mut self, conflict: &OpenConflict) {
        let mut sides = Vec::new();
        for side in &conflict.values {
            let who = self.who(side.person);
            let name = self
                .input
                .people
                .get(&side.person)
                .map_or("?", |it| it.name.as_str());
            let value = match &side.value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let text = format!("{value} ({name}, {})", self.instant(side.at));
            sides.push((json!({ "detail": [who] }), text));
        }
        let texts: Vec<String> = sides.iter().map(|(_, text)| text.clone()).collect();
        let targets = self.targets_of(&conflict.field);
        self.add(
            derive(self.input.booking.visit.0, &["conflict", &conflict.field.0]),
            json!({
                "resourceType": "DetectedIssue",
                "status": "preliminary",
                "code": { "text": "Two people wrote different values; not settled" },
                "patient": self.subject(),
                "identifiedDateTime": self.instant(self.input.now),
                "implicated": self.references(&targets),
                "evidence": sides.iter().map(|(who, _)| who.clone()).collect::<Vec<_>>(),
                "detail": format!("{}: {}", conflict.field, texts.join(" / ")),
            }),
        );
    }
}

/// Changes of the visit's document, by their hashes.
pub(super) fn changes(role: &str, hashes: &[String]) -> Value {
    let one = |hash: &String| {
        json!({ "role": role, "what": { "identifier": {
            "system": format!("{EXTENSIONS}/change-sha256"), "value": hash,
        } } })
    };
    json!(hashes.iter().map(one).collect::<Vec<_>>())
}

/// Bytes of hexadecimal digits; none when they are not.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() % 2 == 1 || !text.is_ascii() {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
