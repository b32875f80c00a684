//! That somebody is on the way, or will be late.

use homeround::model::{
    EntryId, MINUTE_MS, Millis, NOTICES_PER_VISIT_MAX, NotSent, NoticeEntry, VisitStatus,
};
use homeround::notice::Telling;
use serde_json::Value;

use super::{Case, Judged, addressed, name_of, placed};
use crate::service::ServiceError;
use crate::store::Reader;

/// How far ahead of the backend's clock a phone may be and still say when it arrives.
const AHEAD_MAX_MS: i64 = 2 * MINUTE_MS;

pub(super) async fn judge(
    reader: &mut dyn Reader,
    case: &Case,
    entry: &NoticeEntry,
    view: &Value,
    now: Millis,
) -> Result<Judged, ServiceError> {
    if let Some(why) = outdated(case, entry, view, now) {
        return Ok(Judged::Never(why));
    }
    let Some((zone, booking)) = placed(reader, case.visit).await? else {
        // Called off by the office.
        return Ok(Judged::Never(NotSent::TooLate));
    };
    let until = entry.arrives_until_ms;
    let addressed = match addressed(reader, case.patient, zone, (now, until)).await? {
        Ok(addressed) => addressed,
        Err(judged) => return Ok(judged),
    };
    let who = name_of(reader, booking.who_comes(entry.by)).await?;
    let telling = Telling {
        kind: entry.kind,
        who: &who,
        from: entry.arrives_from_ms,
        until,
        now,
        zone,
    };
    let text = telling.text(addressed.language);
    Ok(addressed.letter(case.id, text, until))
}

/// Why it says nothing that helps any more.
fn outdated(case: &Case, entry: &NoticeEntry, view: &Value, now: Millis) -> Option<NotSent> {
    let status = view["status"].as_str().and_then(|it| it.parse().ok());
    let ahead = matches!(
        status,
        Some(VisitStatus::Scheduled | VisitStatus::Traveling)
    );
    if !ahead || entry.arrives_until_ms < now {
        return Some(NotSent::TooLate);
    }
    let said = entry.stamp.best();
    if said > now.plus(AHEAD_MAX_MS) {
        return Some(NotSent::ClockDoubt);
    }
    let others = view["notices"].as_object().into_iter().flatten();
    // Those beyond are not sent, and stand in nobody's way.
    let later = others
        .take(NOTICES_PER_VISIT_MAX)
        .filter_map(|(id, other)| {
            let other: NoticeEntry = serde_json::from_value(other.clone()).ok()?;
            Some((other.stamp.best(), id.parse::<EntryId>().ok()?))
        })
        // One that is from a clock ahead is not sent itself.
        .filter(|(at, _)| *at <= now.plus(AHEAD_MAX_MS));
    later
        .max()
        .is_some_and(|last| last > (said, case.id))
        .then_some(NotSent::Superseded)
}
