//! A patient in the context of a visit: the card that is read in front of the door.

use homeround::app;
use homeround::model;

use crate::care::{PlannedTask, task};
use crate::chart::{Alert, Allergy, Condition, Contact, HomeAccess, Medication};
use crate::clinical::Assessment;
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::messages::{Message, message};
use crate::names::{By, Names};
use crate::patient::{Demographics, Patient};
use crate::since::{SinceLastHere, count_of, shown};
use crate::trend::{TrendPoint, point};
use crate::types::{EntryId, PersonId, PlanId, VisitId};

/// Who went through a list, and when.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ListReview {
    /// Who.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// The last figure of a vital sign, and the one before.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct LastFigure {
    /// Its name, as in `pulse_bpm`.
    pub field: String,
    /// The last one, and where it stands.
    pub last: TrendPoint,
    /// The one before, in the same unit.
    pub before: Option<TrendPoint>,
}

/// What the last set of vital signs says; show `decision_support_text` beside it.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct LastScore {
    /// When it was measured, milliseconds since 1970.
    pub at_ms: i64,
    /// At which visit.
    pub visit: VisitId,
    /// By whom.
    pub by: By,
    /// The score with its parts, and what is unusual.
    pub assessment: Assessment,
    /// The total of the last set before that has one.
    pub before_total: Option<f64>,
    /// When that was, milliseconds since 1970.
    pub before_at_ms: Option<i64>,
}

/// Who leads a patient's care.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CareLead {
    /// Which person.
    pub person: PersonId,
    /// As colleagues read it.
    pub name: String,
    /// How to reach them, if known.
    pub phone: Option<String>,
}

/// An activity of a care plan whose time is over.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OverdueActivity {
    /// Which plan.
    pub plan: PlanId,
    /// Which activity.
    pub activity: EntryId,
    /// What is to be done.
    pub title: String,
    /// When it was due, milliseconds since 1970.
    pub due_ms: i64,
}

/// A patient in the context of a visit, all of it from this phone's own store. Figures,
/// lists and scores on it support a clinician's judgement and never replace it: show
/// `decision_support_text` beside them. What is none is not shown to the role of who works
/// on this phone.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PatientCard {
    /// Who it is.
    pub patient: Demographics,
    /// The age now, in whole months; none: no birth date is known.
    pub age_months: Option<u32>,
    /// Warnings to everyone who enters, the worst first.
    pub alerts: Vec<Alert>,
    /// Allergies that stand, the worst first.
    pub allergies: Option<Vec<Allergy>>,
    /// Who went through the allergies last.
    pub allergies_reviewed: Option<ListReview>,
    /// Conditions that are active.
    pub conditions: Option<Vec<Condition>>,
    /// What is taken now.
    pub medications: Option<Vec<Medication>>,
    /// Who went through the medications last.
    pub medications_reviewed: Option<ListReview>,
    /// The last figure of each vital sign, in the order of the chart.
    pub figures: Option<Vec<LastFigure>>,
    /// What the last set of vital signs says; none: there is none.
    pub score: Option<LastScore>,
    /// How to get into the home.
    pub home_access: Vec<HomeAccess>,
    /// People to call.
    pub contacts: Vec<Contact>,
    /// Who leads the patient's care; none: no team names anybody of that role.
    pub lead: Option<CareLead>,
    /// What the care plans ask for at the visit and nobody has seen to yet.
    pub asked: Vec<PlannedTask>,
    /// What is overdue of the care plans, the oldest first.
    pub overdue: Option<Vec<OverdueActivity>>,
    /// Messages that wait to be read.
    pub unread: u32,
    /// Of them, those that can't wait, and those that are meant for oneself.
    pub pressing: u32,
    /// The first of them, three at most: what presses, then the latest. None: this role is
    /// shown no messages.
    pub messages: Option<Vec<Message>>,
    /// What changed since one was here last: the first five, and how much there is.
    pub since: SinceLastHere,
    /// As of when, milliseconds since 1970.
    pub now_ms: i64,
}

#[uniffi::export]
impl Patient {
    /// The card of this patient, in the context of a visit if one is given. Nothing is
    /// fetched for it. Fails as `read`; with `NotFound` when the visit is not one of the
    /// patient's on this phone.
    #[uniffi::method(default(visit = None))]
    pub fn card(&self, visit: Option<VisitId>) -> Result<PatientCard, HomeroundError> {
        guard(|| {
            let app = &self.phone.app;
            let names = Names::new(app);
            let card = app.patient_card(self.id, visit)?;
            Ok::<_, HomeroundError>(whole(card, &names))
        })
    }
}

fn whole(card: app::PatientCard, names: &Names<'_>) -> PatientCard {
    let (allergies, allergies_reviewed) = listed(card.allergies, names);
    let (conditions, _) = listed(card.conditions, names);
    let (medications, medications_reviewed) = listed(card.medications, names);
    let figures = card.figures.map(|all| {
        let figures = all.into_iter().map(|one| LastFigure {
            field: one.field.into(),
            last: point(one.last, names),
            before: one.before.map(|before| point(before, names)),
        });
        figures.collect()
    });
    let home_access = card.home_access.into_iter();
    let waiting = card.messages.as_ref();
    PatientCard {
        patient: card.patient.into(),
        age_months: card.age_months,
        alerts: card.alerts.into_iter().map(Into::into).collect(),
        allergies,
        allergies_reviewed,
        conditions,
        medications,
        medications_reviewed,
        figures,
        score: card.score.map(|score| last_score(score, names)),
        home_access: home_access
            .map(|(name, text)| HomeAccess { name, text })
            .collect(),
        contacts: card.contacts.into_iter().map(Into::into).collect(),
        lead: card.lead.map(|lead| CareLead {
            person: lead.person,
            name: lead.name,
            phone: lead.phone,
        }),
        asked: card.asked.into_iter().map(|it| task(it, names)).collect(),
        overdue: card
            .overdue
            .map(|all| all.into_iter().map(overdue).collect()),
        unread: waiting.map_or(0, |it| count_of(it.unread)),
        pressing: waiting.map_or(0, |it| count_of(it.pressing)),
        messages: card.messages.map(|waiting| {
            let first = waiting.first.into_iter();
            first.map(|one| message(one, names)).collect()
        }),
        since: shown(card.since, names),
        now_ms: card.now.0,
    }
}

/// A list's items, and who went through it.
fn listed<T, U: From<T>>(
    list: Option<app::Listed<T>>,
    names: &Names<'_>,
) -> (Option<Vec<U>>, Option<ListReview>) {
    let Some(list) = list else {
        return (None, None);
    };
    let items = list.items.into_iter().map(|(_, item)| item.into());
    let reviewed = list.reviewed.map(|(by, at)| ListReview {
        by: names.by(by),
        at_ms: at.0,
    });
    (Some(items.collect()), reviewed)
}

fn last_score(score: app::LastScore, names: &Names<'_>) -> LastScore {
    LastScore {
        at_ms: score.at.0,
        visit: score.visit,
        by: names.by(score.by),
        assessment: score.assessment.into(),
        before_total: score.before.map(|(total, _)| total),
        before_at_ms: score.before.map(|(_, model::Millis(at))| at),
    }
}

fn overdue(one: app::OverdueActivity) -> OverdueActivity {
    OverdueActivity {
        plan: one.plan,
        activity: one.activity,
        title: one.title,
        due_ms: one.due.0,
    }
}
