//! The phone in the patient's hands: it asks the survey, and does nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::edit::{Desk, Saved};
use super::super::error::AppError;
use super::super::inner::Inner;
use super::super::loan::Loan;
use super::super::visit::{VisitHandle, status_of};
use super::{entries, form_error, is_over, refused};
use crate::forms::{Answer, Definition, judge_survey, survey};
use crate::model::{
    DocumentId, ReportedBy, SURVEY_RESPONSES_MAX, SurveyEntry, SurveyResponse, SurveyVia, VisitId,
    VisitStatus,
};

/// The survey on a phone that was lent for it. As long as the phone is lent, this is all that
/// it answers to: every other call fails with [`AppError::Locked`], until
/// [`unlock`](super::super::Homeround::unlock). Answers are kept by whoever shows the questions
/// until [`finish`](Self::finish).
#[derive(Clone)]
pub struct SurveyDesk {
    inner: Arc<Inner>,
    loan: Loan,
    definition: Arc<Definition>,
}

impl std::fmt::Debug for SurveyDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SurveyDesk(..)")
    }
}

impl VisitHandle {
    /// Lends the phone to the patient for the survey. From here on the session is
    /// [`Lent`](super::super::SessionState::Lent), also for who has handles already: nothing
    /// is read, written or sent until the PIN or the sensor says that the phone is back.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `status` for a visit that has not begun or was called off, on
    /// `virtual_visit` for one that is not at the patient's home, on `survey` after six
    /// answered ones; [`AppError::NotAllowed`]; as [`read`](Self::read). The phone is not
    /// lent then.
    pub fn lend_for_survey(&self) -> Result<SurveyDesk, AppError> {
        self.must_be_at_home()?;
        let definition = survey().map_err(form_error)?;
        let document = DocumentId::visit(self.id);
        // What could not be stored in the end is not asked.
        self.inner.would_take(document, |desk| {
            must_take(desk)?;
            let tried = response(desk, &definition, (ReportedBy::Patient, "en"));
            Ok(vec![desk.append("survey", &SurveyEntry::Answered(tried))?])
        })?;
        let loan = self.inner.lend(self.id)?;
        Ok(SurveyDesk {
            inner: Arc::clone(&self.inner),
            loan,
            definition: Arc::new(definition),
        })
    }
}

impl SurveyDesk {
    /// Of which visit.
    #[must_use]
    pub const fn visit(&self) -> VisitId {
        self.loan.visit
    }

    /// What is asked.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Stores the answers, by link id, in the visit. Durable when the call returns; the phone
    /// stays lent.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the question that is answered wrongly, on `answers` without
    /// any, on `answered_by` or `language`, on `survey` when it was answered already since the
    /// phone was lent; [`AppError::Locked`] once the phone is back or locked.
    pub fn finish(
        &self,
        answered_by: ReportedBy,
        language: &str,
        answers: &BTreeMap<String, Answer>,
    ) -> Result<Saved, AppError> {
        let kept = judge_survey(&self.definition, answers).map_err(form_error)?;
        let document = DocumentId::visit(self.loan.visit);
        self.inner
            .edit_lent(&self.loan, document, "survey", |desk| {
                must_take(desk)?;
                let mut said = response(desk, &self.definition, (answered_by, language));
                said.answers = kept;
                said.check()?;
                Ok(vec![desk.append("survey", &SurveyEntry::Answered(said))?])
            })
    }
}

fn response(
    desk: &Desk<'_>,
    definition: &Definition,
    (answered_by, language): (ReportedBy, &str),
) -> SurveyResponse {
    SurveyResponse {
        by: Some(desk.me),
        via: SurveyVia::LentPhone,
        invitation: None,
        answered_by,
        questionnaire: definition.canonical(),
        language: language.to_owned(),
        answers: BTreeMap::new(),
        at_ms: desk.stamp.best(),
    }
}

fn must_take(desk: &Desk<'_>) -> Result<(), AppError> {
    let status = status_of(desk.view)?;
    let there = matches!(status, VisitStatus::InProgress | VisitStatus::OnBreak);
    if !there && !is_over(status) {
        return Err(refused("status", "a visit that has begun"));
    }
    let answered = |entry: &SurveyEntry| matches!(entry, SurveyEntry::Answered(_));
    if entries(desk)?.iter().filter(|it| answered(it)).count() >= SURVEY_RESPONSES_MAX {
        return Err(refused("survey", "6 answered ones of a visit at most"));
    }
    Ok(())
}
