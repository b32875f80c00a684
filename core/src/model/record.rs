//! Records: rows that the backend owns. The last version wins; phones may ask
//! for a change and never write one.

use serde::{Deserialize, Serialize};

use super::{
    CareTeamId, Coding, DeviceId, HandoverMark, Measured, Millis, PatientId, PersonId, RecordId,
    Refused, Role, VirtualBooking, VisitId,
};

/// The kinds of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A booked visit: who, when, where. Its id is the visit's.
    Booking,
    /// A patient's demographics. Its id is the patient's.
    Patient,
    /// One line of the clinical history behind the timeline.
    History,
    /// A person of the directory.
    Person,
    /// An enrolled device: whose actors these are.
    Device,
    /// A care team.
    CareTeam,
    /// An organisation.
    Organization,
    /// A questionnaire to fill.
    Questionnaire,
    /// A template of care plans: a FHIR `PlanDefinition`.
    PlanTemplate,
    /// Where a notice to a patient stands. Its id is the notice's.
    Notice,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Booking,
        Self::Patient,
        Self::History,
        Self::Person,
        Self::Device,
        Self::CareTeam,
        Self::Organization,
        Self::Questionnaire,
        Self::PlanTemplate,
        Self::Notice,
    ];

    /// The number that SQL and the wire use.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Booking => 1,
            Self::Patient => 2,
            Self::History => 3,
            Self::Person => 4,
            Self::Device => 5,
            Self::CareTeam => 6,
            Self::Organization => 7,
            Self::Questionnaire => 8,
            Self::PlanTemplate => 9,
            Self::Notice => 10,
        }
    }

    /// Reads the number back.
    ///
    /// # Errors
    /// [`Refused`] for a kind that this version does not know.
    pub fn from_code(code: u8) -> Result<Self, Refused> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.code() == code)
            .ok_or(Refused::new("record_kind", "1..=10"))
    }
}

/// One row of the backend, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub kind: RecordKind,
    /// Its id, unique within its kind.
    pub id: RecordId,
    /// The patient whose scope it is in; none: the whole tenant's.
    pub patient: Option<PatientId>,
    /// Grows with each version; the highest wins.
    pub version: u64,
    /// The row as JSON text ([`Booking`], [`Patient`], ...), kept as it came so
    /// that fields of later versions survive; none: the record has ended.
    pub body: Option<String>,
}

/// A booked visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// The visit.
    pub visit: VisitId,
    /// For whom.
    pub patient: PatientId,
    /// By whom.
    pub assignees: Vec<PersonId>,
    /// Start of the window.
    pub start_ms: Millis,
    /// End of the window.
    pub end_ms: Millis,
    /// What for, as in skilled nursing.
    pub service: Coding,
    /// IANA time zone of the patient's home.
    pub time_zone: String,
    /// 0 routine, 1 urgent, 2 emergency.
    #[serde(default)]
    pub priority: u8,
    /// How long the visit takes, `1..=`[`VISIT_MINUTES_MAX`] minutes, where that is less than
    /// the window (FHIR `Appointment.minutesDuration`); none: the whole window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit_minutes: Option<u32>,
    /// The time was agreed to the minute: nobody is to suggest another one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fixed: bool,
    /// A care member made the visit; nobody had booked it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unplanned: bool,
    /// The hand-over that the booking took into account last; none: there was none. Who is
    /// booked since then is the office's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<HandoverMark>,
    /// The visit is virtual, and how; none: it is at the patient's home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_visit: Option<VirtualBooking>,
}

impl Booking {
    /// Who is told to come, where somebody speaks of the visit: themselves, unless others
    /// are booked; then the first of them.
    #[must_use]
    pub fn who_comes(&self, by: PersonId) -> PersonId {
        match self.assignees.first() {
            Some(first) if !self.assignees.contains(&by) => *first,
            _ => by,
        }
    }
}

/// Longest visit, in minutes: half a day.
pub const VISIT_MINUTES_MAX: u32 = 720;

/// A patient's demographics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Patient {
    /// The patient.
    pub id: PatientId,
    /// Family name.
    pub family: String,
    /// Given names, in order.
    pub given: Vec<String>,
    /// As FHIR writes a date: `YYYY-MM-DD`, or shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// FHIR administrative gender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Medical record number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mrn: Option<String>,
    /// Phone numbers, the preferred one first.
    #[serde(default)]
    pub phones: Vec<String>,
    /// BCP 47 language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Where the patient lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Date or instant of death, as FHIR writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deceased: Option<String>,
}

impl Patient {
    /// Given names, then the family name.
    #[must_use]
    pub fn display_name(&self) -> String {
        let mut name = self.given.join(" ");
        if !name.is_empty() && !self.family.is_empty() {
            name.push(' ');
        }
        name.push_str(&self.family);
        name
    }
}

/// A postal address with its place on earth.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Address {
    /// Street lines.
    #[serde(default)]
    pub lines: Vec<String>,
    /// City.
    #[serde(default)]
    pub city: String,
    /// State or region.
    #[serde(default)]
    pub state: String,
    /// Postal code.
    #[serde(default)]
    pub postal_code: String,
    /// Degrees north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude_deg: Option<f64>,
    /// Degrees east.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude_deg: Option<f64>,
}

/// One line of the clinical history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Whose.
    pub patient: PatientId,
    /// FHIR resource type it came from, as in `Observation`.
    pub resource: String,
    /// What.
    pub code: Coding,
    /// When.
    pub at_ms: Millis,
    /// FHIR status.
    #[serde(default)]
    pub status: String,
    /// FHIR category code, as in `vital-signs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The value in words or figures, as in `128` or `Negative`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// UCUM unit of a figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Parts, as systolic and diastolic of a blood pressure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<HistoryPart>,
    /// Where, how and with what an observation was made.
    #[serde(default, skip_serializing_if = "Measured::is_empty")]
    pub measured: Measured,
}

/// A part of a history line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryPart {
    /// What.
    pub code: Coding,
    /// The value in words or figures.
    pub value: String,
    /// UCUM unit of a figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// A person of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// As colleagues read it.
    pub name: String,
    /// What they may do; none for a relative or an outside clinician.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// How to reach them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// An enrolled device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub person: PersonId,
    /// Ed25519 public key, 64 hexadecimal digits.
    pub public_key: String,
    /// As its owner calls it.
    pub label: String,
    /// That the backend enrolled it, 32 hexadecimal digits for the backend alone to read.
    /// None for a device that an older backend enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

/// A care team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareTeam {
    /// Which.
    pub id: CareTeamId,
    /// Whose.
    pub patient: PatientId,
    /// What it is called.
    pub name: String,
    /// FHIR status.
    pub status: String,
    /// Who is in it.
    pub members: Vec<CareTeamMember>,
}

/// A member of a care team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareTeamMember {
    /// The person, where the directory knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// As colleagues read it.
    pub name: String,
    /// What they are in the team, in words.
    pub role: String,
}
