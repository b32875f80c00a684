//! Messages within a care team about a patient: written and read offline, in the
//! patient's chart.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Homeround;
use super::chart::ChartHandle;
use super::edit::Saved;
use super::error::AppError;
use super::inner::{ReadSide, denied as denied_as};
use crate::access;
use crate::model::{
    CorrectionEntry, DocumentId, DocumentKind, EntryId, FieldPath, MESSAGE_READS_MAX, MessageEntry,
    MessagePriority, MessageReadEntry, Millis, PatientId, PersonId, Refused, Role, VisitId,
};
use crate::store::Rows;

/// A message as somebody writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewMessage {
    /// What it says, 1 to 2 000 characters.
    pub text: String,
    /// Whether it can wait.
    pub priority: MessagePriority,
    /// Whom it is meant for in particular, 16 people at most; empty: everybody.
    pub to: Vec<PersonId>,
    /// The visit that it is about.
    pub visit: Option<VisitId>,
    /// The message that it answers.
    pub reply_to: Option<EntryId>,
}

/// A message as a screen shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageView {
    /// Which.
    pub id: EntryId,
    /// What was written.
    pub entry: MessageEntry,
    /// Its author took it back, and why: show that, and not the text.
    pub taken_back: Option<CorrectionEntry>,
    /// Who was shown it, and when first; not its author.
    pub read_by: BTreeMap<PersonId, Millis>,
    /// It waits to be read on this phone's account: not one's own, not taken back, and
    /// not read.
    pub unread: bool,
}

/// What is said about one patient, in brief.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageThread {
    /// Whose chart it lies in.
    pub patient: PatientId,
    /// Messages that wait to be read.
    pub unread: usize,
    /// Of them, those that can't wait, and those that are meant for oneself.
    pub pressing: usize,
    /// The last one.
    pub last: MessageView,
}

/// What a chart says of messages: the rest of it is skipped unread.
#[derive(Deserialize)]
struct Said {
    #[serde(default, deserialize_with = "crate::model::known_entries")]
    messages: BTreeMap<EntryId, MessageEntry>,
    #[serde(default, deserialize_with = "crate::model::known_entries")]
    message_reads: BTreeMap<EntryId, MessageReadEntry>,
    #[serde(default, deserialize_with = "crate::model::known_entries")]
    corrections: BTreeMap<EntryId, CorrectionEntry>,
}

impl Said {
    /// The messages, in order: by the writers' clocks, and none before the one that it
    /// answers.
    fn in_order(self, me: Reader) -> Vec<MessageView> {
        let mut read: BTreeMap<EntryId, BTreeMap<PersonId, Millis>> = BTreeMap::new();
        for one in self.message_reads.values() {
            for message in &one.messages {
                let first = read.entry(*message).or_default().entry(one.by);
                let first = first.or_insert(one.at_ms);
                *first = (*first).min(one.at_ms);
            }
        }
        let corrections = self.corrections.into_values();
        let mut taken: BTreeMap<EntryId, CorrectionEntry> = corrections
            .filter(|it| it.section == "messages")
            .map(|it| (it.target, it))
            .collect();
        let places = places(&self.messages);
        let mut views: Vec<MessageView> = self
            .messages
            .into_iter()
            .map(|(id, entry)| {
                let mut read_by = read.remove(&id).unwrap_or_default();
                let seen = read_by.contains_key(&me.person);
                read_by.remove(&entry.by);
                let taken_back = taken.remove(&id).filter(|it| it.by == entry.by);
                MessageView {
                    unread: me.answers && entry.by != me.person && taken_back.is_none() && !seen,
                    id,
                    entry,
                    taken_back,
                    read_by,
                }
            })
            .collect();
        views.sort_by_key(|view| (places.get(&view.id).copied(), view.id));
        views
    }
}

/// Where each message stands in time: an answer after what it answers, whatever the
/// clocks say.
fn places(messages: &BTreeMap<EntryId, MessageEntry>) -> BTreeMap<EntryId, i64> {
    let mut places = BTreeMap::new();
    for id in messages.keys() {
        // The way up to one whose place is known; a ring ends where it began.
        let (mut way, mut seen, mut at) = (Vec::new(), BTreeSet::new(), Some(*id));
        let mut after = i64::MIN;
        while let Some(here) = at.filter(|here| seen.insert(*here)) {
            if let Some(known) = places.get(&here) {
                after = *known;
                break;
            }
            let Some(entry) = messages.get(&here) else {
                break;
            };
            way.push((here, entry.at_ms.0));
            at = entry.reply_to;
        }
        for (here, own) in way.into_iter().rev() {
            after = own.max(after.saturating_add(1));
            places.insert(here, after);
        }
    }
    places
}

impl ChartHandle {
    /// Writes a message to the patient's care team. It is durable when the call returns,
    /// and goes out with the other edits.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `text`, `to` or `priority`; [`AppError::NotFound`] on
    /// `message` when the one that it answers is not here, on `messages` in a chart that
    /// an earlier app began; [`AppError::NotAllowed`].
    pub fn send_message(&self, new: &NewMessage) -> Result<Saved, AppError> {
        self.edit("message", |desk| {
            has_messages(desk.view)?;
            if let Some(answered) = new.reply_to
                && desk.view["messages"].get(answered.to_string()).is_none()
            {
                return Err(AppError::NotFound { what: "message" });
            }
            let entry = MessageEntry {
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
                text: new.text.trim().to_owned(),
                priority: new.priority,
                to: new.to.clone(),
                visit: new.visit,
                reply_to: new.reply_to,
            };
            entry.check()?;
            Ok(vec![desk.append("messages", &entry)?])
        })
    }

    /// Every message about the patient, in order, with who was shown it.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] for those who plan; as [`read`](Self::read).
    pub fn messages(&self) -> Result<Vec<MessageView>, AppError> {
        let reads = self.inner.reads()?;
        let me = reader_of(&reads)?;
        let said: Said = self.inner.read_view(self.document())?;
        Ok(said.in_order(me))
    }

    /// Says that the messages that wait were shown; nothing is written when none waits.
    /// Colleagues see who has read what.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`], and as [`read`](Self::read).
    pub fn mark_messages_read(&self) -> Result<Option<Saved>, AppError> {
        let waiting = self.messages()?.into_iter().filter(|view| view.unread);
        // From the oldest: with more than one entry takes, the rest stays unread.
        let messages: Vec<EntryId> = waiting
            .map(|view| view.id)
            .take(MESSAGE_READS_MAX)
            .collect();
        if messages.is_empty() {
            return Ok(None);
        }
        let saved = self.edit("message_read", |desk| {
            let entry = MessageReadEntry {
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
                messages,
            };
            Ok(vec![desk.append("message_reads", &entry)?])
        });
        saved.map(Some)
    }

    /// Takes a message of one's own back, as one about another patient. Its text stays in
    /// the record, and screens do not show it any more.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Refused`] on `by` for a colleague's message,
    /// on `reason` when there is none; [`AppError::NotAllowed`].
    pub fn take_back_message(&self, message: EntryId, reason: &str) -> Result<Saved, AppError> {
        if reason.trim().is_empty() {
            return Err(Refused::new("reason", "at least one character").into());
        }
        self.edit("correction", |desk| {
            let written = desk.view["messages"].get(message.to_string());
            let written = written.ok_or(AppError::NotFound { what: "message" })?;
            if written["by"] != desk.me.to_string() {
                return Err(Refused::new("by", "a message of one's own").into());
            }
            let entry = CorrectionEntry {
                section: "messages".into(),
                target: message,
                replacement: None,
                reason: reason.trim().to_owned(),
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
            };
            Ok(vec![desk.append("corrections", &entry)?])
        })
    }
}

/// Who is shown messages.
#[derive(Clone, Copy)]
struct Reader {
    person: PersonId,
    /// Messages wait for them. For those who only look on, none does.
    answers: bool,
}

impl Reader {
    /// Whether a message can't wait for them.
    fn is_pressed(self, view: &MessageView) -> bool {
        view.entry.priority != MessagePriority::Routine || view.entry.to.contains(&self.person)
    }
}

/// Whose phone this is, if they are shown messages: those who plan are not.
fn reader_of(reads: &ReadSide) -> Result<Reader, AppError> {
    let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
    let path = FieldPath("messages/*".into());
    if !access::may_see(me.role, DocumentKind::Chart, &path) {
        let denied = access::Denied::new(access::code::NOT_PERMITTED, &path.0);
        return Err(denied_as(denied));
    }
    Ok(Reader {
        person: me.person,
        answers: me.role != Role::Auditor,
    })
}

fn has_messages(view: &serde_json::Value) -> Result<(), AppError> {
    match view["messages"].is_object() {
        true => Ok(()),
        false => Err(AppError::NotFound { what: "messages" }),
    }
}

impl Homeround {
    /// What is said about each patient on this phone, in brief: what presses first, then
    /// what is unread, then the latest. A chart that has just arrived is among them once
    /// an idle slice has merged it. Those who plan have none.
    ///
    /// # Errors
    /// [`AppError::Locked`], [`AppError::LeaseEnded`], [`AppError::NotEnrolled`].
    pub fn message_threads(&self) -> Result<Vec<MessageThread>, AppError> {
        let reads = self.inner.reads()?;
        let me = match reader_of(&reads) {
            Err(AppError::NotAllowed { .. }) => return Ok(Vec::new()),
            other => other?,
        };
        let clock = self.inner.clocks.now();
        let rows = reads.store.reader()?;
        super::inner::lease_permits(&rows, clock)?;
        let mut threads = Vec::new();
        for scope in rows.scopes()? {
            if reads.may_read(&rows, scope.patient, clock).is_ok() {
                threads.extend(thread(&rows, scope.patient, me)?);
            }
        }
        threads.sort_by_key(|thread| {
            let last = thread.last.entry.at_ms;
            std::cmp::Reverse((thread.pressing > 0, thread.unread > 0, last))
        });
        Ok(threads)
    }
}

/// What waits to be read about one patient, what presses first and then the latest, and
/// how much of it presses; none: whose phone this is, is shown no messages.
pub(super) fn waiting(
    reads: &ReadSide,
    rows: &Rows,
    patient: PatientId,
) -> Result<Option<(Vec<MessageView>, usize)>, AppError> {
    let me = match reader_of(reads) {
        Err(AppError::NotAllowed { .. }) => return Ok(None),
        other => other?,
    };
    let mut unread = said(rows, patient, me)?;
    unread.retain(|view| view.unread);
    unread.sort_by_key(|view| std::cmp::Reverse((me.is_pressed(view), view.entry.at_ms)));
    let pressing = unread.iter().filter(|view| me.is_pressed(view)).count();
    Ok(Some((unread, pressing)))
}

/// What is said about one patient, in order, without what has arrived and is not merged
/// yet: it is merged soon, and nobody waits for it here.
fn said(rows: &Rows, patient: PatientId, me: Reader) -> Result<Vec<MessageView>, AppError> {
    let document = DocumentId::chart(patient);
    let sections = ["messages", "message_reads", "corrections"];
    let Some(text) = rows.view_of(document, &sections)? else {
        return Ok(Vec::new());
    };
    let said: Said =
        serde_json::from_str(&text).map_err(|_| AppError::UpdateApp { found: 2, known: 1 })?;
    Ok(said.in_order(me))
}

/// One patient's thread; none: nobody has written.
fn thread(rows: &Rows, patient: PatientId, me: Reader) -> Result<Option<MessageThread>, AppError> {
    let mut views = said(rows, patient, me)?;
    let waiting = || views.iter().filter(|view| view.unread);
    let pressing = waiting().filter(|view| me.is_pressed(view)).count();
    let unread = waiting().count();
    let last = views.pop();
    Ok(last.map(|last| MessageThread {
        patient,
        unread,
        pressing,
        last,
    }))
}
