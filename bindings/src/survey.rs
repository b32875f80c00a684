//! What a patient says of a visit: by a link, or on the phone, which does nothing else
//! meanwhile.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use homeround::app;
use homeround::forms;
pub use homeround::model::SurveyVia;

use crate::error::HomeroundError;
use crate::forms::{FormItemType, FormOption, FormValue};
use crate::forms_fill::kind;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::notices::{NotSent, NoticeDelivery};
use crate::root::Phone;
use crate::schedule::{Schedule, parse};
use crate::types::{EntryId, PatientId, ReportedBy, Saved, VisitId};
use crate::visit::Visit;

/// How a survey came to be answered.
#[uniffi::remote(Enum)]
pub enum SurveyVia {
    /// On the clinician's phone, in the patient's hands.
    LentPhone,
    /// By a link, on a device of the patient's.
    Link,
    /// In a way that this version does not know.
    Unknown,
}

/// A question with what was answered.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SurveyLine {
    /// Which question.
    pub link_id: String,
    /// What was asked.
    pub question: String,
    /// The answer; none: it does not fit the question.
    pub value: Option<FormValue>,
    /// As a person reads it; yes and no as `true` and `false`.
    pub text: String,
}

/// One answered survey.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SurveyResponse {
    /// Which.
    pub id: EntryId,
    /// Of which visit.
    pub visit: VisitId,
    /// Of which patient.
    pub patient: PatientId,
    /// Who lent the phone; none: it came by a link.
    pub by: Option<By>,
    /// How.
    pub via: SurveyVia,
    /// Who answered, as they say themselves.
    pub answered_by: ReportedBy,
    /// BCP 47 language that it was shown in.
    pub language: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Question by question.
    pub lines: Vec<SurveyLine>,
}

/// A link that was asked for.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SurveyInvitation {
    /// Which.
    pub id: EntryId,
    /// Who asked for it.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// What the backend made of it; none: it goes with the next sync, or what came of it
    /// comes with the one after.
    pub delivery: Option<NoticeDelivery>,
    /// Somebody answered by this link.
    pub answered: bool,
}

/// The survey of a visit.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct VisitSurvey {
    /// Links that were asked for, the latest first.
    pub invitations: Vec<SurveyInvitation>,
    /// What was answered, the latest first.
    pub responses: Vec<SurveyResponse>,
    /// Why no link would be sent now, as far as this phone knows; none: nothing speaks
    /// against it.
    pub hindrance: Option<NotSent>,
}

/// A question of the survey.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SurveyQuestion {
    /// Which: what `finish` takes.
    pub link_id: String,
    /// What is asked.
    pub text: String,
    /// What it takes: `Boolean`, `Integer`, `Text` or `Choice`.
    pub kind: FormItemType,
    /// What there is to choose.
    pub options: Vec<FormOption>,
    /// Of a whole number: not less than.
    pub least: Option<i64>,
    /// Of a whole number: not more than.
    pub most: Option<i64>,
    /// Characters at most, where the survey says so.
    pub max_length: Option<u32>,
}

/// What a patient is asked.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SurveyForm {
    /// What it is called.
    pub title: String,
    /// What becomes of the answers, for the patient.
    pub description: String,
    /// The questions. None has to be answered, at least one of all.
    pub questions: Vec<SurveyQuestion>,
}

/// How one question was answered.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct QuestionTally {
    /// Which question.
    pub link_id: String,
    /// What was asked.
    pub question: String,
    /// Surveys that answered it.
    pub answered: u32,
    /// Of a question with options: how often each was chosen, in their order; yes and no
    /// as `true` and `false`.
    pub options: Vec<OptionTally>,
    /// Of a question with a figure: the mean; none: nobody answered it, or it has none.
    pub mean: Option<f64>,
}

/// How often an option was chosen.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OptionTally {
    /// As a person reads it.
    pub text: String,
    /// How often.
    pub count: u32,
}

/// What patients said of the visits of some days, of those that are on this phone.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SurveyResults {
    /// Visits of these days that took place and are over.
    pub visits: u32,
    /// Of them, those whose patient was asked: by a link, or on the phone.
    pub asked: u32,
    /// Of them, those that were answered.
    pub answered: u32,
    /// How each question that can be counted was answered.
    pub questions: Vec<QuestionTally>,
    /// What was answered, the latest first, 200 at most.
    pub responses: Vec<SurveyResponse>,
    /// The store's revision that this shows.
    pub revision: u64,
}

/// The survey on a phone that was lent for it: all that the phone answers to, until `unlock`.
#[derive(uniffi::Object)]
pub struct SurveyDesk {
    phone: Arc<Phone>,
    desk: app::SurveyDesk,
}

#[uniffi::export]
impl SurveyDesk {
    /// What is asked, in a language (BCP 47, as `es`); texts without a translation come as
    /// the survey has them.
    pub fn form(&self, language: String) -> Result<SurveyForm, HomeroundError> {
        guard(|| {
            let definition = self.desk.definition();
            let items = definition.items.iter();
            Ok::<_, HomeroundError>(SurveyForm {
                title: definition.title.in_language(&language).into(),
                description: definition.description.in_language(&language).into(),
                questions: items.map(|item| question(item, &language)).collect(),
            })
        })
    }

    /// Stores the answers, by link id, in the visit: durable when the call returns. The phone
    /// stays lent.
    ///
    /// Fails with `Refused` naming the question that is answered wrongly, on `answers` without
    /// any, on `survey` when it was answered already; with `Locked` once the phone is back.
    pub fn finish(
        &self,
        answered_by: ReportedBy,
        language: String,
        answers: HashMap<String, FormValue>,
    ) -> Result<Saved, HomeroundError> {
        guard(|| {
            let answers: BTreeMap<_, _> = answers
                .into_iter()
                .map(|(link_id, value)| (link_id, value.into()))
                .collect();
            let saved = self.desk.finish(answered_by, &language, &answers);
            self.phone.saved(saved)
        })
    }
}

fn question(item: &forms::Item, language: &str) -> SurveyQuestion {
    let whole = |limit: &Option<forms::Answer>| match limit {
        Some(forms::Answer::Integer(number)) => Some(*number),
        _ => None,
    };
    let options = item.options.iter().map(|option| FormOption {
        value: option.answer.clone().into(),
        text: option.text.in_language(language).into(),
        score: option.score,
    });
    SurveyQuestion {
        link_id: item.link_id.clone(),
        text: item.text.in_language(language).into(),
        kind: kind(&item.kind),
        options: options.collect(),
        least: whole(&item.range.min),
        most: whole(&item.range.max),
        max_length: item
            .max_length
            .map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
    }
}

#[uniffi::export]
impl Visit {
    /// The links that were asked for, and what was answered, in a language. Fails as `read`.
    pub fn survey(&self, language: String) -> Result<VisitSurvey, HomeroundError> {
        guard(|| {
            let names = Names::new(&self.phone.app);
            let view = self.handle().survey(&language)?;
            let invitations = view.invitations.into_iter();
            let responses = view.responses.into_iter();
            Ok::<_, HomeroundError>(VisitSurvey {
                invitations: invitations
                    .map(|one| SurveyInvitation {
                        id: one.id,
                        by: names.by(one.by),
                        at_ms: one.at.0,
                        delivery: one.delivery.map(Into::into),
                        answered: one.answered,
                    })
                    .collect(),
                responses: responses.map(|one| response(one, &names)).collect(),
                hindrance: view.hindrance,
            })
        })
    }

    /// Asks the backend to send the patient a link to the survey; it goes out with the other
    /// edits. Fails with `Refused` on `status` for a visit that is not over, on
    /// `notice_wishes` where the patient has not agreed to be written to, on `survey` after
    /// three links; `NotAllowed`.
    pub fn invite_to_survey(&self) -> Result<Saved, HomeroundError> {
        self.save(app::VisitHandle::invite_to_survey)
    }

    /// Lends the phone to the patient for the survey: until `unlock` every other call fails
    /// with `Locked`, the session's state is `Lent`, and nothing syncs.
    ///
    /// Fails with `Refused` on `status` for a visit that has not begun or was called off, on
    /// `virtual_visit`, on `survey` after six answered ones; `NotAllowed`. The phone is not
    /// lent then.
    pub fn lend_for_survey(&self) -> Result<Arc<SurveyDesk>, HomeroundError> {
        guard(|| {
            let desk = self.handle().lend_for_survey()?;
            self.phone.serving.pause();
            Ok::<_, HomeroundError>(Arc::new(SurveyDesk {
                phone: Arc::clone(&self.phone),
                desk,
            }))
        })
    }
}

#[uniffi::export]
impl Schedule {
    /// What patients said of the visits from one day to another, both included, as in
    /// `2026-11-27`, of those that are on this phone, whoever made them; in a language.
    ///
    /// Fails with `Refused` naming `date`, or `until` for a day before `from` or for more than
    /// 92 days; `Locked`, `NotEnrolled`, `LeaseEnded`.
    pub fn survey_results(
        &self,
        from: String,
        until: String,
        language: String,
    ) -> Result<SurveyResults, HomeroundError> {
        guard(|| {
            let names = Names::new(self.app());
            let (from, until) = (parse(&from)?, parse(&until)?);
            let results = self.app().survey_results(from, until, &language)?;
            let responses = results.responses.into_iter();
            Ok::<_, HomeroundError>(SurveyResults {
                visits: results.visits,
                asked: results.asked,
                answered: results.answered,
                questions: results.questions.into_iter().map(tally).collect(),
                responses: responses.map(|one| response(one, &names)).collect(),
                revision: results.revision,
            })
        })
    }
}

fn tally(tally: app::QuestionTally) -> QuestionTally {
    let options = tally.options.into_iter();
    QuestionTally {
        link_id: tally.link_id,
        question: tally.question,
        answered: tally.answered,
        options: options
            .map(|(text, count)| OptionTally { text, count })
            .collect(),
        mean: tally.mean,
    }
}

fn response(one: app::SurveyAnswered, names: &Names<'_>) -> SurveyResponse {
    let lines = one.lines.into_iter();
    SurveyResponse {
        id: one.id,
        visit: one.visit,
        patient: one.patient,
        by: one.response.by.map(|by| names.by(by)),
        via: one.response.via,
        answered_by: one.response.answered_by,
        language: one.response.language,
        at_ms: one.response.at_ms.0,
        lines: lines
            .map(|line| SurveyLine {
                link_id: line.link_id,
                question: line.question,
                value: line.answer.map(Into::into),
                text: line.text,
            })
            .collect(),
    }
}
