//! What a patient said of the visit, and that they were asked.

use homeround::forms::Filled;
use homeround::model::{
    EntryId, NoticeState, ReportedBy, SurveyEntry, SurveyInvitation, SurveyResponse,
};
use serde_json::{Value, json};

use super::forms::loose;
use super::notices::{medium, stands};
use super::{HL7, Sheet};

impl Sheet<'_> {
    /// A response for each answered survey, a communication for each link that was asked for.
    pub(super) fn surveys(&mut self) {
        let visit = self.input.visit;
        for (id, entry) in &visit.survey {
            let resource = match entry {
                SurveyEntry::Answered(said) => self.survey_response(said),
                SurveyEntry::Invited(invited) => self.invitation(*id, invited),
            };
            self.add_of(*id, id.0, resource);
        }
    }

    fn survey_response(&self, said: &SurveyResponse) -> Value {
        let definition = self.input.questionnaires.get(&said.questionnaire);
        let items: Vec<Value> = match definition.map(|it| Filled::judge(it, &said.answers)) {
            Some(filled) => {
                let strays = filled.strays.iter().map(|(key, value)| loose(key, value));
                filled.response().into_iter().chain(strays).collect()
            }
            None => said
                .answers
                .iter()
                .map(|(key, it)| loose(key, it))
                .collect(),
        };
        let mut resource = json!({
            "resourceType": "QuestionnaireResponse",
            "language": said.language,
            "questionnaire": said.questionnaire,
            "status": "completed",
            "subject": self.subject(),
            "encounter": self.encounter_reference(),
            "authored": self.instant(said.at_ms),
            "source": self.subject(),
            "item": items,
        });
        if said.answered_by != ReportedBy::Patient {
            // Who speaks for the patient says no name.
            resource["contained"] = json!([{
                "resourceType": "RelatedPerson",
                "id": "representative",
                "patient": self.subject(),
            }]);
            resource["source"] = json!({ "reference": "#representative" });
        }
        resource
    }

    fn invitation(&mut self, id: EntryId, invited: &SurveyInvitation) -> Value {
        let sender = self.who(invited.by);
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
            "topic": { "text": "Survey" },
            "subject": self.subject(),
            "encounter": self.encounter_reference(),
            "sent": sent.map(|it| self.instant(it.at_ms)),
            "recipient": [self.subject()],
            "sender": sender,
            "payload": [{ "contentString": "A link to the survey on the visit" }],
        })
    }
}
