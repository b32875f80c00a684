//! A link to the survey on a visit that is over.

use homeround::model::{
    EntryId, Millis, NotSent, SURVEY_INVITATIONS_MAX, SurveyEntry, SurveyInvitation, VisitStatus,
};
use homeround::notice::Invitation;
use serde_json::Value;

use super::{Case, Judged, addressed, name_of, placed};
use crate::service::ServiceError;
use crate::service::survey::{LINK_WORKS_MS, SurveyPage, Ticket, answered_in};
use crate::store::Reader;

/// A patient is asked so long after the booked end of a visit, and not any more later.
const ASKED_WITHIN_MS: i64 = 14 * 24 * homeround::model::HOUR_MS;

pub(super) async fn judge(
    reader: &mut dyn Reader,
    case: &Case,
    (page, invited): (Option<&SurveyPage>, &SurveyInvitation),
    view: &Value,
    now: Millis,
) -> Result<Judged, ServiceError> {
    let status = view["status"].as_str().and_then(|it| it.parse().ok());
    let over = matches!(
        status,
        Some(VisitStatus::Completed | VisitStatus::Signed | VisitStatus::Amended)
    );
    if !over || answered_in(view).next().is_some() {
        return Ok(Judged::Never(NotSent::TooLate));
    }
    // Those beyond are not sent, and stand in nobody's way.
    let last = invitations(view)
        .take(SURVEY_INVITATIONS_MAX)
        .map(|(id, one)| (one.stamp.best(), id))
        .max();
    if last.is_some_and(|last| last > (invited.stamp.best(), case.id)) {
        return Ok(Judged::Never(NotSent::Superseded));
    }
    let Some((zone, booking)) = placed(reader, case.visit).await? else {
        return Ok(Judged::Never(NotSent::TooLate));
    };
    let until = booking.end_ms.plus(ASKED_WITHIN_MS);
    if until < now {
        return Ok(Judged::Never(NotSent::TooLate));
    }
    let Some(page) = page else {
        return Ok(Judged::Never(NotSent::NoPage));
    };
    let addressed = match addressed(reader, case.patient, zone, (now, until)).await? {
        Ok(addressed) => addressed,
        Err(judged) => return Ok(judged),
    };
    let who = name_of(reader, booking.who_comes(invited.by)).await?;
    let tenant = reader.tenant().await?;
    // The same however often it is tried: from the booking, and not from now.
    let works_until = until.plus(LINK_WORKS_MS);
    let ticket = Ticket::new(&tenant, case.id, works_until);
    let invitation = Invitation {
        who: &who,
        began: booking.start_ms,
        until: ticket.until(),
        zone,
        link: &page.link(&ticket),
    };
    let text = invitation.text(addressed.language);
    Ok(addressed.letter(case.id, text, until))
}

/// The links that a visit asks for, in the order of their ids.
pub(super) fn invitations(view: &Value) -> impl Iterator<Item = (EntryId, SurveyInvitation)> + '_ {
    let entries = view["survey"].as_object().into_iter().flatten();
    entries.filter_map(
        |(id, entry)| match serde_json::from_value(entry.clone()).ok()? {
            SurveyEntry::Invited(invited) => Some((id.parse().ok()?, invited)),
            SurveyEntry::Answered(_) => None,
        },
    )
}
