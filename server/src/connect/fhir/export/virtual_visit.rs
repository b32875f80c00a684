//! A virtual visit: the class of its encounter, the link to join by, the patient's consent,
//! and what happened around the call. R4 has the first and the third; R5's virtual service
//! travels in HL7's cross-version extension, and the lobby in one of our own.

use homeround::model::{
    ConsentDecision, ConsentForm, ConsentParty, LobbyWhat, VisitConsent, in_lobby_order,
};
use serde_json::{Value, json};

use super::super::ident::derive;
use super::way::part;
use super::{EXTENSIONS, HL7, Sheet, VIRTUAL_CLASS, VIRTUAL_SERVICE, extension, hl7};

impl Sheet<'_> {
    /// Where the encounter takes place: in the home, or in a call.
    pub(super) fn class(&self) -> Value {
        let (code, display) = match self.input.booking.virtual_visit {
            Some(_) => (VIRTUAL_CLASS, "virtual"),
            None => ("HH", "home health"),
        };
        json!({ "system": format!("{HL7}/v3-ActCode"), "code": code, "display": display })
    }

    /// Where to join, and the number to fall back to, each as a service of its own: R5 has
    /// one address a service.
    pub(super) fn virtual_service(&self) -> Vec<Value> {
        let Some(known) = &self.input.booking.virtual_visit else {
            return Vec::new();
        };
        let link = known.join_link.as_ref().and_then(|link| link.url());
        let link = link.map(|url| part("address", "Url", url));
        let phone = known.phone.as_ref().map(|phone| {
            let point = json!({ "system": "phone", "value": phone });
            part("address", "ContactPoint", point)
        });
        let mut addresses: Vec<Option<Value>> =
            [link, phone].into_iter().flatten().map(Some).collect();
        if addresses.is_empty() {
            // That it is virtual is said all the same.
            addresses.push(None);
        }
        let service = |address: Option<Value>| {
            let mut parts = vec![part("_datatype", "String", "VirtualServiceDetail")];
            parts.extend(address);
            json!({ "url": VIRTUAL_SERVICE, "extension": parts })
        };
        addresses.into_iter().map(service).collect()
    }

    /// What happened around the call, in order.
    pub(super) fn lobby(&mut self) -> Vec<Value> {
        let mut said = Vec::new();
        for (_, entry) in in_lobby_order(&self.input.visit.lobby) {
            let what = match &entry.what {
                LobbyWhat::Waiting => "waiting",
                LobbyWhat::InLobby => "in_lobby",
                LobbyWhat::Joined => "joined",
                LobbyWhat::Left => "left",
                LobbyWhat::PhoneCall(_) => "phone_call",
                LobbyWhat::Unknown => continue,
            };
            let mut parts = vec![
                part("what", "Code", what),
                self.person("by", entry.by),
                self.made(&entry.stamp),
            ];
            if let LobbyWhat::PhoneCall(call) = &entry.what {
                parts.push(part("reason", "Code", call.reason.name()));
                parts.push(part("phone", "String", call.phone.as_str()));
                let comment = call.comment.iter();
                parts.extend(comment.map(|text| part("comment", "String", text.as_str())));
            }
            said.push(json!({ "url": format!("{EXTENSIONS}/lobby"), "extension": parts }));
        }
        said
    }

    /// The patient's consent to the visit's being virtual.
    pub(super) fn consent(&mut self) {
        let Some(consent) = &self.input.visit.consent else {
            return;
        };
        let status = match consent.decision {
            ConsentDecision::Given => "active",
            ConsentDecision::Declined => "rejected",
            ConsentDecision::Unknown => return,
        };
        let form = match consent.form {
            ConsentForm::Spoken => "spoken",
            ConsentForm::Written => "written",
            ConsentForm::Unknown => "unknown",
        };
        let recorder = self.who(consent.by);
        let mut resource = json!({
            "resourceType": "Consent",
            "extension": [
                extension("consent-form", "Code", form),
                extension("recorded-by", "Reference", recorder),
                extension("consent-encounter", "Reference", self.encounter_reference()),
            ],
            "status": status,
            "scope": hl7("consentscope", "treatment", "Treatment"),
            "category": [{ "coding": [{
                "system": "http://loinc.org", "code": "59284-0", "display": "Consent Document",
            }] }],
            "patient": self.subject(),
            "dateTime": self.instant(consent.stamp.best()),
            "policyRule": { "text": "Consent to a visit by video or phone" },
        });
        self.consenting(&mut resource, consent);
        let id = derive(self.input.booking.visit.0, &["consent"]);
        self.add(id, resource);
    }

    /// Who said it: the patient, or who decides for them, of whom the name is all that is
    /// known.
    fn consenting(&self, resource: &mut Value, consent: &VisitConsent) {
        if consent.party == ConsentParty::Patient {
            resource["performer"] = json!([self.subject()]);
            return;
        }
        resource["contained"] = json!([{
            "resourceType": "RelatedPerson",
            "id": "representative",
            "patient": self.subject(),
            "name": consent.name.iter().map(|name| json!({ "text": name })).collect::<Vec<_>>(),
        }]);
        resource["performer"] = json!([{ "reference": "#representative" }]);
    }
}
