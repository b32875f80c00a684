//! What changed about a patient since one was there last.

use homeround::app;
use homeround::model::DocumentId;

use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::patient::Patient;
use crate::types::{DocumentRef, VisitId};

/// What sort of thing changed, in the order in which changes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ChangeKind {
    /// A warning to everyone who enters.
    Alert,
    /// An allergy.
    Allergy,
    /// A line of the medication list.
    Medication,
    /// A condition.
    Condition,
    /// A finding, or the scale that judges one.
    Observation,
    /// A medication given or not given.
    Dose,
    /// A care plan.
    Plan,
    /// A goal.
    Goal,
    /// An activity of a plan.
    Activity,
    /// How a goal or an activity went.
    Progress,
    /// A task of a visit.
    Task,
    /// A form that was completed.
    Form,
    /// A visit that took place, or did not.
    Visit,
    /// A visit's note.
    Note,
    /// A photo, a recording or a file.
    Attachment,
    /// What the patient said of a visit.
    Survey,
    /// "Looked at, nothing to change."
    Review,
    /// How to get into the home.
    HomeAccess,
    /// Somebody to call.
    Contact,
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ChangeHow {
    /// It was not there.
    Added,
    /// It was there and differs now.
    Changed,
    /// It was there, and somebody said that it was an error or took it off.
    TakenBack,
}

/// One field of what changed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChangedField {
    /// The field's name, as in `dose`, `pulse_bpm`, `status` or `door_code`.
    pub name: String,
    /// What stood there, 500 characters at most; none: nothing. Codes of the core, as in
    /// `active` or `not_done`, are as they are written.
    pub before: Option<String>,
    /// What stands there now; none: nothing. Both none: it changed, and is read where it
    /// stands.
    pub now: Option<String>,
}

/// Something that changed.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PatientChange {
    /// Names it within the list.
    pub id: String,
    /// What sort of thing.
    pub kind: ChangeKind,
    /// What became of it.
    pub how: ChangeHow,
    /// Where it stands.
    pub document: DocumentRef,
    /// What it is called, as it was written; empty: its kind says it all.
    pub title: String,
    /// What differs, with what stood before. What was taken back has what stood.
    pub fields: Vec<ChangedField>,
    /// Why it was corrected, if it was.
    pub reason: Option<String>,
    /// By whom last; without a person: a device that this phone does not know, as the
    /// backend's.
    pub by: By,
    /// When it was measured, given or said, else when it was written last; milliseconds
    /// since 1970, by the writer's clock.
    pub at_ms: i64,
    /// During which visit.
    pub visit: Option<VisitId>,
    /// It was written before one left, and arrived after.
    pub late: bool,
}

/// How much changed of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct ChangeCount {
    /// Of which kind.
    pub kind: ChangeKind,
    /// How many changes.
    pub count: u32,
}

/// When one was at a patient's last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct LastHere {
    /// When one left, by one's own clock; milliseconds since 1970.
    pub at_ms: i64,
    /// After which visit.
    pub visit: Option<VisitId>,
}

/// What changed about a patient since one was there last.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct SinceLastHere {
    /// When that was; none: never, and what follows was recorded in the last 30 days by
    /// the writers' clocks.
    pub last: Option<LastHere>,
    /// How many changes there are in all.
    pub count: u32,
    /// How many of each kind, in the order of the list.
    pub kinds: Vec<ChangeCount>,
    /// This page of them: by kind, the newest of a kind first.
    pub changes: Vec<PatientChange>,
    /// How many to skip for the next page; none: this was the last.
    pub next: Option<u32>,
}

/// Which page of what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct ChangeQuery {
    /// What the last page gave; 0: from the first.
    #[uniffi(default = 0)]
    pub skip: u32,
    /// At most so many changes, 1 to 200.
    #[uniffi(default = 50)]
    pub limit: u32,
}

#[uniffi::export]
impl Patient {
    /// What others changed since one was there last: since one left a visit of this
    /// patient, on whichever of one's phones, and told by what was known then and not by
    /// clocks. One's own edits are not among it. Fails as `read`.
    pub fn since_last_here(&self, query: ChangeQuery) -> Result<SinceLastHere, HomeroundError> {
        guard(|| {
            let app = &self.phone.app;
            let names = Names::new(app);
            let told = app.since_last_here(self.id, query.skip, query.limit)?;
            Ok::<_, HomeroundError>(shown(told, &names))
        })
    }
}

pub(crate) fn shown(told: app::SinceLastHere, names: &Names<'_>) -> SinceLastHere {
    let kinds = told.kinds.into_iter().map(|(kind, count)| ChangeCount {
        kind: kind.into(),
        count: count_of(count),
    });
    SinceLastHere {
        last: told.last.map(|last| LastHere {
            at_ms: last.at.0,
            visit: last.visit,
        }),
        count: count_of(told.count),
        kinds: kinds.collect(),
        changes: told
            .changes
            .into_iter()
            .map(|one| change(one, names))
            .collect(),
        next: told.next,
    }
}

pub(crate) fn count_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn change(change: app::Changed, names: &Names<'_>) -> PatientChange {
    let DocumentId { id, .. } = change.document;
    let fields = change.fields.into_iter().map(|field| ChangedField {
        name: field.name,
        before: field.before,
        now: field.now,
    });
    PatientChange {
        id: format!("{id}/{}", change.field.0),
        kind: change.kind.into(),
        how: match change.how {
            app::ChangeHow::Added => ChangeHow::Added,
            app::ChangeHow::Changed => ChangeHow::Changed,
            app::ChangeHow::TakenBack => ChangeHow::TakenBack,
        },
        document: change.document.into(),
        title: change.title,
        fields: fields.collect(),
        reason: change.reason,
        by: change.by.map_or_else(By::unknown, |by| names.by(by)),
        at_ms: change.at.0,
        visit: change.visit,
        late: change.late,
    }
}

impl From<app::ChangeKind> for ChangeKind {
    fn from(kind: app::ChangeKind) -> Self {
        match kind {
            app::ChangeKind::Alert => Self::Alert,
            app::ChangeKind::Allergy => Self::Allergy,
            app::ChangeKind::Medication => Self::Medication,
            app::ChangeKind::Condition => Self::Condition,
            app::ChangeKind::Observation => Self::Observation,
            app::ChangeKind::Dose => Self::Dose,
            app::ChangeKind::Plan => Self::Plan,
            app::ChangeKind::Goal => Self::Goal,
            app::ChangeKind::Activity => Self::Activity,
            app::ChangeKind::Progress => Self::Progress,
            app::ChangeKind::Task => Self::Task,
            app::ChangeKind::Form => Self::Form,
            app::ChangeKind::Visit => Self::Visit,
            app::ChangeKind::Note => Self::Note,
            app::ChangeKind::Attachment => Self::Attachment,
            app::ChangeKind::Survey => Self::Survey,
            app::ChangeKind::Review => Self::Review,
            app::ChangeKind::HomeAccess => Self::HomeAccess,
            app::ChangeKind::Contact => Self::Contact,
        }
    }
}
