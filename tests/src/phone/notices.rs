//! Commands about notices to a patient.

use homeround::app::{Homeround, NewNoticeWishes, OrderOptions, Saved};
use homeround::model::{NoticeChannel, NoticeKind, PatientId, VisitId, WishedBy};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::command::Command;

/// What a phone process can be told of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum NoticeCommand {
    /// Writes down whether a patient wants notices by e-mail.
    NoticeWishes {
        /// Who.
        patient: PatientId,
        /// Whether they do.
        agreed: bool,
        /// Where to.
        address: String,
        /// In which language; their own unless said.
        #[serde(default)]
        language: Option<String>,
    },
    /// What a patient would be told now.
    NoticeDraft {
        /// Of which visit.
        visit: VisitId,
        /// What.
        kind: NoticeKind,
    },
    /// Tells the patient when the visit will begin, by the order of the day.
    Notify {
        /// Of which visit.
        visit: VisitId,
        /// What.
        kind: NoticeKind,
    },
    /// The notices of a visit, and what became of each.
    Notices {
        /// Of which visit.
        visit: VisitId,
    },
}

/// Does what writes; none for another kind of command.
pub(super) fn write(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let Command::Notice(command) = command else {
        return None;
    };
    let saved = match command {
        NoticeCommand::NoticeWishes {
            patient,
            agreed,
            address,
            language,
        } => app.chart(*patient).set_notice_wishes(&NewNoticeWishes {
            agreed: *agreed,
            wished_by: WishedBy::Patient,
            channel: NoticeChannel::Email,
            address: address.clone(),
            language: language.clone(),
            quiet: None,
        }),
        NoticeCommand::Notify { visit, kind } => {
            let visit = app.visit(*visit);
            let draft = visit.notice_draft(*kind, &OrderOptions::default());
            draft.and_then(|it| visit.notify(it.kind, it.arrives_from_ms, it.arrives_until_ms))
        }
        NoticeCommand::NoticeDraft { .. } | NoticeCommand::Notices { .. } => return None,
    };
    Some(saved.map_err(Refusal::from))
}

/// Answers what asks.
pub(super) fn read(app: &Homeround, command: &NoticeCommand) -> Result<Value, Refusal> {
    match command {
        NoticeCommand::NoticeDraft { visit, kind } => draft(app, *visit, *kind),
        NoticeCommand::Notices { visit } => of(app, *visit),
        NoticeCommand::NoticeWishes { .. } | NoticeCommand::Notify { .. } => Ok(Value::Null),
    }
}

/// What the patient would be told now.
fn draft(app: &Homeround, visit: VisitId, kind: NoticeKind) -> Result<Value, Refusal> {
    let draft = app
        .visit(visit)
        .notice_draft(kind, &OrderOptions::default())?;
    Ok(json!({
        "body": draft.text.body, "language": draft.language, "hindrance": draft.hindrance,
    }))
}

/// The notices of a visit, the latest first, and what became of each.
fn of(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
    let views = app.visit(visit).notices()?;
    let told = views.iter().map(|view| {
        let delivery = view.delivery.as_ref();
        json!({
            "kind": view.entry.kind, "state": delivery.map(|it| it.state),
            "reason": delivery.and_then(|it| it.reason),
        })
    });
    Ok(told.collect())
}
