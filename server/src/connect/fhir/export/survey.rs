//! What a patient said of the visit, and that they were asked.

use homeround::forms::Filled;
use homeround::model::{EntryId, ReportedBy, SurveyEntry, SurveyInvitation, SurveyResponse};
use serde_json::{Value, json};

use super::Sheet;
use super::forms::loose;

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
        self.communication(id, &sender, ("Survey", "A link to the survey on the visit"))
    }
}
