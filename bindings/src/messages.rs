//! Messages within the care team about a patient.

use homeround::app;
pub use homeround::model::MessagePriority;

use crate::chart::Chart;
use crate::correction::Correction;
use crate::error::HomeroundError;
use crate::guard::guard;
use crate::names::{By, Names};
use crate::root::Homeround;
use crate::types::{EntryId, PatientId, PersonId, Saved, VisitId};

/// Whether a message can wait.
#[uniffi::remote(Enum)]
pub enum MessagePriority {
    /// It can wait for the next look.
    Routine,
    /// Somebody should read it now.
    Urgent,
    /// One that this version does not know: show it as urgent.
    Unknown,
}

/// A message as somebody writes it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewMessage {
    /// What it says, 1 to 2 000 characters.
    pub text: String,
    /// Whether it can wait.
    pub priority: MessagePriority,
    /// Whom it is meant for in particular, 16 people at most; empty: everybody. All of the
    /// team can read it either way.
    #[uniffi(default = [])]
    pub to: Vec<PersonId>,
    /// The visit that it is about.
    #[uniffi(default = None)]
    pub visit: Option<VisitId>,
    /// The message that it answers.
    #[uniffi(default = None)]
    pub reply_to: Option<EntryId>,
}

/// That somebody was shown a message.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MessageRead {
    /// Who.
    pub by: By,
    /// When first, milliseconds since 1970.
    pub at_ms: i64,
}

/// A message to the team.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Message {
    /// Which.
    pub id: EntryId,
    /// Who wrote it.
    pub by: By,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// What it says; empty once it was taken back.
    pub text: String,
    /// Whether it can wait.
    pub priority: MessagePriority,
    /// Whom it is meant for in particular; empty: everybody.
    pub to: Vec<By>,
    /// The visit that it is about.
    pub visit: Option<VisitId>,
    /// The message that it answers.
    pub reply_to: Option<EntryId>,
    /// Its author took it back, and why.
    pub taken_back: Option<Correction>,
    /// Who was shown it; not its author.
    pub read_by: Vec<MessageRead>,
    /// It waits to be read by who works on this phone.
    pub unread: bool,
}

/// What is said about one patient, in brief.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct MessageThread {
    /// Whose chart it lies in.
    pub patient: PatientId,
    /// The patient's name; empty when it is not known here.
    pub patient_name: String,
    /// Messages that wait to be read.
    pub unread: u32,
    /// Of them, those that can't wait, and those that are meant for oneself.
    pub pressing: u32,
    /// The last one.
    pub last: Message,
}

pub(crate) fn message(view: app::MessageView, names: &Names<'_>) -> Message {
    let read_by = view.read_by.into_iter().map(|(person, at)| MessageRead {
        by: names.by(person),
        at_ms: at.0,
    });
    let taken_back = view.taken_back.map(|taken| Correction {
        replacement: taken.replacement,
        reason: taken.reason,
        by: names.by(taken.by),
        at_ms: taken.at_ms.0,
    });
    Message {
        id: view.id,
        by: names.by(view.entry.by),
        at_ms: view.entry.at_ms.0,
        // What was said of another patient is not for this one's readers.
        text: match taken_back {
            Some(_) => String::new(),
            None => view.entry.text,
        },
        priority: view.entry.priority,
        to: view.entry.to.iter().map(|one| names.by(*one)).collect(),
        visit: view.entry.visit,
        reply_to: view.entry.reply_to,
        taken_back,
        read_by: read_by.collect(),
        unread: view.unread,
    }
}

#[uniffi::export]
impl Chart {
    /// Writes a message to the patient's care team; it goes out with the other edits.
    /// Fails with `Refused` on `text`, `to` or `priority`, `NotFound` when the message
    /// that it answers is not here, `NotAllowed`.
    pub fn send_message(&self, message: NewMessage) -> Result<Saved, HomeroundError> {
        self.save(|chart| {
            chart.send_message(&app::NewMessage {
                text: message.text,
                priority: message.priority,
                to: message.to,
                visit: message.visit,
                reply_to: message.reply_to,
            })
        })
    }

    /// Every message about the patient, in order: an answer after what it answers. Fails
    /// as `read`.
    pub fn messages(&self) -> Result<Vec<Message>, HomeroundError> {
        guard(|| {
            let names = Names::new(&self.phone().app);
            let views = self.handle().messages()?;
            Ok::<_, HomeroundError>(views.into_iter().map(|one| message(one, &names)).collect())
        })
    }

    /// Says that the messages that wait were shown, so that their authors see it; none
    /// when nothing waits.
    pub fn mark_messages_read(&self) -> Result<Option<Saved>, HomeroundError> {
        guard(|| match self.handle().mark_messages_read()? {
            Some(saved) => self.phone().saved(Ok(saved)).map(Some),
            None => Ok(None),
        })
    }

    /// Takes a message of one's own back, as one about another patient. Fails with
    /// `Refused` on `by` for a colleague's, on `reason` without one; `NotFound`.
    pub fn take_back_message(
        &self,
        message: EntryId,
        reason: String,
    ) -> Result<Saved, HomeroundError> {
        self.save(|chart| chart.take_back_message(message, &reason))
    }
}

#[uniffi::export]
impl Homeround {
    /// What is said about each patient on this phone, in brief: what presses first, then
    /// what is unread, then the latest. Fails with `Locked`, `LeaseEnded`, `NotEnrolled`.
    pub fn message_threads(&self) -> Result<Vec<MessageThread>, HomeroundError> {
        guard(|| {
            let app = &self.phone().app;
            let names = Names::new(app);
            let threads = app.message_threads()?.into_iter().map(|one| MessageThread {
                patient: one.patient,
                patient_name: app
                    .patient(one.patient)
                    .map(|it| it.display_name())
                    .unwrap_or_default(),
                unread: u32::try_from(one.unread).unwrap_or(u32::MAX),
                pressing: u32::try_from(one.pressing).unwrap_or(u32::MAX),
                last: message(one.last, &names),
            });
            Ok::<_, HomeroundError>(threads.collect())
        })
    }
}
