//! The questions that a patient answers once a visit is over. The phone in the patient's
//! hands and the backend's page ask and judge by the same code.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Answer, Definition, FormError, ItemKind, shipped};

/// Canonical address of the survey that is asked now, with version.
pub const SURVEY: &str =
    "https://github.com/homeround/homeround/fhir/Questionnaire/visit-survey|1.0";

/// The survey that is asked now.
///
/// # Errors
/// As [`Definition::parse`]; the one that comes with the app can be read.
pub fn survey() -> Result<Definition, FormError> {
    shipped(SURVEY).unwrap_or_else(|| Err(FormError::new("", "url", "a survey of this version")))
}

/// Whether a canonical address is a survey's, of whatever version: it is no form that a
/// clinician fills.
#[must_use]
pub fn is_survey(canonical: &str) -> bool {
    let url = |text: &str| text.split('|').next().map(str::to_owned);
    url(canonical) == url(SURVEY)
}

/// Judges what was answered, by link id, and gives what is to be kept. A question may be
/// left open; at least one must not be.
///
/// # Errors
/// [`FormError`] names the question and what it takes; none at all: on `answers`.
pub fn judge_survey(
    definition: &Definition,
    answers: &BTreeMap<String, Answer>,
) -> Result<BTreeMap<String, Value>, FormError> {
    let mut kept = BTreeMap::new();
    for (link_id, answer) in answers {
        let item = definition
            .items
            .iter()
            .find(|item| item.link_id == *link_id && item.is_question());
        let item = item.ok_or_else(|| FormError::new(link_id, "linkId", "a question of it"))?;
        let answer = trimmed(answer.clone()).fitted(item);
        if matches!(&answer, Answer::Text(text) if text.is_empty()) {
            continue;
        }
        answer.check(item)?;
        kept.insert(link_id.clone(), answer.to_value());
    }
    if kept.is_empty() {
        return Err(FormError::new("", "answers", "an answer at least"));
    }
    Ok(kept)
}

fn trimmed(answer: Answer) -> Answer {
    match answer {
        Answer::Text(text) => Answer::Text(text.trim().to_owned()),
        other => other,
    }
}

impl Answer {
    /// Reads what a person typed or chose in a page's form; none: nothing, or it does not
    /// fit. A choice is told by its code.
    #[must_use]
    pub fn from_page(item: &super::Item, text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        match item.kind {
            ItemKind::Boolean => text.parse().ok().map(Self::Bool),
            ItemKind::Integer => text.parse().ok().map(Self::Integer),
            ItemKind::Line | ItemKind::Text => Some(Self::Text(text.replace("\r\n", "\n"))),
            ItemKind::Choice => {
                let named = |answer: &Self| matches!(answer, Self::Coding(one) if one.code == text);
                let option = item.options.iter().find(|it| named(&it.answer));
                option.map(|it| it.answer.clone())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Coding;

    fn one(link_id: &str, answer: Answer) -> BTreeMap<String, Answer> {
        BTreeMap::from([(link_id.to_owned(), answer)])
    }

    fn refused(link_id: &str, answer: Answer) -> FormError {
        judge_survey(&survey().unwrap(), &one(link_id, answer)).unwrap_err()
    }

    #[test]
    fn every_question_can_be_asked_on_a_page_and_none_has_to_be_answered() {
        let survey = survey().unwrap();
        for item in &survey.items {
            let asked = matches!(
                item.kind,
                ItemKind::Boolean | ItemKind::Integer | ItemKind::Text | ItemKind::Choice
            );
            assert!(asked && !item.required && !item.repeats, "{}", item.link_id);
            assert_ne!(item.text.in_language("es"), item.text.own());
        }
    }

    #[test]
    fn an_answer_that_does_not_fit_is_refused_by_its_question() {
        assert_eq!(refused("overall", Answer::Integer(11)).item, "overall");
        assert_eq!(
            refused("respect", Answer::Coding(Coding::text("gladly"))).item,
            "respect"
        );
        assert_eq!(
            refused("comment", Answer::Text("x".repeat(2_001))).item,
            "comment"
        );
        assert_eq!(refused("weight", Answer::Integer(1)).item, "weight");
        assert_eq!(
            refused("comment", Answer::Text("  \n".into())).field,
            "answers"
        );
    }

    #[test]
    fn what_a_page_sends_is_read_by_the_question() {
        let survey = survey().unwrap();
        let read =
            |link_id: &str, text: &str| Answer::from_page(survey.item(link_id).unwrap(), text);
        assert_eq!(read("overall", " 9 "), Some(Answer::Integer(9)));
        assert_eq!(read("call-me", "true"), Some(Answer::Bool(true)));
        assert_eq!(read("comment", "a\r\nb"), Some(Answer::Text("a\nb".into())));
        assert_eq!(read("overall", "nine"), None);
        assert_eq!(read("respect", ""), None);
        assert_eq!(read("respect", "gladly"), None);
        let answers = BTreeMap::from([
            ("respect".to_owned(), read("respect", "yes").unwrap()),
            ("overall".to_owned(), Answer::Integer(9)),
        ]);
        let kept = judge_survey(&survey, &answers).unwrap();
        assert_eq!(kept["overall"], 9);
        assert_eq!(kept["respect"]["code"], "yes");
    }

    #[test]
    fn a_survey_is_known_by_its_address_in_every_version() {
        assert!(is_survey(SURVEY));
        assert!(is_survey(SURVEY.replace("|1.0", "|2.3").as_str()));
        assert!(!is_survey(
            "https://example.org/Questionnaire/visit-survey|1.0"
        ));
    }
}
