//! Notices to a patient: on the way, later than booked.

use homeround::app;
use homeround::model::{self, Millis};
pub use homeround::model::{NotSent, NoticeChannel, NoticeKind, NoticeState, WishedBy};

use crate::chart::Chart;
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::order::OrderOptions;
use crate::types::{EntryId, Saved};
use crate::visit::Visit;

/// What a patient is told.
#[uniffi::remote(Enum)]
pub enum NoticeKind {
    /// Somebody has set out.
    OnMyWay,
    /// The visit begins later than booked.
    Late,
    /// One that this version does not know.
    Unknown,
}

/// How a notice reaches a patient.
#[uniffi::remote(Enum)]
pub enum NoticeChannel {
    /// An e-mail.
    Email,
    /// A text message to a phone.
    Sms,
    /// A message to an app of the patient's.
    Push,
    /// One that this version does not know.
    Unknown,
}

/// Who said something for the patient.
#[uniffi::remote(Enum)]
pub enum WishedBy {
    /// The patient.
    Patient,
    /// Who may speak for the patient.
    Representative,
    /// Somebody whom this version does not know.
    Unknown,
}

/// Where a notice stands.
#[uniffi::remote(Enum)]
pub enum NoticeState {
    /// The backend has it and will send it.
    Queued,
    /// Handed to who delivers it.
    Sent,
    /// It was not sent, and will not be.
    NotSent,
    /// A state that this version does not know.
    Unknown,
}

/// Why a notice is not sent.
#[uniffi::remote(Enum)]
pub enum NotSent {
    /// Nobody has asked the patient.
    NotAsked,
    /// The patient does not want any.
    Declined,
    /// Two people wrote down different wishes: somebody settles them first.
    Contested,
    /// There is no address.
    NoAddress,
    /// The backend has no page that a link could lead to.
    NoPage,
    /// The backend has nobody who delivers by this channel.
    NoProvider,
    /// It is night at the patient's.
    QuietHours,
    /// The visit has begun, is over or called off, or the time has passed; of a survey: it
    /// was answered already, or is too long ago.
    TooLate,
    /// The clock of the phone that asked for it was ahead: its times can't be right.
    ClockDoubt,
    /// A later notice of the visit says it better.
    Superseded,
    /// The visit has had as many as it may.
    TooMany,
    /// Who delivers does not take it now; it is tried again as long as it helps.
    Delayed,
    /// Who delivers does not take it: the address may be wrong.
    Refused,
    /// A reason that this version does not know.
    Unknown,
}

/// Hours in which a patient is not written to, by the clock on the wall of the home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct QuietHours {
    /// Minute of the day at which they begin, 0 to 1439.
    pub from_minute: u16,
    /// Minute of the day at which they end, 0 to 1439; before `from_minute`: on the next
    /// day. The same: there are none.
    pub until_minute: u16,
}

impl From<QuietHours> for model::QuietHours {
    fn from(quiet: QuietHours) -> Self {
        Self {
            from_minute: quiet.from_minute,
            until_minute: quiet.until_minute,
        }
    }
}

impl From<model::QuietHours> for QuietHours {
    fn from(quiet: model::QuietHours) -> Self {
        Self {
            from_minute: quiet.from_minute,
            until_minute: quiet.until_minute,
        }
    }
}

/// What a patient wishes, as somebody writes it down.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewNoticeWishes {
    /// Whether the patient agrees to notices; without that none is sent.
    pub agreed: bool,
    /// Who says so.
    pub wished_by: WishedBy,
    /// How they are reached.
    pub channel: NoticeChannel,
    /// An e-mail address, a phone number with its country code as in `+15550100`, or what the
    /// push service calls the patient's app; may be empty where nobody agreed.
    pub address: String,
    /// BCP 47 language of the notices; none: the patient's own.
    #[uniffi(default = None)]
    pub language: Option<String>,
    /// When nobody is to be written to; none: from 21:00 until 8:00.
    #[uniffi(default = None)]
    pub quiet: Option<QuietHours>,
}

/// Whether and how a patient wants notices.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct NoticeWishes {
    /// Who wrote it down.
    pub by: By,
    /// When, by their phone's clock, milliseconds since 1970.
    pub at_ms: i64,
    /// Whether the patient agreed.
    pub agreed: bool,
    /// Who said so.
    pub wished_by: WishedBy,
    /// How they are reached.
    pub channel: NoticeChannel,
    /// Where.
    pub address: String,
    /// In which language; none: the patient's own.
    pub language: Option<String>,
    /// When nobody is to be written to.
    pub quiet: QuietHours,
}

/// A notice as it would be sent now.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NoticeDraft {
    /// What the patient would be told.
    pub kind: NoticeKind,
    /// The visit begins not before this, milliseconds since 1970.
    pub arrives_from_ms: i64,
    /// It begins by this, milliseconds since 1970.
    pub arrives_until_ms: i64,
    /// How it would go; none: nobody has asked the patient.
    pub channel: Option<NoticeChannel>,
    /// Where to; empty as long as there is no address.
    pub address: String,
    /// `en` or `es`.
    pub language: String,
    /// The subject.
    pub subject: String,
    /// The text; the backend puts who sends it below.
    pub body: String,
    /// Why it would not be sent, as far as this phone knows; none: nothing speaks against
    /// it.
    pub hindrance: Option<NotSent>,
    /// When the patient's quiet hours end, if they hold now: it would go then.
    pub waits_until_ms: Option<i64>,
}

/// What the backend made of a notice.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NoticeDelivery {
    /// Where it stands.
    pub state: NoticeState,
    /// Why it was not sent, or is not yet.
    pub reason: Option<NotSent>,
    /// How it went; none: it did not.
    pub channel: Option<NoticeChannel>,
    /// Since when, milliseconds since 1970.
    pub at_ms: i64,
    /// When it is tried next, milliseconds since 1970; none: no more.
    pub next_ms: Option<i64>,
}

/// A notice that was asked for.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Notice {
    /// Which.
    pub id: EntryId,
    /// Who asked for it.
    pub by: By,
    /// When, by their phone's clock, milliseconds since 1970.
    pub at_ms: i64,
    /// What.
    pub kind: NoticeKind,
    /// The visit begins not before this, milliseconds since 1970.
    pub arrives_from_ms: i64,
    /// It begins by this, milliseconds since 1970.
    pub arrives_until_ms: i64,
    /// What the backend made of it; none: it goes with the next sync, or what came of it
    /// comes with the one after.
    pub delivery: Option<NoticeDelivery>,
}

#[uniffi::export]
impl Visit {
    /// What the patient would be told now: the arrival by the order of the day, with its
    /// uncertainty, rounded to five minutes. Fails with `Refused` on `status` for a visit
    /// that is not ahead, on `visit` for one that nobody makes today, and as `order`.
    pub fn notice_draft(
        &self,
        kind: NoticeKind,
        options: OrderOptions,
    ) -> Result<NoticeDraft, HomeroundError> {
        guard(|| {
            let draft = self.handle().notice_draft(kind, &options.into())?;
            Ok::<_, HomeroundError>(NoticeDraft {
                kind: draft.kind,
                arrives_from_ms: draft.arrives_from_ms.0,
                arrives_until_ms: draft.arrives_until_ms.0,
                channel: draft.channel,
                address: draft.address,
                language: draft.language,
                subject: draft.text.subject,
                body: draft.text.body,
                hindrance: draft.hindrance,
                waits_until_ms: draft.waits_until_ms.map(|at| at.0),
            })
        })
    }

    /// Asks the backend to tell the patient; it goes out with the other edits, and is not
    /// sent once it says nothing that helps. Fails with `Refused` on `status`,
    /// `arrives_until_ms`, `notice_wishes` where the patient has not agreed, `notices` after
    /// ten of them; `NotAllowed`.
    pub fn notify(
        &self,
        kind: NoticeKind,
        arrives_from_ms: i64,
        arrives_until_ms: i64,
    ) -> Result<Saved, HomeroundError> {
        let (from, until) = (Millis(arrives_from_ms), Millis(arrives_until_ms));
        self.save(|visit| visit.notify(kind, from, until))
    }

    /// The notices that were asked for, the latest first, and what became of each. Fails as
    /// `read`.
    pub fn notices(&self) -> Result<Vec<Notice>, HomeroundError> {
        guard(|| {
            let names = Names::new(&self.phone.app);
            let views = self.handle().notices()?.into_iter();
            Ok::<_, HomeroundError>(views.map(|one| notice(one, &names)).collect())
        })
    }
}

impl From<model::NoticeDelivery> for NoticeDelivery {
    fn from(one: model::NoticeDelivery) -> Self {
        Self {
            state: one.state,
            reason: one.reason,
            channel: one.channel,
            at_ms: one.at_ms.0,
            next_ms: one.next_ms.map(|at| at.0),
        }
    }
}

fn notice(view: app::NoticeView, names: &Names<'_>) -> Notice {
    Notice {
        id: view.id,
        by: names.by(view.entry.by),
        at_ms: view.entry.stamp.best().0,
        kind: view.entry.kind,
        arrives_from_ms: view.entry.arrives_from_ms.0,
        arrives_until_ms: view.entry.arrives_until_ms.0,
        delivery: view.delivery.map(Into::into),
    }
}

#[uniffi::export]
impl Chart {
    /// Whether and how the patient wants notices; none: nobody has asked. Fails as `read`.
    pub fn notice_wishes(&self) -> Result<Option<NoticeWishes>, HomeroundError> {
        guard(|| {
            let names = Names::new(&self.phone().app);
            let wishes = self.handle().notice_wishes()?;
            Ok::<_, HomeroundError>(wishes.map(|one| NoticeWishes {
                by: names.by(one.by),
                at_ms: one.at_ms.0,
                agreed: one.agreed,
                wished_by: one.wished_by,
                channel: one.channel,
                address: one.address,
                language: one.language,
                quiet: one.quiet.unwrap_or_default().into(),
            }))
        })
    }

    /// Writes down whether and how the patient wants notices. Two people who write down
    /// different wishes open a conflict, and until it is settled nothing is sent. Fails with
    /// `Refused` on `address`, `channel`, `language`, `quiet` or `wished_by`; `NotAllowed`.
    pub fn set_notice_wishes(&self, wishes: NewNoticeWishes) -> Result<Saved, HomeroundError> {
        self.save(|chart| {
            chart.set_notice_wishes(&app::NewNoticeWishes {
                agreed: wishes.agreed,
                wished_by: wishes.wished_by,
                channel: wishes.channel,
                address: wishes.address,
                language: wishes.language,
                quiet: wishes.quiet.map(Into::into),
            })
        })
    }
}
