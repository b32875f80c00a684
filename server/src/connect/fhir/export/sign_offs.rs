//! Signatures by hand, each as a Provenance of the encounter.

use std::fmt::Write;

use homeround::model::{
    Drawing, Ink, Mark, NotSignedReason, Relation, SignOffEntry, SignatureEntry, Signer,
};
use serde_json::{Value, json};

use super::super::base64;
use super::evidence::{SIGNATURE_PURPOSES, changes, unhex};
use super::{EXTENSIONS, Sheet, extension, hl7};

/// Width of the pen in a picture, micrometres.
const PEN_UM: u32 = 500;

/// Name of the extension that says that a sign-off was taken back.
const SIGN_OFF_STATUS: &str = "sign-off-status";

impl Sheet<'_> {
    pub(super) fn sign_offs(&mut self) {
        for (id, entry) in &self.input.visit.sign_offs {
            let mut resource = self.sign_off(entry);
            // A Provenance has no status, and nobody should take it for one that stands.
            if self.standing("sign_offs", *id) == Some("entered-in-error")
                && let Some(said) = resource["extension"].as_array_mut()
            {
                said.push(extension(SIGN_OFF_STATUS, "Code", "entered-in-error"));
            }
            self.add_of(*id, id.0, resource);
        }
    }

    fn sign_off(&mut self, entry: &SignOffEntry) -> Value {
        let taken = &entry.taken;
        let at = self.instant(taken.stamp.best());
        let by = self.who(taken.by);
        let mut said = vec![
            extension("view-sha256", "String", taken.view_sha256.as_str()),
            extension("signer", "Code", signer_name(&entry.signer)),
        ];
        let mut agents = takers(&by, taken);
        let mut signatures = Vec::new();
        let mut reasons = Vec::new();
        let mut contained = Vec::new();
        if let Mark::NotSigned {
            reason: why,
            comment,
        } = &entry.mark
        {
            reasons.push(not_signed(*why));
            let comment = comment.iter();
            said.extend(comment.map(|it| extension("comment", "String", it.as_str())));
        } else if let Some((who, on_behalf_of)) = self.signer(entry)
            && let Some(mut signature) = given(&entry.mark)
        {
            agents.push(json!({
                "type": hl7("provenance-participant-type", "attester", "Attester"),
                "who": who,
                "onBehalfOf": on_behalf_of,
            }));
            signature["type"] = purpose(&entry.signer);
            signature["when"] = json!(at);
            signature["who"] = who;
            signature["onBehalfOf"] = json!(on_behalf_of);
            signatures.push(signature);
            contained = self.representative(&entry.signer);
        }
        if let Some(seal) = unhex(&taken.seal) {
            signatures.push(json!({
                "type": recorder(),
                "when": at,
                "who": by,
                "sigFormat": "application/octet-stream",
                "data": base64::encode(&seal),
            }));
        }
        json!({
            "resourceType": "Provenance",
            "contained": contained,
            "extension": said,
            "target": [self.encounter_reference()],
            "recorded": at,
            "reason": reasons,
            "agent": agents,
            "entity": changes("source", &taken.heads),
            "signature": signatures,
        })
    }

    /// Who signs, and for whom; none for a signer whom this version does not know.
    fn signer(&mut self, entry: &SignOffEntry) -> Option<(Value, Option<Value>)> {
        match &entry.signer {
            Signer::Clinician => Some((self.who(entry.taken.by), None)),
            Signer::Patient => Some((self.subject(), None)),
            Signer::Representative { name, .. } => {
                let who = json!({ "reference": "#signer", "display": name });
                Some((who, Some(self.subject())))
            }
            Signer::Unknown => None,
        }
    }

    /// A representative, inside the resource: who signed once is no contact of the team.
    fn representative(&self, signer: &Signer) -> Vec<Value> {
        let Signer::Representative { name, relation } = signer else {
            return Vec::new();
        };
        vec![json!({
            "resourceType": "RelatedPerson",
            "id": "signer",
            "patient": self.subject(),
            "relationship": [relationship(*relation)],
            "name": [{ "text": name }],
        })]
    }
}

/// Who took it, and on which device.
fn takers(by: &Value, taken: &SignatureEntry) -> Vec<Value> {
    vec![
        json!({
            "type": hl7("provenance-participant-type", "enterer", "Enterer"),
            "role": [{ "text": taken.role.name() }],
            "who": by,
        }),
        json!({
            "type": hl7("provenance-participant-type", "assembler", "Assembler"),
            "who": {
                "identifier": {
                    "system": format!("{EXTENSIONS}/device-key-ed25519"),
                    "value": taken.device_key,
                },
                "display": "Device on which it was taken",
            },
        }),
    ]
}

const fn signer_name(signer: &Signer) -> &'static str {
    match signer {
        Signer::Clinician => "clinician",
        Signer::Patient => "patient",
        Signer::Representative { .. } => "representative",
        Signer::Unknown => "unknown",
    }
}

/// What was given, as a picture or a text; none for nothing, and for what can't be read.
fn given(mark: &Mark) -> Option<Value> {
    match mark {
        Mark::Drawn(ink) => Some(json!({
            "extension": [
                extension("ink-strokes", "String", ink.strokes.as_str()),
                extension("ink-width-um", "Integer", ink.width_um),
                extension("ink-height-um", "Integer", ink.height_um),
                extension("ink-tolerance-um", "Integer", ink.tolerance_um),
                extension("ink-pressure", "Boolean", ink.pressure),
            ],
            "sigFormat": "image/svg+xml",
            "data": base64::encode(svg(ink)?.as_bytes()),
        })),
        Mark::Typed { text } => Some(json!({
            "sigFormat": "text/plain",
            "data": base64::encode(text.as_bytes()),
        })),
        Mark::NotSigned { .. } | Mark::Unknown => None,
    }
}

/// The strokes as a picture in their own size.
fn svg(ink: &Ink) -> Option<String> {
    let Drawing {
        width_um,
        height_um,
        strokes,
    } = ink.drawing()?;
    let mut path = String::new();
    for stroke in &strokes {
        for (nth, point) in stroke.iter().enumerate() {
            let to = if nth == 0 { 'M' } else { 'L' };
            // Writing to a String can't fail.
            let _ = write!(path, "{to}{} {}", point.x_um, point.y_um);
        }
        if stroke.len() == 1 {
            path.push_str("h0");
        }
    }
    let millimetres = |um: u32| f64::from(um) / 1_000.0;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" \
         viewBox=\"0 0 {width_um} {height_um}\"><path d=\"{path}\" fill=\"none\" \
         stroke=\"#000\" stroke-width=\"{PEN_UM}\" stroke-linecap=\"round\" \
         stroke-linejoin=\"round\"/></svg>",
        millimetres(width_um),
        millimetres(height_um),
    ))
}

/// A member signs as who did the work, the patient as who was part of it.
fn purpose(signer: &Signer) -> Value {
    let (code, display) = match signer {
        Signer::Clinician => ("1.2.840.10065.1.12.1.1", "Author's Signature"),
        _ => ("1.2.840.10065.1.12.1.3", "Co-participant's Signature"),
    };
    json!([{ "system": SIGNATURE_PURPOSES, "code": code, "display": display }])
}

/// The device's own signature: that it took this, then, over that view.
fn recorder() -> Value {
    json!([{
        "system": SIGNATURE_PURPOSES,
        "code": "1.2.840.10065.1.12.1.4",
        "display": "Transcriptionist/Recorder Signature",
    }])
}

fn relationship(relation: Relation) -> Value {
    let (code, display) = match relation {
        Relation::Spouse => ("SPS", "spouse"),
        Relation::Child => ("CHILD", "child"),
        Relation::Parent => ("PRN", "parent"),
        Relation::Sibling => ("SIB", "sibling"),
        Relation::OtherRelative => ("FAMMEMB", "family member"),
        Relation::Friend => ("FRND", "unrelated friend"),
        Relation::Guardian => ("GUARD", "guardian"),
        Relation::HealthcareProxy => ("HPOWATT", "healthcare power of attorney"),
        Relation::Other | Relation::Unknown => return json!({ "text": relation.name() }),
    };
    hl7("v3-RoleCode", code, display)
}

fn not_signed(reason: NotSignedReason) -> Value {
    let text = match reason {
        NotSignedReason::Refused => "Did not want to sign",
        NotSignedReason::Unable => "Can't write or see",
        NotSignedReason::LacksCapacity => "Can't judge what they would sign",
        NotSignedReason::NotPresent => "Was not there",
        NotSignedReason::Asleep => "Asleep",
        NotSignedReason::InfectionControl => "Infection control",
        NotSignedReason::Language => "No language shared",
        NotSignedReason::DeviceTrouble => "The phone did not work",
        NotSignedReason::Other | NotSignedReason::Unknown => "Other",
    };
    json!({
        "coding": [{
            "system": format!("{EXTENSIONS}/not-signed-reason"),
            "code": reason.name(),
            "display": text,
        }],
        "text": text,
    })
}
