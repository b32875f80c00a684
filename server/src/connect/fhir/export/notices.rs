//! What the patient was to be told of the visit, and whether they want to be told.

use homeround::model::{
    Chart, EntryId, NoticeChannel, NoticeDelivery, NoticeEntry, NoticeKind, NoticeState,
    NoticeWishes,
};
use serde_json::{Value, json};

use super::super::ident::derive;
use super::way::{nested, part};
use super::{EXTENSIONS, HL7, Sheet};

/// Of consents that are wishes for notices.
pub(crate) const NOTICE_CONSENT: &str = "visit-notices";

impl Sheet<'_> {
    /// A communication for each notice; where it stands, as far as it is known.
    pub(super) fn notices(&mut self) {
        let notices: Vec<(EntryId, &NoticeEntry)> = (self.input.visit.notices.iter())
            .filter(|(_, notice)| notice.kind != NoticeKind::Unknown)
            .map(|(id, notice)| (*id, notice))
            .collect();
        for (id, notice) in notices {
            let sender = self.who(notice.by);
            let window = format!(
                "{}/{}",
                self.instant(notice.arrives_from_ms),
                self.instant(notice.arrives_until_ms)
            );
            let said = format!("The visit begins within {window}");
            let resource = self.communication(id, &sender, (topic(notice.kind), &said));
            self.add_of(id, id.0, resource);
        }
    }

    /// That the patient was to be told something, and what became of it.
    pub(super) fn communication(
        &self,
        id: EntryId,
        sender: &Value,
        (topic, said): (&str, &str),
    ) -> Value {
        let delivery = self.input.notices.get(&id);
        let (status, reason) = stands(delivery);
        let medium = delivery.and_then(|it| it.channel).and_then(medium);
        let sent = delivery.filter(|it| it.state == NoticeState::Sent);
        json!({
            "resourceType": "Communication",
            "status": status,
            "statusReason": reason.map(|text| json!({ "text": text })),
            "category": [{
                "coding": [{ "system": format!("{HL7}/communication-category"), "code": "notification" }],
                "text": "Notice to the patient",
            }],
            "medium": medium.into_iter().collect::<Vec<_>>(),
            "topic": { "text": topic },
            "subject": self.subject(),
            "encounter": self.encounter_reference(),
            "sent": sent.map(|it| self.instant(it.at_ms)),
            "recipient": [self.subject()],
            "sender": sender,
            "payload": [{ "contentString": said }],
        })
    }

    /// Whether the patient wants notices, and how: a consent.
    pub(super) fn notice_wishes(&mut self, chart: &Chart) {
        let Some(wishes) = &chart.notice_wishes else {
            return;
        };
        let quiet = wishes.quiet.unwrap_or_default();
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let by = self.who(wishes.by);
        let mut said = nested(
            "notice-wishes",
            [
                part("wished-by", "Code", code(&wishes.wished_by)),
                part("channel", "Code", wishes.channel.name()),
                part("quiet-from", "String", clock(quiet.from_minute)),
                part("quiet-until", "String", clock(quiet.until_minute)),
                part("by", "Reference", by),
            ],
            None,
        );
        let more = [
            (
                "address",
                Some(wishes.address.as_str()).filter(|it| !it.is_empty()),
            ),
            ("language", wishes.language.as_deref()),
        ];
        if let Some(parts) = said["extension"].as_array_mut() {
            let more = more
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            parts.extend(more.map(|(name, value)| part(name, "String", value)));
        }
        let resource = self.consent_to_notices(wishes, &said);
        self.add(derive(chart.patient.0, &["notice_wishes"]), resource);
    }

    fn consent_to_notices(&self, wishes: &NoticeWishes, said: &Value) -> Value {
        let (rule, provision) = match wishes.agreed {
            true => ("OPTIN", "permit"),
            false => ("OPTOUT", "deny"),
        };
        json!({
            "resourceType": "Consent",
            "extension": [said],
            "status": "active",
            "scope": { "coding": [{ "system": format!("{HL7}/consentscope"), "code": "patient-privacy" }] },
            "category": [{
                "coding": [{ "system": format!("{EXTENSIONS}/consent"), "code": NOTICE_CONSENT }],
                "text": "Notices about the arrival of visits",
            }],
            "patient": self.subject(),
            "dateTime": self.instant(wishes.at_ms),
            "policyRule": { "coding": [{ "system": format!("{HL7}/v3-ActCode"), "code": rule }] },
            "provision": { "type": provision },
        })
    }
}

/// FHIR's status, and why it was not sent.
fn stands(delivery: Option<&NoticeDelivery>) -> (&'static str, Option<&'static str>) {
    let Some(delivery) = delivery else {
        return ("preparation", None);
    };
    let reason = delivery.reason.map(homeround::model::NotSent::name);
    match delivery.state {
        NoticeState::Sent => ("completed", None),
        NoticeState::NotSent => ("not-done", reason),
        NoticeState::Queued => ("preparation", None),
        NoticeState::Unknown => ("unknown", None),
    }
}

fn medium(channel: NoticeChannel) -> Option<Value> {
    let code = match channel {
        NoticeChannel::Email => "EMAILWRIT",
        NoticeChannel::Sms => "SMSWRIT",
        // Electronic, in no way that has a code of its own.
        NoticeChannel::Push => "ELECTRONIC",
        NoticeChannel::Unknown => return None,
    };
    let system = format!("{HL7}/v3-ParticipationMode");
    Some(json!({ "coding": [{ "system": system, "code": code }] }))
}

const fn topic(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::OnMyWay => "On the way",
        NoticeKind::Late => "Later than booked",
        NoticeKind::Unknown => "Notice",
    }
}

/// The name of a variant, as it is kept.
fn code(value: &impl serde::Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    let name = name.and_then(|it| it.as_str().map(str::to_owned));
    name.unwrap_or_default()
}
