//! What a patient says of a visit: asking for a link, lending the phone, and what came back.

mod lend;
mod results;

pub use lend::SurveyDesk;
pub use results::{QuestionTally, SURVEY_RESULTS_MAX, SurveyAnswered, SurveyResults};

use super::edit::{Desk, Saved};
use super::error::AppError;
use super::visit::{VisitHandle, status_of};
use crate::forms::{Answer, Definition, FormError};
use crate::model::{
    EntryId, Millis, NotSent, NoticeDelivery, PersonId, RecordId, RecordKind,
    SURVEY_INVITATIONS_MAX, SurveyEntry, SurveyInvitation, SurveyResponse, VisitStatus,
};

/// A link that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct InvitationView {
    /// Which.
    pub id: EntryId,
    /// Who asked for it.
    pub by: PersonId,
    /// When.
    pub at: Millis,
    /// What the backend made of it; none: it has not heard of it, or this phone has not
    /// heard of the backend since.
    pub delivery: Option<NoticeDelivery>,
    /// Somebody answered by this link.
    pub answered: bool,
}

/// A question with what was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyLine {
    /// Which question.
    pub link_id: String,
    /// What was asked, in the language that was wanted; the link id where the questionnaire
    /// is not on this phone.
    pub question: String,
    /// The answer; none: it does not fit the question.
    pub answer: Option<Answer>,
    /// The answer as a person reads it; yes and no as `true` and `false`.
    pub text: String,
}

/// The survey of one visit.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyView {
    /// Links that were asked for, the latest first.
    pub invitations: Vec<InvitationView>,
    /// What was answered, the latest first.
    pub responses: Vec<SurveyAnswered>,
    /// Why no link would be sent now, as far as this phone knows; none: nothing speaks
    /// against it.
    pub hindrance: Option<NotSent>,
}

impl VisitHandle {
    /// The links that were asked for, and what was answered, in a language (BCP 47, as `es`).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn survey(&self, language: &str) -> Result<SurveyView, AppError> {
        let visit = self.read()?;
        let hindrance = self.hindrance_of(visit.patient)?;
        let responses = results::answered((self.id, &visit), language);
        let reads = self.inner.reads()?;
        let rows = reads.store.reader()?;
        let mut invitations = Vec::new();
        for (id, entry) in visit.survey.iter().rev() {
            let SurveyEntry::Invited(invited) = entry else {
                continue;
            };
            let by_it = |one: &SurveyAnswered| one.response.invitation == Some(*id);
            invitations.push(InvitationView {
                id: *id,
                by: invited.by,
                at: invited.stamp.best(),
                delivery: super::patient::record(&rows, RecordKind::Notice, RecordId(id.0))?,
                answered: responses.iter().any(by_it),
            });
        }
        Ok(SurveyView {
            invitations,
            responses,
            hindrance,
        })
    }

    /// Asks the backend to send the patient a link to the survey. It is durable when the call
    /// returns and goes out with the other edits. [`survey`](Self::survey) says what became
    /// of it.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `status` for a visit that is not over, on `notice_wishes`
    /// where the chart on this phone does not say that the patient wants to be written to,
    /// on `survey` after three links; [`AppError::NotAllowed`].
    pub fn invite_to_survey(&self) -> Result<Saved, AppError> {
        let patient = self.read()?.patient;
        self.must_be_wished(patient)?;
        self.edit("survey_invitation", |desk| {
            if !is_over(status_of(desk.view)?) {
                return Err(refused("status", "a visit that is completed"));
            }
            let invited = |entry: &SurveyEntry| matches!(entry, SurveyEntry::Invited(_));
            if entries(desk)?.iter().filter(|it| invited(it)).count() >= SURVEY_INVITATIONS_MAX {
                return Err(refused("survey", "3 links of a visit at most"));
            }
            let entry = SurveyEntry::Invited(SurveyInvitation {
                by: desk.me,
                stamp: desk.stamp,
            });
            Ok(vec![desk.append("survey", &entry)?])
        })
    }
}

/// The entries of a visit's survey that this version can read.
fn entries(desk: &Desk<'_>) -> Result<Vec<SurveyEntry>, AppError> {
    let section = desk.view["survey"].as_object();
    let section = section.ok_or(AppError::NotFound { what: "survey" })?;
    let read = |entry: &serde_json::Value| serde_json::from_value(entry.clone()).ok();
    Ok(section.values().filter_map(read).collect())
}

/// Whether a visit took place and is over.
pub(super) const fn is_over(status: VisitStatus) -> bool {
    matches!(
        status,
        VisitStatus::Completed | VisitStatus::Signed | VisitStatus::Amended
    )
}

/// The lines of an answered survey, in the order of its questions.
fn lines(
    definition: Option<&Definition>,
    response: &SurveyResponse,
    language: &str,
) -> Vec<SurveyLine> {
    let asked = definition.map_or(&[][..], |it| it.items.as_slice());
    let mut left = response.answers.clone();
    let mut lines = Vec::new();
    for item in asked {
        let Some(value) = left.remove(&item.link_id) else {
            continue;
        };
        let answer = Answer::read(item, &value);
        let option = item
            .options
            .iter()
            .find(|option| answer.as_ref().is_some_and(|it| option.answer.same(it)));
        let text = match (option, &answer) {
            (Some(option), _) => option.text.in_language(language).to_owned(),
            (None, Some(answer)) => in_words(answer),
            (None, None) => loose(&value),
        };
        lines.push(SurveyLine {
            link_id: item.link_id.clone(),
            question: item.text.in_language(language).to_owned(),
            answer,
            text,
        });
    }
    lines.extend(left.into_iter().map(|(link_id, value)| SurveyLine {
        question: link_id.clone(),
        link_id,
        answer: None,
        text: loose(&value),
    }));
    lines
}

fn in_words(answer: &Answer) -> String {
    match answer {
        Answer::Coding(coding) if coding.text.is_empty() => coding.code.clone(),
        Answer::Coding(coding) => coding.text.clone(),
        Answer::Quantity { value, unit } => format!("{value} {}", unit.text).trim_end().into(),
        other => loose(&other.to_value()),
    }
}

/// What stands there, where the question is not known.
fn loose(value: &serde_json::Value) -> String {
    let named = value.get("text").and_then(serde_json::Value::as_str);
    let text = named.or_else(|| value.as_str()).map(str::to_owned);
    text.unwrap_or_else(|| value.to_string())
}

fn form_error(error: FormError) -> AppError {
    let field = if error.item.is_empty() {
        error.field.to_owned()
    } else {
        error.item
    };
    AppError::Refused {
        field,
        limit: error.remedy,
    }
}

fn refused(field: &str, limit: &str) -> AppError {
    AppError::Refused {
        field: field.into(),
        limit: limit.into(),
    }
}
