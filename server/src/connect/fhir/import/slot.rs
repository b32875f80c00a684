//! One entry of the input: its type, its names, and why it is not taken.

use std::borrow::Cow;

use uuid::Uuid;

use super::super::read::Broken;
use super::super::report::Problem;
use super::text;

/// The types that are taken, in the order in which they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Patient,
    Organization,
    Practitioner,
    PractitionerRole,
    RelatedPerson,
    Medication,
    Goal,
    Appointment,
    Encounter,
    CareTeam,
    CarePlan,
    Condition,
    AllergyIntolerance,
    MedicationRequest,
    MedicationStatement,
    Observation,
    Task,
    DocumentReference,
    Provenance,
    MedicationAdministration,
    Media,
    Communication,
    Flag,
    Consent,
    Questionnaire,
    QuestionnaireResponse,
    PlanDefinition,
    NotUsed,
}

impl Kind {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "Patient" => Self::Patient,
            "Organization" => Self::Organization,
            "Practitioner" => Self::Practitioner,
            "PractitionerRole" => Self::PractitionerRole,
            "RelatedPerson" => Self::RelatedPerson,
            "Medication" => Self::Medication,
            "Goal" => Self::Goal,
            "Appointment" => Self::Appointment,
            "Encounter" => Self::Encounter,
            "CareTeam" => Self::CareTeam,
            "CarePlan" => Self::CarePlan,
            "Condition" => Self::Condition,
            "AllergyIntolerance" => Self::AllergyIntolerance,
            "MedicationRequest" => Self::MedicationRequest,
            "MedicationStatement" => Self::MedicationStatement,
            "Observation" => Self::Observation,
            "Task" => Self::Task,
            "DocumentReference" => Self::DocumentReference,
            "Provenance" => Self::Provenance,
            "MedicationAdministration" => Self::MedicationAdministration,
            "Media" => Self::Media,
            "Communication" => Self::Communication,
            "Flag" => Self::Flag,
            "Consent" => Self::Consent,
            "Questionnaire" => Self::Questionnaire,
            "QuestionnaireResponse" => Self::QuestionnaireResponse,
            "PlanDefinition" => Self::PlanDefinition,
            _ => Self::NotUsed,
        }
    }

    /// Whether others refer to it by a business identifier.
    pub(super) fn has_identity(self) -> bool {
        self <= Self::RelatedPerson
    }
}

/// Why an entry is not taken. The code is what the report counts by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Skip {
    /// A type, or a medication that nothing refers to, which a visit does not need.
    NotUsed,
    /// A later entry of the input is the same resource.
    Duplicate,
    /// It can't stand without what it refers to.
    Dangling(&'static str),
    /// Its author took it back.
    EnteredInError,
    /// An element is missing, of a wrong type or not a date.
    Malformed(String),
    /// A line of the history needs a date, and there is none.
    NoDate(&'static str),
    /// The entry has no resource.
    NoResource,
    /// The entry asks for a deletion.
    Deletion,
}

impl Skip {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::NotUsed => "not_used",
            Self::Duplicate => "duplicate",
            Self::Dangling(_) => "dangling_reference",
            Self::EnteredInError => "entered_in_error",
            Self::Malformed(_) => "malformed",
            Self::NoDate(_) => "no_date",
            Self::NoResource => "no_resource",
            Self::Deletion => "deletion",
        }
    }

    /// What to tell beyond the count: the field and the remedy.
    pub(super) fn explain(&self) -> Option<(String, &'static str)> {
        match self {
            Self::Dangling(field) => Some(((*field).to_owned(), REMEDY_SKIPPED)),
            Self::Malformed(field) => {
                Some((field.clone(), "correct the element in the source system"))
            }
            Self::NoDate(field) => Some((
                (*field).to_owned(),
                "give it a date, or an encounter that has one, in the source system",
            )),
            Self::Deletion => Some((
                "request.method".to_owned(),
                "nothing is deleted by an import: end the record in Homeround",
            )),
            _ => None,
        }
    }
}

const REMEDY_SKIPPED: &str = "import the resource that it refers to in the same file";
/// One entry as the first pass leaves it.
pub(super) struct Slot<'a> {
    pub(super) raw: &'a str,
    pub(super) kind: Kind,
    /// The type by its name, or `unknown`.
    pub(super) name: Cow<'a, str>,
    pub(super) own_id: String,
    pub(super) id: Uuid,
    pub(super) skip: Option<Skip>,
}

impl Slot<'_> {
    pub(super) const fn new(raw: &'static str, skip: Skip) -> Self {
        Self {
            raw,
            kind: Kind::NotUsed,
            name: Cow::Borrowed("unknown"),
            own_id: String::new(),
            id: Uuid::nil(),
            skip: Some(skip),
        }
    }

    pub(super) fn broken(broken: Broken) -> Self {
        Self::new(
            "",
            match broken {
                Broken::Missing => Skip::NoResource,
                Broken::Deletion => Skip::Deletion,
                Broken::Malformed => Skip::Malformed("entry".to_owned()),
            },
        )
    }

    /// A resource whose header can't be read; its type alone may be.
    pub(super) fn unreadable(raw: &str, field: String) -> Self {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct TypeOnly {
            resource_type: String,
        }
        let name = serde_json::from_str::<TypeOnly>(raw)
            .ok()
            .map(|it| it.resource_type)
            .filter(|name| is_type_name(name));
        let mut slot = Self::new("", Skip::Malformed(field));
        slot.name = name.map_or(Cow::Borrowed("unknown"), Cow::Owned);
        slot
    }

    pub(super) fn problem(
        &self,
        at: usize,
        code: &'static str,
        field: String,
        remedy: &'static str,
    ) -> Problem {
        Problem {
            index: at as u64,
            resource_type: self.name.clone().into_owned(),
            id: (!self.own_id.is_empty()).then(|| text::clip(&self.own_id, 64)),
            code,
            field,
            remedy,
        }
    }
}

/// Whether a name can be that of a FHIR type; anything else stays out of reports.
pub(super) fn is_type_name(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|char| char.is_ascii_alphabetic())
}
