//! What patients said: of one visit, and of all visits of some days.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::super::Homeround;
use super::super::day::bounds;
use super::super::error::AppError;
use super::super::numbers::NUMBERS_DAYS_MAX;
use super::{SurveyLine, is_over, lines};
use crate::forms::{Answer, Definition, ItemKind, shipped, survey};
use crate::model::{EntryId, PatientId, SurveyEntry, SurveyResponse, Visit, VisitId};
use crate::store::ScopeState;

/// Most answered surveys that are shown at a time; all of them are counted.
pub const SURVEY_RESULTS_MAX: usize = 200;

/// One answered survey.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyAnswered {
    /// The entry of the visit.
    pub id: EntryId,
    /// Of which visit.
    pub visit: VisitId,
    /// Of which patient.
    pub patient: PatientId,
    /// Who answered, how and when.
    pub response: SurveyResponse,
    /// Question by question.
    pub lines: Vec<SurveyLine>,
}

/// How one question was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionTally {
    /// Which question.
    pub link_id: String,
    /// What was asked.
    pub question: String,
    /// Surveys that answered it.
    pub answered: u32,
    /// Of a question with options: how often each was chosen, in their order.
    pub options: Vec<(String, u32)>,
    /// Of a question with a figure: the mean; none: nobody answered it, or it has none.
    pub mean: Option<f64>,
}

/// What patients said in some days. A survey belongs to the day of its visit's booked
/// beginning, and counts once the visit is over.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SurveyResults {
    /// Visits of these days that took place and are over.
    pub visits: u32,
    /// Of them, those whose patient was asked: by a link, or on the phone.
    pub asked: u32,
    /// Of them, those that were answered.
    pub answered: u32,
    /// The questions that are counted: those of the survey that is asked now.
    pub questions: Vec<QuestionTally>,
    /// What was answered, the latest first, [`SURVEY_RESULTS_MAX`] at most.
    pub responses: Vec<SurveyAnswered>,
    /// The store's revision that this shows.
    pub revision: u64,
}

impl Homeround {
    /// What patients said of the visits from one day to another, both included, of those that
    /// are on this phone, whoever made them; in a language (BCP 47, as `es`).
    ///
    /// # Errors
    /// [`AppError::Refused`] on `until` for a day before `from` or more than
    /// [`NUMBERS_DAYS_MAX`] days; [`AppError::Locked`], [`AppError::NotEnrolled`],
    /// [`AppError::LeaseEnded`].
    pub fn survey_results(
        &self,
        from: NaiveDate,
        until: NaiveDate,
        language: &str,
    ) -> Result<SurveyResults, AppError> {
        let days = until.signed_duration_since(from).num_days() + 1;
        if !(1..=NUMBERS_DAYS_MAX).contains(&days) {
            return Err(super::refused(
                "until",
                "a day from `from` on, 92 days in all",
            ));
        }
        let revision = self.inner.revision();
        let rows = {
            let reads = self.inner.reads()?;
            let reader = reads.store.reader()?;
            reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
            super::super::inner::lease_permits(&reader, self.inner.clocks.now())?;
            let zone = self.inner.config.zone()?;
            let (begin, end) = (bounds(from, zone)?.0, bounds(until, zone)?.1);
            let gone = reader.scopes_in(ScopeState::Leaving)?;
            let mut rows = reader.visits_between(begin, end, None)?;
            rows.retain(|row| !gone.contains(&row.patient));
            rows
        };
        let mut results = SurveyResults {
            revision,
            ..SurveyResults::default()
        };
        for row in rows {
            // One that can't be read, as of a later version, leaves the others alone.
            let Ok(visit) = self.visit(row.visit).read() else {
                continue;
            };
            if !is_over(visit.status) {
                continue;
            }
            let responses = answered((row.visit, &visit), language);
            results.visits += 1;
            results.asked += u32::from(!visit.survey.is_empty());
            results.answered += u32::from(!responses.is_empty());
            results.responses.extend(responses);
        }
        results
            .responses
            .sort_by_key(|one| std::cmp::Reverse((one.response.at_ms, one.id)));
        if let Ok(asked) = survey() {
            results.questions = tallies(&asked, &results.responses, language);
        }
        results.responses.truncate(SURVEY_RESULTS_MAX);
        Ok(results)
    }
}

/// The answered surveys of a visit, the latest first.
pub(super) fn answered((id, visit): (VisitId, &Visit), language: &str) -> Vec<SurveyAnswered> {
    let entries = visit.survey.iter().rev();
    let responses = entries.filter_map(|(entry, said)| match said {
        SurveyEntry::Answered(response) => Some((*entry, response)),
        SurveyEntry::Invited(_) => None,
    });
    let mut known: BTreeMap<&str, Option<Definition>> = BTreeMap::new();
    responses
        .map(|(entry, response)| {
            let canonical = response.questionnaire.as_str();
            let definition = known
                .entry(canonical)
                .or_insert_with(|| shipped(canonical).and_then(Result::ok));
            SurveyAnswered {
                id: entry,
                visit: id,
                patient: visit.patient,
                lines: lines(definition.as_ref(), response, language),
                response: response.clone(),
            }
        })
        .collect()
}

fn tallies(asked: &Definition, responses: &[SurveyAnswered], language: &str) -> Vec<QuestionTally> {
    let counted = |kind: &ItemKind| {
        matches!(
            kind,
            ItemKind::Choice | ItemKind::Integer | ItemKind::Boolean
        )
    };
    let items = asked.items.iter().filter(|item| counted(&item.kind));
    items
        .map(|item| {
            let given: Vec<&Answer> = responses
                .iter()
                .flat_map(|one| &one.lines)
                .filter(|line| line.link_id == item.link_id)
                .filter_map(|line| line.answer.as_ref())
                .collect();
            let count = |answer: &Answer| {
                let same = given.iter().filter(|it| it.same(answer)).count();
                u32::try_from(same).unwrap_or(u32::MAX)
            };
            let mut options: Vec<(String, u32)> = item
                .options
                .iter()
                .map(|option| {
                    let text = option.text.in_language(language).to_owned();
                    (text, count(&option.answer))
                })
                .collect();
            if item.kind == ItemKind::Boolean {
                let words = [("true", true), ("false", false)];
                options = words
                    .map(|(word, yes)| (word.to_owned(), count(&Answer::Bool(yes))))
                    .into();
            }
            let figures: Vec<f64> = given.iter().filter_map(|it| it.figure()).collect();
            #[expect(clippy::cast_precision_loss, reason = "a phone holds fewer than 2^53")]
            let mean =
                (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64);
            QuestionTally {
                link_id: item.link_id.clone(),
                question: item.text.in_language(language).to_owned(),
                answered: u32::try_from(given.len()).unwrap_or(u32::MAX),
                options,
                mean,
            }
        })
        .collect()
}
