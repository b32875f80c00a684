//! The survey by a link: who has one may answer once, without an account, and what they say
//! is written into the visit by the backend.

mod ticket;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use homeround::forms::{Answer, Definition, FormError, judge_survey, survey};
use homeround::merge::Op;
use homeround::model::{
    Booking, DocumentId, EntryId, HOUR_MS, Millis, NoticeDelivery, NoticeWishes, Patient, RecordId,
    RecordKind, ReportedBy, SURVEY_RESPONSES_MAX, SurveyEntry, SurveyResponse, SurveyVia, VisitId,
};
use homeround::notice::language_of;
use serde_json::Value;

pub(crate) use self::ticket::Ticket;
use super::documents::{self, Loaded};
use super::notices::record;
use super::{Backend, News, ServerKeys, ServiceError, audit, scope};
use crate::store::{Reader, Tenant};

/// How long a link works after the last moment at which it could be sent.
pub(crate) const LINK_WORKS_MS: i64 = 7 * 24 * HOUR_MS;

/// Where patients open the survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyPage {
    /// The backend's address as patients reach it, `https`, without a slash at its end.
    address: String,
}

impl SurveyPage {
    /// A page below this address.
    #[must_use]
    pub fn at(address: &str) -> Self {
        Self {
            address: address.trim_end_matches('/').to_owned(),
        }
    }

    pub(crate) fn link(&self, ticket: &Ticket) -> String {
        format!("{}/survey/{ticket}", self.address)
    }
}

/// What there is to answer.
#[derive(Debug, Clone)]
pub struct SurveyAsked {
    /// The questions.
    pub definition: Definition,
    /// The language of the letter, one of [`LANGUAGES`](homeround::notice::LANGUAGES).
    pub language: &'static str,
    /// Who was there, as the directory names them; empty: nobody knows.
    pub who: String,
    /// The day of the visit, by the clock on the wall of the home.
    pub day: NaiveDate,
}

/// What a link leads to.
#[derive(Debug, Clone)]
pub enum SurveyFound {
    /// Questions.
    Open(Box<SurveyAsked>),
    /// It was answered.
    Answered,
    /// It worked until some time ago, or its visit is not there any more.
    Over,
    /// It is no link of this backend's.
    Unknown,
}

/// What came of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SurveyTaken {
    /// They are in the visit.
    Kept,
    /// The survey was answered before: these are not kept.
    Answered,
    /// The link does not work any more.
    Over,
    /// It is no link of this backend's.
    Unknown,
    /// An answer does not fit its question, or there is none at all.
    Wrong(FormError),
}

/// What a ticket is about, as far as it is known.
enum Known {
    Open(Box<Open>),
    Answered,
    Over,
    Unknown,
}

struct Open {
    tenant: Tenant,
    ticket: Ticket,
    loaded: Loaded,
    visit: VisitId,
}

impl Backend {
    /// The same backend, with a page that links to the survey can lead to.
    #[must_use]
    pub fn with_survey_page(mut self, page: SurveyPage) -> Self {
        self.survey_page = Some(page);
        self
    }

    /// What the link with this text leads to. Looking answers nothing: mail programs open
    /// links before their reader does.
    ///
    /// # Errors
    /// [`ServiceError::Storage`], [`ServiceError::Damaged`].
    pub async fn survey(&self, link: &str, now: Millis) -> Result<SurveyFound, ServiceError> {
        let Some(ticket) = self.ticket(link).await? else {
            return Ok(SurveyFound::Unknown);
        };
        let mut reader = self.storage.read(ticket.tenant).await?;
        let open = match known(reader.as_mut(), ticket, now).await? {
            Known::Open(open) => open,
            Known::Answered => return Ok(SurveyFound::Answered),
            Known::Over => return Ok(SurveyFound::Over),
            Known::Unknown => return Ok(SurveyFound::Unknown),
        };
        let reader = reader.as_mut();
        let booking: Option<Booking> =
            record(reader, RecordKind::Booking, RecordId(open.visit.0)).await?;
        let Some(booking) = booking else {
            return Ok(SurveyFound::Over);
        };
        let zone: chrono_tz::Tz = booking.time_zone.parse().unwrap_or(chrono_tz::UTC);
        let began = DateTime::from_timestamp_millis(booking.start_ms.0).unwrap_or_default();
        let invited = invited_by(open.loaded.document.view(), open.ticket.invitation);
        let comes = booking.assignees.first().copied();
        let comes = invited.map(|by| booking.who_comes(by)).or(comes);
        let who = match comes {
            Some(person) => reader.person(person).await?,
            None => None,
        };
        let patient = open.loaded.row.patient;
        Ok(SurveyFound::Open(Box::new(SurveyAsked {
            definition: survey().map_err(|_| ServiceError::Damaged)?,
            language: language(reader, patient).await?,
            who: who.map(|it| it.name).unwrap_or_default(),
            day: began.with_timezone(&zone).date_naive(),
        })))
    }

    /// Writes what was answered by a link into the visit, once.
    ///
    /// # Errors
    /// [`ServiceError::Storage`]: nothing was written; [`ServiceError::Damaged`].
    pub async fn answer_survey(
        &self,
        link: &str,
        (answered_by, language): (ReportedBy, &str),
        answers: &BTreeMap<String, Answer>,
        now: Millis,
    ) -> Result<SurveyTaken, ServiceError> {
        let Some(ticket) = self.ticket(link).await? else {
            return Ok(SurveyTaken::Unknown);
        };
        let definition = survey().map_err(|_| ServiceError::Damaged)?;
        let mut tx = self.storage.write(ticket.tenant).await?;
        let open = match known(tx.as_mut(), ticket, now).await? {
            Known::Open(open) => *open,
            Known::Answered => return Ok(SurveyTaken::Answered),
            Known::Over => return Ok(SurveyTaken::Over),
            Known::Unknown => return Ok(SurveyTaken::Unknown),
        };
        let kept = match judge_survey(&definition, answers) {
            Ok(kept) => kept,
            Err(wrong) => return Ok(SurveyTaken::Wrong(wrong)),
        };
        let said = SurveyResponse {
            by: None,
            via: SurveyVia::Link,
            invitation: Some(open.ticket.invitation),
            answered_by,
            questionnaire: definition.canonical(),
            language: language.to_owned(),
            answers: kept,
            at_ms: now,
        };
        if let Err(refused) = said.check() {
            let wrong = FormError {
                item: String::new(),
                field: refused.field,
                remedy: refused.limit.into(),
            };
            return Ok(SurveyTaken::Wrong(wrong));
        }
        let patient = open.loaded.row.patient;
        let entry = serde_json::to_value(SurveyEntry::Answered(said));
        let op = Op::Append {
            section: "survey".into(),
            id: EntryId(self.uuid(now)?),
            entry: entry.map_err(|_| ServiceError::Damaged)?,
        };
        let actor = ServerKeys::of(&open.tenant).actor(self.opening);
        let own = (&open.tenant, actor);
        documents::write_own(tx.as_mut(), own, open.loaded, &[op], now).await?;
        let note = audit::Note::by_backend("survey_answered").about(patient);
        audit::note(tx.as_mut(), now, note).await?;
        let people = scope::people_around(tx.as_mut(), &[patient]).await?;
        let tenant = open.tenant.id;
        tx.commit().await?;
        self.bell.ring(News {
            tenant,
            everyone: false,
            patients: vec![patient],
            people,
            from: None,
        });
        Ok(SurveyTaken::Kept)
    }

    /// The ticket of a link, if this backend has its tenant.
    async fn ticket(&self, link: &str) -> Result<Option<Ticket>, ServiceError> {
        let Some(ticket) = Ticket::parse(link) else {
            return Ok(None);
        };
        let tenants = self.storage.tenants().await?;
        let tenant = tenants.iter().find(|tenant| tenant.id == ticket.tenant);
        Ok(tenant.is_some_and(|it| ticket.is_of(it)).then_some(ticket))
    }
}

async fn known(
    reader: &mut dyn Reader,
    ticket: Ticket,
    now: Millis,
) -> Result<Known, ServiceError> {
    let asked = RecordId(ticket.invitation.0);
    let delivery: Option<NoticeDelivery> = record(reader, RecordKind::Notice, asked).await?;
    let Some(delivery) = delivery else {
        return Ok(Known::Unknown);
    };
    let visit = delivery.visit;
    let Some(loaded) = documents::load(reader, DocumentId::visit(visit)).await? else {
        return Ok(Known::Unknown);
    };
    let said: Vec<SurveyResponse> = answered_in(loaded.document.view()).collect();
    if said
        .iter()
        .any(|it| it.invitation == Some(ticket.invitation))
    {
        return Ok(Known::Answered);
    }
    if ticket.until() < now || said.len() >= SURVEY_RESPONSES_MAX {
        return Ok(Known::Over);
    }
    Ok(Known::Open(Box::new(Open {
        tenant: reader.tenant().await?,
        ticket,
        loaded,
        visit,
    })))
}

/// The answered surveys of a visit.
pub(crate) fn answered_in(view: &Value) -> impl Iterator<Item = SurveyResponse> + '_ {
    let entries = view["survey"].as_object().into_iter().flatten();
    entries.filter_map(|(_, entry)| match serde_json::from_value(entry.clone()) {
        Ok(SurveyEntry::Answered(said)) => Some(said),
        _ => None,
    })
}

fn invited_by(view: &Value, invitation: EntryId) -> Option<homeround::model::PersonId> {
    let entry = view["survey"].get(invitation.to_string())?;
    match serde_json::from_value(entry.clone()) {
        Ok(SurveyEntry::Invited(invited)) => Some(invited.by),
        _ => None,
    }
}

/// The language that the patient is written to in.
async fn language(
    reader: &mut dyn Reader,
    patient: homeround::model::PatientId,
) -> Result<&'static str, ServiceError> {
    let chart = documents::load(reader, DocumentId::chart(patient)).await?;
    let wishes = chart.and_then(|it| {
        let wishes = it.document.view()["notice_wishes"].clone();
        serde_json::from_value::<NoticeWishes>(wishes).ok()
    });
    let known: Option<Patient> = record(reader, RecordKind::Patient, RecordId(patient.0)).await?;
    let wished = wishes.as_ref().and_then(|it| it.language.as_deref());
    let own = known.as_ref().and_then(|it| it.language.as_deref());
    Ok(language_of(wished.into_iter().chain(own)))
}
