//! Commands about what a patient says of a visit.

use std::collections::BTreeMap;

use homeround::app::{AppError, Saved, SurveyDesk};
use homeround::forms::{Answer, survey};
use homeround::model::{ReportedBy, VisitId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Phone;
use super::answer::Refusal;
use super::command::Command;
use super::work::json_of;

/// What a phone process can be told of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum SurveyCommand {
    /// Asks the backend to send the patient a link.
    InviteToSurvey {
        /// Of which visit.
        visit: VisitId,
    },
    /// Lends the phone to the patient.
    LendForSurvey {
        /// Of which visit.
        visit: VisitId,
    },
    /// The patient, who has the phone, is done.
    FinishSurvey {
        /// Of which visit.
        visit: VisitId,
        /// What they chose or typed, by question, as a page sends it.
        answers: BTreeMap<String, String>,
    },
    /// The links that were asked for, and what was answered.
    Survey {
        /// Of which visit.
        visit: VisitId,
    },
}

/// Does what is about the survey; none for another kind of command.
pub(super) fn obey(phone: &mut Phone, command: &Command) -> Option<Result<Value, Refusal>> {
    let Command::Survey(command) = command else {
        return None;
    };
    Some(match command {
        SurveyCommand::InviteToSurvey { visit } => told(phone.app.visit(*visit).invite_to_survey()),
        SurveyCommand::LendForSurvey { visit } => {
            let lent = phone.app.visit(*visit).lend_for_survey();
            lent.map_err(Refusal::from).map(|desk| {
                phone.desk = Some(desk);
                json!({})
            })
        }
        SurveyCommand::FinishSurvey { answers, .. } => told(finish(phone.desk.as_ref(), answers)),
        SurveyCommand::Survey { visit } => of(phone, *visit),
    })
}

fn told(done: Result<Saved, AppError>) -> Result<Value, Refusal> {
    done.map(|it| json_of(&it)).map_err(Refusal::from)
}

fn finish(desk: Option<&SurveyDesk>, sent: &BTreeMap<String, String>) -> Result<Saved, AppError> {
    let desk = desk.ok_or(AppError::Locked)?;
    let asked = survey().map_err(|_| AppError::Failed { code: "survey" })?;
    let read = |(link_id, text): (&String, &String)| {
        let answer = Answer::from_page(asked.item(link_id)?, text)?;
        Some((link_id.clone(), answer))
    };
    let answers: BTreeMap<String, Answer> = sent.iter().filter_map(read).collect();
    desk.finish(ReportedBy::Patient, "en", &answers)
}

fn of(phone: &Phone, visit: VisitId) -> Result<Value, Refusal> {
    let view = phone.app.visit(visit).survey("en")?;
    let invitations = view.invitations.iter().map(|one| {
        let delivery = one.delivery.as_ref();
        json!({
            "answered": one.answered, "state": delivery.map(|it| it.state),
            "reason": delivery.and_then(|it| it.reason),
        })
    });
    let responses = view.responses.iter().map(|one| {
        let lines = one.lines.iter();
        let said: BTreeMap<&str, &str> = lines
            .map(|line| (line.link_id.as_str(), line.text.as_str()))
            .collect();
        json!({ "via": one.response.via, "said": said })
    });
    Ok(json!({
        "invitations": invitations.collect::<Vec<_>>(),
        "responses": responses.collect::<Vec<_>>(),
    }))
}
