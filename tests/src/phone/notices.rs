//! Commands about notices to a patient.

use homeround::app::{Homeround, NewNoticeWishes, OrderOptions, Saved};
use homeround::model::{NoticeChannel, NoticeKind, VisitId, WishedBy};
use serde_json::{Value, json};

use super::answer::Refusal;
use super::command::Command;

/// Does what writes; none for another kind of command.
pub(super) fn write(app: &Homeround, command: &Command) -> Option<Result<Saved, Refusal>> {
    let saved = match command {
        Command::NoticeWishes {
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
        Command::Notify { visit, kind } => {
            let visit = app.visit(*visit);
            let draft = visit.notice_draft(*kind, &OrderOptions::default());
            draft.and_then(|it| visit.notify(it.kind, it.arrives_from_ms, it.arrives_until_ms))
        }
        _ => return None,
    };
    Some(saved.map_err(Refusal::from))
}

/// What the patient would be told now.
pub(super) fn draft(app: &Homeround, visit: VisitId, kind: NoticeKind) -> Result<Value, Refusal> {
    let draft = app
        .visit(visit)
        .notice_draft(kind, &OrderOptions::default())?;
    Ok(json!({
        "body": draft.text.body, "language": draft.language, "hindrance": draft.hindrance,
    }))
}

/// The notices of a visit, the latest first, and what became of each.
pub(super) fn of(app: &Homeround, visit: VisitId) -> Result<Value, Refusal> {
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
