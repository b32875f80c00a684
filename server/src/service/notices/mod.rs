//! Notices to patients: what a phone asked for is queued with the visit's change, judged
//! when it is due, and handed to who delivers it.
//!
//! | file | which |
//! |---|---|
//! | arrival | that somebody is on the way, or late |
//! | survey | a link to the survey on a visit that is over |
//!
//! Judged as late as possible: what was declined or called off meanwhile is not sent.
//! Delivered at least once: a crash between handing over and writing that down sends the
//! same letter again, under the same name.

mod arrival;
mod survey;

use std::sync::Arc;

use chrono_tz::Tz;
use homeround::merge::Document;
use homeround::model::{
    Booking, DocumentId, EntryId, MINUTE_MS, Millis, NOTICES_PER_VISIT_MAX, NotSent, NoticeChannel,
    NoticeDelivery, NoticeEntry, NoticeState, NoticeWishes, Patient, PatientId, PersonId, RecordId,
    RecordKind, SURVEY_INVITATIONS_MAX, SurveyInvitation, TenantId, VisitId,
};
use homeround::notice::{NoticeText, language_of, quiet_until};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::records::{Put, json, put};
use super::{Backend, News, ServiceError, audit, documents, scope};
use crate::notify::{Letter, NotTaken, Provider};
use crate::store::{NoticeRow, Reader, Writer};

/// Notices of one tenant that are tried in one turn.
const TURN_MAX: u32 = 100;
/// Letters that are not taken in one turn, before the rest waits for the next: who delivers
/// may be away, and each try takes its time.
const DELAYS_MAX: u32 = 5;
/// Entries of one visit that are looked at: beyond what one may have, so that it is said.
const LOOKED_AT_MAX: usize = 3 * NOTICES_PER_VISIT_MAX;
/// From the first to the second try; doubled each time.
const RETRY_MS: i64 = MINUTE_MS / 2;
/// Between two tries at most.
const RETRY_MAX_MS: i64 = 15 * MINUTE_MS;

/// What came of one turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoticesDone {
    /// Handed to who delivers.
    pub sent: u64,
    /// Not sent, for good.
    pub not_sent: u64,
    /// To be tried again.
    pub waiting: u64,
}

/// What is to become of a notice now.
enum Judged {
    Send(Box<Ready>),
    Wait(Millis, NotSent),
    Never(NotSent),
}

/// A letter that can be handed over.
struct Ready {
    letter: Letter,
    channel: NoticeChannel,
    /// After this it says nothing that helps.
    until: Millis,
}

/// A notice as it lies in its visit.
struct Case {
    id: EntryId,
    asked: Asked,
    patient: PatientId,
    visit: VisitId,
}

/// What was asked for.
enum Asked {
    /// To say when somebody arrives.
    Arrival(NoticeEntry),
    /// To ask how the visit was.
    Survey(SurveyInvitation),
}

/// Queues what a visit asks for and was not queued before.
pub(super) async fn queue(
    tx: &mut dyn Writer,
    (visit, patient): (VisitId, PatientId),
    view: &Value,
    now: Millis,
) -> Result<(), ServiceError> {
    let asked = view["notices"].as_object().into_iter().flatten();
    let ids = asked.filter_map(|(id, _)| id.parse::<EntryId>().ok());
    let ids: Vec<EntryId> = ids.take(LOOKED_AT_MAX).collect();
    queue_each(tx, (visit, patient), (&ids, NOTICES_PER_VISIT_MAX), now).await?;
    let invited = survey::invitations(view);
    let invited: Vec<EntryId> = invited.map(|(id, _)| id).take(LOOKED_AT_MAX).collect();
    queue_each(
        tx,
        (visit, patient),
        (&invited, SURVEY_INVITATIONS_MAX),
        now,
    )
    .await
}

/// Queues those that were not queued before; those after the first so many are not sent.
async fn queue_each(
    tx: &mut dyn Writer,
    (visit, patient): (VisitId, PatientId),
    (ids, most): (&[EntryId], usize),
    now: Millis,
) -> Result<(), ServiceError> {
    for (place, id) in ids.iter().copied().enumerate() {
        if tx
            .record(RecordKind::Notice, RecordId(id.0))
            .await?
            .is_some()
        {
            continue;
        }
        let too_many = place >= most;
        let delivery = NoticeDelivery {
            notice: id,
            visit,
            patient,
            state: if too_many {
                NoticeState::NotSent
            } else {
                NoticeState::Queued
            },
            reason: too_many.then_some(NotSent::TooMany),
            channel: None,
            language: None,
            at_ms: now,
            next_ms: (!too_many).then_some(now),
        };
        write(tx, &delivery).await?;
        if !too_many {
            let row = NoticeRow {
                notice: id,
                visit,
                due: now,
                attempts: 0,
            };
            tx.put_notice(&row).await?;
        }
    }
    Ok(())
}

async fn write(tx: &mut dyn Writer, delivery: &NoticeDelivery) -> Result<bool, ServiceError> {
    let body = json(delivery)?;
    let row = Put {
        kind: RecordKind::Notice,
        id: RecordId(delivery.notice.0),
        patient: Some(delivery.patient),
        body: Some(&body),
        sort_ms: None,
    };
    put(tx, row).await
}

impl Backend {
    /// Sends the notices that are due, in every tenant. What can't be sent now is tried
    /// again, less often each time, until the arrival that it announces.
    ///
    /// # Errors
    /// [`ServiceError::Storage`]: what was not written down is tried again.
    pub async fn send_notices(&self, now: Millis) -> Result<NoticesDone, ServiceError> {
        let mut done = NoticesDone::default();
        let mut delays = 0;
        for tenant in self.storage.tenants().await? {
            let due = {
                let mut reader = self.storage.read(tenant.id).await?;
                reader.notices_due(now, TURN_MAX).await?
            };
            for row in due {
                let (state, reason) = match self.one(tenant.id, row, now).await {
                    Ok(done) => done,
                    // One that can't be judged stands in nobody's way.
                    Err(error) => {
                        tracing::warn!(%error, "a notice could not be judged");
                        self.postpone(tenant.id, row, now).await?;
                        (NoticeState::Queued, None)
                    }
                };
                match state {
                    NoticeState::Sent => done.sent += 1,
                    NoticeState::Queued => done.waiting += 1,
                    NoticeState::NotSent | NoticeState::Unknown => done.not_sent += 1,
                }
                delays += u32::from(reason == Some(NotSent::Delayed));
                if delays >= DELAYS_MAX {
                    return Ok(done);
                }
            }
        }
        Ok(done)
    }

    async fn one(
        &self,
        tenant: TenantId,
        row: NoticeRow,
        now: Millis,
    ) -> Result<(NoticeState, Option<NotSent>), ServiceError> {
        let (case, judged) = {
            let mut reader = self.storage.read(tenant).await?;
            let Some((case, view)) = case_of(reader.as_mut(), &row).await? else {
                drop(reader);
                self.forget(tenant, row).await?;
                return Ok((NoticeState::NotSent, None));
            };
            let judged = match &case.asked {
                Asked::Arrival(entry) => {
                    arrival::judge(reader.as_mut(), &case, entry, &view, now).await?
                }
                Asked::Survey(invited) => {
                    let survey = (self.survey_page.as_ref(), invited);
                    survey::judge(reader.as_mut(), &case, survey, &view, now).await?
                }
            };
            (case, judged)
        };
        let mut delivery = NoticeDelivery {
            notice: case.id,
            visit: case.visit,
            patient: case.patient,
            state: NoticeState::NotSent,
            reason: None,
            channel: None,
            language: None,
            at_ms: now,
            next_ms: None,
        };
        match judged {
            Judged::Never(reason) => delivery.reason = Some(reason),
            Judged::Wait(until, reason) => {
                delivery.state = NoticeState::Queued;
                delivery.reason = Some(reason);
                delivery.next_ms = Some(until);
            }
            Judged::Send(ready) => self.hand_over(&ready, &row, &mut delivery).await,
        }
        self.settle_notice(tenant, row, &delivery).await?;
        Ok((delivery.state, delivery.reason))
    }

    /// Gives a letter to who delivers by the channel, and writes into the delivery what
    /// came of it.
    async fn hand_over(&self, ready: &Ready, row: &NoticeRow, delivery: &mut NoticeDelivery) {
        let (letter, channel) = (&ready.letter, ready.channel);
        let Some(provider) = self.provider(channel) else {
            delivery.reason = Some(NotSent::NoProvider);
            return;
        };
        match provider.send(letter).await {
            Ok(()) => {
                delivery.state = NoticeState::Sent;
                delivery.channel = Some(channel);
                delivery.language = Some(letter.language.into());
            }
            Err(NotTaken::Never(detail)) => {
                tracing::warn!(channel = channel.name(), %detail, "a notice was refused");
                delivery.reason = Some(NotSent::Refused);
            }
            Err(NotTaken::Later(detail)) => {
                tracing::warn!(channel = channel.name(), %detail, "a notice was not taken");
                let wait_ms = RETRY_MS << row.attempts.min(5);
                let next = delivery.at_ms.plus(wait_ms.min(RETRY_MAX_MS));
                delivery.reason = Some(NotSent::Delayed);
                if next <= ready.until {
                    delivery.state = NoticeState::Queued;
                    delivery.next_ms = Some(next);
                }
            }
        }
    }

    fn provider(&self, channel: NoticeChannel) -> Option<&Arc<dyn Provider>> {
        self.providers.iter().find(|it| it.channel() == channel)
    }

    async fn settle_notice(
        &self,
        tenant: TenantId,
        row: NoticeRow,
        delivery: &NoticeDelivery,
    ) -> Result<(), ServiceError> {
        let mut tx = self.storage.write(tenant).await?;
        match delivery.next_ms {
            Some(due) => {
                let row = NoticeRow {
                    due,
                    attempts: row.attempts.saturating_add(1),
                    ..row
                };
                tx.put_notice(&row).await?;
            }
            None => tx.remove_notice(row.notice).await?,
        }
        let known = tx
            .record(RecordKind::Notice, RecordId(row.notice.0))
            .await?;
        let known = known.and_then(|it| serde_json::from_str::<NoticeDelivery>(&it.body?).ok());
        // Since when: not since the last try.
        let since = known.filter(|it| (it.state, it.reason) == (delivery.state, delivery.reason));
        let delivery = NoticeDelivery {
            at_ms: since.map_or(delivery.at_ms, |it| it.at_ms),
            ..delivery.clone()
        };
        write(tx.as_mut(), &delivery).await?;
        if delivery.state != NoticeState::Queued {
            let action = match delivery.state {
                NoticeState::Sent => "notice_sent",
                _ => "notice_not_sent",
            };
            let note = audit::Note::by_backend(action).about(delivery.patient);
            let why = delivery.reason.map_or("", NotSent::name);
            audit::note(tx.as_mut(), delivery.at_ms, note.saying(why)).await?;
        }
        let people = scope::people_around(tx.as_mut(), &[delivery.patient]).await?;
        tx.commit().await?;
        self.bell.ring(News {
            tenant,
            everyone: false,
            patients: vec![delivery.patient],
            people,
            from: None,
        });
        Ok(())
    }

    /// Tries a notice again after the longest time between two tries.
    async fn postpone(
        &self,
        tenant: TenantId,
        row: NoticeRow,
        now: Millis,
    ) -> Result<(), ServiceError> {
        let later = NoticeRow {
            due: now.plus(RETRY_MAX_MS),
            attempts: row.attempts.saturating_add(1),
            ..row
        };
        let mut tx = self.storage.write(tenant).await?;
        tx.put_notice(&later).await?;
        Ok(tx.commit().await?)
    }

    /// What can't be read, or is not there any more, is not to be sent.
    async fn forget(&self, tenant: TenantId, row: NoticeRow) -> Result<(), ServiceError> {
        tracing::warn!("a notice without its visit was dropped");
        let mut tx = self.storage.write(tenant).await?;
        tx.remove_notice(row.notice).await?;
        Ok(tx.commit().await?)
    }
}

async fn case_of(
    reader: &mut dyn Reader,
    row: &NoticeRow,
) -> Result<Option<(Case, Value)>, ServiceError> {
    let Some(loaded) = documents::load(reader, DocumentId::visit(row.visit)).await? else {
        return Ok(None);
    };
    let view = loaded.document.view().clone();
    Ok(asked_in(&view, row.notice).map(|asked| {
        let case = Case {
            id: row.notice,
            asked,
            patient: loaded.row.patient,
            visit: row.visit,
        };
        (case, view)
    }))
}

fn asked_in(view: &Value, id: EntryId) -> Option<Asked> {
    if let Some(notice) = view["notices"].get(id.to_string()) {
        return serde_json::from_value(notice.clone())
            .ok()
            .map(Asked::Arrival);
    }
    let mut invited = survey::invitations(view);
    let found = invited.find(|(one, _)| *one == id);
    found.map(|(_, invited)| Asked::Survey(invited))
}

/// To whom and in which words: what every letter to this patient needs.
struct Addressed {
    wishes: NoticeWishes,
    language: &'static str,
}

impl Addressed {
    /// The letter with these words; without any, as of a kind that this version does not know,
    /// none is sent.
    fn letter(self, notice: EntryId, text: Option<NoticeText>, until: Millis) -> Judged {
        let Some(text) = text else {
            return Judged::Never(NotSent::Unknown);
        };
        Judged::Send(Box::new(Ready {
            letter: Letter {
                notice,
                to: self.wishes.address,
                language: self.language,
                text,
            },
            channel: self.wishes.channel,
            until,
        }))
    }
}

/// How this patient is reached now, or what is to become of the notice instead. `until`: what
/// waits for the end of the quiet hours says nothing after this.
async fn addressed(
    reader: &mut dyn Reader,
    patient: PatientId,
    zone: Tz,
    (now, until): (Millis, Millis),
) -> Result<Result<Addressed, Judged>, ServiceError> {
    let wishes = match wishes_of(reader, patient).await? {
        Ok(wishes) => wishes,
        Err(why) => return Ok(Err(Judged::Never(why))),
    };
    if let Some(end) = quiet_until(wishes.quiet.unwrap_or_default(), zone, now) {
        return Ok(Err(match end <= until {
            true => Judged::Wait(end, NotSent::QuietHours),
            false => Judged::Never(NotSent::QuietHours),
        }));
    }
    let known: Option<Patient> = record(reader, RecordKind::Patient, RecordId(patient.0)).await?;
    let own = known.as_ref().and_then(|it| it.language.as_deref());
    let language = language_of(wishes.language.as_deref().into_iter().chain(own));
    Ok(Ok(Addressed { wishes, language }))
}

/// The booking of a visit with its zone; none: the office called it off.
async fn placed(
    reader: &mut dyn Reader,
    visit: VisitId,
) -> Result<Option<(Tz, Booking)>, ServiceError> {
    let booking: Option<Booking> = record(reader, RecordKind::Booking, RecordId(visit.0)).await?;
    Ok(booking.and_then(|it| Some((it.time_zone.parse().ok()?, it))))
}

/// The name of somebody, as the directory has it; empty: nobody knows.
async fn name_of(reader: &mut dyn Reader, person: PersonId) -> Result<String, ServiceError> {
    let known = reader.person(person).await?;
    Ok(known.map(|it| it.name).unwrap_or_default())
}

/// How the patient wants to be reached, or why nobody is to write to them.
async fn wishes_of(
    reader: &mut dyn Reader,
    patient: PatientId,
) -> Result<Result<NoticeWishes, NotSent>, ServiceError> {
    let Some(loaded) = documents::load(reader, DocumentId::chart(patient)).await? else {
        return Ok(Err(NotSent::NotAsked));
    };
    Ok(wishes_in(&loaded.document))
}

fn wishes_in(chart: &Document) -> Result<NoticeWishes, NotSent> {
    let open = chart.conflicts();
    if open.iter().any(|it| it.path.0 == "notice_wishes") {
        return Err(NotSent::Contested);
    }
    let wishes = &chart.view()["notice_wishes"];
    let wishes: NoticeWishes =
        serde_json::from_value(wishes.clone()).map_err(|_| NotSent::NotAsked)?;
    if !wishes.agreed {
        return Err(NotSent::Declined);
    }
    wishes.check().map_err(|_| NotSent::NoAddress)?;
    Ok(wishes)
}

pub(super) async fn record<T: DeserializeOwned>(
    reader: &mut dyn Reader,
    kind: RecordKind,
    id: RecordId,
) -> Result<Option<T>, ServiceError> {
    let row = reader.record(kind, id).await?;
    Ok(row.and_then(|row| serde_json::from_str(&row.body?).ok()))
}
