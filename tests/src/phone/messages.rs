//! Commands about messages within the team.

use homeround::app::{Homeround, MessageView, NewMessage, Saved};
use homeround::model::{EntryId, MessagePriority, PatientId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::command::Command;

/// What a phone process can be told of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum MessageCommand {
    /// Writes a message to a patient's care team.
    Message {
        /// About whom.
        patient: PatientId,
        /// What it says.
        text: String,
        /// It can't wait.
        #[serde(default)]
        urgent: bool,
        /// What it answers.
        #[serde(default)]
        reply_to: Option<EntryId>,
    },
    /// Says that the messages that wait were shown.
    MessagesRead {
        /// About whom.
        patient: PatientId,
    },
    /// The messages about a patient, in order.
    Messages {
        /// About whom.
        patient: PatientId,
    },
    /// What is said about each patient, in brief.
    MessageThreads,
}

/// Does what writes; none for another kind of command.
pub(super) fn write(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let Command::Messages(command) = command else {
        return None;
    };
    let saved = match command {
        MessageCommand::Message {
            patient,
            text,
            urgent,
            reply_to,
        } => app.chart(*patient).send_message(&NewMessage {
            text: text.clone(),
            priority: match urgent {
                true => MessagePriority::Urgent,
                false => MessagePriority::Routine,
            },
            reply_to: *reply_to,
            ..NewMessage::default()
        }),
        MessageCommand::MessagesRead { patient } => {
            match app.chart(*patient).mark_messages_read() {
                Ok(Some(saved)) => Ok(saved),
                Ok(None) => return Some(Err(Refusal::code("nothing_unread"))),
                Err(error) => Err(error),
            }
        }
        MessageCommand::Messages { .. } | MessageCommand::MessageThreads => return None,
    };
    Some(saved.map_err(Refusal::from))
}

/// Answers what asks.
pub(super) fn read(app: &Homeround, command: &MessageCommand) -> Result<Value, Refusal> {
    match command {
        MessageCommand::Messages { patient } => about(app, *patient),
        MessageCommand::MessageThreads => threads(app),
        MessageCommand::Message { .. } | MessageCommand::MessagesRead { .. } => Ok(Value::Null),
    }
}

/// The messages about a patient, in order.
fn about(app: &Homeround, patient: PatientId) -> Result<Value, Refusal> {
    let views = app.chart(patient).messages()?;
    Ok(views.iter().map(told).collect())
}

fn told(view: &MessageView) -> Value {
    let readers: Vec<String> = view.read_by.keys().map(ToString::to_string).collect();
    json!({
        "id": view.id, "text": view.entry.text, "by": view.entry.by, "reply_to": view.entry.reply_to,
        "unread": view.unread, "read_by": readers,
    })
}

/// What is said about each patient, in brief.
fn threads(app: &Homeround) -> Result<Value, Refusal> {
    let threads = app.message_threads()?;
    let brief = threads.iter().map(|thread| {
        json!({
            "patient": thread.patient, "unread": thread.unread, "pressing": thread.pressing,
            "last": thread.last.entry.text,
        })
    });
    Ok(brief.collect())
}
