//! A patient in view: demographics, team, timeline.

use std::sync::Arc;

use homeround::model;

use crate::clinical::Measured;
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::root::Phone;
use crate::session::token_of;
use crate::types::{Coding, PatientId, PersonId, PlanId, VisitId};

/// Who a patient is.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Demographics {
    /// Which patient.
    pub id: PatientId,
    /// As a person reads it.
    pub name: String,
    /// As FHIR writes a date.
    pub birth_date: Option<String>,
    /// As FHIR has it.
    pub gender: Option<String>,
    /// Medical record number.
    pub mrn: Option<String>,
    /// How to reach them.
    pub phones: Vec<String>,
    /// As in `es`.
    pub language: Option<String>,
    /// The home in one line; empty when none is known.
    pub address: String,
    /// Degrees north of the home, if known.
    pub latitude_deg: Option<f64>,
    /// Degrees east of the home, if known.
    pub longitude_deg: Option<f64>,
    /// As FHIR writes a date, or `true`.
    pub deceased: Option<String>,
}

/// Somebody of a care team.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TeamMember {
    /// Which person, if they are in the directory.
    pub person: Option<PersonId>,
    /// As colleagues read it.
    pub name: String,
    /// What they do.
    pub role: String,
    /// How to reach them, if known.
    pub phone: Option<String>,
}

/// A care team.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CareTeam {
    /// What it is called.
    pub name: String,
    /// FHIR status, as in `active`.
    pub status: String,
    /// Who is in it.
    pub members: Vec<TeamMember>,
}

/// A part of a timeline's entry.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TimelinePart {
    /// What.
    pub code: Coding,
    /// How much.
    pub value: String,
    /// UCUM unit.
    pub unit: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TimelineEntry {
    /// Names it.
    pub id: String,
    /// FHIR's name of its kind, as in `Observation`.
    pub resource: String,
    /// What.
    pub code: Coding,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// FHIR status.
    pub status: String,
    /// As in `vital-signs`.
    pub category: Option<String>,
    /// The value as a person reads it.
    pub value: Option<String>,
    /// UCUM unit.
    pub unit: Option<String>,
    /// Parts, as of a blood pressure.
    pub parts: Vec<TimelinePart>,
    /// Where, how and with what an observation was made.
    pub measured: Measured,
}

/// A page of a timeline, newest first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TimelinePage {
    /// What happened.
    pub entries: Vec<TimelineEntry>,
    /// Where the next page begins; none: that was all.
    pub next: Option<String>,
}

/// Which page of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TimelineQuery {
    /// One kind alone, as in `Observation`; none: every kind.
    #[uniffi(default = None)]
    pub resource: Option<String>,
    /// What the last page gave; none: from now on.
    #[uniffi(default = None)]
    pub from: Option<String>,
    /// At most so many entries, 1 to 200.
    #[uniffi(default = 50)]
    pub limit: u32,
}

/// A patient in view.
#[derive(uniffi::Object)]
pub struct Patient {
    pub(crate) phone: Arc<Phone>,
    pub(crate) id: PatientId,
}

impl Patient {
    pub(crate) const fn new(phone: Arc<Phone>, id: PatientId) -> Self {
        Self { phone, id }
    }
}

#[uniffi::export]
impl Patient {
    /// Demographics. Fails with `NotFound`, `Locked`, `LeaseEnded`, `NotAllowed`.
    pub fn read(&self) -> Result<Demographics, HomeroundError> {
        guard(|| self.phone.app.patient(self.id).map(Into::into))
    }

    /// The care teams with their people.
    pub fn care_teams(&self) -> Result<Vec<CareTeam>, HomeroundError> {
        guard(|| {
            let app = &self.phone.app;
            let phone_of = |member: &model::CareTeamMember| app.person(member.person?).ok()?.phone;
            let teams = app.care_teams(self.id)?.into_iter().map(|team| CareTeam {
                name: team.name,
                status: team.status,
                members: team
                    .members
                    .into_iter()
                    .map(|member| TeamMember {
                        phone: phone_of(&member),
                        person: member.person,
                        name: member.name,
                        role: member.role,
                    })
                    .collect(),
            });
            Ok::<_, HomeroundError>(teams.collect())
        })
    }

    /// The clinical timeline, newest first, a page at a time. Fails with `Refused` on
    /// `cursor`.
    pub fn timeline(&self, query: TimelineQuery) -> Result<TimelinePage, HomeroundError> {
        guard(|| {
            let from = query.from.map(|from| from.parse()).transpose()?;
            let app = &self.phone.app;
            let page = app.timeline(self.id, query.resource.as_deref(), from, query.limit)?;
            Ok::<_, HomeroundError>(TimelinePage {
                entries: page.entries.into_iter().map(entry).collect(),
                next: page.next.map(|next| next.to_string()),
            })
        })
    }

    /// The care plans on this phone.
    pub fn plans(&self) -> Result<Vec<PlanId>, HomeroundError> {
        guard(|| self.phone.app.documents_of(self.id).map(|(plans, _)| plans))
    }

    /// The visits on this phone.
    pub fn visits(&self) -> Result<Vec<VisitId>, HomeroundError> {
        guard(|| {
            self.phone
                .app
                .documents_of(self.id)
                .map(|(_, visits)| visits)
        })
    }

    /// Asks for access in an emergency, with a reason that a reviewer will read. The
    /// patient arrives with the next sync.
    ///
    /// Fails with `NotAllowed` with the rule, `Retry` without a network.
    pub async fn break_glass(&self, reason: String) -> Result<(), HomeroundError> {
        let (phone, patient) = (Arc::clone(&self.phone), self.id);
        let work = async move {
            let token = token_of(&phone).await?;
            let asked = phone
                .app
                .break_glass(&phone.radio, &token, patient, &reason);
            Ok::<(), HomeroundError>(asked.await?)
        };
        self.phone.runtime.run(work).await
    }
}

impl From<model::Patient> for Demographics {
    fn from(patient: model::Patient) -> Self {
        let address = patient.address.as_ref();
        Self {
            id: patient.id,
            name: patient.display_name(),
            address: address.map(one_line).unwrap_or_default(),
            latitude_deg: address.and_then(|one| one.latitude_deg),
            longitude_deg: address.and_then(|one| one.longitude_deg),
            birth_date: patient.birth_date,
            gender: patient.gender,
            mrn: patient.mrn,
            phones: patient.phones,
            language: patient.language,
            deceased: patient.deceased,
        }
    }
}

fn one_line(address: &model::Address) -> String {
    let mut parts: Vec<String> = address.lines.clone();
    parts.push(address.city.clone());
    parts.push(format!("{} {}", address.state, address.postal_code));
    parts.retain(|part| !part.trim().is_empty());
    let parts: Vec<&str> = parts.iter().map(|part| part.trim()).collect();
    parts.join(", ")
}

fn entry((id, history): (model::RecordId, model::History)) -> TimelineEntry {
    let parts = history.components.into_iter().map(|part| TimelinePart {
        code: part.code.into(),
        value: part.value,
        unit: part.unit,
    });
    TimelineEntry {
        id: id.to_string(),
        resource: history.resource,
        code: history.code.into(),
        at_ms: history.at_ms.0,
        status: history.status,
        category: history.category,
        value: history.value,
        unit: history.unit,
        parts: parts.collect(),
        measured: history.measured.into(),
    }
}
