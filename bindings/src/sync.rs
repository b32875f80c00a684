//! Getting every edit to the backend and everything else here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use homeround::store::QuarantineState;
use homeround::sync::{self, Block, Cancel, Event, Monotonic, RunReport, SyncState as Core, Ticks};

use crate::conflict::{WrittenValue, written};
use crate::courier::CourierSession;
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::root::Phone;
use crate::serving::{after_run, is_idle, new_engine};
use crate::types::{DocumentRef, PatientId};

/// Milliseconds since the library was first used; never goes back.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Uptime;

impl Ticks for Uptime {
    #[expect(
        clippy::disallowed_methods,
        reason = "a shell's own clock of the process, read in this one place"
    )]
    fn now(&self) -> Monotonic {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        Monotonic(i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// What somebody has to do before the network can be used again. Reading and work go
/// on meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SyncAction {
    /// Sign in again.
    SignIn,
    /// Sign in as the person whom this device is enrolled for.
    SignInAsOwner,
    /// Enrol this device again.
    EnrolAgain,
    /// This device was revoked; unsent work can still be handed over.
    DeviceRevoked,
    /// Update the app.
    UpdateApp,
    /// The person has no role here: somebody must give one.
    AskAdministrator,
    /// The store refuses to go on until it is mended.
    MendStorage,
}

/// Where the sync stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SyncState {
    /// Nothing to do until something happens.
    Idle {
        /// Whether a run got to its end since the app was opened.
        synced: bool,
    },
    /// A run is under way.
    Running {
        /// Changes sent and items taken in so far.
        done: u64,
        /// `done` and what is known to remain; grows while more comes up.
        total: u64,
    },
    /// Will go on by itself.
    Waiting {
        /// Milliseconds until then; none: when the network is back, or at the next start.
        for_ms: Option<u64>,
        /// Stable code of the cause, as in `offline`.
        why: String,
    },
    /// Somebody has to do something first.
    Blocked {
        /// What.
        action: SyncAction,
        /// Stable code of the cause, as in `token_expired`.
        code: String,
    },
}

impl From<&Core> for SyncState {
    fn from(state: &Core) -> Self {
        match state {
            Core::Idle { last_at } => Self::Idle {
                synced: last_at.is_some(),
            },
            Core::Running { done, total } => Self::Running {
                done: *done,
                total: *total,
            },
            Core::Waiting { until, why } => Self::Waiting {
                for_ms: until.map(|until| until.since(Uptime.now())),
                why: why.code().into(),
            },
            Core::Blocked { action, code } => Self::Blocked {
                action: match action {
                    Block::SignIn => SyncAction::SignIn,
                    Block::SignInAsOwner => SyncAction::SignInAsOwner,
                    Block::EnrolAgain => SyncAction::EnrolAgain,
                    Block::DeviceRevoked => SyncAction::DeviceRevoked,
                    Block::UpdateApp => SyncAction::UpdateApp,
                    Block::AskAdministrator => SyncAction::AskAdministrator,
                    Block::MendStorage => SyncAction::MendStorage,
                },
                code: code.clone(),
            },
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncReport {
    /// Edits that the backend has now.
    pub sent: u64,
    /// Edits that the backend rejected: they are in quarantine with their values.
    pub rejected: u64,
    /// Pages taken in.
    pub pages: u64,
    /// Patients that left this phone.
    pub purged: u64,
    /// Attachments sent.
    pub attachments_sent: u64,
    /// Attachments that are still only here.
    pub attachments_left: u64,
    /// Where the run ended.
    pub ended: SyncState,
}

impl SyncReport {
    pub(crate) fn of(run: &RunReport) -> Self {
        Self {
            sent: run.accepted + run.duplicate,
            rejected: run.rejected,
            pages: run.pages,
            purged: run.purged,
            attachments_sent: 0,
            attachments_left: 0,
            ended: (&run.ended).into(),
        }
    }
}

/// Unsent work of one document.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct UnsentDocument {
    /// Which.
    pub document: DocumentRef,
    /// Whose, if it is known here.
    pub patient: Option<PatientId>,
    /// As a person reads it; empty when it may not be shown.
    pub patient_name: String,
    /// How many edits.
    pub edits: u64,
    /// When the oldest was made, by the wall clock, milliseconds since 1970.
    pub oldest_ms: i64,
}

/// Conflicts that nobody has settled.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OpenConflicts {
    /// In which document.
    pub document: DocumentRef,
    /// How many.
    pub open: u64,
}

/// Is everything sent, and if not, what is left?
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncHealth {
    /// Edits that the backend does not have.
    pub unsent: u64,
    /// When the oldest was made, by the wall clock, milliseconds since 1970.
    pub oldest_unsent_ms: Option<i64>,
    /// The same by document, the oldest first.
    pub documents: Vec<UnsentDocument>,
    /// Attachments that only this phone has.
    pub attachments_unsent: u64,
    /// Edits in quarantine that wait for a person.
    pub quarantined: u64,
    /// Documents with open conflicts.
    pub conflicts: Vec<OpenConflicts>,
    /// Documents that arrived and are not merged yet.
    pub deferred: u64,
}

/// What a person did about an edit in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum QuarantineStatus {
    /// Waits for a person.
    Open,
    /// Was entered again.
    ReEntered,
    /// Somebody else takes care of it.
    HandedOver,
    /// A person said that it is not needed.
    Dismissed,
    /// The patient left this phone: the backend keeps the edit for a reviewer.
    HeldByBackend,
}

impl From<QuarantineState> for QuarantineStatus {
    fn from(state: QuarantineState) -> Self {
        match state {
            QuarantineState::Open => Self::Open,
            QuarantineState::ReEntered => Self::ReEntered,
            QuarantineState::HandedOver => Self::HandedOver,
            QuarantineState::Dismissed => Self::Dismissed,
            QuarantineState::HeldByBackend => Self::HeldByBackend,
        }
    }
}

impl From<QuarantineStatus> for QuarantineState {
    fn from(status: QuarantineStatus) -> Self {
        match status {
            QuarantineStatus::Open => Self::Open,
            QuarantineStatus::ReEntered => Self::ReEntered,
            QuarantineStatus::HandedOver => Self::HandedOver,
            QuarantineStatus::Dismissed => Self::Dismissed,
            QuarantineStatus::HeldByBackend => Self::HeldByBackend,
        }
    }
}

/// An edit that could not stand.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct QuarantinedEdit {
    /// Which.
    pub id: i64,
    /// Where it was made.
    pub document: DocumentRef,
    /// Why it was not taken: a stable code.
    pub code: String,
    /// The field that it is about, if it is about one.
    pub field: Option<String>,
    /// What was entered; empty when it may not be kept here.
    pub values: Vec<WrittenValue>,
    /// When it was made, milliseconds since 1970.
    pub at_ms: i64,
    /// What a person did about it.
    pub status: QuarantineStatus,
}

/// Getting every edit to the backend and everything else here.
#[derive(uniffi::Object)]
pub struct Sync {
    phone: Arc<Phone>,
    /// Of the run under way, if one is.
    cancel: Arc<Mutex<Cancel>>,
}

impl Sync {
    pub(crate) fn new(phone: Arc<Phone>) -> Self {
        Self {
            phone,
            cancel: Arc::default(),
        }
    }
}

#[uniffi::export]
impl Sync {
    /// One run: sends what is unsent, takes in what is new, then merges what arrived for
    /// later and sends attachments. Being killed, dropped or cancelled at any point is
    /// safe. `budget_ms`: what the platform gives; none: as long as it needs.
    ///
    /// An offline phone is no failure: `ended` says so. Fails with `Locked`,
    /// `NotEnrolled`, `Cancelled`.
    #[uniffi::method(default(budget_ms = None))]
    pub async fn run(&self, budget_ms: Option<u64>) -> Result<SyncReport, HomeroundError> {
        if self.phone.app.me()?.is_none() {
            return Err(HomeroundError::NotEnrolled);
        }
        let phone = Arc::clone(&self.phone);
        if let Some(mut reports) = phone.serving.ask(budget_ms) {
            let heard = async move {
                let told = reports.changed().await;
                told.map_err(|_| HomeroundError::Cancelled)?;
                let report = reports.borrow().as_ref().map(SyncReport::of);
                report.ok_or(HomeroundError::Cancelled)
            };
            return self.phone.runtime.run(heard).await;
        }
        let cancel = Cancel::default();
        *self.cancel.lock().unwrap_or_else(PoisonError::into_inner) = cancel.clone();
        let work = run_once(phone, cancel, budget_ms);
        self.phone.runtime.run(work).await
    }

    /// Stops the run of this object, if one is under way: `run` answers soon.
    pub fn cancel(&self) -> Result<(), HomeroundError> {
        guard(|| {
            self.cancel
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .cancel();
            Ok::<_, HomeroundError>(())
        })
    }

    /// Stays in sync until `stop`: after each edit, when the backend has news, when the
    /// network is back. While the phone is locked or lent it pauses. Fails with `Locked`,
    /// `NotEnrolled`.
    pub fn start(&self) -> Result<(), HomeroundError> {
        guard(|| self.phone.serving.start(&self.phone))
    }

    /// Ends `start`.
    pub fn stop(&self) -> Result<(), HomeroundError> {
        guard(|| {
            self.phone.serving.stop();
            Ok::<_, HomeroundError>(())
        })
    }

    /// The platform says whether there is a network.
    pub fn network_changed(&self, online: bool) -> Result<(), HomeroundError> {
        guard(|| {
            self.phone.serving.nudge(Event::Online(online));
            Ok::<_, HomeroundError>(())
        })
    }

    /// Is everything sent, and if not, what is left?
    pub fn health(&self) -> Result<SyncHealth, HomeroundError> {
        guard(|| self.phone.app.sync_health().map(health))
    }

    /// Every edit that could not stand, the open ones among them.
    pub fn quarantine(&self) -> Result<Vec<QuarantinedEdit>, HomeroundError> {
        guard(|| {
            let edits = self.phone.app.quarantine()?.into_iter();
            let shown = edits.map(|edit| QuarantinedEdit {
                id: edit.id,
                document: edit.document.into(),
                code: edit.code,
                field: edit.field,
                values: written(&edit.values),
                at_ms: edit.at.0,
                status: edit.state.into(),
            });
            Ok::<_, HomeroundError>(shown.collect())
        })
    }

    /// A person took care of an edit: `ReEntered`, `HandedOver` or `Dismissed`. Fails
    /// with `Refused` on `state` for another one.
    pub fn close_quarantined(
        &self,
        id: i64,
        status: QuarantineStatus,
    ) -> Result<(), HomeroundError> {
        guard(|| self.phone.app.close_quarantined(id, status.into()))
    }

    /// For a platform that must do its own HTTP, as a background URLSession: hands out
    /// requests and takes answers. Fails with `Locked`, `NotEnrolled`.
    pub fn courier(&self) -> Result<Arc<CourierSession>, HomeroundError> {
        guard(|| CourierSession::start(&self.phone))
    }
}

async fn run_once(
    phone: Arc<Phone>,
    cancel: Cancel,
    budget_ms: Option<u64>,
) -> Result<SyncReport, HomeroundError> {
    let ticks = Uptime;
    let started = ticks.now();
    let mut engine = new_engine();
    let mut store = phone.app.sync_store();
    let network = (&phone.radio, &phone.tokens);
    let run = sync::run(&mut engine, &mut store, network, &ticks, &cancel, budget_ms).await;
    let mut report = SyncReport::of(&run);
    if cancel.is_canceled() {
        return Err(HomeroundError::Cancelled);
    }
    if is_idle(&run.ended) {
        let left = budget_ms.map(|budget| budget.saturating_sub(ticks.now().since(started)));
        let files = after_run(&phone.app, &phone.radio, &phone.tokens, &cancel, left).await?;
        report.attachments_sent = files.sent;
        report.attachments_left = files.left;
    }
    Ok(report)
}

fn health(health: homeround::app::SyncHealth) -> SyncHealth {
    let documents = health.documents.into_iter().map(|one| UnsentDocument {
        document: one.document.into(),
        patient: one.patient,
        patient_name: one.patient_name,
        edits: one.edits,
        oldest_ms: one.oldest.0,
    });
    let conflicts = health
        .conflicts
        .into_iter()
        .map(|(document, open)| OpenConflicts {
            document: document.into(),
            open,
        });
    SyncHealth {
        unsent: health.unsent,
        oldest_unsent_ms: health.oldest_unsent.map(|at| at.0),
        documents: documents.collect(),
        attachments_unsent: health.attachments_unsent,
        quarantined: health.quarantined,
        conflicts: conflicts.collect(),
        deferred: health.deferred,
    }
}
