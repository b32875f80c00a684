//! Ids, and the words that the core has and shells use as they are.

pub use homeround::model::{
    AllergyStatus, BreakReason, Consciousness, DeviceId, DocumentId, EntryId, GrantSource,
    HomeFinding, NotDoneReason, PatientId, PersonId, PlanId, ReportedBy, Role, Severity, Spo2Scale,
    TaskResult, TaskStatus, VisitId, VisitStatus,
};
use homeround::model::{Coding as CoreCoding, DocumentKind, Fix as CoreFix};

use crate::error::HomeroundError;

/// Ids are UUIDs in their usual text form. Another text is refused on `id`.
macro_rules! id {
    ($($name:ident),*) => {$(
        uniffi::custom_type!($name, String, {
            remote,
            try_lift: |text| {
                let limit = "a UUID, as in 0192f0c1-2b7e-7c3a-9d7e-1f2a3b4c5d6e";
                let refused = || HomeroundError::refused("id", limit);
                Ok(text.parse::<$name>().map_err(|_| refused())?)
            },
            lower: |id| id.to_string(),
        });
    )*};
}

id!(VisitId, PatientId, PlanId, PersonId, EntryId, DeviceId);

/// Where a visit stands.
#[uniffi::remote(Enum)]
pub enum VisitStatus {
    /// Booked.
    Scheduled,
    /// On the way.
    Traveling,
    /// In the home.
    InProgress,
    /// Interrupted.
    OnBreak,
    /// Done; can be signed.
    Completed,
    /// Sealed by its signer.
    Signed,
    /// Sealed, with something added since.
    Amended,
    /// Called off.
    Canceled,
    /// Nobody was met.
    Missed,
}

/// Where a task or an activity stands.
#[uniffi::remote(Enum)]
pub enum TaskStatus {
    /// Not begun.
    Open,
    /// Begun.
    Started,
    /// Not done, with a reason.
    NotDone,
    /// Done.
    Done,
}

/// Result of a task.
#[uniffi::remote(Enum)]
pub enum TaskResult {
    /// Reached what it was for.
    Pass,
    /// Did not.
    Fail,
    /// In part.
    PartialSuccess,
    /// Does not apply.
    NotApplicable,
    /// A result that this version does not know.
    Unknown,
}

/// Why a visit was missed or canceled, or a task or medication was left out.
#[uniffi::remote(Enum)]
pub enum NotDoneReason {
    /// Nobody opened.
    NotAtHome,
    /// The patient refused.
    Refused,
    /// The patient is in hospital.
    Hospitalised,
    /// The home or the way was unsafe.
    Unsafe,
    /// Weather.
    Weather,
    /// A supply or the medication was missing.
    NotAvailable,
    /// A clinical sign spoke against it.
    Contraindicated,
    /// Held on a prescriber's order.
    OnHold,
    /// Somebody else did it.
    DoneByOther,
    /// Booked by mistake.
    SchedulingError,
    /// The visit is there twice; the other one stands.
    Duplicate,
    /// Anything else; the comment says what.
    Other,
}

/// Why a visit is interrupted.
#[uniffi::remote(Enum)]
pub enum BreakReason {
    /// A meal.
    Meal,
    /// Rest.
    Rest,
    /// A call or a message that can't wait.
    Call,
    /// Something that is missing is fetched.
    Supplies,
    /// The patient, or who else is needed, is not ready.
    Waiting,
    /// An emergency elsewhere.
    Emergency,
    /// Anything else; the comment says what.
    Other,
}

/// How awake a patient is, by ACVPU.
#[uniffi::remote(Enum)]
pub enum Consciousness {
    /// Fully awake.
    Alert,
    /// Alert and newly confused, disoriented or agitated.
    NewConfusion,
    /// Responds to a voice.
    Voice,
    /// Responds to pain alone.
    Pain,
    /// Responds to nothing.
    Unresponsive,
    /// Something that this version does not know; it can't be recorded.
    Unknown,
}

/// Who told a figure that the clinician did not measure.
#[uniffi::remote(Enum)]
pub enum ReportedBy {
    /// The patient.
    Patient,
    /// Who decides or speaks for the patient.
    Representative,
    /// Somebody whom this version does not know, and no clinician.
    Unknown,
}

/// Which of NEWS2's two scales judges a patient's oxygen saturation.
#[uniffi::remote(Enum)]
pub enum Spo2Scale {
    /// Everybody's, unless a clinician decided otherwise.
    Scale1,
    /// For hypercapnic respiratory failure with a prescribed target of 88 to 92 %.
    Scale2,
    /// Something that this version does not know; it can't be recorded.
    Unknown,
}

/// What was found in the home of a line of the medication list.
#[uniffi::remote(Enum)]
pub enum HomeFinding {
    /// Taken as listed.
    Taking,
    /// Taken, and otherwise than listed.
    TakingDifferently,
    /// There, and not taken.
    NotTaking,
    /// Not in the home.
    NotFound,
    /// Something that this version does not know; it can't be recorded.
    Unknown,
}

/// Whether an allergy stands.
#[uniffi::remote(Enum)]
pub enum AllergyStatus {
    /// Recorded by mistake.
    EnteredInError,
    /// Looked into and ruled out.
    Refuted,
    /// No longer active.
    Resolved,
    /// Reported, not verified.
    Unconfirmed,
    /// Stands.
    Active,
}

/// How bad.
#[uniffi::remote(Enum)]
pub enum Severity {
    /// A nuisance.
    Mild,
    /// Needs care.
    Moderate,
    /// Threatens life.
    Severe,
}

/// What a person may do.
#[uniffi::remote(Enum)]
pub enum Role {
    /// A nurse.
    Nurse,
    /// A therapist.
    Therapist,
    /// An aide.
    Aide,
    /// Plans and books.
    Coordinator,
    /// Leads and reviews.
    Supervisor,
    /// Reads the trail.
    Auditor,
}

/// A code with its system, as FHIR has it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Coding {
    /// As in `http://loinc.org`; empty for words alone.
    pub system: String,
    /// Empty for words alone.
    pub code: String,
    /// As a person reads it.
    pub text: String,
}

impl From<CoreCoding> for Coding {
    fn from(coding: CoreCoding) -> Self {
        Self {
            system: coding.system,
            code: coding.code,
            text: coding.text,
        }
    }
}

impl From<Coding> for CoreCoding {
    fn from(coding: Coding) -> Self {
        Self {
            system: coding.system,
            code: coding.code,
            text: coding.text,
        }
    }
}

/// A place on earth, as the phone's positioning gave it.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct Fix {
    /// Degrees north, -90 to 90.
    pub latitude_deg: f64,
    /// Degrees east, -180 to 180.
    pub longitude_deg: f64,
    /// Radius of 68 % confidence, metres, 0 to 100 000.
    pub accuracy_m: f64,
}

impl From<Fix> for CoreFix {
    fn from(fix: Fix) -> Self {
        Self {
            latitude_deg: fix.latitude_deg,
            longitude_deg: fix.longitude_deg,
            accuracy_m: fix.accuracy_m,
        }
    }
}

impl From<CoreFix> for Fix {
    fn from(fix: CoreFix) -> Self {
        Self {
            latitude_deg: fix.latitude_deg,
            longitude_deg: fix.longitude_deg,
            accuracy_m: fix.accuracy_m,
        }
    }
}

/// Which document something is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DocumentRef {
    /// A visit.
    Visit {
        /// Which.
        id: VisitId,
    },
    /// A patient's chart.
    Chart {
        /// Whose.
        patient: PatientId,
    },
    /// A care plan.
    Plan {
        /// Which.
        id: PlanId,
    },
}

impl From<DocumentId> for DocumentRef {
    fn from(document: DocumentId) -> Self {
        match document.kind {
            DocumentKind::Visit => Self::Visit {
                id: VisitId(document.id),
            },
            DocumentKind::Chart => Self::Chart {
                patient: PatientId(document.id),
            },
            DocumentKind::Plan => Self::Plan {
                id: PlanId(document.id),
            },
        }
    }
}

/// What is known of an edit that is stored for good.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Saved {
    /// The entry or item that was added, if one was.
    pub entry: Option<EntryId>,
    /// The store's revision; observers hear the same number.
    pub revision: u64,
    /// The change's name, 64 hexadecimal digits.
    pub change: String,
}

impl From<homeround::app::Saved> for Saved {
    fn from(saved: homeround::app::Saved) -> Self {
        Self {
            entry: saved.entry,
            revision: saved.revision,
            change: saved.hash.to_string(),
        }
    }
}
