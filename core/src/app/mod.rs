//! Where the rooms meet: one use case is one function and one transaction.
//!
//! [`Homeround`] is the root. A shell opens it with one [`OpenConfig`],
//! unlocks it, and takes handles for a visit, a chart or a plan from it. Reads
//! come from projections and never wait for a writer; writes return after the
//! durable commit. The path of one edit is in `edit.rs`, what a page of the
//! backend does in `arrive.rs`, what a verdict does in `verdicts.rs`.

mod anchor;
mod arrive;
mod attachments;
mod bring_back;
mod card;
mod care;
mod chart;
mod clinical;
mod config;
mod day;
mod duplicates;
mod edit;
mod emergency;
mod error;
mod files;
mod flow;
mod fold;
mod forms;
mod handover;
mod health;
mod idle;
mod inner;
mod input;
mod inspect;
mod lease;
mod leave;
mod loan;
mod look;
mod medication;
mod messages;
mod notices;
mod numbers;
mod observer;
mod order;
mod outbox;
mod page;
mod patient;
mod plan;
mod presence;
mod progress;
mod project;
mod proof;
mod put_back;
mod quarantine;
mod reauthor;
mod reconcile;
mod recover;
mod session;
mod sign;
mod sign_off;
mod since;
mod since_items;
mod survey;
mod sync_store;
mod system;
mod templates;
mod trend;
mod unplanned;
mod uploads;
mod verdicts;
mod virtual_visit;
mod visit;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use attachments::{
    ATTACHMENT_BYTES_MAX, ATTACHMENTS_BYTES_MAX, Attachment, MEDIA_TYPES, NewAttachment,
    THUMBNAIL_BYTES_MAX, media_type_of,
};
pub use card::{
    CARD_MESSAGES_MAX, CareLead, Figure, LastScore, Listed, OverdueActivity, PatientCard,
    WaitingMessages,
};
pub use care::{PlanCounts, PlanState};
pub use chart::{ChartHandle, HOME_ACCESS_NAMES};
pub use clinical::Assessment;
pub use config::{DEVICE_LABEL_CHARS_MAX, OpenConfig};
pub use day::Day;
pub use duplicates::LikelyDuplicate;
pub use edit::Saved;
pub use error::AppError;
pub use forms::{FormOffer, OpenForm};
pub use handover::{HandedOver, HandoverView};
pub use health::{SyncHealth, UnsentDocument};
pub use idle::IdleReport;
use inner::Inner;
pub use inner::{DOCUMENTS_OPEN_MAX, Me};
pub use input::{Dose, MeasureValue, MeasuredHow, NoteEdit, TaskOutcome, VitalsEntry};
pub use inspect::{AuditState, Authored, DocumentState, StoreFigures, Whereabouts};
pub use leave::Escrow;
pub use medication::{GivenDose, OVERRIDE_REASON_CHARS_MAX};
pub use messages::{MessageThread, MessageView, NewMessage};
pub use notices::{NewNoticeWishes, NoticeDraft, NoticeView};
pub use numbers::{MyNumbers, NUMBERS_DAYS_MAX, ON_TIME_MINUTES};
pub use observer::Observer;
pub use order::{
    KnownLeg, LEEWAY_MINUTES_MAX, LEGS_MAX, OrderOfDay, OrderOptions, Spot, VisitEstimate,
};
pub use patient::{TIMELINE_PAGE_MAX, Timeline};
pub use plan::{PLAN_STATUSES, PLAN_TEXT_CHARS_MAX, PlanHandle};
pub use presence::PresenceView;
pub use progress::ProgressNote;
pub use quarantine::QuarantinedEdit;
pub use reconcile::{FOUND_MAX, RECONCILE_COMMENT_CHARS_MAX};
pub use recover::Recovery;
pub use session::SessionState;
pub use sign::SealCheck;
pub use sign_off::SignOffView;
pub use since::{CHANGES_PAGE_MAX, ChangeHow, Changed, FIRST_VISIT_DAYS, LastHere, SinceLastHere};
pub use since_items::{CHANGE_CHARS_MAX, ChangeKind, ChangedField};
pub use survey::{
    InvitationView, QuestionTally, SURVEY_RESULTS_MAX, SurveyAnswered, SurveyDesk, SurveyLine,
    SurveyResults, SurveyView,
};
pub use sync_store::PhoneStore;
pub use system::{Clocks, System};
pub use templates::{NewPlan, TemplateOffer};
pub use trend::{TREND_PAGE_MAX, Trend, TrendCursor, TrendPoint, TrendSource};
pub use unplanned::{NEW_VISIT_WITHIN_MS, NewVisit};
pub use uploads::AttachmentsReport;
pub use virtual_visit::{NewConsent, PhoneFallback, VirtualView};
pub use visit::VisitHandle;

use crate::model::{PatientId, PlanId, VisitId};
use crate::vault::{Entropy, KeyVault, OsEntropy, make_folder};

/// What the platform gives: hardware-backed keys, clocks, randomness.
pub struct Platform {
    /// Hardware-backed keys.
    pub hardware: Arc<dyn KeyVault>,
    /// The clocks.
    pub clocks: Arc<dyn Clocks>,
    /// The randomness.
    pub entropy: Box<dyn Entropy + Send>,
}

impl Platform {
    /// The operating system's clocks and randomness, with these keys.
    #[must_use]
    pub fn system(hardware: Arc<dyn KeyVault>) -> Self {
        Self {
            hardware,
            clocks: Arc::new(System),
            entropy: Box::new(OsEntropy),
        }
    }
}

/// A phone: everything but its screen and its radio. Cheap to clone; clones
/// are the same phone.
#[derive(Clone)]
pub struct Homeround {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Homeround {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Homeround(..)")
    }
}

impl Homeround {
    /// Opens a phone's folder, locked. A wipe that was interrupted is finished.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the field of the config;
    /// [`AppError::Damaged`] and [`AppError::UpdateApp`] for the key file.
    pub fn open(config: OpenConfig, platform: Platform) -> Result<Self, AppError> {
        config.check()?;
        make_folder(&config.folder).map_err(|_| AppError::Refused {
            field: "folder".into(),
            limit: "a folder that can be made and written".into(),
        })?;
        let vault = session::open_vault(&platform.hardware, &config.folder)?;
        Ok(Self {
            inner: Arc::new(Inner::new(config, platform, vault)),
        })
    }

    /// A visit, for reading and for work.
    #[must_use]
    pub fn visit(&self, id: VisitId) -> VisitHandle {
        VisitHandle {
            inner: Arc::clone(&self.inner),
            id,
        }
    }

    /// A patient's chart, for reading and for work.
    #[must_use]
    pub fn chart(&self, id: PatientId) -> ChartHandle {
        ChartHandle {
            inner: Arc::clone(&self.inner),
            id,
        }
    }

    /// A care plan, for reading and for work.
    #[must_use]
    pub fn plan(&self, id: PlanId) -> PlanHandle {
        PlanHandle {
            inner: Arc::clone(&self.inner),
            id,
        }
    }

    /// Hears of changes until removed.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.inner.observers.add(observer);
    }

    /// Stops hearing.
    pub fn unobserve(&self, observer: &Arc<dyn Observer>) {
        self.inner.observers.remove(observer);
    }

    /// Grows with every change of the store since this was opened.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.inner.revision()
    }

    /// Who works on this phone; none until it is enrolled.
    ///
    /// # Errors
    /// [`AppError::Locked`].
    pub fn me(&self) -> Result<Option<Me>, AppError> {
        Ok(self.inner.reads()?.me.clone())
    }
}
