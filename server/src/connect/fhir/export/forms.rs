//! Answered forms.

use homeround::forms::Filled;
use homeround::model::{EntryId, Form, VisitStatus};
use serde_json::{Map, Value, json};

use super::{Sheet, code_or};

impl Sheet<'_> {
    pub(super) fn forms(&mut self) {
        for (id, form) in &self.input.visit.forms {
            let author = self.last_author(*id);
            let author = author.map(|person| self.who(person));
            let mut resource = self.response(form);
            if let (Some(fields), Some(author)) = (resource.as_object_mut(), author) {
                fields.insert("author".to_owned(), author);
            }
            self.add_of(*id, id.0, resource);
        }
    }

    /// Who wrote last in a form.
    fn last_author(&self, form: EntryId) -> Option<homeround::model::PersonId> {
        let mine = format!("forms/{form}");
        let wrote = self.input.authored.iter().filter(|it| {
            let rest = it.field.0.strip_prefix(&mine);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        wrote.max_by_key(|it| it.at).map(|it| it.person)
    }

    fn response(&self, form: &Form) -> Value {
        let definition = self.input.questionnaires.get(&form.questionnaire);
        let filled = definition.map(|it| Filled::judge(it, &form.answers));
        let visit_done = matches!(
            self.input.visit.status,
            VisitStatus::Completed | VisitStatus::Signed | VisitStatus::Amended
        );
        let done = match &filled {
            Some(filled) => form.completed_at_ms.is_some() && filled.completion().is_complete(),
            // Begun by an app that could not say so.
            None => form.completed_at_ms.is_some() || visit_done,
        };
        let items = match &filled {
            Some(filled) => {
                let strays = filled.strays.iter().map(|(key, value)| loose(key, value));
                filled.response().into_iter().chain(strays).collect()
            }
            None => unknown(form),
        };
        json!({
            "resourceType": "QuestionnaireResponse",
            "questionnaire": form.questionnaire,
            "status": if done { "completed" } else { "in-progress" },
            "subject": self.subject(),
            "encounter": self.encounter_reference(),
            "authored": self.instant(form.completed_at_ms.unwrap_or(self.input.now)),
            "item": items,
        })
    }
}

/// Answers of a form whose questions are not known here, one after another.
fn unknown(form: &Form) -> Vec<Value> {
    let items = form.answers.iter().filter(|(_, answer)| !answer.is_null());
    items.map(|(key, answer)| loose(key, answer)).collect()
}

/// An answer by its key alone; of a repetition the link id counts.
pub(super) fn loose(key: &str, answer: &Value) -> Value {
    let link = homeround::forms::Key::parse(key).map_or(key.to_owned(), |key| key.link_id);
    json!({ "linkId": link, "answer": answers(answer) })
}

/// Answers to one question of a form, each with its FHIR type.
fn answers(answer: &Value) -> Vec<Value> {
    let one = |answer: &Value| match answer {
        Value::Bool(yes) => json!({ "valueBoolean": yes }),
        Value::Number(figure) if figure.as_i64().is_some_and(|it| i32::try_from(it).is_ok()) => {
            json!({ "valueInteger": figure })
        }
        Value::Number(figure) => json!({ "valueDecimal": figure }),
        Value::String(text) if is_date(text) => json!({ "valueDate": text }),
        Value::String(text) => json!({ "valueString": text }),
        Value::Object(fields) if is_coding(fields) => json!({ "valueCoding": {
            "system": fields.get("system"),
            "code": fields.get("code"),
            "display": fields.get("display").or(fields.get("text")),
        } }),
        other => json!({ "valueString": other.to_string() }),
    };
    match answer {
        Value::Null => Vec::new(),
        Value::Array(several) => several.iter().filter(|it| !it.is_null()).map(one).collect(),
        single => vec![one(single)],
    }
}

fn is_coding(fields: &Map<String, Value>) -> bool {
    let code = fields.get("code").and_then(Value::as_str).unwrap_or("");
    !code.is_empty() && code_or(code.trim(), &[code], "") == code
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}
