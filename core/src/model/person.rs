//! People, their roles and what they were granted.

use serde::{Deserialize, Serialize};

use super::{Millis, PatientId, PersonId, Refused};

/// What a person is to the care of a patient; decides what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nursing care: the whole visit, chart and plan.
    Nurse,
    /// Physical, occupational or speech therapy.
    Therapist,
    /// Home health aide: tasks, vitals, notes.
    Aide,
    /// Plans and books visits; maintains contacts and access to the home.
    Coordinator,
    /// Clinical lead: reviews, settles, corrects.
    Supervisor,
    /// Reads, never writes.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Nurse,
        Self::Therapist,
        Self::Aide,
        Self::Coordinator,
        Self::Supervisor,
        Self::Auditor,
    ];

    /// The name used everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nurse => "nurse",
            Self::Therapist => "therapist",
            Self::Aide => "aide",
            Self::Coordinator => "coordinator",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
        }
    }

    /// Whether who has it may be booked for a visit and work in a home.
    #[must_use]
    pub const fn works_in_homes(self) -> bool {
        matches!(
            self,
            Self::Nurse | Self::Therapist | Self::Aide | Self::Supervisor
        )
    }
}

impl std::str::FromStr for Role {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or(Refused::new(
                "role",
                "nurse, therapist, aide, coordinator, supervisor, auditor",
            ))
    }
}

/// Why somebody may see a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantSource {
    /// Member of the patient's care team.
    CareTeam,
    /// Assigned to one of the patient's visits.
    Assignment,
    /// Took access in an emergency, with a reason and for a limited time.
    BreakGlass,
}

/// One person's access to one patient, which the backend grants and ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who.
    pub person: PersonId,
    /// To whom.
    pub patient: PatientId,
    /// Why.
    pub source: GrantSource,
    /// From when.
    pub from_ms: Millis,
    /// Until when, if it is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<Millis>,
}
