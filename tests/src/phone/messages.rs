//! Commands about messages within the team.

use homeround::app::{Homeround, MessageView, NewMessage, Saved};
use homeround::model::{MessagePriority, PatientId};
use serde_json::{Value, json};

use super::answer::Refusal;
use super::command::Command;

/// Does what writes; none for another kind of command.
pub(super) fn write(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let saved = match command {
        Command::Message {
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
        Command::MessagesRead { patient } => match app.chart(*patient).mark_messages_read() {
            Ok(Some(saved)) => Ok(saved),
            Ok(None) => return Some(Err(Refusal::code("nothing_unread"))),
            Err(error) => Err(error),
        },
        _ => return None,
    };
    Some(saved.map_err(Refusal::from))
}

/// The messages about a patient, in order.
pub(super) fn about(app: &Homeround, patient: PatientId) -> Result<Value, Refusal> {
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
pub(super) fn threads(app: &Homeround) -> Result<Value, Refusal> {
    let threads = app.message_threads()?;
    let brief = threads.iter().map(|thread| {
        json!({
            "patient": thread.patient, "unread": thread.unread, "pressing": thread.pressing,
            "last": thread.last.entry.text,
        })
    });
    Ok(brief.collect())
}
