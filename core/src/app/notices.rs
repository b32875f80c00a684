//! Notices to a patient: asked for here, with or without signal, and sent by the backend.

use chrono_tz::Tz;
use serde_json::json;

use super::Homeround;
use super::chart::ChartHandle;
use super::edit::Saved;
use super::error::AppError;
use super::order::OrderOptions;
use super::visit::{VisitHandle, put, status_of};
use crate::model::{
    Booking, Chart, DocumentId, EntryId, Millis, NOTICES_PER_VISIT_MAX, NotSent, NoticeChannel,
    NoticeDelivery, NoticeEntry, NoticeKind, NoticeWishes, Patient, PatientId, Person, QuietHours,
    RecordId, RecordKind, VisitStatus, WishedBy,
};
use crate::notice::{NoticeText, Telling, arrival_window, language_of, quiet_until};
use crate::store::Rows;

/// A notice as it would be sent now, for whoever is to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeDraft {
    /// What the patient would be told.
    pub kind: NoticeKind,
    /// The visit begins not before this.
    pub arrives_from_ms: Millis,
    /// It begins by this.
    pub arrives_until_ms: Millis,
    /// How it would go; none: nobody has asked the patient.
    pub channel: Option<NoticeChannel>,
    /// Where to; empty as long as there is no address.
    pub address: String,
    /// The language, one of [`LANGUAGES`](crate::notice::LANGUAGES).
    pub language: String,
    /// The words; the backend puts who sends it below them.
    pub text: NoticeText,
    /// Why it would not be sent, as far as this phone knows; none: nothing speaks
    /// against it.
    pub hindrance: Option<NotSent>,
    /// When the patient's quiet hours end, if they hold now: it would go then, where the
    /// arrival is still ahead.
    pub waits_until_ms: Option<Millis>,
}

/// A notice that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeView {
    /// Which.
    pub id: EntryId,
    /// What was asked for.
    pub entry: NoticeEntry,
    /// What the backend made of it; none: it has not heard of it, or this phone has not
    /// heard of the backend since.
    pub delivery: Option<NoticeDelivery>,
}

/// What a patient wishes, as somebody writes it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNoticeWishes {
    /// Whether the patient agrees to notices.
    pub agreed: bool,
    /// Who says so.
    pub wished_by: WishedBy,
    /// How they are reached.
    pub channel: NoticeChannel,
    /// Where: an e-mail address, a phone number with its country code, or what the push service
    /// calls the patient's app.
    pub address: String,
    /// BCP 47 language; none: the patient's own.
    pub language: Option<String>,
    /// When nobody is to be written to; none: from nine in the evening until eight.
    pub quiet: Option<QuietHours>,
}

impl VisitHandle {
    /// What the patient would be told now. The arrival is what the order of the day says
    /// of this visit, with its uncertainty, rounded to five minutes.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `status` for a visit that is not ahead, on `visit` for one
    /// that nobody makes today, on `virtual_visit` for being on the way to a virtual one; as
    /// [`read`](Self::read).
    pub fn notice_draft(
        &self,
        kind: NoticeKind,
        options: &OrderOptions,
    ) -> Result<NoticeDraft, AppError> {
        self.must_be_due(kind)?;
        let visit = self.read()?;
        must_be_ahead(visit.status)?;
        let app = Homeround {
            inner: std::sync::Arc::clone(&self.inner),
        };
        let options = self.of_who_goes(options)?;
        let order = app.order_of_day(app.today()?, &options)?;
        let estimate = order.visits.iter().find(|one| one.visit == self.id);
        let estimate = estimate.ok_or_else(|| refused("visit", "a visit of today"))?;
        let chart = self.chart_of(visit.patient)?;
        let reads = self.inner.reads()?;
        let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?;
        let rows = reads.store.reader()?;
        let now = super::inner::best_now(&rows, self.inner.clocks.now())?;
        let expected = match estimate.under_way {
            true => estimate.arrive_ms,
            false => estimate.begin_ms,
        };
        let (from, until) = arrival_window(now, expected, estimate.spread_s);
        let wishes = chart
            .as_ref()
            .and_then(|(chart, _)| chart.notice_wishes.as_ref());
        let contested = chart.as_ref().is_some_and(|(_, contested)| *contested);
        let patient: Option<Patient> =
            super::patient::record(&rows, RecordKind::Patient, RecordId(visit.patient.0))?;
        let own = patient.as_ref().and_then(|it| it.language.as_deref());
        let wished = wishes.and_then(|it| it.language.as_deref());
        let language = language_of(wished.into_iter().chain(own));
        let zone = zone_of(&rows, self)?;
        // As the backend will name them.
        let booking: Option<Booking> =
            super::patient::record(&rows, RecordKind::Booking, RecordId(self.id.0))?;
        let comes = booking.map_or(me.person, |it| it.who_comes(me.person));
        let who: Option<Person> =
            super::patient::record(&rows, RecordKind::Person, RecordId(comes.0))?;
        let telling = Telling {
            kind,
            who: who.as_ref().map_or("", |it| it.name.as_str()),
            from,
            until,
            now,
            zone,
        };
        let text = telling.text(language);
        let quiet = wishes.and_then(|it| it.quiet).unwrap_or_default();
        let waits_until_ms = quiet_until(quiet, zone, now);
        let in_time = waits_until_ms.is_none_or(|end| end <= until);
        Ok(NoticeDraft {
            kind,
            arrives_from_ms: from,
            arrives_until_ms: until,
            channel: wishes.map(|it| it.channel),
            address: wishes.map(|it| it.address.clone()).unwrap_or_default(),
            language: language.into(),
            text: text.ok_or_else(|| refused("kind", "on_my_way or late"))?,
            hindrance: hindrance(wishes, contested).or((!in_time).then_some(NotSent::QuietHours)),
            waits_until_ms: waits_until_ms.filter(|_| in_time),
        })
    }

    /// Asks the backend to tell the patient. It is durable when the call returns and goes
    /// out with the other edits; a notice that reaches the backend after the arrival that
    /// it announces is not sent. [`notices`](Self::notices) says what became of it.
    ///
    /// # Errors
    /// [`AppError::Refused`] on `status` for a visit that has begun or is over, on
    /// `arrives_until_ms`, on `notice_wishes` where the chart on this phone does not say
    /// that the patient agreed, on `notices` after ten of them; [`AppError::NotFound`] on
    /// `notices` in a visit that an earlier app began; [`AppError::NotAllowed`].
    pub fn notify(
        &self,
        kind: NoticeKind,
        arrives_from: Millis,
        arrives_until: Millis,
    ) -> Result<Saved, AppError> {
        self.must_be_due(kind)?;
        let patient = self.read()?.patient;
        self.must_be_wished(patient)?;
        self.edit("notice", |desk| {
            must_be_ahead(status_of(desk.view)?)?;
            let Some(asked) = desk.view["notices"].as_object() else {
                return Err(AppError::NotFound { what: "notices" });
            };
            if asked.len() >= NOTICES_PER_VISIT_MAX {
                return Err(refused("notices", "10 of a visit at most"));
            }
            let entry = NoticeEntry {
                by: desk.me,
                kind,
                arrives_from_ms: arrives_from,
                arrives_until_ms: arrives_until,
                stamp: desk.stamp,
            };
            entry.check()?;
            Ok(vec![desk.append("notices", &entry)?])
        })
    }

    /// The notices that were asked for, the latest first, and what became of each.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn notices(&self) -> Result<Vec<NoticeView>, AppError> {
        let asked = self.read()?.notices;
        let reads = self.inner.reads()?;
        let rows = reads.store.reader()?;
        let mut views = Vec::new();
        for (id, entry) in asked.into_iter().rev() {
            let delivery = super::patient::record(&rows, RecordKind::Notice, RecordId(id.0))?;
            views.push(NoticeView {
                id,
                entry,
                delivery,
            });
        }
        Ok(views)
    }

    /// Why nothing would be sent to a patient, as far as this phone knows.
    pub(super) fn hindrance_of(&self, patient: PatientId) -> Result<Option<NotSent>, AppError> {
        let chart = self.chart_of(patient)?;
        let wishes = chart
            .as_ref()
            .and_then(|(chart, _)| chart.notice_wishes.as_ref());
        let contested = chart.as_ref().is_some_and(|(_, contested)| *contested);
        Ok(hindrance(wishes, contested))
    }

    /// The chart on this phone says that the patient wants to be written to.
    pub(super) fn must_be_wished(&self, patient: PatientId) -> Result<(), AppError> {
        match self.hindrance_of(patient)? {
            Some(why) => Err(refused("notice_wishes", why_not(why))),
            None => Ok(()),
        }
    }

    /// Nobody is on the way to a virtual visit.
    fn must_be_due(&self, kind: NoticeKind) -> Result<(), AppError> {
        match kind {
            NoticeKind::OnMyWay => self.must_be_at_home(),
            NoticeKind::Late | NoticeKind::Unknown => Ok(()),
        }
    }

    /// The options for the day of who goes: oneself, else who is booked first.
    fn of_who_goes(&self, options: &OrderOptions) -> Result<OrderOptions, AppError> {
        let mut options = options.clone();
        let reads = self.inner.reads()?;
        let me = reads.me.as_ref().ok_or(AppError::NotEnrolled)?.person;
        let rows = reads.store.reader()?;
        let booking: Option<Booking> =
            super::patient::record(&rows, RecordKind::Booking, RecordId(self.id.0))?;
        let comes = booking.map_or(me, |it| it.who_comes(me));
        options.person = options.person.or((comes != me).then_some(comes));
        Ok(options)
    }

    /// The patient's chart and whether its wishes are contested; none: it is not on this
    /// phone.
    fn chart_of(&self, patient: PatientId) -> Result<Option<(Chart, bool)>, AppError> {
        let document = DocumentId::chart(patient);
        let chart = match self.inner.read_view(document) {
            Err(AppError::NotFound { .. }) => return Ok(None),
            other => other?,
        };
        let open = self.inner.conflicts(document)?;
        let contested = open.iter().any(|it| it.path.0 == "notice_wishes");
        Ok(Some((chart, contested)))
    }
}

impl ChartHandle {
    /// Whether and how the patient wants notices; none: nobody has asked.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn notice_wishes(&self) -> Result<Option<NoticeWishes>, AppError> {
        Ok(self.read()?.notice_wishes)
    }

    /// Writes down whether and how the patient wants notices. Without their word nothing
    /// is sent. Two people who write down different wishes open a conflict, and until it
    /// is settled nothing is sent.
    ///
    /// # Errors
    /// [`AppError::Refused`] names the field; [`AppError::NotAllowed`].
    pub fn set_notice_wishes(&self, new: &NewNoticeWishes) -> Result<Saved, AppError> {
        self.edit("notice_wishes", |desk| {
            let wishes = NoticeWishes {
                by: desk.me,
                at_ms: desk.stamp.clock.wall_ms,
                agreed: new.agreed,
                wished_by: new.wished_by,
                channel: new.channel,
                address: new.address.trim().to_owned(),
                language: new.language.clone(),
                quiet: new.quiet,
            };
            wishes.check()?;
            Ok(vec![put("notice_wishes", json!(wishes))])
        })
    }
}

fn must_be_ahead(status: VisitStatus) -> Result<(), AppError> {
    match status {
        VisitStatus::Scheduled | VisitStatus::Traveling => Ok(()),
        _ => Err(refused("status", "a visit that has not begun")),
    }
}

/// Why nothing would be sent, by the patient's wishes.
fn hindrance(wishes: Option<&NoticeWishes>, contested: bool) -> Option<NotSent> {
    if contested {
        return Some(NotSent::Contested);
    }
    match wishes {
        None => Some(NotSent::NotAsked),
        Some(wishes) if !wishes.agreed => Some(NotSent::Declined),
        Some(wishes) if wishes.address.is_empty() => Some(NotSent::NoAddress),
        Some(_) => None,
    }
}

const fn why_not(why: NotSent) -> &'static str {
    match why {
        NotSent::Declined => "a patient who has not declined notices",
        NotSent::NoAddress => "a patient with an address for notices",
        NotSent::Contested => "wishes that nobody disagrees on: settle them first",
        _ => "a patient who was asked and agreed to notices",
    }
}

fn zone_of(rows: &Rows, visit: &VisitHandle) -> Result<Tz, AppError> {
    let booking: Option<Booking> =
        super::patient::record(rows, RecordKind::Booking, RecordId(visit.id.0))?;
    let zone = booking.and_then(|it| it.time_zone.parse().ok());
    match zone {
        Some(zone) => Ok(zone),
        None => visit.inner.config.zone(),
    }
}

fn refused(field: &str, limit: &str) -> AppError {
    AppError::Refused {
        field: field.into(),
        limit: limit.into(),
    }
}
